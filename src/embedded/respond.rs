//! One response: from a request to its terminal event, the same for both transports.
//!
//! Runs as a task of its own and speaks only through its [`Outlet`]; stopping it is dropping it. The agent works on
//! the blocking pool, its panic is a failed response. Faults that concern a response act here. It must never touch
//! lanes or sockets: the transport owns those.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::{debug, info};

use super::{
    conversation::Conversation,
    error::ApiError,
    events::{Head, Output, new_id, usage},
    fault::{Fault, FaultKind},
    lanes::{LaneName, Latest},
    request::Request,
    server::Shared,
};

/// Longest the agent may think.
const THINKING_LIMIT: Duration = Duration::from_secs(120);
/// Between two events of the fault `slow`.
const TRICKLE: Duration = Duration::from_millis(100);
/// Deltas that pass before `close-mid-response` breaks the connection.
const DELTAS_BEFORE_CUT: usize = 3;
/// Length of the frame of `huge-frame`: beyond the 16 MiB that clients take.
const HUGE_BYTES: usize = 17 * 1024 * 1024;

/// What a response tells its transport.
#[derive(Debug)]
pub(super) enum Signal {
    /// An event, numbered.
    Event(Value),
    /// Refused, or failed before any output.
    Error(ApiError),
    /// Send something that is not the protocol.
    Binary,
    /// Close the connection in an orderly way, with this code and reason.
    Close(u16, &'static str),
    /// Break the connection.
    Cut,
    /// Read and write nothing more, but keep the connection.
    Deaf,
    /// The terminal event of a response that can be continued, and what it left. Both at once: a client that has
    /// read the event may continue from it, on any lane.
    Completed(Value, Latest),
    /// The response is over, however it ended. Always the last signal.
    Done,
}

/// A signal with the lane it concerns.
#[derive(Debug)]
pub(super) struct Sent {
    /// The lane of the request.
    pub lane: LaneName,
    /// What it says.
    pub signal: Signal,
}

/// Where a response speaks to. Bounded: a slow client slows the response.
#[derive(Debug)]
pub(super) struct Outlet {
    lane: LaneName,
    sender: mpsc::Sender<Sent>,
}

impl Outlet {
    pub(super) fn new(lane: LaneName, sender: mpsc::Sender<Sent>) -> Outlet {
        Outlet { lane, sender }
    }

    async fn send(&self, signal: Signal) -> Result<(), Stop> {
        self.sender.send(Sent { lane: self.lane.clone(), signal }).await.map_err(|_| Stop::Ended)
    }
}

/// Why a response ends without one that can be continued.
#[derive(Debug)]
enum Stop {
    /// With an error that is still to be sent.
    Refused(ApiError),
    /// The client has been told, or is gone.
    Ended,
}

/// A request on its way, with what was decided about it when it started.
#[derive(Debug)]
pub(super) struct Work {
    /// The request.
    pub request: Request,
    /// The conversation it continues; `None` also when its parent is not known.
    pub parent: Option<Arc<Conversation>>,
    /// What is to go wrong.
    pub fault: Option<Fault>,
}

/// Runs one response to its end.
pub(super) async fn run(shared: Arc<Shared>, work: Work, outlet: Outlet) {
    // A transport that is gone needs to hear nothing.
    if let Err(Stop::Refused(error)) = respond(&shared, work, &outlet).await {
        debug!(status = error.status, code = error.code, "request refused");
        let _ = outlet.send(Signal::Error(error)).await;
    }
    let _ = outlet.send(Signal::Done).await;
}

async fn respond(shared: &Shared, work: Work, outlet: &Outlet) -> Result<(), Stop> {
    let Work { request, parent, fault } = work;
    let fault = match fault {
        Some(fault) => {
            info!(fault = %fault.kind, "fault acts");
            sleep(fault.delay.unwrap_or_default()).await;
            Some(fault.kind)
        }
        None => None,
    };
    if let Some(kind) = fault {
        act_before(kind, &request, outlet).await?;
    }
    let known_bytes = parent.as_deref().map_or(0, Conversation::bytes);
    let mut conversation = continued(&request, parent).map_err(Stop::Refused)?;
    conversation.take_input(request.input).map_err(Stop::Refused)?;
    let input_bytes = conversation.bytes() + request.constant_bytes;

    let head = Head::new(&request.model, request.previous.as_deref(), request.store);
    let mut stream = Stream { outlet, fault, sequence: 0, deltas: 0 };
    stream.emit(json!({"type": "response.created", "response": head.object("in_progress", &[])})).await?;
    stream.emit(json!({"type": "response.in_progress", "response": head.object("in_progress", &[])})).await?;

    let (conversation, output) = if request.generate {
        match think(shared, conversation).await {
            Some((conversation, reply)) => {
                let output = reply.items.into_iter().map(|item| Output::from_reply(item, request.custom_patch));
                (conversation, distorted(output.collect(), fault))
            }
            None => return Err(stream.fail(&head).await),
        }
    } else {
        (conversation, Vec::new())
    };
    for (index, item) in output.iter().enumerate() {
        for event in item.events(index) {
            stream.emit(event).await?;
        }
    }
    let output_bytes = output.iter().map(|item| item.text().len()).sum();
    let usage = usage(input_bytes, known_bytes, output_bytes);
    let latest = kept(shared, &head, conversation, &output, request.store);
    stream.complete(terminal(&head, &output, usage, fault), latest).await
}

/// What the request continues, its own copy of it.
fn continued(request: &Request, parent: Option<Arc<Conversation>>) -> Result<Conversation, ApiError> {
    match (&request.previous, parent) {
        (None, _) => Ok(Conversation::default()),
        (Some(_), Some(parent)) => Ok(Arc::unwrap_or_clone(parent)),
        (Some(id), None) => Err(ApiError::previous_response_not_found(id)),
    }
}

/// Lets the agent answer; `None` when it panicked or took too long.
async fn think(shared: &Shared, conversation: Conversation) -> Option<(Conversation, super::rules::Reply)> {
    let responder = shared.responder.clone();
    let thinking = tokio::task::spawn_blocking(move || {
        let reply = responder(conversation.items());
        (conversation, reply)
    });
    timeout(THINKING_LIMIT, thinking).await.ok()?.ok()
}

/// What can be continued from, stored where the request asks for it.
fn kept(shared: &Shared, head: &Head, mut conversation: Conversation, output: &[Output], store: bool) -> Latest {
    for item in output {
        conversation.push_output(item.to_item());
    }
    let latest = Latest { id: head.id.clone(), conversation: Arc::new(conversation) };
    if store {
        shared.store().put(latest.id.clone(), latest.conversation.clone());
    }
    latest
}

/// Faults that act instead of a response.
async fn act_before(kind: FaultKind, request: &Request, outlet: &Outlet) -> Result<(), Stop> {
    let refuse = |error| Err(Stop::Refused(error));
    match kind {
        FaultKind::NotFound => {
            refuse(ApiError::previous_response_not_found(request.previous.as_deref().unwrap_or_default()))
        }
        FaultKind::Overloaded => refuse(ApiError::overloaded()),
        FaultKind::RateLimit => refuse(ApiError::rate_limit()),
        FaultKind::Quota => refuse(ApiError::quota()),
        FaultKind::ContextLength => refuse(ApiError::context_length_exceeded()),
        FaultKind::FlatError => end(outlet, Signal::Event(ApiError::server_error().flat_event())).await,
        FaultKind::StatuslessError => end(outlet, Signal::Event(ApiError::server_error().statusless_frame())).await,
        FaultKind::CloseBeforeEvent => end(outlet, Signal::Close(1011, "internal error")).await,
        FaultKind::ConnectionLimit => {
            outlet.send(Signal::Error(ApiError::connection_limit())).await?;
            end(outlet, Signal::Close(1000, "connection limit")).await
        }
        FaultKind::HalfOpen => {
            outlet.send(Signal::Deaf).await?;
            std::future::pending().await
        }
        // Ends when the transport drops this task.
        FaultKind::Silent => std::future::pending().await,
        _ => Ok(()),
    }
}

async fn end(outlet: &Outlet, signal: Signal) -> Result<(), Stop> {
    outlet.send(signal).await?;
    Err(Stop::Ended)
}

/// Faults that change what is said.
fn distorted(output: Vec<Output>, fault: Option<FaultKind>) -> Vec<Output> {
    match fault {
        Some(FaultKind::Refusal) => vec![Output::refusal("I'm sorry, but I can't help with that.")],
        // Cut off in the first item; a call cut in half would be no call.
        Some(FaultKind::Incomplete) => {
            let text: String = output.first().map_or("", Output::text).chars().take(20).collect();
            vec![Output::Message { id: new_id("msg"), text }]
        }
        _ => output,
    }
}

/// The last event, as the fault has it.
fn terminal(head: &Head, output: &[Output], usage: Value, fault: Option<FaultKind>) -> Value {
    let status = if fault == Some(FaultKind::Incomplete) { "incomplete" } else { "completed" };
    let mut response = head.object(status, output);
    response["usage"] = usage;
    let missing = match fault {
        Some(FaultKind::MissingUsage) => "usage",
        Some(FaultKind::MissingOutput) => "output",
        Some(FaultKind::Incomplete) => {
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
            ""
        }
        _ => "",
    };
    if let Some(fields) = response.as_object_mut() {
        fields.remove(missing);
    }
    json!({"type": format!("response.{status}"), "response": response})
}

/// The events of one response: numbers them and lets faults interfere.
struct Stream<'a> {
    outlet: &'a Outlet,
    fault: Option<FaultKind>,
    sequence: u64,
    deltas: usize,
}

impl Stream<'_> {
    async fn emit(&mut self, event: Value) -> Result<(), Stop> {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        self.hold_up(&kind).await?;
        self.send(event).await?;
        if kind == "response.in_progress" { self.interfere().await } else { Ok(()) }
    }

    /// The terminal event of a response that can be continued.
    async fn complete(&mut self, event: Value, latest: Latest) -> Result<(), Stop> {
        self.hold_up("response.completed").await?;
        let event = self.numbered(event);
        self.outlet.send(Signal::Completed(event, latest)).await
    }

    async fn send(&mut self, event: Value) -> Result<(), Stop> {
        let event = self.numbered(event);
        self.outlet.send(Signal::Event(event)).await
    }

    fn numbered(&mut self, mut event: Value) -> Value {
        event["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        event
    }

    /// Faults that act before an event: it comes late, or never.
    async fn hold_up(&mut self, kind: &str) -> Result<(), Stop> {
        if self.fault == Some(FaultKind::Slow) {
            sleep(TRICKLE).await;
        }
        let is_delta = kind.ends_with(".delta");
        let is_end = kind == "response.output_item.done" || kind == "response.completed";
        if self.fault == Some(FaultKind::CloseMidResponse) && (is_end || is_delta && self.deltas == DELTAS_BEFORE_CUT) {
            return end(self.outlet, Signal::Cut).await;
        }
        self.deltas += usize::from(is_delta);
        Ok(())
    }

    /// Faults that put something strange between good events.
    async fn interfere(&mut self) -> Result<(), Stop> {
        match self.fault {
            Some(FaultKind::BinaryFrame) => self.outlet.send(Signal::Binary).await,
            Some(FaultKind::HugeFrame) => {
                self.send(json!({"type": "response.padding", "padding": "x".repeat(HUGE_BYTES)})).await
            }
            Some(FaultKind::UnknownEvents) => {
                let unnumbered = json!({"type": "codex.rate_limits", "plan_type": "pro", "credits": null,
                                        "rate_limits": {"primary": {"used_percent": 12.5, "window_minutes": 300}}});
                self.outlet.send(Signal::Event(unnumbered)).await?;
                self.send(json!({"type": "response.metadata", "headers": {}, "metadata": null})).await?;
                self.send(json!({"type": "response.dance.delta", "delta": {"steps": [1, 2, 3]}, "item": 7})).await
            }
            _ => Ok(()),
        }
    }

    /// Tells the client that the agent broke.
    async fn fail(&mut self, head: &Head) -> Stop {
        let mut response = head.object("failed", &[]);
        response["error"] = json!({"code": "server_error", "message": "The embedded agent failed on this request."});
        let failed = json!({"type": "response.failed", "response": response});
        self.send(failed).await.err().unwrap_or(Stop::Ended)
    }
}
