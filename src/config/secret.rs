//! Values that must not be seen: keys and header values. Nothing here may format or serialise them.

use std::fmt;

use url::Url;

/// What is shown in place of a secret.
pub(super) const HIDDEN: &str = "[secret]";

/// A secret text. It prints as `[secret]`; reading it takes an explicit [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself. Hand it to the socket and to nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Extra request headers: names are shown, values are secrets. Names are unique whatever their case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Secret)>);

/// Headers that the protocol itself sets; a second one would break or redirect the request.
const OURS: &[&str] = &[
    "host",
    "connection",
    "upgrade",
    "content-length",
    "content-type",
    "transfer-encoding",
    "te",
    "trailer",
    "expect",
];

impl Headers {
    /// Adds a header. The error says what is wrong and never shows the value.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err("is no header name; use letters, digits and `-`".to_owned());
        }
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            return Err("is set by the connection itself and cannot be configured".to_owned());
        }
        if self.get(name).is_some() {
            return Err("is given twice; header names do not differ by case".to_owned());
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) || value.trim() != value {
            return Err("has a value that is no header text; use printable ASCII without spaces around it".to_owned());
        }
        self.0.push((name.to_owned(), Secret::new(value)));
        Ok(())
    }

    /// The value of a header; the case of its name does not matter.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names and values in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A token character of RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A proxy's URL as it may be shown.
pub(super) fn without_userinfo(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => match url.host_str() {
            Some(host) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}://{host}{port}", url.scheme())
            }
            None => HIDDEN.to_owned(),
        },
        Err(_) => HIDDEN.to_owned(),
    }
}
