//! What `--record` leaves in its file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use super::{
    client::{Client, Ended, bounded, create, fetch, http, request},
    start,
};
use crate::embedded::{AgentOptions, RunningAgent, StartError, server::Limits};

/// A server that records, and its file.
async fn recording(faults: &[&str]) -> (RunningAgent, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.jsonl");
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let options = AgentOptions { record: Some(file.clone()), faults, ..AgentOptions::default() };
    (start(options, Limits::default()).await, file, folder)
}

/// All lines, once so many connections have ended.
async fn lines(file: &Path, ended: usize) -> Vec<Value> {
    bounded(async {
        loop {
            let text = std::fs::read_to_string(file).unwrap();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            let lines: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines.iter().filter(|line| line["kind"] == "closed").count() >= ended {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

async fn close(client: &mut Client, code: u16, reason: &'static str) {
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    client.send_message(Message::Close(Some(frame))).await;
    client.end().await;
}

#[tokio::test]
async fn a_websocket_is_recorded_from_its_upgrade_to_its_end() {
    let (agent, file, _folder) = recording(&[]).await;
    let mut client = Client::connect(&agent).await;
    let asked = create(json!({"input": "hi", "stream_id": "a"}));
    let told = client.create(json!({"input": "hi", "stream_id": "a"})).await;
    client.send_message(Message::Ping(b"there?".to_vec().into())).await;
    client.next_message().await;
    close(&mut client, 1000, "rotation").await;

    let lines = lines(&file, 1).await;
    assert_eq!((&lines[0]["kind"], &lines[0]["listen"]), (&json!("started"), &json!(agent.addr())));
    assert_eq!((&lines[1]["kind"], &lines[1]["transport"]), (&json!("opened"), &json!("websocket")));
    assert_eq!((&lines[1]["path"], &lines[1]["connection"]), (&json!("/v1/responses"), &json!(1)));
    assert_eq!((&lines[2]["kind"], &lines[2]["status"]), (&json!("answered"), &json!(101)));
    let messages = of(&lines, "message");
    assert_eq!((&messages[0]["direction"], &messages[0]["event"]), (&json!("in"), &asked));
    assert_eq!((&messages[0]["lane"], &messages[0]["bytes"]), (&json!("a"), &json!(asked.to_string().len())));
    for (message, event) in messages[1..].iter().zip(&told) {
        assert_eq!((&message["direction"], &message["event"], &message["lane"]), (&json!("out"), event, &json!("a")));
    }
    let control: Vec<&Value> = messages[1 + told.len()..].iter().map(|message| &message["frame"]).collect();
    assert_eq!(control, ["ping", "pong"]);
    let closed = &lines[lines.len() - 1];
    assert_eq!((&closed["code"], &closed["reason"]), (&json!(1000), &json!("rotation")));
    assert_eq!((&closed["by"], &closed["connection"]), (&json!("client"), &json!(1)));
    let times: Vec<f64> = lines.iter().map(|line| line["at_ms"].as_f64().unwrap()).collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn over_http_bodies_and_blocks_are_recorded_with_their_bytes() {
    let (agent, file, _folder) = recording(&[]).await;
    let mut connection = http(agent.addr()).await;
    let mut received = Vec::new();
    for stream in [true, false] {
        let body = json!({"model": "m", "input": "hi", "store": false, "stream": stream}).to_string();
        let answer = connection.send_request(request(&agent, "POST", "/v1/responses", &[], body)).await.unwrap();
        received.push(http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes().len());
    }
    drop(connection);

    let lines = lines(&file, 1).await;
    assert_eq!((of(&lines, "opened")[0]["transport"].as_str(), of(&lines, "request").len()), (Some("http"), 1));
    assert!(lines[1..].iter().all(|line| line["connection"] == 1));
    let sum = |frame: &str| -> u64 {
        let out = of(&lines, "message").into_iter().filter(|line| line["direction"] == "out" && line["frame"] == frame);
        out.map(|line| line["bytes"].as_u64().unwrap()).sum()
    };
    assert_eq!([sum("block"), sum("body")], [received[0] as u64, received[1] as u64]);
    let closed = of(&lines, "closed")[0];
    assert_eq!((&closed["code"], &closed["by"]), (&Value::Null, &json!("client")));
}

#[tokio::test]
async fn no_key_is_recorded_however_it_is_sent() {
    let (agent, file, _folder) = recording(&[]).await;
    let secrets = [("authorization", "Bearer sk-CANARY"), ("api-key", "CANARY"), ("cookie", "a=CANARY")];
    let mut client = Client::try_connect(&agent, &secrets).await.unwrap();
    close(&mut client, 1000, "").await;
    let headers = [&secrets[..], &[("user-agent", "test")]].concat();
    fetch(&agent, "GET", "/v1/models?key=CANARY", &headers, String::new()).await.unwrap();

    let lines = lines(&file, 2).await;
    let opened = of(&lines, "opened");
    for name in ["authorization", "api-key", "cookie"] {
        assert!(opened.iter().all(|line| line["headers"][name] == "(set)"), "{opened:?}");
    }
    assert_eq!((&opened[1]["headers"]["user-agent"], &opened[1]["path"]), (&json!("test"), &json!("/v1/models")));
    assert!(!std::fs::read_to_string(file).unwrap().contains("CANARY"));
}

#[tokio::test]
async fn an_end_says_who_made_it_and_how() {
    for (fault, code, by) in [
        ("close-1012", json!(1012), "server"),
        ("close-mid-response", Value::Null, "server"),
        ("close-after-upgrade", json!(1008), "server"),
        ("silent", Value::Null, "client"),
    ] {
        let (agent, file, _folder) = recording(&[fault]).await;
        let mut client = Client::connect(&agent).await;
        client.send(create(json!({"input": "long"}))).await;
        if by == "server" {
            assert_ne!(client.end().await, Ended::Unreadable);
        }
        drop(client);
        let lines = lines(&file, 1).await;
        let closed = of(&lines, "closed")[0];
        assert_eq!((&closed["code"], &closed["by"]), (&code, &json!(by)), "{fault}");
    }
}

#[tokio::test]
async fn a_refused_upgrade_and_what_is_no_json_are_recorded_too() {
    let (agent, file, _folder) = recording(&["upgrade-426,times=1"]).await;
    assert!(Client::try_connect(&agent, &[]).await.is_err());
    let mut client = Client::connect(&agent).await;
    client.send_message(Message::text("{\n\"type\": \"response.dance\"\n}")).await;
    client.next().await;
    client.send_message(Message::text("hello")).await;
    client.next().await;
    drop(client);

    let lines = lines(&file, 2).await;
    assert_eq!(of(&lines, "answered")[0]["status"], 426);
    let messages = of(&lines, "message");
    assert_eq!(messages[0]["event"]["error"]["code"], "upgrade_required");
    assert_eq!(messages[1]["event"], json!({"type": "response.dance"}));
    assert_eq!(messages[3]["event"], "hello");
}

#[tokio::test]
async fn a_journal_is_continued_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.jsonl");
    std::fs::write(&file, "{\"kind\":\"mine\"}\n").unwrap();
    let options = AgentOptions { record: Some(file.clone()), ..AgentOptions::default() };
    let agent = start(options, Limits::default()).await;
    close(&mut Client::connect(&agent).await, 1000, "").await;
    let lines = lines(&file, 1).await;
    assert_eq!((&lines[0]["kind"], &lines[1]["kind"]), (&json!("mine"), &json!("started")));
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_is_named_before_anything_listens() {
    let folder = tempfile::tempdir().unwrap();
    let options = AgentOptions { record: Some(folder.path().to_owned()), ..AgentOptions::default() };
    let error = crate::embedded::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::Journal(_)));
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_ends_the_recording_and_not_the_service() {
    let options = AgentOptions { record: Some("/dev/full".into()), ..AgentOptions::default() };
    let agent = start(options, Limits::default()).await;
    let mut client = Client::connect(&agent).await;
    for _ in 0..40 {
        client.complete(json!({"input": "hi"})).await;
    }
}
