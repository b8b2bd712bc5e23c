//! Settings that change while the server runs: a `.pilotlight.toml` that is saved, what the editor sends, the consent that
//! lets a workspace's actions count. Each holds from then on; a turn that runs ends under its own, or stricter ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use std::sync::Arc;
use std::time::Instant;

use provider::{Call, Provider, Reply, Step};
use scripted::begin;
use serde_json::json;
use support::{Client, LIMIT, Project, TestEditor, User, commands, deserted};
use tokio::sync::Notify;

const FILES: &str = "\
//- src/lib.rs
pub mod a;
//- src/a.rs
// TODO: more
pub fn a() {}
";

const PATCH: &str = "*** Update File: src/lib.rs\n@@\n-pub mod a;\n+mod a;\n";
const STRICT: &str = "[context]\nexclude = [\"src/a.rs\"]\n[edit]\nconfirm = \"always\"\n";

/// An editor with both files open.
fn editing(client: Client, project: &Project) -> TestEditor {
    let mut editor = TestEditor::start(client, project);
    editor.open("src/lib.rs");
    editor.open("src/a.rs");
    until(&mut editor, true);
    editor
}

/// Waits until `src/a.rs` may be shown to a model, or not.
fn until(editor: &mut TestEditor, shown: bool) {
    let begun = Instant::now();
    while commands(&editor.actions("src/a.rs", "TODO")).contains(&"pilotlight.implement") != shown {
        assert!(begun.elapsed() < LIMIT, "waited for src/a.rs to be shown: {shown}");
    }
}

/// What tells the server that a file was saved: from editors that watch files, and from others.
const WAYS: [&str; 2] = ["workspace/didChangeWatchedFiles", "textDocument/didSave"];

/// Saves the workspace's file.
fn save(editor: &mut TestEditor, project: &Project, way: &str, text: &str) {
    project.write(".pilotlight.toml", text);
    let uri = editor.uri(".pilotlight.toml");
    editor.notify(way, json!({"changes": [{"uri": uri, "type": 2}], "textDocument": {"uri": uri}}));
}

#[test]
fn a_workspace_file_that_is_saved_holds_from_then_on() {
    for way in WAYS {
        let project = Project::new(FILES);
        let mut editor = editing(Client::vscode(), &project);
        save(&mut editor, &project, way, STRICT);
        until(&mut editor, false);
        let turn = begin(&mut editor, "src/a.rs");
        editor.expect_outcome(&turn, "refused");
        editor.expect_warning("context.exclude");
        save(&mut editor, &project, way, "[context]\n");
        until(&mut editor, true);
        let turn = begin(&mut editor, "src/a.rs");
        editor.expect_outcome(&turn, "answered");
    }
}

#[test]
fn what_of_a_saved_file_does_not_count_is_told_once() {
    let project = Project::new(FILES);
    let mut editor = editing(Client::vscode(), &project);
    let wrong = "[provider]\nbase_url = \"https://evil.invalid\"\n";
    save(&mut editor, &project, WAYS[1], wrong);
    editor.expect_warning(".pilotlight.toml:2: provider.base_url: ignored: a workspace may not set it");
    // The same again is nothing new, as the editor, which minds warnings nobody looked at, would say.
    save(&mut editor, &project, WAYS[1], &format!("{wrong}{STRICT}"));
    until(&mut editor, false);
    save(&mut editor, &project, WAYS[1], "[context\n");
    editor.expect_warning(".pilotlight.toml:1: the whole file is ignored: not valid TOML");
    until(&mut editor, true);
}

#[test]
fn settings_that_the_editor_changes_hold_from_then_on() {
    let project = Project::new(FILES);
    let mut editor = editing(Client::vscode(), &project);
    let settings = |editor: &mut TestEditor, settings| {
        editor.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
    };
    let strict = json!({"pilotlight": {"context": {"exclude": ["src/a.rs"]}, "provider": {"model": "evil"}}});
    settings(&mut editor, strict.clone());
    editor.expect_warning("editor settings: provider.model: ignored");
    until(&mut editor, false);
    settings(&mut editor, strict);
    settings(&mut editor, json!(null));
    settings(&mut editor, json!({"pilotlight": {}}));
    until(&mut editor, true);
}

#[test]
fn the_actions_of_a_workspace_are_offered_once_it_is_trusted() {
    let action = "[[action]]\nname = \"ours\"\ntitle = \"Ours\"\nprompt = \"Do it.\"\n";
    let project = Project::new(&format!("{FILES}//- .pilotlight.toml\n{action}"));
    let proxy = format!("proxy = \"http://{}\"", deserted());
    project.configure(&format!("[provider]\nbase_url = \"https://provider.invalid/v1\"\n{proxy}\n"));
    let mut editor = editing(Client::helix25(), &project);
    editor.expect_warning("a workspace's actions are offered once you have allowed it to be sent");
    let offered =
        |editor: &mut TestEditor| commands(&editor.actions("src/a.rs", "TODO")).contains(&"pilotlight.action");
    assert!(!offered(&mut editor));
    editor.command("pilotlight.trust", json!({"root": project.root()}));
    assert!(offered(&mut editor));
}

/// The patch's turn with the workspace's file changed from `before` to `after` while the model thinks: how often the user
/// is asked.
async fn questions(before: &str, after: &str, shown: bool) -> usize {
    let project = Project::new(FILES);
    project.write(".pilotlight.toml", before);
    let provider = Provider::start().await;
    let sign = Arc::new(Notify::new());
    let last = Reply::text("Done.").with(1, Step::Until(sign.clone()));
    provider.script([Reply::calls([Call::patch(PATCH)]), last]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    let mut editor = TestEditor::start(Client::neovim().with_user(User::Declines), &project);
    editor.open("src/lib.rs");
    editor.open("src/a.rs");
    until(&mut editor, !shown);
    let turn = begin(&mut editor, "src/lib.rs");
    provider.request(1).await;
    save(&mut editor, &project, WAYS[1], after);
    until(&mut editor, shown);
    sign.notify_one();
    editor.receipt_when(&turn, |receipt| receipt["outcome"] != "proposed");
    editor.asked("window/showMessageRequest").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_runs_ends_under_its_own_settings_or_stricter_ones() {
    assert_eq!(questions("", STRICT, false).await, 1, "made stricter while it ran");
    assert_eq!(questions(STRICT, "", true).await, 1, "strict when it began");
}
