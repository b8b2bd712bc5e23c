//! Consent in the editor: asked for at the first action, by a message or by a code action, and noticed when it is gone.
//!
//! Nothing may be submitted to a session before [`is_given`] said yes. What was asked for goes on after the yes; nobody
//! has to choose it twice.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use super::client::MessageKind;
use super::commands::{Argument, begin, failed, wrong};
use super::desk::Desk;
use super::editor::Editor;
use super::host::EditorHost;
use crate::agent::{Action, TurnRequest};
use crate::config::{CustomAction, fingerprint};
use crate::scope::own_actions;
use crate::session::status::State;
use crate::visible::shown;

/// How long the user may think about consent.
const CONSENT_WITHIN: Duration = Duration::from_secs(600);

/// What the user asked for before their yes, to be done after it.
pub struct Held {
    /// What it does.
    pub action: Action,
    /// Where and how.
    pub argument: Argument,
    /// The document's revision then: its places mean something else in another text.
    pub revision: Option<u64>,
}

impl Held {
    fn is_current(&self, desk: &Desk) -> bool {
        let uri = self.argument.uri.as_deref();
        uri.and_then(|uri| desk.revision(uri)) == self.revision
    }
}

/// Whether the workspace may be sent now. A yes or a no said elsewhere since (`pilotlight trust`) takes effect here.
pub async fn is_given(editor: &Editor, desk: &Arc<Desk>) -> bool {
    let around = editor.around();
    if !desk.provider.needs_consent() {
        return true;
    }
    let desk = desk.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let is_given = desk.is_allowed(&around.consents);
        let mut warnings = Vec::new();
        match (is_given, desk.waits_for_consent()) {
            (true, true) => warnings = desk.admit(&around),
            (false, false) => desk.session.withdraw(),
            _ => {}
        }
        (is_given, warnings)
    });
    let Ok((is_given, warnings)) = asked.await else { return false };
    warnings.into_iter().for_each(|warning| editor.tell(MessageKind::Warning, warning));
    is_given
}

/// Asks before anything of the workspace leaves; then the turn begins, or it is refused.
pub async fn first(editor: &Arc<Editor>, desk: &Arc<Desk>, request: TurnRequest, host: &EditorHost, held: Held) {
    let name = desk.provider.url.host().to_owned();
    if !editor.abilities().is_some_and(|abilities| abilities.message_requests) {
        desk.hold(held, Instant::now() + CONSENT_WITHIN);
        // What to do stands in the first 80 columns: Helix has one line for it.
        host.refuse(format!(
            "Nothing was sent. Choose the code action \u{201c}Allow Pilotlight to send…\u{201d} to go on with {name}."
        ));
        return;
    }
    host.waits_for_consent(&name);
    let actions = custom_actions(editor, desk).await;
    let params = json!({
        "type": 3,
        "message": question(desk, &actions),
        "actions": [{"title": "Allow"}, {"title": "Not now"}],
    });
    let answer = tokio::select! {
        biased;
        () = request.cancel.cancelled() => Ok(Value::Null),
        answer = editor.client.request("window/showMessageRequest", params, CONSENT_WITHIN) => answer,
    };
    let allowed = answer.is_ok_and(|answer| answer.get("title").and_then(Value::as_str) == Some("Allow"));
    if !allowed {
        host.refuse("Nothing was sent. To allow it, choose the action again.".into());
        return;
    }
    if let Err(reason) = grant(editor, desk, actions).await {
        host.refuse(reason);
        return;
    }
    if let Err(full) = desk.session.submit(request) {
        host.refuse(full.to_string());
    }
}

/// The title of the code action that allows it.
pub fn allow_title(host: &str) -> String {
    format!("Allow Pilotlight to send this workspace to {host}")
}

/// What the user is asked. Names and titles come from the workspace: they are shown for what they are.
fn question(desk: &Desk, actions: &[CustomAction]) -> String {
    let brings = match actions {
        [] => String::new(),
        actions => {
            let titles: Vec<String> =
                actions.iter().map(|action| format!("\u{201c}{}\u{201d}", action.title)).collect();
            format!(" Its own code actions come with it: {}.", titles.join(", "))
        }
    };
    shown(&format!(
        "Allow Pilotlight to send files of {} to {} (model {}) as you use it? Ignored files never are, and secrets that can be recognised are hidden.{brings}",
        desk.root().display(),
        desk.provider.url.origin(),
        desk.provider.model(&desk.config()),
    ))
    .into_owned()
}

async fn custom_actions(editor: &Editor, desk: &Arc<Desk>) -> Vec<CustomAction> {
    let (around, desk) = (editor.around(), desk.clone());
    tokio::task::spawn_blocking(move || own_actions(&desk.root(), &around.loaded)).await.unwrap_or_default()
}

/// Writes the consent down, with the custom actions the user was shown, and lights the session.
async fn grant(editor: &Editor, desk: &Arc<Desk>, actions: Vec<CustomAction>) -> std::result::Result<(), String> {
    let (around, desk) = (editor.around(), desk.clone());
    let granted = tokio::task::spawn_blocking(move || {
        let actions = fingerprint(&actions);
        around.consents.grant(&desk.root(), &desk.provider.url.origin(), actions.as_deref())?;
        desk.admit(&around);
        Ok::<(), std::io::Error>(())
    });
    let reason = match granted.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "writing it failed".into(),
    };
    Err(format!("Your consent could not be written down: {reason}; nothing was sent."))
}

/// The command `pilotlight.trust`: a yes, and then whatever the user had asked for.
pub async fn trust(editor: &Arc<Editor>, argument: &Argument) -> Result<Value> {
    let desk = chosen(editor, argument).ok_or_else(|| wrong("give the folder: {\"root\": PATH}"))?;
    let root = desk.root();
    if !desk.provider.needs_consent() {
        return Ok(json!({"root": root, "needed": false}));
    }
    let actions = custom_actions(editor, &desk).await;
    grant(editor, &desk, actions).await.map_err(failed)?;
    let held = desk.take_held().filter(|held| held.is_current(&desk));
    let Some(Held { action, argument, .. }) = held else {
        let text = format!("Pilotlight may send this workspace to {} from now on.", desk.provider.url.host());
        editor.tell(MessageKind::Info, text);
        return Ok(json!({"root": root, "needed": true}));
    };
    let begun = begin(editor, action, argument, None).await?;
    Ok(json!({"root": root, "needed": true, "turn": begun["turn"]}))
}

fn chosen(editor: &Editor, argument: &Argument) -> Option<Arc<Desk>> {
    let desks = editor.desks();
    match (argument.root.as_ref().map(PathBuf::from), &argument.uri) {
        (Some(root), _) => desks.into_iter().find(|desk| desk.root() == root || desk.workspace.rel(&root).is_some()),
        (None, Some(uri)) => editor.desk(uri),
        (None, None) => desks.first().filter(|_| desks.len() == 1).cloned(),
    }
}

impl Desk {
    /// Whether the session is dark for want of a yes, as far as is known in memory.
    pub fn waits_for_consent(&self) -> bool {
        self.session.board().status().state == State::Consent
    }
}
