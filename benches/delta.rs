//! How long it takes to find and write down what the user changed since the model was last told: `cargo bench --bench
//! delta`. Everything that lies between the documents and the message: looking at every file, hiding secrets, the diffs,
//! and applying each of them to make sure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::{Report, Samples};
use editor::source;
use pilotlight::agent::reconcile::{Manner, Scope, reconcile};
use pilotlight::agent::working::WorkingCopy;
use pilotlight::delta::ledger::{Ledger, Shift, Sight, tell};
use pilotlight::workspace::{
    Change, ContextRules, Documents, Position, PositionEncoding, RelPath, Span, Workspace, path_to_uri,
};

/// Changed files of a thousand lines.
const FILES: [usize; 3] = [1, 10, 100];
/// Lines of one changed file.
const LINES: [usize; 3] = [100, 1_000, 10_000];
/// Changed lines in each file.
const CHANGES: usize = 5;
const RUNS: usize = 21;

/// A workspace of open files that the model knows, each changed in as many places.
struct Edited {
    workspace: Workspace,
    ledger: Ledger,
    files: Vec<(RelPath, String)>,
    lines: usize,
    version: i32,
    _folder: tempfile::TempDir,
}

impl Edited {
    fn new(files: usize, lines: usize) -> Edited {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let documents = Arc::new(Documents::new(PositionEncoding::Utf16));
        let rules = ContextRules { max_file_bytes: 1 << 30, ..ContextRules::default() };
        let workspace = Workspace::new(folder.path(), documents, rules).expect("a workspace");
        let mut ledger = Ledger::default();
        let files = (0..files).map(|file| {
            let path = RelPath::parse(&format!("src/file_{file}.rs")).expect("a path");
            let text = source(lines, false).replace("function", &format!("function_{file}"));
            let uri = path_to_uri(&workspace.abs(&path));
            workspace.documents().open(&uri, "rust", 0, &text);
            let known = workspace.read(&path).expect("an open file");
            ledger.saw(&path, &known, &known, Sight::Whole);
            (path, uri)
        });
        let files = files.collect();
        Edited { workspace, ledger, files, lines, version: 0, _folder: folder }
    }

    /// Types a character in some places of each file.
    fn edit(&mut self) {
        self.version += 1;
        for (_, uri) in &self.files {
            let changes = (0..CHANGES).map(|change| {
                let line = (self.lines / CHANGES * change) as u32;
                let at = Position { line, character: 0 };
                Change { span: Some(Span { start: at, end: at }), text: "x".to_owned() }
            });
            self.workspace.documents().change(uri, self.version, changes.collect());
        }
    }

    /// What the model is to be told, and how long it took to find out.
    fn told(&self) -> (String, Duration) {
        let (mut ledger, mut working) = (self.ledger.clone(), WorkingCopy::default());
        let manner = Manner { scope: Scope::Everything, retold: false, budget: usize::MAX };
        let start = Instant::now();
        let message = reconcile(&self.workspace, &mut ledger, &mut working, manner);
        (message.expect("something changed"), start.elapsed())
    }

    fn measure(&mut self) -> Samples {
        Samples::of((0..RUNS).map(|_| {
            self.edit();
            let (message, took) = self.told();
            assert_eq!(message.matches("\n@@ ").count(), self.files.len() * CHANGES, "every change is told");
            took
        }))
    }

    /// The diffs alone, of texts that are at hand.
    fn measure_diffs(&mut self) -> Samples {
        self.edit();
        let shift = |(path, _): &(RelPath, String)| {
            let old = self.ledger.get(path).map(|entry| entry.known.clone());
            Shift { path: path.clone(), old, new: self.workspace.read(path).ok(), as_diff: false }
        };
        let shifts: Vec<Shift> = self.files.iter().map(shift).collect();
        Samples::timed(RUNS, || drop(tell(std::hint::black_box(&shifts), usize::MAX)))
    }
}

fn main() {
    let mut report = Report::new("delta");
    let mut rows = vec![["changed", "diffs alone", "all of it, p50", "p90"].map(str::to_owned).to_vec()];
    let mut case = |report: &mut Report, files: usize, lines: usize| {
        let mut edited = Edited::new(files, lines);
        let (all, diffs) = (edited.measure(), edited.measure_diffs());
        let name = format!("{files} files of {lines} lines");
        let figures = [diffs.median(), all.median(), all.percentile(90.0)].map(|value| format!("{value:.2} ms"));
        rows.push([&[name.clone()][..], &figures].concat());
        report.figure(&format!("{name} ms"), all.median());
        if (files, lines) == (100, 1_000) {
            report.budget(name, all.median(), 10.0, "ms");
        }
        all.median()
    };
    let by_files = FILES.map(|files| (files as f64, case(&mut report, files, 1_000)));
    let by_lines = LINES.map(|lines| (lines as f64, case(&mut report, 1, lines)));
    report.growth("delta by files", &by_files);
    report.growth("delta by lines", &by_lines);
    report.table(&format!("{CHANGES} changed lines in each file, told to the model"), &rows);
    report.finish();
}
