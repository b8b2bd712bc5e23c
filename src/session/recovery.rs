//! What to do when a request fails: the rules of the contract's "When things fail", as one pure decision.

use std::time::{Duration, SystemTime};

use super::failure::Failure;
use crate::wire::error::{ApiError, ErrorClass};

/// Longest delay a server may ask for that is waited out.
pub const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Retries of an overloaded server in a round.
const RETRIES: u32 = 3;
/// Cut responses a turn may recover from.
const RECOVERIES_PER_TURN: u32 = 2;

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The connection was lost, or is no longer to be trusted.
    Cut(String),
    /// The server closed the connection before it said anything, because it restarts (1012) or has too much to do (1013).
    Shed {
        /// Its words.
        reason: String,
        /// HTTP may be used instead.
        http: bool,
    },
    /// The request is larger than the protocol, or this server (1009), takes in a frame.
    TooLarge {
        /// Its size.
        bytes: usize,
        /// HTTP may be used instead, which takes it.
        http: bool,
    },
    /// The server reported an error.
    Api {
        /// The error.
        error: ApiError,
        /// Something of the answer had been received.
        after_output: bool,
        /// The request answered tool calls that only the server's side of the chain holds.
        chained_outputs: bool,
    },
}

impl Trouble {
    /// What happened, for the log and the user.
    pub fn reason(&self) -> String {
        match self {
            Trouble::Cut(reason) | Trouble::Shed { reason, .. } => reason.clone(),
            Trouble::TooLarge { bytes, .. } => format!("a request of {bytes} bytes is too large"),
            Trouble::Api { error, .. } => error.to_string(),
        }
    }

    /// The same in a word, for the receipt.
    pub fn label(&self) -> String {
        match self {
            Trouble::Cut(_) => "connection lost".into(),
            Trouble::Shed { .. } => "server restarts or is overloaded".into(),
            Trouble::TooLarge { .. } => "too large".into(),
            Trouble::Api { error, .. } => error.code.clone().unwrap_or_else(|| "server error".into()),
        }
    }

    /// The failure of a turn for which nothing more can be tried.
    pub fn failure(&self) -> Failure {
        match self {
            Trouble::Cut(reason) => Failure::Lost(reason.clone()),
            Trouble::Shed { reason, .. } => Failure::Overloaded(reason.clone()),
            Trouble::TooLarge { bytes, .. } => Failure::TooLarge { bytes: *bytes },
            Trouble::Api { error, .. } => match error.retry_after {
                Some(delay) if delay > LONGEST_WAIT => Failure::Later {
                    seconds: delay.as_secs(),
                    until: clock(SystemTime::now() + delay),
                    reason: error.to_string(),
                },
                _ => Failure::from_api(error),
            },
        }
    }
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// Take a new connection and ask the round again with a full context.
    Reconnect,
    /// Ask again with a full context on the same connection.
    Resend,
    /// Wait, then ask again with a full context.
    Wait(Duration),
    /// Ask again with half the context budget.
    Halve,
    /// Ask again over HTTP.
    OverHttp,
    /// Nothing: the turn fails.
    GiveUp,
}

/// What was tried in this turn; the round's part is cleared when a round is answered.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    turn_recoveries: u32,
    round_recovered: bool,
    round_reset: bool,
    round_retries: u32,
    halved: bool,
}

impl Attempts {
    /// A round was answered.
    pub fn round_answered(&mut self) {
        *self = Attempts { turn_recoveries: self.turn_recoveries, halved: self.halved, ..Attempts::default() };
    }

    /// Whether the context budget was halved in this turn.
    pub fn halved(&self) -> bool {
        self.halved
    }

    /// Decides, and remembers that it did. `jitter` is a factor around 1.
    pub fn remedy(&mut self, trouble: &Trouble, jitter: f64) -> Remedy {
        let (error, after_output, chained_outputs) = match trouble {
            Trouble::Cut(_) => return self.recover(),
            // It may be a moment only; a server that sheds WebSockets twice in a row may still take posts.
            Trouble::Shed { http: true, .. } if self.round_retries > 0 => return Remedy::OverHttp,
            Trouble::Shed { .. } => return self.wait(None, jitter),
            // The same frame would meet the same limit for ever (`protocol.md` 15, row 6).
            Trouble::TooLarge { http: true, .. } => return Remedy::OverHttp,
            Trouble::TooLarge { .. } => return self.halve(),
            Trouble::Api { error, after_output, chained_outputs } => (error, *after_output, *chained_outputs),
        };
        match error.class() {
            ErrorClass::PreviousResponseNotFound | ErrorClass::ConnectionLimit if self.round_reset => Remedy::GiveUp,
            ErrorClass::PreviousResponseNotFound => self.reset(Remedy::Resend),
            ErrorClass::ConnectionLimit => self.reset(Remedy::Reconnect),
            // A server that lost the calls refuses their outputs; a full request brings both.
            ErrorClass::Invalid if chained_outputs && !self.round_reset => self.reset(Remedy::Resend),
            ErrorClass::Retry if after_output => self.recover(),
            ErrorClass::Retry => self.wait(error.retry_after, jitter),
            ErrorClass::ContextLength => self.halve(),
            ErrorClass::Quota | ErrorClass::Auth | ErrorClass::Redirect | ErrorClass::Invalid => Remedy::GiveUp,
        }
    }

    fn reset(&mut self, remedy: Remedy) -> Remedy {
        self.round_reset = true;
        remedy
    }

    fn halve(&mut self) -> Remedy {
        if std::mem::replace(&mut self.halved, true) { Remedy::GiveUp } else { Remedy::Halve }
    }

    fn recover(&mut self) -> Remedy {
        if self.round_recovered || self.turn_recoveries >= RECOVERIES_PER_TURN {
            return Remedy::GiveUp;
        }
        self.round_recovered = true;
        self.turn_recoveries += 1;
        Remedy::Reconnect
    }

    fn wait(&mut self, asked: Option<Duration>, jitter: f64) -> Remedy {
        let backoff = Duration::from_millis(500 << self.round_retries.min(5)).mul_f64(jitter);
        let delay = asked.unwrap_or(backoff);
        if self.round_retries == RETRIES || delay > LONGEST_WAIT {
            return Remedy::GiveUp;
        }
        self.round_retries += 1;
        Remedy::Wait(delay)
    }
}

/// A wall clock time as `HH:MM:SS UTC`.
fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: &str, after_output: bool) -> Trouble {
        let error = ApiError { code: Some(code.into()), ..ApiError::default() };
        Trouble::Api { error, after_output, chained_outputs: false }
    }

    fn remedies(troubles: &[Trouble]) -> Vec<Remedy> {
        let mut attempts = Attempts::default();
        troubles.iter().map(|trouble| attempts.remedy(trouble, 1.0)).collect()
    }

    #[test]
    fn a_round_recovers_from_one_cut_and_a_turn_from_two() {
        let cut = Trouble::Cut("gone".into());
        assert_eq!(remedies(&[cut.clone(), cut.clone()]), [Remedy::Reconnect, Remedy::GiveUp]);
        let mut attempts = Attempts::default();
        for expected in [Remedy::Reconnect, Remedy::Reconnect, Remedy::GiveUp] {
            assert_eq!(attempts.remedy(&cut, 1.0), expected);
            attempts.round_answered();
        }
    }

    #[test]
    fn a_lost_chain_is_sent_once_more_beside_that_budget() {
        let cut = Trouble::Cut("gone".into());
        let lost = api("previous_response_not_found", false);
        assert_eq!(remedies(&[lost.clone(), cut, lost]), [Remedy::Resend, Remedy::Reconnect, Remedy::GiveUp]);
        assert_eq!(remedies(&[api("websocket_connection_limit_reached", false)]), [Remedy::Reconnect]);
    }

    #[test]
    fn overload_is_waited_out_three_times() {
        let busy = api("server_is_overloaded", false);
        let seconds = |s: f64| Remedy::Wait(Duration::from_secs_f64(s));
        assert_eq!(remedies(&vec![busy; 4]), [seconds(0.5), seconds(1.0), seconds(2.0), Remedy::GiveUp]);
        assert_eq!(remedies(&[api("server_error", true)]), [Remedy::Reconnect], "after output it is a cut");
    }

    #[test]
    fn a_long_delay_is_not_waited_out() {
        let mut error = ApiError { code: Some("rate_limit_exceeded".into()), ..ApiError::default() };
        error.retry_after = Some(Duration::from_secs(20));
        let trouble =
            |error: &ApiError| Trouble::Api { error: error.clone(), after_output: false, chained_outputs: false };
        assert_eq!(remedies(&[trouble(&error)]), [Remedy::Wait(Duration::from_secs(20))]);
        error.retry_after = Some(Duration::from_secs(21));
        assert_eq!(remedies(&[trouble(&error)]), [Remedy::GiveUp]);
    }

    #[test]
    fn what_asking_again_cannot_change_is_given_up() {
        for code in ["insufficient_quota", "invalid_api_key", "invalid_prompt"] {
            assert_eq!(remedies(&[api(code, false)]), [Remedy::GiveUp], "{code}");
        }
        let long = api("context_length_exceeded", false);
        assert_eq!(remedies(&[long.clone(), long]), [Remedy::Halve, Remedy::GiveUp]);
    }

    #[test]
    fn a_server_that_sheds_connections_is_asked_again_in_a_moment_and_then_over_http() {
        let shed = |http| Trouble::Shed { reason: "1013".into(), http };
        let moment = Remedy::Wait(Duration::from_millis(500));
        assert_eq!(remedies(&[shed(true), shed(true)]), [moment.clone(), Remedy::OverHttp]);
        let patient = remedies(&vec![shed(false); 4]);
        assert_eq!((&patient[0], &patient[3]), (&moment, &Remedy::GiveUp));
    }

    #[test]
    fn a_frame_that_is_too_large_is_never_sent_again() {
        let large = |http| Trouble::TooLarge { bytes: 20_000_000, http };
        assert_eq!(remedies(&[large(true)]), [Remedy::OverHttp]);
        assert_eq!(remedies(&vec![large(false); 2]), [Remedy::Halve, Remedy::GiveUp]);
    }

    #[test]
    fn outputs_whose_calls_the_server_lost_are_sent_once_more_with_the_calls() {
        let error = ApiError { code: Some("invalid_request_error".into()), status: Some(400), ..ApiError::default() };
        let refused = |chained_outputs| Trouble::Api { error: error.clone(), after_output: false, chained_outputs };
        assert_eq!(remedies(&[refused(true), refused(false)]), [Remedy::Resend, Remedy::GiveUp]);
        assert_eq!(remedies(&[refused(true), refused(true)]), [Remedy::Resend, Remedy::GiveUp]);
    }
}
