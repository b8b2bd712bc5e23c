//! Reaching a server: TCP, an HTTP proxy where one is set, TLS. Both transports and the proxy share one TLS policy.
//!
//! Nothing here follows redirects, sends a provider's key, or puts a proxy's credentials into an error.

mod certificate;
mod error;
mod proxy;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

pub use error::{DialError, ProxyTrouble, TlsFailure};
pub use proxy::{Proxy, ProxyAddress};
pub use tls::{Roots, Secured, tls_config};

/// Why a step that took too long failed.
const LATE: &str = "no answer within session.connect_timeout";

/// A byte stream to a server, plain or encrypted.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where to connect and how.
#[derive(Clone)]
pub struct Target {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The TLS configuration, when the origin is encrypted.
    pub tls: Option<Arc<ClientConfig>>,
    /// An HTTP proxy to tunnel through.
    pub proxy: Option<Proxy>,
}

/// An open way to a server.
pub struct Dialled {
    /// The stream.
    pub stream: Box<dyn Stream>,
    /// Where TCP leads: to the server, or to the proxy.
    pub peer: SocketAddr,
    /// What TLS with the server came to, where it is encrypted.
    pub secured: Option<Secured>,
}

/// Opens a stream to the target before `deadline`.
///
/// # Errors
/// [`DialError`], by the step that failed or took too long.
pub async fn dial(target: &Target, deadline: Instant) -> Result<Dialled, DialError> {
    let (peer, stream): (_, Box<dyn Stream>) = match &target.proxy {
        None => {
            let stream = tcp(&target.host, target.port, deadline).await?;
            (stream.0, Box::new(stream.1))
        }
        Some(proxy) => proxy.tunnel(&target.host, target.port, deadline).await?,
    };
    let Some(config) = &target.tls else { return Ok(Dialled { stream, peer, secured: None }) };
    let encrypted = tls::connect(config, &target.host, stream, deadline).await;
    let encrypted = encrypted.map_err(|reason| DialError::Tls { host: target.host.clone(), reason })?;
    let secured = Some(Secured::of(encrypted.get_ref().1));
    Ok(Dialled { stream: Box::new(encrypted), peer, secured })
}

async fn tcp(host: &str, port: u16, deadline: Instant) -> Result<(SocketAddr, TcpStream), DialError> {
    let unknown = |error| DialError::Lookup { host: host.to_owned(), error };
    let addresses: Vec<SocketAddr> = within(deadline, lookup_host((host, port))).await.map_err(unknown)?.collect();
    let failed = |error| DialError::Tcp { host: host.to_owned(), port, error };
    let stream = within(deadline, TcpStream::connect(addresses.as_slice())).await.map_err(failed)?;
    // A turn is many small frames, each waited for: never hold one back to fill a packet.
    stream.set_nodelay(true).map_err(failed)?;
    Ok((stream.peer_addr().map_err(failed)?, stream))
}

/// Bounds one step, so that the error says which one took too long.
async fn within<T>(deadline: Instant, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, LATE);
    timeout_at(deadline, step).await.map_err(late)?
}

/// `HOST:PORT`, as a `CONNECT` request writes it: an IPv6 address in brackets.
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
