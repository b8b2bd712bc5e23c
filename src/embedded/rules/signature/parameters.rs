//! What a list of parameters says, in every language.

use crate::embedded::rules::lexer::{Kind as TokenKind, Language};
use crate::embedded::rules::lists::{Lists, Span};
use crate::embedded::rules::symbol::Function;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One argument, by position or by name.
    Plain,
    /// One argument, by name only.
    Keyword,
    /// The object before the dot: `self`.
    Receiver,
    /// Any number of arguments.
    Rest,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; empty for a pattern and where only a type is written.
    pub name: String,
    /// Byte offset of the name.
    pub offset: usize,
    /// Its declared type, the tokens parted by spaces; empty for none.
    pub ty: String,
    /// All of it as it is written.
    pub text: String,
    /// Byte offsets of all of it.
    pub span: (usize, usize),
    /// The text of its default value, with the `=` before it.
    pub default: String,
    /// What it takes.
    pub kind: Kind,
    /// Whether it can be left out of a call.
    pub optional: bool,
}

impl Parameter {
    /// The parameter as it is written where no default value can stand.
    pub fn without_default(&self) -> &str {
        self.text.strip_suffix(&self.default).unwrap_or(&self.text).trim_end()
    }
}

/// The parameters of a function.
pub fn read(lists: &Lists<'_>, function: &Function) -> Vec<Parameter> {
    let parts = lists.parameters(inside(function));
    match lists.source.language {
        Language::Rust => parts.into_iter().map(|part| rust(lists, part)).collect(),
        Language::Python => python(lists, parts, function.takes_self),
        Language::Go => go(lists, parts),
        Language::Ecma { .. } => parts.into_iter().filter_map(|part| ecma(lists, part)).collect(),
        _ => parts.into_iter().filter_map(|part| typed(lists, part)).collect(),
    }
}

/// The tokens of a function's parameters, without their brackets.
pub fn inside(function: &Function) -> Span {
    let (open, close) = function.params;
    if open == close { (open, open + 1) } else { (open + 1, close) }
}

impl Parameter {
    fn of(lists: &Lists<'_>, part: Span) -> Parameter {
        Parameter {
            name: String::new(),
            offset: lists.bytes(part).0,
            ty: String::new(),
            text: lists.text(part).to_owned(),
            span: lists.bytes(part),
            default: String::new(),
            kind: Kind::Plain,
            optional: false,
        }
    }

    fn named(mut self, lists: &Lists<'_>, token: usize) -> Parameter {
        // `_` stands for a value without a name.
        if lists.at(token) != "_" {
            self.name = lists.at(token).to_owned();
        }
        self.offset = lists.bytes((token, token + 1)).0;
        self
    }

    /// Takes over a default value that begins at `equals`.
    fn defaulted(&mut self, lists: &Lists<'_>, equals: Option<usize>, end: usize) {
        if let Some(equals) = equals {
            self.default = lists.text((equals, end)).to_owned();
            self.optional = true;
        }
    }
}

/// `mut name: Type`, `(a, b): Type`, `&mut self`
fn rust(lists: &Lists<'_>, (mut start, end): Span) -> Parameter {
    let mut parameter = Parameter::of(lists, (start, end));
    while lists.at(start) == "#" {
        start = lists.partner.get(start + 1).map_or(end, |close| close + 1);
    }
    let colon = lists.find((start, end), ":").unwrap_or(end);
    if (start..colon).any(|token| lists.at(token) == "self") {
        parameter.kind = Kind::Receiver;
        return parameter;
    }
    while matches!(lists.at(start), "mut" | "ref") {
        start += 1;
    }
    if lists.source.is_ident(start) && start + 1 == colon {
        parameter = parameter.named(lists, start);
    }
    parameter.ty = lists.plain((colon + 1, end));
    parameter
}

/// `public name?: Type = value`, `{ a, b }: Type`, `...names`; TypeScript's `this` is no parameter.
fn ecma(lists: &Lists<'_>, (mut start, end): Span) -> Option<Parameter> {
    let mut parameter = Parameter::of(lists, (start, end));
    if lists.at(start) == "this" {
        return None;
    }
    while lists.at(start) == "@" {
        start += 2;
        if lists.at(start) == "(" {
            start = lists.partner[start] + 1;
        }
    }
    let modifiers = ["public", "private", "protected", "readonly", "override"];
    while modifiers.contains(&lists.at(start)) && lists.source.is_ident(start + 1) {
        start += 1;
    }
    if lists.at(start) == "..." {
        parameter.kind = Kind::Rest;
        parameter.optional = true;
        start += 1;
    }
    if lists.source.is_ident(start) {
        parameter = parameter.named(lists, start);
    }
    let equals = lists.find((start, end), "=");
    parameter.optional |= lists.source.after(start) == "?";
    if let Some(colon) = lists.find((start, end), ":") {
        parameter.ty = lists.plain((colon + 1, equals.unwrap_or(end)));
    }
    parameter.defaulted(lists, equals, end);
    Some(parameter)
}

/// `name: Type = value`, `*names`, and the marks `/` and `*`, behind which arguments have names.
fn python(lists: &Lists<'_>, parts: Vec<Span>, method: bool) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut kind = Kind::Plain;
    for (start, end) in parts {
        let stars = lists.at(start);
        match (stars, end - start) {
            ("/", _) => continue,
            ("*", 1) => {
                kind = Kind::Keyword;
                continue;
            }
            _ => {}
        }
        let rest = matches!(stars, "*" | "**");
        let name = start + usize::from(rest);
        let mut parameter = Parameter::of(lists, (start, end)).named(lists, name);
        parameter.kind = match rest {
            true => Kind::Rest,
            false if method && parameters.is_empty() => Kind::Receiver,
            false => kind,
        };
        parameter.optional = rest;
        if stars == "*" {
            kind = Kind::Keyword;
        }
        let equals = lists.find((name, end), "=");
        if lists.source.after(name) == ":" {
            parameter.ty = lists.plain((name + 2, equals.unwrap_or(end)));
        }
        parameter.defaulted(lists, equals, end);
        parameters.push(parameter);
    }
    parameters
}

/// `a, b int, c ...string`, or types alone.
fn go(lists: &Lists<'_>, parts: Vec<Span>) -> Vec<Parameter> {
    let named = |(start, end): &Span| {
        let behind = lists.source.after(*start);
        let slice = behind == "[" && lists.at(*start).starts_with(|first: char| first.is_lowercase());
        lists.source.is_ident(*start)
            && end - start > 1
            && !matches!(lists.at(*start), "func" | "map" | "chan" | "interface" | "struct")
            && (lists.source.is_ident(start + 1) || matches!(behind, "*" | "..." | "(" | "<-") || slice)
    };
    let has_names = parts.iter().any(named);
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut ty = String::new();
    for (start, end) in parts.into_iter().rev() {
        let mut parameter = Parameter::of(lists, (start, end));
        if has_names {
            parameter = parameter.named(lists, start);
            if end - start > 1 {
                ty = lists.text((start + 1, end)).to_owned();
            }
            parameter.text = format!("{} {ty}", parameter.name);
        } else {
            ty = parameter.text.clone();
        }
        if ty.starts_with("...") {
            (parameter.kind, parameter.optional) = (Kind::Rest, true);
        }
        parameter.ty = ty.split_whitespace().collect::<Vec<_>>().join(" ");
        parameters.push(parameter);
    }
    parameters.reverse();
    parameters
}

/// `const Type *name[4] = value`, or a type alone, as C, C++ and Java write them.
fn typed(lists: &Lists<'_>, (mut start, end): Span) -> Option<Parameter> {
    let mut parameter = Parameter::of(lists, (start, end));
    if end == start + 1 && lists.at(start) == "void" {
        return None;
    }
    while lists.at(start) == "@" {
        start += 2;
        if lists.at(start) == "(" {
            start = lists.partner[start] + 1;
        }
    }
    if lists.at(start) == "final" {
        start += 1;
    }
    let equals = lists.find((start, end), "=");
    let stop = equals.unwrap_or(end);
    if (start..stop).any(|token| lists.at(token) == "...") {
        (parameter.kind, parameter.optional) = (Kind::Rest, true);
    }
    if let Some(name) = declarator(lists, (start, stop)) {
        parameter = parameter.named(lists, name);
        parameter.ty =
            format!("{} {}", lists.plain((start, name)), lists.plain((name + 1, stop))).trim_end().to_owned();
    } else {
        parameter.ty = lists.plain((start, stop));
    }
    parameter.defaulted(lists, equals, end);
    Some(parameter)
}

/// The name that a parameter of C, C++ or Java declares.
fn declarator(lists: &Lists<'_>, (start, end): Span) -> Option<usize> {
    // `int (*name)(int)`
    if let Some(open) = lists.find((start, end), "(").filter(|open| lists.source.after(*open) == "*") {
        return lists.source.is_ident(open + 2).then_some(open + 2);
    }
    let array = lists.find((start, end), "[").unwrap_or(end);
    let last = array.checked_sub(1).filter(|last| *last > start && lists.source.is_ident(*last))?;
    let words = (start..last).filter(|token| lists.source.kind(*token) == Some(TokenKind::Ident));
    let has_type = words.into_iter().any(|token| {
        !matches!(lists.at(token), "const" | "struct" | "enum" | "union" | "class" | "volatile" | "register")
    });
    let is_type = matches!(
        lists.at(last),
        "int" | "char" | "long" | "short" | "double" | "float" | "unsigned" | "signed" | "bool" | "void" | "const"
    );
    // `std::string` is a type alone.
    let qualified = matches!(lists.source.before(last), "::" | ".");
    (has_type && !is_type && !qualified).then_some(last)
}
