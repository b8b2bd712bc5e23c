//! The state of a session as everyone else sees it: one value, always true, watched rather than asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::receipt::{Outcome, Receipt, Receipts};

/// `cold → connecting → warming → warm ⇄ busy`, with `rotating`, `offline` and `consent` beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not connected, and not asked to be.
    Cold,
    /// Dialling.
    Connecting,
    /// Connected; the warm-up is on its way.
    Warming,
    /// Ready for a turn.
    Warm,
    /// A turn runs.
    Busy,
    /// Warm, while a fresh connection is being made beside the old one.
    Rotating,
    /// No connection; tried again by itself.
    Offline,
    /// Nothing is sent before the user says yes.
    Consent,
}

/// A session's state and figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Canonical root of the workspace.
    pub root: String,
    /// Where the session is.
    pub state: State,
    /// `websocket` or `http`.
    pub transport: &'static str,
    /// The endpoint, as people know it.
    pub endpoint: String,
    /// The model.
    pub model: String,
    /// Connections made so far.
    pub connections: u32,
    /// Turns ended so far.
    pub turns: u32,
    /// Why it is offline, and when the next attempt comes (seconds from the change of state).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The writing end, shared by the actor and its connector; readers watch.
#[derive(Clone, Debug)]
pub struct Board {
    status: Arc<watch::Sender<Status>>,
    receipts: Arc<Mutex<Receipts>>,
}

impl Board {
    /// A board that shows `status` first.
    pub fn new(status: Status) -> Board {
        Board { status: Arc::new(watch::Sender::new(status)), receipts: Arc::default() }
    }

    /// Watches the status.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// The status now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Changes the status; watchers hear of it only if something changed.
    pub fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            if before.state != status.state {
                tracing::info!(root = %status.root, from = ?before.state, to = ?status.state, reason = status.reason, "session");
            }
            *status != before
        });
    }

    /// Changes the state; a reason belongs to `offline` only.
    pub fn set(&self, state: State) {
        self.update(|status| {
            status.state = state;
            status.reason = None;
        });
    }

    /// The receipts.
    pub fn receipts(&self) -> MutexGuard<'_, Receipts> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files a finished turn's receipt.
    pub fn file(&self, receipt: Receipt) {
        tracing::info!(turn = receipt.turn, outcome = ?receipt.outcome, rounds = receipt.rounds, sent = receipt.bytes_sent,
            full_resend = receipt.bytes_full_resend, ms = receipt.ms_total.as_millis() as u64, "turn");
        self.receipts().push(receipt);
        self.update(|status| status.turns += 1);
    }

    /// Changes how a filed turn ended.
    pub fn amend(&self, turn: &str, outcome: Outcome) -> Option<Receipt> {
        self.receipts().amend(turn, outcome)
    }
}
