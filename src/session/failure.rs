//! Why a turn could not go on: each with one sentence for the user that says what to do next.

use crate::wire::error::{ApiError, ErrorClass};

/// What to do about a provider that redirects.
pub const REDIRECTED: &str = "set provider.base_url to the address that serves the API itself";

/// What to do about a provider that refuses the key.
pub const KEY_REFUSED: &str =
    "check that the key is right and meant for this provider (provider.api_key_env, provider.api_key_command)";

/// A turn's failure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The user took the consent back.
    #[error(
        "the permission to send this workspace to {0} was taken back; nothing more is sent, and nothing was applied"
    )]
    Revoked(String),
    /// `turn_timeout` passed.
    #[error("the turn took longer than session.turn_timeout ({0:?}); nothing was applied")]
    TimedOut(std::time::Duration),
    /// No connection could be made.
    #[error("{reason}; {advice}")]
    Unreachable {
        /// What failed.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// The connection, or what the server kept of it, was lost more often than a turn may recover from.
    #[error("{0}, and again after reconnecting; nothing was applied, try once more")]
    Lost(String),
    /// The connection was lost in mid turn, and the network did not come back while the turn waited.
    #[error(
        "{lost}, and there was no way back for {waited:?} ({reason}); nothing was applied. The session comes back by itself: try again when it has"
    )]
    Offline {
        /// How it was lost.
        lost: String,
        /// How long was waited.
        waited: std::time::Duration,
        /// What the last attempt met.
        reason: String,
    },
    /// The server says to come back later than we wait.
    #[error("the provider asks to wait {seconds} s ({reason}); try again after {until}")]
    Later {
        /// How long from now.
        seconds: u64,
        /// Wall clock time of the next attempt, UTC.
        until: String,
        /// The server's words.
        reason: String,
    },
    /// Overload that did not pass.
    #[error("the provider stayed overloaded ({0}); nothing was applied, try again in a minute")]
    Overloaded(String),
    /// The model stopped short.
    #[error("the model's answer is incomplete ({0}); nothing was applied, ask for a smaller change")]
    Incomplete(String),
    /// The request is larger than a frame may be, even with half the context.
    #[error(
        "the request of {bytes} bytes is more than the server takes at once; lower session.max_context_tokens or context.max_file_bytes"
    )]
    TooLarge {
        /// Serialised size.
        bytes: usize,
    },
    /// The key could not be had.
    #[error("the API key is not available: {0}")]
    Key(String),
    /// Key missing or wrong.
    #[error("the provider refused the API key ({0}); check provider.api_key_env or api_key_command")]
    Auth(String),
    /// Quota used up.
    #[error("the provider's quota is used up ({0}); check your plan, then try again")]
    Quota(String),
    /// The context does not fit even when halved.
    #[error(
        "the request does not fit the model's context even at half the budget ({0}); lower session.max_context_tokens"
    )]
    ContextLength(String),
    /// The provider does not accept the request.
    #[error("the provider does not accept the request ({0}); check provider.model and provider.tool_style")]
    Invalid(String),
}

impl Failure {
    /// The failure an error stands for when nothing more can be tried.
    pub fn from_api(error: &ApiError) -> Failure {
        let text = error.to_string();
        match error.class() {
            ErrorClass::Auth => Failure::Auth(text),
            ErrorClass::Quota => Failure::Quota(text),
            ErrorClass::ContextLength => Failure::ContextLength(text),
            ErrorClass::Retry => Failure::Overloaded(text),
            ErrorClass::Redirect => {
                Failure::Unreachable { reason: format!("the provider answers with {text}"), advice: REDIRECTED.into() }
            }
            ErrorClass::PreviousResponseNotFound | ErrorClass::ConnectionLimit => Failure::Lost(text),
            ErrorClass::Invalid => Failure::Invalid(text),
        }
    }
}
