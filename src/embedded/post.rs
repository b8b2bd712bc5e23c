//! Responses over HTTP: `POST /v1/responses`, as an SSE stream or as one JSON object.
//!
//! A response is the same task as over a WebSocket; here its signals become SSE blocks. Nothing is kept between
//! requests but what `store` keeps. A client that goes away must never leave its response running.

use std::{sync::Arc, time::Duration};

use futures_util::stream;
use http_body_util::{BodyExt, LengthLimitError, Limited, StreamBody};
use hyper::{
    Request as HttpRequest, StatusCode,
    body::{Bytes, Frame, Incoming},
    header,
};
use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use super::{
    error::ApiError,
    http::{Broken, Response, answer, insert, json_answer, refusal, with_body},
    journal::{Direction, Recorder},
    request::{Request, read_body},
    respond::{self, GARBAGE, Outlet, Sent, Signal, Work},
    server::Shared,
};

/// Longest request body.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// Longest that a client may take to send it.
const BODY_LIMIT: Duration = Duration::from_secs(60);
/// Events of a response on their way to the client.
const EVENTS: usize = 64;
/// What stands in an SSE stream where a WebSocket would get a binary frame.
const BINARY: &[u8] = b"data: \xff\x00\xfe\n\n";

/// `POST /v1/responses`.
pub(super) async fn create(
    shared: Arc<Shared>,
    recorder: &Recorder,
    request: HttpRequest<Incoming>,
) -> Result<Response, Broken> {
    let request = match read_request(request, recorder).await {
        Ok(request) => request,
        Err(error) => return Ok(refusal(&error)),
    };
    debug!(bytes = request.bytes, stream = request.stream, "request over HTTP");
    let parent = request.previous.as_deref().and_then(|id| shared.store().get(id));
    let plan = shared.faults().at_request(request.facts(false));
    let as_sse = request.stream;
    let (sender, mut signals) = mpsc::channel(EVENTS);
    let run = respond::run(shared, Work { request, parent, plan }, Outlet::new(None, sender));
    // Hyper drops the future or the body of a client that is gone, and with it the response.
    let task = AbortOnDropHandle::new(tokio::spawn(run));
    match next_signal(&mut signals).await {
        Some(Signal::Error(error)) => Ok(refusal(&error)),
        Some(Signal::Close(..) | Signal::Cut) | None => Err(Broken),
        Some(first) if as_sse => {
            Ok(sse(Events { first: Some(first), signals, recorder: recorder.clone(), _task: task }))
        }
        Some(first) => collected(first, &mut signals).await,
    }
}

async fn read_request(request: HttpRequest<Incoming>, recorder: &Recorder) -> Result<Request, ApiError> {
    let body = Limited::new(request.into_body(), MAX_BODY_BYTES).collect();
    match timeout(BODY_LIMIT, body).await {
        Ok(Ok(body)) => {
            let body = body.to_bytes();
            recorder.body(Direction::In, &body).await;
            read_body(&body)
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(ApiError::http(413, "request_too_large", "The body is larger than 64 MiB."))
        }
        Ok(Err(_)) => Err(ApiError::http(400, "incomplete_body", "The body ended early.")),
        Err(_) => Err(ApiError::http(408, "request_timeout", "The body took too long to arrive.")),
    }
}

/// The next signal that says something over HTTP; a deaf server just says nothing.
async fn next_signal(signals: &mut mpsc::Receiver<Sent>) -> Option<Signal> {
    loop {
        match signals.recv().await?.signal {
            Signal::Deaf => {}
            signal => return Some(signal),
        }
    }
}

/// A response without streaming: the terminal event's response object.
async fn collected(first: Signal, signals: &mut mpsc::Receiver<Sent>) -> Result<Response, Broken> {
    let mut response = Err(Broken);
    let mut signal = Some(first);
    while let Some(next) = signal {
        match next {
            Signal::Event(mut event) | Signal::Completed(mut event, _) => match event["type"].as_str() {
                Some("response.completed" | "response.incomplete" | "response.failed") => {
                    response = Ok(json_answer(StatusCode::OK, &event["response"].take()));
                }
                Some("error") => response = Ok(json_answer(StatusCode::INTERNAL_SERVER_ERROR, &event)),
                _ => {}
            },
            Signal::Error(error) => response = Ok(refusal(&error)),
            Signal::Binary => return Ok(answer(StatusCode::OK, "application/json", BINARY)),
            Signal::Garbage => return Ok(answer(StatusCode::OK, "application/json", GARBAGE)),
            Signal::Close(..) | Signal::Cut => return Err(Broken),
            Signal::Deaf => {}
            Signal::Done => break,
        }
        signal = next_signal(signals).await;
    }
    response
}

/// The events of a response, as the body of an SSE answer.
struct Events {
    first: Option<Signal>,
    signals: mpsc::Receiver<Sent>,
    recorder: Recorder,
    _task: AbortOnDropHandle<()>,
}

impl Events {
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, Broken>> {
        let signal = match self.first.take() {
            Some(first) => first,
            None => next_signal(&mut self.signals).await?,
        };
        let event = match signal {
            Signal::Event(event) | Signal::Completed(event, _) => event,
            Signal::Error(error) => error.frame(),
            Signal::Binary => return Some(Ok(self.strange(Bytes::from_static(BINARY)).await)),
            Signal::Garbage => return Some(Ok(self.strange(format!("data: {GARBAGE}\n\n").into()).await)),
            Signal::Close(..) | Signal::Cut => {
                // Hyper forgets what it has not written when a body breaks; waiting once lets it write.
                tokio::task::yield_now().await;
                return Some(Err(Broken));
            }
            Signal::Deaf | Signal::Done => return None,
        };
        let block = sse_block(&event);
        self.recorder.block(block.len(), Some(&event)).await;
        Some(Ok(Frame::data(block)))
    }

    /// A block that holds no event.
    async fn strange(&self, block: Bytes) -> Frame<Bytes> {
        self.recorder.block(block.len(), None).await;
        Frame::data(block)
    }
}

fn sse_block(event: &Value) -> Bytes {
    let kind = event["type"].as_str().unwrap_or("message");
    format!("event: {kind}\ndata: {event}\n\n").into()
}

fn sse(events: Events) -> Response {
    let frames = stream::unfold(events, |mut events| async move { events.next().await.map(|frame| (frame, events)) });
    let mut response = with_body(StatusCode::OK, StreamBody::new(frames));
    insert(&mut response, header::CONTENT_TYPE, "text/event-stream");
    insert(&mut response, header::CACHE_CONTROL, "no-cache");
    response
}
