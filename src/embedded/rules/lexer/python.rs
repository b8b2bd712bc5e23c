//! Python's lexical rules: prefixed and triple-quoted strings, f-string expressions, logical lines.

use super::cursor::Cursor;
use super::{Kind, is_word};

const OPERATORS: [&str; 22] = [
    "**=", "//=", ">>=", "<<=", "...", "->", ":=", "==", "!=", "<=", ">=", "**", "//", "+=", "-=", "*=", "/=", "%=",
    "&=", "|=", "^=", "@=",
];

pub(super) fn lex(cursor: &mut Cursor<'_>) {
    tokens(cursor, None);
}

/// Lexes to the end of the text, or inside an f-string to the end of an expression.
///
/// `until` is the quote of the f-string around, if any; the cursor stops at `}`, `!r`, `:` or `=}` of depth 0.
fn tokens(cursor: &mut Cursor<'_>, until: Option<&str>) {
    let mut depth = 0_usize;
    loop {
        skip_blank(cursor, depth > 0 || until.is_some());
        let Some(byte) = cursor.byte() else { return };
        let start = cursor.at;
        if until.is_some_and(|quote| depth == 0 && (ends_expression(cursor, byte) || cursor.starts_with(quote))) {
            return;
        }
        match byte {
            b'#' => cursor.line_comment(),
            b'"' | b'\'' => string(cursor, start, ""),
            b'0'..=b'9' => cursor.number(),
            _ if is_word(byte) => {
                let word = cursor.word();
                if matches!(cursor.byte(), Some(b'"' | b'\'')) && is_prefix(word) {
                    string(cursor, start, word);
                } else {
                    cursor.push(Kind::Ident, start);
                }
            }
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                cursor.punct(&OPERATORS);
            }
        }
    }
}

fn ends_expression(cursor: &Cursor<'_>, byte: u8) -> bool {
    match byte {
        b'}' | b':' => true,
        b'!' => cursor.ahead(1) != b'=',
        _ => false,
    }
}

/// Skips white space; a line end inside brackets or behind a backslash does not start a logical line.
fn skip_blank(cursor: &mut Cursor<'_>, inside: bool) {
    let fresh = cursor.fresh_line;
    loop {
        let before = cursor.at;
        let was = cursor.fresh_line;
        cursor.skip_blank();
        if inside {
            cursor.fresh_line = fresh;
        }
        if cursor.byte() == Some(b'\\') && matches!(cursor.ahead(1), b'\n' | b'\r') {
            cursor.at += if cursor.ahead(1) == b'\r' { 3 } else { 2 };
            cursor.at = cursor.at.min(cursor.text.len());
            cursor.fresh_line = was;
        }
        if cursor.at == before {
            return;
        }
    }
}

fn is_prefix(word: &str) -> bool {
    word.len() <= 2 && word.bytes().all(|byte| matches!(byte.to_ascii_lowercase(), b'r' | b'b' | b'f' | b'u' | b't'))
}

/// A string from its prefix on; the cursor stands on the quote.
fn string(cursor: &mut Cursor<'_>, start: usize, prefix: &str) {
    let quote = match (cursor.byte(), cursor.starts_with("\"\"\""), cursor.starts_with("'''")) {
        (_, true, _) => "\"\"\"",
        (_, _, true) => "'''",
        (Some(b'"'), ..) => "\"",
        _ => "'",
    };
    cursor.at += quote.len();
    let formatted = prefix.bytes().any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T'));
    text(cursor, start, quote, formatted, false);
}

/// The text of a string up to its end, or (in a format specification) up to `}`.
fn text(cursor: &mut Cursor<'_>, mut start: usize, quote: &str, formatted: bool, specification: bool) {
    while let Some(byte) = cursor.byte() {
        if cursor.starts_with(quote) {
            if !specification {
                cursor.at += quote.len();
            }
            break;
        }
        match byte {
            b'\\' => cursor.at = (cursor.at + 2).min(cursor.text.len()),
            b'\n' if quote.len() == 1 => break,
            b'}' if specification => break,
            b'{' if formatted && cursor.ahead(1) == b'{' && !specification => cursor.at += 2,
            b'{' if formatted => {
                cursor.at += 1;
                cursor.push(Kind::Str, start);
                expression(cursor, quote);
                start = cursor.at;
                if cursor.byte() == Some(b'}') {
                    cursor.at += 1;
                }
            }
            _ => cursor.at += 1,
        }
    }
    if cursor.at > start || !specification {
        cursor.push(Kind::Str, start);
    }
}

/// An embedded expression with its conversion and format specification; stops on the closing brace.
fn expression(cursor: &mut Cursor<'_>, quote: &str) {
    tokens(cursor, Some(quote));
    if cursor.byte() == Some(b'!') {
        cursor.at += 1;
        cursor.word();
    }
    if cursor.byte() == Some(b':') {
        let start = cursor.at;
        cursor.at += 1;
        text(cursor, start, quote, true, true);
    }
}
