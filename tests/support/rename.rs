//! The change that most tests of turns are about: in the Rust project, `fetch` is renamed to `load` where it is defined,
//! unsaved, and *Finish this change* is chosen.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::Client;
use super::editor::TestEditor;
use super::project::Project;

/// The files in which `fetch` is used.
pub const USERS: [&str; 4] = ["src/cache.rs", "src/lib.rs", "src/main.rs", "src/report.rs"];

/// A text of the Rust project with `load` for `fetch`.
pub fn renamed(text: &str) -> String {
    text.replace("fetch(", "load(").replace("::fetch;", "::load;").replace("{fetch,", "{load,")
}

/// What the files of the Rust project should become.
pub fn finished(project: &Project) -> BTreeMap<&'static str, String> {
    USERS.into_iter().map(|name| (name, renamed(&project.read(name)))).collect()
}

/// The texts of the files as they are in the editor.
pub fn texts(editor: &TestEditor) -> BTreeMap<&'static str, String> {
    USERS.into_iter().map(|name| (name, editor.text(name))).collect()
}

/// An editor in which `fetch` was renamed where it is defined, unsaved.
pub fn renaming(client: Client, project: &Project) -> TestEditor {
    let mut editor = TestEditor::start(client, project);
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    editor
}

/// The same, and *Finish this change* chosen.
pub fn finishing(client: Client, project: &Project) -> (TestEditor, String) {
    let mut editor = renaming(client, project);
    let turn = editor.begin_finish("src/station.rs", "load");
    (editor, turn)
}

/// Waits until the turn is asking the model.
pub fn thinking(editor: &mut TestEditor, turn: &str) {
    let token = format!("pilotlight-{turn}");
    let thinks = |value: &Value| value["message"] == "thinking";
    editor.wait("the turn to think", |editor| editor.progress(&token).iter().any(thinks).then_some(()));
}

/// No edit has reached the editor, and no buffer was touched.
pub fn nothing_followed(editor: &mut TestEditor, project: &Project) {
    editor.command("pilotlight.status", json!({}));
    assert_eq!(editor.asked("workspace/applyEdit"), Vec::<Value>::new());
    assert!(USERS.iter().all(|name| editor.text(name) == project.read(name)));
}
