//! The types of simple Rust expressions, as far as declarations in the files that were read say.
//!
//! It follows declared types of parameters, fields and return values. Whatever needs more than that has no type here;
//! a wrong type would rename the wrong thing.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::super::lexer::is_word;
use super::bindings::{Origin, Region};
use super::modules::{Modules, Named, Place};
use super::outline::{Field, ItemKind, Span};
use super::roles::Roles;

/// A type: the name it ends in and its arguments. `[]` is a slice or array, `()` a tuple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ty<'t> {
    pub head: &'t str,
    pub args: Vec<Ty<'t>>,
    /// Where it is defined, told only where several types have the name.
    pub place: Option<Place>,
    /// Whether its path leads out of the workspace.
    pub foreign: bool,
}

impl<'t> Ty<'t> {
    fn named(head: &'t str, args: Vec<Ty<'t>>) -> Ty<'t> {
        Ty { head, args, place: None, foreign: false }
    }
}

/// What the files declare, by name.
pub struct Types<'w, 't> {
    files: &'w [Roles<'t>],
    modules: &'w Modules,
    /// Structs, enums, unions, traits and aliases.
    types: HashMap<&'t str, Vec<(usize, usize)>>,
    fields: HashMap<(&'t str, &'t str), Vec<(usize, Field)>>,
    /// Functions by owner (nothing for free ones) and name.
    functions: HashMap<(&'t str, &'t str), Vec<(usize, usize)>>,
    /// Traits that a type implements.
    traits: HashMap<&'t str, Vec<&'t str>>,
    derefs: HashMap<&'t str, (usize, Span)>,
    /// Names that would have said more had their definitions been read.
    wanted: RefCell<BTreeSet<String>>,
}

/// How many steps an expression's type may need.
const DEPTH: usize = 12;

/// Containers that give access to what they hold.
const TRANSPARENT: [&str; 9] =
    ["Box", "Rc", "Arc", "Ref", "RefMut", "MutexGuard", "RwLockReadGuard", "RwLockWriteGuard", "Pin"];

impl<'w, 't> Types<'w, 't> {
    pub fn of(files: &'w [Roles<'t>], modules: &'w Modules) -> Types<'w, 't> {
        let mut types = Types {
            files,
            modules,
            types: HashMap::new(),
            fields: HashMap::new(),
            functions: HashMap::new(),
            traits: HashMap::new(),
            derefs: HashMap::new(),
            wanted: RefCell::default(),
        };
        for file in 0..files.len() {
            types.add_file(file);
        }
        types
    }

    fn add_file(&mut self, file: usize) {
        let outline = &self.files[file].outline;
        for (index, item) in outline.items.iter().enumerate() {
            let parent = item.parent.map(|parent| (parent, &outline.items[parent]));
            match item.kind {
                ItemKind::Fn => {
                    let owner = parent.map_or("", |(index, parent)| match parent.kind {
                        ItemKind::Impl => parent.of_type.and_then(|span| outline.head(span)).unwrap_or(""),
                        ItemKind::Trait => outline.name(index),
                        _ => "",
                    });
                    self.functions.entry((owner, outline.name(index))).or_default().push((file, index));
                }
                ItemKind::Impl => {
                    let of_type = item.of_type.and_then(|span| outline.head(span));
                    if let (Some(of_type), Some(of_trait)) =
                        (of_type, item.of_trait.and_then(|span| outline.head(span)))
                    {
                        self.traits.entry(of_type).or_default().push(of_trait);
                    }
                }
                // An associated type of a trait is no type of its own.
                ItemKind::TypeAlias if parent.is_some_and(|(_, parent)| parent.kind == ItemKind::Trait) => {}
                ItemKind::TypeAlias => match parent {
                    Some((_, parent)) if parent.kind == ItemKind::Impl => {
                        let of_type = parent.of_type.and_then(|span| outline.head(span));
                        if let (Some(of_type), "Target", Some(ty)) = (of_type, outline.name(index), item.ty) {
                            self.derefs.insert(of_type, (file, ty));
                        }
                    }
                    _ => self.types.entry(outline.name(index)).or_default().push((file, index)),
                },
                ItemKind::Struct | ItemKind::Enum | ItemKind::Union | ItemKind::Trait => {
                    self.types.entry(outline.name(index)).or_default().push((file, index));
                }
                _ => {}
            }
        }
        for field in &outline.fields {
            let of = field.variant.map_or(outline.name(field.item), |variant| outline.at(variant));
            let key = (of, outline.at(field.name));
            self.fields.entry(key).or_default().push((file, *field));
        }
    }

    /// Names whose definitions would have said more.
    pub fn wanted(&self) -> BTreeSet<String> {
        self.wanted.borrow().clone()
    }

    /// The types, traits and aliases of this name.
    pub fn definitions(&self, name: &str) -> &[(usize, usize)] {
        self.types.get(name).map_or(&[], Vec::as_slice)
    }

    fn want(&self, name: &str) {
        let free = !name.is_empty() && name.bytes().all(is_word) && !self.is_defined(name);
        if free && !TRANSPARENT.contains(&name) {
            self.wanted.borrow_mut().insert(name.to_owned());
        }
    }

    /// Whether the files define a type of this name.
    pub fn is_defined(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// Whether a type, or a type parameter in scope at a token, has a trait.
    pub fn has_trait(&self, (file, token): (usize, usize), name: &str, of_trait: &str) -> bool {
        name == of_trait
            || self.traits.get(name).is_some_and(|traits| traits.contains(&of_trait))
            || self
                .bounds((file, token), name)
                .iter()
                .any(|bound| *bound == of_trait || self.supertraits(bound).contains(&of_trait))
            || self.supertraits(name).contains(&of_trait)
    }

    /// The traits named behind the colon of a trait's definition.
    fn supertraits(&self, name: &str) -> Vec<&'t str> {
        let Some([(file, item)]) = self.types.get(name).map(Vec::as_slice) else { return Vec::new() };
        let outline = &self.files[*file].outline;
        let item = &outline.items[*item];
        let Some((open, _)) = item.body.filter(|_| item.kind == ItemKind::Trait) else { return Vec::new() };
        let start = item.name.map_or(open, |name| name + 1);
        (start..open).filter(|token| outline.source.is_ident(*token)).map(|token| outline.at(token)).collect()
    }

    /// The bounds of a type parameter that is in scope at a token.
    fn bounds(&self, (file, token): (usize, usize), name: &str) -> Vec<&'t str> {
        let outline = &self.files[file].outline;
        let mut bounds = Vec::new();
        let mut item = outline.item_around(token);
        while let Some(index) = item {
            let around = &outline.items[index];
            let header = around.start..around.body.map_or(around.end, |(open, _)| open);
            for colon in header.filter(|token| outline.at(*token) == ":" && outline.source.before(*token) == name) {
                let rest = (colon + 1, around.end);
                let end = outline.find(rest, true, |text| matches!(text, "," | ">" | "{" | ";" | "=" | ")"));
                let named = (colon + 1..end.unwrap_or(around.end)).filter(|token| outline.source.is_ident(*token));
                bounds.extend(named.map(|token| outline.at(token)));
            }
            item = around.parent;
        }
        bounds
    }

    /// The type before `impl`'s body, or the trait, around a token: what `Self` means.
    pub fn self_type(&self, file: usize, token: usize) -> Option<Ty<'t>> {
        let outline = &self.files[file].outline;
        let item = outline.enclosing(token, |item| {
            matches!(item.kind, ItemKind::Impl | ItemKind::Trait | ItemKind::Struct | ItemKind::Enum)
        })?;
        match outline.items[item].of_type {
            Some(span) => self.read(file, span),
            None => Some(Ty { place: Some((file, item)), ..Ty::named(outline.name(item), Vec::new()) }),
        }
    }

    /// Reads a type as written.
    pub fn read(&self, file: usize, (mut from, to): Span) -> Option<Ty<'t>> {
        let outline = &self.files[file].outline;
        let source = &outline.source;
        while from < to
            && (matches!(outline.at(from), "&" | "&&" | "mut" | "dyn" | "impl" | "*" | "const")
                || outline.at(from).starts_with('\''))
        {
            from += 1;
        }
        match outline.at(from) {
            "[" => {
                let end = outline.find((from + 1, outline.partner[from]), true, |text| text == ";");
                let item = self.read(file, (from + 1, end.unwrap_or(outline.partner[from])))?;
                return Some(Ty::named("[]", vec![item]));
            }
            "(" => {
                let parts = outline.split((from + 1, outline.partner[from]));
                if let [part] = parts[..] {
                    return self.read(file, part);
                }
                let unknown = Ty::default;
                let args = parts.into_iter().map(|part| self.read(file, part).unwrap_or_else(unknown)).collect();
                return Some(Ty::named("()", args));
            }
            _ => {}
        }
        let mut head = None;
        let mut last = from;
        while from < to {
            match outline.at(from) {
                "::" => {}
                "<" => break,
                text if source.is_ident(from) => (head, last) = (Some(text), from),
                _ => break,
            }
            from += 1;
        }
        let head = head?;
        if head == "Self" {
            return self.self_type(file, from);
        }
        let mut args = Vec::new();
        if outline.at(from) == "<" {
            let end = outline.skip_angles(from);
            let parts = outline.split((from + 1, end.saturating_sub(1)));
            let unknown = Ty::default;
            let types = parts.into_iter().filter(|part| !outline.at(part.0).starts_with('\''));
            args = types.map(|part| self.read(file, part).unwrap_or_else(unknown)).collect();
        }
        let (place, foreign) = self.origin(file, last, head);
        Some(self.unaliased(Ty { head, args, place, foreign }))
    }

    /// Which of several types of a name the path that ends at a token means, and whether it means one from elsewhere.
    fn origin(&self, file: usize, token: usize, name: &str) -> (Option<Place>, bool) {
        let path = self.files[file].path(token);
        let named = match path.len() {
            0 | 1 => self.modules.plain(self.files, file, token, name),
            _ => self.modules.path(self.files, file, token, &path),
        };
        match named {
            Named::Items(items) if self.definitions(name).len() > 1 => (items.into_iter().min(), false),
            Named::Other => (None, true),
            Named::Unknown if path.len() > 1 => (None, self.modules.is_foreign(self.files, file, token, path[0])),
            _ => (None, false),
        }
    }

    fn unaliased(&self, ty: Ty<'t>) -> Ty<'t> {
        let Some([(file, item)]) = self.types.get(ty.head).filter(|_| !ty.foreign).map(Vec::as_slice) else {
            return ty;
        };
        let outline = &self.files[*file].outline;
        let item = &outline.items[*item];
        match item.ty.filter(|_| item.kind == ItemKind::TypeAlias && item.generics.is_none()) {
            Some(span) if outline.head(span) != Some(ty.head) => self.read(*file, span).unwrap_or(ty),
            _ => ty,
        }
    }

    /// What a type alias of this name stands for.
    pub fn alias(&self, name: &'t str) -> Option<&'t str> {
        let ty = self.unaliased(Ty::named(name, Vec::new()));
        (ty.head != name).then_some(ty.head)
    }

    /// The type of what stands before the dot at `dot`.
    pub fn receiver(&self, file: usize, dot: usize) -> Option<Ty<'t>> {
        self.ending_at(file, dot.checked_sub(1)?, DEPTH).map(|ty| self.through(ty))
    }

    /// What a smart pointer points to.
    fn through(&self, mut ty: Ty<'t>) -> Ty<'t> {
        while TRANSPARENT.contains(&ty.head) && !ty.args.is_empty() {
            ty = ty.args.swap_remove(0);
        }
        ty
    }

    /// What a type dereferences to by its own `Deref`.
    pub fn deref(&self, ty: &Ty<'t>) -> Option<Ty<'t>> {
        let (file, span) = self.derefs.get(ty.head)?;
        self.read(*file, *span).map(|ty| self.through(ty))
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

    /// The type of a field.
    pub fn field(&self, of: &Ty<'t>, name: &str) -> Option<Ty<'t>> {
        // A struct may be declared once per configuration; its fields count if all declarations agree.
        let Some(fields) = self.fields.get(&(of.head, name)).filter(|_| !of.foreign) else {
            self.want(of.head);
            return from_elsewhere(of);
        };
        let declared = fields.iter().map(|(file, field)| {
            let outline = &self.files[*file].outline;
            let ty = self.read(*file, field.ty)?;
            let generics = outline.items[field.item].generics;
            Some(self.substituted(*file, generics, of, ty))
        });
        agreed(declared)
    }

    /// The type of a tuple struct's field.
    fn tuple_field(&self, of: &Ty<'t>, index: usize) -> Option<Ty<'t>> {
        let Some(definitions) = self.types.get(of.head) else {
            self.want(of.head);
            return None;
        };
        agreed(definitions.iter().map(|(file, item)| {
            let outline = &self.files[*file].outline;
            let item = &outline.items[*item];
            let (open, close) = item.body.filter(|(open, _)| outline.at(*open) == "(")?;
            let (start, end) = outline.split((open + 1, close)).get(index).copied()?;
            let ty = self.read(*file, (outline.skip_prefix(start), end))?;
            Some(self.substituted(*file, item.generics, of, ty))
        }))
    }

    /// Puts the arguments of `of` for the type parameters declared in `generics`.
    fn substituted(&self, file: usize, generics: Option<Span>, of: &Ty<'t>, ty: Ty<'t>) -> Ty<'t> {
        let Some((open, end)) = generics else { return ty };
        let outline = &self.files[file].outline;
        let params = outline.split((open + 1, end - 1));
        let mut params = params.iter().filter(|(start, _)| !outline.at(*start).starts_with('\''));
        match params.position(|(start, _)| outline.at(*start) == ty.head) {
            Some(index) => of.args.get(index).cloned().unwrap_or_default(),
            None => ty,
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

    fn constant(&self, name: &str) -> Option<Ty<'t>> {
        for (file, roles) in self.files.iter().enumerate() {
            for (index, item) in roles.outline.items.iter().enumerate() {
                if matches!(item.kind, ItemKind::Const | ItemKind::Static) && roles.outline.name(index) == name {
                    return self.read(file, item.ty?);
                }
            }
        }
        None
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

    /// The type at a position of a tuple variant's or tuple struct's payload.
    fn payload(&self, file: usize, name: usize, part: usize, of: Option<&str>) -> Option<Ty<'t>> {
        let wanted = self.files[file].outline.at(name);
        let mut found = None;
        for (other, roles) in self.files.iter().enumerate() {
            let outline = &roles.outline;
            for variant in outline.variants.iter().filter(|variant| outline.at(variant.name) == wanted) {
                if of.is_some_and(|of| of != outline.name(variant.item)) {
                    continue;
                }
                let (open, close) = variant.payload?;
                let ty = outline.split((open + 1, close)).get(part).copied()?;
                if found.replace((other, (outline.skip_prefix(ty.0), ty.1))).is_some() {
                    return None;
                }
            }
        }
        found.and_then(|(file, span)| self.read(file, span))
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
            "::" => {
                let path = roles.path(callee);
                let qualifier = path.len().checked_sub(2).map(|index| path[index])?;
                let of = match qualifier {
                    "Self" => self.self_type(file, callee)?,
                    _ => {
                        let last = (0..callee).rev().find(|token| outline.at(*token) == qualifier)?;
                        let (place, foreign) = self.origin(file, last, qualifier);
                        self.unaliased(Ty { head: qualifier, args: Vec::new(), place, foreign })
                    }
                };
                let capital = of.head.starts_with(|first: char| first.is_uppercase());
                if !capital {
                    return self.function("", name, None);
                }
                if TRANSPARENT.contains(&of.head) && name == "new" {
                    return self.expression(file, (open + 1, outline.partner[open]), depth);
                }
                let constructor =
                    matches!(name, "new" | "default" | "from") || name.starts_with("with_") || name.starts_with("new_");
                let declared = self.function(of.head, name, Some(&of));
                // A tuple variant: `Enum::Variant(…)`.
                let variant = name.starts_with(|first: char| first.is_uppercase());
                declared.or_else(|| if constructor || variant { Some(of) } else { from_elsewhere(&of) })
            }
            _ if name.starts_with(|first: char| first.is_uppercase()) => {
                let (place, foreign) = self.origin(file, callee, name);
                self.is_defined(name).then(|| Ty { head: name, args: Vec::new(), place, foreign })
            }
            _ => self.function("", name, None),
        }
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

    /// The return type of the one function of this owner and name.
    fn function(&self, owner: &str, name: &str, of: Option<&Ty<'t>>) -> Option<Ty<'t>> {
        let elsewhere = of.is_some_and(|of| of.foreign);
        let Some(functions) = self.functions.get(&(owner, name)).filter(|_| !elsewhere) else {
            self.want(if owner.is_empty() { name } else { owner });
            return None;
        };
        let declared = functions.iter().map(|(file, item)| {
            let outline = &self.files[*file].outline;
            let ty = self.read(*file, outline.items[*item].ty?)?;
            let Some((of, parent)) = of.zip(outline.items[*item].parent) else { return Some(ty) };
            Some(self.substituted(*file, outline.items[parent].generics, of, ty))
        });
        agreed(declared)
    }
}

/// What a member of a type from elsewhere is: something from elsewhere, unless the type holds what is ours.
fn from_elsewhere<'t>(of: &Ty<'t>) -> Option<Ty<'t>> {
    (of.foreign && of.args.is_empty()).then(|| Ty { foreign: true, ..Ty::default() })
}

/// The type that all declarations give, if they agree.
fn agreed<'t>(mut types: impl Iterator<Item = Option<Ty<'t>>>) -> Option<Ty<'t>> {
    let first = types.next()??;
    types.all(|ty| ty.as_ref() == Some(&first)).then_some(first)
}
