//! The demo's editor: speaks LSP to a real `pilotlight lsp` over its stdio, keeps buffers, applies edits.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ropey::Rope;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::super::Failure;
use crate::workspace::{Position, PositionEncoding, offset, path_to_uri, uri_to_path};

/// Longest wait for the server to say anything.
const SPEAKS_WITHIN: Duration = Duration::from_secs(120);

/// An editor with a running server.
pub struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    root: PathBuf,
    buffers: BTreeMap<String, Buffer>,
    next_id: i64,
    replies: HashMap<i64, Value>,
    /// What happened since it was last asked for.
    news: Vec<News>,
    /// Turns whose progress has ended.
    ended: Vec<String>,
    /// What the played person says yes to.
    agrees_to: Vec<&'static str>,
}

#[derive(Clone)]
struct Buffer {
    text: Rope,
    version: i32,
}

/// Something to tell in the story.
#[derive(Debug)]
pub enum News {
    /// A step of the progress.
    Step(String),
    /// The server asked, and the demo's user chose this.
    Asked(String, String),
    /// The server said something.
    Said(String),
}

impl Editor {
    /// Starts the server and introduces itself as an editor that can do most things.
    /// Its user says yes to messages that offer one of `agrees_to`.
    pub async fn start(mut command: Command, root: &Path, agrees_to: Vec<&'static str>) -> Result<Editor, Failure> {
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut server =
            command.spawn().map_err(|error| Failure::Failed(format!("pilotlight lsp did not start: {error}")))?;
        let (Some(input), Some(output)) = (server.stdin.take(), server.stdout.take()) else {
            return Err(Failure::Failed("pilotlight lsp has no stdio".into()));
        };
        let mut editor = Editor {
            server,
            input,
            output: BufReader::new(output),
            root: root.to_owned(),
            buffers: BTreeMap::new(),
            next_id: 1,
            replies: HashMap::new(),
            news: Vec::new(),
            ended: Vec::new(),
            agrees_to,
        };
        let uri = path_to_uri(root);
        editor
            .request(
                "initialize",
                json!({
                    "processId": std::process::id(),
                    "clientInfo": {"name": "pilotlight demo"},
                    "rootUri": uri,
                    "workspaceFolders": [{"uri": uri, "name": "demo"}],
                    "capabilities": {
                        "general": {"positionEncodings": ["utf-8"]},
                        "window": {"workDoneProgress": true, "showMessage": {}},
                        "workspace": {
                            "applyEdit": true,
                            "workspaceEdit": {"documentChanges": true, "resourceOperations": ["create", "rename", "delete"]},
                        },
                    },
                }),
            )
            .await?;
        editor.notify("initialized", json!({})).await?;
        Ok(editor)
    }

    /// Opens a file, as an editor does when it is looked at.
    pub async fn open(&mut self, path: &str) -> Result<(), Failure> {
        let uri = path_to_uri(&self.root.join(path));
        if self.buffers.contains_key(&uri) {
            return Ok(());
        }
        let text = std::fs::read_to_string(self.root.join(path)).unwrap_or_default();
        let buffer = Buffer { text: Rope::from_str(&text), version: 1 };
        self.buffers.insert(uri.clone(), buffer);
        let language = match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "rs" => "rust",
            "py" => "python",
            "ts" | "tsx" => "typescript",
            "js" | "jsx" | "mjs" => "javascript",
            _ => "plaintext",
        };
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await
    }

    /// Types: replaces `length` bytes at a place.
    pub async fn replace(
        &mut self,
        path: &str,
        line: u32,
        column: u32,
        length: u32,
        text: &str,
    ) -> Result<(), Failure> {
        let uri = path_to_uri(&self.root.join(path));
        let range =
            json!({"start": {"line": line, "character": column}, "end": {"line": line, "character": column + length}});
        self.change(&uri, &[json!({"range": range, "newText": text})]).await
    }

    /// The text of a buffer, or of the file.
    pub fn text(&self, path: &str) -> String {
        let uri = path_to_uri(&self.root.join(path));
        match self.buffers.get(&uri) {
            Some(buffer) => buffer.text.to_string(),
            None => std::fs::read_to_string(self.root.join(path)).unwrap_or_default(),
        }
    }

    /// The texts of all buffers, by path below the root.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let name = |uri: &String| {
            let path = uri_to_path(uri)?;
            Some(path.strip_prefix(&self.root).ok()?.to_string_lossy().replace('\\', "/"))
        };
        self.buffers.iter().filter_map(|(uri, buffer)| Some((name(uri)?, buffer.text.to_string()))).collect()
    }

    /// What happened since this was last asked.
    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Runs a command and waits for its answer.
    pub async fn command(&mut self, command: &str, argument: Value) -> Result<Value, Failure> {
        self.request("workspace/executeCommand", json!({"command": command, "arguments": [argument]})).await
    }

    /// Runs a command that starts a turn, and waits until the turn is over. `tell` hears what happens meanwhile.
    pub async fn turn(&mut self, command: &str, argument: Value, mut tell: impl FnMut(News)) -> Result<(), Failure> {
        let started = self.command(command, argument).await?;
        let turn = started.get("turn").and_then(Value::as_str).unwrap_or_default().to_owned();
        loop {
            self.news().into_iter().for_each(&mut tell);
            if self.ended.contains(&turn) {
                return Ok(());
            }
            self.step().await?;
        }
    }

    /// Says goodbye.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.request("shutdown", Value::Null).await?;
        self.notify("exit", Value::Null).await?;
        let _ = timeout(Duration::from_secs(5), self.server.wait()).await;
        Ok(())
    }

    // ---- the protocol -------------------------------------------------------------------------------------------

    async fn request(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await?;
        loop {
            if let Some(mut reply) = self.replies.remove(&id) {
                return match reply.get("error") {
                    Some(error) => {
                        Err(Failure::Failed(format!("{method}: {}", error["message"].as_str().unwrap_or("failed"))))
                    }
                    None => Ok(reply["result"].take()),
                };
            }
            self.step().await?;
        }
    }

    async fn notify(&mut self, method: &str, params: Value) -> Result<(), Failure> {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await
    }

    async fn send(&mut self, message: Value) -> Result<(), Failure> {
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let written = async {
            self.input.write_all(text.as_bytes()).await?;
            self.input.flush().await
        };
        written.await.map_err(|error| Failure::Failed(format!("pilotlight lsp is gone: {error}")))
    }

    async fn read(&mut self) -> std::io::Result<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim() {
                "" => break,
                header => {
                    length = header.strip_prefix("Content-Length: ").and_then(|n| n.parse().ok()).unwrap_or(length)
                }
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Takes one message of the server.
    async fn step(&mut self) -> Result<(), Failure> {
        let message = match timeout(SPEAKS_WITHIN, self.read()).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => return Err(Failure::Failed(format!("pilotlight lsp stopped: {error}"))),
            Err(_) => return Err(Failure::Failed(format!("pilotlight lsp was silent for {SPEAKS_WITHIN:?}"))),
        };
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some(method), Some(id)) => {
                let result = self.answer(method, &message["params"]).await?;
                self.send(json!({"jsonrpc": "2.0", "id": id, "result": result})).await
            }
            (Some(method), None) => {
                self.hear(method, &message["params"]);
                Ok(())
            }
            (None, Some(id)) => {
                if let Some(id) = id.as_i64() {
                    self.replies.insert(id, message);
                }
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    async fn answer(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        match method {
            "workspace/applyEdit" => {
                self.apply(&params["edit"]).await?;
                Ok(json!({"applied": true}))
            }
            "window/showMessageRequest" => {
                let actions = params["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
                let agreed = actions.iter().find(|action| self.agrees_to.iter().any(|title| action["title"] == *title));
                let Some(agreed) = agreed else { return Ok(Value::Null) };
                let answer = agreed["title"].as_str().unwrap_or_default().to_owned();
                self.news.push(News::Asked(params["message"].as_str().unwrap_or_default().to_owned(), answer));
                Ok(agreed.clone())
            }
            _ => Ok(Value::Null),
        }
    }

    fn hear(&mut self, method: &str, params: &Value) {
        let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        match method {
            "$/progress" if text("/value/kind") == "end" => {
                let token = text("/token");
                self.ended.push(token.strip_prefix("pilotlight-").unwrap_or(&token).to_owned());
            }
            "$/progress" => self.news.push(News::Step(text("/value/message"))),
            "window/showMessage" | "window/logMessage" => self.news.push(News::Said(text("/message"))),
            _ => {}
        }
    }

    async fn apply(&mut self, edit: &Value) -> Result<(), Failure> {
        let changes = edit.get("documentChanges").and_then(Value::as_array).cloned().unwrap_or_default();
        for change in changes {
            let uri = change.pointer("/textDocument/uri").or(change.get("uri")).or(change.get("newUri"));
            let uri = uri.and_then(Value::as_str).unwrap_or_default().to_owned();
            let Some(path) = uri_to_path(&uri) else { continue };
            let name = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            match change.get("kind").and_then(Value::as_str) {
                Some("create") => std::fs::write(&path, "").map_err(Failure::failed)?,
                Some("rename") => {
                    let old = change["oldUri"].as_str().and_then(uri_to_path).unwrap_or_default();
                    std::fs::rename(old, &path).map_err(Failure::failed)?;
                }
                Some("delete") => {
                    self.buffers.remove(&uri);
                    std::fs::remove_file(&path).map_err(Failure::failed)?;
                }
                _ => {
                    self.open(&name).await?;
                    let edits = change.get("edits").and_then(Value::as_array).cloned().unwrap_or_default();
                    self.change(&uri, &edits).await?;
                }
            }
        }
        Ok(())
    }

    /// Changes a buffer and tells the server. Edits are disjoint and refer to the text before all of them, so they are
    /// applied from the last to the first.
    async fn change(&mut self, uri: &str, edits: &[Value]) -> Result<(), Failure> {
        let Some(buffer) = self.buffers.get_mut(uri) else { return Ok(()) };
        let mut told = Vec::new();
        for edit in edits.iter().rev() {
            let place = |end: &str| {
                let number =
                    |axis: &str| edit["range"][end][axis].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
                Position { line: number("line"), character: number("character") }
            };
            let byte = |end: &str, rope: &Rope| rope.byte_to_char(offset(rope, place(end), PositionEncoding::Utf8));
            let (start, end) = (byte("start", &buffer.text), byte("end", &buffer.text));
            let text = edit["newText"].as_str().unwrap_or_default();
            buffer.text.remove(start..end);
            buffer.text.insert(start, text);
            told.push(json!({"range": edit["range"], "text": text}));
        }
        buffer.version += 1;
        let version = buffer.version;
        let params = json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": told});
        self.notify("textDocument/didChange", params).await
    }
}
