//! Redirects are followed by neither transport: a key goes to the configured origin and nowhere else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{ask, assert_failed, project};

/// A server that answers everything with the same bytes and records what came.
pub struct Canned {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub async fn start(answer: impl Into<String>) -> Canned {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let canned = Canned { address: listener.local_addr().unwrap(), heard: Arc::default() };
        let (heard, answer) = (canned.heard.clone(), answer.into());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 64 * 1024];
                let length = stream.read(&mut bytes).await.unwrap_or_default();
                heard.lock().unwrap().push(String::from_utf8_lossy(&bytes[..length]).into_owned());
                let _ = stream.write_all(answer.as_bytes()).await;
                // The rest of a request is read, or closing would reset the connection before the answer is.
                let _ = stream.shutdown().await;
                while stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
            }
        });
        canned
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_reported_by_its_origin_and_the_key_stays_here() {
    let elsewhere = Canned::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for status in [301, 302, 307, 308] {
        let target = format!("http://{}", elsewhere.address);
        let answer = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: {target}/login?state=secret\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let server = Canned::start(answer).await;
        for transport in ["auto", "websocket", "http"] {
            let settings = format!("transport = \"{transport}\"");
            let project = project(&format!("http://{}/v1", server.address), &settings);
            let failed = ask(&project, &[]).await;
            assert_failed(&failed, &["redirect", &target, "not followed", "provider.base_url"]);
            assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
        }
        let heard = server.heard();
        assert!(heard.iter().any(|head| head.starts_with("GET ")), "by WebSocket");
        assert!(heard.iter().any(|head| head.starts_with("POST ")), "by HTTP");
    }
    assert!(elsewhere.heard().is_empty(), "{:?}", elsewhere.heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_within_the_server_is_not_followed_either() {
    let answer = "HTTP/1.1 308 Moved\r\nlocation: /v2/responses\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Canned::start(answer).await;
    let project = project(&format!("http://{}/v1", server.address), "");
    assert_failed(&ask(&project, &[]).await, &["a redirect to another path", "not followed"]);
    assert!(server.heard().iter().all(|head| head.contains(" /v1/responses ")), "{:?}", server.heard());
}
