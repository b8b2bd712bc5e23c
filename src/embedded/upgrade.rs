//! The WebSocket handshake: `GET /v1/responses` with an upgrade, or the reason why not.
//!
//! The connection that follows is served by `socket`. It must never outlive the server, so it listens to its end.

use std::sync::Arc;

use hyper::{
    Request as HttpRequest, StatusCode,
    body::Incoming,
    header::{self, HeaderMap, HeaderName},
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio::{sync::OwnedSemaphorePermit, time::sleep};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};
use tracing::debug;

use super::{
    error::ApiError,
    fault::{Fault, FaultKind, UpgradeFault},
    http::{Response, empty, insert, refusal},
    journal::{Party, Recorder},
    server::Shared,
    socket,
};

/// `GET /v1/responses`: the WebSocket handshake.
pub(super) async fn upgrade(
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
    recorder: &Recorder,
    mut request: HttpRequest<Incoming>,
) -> Response {
    let accept = match accept_key(request.headers()) {
        Ok(accept) => accept,
        Err(error) => return upgrade_required(&error),
    };
    let fault = shared.faults().at_upgrade();
    if let Some(error) = fault.as_ref().and_then(|fault| upgrade_refusal(fault.kind)) {
        sleep(fault.and_then(|fault| fault.delay).unwrap_or_default()).await;
        return if error.status == 426 { upgrade_required(&error) } else { refusal(&error) };
    }
    let upgraded = hyper::upgrade::on(&mut request);
    recorder.upgraded();
    tokio::spawn(serve_upgraded(shared, permit, recorder.clone(), upgraded, fault));
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    insert(&mut response, header::CONNECTION, "Upgrade");
    insert(&mut response, header::UPGRADE, "websocket");
    insert(&mut response, header::SEC_WEBSOCKET_ACCEPT, &accept);
    response
}

async fn serve_upgraded(
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
    recorder: Recorder,
    upgraded: OnUpgrade,
    fault: Option<Fault>,
) {
    let stop = shared.stop.clone();
    let serving = async {
        let upgraded = match upgraded.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                debug!(%error, "the upgrade was not completed");
                return recorder.closed(None, "the upgrade was not completed", Party::Client).await;
            }
        };
        if let Some(delay) = fault.as_ref().and_then(|fault| fault.delay) {
            sleep(delay).await;
        }
        let stream = TokioIo::new(upgraded);
        let stream = WebSocketStream::from_raw_socket(stream, Role::Server, Some(socket::config())).await;
        socket::serve(shared, &recorder, stream, fault.map(|fault| fault.kind)).await;
    };
    tokio::select! {
        () = serving => {}
        () = stop.cancelled() => recorder.closed(None, "the server stopped", Party::Server).await,
    }
    drop(permit);
}

/// The answer to the client's key, if this is a WebSocket handshake.
fn accept_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let has = |name: HeaderName, token: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        let message = "GET needs a WebSocket upgrade here. Use POST for a response over HTTP.";
        return Err(ApiError::http(426, "upgrade_required", message));
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(ApiError::http(426, "upgrade_required", "Only WebSocket version 13 is supported."));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => Err(ApiError::http(400, "missing_key", "The handshake has no Sec-WebSocket-Key.")),
    }
}

fn upgrade_refusal(fault: FaultKind) -> Option<ApiError> {
    let FaultKind::Upgrade(UpgradeFault::Refused(status)) = fault else { return None };
    Some(match status {
        401 => ApiError::unauthorized(),
        403 => ApiError::http(403, "forbidden", "WebSocket connections are not allowed here."),
        404 => ApiError::http(404, "not_found", "There is no WebSocket endpoint here."),
        405 => ApiError::http(405, "method_not_allowed", "Method not allowed. This path takes POST."),
        426 => ApiError::http(426, "upgrade_required", "This upgrade is not supported here."),
        501 => ApiError::http(501, "not_implemented", "WebSocket connections are not implemented here."),
        503 => ApiError::overloaded(None),
        _ => ApiError::server_error(),
    })
}

fn upgrade_required(error: &ApiError) -> Response {
    let mut response = refusal(error);
    insert(&mut response, header::UPGRADE, "websocket");
    insert(&mut response, header::SEC_WEBSOCKET_VERSION, "13");
    response
}
