//! The state of a session as everyone else sees it: one value, always true, watched rather than asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::profile::Profile;
use super::receipt::{Outcome, Receipt, Receipts};
use super::state::{Event, Machine};

pub use super::state::State;

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
    /// Why it is offline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the next attempt to come back is made, in Unix seconds; absent while one is made every second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<u64>,
}

/// The writing end, shared by the actor and its connector; readers watch.
#[derive(Clone, Debug)]
pub struct Board {
    status: Arc<watch::Sender<Status>>,
    /// Where the status's state comes from.
    machine: Arc<Mutex<Machine>>,
    receipts: Arc<Mutex<Receipts>>,
}

impl Board {
    /// A board for a session of `profile` that was not lit yet.
    pub fn new(profile: &Profile, consented: bool) -> Board {
        let machine = Machine::new(consented);
        let status = Status {
            root: profile.root.clone(),
            state: machine.state(),
            transport: "websocket",
            endpoint: profile.endpoint.clone(),
            model: profile.model.clone(),
            connections: 0,
            turns: 0,
            reason: None,
            retry_at: None,
        };
        Board {
            status: Arc::new(watch::Sender::new(status)),
            machine: Arc::new(Mutex::new(machine)),
            receipts: Arc::default(),
        }
    }

    /// Watches the status.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// The status now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Something happened: the state follows.
    pub fn tell(&self, event: Event) {
        self.tell_with(event, |_| {});
    }

    /// Something happened, and figures change with it. Watchers hear of it once, and only if something changed.
    pub fn tell_with(&self, event: Event, change: impl FnOnce(&mut Status)) {
        // Held while the status changes, so that two events cannot overtake each other.
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        machine.on(event);
        self.status.send_if_modified(|status| {
            let before = status.clone();
            status.state = machine.state();
            if status.state != State::Offline {
                (status.reason, status.retry_at) = (None, None);
            }
            change(status);
            if before.state != status.state {
                tracing::info!(root = %status.root, from = ?before.state, to = ?status.state, reason = status.reason, "session");
            }
            *status != before
        });
    }

    /// The receipts.
    pub fn receipts(&self) -> MutexGuard<'_, Receipts> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files the receipt of a turn that ended with it.
    pub fn file(&self, receipt: Receipt) {
        tracing::info!(turn = receipt.turn, outcome = ?receipt.outcome, rounds = receipt.rounds, sent = receipt.bytes_sent,
            full_resend = receipt.bytes_full_resend, ms = receipt.ms_total.as_millis() as u64, "turn");
        self.receipts().push(receipt);
        self.tell_with(Event::TurnEnded, |status| status.turns += 1);
    }

    /// Changes how a filed turn ended. Watchers hear of it, since a status is shown with its last receipt.
    pub fn amend(&self, turn: &str, outcome: Outcome) -> Option<Receipt> {
        let amended = self.receipts().amend(turn, outcome)?;
        self.status.send_modify(|_| {});
        Some(amended)
    }
}
