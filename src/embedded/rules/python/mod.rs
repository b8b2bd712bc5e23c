//! Python: which occurrences of a name are uses of one definition.
//!
//! Scopes and imports decide; attributes are attributed by `self`, class names, annotations and constructor calls, and
//! otherwise only where no other class has a member of that name.

mod members;
mod modules;
mod scopes;

use super::lexer::{Kind as TokenKind, Source};
use super::symbol::{Definition, Function, Reach, Target, Uses, Verdict};
use modules::{imported_from, means, module_named, module_of};
use scopes::{Role, ScopeKind, Scopes};

/// What kind of definition a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Bound in a function, lambda or comprehension; the scope.
    Local(usize),
    /// A parameter; the function's scope.
    Parameter(usize),
    /// Bound in the module.
    Module,
    /// A method or attribute; the class's scope.
    Member(usize),
}

/// What the name at a token defines, if anything.
pub fn definition(source: &Source<'_>, token: usize) -> Option<Definition> {
    let scopes = Scopes::of(source.clone());
    let before = source.before(token);
    let (what, reach) = match kind_of(&scopes, token)? {
        Kind::Local(_) => ("variable", Reach::File),
        Kind::Parameter(_) => ("parameter", Reach::Workspace),
        Kind::Module if before == "def" => ("function", Reach::Workspace),
        Kind::Module if before == "class" => ("class", Reach::Workspace),
        Kind::Module => ("variable", Reach::Workspace),
        Kind::Member(_) if before == "def" => ("method", Reach::Workspace),
        Kind::Member(_) => ("attribute", Reach::Workspace),
    };
    Some(Definition { what, reach })
}

fn kind_of(scopes: &Scopes<'_>, token: usize) -> Option<Kind> {
    if !scopes.source.is_ident(token) {
        return None;
    }
    match scopes.role(token) {
        Role::Attribute => return members::assigned_class(scopes, token).map(Kind::Member),
        Role::Plain => {}
        _ => return None,
    }
    let scope = scopes.binds(token)?;
    if scopes.parameter_of(token).is_some() {
        return Some(match scopes.scopes[scope].kind {
            ScopeKind::Function => Kind::Parameter(scope),
            _ => Kind::Local(scope),
        });
    }
    Some(match scopes.scopes[scope].kind {
        ScopeKind::Module => Kind::Module,
        ScopeKind::Class => Kind::Member(scope),
        ScopeKind::Function | ScopeKind::Expression => Kind::Local(scope),
    })
}

/// The functions of a file.
pub fn functions(source: &Source<'_>) -> Vec<Function> {
    let scopes = Scopes::of(source.clone());
    let functions = scopes.scopes.iter().filter(|scope| scope.kind == ScopeKind::Function);
    let functions = functions.filter_map(|scope| {
        let name = scope.name?;
        let decorators = scopes.decorators(name);
        Some(Function {
            name,
            params: scope.params?,
            body: Some(scope.body),
            takes_self: scopes.scopes[scope.parent].kind == ScopeKind::Class && !decorators.contains(&"staticmethod"),
            decorated: decorators.iter().any(|decorator| !keeps_parameters(decorator)),
        })
    });
    functions.collect()
}

/// Whether a decorator is known to leave the parameters of its function as they are.
fn keeps_parameters(decorator: &str) -> bool {
    matches!(
        decorator,
        "staticmethod"
            | "classmethod"
            | "abstractmethod"
            | "override"
            | "final"
            | "cache"
            | "lru_cache"
            | "contextmanager"
            | "asynccontextmanager"
            | "deprecated"
    )
}

/// The parameter or local that a bare name would mean at a token, if it is bound on every way there.
pub fn visible(source: &Source<'_>, token: usize, name: &str) -> Option<usize> {
    let scopes = Scopes::of(source.clone());
    let bound = scopes.bindings(name);
    let scope = scopes.lookup(token, name, &bound)?;
    if scopes.scopes[scope].kind != ScopeKind::Function {
        return None;
    }
    let mut bindings = bound.iter().filter(|(other, _)| *other == scope).map(|(_, binding)| *binding);
    bindings.find(|binding| scopes.parameter_of(*binding).is_some() || scopes.comes_first(*binding, token))
}

/// The class or function around a definition.
pub fn owner<'t>(source: &Source<'t>, token: usize) -> Option<&'t str> {
    let scopes = Scopes::of(source.clone());
    match kind_of(&scopes, token)? {
        Kind::Member(scope) | Kind::Local(scope) | Kind::Parameter(scope) => Some(scopes.name(scope)),
        Kind::Module => module_of(source.path).last().copied(),
    }
}

/// The uses of `target` in these files, its own definition included.
pub fn uses<'t>(sources: &[Source<'t>], target: Target<'t>) -> Uses {
    let files: Vec<Scopes<'t>> = sources.iter().map(|source| Scopes::of(source.clone())).collect();
    let Some(kind) = files.get(target.file).and_then(|scopes| kind_of(scopes, target.token)) else {
        return Uses::refused(format!("`{}` is not defined where it was changed", target.old));
    };
    match kind {
        Kind::Local(scope) => local_uses(&files[target.file], scope, target),
        Kind::Parameter(scope) => {
            let mut uses = local_uses(&files[target.file], scope, target);
            if uses.refusal.is_none() {
                keyword_uses(&files, scope, target, &mut uses);
                docstring_uses(&files[target.file], scope, target, &mut uses);
            }
            uses
        }
        Kind::Module => module_uses(&files, target),
        Kind::Member(class) => members::uses(&files, class, target),
    }
}

/// Uses of a name bound in one scope of one file.
fn local_uses(scopes: &Scopes<'_>, scope: usize, target: Target<'_>) -> Uses {
    let bound = scopes.bindings(target.old);
    let clashes = scopes.bindings(target.new);
    if clashes.iter().any(|(other, token)| *other == scope && *token != target.token) {
        return Uses::refused(format!("`{}` is already bound in the same scope", target.new));
    }
    let mut uses = Uses::default();
    for token in scopes.source.named(target.old) {
        let plain = matches!(scopes.role(token), Role::Plain);
        if plain && scopes.lookup(token, target.old, &bound) == Some(scope) {
            uses.judge(Verdict::Yes, target.file, span(scopes, token), target.new);
        }
    }
    uses
}

/// `function(old=…)` for a renamed parameter.
fn keyword_uses(files: &[Scopes<'_>], scope: usize, target: Target<'_>, uses: &mut Uses) {
    const MANY: &str = "several functions with this name have such a parameter";
    let home = &files[target.file];
    let mut function = home.name(scope);
    if function == "__init__" {
        function = home.name(home.scopes[scope].parent);
    }
    let others = files.iter().enumerate().any(|(file, scopes)| {
        let namesakes = scopes.scopes.iter().enumerate().filter(|(index, other)| {
            other.kind == ScopeKind::Function
                && scopes.name(*index) == function
                && (file, *index) != (target.file, scope)
        });
        namesakes.into_iter().any(|(index, _)| scopes.bindings(target.old).iter().any(|(bound, _)| *bound == index))
    });
    for (file, scopes) in files.iter().enumerate() {
        for token in scopes.source.named(target.old) {
            let Role::Keyword(open) = scopes.role(token) else { continue };
            if scopes.source.before(open) == function {
                let verdict = if others { Verdict::Unsure(MANY) } else { Verdict::Yes };
                uses.judge(verdict, file, span(scopes, token), target.new);
            }
        }
    }
}

/// Mentions of a parameter in the docstring of its function: `:param old:` and code in backticks.
fn docstring_uses(scopes: &Scopes<'_>, scope: usize, target: Target<'_>, uses: &mut Uses) {
    let Some(string) = scopes.source.code.get(scopes.scopes[scope].body.0) else { return };
    if string.kind != TokenKind::Str {
        return;
    }
    for (at, _) in string.text.match_indices(target.old) {
        let (before, after) = (&string.text[..at], &string.text[at + target.old.len()..]);
        let quoted = before.ends_with('`') && after.starts_with('`');
        let line = before.rsplit('\n').next().unwrap_or("").trim_start();
        let field = line.starts_with(":param ") && line.ends_with(' ') && after.starts_with(':');
        if quoted || field {
            let start = string.start + at;
            uses.judge(Verdict::Yes, target.file, (start, start + target.old.len()), target.new);
        }
    }
}

fn span(scopes: &Scopes<'_>, token: usize) -> (usize, usize) {
    (scopes.source.code[token].start, scopes.source.code[token].end)
}

/// Uses of a name that a module binds.
fn module_uses(files: &[Scopes<'_>], target: Target<'_>) -> Uses {
    let home = &files[target.file];
    if home.bindings(target.new).iter().any(|(scope, token)| *scope == 0 && *token != target.token) {
        return Uses::refused(format!("`{}` is already defined in {}", target.new, home.source.path));
    }
    let also_imported = home
        .bindings(target.old)
        .iter()
        .any(|(scope, token)| *scope == 0 && home.source.before(*token) != "as" && home.role(*token) != Role::Plain);
    if also_imported {
        return Uses::refused(format!("an import in {} binds `{}` as well", home.source.path, target.old));
    }
    let exporting = exporting(files, target);
    let mut uses = Uses::default();
    for (file, scopes) in files.iter().enumerate() {
        let bound = scopes.bindings(target.old);
        let from_us = |token: usize| {
            imported_from(scopes, token).is_some_and(|(level, dotted)| {
                exporting.iter().any(|module| means(scopes.source.path, level, &dotted, module))
            })
        };
        // Scopes into which the name is imported from one of ours, or where it is defined.
        let mut ours: Vec<usize> = bound
            .iter()
            .filter(|(_, token)| scopes.role(*token) == Role::Imported && from_us(*token))
            .map(|(scope, _)| *scope)
            .collect();
        if file == target.file {
            ours.push(0);
        }
        let star = imports_all(scopes, &exporting);
        for token in scopes.source.named(target.old) {
            let yes = match scopes.role(token) {
                Role::Imported => from_us(token),
                Role::Attribute => module_named(scopes, token).is_some_and(|(level, dotted)| {
                    exporting.iter().any(|module| means(scopes.source.path, level, &dotted, module))
                }),
                Role::Plain => match scopes.lookup(token, target.old, &bound) {
                    Some(scope) => ours.contains(&scope),
                    None => star,
                },
                Role::Keyword(_) | Role::ModulePath => false,
            };
            if yes {
                uses.judge(Verdict::Yes, file, span(scopes, token), target.new);
            }
        }
        strings(scopes, file, &exporting, !ours.is_empty(), target, &mut uses);
    }
    uses
}

/// The modules that have the name: the one that defines it and those that import it to pass it on.
fn exporting<'f>(files: &'f [Scopes<'_>], target: Target<'_>) -> Vec<Vec<&'f str>> {
    let mut modules = vec![module_of(files[target.file].source.path)];
    loop {
        let found = files.iter().find_map(|scopes| {
            let module = module_of(scopes.source.path);
            let new = !modules.contains(&module);
            let passes_on = scopes.bindings(target.old).iter().any(|(scope, token)| {
                *scope == 0
                    && scopes.role(*token) == Role::Imported
                    && imported_from(scopes, *token).is_some_and(|(level, dotted)| {
                        modules.iter().any(|module| means(scopes.source.path, level, &dotted, module))
                    })
            });
            (new && (passes_on || imports_all(scopes, &modules))).then_some(module)
        });
        match found {
            Some(module) => modules.push(module),
            None => return modules,
        }
    }
}

/// Whether a file has `from … import *` of one of these modules.
fn imports_all(scopes: &Scopes<'_>, modules: &[Vec<&str>]) -> bool {
    let stars = (1..scopes.source.code.len())
        .filter(|token| scopes.at(*token) == "*" && scopes.source.before(*token) == "import");
    stars.into_iter().any(|token| {
        imported_from(scopes, token).is_some_and(|(level, dotted)| {
            modules.iter().any(|module| means(scopes.source.path, level, &dotted, module))
        })
    })
}

/// Strings that name the definition: in `__all__`, and dotted paths as `mock.patch` takes them.
fn strings(scopes: &Scopes<'_>, file: usize, modules: &[Vec<&str>], ours: bool, target: Target<'_>, uses: &mut Uses) {
    for (token, string) in scopes.source.code.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Str) {
        let inner = string.text.trim_matches(['"', '\'']);
        let Some(path) = inner.strip_suffix(target.old) else { continue };
        let listed = path.is_empty() && ours && is_in_all(scopes, token);
        let dotted: Vec<&str> = path.strip_suffix('.').map(|path| path.split('.').collect()).unwrap_or_default();
        let named = dotted.len() > 1 && modules.iter().any(|module| module.ends_with(&dotted));
        if listed || named {
            let end = string.start + string.text.trim_end_matches(['"', '\'']).len();
            uses.judge(Verdict::Yes, file, (end - target.old.len(), end), target.new);
        }
    }
}

fn is_in_all(scopes: &Scopes<'_>, token: usize) -> bool {
    let mut start = token;
    while start > 0 && !scopes.source.code[start].first {
        start -= 1;
    }
    scopes.at(start) == "__all__"
}
