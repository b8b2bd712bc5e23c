//! Merges held against what was typed: whoever typed what, all of it is in the merged text and in its order, or the place is
//! reported. Each side types in an alphabet of its own, so that nothing has to be known of how the merge works.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::ops::Range;

use pilotlight::edit::{Conflict, Merged, merge};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn base() -> impl Strategy<Value = String> {
    let lines = ["", "}", "a", "a", "b(c)", "    d", "e\u{301} 𝄞"];
    (vec(select(lines.to_vec()), 0..20), any::<bool>())
        .prop_map(|(lines, newline)| lines.join("\n") + if newline { "\n" } else { "" })
}

/// What a side does: places, as shares of the text's characters, and what it types there; then how many characters it
/// deletes behind each.
fn typing(letters: &'static [&'static str]) -> impl Strategy<Value = Vec<(Index, String, usize)>> {
    let typed = vec(select(letters), 0..5).prop_map(|parts| parts.concat());
    vec((any::<Index>(), typed, prop_oneof![4 => Just(0), 1 => 0..9usize]), 0..4)
}

const GREEK: &[&str] = &["α", "β", "γ\n", "\nδ", "\n"];
const CYRILLIC: &[&str] = &["б", "г", "д\n", "\nж", "\n"];

/// The text after the typing. What one typed stays, so only the base's own characters are deleted.
fn typed(base: &str, typing: &[(Index, String, usize)]) -> String {
    let mut chars: Vec<char> = base.chars().collect();
    for (at, text, deleted) in typing {
        let at = at.index(chars.len() + 1);
        let rest = chars.split_off(at);
        let kept = rest.iter().enumerate().filter(|&(index, &c)| index >= *deleted || is_typed(c)).map(|(_, &c)| c);
        chars.extend(text.chars().chain(kept).collect::<Vec<_>>());
    }
    chars.into_iter().collect()
}

fn is_greek(c: char) -> bool {
    ('α'..='ω').contains(&c)
}

fn is_cyrillic(c: char) -> bool {
    ('а'..='я').contains(&c)
}

fn is_typed(c: char) -> bool {
    is_greek(c) || is_cyrillic(c)
}

fn letters(text: &str, of: fn(char) -> bool) -> String {
    text.chars().filter(|&c| of(c)).collect()
}

/// The lines of a range; none if the text has no such lines.
fn lines<'t>(text: &'t str, range: &Range<usize>) -> Option<Vec<&'t str>> {
    text.split_inclusive('\n').collect::<Vec<_>>().get(range.clone()).map(<[&str]>::to_vec)
}

/// A conflict names lines that each text has, which both sides made different from the base and from each other.
fn is_real(conflict: &Conflict, base: &str, theirs: &str, ours: &str) -> bool {
    let places = (lines(base, &conflict.base), lines(theirs, &conflict.theirs), lines(ours, &conflict.ours));
    let (Some(base), Some(theirs), Some(ours)) = places else { return false };
    base != theirs && base != ours && theirs != ours
}

proptest! {
    #[test]
    fn nothing_that_anybody_typed_is_lost((base, theirs, ours) in (base(), typing(CYRILLIC), typing(GREEK))) {
        let (theirs, ours) = (typed(&base, &theirs), typed(&base, &ours));
        match merge(&base, &theirs, &ours) {
            Merged::Clean(merged) => {
                prop_assert_eq!(letters(&merged, is_greek), letters(&ours, is_greek), "the user's, in {:?}", merged);
                prop_assert_eq!(letters(&merged, is_cyrillic), letters(&theirs, is_cyrillic), "the model's, in {:?}", merged);
            }
            Merged::Conflict(conflicts) => {
                prop_assert!(!conflicts.is_empty());
                for conflict in &conflicts {
                    prop_assert!(is_real(conflict, &base, &theirs, &ours), "{:?}", conflict);
                }
            }
        }
    }
}
