//! Pilotlight: a language server that keeps a coding agent warm.
//!
//! The way through is `editor → lsp → workspace → delta → session → wire` and back by `agent → edit → lsp`;
//! `ARCHITECTURE.md` names the invariants.

pub mod agent;
pub mod cli;
pub mod config;
pub mod delta;
pub mod edit;
pub mod embedded;
pub mod lsp;
pub mod provider;
pub mod scope;
pub mod session;
pub mod visible;
pub mod wire;
pub mod workspace;
