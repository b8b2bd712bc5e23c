//! Responses over HTTP, as SSE and as one object.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use super::{
    agent,
    client::{Client, create, fetch, http, post, request, text, types},
    scripted,
};
use crate::{
    embedded::{
        AgentOptions,
        server::{Limits, start_with},
    },
    wire::item::Item,
};

#[tokio::test]
async fn a_stream_has_the_events_of_a_websocket() {
    let agent = agent(&[]).await;
    let answer = post(&agent, json!({"input": "hello", "stream": true})).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("text/event-stream")));
    let events = answer.events();
    assert_eq!(types(&events)[0], "response.created");
    assert_eq!(types(&events).last(), Some(&"response.completed"));
    assert_eq!(text(&events.last().unwrap()["response"]), "1 items");
    assert!(answer.whole);
}

#[tokio::test]
async fn without_stream_the_response_comes_as_one_object() {
    let agent = agent(&[]).await;
    let answer = post(&agent, json!({"input": "hello"})).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let response = answer.json();
    assert_eq!((&response["object"], &response["status"]), (&json!("response"), &json!("completed")));
    assert_eq!(text(&response), "1 items");
}

#[tokio::test]
async fn nothing_is_kept_unless_stored() {
    let agent = agent(&[]).await;
    for (store, status) in [(false, 400), (true, 200)] {
        let first = post(&agent, json!({"input": "one", "store": store})).await.unwrap().json();
        let fields = json!({"input": "two", "previous_response_id": first["id"], "stream": true});
        let next = post(&agent, fields).await.unwrap();
        assert_eq!(next.status, status);
        if status == 400 {
            assert_eq!(next.json()["error"]["code"], "previous_response_not_found");
        }
    }
}

#[tokio::test]
async fn a_stored_chain_goes_from_http_to_a_websocket_and_back_and_an_error_does_not_lose_it() {
    let agent = agent(&[]).await;
    let first = post(&agent, json!({"input": "one", "store": true})).await.unwrap().json();
    let fields = json!({"input": "two", "previous_response_id": first["id"], "store": true});
    let second = Client::connect(&agent).await.complete(fields).await;
    assert_eq!(text(&second), "3 items");
    let orphan = json!([{"type": "function_call_output", "call_id": "call_x", "output": "none"}]);
    for (input, status) in [(orphan, 400), (json!("three"), 200)] {
        let next = post(&agent, json!({"input": input, "previous_response_id": second["id"]})).await.unwrap();
        assert_eq!(next.status, status);
    }
    let unstored = Client::connect(&agent).await.complete(json!({"input": "one"})).await;
    let next = post(&agent, json!({"input": "two", "previous_response_id": unstored["id"]})).await.unwrap();
    assert_eq!(next.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn a_full_resend_needs_each_call_with_its_output() {
    let agent = agent(&[]).await;
    let call = json!({"type": "function_call", "call_id": "call_1", "name": "search", "arguments": "{}"});
    let output = json!({"type": "function_call_output", "call_id": "call_1", "output": "none"});
    assert_eq!(post(&agent, json!({"input": [call, output]})).await.unwrap().status, 200);
    for incomplete in [json!([call]), json!([output])] {
        let answer = post(&agent, json!({ "input": incomplete })).await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("call_1"));
    }
}

#[tokio::test]
async fn a_panic_is_a_failed_response() {
    let agent = agent(&[]).await;
    let answer = post(&agent, json!({"input": "panic"})).await.unwrap();
    assert_eq!((&answer.json()["status"], &answer.json()["error"]["code"]), (&json!("failed"), &json!("server_error")));
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_json() {
    let agent = agent(&[]).await;
    let warm_up = post(&agent, json!({"input": "hi", "generate": false})).await.unwrap();
    assert_eq!((warm_up.status.as_u16(), &warm_up.json()["error"]["param"]), (400, &json!("generate")));
    for (method, path, status) in [
        ("POST", "/v1/responses", 400),
        ("GET", "/v1/responses", 426),
        ("DELETE", "/v1/responses", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/chat/completions", 404),
        ("GET", "/v1", 404),
    ] {
        let answer = fetch(&agent, method, path, &[], String::new()).await.unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.json()["error"]["message"].is_string(), "{method} {path}");
    }
}

#[tokio::test]
async fn there_is_one_model() {
    let agent = agent(&[]).await;
    for path in ["/v1/models", "/models"] {
        let answer = fetch(&agent, "GET", path, &[], String::new()).await.unwrap();
        assert_eq!(answer.json()["data"][0]["id"], "pilotlight-embedded");
    }
}

#[tokio::test]
async fn the_response_of_a_client_that_went_away_is_given_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let responder = move |conversation: &[Item]| {
        counter.fetch_add(1, Ordering::SeqCst);
        scripted(conversation)
    };
    // Every response waits equally long before it asks the agent, so the first to wait would be the first to ask.
    let faults = vec!["missing-usage,delay=100".parse().unwrap()];
    let options = AgentOptions { faults, ..AgentOptions::default() };
    let agent = start_with(options, Arc::new(responder), Limits::default()).await.unwrap();

    let mut websocket = Client::connect(&agent).await;
    websocket.send(create(json!({"input": "hi"}))).await;
    let body = json!({"model": "m", "input": "hi"}).to_string();
    let mut leaving = http(agent.addr()).await;
    let waiting = leaving.send_request(request(&agent, "POST", "/v1/responses", &[], body));
    assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
    drop((leaving, websocket));

    assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
