//! The corpora of the fuzz targets, each file through the check that its target makes: what was found once stays found.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../fuzz/checks/merge.rs"]
mod merge;
#[path = "../fuzz/checks/patch.rs"]
mod patch;
#[path = "../fuzz/checks/sync.rs"]
mod sync;

use std::fs;
use std::path::Path;

/// Gives every file of a corpus to its check, and says which one failed.
fn check_all(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut checked = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("an input");
        if let Err(panic) = std::panic::catch_unwind(|| check(&input)) {
            let said = panic.downcast_ref::<String>().map_or("", String::as_str);
            panic!("{}: {said}", path.display());
        }
        checked += 1;
    }
    assert!(checked > 5, "the corpus is there");
}

#[test]
fn patches_are_read_or_refused() {
    check_all("patch", patch::check);
}

#[test]
fn documents_hold_what_their_changes_make_of_them() {
    check_all("sync", sync::check);
}

#[test]
fn merges_are_right_from_either_side() {
    check_all("merge", merge::check);
}
