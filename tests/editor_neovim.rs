//! A real Neovim with the shipped plugin, against this build with its embedded agent.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod remote;

use std::process::Command;

use editors::{Far, Scratch, run, script, shipped};
use installed::{EDITORS, Installed};

/// A Neovim without the user's configuration, about to run one of the scripts.
fn neovim(scratch: &Scratch, installed: &Installed, lua: &str) -> Command {
    let mut neovim = scratch.command(installed.path("NVIM"));
    neovim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"]).arg(script(lua));
    neovim
}

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = EDITORS.find("editor_neovim", "nvim", &["NVIM"]) else { return };
    let scratch = Scratch::new();
    let mut neovim = neovim(&scratch, &installed, "nvim_smoke.lua");
    neovim.arg(scratch.project()).arg(shipped("nvim"));
    run(neovim);
}

#[test]
fn selections_and_diagnostics_become_ranges() {
    let Some(installed) = EDITORS.find("editor_neovim", "nvim", &["NVIM"]) else { return };
    let scratch = Scratch::new();
    let mut neovim = neovim(&scratch, &installed, "nvim_ranges.lua");
    neovim.arg(shipped("nvim"));
    run(neovim);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_asked_for_in_a_choice_and_what_was_chosen_goes_on() {
    let Some(installed) = EDITORS.find("editor_neovim", "nvim", &["NVIM"]) else { return };
    for answer in ["Not now", "Allow"] {
        let scratch = Scratch::new();
        let far = Far::start(&scratch).await;
        let mut neovim = neovim(&scratch, &installed, "nvim_consent.lua");
        neovim.arg(scratch.project()).arg(shipped("nvim")).arg(answer);
        run(neovim);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}
