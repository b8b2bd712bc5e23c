//! Faults on demand: what `pilotlight agent --fault` makes go wrong, and when.
//!
//! This file only says *which* fault acts on a request or a connection; acting is the job of `respond`, `http` and
//! `socket`. It must never change anything by itself: without faults the server behaves as if this file were absent.

use std::{fmt, str::FromStr, time::Duration};

use thiserror::Error;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The upgrade is answered 401.
    Upgrade401,
    /// The upgrade is answered 403.
    Upgrade403,
    /// The upgrade is answered 404.
    Upgrade404,
    /// The upgrade is answered 426.
    Upgrade426,
    /// The upgrade is answered 503.
    Upgrade503,
    /// The upgrade succeeds, then the connection is closed with 1008.
    CloseAfterUpgrade,
    /// Closed with 1011 before any event of the response.
    CloseBeforeEvent,
    /// The connection breaks, without a close frame, after some deltas.
    CloseMidResponse,
    /// The request is read and never answered; pings still are.
    Silent,
    /// The upgrade succeeds, then nothing is read or answered, pings included.
    HalfOpen,
    /// `previous_response_not_found` for a request that continues.
    NotFound,
    /// `websocket_connection_limit_reached`, then the connection is closed.
    ConnectionLimit,
    /// 503 `server_is_overloaded`.
    Overloaded,
    /// 429 `rate_limit_exceeded`, with a delay in its message.
    RateLimit,
    /// 429 `insufficient_quota`.
    Quota,
    /// 400 `context_length_exceeded`.
    ContextLength,
    /// An error event with `code` and `message` at its top level.
    FlatError,
    /// A nested error event without `status`.
    StatuslessError,
    /// Event types no client knows, in the midst of a good response.
    UnknownEvents,
    /// The terminal event has no `usage`.
    MissingUsage,
    /// The terminal event has no `output`.
    MissingOutput,
    /// A binary frame in the midst of a response.
    BinaryFrame,
    /// One frame of more than 16 MiB in the midst of a response.
    HugeFrame,
    /// Events trickle.
    Slow,
    /// The response ends as `response.incomplete`.
    Incomplete,
    /// The model refuses.
    Refusal,
}

/// Every fault by its name on the command line.
const NAMES: [(&str, FaultKind); 26] = [
    ("upgrade-401", FaultKind::Upgrade401),
    ("upgrade-403", FaultKind::Upgrade403),
    ("upgrade-404", FaultKind::Upgrade404),
    ("upgrade-426", FaultKind::Upgrade426),
    ("upgrade-503", FaultKind::Upgrade503),
    ("close-after-upgrade", FaultKind::CloseAfterUpgrade),
    ("close-before-event", FaultKind::CloseBeforeEvent),
    ("close-mid-response", FaultKind::CloseMidResponse),
    ("silent", FaultKind::Silent),
    ("half-open", FaultKind::HalfOpen),
    ("not-found", FaultKind::NotFound),
    ("connection-limit", FaultKind::ConnectionLimit),
    ("overloaded", FaultKind::Overloaded),
    ("rate-limit", FaultKind::RateLimit),
    ("quota", FaultKind::Quota),
    ("context-length", FaultKind::ContextLength),
    ("flat-error", FaultKind::FlatError),
    ("statusless-error", FaultKind::StatuslessError),
    ("unknown-events", FaultKind::UnknownEvents),
    ("missing-usage", FaultKind::MissingUsage),
    ("missing-output", FaultKind::MissingOutput),
    ("binary-frame", FaultKind::BinaryFrame),
    ("huge-frame", FaultKind::HugeFrame),
    ("slow", FaultKind::Slow),
    ("incomplete", FaultKind::Incomplete),
    ("refusal", FaultKind::Refusal),
];

impl FaultKind {
    /// The names of all faults, in the order they are documented.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether it acts on the upgrade, so that `after` counts connections instead of requests.
    fn at_upgrade(self) -> bool {
        use FaultKind::*;
        matches!(self, Upgrade401 | Upgrade403 | Upgrade404 | Upgrade426 | Upgrade503 | CloseAfterUpgrade)
    }

    /// Whether it means anything for this request. One that does not is left for a later request.
    fn concerns(self, request: Facts) -> bool {
        match self {
            FaultKind::NotFound => request.continues,
            FaultKind::Refusal => request.generates,
            FaultKind::ConnectionLimit => request.websocket,
            other => !other.at_upgrade(),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NAMES.iter().find(|(_, kind)| kind == self).map_or(Ok(()), |(name, _)| f.write_str(name))
    }
}

/// One `--fault`: what goes wrong, from when, how often and how late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// So many requests pass first, warm-ups included (connections, for a fault at the upgrade).
    pub after: u32,
    /// How often it happens; every time when absent.
    pub times: Option<u32>,
    /// Waited before it acts.
    pub delay: Option<Duration>,
}

/// Why the text of a fault cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No such fault.
    #[error("unknown fault `{name}`{}; the faults are: {}", nearest(name), all_names())]
    UnknownName {
        /// What was written.
        name: String,
    },
    /// No such option.
    #[error("unknown option `{option}` of fault `{fault}`; the options are after=N, times=N and delay=MS")]
    UnknownOption {
        /// The fault it was given to.
        fault: String,
        /// What was written.
        option: String,
    },
    /// The value of an option is no number in its range.
    #[error("`{option}` of fault `{fault}` needs a whole number{}, as in `{option}=2`, not `{value}`",
            if option == "times" { " of at least 1" } else { "" })]
    BadNumber {
        /// The fault it was given to.
        fault: String,
        /// The option.
        option: String,
        /// What was written.
        value: String,
    },
}

fn all_names() -> String {
    FaultKind::names().collect::<Vec<_>>().join(", ")
}

fn nearest(name: &str) -> String {
    let closest = FaultKind::names().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    match closest {
        Some((distance, known)) if distance <= 4 => format!(" (did you mean `{known}`?)"),
        _ => String::new(),
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads `NAME[,after=N][,times=N][,delay=MS]`.
    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let mut parts = text.split(',').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let kind = NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| FaultError::UnknownName { name: name.to_owned() })?;
        let mut fault = Fault { kind, after: 0, times: None, delay: None };
        for part in parts {
            let (option, value) = part.split_once('=').unwrap_or((part, ""));
            let number = || {
                value.parse::<u32>().map_err(|_| FaultError::BadNumber {
                    fault: name.to_owned(),
                    option: option.to_owned(),
                    value: value.to_owned(),
                })
            };
            match option {
                "after" => fault.after = number()?,
                "times" if value == "0" => {
                    return Err(FaultError::BadNumber {
                        fault: name.to_owned(),
                        option: option.to_owned(),
                        value: value.to_owned(),
                    });
                }
                "times" => fault.times = Some(number()?),
                "delay" => fault.delay = Some(Duration::from_millis(number()?.into())),
                _ => {
                    return Err(FaultError::UnknownOption { fault: name.to_owned(), option: option.to_owned() });
                }
            }
        }
        Ok(fault)
    }
}

/// What a fault may depend on in a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// It names a previous response.
    pub continues: bool,
    /// It wants output: it is no warm-up.
    pub generates: bool,
    /// It came over a WebSocket.
    pub websocket: bool,
}

/// All faults of one server with the counters that open and close their windows.
#[derive(Debug)]
pub(super) struct Faults {
    /// Each fault with how often it has acted.
    windows: Vec<(Fault, u32)>,
    connections: u32,
    requests: u32,
}

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Faults {
        Faults { windows: faults.into_iter().map(|fault| (fault, 0)).collect(), connections: 0, requests: 0 }
    }

    /// Counts a WebSocket upgrade and says what goes wrong with it.
    ///
    /// `half-open` counts requests, as it can strike a connection in use, but strikes at the upgrade once they passed.
    pub(super) fn at_upgrade(&mut self) -> Option<Fault> {
        let (connections, requests) = (self.connections, self.requests);
        self.connections = connections.saturating_add(1);
        self.first_open(|fault| match fault.kind {
            FaultKind::HalfOpen => requests >= fault.after,
            kind => kind.at_upgrade() && connections >= fault.after,
        })
    }

    /// Counts a request and says what goes wrong with it.
    pub(super) fn at_request(&mut self, request: Facts) -> Option<Fault> {
        let requests = self.requests;
        self.requests = requests.saturating_add(1);
        self.first_open(|fault| requests >= fault.after && fault.kind.concerns(request))
    }

    /// The first fault that is due and not used up; it counts as having acted.
    fn first_open(&mut self, due: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let open = |(fault, acted): &&mut (Fault, u32)| fault.times.is_none_or(|times| *acted < times) && due(fault);
        let (fault, acted) = self.windows.iter_mut().find(open)?;
        *acted = acted.saturating_add(1);
        Some(fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Facts = Facts { continues: true, generates: true, websocket: true };

    fn faults(texts: &[&str]) -> Faults {
        Faults::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn every_name_is_read_and_written_alike() {
        for name in FaultKind::names() {
            assert_eq!(name.parse::<Fault>().unwrap().kind.to_string(), name);
        }
    }

    #[test]
    fn options_are_read_in_any_order() {
        let fault: Fault = "rate-limit, delay=250, times=3, after=2".parse().unwrap();
        assert_eq!(
            fault,
            Fault { kind: FaultKind::RateLimit, after: 2, times: Some(3), delay: Some(Duration::from_millis(250)) }
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_the_way_out() {
        let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        assert!(error("overload").starts_with("unknown fault `overload` (did you mean `overloaded`?); the faults are"));
        assert!(error("nonsense-of-all-kinds").contains("unknown fault `nonsense-of-all-kinds`; the faults are"));
        assert!(error("slow,every=2").contains("unknown option `every` of fault `slow`"));
        assert!(error("slow,after=soon").contains("`after` of fault `slow` needs a whole number, as in"));
        assert!(error("slow,times=0").contains("of at least 1"));
    }

    #[test]
    fn a_window_opens_after_n_requests_and_closes_after_n_times() {
        let mut faults = faults(&["quota,after=1,times=2"]);
        let acted: Vec<bool> = (0..5).map(|_| faults.at_request(REQUEST).is_some()).collect();
        assert_eq!(acted, [false, true, true, false, false]);
    }

    #[test]
    fn the_first_fault_with_an_open_window_acts() {
        let mut faults = faults(&["quota,times=1", "slow,after=1"]);
        let kinds: Vec<_> = (0..3).map(|_| faults.at_request(REQUEST).unwrap().kind).collect();
        assert_eq!(kinds, [FaultKind::Quota, FaultKind::Slow, FaultKind::Slow]);
    }

    #[test]
    fn upgrade_faults_count_connections_and_leave_requests_alone() {
        let mut faults = faults(&["upgrade-503,after=1,times=1"]);
        assert!(faults.at_request(REQUEST).is_none() && faults.at_request(REQUEST).is_none());
        let acted: Vec<bool> = (0..3).map(|_| faults.at_upgrade().is_some()).collect();
        assert_eq!(acted, [false, true, false]);
    }

    #[test]
    fn half_open_strikes_at_the_upgrade_or_in_use_whichever_comes_first() {
        assert!(faults(&["half-open"]).at_upgrade().is_some());
        let mut faults = faults(&["half-open,after=1,times=1"]);
        assert!(faults.at_upgrade().is_none() && faults.at_request(REQUEST).is_none());
        assert!(faults.at_request(REQUEST).is_some() && faults.at_upgrade().is_none());
    }

    #[test]
    fn a_fault_without_meaning_for_a_request_waits_for_the_next() {
        let mut faults = faults(&["not-found,times=1"]);
        assert!(faults.at_request(Facts { continues: false, ..REQUEST }).is_none());
        assert!(faults.at_request(REQUEST).is_some());
    }
}
