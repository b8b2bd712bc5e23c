//! Bringing a proposal into the editor, and making sure that it got there.
//!
//! The editor's word is not enough: Neovim says `applied` to edits it dropped. What counts is the `didChange` that
//! follows (contract 1.7). A plan that was rejected is made anew with the texts of that moment, once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::abilities::Abilities;
use super::aftermath::Before;
use super::client::QUICK;
use super::desk::Desk;
use super::editor::Editor;
use super::to_proto::{beyond, workspace_edit};
use crate::agent::landing::{Obstacles, Operation, Plan, PlannedFile};
use crate::agent::{Landing, Proposal, in_step, preview};
use crate::edit::{Merged, merge, to_model};
use crate::session::receipt::Outcome;
use crate::workspace::{RelPath, Workspace};

/// How long the `didChange` of an applied edit may take.
const LANDS_WITHIN: Duration = Duration::from_secs(2);
/// How long to wait for a file that this editor may never show us.
const SHOWS_WITHIN: Duration = Duration::from_millis(500);
/// How often the disk is looked at meanwhile: of a file that is deleted or moved nobody tells.
const LOOKS_EVERY: Duration = Duration::from_millis(50);
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

/// How an attempt to bring a proposal in ended.
pub struct Ending {
    /// What the turn's receipt and the user are told.
    pub landing: Landing,
    /// The proposal is not dealt with and waits for another try.
    pub left: Option<Left>,
}

/// What is known of a proposal that waits.
#[derive(Default)]
pub struct Left {
    /// Files that stand in the way.
    pub hindered: Vec<RelPath>,
    /// A document to be shown; empty when there is nothing to see.
    pub preview: String,
}

impl Ending {
    /// The proposal is dealt with.
    pub fn over(outcome: Outcome, message: Option<String>) -> Ending {
        Ending { landing: Landing { outcome, message }, left: None }
    }

    /// The proposal waits for another try.
    fn left(outcome: Outcome, message: String, left: Left) -> Ending {
        Ending { landing: Landing { outcome, message: Some(message) }, left: Some(left) }
    }

    /// Files cannot be changed as proposed.
    fn hindered(obstacles: &Obstacles) -> Ending {
        let outcome = if obstacles.is_conflict() { Outcome::Conflict } else { Outcome::Refused };
        let hindered = obstacles.hindered.iter().map(|file| file.path.clone()).collect();
        let left = Left { hindered, preview: preview::conflicts(obstacles) };
        Ending::left(outcome, format!("{obstacles}, the proposal is kept."), left)
    }

    /// The editor lacks the means.
    fn unable(files: &[&PlannedFile]) -> Ending {
        let hindered: Vec<RelPath> = files.iter().map(|file| file.path.clone()).collect();
        let message = format!(
            "This editor cannot create, rename or delete files for a language server ({}); nothing was applied, the \
             proposal is kept. `pilotlight run \u{2026} --apply` can.",
            names(&hindered)
        );
        Ending::left(Outcome::Refused, message, Left { hindered, preview: String::new() })
    }

    /// The editor says that it applied the edit, and did not.
    fn not_taken(files: Vec<RelPath>) -> Ending {
        let message = format!(
            "The editor says that it applied the edit, but it is not to be seen in {}; nothing more was tried and the \
             proposal is kept. Look there before you apply it again.",
            names(&files)
        );
        Ending::left(Outcome::Conflict, message, Left { hindered: files, preview: String::new() })
    }
}

fn names(files: &[RelPath]) -> String {
    files.iter().map(RelPath::as_str).collect::<Vec<_>>().join(", ")
}

/// Makes a plan off the async threads.
///
/// # Errors
/// How it ends when there is none, or none that this editor could carry out.
pub async fn plan(desk: &Desk, proposal: &Arc<Proposal>, abilities: &Abilities) -> Result<Plan, Ending> {
    in_step(&desk.workspace).await;
    let (workspace, proposal) = (desk.workspace.clone(), proposal.clone());
    let planned = tokio::task::spawn_blocking(move || Plan::new(&workspace, &proposal)).await;
    let plan = match planned {
        Ok(Ok(plan)) => plan,
        Ok(Err(obstacles)) => return Err(Ending::hindered(&obstacles)),
        Err(_) => {
            let message = "Planning the edit failed; nothing was applied.";
            return Err(Ending::over(Outcome::Failed, Some(message.into())));
        }
    };
    match beyond(&plan, abilities).as_slice() {
        [] => Ok(plan),
        files => Err(Ending::unable(files)),
    }
}

impl Application<'_> {
    /// Applies, at most twice; what the edit breaks is then looked for.
    pub async fn run(&self) -> Ending {
        let desk = self.desk;
        let files = self.proposal.files.iter().map(|file| &file.path);
        let before = Before::of(files, &desk.workspace, &desk.diagnostics);
        let ending = self.bring_in().await;
        if ending.landing.outcome == Outcome::Applied {
            desk.aftermath.landed(before, &desk.diagnostics);
        }
        ending
    }

    async fn bring_in(&self) -> Ending {
        let Some(abilities) = self.editor.abilities() else {
            return Ending::over(Outcome::Failed, Some("The editor has not introduced itself.".into()));
        };
        // Said to be applied and not seen. A file that is not open may have been changed in a buffer that nobody told
        // us about, so its edit is never sent twice.
        let mut owed: Vec<PlannedFile> = Vec::new();
        let mut unseen = Vec::new();
        for last in [false, true] {
            let mut plan = match plan(self.desk, self.proposal, abilities).await {
                Ok(plan) => plan,
                Err(ending) => return ending,
            };
            plan.files.retain(|file| owed.iter().all(|sent| sent.path != file.path));
            if plan.files.is_empty() {
                break;
            }
            match self.attempt(plan, abilities).await {
                Attempt::Over(ending) => return ending,
                Attempt::Rejected if last => {
                    let message =
                        "The editor did not take the edit, twice; nothing more was tried and the proposal is kept.";
                    return Ending::left(Outcome::Conflict, message.into(), Left::default());
                }
                Attempt::Rejected => {}
                Attempt::Sent(sent) => {
                    unseen = sent.unseen;
                    let (open, closed): (Vec<_>, Vec<_>) =
                        sent.missing.into_iter().partition(|file| file.document.is_some());
                    owed.extend(closed);
                    // In a preview the user may have left something out: they are not asked again.
                    if open.is_empty() || last || self.confirm.is_some() {
                        owed.extend(open);
                        break;
                    }
                }
            }
        }
        owed.retain(|file| !holds(&self.desk.workspace, file));
        match owed.as_slice() {
            [] => Ending::over(Outcome::Applied, not_shown(&unseen)),
            _ => Ending::not_taken(owed.into_iter().map(|file| file.path).collect()),
        }
    }

    async fn attempt(&self, plan: Plan, abilities: &Abilities) -> Attempt {
        let workspace = &self.desk.workspace;
        let edit = workspace_edit(&plan, workspace, abilities, self.confirm.as_deref());
        let limit = if self.confirm.is_some() { ANSWERS_WITHIN } else { QUICK };
        let params = json!({"label": self.proposal.title, "edit": edit});
        if self.cancel.is_cancelled() {
            return Attempt::Over(Ending::over(Outcome::Cancelled, None));
        }
        let reply = self.editor.client.request("workspace/applyEdit", params, limit).await;
        if let Ok(reply) = &reply
            && reply.get("applied").and_then(Value::as_bool) != Some(true)
        {
            // A preview that is refused because the text moved on is not the user's no.
            if self.confirm.is_some() && !moved_on(workspace, &plan) {
                return Attempt::Over(Ending::over(Outcome::Refused, None));
            }
            let reason = reply.get("failureReason").and_then(Value::as_str).unwrap_or("no reason given");
            tracing::info!(reason, "the editor did not apply the edit");
            return Attempt::Rejected;
        }
        let sent = watch(workspace, plan.files).await;
        match reply {
            Err(reason) if !sent.is_seen() => Attempt::Over(self.unanswered(&reason)),
            _ => Attempt::Sent(sent),
        }
    }

    /// The editor did not answer, or with an error, and nothing came of the edit so far.
    fn unanswered(&self, reason: &str) -> Ending {
        // Nobody said no to a preview that is still open.
        let outcome = if self.confirm.is_some() { Outcome::Proposed } else { Outcome::Conflict };
        let message = format!("The edit was not applied: {reason}; nothing more was tried and the proposal is kept.");
        Ending::left(outcome, message, Left::default())
    }
}

enum Attempt {
    /// The editor says that it applied the edit.
    Sent(Sent),
    /// It says that it did not.
    Rejected,
    Over(Ending),
}

/// What is not to be seen of an edit that was sent.
struct Sent {
    /// Files that are as they were although their change would show.
    missing: Vec<PlannedFile>,
    /// Files of which this editor tells us nothing.
    unseen: Vec<PlannedFile>,
}

impl Sent {
    fn is_seen(&self) -> bool {
        self.missing.is_empty() && self.unseen.is_empty()
    }
}

/// Whether a document changed, or was opened, since the plan was made, or a file came into being where one was to go.
fn moved_on(workspace: &Workspace, plan: &Plan) -> bool {
    plan.files.iter().any(|file| {
        let now = workspace.document(file.source()).map(|document| document.version);
        let arrives = matches!(file.operation, Operation::Create | Operation::Rename { .. });
        now != file.document.as_ref().map(|document| document.version) || (arrives && workspace.exists(&file.path))
    })
}

/// Waits until every file holds what was sent, whatever the user typed since.
async fn watch(workspace: &Workspace, mut files: Vec<PlannedFile>) -> Sent {
    let begun = Instant::now();
    let mut revisions = workspace.documents().subscribe();
    loop {
        files.retain(|file| !holds(workspace, file));
        let limit = if files.iter().any(|file| would_show(workspace, file)) { LANDS_WITHIN } else { SHOWS_WITHIN };
        let rest = limit.saturating_sub(begun.elapsed());
        if files.is_empty() || rest.is_zero() {
            break;
        }
        let _ = timeout(rest.min(LOOKS_EVERY), revisions.changed()).await;
    }
    let (missing, unseen) = files.into_iter().partition(|file| would_show(workspace, file));
    Sent { missing, unseen }
}

/// Whether we would know of the change of a file: it is open, something is wrong on disk, or the editor shows us files
/// of its kind. Helix and Neovim show a server the file types it is set up for, and no others.
fn would_show(workspace: &Workspace, file: &PlannedFile) -> bool {
    let kind = |path: &RelPath| path.as_str().rsplit_once('.').map(|(_, extension)| extension.to_owned());
    let same = |(path, _): &(RelPath, _)| kind(path) == kind(&file.path);
    file.document.is_some() || !is_in_place(workspace, file) || workspace.open_documents().iter().any(same)
}

/// Whether a file is what the plan made of it, or goes on from there.
fn holds(workspace: &Workspace, file: &PlannedFile) -> bool {
    if !is_in_place(workspace, file) {
        return false;
    }
    let text = match workspace.document(&file.path) {
        _ if file.operation == Operation::Delete => return true,
        Some(document) => document.raw(),
        None => match std::fs::read_to_string(workspace.abs(&file.path)) {
            Ok(text) => text,
            Err(_) => return false,
        },
    };
    let (now, target, text) = (to_model(&file.now), to_model(&file.target), to_model(&text));
    text == target || (text != now && matches!(merge(&now, &target, &text), Merged::Clean(merged) if merged == text))
}

/// Whether the file was created, deleted or renamed, if it was to be.
fn is_in_place(workspace: &Workspace, file: &PlannedFile) -> bool {
    match &file.operation {
        Operation::Edit => true,
        Operation::Create => workspace.exists(&file.path),
        Operation::Delete => !workspace.on_disk(&file.path),
        Operation::Rename { from } => !workspace.on_disk(from) && workspace.exists(&file.path),
    }
}

/// What the user is told of files whose change cannot be confirmed.
fn not_shown(files: &[PlannedFile]) -> Option<String> {
    let names: Vec<RelPath> = files.iter().map(|file| file.path.clone()).collect();
    (!names.is_empty()).then(|| {
        format!("Applied, as the editor says; it did not show {} afterwards, so look there.", self::names(&names))
    })
}
