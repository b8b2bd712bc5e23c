//! Three-way merge by lines: the model's changes, made to the text it saw, brought into the text the user has now.
//!
//! A change of one side applies only where at least one unchanged line parts it from every change of the other side;
//! changes that touch are a conflict unless they are the same. A conflict is reported, never resolved: no side wins and
//! no markers are written.

use std::ops::Range;

use super::line_diff::{LineHunk, Span, line_hunks};

/// What became of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The user's text with the model's changes.
    Clean(String),
    /// Where both sides changed the same place differently, in file order.
    Conflict(Vec<Conflict>),
}

/// A place that both sides changed differently, as line numbers from 0 in each of the three texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The lines both started from.
    pub base: Range<usize>,
    /// What the model made of them.
    pub theirs: Range<usize>,
    /// What the user made of them.
    pub ours: Range<usize>,
}

/// Merges `theirs` (the model's copy) into `ours` (the user's text now); `base` is what both started from.
pub fn merge(base: &str, theirs: &str, ours: &str) -> Merged {
    if theirs == base || theirs == ours {
        return Merged::Clean(ours.to_owned());
    }
    if ours == base {
        return Merged::Clean(theirs.to_owned());
    }
    let their_hunks = line_hunks(base, theirs);
    let our_hunks = line_hunks(base, ours);
    let (mut their_rest, mut our_rest) = (&their_hunks[..], &our_hunks[..]);

    let mut merged = String::with_capacity(ours.len().max(theirs.len()));
    let mut conflicts = Vec::new();
    let mut copied = 0;
    while let Some(region) = next_region(&mut their_rest, &mut our_rest) {
        merged.push_str(&base[copied..region.base.bytes.start]);
        copied = region.base.bytes.end;
        let [theirs_span, ours_span] = [region.theirs, region.ours].map(|hunks| side(hunks, &region.base));
        let (their_text, our_text) = (&theirs[theirs_span.bytes], &ours[ours_span.bytes]);
        if region.ours.is_empty() || their_text == our_text {
            merged.push_str(their_text);
        } else if region.theirs.is_empty() {
            merged.push_str(our_text);
        } else {
            let base = region.base.lines;
            conflicts.push(Conflict { base, theirs: theirs_span.lines, ours: ours_span.lines });
        }
    }
    if !conflicts.is_empty() {
        return Merged::Conflict(conflicts);
    }
    merged.push_str(&base[copied..]);
    Merged::Clean(merged)
}

/// Changes with no unchanged line between them, and the part of the base they cover.
struct Region<'h> {
    base: Span,
    theirs: &'h [LineHunk],
    ours: &'h [LineHunk],
}

/// Takes the next region off the front of what is left of both sides.
fn next_region<'h>(theirs: &mut &'h [LineHunk], ours: &mut &'h [LineHunk]) -> Option<Region<'h>> {
    let first = [theirs.first(), ours.first()].into_iter().flatten().min_by_key(|hunk| hunk.old.lines.start)?;
    let mut base = first.old.clone();
    let mut taken = [0, 0];
    loop {
        let next = [theirs.get(taken[0]), ours.get(taken[1])];
        let touches = |hunk: &Option<&LineHunk>| hunk.is_some_and(|hunk| hunk.old.lines.start <= base.lines.end);
        let Some(side) = next.iter().position(touches) else { break };
        if let Some(hunk) = next[side] {
            base.lines.end = base.lines.end.max(hunk.old.lines.end);
            base.bytes.end = base.bytes.end.max(hunk.old.bytes.end);
        }
        taken[side] += 1;
    }
    let ((their_hunks, their_rest), (our_hunks, our_rest)) = (theirs.split_at(taken[0]), ours.split_at(taken[1]));
    (*theirs, *ours) = (their_rest, our_rest);
    Some(Region { base, theirs: their_hunks, ours: our_hunks })
}

/// What one side has in place of `base`, which covers all its `hunks`. Without hunks the result means nothing.
fn side(hunks: &[LineHunk], base: &Span) -> Span {
    let (Some(first), Some(last)) = (hunks.first(), hunks.last()) else { return Span { lines: 0..0, bytes: 0..0 } };
    let around = |base: &Range<usize>, of: fn(&Span) -> &Range<usize>| {
        let start = of(&first.new).start - (of(&first.old).start - base.start);
        start..of(&last.new).end + (base.end - of(&last.old).end)
    };
    Span { lines: around(&base.lines, |span| &span.lines), bytes: around(&base.bytes, |span| &span.bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(base: &str, theirs: &str, ours: &str) -> String {
        match merge(base, theirs, ours) {
            Merged::Clean(text) => text,
            Merged::Conflict(conflicts) => panic!("conflict: {conflicts:?}"),
        }
    }

    fn conflicts(base: &str, theirs: &str, ours: &str) -> Vec<Conflict> {
        match merge(base, theirs, ours) {
            Merged::Clean(text) => panic!("clean: {text:?}"),
            Merged::Conflict(conflicts) => conflicts,
        }
    }

    #[test]
    fn changes_apart_are_both_made() {
        assert_eq!(clean("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), "A\nb\nC\n");
        assert_eq!(clean("a\nb\nc\nd\n", "a\nc\nd\n", "a\nb\nc\nx\nd\n"), "a\nc\nx\nd\n");
        assert_eq!(clean("a\nb\nc", "x\na\nb\nc", "a\nb\nc\nd\n"), "x\na\nb\nc\nd\n");
    }

    #[test]
    fn the_same_change_is_made_once() {
        assert_eq!(clean("a\nb\nc\n", "a\nx\nb\nC\n", "a\nx\nb\nc\n"), "a\nx\nb\nC\n");
        assert_eq!(clean("a\nb\nc\n", "B\nc\nd\n", "B\nc\n"), "B\nc\nd\n");
    }

    #[test]
    fn different_changes_of_a_line_conflict() {
        let conflict = Conflict { base: 1..2, theirs: 1..2, ours: 2..4 };
        assert_eq!(conflicts("a\nb\nc\nd\n", "a\nB\nc\nd\n", "new\na\nx\ny\nc\nd\n"), [conflict]);
    }

    #[test]
    fn changes_that_touch_conflict() {
        // The model changed line 0, the user line 1.
        let touching = Conflict { base: 0..2, theirs: 0..2, ours: 0..2 };
        assert_eq!(conflicts("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n"), [touching]);
        // The user typed a line next to one that the model deleted.
        let typed = Conflict { base: 1..2, theirs: 1..1, ours: 1..3 };
        assert_eq!(conflicts("a\nb\nc\n", "a\nc\n", "a\nnew\nb\nc\n"), [typed]);
        // Both inserted at one place.
        let inserted = Conflict { base: 1..1, theirs: 1..2, ours: 1..2 };
        assert_eq!(conflicts("a\nb\n", "a\nx\nb\n", "a\ny\nb\n"), [inserted]);
    }

    #[test]
    fn a_change_may_join_several_of_the_other_side() {
        let conflict = Conflict { base: 0..5, theirs: 0..5, ours: 0..2 };
        let found = conflicts("a\nb\nc\nd\ne\nf\n", "A\nb\nc\nd\nE\nf\n", "x\ny\nf\n");
        assert_eq!(found, [conflict]);
    }

    #[test]
    fn every_conflict_is_reported() {
        let found = conflicts("a\nb\nc\n", "1\nb\n2\n", "3\nb\n4\n");
        assert_eq!(found.iter().map(|c| c.base.clone()).collect::<Vec<_>>(), [0..1, 2..3]);
    }

    #[test]
    fn line_ends_at_the_end_of_the_text_take_part() {
        assert_eq!(clean("a\nb\nc", "A\nb\nc", "a\nb\nc\n"), "A\nb\nc\n");
        assert_eq!(clean("", "a\n", ""), "a\n");
        assert_eq!(conflicts("a", "a\n", "b").len(), 1);
    }
}
