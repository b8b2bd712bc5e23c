//! Which faults act on a request or a connection: windows that open and close, and who can act with whom.
//!
//! It must never make anything happen by itself: without faults every [`Plan`] is empty.

use std::time::Duration;

use tracing::info;

use super::{
    Fault,
    kind::{Ending, ErrorFault, ErrorForm, Facts, FaultKind, Telling},
};

/// What goes wrong with one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::embedded) struct Plan {
    /// How it ends, unless well.
    pub ending: Option<Ending>,
    /// The form of the error it ends with, unless the documented one.
    pub form: Option<ErrorForm>,
    /// What is odd in the telling.
    pub tellings: Vec<Telling>,
    /// Waited before anything of it acts.
    pub delay: Duration,
}

impl Plan {
    /// Whether the response is told so.
    pub(in crate::embedded) fn tells(&self, telling: Telling) -> bool {
        self.tellings.contains(&telling)
    }

    /// Takes what decides the ending, if it can act beside what was taken before it.
    fn take_ending(&mut self, kind: FaultKind) -> bool {
        match kind {
            FaultKind::Ending(ending) if self.ending.is_none() && (self.form.is_none() || ending.is_error()) => {
                self.ending = Some(ending);
                true
            }
            FaultKind::Form(form) if self.form.is_none() && self.ending.is_none_or(Ending::is_error) => {
                self.form = Some(form);
                true
            }
            _ => false,
        }
    }

    /// Takes a way of telling, if the ending leaves anything to tell.
    fn take_telling(&mut self, kind: FaultKind) -> bool {
        match kind {
            FaultKind::Telling(telling) if telling.acts_with(self.ending) && !self.tells(telling) => {
                self.tellings.push(telling);
                true
            }
            _ => false,
        }
    }
}

/// A fault with how often it has acted.
#[derive(Debug)]
struct Window {
    fault: Fault,
    acted: u32,
}

impl Window {
    /// Whether it is open once so many have passed.
    fn is_open(&self, passed: u32) -> bool {
        passed >= self.fault.after && self.fault.times.is_none_or(|times| self.acted < times)
    }

    fn act(&mut self) {
        self.acted = self.acted.saturating_add(1);
        info!(fault = %self.fault.kind, "fault acts");
    }
}

/// All faults of one server with the counters that open and close their windows.
#[derive(Debug)]
pub(in crate::embedded) struct Faults {
    windows: Vec<Window>,
    connections: u32,
    requests: u32,
}

impl Faults {
    pub(in crate::embedded) fn new(faults: Vec<Fault>) -> Faults {
        let windows = faults.into_iter().map(|fault| Window { fault, acted: 0 }).collect();
        Faults { windows, connections: 0, requests: 0 }
    }

    /// Counts a WebSocket upgrade and says what goes wrong with it: the first fault that is due.
    ///
    /// `half-open` counts requests, as it can strike a connection in use, but strikes at the upgrade once they passed.
    pub(in crate::embedded) fn at_upgrade(&mut self) -> Option<Fault> {
        let (connections, requests) = (self.connections, self.requests);
        self.connections = connections.saturating_add(1);
        let window = self.windows.iter_mut().find(|window| match window.fault.kind {
            FaultKind::Upgrade(_) => window.is_open(connections),
            FaultKind::Ending(Ending::HalfOpen) => window.is_open(requests),
            _ => false,
        })?;
        window.act();
        Some(window.fault.clone())
    }

    /// Counts a request and says what goes wrong with it. Only a fault that acts counts as having acted.
    pub(in crate::embedded) fn at_request(&mut self, request: Facts) -> Plan {
        let requests = self.requests;
        self.requests = requests.saturating_add(1);
        let mut due: Vec<&mut Window> = self.windows.iter_mut().collect();
        due.retain(|window| window.is_open(requests) && window.fault.kind.concerns(request));
        let mut plan = Plan::default();
        let act = |plan: &mut Plan, window: &mut Window| {
            window.act();
            plan.delay = plan.delay.max(window.fault.delay.unwrap_or_default());
        };
        for window in &mut due {
            if plan.take_ending(window.fault.kind) {
                act(&mut plan, window);
            }
        }
        if plan.form.is_some() {
            plan.ending.get_or_insert(Ending::Error(ErrorFault::Server));
        }
        // What there is to tell depends on how it ends.
        for window in &mut due {
            if plan.take_telling(window.fault.kind) {
                act(&mut plan, window);
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Facts = Facts { continues: true, brings_outputs: true, generates: true, websocket: true };

    fn faults(texts: &[&str]) -> Faults {
        Faults::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn plan(texts: &[&str]) -> Plan {
        faults(texts).at_request(REQUEST)
    }

    fn ending(name: &str) -> Option<Ending> {
        match FaultKind::named(name) {
            Some(FaultKind::Ending(ending)) => Some(ending),
            other => panic!("{name} is {other:?}"),
        }
    }

    #[test]
    fn a_window_opens_after_n_requests_and_closes_after_n_times() {
        let mut faults = faults(&["quota,after=1,times=2"]);
        let acted: Vec<bool> = (0..5).map(|_| faults.at_request(REQUEST).ending.is_some()).collect();
        assert_eq!(acted, [false, true, true, false, false]);
    }

    #[test]
    fn of_the_faults_that_end_a_request_the_first_acts_and_the_others_wait() {
        let mut faults = faults(&["quota,times=1", "overloaded,times=1", "quota,times=1"]);
        let endings: Vec<_> = (0..4).map(|_| faults.at_request(REQUEST).ending).collect();
        assert_eq!(endings, [ending("quota"), ending("overloaded"), ending("quota"), None]);
    }

    #[test]
    fn faults_of_the_telling_act_together() {
        let plan = plan(&["unknown-events", "missing-usage", "slow", "missing-output", "incomplete"]);
        assert_eq!(plan.ending, ending("incomplete"));
        assert_eq!(
            plan.tellings,
            [Telling::UnknownEvents, Telling::MissingUsage, Telling::Slow, Telling::MissingOutput]
        );
    }

    #[test]
    fn a_fault_with_nothing_left_to_tell_does_not_count_as_having_acted() {
        let mut faults =
            faults(&["missing-usage,times=1", "slow", "close-mid-response,times=1", "quota,after=1,times=1"]);
        let tellings: Vec<_> = (0..4).map(|_| faults.at_request(REQUEST).tellings).collect();
        let missing = vec![Telling::MissingUsage, Telling::Slow];
        assert_eq!(tellings, [vec![Telling::Slow], vec![], missing, vec![Telling::Slow]]);
    }

    #[test]
    fn an_error_takes_the_form_that_is_due_before_or_after_it() {
        for error in ["quota", "connection-limit", "error-mid-response"] {
            for faults in [["flat-error", error], [error, "flat-error"]] {
                let plan = plan(&faults);
                assert_eq!((plan.ending, plan.form), (ending(error), Some(ErrorForm::Flat)), "{faults:?}");
            }
        }
    }

    #[test]
    fn a_form_without_an_error_brings_its_own_unless_something_else_ends_the_request_first() {
        let alone = plan(&["flat-error", "statusless-error", "silent", "unknown-events"]);
        assert_eq!(alone.ending, Some(Ending::Error(ErrorFault::Server)));
        assert_eq!((alone.form, alone.tellings), (Some(ErrorForm::Flat), vec![]));
        let late = plan(&["silent", "flat-error"]);
        assert_eq!((late.ending, late.form), (Some(Ending::Silent), None));
    }

    #[test]
    fn the_longest_delay_of_what_acts_is_waited() {
        let plan = plan(&["slow,delay=20", "unknown-events,delay=50", "refused-outputs,after=1,delay=900"]);
        assert_eq!(plan.delay, Duration::from_millis(50));
    }

    #[test]
    fn upgrade_faults_count_connections_and_leave_requests_alone() {
        let mut faults = faults(&["upgrade-503,after=1,times=1"]);
        assert_eq!((faults.at_request(REQUEST), faults.at_request(REQUEST)), (Plan::default(), Plan::default()));
        let acted: Vec<bool> = (0..3).map(|_| faults.at_upgrade().is_some()).collect();
        assert_eq!(acted, [false, true, false]);
    }

    #[test]
    fn half_open_strikes_at_the_upgrade_or_in_use_whichever_comes_first() {
        assert!(faults(&["half-open"]).at_upgrade().is_some());
        let mut faults = faults(&["half-open,after=1,times=1"]);
        assert!(faults.at_upgrade().is_none() && faults.at_request(REQUEST).ending.is_none());
        assert!(faults.at_request(REQUEST).ending.is_some() && faults.at_upgrade().is_none());
    }

    #[test]
    fn a_fault_without_meaning_for_a_request_waits_for_the_next() {
        let http = Facts { websocket: false, ..REQUEST };
        for (fault, other) in [
            ("not-found", Facts { continues: false, ..REQUEST }),
            ("refused-outputs", Facts { continues: false, ..REQUEST }),
            ("refused-outputs", Facts { brings_outputs: false, ..REQUEST }),
            ("steered", Facts { generates: false, ..REQUEST }),
            ("close-1009", http),
            ("close-after-response", http),
        ] {
            let mut faults = faults(&[&format!("{fault},times=1")]);
            assert_eq!(faults.at_request(other).ending, None, "{fault}");
            assert_eq!(faults.at_request(REQUEST).ending, ending(fault));
        }
    }
}
