//! The server's side of HTTP with server-sent events.

use std::sync::Arc;

use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::http;

use super::super::reply::{Refusal, Step};
use super::super::request::{Chain, Transport};
use super::speaker::Speaker;
use super::{Closing, Shared, listed};

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// One connection that posts, until either side ends it.
pub(super) async fn posts(stream: TcpStream, shared: Arc<Shared>) {
    let connection = shared.connection(String::new(), &http::HeaderMap::new());
    let service = |request: hyper::Request<hyper::body::Incoming>| {
        let shared = shared.clone();
        async move { Ok::<_, std::convert::Infallible>(post(request, connection, shared).await) }
    };
    let served = hyper::server::conn::http1::Builder::new();
    let _ = served.serve_connection(TokioIo::new(stream), hyper::service::service_fn(service)).await;
    shared.closed(connection, Closing::Gone);
}

async fn post(
    request: hyper::Request<hyper::body::Incoming>,
    connection: usize,
    shared: Arc<Shared>,
) -> hyper::Response<Body> {
    let headers = listed(request.headers());
    let path = request.uri().path().to_owned();
    shared.update(|state| {
        state.connections[connection].headers = headers;
        state.connections[connection].path = path;
    });
    let raw = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    let (number, reply) = shared.take(connection, Transport::Http, raw, &Chain::default());
    if let Some(Refusal { status, headers, body }) = reply.refusal {
        let mut response = hyper::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let body = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {});
        return response.body(body.boxed_unsync()).unwrap();
    }
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(stream_events(reply.steps, number, connection, shared, sender));
    let frames = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|frame| (frame, receiver))
    });
    let response = hyper::Response::builder().header("content-type", "text/event-stream");
    response.body(StreamBody::new(frames).boxed_unsync()).unwrap()
}

type Frames = mpsc::Sender<Result<Frame<Bytes>, std::io::Error>>;

async fn stream_events(steps: Vec<Step>, request: usize, connection: usize, shared: Arc<Shared>, frames: Frames) {
    let mut speaker = Speaker::new(&shared, request);
    let mut chain = Chain::default();
    for step in steps {
        let text = match speaker.event(&step, &mut chain) {
            Some(event) => format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()),
            None => match step {
                Step::Garbage(text) => format!("data: {text}\n\n"),
                Step::Do(action) => {
                    action();
                    continue;
                }
                Step::Close(..) => return,
                Step::Cut | Step::Reset => {
                    let _ = frames.send(Err(std::io::ErrorKind::ConnectionReset.into())).await;
                    return;
                }
                Step::Silence | Step::Deaf => {
                    frames.closed().await;
                    shared.closed(connection, Closing::Gone);
                    return;
                }
                Step::Until(sign) => {
                    sign.notified().await;
                    continue;
                }
                _ => continue,
            },
        };
        speaker.sent(text.len());
        if frames.send(Ok(Frame::data(Bytes::from(text)))).await.is_err() {
            return;
        }
    }
}
