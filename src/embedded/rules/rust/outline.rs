//! The outline of a Rust file: its items with their bodies, fields and variants, by brackets and keywords alone.
//!
//! It is not a parser: it must read any text, also one that does not compile, and only say what it is sure of.

use std::collections::HashMap;

use crate::embedded::rules::lexer::Source;

/// Half-open range of tokens.
pub type Span = (usize, usize);

/// Kinds of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    Fn,
    Struct,
    Enum,
    Union,
    Trait,
    Impl,
    Mod,
    Const,
    Static,
    TypeAlias,
    MacroRules,
    Use,
}

/// An item; token indices throughout.
#[derive(Clone, Debug)]
pub struct Item {
    pub kind: ItemKind,
    /// Its keyword.
    pub start: usize,
    /// Behind its last token.
    pub end: usize,
    /// The name; an `impl` and a `use` have none.
    pub name: Option<usize>,
    /// `<…>` behind the name or `impl`.
    pub generics: Option<Span>,
    /// The brackets of a function's parameters.
    pub params: Option<Span>,
    /// Return type of a function; type of a constant; aliased type.
    pub ty: Option<Span>,
    /// Opening and closing bracket of the body.
    pub body: Option<Span>,
    /// The trait of an `impl Trait for Type`.
    pub of_trait: Option<Span>,
    /// The type of an `impl`.
    pub of_type: Option<Span>,
    /// The item around it.
    pub parent: Option<usize>,
}

/// A named field of a struct, a union or an enum variant.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: usize,
    pub ty: Span,
    pub item: usize,
    pub variant: Option<usize>,
}

/// A variant of an enum.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub name: usize,
    pub item: usize,
    /// Brackets of the payload.
    pub payload: Option<Span>,
}

/// A Rust file with its outline.
#[derive(Debug)]
pub struct Outline<'t> {
    pub source: Source<'t>,
    /// For every bracket its partner.
    pub partner: Vec<usize>,
    /// For every token the innermost bracket that is open around it, `usize::MAX` for none.
    pub around: Vec<usize>,
    pub items: Vec<Item>,
    pub fields: Vec<Field>,
    pub variants: Vec<Variant>,
    /// For every token the innermost item around it, `u32::MAX` for none.
    inside: Vec<u32>,
    bodies: HashMap<usize, usize>,
}

impl<'t> Outline<'t> {
    pub fn of(source: Source<'t>) -> Outline<'t> {
        let partner = source.partners();
        let around = around(&source, &partner);
        let mut outline = Outline {
            source,
            partner,
            around,
            items: Vec::new(),
            fields: Vec::new(),
            variants: Vec::new(),
            inside: Vec::new(),
            bodies: HashMap::new(),
        };
        for token in 0..outline.source.code.len() {
            if let Some(item) = outline.item_at(token) {
                outline.items.push(item);
            }
        }
        outline.nest();
        for index in 0..outline.items.len() {
            outline.members(index);
        }
        outline
    }

    pub fn at(&self, token: usize) -> &'t str {
        self.source.at(token)
    }

    /// The innermost item around a token, itself included where the token is its name.
    pub fn item_around(&self, token: usize) -> Option<usize> {
        self.inside.get(token).filter(|item| **item != u32::MAX).map(|item| *item as usize)
    }

    /// The innermost item around a token that satisfies `wanted`.
    pub fn enclosing(&self, token: usize, wanted: impl Fn(&Item) -> bool) -> Option<usize> {
        let mut item = self.item_around(token);
        while let Some(index) = item {
            if wanted(&self.items[index]) {
                return Some(index);
            }
            item = self.items[index].parent;
        }
        None
    }

    /// The function around a token; constants cut off the locals around them as functions do.
    pub fn function_around(&self, token: usize) -> Option<usize> {
        self.enclosing(token, |item| matches!(item.kind, ItemKind::Fn | ItemKind::Const | ItemKind::Static))
    }

    /// The item a bracket is the body of.
    pub fn body_of(&self, open: usize) -> Option<usize> {
        self.bodies.get(&open).copied()
    }

    /// The name of an item.
    pub fn name(&self, item: usize) -> &'t str {
        self.items.get(item).and_then(|item| item.name).map_or("", |name| self.at(name))
    }

    /// The token behind `<…>`, `open` standing on the `<`.
    pub fn skip_angles(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        let mut token = open;
        while token < self.source.code.len() {
            match self.at(token) {
                "<" => depth += 1,
                ">" | ">=" => {
                    depth -= 1;
                    if depth == 0 {
                        return token + 1;
                    }
                }
                "(" | "[" | "{" => token = self.partner[token],
                ";" | "}" | ")" => return token,
                _ => {}
            }
            token += 1;
        }
        token
    }

    /// The first token in `from..to` outside brackets that satisfies `wanted`; angle brackets count if `angles`.
    pub fn find(&self, (from, to): Span, angles: bool, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        let mut token = from;
        while token < to {
            let text = self.at(token);
            if wanted(text) {
                return Some(token);
            }
            token = match text {
                "(" | "[" | "{" => self.partner[token].max(token) + 1,
                "<" if angles || self.source.before(token) == "::" => self.skip_angles(token).max(token + 1),
                _ => token + 1,
            };
        }
        None
    }

    /// The parts of `from..to` between commas outside brackets and angles.
    pub fn split(&self, span: Span) -> Vec<Span> {
        self.split_at_commas(span, true)
    }

    fn split_at_commas(&self, (from, to): Span, angles: bool) -> Vec<Span> {
        let mut parts = Vec::new();
        let mut start = from;
        while start < to {
            let end = self.find((start, to), angles, |text| text == ",").unwrap_or(to);
            parts.push((start, end));
            start = end + 1;
        }
        parts
    }

    /// Behind the attributes and visibility that stand at `token`.
    pub fn skip_prefix(&self, mut token: usize) -> usize {
        loop {
            token = match self.at(token) {
                "#" if self.source.after(token) == "[" => self.partner[token + 1] + 1,
                "pub" if self.source.after(token) == "(" => self.partner[token + 1] + 1,
                "pub" => token + 1,
                _ => return token,
            };
        }
    }

    /// The name a path or type ends in: `Foo` of `&mut a::Foo<T>`.
    pub fn head(&self, (from, to): Span) -> Option<&'t str> {
        let mut token = from;
        let mut head = None;
        while token < to {
            match self.at(token) {
                "&" | "&&" | "mut" | "dyn" | "?" | "*" | "const" | "impl" | "::" | "$" | "crate" | "self" | "super" => {
                }
                "<" | "+" | "where" | "=" | "for" => break,
                "(" if head.is_none() && token + 1 < to => return self.head((token + 1, self.partner[token].min(to))),
                text if self.source.is_ident(token) => head = Some(text),
                text if text.starts_with('\'') => {}
                _ => break,
            }
            token += 1;
        }
        head
    }

    fn item_at(&self, token: usize) -> Option<Item> {
        let source = &self.source;
        if !source.is_ident(token) {
            return None;
        }
        let (before, after) = (source.before(token), source.after(token));
        let named = source.is_ident(token + 1);
        let kind = match source.at(token) {
            "fn" if named => ItemKind::Fn,
            "struct" if named => ItemKind::Struct,
            "enum" if named => ItemKind::Enum,
            "union" if named && matches!(self.at(token + 2), "{" | "<") => ItemKind::Union,
            "trait" if named => ItemKind::Trait,
            "mod" if named && matches!(self.at(token + 2), "{" | ";") => ItemKind::Mod,
            "type" if named => ItemKind::TypeAlias,
            "impl" if matches!(before, "" | ";" | "{" | "}" | "]" | ")" | "unsafe" | "default" | "," | "(") => {
                ItemKind::Impl
            }
            "const" if named && self.at(token + 2) == ":" && !matches!(before, "<" | "," | "*") => ItemKind::Const,
            "static" if named && (self.at(token + 2) == ":" || after == "mut") => ItemKind::Static,
            "macro_rules" if after == "!" && source.is_ident(token + 2) => ItemKind::MacroRules,
            "use" if after != "<" && (named || matches!(after, "::" | "{")) => ItemKind::Use,
            _ => return None,
        };
        let name = match kind {
            ItemKind::Impl | ItemKind::Use => None,
            ItemKind::MacroRules => Some(token + 2),
            ItemKind::Static if after == "mut" => Some(token + 2),
            _ => Some(token + 1),
        };
        let mut item = Item {
            kind,
            start: token,
            end: token + 1,
            name,
            generics: None,
            params: None,
            ty: None,
            body: None,
            of_trait: None,
            of_type: None,
            parent: None,
        };
        self.read_item(&mut item);
        // In brackets, `impl Trait` is mostly a type; only a macro can have the whole item there.
        let typelike =
            kind == ItemKind::Impl && matches!(before, "(" | ",") && (item.of_trait.is_none() || item.body.is_none());
        (!typelike).then_some(item)
    }

    /// Fills in what follows an item's keyword and name.
    fn read_item(&self, item: &mut Item) {
        let length = self.source.code.len();
        let mut token = item.name.unwrap_or(item.start) + 1;
        if self.at(token) == "<" {
            let end = self.skip_angles(token);
            item.generics = Some((token, end));
            token = end;
        }
        if item.kind == ItemKind::Fn && self.at(token) == "(" {
            item.params = Some((token, self.partner[token]));
            token = self.partner[token].max(token) + 1;
            if self.at(token) == "->" {
                let end = self.find((token + 1, length), true, |text| matches!(text, "{" | ";" | "where" | "}"));
                item.ty = Some((token + 1, end.unwrap_or(length)));
            }
        }
        if matches!(item.kind, ItemKind::Const | ItemKind::Static) {
            let end = self.find((token + 1, length), true, |text| matches!(text, "=" | ";"));
            item.ty = Some((token + 1, end.unwrap_or(length)));
        }
        let header = (token, length);
        let stop = match item.kind {
            ItemKind::Const | ItemKind::Static | ItemKind::Use | ItemKind::TypeAlias => {
                self.find(header, false, |text| matches!(text, ";" | "}"))
            }
            ItemKind::Struct => {
                // A `where` clause may have brackets of its own; a tuple struct's come before it.
                let found = self.find(header, true, |text| matches!(text, ";" | "{" | "(" | "}" | "where"));
                let bounds = found.filter(|found| self.at(*found) == "where");
                let behind = |from| self.find((from, length), true, |text| matches!(text, ";" | "{" | "}"));
                bounds.map_or(found, behind)
            }
            ItemKind::MacroRules => self.find(header, false, |text| matches!(text, "{" | "(" | "[")),
            _ => self.find(header, true, |text| matches!(text, ";" | "{" | "}")),
        };
        let stop = stop.unwrap_or(length);
        if item.kind == ItemKind::TypeAlias {
            let aliased = self.find((token, stop), true, |text| text == "=");
            item.ty = aliased.map(|equals| (equals + 1, stop));
        }
        if item.kind == ItemKind::Impl {
            let end = self.find((token, stop), true, |text| text == "where").unwrap_or(stop);
            match self.find((token, end), true, |text| text == "for").filter(|found| self.at(found + 1) != "<") {
                Some(found) => (item.of_trait, item.of_type) = (Some((token, found)), Some((found + 1, end))),
                None => item.of_type = Some((token, end)),
            }
        }
        item.end = (stop + 1).min(length);
        if matches!(self.at(stop), "{" | "(" | "[") {
            item.body = Some((stop, self.partner[stop]));
            item.end = self.partner[stop].max(stop) + 1;
        }
    }

    fn nest(&mut self) {
        let mut inside = vec![u32::MAX; self.source.code.len()];
        let mut open: Vec<usize> = Vec::new();
        let mut next = 0;
        for (token, slot) in inside.iter_mut().enumerate() {
            while open.last().is_some_and(|item| self.items[*item].end <= token) {
                open.pop();
            }
            if self.items.get(next).is_some_and(|item| item.start == token) {
                self.items[next].parent = open.last().copied();
                open.push(next);
                next += 1;
            }
            *slot = open.last().map_or(u32::MAX, |item| *item as u32);
        }
        self.inside = inside;
        let bodies = self.items.iter().enumerate().filter_map(|(index, item)| Some((item.body?.0, index)));
        self.bodies = bodies.collect();
    }

    fn members(&mut self, item: usize) {
        let Some((open, close)) = self.items[item].body else { return };
        match self.items[item].kind {
            ItemKind::Struct | ItemKind::Union if self.at(open) == "{" => self.read_fields((open, close), item, None),
            ItemKind::Enum => {
                // `A = 1 << 8` has no angle brackets.
                for (start, end) in self.split_at_commas((open + 1, close), false) {
                    let name = self.skip_prefix(start);
                    if name >= end || !self.source.is_ident(name) {
                        continue;
                    }
                    let payload = matches!(self.at(name + 1), "{" | "(").then(|| (name + 1, self.partner[name + 1]));
                    if let Some(payload) = payload.filter(|_| self.at(name + 1) == "{") {
                        self.read_fields(payload, item, Some(name));
                    }
                    self.variants.push(Variant { name, item, payload });
                }
            }
            _ => {}
        }
    }

    fn read_fields(&mut self, (open, close): Span, item: usize, variant: Option<usize>) {
        for (start, end) in self.split((open + 1, close)) {
            let name = self.skip_prefix(start);
            if self.source.is_ident(name) && self.at(name + 1) == ":" {
                self.fields.push(Field { name, ty: (name + 2, end), item, variant });
            }
        }
    }
}

fn around(source: &Source<'_>, partner: &[usize]) -> Vec<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut around = Vec::with_capacity(partner.len());
    for (token, other) in partner.iter().enumerate() {
        if *other < token {
            open.pop();
        }
        around.push(open.last().copied().unwrap_or(usize::MAX));
        if *other > token && matches!(source.at(token), "(" | "[" | "{") {
            open.push(token);
        }
    }
    around
}
