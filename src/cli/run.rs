//! `pilotlight run`: one agent turn without an editor. Prints a unified diff; `--apply` writes it.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::output::{FAINT, coloured};
use super::{Failure, Settings, folder, load, runtime};
use crate::agent::landing::{Operation, Plan};
use crate::agent::preview::diff;
use crate::agent::{Action, Ask, Conversation, Host, Landing, Pending, Proposal, Stage, TurnEnd, TurnRequest};
use crate::config::{BaseUrl, Config, Endpoint, Loaded, Sources, WORKSPACE_FILE, narrow, state_dir};
use crate::embedded::{AgentOptions, start};
use crate::provider::{Provider, profile};
use crate::session::actor::Session;
use crate::session::receipt::{Outcome, Receipt};
use crate::workspace::{Consents, ContextRules, Documents, PositionEncoding, RelPath, Workspace};

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
    finish(arguments, &done, embedded)
}

/// What came of the turn.
struct Done {
    end: TurnEnd,
    diff: String,
}

async fn turn(arguments: &Arguments, root: &Path, user: &Loaded, sources: &Sources) -> Result<(Done, bool), Failure> {
    let embedded = match user.config.provider.endpoint {
        Endpoint::Embedded => Some(start(AgentOptions::default()).await.map_err(Failure::failed)?),
        Endpoint::Remote(_) => None,
    };
    let url = embedded.as_ref().and_then(|agent| BaseUrl::parse(&agent.base_url()).ok());
    let provider = Provider::of(&user.config, url);
    if let Some(reason) = missing_consent(&provider, root, sources) {
        let receipt = Receipt {
            turn: "t1".into(),
            action: Action::Edit.name().into(),
            transport: "websocket",
            outcome: Outcome::Refused,
            ..Receipt::default()
        };
        return Ok((Done { end: TurnEnd { receipt, message: reason }, diff: String::new() }, false));
    }
    let loaded = narrow(user, &root.join(WORKSPACE_FILE), true);
    for warning in &loaded.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    let config = loaded.config;
    let workspace = Arc::new(workspace(root, &config)?);
    let (file, lines) = place(arguments, &workspace)?;
    let profile = profile(&config, &provider, root, &sources.env)
        .map_err(|error| Failure::Failed(format!("{error}; {}", error.advice())))?;
    let session = Session::start(profile, Conversation::default(), true);
    let cancel = CancellationToken::new();
    let (ended, end) = oneshot::channel();
    let host = Arc::new(Terminal {
        workspace: workspace.clone(),
        apply: arguments.apply,
        shows_progress: std::io::stderr().is_terminal() && !arguments.json,
        diff: Mutex::default(),
        ended: Mutex::new(Some(ended)),
    });
    let ask = Ask {
        action: Action::Edit,
        file,
        lines,
        diagnostics: Vec::new(),
        instruction: Some(arguments.instruction.clone()),
    };
    let request = TurnRequest {
        id: "t1".into(),
        ask,
        workspace,
        diagnostics: Arc::default(),
        unfinished: Vec::new(),
        max_delta_bytes: usize::try_from(config.context.max_delta_bytes).unwrap_or(usize::MAX),
        cancel: cancel.clone(),
        host: host.clone(),
    };
    session.submit(request).map_err(Failure::failed)?;
    let interrupt = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupt.cancel();
        }
    });
    let end = end.await;
    host.clear();
    let end = end.map_err(|_| Failure::Failed("the turn ended without a result; please report it".into()))?;
    session.close().await;
    let diff = std::mem::take(&mut *host.diff.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((Done { end, diff }, provider.embedded))
}

/// A remote endpoint gets nothing before the user said yes; the reason, if they have not.
fn missing_consent(provider: &Provider, root: &Path, sources: &Sources) -> Option<String> {
    let consents = Consents::new(state_dir(&sources.env));
    let origin = provider.url.origin();
    let missing = provider.needs_consent() && !consents.granted(root, &origin);
    let root = root.display();
    missing.then(|| {
        format!("{root} has not been allowed to be sent to {origin}; to allow it, run: pilotlight trust {root}")
    })
}

fn workspace(root: &Path, config: &Config) -> Result<Workspace, Failure> {
    let rules = ContextRules { exclude: config.context.exclude.clone(), max_file_bytes: config.context.max_file_bytes };
    Workspace::new(root, Arc::new(Documents::new(PositionEncoding::Utf8)), rules).map_err(Failure::failed)
}

/// A file in the workspace, and lines of it.
type Place = (Option<RelPath>, Option<(usize, usize)>);

/// The file and line of `--file`.
fn place(arguments: &Arguments, workspace: &Workspace) -> Result<Place, Failure> {
    let Some(given) = &arguments.file else { return Ok((None, None)) };
    let (file, line) = split_place(given);
    let wrong = |reason: &str| Failure::Usage(format!("--file {given}: {reason}"));
    let path = Path::new(file);
    let full = if path.is_absolute() { path.to_owned() } else { workspace.root().join(path) };
    let full = full.canonicalize().map_err(|error| wrong(&format!("{error}; give a file of the workspace")))?;
    if !full.is_file() {
        return Err(wrong("this is not a file"));
    }
    let path = workspace.rel(&full).ok_or_else(|| wrong("it lies outside the workspace"))?;
    Ok((Some(path), line.map(|line| (line, line))))
}

/// `F[:LINE[:COL]]`; a column changes nothing, since a request is about lines.
fn split_place(given: &str) -> (&str, Option<usize>) {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let Some((rest, last)) = given.rsplit_once(':') else { return (given, None) };
    let Some(last) = number(last) else { return (given, None) };
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line).is_some() => (file, number(line)),
        _ => (rest, Some(last)),
    }
}

fn finish(arguments: &Arguments, done: &Done, embedded: bool) -> super::Outcome {
    let Done { end, diff } = done;
    let outcome = end.receipt.outcome;
    // The embedded agent that changed nothing has not done what was asked; a model may well have answered a question.
    let ok = match outcome {
        Outcome::Applied => true,
        Outcome::Proposed => !arguments.apply,
        Outcome::Answered => !embedded,
        _ => false,
    };
    if arguments.json {
        anstream::println!("{}", json!({"diff": diff, "message": end.message, "receipt": end.receipt}));
    } else {
        anstream::print!("{}", coloured(diff));
        let answered = outcome == Outcome::Answered && ok;
        if answered {
            anstream::println!("{}", end.message);
        } else if !end.message.is_empty() {
            let prefix = if ok { "" } else { "pilotlight: " };
            anstream::eprintln!("{prefix}{}", end.message);
        }
        if end.receipt.bytes_sent > 0 {
            anstream::eprintln!("{FAINT}{}{FAINT:#}", end.receipt.line());
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The terminal as a host.
struct Terminal {
    workspace: Arc<Workspace>,
    apply: bool,
    shows_progress: bool,
    diff: Mutex<String>,
    ended: Mutex<Option<oneshot::Sender<TurnEnd>>>,
}

impl Terminal {
    /// Clears the progress line.
    fn clear(&self) {
        if self.shows_progress {
            anstream::eprint!("\r\x1b[K");
        }
    }
}

impl Host for Terminal {
    fn stage(&self, stage: Stage) {
        let text = match stage {
            Stage::Connecting => "connecting".to_owned(),
            Stage::Thinking => "thinking".to_owned(),
            Stage::Waiting { delay, reason } => format!("waiting {:.0} s: {reason}", delay.as_secs_f64()),
            Stage::Reading(paths) => format!("reading {} files", paths.len()),
            Stage::Searching(pattern) => format!("searching {pattern}"),
            Stage::Editing(paths) => format!("editing {} files", paths.len()),
            Stage::Text(_) | Stage::Landing => return,
        };
        if self.shows_progress {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(70).collect();
            anstream::eprint!("\r\x1b[K{FAINT}{shown} …{FAINT:#}");
            let _ = std::io::stderr().flush();
        }
    }

    fn land(&self, proposal: Proposal) -> Pending<'_, Landing> {
        Box::pin(async move {
            let plan = match Plan::new(&self.workspace, &proposal) {
                Ok(plan) => plan,
                Err(obstacle) => {
                    return Landing { outcome: Outcome::Conflict, message: Some(obstacle.to_string()) };
                }
            };
            *self.diff.lock().unwrap_or_else(PoisonError::into_inner) = diff(&plan);
            if !self.apply {
                return Landing { outcome: Outcome::Proposed, message: None };
            }
            if plan.is_grave() {
                let message = format!(
                    "This would {}, which is never done unasked; look at the diff and apply it with git apply.",
                    plan.describe()
                );
                return Landing { outcome: Outcome::Proposed, message: Some(message) };
            }
            match write(&plan, &self.workspace) {
                Ok(()) => Landing { outcome: Outcome::Applied, message: None },
                Err(error) => Landing { outcome: Outcome::Failed, message: Some(error) },
            }
        })
    }

    fn ended(&self, end: TurnEnd) {
        if let Some(ended) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = ended.send(end);
        }
    }
}

/// Writes a plan: every new text beside its file first, then all of them into place, then what goes.
fn write(plan: &Plan, workspace: &Workspace) -> Result<(), String> {
    let mut ready = Vec::new();
    for file in plan.files.iter().filter(|file| file.operation != Operation::Delete) {
        let target = workspace.abs(&file.path);
        let failed = |error: std::io::Error| format!("{}: {error}; nothing was written", target.display());
        let directory = target.parent().unwrap_or(workspace.root());
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut temporary = temporary_in(directory).map_err(failed)?;
        temporary.write_all(file.target.as_bytes()).map_err(failed)?;
        let source = match &file.operation {
            Operation::Rename { from } => workspace.abs(from),
            _ => target.clone(),
        };
        if let Ok(metadata) = std::fs::metadata(&source) {
            temporary.as_file().set_permissions(metadata.permissions()).map_err(failed)?;
        }
        ready.push((temporary, target));
    }
    for (temporary, target) in ready {
        temporary.persist(&target).map_err(|error| format!("{}: {}", target.display(), error.error))?;
    }
    for file in &plan.files {
        let gone = match &file.operation {
            Operation::Rename { from } => from,
            Operation::Delete => &file.path,
            Operation::Edit | Operation::Create => continue,
        };
        let path = workspace.abs(gone);
        std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// A new file beside its place, with the permissions any new file gets.
fn temporary_in(directory: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".pilotlight-").tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_with_or_without_line_and_column() {
        assert_eq!(split_place("src/a.rs"), ("src/a.rs", None));
        assert_eq!(split_place("src/a.rs:12"), ("src/a.rs", Some(12)));
        assert_eq!(split_place("src/a.rs:12:5"), ("src/a.rs", Some(12)));
        assert_eq!(split_place("odd:name.rs"), ("odd:name.rs", None));
        assert_eq!(split_place(r"C:\a.rs:3"), (r"C:\a.rs", Some(3)));
    }
}
