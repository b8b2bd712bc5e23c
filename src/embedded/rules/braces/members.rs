//! Methods, fields and properties of types in brace languages.

use super::declarations::{Sort, lookup, of_name};
use super::syntax::{Brace, Syntax};
use super::{File, is_member_access};
use crate::embedded::rules::lexer::Language;
use crate::embedded::rules::symbol::{Target, Uses, Verdict};

const MANY: &str = "other types have a member of this name and the type here cannot be told";
const COMMON: &str = "built-in types have a member of this name and the type here cannot be told";
const OBJECT: &str = "an object literal whose type cannot be told";

struct Search<'t> {
    target: Target<'t>,
    /// The type and those tied to it by inheritance.
    family: Vec<&'t str>,
    /// Other types with a member of that name.
    others: Vec<&'t str>,
    /// The file that declares the member, and the braces of its type there.
    home: &'t str,
    body: (usize, usize),
}

/// Uses of a member of the type `owner`.
pub fn uses<'t>(files: &[File<'t>], owner: &'t str, target: Target<'t>) -> Uses {
    let family = family(files, owner);
    let declaring = |name: &str| -> Vec<&'t str> {
        let declared = files.iter().flat_map(|file| {
            let declarations = of_name(&file.syntax, name);
            declarations.into_iter().filter_map(|declaration| match declaration.sort {
                Sort::Member(of) => Some((declaration.token, file.syntax.at(of))),
                _ => None,
            })
        });
        declared.filter(|(token, _)| *token != target.token || name != target.new).map(|(_, of)| of).collect()
    };
    if declaring(target.new).contains(&owner) {
        return Uses::refused(format!("`{owner}` already has a member `{}`", target.new));
    }
    let others: Vec<&str> = declaring(target.old).into_iter().filter(|of| !family.contains(of)).collect();
    let syntax = &files[target.file].syntax;
    let open = syntax.around[target.token];
    let body = if open == usize::MAX { (0, 0) } else { (open, syntax.partner[open]) };
    let search = Search { target, family, others, home: syntax.source.path, body };
    let mut uses = Uses::default();
    for (index, file) in files.iter().enumerate() {
        for token in file.syntax.source.named(target.old) {
            let span = (file.syntax.source.code[token].start, file.syntax.source.code[token].end);
            uses.judge(search.verdict(file, token), index, span, target.new);
        }
    }
    uses
}

/// The names of types tied to one by `extends`, `implements` or a colon, in either direction.
fn family<'t>(files: &[File<'t>], owner: &'t str) -> Vec<&'t str> {
    let mut ties: Vec<(&str, &str)> = Vec::new();
    for syntax in files.iter().map(|file| &file.syntax) {
        for token in 0..syntax.source.code.len() {
            let keyword = matches!(syntax.at(token), "class" | "interface" | "struct" | "enum" | "record");
            if !keyword || !syntax.source.is_ident(token + 1) {
                continue;
            }
            let name = syntax.at(token + 1);
            let end = (token + 2..syntax.source.code.len()).find(|at| matches!(syntax.at(*at), "{" | ";" | ")" | "="));
            let bases = (token + 2..end.unwrap_or(token + 2)).filter(|at| syntax.source.is_ident(*at));
            let bases = bases.filter(|at| {
                !matches!(
                    syntax.at(*at),
                    "extends" | "implements" | "public" | "private" | "protected" | "virtual" | "final"
                )
            });
            ties.extend(bases.map(|base| (name, syntax.at(base))));
        }
    }
    let mut family = vec![owner];
    let mut next = 0;
    while next < family.len() {
        let name = family[next];
        for (derived, base) in &ties {
            for (one, other) in [(derived, base), (base, derived)] {
                if *one == name
                    && !family.contains(other)
                    && ties.iter().any(|(derived, _)| derived == other || *other == owner)
                {
                    family.push(other);
                }
            }
        }
        next += 1;
    }
    family
}

impl Search<'_> {
    fn verdict(&self, file: &File<'_>, token: usize) -> Verdict {
        let syntax = &file.syntax;
        if self.target.old.starts_with('#') {
            let home = self.home == file.syntax.source.path;
            return yes_if(home && self.body.0 < token && token < self.body.1);
        }
        if let Some(declared) = file.olds.iter().find(|declaration| declaration.token == token) {
            return match declared.sort {
                Sort::Member(of) => yes_if(self.family.contains(&syntax.at(of))),
                _ => self.pattern(syntax, token),
            };
        }
        if is_member_access(syntax, token) {
            return self.accessed(file, token);
        }
        let open = syntax.around[token];
        let literal = syntax.brace(open) == Some(Brace::Literal);
        if literal && is_written_key(syntax, token) {
            return self.key(syntax, token, open);
        }
        if literal
            && syntax.is_ecma()
            && matches!(syntax.source.before(token), "{" | ",")
            && matches!(syntax.source.after(token), "," | "}")
        {
            return match self.key(syntax, token, open) {
                Verdict::Yes => Verdict::As(format!("{}: {}", self.target.new, self.target.old)),
                verdict => verdict,
            };
        }
        // A bare name inside the type itself, where no local has it: Java and C++ leave `this` out.
        let bare =
            matches!(syntax.source.language, Language::Java | Language::C) && lookup(&file.olds, token).is_none();
        let inside =
            syntax.type_around(token).map(|(_, name)| syntax.at(name)).or_else(|| qualified_owner(syntax, token));
        yes_if(bare && inside.is_some_and(|name| self.family.contains(&name)))
    }

    /// `{ name }` in a destructuring pattern: the variable keeps its name.
    fn pattern(&self, syntax: &Syntax<'_>, token: usize) -> Verdict {
        let open = syntax.around[token];
        let shorthand =
            syntax.brace(open) == Some(Brace::Literal) && matches!(syntax.source.after(token), "," | "}" | "=");
        if !shorthand || !syntax.is_ecma() || syntax.source.before(token) == "..." {
            return Verdict::No;
        }
        match self.key(syntax, token, open) {
            Verdict::Yes => Verdict::As(format!("{}: {}", self.target.new, self.target.old)),
            verdict => verdict,
        }
    }

    /// A key of the literal or pattern with this brace.
    fn key(&self, syntax: &Syntax<'_>, _token: usize, open: usize) -> Verdict {
        if !syntax.is_ecma() {
            // Go's and C's literals are headed by their type, or inferred from the one around.
            let head = syntax.source.before(open);
            let named = syntax.source.is_ident(open.wrapping_sub(1)) && !head.is_empty();
            return match named {
                true => yes_if(self.family.contains(&head)),
                false => self.otherwise(OBJECT),
            };
        }
        let close = syntax.partner[open];
        let behind = match syntax.source.after(close) {
            ":" | "as" | "satisfies" => Some(syntax.at(close + 2)),
            "=" if syntax.at(close + 2) == "this" => {
                return yes_if(
                    syntax.type_around(open).is_some_and(|(_, name)| self.family.contains(&syntax.at(name))),
                );
            }
            _ => None,
        };
        let declared = (syntax.source.before(open) == "=").then(|| syntax.source.before(open - 1));
        match behind.or(declared.filter(|_| syntax.source.before(open.wrapping_sub(2)) == ":")) {
            Some(name) if self.family.contains(&name) => Verdict::Yes,
            Some(name) if name.starts_with(|first: char| first.is_uppercase()) && name != "Partial" => Verdict::No,
            _ => Verdict::Unsure(OBJECT),
        }
    }

    /// `base.name`
    fn accessed(&self, file: &File<'_>, token: usize) -> Verdict {
        let syntax = &file.syntax;
        // `.name = …` at the start of an entry is C's designated initialiser.
        if matches!(syntax.at(token.wrapping_sub(2)), "{" | ",") && syntax.source.language == Language::C {
            return self.otherwise(OBJECT);
        }
        match self.type_of(file, token) {
            Some(name) if self.family.contains(&name) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => self.otherwise(MANY),
        }
    }

    fn otherwise(&self, why: &'static str) -> Verdict {
        if !self.others.is_empty() {
            Verdict::Unsure(why)
        } else if is_common(self.target.old) {
            Verdict::Unsure(COMMON)
        } else {
            Verdict::Yes
        }
    }

    /// The type of the object before the dot, by `this`, a type's name, a declared type or a constructor's call.
    fn type_of<'s>(&self, file: &File<'s>, token: usize) -> Option<&'s str> {
        let syntax = &file.syntax;
        let base = token.checked_sub(2)?;
        let name = syntax.at(base);
        if matches!(name, "this" | "super") {
            return syntax.type_around(base).map(|(_, name)| syntax.at(name));
        }
        if !syntax.source.is_ident(base) || is_member_access(syntax, base) {
            return None;
        }
        if self.family.contains(&name) || self.others.contains(&name) {
            return Some(name);
        }
        let declarations = of_name(syntax, name);
        let declared = lookup(&declarations, base)?;
        match declared.sort {
            // What an import brings is a module or a type from elsewhere, unless it is ours.
            Sort::Import => None,
            Sort::Member(_) => None,
            _ => declared_type(syntax, declared.token),
        }
    }
}

/// The type that a variable or parameter is declared with, or the class whose constructor it is set to.
fn declared_type<'s>(syntax: &Syntax<'s>, token: usize) -> Option<&'s str> {
    let source = &syntax.source;
    let type_name = |at: usize| {
        let name = source.at(at);
        (source.is_ident(at) && name.starts_with(|first: char| first.is_uppercase())).then_some(name)
    };
    match source.language {
        Language::Ecma { .. } => match (source.after(token), source.at(token + 2)) {
            (":", _)
                if matches!(source.at(token + 3), "|" | "," | ")" | "=" | ";" | "{")
                    || source.code.get(token + 3).is_some_and(|next| next.first) =>
            {
                type_name(token + 2)
            }
            ("=", "new") => type_name(token + 3),
            _ => None,
        },
        Language::Go => {
            let mut at = token + 1;
            while matches!(source.at(at), "*" | ":=" | "=" | "&") {
                at += 1;
            }
            let literal = source.at(token + 1) == ":=" || source.at(token + 1) == "=";
            (source.is_ident(at) && (!literal || source.after(at) == "{")).then(|| source.at(at))
        }
        _ => {
            let mut at = token.checked_sub(1)?;
            while matches!(source.at(at), "*" | "&") {
                at = at.checked_sub(1)?;
            }
            source
                .is_ident(at)
                .then(|| source.at(at))
                .filter(|name| !matches!(*name, "var" | "auto" | "final" | "const"))
        }
    }
}

/// `T` of a function that is defined as `T::name(…) { … }` around a token.
fn qualified_owner<'s>(syntax: &Syntax<'s>, token: usize) -> Option<&'s str> {
    let name = syntax.function_around(token)?.name?;
    (syntax.source.before(name) == "::").then(|| syntax.at(name.wrapping_sub(2)))
}

fn is_written_key(syntax: &Syntax<'_>, token: usize) -> bool {
    let (before, after) = (syntax.source.before(token), syntax.source.after(token));
    let method = after == "(" && matches!(before, "{" | "," | "async" | "get" | "set");
    (matches!(before, "{" | "," | ";") && after == ":") || method
}

fn yes_if(condition: bool) -> Verdict {
    if condition { Verdict::Yes } else { Verdict::No }
}

/// Members of built-in types.
fn is_common(name: &str) -> bool {
    const NAMES: [&str; 72] = [
        "Close",
        "Error",
        "Len",
        "Less",
        "Read",
        "String",
        "Swap",
        "Write",
        "add",
        "addEventListener",
        "append",
        "apply",
        "at",
        "begin",
        "bind",
        "call",
        "catch",
        "charAt",
        "clear",
        "clone",
        "close",
        "concat",
        "contains",
        "containsKey",
        "count",
        "delete",
        "empty",
        "end",
        "endsWith",
        "entries",
        "equals",
        "error",
        "every",
        "exec",
        "fill",
        "filter",
        "find",
        "flat",
        "forEach",
        "format",
        "get",
        "has",
        "hashCode",
        "includes",
        "indexOf",
        "insert",
        "isEmpty",
        "join",
        "keys",
        "length",
        "log",
        "map",
        "match",
        "name",
        "next",
        "pop",
        "push",
        "put",
        "reduce",
        "remove",
        "replace",
        "size",
        "slice",
        "sort",
        "split",
        "startsWith",
        "test",
        "then",
        "toString",
        "trim",
        "value",
        "values",
    ];
    NAMES.binary_search(&name).is_ok()
}
