//! Grading a place in the text: which pass of the search takes a hunk there, if any.
//!
//! No pass measures how much two lines are alike. Each allows one difference, for which it knows how models come to make
//! it, and it must hold for the whole hunk.

use std::borrow::Cow;

use super::canonical::{fold, fold_only, habits};
use super::indent::{self, Shift};
use super::patch::HunkLine;

/// How a hunk fits a place, and what becomes of its added lines there.
#[derive(Clone)]
pub(super) struct Fit {
    pub pass: Pass,
    /// The typographic characters that the hunk has for plain ones of the file.
    habits: Vec<char>,
    /// How the hunk is indented otherwise than the file.
    shift: Option<Shift>,
}

impl Fit {
    /// Nothing differs.
    pub(super) fn exact() -> Fit {
        Fit { pass: Pass { folded: false, difference: Difference::None }, habits: Vec::new(), shift: None }
    }

    /// An added line as the file would have it.
    pub(super) fn added<'l>(&self, line: &'l str) -> Cow<'l, str> {
        let plain = fold_only(line, &self.habits);
        match self.shift.as_ref().and_then(|shift| shift.line(&plain)) {
            Some(shifted) => Cow::Owned(shifted.into_owned()),
            None => plain,
        }
    }
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
        return Some(Fit::exact());
    }
    let habits = habits(old, file);
    let plain: Vec<_> = old.iter().map(|line| fold_only(line, &habits)).collect();
    let place = Place::new(hunk, &habits, &plain, file);
    let (folded, difference) = if old.iter().zip(file).all(|(old, file)| old.trim() == file.trim()) && habits.is_empty()
    {
        (false, place.difference(old, file)?)
    } else {
        let fold = |lines: &[&str]| lines.iter().map(|line| fold(line).into_owned()).collect::<Vec<_>>();
        (true, place.difference(&fold(old), &fold(file))?)
    };
    let shift = place.shift.filter(|_| difference == Difference::Shift);
    Some(Fit { pass: Pass { folded, difference }, habits, shift })
}

struct Place<'a> {
    hunk: &'a [HunkLine],
    /// The hunk's added lines that are not blank, with plain characters where it has typographic ones out of habit.
    added: Vec<Cow<'a, str>>,
    file: &'a [&'a str],
    /// What would explain all differences of indentation.
    shift: Option<Shift>,
}

impl<'a> Place<'a> {
    fn new(hunk: &'a [HunkLine], habits: &[char], plain: &[Cow<'_, str>], file: &'a [&'a str]) -> Place<'a> {
        let added = hunk.iter().filter_map(|line| match line {
            HunkLine::Add(text) if !text.trim().is_empty() => Some(fold_only(text, habits)),
            _ => None,
        });
        let shift = Shift::between(plain.iter().map(AsRef::as_ref).zip(file.iter().copied()));
        Place { hunk, added: added.collect(), file, shift }
    }

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
    /// lines are right as they are, or the whole hunk is shifted. A line that is right as it is shows the first; else the
    /// added lines have to.
    fn short(&self, is_shown: bool) -> Option<Difference> {
        let is_there = self.added.iter().any(|line| self.has_indent(indent::indent(line)));
        let is_there_shifted = self.added.iter().any(|line| self.has_indent(&format!(" {}", indent::indent(line))));
        let is_clear = is_shown || self.added.is_empty() || is_there && !is_there_shifted;
        is_clear.then_some(Difference::ForgottenMarks)
    }

    fn shifted(&self) -> Option<Difference> {
        let shift = self.shift.as_ref()?;
        // Brackets alone are alike everywhere; only words make it likely that another indentation is meant.
        let has_words = self.file.iter().any(|line| line.contains(char::is_alphanumeric));
        // Where marks were forgotten in a hunk that is shifted, too, context is shifted by a column less than the rest.
        // Only removed lines would show that.
        let is_removing = |line: &HunkLine| matches!(line, HunkLine::Remove(text) if !text.trim().is_empty());
        let is_clear = !shift.is_odd() || self.added.is_empty() || self.hunk.iter().any(is_removing);
        // Nor is it said how the file indents what is still behind a tab, where it shows none.
        let has_tabs = self.file.iter().any(|line| line.starts_with('\t'));
        let is_known = |line: Cow<'_, str>| has_tabs || !line.starts_with('\t');
        let goes_for_all = self.added.iter().all(|line| shift.line(line).is_some_and(is_known));
        (has_words && is_clear && goes_for_all).then_some(Difference::Shift)
    }

    /// Whether a line at the place is indented so.
    fn has_indent(&self, indent: &str) -> bool {
        self.file.iter().any(|line| indent::indent(line) == indent)
    }
}
