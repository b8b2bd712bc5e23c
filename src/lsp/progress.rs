//! `$/progress` for one turn: begins once the client made room for it, tells each step, and always ends; at once when the
//! turn is cancelled. What it quotes is shown for what it is.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::client::{EditorClient, QUICK};
use crate::visible::shown as readable;

/// Steps that may wait to be told; more are left out, since only the latest ones matter to a reader.
const WAITING: usize = 64;
/// How long the end of a progress may hold up what is said after it.
const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// A turn's progress.
pub struct Progress {
    steps: mpsc::Sender<String>,
    end: Mutex<Option<(oneshot::Sender<String>, JoinHandle<()>)>>,
}

/// How a progress is shown.
pub struct Shown {
    /// The token, the client's own or ours.
    pub token: Value,
    /// The client made the token and knows it already.
    pub known: bool,
    /// Shown for as long as it runs.
    pub title: String,
}

impl Progress {
    /// Begins in the background. Without `shown`, the client cannot show progress and nothing is sent.
    pub fn begin(client: EditorClient, shown: Option<Shown>, first: String, cancel: CancellationToken) -> Progress {
        let (steps, told) = mpsc::channel(WAITING);
        let end = shown.map(|shown| {
            let (end, ended) = oneshot::channel();
            (end, tokio::spawn(run(client, shown, first, told, ended, cancel)))
        });
        Progress { steps, end: Mutex::new(end) }
    }

    /// Says what is happening.
    pub fn say(&self, text: String) {
        let _ = self.steps.try_send(text);
    }

    /// Ends it, and returns when the editor was told: where both have the same line on the screen, as in Helix, the end
    /// must not come after a message that says what to do next.
    pub async fn end(&self, text: String) {
        let end = self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some((end, told)) = end {
            let _ = end.send(text);
            // An editor that has not even answered for the progress is not waited for.
            let _ = timeout(TOLD_WITHIN, told).await;
        }
    }
}

async fn run(
    client: EditorClient,
    shown: Shown,
    first: String,
    mut steps: mpsc::Receiver<String>,
    mut ended: oneshot::Receiver<String>,
    cancel: CancellationToken,
) {
    let token = shown.token;
    if !shown.known {
        let made = client.request("window/workDoneProgress/create", json!({ "token": token }), QUICK).await;
        if let Err(reason) = made {
            tracing::debug!(%reason, "no progress");
            return;
        }
    }
    let send = async |value: Value| client.notify("$/progress", json!({"token": token, "value": value})).await;
    send(json!({"kind": "begin", "title": readable(&shown.title), "message": readable(&first), "cancellable": true}))
        .await;
    let mut shown = first;
    let last = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break "cancelled".to_owned(),
            // What happened before the end is told before the end.
            Some(text) = steps.recv() => if text != shown {
                send(json!({"kind": "report", "message": readable(&text), "cancellable": true})).await;
                shown = text;
            },
            text = &mut ended => break text.unwrap_or_default(),
        }
    };
    send(json!({"kind": "end", "message": readable(&last)})).await;
}
