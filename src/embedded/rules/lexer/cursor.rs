//! A position in text that is being lexed, and the steps all lexers share.

use super::{Kind, Token, is_word};

/// Reads text byte by byte and collects tokens.
pub(super) struct Cursor<'t> {
    pub text: &'t str,
    pub at: usize,
    pub code: Vec<Token<'t>>,
    pub comments: Vec<Token<'t>>,
    /// Whether a line ended since the last code token.
    pub fresh_line: bool,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Cursor<'t> {
        Cursor { text, at: 0, code: Vec::with_capacity(text.len() / 5), comments: Vec::new(), fresh_line: true }
    }

    pub fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The byte `ahead` of the current one, 0 behind the end.
    pub fn ahead(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub fn starts_with(&self, what: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(what.as_bytes())
    }

    /// Skips white space, noting line ends.
    pub fn skip_blank(&mut self) {
        while let Some(byte) = self.byte() {
            match byte {
                b'\n' => self.fresh_line = true,
                b' ' | b'\t' | b'\r' | 0x0c | 0x0b => {}
                _ => break,
            }
            self.at += 1;
        }
    }

    /// The token from `start` to here.
    pub fn push(&mut self, kind: Kind, start: usize) {
        // A lexer that steps by bytes could stop inside a character only on text it misread; then the token is widened.
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        let token = Token { kind, text, start, end: self.at, first: self.fresh_line };
        if kind == Kind::Comment {
            self.comments.push(token);
        } else {
            self.code.push(token);
            self.fresh_line = false;
        }
    }

    pub fn line_comment(&mut self) {
        let start = self.at;
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.push(Kind::Comment, start);
    }

    /// A `/* … */` comment, nested where the language nests them.
    pub fn block_comment(&mut self, nested: bool) {
        let start = self.at;
        self.at += 2;
        let mut depth = 1;
        while let Some(byte) = self.byte() {
            match (byte, self.ahead(1)) {
                (b'*', b'/') => {
                    self.at += 2;
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                (b'/', b'*') if nested => {
                    self.at += 2;
                    depth += 1;
                }
                _ => self.at += 1,
            }
        }
        let line_end = self.text.get(start..self.at).is_some_and(|text| text.contains('\n'));
        self.push(Kind::Comment, start);
        self.fresh_line |= line_end;
    }

    /// Steps over a quoted text with backslash escapes; the cursor stands on the opening quote.
    pub fn quoted(&mut self, quote: u8, multiline: bool) {
        self.at += 1;
        while let Some(byte) = self.byte() {
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !multiline => break,
                _ => {
                    self.at += 1;
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        self.at = self.at.min(self.text.len());
    }

    pub fn word(&mut self) -> &'t str {
        self.word_with(is_word)
    }

    /// Steps over an identifier and gives its text, without making a token.
    pub fn word_with(&mut self, part: impl Fn(u8) -> bool) -> &'t str {
        let start = self.at;
        while self.byte().is_some_and(&part) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    /// A number; `1..2` and `1.max(2)` end before the dot.
    pub fn number(&mut self) {
        let start = self.at;
        let hex = self.byte() == Some(b'0') && matches!(self.ahead(1), b'x' | b'X');
        while let Some(byte) = self.byte() {
            let exponent = !hex && matches!(byte, b'e' | b'E') && matches!(self.ahead(1), b'+' | b'-');
            if exponent && self.ahead(2).is_ascii_digit() {
                self.at += 2;
                continue;
            }
            let point = byte == b'.' && self.ahead(1) != b'.' && !starts_name(self.ahead(1));
            // C++14 digit separators; no other language has a quote right behind a digit.
            let quote = byte == b'\'' && self.ahead(1).is_ascii_hexdigit() && self.text.is_char_boundary(self.at);
            if is_word(byte) || point || quote {
                self.at += 1;
            } else {
                break;
            }
        }
        self.push(Kind::Number, start);
    }

    /// The longest of `operators` that stands here (they are ordered longest first), else one character.
    pub fn punct(&mut self, operators: &[&str]) {
        let start = self.at;
        self.at += operators.iter().find(|operator| self.starts_with(operator)).map_or(1, |operator| operator.len());
        self.push(Kind::Punct, start);
    }
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}
