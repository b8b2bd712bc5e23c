//! The forms in which a case is written.

use std::fmt::Write;

use pilotlight::edit::HunkLine;

use super::change::{Case, Piece};
use super::kind::Kind;

const PATH: &str = "src/file";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    V4a,
    Unified,
    Blocks,
}

impl Form {
    /// Whether this noise is possible in this form.
    pub fn can_have(self, kind: Kind) -> bool {
        match kind {
            Kind::Anchor | Kind::UnknownAnchor => self == Form::V4a,
            Kind::ForgottenMarks => self != Form::Blocks,
            Kind::WrongLine => self == Form::Unified,
            _ => true,
        }
    }

    /// Whether the case can be written in this form: a block without anything to search is a new file.
    pub fn can_write(self, case: &Case) -> bool {
        self != Form::Blocks || case.hunks.iter().all(|piece| !piece.old_lines().is_empty())
    }

    /// Whether hunks come in file order, each below the one before.
    pub fn is_ordered(self) -> bool {
        self != Form::Blocks
    }

    /// The patch as a model writes it.
    pub fn write(self, case: &Case, kinds: &[Kind], rng: &mut fastrand::Rng) -> String {
        let forgotten = kinds.contains(&Kind::ForgottenMarks);
        let mut text = match self {
            Form::V4a => v4a(&case.hunks, forgotten),
            Form::Unified => unified(&case.hunks, forgotten),
            Form::Blocks => blocks(&case.hunks),
        };
        if kinds.contains(&Kind::Wrapping) {
            text = match (self, rng.bool()) {
                (Form::V4a, true) => text.replacen("*** Begin Patch\n", "", 1),
                _ => format!("This is the change:\n\n```\n{text}```\n\n- One thing is better now.\n"),
            };
        }
        if kinds.contains(&Kind::CarriageReturns) {
            text = text.replace('\n', "\r\n");
        }
        text
    }
}

fn v4a(hunks: &[Piece], forgotten: bool) -> String {
    let mut out = format!("*** Begin Patch\n*** Update File: {PATH}\n");
    for piece in hunks {
        let anchor = piece.anchor.as_ref().map(|anchor| format!(" {anchor}")).unwrap_or_default();
        writeln!(out, "@@{anchor}").unwrap();
        marked(&mut out, piece, forgotten);
    }
    out + "*** End Patch\n"
}

fn unified(hunks: &[Piece], forgotten: bool) -> String {
    let mut out = format!("--- a/{PATH}\n+++ b/{PATH}\n");
    for piece in hunks {
        let number = |wanted: fn(&HunkLine) -> bool| piece.lines.iter().filter(|line| wanted(line)).count();
        let (old, new) =
            (number(|line| !matches!(line, HunkLine::Add(_))), number(|line| !matches!(line, HunkLine::Remove(_))));
        let at = piece.line_hint;
        writeln!(out, "@@ -{at},{old} +{at},{new} @@").unwrap();
        marked(&mut out, piece, forgotten);
    }
    out
}

fn marked(out: &mut String, piece: &Piece, forgotten: bool) {
    for line in &piece.lines {
        match line {
            // What begins like another mark would be another line.
            HunkLine::Context(text) if forgotten && !text.starts_with(['+', '-', '@', '*', '\\', '`']) => {
                writeln!(out, "{text}").unwrap();
            }
            HunkLine::Context(text) => writeln!(out, " {text}").unwrap(),
            HunkLine::Remove(text) => writeln!(out, "-{text}").unwrap(),
            HunkLine::Add(text) => writeln!(out, "+{text}").unwrap(),
        }
    }
}

fn blocks(hunks: &[Piece]) -> String {
    let mut out = String::new();
    for piece in hunks {
        writeln!(out, "{PATH}\n<<<<<<< SEARCH").unwrap();
        piece.old_lines().iter().for_each(|line| writeln!(out, "{line}").unwrap());
        out.push_str("=======\n");
        for line in &piece.lines {
            if let HunkLine::Context(text) | HunkLine::Add(text) = line {
                writeln!(out, "{text}").unwrap();
            }
        }
        out.push_str(">>>>>>> REPLACE\n");
    }
    out
}
