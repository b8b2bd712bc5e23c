//! Attempts to make a connection in the background.
//!
//! Usually there is one. While offline a new one begins every second beside those still waiting for an answer, so that
//! one which hangs in a dead network does not stand in the way of one begun after its return; the first to succeed
//! counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::session::connector::{ConnectFailure, Lit, light, light_http};
use crate::session::profile::{Profile, Transports};
use crate::session::status::Board;
use crate::wire::http;

/// Attempts at once.
const AT_ONCE: usize = 4;

/// What an attempt leads to.
pub(super) enum Made {
    /// A warm WebSocket.
    WebSocket(Lit),
    /// An open HTTP connection.
    Http(http::Client),
}

/// The attempts under way. Dropping it ends them.
#[derive(Default)]
pub(super) struct Lighting {
    attempts: JoinSet<Result<Made, ConnectFailure>>,
}

impl Lighting {
    /// Whether an attempt is under way.
    pub fn is_under_way(&self) -> bool {
        !self.attempts.is_empty()
    }

    /// Begins an attempt, unless there are enough. The board hears of its steps.
    pub fn begin(&mut self, profile: &Arc<Profile>, board: &Board) {
        let (profile, board) = (profile.clone(), board.clone());
        if self.attempts.len() >= AT_ONCE {
            return;
        }
        if profile.transports == Transports::Http {
            self.attempts.spawn(async move { Ok(Made::Http(light_http(profile, board).await?)) });
        } else {
            self.attempts.spawn(async move { Ok(Made::WebSocket(light(profile, Some(board)).await?)) });
        }
    }

    /// Begins an attempt to have a WebSocket beside the connection in use, which has no steps to tell.
    pub fn begin_beside(&mut self, profile: &Arc<Profile>) {
        let profile = profile.clone();
        self.attempts.spawn(async move { Ok(Made::WebSocket(light(profile, None).await?)) });
    }

    /// The next attempt to end; never, while none is under way. Cancel-safe.
    pub async fn next(&mut self) -> Result<Made, ConnectFailure> {
        match self.attempts.join_next().await {
            Some(Ok(made)) => made,
            Some(Err(_)) => Err(ConnectFailure::Crashed),
            None => std::future::pending().await,
        }
    }

    /// Gives all attempts up.
    pub fn stop(&mut self) {
        self.attempts = JoinSet::new();
    }
}

/// The pause before the next attempt to come back, after `attempts` in vain over `dark`.
///
/// Whoever pulled the cable is back within a minute or two, and should not have to wait then; a server that is away for
/// long is asked less and less. A user who goes on working is another reason to try ([`super::Line::idle`]).
pub(super) fn pause(attempts: u32, dark: Duration) -> Duration {
    match dark.as_secs() {
        0..120 => Duration::from_millis(100 << attempts.min(4)).min(Duration::from_secs(1)),
        120..600 => Duration::from_secs(5),
        _ => Duration::from_secs(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_a_second_apart_at_most_as_long_as_somebody_may_be_waiting() {
        let seconds = |attempts, dark| pause(attempts, Duration::from_secs(dark)).as_secs_f64();
        assert_eq!([seconds(0, 0), seconds(1, 0), seconds(3, 2), seconds(60, 60)], [0.1, 0.2, 0.8, 1.0]);
        assert_eq!([seconds(130, 125), seconds(999, 4000)], [5.0, 30.0]);
    }
}
