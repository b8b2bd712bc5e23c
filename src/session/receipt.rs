//! Receipts: what each turn cost, counted from real bytes, events and clocks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use crate::wire::event::Usage;

/// How many receipts a session keeps.
const KEPT: usize = 200;

/// How a turn ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its edits are in the editor.
    Applied,
    /// Its edits wait for the user.
    Proposed,
    /// It answered in words.
    Answered,
    /// The user stopped it.
    Cancelled,
    /// Its edits touch what the user changed meanwhile; nothing was applied.
    Conflict,
    /// The user or a rule said no.
    Refused,
    /// It did not come to an end.
    #[default]
    Failed,
}

/// Whether a turn went on from what the server knew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// Every request sent only what was new.
    #[default]
    Continued,
    /// A request had to bring the whole context.
    Rebased,
}

/// What the parts of a request took, in bytes as the model reads them: `selection`, `diagnostics`, `changes` and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Shares(BTreeMap<&'static str, usize>);

impl Shares {
    /// Counts some bytes for a part.
    pub fn add(&mut self, part: &'static str, bytes: usize) {
        *self.0.entry(part).or_default() += bytes;
    }

    /// The parts that took any, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.0.iter().map(|(part, bytes)| (*part, *bytes))
    }
}

/// One turn's receipt; field names are the contract's.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Receipt {
    /// The turn's id.
    pub turn: String,
    /// The action, e.g. `finish`.
    pub action: String,
    /// `websocket` or `http`.
    pub transport: &'static str,
    /// The connection was open before the turn began, and was the only one.
    pub reused_connection: bool,
    /// Connections its requests went over.
    pub connections: u32,
    /// Of these, made while the turn ran; each cost its round trips.
    pub handshakes: u32,
    /// Whether the context had to be sent again.
    pub lineage: Continuity,
    /// Why, if it had to.
    pub rebase_reason: Option<String>,
    /// Answered requests.
    pub rounds: u32,
    /// Tool calls answered.
    pub tool_calls: u32,
    /// Payload bytes up.
    pub bytes_sent: u64,
    /// Payload bytes down.
    pub bytes_received: u64,
    /// What a client without server-side state would have sent for the same answered rounds.
    pub bytes_full_resend: u64,
    /// Tokens in, cached included, summed over the rounds.
    pub input_tokens: u64,
    /// Of these, served from the prefix cache.
    pub cached_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
    /// From the turn's first request to its first event.
    #[serde(serialize_with = "milliseconds")]
    pub ms_to_first_event: Duration,
    /// The whole turn.
    #[serde(serialize_with = "milliseconds")]
    pub ms_total: Duration,
    /// Waiting for the server, connections and retries included.
    #[serde(serialize_with = "milliseconds")]
    pub ms_waiting: Duration,
    /// Running tools.
    #[serde(serialize_with = "milliseconds")]
    pub ms_tools: Duration,
    /// Everything else: ours to spend.
    #[serde(serialize_with = "milliseconds")]
    pub ms_own: Duration,
    /// What the context of its first request was made of.
    pub context: Shares,
    /// Files the turn changed.
    pub files_changed: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// The token counts are the server's estimates.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// Milliseconds with microsecond precision.
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_micros() as f64 / 1000.0)
}

impl Receipt {
    /// Adds one response's token counts.
    pub fn add_usage(&mut self, usage: &Usage) {
        self.input_tokens += usage.input_tokens;
        self.cached_tokens += usage.cached_tokens;
        self.output_tokens += usage.output_tokens;
        self.estimated |= usage.estimated;
    }

    /// Closes the clocks of a turn that began at `start`.
    pub fn close(&mut self, start: Instant) {
        self.ms_total = start.elapsed();
        self.ms_own = self.ms_total.saturating_sub(self.ms_waiting).saturating_sub(self.ms_tools);
    }

    /// One line for a progress message: `applied · 3 files · 1.2 kB sent (a full resend: 48 kB) · 0.41 s`.
    pub fn line(&self) -> String {
        let mut line = outcome_name(self.outcome).to_owned();
        if self.files_changed > 0 {
            let _ = write!(line, " · {} file{}", self.files_changed, if self.files_changed == 1 { "" } else { "s" });
        }
        let _ = write!(
            line,
            " · {} sent (full resend {}) · {:.2} s",
            human_bytes(self.bytes_sent),
            human_bytes(self.bytes_full_resend),
            self.ms_total.as_secs_f64()
        );
        line
    }
}

/// The outcome as the contract spells it.
pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Proposed => "proposed",
        Outcome::Answered => "answered",
        Outcome::Cancelled => "cancelled",
        Outcome::Conflict => "conflict",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    }
}

/// Bytes for people: `812 B`, `1.2 kB`, `3.4 MB`. A half is rounded up, as the editors do it.
pub fn human_bytes(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = (bytes * 10 + unit / 2) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", tenths(1000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// The receipts of a session, the newest last.
#[derive(Debug, Default)]
pub struct Receipts {
    kept: VecDeque<Receipt>,
}

impl Receipts {
    /// Keeps one, dropping the oldest past the limit.
    pub fn push(&mut self, receipt: Receipt) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(receipt);
    }

    /// Changes how a turn ended, once its proposal was applied or discarded.
    pub fn amend(&mut self, turn: &str, outcome: Outcome) -> Option<Receipt> {
        let receipt = self.kept.iter_mut().rev().find(|receipt| receipt.turn == turn)?;
        receipt.outcome = outcome;
        Some(receipt.clone())
    }

    /// The newest.
    pub fn last(&self) -> Option<&Receipt> {
        self.kept.back()
    }

    /// All that are kept, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Receipt> {
        self.kept.iter()
    }
}

/// The receipts as a Markdown table with totals, and what the transport did for them; `connections` is how many were
/// made so far.
pub fn markdown(receipts: &[Receipt], connections: u32) -> String {
    let mut text = String::from(
        "| turn | action | outcome | rounds | sent | full resend | saved | tokens in (cached) | first event | total |\n\
         |---|---|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let (mut sent, mut full) = (0, 0);
    for receipt in receipts {
        sent += receipt.bytes_sent;
        full += receipt.bytes_full_resend;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} ({}){} | {} ms | {} ms |",
            receipt.turn,
            receipt.action,
            outcome_name(receipt.outcome),
            receipt.rounds,
            human_bytes(receipt.bytes_sent),
            human_bytes(receipt.bytes_full_resend),
            saved(receipt.bytes_sent, receipt.bytes_full_resend),
            receipt.input_tokens,
            receipt.cached_tokens,
            if receipt.estimated { " est." } else { "" },
            receipt.ms_to_first_event.as_millis(),
            receipt.ms_total.as_millis(),
        );
    }
    let _ = writeln!(
        text,
        "| **all** | | | | **{}** | **{}** | **{}** | | | |",
        human_bytes(sent),
        human_bytes(full),
        saved(sent, full)
    );
    let _ = writeln!(text, "\n{}", transport(receipts, connections));
    text
}

/// Rounds, connections, handshakes and bytes of these turns, in a sentence.
fn transport(receipts: &[Receipt], connections: u32) -> String {
    let sum = |figure: fn(&Receipt) -> u64| receipts.iter().map(figure).sum::<u64>();
    format!(
        "{} over {}, {} waited for; {} up, {} down.",
        count(sum(|one| one.rounds.into()), "round"),
        count(connections.into(), "connection"),
        count(sum(|one| one.handshakes.into()), "handshake"),
        human_bytes(sum(|one| one.bytes_sent)),
        human_bytes(sum(|one| one.bytes_received)),
    )
}

/// `1 round`, `2 rounds`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The share of a full resend that was not sent.
pub fn saved(sent: u64, full: u64) -> String {
    if full == 0 {
        return "–".into();
    }
    format!("{:.0} %", 100.0 * (1.0 - sent as f64 / full as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_every_field() {
        let receipt = Receipt { ms_total: Duration::from_micros(1500), ..Receipt::default() };
        let value = serde_json::to_value(&receipt).unwrap();
        let fields = "turn action transport reused_connection lineage rebase_reason rounds tool_calls bytes_sent \
            bytes_received bytes_full_resend input_tokens cached_tokens output_tokens ms_to_first_event ms_total \
            ms_waiting ms_tools ms_own files_changed outcome";
        for field in fields.split_whitespace() {
            assert!(value.get(field).is_some(), "{field} is missing");
        }
        assert_eq!(value["ms_total"], 1.5);
        assert_eq!(value["lineage"], "continued");
        assert!(value.get("estimated").is_none());
    }

    #[test]
    fn an_amended_turn_changes_its_outcome_only() {
        let mut receipts = Receipts::default();
        receipts.push(Receipt { turn: "t1".into(), outcome: Outcome::Proposed, ..Receipt::default() });
        assert_eq!(receipts.amend("t1", Outcome::Applied).map(|receipt| receipt.outcome), Some(Outcome::Applied));
        assert!(receipts.amend("t9", Outcome::Applied).is_none());
    }

    #[test]
    fn bytes_are_told_as_the_editors_tell_them() {
        let told = [999, 1234, 1250, 1450, 999_949, 3_400_000, 2_250_000].map(human_bytes);
        assert_eq!(told, ["999 B", "1.2 kB", "1.3 kB", "1.5 kB", "999.9 kB", "3.4 MB", "2.3 MB"]);
    }

    #[test]
    fn what_the_transport_did_is_summed_up() {
        let one = Receipt { rounds: 3, connections: 1, bytes_sent: 1200, ..Receipt::default() };
        let two = Receipt { handshakes: 1, rounds: 1, ..one.clone() };
        let text = markdown(&[one, two], 2);
        assert!(
            text.ends_with("\n4 rounds over 2 connections, 1 handshake waited for; 2.4 kB up, 0 B down.\n"),
            "{text}"
        );
    }
}
