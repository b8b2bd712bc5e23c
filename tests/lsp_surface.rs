//! The server's surface, as the contract describes it: what it announces, which code actions it offers where, and how its
//! commands answer. Every test drives the real binary over stdio.

#[cfg(test)]
mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::rename::finishing;
use support::{Agent, Client, Project, RUST, TestEditor, User, commands};

const COMMANDS: [&str; 17] = [
    "pilotlight.fix",
    "pilotlight.finish",
    "pilotlight.implement",
    "pilotlight.edit",
    "pilotlight.document",
    "pilotlight.test",
    "pilotlight.simplify",
    "pilotlight.ask",
    "pilotlight.action",
    "pilotlight.cancel",
    "pilotlight.apply",
    "pilotlight.discard",
    "pilotlight.show",
    "pilotlight.trust",
    "pilotlight.status",
    "pilotlight.receipts",
    "pilotlight.reset",
];

const WISHES: &str = "\
//- src/lib.rs
// AI! use a table here
pub fn one() {}
// why twice? AI?
pub fn two() {}
// TODO: three
pub fn three() {
    todo!()
}
pub fn plain() {}
";

fn unused_import(range: &Value) -> Value {
    json!({"range": range, "severity": 2, "source": "rustc", "code": "unused_imports", "message": "unused import"})
}

// ---- initialize ----------------------------------------------------------------------------------------------------

#[test]
fn the_first_known_encoding_is_chosen_and_echoed() {
    let project = Project::new(RUST);
    for (offered, chosen) in [
        (json!(["utf-8", "utf-16", "utf-32"]), "utf-8"),
        (json!(["utf-16", "utf-8"]), "utf-16"),
        (json!(["utf-32", "utf-8", "utf-16"]), "utf-32"),
        (json!(["utf-16"]), "utf-16"),
        (json!(["ebcdic", "utf-8"]), "utf-8"),
        (json!(["ebcdic"]), "utf-16"),
        (json!([]), "utf-16"),
        (Value::Null, "utf-16"),
    ] {
        let client = Client::plain().with_encodings(offered.clone());
        let mut editor = TestEditor::launch(client, &project, &["lsp"]);
        let answer = editor.introduce(json!({}));
        assert_eq!(answer["capabilities"]["positionEncoding"], chosen, "{offered}");
    }
}

#[test]
fn the_server_announces_what_the_contract_says() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    let answer = editor.introduce(json!({}));
    let capabilities = &answer["capabilities"];
    assert_eq!(answer["serverInfo"]["name"], "pilotlight");
    assert_eq!(capabilities["textDocumentSync"]["change"], 2, "incremental");
    assert_eq!(capabilities["textDocumentSync"]["openClose"], true);
    assert!(!capabilities["textDocumentSync"]["save"].is_null());
    assert!(capabilities["codeActionProvider"]["resolveProvider"] != true, "actions are complete");
    let kinds: BTreeSet<&str> = capabilities["codeActionProvider"]["codeActionKinds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert!(kinds.is_superset(&BTreeSet::from(["quickfix", "refactor.rewrite", "source"])), "{kinds:?}");
    let commands = capabilities["executeCommandProvider"]["commands"].as_array().into_iter().flatten();
    assert_eq!(commands.filter_map(Value::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(COMMANDS));
    assert_eq!(capabilities["workspace"]["workspaceFolders"], json!({"supported": true, "changeNotifications": true}));
}

#[test]
fn every_way_to_start_it_is_the_language_server() {
    let project = Project::new(RUST);
    for arguments in [&[][..], &["--stdio"], &["lsp"], &["lsp", "--stdio"]] {
        let mut editor = TestEditor::launch(Client::plain(), &project, arguments);
        assert_eq!(editor.introduce(json!({}))["serverInfo"]["name"], "pilotlight", "{arguments:?}");
    }
}

#[test]
fn ignore_files_are_watched_where_the_client_allows() {
    let project = Project::new(RUST);
    let mut watching = TestEditor::start(Client::vscode(), &project);
    let registration = watching.wait("a registration", |editor| editor.asked("client/registerCapability").pop());
    assert_eq!(registration["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    // Neovim on Linux does not; its strict editor would fail the test if it were asked.
    TestEditor::start(Client::neovim(), &project).finish();
}

// ---- code actions --------------------------------------------------------------------------------------------------

#[test]
fn every_action_has_a_kind_and_a_command_and_no_edit() {
    let project = Project::new(WISHES);
    for client in [Client::vscode(), Client::neovim(), Client::helix25(), Client::plain()] {
        let mut editor = TestEditor::start(client.with_plugin(json!({"prompt": true})), &project);
        editor.open("src/lib.rs");
        editor.change("src/lib.rs", "plain", "simple");
        let range = editor.range("src/lib.rs", "// AI! use a table here");
        let context = json!({"diagnostics": [unused_import(&range)]});
        let actions = editor.actions_for("src/lib.rs", range, context);
        let expected = ["fix", "finish", "implement", "edit", "ask", "document", "test", "simplify"];
        assert_eq!(commands(&actions), expected.map(|name| format!("pilotlight.{name}")));
        for action in &actions {
            assert!(action["kind"].as_str().is_some_and(|kind| !kind.is_empty()), "{action}");
            assert!(action["title"].as_str().is_some_and(|title| !title.is_empty()), "{action}");
            assert!(action.get("edit").is_none(), "{action}");
            assert!(action["command"]["arguments"][0].is_object(), "{action}");
        }
    }
}

#[test]
fn only_is_honoured_with_its_sub_kinds() {
    let project = Project::new(WISHES);
    let mut editor = TestEditor::start(Client::vscode().with_plugin(json!({"prompt": true})), &project);
    editor.open("src/lib.rs");
    let range = editor.range("src/lib.rs", "// AI! use a table here");
    for (only, kinds) in [
        (json!(["quickfix"]), BTreeSet::from(["quickfix"])),
        (json!(["refactor"]), BTreeSet::from(["refactor.rewrite"])),
        (json!(["refactor.rewrite"]), BTreeSet::from(["refactor.rewrite"])),
        (json!(["source", "quickfix"]), BTreeSet::from(["source", "quickfix"])),
        (json!(["refactor.extract", "source.organizeImports", "quick", "refactor.rewrite.deep"]), BTreeSet::new()),
        (json!([]), BTreeSet::new()),
    ] {
        let context = json!({"diagnostics": [unused_import(&range)], "only": only});
        let actions = editor.actions_for("src/lib.rs", range.clone(), context);
        let found: BTreeSet<&str> = actions.iter().filter_map(|action| action["kind"].as_str()).collect();
        assert_eq!(found, kinds, "{only}");
    }
}

#[test]
fn actions_are_tagged_only_where_tags_are_known() {
    let project = Project::new(WISHES);
    for (client, tags) in
        [(Client::vscode(), json!([1])), (Client::neovim(), Value::Null), (Client::helix25(), Value::Null)]
    {
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/lib.rs");
        for action in editor.actions("src/lib.rs", "// AI!") {
            assert_eq!(action["tags"], tags, "{action}");
        }
    }
}

#[test]
fn a_fix_carries_the_diagnostics_it_fixes() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/report.rs");
    let range = editor.range("src/report.rs", "crate::station::fetch");
    let diagnostic = unused_import(&range);
    let actions = editor.actions_for("src/report.rs", range, json!({"diagnostics": [diagnostic]}));
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(actions[0]["diagnostics"], json!([diagnostic]));
    assert_eq!(actions[0]["command"]["arguments"][0]["diagnostics"], json!([diagnostic]));
}

#[test]
fn diagnostics_that_a_plugin_feeds_are_offered_where_they_are() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::neovim(), &project);
    editor.open("src/report.rs");
    let range = editor.range("src/report.rs", "crate::station::fetch");
    let params = json!({"uri": editor.uri("src/report.rs"), "diagnostics": [unused_import(&range)]});
    editor.notify("pilotlight/diagnostics", params);
    assert_eq!(commands(&editor.actions("src/report.rs", "use crate")), ["pilotlight.fix"]);
    assert!(editor.actions("src/report.rs", "pub fn sentence").is_empty());
}

#[test]
fn what_needs_words_is_offered_only_where_a_plugin_asks_for_them() {
    let project = Project::new(RUST);
    for (client, expected) in [
        (Client::vscode().with_plugin(json!({"prompt": true})), &["pilotlight.edit", "pilotlight.ask"][..]),
        (Client::vscode(), &[]),
        (Client::helix25(), &[]),
    ] {
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/report.rs");
        assert_eq!(commands(&editor.actions("src/report.rs", "pub fn")), expected);
    }
}

#[test]
fn finishing_is_offered_only_after_an_edit_and_until_it_is_finished() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    assert!(editor.actions("src/station.rs", "fetch").is_empty());
    editor.change("src/station.rs", "fetch", "load");
    let turn = editor.begin_finish("src/station.rs", "load");
    editor.expect_outcome(&turn, "applied");
    assert!(editor.actions("src/station.rs", "load").is_empty(), "there is nothing left to finish");
    editor.change("src/station.rs", "LONGEST", "WIDEST");
    assert_eq!(commands(&editor.actions("src/station.rs", "load")), ["pilotlight.finish"]);
}

#[test]
fn comments_and_stubs_that_ask_for_something_are_found() {
    let project = Project::new(WISHES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    for (place, kind, words) in [
        ("// AI!", "refactor.rewrite", "use a table here"),
        ("// why", "source", "why twice?"),
        ("// TODO", "refactor.rewrite", "TODO: three"),
        ("todo!()", "refactor.rewrite", "stub"),
    ] {
        let actions = editor.actions("src/lib.rs", place);
        assert_eq!(commands(&actions), ["pilotlight.implement"], "{place}");
        assert_eq!(actions[0]["kind"], kind, "{place}");
        assert!(actions[0]["title"].as_str().is_some_and(|title| title.contains(words)), "{}", actions[0]);
    }
    assert!(editor.actions("src/lib.rs", "pub fn plain").is_empty());
}

#[test]
fn cancelling_comes_first_while_a_turn_runs() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1"]);
    let mut editor = TestEditor::start(Client::helix25(), &project);
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    let turn = editor.begin_finish("src/station.rs", "load");
    let actions = editor.actions("src/station.rs", "load");
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(
        actions[0]["command"],
        json!({
            "title": actions[0]["title"], "command": "pilotlight.cancel", "arguments": [{"turn": turn}],
        })
    );
    assert!(editor.choose(&actions[0]).is_ok());
    editor.expect_outcome(&turn, "cancelled");
    assert!(!commands(&editor.actions("src/station.rs", "load")).contains(&"pilotlight.cancel"));
}

#[test]
fn an_excluded_file_offers_nothing_and_neither_does_one_that_is_not_open() {
    let project = Project::new("//- .env\n# TODO: rotate\nKEY=1\n//- src/lib.rs\n// TODO: one\n");
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open(".env");
    assert!(editor.actions(".env", "# TODO").is_empty());
    let start = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    assert!(editor.actions_for("src/lib.rs", start, json!({"diagnostics": []})).is_empty());
}

#[test]
fn custom_actions_are_offered_for_their_languages() {
    let project = Project::new("//- a.py\nx = 1\n//- a.rs\nfn x() {}\n");
    project.configure(
        "[[action]]\nname = \"modernise\"\ntitle = \"Modernise it\"\nprompt = \"Rewrite.\"\nlanguages = [\"rust\"]\nkind = \"refactor.rewrite\"\n",
    );
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("a.rs");
    editor.open("a.py");
    let actions = editor.actions("a.rs", "fn x");
    assert_eq!((&actions[0]["title"], &actions[0]["kind"]), (&json!("Modernise it"), &json!("refactor.rewrite")));
    assert_eq!(actions[0]["command"]["arguments"][0]["name"], "modernise");
    assert!(editor.actions("a.py", "x = 1").is_empty());
}

// ---- commands ------------------------------------------------------------------------------------------------------

#[test]
fn a_turn_is_answered_at_once_and_goes_on_under_a_progress() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    let action = editor.action("src/station.rs", "load", "pilotlight.finish");
    let answer = editor.choose(&action);
    let Ok(answer) = answer else { panic!("{answer:?}") };
    let turn = answer["turn"].as_str().unwrap().to_owned();
    assert_eq!(answer, json!({ "turn": turn }));
    editor.expect_outcome(&turn, "applied");
    let token = editor.asked("window/workDoneProgress/create")[0]["token"].as_str().unwrap().to_owned();
    let values = editor.progress(&token);
    let kinds: Vec<&str> = values.iter().filter_map(|value| value["kind"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"begin"), Some(&"end")));
    assert!(kinds.contains(&"report"), "{values:?}");
    let last = values.last().unwrap()["message"].as_str().unwrap();
    assert!(last.starts_with("applied") && last.contains("sent"), "the receipt ends it: {last}");
}

#[test]
fn a_progress_token_of_the_client_is_used_and_none_is_made() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    editor.give_token("mine");
    let argument = json!({"uri": editor.uri("src/station.rs")});
    let params = json!({"command": "pilotlight.finish", "arguments": [argument], "workDoneToken": "mine"});
    assert!(editor.request("workspace/executeCommand", params).is_ok());
    editor.wait("the end of the progress", |editor| {
        editor.progress("mine").last()?.get("kind")?.as_str()?.eq("end").then_some(())
    });
    assert!(editor.asked("window/workDoneProgress/create").is_empty());
}

#[test]
fn commands_take_their_argument_as_an_object_as_its_text_and_as_a_bare_uri() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::helix25(), &project);
    let uri = editor.uri("src/station.rs");
    editor.open("src/station.rs");
    for argument in [json!({ "uri": uri }), json!(json!({ "uri": uri }).to_string()), json!(uri)] {
        let turn = editor.begin("pilotlight.finish", argument);
        editor.expect_outcome(&turn, "answered");
    }
}

#[test]
fn wrong_commands_and_arguments_are_told_clearly() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    let uri = editor.uri("src/station.rs");
    let range = editor.range("src/station.rs", "fetch");
    for (command, argument, code, words) in [
        ("pilotlight.nothing", json!({}), -32602, "pilotlight.finish"),
        ("pilotlight.finish", json!({}), -32602, "uri"),
        ("pilotlight.finish", json!({"uri": 7}), -32602, "argument"),
        ("pilotlight.finish", json!([uri]), -32602, "argument"),
        ("pilotlight.finish", json!({"uri": "untitled:Untitled-1"}), -32803, "save"),
        ("pilotlight.edit", json!({"uri": uri, "range": range}), -32602, "instruction"),
        ("pilotlight.edit", json!({"uri": uri, "range": {"start": 1}, "instruction": "x"}), -32602, "argument"),
        ("pilotlight.fix", json!({"uri": uri, "range": range, "diagnostics": []}), -32803, "diagnostic"),
        ("pilotlight.action", json!({"uri": uri}), -32602, "name"),
        ("pilotlight.action", json!({"uri": uri, "name": "nothing"}), -32803, "nothing"),
        ("pilotlight.apply", json!({}), -32602, "proposal"),
        ("pilotlight.apply", json!({"proposal": "t9"}), -32803, "t9"),
        ("pilotlight.discard", json!({"proposal": "t9"}), -32803, "t9"),
        ("pilotlight.reset", json!({"root": "/nowhere"}), -32803, "folder"),
    ] {
        let answer = editor.try_command(command, argument.clone());
        let Err(refusal) = answer else { panic!("{command} {argument} was taken: {answer:?}") };
        assert_eq!(refusal.code, code, "{command} {argument}: {refusal:?}");
        assert!(refusal.message.contains(words), "{command} {argument}: {refusal:?}");
    }
    assert_eq!(editor.command("pilotlight.receipts", json!({}))["turns"], json!([]), "nothing was begun");
}

#[test]
fn cancelling_nothing_is_no_error() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    assert!(editor.try_command("pilotlight.cancel", json!({})).is_ok());
    assert!(editor.try_command("pilotlight.cancel", json!({"turn": "t7"})).is_ok());
    editor.notify("window/workDoneProgress/cancel", json!({"token": "unknown"}));
}

#[test]
fn status_and_receipts_have_every_field_of_the_contract() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    editor.change("src/station.rs", "fetch", "load");
    let turn = editor.begin_finish("src/station.rs", "load");
    let receipt = editor.expect_outcome(&turn, "applied");
    for text in ["turn", "action", "transport", "lineage", "outcome"] {
        assert!(receipt[text].is_string(), "{text}: {receipt}");
    }
    for number in [
        "rounds",
        "tool_calls",
        "bytes_sent",
        "bytes_received",
        "bytes_full_resend",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "ms_to_first_event",
        "ms_total",
        "ms_waiting",
        "ms_tools",
        "ms_own",
        "files_changed",
    ] {
        assert!(receipt[number].as_f64().is_some_and(|number| number >= 0.0), "{number}: {receipt}");
    }
    assert!(receipt["reused_connection"].is_boolean());
    assert_eq!(receipt["rebase_reason"], Value::Null);
    assert_eq!(receipt["estimated"], true, "the embedded agent only estimates");
    assert_eq!((&receipt["action"], &receipt["files_changed"]), (&json!("finish"), &json!(4)));
    assert!(receipt["bytes_full_resend"].as_u64() > receipt["bytes_sent"].as_u64(), "{receipt}");

    let receipts = editor.command("pilotlight.receipts", json!({}));
    assert!(receipts["markdown"].as_str().is_some_and(|text| text.contains("finish")), "{receipts}");
    let status = editor.command("pilotlight.status", json!({}));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["provider"].is_string());
    let session = &status["sessions"][0];
    assert_eq!(session["root"], json!(project.root()));
    assert_eq!((&session["connections"], &session["turns"]), (&json!(1), &json!(1)));
    assert_eq!(session["last"], receipt);
    for text in ["state", "transport", "endpoint", "model"] {
        assert!(session[text].is_string(), "{text}: {session}");
    }
}

#[test]
fn a_plugin_that_wants_the_status_is_told_of_every_state() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::neovim().with_plugin(json!({"status": true})), &project);
    let state = |wanted: &'static str| move |status: &Value| status["sessions"][0]["state"] == wanted;
    editor.expect_notification("pilotlight/status", state("warm"));
    editor.open("src/station.rs");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri("src/station.rs")}));
    editor.expect_notification("pilotlight/status", state("busy"));
    editor.expect_notification("pilotlight/status", |status| status["sessions"][0]["last"]["turn"] == turn);
    editor.expect_outcome(&turn, "answered");
}

#[test]
fn a_plugin_that_wants_the_status_is_told_how_a_question_was_answered() {
    let project = Project::new(RUST);
    let client = Client::neovim().with_plugin(json!({"status": true})).with_user(User::Declines);
    let (mut editor, turn) = finishing(client, &project);
    for outcome in ["proposed", "refused"] {
        editor.expect_notification("pilotlight/status", |status| {
            let last = &status["sessions"][0]["last"];
            last["turn"] == turn && last["outcome"] == outcome
        });
    }
}

#[test]
fn reset_begins_a_new_session_on_a_new_connection() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode().with_plugin(json!({"status": true})), &project);
    let warm = |connections: u64| {
        move |status: &Value| {
            status["sessions"][0]["state"] == "warm" && status["sessions"][0]["connections"] == connections
        }
    };
    editor.expect_notification("pilotlight/status", warm(1));
    editor.command("pilotlight.reset", json!({}));
    editor.expect_notification("pilotlight/status", warm(2));
}
