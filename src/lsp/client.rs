//! The editor as something to talk to: every request to it has a bound, and no answer is not an error to die of.

use std::time::Duration;

use serde_json::Value;
use tower::Service;
use tower_lsp::Client;
use tower_lsp::jsonrpc::Request;

use crate::visible::shown;

/// Bound for requests an editor answers by itself.
pub const QUICK: Duration = Duration::from_secs(10);

/// The other end.
#[derive(Clone)]
pub struct EditorClient {
    client: Client,
}

/// Kinds of messages, as LSP numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Something failed.
    Error = 1,
    /// Something may be wrong.
    Warning = 2,
    /// Something to know.
    Info = 3,
}

impl EditorClient {
    /// Wraps the framework's client.
    pub fn new(client: Client) -> EditorClient {
        EditorClient { client }
    }

    /// Sends a request and waits for its answer, at most `limit`.
    ///
    /// # Errors
    /// The editor's words, or that it did not answer.
    pub async fn request(&self, method: &'static str, params: Value, limit: Duration) -> Result<Value, String> {
        let request = Request::build(method).params(params).id(self.client.next_request_id()).finish();
        let mut client = self.client.clone();
        let answer = tokio::time::timeout(limit, client.call(request)).await;
        match answer {
            Err(_) => Err(format!("the editor did not answer {method} within {limit:?}")),
            Ok(Err(_) | Ok(None)) => Err("the editor is gone".into()),
            Ok(Ok(Some(response))) => response.into_parts().1.map_err(|error| error.message.into_owned()),
        }
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &'static str, params: Value) {
        let mut client = self.client.clone();
        let _ = client.call(Request::build(method).params(params).finish()).await;
    }

    /// Shows a message to the user, with nothing in it that could mislead a reader.
    pub async fn show(&self, kind: MessageKind, text: &str) {
        let params = serde_json::json!({"type": kind as u8, "message": shown(text)});
        self.notify("window/showMessage", params).await;
    }
}
