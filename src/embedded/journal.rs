//! The journal of `--record`: every connection, message and end as one line of JSON, written as it happens.
//!
//! `connection` numbers connections from 1, `at_ms` are milliseconds since the start on a clock that never goes back,
//! `event` is the JSON that went over the wire. Lines go through a short queue to one writer; when it is full, who has
//! something to record waits. It must never write a header's value that might be a secret, keep anything in memory, or
//! end the service because recording failed.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use hyper::{Request as HttpRequest, body::Bytes, header::HeaderMap};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use tokio::sync::mpsc;
use tracing::warn;

use super::lanes::LaneName;

/// Lines on their way to the file.
const QUEUE: usize = 16;
/// Headers whose values are shown. Of any other only that it was set.
const SHOWN: [&str; 12] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "openai-beta",
    "sec-websocket-extensions",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Where the lines of one server go; nowhere unless it records.
#[derive(Debug)]
pub(super) struct Journal {
    lines: Option<mpsc::Sender<String>>,
    started: Instant,
    connections: AtomicU64,
}

/// Why recording cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("cannot record to {}: {source}; choose a file that can be written", path.display())]
pub struct JournalError {
    /// The file asked for.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Party {
    /// It closed, or is gone.
    Client,
    /// It closed, or a fault broke the connection.
    Server,
}

#[derive(Serialize)]
struct Line<'a> {
    at_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<u64>,
    #[serde(flatten)]
    entry: Entry<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Entry<'a> {
    /// The server listens.
    Started { version: &'static str, listen: SocketAddr },
    /// The first request of a connection; `transport` is the one it asks for.
    Opened { transport: &'static str, method: &'a str, path: &'a str, headers: Map<String, Value> },
    /// A later one, over HTTP.
    Request { method: &'a str, path: &'a str, headers: Map<String, Value> },
    /// The status that answers a request.
    Answered { status: u16 },
    /// A frame, a whole HTTP body, or one block of an SSE body.
    Message {
        direction: Direction,
        frame: &'static str,
        bytes: usize,
        lane: Option<&'a str>,
        event: Option<Box<RawValue>>,
    },
    /// The end, with the code of a WebSocket's close frame if there was one.
    Closed { code: Option<u16>, reason: &'a str, by: Party },
}

impl Journal {
    /// A journal that records nothing.
    pub(super) fn none() -> Journal {
        Journal { lines: None, started: Instant::now(), connections: AtomicU64::new(0) }
    }

    /// A journal at the end of this file, which is made if it does not exist.
    ///
    /// # Errors
    /// What the system says when the file cannot be opened.
    pub(super) fn at(path: &Path) -> io::Result<Journal> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (lines, queue) = mpsc::channel(QUEUE);
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || write_lines(file, &path, queue));
        Ok(Journal { lines: Some(lines), ..Journal::none() })
    }

    /// Records that the server listens.
    pub(super) async fn started(&self, listen: SocketAddr) {
        self.record(None, || Entry::Started { version: env!("CARGO_PKG_VERSION"), listen }).await;
    }

    /// The recorder of a new connection.
    pub(super) fn connection(self: &Arc<Journal>) -> Recorder {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Recorder { journal: self.clone(), connection, state: Arc::default() }
    }

    async fn record<'a>(&self, connection: Option<u64>, entry: impl FnOnce() -> Entry<'a>) {
        let Some(lines) = self.lines.as_ref().filter(|lines| !lines.is_closed()) else { return };
        let at_ms = self.started.elapsed().as_micros() as f64 / 1000.0;
        let Ok(mut line) = serde_json::to_string(&Line { at_ms, connection, entry: entry() }) else { return };
        line.push('\n');
        // It fails when recording has stopped.
        let _ = lines.send(line).await;
    }
}

/// Writes until the server has ended or the file takes no more.
fn write_lines(mut file: File, path: &Path, mut queue: mpsc::Receiver<String>) {
    while let Some(line) = queue.blocking_recv() {
        // A file has no buffer of its own here: what is written is flushed.
        if let Err(error) = file.write_all(line.as_bytes()) {
            warn!("cannot write {}: {error}; recording stops, the server goes on", path.display());
            return;
        }
    }
}

/// Records what happens on one connection.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    journal: Arc<Journal>,
    connection: u64,
    state: Arc<State>,
}

/// How far a connection has come.
#[derive(Debug, Default)]
struct State {
    opened: AtomicBool,
    upgraded: AtomicBool,
    closed: AtomicBool,
}

impl Recorder {
    /// A request: the first opens the connection.
    pub(super) async fn request<B>(&self, request: &HttpRequest<B>) {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let is_first = !self.state.opened.swap(true, Ordering::Relaxed);
        let headers = || shown(request.headers());
        let transport = if request.headers().contains_key("upgrade") { "websocket" } else { "http" };
        let entry = || match is_first {
            true => Entry::Opened { transport, method, path, headers: headers() },
            false => Entry::Request { method, path, headers: headers() },
        };
        self.record(entry).await;
    }

    /// The status of an answer, and its body where it is whole.
    pub(super) async fn answer(&self, status: u16, body: Option<WholeBody>) {
        self.record(|| Entry::Answered { status }).await;
        if let Some(WholeBody(body)) = body {
            self.body(Direction::Out, &body).await;
        }
    }

    /// A whole HTTP body.
    pub(super) async fn body(&self, direction: Direction, body: &[u8]) {
        let event = || raw(&String::from_utf8_lossy(body));
        self.message(direction, "body", body.len(), None, event).await;
    }

    /// One block of an SSE body, of so many bytes.
    pub(super) async fn block(&self, bytes: usize, event: Option<&Value>) {
        self.message(Direction::Out, "block", bytes, None, || serde_json::value::to_raw_value(event?).ok()).await;
    }

    /// A text frame.
    pub(super) async fn text(&self, direction: Direction, text: &str, lane: &LaneName) {
        self.message(direction, "text", text.len(), lane.as_deref(), || raw(text)).await;
    }

    /// A frame that holds no event.
    pub(super) async fn frame(&self, direction: Direction, frame: &'static str, bytes: usize) {
        self.message(direction, frame, bytes, None, || None).await;
    }

    /// From here on the connection is a WebSocket, whose end is recorded by itself.
    pub(super) fn upgraded(&self) {
        self.state.upgraded.store(true, Ordering::Relaxed);
    }

    /// The end of a connection over HTTP, if any request came over it and it stayed HTTP.
    pub(super) async fn http_ended(&self, reason: &str, by: Party) {
        if self.state.opened.load(Ordering::Relaxed) && !self.state.upgraded.load(Ordering::Relaxed) {
            self.closed(None, reason, by).await;
        }
    }

    /// The end of a connection; the first that is told of is the one.
    pub(super) async fn closed(&self, code: Option<u16>, reason: &str, by: Party) {
        if !self.state.closed.swap(true, Ordering::Relaxed) {
            self.record(|| Entry::Closed { code, reason, by }).await;
        }
    }

    async fn message(
        &self,
        direction: Direction,
        frame: &'static str,
        bytes: usize,
        lane: Option<&str>,
        event: impl FnOnce() -> Option<Box<RawValue>>,
    ) {
        self.record(|| Entry::Message { direction, frame, bytes, lane, event: event() }).await;
    }

    async fn record<'a>(&self, entry: impl FnOnce() -> Entry<'a>) {
        self.journal.record(Some(self.connection), entry).await;
    }
}

/// The body of an answer that is whole, left with it for the journal.
#[derive(Clone, Debug)]
pub(super) struct WholeBody(pub Bytes);

/// The headers of a request, without what might be a secret.
fn shown(headers: &HeaderMap) -> Map<String, Value> {
    let shown = headers.iter().map(|(name, value)| {
        let value = value.to_str().ok().filter(|_| SHOWN.contains(&name.as_str())).unwrap_or("(set)");
        (name.to_string(), value.into())
    });
    shown.collect()
}

/// The JSON of a text, verbatim where it fits on a line; what is no JSON, as a string.
fn raw(text: &str) -> Option<Box<RawValue>> {
    if let Some(raw) = serde_json::from_str(text).ok().filter(|_| !text.contains(['\n', '\r'])) {
        return Some(raw);
    }
    let value = serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
    serde_json::value::to_raw_value(&value).ok()
}
