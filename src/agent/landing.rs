//! From a proposal to what is to be done now: each file's change merged into the text as it is at this moment.
//!
//! All files or none: one conflict, and there is no plan (invariant 7). What is planned was verified: the edits, applied
//! to the text now, give exactly the target.

use std::fmt::Write;

use super::proposal::{FileChange, Proposal};
use crate::edit::{self, Merged, TextChange, apply_changes, from_model, minimal_changes};
use crate::workspace::{ModelText, ReadError, RelPath, Snapshot, Workspace, sensitive};

/// What a proposal comes to with the texts of now.
#[derive(Debug)]
pub struct Plan {
    /// The files, by path; those that need no change are left out.
    pub files: Vec<PlannedFile>,
}

/// One file of a plan.
#[derive(Debug)]
pub struct PlannedFile {
    /// The file; for a rename, its new name.
    pub path: RelPath,
    /// What is done.
    pub operation: Operation,
    /// The open document, as the plan saw it.
    pub document: Option<Snapshot>,
    /// Raw text now; empty for a file that is created.
    pub now: String,
    /// Raw text afterwards; empty for a file that is deleted.
    pub target: String,
    /// The edits that turn the one into the other, in bytes of `now`.
    pub changes: Vec<TextChange>,
}

/// What is done to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Its text changes.
    Edit,
    /// It is new.
    Create,
    /// It goes.
    Delete,
    /// It gets another name, and perhaps another text.
    Rename {
        /// Its name now.
        from: RelPath,
    },
}

/// Why there is no plan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The user changed what the model changed.
    #[error("your changes and Pilotlight's touch in {0}; nothing was applied, the proposal is kept")]
    Conflict(String),
    /// A file cannot be changed.
    #[error("{path} cannot be changed: {reason}; nothing was applied")]
    Unreadable {
        /// The file.
        path: RelPath,
        /// Why.
        reason: ReadError,
    },
    /// The edits did not give the target; a mistake of ours, so nothing is sent.
    #[error("the edits for {0} could not be verified; nothing was applied. Please report it")]
    Unverified(RelPath),
}

impl Operation {
    fn verb(&self) -> &'static str {
        match self {
            Operation::Edit => "change",
            Operation::Create => "create",
            Operation::Rename { .. } => "rename",
            Operation::Delete => "delete",
        }
    }
}

impl Plan {
    /// Plans a proposal against the texts of now. Reads files, so it blocks.
    ///
    /// # Errors
    /// [`Obstacle`]; then nothing may be applied.
    pub fn new(workspace: &Workspace, proposal: &Proposal) -> Result<Plan, Obstacle> {
        let mut files = Vec::new();
        let mut conflicts = Vec::new();
        for change in &proposal.files {
            match plan_file(workspace, change)? {
                Planned::File(file) => files.push(*file),
                Planned::Nothing => {}
                Planned::Conflict(place) => conflicts.push(place),
            }
        }
        if conflicts.is_empty() { Ok(Plan { files }) } else { Err(Obstacle::Conflict(conflicts.join(", "))) }
    }

    /// Whether any change needs the user's yes whatever the configuration says: a deletion, or a file whose change may
    /// run code or redirect tools. Renames count with both names.
    pub fn is_grave(&self) -> bool {
        self.files.iter().any(|file| match &file.operation {
            Operation::Delete => true,
            Operation::Rename { from } => sensitive(from) || sensitive(&file.path),
            Operation::Edit | Operation::Create => sensitive(&file.path),
        })
    }

    /// Whether everything happens to the text of one file.
    pub fn is_confined_to(&self, path: Option<&RelPath>) -> bool {
        self.files.iter().all(|file| file.operation == Operation::Edit && Some(&file.path) == path)
    }

    /// The plan in a few words: `change src/a.rs, src/b.rs and create src/c.rs`.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        for verb in ["change", "create", "rename", "delete"] {
            let files = self.files.iter().filter(|file| file.operation.verb() == verb);
            let named: Vec<String> = files.map(PlannedFile::name).collect();
            if !named.is_empty() {
                parts.push(format!("{verb} {}", shortened(&named)));
            }
        }
        parts.join(" and ")
    }
}

impl PlannedFile {
    fn name(&self) -> String {
        match &self.operation {
            Operation::Rename { from } => format!("{from} to {}", self.path),
            _ => self.path.to_string(),
        }
    }
}

/// At most five names, then a count.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more files", names.len() - SHOWN);
    }
    text
}

enum Planned {
    File(Box<PlannedFile>),
    /// The text is what it should be already.
    Nothing,
    Conflict(String),
}

fn plan_file(workspace: &Workspace, change: &FileChange) -> Result<Planned, Obstacle> {
    let unreadable = |path: &RelPath, reason| Obstacle::Unreadable { path: path.clone(), reason };
    let source = change.renamed_from.as_ref().unwrap_or(&change.path);
    // Checked again now: a link may have been put in the way since the turn read the file.
    workspace.check(&change.path).map_err(|reason| unreadable(&change.path, reason))?;
    let now = match workspace.read_raw(source) {
        Ok(raw) => Some(raw),
        Err(ReadError::NotFound) => None,
        Err(reason) => return Err(unreadable(source, reason)),
    };
    let operation = match (&change.base, &change.theirs) {
        (None, _) => Operation::Create,
        (_, None) => Operation::Delete,
        _ => match &change.renamed_from {
            Some(from) => Operation::Rename { from: from.clone() },
            None => Operation::Edit,
        },
    };
    let occupied = matches!(operation, Operation::Create | Operation::Rename { .. }) && workspace.exists(&change.path);
    let target = match (&change.base, &change.theirs, &now) {
        _ if occupied => return Ok(already_there(change, now.as_deref())),
        (None, Some(theirs), _) => theirs.to_string(),
        (_, None, Some(now)) if is_same(now, change.base.as_ref()) => String::new(),
        (_, None, None) => return Ok(Planned::Nothing),
        (Some(base), Some(theirs), Some(now)) => match merged(base, theirs, now) {
            Ok(target) => target,
            Err(lines) => return Ok(Planned::Conflict(format!("{} {lines}", change.path))),
        },
        _ => return Ok(Planned::Conflict(format!("{} (changed or deleted meanwhile)", change.path))),
    };
    let now = now.unwrap_or_default();
    if operation == Operation::Edit && now == target {
        return Ok(Planned::Nothing);
    }
    let changes = match operation {
        Operation::Edit | Operation::Rename { .. } => verified(&now, &target, &change.path)?,
        Operation::Create | Operation::Delete => Vec::new(),
    };
    let document = workspace.document(source);
    let path = change.path.clone();
    Ok(Planned::File(Box::new(PlannedFile { path, operation, document, now, target, changes })))
}

/// The file to be created exists: fine if it is what it should be (the editor said no and did it), else a conflict.
fn already_there(change: &FileChange, now: Option<&str>) -> Planned {
    match now {
        Some(now) if change.renamed_from.is_none() && is_same(now, change.theirs.as_ref()) => Planned::Nothing,
        _ => Planned::Conflict(format!("{} (it exists already)", change.path)),
    }
}

fn is_same(raw: &str, text: Option<&ModelText>) -> bool {
    text.is_some_and(|text| ModelText::from_raw(raw).same(text))
}

/// The model's change merged into the raw text of now, with that text's own line ends; or the lines that touch.
fn merged(base: &ModelText, theirs: &ModelText, now: &str) -> Result<String, String> {
    let ours = edit::to_model(now);
    match edit::merge(&base.to_string(), &theirs.to_string(), &ours) {
        Merged::Clean(text) => Ok(from_model(now, &text)),
        Merged::Conflict(places) => {
            let lines: Vec<String> = places.iter().map(|place| (place.ours.start + 1).to_string()).collect();
            Err(format!("(line {})", lines.join(", ")))
        }
    }
}

fn verified(now: &str, target: &str, path: &RelPath) -> Result<Vec<TextChange>, Obstacle> {
    let changes = minimal_changes(now, target);
    match apply_changes(now, &changes) {
        Some(result) if result == target => Ok(changes),
        _ => Err(Obstacle::Unverified(path.clone())),
    }
}
