//! A real Helix in a terminal, with the shipped `languages.toml`, against this build with its embedded agent.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;

use editors::{Scratch, run, script, shipped};
use installed::EDITORS;

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = EDITORS.find("editor_helix", "helix", &["HX", "HX_RUNTIME", "TMUX_PROGRAM"]) else {
        return;
    };
    let scratch = Scratch::new();
    let mut helix = scratch.command(script("helix_smoke.sh"));
    helix.arg(installed.path("HX")).arg(installed.path("HX_RUNTIME")).arg(scratch.path());
    helix.arg(shipped("helix/languages.toml"));
    run(helix);
}
