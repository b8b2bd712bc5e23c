//! The three ways to ask the rounds of a turn, and what each took.

use std::time::Duration;

use serde_json::{Value, json};

use super::session::{Session, Turn};
use crate::bench::Samples;

/// How the rounds are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over the session's warm WebSocket, only what is new.
    Warm,
    /// Over HTTP with keep-alive, everything each time; the session again, told to use HTTP.
    KeepAlive,
    /// The same over HTTP to a server that closes after each answer: every request has a connection of its own.
    Anew,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 3] = [Way::Warm, Way::KeepAlive, Way::Anew];

    /// As it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Way::Warm => "Pilotlight",
            Way::KeepAlive => "keep-alive, full resend",
            Way::Anew => "new connection each, full resend",
        }
    }
}

/// What turns of one kind took: medians.
pub struct Measured {
    /// How they were asked.
    pub way: Way,
    /// Tool rounds of each.
    pub rounds: usize,
    /// One way, in milliseconds.
    pub delay: u64,
    /// Milliseconds from the request to the end.
    pub wall: f64,
    /// Milliseconds that no client can do without: a round trip a request, and the server's time.
    pub ideal: f64,
    /// Milliseconds to the first event.
    pub first_event: f64,
    /// Bytes up on the wire, TLS and headers included.
    pub bytes_up: f64,
    /// Connections made in the turn.
    pub connections: usize,
    /// Turns measured.
    pub runs: usize,
}

impl Measured {
    /// Percent beyond what no client can do without.
    pub fn distance(&self) -> f64 {
        (self.wall / self.ideal - 1.0) * 100.0
    }

    /// For the JSON.
    pub fn to_value(&self) -> Value {
        json!({"way": self.way.name(), "tool_rounds": self.rounds, "one_way_ms": self.delay, "wall_ms": self.wall,
            "ideal_ms": self.ideal, "first_event_ms": self.first_event, "bytes_up": self.bytes_up,
            "connections": self.connections, "runs": self.runs})
    }
}

/// One turn as it was measured.
struct Run {
    wall: Duration,
    ideal: Duration,
    first_event: Duration,
    bytes_up: usize,
    connections: usize,
}

/// Runs turns of so many tool rounds, each in a session of its own.
pub async fn measure(way: Way, rounds: usize, delay: Duration, runs: usize) -> Measured {
    let mut measured = Vec::with_capacity(runs);
    for _ in 0..runs {
        measured.push(run(way, rounds, delay).await);
    }
    let median = |value: fn(&Run) -> f64| Samples::new(measured.iter().map(value)).median();
    Measured {
        way,
        rounds,
        delay: u64::try_from(delay.as_millis()).expect("a short delay"),
        wall: median(|run| run.wall.as_secs_f64() * 1e3),
        ideal: median(|run| run.ideal.as_secs_f64() * 1e3),
        first_event: median(|run| run.first_event.as_secs_f64() * 1e3),
        bytes_up: median(|run| run.bytes_up as f64),
        connections: measured.iter().map(|run| run.connections).max().unwrap_or_default(),
        runs,
    }
}

async fn run(way: Way, rounds: usize, delay: Duration) -> Run {
    let requests = rounds + 1;
    let Turn { wall, to_first_event, receipt, trace } = Session::start(way, delay).await.turn(rounds).await;
    let made = if way == Way::Anew { requests } else { 0 };
    assert_eq!((receipt.handshakes as usize, trace.connections), (made, made), "connections of {way:?}");
    Run {
        wall,
        ideal: delay * 2 * u32::try_from(requests).expect("few rounds") + trace.server_time(),
        first_event: to_first_event,
        bytes_up: trace.bytes_up(),
        connections: trace.connections,
    }
}
