//! The network goes away in the middle of a turn, or the machine sleeps: typing goes on, the user is told at most once, the
//! session comes back by itself, and nothing that was typed or done is lost.
//!
//! By default an outage takes three seconds, with clocks to match. With `PILOTLIGHT_OUTAGE_FULL=1` it takes thirty, and
//! the clocks are the ones users have.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "how long it took is told")]

mod support;

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::rename::{finished, finishing, renamed, thinking};
use support::{Agent, Client, Network, Outage, Project, RUST, TestEditor};

/// Longest that the session may take to come back; the goal is two seconds.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks, and two strokes.
const PAUSE: Duration = Duration::from_millis(50);
/// What the user types at.
const TYPED_AT: &str = "sentence.";

/// Clocks that find out within a second that nobody answers.
const HASTY: &str = "[session]\nconnect_timeout = \"500ms\"\nping_interval = \"500ms\"\npong_timeout = \"400ms\"\n";

fn is_full() -> bool {
    std::env::var_os("PILOTLIGHT_OUTAGE_FULL").is_some_and(|value| value == "1")
}

/// A project whose provider takes its time for the first rounds, behind a network.
fn behind_a_network(clocks: &str) -> (Project, Agent, Network) {
    let project = Project::new(RUST);
    let agent = Agent::start(&project, &["slow,after=1,times=2"]);
    let network = Network::to(agent.base_url());
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n{clocks}", network.base_url()));
    (project, agent, network)
}

fn session(editor: &mut TestEditor) -> Value {
    editor.command("pilotlight.status", json!({}))["sessions"][0].clone()
}

/// Types for a while; each stroke is followed by a question that has to be answered. Gives what stands there then.
fn type_for(editor: &mut TestEditor, time: Duration) -> String {
    let until = Instant::now() + time;
    let mut strokes = 0;
    while Instant::now() < until {
        strokes += 1;
        editor.change("src/report.rs", TYPED_AT, &format!("é{strokes} {TYPED_AT}"));
        assert!(!editor.actions("src/report.rs", TYPED_AT).is_empty());
        sleep(PAUSE);
    }
    (1..=strokes).map(|stroke| format!("é{stroke} ")).collect()
}

/// How long the session takes to be warm, or to hear its provider again if a turn still runs.
fn time_to_come_back(editor: &mut TestEditor, network: &Network, since: Instant) -> Duration {
    loop {
        let state = session(editor)["state"].clone();
        match (state.as_str(), network.heard_after(since)) {
            (Some("warm"), Some(_)) => return since.elapsed(),
            (Some("busy"), Some(heard)) => return heard,
            _ => assert!(
                since.elapsed() < BACK_WITHIN,
                "the session is {state} {BACK_WITHIN:?} after the network's return"
            ),
        }
        sleep(PAUSE);
    }
}

/// Renames once more and has it finished.
fn rename_again(editor: &mut TestEditor) {
    let texts: Vec<_> = support::rename::texts(editor).into_iter().collect();
    editor.change("src/station.rs", "load", "obtain");
    let turn = editor.begin_finish("src/station.rs", "obtain");
    editor.expect_outcome(&turn, "applied");
    for (name, text) in texts {
        let expected = text.replace("load(", "obtain(").replace("::load;", "::obtain;").replace("{load,", "{obtain,");
        assert_eq!(editor.text(name), expected, "{name}");
    }
}

/// Every file is as the user and the model made it together.
fn assert_finished(editor: &TestEditor, project: &Project, typed: &str) {
    let mut expected = finished(project);
    let report = renamed(&project.read("src/report.rs")).replace(TYPED_AT, &format!("{typed}{TYPED_AT}"));
    expected.insert("src/report.rs", report);
    assert_eq!(support::rename::texts(editor), expected);
}

/// The network goes for `time` while the model answers. Gives the outcome and all that the user was shown.
fn outage(kind: Outage, time: Duration, clocks: &str) -> (String, Vec<Value>) {
    let (project, _agent, network) = behind_a_network(clocks);
    let (mut editor, turn) = finishing(Client::helix_master(), &project);
    editor.open("src/report.rs");
    thinking(&mut editor, &turn);
    network.fail(kind);
    let typed = type_for(&mut editor, time);
    let back = Instant::now();
    network.recover();
    let took = time_to_come_back(&mut editor, &network, back);
    let outcome = editor.receipt(&turn)["outcome"].as_str().unwrap().to_owned();
    eprintln!("{kind:?} for {time:?}: back after {took:.1?}, the turn {outcome}");
    if outcome == "failed" {
        editor.expect_warning("nothing was applied");
        let as_typed = project.read("src/report.rs").replace(TYPED_AT, &format!("{typed}{TYPED_AT}"));
        assert_eq!(editor.text("src/report.rs"), as_typed, "a failed turn changes nothing");
        let again = editor.begin_finish("src/station.rs", "load");
        editor.expect_outcome(&again, "applied");
    }
    assert_finished(&editor, &project, &typed);
    rename_again(&mut editor);
    let shown = editor.heard("window/showMessage");
    editor.finish();
    (outcome, shown)
}

/// Three seconds with clocks to match, or thirty with the usual ones.
fn long_outage(kind: Outage) -> (String, Vec<Value>) {
    match is_full() {
        true => outage(kind, Duration::from_secs(30), ""),
        false => outage(kind, Duration::from_secs(3), HASTY),
    }
}

#[test]
fn in_an_outage_that_drops_everything_typing_goes_on_and_nothing_is_lost() {
    let (outcome, shown) = long_outage(Outage::Silent);
    assert_eq!(shown.len(), usize::from(outcome == "failed"), "{shown:?}");
}

#[test]
fn in_an_outage_that_refuses_and_resets_typing_goes_on_and_nothing_is_lost() {
    let (outcome, shown) = long_outage(Outage::Refused);
    assert_eq!(shown.len(), usize::from(outcome == "failed"), "{shown:?}");
    assert!(!is_full() || outcome == "failed", "a turn does not wait for thirty seconds");
}

#[test]
fn a_turn_survives_a_blip() {
    for kind in [Outage::Silent, Outage::Refused] {
        let (outcome, shown) = outage(kind, Duration::from_secs(2), "");
        assert_eq!((outcome.as_str(), shown), ("applied", Vec::new()), "{kind:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_process_that_slept_while_its_connection_was_lost_comes_back_by_itself() {
    use rustix::process::{Pid, Signal, kill_process};
    use support::Loss;

    for loss in [Loss::Reset, Loss::Forgotten] {
        let (project, _agent, network) = behind_a_network(HASTY);
        let mut editor = support::rename::renaming(Client::helix_master(), &project);
        let connections = session(&mut editor)["connections"].as_u64();
        let server = Pid::from_raw(editor.server_id().try_into().unwrap()).unwrap();
        kill_process(server, Signal::STOP).unwrap();
        network.lose(loss);
        sleep(Duration::from_secs(1));
        kill_process(server, Signal::CONT).unwrap();
        let woken = Instant::now();
        loop {
            let session = session(&mut editor);
            if session["state"] == "warm" && session["connections"].as_u64() > connections {
                break;
            }
            assert!(woken.elapsed() < BACK_WITHIN, "it stayed {session}");
            sleep(PAUSE);
        }
        eprintln!("asleep, its connection lost ({loss:?}): back after {:.1?}", woken.elapsed());
        let turn = editor.begin_finish("src/station.rs", "load");
        editor.expect_outcome(&turn, "applied");
        assert_finished(&editor, &project, "");
        editor.finish();
    }
}
