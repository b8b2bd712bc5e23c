//! How a session survives losses, errors and silence (contract 1.7, "When things fail").

mod provider;

use std::time::Duration;

use pilotlight::agent::Stage;
use pilotlight::session::receipt::{Continuity, Outcome};
use pilotlight::session::status::State;
use provider::{Call, Closing, Decision, Ended, Mirror, Reply, Rig, Setup, Step, Terminal, Upgrade};
use serde_json::json;

const CODE: &str = "fn a() {\n    one();\n    two();\n}\n";

fn setup() -> Setup {
    Setup::files(&[("src/a.rs", CODE), ("src/b.rs", "fn b() {}\n")])
}

/// A session with short clocks.
fn hasty() -> Setup {
    setup().config(|config| {
        config.session.first_event_timeout = Duration::from_millis(200);
        config.session.idle_timeout = Duration::from_millis(200);
    })
}

fn waits(ended: &Ended) -> Vec<Duration> {
    let delay = |stage: &Stage| match stage {
        Stage::Waiting { delay, .. } => Some(*delay),
        _ => None,
    };
    ended.stages.iter().filter_map(delay).collect()
}

// ---- between turns ---------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_connection_lost_between_turns_comes_back_by_itself_and_the_next_turn_begins_from_the_truth() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let read = Reply::calls([Call::read("src/b.rs")]);
    rig.edit("src/a.rs", [read, Reply::text("First words.").then(Step::Close(1001, "going away"))]).await;
    rig.editor.replace("src/a.rs", "one();", "eins();");
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    assert_eq!(rig.provider.everything().iter().filter(|request| request.is_warm_up()).count(), 2);

    let ended = rig.edit("src/a.rs", [Reply::text("Second words.")]).await;
    assert_eq!(ended.receipt.lineage, Continuity::Rebased);
    assert_eq!(ended.rebase(), Some("connection lost"));
    assert!(ended.receipt.reused_connection, "it was open before the turn began");
    let request = rig.provider.requests().pop().unwrap();
    assert_eq!(request.previous(), Some("resp_3"), "it goes on from the second warm-up");
    assert!(!request.raw.contains("First words."), "no history is replayed: {}", request.text());
    assert!(request.text().contains("- edit in src/a.rs: answered, 0 files changed"), "{}", request.text());
    let mirror = Mirror::of(&request);
    assert_eq!(mirror.text("src/a.rs"), Some(rig.editor.buffer("src/a.rs").as_str()), "{}", request.text());
    assert_eq!(mirror.text("src/b.rs"), Some("fn b() {}\n"));
    assert!(request.outputs().is_empty());
}

#[tokio::test]
async fn what_was_applied_is_the_truth_a_new_lineage_begins_with() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let patch = Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]);
    rig.edit("src/a.rs", [patch, Reply::text("Done.")]).await;
    rig.provider.drop_connections();
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    rig.edit("src/a.rs", [Reply::text("Here.")]).await;
    let text = rig.provider.request(2).await.text();
    assert!(text.contains("<file path=\"src/a.rs\"") && text.contains("    eins();"), "{text}");
    assert!(!text.contains("one();"), "the text before is history: {text}");
}

#[tokio::test]
async fn a_connection_that_answers_no_ping_is_replaced() {
    let deaf = Reply::of([Step::Created, Step::Completed(Terminal::Whole), Step::Deaf]);
    let setup = setup().warm_ups([deaf]).config(|config| {
        config.session.ping_interval = Duration::from_millis(100);
        config.session.pong_timeout = Duration::from_millis(100);
    });
    let mut rig = setup.warm().await;
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Alive.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered);
    assert_eq!(rig.provider.requests()[0].connection, 1);
}

#[tokio::test]
async fn an_old_connection_is_replaced_beside_and_closed_with_the_word_rotation() {
    let setup = setup().config(|config| config.session.rotate_after = Duration::from_millis(300));
    let mut rig = setup.warm().await;
    rig.edit("src/a.rs", [Reply::text("One.")]).await;
    let turn_on = rig.provider.requests()[0].connection;
    assert_eq!(rig.provider.closing(turn_on).await, Closing::Frame(1000, "rotation".into()));
    assert!(rig.provider.connections().len() > turn_on + 1, "the new connection came first");
    let ended = rig.edit("src/a.rs", [Reply::text("Two.")]).await;
    assert_eq!(ended.rebase(), Some("rotation"));
    assert!(ended.receipt.reused_connection);
}

#[tokio::test]
async fn while_no_fresh_connection_can_be_had_the_old_one_serves_on() {
    let setup = setup().upgrades([Upgrade::Accept, Upgrade::Refuse(503)]);
    let mut rig = setup.config(|config| config.session.rotate_after = Duration::from_millis(100)).warm().await;
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    let ended = rig.edit("src/a.rs", [Reply::text("One.")]).await;
    assert_eq!(ended.receipt.lineage, Continuity::Continued);
    assert_eq!(rig.provider.requests()[0].connection, 0);
}

#[tokio::test]
async fn a_refused_warm_up_leaves_a_connection_that_is_used() {
    let refused = Reply::error(400, "invalid_request_error", "no generate here");
    let mut rig = setup().warm_ups([refused]).warm().await;
    let ended = rig.edit("src/a.rs", [Reply::text("One.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered);
    let request = rig.provider.request(0).await;
    assert_eq!((request.connection, request.previous()), (0, None));
    assert_eq!(request.input()[0]["role"], "developer");
}

#[tokio::test]
async fn a_reset_begins_a_new_conversation_on_a_new_connection() {
    let mut rig = setup().warm().await;
    rig.edit("src/a.rs", [Reply::text("One.")]).await;
    rig.session.reset();
    rig.provider.connected(2).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Two.")]).await;
    assert_eq!(ended.rebase(), Some("reset"));
    let request = rig.provider.request(1).await;
    assert_eq!(request.connection, 1);
    assert!(!request.text().contains("Done so far"), "{}", request.text());
}

#[tokio::test]
async fn a_closed_session_says_goodbye() {
    let rig = setup().warm().await;
    rig.session.close().await;
    assert_eq!(rig.provider.closing(0).await, Closing::Frame(1000, "session ended".into()));
}

// ---- in the middle of a turn -----------------------------------------------------------------------------------

#[tokio::test]
async fn a_cut_answer_is_asked_again_with_the_rounds_of_this_turn() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "opaque", "summary": []});
    let mut calls = Reply::calls([Call::read("src/b.rs"), Call::swap("src/a.rs", "    one();", "    eins();")]);
    calls = Reply::of([Step::Created, Step::Item(reasoning)]).join(calls);
    let cut = Reply::text("A partial answer.").broken_after(2, Step::Cut);
    let ended = rig.edit("src/a.rs", [calls, cut, Reply::text("The whole answer.")]).await;
    assert_eq!(ended.outcome(), Outcome::Applied);
    assert_eq!(ended.message, "The whole answer.");
    assert_eq!(ended.rebase(), Some("connection lost"));
    assert_eq!(ended.receipt.rounds, 2, "answered rounds count");
    assert!(!ended.receipt.reused_connection);
    assert!(rig.editor.buffer("src/a.rs").contains("eins();"), "the patch stands");

    let requests = rig.provider.requests();
    let again = &requests[2];
    assert_eq!((again.connection, again.previous()), (1, None));
    assert!(!again.raw.contains("A partial answer."));
    let kinds: Vec<_> = again.input().iter().map(|item| item["type"].as_str().unwrap()).collect();
    let rounds = ["reasoning", "function_call", "function_call", "function_call_output", "function_call_output"];
    assert!(kinds.ends_with(&rounds), "{kinds:?}");
    assert!(again.raw.contains(r#""encrypted_content":"opaque""#));
    assert_eq!(again.outputs(), requests[1].outputs());
}

#[tokio::test]
async fn a_round_that_is_cut_twice_fails_and_applies_nothing() {
    let mut rig = setup().warm().await;
    let patch = Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]);
    let ended = rig.edit("src/a.rs", [patch, Reply::of([Step::Cut]), Reply::of([Step::Cut])]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("again after reconnecting; nothing was applied"), "{}", ended.message);
    assert!(ended.proposals.is_empty());
    let next = rig.edit("src/a.rs", [Reply::text("Back.")]).await;
    assert_eq!(next.outcome(), Outcome::Answered);
}

#[tokio::test]
async fn a_turn_that_is_cut_in_three_rounds_fails() {
    let mut rig = setup().warm().await;
    let cut = || Reply::of([Step::Created, Step::Close(1011, "")]);
    let list = |glob: &str| Reply::calls([Call::new("list_files", json!({ "glob": glob }))]);
    let ended = rig.edit("src/a.rs", [cut(), list("a*"), cut(), list("b*"), cut()]).await;
    assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Failed, 2));
    assert!(ended.message.contains("1011"), "{}", ended.message);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_cut() {
    let ends = [Step::Garbage("not json"), Step::Binary, Step::Close(1012, "restart"), Step::Cut];
    for end in ends {
        let mut rig = setup().warm().await;
        let broken = Reply::text("Half an answer.").broken_after(3, end);
        let ended = rig.edit("src/a.rs", [broken, Reply::text("Whole.")]).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Whole."));
        assert_eq!(rig.provider.requests()[1].connection, 1);
    }
}

#[tokio::test]
async fn a_server_error_after_output_is_a_cut() {
    let mut rig = setup().warm().await;
    let error = json!({"type": "error", "status": 500, "error": {"code": "server_error", "message": "oops"}});
    let broken = Reply::text("Half an answer.").broken_after(2, Step::Event(error));
    let ended = rig.edit("src/a.rs", [broken, Reply::text("Whole.")]).await;
    assert_eq!(ended.message, "Whole.");
    assert!(waits(&ended).is_empty());
    assert_eq!(rig.provider.requests()[1].connection, 1);
}

#[tokio::test]
async fn silence_before_the_first_event_is_a_cut() {
    let mut rig = hasty().warm().await;
    let ended = rig.edit("src/a.rs", [Reply::of([Step::Silence]), Reply::text("Here.")]).await;
    assert_eq!(ended.message, "Here.");
    assert_eq!(ended.rebase(), Some("connection lost"));
    assert_eq!(rig.provider.closing(0).await, Closing::Gone);
    let ended = rig.edit("src/a.rs", [Reply::of([Step::Silence]), Reply::of([Step::Silence])]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("silent"), "{}", ended.message);
}

#[tokio::test]
async fn silence_in_the_middle_of_an_answer_is_a_cut() {
    let mut rig = hasty().warm().await;
    let broken = Reply::text("Half an answer.").broken_after(2, Step::Silence);
    let ended = rig.edit("src/a.rs", [broken, Reply::text("Whole.")]).await;
    assert_eq!(ended.message, "Whole.");
}

#[tokio::test]
async fn a_live_socket_may_be_silent_for_long_and_a_dead_one_may_not() {
    let pings = |config: &mut pilotlight::config::Config| {
        config.session.ping_interval = Duration::from_millis(100);
        config.session.pong_timeout = Duration::from_millis(100);
    };
    let mut rig = setup().config(pings).warm().await;
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    let sign = std::sync::Arc::new(tokio::sync::Notify::new());
    rig.provider.script([Reply::of([Step::Created, Step::Until(sign.clone())]).join(Reply::text("Thought."))]);
    rig.provider.pinged(0, 4).await;
    sign.notify_one();
    assert_eq!(turn.end().await.message, "Thought.");

    let deaf = Reply::of([Step::Created, Step::Deaf]);
    let ended = rig.edit("src/a.rs", [deaf, Reply::text("Alive.")]).await;
    assert_eq!((ended.message.as_str(), ended.rebase()), ("Alive.", Some("connection lost")));
}

#[tokio::test]
async fn a_lost_chain_is_sent_again_on_the_same_connection_without_a_word() {
    let words = json!({"code": "previous_response_not_found", "message": "gone"});
    let envelopes = [
        json!({"type": "error", "status": 400, "error": words}),
        json!({"type": "error", "error": words}),
        json!({"type": "error", "code": "previous_response_not_found", "message": "gone", "sequence_number": 0}),
        json!({"type": "error", "status_code": 400, "error": words, "headers": {}}),
        json!({"type": "response.failed", "response": {"id": "resp_x", "status": "failed", "error": words}}),
    ];
    for envelope in envelopes {
        let mut rig = setup().warm().await;
        let read = Reply::calls([Call::read("src/b.rs")]);
        let ended = rig.edit("src/a.rs", [read, Reply::event(envelope.clone()), Reply::text("Here.")]).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Here."), "{envelope}");
        assert_eq!(ended.rebase(), Some("previous_response_not_found"));
        assert!(waits(&ended).is_empty());
        let request = &rig.provider.requests()[2];
        assert_eq!((request.connection, request.previous()), (0, None));
        assert_eq!(request.outputs().len(), 1, "the round before is in it, with its call");
    }
}

#[tokio::test]
async fn a_chain_lost_twice_in_a_round_fails() {
    let mut rig = setup().warm().await;
    let gone = || Reply::error(400, "previous_response_not_found", "gone");
    let ended = rig.edit("src/a.rs", [gone(), gone()]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
}

#[tokio::test]
async fn a_connection_past_its_age_is_replaced_at_once() {
    let mut rig = setup().warm().await;
    let limit = Reply::error(400, "websocket_connection_limit_reached", "60 minutes");
    let ended = rig.edit("src/a.rs", [limit, Reply::text("Here.")]).await;
    assert_eq!((ended.outcome(), ended.rebase()), (Outcome::Answered, Some("websocket_connection_limit_reached")));
    assert_eq!(rig.provider.requests()[1].connection, 1);
}

// ---- errors of the server --------------------------------------------------------------------------------------

#[tokio::test]
async fn an_overloaded_server_is_asked_again_after_half_a_second() {
    let mut rig = setup().warm().await;
    let ended = rig.edit("src/a.rs", [Reply::error(503, "server_is_overloaded", "busy"), Reply::text("Here.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered);
    let [delay] = waits(&ended)[..] else { panic!("{:?}", ended.stages) };
    assert!((450..=550).contains(&delay.as_millis()), "{delay:?}");
    assert_eq!(rig.provider.requests()[1].previous(), None, "an error ends the chain");
    assert_eq!(rig.provider.requests()[1].connection, 0);
}

#[tokio::test]
async fn a_server_that_stays_overloaded_is_given_up_after_three_retries() {
    let mut rig = setup().warm().await;
    let busy = || Reply::error(429, "rate_limit_exceeded", "Rate limit reached. Please try again in 20ms.");
    let ended = rig.edit("src/a.rs", [busy(), busy(), busy(), busy()]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert_eq!(waits(&ended), [Duration::from_millis(20); 3], "the server's own delay");
    assert!(ended.message.contains("overloaded"), "{}", ended.message);
}

#[tokio::test]
async fn a_delay_past_twenty_seconds_is_not_waited_out() {
    let mut rig = setup().warm().await;
    let ended = rig.edit("src/a.rs", [Reply::error(429, "rate_limit_exceeded", "try again in 90s")]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(waits(&ended).is_empty());
    assert!(ended.message.contains("90 s") && ended.message.contains(" UTC"), "{}", ended.message);
}

#[tokio::test]
async fn what_only_the_user_can_change_fails_at_once_with_one_message() {
    let table = [
        (429, "insufficient_quota", "quota"),
        (401, "invalid_api_key", "API key"),
        (400, "invalid_prompt", "does not accept"),
    ];
    for (status, code, words) in table {
        let mut rig = setup().warm().await;
        let ended = rig.edit("src/a.rs", [Reply::error(status, code, "because")]).await;
        assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Failed, 0), "{code}");
        assert!(ended.message.contains(words) && ended.message.contains("because"), "{}", ended.message);
        assert_eq!(rig.provider.requests().len(), 1, "{code}");
        let next = rig.edit("src/a.rs", [Reply::text("Better.")]).await;
        assert_eq!(next.outcome(), Outcome::Answered);
    }
}

#[tokio::test]
async fn a_usage_limit_says_when_it_ends() {
    let mut rig = setup().warm().await;
    let resets_at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 3600;
    let limit = json!({"type": "error", "status": 429, "error": {"type": "usage_limit_reached", "message": "limit",
        "plan_type": "pro", "resets_at": resets_at}, "headers": {"x-codex-primary-used-percent": "100.0"}});
    let ended = rig.edit("src/a.rs", [Reply::event(limit)]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains(" UTC"), "{}", ended.message);
}

#[tokio::test]
async fn an_incomplete_answer_fails_with_its_reason() {
    let mut rig = setup().warm().await;
    let patch = Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]);
    let incomplete = Reply::of([Step::Created, Step::Delta("And".into()), Step::Incomplete("max_output_tokens")]);
    let ended = rig.edit("src/a.rs", [patch, incomplete]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("max_output_tokens"), "{}", ended.message);
    assert!(ended.proposals.is_empty());
}

#[tokio::test]
async fn a_context_that_does_not_fit_is_begun_anew_once() {
    let mut rig = setup().warm().await;
    let long = || Reply::error(400, "context_length_exceeded", "too long");
    let ended = rig.edit("src/a.rs", [long(), Reply::text("Fits.")]).await;
    assert_eq!((ended.outcome(), ended.rebase()), (Outcome::Answered, Some("context_length_exceeded")));
    let ended = rig.edit("src/a.rs", [long(), long()]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("too long"), "{}", ended.message);
}

#[tokio::test]
async fn a_context_past_its_limit_is_begun_anew_before_the_next_turn() {
    let mut rig = setup().config(|config| config.session.max_context_tokens = 1000).warm().await;
    rig.edit("src/a.rs", [Reply::text(&"words ".repeat(800))]).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Short.")]).await;
    assert_eq!(ended.rebase(), Some("context past session.max_context_tokens"));
    let request = rig.provider.request(1).await;
    assert_eq!((request.connection, request.previous()), (0, None));
    assert!(!request.raw.contains("words words"));
}

#[tokio::test]
async fn strange_events_and_missing_figures_do_no_harm() {
    let mut rig = setup().warm().await;
    let limits = json!({"type": "codex.rate_limits", "plan_type": "pro"});
    let read = Reply::calls([Call::read("src/b.rs")]).bare().preceded_by(limits.clone());
    let ended = rig.edit("src/a.rs", [read, Reply::text("Fine.").bare().preceded_by(limits)]).await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Fine."));
    assert_eq!((ended.receipt.rounds, ended.receipt.input_tokens), (2, 0));
}

#[tokio::test]
async fn a_refusal_of_the_model_is_its_answer() {
    let mut rig = setup().warm().await;
    let refusal = json!({"type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "refusal", "refusal": "I will not."}]});
    let ended = rig.edit("src/a.rs", [Reply::item(refusal)]).await;
    assert_eq!(ended.message, "I will not.");
}

// ---- ending it -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_cancelled_turn_drops_its_socket_applies_nothing_and_the_next_is_a_full_one() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let patch = Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]);
    rig.provider.script([patch, Reply::text("On my way.").broken_after(2, Step::Silence)]);
    let turn = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    rig.provider.request(1).await;
    turn.cancel.cancel();
    let ended = turn.end().await;
    assert_eq!(ended.outcome(), Outcome::Cancelled);
    assert!(ended.proposals.is_empty());
    assert_eq!(rig.editor.buffer("src/a.rs"), CODE);
    assert_eq!(rig.provider.closing(0).await, Closing::Gone, "there is no cancel event");
    let next = rig.edit("src/a.rs", [Reply::text("Again.")]).await;
    assert_eq!(next.rebase(), Some("cancelled"));
    assert_eq!(rig.provider.requests()[2].connection, 1);
    assert!(!rig.provider.requests()[2].raw.contains("eins();"), "the model's change is forgotten");
}

#[tokio::test]
async fn a_turn_ends_at_its_time_limit() {
    let mut rig = setup().config(|config| config.session.turn_timeout = Duration::from_millis(300)).warm().await;
    let ended = rig.edit("src/a.rs", [Reply::of([Step::Created, Step::Silence])]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("session.turn_timeout"), "{}", ended.message);
}

#[tokio::test]
async fn four_turns_wait_and_the_next_is_refused() {
    let mut rig = setup().warm().await;
    let sign = std::sync::Arc::new(tokio::sync::Notify::new());
    rig.provider.script([Reply::of([Step::Created, Step::Until(sign.clone())]).join(Reply::text("0"))]);
    rig.provider.script((1..5).map(|number| Reply::text(&number.to_string())));
    let turns: Vec<_> = (0..5).map(|_| rig.begin(Rig::ask("src/a.rs"), Decision::Apply)).collect();
    assert!(rig.submit(Rig::ask("src/a.rs"), Decision::Apply).is_err());
    sign.notify_one();
    for (number, turn) in turns.into_iter().enumerate() {
        assert_eq!(turn.end().await.message, number.to_string());
    }
    assert_eq!(rig.edit("src/a.rs", [Reply::text("Room again.")]).await.message, "Room again.");
}
