//! The one TLS configuration: the platform's verifier and certificates, those the user adds, and HTTP/1.1.
//!
//! There is no switch that skips verification.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{self, Verifier};
use super::error::{TlsFailure, TlsTrouble};
use super::{DialError, Stream, within};

/// Certificates to trust besides the platform's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// A PEM file, and the setting or variable that names it.
    pub file: Option<(PathBuf, &'static str)>,
}

/// What TLS with a server came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.3`, say.
    pub version: String,
    /// Who signed the server's certificate.
    pub issuer: Option<String>,
}

impl Secured {
    pub(super) fn of(connection: &ClientConnection) -> Secured {
        let version = connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        let leaf = connection.peer_certificates().and_then(|chain| chain.first());
        Secured { version: version.replace("TLSv1_", "TLS 1."), issuer: leaf.and_then(certificate::issuer) }
    }
}

/// The TLS configuration: the platform's roots, plus `roots`. Reads files; build it once a session.
///
/// # Errors
/// [`DialError::CaFile`] when the file cannot be read or holds no certificate; [`DialError::SystemRoots`] when the
/// platform has none.
pub fn tls_config(roots: &Roots) -> Result<Arc<ClientConfig>, DialError> {
    let extra = extra_roots(roots)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = |error: rustls::Error| DialError::SystemRoots(error.to_string());
    let verifier = Verifier::new(extra, provider.clone()).map_err(unusable)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // Both transports are HTTP/1.1; a server that prefers HTTP/2 must not choose it.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn extra_roots(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, DialError> {
    let Some((file, named_by)) = &roots.file else { return Ok(Vec::new()) };
    let bad = |reason: String| DialError::CaFile { file: file.clone(), named_by, reason };
    let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| bad(error.to_string()))?;
    if found.is_empty() { Err(bad("no PEM certificate in it".into())) } else { Ok(found) }
}

/// TLS over a stream with the server called `host`.
pub(super) async fn connect(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: Box<dyn Stream>,
    deadline: Instant,
) -> Result<TlsStream<Box<dyn Stream>>, TlsFailure> {
    let no_name = |_| TlsFailure { reason: "its name cannot be in a certificate".into(), kind: TlsTrouble::Name };
    let name = ServerName::try_from(host.to_owned()).map_err(no_name)?;
    within(deadline, TlsConnector::from(config.clone()).connect(name, stream)).await.map_err(failure)
}

/// A handshake's failure in words.
fn failure(error: io::Error) -> TlsFailure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(refusal) = tls.and_then(certificate::refusal) {
        return TlsFailure { reason: refusal.reason.clone(), kind: refusal.kind };
    }
    let reason = match tls {
        Some(rustls::Error::InvalidMessage(_)) => "it does not answer in TLS".to_owned(),
        _ => error.to_string(),
    };
    TlsFailure { reason, kind: TlsTrouble::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_certificates_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let roots = Roots { file: Some((file.path().to_owned(), "provider.ca_file")) };
        let error = tls_config(&roots).unwrap_err().to_string();
        assert!(error.contains("no PEM certificate") && error.contains("provider.ca_file"), "{error}");
    }
}
