//! What the model knows, and the shortest way to bring it up to date.
//!
//! The [`ledger`] holds, per file, the exact text the model knows; [`unified`] writes the difference to the text as it
//! is now, which [`stretches`] makes quick; [`frame`] wraps everything in a message that is not ours. Pure: no files, no
//! sockets, no editor.

pub mod frame;
pub mod ledger;
pub mod stretches;
pub mod unified;
