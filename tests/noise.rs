//! What models do to patches, done to real changes: between two published versions of real packages, written in every
//! form, with noise. An edit is right to the byte or it is refused; it is never something else.
//!
//! The score is printed. What a careful human could place is defined without regard to the code that is tested: the old
//! lines of each hunk, without blanks at their ends and with typographic characters as plain ones, stand in the span
//! where they may be exactly once, and that is where they came from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test panics, and prints its score"
)]

mod installed;

#[path = "noise/change.rs"]
mod change;
#[path = "noise/form.rs"]
mod form;
#[path = "noise/kind.rs"]
mod kind;
#[path = "noise/oracle.rs"]
mod oracle;
#[path = "noise/score.rs"]
mod score;

use change::Case;
use form::Form;
use installed::CORPORA;
use kind::Kind;
use oracle::Verdict;
use score::Score;

/// Another seed makes other cases; the corpus and this one make always the same.
const SEED: u64 = 4;
const CASES: usize = 4_000;
/// Of what a careful human could place.
const PLACED: f64 = 0.97;
/// A noisy hunk may happen to be literally another place of its file; so many at most may be left out for that.
const AMBIVALENT: f64 = 0.02;

#[test]
fn a_noisy_patch_gives_the_right_text_or_is_refused_with_a_reason() {
    let Some(corpora) = CORPORA.find("noise", "", &["OLD", "NEW"]) else { return };
    let changes = change::between(corpora.path("OLD"), corpora.path("NEW"));
    assert!(changes.len() >= 100, "only {} files differ: the corpus is not whole", changes.len());
    let seed = std::env::var("PILOTLIGHT_NOISE_SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut score = Score::default();
    while score.cases() < CASES {
        let change = &changes[rng.usize(..changes.len())];
        let form = [Form::V4a, Form::V4a, Form::Unified, Form::Blocks][rng.usize(..4)];
        let mut case = Case::of(change, &mut rng);
        let Some(kinds) = add_noise(&mut case, form, &mut rng).filter(|_| form.can_write(&case)) else { continue };
        let text = form.write(&case, &kinds, &mut rng);
        score.add(&kinds, form, oracle::judge(&case, form, &text), || format!("{}, {form:?}:\n{text}", change.name));
    }
    eprintln!("seed {seed}, {} changed files\n{score}", changes.len());
    assert_eq!(score.wrong(), 0, "a patch gave a third text, for one\n{}", score.example(Verdict::Wrong));
    assert_eq!(score.unusable(), 0, "a refusal says too little, for one\n{}", score.example(Verdict::Unusable));
    assert!(score.ambivalent() <= AMBIVALENT, "too many cases say nothing");
    assert!(score.placed() >= PLACED, "too much is refused, for one\n{}", score.example(Verdict::Missed));
}

/// One kind of noise, or at times two; none if what was drawn means nothing for this patch.
fn add_noise(case: &mut Case, form: Form, rng: &mut fastrand::Rng) -> Option<Vec<Kind>> {
    let number = if rng.u8(..4) == 0 { 2 } else { 1 };
    let mut kinds = Vec::new();
    for _ in 0..number {
        kinds.push(Kind::ALL[rng.usize(..Kind::ALL.len())]);
    }
    // In the order of the kinds, so that no later one takes away what shows an earlier one.
    kinds.sort_unstable();
    kinds.dedup();
    kinds.iter().all(|&kind| form.can_have(kind) && kind.add_to(case, rng)).then_some(kinds)
}
