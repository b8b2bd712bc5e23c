//! Networks as they are: proxies, certificates, redirects, and what `pilotlight doctor` says about them. The real binary
//! talks to a scripted server behind TLS, directly or through a proxy of the test. Nothing leaves loopback: a name
//! beyond this machine is only ever told to that proxy.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod authority;
mod canaries;
mod certificates;
mod doctor;
mod frames;
#[path = "../provider/mod.rs"]
mod provider;
mod proxies;
mod proxy;
mod redirects;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::path::PathBuf;

use authority::{Authority, Flaw, Front};
use provider::{Provider, Reply};
use support::{Finished, Project, finish};

/// A host that exists nowhere (RFC 6761).
const HOST: &str = "api.pilotlight.test";
const KEY: &str = "sk-test-network-0123456789";

/// A project whose provider is at `base_url`, with more settings of the provider section.
fn project(base_url: &str, settings: &str) -> Project {
    let project = Project::new("//- a.py\nprint(1)\n");
    let toml = format!(
        "[session]\nconnect_timeout = \"2s\"\n[provider]\nbase_url = \"{base_url}\"\napi_key_env = \"TEST_KEY\"\n{settings}"
    );
    project.configure(&toml);
    project
}

/// Runs the binary in a project with more variables.
async fn pilotlight(project: &Project, env: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut command = project.pilotlight(arguments);
    command.env("TEST_KEY", KEY).envs(env.iter().copied());
    tokio::task::spawn_blocking(move || finish(command)).await.unwrap()
}

/// Asks a question in a turn of its own; consent is given first.
async fn ask(project: &Project, env: &[(&str, &str)]) -> Finished {
    assert_eq!(pilotlight(project, env, &["trust"]).await.code, Some(0));
    pilotlight(project, env, &["run", "what does this print?"]).await
}

/// A turn that was answered.
fn assert_answered(finished: &Finished) {
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(
        finished.stdout.contains("It prints 1.") || finished.stderr.contains("It prints 1."),
        "{}",
        finished.stdout
    );
}

/// A turn that failed, in one line that has these words and no secret.
fn assert_failed(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code, Some(1), "{}{}", finished.stdout, finished.stderr);
    for word in words {
        assert!(finished.stderr.contains(word), "no {word:?} in {}", finished.stderr);
    }
    assert!(!finished.stderr.contains(KEY), "{}", finished.stderr);
}

impl Authority {
    /// Writes its certificate outside the project.
    fn file(&self, project: &Project) -> PathBuf {
        let path = project.outside("authority.pem");
        self.write(&path);
        path
    }
}

/// A scripted server behind TLS.
struct Secure {
    authority: Authority,
    provider: Provider,
    front: Front,
}

impl Secure {
    /// With a certificate for `host`.
    async fn start(host: &str, flaw: Flaw) -> Secure {
        let authority = Authority::new("Pilotlight Test Root");
        let provider = Provider::start().await;
        provider.answer_with(|_| Reply::text("It prints 1."));
        let front = Front::start(authority.acceptor(host, flaw), address(&provider)).await;
        Secure { authority, provider, front }
    }

    /// The setting that makes its authority trusted.
    fn ca_file(&self, project: &Project) -> String {
        self.authority.file(project).display().to_string()
    }
}

fn address(provider: &Provider) -> SocketAddr {
    provider.base_url().trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap()
}

/// Puts one more line into the provider section.
fn add(project: &Project, line: &str) {
    let path = project.outside("pilotlight.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}{line}\n")).unwrap();
}
