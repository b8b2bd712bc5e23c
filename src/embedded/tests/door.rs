//! Who may talk to the server, and where it may listen.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tokio_tungstenite::tungstenite::Error as WsError;

use super::{
    agent,
    client::{Client, fetch},
    start,
};
use crate::embedded::{self, AgentOptions, StartError, server::Limits};

#[tokio::test]
async fn web_pages_are_refused() {
    let agent = agent(&[]).await;
    for origin in ["https://evil.example", "http://localhost:3000", "null"] {
        let answer = fetch(&agent, "GET", "/v1/models", &[("origin", origin)], String::new()).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (403, &json!("origin_not_allowed")));
    }
    match Client::try_connect(&agent, &[("origin", "https://evil.example")]).await.map(|_| ()) {
        Err(WsError::Http(response)) => assert_eq!(response.status().as_u16(), 403),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_on_loopback() {
    let agent = agent(&[]).await;
    for (host, status) in [
        ("evil.example", 403),
        ("127.0.0.1.evil.example:80", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.7", 403),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
    ] {
        let answer = fetch(&agent, "GET", "/v1/models", &[("host", host)], String::new()).await.unwrap();
        assert_eq!(answer.status, status, "{host}");
    }
}

#[tokio::test]
async fn with_a_token_every_request_needs_it() {
    let options = AgentOptions { token: Some("s3cret".into()), ..AgentOptions::default() };
    let agent = start(options, Limits::default()).await;
    for (authorization, status) in [
        ("", 401),
        ("Bearer", 401),
        ("Bearer s3cre", 401),
        ("Bearer s3creT", 401),
        ("Bearer s3cret1", 401),
        ("Basic s3cret", 401),
        ("Bearer s3cret", 200),
        ("bearer s3cret", 200),
    ] {
        let headers = [("authorization", authorization)];
        let answer = fetch(&agent, "GET", "/v1/models", &headers, String::new()).await.unwrap();
        assert_eq!(answer.status, status, "{authorization}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    assert!(Client::try_connect(&agent, &[]).await.is_err());
    let mut client = Client::try_connect(&agent, &[("authorization", "Bearer s3cret")]).await.unwrap();
    client.complete(json!({"input": "hi"})).await;
}

#[tokio::test]
async fn beyond_loopback_a_token_is_needed() {
    let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    for token in [None, Some(String::new())] {
        let error = embedded::start(AgentOptions { listen, token, ..AgentOptions::default() }).await.unwrap_err();
        assert!(matches!(error, StartError::TokenNeeded { addr } if addr == listen));
        assert!(error.to_string().contains("set a token"));
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = agent(&[]).await;
    let options = AgentOptions { listen: first.addr(), ..AgentOptions::default() };
    let error = embedded::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::InUse { addr } if addr == first.addr()));
    assert!(error.to_string().contains(&first.addr().to_string()));
}

#[test]
fn options_never_show_their_token() {
    let options = AgentOptions { token: Some("s3cret".into()), ..AgentOptions::default() };
    assert!(!format!("{options:?}").contains("s3cret"));
}

#[tokio::test]
async fn addresses_are_given_as_clients_need_them() {
    let agent = agent(&[]).await;
    let port = agent.addr().port();
    assert_ne!(port, 0);
    assert_eq!(agent.base_url(), format!("http://127.0.0.1:{port}/v1"));
    assert_eq!(agent.websocket_url(), format!("ws://127.0.0.1:{port}/v1/responses"));
}
