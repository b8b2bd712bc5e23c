//! One WebSocket connection: frames in, lanes, events out.
//!
//! One task owns the socket; responses run as tasks beside it and speak through a bounded channel, so a ping is
//! answered also in mid response. It must never wait without a bound: writes, silence and age all have one.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as WsError, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use tracing::{debug, info};

use super::{
    error::ApiError,
    fault::{Ending, FaultKind, UpgradeFault},
    journal::{Direction, Party, Recorder},
    lanes::{LaneName, Lanes},
    request::{ClientEvent, Request, read_event},
    respond::{self, GARBAGE, Outlet, Sent, Signal, Work},
    server::Shared,
};

/// Longest message a client may send, as measured on the public service.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Events of responses on their way to the socket.
const OUTBOX: usize = 64;
/// Longest that writing one frame may take.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// Longest that a client may take to close its side.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
/// What a close frame without a code counts as (RFC 6455, 7.1.5).
const NO_CODE: u16 = 1005;
/// What the fault `binary-frame` sends.
const BINARY: &[u8] = b"\xff\x00\xfe";

/// How a connection ends.
#[derive(Debug)]
enum End {
    /// The server closes it, with this code.
    Close(u16, &'static str),
    /// The client closed it, with this code.
    Closed(u16, String),
    /// The client is gone.
    Gone,
    /// The server breaks it, without a close frame.
    Cut(&'static str),
    /// Not at all: it is kept open and ignored.
    Deaf,
}

/// Limits of messages and frames.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE_BYTES)).max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// Serves one connection until it ends. `fault` is what goes wrong with it from the start.
pub(super) async fn serve<S>(
    shared: Arc<Shared>,
    recorder: &Recorder,
    mut socket: WebSocketStream<S>,
    fault: Option<FaultKind>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = match fault {
        Some(FaultKind::Upgrade(UpgradeFault::Closed)) => End::Close(1008, "policy violation"),
        Some(FaultKind::Ending(Ending::HalfOpen)) => End::Deaf,
        _ => {
            let (outbox, inbox) = mpsc::channel(OUTBOX);
            let age = shared.limits.max_age;
            let connection = Connection {
                shared: shared.clone(),
                recorder,
                socket: &mut socket,
                lanes: Lanes::default(),
                outbox,
                responses: JoinSet::new(),
                last_heard: Instant::now(),
            };
            connection.run(inbox, Instant::now() + age).await
        }
    };
    debug!(?end, "connection ends");
    match end {
        End::Close(code, reason) => {
            recorder.closed(Some(code), reason, Party::Server).await;
            close(&mut socket, Some((code, reason))).await;
        }
        End::Closed(code, reason) => {
            recorder.closed(Some(code), &reason, Party::Client).await;
            close(&mut socket, None).await;
        }
        End::Gone => recorder.closed(None, "the client is gone", Party::Client).await,
        End::Cut(reason) => recorder.closed(None, reason, Party::Server).await,
        End::Deaf => {
            sleep(shared.limits.max_age).await;
            recorder.closed(None, "deaf for an hour", Party::Server).await;
        }
    }
}

struct Connection<'a, S> {
    shared: Arc<Shared>,
    recorder: &'a Recorder,
    socket: &'a mut WebSocketStream<S>,
    lanes: Lanes,
    outbox: mpsc::Sender<Sent>,
    /// Dropped with the connection, which cancels them.
    responses: JoinSet<()>,
    last_heard: Instant,
}

impl<S> Connection<'_, S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    async fn run(mut self, mut inbox: mpsc::Receiver<Sent>, expires: Instant) -> End {
        let every = self.shared.limits.ping_every;
        let mut pings = interval_at(Instant::now() + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                frame = self.socket.next() => self.receive(frame).await,
                Some(sent) = inbox.recv() => self.deliver(sent).await,
                _ = pings.tick() => self.ping().await,
                () = sleep_until(expires) => self.expire().await,
            };
            if let ControlFlow::Break(end) = step {
                return end;
            }
            self.start_ready();
        }
    }

    async fn receive(&mut self, frame: Option<Result<Message, WsError>>) -> ControlFlow<End> {
        self.last_heard = Instant::now();
        match frame {
            Some(Ok(Message::Text(text))) => self.handle(&text).await,
            Some(Ok(Message::Binary(bytes))) => {
                self.recorder.frame(Direction::In, "binary", bytes.len()).await;
                ControlFlow::Break(End::Close(1003, "only text frames are part of the protocol"))
            }
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) =
                    frame.map_or((NO_CODE, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                ControlFlow::Break(End::Closed(code, reason))
            }
            Some(Ok(Message::Ping(payload))) => {
                self.recorder.frame(Direction::In, "ping", payload.len()).await;
                // Tungstenite has queued the pong; it must not wait for the next event to be flushed.
                self.write(None).await?;
                self.recorder.frame(Direction::Out, "pong", payload.len()).await;
                ControlFlow::Continue(())
            }
            Some(Ok(Message::Pong(payload))) => {
                self.recorder.frame(Direction::In, "pong", payload.len()).await;
                ControlFlow::Continue(())
            }
            // Only written, never read.
            Some(Ok(Message::Frame(_))) => ControlFlow::Continue(()),
            Some(Err(error)) => ControlFlow::Break(end_of(&error)),
            None => ControlFlow::Break(End::Gone),
        }
    }

    async fn handle(&mut self, text: &str) -> ControlFlow<End> {
        let event = read_event(text);
        let lane = match &event {
            Ok(ClientEvent::Create(request)) => request.lane.clone(),
            Ok(_) => None,
            Err(refused) => refused.lane.clone(),
        };
        self.recorder.text(Direction::In, text, &lane).await;
        let refused = match event {
            Ok(ClientEvent::Create(request)) => {
                debug!(bytes = text.len(), lane = lane.as_deref(), generate = request.generate, "request");
                self.lanes.admit(*request).err().map(|error| error.frame())
            }
            Ok(ClientEvent::Steer { previous, input }) => Some(steer_failed(&previous, input)),
            Ok(ClientEvent::Inject { response, input }) => {
                Some(inject_failed(self.lanes.holds(&response), &response, input))
            }
            Err(refused) => {
                if let Some(id) = refused.previous {
                    self.lanes.evict(&lane, &id);
                }
                Some(refused.error.frame())
            }
        };
        match refused {
            Some(frame) => self.write_event(frame, &lane).await,
            None => ControlFlow::Continue(()),
        }
    }

    /// Starts what its lane and the limits allow. The parent is looked up now, when its lane stands still.
    fn start_ready(&mut self) {
        while let Some(request) = self.lanes.next() {
            let work = self.work(request);
            let outlet = Outlet::new(work.request.lane.clone(), self.outbox.clone());
            self.responses.spawn(respond::run(self.shared.clone(), work, outlet));
        }
    }

    fn work(&mut self, request: Request) -> Work {
        let parent = request
            .previous
            .as_deref()
            .and_then(|id| self.lanes.parent(&request.lane, id).or_else(|| self.shared.store().get(id)));
        let plan = self.shared.faults().at_request(request.facts(true));
        Work { request, parent, plan }
    }

    async fn deliver(&mut self, sent: Sent) -> ControlFlow<End> {
        match sent.signal {
            Signal::Event(event) => self.write_event(event, &sent.lane).await,
            Signal::Error(error) => self.write_event(error.frame(), &sent.lane).await,
            Signal::Binary => {
                self.write(Some(Message::binary(BINARY))).await?;
                self.recorder.frame(Direction::Out, "binary", BINARY.len()).await;
                ControlFlow::Continue(())
            }
            Signal::Garbage => self.write_text(GARBAGE.into(), &sent.lane).await,
            Signal::Close(code, reason) => ControlFlow::Break(End::Close(code, reason)),
            Signal::Cut => ControlFlow::Break(End::Cut("broken off by a fault")),
            Signal::Deaf => ControlFlow::Break(End::Deaf),
            Signal::Completed(event, latest) => {
                self.lanes.keep(&sent.lane, latest);
                self.write_event(event, &sent.lane).await
            }
            Signal::Done => {
                self.lanes.finish(sent.lane);
                while self.responses.try_join_next().is_some() {}
                ControlFlow::Continue(())
            }
        }
    }

    /// Asks a quiet client for a sign of life, and gives up on one that shows none.
    async fn ping(&mut self) -> ControlFlow<End> {
        if self.last_heard.elapsed() > self.shared.limits.silence {
            info!("a client went silent");
            return ControlFlow::Break(End::Cut("no sign of life"));
        }
        self.write(Some(Message::Ping(Vec::new().into()))).await?;
        self.recorder.frame(Direction::Out, "ping", 0).await;
        ControlFlow::Continue(())
    }

    async fn expire(&mut self) -> ControlFlow<End> {
        self.write_event(ApiError::connection_limit().frame(), &None).await?;
        ControlFlow::Break(End::Close(1000, "connection limit"))
    }

    async fn write_event(&mut self, mut event: Value, lane: &LaneName) -> ControlFlow<End> {
        if let Some(name) = lane {
            event["stream_id"] = json!(name.as_ref());
        }
        self.write_text(event.to_string().into(), lane).await
    }

    async fn write_text(&mut self, text: Utf8Bytes, lane: &LaneName) -> ControlFlow<End> {
        self.write(Some(Message::Text(text.clone()))).await?;
        self.recorder.text(Direction::Out, &text, lane).await;
        ControlFlow::Continue(())
    }

    /// Sends a message, or flushes what is queued.
    async fn write(&mut self, message: Option<Message>) -> ControlFlow<End> {
        let sending = async {
            match message {
                Some(message) => self.socket.send(message).await,
                None => self.socket.flush().await,
            }
        };
        match timeout(WRITE_LIMIT, sending).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(error)) => {
                debug!(%error, "cannot write");
                ControlFlow::Break(End::Gone)
            }
            Err(_) => ControlFlow::Break(End::Cut("the client does not read")),
        }
    }
}

/// How a connection ends after a failed read.
fn end_of(error: &WsError) -> End {
    match error {
        WsError::Capacity(_) => End::Close(1009, "message too big (limit 16 MiB)"),
        WsError::Utf8(_) => End::Close(1007, "text is not UTF-8"),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        WsError::Protocol(_) => End::Close(1002, "protocol error"),
        _ => End::Gone,
    }
}

/// Closes with a code that has a good chance to arrive, or answers a client that has closed.
///
/// What the client still sends is read and thrown away: closing a socket with unread input resets it, and a reset
/// can overtake the close frame.
async fn close<S>(socket: &mut WebSocketStream<S>, frame: Option<(u16, &'static str)>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let closing = async {
        // Either fails where the client is gone.
        let _ = match frame {
            Some((code, reason)) => socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await,
            // Tungstenite has queued the answer, and takes no other frame any more.
            None => socket.flush().await,
        };
        let stream = socket.get_mut();
        let _ = stream.shutdown().await;
        let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
    };
    let _ = timeout(CLOSE_LIMIT, closing).await;
}

/// The answer to `response.steer`: the input is given back.
fn steer_failed(previous: &str, input: Value) -> Value {
    let usable = match &input {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    let (code, message) = if usable {
        ("steering_not_supported", "The embedded agent does not support steering.")
    } else {
        ("invalid_input", "`input` must be a string or a non-empty array of user messages.")
    };
    json!({"type": "response.steer.failed", "sequence_number": 0,
           "error": {"type": "invalid_request_error", "code": code, "message": message},
           "steer": {"previous_response_id": previous, "input": input}})
}

/// The answer to `response.inject`: no response of this server waits for input.
fn inject_failed(completed: bool, response: &str, input: Value) -> Value {
    let (code, message) = if completed {
        ("response_already_completed", "This response is completed. Continue it with `response.create`.")
    } else {
        ("response_not_found", "No response with this id takes input on this connection.")
    };
    json!({"type": "response.inject.failed", "sequence_number": 0, "response_id": response, "input": input,
           "error": {"code": code, "message": message}})
}
