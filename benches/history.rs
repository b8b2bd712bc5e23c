//! Bytes of turns over real editing: `cargo bench --bench history`. Sessions of a person who edits five real packages from
//! release to release, hunk by hunk, with a turn after every few; on the real session, over a real socket, with a scripted
//! server. Against three other ways to tell a model the same.
//!
//! The packages are got with `.ci/install-corpora.sh history`. What the server received is checked, whatever it took.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
#[path = "history/deltas.rs"]
mod deltas;
#[path = "../tests/installed/mod.rs"]
mod installed;
#[path = "../tests/provider/mod.rs"]
mod provider;
#[path = "history/releases.rs"]
mod releases;
#[path = "history/replay.rs"]
mod replay;
#[path = "history/ways.rs"]
mod ways;

use bench::{Axis, Lines, Report, Samples};
use deltas::Deltas;
use installed::CORPORA;
use releases::Package;
use replay::Replay;
use ways::{Cost, Way};

/// Bytes of a token, on the whole; what a server would count is its own affair.
const BYTES_A_TOKEN: f64 = 4.0;
/// Of the numbers of edits between turns; the same in every run.
const SEED: u64 = 8;

fn main() {
    let Some(corpora) = CORPORA.find("history", "history", &["HISTORY"]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let packages = releases::packages(corpora.path("HISTORY"));
    assert!(packages.len() >= 3, "the packages are not whole: {}", packages.len());
    let histories: Vec<History> = packages.iter().map(|package| runtime.block_on(history(package))).collect();

    let mut report = Report::new("history");
    packages_told(&mut report, &histories);
    let replays: Vec<&Replay> = histories.iter().flat_map(|history| &history.replays).collect();
    tokens(&mut report, &replays);
    told(&mut report, &replays);
    longest(&mut report, &replays);
    report.finish();
}

/// What was replayed of a package.
struct History {
    name: String,
    releases: usize,
    replays: Vec<Replay>,
}

async fn history(package: &Package) -> History {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut replays = Vec::new();
    let releases = package.releases();
    for release in &releases {
        replays.extend(replay::replay(release, &mut rng).await);
    }
    History { name: package.name.clone(), releases: releases.len(), replays }
}

/// Bytes up, package by package.
fn packages_told(report: &mut Report, histories: &[History]) {
    let mut rows = vec![row(["package", "releases", "changes", "sessions", "turns"], Way::ALL.map(Way::name))];
    let mut total = Count::default();
    for history in histories {
        let count = Count::of(history);
        rows.push(count.row(&history.name));
        total.add(&count);
    }
    rows.push(total.row("all"));
    let ratios = total.bytes.map(|bytes| format!("×{:.1}", bytes as f64 / total.bytes[0] as f64));
    rows.push(row(["against Pilotlight", "", "", "", ""], ratios));
    report.table("Bytes sent a turn, on the average", &rows);
    let [_, changes, _, turns] = total.counts;
    report.figure("changes", changes);
    report.figure("turns", turns);
    for (way, bytes) in Way::ALL.into_iter().zip(total.bytes) {
        report.figure(&format!("bytes a turn, {}", way.name()), bytes / turns);
    }
}

/// What a package came to.
#[derive(Default)]
struct Count {
    /// Releases, changes, sessions, turns.
    counts: [usize; 4],
    /// Bytes of all turns, by the way they were sent.
    bytes: [usize; Way::ALL.len()],
}

impl Count {
    fn of(history: &History) -> Count {
        let History { replays, releases, .. } = history;
        let changes = replays.iter().map(|replay| replay.edits).sum();
        let turns = replays.iter().map(|replay| replay.turns.len()).sum();
        let bytes = |way| replays.iter().flat_map(|replay| ways::costs(replay, way)).map(|cost| cost.bytes).sum();
        Count { counts: [*releases, changes, replays.len(), turns], bytes: Way::ALL.map(bytes) }
    }

    fn add(&mut self, other: &Count) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum += count);
        self.bytes.iter_mut().zip(other.bytes).for_each(|(sum, bytes)| *sum += bytes);
    }

    fn row(&self, name: &str) -> Vec<String> {
        let counts = self.counts.map(|count| count.to_string());
        let figures = self.bytes.map(|bytes| format!("{:.1} kB", bytes as f64 / self.counts[3] as f64 / 1e3));
        [vec![name.to_owned()], counts.to_vec(), figures.to_vec()].concat()
    }
}

/// What the model has to read, and what it is shown.
fn tokens(report: &mut Report, replays: &[&Replay]) {
    let mut rows = vec![["", "new tokens a turn", "prompt, tokens", "edited lines shown"].map(str::to_owned).to_vec()];
    let turns = || replays.iter().flat_map(|replay| &replay.turns);
    let (edited, seen) = turns().map(ways::seen).fold((0, 0), |sum, turn| (sum.0 + turn.0, sum.1 + turn.1));
    let in_window = seen as f64 / edited as f64;
    for way in Way::ALL {
        let costs: Vec<Cost> = replays.iter().flat_map(|replay| ways::costs(replay, way)).collect();
        let median = |of: fn(&Cost) -> usize| Samples::new(costs.iter().map(|cost| of(cost) as f64)).median();
        let (new, prompt) = (median(|cost| cost.new) / BYTES_A_TOKEN, median(|cost| cost.prompt) / BYTES_A_TOKEN);
        let shown = if way == Way::Window { in_window } else { 1.0 };
        rows.push(row([way.name()], [format!("{new:.0}"), format!("{prompt:.0}"), percent(shown)]));
        report.figure(&format!("new tokens a turn, {}", way.name()), new.round());
    }
    report.table("Estimated tokens (a quarter of the bytes), medians", &rows);
    report.figure("edited lines in a cursor window", in_window);
}

/// How changes were told, how long that took, and the distance to the least that can be told.
fn told(report: &mut Report, replays: &[&Replay]) {
    let deltas: Vec<Deltas> = replays.iter().copied().map(deltas::of).collect();
    let count = |of: fn(&Deltas) -> usize| deltas.iter().map(of).sum::<usize>();
    let (diffs, whole, listed) = (count(|all| all.diffs), count(|all| all.whole), count(|all| all.listed));
    let hits = diffs as f64 / (diffs + whole + listed) as f64;
    let times = Samples::new(deltas.iter().flat_map(|all| all.microseconds.clone()));
    let own = replays.iter().flat_map(|replay| &replay.turns).map(|turn| turn.receipt.ms_own);
    let own = Samples::of(own);
    report.table(
        "Changed files told",
        &[
            ["as a diff", "whole", "only listed", "a diff sufficed", "time to build, p50", "p99"]
                .map(str::to_owned)
                .to_vec(),
            vec![
                diffs.to_string(),
                whole.to_string(),
                listed.to_string(),
                percent(hits),
                format!("{:.0} µs", times.median()),
                format!("{:.0} µs", times.percentile(99.0)),
            ],
        ],
    );
    report.figure("delta-hit rate", hits);
    report.figure("delta, µs p50", times.median());
    report.figure("delta, µs p99", times.percentile(99.0));
    report.figure("our own time a turn, ms p50", own.median());
    report.figure("our own time a turn, ms p99", own.percentile(99.0));
    let (sent, least) = (count(|all| all.sent), count(|all| all.least));
    report.budget("bytes to diff + request + constant fields, all turns", sent as f64 / least as f64, 1.1, "×");
    let ratios = |of: fn(&Deltas) -> &Vec<f64>| Samples::new(deltas.iter().flat_map(of).copied());
    let (plain, encoded) = (ratios(|all| &all.ratios), ratios(|all| &all.ratios_in_json));
    let cells = |ratios: &Samples| [50.0, 99.0, 100.0].map(|percent| format!("×{:.2}", ratios.percentile(percent)));
    report.table(
        "Bytes sent to diff + request + constant fields, turn by turn",
        &[
            row(["these as"], ["p50", "p99", "most"]),
            row(["plain text"], cells(&plain)),
            row(["JSON strings, as they have to be sent"], cells(&encoded)),
        ],
    );
    report.figure("bytes to the least, p99", plain.percentile(99.0));
    report.figure("bytes to the least in JSON, p99", encoded.percentile(99.0));
}

/// Of the longest sessions the one in the middle, by how many times the bytes whole files take.
fn ordinary<'a>(replays: &[&'a Replay]) -> &'a Replay {
    let longest = replays.iter().map(|replay| replay.turns.len()).max().expect("a session");
    let mut all: Vec<&Replay> = replays.iter().copied().filter(|replay| replay.turns.len() == longest).collect();
    let sum = |replay: &Replay, way| ways::costs(replay, way).iter().map(|cost| cost.bytes).sum::<usize>() as f64;
    let times = |replay: &Replay| sum(replay, Way::Whole) / sum(replay, Way::Ours);
    all.sort_by(|one, other| times(one).total_cmp(&times(other)));
    all[all.len() / 2]
}

/// How the bytes of a long session grow with its turns, and a picture of it.
fn longest(report: &mut Report, replays: &[&Replay]) {
    let replay = ordinary(replays);
    let sent = Way::ALL.map(|way| {
        let kilobytes = ways::costs(replay, way).into_iter().map(|cost| cost.bytes as f64 / 1e3);
        kilobytes.enumerate().map(|(turn, sent)| ((turn + 1) as f64, sent)).collect::<Vec<_>>()
    });
    for (way, points) in Way::ALL.into_iter().zip(&sent) {
        // The first turns tell the files for the first time, in all ways.
        report.growth(format!("bytes of a turn with the turns before it, {}", way.name()), &points[points.len() / 4..]);
    }
    let total = |points: &[(f64, f64)]| points.iter().map(|(_, sent)| sent).sum::<f64>();
    let [_, whole, history, window] = [0, 1, 2, 3].map(|way| total(&sent[way]) / total(&sent[0]));
    let series: Vec<_> = Way::ALL.map(Way::name).into_iter().zip(sent).collect();
    report.chart(
        "history",
        &Lines {
            title: "Bytes sent each turn while a real package is edited",
            description: &format!(
                "An ordinary session of {} turns on changes between two published versions. Whole files take {whole:.0} times as \
                 many bytes as Pilotlight in all, with the history {history:.0} times, a cursor window {window:.1} times.",
                replay.turns.len()
            ),
            x: ("turn", Axis::Linear),
            y: ("kB sent", Axis::Logarithmic),
            series: &series,
        },
    );
}

fn row<A: Into<String>, B: Into<String>, const N: usize, const M: usize>(
    words: [A; N],
    figures: [B; M],
) -> Vec<String> {
    words.into_iter().map(Into::into).chain(figures.into_iter().map(Into::into)).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
