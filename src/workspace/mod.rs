//! What the editor has open, what lies on disk beneath it, and what of both may leave the machine.
//!
//! A [`Workspace`] is one folder. It reads the open documents first and the disk second, and hands out only what the
//! context policy allows and what really lies below its root. It knows neither LSP nor the wire, never writes to the
//! workspace, and never waits: every call may block on the disk, so none belongs into a request handler except those
//! that say they stay in memory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod consent;
mod diagnostics;
mod document;
mod documents;
mod history;
mod ignore_files;
mod language;
mod listing;
mod names;
mod path;
mod policy;
mod position;
mod read;
mod roots;
mod search;
pub mod secrets;
mod sensitive;
mod text;

pub use consent::{Consents, Grant};
pub use diagnostics::{Diagnostic, DiagnosticStore, Related, Reported, Severity};
pub use document::{Change, Desync, Snapshot};
pub use documents::{Applied, Documents, MAX_DOCUMENTS, MAX_TEXT_BYTES};
pub use language::Language;
pub use listing::{Listing, Overlay};
pub use path::{PathRefusal, RelPath, path_to_uri, uri_to_path};
pub use policy::{BadPattern, ContextRules, Exclusion, Policy};
pub use position::{Position, PositionEncoding, Span, offset, position};
pub use read::ReadError;
pub use roots::root_of;
pub use search::{Hit, Hits, Query};
pub use text::{DocumentText, ModelText};

/// One folder that is worked in.
pub struct Workspace {
    /// As the editor spells it: its URIs are made from this.
    given: PathBuf,
    canonical: PathBuf,
    name: String,
    documents: Arc<Documents>,
    policy: Policy,
}

/// Why a folder cannot be worked in.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no such folder, or it cannot be entered.
    #[error("the workspace {} cannot be opened: {error}; give an existing folder", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// One of the user's exclude patterns is wrong.
    #[error("context.exclude: {0}")]
    Exclude(#[from] BadPattern),
}

impl Workspace {
    /// The workspace at `root`, which must be a folder.
    pub fn new(root: &Path, documents: Arc<Documents>, rules: ContextRules) -> Result<Self, WorkspaceError> {
        let failed = |error| WorkspaceError::Root { path: root.to_owned(), error };
        let canonical = root.canonicalize().map_err(failed)?;
        if !canonical.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let given = std::path::absolute(root).map_err(failed)?;
        let named = given.file_name().or_else(|| canonical.file_name());
        let name = named.map_or_else(|| canonical.display().to_string(), |name| name.to_string_lossy().into_owned());
        let policy = Policy::new(&canonical, rules)?;
        Ok(Self { given, canonical, name, documents, policy })
    }

    /// The folder, with every link resolved.
    pub fn root(&self) -> &Path {
        &self.canonical
    }

    /// The folder's own name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The gate. It decides by names alone; [`Workspace::check`] also follows links.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The open documents of the editor, of other workspaces too.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The path of a file below the root, in either spelling of the root; `None` for everything else. In memory.
    pub fn rel(&self, path: &Path) -> Option<RelPath> {
        RelPath::below(&self.given, path).or_else(|| RelPath::below(&self.canonical, path))
    }

    /// The path of a `file:` URI below the root. In memory.
    pub fn rel_of_uri(&self, uri: &str) -> Option<RelPath> {
        self.rel(&uri_to_path(uri)?)
    }

    /// The full path, below the root as the editor spells it. In memory.
    pub fn abs(&self, path: &RelPath) -> PathBuf {
        self.given.join(path.to_path())
    }

    /// The URI to name this file to the editor: the open document's own, else one made from the path. In memory.
    pub fn uri(&self, path: &RelPath) -> String {
        self.document(path).map_or_else(|| path_to_uri(&self.abs(path)), |document| document.uri)
    }

    /// The open document of this path, desynced or not. In memory; asks nobody whether it may be shown.
    pub fn document(&self, path: &RelPath) -> Option<Snapshot> {
        let relative = path.to_path();
        let open = |root: &Path| self.documents.by_path(&root.join(&relative));
        open(&self.given).or_else(|| open(&self.canonical))
    }

    /// The open documents below the root with their paths, sorted. In memory; asks nobody whether they may be shown.
    pub fn open_documents(&self) -> Vec<(RelPath, Snapshot)> {
        let below = |document: Snapshot| Some((self.rel(document.path.as_deref()?)?, document));
        let mut open: Vec<_> = self.documents.all().into_iter().filter_map(below).collect();
        open.sort_by(|(a, _), (b, _)| a.cmp(b));
        open
    }

    /// The files closed after this revision of the documents. In memory.
    pub fn closed_since(&self, revision: u64) -> impl Iterator<Item = RelPath> {
        self.documents.closed_since(revision).into_iter().filter_map(|path| self.rel(&path))
    }
}

#[cfg(test)]
mod tests;
