//! Moved code: a function that was taken out of one file and put into another as it was.
//!
//! Imports and paths that lead to the old place are named, not changed: what the new place can be reached by depends on
//! more than names.

use std::collections::BTreeSet;

use super::conversation::Conversation;
use super::lexer::{Language, Source};
use super::lists::Lists;
use super::rename::{Outcome, listed};
use super::{BY_MODEL, Reply, analysis, workspace};

/// A function and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Code {
    name: String,
    /// Its tokens from the name on.
    plain: String,
}

/// Names the places that mention what was moved, asking for what has to be known first.
pub fn report(conversation: &Conversation<'_>, touched: &[String], outcome: &mut Outcome) -> Result<(), Reply> {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for path in touched {
        let (Some(text), Some(former)) = (conversation.text(path), conversation.former_text(path)) else { continue };
        let (before, now) = (functions(path, &former), functions(path, text));
        let without = |one: &[Code], other: &[Code]| -> Vec<(String, Code)> {
            let alone = one.iter().filter(|code| other.iter().all(|same| same.name != code.name));
            alone.map(|code| (path.clone(), code.clone())).collect()
        };
        gone.extend(without(&before, &now));
        come.extend(without(&now, &before));
    }
    for (from, code) in &gone {
        let mut places = come.iter().filter(|(path, other)| path != from && other == code);
        let (Some((to, _)), None) = (places.next(), places.next()) else { continue };
        let mentions = mentions(conversation, &code.name, to)?;
        let name = &code.name;
        outcome.say(match mentions.is_empty() {
            true => format!("you moved `{name}` from {from} to {to}; nothing else mentions it."),
            false => format!(
                "you moved `{name}` from {from} to {to}; these places mention it and may have to reach it there: {}. \
                 {BY_MODEL}",
                listed(&mentions)
            ),
        });
    }
    Ok(())
}

/// The functions of a file that have a body.
fn functions(path: &str, text: &str) -> Vec<Code> {
    if Language::of(path) == Language::Text {
        return Vec::new();
    }
    let lists = Lists::of(Source::lex(path, text));
    let functions = analysis::functions(&lists.source).into_iter().filter_map(|function| {
        let plain = lists.plain((function.name, function.body?.1));
        Some(Code { name: lists.at(function.name).to_owned(), plain })
    });
    functions.collect()
}

/// Where a name stands in code outside the file `home`.
fn mentions(conversation: &Conversation<'_>, name: &str, home: &str) -> Result<Vec<String>, Reply> {
    let hits = workspace::search(conversation, name, Some(Language::of(home)))?;
    let paths: Vec<&String> = hits.keys().filter(|path| *path != home && workspace::shares_names(home, path)).collect();
    workspace::read(conversation, paths.iter().map(|path| path.as_str()))?;
    let mut places = BTreeSet::new();
    for path in paths {
        let Some(text) = conversation.text(path) else { continue };
        let source = Source::lex(path, text);
        places.extend(source.named(name).map(|token| (path, source.line_of(source.code[token].start))));
    }
    Ok(places.into_iter().map(|(path, line)| format!("{path}:{line}")).collect())
}
