//! Turns that do more than change texts: files created, renamed and deleted, and files whose change may run code. The model
//! is scripted, since the embedded agent does none of this; the editors are imitated as in `lsp_turns`.

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use scripted::{begin, patching};
use serde_json::Value;
use support::{Client, Project, TestEditor, User};

const FILES: &str = "\
//- Cargo.toml
[package]
name = \"shapes\"
//- src/lib.rs
pub mod circle;
//- src/circle.rs
pub fn area() {}
";

const CREATE: &str = "*** Add File: src/square.rs\n+pub fn side() {}\n*** Update File: src/lib.rs\n@@\n pub mod circle;\n+pub mod square;\n";
const DELETE: &str = "*** Delete File: src/circle.rs\n";
const RENAME: &str =
    "*** Update File: src/circle.rs\n*** Move to: src/round/disc.rs\n@@\n-pub fn area() {}\n+pub fn surface() {}\n";
const SENSITIVE: &str = "*** Update File: Cargo.toml\n@@\n-name = \"shapes\"\n+name = \"forms\"\n";

fn kinds(edit: &Value) -> Vec<&str> {
    let changes = edit["edit"]["documentChanges"].as_array().into_iter().flatten();
    changes.map(|change| change["kind"].as_str().unwrap_or("edit")).collect()
}

/// How often the user was asked, by whichever means.
fn questions(editor: &TestEditor) -> usize {
    let edits = editor.asked("workspace/applyEdit");
    let annotated = edits.iter().filter(|edit| edit["edit"]["changeAnnotations"].is_object());
    annotated.count() + editor.asked("window/showMessageRequest").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_created_file_is_an_unsaved_buffer() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", CREATE).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(kinds(&editor.asked("workspace/applyEdit")[0]), ["create", "edit", "edit"]);
        assert_eq!(questions(&editor), 1);
        assert_eq!(editor.text("src/square.rs"), "pub fn side() {}\n");
        assert_eq!(project.read("src/square.rs"), "", "not saved");
        assert_eq!(editor.text("src/lib.rs"), "pub mod circle;\npub mod square;\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_into_being_meanwhile_is_not_overwritten() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim(), &project, "", CREATE).await;
    editor.hold("window/showMessageRequest");
    let turn = begin(&mut editor, "src/lib.rs");
    let question = editor.held();
    project.write("src/square.rs", "pub fn mine() {}\n");
    editor.release(&question);
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("src/square.rs");
    assert!(editor.asked("workspace/applyEdit").is_empty());
    assert_eq!(project.read("src/square.rs"), "pub fn mine() {}\n");
    assert_eq!(editor.text("src/lib.rs"), "pub mod circle;\n", "all files or none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_create_files_is_told_what_to_do_instead() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::plain(), &project, "[edit]\nconfirm = \"never\"\n", CREATE).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_warning("pilotlight run");
    editor.expect_outcome(&turn, "refused");
    assert_eq!(editor.text("src/lib.rs"), "pub mod circle;\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_file_keeps_its_buffer_under_the_new_name() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", RENAME).await;
        editor.open("src/circle.rs");
        let turn = begin(&mut editor, "src/circle.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(kinds(&editor.asked("workspace/applyEdit")[0]), ["rename", "edit"]);
        assert_eq!(questions(&editor), 1);
        assert_eq!(editor.text("src/round/disc.rs"), "pub fn surface() {}\n");
        assert!(!project.root().join("src/circle.rs").exists() && !editor.is_open("src/circle.rs"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_always_asked_for() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "[edit]\nconfirm = \"never\"\n", DELETE).await;
        let turn = begin(&mut editor, "src/circle.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(kinds(&editor.asked("workspace/applyEdit")[0]), ["delete"]);
        assert_eq!(questions(&editor), 1);
        assert!(!project.root().join("src/circle.rs").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_deletion_deletes_nothing() {
    for client in [Client::vscode(), Client::neovim()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client.with_user(User::Declines), &project, "", DELETE).await;
        let turn = begin(&mut editor, "src/circle.rs");
        editor.expect_outcome(&turn, "refused");
        assert!(project.root().join("src/circle.rs").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_change_may_run_code_is_asked_for_even_if_it_is_the_invoked_one() {
    for (client, confirm) in [(Client::vscode(), "auto"), (Client::neovim(), "never")] {
        let project = Project::new(FILES);
        let configuration = format!("[edit]\nconfirm = \"{confirm}\"\n");
        let (_provider, mut editor) = patching(client, &project, &configuration, SENSITIVE).await;
        editor.open("Cargo.toml");
        let turn = begin(&mut editor, "Cargo.toml");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(questions(&editor), 1);
        assert!(editor.text("Cargo.toml").contains("forms"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_waives_the_question_for_files_that_are_created() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::vscode(), &project, "[edit]\nconfirm = \"never\"\n", CREATE).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "applied");
    assert_eq!(questions(&editor), 0);
}
