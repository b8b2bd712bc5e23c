//! A real Helix in a terminal, with the shipped `languages.toml`, against this build with its embedded agent.

#[cfg(test)]
mod editors;

use editors::{Installed, Scratch, run, script, shipped};

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = Installed::find("editor_helix", "helix", &["HX", "HX_RUNTIME", "TMUX_PROGRAM"]) else {
        return;
    };
    let scratch = Scratch::new();
    let mut helix = scratch.command(script("helix_smoke.sh"));
    helix.arg(installed.path("HX")).arg(installed.path("HX_RUNTIME")).arg(scratch.path());
    helix.arg(shipped("helix/languages.toml"));
    run(helix);
}
