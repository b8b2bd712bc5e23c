//! Git-style unified diffs, written and read back.
//!
//! Lines end in `\n` only; a text that does not end so is marked `\ No newline at end of file`. Reading is strict: a
//! diff applies exactly or not at all.

use std::fmt::Write;

use similar::{Algorithm, ChangeTag, TextDiff};

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
        hunks(change, &mut text);
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
        hunks(change, &mut text);
    }
    text
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

fn hunks(change: &Change<'_>, text: &mut String) {
    let (old, new) = (change.old.unwrap_or_default(), change.new.unwrap_or_default());
    let (old, new) = (lines(old), lines(new));
    let diff = TextDiff::configure().algorithm(Algorithm::Histogram).diff_slices(&old, &new);
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        let _ = writeln!(text, "@@ -{} +{} @@", position(&old_range), position(&new_range));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            text.push(match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            });
            text.push_str(change.value());
            if !change.value().ends_with('\n') {
                text.push('\n');
                text.push_str(NO_NEWLINE);
            }
        }
    }
}

/// Lines as git counts them: `\n` ends one, nothing else does.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// `START,COUNT`; an empty range is named by the line before it, as every diff tool does.
fn position(range: &std::ops::Range<usize>) -> String {
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
    let mut source = old.split_inclusive('\n');
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
        while taken < before {
            new.push_str(source.next().ok_or(ApplyError::Mismatch(number))?);
            taken += 1;
        }
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
                if source.next() != Some(text) {
                    return Err(ApplyError::Mismatch(number));
                }
                taken += 1;
                counts.0 = counts.0.checked_sub(1).ok_or(ApplyError::Malformed(number))?;
            }
            if new_side {
                new.push_str(text);
                counts.1 = counts.1.checked_sub(1).ok_or(ApplyError::Malformed(number))?;
            }
        }
    }
    new.extend(source);
    Ok(new)
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
    fn a_diff_of_another_text_is_refused() {
        let diff = render(&change("a\nb\nc\n", "a\nX\nc\n"));
        assert_eq!(apply("a\nz\nc\n", &diff), Err(ApplyError::Mismatch(5)));
        assert_eq!(apply("a\n", "@@ -0,0 +1 @@\n+x"), Err(ApplyError::Malformed(2)), "its last line is cut off");
        assert_eq!(apply("a\nb\nc\n", "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n?a\n"), Err(ApplyError::Malformed(4)));
    }

    proptest! {
        #[test]
        fn applying_a_diff_gives_the_new_text(
            old in "([ab\\-+@\\\\ ]{0,3}\n){0,12}[ab]{0,2}", new in "([ab\\-+@\\\\ ]{0,3}\n){0,12}[ab]{0,2}"
        ) {
            prop_assert_eq!(apply(&old, &render(&change(&old, &new))), Ok(new));
        }
    }
}
