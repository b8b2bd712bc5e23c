//! Whether an edit landed is told by the texts that follow, not by the editor's word: editors that claim, deny, do half, say
//! nothing, come late or answer twice. No edit is doubled, and the model learns the truth. The model is scripted.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::Reply;
use scripted::{begin, patching};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};

const FILES: &str = "\
//- src/lib.rs
pub mod a;
//- src/a.rs
pub fn a() {}
//- notes.txt
a
";

const ONE: &str = "*** Update File: src/lib.rs\n@@\n-pub mod a;\n+mod a;\n";
const TWO: &str = "\
*** Update File: src/a.rs
@@
-pub fn a() {}
+fn a() {}
*** Update File: src/lib.rs
@@
-pub mod a;
+mod a;
";
const NEVER: &str = "[edit]\nconfirm = \"never\"\n";

/// Holds the next edit; gives the one that comes.
fn next_edit(editor: &mut TestEditor, begin: impl FnOnce(&mut TestEditor)) -> Value {
    editor.hold("workspace/applyEdit");
    begin(editor);
    editor.held()
}

fn applied(yes: bool) -> Value {
    json!({ "applied": yes })
}

/// The files that an edit changes.
fn files(edit: &Value) -> Vec<String> {
    let changes = edit["edit"]["documentChanges"].as_array().into_iter().flatten();
    changes.map(|change| change["textDocument"]["uri"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_claimed_and_not_made_is_told_to_the_user_and_taken_back_with_the_model() {
    let project = Project::new(FILES);
    let (provider, mut editor) = patching(Client::neovim(), &project, "", ONE).await;
    let mut turn = String::new();
    let first = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    let second = next_edit(&mut editor, |editor| editor.reply(&first, applied(true)));
    editor.reply(&second, applied(true));
    editor.expect_outcome(&turn, "conflict");
    let warning = editor.expect_warning("src/lib.rs");
    assert!(warning.contains("says that it applied"), "{warning}");

    provider.script([Reply::text("I see.")]);
    let next = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&next, "answered");
    let told = provider.requests().last().map(|request| request.text()).unwrap();
    let (changes, _) = told.split_once("Request:").unwrap();
    assert!(changes.contains("pub mod a;"), "the model, which believed its patch, is told: {told}");

    let kept = editor.action("src/lib.rs", "pub", "pilotlight.apply");
    assert!(editor.choose(&kept).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text("src/lib.rs"), "mod a;\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_edit_that_was_made_in_part_only_the_rest_is_sent_again() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, NEVER, TWO).await;
        editor.open("src/a.rs");
        let mut turn = String::new();
        let mut first = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
        first["params"]["edit"]["documentChanges"].as_array_mut().unwrap().truncate(1);
        editor.perform(&first["params"]);
        editor.reply(&first, applied(true));
        editor.expect_outcome(&turn, "applied");
        let edits = editor.asked("workspace/applyEdit");
        assert_eq!((edits.len(), files(&edits[1])), (2, vec![editor.uri("src/lib.rs")]));
        assert_eq!(editor.text("src/a.rs"), "fn a() {}\n");
        assert_eq!(editor.text("src/lib.rs"), "mod a;\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_denied_but_made_is_not_made_twice() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::helix_master(), &project, "", ONE).await;
    let mut turn = String::new();
    let edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    editor.perform(&edit["params"]);
    editor.reply(&edit, applied(false));
    editor.expect_outcome(&turn, "applied");
    assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
    assert_eq!(editor.text("src/lib.rs"), "mod a;\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_file_that_is_not_open_is_never_sent_twice() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::vscode(), &project, NEVER, TWO).await;
    let mut turn = String::new();
    let mut edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    edit["params"]["edit"]["documentChanges"].as_array_mut().unwrap().remove(0);
    editor.perform(&edit["params"]);
    editor.reply(&edit, applied(true));
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("src/a.rs");
    assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
    assert_eq!(editor.text("src/a.rs"), "pub fn a() {}\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_editor_never_shows_is_no_failure_but_is_named() {
    let patch = "*** Update File: notes.txt\n@@\n-a\n+b\n";
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim(), &project, NEVER, patch).await;
    let mut turn = String::new();
    let edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    editor.reply(&edit, applied(true));
    editor.expect_outcome(&turn, "applied");
    let message = editor.expect_notification("window/logMessage", |message| message.to_string().contains("notes.txt"));
    assert!(message.to_string().contains("did not show"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_answered_twice_is_one_edit() {
    for client in [Client::vscode(), Client::neovim(), Client::helix25(), Client::plain()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", ONE).await;
        let mut turn = String::new();
        let edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
        editor.reply(&edit, applied(true));
        editor.perform(&edit["params"]);
        editor.reply(&edit, applied(false));
        editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
        assert_eq!(editor.text("src/lib.rs"), "mod a;\n");
        assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_without_an_answer_is_kept_and_what_comes_late_is_not_made_again() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::vscode(), &project, "", ONE).await;
    let mut turn = String::new();
    let edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("did not answer");
    editor.perform(&edit["params"]);
    editor.reply(&edit, applied(true));
    let kept = editor.action("src/lib.rs", "mod", "pilotlight.apply");
    assert!(editor.choose(&kept).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text("src/lib.rs"), "mod a;\n");
    assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_was_made_without_an_answer_is_applied() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim(), &project, "", ONE).await;
    let mut turn = String::new();
    let edit = next_edit(&mut editor, |editor| turn = begin(editor, "src/lib.rs"));
    editor.perform(&edit["params"]);
    editor.expect_outcome(&turn, "applied");
    assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
}
