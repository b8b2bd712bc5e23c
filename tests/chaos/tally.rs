//! What the storm did and what it cost.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use pilotlight::session::receipt::{Receipt, human_bytes, outcome_name};

use super::fault::Fault;

/// Counts of a whole run.
#[derive(Default)]
pub struct Tally {
    faults: BTreeMap<Fault, Seen>,
    outcomes: BTreeMap<&'static str, usize>,
    /// The first fault that took a connection since the last sign of life.
    trouble: Option<(Fault, Instant)>,
    worst: Option<(Fault, Duration)>,
    rounds: u32,
    handshakes: u32,
    sent: u64,
    full_resend: u64,
    /// Whole answers that the client did not take: its clocks ran out on a busy machine.
    pub discarded: usize,
    pub edits: usize,
    pub cancels: usize,
    pub resets: usize,
}

#[derive(Default)]
struct Seen {
    times: usize,
    turns_failed: usize,
}

impl Tally {
    /// A fault strikes.
    pub fn strikes(&mut self, fault: Fault) {
        self.faults.entry(fault).or_default().times += 1;
        if fault.takes_the_connection() {
            self.trouble.get_or_insert((fault, Instant::now()));
        }
    }

    /// The server is asked and answers: the session is back.
    pub fn answers(&mut self) {
        let Some((fault, since)) = self.trouble.take() else { return };
        let took = since.elapsed();
        if self.worst.is_none_or(|(_, worst)| took > worst) {
            self.worst = Some((fault, took));
        }
    }

    /// A turn is over, in which these faults struck.
    pub fn ended(&mut self, receipt: &Receipt, faults: &[Fault]) {
        let outcome = outcome_name(receipt.outcome);
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome == "failed" {
            faults.iter().for_each(|fault| self.faults.entry(*fault).or_default().turns_failed += 1);
        }
        self.rounds += receipt.rounds;
        self.handshakes += receipt.handshakes;
        self.sent += receipt.bytes_sent;
        self.full_resend += receipt.bytes_full_resend;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "turns: {:?}", self.outcomes)?;
        writeln!(to, "edits {}, cancels {}, resets {}", self.edits, self.cancels, self.resets)?;
        writeln!(
            to,
            "rounds {}, connections that turns waited for {}, sent {} (full resend {}), whole answers not taken {}",
            self.rounds,
            self.handshakes,
            human_bytes(self.sent),
            human_bytes(self.full_resend),
            self.discarded
        )?;
        for (fault, seen) in &self.faults {
            let survived = seen.times.saturating_sub(seen.turns_failed);
            writeln!(to, "  {fault:?}: {}, survived {survived}", seen.times)?;
        }
        match self.worst {
            Some((fault, took)) => writeln!(to, "WORST TIME TO RECOVER: {took:.0?}, after {fault:?}"),
            None => writeln!(to, "no connection was ever lost"),
        }
    }
}
