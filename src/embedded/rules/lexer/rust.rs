//! Rust's lexical rules: nested comments, raw and byte strings, lifetimes beside character literals.

use super::cursor::Cursor;
use super::{Kind, is_word};

const OPERATORS: [&str; 20] = [
    "..=", "...", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "+=", "-=", "*=", "/=", "%=", "^=", "|=",
    "&=",
];

pub(super) fn lex(cursor: &mut Cursor<'_>) {
    loop {
        cursor.skip_blank();
        let Some(byte) = cursor.byte() else { return };
        let start = cursor.at;
        match byte {
            b'/' if cursor.ahead(1) == b'/' => cursor.line_comment(),
            b'/' if cursor.ahead(1) == b'*' => cursor.block_comment(true),
            b'"' => {
                cursor.quoted(b'"', true);
                cursor.push(Kind::Str, start);
            }
            b'\'' => quote(cursor),
            b'0'..=b'9' => number(cursor),
            _ if is_word(byte) => word(cursor),
            _ => cursor.punct(&OPERATORS),
        }
    }
}

/// A number. A tuple index (`pair.0.1`) ends at the next dot.
fn number(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    if cursor.code.last().is_some_and(|token| token.text == "." && token.kind == Kind::Punct) {
        cursor.word();
        cursor.push(Kind::Number, start);
    } else {
        // Rust has no digit separators with quotes, and no quote can follow a digit in valid code.
        cursor.number();
    }
}

/// An identifier, or a string with a prefix: `r"…"`, `br#"…"#`, `b'x'`, `c"…"`, `r#name`.
fn word(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    let word = cursor.word();
    let raw = matches!(word, "r" | "br" | "cr");
    let next = cursor.byte().unwrap_or(0);
    if raw && (next == b'"' || next == b'#') {
        let hashes = cursor.text.as_bytes()[cursor.at..].iter().take_while(|byte| **byte == b'#').count();
        if cursor.ahead(hashes) == b'"' {
            raw_string(cursor, hashes);
            return cursor.push(Kind::Str, start);
        }
        if word == "r" && hashes == 1 && is_word(cursor.ahead(1)) {
            cursor.at += 1;
            cursor.word();
            return cursor.push(Kind::Ident, start);
        }
    }
    match (word, next) {
        ("b" | "c", b'"') => {
            cursor.quoted(b'"', true);
            cursor.push(Kind::Str, start);
        }
        ("b", b'\'') => {
            cursor.quoted(b'\'', false);
            cursor.push(Kind::Char, start);
        }
        _ => cursor.push(Kind::Ident, start),
    }
}

fn raw_string(cursor: &mut Cursor<'_>, hashes: usize) {
    cursor.at += hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    let rest = cursor.text.get(cursor.at..).unwrap_or("");
    cursor.at += rest.find(&end).map_or(rest.len(), |position| position + end.len());
}

/// A character literal or a lifetime: `'a'` has its second quote right behind one character.
fn quote(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    let mut rest = cursor.text.get(cursor.at + 1..).unwrap_or("").chars();
    let (first, second) = (rest.next(), rest.next());
    if first == Some('\\') || second == Some('\'') {
        cursor.quoted(b'\'', false);
        cursor.push(Kind::Char, start);
    } else if first.is_some_and(|first| first == '_' || first.is_alphabetic()) {
        cursor.at += if cursor.starts_with("'r#") { 3 } else { 1 };
        cursor.word();
        cursor.push(Kind::Lifetime, start);
    } else {
        cursor.punct(&[]);
    }
}
