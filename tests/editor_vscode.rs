//! A real VS Code with the extension built from these sources, against this build with its embedded agent.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;

use editors::{Scratch, run, script, search_path, shipped};
use installed::EDITORS;

#[test]
fn a_rename_is_finished_in_every_document() {
    let needed = ["NODE", "NPM", "CODE_SERVER", "PLAYWRIGHT", "CHROMIUM", "EXTENSION_MODULES"];
    let Some(installed) = EDITORS.find("editor_vscode", "vscode", &needed) else { return };
    let scratch = Scratch::new();

    let mut build = scratch.command(installed.path("NPM"));
    build.args(["run", "compile"]).current_dir(shipped("vscode")).env("PATH", search_path(installed.path("NODE")));
    run(build);

    let mut vscode = scratch.command(installed.path("NODE"));
    vscode.arg(script("vscode_drive.js"));
    vscode.args(["CODE_SERVER", "PLAYWRIGHT", "CHROMIUM"].map(|name| installed.path(name)));
    vscode.arg(shipped("vscode")).arg(scratch.path()).arg(env!("CARGO_BIN_EXE_pilotlight"));
    run(vscode);
}
