//! Names that live inside one function or item: variables, parameters, type parameters.

use super::super::symbol::{Left, Target, Uses, Verdict};
use super::outline::ItemKind;
use super::roles::{Role, Roles};
use super::text;

const HIDDEN: &str = "the new name means another variable here";

/// Uses of a name that a pattern binds.
pub fn uses(roles: &Roles<'_>, region: usize, target: Target<'_>) -> Uses {
    let outline = &roles.outline;
    let source = &outline.source;
    let olds = roles.bindings.of_name(outline, target.old);
    let news = roles.bindings.of_name(outline, target.new);
    let scope = roles.bindings.regions[region].scope;
    let function = outline.function_around(target.token);
    let mut uses = Uses::default();
    for token in source.named(target.old) {
        if roles.local(&olds, token) != Some(region) || outline.function_around(token) != function {
            continue;
        }
        let (start, end) = (source.code[token].start, source.code[token].end);
        // The field's name stays, the variable's changes.
        let verdict = match roles.role(token) {
            // A path that begins with the name goes through a module.
            Role::Plain if source.after(token) == "::" && outline.at(token + 2) != "<" => Verdict::No,
            Role::Plain => Verdict::Yes,
            Role::Shorthand(_) => shorthand(roles, token, target),
            _ => Verdict::No,
        };
        let captured = roles.local(&news, token).is_some_and(|other| !same_definition(roles, other, region, target));
        if captured && matches!(verdict, Verdict::Yes | Verdict::As(_)) {
            uses.left.push(Left { file: target.file, offset: start, why: HIDDEN });
        } else {
            uses.judge(verdict, target.file, (start, end), target.new);
        }
    }
    let is_ours =
        |token: usize| roles.local(&olds, token) == Some(region) && outline.function_around(token) == function;
    text::captures(roles, target.file, target, is_ours, &mut uses);
    let own = outline.items.get(function.unwrap_or(usize::MAX));
    let comments = own.map_or((scope.0, scope.1), |item| (item.start, item.end));
    text::local_mentions(roles, target, comments, &mut uses);
    uses
}

/// `S { old }` becomes `S { old: new }`, in patterns with what stands before the name.
fn shorthand(roles: &Roles<'_>, token: usize, target: Target<'_>) -> Verdict {
    let mut prefix = String::new();
    let mut at = token;
    while matches!(roles.outline.source.before(at), "ref" | "mut") {
        at -= 1;
        prefix = format!("{} {prefix}", roles.outline.at(at));
    }
    if prefix.is_empty() {
        Verdict::As(format!("{}: {}", target.old, target.new))
    } else {
        // The words before it stay where they are; the whole cannot be said as a replacement of the name alone.
        Verdict::Unsure("a field pattern with `ref` or `mut`: write it out by hand")
    }
}

/// Whether a binding of the new name is one the user made by renaming the definition itself.
fn same_definition(roles: &Roles<'_>, other: usize, region: usize, target: Target<'_>) -> bool {
    let pattern = roles.bindings.regions[region].pattern;
    other == region && pattern.0 <= target.token && target.token < pattern.1
}

/// Uses of a type or constant parameter of an item.
pub fn parameter_uses(roles: &Roles<'_>, item: usize, target: Target<'_>) -> Uses {
    let outline = &roles.outline;
    let source = &outline.source;
    let span = (outline.items[item].start, outline.items[item].end);
    let mut uses = Uses::default();
    if source.named(target.new).any(|token| span.0 <= token && token < span.1 && roles.role(token) == Role::Plain) {
        let why = format!("`{}` already means something in the item around `{}`", target.new, target.old);
        return Uses::refused(why);
    }
    for token in source.named(target.old).filter(|token| span.0 <= *token && *token < span.1) {
        let redeclared = outline.enclosing(token, |inner| {
            inner.start > span.0 && inner.kind != ItemKind::Impl && declares(roles, inner.generics, target.old)
        });
        if redeclared.is_none() && matches!(roles.role(token), Role::Plain) {
            uses.judge(Verdict::Yes, target.file, (source.code[token].start, source.code[token].end), target.new);
        }
    }
    uses
}

fn declares(roles: &Roles<'_>, generics: Option<(usize, usize)>, name: &str) -> bool {
    let Some((open, end)) = generics else { return false };
    let params = roles.outline.split((open + 1, end.saturating_sub(1)));
    params.iter().any(|(start, _)| roles.outline.at(*start) == name || roles.outline.at(start + 1) == name)
}
