//! Custom code actions: what a valid one is. A title or name from a workspace ends up in menus, so nothing invisible
//! is let through.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Refusal;
use super::input::{Entry, Input, Value};
use super::keys::nearest;
use crate::visible::is_visible;

/// A code action of the user's own making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomAction {
    /// Unique; letters, digits, `_` and `-`.
    pub name: String,
    /// The text in the editor's menu: one line.
    pub title: String,
    /// What the model is told to do.
    pub prompt: String,
    /// LSP language identifiers it is offered for; empty means all.
    pub languages: Vec<String>,
    /// The LSP code action kind.
    pub kind: String,
    /// Whether it came from a workspace (with consent) rather than from the user.
    pub from_workspace: bool,
}

/// Stands for the custom actions that came from a workspace, in their every word; `None` if there are none.
pub fn fingerprint(actions: &[CustomAction]) -> Option<String> {
    let from_workspace = actions.iter().filter(|action| action.from_workspace);
    let words: Vec<_> = from_workspace
        .map(|CustomAction { name, title, prompt, languages, kind, from_workspace: _ }| {
            json!([name, title, prompt, languages, kind])
        })
        .collect();
    let digest = || Sha256::digest(json!(words).to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    (!words.is_empty()).then(digest)
}

/// The kind where none is given.
const DEFAULT_KIND: &str = "refactor.rewrite";
/// What a kind begins with.
const KIND_ROOTS: &[&str] = &["quickfix", "refactor", "source"];
const MAX_ACTIONS: usize = 64;
const MAX_NAME_BYTES: usize = 64;
const MAX_TITLE_BYTES: usize = 120;
const MAX_PROMPT_BYTES: usize = 16 * 1024;

/// The fields of an `[[action]]`: name, whether it must be there, description.
pub(super) const FIELDS: &[(&str, bool, &str)] = &[
    ("name", true, "Unique name: letters, digits, `_` and `-`."),
    ("title", true, "The text in the editor's menu, one line."),
    ("prompt", true, "What the model is told to do with the selection."),
    ("languages", false, "LSP language identifiers it is offered for; empty means all."),
    ("kind", false, "LSP code action kind: quickfix, refactor or source, or one below, such as refactor.rewrite."),
];

/// Reads the list of actions.
pub(super) fn read(input: &Input) -> Result<Vec<CustomAction>, Refusal> {
    let Value::List(items) = &input.value else { return Err(Refusal::wrong_type(input, "[[action]] tables")) };
    if items.len() > MAX_ACTIONS {
        return Err(Refusal::new(
            input,
            format!("there are {} actions; at most {MAX_ACTIONS} are allowed", items.len()),
        ));
    }
    let mut actions: Vec<CustomAction> = Vec::with_capacity(items.len());
    for item in items {
        let action = read_one(item)?;
        if actions.iter().any(|other| other.name == action.name) {
            let reason = format!("the name `{}` is used twice; give each action its own", action.name);
            return Err(Refusal::new(field(item, "name").unwrap_or(item), reason).of("name"));
        }
        actions.push(action);
    }
    Ok(actions)
}

fn read_one(item: &Input) -> Result<CustomAction, Refusal> {
    let Value::Table(entries) = &item.value else { return Err(Refusal::wrong_type(item, "an [[action]] table")) };
    for Entry { key, line, .. } in entries {
        if !FIELDS.iter().any(|(name, ..)| name == key) {
            let nearest = nearest(key, FIELDS.iter().map(|(name, ..)| *name));
            let reason = format!("unknown key; the nearest valid key is action.{nearest}");
            return Err(Refusal { line: *line, part: Some(key.clone()), reason });
        }
    }
    let name = text(item, "name", MAX_NAME_BYTES)?;
    check(item, "name", is_name(&name), "must be letters, digits, `_` and `-` only")?;
    let title = text(item, "title", MAX_TITLE_BYTES)?;
    check(item, "title", title.chars().all(is_visible), "must be one line without invisible characters")?;
    let prompt = text(item, "prompt", MAX_PROMPT_BYTES)?;
    let is_prompt = prompt.chars().all(|c| matches!(c, '\n' | '\r' | '\t') || is_visible(c));
    check(item, "prompt", is_prompt, "must not hold invisible characters")?;
    let kind = match field(item, "kind") {
        None => DEFAULT_KIND.to_owned(),
        Some(_) => text(item, "kind", MAX_NAME_BYTES)?,
    };
    let expected = "is no code action kind; use quickfix, refactor or source, or one below, such as refactor.rewrite";
    check(item, "kind", is_kind(&kind), expected)?;
    Ok(CustomAction { name, title, prompt, languages: languages(item)?, kind, from_workspace: false })
}

/// A field that must be there and not be empty.
fn text(item: &Input, name: &str, most: usize) -> Result<String, Refusal> {
    let Some(input) = field(item, name) else {
        return Err(Refusal::new(item, "is missing; every [[action]] needs name, title and prompt").of(name));
    };
    let Value::Text(text) = &input.value else { return Err(Refusal::wrong_type(input, "text").of(name)) };
    if text.trim().is_empty() {
        return Err(Refusal::new(input, "must not be empty").of(name));
    }
    if text.len() > most {
        return Err(Refusal::new(input, format!("is {} bytes long; at most {most} are allowed", text.len())).of(name));
    }
    Ok(text.clone())
}

fn languages(item: &Input) -> Result<Vec<String>, Refusal> {
    let Some(input) = field(item, "languages") else { return Ok(Vec::new()) };
    let Value::List(items) = &input.value else {
        return Err(Refusal::wrong_type(input, "a list of language identifiers").of("languages"));
    };
    items
        .iter()
        .map(|item| match &item.value {
            Value::Text(language) if !language.is_empty() && language.chars().all(is_visible) => Ok(language.clone()),
            Value::Text(_) => Err(Refusal::new(item, "holds an empty or unreadable language identifier")),
            _ => Err(Refusal::wrong_type(item, "a language identifier")),
        })
        .collect::<Result<_, _>>()
        .map_err(|refusal| refusal.of("languages"))
}

fn field<'a>(item: &'a Input, name: &str) -> Option<&'a Input> {
    match &item.value {
        Value::Table(entries) => entries.iter().find(|entry| entry.key == name).map(|entry| &entry.input),
        _ => None,
    }
}

fn check(item: &Input, name: &str, is_good: bool, reason: &str) -> Result<(), Refusal> {
    if is_good { Ok(()) } else { Err(Refusal::new(field(item, name).unwrap_or(item), reason).of(name)) }
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn is_kind(kind: &str) -> bool {
    let mut segments = kind.split('.');
    segments.next().is_some_and(|root| KIND_ROOTS.contains(&root))
        && segments.all(|segment| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
