//! The server: one port for WebSocket upgrades and HTTP posts, everything recorded, nothing said but the script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::tungstenite::handshake::server::{
    ErrorResponse, Request as UpgradeRequest, Response as UpgradeResponse,
};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, http};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::reply::{Refusal, Reply, Step, Terminal};
use super::request::{Chain, Request, Transport, violations};
use super::rig::bounded;

/// What happens to an upgrade.
#[derive(Clone, Copy, Debug)]
pub enum Upgrade {
    /// It becomes a WebSocket.
    Accept,
    /// It is refused with this HTTP status.
    Refuse(u16),
    /// It becomes a WebSocket that is closed at once with this code.
    CloseAtOnce(u16),
    /// It becomes a WebSocket on which nothing is heard or said, pings included.
    Deaf,
    /// The connection is dropped before it is answered.
    Dropped,
    /// It is never answered.
    Unanswered,
}

/// How the client ended a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// With a close frame.
    Frame(u16, String),
    /// Without one.
    Gone,
}

/// A connection as the server saw it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Path of the upgrade; empty for HTTP.
    pub path: String,
    /// Headers of the upgrade, or of the last post.
    pub headers: Vec<(String, String)>,
    /// Pings of the client.
    pub pings: usize,
    /// How the client ended it, once it has.
    pub closing: Option<Closing>,
}

impl Connection {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct State {
    upgrades: VecDeque<Upgrade>,
    warm_ups: VecDeque<Reply>,
    replies: VecDeque<Reply>,
    connections: Vec<Connection>,
    requests: Vec<Request>,
    violations: Vec<String>,
    calls: usize,
    /// Connections whose other end is still there.
    open: usize,
    /// Answers what the script does not.
    model: Option<Model>,
    /// Answers the warm-ups that the script does not.
    warmer: Option<Box<dyn FnMut() -> Reply + Send>>,
    /// Receives the upgrades that the script does not.
    porter: Option<Box<dyn FnMut() -> Upgrade + Send>>,
}

impl State {
    fn upgrade(&mut self) -> Upgrade {
        let scripted = self.upgrades.pop_front();
        scripted.or_else(|| self.porter.as_mut().map(|porter| porter())).unwrap_or(Upgrade::Accept)
    }

    fn warm_up(&mut self) -> Reply {
        let scripted = self.warm_ups.pop_front();
        scripted.or_else(|| self.warmer.as_mut().map(|warmer| warmer())).unwrap_or_else(warm_up)
    }
}

/// A scripted model: answers a request (the last) by all that came so far.
type Model = Box<dyn FnMut(&[Request]) -> Reply + Send>;

struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    /// Connections made before it changes are dropped when it does.
    dropping: watch::Sender<u64>,
}

/// The scripted server. Dropping it ends it, and fails the test if the client broke a rule or the script was not used
/// up.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            return;
        }
        let state = self.shared.state.lock().unwrap();
        assert!(state.violations.is_empty(), "the client broke a rule: {:#?}", state.violations);
        let left = state.replies.len() + state.warm_ups.len() + state.upgrades.len();
        assert_eq!(left, 0, "a part of the script was never asked for");
    }
}

impl Provider {
    /// Starts on a free port of loopback.
    pub async fn start() -> Provider {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            dropping: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Provider { address, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds answers to requests, used in order.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.update(|state| state.replies.extend(replies));
    }

    /// Adds answers to warm-ups; without, a warm-up succeeds.
    pub fn script_warm_ups(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.update(|state| state.warm_ups.extend(replies));
    }

    /// Adds answers to upgrades; without, they are accepted.
    pub fn script_upgrades(&self, upgrades: impl IntoIterator<Item = Upgrade>) {
        self.shared.update(|state| state.upgrades.extend(upgrades));
    }

    /// Answers every request that the script has nothing for.
    pub fn answer_with(&self, model: impl FnMut(&[Request]) -> Reply + Send + 'static) {
        self.shared.update(|state| state.model = Some(Box::new(model)));
    }

    /// Answers every warm-up that the script has nothing for.
    pub fn warm_up_with(&self, warmer: impl FnMut() -> Reply + Send + 'static) {
        self.shared.update(|state| state.warmer = Some(Box::new(warmer)));
    }

    /// Receives every upgrade that the script has nothing for.
    pub fn upgrade_with(&self, porter: impl FnMut() -> Upgrade + Send + 'static) {
        self.shared.update(|state| state.porter = Some(Box::new(porter)));
    }

    /// The requests so far, without the warm-ups.
    pub fn requests(&self) -> Vec<Request> {
        self.everything().into_iter().filter(|request| !request.is_warm_up()).collect()
    }

    /// The requests so far, warm-ups included.
    pub fn everything(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// The rules the client broke so far.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().violations.clone()
    }

    /// The connections so far.
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.state.lock().unwrap().connections.clone()
    }

    /// Payload bytes sent in answer to the requests with these numbers, counted from 0 with the warm-ups.
    pub fn answered(&self, requests: &[usize]) -> usize {
        let state = self.shared.state.lock().unwrap();
        requests.iter().map(|number| state.requests[*number].answered).sum()
    }

    /// Empties the records of all but the latest requests, so that a long test does not grow by its own.
    pub fn forget_all_but(&self, latest: usize) {
        self.shared.update(|state| {
            let old = state.requests.len().saturating_sub(latest);
            for request in &mut state.requests[..old] {
                request.raw = String::new();
                request.body = Value::Null;
                request.output = Vec::new();
            }
        });
    }

    /// Waits for the request with this number, counted from 0 without the warm-ups.
    pub async fn request(&self, number: usize) -> Request {
        self.wait(|state| state.requests.iter().filter(|request| !request.is_warm_up()).nth(number).cloned()).await
    }

    /// Waits until the client has ended a connection.
    pub async fn closing(&self, connection: usize) -> Closing {
        self.wait(|state| state.connections.get(connection)?.closing.clone()).await
    }

    /// Waits until this many connections were made.
    pub async fn connected(&self, count: usize) {
        self.wait(|state| (state.connections.len() >= count).then_some(())).await;
    }

    /// Waits until the client has pinged so often.
    pub async fn pinged(&self, connection: usize, count: usize) {
        self.wait(|state| (state.connections.get(connection)?.pings >= count).then_some(())).await;
    }

    /// Drops every connection without a word, once what is being said is said.
    pub fn drop_connections(&self) {
        self.shared.dropping.send_modify(|times| *times += 1);
    }

    /// The same, to be done from within a script.
    pub fn dropper(&self) -> impl Fn() + Send + 'static {
        let shared = self.shared.clone();
        move || shared.dropping.send_modify(|times| *times += 1)
    }

    /// Waits until no connection is open any more.
    pub async fn deserted(&self) {
        self.wait(|state| (state.open == 0).then_some(())).await;
    }

    async fn wait<T>(&self, probe: impl Fn(&State) -> Option<T>) -> T {
        let mut changes = self.shared.changed.subscribe();
        bounded(async {
            loop {
                if let Some(found) = probe(&self.shared.state.lock().unwrap()) {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        })
        .await
    }
}

impl Shared {
    fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock().unwrap());
        self.changed.send_modify(|version| *version += 1);
        result
    }

    fn connection(&self, path: String, headers: &http::HeaderMap) -> usize {
        self.update(|state| {
            state.connections.push(Connection { path, headers: listed(headers), pings: 0, closing: None });
            state.connections.len() - 1
        })
    }

    fn closed(&self, connection: usize, closing: Closing) {
        self.update(|state| state.connections[connection].closing.get_or_insert(closing).clone());
    }

    /// Records a request, checks it, and takes its answer from the script.
    fn take(&self, connection: usize, transport: Transport, raw: String, chain: &Chain) -> (usize, Reply) {
        self.update(|state| {
            let body: Value = serde_json::from_str(&raw).unwrap_or_default();
            let request = Request { connection, transport, raw, body, answered: 0, output: Vec::new() };
            state.violations.extend(violations(&request, chain));
            let reply = match request.is_warm_up() {
                true => Some(state.warm_up()),
                false => state.replies.pop_front(),
            };
            state.requests.push(request);
            let reply = reply.or_else(|| state.model.as_mut().map(|model| model(&state.requests)));
            let unscripted = || Reply::error(400, "unscripted", "the test's script has no answer to this request");
            (state.requests.len() - 1, reply.unwrap_or_else(unscripted))
        })
    }

    fn violation(&self, what: &str) {
        self.update(|state| state.violations.push(what.to_owned()));
    }
}

fn warm_up() -> Reply {
    Reply::of([Step::Created, Step::Completed(Terminal::Whole)])
}

fn listed(headers: &http::HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut serving = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        while serving.try_join_next().is_some() {}
        serving.spawn(serve(stream, shared.clone()));
    }
}

/// One connection, until either side ends it.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut dropping = shared.dropping.subscribe();
    shared.update(|state| state.open += 1);
    tokio::select! {
        () = speak(stream, shared.clone()) => {}
        _ = dropping.changed() => {}
    }
    shared.update(|state| state.open -= 1);
}

/// A GET wants a WebSocket, anything else is HTTP.
async fn speak(stream: TcpStream, shared: Arc<Shared>) {
    let mut first = [0; 1];
    match stream.peek(&mut first).await {
        Ok(1) if first == *b"G" => websocket(stream, shared).await,
        Ok(1) => posts(stream, shared).await,
        _ => {}
    }
}

// ---- what an answer says, whatever carries it ------------------------------------------------------------------

/// An answer in the making: turns steps into events and keeps the chain.
struct Speaker<'a> {
    shared: &'a Shared,
    request: usize,
    id: String,
    sequence: usize,
    numbered: bool,
    items: Vec<Value>,
    calls: Vec<String>,
}

impl<'a> Speaker<'a> {
    fn new(shared: &'a Shared, request: usize) -> Speaker<'a> {
        Speaker {
            shared,
            request,
            id: format!("resp_{request}"),
            sequence: 0,
            numbered: true,
            items: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// The event a step says, if it says one.
    fn event(&mut self, step: &Step, chain: &mut Chain) -> Option<Value> {
        let mut event = match step {
            Step::Created => json!({"type": "response.created", "response": self.response("in_progress")}),
            Step::Delta(text) => json!({"type": "response.output_text.delta", "delta": text}),
            Step::Item(item) => {
                let item = self.item(item.clone());
                json!({"type": "response.output_item.done", "output_index": self.items.len() - 1, "item": item})
            }
            Step::Completed(terminal) => {
                *chain = Chain { latest: Some(self.id.clone()), calls: std::mem::take(&mut self.calls) };
                json!({"type": "response.completed", "response": self.completed(*terminal)})
            }
            Step::Incomplete(reason) => {
                *chain = Chain::default();
                let mut response = self.response("incomplete");
                response["incomplete_details"] = json!({ "reason": reason });
                json!({"type": "response.incomplete", "response": response})
            }
            Step::Event(event) => {
                if event["type"] == "error" || event["type"] == "response.failed" {
                    *chain = Chain::default();
                }
                return Some(event.clone());
            }
            Step::Unnumbered => {
                self.numbered = false;
                return None;
            }
            _ => return None,
        };
        if self.numbered {
            event["sequence_number"] = json!(self.sequence);
        }
        self.sequence += 1;
        Some(event)
    }

    fn response(&self, status: &str) -> Value {
        json!({"id": self.id, "object": "response", "status": status, "output": []})
    }

    fn completed(&self, terminal: Terminal) -> Value {
        let mut response = self.response("completed");
        match terminal {
            Terminal::Whole => {
                response["output"] = json!(self.items);
                response["usage"] = json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 40},
                    "output_tokens": 10, "total_tokens": 110});
            }
            Terminal::Bare => response["output"] = Value::Null,
        }
        response
    }

    /// Gives a call its id and notes the item.
    fn item(&mut self, mut item: Value) -> Value {
        self.shared.update(|state| {
            if item["type"].as_str().is_some_and(|kind| kind.ends_with("_call")) {
                state.calls += 1;
                let id = format!("call_{}", state.calls);
                item["call_id"] = json!(id);
                self.calls.push(id);
            }
            state.requests[self.request].output.push(item.to_string());
        });
        self.items.push(item.clone());
        item
    }

    fn sent(&self, bytes: usize) {
        self.shared.update(|state| state.requests[self.request].answered += bytes);
    }
}

// ---- WebSocket -------------------------------------------------------------------------------------------------

type Socket = WebSocketStream<TcpStream>;

async fn websocket(mut stream: TcpStream, shared: Arc<Shared>) {
    let upgrade = shared.update(State::upgrade);
    match upgrade {
        Upgrade::Dropped => return,
        Upgrade::Unanswered => return ignore(&mut stream).await,
        _ => {}
    }
    let mut connection = 0;
    // The trait, not this closure, says how large a refusal is.
    #[allow(clippy::result_large_err)]
    let look = |request: &UpgradeRequest, response: UpgradeResponse| {
        connection = shared.connection(request.uri().path().to_owned(), request.headers());
        let Upgrade::Refuse(status) = upgrade else { return Ok(response) };
        let body = json!({"error": {"message": format!("refused with {status}")}}).to_string();
        let mut refusal = ErrorResponse::new(Some(body));
        *refusal.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Err(refusal)
    };
    let limits = WebSocketConfig::default();
    let Ok(mut socket) = accept_hdr_async_with_config(stream, look, Some(limits)).await else { return };
    match upgrade {
        Upgrade::CloseAtOnce(code) => {
            close(&mut socket, code, "").await;
        }
        Upgrade::Deaf => ignore(socket.get_mut()).await,
        _ => {
            let closing = converse(&mut socket, connection, &shared).await;
            shared.closed(connection, closing);
        }
    }
}

async fn converse(socket: &mut Socket, connection: usize, shared: &Shared) -> Closing {
    let mut chain = Chain::default();
    loop {
        let text = match hear(socket, connection, shared).await {
            Ok(text) => text,
            Err(closing) => return closing,
        };
        let (request, reply) = shared.take(connection, Transport::WebSocket, text, &chain);
        let mut speaker = Speaker::new(shared, request);
        for step in reply.steps {
            if let Some(event) = speaker.event(&step, &mut chain) {
                let text = event.to_string();
                speaker.sent(text.len());
                if socket.send(Message::text(text)).await.is_err() {
                    return Closing::Gone;
                }
                continue;
            }
            match step {
                Step::Garbage(text) => {
                    speaker.sent(text.len());
                    let _ = socket.send(Message::text(text)).await;
                }
                Step::Binary => drop(socket.send(Message::binary(vec![0, 1])).await),
                Step::Close(code, reason) => {
                    close(socket, code, reason).await;
                    return Closing::Gone;
                }
                Step::Cut => return Closing::Gone,
                Step::Reset => {
                    let _ = socket.get_ref().set_zero_linger();
                    return Closing::Gone;
                }
                Step::Deaf => {
                    ignore(socket.get_mut()).await;
                    return Closing::Gone;
                }
                Step::Silence => return attend(socket, connection, shared).await,
                Step::Do(action) => action(),
                Step::Until(sign) => tokio::select! {
                    () = sign.notified() => {}
                    closing = attend(socket, connection, shared) => return closing,
                },
                _ => {}
            }
        }
    }
}

/// The next text frame, or the end.
async fn hear(socket: &mut Socket, connection: usize, shared: &Shared) -> Result<String, Closing> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_))) => shared.update(|state| state.connections[connection].pings += 1),
            Some(Ok(Message::Close(Some(frame)))) => {
                return Err(Closing::Frame(frame.code.into(), frame.reason.as_str().to_owned()));
            }
            Some(Ok(Message::Binary(_))) => shared.violation("a binary frame"),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Closing::Gone),
        }
    }
}

/// Listens to a client that has nothing to say until it goes.
async fn attend(socket: &mut Socket, connection: usize, shared: &Shared) -> Closing {
    loop {
        match hear(socket, connection, shared).await {
            Ok(_) => shared.violation("a request while another is in flight"),
            Err(closing) => return closing,
        }
    }
}

/// Lets everything fall into the void until the client goes; it hears nothing, not even a pong.
async fn ignore(stream: &mut TcpStream) {
    let mut void = [0; 4096];
    while stream.read(&mut void).await.is_ok_and(|count| count > 0) {}
}

async fn close(socket: &mut Socket, code: u16, reason: &'static str) {
    let _ = socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await;
    while let Some(Ok(_)) = socket.next().await {}
}

// ---- HTTP ------------------------------------------------------------------------------------------------------

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

async fn posts(stream: TcpStream, shared: Arc<Shared>) {
    let connection = shared.connection(String::new(), &http::HeaderMap::new());
    let service = |request: hyper::Request<hyper::body::Incoming>| {
        let shared = shared.clone();
        async move { Ok::<_, std::convert::Infallible>(post(request, connection, shared).await) }
    };
    let served = hyper::server::conn::http1::Builder::new();
    let _ = served.serve_connection(TokioIo::new(stream), hyper::service::service_fn(service)).await;
    shared.closed(connection, Closing::Gone);
}

async fn post(
    request: hyper::Request<hyper::body::Incoming>,
    connection: usize,
    shared: Arc<Shared>,
) -> hyper::Response<Body> {
    let headers = listed(request.headers());
    let path = request.uri().path().to_owned();
    shared.update(|state| {
        state.connections[connection].headers = headers;
        state.connections[connection].path = path;
    });
    let raw = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    let (number, reply) = shared.take(connection, Transport::Http, raw, &Chain::default());
    if let Some(Refusal { status, headers, body }) = reply.refusal {
        let mut response = hyper::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let body = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {});
        return response.body(body.boxed_unsync()).unwrap();
    }
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(stream_events(reply.steps, number, connection, shared, sender));
    let frames = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|frame| (frame, receiver))
    });
    let response = hyper::Response::builder().header("content-type", "text/event-stream");
    response.body(StreamBody::new(frames).boxed_unsync()).unwrap()
}

type Frames = mpsc::Sender<Result<Frame<Bytes>, std::io::Error>>;

async fn stream_events(steps: Vec<Step>, request: usize, connection: usize, shared: Arc<Shared>, frames: Frames) {
    let mut speaker = Speaker::new(&shared, request);
    let mut chain = Chain::default();
    for step in steps {
        let text = match speaker.event(&step, &mut chain) {
            Some(event) => format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()),
            None => match step {
                Step::Garbage(text) => format!("data: {text}\n\n"),
                Step::Do(action) => {
                    action();
                    continue;
                }
                Step::Close(..) => return,
                Step::Cut | Step::Reset => {
                    let _ = frames.send(Err(std::io::ErrorKind::ConnectionReset.into())).await;
                    return;
                }
                Step::Silence | Step::Deaf => {
                    frames.closed().await;
                    shared.closed(connection, Closing::Gone);
                    return;
                }
                Step::Until(sign) => {
                    sign.notified().await;
                    continue;
                }
                _ => continue,
            },
        };
        speaker.sent(text.len());
        if frames.send(Ok(Frame::data(Bytes::from(text)))).await.is_err() {
            return;
        }
    }
}
