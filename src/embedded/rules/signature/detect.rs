//! Finds the functions whose parameters the user changed, by comparing the text before with the text now.

use std::collections::BTreeMap;

use super::parameters::{self, Parameter};
use super::{Arrangement, Reshaped, sites};
use crate::embedded::rules::analysis;
use crate::embedded::rules::conversation::Conversation;
use crate::embedded::rules::intent::{Intent, Substitution};
use crate::embedded::rules::lexer::{Language, Source};
use crate::embedded::rules::lists::Lists;
use crate::embedded::rules::symbol::Function;

const OVERLOADED: &str = "several functions of its name stand beside it and it cannot be told which one is called";
const DECORATED: &str = "a decorator may change what it takes";
const RECEIVER: &str = "whether it takes an object changed";
const UNREADABLE: &str = "it cannot be told what they were before";
const LANGUAGE: &str = "calls in this language are not known here";

/// The functions whose parameters changed, and the substitutions among `intent`'s that are no renames because of it.
pub fn detect(
    conversation: &Conversation<'_>,
    intent: &Intent,
    touched: &[String],
) -> (Vec<Reshaped>, Vec<Substitution>) {
    let (mut found, mut no_renames) = (Vec::new(), Vec::new());
    for path in touched {
        let Some(text) = conversation.text(path).filter(|_| Language::of(path) != Language::Text) else { continue };
        let now = Lists::of(Source::lex(path, text));
        match conversation.former_text(path) {
            Some(former) => {
                let before = Lists::of(Source::lex(path, &former));
                compare(&before, &now, intent, &mut found, &mut no_renames);
            }
            None => found.extend(by_place(&now, intent)),
        }
    }
    (found, no_renames)
}

/// Compares the functions of a file before and after.
fn compare(
    before: &Lists<'_>,
    now: &Lists<'_>,
    intent: &Intent,
    found: &mut Vec<Reshaped>,
    no_renames: &mut Vec<Substitution>,
) {
    let path = now.source.path;
    let (old, new) = (analysis::functions(&before.source), analysis::functions(&now.source));
    let substituted = |offset: usize| {
        let mut all = intent.substitutions.iter();
        all.find(|found| found.path == path && found.offset == offset)
    };
    for (one, other) in pairs(before, &old, now, &new, |offset| substituted(offset).map(|found| found.old.as_str())) {
        let (one, other) = (&old[one], &new[other]);
        let plain = |lists: &Lists<'_>, function: &Function| lists.plain(parameters::inside(function));
        if plain(before, one) == plain(now, other) {
            continue;
        }
        let (old_list, new_list) = (parameters::read(before, one), parameters::read(now, other));
        let count = old_list.len();
        let renamed = |old: &Parameter, new: &Parameter| {
            let put = substituted(new.offset).is_some_and(|found| found.old == old.name);
            let used = |name: &str| other.body.is_some_and(|body| (body.0..body.1).any(|at| now.at(at) == name));
            // With another type it is a rename only if the body still has to follow.
            put && old.kind == new.kind && (old.ty == new.ty || (used(&old.name) && !used(&new.name)))
        };
        let arrangement = Arrangement::between(old_list, new_list, renamed);
        let (open, close) = (now.bytes(parameters::inside(other)).0, now.bytes(parameters::inside(other)).1);
        let inside = |found: &&Substitution| found.path == path && open <= found.offset && found.offset < close;
        let is_rename = |found: &Substitution| {
            arrangement.new.iter().zip(&arrangement.from).any(|(new, from)| {
                new.offset == found.offset && from.is_some_and(|from| arrangement.old[from].name == found.old)
            })
        };
        no_renames.extend(intent.substitutions.iter().filter(inside).filter(|found| !is_rename(found)).cloned());
        if arrangement.is_silent() {
            continue;
        }
        let former = substituted(now.source.code[other.name].start);
        let change = match obstacle(now, &new, other, &arrangement, count) {
            Some(why) => Err(why),
            None => Ok(arrangement),
        };
        found.push(Reshaped {
            name: now.at(other.name).to_owned(),
            former: former.map_or(now.at(other.name), |found| found.old.as_str()).to_owned(),
            path: path.to_owned(),
            offset: now.source.code[other.name].start,
            class: sites::constructed(now, other.name),
            change,
        });
    }
}

/// Why nothing can be done about a changed function, if so.
pub fn obstacle(
    lists: &Lists<'_>,
    all: &[Function],
    function: &Function,
    arrangement: &Arrangement,
    count: usize,
) -> Option<&'static str> {
    let owner = |function: &Function| {
        let class = sites::constructed(lists, function.name).map(|(class, _)| class);
        class.or_else(|| analysis::owner(&lists.source, function.name).map(str::to_owned))
    };
    let beside = all.iter().filter(|other| {
        lists.at(other.name) == lists.at(function.name)
            && other.name != function.name
            && owner(other) == owner(function)
    });
    let overloaded = beside.into_iter().any(|other| match lists.source.language {
        // A prototype and its definition are one.
        Language::C if other.body.is_some() != function.body.is_some() => {
            let length = parameters::read(lists, other).len();
            length != count && length != arrangement.new.len()
        }
        Language::Go => false,
        _ => true,
    });
    match lists.source.language {
        Language::Other | Language::Text => Some(LANGUAGE),
        _ if overloaded => Some(OVERLOADED),
        _ if function.decorated => Some(DECORATED),
        _ if arrangement.changes_receiver() => Some(RECEIVER),
        _ => None,
    }
}

/// Functions before and after that are the same: by owner and name, the one a rename put there included.
fn pairs<'i>(
    before: &Lists<'_>,
    old: &[Function],
    now: &Lists<'_>,
    new: &[Function],
    former: impl Fn(usize) -> Option<&'i str>,
) -> Vec<(usize, usize)> {
    type Name = (Option<String>, String);
    let mut names: BTreeMap<Name, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    let owner = |lists: &Lists<'_>, token: usize| analysis::owner(&lists.source, token).map(str::to_owned);
    let plain = |lists: &Lists<'_>, functions: &[Function]| -> Vec<String> {
        let text =
            |function: &Function| format!("{}({})", lists.at(function.name), lists.plain(parameters::inside(function)));
        functions.iter().map(text).collect()
    };
    let (old_plain, new_plain) = (plain(before, old), plain(now, new));
    // Only functions that are not all there as they were need a closer look.
    let count = |all: &[String], text: &String| all.iter().filter(|other| *other == text).count();
    let same = |text: &String| count(&old_plain, text) == count(&new_plain, text);
    for (index, function) in old.iter().enumerate().filter(|(index, _)| !same(&old_plain[*index])) {
        let name = (owner(before, function.name), before.at(function.name).to_owned());
        names.entry(name).or_default().0.push(index);
    }
    for (index, function) in new.iter().enumerate().filter(|(index, _)| !same(&new_plain[*index])) {
        let name = former(now.source.code[function.name].start).unwrap_or(now.at(function.name)).to_owned();
        names.entry((owner(now, function.name), name)).or_default().1.push(index);
    }
    let mut pairs = Vec::new();
    for (mut one, mut other) in names.into_values() {
        if one.len() != other.len() {
            let (all_old, all_new) = (one.clone(), other.clone());
            one.retain(|old| !all_new.iter().any(|new| old_plain[*old] == new_plain[*new]));
            other.retain(|new| !all_old.iter().any(|old| old_plain[*old] == new_plain[*new]));
        }
        if one.len() == other.len() {
            pairs.extend(one.into_iter().zip(other));
        }
    }
    pairs
}

/// Functions with a change inside their parameters, where the text before is not known.
fn by_place(now: &Lists<'_>, intent: &Intent) -> Vec<Reshaped> {
    let mut found: Vec<Reshaped> = Vec::new();
    for function in analysis::functions(&now.source) {
        let (open, close) = function.params;
        let span = now.source.code[open].start..=now.source.code[close].start;
        if intent.reshaped.iter().any(|(path, offset)| path == now.source.path && span.contains(offset)) {
            found.push(Reshaped {
                name: now.at(function.name).to_owned(),
                former: now.at(function.name).to_owned(),
                path: now.source.path.to_owned(),
                offset: now.source.code[function.name].start,
                class: sites::constructed(now, function.name),
                change: Err(UNREADABLE),
            });
        }
    }
    found
}
