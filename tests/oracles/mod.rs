//! What the oracle tests share: random texts that are hard on offsets, the places in them, and programs written by others
//! that are asked for their opinion on many cases at once.
//! Must never count positions with the code under test: a mistake there must not be repeated here.
#![allow(dead_code, unused_imports, reason = "each test target uses its own part")]
#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking and says how to run it again")]

mod batch;
pub mod clients;
mod places;
mod texts;

pub use batch::ask;
pub use places::{Encoding, Place, edits_as_json, places};
pub use texts::{LineEnds, Texts};

use std::path::{Path, PathBuf};

/// A file of this folder.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(name)
}

/// The seed of a run: another one each time, unless `PILOTLIGHT_ORACLE_SEED` says which. It is shown if the test fails.
pub fn seed() -> u64 {
    let given = std::env::var("PILOTLIGHT_ORACLE_SEED").ok();
    let seed = given.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    eprintln!("again: PILOTLIGHT_ORACLE_SEED={seed}");
    seed
}
