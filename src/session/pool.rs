//! The sessions of a process, one per workspace root, endpoint origin and credential.
//!
//! A pool belongs to whoever made it; there is no process-wide one (invariant 4), so one process can serve several
//! editors that share a pool.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::actor::Session;

/// What makes two sessions the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Canonical root of the workspace.
    pub root: PathBuf,
    /// Origin of the endpoint.
    pub origin: String,
    /// Where the credential comes from; never the credential.
    pub credential: String,
}

/// Sessions by key.
#[derive(Debug)]
pub struct SessionPool<T> {
    sessions: Mutex<HashMap<Key, Arc<Session<T>>>>,
}

impl<T> Default for SessionPool<T> {
    fn default() -> Self {
        SessionPool { sessions: Mutex::default() }
    }
}

impl<T: Send + 'static> SessionPool<T> {
    /// The session of `key`, started by `start` if there is none.
    pub fn get_or_start(&self, key: &Key, start: impl FnOnce() -> Session<T>) -> Arc<Session<T>> {
        self.lock().entry(key.clone()).or_insert_with(|| Arc::new(start())).clone()
    }

    /// The session of `key`, if it runs.
    pub fn get(&self, key: &Key) -> Option<Arc<Session<T>>> {
        self.lock().get(key).cloned()
    }

    /// A holder lets go of a session. True if it was the last beside the pool: the session is out of the pool then, and
    /// is the holder's to close.
    pub fn release(&self, key: &Key, session: &Arc<Session<T>>) -> bool {
        let mut sessions = self.lock();
        // The pool's and the caller's own.
        let is_last = Arc::strong_count(session) <= 2;
        if is_last && sessions.get(key).is_some_and(|pooled| Arc::ptr_eq(pooled, session)) {
            sessions.remove(key);
        }
        is_last
    }

    /// Every session, in no order.
    pub fn all(&self) -> Vec<Arc<Session<T>>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Session<T>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
