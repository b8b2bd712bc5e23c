//! What the editor can do, read once from its `initialize` and asked for by name everywhere else.
//!
//! Behaviour follows capabilities; the client's name is consulted only where no capability exists (`editors.md` 3).

use serde_json::Value;

use crate::workspace::PositionEncoding;

/// An editor's abilities.
#[derive(Clone, Debug)]
pub struct Abilities {
    /// The encoding agreed on.
    pub encoding: PositionEncoding,
    /// `documentChanges` are understood (Neovim announces only resource operations, and means it).
    pub document_changes: bool,
    /// Files can be created.
    pub create: bool,
    /// Files can be renamed.
    pub rename: bool,
    /// Files can be deleted.
    pub delete: bool,
    /// Edits can ask for confirmation by annotation.
    pub annotations: bool,
    /// `window/showMessageRequest` is answered.
    pub message_requests: bool,
    /// `window/showDocument` opens a document.
    pub show_document: bool,
    /// It does so without taking the cursor away from where the user is.
    pub show_beside: bool,
    /// A document whose file changes on disk is shown as it is then.
    pub shows_changes: bool,
    /// Progress can be shown.
    pub progress: bool,
    /// Code action literals are understood; always, in editors of this decade.
    pub llm_tag: bool,
    /// One fix among several may be marked as the one to take.
    pub preferred: bool,
    /// A plugin asks the user for instructions.
    pub prompt: bool,
    /// A plugin shows the session's state.
    pub status: bool,
    /// A plugin shows our documents in windows of their own: answers as they grow, and beside a question what it is about.
    pub documents: bool,
    /// Files can be watched.
    pub watch_files: bool,
}

/// Editors made of VS Code, by the names that they give themselves.
const VSCODE_LIKE: [&str; 4] = ["VSCodium", "Cursor", "Windsurf", "code-server"];

impl Abilities {
    /// Reads the parameters of `initialize`.
    pub fn read(params: &Value) -> Abilities {
        let yes = |pointer: &str| params.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
        let present = |pointer: &str| params.pointer(pointer).is_some_and(|value| !value.is_null());
        let edit = "/capabilities/workspace/workspaceEdit";
        let operations = params.pointer(&format!("{edit}/resourceOperations")).and_then(Value::as_array);
        let operation = |name: &str| operations.is_some_and(|all| all.iter().any(|one| one == name));
        let client = params.pointer("/clientInfo/name").and_then(Value::as_str).unwrap_or_default();
        let shows = yes("/capabilities/window/showDocument/support");
        let documents = shows && yes("/capabilities/experimental/pilotlight/documents");
        // VS Code and what is made of it watch the files of clean documents; no capability says so.
        let watches = shows && (client.starts_with("Visual Studio Code") || VSCODE_LIKE.contains(&client));
        Abilities {
            encoding: encoding(params),
            document_changes: yes(&format!("{edit}/documentChanges")) || operations.is_some(),
            create: operation("create"),
            rename: operation("rename"),
            delete: operation("delete"),
            annotations: present(&format!("{edit}/changeAnnotationSupport")),
            message_requests: present("/capabilities/window/showMessage"),
            // Helix opens documents without saying so, and puts the cursor in them whatever it is told.
            show_document: shows || client == "helix",
            show_beside: shows && client != "helix",
            shows_changes: documents || watches,
            progress: yes("/capabilities/window/workDoneProgress"),
            llm_tag: params
                .pointer("/capabilities/textDocument/codeAction/tagSupport/valueSet")
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.iter().any(|tag| tag == 1)),
            // Helix sorts what is preferred by who answers first, and Enter takes the first row: a language server's own fix,
            // which takes longer, would always come after ours.
            preferred: yes("/capabilities/textDocument/codeAction/isPreferredSupport") && client != "helix",
            prompt: yes("/capabilities/experimental/pilotlight/prompt"),
            status: yes("/capabilities/experimental/pilotlight/status"),
            documents,
            watch_files: yes("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
        }
    }

    /// Documents are opened, but the cursor goes there: so only when the user asks for one.
    pub fn shows_on_request(&self) -> bool {
        self.show_document && !self.show_beside
    }

    /// The encoding as LSP spells it.
    pub fn encoding_name(&self) -> &'static str {
        match self.encoding {
            PositionEncoding::Utf8 => "utf-8",
            PositionEncoding::Utf16 => "utf-16",
            PositionEncoding::Utf32 => "utf-32",
        }
    }
}

/// The client's first choice of those we know; utf-16 when it names none.
fn encoding(params: &Value) -> PositionEncoding {
    let offered = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
    let known = |name: &Value| match name.as_str()? {
        "utf-8" => Some(PositionEncoding::Utf8),
        "utf-16" => Some(PositionEncoding::Utf16),
        "utf-32" => Some(PositionEncoding::Utf32),
        _ => None,
    };
    offered.into_iter().flatten().find_map(known).unwrap_or(PositionEncoding::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_known_encoding_is_taken() {
        let with =
            |encodings: Value| Abilities::read(&json!({"capabilities": {"general": {"positionEncodings": encodings}}}));
        assert_eq!(with(json!(["utf-32", "utf-8"])).encoding_name(), "utf-32");
        assert_eq!(with(json!(["ebcdic", "utf-8"])).encoding_name(), "utf-8");
        assert_eq!(with(json!([])).encoding_name(), "utf-16");
        assert_eq!(Abilities::read(&json!({})).encoding_name(), "utf-16");
    }

    #[test]
    fn neovim_announces_resource_operations_only() {
        let neovim = json!({"capabilities": {"workspace": {"workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]}}}});
        let abilities = Abilities::read(&neovim);
        assert!(abilities.document_changes && abilities.create && !abilities.annotations);
        assert!(!Abilities::read(&json!({"capabilities": {}})).document_changes);
    }
}
