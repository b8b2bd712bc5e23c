//! Any three texts: merged the same from either side, or in conflict at places that exist; and the merged text is reached
//! from the user's own text by edits that are sorted, apart and whole.
//!
//! An input is the text both started from, the model's and the user's, parted by lines `=====`.

use std::ops::Range;

use pilotlight::edit::{Conflict, Merged, apply_changes, from_model, merge, minimal_changes, to_model};

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let mut texts = input.split("=====\n");
    let mut next = || texts.next().unwrap_or_default();
    let (base, theirs, raw) = (to_model(next()), to_model(next()), next());
    let ours = to_model(raw);

    assert_eq!(merge(&base, &base, &ours), Merged::Clean(ours.to_string()));
    assert_eq!(merge(&base, &theirs, &base), Merged::Clean(theirs.to_string()));
    match (merge(&base, &theirs, &ours), merge(&base, &ours, &theirs)) {
        (Merged::Clean(merged), Merged::Clean(turned)) => {
            assert_eq!(merged, turned, "either side");
            let target = from_model(raw, &merged);
            // A mark in front of the merged text would be taken for the document's own.
            assert!(merged.starts_with('\u{feff}') || to_model(&target) == merged, "{target:?}");
            reach(raw, &target);
        }
        (Merged::Conflict(conflicts), Merged::Conflict(turned)) => {
            assert_eq!(conflicts.len(), turned.len(), "either side");
            conflicts.iter().for_each(|conflict| exists(conflict, &base, &theirs, &ours));
        }
        (one, other) => panic!("{one:?}, but from the other side {other:?}"),
    }
}

fn reach(old: &str, new: &str) {
    let changes = minimal_changes(old, new);
    assert_eq!(apply_changes(old, &changes).as_deref(), Some(new));
    for pair in changes.windows(2) {
        assert!(pair[0].range.end < pair[1].range.start, "{pair:?} of {old:?}");
    }
    for at in changes.iter().flat_map(|change| [change.range.start, change.range.end]) {
        assert!(!(old[..at].ends_with('\r') && old[at..].starts_with('\n')), "{changes:?} of {old:?}");
    }
}

fn exists(conflict: &Conflict, base: &str, theirs: &str, ours: &str) {
    let has =
        |text: &str, range: &Range<usize>| range.start <= range.end && range.end <= text.split_inclusive('\n').count();
    let all = has(base, &conflict.base) && has(theirs, &conflict.theirs) && has(ours, &conflict.ours);
    assert!(all, "{conflict:?}");
}
