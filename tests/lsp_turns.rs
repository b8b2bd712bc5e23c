//! Turns as users live them, under the habits of each client: a change finished across the workspace, confirmed or declined;
//! turns that are refused or answered in words; and the session that each belongs to. The embedded agent answers, as it does
//! for everyone on the first start.

#[cfg(test)]
mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::rename::{USERS, finished, finishing, nothing_followed, renaming, texts, thinking};
use support::{Agent, Client, PYTHON, Project, RUST, TestEditor, User, commands};

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
    let mut editor = TestEditor::launch(Client::vscode().with_plugin(json!({"status": true})), &project, &["lsp"]);
    editor.introduce(json!({"rootUri": project.uri("")}));
    editor.open("src/station.rs");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri("src/station.rs")}));
    let token = format!("pilotlight-{turn}");
    editor.expect_notification("pilotlight/status", |status| status["sessions"][0]["connections"] == 1);
    editor.wait("thinking", |editor| (editor.progress(&token).last()?["message"] == "thinking").then_some(()));
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
        editor.expect_warning("Nothing was sent.");
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
    let begun = Instant::now();
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
