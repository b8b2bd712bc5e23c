//! HTTP on the one port: who may talk to this server, which path does what, and how answers look.
//!
//! A local port is open to every web page the user visits. So a request with an `Origin`, or with a `Host` that is
//! not this machine while only this machine is served, must never get past the door (DNS rebinding).

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request as HttpRequest, Response as HttpResponse, StatusCode,
    body::{Body as HttpBody, Bytes, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    http::uri::Authority,
};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

use super::{
    error::ApiError,
    journal::{Recorder, WholeBody},
    post::create,
    server::Shared,
    upgrade::upgrade,
};

/// The one model.
const MODEL: &str = "pilotlight-embedded";
/// An answer's body: whole, streamed, or broken off.
type Body = UnsyncBoxBody<Bytes, Broken>;
/// An answer.
pub(super) type Response = HttpResponse<Body>;

/// The connection is to be broken, without an answer or in the midst of one.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken on purpose")]
pub(super) struct Broken;

/// Serves one request. `permit` counts the connection and goes with it when it is upgraded.
pub(super) async fn handle(
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
    recorder: Recorder,
    request: HttpRequest<Incoming>,
) -> Result<Response, Broken> {
    recorder.request(&request).await;
    let answer = route(shared, permit, &recorder, request).await?;
    let body = answer.extensions().get().cloned();
    recorder.answer(answer.status().as_u16(), body).await;
    Ok(answer)
}

async fn route(
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
    recorder: &Recorder,
    request: HttpRequest<Incoming>,
) -> Result<Response, Broken> {
    if let Err(error) = admit(&shared, &request) {
        warn!(status = error.status, code = error.code, "request turned away at the door");
        return Ok(refusal(&error));
    }
    let path = request.uri().path();
    match (request.method(), path.strip_prefix("/v1").unwrap_or(path)) {
        (&Method::GET, "/responses") => Ok(upgrade(shared, permit, recorder, request).await),
        (&Method::POST, "/responses") => create(shared, recorder, request).await,
        (&Method::GET, "/models") => Ok(models()),
        (_, "/responses") => Ok(not_allowed("GET, POST")),
        (_, "/models") => Ok(not_allowed("GET")),
        _ => {
            let message = "Not found. This server has /v1/responses (WebSocket and POST) and /v1/models.";
            Ok(refusal(&ApiError::http(404, "not_found", message)))
        }
    }
}

/// The door: no browsers, no foreign names, no strangers.
fn admit(shared: &Shared, request: &HttpRequest<Incoming>) -> Result<(), ApiError> {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return Err(ApiError::http(403, "origin_not_allowed", "Requests from web pages (with an Origin) are refused."));
    }
    if shared.loopback && !names_loopback(request) {
        let message = "The Host of this request is not this machine. Use 127.0.0.1, [::1] or localhost.";
        return Err(ApiError::http(403, "host_not_allowed", message));
    }
    match &shared.token {
        Some(token) if !bears(headers, token) => Err(ApiError::unauthorized()),
        _ => Ok(()),
    }
}

/// Whether `Host`, and the URI's own authority if it has one, say loopback.
fn names_loopback(request: &HttpRequest<Incoming>) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let is_loopback = |authority: &Authority| {
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    host.as_ref().is_some_and(is_loopback) && request.uri().authority().is_none_or(is_loopback)
}

/// Whether the request carries the token, compared in constant time.
fn bears(headers: &HeaderMap, token: &str) -> bool {
    let Some(value) = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes) else { return false };
    let Some((scheme, given)) = value.split_at_checked("Bearer ".len()) else { return false };
    let differences = given.iter().zip(token.as_bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    scheme.eq_ignore_ascii_case(b"bearer ") && given.len() == token.len() && differences == 0
}

fn models() -> Response {
    let model = json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "pilotlight"});
    json_answer(StatusCode::OK, &json!({"object": "list", "data": [model]}))
}

fn not_allowed(allowed: &str) -> Response {
    let message = format!("Method not allowed. This path takes {allowed}.");
    let mut response = refusal(&ApiError::http(405, "method_not_allowed", message));
    insert(&mut response, header::ALLOW, allowed);
    response
}

/// An error as an HTTP answer.
pub(super) fn refusal(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json_answer(status, &error.body());
    if let Some(seconds) = error.retry_after {
        insert(&mut response, header::RETRY_AFTER, &seconds.to_string());
    }
    if error.status == 401 {
        insert(&mut response, header::WWW_AUTHENTICATE, "Bearer");
    }
    response
}

/// A JSON answer.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    answer(status, "application/json", body.to_string())
}

/// An answer with this body.
pub(super) fn answer(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Response {
    let body = body.into();
    let mut response = with_body(status, Full::new(body.clone()).map_err(|never: Infallible| match never {}));
    response.extensions_mut().insert(WholeBody(body));
    insert(&mut response, header::CONTENT_TYPE, content_type);
    response
}

/// An answer that is only a status, so far.
pub(super) fn empty(status: StatusCode) -> Response {
    with_body(status, Empty::new().map_err(|never: Infallible| match never {}))
}

/// An answer with a body of any kind.
pub(super) fn with_body(
    status: StatusCode,
    body: impl HttpBody<Data = Bytes, Error = Broken> + Send + 'static,
) -> Response {
    let mut response = HttpResponse::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}

/// Sets a header.
pub(super) fn insert(response: &mut Response, name: HeaderName, value: &str) {
    // Every value here is plain ASCII, so the conversion holds.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
