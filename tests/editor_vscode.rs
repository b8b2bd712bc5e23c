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
use std::sync::Mutex;

use editors::{Far, Scratch, run, script, search_path, shipped};
use installed::{EDITORS, Installed};

/// The extension is compiled into one folder, by one test at a time; two whole VS Codes at once are too much as well.
static TURN: Mutex<()> = Mutex::new(());

fn installed() -> Option<Installed> {
    let needed = ["NODE", "NPM", "CODE_SERVER", "PLAYWRIGHT", "CHROMIUM", "EXTENSION_MODULES"];
    EDITORS.find("editor_vscode", "vscode", &needed)
}

/// A VS Code with the extension as it is now, about to play one of the scenarios.
fn vscode(scratch: &Scratch, installed: &Installed, scenario: &str) -> Command {
    let mut build = scratch.command(installed.path("NPM"));
    build.args(["run", "compile"]).current_dir(shipped("vscode")).env("PATH", search_path(installed.path("NODE")));
    run(build);

    let mut vscode = scratch.command(installed.path("NODE"));
    vscode.arg(script("vscode_drive.js"));
    vscode.args(["CODE_SERVER", "PLAYWRIGHT", "CHROMIUM"].map(|name| installed.path(name)));
    vscode.arg(shipped("vscode")).arg(scratch.path()).arg(env!("CARGO_BIN_EXE_pilotlight")).arg(scenario);
    vscode
}

#[test]
fn a_rename_is_finished_in_every_document() {
    let Some(installed) = installed() else { return };
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let scratch = Scratch::new();
    run(vscode(&scratch, &installed, "smoke"));
}

#[test]
fn consent_is_asked_for_in_a_notification_and_what_was_chosen_goes_on() {
    let Some(installed) = installed() else { return };
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the provider");
    for answer in ["Not now", "Allow"] {
        let scratch = Scratch::new();
        let far = runtime.block_on(Far::start(&scratch));
        let mut vscode = vscode(&scratch, &installed, "consent");
        vscode.arg(answer);
        run(vscode);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}
