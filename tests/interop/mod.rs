//! What the interoperability tests share: servers that nobody here wrote, each a real process on loopback, a conversation to
//! have with them, and a relay that keeps what was said.
//! Must never reach beyond this machine, write to the user's folders, or leave a process behind.
#![allow(dead_code, unused_imports, reason = "each test target uses its own part")]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod recorder;
mod scenario;
mod server;

pub use recorder::{Recorder, Sent, pass};
pub use scenario::{TURNS, Turn};
pub use server::{Agentic, Aimock, Server, file};
