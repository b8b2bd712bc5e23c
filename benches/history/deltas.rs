//! How changes were told: as diffs or otherwise, how long that takes, and how near it is to the least there is.

use std::hint::black_box;
use std::time::Instant;

use pilotlight::delta::ledger::{Shift, tell};
use pilotlight::workspace::{ModelText, RelPath};
use similar::TextDiff;

use super::replay::{Replay, Turn};
use super::ways;

/// The budget of a turn's changes, as it is by default.
const MAX_DELTA_BYTES: usize = 65_536;
/// Times each delta is built; the fastest counts, since the others met something else.
const RUNS: usize = 5;

/// What was found in a session.
#[derive(Default)]
pub struct Deltas {
    /// Changed files told as a diff.
    pub diffs: usize,
    /// Changed files that the model knew, told whole again.
    pub whole: usize,
    /// Changed files that were too much to tell.
    pub listed: usize,
    /// Time to put a turn's changes in words.
    pub microseconds: Vec<f64>,
    /// Bytes of all requests.
    pub sent: usize,
    /// The least they could be.
    pub least: usize,
    /// The one to the other, turn by turn.
    pub ratios: Vec<f64>,
    /// The same, with the least as JSON has to write it.
    pub ratios_in_json: Vec<f64>,
}

/// Looks at all turns of a session.
pub fn of(replay: &Replay) -> Deltas {
    let mut found = Deltas::default();
    for turn in &replay.turns {
        let said = turn.request.text();
        for path in turn.edited.keys().filter(|path| turn.edited[*path].before != turn.edited[*path].now) {
            if said.contains(&format!("--- a/{path}\n+++ b/{path}\n")) {
                found.diffs += 1;
            } else if said.contains(&format!("<file path=\"{path}\"")) {
                found.whole += 1;
            } else {
                assert!(said.contains(&format!("\n{path}: ")), "{path} was not told:\n{said}");
                found.listed += 1;
            }
        }
        found.microseconds.push(microseconds(turn));
        let (sent, diffs) = (turn.request.raw.len(), diffs(turn));
        let least = ways::least(turn, &diffs, str::len);
        found.sent += sent;
        found.least += least;
        found.ratios.push(sent as f64 / least as f64);
        let least = ways::least(turn, &diffs, |text| serde_json::json!(text).to_string().len());
        found.ratios_in_json.push(sent as f64 / least as f64);
    }
    found
}

fn microseconds(turn: &Turn) -> f64 {
    let shifts: Vec<Shift> = turn
        .edited
        .iter()
        .map(|(path, edited)| Shift {
            path: RelPath::parse(path).expect("a path"),
            old: Some(ModelText::from_lf(&edited.before)),
            new: Some(ModelText::from_lf(&edited.now)),
            as_diff: false,
        })
        .collect();
    let run = || {
        let start = Instant::now();
        black_box(tell(black_box(&shifts), MAX_DELTA_BYTES));
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..RUNS).map(|_| run()).fold(f64::MAX, f64::min)
}

/// The turn's changes as unified diffs, by a library of others. Where the whole text is shorter, that.
fn diffs(turn: &Turn) -> String {
    let diff = |(path, edited): (&String, &super::replay::Edited)| {
        let diff = TextDiff::from_lines(&*edited.before, &*edited.now);
        let diff = diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string();
        if diff.len() < edited.now.len() { diff } else { edited.now.to_string() }
    };
    turn.edited.iter().map(diff).collect()
}
