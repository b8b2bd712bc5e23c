//! An editor that starts the real server and keeps to the habits of the client it imitates. It is strict: a message it does
//! not expect, an answer to nothing, a progress out of order, a warning nobody looked at, a bad goodbye, each fails the test
//! and shows the end of the conversation.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::LIMIT;
use super::buffer::{Buffer, Encoding};
use super::client::{Client, User};
use super::framing::{Incoming, framed, listen};
use super::process::Running;
use super::project::{Project, path, uri};
use super::workspace_edit::{Applied, Desk, language};

/// Messages shown when a test fails, and characters of each.
const SHOWN: usize = 25;
const SHOWN_CHARACTERS: usize = 500;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// JSON-RPC's code.
    pub code: i64,
    /// What the user reads.
    pub message: String,
}

/// What is known of one progress.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// `begin`, `report` and `end` as they came.
    values: Vec<Value>,
}

impl Progress {
    pub(super) fn has(&self, kind: &str) -> bool {
        self.values.iter().any(|value| value["kind"] == kind)
    }
}

/// An editor with a running server.
pub struct TestEditor {
    pub(super) client: Client,
    root: PathBuf,
    encoding: Encoding,
    server: Running,
    input: Option<ChildStdin>,
    incoming: Receiver<Incoming>,
    buffers: BTreeMap<String, Buffer>,
    next_id: i64,
    /// Requests without an answer yet.
    pending: Vec<i64>,
    answers: BTreeMap<i64, Value>,
    /// Errors that answer no request in particular.
    errors: VecDeque<Value>,
    /// The next request of this method waits for the test.
    hold: Option<&'static str>,
    held: VecDeque<Value>,
    /// Requests of the server, by method.
    asked: Vec<(String, Value)>,
    pub(super) progress: BTreeMap<String, Progress>,
    /// Everything that was shown to the user or told to the plugin.
    heard: Vec<(String, Value)>,
    /// Warnings and errors that the test has not looked at.
    unread: VecDeque<String>,
    transcript: VecDeque<String>,
    /// Nothing more is expected of the server.
    over: bool,
}

impl TestEditor {
    // ---- beginning and end ---------------------------------------------------------------------------------------

    /// Starts the server for a project, as this client does, and waits until its session is lit or cannot be.
    pub fn start(client: Client, project: &Project) -> TestEditor {
        let mut editor = TestEditor::launch(client, project, &["lsp"]);
        let folders = json!([{"uri": uri(&project.root()), "name": "project"}]);
        editor.introduce(json!({ "workspaceFolders": folders, "rootUri": uri(&project.root()) }));
        // A folder is set up in the background, as no user notices; until then there is nothing to offer in it.
        let until = Instant::now() + LIMIT;
        loop {
            let status = editor.command("pilotlight.status", json!({}));
            match status["sessions"][0]["state"].as_str() {
                Some("warm" | "offline" | "consent") => return editor,
                state => assert!(Instant::now() < until, "the session is {state:?}\n{}", editor.tail()),
            }
        }
    }

    /// Starts the server by this command line and says nothing yet.
    pub fn launch(client: Client, project: &Project, arguments: &[&str]) -> TestEditor {
        TestEditor::launch_by(client, project, project.pilotlight(arguments))
    }

    /// Starts the server by a command of the test's own and says nothing yet.
    pub fn launch_by(client: Client, project: &Project, mut command: Command) -> TestEditor {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Running(command.spawn().expect("pilotlight starts"));
        let input = server.0.stdin.take();
        let incoming = listen(server.0.stdout.take().expect("a piped stdout"));
        TestEditor {
            client,
            root: project.root(),
            encoding: Encoding::Utf16,
            server,
            input,
            incoming,
            buffers: BTreeMap::new(),
            next_id: 1,
            pending: Vec::new(),
            answers: BTreeMap::new(),
            errors: VecDeque::new(),
            hold: None,
            held: VecDeque::new(),
            asked: Vec::new(),
            progress: BTreeMap::new(),
            heard: Vec::new(),
            unread: VecDeque::new(),
            transcript: VecDeque::new(),
            over: false,
        }
    }

    /// `initialize` and `initialized`; gives the server's answer. `more` is added to the usual parameters.
    pub fn introduce(&mut self, more: Value) -> Value {
        let mut params = json!({
            "processId": std::process::id(),
            "clientInfo": {"name": self.client.name},
            "capabilities": self.client.capabilities,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        let answer = self.request("initialize", params).unwrap_or_else(|refusal| self.fail(&format!("{refusal:?}")));
        let chosen = answer["capabilities"]["positionEncoding"].as_str().and_then(Encoding::named);
        self.encoding = chosen.unwrap_or_else(|| self.fail("no position encoding was chosen"));
        self.notify("initialized", json!({}));
        answer
    }

    /// Says goodbye and checks that nothing was left over. Done on drop as well.
    pub fn finish(mut self) {
        self.say_goodbye();
    }

    fn say_goodbye(&mut self) {
        self.over = true;
        assert_eq!(self.request("shutdown", Value::Null), Ok(Value::Null));
        self.wait("every progress to end", |editor| editor.progress.values().all(|one| one.has("end")).then_some(()));
        if !self.unread.is_empty() {
            self.fail(&format!("the user was shown {:?}", self.unread));
        }
        if !self.errors.is_empty() || !self.held.is_empty() {
            self.fail(&format!("left over: {:?} {:?}", self.errors, self.held));
        }
        self.notify("exit", Value::Null);
        assert_eq!(self.exit_code(LIMIT), Some(0), "{}", self.tail());
    }

    /// The number of the server's process.
    pub fn server_id(&self) -> u32 {
        self.server.0.id()
    }

    /// Closes the server's stdin.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// The exit code of a server that ends by itself, at most `limit` from now.
    pub fn exit_code(&mut self, limit: Duration) -> Option<i32> {
        self.over = true;
        let until = Instant::now() + limit;
        loop {
            match self.incoming.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Incoming::Message(message)) => self.take(message),
                Ok(Incoming::Stray(reason)) => self.fail(&reason),
                Ok(Incoming::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail(&format!("the server did not end within {limit:?}")),
            }
        }
        self.server.0.wait().expect("a server that closed stdout has ended").code()
    }

    /// Ends the server without a word.
    pub fn abandon(mut self) {
        self.over = true;
    }

    // ---- buffers -------------------------------------------------------------------------------------------------

    /// The URI of a file of the project, or of an absolute path.
    pub fn uri(&self, name: &str) -> String {
        uri(&self.root.join(name))
    }

    /// Opens a file.
    pub fn open(&mut self, name: &str) {
        let uri = self.uri(name);
        let text = std::fs::read_to_string(path(&uri)).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let document = json!({"uri": uri, "languageId": language(&uri), "version": 1, "text": text});
        self.buffers.insert(uri, Buffer { text, version: 1 });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Closes a buffer without saving.
    pub fn close(&mut self, name: &str) {
        let uri = self.uri(name);
        self.buffers.remove(&uri).unwrap_or_else(|| panic!("{uri} is not open"));
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    /// Types: puts `new` in the place of `old`, which stands once in the buffer.
    pub fn change(&mut self, name: &str, old: &str, new: &str) {
        let uri = self.uri(name);
        let encoding = self.encoding;
        let buffer = self.buffers.get_mut(&uri).unwrap_or_else(|| panic!("{uri} is not open"));
        let place = buffer.find(old);
        let told = buffer.replace(&[(place, new.to_owned())], encoding);
        let version = buffer.version;
        self.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": told}),
        );
    }

    /// Puts a new text in the place of the whole buffer, and tells it as a whole.
    pub fn replace_all(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        // Past whatever versions the test made up.
        let version = self.buffers.get(&uri).unwrap_or_else(|| panic!("{uri} is not open")).version + 100;
        self.mirror(name, text, version);
        self.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}),
        );
    }

    /// The buffer has this text at this version, by changes that the test told itself.
    pub fn mirror(&mut self, name: &str, text: &str, version: i64) {
        self.buffers.insert(self.uri(name), Buffer { text: text.to_owned(), version });
    }

    /// The text of a buffer, or of the file if it is not open.
    pub fn text(&self, name: &str) -> String {
        let uri = self.uri(name);
        match self.buffers.get(&uri) {
            Some(buffer) => buffer.text.clone(),
            None => std::fs::read_to_string(path(&uri)).unwrap_or_else(|error| panic!("{uri}: {error}")),
        }
    }

    /// The version of a buffer: each change of it, however many places it touches, is one step to undo.
    pub fn version(&self, name: &str) -> i64 {
        let uri = self.uri(name);
        self.buffers.get(&uri).unwrap_or_else(|| panic!("{uri} is not open")).version
    }

    /// Whether a file is open, and so unsaved if it was changed.
    pub fn is_open(&self, name: &str) -> bool {
        self.buffers.contains_key(&self.uri(name))
    }

    /// The range of a text that stands once in a buffer.
    pub fn range(&self, name: &str, needle: &str) -> Value {
        let uri = self.uri(name);
        let buffer = self.buffers.get(&uri).unwrap_or_else(|| panic!("{uri} is not open"));
        buffer.range(&buffer.find(needle), self.encoding)
    }

    /// The place before a text, as an empty range.
    pub fn cursor(&self, name: &str, needle: &str) -> Value {
        let start = self.range(name, needle)["start"].clone();
        json!({"start": start, "end": start})
    }

    // ---- what the server says ------------------------------------------------------------------------------------

    /// Sends a request and waits for its answer.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        let id = self.ask(method, params);
        self.answer_to(id)
    }

    /// Sends a request.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.push(id);
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        id
    }

    /// Waits for the answer to a request.
    pub fn answer_to(&mut self, id: i64) -> Result<Value, Refusal> {
        let mut answer = self.wait(&format!("the answer to request {id}"), |editor| editor.answers.remove(&id));
        match answer.get("error") {
            Some(error) => {
                let message = error["message"].as_str().unwrap_or_default().to_owned();
                Err(Refusal { code: error["code"].as_i64().unwrap_or_default(), message })
            }
            None => Ok(answer["result"].take()),
        }
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
    }

    fn send(&mut self, message: &Value) {
        self.note(">", message);
        self.send_bytes(framed(&message.to_string()).as_bytes());
    }

    /// Writes to the server's stdin as it is.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let Some(input) = &mut self.input else { panic!("the editor has hung up") };
        let written = input.write_all(bytes).and_then(|()| input.flush());
        // What it asked for just before it was told to go needs no answer any more.
        if let Err(error) = written
            && !self.over
        {
            self.fail(&format!("the server is gone: {error}"));
        }
    }

    /// Waits for an error that answers no request in particular.
    pub fn next_error(&mut self) -> Value {
        self.wait("an error without an id", |editor| editor.errors.pop_front())
    }

    /// However many such errors came: what is left of a broken message may be one or several.
    pub fn drop_errors(&mut self) {
        self.errors.clear();
    }

    /// Waits for a warning or an error to the user that has these words in it. Others stay.
    pub fn expect_warning(&mut self, words: &str) -> String {
        self.wait(&format!("a warning with {words:?}"), |editor| {
            let found = editor.unread.iter().position(|text| text.contains(words))?;
            editor.unread.remove(found)
        })
    }

    /// Whether this client shows a document and leaves the cursor where it is.
    pub fn shows_beside(&self) -> bool {
        self.client.announces("/window/showDocument/support") && self.client.name != "helix"
    }

    /// Whether it opens documents, but takes the cursor there.
    pub fn shows_on_request(&self) -> bool {
        self.client.name == "helix"
    }

    /// What the server notified of under this method so far.
    pub fn heard(&self, method: &str) -> Vec<Value> {
        self.heard.iter().filter(|(known, _)| known == method).map(|(_, params)| params.clone()).collect()
    }

    /// Waits for a notification of this method that satisfies `right`.
    pub fn expect_notification(&mut self, method: &str, right: impl Fn(&Value) -> bool) -> Value {
        self.wait(&format!("a right {method}"), |editor| {
            editor
                .heard
                .iter()
                .find(|(known, params)| known == method && right(params))
                .map(|(_, params)| params.clone())
        })
    }

    /// The requests of this method that the server sent so far.
    pub fn asked(&self, method: &str) -> Vec<Value> {
        self.asked.iter().filter(|(known, _)| known == method).map(|(_, params)| params.clone()).collect()
    }

    /// The values of a progress so far.
    pub fn progress(&self, token: &str) -> Vec<Value> {
        self.progress.get(token).map(|progress| progress.values.clone()).unwrap_or_default()
    }

    /// The client knows this token already.
    pub fn give_token(&mut self, token: &str) {
        self.progress.insert(token.to_owned(), Progress::default());
    }

    /// The next request of this method is not answered before the test says so.
    pub fn hold(&mut self, method: &'static str) {
        self.hold = Some(method);
    }

    /// Waits for the request that is held.
    pub fn held(&mut self) -> Value {
        self.wait("the request to be held", |editor| editor.held.pop_front())
    }

    /// Answers a request that was held, as the client does now.
    pub fn release(&mut self, request: &Value) {
        self.answer(request);
    }

    /// From now on the user answers so.
    pub fn set_user(&mut self, user: User) {
        self.client.user = user;
    }

    /// Takes messages until `look` finds what it wants.
    pub fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&mut TestEditor) -> Option<T>) -> T {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            match self.incoming.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Incoming::Message(message)) => self.take(message),
                Ok(Incoming::Stray(reason)) => self.fail(&reason),
                Ok(Incoming::End) | Err(RecvTimeoutError::Disconnected) => {
                    self.fail(&format!("the server ended, still waiting for {what}"))
                }
                Err(RecvTimeoutError::Timeout) => self.fail(&format!("waited {LIMIT:?} for {what}")),
            }
        }
    }

    /// Takes one message.
    fn take(&mut self, message: Value) {
        self.note("<", &message);
        match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(_)) => {
                self.asked.push((method.to_owned(), message["params"].clone()));
                if self.hold.take_if(|held| *held == method).is_some() {
                    self.held.push_back(message);
                } else {
                    self.answer(&message);
                }
            }
            (Some(method), None) => self.hear(method, &message["params"]),
            (None, Some(Value::Null)) => self.errors.push_back(message),
            (None, Some(id)) => {
                let known = id.as_i64().and_then(|id| self.pending.iter().position(|pending| *pending == id));
                let Some(index) = known else { self.fail(&format!("an answer to nothing: {message}")) };
                self.answers.insert(self.pending.remove(index), message);
            }
            (None, None) => self.fail(&format!("neither request nor answer: {message}")),
        }
    }

    fn hear(&mut self, method: &str, params: &Value) {
        match method {
            "$/progress" => self.follow(params),
            "window/showMessage" => {
                let text = params["message"].as_str().unwrap_or_else(|| self.fail("a message without text")).to_owned();
                if params["type"].as_i64().is_some_and(|kind| kind <= 2) {
                    self.unread.push_back(text);
                }
            }
            "window/logMessage" => {}
            "pilotlight/status" if self.client.announces("/experimental/pilotlight/status") => {}
            other => self.fail(&format!("{other} was not asked for")),
        }
        self.heard.push((method.to_owned(), params.clone()));
    }

    /// A progress begins once, after the client made room for it, and ends once.
    fn follow(&mut self, params: &Value) {
        let token = params["token"].as_str().unwrap_or_default();
        let Some(progress) = self.progress.get_mut(token) else { self.fail(&format!("no progress {token} was made")) };
        let value = &params["value"];
        let begun = progress.has("begin") && !progress.has("end");
        let right = match value["kind"].as_str() {
            Some("begin") => progress.values.is_empty() && value["title"].is_string() && value["cancellable"] == true,
            Some("report" | "end") => begun,
            _ => false,
        };
        progress.values.push(value.clone());
        if !right {
            self.fail(&format!("{params} is out of order"));
        }
    }

    /// Answers a request as the client does.
    fn answer(&mut self, request: &Value) {
        let (method, params) = (request["method"].as_str().unwrap_or_default(), &request["params"]);
        let announced = |pointer: &str| self.client.announces(pointer);
        let able = match method {
            "workspace/applyEdit" => return self.apply(request),
            "window/workDoneProgress/create" => announced("/window/workDoneProgress"),
            "window/showMessageRequest" => announced("/window/showMessage"),
            "window/showDocument" => announced("/window/showDocument/support") || self.client.name == "helix",
            "client/registerCapability" => announced("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            _ => false,
        };
        if !able {
            self.fail(&format!("{} cannot be asked for {method}", self.client.name));
        }
        let result = match method {
            "window/workDoneProgress/create" => {
                let token = params["token"].as_str().unwrap_or_default().to_owned();
                if self.progress.insert(token.clone(), Progress::default()).is_some() {
                    self.fail(&format!("the progress {token} was made twice"));
                }
                Value::Null
            }
            "window/showMessageRequest" => match self.client.user {
                User::Agrees => params["actions"][0].clone(),
                User::Declines => params["actions"][1].clone(),
                User::Dismisses => Value::Null,
            },
            "window/showDocument" => json!({"success": true}),
            _ => Value::Null,
        };
        self.reply(request, result);
        if method == "window/showDocument" {
            let name = path(params["uri"].as_str().unwrap_or_default());
            self.open(name.to_str().expect("a name in Unicode"));
        }
    }

    fn apply(&mut self, request: &Value) {
        let applied = self.make(&request["params"]);
        for (method, params) in applied.shown {
            self.notify(method, params);
        }
        if self.client.tells_later {
            self.reply(request, applied.answer.clone());
        }
        for changed in applied.changed {
            self.notify("textDocument/didChange", changed);
        }
        if !self.client.tells_later {
            self.reply(request, applied.answer);
        }
    }

    /// Makes an edit and tells what it changed, whatever is answered.
    pub fn perform(&mut self, params: &Value) {
        let applied = self.make(params);
        for (method, params) in applied.shown {
            self.notify(method, params);
        }
        for changed in applied.changed {
            self.notify("textDocument/didChange", changed);
        }
    }

    fn make(&mut self, params: &Value) -> Applied {
        let desk =
            Desk { client: &self.client, user: self.client.user, buffers: &mut self.buffers, encoding: self.encoding };
        desk.apply(params).unwrap_or_else(|reason| self.fail(&reason))
    }

    /// Answers a request that was held with a result of the test's own, and does nothing else.
    pub fn reply(&mut self, request: &Value, result: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": request["id"], "result": result}));
    }

    // ---- what is shown when a test fails -------------------------------------------------------------------------

    fn note(&mut self, direction: &str, message: &Value) {
        if self.transcript.len() == SHOWN {
            self.transcript.pop_front();
        }
        let text = message.to_string();
        let cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
        self.transcript.push_back(format!("{direction} {cut}"));
    }

    fn tail(&self) -> String {
        Vec::from(self.transcript.clone()).join("\n")
    }

    /// Fails the test.
    pub fn fail(&self, reason: &str) -> ! {
        panic!("{reason}\nas {}, after:\n{}", self.client.name, self.tail())
    }
}

impl Drop for TestEditor {
    fn drop(&mut self) {
        if !self.over && !std::thread::panicking() {
            self.say_goodbye();
        }
    }
}
