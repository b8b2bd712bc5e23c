//! A session on a scripted provider, with an editor that is nothing but its documents.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pilotlight::agent::landing::{Operation, Plan, PlannedFile};
use pilotlight::agent::{Action, Ask, Conversation, Host, Landing, Pending, Proposal, Stage, TurnEnd, TurnRequest};
use pilotlight::config::{BaseUrl, Config, Endpoint, KeySource};
use pilotlight::provider::{self, profile};
use pilotlight::session::actor::{Full, Session};
use pilotlight::session::profile::Limits;
use pilotlight::session::receipt::{Outcome, Receipt};
use pilotlight::session::status::{State, Status};
use pilotlight::workspace::{
    Change, ContextRules, DiagnosticStore, Documents, PositionEncoding, RelPath, Span, Workspace, position,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::network::Network;
use super::reply::Reply;
use super::server::{Provider, Upgrade};

/// The key every session of these tests has.
pub const KEY: &str = "sk-test-0123456789";

/// Guards against a test that hangs; nothing is measured with it.
pub async fn bounded<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("nothing happened within 20 seconds")
}

/// What a session starts with.
#[derive(Default)]
pub struct Setup {
    files: Vec<(String, String)>,
    config: Config,
    upgrades: Vec<Upgrade>,
    warm_ups: Vec<Reply>,
    key: Option<Result<Option<String>, String>>,
    limits: Option<fn(&mut Limits)>,
    behind_network: bool,
    server: Option<String>,
    without_consent: bool,
}

impl Setup {
    /// A workspace with these files.
    pub fn files(files: &[(&str, &str)]) -> Setup {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Setup { files, ..Setup::default() }
    }

    /// Changes the configuration.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Setup {
        change(&mut self.config);
        self
    }

    /// What happens to the first upgrades.
    pub fn upgrades(mut self, upgrades: impl IntoIterator<Item = Upgrade>) -> Setup {
        self.upgrades.extend(upgrades);
        self
    }

    /// What the first warm-ups are answered.
    pub fn warm_ups(mut self, replies: impl IntoIterator<Item = Reply>) -> Setup {
        self.warm_ups.extend(replies);
        self
    }

    /// The key, or why there is none.
    pub fn key(mut self, key: Result<Option<String>, String>) -> Setup {
        self.key = Some(key);
        self
    }

    /// Changes the session's clocks beyond the configuration.
    pub fn limits(mut self, change: fn(&mut Limits)) -> Setup {
        self.limits = Some(change);
        self
    }

    /// Puts a network between session and server.
    pub fn behind_network(mut self) -> Setup {
        self.behind_network = true;
        self
    }

    /// Another server, at this address, in the place of the scripted one.
    pub fn server(mut self, address: &str) -> Setup {
        self.server = Some(address.to_owned());
        self
    }

    /// Starts the session before the user's yes.
    pub fn without_consent(mut self) -> Setup {
        self.without_consent = true;
        self
    }

    /// Starts the server and the session, and waits until it is warm.
    pub async fn warm(self) -> Rig {
        let rig = self.start().await;
        rig.until(State::Warm).await;
        rig
    }

    /// Starts the server and the session.
    pub async fn start(mut self) -> Rig {
        let provider = Provider::start().await;
        provider.script_upgrades(self.upgrades);
        provider.script_warm_ups(self.warm_ups);
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in &self.files {
            write(&dir.path().join(path), text);
        }
        let network = if self.behind_network { Some(Network::to(provider.address()).await) } else { None };
        let address = network.as_ref().map_or(provider.address(), Network::address);
        let address = self.server.unwrap_or_else(|| address.to_string());
        let url = BaseUrl::parse(&format!("http://{address}/v1")).unwrap();
        self.config.provider.endpoint = Endpoint::Remote(url.clone());
        self.config.provider.key = KeySource::None;
        let rules = ContextRules {
            exclude: self.config.context.exclude.clone(),
            max_file_bytes: self.config.context.max_file_bytes,
        };
        let documents = Arc::new(Documents::new(PositionEncoding::Utf16));
        let workspace = Arc::new(Workspace::new(dir.path(), documents.clone(), rules).unwrap());
        let endpoint = provider::Provider { url, embedded: false };
        let mut profile = profile(&self.config, &endpoint, workspace.root(), &BTreeMap::new()).unwrap();
        let key = self.key.unwrap_or_else(|| Ok(Some(KEY.to_owned())));
        profile.key = Arc::new(move || key.clone());
        if let Some(change) = self.limits {
            change(&mut profile.limits);
        }
        Rig {
            session: Session::start(profile, Conversation::default(), !self.without_consent),
            editor: Editor { documents, workspace, versions: Arc::default() },
            diagnostics: Arc::default(),
            max_delta_bytes: usize::try_from(self.config.context.max_delta_bytes).unwrap(),
            turns: 0,
            network,
            provider,
            _dir: dir,
        }
    }
}

/// A session under test. Its parts end in this order.
pub struct Rig {
    /// The session.
    pub session: Session<TurnRequest>,
    /// What the user does.
    pub editor: Editor,
    /// What language servers reported.
    pub diagnostics: Arc<DiagnosticStore>,
    /// The other end.
    pub provider: Provider,
    network: Option<Network>,
    max_delta_bytes: usize,
    turns: usize,
    _dir: tempfile::TempDir,
}

impl Rig {
    /// The network between session and server.
    pub fn network(&self) -> &Network {
        self.network.as_ref().unwrap()
    }

    /// Waits for a state of the session.
    pub async fn until(&self, state: State) -> Status {
        let mut status = self.session.board().watch();
        let reached = bounded(status.wait_for(|status| status.state == state)).await.unwrap();
        reached.clone()
    }

    /// Begins a turn.
    pub fn begin(&mut self, ask: Ask, decision: Decision) -> Turn {
        self.submit(ask, decision).unwrap()
    }

    /// Begins a turn, if there is room for it.
    pub fn submit(&mut self, ask: Ask, decision: Decision) -> Result<Turn, Full> {
        let (ends, ended) = mpsc::unbounded_channel();
        let host = Arc::new(MemoryHost {
            editor: self.editor.clone(),
            decision,
            stages: Mutex::default(),
            proposals: Mutex::default(),
            ends,
        });
        let cancel = self.submit_for(ask, host.clone())?;
        Ok(Turn { cancel, host, ended })
    }

    /// Begins a turn for a host of the test's own, if there is room for it; returns what stops it.
    pub fn submit_for(&mut self, ask: Ask, host: Arc<dyn Host>) -> Result<CancellationToken, Full> {
        self.turns += 1;
        let cancel = self.session.closing().child_token();
        self.session.submit(TurnRequest {
            id: format!("t{}", self.turns),
            ask,
            workspace: self.editor.workspace.clone(),
            diagnostics: self.diagnostics.clone(),
            unfinished: Vec::new(),
            max_delta_bytes: self.max_delta_bytes,
            cancel: cancel.clone(),
            host,
        })?;
        Ok(cancel)
    }

    /// Runs a turn whose changes, if any, are applied.
    pub async fn run(&mut self, ask: Ask) -> Ended {
        self.begin(ask, Decision::Apply).end().await
    }

    /// Runs a turn on a file with these answers of the model.
    pub async fn edit(&mut self, path: &str, replies: impl IntoIterator<Item = Reply>) -> Ended {
        self.provider.script(replies);
        self.run(Rig::ask(path)).await
    }

    /// A request to edit a file.
    pub fn ask(path: &str) -> Ask {
        Ask {
            action: Action::Edit,
            file: Some(RelPath::parse(path).unwrap()),
            lines: None,
            diagnostics: Vec::new(),
            instruction: Some("make it better".into()),
        }
    }
}

/// A turn that runs.
pub struct Turn {
    /// Stops it.
    pub cancel: CancellationToken,
    host: Arc<MemoryHost>,
    ended: mpsc::UnboundedReceiver<TurnEnd>,
}

/// A turn that is over.
#[derive(Debug)]
pub struct Ended {
    /// Its receipt.
    pub receipt: Receipt,
    /// Its last words.
    pub message: String,
    /// What it did, in order.
    pub stages: Vec<Stage>,
    /// What it proposed.
    pub proposals: Vec<Proposal>,
}

impl Turn {
    /// Waits for its end.
    pub async fn end(mut self) -> Ended {
        let end = bounded(self.ended.recv()).await.unwrap();
        Ended {
            receipt: end.receipt,
            message: end.message,
            stages: self.host.stages.lock().unwrap().clone(),
            proposals: self.host.proposals.lock().unwrap().clone(),
        }
    }
}

impl Ended {
    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.receipt.outcome
    }

    /// The reason of its rebase, if there was one.
    pub fn rebase(&self) -> Option<&str> {
        self.receipt.rebase_reason.as_deref()
    }
}

/// What the user makes of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is applied: to open documents in the editor, to other files on disk.
    Apply,
    /// It is declined.
    Refuse,
    /// It waits.
    Wait,
}

struct MemoryHost {
    editor: Editor,
    decision: Decision,
    stages: Mutex<Vec<Stage>>,
    proposals: Mutex<Vec<Proposal>>,
    ends: mpsc::UnboundedSender<TurnEnd>,
}

impl Host for MemoryHost {
    fn stage(&self, stage: Stage) {
        self.stages.lock().unwrap().push(stage);
    }

    fn land(&self, proposal: Proposal) -> Pending<'_, Landing> {
        let outcome = match self.decision {
            Decision::Apply => self.editor.apply(&proposal),
            Decision::Refuse => Outcome::Refused,
            Decision::Wait => Outcome::Proposed,
        };
        self.proposals.lock().unwrap().push(proposal);
        Box::pin(std::future::ready(Landing { outcome, message: None }))
    }

    fn ended(&self, end: TurnEnd) {
        let _ = self.ends.send(end);
    }
}

/// The user's side: open documents over a folder. Cheap to clone, so that a script can act in the middle of an answer.
#[derive(Clone)]
pub struct Editor {
    documents: Arc<Documents>,
    /// The workspace that reads them.
    pub workspace: Arc<Workspace>,
    versions: Arc<Mutex<BTreeMap<String, i32>>>,
}

impl Editor {
    fn file(&self, path: &str) -> PathBuf {
        self.workspace.abs(&RelPath::parse(path).unwrap())
    }

    fn uri(&self, path: &str) -> String {
        pilotlight::workspace::path_to_uri(&self.file(path))
    }

    fn version(&self, uri: &str) -> i32 {
        let mut versions = self.versions.lock().unwrap();
        let version = versions.entry(uri.to_owned()).or_default();
        *version += 1;
        *version
    }

    /// Opens a file with its text on disk.
    pub fn open(&self, path: &str) {
        let text = std::fs::read_to_string(self.file(path)).unwrap();
        let uri = self.uri(path);
        self.documents.open(&uri, "text", self.version(&uri), &text);
    }

    /// Closes a document without saving.
    pub fn close(&self, path: &str) {
        self.documents.close(&self.uri(path));
    }

    /// Saves a document.
    pub fn save(&self, path: &str) {
        write(&self.file(path), &self.buffer(path));
    }

    /// Whether a document is open.
    pub fn is_open(&self, path: &str) -> bool {
        self.documents.get(&self.uri(path)).is_some()
    }

    /// The text of an open document, byte for byte.
    pub fn buffer(&self, path: &str) -> String {
        self.documents.get(&self.uri(path)).unwrap().raw()
    }

    /// Types: the first `old` of an open document becomes `new`.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let at = self.buffer(path).find(old).unwrap_or_else(|| panic!("{path} holds no {old:?}"));
        self.splice(path, at..at + old.len(), new);
    }

    /// Types over a range of bytes of an open document.
    pub fn splice(&self, path: &str, range: std::ops::Range<usize>, new: &str) {
        let uri = self.uri(path);
        let rope = self.documents.get(&uri).unwrap().rope().clone();
        let place = |byte| position(&rope, byte, PositionEncoding::Utf16);
        let span = Span { start: place(range.start), end: place(range.end) };
        self.change(&uri, Change { span: Some(span), text: new.into() });
    }

    /// Replaces the whole text of an open document.
    pub fn set(&self, path: &str, text: &str) {
        self.change(&self.uri(path), Change { span: None, text: text.into() });
    }

    fn change(&self, uri: &str, change: Change) {
        let applied = self.documents.change(uri, self.version(uri), vec![change]);
        assert_eq!(applied, pilotlight::workspace::Applied::Done);
    }

    /// Writes a file on disk, behind the editor's back.
    pub fn write(&self, path: &str, text: &str) {
        write(&self.file(path), text);
    }

    /// Deletes a file on disk, behind the editor's back.
    pub fn delete(&self, path: &str) {
        std::fs::remove_file(self.file(path)).unwrap();
    }

    /// Whether a file is on disk.
    pub fn exists(&self, path: &str) -> bool {
        self.file(path).exists()
    }

    /// What is on disk.
    pub fn on_disk(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.file(path)).ok()
    }

    /// The text a model should see of a file: the buffer's, else the disk's.
    pub fn truth(&self, path: &str) -> Option<String> {
        self.workspace.read(&RelPath::parse(path).unwrap()).ok().map(|text| text.to_string())
    }

    /// Does what an editor does with a proposal.
    pub fn apply(&self, proposal: &Proposal) -> Outcome {
        let Ok(plan) = Plan::new(&self.workspace, proposal) else { return Outcome::Conflict };
        for file in &plan.files {
            self.apply_file(file);
        }
        Outcome::Applied
    }

    fn apply_file(&self, file: &PlannedFile) {
        let path = file.path.as_str();
        match &file.operation {
            Operation::Edit if self.is_open(path) => self.set(path, &file.target),
            Operation::Edit | Operation::Create => self.write(path, &file.target),
            Operation::Delete => {
                self.close(path);
                self.delete(path);
            }
            Operation::Rename { from } => {
                let was_open = self.is_open(from.as_str());
                self.close(from.as_str());
                self.delete(from.as_str());
                self.write(path, &file.target);
                if was_open {
                    self.open(path);
                }
            }
        }
    }
}

fn write(file: &std::path::Path, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}
