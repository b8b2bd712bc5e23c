//! Splits a user message into its parts: framed texts, diffs, the request.
//!
//! What a frame holds is counted in bytes and never looked into: text that looks like a frame or a diff is only text.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::diff::{FileDiff, line};

/// A part of a user message. Prose is left out.
#[derive(Debug, PartialEq)]
pub enum Part<'a> {
    /// A whole file.
    File {
        /// Its path.
        path: Cow<'a, str>,
        /// Its text.
        text: &'a str,
    },
    /// A file's change.
    Diff(FileDiff<'a>),
    /// A change the user made earlier and still wants finished; the file is known with it.
    EarlierChange(FileDiff<'a>),
    /// The line that starts a turn.
    Request {
        /// What to do, such as `finish`.
        action: &'a str,
        /// The file it was asked in.
        path: Option<Cow<'a, str>>,
    },
    /// What the user selected.
    Selection {
        /// The file.
        path: Cow<'a, str>,
        /// First and last line, from 1.
        lines: (usize, usize),
    },
    /// Diagnostics of a file.
    Diagnostics {
        /// The file.
        path: Cow<'a, str>,
        /// One a line, as the request prints them.
        text: &'a str,
    },
    /// What the user asked for in words.
    Instruction(&'a str),
}

/// The parts of a message, in order.
pub fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (first, rest) = line(text);
        if let Some((part, rest)) = frame(text) {
            parts.extend(part);
            text = rest;
        } else if let Some((diff, rest)) = FileDiff::read(text) {
            parts.push(Part::Diff(diff));
            text = rest;
        } else {
            parts.extend(first.strip_prefix("Request: ").map(request));
            text = rest;
        }
    }
    parts
}

/// `finish in "src/lib.rs"`
fn request(text: &str) -> Part<'_> {
    let (action, place) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
    let path = place.strip_prefix("in \"").and_then(|path| path.split('"').next()).map(decoded);
    Part::Request { action, path }
}

/// A frame at the start of `text`; the part is `None` for a frame of unknown kind.
fn frame(text: &str) -> Option<(Option<Part<'_>>, &str)> {
    let Head { name, attributes, body } = Head::read(text)?;
    let attribute = |wanted: &str| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let bytes: usize = attribute("bytes")?.parse().ok()?;
    let close = format!("</{name}>");
    let (inner, rest) =
        framed(body.strip_prefix('\n'), bytes, &format!("\n{close}")).or_else(|| framed(Some(body), bytes, &close))?;
    let path = || attribute("path").map(decoded);
    let part = match name {
        "file" => Some(Part::File { path: path()?, text: inner }),
        "selection" => {
            let (first, last) = attribute("lines")?.split_once('-')?;
            Some(Part::Selection { path: path()?, lines: (first.parse().ok()?, last.parse().ok()?) })
        }
        "diagnostics" => Some(Part::Diagnostics { path: path()?, text: inner }),
        "instruction" => Some(Part::Instruction(inner)),
        "change" => FileDiff::read(inner).map(|(diff, _)| Part::EarlierChange(diff)),
        _ => None,
    };
    Some((part, rest.strip_prefix('\n').unwrap_or(rest)))
}

/// `<NAME ATTRIBUTE="VALUE" …>`
struct Head<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    /// What follows it.
    body: &'a str,
}

impl<'a> Head<'a> {
    /// Value by value, for a value may look like the end of a head; only quotes and line ends are in none.
    fn read(text: &'a str) -> Option<Head<'a>> {
        let (name, mut rest) = line(text).0.strip_prefix('<')?.split_once(' ')?;
        let mut attributes = Vec::new();
        loop {
            let (attribute, value) = rest.split_once("=\"")?;
            let (value, after) = value.split_once('"')?;
            attributes.push((attribute, value));
            match after.strip_prefix(' ') {
                Some(more) => rest = more,
                None => {
                    let left = after.strip_prefix('>')?.len();
                    let body = &text[line(text).0.len() - left..];
                    return Some(Head { name, attributes, body });
                }
            }
        }
    }
}

fn framed<'a>(body: Option<&'a str>, bytes: usize, close: &str) -> Option<(&'a str, &'a str)> {
    let body = body?;
    let inner = body.get(..bytes)?;
    Some((inner, body[bytes..].strip_prefix(close)?))
}

/// A percent-encoded path as it is.
pub fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_part_by_part() {
        let file = "--- a/x\n+++ b/x\n</file>\n";
        let message = format!(
            "Changed:\n<file path=\"a%22b%25.rs\" bytes=\"{}\">\n{file}\n</file>\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n\n\
             Request: fix in \"src/a%22.rs\"\nDo it.\n<selection path=\"y\" lines=\"3-4\" bytes=\"2\">ab</selection>\n\
             <diagnostics path=\"y\" bytes=\"5\">\n1:1 x\n</diagnostics>\n<instruction bytes=\"11\">\nRequest: no\n</instruction>",
            file.len()
        );
        let parts = parts(&message);
        assert_eq!(parts[0], Part::File { path: "a\"b%.rs".into(), text: file });
        let Part::Diff(diff) = &parts[1] else { panic!("{parts:?}") };
        assert_eq!((diff.to.as_deref(), diff.hunks.len()), (Some("y"), 1));
        assert_eq!(parts[2], Part::Request { action: "fix", path: Some("src/a\".rs".into()) });
        assert_eq!(parts[3], Part::Selection { path: "y".into(), lines: (3, 4) });
        assert_eq!(parts[4], Part::Diagnostics { path: "y".into(), text: "1:1 x" });
        assert_eq!(parts[5], Part::Instruction("Request: no"));
        assert_eq!(parts.len(), 6);
    }

    #[test]
    fn a_frame_with_a_wrong_count_is_prose() {
        let name = "<file path=\"a bytes=\" bytes=\"1\">\nx\n</file>";
        assert_eq!(parts(name), [Part::File { path: "a bytes=".into(), text: "x" }], "its name looks like a count");
        assert_eq!(parts("<file path=\"x\" bytes=\"9\">\nab\n</file>\n"), []);
        assert_eq!(parts("<file path=\"x\" bytes=\"0\">\n\n</file>"), [Part::File { path: "x".into(), text: "" }]);
        let name = "<file path=\">a\" bytes=\"0\">\n\n</file>";
        assert_eq!(parts(name), [Part::File { path: ">a".into(), text: "" }], "its name looks like an end");
        assert_eq!(parts("Request: edit\n"), [Part::Request { action: "edit", path: None }]);
    }
}
