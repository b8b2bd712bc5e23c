//! The protocol over a WebSocket, without faults: chains, lanes, errors, limits.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::{
    PATCH, agent,
    client::{Client, Ended, bounded, create, fetch, text, types},
    scripted, start,
};
use crate::{
    embedded::{
        AgentOptions,
        server::{Limits, start_with},
    },
    wire::item::Item,
};

#[tokio::test]
async fn a_warm_up_has_no_output_and_can_be_continued() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let developer = json!([{"role": "developer", "content": "be brief"}]);
    let events = client.create(json!({"generate": false, "stream": true, "input": developer})).await;
    assert_eq!(types(&events), ["response.created", "response.in_progress", "response.completed"]);
    let warm = &events[2]["response"];
    assert_eq!(warm["output"], json!([]));
    let first = client.complete(json!({"previous_response_id": warm["id"], "input": "hello"})).await;
    assert_eq!(text(&first), "2 items");
    assert_eq!(first["previous_response_id"], warm["id"]);
    assert!(first["usage"]["input_tokens_details"]["cached_tokens"].as_u64() > Some(0));
    assert_eq!(first["usage"]["estimated"], true);
}

#[tokio::test]
async fn a_text_is_streamed_in_the_full_sequence() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let events = client.create(json!({"input": "hello"})).await;
    assert_eq!(
        types(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], index);
        assert!(event.get("stream_id").is_none());
    }
    assert_eq!(events[7]["item"], events[8]["response"]["output"][0]);
}

#[tokio::test]
async fn a_call_is_answered_in_the_chain() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "call"})).await;
    let call = &first["output"][0];
    assert_eq!((&call["type"], &call["name"]), (&json!("function_call"), &json!("search")));
    assert_eq!(call["arguments"], r#"{"pattern":"needle"}"#);
    let output = json!([{"type": "function_call_output", "call_id": call["call_id"], "output": "a.rs:1"}]);
    let second = client.complete(json!({"previous_response_id": first["id"], "input": output})).await;
    assert_eq!(text(&second), "3 items");
}

#[tokio::test]
async fn a_patch_takes_the_form_that_was_declared() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let tools = json!([{"type": "custom", "name": "apply_patch", "format": {"type": "text"}}]);
    let events = client.create(json!({"input": "patch", "tools": tools})).await;
    let streamed: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    let call = &events.last().unwrap()["response"]["output"][0];
    assert_eq!((&call["type"], call["input"].as_str()), (&json!("custom_tool_call"), Some(PATCH)));
    assert_eq!(streamed, PATCH);
    assert!(types(&events).contains(&"response.custom_tool_call_input.done"));

    let tools = json!([{"type": "function", "name": "apply_patch", "parameters": {}}]);
    let response = client.complete(json!({"input": "patch", "tools": tools})).await;
    assert_eq!(response["output"][0]["type"], "function_call");
    assert_eq!(response["output"][0]["arguments"], json!({ "patch": PATCH }).to_string());
}

#[tokio::test]
async fn only_the_latest_response_can_be_continued() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "one"})).await;
    client.complete(json!({"previous_response_id": first["id"], "input": "two"})).await;
    let error = client.refused(json!({"previous_response_id": first["id"], "input": "three"})).await;
    let expected = json!({"type": "error", "status": 400, "error": {
        "type": "invalid_request_error", "code": "previous_response_not_found",
        "message": format!("Previous response with id '{}' not found.", first["id"].as_str().unwrap()),
        "param": "previous_response_id"}});
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_stored_response_can_be_continued_from_any_connection() {
    let agent = agent(&[]).await;
    let stored = Client::connect(&agent).await.complete(json!({"input": "one", "store": true})).await;
    let unstored = Client::connect(&agent).await.complete(json!({"input": "one"})).await;
    let mut other = Client::connect(&agent).await;
    for _ in 0..2 {
        let next = other.complete(json!({"previous_response_id": stored["id"], "input": "two"})).await;
        assert_eq!(text(&next), "3 items");
    }
    other.refused(json!({"previous_response_id": unstored["id"], "input": "two"})).await;
}

#[tokio::test]
async fn a_failed_continuation_evicts_its_parent() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "call"})).await;
    let error = client.refused(json!({"previous_response_id": first["id"], "input": "and now?"})).await;
    let call_id = first["output"][0]["call_id"].as_str().unwrap();
    assert_eq!(error["error"]["message"], format!("No tool output found for function call {call_id}."));
    let output = json!([{"type": "function_call_output", "call_id": call_id, "output": "none"}]);
    let error = client.refused(json!({"previous_response_id": first["id"], "input": output})).await;
    assert_eq!(error["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn a_continuation_that_cannot_be_read_evicts_its_parent_too_but_on_its_own_lane_only() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "one"})).await;
    for (lane, code) in [("other", "invalid_value"), ("", "invalid_value"), ("", "previous_response_not_found")] {
        let mut fields = json!({"previous_response_id": first["id"], "input": [{"type": "dance"}]});
        if !lane.is_empty() {
            fields["stream_id"] = json!(lane);
        }
        if code == "previous_response_not_found" {
            fields["input"] = json!("two");
        }
        assert_eq!(client.refused(fields).await["error"]["code"], code, "{lane}");
    }
    let first = client.complete(json!({"input": "one"})).await;
    let unknown = json!({"type": "response.dance", "previous_response_id": "resp_x"});
    client.send(unknown).await;
    assert_eq!(client.next().await["error"]["param"], "type");
    client.complete(json!({"previous_response_id": first["id"], "input": "two"})).await;
}

#[tokio::test]
async fn sixteen_responses_run_at_once_and_the_seventeenth_waits_for_one_to_end() {
    let agent = agent(&["silent,times=15"]).await;
    let mut client = Client::connect(&agent).await;
    for index in 0..15 {
        client.send(create(json!({"input": "hi", "stream_id": format!("silent-{index}")}))).await;
    }
    // One of sixteen is left: what follows goes through it, one after the other.
    for index in 0..3 {
        client.send(create(json!({"input": "hi", "stream_id": format!("free-{index}")}))).await;
    }
    for index in 0..3 {
        let events = client.until_end().await;
        assert!(events.iter().all(|event| event["stream_id"] == format!("free-{index}")), "{events:?}");
    }
}

#[tokio::test]
async fn a_failed_request_that_continues_nothing_evicts_nothing() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "one"})).await;
    let orphan = json!([{"type": "function_call_output", "call_id": "call_x", "output": "none"}]);
    let error = client.refused(json!({ "input": orphan })).await;
    assert!(error["error"]["message"].as_str().unwrap().contains("call_x"));
    client.complete(json!({"previous_response_id": first["id"], "input": "two"})).await;
}

#[tokio::test]
async fn a_failed_fork_leaves_the_lane_it_came_from() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let first = client.complete(json!({"input": "call", "stream_id": "a"})).await;
    let fork = json!({"previous_response_id": first["id"], "input": "no output", "stream_id": "b"});
    assert_eq!(client.refused(fork).await["stream_id"], "b");
    let call_id = &first["output"][0]["call_id"];
    let output = json!([{"type": "function_call_output", "call_id": call_id, "output": "none"}]);
    for lane in ["b", "a"] {
        let fields = json!({"previous_response_id": first["id"], "input": output, "stream_id": lane});
        assert_eq!(text(&client.complete(fields).await), "3 items");
    }
}

#[tokio::test]
async fn a_lane_waits_for_itself_and_for_no_other() {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let responder = move |conversation: &[Item]| {
        if conversation.last() == Some(&Item::user("hold")) {
            gate.lock().unwrap().recv().unwrap();
        }
        scripted(conversation)
    };
    let agent = start_with(AgentOptions::default(), Arc::new(responder), Limits::default()).await.unwrap();
    let mut client = Client::connect(&agent).await;
    for (lane, input) in [("a", "hold"), ("a", "second"), ("b", "free")] {
        client.send(create(json!({"input": input, "stream_id": lane}))).await;
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut ends = Vec::new();
    while ends.len() < 3 {
        let event = client.next().await;
        if event["type"] == "response.completed" {
            ends.push(event["stream_id"].as_str().unwrap().to_owned());
            if ends.len() == 1 {
                assert!(seen.iter().filter(|event| event["type"] == "response.created").count() == 2);
                release.send(()).unwrap();
            }
        }
        seen.push(event);
    }
    assert_eq!(ends, ["b", "a", "a"]);
    let of_a: Vec<Value> = seen.into_iter().filter(|event| event["stream_id"] == "a").collect();
    let first_end = of_a.iter().position(|event| event["type"] == "response.completed").unwrap();
    let second_start = of_a.iter().rposition(|event| event["type"] == "response.created").unwrap();
    assert_eq!(second_start, first_end + 1);
}

#[tokio::test]
async fn lanes_have_a_form_and_a_limit() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    for index in 0..32 {
        client.complete(json!({"input": "hi", "generate": false, "stream_id": format!("lane-{index}")})).await;
    }
    let error = client.refused(json!({"input": "hi", "stream_id": "lane-32"})).await;
    assert_eq!(error["error"]["code"], "websocket_stream_limit_reached");
    assert_eq!((&error["error"]["param"], &error["stream_id"]), (&json!("stream_id"), &json!("lane-32")));
    let error = client.refused(json!({"input": "hi", "stream_id": ""})).await;
    assert_eq!(error["error"]["code"], "invalid_stream_id");
    assert!(error.get("stream_id").is_none());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_the_connection_goes_on() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    for (frame, code) in [
        ("{", "invalid_json"),
        (r#"{"type":"response.cancel"}"#, "invalid_value"),
        (r#"{"model":"m","input":"hi"}"#, "missing_required_parameter"),
        (r#"{"type":"response.create","input":"hi"}"#, "missing_required_parameter"),
        (r#"{"type":"response.create","model":"m","input":[{"type":"message"}]}"#, "invalid_value"),
    ] {
        client.send_message(Message::text(frame)).await;
        let error = client.next().await;
        assert_eq!((&error["type"], &error["status"]), (&json!("error"), &json!(400)), "{frame}");
        assert_eq!(error["error"]["code"], code, "{frame}");
    }
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn steering_and_injecting_give_the_input_back() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    client.send(json!({"type": "response.steer", "previous_response_id": "resp_1", "input": "also test"})).await;
    let failed = client.next().await;
    assert_eq!(failed["type"], "response.steer.failed");
    assert_eq!(failed["error"]["code"], "steering_not_supported");
    assert_eq!(failed["steer"], json!({"previous_response_id": "resp_1", "input": "also test"}));

    let done = client.complete(json!({"input": "hi"})).await;
    for (id, code) in [(&done["id"], "response_already_completed"), (&json!("resp_x"), "response_not_found")] {
        client.send(json!({"type": "response.inject", "response_id": id, "input": [1]})).await;
        let failed = client.next().await;
        assert_eq!((&failed["type"], &failed["input"]), (&json!("response.inject.failed"), &json!([1])));
        assert_eq!(failed["error"]["code"], code);
    }
}

#[tokio::test]
async fn an_agent_that_panics_is_a_failed_response_and_no_dead_server() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let events = client.create(json!({"input": "panic"})).await;
    let failed = &events.last().unwrap()["response"];
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("server_error")));
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn a_client_that_closes_is_answered_with_its_code() {
    let agent = agent(&[]).await;
    for code in [1000, 1001, 4000] {
        let mut client = Client::connect(&agent).await;
        let frame = CloseFrame { code: code.into(), reason: "rotation".into() };
        client.send_message(Message::Close(Some(frame))).await;
        assert_eq!(client.end().await, Ended::Closed(code));
    }
}

#[tokio::test]
async fn binary_frames_are_refused() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    client.send_message(Message::binary(vec![1])).await;
    assert_eq!(client.end().await, Ended::Closed(1003));
}

#[tokio::test]
async fn a_message_may_have_16_mib_and_no_more() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let frame = |bytes: usize| {
        let empty = create(json!({"input": ""})).to_string().len();
        Message::text(create(json!({"input": "x".repeat(bytes - empty)})).to_string())
    };
    client.send_message(frame(16 * 1024 * 1024)).await;
    assert_eq!(client.until_end().await.last().unwrap()["type"], "response.completed");
    // The server takes the whole message off the wire all the same: a reset could overtake its close frame.
    client.send_message(frame(16 * 1024 * 1024 + 1)).await;
    assert_eq!(client.end().await, Ended::Closed(1009));
}

#[tokio::test]
async fn the_limit_holds_for_a_message_in_parts() {
    let agent = agent(&[]).await;
    let mut client = Client::connect(&agent).await;
    let part = |kind| Message::Frame(Frame::message(vec![b'x'; 9 * 1024 * 1024], OpCode::Data(kind), false));
    client.send_message(part(Data::Text)).await;
    client.send_message(part(Data::Continue)).await;
    assert_eq!(client.end().await, Ended::Closed(1009));
}

#[tokio::test]
async fn a_ping_is_answered_in_mid_response() {
    let agent = agent(&["silent"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    client.send_message(Message::Ping(b"there?".to_vec().into())).await;
    match client.next_message().await {
        Some(Ok(Message::Pong(payload))) => assert_eq!(payload.as_ref(), b"there?"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_old_connection_is_told_so_and_closed() {
    let limits = Limits { max_age: Duration::from_millis(30), ..Limits::default() };
    let agent = start(AgentOptions::default(), limits).await;
    let mut client = Client::connect(&agent).await;
    let error = client.next().await;
    assert_eq!((&error["type"], &error["status"]), (&json!("error"), &json!(400)));
    assert_eq!(error["error"]["code"], "websocket_connection_limit_reached");
    assert_eq!(client.end().await, Ended::Closed(1000));
}

#[tokio::test]
async fn a_client_without_a_sign_of_life_is_dropped_and_one_that_answers_pings_is_not() {
    let short = Duration::from_millis(20);
    let dead = Limits { ping_every: short, silence: Duration::ZERO, ..Limits::default() };
    let agent = start(AgentOptions::default(), dead).await;
    assert_eq!(Client::connect(&agent).await.end().await, Ended::Broken);

    let alive = Limits { ping_every: short, ..Limits::default() };
    let agent = start(AgentOptions::default(), alive).await;
    let mut client = Client::connect(&agent).await;
    assert_eq!(text(&client.complete(json!({"input": "hi"})).await), "1 items");
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let agent = agent(&[]).await;
    let addr = agent.addr();
    let mut client = Client::connect(&agent).await;
    client.complete(json!({"input": "hi"})).await;
    drop(agent);
    assert_eq!(client.end().await, Ended::Broken);
    // The listener goes with the accepting task, which ends on its own time.
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_outlives_the_server_and_its_clients() {
    let alive = Arc::new(());
    let witness = Arc::downgrade(&alive);
    let responder = move |conversation: &[Item]| {
        let _ = &alive;
        scripted(conversation)
    };
    let options = AgentOptions { faults: vec!["silent".parse().unwrap()], ..AgentOptions::default() };
    let agent = start_with(options, Arc::new(responder), Limits::default()).await.unwrap();
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    client.send_message(Message::Ping(Vec::new().into())).await;
    client.next_message().await;
    let body = json!({"model": "m", "input": "hi"}).to_string();
    let waiting = fetch(&agent, "POST", "/v1/responses", &[], body);
    assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
    drop((client, agent));
    bounded(async {
        while witness.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
