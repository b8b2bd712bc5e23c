//! `pilotlight demo`: the main job, watched. A real server, a real editor's protocol, a real loopback socket; only the
//! person is played.

mod editor;
mod project;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::process::Command;

use super::output::{FAINT, STRONG, coloured, table};
use super::{Failure, Outcome, Settings, folder, runtime};
use crate::config::{Endpoint, state_dir};
use crate::delta::unified::{Change, render_git};
use crate::embedded::{AgentOptions, RunningAgent, start};
use crate::workspace::{Consents, path_to_uri};
use editor::{Editor, News};
use project::{Beginning, Project};

/// Lines of a diff shown at most in the story.
const SHOWN_LINES: usize = 70;

#[derive(Args)]
pub struct Arguments {
    /// Work on a copy of this project instead of the sample.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Print one JSON object a turn instead of the story.
    #[arg(long)]
    json: bool,
    /// Whom to ask: the embedded agent, or the provider of your configuration.
    #[arg(long, value_enum, default_value = "embedded", num_args = 0..=1, default_missing_value = "configured")]
    provider: Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Asked {
    Embedded,
    Configured,
}

pub fn run(arguments: &Arguments, settings: &Settings) -> Outcome {
    let source = arguments.workspace.as_ref().map(|given| folder(Some(given))).transpose()?;
    runtime()?.block_on(async {
        let project = match &source {
            Some(source) => Project::copy_of(source)?,
            None => Project::sample()?,
        };
        let mut story = Story { json: arguments.json, receipts: Vec::new() };
        story.say(&match &source {
            Some(source) => format!("A copy of {} is opened in an editor.", source.display()),
            None => "A small Rust project is opened in an editor.".to_owned(),
        });
        let server = Server::start(arguments.provider, settings).await?;
        story.say(&format!("The editor starts `pilotlight lsp`; its session with {} warms up.", server.name()));
        // A copy of a project may go where the project may; the bundled sample may go anywhere.
        let mut agrees_to = vec!["Apply"];
        if source.as_ref().is_none_or(|source| server.may_have(source)) {
            agrees_to.push("Allow");
        }
        let mut editor = Editor::start(server.command()?, &project.root(), agrees_to).await?;
        let turns = turns(&project, source.is_some())?;
        for turn in &turns {
            story.play(&mut editor, &project, turn).await?;
        }
        let status = editor.command("pilotlight.status", json!({})).await?;
        editor.stop().await?;
        server.forget(&project.root());
        story.end(&status);
        let done = story.receipts.iter().all(|receipt| receipt["outcome"] == "applied");
        Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// What the played person does.
enum Turn {
    /// Changes a name where it is defined and asks to finish.
    Finish(Beginning),
    /// Asks to fix a problem that another server reports.
    Fix { file: &'static str, line: &'static str, message: &'static str, code: &'static str },
}

fn turns(project: &Project, picked: bool) -> Result<Vec<Turn>, Failure> {
    if picked {
        return Ok(project.pick(2)?.into_iter().map(Turn::Finish).collect());
    }
    let known = [
        project.beginning("src/station.rs", "pub fn fetch(", "fetch", "load", "function"),
        project.beginning("src/station.rs", "pub struct Reading", "Reading", "Observation", "type"),
    ];
    let mut turns: Vec<Turn> = known.into_iter().flatten().map(Turn::Finish).collect();
    turns.push(Turn::Fix {
        file: "src/cache.rs",
        line: "use std::collections::BTreeMap;",
        message: "unused import: `std::collections::BTreeMap`\nhelp: remove the whole `use` item",
        code: "unused_imports",
    });
    Ok(turns)
}

/// Whom the demo's server talks to.
struct Server {
    agent: Option<RunningAgent>,
    /// The configured provider's origin, and what the user allowed.
    configured: Option<(String, Consents)>,
    settings: Settings,
}

impl Server {
    async fn start(asked: Asked, settings: &Settings) -> Result<Server, Failure> {
        let settings = settings.clone();
        if asked == Asked::Embedded {
            let agent = start(AgentOptions::default()).await.map_err(Failure::failed)?;
            return Ok(Server { agent: Some(agent), configured: None, settings });
        }
        let (loaded, sources) = super::load(&settings)?;
        let configured = match loaded.config.provider.endpoint {
            Endpoint::Remote(url) => Some((url.origin(), Consents::new(state_dir(&sources.env)))),
            Endpoint::Embedded => None,
        };
        Ok(Server { agent: None, configured, settings })
    }

    /// The copy is gone, and with it the consent that was given for it.
    fn forget(&self, copy: &Path) {
        if let Some((_, consents)) = &self.configured {
            let _ = consents.revoke(copy);
        }
    }

    /// Whether the user allowed this folder to be sent to the configured provider.
    fn may_have(&self, folder: &Path) -> bool {
        self.configured.as_ref().is_some_and(|(origin, consents)| consents.granted(folder, origin))
    }

    fn name(&self) -> String {
        match &self.agent {
            Some(agent) => format!("the embedded agent at {}", agent.websocket_url()),
            None => "the configured provider".into(),
        }
    }

    /// This very program, as a server.
    fn command(&self) -> Result<Command, Failure> {
        let program = std::env::current_exe().map_err(Failure::failed)?;
        let mut command = Command::new(program);
        if let Some(agent) = &self.agent {
            // The user's own settings and key stay out of it.
            command.env("PILOTLIGHT_CONFIG", null_device()).env_remove("OPENAI_API_KEY");
            command.arg("--set").arg(format!("provider.base_url={}", agent.base_url()));
        }
        for setting in &self.settings.set {
            command.arg("--set").arg(setting);
        }
        Ok(command)
    }
}

/// A configuration file without content.
fn null_device() -> &'static str {
    if cfg!(windows) { "NUL" } else { "/dev/null" }
}

/// What is told, in words or as JSON.
struct Story {
    json: bool,
    receipts: Vec<Value>,
}

impl Story {
    fn say(&self, text: &str) {
        if !self.json {
            anstream::println!("{text}");
        }
    }

    async fn play(&mut self, editor: &mut Editor, project: &Project, turn: &Turn) -> Result<(), Failure> {
        let (command, argument) = match turn {
            Turn::Finish(beginning) => self.begin_change(editor, project, beginning).await?,
            Turn::Fix { file, line, message, code } => {
                self.ask_to_fix(editor, project, file, line, message, code).await?
            }
        };
        let before = editor.texts();
        let (shows_steps, started) = (!self.json, Instant::now());
        let mut said = String::new();
        editor
            .turn(command, argument, |news| match news {
                News::Step(text) if shows_steps => anstream::println!("{FAINT}   · {text}{FAINT:#}"),
                News::Asked(text, answer) if shows_steps => {
                    anstream::println!("   ? {text}  {STRONG}{answer}{STRONG:#}")
                }
                News::Said(text) => said = text,
                News::Step(_) | News::Asked(..) => {}
            })
            .await?;
        for news in editor.news() {
            if let News::Said(text) = news {
                said = text;
            }
        }
        let diff = difference(&before, editor, project);
        let receipts = editor.command("pilotlight.receipts", json!({})).await?;
        let receipt = receipts.pointer("/turns").and_then(Value::as_array).and_then(|all| all.last()).cloned();
        let receipt = receipt.unwrap_or_default();
        self.show(&diff, &said, &receipt, started);
        self.receipts.push(receipt);
        Ok(())
    }

    fn show(&self, diff: &str, said: &str, receipt: &Value, started: Instant) {
        if self.json {
            anstream::println!("{}", json!({"diff": diff, "message": said, "receipt": receipt}));
            return;
        }
        let lines: Vec<&str> = diff.split_inclusive('\n').collect();
        let shown: String = lines.iter().take(SHOWN_LINES).copied().collect();
        anstream::print!("{}", coloured(&shown));
        if lines.len() > SHOWN_LINES {
            anstream::println!("{FAINT}   … {} more lines{FAINT:#}", lines.len() - SHOWN_LINES);
        }
        let number = |field: &str| receipt[field].as_u64().unwrap_or_default();
        anstream::println!(
            "   {STRONG}{}{STRONG:#} after {:.0} ms: {said}\n   {} bytes sent, a full resend would have sent {}.",
            receipt["outcome"].as_str().unwrap_or("failed"),
            started.elapsed().as_secs_f64() * 1000.0,
            number("bytes_sent"),
            number("bytes_full_resend"),
        );
    }

    async fn begin_change(
        &self,
        editor: &mut Editor,
        project: &Project,
        beginning: &Beginning,
    ) -> Result<(&'static str, Value), Failure> {
        let Beginning { file, line, column, old, new, what } = beginning;
        editor.open(file.as_str()).await?;
        let place = current_place(editor, beginning).unwrap_or((*line, *column));
        let length = u32::try_from(old.len()).unwrap_or_default();
        editor.replace(file.as_str(), place.0, place.1, length, new).await?;
        self.say(&format!(
            "\n{STRONG}You rename the {what} `{old}` to `{new}` where it is defined, {file}:{}, without saving, and choose \
             \u{201c}Finish this change\u{201d}.{STRONG:#}",
            place.0 + 1
        ));
        Ok(("pilotlight.finish", json!({"uri": path_to_uri(&project.root().join(file.as_str()))})))
    }

    async fn ask_to_fix(
        &self,
        editor: &mut Editor,
        project: &Project,
        file: &str,
        line: &str,
        message: &str,
        code: &str,
    ) -> Result<(&'static str, Value), Failure> {
        editor.open(file).await?;
        let number = editor.text(file).lines().position(|one| one == line).unwrap_or_default();
        let range =
            json!({"start": {"line": number, "character": 4}, "end": {"line": number, "character": line.len() - 1}});
        self.say(&format!(
            "\n{STRONG}The compiler says of {file}:{}: {}. You choose \u{201c}Fix\u{201d}.{STRONG:#}",
            number + 1,
            message.lines().next().unwrap_or_default()
        ));
        let diagnostic = json!({"range": range, "severity": 2, "source": "rustc", "code": code, "message": message});
        let uri = path_to_uri(&project.root().join(file));
        Ok(("pilotlight.fix", json!({"uri": uri, "range": range, "diagnostics": [diagnostic]})))
    }

    fn end(&self, status: &Value) {
        if self.json {
            return;
        }
        let connections = status.pointer("/sessions/0/connections").and_then(Value::as_u64).unwrap_or_default();
        let turns = self.receipts.len();
        let plural = if connections == 1 { "" } else { "s" };
        let handshakes: u64 = self.receipts.iter().filter_map(|one| one["handshakes"].as_u64()).sum();
        anstream::println!(
            "\n{STRONG}Receipts{STRONG:#} of {turns} turns over {connections} connection{plural}, {handshakes} handshakes waited for:\n"
        );
        anstream::print!("{}", table(&self.receipts));
        if std::io::stdout().is_terminal() {
            anstream::println!("\n{FAINT}Set provider.base_url and a key to ask a model; see README.md.{FAINT:#}");
        }
    }
}

/// Where the name stands now: earlier turns may have moved it.
fn current_place(editor: &Editor, beginning: &Beginning) -> Option<(u32, u32)> {
    let text = editor.text(beginning.file.as_str());
    let line = text.lines().nth(beginning.line as usize)?;
    let column = beginning.column as usize;
    if line.get(column..)?.starts_with(&beginning.old) {
        return Some((beginning.line, beginning.column));
    }
    let (number, line) = text.lines().enumerate().find(|(_, line)| line.contains(&beginning.old))?;
    Some((u32::try_from(number).ok()?, u32::try_from(line.find(&beginning.old)?).ok()?))
}

/// What a turn did to the buffers, as a diff.
fn difference(before: &BTreeMap<String, String>, editor: &Editor, project: &Project) -> String {
    let mut diff = String::new();
    for (path, new) in editor.texts() {
        let old = match before.get(&path) {
            Some(old) => old.clone(),
            None => std::fs::read_to_string(project.root().join(&path)).unwrap_or_default(),
        };
        if old != new {
            diff.push_str(&render_git(&Change { old_path: &path, new_path: &path, old: Some(&old), new: Some(&new) }));
        }
    }
    diff
}
