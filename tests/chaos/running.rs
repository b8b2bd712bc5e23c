//! A turn that runs: what it is meant to do, what befell it, what the server counted, and how it may end.

use std::collections::BTreeSet;

use pilotlight::agent::TurnEnd;
use pilotlight::session::receipt::{Continuity, Outcome, Receipt};
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::user::Texts;
use crate::provider::{Mirror, Request, Transport};

/// The turn.
pub struct Running {
    pub number: usize,
    pub cancel: CancellationToken,
    /// Moments until the user stops it, if ever.
    pub cancel_in: Option<usize>,
    pub cancelled: bool,
    /// What becomes of its changes.
    pub decision: Outcome,
    /// Answers with calls before the last one.
    pub rounds_left: usize,
    /// Whether its changes may land at all.
    pub edits: bool,
    /// The texts its latest request was made of.
    pub told: Texts,
    /// Requests sent, as the client says.
    pub asks: usize,
    pub landed: Option<Outcome>,
    /// What struck it.
    pub faults: Vec<Fault>,
    /// What struck before it or beside it, and may be its to bear.
    inherited: Vec<Fault>,
    /// Something the server sent or counted may never have arrived.
    pub lossy: bool,
    /// Numbers of the requests received.
    pub requests: Vec<usize>,
    connections: BTreeSet<usize>,
    bytes: usize,
    /// Whole answers.
    whole: u32,
    last_is_whole: bool,
    /// A request began a new lineage: with nothing before it, or at most a warm-up.
    full: bool,
    renewed: bool,
    http: bool,
}

impl Running {
    pub fn new(number: usize, cancel: CancellationToken, rng: &mut fastrand::Rng, edits: bool) -> Running {
        let cancelled = cancel.is_cancelled();
        Running {
            number,
            cancel,
            cancel_in: (rng.u8(..8) == 0).then(|| rng.usize(..12)),
            cancelled,
            decision: match rng.u8(..10) {
                0 => Outcome::Refused,
                1 | 2 => Outcome::Proposed,
                _ => Outcome::Applied,
            },
            rounds_left: rng.usize(..4),
            edits,
            told: Texts::new(),
            asks: 0,
            landed: None,
            faults: Vec::new(),
            inherited: Vec::new(),
            lossy: false,
            requests: Vec::new(),
            connections: BTreeSet::new(),
            bytes: 0,
            whole: 0,
            last_is_whole: false,
            full: false,
            renewed: false,
            http: false,
        }
    }

    pub fn is_time_to_cancel(&mut self) -> bool {
        let due = self.cancel_in == Some(0) && !self.cancelled;
        self.cancel_in = self.cancel_in.map(|moments| moments.saturating_sub(1));
        due
    }

    pub fn suffer(&mut self, fault: Fault) {
        self.lossy |= fault.loses_what_was_sent();
        self.faults.push(fault);
    }

    pub fn inherit(&mut self, fault: Fault) {
        self.lossy |= fault.loses_what_was_sent();
        self.inherited.push(fault);
    }

    /// A request arrives. True if the answer before it was whole and the client did not take it.
    pub fn receive(&mut self, requests: &[Request]) -> bool {
        let number = requests.len() - 1;
        let request = &requests[number];
        let discarded =
            self.last_is_whole && self.requests.last().is_some_and(|last| !continues(request, &requests[*last]));
        if discarded {
            self.whole -= 1;
            self.lossy = true;
        }
        self.requests.push(number);
        self.connections.insert(request.connection);
        self.bytes += request.raw.len();
        self.http |= request.transport == Transport::Http;
        let warm_up = |id: &str| requests[id["resp_".len()..].parse::<usize>().unwrap()].is_warm_up();
        self.full |= request.previous().is_none();
        self.renewed |= request.previous().is_none_or(warm_up);
        discarded
    }

    /// What it is answered.
    pub fn answered(&mut self, fault: Option<Fault>, is_last: bool) {
        self.last_is_whole = fault.is_none_or(Fault::leaves_the_answer);
        if self.last_is_whole {
            self.whole += 1;
            self.rounds_left = if fault == Some(Fault::Refusal) { 0 } else { self.rounds_left.saturating_sub(1) };
        }
        if let Some(fault) = fault.filter(|fault| !(is_last && fault.strikes_after())) {
            self.suffer(fault);
        }
        self.lossy |= self.http && !self.last_is_whole;
    }

    // ---- the end -------------------------------------------------------------------------------------------------

    /// What is wrong with how it ended.
    pub fn flaw_of_end(&self, end: &TurnEnd, mirror: &Mirror) -> Vec<String> {
        let outcome = end.receipt.outcome;
        let may_fail =
            self.faults.len() + self.inherited.len() > 1 || self.faults.iter().any(|fault| fault.ends_the_turn());
        let allowed = match outcome {
            Outcome::Cancelled => self.cancelled,
            Outcome::Failed => may_fail && !self.cancelled,
            Outcome::Answered => self.landed.is_none() && !self.cancelled && !self.owes_an_edit(mirror),
            landed => self.landed == Some(landed) && !self.cancelled && self.edits,
        };
        let mut flaws = Vec::new();
        if !allowed {
            flaws.push(format!(
                "it ended {outcome:?} ({}), landed {:?}, cancelled {}, faults {:?} and {:?}",
                end.message, self.landed, self.cancelled, self.faults, self.inherited
            ));
        }
        if end.message.contains("made a mistake") {
            flaws.push(end.message.clone());
        }
        flaws
    }

    /// The model changed files, and the changes are nowhere.
    fn owes_an_edit(&self, mirror: &Mirror) -> bool {
        let changed = |(path, text): (&str, &str)| {
            mirror.is_patched(path) && self.told.get(path).map(String::as_str) != Some(text)
        };
        self.edits && mirror.files().any(changed)
    }

    /// What the receipt says otherwise than the server, which sent `answered` bytes.
    pub fn flaw_of_receipt(&self, receipt: &Receipt, answered: usize) -> Vec<String> {
        let mut flaws = Vec::new();
        let mut expect = |holds: bool, what: &str, claimed: u64, counted: u64| {
            if !holds {
                flaws.push(format!("the receipt says {claimed} {what}, the server counted {counted}"));
            }
        };
        let (sent, received, counted) = (receipt.bytes_sent, receipt.bytes_received, self.bytes as u64);
        // A kept HTTP connection that turns out to be dead is replaced, and the request sent again without a word.
        let may_resend = self.http && self.faults.len() + self.inherited.len() > 0;
        let all_arrived = self.asks == self.requests.len() && !may_resend;
        let right = if all_arrived { sent == counted } else { sent > counted || may_resend && sent == counted };
        expect(right, "bytes sent", sent, counted);
        let answered = answered as u64;
        // What the client stopped listening to, or the network swallowed, was sent all the same.
        let all_heard = all_arrived && !self.lossy && !self.cancelled;
        let right = if all_heard { received == answered } else { received <= answered };
        expect(right, "bytes received", received, answered);
        let (rounds, whole) = (receipt.rounds, self.whole);
        expect(if all_heard { rounds == whole } else { rounds <= whole }, "rounds", rounds.into(), whole.into());
        if all_heard && !self.http {
            let rebased = receipt.lineage == Continuity::Rebased;
            // The very first lineage goes on from its warm-up and needs no reason.
            let right = if rebased { self.renewed } else { !self.full };
            expect(right, "new lineages", rebased.into(), self.renewed.into());
        }
        let (claimed, counted) = (receipt.connections.into(), self.connections.len() as u64);
        expect(if all_arrived { claimed == counted } else { claimed >= counted }, "connections", claimed, counted);
        let reuses = receipt.reused_connection && counted > 1;
        expect(!reuses, "connection that was there before", 1, counted);
        flaws
    }
}

/// Whether a request brings the outputs of an answer's calls.
fn continues(request: &Request, answered: &Request) -> bool {
    let called = answered.output.iter().filter_map(|item| {
        let item: serde_json::Value = serde_json::from_str(item).unwrap();
        item["call_id"].as_str().map(str::to_owned)
    });
    let brought: Vec<&str> = request.input().iter().filter_map(|item| item["call_id"].as_str()).collect();
    called.into_iter().any(|id| brought.contains(&id.as_str()))
}
