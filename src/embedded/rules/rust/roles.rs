//! What an identifier of a Rust file stands for at its place, by the tokens around it.

use std::collections::HashSet;

use super::bindings::Bindings;
use super::outline::{ItemKind, Outline, Span};

/// The role of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The name in an item's definition.
    Item(usize),
    /// The name in a field's declaration.
    FieldDeclaration(usize),
    /// The name in an enum variant's declaration.
    VariantDeclaration(usize),
    /// In a `use` item.
    Use(usize),
    /// `.name(` or `.name::<…>(`.
    Method,
    /// `.name`
    FieldAccess,
    /// `name: value` of a struct literal or pattern; the brace.
    Key(usize),
    /// `name` alone in a struct literal or pattern: key and value at once; the brace.
    Shorthand(usize),
    /// `Qualifier::name`
    Qualified,
    /// `name!`
    Macro,
    /// `Item = Type` between angles.
    AssociatedBinding,
    /// `name = value` in a macro's arguments.
    NamedArgument,
    /// The name of an attribute or of a setting in one.
    AttributeKey,
    /// `$name` or `$x:name` of a macro.
    MacroVariable,
    /// Anything else: a path of one segment, or the first of several.
    Plain,
}

/// A file's outline with what is needed to tell roles.
#[derive(Debug)]
pub struct Roles<'t> {
    pub outline: Outline<'t>,
    pub bindings: Bindings,
    blocks: HashSet<usize>,
}

impl<'t> Roles<'t> {
    pub fn of(outline: Outline<'t>) -> Roles<'t> {
        let bindings = Bindings::of(&outline);
        let blocks = bindings.blocks.iter().copied().collect();
        Roles { outline, bindings, blocks }
    }

    /// The role of an identifier.
    pub fn role(&self, token: usize) -> Role {
        let outline = &self.outline;
        let source = &outline.source;
        let (before, after) = (source.before(token), source.after(token));
        if before == "$" || (before == ":" && outline.at(token.wrapping_sub(3)) == "$") {
            return Role::MacroVariable;
        }
        if let Some(declared) = self.declared(token) {
            return declared;
        }
        if let Some(item) = outline.item_around(token).filter(|item| outline.items[*item].kind == ItemKind::Use) {
            return Role::Use(item);
        }
        if before == "." {
            let call = after == "(" || (after == "::" && outline.at(token + 2) == "<");
            return if call { Role::Method } else { Role::FieldAccess };
        }
        if after == "!" && matches!(outline.at(token + 2), "(" | "[" | "{") {
            return Role::Macro;
        }
        if before == "::" {
            return Role::Qualified;
        }
        if let Some(inner) = self.attribute_around(token)
            && (token == inner + 1 || matches!(after, "=" | "("))
        {
            return Role::AttributeKey;
        }
        let around = outline.around[token];
        if around != usize::MAX && self.is_struct_brace(around) {
            if after == ":" {
                return Role::Key(around);
            }
            let mut start = token;
            while matches!(source.before(start), "ref" | "mut") {
                start -= 1;
            }
            let first = matches!(source.before(start), "{" | "," | "]");
            if first && matches!(after, "," | "}") {
                return Role::Shorthand(around);
            }
        }
        if after == "=" && matches!(before, "<" | "," | "(") {
            return match around != usize::MAX && outline.at(around) == "(" && self.is_macro_bracket(around) {
                true => Role::NamedArgument,
                false if before != "(" => Role::AssociatedBinding,
                false => Role::Plain,
            };
        }
        Role::Plain
    }

    fn declared(&self, token: usize) -> Option<Role> {
        let outline = &self.outline;
        let item = outline.item_around(token)?;
        if outline.items[item].name == Some(token) {
            return Some(Role::Item(item));
        }
        let field = outline.fields.binary_search_by_key(&token, |field| field.name).ok();
        let variant = || outline.variants.binary_search_by_key(&token, |variant| variant.name).ok();
        field.map(Role::FieldDeclaration).or_else(|| variant().map(Role::VariantDeclaration))
    }

    /// The bracket of the attribute around a token.
    pub fn attribute_around(&self, token: usize) -> Option<usize> {
        let mut around = self.outline.around[token];
        while around != usize::MAX {
            if self.outline.at(around) == "[" && matches!(self.outline.source.before(around), "#" | "!") {
                let before = self.outline.source.before(around);
                let inner = before == "!" && self.outline.at(around.wrapping_sub(2)) == "#";
                if before == "#" || inner {
                    return Some(around);
                }
            }
            around = self.outline.around[around];
        }
        None
    }

    /// Whether a bracket holds the arguments of a macro.
    pub fn is_macro_bracket(&self, open: usize) -> bool {
        self.outline.source.before(open) == "!" && self.outline.source.is_ident(open.wrapping_sub(2))
    }

    /// Whether a brace belongs to a struct literal or struct pattern.
    pub fn is_struct_brace(&self, open: usize) -> bool {
        self.struct_path(open).is_some()
    }

    /// The path before the brace of a struct literal or pattern.
    pub fn struct_path(&self, open: usize) -> Option<Span> {
        let outline = &self.outline;
        if outline.at(open) != "{" || outline.body_of(open).is_some() || self.blocks.contains(&open) {
            return None;
        }
        let mut start = open;
        let mut name = None;
        loop {
            let last = start.wrapping_sub(1);
            if outline.at(last) == ">" {
                start = self.angles_start(last)?;
                if outline.source.before(start) == "::" {
                    start -= 1;
                }
                continue;
            }
            if !outline.source.is_ident(last) {
                return None;
            }
            name = name.or(Some(outline.at(last)));
            start = last;
            match outline.source.before(start) {
                "::" => start -= 1,
                _ => break,
            }
        }
        // A struct's name is written in capitals; a lower-case word before a brace is a keyword or a block's head.
        name.filter(|name| name.starts_with(|first: char| first.is_uppercase() || first == '_')).map(|_| (start, open))
    }

    fn angles_start(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        let mut token = close;
        loop {
            match self.outline.at(token) {
                ">" => depth += 1,
                "<" => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(token);
                    }
                }
                ")" | "]" => token = self.outline.partner[token],
                ";" | "{" | "}" | "(" | "" => return None,
                _ => {}
            }
            token = token.checked_sub(1)?;
        }
    }

    /// The token where the path that ends at `token` begins: `a` of `a::b::name`, `<` of `<T as Trait>::name`.
    pub fn path_start(&self, token: usize) -> usize {
        let mut start = token;
        while self.outline.source.before(start) == "::" {
            let last = start.wrapping_sub(2);
            if self.outline.at(last) == ">" {
                let Some(angle) = self.angles_start(last) else { return start };
                if self.outline.source.before(angle) == "::" {
                    start = angle - 1;
                    if self.outline.source.is_ident(start.wrapping_sub(1)) {
                        start -= 1;
                    }
                } else if self.outline.source.is_ident(angle.wrapping_sub(1)) {
                    start = angle - 1;
                } else {
                    return angle;
                }
            } else if self.outline.source.is_ident(last) {
                start = last;
            } else {
                return start - 1;
            }
        }
        start
    }

    /// The identifiers of the path that ends at `token`, it included; generic arguments are left out. A path through
    /// `<T as Trait>` begins with `Trait`, one through `<T>` with `T`.
    pub fn path(&self, token: usize) -> Vec<&'t str> {
        let outline = &self.outline;
        let start = self.path_start(token);
        let mut path = Vec::new();
        let mut at = start;
        if outline.at(at) == "<" {
            let end = outline.skip_angles(at);
            let named = outline.find((at + 1, end), false, |text| text == "as");
            path.extend(outline.head((named.map_or(at + 1, |named| named + 1), end.saturating_sub(1))));
            at = end;
        }
        while at <= token {
            match outline.at(at) {
                "<" => at = outline.skip_angles(at).max(at + 1) - 1,
                "::" if at == start => path.push("::"),
                text if outline.source.is_ident(at) => path.push(text),
                _ => {}
            }
            at += 1;
        }
        path
    }

    /// The region whose binding of this name is visible at a token (the binding itself included).
    ///
    /// A binding that exists in some configurations only is one with the binding it hides there.
    pub fn local(&self, named: &[(usize, usize)], token: usize) -> Option<usize> {
        let regions = &self.bindings.regions;
        let own = named.iter().find(|(_, binding)| *binding == token).map(|(region, _)| *region);
        if own.is_some_and(|own| !regions[own].conditional) {
            return own;
        }
        let function = self.outline.function_around(token);
        let visible = named.iter().filter(|(region, binding)| {
            let scope = regions[*region].scope;
            scope.0 <= token && token < scope.1 && self.outline.function_around(*binding) == function
        });
        visible
            .max_by_key(|(region, _)| (!regions[*region].conditional, regions[*region].scope.0))
            .map(|(region, _)| *region)
            .or(own)
    }
}
