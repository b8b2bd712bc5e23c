//! Proposals that wait: what the user is shown of them, how they are applied file by file, and what is left of them. The
//! model is scripted; the editors are imitated as in `lsp_turns`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use std::path::{Path, PathBuf};

use scripted::{begin, patching};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor, User, git_apply};

const FILES: &str = "\
//- src/a.rs
pub fn a() {}
//- src/b.rs
pub fn b() {}
//- src/c.rs
pub fn c() {}
//- src/lib.rs
pub mod a;
";

/// Three files at once.
const PATCH: &str = "\
*** Update File: src/a.rs
@@
-pub fn a() {}
+pub fn a(x: u8) {}
*** Update File: src/b.rs
@@
-pub fn b() {}
+pub fn b(x: u8) {}
*** Update File: src/c.rs
@@
-pub fn c() {}
+pub fn c(x: u8) {}
";

const ALL_BUT_B: &str = "Apply Pilotlight's change to all but src/b.rs";

/// The one preview there is: shown to the user, at their word where the editor takes the cursor there, or named in a message
/// where it opens no documents.
fn preview(editor: &mut TestEditor, project: &Project) -> String {
    if editor.shows_on_request() {
        assert!(!previews(project).exists(), "nobody asked for one yet");
        let show = showing(editor);
        assert!(editor.choose(&show).is_ok());
        let document = editor.wait("the diff", |editor| editor.asked("window/showDocument").pop());
        assert_eq!(document["uri"], editor.uri(only_file(&previews(project)).to_str().unwrap()));
        return std::fs::read_to_string(only_file(&previews(project))).unwrap();
    }
    let path = only_file(&previews(project));
    let documents = editor.asked("window/showDocument");
    if editor.shows_beside() {
        assert_eq!(documents.len(), 1);
        assert_eq!(
            (&documents[0]["uri"], &documents[0]["takeFocus"]),
            (&editor.uri(path.to_str().unwrap()).into(), &json!(false))
        );
    } else {
        let messages = editor.heard("window/showMessage");
        let named =
            |message: &Value| message["message"].as_str().is_some_and(|text| text.contains(path.to_str().unwrap()));
        assert!(documents.is_empty() && messages.iter().any(named), "{messages:?}");
    }
    std::fs::read_to_string(path).unwrap()
}

/// The action that shows what waits.
fn showing(editor: &mut TestEditor) -> Value {
    let actions = editor.actions("src/lib.rs", "pub");
    let found = actions.iter().find(|action| action["command"]["command"] == "pilotlight.show").cloned();
    found.unwrap_or_else(|| panic!("nothing shows it among {actions:?}"))
}

fn titled(editor: &mut TestEditor, title: &str) -> Value {
    let actions = editor.actions("src/lib.rs", "pub");
    let found = actions.iter().find(|action| action["title"] == title).cloned();
    found.unwrap_or_else(|| panic!("no {title} among {actions:?}"))
}

fn titles(editor: &mut TestEditor) -> Vec<String> {
    let actions = editor.actions("src/lib.rs", "pub");
    let titles = actions.iter().filter_map(|action| action["title"].as_str());
    titles.filter(|title| title.contains("Pilotlight's change")).map(str::to_owned).collect()
}

/// Waits until a file of the project has this text in the editor.
fn expect_text(editor: &mut TestEditor, name: &str, text: &str) {
    editor.wait(&format!("{name} to change"), |editor| (editor.text(name) == text).then_some(()));
}

// ---- after a conflict ----------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_shows_both_sides_and_the_other_files_can_be_applied() {
    for (client, asked) in [
        (Client::vscode(), "workspace/applyEdit"),
        (Client::neovim(), "window/showMessageRequest"),
        (Client::helix_master(), "window/showMessageRequest"),
    ] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", PATCH).await;
        editor.open("src/b.rs");
        editor.hold(asked);
        let turn = begin(&mut editor, "src/lib.rs");
        let question = editor.held();
        editor.change("src/b.rs", "b()", "mine()");
        editor.release(&question);
        editor.expect_outcome(&turn, "conflict");
        let warning = editor.expect_warning("src/b.rs (line 1)");
        assert!(warning.contains(ALL_BUT_B), "it says how to go on: {warning}");
        let preview = preview(&mut editor, &project);
        let both = "src/b.rs, line 1. You have:\n    pub fn mine() {}\nPilotlight proposes:\n    pub fn b(x: u8) {}\n";
        assert!(preview.contains(both), "{preview}");
        assert!(preview.contains("+pub fn a(x: u8) {}\n") && !preview.contains("+pub fn b"), "{preview}");

        let rest = titled(&mut editor, ALL_BUT_B);
        assert_eq!(rest["command"]["arguments"][0]["files"], json!(["src/a.rs", "src/c.rs"]));
        assert!(editor.choose(&rest).is_ok());
        expect_text(&mut editor, "src/a.rs", "pub fn a(x: u8) {}\n");
        expect_text(&mut editor, "src/c.rs", "pub fn c(x: u8) {}\n");
        assert_eq!(editor.text("src/b.rs"), "pub fn mine() {}\n");
        assert_eq!(editor.receipt(&turn)["outcome"], "conflict", "a part of it waits");
        let waiting = match editor.shows_on_request() {
            true => vec!["Apply", "Discard", "Show"],
            false => vec!["Apply", "Discard"],
        };
        let waiting: Vec<String> =
            waiting.iter().map(|verb| format!("{verb} Pilotlight's change to src/b.rs")).collect();
        assert_eq!(titles(&mut editor), waiting);

        editor.change("src/b.rs", "mine()", "b()");
        let last = titled(&mut editor, &waiting[0]);
        assert!(editor.choose(&last).is_ok());
        editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
        assert_eq!(editor.text("src/b.rs"), "pub fn b(x: u8) {}\n");
        assert_eq!(titles(&mut editor), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_conflicts_in_its_turn_stays_proposed_with_the_rest() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::helix25(), &project, "", PATCH).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "proposed");
    editor.open("src/b.rs");
    editor.change("src/b.rs", "b()", "mine()");
    editor.command("pilotlight.apply", json!({"proposal": turn, "files": ["src/a.rs", "src/b.rs"]}));
    editor.expect_warning("src/b.rs (line 1)");
    assert!(editor.asked("workspace/applyEdit").is_empty(), "of the files that were named, all or none");
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "conflict");
    let rest = titled(&mut editor, ALL_BUT_B);
    assert_eq!(rest["command"]["arguments"][0]["files"], json!(["src/a.rs", "src/c.rs"]));
    editor.open("src/c.rs");
    editor.change("src/c.rs", "c()", "mine()");
    editor.command("pilotlight.apply", json!({"proposal": turn, "files": ["src/c.rs"]}));
    editor.expect_warning("src/c.rs (line 1)");
    let rest = titled(&mut editor, &format!("{ALL_BUT_B} and 1 more"));
    assert_eq!(rest["command"]["arguments"][0]["files"], json!(["src/a.rs"]), "what was in the way is remembered");
}

// ---- file by file --------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn files_are_named_by_path_or_uri_and_the_rest_goes_on_waiting() {
    for client in [Client::helix25(), Client::plain()] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", PATCH).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.receipt_when(&turn, |receipt| receipt["outcome"] == "proposed");
        for wrong in [json!([]), json!(["src/lib.rs"]), json!(["src/a.rs", "../a.rs"])] {
            let refusal = editor.try_command("pilotlight.apply", json!({"proposal": turn, "files": wrong}));
            assert_eq!(refusal.unwrap_err().code, -32803, "{wrong}");
        }
        editor.command("pilotlight.apply", json!({"proposal": turn, "files": [editor.uri("src/a.rs")]}));
        expect_text(&mut editor, "src/a.rs", "pub fn a(x: u8) {}\n");
        editor.command("pilotlight.apply", json!({"proposal": turn, "files": ["src/b.rs"]}));
        expect_text(&mut editor, "src/b.rs", "pub fn b(x: u8) {}\n");
        assert_eq!(editor.text("src/c.rs"), "pub fn c() {}\n");
        editor.command("pilotlight.apply", json!({ "proposal": turn }));
        expect_text(&mut editor, "src/c.rs", "pub fn c(x: u8) {}\n");
        editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
        let gone = editor.try_command("pilotlight.apply", json!({ "proposal": turn })).unwrap_err();
        assert!(gone.code == -32803 && gone.message.contains(&turn), "{gone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_can_be_discarded_and_what_was_applied_stays() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::neovim().with_user(User::Dismisses), &project, "", PATCH).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "proposed");
    editor.command("pilotlight.apply", json!({"proposal": turn, "files": ["src/c.rs"]}));
    expect_text(&mut editor, "src/c.rs", "pub fn c(x: u8) {}\n");
    let title = "Discard Pilotlight's change to 2 files";
    let discard = titled(&mut editor, title);
    assert!(editor.choose(&discard).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text("src/a.rs"), "pub fn a() {}\n");
    assert_eq!(editor.text("src/c.rs"), "pub fn c(x: u8) {}\n");
    assert_eq!(titles(&mut editor), Vec::<String>::new());
}

// ---- previews ------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn two_steps_come_with_a_diff_of_what_would_change() {
    for client in [Client::helix25(), Client::neovim().with_user(User::Dismisses)] {
        let project = Project::new(FILES);
        let (_provider, mut editor) = patching(client, &project, "", PATCH).await;
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "proposed");
        git_apply(&project, &preview(&mut editor, &project), false);
        for (name, text) in [("src/a.rs", "pub fn a(x: u8) {}\n"), ("src/c.rs", "pub fn c(x: u8) {}\n")] {
            assert_eq!(project.read(name), text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_with_a_place_for_it_shows_the_change_beside_the_question_and_once() {
    let project = Project::new(FILES);
    let client = Client::neovim().with_plugin(json!({"documents": true})).with_user(User::Dismisses);
    let (_provider, mut editor) = patching(client, &project, "", PATCH).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "proposed");
    git_apply(&project, &preview(&mut editor, &project), false);
    assert_eq!(editor.asked("window/showDocument").len(), 1);
    assert_eq!(editor.asked("window/showMessageRequest").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_on_request_is_what_would_change_at_that_moment() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::helix25(), &project, "", PATCH).await;
    let turn = begin(&mut editor, "src/lib.rs");
    let hint = editor.expect_notification("window/showMessage", |message| message.to_string().contains("Choose Apply"));
    let first: String = hint["message"].as_str().unwrap().chars().take(80).collect();
    assert!(
        first.contains("Choose Apply, Discard or Show among the code actions."),
        "one line is all there is: {first}"
    );
    editor.open("src/b.rs");
    editor.command("pilotlight.show", json!({ "proposal": turn }));
    let one = editor.wait("the diff", |editor| editor.asked("window/showDocument").pop());
    assert!(read(&project, &one).contains("+pub fn b(x: u8) {}"), "{}", read(&project, &one));
    editor.change("src/b.rs", "b()", "mine()");
    editor.command("pilotlight.show", json!({ "proposal": turn }));
    let other = editor.wait("both sides", |editor| editor.asked("window/showDocument").pop().filter(|two| *two != one));
    assert!(read(&project, &other).contains("src/b.rs, line 1. You have:"), "{}", read(&project, &other));
    assert!(editor.asked("workspace/applyEdit").is_empty());

    editor.command("pilotlight.discard", json!({ "proposal": turn }));
    let gone = editor.try_command("pilotlight.show", json!({ "proposal": turn })).unwrap_err();
    assert!(gone.code == -32803 && gone.message.contains(&turn), "{gone:?}");
}

/// What stands in a preview that was shown.
fn read(project: &Project, shown: &Value) -> String {
    let name = shown["uri"].as_str().unwrap().rsplit('/').next().unwrap();
    std::fs::read_to_string(previews(project).join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_the_users_alone() {
    let project = Project::new(FILES);
    let (_provider, mut editor) = patching(Client::plain(), &project, "", PATCH).await;
    begin(&mut editor, "src/lib.rs");
    editor.expect_notification("window/showMessage", |message| message.to_string().contains(".diff"));
    assert!(preview(&mut editor, &project).contains("+pub fn a(x: u8) {}\n"));
    #[cfg(unix)]
    for (place, mode) in [(previews(&project), 0o700), (only_file(&previews(&project)), 0o600)] {
        let permissions = std::fs::metadata(&place).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, mode, "{}", place.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_previews_go_and_other_files_stay() {
    let project = Project::new(FILES);
    let folder = previews(&project);
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..60 {
        std::fs::write(folder.join(format!("preview-t-{number}.diff")), "old").unwrap();
    }
    std::fs::write(folder.join("notes.txt"), "the user's").unwrap();
    let (_provider, mut editor) = patching(Client::helix25(), &project, "", PATCH).await;
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "proposed");
    editor.command("pilotlight.show", json!({ "proposal": turn }));
    editor.wait("the diff", |editor| editor.asked("window/showDocument").pop());
    let texts =
        std::fs::read_dir(&folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    assert_eq!(texts.filter(|text| text.contains("+pub fn a")).count(), 1, "the newest is there");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 51, "fifty and the user's own");
    assert!(folder.join("notes.txt").exists());
}

fn previews(project: &Project) -> PathBuf {
    project.outside("state").join("pilotlight").join("previews")
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (file, more) = (files.next().unwrap(), files.next());
    assert_eq!(more, None);
    file
}
