//! The catalogue: which code actions are offered where. Answered from memory, no disk and no model.
//!
//! Every action has a kind (kind-less ones vanish in Neovim and sort last in Helix) and a command, never an edit.

use std::sync::Arc;

use serde_json::{Value, json};

use super::abilities::Abilities;
use super::comments::{Wish, wish};
use super::desk::Desk;
use super::editor::Editor;
use super::from_proto::{CodeActionParams, ProtoRange};
use super::waiting::all_but;
use crate::workspace::{Diagnostic, Language, RelPath, Snapshot};

const QUICKFIX: &str = "quickfix";
const REWRITE: &str = "refactor.rewrite";
const SOURCE: &str = "source";

/// The actions for a place, in the order they should be read.
pub fn actions(editor: &Editor, params: &CodeActionParams, raw_range: &Value) -> Vec<Value> {
    let Some(abilities) = editor.abilities() else { return Vec::new() };
    let uri = &params.text_document.uri;
    let mut offers = Offers { abilities, only: params.context.only.as_deref(), actions: Vec::new() };
    offers.running(editor);
    offers.waiting(editor);
    let desk = editor.desk(uri);
    let place = desk.as_ref().and_then(|desk| Place::new(desk, uri, params.range));
    if let Some(desk) = &desk {
        desk.session.touch();
        offers.consent(editor, desk);
    }
    let here = json!({"uri": uri, "range": raw_range});
    match &place {
        Some(place) => offers.at(place, params, &here),
        // A document without a desk yet is outside every folder and was opened this moment.
        None if editor.documents.get(uri).is_some() && desk.is_none() => offers.fixes(&[], params, &here),
        None => {}
    }
    offers.actions
}

/// Where actions are asked for.
struct Place<'a> {
    desk: &'a Arc<Desk>,
    path: RelPath,
    document: Snapshot,
    range: ProtoRange,
}

impl<'a> Place<'a> {
    /// A place in an open document that models may see, as far as its name tells; nothing is offered elsewhere.
    fn new(desk: &'a Arc<Desk>, uri: &str, range: ProtoRange) -> Option<Place<'a>> {
        let path = desk.workspace.rel_of_uri(uri).filter(|path| !desk.workspace.policy().hides(path))?;
        let document = desk.workspace.document(&path)?;
        Some(Place { desk, path, document, range })
    }

    fn wish(&self) -> Option<Wish> {
        let language = Language::of(&self.document.language_id, Some(&self.path));
        wish(&self.document.model_text(), self.range.lines(), language).map(|found| found.wish)
    }

    /// What other servers report at this place, as their editor plugin fed it.
    fn fed(&self) -> Vec<Diagnostic> {
        let (first, last) = self.range.lines();
        let reported = self.desk.diagnostics.of(&self.path).diagnostics;
        reported.into_iter().filter(|one| one.start.0 <= last && one.end.0 >= first).collect()
    }
}

/// The list as it grows.
struct Offers<'a> {
    abilities: &'a Abilities,
    only: Option<&'a [String]>,
    actions: Vec<Value>,
}

impl Offers<'_> {
    /// Adds an action, if its kind is wanted.
    fn add(&mut self, kind: &str, title: &str, command: &str, argument: Value) -> Option<&mut Value> {
        let wanted =
            |only: &String| kind == only || kind.strip_prefix(only.as_str()).is_some_and(|rest| rest.starts_with('.'));
        if self.only.is_some_and(|only| !only.iter().any(wanted)) {
            return None;
        }
        let mut action = json!({
            "title": title,
            "kind": kind,
            "command": {"title": title, "command": command, "arguments": [argument]},
        });
        if self.abilities.llm_tag {
            action["tags"] = json!([1]);
        }
        self.actions.push(action);
        self.actions.last_mut()
    }

    /// *Cancel* first while a turn runs: some editors have no other way to stop it.
    fn running(&mut self, editor: &Editor) {
        for (id, turn) in editor.turns() {
            let title = format!("Cancel Pilotlight's running turn ({})", turn.action.name());
            self.add(QUICKFIX, &title, "pilotlight.cancel", json!({ "turn": id }));
        }
    }

    fn waiting(&mut self, editor: &Editor) {
        for kept in editor.waiting.all() {
            let id = &kept.proposal.turn;
            let files = kept.proposal.files.len();
            let what = if files == 1 { kept.proposal.files[0].path.to_string() } else { format!("{files} files") };
            let argument = json!({ "proposal": id });
            self.add(QUICKFIX, &format!("Apply Pilotlight's change to {what}"), "pilotlight.apply", argument.clone());
            if let Some(title) = all_but(&kept.proposal, &kept.hindered) {
                let (_, rest) = kept.proposal.split(&kept.hindered);
                let files: Vec<&str> = rest.files.iter().map(|file| file.path.as_str()).collect();
                self.add(QUICKFIX, &title, "pilotlight.apply", json!({"proposal": id, "files": files}));
            }
            self.add(QUICKFIX, &format!("Discard Pilotlight's change to {what}"), "pilotlight.discard", argument);
        }
    }

    fn consent(&mut self, editor: &Editor, desk: &Desk) {
        if desk.session.board().status().state == crate::session::status::State::Consent {
            let host = editor.around().provider.url.host().to_owned();
            let title = format!("Allow Pilotlight to send this workspace to {host}");
            self.add(SOURCE, &title, "pilotlight.trust", json!({"root": desk.root()}));
        }
    }

    fn at(&mut self, place: &Place<'_>, params: &CodeActionParams, here: &Value) {
        self.fixes(&place.fed(), params, here);
        self.broken(place, here);
        if place.desk.has_fresh_edit(&place.path) {
            let argument = json!({"uri": here["uri"]});
            self.add(REWRITE, "Finish this change across the workspace", "pilotlight.finish", argument);
        }
        match place.wish() {
            Some(Wish::Do(text)) => {
                let title = format!("Do what this comment asks: {}", shortened(&text));
                self.add(REWRITE, &title, "pilotlight.implement", here.clone());
            }
            Some(Wish::Answer(text)) => {
                let title = format!("Answer this comment: {}", shortened(&text));
                self.add(SOURCE, &title, "pilotlight.implement", here.clone());
            }
            Some(Wish::Todo(text)) => {
                let title = format!("Implement: {}", shortened(&text));
                self.add(REWRITE, &title, "pilotlight.implement", here.clone());
            }
            Some(Wish::Stub) => {
                self.add(REWRITE, "Implement this stub", "pilotlight.implement", here.clone());
            }
            None => {}
        }
        if self.abilities.prompt {
            self.add(REWRITE, "Edit with Pilotlight…", "pilotlight.edit", here.clone());
            self.add(SOURCE, "Ask Pilotlight…", "pilotlight.ask", here.clone());
        }
        if !place.range.is_empty() {
            self.add(REWRITE, "Document the selection", "pilotlight.document", here.clone());
            self.add(REWRITE, "Write tests for the selection", "pilotlight.test", here.clone());
            self.add(REWRITE, "Simplify the selection", "pilotlight.simplify", here.clone());
            if !self.abilities.prompt {
                self.add(SOURCE, "Explain the selection", "pilotlight.ask", here.clone());
            }
        }
        for action in &place.desk.config.actions {
            if action.languages.is_empty() || action.languages.contains(&place.document.language_id) {
                let argument = json!({"name": action.name, "uri": here["uri"], "range": here["range"]});
                self.add(&action.kind, &action.title, "pilotlight.action", argument);
            }
        }
    }

    /// One more turn for what the last edit broke, in whichever of its files.
    fn broken(&mut self, place: &Place<'_>, here: &Value) {
        let broken = place.desk.aftermath.broken();
        let errors: usize = broken.values().map(Vec::len).sum();
        if let (Some((first, _)), false) = (broken.first_key_value(), errors == 0) {
            let title = match (errors, broken.len()) {
                (1, _) => format!("Fix what this broke: 1 error in {first}"),
                (_, 1) => format!("Fix what this broke: {errors} errors in {first}"),
                (_, files) => format!("Fix what this broke: {errors} errors in {files} files"),
            };
            // The turn is about a file that is broken, here or elsewhere.
            let uri = match broken.contains_key(&place.path) {
                true => here["uri"].clone(),
                false => json!(place.desk.workspace.uri(first)),
            };
            self.add(QUICKFIX, &shortened(&title), "pilotlight.fix", json!({"uri": uri, "broken": true}));
        }
    }

    /// One action for the diagnostics at the place, whoever reported them: those the editor sent along, else those
    /// its plugin fed.
    fn fixes(&mut self, fed: &[Diagnostic], params: &CodeActionParams, here: &Value) {
        let sent: Vec<&Value> = params.context.diagnostics.iter().collect();
        let messages: Vec<String> = match sent.is_empty() {
            false => sent.iter().filter_map(|one| Some(one.get("message")?.as_str()?.to_owned())).collect(),
            true => fed.iter().map(|one| one.message.clone()).collect(),
        };
        let title = match messages.as_slice() {
            [] => return,
            [one] => format!("Fix: {}", shortened(one)),
            many => format!("Fix {} problems here", many.len()),
        };
        let mut argument = here.clone();
        argument["diagnostics"] = json!(sent);
        if let Some(action) = self.add(QUICKFIX, &title, "pilotlight.fix", argument)
            && !sent.is_empty()
        {
            action["diagnostics"] = json!(sent);
        }
    }
}

/// The first line, at most 60 characters, with nothing in it that could mislead a reader.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or_default().trim();
    let shown: String = line.chars().take(SHOWN).map(|c| if is_deceptive(c) { '\u{fffd}' } else { c }).collect();
    if line.chars().count() > SHOWN { format!("{shown}…") } else { shown }
}

/// Bidirectional controls, zero-width and tag characters, and control characters.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
