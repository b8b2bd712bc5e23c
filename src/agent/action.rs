//! What a person can ask for, and the prompt each goes with.

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

    /// What the model is told to do.
    pub fn prompt(self) -> &'static str {
        match self {
            Action::Fix => include_str!("prompts/fix.md"),
            Action::Finish => include_str!("prompts/finish.md"),
            Action::Implement => include_str!("prompts/implement.md"),
            Action::Edit => include_str!("prompts/edit.md"),
            Action::Document => include_str!("prompts/document.md"),
            Action::Test => include_str!("prompts/test.md"),
            Action::Simplify => include_str!("prompts/simplify.md"),
            Action::Ask => include_str!("prompts/ask.md"),
            Action::Custom => include_str!("prompts/action.md"),
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
    /// Diagnostics to fix.
    pub diagnostics: Vec<Diagnostic>,
    /// The person's own words.
    pub instruction: Option<String>,
}
