//! Where a text and one that was edited from it can differ, found without reading them: ropes that come from one another
//! share the memory of what was not touched. A diff then costs what changed, however long the file is.

use std::collections::HashMap;
use std::ops::Range;

use ropey::Rope;

/// Lines left around a difference: the context of a hunk, and what a diff looks at to place one well.
const MARGIN: usize = 8;

/// Bytes of two texts, by whole lines, that may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// In the old text.
    pub old: Range<usize>,
    /// In the new one.
    pub new: Range<usize>,
}

/// The stretches outside of which both texts are the same, in order and apart. One over everything where the texts have
/// no memory in common.
pub fn stretches(old: &Rope, new: &Rope) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let (mut old_start, mut new_start) = (0, 0);
    for Shared { old: at, new: new_at, len } in shared(old, new).into_iter().filter_map(|run| run.within(old, new)) {
        stretches.push(Stretch { old: old_start..at, new: new_start..new_at });
        (old_start, new_start) = (at + len, new_at + len);
    }
    stretches.push(Stretch { old: old_start..old.len_bytes(), new: new_start..new.len_bytes() });
    stretches.retain(|stretch| !stretch.old.is_empty() || !stretch.new.is_empty());
    stretches
}

/// Bytes that lie in the same memory.
#[derive(Clone, Copy)]
struct Shared {
    old: usize,
    new: usize,
    len: usize,
}

impl Shared {
    /// Without the lines at its ends that are to stand around a difference; nothing where there are no others.
    fn within(self, old: &Rope, new: &Rope) -> Option<Shared> {
        let end = self.old + self.len;
        let begins_both = self.old == 0 && self.new == 0;
        let ends_both = end == old.len_bytes() && self.new + self.len == new.len_bytes();
        let line = |byte: usize| old.byte_to_line(byte);
        let start = if begins_both { 0 } else { old.line_to_byte((line(self.old) + MARGIN + 1).min(old.len_lines())) };
        let end = if ends_both { end } else { old.line_to_byte(line(end).saturating_sub(MARGIN)) };
        (start < end).then(|| Shared { old: start, new: self.new + start - self.old, len: end - start })
    }
}

/// What both texts share, in the order of both.
fn shared(old: &Rope, new: &Rope) -> Vec<Shared> {
    let mut places = HashMap::new();
    let mut at = 0;
    for chunk in old.chunks().filter(|chunk| !chunk.is_empty()) {
        places.insert(chunk.as_ptr(), (at, chunk.len()));
        at += chunk.len();
    }
    let mut runs: Vec<Shared> = Vec::new();
    let mut at = 0;
    for chunk in new.chunks() {
        let len = chunk.len();
        // What is at the same place in memory, while both texts are there, is the same text.
        if let Some((place, _)) = places.get(&chunk.as_ptr()).filter(|(_, old_len)| *old_len == len) {
            match runs.last_mut() {
                Some(last) if (last.old + last.len, last.new + last.len) == (*place, at) => last.len += len,
                Some(last) if *place < last.old + last.len => {}
                _ => runs.push(Shared { old: *place, new: at, len }),
            }
        }
        at += len;
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn long(lines: usize) -> Rope {
        Rope::from_str(&(0..lines).map(|line| format!("line number {line}\n")).collect::<String>())
    }

    fn edited(rope: &Rope, edits: &[(usize, usize, String)]) -> Rope {
        let mut rope = rope.clone();
        for (at, removed, inserted) in edits {
            let at = at % (rope.len_chars() + 1);
            rope.remove(at..(at + removed).min(rope.len_chars()));
            rope.insert(at, inserted);
        }
        rope
    }

    #[test]
    fn an_edit_of_a_long_text_leaves_nearly_all_of_it_aside() {
        let old = long(10_000);
        let new = edited(&old, &[(90_000, 1, "two\nlines".to_owned()), (10, 0, "x".to_owned())]);
        let found = stretches(&old, &new);
        let looked_at: usize = found.iter().map(|stretch| stretch.old.len()).sum();
        assert!(found.len() == 2 && looked_at < 6_000, "{looked_at} bytes in {found:?}");
        assert_eq!(stretches(&old, &old.clone()), []);
    }

    #[test]
    fn texts_of_different_origin_are_looked_at_whole() {
        let (old, new) = (long(100), long(99));
        assert_eq!(stretches(&old, &new), [Stretch { old: 0..old.len_bytes(), new: 0..new.len_bytes() }]);
        assert_eq!(stretches(&Rope::new(), &Rope::new()), []);
    }

    proptest! {
        #[test]
        fn outside_of_them_both_are_the_same_whole_lines(
            lines in 0_usize..400,
            edits in prop::collection::vec((any::<usize>(), 0_usize..3000, "[a-c\n]{0,40}|(line number 7\n){100}"), 0..6)
        ) {
            let old = long(lines);
            let new = edited(&old, &edits);
            let (mut told, mut end) = (String::new(), 0);
            for Stretch { old: before, new: after } in stretches(&old, &new) {
                for (rope, range) in [(&old, &before), (&new, &after)] {
                    for edge in [range.start, range.end] {
                        let whole = edge == rope.len_bytes() || rope.line_to_byte(rope.byte_to_line(edge)) == edge;
                        prop_assert!(whole, "{edge} is within a line");
                    }
                }
                told.extend(old.byte_slice(end..before.start).chunks());
                told.extend(new.byte_slice(after).chunks());
                end = before.end;
            }
            told.extend(old.byte_slice(end..).chunks());
            prop_assert!(new == told);
        }
    }
}
