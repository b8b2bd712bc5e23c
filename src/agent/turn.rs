//! One turn: ask, answer tool calls, tell what the user types meanwhile, until the model is done; then propose.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conversation::Conversation;
use super::guard::LoopGuard;
use super::opening::{self, Known, Opening};
use super::proposal::Proposal;
use super::reconcile::{Manner, Scope, reconcile};
use super::tools::{self, Answer, Call, Effect, View};
use super::working::WorkingCopy;
use super::{Landing, Stage, TurnRequest, prompts};
use crate::delta::ledger::{Ledger, Sight};
use crate::session::failure::Failure;
use crate::session::line::{Context, Happening, Line, Reply};
use crate::session::receipt::Outcome;
use crate::wire::item::{Encoded, Item, Role};
use crate::workspace::{RelPath, Workspace};

/// Why a turn ends before the model is done.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    /// The session could not get an answer.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The model did not come to an end.
    #[error("{0}; nothing was applied")]
    Loop(String),
    /// A rule keeps the invoked file from models.
    #[error("{0}")]
    Refused(String),
}

/// A running turn.
pub struct Turn<'a> {
    conversation: &'a mut Conversation,
    request: &'a TurnRequest,
    working: WorkingCopy,
    guard: LoopGuard,
    /// Whether a patch was taken.
    patched: bool,
    /// What the model knew when the turn began: a lineage begun in mid turn starts from here, and everything told in
    /// this turn applies to it.
    before: Ledger,
    /// The first request begins a new lineage.
    rebased: bool,
    /// The documents' revision that was reconciled last, and what was open then.
    seen: u64,
    open: BTreeSet<RelPath>,
}

impl Context for Turn<'_> {
    fn rebase(&mut self, budget: usize) -> Vec<Encoded> {
        let mut text = self.conversation.brief.clone();
        if !self.conversation.past.is_empty() {
            text.push('\n');
            text.push_str(prompts::PAST.trim_end());
            for line in &self.conversation.past {
                text.push_str(&format!("\n- {line}"));
            }
        }
        // Rules may have come since.
        forget_excluded(&mut self.before, &self.request.workspace);
        let files = self.conversation.ledger.retell(&self.before, budget);
        if !files.is_empty() {
            text.push_str(&format!("\n{}\n{}", prompts::KNOWN.trim_end(), files.join("\n")));
        }
        vec![Item::user(text).encode()]
    }

    fn meanwhile(&mut self) -> Option<Encoded> {
        self.typed_meanwhile()
    }
}

impl<'a> Turn<'a> {
    /// A turn about to begin. With `rebased`, the next request begins a new lineage anyway, so that nothing but the
    /// user's own text counts.
    pub fn new(conversation: &'a mut Conversation, request: &'a TurnRequest, rebased: bool) -> Turn<'a> {
        if rebased {
            conversation.ledger.drop_beliefs();
            forget_excluded(&mut conversation.ledger, &request.workspace);
        }
        Turn {
            before: conversation.ledger.clone(),
            conversation,
            request,
            working: WorkingCopy::default(),
            guard: LoopGuard::default(),
            patched: false,
            rebased,
            seen: 0,
            open: BTreeSet::new(),
        }
    }

    /// Runs it to its end: how it ended, and how many files it changed.
    pub async fn run(mut self, line: &mut Line) -> (Landing, usize) {
        let answered = self.rounds(line).await;
        if self.request.cancel.is_cancelled() {
            return (ended(Outcome::Cancelled, "Cancelled.".into()), 0);
        }
        let message = match answered {
            Ok(message) => message,
            Err(Stopped::Failure(revoked @ Failure::Revoked(_))) => {
                return (ended(Outcome::Refused, sentence(&revoked.to_string())), 0);
            }
            Err(Stopped::Refused(reason)) => return (ended(Outcome::Refused, reason), 0),
            Err(stopped) => return (ended(Outcome::Failed, sentence(&stopped.to_string())), 0),
        };
        let files = self.working.changes();
        if files.is_empty() || !self.request.ask.action.edits() {
            return (self.without_changes(message), 0);
        }
        let changed = files.len();
        self.request.host.stage(Stage::Landing);
        let proposal = Proposal {
            turn: self.request.id.clone(),
            title: format!("Pilotlight: {}", self.request.ask.action.name()),
            invoked: self.request.ask.file.clone(),
            files,
        };
        let landing = self.request.host.land(proposal).await;
        if landing.outcome == Outcome::Applied {
            self.landed();
        }
        let message = landing.message.unwrap_or(message);
        (ended(landing.outcome, message), changed)
    }

    /// The model answered in words: an answer to a question, and a refusal to anything that asked for an edit.
    fn without_changes(&self, message: String) -> Landing {
        ended(Outcome::Answered, message)
    }

    /// The edits are in the editor: the user's text and the model's belief are one again.
    fn landed(&mut self) {
        for change in self.working.changes() {
            match (&change.theirs, self.request.workspace.read(&change.path)) {
                // Told is what the editor has now; a file that is not open may not be on disk yet.
                (Some(theirs), Ok(now)) => {
                    self.conversation.ledger.saw(&change.path, theirs, &now, Sight::Changes);
                }
                (Some(theirs), Err(_)) => self.conversation.ledger.saw(&change.path, theirs, theirs, Sight::Changes),
                (None, _) => self.conversation.ledger.forget(&change.path),
            }
        }
    }

    async fn rounds(&mut self, line: &mut Line) -> Result<String, Stopped> {
        let mut new = self.opening(line).await?;
        let max_rounds = line.limits().max_rounds;
        let mut said = Vec::new();
        for _ in 0..max_rounds {
            let host = self.request.host.clone();
            let mut watcher = move |happening: Happening<'_>| host.stage(stage(happening));
            let reply = line.round(new, self, &mut watcher).await?;
            let calls: Vec<Call> = reply.items.iter().filter_map(|item| Call::from_item(&item.item)).collect();
            said.extend(words(&reply));
            if calls.is_empty() {
                match self.written_patch(&said).await? {
                    Some(refused) => new = vec![Item::user(refused).encode()],
                    None => return Ok(said.pop().unwrap_or_default()),
                }
                said.clear();
                new.extend(self.typed_meanwhile());
                continue;
            }
            said.clear();
            let started = Instant::now();
            let outputs = self.answer(&calls).await;
            line.receipt().ms_tools += started.elapsed();
            line.receipt().tool_calls += u32::try_from(calls.len()).unwrap_or(u32::MAX);
            new = outputs?;
            new.extend(self.typed_meanwhile());
        }
        Err(Stopped::Loop(format!("the model did not finish within session.max_rounds ({max_rounds})")))
    }

    /// What the turn begins with.
    async fn opening(&mut self, line: &mut Line) -> Result<Vec<Encoded>, Stopped> {
        let request = self.request.clone();
        in_step(&request.workspace).await;
        self.seen = request.workspace.documents().revision();
        self.open = open_paths(&request.workspace);
        let ledger = std::mem::take(&mut self.conversation.ledger);
        let known = Known { ledger, working: std::mem::take(&mut self.working), rebased: self.rebased };
        let before = self.before.clone();
        let opened = match tokio::task::spawn_blocking(move || opening::open(&request, known)).await {
            Ok(opened) => opened,
            Err(error) => match error.try_into_panic() {
                // The conversation ends with it, as with a panic here.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return Err(Stopped::Refused("Pilotlight is stopping; nothing was done.".into())),
            },
        };
        let Opening { ledger, working, brief, messages, shares } = opened.map_err(|reason| {
            self.conversation.ledger = before;
            Stopped::Refused(reason)
        })?;
        (self.conversation.ledger, self.working) = (ledger, working);
        if let Some(brief) = brief {
            self.conversation.brief = brief;
        }
        line.receipt().context = shares;
        Ok(messages.into_iter().map(|text| Item::user(text).encode()).collect())
    }

    /// Runs the calls and makes their answers items.
    async fn answer(&mut self, calls: &[Call]) -> Result<Vec<Encoded>, Stopped> {
        let host = &self.request.host;
        for stage in calls.iter().filter_map(tools::stage) {
            host.stage(stage);
        }
        let view = self.view();
        let answers = tools::run_all(calls, view, |_, answer| self.take(answer)).await;
        let mut items = Vec::with_capacity(calls.len());
        for (call, answer) in calls.iter().zip(answers) {
            if let Some(reason) = self.repeated(call, &answer) {
                return Err(Stopped::Loop(reason));
            }
            items.push(call.answer(answer.output).encode());
        }
        Ok(items)
    }

    /// Takes the patch that the model wrote into its last words, if it never called the tool for one; gives what to tell
    /// it where the patch is refused. After a patch that was taken, another one in words only says what was done.
    async fn written_patch(&mut self, said: &[String]) -> Result<Option<String>, Stopped> {
        if !self.request.ask.action.edits() || self.patched {
            return Ok(None);
        }
        let Some((call, mut answer)) = tools::run_on_words(&said.join("\n\n"), self.view()).await else {
            return Ok(None);
        };
        self.take(&answer);
        match &mut answer.effect {
            Effect::Patched(_) => return Ok(None),
            // A patch that cannot be read names no file; it counts as one for the file that the turn is about.
            Effect::Refused(files) if files.is_empty() => files.extend(self.request.ask.file.clone()),
            _ => {}
        }
        match self.repeated(&call, &answer) {
            Some(reason) => Err(Stopped::Loop(reason)),
            None => Ok(Some(prompts::filled(prompts::WRITTEN_PATCH, &[("reason", &answer.output)]))),
        }
    }

    fn repeated(&mut self, call: &Call, answer: &Answer) -> Option<String> {
        let patched = match &answer.effect {
            Effect::Refused(files) => self.guard.note_patch(files, false),
            Effect::Patched(writes) => {
                let files: Vec<_> = writes.iter().map(|write| write.path.clone()).collect();
                self.guard.note_patch(&files, true)
            }
            Effect::Nothing | Effect::Repeated | Effect::Saw { .. } => None,
        };
        let told = (!matches!(answer.effect, Effect::Repeated)).then_some(answer.output.as_str());
        patched.or_else(|| self.guard.note(&call.name, call.arguments(), told))
    }

    /// Takes a tool's effect into the turn; a patch changes what the tools after it see.
    fn take(&mut self, answer: &Answer) -> Option<Arc<View>> {
        match &answer.effect {
            Effect::Nothing | Effect::Repeated | Effect::Refused(_) => None,
            Effect::Saw { path, text, sight, lines } => {
                self.working.pin(path, text);
                let base = self.working.base(path).unwrap_or(text).clone();
                self.conversation.ledger.saw(path, text, &base, *sight);
                self.conversation.ledger.gave(path, *lines);
                None
            }
            Effect::Patched(writes) => {
                self.patched = true;
                for write in writes {
                    self.working.write(&write.path, write.before.clone(), write.after.clone());
                    match &write.after {
                        Some(text) => {
                            let base = self.working.base(&write.path).cloned();
                            self.conversation.ledger.patched(&write.path, text, base.as_ref());
                        }
                        None => self.conversation.ledger.forget(&write.path),
                    }
                }
                for write in writes {
                    if let Some(from) = &write.moved_from {
                        self.working.renamed(from, &write.path);
                    }
                }
                let paths = writes.iter().map(|write| write.path.clone()).collect();
                self.request.host.stage(Stage::Editing(paths));
                Some(self.view())
            }
        }
    }

    fn view(&self) -> Arc<View> {
        Arc::new(View {
            workspace: self.request.workspace.clone(),
            diagnostics: self.request.diagnostics.clone(),
            working: self.working.clone(),
            ledger: self.conversation.ledger.clone(),
            cancel: self.request.cancel.clone(),
        })
    }

    /// What the user typed since the last request, as a message; only documents that are or were open can have changed.
    fn typed_meanwhile(&mut self) -> Option<Encoded> {
        let workspace = &self.request.workspace;
        let revision = workspace.documents().revision();
        if revision == self.seen {
            return None;
        }
        let seen = std::mem::replace(&mut self.seen, revision);
        let mut before = std::mem::replace(&mut self.open, open_paths(workspace));
        // Opened, changed, saved and closed since: open neither then nor now.
        before.extend(workspace.closed_since(seen));
        let scope = Scope::Open { before: &before };
        let manner = Manner { scope, retold: false, budget: self.request.max_delta_bytes };
        let ledger = &mut self.conversation.ledger;
        let told = reconcile(&self.request.workspace, ledger, &mut self.working, manner)?;
        Some(Item::user(told).encode())
    }
}

/// Leaves out what a new lineage may not hear of: what an earlier one was told is not told again.
fn forget_excluded(ledger: &mut Ledger, workspace: &Workspace) {
    ledger.retain(|path| workspace.check(path).is_ok());
}

fn open_paths(workspace: &Workspace) -> BTreeSet<RelPath> {
    workspace.open_documents().into_iter().map(|(path, _)| path).collect()
}

/// Waits a moment for changes that an editor sent out of order: until they are here, the text is not the user's.
pub async fn in_step(workspace: &Workspace) {
    const MISSING_FOR: Duration = Duration::from_millis(300);
    let mut revisions = workspace.documents().subscribe();
    let is_missing = || workspace.documents().all().iter().any(|document| document.incomplete);
    let _ =
        tokio::time::timeout(MISSING_FOR, async { while is_missing() && revisions.changed().await.is_ok() {} }).await;
}

fn ended(outcome: Outcome, message: String) -> Landing {
    Landing { outcome, message: Some(message) }
}

/// A message that begins like a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

/// The messages of a reply.
fn words(reply: &Reply) -> impl Iterator<Item = String> + '_ {
    reply.items.iter().filter_map(|item| match &item.item {
        Item::Message { role: Role::Assistant, text } if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    })
}

fn stage(happening: Happening<'_>) -> Stage {
    match happening {
        Happening::Connecting => Stage::Connecting,
        Happening::Asking => Stage::Thinking,
        Happening::Waiting { delay, reason } => Stage::Waiting { delay, reason: reason.to_owned() },
        Happening::Text(delta) => Stage::Text(delta.to_owned()),
    }
}
