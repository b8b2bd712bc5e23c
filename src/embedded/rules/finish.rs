//! Finishes what the user began: renames by hand, and changed signatures as far as they can be named.

use super::conversation::Conversation;
use super::intent::{self, Intent, Substitution};
use super::lexer::{Language, Source, line_of};
use super::rename::{Outcome, Rename, listed};
use super::{CANNOT, Reply, analysis, workspace};

/// A function whose parameters changed.
struct Reshaped {
    name: String,
    path: String,
    offset: usize,
}

/// The next step of finishing the user's changes. `Err` asks for what has to be known first, or gives up.
pub fn finish(conversation: &Conversation<'_>) -> Result<Reply, Reply> {
    let touched = intent::touched(conversation);
    workspace::read(conversation, touched.iter().map(String::as_str))?;
    let intent = intent::read(conversation);
    let renames = renames(conversation, &intent);
    let reshaped = reshaped(conversation, &intent);
    if renames.is_empty() && reshaped.is_empty() {
        return Err(Reply::say(format!("The recent changes rename no definition and change no signature. {CANNOT}")));
    }
    let mut outcome = Outcome::default();
    for rename in &renames {
        outcome.add(conversation, rename, &renames)?;
    }
    for function in &reshaped {
        say_callers(conversation, function, &renames, &mut outcome)?;
    }
    Ok(outcome.into_plan().next(conversation))
}

/// The definitions the user renamed.
fn renames(conversation: &Conversation<'_>, intent: &Intent) -> Vec<Rename> {
    let mut renames: Vec<Rename> = Vec::new();
    for found in &intent.substitutions {
        let Some(text) = conversation.text(&found.path) else { continue };
        let source = Source::lex(&found.path, text);
        let Some(token) = source.token_at(found.offset) else { continue };
        let Some(definition) = analysis::definition(&source, token) else { continue };
        let place = (found.path.clone(), found.offset);
        let same = |rename: &&mut Rename| {
            rename.old == found.old && rename.new == found.new && rename.reach == definition.reach
        };
        match renames.iter_mut().find(same) {
            Some(rename) => rename.definitions.push(place),
            None => renames.push(Rename {
                old: found.old.clone(),
                new: found.new.clone(),
                done: done(&intent.substitutions, found),
                definitions: vec![place],
                what: definition.what,
                reach: definition.reach,
            }),
        }
    }
    renames
}

fn done(all: &[Substitution], of: &Substitution) -> Vec<(String, usize)> {
    let same = all.iter().filter(|other| other.old == of.old && other.new == of.new);
    same.map(|other| (other.path.clone(), other.offset)).collect()
}

/// Functions with a change inside their parameters that is no rename.
fn reshaped(conversation: &Conversation<'_>, intent: &Intent) -> Vec<Reshaped> {
    let mut found: Vec<Reshaped> = Vec::new();
    for (path, offset) in &intent.reshaped {
        let Some(text) = conversation.text(path) else { continue };
        let source = Source::lex(path, text);
        for (name, (open, close)) in analysis::functions(&source) {
            let span = source.code[open].start..=source.code[close].start;
            let place = source.code[name].start;
            if span.contains(offset) && !found.iter().any(|other| other.offset == place && other.path == *path) {
                found.push(Reshaped { name: source.at(name).to_owned(), path: path.clone(), offset: place });
            }
        }
    }
    found
}

/// Names the calls of a function whose parameters changed: what to pass there is the user's to decide.
fn say_callers(
    conversation: &Conversation<'_>,
    function: &Reshaped,
    renames: &[Rename],
    outcome: &mut Outcome,
) -> Result<(), Reply> {
    let place = (function.path.clone(), function.offset);
    let renamed = renames.iter().find(|rename| rename.definitions.contains(&place));
    let name = renamed.map_or(&function.name, |rename| &rename.old);
    let hits = workspace::search(conversation, name, Some(Language::of(&function.path)))?;
    let mut calls = Vec::new();
    let files: Vec<&String> = hits.keys().filter(|path| workspace::shares_names(&function.path, path)).collect();
    workspace::read(conversation, files.iter().map(|path| path.as_str()))?;
    for path in files {
        let Some(text) = conversation.text(path) else { continue };
        let source = Source::lex(path, text);
        let definitions: Vec<usize> = analysis::functions(&source).into_iter().map(|(name, _)| name).collect();
        let called = source.named(name).filter(|token| source.after(*token) == "(" && !definitions.contains(token));
        calls.extend(called.map(|token| format!("{path}:{}", line_of(text, source.code[token].start))));
    }
    calls.dedup();
    let at = conversation.text(&function.path).map_or(0, |text| line_of(text, function.offset));
    outcome.say(match calls.is_empty() {
        true => format!("The parameters of `{}` ({}:{at}) changed; nothing calls it.", function.name, function.path),
        false => format!(
            "The parameters of `{}` ({}:{at}) changed; what its callers pass is yours to decide: {}.",
            function.name,
            function.path,
            listed(&calls)
        ),
    });
    Ok(())
}
