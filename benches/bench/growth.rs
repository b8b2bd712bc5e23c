//! How a cost grows with a size: the exponent `k` of `cost ~ size^k`, and a picture of those of all benchmarks.

use std::path::Path;

use serde_json::Value;

use super::chart::{Bars, Chart};

/// What is in the picture: the benchmark, how it calls the growth, and what the picture calls it.
const PICTURED: &[(&str, &str, &str)] = &[
    ("keystroke", "p50 by lines: over stdio, last line, 1 open", "a keystroke, by lines of the file"),
    ("code_action", "p50 by lines, while a turn runs", "code actions, by lines of the file"),
    ("startup", "`initialize` by files in the folder", "start, by files in the folder"),
    ("turn_loop", "our own time in a round, with the turns before", "our time in a round, by turns before"),
    ("turn_loop", "bytes of a turn, with the turns before", "bytes of a turn, by turns before"),
    ("delta", "delta by lines", "telling an edit, by lines of the file"),
    ("first_token", "first token by tokens of the file, diffs appended", "first token, by tokens of the file"),
    ("memory", "memory above idle by open files", "memory above idle, by open files"),
    ("search", "a search by files", "a search, by files in the folder"),
    ("turn_loop", "bytes of a turn by its rounds, Pilotlight", "bytes of a turn, by its rounds"),
    ("delta", "delta by files", "telling edits, by files edited"),
    ("edits", "50 hunks: read, placed, applied", "placing a patch, by size of file and patch"),
];

/// The exponent that fits pairs of size and cost best: 0 is no growth, 1 grows with the size, 2 with its square. The
/// slope of the least-squares line through their logarithms.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|(x, _)| x).sum::<f64>() / count, logs.iter().map(|(_, y)| y).sum::<f64>() / count);
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}

/// The chart of what benchmarks left in this folder; nothing where that is little.
pub fn picture(results: &Path) -> Option<String> {
    let mut bars: Vec<(String, Vec<f64>)> = PICTURED
        .iter()
        .filter_map(|(bench, what, name)| Some(((*name).to_owned(), vec![found(results, bench, what)?])))
        .collect();
    bars.sort_by(|(_, one), (_, other)| one[0].total_cmp(&other[0]));
    let chart = Bars {
        title: "How costs grow with their size",
        description: "The exponent k of cost ~ size^k for each cost, over up to a hundred times the size. \
            Nothing grows with the square of its size, and little grows at all with what stands still.",
        unit: "",
        series: &["exponent k of cost ~ size^k: 0 does not grow, 1 grows with its size, 2 with its square"],
        groups: &bars,
    };
    (bars.len() > PICTURED.len() / 2).then(|| chart.svg())
}

fn found(results: &Path, bench: &str, what: &str) -> Option<f64> {
    let found = std::fs::read_to_string(results.join(format!("{bench}.json"))).ok()?;
    let found: Value = serde_json::from_str(&found).ok()?;
    found["growth"].as_array()?.iter().find(|growth| growth["what"] == what)?["exponent"].as_f64()
}
