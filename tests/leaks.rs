//! The leak hunt: random projects with a canary in every place that no model may see, random editing, random calls of a
//! model that wants to see them, through the real binary. Every byte that the provider received is looked at, as it came
//! and unescaped, and so is the log at its most verbose. No canary, ever; and no answer tells something that is there
//! from something that is not.
//!
//! `PILOTLIGHT_LEAK_CASES` plays more cases, `PILOTLIGHT_LEAK_SEED` others; a failure prints the seed and the smallest
//! scenario that leaks.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "what was done is told")]

#[cfg(test)]
mod leaks {
    pub mod canary;
    pub mod ground;
    pub mod hunt;
    pub mod model;
    pub mod scenario;
}
#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::time::{Instant, UNIX_EPOCH};

use leaks::hunt::{Tally, play};
use leaks::scenario::{Act, Action, Aim, Pick, Scenario, Step, Turn, Want, scenario};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Cases of an ordinary run.
const CASES: u32 = 100;
/// Attempts to make a case that fails smaller.
const SHRINKS: u32 = 150;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn no_canary_ever_leaves() {
    let cases = number("PILOTLIGHT_LEAK_CASES").map_or(CASES, |cases| u32::try_from(cases).unwrap());
    let seed = number("PILOTLIGHT_LEAK_SEED").unwrap_or_else(|| UNIX_EPOCH.elapsed().unwrap().as_secs());
    let config = Config { cases, max_shrink_iters: SHRINKS, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let begun = Instant::now();
    let tally = std::cell::Cell::new(Tally::default());
    let outcome = runner.run(&scenario(), |scenario| {
        let mut all = tally.get();
        all += play(&scenario, runtime.handle()).map_err(TestCaseError::fail)?;
        tally.set(all);
        Ok(())
    });
    let Tally { turns, requests, calls, bytes, logged } = tally.get();
    eprintln!(
        "{cases} cases, {turns} turns, {requests} requests, {calls} tool calls, {bytes} bytes received, {logged} bytes \
         logged, {:.1?}; seed {seed}",
        begun.elapsed()
    );
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(leak, scenario)) => panic!("{leak}\nin {scenario:?}\nof seed {seed}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// What a rule hides after the model has seen it, by steps that chance seldom puts in this order.
#[test]
fn what_is_hidden_later_is_not_told_to_a_new_lineage_nor_as_what_an_edit_broke() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let plan = Pick::At("notes/plan.txt");
    let turn = |action, file, wants: Vec<Want>| Turn { action, file, rounds: vec![wants], meanwhile: Vec::new() };
    let seen = turn(Action::Edit, plan, vec![Want::Guess(Aim::Pick(plan), "first")]);
    let hidden = vec![Act::Hide(0, false), Act::Report(plan), Act::DropConnections];
    let list = || vec![Want::List("")];
    let steps = vec![
        Step { before: vec![Act::Open(plan)], turn: seen },
        Step { before: hidden, turn: turn(Action::FixBroken, Pick::At("src/lib.rs"), list()) },
        Step { before: Vec::new(), turn: turn(Action::Edit, Pick::At("src/lib.rs"), list()) },
    ];
    let tally = play(&Scenario { client: 0, user: 0, http: false, steps }, runtime.handle()).unwrap();
    assert_eq!(tally.turns, 3);
}
