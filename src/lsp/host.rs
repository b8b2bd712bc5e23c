//! One turn's connection to the editor: its progress, its edit, its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::abilities::Abilities;
use super::answer::Answer;
use super::apply::{ANSWERS_WITHIN, Application, Ending, Left, plan};
use super::client::MessageKind;
use super::confirm::{Way, question, way};
use super::desk::Desk;
use super::editor::Editor;
use super::progress::Progress;
use super::shown;
use super::waiting::{Kept, with_hint, with_preview};
use crate::agent::preview::diff;
use crate::agent::{Action, Host, Landing, Pending, Proposal, Stage, TurnEnd};
use crate::config::Confirm;
use crate::session::receipt::{Outcome, Receipt};
use crate::workspace::RelPath;

/// What a turn tells and asks the editor.
#[derive(Clone)]
pub struct EditorHost {
    /// Shared, so that a question can outlive the turn.
    inner: Arc<Inner>,
}

struct Inner {
    editor: Arc<Editor>,
    desk: Arc<Desk>,
    turn: String,
    action: Action,
    confirm: Confirm,
    cancel: CancellationToken,
    progress: Progress,
    /// A question to be asked once the turn is over.
    question: Mutex<Option<Question>>,
    /// What is to be shown of a proposal that is kept.
    preview: Mutex<String>,
    /// What is said, if that is what was asked for.
    answer: Answer,
}

/// A proposal that needs the user's word.
struct Question {
    proposal: Arc<Proposal>,
    text: String,
    way: Way,
    /// What it would change, as a diff.
    diff: String,
}

/// What a host is made from.
pub struct HostParts {
    /// The editor.
    pub editor: Arc<Editor>,
    /// The turn's desk.
    pub desk: Arc<Desk>,
    /// The turn's id.
    pub turn: String,
    /// What it does.
    pub action: Action,
    /// When to ask, as it was when the turn began.
    pub confirm: Confirm,
    /// Stops it.
    pub cancel: CancellationToken,
    /// Its progress.
    pub progress: Progress,
}

impl EditorHost {
    /// A host for one turn.
    pub fn new(parts: HostParts) -> EditorHost {
        let HostParts { editor, desk, turn, action, confirm, cancel, progress } = parts;
        let (question, preview, answer) = (Mutex::default(), Mutex::default(), Answer::default());
        let inner = Inner { editor, desk, turn, action, confirm, cancel, progress, question, preview, answer };
        EditorHost { inner: Arc::new(inner) }
    }

    /// Says that the turn is in the queue.
    pub fn waits_for(&self, before: usize) {
        if before > 0 {
            let turns = if before == 1 { "turn" } else { "turns" };
            self.inner.progress.say(format!("waiting for {before} {turns} to end"));
        }
    }

    /// Says that the user has to allow it first: the question may be out of sight by now.
    pub fn waits_for_consent(&self, name: &str) {
        self.inner.progress.say(format!("waiting for you: may this workspace be sent to {name}?"));
    }

    /// Ends a turn that never reached its session.
    pub fn refuse(&self, message: String) {
        let receipt = Receipt {
            turn: self.inner.turn.clone(),
            action: self.inner.action.name().into(),
            outcome: Outcome::Refused,
            transport: "websocket",
            ..Receipt::default()
        };
        self.inner.desk.session.board().file(receipt.clone());
        self.ended(TurnEnd { receipt, message });
    }
}

impl Host for EditorHost {
    fn begun(&self) {
        self.inner.progress.say("reading your changes".into());
    }

    fn stage(&self, stage: Stage) {
        let inner = &self.inner;
        match &stage {
            Stage::Text(piece) if inner.action == Action::Ask => inner.answer.push(&inner.editor, &inner.turn, piece),
            Stage::Thinking => inner.answer.restart(),
            _ => {}
        }
        if let Some(text) = words(&stage) {
            self.inner.progress.say(text);
        }
    }

    fn land(&self, proposal: Proposal) -> Pending<'_, Landing> {
        Box::pin(self.inner.land(Arc::new(proposal)))
    }

    fn ended(&self, end: TurnEnd) {
        let inner = self.inner.clone();
        tokio::spawn(async move { inner.conclude(end).await });
    }
}

impl Inner {
    async fn land(&self, proposal: Arc<Proposal>) -> Landing {
        let Some(abilities) = self.editor.abilities() else {
            return landing(Outcome::Failed, Some("The editor has not introduced itself.".into()));
        };
        let plan = match plan(&self.desk, &proposal, abilities).await {
            Ok(plan) => plan,
            Err(ending) => return self.keep_left(ending, &proposal),
        };
        // A turn ends under the settings it began with, unless it is to be asked about more often by now.
        let confirm = self.confirm.max(self.desk.config().edit.confirm);
        let way = way(&plan, &proposal, confirm, abilities);
        if way == Way::AtOnce {
            return self.apply(&proposal, None).await;
        }
        let (text, diff) = (question(&plan), diff(&plan));
        *lock(&self.question) = Some(Question { proposal, text, way, diff });
        landing(Outcome::Proposed, None)
    }

    async fn apply(&self, proposal: &Arc<Proposal>, confirm: Option<String>) -> Landing {
        let (editor, desk, cancel) = (&*self.editor, &*self.desk, &self.cancel);
        let ending = Application { editor, desk, proposal, cancel, confirm }.run().await;
        self.keep_left(ending, proposal)
    }

    /// Keeps a proposal that is not dealt with, and remembers what is to be shown of it.
    fn keep_left(&self, ending: Ending, proposal: &Arc<Proposal>) -> Landing {
        let Ending { mut landing, left } = ending;
        if let Some(Left { hindered, preview }) = left {
            landing.message = landing.message.map(|text| with_hint(text, proposal, &hindered));
            *lock(&self.preview) = preview;
            self.keep(proposal, hindered);
        }
        landing
    }

    fn keep(&self, proposal: &Arc<Proposal>, hindered: Vec<RelPath>) {
        self.editor.waiting.keep(Kept {
            desk: self.desk.clone(),
            proposal: proposal.clone(),
            finishes: self.action == Action::Finish,
            hindered,
            begun: false,
        });
    }

    /// The turn is over; a question may remain.
    async fn conclude(&self, mut end: TurnEnd) {
        let question = lock(&self.question).take();
        if let Some(question) = question
            && end.receipt.outcome == Outcome::Proposed
        {
            let landing = self.ask(question).await;
            if landing.outcome != Outcome::Proposed
                && let Some(receipt) = self.desk.session.amend(&self.turn, landing.outcome)
            {
                end.receipt = receipt;
            }
            // The model's words tell of a change; where the user said no, there is none to tell of.
            let model = if landing.outcome == Outcome::Applied { end.message } else { String::new() };
            end.message = landing.message.unwrap_or(model);
        }
        if self.action == Action::Finish && matches!(end.receipt.outcome, Outcome::Applied | Outcome::Answered) {
            self.desk.settle();
        }
        self.editor.remove_turn(&self.turn);
        let preview = std::mem::take(&mut *lock(&self.preview));
        end.message = with_preview(&self.editor, &self.turn, end.message, preview).await;
        self.report(&end).await;
    }

    /// Puts the question to the user and does what they say.
    async fn ask(&self, mut question: Question) -> Landing {
        self.progress.say(format!("waiting for you: {}", question.text));
        match question.way {
            Way::AtOnce | Way::TwoSteps => self.keep_for_later(question),
            Way::Annotations => {
                self.unless_cancelled(self.apply(&question.proposal, Some(question.text.clone()))).await
            }
            Way::Message => {
                if self.shows_beside(&question.diff).await {
                    question.diff.clear();
                }
                let choice = self.unless_cancelled(self.choice(&question.text)).await;
                match choice.outcome {
                    Outcome::Applied => self.apply(&question.proposal, None).await,
                    // No choice is not a no: the proposal waits as code actions.
                    Outcome::Proposed => self.keep_for_later(question),
                    _ => choice,
                }
            }
        }
    }

    /// Shows what it is about beside a question, where a plugin has a place for that and says there what can be done.
    async fn shows_beside(&self, diff: &str) -> bool {
        self.editor.abilities().is_some_and(|abilities| abilities.documents)
            && shown::preview(&self.editor, &self.turn, diff.to_owned()).await.is_none()
    }

    /// The user is told what to do, unless they read it beside the change.
    fn keep_for_later(&self, question: Question) -> Landing {
        self.keep(&question.proposal, Vec::new());
        let told = question.diff.is_empty();
        *lock(&self.preview) = question.diff;
        let shows = self.editor.abilities().is_some_and(Abilities::shows_on_request);
        let choices = if shows { "Apply, Discard or Show" } else { "Apply or Discard" };
        // What to do stands in the first 80 columns: Helix has one line for it.
        let message = format!("Choose {choices} among the code actions. {}", question.text);
        landing(Outcome::Proposed, (!told).then_some(message))
    }

    /// The user's choice: `applied` for yes, `refused` for no, `proposed` for none.
    async fn choice(&self, text: &str) -> Landing {
        let params = json!({"type": 3, "message": text, "actions": [{"title": "Apply"}, {"title": "Discard"}]});
        let answer = self.editor.client.request("window/showMessageRequest", params, ANSWERS_WITHIN).await;
        let title = answer.ok().and_then(|answer| Some(answer.get("title")?.as_str()?.to_owned()));
        landing(
            match title.as_deref() {
                Some("Apply") => Outcome::Applied,
                Some(_) => Outcome::Refused,
                None => Outcome::Proposed,
            },
            None,
        )
    }

    async fn unless_cancelled(&self, work: impl Future<Output = Landing>) -> Landing {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => landing(Outcome::Cancelled, None),
            done = work => done,
        }
    }

    /// Tells the user how it ended: once, where they look for it.
    async fn report(&self, end: &TurnEnd) {
        let line = end.receipt.line();
        let message = end.message.trim();
        let last = if message.is_empty() { line.clone() } else { format!("{line} — {}", first_line(message)) };
        self.progress.end(last).await;
        let client = &self.editor.client;
        if end.receipt.outcome != Outcome::Answered {
            self.answer.cut(if message.is_empty() { "Cancelled." } else { message }).await;
        }
        match end.receipt.outcome {
            Outcome::Answered if self.action == Action::Ask => {
                self.answer.finish(&self.editor, &self.turn, &self.desk.workspace, message).await;
            }
            Outcome::Answered => client.show(MessageKind::Info, message).await,
            Outcome::Proposed if !message.is_empty() => client.show(MessageKind::Info, message).await,
            Outcome::Applied => client.notify("window/logMessage", json!({"type": 3, "message": message})).await,
            Outcome::Conflict | Outcome::Refused if !message.is_empty() => {
                client.show(MessageKind::Warning, message).await;
            }
            Outcome::Failed => client.show(MessageKind::Error, message).await,
            Outcome::Proposed | Outcome::Conflict | Outcome::Refused | Outcome::Cancelled => {}
        }
    }
}

fn landing(outcome: Outcome, message: Option<String>) -> Landing {
    Landing { outcome, message }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn first_line(text: &str) -> String {
    const SHOWN: usize = 200;
    let line = text.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < line.len() { format!("{shown}…") } else { shown }
}

/// A stage in words, for those worth showing.
fn words(stage: &Stage) -> Option<String> {
    Some(match stage {
        Stage::Connecting => "connecting".into(),
        Stage::Thinking => "thinking".into(),
        Stage::Waiting { delay, reason } => format!("waiting {:.0} s: {reason}", delay.as_secs_f64().ceil()),
        Stage::Reading(paths) => format!("reading {}", list(paths)),
        Stage::Searching(pattern) => format!("searching {pattern}"),
        Stage::Editing(paths) => format!("editing {}", list(paths)),
        Stage::Landing => "editing your files".into(),
        Stage::Text(_) => return None,
    })
}

fn list(paths: &[crate::workspace::RelPath]) -> String {
    match paths {
        [] => String::new(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// The value of a progress token for a turn.
pub fn token(turn: &str) -> Value {
    Value::from(format!("pilotlight-{turn}"))
}
