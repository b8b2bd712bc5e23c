//! The real session against the server, over a line of some length, and a host that only waits for the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use pilotlight::agent::{Action, Ask, Conversation, Host, Landing, Pending, Proposal, Stage, TurnEnd, TurnRequest};
use pilotlight::config::{BaseUrl, Config, Endpoint, KeySource, TransportChoice};
use pilotlight::provider::{Provider, profile};
use pilotlight::session::actor;
use pilotlight::session::receipt::{Outcome, Receipt};
use pilotlight::session::status::State;
use pilotlight::workspace::{ContextRules, DiagnosticStore, Documents, PositionEncoding, RelPath, Workspace};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::line::{Line, Network};
use super::server::{FILES, Server, TASK, path, text};
use super::trace::Trace;
use super::ways::Way;

/// Guards against a run that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A session with all that it needs.
pub struct Session {
    session: actor::Session<TurnRequest>,
    workspace: Arc<Workspace>,
    /// The way between session and server.
    line: Line,
    turns: usize,
    _server: Server,
    _folder: tempfile::TempDir,
}

/// A turn that is over.
pub struct Turn {
    /// From the request to the end.
    pub wall: Duration,
    /// From the request to the first event of the server.
    pub to_first_event: Duration,
    /// What the session says of it.
    pub receipt: Receipt,
    /// What the line says of it.
    pub trace: Trace,
}

impl Session {
    /// A server, a line like this, a project, and a session that waits for its first turn:
    /// connected, unless every request is to have a connection of its own.
    pub async fn start(way: Way, network: Network) -> Session {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(folder.path(), way == Way::Anew).await;
        let line = Line::to(server.address, network);
        let root = folder.path().join("project");
        write_project(&root);
        let config = config(&line, &server, way);
        let workspace = workspace(&root, &config);
        let Endpoint::Remote(url) = config.provider.endpoint.clone() else { panic!("a remote endpoint") };
        let provider = Provider { url, embedded: false };
        let profile = profile(&config, &provider, workspace.root(), &BTreeMap::new()).expect("a profile");
        let session = actor::Session::start(profile, Conversation::default(), true);
        let mut status = session.board().watch();
        let rests = if way == Way::Anew { State::Cold } else { State::Warm };
        let reached = status.wait_for(|status| status.state == rests);
        drop(timeout(PATIENCE, reached).await.expect("in time").expect("a session"));
        Session { session, workspace, line, turns: 0, _server: server, _folder: folder }
    }

    /// Runs a turn of so many tool rounds.
    pub async fn turn(&mut self, rounds: usize) -> Turn {
        let (ends, mut ended) = mpsc::unbounded_channel();
        let host = Arc::new(Waiting { asked: OnceLock::new(), ends });
        self.turns += 1;
        let request = TurnRequest {
            id: format!("t{}", self.turns),
            ask: Ask {
                action: Action::Ask,
                file: RelPath::parse(&path(0)).ok(),
                lines: None,
                diagnostics: Vec::new(),
                instruction: Some(format!("{TASK}{rounds} .")),
            },
            workspace: self.workspace.clone(),
            diagnostics: Arc::<DiagnosticStore>::default(),
            unfinished: Vec::new(),
            max_delta_bytes: 65536,
            cancel: self.session.closing().child_token(),
            host: host.clone(),
        };
        drop(self.line.trace());
        let start = Instant::now();
        self.session.submit(request).expect("a place");
        let end = timeout(PATIENCE, ended.recv()).await.expect("an end in time").expect("an end");
        let wall = start.elapsed();
        assert_eq!(
            (end.receipt.outcome, end.receipt.rounds as usize),
            (Outcome::Answered, rounds + 1),
            "{}",
            end.message
        );
        let to_first_event = *host.asked.get().expect("a request") - start + end.receipt.ms_to_first_event;
        Turn { wall, to_first_event, receipt: end.receipt, trace: self.line.trace() }
    }
}

fn config(line: &Line, server: &Server, way: Way) -> Config {
    let url = format!("https://localhost:{}/v1", line.address().port());
    let mut config = Config::default();
    config.provider.endpoint = Endpoint::Remote(BaseUrl::parse(&url).expect("a URL"));
    config.provider.key = KeySource::None;
    config.provider.ca_file = Some(server.ca_file.clone());
    config.provider.transport = match way {
        Way::Warm => TransportChoice::Websocket,
        Way::KeepAlive | Way::Anew => TransportChoice::Http,
    };
    config.session.warm = way != Way::Anew;
    config.session.max_rounds = 300;
    config.session.max_context_tokens = 10_000_000;
    config
}

fn workspace(root: &Path, config: &Config) -> Arc<Workspace> {
    let documents = Arc::new(Documents::new(PositionEncoding::Utf16));
    let rules = ContextRules { exclude: Vec::new(), max_file_bytes: config.context.max_file_bytes };
    Arc::new(Workspace::new(root, documents, rules).expect("a workspace"))
}

fn write_project(root: &Path) {
    std::fs::create_dir_all(root.join("src")).expect("a folder");
    for number in 0..FILES {
        std::fs::write(root.join(path(number)), text(number)).expect("a file");
    }
}

/// Waits for the end of a turn.
struct Waiting {
    /// When the first request was about to go out.
    asked: OnceLock<Instant>,
    ends: mpsc::UnboundedSender<TurnEnd>,
}

impl Host for Waiting {
    fn stage(&self, stage: Stage) {
        if stage == Stage::Thinking {
            self.asked.get_or_init(Instant::now);
        }
    }

    fn land(&self, _: Proposal) -> Pending<'_, Landing> {
        Box::pin(std::future::ready(Landing { outcome: Outcome::Refused, message: None }))
    }

    fn ended(&self, end: TurnEnd) {
        let _ = self.ends.send(end);
    }
}
