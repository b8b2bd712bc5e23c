//! Between a document's own line ends and the model's.
//!
//! The model sees `\n` only and no byte order mark. On the way back every line it left alone keeps the end it had, also
//! in a document of mixed line ends; new lines get the one that is most common there.

use std::borrow::Cow;

use super::line_diff::{LineHunk, line_hunks};

const BOM: char = '\u{feff}';

/// How new lines of a document end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnding {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl LineEnding {
    /// The most common line end of a text: `\r\n` where it is more frequent than `\n`.
    pub fn dominant(text: &str) -> LineEnding {
        let line_feeds = text.matches('\n').count();
        let pairs = text.matches("\r\n").count();
        if pairs > line_feeds - pairs { LineEnding::CrLf } else { LineEnding::Lf }
    }

    /// The characters.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnding::Lf => "\n",
            LineEnding::CrLf => "\r\n",
        }
    }
}

/// The text as the model sees it: every `\r\n` and lone `\r` is `\n`, a byte order mark at the start is gone.
pub fn to_model(text: &str) -> Cow<'_, str> {
    unify(text.strip_prefix(BOM).unwrap_or(text))
}

/// `target` (the model's text) as a text of the document whose raw text now is `original`.
///
/// Lines that are unchanged keep their line end, as do lines replaced one for one; other lines get the dominant one.
/// A byte order mark is kept. No lone `\r` is made, and `to_model(from_model(original, target)) == target`.
pub fn from_model(original: &str, target: &str) -> String {
    let target = &*unify(target);
    let (bom, body) = match original.strip_prefix(BOM) {
        Some(body) => (&original[..BOM.len_utf8()], body),
        None => ("", original),
    };
    let ends = LineEnds::of(body);
    let mut out = String::with_capacity(original.len().max(target.len()));
    out.push_str(bom);
    match ends {
        LineEnds::Uniform(LineEnding::Lf) => out.push_str(target),
        LineEnds::Uniform(LineEnding::CrLf) => write_all(&mut out, target, LineEnding::CrLf.as_str()),
        LineEnds::Mixed => write_mixed(&mut out, body, target),
    }
    out
}

fn unify(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

enum LineEnds {
    Uniform(LineEnding),
    Mixed,
}

impl LineEnds {
    fn of(text: &str) -> LineEnds {
        let returns = text.matches('\r').count();
        if returns == 0 {
            return LineEnds::Uniform(LineEnding::Lf);
        }
        let pairs = text.matches("\r\n").count();
        let line_feeds = text.matches('\n').count();
        if returns == pairs && line_feeds == pairs { LineEnds::Uniform(LineEnding::CrLf) } else { LineEnds::Mixed }
    }
}

fn write_all(out: &mut String, target: &str, end: &str) {
    for line in target.split_inclusive('\n') {
        write_line(out, line, end);
    }
}

/// Writes a line of the model's with its `\n`, if it has one, as `end`.
fn write_line(out: &mut String, line: &str, end: &str) {
    let Some(content) = line.strip_suffix('\n') else { return out.push_str(line) };
    // An empty line after a lone `\r` must not become the second half of a `\r\n`.
    let end = if content.is_empty() && end == "\n" && out.ends_with('\r') { "\r\n" } else { end };
    out.push_str(content);
    out.push_str(end);
}

fn write_mixed(out: &mut String, original: &str, target: &str) {
    let model = unify(original);
    let dominant = LineEnding::dominant(original).as_str();
    let mut ends = line_ends(original);
    let mut lines = target.split_inclusive('\n');
    let mut at = 0;
    for LineHunk { old, new } in line_hunks(&model, target) {
        let common = old.lines.start - at;
        for (line, end) in lines.by_ref().take(common).zip(ends.by_ref().take(common)) {
            write_line(out, line, end);
        }
        let pairwise = old.lines.len() == new.lines.len();
        let replaced: Vec<&str> = ends.by_ref().take(old.lines.len()).collect();
        for (index, line) in lines.by_ref().take(new.lines.len()).enumerate() {
            let own = replaced.get(index).filter(|end| pairwise && !end.is_empty());
            write_line(out, line, own.copied().unwrap_or(dominant));
        }
        at = old.lines.end;
    }
    for (line, end) in lines.zip(ends) {
        write_line(out, line, end);
    }
}

/// The end of each line in order; the last may be empty.
fn line_ends(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find(['\r', '\n']) else { return Some(std::mem::take(&mut rest)).map(|_| "") };
        let length = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        let (line, after) = rest.split_at(at + length);
        rest = after;
        Some(&line[at..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_sees_line_feeds_only() {
        assert_eq!(to_model("\u{feff}a\r\nb\rc\n\r\n\r"), "a\nb\nc\n\n\n");
        assert!(matches!(to_model("a\nb"), Cow::Borrowed("a\nb")));
        assert!(matches!(to_model("\u{feff}a\n"), Cow::Borrowed("a\n")));
    }

    #[test]
    fn the_dominant_line_end_is_the_more_frequent_one() {
        for (text, expected) in [
            ("", LineEnding::Lf),
            ("a\r\n", LineEnding::CrLf),
            ("a\r\nb\n", LineEnding::Lf),
            ("a\r\nb\r\nc\n", LineEnding::CrLf),
            ("a\rb\rc", LineEnding::Lf),
        ] {
            assert_eq!(LineEnding::dominant(text), expected, "{text:?}");
        }
    }

    #[track_caller]
    fn check(original: &str, target: &str, expected: &str) {
        assert_eq!(from_model(original, target), expected);
        assert_eq!(from_model(original, &to_model(original)), original);
    }

    #[test]
    fn uniform_documents_stay_uniform() {
        check("a\nb\n", "a\nx\nb\n", "a\nx\nb\n");
        check("a\r\nb", "a\nx\nb\ny", "a\r\nx\r\nb\r\ny");
        check("\u{feff}a\r\n", "b\nc\n", "\u{feff}b\r\nc\r\n");
        check("", "a\n", "a\n");
    }

    #[test]
    fn mixed_documents_keep_the_end_of_each_line() {
        check("a\r\nb\nc\r\nd\r\n", "a\nb\nnew\nc\nd\n", "a\r\nb\nnew\r\nc\r\nd\r\n");
        check("a\r\nb\nc\n", "A\nb\nc\n", "A\r\nb\nc\n");
        check("a\r\nb\nc", "a\nb\nc\nd", "a\r\nb\nc\nd");
        check("a\rb\nc\r\n", "a\nb\nc\nd\n", "a\rb\nc\r\nd\n");
    }

    #[test]
    fn no_lone_return_is_made_and_none_becomes_half_a_pair() {
        assert_eq!(from_model("a\rb\rc\r", "a\nb\nx\nc\n"), "a\rb\rx\nc\r");
        assert_eq!(from_model("a\rb\n", "a\n\n"), "a\r\r\n");
        assert_eq!(from_model("a\rb\n\nc\n", "a\n\nc\n"), "a\r\r\nc\n");
    }

    #[test]
    fn returns_of_the_target_are_line_ends() {
        assert_eq!(from_model("a\n", "a\r\nb\r\n"), "a\nb\n");
    }
}
