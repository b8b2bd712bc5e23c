//! A hunt: one scenario played by an editor, the real server and a scripted model, and every byte looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::ground::{ALLOWED, CONTEXT, EXCLUDED, Ground, MOVING, TOGGLED, is_text, secrets};
use super::model::Shared;
use super::scenario::{Act, Action, Pick, Scenario, Turn};
use crate::provider::{Provider, Transport};
use crate::support::{Client, LIMIT, TestEditor, User};

/// What must be in no request and no log.
const KEY: &str = "sk-hunted-key-5b1e";
const HEADER: &str = "hunted-header-c803";

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub turns: usize,
    pub requests: usize,
    pub calls: usize,
    pub bytes: usize,
    pub logged: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.turns += other.turns;
        self.requests += other.requests;
        self.calls += other.calls;
        self.bytes += other.bytes;
        self.logged += other.logged;
    }
}

/// A scenario under way.
struct Hunt {
    ground: Ground,
    provider: Provider,
    editor: TestEditor,
    script: Shared,
    /// Documents that are open, by the path they are open under.
    open: BTreeSet<String>,
    /// Versions of documents that are on no disk, or outside, by their URIs.
    shown: BTreeMap<String, i64>,
    /// Requests looked at.
    seen: usize,
    tally: Tally,
}

/// Plays a scenario; what leaked is the error.
pub fn play(scenario: &Scenario, runtime: &Handle) -> Result<Tally, String> {
    let mut hunt = Hunt::begin(scenario, runtime);
    let played = scenario.steps.iter().try_for_each(|step| {
        step.before.iter().for_each(|act| hunt.act(act));
        hunt.turn(&step.turn);
        hunt.look()
    });
    let ended = hunt.end();
    played.and(ended)
}

impl Hunt {
    fn begin(scenario: &Scenario, runtime: &Handle) -> Hunt {
        let ground = Ground::new();
        let provider = runtime.block_on(Provider::start());
        let script = Shared::default();
        let model = script.clone();
        provider.answer_with(move |requests| model.lock().unwrap().answer(requests));
        let transport = if scenario.http { "http" } else { "auto" };
        ground.project.configure(&format!(
            "[provider]\nbase_url = \"{}\"\ntransport = \"{transport}\"\napi_key_env = \"TEST_KEY\"\n\
             headers = {{ \"x-extra\" = \"{HEADER}\" }}\n{CONTEXT}",
            provider.base_url()
        ));
        let client = [Client::vscode, Client::neovim, Client::helix_master][scenario.client]();
        let client = client.with_user([User::Agrees, User::Declines, User::Dismisses][scenario.user]);
        let mut editor = TestEditor::launch_by(client, &ground.project, command(&ground));
        editor.introduce(json!({ "rootUri": ground.project.uri("") }));
        Hunt {
            ground,
            provider,
            editor,
            script,
            open: BTreeSet::new(),
            shown: BTreeMap::new(),
            seen: 0,
            tally: Tally::default(),
        }
    }

    // ---- turns ---------------------------------------------------------------------------------------------------

    fn turn(&mut self, turn: &Turn) {
        let path = self.path(turn.file);
        if !self.is_open(&path) && !self.open(&path) {
            return;
        }
        self.ground.canaries.begin_turn();
        let gate = (!turn.meanwhile.is_empty()).then(|| Arc::new(Notify::new()));
        self.script.lock().unwrap().begin(&turn.rounds, gate.clone());
        let begun = self.provider.requests().len();
        let argument = self.argument(turn.action, &path);
        let Ok(answer) = self.editor.try_command(turn.action.command(), argument) else { return };
        let id = answer["turn"].as_str().expect("a turn").to_owned();
        if let Some(gate) = gate {
            if self.asks(&id, begun) {
                turn.meanwhile.iter().for_each(|act| self.act(act));
            }
            gate.notify_one();
        }
        self.editor.receipt(&id);
        self.tally.turns += 1;
    }

    /// Waits until the turn has asked the model; false if it ended without.
    fn asks(&mut self, turn: &str, begun: usize) -> bool {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            if self.provider.requests().len() > begun {
                return true;
            }
            let receipts = self.editor.command("pilotlight.receipts", json!({}));
            if receipts["turns"].as_array().into_iter().flatten().any(|receipt| receipt["turn"] == turn) {
                return false;
            }
        }
        self.editor.fail("a turn neither asks nor ends")
    }

    fn argument(&mut self, action: Action, path: &str) -> Value {
        let start = json!({"line": 0, "character": 0});
        let range = json!({"start": start, "end": {"line": 2, "character": 0}});
        let mut argument = json!({"uri": self.editor.uri(path), "range": range, "instruction": "Do it."});
        match action {
            Action::Ask => argument["question"] = json!("Why?"),
            Action::Fix => argument["diagnostics"] = json!([self.diagnostic("unused", EXCLUDED[0].0)]),
            Action::FixBroken => argument["broken"] = json!(true),
            _ => {}
        }
        argument
    }

    /// A diagnostic that belongs to an excluded place as well.
    fn diagnostic(&mut self, message: &str, related: &str) -> Value {
        let canary = self.canary(related);
        let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}});
        let location = json!({"uri": self.editor.uri(related), "range": range});
        let related = json!([{"location": location, "message": format!("defined as {canary}")}]);
        json!({"range": range, "severity": 1, "source": "hunt", "message": message, "relatedInformation": related})
    }

    // ---- what happens --------------------------------------------------------------------------------------------

    fn act(&mut self, act: &Act) {
        match act {
            Act::Open(pick) => drop(self.open(&self.path(*pick))),
            Act::Close(pick) => self.close(&self.path(*pick)),
            Act::Type(pick) => self.rewrite(&self.path(*pick)),
            Act::TypeSecret(path) => {
                let text = secrets(&mut self.ground.canaries);
                self.set(path, &format!("{text}\nthree\n"));
            }
            Act::Save(pick) => self.save(&self.path(*pick)),
            Act::Write(pick) => self.write(&self.path(*pick)),
            Act::Report(pick) => self.report(&self.path(*pick)),
            Act::Relate(path, pick) => self.relate(path, *pick),
            Act::Menu(pick) => self.menu(&self.path(*pick)),
            Act::Untitled => self.show("untitled:Untitled-1", "untitled"),
            Act::Unsaved(path) => self.show(&self.editor.uri(path), path),
            Act::Outside(path) => {
                let file = self.ground.project.outside(path);
                let uri = self.ground.project.uri(file.to_str().expect("a name in Unicode"));
                self.show(&uri, path);
            }
            Act::Hide(which, tells) => self.toggle(*which, true, *tells),
            Act::Show(which, tells) => self.toggle(*which, false, *tells),
            Act::Move => self.move_file(),
            Act::Watched => self.watched(),
            Act::DropConnections => {
                self.script.lock().unwrap().lose();
                self.provider.drop_connections();
            }
            Act::Reset => drop(self.editor.command("pilotlight.reset", json!({}))),
        }
    }

    fn path(&self, pick: Pick) -> String {
        match pick {
            Pick::At(path) => path.to_owned(),
            Pick::Moving => MOVING[usize::from(self.ground.moved)].to_owned(),
            Pick::Named(pattern) => self.ground.named[pattern].clone(),
        }
    }

    /// A canary for what is said about a path, or written there.
    fn canary(&mut self, path: &str) -> String {
        let comes_and_goes = TOGGLED.iter().map(|(owner, ..)| *owner).find(|owner| *owner == path);
        match comes_and_goes.or(MOVING.contains(&path).then_some(MOVING[0])) {
            Some(owner) => self.ground.typed(owner),
            None if ALLOWED.contains(&path) => "nothing".into(),
            None => self.ground.canaries.plant(path),
        }
    }

    fn is_open(&self, path: &str) -> bool {
        self.open.contains(path) && self.editor.is_open(path)
    }

    fn open(&mut self, path: &str) -> bool {
        if self.is_open(path) || !is_text(&self.ground.project.root(), path) {
            return false;
        }
        self.editor.open(path);
        self.open.insert(path.to_owned())
    }

    fn close(&mut self, path: &str) {
        if self.is_open(path) {
            self.editor.close(path);
        }
        self.open.remove(path);
    }

    /// Types the whole text anew, with another canary where there was one.
    fn rewrite(&mut self, path: &str) {
        let canary = self.canary(path);
        self.set(path, &format!("first {canary}\ntwo\nthree\nlast\n"));
    }

    fn set(&mut self, path: &str, text: &str) {
        if self.is_open(path) || self.open(path) {
            let (uri, version) = (self.editor.uri(path), self.editor.version(path) + 1);
            self.editor.mirror(path, text, version);
            self.tell_change(&uri, version, text);
        }
    }

    fn save(&mut self, path: &str) {
        if self.is_open(path) {
            let text = self.editor.text(path);
            self.ground.project.write(path, &text);
            self.editor
                .notify("textDocument/didSave", json!({"textDocument": {"uri": self.editor.uri(path)}, "text": text}));
        }
    }

    fn write(&mut self, path: &str) {
        let canary = self.canary(path);
        if is_text(&self.ground.project.root(), path) {
            self.ground.project.write(path, &format!("written {canary}\ntwo\nthree\n"));
        }
    }

    fn report(&mut self, path: &str) {
        let message = format!("unexpected {}", self.canary(path));
        let mut diagnostic = self.diagnostic(&message, EXCLUDED[1].0);
        diagnostic["code"] = json!("E1");
        self.editor
            .notify("pilotlight/diagnostics", json!({"uri": self.editor.uri(path), "diagnostics": [diagnostic]}));
    }

    fn relate(&mut self, path: &str, other: Pick) {
        let diagnostic = self.diagnostic("unused", &self.path(other));
        self.editor
            .notify("pilotlight/diagnostics", json!({"uri": self.editor.uri(path), "diagnostics": [diagnostic]}));
    }

    fn menu(&mut self, path: &str) {
        if self.is_open(path) {
            let message = format!("unexpected {}", self.canary(path));
            let diagnostic = self.diagnostic(&message, EXCLUDED[0].0);
            let range = diagnostic["range"].clone();
            self.editor.actions_for(path, range, json!({"diagnostics": [diagnostic]}));
        }
    }

    /// A document that the editor has and the project does not.
    fn show(&mut self, uri: &str, place: &str) {
        let text = self.ground.text(place);
        let version = self.shown.entry(uri.to_owned()).or_default();
        *version += 1;
        if *version > 1 {
            let version = *version;
            return self.tell_change(uri, version, &text);
        }
        let document = json!({"uri": uri, "languageId": "plaintext", "version": 1, "text": text});
        self.editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn tell_change(&mut self, uri: &str, version: i64, text: &str) {
        let (document, changes) = (json!({"uri": uri, "version": version}), json!([{"text": text}]));
        self.editor.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    fn toggle(&mut self, which: usize, hide: bool, tells: bool) {
        self.ground.toggle(which, hide);
        if tells {
            self.watched();
        }
    }

    fn move_file(&mut self) {
        let [from, to] = [usize::from(self.ground.moved), usize::from(!self.ground.moved)].map(|at| MOVING[at]);
        let root = self.ground.project.root();
        if !root.join(from).exists() || root.join(to).exists() {
            return;
        }
        let was_open = self.is_open(from);
        self.close(from);
        fs::rename(root.join(from), root.join(to)).unwrap();
        self.ground.moved = !self.ground.moved;
        if !self.ground.moved {
            self.ground.canaries.show(MOVING[0]);
        }
        if was_open {
            self.open(to);
        }
    }

    fn watched(&mut self) {
        let changes = json!([{"uri": self.editor.uri(".gitignore"), "type": 2}]);
        self.editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    // ---- what came of it -----------------------------------------------------------------------------------------

    /// Looks at the requests that came since.
    fn look(&mut self) -> Result<(), String> {
        let requests = self.provider.everything();
        let mut leaks = std::mem::take(&mut self.script.lock().unwrap().told_apart);
        for request in &requests[self.seen..] {
            self.tally.bytes += request.raw.len();
            self.tally.requests += 1;
            // Over HTTP every request carries the conversation so far.
            let begins = request.transport == Transport::WebSocket && request.previous().is_none();
            for (place, context) in self.ground.canaries.found(&request.raw, begins) {
                leaks.push(format!("a canary of {place} was sent: …{context}…"));
            }
            leaks.extend(
                [KEY, HEADER]
                    .iter()
                    .filter(|secret| request.raw.contains(**secret))
                    .map(|secret| format!("{secret} is in a body")),
            );
        }
        self.seen = requests.len();
        leaks.extend(self.provider.violations());
        if leaks.is_empty() { Ok(()) } else { Err(leaks.join("\n")) }
    }

    /// Ends the server and looks at what was not a request: heads and the log.
    fn end(mut self) -> Result<Tally, String> {
        self.tally.calls = self.script.lock().unwrap().calls;
        let connections = self.provider.connections();
        let heads: String = connections.iter().map(|one| format!("{}\n{:?}\n", one.path, one.headers)).collect();
        self.editor.abandon();
        let log = fs::read_to_string(self.ground.project.outside("pilotlight.log")).unwrap_or_default();
        self.tally.logged = log.len();
        let mut leaks = Vec::new();
        for (what, text) in [("a head", &heads), ("the log", &log)] {
            for (place, context) in self.ground.canaries.found(text, true) {
                leaks.push(format!("a canary of {place} is in {what}: …{context}…"));
            }
        }
        if !log.contains("pilotlight::session") {
            leaks.push("nothing was logged".into());
        }
        leaks.extend(
            [KEY, HEADER]
                .iter()
                .filter(|secret| log.contains(**secret))
                .map(|secret| format!("{secret} is in the log")),
        );
        if leaks.is_empty() { Ok(self.tally) } else { Err(leaks.join("\n")) }
    }
}

/// The server, with a key, a header and everything logged.
fn command(ground: &Ground) -> Command {
    let mut command = ground.project.pilotlight(&["lsp"]);
    let everything = "trace,hyper=trace,tungstenite=trace,tower_lsp_server=trace,log=trace";
    command.env("TEST_KEY", KEY).env("PILOTLIGHT_LOG", everything);
    command.env("PILOTLIGHT_LOG_FILE", ground.project.outside("pilotlight.log"));
    command
}

impl Action {
    fn command(self) -> &'static str {
        match self {
            Action::Edit => "pilotlight.edit",
            Action::Ask => "pilotlight.ask",
            Action::Document => "pilotlight.document",
            Action::Implement => "pilotlight.implement",
            Action::Finish => "pilotlight.finish",
            Action::Fix | Action::FixReported | Action::FixBroken => "pilotlight.fix",
        }
    }
}
