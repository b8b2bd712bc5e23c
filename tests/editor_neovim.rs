//! A real Neovim with the shipped plugin, against this build with its embedded agent.

#[cfg(test)]
mod editors;

use editors::{Installed, Scratch, run, script, shipped};

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = Installed::find("editor_neovim", "nvim", &["NVIM"]) else { return };
    let scratch = Scratch::new();
    let mut neovim = scratch.command(installed.path("NVIM"));
    neovim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"]);
    neovim.arg(script("nvim_smoke.lua")).arg(scratch.project()).arg(shipped("nvim"));
    run(neovim);
}
