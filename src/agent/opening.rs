//! What a turn begins with: the project's guidelines, the invoked file, what changed since the model was told last, and
//! the request. Read from documents and disk off the async threads.

use super::action::Action;
use super::brief::brief;
use super::reconcile::{Manner, Scope, reconcile};
use super::request::{self, Extras, Subject};
use super::working::WorkingCopy;
use super::{TurnRequest, prompts};
use crate::delta::frame;
use crate::delta::ledger::{Extent, Ledger, Sight};
use crate::session::receipt::Shares;
use crate::visible::shown;
use crate::workspace::{Diagnostic, ModelText, ReadError, RelPath};

/// A file of at most this size is sent whole with the first request that concerns it: the model would read it anyway.
const MAX_INVOKED_BYTES: usize = 64 * 1024;
/// The file in which a project tells agents how it wants to be worked on; valid for its folder and those below.
const GUIDELINES: &str = "AGENTS.md";
/// Stands in the ledger for the text of guidelines with the invisible written out: none of the file's own lines.
const WRITTEN_OUT: (usize, usize) = (0, 0);
/// Bytes of all guidelines that concern a file.
const MAX_GUIDELINES_BYTES: usize = 32 * 1024;

/// What is known before a turn's first request is put together.
pub struct Known {
    /// What the model knows.
    pub ledger: Ledger,
    /// The turn's working copy.
    pub working: WorkingCopy,
    /// The first request begins a new lineage.
    pub rebased: bool,
}

/// A turn's beginning.
pub struct Opening {
    /// What the model knows once it has read the messages.
    pub ledger: Ledger,
    /// The turn's working copy.
    pub working: WorkingCopy,
    /// The brief, where a new lineage begins.
    pub brief: Option<String>,
    /// The messages, in order.
    pub messages: Vec<String>,
    /// What their parts took.
    pub shares: Shares,
}

/// Puts a turn's beginning together; blocks.
///
/// # Errors
/// A rule keeps the invoked file from models; the reason, for the user.
pub fn open(request: &TurnRequest, known: Known) -> Result<Opening, String> {
    let Known { ledger, working, rebased } = known;
    let workspace = &request.workspace;
    if let Some(path) = &request.ask.file {
        match workspace.read(path) {
            Ok(_) | Err(ReadError::NotFound) => {}
            Err(error) => return Err(format!("{path} is not sent to a model: {error}. Nothing was done.")),
        }
    }
    let before = ledger.clone();
    let mut opening = Opening { ledger, working, brief: None, messages: Vec::new(), shares: Shares::default() };
    if rebased {
        let brief = brief(workspace);
        opening.shares.add("brief", brief.len());
        opening.brief = Some(brief);
    }
    opening.guidelines(request);
    opening.invoked_file(request);
    let manner = Manner { scope: Scope::Everything, retold: rebased, budget: request.max_delta_bytes };
    if let Some(told) = reconcile(workspace, &mut opening.ledger, &mut opening.working, manner) {
        opening.shares.add("changes", told.len());
        opening.messages.push(told);
    }
    opening.request(request, &before);
    Ok(opening)
}

impl Opening {
    /// The guidelines in the folders above the invoked file that the model does not know, the outermost first. Known
    /// ones are like any known file: what changes in them is told as a diff.
    fn guidelines(&mut self, request: &TurnRequest) {
        let mut left = MAX_GUIDELINES_BYTES;
        let mut frames = Vec::new();
        for path in guidelines_for(request.ask.file.as_ref()) {
            if self.knows(&path) {
                continue;
            }
            let hidden = self.hiding(request, &path, left);
            if let Some(framed) = hidden.unwrap_or_else(|| self.whole(request, &path, left)) {
                left = left.saturating_sub(framed.len());
                frames.push(framed);
            }
        }
        if !frames.is_empty() {
            let text = format!("{}\n{}", prompts::GUIDELINES.trim_end(), frames.join("\n"));
            self.shares.add("guidelines", text.len());
            self.messages.push(text);
        }
    }

    /// Guidelines that hold what a person does not see, with it written out: nothing hidden may ask for anything. `None`
    /// for all others. This is not the file's text, so its frame is not a file's and the model does not count as
    /// knowing the file. `Some(None)` when the model has it from an earlier turn of this lineage.
    fn hiding(&mut self, request: &TurnRequest, path: &RelPath, limit: usize) -> Option<Option<String>> {
        let text = request.workspace.read(path).ok()?;
        let raw = text.to_string();
        let shown = shown(&raw);
        if shown == raw {
            return None;
        }
        if self.ledger.has_given(path, &text, WRITTEN_OUT) || shown.len() > limit {
            return Some(None);
        }
        self.ledger.saw(path, &text, &text, Sight::Changes);
        self.ledger.gave(path, WRITTEN_OUT);
        Some(Some(frame::frame("guidelines", &[("path", path.as_str())], &shown)))
    }

    /// The file the turn was invoked on, when the model does not know it and will have to. A change to be finished says
    /// by itself what it is about.
    fn invoked_file(&mut self, request: &TurnRequest) {
        let path = request.ask.file.as_ref().filter(|_| request.ask.action != Action::Finish);
        if let Some(framed) = path.and_then(|path| self.whole(request, path, MAX_INVOKED_BYTES)) {
            self.shares.add("file", framed.len());
            self.messages.push(framed);
        }
    }

    /// Whether the model has all of a file; what changes in it is then told as a diff.
    fn knows(&self, path: &RelPath) -> bool {
        self.ledger.get(path).is_some_and(|entry| entry.extent == Extent::Whole)
    }

    /// A file that the model does not know whole: as it was before the user's edits, which follow as a diff.
    fn whole(&mut self, request: &TurnRequest, path: &RelPath, limit: usize) -> Option<String> {
        if self.knows(path) {
            return None;
        }
        let known = self.ledger.get(path);
        let now = request.workspace.read(path).ok()?;
        let text: ModelText = match (known, request.workspace.document(path)) {
            (Some(entry), _) => entry.known.clone(),
            (None, Some(document)) => document.opened.model(),
            (None, None) => now,
        };
        if text.len_bytes() > limit {
            return None;
        }
        let told = known.map_or_else(|| text.clone(), |entry| entry.told.clone());
        self.ledger.saw(path, &text, &told, Sight::Whole);
        Some(frame::file(path.as_str(), &text.to_string()))
    }

    /// What is asked. The lines it shows of a file that the model does not know whole count as read.
    fn request(&mut self, request: &TurnRequest, before: &Ledger) {
        let file = request.ask.file.as_ref();
        let entry = file.and_then(|path| self.ledger.get(path));
        let known = file.is_some_and(|path| self.knows(path));
        let text = match (entry, file) {
            (Some(entry), _) => Some(entry.known.clone()),
            (None, Some(path)) => request.workspace.read(path).ok(),
            (None, None) => None,
        };
        let subject = text.as_ref().map(|text| Subject { text, known });
        let in_words = |(path, found): &(RelPath, Vec<Diagnostic>)| {
            (path.clone(), request.workspace.diagnostics_in_words(path, found))
        };
        // Those that an edit left behind are of any file, and a rule may have come since they were reported.
        let may_see = |(path, _): &&(RelPath, Vec<Diagnostic>)| request.workspace.check(path).is_ok();
        let diagnostics = request.ask.diagnostics.iter().filter(may_see).map(in_words).collect();
        let extras = Extras { changes: unfinished(request, before), diagnostics };
        let message = request::render(&request.ask, subject, &extras, &mut self.shares);
        if let (Some(path), Some(text), Some((first, last)), false) = (file, &text, message.shown, known) {
            self.ledger.saw(path, text, text, Sight::Lines { first, last, of: text.line_count() });
        }
        self.messages.push(message.text);
    }
}

/// Where guidelines for a file may be, the outermost folder first.
fn guidelines_for(file: Option<&RelPath>) -> Vec<RelPath> {
    let mut folder = file.and_then(RelPath::parent);
    let mut paths = Vec::new();
    while let Some(inner) = folder {
        paths.extend(RelPath::parse(&format!("{inner}/{GUIDELINES}")));
        folder = inner.parent();
    }
    paths.extend(RelPath::parse(GUIDELINES));
    paths.reverse();
    paths
}

/// Changes to be finished that this turn's messages do not show: an earlier turn was told of them, and came to nothing.
fn unfinished(request: &TurnRequest, before: &Ledger) -> Vec<(RelPath, ModelText, ModelText)> {
    if request.ask.action != Action::Finish {
        return Vec::new();
    }
    let workspace = &request.workspace;
    let bases = request.unfinished.iter();
    bases
        .filter_map(|(path, base)| {
            let (now, base) = (workspace.read(path).ok()?, base.model());
            let told_from = match before.get(path) {
                Some(entry) => entry.known.clone(),
                None => workspace.document(path)?.opened.model(),
            };
            (now != base && told_from != base).then(|| (path.clone(), base, now))
        })
        .collect()
}
