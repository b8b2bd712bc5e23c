//! The same session over HTTP: when it is taken, and that nothing already sent is ever rewritten.

mod provider;

use std::time::Duration;

use pilotlight::agent::Stage;
use pilotlight::config::TransportChoice;
use pilotlight::session::receipt::{Continuity, Outcome};
use pilotlight::session::status::State;
use provider::{Call, Closing, Decision, KEY, Reply, Request, Rig, Setup, Step, Transport, Upgrade};
use serde_json::json;

const CODE: &str = "fn a() {\n    one();\n    two();\n}\n";

fn setup() -> Setup {
    Setup::files(&[("src/a.rs", CODE), ("src/b.rs", "fn b() {}\n")])
}

async fn http() -> Rig {
    setup().config(|config| config.provider.transport = TransportChoice::Http).warm().await
}

fn transports(requests: &[Request]) -> Vec<Transport> {
    requests.iter().map(|request| request.transport).collect()
}

// ---- when HTTP is taken ------------------------------------------------------------------------------------------

#[tokio::test]
async fn an_upgrade_that_is_not_known_there_means_http_at_once() {
    for status in [404, 405, 426, 501] {
        let mut rig = setup().upgrades([Upgrade::Refuse(status)]).warm().await;
        let ended = rig.edit("src/a.rs", [Reply::text("Over HTTP.")]).await;
        assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"), "{status}");
        assert_eq!(transports(&rig.provider.everything()), [Transport::Http], "no warm-up goes over HTTP");
        assert_eq!(rig.provider.connections().len(), 2, "one try, then HTTP");
    }
}

#[tokio::test]
async fn a_refusal_that_may_pass_is_tried_once_more_in_the_turn_and_then_http_serves() {
    for status in [403, 503] {
        let cold = setup().config(|config| config.session.warm = false);
        let mut rig = cold.upgrades([Upgrade::Refuse(status), Upgrade::Refuse(status)]).start().await;
        let ended = rig.edit("src/a.rs", [Reply::text("Over HTTP.")]).await;
        assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"), "{status}");
        assert_eq!(rig.provider.connections().len(), 3);
        rig.edit("src/a.rs", [Reply::text("Still.")]).await;
        assert_eq!(rig.provider.connections().len(), 3, "HTTP holds");

        let cold = setup().config(|config| config.session.warm = false);
        let mut rig = cold.upgrades([Upgrade::Refuse(status)]).start().await;
        let ended = rig.edit("src/a.rs", [Reply::text("Second try.")]).await;
        assert_eq!(ended.receipt.transport, "websocket", "{status}");
    }
}

#[tokio::test]
async fn a_socket_that_is_closed_for_policy_right_after_the_upgrade_means_http() {
    let mut rig = setup().upgrades([Upgrade::CloseAtOnce(1008)]).warm().await;
    let ended = rig.edit("src/a.rs", [Reply::text("Over HTTP.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"));
}

#[tokio::test]
async fn a_refused_key_fails_at_once_and_never_goes_over_http() {
    let cold = setup().config(|config| config.session.warm = false);
    let mut rig = cold.upgrades([Upgrade::Refuse(401)]).start().await;
    let ended = rig.edit("src/a.rs", []).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("provider.api_key_env"), "{}", ended.message);
    assert!(!ended.message.contains(KEY));
    assert_eq!(rig.provider.connections().len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_had_fails_with_its_reason_and_connects_nowhere() {
    let cold = setup().config(|config| config.session.warm = false);
    let mut rig = cold.key(Err("the vault is locked".into())).start().await;
    let ended = rig.edit("src/a.rs", []).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("the vault is locked"), "{}", ended.message);
    assert!(rig.provider.connections().is_empty());
}

#[tokio::test]
async fn a_session_for_websockets_only_never_goes_over_http() {
    let only = setup().config(|config| {
        config.provider.transport = TransportChoice::Websocket;
        config.session.warm = false;
    });
    let mut rig = only.upgrades([Upgrade::Refuse(404)]).start().await;
    let ended = rig.edit("src/a.rs", []).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("404"), "{}", ended.message);
    assert!(rig.provider.everything().is_empty());
}

#[tokio::test]
async fn a_half_open_server_is_given_up_and_http_is_not_what_helps() {
    let hasty = setup().config(|config| {
        config.session.first_event_timeout = Duration::from_millis(200);
        config.session.ping_interval = Duration::from_millis(100);
        config.session.pong_timeout = Duration::from_millis(100);
    });
    let mut rig = hasty.upgrades([Upgrade::Deaf]).start().await;
    let ended = rig.edit("src/a.rs", [Reply::text("The next one hears.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "websocket"));
}

#[tokio::test]
async fn a_reset_tries_a_websocket_again() {
    let mut rig = setup().upgrades([Upgrade::Refuse(404)]).warm().await;
    rig.edit("src/a.rs", [Reply::text("Over HTTP.")]).await;
    rig.session.reset();
    rig.provider.connected(3).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Over a socket.")]).await;
    assert_eq!((ended.receipt.transport, ended.rebase()), ("websocket", Some("reset")));
}

// ---- what is sent ------------------------------------------------------------------------------------------------

#[tokio::test]
async fn every_request_begins_with_the_one_before_it_byte_for_byte() {
    let mut rig = http().await;
    rig.editor.open("src/a.rs");
    let calls = [Call::read("src/b.rs"), Call::swap("src/a.rs", "    one();", "    eins();")];
    rig.edit("src/a.rs", [Reply::calls(calls), Reply::text("One.")]).await;
    rig.editor.replace("src/a.rs", "two();", "zwei();");
    let ended = rig.edit("src/a.rs", [Reply::text("Two.")]).await;
    assert_eq!(ended.receipt.lineage, Continuity::Continued);
    rig.edit("src/b.rs", [Reply::calls([Call::read("src/a.rs")]), Reply::text("Three.")]).await;

    let requests = rig.provider.requests();
    assert_eq!(requests.len(), 5);
    for pair in requests.windows(2) {
        let before = pair[0].raw.strip_suffix("]}").unwrap();
        let after = pair[1].raw.strip_prefix(before).expect("it begins with the request before");
        let output = pair[0].output.join(",");
        assert!(after.starts_with(&format!(",{output},")), "then come the items of the answer: {after}");
    }
    let third = requests[2].text();
    assert_eq!(
        third.matches("<file path=\"src/a.rs\"").count(),
        1 + usize::from(third.contains("zwei();\n}\n\n</file>"))
    );
    assert_eq!(rig.provider.connections().len(), 1, "one keep-alive connection");
}

#[tokio::test]
async fn a_receipt_counts_bodies_and_a_full_resend_is_what_is_sent() {
    let mut rig = http().await;
    for words in ["One.", "Zwei."] {
        let before = rig.provider.requests().len();
        let ended = rig.edit("src/a.rs", [Reply::calls([Call::read("src/b.rs")]), Reply::text(words)]).await;
        let requests = &rig.provider.requests()[before..];
        assert_eq!(ended.receipt.bytes_sent, requests.iter().map(|request| request.raw.len() as u64).sum::<u64>());
        assert_eq!(ended.receipt.bytes_received, requests.iter().map(|request| request.answered as u64).sum::<u64>());
        assert_eq!(ended.receipt.bytes_full_resend, ended.receipt.bytes_sent);
    }
}

#[tokio::test]
async fn the_headers_are_those_of_a_stream_and_the_key_is_in_one_of_them() {
    let mut rig = http().await;
    rig.edit("src/a.rs", [Reply::text("One.")]).await;
    let connection = &rig.provider.connections()[0];
    assert_eq!(connection.path, "/v1/responses");
    assert_eq!(connection.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(connection.header("accept"), Some("text/event-stream"));
    assert_eq!(connection.header("content-type"), Some("application/json"));
    assert!(!rig.provider.requests()[0].raw.contains(KEY));
}

// ---- when it fails -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_stream_that_ends_early_is_asked_again() {
    for end in [Step::Cut, Step::Close(1000, ""), Step::Garbage("not json")] {
        let mut rig = http().await;
        let calls = Reply::calls([Call::read("src/b.rs")]);
        let broken = Reply::text("Half an answer.").broken_after(3, end);
        let ended = rig.edit("src/a.rs", [calls, broken, Reply::text("Whole.")]).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Whole."));
        let again = &rig.provider.requests()[2];
        assert!(!again.raw.contains("Half"), "{}", again.raw);
        assert_eq!(again.outputs().len(), 1);
    }
}

#[tokio::test]
async fn silence_is_not_waited_out_over_http_either() {
    let hasty = setup().config(|config| {
        config.provider.transport = TransportChoice::Http;
        config.session.first_event_timeout = Duration::from_millis(200);
    });
    let mut rig = hasty.warm().await;
    let ended = rig.edit("src/a.rs", [Reply::of([Step::Silence]), Reply::text("Here.")]).await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Here."));
}

#[tokio::test]
async fn errors_before_the_stream_are_read_from_status_header_and_body() {
    let body = |code: &str| json!({"error": {"type": "x", "code": code, "message": "because"}});
    let mut rig = http().await;
    let busy = Reply::status(429, vec![("retry-after", "0".into())], body("rate_limit_exceeded"));
    let ended = rig.edit("src/a.rs", [busy, Reply::text("Here.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered);
    let waited = ended.stages.iter().filter(|stage| matches!(stage, Stage::Waiting { delay, .. } if delay.is_zero()));
    assert_eq!(waited.count(), 1);

    let later = Reply::status(503, vec![("retry-after", "120".into())], json!("no object"));
    let ended = rig.edit("src/a.rs", [later]).await;
    assert!(ended.message.contains("120 s") && ended.message.contains(" UTC"), "{}", ended.message);

    let ended = rig.edit("src/a.rs", [Reply::status(401, Vec::new(), body("invalid_api_key"))]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("API key"), "{}", ended.message);
}

#[tokio::test]
async fn an_error_inside_the_stream_is_the_same_error() {
    let mut rig = http().await;
    let ended = rig.edit("src/a.rs", [Reply::error(429, "insufficient_quota", "because")]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("quota"), "{}", ended.message);
}

#[tokio::test]
async fn a_cancelled_turn_aborts_its_request() {
    let mut rig = http().await;
    rig.provider.script([Reply::text("On my way.").broken_after(2, Step::Silence)]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.request(0).await;
    turn.cancel.cancel();
    assert_eq!(turn.end().await.outcome(), Outcome::Cancelled);
    assert_eq!(rig.provider.closing(0).await, Closing::Gone);
    let next = rig.edit("src/a.rs", [Reply::text("Again.")]).await;
    assert_eq!((next.outcome(), next.rebase()), (Outcome::Answered, Some("cancelled")));
}

#[tokio::test]
async fn a_keep_alive_connection_that_was_closed_is_replaced_without_a_word() {
    let mut rig = http().await;
    rig.edit("src/a.rs", [Reply::text("One.")]).await;
    // Whether the client has noticed when it asks is chance; it makes no difference.
    for _ in 0..20 {
        rig.provider.drop_connections();
        let ended = rig.edit("src/a.rs", [Reply::text("Two.")]).await;
        assert_eq!((ended.outcome(), ended.rebase()), (Outcome::Answered, None));
    }
}

#[tokio::test]
async fn a_body_that_ends_a_moment_after_its_last_event_leaves_its_connection_to_the_next_request() {
    let sign = std::sync::Arc::new(tokio::sync::Notify::new());
    let mut rig = http().await;
    let slow_end = |reply: Reply| reply.then(Step::Until(sign.clone()));
    rig.provider.script([slow_end(Reply::text("One.")), Reply::text("Two.")]);
    rig.run(Rig::ask("src/a.rs")).await;
    sign.notify_one();
    let ended = rig.run(Rig::ask("src/a.rs")).await;
    assert_eq!((ended.receipt.reused_connection, ended.receipt.connections, ended.receipt.handshakes), (true, 1, 0));
    assert_eq!(rig.provider.connections().len(), 1);
}

#[tokio::test]
async fn a_session_over_http_connects_before_it_is_asked() {
    let mut rig = http().await;
    let status = rig.until(State::Warm).await;
    assert_eq!((status.transport, status.connections), ("http", 1));
    let ended = rig.edit("src/a.rs", [Reply::text("One.")]).await;
    assert_eq!((ended.receipt.reused_connection, ended.receipt.handshakes), (true, 0));
}
