//! From a proposal to what is to be done now: each file's change merged into the text as it is at this moment.
//!
//! All files or none: one conflict, and there is no plan (invariant 7). What is planned was verified: the edits, applied
//! to the text now, give exactly the target, and every secret the model did not delete is in it byte for byte.

use std::fmt::{self, Write};
use std::ops::Range;

use super::proposal::{FileChange, Proposal};
use super::restore::{Misplaced, may_write, restore};
use crate::edit::{self, Merged, TextChange, apply_changes, from_model, minimal_changes};
use crate::workspace::{ModelText, ReadError, RelPath, Snapshot, Workspace, secrets};

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
    /// Changing it may run code or redirect tools; for a rename, under either name.
    pub sensitive: bool,
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

/// Why there is no plan: files that cannot be changed as proposed. Nothing is applied because of them.
#[derive(Debug)]
pub struct Obstacles {
    /// The files that stand in the way, by path; at least one.
    pub hindered: Vec<Hindrance>,
    /// What could be done to the others.
    pub rest: Plan,
}

/// One file that cannot be changed as proposed.
#[derive(Debug)]
pub struct Hindrance {
    /// The file; for a rename, its new name.
    pub path: RelPath,
    /// Why.
    pub reason: Reason,
}

/// Why a file cannot be changed as proposed: a clause to put after its name.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The user changed what the model changed; at least one place.
    #[error("{}", lines(.0))]
    Touching(Vec<Touching>),
    /// There is something where the file was to be created.
    #[error("it exists already")]
    Occupied,
    /// A part above it is a file.
    #[error("a file is where its folder would be")]
    BelowAFile,
    /// What was to be deleted or changed is not what the model saw.
    #[error("changed or deleted meanwhile")]
    Gone,
    /// It cannot be read, or a rule forbids it by now.
    #[error("{0}")]
    Unreadable(ReadError),
    /// It holds secrets, and they would not stay what and where they are.
    #[error("{0}; change that place by hand")]
    Secret(Misplaced),
    /// The edits did not give the target; a mistake of ours, so nothing is sent.
    #[error("its edits could not be verified; please report it")]
    Unverified,
}

/// A place that both sides changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Touching {
    /// Its first line in the user's text, from 1.
    pub line: usize,
    /// What the user has there.
    pub yours: String,
    /// What the model would put there.
    pub proposed: String,
}

impl Reason {
    /// Whether the user's text and the proposal disagree; else the file cannot be edited at all.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Reason::Touching(_) | Reason::Occupied | Reason::BelowAFile | Reason::Gone)
    }
}

impl Obstacles {
    /// Whether the user's text and the proposal disagree anywhere.
    pub fn is_conflict(&self) -> bool {
        self.hindered.iter().any(|file| file.reason.is_conflict())
    }
}

/// One clause, without a full stop.
impl fmt::Display for Obstacles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conflicts, others): (Vec<_>, Vec<_>) = self.hindered.iter().partition(|file| file.reason.is_conflict());
        if !conflicts.is_empty() {
            let places: Vec<String> = conflicts.iter().map(|file| format!("{} ({})", file.path, file.reason)).collect();
            write!(f, "your changes and Pilotlight's touch in {}; ", places.join(", "))?;
        }
        for file in others {
            write!(f, "{} cannot be changed: {}; ", file.path, file.reason)?;
        }
        f.write_str("nothing was applied")
    }
}

fn lines(places: &[Touching]) -> String {
    let lines: Vec<String> = places.iter().map(|place| place.line.to_string()).collect();
    format!("line {}", lines.join(", "))
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
    /// [`Obstacles`]; then nothing may be applied.
    pub fn new(workspace: &Workspace, proposal: &Proposal) -> Result<Plan, Obstacles> {
        let mut files = Vec::new();
        let mut hindered = Vec::new();
        for change in &proposal.files {
            match plan_file(workspace, change) {
                Ok(Some(file)) => files.push(file),
                Ok(None) => {}
                Err(reason) => hindered.push(Hindrance { path: change.path.clone(), reason }),
            }
        }
        let plan = Plan { files };
        if hindered.is_empty() { Ok(plan) } else { Err(Obstacles { hindered, rest: plan }) }
    }

    /// Whether any change needs the user's yes whatever the configuration says: a deletion, or a file whose change may
    /// run code or redirect tools.
    pub fn is_grave(&self) -> bool {
        self.files.iter().any(|file| file.operation == Operation::Delete || file.sensitive)
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
    /// The file as it is named now.
    pub fn source(&self) -> &RelPath {
        match &self.operation {
            Operation::Rename { from } => from,
            _ => &self.path,
        }
    }

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

/// What is to be done to one file; `None` when its text is what it should be already.
fn plan_file(workspace: &Workspace, change: &FileChange) -> Result<Option<PlannedFile>, Reason> {
    let source = change.renamed_from.as_ref().unwrap_or(&change.path);
    // Checked again now: a link may have been put in the way since the turn read the file.
    workspace.check(&change.path).map_err(Reason::Unreadable)?;
    let now = match workspace.read_raw(source) {
        Ok(raw) => Some(raw),
        Err(ReadError::NotFound) => None,
        Err(reason) => return Err(Reason::Unreadable(reason)),
    };
    let operation = match (&change.base, &change.theirs) {
        (None, _) => Operation::Create,
        (_, None) => Operation::Delete,
        _ => match &change.renamed_from {
            Some(from) => Operation::Rename { from: from.clone() },
            None => Operation::Edit,
        },
    };
    let is_new = matches!(operation, Operation::Create | Operation::Rename { .. });
    if is_new && workspace.is_below_a_file(&change.path) {
        return Err(Reason::BelowAFile);
    }
    let occupied = is_new && workspace.exists(&change.path);
    let target = match (&change.base, &change.theirs, &now) {
        // Fine if it is what it should be: the editor said no and did it.
        (None, theirs, Some(now)) if occupied && is_same(now, theirs.as_ref()) => return Ok(None),
        _ if occupied => return Err(Reason::Occupied),
        (None, Some(theirs), _) => created(theirs).map_err(Reason::Secret)?,
        (_, None, Some(now)) if is_same(now, change.base.as_ref()) => String::new(),
        (_, None, None) => return Ok(None),
        (Some(base), Some(theirs), Some(now)) => merged(base, theirs, now)?,
        _ => return Err(Reason::Gone),
    };
    let now = now.unwrap_or_default();
    if operation == Operation::Edit && now == target {
        return Ok(None);
    }
    let changes = match operation {
        Operation::Edit | Operation::Rename { .. } => verified(&now, &target)?,
        Operation::Create | Operation::Delete => Vec::new(),
    };
    let sensitive = workspace.is_sensitive(&change.path) || workspace.is_sensitive(source);
    let (path, document) = (change.path.clone(), workspace.document(source));
    Ok(Some(PlannedFile { path, operation, document, now, target, changes, sensitive }))
}

fn is_same(raw: &str, text: Option<&ModelText>) -> bool {
    text.is_some_and(|text| ModelText::from_raw(raw).same(text))
}

fn created(theirs: &ModelText) -> Result<String, Misplaced> {
    let text = theirs.to_string();
    may_write(&text)?;
    Ok(text)
}

/// The model's change merged into the raw text of now, with that text's own line ends and secrets; or the places that
/// touch.
fn merged(base: &ModelText, theirs: &ModelText, now: &str) -> Result<String, Reason> {
    let theirs = theirs.to_string();
    let real = edit::to_model(now);
    let ours = secrets::hide(&real);
    match edit::merge(&base.to_string(), &theirs, ours.text()) {
        Merged::Clean(text) => Ok(from_model(now, &restore(&ours, &text).map_err(Reason::Secret)?)),
        Merged::Conflict(places) => Err(Reason::Touching(
            places
                .into_iter()
                .map(|place| Touching {
                    line: place.ours.start + 1,
                    yours: excerpt(ours.text(), place.ours),
                    proposed: excerpt(&theirs, place.theirs),
                })
                .collect(),
        )),
    }
}

/// Some lines of a text.
fn excerpt(text: &str, lines: Range<usize>) -> String {
    text.split_inclusive('\n').skip(lines.start).take(lines.len()).collect()
}

fn verified(now: &str, target: &str) -> Result<Vec<TextChange>, Reason> {
    let changes = minimal_changes(now, target);
    match apply_changes(now, &changes) {
        Some(result) if result == target => Ok(changes),
        _ => Err(Reason::Unverified),
    }
}
