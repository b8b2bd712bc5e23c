//! Turns as users live them, under the habits of each client: a change finished across the workspace, confirmed or declined,
//! typed over, cancelled, queued, refused. The embedded agent answers, as it does for everyone on the first start; where a
//! turn has to last, it is started with a fault.

#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Agent, Client, PYTHON, Project, RUST, TestEditor, User};

/// The files in which `fetch` is used.
const USERS: [&str; 4] = ["src/cache.rs", "src/lib.rs", "src/main.rs", "src/report.rs"];

/// A text of the Rust project with `load` for `fetch`.
fn renamed(text: &str) -> String {
    text.replace("fetch(", "load(").replace("::fetch;", "::load;").replace("{fetch,", "{load,")
}

/// What the files of the Rust project should become.
fn finished(project: &Project) -> BTreeMap<&'static str, String> {
    USERS.into_iter().map(|name| (name, renamed(&project.read(name)))).collect()
}

fn texts(editor: &TestEditor) -> BTreeMap<&'static str, String> {
    USERS.into_iter().map(|name| (name, editor.text(name))).collect()
}

fn commands(actions: &[Value]) -> Vec<&str> {
    actions.iter().filter_map(|action| action["command"]["command"].as_str()).collect()
}

/// An editor in which `fetch` was renamed where it is defined, unsaved.
fn renaming(client: Client, project: &Project) -> TestEditor {
    let mut editor = TestEditor::start(client, project);
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    editor
}

/// The same, and *Finish this change* chosen.
fn finishing(client: Client, project: &Project) -> (TestEditor, String) {
    let mut editor = renaming(client, project);
    let turn = editor.begin_finish("src/station.rs", "load");
    (editor, turn)
}

/// Waits until the turn is asking the model.
fn thinking(editor: &mut TestEditor, turn: &str) {
    let token = format!("pilotlight-{turn}");
    let thinks = |value: &Value| value["message"] == "thinking";
    editor.wait("the turn to think", |editor| editor.progress(&token).iter().any(thinks).then_some(()));
}

/// No edit has reached the editor, and no buffer was touched.
fn nothing_followed(editor: &mut TestEditor, project: &Project) {
    editor.command("pilotlight.status", json!({}));
    assert_eq!(editor.asked("workspace/applyEdit"), Vec::<Value>::new());
    assert!(USERS.iter().all(|name| editor.text(name) == project.read(name)));
}

// ---- finished ------------------------------------------------------------------------------------------------------

#[test]
fn a_rename_is_finished_in_every_file_and_none_is_saved() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(RUST);
        let mut editor = renaming(client, &project);
        editor.open("src/report.rs");
        let turn = editor.begin_finish("src/station.rs", "load");
        let receipt = editor.expect_outcome(&turn, "applied");
        assert_eq!(receipt["files_changed"], 4);
        assert_eq!(texts(&editor), finished(&project));
        assert!(editor.text("src/station.rs").contains("pub fn load(city: &str)"));
        assert!(editor.is_open("src/cache.rs") && project.read("src/cache.rs").contains("fetch"), "unsaved");
    }
}

#[test]
fn edits_are_right_in_every_encoding() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let project = Project::new(RUST);
        let (mut editor, turn) = finishing(Client::helix_master().with_encodings(json!([encoding])), &project);
        editor.expect_outcome(&turn, "applied");
        assert_eq!(texts(&editor), finished(&project), "{encoding}");
    }
}

#[test]
fn a_rename_in_python_is_finished() {
    let project = Project::new(PYTHON);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("weather/station.py");
    editor.change("weather/station.py", "fetch", "load");
    let turn = editor.begin_finish("weather/station.py", "load");
    editor.expect_outcome(&turn, "applied");
    assert_eq!(editor.text("weather/__init__.py"), "from .station import load\n");
    assert_eq!(
        editor.text("weather/report.py"),
        "from weather.station import load\n\n\ndef sentence(city):\n    return f\"{city} 🌦\", load(city)\n"
    );
    assert_eq!(editor.text("main.py"), project.read("main.py"));
}

#[test]
fn a_fix_within_the_invoked_file_is_applied_without_a_question() {
    for client in [Client::vscode(), Client::neovim(), Client::helix25(), Client::plain()] {
        let project = Project::new(
            "//- Cargo.toml\n[package]\nname = \"a\"\n//- src/lib.rs crlf\nuse std::fs;\nuse std::io;\npub fn 一() { let _ = io::stdin(); }\n",
        );
        let mut editor = TestEditor::start(client.with_user(User::Declines), &project);
        editor.open("src/lib.rs");
        let range = editor.range("src/lib.rs", "std::fs");
        let message = "unused import: `std::fs`\nhelp: remove the whole `use` item";
        let diagnostic =
            json!({"range": range, "severity": 2, "source": "rustc", "code": "unused_imports", "message": message});
        let actions = editor.actions_for("src/lib.rs", range, json!({"diagnostics": [diagnostic]}));
        assert_eq!(commands(&actions)[0], "pilotlight.fix");
        let turn = editor.choose(&actions[0]).unwrap()["turn"].as_str().unwrap().to_owned();
        editor.expect_outcome(&turn, "applied");
        assert_eq!(editor.text("src/lib.rs"), "use std::io;\r\npub fn 一() { let _ = io::stdin(); }\r\n");
        assert!(editor.asked("window/showMessageRequest").is_empty());
        assert!(editor.asked("workspace/applyEdit")[0]["edit"].get("changeAnnotations").is_none());
    }
}

#[test]
fn a_second_turn_goes_on_where_the_first_ended() {
    let project = Project::new(RUST);
    let (mut editor, first) = finishing(Client::vscode(), &project);
    editor.expect_outcome(&first, "applied");
    editor.change("src/station.rs", "load", "obtain");
    let second = editor.begin_finish("src/station.rs", "obtain");
    let receipt = editor.expect_outcome(&second, "applied");
    assert_eq!((&receipt["lineage"], &receipt["reused_connection"]), (&json!("continued"), &json!(true)));
    assert!(editor.text("src/cache.rs").contains("station::obtain(city)\r\n"));
    assert_eq!(editor.command("pilotlight.status", json!({}))["sessions"][0]["connections"], 1);
}

#[test]
fn a_turn_survives_its_connection() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["close-mid-response,after=2,times=1"]);
    let (mut editor, turn) = finishing(Client::vscode(), &project);
    let receipt = editor.expect_outcome(&turn, "applied");
    assert_eq!(receipt["lineage"], "rebased");
    assert!(receipt["rebase_reason"].is_string());
    assert_eq!(texts(&editor), finished(&project));
}

#[test]
fn a_turn_may_be_asked_for_before_the_session_is_lit() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    editor.introduce(json!({"rootUri": project.uri("")}));
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri("src/station.rs")}));
    editor.expect_outcome(&turn, "applied");
    assert_eq!(texts(&editor), finished(&project));
}

#[test]
fn the_progress_says_thinking_once_the_connection_is_made() {
    let project = Project::new(RUST);
    let agent = Agent::start(&project, &["silent"]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n[session]\nwarm = false\n", agent.base_url()));
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    editor.introduce(json!({"rootUri": project.uri("")}));
    editor.open("src/station.rs");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri("src/station.rs")}));
    let token = format!("pilotlight-{turn}");
    editor.wait("connecting, then thinking", |editor| {
        let values = editor.progress(&token);
        let connecting = values.iter().position(|value| value["message"] == "connecting")?;
        values[connecting..].iter().any(|value| value["message"] == "thinking").then_some(())
    });
    editor.command("pilotlight.cancel", json!({}));
    editor.expect_outcome(&turn, "cancelled");
}

// ---- confirmed -----------------------------------------------------------------------------------------------------

#[test]
fn annotations_ask_where_they_are_known() {
    let project = Project::new(RUST);
    let (mut editor, turn) = finishing(Client::vscode(), &project);
    editor.expect_outcome(&turn, "applied");
    assert!(editor.asked("window/showMessageRequest").is_empty());
    let edit = &editor.asked("workspace/applyEdit")[0]["edit"];
    let annotations: Vec<&Value> = edit["changeAnnotations"].as_object().unwrap().values().collect();
    assert!(annotations.iter().all(|annotation| annotation["needsConfirmation"] == true), "{edit}");
    let changes = edit["documentChanges"].as_array().unwrap();
    let edits = changes.iter().flat_map(|change| change["edits"].as_array().unwrap());
    assert!(edits.map(|edit| &edit["annotationId"]).all(Value::is_string), "{edit}");
}

#[test]
fn a_message_asks_where_there_are_no_annotations() {
    for client in [Client::neovim(), Client::helix_master()] {
        let project = Project::new(RUST);
        let mut editor = renaming(client, &project);
        editor.hold("window/showMessageRequest");
        let turn = editor.begin_finish("src/station.rs", "load");
        let request = editor.held();
        let question = request["params"]["message"].as_str().unwrap();
        assert!(USERS.iter().all(|name| question.contains(name)), "{question}");
        assert_eq!(request["params"]["actions"], json!([{"title": "Apply"}, {"title": "Discard"}]));
        nothing_followed(&mut editor, &project);
        editor.release(&request);
        editor.expect_outcome(&turn, "applied");
    }
}

#[test]
fn two_code_actions_ask_where_there_is_nothing_else() {
    for client in [Client::helix25(), Client::plain()] {
        let project = Project::new(RUST);
        let (mut editor, turn) = finishing(client, &project);
        editor.expect_notification("window/showMessage", |message| {
            message["message"].as_str().is_some_and(|text| text.contains("Apply"))
        });
        editor.expect_outcome(&turn, "proposed");
        nothing_followed(&mut editor, &project);
        let actions = editor.actions("src/station.rs", "load");
        assert_eq!(commands(&actions)[..2], ["pilotlight.apply", "pilotlight.discard"]);
        assert!(actions[..2].iter().all(|action| action["kind"] == "quickfix"));
        assert!(editor.choose(&actions[0]).is_ok());
        editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
        assert_eq!(texts(&editor), finished(&project));
        assert!(editor.actions("src/station.rs", "load").is_empty(), "nothing waits or is left to finish");
        assert_eq!(editor.choose(&actions[0]).unwrap_err().code, -32803, "only once");
    }
}

#[test]
fn a_discarded_proposal_is_refused_and_gone() {
    let project = Project::new(RUST);
    let (mut editor, turn) = finishing(Client::helix25(), &project);
    editor.expect_outcome(&turn, "proposed");
    let discard = editor.action("src/station.rs", "load", "pilotlight.discard");
    assert!(editor.choose(&discard).is_ok());
    editor.expect_outcome(&turn, "refused");
    assert_eq!(commands(&editor.actions("src/station.rs", "load")), ["pilotlight.finish"]);
    nothing_followed(&mut editor, &project);
}

#[test]
fn a_declined_change_touches_nothing_and_may_be_asked_for_again() {
    for client in [Client::vscode(), Client::neovim(), Client::helix_master()] {
        let project = Project::new(RUST);
        let (mut editor, turn) = finishing(client.with_user(User::Declines), &project);
        editor.expect_outcome(&turn, "refused");
        assert!(USERS.iter().all(|name| editor.text(name) == project.read(name)));
        editor.set_user(User::Agrees);
        let again = editor.begin_finish("src/station.rs", "load");
        editor.expect_outcome(&again, "applied");
        assert_eq!(texts(&editor), finished(&project));
    }
}

#[test]
fn a_question_that_was_closed_waits_as_code_actions() {
    let project = Project::new(RUST);
    let (mut editor, turn) = finishing(Client::neovim().with_user(User::Dismisses), &project);
    editor.expect_outcome(&turn, "proposed");
    nothing_followed(&mut editor, &project);
    let apply = editor.action("src/station.rs", "load", "pilotlight.apply");
    assert!(editor.choose(&apply).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(texts(&editor), finished(&project));
}

#[test]
fn never_waives_the_question_and_always_asks_it_for_one_file() {
    let project = Project::new(RUST);
    project.configure("[edit]\nconfirm = \"never\"\n");
    let (mut editor, turn) = finishing(Client::neovim(), &project);
    editor.expect_outcome(&turn, "applied");
    assert!(editor.asked("window/showMessageRequest").is_empty());
    editor.finish();

    let project = Project::new("//- a.py\ndef fetch():\n    return 1\n\n\nprint(fetch())\n");
    project.configure("[edit]\nconfirm = \"always\"\n");
    let mut editor = TestEditor::start(Client::neovim(), &project);
    editor.open("a.py");
    editor.change("a.py", "def fetch", "def load");
    let turn = editor.begin_finish("a.py", "load");
    editor.expect_outcome(&turn, "applied");
    assert_eq!(editor.asked("window/showMessageRequest").len(), 1);
    assert!(editor.text("a.py").ends_with("print(load())\n"));
}

// ---- typed over ----------------------------------------------------------------------------------------------------

#[test]
fn what_is_typed_elsewhere_while_the_question_is_open_is_kept() {
    for client in [Client::neovim(), Client::helix_master()] {
        let project = Project::new(RUST);
        let mut editor = renaming(client, &project);
        editor.open("src/report.rs");
        editor.hold("window/showMessageRequest");
        let turn = editor.begin_finish("src/station.rs", "load");
        let question = editor.held();
        editor.change("src/report.rs", "One city in one", "🏙 A city in a");
        editor.release(&question);
        editor.expect_outcome(&turn, "applied");
        let expected = renamed(&project.read("src/report.rs")).replace("One city in one", "🏙 A city in a");
        assert_eq!(editor.text("src/report.rs"), expected);
    }
}

#[test]
fn what_is_typed_elsewhere_while_a_preview_is_open_is_kept() {
    let project = Project::new(RUST);
    let mut editor = renaming(Client::vscode(), &project);
    editor.open("src/report.rs");
    editor.hold("workspace/applyEdit");
    let turn = editor.begin_finish("src/station.rs", "load");
    let preview = editor.held();
    editor.change("src/report.rs", "One city", "A city");
    editor.release(&preview);
    editor.expect_outcome(&turn, "applied");
    let expected = renamed(&project.read("src/report.rs")).replace("One city", "A city");
    assert_eq!(editor.text("src/report.rs"), expected);
    assert_eq!(editor.asked("workspace/applyEdit").len(), 2, "refused for its version, then made anew");
}

#[test]
fn what_is_typed_in_the_same_place_is_a_conflict_and_nothing_is_applied() {
    for (client, asked) in [
        (Client::neovim(), "window/showMessageRequest"),
        (Client::helix_master(), "window/showMessageRequest"),
        (Client::vscode(), "workspace/applyEdit"),
    ] {
        let project = Project::new(RUST);
        let mut editor = renaming(client, &project);
        editor.open("src/report.rs");
        editor.hold(asked);
        let turn = editor.begin_finish("src/station.rs", "load");
        let question = editor.held();
        editor.change("src/report.rs", "use crate::station::fetch;", "use crate::station::{fetch};");
        let typed = editor.text("src/report.rs");
        editor.release(&question);
        editor.expect_outcome(&turn, "conflict");
        let warning = editor.expect_warning("src/report.rs");
        assert!(warning.contains("line 1"), "it says where: {warning}");
        assert_eq!(editor.text("src/report.rs"), typed);
        assert!(
            ["src/cache.rs", "src/lib.rs", "src/main.rs"].iter().all(|name| !editor.is_open(name)),
            "all files or none"
        );
    }
}

#[test]
fn a_proposal_kept_after_a_conflict_is_applied_once_the_conflict_is_gone() {
    let project = Project::new(RUST);
    let mut editor = renaming(Client::neovim(), &project);
    editor.open("src/report.rs");
    editor.hold("window/showMessageRequest");
    let turn = editor.begin_finish("src/station.rs", "load");
    let question = editor.held();
    editor.change("src/report.rs", "station::fetch;", "station::{fetch};");
    editor.release(&question);
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("src/report.rs");
    let apply = editor.action("src/station.rs", "load", "pilotlight.apply");
    assert!(editor.choose(&apply).is_ok());
    editor.expect_warning("src/report.rs");
    editor.change("src/report.rs", "station::{fetch};", "station::fetch;");
    let apply = editor.action("src/station.rs", "load", "pilotlight.apply");
    assert!(editor.choose(&apply).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(texts(&editor), finished(&project));
}

#[test]
fn what_is_typed_while_the_model_works_is_kept() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["slow,after=1"]);
    let mut editor = renaming(Client::helix_master(), &project);
    editor.open("src/report.rs");
    let turn = editor.begin_finish("src/station.rs", "load");
    thinking(&mut editor, &turn);
    editor.change("src/report.rs", "One city", "A city 🏙");
    editor.expect_outcome(&turn, "applied");
    let expected = renamed(&project.read("src/report.rs")).replace("One city", "A city 🏙");
    assert_eq!(editor.text("src/report.rs"), expected);
}

#[test]
fn an_edit_refused_for_its_version_is_made_anew_once() {
    for client in [Client::vscode(), Client::helix25()] {
        let project = Project::new(RUST);
        project.configure("[edit]\nconfirm = \"never\"\n");
        let mut editor = renaming(client, &project);
        editor.open("src/report.rs");
        editor.hold("workspace/applyEdit");
        let turn = editor.begin_finish("src/station.rs", "load");
        let edit = editor.held();
        editor.change("src/report.rs", "One city", "A city");
        editor.release(&edit);
        editor.expect_outcome(&turn, "applied");
        let expected = renamed(&project.read("src/report.rs")).replace("One city", "A city");
        assert_eq!(editor.text("src/report.rs"), expected);
    }
}

#[test]
fn an_edit_refused_for_its_version_twice_is_a_conflict_and_kept() {
    let project = Project::new(RUST);
    project.configure("[edit]\nconfirm = \"never\"\n");
    let mut editor = renaming(Client::vscode(), &project);
    editor.open("src/report.rs");
    editor.hold("workspace/applyEdit");
    let turn = editor.begin_finish("src/station.rs", "load");
    let first = editor.held();
    editor.change("src/report.rs", "One city", "A city");
    editor.hold("workspace/applyEdit");
    editor.release(&first);
    let second = editor.held();
    editor.change("src/report.rs", "A city", "Any city");
    editor.release(&second);
    editor.expect_outcome(&turn, "conflict");
    editor.expect_warning("twice");
    let apply = editor.action("src/station.rs", "load", "pilotlight.apply");
    assert!(editor.choose(&apply).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text("src/report.rs"), renamed(&project.read("src/report.rs")).replace("One city", "Any city"));
}

#[test]
fn an_edit_that_the_editor_dropped_but_claims_to_have_applied_is_noticed() {
    let project = Project::new(RUST);
    project.configure("[edit]\nconfirm = \"never\"\n");
    let mut editor = renaming(Client::neovim(), &project);
    // The first file of the edit, since Neovim looks at the version of no other.
    editor.open("src/cache.rs");
    editor.hold("workspace/applyEdit");
    let turn = editor.begin_finish("src/station.rs", "load");
    let edit = editor.held();
    editor.change("src/cache.rs", "use crate::station;", "use crate::station; // 駅");
    editor.release(&edit);
    editor.expect_outcome(&turn, "applied");
    let mut expected = finished(&project);
    expected.entry("src/cache.rs").and_modify(|text| *text = text.replace("crate::station;", "crate::station; // 駅"));
    assert_eq!(texts(&editor), expected);
}

// ---- cancelled and queued ------------------------------------------------------------------------------------------

#[test]
fn a_cancelled_turn_ends_and_no_edit_follows() {
    for by_progress in [false, true] {
        let project = Project::new(RUST);
        let _agent = Agent::serving(&project, &["silent,after=1"]);
        let (mut editor, turn) = finishing(Client::vscode(), &project);
        thinking(&mut editor, &turn);
        match by_progress {
            true => editor.notify("window/workDoneProgress/cancel", json!({"token": format!("pilotlight-{turn}")})),
            false => assert_eq!(editor.command("pilotlight.cancel", json!({}))["cancelled"], json!([turn])),
        }
        editor.expect_outcome(&turn, "cancelled");
        nothing_followed(&mut editor, &project);
    }
}

#[test]
fn the_next_turn_after_a_cancelled_one_is_whole() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1,times=1"]);
    let (mut editor, turn) = finishing(Client::vscode(), &project);
    thinking(&mut editor, &turn);
    editor.command("pilotlight.cancel", json!({ "turn": turn }));
    editor.expect_outcome(&turn, "cancelled");
    let next = editor.begin_finish("src/station.rs", "load");
    editor.expect_outcome(&next, "applied");
    assert_eq!(texts(&editor), finished(&project));
}

#[test]
fn a_turn_cancelled_while_its_question_is_open_applies_nothing_whatever_is_answered() {
    let project = Project::new(RUST);
    let mut editor = renaming(Client::neovim(), &project);
    editor.hold("window/showMessageRequest");
    let turn = editor.begin_finish("src/station.rs", "load");
    let question = editor.held();
    editor.command("pilotlight.cancel", json!({ "turn": turn }));
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "cancelled");
    editor.release(&question);
    editor.expect_outcome(&turn, "cancelled");
    nothing_followed(&mut editor, &project);
    assert!(!commands(&editor.actions("src/station.rs", "load")).contains(&"pilotlight.apply"));
}

#[test]
fn a_waiting_turn_can_be_cancelled_before_it_begins() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1"]);
    let (mut editor, first) = finishing(Client::vscode(), &project);
    thinking(&mut editor, &first);
    let second = editor.begin_finish("src/station.rs", "load");
    editor.wait("the second turn to wait", |editor| {
        let values = editor.progress(&format!("pilotlight-{second}"));
        values.first()?["message"].as_str()?.contains("waiting").then_some(())
    });
    editor.command("pilotlight.cancel", json!({ "turn": second }));
    editor.wait("the end of the second turn", |editor| {
        let values = editor.progress(&format!("pilotlight-{second}"));
        values.last()?["kind"].as_str()?.eq("end").then_some(())
    });
    let running = editor.progress(&format!("pilotlight-{first}"));
    assert!(running.last().is_some_and(|value| value["kind"] != "end"), "the first goes on");
    editor.command("pilotlight.cancel", json!({ "turn": first }));
    editor.expect_outcome(&first, "cancelled");
    editor.expect_outcome(&second, "cancelled");
    nothing_followed(&mut editor, &project);
}

#[test]
fn one_turn_runs_four_wait_and_the_sixth_is_refused() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1"]);
    let mut editor = renaming(Client::vscode(), &project);
    let argument = json!({"uri": editor.uri("src/station.rs")});
    let turns: Vec<String> = (0..5).map(|_| editor.begin("pilotlight.finish", argument.clone())).collect();
    let refusal = editor.try_command("pilotlight.finish", argument).unwrap_err();
    assert_eq!(refusal.code, -32803);
    assert!(refusal.message.contains("waiting"), "{refusal:?}");
    assert_eq!(editor.command("pilotlight.cancel", json!({}))["cancelled"], json!(turns));
    for turn in &turns {
        editor.expect_outcome(turn, "cancelled");
    }
    nothing_followed(&mut editor, &project);
}

// ---- refused, answered, and where turns belong ---------------------------------------------------------------------

#[test]
fn a_turn_on_an_excluded_file_is_refused_and_the_rule_is_named() {
    let project =
        Project::new("//- .gitignore\nbuild/\n//- .env\nKEY=1\n//- build/out.rs\nfn a() {}\n//- src/lib.rs\n");
    for (name, rule) in [(".env", ".env"), ("build/out.rs", ".gitignore")] {
        let mut editor = TestEditor::start(Client::vscode(), &project);
        editor.open(name);
        let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri(name)}));
        editor.expect_outcome(&turn, "refused");
        let warning = editor.expect_warning(name);
        assert!(warning.contains(rule), "{warning}");
    }
}

#[test]
fn what_the_embedded_agent_cannot_do_is_answered_in_words() {
    let project = Project::new(RUST);
    for client in [Client::vscode(), Client::helix25(), Client::plain()] {
        let shows = client.announces("/window/workDoneProgress");
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/station.rs");
        let argument = json!({"uri": editor.uri("src/station.rs"), "question": "Why?"});
        let turn = editor.begin("pilotlight.ask", argument);
        if !shows {
            editor.expect_notification("window/showMessage", |message| message.to_string().contains("embedded agent"));
        }
        editor.expect_outcome(&turn, "answered");
        if shows {
            let document = editor.wait("the answer", |editor| editor.asked("window/showDocument").pop());
            let path = url::Url::parse(document["uri"].as_str().unwrap()).unwrap().to_file_path().unwrap();
            assert!(path.starts_with(project.outside("state")), "{}", path.display());
            assert!(std::fs::read_to_string(path).unwrap().contains("embedded agent"));
        }
    }
}

#[test]
fn a_workspace_is_sent_nowhere_before_the_user_said_yes() {
    let project = Project::new(RUST);
    project.configure("[provider]\nbase_url = \"https://provider.invalid/v1\"\n");
    for client in [Client::neovim().with_user(User::Declines), Client::helix25()] {
        let asks = client.announces("/window/showMessage");
        let mut editor = renaming(client, &project);
        assert_eq!(editor.command("pilotlight.status", json!({}))["sessions"][0]["state"], "consent");
        let allow = editor.action("src/station.rs", "load", "pilotlight.trust");
        assert_eq!(
            (&allow["kind"], allow["title"].as_str()),
            (&json!("source"), Some("Allow Pilotlight to send this workspace to provider.invalid"),)
        );
        let turn = editor.begin_finish("src/station.rs", "load");
        editor.expect_outcome(&turn, "refused");
        editor.expect_warning("provider.invalid");
        assert_eq!(editor.asked("window/showMessageRequest").len(), usize::from(asks));
        let session = &editor.command("pilotlight.status", json!({}))["sessions"][0];
        assert_eq!((&session["state"], &session["connections"]), (&json!("consent"), &json!(0)));
    }
}

#[test]
fn the_session_of_a_removed_folder_goes_with_its_turn() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1"]);
    let (mut editor, turn) = finishing(Client::vscode(), &project);
    thinking(&mut editor, &turn);
    let folder = json!({"uri": project.uri(""), "name": "project"});
    let begun = std::time::Instant::now();
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [], "removed": [folder]}}));
    editor.wait("the end of the turn", |editor| {
        editor.progress(&format!("pilotlight-{turn}")).last()?["kind"].as_str()?.eq("end").then_some(())
    });
    while !editor.command("pilotlight.status", json!({}))["sessions"].as_array().unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(3), "the session is still there");
    }
    nothing_followed(&mut editor, &project);
}

#[test]
fn an_added_folder_gets_a_session_of_its_own() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode().with_plugin(json!({"status": true})), &project);
    let other = project.outside("other");
    std::fs::create_dir_all(&other).unwrap();
    let folder = json!({"uri": project.uri(other.to_str().unwrap()), "name": "other"});
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [folder], "removed": []}}));
    editor.expect_notification("pilotlight/status", |status| {
        let roots: Vec<&Value> =
            status["sessions"].as_array().unwrap().iter().map(|session| &session["root"]).collect();
        roots.contains(&&json!(other)) && roots.contains(&&json!(project.root()))
    });
}

#[test]
fn a_file_outside_every_folder_is_worked_on_in_a_session_of_its_own() {
    let project = Project::new(RUST);
    let loose = project.outside("loose/a.py");
    std::fs::create_dir_all(loose.parent().unwrap()).unwrap();
    std::fs::write(&loose, "def fetch():\n    return 1\n\n\nprint(fetch())\n").unwrap();
    let name = loose.to_str().unwrap();
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open(name);
    editor.change(name, "def fetch", "def load");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri(name)}));
    editor.expect_outcome(&turn, "applied");
    assert!(editor.text(name).ends_with("print(load())\n"));
    let status = editor.command("pilotlight.status", json!({}));
    let roots: Vec<&Value> = status["sessions"].as_array().unwrap().iter().map(|session| &session["root"]).collect();
    assert_eq!(roots.len(), 2, "{roots:?}");
    assert!(roots.contains(&&json!(loose.parent().unwrap())), "{roots:?}");
}
