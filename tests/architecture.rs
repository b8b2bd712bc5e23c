//! The invariants of ARCHITECTURE.md that no single behaviour shows: who may know whom, no state outside its owner, and
//! documents that change in the order of arrival.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pilotlight::config::{BaseUrl, Endpoint, Loaded};
use pilotlight::embedded::AgentOptions;
use pilotlight::lsp::{Options, serve};
use pilotlight::session::pool::SessionPool;
use regex::Regex;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

/// The Rust files at or below a path, with their text.
fn rust_files(path: PathBuf) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut pending = vec![path];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    found
}

/// The Rust files of a module below `src`, with their code; tests and comments are left out.
fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let files = rust_files(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module)).into_iter();
    let code = files.filter(|(path, _)| !path.ends_with("tests.rs")).map(|(path, text)| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        (path, lines.join("\n"))
    });
    code.collect()
}

/// Fails where a module's code matches `pattern`.
fn nowhere(module: &str, pattern: &str, why: &str) {
    let pattern = Regex::new(pattern).expect("a pattern");
    for (path, code) in sources(module) {
        if let Some(found) = pattern.find(&code) {
            panic!("{} has `{}`: {why}", path.display(), found.as_str());
        }
    }
}

#[test]
fn modules_know_only_what_they_may() {
    let modules = ["agent", "cli", "config", "delta", "edit", "embedded", "session", "wire", "workspace"];
    for module in modules {
        nowhere(module, "tower_lsp::|lsp_types", "LSP types appear only in lsp/ (invariant 1)");
    }
    for module in ["config", "delta", "edit", "workspace", "lsp"] {
        nowhere(module, r"crate::wire::(item|event|request)", "Responses types stay with the session and the agent");
    }
    nowhere(
        "edit",
        r"crate::(?!edit)|tokio|std::(fs|io|net)".replace("(?!edit)", "[a-df-z]").as_str(),
        "edit/ is pure",
    );
    nowhere("delta", r"crate::(agent|cli|config|embedded|lsp|session|wire)|tokio|std::(fs|io|net)", "delta/ is pure");
    nowhere("wire", r"crate::(agent|cli|config|delta|edit|embedded|lsp|session|workspace)", "wire/ knows only itself");
    nowhere("session", r"crate::(agent|cli|config|delta|edit|embedded|lsp|workspace)", "session/ knows no files");
    nowhere(
        "embedded",
        r"crate::(agent|cli|config|delta|edit|lsp|session|workspace)",
        "the server half shares wire only",
    );
    nowhere(
        "workspace",
        r"crate::(agent|cli|config|delta|edit|embedded|lsp|session|wire)",
        "workspace/ stands below all",
    );
}

#[test]
fn nothing_is_kept_in_the_process_itself() {
    // A `LazyLock` is a constant, computed when it is first needed, unless there is one of these in it.
    let shared = r"static\s+(mut\s|\w+\s*:\s*[^=]*(Mutex|RwLock|Atomic|OnceLock|OnceCell|RefCell))";
    nowhere("", &format!("{shared}|thread_local!|lazy_static!"), "no process-wide state (invariant 4)");
}

/// Longest wait for anything.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// One editor, served within this process.
struct Editor {
    input: DuplexStream,
    output: BufReader<DuplexStream>,
}

impl Editor {
    async fn connect(root: &Path, loaded: Loaded, pool: Arc<SessionPool<pilotlight::agent::TurnRequest>>) -> Editor {
        let (input, served_input) = duplex(1 << 20);
        let (served_output, output) = duplex(1 << 20);
        let env = [("XDG_STATE_HOME".to_owned(), root.join("state").display().to_string())].into();
        let options = Options { loaded, env, pool };
        tokio::spawn(serve(options, served_input, served_output));
        let mut editor = Editor { input, output: BufReader::new(output) };
        let uri = format!("file://{}", root.display());
        let folders = json!([{"uri": uri, "name": "project"}]);
        editor
            .send(&[json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                             "params": {"processId": null, "capabilities": {}, "workspaceFolders": folders}})])
            .await;
        editor.answer(1).await;
        editor.send(&[json!({"jsonrpc": "2.0", "method": "initialized", "params": {}})]).await;
        editor
    }

    /// Sends messages in one go.
    async fn send(&mut self, messages: &[Value]) {
        let framed: String = messages
            .iter()
            .map(Value::to_string)
            .map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()))
            .collect();
        self.input.write_all(framed.as_bytes()).await.expect("the server reads");
    }

    /// The result of a request.
    async fn answer(&mut self, id: i64) -> Value {
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(self.output.read_line(&mut line).await.expect("the server writes") > 0, "the server is gone");
                match line.trim().strip_prefix("Content-Length: ") {
                    Some(number) => length = number.parse().expect("a length"),
                    None => break,
                }
            }
            let mut body = vec![0; length];
            self.output.read_exact(&mut body).await.expect("a body");
            let mut message: Value = serde_json::from_slice(&body).expect("JSON");
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].take();
            }
        }
    }

    /// Says goodbye and waits until the server is gone.
    async fn leave(&mut self) {
        self.send(&[json!({"jsonrpc": "2.0", "id": 99, "method": "shutdown"})]).await;
        self.answer(99).await;
        self.send(&[json!({"jsonrpc": "2.0", "method": "exit"})]).await;
        let mut rest = Vec::new();
        let gone = tokio::time::timeout(LIMIT, self.output.read_to_end(&mut rest)).await;
        gone.expect("the server ends").expect("its output is read");
    }

    /// Asks for the status until `right` is satisfied with it.
    async fn status(&mut self, right: impl Fn(&Value) -> bool) -> Value {
        let started = std::time::Instant::now();
        for id in 100.. {
            assert!(started.elapsed() < LIMIT, "waited {LIMIT:?} for the status");
            let params = json!({"command": "pilotlight.status", "arguments": [{}]});
            self.send(&[json!({"jsonrpc": "2.0", "id": id, "method": "workspace/executeCommand", "params": params})])
                .await;
            let status = self.answer(id).await;
            if right(&status) {
                return status;
            }
            tokio::task::yield_now().await;
        }
        unreachable!("the ids do not end")
    }
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.rs"), "\n").expect("a file");
    folder
}

#[tokio::test]
async fn two_editors_of_one_process_share_a_session() {
    let (folder, pool) = (project(), Arc::new(SessionPool::default()));
    let root = folder.path().canonicalize().expect("a root");
    let agent = pilotlight::embedded::start(AgentOptions::default()).await.expect("an agent");
    let mut loaded = Loaded::default();
    loaded.config.provider.endpoint = Endpoint::Remote(BaseUrl::parse(&agent.base_url()).expect("a URL"));
    let is_warm = |status: &Value| status.pointer("/sessions/0/state") == Some(&json!("warm"));
    let mut one = Editor::connect(&root, loaded.clone(), pool.clone()).await;
    one.status(is_warm).await;
    let mut two = Editor::connect(&root, loaded, pool.clone()).await;
    let status = two.status(is_warm).await;
    assert_eq!(status.pointer("/sessions/0/connections"), Some(&json!(1)), "{status}");
    assert_eq!(pool.all().len(), 1);
    // One goes; the other keeps the session.
    one.leave().await;
    let status = two.status(|_| true).await;
    assert!(is_warm(&status), "{status}");
}

#[tokio::test]
async fn documents_change_in_the_order_of_arrival() {
    let folder = project();
    let root = folder.path().canonicalize().expect("a root");
    let mut editor = Editor::connect(&root, Loaded::default(), Arc::default()).await;
    editor.status(|status| status.pointer("/sessions/0/state") == Some(&json!("warm"))).await;
    let uri = format!("file://{}/a.rs", root.display());
    let comment = "// AI! put 7 before 8 and 8 before 9";
    let opened = json!({"uri": uri, "languageId": "rust", "version": 0, "text": ""});
    let mut messages =
        vec![json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": opened}})];
    for (at, key) in comment.chars().enumerate() {
        let place = json!({"line": 0, "character": at});
        let change = json!({"range": {"start": place, "end": place}, "text": key.to_string()});
        let document = json!({"uri": uri, "version": at + 1});
        messages.push(json!({"jsonrpc": "2.0", "method": "textDocument/didChange",
                             "params": {"textDocument": document, "contentChanges": [change]}}));
    }
    let start = json!({"line": 0, "character": 0});
    let asked =
        json!({"textDocument": {"uri": uri}, "range": {"start": start, "end": start}, "context": {"diagnostics": []}});
    messages.push(json!({"jsonrpc": "2.0", "id": 7, "method": "textDocument/codeAction", "params": asked}));
    // All of it is there before the server has looked at any: only the order of arrival can put the text together.
    editor.send(&messages).await;
    let actions = editor.answer(7).await;
    let titles: Vec<&str> =
        actions.as_array().expect("actions").iter().filter_map(|one| one["title"].as_str()).collect();
    assert!(titles.contains(&"Do what this comment asks: put 7 before 8 and 8 before 9"), "{titles:?}");
}

/// A page that names a test which is not there promises more than is kept.
#[test]
fn tests_that_the_pages_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests"].into_iter().flat_map(|folder| rust_files(root.join(folder)));
    let code: String = files.map(|(_, text)| text).collect();
    // A test's name is a sentence; nothing else that the pages quote is as long.
    let sentence = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){4,})`").expect("a pattern");
    for page in ["ARCHITECTURE.md", "docs/failures.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("the page");
        let missing: Vec<&str> = sentence
            .captures_iter(&text)
            .filter_map(|found| found.get(1))
            .map(|name| name.as_str())
            .filter(|name| !code.contains(&format!("fn {name}(")))
            .collect();
        assert!(missing.is_empty(), "{page} names tests that are not there: {missing:?}");
    }
}
