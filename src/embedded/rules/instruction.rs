//! What is asked for in words, in an instruction or in a comment: renames, and parameters to remove.

use super::conversation::{Conversation, Request};
use super::lexer::{Language, Source, Token, line_of};
use super::patch::Edit;
use super::rename::{Outcome, Rename, listed};
use super::symbol::{Definition, Reach, Target};
use super::words::{Removal, Renaming, Wish, wishes};
use super::{CANNOT, Reply, analysis, signature, workspace};

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
    follow(conversation, request, &wishes, &mut outcome)?;
    Ok(outcome.into_plan(conversation).next(conversation))
}

/// The next step of what the selected comments ask for. Those whose words were followed go with it, in the same patch.
pub fn implement(conversation: &Conversation<'_>, request: &Request<'_>) -> Result<Reply, Reply> {
    let Some((path, lines)) = &request.selection else { return Err(Reply::say(CANNOT)) };
    workspace::read(conversation, std::iter::once(path.as_ref()))?;
    let Some(text) = conversation.text(path) else { return Err(Reply::say(CANNOT)) };
    let source = Source::lex(path, text);
    let mut outcome = Outcome::default();
    let mut followed = 0;
    for comment in selected(&source, *lines) {
        let wishes = wishes(comment.text);
        if wishes.is_empty() {
            continue;
        }
        let before = outcome.changes();
        follow(conversation, request, &wishes, &mut outcome)?;
        if outcome.changes() == before {
            outcome.say("the comment that asked stays.");
        } else {
            followed += 1;
            outcome.edits.entry(path.to_string()).or_default().push(without(text, comment));
        }
    }
    match (followed, outcome.is_empty()) {
        (0, true) => {
            Err(Reply::say(format!("The comment stays: its words ask for nothing that rules can do. {CANNOT}")))
        }
        (0, false) => Ok(outcome.into_plan(conversation).next(conversation)),
        _ => {
            outcome.say(format!("removed the comment{} that asked.", if followed == 1 { "" } else { "s" }));
            Ok(outcome.into_plan(conversation).next(conversation))
        }
    }
}

fn follow(
    conversation: &Conversation<'_>,
    request: &Request<'_>,
    wishes: &[Wish],
    outcome: &mut Outcome,
) -> Result<(), Reply> {
    for wish in wishes {
        match wish {
            Wish::Rename(wish) => {
                let rename = definition(conversation, request, wish)?;
                outcome.add(conversation, &rename, &[])?;
            }
            Wish::Remove(wish) => {
                let (path, offset) = function(conversation, request, wish)?;
                signature::without_parameter(conversation, (&path, offset), &wish.parameter, outcome)?;
            }
        }
    }
    Ok(())
}

/// The comments of which a part is in these lines.
fn selected<'s, 't>(source: &'s Source<'t>, (first, last): (usize, usize)) -> impl Iterator<Item = &'s Token<'t>> {
    source
        .comments
        .iter()
        .filter(move |comment| source.line_of(comment.start) <= last && source.line_of(comment.end) >= first)
}

/// Takes a comment away, with its lines where nothing else is in them.
fn without(text: &str, comment: &Token<'_>) -> Edit {
    let line = text[..comment.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[comment.end..].find('\n').map_or(text.len(), |end| comment.end + end + 1);
    let (before, behind) = (&text[line..comment.start], &text[comment.end..end]);
    let (start, end) = match (before.trim().is_empty(), behind.trim().is_empty()) {
        (true, true) => (line, end),
        (false, true) => (line + before.trim_end().len(), comment.end),
        _ => (comment.start, end - behind.trim_start().len()),
    };
    Edit { start, end, text: String::new() }
}

/// The one function that has the parameter and is meant: by its name, or as the next one to the place of the request.
fn function(conversation: &Conversation<'_>, request: &Request<'_>, wish: &Removal) -> Result<(String, usize), Reply> {
    let nearby = request.selection.as_ref().map(|(path, (_, last))| (path.to_string(), *last));
    let nearby = nearby.or_else(|| Some((request.path.as_ref()?.to_string(), usize::MAX)));
    let paths: Vec<String> = match &wish.function {
        Some(name) => workspace::search(conversation, name, None)?.into_keys().collect(),
        None => nearby.iter().map(|(path, _)| path.clone()).collect(),
    };
    let code = |path: &&String| Language::of(path) != Language::Text;
    workspace::read(conversation, paths.iter().filter(code).map(String::as_str))?;
    let mut found = Vec::new();
    for path in paths.iter().filter(code) {
        let Some(text) = conversation.text(path) else { continue };
        let named = signature::with_parameter(&Source::lex(path, text), wish.function.as_deref(), &wish.parameter);
        found.extend(named.into_iter().map(|offset| (path.clone(), offset)));
    }
    let line = |(path, offset): &(String, usize)| conversation.text(path).map_or(0, |text| line_of(text, *offset));
    if let Some((path, last)) = nearby.filter(|_| found.len() > 1) {
        // Beside a comment, the function that follows it.
        found.sort_by_key(|place| (place.0 != path, line(place) < last, line(place).abs_diff(last)));
        found.truncate(if wish.function.is_none() || found.first().is_some_and(|place| place.0 == path) {
            1
        } else {
            9
        });
    }
    let of = wish.function.as_ref().map_or(String::new(), |name| format!(" of `{name}`"));
    match &found[..] {
        [place] => Ok(place.clone()),
        [] => Err(Reply::say(format!(
            "Pilotlight's embedded agent found no parameter `{}`{of} and changed nothing.",
            wish.parameter
        ))),
        _ => {
            let places: Vec<String> = found.iter().map(|place| format!("{}:{}", place.0, line(place))).collect();
            Err(Reply::say(format!(
                "Pilotlight's embedded agent found several functions with the parameter `{}`{of} and changed nothing: {}. \
                 Ask in the file of the one you mean.",
                wish.parameter,
                listed(&places)
            )))
        }
    }
}

/// The definition that is meant, as a rename.
fn definition(conversation: &Conversation<'_>, request: &Request<'_>, wish: &Renaming) -> Result<Rename, Reply> {
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

fn candidates_in(path: &str, text: &str, wish: &Renaming) -> Vec<Candidate> {
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
    wish: &Renaming,
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
fn distinct(conversation: &Conversation<'_>, wish: &Renaming, candidates: &[Candidate]) -> Vec<Candidate> {
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
