//! Every open document of one editor.
//!
//! Changes are applied at once and in the order in which they are given: nothing here waits, and the lock is held
//! for the length of one map operation. A document is found by its URI in any spelling of the same file.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::document::{Change, Desync, Document, Snapshot};
use super::path::uri_to_path;
use super::position::PositionEncoding;

/// How many open documents are kept with their text.
pub const MAX_DOCUMENTS: usize = 4096;

/// How many bytes of text are kept for all open documents together.
pub const MAX_TEXT_BYTES: usize = 256 << 20;

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It took effect.
    Done,
    /// The document was open already: taken as a full replacement. Worth a warning.
    Reopened,
    /// No such document is open: ignored.
    Unknown,
    /// The document's text is not known any more.
    Desynced {
        /// Why.
        reason: Desync,
        /// Whether it was in step until now; log only then.
        first: bool,
    },
}

/// The open documents of one editor, shared by all its workspaces.
pub struct Documents {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

struct State {
    encoding: PositionEncoding,
    open: BTreeMap<String, Document>,
    /// The key in `open` of each document that is a file.
    by_path: HashMap<PathBuf, String>,
    /// Changes that came before their document was opened.
    early: VecDeque<Early>,
    /// The files closed last, with the revision at which they were.
    closed: VecDeque<(u64, PathBuf)>,
    text_bytes: usize,
    max_documents: usize,
    max_text_bytes: usize,
}

/// A change of a document that is not open yet: Helix 25.01 may send it before the document.
struct Early {
    uri: String,
    version: i32,
    changes: Vec<Change>,
    at: Instant,
}

impl Early {
    /// What it takes up: its texts, and each of its changes, which may be without any.
    fn bytes(&self) -> usize {
        let texts: usize = self.changes.iter().map(|change| change.text.len()).sum();
        self.uri.len() + texts + self.changes.len() * size_of::<Change>()
    }
}

/// Early changes kept, their size together, and for how long: the document follows within milliseconds, or never.
const MAX_EARLY: usize = 64;
const MAX_EARLY_BYTES: usize = 4 << 20;
const EARLY_FOR: Duration = Duration::from_secs(2);

/// Closed files that are remembered; of a user who closes more at once, the rest is noticed with the next turn.
const MAX_CLOSED: usize = 256;

impl Documents {
    /// No documents yet. `encoding` is how the client counts characters.
    pub fn new(encoding: PositionEncoding) -> Self {
        Self::with_limits(encoding, MAX_DOCUMENTS, MAX_TEXT_BYTES)
    }

    fn with_limits(encoding: PositionEncoding, max_documents: usize, max_text_bytes: usize) -> Self {
        let state = State {
            encoding,
            open: BTreeMap::new(),
            by_path: HashMap::new(),
            early: VecDeque::new(),
            closed: VecDeque::new(),
            text_bytes: 0,
            max_documents,
            max_text_bytes,
        };
        Self { state: Mutex::new(state), revision: watch::Sender::new(0) }
    }

    /// Sets the encoding that was negotiated; before the first document is opened.
    pub fn set_encoding(&self, encoding: PositionEncoding) {
        self.lock().encoding = encoding;
    }

    /// How the client counts characters.
    pub fn encoding(&self) -> PositionEncoding {
        self.lock().encoding
    }

    /// A document was opened. Past the limits it is known to be open but desynced, so that nobody takes the text on
    /// disk for the editor's.
    pub fn open(&self, uri: &str, language_id: &str, version: i32, text: &str) -> Applied {
        self.update(|state, revision| {
            let known = state.remove(uri);
            let full = state.open.len() >= state.max_documents;
            let mut document = Document::open(uri, language_id, version, if full { "" } else { text });
            document.set_revision(revision);
            if full {
                document.forget();
            }
            for early in state.take_early(uri) {
                if !full && early.version == document.snapshot().version + 1 {
                    // A change that does not fit marks the document; the next full text heals it.
                    let _ = document.change(early.version, early.changes, state.encoding);
                }
            }
            let kept = state.insert(document);
            match (full, kept) {
                (true, _) => {
                    let reason = Desync::TooManyDocuments { limit: state.max_documents };
                    Applied::Desynced { reason, first: true }
                }
                (false, Err(reason)) => Applied::Desynced { reason, first: true },
                (false, Ok(())) if known.is_some() => Applied::Reopened,
                (false, Ok(())) => Applied::Done,
            }
        })
    }

    /// A document was changed. `changes` are applied one after the other, each in the coordinates of the text so far.
    pub fn change(&self, uri: &str, version: i32, changes: Vec<Change>) -> Applied {
        self.update(|state, revision| {
            let encoding = state.encoding;
            if state.key(uri).is_none() {
                state.keep_early(Early { uri: uri.to_owned(), version, changes, at: Instant::now() });
                return Applied::Unknown;
            }
            state.edit(uri, revision, |document| document.change(version, changes, encoding))
        })
    }

    /// A notification about a document could not be read, so its text is not known any more: it counts as open and out of
    /// step until a full text comes.
    pub fn lose(&self, uri: &str) -> Applied {
        self.update(|state, revision| {
            if state.key(uri).is_none() {
                // Its version is lower than any that may follow.
                let _ = state.insert(Document::open(uri, "", i32::MIN, ""));
            }
            state.edit(uri, revision, |_| Err(Desync::Unreadable))
        })
    }

    /// A document was saved. With its text, a document that is out of step is healed.
    pub fn save(&self, uri: &str, text: Option<&str>) -> Applied {
        let Some(text) = text else {
            return if self.get(uri).is_some() { Applied::Done } else { Applied::Unknown };
        };
        self.update(|state, revision| {
            state.edit(uri, revision, |document| {
                let held = document.snapshot();
                if held.desynced || *held.rope() != text {
                    document.replace(text);
                }
                Ok(())
            })
        })
    }

    /// A document was closed: from now on the text on disk counts.
    pub fn close(&self, uri: &str) -> Applied {
        self.update(|state, revision| {
            let Some(document) = state.remove(uri) else { return Applied::Unknown };
            if let Some(path) = document.snapshot().path.clone() {
                if state.closed.len() == MAX_CLOSED {
                    state.closed.pop_front();
                }
                state.closed.push_back((revision, path));
            }
            Applied::Done
        })
    }

    /// The files closed after this revision.
    pub fn closed_since(&self, revision: u64) -> Vec<PathBuf> {
        let state = self.lock();
        let since = state.closed.iter().filter(|(at, _)| *at > revision);
        since.map(|(_, path)| path.clone()).collect()
    }

    /// The open document with this URI, in any spelling of the same file.
    pub fn get(&self, uri: &str) -> Option<Snapshot> {
        let state = self.lock();
        let key = state.key(uri)?;
        state.open.get(&key).map(|document| document.snapshot().clone())
    }

    /// The open document of this file. The path is taken as it is: links are not resolved.
    pub fn by_path(&self, path: &Path) -> Option<Snapshot> {
        let state = self.lock();
        let document = state.open.get(state.by_path.get(path)?)?;
        Some(document.snapshot().clone())
    }

    /// All open documents, sorted by URI.
    pub fn all(&self) -> Vec<Snapshot> {
        self.lock().open.values().map(|document| document.snapshot().clone()).collect()
    }

    /// A number that grows with every notification that took effect.
    pub fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Follows [`Documents::revision`]. When it changes, what was applied is visible already.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Runs `apply` under the lock with the revision it will make, then announces it.
    fn update(&self, apply: impl FnOnce(&mut State, u64) -> Applied) -> Applied {
        let mut state = self.lock();
        let next = self.revision() + 1;
        let applied = apply(&mut state, next);
        if applied != Applied::Unknown {
            self.revision.send_replace(next);
        }
        applied
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The spelling under which this document is open, if it is.
    fn key(&self, uri: &str) -> Option<String> {
        match self.open.contains_key(uri) {
            true => Some(uri.to_owned()),
            false => self.by_path.get(&uri_to_path(uri)?).cloned(),
        }
    }

    fn keep_early(&mut self, early: Early) {
        self.early.retain(|one| one.at.elapsed() < EARLY_FOR);
        let mut bytes = early.bytes() + self.early.iter().map(Early::bytes).sum::<usize>();
        if early.bytes() > MAX_EARLY_BYTES {
            return;
        }
        while self.early.len() >= MAX_EARLY || bytes > MAX_EARLY_BYTES {
            bytes -= self.early.pop_front().map_or(bytes, |oldest| oldest.bytes());
        }
        self.early.push_back(early);
    }

    /// The early changes of a document, by version.
    fn take_early(&mut self, uri: &str) -> Vec<Early> {
        let (mut taken, kept): (Vec<_>, Vec<_>) = self.early.drain(..).partition(|early| early.uri == uri);
        self.early = kept.into();
        taken.retain(|early| early.at.elapsed() < EARLY_FOR);
        taken.sort_by_key(|early| early.version);
        taken
    }

    fn remove(&mut self, uri: &str) -> Option<Document> {
        let document = self.open.remove(&self.key(uri)?)?;
        self.text_bytes -= document.snapshot().rope().len_bytes();
        if let Some(path) = &document.snapshot().path {
            self.by_path.remove(path);
        }
        Some(document)
    }

    /// Puts a document in, giving its text up if there is no room for it.
    fn insert(&mut self, mut document: Document) -> Result<(), Desync> {
        let fits = self.text_bytes + document.snapshot().rope().len_bytes() <= self.max_text_bytes;
        if !fits {
            document.forget();
        }
        let held = document.snapshot();
        self.text_bytes += held.rope().len_bytes();
        if let Some(path) = &held.path {
            self.by_path.insert(path.clone(), held.uri.clone());
        }
        self.open.insert(held.uri.clone(), document);
        if fits { Ok(()) } else { Err(Desync::TooMuchText { limit: self.max_text_bytes }) }
    }

    /// Lets `apply` change an open document. If that fails, the document has lost step.
    fn edit(&mut self, uri: &str, revision: u64, apply: impl FnOnce(&mut Document) -> Result<(), Desync>) -> Applied {
        let Some(mut document) = self.remove(uri) else { return Applied::Unknown };
        let was_desynced = document.snapshot().desynced;
        let outcome = apply(&mut document);
        if outcome.is_err() {
            document.lose();
        }
        document.set_revision(revision);
        match outcome.and(self.insert(document)) {
            Ok(()) => Applied::Done,
            Err(reason) => Applied::Desynced { reason, first: !was_desynced },
        }
    }
}

#[cfg(test)]
mod tests;
