//! One trial: the user, the model and the server's luck in one place, driven by one seed, and what has to hold at every
//! moment.
//!
//! Everything happens on one thread, so that what one side does is done before another looks. What is found wrong is
//! noted and not thrown: a panic in a turn would be the session's to contain.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use pilotlight::agent::{Landing, Proposal, Stage, TurnEnd};
use pilotlight::session::receipt::Outcome;

use super::fault::Fault;
use super::marked::{Marks, Merge};
use super::model::Model;
use super::running::Running;
use super::tally::Tally;
use super::user::{Texts, User};
use crate::provider::{Reply, Request, Step, Upgrade};

/// Shared by the server, the turns' hosts and the test.
pub type Shared = Arc<Mutex<Trial>>;

/// The trial.
pub struct Trial {
    pub rng: Rng,
    pub marks: Marks,
    pub user: User,
    pub model: Model,
    pub tally: Tally,
    /// Nothing goes wrong now, except what is on its way already.
    pub calm: bool,
    /// The turn that runs.
    pub running: Option<Running>,
    /// Faults that the next turn may have to bear.
    pub loose: Vec<Fault>,
    /// Proposals that wait for the user.
    pub kept: Vec<Kept>,
    /// What was found wrong.
    pub failures: Vec<String>,
    /// Drops every connection.
    pub drop_all: Box<dyn Fn() + Send>,
}

/// A proposal that waits, with what the model was told and made of it.
pub struct Kept {
    proposal: Proposal,
    seen: Texts,
    believed: Texts,
}

/// Does something with the trial. What goes wrong in it belongs to the test and not to the task it runs in.
pub fn with<T>(trial: &Shared, act: impl FnOnce(&mut Trial) -> T) -> Option<T> {
    let mut trial = trial.lock().unwrap_or_else(PoisonError::into_inner);
    match catch_unwind(AssertUnwindSafe(|| act(&mut trial))) {
        Ok(done) => Some(done),
        Err(panic) => {
            trial.failures.push(words(panic.as_ref()));
            None
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".into())
}

/// The server is asked.
pub fn answer(trial: &Shared, requests: &[Request]) -> Reply {
    let moment = trial.clone();
    let in_between = Step::Do(Box::new(move || {
        with(&moment, Trial::moment);
    }));
    let reply = with(trial, |trial| trial.answer(requests, in_between));
    reply.unwrap_or_else(|| Reply::error(400, "invalid_prompt", "the trial failed"))
}

impl Trial {
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(what());
        }
    }

    // ---- what happens at any moment ------------------------------------------------------------------------------

    /// A moment of a turn: the user types, or stops it, or the network goes.
    pub fn moment(&mut self) {
        self.type_perhaps();
        if !self.calm && self.rng.u8(..) == 0 {
            self.strikes(Fault::AllDropped);
            // Two connections may go at once: the one in use and one that is being made.
            self.loose.push(Fault::AllDropped);
            if let Some(running) = &mut self.running {
                running.inherit(Fault::AllDropped);
            }
            (self.drop_all)();
        }
        if let Some(running) = &mut self.running
            && running.is_time_to_cancel()
        {
            running.cancelled = true;
            running.cancel.cancel();
            self.tally.cancels += 1;
        }
    }

    fn type_perhaps(&mut self) {
        while self.chance(35) {
            self.user.act(&mut self.marks);
            self.tally.edits += 1;
        }
    }

    /// A fault on the way to a connection. It may be this turn's to bear, or the next one's.
    fn strikes(&mut self, fault: Fault) {
        self.tally.strikes(fault);
        if let Some(running) = &mut self.running {
            running.suffer(fault);
        }
        self.loose.push(fault);
    }

    // ---- the server ----------------------------------------------------------------------------------------------

    /// An upgrade is asked for.
    pub fn upgrade(&mut self) -> Upgrade {
        if self.calm || !self.chance(14) {
            return Upgrade::Accept;
        }
        let fault = Fault::of_upgrades(&mut self.rng);
        self.strikes(fault);
        fault.receive()
    }

    /// A warm-up is asked for.
    pub fn warm_up(&mut self) -> Reply {
        let whole = Reply::of([Step::Created, Step::Completed(Default::default())]);
        if self.calm || !self.chance(10) {
            self.tally.answers();
            return whole;
        }
        let fault = Fault::of_warm_ups(&mut self.rng);
        self.strikes(fault);
        fault.strike(whole, 0)
    }

    /// A round is asked for.
    fn answer(&mut self, requests: &[Request], in_between: Step) -> Reply {
        let mut running = self.running.take().expect("a request belongs to a turn");
        if running.receive(requests) {
            self.tally.discarded += 1;
        }
        if let Err(wrong) = self.model.read(requests, &running.told) {
            self.failures.push(wrong);
        }
        let is_last = running.rounds_left == 0;
        let whole = match is_last {
            true => Reply::text("That is all — ça suffit."),
            false => self.model.work(&mut self.marks, &|path| self.user.raw(path).is_some()),
        };
        let steps = whole.len();
        let whole = whole.with(self.rng.usize(..steps), in_between);
        let at = self.rng.usize(..=steps);
        let fault = (!self.calm && self.chance(20)).then(|| Fault::of_answers(&mut self.rng));
        running.answered(fault, is_last);
        self.running = Some(running);
        self.type_perhaps();
        let Some(fault) = fault else {
            self.tally.answers();
            return whole;
        };
        self.tally.strikes(fault);
        if is_last && fault.strikes_after() {
            self.loose.push(fault);
        }
        if !fault.takes_the_connection() {
            self.tally.answers();
        }
        fault.strike(whole, at)
    }

    // ---- the turn, as its host sees it -----------------------------------------------------------------------------

    /// A turn left the queue.
    pub fn begun(&mut self, mut running: Running) {
        self.expect(self.running.is_none(), || "two turns run at once".into());
        for fault in std::mem::take(&mut self.loose) {
            running.inherit(fault);
        }
        self.running = Some(running);
        self.moment();
    }

    /// It says what it does.
    pub fn stage(&mut self, stage: &Stage) {
        match stage {
            // The request is made of what the user has at this moment, and is on its way.
            Stage::Thinking => {
                let told = self.user.texts();
                let running = self.running.as_mut().expect("a turn that asks runs");
                running.asks += 1;
                running.told = told;
                self.type_perhaps();
            }
            Stage::Landing => self.type_perhaps(),
            _ => self.moment(),
        }
    }

    /// It wants its changes applied.
    pub fn land(&mut self, proposal: Proposal) -> Landing {
        let running = self.running.as_mut().expect("a turn that lands runs");
        let stopped = running.cancel.is_cancelled();
        let (decision, seen) = (running.decision, running.told.clone());
        self.expect(!stopped, || "a stopped turn wants its changes applied".into());
        let mirror = self.model.mirror();
        let mut believed: Texts = seen.clone();
        for change in &proposal.files {
            let theirs = change.theirs.as_ref().map(ToString::to_string);
            let path = change.path.as_str();
            let known = mirror.text(path);
            let agree = known.is_none() || known == theirs.as_deref();
            let wrong = format!("{path} is proposed as {theirs:?}, the model knows {known:?}");
            match theirs {
                Some(theirs) => drop(believed.insert(path.to_owned(), theirs)),
                None => drop(believed.remove(path)),
            }
            if !agree {
                self.failures.push(wrong);
            }
        }
        let kept = Kept { proposal, seen, believed };
        let outcome = match decision {
            Outcome::Applied => self.apply(&kept),
            decision => decision,
        };
        if outcome == Outcome::Proposed {
            self.kept.push(kept);
        }
        if let Some(running) = &mut self.running {
            running.landed = Some(outcome);
        }
        Landing { outcome, message: None }
    }

    /// The user says yes to a proposal that waited.
    pub fn apply_kept(&mut self) {
        if !self.kept.is_empty() {
            let kept = self.kept.swap_remove(self.rng.usize(..self.kept.len()));
            self.apply(&kept);
        }
    }

    /// An editor applies a proposal: every mark is where it was, or where the model put it.
    fn apply(&mut self, kept: &Kept) -> Outcome {
        let before: Vec<(String, Option<String>)> = kept
            .proposal
            .files
            .iter()
            .map(|change| {
                let path = change.path.as_str();
                (path.to_owned(), self.user.raw(path).map(str::to_owned))
            })
            .collect();
        let outcome = self.user.editor.apply(&kept.proposal);
        let merge = |path: &str, now: &Option<String>| {
            (kept.seen.get(path).cloned(), kept.believed.get(path).cloned(), now.clone())
        };
        let mut contested = false;
        for (path, now) in &before {
            let (seen, believed, now) = merge(path, now);
            let merge = Merge { seen: seen.as_deref(), believed: believed.as_deref(), now: now.as_deref() };
            contested |= merge.is_contested();
            if outcome == Outcome::Applied {
                let after = self.user.adopt(path);
                if let Some(flaw) = merge.flaw(after.as_deref()) {
                    self.failures.push(format!("{path} was applied wrongly: {flaw}\nseen {seen:?}\nbelieved {believed:?}\nnow {now:?}\nafter {after:?}"));
                }
            }
        }
        self.expect(outcome == Outcome::Applied || contested, || "a conflict with a user who typed nothing".into());
        outcome
    }

    /// It is over.
    pub fn ended(&mut self, end: &TurnEnd, number: usize) -> Option<Running> {
        let Some(running) = self.running.take().filter(|running| running.number == number) else {
            self.failures.push(format!("turn {number} ended, and was not running"));
            return None;
        };
        self.failures.extend(running.flaw_of_end(end, self.model.mirror()));
        self.tally.ended(&end.receipt, &running.faults);
        self.look();
        Some(running)
    }

    /// Every text is what the user made it.
    pub fn look(&mut self) {
        self.failures.extend(self.user.flaw());
    }
}
