//! Answers: how they reach the reader while they come, and what becomes of one that never does. The model is scripted.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use provider::{Provider, Reply, Step, message};
use serde_json::json;
use support::{Client, Project, TestEditor};
use tokio::sync::Notify;

const FILES: &str = "//- src/lib.rs\npub mod a;\n//- src/a.rs\npub fn one() -> u8 { 1 }\n";
const WORDS: &str = "It is one, see `src/a.rs:1`, not `src/b.rs:1`.";

/// An editor, and a model that stops in the middle of its answer until it is told to go on.
async fn halting(client: Client, project: &Project) -> (Provider, TestEditor, Arc<Notify>) {
    let provider = Provider::start().await;
    let go_on = Arc::new(Notify::new());
    provider.script([Reply::text(WORDS).with(2, Step::Until(go_on.clone()))]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    let mut editor = TestEditor::start(client, project);
    editor.open("src/lib.rs");
    (provider, editor, go_on)
}

fn ask(editor: &mut TestEditor) -> String {
    let argument =
        json!({"uri": editor.uri("src/lib.rs"), "range": editor.range("src/lib.rs", "pub"), "question": "?"});
    editor.begin("pilotlight.ask", argument)
}

fn shown(editor: &TestEditor) -> Option<PathBuf> {
    let uri = editor.asked("window/showDocument").pop()?["uri"].as_str().expect("a URI").to_owned();
    url::Url::parse(&uri).expect("a URI").to_file_path().ok()
}

/// Waits until the document reads right; the file is looked at between answers of the server.
fn expect_read(editor: &mut TestEditor, path: &PathBuf, right: impl Fn(&str) -> bool) {
    let begun = std::time::Instant::now();
    while !right(&read(path)) {
        assert!(begun.elapsed() < support::LIMIT, "it reads {:?}", read(path));
        editor.command("pilotlight.status", json!({}));
    }
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).expect("the document")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_while_it_comes_and_names_places_that_can_be_clicked() {
    let plugin = json!({"documents": true});
    for client in [Client::vscode(), Client::neovim().with_plugin(plugin)] {
        let project = Project::new(FILES);
        let (_provider, mut editor, go_on) = halting(client, &project).await;
        let turn = ask(&mut editor);
        let document = editor.wait("the answer to begin", |editor| shown(editor));
        expect_read(&mut editor, &document, |text| WORDS.starts_with(text));
        go_on.notify_one();
        editor.expect_outcome(&turn, "answered");
        let link = format!("[`src/a.rs:1`]({}#L1)", editor.uri("src/a.rs"));
        let whole = WORDS.replace("`src/a.rs:1`", &link);
        expect_read(&mut editor, &document, |text| text == whole);
        assert_eq!(editor.asked("window/showDocument").len(), 1, "it is opened once");
        assert!(editor.asked("workspace/applyEdit").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_changes_on_disk_are_not_seen_the_answer_is_shown_when_it_is_complete() {
    for client in [Client::neovim(), Client::helix25()] {
        let project = Project::new(FILES);
        let (_provider, mut editor, go_on) = halting(client, &project).await;
        let turn = ask(&mut editor);
        go_on.notify_one();
        editor.expect_outcome(&turn, "answered");
        let document = editor.wait("the answer", |editor| shown(editor));
        assert!(read(&document).contains("[`src/a.rs:1`](file:"), "{}", read(&document));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_cancelled_says_so() {
    let project = Project::new(FILES);
    let (_provider, mut editor, _go_on) = halting(Client::vscode(), &project).await;
    let turn = ask(&mut editor);
    let document = editor.wait("the answer to begin", |editor| shown(editor));
    editor.command("pilotlight.cancel", json!({ "turn": turn }));
    editor.expect_outcome(&turn, "cancelled");
    expect_read(&mut editor, &document, |text| text.ends_with("\n\n*Cancelled.*\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_tool_call_is_not_the_answer() {
    let project = Project::new(FILES);
    let provider = Provider::start().await;
    let looking = Reply::calls([provider::Call::read("src/a.rs")]);
    let looking = looking.with(1, Step::Item(message("Let me look."))).with(1, Step::Delta("Let me look.".into()));
    provider.script([looking, Reply::text(WORDS)]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    let turn = ask(&mut editor);
    editor.expect_outcome(&turn, "answered");
    let document = editor.wait("the answer", |editor| shown(editor));
    expect_read(&mut editor, &document, |text| text.starts_with("It is one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_counted_from_one_are_as_good_as_a_range() {
    for (lines, sent) in [(json!([2, 3]), "2-3"), (json!([3, 2]), "2-3"), (json!([0, 1]), "1-1")] {
        let project = Project::new("//- src/lib.rs\npub mod a;\npub mod b;\npub mod c;\npub mod d;\n");
        let (provider, mut editor, go_on) = halting(Client::helix25(), &project).await;
        go_on.notify_one();
        let argument = json!({"uri": editor.uri("src/lib.rs"), "lines": lines, "question": "?"});
        let turn = editor.begin("pilotlight.ask", argument);
        editor.expect_outcome(&turn, "answered");
        let request = provider.requests().last().expect("a request").text();
        assert!(request.contains(&format!("lines=\"{sent}\"")), "{lines}: {request}");
    }
}
