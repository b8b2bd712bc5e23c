//! Fixes diagnostics that say how, in the text as it is now.
//!
//! A diagnostic whose range does not fit the text is stale and nothing is done about it; a message that leaves open what
//! to do is named to the user, not guessed at.

mod diagnostic;
mod imports;
mod rules;

use super::conversation::{Conversation, Request};
use super::lexer::Source;
use super::patch::tidy;
use super::plan::Plan;
use super::rename::listed;
use super::{CANNOT, Reply, workspace};
use diagnostic::Diagnostic;
use rules::Fix;

/// What became of the diagnostics.
#[derive(Default)]
struct Tally {
    fixed: Vec<String>,
    stale: Vec<String>,
    unknown: Vec<String>,
    unreadable: Vec<String>,
}

/// The next step of fixing the request's diagnostics. `Err` asks for what has to be known first.
pub fn fix(conversation: &Conversation<'_>, request: &Request<'_>) -> Result<Reply, Reply> {
    workspace::read(conversation, request.diagnostics.iter().map(|(path, _)| path.as_ref()))?;
    let mut plan = Plan::default();
    let mut tally = Tally::default();
    for (path, text) in &request.diagnostics {
        let diagnostics = Diagnostic::read_all(text);
        match conversation.text(path) {
            Some(text) => fix_file(&Source::lex(path, text), &diagnostics, &mut plan, &mut tally),
            None => tally.unreadable.push(path.to_string()),
        }
    }
    plan.summary = tally.summary();
    Ok(plan.next(conversation))
}

fn fix_file(source: &Source<'_>, diagnostics: &[Diagnostic<'_>], plan: &mut Plan, tally: &mut Tally) {
    let mut edits = Vec::new();
    let mut unimported = Vec::new();
    for diagnostic in diagnostics {
        let place = format!("{}:{}", source.path, diagnostic.start.0);
        match rules::fix(source, diagnostic) {
            Fix::Edits(found) => {
                edits.extend(found);
                tally.fixed.push(place);
            }
            Fix::Unimport(range) => {
                unimported.push(range);
                tally.fixed.push(place);
            }
            Fix::Stale => tally.stale.push(place),
            Fix::Unknown => tally.unknown.push(place),
        }
    }
    edits.extend(imports::without(source, &unimported));
    tidy(&mut edits);
    if !edits.is_empty() {
        plan.edits.entry(source.path.to_owned()).or_default().extend(edits);
    }
}

impl Tally {
    fn summary(mut self) -> String {
        for places in [&mut self.fixed, &mut self.stale, &mut self.unknown] {
            places.dedup();
        }
        // A compiler's hint beside its error is no diagnostic of its own.
        self.unknown.retain(|place| !self.fixed.contains(place));
        let mut sentences = Vec::new();
        if !self.fixed.is_empty() {
            sentences.push(format!("fixed what is reported at {}.", listed(&self.fixed)));
        }
        if !self.stale.is_empty() {
            sentences.push(format!(
                "The text at {} does not fit its diagnostic any more; nothing was done there.",
                listed(&self.stale)
            ));
        }
        if !self.unreadable.is_empty() {
            sentences.push(format!("{} could not be read.", listed(&self.unreadable)));
        }
        if !self.unknown.is_empty() {
            sentences
                .push(format!("What is reported at {} does not say how to fix it. {CANNOT}", listed(&self.unknown)));
        }
        if sentences.is_empty() {
            return CANNOT.to_owned();
        }
        format!("Pilotlight's embedded agent: {}", sentences.join(" "))
    }
}
