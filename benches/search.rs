//! How long the model's own look around takes: `cargo bench --bench search`. A pattern in every file of a folder, which
//! are read, judged by the policy and cleared of secrets each time; and the list of all files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::sync::Arc;

use bench::{Report, Samples};
use editor::source;
use pilotlight::workspace::{ContextRules, Documents, Overlay, PositionEncoding, Query, Workspace};

const FILES: [usize; 3] = [25, 250, 2_500];
/// Lines of a file, some 2.5 kB.
const LINES: usize = 125;
const FILES_OF_A_FOLDER: usize = 25;
const RUNS: usize = 21;

fn main() {
    let mut report = Report::new("search");
    let mut rows = vec![["files", "a search: p50", "p90", "a list: p50"].map(str::to_owned).to_vec()];
    let (mut searches, mut lists) = (Vec::new(), Vec::new());
    for files in FILES {
        let folder = tempfile::tempdir().expect("a scratch folder");
        fill(folder.path(), files);
        let documents = Arc::new(Documents::new(PositionEncoding::Utf16));
        let workspace = Workspace::new(folder.path(), documents, ContextRules::default()).expect("a workspace");
        let (search, list) = (search(&workspace, files), list(&workspace, files));
        let figures = [search.median(), search.percentile(90.0), list.median()].map(|value| format!("{value:.2} ms"));
        rows.push([&[files.to_string()][..], &figures].concat());
        report.figure(&format!("{files} files searched, ms"), search.median());
        report.figure(&format!("{files} files listed, ms"), list.median());
        searches.push((files as f64, search.median()));
        lists.push((files as f64, list.median()));
    }
    report.growth("a search by files", &searches);
    report.growth("a list by files", &lists);
    report.table("Files of 2.5 kB, 25 in each folder; one has the line that is looked for", &rows);
    report.finish();
}

fn fill(root: &std::path::Path, files: usize) {
    for file in 0..files {
        let folder = root.join(format!("src/part_{}", file / FILES_OF_A_FOLDER));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut text = source(LINES, false);
        if file == files / 2 {
            text.push_str("// Here it is.\n");
        }
        std::fs::write(folder.join(format!("file_{file}.rs")), text).expect("a file");
    }
}

fn search(workspace: &Workspace, files: usize) -> Samples {
    let query = Query { pattern: r"Here it is\b".to_owned(), glob: None, max_results: 200 };
    Samples::timed(RUNS, || {
        let found = workspace.search(&query, &Overlay::new(), &|| false).expect("a pattern");
        assert_eq!(found.total, Some(1), "in {files} files");
    })
}

fn list(workspace: &Workspace, files: usize) -> Samples {
    Samples::timed(RUNS, || {
        let found = workspace.files(None, usize::MAX - 1, &Overlay::new(), &|| false).expect("a list");
        assert_eq!(found.paths.len(), files);
    })
}
