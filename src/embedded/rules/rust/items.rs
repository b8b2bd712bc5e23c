//! Functions, types, constants, modules and macros that stand free in a module.

use super::super::symbol::{Target, Uses, Verdict};
use super::modules::{Named, Place};
use super::outline::ItemKind;
use super::roles::Role;
use super::{Files, text};

/// Rust's name spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Type,
    Value,
    Macro,
}

fn space(kind: ItemKind) -> Space {
    match kind {
        ItemKind::Fn | ItemKind::Const | ItemKind::Static => Space::Value,
        ItemKind::MacroRules => Space::Macro,
        _ => Space::Type,
    }
}

const UNSURE: &str = "several definitions have this name and it cannot be told which one is meant";
const IN_MACRO: &str = "it is an argument of a macro and a variant has this name too";
const HIDDEN: &str = "the new name means something else here";

struct Search<'f, 't> {
    files: &'f Files<'t>,
    target: Target<'t>,
    space: Space,
    is_module: bool,
    is_constant: bool,
    /// The definition, in all its `cfg` variants.
    group: Vec<Place>,
    /// Whether no other definition of the workspace has this name in this name space.
    only: bool,
}

/// Uses of a free item.
pub fn uses<'t>(files: &Files<'t>, item: usize, target: Target<'t>) -> Uses {
    let outline = &files.list[target.file].outline;
    let kind = outline.items[item].kind;
    if kind == ItemKind::Mod && outline.items[item].body.is_none() {
        return Uses::refused(format!(
            "the module `{}` is a file of its own: rename the file and its paths together",
            target.old
        ));
    }
    let module = files.modules.around(&files.list, target.file, outline.items[item].start);
    let function = outline.enclosing(outline.items[item].start, |other| {
        other.kind == ItemKind::Fn && other.start != outline.items[item].start
    });
    let block = outline.around[outline.items[item].start];
    let same_place = |place: Place| {
        let other = &files.list[place.0].outline;
        let start = other.items[place.1].start;
        let around = other.enclosing(start, |item| item.kind == ItemKind::Fn && item.start != start);
        match function {
            Some(_) => place.0 == target.file && other.around[start] == block,
            None => around.is_none() && files.modules.around(&files.list, place.0, start) == module,
        }
    };
    let all = definitions(files, target.old, space(kind));
    let (group, others): (Vec<Place>, Vec<Place>) = all.into_iter().partition(|place| same_place(*place));
    let clash = definitions(files, target.new, space(kind)).into_iter().find(|place| same_place(*place));
    if let Some((file, _)) = clash {
        let path = files.list[file].outline.source.path;
        return Uses::refused(format!("`{}` is already defined in the same module ({path})", target.new));
    }
    let search = Search {
        files,
        target,
        space: space(kind),
        is_module: kind == ItemKind::Mod,
        is_constant: matches!(kind, ItemKind::Const | ItemKind::Static),
        group,
        only: others.is_empty(),
    };
    let mut uses = Uses::default();
    for file in 0..files.list.len() {
        search.judge_file(file, &mut uses);
    }
    let sure = search.only && !text::is_declared_otherwise(files, target);
    text::mentions(files, target, sure, |_| false, &mut uses);
    uses
}

/// The free items of a name in a name space.
fn definitions(files: &Files<'_>, name: &str, wanted: Space) -> Vec<Place> {
    let mut found = Vec::new();
    for (file, roles) in files.list.iter().enumerate() {
        let outline = &roles.outline;
        for token in outline.source.named(name) {
            let Role::Item(item) = roles.role(token) else { continue };
            let parent = outline.items[item].parent.map(|parent| outline.items[parent].kind);
            let free = !matches!(parent, Some(ItemKind::Impl | ItemKind::Trait));
            if free && space(outline.items[item].kind) == wanted {
                found.push((file, item));
            }
        }
    }
    found
}

impl Search<'_, '_> {
    fn judge_file(&self, file: usize, uses: &mut Uses) {
        let roles = &self.files.list[file];
        let source = &roles.outline.source;
        let olds = roles.bindings.of_name(&roles.outline, self.target.old);
        let news = roles.bindings.of_name(&roles.outline, self.target.new);
        for token in source.named(self.target.old) {
            let mut verdict = self.verdict(file, token, &olds);
            let hides = self.space == Space::Value && verdict == Verdict::Yes && roles.role(token) == Role::Plain;
            if hides && roles.local(&news, token).is_some() {
                verdict = Verdict::Unsure(HIDDEN);
            }
            uses.judge(verdict, file, (source.code[token].start, source.code[token].end), self.target.new);
        }
        if self.is_constant {
            let ours = |token: usize| roles.local(&olds, token).is_none() && self.plain(file, token) == Verdict::Yes;
            text::captures(roles, file, self.target, ours, uses);
        }
        text::attribute_paths(roles, self.target.old, |token, path| {
            let verdict = if path.len() == 1 { self.plain(file, token) } else { self.path(file, token, path) };
            uses_in_string(verdict)
        })
        .into_iter()
        .for_each(|span| uses.judge(Verdict::Yes, file, span, self.target.new));
    }

    fn verdict(&self, file: usize, token: usize, olds: &[(usize, usize)]) -> Verdict {
        let roles = &self.files.list[file];
        let outline = &roles.outline;
        let after = outline.source.after(token);
        match roles.role(token) {
            Role::Item(item) if self.group.contains(&(file, item)) => Verdict::Yes,
            // Only modules and enums have paths through them.
            Role::Use(_) if after == "::" && self.space != Space::Type => Verdict::No,
            Role::Use(_) => match self.files.modules.import(file, token) {
                // The alias of an import is a name of its own.
                None => Verdict::No,
                Some(Named::Unknown)
                    if self.space == Space::Macro && self.files.modules.has_module(self.target.old) =>
                {
                    Verdict::Unsure(UNSURE)
                }
                Some(named) => self.named(named),
            },
            Role::Macro if self.space == Space::Macro => self.macro_call(file, token),
            Role::Qualified if self.space != Space::Macro && self.fits(token, after, file) => {
                self.path(file, token, &roles.path(token))
            }
            Role::Shorthand(_) if self.space == Space::Value && roles.local(olds, token).is_none() => {
                match self.plain(file, token) {
                    Verdict::Yes => Verdict::As(format!("{}: {}", self.target.old, self.target.new)),
                    verdict => verdict,
                }
            }
            Role::Plain if self.space == Space::Macro => Verdict::No,
            // A function called like a built-in type is told from the type by its call.
            Role::Plain if self.space == Space::Value && is_primitive(self.target.old) && after != "(" => Verdict::No,
            Role::Plain | Role::NamedArgument if self.fits(token, after, file) => {
                let hidden = match self.space {
                    Space::Value => roles.local(olds, token).is_some(),
                    _ => is_parameter(roles, token, self.target.old),
                };
                if hidden || roles.role(token) == Role::NamedArgument { Verdict::No } else { self.plain(file, token) }
            }
            _ => Verdict::No,
        }
    }

    /// A macro inside a function, or with the name of one of the standard library, is only known where it is defined.
    fn macro_call(&self, file: usize, token: usize) -> Verdict {
        let roles = &self.files.list[file];
        let defined = self.group.iter().any(|(other, item)| {
            let outline = &self.files.list[*other].outline;
            let item = &outline.items[*item];
            let block = outline.around[item.start];
            let reaches = block == usize::MAX || token < outline.partner[block];
            *other == file && item.start < token && reaches
        });
        let local = self.group.iter().any(|(other, item)| {
            let outline = &self.files.list[*other].outline;
            outline.enclosing(outline.items[*item].start, |item| item.kind == ItemKind::Fn).is_some()
        });
        if roles.outline.source.before(token) == "::" {
            let path = roles.path(token);
            let own = matches!(path[0], "crate" | "self" | "super");
            return if own || roles.outline.at(roles.path_start(token).wrapping_sub(1)) == "$" {
                self.unless_others()
            } else {
                self.path(file, token, &path)
            };
        }
        match defined {
            true => Verdict::Yes,
            false if local || is_std_macro(self.target.old) => Verdict::No,
            false => self.unless_others(),
        }
    }

    /// Whether a name at this place can be in the target's name space.
    fn fits(&self, token: usize, after: &str, file: usize) -> bool {
        let turbofish = after == "::" && self.files.list[file].outline.at(token + 2) == "<";
        match self.space {
            Space::Value => after != "::" || turbofish,
            Space::Type => !self.is_module || after == "::",
            Space::Macro => false,
        }
    }

    fn plain(&self, file: usize, token: usize) -> Verdict {
        let named = self.files.modules.plain(&self.files.list, file, token, self.target.old);
        let named = match named {
            Named::Member(of) if self.has_variant(|name| name == of) => Named::Other,
            Named::Member(_) => Named::Unknown,
            named => named,
        };
        if self.space == Space::Type && self.is_variant_of_macro(file, token) {
            return Verdict::Unsure(IN_MACRO);
        }
        if named == Named::Unknown && is_prelude(self.target.old) {
            let open = self.files.modules.has_globs(&self.files.list, file, token);
            return if open { Verdict::Unsure(UNSURE) } else { Verdict::No };
        }
        self.named(named)
    }

    /// Whether a macro that is given the name may make a variant of that name of it.
    fn is_variant_of_macro(&self, file: usize, token: usize) -> bool {
        let roles = &self.files.list[file];
        let around = roles.outline.around[token];
        let argument =
            around != usize::MAX && roles.is_macro_bracket(around) && roles.outline.source.after(token) == ":";
        argument && self.has_variant(|_| true)
    }

    /// Whether an enum whose name is `wanted` has a variant of the target's name.
    fn has_variant(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.files.list.iter().any(|roles| {
            let outline = &roles.outline;
            let mut variants = outline.variants.iter();
            variants.any(|variant| outline.at(variant.name) == self.target.old && wanted(outline.name(variant.item)))
        })
    }

    fn path(&self, file: usize, token: usize, path: &[&str]) -> Verdict {
        // What a type qualifies is a variant or a member of that type.
        let of_type = path.len() > 1 && path[path.len() - 2].starts_with(|first: char| first.is_uppercase());
        if of_type || self.files.modules.is_foreign(&self.files.list, file, token, path[0]) {
            return Verdict::No;
        }
        self.named(self.files.modules.path(&self.files.list, file, token, path))
    }

    fn named(&self, named: Named) -> Verdict {
        match named {
            Named::Items(items) if items.iter().any(|item| self.group.contains(item)) => {
                let alone = items.iter().all(|item| self.group.contains(item) || !self.same_space(*item));
                if alone { Verdict::Yes } else { Verdict::Unsure(UNSURE) }
            }
            // The name is known there, but in another name space: a function beside a module, a re-exported macro.
            Named::Items(items) if items.iter().all(|item| !self.same_space(*item)) => match self.space {
                Space::Macro if self.only => Verdict::Yes,
                _ => Verdict::No,
            },
            Named::Items(_) | Named::Other | Named::Nothing | Named::Member(_) => Verdict::No,
            Named::Unknown => self.unless_others(),
        }
    }

    fn same_space(&self, (file, item): Place) -> bool {
        space(self.files.list[file].outline.items[item].kind) == self.space
    }

    fn unless_others(&self) -> Verdict {
        if self.only { Verdict::Yes } else { Verdict::Unsure(UNSURE) }
    }
}

/// Names that mean something of the standard library where nothing else is imported.
fn is_prelude(name: &str) -> bool {
    const NAMES: [&str; 36] = [
        "Option",
        "Some",
        "None",
        "Result",
        "Ok",
        "Err",
        "String",
        "Vec",
        "Box",
        "ToString",
        "ToOwned",
        "Clone",
        "Copy",
        "Send",
        "Sync",
        "Sized",
        "Drop",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsRef",
        "AsMut",
        "Into",
        "From",
        "Default",
        "Iterator",
        "Extend",
        "IntoIterator",
        "DoubleEndedIterator",
        "ExactSizeIterator",
        "Eq",
        "Ord",
        "PartialEq",
        "PartialOrd",
        "drop",
        "Future",
    ];
    NAMES.contains(&name)
}

fn is_primitive(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64",
        "u8", "usize",
    ];
    NAMES.binary_search(&name).is_ok()
}

/// Names of macros that are known everywhere.
fn is_std_macro(name: &str) -> bool {
    const NAMES: [&str; 26] = [
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "print",
        "println",
        "eprint",
        "eprintln",
        "format",
        "vec",
        "panic",
        "todo",
        "unimplemented",
        "unreachable",
        "write",
        "writeln",
        "matches",
        "dbg",
        "include_str",
        "concat",
        "stringify",
        "env",
        "thread_local",
        "cfg",
    ];
    NAMES.contains(&name)
}

/// In strings only what is certain is renamed.
fn uses_in_string(verdict: Verdict) -> bool {
    verdict == Verdict::Yes
}

/// Whether a name is a type parameter of an item around a token.
fn is_parameter(roles: &super::Roles<'_>, token: usize, name: &str) -> bool {
    let outline = &roles.outline;
    let mut item = outline.item_around(token);
    while let Some(index) = item {
        if let Some((open, end)) = outline.items[index].generics
            && outline.split((open + 1, end.saturating_sub(1))).iter().any(|(start, _)| outline.at(*start) == name)
        {
            return true;
        }
        item = outline.items[index].parent;
    }
    false
}
