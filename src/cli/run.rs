//! `pilotlight run`: one agent turn without an editor. Prints a unified diff; `--apply` writes it.

mod interrupt;
mod place;
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::output::{FAINT, note, print, print_diff, visible, warn};
use super::progress::Progress;
use super::{Failure, Settings, consents, folder, load, runtime};
use crate::agent::landing::Plan;
use crate::agent::preview::diff;
use crate::agent::{Action, Ask, Conversation, Host, Landing, Pending, Proposal, Stage, TurnEnd, TurnRequest};
use crate::config::{BaseUrl, Config, Endpoint, Loaded, Sources};
use crate::embedded::{AgentOptions, start};
use crate::provider::{Provider, profile};
use crate::scope::{Consent, Scope, context_rules};
use crate::session::actor::Session;
use crate::session::receipt::{Outcome, Receipt};
use crate::workspace::{Documents, PositionEncoding, Workspace};
use interrupt::Interrupts;
use place::place;
use write::{told, write};

#[derive(Args)]
pub struct Arguments {
    /// What to do, e.g. "rename fetch to load everywhere".
    instruction: String,
    /// The project; the current folder if none is given.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// The file, and place, it is about.
    #[arg(long, value_name = "F[:LINE[:COL]]")]
    file: Option<String>,
    /// Write the change.
    #[arg(long)]
    apply: bool,
    /// Print one JSON object: {"diff", "message", "receipt"}.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, settings: &Settings) -> super::Outcome {
    if arguments.instruction.trim().is_empty() {
        return Err(Failure::Usage("the instruction is empty; say what to do".into()));
    }
    let root = folder(arguments.workspace.as_ref())?;
    let (loaded, sources) = load(settings)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(turn(arguments, &root, &loaded, &sources));
    // A name lookup that was given up may still hang in the system; the answer does not wait for it.
    runtime.shutdown_background();
    let (done, embedded) = ended?;
    finish(arguments, &root, &done, embedded)
}

/// What came of the turn.
struct Done {
    end: TurnEnd,
    made: Made,
}

/// What the turn made of the workspace.
#[derive(Default)]
struct Made {
    /// What it would change.
    diff: String,
    /// What was written, a line a file.
    written: Vec<String>,
}

async fn turn(arguments: &Arguments, root: &Path, user: &Loaded, sources: &Sources) -> Result<(Done, bool), Failure> {
    let embedded = match user.config.provider.endpoint {
        Endpoint::Embedded => Some(start(AgentOptions::default()).await.map_err(Failure::failed)?),
        Endpoint::Remote(_) => None,
    };
    let url = embedded.as_ref().and_then(|agent| BaseUrl::parse(&agent.base_url()).ok());
    let provider = Provider::of(&user.config, url);
    let scope = Scope::of(root, user, &consents(sources));
    scope.damage.iter().for_each(|damage| warn(damage));
    if let Consent::Missing(origin) = &scope.consent {
        let (root, trust) = (root.display(), scope.trust());
        let reason = format!("{root} has not been allowed to be sent to {origin}; to allow it, run: {trust}");
        let end = TurnEnd { receipt: refused(), message: reason };
        return Ok((Done { end, made: Made::default() }, false));
    }
    scope.loaded.warnings.iter().for_each(|warning| warn(&warning.to_string()));
    let config = scope.loaded.config;
    let workspace = Arc::new(workspace(root, &config)?);
    let ask = ask(arguments, &workspace)?;
    let profile = profile(&config, &provider, root, &sources.env)
        .map_err(|error| Failure::Failed(format!("{error}; {}", error.advice())))?;
    let mut interrupts = Interrupts::listen().map_err(Failure::failed)?;
    let session = Session::start(profile, Conversation::default(), true);
    let (ended, end) = oneshot::channel();
    let host = Arc::new(Terminal {
        workspace: workspace.clone(),
        apply: arguments.apply,
        progress: Progress::start(!arguments.json),
        cancel: CancellationToken::new(),
        made: Mutex::default(),
        ended: Mutex::new(Some(ended)),
    });
    let request = TurnRequest {
        id: "t1".into(),
        ask,
        workspace,
        diagnostics: Arc::default(),
        unfinished: Vec::new(),
        max_delta_bytes: usize::try_from(config.context.max_delta_bytes).unwrap_or(usize::MAX),
        cancel: host.cancel.clone(),
        host: host.clone(),
    };
    session.submit(request).map_err(Failure::failed)?;
    let end = until_ended(end, &host, &mut interrupts).await;
    host.progress.clear();
    let end = end?;
    tokio::select! {
        () = session.close() => {}
        () = interrupts.next() => {}
    }
    let made = std::mem::take(&mut *host.made());
    Ok((Done { end, made }, provider.embedded))
}

/// Waits for the turn's end. The first interrupt cancels it, the second does not wait for it any more.
async fn until_ended(
    mut end: oneshot::Receiver<TurnEnd>,
    host: &Terminal,
    interrupts: &mut Interrupts,
) -> Result<TurnEnd, Failure> {
    let ended = tokio::select! {
        ended = &mut end => ended,
        () = interrupts.next() => {
            host.cancel.cancel();
            host.progress.say("cancelling");
            tokio::select! {
                ended = end => ended,
                () = interrupts.next() => {
                    // What is being written is written to its end; after it nothing is, since the turn is cancelled.
                    let fate = if host.made().written.is_empty() { "nothing" } else { "the change" };
                    return Err(Failure::Failed(format!("ended at once, as asked twice; {fate} was written")));
                }
            }
        }
    };
    ended.map_err(|_| Failure::Failed("the turn ended without a result; please report it".into()))
}

/// What is asked, and where.
fn ask(arguments: &Arguments, workspace: &Workspace) -> Result<Ask, Failure> {
    let wrong = |file: &str, reason: String| Failure::Usage(format!("--file {file}: {reason}"));
    let file = arguments.file.as_deref();
    let place = file.map(|file| place(file, workspace).map_err(|reason| wrong(file, reason))).transpose()?;
    let (file, line) = place.map_or((None, None), |place| (Some(place.path), place.line));
    Ok(Ask {
        action: Action::Edit,
        file,
        lines: line.map(|line| (line, line)),
        diagnostics: Vec::new(),
        instruction: Some(arguments.instruction.clone()),
    })
}

/// The receipt of a turn for which nothing was sent.
fn refused() -> Receipt {
    Receipt {
        turn: "t1".into(),
        action: Action::Edit.name().into(),
        transport: "websocket",
        outcome: Outcome::Refused,
        ..Receipt::default()
    }
}

fn workspace(root: &Path, config: &Config) -> Result<Workspace, Failure> {
    Workspace::new(root, Arc::new(Documents::new(PositionEncoding::Utf8)), context_rules(config))
        .map_err(Failure::failed)
}

fn finish(arguments: &Arguments, root: &Path, done: &Done, embedded: bool) -> super::Outcome {
    let Done { end, made } = done;
    let outcome = end.receipt.outcome;
    // The embedded agent that changed nothing has not done what was asked; a model may well have answered a question.
    let ok = match outcome {
        Outcome::Applied => true,
        Outcome::Proposed => !arguments.apply,
        Outcome::Answered => !embedded,
        _ => false,
    };
    let code = if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if arguments.json {
        let object = json!({"diff": made.diff, "message": end.message, "receipt": end.receipt});
        print(&format!("{object}\n"))?;
        return Ok(code);
    }
    if outcome == Outcome::Cancelled {
        return Err(Failure::Failed("cancelled; nothing was written".into()));
    }
    print_diff(&made.diff)?;
    let message = visible(end.message.trim_end());
    match outcome {
        Outcome::Answered if ok => print(&format!("{message}\n"))?,
        _ if message.is_empty() => {}
        _ if ok => note(&message),
        _ => note(&format!("pilotlight: {message}")),
    }
    made.written.iter().for_each(|line| note(line));
    if let (Some(folder), Outcome::Proposed) = (below_repository(root), outcome) {
        note(&format!("git takes this diff with: git apply --directory={folder:?}"));
    }
    if end.receipt.bytes_sent > 0 {
        note(&format!("{FAINT}{}{FAINT:#}", end.receipt.line()));
    }
    Ok(code)
}

/// The workspace's folder within its git repository, unless it is the repository's own. Git takes the paths of a diff
/// from the repository's top, and skips without a word what is not there.
fn below_repository(root: &Path) -> Option<String> {
    let top = root.ancestors().find(|folder| folder.join(".git").exists())?;
    let folder = root.strip_prefix(top).ok().filter(|folder| !folder.as_os_str().is_empty())?;
    let names: Vec<_> = folder.iter().map(|name| name.to_string_lossy()).collect();
    Some(names.join("/"))
}

/// The terminal as a host.
struct Terminal {
    workspace: Arc<Workspace>,
    apply: bool,
    progress: Progress,
    cancel: CancellationToken,
    /// Locked while it is decided whether to write, and as long as that takes.
    made: Mutex<Made>,
    ended: Mutex<Option<oneshot::Sender<TurnEnd>>>,
}

impl Terminal {
    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn landed(&self, proposal: &Proposal) -> Landing {
        let landing = |outcome, message| Landing { outcome, message };
        let plan = match Plan::new(&self.workspace, proposal) {
            Ok(plan) => plan,
            Err(obstacle) => return landing(Outcome::Conflict, Some(obstacle.to_string())),
        };
        let mut made = self.made();
        if self.cancel.is_cancelled() {
            return landing(Outcome::Cancelled, Some("Cancelled.".into()));
        }
        made.diff = diff(&plan);
        if !self.apply {
            return landing(Outcome::Proposed, None);
        }
        if plan.is_grave() {
            let message = format!(
                "This would {}, which is never done unasked; look at the diff and apply it with git apply.",
                plan.describe()
            );
            return landing(Outcome::Proposed, Some(message));
        }
        match write(&plan, &self.workspace) {
            Ok(()) => {
                made.written = plan.files.iter().map(told).collect();
                landing(Outcome::Applied, None)
            }
            Err(error) => landing(Outcome::Failed, Some(error)),
        }
    }
}

impl Host for Terminal {
    fn stage(&self, stage: Stage) {
        self.progress.stage(&stage);
    }

    fn land(&self, proposal: Proposal) -> Pending<'_, Landing> {
        Box::pin(async move { self.landed(&proposal) })
    }

    fn ended(&self, end: TurnEnd) {
        if let Some(ended) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = ended.send(end);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_second_interrupt_does_not_wait_for_a_turn_that_does_not_end() {
        let folder = tempfile::tempdir().unwrap();
        let host = Terminal {
            workspace: Arc::new(workspace(folder.path(), &Config::default()).unwrap_or_else(|_| panic!("a workspace"))),
            apply: true,
            progress: Progress::start(false),
            cancel: CancellationToken::new(),
            made: Mutex::default(),
            ended: Mutex::default(),
        };
        let mut interrupts = Interrupts::listen().unwrap();
        let (_never, end) = oneshot::channel();
        let interrupt = || kill_process(getpid(), Signal::INT).unwrap();
        interrupt();
        let user = async {
            host.cancel.cancelled().await;
            interrupt();
        };
        let (ended, ()) = tokio::join!(until_ended(end, &host, &mut interrupts), user);
        let Err(Failure::Failed(told)) = ended else { panic!("it waited for the end") };
        assert_eq!(told, "ended at once, as asked twice; nothing was written");
    }
}
