//! Finishes what the user began: renames by hand and changed signatures. Of other changes it says what it has seen.

use super::conversation::Conversation;
use super::intent::{self, Intent, Substitution};
use super::lexer::Source;
use super::rename::{Outcome, Rename};
use super::{CANNOT, Reply, analysis, moves, signature, variants, workspace};

/// The next step of finishing the user's changes. `Err` asks for what has to be known first, or gives up.
pub fn finish(conversation: &Conversation<'_>) -> Result<Reply, Reply> {
    let touched = intent::touched(conversation);
    workspace::read(conversation, touched.iter().map(String::as_str))?;
    let mut intent = intent::read(conversation);
    let (reshaped, no_renames) = signature::detect(conversation, &intent, &touched);
    intent.substitutions.retain(|found| !no_renames.contains(found));
    let renames = renames(conversation, &intent);
    let mut outcome = Outcome::default();
    for rename in &renames {
        outcome.add(conversation, rename, &renames)?;
    }
    signature::carry_through(conversation, &reshaped, &renames, &mut outcome)?;
    variants::report(conversation, &touched, &mut outcome)?;
    moves::report(conversation, &touched, &mut outcome)?;
    if outcome.is_empty() {
        return Err(Reply::say(format!("The recent changes rename no definition and change no signature. {CANNOT}")));
    }
    Ok(outcome.into_plan(conversation).next(conversation))
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
