//! New variants of enums: names the places that tell the other variants apart, where a case may be missing.
//!
//! What belongs there only a person or a model knows; nothing is edited.

use super::conversation::Conversation;
use super::lexer::{Kind, Language, Source};
use super::lists::Lists;
use super::rename::{Outcome, listed};
use super::{BY_MODEL, Reply, workspace};

/// Siblings of a new variant that are searched for.
const SIBLINGS: usize = 3;

/// An enum and the names of its variants.
type Enum = (String, Vec<String>);

/// Names the places that a new variant may be missing from, asking for what has to be known first.
pub fn report(conversation: &Conversation<'_>, touched: &[String], outcome: &mut Outcome) -> Result<(), Reply> {
    for path in touched {
        let (Some(text), Some(former)) = (conversation.text(path), conversation.former_text(path)) else { continue };
        let (before, now) = (enums(&Source::lex(path, &former)), enums(&Source::lex(path, text)));
        for (name, variants) in now {
            let Some((_, old)) = before.iter().find(|(other, _)| *other == name) else { continue };
            let added: Vec<&String> = variants.iter().filter(|variant| !old.contains(variant)).collect();
            // A variant that went for each that came was renamed.
            if added.is_empty() || old.iter().any(|variant| !variants.contains(variant)) {
                continue;
            }
            let places = places(conversation, path, old)?;
            let added: Vec<String> = added.iter().map(|variant| format!("`{variant}`")).collect();
            let (added, s) = (added.join(", "), if added.len() == 1 { "" } else { "s" });
            outcome.say(match places.is_empty() {
                true => {
                    format!("you added the variant{s} {added} to `{name}`; no other place tells its variants apart.")
                }
                false => format!(
                    "you added the variant{s} {added} to `{name}`; these places tell its other variants apart and may \
                     need a case: {}. {BY_MODEL}",
                    listed(&places)
                ),
            });
        }
    }
    Ok(())
}

/// The places in the workspace that name some of these variants in their cases.
fn places(conversation: &Conversation<'_>, home: &str, variants: &[String]) -> Result<Vec<String>, Reply> {
    let mut paths = std::collections::BTreeSet::new();
    for variant in variants.iter().take(SIBLINGS) {
        let hits = workspace::search(conversation, variant, Some(Language::of(home)))?;
        paths.extend(hits.into_keys().filter(|path| workspace::shares_names(home, path)));
    }
    workspace::read(conversation, paths.iter().map(String::as_str))?;
    let mut places = Vec::new();
    for path in &paths {
        let Some(text) = conversation.text(path) else { continue };
        let lists = Lists::of(Source::lex(path, text));
        let lines = distinctions(&lists, variants).into_iter().map(|token| lists.source.code[token].start);
        places.extend(lines.map(|offset| format!("{path}:{}", lists.source.line_of(offset))));
    }
    Ok(places)
}

/// The `match` and `switch` keywords whose cases name one of these variants.
fn distinctions(lists: &Lists<'_>, variants: &[String]) -> Vec<usize> {
    let source = &lists.source;
    let end = source.code.len();
    let named = |(from, to): (usize, usize)| {
        (from..to).any(|token| source.is_ident(token) && variants.iter().any(|variant| variant == source.at(token)))
    };
    let keyword = if matches!(source.language, Language::Rust | Language::Python) { "match" } else { "switch" };
    let mut found = Vec::new();
    for token in source.named(keyword).filter(|token| source.before(*token) != ".") {
        if source.language == Language::Python {
            let head = source.code[token].first && source.after(token) != "=" && source.after(token) != ".";
            let next = (token + 1..end).find(|at| source.code[*at].first && !is_deeper(source, *at, token));
            let cases =
                (token + 1..next.unwrap_or(end)).filter(|at| source.code[*at].first && source.at(*at) == "case");
            let mut cases = cases.map(|at| (at, lists.find((at + 1, end), ":").unwrap_or(end)));
            found.extend((head && cases.any(named)).then_some(token));
            continue;
        }
        let Some(open) = lists.find((token + 1, end), "{").filter(|open| lists.partner[*open] > *open) else {
            continue;
        };
        let close = lists.partner[open];
        let patterns: Vec<(usize, usize)> = match source.language {
            Language::Rust => arms(lists, (open + 1, close)),
            _ => cases(lists, (open + 1, close)),
        };
        found.extend(patterns.into_iter().any(named).then_some(token));
    }
    found
}

fn is_deeper(source: &Source<'_>, token: usize, than: usize) -> bool {
    let indent = |token: usize| {
        let start = source.code[token].start;
        start - source.text[..start].rfind('\n').map_or(0, |end| end + 1)
    };
    indent(token) > indent(than)
}

/// The patterns before the arrows of a `match`.
fn arms(lists: &Lists<'_>, (from, to): (usize, usize)) -> Vec<(usize, usize)> {
    let mut arms = Vec::new();
    let mut start = from;
    while let Some(arrow) = lists.find((start, to), "=>") {
        arms.push((start, arrow));
        start = match lists.at(arrow + 1) {
            "{" => lists.partner[arrow + 1] + 1,
            _ => lists.find((arrow + 1, to), ",").map_or(to, |comma| comma + 1),
        };
    }
    arms
}

/// What stands between `case` and its colon or arrow.
fn cases(lists: &Lists<'_>, (from, to): (usize, usize)) -> Vec<(usize, usize)> {
    let mut cases = Vec::new();
    let mut at = from;
    while let Some(case) = lists.find((at, to), "case") {
        let end = (case + 1..to).find(|token| matches!(lists.at(*token), ":" | "->" | "{" | ";")).unwrap_or(to);
        cases.push((case + 1, end));
        at = end.max(case + 1);
    }
    cases
}

/// The enums of a file.
fn enums(source: &Source<'_>) -> Vec<Enum> {
    let lists = Lists::of(source.clone());
    match source.language {
        Language::Python => source.named("class").filter_map(|token| python(&lists, token)).collect(),
        Language::Go | Language::Text => Vec::new(),
        _ => source.named("enum").filter_map(|token| braced(&lists, token)).collect(),
    }
}

/// `enum Name { A, B = 1, C(u8) }`
fn braced(lists: &Lists<'_>, keyword: usize) -> Option<Enum> {
    let name = keyword + 1 + usize::from(matches!(lists.source.after(keyword), "class" | "struct"));
    if !lists.source.is_ident(name) {
        return None;
    }
    let open = (name + 1..lists.source.code.len()).find(|token| matches!(lists.at(*token), "{" | ";" | "(" | "="))?;
    if lists.at(open) != "{" || lists.partner[open] <= open {
        return None;
    }
    let end = lists.find((open + 1, lists.partner[open]), ";").unwrap_or(lists.partner[open]);
    let variants = lists.arguments((open + 1, end)).into_iter().filter_map(|(mut start, end)| {
        while lists.at(start) == "#" && lists.source.after(start) == "[" {
            start = lists.partner[start + 1] + 1;
        }
        (start < end && lists.source.is_ident(start)).then(|| lists.at(start).to_owned())
    });
    Some((lists.at(name).to_owned(), variants.collect()))
}

/// `class Name(Enum):` with `A = 1` in its body.
fn python(lists: &Lists<'_>, keyword: usize) -> Option<Enum> {
    let source = &lists.source;
    let (name, open) = (keyword + 1, keyword + 2);
    let base = |token: usize| source.at(token).ends_with("Enum") || source.at(token).ends_with("Flag");
    if source.at(open) != "(" || !(open..lists.partner[open]).any(base) {
        return None;
    }
    let body = lists.partner[open] + 1..source.code.len();
    let lines = body.filter(|token| source.code[*token].first).take_while(|token| is_deeper(source, *token, keyword));
    let variants = lines.filter(|token| source.kind(*token) == Some(Kind::Ident) && source.after(*token) == "=");
    Some((source.at(name).to_owned(), variants.map(|token| source.at(token).to_owned()).collect()))
}
