//! Lexical rules of Go, C, C++ and Java, and the fallback for languages nobody knows here.

use super::cursor::Cursor;
use super::{Kind, Language, is_word};

const OPERATORS: [&str; 28] = [
    "<<=", ">>=", "...", "&^=", ":=", "::", "->", "<-", "++", "--", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "&^", "##", "=>", "..",
];

pub(super) fn lex(cursor: &mut Cursor<'_>, language: Language) {
    loop {
        cursor.skip_blank();
        let Some(byte) = cursor.byte() else { return };
        let start = cursor.at;
        match byte {
            b'/' if cursor.ahead(1) == b'/' => cursor.line_comment(),
            b'/' if cursor.ahead(1) == b'*' => cursor.block_comment(false),
            b'#' if language == Language::Other && !cursor.starts_with("#[") => cursor.line_comment(),
            b'"' if language == Language::Java && cursor.starts_with("\"\"\"") => {
                text_block(cursor);
                cursor.push(Kind::Str, start);
            }
            b'"' => {
                cursor.quoted(b'"', false);
                cursor.push(Kind::Str, start);
            }
            b'\'' => {
                cursor.quoted(b'\'', false);
                cursor.push(Kind::Char, start);
            }
            b'`' if language == Language::Go => {
                let rest = &cursor.text.as_bytes()[cursor.at + 1..];
                cursor.at += rest.iter().position(|byte| *byte == b'`').map_or(rest.len() + 1, |end| end + 2);
                cursor.push(Kind::Str, start);
            }
            b'\\' if matches!(cursor.ahead(1), b'\n' | b'\r') => cursor.at += 1,
            b'0'..=b'9' => cursor.number(),
            _ if is_name(byte) => word(cursor, language),
            _ => cursor.punct(&OPERATORS),
        }
    }
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || byte == b'$'
}

/// An identifier, or a C++ string with a prefix such as `u8"…"` or `R"delimiter(…)delimiter"`.
fn word(cursor: &mut Cursor<'_>, language: Language) {
    let start = cursor.at;
    let word = cursor.word_with(is_name);
    let prefix = language == Language::C && matches!(word, "L" | "u" | "U" | "u8" | "R" | "LR" | "uR" | "UR" | "u8R");
    match cursor.byte() {
        Some(b'"') if prefix && word.ends_with('R') => {
            raw_string(cursor);
            cursor.push(Kind::Str, start);
        }
        Some(quote @ (b'"' | b'\'')) if prefix => {
            cursor.quoted(quote, false);
            cursor.push(if quote == b'"' { Kind::Str } else { Kind::Char }, start);
        }
        _ => cursor.push(Kind::Ident, start),
    }
}

fn raw_string(cursor: &mut Cursor<'_>) {
    let rest = cursor.text.get(cursor.at + 1..).unwrap_or("");
    let Some((delimiter, _)) = rest.split_once('(') else { return cursor.quoted(b'"', false) };
    let end = format!("){delimiter}\"");
    cursor.at += 1 + rest.find(&end).map_or(rest.len(), |position| position + end.len());
}

/// A Java text block, from `"""` to the next `"""` that is not escaped.
fn text_block(cursor: &mut Cursor<'_>) {
    cursor.at += 3;
    while cursor.byte().is_some() && !cursor.starts_with("\"\"\"") {
        cursor.at += if cursor.byte() == Some(b'\\') { 2 } else { 1 };
    }
    cursor.at = (cursor.at + 3).min(cursor.text.len());
}
