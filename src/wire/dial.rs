//! Reaching a server: TCP, an HTTP proxy where one is set, TLS. One TLS configuration serves both transports.
//!
//! Nothing here follows redirects, and no error text holds a key or proxy credentials.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Url;

/// A byte stream to a server, plain or encrypted.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where to connect and how.
#[derive(Clone)]
pub struct Target {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The TLS configuration, when the origin is encrypted.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// An HTTP proxy to tunnel through.
    pub proxy: Option<Proxy>,
}

/// An HTTP proxy; its credentials are shown nowhere.
#[derive(Clone)]
pub struct Proxy {
    host: String,
    port: u16,
    authorization: Option<String>,
}

/// Why a server could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No TCP connection.
    #[error("cannot reach {host}:{port}: {error}")]
    Tcp {
        /// The host dialled.
        host: String,
        /// The port dialled.
        port: u16,
        /// The system's reason.
        error: std::io::Error,
    },
    /// TLS failed.
    #[error(
        "TLS with {host} failed: {error} (behind a proxy that inspects traffic, set provider.ca_file to its certificate)"
    )]
    Tls {
        /// The host dialled.
        host: String,
        /// The library's reason.
        error: std::io::Error,
    },
    /// The proxy would not open a tunnel.
    #[error("the proxy {proxy} did not open a tunnel: {reason}")]
    Proxy {
        /// The proxy's host and port.
        proxy: String,
        /// What it answered.
        reason: String,
    },
    /// A proxy setting that cannot be used.
    #[error("provider.proxy is not usable: {0}")]
    BadProxy(String),
    /// The extra certificates could not be read.
    #[error("cannot use the certificates in {file}: {reason}")]
    CaFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Proxy {
    /// Reads a proxy URL: `http://[user:password@]host[:port]`.
    ///
    /// # Errors
    /// [`DialError::BadProxy`], which never repeats the credentials.
    pub fn parse(text: &str) -> Result<Proxy, DialError> {
        let bad = |reason: &str| DialError::BadProxy(reason.to_owned());
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|_| bad("not a URL; write http://HOST:PORT"))?;
        if url.scheme() != "http" {
            return Err(bad("only http:// proxies (CONNECT) are supported"));
        }
        let host = url.host_str().ok_or_else(|| bad("it names no host"))?.to_owned();
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        let authorization = (!url.username().is_empty()).then(|| {
            let pair = format!("{}:{}", decode(url.username()), decode(url.password().unwrap_or_default()));
            format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
        });
        Ok(Proxy { host, port: url.port().unwrap_or(80), authorization })
    }

    fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// The TLS configuration: the system's roots, plus the certificates of `ca_file`.
///
/// # Errors
/// [`DialError::CaFile`] when the file cannot be read or holds no certificate.
pub fn tls_config(ca_file: Option<&Path>) -> Result<Arc<rustls::ClientConfig>, DialError> {
    let bad = |reason: String| DialError::CaFile { file: ca_file.unwrap_or(Path::new("")).to_owned(), reason };
    let mut extra = Vec::new();
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            extra.push(certificate.map_err(|error| bad(error.to_string()))?);
        }
        if extra.is_empty() {
            return Err(bad("no PEM certificate in it".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(|error| bad(error.to_string()))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Opens a stream to the target. The caller bounds the wait.
///
/// # Errors
/// [`DialError`], by the step that failed.
pub async fn dial(target: &Target) -> Result<Box<dyn Stream>, DialError> {
    let stream: Box<dyn Stream> = match &target.proxy {
        None => Box::new(tcp(&target.host, target.port).await?),
        Some(proxy) => tunnel(proxy, target).await?,
    };
    let Some(config) = &target.tls else { return Ok(stream) };
    let failed = |error: std::io::Error| DialError::Tls { host: target.host.clone(), error };
    let name = ServerName::try_from(target.host.clone())
        .map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, error)))?;
    let encrypted = tokio_rustls::TlsConnector::from(config.clone()).connect(name, stream).await.map_err(failed)?;
    Ok(Box::new(encrypted))
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let failed = |error| DialError::Tcp { host: host.to_owned(), port, error };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port)).await.map_err(failed)?;
    // A turn is many small frames, each waited for: never hold one back to fill a packet.
    stream.set_nodelay(true).map_err(failed)?;
    Ok(stream)
}

/// HTTP CONNECT through a proxy.
async fn tunnel(proxy: &Proxy, target: &Target) -> Result<Box<dyn Stream>, DialError> {
    let failed = |reason: String| DialError::Proxy { proxy: proxy.name(), reason };
    let stream = tcp(&proxy.host, proxy.port).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(error.to_string()))?;
    tokio::spawn(connection.with_upgrades());
    let authority = format!("{}:{}", target.host, target.port);
    let mut request = hyper::Request::connect(&authority).header("host", &authority);
    if let Some(authorization) = &proxy.authorization {
        request = request.header("proxy-authorization", authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| failed(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
    if !response.status().is_success() {
        return Err(failed(format!("HTTP status {}", response.status().as_u16())));
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|error| failed(error.to_string()))?;
    Ok(Box::new(TokioIo::new(upgraded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_and_their_credentials_kept_out_of_errors() {
        let proxy = Proxy::parse("http://user:p%40ss@proxy.example:3128").unwrap();
        assert_eq!(proxy.name(), "proxy.example:3128");
        assert_eq!(proxy.authorization.as_deref(), Some("Basic dXNlcjpwQHNz"));
        assert_eq!(Proxy::parse("proxy.example:8080").unwrap().name(), "proxy.example:8080");
        let Err(error) = Proxy::parse("socks5://user:secret@h") else { panic!("accepted") };
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_ca_file_without_certificates_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = tls_config(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains("no PEM certificate"), "{error}");
    }
}
