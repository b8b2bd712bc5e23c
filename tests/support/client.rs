//! Whom the test editor imitates: what each client announces, and where it behaves in its own way. Modelled on recorded
//! `initialize` requests and the clients' sources: VS Code 1.139, Neovim 0.11.4, Helix 25.07.1 and its master of mid-2026.

use serde_json::{Value, json};

/// A client's announcements and habits.
#[derive(Clone, Debug)]
pub struct Client {
    /// `clientInfo.name`.
    pub name: &'static str,
    /// `capabilities` of `initialize`.
    pub capabilities: Value,
    /// What it does with an edit made for an older version of a document.
    pub stale: Stale,
    /// It answers an edit before it tells what the edit changed, because it waits for more changes first.
    pub tells_later: bool,
    /// Whom it asks.
    pub user: User,
}

/// What becomes of an edit made for an older version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The whole edit is refused.
    Refused,
    /// Refused, with a reason and the number of the change.
    RefusedWithReason,
    /// Neovim looks at the first document only, leaves it out if it is newer, and says that all was applied.
    FirstDropped,
}

/// What the user answers to every question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Takes the first choice.
    Agrees,
    /// Takes the second.
    Declines,
    /// Closes the question.
    Dismisses,
}

impl Client {
    /// VS Code: utf-16 only, change annotations, message requests, tags.
    pub fn vscode() -> Client {
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-16"], "staleRequestSupport": {"cancel": true, "retryOnContentModified": []}},
            "workspace": {
                "applyEdit": true,
                "workspaceEdit": {
                    "documentChanges": true,
                    "resourceOperations": ["create", "rename", "delete"],
                    "failureHandling": "textOnlyTransactional",
                    "normalizesLineEndings": true,
                    "changeAnnotationSupport": {"groupsOnLabel": true},
                    "metadataSupport": true,
                    "snippetEditSupport": true,
                },
                "didChangeConfiguration": {"dynamicRegistration": true},
                "didChangeWatchedFiles": {"dynamicRegistration": true, "relativePatternSupport": true},
                "executeCommand": {"dynamicRegistration": true},
                "configuration": true,
                "workspaceFolders": true,
            },
            "textDocument": {
                "synchronization": {"dynamicRegistration": true, "willSave": true, "willSaveWaitUntil": true, "didSave": true},
                "codeAction": {
                    "dynamicRegistration": true,
                    "isPreferredSupport": true,
                    "disabledSupport": true,
                    "dataSupport": true,
                    "resolveSupport": {"properties": ["edit", "command"]},
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": KINDS}},
                    "honorsChangeAnnotations": true,
                    "tagSupport": {"valueSet": [1]},
                },
            },
            "window": {
                "showMessage": {"messageActionItem": {"additionalPropertiesSupport": true}},
                "showDocument": {"support": true},
                "workDoneProgress": true,
            },
        });
        Client {
            name: "Visual Studio Code",
            capabilities,
            stale: Stale::Refused,
            tells_later: false,
            user: User::Agrees,
        }
    }

    /// Neovim 0.11: utf-8 first, resource operations without document changes, message requests, no annotations.
    pub fn neovim() -> Client {
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
            "workspace": {
                "applyEdit": true,
                "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
                "didChangeConfiguration": {"dynamicRegistration": false},
                "didChangeWatchedFiles": {"dynamicRegistration": false, "relativePatternSupport": true},
                "configuration": true,
                "workspaceFolders": true,
            },
            "textDocument": {
                "synchronization": {"dynamicRegistration": false, "willSave": true, "willSaveWaitUntil": true, "didSave": true},
                "codeAction": {
                    "dynamicRegistration": true,
                    "isPreferredSupport": true,
                    "dataSupport": true,
                    "resolveSupport": {"properties": ["edit", "command"]},
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": KINDS}},
                },
            },
            "window": {
                "showMessage": {"messageActionItem": {"additionalPropertiesSupport": true}},
                "showDocument": {"support": true},
                "workDoneProgress": true,
            },
        });
        Client { name: "Neovim", capabilities, stale: Stale::FirstDropped, tells_later: true, user: User::Agrees }
    }

    /// Helix 25.07.1: utf-8, document changes and resource operations, progress, and no message requests.
    pub fn helix25() -> Client {
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
            "workspace": {
                "applyEdit": true,
                "workspaceEdit": {
                    "documentChanges": true,
                    "resourceOperations": ["create", "rename", "delete"],
                    "failureHandling": "abort",
                    "normalizesLineEndings": false,
                },
                "didChangeConfiguration": {"dynamicRegistration": false},
                "didChangeWatchedFiles": {"dynamicRegistration": true, "relativePatternSupport": false},
                "executeCommand": {"dynamicRegistration": false},
                "configuration": true,
                "workspaceFolders": true,
            },
            "textDocument": {
                "codeAction": {
                    "isPreferredSupport": true,
                    "disabledSupport": true,
                    "dataSupport": true,
                    "resolveSupport": {"properties": ["edit", "command"]},
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": KINDS}},
                },
            },
            "window": {"workDoneProgress": true},
        });
        let stale = Stale::RefusedWithReason;
        Client { name: "helix", capabilities, stale, tells_later: false, user: User::Agrees }
    }

    /// Helix's master: with message requests.
    pub fn helix_master() -> Client {
        let mut client = Client::helix25();
        client.capabilities["window"]["showMessage"] =
            json!({"messageActionItem": {"additionalPropertiesSupport": false}});
        client.capabilities["window"]["showDocument"] = json!({"support": true});
        client
    }

    /// A client that announces nothing, and takes plain edits.
    pub fn plain() -> Client {
        let capabilities = json!({"workspace": {"applyEdit": true}});
        Client { name: "plain", capabilities, stale: Stale::Refused, tells_later: false, user: User::Agrees }
    }

    /// The same client with another user.
    pub fn with_user(self, user: User) -> Client {
        Client { user, ..self }
    }

    /// The same client with a choice of encodings of its own.
    pub fn with_encodings(mut self, encodings: Value) -> Client {
        self.capabilities["general"]["positionEncodings"] = encodings;
        self
    }

    /// The same client with our plugin in it.
    pub fn with_plugin(mut self, experimental: Value) -> Client {
        self.capabilities["experimental"]["pilotlight"] = experimental;
        self
    }

    /// Whether a capability is announced: neither absent nor false.
    pub fn announces(&self, pointer: &str) -> bool {
        self.capabilities.pointer(pointer).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
    }
}

const KINDS: [&str; 8] = [
    "",
    "quickfix",
    "refactor",
    "refactor.extract",
    "refactor.inline",
    "refactor.rewrite",
    "source",
    "source.organizeImports",
];
