//! Methods and attributes of Python classes.

use super::super::lexer::Kind as TokenKind;
use super::super::symbol::{Target, Uses, Verdict};
use super::scopes::{Role, ScopeKind, Scopes};
use super::span;

const MANY: &str = "other classes have a member of this name and the object's class cannot be told";
const COMMON: &str = "built-in types have a method of this name and the object's class cannot be told";
const BY_STRING: &str = "a string that may name it";

/// The class whose attribute `self.name = …` in a constructor defines.
pub fn assigned_class(scopes: &Scopes<'_>, token: usize) -> Option<usize> {
    let base = token.checked_sub(2)?;
    let assigned = scopes.source.after(token) == "=" || scopes.source.after(token) == ":";
    let plain = scopes.source.before(base) != "." && scopes.is_self(base) && scopes.source.code[base].first;
    let method = scopes.scope_at(token);
    let constructor =
        matches!(scopes.name(method), "__init__" | "__new__" | "__post_init__" | "__enter__" | "setUp" | "setup");
    (assigned && plain && constructor).then(|| scopes.class_around(token))?
}

/// A class: its file, its scope and its name.
type Class<'t> = (usize, usize, &'t str);

struct Search<'f, 't> {
    files: &'f [Scopes<'t>],
    target: Target<'t>,
    /// Names of the class and of those that share the member by inheritance.
    family: Vec<&'t str>,
    /// Names of other classes with a member of that name.
    others: Vec<&'t str>,
}

/// Uses of a member of a class.
pub fn uses<'t>(files: &[Scopes<'t>], class: usize, target: Target<'t>) -> Uses {
    let home = &files[target.file];
    if declares(home, class, target.new, Some(target.token)) {
        return Uses::refused(format!("`{}` already has a member `{}`", home.name(class), target.new));
    }
    let classes: Vec<Class<'t>> = files
        .iter()
        .enumerate()
        .flat_map(|(file, scopes)| {
            let classes = (0..scopes.scopes.len()).filter(|scope| scopes.scopes[*scope].kind == ScopeKind::Class);
            classes.map(move |scope| (file, scope, scopes.name(scope)))
        })
        .collect();
    let family = family(files, &classes, home.name(class));
    let declaring = classes.iter().filter(|(file, scope, _)| declares(&files[*file], *scope, target.old, None));
    let others = declaring.map(|(_, _, name)| *name).filter(|name| !family.contains(name)).collect();
    let search = Search { files, target, family, others };
    let mut uses = Uses::default();
    for (file, scopes) in files.iter().enumerate() {
        let bound = scopes.bindings(target.old);
        for token in scopes.source.named(target.old) {
            let verdict = search.verdict(scopes, token, &bound);
            uses.judge(verdict, file, span(scopes, token), target.new);
        }
        search.strings(scopes, file, &mut uses);
    }
    uses
}

/// Whether a class has a member of a name, other than at `except`.
fn declares(scopes: &Scopes<'_>, class: usize, name: &str, except: Option<usize>) -> bool {
    scopes
        .source
        .named(name)
        .filter(|token| Some(*token) != except)
        .any(|token| scopes.binds(token) == Some(class) || assigned_class(scopes, token) == Some(class))
}

/// Names of the classes that are tied to `name` by inheritance, in either direction.
fn family<'t>(files: &[Scopes<'t>], classes: &[Class<'t>], name: &'t str) -> Vec<&'t str> {
    let mut family = vec![name];
    loop {
        let known = family.len();
        for (file, scope, name) in classes {
            let bases = files[*file].bases(*scope);
            if !family.contains(name) && bases.iter().any(|base| family.contains(base)) {
                family.push(name);
            } else if family.contains(name) {
                let defined = bases.into_iter().filter(|base| classes.iter().any(|(_, _, other)| other == base));
                let new: Vec<&str> = defined.filter(|base| !family.contains(base)).collect();
                family.extend(new);
            }
        }
        if family.len() == known {
            return family;
        }
    }
}

impl Search<'_, '_> {
    fn verdict(&self, scopes: &Scopes<'_>, token: usize, bound: &[(usize, usize)]) -> Verdict {
        match scopes.role(token) {
            Role::Plain => {
                let scope = scopes.lookup(token, self.target.old, bound);
                let class = scope.filter(|scope| scopes.scopes[*scope].kind == ScopeKind::Class);
                yes_if(class.is_some_and(|class| self.family.contains(&scopes.name(class))))
            }
            Role::Attribute => self.attribute(scopes, token),
            // Fields of a dataclass are arguments of its constructor.
            Role::Keyword(open) => yes_if(self.is_field() && self.family.contains(&scopes.source.before(open))),
            Role::Imported | Role::ModulePath => Verdict::No,
        }
    }

    /// Whether the member is declared with a type in the class's body, as dataclasses do.
    fn is_field(&self) -> bool {
        let home = &self.files[self.target.file];
        home.source.code[self.target.token].first && home.source.after(self.target.token) == ":"
    }

    fn attribute(&self, scopes: &Scopes<'_>, token: usize) -> Verdict {
        match self.class_of(scopes, token) {
            Some(class) if self.family.contains(&class) => Verdict::Yes,
            Some(_) => Verdict::No,
            None if !self.others.is_empty() => Verdict::Unsure(MANY),
            None if is_builtin(self.target.old) => Verdict::Unsure(COMMON),
            None => Verdict::Yes,
        }
    }

    /// The class of the object before the dot, by `self`, a class's name, an annotation or a constructor's call.
    fn class_of<'s>(&self, scopes: &Scopes<'s>, token: usize) -> Option<&'s str> {
        let base = token.checked_sub(2)?;
        if scopes.source.before(base) == "." {
            return None;
        }
        if scopes.is_self(base) {
            return scopes.class_around(base).map(|class| scopes.name(class));
        }
        if scopes.at(base) == ")" {
            let callee = scopes.partner[base].checked_sub(1)?;
            let name = scopes.at(callee);
            if name == "super" {
                return scopes.class_around(base).map(|class| scopes.name(class));
            }
            return is_class_name(name).then_some(name);
        }
        let name = scopes.at(base);
        if self.family.contains(&name) || self.others.contains(&name) {
            return Some(name);
        }
        let bound = scopes.bindings(name);
        let scope = scopes.lookup(base, name, &bound)?;
        let mut classes: Vec<&str> = Vec::new();
        for (_, binding) in bound.iter().filter(|(other, _)| *other == scope) {
            let after = scopes.source.after(*binding);
            let at = binding + 2;
            let (start, called) = match after {
                ":" => (if scopes.at(at) == "Optional" { at + 2 } else { at }, false),
                "=" => (at, true),
                _ => return module_or_nothing(scopes, *binding),
            };
            let mut last = start;
            while scopes.source.after(last) == "." {
                last += 2;
            }
            let name = scopes.at(last);
            if !is_class_name(name) || (called && scopes.source.after(last) != "(") {
                return None;
            }
            classes.push(name);
        }
        classes.dedup();
        match classes[..] {
            [class] => Some(class),
            _ => None,
        }
    }

    /// `getattr(x, "old")` and `__slots__` name members by strings.
    fn strings(&self, scopes: &Scopes<'_>, file: usize, uses: &mut Uses) {
        for (token, string) in scopes.source.code.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Str) {
            if string.text.trim_matches(['"', '\'']) != self.target.old {
                continue;
            }
            let quote = string.text.find(self.target.old).unwrap_or(0);
            let start = string.start + quote;
            let place = (start, start + self.target.old.len());
            let mut first = token;
            while first > 0 && !scopes.source.code[first].first {
                first -= 1;
            }
            let class = scopes.class_around(token).map(|class| scopes.name(class));
            let slots = scopes.at(first) == "__slots__" && class.is_some_and(|class| self.family.contains(&class));
            let by_name = scopes.source.before(token) == ","
                && (first..token).any(|at| matches!(scopes.at(at), "getattr" | "setattr" | "hasattr" | "delattr"));
            if slots {
                uses.judge(Verdict::Yes, file, place, self.target.new);
            } else if by_name {
                uses.judge(Verdict::Unsure(BY_STRING), file, place, self.target.new);
            }
        }
    }
}

/// An imported name is a module or a class from elsewhere: its attributes are not ours.
fn module_or_nothing<'s>(scopes: &Scopes<'s>, binding: usize) -> Option<&'s str> {
    let imported =
        matches!(scopes.role(binding), Role::Imported | Role::ModulePath) || scopes.source.before(binding) == "as";
    imported.then_some("")
}

fn is_class_name(name: &str) -> bool {
    name.trim_start_matches('_').starts_with(|first: char| first.is_uppercase())
}

fn yes_if(condition: bool) -> Verdict {
    if condition { Verdict::Yes } else { Verdict::No }
}

/// Methods of built-in types.
fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 62] = [
        "add",
        "append",
        "capitalize",
        "clear",
        "close",
        "copy",
        "count",
        "decode",
        "difference",
        "discard",
        "encode",
        "endswith",
        "extend",
        "fileno",
        "find",
        "flush",
        "format",
        "get",
        "index",
        "insert",
        "intersection",
        "isalpha",
        "isdigit",
        "items",
        "join",
        "keys",
        "lower",
        "lstrip",
        "name",
        "open",
        "partition",
        "pop",
        "popitem",
        "put",
        "read",
        "readline",
        "readlines",
        "remove",
        "replace",
        "reverse",
        "rfind",
        "rsplit",
        "rstrip",
        "run",
        "seek",
        "send",
        "setdefault",
        "sort",
        "split",
        "splitlines",
        "start",
        "startswith",
        "stop",
        "strip",
        "tell",
        "title",
        "union",
        "update",
        "upper",
        "values",
        "write",
        "writelines",
    ];
    NAMES.binary_search(&name).is_ok()
}
