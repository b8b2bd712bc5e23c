//! An editor whose model is scripted, for what the embedded agent never does: create, rename and delete files, and make
//! whatever patch a test is about. For targets that have both `provider` and `support`.
#![allow(dead_code, reason = "each test target uses its own part")]

use serde_json::json;

use crate::provider::{Call, Provider, Reply};
use crate::support::{Client, Project, TestEditor};

/// A provider whose model makes one patch, and an editor with `src/lib.rs` open.
pub async fn patching(client: Client, project: &Project, configuration: &str, patch: &str) -> (Provider, TestEditor) {
    let provider = Provider::start().await;
    provider.script([Reply::calls([Call::patch(patch)]), Reply::text("Done.")]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n{configuration}", provider.base_url()));
    let mut editor = TestEditor::start(client, project);
    editor.open("src/lib.rs");
    (provider, editor)
}

/// Has a file edited as told; gives the turn.
pub fn begin(editor: &mut TestEditor, file: &str) -> String {
    let start = json!({"line": 0, "character": 0});
    let argument = json!({"uri": editor.uri(file), "range": {"start": start, "end": start}, "instruction": "Do it."});
    editor.begin("pilotlight.edit", argument)
}

/// How a model is told of `apply_patch`, and how it calls it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As a function with a JSON argument.
    Function,
    /// As a freeform tool with a grammar.
    Custom,
}

impl Style {
    /// Both.
    pub const ALL: [Style; 2] = [Style::Function, Style::Custom];

    /// Its name, in the configuration as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Style::Function => "function",
            Style::Custom => "custom",
        }
    }

    /// A call with this patch.
    pub fn patch(self, body: &str) -> Call {
        match self {
            Style::Function => Call::patch(body),
            Style::Custom => Call::custom_patch(body),
        }
    }
}

/// A scripted provider in this style, and the project's configuration for it.
pub async fn serving(project: &Project, style: Style, configuration: &str) -> Provider {
    let provider = Provider::start().await;
    let (url, style) = (provider.base_url(), style.name());
    project.configure(&format!("[provider]\nbase_url = \"{url}\"\ntool_style = \"{style}\"\n{configuration}"));
    provider
}
