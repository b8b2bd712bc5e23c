//! What the tests that drive the real binary share: a scratch project, an editor that speaks LSP over stdio and is strict
//! about everything it hears, and the embedded agent as a provider of its own.
//! Must never touch the user's own configuration, reach beyond this machine, or take anything from the crate under test:
//! a mistake in how it counts characters must not be repeated here.
#![allow(dead_code, unused_imports, reason = "each test target uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod buffer;
mod client;
mod editor;
mod framing;
mod network;
mod process;
mod project;
pub mod rename;
mod turns;
mod workspace_edit;

pub use client::{Client, User};
pub use editor::{Refusal, TestEditor};
pub use framing::{Incoming, framed, listen};
pub use network::{Loss, Network, Outage};
pub use process::{Agent, Finished, Running, deserted, finish, git_apply, spawn_idle};
pub use project::{PYTHON, Project, RUST};
pub use turns::commands;

/// Longest wait for anything at all; what takes longer hangs.
pub const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
