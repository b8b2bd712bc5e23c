//! How long edits take, and how that grows: `cargo bench --bench edits`. Medians of many runs. Every result is checked once
//! before it is timed; no time makes anything fail.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and stops where something is wrong")]

mod bench;

use std::hint::black_box;

use bench::{Report, Samples};
use pilotlight::edit::{
    FilePatch, Hunk, HunkLine, Merged, apply_changes, apply_hunks, from_model, merge, minimal_changes, patch,
};

/// Lines of the large file and changes in it; the smaller ones have a tenth and a hundredth of both.
const LINES: usize = 50_000;
const CHANGES: usize = 50;
/// Files of the large patch.
const FILES: usize = 200;
const FILE_LINES: usize = 300;
/// The large cases are a hundred times the small ones.
const SCALES: [usize; 3] = [1, 10, 100];
const LARGEST: usize = 100;
/// Runs of which the median counts.
const RUNS: usize = 21;

/// A source file of functions, with the lines that any source repeats.
fn source(lines: usize) -> Vec<String> {
    let line = |number: usize| match number % 5 {
        0 => format!("fn function_{}(first: usize, second: usize) -> usize {{", number / 5),
        1 => "    let sum = first + second;".to_owned(),
        2 => format!("    sum * {}", number / 7),
        3 => "}".to_owned(),
        _ => String::new(),
    };
    (0..lines).map(line).collect()
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The lines with an argument changed in every so many functions, from the function numbered `first` on.
fn changed(lines: &[String], changes: usize, first: usize) -> Vec<String> {
    let mut lines = lines.to_vec();
    for at in places(lines.len(), changes, first) {
        lines[at] = lines[at].replace("second", "changed");
    }
    lines
}

/// Where the changed functions begin, evenly spread.
fn places(lines: usize, changes: usize, first: usize) -> impl Iterator<Item = usize> {
    let apart = lines / changes / 5 * 5;
    (0..changes).map(move |change| change * apart + first * 5)
}

/// The change from `old` to `new`, where single lines differ, as a model writes it: three lines around each.
fn hunks(old: &[String], new: &[String]) -> Vec<Hunk> {
    let context = |lines: &[String]| lines.iter().cloned().map(HunkLine::Context).collect::<Vec<_>>();
    let differ = (0..old.len()).filter(|&at| old[at] != new[at]);
    let hunk = |at: usize| {
        let mut lines = context(&old[at.saturating_sub(3)..at]);
        lines.extend([HunkLine::Remove(old[at].clone()), HunkLine::Add(new[at].clone())]);
        lines.extend(context(&old[at + 1..(at + 4).min(old.len())]));
        Hunk { lines, ..Hunk::default() }
    };
    differ.map(hunk).collect()
}

fn update(path: String, old: &[String], new: &[String]) -> FilePatch {
    FilePatch::Update { path, move_to: None, hunks: hunks(old, new) }
}

/// Reads a patch and applies every section to its file.
fn patched(written: &str, files: &[String]) -> Vec<String> {
    let sections = patch::parse(written).expect("a patch");
    let apply = |(section, file): (&FilePatch, &String)| match section {
        FilePatch::Update { hunks, .. } => apply_hunks(file, hunks).expect("hunks with one place each"),
        _ => panic!("{section:?}"),
    };
    sections.iter().zip(files).map(apply).collect()
}

/// Something to time, at each of the [`SCALES`].
struct Case {
    name: &'static str,
    milliseconds: [f64; 3],
}

/// Times what `prepare` gives for each scale.
fn case<F: FnMut()>(name: &'static str, prepare: impl Fn(usize) -> F) -> Case {
    Case { name, milliseconds: SCALES.map(|scale| Samples::timed(RUNS, prepare(scale)).median()) }
}

/// So much of a number at this scale; at least two, since all around a single change is cut off before anything is looked at.
fn scaled(number: usize, scale: usize) -> usize {
    (number * scale / LARGEST).max(2)
}

fn patch_of_one_file() -> Case {
    case("50 hunks: read, placed, applied", |scale| {
        let old = source(scaled(LINES, scale));
        let new = changed(&old, scaled(CHANGES, scale), 3);
        let written = patch::render(&[update("file".into(), &old, &new)]);
        let files = [text(&old)];
        assert_eq!(patched(&written, &files), [text(&new)]);
        move || drop(black_box(patched(black_box(&written), black_box(&files))))
    })
}

fn patch_of_many_files() -> Case {
    case("200 files of 300 lines: read, placed, applied", |scale| {
        let old = source(FILE_LINES);
        let new = changed(&old, 1, 20);
        let number = scaled(FILES, scale);
        let sections: Vec<_> = (0..number).map(|file| update(format!("src/file_{file}.rs"), &old, &new)).collect();
        let (written, files) = (patch::render(&sections), vec![text(&old); number]);
        assert_eq!(patched(&written, &files), vec![text(&new); number]);
        move || drop(black_box(patched(black_box(&written), black_box(&files))))
    })
}

fn merge_of_both_sides() -> Case {
    case("50 changes of each side: merged", |scale| {
        let (lines, changes) = (source(scaled(LINES, scale)), scaled(CHANGES, scale));
        let (theirs, ours) = (changed(&lines, changes, 3), changed(&lines, changes, 20));
        let expected = Merged::Clean(text(&changed(&theirs, changes, 20)));
        let (base, theirs, ours) = (text(&lines), text(&theirs), text(&ours));
        assert_eq!(merge(&base, &theirs, &ours), expected);
        move || drop(black_box(merge(black_box(&base), black_box(&theirs), black_box(&ours))))
    })
}

fn edits_between(name: &'static str, texts: impl Fn(usize) -> (String, String)) -> Case {
    case(name, |scale| {
        let (old, new) = texts(scale);
        assert_eq!(apply_changes(&old, &minimal_changes(&old, &new)).as_deref(), Some(&*new));
        move || drop(black_box(minimal_changes(black_box(&old), black_box(&new))))
    })
}

fn line_ends_of_a_document() -> Case {
    case("mixed line ends of the document kept", |scale| {
        let lines = source(scaled(LINES, scale));
        let old = text(&lines).replacen('\n', "\r\n", lines.len() / 2);
        let new = text(&changed(&lines, scaled(CHANGES, scale), 3));
        assert_eq!(from_model(&old, &new).matches('\r').count(), lines.len() / 2);
        move || drop(black_box(from_model(black_box(&old), black_box(&new))))
    })
}

fn cases() -> Vec<Case> {
    let spread = |scale: usize| {
        let lines = source(scaled(LINES, scale));
        (text(&lines), text(&changed(&lines, scaled(CHANGES, scale), 3)))
    };
    let typed = |scale: usize| {
        let old = text(&source(scaled(LINES, scale)));
        let mut new = old.clone();
        new.insert(old.len() / 2, 'x');
        (old, new)
    };
    // No line of the file is there only once, which is the hardest for a diff.
    let repeated = |scale: usize| {
        let lines: Vec<String> = (0..scaled(LINES, scale)).map(|number| format!("row {}", number % 40)).collect();
        let mut changed = lines.clone();
        places(lines.len(), scaled(CHANGES, scale), 3).for_each(|at| changed[at] = "changed".into());
        (text(&lines), text(&changed))
    };
    vec![
        patch_of_one_file(),
        patch_of_many_files(),
        merge_of_both_sides(),
        edits_between("50 changes: minimal edits", spread),
        edits_between("50 changes of lines that repeat: minimal edits", repeated),
        edits_between("one character typed: minimal edits", typed),
        line_ends_of_a_document(),
    ]
}

fn main() {
    let mut report = Report::new("edits");
    let mut rows = vec![["what", "a hundredth of it", "a tenth", "all of it"].map(str::to_owned).to_vec()];
    for Case { name, milliseconds } in cases() {
        rows.push([&[name.to_owned()][..], &milliseconds.map(|value| format!("{value:.3} ms"))].concat());
        let points: Vec<_> = SCALES.iter().zip(milliseconds).map(|(scale, cost)| (*scale as f64, cost)).collect();
        report.growth(name, &points);
        report.figure(&format!("{name} ms"), milliseconds[2]);
    }
    report.table(&format!("50,000 lines unless said otherwise; medians of {RUNS} runs"), &rows);
    report.finish();
}
