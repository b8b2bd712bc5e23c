//! The listener: binds, accepts, and stops. What all connections of one server share is [`Shared`].
//!
//! It must never serve beyond this machine without a token, and never outlive the [`RunningAgent`] that was returned.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, info, warn};

use crate::wire::item::Item;

use super::{
    AgentOptions,
    delay::delayed,
    fault::Faults,
    http,
    journal::{Journal, JournalError, Party},
    rules::{self, Reply},
    store::Store,
};

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// Longest that the head of a request may take, and that an HTTP connection may idle.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// Pause after a failed accept (no file descriptors left, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers: the agent behind the protocol.
pub type Responder = Arc<dyn Fn(&[Item]) -> Reply + Send + Sync>;

/// Bounds of a connection.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Age at which `websocket_connection_limit_reached` is sent.
    pub max_age: Duration,
    /// How often a client is pinged.
    pub ping_every: Duration,
    /// Silence, pongs included, after which a client counts as gone.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_age: Duration::from_secs(60 * 60),
            ping_every: Duration::from_secs(60),
            silence: Duration::from_secs(180),
        }
    }
}

/// What all connections of one server share.
pub(super) struct Shared {
    /// The bearer token that is required.
    pub token: Option<String>,
    /// Whether only this machine is served.
    pub loopback: bool,
    /// Bounds of a connection.
    pub limits: Limits,
    /// Round-trip time to emulate, if not zero.
    pub rtt: Duration,
    /// What is recorded.
    pub journal: Arc<Journal>,
    /// The agent.
    pub responder: Responder,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
    faults: Mutex<Faults>,
    store: Mutex<Store>,
}

impl Shared {
    /// The faults with their counters.
    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stored responses.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port is taken.
    #[error("cannot listen on {addr}: another program is using this port; choose another one, or port 0 for any")]
    InUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The system does not allow it.
    #[error("cannot listen on {addr}: permission denied; choose a port above 1023")]
    Forbidden {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The address is not one of this machine's.
    #[error("cannot listen on {addr}: this machine does not have that address; try 127.0.0.1:{}", addr.port())]
    NotLocal {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// Beyond loopback without a token.
    #[error("will not listen on {addr}: other machines could use this agent; set a token, or listen on 127.0.0.1")]
    TokenNeeded {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Anything else.
    #[error("cannot listen on {addr}: {source}")]
    Io {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl StartError {
    fn from_io(addr: SocketAddr, source: io::Error) -> StartError {
        match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse { addr },
            io::ErrorKind::PermissionDenied => StartError::Forbidden { addr },
            io::ErrorKind::AddrNotAvailable => StartError::NotLocal { addr },
            _ => StartError::Io { addr, source },
        }
    }
}

/// A server that runs. Dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct RunningAgent {
    addr: SocketAddr,
    accepting: JoinHandle<()>,
    _stop: DropGuard,
}

impl RunningAgent {
    /// Where it listens; the port is the real one also when 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL for a client's configuration: `http://HOST:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// The WebSocket endpoint: `ws://HOST:PORT/v1/responses`.
    pub fn websocket_url(&self) -> String {
        format!("ws://{}/v1/responses", self.addr)
    }

    /// Waits until the server ends, which it does not do by itself. Dropping the future stops it.
    pub async fn stopped(self) {
        let RunningAgent { accepting, _stop, .. } = self;
        if let Err(error) = accepting.await {
            warn!(%error, "the server ended");
        }
    }
}

/// Starts the server with an agent and limits of choice.
pub(super) async fn start_with(
    options: AgentOptions,
    responder: Responder,
    limits: Limits,
) -> Result<RunningAgent, StartError> {
    let asked = options.listen;
    let token = options.token.filter(|token| !token.is_empty());
    let loopback = asked.ip().is_loopback();
    if !loopback && token.is_none() {
        return Err(StartError::TokenNeeded { addr: asked });
    }
    let journal = match options.record {
        Some(path) => Journal::at(&path).map_err(|source| JournalError { path, source })?,
        None => Journal::none(),
    };
    let listener = TcpListener::bind(asked).await.map_err(|error| StartError::from_io(asked, error))?;
    let addr = listener.local_addr().map_err(|error| StartError::from_io(asked, error))?;
    info!(%addr, faults = options.faults.len(), "listening");
    journal.started(addr).await;
    let stop = CancellationToken::new();
    let shared = Shared {
        token,
        loopback,
        limits,
        rtt: options.rtt,
        journal: Arc::new(journal),
        responder,
        stop: stop.clone(),
        faults: Mutex::new(Faults::new(options.faults)),
        store: Mutex::default(),
    };
    let accepting = tokio::spawn(accept(listener, Arc::new(shared)));
    Ok(RunningAgent { addr, accepting, _stop: stop.drop_guard() })
}

/// The agent of the rules.
pub(super) fn rule_agent() -> Responder {
    Arc::new(rules::respond)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let serving = async {
        // The semaphore is never closed.
        while let Ok(permit) = slots.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve(stream, shared.clone(), permit));
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = serving => {}
        () = shared.stop.cancelled() => {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, permit: OwnedSemaphorePermit) {
    // Events are small and each one counts.
    let _ = stream.set_nodelay(true);
    if shared.rtt.is_zero() {
        serve_http(stream, shared, permit).await;
    } else {
        serve_http(delayed(stream, shared.rtt, shared.stop.clone()), shared, permit).await;
    }
}

async fn serve_http<S>(stream: S, shared: Arc<Shared>, permit: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stop = shared.stop.clone();
    let permit = Arc::new(permit);
    let recorder = shared.journal.connection();
    let records = recorder.clone();
    let service = service_fn(move |request| http::handle(shared.clone(), permit.clone(), records.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        ended = connection => match ended {
            Ok(()) => recorder.http_ended("", Party::Client).await,
            Err(error) => {
                debug!(%error, "connection ended");
                // The service's own error is a fault that breaks the connection.
                let by = if error.is_user() { Party::Server } else { Party::Client };
                recorder.http_ended("broken off", by).await;
            }
        },
        () = stop.cancelled() => recorder.http_ended("the server stopped", Party::Server).await,
    }
}
