//! An answer on its way to the reader: while the model speaks, where the editor shows what is written to a file on disk;
//! elsewhere once it is complete. Either way it ends as one Markdown document, with links to the places it names.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::editor::Editor;
use super::links::linked;
use super::shown;
use crate::workspace::Workspace;

/// How often the document is written while the answer comes.
const WRITTEN_EVERY: Duration = Duration::from_millis(150);

/// One turn's answer.
#[derive(Default)]
pub struct Answer {
    coming: Mutex<Option<Coming>>,
}

/// An answer that has begun.
struct Coming {
    text: watch::Sender<String>,
    /// Gives the document, if one could be opened.
    writer: JoinHandle<Option<PathBuf>>,
}

impl Answer {
    /// Another round begins: what was said so far was not yet the answer.
    pub fn restart(&self) {
        if let Some(coming) = self.lock().as_ref() {
            coming.text.send_modify(String::clear);
        }
    }

    /// Takes the next piece; the first opens the document.
    pub fn push(&self, editor: &Arc<Editor>, turn: &str, piece: &str) {
        if !editor.abilities().is_some_and(|abilities| abilities.shows_changes) {
            return;
        }
        let mut coming = self.lock();
        let coming = coming.get_or_insert_with(|| {
            let (text, pieces) = watch::channel(String::new());
            let writer = tokio::spawn(write(editor.clone(), turn.to_owned(), pieces));
            Coming { text, writer }
        });
        coming.text.send_modify(|text| text.push_str(piece));
    }

    /// The answer is complete, or what is said instead of one.
    pub async fn finish(&self, editor: &Arc<Editor>, turn: &str, workspace: &Arc<Workspace>, markdown: &str) {
        let (text, workspace) = (markdown.to_owned(), workspace.clone());
        let linked = tokio::task::spawn_blocking(move || linked(&text, &workspace)).await;
        let markdown = linked.as_deref().unwrap_or(markdown);
        let coming = self.lock().take();
        if let Some(Coming { text, writer }) = coming {
            drop(text);
            if let Ok(Some(path)) = writer.await
                && shown::rewrite(path, markdown.to_owned()).await
            {
                return;
            }
        }
        shown::answer(editor, turn, markdown).await;
    }

    /// There will be no answer; what was written of it says so.
    pub async fn cut(&self, reason: &str) {
        let coming = self.lock().take();
        let Some(Coming { text, writer }) = coming else { return };
        let said = text.borrow().clone();
        drop(text);
        if let Ok(Some(path)) = writer.await {
            shown::rewrite(path, format!("{}\n\n*{reason}*\n", said.trim_end())).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Coming>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a document with the first words and keeps it up to date until the answer is complete.
async fn write(editor: Arc<Editor>, turn: String, mut pieces: watch::Receiver<String>) -> Option<PathBuf> {
    let mut document = None;
    while pieces.changed().await.is_ok() {
        let text = pieces.borrow_and_update().clone();
        match &document {
            _ if text.trim().is_empty() => {}
            None => document = Some(shown::open_answer(&editor, &turn, text).await?),
            Some(path) => drop(shown::rewrite(PathBuf::clone(path), text).await),
        }
        sleep(WRITTEN_EVERY).await;
    }
    document
}
