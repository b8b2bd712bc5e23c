//! Endings on demand: how a response ends, before its first event, when a fault says so.
//!
//! The endings further on are `respond`'s and `stream`'s. It must never act without a fault.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{
    conversation,
    error::ApiError,
    fault::{Ending, ErrorFault, ErrorForm},
    request::Request,
    respond::{Outlet, Signal, Stop},
};

/// How far ahead an allowance is renewed.
const RENEWAL: Duration = Duration::from_secs(60 * 60);

/// Ends the response, if this ending comes before its first event.
pub(super) async fn before_events(
    ending: Ending,
    form: Option<ErrorForm>,
    request: &Request,
    outlet: &Outlet,
) -> Result<(), Stop> {
    match ending {
        Ending::Error(fault) => {
            outlet.send(formed(error(fault, request), form)).await?;
            if fault == ErrorFault::ConnectionLimit {
                outlet.send(Signal::Close(1000, "connection limit")).await?;
            }
            Err(Stop::Ended)
        }
        Ending::Close(code) => {
            outlet.send(Signal::Close(code, close_reason(code))).await?;
            Err(Stop::Ended)
        }
        Ending::HalfOpen => {
            outlet.send(Signal::Deaf).await?;
            std::future::pending().await
        }
        // Ends when the transport drops this task.
        Ending::Silent => std::future::pending().await,
        Ending::Interrupted(_)
        | Ending::MissingTerminal
        | Ending::Failed
        | Ending::Incomplete
        | Ending::Steered
        | Ending::CloseAfterResponse => Ok(()),
    }
}

fn error(fault: ErrorFault, request: &Request) -> ApiError {
    match fault {
        ErrorFault::NotFound => ApiError::previous_response_not_found(request.previous.as_deref().unwrap_or_default()),
        ErrorFault::ConnectionLimit => ApiError::connection_limit(),
        ErrorFault::Overloaded(wait) => ApiError::overloaded(wait),
        ErrorFault::RateLimit(wait) => ApiError::rate_limit(wait),
        ErrorFault::UsageLimit => ApiError::usage_limit(renewal()),
        ErrorFault::Quota => ApiError::quota(),
        ErrorFault::ContextLength => ApiError::context_length_exceeded(),
        ErrorFault::RefusedOutputs => {
            let message = request.input.iter().find_map(conversation::orphaned).unwrap_or_default();
            ApiError::invalid("invalid_value", "input", message)
        }
        ErrorFault::WarmUpRefused => {
            let message = "Unsupported parameter: 'generate'. This server has no warm-up.";
            ApiError::invalid("unsupported_parameter", "generate", message)
        }
        ErrorFault::Server => ApiError::server_error(),
    }
}

/// An error in its documented form, which HTTP gives as a status, or as an event of another form.
pub(super) fn formed(error: ApiError, form: Option<ErrorForm>) -> Signal {
    match form {
        None => Signal::Error(error),
        Some(ErrorForm::Flat) => Signal::Event(error.flat_event()),
        Some(ErrorForm::Statusless) => Signal::Event(error.statusless_frame()),
        Some(ErrorForm::StatusCode) => Signal::Event(error.status_code_frame()),
    }
}

fn close_reason(code: u16) -> &'static str {
    match code {
        1009 => "message too big",
        1012 => "service restart",
        1013 => "try again later",
        _ => "internal error",
    }
}

fn renewal() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| (since + RENEWAL).as_secs())
}
