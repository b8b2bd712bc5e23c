//! Turns that do not run undisturbed: the user types while the model works or a question is open, the editor refuses or drops
//! the edit, the turn is cancelled, or more are asked for than run at once. No edit is lost, none is doubled, and none
//! follows a cancel. Where a turn has to last, its provider is started with a fault.

#[cfg(test)]
mod support;

use serde_json::json;
use support::rename::{finished, finishing, nothing_followed, renamed, renaming, texts, thinking};
use support::{Agent, Client, Project, RUST, commands};

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
        values.iter().any(|value| value["message"].as_str().is_some_and(|text| text.contains("waiting"))).then_some(())
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
