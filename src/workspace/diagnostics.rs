//! Diagnostics that language servers reported, per file, with the version of the text they belong to.
//!
//! Whoever reported them, they pass the policy before a model sees them: the path here is one the caller checked. Their
//! words may quote the file, so the secrets of the file are hidden in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::text::normalized;
use super::{RelPath, Workspace, secrets};

/// Diagnostics kept per file; more would be noise.
const KEPT_PER_FILE: usize = 500;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program is wrong.
    Error,
    /// It may be wrong.
    Warning,
    /// Something to know.
    Information,
    /// Something to consider.
    Hint,
}

/// One diagnostic. Lines and columns are 1-based, columns in Unicode scalar values, the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where it begins: line, column.
    pub start: (usize, usize),
    /// Where it ends: line, column.
    pub end: (usize, usize),
    /// How bad it is.
    pub severity: Severity,
    /// Who says so, e.g. `rustc`.
    pub source: Option<String>,
    /// Its code, e.g. `E0425`.
    pub code: Option<String>,
    /// What is wrong; may have several lines.
    pub message: String,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

/// A place that belongs to a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The file.
    pub path: RelPath,
    /// Line, 1-based.
    pub line: usize,
    /// Column, 1-based.
    pub column: usize,
    /// What is to be seen there.
    pub message: String,
}

impl Diagnostic {
    /// The diagnostic in words: `LINE:COL-LINE:COL severity [source code]: message`, continuation lines
    /// indented by two blanks.
    fn render(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
            Severity::Hint => "hint",
        };
        let origin: Vec<&str> = [&self.source, &self.code].into_iter().filter_map(Option::as_deref).collect();
        let mut text = format!("{}:{}-{}:{} {severity}", self.start.0, self.start.1, self.end.0, self.end.1);
        if !origin.is_empty() {
            let _ = write!(text, " [{}]", origin.join(" "));
        }
        let _ = write!(text, ": {}", self.message.trim_end().replace('\n', "\n  "));
        for related in &self.related {
            let message = related.message.trim_end().replace('\n', "\n  ");
            let _ = write!(text, "\n  related {}:{}:{}: {message}", related.path, related.line, related.column);
        }
        text
    }
}

impl Workspace {
    /// Diagnostics of a file as a model reads them, each on a line of its own and those it is continued on: without
    /// related places in files that it may not see. Reads the files that they may quote.
    pub fn diagnostics_in_words(&self, path: &RelPath, diagnostics: &[Diagnostic]) -> Vec<String> {
        let diagnostics: Vec<Diagnostic> = diagnostics.iter().map(|one| self.shown(one)).collect();
        let related = diagnostics.iter().flat_map(|one| &one.related).map(|place| &place.path);
        let quoted: BTreeSet<&RelPath> = related.chain([path]).collect();
        let raw: Vec<String> = quoted.into_iter().filter_map(|path| self.read_raw(path).ok()).collect();
        let texts: Vec<Cow<'_, str>> = raw.iter().map(|raw| normalized(raw)).collect();
        let hidden: Vec<secrets::Hidden<'_>> = texts.iter().map(|text| secrets::hide(text)).collect();
        diagnostics.iter().map(|one| secrets::hide_quoted(&one.render(), &hidden)).collect()
    }

    fn shown(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let mut shown = diagnostic.clone();
        shown.related.retain(|related| self.check(&related.path).is_ok());
        shown
    }
}

/// The diagnostics of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// What was reported.
    pub diagnostics: Vec<Diagnostic>,
    /// The version of the document they belong to, where the client said it or one was open.
    pub version: Option<i32>,
}

/// Diagnostics by file.
#[derive(Debug, Default)]
pub struct DiagnosticStore {
    files: Mutex<BTreeMap<RelPath, Reported>>,
}

impl DiagnosticStore {
    /// Replaces what is known of a file.
    pub fn replace(&self, path: RelPath, mut reported: Reported) {
        reported.diagnostics.truncate(KEPT_PER_FILE);
        let mut files = self.lock();
        if reported.diagnostics.is_empty() {
            files.remove(&path);
        } else {
            files.insert(path, reported);
        }
    }

    /// What is known of one file.
    pub fn of(&self, path: &RelPath) -> Reported {
        self.lock().get(path).cloned().unwrap_or_default()
    }

    /// Everything, by path.
    pub fn all(&self) -> Vec<(RelPath, Reported)> {
        self.lock().iter().map(|(path, reported)| (path.clone(), reported.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RelPath, Reported>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_on_indented_lines() {
        let diagnostic = Diagnostic {
            start: (12, 5),
            end: (12, 9),
            severity: Severity::Error,
            source: Some("rustc".into()),
            code: Some("E0425".into()),
            message: "cannot find value `foo`\nhelp: try `fob`\n".into(),
            related: vec![Related {
                path: RelPath::parse("src/b.rs").unwrap(),
                line: 3,
                column: 1,
                message: "defined here".into(),
            }],
        };
        assert_eq!(
            diagnostic.render(),
            "12:5-12:9 error [rustc E0425]: cannot find value `foo`\n  help: try `fob`\n  related src/b.rs:3:1: defined here"
        );
    }
}
