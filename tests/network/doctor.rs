//! `pilotlight doctor`: what it finds, what it says to do, and what it leaves out when something before it failed.

use serde_json::Value;

use super::authority::Flaw;
use super::proxy::{Conduct, Proxy};
use super::support::{Agent, Project, deserted};
use super::{HOST, KEY, Secure, add, pilotlight, project};
use crate::provider::{Provider, Transport, Upgrade};

/// What the doctor says of a project.
struct Diagnosis {
    ok: bool,
    checks: Vec<Value>,
}

async fn doctor(project: &Project, env: &[(&str, &str)]) -> Diagnosis {
    let finished = pilotlight(project, env, &["doctor", "--json"]).await;
    assert_eq!(finished.stderr, "");
    assert!(!finished.stdout.contains(KEY), "{}", finished.stdout);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let ok = report["ok"].as_bool().unwrap();
    assert_eq!(finished.code, Some(i32::from(!ok)), "the exit code says the same");
    let checks = report["checks"].as_array().unwrap().clone();
    assert_eq!(ok, checks.iter().all(|check| check["ok"] == true));
    Diagnosis { ok, checks }
}

impl Diagnosis {
    fn check(&self, name: &str) -> &Value {
        let found = self.checks.iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:#?}", self.checks))
    }

    fn found(&self, name: &str) -> &str {
        self.check(name)["found"].as_str().unwrap()
    }

    /// It is right, and its finding has these words.
    fn is_good(&self, name: &str, words: &[&str]) {
        let check = self.check(name);
        assert_eq!(check["ok"], true, "{check}");
        words.iter().for_each(|word| assert!(self.found(name).contains(word), "no {word:?} in {check}"));
    }

    /// It is wrong, and the fix has these words.
    fn is_bad(&self, name: &str, found: &str, fix: &str) {
        let check = self.check(name);
        assert_eq!(check["ok"], false, "{check}");
        assert!(self.found(name).contains(found), "no {found:?} in {check}");
        assert!(check["fix"].as_str().unwrap().contains(fix), "no {fix:?} in {check}");
    }

    fn are_skipped(&self, names: &[&str]) {
        for name in names {
            let check = self.check(name);
            assert_eq!(check["ok"], false, "{check}");
            assert!(self.found(name).starts_with("skipped: "), "{check}");
            assert!(check.get("fix").is_none(), "{check}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_behind_a_proxy_with_an_authority_of_its_own() {
    let secure = Secure::start(HOST, Flaw::None).await;
    let project = project(&format!("https://{HOST}/v1"), "");
    let file = secure.ca_file(&project);
    add(&project, &format!("ca_file = {file:?}"));
    let proxy = Proxy::start(Conduct::Tunnel(secure.front.address)).await;
    let url = format!("http://alice:sesam@{}", proxy.address);
    let diagnosis = doctor(&project, &[("HTTPS_PROXY", &url)]).await;
    assert!(diagnosis.ok, "{:#?}", diagnosis.checks);

    let configuration = [&*file, "provider.ca_file", "# from user file", "session.connect_timeout = \"2s\""];
    diagnosis.is_good("configuration", &configuration);
    assert!(!diagnosis.found("configuration").contains("ping_interval"), "defaults are left out");
    diagnosis.is_good("key", &["present", "TEST_KEY"]);
    diagnosis.is_good("proxy", &[&proxy.url(), "HTTPS_PROXY"]);
    assert!(!diagnosis.checks.iter().any(|check| check.to_string().contains("sesam")));
    diagnosis.is_good("network", &[HOST, "through the proxy", &proxy.address.to_string()]);
    diagnosis.is_good("tls", &["TLS 1.3", "Pilotlight Test Root", &file, "provider.ca_file"]);
    diagnosis.is_good("websocket", &[&format!("wss://{HOST}/v1/responses"), " ms"]);
    diagnosis.is_good("warm-up", &["answered in", " ms"]);
    diagnosis.is_good("http", &[&format!("https://{HOST}/v1/responses")]);
    diagnosis.is_good("transport", &["WebSocket"]);
    diagnosis.is_good("consent", &["has not been allowed"]);
    // Nothing of the workspace went out, and nothing that a model would have answered.
    for request in secure.provider.everything() {
        assert!(!request.raw.contains("print(1)"), "{}", request.raw);
        assert!(request.is_warm_up() || request.raw == "{}", "{}", request.raw);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_agent_is_tried_like_any_other_provider() {
    let project = Project::new("//- a.py\nprint(1)\n");
    let diagnosis = doctor(&project, &[]).await;
    assert!(diagnosis.ok, "{:#?}", diagnosis.checks);
    diagnosis.is_good("provider", &["the embedded agent"]);
    diagnosis.is_good("key", &["none is needed"]);
    diagnosis.is_good("tls", &["not used"]);
    diagnosis.is_good("transport", &["WebSocket"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_only_http_is_fine_and_said_to_be_one() {
    for fault in ["upgrade-404", "upgrade-426"] {
        let project = Project::new("//- a.py\nprint(1)\n");
        let _agent = Agent::serving(&project, &[fault]);
        let diagnosis = doctor(&project, &[]).await;
        assert!(diagnosis.ok, "{:#?}", diagnosis.checks);
        diagnosis.is_good("websocket", &["refused the WebSocket upgrade"]);
        let fix = diagnosis.check("websocket")["fix"].as_str().unwrap();
        assert!(fix.contains("provider.transport = \"http\""), "{fix}");
        diagnosis.is_good("transport", &["HTTP"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_configuration_allows_is_tried() {
    let provider = Provider::start().await;
    let project = project(&provider.base_url(), "transport = \"websocket\"");
    provider.script_upgrades([Upgrade::Refuse(404)]);
    let diagnosis = doctor(&project, &[]).await;
    diagnosis.is_bad("websocket", "HTTP status 404", "provider.base_url");
    diagnosis.are_skipped(&["warm-up", "transport"]);
    assert!(provider.everything().iter().all(|request| request.transport == Transport::WebSocket));

    let _agent = Agent::serving(&project, &["silent"]);
    add(&project, "transport = \"http\"");
    let diagnosis = doctor(&project, &[]).await;
    assert!(diagnosis.ok, "{:#?}", diagnosis.checks);
    diagnosis.is_good("websocket", &["not used", "http"]);
    diagnosis.is_good("transport", &["HTTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_a_failure_and_nothing_more_is_tried_with_it() {
    let project = Project::new("//- a.py\nprint(1)\n");
    let _agent = Agent::serving(&project, &["upgrade-401"]);
    let diagnosis = doctor(&project, &[]).await;
    diagnosis.is_bad("websocket", "401", "the key is right");
    diagnosis.are_skipped(&["warm-up", "http", "transport"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_is_named_by_its_variable() {
    let secure = Secure::start(HOST, Flaw::None).await;
    let project = project(&format!("https://{HOST}/v1"), "");
    add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
    let proxy = Proxy::start(Conduct::Tunnel(secure.front.address)).await;
    let diagnosis = doctor(&project, &[("TEST_KEY", ""), ("HTTPS_PROXY", &proxy.url())]).await;
    diagnosis.is_bad("key", "TEST_KEY is not set", "set TEST_KEY");
    diagnosis.is_good("tls", &["TLS 1.3"]);
    diagnosis.are_skipped(&["websocket", "warm-up", "http", "transport"]);
    assert!(secure.provider.connections().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_proxy_a_dead_server_and_a_proxy_that_wants_a_password_are_told_apart() {
    let far = project(&format!("https://{HOST}/v1"), "");
    let skipped = ["tls", "websocket", "warm-up", "http", "transport"];
    let dead = doctor(&far, &[("HTTPS_PROXY", &format!("http://{}", deserted()))]).await;
    dead.is_bad("network", "the proxy http://127.0.0.1:", "unset HTTPS_PROXY");
    dead.are_skipped(&skipped);

    let proxy = Proxy::start(Conduct::Refuse(407)).await;
    let guarded = doctor(&far, &[("HTTPS_PROXY", &proxy.url())]).await;
    guarded.is_bad("network", "407", "USER:PASSWORD");
    guarded.are_skipped(&skipped);

    let near = project(&format!("http://{}/v1", deserted()), "");
    let diagnosis = doctor(&near, &[]).await;
    diagnosis.is_bad("network", "cannot reach 127.0.0.1", "provider.base_url");
    diagnosis.are_skipped(&skipped);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_certificate_is_a_failure_of_tls_and_names_its_authority() {
    let secure = Secure::start("localhost", Flaw::None).await;
    let stranger = super::Authority::new("Somebody Else");
    let project = project(&format!("https://localhost:{}/v1", secure.front.address.port()), "");
    add(&project, &format!("ca_file = {:?}", stranger.file(&project).display().to_string()));
    let diagnosis = doctor(&project, &[]).await;
    diagnosis.is_good("network", &["localhost reached"]);
    diagnosis.is_bad("tls", "Pilotlight Test Root", "provider.ca_file");
    diagnosis.are_skipped(&["websocket", "warm-up", "http", "transport"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_is_given_up() {
    let proxy = Proxy::start(Conduct::Silent).await;
    let far = project(&format!("https://{HOST}/v1"), "");
    let diagnosis = doctor(&far, &[("HTTPS_PROXY", &proxy.url())]).await;
    diagnosis.is_bad("network", "no answer within session.connect_timeout", "HTTPS_PROXY");

    let provider = Provider::start().await;
    provider.script_upgrades([Upgrade::Deaf, Upgrade::Deaf]);
    let near = project(&provider.base_url(), "transport = \"websocket\"");
    let patience = near.outside("pilotlight.toml");
    let text = std::fs::read_to_string(&patience).unwrap();
    std::fs::write(patience, text.replace("[session]\n", "[session]\nfirst_event_timeout = \"300ms\"\n")).unwrap();
    let diagnosis = doctor(&near, &[]).await;
    diagnosis.is_good("warm-up", &["refuses or ignores"]);
    let fix = diagnosis.check("warm-up")["fix"].as_str().unwrap();
    assert!(fix.contains("provider.transport = \"http\""), "{fix}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_configuration_is_a_finding_too() {
    let project = Project::new("//- a.py\nprint(1)\n");
    project.configure("[provider]\nmodell = \"x\"\n");
    let diagnosis = doctor(&project, &[]).await;
    diagnosis.is_bad("configuration", "provider.modell", "correct it");
    diagnosis.are_skipped(&["provider", "key", "network", "transport", "consent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_one_finding_a_line_with_a_mark_and_the_fix_below() {
    let project = project(&format!("http://{}/v1", deserted()), "");
    let finished = pilotlight(&project, &[], &["doctor"]).await;
    assert_eq!(finished.code, Some(1));
    let line = |start: &str| finished.stdout.lines().position(|line| line.starts_with(start));
    assert!(line("ok   configuration").is_some(), "{}", finished.stdout);
    let network = line("FAIL network").unwrap_or_else(|| panic!("{}", finished.stdout));
    assert!(finished.stdout.lines().nth(network + 1).unwrap().contains("→ check provider.base_url"));
    assert!(line("skip websocket      needs network").is_some(), "{}", finished.stdout);
    assert!(!finished.stdout.contains('\u{1b}'), "no colours where there is no terminal");
}
