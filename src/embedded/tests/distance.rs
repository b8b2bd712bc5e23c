//! A server that is far away: slower by the round trips it takes, and otherwise the same.
//!
//! Times are checked from below only: a byte never comes early, however busy the machine is.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{
    client::{Client, Ended, create, http, post, request},
    start,
};
use crate::embedded::{AgentOptions, RunningAgent, server::Limits};

const RTT: Duration = Duration::from_millis(40);

async fn far_away(faults: &[&str]) -> RunningAgent {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start(AgentOptions { rtt: RTT, faults, ..AgentOptions::default() }, Limits::default()).await
}

#[tokio::test]
async fn a_connection_takes_two_round_trips_and_a_request_or_a_ping_one() {
    let agent = far_away(&[]).await;
    let begun = Instant::now();
    let mut client = Client::connect(&agent).await;
    assert!(begun.elapsed() >= 2 * RTT, "handshakes of TCP and WebSocket");
    let begun = Instant::now();
    client.complete(json!({"input": "long"})).await;
    assert!(begun.elapsed() >= RTT);
    let begun = Instant::now();
    client.send_message(Message::Ping(b"far".to_vec().into())).await;
    assert!(matches!(client.next_message().await, Some(Ok(Message::Pong(_)))));
    assert!(begun.elapsed() >= RTT);
}

#[tokio::test]
async fn over_http_only_the_first_request_of_a_connection_pays_for_the_handshake() {
    let agent = far_away(&[]).await;
    let mut connection = http(agent.addr()).await;
    for round_trips in [2, 1] {
        let body = json!({"model": "m", "input": "hi", "store": false}).to_string();
        let begun = Instant::now();
        let answer = connection.send_request(request(&agent, "POST", "/v1/responses", &[], body)).await.unwrap();
        assert!(begun.elapsed() >= round_trips * RTT);
        http_body_util::BodyExt::collect(answer.into_body()).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_too_big_and_faults_arrive_from_afar_as_from_near() {
    let agent = far_away(&["close-mid-response,times=1"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "long"}))).await;
    assert_eq!(client.end().await, Ended::Broken);
    assert_eq!(post(&agent, json!({"input": "hi"})).await.unwrap().status, 200);
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "x".repeat(17 * 1024 * 1024)}))).await;
    assert_eq!(client.end().await, Ended::Closed(1009));
}

#[tokio::test]
async fn a_server_that_stops_leaves_nobody_waiting() {
    let agent = far_away(&["silent"]).await;
    let mut client = Client::connect(&agent).await;
    client.send(create(json!({"input": "hi"}))).await;
    drop(agent);
    assert_eq!(client.end().await, Ended::Broken);
}
