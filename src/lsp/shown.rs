//! Documents of ours that the user reads: answers in Markdown, previews as diffs.
//!
//! They are files in the state directory, since editors open nothing else. Only the user can read them, their number is
//! bounded, and they never become part of a workspace: opening one starts no session.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::{MessageKind, QUICK};
use super::editor::Editor;
use crate::config::state_dir;
use crate::workspace::{path_to_uri, uri_to_path};

/// Documents of each kind that are kept; older ones are removed.
const KEPT: usize = 50;
/// A preview longer than this is cut.
const MAX_PREVIEW_BYTES: usize = 1 << 20;

/// One kind of document.
struct Kind {
    folder: &'static str,
    prefix: &'static str,
    suffix: &'static str,
    /// The cursor goes there: it is what the user asked for.
    focus: bool,
}

const ANSWER: Kind = Kind { folder: "answers", prefix: "answer", suffix: ".md", focus: true };
const PREVIEW: Kind = Kind { folder: "previews", prefix: "preview", suffix: ".diff", focus: false };

/// Shows an answer: as a Markdown document where the editor opens documents, else as a message.
pub async fn answer(editor: &Editor, turn: &str, markdown: &str) {
    if editor.abilities().is_some_and(|abilities| abilities.show_document)
        && let Some(path) = write(editor, &ANSWER, turn, markdown.to_owned()).await
        && open(editor, &ANSWER, &path).await
    {
        return;
    }
    editor.client.show(MessageKind::Info, markdown).await;
}

/// Opens the document of an answer with its first words, to be rewritten as it goes on; none where that fails.
pub async fn open_answer(editor: &Editor, turn: &str, markdown: String) -> Option<PathBuf> {
    let path = write(editor, &ANSWER, turn, markdown).await?;
    open(editor, &ANSWER, &path).await.then_some(path)
}

/// Replaces the text of a document that was opened. False if that failed.
pub async fn rewrite(path: PathBuf, text: String) -> bool {
    // Not by a new file in its place: only this one is the user's alone to read.
    let written = tokio::task::spawn_blocking(move || std::fs::write(path, text)).await;
    written.is_ok_and(|written| written.is_ok())
}

/// Shows what a proposal would do, beside the text in which it is accepted or not. Where the editor cannot, gives the
/// path, so that the user can be told; an editor that can show it at the user's word waits for that.
pub async fn preview(editor: &Editor, turn: &str, diff: String) -> Option<PathBuf> {
    let abilities = editor.abilities()?;
    if abilities.shows_on_request() {
        return None;
    }
    let path = write(editor, &PREVIEW, turn, cut(diff)).await?;
    let shown = abilities.show_beside && open(editor, &PREVIEW, &path).await;
    (!shown).then_some(path)
}

/// Shows what a proposal would do because the user asked for it. Where that fails, a message says where it is.
pub async fn preview_now(editor: &Editor, turn: &str, diff: String) {
    let Some(path) = write(editor, &PREVIEW, turn, cut(diff)).await else {
        let text = "What it would change could not be written to the state directory; the log says why.";
        return editor.client.show(MessageKind::Error, text).await;
    };
    if !open(editor, &PREVIEW, &path).await {
        editor.client.show(MessageKind::Info, &format!("What it would change: {}", path.display())).await;
    }
}

/// As much of a diff as anybody reads.
fn cut(mut diff: String) -> String {
    if diff.len() > MAX_PREVIEW_BYTES {
        // At a line end, which is a character of one byte.
        let end = diff.as_bytes()[..MAX_PREVIEW_BYTES].iter().rposition(|byte| *byte == b'\n');
        diff.truncate(end.map_or(0, |newline| newline + 1));
        diff.push_str("\nThe rest is not shown.\n");
    }
    diff
}

/// Whether a document is one of these.
pub fn is_ours(editor: &Editor, uri: &str) -> bool {
    let state = state_dir(&editor.around().env);
    uri_to_path(uri).is_some_and(|path| [ANSWER, PREVIEW].iter().any(|kind| path.starts_with(state.join(kind.folder))))
}

async fn open(editor: &Editor, kind: &Kind, path: &Path) -> bool {
    let params = json!({"uri": path_to_uri(path), "external": false, "takeFocus": kind.focus});
    let shown = editor.client.request("window/showDocument", params, QUICK).await;
    shown.is_ok_and(|answer| answer.get("success").and_then(Value::as_bool) == Some(true))
}

async fn write(editor: &Editor, kind: &'static Kind, turn: &str, text: String) -> Option<PathBuf> {
    let directory = state_dir(&editor.around().env).join(kind.folder);
    let prefix = format!("{}-{turn}-", kind.prefix);
    let written = tokio::task::spawn_blocking(move || write_in(&directory, kind, &prefix, &text)).await.ok()?;
    written.inspect_err(|error| tracing::warn!(%error, "a document for the user could not be written")).ok()
}

/// Writes a file where only the user can read it, under a name of its own.
fn write_in(directory: &Path, kind: &Kind, prefix: &str, text: &str) -> std::io::Result<PathBuf> {
    create_private(directory)?;
    let mut file = tempfile::Builder::new().prefix(prefix).suffix(kind.suffix).tempfile_in(directory)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    prune(directory, kind, &path);
    Ok(path)
}

/// A new folder can be entered by the user alone, so that others do not even see the names.
fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Removes the oldest documents of a kind, never the one just written.
fn prune(directory: &Path, kind: &Kind, newest: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut others: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(kind.prefix) && entry.path() != newest)
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    others.sort();
    let excess = (others.len() + 1).saturating_sub(KEPT);
    for (_, path) in others.into_iter().take(excess) {
        let _ = std::fs::remove_file(path);
    }
}
