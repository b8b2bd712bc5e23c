//! The server: one port for WebSocket upgrades and HTTP posts, everything recorded, nothing said but the script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::tungstenite::http::HeaderMap;

use super::reply::{Reply, Step, Terminal};
use super::request::{Chain, Request, Transport, violations};
use super::rig::bounded;

mod posts;
mod speaker;
mod websocket;

use posts::posts;
use websocket::websocket;

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

    fn connection(&self, path: String, headers: &HeaderMap) -> usize {
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

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
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
