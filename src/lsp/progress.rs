//! `$/progress` for one turn: begins once the client made room for it, coalesces what happens in between, and always
//! ends; at once when the turn is cancelled.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::client::{EditorClient, QUICK};

/// A turn's progress.
pub struct Progress {
    stage: watch::Sender<String>,
    end: Mutex<Option<oneshot::Sender<String>>>,
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
        let (stage, stages) = watch::channel(first);
        let (end, ended) = oneshot::channel();
        if let Some(shown) = shown {
            tokio::spawn(run(client, shown, stages, ended, cancel));
        }
        Progress { stage, end: Mutex::new(Some(end)) }
    }

    /// Says what is happening; only the latest is shown.
    pub fn say(&self, text: String) {
        self.stage.send_if_modified(|stage| {
            let changed = *stage != text;
            *stage = text;
            changed
        });
    }

    /// Ends it.
    pub fn end(&self, text: String) {
        let end = self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(end) = end {
            let _ = end.send(text);
        }
    }
}

async fn run(
    client: EditorClient,
    shown: Shown,
    mut stages: watch::Receiver<String>,
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
    let first = stages.borrow_and_update().clone();
    send(json!({"kind": "begin", "title": shown.title, "message": first, "cancellable": true})).await;
    let last = loop {
        tokio::select! {
            biased;
            text = &mut ended => break text.unwrap_or_default(),
            () = cancel.cancelled() => break "cancelled".to_owned(),
            changed = stages.changed() => {
                if changed.is_err() {
                    break String::new();
                }
                let text = stages.borrow_and_update().clone();
                send(json!({"kind": "report", "message": text, "cancellable": true})).await;
            }
        }
    };
    send(json!({"kind": "end", "message": last})).await;
}
