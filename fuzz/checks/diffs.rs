//! Any two texts under any name: the diff that is written leads from the first exactly to the second, for its reader here
//! and for the one at the other end; and any bytes as a diff: both readers refuse them or agree on what they make.
//!
//! An input is a line with a path, then parted by lines `=====` an old text, a new one, and a diff of the old one.

use pilotlight::delta::unified::{Change, apply, render, render_git};
use pilotlight::embedded::rules::diff::{self, FileDiff};
use pilotlight::workspace::RelPath;

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (path, rest) = input.split_once('\n').unwrap_or(("a.rs", &input));
    let path = RelPath::parse(path).map_or_else(|_| "a.rs".to_owned(), |path| path.to_string());
    let mut texts = rest.split("=====\n");
    let mut next = || texts.next().unwrap_or_default();
    let (old, new, foreign) = (next(), next(), next());
    for (old, new) in [(old, new), (new, old), (old, ""), ("", new)] {
        leads(&Change { old_path: &path, new_path: &path, old: Some(old), new: Some(new) });
        leads(&Change { old_path: "old name.rs", new_path: &path, old: Some(old), new: Some(new) });
    }
    leads(&Change { old_path: &path, new_path: &path, old: None, new: Some(new) });
    agree(old, foreign);
}

fn leads(change: &Change<'_>) {
    let (old, new) = (change.old.unwrap_or_default(), change.new.unwrap_or_default());
    for diff in [render(change), render_git(change)] {
        assert_eq!(apply(old, &diff).as_deref(), Ok(new), "{diff}");
    }
    let diff = render(change);
    let (read, rest) = FileDiff::read(&diff).unwrap_or_else(|| panic!("the other end does not read {diff:?}"));
    assert_eq!((rest, read.to.as_deref()), ("", Some(change.new_path)), "{diff}");
    assert_eq!(read.from.as_deref(), change.old.map(|_| change.old_path), "{diff}");
    assert_eq!(diff::apply(old, &read.hunks).as_deref(), Some(new), "{diff}");
}

/// A diff that somebody else wrote.
fn agree(old: &str, foreign: &str) {
    let here = apply(old, foreign);
    let headed = format!("--- a/x\n+++ b/x\n{foreign}");
    let Some((read, "")) = FileDiff::read(&headed) else { return };
    if let (Ok(here), Some(there)) = (here, diff::apply(old, &read.hunks)) {
        assert_eq!(here, there, "of {foreign:?}");
    }
}
