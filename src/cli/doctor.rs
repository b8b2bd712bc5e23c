//! `pilotlight doctor`: what is configured, from where, and whether it works; each failure with what to do about it.
//!
//! Every check is bounded, a check that needs a failed one is skipped and says so, and no key is ever shown.

mod connection;
mod setup;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::output::{BAD, FAINT, GOOD, NOTABLE, STRONG, visible};
use super::{Failure, Outcome, Settings, consents, folder, load, runtime};
use crate::config::{BaseUrl, Endpoint, Loaded, Sources};
use crate::embedded::{AgentOptions, start};
use crate::provider::Provider;
use crate::scope::Scope;

#[derive(Args)]
pub struct Arguments {
    /// The project; the current folder if none is given.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

/// One thing looked at.
struct Check {
    name: &'static str,
    state: State,
    /// What was found; further lines are details.
    found: String,
    /// What to do, when it is not right or could be better.
    fix: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It works, and could be better.
    Note,
    Bad,
    /// Not looked at, since it needs something that failed.
    Skipped,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Check {
        Check { name, state: State::Good, found: found.into(), fix: None }
    }

    fn note(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, state: State::Note, found: found.into(), fix: Some(fix.into()) }
    }

    fn bad(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, state: State::Bad, found: found.into(), fix: Some(fix.into()) }
    }

    fn skipped(name: &'static str, needs: &str) -> Check {
        Check { name, state: State::Skipped, found: needs.to_owned(), fix: None }
    }

    fn is_ok(&self) -> bool {
        matches!(self.state, State::Good | State::Note)
    }

    /// `{name, ok, found, fix?}`.
    fn json(&self) -> Value {
        let found = match self.state {
            State::Skipped => format!("skipped: {}", self.found),
            _ => self.found.clone(),
        };
        let mut value = json!({"name": self.name, "ok": self.is_ok(), "found": found});
        if let Some(fix) = &self.fix {
            value["fix"] = json!(fix);
        }
        value
    }

    fn print(&self) {
        let (mark, style) = match self.state {
            State::Good => ("ok", GOOD),
            State::Note => ("note", NOTABLE),
            State::Bad => ("FAIL", BAD),
            State::Skipped => ("skip", FAINT),
        };
        let found = visible(&self.found);
        let mut lines = found.lines();
        let first = lines.next().unwrap_or_default();
        anstream::println!("{style}{mark:<4}{style:#} {STRONG}{:<14}{STRONG:#} {first}", self.name);
        for detail in lines {
            anstream::println!("{:<20}{FAINT}{detail}{FAINT:#}", "");
        }
        for fix in self.fix.as_deref().map(visible).iter().flat_map(|fix| fix.lines()) {
            anstream::println!("{:<20}→ {fix}", "");
        }
    }
}

pub fn run(arguments: &Arguments, settings: &Settings) -> Outcome {
    let root = folder(arguments.workspace.as_ref())?;
    let checks = match load(settings) {
        Ok((loaded, sources)) => {
            let runtime = runtime()?;
            let checks = runtime.block_on(examine(&loaded, &sources, &root));
            // A name lookup that was given up may still hang in the system; what was found does not wait for it.
            runtime.shutdown_background();
            checks?
        }
        Err(Failure::Failed(reason)) => unreadable(&reason),
        Err(usage) => return Err(usage),
    };
    let ok = checks.iter().all(Check::is_ok);
    if arguments.json {
        let checks: Vec<Value> = checks.iter().map(Check::json).collect();
        anstream::println!("{}", json!({"ok": ok, "checks": checks}));
    } else {
        checks.iter().for_each(Check::print);
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The checks where there is no configuration to go by.
fn unreadable(reason: &str) -> Vec<Check> {
    let configuration = Check::bad("configuration", reason, "correct it, then run `pilotlight doctor` again");
    let others = ["workspace", "provider", "key", "consent"].into_iter().chain(connection::NAMES);
    let skipped = others.map(|name| Check::skipped(name, "the configuration cannot be read"));
    std::iter::once(configuration).chain(skipped).collect()
}

async fn examine(loaded: &Loaded, sources: &Sources, root: &Path) -> Result<Vec<Check>, Failure> {
    let config = &loaded.config;
    let agent = match config.provider.endpoint {
        Endpoint::Embedded => Some(start(AgentOptions::default()).await.map_err(Failure::failed)?),
        Endpoint::Remote(_) => None,
    };
    let url = agent.as_ref().and_then(|agent| BaseUrl::parse(&agent.base_url()).ok());
    let provider = Provider::of(config, url);
    let scope = Scope::of(root, loaded, &consents(sources));
    let mut checks =
        vec![setup::configuration(loaded, sources), setup::workspace(&scope), setup::endpoint(loaded, &provider)];
    let key = setup::key(loaded, &provider).await;
    let has_key = key.is_ok();
    checks.push(key);
    checks.extend(connection::examine(loaded, &provider, sources, root, has_key).await);
    checks.push(setup::consent(&scope));
    checks.push(setup::editors(sources));
    Ok(checks)
}
