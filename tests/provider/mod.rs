//! A scripted Responses server on loopback, and a session to try on it.
//!
//! The server is independent of the embedded agent: it says exactly what a test's script says, records every frame and
//! header, and checks by itself what holds for every request (latest id only, calls paired with outputs, one request in
//! flight). What it finds wrong, or what is left of a script, fails the test when the server is dropped.

#![allow(dead_code, unused_imports, reason = "each test target uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod mirror;
mod network;
mod reply;
mod request;
mod rig;
mod server;

pub use mirror::{Mirror, Mirrors};
pub use network::Network;
pub use reply::{Call, Reply, Step, Terminal, message};
pub use request::{Request, Transport};
pub use rig::{Decision, Editor, Ended, KEY, Rig, Setup, Turn, bounded};
pub use server::{Closing, Provider, Upgrade};
