//! The corpus: files that differ between two versions of a package, and patches cut out of the difference.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use pilotlight::edit::HunkLine;
use similar::{ChangeTag, TextDiff};

const EXTENSIONS: [&str; 8] = ["rs", "js", "ts", "py", "pyi", "toml", "md", "txt"];
/// Larger files take long to compare and show nothing new.
const MAX_BYTES: u64 = 100_000;
/// Lines around a change.
const CONTEXT: usize = 3;
/// Nobody writes longer hunks; whole files that were moved about look like that.
const MAX_HUNK: usize = 80;
const MAX_HUNKS: usize = 3;

/// A file that differs.
pub struct Change {
    pub name: String,
    /// The lines of the older version.
    old: Vec<String>,
    hunks: Vec<Piece>,
}

/// One hunk.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The line of the file, from 0, where it belongs.
    pub start: usize,
    pub lines: Vec<HunkLine>,
    /// What it has for an `@@` line.
    pub anchor: Option<String>,
    /// The line number it promises, from 1, where its form has one.
    pub line_hint: usize,
}

/// A file and a patch for it.
pub struct Case {
    /// The file's lines.
    pub file: Vec<String>,
    /// The hunks in order, as noise leaves them.
    pub hunks: Vec<Piece>,
    /// The hunks as they were meant.
    pub meant: Vec<Piece>,
}

impl Piece {
    pub fn old_lines(&self) -> Vec<&str> {
        let is_old = |line: &&HunkLine| !matches!(line, HunkLine::Add(_));
        self.lines.iter().filter(is_old).map(text).collect()
    }

    /// The lines of the file that it covers.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.old_lines().len()
    }

    /// The first line of the file that is beyond its changes.
    pub fn end_of_change(&self) -> usize {
        let trailing = self.lines.iter().rev().take_while(|line| matches!(line, HunkLine::Context(_))).count();
        self.span().end - trailing
    }
}

/// The line without its mark.
pub fn text(line: &HunkLine) -> &str {
    let (HunkLine::Context(text) | HunkLine::Remove(text) | HunkLine::Add(text)) = line;
    text
}

impl Case {
    /// Some neighbouring hunks of a change.
    pub fn of(change: &Change, rng: &mut fastrand::Rng) -> Case {
        let first = rng.usize(..change.hunks.len());
        let number = rng.usize(1..=MAX_HUNKS);
        let hunks: Vec<Piece> = change.hunks[first..].iter().take(number).cloned().collect();
        Case { file: change.old.clone(), meant: hunks.clone(), hunks }
    }

    /// The text with the first `number` hunks applied as they were meant.
    pub fn text_after(&self, number: usize) -> String {
        let mut lines: Vec<&str> = Vec::new();
        let mut copied = 0;
        for piece in &self.meant[..number] {
            lines.extend(self.file[copied..piece.start].iter().map(String::as_str));
            lines.extend(piece.lines.iter().filter_map(|line| match line {
                HunkLine::Context(text) | HunkLine::Add(text) => Some(text.as_str()),
                HunkLine::Remove(_) => None,
            }));
            copied = piece.span().end;
        }
        lines.extend(self.file[copied..].iter().map(String::as_str));
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// Inserts lines into the file, between the hunks.
    pub fn insert(&mut self, at: usize, lines: Vec<String>) {
        for piece in self.hunks.iter_mut().chain(&mut self.meant).filter(|piece| piece.start >= at) {
            piece.start += lines.len();
            piece.line_hint += lines.len();
        }
        self.file.splice(at..at, lines);
    }
}

/// The files that both versions have, and that differ.
pub fn between(old: &Path, new: &Path) -> Vec<Change> {
    let (old, new) = (texts(old), texts(new));
    let pairs = old.into_iter().filter_map(|(name, old)| Some((new.get(&name)?, name, old)));
    let changes = pairs.map(|(new, name, old)| Change { hunks: hunks(&old, new), old: lines(&old), name });
    changes.filter(|change| !change.hunks.is_empty()).collect()
}

fn texts(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the corpus").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            let metadata = entry.metadata().expect("metadata");
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if metadata.is_dir() {
                folders.push(path);
            } else if EXTENSIONS.contains(&extension)
                && metadata.len() <= MAX_BYTES
                && let Ok(text) = std::fs::read_to_string(&path)
                && text.ends_with('\n')
            {
                let name = path.strip_prefix(root).expect("a path below the root").to_string_lossy().replace('\\', "/");
                found.insert(name, text.replace("\r\n", "\n"));
            }
        }
    }
    found
}

fn lines(text: &str) -> Vec<String> {
    text.split_terminator('\n').map(str::to_owned).collect()
}

fn hunks(old: &str, new: &str) -> Vec<Piece> {
    let diff = TextDiff::from_lines(old, new);
    let groups = diff.grouped_ops(CONTEXT);
    let pieces = groups.iter().filter_map(|ops| {
        let start = ops.first()?.old_range().start;
        let changes = ops.iter().flat_map(|op| diff.iter_changes(op));
        let own = |text: &str| text.trim_end_matches('\n').to_owned();
        let lines = changes.map(|change| match change.tag() {
            ChangeTag::Equal => HunkLine::Context(own(change.value())),
            ChangeTag::Delete => HunkLine::Remove(own(change.value())),
            ChangeTag::Insert => HunkLine::Add(own(change.value())),
        });
        Some(Piece { start, lines: lines.collect(), anchor: None, line_hint: start + 1 })
    });
    pieces.filter(|piece| piece.lines.len() <= MAX_HUNK).collect()
}
