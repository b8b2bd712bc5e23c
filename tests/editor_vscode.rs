//! A real VS Code with the extension built from these sources, against this build with its embedded agent.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod remote;

use std::process::Command;
use std::sync::{Mutex, Once, PoisonError};

use editors::{Far, Scratch, pictures_to_update, run, script, search_path, shipped};
use installed::{EDITORS, Installed};

/// The extension is compiled into one folder, by one test at a time; two whole VS Codes at once are too much as well.
static TURN: Mutex<()> = Mutex::new(());

fn installed() -> Option<Installed> {
    let needed = ["NODE", "NPM", "CODE_SERVER", "PLAYWRIGHT", "CHROMIUM", "EXTENSION_MODULES"];
    EDITORS.find("editor_vscode", "vscode", &needed)
}

/// One of the extension's own scripts.
fn npm(scratch: &Scratch, installed: &Installed, name: &str) -> Command {
    let mut npm = scratch.command(installed.path("NPM"));
    npm.args(["run", name]).current_dir(shipped("vscode")).env("PATH", search_path(installed.path("NODE")));
    npm
}

/// Plays a scenario in a VS Code of its own, with the extension as it is now.
fn play(scenario: &str) {
    if let Some(installed) = installed() {
        play_in(&Scratch::new(), &installed, &[scenario]);
    }
}

fn play_in(scratch: &Scratch, installed: &Installed, scenario: &[&str]) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| run(npm(scratch, installed, "compile")));

    let mut vscode = scratch.command(installed.path("NODE"));
    vscode.env("PATH", search_path(installed.path("NODE"))).arg(script("vscode_play.js"));
    vscode.args(["CODE_SERVER", "PLAYWRIGHT", "CHROMIUM"].map(|name| installed.path(name)));
    vscode.arg(shipped("vscode")).arg(scratch.path()).arg(env!("CARGO_BIN_EXE_pilotlight")).args(scenario);
    // Which pictures there are, the scenarios say.
    if let Some(folder) = pictures_to_update() {
        vscode.env("PILOTLIGHT_UPDATE_PICTURES", folder);
    }
    run(vscode);
}

#[test]
fn a_rename_is_finished_in_every_document() {
    play("rename");
}

#[test]
fn a_days_work_beside_another_language_server() {
    play("day");
}

#[test]
fn a_key_goes_to_the_endpoint_it_was_given_for_and_a_slow_turn_is_cancelled_where_it_shows() {
    play("provider");
}

#[test]
fn whatever_is_wrong_with_the_server_is_told_once_and_with_a_way_on() {
    play("failures");
}

#[test]
fn the_package_brings_its_server_and_starts_it_only_in_a_trusted_folder() {
    play("first_start");
}

#[test]
fn consent_is_asked_for_in_a_notification_and_what_was_chosen_goes_on() {
    let Some(installed) = installed() else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the provider");
    for answer in ["Not now", "Allow"] {
        let scratch = Scratch::new();
        let far = runtime.block_on(Far::start(&scratch));
        play_in(&scratch, &installed, &["consent", answer]);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}

#[test]
fn the_parts_that_need_no_editor_hold() {
    let Some(installed) = installed() else { return };
    run(npm(&Scratch::new(), &installed, "test"));
}
