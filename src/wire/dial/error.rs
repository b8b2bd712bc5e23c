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
    /// There is no way through the proxy.
    #[error("the proxy {proxy}{trouble}")]
    Proxy {
        /// The proxy, and what named it.
        proxy: String,
        /// The setting or variable that named it.
        named_by: String,
        /// What is wrong.
        trouble: ProxyTrouble,
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

/// What is wrong with a proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyTrouble {
    /// It could not be reached itself.
    #[error(": {0}")]
    Unreachable(Box<DialError>),
    /// It answered, but not with a tunnel.
    #[error(" did not open a tunnel to {to}: HTTP status {status}")]
    Refused {
        /// The host and port asked for.
        to: String,
        /// HTTP status of the answer.
        status: u16,
        /// Whether it was given credentials.
        had_credentials: bool,
    },
    /// It broke off, fell silent or does not speak HTTP.
    #[error(" did not open a tunnel to {to}: {reason}")]
    Broken {
        /// The host and port asked for.
        to: String,
        /// What happened.
        reason: String,
    },
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
            DialError::Proxy { named_by, trouble, .. } => trouble.advice(named_by),
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
            DialError::SystemRoots(_) => {
                "install the system's CA certificates, correct SSL_CERT_FILE and SSL_CERT_DIR, or set provider.ca_file"
                    .into()
            }
        }
    }

    /// Whether trying again can change nothing before the user has done something. A wrong password, tried again and
    /// again, would lock an account.
    pub fn is_final(&self) -> bool {
        match self {
            DialError::BadProxy { .. } | DialError::CaFile { .. } | DialError::SystemRoots(_) => true,
            DialError::Proxy { trouble, .. } => matches!(trouble, ProxyTrouble::Refused { status: 407, .. }),
            DialError::Lookup { .. } | DialError::Tcp { .. } | DialError::Tls { .. } => false,
        }
    }
}

impl ProxyTrouble {
    fn advice(&self, named_by: &str) -> String {
        match self {
            ProxyTrouble::Unreachable(error) if matches!(**error, DialError::Tls { .. }) => error.advice(),
            ProxyTrouble::Unreachable(_) => format!("start the proxy, or correct or unset {named_by}"),
            ProxyTrouble::Refused { status: 407, had_credentials: false, .. } => {
                format!("it asks for credentials: write {named_by} as http://USER:PASSWORD@HOST:PORT")
            }
            ProxyTrouble::Refused { status: 407, .. } => {
                format!("it does not accept the user name and password in {named_by}; correct them")
            }
            ProxyTrouble::Refused { status: 401 | 403, to, .. } => {
                format!("ask its operator to allow {to}, or list the host in NO_PROXY if it can be reached directly")
            }
            ProxyTrouble::Refused { status: 502..=504, to, .. } => {
                format!("it cannot reach {to} itself; check provider.base_url, then try again")
            }
            ProxyTrouble::Refused { .. } | ProxyTrouble::Broken { .. } => {
                format!("check that {named_by} names an HTTP proxy and its right port")
            }
        }
    }
}
