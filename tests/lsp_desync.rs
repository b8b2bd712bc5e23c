//! Changes that cannot be meant: the document is out of step from then on, which the user is told once, and nothing is made
//! of its text until a full one comes. The model is scripted.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::{Call, Provider, Reply};
use scripted::{begin, patching};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};

const FILES: &str = "\
//- src/lib.rs
// 🦀 one
pub mod a;
//- src/a.rs
pub fn a() {}
";

const PATCH: &str = "*** Update File: src/lib.rs\n@@\n-pub mod a;\n+mod a;\n";

/// Changes that no editor with this text could make, by what is wrong with them.
fn impossible() -> Vec<(&'static str, Value)> {
    let range = |start: (i64, i64), end: (i64, i64)| {
        let place = |(line, character): (i64, i64)| json!({"line": line, "character": character});
        json!({"range": {"start": place(start), "end": place(end)}, "text": "x"})
    };
    vec![
        ("past the end", range((9, 0), (9, 1))),
        ("an end past the end", range((1, 0), (9, 0))),
        ("reversed", range((1, 3), (1, 1))),
        ("a negative line", range((-1, 0), (0, 0))),
        ("a negative character", range((0, -1), (0, 0))),
        ("no end", json!({"range": {"start": {"line": 0, "character": 0}}, "text": "x"})),
        ("no text", json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}})),
    ]
}

/// Tells the server of a change that the buffer knows nothing of.
fn tell(editor: &mut TestEditor, name: &str, version: i64, changes: Value) {
    let document = json!({"uri": editor.uri(name), "version": version});
    editor.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
}

/// What the model's calls were answered in the last turn.
fn answers(provider: &Provider) -> String {
    let requests = provider.requests();
    requests.last().map(|request| request.outputs().join("\n")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_of_a_document_whose_changes_cannot_be_meant() {
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        for (wrong, change) in impossible() {
            let project = Project::new(FILES);
            let (provider, mut editor) = patching(client.clone(), &project, "", PATCH).await;
            tell(&mut editor, "src/lib.rs", 2, json!([change]));
            let told = editor.expect_warning("does not know the text of");
            assert!(told.contains("lib.rs") && told.contains("reopen"), "{wrong}: {told}");
            tell(&mut editor, "src/lib.rs", 3, json!([change]));
            let turn = begin(&mut editor, "src/a.rs");
            editor.expect_outcome(&turn, "answered");
            assert!(answers(&provider).starts_with("Error:"), "{wrong}: {}", answers(&provider));
            assert!(editor.asked("workspace/applyEdit").is_empty(), "{wrong}");
            // Leaving, the editor fails if the user was told a second time.
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_text_or_reopening_heals_it() {
    for full in [true, false] {
        let project = Project::new(FILES);
        let (provider, mut editor) = patching(Client::neovim(), &project, "", PATCH).await;
        let (_, change) = impossible().remove(3);
        tell(&mut editor, "src/lib.rs", 2, json!([change]));
        editor.expect_warning("does not know the text of");
        let turn = begin(&mut editor, "src/a.rs");
        editor.expect_outcome(&turn, "answered");
        match full {
            true => editor.replace_all("src/lib.rs", "// mine\npub mod a;\n"),
            false => {
                editor.close("src/lib.rs");
                project.write("src/lib.rs", "// mine\npub mod a;\n");
                editor.open("src/lib.rs");
            }
        }
        provider.script([Reply::calls([Call::patch(PATCH)]), Reply::text("Done.")]);
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(editor.text("src/lib.rs"), "// mine\nmod a;\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_lost_while_its_edit_waits_is_not_edited() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim(), &project, "[edit]\nconfirm = \"always\"\n", PATCH).await;
    editor.hold("window/showMessageRequest");
    let turn = begin(&mut editor, "src/lib.rs");
    let question = editor.held();
    let (_, change) = impossible().remove(0);
    tell(&mut editor, "src/lib.rs", 2, json!([change]));
    editor.expect_warning("does not know the text of");
    editor.release(&question);
    editor.expect_outcome(&turn, "refused");
    editor.expect_warning("src/lib.rs cannot be changed");
    assert!(editor.asked("workspace/applyEdit").is_empty());
    editor.replace_all("src/lib.rs", "// mine\n// 🦀 one\npub mod a;\n");
    let kept = editor.action("src/lib.rs", "pub", "pilotlight.apply");
    assert!(editor.choose(&kept).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text("src/lib.rs"), "// mine\n// 🦀 one\nmod a;\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_between_the_two_halves_of_a_line_break_is_before_it() {
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let project = Project::new("//- src/lib.rs crlf\none\npub mod a;\n");
        let (_provider, mut editor) = patching(client, &project, "", PATCH).await;
        let place = json!({"line": 0, "character": 4});
        tell(&mut editor, "src/lib.rs", 2, json!([{"range": {"start": place, "end": place}, "text": "!"}]));
        editor.mirror("src/lib.rs", "one!\r\npub mod a;\r\n", 2);
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "applied");
        assert_eq!(editor.text("src/lib.rs"), "one!\r\nmod a;\r\n");
    }
}
