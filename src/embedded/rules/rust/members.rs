//! What belongs to a type or trait: methods, associated items, fields, variants.

use super::super::symbol::{Target, Uses, Verdict};
use super::modules::Named;
use super::outline::{ItemKind, Outline};
use super::roles::{Role, Roles};
use super::std_names::is_std_method;
use super::types::{Ty, Types};
use super::{Files, text};

/// Who a member belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner<'t> {
    /// An inherent function, constant or type of a type.
    Type(&'t str),
    /// A member of a trait of the workspace.
    Trait(&'t str),
    /// A member of a trait from elsewhere.
    ForeignTrait(&'t str),
    /// A field of a struct or union.
    Fields(&'t str),
    /// A field of an enum variant.
    VariantFields { of: &'t str, variant: &'t str },
    /// A variant of an enum.
    Variants(&'t str),
}

const MANY: &str = "other types have a member of this name and the type here cannot be told";
const IN_MACRO: &str = "it is an argument of a macro and other things have this name too";
const COMMON: &str = "the standard library has a method of this name and the type here cannot be told";

impl<'t> Owner<'t> {
    /// The owner of an item inside an `impl` or a trait.
    pub fn of_member(files: &Files<'t>, file: usize, item: usize) -> Owner<'t> {
        let outline = &files.list[file].outline;
        let Some(parent) = outline.items[item].parent else { return Owner::Type("") };
        match (outline.items[parent].of_trait, outline.items[parent].of_type) {
            _ if outline.items[parent].kind == ItemKind::Trait => Owner::Trait(outline.name(parent)),
            (Some(of_trait), _) => {
                let name = outline.head(of_trait).unwrap_or("");
                let ours = files.list.iter().any(|roles| declares(&roles.outline, name, outline.name(item)));
                if ours && !is_foreign(files, file, of_trait) { Owner::Trait(name) } else { Owner::ForeignTrait(name) }
            }
            (None, of_type) => Owner::Type(of_type.and_then(|span| outline.head(span)).unwrap_or("")),
        }
    }

    /// The owner of a field.
    pub fn of_field(files: &Files<'t>, file: usize, field: usize) -> Owner<'t> {
        let outline = &files.list[file].outline;
        let field = outline.fields[field];
        match field.variant {
            Some(variant) => Owner::VariantFields { of: outline.name(field.item), variant: outline.at(variant) },
            None => Owner::Fields(outline.name(field.item)),
        }
    }

    /// The owner of an enum variant.
    pub fn of_variant(files: &Files<'t>, file: usize, variant: usize) -> Owner<'t> {
        let outline = &files.list[file].outline;
        Owner::Variants(outline.name(outline.variants[variant].item))
    }

    /// The type or trait a qualified name begins with.
    fn name(&self) -> &'t str {
        match self {
            Owner::Type(name) | Owner::Trait(name) | Owner::ForeignTrait(name) | Owner::Fields(name) => name,
            Owner::VariantFields { of, .. } | Owner::Variants(of) => of,
        }
    }
}

/// Whether the path of an `impl`'s trait leads out of the workspace.
fn is_foreign(files: &Files<'_>, file: usize, (from, to): (usize, usize)) -> bool {
    let roles = &files.list[file];
    let outline = &roles.outline;
    let end = outline.find((from, to), false, |text| text == "<").unwrap_or(to);
    let Some(last) = (from..end).rev().find(|token| outline.source.is_ident(*token)) else { return false };
    let path = roles.path(last);
    let named = match path.len() {
        1 => files.modules.plain(&files.list, file, last, path[0]),
        _ => files.modules.path(&files.list, file, last, &path),
    };
    named == Named::Other
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
}

/// Uses of a member.
pub fn uses<'t>(files: &Files<'t>, owner: Owner<'t>, target: Target<'t>) -> Uses {
    if let Owner::ForeignTrait(name) = owner {
        return Uses::refused(format!(
            "`{}` belongs to the trait `{name}`, which is not defined in this workspace, and keeps its name",
            target.old
        ));
    }
    if let Some((path, line)) = declared(files, &owner, target.new) {
        return Uses::refused(format!("`{}` already has a member `{}` ({path}:{line})", owner.name(), target.new));
    }
    let mut others: Vec<Owner<'t>> = all_owners(files, target.old);
    others.retain(|other| *other != owner && same_sort(other, &owner));
    let search = Search { files, types: Types::of(&files.list), target, owner, others };
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
    if let (Owner::Fields(_) | Owner::VariantFields { .. }, Some(name)) = (&search.owner, search.owner_token()) {
        text::attribute_captures(&files.list[target.file], target, name, &mut uses);
    }
    let sure = search.others.is_empty() && !text::is_declared_otherwise(files, target);
    text::mentions(files, target, sure, |qualifier| qualifier == search.owner.name(), &mut uses);
    uses
}

/// Where an owner already has a member of a name: path and line.
fn declared(files: &Files<'_>, owner: &Owner<'_>, name: &str) -> Option<(String, usize)> {
    for (file, roles) in files.list.iter().enumerate() {
        for token in roles.outline.source.named(name) {
            if owner_at(files, file, token).as_ref() == Some(owner) {
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
            matches!(parent, Some(ItemKind::Impl | ItemKind::Trait)).then(|| Owner::of_member(files, file, item))
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
fn same_sort(one: &Owner<'_>, other: &Owner<'_>) -> bool {
    let sort = |owner: &Owner<'_>| match owner {
        Owner::Type(_) | Owner::Trait(_) | Owner::ForeignTrait(_) => 0,
        Owner::Fields(_) => 1,
        Owner::VariantFields { .. } => 2,
        Owner::Variants(_) => 3,
    };
    sort(one) == sort(other)
}

impl<'t> Search<'_, 't> {
    fn verdict(&self, file: usize, token: usize) -> Verdict {
        let roles = &self.files.list[file];
        let role = roles.role(token);
        match (role, &self.owner) {
            (Role::Item(_) | Role::FieldDeclaration(_) | Role::VariantDeclaration(_), owner) => {
                yes_if(owner_at(self.files, file, token).as_ref() == Some(owner))
            }
            (Role::Method, Owner::Type(_) | Owner::Trait(_)) => self.accessed(file, token),
            (Role::FieldAccess, Owner::Fields(_)) => match roles.attribute_around(token) {
                Some(inner) => yes_if(text::described(roles, inner) == self.owner_token() && file == self.target.file),
                None => self.accessed(file, token),
            },
            (Role::Qualified, Owner::Type(_) | Owner::Trait(_) | Owner::Variants(_)) => self.qualified(file, token, roles),
            (Role::AssociatedBinding, Owner::Trait(_)) => self.associated(file, token, roles),
            (Role::Use(_) | Role::Plain, Owner::Variants(of)) => {
                let named = match role {
                    Role::Plain => self.files.modules.plain(&self.files.list, file, token, self.target.old),
                    _ => self.files.modules.import(file, token).unwrap_or(Named::Other),
                };
                match named {
                    Named::Member(name) => yes_if(name == *of),
                    Named::Unknown if role == Role::Plain && self.is_in_macro(roles, token) => {
                        let other = !self.others.is_empty() || text::is_declared_otherwise(self.files, self.target);
                        if other { Verdict::Unsure(IN_MACRO) } else { Verdict::Yes }
                    }
                    _ => Verdict::No,
                }
            }
            (Role::Key(open), Owner::Fields(_) | Owner::VariantFields { .. }) => yes_if(self.is_ours(file, open, roles)),
            (Role::Shorthand(open), Owner::Fields(_) | Owner::VariantFields { .. }) if self.is_ours(file, open, roles) => {
                Verdict::As(format!("{}: ", self.target.new))
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
        } else if matches!(self.owner, Owner::Type(_) | Owner::Trait(_)) && is_std_method(self.target.old) {
            Verdict::Unsure(COMMON)
        } else {
            Verdict::Yes
        }
    }

    /// Whether the target is a member of a type; `None` if the type says nothing about it.
    fn belongs(&self, file: usize, token: usize, ty: &Ty<'t>) -> Option<Verdict> {
        let at = (file, token);
        match &self.owner {
            _ if ty.head.is_empty() => None,
            Owner::Type(name) | Owner::Fields(name) if ty.head == *name => Some(Verdict::Yes),
            // A type's own method comes before a trait's.
            _ if self.others.iter().any(|other| matches!(other, Owner::Type(name) | Owner::Fields(name) if *name == ty.head)) => {
                Some(Verdict::No)
            }
            Owner::Trait(name) if self.types.has_trait(at, ty.head, name) => Some(Verdict::Yes),
            _ if self.others.iter().any(|other| match other {
                Owner::Trait(name) | Owner::ForeignTrait(name) => self.types.has_trait(at, ty.head, name),
                _ => false,
            }) => Some(Verdict::No),
            Owner::Type(_) | Owner::Fields(_) if is_std_type(ty.head) && !self.types.is_defined(ty.head) => Some(Verdict::No),
            Owner::Trait(_) if is_std_type(ty.head) && is_std_method(self.target.old) => Some(Verdict::No),
            _ => None,
        }
    }

    /// `Qualifier::name`
    fn qualified(&self, file: usize, token: usize, roles: &Roles<'t>) -> Verdict {
        let path = roles.path(token);
        let Some(qualifier) = path.len().checked_sub(2).map(|index| path[index]) else { return Verdict::No };
        yes_if(self.is_owner_named(file, token, qualifier) && !self.is_elsewhere(file, token, &path))
    }

    /// Whether the path's qualifier is imported from outside the workspace although it is called like the owner.
    fn is_elsewhere(&self, file: usize, token: usize, path: &[&str]) -> bool {
        self.files.modules.path(&self.files.list, file, token, path) == Named::Other
    }

    /// Whether a name before `::` means the owner.
    fn is_owner_named(&self, file: usize, token: usize, qualifier: &str) -> bool {
        let name = self.owner.name();
        if qualifier == "Self" {
            let Some(ty) = self.types.self_type(file, token) else { return false };
            return match self.owner {
                Owner::Trait(of_trait) => self.is_in_impl_of(file, token, of_trait) || ty.head == of_trait,
                _ => ty.head == name,
            };
        }
        if qualifier == name {
            return true;
        }
        let alias = self.files.modules.path(&self.files.list, file, token, &[qualifier, self.target.old]);
        match &self.owner {
            Owner::Trait(of_trait) => self.types.has_trait((file, token), qualifier, of_trait),
            _ => alias == Named::Member(name.to_owned()) || self.types.alias(qualifier) == Some(name),
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
        yes_if(self.types.has_trait((file, token), of, self.owner.name()))
    }

    /// Whether the struct literal or pattern with this brace is of the owner.
    fn is_ours(&self, file: usize, open: usize, roles: &Roles<'t>) -> bool {
        let Some((start, end)) = roles.struct_path(open) else { return false };
        match &self.owner {
            Owner::Fields(name) => self.types.read(file, (start, end)).is_some_and(|ty| ty.head == *name),
            Owner::VariantFields { variant, .. } => {
                let last = (start..end).rev().find(|token| roles.outline.at(*token) == *variant);
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
