//! The line diff that merging, minimal edits and line end mapping share.
//!
//! Common lines at both ends are cut off bytewise, the middle goes through imara-diff's histogram with the indentation
//! heuristic. What it gives is checked, so that everything built on it is right by construction: text outside the hunks
//! is the same on both sides.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// A run of lines, ends included, that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineHunk {
    pub old: Span,
    pub new: Span,
}

/// A range of whole lines. Lines end with `\n`; a lone `\r` is a character like any other here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Line numbers from 0.
    pub lines: Range<usize>,
    /// The bytes of these lines.
    pub bytes: Range<usize>,
}

/// The differing runs in order; between two of them is at least one common line.
pub(super) fn line_hunks(old: &str, new: &str) -> Vec<LineHunk> {
    let Some((prefix, suffix)) = common_lines(old, new) else { return Vec::new() };
    let old_middle = &old[prefix..old.len() - suffix];
    let new_middle = &new[prefix..new.len() - suffix];
    let first_line = old.as_bytes()[..prefix].iter().filter(|&&byte| byte == b'\n').count();

    let input = InternedInput::new(old_middle, new_middle);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);

    let mut old_side = Side { input: &input, lines: &input.before, at: 0, line: first_line, byte: prefix };
    let mut new_side = Side { input: &input, lines: &input.after, at: 0, line: first_line, byte: prefix };
    let mut hunks = Vec::new();
    for hunk in diff.hunks() {
        if !common(&mut old_side, &mut new_side, hunk.before.start, hunk.after.start) {
            return vec![whole(&input, first_line, prefix)];
        }
        hunks.push(LineHunk { old: old_side.span(hunk.before.end), new: new_side.span(hunk.after.end) });
    }
    let (old_end, new_end) = (input.before.len() as u32, input.after.len() as u32);
    if !common(&mut old_side, &mut new_side, old_end, new_end) {
        return vec![whole(&input, first_line, prefix)];
    }
    hunks
}

/// One side of a diff while its hunks are walked through.
struct Side<'a> {
    input: &'a InternedInput<&'a str>,
    lines: &'a [imara_diff::Token],
    at: usize,
    line: usize,
    byte: usize,
}

impl Side<'_> {
    /// Goes on to line `end` of the middle and says what was passed.
    fn span(&mut self, end: u32) -> Span {
        let end = end as usize;
        let passed = &self.lines[self.at..end];
        let bytes: usize = passed.iter().map(|&token| self.input.interner[token].len()).sum();
        let span = Span { lines: self.line..self.line + passed.len(), bytes: self.byte..self.byte + bytes };
        (self.at, self.line, self.byte) = (end, span.lines.end, span.bytes.end);
        span
    }
}

/// Passes what is said to be common on both sides; `false` if it is not.
fn common(old: &mut Side<'_>, new: &mut Side<'_>, old_end: u32, new_end: u32) -> bool {
    let same = old.lines[old.at..old_end as usize] == new.lines[new.at..new_end as usize];
    old.span(old_end);
    new.span(new_end);
    same
}

/// The middle as one hunk.
fn whole(input: &InternedInput<&str>, line: usize, byte: usize) -> LineHunk {
    let span = |lines: &[imara_diff::Token]| Side { input, lines, at: 0, line, byte }.span(lines.len() as u32);
    LineHunk { old: span(&input.before), new: span(&input.after) }
}

/// How many bytes of whole lines both texts have in common at the start and at the end; `None` if they are equal.
fn common_lines(old: &str, new: &str) -> Option<(usize, usize)> {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let prefix = common_prefix(old, new);
    if prefix == old.len() && prefix == new.len() {
        return None;
    }
    let prefix = old[..prefix].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (old, new) = (&old[prefix..], &new[prefix..]);
    let suffix = common_suffix(old, new);
    let first_end = old[old.len() - suffix..].iter().position(|&byte| byte == b'\n');
    Some((prefix, first_end.map_or(0, |at| suffix - at - 1)))
}

/// Bytes compared at once while texts are the same.
const CHUNK: usize = 64;

/// The length of the longest common prefix, in bytes.
pub(super) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let same = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count() * CHUNK;
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

/// The length of the longest common suffix, in bytes.
pub(super) fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let same = a.rchunks_exact(CHUNK).zip(b.rchunks_exact(CHUNK)).take_while(|(a, b)| a == b).count() * CHUNK;
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    same + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hunks as (old lines, old text, new lines, new text).
    fn hunks<'a>(old: &'a str, new: &'a str) -> Vec<(Range<usize>, &'a str, Range<usize>, &'a str)> {
        let hunks = line_hunks(old, new).into_iter();
        hunks.map(|h| (h.old.lines, &old[h.old.bytes], h.new.lines, &new[h.new.bytes])).collect()
    }

    #[test]
    fn equal_texts_have_no_hunks() {
        assert_eq!(hunks("", ""), []);
        assert_eq!(hunks("a\nb", "a\nb"), []);
    }

    #[test]
    fn hunks_are_whole_lines_numbered_from_the_start() {
        assert_eq!(hunks("a\nb\nc\n", "a\nB\nc\n"), [(1..2, "b\n", 1..2, "B\n")]);
        assert_eq!(hunks("a\nb\nc\nd\n", "x\na\nb\nd\n"), [(0..0, "", 0..1, "x\n"), (2..3, "c\n", 3..3, "")]);
        assert_eq!(hunks("a\nb", "a\nb\n"), [(1..2, "b", 1..2, "b\n")]);
        assert_eq!(hunks("", "a\n"), [(0..0, "", 0..1, "a\n")]);
    }

    #[test]
    fn a_repeated_line_is_counted_once() {
        assert_eq!(hunks("a\na\n", "a\n"), [(1..2, "a\n", 1..1, "")]);
        assert_eq!(hunks("x\na", "x\nx\na"), [(1..1, "", 1..2, "x\n")]);
    }

    #[test]
    fn an_inserted_block_is_whole() {
        let old = "fn a() {\n}\n\nfn c() {\n}\n";
        let new = "fn a() {\n}\n\nfn b() {\n}\n\nfn c() {\n}\n";
        assert_eq!(hunks(old, new), [(3..3, "", 3..6, "fn b() {\n}\n\n")]);
    }

    #[test]
    fn prefix_and_suffix_over_several_chunks() {
        let a = "ab".repeat(100);
        let b = format!("{}x{}", &a[..130], &a[131..]);
        assert_eq!(common_prefix(a.as_bytes(), b.as_bytes()), 130);
        assert_eq!(common_suffix(a.as_bytes(), b.as_bytes()), 69);
        assert_eq!(common_prefix(a.as_bytes(), a.as_bytes()), 200);
        assert_eq!(common_suffix(a.as_bytes(), b"b"), 1);
    }
}
