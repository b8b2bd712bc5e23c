//! One WebSocket to a Responses server, owned by a pump task.
//!
//! The pump is the only code that touches the socket: it writes what it is given, hands on what it reads, pings, and
//! says once why it ended. Dropping the [`Connection`] ends the pump and the socket with it, without waiting for a
//! close handshake, which can stall (`protocol.md` 8).

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, USER_AGENT};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::confidence::Confidences;
use super::dial::{DialError, Stream, Target, dial};
use super::error::ApiError;
use super::pulse::{Clocks, LOOK_EVERY, Pulse};

pub use super::pulse::Liveness;
use super::{Closed, Incoming};

/// Largest frame and message taken from a server.
const MAX_INCOMING_BYTES: usize = 16 * 1024 * 1024;
/// Frames waiting to be written; a session has one request in flight, so more would be a mistake of ours.
const OUTGOING_QUEUE: usize = 4;
/// Events waiting to be looked at; when full, the pump stops reading and TCP slows the server down.
const INCOMING_QUEUE: usize = 256;

/// What an upgrade needs besides the target.
#[derive(Clone)]
pub struct Upgrade {
    /// `ws://` or `wss://` URL of the endpoint.
    pub url: String,
    /// Bearer key; sent to this URL only.
    pub key: Option<String>,
    /// Extra headers, in order.
    pub headers: Vec<(String, String)>,
    /// How often to ping, and how long to wait for the pong.
    pub liveness: Liveness,
}

impl Upgrade {
    fn confidences(&self) -> Confidences {
        Confidences::new(self.key.as_deref(), &self.headers)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server could not be reached.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// It answered, but not with a WebSocket.
    #[error("{url} refused the WebSocket upgrade with HTTP status {status}: {error}")]
    Refused {
        /// The endpoint.
        url: String,
        /// HTTP status of the answer.
        status: u16,
        /// The error in its body.
        error: ApiError,
    },
    /// The handshake broke.
    #[error("the WebSocket handshake with {url} failed: {reason}")]
    Handshake {
        /// The endpoint.
        url: String,
        /// What broke.
        reason: String,
    },
    /// The server was reached, and did not answer in time.
    #[error("no answer from {url} within {after:?}")]
    TimedOut {
        /// The endpoint.
        url: String,
        /// How long was waited.
        after: Duration,
    },
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Connection {
    outgoing: mpsc::Sender<Outgoing>,
    incoming: mpsc::Receiver<Incoming>,
    pump: tokio::task::JoinHandle<()>,
    confidences: Confidences,
}

#[derive(Debug)]
enum Outgoing {
    Text(String),
    Close(&'static str),
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Connection {
    /// Dials, upgrades and starts the pump, all within `limit`.
    ///
    /// # Errors
    /// [`ConnectError`]; its text names the endpoint and never the key.
    pub async fn open(target: &Target, upgrade: &Upgrade, limit: Duration) -> Result<Connection, ConnectError> {
        match timeout(limit, handshake(target, upgrade, Instant::now() + limit)).await {
            Ok(socket) => Ok(Connection::start(socket?, upgrade)),
            Err(_) => Err(ConnectError::TimedOut { url: upgrade.url.clone(), after: limit }),
        }
    }

    fn start(socket: WebSocketStream<Box<dyn Stream>>, upgrade: &Upgrade) -> Connection {
        let (outgoing, to_send) = mpsc::channel(OUTGOING_QUEUE);
        let (received, incoming) = mpsc::channel(INCOMING_QUEUE);
        let pump = tokio::spawn(pump(socket, upgrade.liveness, to_send, received));
        Connection { outgoing, incoming, pump, confidences: upgrade.confidences() }
    }

    /// What this server was told in confidence.
    pub fn confidences(&self) -> &Confidences {
        &self.confidences
    }

    /// Queues a text frame. False when the pump has ended; [`Connection::next`] then says why.
    pub async fn send(&self, text: String) -> bool {
        self.outgoing.send(Outgoing::Text(text)).await.is_ok()
    }

    /// The next event, or the reason the connection ended (again and again once it has).
    pub async fn next(&mut self) -> Incoming {
        match self.incoming.recv().await {
            Some(Incoming::Closed(closed)) => Incoming::Closed(self.confidences.of_goodbye(closed)),
            Some(incoming) => incoming,
            None => Incoming::Closed(Closed::Io("the connection has ended".into())),
        }
    }

    /// Closes with 1000 and a reason, without waiting for the peer. The pump ends by itself, within a second.
    pub async fn close(mut self, reason: &'static str) {
        if self.outgoing.send(Outgoing::Close(reason)).await.is_ok() {
            let _ = timeout(Duration::from_secs(1), &mut self.pump).await;
        }
    }
}

async fn handshake(
    target: &Target,
    upgrade: &Upgrade,
    deadline: Instant,
) -> Result<WebSocketStream<Box<dyn Stream>>, ConnectError> {
    let broken = |reason: String| ConnectError::Handshake { url: upgrade.url.clone(), reason };
    let mut request = upgrade.url.as_str().into_client_request().map_err(|error| broken(error.to_string()))?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("pilotlight/", env!("CARGO_PKG_VERSION"))));
    if let Some(key) = &upgrade.key {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| broken("the API key holds characters that a header cannot carry".into()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in &upgrade.headers {
        let bad = || broken(format!("the header `{name}` of provider.headers is not usable"));
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    let stream = dial(target, deadline).await?.stream;
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_INCOMING_BYTES)).max_frame_size(Some(MAX_INCOMING_BYTES));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            let status = response.status().as_u16();
            let error = upgrade.confidences().of_error(ApiError::from_http(status, response.headers(), body));
            Err(ConnectError::Refused { url: upgrade.url.clone(), status, error })
        }
        Err(error) => Err(broken(error.to_string())),
    }
}

/// Moves frames until either side ends, then says why.
async fn pump(
    mut socket: WebSocketStream<Box<dyn Stream>>,
    liveness: Liveness,
    mut to_send: mpsc::Receiver<Outgoing>,
    received: mpsc::Sender<Incoming>,
) {
    let mut pulse = Pulse::new(liveness);
    let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut clocks = Clocks::now();
    let closed = loop {
        // What arrived before a deadline was looked at is a sign of life, however late we come to read it.
        let overdue = pulse.is_overdue();
        let ping = tokio::select! {
            biased;
            frame = socket.next() => {
                pulse.heard();
                match read(frame) {
                    Ok(Some(text)) => {
                        let bytes = text.len();
                        if received.send(Incoming::Event { text, bytes }).await.is_err() {
                            return;
                        }
                        false
                    }
                    Ok(None) => false,
                    Err(closed) => break closed,
                }
            }
            () = std::future::ready(()), if overdue => break Closed::Dead,
            command = to_send.recv() => match command {
                Some(Outgoing::Text(text)) => {
                    if let Err(error) = timed(liveness, socket.send(Message::Text(Utf8Bytes::from(text)))).await {
                        break error;
                    }
                    // A socket that was quiet may be dead without knowing; the request must not wait to find out.
                    pulse.is_quiet()
                }
                Some(Outgoing::Close(reason)) => {
                    let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static(reason) };
                    let _ = timed(liveness, socket.close(Some(frame))).await;
                    return;
                }
                None => return,
            },
            () = sleep_until(pulse.next()) => !pulse.is_overdue(),
            _ = looks.tick() => {
                let slept = std::mem::replace(&mut clocks, Clocks::now()).have_slept();
                if slept {
                    pulse.hurry();
                }
                slept
            }
        };
        if ping && !pulse.is_waiting() {
            if let Err(error) = timed(liveness, socket.send(Message::Ping(Default::default()))).await {
                break error;
            }
            pulse.pinged();
        }
    };
    let _ = received.send(Incoming::Closed(closed)).await;
}

/// A write that cannot hang: a peer that stops reading is a dead one.
async fn timed(liveness: Liveness, write: impl Future<Output = Result<(), Error>>) -> Result<(), Closed> {
    match timeout(liveness.ping_interval + liveness.pong_timeout, write).await {
        Ok(result) => result.map_err(|error| Closed::Io(error.to_string())),
        Err(_) => Err(Closed::Dead),
    }
}

/// One frame: text to hand on, nothing (control frames), or the end.
fn read(frame: Option<Result<Message, Error>>) -> Result<Option<String>, Closed> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(Closed::Unreadable("a binary frame".into())),
        Some(Ok(Message::Close(frame))) => Err(Closed::ByPeer {
            code: frame.as_ref().map(|frame| frame.code.into()),
            reason: frame.map(|frame| frame.reason.chars().take(120).collect()).unwrap_or_default(),
        }),
        Some(Err(Error::Capacity(error))) => Err(Closed::Unreadable(error.to_string())),
        Some(Err(Error::Protocol(error))) if error != ProtocolError::ResetWithoutClosingHandshake => {
            Err(Closed::Unreadable(error.to_string()))
        }
        Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => {
            Err(Closed::ByPeer { code: None, reason: String::new() })
        }
        Some(Err(error)) => Err(Closed::Io(error.to_string())),
    }
}
