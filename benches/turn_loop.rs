//! How long a turn of many tool rounds takes, and what of it is ours: `cargo bench --bench turn_loop`.
//!
//! The real session talks to the embedded agent's server behind TLS and a network of some length, three ways in one run
//! with the same items: over its warm WebSocket; over HTTP with keep-alive, where everything is sent again each round; and
//! over HTTP with a new connection for each request. A turn is checked before its time counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

#[path = "../tests/network/authority.rs"]
#[allow(dead_code, reason = "its front is another one")]
mod authority;
mod bench;

mod turn_loop {
    pub mod line;
    pub mod server;
    pub mod session;
    pub mod trace;
    pub mod ways;
}

use std::time::Duration;

use bench::{Axis, Bars, Lines, Report, Samples};
use serde_json::{Value, json};
use turn_loop::session::Session;
use turn_loop::ways::{Measured, Way, measure};

/// Tool rounds of a turn; the model's last words are a round more.
const ROUNDS: [usize; 4] = [1, 5, 20, 50];
/// One-way delays in milliseconds.
const DELAYS: [u64; 3] = [0, 20, 80];
/// Turns of which each has one tool round, in one session: what is ours of a round, and how it grows with the history.
const SHORT_TURNS: usize = 1000;
/// The case of the budget: its rounds, its delay, and how often it is measured.
const BUDGETED: (usize, u64, usize) = (20, 20, 3);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let mut report = Report::new("turn_loop");
    let mut all = Vec::new();
    for delay in DELAYS {
        all.extend(at_distance(delay).await);
    }
    for delay in DELAYS {
        let of_delay: Vec<&Measured> = all.iter().filter(|one| one.delay == delay).collect();
        report.table(&format!("One-way delay {delay} ms (medians)"), &rows(&of_delay));
    }
    let budgeted = all.iter().find(|one| (one.rounds, one.delay, one.way) == (BUDGETED.0, BUDGETED.1, Way::Warm));
    let distance = budgeted.expect("the case of the budget").distance();
    report.budget("20 rounds at 40 ms RTT, beyond rounds × RTT + server + tools", distance, 2.0, "%");
    own_time(&mut report).await;
    pictures(&report, &all);
    report.figure("turns", all.iter().map(Measured::to_value).collect::<Vec<Value>>());
    report.finish();
}

/// All turns at one distance. Where the way is long there is next to nothing to do, and the three ways go side by side.
async fn at_distance(delay: u64) -> Vec<Measured> {
    let mut all = Vec::new();
    for rounds in ROUNDS {
        let runs = match (rounds, delay) {
            (rounds, delay) if (rounds, delay) == (BUDGETED.0, BUDGETED.1) => BUDGETED.2,
            (1 | 5, 0 | 20) => 5,
            (_, 0) => 3,
            _ => 1,
        };
        let delay = Duration::from_millis(delay);
        if delay > Duration::from_millis(50) {
            let side_by_side = tokio::join!(
                measure(Way::Warm, rounds, delay, runs),
                measure(Way::KeepAlive, rounds, delay, runs),
                measure(Way::Anew, rounds, delay, runs)
            );
            all.extend(<[Measured; 3]>::from(side_by_side));
        } else {
            for way in Way::ALL {
                all.push(measure(way, rounds, delay, runs).await);
            }
        }
    }
    all
}

fn rows(measured: &[&Measured]) -> Vec<Vec<String>> {
    let columns = [
        "tool rounds",
        "way",
        "wall",
        "ratio",
        "RTT and server",
        "tools",
        "ours",
        "first event",
        "bytes up",
        "connections made",
    ];
    let mut rows = vec![columns.map(str::to_owned).to_vec()];
    for one in measured {
        let warm = measured.iter().find(|other| other.rounds == one.rounds && other.way == Way::Warm);
        let ratio = one.wall / warm.expect("every way beside ours").wall;
        rows.push(vec![
            one.rounds.to_string(),
            one.way.name().to_owned(),
            format!("{:.1} ms", one.wall),
            format!("×{ratio:.2}"),
            format!("{:.1} ms", one.ideal),
            format!("{:.1} ms", one.tools),
            format!("{:.1} ms ({:.1} %)", one.ours(), one.distance()),
            format!("{:.1} ms", one.first_event),
            format!("{:.1} kB", one.bytes_up / 1e3),
            one.connections.to_string(),
        ]);
    }
    rows
}

/// What of a round is ours: from the last event on the wire to the next request on it, without the tools.
async fn own_time(report: &mut Report) {
    let mut session = Session::start(Way::Warm, Duration::ZERO).await;
    let mut own = Vec::with_capacity(SHORT_TURNS);
    for _ in 0..SHORT_TURNS {
        let turn = session.turn(1).await;
        let [between] = turn.trace.between()[..] else { panic!("a turn of two requests") };
        own.push(between.saturating_sub(turn.receipt.ms_tools));
    }
    let (early, late) = (Samples::of(own[..100].to_vec()), Samples::of(own[SHORT_TURNS - 100..].to_vec()));
    let samples = Samples::of(own);
    report.budget("our own time in a round, p50", samples.median(), 0.5, "ms");
    report.budget("our own time in a round, p99", samples.percentile(99.0), 2.0, "ms");
    let turns = SHORT_TURNS as f64;
    report.growth("our own time in a round, with the turns before", &[(50.0, early.median()), (turns, late.median())]);
    let long = Session::start(Way::Warm, Duration::ZERO).await.turn(200).await;
    let rounds = long.trace.between();
    let (first, last) = (Samples::of(rounds[..50].to_vec()), Samples::of(rounds[150..].to_vec()));
    report.growth(
        "the time between rounds, tools included, with the rounds before",
        &[(25.0, first.median()), (175.0, last.median())],
    );
    let parts = [("all", &samples), ("first hundred turns", &early), ("last hundred turns", &late)];
    let mut rows = vec![["our own time in a round", "p50", "p99", "most"].map(str::to_owned).to_vec()];
    for (name, part) in parts {
        let figures = [part.median(), part.percentile(99.0), part.most()].map(|value| format!("{value:.3} ms"));
        rows.push(std::iter::once(name.to_owned()).chain(figures).collect());
    }
    report.table(&format!("{SHORT_TURNS} turns of one tool round in one session"), &rows);
    report.figure("own_time_ms", json!({"p50": samples.median(), "p99": samples.percentile(99.0)}));
}

fn pictures(report: &Report, all: &[Measured]) {
    let of = |way: Way| all.iter().filter(move |one| one.delay == BUDGETED.1 && one.way == way);
    let times = |way| of(way).map(|one| (one.rounds as f64, one.wall / 1e3)).collect();
    report.chart(
        "turn-loop",
        &Lines {
            title: "Wall time of a turn at 40 ms round-trip time",
            description: "Seconds against tool rounds. The warm session and HTTP with keep-alive take little more than \
                the round trips; a new connection for each request takes about three times as long.",
            x: ("tool rounds", Axis::Linear),
            y: ("seconds", Axis::Linear),
            series: &[
                ("Pilotlight", times(Way::Warm)),
                ("keep-alive, full resend", times(Way::KeepAlive)),
                ("new connection each", times(Way::Anew)),
            ],
        },
    );
    let groups: Vec<(String, Vec<f64>)> = of(Way::Warm)
        .zip(of(Way::KeepAlive))
        .map(|(warm, kept)| (format!("{} tool rounds", warm.rounds), vec![warm.bytes_up / 1e3, kept.bytes_up / 1e3]))
        .collect();
    report.chart(
        "bytes-per-turn",
        &Bars {
            title: "Bytes sent in a turn",
            description: "Kilobytes up for turns of 1, 5, 20 and 50 tool rounds. What the warm session sends grows with \
                the rounds, a full resend with their square.",
            unit: "kB",
            series: &["Pilotlight", "full resend"],
            groups: &groups,
        },
    );
}
