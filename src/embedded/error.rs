//! Errors as the API gives them: one value, written as a WebSocket frame, an HTTP body or a flat event.
//!
//! Codes and shapes are those of the official guide (nested, with `status`). Clients match on `code`, so a code is
//! never invented where the API has one; the message is for people. It must never quote document text.

use serde_json::{Value, json};

/// A request that was refused or failed before any output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    /// The HTTP status, also carried by the frame.
    pub status: u16,
    /// `error.type`.
    pub kind: &'static str,
    /// `error.code`.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// The field at fault.
    pub param: Option<String>,
    /// Seconds to wait, as the `Retry-After` header over HTTP.
    pub retry_after: Option<u32>,
    /// Unix time at which a used-up allowance is renewed.
    pub resets_at: Option<u64>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, kind, code, message: message.into(), param: None, retry_after: None, resets_at: None }
    }

    /// A 400 `invalid_request_error` about `param` (empty when about no field).
    pub(super) fn invalid(code: &'static str, param: &str, message: impl Into<String>) -> ApiError {
        let error = ApiError::new(400, "invalid_request_error", code, message);
        ApiError { param: (!param.is_empty()).then(|| param.to_owned()), ..error }
    }

    /// What HTTP says of a request it does not serve, with a status of its own.
    pub(super) fn http(status: u16, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(status, "invalid_request_error", code, message)
    }

    pub(super) fn previous_response_not_found(id: &str) -> ApiError {
        let message = format!("Previous response with id '{id}' not found.");
        ApiError::invalid("previous_response_not_found", "previous_response_id", message)
    }

    pub(super) fn context_length_exceeded() -> ApiError {
        let message = "Your input exceeds the context window of this model. Please adjust your input and try again.";
        ApiError::invalid("context_length_exceeded", "input", message)
    }

    pub(super) fn connection_limit() -> ApiError {
        let message = "Responses websocket connection limit reached (60 minutes). \
                       Create a new websocket connection to continue.";
        ApiError::invalid("websocket_connection_limit_reached", "", message)
    }

    pub(super) fn too_many_waiting() -> ApiError {
        let message = "Too many requests wait on this connection. Wait for a response to end before sending more.";
        ApiError::new(429, "rate_limit_error", "rate_limit_exceeded", message)
    }

    /// `wait` is the delay in seconds that it asks for, if it says one.
    pub(super) fn overloaded(wait: Option<u32>) -> ApiError {
        let message = format!("Our servers are currently overloaded. Please try again {}.", when(wait));
        let error = ApiError::new(503, "server_error", "server_is_overloaded", message);
        ApiError { retry_after: wait, ..error }
    }

    /// `wait` is the delay in seconds that it asks for, if it says one.
    pub(super) fn rate_limit(wait: Option<u32>) -> ApiError {
        let message = format!("Rate limit reached for requests. Please try again {}.", when(wait));
        let error = ApiError::new(429, "rate_limit_error", "rate_limit_exceeded", message);
        ApiError { retry_after: wait, ..error }
    }

    /// The allowance of a plan is used up until `resets_at`; this one has no code (codex sources).
    pub(super) fn usage_limit(resets_at: u64) -> ApiError {
        let error = ApiError::new(429, "usage_limit_reached", "", "The usage limit has been reached.");
        ApiError { resets_at: Some(resets_at), ..error }
    }

    pub(super) fn quota() -> ApiError {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        ApiError::new(429, "insufficient_quota", "insufficient_quota", message)
    }

    pub(super) fn unauthorized() -> ApiError {
        let message = "Missing or wrong bearer token. Send `Authorization: Bearer` with the token of this agent.";
        ApiError::new(401, "invalid_request_error", "invalid_api_key", message)
    }

    pub(super) fn server_error() -> ApiError {
        let message = "The server had an error while processing your request. You can retry it.";
        ApiError::new(500, "server_error", "server_error", message)
    }

    /// The `error` object.
    pub(super) fn object(&self) -> Value {
        match self.resets_at {
            Some(resets_at) => {
                json!({"type": self.kind, "message": self.message, "plan_type": "pro", "resets_at": resets_at})
            }
            None => json!({"type": self.kind, "code": self.code, "message": self.message, "param": self.param}),
        }
    }

    /// The body of an HTTP answer.
    pub(super) fn body(&self) -> Value {
        json!({ "error": self.object() })
    }

    /// The frame on a WebSocket; the transport adds the lane.
    pub(super) fn frame(&self) -> Value {
        json!({"type": "error", "status": self.status, "error": self.object()})
    }

    /// The frame some servers send: nested, but without `status`.
    pub(super) fn statusless_frame(&self) -> Value {
        json!({"type": "error", "error": self.object()})
    }

    /// The frame of the backend of codex: `status_code`, and the headers that HTTP would have.
    pub(super) fn status_code_frame(&self) -> Value {
        let headers = match self.retry_after {
            Some(seconds) => json!({"retry-after": seconds.to_string()}),
            None => json!({}),
        };
        json!({"type": "error", "status_code": self.status, "error": self.object(), "headers": headers})
    }

    /// The event of older servers and of SSE: everything at the top level.
    pub(super) fn flat_event(&self) -> Value {
        json!({"type": "error", "code": self.code, "message": self.message, "param": self.param,
               "sequence_number": 0})
    }
}

/// When to try again, in the words that clients look for.
fn when(wait: Option<u32>) -> String {
    wait.map_or_else(|| "later".into(), |seconds| format!("in {seconds}s"))
}
