//! Reads git-style unified diffs and applies them exactly.
//!
//! Never guesses: a hunk whose lines do not stand where it says fails, and the file counts as unknown again.

use std::borrow::Cow;

/// One file's part of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff<'a> {
    /// The path before; `None` for a created file.
    pub from: Option<Cow<'a, str>>,
    /// The path after; `None` for a deleted file.
    pub to: Option<Cow<'a, str>>,
    /// The changes, in order.
    pub hunks: Vec<Hunk<'a>>,
}

/// A run of changed lines with its context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// First line of the old text it covers, from 1.
    pub old_start: usize,
    /// First line of the new text it covers, from 1.
    pub new_start: usize,
    /// Its lines.
    pub lines: Vec<Line<'a>>,
}

/// A line of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it stands.
    pub side: Side,
    /// Its text, without the line end.
    pub text: &'a str,
    /// Whether a line end follows it in the file.
    pub ended: bool,
}

/// Which text a line of a hunk is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Both texts.
    Both,
    /// The old text only.
    Old,
    /// The new text only.
    New,
}

impl<'a> FileDiff<'a> {
    /// Reads the diff of one file at the start of `text`; gives it and the rest.
    pub fn read(text: &'a str) -> Option<(FileDiff<'a>, &'a str)> {
        let mut rest = text;
        let (mut from, mut to) = (None, None);
        if let Some(path) = line(rest).0.strip_prefix("rename from ") {
            let (second, after) = line(line(rest).1);
            from = Some(unquoted(path)?);
            to = Some(unquoted(second.strip_prefix("rename to ")?)?);
            rest = after;
        }
        if let (Some(old), Some(new)) = (line(rest).0.strip_prefix("--- "), line(line(rest).1).0.strip_prefix("+++ ")) {
            from = path(old, "a/").or(from.filter(|_| old.trim_end() != "/dev/null"));
            to = path(new, "b/").or(to.filter(|_| new.trim_end() != "/dev/null"));
            rest = line(line(rest).1).1;
        }
        if from.is_none() && to.is_none() {
            return None;
        }
        let mut hunks = Vec::new();
        while let Some((hunk, after)) = Hunk::read(rest) {
            hunks.push(hunk);
            rest = after;
        }
        Some((FileDiff { from, to, hunks }, rest))
    }
}

impl<'a> Hunk<'a> {
    fn read(text: &'a str) -> Option<(Hunk<'a>, &'a str)> {
        let (header, mut rest) = line(text);
        let mut fields = header.strip_prefix("@@ -")?.split(' ');
        let (old_start, mut old) = range(fields.next()?)?;
        let (new_start, mut new) = range(fields.next()?.strip_prefix('+')?)?;
        let mut lines: Vec<Line<'a>> = Vec::new();
        while old > 0 || new > 0 || rest.starts_with('\\') {
            let (content, after) = line(rest);
            let (side, text) = match content.chars().next() {
                Some('\\') => {
                    lines.last_mut()?.ended = false;
                    rest = after;
                    continue;
                }
                Some('-') => (Side::Old, &content[1..]),
                Some('+') => (Side::New, &content[1..]),
                Some(' ') => (Side::Both, &content[1..]),
                None if !rest.is_empty() => (Side::Both, ""),
                _ => return None,
            };
            if side != Side::New {
                old = old.checked_sub(1)?;
            }
            if side != Side::Old {
                new = new.checked_sub(1)?;
            }
            lines.push(Line { side, text, ended: true });
            rest = after;
        }
        Some((Hunk { old_start, new_start, lines }, rest))
    }
}

/// The text after the hunks, or nothing if they do not fit.
pub fn apply(text: &str, hunks: &[Hunk<'_>]) -> Option<String> {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for hunk in hunks {
        let old_lines = hunk.lines.iter().filter(|line| line.side != Side::New).count();
        // A hunk that covers no old line stands *behind* the line it names.
        let start = if old_lines == 0 { hunk.old_start } else { hunk.old_start.checked_sub(1)? };
        old.get(at..start)?.iter().for_each(|line| new.push_str(line));
        at = start;
        for line in &hunk.lines {
            if line.side != Side::New {
                let (found, ended) = match old.get(at)?.strip_suffix('\n') {
                    Some(found) => (found, true),
                    None => (*old.get(at)?, false),
                };
                if found != line.text || ended != line.ended {
                    return None;
                }
                at += 1;
            }
            if line.side != Side::Old {
                new.push_str(line.text);
                if line.ended {
                    new.push('\n');
                }
            }
        }
    }
    old.get(at..)?.iter().for_each(|line| new.push_str(line));
    Some(new)
}

/// The first line of `text` without its end, and what follows.
pub fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

fn path<'a>(header: &'a str, prefix: &str) -> Option<Cow<'a, str>> {
    match unquoted(header.trim_end_matches('\t'))? {
        Cow::Borrowed(name) => Some(name.strip_prefix(prefix)?.into()),
        Cow::Owned(name) => Some(name.strip_prefix(prefix)?.to_owned().into()),
    }
}

/// A name as it is: git puts one with odd characters in quotes and escapes these.
fn unquoted(name: &str) -> Option<Cow<'_, str>> {
    let Some(quoted) = name.strip_prefix('"') else { return Some(name.into()) };
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted.strip_suffix('"')?.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                high @ b'0'..=b'3' => {
                    let digit = |digit: u8| matches!(digit, b'0'..=b'7').then_some(digit - b'0');
                    (high - b'0') << 6 | digit(rest.next()?)? << 3 | digit(rest.next()?)?
                }
                literal => literal,
            },
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// `12,3` or `12`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, diff: &str) -> Option<String> {
        let (diff, rest) = FileDiff::read(diff).expect("a diff");
        assert_eq!(rest, "");
        apply(text, &diff.hunks)
    }

    #[test]
    fn hunks_apply_in_order() {
        let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n+zero\n one\n-two\n+2\n@@ -4 +5 @@\n-four\n\\ No newline at end of file\n+4\n";
        assert_eq!(changed("one\ntwo\nthree\nfour", diff), Some("zero\none\n2\nthree\n4\n".into()));
    }

    #[test]
    fn a_hunk_that_does_not_fit_fails() {
        let diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+1\n";
        assert_eq!(changed("two\n", diff), None);
        assert_eq!(changed("one", diff), None, "the line end is part of the text");
        assert_eq!(changed("", diff), None);
    }

    #[test]
    fn creations_deletions_and_moves_name_their_paths() {
        let read = |text| {
            let (diff, _) = FileDiff::read(text)?;
            Some((diff.from.map(Cow::into_owned), diff.to.map(Cow::into_owned), diff.hunks.len()))
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(read("--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"), Some((None, some("new"), 1)));
        assert_eq!(read("--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"), Some((some("old"), None, 1)));
        assert_eq!(read("rename from a b\nrename to c\nprose"), Some((some("a b"), some("c"), 0)));
        assert_eq!(
            read("rename from a\nrename to c\n--- a/a\n+++ b/c\n@@ -1 +1 @@\n-x\n+y\n"),
            Some((some("a"), some("c"), 1))
        );
        assert_eq!(
            read("--- \"a/\\\"\\303\\251\\\\\"\n+++ b/n\n"),
            Some((some("\"é\\"), some("n"), 0)),
            "names in quotes, as git writes them"
        );
        assert_eq!(read("--- prose, not a diff\n"), None);
    }

    #[test]
    fn an_insertion_without_context_stands_behind_its_line() {
        assert_eq!(changed("a\nb\n", "--- a/x\n+++ b/x\n@@ -1,0 +2 @@\n+new\n"), Some("a\nnew\nb\n".into()));
        assert_eq!(changed("", "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+new\n"), Some("new\n".into()));
    }
}
