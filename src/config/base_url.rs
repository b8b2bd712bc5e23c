//! The address of a provider, validated once so that everything after may trust it: a key goes to this origin only,
//! encrypted unless the host is this machine. Its errors must never echo the text they refuse (it may hold a password).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// A provider's base URL: scheme, host, port and path, without user info, query or fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    tls: bool,
    /// Lower case; an IPv6 address without brackets.
    host: String,
    port: u16,
    /// Empty, or `/` followed by something that does not end in `/`.
    path: String,
}

/// Why a base URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL at all.
    #[error("is not a URL ({0}); write it as https://HOST/v1")]
    Unparsable(#[from] url::ParseError),
    /// A scheme other than the four.
    #[error("must begin with https:// or wss://, or for this machine with http:// or ws://")]
    Scheme,
    /// No host.
    #[error("names no host; write it as https://HOST/v1")]
    Host,
    /// A user name or a password.
    #[error("must not hold a user name or password; name the variable of the key in provider.api_key_env instead")]
    Userinfo,
    /// A query or a fragment.
    #[error("must not have a query or fragment; `/responses` is appended to it")]
    Query,
    /// Unencrypted, and not on this machine.
    #[error("is not encrypted; use https:// for {host} (http:// and ws:// only for localhost, 127.0.0.0/8 and [::1])")]
    Plain {
        /// The host that was named.
        host: String,
    },
}

impl BaseUrl {
    /// Validates a base URL. `ws` and `wss` mean the same as `http` and `https`.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text)?;
        let tls = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(BaseUrlError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Userinfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(BaseUrlError::Host),
        };
        let port = url.port_or_known_default().unwrap_or(default_port(tls));
        let base = Self { tls, host, port, path: url.path().trim_end_matches('/').to_owned() };
        if !base.tls && !base.is_loopback() {
            return Err(BaseUrlError::Plain { host: base.host });
        }
        Ok(base)
    }

    /// OpenAI's own address, the default where a key is present.
    pub fn openai() -> Self {
        Self { tls: true, host: "api.openai.com".to_owned(), port: 443, path: "/v1".to_owned() }
    }

    /// `https://HOST` or `https://HOST:PORT`; default ports are left out.
    pub fn origin(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The address of the WebSocket upgrade: `wss://…/responses`.
    pub fn websocket_url(&self) -> String {
        let scheme = if self.tls { "wss" } else { "ws" };
        format!("{scheme}://{}{}/responses", self.authority(), self.path)
    }

    /// The address of HTTP requests: `https://…/responses`.
    pub fn http_url(&self) -> String {
        format!("{}{}/responses", self.origin(), self.path)
    }

    /// The host, an IPv6 address without brackets: what is resolved and what a certificate must name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where none was written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted.
    pub fn tls(&self) -> bool {
        self.tls
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}
