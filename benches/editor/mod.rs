//! As little editor as there can be, so that what is timed is the server's: the real program over its stdio, or a server at
//! the other end of any streams. `PILOTLIGHT_BENCH_PROGRAM` names another build of the program, to compare with. Announces nothing, answers every request with nothing, looks at no message that it
//! does not wait for.

#![allow(dead_code, reason = "each benchmark uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops where something is wrong")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::runtime::{Builder, Runtime};

/// A guard against hanging, not a measure.
const LIMIT: Duration = Duration::from_secs(60);
/// A request that is answered by the front, in order with the changes before it.
const BARRIER: &str = "$/pilotlight/none";

/// Where a server keeps its things, and what it is told on its command line.
pub struct Setup {
    home: tempfile::TempDir,
    /// Keys and values, as `--set` takes them.
    pub settings: Vec<(String, String)>,
}

impl Setup {
    /// A home of its own, and these settings.
    pub fn new(settings: &[(&str, &str)]) -> Setup {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Setup { home: tempfile::tempdir().expect("a scratch folder"), settings }
    }

    /// A provider at which nobody listens, and no limit to what is offered by a file's size.
    pub fn alone() -> Setup {
        Setup::new(&[
            ("provider.base_url", "http://127.0.0.1:9/v1"),
            ("session.warm", "false"),
            ("context.max_file_bytes", "8388608"),
        ])
    }

    /// A folder in its home, made if need be.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.home.path().canonicalize().expect("a scratch folder").join(name);
        std::fs::create_dir_all(&folder).expect("a scratch folder");
        folder
    }

    /// The environment: nothing of the user's.
    pub fn variables(&self) -> Vec<(String, String)> {
        let names =
            [("HOME", "home"), ("USERPROFILE", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")];
        names.map(|(name, folder)| (name.to_owned(), self.folder(folder).display().to_string())).into()
    }
}

/// An editor with a running server.
pub struct Editor {
    runtime: Runtime,
    to: Box<dyn AsyncWrite + Send + Unpin>,
    from: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    program: Option<Child>,
    next_id: i64,
    /// When the server was started.
    pub started: Instant,
}

impl Editor {
    /// Starts the program.
    pub fn of_program(setup: &Setup) -> Editor {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut command = Command::new(program());
        for secret in ["OPENAI_API_KEY", "PILOTLIGHT_CONFIG"] {
            command.env_remove(secret);
        }
        command.arg("lsp").envs(setup.variables()).kill_on_drop(true);
        command.args(setup.settings.iter().flat_map(|(key, value)| ["--set".to_owned(), format!("{key}={value}")]));
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let started = Instant::now();
        let mut child = runtime.block_on(async { command.spawn() }).expect("the program starts");
        let (to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Editor::new(runtime, (Box::new(to), Box::new(from)), Some(child), started)
    }

    /// An editor at the other end of these streams.
    pub fn over(to: Box<dyn AsyncWrite + Send + Unpin>, from: Box<dyn AsyncRead + Send + Unpin>) -> Editor {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Editor::new(runtime, (to, from), None, Instant::now())
    }

    fn new(
        runtime: Runtime,
        (to, from): (Box<dyn AsyncWrite + Send + Unpin>, Box<dyn AsyncRead + Send + Unpin>),
        program: Option<Child>,
        started: Instant,
    ) -> Editor {
        Editor { runtime, to, from: BufReader::new(from), program, next_id: 1, started }
    }

    /// The program's process.
    pub fn process(&self) -> u32 {
        self.program.as_ref().and_then(Child::id).expect("a program that runs")
    }

    /// Says hello, from this folder if any; gives how long after its start the server answered.
    pub fn initialize(&mut self, folder: Option<&Path>) -> Duration {
        let folders = folder.map(|folder| json!([{"uri": uri(folder), "name": "work"}]));
        let params = json!({"processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": {}});
        let answer = self.request("initialize", params);
        let took = self.started.elapsed();
        assert_eq!(answer["result"]["serverInfo"]["name"], "pilotlight", "{answer}");
        self.notify("initialized", json!({}));
        took
    }

    /// Opens a document.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Waits until the folder is set up: as soon as it is, actions that need one are offered.
    pub fn wait_until_offered(&mut self, uri: &str, title: &str) {
        let deadline = Instant::now() + LIMIT;
        while !self.titles(uri, 0).iter().any(|offered| offered.starts_with(title)) {
            assert!(Instant::now() < deadline, "{title} is never offered");
        }
    }

    /// The titles of the actions that are offered on a line.
    pub fn titles(&mut self, uri: &str, line: usize) -> Vec<String> {
        let answer = self.request("textDocument/codeAction", place(uri, line));
        let actions = answer["result"].as_array().unwrap_or_else(|| panic!("{answer}"));
        actions.iter().filter_map(|action| action["title"].as_str()).map(str::to_owned).collect()
    }

    /// Tells something.
    pub fn notify(&mut self, method: &str, params: Value) {
        let message = framed(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
        self.send(&message);
    }

    /// Asks something, and gives the whole answer.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let (id, message) = self.prepared(method, &params);
        self.send(&message);
        self.answer(id)
    }

    /// Everything before has been taken in.
    pub fn settle(&mut self) {
        self.request(BARRIER, json!({}));
    }

    /// From the moment a notification is written until the server has taken it in and answered a request that came right
    /// behind it.
    pub fn time_notification(&mut self, method: &str, params: Value) -> Duration {
        let mut message = framed(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
        let (id, barrier) = self.prepared(BARRIER, &json!({}));
        message.extend(barrier);
        self.time(&message, id)
    }

    /// From the moment a request is written until its answer is there.
    pub fn time_request(&mut self, method: &str, params: &Value) -> Duration {
        let (id, message) = self.prepared(method, params);
        self.time(&message, id)
    }

    fn time(&mut self, message: &[u8], id: i64) -> Duration {
        let start = Instant::now();
        self.send(message);
        self.answer_body(id);
        start.elapsed()
    }

    fn prepared(&mut self, method: &str, params: &Value) -> (i64, Vec<u8>) {
        let id = self.next_id;
        self.next_id += 1;
        (id, framed(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})))
    }

    fn send(&mut self, message: &[u8]) {
        let sent = async {
            self.to.write_all(message).await?;
            self.to.flush().await
        };
        self.runtime.block_on(sent).expect("the server reads");
    }

    fn answer(&mut self, id: i64) -> Value {
        serde_json::from_slice(&self.answer_body(id)).expect("JSON")
    }

    /// Reads up to the answer with this id. Notifications are passed over, requests get an empty answer.
    fn answer_body(&mut self, id: i64) -> Vec<u8> {
        let suffix = format!("\"id\":{id}}}");
        loop {
            let body = self.runtime.block_on(in_time(next(&mut self.from)));
            if body.ends_with(suffix.as_bytes()) && !body.windows(9).any(|at| at == b"\"method\":") {
                return body;
            }
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            match (message.get("method"), message.get("id")) {
                (Some(_), Some(asked)) => self.send(&framed(&json!({"jsonrpc": "2.0", "id": asked, "result": null}))),
                (None, Some(answered)) if *answered == json!(id) => return body,
                _ => {}
            }
        }
    }
}

/// The program that is measured.
pub fn program() -> PathBuf {
    std::env::var_os("PILOTLIGHT_BENCH_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_pilotlight").into(), PathBuf::from)
}

/// The `file:` URI of a path.
pub fn uri(path: &Path) -> String {
    pilotlight::workspace::path_to_uri(path)
}

/// Parameters of `textDocument/codeAction` for a selection of one line.
pub fn place(uri: &str, line: usize) -> Value {
    let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}});
    json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": []}})
}

/// Parameters of `textDocument/didChange` for one character typed in front of another.
pub fn typed(uri: &str, version: usize, (line, character): (usize, usize), text: &str) -> Value {
    let at = json!({"line": line, "character": character});
    changed(uri, version, json!({"start": at, "end": at}), text)
}

/// Parameters of `textDocument/didChange` for one UTF-16 unit removed.
pub fn removed(uri: &str, version: usize, (line, character): (usize, usize)) -> Value {
    let start = json!({"line": line, "character": character});
    changed(uri, version, json!({"start": start, "end": {"line": line, "character": character + 1}}), "")
}

fn changed(uri: &str, version: usize, range: Value, text: &str) -> Value {
    json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": range, "text": text}]})
}

fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn in_time<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, awaited).await.expect("an answer in time")
}

async fn next(from: &mut BufReader<Box<dyn AsyncRead + Send + Unpin>>) -> Vec<u8> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert_ne!(from.read_line(&mut line).await.expect("a line"), 0, "the server is gone");
        match (line.trim_end(), line.strip_prefix("Content-Length: ")) {
            ("", _) => break,
            (_, Some(value)) => length = value.trim().parse().expect("a length"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await.expect("a body");
    body
}

/// A source file of functions, with the lines that any source repeats: about 25 bytes a line. Where `astral`, every
/// function has a comment of characters that take two UTF-16 units.
pub fn source(lines: usize, astral: bool) -> String {
    let line = |number: usize| match number % 5 {
        0 => format!("fn function_{}(first: usize, second: usize) -> usize {{\n", number / 5),
        1 if astral => "    // 🦀🦀🦀🦀 𝄞𝄞𝄞𝄞\n".to_owned(),
        1 => "    let sum = first + second;\n".to_owned(),
        2 => format!("    sum * {}\n", number / 7),
        3 => "}\n".to_owned(),
        _ => "\n".to_owned(),
    };
    (0..lines).map(line).collect()
}
