//! Showing an answer: as a Markdown document where the editor opens documents, else as a message.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{MessageKind, QUICK};
use super::editor::Editor;
use crate::workspace::path_to_uri;

/// Answers kept on disk; older ones are removed.
const KEPT: usize = 50;

/// Shows `markdown`, written as an answer in `state_dir`.
pub async fn show(editor: &Editor, state_dir: &Path, turn: &str, markdown: &str) {
    let opens = editor.abilities().is_some_and(|abilities| abilities.show_document);
    if opens {
        let (directory, turn, text) = (state_dir.join("answers"), turn.to_owned(), markdown.to_owned());
        let written = tokio::task::spawn_blocking(move || write(&directory, &turn, &text)).await;
        if let Ok(Ok(path)) = written {
            let params = json!({"uri": path_to_uri(&path), "external": false, "takeFocus": true});
            let shown = editor.client.request("window/showDocument", params, QUICK).await;
            if shown.is_ok_and(|answer| answer.get("success").and_then(Value::as_bool) == Some(true)) {
                return;
            }
        }
    }
    editor.client.show(MessageKind::Info, markdown).await;
}

/// Writes the answer where only the user can read it, under a name that says when it came.
fn write(directory: &Path, turn: &str, text: &str) -> std::io::Result<std::path::PathBuf> {
    std::fs::create_dir_all(directory)?;
    clean(directory);
    let prefix = format!("answer-{turn}-");
    let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".md").tempfile_in(directory)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}

fn clean(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut answers: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("answer-"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    answers.sort();
    let excess = answers.len().saturating_sub(KEPT);
    for (_, path) in answers.into_iter().take(excess) {
        let _ = std::fs::remove_file(path);
    }
}
