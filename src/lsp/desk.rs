//! A desk: everything that belongs to one workspace folder of one editor.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::aftermath::Aftermath;
use super::consent::Held;
use crate::agent::{Conversation, TurnRequest};
use crate::config::{Config, CustomAction, Loaded};
use crate::provider::{Provider, profile};
use crate::scope::{Scope, context_rules};
use crate::session::actor::Session;
use crate::session::pool::{Key, SessionPool};
use crate::wire::dial::DialError;
use crate::workspace::{
    Consents, DiagnosticStore, DocumentText, Documents, RelPath, Snapshot, Workspace, WorkspaceError,
};

/// One folder, its session, and what is known about it.
pub struct Desk {
    /// The folder with its documents and its policy.
    pub workspace: Arc<Workspace>,
    /// What language servers reported.
    pub diagnostics: Arc<DiagnosticStore>,
    /// The warm session.
    pub session: Arc<Session<TurnRequest>>,
    /// What the session is pooled under.
    pub key: Key,
    /// Where requests go.
    pub provider: Provider,
    /// What the last edit broke.
    pub aftermath: Aftermath,
    /// What was asked for without consent, and until when it is to be done after all.
    held: Mutex<Option<(Held, Instant)>>,
    /// Per file, the document revision at which its changes were last carried through, and the text then.
    finished: Mutex<HashMap<RelPath, (u64, DocumentText)>>,
    in_force: Mutex<InForce>,
    /// Held while the file is read again, so that what was read last is in force last.
    renewing: Mutex<()>,
}

/// What a folder's file makes of the configuration.
struct InForce {
    config: Arc<Config>,
    /// What of the file does not count, as the user was told.
    ignored: Vec<String>,
    /// Whether the folder might be sent when the file was read.
    consented: bool,
}

impl InForce {
    /// Reads the file, so it blocks. `root` is canonical.
    fn read(root: &Path, around: &Surroundings) -> InForce {
        let scope = Scope::of(root, &around.loaded, &around.consents);
        let ignored = scope.ignored().iter().map(ToString::to_string).chain(scope.damage.clone()).collect();
        let consented = scope.may_be_sent();
        InForce { config: Arc::new(scope.loaded.config), ignored, consented }
    }
}

/// What a desk is made from.
#[derive(Clone)]
pub struct Surroundings {
    /// The configuration of the user and the editor.
    pub loaded: Loaded,
    /// The process's environment at start.
    pub env: Arc<BTreeMap<String, String>>,
    /// Where requests go.
    pub provider: Provider,
    /// The user's consents.
    pub consents: Arc<Consents>,
    /// The sessions of this process.
    pub pool: Arc<SessionPool<TurnRequest>>,
    /// The editor's documents.
    pub documents: Arc<Documents>,
}

/// Why a folder has no desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The folder cannot be worked in.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The provider's settings cannot be used.
    #[error("{0}; {advice}", advice = .0.advice())]
    Provider(#[from] DialError),
}

impl Desk {
    /// Sets a desk up and lights its session, unless consent is missing. Reads the disk, so it blocks.
    ///
    /// # Errors
    /// [`DeskError`]; the folder is then without Pilotlight.
    pub fn open(root: &Path, around: &Surroundings) -> Result<(Desk, Vec<String>), DeskError> {
        let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let in_force = InForce::read(&canonical, around);
        let (config, warnings) = (in_force.config.clone(), in_force.ignored.clone());
        let workspace = Arc::new(Workspace::new(root, around.documents.clone(), context_rules(&config))?);
        let profile = profile(&config, &around.provider, workspace.root(), &around.env)?;
        let key = Key {
            root: canonical,
            origin: around.provider.url.origin(),
            credential: format!("{:?}", config.provider.key),
        };
        let start = || Session::start(profile, Conversation::default(), in_force.consented);
        let session = around.pool.get_or_start(&key, start);
        let desk = Desk {
            workspace,
            diagnostics: Arc::default(),
            session,
            key,
            provider: around.provider.clone(),
            aftermath: Aftermath::default(),
            held: Mutex::default(),
            finished: Mutex::default(),
            in_force: Mutex::new(in_force),
            renewing: Mutex::default(),
        };
        Ok((desk, warnings))
    }

    /// The configuration, narrowed by this workspace, as it is now.
    pub fn config(&self) -> Arc<Config> {
        lock(&self.in_force).config.clone()
    }

    /// Narrows the configuration anew: the folder's file, the editor's settings or the user's consent have changed. Gives
    /// what the user has not been told yet. What a model may see changes for running turns as well, as it does by ignore
    /// files; see [`EditorHost`](super::host::EditorHost) for the rest. Reads the disk, so it blocks.
    pub fn renew(&self, around: &Surroundings) -> Vec<String> {
        let _alone = lock(&self.renewing);
        let renewed = InForce::read(&self.key.root, around);
        if let Err(bad) = self.workspace.policy().set_rules(&context_rules(&renewed.config)) {
            return vec![format!("context.exclude: {bad}; what held before still does")];
        }
        let mut in_force = lock(&self.in_force);
        let new = renewed.ignored.iter().filter(|text| !in_force.ignored.contains(text)).cloned().collect();
        *in_force = renewed;
        new
    }

    /// Lets go of the session, and closes it unless another editor has it as well.
    pub async fn leave(&self, pool: &SessionPool<TurnRequest>) {
        if pool.release(&self.key, &self.session) {
            self.session.close().await;
        }
    }

    /// The folder, every link resolved.
    pub fn root(&self) -> PathBuf {
        self.key.root.clone()
    }

    /// Whether the user allowed this workspace to be sent to its endpoint.
    pub fn is_allowed(&self, consents: &Consents) -> bool {
        !self.provider.needs_consent() || consents.granted(&self.key.root, &self.key.origin)
    }

    /// Consent is there: the workspace's own actions count, and the session is lit. Gives what the user is to be told.
    /// Reads the disk, so it blocks.
    pub fn admit(&self, around: &Surroundings) -> Vec<String> {
        let warnings = self.renew(around);
        self.session.light();
        warnings
    }

    /// The custom actions to offer: the user's own, and those of the workspace that the user allowed. In memory.
    pub fn actions(&self) -> Vec<CustomAction> {
        let mut actions = self.config().actions.clone();
        if self.waits_for_consent() {
            actions.retain(|action| !action.from_workspace);
        }
        actions
    }

    /// Keeps what was asked for until there is consent, or until `until`.
    pub fn hold(&self, held: Held, until: Instant) {
        *lock(&self.held) = Some((held, until));
    }

    /// What is to be done now that there is consent.
    pub fn take_held(&self) -> Option<Held> {
        lock(&self.held).take().filter(|(_, until)| Instant::now() < *until).map(|(held, _)| held)
    }

    /// Has the ignore files that hold for these files read, for the catalogue, which does not look at the disk itself.
    /// Blocks.
    pub fn read_ignore_files(&self, files: impl IntoIterator<Item = RelPath>) {
        for path in files {
            let _ = self.workspace.policy().check(&path, false);
        }
    }

    /// The revision of an open document. In memory.
    pub fn revision(&self, uri: &str) -> Option<u64> {
        let path = self.workspace.rel_of_uri(uri)?;
        Some(self.workspace.document(&path)?.revision)
    }

    /// Whether the user changed this document since it was opened or since its last change was finished. In memory, and by
    /// the bytes: what they are to a model takes longer to find out than a list of actions may take.
    pub fn has_fresh_edit(&self, path: &RelPath) -> bool {
        let Some(document) = self.workspace.document(path) else { return false };
        self.begun_from(path, &document).is_some_and(|base| !document.text.same_bytes(&base))
    }

    /// Open documents whose changes were not carried through yet, with the texts those changes began from.
    pub fn unfinished(&self) -> Vec<(RelPath, DocumentText)> {
        let changed = |(path, document): (RelPath, Snapshot)| {
            let base = self.begun_from(&path, &document)?;
            (!document.text.same_bytes(&base)).then_some((path, base))
        };
        self.workspace.open_documents().into_iter().filter_map(changed).collect()
    }

    /// The text a document's unfinished changes began from; none when nothing happened since they were finished.
    fn begun_from(&self, path: &RelPath, document: &Snapshot) -> Option<DocumentText> {
        match lock(&self.finished).get(path) {
            Some((revision, _)) if document.revision <= *revision => None,
            Some((_, text)) => Some(text.clone()),
            None => Some(document.opened.clone()),
        }
    }

    /// Notes that what was changed so far has been carried through.
    pub fn settle(&self) {
        let mut finished = lock(&self.finished);
        for (path, document) in self.workspace.open_documents() {
            finished.insert(path, (document.revision, document.text));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
