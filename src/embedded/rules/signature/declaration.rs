//! Other declarations of a function whose parameters changed: prototypes, interfaces and traits, overrides.

use super::arrangement::Arrangement;
use super::call::relisted;
use super::parameters::{self, Kind, Parameter};
use crate::embedded::rules::lexer::{Kind as TokenKind, Language, is_word};
use crate::embedded::rules::lists::{Lists, Span};
use crate::embedded::rules::rewrite::{Piece, Rewrite};
use crate::embedded::rules::symbol::Function;

const OTHER: &str = "its parameters are not those that were changed";
const USED: &str = "its body uses a parameter that goes";
const TAKEN: &str = "its body already has the name of a new parameter";
const TYPE: &str = "a new parameter's type is not known in this file";
const COMMENTED: &str = "comments stand between its parameters";

/// The declaration with the new parameters; nothing if it has them already.
pub fn follow(
    lists: &Lists<'_>,
    function: &Function,
    arrangement: &Arrangement,
    home: &str,
) -> Result<Option<Rewrite>, &'static str> {
    let now = parameters::read(lists, function);
    if is_list(&now, &arrangement.new) {
        return Ok(None);
    }
    // Arguments go by position, whatever the names here are; that they tell old from new is all that matters.
    if !is_list(&now, &arrangement.old) {
        match (has_types(&now, &arrangement.old), has_types(&now, &arrangement.new)) {
            (true, false) => {}
            (false, true) => return Ok(None),
            _ => return Err(OTHER),
        }
    }
    let (start, end) = parameters::inside(function);
    let inside = match function.params {
        (open, close) if open == close => lists.bytes((start, end)),
        (open, close) => (lists.source.code[open].end, lists.source.code[close].start),
    };
    if lists.source.comments.iter().any(|comment| inside.0 <= comment.start && comment.end <= inside.1) {
        return Err(COMMENTED);
    }
    let elsewhere = lists.source.path != home;
    let mut entries = Vec::new();
    for (parameter, from) in arrangement.new.iter().zip(&arrangement.from) {
        let kept = from.map(|from| (&arrangement.old[from], &now[from]));
        match kept {
            Some((old, here)) if old.ty == parameter.ty || here.kind == Kind::Receiver => {
                entries.push(vec![written(lists, here)]);
            }
            Some((_, here)) if here.name.is_empty() || (elsewhere && !knows(lists, &parameter.ty)) => {
                return Err(if here.name.is_empty() { OTHER } else { TYPE });
            }
            Some((old, here)) => {
                let text = parameter.without_default().to_owned();
                entries.push(vec![Piece::Text(match old.name == here.name {
                    true => text,
                    false => return Err(OTHER),
                })]);
            }
            // What is optional need not be in an interface, where no default value can stand.
            None if parameter.optional && function.body.is_none() && lists.source.language != Language::C => {}
            None => entries.push(vec![Piece::Text(added(lists, function, parameter, elsewhere)?)]),
        }
    }
    if let Some(body) = function.body {
        let gone = now.iter().enumerate().filter(|(index, _)| !arrangement.from.contains(&Some(*index)));
        let mut names = gone.map(|(_, here)| here.name.as_str()).filter(|name| !name.is_empty());
        if names.any(|name| mentions(lists, body, name)) {
            return Err(USED);
        }
    }
    let spans: Vec<(usize, usize)> = now.iter().map(|parameter| parameter.span).collect();
    Ok(Some(relisted(lists.source.text, inside, &spans, entries)))
}

/// Whether a list of parameters is another one, by types and by names where there are any.
fn is_list(now: &[Parameter], other: &[Parameter]) -> bool {
    let same = |(one, other): (&Parameter, &Parameter)| {
        (one.kind == Kind::Receiver) == (other.kind == Kind::Receiver)
            && one.ty == other.ty
            && (one.name == other.name || one.name.is_empty() || other.name.is_empty())
    };
    now.len() == other.len() && now.iter().zip(other).all(same)
}

/// Whether a list of parameters has written types, and those of another one.
fn has_types(now: &[Parameter], other: &[Parameter]) -> bool {
    let same = |(one, other): (&Parameter, &Parameter)| {
        let receiver = one.kind == Kind::Receiver;
        receiver == (other.kind == Kind::Receiver) && (receiver || !one.ty.is_empty()) && one.ty == other.ty
    };
    now.len() == other.len() && now.iter().zip(other).all(same)
}

/// A parameter as it stands; Go's may share a type with the next, which may go.
fn written(lists: &Lists<'_>, parameter: &Parameter) -> Piece {
    match lists.source.language {
        Language::Go => Piece::Text(parameter.text.clone()),
        _ => Piece::Kept(parameter.span.0, parameter.span.1),
    }
}

/// The text of an added parameter.
fn added(
    lists: &Lists<'_>,
    function: &Function,
    parameter: &Parameter,
    elsewhere: bool,
) -> Result<String, &'static str> {
    if elsewhere && !knows(lists, &parameter.ty) {
        return Err(TYPE);
    }
    if function.body.is_some_and(|body| mentions(lists, body, &parameter.name)) {
        return Err(TAKEN);
    }
    // In C++ the default value stands in the first declaration only.
    Ok(match lists.source.language {
        Language::C => parameter.without_default().to_owned(),
        _ => parameter.text.clone(),
    })
}

/// Whether every type that is named in `ty` is named in this file too.
fn knows(lists: &Lists<'_>, ty: &str) -> bool {
    let words = ty.split(|char: char| !(char.is_alphanumeric() || char == '_'));
    let mut types = words.filter(|word| word.starts_with(|first: char| first.is_uppercase()));
    let common =
        |word: &str| matches!(word, "String" | "Vec" | "Option" | "Result" | "Box" | "Integer" | "Object" | "Array");
    types.all(|word| common(word) || lists.source.named(word).next().is_some())
}

/// Whether code, or a string that may hold code, mentions a name.
fn mentions(lists: &Lists<'_>, (from, to): Span, name: &str) -> bool {
    (from..to.min(lists.source.code.len())).any(|token| match lists.source.kind(token) {
        Some(TokenKind::Ident) => lists.at(token) == name && !matches!(lists.source.before(token), "." | "->"),
        Some(TokenKind::Str) => {
            let text = lists.source.code[token].text;
            let bytes = text.as_bytes();
            let free = |at: Option<&u8>| at.is_none_or(|byte| !is_word(*byte));
            let mut places = text.match_indices(name);
            places.any(|(at, _)| free(bytes.get(at.wrapping_sub(1))) && free(bytes.get(at + name.len())))
        }
        _ => false,
    })
}
