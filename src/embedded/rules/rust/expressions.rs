//! The types of simple Rust expressions: chains of calls, fields and names.
//!
//! It follows declared types of parameters, fields and return values. Whatever needs more than that has no type here;
//! a wrong type would rename the wrong thing.

use super::bindings::{Origin, Region};
use super::outline::Span;
use super::types::{TRANSPARENT, Ty, Types, from_elsewhere};

/// How many steps an expression's type may need.
const DEPTH: usize = 12;

impl<'t> Types<'_, 't> {
    /// The type of what stands before the dot at `dot`.
    pub fn receiver(&self, file: usize, dot: usize) -> Option<Ty<'t>> {
        self.ending_at(file, dot.checked_sub(1)?, DEPTH).map(|ty| self.through(ty))
    }

    /// The type of the postfix expression whose last token is given.
    fn ending_at(&self, file: usize, token: usize, depth: usize) -> Option<Ty<'t>> {
        let depth = depth.checked_sub(1)?;
        let roles = &self.files[file];
        let outline = &roles.outline;
        let before = outline.source.before(token);
        match outline.at(token) {
            ")" => self.call(file, outline.partner[token], depth),
            "]" if outline.source.before(outline.partner[token]) != "!" => {
                let of = self.through(self.ending_at(file, outline.partner[token].checked_sub(1)?, depth)?);
                match of.head {
                    "Vec" | "[]" | "VecDeque" => of.args.into_iter().next(),
                    "HashMap" | "BTreeMap" => of.args.into_iter().nth(1),
                    _ => None,
                }
            }
            "?" => self.through(self.ending_at(file, token.checked_sub(1)?, depth)?).args.into_iter().next(),
            "await" if before == "." => self.ending_at(file, token.checked_sub(2)?, depth),
            "}" => {
                let (start, open) = roles.struct_path(outline.partner[token])?;
                self.read(file, (start, open))
            }
            "self" if before != "." => self.self_type(file, token),
            _ if before == "." => {
                let of = self.through(self.ending_at(file, token.checked_sub(2)?, depth)?);
                if let Some(index) = outline.source.code.get(token).and_then(|token| token.text.parse::<usize>().ok()) {
                    return match of.head {
                        "()" => of.args.into_iter().nth(index),
                        _ => self.tuple_field(&of, index),
                    };
                }
                self.field(&of, outline.at(token))
            }
            name if outline.source.is_ident(token) && before != "::" => self.name(file, token, name, depth),
            _ => None,
        }
    }

    /// A local or a constant.
    fn name(&self, file: usize, token: usize, name: &str, depth: usize) -> Option<Ty<'t>> {
        let roles = &self.files[file];
        let named = roles.bindings.of_name(&roles.outline, name);
        let Some(region) = roles.local(&named, token) else { return self.constant(name) };
        let binding = named.iter().find(|(index, _)| *index == region)?.1;
        let region = &roles.bindings.regions[region];
        self.bound(file, region, binding, depth)
    }

    /// The type of a name bound by a pattern.
    fn bound(&self, file: usize, region: &Region, binding: usize, depth: usize) -> Option<Ty<'t>> {
        let roles = &self.files[file];
        let outline = &roles.outline;
        let whole = || match (region.ty, region.value) {
            (Some(ty), _) => self.read(file, ty),
            (None, Some(value)) if region.origin == Origin::For => self.item_of(file, value, depth),
            (None, Some(value)) => self.expression(file, value, depth),
            (None, None) if region.origin == Origin::Closure => self.closure_argument(file, region.pattern.0, depth),
            (None, None) => None,
        };
        let around = outline.around[binding];
        if around == usize::MAX || around < region.pattern.0 {
            return whole();
        }
        let part = outline
            .split((around + 1, outline.partner[around]))
            .iter()
            .position(|(start, end)| *start <= binding && binding < *end)?;
        if outline.at(around) == "(" {
            return match outline.source.before(around) {
                "Some" | "Ok" => self.wrapped(whole()?, 0),
                "Err" => self.wrapped(whole()?, 1),
                _ if outline.source.is_ident(around.wrapping_sub(1)) => {
                    let path = roles.path(around - 1);
                    let of = match path.len().checked_sub(2).map(|index| path[index]) {
                        Some("Self") => self.self_type(file, around).map(|ty| ty.head),
                        Some(of) => Some(of),
                        None => whole().map(|ty| self.through(ty).head),
                    };
                    self.payload(file, around - 1, part, of)
                }
                _ if around == region.pattern.0 => whole()?.args.into_iter().nth(part),
                _ => None,
            };
        }
        let (start, open) = roles.struct_path(around)?;
        let of = self.read(file, (start, open))?;
        let field = if outline.source.before(binding) == ":" {
            outline.at(binding.wrapping_sub(2))
        } else {
            outline.at(binding)
        };
        self.field(&of, field)
    }

    /// What a method such as `map` gives to the closure whose first parameter is at a token.
    fn closure_argument(&self, file: usize, first: usize, depth: usize) -> Option<Ty<'t>> {
        const METHODS: [&str; 25] = [
            "all",
            "and_then",
            "any",
            "filter",
            "filter_map",
            "find",
            "find_map",
            "flat_map",
            "for_each",
            "inspect",
            "is_none_or",
            "is_some_and",
            "map",
            "map_or",
            "map_or_else",
            "map_while",
            "max_by_key",
            "min_by_key",
            "partition",
            "position",
            "rposition",
            "skip_while",
            "sum",
            "take_while",
            "unwrap_or_else",
        ];
        let outline = &self.files[file].outline;
        let pipe = first.checked_sub(1).filter(|pipe| outline.at(*pipe) == "|")?;
        let open = outline.around[pipe];
        let method = open.checked_sub(1).filter(|_| open != usize::MAX)?;
        let known = METHODS.contains(&outline.at(method)) && outline.source.before(method) == ".";
        let of = self.through(self.ending_at(file, method.checked_sub(2).filter(|_| known)?, depth)?);
        matches!(of.head, "Iter" | "Option" | "Result").then(|| of.args.into_iter().next())?
    }

    fn wrapped(&self, ty: Ty<'t>, index: usize) -> Option<Ty<'t>> {
        matches!(ty.head, "Option" | "Result" | "Poll").then(|| ty.args.into_iter().nth(index))?
    }

    /// The type of the items an expression gives when it is iterated.
    fn item_of(&self, file: usize, value: Span, depth: usize) -> Option<Ty<'t>> {
        let ty = self.through(self.expression(file, value, depth)?);
        matches!(ty.head, "Vec" | "[]" | "VecDeque" | "HashSet" | "BTreeSet" | "Option" | "Iter")
            .then(|| ty.args.into_iter().next())?
    }

    /// The type of an expression that is one chain of calls and fields.
    fn expression(&self, file: usize, (mut from, to): Span, depth: usize) -> Option<Ty<'t>> {
        let outline = &self.files[file].outline;
        while from < to && matches!(outline.at(from), "&" | "&&" | "mut" | "*") {
            from += 1;
        }
        let last = to.checked_sub(1)?;
        if self.chain_start(file, last) != Some(from) {
            return None;
        }
        self.ending_at(file, last, depth)
    }

    /// Where the chain of postfix operations that ends at a token begins.
    fn chain_start(&self, file: usize, last: usize) -> Option<usize> {
        let roles = &self.files[file];
        let outline = &roles.outline;
        let mut token = last;
        loop {
            match outline.at(token) {
                ")" | "]" => {
                    let open = outline.partner[token];
                    let before = open.wrapping_sub(1);
                    let callee =
                        outline.source.is_ident(before) || matches!(outline.at(before), ">" | ")" | "]" | "?" | "!");
                    if !callee {
                        token = open;
                    } else {
                        token = if outline.at(before) == "!" { before.checked_sub(1)? } else { before };
                        continue;
                    }
                }
                "}" => token = roles.struct_path(outline.partner[token])?.0,
                "?" => {
                    token = token.checked_sub(1)?;
                    continue;
                }
                ">" => return None,
                _ => token = roles.path_start(token),
            }
            if outline.source.before(token) != "." {
                return Some(token);
            }
            token = token.checked_sub(2)?;
        }
    }

    /// The type of a call or parenthesised expression, `open` being its bracket.
    fn call(&self, file: usize, open: usize, depth: usize) -> Option<Ty<'t>> {
        let roles = &self.files[file];
        let outline = &roles.outline;
        let mut callee = open.checked_sub(1)?;
        if outline.at(callee) == ">" {
            // `name::<T>(…)`: the type is what the caller says only for a few functions, so it is left open.
            return None;
        }
        if outline.at(callee) == "!" {
            callee = callee.checked_sub(1)?;
            let head = match outline.at(callee) {
                "vec" => "Vec",
                "format" => "String",
                _ => return None,
            };
            return Some(Ty::named(head, Vec::new()));
        }
        if !outline.source.is_ident(callee)
            || matches!(outline.at(callee), "return" | "in" | "if" | "match" | "else" | "mut")
        {
            return self.expression(file, (open + 1, outline.partner[open]), depth);
        }
        let name = outline.at(callee);
        match outline.source.before(callee) {
            "." => {
                let of = self.ending_at(file, callee.checked_sub(2)?, depth)?;
                self.method(of, name)
            }
            "::" => self.path_call(file, callee, open, depth),
            _ if name.starts_with(|first: char| first.is_uppercase()) => {
                let (place, foreign) = self.origin(file, callee, name);
                self.is_defined(name).then(|| Ty { head: name, args: Vec::new(), place, foreign })
            }
            _ => self.function("", name, None),
        }
    }

    /// The type of `Type::name(…)` or `module::name(…)`.
    fn path_call(&self, file: usize, callee: usize, open: usize, depth: usize) -> Option<Ty<'t>> {
        let roles = &self.files[file];
        let outline = &roles.outline;
        let name = outline.at(callee);
        let path = roles.path(callee);
        let qualifier = path.len().checked_sub(2).map(|index| path[index])?;
        let of = match qualifier {
            "Self" => self.self_type(file, callee)?,
            _ => {
                let last = (0..callee).rev().find(|token| outline.at(*token) == qualifier)?;
                let (place, foreign) = self.origin(file, last, qualifier);
                // What a type from elsewhere holds is not said here.
                let args = if foreign { vec![Ty::default()] } else { Vec::new() };
                self.unaliased(Ty { head: qualifier, args, place, foreign })
            }
        };
        let capital = |name: &str| name.starts_with(|first: char| first.is_uppercase());
        if !capital(of.head) {
            return self.function("", name, None);
        }
        if TRANSPARENT.contains(&of.head) && name == "new" {
            return self.expression(file, (open + 1, outline.partner[open]), depth);
        }
        if let Some(declared) = self.function(of.head, name, Some(&of)) {
            return Some(declared);
        }
        // By custom these give the type itself, as `Enum::Variant(…)` does.
        let constructor =
            matches!(name, "new" | "default" | "from") || name.starts_with("with_") || name.starts_with("new_");
        if constructor || capital(name) { Some(of) } else { from_elsewhere(&of) }
    }

    /// What a method gives.
    fn method(&self, of: Ty<'t>, name: &str) -> Option<Ty<'t>> {
        if let Some(ty) = self.function(of.head, name, Some(&of)) {
            return Some(ty);
        }
        let inner = self.through(of.clone());
        if inner.head != of.head
            && let Some(ty) = self.function(inner.head, name, Some(&inner))
        {
            return Some(ty);
        }
        let first = |ty: &Ty<'t>| ty.args.first().cloned();
        match (name, inner.head) {
            (
                "clone" | "to_owned" | "as_ref" | "as_mut" | "borrow" | "borrow_mut" | "by_ref" | "as_deref"
                | "as_deref_mut",
                _,
            ) => Some(inner),
            ("unwrap" | "expect" | "unwrap_or_default" | "unwrap_or" | "unwrap_or_else", "Option" | "Result") => {
                first(&inner)
            }
            ("ok", "Result") => Some(Ty::named("Option", inner.args)),
            ("ok_or" | "ok_or_else" | "map_err" | "or_else" | "take" | "cloned" | "copied", "Option" | "Result") => {
                Some(inner)
            }
            (
                "iter" | "iter_mut" | "into_iter" | "drain",
                "Vec" | "[]" | "VecDeque" | "HashSet" | "BTreeSet" | "Option",
            ) => Some(Ty::named("Iter", inner.args)),
            ("rev" | "skip" | "take" | "filter" | "peekable" | "cloned" | "copied" | "chain", "Iter") => Some(inner),
            ("next" | "last" | "nth" | "find" | "peek", "Iter") => Some(Ty::named("Option", inner.args)),
            ("first" | "last" | "get" | "get_mut" | "first_mut" | "last_mut" | "pop", "Vec" | "[]" | "VecDeque") => {
                Some(Ty::named("Option", inner.args))
            }
            ("get" | "get_mut" | "remove", "HashMap" | "BTreeMap") => {
                Some(Ty::named("Option", inner.args.into_iter().skip(1).take(1).collect()))
            }
            ("lock" | "read" | "write", "Mutex" | "RwLock") => Some(Ty::named("Result", inner.args)),
            _ => from_elsewhere(&inner),
        }
    }
}
