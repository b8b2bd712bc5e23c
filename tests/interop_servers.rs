//! Our client, the real binary in an editor, against servers that nobody here wrote: aimock, and agentic-server in front of
//! it. They deviate from the protocol each in its own way; whatever they do, turns work and receipts tell the truth.

#[cfg(test)]
mod installed;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod support;

use installed::{INTEROP, Installed};
use interop::{Agentic, Aimock, TURNS};
use serde_json::{Value, json};
use support::{Client, Project, RUST, TestEditor};

fn aimock_installed() -> Option<Installed> {
    INTEROP.find("interop_servers", "aimock", &["NODE", "AIMOCK"])
}

fn agentic_installed() -> Option<Installed> {
    INTEROP.find("interop_servers", "aimock agentic", &["NODE", "AIMOCK", "AGENTIC_SERVER"])
}

/// An editor whose provider is this server. Both are told nothing of reasoning: aimock would make some up, encrypted, which
/// agentic-server refuses to hand back to it.
fn editor(project: &Project, base_url: &str, transport: &str) -> TestEditor {
    project.configure(&format!(
        "[provider]\nbase_url = \"{base_url}\"\nmodel = \"gpt-5.5\"\nreasoning_effort = \"\"\n\
         transport = \"{transport}\"\ntool_style = \"function\"\n"
    ));
    TestEditor::start(Client::vscode(), project)
}

/// Takes the three turns, the user typing before the second.
fn three_turns(editor: &mut TestEditor) -> Vec<Value> {
    let mut receipts = vec![TURNS[0].take(editor)];
    editor.open("src/report.rs");
    editor.change("src/report.rs", "🌦 天気", "🌦 お天気");
    receipts.extend(TURNS[1..].iter().map(|turn| turn.take(editor)));
    assert!(editor.text("src/report.rs").contains("🌦 お天気"), "what the user typed stays");
    receipts
}

/// What the receipts say under this name.
fn each<'a>(receipts: &'a [Value], name: &str) -> Vec<&'a Value> {
    receipts.iter().map(|receipt| &receipt[name]).collect()
}

/// The one session, as it reports itself.
fn session(editor: &mut TestEditor) -> Value {
    editor.command("pilotlight.status", json!({}))["sessions"][0].take()
}

/// Three turns over one WebSocket, each going on from the one before, the first from the warm-up.
fn warm_turns(editor: &mut TestEditor) {
    let receipts = three_turns(editor);
    assert_eq!(each(&receipts, "transport"), ["websocket"; 3]);
    assert_eq!(each(&receipts, "lineage"), ["continued"; 3], "{receipts:?}");
    assert_eq!(each(&receipts, "reused_connection"), [true; 3]);
    for receipt in &receipts {
        let (sent, full) = (receipt["bytes_sent"].as_u64(), receipt["bytes_full_resend"].as_u64());
        assert!(sent < full, "only what is new is sent: {receipt}");
    }
    let session = session(editor);
    assert_eq!((&session["connections"], &session["turns"], &session["state"]), (&json!(1), &json!(3), &json!("warm")));
}

/// Three turns over one HTTP connection, all of the conversation in every request.
fn turns_over_http(editor: &mut TestEditor) {
    let receipts = three_turns(editor);
    assert_eq!(each(&receipts, "transport"), ["http"; 3]);
    assert_eq!(each(&receipts, "lineage"), ["rebased", "continued", "continued"], "{receipts:?}");
    assert_eq!(each(&receipts, "rebase_reason"), [&json!("first request"), &Value::Null, &Value::Null]);
    assert_eq!(each(&receipts, "reused_connection"), [true; 3]);
    let session = session(editor);
    assert_eq!((&session["connections"], &session["turns"]), (&json!(1), &json!(3)));
}

/// A turn, an outage, a turn.
fn turns_around(editor: &mut TestEditor, outage: impl FnOnce()) {
    TURNS[0].take(editor);
    outage();
    let receipt = TURNS[1].take(editor);
    let told = (&receipt["transport"], &receipt["lineage"], &receipt["rebase_reason"]);
    assert_eq!(told, (&json!("websocket"), &json!("rebased"), &json!("connection lost")), "{receipt}");
    let receipt = TURNS[2].take(editor);
    assert_eq!(receipt["lineage"], "continued", "{receipt}");
    assert_eq!(session(editor)["connections"], 2);
    assert_eq!(editor.heard("window/showMessage"), [] as [Value; 0], "nothing was lost, so nothing is said");
}

#[test]
fn aimock_three_turns_with_tools_and_edits_over_one_websocket() {
    let Some(installed) = aimock_installed() else { return };
    let project = Project::new(RUST);
    let aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    warm_turns(&mut editor(&project, &aimock.base_url(), "auto"));
}

#[test]
fn aimock_three_turns_with_tools_and_edits_over_http() {
    let Some(installed) = aimock_installed() else { return };
    let project = Project::new(RUST);
    let aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    turns_over_http(&mut editor(&project, &aimock.base_url(), "http"));
}

#[test]
fn agentic_server_three_turns_with_tools_and_edits_over_one_websocket() {
    let Some(installed) = agentic_installed() else { return };
    let project = Project::new(RUST);
    let aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    let agentic = Agentic::start(&project, &installed, &aimock);
    warm_turns(&mut editor(&project, &agentic.base_url(), "auto"));
    let conversation = aimock.last_request();
    for turn in &TURNS {
        let found = conversation.matches(turn.instruction).count();
        assert_eq!(found, 1, "the server kept {:?}: {conversation}", turn.instruction);
    }
    assert!(conversation.contains("🌦 お天気"), "and what the user typed: {conversation}");
}

#[test]
fn agentic_server_three_turns_with_tools_and_edits_over_http() {
    let Some(installed) = agentic_installed() else { return };
    let project = Project::new(RUST);
    let aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    let agentic = Agentic::start(&project, &installed, &aimock);
    turns_over_http(&mut editor(&project, &agentic.base_url(), "http"));
}

#[test]
fn aimock_ends_between_turns_and_comes_back_and_the_session_with_it() {
    let Some(installed) = aimock_installed() else { return };
    let project = Project::new(RUST);
    let mut aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    turns_around(&mut editor(&project, &aimock.base_url(), "websocket"), || {
        aimock.stop();
        aimock.start_again();
    });
}

#[test]
fn agentic_server_ends_between_turns_and_comes_back_and_the_session_with_it() {
    let Some(installed) = agentic_installed() else { return };
    let project = Project::new(RUST);
    let aimock = Aimock::start(&project, &installed, "fixtures/three_turns.json");
    let mut agentic = Agentic::start(&project, &installed, &aimock);
    turns_around(&mut editor(&project, &agentic.base_url(), "websocket"), || {
        agentic.stop();
        agentic.start_again();
    });
}

#[test]
fn aimock_cuts_an_answer_in_the_middle_and_the_turn_survives() {
    let Some(installed) = aimock_installed() else { return };
    for transport in ["websocket", "http"] {
        let project = Project::new(RUST);
        let aimock = Aimock::start(&project, &installed, "fixtures/cut_once.json");
        let mut editor = editor(&project, &aimock.base_url(), transport);
        TURNS[0].take(&mut editor);
        assert_eq!(editor.heard("window/showMessage"), [] as [Value; 0], "nothing was lost, so nothing is said");
    }
}

#[test]
fn aimock_cuts_every_answer_and_the_turn_fails_with_one_message() {
    let Some(installed) = aimock_installed() else { return };
    for transport in ["websocket", "http"] {
        let project = Project::new(RUST);
        let aimock = Aimock::start(&project, &installed, "fixtures/cut_always.json");
        let mut editor = editor(&project, &aimock.base_url(), transport);
        let turn = TURNS[0].begin(&mut editor);
        let receipt = editor.expect_outcome(&turn, "failed");
        assert_eq!((&receipt["rounds"], &receipt["files_changed"]), (&json!(2), &json!(0)), "{receipt}");
        editor.expect_warning("nothing was applied, try once more");
        assert_eq!(editor.heard("window/showMessage").len(), 1);
        assert!(editor.text("src/station.rs").contains("LONGEST: usize = 58;"));
    }
}
