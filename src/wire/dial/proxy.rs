//! HTTP proxies: reading their addresses, and opening a tunnel through one with `CONNECT` (RFC 9110, 9.3.6).
//!
//! Credentials go to the proxy and nowhere else: no name, error or `Debug` output holds them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::error::ProxyTrouble;
use super::{DialError, LATE, Stream, authority, tcp, tls};

/// Where a proxy is, and how it is asked.
#[derive(Clone)]
pub struct ProxyAddress {
    encrypted: bool,
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
    named_by: String,
}

/// A proxy to tunnel through.
#[derive(Clone)]
pub struct Proxy {
    /// Where it is.
    pub address: ProxyAddress,
    /// How to speak TLS with it; needed where its address begins with `https://`.
    pub tls: Option<Arc<ClientConfig>>,
}

impl ProxyAddress {
    /// Reads `[http[s]://][user:password@]host[:port]`; `named_by` is the setting or variable that holds it.
    ///
    /// # Errors
    /// [`DialError::BadProxy`], which never repeats the text.
    pub fn parse(text: &str, named_by: &str) -> Result<ProxyAddress, DialError> {
        let bad = |reason| DialError::BadProxy { named_by: named_by.to_owned(), reason };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|_| bad("it is no URL"))?;
        let encrypted = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(bad("only http:// and https:// proxies are supported")),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(bad("it names no host")),
        };
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(ProxyAddress { encrypted, host, port, authorization: credentials(&url), named_by: named_by.to_owned() })
    }

    /// Whether TLS is spoken with the proxy itself.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether the proxy runs on this machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for ProxyAddress {
    /// Its address without credentials, and what named it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{} (from {})", authority(&self.host, self.port), self.named_by)
    }
}

/// The user name and password of a URL as a header value (RFC 7617).
fn credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    let pair = format!("{}:{}", decode(url.username()), decode(url.password().unwrap_or_default()));
    let mut value = HeaderValue::from_str(&format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Proxy {
    /// Connects to the proxy and has it connect to `host`.
    pub(super) async fn tunnel(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<(SocketAddr, Box<dyn Stream>), DialError> {
        let failed = |trouble| DialError::Proxy {
            proxy: self.address.to_string(),
            named_by: self.address.named_by.clone(),
            trouble,
        };
        let to = authority(host, port);
        let reached = self.reach(deadline).await;
        let (peer, stream) = reached.map_err(|error| failed(ProxyTrouble::Unreachable(Box::new(error))))?;
        let late = |_| ProxyTrouble::Broken { to: to.clone(), reason: LATE.into() };
        let opened = timeout_at(deadline, self.connect(stream, &to)).await.map_err(late);
        Ok((peer, opened.and_then(|opened| opened).map_err(failed)?))
    }

    async fn reach(&self, deadline: Instant) -> Result<(SocketAddr, Box<dyn Stream>), DialError> {
        let ProxyAddress { host, port, .. } = &self.address;
        let (peer, stream) = tcp(host, *port, deadline).await?;
        let Some(config) = &self.tls else { return Ok((peer, Box::new(stream))) };
        let encrypted = tls::connect(config, host, Box::new(stream), deadline).await;
        let encrypted = encrypted.map_err(|reason| DialError::Tls { host: host.clone(), reason })?;
        Ok((peer, Box::new(encrypted)))
    }

    /// Asks for a tunnel on a stream to the proxy.
    async fn connect(&self, stream: Box<dyn Stream>, to: &str) -> Result<Box<dyn Stream>, ProxyTrouble> {
        let broken = |error: hyper::Error| ProxyTrouble::Broken { to: to.to_owned(), reason: error.to_string() };
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(broken)?;
        tokio::spawn(connection.with_upgrades());
        let mut request = hyper::Request::new(Empty::<Bytes>::new());
        *request.method_mut() = hyper::Method::CONNECT;
        // An authority that is no URI (no host can be written so) is the proxy's to refuse.
        *request.uri_mut() = to.parse().unwrap_or_default();
        if let Ok(host) = HeaderValue::from_str(to) {
            request.headers_mut().insert("host", host);
        }
        if let Some(authorization) = &self.address.authorization {
            request.headers_mut().insert("proxy-authorization", authorization.clone());
        }
        let response = sender.send_request(request).await.map_err(broken)?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let had_credentials = self.address.authorization.is_some();
            return Err(ProxyTrouble::Refused { to: to.to_owned(), status, had_credentials });
        }
        Ok(Box::new(TokioIo::new(hyper::upgrade::on(response).await.map_err(broken)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        ProxyAddress::parse(text, "HTTPS_PROXY").unwrap().to_string()
    }

    #[test]
    fn addresses_are_read_and_shown_without_credentials() {
        assert_eq!(name("http://user:p%40ss@proxy.example:3128"), "http://proxy.example:3128 (from HTTPS_PROXY)");
        assert_eq!(name("proxy.example:8080"), "http://proxy.example:8080 (from HTTPS_PROXY)");
        assert_eq!(name("https://proxy.example"), "https://proxy.example:443 (from HTTPS_PROXY)");
        assert_eq!(name("http://[::1]:3128/"), "http://[::1]:3128 (from HTTPS_PROXY)");
    }

    #[test]
    fn credentials_are_decoded_and_sent_as_basic_authorization() {
        let sent = |text: &str| ProxyAddress::parse(text, "provider.proxy").unwrap().authorization;
        assert_eq!(sent("http://user:p%40ss@proxy:3128").unwrap(), "Basic dXNlcjpwQHNz");
        assert_eq!(sent("http://proxy:3128"), None);
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_being_repeated() {
        for text in ["socks5://user:secret@host:1080", "http://", "http://secret@"] {
            let Err(error) = ProxyAddress::parse(text, "ALL_PROXY") else { panic!("{text} was accepted") };
            assert!(!error.to_string().contains("secret"), "{error}");
            assert!(error.to_string().contains("ALL_PROXY"), "{error}");
        }
    }
}
