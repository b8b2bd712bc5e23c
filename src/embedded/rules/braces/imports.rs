//! Which file an import of a brace language means.

use super::syntax::{Brace, Syntax};
use crate::embedded::rules::lexer::{Kind, Language};

/// Whether the import path in a string (with its quotes) that stands in `from` can mean the file `target`.
pub fn means(from: &str, quoted: &str, target: &str) -> bool {
    let specifier = quoted.trim_matches(['"', '\'', '`']);
    let bare = |path: &str| -> Vec<String> {
        let path = path.strip_suffix(".d.ts").unwrap_or(path);
        let stem = match path.rsplit_once('.') {
            Some((stem, "ts" | "tsx" | "js" | "jsx" | "mjs" | "cjs" | "mts" | "cts")) => stem,
            _ => path,
        };
        let stem = stem.strip_suffix("/index").unwrap_or(stem);
        stem.split('/').map(str::to_owned).collect()
    };
    let target = bare(target);
    if specifier.starts_with('.') {
        let mut base: Vec<String> = from.split('/').map(str::to_owned).collect();
        base.pop();
        for step in bare(specifier) {
            match step.as_str() {
                "." | "" => {}
                ".." => {
                    base.pop();
                }
                _ => base.push(step),
            }
        }
        if base.last().is_some_and(|last| last == "index") {
            base.pop();
        }
        return base == target || (target == ["index"] && base.is_empty());
    }
    // An alias such as `@/lib/x` or a path from a root: its end is what can be compared.
    let steps: Vec<String> =
        bare(specifier).into_iter().skip_while(|step| matches!(step.as_str(), "@" | "~" | "#" | "")).collect();
    steps.len() > 1 && target.ends_with(&steps) || (specifier.starts_with(['@', '~', '#']) && target.ends_with(&steps))
}

/// The string behind `from` of the import or export that a token is in.
pub fn source_of<'t>(syntax: &Syntax<'t>, token: usize) -> Option<&'t str> {
    let open = syntax.around[token];
    let start =
        if open != usize::MAX && syntax.brace(open) == Some(Brace::Names) { syntax.partner[open] } else { token };
    let from = (start..start + 8).find(|at| syntax.at(*at) == "from")?;
    let string = syntax.source.code.get(from + 1)?;
    (string.kind == Kind::Str).then_some(string.text)
}

/// The import path of the namespace that a bare name at a token stands for: `import * as ns from "…"`, `require("…")`.
pub fn namespace_of<'t>(syntax: &Syntax<'t>, name: &str) -> Option<&'t str> {
    if syntax.source.language == Language::Go {
        return go_import(syntax, name);
    }
    syntax.source.named(name).find_map(|token| {
        if syntax.source.before(token) == "as" && syntax.at(token.wrapping_sub(2)) == "*" {
            return source_of(syntax, token);
        }
        let required = syntax.source.after(token) == "=" && syntax.at(token + 2) == "require";
        required.then(|| syntax.source.code.get(token + 4)).flatten().map(|string| string.text)
    })
}

/// The path of the Go package that is called `name` in a file.
fn go_import<'t>(syntax: &Syntax<'t>, name: &str) -> Option<&'t str> {
    let strings = syntax.source.code.iter().enumerate().filter(|(_, token)| token.kind == Kind::Str);
    for (token, string) in strings {
        let grouped = syntax.around[token] != usize::MAX && syntax.source.before(syntax.around[token]) == "import";
        let alias = syntax.source.before(token);
        let single = alias == "import" || syntax.source.before(token.wrapping_sub(1)) == "import";
        if !grouped && !single {
            continue;
        }
        let path = string.text.trim_matches('"');
        let own_name = syntax.source.is_ident(token.wrapping_sub(1)) && alias != "import" && !string.first;
        let called = if own_name { alias } else { path.rsplit('/').next().unwrap_or(path) };
        if called == name {
            return Some(path);
        }
    }
    None
}

/// The folder of a file.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
