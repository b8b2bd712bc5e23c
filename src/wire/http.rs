//! The same protocol over HTTP with server-sent events: one keep-alive connection, the whole input in every request.
//!
//! Nothing is kept on the server between calls (`store:false`), so there is no `previous_response_id` and no warm-up.
//! Cancelling is dropping the [`Exchange`].

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming as Body};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::confidence::Confidences;
use super::dial::{Target, dial};
use super::error::ApiError;
use super::websocket::ConnectError;
use super::{Closed, Incoming};

/// Largest single event taken from a server, and largest error body.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;
/// Longest that the end of a body may come after its last event.
const TAIL: Duration = Duration::from_secs(1);
/// Events waiting to be looked at.
const INCOMING_QUEUE: usize = 256;

/// A keep-alive HTTP connection to a Responses endpoint.
pub struct Client {
    target: Target,
    endpoint: Endpoint,
    confidences: Confidences,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// The connection has answered a request before.
    kept: bool,
}

/// What a request needs besides the target.
#[derive(Clone)]
pub struct Endpoint {
    /// `http://` or `https://` URL.
    pub url: String,
    /// Bearer key; sent to this URL only.
    pub key: Option<String>,
    /// Extra headers, in order.
    pub headers: Vec<(String, String)>,
}

/// One request whose events are arriving. Dropping it aborts the request.
pub struct Exchange {
    /// The request was sent twice, because the connection that was kept had been closed.
    pub resent: bool,
    incoming: mpsc::Receiver<Incoming>,
    reader: tokio::task::JoinHandle<()>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Exchange {
    /// The next event, or the reason there are no more.
    pub async fn next(&mut self) -> Incoming {
        match self.incoming.recv().await {
            Some(incoming) => incoming,
            None => Incoming::Closed(Closed::ByPeer { code: None, reason: String::new() }),
        }
    }

    /// The terminal event was seen: the rest of the body is read beside, for a connection whose answer was not read to
    /// its end cannot be used again.
    pub fn finish(mut self) {
        tokio::spawn(async move {
            let _ = timeout(TAIL, async { while let Incoming::Event { .. } = self.next().await {} }).await;
        });
    }
}

impl Client {
    /// What this server is told in confidence.
    pub fn confidences(&self) -> &Confidences {
        &self.confidences
    }

    /// A client that connects at its first request.
    pub fn new(target: Target, endpoint: Endpoint) -> Client {
        let confidences = Confidences::new(endpoint.key.as_deref(), &endpoint.headers);
        Client { target, endpoint, confidences, sender: None, kept: false }
    }

    /// Whether the next request can go out on an open connection. Waits a moment for the end of the last answer.
    pub async fn is_ready(&mut self) -> bool {
        let Some(sender) = self.sender.as_mut() else { return false };
        timeout(TAIL, sender.ready()).await.is_ok_and(|ready| ready.is_ok())
    }

    /// Gives the connection up; the next request makes a new one.
    pub fn disconnect(&mut self) {
        self.sender = None;
    }

    /// Connects, unless a connection is open. True when a new one was made.
    ///
    /// # Errors
    /// [`ConnectError`], within `limit`.
    pub async fn connect(&mut self, limit: Duration) -> Result<bool, ConnectError> {
        if self.is_ready().await {
            return Ok(false);
        }
        let url = &self.endpoint.url;
        let deadline = Instant::now() + limit;
        let attempt = async {
            let stream = dial(&self.target, deadline).await?.stream;
            let broken = |error: hyper::Error| ConnectError::Handshake { url: url.clone(), reason: error.to_string() };
            let (sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
            tokio::spawn(connection);
            Ok::<_, ConnectError>(sender)
        };
        let sender = match timeout(limit, attempt).await {
            Ok(sender) => sender?,
            Err(_) => return Err(ConnectError::TimedOut { url: url.clone(), after: limit }),
        };
        self.sender = Some(sender);
        self.kept = false;
        Ok(true)
    }

    /// Sends one request and returns once its headers arrived; the caller bounds the wait. A kept connection that its
    /// server had closed is replaced, within `limit`, and the request sent again.
    ///
    /// # Errors
    /// [`Refusal`]: the server's error, or the reason the connection failed.
    pub async fn post(&mut self, body: String, limit: Duration) -> Result<Exchange, Refusal> {
        let lost = |reason: String| Refusal::Lost(Closed::Io(reason));
        let body = Bytes::from(body);
        let mut resent = false;
        let response = loop {
            let Some(sender) = self.sender.as_mut() else { return Err(lost("not connected".into())) };
            match sender.send_request(request(&self.endpoint, body.clone()).map_err(lost)?).await {
                Ok(response) => break response,
                // Ordinary with keep-alive; no answer of this request was lost by it.
                Err(_) if self.kept => {
                    self.sender = None;
                    self.connect(limit).await.map_err(|error| lost(error.to_string()))?;
                    resent = true;
                }
                Err(error) => {
                    self.sender = None;
                    return Err(lost(error.to_string()));
                }
            }
        };
        self.kept = true;
        let status = response.status();
        if !status.is_success() {
            let headers = response.headers().clone();
            let body = Limited::new(response.into_body(), MAX_EVENT_BYTES).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            let error = ApiError::from_http(status.as_u16(), &headers, &body);
            return Err(Refusal::Api(self.confidences.of_error(error)));
        }
        let (received, incoming) = mpsc::channel(INCOMING_QUEUE);
        let reader = tokio::spawn(read_events(response.into_body(), received));
        Ok(Exchange { resent, incoming, reader })
    }
}

/// Why a request has no events.
#[derive(Debug)]
pub enum Refusal {
    /// The server answered with an error.
    Api(ApiError),
    /// The connection failed before an answer.
    Lost(Closed),
}

fn request(endpoint: &Endpoint, body: Bytes) -> Result<hyper::Request<Full<Bytes>>, String> {
    let url = url::Url::parse(&endpoint.url).map_err(|error| error.to_string())?;
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut request = hyper::Request::post(url.path())
        .header("host", host)
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .header("user-agent", concat!("pilotlight/", env!("CARGO_PKG_VERSION")));
    if let Some(key) = &endpoint.key {
        request = request.header("authorization", sensitive(&format!("Bearer {key}"))?);
    }
    for (name, value) in &endpoint.headers {
        request = request.header(name, sensitive(value)?);
    }
    request.body(Full::new(body)).map_err(|_| "a header of provider.headers is not usable".to_owned())
}

fn sensitive(value: &str) -> Result<hyper::header::HeaderValue, String> {
    let mut value = hyper::header::HeaderValue::from_str(value)
        .map_err(|_| "the API key or a header holds characters that a header cannot carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Hands on events as they arrive, then the end.
async fn read_events(mut body: Body, received: mpsc::Sender<Incoming>) {
    let mut parser = EventParser::default();
    let closed = loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                parser.push(&data);
                for (text, bytes) in parser.by_ref() {
                    if received.send(Incoming::Event { text, bytes }).await.is_err() {
                        return;
                    }
                }
                if parser.buffered() > MAX_EVENT_BYTES {
                    break Closed::Unreadable("an event larger than 16 MiB".into());
                }
            }
            Some(Err(error)) => break Closed::Io(error.to_string()),
            None => break Closed::ByPeer { code: None, reason: String::new() },
        }
    };
    let _ = received.send(Incoming::Closed(closed)).await;
}

/// Server-sent events from bytes: `data:` lines joined, comments and other fields skipped, `[DONE]` ignored. Gives each
/// event's data once it is complete, and the bytes of the body it took.
#[derive(Default)]
pub struct EventParser {
    bytes: Vec<u8>,
    /// Where the next unread line begins.
    start: usize,
    data: String,
    /// Bytes of the body since the last event.
    consumed: usize,
}

impl EventParser {
    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn buffered(&self) -> usize {
        self.bytes.len() - self.start + self.data.len()
    }
}

impl Iterator for EventParser {
    type Item = (String, usize);

    fn next(&mut self) -> Option<(String, usize)> {
        while let Some(length) = self.bytes[self.start..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.bytes[self.start..self.start + length]).into_owned();
            self.start += length + 1;
            self.consumed += length + 1;
            let line = line.strip_suffix('\r').unwrap_or(&line);
            if let Some(data) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            } else if line.is_empty() && !self.data.is_empty() {
                let event = std::mem::take(&mut self.data);
                if event != "[DONE]" {
                    return Some((event, std::mem::take(&mut self.consumed)));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        let stream = ": hello\n\nevent: a\ndata: {\"type\":\"a\"}\n\ndata: {\r\ndata: }\r\n\r\ndata: [DONE]\n\n";
        for cut in 0..stream.len() {
            let mut parser = EventParser::default();
            let mut events = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                parser.push(part.as_bytes());
                events.extend(std::iter::from_fn(|| parser.next()).map(|(event, _)| event));
            }
            assert_eq!(events, ["{\"type\":\"a\"}", "{\n}"], "cut at {cut}");
        }
    }
}
