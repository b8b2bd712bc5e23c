//! Lists between brackets, parted at their commas, in every language.
//!
//! A comma inside brackets, type arguments, a closure's parameters or a lambda's parts nothing.

use super::lexer::{Kind, Language, Source};

/// Tokens from the first to before the second.
pub type Span = (usize, usize);

/// A file with the partners of its brackets.
#[derive(Debug)]
pub struct Lists<'t> {
    pub source: Source<'t>,
    pub partner: Vec<usize>,
}

impl<'t> Lists<'t> {
    pub fn of(source: Source<'t>) -> Lists<'t> {
        let partner = source.partners();
        Lists { source, partner }
    }

    pub fn at(&self, token: usize) -> &'t str {
        self.source.at(token)
    }

    /// The parts of a list of arguments.
    pub fn arguments(&self, list: Span) -> Vec<Span> {
        self.split(list, false)
    }

    /// The parts of a list of parameters, where `<` always begins type arguments.
    pub fn parameters(&self, list: Span) -> Vec<Span> {
        self.split(list, true)
    }

    fn split(&self, (from, to): Span, types: bool) -> Vec<Span> {
        let mut parts = Vec::new();
        let (mut start, mut at) = (from, from);
        while at < to {
            if self.at(at) == "," {
                parts.push((start, at));
                start = at + 1;
                at += 1;
            } else {
                at = self.skip(at, (start, to), types);
            }
        }
        if start < to {
            parts.push((start, to));
        }
        parts
    }

    /// The first token of `from..to` with this text, outside brackets of any kind.
    pub fn find(&self, (from, to): Span, text: &str) -> Option<usize> {
        let mut at = from;
        while at < to {
            if self.at(at) == text {
                return Some(at);
            }
            at = self.skip(at, (from, to), true);
        }
        None
    }

    /// Behind the token, or behind what its bracket, angle, closure or lambda holds.
    fn skip(&self, at: usize, (start, to): Span, types: bool) -> usize {
        let behind = match self.at(at) {
            "(" | "[" | "{" => self.partner[at] + 1,
            "<" => self.angles(at, (start, to), types).unwrap_or(at + 1),
            "|" if self.source.language == Language::Rust && !types && self.starts_closure(at, start) => {
                (at + 1..to).find(|token| self.at(*token) == "|").map_or(at + 1, |close| close + 1)
            }
            "lambda" if self.source.language == Language::Python => {
                (at + 1..to).find(|token| self.at(*token) == ":").map_or(at + 1, |colon| colon + 1)
            }
            _ => at + 1,
        };
        behind.max(at + 1)
    }

    fn starts_closure(&self, at: usize, start: usize) -> bool {
        at == start || matches!(self.source.before(at), "move" | "=" | "=>" | "&" | "return" | "async" | "static")
    }

    /// Behind the `>` of the type arguments that a `<` begins, if it begins any.
    fn angles(&self, open: usize, (start, to): Span, types: bool) -> Option<usize> {
        let before = self.source.before(open);
        let can = match self.source.language {
            Language::Go | Language::Python | Language::Text => false,
            Language::Rust => types || before == "::" || open == start || matches!(before, "&" | "=" | "mut" | "as"),
            _ => types || self.source.is_ident(open.wrapping_sub(1)) || matches!(before, "." | "::"),
        };
        if !can {
            return None;
        }
        let end = self.angles_end(open, to, types)?;
        let follows =
            matches!(self.at(end), "(" | "{" | "::" | "[" | "." | "," | ")" | ">" | "&" | "*" | "...") || end == to;
        (types || follows).then_some(end)
    }

    /// Behind the `>` that closes a `<`, if only types stand between.
    pub fn angles_end(&self, open: usize, to: usize, types: bool) -> Option<usize> {
        let mut depth = 0_usize;
        let mut at = open;
        while at < to {
            match self.at(at) {
                "<" => depth += 1,
                ">" => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                "(" | "[" | "{" => at = self.partner[at].max(at),
                ")" | "]" | "}" | ";" => return None,
                "," | "." | "|" | "&" | "*" | ":" | "::" | "?" | "=>" | "->" | "..." | "=" | "+" | "!" => {}
                _ if types || self.source.kind(at) != Some(Kind::Punct) => {}
                _ => return None,
            }
            at += 1;
        }
        None
    }

    /// The source's text of these tokens.
    pub fn text(&self, span: Span) -> &'t str {
        let (start, end) = self.bytes(span);
        self.source.text.get(start..end).unwrap_or("")
    }

    /// Byte offsets of these tokens; an empty span is the place before its first token.
    pub fn bytes(&self, (from, to): Span) -> (usize, usize) {
        let code = &self.source.code;
        let start = code.get(from).map_or(self.source.text.len(), |token| token.start);
        let last = to.checked_sub(1).filter(|last| *last >= from).and_then(|last| code.get(last));
        (start, last.map_or(start, |token| token.end))
    }

    /// The texts of these tokens, one space between them: how code is compared whatever its layout.
    pub fn plain(&self, (from, to): Span) -> String {
        let tokens = self.source.code.get(from..to.max(from)).unwrap_or(&[]);
        tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }
}
