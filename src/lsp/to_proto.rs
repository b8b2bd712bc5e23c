//! Writing what editors read: workspace edits by each client's abilities.
//!
//! Files are created before they get text and deleted last; a file that exists is never created, since some clients
//! would empty it (`editors.md` 4). Edits go out in the document's own line ends, with the version they were made for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::abilities::Abilities;
use crate::agent::landing::{Operation, Plan, PlannedFile};
use crate::edit::TextChange;
use crate::workspace::{PositionEncoding, Workspace, position};
use ropey::Rope;

/// The one change annotation there is.
const ANNOTATION: &str = "pilotlight";

/// The files of a plan that this editor lacks the means for. A plan with such files is not to be sent.
pub fn beyond<'p>(plan: &'p Plan, abilities: &Abilities) -> Vec<&'p PlannedFile> {
    let able = |file: &&PlannedFile| match file.operation {
        Operation::Edit => true,
        Operation::Create => abilities.document_changes && abilities.create,
        Operation::Rename { .. } => abilities.document_changes && abilities.rename,
        Operation::Delete => abilities.document_changes && abilities.delete,
    };
    plan.files.iter().filter(|file| !able(file)).collect()
}

/// The workspace edit of a plan that is not [`beyond`] this editor. With `confirm`, every change asks the user first
/// (clients with annotations only).
pub fn workspace_edit(plan: &Plan, workspace: &Workspace, abilities: &Abilities, confirm: Option<&str>) -> Value {
    if !abilities.document_changes {
        return plain_changes(plan, workspace, abilities);
    }
    let annotated = confirm.is_some();
    let mut operations = Vec::new();
    let mut texts = Vec::new();
    let mut deletions = Vec::new();
    for file in &plan.files {
        let uri = workspace.uri(&file.path);
        match &file.operation {
            Operation::Edit => {}
            Operation::Create => operations.push(resource(json!({"kind": "create", "uri": uri}), annotated)),
            Operation::Rename { from } => {
                let old = workspace.uri(from);
                operations.push(resource(json!({"kind": "rename", "oldUri": old, "newUri": uri}), annotated));
            }
            Operation::Delete => deletions.push(resource(json!({"kind": "delete", "uri": uri}), annotated)),
        }
        match &file.operation {
            Operation::Edit | Operation::Rename { .. } if !file.changes.is_empty() => {
                texts.push(text_edit(file, workspace, abilities, annotated));
            }
            Operation::Create if !file.target.is_empty() => texts.push(new_text(file, workspace, annotated)),
            _ => {}
        }
    }
    let changes: Vec<Value> = operations.into_iter().chain(texts).chain(deletions).collect();
    let mut edit = json!({ "documentChanges": changes });
    if let Some(description) = confirm {
        edit["changeAnnotations"] =
            json!({ANNOTATION: {"label": "Pilotlight", "description": description, "needsConfirmation": true}});
    }
    edit
}

/// For clients that know only `changes`: texts of existing files, no versions.
fn plain_changes(plan: &Plan, workspace: &Workspace, abilities: &Abilities) -> Value {
    let mut changes: BTreeMap<String, Value> = BTreeMap::new();
    for file in &plan.files {
        let edits = edits(&file.now, &file.changes, abilities.encoding, false);
        changes.insert(workspace.uri(&file.path), json!(edits));
    }
    json!({ "changes": changes })
}

fn resource(mut operation: Value, annotated: bool) -> Value {
    if annotated {
        operation["annotationId"] = ANNOTATION.into();
    }
    operation
}

fn text_edit(file: &PlannedFile, workspace: &Workspace, abilities: &Abilities, annotated: bool) -> Value {
    // Under its new name a renamed document has no version that could be known.
    let version = match file.operation {
        Operation::Edit => file.document.as_ref().map(|document| document.version),
        _ => None,
    };
    json!({
        "textDocument": {"uri": workspace.uri(&file.path), "version": version},
        "edits": edits(&file.now, &file.changes, abilities.encoding, annotated),
    })
}

fn new_text(file: &PlannedFile, workspace: &Workspace, annotated: bool) -> Value {
    let change = TextChange { range: 0..0, text: file.target.clone() };
    json!({
        "textDocument": {"uri": workspace.uri(&file.path), "version": null},
        "edits": edits("", &[change], PositionEncoding::Utf8, annotated),
    })
}

fn edits(now: &str, changes: &[TextChange], encoding: PositionEncoding, annotated: bool) -> Vec<Value> {
    let rope = Rope::from_str(now);
    let place = |byte: usize| {
        let place = position(&rope, byte, encoding);
        json!({"line": place.line, "character": place.character})
    };
    let edit = |change: &TextChange| {
        let mut edit = Map::new();
        edit.insert("range".into(), json!({"start": place(change.range.start), "end": place(change.range.end)}));
        edit.insert("newText".into(), change.text.clone().into());
        if annotated {
            edit.insert("annotationId".into(), ANNOTATION.into());
        }
        Value::Object(edit)
    };
    changes.iter().map(edit).collect()
}
