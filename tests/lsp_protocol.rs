//! JSON-RPC and the life cycle: nothing an editor sends can stop the server or go unanswered, and it ends when it should, with
//! the exit code that says how.

#[cfg(test)]
mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::rename::{finishing, thinking};
use support::{Agent, Client, Project, RUST, Refusal, TestEditor, spawn_idle};

fn code(answer: &Result<Value, Refusal>) -> Option<i64> {
    answer.as_ref().err().map(|refusal| refusal.code)
}

// ---- the protocol itself -------------------------------------------------------------------------------------------

#[test]
fn unknown_requests_are_refused_and_unknown_notifications_ignored() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for method in ["textDocument/rename", "codeAction/resolve", "pilotlight/unknown", "$/unknown"] {
        assert_eq!(code(&editor.request(method, json!({}))), Some(-32601), "{method}");
    }
    for method in ["$/unknown", "$/setTrace", "workspace/unknown", "textDocument/willSave"] {
        editor.notify(method, json!({"value": "off"}));
    }
    editor.notify("textDocument/didChange", json!({"nonsense": true}));
    editor.notify("$/cancelRequest", json!({"id": 999}));
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn parameters_that_cannot_be_read_are_refused() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for (method, params) in [
        ("textDocument/codeAction", json!({})),
        ("textDocument/codeAction", json!({"textDocument": {"uri": "file:///a"}, "range": 3})),
        ("workspace/executeCommand", json!({"arguments": []})),
        ("workspace/executeCommand", json!([1, 2])),
    ] {
        assert_eq!(code(&editor.request(method, params.clone())), Some(-32602), "{method} {params}");
    }
}

#[test]
fn a_message_that_is_no_json_rpc_is_an_error_and_life_goes_on() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for body in [
        "{\"jsonrpc\":\"2.0\",\"method\":",
        "nonsense",
        "[]",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}",
    ] {
        editor.send_bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        assert_eq!(editor.next_error()["error"]["code"], -32700, "{body}");
    }
    editor.send_bytes(b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc");
    assert_eq!(editor.next_error()["error"]["code"], -32700);
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn garbage_between_messages_is_an_error_and_life_goes_on() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for garbage in
        ["Content-Length: many\r\n\r\n", "Nonsense: 3\r\n\r\n", "plain words\r\n\r\n", "Content-Length: -1\r\n\r\n"]
    {
        editor.send_bytes(garbage.as_bytes());
        assert_eq!(editor.next_error()["error"]["code"], -32700, "{garbage}");
        assert!(editor.try_command("pilotlight.status", json!({})).is_ok(), "{garbage}");
    }
}

#[test]
fn the_message_behind_one_with_a_wrong_length_is_not_lost() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    let body = "{\"jsonrpc\":\"2.0\",\"method\":\"$/ignored\"}";
    for header in ["Content-Length: many", "Content-Length: 5"] {
        editor.send_bytes(format!("{header}\r\n\r\n{body}").as_bytes());
        let answer = editor.ask("workspace/executeCommand", json!({"command": "pilotlight.status"}));
        assert_eq!(editor.next_error()["error"]["code"], -32700, "{header}");
        assert!(editor.answer_to(answer).is_ok(), "{header}");
        editor.drop_errors();
    }
}

#[test]
fn a_message_that_is_too_large_is_skipped_whole() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    let size = 64 * 1024 * 1024 + 1;
    editor.send_bytes(format!("Content-Length: {size}\r\n\r\n").as_bytes());
    let piece = vec![b' '; 1024 * 1024];
    (0..64).for_each(|_| editor.send_bytes(&piece));
    editor.send_bytes(b" ");
    assert_eq!(editor.next_error()["error"]["code"], -32700);
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn nothing_is_served_before_initialize_or_after_shutdown() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    for method in ["textDocument/codeAction", "workspace/executeCommand", "shutdown"] {
        assert_eq!(code(&editor.request(method, json!({}))), Some(-32002), "{method}");
    }
    editor.notify("textDocument/didOpen", json!({}));
    editor.introduce(json!({}));
    assert_eq!(code(&editor.request("initialize", json!({"capabilities": {}}))), Some(-32600), "only once");
    assert_eq!(editor.request("shutdown", Value::Null), Ok(Value::Null));
    for method in ["textDocument/codeAction", "workspace/executeCommand", "shutdown", "initialize"] {
        assert_eq!(code(&editor.request(method, json!({}))), Some(-32600), "{method}");
    }
    editor.notify("exit", Value::Null);
    assert_eq!(editor.exit_code(Duration::from_secs(2)), Some(0));
}

// ---- the end -------------------------------------------------------------------------------------------------------

#[test]
fn exit_without_shutdown_is_a_failure() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.exit_code(Duration::from_secs(2)), Some(1));
    let mut stranger = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    stranger.notify("exit", Value::Null);
    assert_eq!(stranger.exit_code(Duration::from_secs(2)), Some(1));
}

#[test]
fn a_lost_stdin_ends_it_within_two_seconds_even_in_the_middle_of_a_turn() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &["silent,after=1"]);
    let (mut editor, turn) = finishing(Client::vscode(), &project);
    thinking(&mut editor, &turn);
    editor.hang_up();
    assert_eq!(editor.exit_code(Duration::from_secs(2)), Some(1));
}

#[test]
fn a_dead_parent_ends_it_within_five_seconds() {
    let project = Project::new(RUST);
    let mut parent = spawn_idle();
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    editor.introduce(json!({"processId": parent.0.id()}));
    parent.end();
    assert_eq!(editor.exit_code(Duration::from_secs(5)), Some(1));
}

#[test]
fn a_server_that_is_told_not_to_watch_its_parent_outlives_it() {
    let project = Project::new(RUST);
    let mut parent = spawn_idle();
    let number = json!({"processId": parent.0.id()});
    let mut unwatching =
        TestEditor::launch(Client::vscode(), &project, &["lsp", "--set", "session.watch_parent=false"]);
    unwatching.introduce(number.clone());
    // Were the first to watch as well, it would look, and end, before this one.
    let mut watching = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    watching.introduce(number);
    parent.end();
    assert_eq!(watching.exit_code(Duration::from_secs(5)), Some(1));
    assert!(unwatching.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn a_parent_that_cannot_be_seen_is_no_reason_to_end() {
    let project = Project::new(RUST);
    let mut gone = spawn_idle();
    let number = gone.0.id();
    gone.end();
    let mut editor = TestEditor::launch(Client::vscode(), &project, &["lsp"]);
    editor.introduce(json!({"processId": number}));
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}
