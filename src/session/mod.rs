//! The session: one warm line to the model per workspace.
//!
//! An [`actor`] owns a [`line`] and runs one turn at a time over it. The line keeps a connection, knows what the
//! server's side of the chain holds ([`lineage`]), survives losses by a bounded set of rules ([`recovery`]) and counts
//! what it does ([`receipt`]). Nothing here knows files, diffs or editors: what a turn says is the agent's business.

pub mod activity;
pub mod actor;
pub mod connector;
pub mod failure;
pub mod line;
pub mod lineage;
pub mod pool;
pub mod profile;
pub mod receipt;
pub mod recovery;
pub mod state;
pub mod status;
