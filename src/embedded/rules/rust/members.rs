//! What belongs to a type or trait: methods, associated items, fields, variants.

use super::super::symbol::{Target, Uses, Verdict};
use super::modules::{Named, Place};
use super::outline::{ItemKind, Outline, Span};
use super::roles::{Role, Roles};
use super::std_names::is_std_method;
use super::types::{Ty, Types};
use super::{Files, text};

/// Who a member belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner<'t> {
    sort: Sort<'t>,
    /// The name of the type or trait.
    name: &'t str,
    /// Where it is defined, if that was read.
    place: Option<Place>,
}

/// What kind of member it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort<'t> {
    /// An inherent function, constant or type of a type.
    Type,
    /// A member of a trait of the workspace.
    Trait,
    /// A member of a trait from elsewhere.
    ForeignTrait,
    /// A field of a struct or union.
    Field,
    /// A field of this enum variant.
    VariantField(&'t str),
    /// A variant of an enum.
    Variant,
}

const MANY: &str = "other types have a member of this name and the type here cannot be told";
const NAMESAKES: &str = "several types have the owner's name and it cannot be told which one is meant";
const IN_MACRO: &str = "it is an argument of a macro and other things have this name too";
const COMMON: &str = "the standard library has a method of this name and the type here cannot be told";

impl<'t> Owner<'t> {
    /// The owner of an item inside an `impl` or a trait.
    pub fn of_member(files: &Files<'t>, file: usize, item: usize) -> Option<Owner<'t>> {
        let outline = &files.list[file].outline;
        let parent = outline.items[item].parent?;
        if outline.items[parent].kind == ItemKind::Trait {
            return Some(Owner { sort: Sort::Trait, name: outline.name(parent), place: Some((file, parent)) });
        }
        let (span, of_trait) = match (outline.items[parent].of_trait, outline.items[parent].of_type) {
            (Some(span), _) => (span, true),
            (None, of_type) => (of_type?, false),
        };
        let name = outline.head(span)?;
        let (named, place) = place_of(files, file, span, name);
        let declared = || files.list.iter().any(|roles| declares(&roles.outline, name, outline.name(item)));
        let sort = match of_trait {
            false => Sort::Type,
            true if named != Named::Other && declared() => Sort::Trait,
            true => Sort::ForeignTrait,
        };
        Some(Owner { sort, name, place })
    }

    /// The owner of a field.
    pub fn of_field(files: &Files<'t>, file: usize, field: usize) -> Owner<'t> {
        let outline = &files.list[file].outline;
        let field = outline.fields[field];
        let sort = field.variant.map_or(Sort::Field, |variant| Sort::VariantField(outline.at(variant)));
        Owner { sort, name: outline.name(field.item), place: first_of(files, (file, field.item)) }
    }

    /// The owner of an enum variant.
    pub fn of_variant(files: &Files<'t>, file: usize, variant: usize) -> Owner<'t> {
        let outline = &files.list[file].outline;
        let item = outline.variants[variant].item;
        Owner { sort: Sort::Variant, name: outline.name(item), place: first_of(files, (file, item)) }
    }

    fn is_same(&self, other: &Owner<'_>) -> bool {
        self.sort == other.sort
            && self.name == other.name
            && (self.place == other.place || self.place.is_none() || other.place.is_none())
    }
}

/// The first of the definitions that share a module and a name, one for each configuration.
fn first_of(files: &Files<'_>, (file, item): Place) -> Option<Place> {
    let outline = &files.list[file].outline;
    let token = outline.items[item].start;
    match files.modules.plain(&files.list, file, token, outline.name(item)) {
        Named::Items(items) => items.into_iter().min(),
        _ => Some((file, item)),
    }
}

/// What the path in the header of an `impl` names, and where that is defined.
fn place_of(files: &Files<'_>, file: usize, (from, to): Span, name: &str) -> (Named, Option<Place>) {
    let roles = &files.list[file];
    let Some(last) = (from..to).find(|token| roles.outline.at(*token) == name) else { return (Named::Unknown, None) };
    let path = roles.path(last);
    let named = match path.len() {
        1 => files.modules.plain(&files.list, file, last, name),
        _ => files.modules.path(&files.list, file, last, &path),
    };
    let place = match &named {
        Named::Items(items) => items.iter().copied().min(),
        _ => None,
    };
    (named, place)
}

/// Whether a file defines a trait of this name with this member.
fn declares(outline: &Outline<'_>, of_trait: &str, member: &str) -> bool {
    outline.items.iter().enumerate().any(|(index, item)| {
        let parent = item.parent.filter(|parent| outline.items[*parent].kind == ItemKind::Trait);
        outline.name(index) == member && parent.is_some_and(|parent| outline.name(parent) == of_trait)
    })
}

struct Search<'f, 't> {
    files: &'f Files<'t>,
    types: Types<'f, 't>,
    target: Target<'t>,
    owner: Owner<'t>,
    /// Owners of other members of the same sort and name.
    others: Vec<Owner<'t>>,
    /// Whether another type or trait is called like the owner.
    namesakes: bool,
}

/// Uses of a member.
pub fn uses<'t>(files: &Files<'t>, owner: Option<Owner<'t>>, target: Target<'t>) -> Uses {
    let Some(owner) = owner else { return Uses::refused("it cannot be told what type it belongs to") };
    if owner.sort == Sort::ForeignTrait {
        return Uses::refused(format!(
            "`{}` belongs to the trait `{}`, which is not defined in this workspace, and keeps its name",
            target.old, owner.name
        ));
    }
    if let Some((path, line)) = declared(files, &owner, target.new) {
        return Uses::refused(format!("`{}` already has a member `{}` ({path}:{line})", owner.name, target.new));
    }
    let mut others: Vec<Owner<'t>> = all_owners(files, target.old);
    others.retain(|other| !other.is_same(&owner) && same_sort(other.sort, owner.sort));
    let types = Types::of(&files.list, &files.modules);
    let namesakes = types
        .definitions(owner.name)
        .iter()
        .any(|place| owner.place.is_some_and(|own| first_of(files, *place) != Some(own)));
    let search = Search { files, types, target, owner, others, namesakes };
    let mut uses = Uses::default();
    for (file, roles) in files.list.iter().enumerate() {
        let source = &roles.outline.source;
        for token in source.named(target.old) {
            let verdict = search.verdict(file, token);
            let (mut start, end) = (source.code[token].start, source.code[token].end);
            if matches!(verdict, Verdict::As(_)) {
                // `ref` and `mut` belong to the variable, which keeps its name.
                let mut first = token;
                while matches!(source.before(first), "ref" | "mut") {
                    first -= 1;
                }
                start = source.code[first].start;
                uses.judge(verdict, file, (start, start), target.new);
            } else {
                uses.judge(verdict, file, (start, end), target.new);
            }
        }
        let in_strings = text::attribute_paths(roles, target.old, |token, path| {
            path.len() > 1 && search.is_owner_named(file, token, path[path.len() - 2])
        });
        in_strings.into_iter().for_each(|span| uses.judge(Verdict::Yes, file, span, target.new));
    }
    if let (Sort::Field | Sort::VariantField(_), Some(name)) = (search.owner.sort, search.owner_token()) {
        text::attribute_captures(&files.list[target.file], target, name, &mut uses);
    }
    uses.wants = search.types.wanted();
    let sure = search.others.is_empty() && !text::is_declared_otherwise(files, target);
    text::mentions(files, target, sure, |qualifier| qualifier == search.owner.name, &mut uses);
    uses
}

/// Where an owner already has a member of a name: path and line.
fn declared(files: &Files<'_>, owner: &Owner<'_>, name: &str) -> Option<(String, usize)> {
    for (file, roles) in files.list.iter().enumerate() {
        for token in roles.outline.source.named(name) {
            if owner_at(files, file, token).is_some_and(|other| other.is_same(owner)) {
                let source = &roles.outline.source;
                return Some((source.path.to_owned(), source.line_of(source.code[token].start)));
            }
        }
    }
    None
}

/// The owner of the member that a token declares.
fn owner_at<'t>(files: &Files<'t>, file: usize, token: usize) -> Option<Owner<'t>> {
    let roles = &files.list[file];
    match roles.role(token) {
        Role::Item(item) => {
            let parent = roles.outline.items[item].parent.map(|parent| roles.outline.items[parent].kind);
            matches!(parent, Some(ItemKind::Impl | ItemKind::Trait)).then(|| Owner::of_member(files, file, item))?
        }
        Role::FieldDeclaration(field) => Some(Owner::of_field(files, file, field)),
        Role::VariantDeclaration(variant) => Some(Owner::of_variant(files, file, variant)),
        _ => None,
    }
}

fn all_owners<'t>(files: &Files<'t>, name: &str) -> Vec<Owner<'t>> {
    let mut owners = Vec::new();
    for (file, roles) in files.list.iter().enumerate() {
        owners.extend(roles.outline.source.named(name).filter_map(|token| owner_at(files, file, token)));
    }
    owners.dedup();
    owners
}

/// Whether two members could be meant by the same expression.
fn same_sort(one: Sort<'_>, other: Sort<'_>) -> bool {
    let callable = |sort: Sort<'_>| matches!(sort, Sort::Type | Sort::Trait | Sort::ForeignTrait);
    match (one, other) {
        (Sort::VariantField(_), Sort::VariantField(_)) => true,
        _ => one == other || (callable(one) && callable(other)),
    }
}

impl<'t> Search<'_, 't> {
    fn verdict(&self, file: usize, token: usize) -> Verdict {
        let roles = &self.files.list[file];
        let role = roles.role(token);
        let callable = matches!(self.owner.sort, Sort::Type | Sort::Trait);
        let field = matches!(self.owner.sort, Sort::Field | Sort::VariantField(_));
        match role {
            Role::Item(item) if callable && self.is_in_macro_rules(file, item) => match self.others.is_empty() {
                true => Verdict::Yes,
                false => Verdict::Unsure(IN_MACRO),
            },
            Role::Item(_) | Role::FieldDeclaration(_) | Role::VariantDeclaration(_) => {
                let Some(owner) = owner_at(self.files, file, token) else { return Verdict::No };
                let told = owner.place.is_some() && self.owner.place.is_some();
                let same = owner.is_same(&self.owner);
                if same && !told && self.namesakes { Verdict::Unsure(NAMESAKES) } else { yes_if(same) }
            }
            Role::Method if callable => self.accessed(file, token),
            Role::FieldAccess if self.owner.sort == Sort::Field => match roles.attribute_around(token) {
                Some(inner) => yes_if(text::described(roles, inner) == self.owner_token() && file == self.target.file),
                None => self.accessed(file, token),
            },
            Role::Qualified if callable || self.owner.sort == Sort::Variant => self.qualified(file, token, roles),
            Role::AssociatedBinding if self.owner.sort == Sort::Trait => self.associated(file, token, roles),
            Role::Use(_) | Role::Plain if self.owner.sort == Sort::Variant => self.bare_variant(file, token, role),
            Role::Key(open) if field => yes_if(self.is_ours(file, open, roles)),
            Role::Shorthand(open) if field && self.is_ours(file, open, roles) => {
                Verdict::As(format!("{}: ", self.target.new))
            }
            _ => Verdict::No,
        }
    }

    /// Whether an item is a method that a macro puts into an `impl` somewhere else.
    fn is_in_macro_rules(&self, file: usize, item: usize) -> bool {
        let outline = &self.files.list[file].outline;
        let parent = outline.items[item].parent.map(|parent| outline.items[parent].kind);
        let params = outline.items[item].params;
        let method = params.is_some_and(|(open, close)| (open..close.min(open + 5)).any(|at| outline.at(at) == "self"));
        parent == Some(ItemKind::MacroRules) && method
    }

    /// A variant that is imported, or named by what a macro is given.
    fn bare_variant(&self, file: usize, token: usize, role: Role) -> Verdict {
        let named = match role {
            Role::Plain => self.files.modules.plain(&self.files.list, file, token, self.target.old),
            _ => self.files.modules.import(file, token).unwrap_or(Named::Other),
        };
        match named {
            Named::Member(name) if name != self.owner.name => Verdict::No,
            Named::Member(_) => match self.is_home(file, token) {
                Some(home) => yes_if(home),
                None => Verdict::Unsure(NAMESAKES),
            },
            Named::Unknown | Named::Nothing
                if role == Role::Plain && self.is_in_macro(&self.files.list[file], token) =>
            {
                let other = !self.others.is_empty() || text::is_declared_otherwise(self.files, self.target);
                if other { Verdict::Unsure(IN_MACRO) } else { Verdict::Yes }
            }
            _ => Verdict::No,
        }
    }

    /// Whether a token is an argument of a macro, which may build a path of it.
    fn is_in_macro(&self, roles: &Roles<'_>, token: usize) -> bool {
        let around = roles.outline.around[token];
        around != usize::MAX && roles.is_macro_bracket(around)
    }

    /// The token of the name of the struct or variant that has the field.
    fn owner_token(&self) -> Option<usize> {
        let outline = &self.files.list[self.target.file].outline;
        let field = outline.fields.iter().find(|field| field.name == self.target.token)?;
        field.variant.or(outline.items[field.item].name)
    }

    /// `receiver.name`
    fn accessed(&self, file: usize, token: usize) -> Verdict {
        let mut ty = self.types.receiver(file, token - 1);
        for _ in 0..4 {
            let Some(known) = &ty else { break };
            match self.belongs(file, token, known) {
                Some(verdict) => return verdict,
                None => ty = self.types.deref(known),
            }
        }
        if !self.others.is_empty() {
            Verdict::Unsure(MANY)
        } else if matches!(self.owner.sort, Sort::Type | Sort::Trait) && is_std_method(self.target.old) {
            Verdict::Unsure(COMMON)
        } else {
            Verdict::Yes
        }
    }

    /// Whether the target is a member of a type; `None` if the type says nothing about it.
    fn belongs(&self, file: usize, token: usize, ty: &Ty<'t>) -> Option<Verdict> {
        let at = (file, token);
        let is_trait = self.owner.sort == Sort::Trait;
        if ty.head.is_empty() && !ty.foreign {
            return None;
        }
        if ty.foreign && !(is_trait && self.types.has_trait(at, ty.head, self.owner.name)) {
            // A container from elsewhere may still lead to what it holds.
            let holds = ty.args.iter().any(|arg| arg.head == self.owner.name || arg.head.is_empty());
            return (!holds).then_some(Verdict::No);
        }
        if !is_trait && ty.head == self.owner.name {
            return match ty.place.zip(self.owner.place).filter(|_| self.namesakes) {
                Some((place, own)) => Some(yes_if(first_of(self.files, place) == Some(own))),
                None if self.namesakes => Some(Verdict::Unsure(NAMESAKES)),
                None => Some(Verdict::Yes),
            };
        }
        // A type's own method comes before a trait's.
        let own = |other: &&Owner<'_>| matches!(other.sort, Sort::Type | Sort::Field) && other.name == ty.head;
        if self.others.iter().any(|other| own(&other)) {
            return Some(Verdict::No);
        }
        let std = is_std_type(ty.head) && !self.types.is_defined(ty.head);
        if is_trait && self.types.has_trait(at, ty.head, self.owner.name) {
            // The standard library's own methods come first, and a trait has to be in scope.
            let hidden = std && is_std_method(self.target.old);
            let unseen = std && !self.is_in_scope(file, token);
            return if unseen {
                Some(Verdict::No)
            } else if hidden {
                None
            } else {
                self.is_home(file, token).map(yes_if)
            };
        }
        let traits = self.others.iter().filter(|other| matches!(other.sort, Sort::Trait | Sort::ForeignTrait));
        if traits.into_iter().any(|other| self.types.has_trait(at, ty.head, other.name)) {
            return Some(Verdict::No);
        }
        (std && (!is_trait || is_std_method(self.target.old))).then_some(Verdict::No)
    }

    /// Whether the trait can be used by its methods in the module around a token.
    fn is_in_scope(&self, file: usize, token: usize) -> bool {
        let modules = &self.files.modules;
        match modules.plain(&self.files.list, file, token, self.owner.name) {
            Named::Items(items) => items.into_iter().min() == self.owner.place || self.owner.place.is_none(),
            Named::Unknown => modules.has_globs(&self.files.list, file, token),
            _ => false,
        }
    }

    /// Whether one of these items is the owner, or an alias of it.
    fn leads_home(&self, items: &[Place]) -> bool {
        items.iter().min().copied() == self.owner.place
            || items.iter().any(|(file, item)| {
                let item = &self.files.list[*file].outline.items[*item];
                let aliased = item.ty.filter(|_| item.kind == ItemKind::TypeAlias);
                let ty = aliased.and_then(|span| self.types.read(*file, span));
                ty.is_some_and(|ty| ty.head == self.owner.name && ty.place == self.owner.place)
            })
    }

    /// Whether the owner's name means the owner at a place, where several things have that name.
    fn is_home(&self, file: usize, token: usize) -> Option<bool> {
        if !self.namesakes {
            return Some(true);
        }
        match self.files.modules.plain(&self.files.list, file, token, self.owner.name) {
            Named::Items(items) => Some(self.leads_home(&items)),
            Named::Other => Some(false),
            _ => None,
        }
    }

    /// `Qualifier::name`
    fn qualified(&self, file: usize, token: usize, roles: &Roles<'t>) -> Verdict {
        let path = roles.path(token);
        let Some(qualifier) = path.len().checked_sub(2).map(|index| path[index]) else { return Verdict::No };
        let in_macro = roles.outline.enclosing(token, |item| item.kind == ItemKind::MacroRules).is_some();
        if qualifier == "Self" && in_macro && self.types.self_type(file, token).is_none() {
            return if self.others.is_empty() { Verdict::Yes } else { Verdict::Unsure(IN_MACRO) };
        }
        if self.namesakes && qualifier == self.owner.name {
            let (modules, list) = (&self.files.modules, &self.files.list);
            let named = match path.len() {
                2 => modules.plain(list, file, token, qualifier),
                length => modules.path(list, file, token, &path[..length - 1]),
            };
            return match named {
                Named::Items(items) => yes_if(self.leads_home(&items)),
                Named::Unknown => Verdict::Unsure(NAMESAKES),
                _ => Verdict::No,
            };
        }
        let elsewhere = self.owner.sort != Sort::Trait && self.is_elsewhere(file, token, &path);
        yes_if(self.is_owner_named(file, token, qualifier) && !elsewhere)
    }

    /// Whether the path's qualifier is imported from outside the workspace although it is called like the owner.
    fn is_elsewhere(&self, file: usize, token: usize, path: &[&str]) -> bool {
        let (modules, list) = (&self.files.modules, &self.files.list);
        modules.path(list, file, token, path) == Named::Other
            || (path.len() > 2 && modules.is_foreign(list, file, token, path[0]))
    }

    /// Whether a name before `::` means the owner.
    fn is_owner_named(&self, file: usize, token: usize, qualifier: &str) -> bool {
        let Owner { name, sort, .. } = self.owner;
        if qualifier == "Self" {
            let Some(ty) = self.types.self_type(file, token) else { return false };
            return match sort {
                Sort::Trait => self.is_in_impl_of(file, token, name) || ty.head == name,
                _ => ty.head == name && self.is_home(file, token) != Some(false),
            };
        }
        if qualifier == name {
            return self.is_home(file, token) != Some(false);
        }
        let alias = self.files.modules.path(&self.files.list, file, token, &[qualifier, self.target.old]);
        match sort {
            Sort::Trait => {
                let aliases = self.types.aliases(qualifier);
                let has = |of: &str| self.types.has_trait((file, token), of, name);
                has(qualifier) || aliases.into_iter().any(has)
            }
            _ => alias == Named::Member(name.to_owned()) || self.types.aliases(qualifier).contains(&name),
        }
    }

    fn is_in_impl_of(&self, file: usize, token: usize, of_trait: &str) -> bool {
        let outline = &self.files.list[file].outline;
        let around = outline.enclosing(token, |item| matches!(item.kind, ItemKind::Impl | ItemKind::Trait));
        let Some(around) = around else { return false };
        let own = match outline.items[around].of_trait {
            Some(span) => outline.head(span) == Some(of_trait),
            None => outline.name(around) == of_trait,
        };
        let has = self.types.self_type(file, token);
        own || has.is_some_and(|ty| self.types.has_trait((file, token), ty.head, of_trait))
    }

    /// `Trait<Name = …>`
    fn associated(&self, file: usize, token: usize, roles: &Roles<'t>) -> Verdict {
        let outline = &roles.outline;
        let mut at = token;
        let mut depth = 1;
        while depth > 0 && at > 0 {
            at -= 1;
            match outline.at(at) {
                "<" => depth -= 1,
                ">" => depth += 1,
                ")" | "]" | "}" => at = outline.partner[at],
                ";" | "(" | "{" => return Verdict::No,
                _ => {}
            }
        }
        let of = outline.source.before(at);
        yes_if(self.types.has_trait((file, token), of, self.owner.name))
    }

    /// Whether the struct literal or pattern with this brace is of the owner.
    fn is_ours(&self, file: usize, open: usize, roles: &Roles<'t>) -> bool {
        let Some((start, end)) = roles.struct_path(open) else { return false };
        match self.owner.sort {
            Sort::Field => {
                self.types.read(file, (start, end)).is_some_and(|ty| ty.head == self.owner.name)
                    && self.is_home(file, start) != Some(false)
            }
            Sort::VariantField(variant) => {
                let last = (start..end).rev().find(|token| roles.outline.at(*token) == variant);
                let Some(last) = last else { return false };
                let path = roles.path(last);
                match path.len() {
                    1 => true,
                    length => self.is_owner_named(file, last, path[length - 2]),
                }
            }
            _ => false,
        }
    }
}

fn yes_if(condition: bool) -> Verdict {
    if condition { Verdict::Yes } else { Verdict::No }
}

/// Types whose methods and fields are the standard library's.
fn is_std_type(name: &str) -> bool {
    const NAMES: [&str; 40] = [
        "String", "str", "Vec", "[]", "Option", "Result", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque",
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
        "f64", "Path", "PathBuf", "OsStr", "OsString", "Cell", "RefCell", "Mutex", "RwLock", "Iter", "Duration",
        "Instant", "()", "Cow",
    ];
    NAMES.contains(&name)
}
