//! Grading a place in the text: which pass of the search takes a hunk there, if any.
//!
//! No pass measures how much two lines are alike. Each allows one difference, for which it knows how models come to make
//! it, and it must hold for the whole hunk.

use super::canonical::fold;
use super::indent::{self, Shift};
use super::patch::HunkLine;

/// How a hunk fits a place.
#[derive(Clone)]
pub(super) struct Fit {
    pub pass: Pass,
    /// How the added lines are to be indented there, where that differs from the hunk.
    pub shift: Option<Shift>,
}

/// A pass of the search; they are ordered from literal to lenient.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pass {
    /// Whether typographic characters were taken for plain ones.
    folded: bool,
    difference: Difference,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    None,
    TrailingBlanks,
    /// Context without the space in front of it.
    ForgottenMarks,
    /// One uniform difference of indentation.
    Shift,
}

impl Pass {
    /// Whether no space is missing in front of context lines.
    pub(super) fn keeps_marks(self) -> bool {
        self.difference != Difference::ForgottenMarks
    }

    /// Whether the indentation says nothing against the place.
    pub(super) fn keeps_indent(self) -> bool {
        self.difference != Difference::Shift
    }
}

/// The first pass that takes `hunk` for the lines `file`, of which each has the canonical form of its line in `old`, the
/// context and removed lines of the hunk.
pub(super) fn fit(hunk: &[HunkLine], old: &[&str], file: &[&str]) -> Option<Fit> {
    if old == file {
        return Some(Fit { pass: Pass { folded: false, difference: Difference::None }, shift: None });
    }
    let place = Place { hunk, file, shift: Shift::between(old.iter().copied().zip(file.iter().copied())) };
    let taken = |folded, difference| {
        let shift = if difference == Difference::ForgottenMarks { None } else { place.shift.clone() };
        Fit { pass: Pass { folded, difference }, shift }
    };
    if old.iter().zip(file).all(|(old, file)| old.trim() == file.trim()) {
        return place.difference(old, file).map(|difference| taken(false, difference));
    }
    let folded = |lines: &[&str]| lines.iter().map(|line| fold(line).into_owned()).collect::<Vec<_>>();
    place.difference(&folded(old), &folded(file)).map(|difference| taken(true, difference))
}

struct Place<'a> {
    hunk: &'a [HunkLine],
    file: &'a [&'a str],
    /// What would explain all differences of indentation.
    shift: Option<Shift>,
}

impl Place<'_> {
    /// What the lines differ by, which are equal but for blanks at their ends; `None` if it is not clear.
    fn difference<L: AsRef<str>>(&self, old: &[L], file: &[L]) -> Option<Difference> {
        let pairs = || old.iter().zip(file).map(|(old, file)| (old.as_ref().trim_end(), file.as_ref().trim_end()));
        if pairs().all(|(old, file)| old == file) {
            return Some(Difference::TrailingBlanks);
        }
        let marked = self.hunk.iter().filter(|line| !matches!(line, HunkLine::Add(_)));
        let is_short = pairs().zip(marked).all(|((old, file), line)| {
            old == file || matches!(line, HunkLine::Context(_)) && file.strip_prefix(' ') == Some(old)
        });
        if is_short { self.short(pairs().any(|(old, file)| old == file && !old.is_empty())) } else { self.shifted() }
    }

    /// Context lines have one space less than the file: the marks in front of them were forgotten, and then the added
    /// lines are right as they are, or the whole hunk is shifted.
    fn short(&self, is_shown: bool) -> Option<Difference> {
        // A line that is right as it is shows that the hunk is not shifted; else the added lines have to show it.
        if is_shown || self.added().next().is_none() {
            return Some(Difference::ForgottenMarks);
        }
        let is_there = self.added().any(|line| self.has_indent(indent::indent(line)));
        let is_there_shifted = self.added().any(|line| self.has_indent(&format!(" {}", indent::indent(line))));
        match (is_there, is_there_shifted) {
            (true, false) => Some(Difference::ForgottenMarks),
            (false, true) => self.shifted(),
            _ => None,
        }
    }

    fn shifted(&self) -> Option<Difference> {
        let shift = self.shift.as_ref()?;
        let added = self.added().map(|line| shift.line(line)).collect::<Option<Vec<_>>>()?;
        // Brackets alone are alike everywhere; only words make it likely that another indentation is meant.
        let has_words = self.file.iter().any(|line| line.contains(char::is_alphanumeric));
        // Marks that were forgotten in a hunk that is shifted, too, make the context one column less shifted than the
        // rest. Removed lines would show that; context alone can only be believed if the result looks like it.
        let is_removing = |line: &HunkLine| matches!(line, HunkLine::Remove(text) if !text.trim().is_empty());
        let is_plain = !shift.is_odd() || added.is_empty() || self.hunk.iter().any(is_removing);
        let is_likely = is_plain || added.iter().any(|line| self.has_indent(indent::indent(line)));
        (has_words && is_likely).then_some(Difference::Shift)
    }

    /// The added lines that are not blank.
    fn added(&self) -> impl Iterator<Item = &str> {
        self.hunk.iter().filter_map(|line| match line {
            HunkLine::Add(text) if !text.trim().is_empty() => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether a line at the place is indented so.
    fn has_indent(&self, indent: &str) -> bool {
        self.file.iter().any(|line| indent::indent(line) == indent)
    }
}
