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
        RelPath::parse(text).map_err(|refusal| format!("the path `{}` is refused: {refusal}", shortened(text)))
    }

    /// A file's text.
    ///
    /// # Errors
    /// A sentence for the model. A path that may not be named is told no differently from one that does not exist,
    /// whatever the reason: that a folder beyond a link is locked says that it is there.
    pub fn text(&self, path: &RelPath) -> Result<ModelText, String> {
        self.workspace.check(path).map_err(|_| not_available(path))?;
        match self.working.get(path) {
            Some(Some(text)) => return Ok(text.clone()),
            Some(None) => return Err(format!("{path} was deleted by your patch")),
            None => {}
        }
        if let Some(entry) = self.ledger.get(path) {
            return Ok(entry.known.clone());
        }
        self.workspace.read(path).map_err(|error| match error {
            ReadError::NotFound | ReadError::Excluded(_) | ReadError::Outside => not_available(path),
            other => format!("{path} cannot be read: {other}"),
        })
    }

    /// Whether a file exists for the model or anyone else; nothing may be created over it.
    pub fn exists(&self, path: &RelPath) -> bool {
        match self.working.get(path) {
            Some(text) => text.is_some(),
            None => self.workspace.exists(path),
        }
    }
}

fn not_available(path: &RelPath) -> String {
    format!("{path} is not available; list_files and search show what is")
}

/// The beginning of a path that may be of any length.
fn shortened(path: &str) -> String {
    const SHOWN: usize = 200;
    match path.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    }
}
