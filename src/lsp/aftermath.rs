//! What an edit broke: errors that language servers report soon after it landed, and did not report before. They are
//! offered as one more turn; nothing begins by itself, so that no edit and its errors chase each other.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::workspace::{Diagnostic, DiagnosticStore, RelPath, Reported, Severity, Workspace};

/// How long after an edit its errors are looked for; a build may take that long.
const REPORTED_WITHIN: Duration = Duration::from_secs(120);

/// Errors by file.
pub type Broken = BTreeMap<RelPath, Vec<Diagnostic>>;

/// One workspace's last edit and what became of it.
#[derive(Default)]
pub struct Aftermath {
    watched: Mutex<Option<Watched>>,
}

/// How the files of an edit were before it.
pub struct Before {
    files: BTreeMap<RelPath, File>,
}

struct File {
    /// The document's version, if it was open; a report for this or an older one says nothing of the edit.
    version: Option<i32>,
    errors: Vec<Diagnostic>,
}

struct Watched {
    before: Before,
    until: Instant,
    broken: Broken,
}

impl Before {
    /// What is reported for these files now.
    pub fn of<'a>(
        files: impl Iterator<Item = &'a RelPath>,
        workspace: &Workspace,
        reported: &DiagnosticStore,
    ) -> Before {
        let file = |path: &RelPath| File {
            version: workspace.document(path).map(|document| document.version),
            errors: errors(&reported.of(path).diagnostics).cloned().collect(),
        };
        Before { files: files.map(|path| (path.clone(), file(path))).collect() }
    }
}

impl Aftermath {
    /// An edit landed; what was reported since it was sent counts as well.
    pub fn landed(&self, before: Before, reported: &DiagnosticStore) {
        let paths: Vec<RelPath> = before.files.keys().cloned().collect();
        *self.lock() = Some(Watched { before, until: Instant::now() + REPORTED_WITHIN, broken: Broken::new() });
        for path in paths {
            self.reported(&path, &reported.of(&path));
        }
    }

    /// Diagnostics of a file came. True when they are the first to show that the edit broke something.
    pub fn reported(&self, path: &RelPath, reported: &Reported) -> bool {
        let mut watched = self.lock();
        let Some(watched) = watched.as_mut() else { return false };
        let Some(file) = watched.before.files.get(path) else { return false };
        if matches!((reported.version, file.version), (Some(now), Some(before)) if now <= before) {
            return false;
        }
        let was_whole = watched.broken.is_empty();
        let mut new = beyond(&reported.diagnostics, &file.errors);
        if Instant::now() > watched.until {
            // Too late to be blamed on the edit; what it broke may have been mended, though.
            let known = watched.broken.get(path).map(Vec::as_slice).unwrap_or_default();
            new.retain(|error| known.iter().any(|one| is_same(one, error)));
        }
        match new.is_empty() {
            true => drop(watched.broken.remove(path)),
            false => drop(watched.broken.insert(path.clone(), new)),
        }
        was_whole && !watched.broken.is_empty()
    }

    /// What the last edit broke, as far as it was reported.
    pub fn broken(&self) -> Broken {
        self.lock().as_ref().map(|watched| watched.broken.clone()).unwrap_or_default()
    }

    /// It is being dealt with.
    pub fn taken(&self) -> Broken {
        self.lock().take().map(|watched| watched.broken).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn errors(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    diagnostics.iter().filter(|one| one.severity == Severity::Error)
}

/// The errors that were not there before; those that were may stand on other lines now.
fn beyond(now: &[Diagnostic], before: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut before: Vec<&Diagnostic> = before.iter().collect();
    let mut new = Vec::new();
    for error in errors(now) {
        match before.iter().position(|one| is_same(one, error)) {
            Some(known) => drop(before.swap_remove(known)),
            None => new.push(error.clone()),
        }
    }
    new
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    (&one.source, &one.code, &one.message) == (&other.source, &other.code, &other.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> RelPath {
        RelPath::parse("a.rs").unwrap()
    }

    fn report(version: i32, messages: &[&str]) -> Reported {
        let one = |message: &&str| Diagnostic {
            start: (1, 1),
            end: (1, 2),
            severity: if message.starts_with("warning") { Severity::Warning } else { Severity::Error },
            source: None,
            code: None,
            message: (*message).into(),
            related: Vec::new(),
        };
        Reported { diagnostics: messages.iter().map(one).collect(), version: Some(version) }
    }

    fn after(before: &[&str]) -> Aftermath {
        let file = File { version: Some(1), errors: report(1, before).diagnostics };
        let aftermath = Aftermath::default();
        aftermath.landed(Before { files: BTreeMap::from([(path(), file)]) }, &DiagnosticStore::default());
        aftermath
    }

    fn messages(aftermath: &Aftermath) -> Vec<String> {
        aftermath.broken().into_values().flatten().map(|one| one.message).collect()
    }

    #[test]
    fn only_errors_that_are_new_count() {
        let aftermath = after(&["old", "twice"]);
        assert!(!aftermath.reported(&path(), &report(2, &["old", "twice", "warning: unused"])));
        assert!(aftermath.reported(&path(), &report(2, &["twice", "new", "twice"])));
        assert_eq!(messages(&aftermath), ["new", "twice"]);
        assert!(!aftermath.reported(&path(), &report(3, &["new"])), "said once");
        assert_eq!(messages(&aftermath), ["new"]);
        assert!(!aftermath.reported(&path(), &report(4, &[])));
        assert!(messages(&aftermath).is_empty());
    }

    #[test]
    fn reports_of_the_text_before_and_of_other_files_say_nothing() {
        let aftermath = after(&[]);
        assert!(!aftermath.reported(&path(), &report(1, &["late"])));
        assert!(!aftermath.reported(&RelPath::parse("b.rs").unwrap(), &report(9, &["other"])));
        assert!(messages(&aftermath).is_empty());
    }

    #[test]
    fn after_the_time_is_over_errors_only_go() {
        let aftermath = after(&[]);
        aftermath.reported(&path(), &report(2, &["one", "two"]));
        aftermath.lock().as_mut().unwrap().until = Instant::now() - Duration::from_secs(1);
        aftermath.reported(&path(), &report(3, &["two", "three"]));
        assert_eq!(messages(&aftermath), ["two"]);
        assert_eq!(aftermath.taken().len(), 1);
        assert!(messages(&aftermath).is_empty());
    }
}
