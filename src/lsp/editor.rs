//! One editor: its documents, folders, running turns and waiting proposals.
//!
//! Every lock here is short and none is held across an await.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::abilities::Abilities;
use super::client::{EditorClient, MessageKind};
use super::desk::{Desk, Surroundings};
use super::waiting::Waiting;
use crate::agent::Action;
use crate::config::{Loaded, narrow_from_editor};
use crate::workspace::{Documents, root_of, uri_to_path};

/// A turn that has been taken and is not over.
#[derive(Clone)]
pub struct RunningTurn {
    /// Its desk.
    pub desk: Arc<Desk>,
    /// What it does.
    pub action: Action,
    /// Stops it.
    pub cancel: CancellationToken,
    /// The token of its progress, as sent to the client.
    pub token: Value,
}

/// The server's state for one editor.
pub struct Editor {
    /// The editor itself.
    pub client: EditorClient,
    /// Its open documents.
    pub documents: Arc<Documents>,
    /// What the editor can do; set by `initialize`.
    abilities: OnceLock<Abilities>,
    /// `shutdown` was asked for.
    pub shut_down: AtomicBool,
    /// Applying a change panicked: the documents are not to be trusted any more.
    pub broken: AtomicBool,
    around: Mutex<Surroundings>,
    /// The configuration without the settings that the editor sent while it ran.
    initial: Mutex<Loaded>,
    folders: Mutex<Vec<PathBuf>>,
    desks: Mutex<BTreeMap<PathBuf, Arc<Desk>>>,
    /// Oldest first.
    turns: Mutex<Vec<(String, RunningTurn)>>,
    /// Proposals that wait for the user.
    pub waiting: Waiting,
    next_turn: AtomicU64,
    /// The editor's process, to watch.
    pub parent: tokio::sync::watch::Sender<Option<u32>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Editor {
    /// An editor that has said nothing yet.
    pub fn new(client: EditorClient, around: Surroundings) -> Editor {
        Editor {
            client,
            documents: around.documents.clone(),
            abilities: OnceLock::new(),
            shut_down: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            initial: Mutex::new(around.loaded.clone()),
            around: Mutex::new(around),
            folders: Mutex::default(),
            desks: Mutex::default(),
            turns: Mutex::default(),
            waiting: Waiting::default(),
            next_turn: AtomicU64::new(1),
            parent: tokio::sync::watch::Sender::new(None),
        }
    }

    /// Takes the parameters of `initialize`.
    pub fn introduce(&self, params: &Value) {
        let abilities = Abilities::read(params);
        self.documents.set_encoding(abilities.encoding);
        let _ = self.abilities.set(abilities);
        if let Some(settings) = params.get("initializationOptions") {
            let loaded = narrow_from_editor(&lock(&self.initial), settings);
            lock(&self.around).loaded = loaded.clone();
            *lock(&self.initial) = loaded;
        }
        let mut folders = lock(&self.folders);
        *folders = folders_of(params);
        let pid = params.get("processId").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
        self.parent.send_replace(pid.filter(|pid| super::parent::is_visible(*pid)));
    }

    /// Takes the settings that the editor has now instead of those it sent before; they may only narrow. Gives what of
    /// them does not count, where they said otherwise before.
    pub fn configure(&self, settings: &Value) -> Vec<String> {
        let loaded = narrow_from_editor(&lock(&self.initial), settings);
        let mut around = lock(&self.around);
        let new = loaded.warnings.iter().filter(|warning| !around.loaded.warnings.contains(warning));
        let new = new.map(ToString::to_string).collect();
        around.loaded = loaded;
        new
    }

    /// Has a folder's configuration narrowed anew, and tells what of its file does not count. Reads the disk, so it
    /// blocks.
    pub fn renew(&self, desk: &Desk) {
        for warning in desk.renew(&self.around()) {
            self.tell(MessageKind::Warning, warning);
        }
    }

    /// What the editor can do, once it has said so.
    pub fn abilities(&self) -> Option<&Abilities> {
        self.abilities.get()
    }

    /// What desks are made from.
    pub fn around(&self) -> Surroundings {
        lock(&self.around).clone()
    }

    // ---- desks --------------------------------------------------------------------------------------------------

    /// The desk of a document, if it is set up. In memory.
    pub fn desk(&self, uri: &str) -> Option<Arc<Desk>> {
        let path = uri_to_path(uri)?;
        let desks = lock(&self.desks);
        // The longest root wins where folders lie in each other.
        let holding = desks.values().filter(|desk| desk.workspace.rel(&path).is_some());
        holding.max_by_key(|desk| desk.workspace.root().as_os_str().len()).cloned()
    }

    /// The desk of a document, set up if need be. Reads the disk, so it blocks.
    pub fn desk_or_open(self: &Arc<Self>, uri: &str) -> Result<Arc<Desk>, String> {
        let path = uri_to_path(uri).ok_or_else(|| format!("{uri} is not a file; save it first"))?;
        let folders = lock(&self.folders).clone();
        let root = root_of(&path, &folders);
        match self.desk(uri) {
            // A desk of an outer folder does not serve an inner one that is a folder of its own.
            Some(desk) if desk.workspace.rel(&path).is_some() && !self.is_inner(&root, &desk) => Ok(desk),
            _ => self.open_desk(root),
        }
    }

    fn is_inner(&self, root: &std::path::Path, desk: &Desk) -> bool {
        let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        canonical != desk.root() && canonical.starts_with(desk.root()) && lock(&self.folders).iter().any(|f| f == root)
    }

    /// Sets up the desk of a folder. Reads the disk, so it blocks.
    pub fn open_desk(self: &Arc<Self>, root: PathBuf) -> Result<Arc<Desk>, String> {
        if let Some(desk) = lock(&self.desks).get(&root) {
            return Ok(desk.clone());
        }
        let around = self.around();
        let (desk, warnings) = Desk::open(&root, &around).map_err(|error| error.to_string())?;
        let desk = lock(&self.desks).entry(root).or_insert_with(|| Arc::new(desk)).clone();
        super::status::watch(self.clone(), desk.clone());
        for warning in warnings {
            self.tell(MessageKind::Warning, warning);
        }
        Ok(desk)
    }

    /// Every desk.
    pub fn desks(&self) -> Vec<Arc<Desk>> {
        lock(&self.desks).values().cloned().collect()
    }

    /// Folders as the editor named them.
    pub fn folders(&self) -> Vec<PathBuf> {
        lock(&self.folders).clone()
    }

    /// A folder was added.
    pub fn add_folder(&self, folder: PathBuf) {
        lock(&self.folders).push(folder);
    }

    /// A folder was removed: its desk goes, its turns are stopped.
    pub fn remove_folder(&self, folder: &PathBuf) -> Option<Arc<Desk>> {
        lock(&self.folders).retain(|known| known != folder);
        let desk = lock(&self.desks).remove(folder)?;
        for (_, turn) in lock(&self.turns).iter().filter(|(_, turn)| Arc::ptr_eq(&turn.desk, &desk)) {
            turn.cancel.cancel();
        }
        self.waiting.leave(&desk);
        Some(desk)
    }

    // ---- turns --------------------------------------------------------------------------------------------------

    /// A new turn's id.
    pub fn new_turn_id(&self) -> String {
        format!("t{}", self.next_turn.fetch_add(1, Ordering::Relaxed))
    }

    /// A turn begins.
    pub fn add_turn(&self, id: String, turn: RunningTurn) {
        lock(&self.turns).push((id, turn));
    }

    /// A turn is over.
    pub fn remove_turn(&self, id: &str) {
        lock(&self.turns).retain(|(known, _)| known != id);
    }

    /// Turns that run or wait, oldest first.
    pub fn turns(&self) -> Vec<(String, RunningTurn)> {
        lock(&self.turns).clone()
    }

    // ---- messages -----------------------------------------------------------------------------------------------

    /// Shows the user a message, from code that cannot wait.
    pub fn tell(&self, kind: MessageKind, text: String) {
        let client = self.client.clone();
        tokio::spawn(async move { client.show(kind, &text).await });
    }
}

/// Folders of `initialize`: workspace folders, else the root.
fn folders_of(params: &Value) -> Vec<PathBuf> {
    let uri = |folder: &Value| folder.get("uri").and_then(Value::as_str).and_then(uri_to_path);
    let folders: Vec<PathBuf> =
        params.get("workspaceFolders").and_then(Value::as_array).into_iter().flatten().filter_map(uri).collect();
    if !folders.is_empty() {
        return folders;
    }
    let root = params.get("rootUri").and_then(Value::as_str).and_then(uri_to_path);
    root.or_else(|| params.get("rootPath").and_then(Value::as_str).map(PathBuf::from)).into_iter().collect()
}
