//! A lineage: what the server's side of the conversation holds, as far as it concerns us.
//!
//! After any error the lineage is broken, and the next request is a full one (invariant 9).

use crate::wire::item::Encoded;
use crate::wire::request::joined_len;

/// The chain as the server knows it.
#[derive(Debug, Default)]
pub struct Lineage {
    /// The response to continue from; none means the next request must bring everything.
    previous: Option<String>,
    /// The agent's context (project, known files) is in the chain.
    has_context: bool,
    /// Items of this turn that are in the chain already.
    sent_of_turn: usize,
    /// Everything in the chain, for transports without server-side state.
    history: Vec<Encoded>,
    /// Serialised bytes of everything in the chain.
    bytes: usize,
    /// Tokens in the chain, as the server counted them last.
    tokens: u64,
    /// Why the chain before this one was given up, to be told in the receipt.
    broken: Option<String>,
}

impl Lineage {
    /// A lineage that begins with a warm-up's response.
    pub fn warmed(previous: Option<String>, opening: &[Encoded], broken: Option<String>) -> Lineage {
        let bytes = if previous.is_some() { joined_len(opening) } else { 0 };
        Lineage { previous, bytes, broken, ..Lineage::default() }
    }

    /// A lineage of which the server knows nothing yet.
    pub fn fresh(broken: Option<String>) -> Lineage {
        Lineage { broken, ..Lineage::default() }
    }

    /// The response the next request continues from.
    pub fn previous(&self) -> Option<&str> {
        self.previous.as_deref()
    }

    /// Whether the agent's context is in the chain.
    pub fn has_context(&self) -> bool {
        self.has_context
    }

    /// Whether the chain holds anything.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// How many of the turn's items are in the chain.
    pub fn sent_of_turn(&self) -> usize {
        self.sent_of_turn
    }

    /// Everything in the chain, in order; kept only while `stateless`.
    pub fn history(&self) -> &[Encoded] {
        &self.history
    }

    /// Serialised bytes of everything in the chain.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Tokens in the chain: the server's count, or a quarter of the bytes.
    pub fn tokens(&self) -> u64 {
        self.tokens.max(self.bytes as u64 / 4)
    }

    /// Why an earlier chain ended, if a new one has to be explained.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// A new turn begins: none of its items is in the chain.
    pub fn begin_turn(&mut self) {
        self.sent_of_turn = 0;
    }

    /// A request was answered: its items and the answer's are in the chain now.
    pub fn extend(&mut self, answered: Answered<'_>, stateless: bool) {
        self.bytes += joined_len(answered.sent) + joined_len(answered.received);
        if stateless {
            self.history.extend_from_slice(answered.sent);
            self.history.extend_from_slice(answered.received);
        }
        self.previous = answered.id;
        self.tokens = answered.tokens;
        self.has_context = true;
        self.sent_of_turn = answered.sent_of_turn;
        self.broken = None;
    }

    /// The chain is gone between turns; if nothing of ours was in it, there is nothing to explain.
    pub fn forget(&mut self, reason: &str) {
        if self.has_context {
            self.break_off(reason);
        } else {
            *self = Lineage::fresh(self.broken.take());
        }
    }

    /// The chain is gone; the next request brings everything. The first reason is the one that is told.
    pub fn break_off(&mut self, reason: impl Into<String>) {
        let reason = self.broken.take().unwrap_or_else(|| reason.into());
        *self = Lineage::fresh(Some(reason));
    }
}

/// One answered request.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Items it brought.
    pub sent: &'a [Encoded],
    /// Items of the answer.
    pub received: &'a [Encoded],
    /// The response's id, where the server keeps state.
    pub id: Option<String>,
    /// Input and output tokens, as the server counted.
    pub tokens: u64,
    /// How many of the turn's items are in the chain now.
    pub sent_of_turn: usize,
}
