//! Proposals that wait for the user: kept whole or in part, applied file by file, discarded.
//!
//! A proposal waits once, whatever became of its files: what is applied leaves it, the rest stays. The turn's receipt
//! changes when nothing of it waits any more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::apply::{Application, Left, plan};
use super::client::MessageKind;
use super::desk::Desk;
use super::editor::Editor;
use super::shown;
use crate::agent::Proposal;
use crate::agent::preview::diff;
use crate::session::receipt::Outcome;
use crate::workspace::RelPath;

/// Proposals kept for later; the oldest goes first.
const MAX_PROPOSALS: usize = 16;

/// A proposal that waits.
#[derive(Clone)]
pub struct Kept {
    /// Its desk.
    pub desk: Arc<Desk>,
    /// The changes that were not applied.
    pub proposal: Arc<Proposal>,
    /// It carries the user's own changes through the workspace.
    pub finishes: bool,
    /// Files that stood in the way when it was tried last.
    pub hindered: Vec<RelPath>,
    /// Some of its files were applied already.
    pub begun: bool,
}

impl Kept {
    fn has_id(&self, id: &str) -> bool {
        self.proposal.turn == id
    }
}

/// Everything that waits in one editor, oldest first.
#[derive(Default)]
pub struct Waiting {
    kept: Mutex<VecDeque<Kept>>,
}

impl Waiting {
    /// Keeps a proposal, together with what waits of the same turn.
    pub fn keep(&self, mut kept: Kept) {
        let mut all = self.lock();
        if let Some(index) = all.iter().position(|other| other.has_id(&kept.proposal.turn))
            && let Some(other) = all.remove(index)
        {
            let untried: Vec<RelPath> =
                other.hindered.into_iter().filter(|path| !kept.proposal.concerns(path)).collect();
            kept.hindered.extend(untried);
            kept.proposal = Arc::new(kept.proposal.join(&other.proposal));
            kept.begun |= other.begun;
        }
        all.push_back(kept);
        if all.len() > MAX_PROPOSALS {
            all.pop_front();
        }
    }

    /// Takes the changes of these files out, of all files if none are named; the others go on waiting.
    pub fn take(&self, id: &str, files: Option<&[RelPath]>) -> Option<Kept> {
        let mut all = self.lock();
        let index = all.iter().position(|kept| kept.has_id(id))?;
        let Some(files) = files else { return all.remove(index) };
        let (chosen, rest) = all[index].proposal.split(files);
        let taken = Kept { proposal: Arc::new(chosen), ..all[index].clone() };
        match rest.files.is_empty() {
            true => drop(all.remove(index)),
            false => all[index].proposal = Arc::new(rest),
        }
        Some(taken)
    }

    /// Notes that a part was applied. False when no other part waits.
    fn goes_on(&self, id: &str) -> bool {
        let mut all = self.lock();
        let rest = all.iter_mut().find(|kept| kept.has_id(id));
        rest.map(|kept| kept.begun = true).is_some()
    }

    /// The proposal of this turn, if it waits.
    pub fn get(&self, id: &str) -> Option<Kept> {
        self.lock().iter().find(|kept| kept.has_id(id)).cloned()
    }

    /// Everything that waits.
    pub fn all(&self) -> Vec<Kept> {
        self.lock().iter().cloned().collect()
    }

    /// A folder was removed, and with it what waits there.
    pub fn leave(&self, desk: &Arc<Desk>) {
        self.lock().retain(|kept| !Arc::ptr_eq(&kept.desk, desk));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Applies a kept proposal or some files of it (URIs or paths), by the user's word. Returns at once; what came of it is
/// told, and the receipt follows.
///
/// # Errors
/// There is no such proposal, or it does not change such a file.
pub fn apply(editor: &Arc<Editor>, id: &str, files: Option<&[String]>) -> Result<(), String> {
    let kept = editor.waiting.get(id).ok_or_else(|| gone(id))?;
    let files = files.map(|names| chosen(&kept, names)).transpose()?;
    let taken = editor.waiting.take(id, files.as_deref()).ok_or_else(|| gone(id))?;
    let editor = editor.clone();
    tokio::spawn(async move { carry_out(&editor, taken).await });
    Ok(())
}

/// Drops a kept proposal.
///
/// # Errors
/// There is no such proposal.
pub fn discard(editor: &Editor, id: &str) -> Result<(), String> {
    let kept = editor.waiting.take(id, None).ok_or_else(|| gone(id))?;
    // What was applied of it stays in the user's files, and the receipt says so.
    kept.desk.session.amend(id, if kept.begun { Outcome::Applied } else { Outcome::Refused });
    Ok(())
}

/// Shows what a kept proposal would change in the texts of now, or what stands in its way there. Returns at once.
///
/// # Errors
/// There is no such proposal.
pub fn show(editor: &Arc<Editor>, id: &str) -> Result<(), String> {
    let kept = editor.waiting.get(id).ok_or_else(|| gone(id))?;
    let editor = editor.clone();
    tokio::spawn(async move {
        let Some(abilities) = editor.abilities() else { return };
        let text = match plan(&kept.desk, &kept.proposal, abilities).await {
            Ok(plan) => diff(&plan),
            Err(ending) => match ending.left {
                Some(left) if !left.preview.is_empty() => left.preview,
                _ => return editor.tell(MessageKind::Warning, ending.landing.message.unwrap_or_default()),
            },
        };
        shown::preview_now(&editor, &kept.proposal.turn, text).await;
    });
    Ok(())
}

fn gone(id: &str) -> String {
    format!("there is no proposal {id} any more")
}

fn chosen(kept: &Kept, names: &[String]) -> Result<Vec<RelPath>, String> {
    let named = |name: &String| {
        let path = kept.desk.workspace.rel_of_uri(name).or_else(|| RelPath::parse(name).ok());
        path.filter(|path| kept.proposal.concerns(path)).ok_or_else(|| {
            let files: Vec<&str> = kept.proposal.files.iter().map(|file| file.path.as_str()).collect();
            format!("proposal {} does not change {name}; what waits of it is {}", kept.proposal.turn, files.join(", "))
        })
    };
    match names {
        [] => Err("give the files to apply, or leave `files` out for all".into()),
        names => names.iter().map(named).collect(),
    }
}

async fn carry_out(editor: &Editor, kept: Kept) {
    let cancel = CancellationToken::new();
    let (desk, proposal) = (&*kept.desk, &kept.proposal);
    let ending = Application { editor, desk, proposal, cancel: &cancel, confirm: None }.run().await;
    let id = kept.proposal.turn.clone();
    if ending.landing.outcome == Outcome::Applied {
        if editor.waiting.goes_on(&id) {
            return;
        }
        kept.desk.session.amend(&id, Outcome::Applied);
        if kept.finishes {
            kept.desk.settle();
        }
        return;
    }
    kept.desk.session.amend(&id, ending.landing.outcome);
    let mut text = ending.landing.message.unwrap_or_else(|| "The edit was not applied.".into());
    if let Some(Left { hindered, preview }) = ending.left {
        text = with_hint(text, &kept.proposal, &hindered);
        editor.waiting.keep(Kept { hindered, ..kept });
        text = with_preview(editor, &id, text, preview).await;
    }
    editor.client.show(MessageKind::Warning, &text).await;
}

/// The title of the action that applies everything but what is in the way; none where that is nothing or all.
pub fn all_but(proposal: &Proposal, hindered: &[RelPath]) -> Option<String> {
    let (in_the_way, rest) = proposal.split(hindered);
    let first = in_the_way.files.first().filter(|_| !rest.files.is_empty())?;
    let others = match in_the_way.files.len() {
        1 => String::new(),
        more => format!(" and {} more", more - 1),
    };
    Some(format!("Apply Pilotlight's change to all but {}{others}", first.path))
}

/// A message with the hint that the rest can be applied.
pub fn with_hint(text: String, proposal: &Proposal, hindered: &[RelPath]) -> String {
    match all_but(proposal, hindered) {
        Some(title) => format!("{text} The code action \u{201c}{title}\u{201d} applies the rest."),
        None => text,
    }
}

/// Shows a preview; where the editor cannot, the message says where it is.
pub async fn with_preview(editor: &Editor, turn: &str, text: String, preview: String) -> String {
    if preview.is_empty() {
        return text;
    }
    match shown::preview(editor, turn, preview).await {
        Some(path) => format!("{text} What it would change: {}", path.display()),
        None => text,
    }
}
