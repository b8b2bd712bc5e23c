//! Networks that go away, servers that want to be left alone, and users who do (contract 1.7; `protocol.md` 10 and 15).

mod provider;

use std::time::Duration;

use pilotlight::agent::Stage;
use pilotlight::config::TransportChoice;
use pilotlight::session::receipt::{Continuity, Outcome};
use pilotlight::session::status::State;
use provider::{Call, Closing, Decision, Mirror, Reply, Rig, Setup, Step, Transport, Upgrade, bounded};

const CODE: &str = "fn a() {\n    one();\n    two();\n}\n";

fn setup() -> Setup {
    Setup::files(&[("src/a.rs", CODE), ("src/b.rs", "fn b() {}\n")])
}

fn websocket_only(setup: Setup) -> Setup {
    setup.config(|config| config.provider.transport = TransportChoice::Websocket)
}

// ---- the network goes away ---------------------------------------------------------------------------------------

#[tokio::test]
async fn a_session_without_a_network_says_so_and_is_warm_when_it_is_back() {
    let mut rig = setup().behind_network().warm().await;
    rig.network().set(false).await;
    let status = rig.until(State::Offline).await;
    assert!(status.reason.is_some_and(|reason| reason.contains("connection")), "the reason is told");
    let ended = rig.run(Rig::ask("src/a.rs")).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("check provider.base_url and the network"), "{}", ended.message);
    assert!(rig.provider.requests().is_empty());

    rig.network().set(true).await;
    let status = rig.until(State::Warm).await;
    assert_eq!((status.reason, status.retry_at), (None, None));
    let ended = rig.edit("src/a.rs", [Reply::text("Back.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.reused_connection), (Outcome::Answered, true));
}

#[tokio::test]
async fn a_turn_that_loses_the_network_waits_for_it_and_goes_on() {
    let mut rig = setup().behind_network().warm().await;
    rig.editor.open("src/a.rs");
    let patch = Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]);
    rig.provider.script([patch, Reply::of([Step::Created, Step::Silence]), Reply::text("Done.")]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.request(1).await;
    rig.network().set(false).await;
    rig.until(State::Offline).await;
    rig.editor.replace("src/a.rs", "}\n", "}\n// typed\n");
    rig.network().set(true).await;
    let ended = turn.end().await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Applied, "Done."));
    assert_eq!(rig.editor.buffer("src/a.rs"), "fn a() {\n    eins();\n    two();\n}\n// typed\n");
    assert_eq!(ended.rebase(), Some("connection lost"));
    assert_eq!((ended.receipt.rounds, ended.receipt.connections, ended.receipt.handshakes), (2, 2, 1));
    assert!(ended.stages.iter().any(|stage| matches!(stage, Stage::Waiting { .. })), "the progress says why");
    let again = rig.provider.request(2).await;
    assert_eq!(Mirror::of(&again).text("src/a.rs"), Some(rig.editor.buffer("src/a.rs").as_str()));
}

#[tokio::test]
async fn a_turn_that_waits_for_the_network_can_be_cancelled() {
    let mut rig = setup().behind_network().warm().await;
    rig.provider.script([Reply::of([Step::Created, Step::Silence])]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.request(0).await;
    rig.network().set(false).await;
    rig.until(State::Offline).await;
    turn.cancel.cancel();
    assert_eq!(turn.end().await.outcome(), Outcome::Cancelled);
}

#[tokio::test]
async fn a_socket_that_broke_unnoticed_costs_the_turn_nothing_but_a_connection() {
    let mut rig = setup().warm().await;
    for number in 1..=20 {
        rig.provider.drop_connections();
        let ended = rig.edit("src/a.rs", [Reply::text("Here.")]).await;
        assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Answered, 1), "{}", ended.message);
        assert_eq!(rig.provider.requests().len(), number, "answered once");
    }
}

#[tokio::test]
async fn a_request_on_a_quiet_socket_goes_out_with_a_ping() {
    let mut rig = setup().warm().await;
    // Quiet is a second; the ping of `ping_interval` is nineteen seconds away.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    rig.provider.script([Reply::of([Step::Created, Step::Silence])]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.pinged(0, 1).await;
    turn.cancel.cancel();
    turn.end().await;
}

#[tokio::test]
async fn where_upgrades_are_swallowed_http_serves_before_anybody_asks() {
    let setup = setup().upgrades([Upgrade::Unanswered, Upgrade::Unanswered]);
    let mut rig = setup.limits(|limits| limits.connect_timeout = Duration::from_millis(200)).start().await;
    rig.until(State::Offline).await;
    let status = rig.until(State::Warm).await;
    assert_eq!(status.transport, "http");
    let ended = rig.edit("src/a.rs", [Reply::text("Over HTTP.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"));
}

#[tokio::test]
async fn where_websockets_have_worked_a_network_that_swallows_them_is_waited_for() {
    let unanswered = [Upgrade::Accept, Upgrade::Unanswered, Upgrade::Unanswered, Upgrade::Unanswered];
    let setup = setup().upgrades(unanswered);
    let mut rig = setup.limits(|limits| limits.connect_timeout = Duration::from_millis(100)).warm().await;
    rig.provider.drop_connections();
    rig.until(State::Offline).await;
    assert_eq!(rig.until(State::Warm).await.transport, "websocket");
    rig.edit("src/a.rs", [Reply::text("Over WebSocket.")]).await;
}

// ---- servers that want to be left alone --------------------------------------------------------------------------

#[tokio::test]
async fn a_server_that_restarts_before_it_answers_is_asked_again_after_a_moment() {
    for code in [1012, 1013] {
        let mut rig = websocket_only(setup()).warm().await;
        let shed = Reply::of([Step::Close(code, "busy")]);
        let ended = rig.edit("src/a.rs", [shed, Reply::text("Now.")]).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Now."));
        assert!(
            matches!(&ended.stages[..], stages if stages.iter().any(|stage| matches!(stage, Stage::Waiting { .. })))
        );
        assert_eq!(ended.rebase(), Some("server restarts or is overloaded"));
        assert_eq!(rig.provider.requests()[1].connection, 1);
    }
}

#[tokio::test]
async fn a_server_that_sheds_websockets_twice_is_asked_over_http() {
    let mut rig = setup().warm().await;
    let shed = || Reply::of([Step::Close(1013, "busy")]);
    let ended = rig.edit("src/a.rs", [shed(), shed(), Reply::text("Over HTTP.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"));
    let transports: Vec<_> = rig.provider.requests().iter().map(|request| request.transport).collect();
    assert_eq!(transports, [Transport::WebSocket, Transport::WebSocket, Transport::Http]);
}

#[tokio::test]
async fn a_close_in_mid_answer_is_a_cut_whatever_its_code() {
    for code in [1000, 1001, 1009, 1011, 1012, 1013] {
        let mut rig = setup().warm().await;
        let cut = Reply::text("Half of it.").broken_after(2, Step::Close(code, ""));
        let ended = rig.edit("src/a.rs", [cut, Reply::text("All of it.")]).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "All of it."), "{code}");
        assert_eq!((ended.rebase(), ended.receipt.transport), (Some("connection lost"), "websocket"), "{code}");
    }
}

#[tokio::test]
async fn a_server_that_closes_idle_sessions_because_it_is_busy_is_not_knocked_at() {
    let busy = || Reply::text("Words.").then(Step::Close(1013, "busy"));
    let mut rig = websocket_only(setup()).warm().await;
    rig.edit("src/a.rs", [busy()]).await;
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    rig.edit("src/a.rs", [busy()]).await;
    let status = rig.until(State::Offline).await;
    assert!(status.retry_at.is_some(), "the next attempt is told: {status:?}");
    // A turn does not wait for that.
    assert_eq!(rig.edit("src/a.rs", [Reply::text("Now.")]).await.message, "Now.");
}

// ---- what cannot be sent that way --------------------------------------------------------------------------------

#[tokio::test]
async fn a_frame_that_the_server_finds_too_big_goes_over_http_and_never_again_as_it_was() {
    let mut rig = setup().warm().await;
    let too_big = Reply::of([Step::Close(1009, "message too big")]);
    let ended = rig.edit("src/a.rs", [too_big, Reply::text("It fits.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"));
    assert_eq!(rig.provider.requests().len(), 2);
}

#[tokio::test]
async fn without_http_a_frame_that_is_too_big_is_halved_once_and_then_given_up() {
    let mut rig = websocket_only(setup()).warm().await;
    let too_big = || Reply::of([Step::Close(1009, "message too big")]);
    let ended = rig.edit("src/a.rs", [too_big(), too_big()]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("more than the server takes at once"), "{}", ended.message);
    assert_eq!(rig.edit("src/a.rs", [Reply::text("Smaller.")]).await.message, "Smaller.");
}

#[tokio::test]
async fn a_request_past_sixteen_mebibytes_is_not_tried_as_a_frame() {
    let mut rig = setup().warm().await;
    let mut ask = Rig::ask("src/a.rs");
    ask.instruction = Some("x".repeat(17 * 1024 * 1024));
    rig.provider.script([Reply::text("Long.")]);
    let ended = rig.run(ask).await;
    assert_eq!((ended.outcome(), ended.receipt.transport), (Outcome::Answered, "http"), "{}", ended.message);
    assert_eq!(rig.provider.requests()[0].transport, Transport::Http);
}

#[tokio::test]
async fn outputs_whose_calls_the_server_lost_are_sent_again_with_the_calls() {
    let mut rig = setup().warm().await;
    let lost = Reply::error(400, "invalid_request_error", "No tool call found for function call output with call_id.");
    let read = Reply::calls([Call::read("src/b.rs")]);
    let ended = rig.edit("src/a.rs", [read, lost, Reply::text("Both.")]).await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Both."));
    let again = rig.provider.request(2).await;
    assert_eq!((again.connection, again.previous()), (0, None));
    let kinds: Vec<_> = again.input().iter().filter_map(|item| item["type"].as_str()).collect();
    assert!(kinds.contains(&"function_call") && kinds.contains(&"function_call_output"), "{kinds:?}");
}

#[tokio::test]
async fn a_request_that_is_wrong_in_itself_is_not_sent_again() {
    let mut rig = setup().warm().await;
    let ended = rig.edit("src/a.rs", [Reply::error(400, "invalid_request_error", "no")]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert_eq!(rig.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_steered_response_goes_on_in_the_next_one() {
    let mut rig = setup().warm().await;
    let steered = Reply::of([Step::Created, Step::Delta("Not this".into()), Step::Incomplete("steered")]);
    let ended = rig.edit("src/a.rs", [steered.then(Step::Created).join(Reply::text("This."))]).await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "This."));
    assert_eq!(rig.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_server_silent_at_the_warm_up_is_asked_without_one() {
    let silent = Reply::of([Step::Silence]);
    let setup = setup().warm_ups([silent]).limits(|limits| limits.first_event_timeout = Duration::from_millis(200));
    let mut rig = setup.warm().await;
    let ended = rig.edit("src/a.rs", [Reply::text("Yes?")]).await;
    assert_eq!((ended.outcome(), ended.receipt.handshakes), (Outcome::Answered, 0));
    assert_eq!(rig.provider.requests()[0].connection, 1, "no late answer can come up here");
}

// ---- users who want to be left alone -----------------------------------------------------------------------------

#[tokio::test]
async fn a_session_nobody_uses_rests_and_wakes_with_the_user() {
    let rig = setup().limits(|limits| limits.rest_after = Duration::from_millis(200)).start().await;
    rig.provider.connected(1).await;
    assert_eq!(rig.provider.closing(0).await, Closing::Frame(1000, "idle".into()));
    rig.until(State::Cold).await;
    rig.session.touch();
    rig.provider.connected(2).await;
    bounded(async {
        while rig.provider.everything().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(rig.provider.everything()[1].is_warm_up(), "warm before it is asked");
}

#[tokio::test]
async fn a_turn_needs_no_sign_of_life_to_wake_a_session() {
    let mut rig = setup().limits(|limits| limits.rest_after = Duration::from_millis(100)).start().await;
    rig.provider.closing(0).await;
    rig.until(State::Cold).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Awake.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.handshakes), (Outcome::Answered, 1));
}

#[tokio::test]
async fn without_consent_nothing_is_dialled_whatever_happens() {
    let rig = setup().without_consent().start().await;
    rig.session.touch();
    rig.session.reset();
    rig.session.touch();
    // The queue is worked off in order: what comes after has seen all of it.
    rig.session.close().await;
    assert!(rig.provider.connections().is_empty());
    assert_eq!(rig.session.board().status().state, State::Consent);
}

#[tokio::test]
async fn a_yes_lights_the_session() {
    let rig = setup().without_consent().start().await;
    rig.session.light();
    rig.until(State::Warm).await;
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again_by_typing() {
    let rig = setup().upgrades([Upgrade::Refuse(401)]).start().await;
    rig.until(State::Offline).await;
    rig.session.touch();
    rig.session.close().await;
    assert_eq!(rig.provider.connections().len(), 1);
}

#[tokio::test]
async fn what_was_cancelled_is_told_to_the_next_turn() {
    let mut rig = setup().warm().await;
    rig.provider.script([Reply::of([Step::Created, Step::Silence])]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.request(0).await;
    turn.cancel.cancel();
    turn.end().await;
    let ended = rig.edit("src/a.rs", [Reply::text("Again.")]).await;
    assert_eq!(ended.receipt.lineage, Continuity::Rebased);
    let text = rig.provider.requests()[1].text();
    assert!(text.contains("- edit in src/a.rs: cancelled, 0 files changed"), "{text}");
}

#[tokio::test]
async fn a_receipt_counts_what_a_stateless_client_would_have_sent_for_the_answered_rounds_only() {
    let mut rig = setup().warm().await;
    let cut = Reply::text("Half.").broken_after(2, Step::Cut);
    let ended = rig.edit("src/a.rs", [cut, Reply::text("Whole.")]).await;
    let requests = rig.provider.requests();
    assert_eq!(ended.receipt.bytes_sent as usize, requests[0].raw.len() + requests[1].raw.len());
    assert_eq!(ended.receipt.bytes_full_resend as usize, requests[1].raw.len());
}
