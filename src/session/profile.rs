//! What a session needs to know to reach its provider: the endpoint, its key, the constant parts of every request,
//! and the clocks.

use std::sync::Arc;
use std::time::Duration;

use crate::wire::dial::Target;
use crate::wire::http::Endpoint;
use crate::wire::item::Encoded;
use crate::wire::request::Template;
use crate::wire::websocket::{Liveness, Upgrade};

/// Fetches the key when a connection is made, so that a rotated key is picked up. May block.
pub type KeySource = Arc<dyn Fn() -> Result<Option<String>, String> + Send + Sync>;

/// Whether the user lets the workspace be sent to the endpoint, as of now. May block.
pub type Consent = Arc<dyn Fn() -> bool + Send + Sync>;

/// Which transport a session may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transports {
    /// WebSocket, then HTTP where the network refuses it.
    Auto,
    /// WebSocket only.
    WebSocket,
    /// HTTP only.
    Http,
}

/// Everything constant about a session.
#[derive(Clone)]
pub struct Profile {
    /// Canonical root of the workspace, for status and logs.
    pub root: String,
    /// Endpoint as shown to people: an origin, or `embedded agent`.
    pub endpoint: String,
    /// Model name.
    pub model: String,
    /// Where to dial.
    pub target: Target,
    /// `ws(s)://…/responses`.
    pub websocket_url: String,
    /// `http(s)://…/responses`.
    pub http_url: String,
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// The key, fetched per connection.
    pub key: KeySource,
    /// The user's word, asked for before anything is dialled and before every request; none where none is needed.
    pub consent: Option<Consent>,
    /// Constant request fields.
    pub template: Template,
    /// Items every lineage begins with: instructions, never workspace content.
    pub opening: Vec<Encoded>,
    /// Allowed transports.
    pub transports: Transports,
    /// Connect and warm up at start.
    pub warm: bool,
    /// Clocks and limits.
    pub limits: Limits,
}

/// The clocks and limits of a session (configuration section `session`).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Age at which a connection is replaced.
    pub rotate_after: Duration,
    /// Dialling, TLS and upgrade together.
    pub connect_timeout: Duration,
    /// Pings and pongs.
    pub liveness: Liveness,
    /// From a request to its first event.
    pub first_event_timeout: Duration,
    /// Silence within a response on a live socket.
    pub idle_timeout: Duration,
    /// A whole turn.
    pub turn_timeout: Duration,
    /// Answered rounds in a turn.
    pub max_rounds: u32,
    /// Past it the context is rebased.
    pub max_context_tokens: u64,
    /// Without a sign of life of the user for this long, the connection is closed; it comes back with the next one.
    pub rest_after: Duration,
}

impl Profile {
    /// Whether anything may be sent now. Asks without blocking the runtime.
    pub async fn may_send(&self) -> bool {
        match self.consent.clone() {
            None => true,
            Some(consent) => tokio::task::spawn_blocking(move || consent()).await.unwrap_or(false),
        }
    }

    /// What a WebSocket upgrade needs, with this key.
    pub fn upgrade(&self, key: Option<String>) -> Upgrade {
        Upgrade { url: self.websocket_url.clone(), key, headers: self.headers.clone(), liveness: self.limits.liveness }
    }

    /// What an HTTP request needs, with this key.
    pub fn http(&self, key: Option<String>) -> Endpoint {
        Endpoint { url: self.http_url.clone(), key, headers: self.headers.clone() }
    }
}
