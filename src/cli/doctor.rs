//! `pilotlight doctor`: what is configured, from where, and whether it works; each failure with what to do about it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::output::{FAINT, STRONG};
use super::{Failure, Outcome, Settings, load, runtime};
use crate::config::{BaseUrl, Endpoint, Loaded, Sources, state_dir};
use crate::embedded::{AgentOptions, start};
use crate::provider::{Provider, profile};
use crate::session::connector::{ConnectFailure, Verdict, fetch_key, light};
use crate::session::profile::{Profile, Transports};
use crate::wire::http;
use crate::workspace::Consents;

#[derive(Args)]
pub struct Arguments {
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

/// One thing looked at.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What was found.
    found: String,
    /// What to do, when it is not right.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Check {
        Check { name, ok: true, found: found.into(), fix: None }
    }

    fn bad(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, ok: false, found: found.into(), fix: Some(fix.into()) }
    }
}

pub fn run(arguments: &Arguments, settings: &Settings) -> Outcome {
    let (loaded, sources) = load(settings)?;
    let checks = runtime()?.block_on(examine(&loaded, &sources))?;
    let ok = checks.iter().all(|check| check.ok);
    if arguments.json {
        anstream::println!("{}", json!({"ok": ok, "checks": checks}));
    } else {
        for check in &checks {
            let mark = if check.ok { "ok  " } else { "FAIL" };
            anstream::println!("{STRONG}{mark}{STRONG:#} {:<14} {}", check.name, check.found);
            if let Some(fix) = &check.fix {
                anstream::println!("     {:<14} {FAINT}→ {fix}{FAINT:#}", "");
            }
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(loaded: &Loaded, sources: &Sources) -> Result<Vec<Check>, Failure> {
    let config = &loaded.config;
    let agent = match config.provider.endpoint {
        Endpoint::Embedded => Some(start(AgentOptions::default()).await.map_err(Failure::failed)?),
        Endpoint::Remote(_) => None,
    };
    let url = agent.as_ref().and_then(|agent| BaseUrl::parse(&agent.base_url()).ok());
    let provider = Provider::of(config, url);
    let here = std::env::current_dir().map_err(Failure::failed)?;
    let mut checks = vec![configuration(loaded, sources), endpoint(loaded, &provider)];
    match profile(config, &provider, &here, &sources.env) {
        Ok(profile) => {
            checks.push(key(loaded, &provider, &profile).await);
            let proxy =
                if profile.target.proxy.is_some() { "through the configured proxy" } else { "direct, no proxy" };
            checks.push(Check::good("way", proxy));
            checks.extend(connection(Arc::new(profile)).await);
        }
        Err(error) => checks.push(Check::bad("way", error.to_string(), "correct provider.ca_file or provider.proxy")),
    }
    checks.push(consent(&provider, &here, sources));
    checks.push(editors(sources));
    Ok(checks)
}

fn configuration(loaded: &Loaded, sources: &Sources) -> Check {
    let file = match sources.user_file_path() {
        Some(path) if path.exists() => path.display().to_string(),
        Some(path) => format!("{} (not there; defaults are used)", path.display()),
        None => "no place for a user file; defaults are used".into(),
    };
    match loaded.warnings.first() {
        None => Check::good("configuration", file),
        Some(warning) => Check::bad("configuration", file, warning.to_string()),
    }
}

fn endpoint(loaded: &Loaded, provider: &Provider) -> Check {
    let from = |key: &str| loaded.provenance.of(key).to_string();
    let found = if provider.embedded {
        "the embedded agent: neither provider.base_url nor a key is set".to_owned()
    } else {
        format!(
            "{} (from {}), model {} (from {})",
            provider.name(),
            from("provider.base_url"),
            provider.model(&loaded.config),
            from("provider.model")
        )
    };
    Check::good("provider", found)
}

async fn key(loaded: &Loaded, provider: &Provider, profile: &Profile) -> Check {
    let from = loaded.provenance.of("provider.api_key_env").to_string();
    match fetch_key(profile).await {
        Ok(Some(_)) => Check::good("key", format!("present (source set by {from}); it is never shown")),
        Ok(None) if provider.embedded || provider.url.is_loopback() => Check::good("key", "none, and none is needed"),
        Ok(None) => Check::bad("key", "none", "set the variable that provider.api_key_env names, or api_key_command"),
        Err(error) => Check::bad("key", error.to_string(), "correct provider.api_key_env or api_key_command"),
    }
}

/// Upgrade and warm-up, or the HTTP connection that would serve instead.
async fn connection(profile: Arc<Profile>) -> Vec<Check> {
    if profile.transports == Transports::Http {
        return vec![over_http(&profile).await];
    }
    let started = Instant::now();
    match light(profile.clone(), None).await {
        Ok(lit) => {
            let spent = started.elapsed();
            let warm = match lit.response_id {
                Some(_) => Check::good("warm-up", "answered; turns continue from it"),
                None => Check::good("warm-up", "refused by the server; the first turn of a session is a full request"),
            };
            vec![Check::good("websocket", format!("{} in {spent:.1?}", profile.websocket_url)), warm]
        }
        Err(error) => without_websocket(&profile, &error).await,
    }
}

async fn without_websocket(profile: &Profile, error: &ConnectFailure) -> Vec<Check> {
    let failed = |fix: &str| Check::bad("websocket", error.to_string(), fix.to_owned());
    match error.verdict() {
        Verdict::Fatal(failure) => vec![failed(&failure.to_string())],
        _ if profile.transports == Transports::WebSocket => {
            vec![failed("check provider.base_url and the network, or set provider.transport = \"auto\"")]
        }
        _ => {
            let http = over_http(profile).await;
            let fix = if http.ok { "HTTP would be used instead" } else { "check provider.base_url and the network" };
            vec![failed(fix), http]
        }
    }
}

async fn over_http(profile: &Profile) -> Check {
    let started = Instant::now();
    let key = fetch_key(profile).await.unwrap_or_default();
    let mut client = http::Client::new(profile.target.clone(), profile.http(key));
    match client.connect(profile.limits.connect_timeout).await {
        Ok(_) => Check::good("http", format!("{} reached in {:.1?}", profile.http_url, started.elapsed())),
        Err(error) => Check::bad("http", error.to_string(), "check provider.base_url and the network"),
    }
}

fn consent(provider: &Provider, here: &Path, sources: &Sources) -> Check {
    let origin = provider.url.origin();
    if !provider.needs_consent() {
        return Check::good("consent", "not needed: nothing leaves this machine");
    }
    if Consents::new(state_dir(&sources.env)).granted(here, &origin) {
        return Check::good("consent", format!("{} may be sent to {origin}", here.display()));
    }
    // Not a failure: the editor asks at the first action.
    Check::good("consent", format!("{} has not been allowed to be sent to {origin}; you will be asked", here.display()))
}

fn editors(sources: &Sources) -> Check {
    let path = sources.env.get("PATH").map(String::as_str).unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let is_there = |name: &str| {
        folders.iter().any(|folder| folder.join(name).is_file() || folder.join(format!("{name}.exe")).is_file())
    };
    let known = [("code", "VS Code"), ("codium", "VSCodium"), ("nvim", "Neovim"), ("hx", "Helix"), ("helix", "Helix")];
    let found: Vec<&str> = known.iter().filter(|(command, _)| is_there(command)).map(|(_, name)| *name).collect();
    let text = if found.is_empty() { "none found on PATH".to_owned() } else { found.join(", ") };
    Check::good("editors", text)
}
