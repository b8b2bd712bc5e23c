//! The state of every session, as `pilotlight.status` answers it and `pilotlight/status` tells it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::desk::Desk;
use super::editor::Editor;

/// The status object of the contract.
pub fn status(editor: &Editor) -> Value {
    let sessions: Vec<Value> = editor.desks().iter().map(|desk| session(desk)).collect();
    let provider = editor.around().provider.name();
    json!({"version": env!("CARGO_PKG_VERSION"), "provider": provider, "sessions": sessions})
}

fn session(desk: &Desk) -> Value {
    let board = desk.session.board();
    let mut session = serde_json::to_value(board.status()).unwrap_or_default();
    session["last"] = serde_json::to_value(board.receipts().last()).unwrap_or_default();
    session
}

/// Sends `pilotlight/status` at every change of a desk's session, to clients that want it, until the session ends.
pub fn watch(editor: Arc<Editor>, desk: Arc<Desk>) {
    if !editor.abilities().is_some_and(|abilities| abilities.status) {
        return;
    }
    let mut changes = desk.session.board().watch();
    // Neither the editor nor the session is kept alive by being watched.
    let (editor, desk) = (Arc::downgrade(&editor), Arc::downgrade(&desk));
    tokio::spawn(async move {
        loop {
            let Some(editor) = editor.upgrade() else { return };
            if desk.upgrade().is_none() {
                return;
            }
            let status = status(&editor);
            editor.client.notify("pilotlight/status", status).await;
            drop(editor);
            if changes.changed().await.is_err() {
                return;
            }
        }
    });
}
