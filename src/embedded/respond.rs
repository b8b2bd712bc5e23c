//! One response: from a request to its terminal event, the same for both transports.
//!
//! Runs as a task of its own and speaks only through its [`Outlet`]; stopping it is dropping it. The agent works on
//! the blocking pool, its panic is a failed response. It must never touch lanes or sockets: the transport owns those.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::debug;

use super::{
    conversation::Conversation,
    ending,
    error::ApiError,
    events::{Head, Output, usage},
    fault::{Ending, Plan, Telling},
    lanes::{LaneName, Latest},
    request::Request,
    rules::Reply,
    server::Shared,
    stream::Stream,
};

/// Longest the agent may think.
const THINKING_LIMIT: Duration = Duration::from_secs(120);
/// Half an event, for the fault `garbage-frame`.
pub(super) const GARBAGE: &str = r#"{"type":"response.output_text.delta","delt"#;

/// What a response tells its transport.
#[derive(Debug)]
pub(super) enum Signal {
    /// An event, numbered.
    Event(Value),
    /// Refused, or failed before any output.
    Error(ApiError),
    /// Send bytes where text belongs.
    Binary,
    /// Send half an event.
    Garbage,
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

    pub(super) async fn send(&self, signal: Signal) -> Result<(), Stop> {
        self.sender.send(Sent { lane: self.lane.clone(), signal }).await.map_err(|_| Stop::Ended)
    }
}

/// Why a response ends without one that can be continued.
#[derive(Debug)]
pub(super) enum Stop {
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
    pub plan: Plan,
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
    let Work { mut request, parent, plan } = work;
    if !plan.delay.is_zero() {
        sleep(plan.delay).await;
    }
    if let Some(ending) = plan.ending {
        ending::before_events(ending, plan.form, &request, outlet).await?;
    }
    let known_bytes = parent.as_deref().map_or(0, Conversation::bytes);
    let mut conversation = continued(&request, parent).map_err(Stop::Refused)?;
    conversation.take_input(std::mem::take(&mut request.input)).map_err(Stop::Refused)?;
    produce(shared, &request, conversation, known_bytes, &plan, outlet).await
}

/// All events of a response to a request that was taken. `known_bytes` of the conversation were known before.
async fn produce(
    shared: &Shared,
    request: &Request,
    conversation: Conversation,
    known_bytes: usize,
    plan: &Plan,
    outlet: &Outlet,
) -> Result<(), Stop> {
    let input_bytes = conversation.bytes() + request.constant_bytes;
    let mut head = Head::new(&request.model, request.previous.as_deref(), request.store);
    let mut stream = Stream::new(outlet, plan);
    stream.begin(&head).await?;
    if plan.ending == Some(Ending::Failed) {
        return stream.end(failed(&head)).await;
    }
    let Some((mut conversation, mut output)) = answer(shared, request, conversation).await else {
        return stream.end(failed(&head)).await;
    };
    if plan.tells(Telling::Refusal) {
        output = vec![Output::refusal("I'm sorry, but I can't help with that.")];
    }
    if plan.ending == Some(Ending::Steered) {
        let begun = cut(&output);
        stream.tell(&begun).await?;
        stream.end(incomplete(&head, &begun, "steered")).await?;
        head = Head::new(&request.model, Some(&head.id), request.store);
        conversation.push_outputs(&begun);
        stream = Stream::new(outlet, plan);
        stream.begin(&head).await?;
    }
    if plan.ending == Some(Ending::Incomplete) {
        output = cut(&output);
    }
    stream.tell(&output).await?;
    let mut response = match plan.ending {
        Some(Ending::Incomplete) => incomplete(&head, &output, "max_output_tokens"),
        _ => head.object("completed", &output),
    };
    response["usage"] = usage(input_bytes, known_bytes, output.iter().map(|item| item.text().len()).sum());
    let latest = kept(shared, &head, conversation, &output, request.store);
    stream.complete(response, latest).await
}

/// What the request continues, its own copy of it.
fn continued(request: &Request, parent: Option<Arc<Conversation>>) -> Result<Conversation, ApiError> {
    match (&request.previous, parent) {
        (None, _) => Ok(Conversation::default()),
        (Some(_), Some(parent)) => Ok(Arc::unwrap_or_clone(parent)),
        (Some(id), None) => Err(ApiError::previous_response_not_found(id)),
    }
}

/// The agent's answer, none for a warm-up; `None` when the agent panicked or took too long.
async fn answer(shared: &Shared, request: &Request, conversation: Conversation) -> Option<(Conversation, Vec<Output>)> {
    if !request.generate {
        return Some((conversation, Vec::new()));
    }
    let (conversation, reply) = think(shared, conversation).await?;
    let output = reply.items.into_iter().map(|item| Output::from_reply(item, request.custom_patch));
    Some((conversation, output.collect()))
}

async fn think(shared: &Shared, conversation: Conversation) -> Option<(Conversation, Reply)> {
    let responder = shared.responder.clone();
    let thinking = tokio::task::spawn_blocking(move || {
        let reply = responder(conversation.items());
        (conversation, reply)
    });
    timeout(THINKING_LIMIT, thinking).await.ok()?.ok()
}

/// What can be continued from, stored where the request asks for it.
fn kept(shared: &Shared, head: &Head, mut conversation: Conversation, output: &[Output], store: bool) -> Latest {
    conversation.push_outputs(output);
    let latest = Latest { id: head.id.clone(), conversation: Arc::new(conversation) };
    if store {
        shared.store().put(latest.id.clone(), latest.conversation.clone());
    }
    latest
}

/// What was said when it was cut off in its first item.
fn cut(output: &[Output]) -> Vec<Output> {
    output.first().map(Output::cut).into_iter().collect()
}

fn incomplete(head: &Head, output: &[Output], reason: &str) -> Value {
    let mut response = head.object("incomplete", output);
    response["incomplete_details"] = json!({ "reason": reason });
    response
}

/// Tells the client that the agent broke.
fn failed(head: &Head) -> Value {
    let mut response = head.object("failed", &[]);
    response["error"] = json!({"code": "server_error", "message": "The embedded agent failed on this request."});
    response
}
