//! Keeping a line connected: lighting it, coming back after a loss, rotating, and connecting for a turn that finds it dark.
//!
//! Between turns [`Line::idle`] looks after the connection; within a turn [`Line::connect`] makes sure there is one.

use std::time::{Duration, Instant};

use tokio::time::sleep_until;
use tokio_util::task::AbortOnDropHandle;

use super::super::connector::{ConnectFailure, Lit, Verdict, fetch_key, light, open};
use super::super::failure::Failure;
use super::super::lineage::Lineage;
use super::super::profile::Transports;
use super::super::status::State;
use super::{Happening, Line, Link, Retry, Stop, Watcher, jitter};
use crate::wire::http;
use crate::wire::{Closed, Incoming};

/// How long HTTP is used after WebSocket was refused (contract 1.7).
const HTTP_HOLDS: Duration = Duration::from_secs(600);
/// Longest pause between attempts to come back while offline.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Pause before another rotation attempt.
const ROTATE_AGAIN: Duration = Duration::from_secs(30);

impl Line {
    /// Begins connecting and warming up in the background, unless that is under way or done.
    pub fn light(&mut self) {
        if self.lighting.is_some() || !matches!(self.link, Link::None) {
            return;
        }
        self.retry.at = None;
        if self.profile.transports == Transports::Http {
            // There is no warm-up over HTTP; the first request connects.
            self.board.update(|status| {
                status.state = State::Warm;
                status.transport = "http";
            });
            return;
        }
        let lighting = light(self.profile.clone(), Some(self.board.clone()));
        self.lighting = Some(AbortOnDropHandle::new(tokio::spawn(lighting)));
    }

    /// Forgets everything: connection, lineage, refusals. Used by a reset.
    pub fn reset(&mut self) {
        self.link = Link::None;
        self.lighting = None;
        self.lineage = Lineage::fresh(Some("reset".into()));
        self.retry = Retry::default();
        self.board.set(State::Cold);
    }

    /// Closes the connection properly, without waiting long.
    pub async fn close(&mut self) {
        self.lighting = None;
        if let Link::WebSocket { connection, .. } = std::mem::replace(&mut self.link, Link::None) {
            connection.close("session ended").await;
        }
        self.board.set(State::Cold);
    }

    /// Looks after the connection while no turn runs: returns after one thing happened, or never. Cancel-safe.
    pub async fn idle(&mut self) {
        let retry_at = self.retry.at.filter(|_| self.lighting.is_none());
        let rotate_at = match &self.link {
            Link::WebSocket { rotate_at, .. } => Some(*rotate_at),
            Link::Http { until, .. } => *until,
            Link::None => None,
        };
        let rotate_at = rotate_at.filter(|_| self.lighting.is_none());
        tokio::select! {
            lit = async { match &mut self.lighting { Some(task) => task.await, None => std::future::pending().await } } => {
                self.lighting = None;
                match lit {
                    Ok(lit) => self.lit(lit),
                    Err(_) => self.offline("connecting failed".into()),
                }
            }
            incoming = async { match &mut self.link {
                Link::WebSocket { connection, .. } => connection.next().await,
                _ => std::future::pending().await,
            } } => {
                // Between turns a server may send what it likes; only the end of the connection matters.
                if let Incoming::Closed(closed) = incoming {
                    self.lost(&closed);
                }
            }
            () = at(retry_at) => self.light(),
            () = at(rotate_at) => self.rotate(),
        }
    }

    /// A background attempt ended: first light, a comeback, or a rotation.
    fn lit(&mut self, lit: Result<Lit, ConnectFailure>) {
        match (lit, &mut self.link) {
            (Ok(lit), _) => {
                if !matches!(self.link, Link::None) {
                    self.lineage.forget("rotation");
                }
                self.install(lit);
                self.board.set(State::Warm);
            }
            (Err(error), Link::None) => match error.verdict() {
                Verdict::NoWebSocket if self.profile.transports == Transports::Auto => self.hold_http(&error),
                // The server is there and said no twice: what it wants is not a WebSocket.
                Verdict::Again
                    if self.profile.transports == Transports::Auto
                        && self.retry.failures > 0
                        && error.was_answered() =>
                {
                    self.hold_http(&error);
                }
                Verdict::Fatal(_) => {
                    self.offline(error.to_string());
                    // Only the user can help; the next turn tries again, a clock would only knock in vain.
                    self.retry.at = None;
                }
                _ => self.offline(error.to_string()),
            },
            (Err(error), Link::WebSocket { rotate_at, .. }) => {
                tracing::info!(%error, "no fresh connection; the old one serves on");
                *rotate_at = Instant::now() + ROTATE_AGAIN;
                self.board.set(State::Warm);
            }
            (Err(_), Link::Http { until, .. }) => {
                *until = Some(Instant::now() + HTTP_HOLDS);
                self.board.set(State::Warm);
            }
        }
    }

    /// Takes a lit connection into use; the old one, if any, is closed beside.
    fn install(&mut self, lit: Lit) {
        let rotate_at = lit.since + self.profile.limits.rotate_after;
        let broken = self.lineage.broken().map(str::to_owned);
        self.lineage = Lineage::warmed(lit.response_id, &self.profile.opening, broken);
        let new = Link::WebSocket { connection: lit.connection, rotate_at, heard: true };
        if let Link::WebSocket { connection, .. } = std::mem::replace(&mut self.link, new) {
            tokio::spawn(connection.close("rotation"));
        }
        self.connected("websocket");
    }

    fn connected(&mut self, transport: &'static str) {
        self.retry = Retry::default();
        self.turn.connected = true;
        self.board.update(|status| {
            status.connections += 1;
            status.transport = transport;
        });
    }

    /// WebSocket is not to be had: HTTP serves for a while.
    pub(super) fn hold_http(&mut self, why: &ConnectFailure) {
        tracing::info!(reason = %why, "no WebSocket; trying HTTP");
        self.lineage.break_off("changed to HTTP");
        // The key is fetched when the first request connects.
        self.board.update(|status| {
            status.state = State::Warm;
            status.transport = "http";
        });
        self.link = Link::Http {
            client: Box::new(http::Client::new(self.profile.target.clone(), self.profile.http(None))),
            until: Some(Instant::now() + HTTP_HOLDS),
        };
    }

    /// The connection ended between turns: come back at once.
    fn lost(&mut self, closed: &Closed) {
        tracing::info!(reason = %closed, "connection lost");
        self.link = Link::None;
        self.lineage.forget("connection lost");
        self.offline(closed.to_string());
    }

    fn offline(&mut self, reason: String) {
        self.board.update(|status| {
            status.state = State::Offline;
            status.reason = Some(reason);
        });
        let pause = Duration::from_millis(100 << self.retry.failures.min(8)).min(LONGEST_PAUSE);
        self.retry.failures += 1;
        self.retry.at = Some(Instant::now() + pause.mul_f64(jitter()));
    }

    fn rotate(&mut self) {
        self.board.set(State::Rotating);
        self.lighting = Some(AbortOnDropHandle::new(tokio::spawn(light(self.profile.clone(), None))));
    }

    /// Makes sure there is a connection to ask on.
    pub(super) async fn connect(&mut self, watcher: Watcher<'_>) -> Result<(), Stop> {
        if self.turn.in_flight {
            self.drop_link("cancelled");
        }
        match &self.link {
            Link::WebSocket { .. } => return Ok(()),
            Link::Http { client, .. } if client.is_connected() => return Ok(()),
            Link::Http { .. } => return self.connect_http().await,
            Link::None => watcher(Happening::Connecting),
        }
        if self.profile.transports == Transports::Http {
            return self.connect_http().await;
        }
        let mut last_try = false;
        loop {
            let error = match self.connect_websocket().await? {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            tracing::info!(%error, "no WebSocket");
            match error.verdict() {
                Verdict::Fatal(failure) => return Err(failure.into()),
                Verdict::Again if !last_try => last_try = true,
                _ if self.profile.transports == Transports::Auto => {
                    self.hold_http(&error);
                    return self.connect_http().await.inspect_err(|_| self.link = Link::None);
                }
                _ => {
                    self.offline(error.to_string());
                    return Err(error.unreachable().into());
                }
            }
        }
    }

    /// Takes the connection being lit, or opens one; no warm-up, since the request follows at once.
    async fn connect_websocket(&mut self) -> Result<Result<(), ConnectFailure>, Failure> {
        if let Some(lighting) = self.lighting.take() {
            let lit = match self.bounded(lighting).await? {
                Ok(lit) => lit,
                Err(_) => return Ok(Err(ConnectFailure::Key("connecting failed".into()))),
            };
            self.board.set(State::Busy);
            return Ok(lit.map(|lit| self.install(lit)));
        }
        let profile = self.profile.clone();
        let opened = self.bounded(open(&profile)).await?;
        Ok(opened.map(|connection| {
            let rotate_at = Instant::now() + profile.limits.rotate_after;
            self.link = Link::WebSocket { connection, rotate_at, heard: false };
            self.connected("websocket");
        }))
    }

    async fn connect_http(&mut self) -> Result<(), Stop> {
        let profile = self.profile.clone();
        let until = match &self.link {
            Link::Http { until, .. } => *until,
            _ => None,
        };
        let connecting = async {
            let key = fetch_key(&profile).await?;
            let mut client = http::Client::new(profile.target.clone(), profile.http(key));
            client.connect(profile.limits.connect_timeout).await?;
            Ok::<_, ConnectFailure>(client)
        };
        match self.bounded(connecting).await? {
            Ok(client) => {
                if until.is_some() {
                    tracing::warn!("WebSocket is refused; using HTTP for 10 minutes or until the session is reset");
                }
                self.link = Link::Http { client: Box::new(client), until };
                self.connected("http");
                Ok(())
            }
            Err(ConnectFailure::Key(reason)) => Err(Failure::Key(reason).into()),
            Err(error) => {
                self.link = Link::None;
                self.offline(error.to_string());
                Err(error.unreachable().into())
            }
        }
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}
