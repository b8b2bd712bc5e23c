//! Python modules: what an import names, by the paths of files.

use super::scopes::Scopes;

/// The dotted path of a file, as far as folders go: `["src", "pkg", "mod"]`.
pub fn module_of(path: &str) -> Vec<&str> {
    let path = path.strip_suffix(".pyi").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.split('/').collect()
}

/// Whether the import path written in `from` (with its leading dots as `level`) can mean the module `target`.
pub fn means(from: &str, level: usize, dotted: &[&str], target: &[&str]) -> bool {
    if level == 0 {
        return !dotted.is_empty() && target.ends_with(dotted);
    }
    let mut base = module_of(from);
    // In a package's own file the first dot is the package itself.
    let up = if from.ends_with("/__init__.py") { level - 1 } else { level };
    if up > base.len() {
        return false;
    }
    base.truncate(base.len() - up);
    base.extend(dotted);
    base == target
}

/// The module part of a `from … import` line that a token is on: level and dotted names.
pub fn imported_from<'t>(scopes: &Scopes<'t>, token: usize) -> Option<(usize, Vec<&'t str>)> {
    let mut start = token;
    while start > 0 && !scopes.source.code[start].first {
        start -= 1;
    }
    let mut level = 0;
    let mut dotted = Vec::new();
    for at in start + 1..token {
        match scopes.at(at) {
            "import" => return Some((level, dotted)),
            "." if dotted.is_empty() => level += 1,
            "..." if dotted.is_empty() => level += 3,
            "." => {}
            name => dotted.push(name),
        }
    }
    None
}

/// What the base of `base.name` means as a module: the import that binds it, with the rest of the dotted path.
pub fn module_named<'t>(scopes: &Scopes<'t>, attribute: usize) -> Option<(usize, Vec<&'t str>)> {
    let mut path = Vec::new();
    let mut at = attribute;
    while scopes.source.before(at) == "." && scopes.source.is_ident(at.wrapping_sub(2)) {
        at -= 2;
        path.insert(0, scopes.at(at));
    }
    if scopes.source.before(at) == "." {
        return None;
    }
    let (first, rest) = path.split_first()?;
    for (_, binding) in scopes.bindings(first) {
        let mut start = binding;
        while start > 0 && !scopes.source.code[start].first {
            start -= 1;
        }
        let aliased = scopes.source.before(binding) == "as";
        match scopes.at(start) {
            "import" => {
                let mut dotted = vec![];
                let mut name = if aliased { binding.checked_sub(2)? } else { binding };
                if !aliased {
                    return Some((0, path));
                }
                dotted.insert(0, scopes.at(name));
                while scopes.source.before(name) == "." {
                    name -= 2;
                    dotted.insert(0, scopes.at(name));
                }
                dotted.extend(rest);
                return Some((0, dotted));
            }
            "from" => {
                let name = if aliased { binding.checked_sub(2)? } else { binding };
                let (level, mut dotted) = imported_from(scopes, name)?;
                dotted.push(scopes.at(name));
                dotted.extend(rest);
                return Some((level, dotted));
            }
            _ => {}
        }
    }
    None
}
