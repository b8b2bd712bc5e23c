//! Turns that do more than change texts: files created, renamed and deleted, and files whose change may run code. The model
//! is scripted, since the embedded agent does none of this; the editors are imitated as in `lsp_turns`.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::{Call, Provider, Reply};
use scripted::{begin, patching};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor, User, finish};

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
const EVERYTHING: &str = "\
*** Add File: src/deep/er/new.rs
+pub fn new() {}
*** Delete File: src/old.rs
*** Update File: src/circle.rs
*** Move to: src/round/disc.rs
@@
-pub fn area() {}
+pub fn surface() {}
*** Update File: src/lib.rs
@@
-pub mod circle;
+pub mod round;
";
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
async fn files_are_created_and_renamed_first_and_deleted_last_in_one_edit() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(&format!("{FILES}//- src/old.rs\nfn old() {{}}\n"));
        let (_provider, mut editor) = patching(client, &project, "", EVERYTHING).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        let edits = editor.asked("workspace/applyEdit");
        assert_eq!(edits.len(), 1, "one step to undo");
        assert_eq!(kinds(&edits[0]), ["create", "rename", "edit", "edit", "edit", "delete"]);
        assert_eq!(editor.text("src/deep/er/new.rs"), "pub fn new() {}\n");
        assert_eq!(editor.text("src/round/disc.rs"), "pub fn surface() {}\n");
        assert_eq!(editor.text("src/lib.rs"), "pub mod round;\n");
        assert!(["src/old.rs", "src/circle.rs"].iter().all(|gone| !project.root().join(gone).exists()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_into_being_under_an_open_preview_is_a_conflict() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::vscode(), &project, "", CREATE).await;
    editor.hold("workspace/applyEdit");
    let turn = begin(&mut editor, "src/lib.rs");
    let preview = editor.held();
    project.write("src/square.rs", "pub fn mine() {}\n");
    // VS Code leaves a file alone that exists, and says no to the whole edit.
    editor.reply(&preview, json!({"applied": false}));
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("src/square.rs (it exists already)");
    assert_eq!(editor.asked("workspace/applyEdit").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_only_a_buffer_yet_is_not_overwritten() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim(), &project, "", CREATE).await;
    editor.hold("window/showMessageRequest");
    let turn = begin(&mut editor, "src/lib.rs");
    let question = editor.held();
    let (uri, text) = (editor.uri("src/square.rs"), "pub fn mine() {}\n");
    let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": text});
    editor.mirror("src/square.rs", text, 1);
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    editor.release(&question);
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("src/square.rs (it exists already)");
    assert!(editor.asked("workspace/applyEdit").is_empty());
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
    let actions = editor.actions("src/lib.rs", "pub");
    let rest = actions.iter().find(|action| action["title"] == "Apply Pilotlight's change to all but src/square.rs");
    assert!(editor.choose(rest.expect("the rest")).is_ok());
    editor.wait("the rest", |editor| editor.text("src/lib.rs").contains("square").then_some(()));
    assert!(!project.root().join("src/square.rs").exists());
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
async fn such_a_file_is_known_in_every_spelling() {
    for name in ["CARGO.TOML", "ma\u{212a}efile", ".GitHub/x.txt"] {
        let project = Project::new(&format!("//- src/lib.rs\n//- a/{name}\none\n"));
        let patch = format!("*** Update File: a/{name}\n@@\n-one\n+two\n");
        let (_provider, mut editor) =
            patching(Client::neovim(), &project, "[edit]\nconfirm = \"never\"\n", &patch).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(questions(&editor), 1, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn such_a_file_is_known_through_a_link() {
    for (target, asked) in [("Makefile", 1), ("notes.txt", 0)] {
        let project = Project::new("//- src/lib.rs\n//- Makefile\none\n//- notes.txt\none\n");
        std::os::unix::fs::symlink(format!("../{target}"), project.root().join("src/plain.txt")).expect("a link");
        let patch = "*** Update File: src/plain.txt\n@@\n-one\n+two\n";
        let (_provider, mut editor) =
            patching(Client::neovim(), &project, "[edit]\nconfirm = \"never\"\n", patch).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(questions(&editor), asked, "{target}");
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

/// Every way to change a sensitive file, with the files that are there afterwards if it is done.
const GRAVE: [&str; 5] = [
    SENSITIVE,
    "*** Delete File: Cargo.toml\n",
    "*** Update File: Cargo.toml\n*** Move to: notes.txt\n@@\n-name = \"shapes\"\n+name = \"forms\"\n",
    "*** Add File: build.rs\n+fn main() {}\n",
    "*** Update File: src/circle.rs\n*** Move to: build.rs\n@@\n-pub fn area() {}\n+pub fn surface() {}\n",
];

fn assert_untouched(project: &Project, patch: &str) {
    assert!(project.read("Cargo.toml").contains("shapes") && project.root().join("src/circle.rs").exists(), "{patch}");
    assert!(!project.root().join("build.rs").exists() && !project.root().join("notes.txt").exists(), "{patch}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_to_such_a_file_without_a_yes_whatever_the_client_and_the_setting() {
    // Of what can be done, the last client can only change texts.
    let clients = [
        (Client::vscode(), "refused", &GRAVE[..]),
        (Client::neovim(), "refused", &GRAVE),
        (Client::helix25(), "proposed", &GRAVE[..1]),
    ];
    for (client, outcome, patches) in clients {
        for patch in patches {
            let project = Project::new(FILES);
            let client = client.clone().with_user(User::Declines);
            let (_provider, mut editor) = patching(client, &project, "[edit]\nconfirm = \"never\"\n", patch).await;
            let turn = begin(&mut editor, "src/lib.rs");
            editor.expect_outcome(&turn, outcome);
            assert_eq!(questions(&editor), usize::from(outcome == "refused"), "{patch}");
            assert_untouched(&project, patch);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_editor_such_a_file_is_shown_and_not_written() {
    for patch in GRAVE {
        let project = Project::new(FILES);
        let provider = Provider::start().await;
        provider.script([Reply::calls([Call::patch(patch)]), Reply::text("Done.")]);
        project
            .configure(&format!("[provider]\nbase_url = \"{}\"\n[edit]\nconfirm = \"never\"\n", provider.base_url()));
        let finished = finish(project.pilotlight(&["run", "Do it.", "--apply"]));
        assert_eq!(finished.code, Some(1), "{patch}{}", finished.stderr);
        assert!(finished.stdout.starts_with("--- ") || finished.stdout.starts_with("diff "), "{}", finished.stdout);
        assert!(finished.stderr.contains("never done unasked"), "{}", finished.stderr);
        assert_untouched(&project, patch);
    }
}
