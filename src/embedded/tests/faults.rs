//! Every fault, over a WebSocket and, where it means something, over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::{
    agent,
    client::{Client, Ended, create, http, post, request, types},
};

/// The status, code and message of the error that a fault answers with.
async fn error_of(fault: &str) -> (u64, String, String) {
    let agent = agent(&[fault]).await;
    let error = Client::connect(&agent).await.refused(json!({"input": "hi"})).await;
    let word = |name: &str| error["error"][name].as_str().unwrap().to_owned();
    (error["status"].as_u64().unwrap(), word("code"), word("message"))
}

/// The events of a response under a fault.
async fn events_of(fault: &str) -> Vec<Value> {
    let agent = agent(&[fault]).await;
    Client::connect(&agent).await.create(json!({"input": "long"})).await
}

#[tokio::test]
async fn upgrades_are_refused_with_the_status_named() {
    for status in [401, 403, 404, 405, 426, 500, 501, 503] {
        let agent = agent(&[&format!("upgrade-{status},times=1")]).await;
        match Client::try_connect(&agent, &[]).await.map(|_| ()).unwrap_err() {
            WsError::Http(response) => assert_eq!(response.status().as_u16(), status),
            other => panic!("{other}"),
        }
        assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
        Client::connect(&agent).await.complete(json!({"input": "hi"})).await;
    }
}

#[tokio::test]
async fn a_connection_is_closed_right_after_the_upgrade() {
    let agent = agent(&["close-after-upgrade,after=1"]).await;
    Client::connect(&agent).await.complete(json!({"input": "hi"})).await;
    assert_eq!(Client::connect(&agent).await.end().await, Ended::Closed(1008));
}

#[tokio::test]
async fn a_connection_is_closed_before_any_event() {
    let agent = agent(&["close-before-event,after=1,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    client.complete(json!({"input": "hi", "generate": false})).await;
    client.send(create(json!({"input": "hi"}))).await;
    assert_eq!(client.end().await, Ended::Closed(1011));
    Client::connect(&agent).await.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn a_connection_is_closed_with_the_code_named() {
    for code in [1009, 1011, 1012, 1013] {
        let agent = agent(&[&format!("close-{code}")]).await;
        let mut client = Client::connect(&agent).await;
        client.send(create(json!({"input": "hi"}))).await;
        assert!(
            matches!(client.next_message().await, Some(Ok(Message::Close(Some(frame)))) if frame.code == code.into())
        );
        // HTTP has no limit of frames.
        assert_eq!(post(&agent, json!({"input": "hi"})).await.is_ok(), code == 1009);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_its_response_was_good_until_then() {
    let agent = agent(&["close-after-response"]).await;
    let mut client = Client::connect(&agent).await;
    client.complete(json!({"input": "hi"})).await;
    assert_eq!(client.end().await, Ended::Broken);
    assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_connection_breaks_after_some_deltas() {
    let agent = agent(&["close-mid-response"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "long"}))).await;
    let mut deltas = 0;
    let ended = loop {
        match client.next_message().await {
            Some(Ok(Message::Text(text))) => {
                assert!(!text.contains("response.completed") && !text.contains("response.output_item.done"));
                deltas += usize::from(text.contains("response.output_text.delta"));
            }
            Some(Ok(other)) => panic!("{other:?}"),
            ended => break ended,
        }
    };
    assert!(!matches!(ended, Some(Ok(_))));
    assert_eq!(deltas, 3);
}

#[tokio::test]
async fn an_error_comes_after_some_deltas_in_any_form() {
    let nested = events_of("error-mid-response").await;
    assert_eq!(types(&nested).iter().filter(|kind| **kind == "response.output_text.delta").count(), 3);
    let error = nested.last().unwrap();
    assert_eq!((&error["status"], &error["error"]["code"]), (&json!(500), &json!("server_error")));
    let agent = agent(&["flat-error", "error-mid-response"]).await;
    let answer = post(&agent, json!({"input": "long", "stream": true})).await.unwrap();
    let flat = answer.events();
    assert_eq!(types(&flat)[0], "response.created");
    assert_eq!((&flat.last().unwrap()["code"], answer.whole), (&json!("server_error"), true));
}

#[tokio::test]
async fn a_response_falls_silent_after_some_deltas_and_pings_are_still_answered() {
    let agent = agent(&["silent-mid-response"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "long"}))).await;
    let mut deltas = 0;
    while deltas < 3 {
        deltas += usize::from(client.next().await["type"] == "response.output_text.delta");
    }
    client.send_message(Message::Ping(Vec::new().into())).await;
    assert!(matches!(client.next_message().await, Some(Ok(Message::Pong(_)))));
}

#[tokio::test]
async fn a_half_open_connection_answers_nothing_from_the_upgrade_or_in_use() {
    for passed in [0, 1] {
        let agent = agent(&[&format!("half-open,after={passed},times=1")]).await;
        let mut deaf = Client::connect(&agent).await;
        for _ in 0..passed {
            deaf.complete(json!({"input": "hi"})).await;
        }
        deaf.send(create(json!({"input": "hi"}))).await;
        // Another connection works meanwhile; the request has struck by then, and a ping after it is not answered.
        let mut other = Client::connect(&agent).await;
        other.complete(json!({"input": "hi"})).await;
        deaf.send_message(Message::Ping(Vec::new().into())).await;
        other.complete(json!({"input": "hi"})).await;
        let heard = tokio::time::timeout(Duration::from_millis(50), deaf.next_message()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

#[tokio::test]
async fn not_found_concerns_continuations_only() {
    let agent = agent(&["not-found,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    let warm = client.complete(json!({"input": "hi", "generate": false})).await;
    let error = client.refused(json!({"previous_response_id": warm["id"], "input": "hi"})).await;
    assert_eq!(error["error"]["code"], "previous_response_not_found");
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn the_connection_limit_comes_with_a_close() {
    let agent = agent(&["connection-limit"]).await;
    let mut client = Client::connect(&agent).await;
    let error = client.refused(json!({"input": "hi"})).await;
    assert_eq!(
        (&error["status"], &error["error"]["code"]),
        (&json!(400), &json!("websocket_connection_limit_reached"))
    );
    assert_eq!(client.end().await, Ended::Closed(1000));
    assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
}

#[tokio::test]
async fn requests_are_refused_with_the_code_and_the_delay_named() {
    for (fault, status, code, wait) in [
        ("overloaded", 503, "server_is_overloaded", None),
        ("overloaded-wait", 503, "server_is_overloaded", Some("1")),
        ("rate-limit", 429, "rate_limit_exceeded", Some("1")),
        ("rate-limit-no-wait", 429, "rate_limit_exceeded", None),
        ("rate-limit-long-wait", 429, "rate_limit_exceeded", Some("60")),
        ("quota", 429, "insufficient_quota", None),
        ("context-length", 400, "context_length_exceeded", None),
    ] {
        let (seen_status, seen_code, message) = error_of(fault).await;
        assert_eq!((seen_status, seen_code.as_str()), (status, code));
        let words = wait.map(|seconds| format!("try again in {seconds}s."));
        assert_eq!(message.contains("try again in"), wait.is_some(), "{message}");
        assert!(message.ends_with(&words.unwrap_or_default()), "{message}");
        let agent = agent(&[fault]).await;
        let answer = post(&agent, json!({"input": "hi", "stream": true})).await.unwrap();
        assert_eq!((u64::from(answer.status.as_u16()), &answer.json()["error"]["code"]), (status, &json!(code)));
        assert_eq!(answer.header("retry-after"), wait);
    }
}

#[tokio::test]
async fn a_used_up_allowance_says_when_it_is_renewed_and_has_no_code() {
    let agent = agent(&["usage-limit"]).await;
    let refused = Client::connect(&agent).await.refused(json!({"input": "hi"})).await;
    let answer = post(&agent, json!({"input": "hi"})).await.unwrap();
    assert_eq!((&refused["status"], answer.status.as_u16()), (&json!(429), 429));
    for error in [&refused["error"], &answer.json()["error"]] {
        assert_eq!((&error["type"], error.get("code")), (&json!("usage_limit_reached"), None));
        assert!(error["resets_at"].as_u64() > Some(1_700_000_000));
    }
}

#[tokio::test]
async fn outputs_are_refused_as_if_their_call_were_lost() {
    let agent = agent(&["refused-outputs,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "call"})).await;
    let call_id = first["output"][0]["call_id"].as_str().unwrap();
    let output = json!({"type": "function_call_output", "call_id": call_id, "output": "none"});
    let error = client.refused(json!({"previous_response_id": first["id"], "input": [output]})).await;
    assert_eq!((&error["status"], &error["error"]["type"]), (&json!(400), &json!("invalid_request_error")));
    let message = format!("No tool call found for function call output with call_id {call_id}.");
    assert_eq!(error["error"]["message"], message);
    client.complete(json!({"input": [first["output"][0], output]})).await;
}

#[tokio::test]
async fn a_refused_warm_up_leaves_the_connection_usable() {
    let agent = agent(&["warm-up-refused"]).await;
    let mut client = Client::connect(&agent).await;
    let error = client.refused(json!({"input": "hi", "generate": false})).await;
    assert_eq!(error["error"]["param"], "generate");
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn a_steered_response_is_followed_by_one_that_completes_and_can_be_continued() {
    let agent = agent(&["steered,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    let begun = client.create(json!({"input": "long"})).await;
    let steered = &begun.last().unwrap()["response"];
    assert_eq!(
        (&steered["status"], &steered["incomplete_details"]),
        (&json!("incomplete"), &json!({"reason": "steered"}))
    );
    let followed = client.until_end().await;
    let (created, done) = (&followed[0]["response"], &followed.last().unwrap()["response"]);
    assert_eq!((&created["previous_response_id"], &created["id"]), (&steered["id"], &done["id"]));
    assert_eq!(done["status"], "completed");
    client.complete(json!({"previous_response_id": done["id"], "input": "hi"})).await;

    let agent = super::agent(&["steered"]).await;
    let answer = post(&agent, json!({"input": "long", "stream": true})).await.unwrap();
    let events = answer.events();
    assert_eq!(types(&events).iter().filter(|kind| **kind == "response.created").count(), 2);
    assert_eq!(types(&events).last(), Some(&"response.completed"));
}

#[tokio::test]
async fn a_failed_response_says_so_before_any_output() {
    let events = events_of("failed").await;
    assert_eq!(types(&events), ["response.created", "response.in_progress", "response.failed"]);
    assert_eq!(events[2]["response"]["error"]["code"], "server_error");
}

#[tokio::test]
async fn a_response_without_its_terminal_event_frees_its_lane() {
    let agent = agent(&["missing-terminal,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    let second = client.complete(json!({"input": "hi"})).await;
    client.complete(json!({"previous_response_id": second["id"], "input": "hi"})).await;

    let agent = super::agent(&["missing-terminal"]).await;
    let answer = post(&agent, json!({"input": "hi", "stream": true})).await.unwrap();
    assert_eq!((answer.whole, types(&answer.events()).last()), (true, Some(&"response.output_item.done")));
}

#[tokio::test]
async fn events_may_have_no_number() {
    let events = events_of("missing-sequence").await;
    assert_eq!(events.last().unwrap()["type"], "response.completed");
    assert!(events.iter().all(|event| event.get("sequence_number").is_none()));
}

#[tokio::test]
async fn errors_come_flat_or_without_status() {
    let flat = events_of("flat-error").await;
    assert_eq!((&flat[0]["type"], &flat[0]["code"]), (&json!("error"), &json!("server_error")));
    assert!(flat[0].get("error").is_none() && flat[0].get("status").is_none());
    let statusless = events_of("statusless-error").await;
    assert_eq!(statusless[0]["error"]["code"], "server_error");
    assert!(statusless[0].get("status").is_none());
    let coded = events_of("status-code-error").await;
    assert_eq!((&coded[0]["status_code"], &coded[0]["error"]["code"]), (&json!(500), &json!("server_error")));
    assert!(coded[0].get("status").is_none());
}

#[tokio::test]
async fn an_error_takes_the_form_of_the_fault_beside_it() {
    let agent = agent(&["rate-limit", "status-code-error"]).await;
    let events = Client::connect(&agent).await.create(json!({"input": "hi"})).await;
    assert_eq!((&events[0]["status_code"], &events[0]["error"]["code"]), (&json!(429), &json!("rate_limit_exceeded")));
    assert_eq!(events[0]["headers"]["retry-after"], "1");
}

#[tokio::test]
async fn faults_that_can_act_together_do() {
    let agent =
        agent(&["unknown-events", "missing-usage", "missing-output,times=1", "refusal", "incomplete,after=1"]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.create(json!({"input": "long"})).await;
    let second = client.create(json!({"input": "long"})).await;
    for (events, end, has_output) in [(&first, "response.completed", false), (&second, "response.incomplete", true)] {
        let seen = types(events);
        assert!(seen.contains(&"codex.rate_limits") && seen.contains(&"response.refusal.done"), "{seen:?}");
        let last = events.last().unwrap();
        assert_eq!((&last["type"], last["response"].get("usage")), (&json!(end), None));
        assert_eq!(last["response"].get("output").is_some(), has_output);
    }
}

#[tokio::test]
async fn unknown_events_stand_between_good_ones() {
    let events = events_of("unknown-events").await;
    let seen = types(&events);
    assert!(seen.contains(&"codex.rate_limits") && seen.contains(&"response.dance.delta"));
    assert_eq!(seen.last(), Some(&"response.completed"));
}

#[tokio::test]
async fn terminal_events_lack_what_is_named() {
    for (fault, missing, present) in [("missing-usage", "usage", "output"), ("missing-output", "output", "usage")] {
        let events = events_of(fault).await;
        let response = &events.last().unwrap()["response"];
        assert!(response.get(missing).is_none() && !response[present].is_null(), "{fault}");
        assert!(types(&events).contains(&"response.output_item.done"));
    }
}

#[tokio::test]
async fn a_binary_frame_stands_in_a_response() {
    let agent = agent(&["binary-frame"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    let mut before = 0;
    while let Some(Ok(Message::Text(_))) = client.next_message().await {
        before += 1;
    }
    assert_eq!(before, 2);
    assert_eq!(client.until_end().await.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn half_an_event_stands_in_a_response() {
    let agent = agent(&["garbage-frame"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    let mut unreadable = 0;
    while let Some(Ok(Message::Text(text))) = client.next_message().await {
        unreadable += usize::from(serde_json::from_str::<Value>(&text).is_err());
        if text.contains("response.completed") {
            break;
        }
    }
    assert_eq!(unreadable, 1);
    let answer = post(&agent, json!({"input": "hi", "stream": true})).await.unwrap();
    let blocks = String::from_utf8(answer.body.to_vec()).unwrap();
    let data = blocks.lines().filter_map(|line| line.strip_prefix("data: "));
    assert_eq!(data.filter(|data| serde_json::from_str::<Value>(data).is_err()).count(), 1);
}

#[tokio::test]
async fn a_huge_frame_is_more_than_a_client_takes() {
    let agent = agent(&["huge-frame"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    assert_eq!(client.end().await, Ended::Unreadable);
}

#[tokio::test]
async fn a_slow_response_is_complete() {
    let agent = agent(&["slow"]).await;
    let events = Client::connect(&agent).await.create(json!({"input": "hi"})).await;
    assert_eq!(events.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn an_incomplete_response_says_why() {
    let events = events_of("incomplete").await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
}

#[tokio::test]
async fn a_refusal_is_an_item_of_its_own_kind_and_no_warm_up() {
    let agent = agent(&["refusal"]).await;
    let mut client = Client::connect(&agent).await;
    let warm = client.complete(json!({"input": "hi", "generate": false})).await;
    assert_eq!(warm["output"], json!([]));
    let events = client.create(json!({"input": "hi"})).await;
    assert!(types(&events).contains(&"response.refusal.done"));
    assert_eq!(events.last().unwrap()["response"]["output"][0]["content"][0]["type"], "refusal");
}

#[tokio::test]
async fn faults_combine_and_a_delay_only_delays() {
    let agent = agent(&["overloaded,times=1,delay=1", "quota,after=1,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    for code in ["server_is_overloaded", "insufficient_quota"] {
        assert_eq!(client.refused(json!({"input": "hi"})).await["error"]["code"], code);
    }
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn a_fault_evicts_what_it_makes_fail() {
    let agent = agent(&["overloaded,after=1,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    let warm = client.complete(json!({"input": "hi", "generate": false})).await;
    for code in ["server_is_overloaded", "previous_response_not_found"] {
        let error = client.refused(json!({"previous_response_id": warm["id"], "input": "hi"})).await;
        assert_eq!(error["error"]["code"], code);
    }
}

#[tokio::test]
async fn over_http_a_stream_breaks_or_is_garbled_likewise() {
    let streamed = |fault: &'static str| async move {
        let agent = agent(&[fault]).await;
        post(&agent, json!({"input": "long", "stream": true})).await
    };
    assert!(streamed("close-before-event").await.is_err());
    let broken = streamed("close-mid-response").await.unwrap();
    assert!(!broken.whole && types(&broken.events()).contains(&"response.output_text.delta"));
    let garbled = streamed("binary-frame").await.unwrap();
    assert!(garbled.whole && std::str::from_utf8(&garbled.body).is_err());
    assert!(streamed("huge-frame").await.unwrap().body.len() > 16 * 1024 * 1024);
    let flat = streamed("flat-error").await.unwrap();
    assert_eq!((flat.status.as_u16(), types(&flat.events())), (200, vec!["error"]));
    let incomplete = streamed("incomplete").await.unwrap();
    assert_eq!(types(&incomplete.events()).last(), Some(&"response.incomplete"));
}

#[tokio::test]
async fn over_http_a_silent_server_says_nothing_at_all() {
    for fault in ["silent,times=1", "half-open,times=1"] {
        let agent = agent(&[fault]).await;
        let body = json!({"model": "m", "input": "hi", "store": false}).to_string();
        let mut silent = http(agent.addr()).await;
        let mut waiting = std::pin::pin!(silent.send_request(request(&agent, "POST", "/v1/responses", &[], body)));
        let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "{early:?}");
        assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
    }
}
