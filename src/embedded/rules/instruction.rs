//! Renames that are asked for in words: `rename X to Y`.

use super::conversation::{Conversation, Request};
use super::lexer::{Language, Source, is_identifier, line_of};
use super::rename::{Outcome, Rename, listed};
use super::symbol::{Definition, Reach, Target};
use super::{CANNOT, Reply, analysis, workspace};

/// A rename as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    /// What stands before the name, as in `Type::name` or `Type.name`.
    owner: Option<String>,
    old: String,
    new: String,
}

/// A definition that may be meant.
#[derive(Clone, Debug)]
struct Candidate {
    path: String,
    offset: usize,
    line: usize,
    definition: Definition,
    owner: Option<String>,
}

/// The next step of an edit in words. `Err` asks for what has to be known first, or says that it cannot be done.
pub fn edit(conversation: &Conversation<'_>, request: &Request<'_>) -> Result<Reply, Reply> {
    let wishes = wishes(request.instruction.unwrap_or(""));
    if wishes.is_empty() {
        return Err(Reply::say(CANNOT));
    }
    let mut outcome = Outcome::default();
    for wish in &wishes {
        let rename = definition(conversation, request, wish)?;
        outcome.add(conversation, &rename, &[])?;
    }
    Ok(outcome.into_plan(conversation).next(conversation))
}

/// The definition that is meant, as a rename.
fn definition(conversation: &Conversation<'_>, request: &Request<'_>, wish: &Wish) -> Result<Rename, Reply> {
    let mut hits = workspace::search(conversation, &wish.old, None)?;
    hits.retain(|path, _| Language::of(path) != Language::Text);
    workspace::read(conversation, hits.keys().map(String::as_str))?;
    let mut candidates = Vec::new();
    for path in hits.keys() {
        if let Some(text) = conversation.text(path) {
            candidates.extend(candidates_in(path, text, wish));
        }
    }
    let chosen = choose(conversation, request, wish, candidates)?;
    let places: Vec<(String, usize)> =
        chosen.iter().map(|candidate| (candidate.path.clone(), candidate.offset)).collect();
    let Some(first) = chosen.first() else {
        return Err(Reply::say(format!("Pilotlight's embedded agent found no definition of `{}`.", wish.old)));
    };
    Ok(Rename {
        old: wish.old.clone(),
        new: wish.new.clone(),
        done: Vec::new(),
        definitions: places,
        what: first.definition.what,
        reach: first.definition.reach,
    })
}

fn candidates_in(path: &str, text: &str, wish: &Wish) -> Vec<Candidate> {
    let source = Source::lex(path, text);
    let mut found = Vec::new();
    for token in source.named(&wish.old) {
        let Some(definition) = analysis::definition(&source, token) else { continue };
        let offset = source.code[token].start;
        let owner = analysis::owner(&source, token).map(str::to_owned);
        let line = line_of(text, offset);
        found.push(Candidate { path: path.to_owned(), offset, line, definition, owner });
    }
    if let Some(owner) = &wish.owner {
        found.retain(|candidate| candidate.owner.as_ref() == Some(owner));
    }
    found
}

/// Narrows the candidates down to one definition: by the selection, the file, the reach.
fn choose(
    conversation: &Conversation<'_>,
    request: &Request<'_>,
    wish: &Wish,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, Reply> {
    let narrow = |candidates: &mut Vec<Candidate>, wanted: &dyn Fn(&Candidate) -> bool| {
        if candidates.iter().any(wanted) {
            candidates.retain(wanted);
        }
    };
    if let Some((path, (first, last))) = &request.selection {
        narrow(&mut candidates, &|candidate| candidate.path == *path && (*first..=*last).contains(&candidate.line));
    }
    if !candidates.iter().any(|candidate| candidate.definition.reach == Reach::Workspace) {
        narrow(&mut candidates, &|candidate| request.path.as_ref().is_some_and(|path| candidate.path == **path));
    } else {
        narrow(&mut candidates, &|candidate| candidate.definition.reach == Reach::Workspace);
        if distinct(conversation, wish, &candidates).len() > 1 {
            narrow(&mut candidates, &|candidate| request.path.as_ref().is_some_and(|path| candidate.path == **path));
        }
    }
    let distinct = distinct(conversation, wish, &candidates);
    if distinct.len() > 1 {
        let places: Vec<String> = distinct
            .iter()
            .map(|candidate| format!("{}:{} ({})", candidate.path, candidate.line, candidate.definition.what))
            .collect();
        return Err(Reply::say(format!(
            "Pilotlight's embedded agent found several definitions of `{}` and changed nothing: {}. Name one as in \
             `Type::name`, or select it.",
            wish.old,
            listed(&places)
        )));
    }
    Ok(distinct)
}

/// The candidates that are not uses of an earlier one: a trait's method and its implementations are one.
fn distinct(conversation: &Conversation<'_>, wish: &Wish, candidates: &[Candidate]) -> Vec<Candidate> {
    let mut paths: Vec<&str> = candidates.iter().map(|candidate| candidate.path.as_str()).collect();
    paths.dedup();
    let texts = paths.iter().filter_map(|path| Some((*path, conversation.text(path)?)));
    let sources: Vec<Source<'_>> = texts.map(|(path, text)| Source::lex(path, text)).collect();
    let mut covered: Vec<(&str, usize)> = Vec::new();
    let mut distinct: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if covered.contains(&(candidate.path.as_str(), candidate.offset)) {
            continue;
        }
        let Some(file) = sources.iter().position(|source| source.path == candidate.path) else { continue };
        let Some(token) = sources[file].token_at(candidate.offset) else { continue };
        let uses = analysis::uses(&sources, Target { file, token, old: &wish.old, new: &wish.new });
        covered.extend(uses.edits.iter().map(|(file, edit)| (sources[*file].path, edit.start)));
        distinct.push(candidate.clone());
    }
    distinct
}

/// The renames an instruction asks for.
fn wishes(instruction: &str) -> Vec<Wish> {
    let words: Vec<&str> = instruction.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let mut wishes = Vec::new();
    let mut at = 0;
    let mut renaming = false;
    while at < words.len() {
        let verb = words[at].to_ascii_lowercase();
        if matches!(verb.as_str(), "rename" | "renaming") {
            renaming = true;
            at += 1;
        } else if !(renaming && verb == "and") {
            at += 1;
            continue;
        } else {
            at += 1;
        }
        let Some(link) = words[at..]
            .iter()
            .take(6)
            .position(|word| matches!(word.to_ascii_lowercase().as_str(), "to" | "into" | "as" | "->" | "=>"))
        else {
            continue;
        };
        let (Some(old), Some(new)) = (words[at..at + link].last(), words.get(at + link + 1)) else { continue };
        let (owner, old) = split_owner(old);
        let (_, new) = split_owner(new);
        if is_identifier(old) && is_identifier(new) && old != new && !is_pronoun(old) {
            wishes.push(Wish { owner: owner.map(str::to_owned), old: old.to_owned(), new: new.to_owned() });
            at += link + 2;
        }
    }
    wishes
}

/// A word without quotes, commas and a call's brackets.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|char: char| "`'\",;:!?".contains(char));
    let word = word.strip_suffix('.').unwrap_or(word);
    let word = word.trim_matches(|char: char| "`'\"".contains(char));
    word.strip_suffix("()").unwrap_or(word)
}

fn is_pronoun(word: &str) -> bool {
    matches!(word, "it" | "this" | "that" | "them" | "these" | "everything" | "all")
}

fn split_owner(word: &str) -> (Option<&str>, &str) {
    let cut = word.rfind("::").map(|cut| (cut, 2)).or_else(|| word.rfind(['.', '#']).map(|cut| (cut, 1)));
    match cut {
        Some((cut, width)) => {
            let owner = &word[..cut];
            (Some(owner.rsplit(['.', ':']).next().unwrap_or(owner)), &word[cut + width..])
        }
        None => (None, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(instruction: &str) -> Vec<(Option<String>, String, String)> {
        wishes(instruction).into_iter().map(|wish| (wish.owner, wish.old, wish.new)).collect()
    }

    #[test]
    fn wishes_are_read_from_words() {
        let plain = |old: &str, new: &str| (None, old.to_owned(), new.to_owned());
        assert_eq!(read("rename fetch to load everywhere"), [plain("fetch", "load")]);
        assert_eq!(read("Please rename the function `fetch` to `load` in src/a.rs."), [plain("fetch", "load")]);
        assert_eq!(read("rename 'a' to 'b' and c to d"), [plain("a", "b"), plain("c", "d")]);
        assert_eq!(
            read("Rename method Store::get() to fetch_one"),
            [(Some("Store".into()), "get".into(), "fetch_one".into())]
        );
        assert_eq!(read("rename a -> b"), [plain("a", "b")]);
        assert_eq!(read("translate this to French"), []);
        assert_eq!(read("rename it to something nicer-looking"), []);
    }
}
