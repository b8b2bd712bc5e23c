//! JavaScript, TypeScript, Go, C, C++, Java and languages like them: which occurrences of a name are uses of one
//! definition.
//!
//! Scopes, imports and what stands around a name decide. Members of types are attributed by `this`, by names of types and
//! by declared types, and otherwise only where nothing else has a member of that name.

mod declarations;
mod imports;
mod members;
mod syntax;

use super::lexer::{Language, Source};
use super::symbol::{Definition, Function, Reach, Target, Uses, Verdict};
use declarations::{Declaration, Sort, lookup, of_name};
use syntax::{Brace, Syntax};

/// A file with the declarations of the name in question.
struct File<'t> {
    syntax: Syntax<'t>,
    olds: Vec<Declaration>,
    news: Vec<Declaration>,
}

const HIDDEN: &str = "the new name means something else here";
const MANY: &str = "several definitions have this name and it cannot be told which one is meant";

/// What the name at a token defines, if anything.
pub fn definition(source: &Source<'_>, token: usize) -> Option<Definition> {
    let syntax = Syntax::of(source.clone());
    let declaration = declarations::at(&syntax, token)?;
    // A private name is seen in its class only.
    let private = source.at(token).starts_with('#');
    let (what, reach) = match declaration.sort {
        Sort::Member(_) if private => ("private member", Reach::File),
        Sort::Local => ("variable", Reach::File),
        Sort::Param => ("parameter", Reach::File),
        Sort::Function => ("function", Reach::Workspace),
        Sort::Type => ("type", Reach::Workspace),
        Sort::Global => ("variable", Reach::Workspace),
        Sort::Member(_) if source.after(token) == "(" => ("method", Reach::Workspace),
        Sort::Member(_) => ("member", Reach::Workspace),
        Sort::Import => return None,
    };
    // What a function or block declares is seen in its file only.
    let whole = declaration.scope == (0, source.code.len()) || matches!(declaration.sort, Sort::Member(_));
    Some(Definition { what, reach: if whole { reach } else { Reach::File } })
}

/// The functions of a file, prototypes and the methods of interfaces included.
pub fn functions(source: &Source<'_>) -> Vec<Function> {
    let syntax = Syntax::of(source.clone());
    let with_body = syntax.functions.iter().filter_map(|function| {
        let name = function.name.or_else(|| assigned_name(&syntax, function.params.0))?;
        Some(Function::plain(name, function.params, Some(function.body)))
    });
    let mut found: Vec<Function> = with_body.collect();
    let names: Vec<usize> = found.iter().map(|function| function.name).collect();
    for name in (0..source.code.len()).filter(|token| source.is_ident(*token) && source.after(*token) == "(") {
        let announced = source.before(name) == "function"
            || declarations::at(&syntax, name)
                .is_some_and(|declared| matches!(declared.sort, Sort::Function | Sort::Member(_)));
        if announced && !names.contains(&name) {
            found.push(Function::plain(name, (name + 1, syntax.partner[name + 1]), None));
        }
    }
    found
}

/// The name of `name = (…) =>` and `name = function (…)`, whose parameters begin at a token.
fn assigned_name(syntax: &Syntax<'_>, params: usize) -> Option<usize> {
    let mut equals = params.checked_sub(1)?;
    while matches!(syntax.at(equals), "async" | "function" | "*") {
        equals = equals.checked_sub(1)?;
    }
    let name = equals.checked_sub(1)?;
    let named = syntax.is_ecma() && syntax.at(equals) == "=" && syntax.source.is_ident(name);
    (named && declarations::at(syntax, name).is_some()).then_some(name)
}

/// The parameter or local that a bare name would mean at a token.
pub fn visible(source: &Source<'_>, token: usize, name: &str) -> Option<usize> {
    let syntax = Syntax::of(source.clone());
    let declared = of_name(&syntax, name);
    // A declaration further down may hide the name already, or not be seen yet: neither has a value here.
    let found = lookup(&declared, token).filter(|found| found.token < token)?;
    let hoisted = found.sort == Sort::Local && source.before(found.token) == "var";
    (matches!(found.sort, Sort::Local | Sort::Param) && !hoisted).then_some(found.token)
}

/// The type or function around a definition.
pub fn owner<'t>(source: &Source<'t>, token: usize) -> Option<&'t str> {
    let syntax = Syntax::of(source.clone());
    match declarations::at(&syntax, token)?.sort {
        Sort::Member(name) => Some(syntax.at(name)),
        Sort::Local | Sort::Param => {
            let function = syntax.function_around(token).or_else(|| syntax.params_around(token))?;
            function.name.map(|name| syntax.at(name))
        }
        _ => None,
    }
}

/// The uses of `target` in these files, its own definition included.
pub fn uses<'t>(sources: &[Source<'t>], target: Target<'t>) -> Uses {
    let files: Vec<File<'t>> = sources
        .iter()
        .map(|source| {
            let syntax = Syntax::of(source.clone());
            let (olds, news) = (of_name(&syntax, target.old), of_name(&syntax, target.new));
            File { syntax, olds, news }
        })
        .collect();
    let home = files.get(target.file);
    let Some(declaration) = home.and_then(|file| file.olds.iter().find(|other| other.token == target.token)).copied()
    else {
        return Uses::refused(format!("`{}` is not defined where it was changed", target.old));
    };
    let home = &files[target.file];
    if let Sort::Member(of) = declaration.sort {
        return members::uses(&files, home.syntax.at(of), target);
    }
    let clash = home.news.iter().find(|other| {
        other.scope == declaration.scope
            && other.token != target.token
            && matches!(other.sort, Sort::Member(_)) == matches!(declaration.sort, Sort::Member(_))
    });
    if let Some(clash) = clash {
        let line = home.syntax.source.line_of(home.syntax.source.code[clash.token].start);
        return Uses::refused(format!("`{}` is already declared in {}:{line}", target.new, home.syntax.source.path));
    }
    let mut uses = Uses::default();
    local_uses(home, declaration, target, &mut uses);
    let whole = declaration.scope == (0, home.syntax.source.code.len());
    if whole {
        match home.syntax.source.language {
            Language::Ecma { .. } => ecma_elsewhere(&files, target, &mut uses),
            Language::Go => go_elsewhere(&files, target, &mut uses),
            _ => global_elsewhere(&files, declaration, target, &mut uses),
        }
    }
    uses
}

/// Uses of a declaration by its bare name in its own file.
fn local_uses(file: &File<'_>, declaration: Declaration, target: Target<'_>, uses: &mut Uses) {
    for token in file.syntax.source.named(target.old) {
        let ours = lookup(&file.olds, token).is_some_and(|found| is_same(file, found, &declaration));
        if ours {
            judge_plain(file, token, target.file, target, uses);
        }
    }
}

/// Whether two declarations are one variable: overloads, prototypes, and Go's `a, err := …` in one block.
fn is_same(file: &File<'_>, one: &Declaration, other: &Declaration) -> bool {
    let redeclared =
        file.syntax.source.language == Language::Go && one.sort == Sort::Local && one.scope.1 == other.scope.1;
    let member = matches!(one.sort, Sort::Member(_)) || matches!(other.sort, Sort::Member(_));
    one.token == other.token || (!member && (redeclared || one.scope == other.scope))
}

/// Judges a bare name that means the target.
fn judge_plain(file: &File<'_>, token: usize, index: usize, target: Target<'_>, uses: &mut Uses) {
    let syntax = &file.syntax;
    let source = &syntax.source;
    let (before, after) = (source.before(token), source.after(token));
    let span = (source.code[token].start, source.code[token].end);
    let declared = file.olds.iter().any(|other| other.token == token);
    if is_member_access(syntax, token) || (!declared && is_key(syntax, token)) {
        return;
    }
    let hidden = lookup(&file.news, token).is_some_and(|other| {
        !matches!(other.sort, Sort::Member(_)) && other.scope.1 - other.scope.0 < source.code.len()
    });
    if hidden && token != target.token {
        return uses.judge(Verdict::Unsure(HIDDEN), index, span, target.new);
    }
    let brace = syntax.brace(syntax.around[token]);
    let listed = matches!(before, "{" | ",") && matches!(after, "," | "}" | "=");
    // `{ name }` is a key and a value: the key stays.
    let shorthand =
        syntax.is_ecma() && brace == Some(Brace::Literal) && listed && syntax.at(syntax.around[token]) == "{";
    // What a CommonJS module exports is renamed there and in the modules that require it.
    let exported = shorthand && is_exports(syntax, syntax.around[token].wrapping_sub(2));
    let verdict = match shorthand && !exported {
        true => Verdict::As(format!("{}: {}", target.old, target.new)),
        false => Verdict::Yes,
    };
    uses.judge(verdict, index, span, target.new);
}

/// Whether a token is the `exports` of `module.exports` or `exports`.
fn is_exports(syntax: &Syntax<'_>, token: usize) -> bool {
    let module = syntax.source.before(token) != "." || syntax.at(token.wrapping_sub(2)) == "module";
    syntax.at(token) == "exports" && module
}

/// Whether a file is a module, and whether it exports the name `name` as such.
fn module_kind(file: &File<'_>, name: &str) -> (bool, bool) {
    let syntax = &file.syntax;
    let source = &syntax.source;
    let first = |token: usize| source.code[token].first && matches!(source.at(token), "import" | "export");
    if (0..source.code.len()).any(first) {
        return (true, true);
    }
    let required = (0..source.code.len())
        .any(|token| is_exports(syntax, token) || (source.at(token) == "require" && source.after(token) == "("));
    let exported = source.named(name).any(|token| {
        let open = syntax.around[token];
        let listed = open != usize::MAX
            && syntax.at(open) == "{"
            && source.before(open) == "="
            && is_exports(syntax, open.wrapping_sub(2));
        let set = source.before(token) == "." && is_exports(syntax, token.wrapping_sub(2));
        (listed && matches!(source.after(token), "," | "}")) || set
    });
    (required, exported)
}

/// `.name`, `->name`, `::name`
fn is_member_access(syntax: &Syntax<'_>, token: usize) -> bool {
    let before = syntax.source.before(token);
    let spread = before == "...";
    !spread
        && matches!(before, "." | "?." | "->" | "::")
        && !(before == "::" && syntax.source.before(token - 1).is_empty())
}

/// `name:` in a literal or type, `name=` in a tag, a label.
fn is_key(syntax: &Syntax<'_>, token: usize) -> bool {
    let (before, after) = (syntax.source.before(token), syntax.source.after(token));
    let literal = syntax.brace(syntax.around[token]) == Some(Brace::Literal);
    let method = literal
        && after == "("
        && matches!(before, "{" | "," | "async" | "get" | "set")
        && syntax.functions.iter().any(|function| function.name == Some(token));
    let optional = after == "?" && syntax.at(token + 2) == ":" && literal;
    let case = syntax.at(syntax.statement_start(token)) == "case" || before == "?";
    (literal && after == ":" && matches!(before, "{" | "," | ";" | "readonly"))
        || method
        || optional
        || (after == ":"
            && matches!(before, ";" | "{" | "}")
            && !case
            && !literal
            && syntax.is_ecma()
            && syntax.params_around(token).is_none())
}

/// Uses in other files of what a JavaScript or TypeScript module exports.
fn ecma_elsewhere(files: &[File<'_>], target: Target<'_>, uses: &mut Uses) {
    let home = &files[target.file];
    let (module, exported) = module_kind(home, target.old);
    if module && !exported {
        return;
    }
    let scripts = !module;
    let mut exporting = vec![home.syntax.source.path];
    while let Some(path) = files.iter().find_map(|file| passes_on(file, target, &exporting)) {
        exporting.push(path);
    }
    for (index, file) in files.iter().enumerate() {
        let syntax = &file.syntax;
        let path = syntax.source.path;
        let from_us = |quoted: &str| exporting.iter().any(|exporter| imports::means(path, quoted, exporter));
        let mut imported = None;
        for token in syntax.source.named(target.old) {
            let span = (syntax.source.code[token].start, syntax.source.code[token].end);
            if index == target.file && syntax.source.before(token) == "." && is_exports(syntax, token.wrapping_sub(2)) {
                uses.judge(Verdict::Yes, index, span, target.new);
            }
            let in_names = syntax.brace(syntax.around[token]) == Some(Brace::Names);
            let aliased = syntax.source.before(token) == "as";
            if in_names && !aliased && imports::source_of(syntax, token).is_some_and(from_us) {
                uses.judge(Verdict::Yes, index, span, target.new);
                if syntax.source.after(token) != "as" {
                    imported = imported.or(file.olds.iter().find(|other| other.token == token).copied());
                }
            } else if is_member_access(syntax, token) && syntax.source.before(token.wrapping_sub(2)) != "." {
                let base = syntax.at(token.wrapping_sub(2));
                if !base.is_empty() && imports::namespace_of(syntax, base).is_some_and(from_us) {
                    uses.judge(Verdict::Yes, index, span, target.new);
                }
            } else if required_from(syntax, token).is_some_and(from_us) {
                // `const { name } = require("…")`: key and variable are renamed together.
                uses.judge(Verdict::Yes, index, span, target.new);
                imported = imported.or(file.olds.iter().find(|other| other.token == token).copied());
            }
        }
        if let Some(import) = imported {
            let names = Target { file: index, token: import.token, ..target };
            let plain = |token: &usize| {
                *token != import.token && lookup(&file.olds, *token).is_some_and(|found| found.token == import.token)
            };
            syntax
                .source
                .named(target.old)
                .filter(plain)
                .for_each(|token| judge_plain(file, token, index, names, uses));
        } else if index != target.file && scripts && !module_kind(file, target.old).0 {
            let free = |token: &usize| lookup(&file.olds, *token).is_none();
            syntax
                .source
                .named(target.old)
                .filter(free)
                .for_each(|token| judge_plain(file, token, index, target, uses));
        }
    }
}

/// The path of a file that imports the name from an exporting file and exports it again.
fn passes_on<'t>(file: &File<'t>, target: Target<'_>, exporting: &[&str]) -> Option<&'t str> {
    let syntax = &file.syntax;
    let path = syntax.source.path;
    if exporting.contains(&path) {
        return None;
    }
    let from_us = |token: usize| {
        imports::source_of(syntax, token)
            .is_some_and(|quoted| exporting.iter().any(|exporter| imports::means(path, quoted, exporter)))
    };
    let named = syntax.source.named(target.old).any(|token| {
        let open = syntax.around[token];
        syntax.brace(open) == Some(Brace::Names)
            && syntax.source.before(open) != "import"
            && syntax.source.after(token) != "as"
            && from_us(token)
    });
    let stars = (1..syntax.source.code.len()).any(|token| {
        syntax.at(token) == "*"
            && syntax.source.before(token) == "export"
            && syntax.source.after(token) == "from"
            && from_us(token)
    });
    let again = syntax.source.named(target.old).any(|token| {
        let open = syntax.around[token];
        syntax.brace(open) == Some(Brace::Names) && syntax.source.before(open) == "import" && from_us(token)
    }) && syntax.source.named(target.old).any(|token| {
        let open = syntax.around[token];
        syntax.brace(open) == Some(Brace::Names)
            && syntax.source.before(open) == "export"
            && imports::source_of(syntax, token).is_none()
    });
    (named || stars || again).then_some(path)
}

/// The path in `const { name } = require("…")`.
fn required_from<'t>(syntax: &Syntax<'t>, token: usize) -> Option<&'t str> {
    let open = syntax.around[token];
    let pattern =
        open != usize::MAX && syntax.at(open) == "{" && matches!(syntax.source.before(open), "const" | "let" | "var");
    let equals = pattern.then(|| syntax.partner[open] + 1).filter(|equals| syntax.at(*equals) == "=")?;
    let required = syntax.at(equals + 1) == "require" && syntax.source.after(token) != ":";
    required.then(|| syntax.source.code.get(equals + 3)).flatten().map(|string| string.text)
}

/// Uses of a Go package's name: in its own folder bare, elsewhere behind the package's name.
fn go_elsewhere(files: &[File<'_>], target: Target<'_>, uses: &mut Uses) {
    let folder = imports::folder(files[target.file].syntax.source.path);
    for (index, file) in files.iter().enumerate() {
        let syntax = &file.syntax;
        let same = imports::folder(syntax.source.path) == folder;
        for token in syntax.source.named(target.old) {
            if syntax.source.before(token) == "." {
                let base = syntax.at(token.wrapping_sub(2));
                let package =
                    imports::namespace_of(syntax, base).filter(|_| syntax.source.before(token.wrapping_sub(2)) != ".");
                let name = folder.rsplit('/').next().unwrap_or(folder);
                let ours = package.is_some_and(|path| path.ends_with(folder) || path.rsplit('/').next() == Some(name));
                if ours && !same {
                    let span = (syntax.source.code[token].start, syntax.source.code[token].end);
                    uses.judge(Verdict::Yes, index, span, target.new);
                }
            } else if same && index != target.file && lookup(&file.olds, token).is_none() {
                judge_plain(file, token, index, target, uses);
            }
        }
    }
}

/// Uses of a global of C, C++ or Java in other files: its bare name where nothing nearer has it.
fn global_elsewhere(files: &[File<'_>], declaration: Declaration, target: Target<'_>, uses: &mut Uses) {
    let is_static = |file: &File<'_>, token: usize| {
        let start = file.syntax.statement_start(token);
        file.syntax.source.language == Language::C && (start..token).any(|at| file.syntax.at(at) == "static")
    };
    let home = &files[target.file];
    if is_static(home, target.token) && !home.syntax.source.path.ends_with(['h', 'p']) {
        return;
    }
    for (index, file) in files.iter().enumerate().filter(|(index, _)| *index != target.file) {
        for token in file.syntax.source.named(target.old) {
            let span = (file.syntax.source.code[token].start, file.syntax.source.code[token].end);
            match lookup(&file.olds, token) {
                None => judge_plain(file, token, index, target, uses),
                Some(found) if found.scope != (0, file.syntax.source.code.len()) => {}
                Some(found) if is_static(file, found.token) => {}
                // A header's declaration and its definition are one; two types or bodies are not.
                Some(found) if found.sort == declaration.sort && !both_define(home, declaration, file, found) => {
                    judge_plain(file, token, index, target, uses);
                }
                Some(_) => uses.judge(Verdict::Unsure(MANY), index, span, target.new),
            }
        }
    }
}

/// Whether two declarations both have a body, so that they are two things.
fn both_define(one: &File<'_>, first: Declaration, other: &File<'_>, second: &Declaration) -> bool {
    let defines = |file: &File<'_>, declaration: &Declaration| match declaration.sort {
        Sort::Function => file.syntax.functions.iter().any(|function| function.name == Some(declaration.token)),
        Sort::Type => true,
        _ => {
            let start = file.syntax.statement_start(declaration.token);
            !(start..declaration.token).any(|at| file.syntax.at(at) == "extern")
        }
    };
    defines(one, &first) && defines(other, second)
}
