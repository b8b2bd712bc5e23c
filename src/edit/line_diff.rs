//! The line diff that merging, minimal edits and line end mapping share.
//!
//! Common lines at both ends are cut off bytewise. The middle is split at lines that both texts have exactly once, and
//! each piece goes through imara-diff's histogram with the indentation heuristic; without the split the histogram takes
//! quadratic time over many changes. The result is checked, so that everything built on it is right by construction:
//! text outside the hunks is the same on both sides.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Interner, Token};

/// A run of lines, ends included, that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineHunk {
    pub old: Span,
    pub new: Span,
}

/// A range of whole lines. Lines end with `\n`; a lone `\r` is a character like any other here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Line numbers from 0.
    pub lines: Range<usize>,
    /// The bytes of these lines.
    pub bytes: Range<usize>,
}

/// Pieces with more lines than this, of which none occurs just once, are taken as changed altogether.
const MAX_LINES: usize = 20_000;

/// The differing runs in order; between two of them is at least one common line.
pub(crate) fn line_hunks(old: &str, new: &str) -> Vec<LineHunk> {
    let Some((prefix, suffix)) = common_lines(old, new) else { return Vec::new() };
    let old_middle = &old[prefix..old.len() - suffix];
    let new_middle = &new[prefix..new.len() - suffix];
    let first_line = old.as_bytes()[..prefix].iter().filter(|&&byte| byte == b'\n').count();

    let input = InternedInput::new(old_middle, new_middle);
    let old_lines = Lines::new(&input, &input.before, first_line, prefix);
    let new_lines = Lines::new(&input, &input.after, first_line, prefix);
    let mut hunks = Vec::new();
    for (old_piece, new_piece) in pieces(&input) {
        diff_piece(&old_lines, old_piece, &new_lines, new_piece, &mut hunks);
    }
    if same_between(old, new, &hunks) {
        return hunks;
    }
    let whole = |lines: &Lines<'_>| lines.span(0..lines.tokens.len());
    vec![LineHunk { old: whole(&old_lines), new: whole(&new_lines) }]
}

/// The lines of one side of the middle and where they are in its text.
struct Lines<'a> {
    input: &'a InternedInput<&'a str>,
    tokens: &'a [Token],
    /// Where each line begins, and where the last one ends.
    offsets: Vec<usize>,
    /// The number of the first line.
    first_line: usize,
}

impl<'a> Lines<'a> {
    fn new(input: &'a InternedInput<&'a str>, tokens: &'a [Token], first_line: usize, first_byte: usize) -> Lines<'a> {
        let mut offsets = Vec::with_capacity(tokens.len() + 1);
        offsets.push(first_byte);
        offsets.extend(tokens.iter().scan(first_byte, |end, &token| {
            *end += input.interner[token].len();
            Some(*end)
        }));
        Lines { input, tokens, offsets, first_line }
    }

    fn span(&self, lines: Range<usize>) -> Span {
        Span {
            lines: self.first_line + lines.start..self.first_line + lines.end,
            bytes: self.offsets[lines.start]..self.offsets[lines.end],
        }
    }

    fn texts(&self, lines: Range<usize>) -> impl Iterator<Item = &'a str> {
        self.tokens[lines].iter().map(|&token| self.input.interner[token])
    }
}

/// Adds the hunks of a piece. Common lines at its ends are only there to show the heuristic what is around.
fn diff_piece(
    old: &Lines<'_>,
    old_piece: Range<usize>,
    new: &Lines<'_>,
    new_piece: Range<usize>,
    hunks: &mut Vec<LineHunk>,
) {
    if old.tokens[old_piece.clone()] == new.tokens[new_piece.clone()] {
        return;
    }
    if old_piece.len() + new_piece.len() > MAX_LINES {
        let (old_tokens, new_tokens) = (&old.tokens[old_piece.clone()], &new.tokens[new_piece.clone()]);
        let prefix = old_tokens.iter().zip(new_tokens).take_while(|(a, b)| a == b).count();
        let (old_rest, new_rest) = (&old_tokens[prefix..], &new_tokens[prefix..]);
        let suffix = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
        let span = |lines: &Lines<'_>, piece: Range<usize>| lines.span(piece.start + prefix..piece.end - suffix);
        return hunks.push(LineHunk { old: span(old, old_piece), new: span(new, new_piece) });
    }
    // Interned anew, because a histogram takes time and space for every known line.
    let interner = Interner::new(old_piece.len() + new_piece.len());
    let mut input = InternedInput { before: Vec::new(), after: Vec::new(), interner };
    input.update_before(old.texts(old_piece.clone()));
    input.update_after(new.texts(new_piece.clone()));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    for hunk in diff.hunks() {
        let span = |lines: &Lines<'_>, start: usize, hunk: Range<u32>| {
            lines.span(start + hunk.start as usize..start + hunk.end as usize)
        };
        let (old_span, new_span) = (span(old, old_piece.start, hunk.before), span(new, new_piece.start, hunk.after));
        hunks.push(LineHunk { old: old_span, new: new_span });
    }
}

/// The ranges of lines between lines that are unique on both sides, those lines included at both ends.
fn pieces(input: &InternedInput<&str>) -> Vec<(Range<usize>, Range<usize>)> {
    let (old_end, new_end) = (input.before.len(), input.after.len());
    let mut pieces = Vec::new();
    let (mut old_start, mut new_start) = (0, 0);
    for (old, new) in unique_in_both(input) {
        pieces.push((old_start..old + 1, new_start..new + 1));
        (old_start, new_start) = (old, new);
    }
    pieces.push((old_start..old_end, new_start..new_end));
    pieces
}

/// The longest series of lines that occur once in each text and in the same order in both, as pairs of line numbers.
fn unique_in_both(input: &InternedInput<&str>) -> Vec<(usize, usize)> {
    let places = |tokens: &[Token]| {
        let mut places = vec![Place::Nowhere; input.interner.num_tokens() as usize];
        for (at, token) in tokens.iter().enumerate() {
            let place = &mut places[token.0 as usize];
            *place = if *place == Place::Nowhere { Place::Once(at) } else { Place::Often };
        }
        places
    };
    let pairs = places(&input.before).into_iter().zip(places(&input.after));
    let mut pairs: Vec<(usize, usize)> = pairs
        .filter_map(|pair| match pair {
            (Place::Once(old), Place::Once(new)) => Some((old, new)),
            _ => None,
        })
        .collect();
    pairs.sort_unstable();
    longest_increasing(&pairs)
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Nowhere,
    Once(usize),
    Often,
}

/// The longest part of `pairs`, which rise in their first number, that rises in the second one too (patience sorting).
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Per length the pair that ends a series of that length lowest; per pair the one before it in its series.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, &(_, new)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < new);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut series: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |&index| before[index]).map(|index| pairs[index]).collect();
    series.reverse();
    series
}

/// Whether the texts are the same outside the hunks.
fn same_between(old: &str, new: &str, hunks: &[LineHunk]) -> bool {
    let starts = hunks.iter().map(|hunk| (hunk.old.bytes.start, hunk.new.bytes.start));
    let ends = hunks.iter().map(|hunk| (hunk.old.bytes.end, hunk.new.bytes.end));
    let from = std::iter::once((0, 0)).chain(ends);
    let to = starts.chain(std::iter::once((old.len(), new.len())));
    from.zip(to).all(|(from, to)| match (old.get(from.0..to.0), new.get(from.1..to.1)) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    })
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
    fn lines_that_both_have_once_part_the_diff() {
        let old = "x\nalpha\nx\nbeta\nx\n";
        let new = "alpha\nx\ny\nbeta\nz\n";
        assert_eq!(hunks(old, new), [(0..1, "x\n", 0..0, ""), (3..3, "", 2..3, "y\n"), (4..5, "x\n", 4..5, "z\n")]);
    }

    #[test]
    fn a_moved_line_is_removed_and_added() {
        assert_eq!(hunks("a\nb\nc\n", "b\nc\na\n"), [(0..1, "a\n", 0..0, ""), (3..3, "", 2..3, "a\n")]);
    }

    #[test]
    fn the_longest_series_is_found() {
        let pairs = [3, 0, 1, 4, 2, 5].into_iter().enumerate().collect::<Vec<_>>();
        assert_eq!(longest_increasing(&pairs), [(1, 0), (2, 1), (4, 2), (5, 5)]);
        assert_eq!(longest_increasing(&[]), []);
    }

    #[test]
    fn a_huge_piece_without_unique_lines_is_one_hunk() {
        let old = "a\n".repeat(MAX_LINES);
        let new = format!("a\nb\n{}b\na\n", "a\n".repeat(MAX_LINES - 4));
        let found = line_hunks(&old, &new);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].old.lines, 1..MAX_LINES - 1);
        assert_eq!(found[0].new.lines, 1..MAX_LINES - 1);
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
