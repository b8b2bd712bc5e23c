//! An hour of work in one server, compressed: tens of thousands of keystrokes and turns of every kind through the real
//! binary, with a scripted model. Edits that are applied, declined, cancelled, in conflict or failed; answers in words;
//! connections that are cut or replaced for their age; folders and documents that come and go. Whatever it does, the server
//! holds no more in the end than after its first turns: counted in resident memory, open descriptors and threads, not in
//! time.
//!
//! `PILOTLIGHT_SOAK` sets the number of turns (`full`: as many as in a long week); the figures are printed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "what it found is told")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

mod soak {
    pub mod figures;
    pub mod work;
}

use soak::figures::{Figures, Held};
use soak::work::Work;

/// Turns of an ordinary run, and of a full one.
const TURNS: usize = 264;
const FULL: usize = 2400;
/// How often is counted.
const COUNTED: usize = 12;
/// How much resident memory may grow from a third of the turns to the end. By then every store that has a bound is full
/// (200 receipts, 50 previews and answers, 16 proposals); what is left are the allocator's own arenas, which keep a few
/// hundred kilobytes more or less. A turn that left 50 kB behind would take nine in the short run, and eighty in the full one.
const GROWTH: u64 = 6 << 20;
/// Descriptors, more or less: a connection that is being replaced has another beside it for a moment.
const DESCRIPTORS: usize = 3;
/// Threads, more or less: those for the disk come with work and go ten seconds after it.
const THREADS: usize = 12;

fn turns() -> usize {
    match std::env::var("PILOTLIGHT_SOAK").as_deref() {
        Err(_) => TURNS,
        Ok("full") => FULL,
        Ok(number) => number.parse().expect("PILOTLIGHT_SOAK is `full` or a number of turns"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_work_leaves_nothing_behind() {
    let turns = turns();
    let mut work = Work::begin().await;
    let mut figures = Figures::default();
    for turn in 1..=turns {
        work.turn(turn);
        if turn % turns.div_ceil(COUNTED) == 0 || turn == turns {
            figures.add(turn, work.keystrokes, Held::by(work.quiet()));
        }
    }
    eprintln!("{figures}");
    work.end();
    let Some((early, late)) = figures.since_a_third() else { return };
    assert!(late.memory <= early.memory + GROWTH, "memory grows from {} to {} bytes", early.memory, late.memory);
    assert!(
        late.descriptors <= early.descriptors + DESCRIPTORS,
        "descriptors: {} to {}",
        early.descriptors,
        late.descriptors
    );
    assert!(late.threads <= early.threads + THREADS, "threads: {} to {}", early.threads, late.threads);
}
