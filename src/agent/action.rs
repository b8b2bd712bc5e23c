//! What a person can ask for.

use crate::workspace::{Diagnostic, RelPath};

/// The actions of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Fix diagnostics.
    Fix,
    /// Carry the user's change through the workspace.
    Finish,
    /// Implement a TODO, a stub or an `AI!` comment.
    Implement,
    /// Edit as told.
    Edit,
    /// Write documentation.
    Document,
    /// Write tests.
    Test,
    /// Simplify.
    Simplify,
    /// Answer a question.
    Ask,
    /// A custom action of the configuration.
    Custom,
}

impl Action {
    /// The name used in commands, receipts and requests.
    pub fn name(self) -> &'static str {
        match self {
            Action::Fix => "fix",
            Action::Finish => "finish",
            Action::Implement => "implement",
            Action::Edit => "edit",
            Action::Document => "document",
            Action::Test => "test",
            Action::Simplify => "simplify",
            Action::Ask => "ask",
            Action::Custom => "action",
        }
    }

    /// Whether the turn may change files at all.
    pub fn edits(self) -> bool {
        self != Action::Ask
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What to do.
    pub action: Action,
    /// The file it was invoked on.
    pub file: Option<RelPath>,
    /// Lines it is about, 1-based and inclusive.
    pub lines: Option<(usize, usize)>,
    /// Diagnostics to fix, by file.
    pub diagnostics: Vec<(RelPath, Vec<Diagnostic>)>,
    /// The person's own words.
    pub instruction: Option<String>,
}
