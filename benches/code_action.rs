//! How long the list of code actions takes, right after a character was typed: `cargo bench --bench code_action`. While
//! nothing else happens and while a turn runs, by length of file, over the program's stdio.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bench::{Report, Samples};
use editor::{Editor, Setup, place, removed, source, typed, uri};
use serde_json::json;

const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];
/// Lists of a round, of which the percentiles are, and rounds, of which the quietest counts.
const LISTS: usize = 200;
const ROUNDS: usize = 7;
/// Files open beside it.
const OTHERS: usize = 100;

/// The embedded agent as a server that goes silent in the first turn, so that it runs until it is stopped.
struct SilentAgent {
    process: Child,
    url: String,
}

impl SilentAgent {
    fn start() -> SilentAgent {
        let mut command = Command::new(editor::program());
        command.args(["agent", "--fault", "silent,after=1"]).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the agent starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ws").and_then(|url| url.strip_suffix("/responses"));
        let url = format!("http{}", url.unwrap_or_else(|| panic!("{line:?}")));
        SilentAgent { process, url }
    }
}

impl Drop for SilentAgent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Types a character and asks for the actions there, again and again.
fn lists(editor: &mut Editor, file: &str, lines: usize, version: &mut usize) -> Samples {
    let at = lines / 2 / 5 * 5 + 1;
    let asked = place(file, at);
    let mut list = || {
        *version += 1;
        let change = match *version % 2 {
            0 => typed(file, *version, (at, 0), "x"),
            _ => removed(file, *version, (at, 0)),
        };
        editor.notify("textDocument/didChange", change);
        editor.settle();
        editor.time_request("textDocument/codeAction", &asked)
    };
    Samples::quietest((0..ROUNDS).map(|_| Samples::of((0..LISTS).map(|_| list()))))
}

fn main() {
    let mut report = Report::new("code_action");
    let agent = SilentAgent::start();
    let setup = Setup::new(&[
        ("provider.base_url", &agent.url),
        ("session.first_event_timeout", "10m"),
        ("context.max_file_bytes", "8388608"),
    ]);
    let folder = setup.folder("work");
    let mut editor = Editor::of_program(&setup);
    editor.initialize(Some(&folder));
    let files = LENGTHS.map(|lines| uri(&folder.join(format!("{lines}.rs"))));
    for (file, lines) in files.iter().zip(LENGTHS) {
        editor.open(file, &source(lines, false));
        editor.wait_until_offered(file, "Document the selection");
    }
    let text = source(300, false);
    (0..OTHERS).for_each(|other| editor.open(&uri(&folder.join(format!("other_{other}.rs"))), &text));
    let mut versions = LENGTHS.map(|_| 1);
    let mut rows = vec![
        ["actions after a typed character", "1,000 lines p50", "p99", "10,000 p50", "p99", "100,000 p50", "p99"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for state in ["idle", "while a turn runs"] {
        if state != "idle" {
            run_a_turn(&mut editor, &files[0]);
        }
        let mut all = Vec::new();
        for ((file, lines), version) in files.iter().zip(LENGTHS).zip(&mut versions) {
            all.push(lists(&mut editor, file, lines, version));
        }
        let titles = editor.titles(&files[0], LENGTHS[0] / 2);
        let is_running = titles.iter().any(|title| title.starts_with("Cancel Pilotlight's running turn"));
        assert_eq!(is_running, state != "idle", "{titles:?}");
        let mut row = vec![state.to_owned()];
        row.extend(
            all.iter().flat_map(|samples| [50.0, 99.0].map(|p| format!("{:.0} µs", samples.percentile(p) * 1e3))),
        );
        rows.push(row);
        for (lines, samples) in LENGTHS.iter().zip(&all) {
            report.budget(format!("{state}, {lines} lines, p99"), samples.percentile(99.0), 2.0, "ms");
            report.figure(&format!("{state}, {lines} lines p50 ms"), samples.median());
        }
        let points: Vec<_> = LENGTHS.iter().zip(&all).map(|(lines, all)| (*lines as f64, all.median())).collect();
        report.growth(format!("p50 by lines, {state}"), &points);
    }
    report.table("From asking for the code actions of a line to their list, over stdio", &rows);
    report.finish();
}

/// Begins a turn that does not end by itself.
fn run_a_turn(editor: &mut Editor, file: &str) {
    let mut arguments = place(file, 1);
    arguments = json!({"uri": file, "range": arguments["range"], "instruction": "Wait."});
    let answer =
        editor.request("workspace/executeCommand", json!({"command": "pilotlight.edit", "arguments": [arguments]}));
    assert!(answer["result"]["turn"].is_string(), "{answer}");
    editor.wait_until_offered(file, "Cancel Pilotlight's running turn");
}
