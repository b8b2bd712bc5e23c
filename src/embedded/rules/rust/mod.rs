//! Rust: which occurrences of a name are uses of one definition.
//!
//! There is no compiler here. Names are resolved by modules, imports, scopes and declared types, as far as the files that
//! were read allow; what stays open is reported, not renamed.

mod bindings;
mod expressions;
mod items;
mod locals;
mod members;
mod modules;
mod outline;
mod roles;
mod std_names;
mod text;
mod types;

use super::lexer::Source;
use super::symbol::{Definition, Function, Reach, Target, Uses};
use modules::Modules;
use outline::{ItemKind, Outline};
use roles::{Role, Roles};

/// What kind of definition a name is, with what identifies it in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A name bound by a pattern; the region.
    Local(usize),
    /// A type or constant parameter; the item.
    Parameter(usize),
    /// An item that is not inside an `impl` or a trait.
    Item(usize),
    /// A function, constant or type inside an `impl` or a trait.
    Member(usize),
    /// A field, by its index.
    Field(usize),
    /// An enum variant, by its index.
    Variant(usize),
}

/// All Rust files that were read.
struct Files<'t> {
    list: Vec<Roles<'t>>,
    modules: Modules,
}

/// What the name at a token defines, if anything.
pub fn definition(source: &Source<'_>, token: usize) -> Option<Definition> {
    let roles = Roles::of(Outline::of(source.clone()));
    let kind = kind_of(&roles, token)?;
    let item = |item: usize| match roles.outline.items[item].kind {
        ItemKind::Fn => "function",
        ItemKind::Struct => "struct",
        ItemKind::Enum => "enum",
        ItemKind::Union => "union",
        ItemKind::Trait => "trait",
        ItemKind::Mod => "module",
        ItemKind::Const => "constant",
        ItemKind::Static => "static",
        ItemKind::TypeAlias => "type",
        ItemKind::MacroRules => "macro",
        ItemKind::Impl | ItemKind::Use => "item",
    };
    let (what, reach) = match kind {
        Kind::Local(region) if roles.bindings.regions[region].origin == bindings::Origin::Param => {
            ("parameter", Reach::File)
        }
        Kind::Local(_) => ("variable", Reach::File),
        Kind::Parameter(_) => ("type parameter", Reach::File),
        Kind::Item(index) => (item(index), Reach::Workspace),
        Kind::Member(index) if roles.outline.items[index].kind == ItemKind::Fn => ("method", Reach::Workspace),
        Kind::Member(index) => (item(index), Reach::Workspace),
        Kind::Field(_) => ("field", Reach::Workspace),
        Kind::Variant(_) => ("variant", Reach::Workspace),
    };
    Some(Definition { what, reach })
}

/// The binding of the local that a token names.
pub fn binding(source: &Source<'_>, token: usize) -> Option<usize> {
    let roles = Roles::of(Outline::of(source.clone()));
    let named = roles.bindings.of_name(&roles.outline, source.at(token));
    let region = roles.local(&named, token)?;
    named.into_iter().find(|(other, _)| *other == region).map(|(_, binding)| binding)
}

/// The functions of a file.
pub fn functions(source: &Source<'_>) -> Vec<Function> {
    let outline = Outline::of(source.clone());
    let functions = outline.items.iter().filter_map(|item| {
        let body = item.body.map(|(open, close)| (open, close + 1));
        Some(Function::plain(item.name?, item.params?, body))
    });
    functions.collect()
}

/// The parameter or local that a bare name would mean at a token.
pub fn visible(source: &Source<'_>, token: usize, name: &str) -> Option<usize> {
    let roles = Roles::of(Outline::of(source.clone()));
    let named = roles.bindings.of_name(&roles.outline, name);
    let region = roles.local(&named, token)?;
    named.into_iter().find(|(other, _)| *other == region).map(|(_, binding)| binding)
}

/// The type, trait or module around a definition, if any: what a qualified name would begin with.
pub fn owner<'t>(source: &Source<'t>, token: usize) -> Option<&'t str> {
    let roles = Roles::of(Outline::of(source.clone()));
    let outline = &roles.outline;
    let item = match kind_of(&roles, token)? {
        Kind::Field(field) => return Some(outline.name(outline.fields[field].item)),
        Kind::Variant(variant) => return Some(outline.name(outline.variants[variant].item)),
        Kind::Member(item) | Kind::Item(item) => item,
        Kind::Local(_) | Kind::Parameter(_) => return outline.function_around(token).map(|item| outline.name(item)),
    };
    let parent = outline.items[item].parent?;
    outline.items[parent].of_type.and_then(|span| outline.head(span)).or_else(|| Some(outline.name(parent)))
}

/// The uses of `target` in these files, its own definition included.
pub fn uses<'t>(sources: &[Source<'t>], target: Target<'t>) -> Uses {
    let home = sources.get(target.file).map(|source| Roles::of(Outline::of(source.clone())));
    let kind = home.as_ref().and_then(|home| kind_of(home, target.token));
    let Some((home, kind)) = home.zip(kind) else {
        return Uses::refused(format!("`{}` is not defined where it was changed", target.old));
    };
    match kind {
        Kind::Local(region) => return locals::uses(&home, region, target),
        Kind::Parameter(item) => return locals::parameter_uses(&home, item, target),
        _ => {}
    }
    let mut list: Vec<Roles<'t>> = Vec::with_capacity(sources.len());
    let (before, behind) = sources.split_at(target.file);
    list.extend(before.iter().map(|source| Roles::of(Outline::of(source.clone()))));
    list.push(home);
    list.extend(behind.iter().skip(1).map(|source| Roles::of(Outline::of(source.clone()))));
    let modules = Modules::of(&list);
    let files = Files { list, modules };
    match kind {
        Kind::Item(item) => items::uses(&files, item, target),
        Kind::Member(item) => members::uses(&files, members::Owner::of_member(&files, target.file, item), target),
        Kind::Field(field) => members::uses(&files, Some(members::Owner::of_field(&files, target.file, field)), target),
        Kind::Variant(variant) => {
            members::uses(&files, Some(members::Owner::of_variant(&files, target.file, variant)), target)
        }
        Kind::Local(_) | Kind::Parameter(_) => Uses::default(),
    }
}

fn kind_of(roles: &Roles<'_>, token: usize) -> Option<Kind> {
    let outline = &roles.outline;
    match roles.role(token) {
        Role::Item(item) => {
            let parent = outline.items[item].parent.map(|parent| outline.items[parent].kind);
            let member = matches!(parent, Some(ItemKind::Impl | ItemKind::Trait));
            return Some(if member { Kind::Member(item) } else { Kind::Item(item) });
        }
        Role::FieldDeclaration(field) => return Some(Kind::Field(field)),
        Role::VariantDeclaration(variant) => return Some(Kind::Variant(variant)),
        // A name alone in a pattern is the field's name too: changing it is no rename.
        Role::Shorthand(_) => return None,
        _ => {}
    }
    let regions = roles.bindings.regions.iter().enumerate();
    let mut around = regions.filter(|(_, region)| region.pattern.0 <= token && token < region.pattern.1);
    if let Some((region, _)) = around.find(|(_, region)| bindings::binds(outline, region, token)) {
        return Some(Kind::Local(region));
    }
    let item = outline.item_around(token)?;
    let (open, end) = outline.items[item].generics?;
    let mut params = outline.split((open + 1, end.saturating_sub(1))).into_iter();
    let declared = params.any(|(start, _)| start == token || (outline.at(start) == "const" && start + 1 == token));
    declared.then_some(Kind::Parameter(item))
}
