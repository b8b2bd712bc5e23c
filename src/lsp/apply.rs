//! Bringing a proposal into the editor, and making sure that it got there.
//!
//! The editor's word is not enough: Neovim says `applied` to edits it dropped. What counts is the `didChange` that
//! follows (contract 1.7). A plan that was rejected is made anew with the texts of that moment, once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::client::QUICK;
use super::desk::Desk;
use super::editor::Editor;
use super::to_proto::workspace_edit;
use crate::agent::landing::{Obstacle, Operation, Plan, PlannedFile};
use crate::agent::{Landing, Proposal, in_step};
use crate::edit::{Merged, merge, to_model};
use crate::session::receipt::Outcome;
use crate::workspace::Workspace;

/// How long the `didChange` of an applied edit may take.
const LANDS_WITHIN: Duration = Duration::from_secs(2);
/// How long an editor may take to show that it opened a file it was told to change.
const OPENS_WITHIN: Duration = Duration::from_millis(500);
/// How long the user may look at a preview.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(600);

/// What is to be applied, and how.
pub struct Application<'a> {
    /// The editor.
    pub editor: &'a Editor,
    /// The workspace.
    pub desk: &'a Desk,
    /// The changes.
    pub proposal: &'a Arc<Proposal>,
    /// Nothing is sent once this is cancelled.
    pub cancel: &'a CancellationToken,
    /// With annotations, the editor asks the user; this is what it says.
    pub confirm: Option<String>,
}

/// Makes a plan off the async threads.
///
/// # Errors
/// The landing that an obstacle means.
pub async fn plan(workspace: &Arc<Workspace>, proposal: &Arc<Proposal>) -> Result<Plan, Landing> {
    in_step(workspace).await;
    let (workspace, proposal) = (workspace.clone(), proposal.clone());
    let planned = tokio::task::spawn_blocking(move || Plan::new(&workspace, &proposal)).await;
    match planned {
        Ok(Ok(plan)) => Ok(plan),
        Ok(Err(obstacle @ Obstacle::Conflict(_))) => Err(landing(Outcome::Conflict, Some(obstacle.to_string()))),
        Ok(Err(obstacle)) => Err(landing(Outcome::Refused, Some(obstacle.to_string()))),
        Err(_) => Err(landing(Outcome::Failed, Some("Planning the edit failed; nothing was applied.".into()))),
    }
}

pub fn landing(outcome: Outcome, message: Option<String>) -> Landing {
    Landing { outcome, message }
}

impl Application<'_> {
    /// Applies, at most twice.
    pub async fn run(&self) -> Landing {
        let mut tried: Vec<String> = Vec::new();
        for _ in 0..2 {
            let mut plan = match plan(&self.desk.workspace, self.proposal).await {
                Ok(plan) => plan,
                Err(landing) => return landing,
            };
            // A file that is not open may have been changed in a buffer nobody told us about: never twice.
            plan.files.retain(|file| file.document.is_some() || !tried.contains(&file.path.to_string()));
            if plan.files.is_empty() {
                return landing(Outcome::Applied, None);
            }
            match self.attempt(&plan).await {
                Attempt::Landed => return landing(Outcome::Applied, None),
                Attempt::Over(landing) => return landing,
                Attempt::Rejected { applied } => {
                    if applied {
                        tried.extend(plan.files.iter().map(|file| file.path.to_string()));
                    }
                }
            }
        }
        let message = "The editor did not take the edit, twice; nothing more was tried and the proposal is kept.";
        landing(Outcome::Conflict, Some(message.into()))
    }

    async fn attempt(&self, plan: &Plan) -> Attempt {
        let Some(abilities) = self.editor.abilities() else {
            return Attempt::Over(landing(Outcome::Failed, Some("The editor has not introduced itself.".into())));
        };
        let edit = match workspace_edit(plan, &self.desk.workspace, abilities, self.confirm.as_deref()) {
            Ok(edit) => edit,
            Err(unable) => return Attempt::Over(landing(Outcome::Refused, Some(unable.to_string()))),
        };
        let limit = if self.confirm.is_some() { ANSWERS_WITHIN } else { QUICK };
        let params = json!({"label": self.proposal.title, "edit": edit});
        if self.cancel.is_cancelled() {
            return Attempt::Over(landing(Outcome::Cancelled, None));
        }
        let reply = self.editor.client.request("workspace/applyEdit", params, limit).await;
        let applied = reply.as_ref().is_ok_and(|reply| reply.get("applied").and_then(Value::as_bool) == Some(true));
        match &reply {
            // A preview that is refused because the text moved on is not the user's no.
            Ok(_) if !applied && self.confirm.is_some() && !self.moved_on(plan) => {
                Attempt::Over(landing(Outcome::Refused, None))
            }
            Ok(reply) if !applied => {
                let reason = reply.get("failureReason").and_then(Value::as_str).unwrap_or("no reason given");
                tracing::info!(reason, "the editor did not apply the edit");
                Attempt::Rejected { applied: false }
            }
            _ if landed(&self.desk.workspace, plan).await => Attempt::Landed,
            Ok(_) => Attempt::Rejected { applied: true },
            Err(reason) => {
                Attempt::Over(landing(Outcome::Failed, Some(format!("The edit was not applied: {reason}."))))
            }
        }
    }
}

impl Application<'_> {
    /// Whether a document changed, or was opened, since the plan was made.
    fn moved_on(&self, plan: &Plan) -> bool {
        plan.files.iter().any(|file| {
            let now = self.desk.workspace.document(&file.path).map(|document| document.version);
            now != file.document.as_ref().map(|document| document.version)
        })
    }
}

enum Attempt {
    Landed,
    /// `applied` is what the editor claimed.
    Rejected {
        applied: bool,
    },
    Over(Landing),
}

/// Waits until the open documents hold what was sent, whatever the user typed since; and a little for the others.
async fn landed(workspace: &Workspace, plan: &Plan) -> bool {
    let mut revisions = workspace.documents().subscribe();
    let (open, unopened): (Vec<_>, Vec<_>) = plan.files.iter().partition(|file| file.document.is_some());
    let waiting = |files: &[&PlannedFile]| files.iter().any(|file| !holds(workspace, file));
    let landed = timeout(LANDS_WITHIN, async {
        while waiting(&open) {
            if revisions.changed().await.is_err() {
                break;
            }
        }
    });
    if landed.await.is_err() {
        return false;
    }
    let _ = timeout(OPENS_WITHIN, async {
        while waiting(&unopened) {
            if revisions.changed().await.is_err() {
                break;
            }
        }
    })
    .await;
    true
}

/// Whether a file is what the plan made of it, or goes on from there.
fn holds(workspace: &Workspace, file: &PlannedFile) -> bool {
    let text = match workspace.document(&file.path) {
        Some(document) => document.raw(),
        None if file.operation == Operation::Delete => return true,
        None => match std::fs::read_to_string(workspace.abs(&file.path)) {
            Ok(text) => text,
            Err(_) => return file.document.is_some() && file.operation != Operation::Edit,
        },
    };
    let (now, target, text) = (to_model(&file.now), to_model(&file.target), to_model(&text));
    text == target || (text != now && matches!(merge(&now, &target, &text), Merged::Clean(merged) if merged == text))
}
