//! Git-style unified diffs, written and read back.
//!
//! Lines end in `\n` only; a text that does not end so is marked `\ No newline at end of file`. Reading is strict: a
//! diff applies exactly or not at all.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use memchr::memchr_iter;

use super::stretches::{Stretch, stretches};
use crate::edit::{LineHunk, Span, line_hunks};
use crate::workspace::ModelText;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
const NO_NEWLINE: &str = "\\ No newline at end of file\n";

/// One file's change. `None` for a side that does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Path before, for a file that was there.
    pub old_path: &'a str,
    /// Path after.
    pub new_path: &'a str,
    /// Text before.
    pub old: Option<&'a str>,
    /// Text after.
    pub new: Option<&'a str>,
}

/// The diff as it travels to a model: `rename` lines, `---` and `+++` headers, hunks with line counts. A deleted file
/// is its headers alone.
pub fn render(change: &Change<'_>) -> String {
    let mut text = String::new();
    rename_lines(change, &mut text);
    headers(change, "", &mut text);
    if change.new.is_some() {
        whole(change).hunks(&mut text);
    }
    text
}

/// The same of a file that has one text for another, in time and space that grow with what is different if the one was
/// edited from the other.
pub fn render_edit(path: &str, old: &ModelText, new: &ModelText) -> String {
    let mut text = String::new();
    headers(&Change { old_path: path, new_path: path, old: Some(""), new: Some("") }, "", &mut text);
    let (old, new) = (old.rope(), new.rope());
    for Stretch { old: old_bytes, new: new_bytes } in stretches(old, new) {
        let lines_before = (old.byte_to_line(old_bytes.start), new.byte_to_line(new_bytes.start));
        let (old, new) = (Cow::from(old.byte_slice(old_bytes)), Cow::from(new.byte_slice(new_bytes)));
        Part { old: &old, new: &new, lines_before }.hunks(&mut text);
    }
    text
}

/// The diff as `git apply` takes it, for people and their tools.
pub fn render_git(change: &Change<'_>) -> String {
    let mut text = format!("diff --git {} {}\n", quoted("a/", change.old_path), quoted("b/", change.new_path));
    match (change.old, change.new) {
        (None, _) => text.push_str("new file mode 100644\n"),
        (_, None) => text.push_str("deleted file mode 100644\n"),
        _ => rename_lines(change, &mut text),
    }
    if change.old.unwrap_or_default() != change.new.unwrap_or_default() {
        // Git ends a name that holds a blank with a tab, so that the name's end is certain.
        headers(change, "\t", &mut text);
        whole(change).hunks(&mut text);
    }
    text
}

fn whole<'a>(change: &Change<'a>) -> Part<'a> {
    let (old, new) = (change.old.unwrap_or_default(), change.new.unwrap_or_default());
    Part { old, new, lines_before: (0, 0) }
}

fn rename_lines(change: &Change<'_>, text: &mut String) {
    if change.old_path != change.new_path && change.old.is_some() && change.new.is_some() {
        let _ =
            writeln!(text, "rename from {}\nrename to {}", quoted("", change.old_path), quoted("", change.new_path));
    }
}

fn headers(change: &Change<'_>, after_blanks: &str, text: &mut String) {
    let side = |prefix: &str, path: &str, exists: bool| match exists {
        true => quoted(prefix, path),
        false => "/dev/null".to_owned(),
    };
    let old = side("a/", change.old_path, change.old.is_some());
    let new = side("b/", change.new_path, change.new.is_some());
    let end =
        |name: &str| if name.contains(' ') && !name.starts_with('"') { after_blanks.to_owned() } else { String::new() };
    let _ = write!(text, "--- {old}{}\n+++ {new}{}\n", end(&old), end(&new));
}

/// A part of both texts, by whole lines, and how many lines stand before it.
struct Part<'a> {
    old: &'a str,
    new: &'a str,
    lines_before: (usize, usize),
}

impl<'a> Part<'a> {
    /// Adds its hunks.
    fn hunks(&self, text: &mut String) {
        let changed = line_hunks(self.old, self.new);
        // Changes whose surroundings would touch stand in one hunk.
        for group in changed.chunk_by(|one, next| next.old.lines.start - one.old.lines.end <= 2 * CONTEXT) {
            self.hunk(group, text);
        }
    }

    fn hunk(&self, group: &[LineHunk], text: &mut String) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
        let above = last_lines(&self.old[..first.old.bytes.start]);
        let below = first_lines(&self.old[last.old.bytes.end..]);
        let side = |before: usize, first: &Span, last: &Span| {
            let start = before + first.lines.start - lines(above).count();
            position(start..before + last.lines.end + lines(below).count())
        };
        let old_side = side(self.lines_before.0, &first.old, &last.old);
        let new_side = side(self.lines_before.1, &first.new, &last.new);
        let _ = writeln!(text, "@@ -{old_side} +{new_side} @@");
        mark(' ', above, text);
        let mut told = first.old.bytes.start;
        for hunk in group {
            mark(' ', &self.old[told..hunk.old.bytes.start], text);
            mark('-', &self.old[hunk.old.bytes.clone()], text);
            mark('+', &self.new[hunk.new.bytes.clone()], text);
            told = hunk.old.bytes.end;
        }
        mark(' ', below, text);
    }
}

/// Adds lines, each behind a sign.
fn mark(sign: char, part: &str, text: &mut String) {
    for line in lines(part) {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push('\n');
            text.push_str(NO_NEWLINE);
        }
    }
}

/// Lines as git counts them: `\n` ends one, nothing else does.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// The lines right above a change.
fn last_lines(text: &str) -> &str {
    let before = text.rmatch_indices('\n').nth(CONTEXT);
    &text[before.map_or(0, |(at, _)| at + 1)..]
}

/// The lines right below a change.
fn first_lines(text: &str) -> &str {
    let end = text.match_indices('\n').nth(CONTEXT - 1);
    &text[..end.map_or(text.len(), |(at, _)| at + 1)]
}

/// `START,COUNT`; an empty range is named by the line before it, as every diff tool does.
fn position(range: Range<usize>) -> String {
    let start = if range.is_empty() { range.start } else { range.start + 1 };
    format!("{start},{}", range.len())
}

/// A path with its prefix; quoted like git where it holds characters that would end a line or a quote.
fn quoted(prefix: &str, path: &str) -> String {
    if !path.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        return format!("{prefix}{path}");
    }
    let mut text = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(text, "\\{byte:03o}");
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Why a diff does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A line that no diff has.
    #[error("line {0} of the diff is not part of a hunk")]
    Malformed(usize),
    /// The text is not the one the diff was made from.
    #[error("line {0} of the diff does not match the text")]
    Mismatch(usize),
}

/// Applies the hunks of a one-file diff (headers are skipped) to exactly the text it was made from.
///
/// # Errors
/// [`ApplyError`] with the diff's line; nothing is guessed.
pub fn apply(old: &str, diff: &str) -> Result<String, ApplyError> {
    let mut rest = old;
    let mut new = String::with_capacity(old.len() + diff.len());
    let mut lines = diff.split_inclusive('\n').zip(1..).peekable();
    let mut taken = 0;
    while let Some((line, number)) = lines.next() {
        let Some(header) = line.strip_prefix("@@ -") else {
            if new.is_empty() && taken == 0 {
                continue;
            }
            return Err(ApplyError::Malformed(number));
        };
        let (start, mut counts) = hunk_header(header).ok_or(ApplyError::Malformed(number))?;
        let before = if counts.0 == 0 { start } else { start.checked_sub(1).ok_or(ApplyError::Malformed(number))? };
        let (between, after) = split_lines(rest, before.saturating_sub(taken)).ok_or(ApplyError::Mismatch(number))?;
        new.push_str(between);
        (rest, taken) = (after, taken.max(before));
        while counts != (0, 0) {
            let (line, number) = lines.next().ok_or(ApplyError::Malformed(number))?;
            let mut text = line.get(1..).filter(|text| text.ends_with('\n')).ok_or(ApplyError::Malformed(number))?;
            if lines.peek().is_some_and(|(next, _)| next.starts_with("\\ ")) {
                lines.next();
                text = text.strip_suffix('\n').unwrap_or(text);
            }
            let (old_side, new_side) = match line.as_bytes()[0] {
                b' ' => (true, true),
                b'-' => (true, false),
                b'+' => (false, true),
                _ => return Err(ApplyError::Malformed(number)),
            };
            if old_side {
                // A whole line: only the last one may lack its end.
                let is_line = |after: &&str| text.ends_with('\n') || (after.is_empty() && !text.is_empty());
                rest = rest.strip_prefix(text).filter(is_line).ok_or(ApplyError::Mismatch(number))?;
                taken += 1;
                counts.0 = counts.0.checked_sub(1).ok_or(ApplyError::Malformed(number))?;
            }
            if new_side {
                new.push_str(text);
                counts.1 = counts.1.checked_sub(1).ok_or(ApplyError::Malformed(number))?;
            }
        }
    }
    new.push_str(rest);
    Ok(new)
}

/// So many lines, and what follows them; nothing where there are not so many.
fn split_lines(text: &str, count: usize) -> Option<(&str, &str)> {
    let Some(last) = count.checked_sub(1) else { return Some(("", text)) };
    let end = match memchr_iter(b'\n', text.as_bytes()).nth(last) {
        Some(at) => at + 1,
        None if lines(text).count() == count => text.len(),
        None => return None,
    };
    Some(text.split_at(end))
}

/// `1,3 +1,4 @@…` → start of the old side and both counts.
fn hunk_header(header: &str) -> Option<(usize, (usize, usize))> {
    let (old, rest) = header.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let side = |side: &str| -> Option<(usize, usize)> {
        let (start, count) = side.split_once(',').unwrap_or((side, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((start, old_count), (_, new_count)) = (side(old)?, side(new)?);
    Some((start, (old_count, new_count)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change<'a>(old: &'a str, new: &'a str) -> Change<'a> {
        Change { old_path: "f", new_path: "f", old: Some(old), new: Some(new) }
    }

    #[test]
    fn a_change_reads_as_git_writes_it() {
        let diff = render(&change("a\nb\nc\n", "a\nB\nc"));
        assert_eq!(diff, "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+c\n\\ No newline at end of file\n");
    }

    #[test]
    fn created_deleted_and_renamed_files_are_told_by_their_headers() {
        let created = Change { old_path: "n", new_path: "n", old: None, new: Some("x\n") };
        assert_eq!(render(&created), "--- /dev/null\n+++ b/n\n@@ -0,0 +1,1 @@\n+x\n");
        let deleted = Change { old_path: "n", new_path: "n", old: Some("x\n"), new: None };
        assert_eq!(render(&deleted), "--- a/n\n+++ /dev/null\n");
        let renamed = Change { old_path: "a b", new_path: "c", old: Some("x\n"), new: Some("x\n") };
        assert_eq!(render(&renamed), "rename from a b\nrename to c\n--- a/a b\n+++ b/c\n");
    }

    #[test]
    fn an_odd_path_stays_on_its_line() {
        let odd = Change { old_path: "a\"\n", new_path: "a\"\n", old: Some("x"), new: Some("y") };
        assert!(render(&odd).starts_with("--- \"a/a\\\"\\n\"\n"), "{}", render(&odd));
    }

    #[test]
    fn an_edit_of_a_long_text_is_told_by_its_lines_wherever_it_is() {
        let line = |number: usize| format!("line number {number}\n");
        let old = ModelText::from_lf(&(1..=1000).map(line).collect::<String>());
        let mut rope = old.rope().clone();
        rope.insert(rope.line_to_char(899), "above 900\n");
        rope.insert(rope.line_to_char(99), "above 100\n");
        rope.insert(rope.len_chars(), "at the end");
        let new = ModelText::from(rope);
        let diff = render_edit("f", &old, &new);
        let hunk = |header: &str, above: [usize; 3], added: &str, below: &[usize]| {
            let lines =
                |numbers: &[usize]| numbers.iter().map(|number| format!(" {}", line(*number))).collect::<String>();
            format!("@@ {header} @@\n{}+{added}\n{}", lines(&above), lines(below))
        };
        let hunks = [
            hunk("-97,6 +97,7", [97, 98, 99], "above 100", &[100, 101, 102]),
            hunk("-897,6 +898,7", [897, 898, 899], "above 900", &[900, 901, 902]),
            hunk("-998,3 +1000,4", [998, 999, 1000], "at the end", &[]),
        ];
        assert_eq!(diff, format!("--- a/f\n+++ b/f\n{}{NO_NEWLINE}", hunks.concat()));
    }

    #[test]
    fn a_diff_of_another_text_is_refused() {
        let diff = render(&change("a\nb\nc\n", "a\nX\nc\n"));
        assert_eq!(apply("a\nz\nc\n", &diff), Err(ApplyError::Mismatch(5)));
        assert_eq!(apply("a\n", "@@ -0,0 +1 @@\n+x"), Err(ApplyError::Malformed(2)), "its last line is cut off");
        assert_eq!(apply("a\nb\nc\n", "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n?a\n"), Err(ApplyError::Malformed(4)));
    }

    /// Whether as many unchanged lines as there are, at most three, stand around a hunk of a text of so many lines.
    fn has_its_context(hunk: &str, lines: usize) -> bool {
        let (header, body) = hunk.split_once(" @@\n").expect("a header");
        let (first, count) = header.split_once(" +").and_then(|(old, _)| old.split_once(',')).expect("a position");
        let (first, count): (usize, usize) = (first.parse().expect("a line"), count.parse().expect("a number"));
        let before = if count == 0 { first } else { first - 1 };
        let after = lines - before - count;
        let signs: Vec<&str> = body
            .split('\n')
            .filter(|line| !line.is_empty() && !line.starts_with('\\'))
            .map(|line| &line[..1])
            .collect();
        let above = signs.iter().take_while(|sign| **sign == " ").count();
        let below = signs.iter().rev().take_while(|sign| **sign == " ").count();
        (above == CONTEXT || before == 0) && (below == CONTEXT || after == 0)
    }

    proptest! {
        #[test]
        fn applying_a_diff_gives_the_new_text(
            old in "([ab\\-+@\\\\ ]{0,3}\n){0,12}[ab]{0,2}", new in "([ab\\-+@\\\\ ]{0,3}\n){0,12}[ab]{0,2}"
        ) {
            prop_assert_eq!(apply(&old, &render(&change(&old, &new))), Ok(new));
        }

        #[test]
        fn the_diff_of_an_edited_text_gives_it_too(
            lines in 0_usize..300, edits in prop::collection::vec((any::<usize>(), 0_usize..200, "[ab\n]{0,20}"), 1..5)
        ) {
            let old = ModelText::from_lf(&(0..lines).map(|line| format!("line number {line}\n")).collect::<String>());
            let mut rope = old.rope().clone();
            for (at, removed, inserted) in edits {
                let at = at % (rope.len_chars() + 1);
                rope.remove(at..(at + removed).min(rope.len_chars()));
                rope.insert(at, &inserted);
            }
            let new = ModelText::from(rope);
            let diff = render_edit("f", &old, &new);
            prop_assert_eq!(apply(&old.to_string(), &diff), Ok(new.to_string()));
            for hunk in diff.split("\n@@ -").skip(1) {
                prop_assert!(has_its_context(hunk, old.line_count()), "of {} lines:\n{diff}", old.line_count());
            }
        }
    }
}
