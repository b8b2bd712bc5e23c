//! A real VS Code with the extension built from these sources, against this build with its embedded agent.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, Once, PoisonError};

use editors::{Scratch, run, script, search_path, shipped};
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

/// Plays a scenario of a driver in a VS Code of its own, with the extension as it is now.
fn play(driver: &str, scenario: Option<&str>) {
    let Some(installed) = installed() else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = Scratch::new();
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| run(npm(&scratch, &installed, "compile")));

    let mut vscode = scratch.command(installed.path("NODE"));
    vscode.env("PATH", search_path(installed.path("NODE"))).arg(script(driver));
    vscode.args(["CODE_SERVER", "PLAYWRIGHT", "CHROMIUM"].map(|name| installed.path(name)));
    vscode.arg(shipped("vscode")).arg(scratch.path()).arg(env!("CARGO_BIN_EXE_pilotlight")).args(scenario);
    // Which pictures there are, the scenarios say.
    if std::env::var_os("PILOTLIGHT_UPDATE_PICTURES").is_some_and(|set| set == "1") {
        vscode.env("PILOTLIGHT_UPDATE_PICTURES", pictures());
    }
    run(vscode);
}

/// Where the pictures of the READMEs are.
fn pictures() -> PathBuf {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    fs::create_dir_all(&pictures).expect("the pictures' folder");
    pictures
}

#[test]
fn a_rename_is_finished_in_every_document() {
    play("vscode_drive.js", None);
}

#[test]
fn a_days_work_beside_another_language_server() {
    play("vscode_play.js", Some("day"));
}

#[test]
fn a_key_goes_to_the_endpoint_it_was_given_for_and_a_slow_turn_is_cancelled_where_it_shows() {
    play("vscode_play.js", Some("provider"));
}

#[test]
fn whatever_is_wrong_with_the_server_is_told_once_and_with_a_way_on() {
    play("vscode_play.js", Some("failures"));
}

#[test]
fn the_package_brings_its_server_and_starts_it_only_in_a_trusted_folder() {
    play("vscode_play.js", Some("first_start"));
}

#[test]
fn the_parts_that_need_no_editor_hold() {
    let Some(installed) = installed() else { return };
    let scratch = Scratch::new();
    run(npm(&scratch, &installed, "test"));
}
