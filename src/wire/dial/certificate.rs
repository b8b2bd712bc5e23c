//! Verifying a server's certificate with the platform's verifier, and saying in words why one is refused: who signed
//! it is what tells a user that a proxy inspects the traffic.
//!
//! Nothing is decided here; the platform's verdict stands.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use webpki::EndEntityCert;

use super::error::TlsTrouble;

/// The platform's verifier, with words for its refusals.
#[derive(Debug)]
pub(super) struct Verifier(rustls_platform_verifier::Verifier);

/// Why a certificate was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub reason: String,
    pub kind: TlsTrouble,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

impl Verifier {
    pub fn new(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Verifier, Error> {
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider).map(Verifier)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.verify_server_cert(leaf, intermediates, name, ocsp, now).map_err(|error| match error {
            Error::InvalidCertificate(error) => {
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(explain(&error, leaf)))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// The refusal inside a handshake's error, if that is what it was.
pub(super) fn refusal(error: &Error) -> Option<&Refusal> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

fn explain(error: &CertificateError, leaf: &CertificateDer<'_>) -> Refusal {
    let names = EndEntityCert::try_from(leaf).ok();
    let self_signed = names.as_ref().is_some_and(|leaf| leaf.issuer() == leaf.subject());
    let (kind, reason) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (TlsTrouble::Time, "its certificate has expired".into())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (TlsTrouble::Time, "its certificate is not valid yet".into())
        }
        CertificateError::NotValidForName => (TlsTrouble::Name, "its certificate is for another name".into()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            (TlsTrouble::Name, format!("its certificate is for {}, another name", presented.join(", ")))
        }
        // A certificate that signs itself is refused for one reason or another, depending on what else it says.
        _ if self_signed => (TlsTrouble::Authority, "its certificate is signed by itself, not by an authority".into()),
        CertificateError::UnknownIssuer => {
            let issuer = issuer(leaf).unwrap_or_else(|| "an authority".into());
            (TlsTrouble::Authority, format!("its certificate is signed by {issuer}, which is not trusted here"))
        }
        other => (TlsTrouble::Other, format!("its certificate is refused: {other}")),
    };
    Refusal { reason, kind }
}

/// Who signed a certificate, for people: `Example Trust, Example Root R1`.
pub(super) fn issuer(leaf: &CertificateDer<'_>) -> Option<String> {
    let leaf = EndEntityCert::try_from(leaf).ok()?;
    let mut values = Vec::new();
    texts(leaf.issuer(), &mut values);
    (!values.is_empty()).then(|| values.join(", "))
}

/// The texts within a distinguished name: DER elements, each a tag, a length and its content (X.690, 8.1).
fn texts(der: &[u8], found: &mut Vec<String>) {
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;
    let [tag, length, rest @ ..] = der else { return };
    // Lengths of 128 and more take more bytes; no part of a name that people read is so long.
    let Some((content, rest)) = rest.split_at_checked(usize::from(*length)) else { return };
    match *tag {
        SEQUENCE | SET => texts(content, found),
        UTF8 | PRINTABLE => {
            let text = String::from_utf8_lossy(content);
            found.push(text.chars().filter(|character| !character.is_control()).collect());
        }
        _ => {}
    }
    texts(rest, found);
}
