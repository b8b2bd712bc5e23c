//! Errors a Responses server reports, in every shape it uses, reduced to what a client does about them.
//!
//! Matching is on `code` (then `type`, then the HTTP status), never on message text; the one exception is the retry
//! delay, which some servers give only in words (`protocol.md` 6).

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{LOCATION, RETRY_AFTER};
use serde_json::Value;
use url::Url;

/// An error as the server told it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiError {
    /// HTTP status, where one was given.
    pub status: Option<u16>,
    /// Machine-readable code; equal to `type` on some servers.
    pub code: Option<String>,
    /// The server's sentence.
    pub message: String,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// What an error means for the request that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The chain is gone: send everything once more.
    PreviousResponseNotFound,
    /// The connection reached its age limit: take a new one.
    ConnectionLimit,
    /// Overload, rate limit or a server fault: wait and ask again.
    Retry,
    /// The context does not fit the model.
    ContextLength,
    /// Quota or usage limit: only the user can help.
    Quota,
    /// The key is missing, wrong or not allowed.
    Auth,
    /// The server sends us elsewhere. Following would carry the key to an address nobody configured.
    Redirect,
    /// The request is wrong; asking again changes nothing.
    Invalid,
}

impl ApiError {
    /// Reads an `error` event or an HTTP error body: nested, flat, with `status`, `status_code` or neither.
    pub fn read(value: &Value) -> ApiError {
        let nested = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
        let text = |field: &str| nested.get(field).and_then(Value::as_str);
        let status = ["status", "status_code"]
            .iter()
            .find_map(|field| value.get(field).or_else(|| nested.get(field)).and_then(Value::as_u64))
            .and_then(|status| u16::try_from(status).ok());
        let kind = text("type").filter(|kind| *kind != "error");
        let message = text("message").unwrap_or("the server gave no reason").to_owned();
        ApiError {
            status,
            code: text("code").or(kind).map(str::to_owned),
            retry_after: retry_delay(value, nested, &message),
            message,
        }
    }

    /// Reads an HTTP answer that is no success, whose body may be anything.
    pub fn from_http(status: u16, headers: &HeaderMap, body: &[u8]) -> ApiError {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let mut error = match serde_json::from_slice::<Value>(body) {
            Ok(value) => ApiError::read(&value),
            Err(_) => ApiError { message: format!("HTTP status {status}"), ..ApiError::default() },
        };
        if (300..400).contains(&status) {
            let target = header(LOCATION).and_then(|location| Url::parse(location).ok());
            let target = target.map_or("another path".into(), |url| url.origin().ascii_serialization());
            error.message = format!("a redirect to {target}, which is not followed");
        }
        error.status = Some(status);
        error.retry_after =
            header(RETRY_AFTER).and_then(|value| value.parse().ok()).map(Duration::from_secs).or(error.retry_after);
        error
    }

    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self.code.as_deref().unwrap_or_default() {
            "previous_response_not_found" => ErrorClass::PreviousResponseNotFound,
            "websocket_connection_limit_reached" => ErrorClass::ConnectionLimit,
            "context_length_exceeded" => ErrorClass::ContextLength,
            "insufficient_quota" | "usage_limit_reached" | "usage_not_included" | "billing_hard_limit_reached" => {
                ErrorClass::Quota
            }
            "invalid_api_key" | "authentication_error" | "permission_denied" => ErrorClass::Auth,
            "server_is_overloaded"
            | "slow_down"
            | "server_error"
            | "internal_server_error"
            | "rate_limit_exceeded"
            | "overloaded_error"
            | "rate_limit_error" => ErrorClass::Retry,
            _ => match self.status {
                Some(300..=399) => ErrorClass::Redirect,
                Some(401 | 403) => ErrorClass::Auth,
                Some(413) => ErrorClass::ContextLength,
                Some(429 | 500..=599) => ErrorClass::Retry,
                _ => ErrorClass::Invalid,
            },
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        Ok(())
    }
}

/// A delay from `resets_at`, a `retry-after` header inside the frame, or the words "try again in 1.5s".
fn retry_delay(value: &Value, nested: &Value, message: &str) -> Option<Duration> {
    let headers = value.get("headers").or_else(|| nested.get("headers"));
    let header = headers.and_then(|headers| headers.get("retry-after").or_else(|| headers.get("Retry-After")));
    let seconds = header.and_then(|header| header.as_f64().or_else(|| header.as_str()?.trim().parse().ok()));
    if let Some(seconds) = seconds {
        return duration(seconds);
    }
    if let Some(resets_at) = nested.get("resets_at").and_then(Value::as_f64) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64();
        return duration((resets_at - now).max(0.0));
    }
    let words = message.split_once("try again in ")?.1;
    let digits = words.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(words.len());
    let number: f64 = words[..digits].parse().ok()?;
    let unit = words[digits..].trim_start();
    let scale = if unit.starts_with("ms") {
        0.001
    } else if unit.starts_with('m') {
        60.0
    } else if unit.starts_with('s') {
        1.0
    } else {
        return None;
    };
    duration(number * scale)
}

/// Seconds as a duration, when they are sane.
fn duration(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && (0.0..=1e9).contains(&seconds)).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_envelope_is_read() {
        let nested = json!({"type":"error","status":400,"error":{"type":"invalid_request_error",
            "code":"previous_response_not_found","message":"gone"}});
        let flat = json!({"type":"error","code":"previous_response_not_found","message":"gone","sequence_number":3});
        let statusless = json!({"type":"error","error":{"code":"previous_response_not_found","message":"gone"}});
        for value in [nested, flat, statusless] {
            assert_eq!(ApiError::read(&value).class(), ErrorClass::PreviousResponseNotFound);
        }
        let codex = json!({"type":"error","status_code":429,"error":{"type":"usage_limit_reached","message":"later"}});
        assert_eq!(ApiError::read(&codex).class(), ErrorClass::Quota);
        assert_eq!(ApiError::read(&codex).status, Some(429));
        let code_is_null = json!({"type":"error","status":400,"error":{"type":"invalid_request_error","code":null}});
        assert_eq!(ApiError::read(&code_is_null).class(), ErrorClass::Invalid);
        assert_eq!(ApiError::from_http(503, &HeaderMap::new(), b"<html>").class(), ErrorClass::Retry);
        assert_eq!(ApiError::from_http(401, &HeaderMap::new(), b"{}").class(), ErrorClass::Auth);
    }

    #[test]
    fn the_delay_is_found_in_headers_and_words() {
        let delay = |value: Value| ApiError::read(&value).retry_after;
        let words = |text: &str| json!({"error": {"code": "rate_limit_exceeded", "message": text}});
        assert_eq!(delay(words("Please try again in 1.5s.")), Some(Duration::from_millis(1500)));
        assert_eq!(delay(words("try again in 250ms")), Some(Duration::from_millis(250)));
        assert_eq!(delay(words("try again in 20 seconds")), Some(Duration::from_secs(20)));
        assert_eq!(delay(words("try again later")), None);
        let header = json!({"error": {"message": "x"}, "headers": {"retry-after": "7"}});
        assert_eq!(delay(header), Some(Duration::from_secs(7)));
    }
}
