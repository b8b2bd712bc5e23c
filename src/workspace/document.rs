//! One open document: the exact text the editor has, kept in step change by change.
//!
//! A change that cannot be what the editor meant is never guessed at: the document is marked *desynced* and its text
//! is not to be used until a full text heals it. The text keeps its bytes as they are, line ends and all.

use std::fmt;
use std::path::PathBuf;

use ropey::Rope;

use super::history::{History, State, Step};
use super::path::uri_to_path;
use super::position::{PositionEncoding, Span, offset};
use super::text::{DocumentText, ModelText};

/// Line numbers from here on are a client's way to say *the end of the document* (LSP numbers go up to 2³¹−1).
const END_OF_DOCUMENT: u32 = i32::MAX as u32;

/// One step of an edit, in the coordinates of the text after the steps before it.
#[derive(Clone)]
pub struct Change {
    /// What is replaced; `None` for the whole text.
    pub span: Option<Span>,
    /// What stands there afterwards.
    pub text: String,
}

/// Shows the place and the size only.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("span", &self.span).field("bytes", &self.text.len()).finish()
    }
}

/// Why a document's text can no longer be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Desync {
    /// A change came with a version that is not newer than the one held.
    #[error("a change for version {received} came after version {held}; reopen the document to go on with it")]
    StaleVersion {
        /// The version the document has.
        held: i32,
        /// The version the change named.
        received: i32,
    },
    /// A change names a place that the text does not have.
    #[error("a change at lines {}-{} does not fit its text; reopen the document to go on with it", .0.start.line.saturating_add(1), .0.end.line.saturating_add(1))]
    ImpossibleSpan(Span),
    /// A notification about it could not be read: a negative number, a field that is missing.
    #[error("a change of it could not be read; reopen the document to go on with it")]
    Unreadable,
    /// Earlier changes were lost for one of the other reasons, and no full text came since.
    #[error("its text was lost earlier; reopen the document to go on with it")]
    NotHealed,
    /// The texts of all open documents together exceed what is kept.
    #[error("all open documents together exceed {limit} bytes; close some and reopen it")]
    TooMuchText {
        /// The limit in bytes.
        limit: usize,
    },
    /// More documents are open than are kept.
    #[error("more than {limit} documents are open; close some and reopen it")]
    TooManyDocuments {
        /// The limit.
        limit: usize,
    },
}

/// A document as it was at one moment. Taking and cloning one costs no copy of the text.
#[derive(Clone)]
pub struct Snapshot {
    /// The URI in the client's spelling.
    pub uri: String,
    /// The file it stands for; `None` for anything but `file:` URIs.
    pub path: Option<PathBuf>,
    /// The language, as the client names it.
    pub language_id: String,
    /// The client's version of the text.
    pub version: i32,
    /// The text. Meaningless while [`Snapshot::desynced`].
    pub text: DocumentText,
    /// The editor's text is not known: neither edits nor deltas may be made from it.
    pub desynced: bool,
    /// The text when the document was opened.
    pub opened: DocumentText,
    /// The [`Documents`](super::Documents) revision that its last change made: greater means more recent.
    pub revision: u64,
    /// A change that comes before the last one is missing and may still arrive.
    pub incomplete: bool,
}

impl Snapshot {
    /// The text, byte for byte. Meaningless while [`Snapshot::desynced`].
    pub fn rope(&self) -> &Rope {
        self.text.raw()
    }

    /// The text as the model sees it; see [`DocumentText::model`].
    pub fn model_text(&self) -> ModelText {
        self.text.model()
    }

    /// The text as it is in the editor.
    pub fn raw(&self) -> String {
        self.rope().to_string()
    }

    /// Whether the text differs, to a model, from what it was when the document was opened.
    pub fn edited(&self) -> bool {
        !self.text.same(&self.opened)
    }
}

/// Shows no text.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("uri", &self.uri)
            .field("version", &self.version)
            .field("bytes", &self.rope().len_bytes())
            .field("desynced", &self.desynced)
            .finish_non_exhaustive()
    }
}

/// An open document. Its state is the snapshot that the next reader gets.
pub(super) struct Document {
    held: Snapshot,
    history: History,
}

impl Document {
    pub(super) fn open(uri: &str, language_id: &str, version: i32, text: &str) -> Self {
        let held = Snapshot {
            uri: uri.to_owned(),
            path: uri_to_path(uri),
            language_id: language_id.to_owned(),
            version,
            text: DocumentText::default(),
            desynced: false,
            opened: DocumentText::default(),
            revision: 0,
            incomplete: false,
        };
        let mut document = Self { held, history: History::default() };
        document.replace(text);
        document.held.opened = document.held.text.clone();
        document
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.held
    }

    pub(super) fn set_revision(&mut self, revision: u64) {
        self.held.revision = revision;
    }

    /// Applies the changes of one notification; one that comes late takes the place it was made for.
    pub(super) fn change(
        &mut self,
        version: i32,
        changes: Vec<Change>,
        encoding: PositionEncoding,
    ) -> Result<(), Desync> {
        let held = self.held.version;
        let mut outcome = Err(Desync::StaleVersion { held, received: version });
        if version > held {
            outcome = self.step(version, changes, encoding);
        } else if let Some(later) = self.history.take_after(version) {
            if let Some(first) = later.front() {
                self.restore(first.before.clone());
            }
            outcome = self.step(version, changes, encoding);
            for step in later {
                outcome = self.step(step.version, step.changes, encoding);
            }
        }
        self.held.incomplete = self.history.has_gap();
        outcome
    }

    /// Applies a change that follows all others, in the order of its parts, from the last full text on: what came before
    /// a full text had no lasting effect in the editor either.
    fn step(&mut self, version: i32, changes: Vec<Change>, encoding: PositionEncoding) -> Result<(), Desync> {
        let before = State { version: self.held.version, rope: self.held.rope().clone(), desynced: self.held.desynced };
        self.held.version = version;
        let applied = self.apply(&changes, encoding);
        if applied.is_err() {
            self.lose();
        }
        self.history.push(Step { before, version, changes });
        applied
    }

    fn apply(&mut self, changes: &[Change], encoding: PositionEncoding) -> Result<(), Desync> {
        let mut steps = changes;
        if let Some(full) = changes.iter().rposition(|change| change.span.is_none()) {
            self.set(&changes[full].text);
            steps = &changes[full + 1..];
        }
        if self.held.desynced {
            return Err(Desync::NotHealed);
        }
        for (span, text) in steps.iter().filter_map(|step| Some((step.span?, &step.text))) {
            self.splice(span, text, encoding)?;
        }
        Ok(())
    }

    fn restore(&mut self, state: State) {
        self.held.version = state.version;
        self.held.text = DocumentText::new(state.rope);
        self.held.desynced = state.desynced;
    }

    /// Takes a full text: whatever was wrong before, the document is in step again.
    pub(super) fn replace(&mut self, text: &str) {
        self.history.clear();
        self.held.incomplete = false;
        self.set(text);
    }

    fn set(&mut self, text: &str) {
        self.held.text = DocumentText::new(Rope::from_str(text));
        self.held.desynced = false;
    }

    /// Gives the text up: until a full text comes, the document is known to be open and nothing more.
    pub(super) fn forget(&mut self) {
        self.history.clear();
        self.lose();
    }

    /// The text is lost; a change that comes late may still bring it back.
    pub(super) fn lose(&mut self) {
        self.held.desynced = true;
        self.held.text = DocumentText::default();
    }

    fn splice(&mut self, span: Span, text: &str, encoding: PositionEncoding) -> Result<(), Desync> {
        if !fits(self.held.rope(), span) {
            return Err(Desync::ImpossibleSpan(span));
        }
        let mut rope = self.held.rope().clone();
        let start = rope.byte_to_char(offset(&rope, span.start, encoding));
        let end = rope.byte_to_char(offset(&rope, span.end, encoding));
        rope.remove(start..end);
        rope.insert(start, text);
        self.held.text = DocumentText::new(rope);
        Ok(())
    }
}

/// Whether an editor that holds this very text could have sent `span`. One line past the last is the usual way to name
/// the end, and so is a huge number; an end anywhere past it is as clear when the whole text is replaced. Any other
/// line that does not exist says that the texts have drifted apart.
fn fits(rope: &Rope, span: Span) -> bool {
    let exists = |line: u32| line as usize <= rope.len_lines() || line >= END_OF_DOCUMENT;
    let whole = span.start.line == 0 && span.start.character == 0;
    span.start <= span.end && exists(span.start.line) && (exists(span.end.line) || whole)
}
