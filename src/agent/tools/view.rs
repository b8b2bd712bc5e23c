//! What tools see: the turn's working copy, then what the model knows, then the editor, then the disk.
//!
//! A file the model knows is shown as it knows it, even if the user has typed since: the difference is told with the
//! next request, and applies to exactly this text.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::agent::working::WorkingCopy;
use crate::delta::ledger::Ledger;
use crate::workspace::{DiagnosticStore, ModelText, ReadError, RelPath, Workspace};

/// The state of a turn, frozen while tools run.
pub struct View {
    /// The workspace.
    pub workspace: Arc<Workspace>,
    /// What language servers reported.
    pub diagnostics: Arc<DiagnosticStore>,
    /// The turn's working copy.
    pub working: WorkingCopy,
    /// What the model knows.
    pub ledger: Ledger,
    /// Stops long searches.
    pub cancel: CancellationToken,
}

impl View {
    /// A path of the model, checked for its form.
    ///
    /// # Errors
    /// A sentence for the model.
    pub fn path(&self, text: &str) -> Result<RelPath, String> {
        RelPath::parse(text).map_err(|refusal| format!("the path `{text}` is refused: {refusal}"))
    }

    /// A file's text.
    ///
    /// # Errors
    /// A sentence for the model. A file that is excluded is told no differently from one that does not exist.
    pub fn text(&self, path: &RelPath) -> Result<ModelText, String> {
        self.workspace.check(path).map_err(|error| self.unavailable(path, &error))?;
        match self.working.get(path) {
            Some(Some(text)) => return Ok(text.clone()),
            Some(None) => return Err(format!("{path} was deleted by your patch")),
            None => {}
        }
        if let Some(entry) = self.ledger.get(path) {
            return Ok(entry.known.clone());
        }
        self.workspace.read(path).map_err(|error| self.unavailable(path, &error))
    }

    /// Whether a file exists for the model or anyone else; nothing may be created over it.
    pub fn exists(&self, path: &RelPath) -> bool {
        match self.working.get(path) {
            Some(text) => text.is_some(),
            None => self.workspace.exists(path),
        }
    }

    fn unavailable(&self, path: &RelPath, error: &ReadError) -> String {
        match error {
            ReadError::NotFound | ReadError::Excluded(_) | ReadError::Outside => {
                format!("{path} is not available; list_files and search show what is")
            }
            other => format!("{path} cannot be read: {other}"),
        }
    }
}
