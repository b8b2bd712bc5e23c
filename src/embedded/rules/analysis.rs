//! One door to the analyses of all languages.

use super::lexer::{Language, Source};
use super::symbol::{Definition, Function, Target, Uses};
use super::{braces, python, rust};

/// What the name at a token defines, if anything.
pub fn definition(source: &Source<'_>, token: usize) -> Option<Definition> {
    match source.language {
        Language::Rust => rust::definition(source, token),
        Language::Python => python::definition(source, token),
        Language::Text => None,
        _ => braces::definition(source, token),
    }
}

/// The uses of `target` in these files, its own definition included.
pub fn uses<'t>(sources: &[Source<'t>], target: Target<'t>) -> Uses {
    match sources.get(target.file).map(|source| source.language) {
        Some(Language::Rust) => rust::uses(sources, target),
        Some(Language::Python) => python::uses(sources, target),
        Some(_) => braces::uses(sources, target),
        None => Uses::default(),
    }
}

/// The functions of a file that have a name, those without a body included.
pub fn functions(source: &Source<'_>) -> Vec<Function> {
    match source.language {
        Language::Rust => rust::functions(source),
        Language::Python => python::functions(source),
        _ => braces::functions(source),
    }
}

/// The type, module or function around a definition, if any.
pub fn owner<'t>(source: &Source<'t>, token: usize) -> Option<&'t str> {
    match source.language {
        Language::Rust => rust::owner(source, token),
        Language::Python => python::owner(source, token),
        _ => braces::owner(source, token),
    }
}

/// The parameter or local that a bare name would mean at a token, if it surely has a value there.
pub fn visible(source: &Source<'_>, token: usize, name: &str) -> Option<usize> {
    match source.language {
        Language::Rust => rust::visible(source, token, name),
        Language::Python => python::visible(source, token, name),
        Language::Text | Language::Other => None,
        _ => braces::visible(source, token, name),
    }
}
