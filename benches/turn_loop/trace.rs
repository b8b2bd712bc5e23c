//! What passed a network, when, and what that says: how long the server took, and how long the client.

use std::time::{Duration, Instant};

/// Some bytes that passed in one piece.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// From the client to the server.
    pub up: bool,
    /// How many.
    pub bytes: usize,
    /// When they were taken from whoever sent them.
    pub taken: Instant,
    /// When they were given to whom they were for.
    pub given: Instant,
}

/// Everything that passed during a turn.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The pieces, in the order in which the server saw them.
    pieces: Vec<Piece>,
    /// Connections made.
    pub connections: usize,
}

impl Trace {
    /// A trace of these pieces.
    pub fn new(mut pieces: Vec<Piece>, connections: usize) -> Trace {
        pieces.sort_by_key(|piece| if piece.up { piece.given } else { piece.taken });
        Trace { pieces, connections }
    }

    /// Bytes up.
    pub fn bytes_up(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.up).map(|piece| piece.bytes).sum()
    }

    /// How long the server took in all: from the last piece of each request to the last of its answer.
    pub fn server_time(&self) -> Duration {
        self.rounds().map(|round| round.answered.taken - round.asked.given).sum()
    }

    /// How long the client took between an answer and the next request, each time.
    pub fn between(&self) -> Vec<Duration> {
        let rounds: Vec<Round> = self.rounds().collect();
        rounds.windows(2).map(|pair| pair[1].begun.taken - pair[0].answered.given).collect()
    }

    /// Pieces up followed by pieces down, again and again.
    fn rounds(&self) -> impl Iterator<Item = Round> {
        let mut changes = self.pieces.chunk_by(|one, next| one.up == next.up).skip_while(|run| !run[0].up);
        std::iter::from_fn(move || {
            let (up, down) = (changes.next()?, changes.next()?);
            Some(Round { begun: up[0], asked: *up.last()?, answered: *down.last()? })
        })
    }
}

/// The first and the last piece of a request, and the last of its answer.
struct Round {
    begun: Piece,
    asked: Piece,
    answered: Piece,
}
