//! The command line: one file a subcommand. Exit codes: 0 done, 1 failed, 2 wrong usage; an error is one clear line on
//! stderr that says what is wrong, where, and what to do.

mod agent;
mod config;
mod demo;
mod doctor;
mod logging;
mod lsp;
mod output;
mod progress;
mod run;
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Loaded, Sources, state_dir};
use crate::workspace::Consents;

/// A language server that keeps a coding agent warm.
#[derive(Parser)]
#[command(name = "pilotlight", version, about)]
struct Cli {
    /// Serve on stdio (the default).
    #[arg(long)]
    stdio: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings that every subcommand takes.
#[derive(Args, Clone, Default)]
struct Settings {
    /// Set a configuration value for this run, e.g. provider.model="gpt-5.5".
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve one editor on stdio.
    Lsp(lsp::Arguments),
    /// Show the main job on a sample project or a copy of yours: no editor, no key, no network.
    Demo(demo::Arguments),
    /// Run one agent turn without an editor and print its diff.
    Run(run::Arguments),
    /// Run the embedded agent as a server of its own.
    Agent(agent::Arguments),
    /// Say what is configured, from where, and whether it works.
    Doctor(doctor::Arguments),
    /// Allow, list or revoke sending a workspace to the configured endpoint.
    Trust(trust::Arguments),
    /// Show the effective configuration and where each value came from.
    Config(config::Arguments),
}

/// How a subcommand ends.
enum Failure {
    /// It could not be done: exit code 1.
    Failed(String),
    /// It was asked for wrongly: exit code 2.
    Usage(String),
}

impl Failure {
    fn failed(error: impl ToString) -> Failure {
        Failure::Failed(error.to_string())
    }
}

type Outcome = Result<ExitCode, Failure>;

/// Reads the command line, runs it, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return fail(&Failure::Usage(in_one_line(&error))),
        // Help and version are no errors.
        Err(error) => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
    };
    if let Err(reason) = logging::start() {
        return fail(&Failure::Usage(reason));
    }
    if cli.stdio && !matches!(cli.command, None | Some(Command::Lsp(_))) {
        return fail(&Failure::Usage("--stdio belongs to `pilotlight lsp`; leave it out here".into()));
    }
    let outcome = match cli.command {
        None => lsp::run(&lsp::Arguments::default(), &cli.settings),
        Some(Command::Lsp(arguments)) => lsp::run(&arguments, &cli.settings),
        Some(Command::Demo(arguments)) => demo::run(&arguments, &cli.settings),
        Some(Command::Run(arguments)) => run::run(&arguments, &cli.settings),
        Some(Command::Agent(arguments)) => agent::run(&arguments),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments, &cli.settings),
        Some(Command::Trust(arguments)) => trust::run(&arguments, &cli.settings),
        Some(Command::Config(arguments)) => config::run(&arguments, &cli.settings),
    };
    outcome.unwrap_or_else(|failure| fail(&failure))
}

/// What is wrong with a command line, and the tip there may be; the usage that clap adds is a `--help` away.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let told: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    format!("{}; see pilotlight --help", told.join(" ").trim_start_matches("error: "))
}

fn fail(failure: &Failure) -> ExitCode {
    let (text, code) = match failure {
        Failure::Failed(text) => (text, 1),
        Failure::Usage(text) => (text, 2),
    };
    output::note(&format!("pilotlight: {text}"));
    ExitCode::from(code)
}

/// The user's configuration, with this run's settings on top.
fn load(settings: &Settings) -> Result<(Loaded, Sources), Failure> {
    let mut sources = Sources::from_process();
    for setting in &settings.set {
        sources.add_override(setting).map_err(|error| Failure::Usage(error.to_string()))?;
    }
    let loaded = crate::config::load(&sources).map_err(Failure::failed)?;
    Ok((loaded, sources))
}

/// Where the user's consents are kept.
fn consents(sources: &Sources) -> Consents {
    Consents::new(state_dir(&sources.env))
}

/// An existing folder given on the command line, else the current one.
fn folder(given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    let folder = match given {
        Some(folder) => folder.clone(),
        None => std::env::current_dir().map_err(Failure::failed)?,
    };
    match folder.canonicalize() {
        Ok(folder) if folder.is_dir() => Ok(folder),
        Ok(_) => Err(Failure::Usage(format!("{} is not a folder; give the folder of a project", folder.display()))),
        Err(error) => Err(Failure::Usage(format!("{}: {error}; give an existing folder", folder.display()))),
    }
}

/// A runtime for a subcommand.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no runtime: {error}")))
}
