//! How much memory the program holds: `cargo bench --bench memory`. Idle with a warm session, and with open files of
//! ordinary size, the embedded agent included. Resident memory, as the system counts it: the part of the program's own
//! file that it has touched is in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::time::{Duration, Instant};

use bench::Report;
use editor::{Editor, Setup, source, typed, uri};

/// Lines of an ordinary file: about 8 KB, the median of what the package registries hold.
const LINES: usize = 330;
const FILES: [usize; 4] = [0, 10, 200, 1_000];
const BUDGETS: [f64; 4] = [12.0, 25.0, 25.0, 60.0];

/// Resident memory of a process in MB, of which the part that is not backed by a file; none where the system does not say.
fn resident(process: u32) -> Option<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    Some((field("VmRSS:")? / 1024.0, field("RssAnon:")? / 1024.0))
}

/// Resident memory once it does not change any more.
fn settled(editor: &mut Editor) -> Option<(f64, f64)> {
    let began = Instant::now();
    let mut last = resident(editor.process())?;
    let mut unchanged = 0;
    while unchanged < 5 && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
        editor.settle();
        let now = resident(editor.process())?;
        unchanged = if (now.0 - last.0).abs() < 0.05 { unchanged + 1 } else { 0 };
        last = now;
    }
    Some(last)
}

/// A program with so many files open; in each a character was typed, and its actions were asked for.
fn with_files(files: usize) -> Option<(f64, f64)> {
    let setup = Setup::new(&[]);
    let folder = setup.folder("work");
    let mut editor = Editor::of_program(&setup);
    editor.initialize(Some(&folder));
    let text = source(LINES, false);
    for file in 0..files {
        let name = uri(&folder.join(format!("file_{file}.rs")));
        editor.open(&name, &text.replace("function", &format!("function_{file}")));
        editor.notify("textDocument/didChange", typed(&name, 2, (LINES / 2, 0), "x"));
        editor.titles(&name, 1);
    }
    settled(&mut editor)
}

fn main() {
    let mut report = Report::new("memory");
    let Some(all) = FILES.map(with_files).into_iter().collect::<Option<Vec<_>>>() else {
        println!("Nothing was measured: resident memory is read from /proc, which this system does not have.");
        return;
    };
    let mut rows = vec![["open files", "resident", "of which not from the program's file"].map(str::to_owned).to_vec()];
    for ((files, budget), (resident, own)) in FILES.iter().zip(BUDGETS).zip(&all) {
        rows.push(vec![files.to_string(), format!("{resident:.1} MB"), format!("{own:.1} MB")]);
        report.budget(format!("{files} open files"), *resident, budget, "MB");
        report.figure(&format!("{files} files anonymous MB"), *own);
    }
    let above_idle = |(files, (resident, _)): (&usize, &(f64, f64))| (*files as f64, resident - all[0].0);
    let points: Vec<_> = FILES.iter().zip(&all).skip(1).map(above_idle).collect();
    report.growth("memory above idle by open files", &points);
    report.table("Memory of the program, its session warm", &rows);
    report.finish();
}
