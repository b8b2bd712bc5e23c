//! The catalogue: which code actions are offered where. Answered from memory, no disk and no model.
//!
//! Every action has a kind (kind-less ones vanish in Neovim and sort last in Helix) and a command, never an edit.

use std::sync::Arc;

use serde_json::{Value, json};

use super::abilities::Abilities;
use super::comments::{Wish, wish};
use super::consent::allow_title;
use super::desk::Desk;
use super::editor::Editor;
use super::from_proto::{CodeActionParams, ProtoRange};
use super::shown::is_ours;
use super::waiting::all_but;
use crate::agent::Action;
use crate::visible::shown;
use crate::workspace::{Diagnostic, Language, PositionEncoding, RelPath, Snapshot, Span, offset, uri_to_path};

const QUICKFIX: &str = "quickfix";
const REWRITE: &str = "refactor.rewrite";
const SOURCE: &str = "source";

/// The actions for a place, in the order they should be read.
pub fn actions(editor: &Editor, params: &CodeActionParams, raw_range: &Value) -> Vec<Value> {
    let Some(abilities) = editor.abilities() else { return Vec::new() };
    let uri = &params.text_document.uri;
    let mut offers = Offers { abilities, only: params.context.only.as_deref(), actions: Vec::new() };
    let desk = editor.desk(uri);
    offers.running(editor, desk.as_ref());
    offers.waiting(editor);
    if let Some(desk) = &desk {
        desk.session.touch();
        offers.consent(desk);
    }
    let here = json!({"uri": uri, "range": raw_range});
    match &desk {
        Some(desk) => {
            if let Some(place) = Place::new(desk, uri, params.range, editor.documents.encoding()) {
                offers.at(&place, params, &here);
            }
        }
        // A file without a desk yet is outside every folder and was opened this moment. What is no file never gets one.
        None if uri_to_path(uri).is_some() && editor.documents.get(uri).is_some() && !is_ours(editor, uri) => {
            offers.fixes(&[], params, &here);
        }
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
    encoding: PositionEncoding,
}

impl<'a> Place<'a> {
    /// A place in an open document whose text is known and may be shown to models; nothing is offered elsewhere.
    fn new(desk: &'a Arc<Desk>, uri: &str, range: ProtoRange, encoding: PositionEncoding) -> Option<Place<'a>> {
        let path = desk.workspace.rel_of_uri(uri)?;
        let document = desk.workspace.document(&path)?;
        let policy = desk.workspace.policy();
        let is_shown = policy.check_known(&path).is_ok() && policy.check_document(&document.rope).is_ok();
        (is_shown && !document.desynced).then_some(Place { desk, path, document, range, encoding })
    }

    /// Whether something is selected. One character is not: in Helix it is the cursor.
    fn has_selection(&self) -> bool {
        let Span { start, end } = self.range.span();
        let rope = &self.document.rope;
        let (start, end) = (offset(rope, start, self.encoding), offset(rope, end, self.encoding));
        let selected = rope.get_byte_slice(start..end);
        selected.is_some_and(|selected| selected.chars().filter(|c| !c.is_whitespace()).nth(1).is_some())
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
    /// Adds an action, if its kind is wanted. The empty kind is above all others.
    fn add(&mut self, kind: &str, title: &str, command: &str, argument: Value) -> Option<&mut Value> {
        let below = |only: &str| kind.strip_prefix(only).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let wanted = |only: &String| only.is_empty() || below(only);
        // A title may quote anything: what is in it must not mislead a reader.
        let title = shown(title);
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

    /// *Cancel* first while a turn runs: some editors have no other way to stop it. Of several, the one of this document's
    /// session comes first, and what runs before what waits.
    fn running(&mut self, editor: &Editor, here: Option<&Arc<Desk>>) {
        let mut turns = editor.turns();
        turns.retain(|(_, turn)| !turn.cancel.is_cancelled());
        let is_here = |desk: &Arc<Desk>| here.is_some_and(|here| Arc::ptr_eq(here, desk));
        let (mine, others): (Vec<_>, Vec<_>) = turns.iter().partition(|(_, turn)| is_here(&turn.desk));
        let mut busy: Vec<&Arc<Desk>> = Vec::new();
        for (id, turn) in mine.into_iter().chain(others) {
            let waits = busy.iter().any(|desk| Arc::ptr_eq(desk, &turn.desk));
            busy.push(&turn.desk);
            let state = if waits { "waiting" } else { "running" };
            let what = if turn.action == Action::Custom { "your own action" } else { turn.action.name() };
            let title = format!("Cancel Pilotlight's {state} turn ({what})");
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
            self.add(
                QUICKFIX,
                &format!("Discard Pilotlight's change to {what}"),
                "pilotlight.discard",
                argument.clone(),
            );
            if self.abilities.shows_on_request() {
                self.add(QUICKFIX, &format!("Show Pilotlight's change to {what}"), "pilotlight.show", argument);
            }
        }
    }

    fn consent(&mut self, desk: &Desk) {
        if desk.waits_for_consent() {
            let title = allow_title(desk.provider.url.host());
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
        if let Some(wish) = place.wish() {
            let (kind, title) = wish_title(&wish);
            self.add(kind, &title, "pilotlight.implement", here.clone());
        }
        if self.abilities.prompt {
            self.add(REWRITE, "Edit with Pilotlight…", "pilotlight.edit", here.clone());
            self.add(SOURCE, "Ask Pilotlight…", "pilotlight.ask", here.clone());
        }
        if place.has_selection() {
            self.add(REWRITE, "Document the selection", "pilotlight.document", here.clone());
            self.add(REWRITE, "Write tests for the selection", "pilotlight.test", here.clone());
            self.add(REWRITE, "Simplify the selection", "pilotlight.simplify", here.clone());
            if !self.abilities.prompt {
                self.add(SOURCE, "Explain the selection", "pilotlight.ask", here.clone());
            }
        }
        for action in place.desk.actions() {
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
        let sent = &params.context.diagnostics;
        let messages: Vec<&str> = match sent.is_empty() {
            false => sent.iter().filter_map(message).collect(),
            true => fed.iter().map(|one| one.message.as_str()).collect(),
        };
        let title = match messages.as_slice() {
            [] => return,
            [one] => format!("Fix: {}", shortened(one)),
            many => format!("Fix {} problems here", many.len()),
        };
        let is_preferred = self.abilities.preferred && sent.len() == 1;
        let mut argument = here.clone();
        argument["diagnostics"] = json!(sent);
        if let Some(action) = self.add(QUICKFIX, &title, "pilotlight.fix", argument)
            && !sent.is_empty()
        {
            action["diagnostics"] = json!(sent);
            if is_preferred {
                action["isPreferred"] = json!(true);
            }
        }
    }
}

/// What a diagnostic says: text, or (3.18) text with a kind.
fn message(diagnostic: &Value) -> Option<&str> {
    let message = diagnostic.get("message")?;
    message.as_str().or_else(|| message.get("value")?.as_str())
}

/// The kind of the action that grants a wish, and its title in the words of whoever wished.
fn wish_title(wish: &Wish) -> (&'static str, String) {
    let quoting = |title: &str, words: &str| match words {
        "" => title.to_owned(),
        words => format!("{title}: {}", shortened(words)),
    };
    match wish {
        Wish::Do(words) => (REWRITE, quoting("Do what this comment asks", words)),
        Wish::Answer(words) => (SOURCE, quoting("Answer this comment", words)),
        Wish::Todo(words) => (REWRITE, format!("Implement {}", shortened(words))),
        Wish::Stub => (REWRITE, "Implement this stub".to_owned()),
    }
}

/// The first line that says something, at most 60 characters of it.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line.to_owned(),
    }
}
