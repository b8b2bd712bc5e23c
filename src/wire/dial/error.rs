//! Why a server could not be reached, by step; each with what to do about it. No text holds a key or credentials.

use std::io;
use std::path::PathBuf;

use super::authority;

/// Why a server could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("cannot find the address of {host}: {error}")]
    Lookup {
        /// The name looked up.
        host: String,
        /// The system's reason.
        error: io::Error,
    },
    /// No TCP connection.
    #[error("cannot reach {}: {error}", authority(host, *port))]
    Tcp {
        /// The host dialled.
        host: String,
        /// The port dialled.
        port: u16,
        /// The system's reason.
        error: io::Error,
    },
    /// The proxy itself could not be reached.
    #[error("the proxy {proxy}: {error}")]
    NoProxy {
        /// The proxy, and what named it.
        proxy: String,
        /// What named it: the setting or variable to correct.
        named_by: String,
        /// Why not.
        error: Box<DialError>,
    },
    /// The proxy answered, but not with a tunnel.
    #[error("the proxy {proxy} did not open a tunnel to {to}: HTTP status {status}")]
    Refused {
        /// The proxy, and what named it.
        proxy: String,
        /// What named it.
        named_by: String,
        /// The host and port asked for.
        to: String,
        /// HTTP status of the answer.
        status: u16,
        /// Whether it was given credentials.
        had_credentials: bool,
    },
    /// The proxy broke off, fell silent or does not speak HTTP.
    #[error("the proxy {proxy} did not open a tunnel to {to}: {reason}")]
    BrokenTunnel {
        /// The proxy, and what named it.
        proxy: String,
        /// What named it.
        named_by: String,
        /// The host and port asked for.
        to: String,
        /// What happened.
        reason: String,
    },
    /// TLS failed.
    #[error("TLS with {host} failed: {reason}")]
    Tls {
        /// The host dialled.
        host: String,
        /// Why.
        reason: TlsFailure,
    },
    /// A proxy setting that cannot be used.
    #[error("the proxy of {named_by} is not usable: {reason}")]
    BadProxy {
        /// The setting or variable.
        named_by: String,
        /// What is wrong with it, without its text.
        reason: &'static str,
    },
    /// The certificates to trust could not be read.
    #[error("cannot use the certificates in {file} ({named_by}): {reason}", file = file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// The setting or variable.
        named_by: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The system's certificates could not be loaded.
    #[error("cannot load the system's certificates: {0}")]
    SystemRoots(String),
}

/// Why there is no TLS, in words, and what kind of trouble it is.
#[derive(Debug)]
pub struct TlsFailure {
    pub(super) reason: String,
    pub(super) kind: TlsTrouble,
}

/// What kind of trouble TLS met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsTrouble {
    /// The certificate's authority is not trusted here.
    Authority,
    /// The certificate is for another name.
    Name,
    /// The certificate's time has passed, or has not come.
    Time,
    /// Anything else.
    Other,
}

impl std::fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl DialError {
    /// What to do about it: a clause without a capital or a full stop.
    pub fn advice(&self) -> String {
        match self {
            DialError::Lookup { .. } | DialError::Tcp { .. } => {
                "check provider.base_url and the network, then try again".into()
            }
            DialError::NoProxy { named_by, error, .. } => match error.as_ref() {
                DialError::Tls { .. } => error.advice(),
                _ => format!("start the proxy, or correct or unset {named_by}"),
            },
            DialError::Refused { named_by, status: 407, had_credentials: false, .. } => {
                format!("it asks for credentials: write {named_by} as http://USER:PASSWORD@HOST:PORT")
            }
            DialError::Refused { named_by, status: 407, .. } => {
                format!("it does not accept the user name and password in {named_by}; correct them")
            }
            DialError::Refused { status: 401 | 403, to, .. } => {
                format!("ask its operator to allow {to}, or list the host in NO_PROXY if it can be reached directly")
            }
            DialError::Refused { status: 502..=504, to, .. } => {
                format!("it cannot reach {to} itself; check provider.base_url, then try again")
            }
            DialError::Refused { named_by, .. } | DialError::BrokenTunnel { named_by, .. } => {
                format!("check that {named_by} names an HTTP proxy and its right port")
            }
            DialError::Tls { reason, .. } => match reason.kind {
                TlsTrouble::Authority => "if a proxy inspects your traffic or the server has an authority of its own, \
                     set provider.ca_file to that authority's certificate (PEM)"
                    .into(),
                TlsTrouble::Name => "write the host in provider.base_url as its certificate names it".into(),
                TlsTrouble::Time => "check this machine's clock; otherwise only the server's operator can help".into(),
                TlsTrouble::Other => "check that provider.base_url names a host and port that speak TLS".into(),
            },
            DialError::BadProxy { named_by, .. } => format!("write {named_by} as http://HOST:PORT"),
            DialError::CaFile { named_by, .. } => format!("let {named_by} name a readable PEM file, or unset it"),
            DialError::SystemRoots(_) => "install the system's CA certificates, or set provider.ca_file".into(),
        }
    }

    /// Whether trying again can change anything before the user has done something. Asking with a wrong password again
    /// and again would lock an account.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            DialError::BadProxy { .. }
                | DialError::CaFile { .. }
                | DialError::SystemRoots(_)
                | DialError::Refused { status: 407, .. }
        )
    }
}
