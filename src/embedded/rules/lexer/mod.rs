//! Splits source text into tokens, one small lexer per language family.
//!
//! A lexer tells code from comments and strings, exactly, on real code; it must never fail: what it cannot make sense
//! of becomes punctuation. Expressions inside f-strings and template literals come out as ordinary tokens between the
//! pieces of their string, so that nobody else has to know about them.

mod clike;
mod cursor;
mod ecma;
mod python;
mod rust;
#[cfg(test)]
mod tests;

/// A language family with its own lexical rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript and TypeScript; `jsx` where `<Tag>` is an expression.
    Ecma {
        /// Whether JSX elements are part of the language.
        jsx: bool,
    },
    /// Python.
    Python,
    /// Go.
    Go,
    /// C and C++.
    C,
    /// Java.
    Java,
    /// Another language with C's lexical rules.
    Other,
    /// Anything else: prose, data, markup.
    Text,
}

impl Language {
    /// The language of a file, by its extension.
    pub fn of(path: &str) -> Language {
        match extension(path) {
            "rs" => Language::Rust,
            "ts" | "mts" | "cts" => Language::Ecma { jsx: false },
            "js" | "mjs" | "cjs" | "jsx" | "tsx" => Language::Ecma { jsx: true },
            "py" | "pyi" => Language::Python,
            "go" => Language::Go,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "inl" => Language::C,
            "java" => Language::Java,
            "cs" | "kt" | "kts" | "swift" | "php" | "scala" | "dart" | "groovy" | "m" | "mm" | "zig" => Language::Other,
            _ => Language::Text,
        }
    }

    /// Whether a name defined in `self` can be used from a file of `other`.
    pub fn shares_names_with(self, other: Language) -> bool {
        matches!((self, other), (Language::Ecma { .. }, Language::Ecma { .. })) || self == other
    }
}

/// The extension of a path's last component, or nothing.
pub fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword; Rust's `r#` is part of it.
    Ident,
    /// A Rust lifetime or label, with its quote.
    Lifetime,
    /// A number.
    Number,
    /// A string literal, or a piece of one around embedded expressions, quotes and prefix included.
    Str,
    /// A character literal.
    Char,
    /// An operator or bracket.
    Punct,
    /// A regular expression literal.
    Regex,
    /// Text between JSX tags.
    Text,
    /// A comment of any form.
    Comment,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its text; a renamed definition is read under its former name, see [`Source::reads_as`].
    pub text: &'t str,
    /// Byte offset of its first byte.
    pub start: usize,
    /// Byte offset behind its last byte.
    pub end: usize,
    /// Whether it is the first token of its line; in Python, of its logical line.
    pub first: bool,
}

/// A file's text as tokens.
#[derive(Clone, Debug)]
pub struct Source<'t> {
    /// Workspace-relative path.
    pub path: &'t str,
    /// The whole text.
    pub text: &'t str,
    /// Its language.
    pub language: Language,
    /// Everything but comments and white space.
    pub code: Vec<Token<'t>>,
    /// The comments.
    pub comments: Vec<Token<'t>>,
}

impl<'t> Source<'t> {
    /// Reads `text` by the rules of the language `path` is in.
    pub fn lex(path: &'t str, text: &'t str) -> Source<'t> {
        let language = Language::of(path);
        let mut cursor = cursor::Cursor::new(text);
        match language {
            Language::Rust => rust::lex(&mut cursor),
            Language::Ecma { jsx } => ecma::lex(&mut cursor, jsx),
            Language::Python => python::lex(&mut cursor),
            Language::Go | Language::C | Language::Java | Language::Other | Language::Text => {
                clike::lex(&mut cursor, language)
            }
        }
        Source { path, text, language, code: cursor.code, comments: cursor.comments }
    }

    /// The text of an identifier, lifetime or punctuation; `""` for any other token and outside the file.
    ///
    /// Callers step back with `wrapping_sub`, which lands outside the file as well.
    pub fn at(&self, token: usize) -> &'t str {
        match self.code.get(token) {
            Some(token) if matches!(token.kind, Kind::Ident | Kind::Punct | Kind::Lifetime) => token.text,
            _ => "",
        }
    }

    /// The text of the token before `token`.
    pub fn before(&self, token: usize) -> &'t str {
        self.at(token.wrapping_sub(1))
    }

    /// The text of the token behind `token`.
    pub fn after(&self, token: usize) -> &'t str {
        self.at(token + 1)
    }

    /// The kind of a token, if there is one.
    pub fn kind(&self, token: usize) -> Option<Kind> {
        self.code.get(token).map(|token| token.kind)
    }

    /// Whether the token is an identifier (or keyword).
    pub fn is_ident(&self, token: usize) -> bool {
        self.kind(token) == Some(Kind::Ident)
    }

    /// The identifiers with this text.
    pub fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = usize> + 's {
        self.code
            .iter()
            .enumerate()
            .filter(move |(_, token)| token.kind == Kind::Ident && token.text == name)
            .map(|(index, _)| index)
    }

    /// The token that starts at a byte offset.
    pub fn token_at(&self, offset: usize) -> Option<usize> {
        self.code.binary_search_by_key(&offset, |token| token.start).ok()
    }

    /// The first token that starts at or behind a byte offset.
    pub fn first_from(&self, offset: usize) -> usize {
        self.code.partition_point(|token| token.start < offset)
    }

    /// Makes a token read as `name`: the definition somebody renamed keeps its former name for the analysis.
    pub fn reads_as(&mut self, token: usize, name: &'t str) {
        if let Some(token) = self.code.get_mut(token) {
            token.text = name;
        }
    }

    /// Line number of a byte offset, from 1.
    pub fn line_of(&self, offset: usize) -> usize {
        line_of(self.text, offset)
    }

    /// For every bracket its partner, for every other token itself; an unmatched bracket is its own partner.
    pub fn partners(&self) -> Vec<usize> {
        let mut partners: Vec<usize> = (0..self.code.len()).collect();
        let mut open: Vec<(usize, &str)> = Vec::new();
        for (index, token) in self.code.iter().enumerate().filter(|(_, token)| token.kind == Kind::Punct) {
            match token.text {
                "(" | "[" | "{" => open.push((index, closing(token.text))),
                ")" | "]" | "}" => {
                    // A bracket nobody closed must not swallow the rest: look past it.
                    let Some(depth) = open.iter().rposition(|(_, close)| *close == token.text) else { continue };
                    let (start, _) = open[depth];
                    open.truncate(depth);
                    partners[start] = index;
                    partners[index] = start;
                }
                _ => {}
            }
        }
        partners
    }
}

/// Line number of a byte offset, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

fn closing(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// Whether a byte can be part of an identifier. Bytes of non-ASCII characters count: outside strings and comments they
/// are letters in practice.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether `text` is one identifier.
pub fn is_identifier(text: &str) -> bool {
    // A private name of JavaScript begins with `#`.
    let text = text.strip_prefix('#').unwrap_or(text);
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|char| char == '_' || char == '$' || char.is_alphanumeric())
}
