//! Whether the other end is still there: when to ping, when to give up, and whether this machine slept meanwhile.
//!
//! No socket and no task here, only clocks: an open socket says nothing about the peer, and a server may be silent for
//! minutes while a model thinks (`protocol.md` 10).

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Liveness is ours to check: no pong in time means a dead socket, however open it looks.
#[derive(Clone, Copy, Debug)]
pub struct Liveness {
    /// Time between pings.
    pub ping_interval: Duration,
    /// Time a pong may take.
    pub pong_timeout: Duration,
}

/// How often the clocks are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Time that passed unseen and is more than a busy machine explains.
const ASLEEP: Duration = Duration::from_secs(10);
/// Longest that a pong may take where there is reason to doubt: after a sleep, most connections are gone.
const DOUBT: Duration = Duration::from_secs(3);
/// Silence after which a request is sent with a ping beside it.
const QUIET: Duration = Duration::from_secs(1);

/// Signs of life of one peer.
#[derive(Debug)]
pub struct Pulse {
    liveness: Liveness,
    heard: Instant,
    /// When the next ping is due.
    ping_at: Instant,
    /// While a ping is unanswered: when its pong is due. Any frame from the peer counts as one.
    pong_due: Option<Instant>,
    /// How long the next pong may take.
    patience: Duration,
}

impl Pulse {
    /// A peer that was heard just now.
    pub fn new(liveness: Liveness) -> Pulse {
        let now = Instant::now();
        let patience = liveness.pong_timeout;
        Pulse { liveness, heard: now, ping_at: now + liveness.ping_interval, pong_due: None, patience }
    }

    /// The peer sent something.
    pub fn heard(&mut self) {
        self.heard = Instant::now();
        self.pong_due = None;
        self.patience = self.liveness.pong_timeout;
    }

    /// A ping went out.
    pub fn pinged(&mut self) {
        let now = Instant::now();
        self.ping_at = now + self.liveness.ping_interval;
        self.pong_due = Some(now + self.patience);
    }

    /// There is reason to doubt: a pong has less time than usual, also one that is awaited already.
    pub fn hurry(&mut self) {
        self.patience = self.liveness.pong_timeout.min(DOUBT);
        self.pong_due = self.pong_due.map(|due| due.max(Instant::now() + self.patience));
    }

    /// Whether a pong is awaited.
    pub fn is_waiting(&self) -> bool {
        self.pong_due.is_some()
    }

    /// Whether a pong is overdue: the peer is gone.
    pub fn is_overdue(&self) -> bool {
        self.pong_due.is_some_and(|due| due <= Instant::now())
    }

    /// Whether the peer was silent long enough to wonder.
    pub fn is_quiet(&self) -> bool {
        self.heard.elapsed() > QUIET
    }

    /// When to look again: a pong overdue, or a ping to send.
    pub fn next(&self) -> Instant {
        self.pong_due.unwrap_or(self.ping_at)
    }
}

/// The wall clock, to be looked at every [`LOOK_EVERY`]. It goes on while a machine is suspended; so does time for a
/// process that is stopped.
#[derive(Debug)]
pub struct Clocks {
    wall: SystemTime,
}

impl Clocks {
    /// The clocks now.
    pub fn now() -> Clocks {
        Clocks { wall: SystemTime::now() }
    }

    /// Whether more time passed since than a running process would have let pass.
    pub fn have_slept(&self) -> bool {
        have_slept(self.wall, SystemTime::now())
    }
}

/// A clock that was set back says nothing; one set forward costs a ping.
fn have_slept(before: SystemTime, now: SystemTime) -> bool {
    now.duration_since(before).is_ok_and(|passed| passed > LOOK_EVERY + ASLEEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pulse() -> Pulse {
        Pulse::new(Liveness { ping_interval: 20 * SECOND, pong_timeout: 10 * SECOND })
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_is_pinged_and_one_that_does_not_is_overdue() {
        let mut pulse = pulse();
        let start = Instant::now();
        assert_eq!(pulse.next(), start + 20 * SECOND);
        tokio::time::advance(20 * SECOND).await;
        pulse.pinged();
        assert_eq!(pulse.next(), start + 30 * SECOND);
        tokio::time::advance(9 * SECOND).await;
        assert!(!pulse.is_overdue());
        pulse.heard();
        assert_eq!(pulse.next(), start + 40 * SECOND, "the next ping");
        tokio::time::advance(11 * SECOND).await;
        pulse.pinged();
        tokio::time::advance(10 * SECOND).await;
        assert!(pulse.is_overdue());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_sleep_a_pong_has_three_seconds_and_an_old_deadline_does_not_count() {
        let mut pulse = pulse();
        pulse.pinged();
        tokio::time::advance(11 * SECOND).await;
        assert!(pulse.is_overdue());
        pulse.hurry();
        assert!(!pulse.is_overdue(), "the pong may be there, unread");
        tokio::time::advance(3 * SECOND).await;
        assert!(pulse.is_overdue());
        pulse.heard();
        pulse.pinged();
        assert_eq!(pulse.next(), Instant::now() + 10 * SECOND, "a peer that is there has its usual time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_after_a_second_of_silence_is_worth_a_ping() {
        let mut pulse = pulse();
        assert!(!pulse.is_quiet());
        tokio::time::advance(2 * SECOND).await;
        assert!(pulse.is_quiet());
        pulse.heard();
        assert!(!pulse.is_quiet());
    }

    #[test]
    fn a_jump_of_the_wall_clock_is_a_sleep_and_a_busy_machine_is_not() {
        let before = SystemTime::UNIX_EPOCH + 1000 * SECOND;
        assert!(have_slept(before, before + 60 * SECOND));
        assert!(!have_slept(before, before + 8 * SECOND));
        assert!(!have_slept(before, before - 60 * SECOND));
    }
}
