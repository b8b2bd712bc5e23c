//! What is offered after an edit that language servers then complain about. The model is scripted; what the other
//! servers say is fed as an editor's plugin feeds it.

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::{Provider, Reply};
use scripted::{begin, patching};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};

const FILES: &str = "\
//- src/lib.rs
pub mod a;
pub fn f() -> u8 { a::one() }
//- src/a.rs
pub fn one() -> u8 { 1 }
";

const PATCH: &str = "*** Update File: src/lib.rs\n@@\n-pub fn f() -> u8 { a::one() }\n+pub fn f() -> u8 { a::two() }\n";
const BROKEN: &str = "Fix what this broke: 1 error in src/lib.rs";

fn error(message: &str, severity: u8) -> Value {
    let place = json!({"start": {"line": 1, "character": 19}, "end": {"line": 1, "character": 25}});
    json!({"range": place, "severity": severity, "source": "rustc", "code": "E0425", "message": message})
}

fn feed(editor: &mut TestEditor, name: &str, version: i64, diagnostics: &[Value]) {
    let params = json!({"uri": editor.uri(name), "version": version, "diagnostics": diagnostics});
    editor.notify("pilotlight/diagnostics", params);
}

fn titles(editor: &mut TestEditor) -> Vec<String> {
    let actions = editor.actions("src/lib.rs", "pub mod");
    actions.iter().map(|action| action["title"].as_str().unwrap_or_default().to_owned()).collect()
}

fn is_offered(editor: &mut TestEditor) -> bool {
    titles(editor).iter().any(|title| title.starts_with("Fix what this broke"))
}

/// An editor in which the patch has landed, with an old error in the file.
async fn edited(client: Client, project: &Project) -> (Provider, TestEditor) {
    let (provider, mut editor) = patching(client, project, "", PATCH).await;
    feed(&mut editor, "src/lib.rs", 1, &[error("an old one", 1)]);
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "applied");
    (provider, editor)
}

#[tokio::test(flavor = "multi_thread")]
async fn new_errors_are_offered_and_fixed_in_the_same_session() {
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let project = Project::new(FILES);
        let (provider, mut editor) = edited(client, &project).await;
        assert!(!is_offered(&mut editor));
        let new = error("cannot find function `two`", 1);
        feed(&mut editor, "src/lib.rs", 2, &[error("an old one", 1), new, error("unused", 2)]);

        let actions = editor.actions("src/lib.rs", "pub mod");
        let action = actions.iter().find(|action| action["title"] == BROKEN).cloned().expect("the offer");
        assert_eq!(action["kind"], "quickfix");
        let requests = provider.requests().len();
        provider.script([Reply::text("Nothing to do.")]);
        let turn = editor.choose(&action).expect("a turn")["turn"].as_str().expect("its id").to_owned();
        let receipt = editor.expect_outcome(&turn, "answered");

        assert_eq!((&receipt["action"], &receipt["lineage"]), (&json!("fix"), &json!("continued")));
        let sent = provider.requests()[requests].text();
        assert!(sent.contains("[rustc E0425]: cannot find function `two`"), "{sent}");
        assert!(!sent.contains("an old one") && !sent.contains("unused"), "{sent}");
        assert!(!is_offered(&mut editor), "it was taken");
        assert_eq!(provider.requests().len(), requests + 1, "nothing begins by itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_go_again_and_reports_of_the_old_text_offer_nothing() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = edited(Client::neovim(), &project).await;
    let new = error("cannot find function `two`", 1);
    feed(&mut editor, "src/lib.rs", 1, std::slice::from_ref(&new));
    assert!(!is_offered(&mut editor), "a report of the text before");
    feed(&mut editor, "src/a.rs", 1, std::slice::from_ref(&new));
    assert!(!is_offered(&mut editor), "a file that the edit did not touch");
    feed(&mut editor, "src/lib.rs", 2, &[new]);
    assert!(is_offered(&mut editor));
    feed(&mut editor, "src/lib.rs", 2, &[]);
    assert!(!is_offered(&mut editor), "it was mended");
}
