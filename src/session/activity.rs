//! When the user was last seen at work in a workspace: a session nobody needs rests, and wakes before it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::Notify;

/// Notes signs of life; cheap enough for every keystroke. Clones share what they note.
#[derive(Clone, Debug)]
pub struct Activity(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    start: Instant,
    /// Milliseconds from `start` to the last sign of life.
    last: AtomicU64,
    /// Somebody waits for the next sign.
    awaited: AtomicBool,
    sign: Notify,
}

impl Default for Activity {
    /// The user is at work now.
    fn default() -> Activity {
        let start = Instant::now();
        Activity(Arc::new(Noted {
            start,
            last: AtomicU64::new(0),
            awaited: AtomicBool::new(false),
            sign: Notify::new(),
        }))
    }
}

impl Activity {
    /// The user did something.
    pub fn note(&self) {
        let now = u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(now, Ordering::Relaxed);
        if self.0.awaited.swap(false, Ordering::Relaxed) {
            self.0.sign.notify_one();
        }
    }

    /// When the user was last seen.
    pub fn last(&self) -> Instant {
        self.0.start + Duration::from_millis(self.0.last.load(Ordering::Relaxed))
    }

    /// Waits for the next sign of life. Cancel-safe.
    pub async fn next(&self) {
        self.0.awaited.store(true, Ordering::Relaxed);
        self.0.sign.notified().await;
    }

    /// Forgets a sign nobody waited for any more.
    pub fn forget(&self) {
        let _ = self.0.sign.notified().now_or_never();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sign_of_life_wakes_who_waits_for_one() {
        let activity = Activity::default();
        activity.note();
        assert!(activity.next().now_or_never().is_none(), "what happened before does not count");
        activity.note();
        activity.next().now_or_never().expect("awake");
    }

    #[tokio::test]
    async fn a_forgotten_sign_wakes_nobody() {
        let activity = Activity::default();
        assert!(activity.next().now_or_never().is_none());
        activity.note();
        activity.forget();
        assert!(activity.next().now_or_never().is_none());
    }
}
