//! Bringing what the model knows up to the truth, before every request (invariant 6).
//!
//! The truth is the editor's buffers over the disk, with the turn's working copy on top. What differs from the ledger
//! becomes a [`Shift`] to be told; the ledger is brought forward at once, so nothing is told twice.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::delta::ledger::{Ledger, Shift, Sight, Telling, tell};
use crate::workspace::{ModelText, ReadError, RelPath, Workspace};

use super::prompts;
use super::working::{Absorbed, WorkingCopy};

/// Which files are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// Open documents and every known file; reads the disk.
    Everything,
    /// Documents that are open, or were at the last look: between rounds nothing else changes by the user's hand.
    Open {
        /// What was open then.
        before: &'a BTreeSet<RelPath>,
    },
}

/// What a file is now, as far as the model may know.
enum Truth {
    Text(ModelText),
    Gone,
    /// Its text in the editor is not known; nothing can be said.
    Unknown,
}

/// How changes are told.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// Which files are looked at.
    pub scope: Scope<'a>,
    /// The known texts go out in the same request (a new lineage), so a second whole text would say nothing new.
    pub retold: bool,
    /// Bytes told at once; more are listed.
    pub budget: usize,
}

/// Finds what changed, brings ledger and working copy forward, and puts it in words: a message, or nothing.
pub fn reconcile(
    workspace: &Workspace,
    ledger: &mut Ledger,
    working: &mut WorkingCopy,
    manner: Manner<'_>,
) -> Option<String> {
    let mut shifts = Vec::new();
    let mut dropped = Vec::new();
    for path in candidates(workspace, ledger, working, manner.scope) {
        let now = match truth(workspace, &path) {
            Truth::Text(text) => Some(text),
            Truth::Gone => None,
            Truth::Unknown => continue,
        };
        let target = match working.absorb(&path, now.as_ref()) {
            Some(Absorbed::Merged(text)) => text,
            Some(Absorbed::Dropped(text)) => {
                dropped.push(path.clone());
                text
            }
            None => match working.get(&path) {
                Some(theirs) => theirs.cloned(),
                None => now.clone(),
            },
        };
        if target.is_none() && ledger.get(&path).is_none() {
            // The model never heard of it, and its very name may be what a rule hides.
            continue;
        }
        let old = known(workspace, ledger, &path);
        if old != target {
            let as_diff = manner.retold || ledger.get(&path).is_none();
            shifts.push(Shift { path: path.clone(), old, new: target.clone(), as_diff });
        }
        match (&target, &now) {
            (Some(target), _) if ledger.get(&path).is_some() || shifted(&shifts, &path) => {
                let base = now.as_ref().unwrap_or(target);
                ledger.saw(&path, target, base, Sight::Changes);
            }
            (None, _) => ledger.forget(&path),
            _ => {}
        }
    }
    let telling = tell(&shifts, manner.budget);
    settle(ledger, &telling);
    words(&telling, &dropped)
}

fn shifted(shifts: &[Shift], path: &RelPath) -> bool {
    shifts.last().is_some_and(|shift| shift.path == *path)
}

/// What was told whole is known whole; what was only listed is not known any more.
fn settle(ledger: &mut Ledger, telling: &Telling) {
    for path in &telling.whole {
        if let Some(entry) = ledger.get(path) {
            let (known, told) = (entry.known.clone(), entry.told.clone());
            ledger.saw(path, &known, &told, Sight::Whole);
        }
    }
    for path in &telling.listed {
        ledger.unlearn(path);
    }
}

fn words(telling: &Telling, dropped: &[RelPath]) -> Option<String> {
    let mut message = String::new();
    for path in dropped {
        let _ = writeln!(message, "{}", prompts::filled(prompts::DROPPED, &[("path", path.as_str())]));
    }
    if !telling.text.is_empty() || !telling.list.is_empty() {
        let _ = write!(message, "{}{}", prompts::CHANGED, telling.text);
    }
    if !telling.list.is_empty() {
        let _ = write!(message, "{}{}", prompts::LISTED, telling.list);
    }
    (!message.is_empty()).then_some(message)
}

fn candidates(workspace: &Workspace, ledger: &Ledger, working: &WorkingCopy, scope: Scope<'_>) -> BTreeSet<RelPath> {
    let known = ledger.entries().map(|(path, _)| path).chain(working.paths()).cloned();
    let mut paths: BTreeSet<RelPath> = match scope {
        Scope::Everything => known.collect(),
        Scope::Open { before } => known.filter(|path| before.contains(path)).collect(),
    };
    for (path, document) in workspace.open_documents() {
        // An unopened text that is unknown to the model and as it was opened tells the model nothing.
        if ledger.get(&path).is_some() || document.edited() {
            paths.insert(path);
        }
    }
    paths
}

/// What the model knows of a file; of one it does not know, the text it was opened with, so that the user's own edits
/// are what is told.
fn known(workspace: &Workspace, ledger: &Ledger, path: &RelPath) -> Option<ModelText> {
    match ledger.get(path) {
        Some(entry) => Some(entry.known.clone()),
        None => workspace.document(path).map(|document| document.opened.model()),
    }
}

fn truth(workspace: &Workspace, path: &RelPath) -> Truth {
    match workspace.read(path) {
        Ok(text) => Truth::Text(text),
        Err(ReadError::Desynced | ReadError::Io(_)) => Truth::Unknown,
        // Excluded now, grown too large, or not text any more: for the model it is gone.
        Err(_) => Truth::Gone,
    }
}
