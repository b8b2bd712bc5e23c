//! Faults on demand: what `pilotlight agent --fault` makes go wrong, and when.
//!
//! `kind` says what there is, `schedule` which of it acts on a request or a connection; acting is the job of `ending`,
//! `stream`, `upgrade` and `socket`. Here an option of the command line is read. It must never change anything by
//! itself: without faults the server behaves as if this module were absent.

use std::{str::FromStr, time::Duration};

use thiserror::Error;

mod kind;
mod schedule;

pub(super) use kind::Facts;
pub use kind::{Ending, ErrorFault, ErrorForm, FaultKind, Interruption, Telling, UpgradeFault};
pub(super) use schedule::{Faults, Plan};

/// One `--fault`: what goes wrong, from when, how often and how late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// So many requests pass first, warm-ups included (connections, for a fault at the upgrade).
    pub after: u32,
    /// How often it happens; every time when absent.
    pub times: Option<u32>,
    /// Waited before it acts; of several that act together, the longest.
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
        let kind = FaultKind::named(name).ok_or_else(|| FaultError::UnknownName { name: name.to_owned() })?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written_alike() {
        for name in FaultKind::names().filter(|name| *name != "close-1011") {
            assert_eq!(name.parse::<Fault>().unwrap().kind.to_string(), name);
        }
        let (plain, older) = ("close-1011".parse::<Fault>().unwrap(), "close-before-event".parse::<Fault>().unwrap());
        assert_eq!(plain, older);
    }

    #[test]
    fn options_are_read_in_any_order() {
        let fault: Fault = "rate-limit, delay=250, times=3, after=2".parse().unwrap();
        assert_eq!(
            fault,
            Fault {
                kind: FaultKind::Ending(Ending::Error(ErrorFault::RateLimit(Some(1)))),
                after: 2,
                times: Some(3),
                delay: Some(Duration::from_millis(250))
            }
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
}
