//! The server's side of a WebSocket.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::{
    ErrorResponse, Request as UpgradeRequest, Response as UpgradeResponse,
};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, http};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::super::reply::Step;
use super::super::request::{Chain, Transport};
use super::speaker::Speaker;
use super::{Closing, Shared, State, Upgrade};

type Socket = WebSocketStream<TcpStream>;

/// One connection that asked for an upgrade, until either side ends it.
pub(super) async fn websocket(mut stream: TcpStream, shared: Arc<Shared>) {
    let upgrade = shared.update(State::upgrade);
    match upgrade {
        Upgrade::Dropped => return,
        Upgrade::Unanswered => return ignore(&mut stream).await,
        _ => {}
    }
    let mut connection = 0;
    // The trait, not this closure, says how large a refusal is.
    #[allow(clippy::result_large_err)]
    let look = |request: &UpgradeRequest, response: UpgradeResponse| {
        connection = shared.connection(request.uri().path().to_owned(), request.headers());
        let Upgrade::Refuse(status) = upgrade else { return Ok(response) };
        let body = json!({"error": {"message": format!("refused with {status}")}}).to_string();
        let mut refusal = ErrorResponse::new(Some(body));
        *refusal.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Err(refusal)
    };
    let limits = WebSocketConfig::default();
    let Ok(mut socket) = accept_hdr_async_with_config(stream, look, Some(limits)).await else { return };
    match upgrade {
        Upgrade::CloseAtOnce(code) => {
            close(&mut socket, code, "").await;
        }
        Upgrade::Deaf => ignore(socket.get_mut()).await,
        _ => {
            let closing = converse(&mut socket, connection, &shared).await;
            shared.closed(connection, closing);
        }
    }
}

async fn converse(socket: &mut Socket, connection: usize, shared: &Shared) -> Closing {
    let mut chain = Chain::default();
    loop {
        let text = match hear(socket, connection, shared).await {
            Ok(text) => text,
            Err(closing) => return closing,
        };
        let (request, reply) = shared.take(connection, Transport::WebSocket, text, &chain);
        let mut speaker = Speaker::new(shared, request);
        for step in reply.steps {
            if let Some(event) = speaker.event(&step, &mut chain) {
                let text = event.to_string();
                speaker.sent(text.len());
                if socket.send(Message::text(text)).await.is_err() {
                    return Closing::Gone;
                }
                continue;
            }
            match step {
                Step::Garbage(text) => {
                    speaker.sent(text.len());
                    let _ = socket.send(Message::text(text)).await;
                }
                Step::Binary => drop(socket.send(Message::binary(vec![0, 1])).await),
                Step::Close(code, reason) => {
                    close(socket, code, reason).await;
                    return Closing::Gone;
                }
                Step::Cut => return Closing::Gone,
                Step::Reset => {
                    let _ = socket.get_ref().set_zero_linger();
                    return Closing::Gone;
                }
                Step::Deaf => {
                    ignore(socket.get_mut()).await;
                    return Closing::Gone;
                }
                Step::Silence => return attend(socket, connection, shared).await,
                Step::Do(action) => action(),
                Step::Until(sign) => tokio::select! {
                    () = sign.notified() => {}
                    closing = attend(socket, connection, shared) => return closing,
                },
                _ => {}
            }
        }
    }
}

/// The next text frame, or the end.
async fn hear(socket: &mut Socket, connection: usize, shared: &Shared) -> Result<String, Closing> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_))) => shared.update(|state| state.connections[connection].pings += 1),
            Some(Ok(Message::Close(Some(frame)))) => {
                return Err(Closing::Frame(frame.code.into(), frame.reason.as_str().to_owned()));
            }
            Some(Ok(Message::Binary(_))) => shared.violation("a binary frame"),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Closing::Gone),
        }
    }
}

/// Listens to a client that has nothing to say until it goes.
async fn attend(socket: &mut Socket, connection: usize, shared: &Shared) -> Closing {
    loop {
        match hear(socket, connection, shared).await {
            Ok(_) => shared.violation("a request while another is in flight"),
            Err(closing) => return closing,
        }
    }
}

/// Lets everything fall into the void until the client goes; it hears nothing, not even a pong.
async fn ignore(stream: &mut TcpStream) {
    let mut void = [0; 4096];
    while stream.read(&mut void).await.is_ok_and(|count| count > 0) {}
}

async fn close(socket: &mut Socket, code: u16, reason: &'static str) {
    let _ = socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await;
    while let Some(Ok(_)) = socket.next().await {}
}
