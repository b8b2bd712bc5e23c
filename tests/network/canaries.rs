//! Keys, header values and a proxy's credentials where a network repeats them or breaks off: neither what the program
//! says nor its log at the most verbose holds them.

use std::fmt::Write;

use super::authority::{Authority, Flaw, Front};
use super::proxy::{Conduct, Proxy};
use super::redirects::Canned;
use super::support::{Project, deserted};
use super::{HOST, KEY, Secure, add, address, pilotlight, project};
use crate::provider::{Provider, Reply};

const HEADER: &str = "canary-header-7c20";
const USER: &str = "canary-user-19e4";
const PASSWORD: &str = "canary-password-d3b8";

/// Runs a turn and the doctor, everything logged, and looks at all that was written; gives it.
async fn expect_clean(project: &Project, env: &[(&str, &str)]) -> String {
    add(project, &format!("headers = {{ \"x-extra\" = \"{HEADER}\" }}"));
    let log = project.outside("pilotlight.log").display().to_string();
    let everything = "trace,hyper=trace,rustls=trace,tungstenite=trace,log=trace";
    let env = [env, &[("PILOTLIGHT_LOG", everything), ("PILOTLIGHT_LOG_FILE", &log)]].concat();
    let mut written = String::new();
    for arguments in [["trust"].as_slice(), &["run", "what does this print?"], &["doctor"], &["config"]] {
        let finished = pilotlight(project, &env, arguments).await;
        let _ = writeln!(written, "{}{}", finished.stdout, finished.stderr);
    }
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("pilotlight::session"), "nothing was logged: {logged}");
    written.push_str(&logged);
    let credentials = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    for secret in [KEY, HEADER, USER, PASSWORD, &credentials] {
        assert!(!written.contains(secret), "{secret} in:\n{written}");
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_certificate_leaves_no_secret_behind() {
    for flaw in [Flaw::None, Flaw::Expired, Flaw::SelfSigned] {
        let secure = Secure::start("localhost", flaw).await;
        for transport in ["auto", "http"] {
            let url = format!("https://localhost:{}/v1", secure.front.address.port());
            let project = project(&url, &format!("transport = \"{transport}\"\n"));
            let written = expect_clean(&project, &[]).await;
            assert!(written.contains("TLS with localhost"), "{written}");
        }
        assert!(secure.provider.connections().is_empty());
    }
}

/// Answers that repeat in every part what the request was sent with.
fn repeating(status: &str) -> String {
    let json = format!("{{\"error\":{{\"message\":\"wrong key {KEY}, x-extra {HEADER}\",\"code\":\"{KEY}\"}}}}");
    format!(
        "HTTP/1.1 {status} {KEY}\r\nwww-authenticate: Bearer error=\"{KEY} {HEADER}\"\r\nx-echo: {KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}",
        json.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upgrade_or_request_that_repeats_the_key_is_told_without_it() {
    for status in ["400", "401", "403", "404", "500"] {
        let server = Canned::start(repeating(status)).await;
        for transport in ["auto", "websocket", "http"] {
            let project = project(&format!("http://{}/v1", server.address), &format!("transport = \"{transport}\"\n"));
            expect_clean(&project, &[]).await;
        }
        let heard = server.heard().concat();
        assert!(heard.contains(KEY) && heard.contains(HEADER), "they were really sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_at_all_is_not_quoted() {
    for answer in [
        format!("{KEY} {HEADER}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n{KEY}"),
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: {{\"{KEY}\n\n"),
        format!("HTTP/1.1 101 Switching Protocols\r\nupgrade: {KEY}\r\nconnection: {KEY}\r\n\r\n"),
    ] {
        let server = Canned::start(answer).await;
        for transport in ["websocket", "http"] {
            let project = project(&format!("http://{}/v1", server.address), &format!("transport = \"{transport}\"\n"));
            expect_clean(&project, &[]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_place_made_of_the_key_is_not_repeated() {
    for target in [
        format!("http://localhost:9/{KEY}?key={KEY}#{HEADER}"),
        format!("http://{KEY}.pilotlight.test/"),
        format!("http://{USER}:{KEY}@localhost:9/"),
        format!("/{KEY}"),
        KEY.to_owned(),
    ] {
        let answer =
            format!("HTTP/1.1 307 Moved\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let server = Canned::start(answer).await;
        for transport in ["websocket", "http"] {
            let project = project(&format!("http://{}/v1", server.address), &format!("transport = \"{transport}\"\n"));
            let written = expect_clean(&project, &[]).await;
            assert!(written.contains("not followed"), "{written}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_of_a_proxy_are_not_repeated_even_if_the_proxy_repeats_them() {
    let credentials = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let said = format!("proxy-authorization: Basic {credentials} ({USER}:{PASSWORD})");
    let refusing = |status: &str| {
        format!(
            "HTTP/1.1 {status} {said}\r\nproxy-authenticate: {said}\r\ncontent-length: {}\r\n\r\n{said}",
            said.len()
        )
    };
    let provider = Provider::start().await;
    provider.answer_with(|_| Reply::text("It prints 1."));
    for answer in [refusing("407"), refusing("403"), refusing("502"), said.clone()] {
        let proxy = Canned::start(answer).await;
        let url = format!("http://{USER}:{PASSWORD}@{}", proxy.address);
        let project = project(&format!("https://{HOST}/v1"), "");
        expect_clean(&project, &[("HTTPS_PROXY", &url)]).await;
        assert!(proxy.heard().concat().contains(&credentials), "they were really sent");
        assert!(!proxy.heard().concat().contains(KEY), "and the key was not");
    }
    // One that works, one that is dead, and one whose own certificate nobody trusts.
    let tls = Authority::new("A Stranger").acceptor("localhost", Flaw::None);
    let stranger = Front::start(tls, address(&provider)).await;
    let working = Proxy::start(Conduct::Tunnel(address(&provider))).await;
    for place in [
        format!("http://{USER}:{PASSWORD}@{}", working.address),
        format!("http://{USER}:{PASSWORD}@{}", deserted()),
        format!("https://{USER}:{PASSWORD}@localhost:{}", stranger.address.port()),
    ] {
        let project = project(&provider.base_url(), &format!("proxy = \"{place}\"\n"));
        expect_clean(&project, &[]).await;
    }
}
