//! The types that Rust files declare: of fields, functions and aliases, and which traits a type has.
//!
//! Only what the files that were read say. Where several declarations disagree, there is no type.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::super::lexer::is_word;
use super::modules::{Modules, Named, Place};
use super::outline::{Field, Item, ItemKind, Outline, Span};
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
    pub(super) fn named(head: &'t str, args: Vec<Ty<'t>>) -> Ty<'t> {
        Ty { head, args, place: None, foreign: false }
    }
}

/// What the files declare, by name.
pub struct Types<'w, 't> {
    pub(super) files: &'w [Roles<'t>],
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

/// Containers that give access to what they hold.
pub(super) const TRANSPARENT: [&str; 9] =
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
                    // What is implemented for a type parameter is no particular type's.
                    let of_type = of_type.filter(|head| !declares(outline, item.generics, head));
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
        if let Some(ty) = self.associated(file, (from, to)) {
            return self.read(file, ty);
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

    /// What `Self::Name` stands for in the `impl` around it.
    fn associated(&self, file: usize, (from, to): Span) -> Option<Span> {
        let outline = &self.files[file].outline;
        let named = outline.at(from) == "Self" && outline.at(from + 1) == "::" && from + 2 < to;
        let around = outline.enclosing(from, |item| item.kind == ItemKind::Impl).filter(|_| named)?;
        let own = |item: &&Item| item.parent == Some(around) && item.kind == ItemKind::TypeAlias;
        let alias = outline
            .items
            .iter()
            .filter(own)
            .find(|item| item.name.is_some_and(|name| outline.at(name) == outline.at(from + 2)));
        // `type Output = Self::Output` would go round in circles.
        alias?.ty.filter(|(start, _)| outline.at(start + 1) != "::" || outline.at(*start) != "Self")
    }

    /// Which of several types of a name the path that ends at a token means, and whether it means one from elsewhere.
    pub(super) fn origin(&self, file: usize, token: usize, name: &str) -> (Option<Place>, bool) {
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

    pub(super) fn unaliased(&self, ty: Ty<'t>) -> Ty<'t> {
        let Some([(file, item)]) = self.types.get(ty.head).filter(|_| !ty.foreign).map(Vec::as_slice) else {
            return ty;
        };
        let outline = &self.files[*file].outline;
        let item = &outline.items[*item];
        match item.ty.filter(|_| item.kind == ItemKind::TypeAlias) {
            Some(span) if outline.head(span) != Some(ty.head) => {
                let Some(mut aliased) = self.read(*file, span) else { return ty };
                if item.generics.is_some() {
                    // Which argument goes where is not followed.
                    aliased.args = vec![Ty::default()];
                }
                aliased
            }
            _ => ty,
        }
    }

    /// What the type aliases of this name stand for: names of types.
    pub fn aliases(&self, name: &str) -> Vec<&'t str> {
        let aliased = self.definitions(name).iter().filter_map(|(file, item)| {
            let outline = &self.files[*file].outline;
            let item = &outline.items[*item];
            item.ty.filter(|_| item.kind == ItemKind::TypeAlias).and_then(|span| outline.head(span))
        });
        aliased.filter(|head| *head != name).collect()
    }

    /// What a smart pointer points to.
    pub(super) fn through(&self, mut ty: Ty<'t>) -> Ty<'t> {
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
    pub(super) fn tuple_field(&self, of: &Ty<'t>, index: usize) -> Option<Ty<'t>> {
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

    pub(super) fn constant(&self, name: &str) -> Option<Ty<'t>> {
        for (file, roles) in self.files.iter().enumerate() {
            for (index, item) in roles.outline.items.iter().enumerate() {
                if matches!(item.kind, ItemKind::Const | ItemKind::Static) && roles.outline.name(index) == name {
                    return self.read(file, item.ty?);
                }
            }
        }
        None
    }

    /// The type at a position of a tuple variant's or tuple struct's payload.
    pub(super) fn payload(&self, file: usize, name: usize, part: usize, of: Option<&str>) -> Option<Ty<'t>> {
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

    /// The return type of the one function of this owner and name.
    pub(super) fn function(&self, owner: &str, name: &str, of: Option<&Ty<'t>>) -> Option<Ty<'t>> {
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
pub(super) fn from_elsewhere<'t>(of: &Ty<'t>) -> Option<Ty<'t>> {
    (of.foreign && of.args.is_empty()).then(|| Ty { foreign: true, ..Ty::default() })
}

/// Whether angle brackets declare a parameter of a name.
fn declares(outline: &Outline<'_>, generics: Option<Span>, name: &str) -> bool {
    let Some((open, end)) = generics else { return false };
    outline.split((open + 1, end.saturating_sub(1))).iter().any(|(start, _)| outline.at(*start) == name)
}

/// The type that all declarations give, if they agree.
fn agreed<'t>(mut types: impl Iterator<Item = Option<Ty<'t>>>) -> Option<Ty<'t>> {
    let first = types.next()??;
    types.all(|ty| ty.as_ref() == Some(&first)).then_some(first)
}
