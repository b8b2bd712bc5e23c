//! The transport with handlers that no real command has: slow, stuck, panicking, and waiting for the client.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::Notify;
use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult};
use tower_lsp::jsonrpc::Result;
use tower_lsp::{LanguageServer, LspService, Server};

use super::*;
use crate::config::{BaseUrl, Loaded};
use crate::lsp::client::EditorClient;
use crate::lsp::desk::Surroundings;
use crate::lsp::server::CONCURRENCY;
use crate::provider::Provider;
use crate::workspace::{Consents, Documents, PositionEncoding};

/// A guard against hanging, not a measure.
const LIMIT: Duration = Duration::from_secs(20);
/// Handlers that are busy at once: more than the framework's own limits, fewer than ours.
const MANY: i64 = 120;
const URI: &str = "file:///nowhere/a.rs";

struct Handlers {
    editor: Arc<Editor>,
    release: Arc<Notify>,
}

impl LanguageServer for Handlers {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

impl Handlers {
    async fn quick(&self, _: Value) -> Result<Value> {
        Ok(json!("quick"))
    }

    async fn stuck(&self, _: Value) -> Result<Value> {
        self.release.notified().await;
        Ok(json!("released"))
    }

    async fn panics(&self, _: Value) -> Result<Value> {
        panic!("a handler's mistake")
    }

    async fn asks(&self, _: Value) -> Result<Value> {
        let answer = self.editor.client.request("test/question", json!({}), LIMIT).await;
        answer.map_err(|_| Error::internal_error())
    }
}

/// A server with these handlers behind the real front, and the client's side of its streams.
struct Peer {
    editor: Arc<Editor>,
    release: Arc<Notify>,
    input: DuplexStream,
    output: BufReader<DuplexStream>,
}

impl Peer {
    async fn start() -> Peer {
        let release = Arc::new(Notify::new());
        let handlers_release = release.clone();
        let (service, socket) = LspService::build(|client| Handlers {
            editor: Arc::new(Editor::new(EditorClient::new(client), around())),
            release: handlers_release,
        })
        .custom_method("test/quick", Handlers::quick)
        .custom_method("test/stuck", Handlers::stuck)
        .custom_method("test/panics", Handlers::panics)
        .custom_method("test/asks", Handlers::asks)
        .finish();
        let editor = service.inner().editor.clone();
        let (input, server_input) = tokio::io::duplex(1 << 20);
        let (server_output, output) = tokio::io::duplex(1 << 20);
        let server = Server::new(server_input, server_output, socket).concurrency_level(CONCURRENCY);
        tokio::spawn(server.serve(Front::new(service, editor.clone())));
        let mut peer = Peer { editor, release, input, output: BufReader::new(output) };
        peer.ask(1_000_000, "initialize", json!({"processId": null, "capabilities": {}})).await;
        peer.answer_to(1_000_000).await;
        peer.notify("initialized", json!({})).await;
        let document = json!({"uri": URI, "languageId": "rust", "version": 0, "text": ""});
        peer.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
        peer
    }

    async fn send(&mut self, message: Value) {
        let body = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(framed.as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, id: i64, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Types `keys` at the document's end, a change each; `from` is where it ends now.
    async fn type_in(&mut self, keys: &str, from: usize) {
        for (at, key) in (from..).zip(keys.chars()) {
            let place = json!({"line": 0, "character": at});
            let change = json!({"range": {"start": place, "end": place}, "text": key.to_string()});
            let document = json!({"uri": URI, "version": at + 1});
            let params = json!({"textDocument": document, "contentChanges": [change]});
            self.notify("textDocument/didChange", params).await;
        }
    }

    async fn next(&mut self) -> Value {
        let read = async {
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(self.output.read_line(&mut line).await.unwrap() > 0, "the server is gone");
                match line.trim().strip_prefix("Content-Length: ") {
                    Some(number) => length = number.parse().unwrap(),
                    None if line.trim().is_empty() => break,
                    None => {}
                }
            }
            let mut body = vec![0; length];
            self.output.read_exact(&mut body).await.unwrap();
            serde_json::from_slice(&body).unwrap()
        };
        tokio::time::timeout(LIMIT, read).await.expect("nothing hangs")
    }

    /// The next answer to a request; what else comes before it is passed over.
    async fn answer_to(&mut self, id: i64) -> Value {
        loop {
            let message = self.next().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Whether requests are answered; everything sent before was looked at by then.
    async fn is_alive(&mut self, id: i64) -> bool {
        self.ask(id, "test/quick", json!({})).await;
        self.answer_to(id).await["result"] == "quick"
    }

    fn text(&self) -> String {
        self.editor.documents.get(URI).unwrap().rope().to_string()
    }
}

fn around() -> Surroundings {
    let mut loaded = Loaded::default();
    loaded.config.session.warm = false;
    Surroundings {
        loaded,
        env: Arc::default(),
        provider: Provider { url: BaseUrl::parse("http://127.0.0.1:9/v1").unwrap(), embedded: false },
        consents: Arc::new(Consents::new("/nonexistent")),
        pool: Arc::default(),
        documents: Arc::new(Documents::new(PositionEncoding::Utf16)),
    }
}

#[tokio::test]
async fn changes_among_stuck_requests_are_applied_in_order_and_at_once() {
    let mut peer = Peer::start().await;
    let text = "in the order of arrival";
    for (at, key) in text.char_indices() {
        peer.ask(i64::try_from(at).unwrap(), "test/stuck", json!({})).await;
        peer.type_in(&key.to_string(), at).await;
    }
    assert!(peer.is_alive(100).await);
    assert_eq!(peer.text(), text);
}

#[tokio::test]
async fn stuck_requests_hold_up_neither_changes_nor_their_own_cancelling() {
    let mut peer = Peer::start().await;
    for id in 0..MANY {
        peer.ask(id, "test/stuck", json!({})).await;
    }
    peer.type_in("typed", 0).await;
    for id in [0, MANY - 1] {
        peer.notify("$/cancelRequest", json!({ "id": id })).await;
        assert_eq!(peer.answer_to(id).await["error"]["code"], -32800);
    }
    assert_eq!(peer.text(), "typed");
    peer.release.notify_waiters();
    for id in 1..MANY - 1 {
        assert_eq!(peer.answer_to(id).await["result"], "released");
    }
}

#[tokio::test]
async fn a_request_cancelled_at_once_is_answered_once() {
    let mut peer = Peer::start().await;
    peer.ask(1, "test/stuck", json!({})).await;
    peer.notify("$/cancelRequest", json!({"id": 1})).await;
    peer.notify("$/cancelRequest", json!({"id": 1})).await;
    assert_eq!(peer.answer_to(1).await["error"]["code"], -32800);
    peer.release.notify_waiters();
    peer.ask(2, "test/quick", json!({})).await;
    assert_eq!(peer.next().await["id"], 2, "nothing more comes of the first");
}

#[tokio::test]
async fn an_id_that_is_in_use_is_refused_and_its_first_request_goes_on() {
    let mut peer = Peer::start().await;
    peer.ask(1, "test/stuck", json!({})).await;
    peer.ask(1, "test/quick", json!({})).await;
    assert_eq!(peer.answer_to(1).await["error"]["code"], -32600);
    peer.release.notify_one();
    assert_eq!(peer.answer_to(1).await["result"], "released");
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_request_only() {
    let mut peer = Peer::start().await;
    peer.ask(1, "test/stuck", json!({})).await;
    for id in 2..6 {
        peer.ask(id, "test/panics", json!({})).await;
        assert_eq!(peer.answer_to(id).await["error"]["code"], -32603);
    }
    peer.type_in("typed", 0).await;
    assert!(peer.is_alive(6).await);
    assert_eq!(peer.text(), "typed");
    peer.release.notify_one();
    assert_eq!(peer.answer_to(1).await["result"], "released");
}

#[tokio::test]
async fn a_change_that_panics_ends_the_trust_in_the_documents_and_not_the_server() {
    let mut peer = Peer::start().await;
    assert!(peer.is_alive(1).await);
    let service = LspService::new(|client| Handlers {
        editor: Arc::new(Editor::new(EditorClient::new(client), around())),
        release: Arc::default(),
    });
    Front::new(service.0, peer.editor.clone()).take(|_, _| panic!("a mistake of ours"), Value::Null);
    let shown = peer.next().await;
    assert!(shown["params"]["message"].as_str().unwrap().contains("restart the server"), "{shown}");
    peer.type_in("typed", 0).await;
    assert!(peer.is_alive(2).await);
    assert_eq!(peer.text(), "", "nothing is built on what is not known");
}

#[tokio::test]
async fn handlers_that_all_wait_for_the_client_wait_for_nobody_else() {
    let mut peer = Peer::start().await;
    for id in 0..MANY {
        peer.ask(id, "test/asks", json!({})).await;
    }
    peer.type_in("typed", 0).await;
    // The client does not answer before it was answered itself.
    let mut questions = Vec::new();
    peer.ask(1000, "test/quick", json!({})).await;
    let mut alive = false;
    while !alive || questions.len() < usize::try_from(MANY).unwrap() {
        let message = peer.next().await;
        alive |= message["id"] == 1000 && message["result"] == "quick";
        if message["method"] == "test/question" {
            questions.push(message["id"].clone());
        }
    }
    assert_eq!(peer.text(), "typed");
    for id in questions {
        peer.send(json!({"jsonrpc": "2.0", "id": id, "result": "answered"})).await;
    }
    for id in 0..MANY {
        let answers = peer.next().await;
        assert_eq!(answers["result"], "answered", "{id}");
    }
}
