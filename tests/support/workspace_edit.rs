//! Applying a workspace edit as the imitated client does, after checking that the client could have been sent it.
//! What a client would stumble over is a failed test here: an edit of a kind it has not announced, an annotation that is not
//! in the map, a position outside the text, a `create` of a file that exists (most clients would empty it).

use std::fs;

use serde_json::{Value, json};

use super::buffer::{Buffer, Encoding};
use super::client::{Client, Stale, User};
use super::project::path;

/// What the client makes of an edit.
pub struct Applied {
    /// The answer to the request.
    pub answer: Value,
    /// Notifications of documents that it opened and closed on the way.
    pub shown: Vec<Notification>,
    /// Parameters of `textDocument/didChange`.
    pub changed: Vec<Value>,
}

/// Method and parameters.
type Notification = (&'static str, Value);

/// The buffers of a client and the encoding it counts in.
pub struct Desk<'a> {
    /// The client.
    pub client: &'a Client,
    /// What its user says.
    pub user: User,
    /// Its open documents by URI.
    pub buffers: &'a mut std::collections::BTreeMap<String, Buffer>,
    /// How it counts.
    pub encoding: Encoding,
}

impl Desk<'_> {
    /// Applies the parameters of a `workspace/applyEdit`. `Err` is what is wrong with them.
    pub fn apply(mut self, params: &Value) -> Result<Applied, String> {
        let edit = &params["edit"];
        let changes = self.text_changes(edit)?;
        if self.asks_first(edit, &changes)? && self.user != User::Agrees {
            return Ok(refused(json!({"applied": false})));
        }
        let mut applied = Applied { answer: json!({"applied": true}), shown: Vec::new(), changed: Vec::new() };
        let stale = changes.iter().position(|change| self.is_stale(change));
        match (stale, self.client.stale) {
            (Some(_), Stale::Refused) => return Ok(refused(json!({"applied": false}))),
            (Some(index), Stale::RefusedWithReason) => {
                let reason = "document has changed";
                return Ok(refused(json!({"applied": false, "failureReason": reason, "failedChange": index})));
            }
            (None, _) | (_, Stale::FirstDropped) => {}
        }
        for (index, change) in changes.iter().enumerate() {
            let dropped = self.client.stale == Stale::FirstDropped && index == 0 && self.is_stale(change);
            match change["kind"].as_str() {
                Some(kind) => self.operate(kind, change, &mut applied)?,
                None if dropped => {}
                None => self.edit(change, &mut applied)?,
            }
        }
        Ok(applied)
    }

    /// The edit as a list of changes, whichever of the two forms it has.
    fn text_changes(&self, edit: &Value) -> Result<Vec<Value>, String> {
        if let Some(changes) = edit["documentChanges"].as_array() {
            let known = self.client.announces("/workspace/workspaceEdit/documentChanges")
                || self.client.announces("/workspace/workspaceEdit/resourceOperations");
            return if known { Ok(changes.clone()) } else { Err("documentChanges were not announced".into()) };
        }
        let changes = edit["changes"].as_object().ok_or("the edit has neither changes nor documentChanges")?;
        let change =
            |(uri, edits): (&String, &Value)| json!({"textDocument": {"uri": uri, "version": null}, "edits": edits});
        Ok(changes.iter().map(change).collect())
    }

    /// Whether the user is to be asked. Annotations must be known to the client, and each must be in the map.
    fn asks_first(&self, edit: &Value, changes: &[Value]) -> Result<bool, String> {
        let map = &edit["changeAnnotations"];
        if !map.is_null() && !self.client.announces("/workspace/workspaceEdit/changeAnnotationSupport") {
            return Err("change annotations were not announced".into());
        }
        let parts = changes.iter().flat_map(|change| change["edits"].as_array().into_iter().flatten().chain([change]));
        let mut asks = false;
        for id in parts.filter_map(|part| part["annotationId"].as_str()) {
            let annotation = map.get(id).ok_or_else(|| format!("the annotation {id} is not in the map"))?;
            if annotation["label"].as_str().is_none_or(str::is_empty) {
                return Err(format!("the annotation {id} has no label"));
            }
            asks |= annotation["needsConfirmation"] == true;
        }
        Ok(asks)
    }

    fn is_stale(&self, change: &Value) -> bool {
        let document = &change["textDocument"];
        let known = document["uri"].as_str().and_then(|uri| self.buffers.get(uri));
        match (document["version"].as_i64(), known) {
            (Some(version), Some(buffer)) => version != buffer.version,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Creates, renames or deletes a file on disk; open buffers follow.
    fn operate(&mut self, kind: &str, change: &Value, applied: &mut Applied) -> Result<(), String> {
        let announced = self.client.capabilities.pointer("/workspace/workspaceEdit/resourceOperations");
        if !announced.and_then(Value::as_array).is_some_and(|all| all.iter().any(|known| known == kind)) {
            return Err(format!("{kind} was not announced"));
        }
        let place = |field: &str| change[field].as_str().map(path).ok_or_else(|| format!("{kind} without {field}"));
        let new = place(if kind == "rename" { "newUri" } else { "uri" })?;
        if kind != "delete" && new.exists() {
            return Err(format!("{} exists and would be emptied", new.display()));
        }
        let folder = new.parent().ok_or("a file is in a folder")?;
        fs::create_dir_all(folder).map_err(|error| format!("{change}: {error}"))?;
        let done = match kind {
            "create" => fs::write(&new, ""),
            "delete" => fs::remove_file(&new),
            _ => fs::rename(place("oldUri")?, &new),
        };
        done.map_err(|error| format!("{change}: {error}"))?;
        // Helix alone keeps the buffer of a deleted file.
        let gone = change[if kind == "rename" { "oldUri" } else { "uri" }].as_str().unwrap_or_default();
        if kind == "create" || (kind == "delete" && self.client.name == "helix") {
            return Ok(());
        }
        if let Some(buffer) = self.buffers.remove(gone) {
            applied.shown.push(("textDocument/didClose", json!({"textDocument": {"uri": gone}})));
            if kind == "rename" {
                self.show(&super::project::uri(&new), buffer.text, applied);
            }
        }
        Ok(())
    }

    /// Opens a buffer.
    fn show(&mut self, uri: &str, text: String, applied: &mut Applied) {
        let document = json!({"uri": uri, "languageId": language(uri), "version": 1, "text": text});
        applied.shown.push(("textDocument/didOpen", json!({ "textDocument": document })));
        self.buffers.insert(uri.to_owned(), Buffer { text, version: 1 });
    }

    /// A text edit; a document that is not open becomes an unsaved buffer.
    fn edit(&mut self, change: &Value, applied: &mut Applied) -> Result<(), String> {
        let uri = change["textDocument"]["uri"].as_str().ok_or_else(|| format!("{change} has no uri"))?.to_owned();
        if !self.buffers.contains_key(&uri) {
            let text = fs::read_to_string(path(&uri)).map_err(|error| format!("{uri}: {error}"))?;
            self.show(&uri, text, applied);
        }
        let (Some(buffer), Some(edits)) = (self.buffers.get_mut(&uri), change["edits"].as_array()) else {
            return Err(format!("{change} has no edits"));
        };
        let replacements = buffer.replacements(edits, self.encoding).map_err(|reason| format!("{uri}: {reason}"))?;
        let told = buffer.replace(&replacements, self.encoding);
        let document = json!({"uri": uri, "version": buffer.version});
        applied.changed.push(json!({"textDocument": document, "contentChanges": told}));
        Ok(())
    }
}

fn refused(answer: Value) -> Applied {
    Applied { answer, shown: Vec::new(), changed: Vec::new() }
}

/// What an editor would take the file for.
pub fn language(uri: &str) -> &'static str {
    match uri.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "rs" => "rust",
        "py" => "python",
        "md" => "markdown",
        _ => "plaintext",
    }
}
