//! Keeping a line connected: lighting it, coming back after a loss, rotating, and connecting for a turn that finds it dark.
//!
//! Between turns [`Line::idle`] looks after the connection; within a turn [`Line::connect`] makes sure there is one.

use std::time::{Duration, Instant, SystemTime};

use tokio::time::{sleep, sleep_until};

use super::super::connector::{ConnectFailure, Verdict, open, open_http};
use super::super::failure::Failure;
use super::super::lineage::Lineage;
use super::super::profile::Transports;
use super::super::state::{Event as Happened, State};
use super::lighting::{Made, pause};
use super::{Comeback, Happening, Line, Link, Stop, Watcher, jitter};
use crate::wire::http;
use crate::wire::{Closed, Incoming};

/// How long HTTP is used after WebSocket was refused (contract 1.7).
pub(super) const HTTP_HOLDS: Duration = Duration::from_secs(600);
/// How long a server that closes because it restarts or has too much to do is left alone (`protocol.md` 10).
pub(super) const COOL_DOWN: Duration = Duration::from_secs(30);
/// How long a network may be away before HTTP is tried instead, for a session that had a WebSocket.
const LONGEST_OUTAGE: Duration = Duration::from_secs(60);
/// Pause before another rotation attempt.
const ROTATE_AGAIN: Duration = Duration::from_secs(30);
/// How long a turn that lost its connection waits for the network. Shorter than most people's patience, longer than
/// most changes of network.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between its attempts.
const KNOCK_EVERY: Duration = Duration::from_millis(500);

impl Line {
    /// Begins connecting and warming up in the background, unless that is under way or done.
    pub fn light(&mut self) {
        // Nothing is dialled before the user's yes.
        if self.board.status().state == State::Consent {
            return;
        }
        if self.lighting.is_under_way() || !matches!(self.link, Link::None) {
            return;
        }
        self.wakes = true;
        self.comeback.at = None;
        self.comeback.attempts += 1;
        self.lighting.begin(&self.profile, &self.board);
    }

    /// Forgets everything: connection, lineage, refusals; and begins anew.
    pub fn reset(&mut self) {
        self.link = Link::None;
        self.lighting.stop();
        self.lineage = Lineage::fresh(Some("reset".into()));
        self.comeback = Comeback::default();
        self.websocket_worked = false;
        self.board.tell(Happened::Dark);
        if self.profile.warm {
            self.light();
        }
    }

    /// The user's yes is gone: everything is put out and forgotten until there is another.
    pub(super) fn withdraw(&mut self) {
        tracing::info!("consent was taken back");
        self.wakes = false;
        self.board.tell(Happened::Revoked);
        self.reset();
    }

    /// Closes the connection properly, without waiting long.
    pub async fn close(&mut self) {
        self.lighting.stop();
        if let Link::WebSocket { connection, .. } = std::mem::replace(&mut self.link, Link::None) {
            connection.close("session ended").await;
        }
        self.board.tell(Happened::Dark);
    }

    /// Looks after the connection while no turn runs: returns after one thing happened, or never. Cancel-safe.
    pub async fn idle(&mut self) {
        let busy = self.lighting.is_under_way();
        let (rotate_at, rest_at) = match &self.link {
            Link::WebSocket { rotate_at, .. } => (Some(*rotate_at), Some(self.rest_at())),
            Link::Http { until, .. } => (*until, None),
            Link::None => (None, None),
        };
        // Somebody at work is a reason to light a session that rests, and to try again where the next try is far off.
        let sleeps = self.wakes && self.profile.warm && matches!(self.link, Link::None) && !busy;
        let guarded = self.profile.consent.is_some() && !matches!(self.link, Link::None);
        tokio::select! {
            lit = self.lighting.next() => self.lit(lit),
            incoming = async { match &mut self.link {
                Link::WebSocket { connection, .. } => connection.next().await,
                _ => std::future::pending().await,
            } } => {
                // Between turns a server may send what it likes; only the end of the connection matters.
                if let Incoming::Closed(closed) = incoming {
                    self.lost(&closed);
                }
            }
            () = at(self.comeback.at) => self.come_back(),
            () = at(rotate_at.filter(|_| !busy)) => self.rotate(),
            () = at(rest_at) => self.rest(),
            // As often as it is made sure that the connection is alive, so is that it may be.
            () = sleep(self.profile.limits.liveness.ping_interval), if guarded => {
                if !self.profile.may_send().await {
                    self.withdraw();
                }
            }
            () = self.activity.next(), if sleeps && self.comeback.knocks_late() => self.light(),
        }
    }

    /// A background attempt ended: first light, a comeback, or a rotation.
    fn lit(&mut self, lit: Result<Made, ConnectFailure>) {
        if let Err(ConnectFailure::Revoked(_)) = lit {
            return self.withdraw();
        }
        let auto = self.may_use_http();
        let outage = self.is_outage();
        match (lit, &mut self.link) {
            (Ok(made), link) => {
                match link {
                    Link::WebSocket { .. } => self.lineage.forget("rotation"),
                    Link::Http { .. } => self.lineage.forget("changed to WebSocket"),
                    Link::None => {}
                }
                self.install(made);
            }
            (Err(error), Link::None) => match error.verdict() {
                Verdict::NoWebSocket if auto => self.hold_http(&error.to_string(), HTTP_HOLDS),
                // The server is there and said no twice: what it wants is not a WebSocket.
                Verdict::Again if auto && error.is_refusal(outage) && self.comeback.refused > 0 => {
                    self.hold_http(&error.to_string(), HTTP_HOLDS);
                }
                Verdict::Fatal(_) => {
                    self.lighting.stop();
                    // Only the user can help; the next turn tries again, anything else would only knock in vain.
                    self.wakes = false;
                    self.offline(error.to_string(), None);
                }
                _ => {
                    self.comeback.refused += u32::from(error.is_refusal(outage));
                    let pause = self.comeback.pause();
                    self.offline(error.to_string(), Some(pause));
                }
            },
            (Err(error), Link::WebSocket { rotate_at, .. }) => {
                tracing::info!(%error, "no fresh connection; the old one serves on");
                *rotate_at = Instant::now() + ROTATE_AGAIN;
                self.board.tell(Happened::Ready);
            }
            (Err(_), Link::Http { until, .. }) => {
                *until = Some(Instant::now() + HTTP_HOLDS);
                self.board.tell(Happened::Ready);
            }
        }
    }

    /// The time has come for another attempt, beside those that still wait for an answer.
    fn come_back(&mut self) {
        self.comeback.attempts += 1;
        self.lighting.begin(&self.profile, &self.board);
        self.comeback.at = Some(Instant::now() + self.comeback.pause());
    }

    /// When the session has had no use for so long that its connection is better closed.
    fn rest_at(&self) -> Instant {
        self.activity.last() + self.profile.limits.rest_after
    }

    /// Nobody has worked here for long: the connection is closed, and comes back with the next sign of life.
    fn rest(&mut self) {
        // The clock was set by what was known then.
        if Instant::now() < self.rest_at() {
            return;
        }
        self.lighting.stop();
        self.lineage.forget("the session had rested");
        self.activity.forget();
        if let Link::WebSocket { connection, .. } = std::mem::replace(&mut self.link, Link::None) {
            tokio::spawn(connection.close("idle"));
        }
        self.board.tell(Happened::Dark);
    }

    /// Takes a connection into use; the old one, if any, is closed beside.
    fn install(&mut self, made: Made) {
        let lit = match made {
            Made::WebSocket(lit) => lit,
            Made::Http(client) => {
                self.link = Link::Http { client: Box::new(client), until: None };
                return self.connected("http");
            }
        };
        let rotate_at = lit.since + self.profile.limits.rotate_after;
        let broken = self.lineage.broken().map(str::to_owned);
        self.websocket_worked = true;
        self.lineage = Lineage::warmed(lit.response_id, &self.profile.opening, broken);
        let new = Link::WebSocket { connection: lit.connection, rotate_at, heard: true };
        if let Link::WebSocket { connection, .. } = std::mem::replace(&mut self.link, new) {
            tokio::spawn(connection.close("rotation"));
        }
        self.connected("websocket");
    }

    fn connected(&mut self, transport: &'static str) {
        let shed = self.comeback.shed;
        self.comeback = Comeback { shed, ..Comeback::default() };
        self.lighting.stop();
        self.wakes = true;
        self.board.tell_with(Happened::Ready, |status| {
            status.connections += 1;
            status.transport = transport;
        });
    }

    /// WebSocket is not to be had, or not to be asked for a while: HTTP serves.
    pub(super) fn hold_http(&mut self, why: &str, hold: Duration) {
        tracing::warn!(reason = why, "no WebSocket; using HTTP for {} s or until the session is reset", hold.as_secs());
        self.lighting.stop();
        self.comeback.at = None;
        self.lineage.break_off("changed to HTTP");
        // The key is fetched when the first request connects.
        self.board.tell_with(Happened::Ready, |status| status.transport = "http");
        self.link = Link::Http {
            client: Box::new(http::Client::new(self.profile.target.clone(), self.profile.http(None))),
            until: Some(Instant::now() + hold),
        };
    }

    /// The connection ended between turns: come back at once, unless the server asks to be left alone.
    fn lost(&mut self, closed: &Closed) {
        tracing::info!(reason = %closed, "connection lost");
        self.link = Link::None;
        self.lighting.stop();
        self.lineage.forget("connection lost");
        if !matches!(closed, Closed::ByPeer { code: Some(1012 | 1013), .. }) {
            let pause = self.comeback.pause();
            return self.offline(closed.to_string(), Some(pause));
        }
        let again = self.comeback.shed.replace(Instant::now()).is_some_and(|last| last.elapsed() < COOL_DOWN);
        match again {
            true if self.may_use_http() => self.hold_http(&closed.to_string(), COOL_DOWN),
            true => self.offline(closed.to_string(), Some(COOL_DOWN)),
            false => self.offline(closed.to_string(), Some(Duration::from_secs(1))),
        }
    }

    /// Whether silence means that the network is away, and not that WebSockets are unwanted: this session had one, and
    /// lost it not long ago.
    fn is_outage(&self) -> bool {
        self.websocket_worked && self.comeback.dark_since.is_none_or(|since| since.elapsed() < LONGEST_OUTAGE)
    }

    /// There is no connection; the next attempt comes after `pause`, if any, unless an earlier one is planned.
    fn offline(&mut self, reason: String, pause: Option<Duration>) {
        self.comeback.dark_since.get_or_insert_with(Instant::now);
        let next = pause.map(|pause| Instant::now() + pause.mul_f64(jitter()));
        self.comeback.at = match (next, self.comeback.at) {
            (Some(next), Some(planned)) => Some(planned.min(next)),
            (next, _) => next,
        };
        let retry_at = pause.filter(|pause| *pause > Duration::from_secs(1)).map(in_unix_seconds);
        self.board.tell_with(Happened::Down, |status| {
            status.reason = Some(reason);
            status.retry_at = retry_at;
        });
    }

    fn rotate(&mut self) {
        self.board.tell(Happened::Rotating);
        self.lighting.begin_beside(&self.profile);
    }

    /// Makes sure there is a connection to ask on. A turn that had one waits a while for the network to come back.
    pub(super) async fn connect(&mut self, watcher: Watcher<'_>) -> Result<(), Stop> {
        if self.turn.in_flight {
            self.drop_link("cancelled");
        }
        let ready = match &mut self.link {
            Link::WebSocket { .. } => true,
            Link::Http { client, .. } => client.is_ready().await,
            Link::None => false,
        };
        if ready {
            return Ok(());
        }
        watcher(Happening::Connecting);
        let began = Instant::now();
        loop {
            let error = match self.connect_once().await? {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let reason = error.to_string();
            // The turn's own attempts come first; when it has ended, the session goes on trying.
            self.offline(reason.clone(), Some(KNOCK_EVERY));
            let Some(lost) = self.turn.lost.clone() else {
                return Err(error.unreachable().into());
            };
            if began.elapsed() >= PATIENCE {
                return Err(Failure::Offline { lost, waited: PATIENCE, reason }.into());
            }
            watcher(Happening::Waiting { delay: KNOCK_EVERY, reason: &reason });
            self.bounded(sleep(KNOCK_EVERY)).await?;
        }
    }

    /// WebSocket, once more if that may have been bad luck, then HTTP; or why nothing was to be had.
    async fn connect_once(&mut self) -> Result<Result<(), ConnectFailure>, Stop> {
        if self.profile.transports == Transports::Http || matches!(self.link, Link::Http { .. }) {
            self.lighting.stop();
            return self.connect_http().await;
        }
        let mut last_try = false;
        loop {
            let error = match self.connect_websocket().await? {
                Ok(()) => return Ok(Ok(())),
                Err(error) => error,
            };
            tracing::info!(%error, "no WebSocket");
            match error.verdict() {
                Verdict::Fatal(failure) => return Err(failure.into()),
                Verdict::Again if !last_try => last_try = true,
                Verdict::Again if self.is_outage() && !error.is_refusal(true) => return Ok(Err(error)),
                _ if self.may_use_http() => {
                    // HTTP holds only if it can be had.
                    let connected = self.connect_http().await?;
                    if connected.is_ok() {
                        tracing::warn!(reason = %error, "no WebSocket; using HTTP for 10 minutes or until the session is reset");
                    }
                    return Ok(connected);
                }
                _ => return Ok(Err(error)),
            }
        }
    }

    /// Takes the connection being lit, or opens one; no warm-up, since the request follows at once.
    async fn connect_websocket(&mut self) -> Result<Result<(), ConnectFailure>, Failure> {
        let profile = self.profile.clone();
        if self.lighting.is_under_way() {
            let mut lighting = std::mem::take(&mut self.lighting);
            // A warm-up that takes longer than making a connection is not worth waiting for.
            let lit = tokio::time::timeout(profile.limits.connect_timeout, lighting.next());
            if let Ok(lit) = self.bounded(lit).await? {
                return Ok(lit.map(|made| {
                    self.turn.receipt.handshakes += 1;
                    self.install(made);
                }));
            }
        }
        let opened = self.bounded(open(&profile)).await?;
        Ok(opened.map(|connection| {
            let rotate_at = Instant::now() + profile.limits.rotate_after;
            self.link = Link::WebSocket { connection, rotate_at, heard: false };
            self.made("websocket");
        }))
    }

    async fn connect_http(&mut self) -> Result<Result<(), ConnectFailure>, Stop> {
        let profile = self.profile.clone();
        let until = match &self.link {
            Link::Http { until, .. } => *until,
            _ if profile.transports == Transports::Http => None,
            _ => Some(Instant::now() + HTTP_HOLDS),
        };
        match self.bounded(open_http(&profile)).await? {
            Ok(client) => {
                if !matches!(self.link, Link::Http { .. }) {
                    self.lineage.break_off("changed to HTTP");
                }
                self.link = Link::Http { client: Box::new(client), until };
                self.made("http");
                Ok(Ok(()))
            }
            Err(ConnectFailure::Key(reason)) => Err(Failure::Key(reason).into()),
            Err(ConnectFailure::Revoked(endpoint)) => Err(Failure::Revoked(endpoint).into()),
            Err(error) => {
                self.link = Link::None;
                Ok(Err(error))
            }
        }
    }

    /// A connection was made for the turn that runs.
    pub(super) fn made(&mut self, transport: &'static str) {
        self.turn.receipt.handshakes += 1;
        self.connected(transport);
    }
}

impl Comeback {
    /// The pause before the next attempt.
    fn pause(&self) -> Duration {
        pause(self.attempts, self.dark_since.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    /// No attempt is planned, or none for more than a second.
    fn knocks_late(&self) -> bool {
        self.at.is_none_or(|at| at > Instant::now() + Duration::from_secs(1))
    }
}

/// The wall clock after `pause`.
fn in_unix_seconds(pause: Duration) -> u64 {
    (SystemTime::now() + pause).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}
