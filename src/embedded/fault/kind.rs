//! The kinds of fault: their names, what each does, and which requests it can concern.
//!
//! Sorted by where they strike, because that decides which of them can act together. It must never say when a fault
//! acts; that is `schedule`'s.

use std::fmt;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// With the WebSocket upgrade, before any request.
    Upgrade(UpgradeFault),
    /// With how a request ends. Of several, the first acts.
    Ending(Ending),
    /// With the form of an error. Without an error to put into this form, it brings one.
    Form(ErrorForm),
    /// With how a response is told. These act together, and with the endings that leave something to tell.
    Telling(Telling),
}

/// What goes wrong with an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeFault {
    /// It is answered with this status.
    Refused(u16),
    /// It succeeds, then the connection is closed with 1008.
    Closed,
}

/// How a request ends otherwise than well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an error, before any event.
    Error(ErrorFault),
    /// The connection is closed with this code, before any event.
    Close(u16),
    /// It is read and never answered; pings still are.
    Silent,
    /// Nothing more is read or answered, pings included; at the upgrade too, once `after` requests have passed.
    HalfOpen,
    /// It goes no further after some deltas.
    Interrupted(Interruption),
    /// The output comes, the terminal event never does.
    MissingTerminal,
    /// `response.failed`, before any output.
    Failed,
    /// `response.incomplete`, in the midst of the output.
    Incomplete,
    /// `response.incomplete` with the reason `steered`, then a new response that completes.
    Steered,
    /// The connection breaks once the response is complete, so that the next request meets a dead one.
    CloseAfterResponse,
}

/// What stands in the place of the rest of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The connection breaks, without a close frame.
    Break,
    /// 500 `server_error`.
    Error,
    /// Nothing; pings are still answered.
    Silence,
}

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorFault {
    /// 400 `previous_response_not_found`, for a request that continues.
    NotFound,
    /// 400 `websocket_connection_limit_reached`, then the connection is closed.
    ConnectionLimit,
    /// 503 `server_is_overloaded`, with a delay to wait where one is given.
    Overloaded(Option<u32>),
    /// 429 `rate_limit_exceeded`, with a delay to wait where one is given.
    RateLimit(Option<u32>),
    /// 429 `usage_limit_reached`, with the time at which it is over.
    UsageLimit,
    /// 429 `insufficient_quota`.
    Quota,
    /// 400 `context_length_exceeded`.
    ContextLength,
    /// 400 for tool outputs whose call the server claims not to know.
    RefusedOutputs,
    /// 400 for `generate: false`.
    WarmUpRefused,
    /// 500 `server_error`.
    Server,
}

/// The shapes of errors seen in the field beside the documented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// `code` and `message` at the top level.
    Flat,
    /// Nested, without `status`.
    Statusless,
    /// Nested, with `status_code` and `headers` in place of `status`.
    StatusCode,
}

/// What is odd about a response that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Event types no client knows stand between good ones.
    UnknownEvents,
    /// The terminal event has no `usage`.
    MissingUsage,
    /// The terminal event has no `output`.
    MissingOutput,
    /// No event has a `sequence_number`.
    MissingSequence,
    /// A binary frame stands between the events.
    BinaryFrame,
    /// A frame of half an event stands between the events.
    GarbageFrame,
    /// One frame of more than 16 MiB stands between the events.
    HugeFrame,
    /// Events trickle.
    Slow,
    /// The model refuses to answer.
    Refusal,
}

/// Seconds to wait that clients put up with.
const SHORT_WAIT: Option<u32> = Some(1);
/// Seconds to wait that are longer than a client should keep a user waiting.
const LONG_WAIT: Option<u32> = Some(60);

/// Every fault: its name on the command line, what it is, and what it does.
const CATALOGUE: [(&str, FaultKind, &str); 48] = {
    use Interruption::{Break, Silence};
    use {self::Ending::*, ErrorFault::*, ErrorForm::*, Telling::*};
    const fn upgrade(status: u16) -> FaultKind {
        FaultKind::Upgrade(UpgradeFault::Refused(status))
    }
    const fn ends(ending: Ending) -> FaultKind {
        FaultKind::Ending(ending)
    }
    const fn error(fault: ErrorFault) -> FaultKind {
        FaultKind::Ending(Ending::Error(fault))
    }
    [
        ("upgrade-401", upgrade(401), "the upgrade is answered 401"),
        ("upgrade-403", upgrade(403), "the upgrade is answered 403"),
        ("upgrade-404", upgrade(404), "the upgrade is answered 404"),
        ("upgrade-405", upgrade(405), "the upgrade is answered 405"),
        ("upgrade-426", upgrade(426), "the upgrade is answered 426"),
        ("upgrade-500", upgrade(500), "the upgrade is answered 500"),
        ("upgrade-501", upgrade(501), "the upgrade is answered 501"),
        ("upgrade-503", upgrade(503), "the upgrade is answered 503"),
        ("close-after-upgrade", FaultKind::Upgrade(UpgradeFault::Closed), "closed with 1008 right after the upgrade"),
        ("close-before-event", ends(Close(1011)), "closed with 1011 before any event"),
        ("close-mid-response", ends(Interrupted(Break)), "the connection breaks after some deltas"),
        ("error-mid-response", ends(Interrupted(Interruption::Error)), "500 server_error after some deltas"),
        ("silent-mid-response", ends(Interrupted(Silence)), "silent after some deltas; pings are still answered"),
        ("close-after-response", ends(CloseAfterResponse), "the connection breaks once the response is complete"),
        ("close-1009", ends(Close(1009)), "closed as for a message too big, before any event"),
        ("close-1011", ends(Close(1011)), "closed as for an internal error, before any event"),
        ("close-1012", ends(Close(1012)), "closed as for a restart, before any event"),
        ("close-1013", ends(Close(1013)), "closed as to try again later, before any event"),
        ("silent", ends(Silent), "never answered; pings still are"),
        ("half-open", ends(HalfOpen), "nothing more is read or answered, pings included"),
        ("not-found", error(NotFound), "previous_response_not_found for a request that continues"),
        ("connection-limit", error(ConnectionLimit), "the 60-minute error, then closed"),
        ("overloaded", error(Overloaded(None)), "503 server_is_overloaded, without a delay"),
        ("overloaded-wait", error(Overloaded(SHORT_WAIT)), "503 server_is_overloaded, try again in 1s"),
        ("rate-limit", error(RateLimit(SHORT_WAIT)), "429 rate_limit_exceeded, try again in 1s"),
        ("rate-limit-no-wait", error(RateLimit(None)), "429 rate_limit_exceeded, without a delay"),
        ("rate-limit-long-wait", error(RateLimit(LONG_WAIT)), "429 rate_limit_exceeded, try again in 60s"),
        ("usage-limit", error(UsageLimit), "429 usage_limit_reached with resets_at, in an hour"),
        ("quota", error(Quota), "429 insufficient_quota"),
        ("context-length", error(ContextLength), "400 context_length_exceeded"),
        ("refused-outputs", error(RefusedOutputs), "400 for tool outputs that continue, their call lost"),
        ("warm-up-refused", error(WarmUpRefused), "400 for generate:false"),
        ("flat-error", FaultKind::Form(Flat), "errors (else a server_error) with code and message at the top level"),
        ("statusless-error", FaultKind::Form(Statusless), "errors (else a server_error) without status"),
        ("status-code-error", FaultKind::Form(StatusCode), "errors (else a server_error) with status_code and headers"),
        ("unknown-events", FaultKind::Telling(UnknownEvents), "event types no client knows"),
        ("missing-usage", FaultKind::Telling(MissingUsage), "no usage in the terminal event"),
        ("missing-output", FaultKind::Telling(MissingOutput), "no output in the terminal event"),
        ("missing-sequence", FaultKind::Telling(MissingSequence), "no sequence_number in any event"),
        ("missing-terminal", ends(MissingTerminal), "no terminal event"),
        ("binary-frame", FaultKind::Telling(BinaryFrame), "a binary frame between the events"),
        ("garbage-frame", FaultKind::Telling(GarbageFrame), "a frame that is no JSON between the events"),
        ("huge-frame", FaultKind::Telling(HugeFrame), "a frame of more than 16 MiB between the events"),
        ("slow", FaultKind::Telling(Slow), "events trickle, one in 100 ms"),
        ("failed", ends(Failed), "response.failed with server_error, before any output"),
        ("incomplete", ends(Incomplete), "response.incomplete, in the midst of the output"),
        ("steered", ends(Steered), "response.incomplete with reason steered, then a new response that completes"),
        ("refusal", FaultKind::Telling(Refusal), "the model refuses"),
    ]
};

impl FaultKind {
    /// Every fault's name and what it does, in the order they are documented.
    pub fn catalogue() -> impl Iterator<Item = (&'static str, &'static str)> {
        CATALOGUE.iter().map(|(name, _, about)| (*name, *about))
    }

    /// The names of all faults, in the order they are documented.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FaultKind::catalogue().map(|(name, _)| name)
    }

    /// The fault of this name.
    pub(super) fn named(name: &str) -> Option<FaultKind> {
        CATALOGUE.iter().find(|(known, ..)| *known == name).map(|(_, kind, _)| *kind)
    }

    /// Whether it means anything for this request. One that does not is left for a later request.
    pub(super) fn concerns(self, request: Facts) -> bool {
        use self::{Ending::*, ErrorFault::*};
        match self {
            FaultKind::Upgrade(_) => false,
            FaultKind::Ending(Error(NotFound)) => request.continues,
            FaultKind::Ending(Error(RefusedOutputs)) => request.continues && request.brings_outputs,
            FaultKind::Ending(Error(WarmUpRefused)) => !request.generates,
            FaultKind::Ending(Steered) | FaultKind::Telling(Telling::Refusal) => request.generates,
            // Over HTTP there is neither a connection's age nor a limit of frames.
            FaultKind::Ending(Error(ConnectionLimit) | Close(1009) | CloseAfterResponse) => request.websocket,
            FaultKind::Ending(_) | FaultKind::Form(_) | FaultKind::Telling(_) => true,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CATALOGUE.iter().find(|(_, kind, _)| kind == self).map_or(Ok(()), |(name, ..)| f.write_str(name))
    }
}

impl Ending {
    /// Whether it is an error, which may come in any form.
    pub(super) fn is_error(self) -> bool {
        matches!(self, Ending::Error(_) | Ending::Interrupted(Interruption::Error))
    }
}

impl Telling {
    /// Whether there is anything left to tell oddly in a request that ends so.
    pub(super) fn acts_with(self, ending: Option<Ending>) -> bool {
        use Ending::*;
        let Some(ending) = ending else { return true };
        match ending {
            Error(_) | Close(_) | Silent | HalfOpen => false,
            Interrupted(_) | MissingTerminal => !matches!(self, Telling::MissingUsage | Telling::MissingOutput),
            Failed => self != Telling::Refusal,
            Incomplete | Steered | CloseAfterResponse => true,
        }
    }
}

/// What a fault may depend on in a request.
#[derive(Clone, Copy, Debug)]
pub(in crate::embedded) struct Facts {
    /// It names a previous response.
    pub continues: bool,
    /// It brings outputs of tool calls.
    pub brings_outputs: bool,
    /// It wants output: it is no warm-up.
    pub generates: bool,
    /// It came over a WebSocket.
    pub websocket: bool,
}
