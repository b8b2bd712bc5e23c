//! The fewest and smallest edits that turn one text into another, so that cursors, folds and marks in the editor stay.
//!
//! Lines are compared first, then words within lines that changed. The result is checked against the target before it
//! is given out; edits that cannot be shown to be right are replaced by one that is. Texts are taken as they are, with
//! any line ends; an edit never begins or ends between `\r` and `\n`, inside a character, or between a character and
//! the marks that are written upon it.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Interner};
use unicode_normalization::char::is_combining_mark;

use super::line_diff::{LineHunk, common_prefix, common_suffix, line_hunks};

/// Replace a range of bytes by a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChange {
    /// Bytes of the old text; empty for an insertion.
    pub range: Range<usize>,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

/// Hunks with more lines than this on either side are replaced as a whole.
const MAX_LINES: usize = 200;
/// Hunks with more bytes than this on either side are replaced as a whole.
const MAX_BYTES: usize = 16 << 10;
/// Where one side is so many times as large as the other they have little in common.
const MAX_RATIO: usize = 5;

/// The edits that turn `old` into `new`: sorted, disjoint and never touching each other.
pub fn minimal_changes(old: &str, new: &str) -> Vec<TextChange> {
    let mut changes = Changes { old, new, edits: Vec::new() };
    for hunk in line_hunks(old, new) {
        changes.refine(&hunk);
    }
    let edits = changes.edits;
    let on_boundaries = edits.iter().all(|edit| !splits_line_end(old, edit));
    if on_boundaries && leads_to(old, &edits, new) { edits } else { vec![single_change(old, new)] }
}

/// The text with all changes made. `None` unless they are sorted, disjoint and on character boundaries.
pub fn apply_changes(old: &str, changes: &[TextChange]) -> Option<String> {
    let mut out = String::with_capacity(old.len());
    let mut copied = 0;
    for TextChange { range, text } in changes {
        out.push_str(old.get(copied..range.start)?);
        out.push_str(text);
        old.get(range.clone())?;
        copied = range.end;
    }
    out.push_str(old.get(copied..)?);
    Some(out)
}

struct Changes<'t> {
    old: &'t str,
    new: &'t str,
    edits: Vec<TextChange>,
}

impl Changes<'_> {
    /// Adds an edit behind the last one, or to it if only blanks lie between.
    fn push(&mut self, old: Range<usize>, new: Range<usize>) {
        let (old_text, new_text) = (self.old, self.new);
        let (old, new) = self.before_last_line_end(&old, &new).unwrap_or((old, new));
        if let Some(last) = self.edits.last_mut() {
            let between = &old_text[last.range.end..old.start];
            if between.bytes().all(|byte| byte == b' ' || byte == b'\t') {
                last.text.push_str(between);
                last.text.push_str(&new_text[new]);
                last.range.end = old.end;
                return;
            }
        }
        self.edits.push(TextChange { range: old, text: new_text[new].to_owned() });
    }

    /// Where lines that come at the very end are inserted instead: in front of the last line end, so that they bring
    /// the end of the line above them and leave theirs. The text is the same, but Neovim 0.11 would add an empty line to
    /// an insertion behind the last line.
    fn before_last_line_end(&self, old: &Range<usize>, new: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
        if *old != (self.old.len()..self.old.len()) {
            return None;
        }
        let end = last_line_end(self.old);
        let moved = old.start - end.len();
        let is_free = self.edits.last().is_none_or(|last| last.range.end <= moved);
        let is_same = [&self.new[..new.start], &self.new[new.clone()]].iter().all(|text| last_line_end(text) == end);
        (is_free && is_same && !end.is_empty()).then(|| (moved..moved, new.start - end.len()..new.end - end.len()))
    }

    /// Adds the edits of one line hunk, reduced to the words that changed.
    fn refine(&mut self, hunk: &LineHunk) {
        let (old, new) = (&hunk.old.bytes, &hunk.new.bytes);
        let large = |lines: &Range<usize>, bytes: &Range<usize>| lines.len() > MAX_LINES || bytes.len() > MAX_BYTES;
        if old.is_empty() || new.is_empty() || large(&hunk.old.lines, old) || large(&hunk.new.lines, new) {
            return self.push(old.clone(), new.clone());
        }
        let old_words: Vec<&str> = Words(&self.old[old.clone()]).collect();
        let new_words: Vec<&str> = Words(&self.new[new.clone()]).collect();
        let prefix = old_words.iter().zip(&new_words).take_while(|(a, b)| a == b).count();
        let (old_middle, new_middle) = (&old_words[prefix..], &new_words[prefix..]);
        let suffix = old_middle.iter().rev().zip(new_middle.iter().rev()).take_while(|(a, b)| a == b).count();
        let old_middle = &old_middle[..old_middle.len() - suffix];
        let new_middle = &new_middle[..new_middle.len() - suffix];

        let skipped = length(&old_words[..prefix]);
        let (old_start, new_start) = (old.start + skipped, new.start + skipped);
        let (old_bytes, new_bytes) = (length(old_middle), length(new_middle));
        let unlike = old.len().max(new.len()) > MAX_RATIO * old.len().min(new.len());
        if old_bytes == 0 || new_bytes == 0 || unlike {
            return self.push(old_start..old_start + old_bytes, new_start..new_start + new_bytes);
        }
        self.diff_words(old_middle, old_start, new_middle, new_start);
    }

    fn diff_words(&mut self, old: &[&str], old_start: usize, new: &[&str], new_start: usize) {
        let interner = Interner::new(old.len() + new.len());
        let mut input = InternedInput { before: Vec::new(), after: Vec::new(), interner };
        input.update_before(old.iter().copied());
        input.update_after(new.iter().copied());
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_no_heuristic(&input);
        let (old_offsets, new_offsets) = (offsets(old, old_start), offsets(new, new_start));
        for hunk in diff.hunks() {
            let bytes =
                |offsets: &[usize], words: Range<u32>| offsets[words.start as usize]..offsets[words.end as usize];
            self.push(bytes(&old_offsets, hunk.before), bytes(&new_offsets, hunk.after));
        }
    }
}

fn length(words: &[&str]) -> usize {
    words.iter().map(|word| word.len()).sum()
}

/// Where each word begins, and where the last one ends.
fn offsets(words: &[&str], start: usize) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(words.len() + 1);
    offsets.push(start);
    offsets.extend(words.iter().scan(start, |at, word| {
        *at += word.len();
        Some(*at)
    }));
    offsets
}

/// Splits a text into identifiers and numbers, runs of blanks, line ends, and single other characters.
///
/// Characters beyond ASCII count as letters, so that what is joined to a visible character stays with it; marks upon
/// another character go with that one.
struct Words<'t>(&'t str);

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let first = self.0.chars().next()?;
        let run = |of: fn(char) -> bool| self.0.find(|c| !of(c)).unwrap_or(self.0.len());
        let end = match first {
            _ if is_word(first) => run(is_word),
            ' ' | '\t' => run(|c| c == ' ' || c == '\t'),
            '\r' if self.0.starts_with("\r\n") => 2,
            _ => first.len_utf8(),
        };
        // Nothing is written upon a control character, a tab or a line end for instance (UAX #29, GB4).
        let is_upon_control = self.0[..end].ends_with(char::is_control);
        let end = if is_upon_control { end } else { end + marks(&self.0[end..]) };
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(word)
    }
}

/// The bytes of the marks and joiners at the start of a text, which belong to the character before it.
fn marks(text: &str) -> usize {
    let is_mark = |c: char| is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}');
    text.find(|c| !is_mark(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { !c.is_whitespace() }
}

/// What ends the last line of a text, if anything does.
fn last_line_end(text: &str) -> &str {
    let ends = ["\r\n", "\n", "\r"];
    ends.into_iter().find(|end| text.ends_with(end)).unwrap_or_default()
}

/// Whether the edit begins or ends between `\r` and `\n`.
fn splits_line_end(old: &str, edit: &TextChange) -> bool {
    [edit.range.start, edit.range.end].into_iter().any(|at| is_inside_line_end(old, at))
}

fn is_inside_line_end(text: &str, at: usize) -> bool {
    text[..at].ends_with('\r') && text[at..].starts_with('\n')
}

/// Whether the edits, sorted and disjoint, turn `old` into `new`; like applying them, without building the text.
fn leads_to(old: &str, edits: &[TextChange], new: &str) -> bool {
    let mut rest = new;
    let mut take = |part: Option<&str>| match part.and_then(|part| rest.strip_prefix(part)) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    };
    let mut copied = 0;
    for TextChange { range, text } in edits {
        if !take(old.get(copied..range.start)) || !take(Some(text)) {
            return false;
        }
        copied = range.end;
    }
    take(old.get(copied..)) && rest.is_empty()
}

/// One edit over everything between the common start and the common end.
fn single_change(old: &str, new: &str) -> TextChange {
    let mut start = common_prefix(old.as_bytes(), new.as_bytes());
    let splits = |at: usize, text: &str| !text.is_char_boundary(at) || is_inside_line_end(text, at);
    while splits(start, old) || splits(start, new) {
        start -= 1;
    }
    let mut suffix = common_suffix(&old.as_bytes()[start..], &new.as_bytes()[start..]);
    while splits(old.len() - suffix, old) || splits(new.len() - suffix, new) {
        suffix -= 1;
    }
    TextChange { range: start..old.len() - suffix, text: new[start..new.len() - suffix].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The edits as (replaced text, new text), after a check that they are right.
    fn edits<'t>(old: &'t str, new: &str) -> Vec<(&'t str, String)> {
        let changes = minimal_changes(old, new);
        assert_eq!(apply_changes(old, &changes).as_deref(), Some(new));
        changes.into_iter().map(|change| (&old[change.range], change.text)).collect()
    }

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|&(old, new)| (old, new.to_owned())).collect();
        assert_eq!(edits(old, new), expected);
    }

    #[test]
    fn equal_texts_need_no_edit() {
        check("", "", &[]);
        check("a\r\nb", "a\r\nb", &[]);
    }

    #[test]
    fn a_changed_argument_is_an_edit_of_that_argument() {
        check("x\n  f(alpha, beta, gamma);\ny\n", "x\n  f(alpha, b, gamma);\ny\n", &[("beta", "b")]);
        check(
            "f(a);\n",
            "f(a_very_long_name_that_is_much_longer_than_the_line);\n",
            &[("a", "a_very_long_name_that_is_much_longer_than_the_line")],
        );
        check("f(a, b)", "f(a)", &[(", b", "")]);
        check("f(a)\n", "f(a, b)\n", &[("", ", b")]);
        check("self.alpha.beta()", "self.alpha.gamma()", &[("beta", "gamma")]);
    }

    #[test]
    fn spread_changes_are_separate_edits() {
        let (old, new) = ("old(1);\nkeep();\nold(2);\n", "new(1);\nkeep();\nnew(2);\n");
        check(old, new, &[("old", "new"), ("old", "new")]);
        check("a = old + old;", "a = new + new;", &[("old", "new"), ("old", "new")]);
    }

    #[test]
    fn words_parted_by_blanks_are_one_edit() {
        check("say one two now", "say three four now", &[("one two", "three four")]);
    }

    #[test]
    fn whole_lines_are_inserted_and_deleted_as_such() {
        check("a\nc\n", "a\nb\nc\n", &[("", "b\n")]);
        check("a\nb\nc\n", "a\nc\n", &[("b\n", "")]);
        check("a", "a\n", &[("", "\n")]);
        check("", "a\nb", &[("", "a\nb")]);
        check("a\nb", "", &[("a\nb", "")]);
    }

    #[test]
    fn lines_of_very_different_length_are_replaced_between_what_is_common() {
        let many = "1, ".repeat(20);
        let new = format!("x = [{many}y, {many}+ {many}z];\n");
        check("x = y + z;\n", &new, &[("y + z", &format!("[{many}y, {many}+ {many}z]"))]);
    }

    #[test]
    fn line_ends_are_edited_whole() {
        check("a\r\nb\r\n", "a\nb\r\n", &[("\r\n", "\n")]);
        check("a\nb", "a\r\nb", &[("\n", "\r\n")]);
        check("a\rb\r", "a\rc\r", &[("b", "c")]);
        check("a\r", "a\r\n", &[("\r", "\r\n")]);
        check("a\r\nb", "a\r\nx\r\nb", &[("", "x\r\n")]);
    }

    #[test]
    fn characters_stay_whole() {
        check("é\n", "è\n", &[("é", "è")]);
        check("a ❤️ b", "a ❤ b", &[("❤️", "❤")]);
        check("👩\u{200d}💻;", "👩\u{200d}🔧;", &[("👩\u{200d}💻", "👩\u{200d}🔧")]);
        check("ț\u{2028}漢", "ț\u{2028}字", &[("漢", "字")]);
    }

    #[test]
    fn marks_stay_with_the_character_they_are_upon() {
        check("e\u{301} = 1", "e = 1", &[("e\u{301}", "e")]);
        check("(\u{20d7} a", "( a", &[("(\u{20d7}", "(")]);
        check("a = #\u{fe0f}\u{20e3};", "a = *\u{fe0f}\u{20e3};", &[("#\u{fe0f}\u{20e3}", "*\u{fe0f}\u{20e3}")]);
        check("a \u{301}= b", "a = b", &[(" \u{301}", " ")]);
        check("a\t \u{301}= b", "a\t = b", &[("\t \u{301}", "\t ")]);
    }

    #[test]
    fn a_mark_behind_a_control_character_stands_by_itself() {
        check("\r\n\r\n\t\u{301}", "\r\n\u{301}(", &[("\r\n\t", ""), ("", "(")]);
        check(" \t\u{301}", " \t", &[("\u{301}", "")]);
    }

    #[test]
    fn lines_at_the_end_go_in_front_of_the_last_line_end() {
        check("a\n", "a\nb\n", &[("", "\nb")]);
        check("a\r\n", "a\r\nb\r\nc\r\n", &[("", "\r\nb\r\nc")]);
        check("f(a\n", "f(b\nc\n", &[("a", "b\nc")]);
        // Which is not the same where the text is not to end so.
        check("a\n", "a\nb", &[("", "b")]);
        check("a\n", "a\nb\r\n", &[("", "b\r\n")]);
    }

    #[test]
    fn the_fallback_is_one_trimmed_edit() {
        for (old, new, range, text) in [
            ("abcd", "abxd", 2..3, "x"),
            ("aé", "aè", 1..3, "è"),
            ("a\r\n", "a\r", 1..3, "\r"),
            ("a\n", "a\r\n", 1..2, "\r\n"),
            ("aa", "a", 1..2, ""),
        ] {
            let change = single_change(old, new);
            assert_eq!((change.range.clone(), change.text.as_str()), (range, text), "{old:?} {new:?}");
            assert_eq!(apply_changes(old, &[change]).as_deref(), Some(new));
        }
    }

    #[test]
    fn only_sorted_disjoint_changes_on_boundaries_are_applied() {
        let change = |range: Range<usize>| TextChange { range, text: "x".into() };
        assert_eq!(apply_changes("abc", &[change(0..1), change(1..1), change(2..3)]).as_deref(), Some("xxbx"));
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let backwards = change(2..1);
        for bad in
            [vec![change(1..2), change(0..1)], vec![change(0..2), change(1..3)], vec![change(2..9)], vec![backwards]]
        {
            assert_eq!(apply_changes("abc", &bad), None, "{bad:?}");
        }
        assert_eq!(apply_changes("é", &[change(1..1)]), None);
    }

    #[test]
    fn edits_that_do_not_lead_to_the_target_are_seen() {
        let change = |range: Range<usize>, text: &str| TextChange { range, text: text.into() };
        assert!(leads_to("abc", &[change(1..2, "x")], "axc"));
        assert!(!leads_to("abc", &[change(1..2, "x")], "axcd"));
        assert!(!leads_to("abc", &[change(1..2, "x")], "ax"));
        assert!(!leads_to("abc", &[], "axc"));
    }
}
