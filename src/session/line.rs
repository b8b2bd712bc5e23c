//! The line to the model: asks rounds over a connection it keeps alive, and gets answers through losses.
//!
//! A round that fails is asked again by the rules of [`super::recovery`]; tools have no side effects, so a cut answer
//! is simply discarded. Everything is counted here, where it is sent and received.

mod answer;
mod exchange;
mod lighting;
mod upkeep;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use lighting::Lighting;
use upkeep::{COOL_DOWN, HTTP_HOLDS};

use super::activity::Activity;
use super::failure::Failure;
use super::lineage::{Answered, Lineage};
use super::profile::{Profile, Transports};
use super::receipt::{Continuity, Outcome, Receipt};
use super::recovery::{Attempts, Remedy, Trouble};
use super::state::Event as Happened;
use super::status::Board;
use crate::wire::event::{Event, OutputItem};
use crate::wire::http;
use crate::wire::item::{Encoded, Item};
use crate::wire::request::{FrameKind, MAX_FRAME_BYTES, joined_len};
use crate::wire::websocket::Connection;

/// What a new lineage begins with, besides the session's opening items.
pub trait Context: Send {
    /// The whole context from current truth, in at most about `budget` bytes.
    fn rebase(&mut self, budget: usize) -> Vec<Encoded>;

    /// What happened since the last request was put together: a request that is asked again brings it along.
    fn meanwhile(&mut self) -> Option<Encoded>;
}

/// What happens while a round is asked, for the user's progress.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A connection is being made.
    Connecting,
    /// The request is on its way.
    Asking,
    /// Waiting to ask again.
    Waiting {
        /// How long.
        delay: Duration,
        /// Why.
        reason: &'a str,
    },
    /// A piece of the model's visible text.
    Text(&'a str),
}

/// Hears of [`Happening`]s.
pub type Watcher<'a> = &'a mut (dyn FnMut(Happening<'_>) + Send);

/// An answered round.
#[derive(Debug)]
pub struct Reply {
    /// The output items, in order.
    pub items: Vec<OutputItem>,
}

/// The warm line of one session.
pub struct Line {
    profile: Arc<Profile>,
    board: Board,
    link: Link,
    lineage: Lineage,
    lighting: Lighting,
    comeback: Comeback,
    /// A sign of life may light it: it was lit before, and only the network or a long rest put it out.
    wakes: bool,
    /// This session had a WebSocket before: one that cannot be had now is the network's fault.
    websocket_worked: bool,
    activity: Activity,
    turn: TurnRecord,
}

/// The connection in use.
enum Link {
    None,
    WebSocket {
        connection: Connection,
        rotate_at: Instant,
        /// Anything was received; before that, a 1008 close means WebSocket is not wanted here.
        heard: bool,
    },
    Http {
        client: Box<http::Client>,
        /// When WebSocket is tried again; never, if HTTP was asked for.
        until: Option<Instant>,
    },
}

impl Link {
    /// An event without what the server may repeat of what it was told in confidence.
    fn discreet(&self, event: Event) -> Event {
        match self {
            Link::None => event,
            Link::WebSocket { connection, .. } => connection.confidences().of_event(event),
            Link::Http { client, .. } => client.confidences().of_event(event),
        }
    }
}

/// Coming back by itself while offline.
#[derive(Default)]
struct Comeback {
    /// When the next attempt begins.
    at: Option<Instant>,
    /// Since when there is no connection.
    dark_since: Option<Instant>,
    /// Attempts begun since then.
    attempts: u32,
    /// Of these, refused.
    refused: u32,
    /// When a server last closed because it restarts or has too much to do.
    shed: Option<Instant>,
}

/// What a turn has said and cost so far.
struct TurnRecord {
    started: Instant,
    deadline: Instant,
    cancel: CancellationToken,
    receipt: Receipt,
    attempts: Attempts,
    /// How the turn lost its connection, until it has another.
    lost: Option<String>,
    /// Everything sent and received in this turn, for asking again on a new lineage.
    items: Vec<Encoded>,
    /// A request is out and its answer not complete: the socket is not reusable.
    in_flight: bool,
    /// The last answer called tools, and their outputs have not gone out: nothing may continue from it.
    owes_outputs: bool,
    asked_at: Option<Instant>,
    /// The connection that the last request went over; told apart by how many were made before it.
    asked_over: Option<u32>,
}

impl TurnRecord {
    fn new(cancel: CancellationToken, limit: Duration) -> TurnRecord {
        let started = Instant::now();
        TurnRecord {
            started,
            deadline: started + limit,
            cancel,
            receipt: Receipt::default(),
            attempts: Attempts::default(),
            lost: None,
            items: Vec::new(),
            in_flight: false,
            owes_outputs: false,
            asked_at: None,
            asked_over: None,
        }
    }
}

/// Why a request has no answer.
enum Stop {
    Trouble(Trouble),
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl Line {
    /// A line that is not connected yet. It rests while there is no `activity`.
    pub fn new(profile: Arc<Profile>, board: Board, activity: Activity) -> Line {
        let turn = TurnRecord::new(CancellationToken::new(), Duration::ZERO);
        Line {
            profile,
            board,
            link: Link::None,
            lineage: Lineage::default(),
            lighting: Lighting::default(),
            comeback: Comeback::default(),
            wakes: false,
            websocket_worked: false,
            activity,
            turn,
        }
    }

    /// The clocks and limits of this session.
    pub fn limits(&self) -> &super::profile::Limits {
        &self.profile.limits
    }

    // ---- a turn -------------------------------------------------------------------------------------------------

    /// A turn begins.
    pub fn begin_turn(&mut self, turn: String, action: String, cancel: CancellationToken) {
        self.turn = TurnRecord::new(cancel, self.profile.limits.turn_timeout);
        self.turn.receipt.turn = turn;
        self.turn.receipt.action = action;
        self.lineage.begin_turn();
        if self.lineage.tokens() > self.profile.limits.max_context_tokens {
            self.lineage.break_off("context past session.max_context_tokens");
        }
        self.board.tell(Happened::TurnBegan);
    }

    /// Whether the next request begins a new lineage, or the first: what the model believed before does not count.
    pub fn will_rebase(&self) -> bool {
        !self.lineage.has_context()
    }

    /// The running turn's receipt, to add what only the agent knows.
    pub fn receipt(&mut self) -> &mut Receipt {
        &mut self.turn.receipt
    }

    /// Ends the turn and files its receipt.
    pub fn finish_turn(&mut self, outcome: Outcome, files_changed: usize) -> Receipt {
        if self.turn.in_flight {
            self.drop_link("cancelled");
        } else if self.turn.owes_outputs {
            self.lineage.break_off("a turn was stopped");
        }
        let mut receipt = std::mem::take(&mut self.turn.receipt);
        receipt.outcome = outcome;
        receipt.files_changed = files_changed;
        receipt.transport = self.board.status().transport;
        receipt.reused_connection = receipt.rounds > 0 && receipt.handshakes == 0;
        receipt.close(self.turn.started);
        self.turn.items.clear();
        self.board.file(receipt.clone());
        self.activity.note();
        // A turn that was stopped or failed leaves no usable socket: warm the next one now, not when it is needed.
        if self.profile.warm {
            self.light();
        }
        receipt
    }

    /// Asks one round: `new` items are what the model has not seen. Returns the answer, or why there is none.
    ///
    /// # Errors
    /// [`Failure`], which ends the turn.
    pub async fn round(
        &mut self,
        new: Vec<Encoded>,
        context: &mut dyn Context,
        watcher: Watcher<'_>,
    ) -> Result<Reply, Failure> {
        self.turn.items.extend(new);
        loop {
            match self.ask(context, watcher).await {
                Ok(reply) => {
                    self.turn.attempts.round_answered();
                    self.turn.receipt.rounds += 1;
                    return Ok(reply);
                }
                Err(Stop::Failure(failure)) => {
                    if matches!(failure, Failure::Revoked(_)) {
                        self.withdraw();
                    }
                    self.drop_link(if failure == Failure::Cancelled { "cancelled" } else { "a failed turn" });
                    return Err(failure);
                }
                Err(Stop::Trouble(trouble)) => self.recover(&trouble, watcher).await?,
            }
        }
    }

    async fn recover(&mut self, trouble: &Trouble, watcher: Watcher<'_>) -> Result<(), Failure> {
        let (reason, label) = (trouble.reason(), trouble.label());
        tracing::info!(%reason, "a request failed");
        self.turn.in_flight = false;
        match self.turn.attempts.remedy(trouble, jitter()) {
            Remedy::Reconnect => {
                self.turn.lost = Some(reason);
                self.drop_link(&label);
            }
            Remedy::Resend | Remedy::Halve => self.lineage.break_off(label),
            Remedy::OverHttp => {
                let shed = matches!(trouble, Trouble::Shed { .. });
                self.hold_http(&reason, if shed { COOL_DOWN } else { HTTP_HOLDS });
            }
            Remedy::Wait(delay) => {
                self.lineage.break_off(label);
                watcher(Happening::Waiting { delay, reason: &reason });
                let waited = Instant::now();
                let result = self.bounded(sleep(delay)).await;
                self.turn.receipt.ms_waiting += waited.elapsed();
                result?;
            }
            Remedy::GiveUp => {
                match trouble {
                    // An error ends the request, not the socket (`protocol.md` 6).
                    Trouble::Api { .. } => self.lineage.break_off(label),
                    _ => self.drop_link(&label),
                }
                return Err(trouble.failure());
            }
        }
        Ok(())
    }

    /// One request and its answer.
    async fn ask(&mut self, context: &mut dyn Context, watcher: Watcher<'_>) -> Result<Reply, Stop> {
        let waited = Instant::now();
        let connected = self.connect(watcher).await;
        self.turn.receipt.ms_waiting += waited.elapsed();
        connected?;
        // Whatever connection there is was allowed when it was made; that may be long ago.
        if !self.profile.may_send().await {
            return Err(Failure::Revoked(self.profile.endpoint.clone()).into());
        }
        self.turn.lost = None;
        // Connecting, and waiting before it, takes time in which the user types (invariant 6).
        self.turn.items.extend(context.meanwhile());
        let request = self.compose(context)?;
        self.note_connection();
        self.turn.receipt.bytes_sent += request.text.len() as u64;
        self.turn.in_flight = true;
        watcher(Happening::Asking);
        let waited = Instant::now();
        self.turn.asked_at.get_or_insert(waited);
        let answer = self.exchange(request.text, request.chained_outputs, watcher).await;
        self.turn.receipt.ms_waiting += waited.elapsed();
        let (items, finished) = answer?;
        self.turn.in_flight = false;
        // Attempts that were cut are ours to answer for, not a stateless client's.
        self.turn.receipt.bytes_full_resend += request.full_resend as u64;
        let is_call = |item: &OutputItem| matches!(item.item, Item::FunctionCall { .. } | Item::CustomToolCall { .. });
        self.turn.owes_outputs = items.iter().any(is_call);
        let usage = finished.usage.unwrap_or_default();
        self.turn.receipt.add_usage(&usage);
        let received: Vec<Encoded> = items.iter().map(|item| item.encoded.clone()).collect();
        self.turn.items.extend(received.iter().cloned());
        let answered = Answered {
            sent: &request.items,
            received: &received,
            id: finished.id,
            tokens: usage.input_tokens + usage.output_tokens,
            sent_of_turn: self.turn.items.len(),
        };
        self.lineage.extend(answered, matches!(self.link, Link::Http { .. }));
        Ok(Reply { items })
    }

    /// Puts the next request together: only what is new where the server keeps the chain, everything otherwise.
    fn compose(&mut self, context: &mut dyn Context) -> Result<Request, Stop> {
        let stateless = matches!(self.link, Link::Http { .. });
        if !stateless && self.lineage.previous().is_none() && !self.lineage.is_empty() {
            self.lineage.break_off("the server gave no response id");
        }
        let mut items = Vec::new();
        if self.lineage.is_empty() {
            items.extend(self.profile.opening.iter().cloned());
        }
        if !self.lineage.has_context() {
            let anew = self.lineage.is_empty().then_some("first request");
            if let Some(reason) = self.lineage.broken().or(anew) {
                self.turn.receipt.lineage = Continuity::Rebased;
                self.turn.receipt.rebase_reason.get_or_insert_with(|| reason.to_owned());
            }
            items.extend(context.rebase(self.budget()));
        }
        items.extend(self.turn.items[self.lineage.sent_of_turn()..].iter().cloned());
        let full_resend = self.profile.template.full_len(self.lineage.bytes() + joined_len(&items), stateless);
        let chained_outputs = self.turn.owes_outputs && self.lineage.previous().is_some() && !stateless;
        let text = if stateless {
            let whole: Vec<Encoded> = self.lineage.history().iter().chain(&items).cloned().collect();
            self.profile.template.body(&whole)
        } else {
            let kind = match self.lineage.previous() {
                Some(previous) => FrameKind::Continue { previous },
                None => FrameKind::Full,
            };
            self.profile.template.frame(kind, &items)
        };
        // HTTP has no such limit.
        if text.len() > MAX_FRAME_BYTES && !stateless {
            return Err(Stop::Trouble(self.too_large(text.len())));
        }
        Ok(Request { text, items, full_resend, chained_outputs })
    }

    /// Bytes a rebased context may take: half the token limit, at four bytes a token.
    fn budget(&self) -> usize {
        let share = if self.turn.attempts.halved() { 4 } else { 2 };
        let tokens = self.profile.limits.max_context_tokens / share;
        usize::try_from(tokens.saturating_mul(4)).unwrap_or(usize::MAX).min(MAX_FRAME_BYTES / 2)
    }

    /// Whether HTTP may serve where WebSocket does not.
    fn may_use_http(&self) -> bool {
        self.profile.transports == Transports::Auto
    }

    /// Notes over which connection a request goes.
    fn note_connection(&mut self) {
        let connection = Some(self.board.status().connections);
        if std::mem::replace(&mut self.turn.asked_over, connection) != connection {
            self.turn.receipt.connections += 1;
        }
    }

    /// Waits for something within the turn's deadline, unless the turn is cancelled.
    async fn bounded<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let cancel = self.turn.cancel.clone();
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Failure::Cancelled),
            done = timeout_at(self.turn.deadline.into(), work) => {
                done.map_err(|_| Failure::TimedOut(self.profile.limits.turn_timeout))
            }
        }
    }

    /// Gives the connection and its chain up.
    fn drop_link(&mut self, reason: &str) {
        self.turn.in_flight = false;
        match &mut self.link {
            // HTTP goes on over a new connection: the old one is being torn down with its request.
            Link::Http { client, .. } => client.disconnect(),
            Link::WebSocket { .. } => {
                self.link = Link::None;
                // One that was being made beside it may have met the same fate.
                self.lighting.stop();
                self.board.tell(Happened::Dark);
            }
            Link::None => {}
        }
        self.lineage.break_off(reason);
    }
}

/// A request ready to go.
struct Request {
    text: String,
    items: Vec<Encoded>,
    full_resend: usize,
    /// It answers calls that only the server's side of the chain holds.
    chained_outputs: bool,
}

fn cut(reason: String) -> Stop {
    Stop::Trouble(Trouble::Cut(reason))
}

/// A factor around 1, so that many sessions do not come back in step.
fn jitter() -> f64 {
    0.9 + 0.2 * fastrand::f64()
}
