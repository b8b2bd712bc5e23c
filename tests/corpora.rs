//! The corpora of the fuzz targets, each file through the check that its target makes: what was found once stays found.
//! Then inputs made of these by small changes, the same ones in every run, so that the checks see odd inputs here too.
//!
//! `PILOTLIGHT_FUZZ_FACTOR=100` makes a hundred times as many, `PILOTLIGHT_FUZZ_SEED` others. An input that fails is kept
//! in the target directory, and its path said.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../fuzz/checks/config.rs"]
mod config;
#[path = "../fuzz/checks/diffs.rs"]
mod diffs;
#[path = "../fuzz/checks/events.rs"]
mod events;
#[path = "../fuzz/checks/frames.rs"]
mod frames;
#[path = "../fuzz/checks/framing.rs"]
mod framing;
#[path = "../fuzz/checks/merge.rs"]
mod merge;
#[path = "corpora/mutation.rs"]
mod mutation;
#[path = "../fuzz/checks/params.rs"]
mod params;
#[path = "../fuzz/checks/patch.rs"]
mod patch;
#[path = "../fuzz/checks/paths.rs"]
mod paths;
#[path = "../fuzz/checks/server.rs"]
mod server;
#[path = "../fuzz/checks/sync.rs"]
mod sync;

use std::fs;
use std::path::{Path, PathBuf};

use mutation::Mutator;

/// Gives every file of a corpus to its check, then `count` inputs made of them, and says which one failed.
fn check_all(corpus: &str, check: fn(&[u8]), count: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 5, "the corpus is there");
    let inputs: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("an input")).collect();
    for (path, input) in files.iter().zip(&inputs) {
        checked(check, input, || path.clone());
    }
    let mut mutator = Mutator::new(number("PILOTLIGHT_FUZZ_SEED", 1), &inputs);
    for _ in 0..count * number("PILOTLIGHT_FUZZ_FACTOR", 1) {
        let input = mutator.next();
        checked(check, &input, || {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{corpus}-failed"));
            fs::write(&path, &input).expect("the target directory");
            path
        });
    }
}

fn checked(check: fn(&[u8]), input: &[u8], name: impl FnOnce() -> PathBuf) {
    if let Err(panic) = std::panic::catch_unwind(|| check(input)) {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        panic!("{}: {said}", name().display());
    }
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn patches_are_read_or_refused() {
    check_all("patch", patch::check, 4000);
}

#[test]
fn documents_hold_what_their_changes_make_of_them() {
    check_all("sync", sync::check, 4000);
}

#[test]
fn merges_are_right_from_either_side() {
    check_all("merge", merge::check, 4000);
}

#[test]
fn what_comes_in_on_stdin_is_handed_on_whole_or_refused() {
    check_all("framing", framing::check, 250);
}

#[test]
fn requests_are_answered_once_whatever_their_parameters() {
    check_all("params", params::check, 150);
}

#[test]
fn a_servers_events_say_what_their_json_says() {
    check_all("events", events::check, 4000);
}

#[test]
fn no_workspace_widens_a_configuration() {
    check_all("config", config::check, 500);
}

#[test]
fn diffs_lead_exactly_to_the_new_text_at_both_ends() {
    check_all("diffs", diffs::check, 2000);
}

#[test]
fn frames_hold_whatever_they_hold() {
    check_all("frames", frames::check, 4000);
}

#[test]
fn paths_stay_below_the_root_and_every_spelling_has_one_answer() {
    check_all("paths", paths::check, 400);
}
