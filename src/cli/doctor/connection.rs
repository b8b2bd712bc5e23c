//! The way to the provider, step by step: proxy, network, TLS, WebSocket with its warm-up, HTTP, and which of the two a
//! session would use. Nothing of the workspace is sent, and nothing that a model would answer.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{Check, State};
use crate::config::{Loaded, Sources};
use crate::provider::{Provider, Way, profile, roots};
use crate::session::connector::{ConnectFailure, Lit, Verdict, fetch_key, light};
use crate::session::failure::{KEY_REFUSED, REDIRECTED};
use crate::session::profile::{Profile, Transports};
use crate::wire::dial::{DialError, Dialled, dial};
use crate::wire::error::{ApiError, ErrorClass};
use crate::wire::http::{Client, Refusal};

/// The checks of this file, in order.
pub(super) const NAMES: [&str; 7] = ["proxy", "network", "tls", "websocket", "warm-up", "http", "transport"];

/// Longest wait for an answer; a session has more patience, somebody who waits for a diagnosis has not.
const PATIENCE: Duration = Duration::from_secs(10);

/// The checks where a setting keeps everything from being tried.
fn unusable(error: &DialError) -> Vec<Check> {
    let name = if matches!(error, DialError::BadProxy { .. }) { "proxy" } else { "tls" };
    let check = |at| match at == name {
        true => Check::bad(name, error.to_string(), error.advice()),
        false => Check::skipped(at, &format!("needs {name}")),
    };
    NAMES.into_iter().map(check).collect()
}

pub(super) async fn examine(
    loaded: &Loaded,
    provider: &Provider,
    sources: &Sources,
    here: &Path,
    has_key: bool,
) -> Vec<Check> {
    let (way, profile) = match settings(loaded, provider, sources, here) {
        Ok(settings) => settings,
        Err(error) => return unusable(&error),
    };
    let profile = Arc::new(profile);
    let mut checks = vec![Check::good("proxy", way.to_string())];
    let started = Instant::now();
    let dialled = dial(&profile.target, tokio::time::Instant::now() + profile.limits.connect_timeout).await;
    let took = started.elapsed();
    checks.extend(network(&profile, &dialled, &trusted(loaded, sources), took));
    let rest = NAMES.into_iter().skip(checks.len());
    let needs = match &dialled {
        Err(DialError::Tls { .. }) => "needs tls",
        Err(_) => "needs network",
        Ok(_) if !has_key => "needs key",
        Ok(_) => {
            drop(dialled);
            checks.extend(transports(&profile).await);
            return checks;
        }
    };
    checks.extend(rest.map(|name| Check::skipped(name, needs)));
    checks
}

fn settings(loaded: &Loaded, provider: &Provider, sources: &Sources, here: &Path) -> Result<(Way, Profile), DialError> {
    let way = Way::of(&loaded.config, provider, &sources.env)?;
    // Whoever asks for a diagnosis wants the provider dialled, and nothing of a workspace is in what it is sent.
    let profile = Profile { consent: None, ..profile(&loaded.config, provider, here, &sources.env)? };
    Ok((way, profile))
}

/// TCP, the proxy's tunnel and TLS.
fn network(profile: &Profile, dialled: &Result<Dialled, DialError>, trusted: &str, took: Duration) -> [Check; 2] {
    let host = &profile.target.host;
    match dialled {
        Err(error @ DialError::Tls { .. }) => {
            let tls = format!("{error}\n{trusted}");
            [Check::good("network", format!("{host} reached")), Check::bad("tls", tls, error.advice())]
        }
        Err(error) => {
            [Check::bad("network", error.to_string(), error.advice()), Check::skipped("tls", "needs network")]
        }
        Ok(dialled) => {
            let through = if profile.target.proxy.is_some() { "through the proxy at" } else { "at" };
            let reached = format!("{host} reached {through} {} in {}", dialled.peer, shown(took));
            let tls = match &dialled.secured {
                None => "not used: the provider is on this machine".to_owned(),
                Some(secured) => {
                    let issuer = secured.issuer.as_deref().unwrap_or("an authority without a name");
                    format!("{}, certificate signed by {issuer}\n{trusted}", secured.version)
                }
            };
            [Check::good("network", reached), Check::good("tls", tls)]
        }
    }
}

/// Whose certificates are taken.
fn trusted(loaded: &Loaded, sources: &Sources) -> String {
    // Where authorities are files, the platform's verifier takes those of the variables instead of the system's.
    const IN_FILES: bool = cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));
    let named = |name: &&str| sources.env.get(*name).filter(|_| IN_FILES).map(|path| format!("{path} (from {name})"));
    let mut trusted: Vec<String> = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().filter_map(named).collect();
    if trusted.is_empty() {
        trusted.push("the system's authorities".into());
    }
    if let Some((file, named_by)) = roots(&loaded.config, &sources.env).file {
        trusted.push(format!("{} (from {named_by})", file.display()));
    }
    trusted.dedup();
    format!("trusted: {}", trusted.join(", "))
}

/// Both transports, and which one a session would take.
async fn transports(profile: &Arc<Profile>) -> Vec<Check> {
    let not_used = |name, setting: &str| Check::good(name, format!("not used: provider.transport is \"{setting}\""));
    if profile.transports == Transports::Http {
        let http = over_http(profile).await;
        let choice = choice(None, Some(&http));
        return vec![not_used("websocket", "http"), not_used("warm-up", "http"), http, choice];
    }
    let started = Instant::now();
    let lit = light(profile.clone(), None).await;
    let took = started..Instant::now();
    let http = match &lit {
        Err(error) if matches!(error.verdict(), Verdict::Fatal(_)) => {
            Check::skipped("http", "the provider refused before")
        }
        _ if profile.transports == Transports::WebSocket => not_used("http", "websocket"),
        _ => over_http(profile).await,
    };
    let may_fall_back = profile.transports == Transports::Auto;
    let ([websocket, warm_up], http) = match lit {
        Err(error) => (without_websocket(&error, may_fall_back && http.is_ok()), http),
        Ok(lit) => {
            let checks = over_websocket(profile, &lit, took);
            lit.connection.close("doctor").await;
            // A provider that speaks only WebSocket is no failure: HTTP is what a session falls back to.
            let nothing = "WebSocket serves; there is nothing to fall back to";
            (checks, if http.is_ok() { http } else { Check::note("http", http.found, nothing) })
        }
    };
    let choice = choice(Some(&websocket), Some(&http).filter(|_| may_fall_back));
    vec![websocket, warm_up, http, choice]
}

fn over_websocket(profile: &Profile, lit: &Lit, took: Range<Instant>) -> [Check; 2] {
    let url = &profile.websocket_url;
    if lit.response_id.is_none() {
        let found = "the server refuses or ignores it; the first turn of a session is a full request";
        let fix = "if turns are not answered either, set provider.transport = \"http\"";
        return [Check::good("websocket", format!("{url} upgraded")), Check::note("warm-up", found, fix)];
    }
    let opened = shown(lit.since.saturating_duration_since(took.start));
    let warmed = shown(took.end.saturating_duration_since(lit.since));
    [
        Check::good("websocket", format!("{url} upgraded in {opened}")),
        Check::good("warm-up", format!("answered in {warmed}; turns continue from it")),
    ]
}

fn without_websocket(error: &ConnectFailure, http_serves: bool) -> [Check; 2] {
    if http_serves {
        let fix = "if this server or network never takes WebSockets, provider.transport = \"http\" saves the attempt";
        let warm_up = Check::good("warm-up", "none: there is none over HTTP");
        [Check::note("websocket", error.to_string(), fix), warm_up]
    } else {
        let warm_up = Check::skipped("warm-up", "needs websocket");
        [Check::bad("websocket", error.to_string(), error.advice()), warm_up]
    }
}

/// An empty request: an API says what is missing in it, and there is nothing for a model to answer.
async fn over_http(profile: &Profile) -> Check {
    let started = Instant::now();
    let key = fetch_key(profile).await.unwrap_or_default();
    let mut client = Client::new(profile.target.clone(), profile.http(key));
    if let Err(error) = client.connect(profile.limits.connect_timeout).await {
        let failure = ConnectFailure::from(error);
        return Check::bad("http", failure.to_string(), failure.advice());
    }
    let url = &profile.http_url;
    let general = "check provider.base_url and the network, then try again";
    let limit = profile.limits.first_event_timeout.min(PATIENCE);
    match timeout(limit, client.post("{}".into(), limit)).await {
        Ok(Ok(_)) => Check::good("http", format!("{url} answers in {}", shown(started.elapsed()))),
        Ok(Err(Refusal::Api(error))) => answered(url, &error, started.elapsed()),
        Ok(Err(Refusal::Lost(closed))) => Check::bad("http", format!("{url}: {closed}"), general),
        Err(_) => Check::bad("http", format!("{url} took the request and did not answer within {limit:?}"), general),
    }
}

/// What an error says about the endpoint: most say that it is one.
fn answered(url: &str, error: &ApiError, took: Duration) -> Check {
    let status = error.status.unwrap_or_default();
    match status {
        401 | 403 => Check::bad("http", format!("{url} refused the key: {error}"), KEY_REFUSED),
        404 | 405 | 501 => Check::bad(
            "http",
            format!("{url} is no Responses API (HTTP status {status})"),
            "correct provider.base_url; `/responses` is appended to it",
        ),
        _ if error.class() == ErrorClass::Redirect => {
            Check::bad("http", format!("{url} answers with {error}"), REDIRECTED)
        }
        500.. => Check::bad(
            "http",
            format!("{url} answers with HTTP status {status}: {error}"),
            "it may pass; otherwise only its operator can help",
        ),
        _ => Check::good("http", format!("{url} answers in {}", shown(took))),
    }
}

fn choice(websocket: Option<&Check>, http: Option<&Check>) -> Check {
    let works = |check: Option<&Check>| check.is_some_and(|check| check.state == State::Good);
    if works(websocket) {
        Check::good("transport", "WebSocket")
    } else if works(http) {
        Check::good("transport", "HTTP")
    } else {
        Check::skipped("transport", "needs websocket or http")
    }
}

fn shown(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
