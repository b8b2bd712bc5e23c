//! What a turn wants to change: for each file, the text the model saw and its own version of it.

use crate::workspace::{ModelText, RelPath};

/// The changes of a turn, not applied yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The turn.
    pub turn: String,
    /// A few words for an undo list or a question.
    pub title: String,
    /// The file the turn was invoked on.
    pub invoked: Option<RelPath>,
    /// The changed files, by path.
    pub files: Vec<FileChange>,
}

/// One file's change. The base is the user's text the model worked on; merged into what the user has by then.
#[derive(Clone, Debug, PartialEq)]
pub struct FileChange {
    /// The file; for a rename, its new name.
    pub path: RelPath,
    /// The name it had, if it is renamed.
    pub renamed_from: Option<RelPath>,
    /// The user's text the model's version came from; `None` for a file it creates.
    pub base: Option<ModelText>,
    /// The model's version; `None` for a file it deletes.
    pub theirs: Option<ModelText>,
}

impl FileChange {
    /// Whether this is more than a change of an existing file's text.
    pub fn is_file_operation(&self) -> bool {
        self.base.is_none() || self.theirs.is_none() || self.renamed_from.is_some()
    }

    /// Whether this is the file's name, before or after.
    pub fn is_named(&self, path: &RelPath) -> bool {
        self.path == *path || self.renamed_from.as_ref() == Some(path)
    }
}

impl Proposal {
    /// Whether every change lies in the file the turn was invoked on.
    pub fn is_confined(&self) -> bool {
        self.files.iter().all(|file| Some(&file.path) == self.invoked.as_ref() && !file.is_file_operation())
    }

    /// Whether it changes this file, under either name.
    pub fn concerns(&self, path: &RelPath) -> bool {
        self.files.iter().any(|file| file.is_named(path))
    }

    /// The changes of these files, and those of all others.
    pub fn split(&self, files: &[RelPath]) -> (Proposal, Proposal) {
        let (chosen, rest) =
            self.files.iter().cloned().partition(|change| files.iter().any(|path| change.is_named(path)));
        (Proposal { files: chosen, ..self.clone() }, Proposal { files: rest, ..self.clone() })
    }

    /// Puts together what was split.
    pub fn join(&self, other: &Proposal) -> Proposal {
        let mut files: Vec<FileChange> = self.files.iter().chain(&other.files).cloned().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Proposal { files, ..self.clone() }
    }
}
