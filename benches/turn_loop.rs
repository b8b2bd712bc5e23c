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

use bench::{Axis, Bars, Lines, Report, Samples};
use serde_json::{Value, json};
use turn_loop::line::Network;
use turn_loop::session::Session;
use turn_loop::ways::{Measured, Way, measure};

/// Tool rounds of a turn; the model's last words are a round more.
const ROUNDS: [usize; 4] = [1, 5, 20, 50];
/// Lines that are as wide as can be: no way at all, within a continent, and around the world.
const WIDE: [Network; 3] = [Network::wide(0), Network::wide(20), Network::wide(80)];
/// A line as homes have, with 10 Mbit/s up.
const NARROW: Network = Network { up: Some(10_000_000), ..WIDE[1] };
/// Turns of which each has one tool round, in one session: what is ours of a round, and how it grows with the history.
const SHORT_TURNS: usize = 1000;
/// The case of the budget: its rounds, its line, and how often it is measured.
const BUDGETED: (usize, Network, usize) = (20, WIDE[1], 3);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let mut report = Report::new("turn_loop");
    let mut all = Vec::new();
    for network in WIDE {
        all.extend(over(network).await);
    }
    for rounds in ROUNDS {
        all.extend(side_by_side(rounds, NARROW).await);
    }
    for network in WIDE.into_iter().chain([NARROW]) {
        let measured: Vec<&Measured> = all.iter().filter(|one| one.network == network).collect();
        let width = network.up.map_or(String::new(), |bits| format!(", {} Mbit/s up", bits / 1_000_000));
        let ours = if network.up.is_some() { "sending and ours" } else { "ours" };
        report
            .table(&format!("One-way delay {} ms{width} (medians)", network.delay.as_millis()), &rows(&measured, ours));
    }
    let budgeted = all.iter().find(|one| (one.rounds, one.network, one.way) == (BUDGETED.0, BUDGETED.1, Way::Warm));
    let budgeted = budgeted.expect("the case of the budget");
    let with_tools = (budgeted.wall / budgeted.ideal - 1.0) * 100.0;
    report.budget("20 rounds at 40 ms RTT, beyond rounds × RTT + server + tools", budgeted.distance(), 2.0, "%");
    report.figure("20 rounds at 40 ms RTT, beyond rounds × RTT + server, percent", with_tools);
    println!(
        "With what its four searches of 250 files and its reads take, a turn of 20 rounds is {with_tools:.1} % beyond.\n"
    );
    for (way, name) in [(Way::Warm, "Pilotlight"), (Way::KeepAlive, "full resend")] {
        let of = all.iter().filter(|one| one.network == BUDGETED.1 && one.way == way);
        let points: Vec<(f64, f64)> = of.map(|one| (one.rounds as f64, one.bytes_up)).collect();
        report.growth(format!("bytes of a turn by its rounds, {name}"), &points);
    }
    own_time(&mut report).await;
    pictures(&report, &all);
    report.figure("turns", all.iter().map(Measured::to_value).collect::<Vec<Value>>());
    report.finish();
}

/// All turns over one wide line. Where the way is long there is next to nothing to do, and the three ways go side by side.
async fn over(network: Network) -> Vec<Measured> {
    let mut all = Vec::new();
    for rounds in ROUNDS {
        if network == WIDE[2] {
            all.extend(side_by_side(rounds, network).await);
            continue;
        }
        let runs = match rounds {
            _ if (rounds, network) == (BUDGETED.0, BUDGETED.1) => BUDGETED.2,
            1 | 5 => 5,
            _ if network == WIDE[0] => 3,
            _ => 1,
        };
        for way in Way::ALL {
            all.push(measure(way, rounds, network, runs).await);
        }
    }
    all
}

/// One turn each of the three ways, over a line of its own.
async fn side_by_side(rounds: usize, network: Network) -> [Measured; 3] {
    let [warm, keep_alive, anew] = Way::ALL.map(|way| measure(way, rounds, network, 1));
    tokio::join!(warm, keep_alive, anew).into()
}

/// A row for each; `ours` is what the time is called that is neither the way's, the server's nor the tools'.
fn rows(measured: &[&Measured], ours: &str) -> Vec<Vec<String>> {
    let columns = [
        "tool rounds",
        "way",
        "wall",
        "ratio",
        "RTT and server",
        "tools",
        ours,
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
    let mut session = Session::start(Way::Warm, WIDE[0]).await;
    let (mut own, mut bytes) = (Vec::with_capacity(SHORT_TURNS), Vec::with_capacity(SHORT_TURNS));
    for _ in 0..SHORT_TURNS {
        let turn = session.turn(1).await;
        bytes.push(turn.trace.bytes_up() as f64);
        let [between] = turn.trace.between()[..] else { panic!("a turn of two requests") };
        own.push(between.saturating_sub(turn.receipt.ms_tools));
    }
    let (early, late) = (Samples::of(own[..100].to_vec()), Samples::of(own[SHORT_TURNS - 100..].to_vec()));
    let samples = Samples::of(own.clone());
    report.budget("our own time in a round, p50", samples.median(), 0.5, "ms");
    report.budget("our own time in a round, p99", samples.percentile(99.0), 2.0, "ms");
    // Around the tenth, the hundredth, and near the thousandth.
    let around =
        [(10, 10), (100, 40), (SHORT_TURNS - 50, 50)].map(|(middle, apart)| (middle, middle - apart..middle + apart));
    let times = around.clone().map(|(turn, turns)| (turn as f64, Samples::of(own[turns].to_vec()).median()));
    report.growth("our own time in a round, with the turns before", &times);
    let sizes = around.map(|(turn, turns)| (turn as f64, Samples::new(bytes[turns].to_vec()).median()));
    report.growth("bytes of a turn, with the turns before", &sizes);
    let long = Session::start(Way::Warm, WIDE[0]).await.turn(200).await;
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
    let of = |way: Way| all.iter().filter(move |one| one.network == NARROW && one.way == way);
    let times = |way| of(way).map(|one| (one.rounds as f64, one.wall / 1e3)).collect();
    report.chart(
        "turn-loop",
        &Lines {
            title: "Wall time of a turn at 40 ms round-trip time, 10 Mbit/s up",
            description: "Seconds against tool rounds. The warm session takes little more than the round trips; HTTP with \
                keep-alive sends everything again each round, which at 50 rounds takes twice as long in all; a new \
                connection for each request takes four times as long.",
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
