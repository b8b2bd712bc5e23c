//! The embedded agent: a Responses server with a small rule-based agent behind it, in the same process.
//!
//! It lets Pilotlight work offline from the first start, and it is the strict counterpart the client is tested
//! against: WebSocket and HTTP/SSE on one port, with every rule of the protocol and, on request, every failure.
//! It must never pretend to be a model, and it knows nothing of the client half (they share `wire::item` only).
//!
//! One connection, from the outside in: `server` accepts, `http` guards and routes to `upgrade` or `post`,
//! `socket` owns an upgraded connection and its `lanes`, `respond` runs one response, `rules` thinks.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

mod conversation;
mod delay;
mod ending;
mod error;
mod events;
pub mod fault;
mod http;
mod journal;
mod lanes;
mod post;
mod request;
mod respond;
pub mod rules;
mod server;
mod socket;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod upgrade;

pub use fault::Fault;
pub use journal::JournalError;
pub use server::{Responder, RunningAgent, StartError};

/// How the server is started.
#[derive(Clone)]
pub struct AgentOptions {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// When set (and not empty), every request needs it as its bearer.
    pub token: Option<String>,
    /// What goes wrong; of two that exclude each other, the first.
    pub faults: Vec<Fault>,
    /// Round-trip time to every client, as if they were so far away; zero for the real one.
    pub rtt: Duration,
    /// The file at whose end everything that happens is recorded, if any.
    pub record: Option<PathBuf>,
}

impl Default for AgentOptions {
    /// Any free port of 127.0.0.1, no token, no faults, no distance, no journal.
    fn default() -> AgentOptions {
        AgentOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
            faults: Vec::new(),
            rtt: Duration::ZERO,
            record: None,
        }
    }
}

impl std::fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentOptions")
            .field("listen", &self.listen)
            .field("token", &self.token.as_ref().map(|_| "(set)"))
            .field("faults", &self.faults)
            .field("rtt", &self.rtt)
            .field("record", &self.record)
            .finish()
    }
}

/// Starts the server.
///
/// # Errors
/// [`StartError`] when the address cannot be had, is beyond loopback and there is no token, or the journal cannot be
/// written.
pub async fn start(options: AgentOptions) -> Result<RunningAgent, StartError> {
    server::start_with(options, server::rule_agent(), server::Limits::default()).await
}

/// Starts the server with something else behind it than the rules: the same protocol, whatever answers.
/// The benchmarks measure the client with it.
///
/// # Errors
/// As [`start`].
pub async fn start_with(options: AgentOptions, responder: Responder) -> Result<RunningAgent, StartError> {
    server::start_with(options, responder, server::Limits::default()).await
}
