//! Private keys between `-----BEGIN … PRIVATE KEY-----` and its end, each line of the body by itself.
//!
//! The body is recognised line by line, so that code that only speaks of such headers stays readable, and a key that is
//! cut off, quoted or joined from string literals is found all the same.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::Regex;

use super::Secret;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
/// Longest header, as in `ENCRYPTED PRIVATE KEY` or `PGP PRIVATE KEY BLOCK`.
const MAX_TITLE: usize = 40;
/// A body has at least one run of so many characters.
const MIN_RUN: usize = 20;

/// A line of base64, perhaps within the quotes, comment signs and escapes of another language.
const LINE: &str = r#"^(?:[\s"'`*#>|(+,;.-]*[\s"'`*#>|(])?(?:\\+[nr])*([A-Za-z0-9+/=]+(?:\\+[nr][A-Za-z0-9+/=]+)*)(?:\\+[nr])*[\s"'`,;.+)\\]*$"#;

/// Headers within the body, such as `Proc-Type: 4,ENCRYPTED`.
const HEADER: &str = r#"^[\s"'`*#>|(]*[A-Z][A-Za-z-]{3,30}: "#;

/// Both patterns, compiled once. One that did not compile would match nothing; a test sees to it.
pub(super) static PATTERNS: LazyLock<[Option<Regex>; 2]> =
    LazyLock::new(|| [LINE, HEADER].map(|pattern| Regex::new(pattern).ok()));

/// The lines of all private keys in a text.
pub(super) fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    for begin in memmem::find_iter(text.as_bytes(), BEGIN) {
        let title = begin + BEGIN.len();
        let Some(length) = text[title..].find(DASHES).filter(|length| *length <= MAX_TITLE) else { continue };
        if text[title..title + length].contains("PRIVATE KEY") {
            let body = title + length + DASHES.len();
            let lines = body_lines(text, body);
            if lines.iter().any(|line| line.len() >= MIN_RUN) {
                found.extend(lines.into_iter().map(|at| Secret { at, kind: "private-key" }));
            }
        }
    }
    found
}

/// What is to be hidden of each line from `start` on, up to the end of the key.
fn body_lines(text: &str, start: usize) -> Vec<Range<usize>> {
    let [Some(body), Some(header)] = &*PATTERNS else { return Vec::new() };
    let mut lines = Vec::new();
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        // Base64 has no dashes: this is the end, or another beginning.
        let end = line.find(DASHES);
        let content = &line[..end.unwrap_or(line.len())];
        let core = body.captures(content).and_then(|found| found.get(1));
        match core.filter(|core| core.as_str().contains(|c: char| c.is_ascii_alphanumeric())) {
            Some(core) => lines.push(at + core.start()..at + core.end()),
            None if is_blank(content) || header.is_match(content) => {}
            None => break,
        }
        if end.is_some() {
            break;
        }
        at += line.len();
    }
    lines
}

/// Nothing but signs and escaped line ends.
fn is_blank(content: &str) -> bool {
    let rest = content.replace("\\n", "").replace("\\r", "");
    !rest.contains(|c: char| c.is_alphanumeric() || c == '[')
}
