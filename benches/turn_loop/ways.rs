//! The three ways to ask the rounds of a turn, and what each took.

use std::time::Duration;

use serde_json::{Value, json};

use super::line::Network;
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
    /// The line they went over.
    pub network: Network,
    /// Milliseconds from the request to the end.
    pub wall: f64,
    /// Milliseconds that no client can do without: a round trip a request, and the server's time.
    pub ideal: f64,
    /// Milliseconds in which tools ran.
    pub tools: f64,
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
    /// Milliseconds beyond what no client can do without, and the tools.
    pub fn ours(&self) -> f64 {
        self.wall - self.ideal - self.tools
    }

    /// The same in percent of what no client can do without.
    pub fn distance(&self) -> f64 {
        self.ours() / self.ideal * 100.0
    }

    /// For the JSON.
    pub fn to_value(&self) -> Value {
        let Network { delay, up } = self.network;
        json!({"way": self.way.name(), "tool_rounds": self.rounds, "one_way_ms": delay.as_millis(), "bits_up": up, "wall_ms": self.wall,
            "ideal_ms": self.ideal, "tools_ms": self.tools, "first_event_ms": self.first_event, "bytes_up": self.bytes_up,
            "connections": self.connections, "runs": self.runs})
    }
}

/// One turn as it was measured.
struct Run {
    wall: Duration,
    ideal: Duration,
    tools: Duration,
    first_event: Duration,
    bytes_up: usize,
    connections: usize,
}

/// Runs turns of so many tool rounds, each in a session of its own.
pub async fn measure(way: Way, rounds: usize, network: Network, runs: usize) -> Measured {
    let mut measured = Vec::with_capacity(runs);
    for _ in 0..runs {
        measured.push(run(way, rounds, network).await);
    }
    let median = |value: fn(&Run) -> f64| Samples::new(measured.iter().map(value)).median();
    Measured {
        way,
        rounds,
        network,
        wall: median(|run| run.wall.as_secs_f64() * 1e3),
        ideal: median(|run| run.ideal.as_secs_f64() * 1e3),
        tools: median(|run| run.tools.as_secs_f64() * 1e3),
        first_event: median(|run| run.first_event.as_secs_f64() * 1e3),
        bytes_up: median(|run| run.bytes_up as f64),
        connections: measured.iter().map(|run| run.connections).max().unwrap_or_default(),
        runs,
    }
}

async fn run(way: Way, rounds: usize, network: Network) -> Run {
    let requests = rounds + 1;
    let Turn { wall, to_first_event, receipt, trace } = Session::start(way, network).await.turn(rounds).await;
    let made = if way == Way::Anew { requests } else { 0 };
    assert_eq!((receipt.handshakes as usize, trace.connections), (made, made), "connections of {way:?}");
    Run {
        wall,
        ideal: network.delay * 2 * u32::try_from(requests).expect("few rounds") + trace.server_time(),
        tools: receipt.ms_tools,
        first_event: to_first_event,
        bytes_up: trace.bytes_up(),
        connections: trace.connections,
    }
}
