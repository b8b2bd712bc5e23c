//! Strict little clients: a WebSocket that reads one event at a time, and an HTTP/1.1 client that sees broken bodies.

use std::{future::Future, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, StatusCode,
    body::{Bytes, Incoming},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error as WsError, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::embedded::RunningAgent;

/// Guards against a test that hangs; nothing is measured with it.
pub async fn bounded<T>(waiting: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), waiting).await.expect("the server did not answer")
}

/// A WebSocket client.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame of this code.
    Closed(u16),
    /// Without one.
    Broken,
    /// The client's own limits refused a frame.
    Unreadable,
}

impl Client {
    pub async fn connect(agent: &RunningAgent) -> Client {
        Client::try_connect(agent, &[]).await.unwrap()
    }

    /// The status and body of a refused upgrade are in the error.
    pub async fn try_connect(agent: &RunningAgent, headers: &[(&'static str, &str)]) -> Result<Client, WsError> {
        let stream = TcpStream::connect(agent.addr()).await.unwrap();
        let mut request = agent.websocket_url().into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let (socket, _) = bounded(client_async(request, stream)).await?;
        Ok(Client { socket })
    }

    pub async fn send(&mut self, event: Value) {
        self.send_message(Message::text(event.to_string())).await;
    }

    pub async fn send_message(&mut self, message: Message) {
        bounded(self.socket.send(message)).await.unwrap();
    }

    /// The next message that is no ping.
    pub async fn next_message(&mut self) -> Option<Result<Message, WsError>> {
        loop {
            match bounded(self.socket.next()).await {
                Some(Ok(Message::Ping(_))) => {}
                message => return message,
            }
        }
    }

    pub async fn next(&mut self) -> Value {
        match self.next_message().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("an event was expected, not {other:?}"),
        }
    }

    /// Sends `response.create` with these fields and reads up to its terminal event or error.
    pub async fn create(&mut self, fields: Value) -> Vec<Value> {
        self.send(create(fields)).await;
        self.until_end().await
    }

    /// Events up to a terminal one or an error.
    pub async fn until_end(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if is_end(&events[events.len() - 1]) {
                return events;
            }
        }
    }

    /// The completed response.
    pub async fn complete(&mut self, fields: Value) -> Value {
        let events = self.create(fields).await;
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed", "{last}");
        last["response"].clone()
    }

    /// The nested error.
    pub async fn refused(&mut self, fields: Value) -> Value {
        self.send(create(fields)).await;
        let event = self.next().await;
        assert_eq!(event["type"], "error", "{event}");
        event
    }

    /// Reads until the connection ends.
    pub async fn end(&mut self) -> Ended {
        let mut code = None;
        loop {
            match self.next_message().await {
                Some(Ok(Message::Close(frame))) => code = frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(WsError::Capacity(_))) => return Ended::Unreadable,
                Some(Err(_)) | None => return code.map_or(Ended::Broken, Ended::Closed),
            }
        }
    }
}

/// A `response.create` frame; model and `store: false` unless given.
pub fn create(fields: Value) -> Value {
    let mut frame = json!({"type": "response.create", "model": "m", "store": false});
    for (name, value) in fields.as_object().unwrap() {
        frame[name] = value.clone();
    }
    frame
}

pub fn is_end(event: &Value) -> bool {
    let kind = event["type"].as_str().unwrap_or_default();
    matches!(kind, "response.completed" | "response.failed" | "response.incomplete" | "error")
}

pub fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// The text of a response's first output item.
pub fn text(response: &Value) -> &str {
    response["output"][0]["content"][0]["text"].as_str().unwrap()
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body ended as HTTP says it should.
    pub whole: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `data` of each SSE block; `event` must agree with its type.
    pub fn events(&self) -> Vec<Value> {
        let text = String::from_utf8(self.body.to_vec()).unwrap();
        let blocks = text.split_terminator("\n\n").map(|block| {
            let (event, data) = block.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(event.strip_prefix("event: "), data["type"].as_str());
            data
        });
        blocks.collect()
    }
}

/// One HTTP connection.
pub async fn http(addr: SocketAddr) -> hyper::client::conn::http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub fn request(
    agent: &RunningAgent,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", agent.addr().to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

/// One request on a connection of its own. An error means that the server answered nothing.
pub async fn fetch(
    agent: &RunningAgent,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Answer, hyper::Error> {
    let request = request(agent, method, path, headers, body);
    let response = bounded(http(agent.addr()).await.send_request(request)).await?;
    Ok(read(response).await)
}

async fn read(response: hyper::Response<Incoming>) -> Answer {
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    let mut whole = true;
    while let Some(frame) = bounded(incoming.frame()).await {
        match frame {
            Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    Answer { status: parts.status, headers: parts.headers, body: body.into(), whole }
}

/// `POST /v1/responses` with these fields, `store: false` and a model unless given.
pub async fn post(agent: &RunningAgent, fields: Value) -> Result<Answer, hyper::Error> {
    let mut body = create(fields);
    body.as_object_mut().unwrap().remove("type");
    fetch(agent, "POST", "/v1/responses", &[("content-type", "application/json")], body.to_string()).await
}
