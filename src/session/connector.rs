//! Making a connection ready: dial, upgrade, and the warm-up that leaves an id to continue from.
//!
//! The warm-up carries the instructions and the tools and no workspace content. It is best effort: a server that
//! refuses it leaves a good connection without an id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::failure::{Failure, KEY_REFUSED, REDIRECTED};
use super::profile::Profile;
use super::state::Event as Happened;
use super::status::Board;
use crate::wire::event::{Event, decode};
use crate::wire::http;
use crate::wire::request::FrameKind;
use crate::wire::websocket::{ConnectError, Connection};
use crate::wire::{Closed, Incoming};

/// Longest that a warm-up is waited for: it is best effort, and a server that takes it for a question of its own is
/// better asked the first real one.
const LONGEST_WARM_UP: Duration = Duration::from_secs(10);

/// A connection that is ready for a turn.
#[derive(Debug)]
pub struct Lit {
    /// The connection.
    pub connection: Connection,
    /// When it was made.
    pub since: Instant,
    /// The warm-up's response, if there is one.
    pub response_id: Option<String>,
}

/// Why a connection could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFailure {
    /// The user does not let anything be sent.
    #[error("the permission to send this workspace to {0} was taken back")]
    Revoked(String),
    /// The key could not be fetched.
    #[error("the API key is not available: {0}")]
    Key(String),
    /// No WebSocket.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Closed before the warm-up was answered.
    #[error("{0} during the warm-up")]
    Closed(Closed),
    /// A mistake of ours.
    #[error("connecting failed")]
    Crashed,
}

/// What a failed attempt says about the next one.
#[derive(Debug)]
pub enum Verdict {
    /// There is no WebSocket on this way; HTTP may do.
    NoWebSocket,
    /// It may have been bad luck.
    Again,
    /// Only the user can help.
    Fatal(Failure),
}

impl ConnectFailure {
    /// Whether a server, or something in its place, was there and did not want a WebSocket. One that swallows upgrades is
    /// told from a network that is down only by what was had before: `outage` when it is rather that.
    pub fn is_refusal(&self, outage: bool) -> bool {
        match self {
            ConnectFailure::Connect(ConnectError::Refused { .. } | ConnectError::Handshake { .. }) => true,
            ConnectFailure::Connect(ConnectError::TimedOut { .. }) => !outage,
            _ => false,
        }
    }

    /// What to do about it: a clause without a capital or a full stop.
    pub fn advice(&self) -> String {
        match self {
            ConnectFailure::Connect(ConnectError::Dial(error)) => error.advice(),
            ConnectFailure::Connect(ConnectError::Refused { status: 300..=399, .. }) => REDIRECTED.into(),
            ConnectFailure::Connect(ConnectError::Refused { status: 401, .. }) => KEY_REFUSED.into(),
            ConnectFailure::Key(_) => "correct provider.api_key_env or provider.api_key_command".into(),
            _ => "check provider.base_url and the network, then try again".into(),
        }
    }

    /// The failure of a turn that this one is the end of.
    pub fn unreachable(&self) -> Failure {
        Failure::Unreachable { reason: self.to_string(), advice: self.advice() }
    }

    /// The rule for this failure (contract 1.7, "Upgrade refused").
    pub fn verdict(&self) -> Verdict {
        match self {
            ConnectFailure::Key(reason) => Verdict::Fatal(Failure::Key(reason.clone())),
            ConnectFailure::Revoked(endpoint) => Verdict::Fatal(Failure::Revoked(endpoint.clone())),
            ConnectFailure::Connect(ConnectError::Refused { status, error, .. }) => match status {
                401 => Verdict::Fatal(Failure::Auth(error.to_string())),
                300..=399 | 404 | 405 | 426 | 501 => Verdict::NoWebSocket,
                _ => Verdict::Again,
            },
            ConnectFailure::Connect(ConnectError::Dial(error)) if error.is_final() => {
                Verdict::Fatal(self.unreachable())
            }
            ConnectFailure::Closed(Closed::ByPeer { code: Some(1008), .. }) => Verdict::NoWebSocket,
            ConnectFailure::Connect(_) | ConnectFailure::Closed(_) | ConnectFailure::Crashed => Verdict::Again,
        }
    }
}

/// Makes sure that the endpoint may be dialled: every connection begins here.
async fn allowed(profile: &Profile) -> Result<(), ConnectFailure> {
    match profile.may_send().await {
        true => Ok(()),
        false => Err(ConnectFailure::Revoked(profile.endpoint.clone())),
    }
}

/// Fetches the key without blocking the runtime.
///
/// # Errors
/// [`ConnectFailure::Key`].
pub async fn fetch_key(profile: &Profile) -> Result<Option<String>, ConnectFailure> {
    let source = profile.key.clone();
    match tokio::task::spawn_blocking(move || source()).await {
        Ok(key) => key.map_err(ConnectFailure::Key),
        Err(_) => Err(ConnectFailure::Key("fetching it failed".into())),
    }
}

/// Opens a WebSocket.
///
/// # Errors
/// [`ConnectFailure`], within `connect_timeout` and the time the key takes.
pub async fn open(profile: &Profile) -> Result<Connection, ConnectFailure> {
    allowed(profile).await?;
    let key = fetch_key(profile).await?;
    let limit = profile.limits.connect_timeout;
    Ok(Connection::open(&profile.target, &profile.upgrade(key), limit).await?)
}

/// Opens a WebSocket and warms it up. `board` hears of the steps unless a session is warm already (a rotation).
///
/// A server that does not answer the warm-up is taken as it is, on a connection where no late answer can come up.
///
/// # Errors
/// [`ConnectFailure`], within twice `connect_timeout` and [`LONGEST_WARM_UP`].
pub async fn light(profile: Arc<Profile>, board: Option<Board>) -> Result<Lit, ConnectFailure> {
    let tell = |event| {
        if let Some(board) = &board {
            board.tell(event);
        }
    };
    tell(Happened::Dialling);
    let mut connection = open(&profile).await?;
    let since = Instant::now();
    tell(Happened::Upgraded);
    let frame = profile.template.frame(FrameKind::WarmUp, &profile.opening);
    connection.send(frame).await;
    let limit = profile.limits.first_event_timeout.min(LONGEST_WARM_UP);
    match timeout(limit, warm_up_answer(&mut connection)).await {
        Ok(answer) => {
            let response_id = answer.map_err(ConnectFailure::Closed)?;
            Ok(Lit { connection, since, response_id })
        }
        Err(_) => {
            tracing::info!("the server does not answer the warm-up; the session goes without");
            Ok(Lit { connection: open(&profile).await?, since: Instant::now(), response_id: None })
        }
    }
}

/// Connects for HTTP, where there is no warm-up. `board` hears of the step.
///
/// # Errors
/// [`ConnectFailure`], within `connect_timeout` and the time the key takes.
pub async fn light_http(profile: Arc<Profile>, board: Board) -> Result<http::Client, ConnectFailure> {
    board.tell(Happened::Dialling);
    open_http(&profile).await
}

/// Connects for HTTP.
///
/// # Errors
/// As [`light_http`].
pub async fn open_http(profile: &Profile) -> Result<http::Client, ConnectFailure> {
    allowed(profile).await?;
    let key = fetch_key(profile).await?;
    let mut client = http::Client::new(profile.target.clone(), profile.http(key));
    client.connect(profile.limits.connect_timeout).await?;
    Ok(client)
}

/// Reads to the end of the warm-up: its id, or none when the server refused it.
async fn warm_up_answer(connection: &mut Connection) -> Result<Option<String>, Closed> {
    loop {
        let text = match connection.next().await {
            Incoming::Event { text, .. } => text,
            Incoming::Closed(closed) => return Err(closed),
        };
        match connection.confidences().of_event(decode(&text).map_err(Closed::Unreadable)?) {
            Event::Completed(finished) => return Ok(finished.id),
            Event::Failed(error) => {
                tracing::debug!(%error, "the server refused the warm-up");
                return Ok(None);
            }
            Event::Incomplete(_) => return Ok(None),
            Event::Created | Event::TextDelta(_) | Event::ItemDone(_) | Event::Other => {}
        }
    }
}
