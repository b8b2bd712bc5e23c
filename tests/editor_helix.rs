//! A real Helix in a terminal, with the shipped `languages.toml`, against this build with its embedded agent.

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

/// One of the scripts, about to drive Helix.
fn helix(scratch: &Scratch, installed: &Installed, name: &str) -> Command {
    let mut helix = scratch.command(script(name));
    helix.arg(installed.path("HX")).arg(installed.path("HX_RUNTIME")).arg(scratch.path());
    helix.arg(shipped("helix/languages.toml"));
    helix
}

fn installed() -> Option<Installed> {
    EDITORS.find("editor_helix", "helix", &["HX", "HX_RUNTIME", "TMUX_PROGRAM"])
}

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = installed() else { return };
    let scratch = Scratch::new();
    run(helix(&scratch, &installed, "helix_smoke.sh"));
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_a_code_action_and_what_was_chosen_goes_on() {
    let Some(installed) = installed() else { return };
    for answer in ["none", "Allow"] {
        let scratch = Scratch::new();
        let far = Far::start(&scratch).await;
        let mut helix = helix(&scratch, &installed, "helix_consent.sh");
        helix.arg(answer);
        run(helix);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}
