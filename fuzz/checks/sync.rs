//! Any changes of a document: what it holds is what a plain string holds after them, or it says that it has lost its text.
//!
//! An input is the name of an encoding, a text, a line `=====`, then a change a line: `LINE:CHARACTER-LINE:CHARACTER TEXT`,
//! or `= TEXT` for a full text. Line ends in TEXT are written `\n` and `\r`.

use pilotlight::workspace::{Applied, Change, Documents, Position, PositionEncoding, Span};

const URI: &str = "file:///fuzz";

/// Panics if the document is not what the changes make of it.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (start, changes) = input.split_once("=====\n").unwrap_or((&input, ""));
    let (encoding, text) = start.split_once('\n').unwrap_or(("utf-16", start));
    let encoding = match encoding {
        "utf-8" => PositionEncoding::Utf8,
        "utf-32" => PositionEncoding::Utf32,
        _ => PositionEncoding::Utf16,
    };
    let documents = Documents::new(encoding);
    documents.open(URI, "plaintext", 1, text);
    let mut mirror = Some(text.to_owned());
    for (version, change) in (2..).zip(changes.lines().filter_map(read)) {
        let applied = documents.change(URI, version, vec![change.clone()]);
        mirror = replaced(mirror, change, encoding);
        let held = documents.get(URI).filter(|document| !document.desynced).map(|document| document.raw());
        assert_eq!(held, mirror, "version {version}, {applied:?}");
        assert_eq!(applied == Applied::Done, mirror.is_some(), "version {version}, {applied:?}");
    }
}

/// A change as it is written in a line; none if it is not written so.
fn read(line: &str) -> Option<Change> {
    let (place, text) = line.split_once(' ').unwrap_or((line, ""));
    let text = text.replace("\\n", "\n").replace("\\r", "\r");
    if place == "=" {
        return Some(Change { span: None, text });
    }
    let position = |place: &str| {
        let (line, character) = place.split_once(':')?;
        Some(Position { line: line.parse().ok()?, character: character.parse().ok()? })
    };
    let (start, end) = place.split_once('-')?;
    Some(Change { span: Some(Span { start: position(start)?, end: position(end)? }), text })
}

/// The plain string after a change; none if its text is not known, or if the change cannot be meant.
fn replaced(text: Option<String>, change: Change, encoding: PositionEncoding) -> Option<String> {
    let Some(Span { start, end }) = change.span else { return Some(change.text) };
    let mut text = text?;
    let lines = lines(&text);
    let exists = |line: u32| line as usize <= lines.len() || line >= i32::MAX as u32;
    let is_whole = start == Position::default();
    if start > end || !exists(start.line) || !(exists(end.line) || is_whole) {
        return None;
    }
    let byte = |at: Position| {
        let Some(&(from, content)) = lines.get(at.line as usize) else { return text.len() };
        from + prefix(content, at.character, encoding)
    };
    let range = byte(start)..byte(end);
    text.replace_range(range, &change.text);
    Some(text)
}

/// Where each line begins, and the line without its end.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut start = 0;
    while let Some(length) = text[start..].find(['\r', '\n']) {
        let end = start + length;
        lines.push((start, &text[start..end]));
        start = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    lines.push((start, &text[start..]));
    lines
}

/// The bytes of the whole characters among the first `units` of a line.
fn prefix(line: &str, units: u32, encoding: PositionEncoding) -> usize {
    let mut counted = 0;
    for (byte, c) in line.char_indices() {
        counted += match encoding {
            PositionEncoding::Utf8 => c.len_utf8(),
            PositionEncoding::Utf16 => c.len_utf16(),
            PositionEncoding::Utf32 => 1,
        };
        if counted > units as usize {
            return byte;
        }
    }
    line.len()
}
