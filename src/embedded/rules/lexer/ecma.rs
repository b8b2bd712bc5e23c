//! Lexical rules of JavaScript and TypeScript: templates, regular expressions, JSX.
//!
//! A slash or a `<` means different things by what stands before it; the lexer keeps just enough of the brackets to know.

use super::cursor::Cursor;
use super::{Kind, is_word};

const OPERATORS: [&str; 40] = [
    ">>>=", "===", "!==", "**=", "<<=", ">>=", "&&=", "||=", "??=", "...", "=>", "==", "!=", "<=", ">=", "&&", "||",
    "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**", "<<", "(", ")", "[", "]", "{", "}",
    ";", ",", ".",
];

/// What an open bracket belongs to, as far as the token behind its close depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    /// A block, or the head of `if`, `while`, `for`: a statement follows.
    Statement,
    /// An expression ends with it.
    Expression,
}

/// Lexer state: open brackets and whether an expression may start here.
struct State {
    open: Vec<Open>,
    operand: bool,
    jsx: bool,
}

pub(super) fn lex(cursor: &mut Cursor<'_>, jsx: bool) {
    if cursor.starts_with("#!") {
        cursor.line_comment();
    }
    let mut state = State { open: Vec::new(), operand: true, jsx };
    tokens(cursor, &mut state, false);
}

/// Lexes to the end of the text or, `inside` an embedded expression, to the brace that closes it.
fn tokens(cursor: &mut Cursor<'_>, state: &mut State, inside: bool) {
    let depth = state.open.len();
    loop {
        cursor.skip_blank();
        let Some(byte) = cursor.byte() else { return };
        let start = cursor.at;
        match byte {
            b'}' if inside && state.open.len() <= depth => return,
            b'/' if cursor.ahead(1) == b'/' => cursor.line_comment(),
            b'/' if cursor.ahead(1) == b'*' => cursor.block_comment(false),
            b'/' if state.operand => {
                regex(cursor);
                state.operand = false;
            }
            b'"' | b'\'' => {
                cursor.quoted(byte, false);
                cursor.push(Kind::Str, start);
                state.operand = false;
            }
            b'`' => {
                template(cursor, state);
                state.operand = false;
            }
            b'<' if state.jsx && state.operand && starts_element(cursor) => {
                element(cursor, state);
                state.operand = false;
            }
            b'0'..=b'9' => {
                cursor.number();
                state.operand = false;
            }
            _ if is_name(byte) || byte == b'#' => {
                cursor.at += usize::from(byte == b'#');
                let word = cursor.word_with(is_name);
                let member = cursor.code.last().is_some_and(|token| token.text == "." || token.text == "?.");
                cursor.push(Kind::Ident, start);
                state.operand = !member && before_operand(word);
            }
            _ => punct(cursor, state),
        }
    }
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || byte == b'$'
}

/// Keywords behind which an expression starts.
fn before_operand(word: &str) -> bool {
    const WORDS: [&str; 17] = [
        "return",
        "typeof",
        "case",
        "in",
        "of",
        "delete",
        "void",
        "throw",
        "new",
        "else",
        "do",
        "instanceof",
        "yield",
        "await",
        "default",
        "extends",
        "export",
    ];
    WORDS.contains(&word)
}

fn punct(cursor: &mut Cursor<'_>, state: &mut State) {
    let previous = cursor.code.last().copied();
    let operand = state.operand;
    cursor.punct(&OPERATORS);
    let text = cursor.code.last().map_or("", |token| token.text);
    state.operand = match text {
        "(" => {
            let head = previous.is_some_and(|token| matches!(token.text, "if" | "while" | "for" | "with"));
            state.open.push(if head { Open::Statement } else { Open::Expression });
            true
        }
        "[" => {
            state.open.push(Open::Expression);
            true
        }
        "{" => {
            let block = match previous.map_or("", |token| token.text) {
                "" | ";" | "{" | "}" | ")" | "=>" | "else" | "do" | "try" | "finally" => true,
                // `name {` heads a class or a labelled block; `return {` and `= {` are values.
                _ => !operand,
            };
            state.open.push(if block { Open::Statement } else { Open::Expression });
            true
        }
        ")" | "]" | "}" => state.open.pop() == Some(Open::Statement),
        // Both postfix: what follows is an operator. As a prefix the operand state does not matter to what follows.
        "++" | "--" => operand,
        _ => true,
    };
}

fn regex(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    cursor.at += 1;
    let mut class = false;
    while let Some(byte) = cursor.byte() {
        match byte {
            b'\n' => break,
            b'\\' => cursor.at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => {
                cursor.at += 1;
                cursor.word();
                break;
            }
            _ => {}
        }
        cursor.at += 1;
    }
    cursor.at = cursor.at.min(cursor.text.len());
    cursor.push(Kind::Regex, start);
}

/// A template literal; each `${…}` comes out as tokens between two pieces.
fn template(cursor: &mut Cursor<'_>, state: &mut State) {
    let mut start = cursor.at;
    cursor.at += 1;
    while let Some(byte) = cursor.byte() {
        match byte {
            b'\\' => cursor.at = (cursor.at + 2).min(cursor.text.len()),
            b'`' => {
                cursor.at += 1;
                break;
            }
            b'$' if cursor.ahead(1) == b'{' => {
                cursor.at += 2;
                cursor.push(Kind::Str, start);
                state.operand = true;
                tokens(cursor, state, true);
                start = cursor.at;
                cursor.at = (cursor.at + 1).min(cursor.text.len());
            }
            _ => cursor.at += 1,
        }
    }
    cursor.push(Kind::Str, start);
}

/// Whether `<` opens an element rather than type parameters of an arrow function (`<T,>`, `<T extends …>`).
fn starts_element(cursor: &Cursor<'_>) -> bool {
    let rest = cursor.text.get(cursor.at + 1..).unwrap_or("");
    if rest.starts_with('>') {
        return true;
    }
    let name = rest.find(|char: char| !(char.is_alphanumeric() || "_$.-:".contains(char))).unwrap_or(rest.len());
    let after = rest[name..].trim_start();
    name > 0 && !after.starts_with(',') && !after.starts_with("extends ") && !after.starts_with('=')
}

/// An element with everything inside it; the cursor stands on its `<`.
fn element(cursor: &mut Cursor<'_>, state: &mut State) {
    if tag(cursor, state) {
        children(cursor, state);
    }
}

/// One tag. True if it opens an element that has children.
fn tag(cursor: &mut Cursor<'_>, state: &mut State) -> bool {
    cursor.punct(&[]);
    loop {
        cursor.skip_blank();
        let Some(byte) = cursor.byte() else { return false };
        let start = cursor.at;
        match byte {
            b'>' => {
                let previous = cursor.code.last().map_or("", |token| token.text);
                cursor.punct(&[]);
                return previous != "/";
            }
            b'"' | b'\'' => {
                let rest = &cursor.text.as_bytes()[cursor.at + 1..];
                cursor.at += rest.iter().position(|end| *end == byte).map_or(rest.len() + 1, |end| end + 2);
                cursor.push(Kind::Str, start);
            }
            b'{' => embedded(cursor, state),
            b'/' if cursor.ahead(1) == b'*' => cursor.block_comment(false),
            b'/' if cursor.ahead(1) == b'/' => cursor.line_comment(),
            _ if is_name(byte) || byte == b'-' => {
                cursor.word_with(|byte| is_name(byte) || byte == b'-');
                cursor.push(Kind::Ident, start);
            }
            _ => cursor.punct(&[]),
        }
    }
}

/// Text, expressions and elements up to the closing tag.
fn children(cursor: &mut Cursor<'_>, state: &mut State) {
    loop {
        let start = cursor.at;
        while cursor.byte().is_some_and(|byte| byte != b'<' && byte != b'{') {
            cursor.at += 1;
        }
        if cursor.at > start {
            cursor.push(Kind::Text, start);
        }
        match cursor.byte() {
            None => return,
            Some(b'{') => embedded(cursor, state),
            Some(_) if cursor.ahead(1) == b'/' => {
                tag(cursor, state);
                return;
            }
            Some(_) => element(cursor, state),
        }
    }
}

/// `{expression}` in a tag or between tags.
fn embedded(cursor: &mut Cursor<'_>, state: &mut State) {
    cursor.punct(&[]);
    state.operand = true;
    tokens(cursor, state, true);
    if cursor.byte() == Some(b'}') {
        cursor.punct(&[]);
    }
}
