//! What every language's analysis is asked and what it answers.

use std::collections::BTreeSet;

use super::patch::Edit;

/// A definition to rename: its place, its former and its new name.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// Index of the file that defines it.
    pub file: usize,
    /// The name's token; it reads as `old` even where the text already says `new`.
    pub token: usize,
    /// The former name.
    pub old: &'t str,
    /// The new name.
    pub new: &'t str,
}

/// How far a name can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Within its file.
    File,
    /// Everywhere.
    Workspace,
}

/// What a name defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it is, as one says it: `function`.
    pub what: &'static str,
    /// How far it can be seen.
    pub reach: Reach,
}

/// A function as it is written, with or without a body; token indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: usize,
    /// The brackets of its parameters; twice the one parameter of an arrow function without brackets.
    pub params: (usize, usize),
    /// First token of the body and the one behind its last.
    pub body: Option<(usize, usize)>,
    /// Python: whether its first parameter is the object or class it is called on.
    pub takes_self: bool,
    /// Python: whether a decorator may change what it takes.
    pub decorated: bool,
}

impl Function {
    /// A function of a language that has neither Python's `self` nor its decorators.
    pub fn plain(name: usize, params: (usize, usize), body: Option<(usize, usize)>) -> Function {
        Function { name, params, body, takes_self: false, decorated: false }
    }
}

/// Whether an occurrence of a name is a use of the definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Yes,
    /// It is, and needs this text in place of the name.
    As(String),
    /// It is something else of the same name.
    No,
    /// It cannot be told; why.
    Unsure(&'static str),
}

/// An occurrence that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Index of the file.
    pub file: usize,
    /// Where it stands.
    pub offset: usize,
    /// Why.
    pub why: &'static str,
}

/// The uses of a definition.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// The replacements, by file.
    pub edits: Vec<(usize, Edit)>,
    /// What may be a use as well.
    pub left: Vec<Left>,
    /// Names whose definitions would help to tell more.
    pub wants: BTreeSet<String>,
    /// Why nothing at all can be done.
    pub refusal: Option<String>,
}

impl Uses {
    /// Nothing can be done.
    pub fn refused(why: impl Into<String>) -> Uses {
        Uses { refusal: Some(why.into()), ..Uses::default() }
    }

    /// Records a verdict on the name at `start..end` of a file.
    pub fn judge(&mut self, verdict: Verdict, file: usize, (start, end): (usize, usize), new: &str) {
        match verdict {
            Verdict::Yes => self.edits.push((file, Edit { start, end, text: new.to_owned() })),
            Verdict::As(text) => self.edits.push((file, Edit { start, end, text })),
            Verdict::Unsure(why) => self.left.push(Left { file, offset: start, why }),
            Verdict::No => {}
        }
    }
}
