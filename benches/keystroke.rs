//! How long one typed character takes until the server has it: `cargo bench --bench keystroke`. Through the program over
//! its stdio, through the same server over memory, and in the documents alone; by length of file, by place, and by number
//! of other open files. A request stands behind each change, so a figure holds both and the way there and back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bench::{Report, Samples};
use editor::{Editor, Setup, removed, source, typed, uri};
use pilotlight::config::{Sources, UserFile, load};
use pilotlight::lsp::{Options, serve};
use pilotlight::workspace::{Change, Documents, Position, PositionEncoding, Span};
use tokio::io::duplex;
use tokio::runtime::{Builder, Runtime};

const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];
const OTHERS: [usize; 2] = [0, 1_000];
/// Lines of each of the other files.
const OTHER_LINES: usize = 300;
/// Characters typed and removed again in a round, of which the percentiles are, and rounds, of which the quietest counts:
/// what is measured is this program, and not what else the machine does.
const TYPED: usize = 200;
const ROUNDS: usize = 7;

/// Where is typed.
#[derive(Clone, Copy, PartialEq)]
enum Spot {
    First,
    Last,
    BehindAstral,
}

impl Spot {
    const ALL: [Spot; 3] = [Spot::First, Spot::Last, Spot::BehindAstral];

    fn name(self) -> &'static str {
        match self {
            Spot::First => "first line",
            Spot::Last => "last line",
            Spot::BehindAstral => "behind astral characters",
        }
    }

    /// Line and UTF-16 unit in a file of so many lines.
    fn at(self, lines: usize) -> (usize, usize) {
        match self {
            Spot::First => (0, 0),
            Spot::Last => (lines - 1, 0),
            Spot::BehindAstral => (lines / 2 / 5 * 5 + 1, 4 + 3 + 8 + 1 + 8),
        }
    }
}

/// Types and removes characters, and times each.
fn keystrokes(editor: &mut Editor, folder: &Path, lines: usize, spot: Spot) -> Samples {
    let file = uri(&folder.join(format!("{lines}.rs")));
    editor.open(&file, &source(lines, spot == Spot::BehindAstral));
    editor.settle();
    let at = spot.at(lines);
    let mut keystroke = |number: usize| {
        let change = match number % 2 {
            0 => typed(&file, number + 2, at, "x"),
            _ => removed(&file, number + 2, at),
        };
        editor.time_notification("textDocument/didChange", change)
    };
    let rounds = (0..ROUNDS).map(|round| Samples::of((0..TYPED).map(|number| keystroke(round * TYPED + number))));
    let samples = Samples::quietest(rounds);
    editor.notify("textDocument/didClose", serde_json::json!({"textDocument": {"uri": file}}));
    samples
}

/// What is typed arrives: a comment, one character after the other, is offered as the task that it names.
fn check(editor: &mut Editor, setup: &Setup) {
    let file = uri(&setup.folder("work").join("checked.rs"));
    editor.open(&file, &source(1_000, true));
    let line = Spot::BehindAstral.at(1_000).0 + 1;
    for (number, letter) in "// TODO: 🦀 typed\n".chars().enumerate() {
        let units = "// TODO: 🦀 typed\n".chars().take(number).map(char::len_utf16).sum();
        editor.notify("textDocument/didChange", typed(&file, number + 2, (line, units), &letter.to_string()));
    }
    assert!(
        editor.titles(&file, line).contains(&"Implement TODO: 🦀 typed".to_owned()),
        "{:?}",
        editor.titles(&file, line)
    );
}

/// Starts the server in this process, on as many threads as the program gives it.
fn in_process(setup: &Setup, server: &Runtime) -> Editor {
    let env: BTreeMap<_, _> = setup.variables().into_iter().collect();
    let sources = Sources { env: env.clone(), user_file: UserFile::Ignore, overrides: setup.settings.clone() };
    let loaded = load(&sources).expect("a configuration");
    let ((to, input), (output, from)) = (duplex(1 << 20), duplex(1 << 20));
    server.spawn(serve(Options { loaded, env, pool: Arc::default() }, input, output));
    Editor::over(Box::new(to), Box::new(from))
}

/// Makes an editor ready that has so many other files open, and checks it.
fn ready(mut editor: Editor, setup: &Setup, others: usize) -> Editor {
    let folder = setup.folder("work");
    editor.initialize(Some(&folder));
    let probe = uri(&folder.join("probe.rs"));
    editor.open(&probe, "// TODO: wait\n");
    editor.wait_until_offered(&probe, "Implement TODO: wait");
    let text = source(OTHER_LINES, false);
    (0..others).for_each(|other| editor.open(&uri(&folder.join(format!("other_{other}.rs"))), &text));
    check(&mut editor, setup);
    editor
}

/// The documents by themselves: no message, no thread.
fn alone(lines: usize, spot: Spot) -> Samples {
    let documents = Documents::new(PositionEncoding::Utf16);
    let file = "file:///nowhere/a.rs";
    documents.open(file, "rust", 1, &source(lines, spot == Spot::BehindAstral));
    let (line, character) = spot.at(lines);
    let at = |character: usize| Position { line: line as u32, character: character as u32 };
    let keystroke = |number: usize| {
        let change = match number % 2 {
            0 => Change { span: Some(Span { start: at(character), end: at(character) }), text: "x".into() },
            _ => Change { span: Some(Span { start: at(character), end: at(character + 1) }), text: String::new() },
        };
        let start = Instant::now();
        documents.change(file, number as i32 + 2, vec![change]);
        start.elapsed()
    };
    Samples::quietest((0..ROUNDS).map(|round| Samples::of((0..TYPED).map(|number| keystroke(round * TYPED + number)))))
}

fn micros(samples: &Samples) -> [String; 2] {
    [50.0, 99.0].map(|percent| format!("{:.0} µs", samples.percentile(percent) * 1e3))
}

fn main() {
    let mut report = Report::new("keystroke");
    let mut rows = vec![
        ["a character typed", "open", "1,000 lines p50", "p99", "10,000 p50", "p99", "100,000 p50", "p99"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut measure = |way: &str, others: usize, time: &mut dyn FnMut(usize, Spot) -> Samples| {
        for spot in Spot::ALL {
            let all = LENGTHS.map(|lines| time(lines, spot));
            let mut row = vec![format!("{way}, {}", spot.name()), format!("{}", others + 1)];
            row.extend(all.iter().flat_map(micros));
            rows.push(row);
            let name = format!("{way}, {}, {} open", spot.name(), others + 1);
            let points: Vec<_> = LENGTHS.iter().zip(&all).map(|(lines, all)| (*lines as f64, all.median())).collect();
            report.growth(format!("p50 by lines: {name}"), &points);
            report.budget(format!("10,000 lines, p99, {name}"), all[1].percentile(99.0), 0.2, "ms");
            for (lines, samples) in LENGTHS.iter().zip(&all) {
                report.figure(&format!("{name}, {lines} lines p50 ms"), samples.median());
                report.figure(&format!("{name}, {lines} lines p99 ms"), samples.percentile(99.0));
            }
        }
    };
    measure("documents alone", 0, &mut alone);
    let server = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for others in OTHERS {
        let setup = Setup::alone();
        let folder = setup.folder("work");
        let mut editor = ready(in_process(&setup, &server), &setup, others);
        measure("in process", others, &mut |lines, spot| keystrokes(&mut editor, &folder, lines, spot));
    }
    for others in OTHERS {
        let setup = Setup::alone();
        let folder = setup.folder("work");
        let mut editor = ready(Editor::of_program(&setup), &setup, others);
        measure("over stdio", others, &mut |lines, spot| keystrokes(&mut editor, &folder, lines, spot));
    }
    report.table("One character typed until the server has it and has answered what came behind it", &rows);
    report.finish();
}
