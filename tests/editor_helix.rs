//! A real Helix in a terminal, with the shipped configuration, against this build with its embedded agent: the version that
//! Debian stable has, and a newer one where it could be had.

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod remote;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use editors::{Far, Scratch, run, script, shipped};
use installed::{EDITORS, Installed};

/// The program and the runtime of a version, by their names among what is installed.
type Version = [&'static str; 2];

const STABLE: Version = ["HX", "HX_RUNTIME"];
/// Debian's testing suite moves: where it has none that starts, these tests pass over it, even where nothing else may skip.
const NEXT: Version = ["HX_NEXT", "HX_NEXT_RUNTIME"];

const SERVERS: [&str; 4] = ["RUFF", "CLANGD", "PYRIGHT_LANGSERVER", "TYPESCRIPT_LANGUAGE_SERVER"];

/// One of the scripts, about to drive a version of Helix.
fn helix(scratch: &Scratch, installed: &Installed, version: Version, name: &str) -> Command {
    let mut helix = scratch.command(script(name));
    helix.args(version.map(|name| installed.path(name))).arg(scratch.path()).arg(shipped("helix/languages.toml"));
    helix
}

/// The versions that are there; none if the stable one is not, or something else that is needed.
fn versions(others: &[&str]) -> Vec<(Version, Installed)> {
    let needed: Vec<&str> = STABLE.iter().chain(&["TMUX_PROGRAM"]).chain(others).copied().collect();
    let Some(stable) = EDITORS.find("editor_helix", "helix servers", &needed) else { return Vec::new() };
    let next = EDITORS.find_floating("editor_helix with a newer Helix", "helix", &NEXT);
    [(STABLE, Some(stable)), (NEXT, next)].into_iter().filter_map(|(version, all)| Some((version, all?))).collect()
}

fn stable() -> Option<Installed> {
    EDITORS.find("editor_helix", "helix", &["HX", "HX_RUNTIME", "TMUX_PROGRAM"])
}

#[test]
fn a_rename_is_finished_in_every_buffer() {
    for (version, installed) in versions(&[]) {
        let scratch = Scratch::new();
        run(helix(&scratch, &installed, version, "helix_smoke.sh"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_a_code_action_and_what_was_chosen_goes_on() {
    let Some(installed) = stable() else { return };
    for answer in ["none", "Allow"] {
        let scratch = Scratch::new();
        let far = Far::start(&scratch).await;
        let mut helix = helix(&scratch, &installed, STABLE, "helix_consent.sh");
        helix.arg(answer);
        run(helix);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}

#[test]
fn a_day_by_plain_code_actions_looks_like_the_readme() {
    let Some(installed) = stable() else { return };
    let scratch = Scratch::new();
    run(helix(&scratch, &installed, STABLE, "helix_day.sh"));
    let readme = fs::read_to_string(shipped("helix/README.md")).expect("the README");
    for name in ["helix-menu.txt", "helix-proposed.txt", "helix-choices.txt", "helix-diff.txt"] {
        let seen = without_emptiness(&fs::read_to_string(scratch.path().join("pictures").join(name)).expect(name));
        let kept = pictures().join(name);
        if std::env::var_os("PILOTLIGHT_UPDATE_PICTURES").is_some_and(|set| set == "1") {
            fs::create_dir_all(pictures()).expect("a folder for pictures");
            fs::write(&kept, &seen).expect("the picture is written");
        }
        assert_eq!(fs::read_to_string(&kept).expect("the picture"), seen, "PILOTLIGHT_UPDATE_PICTURES=1 renews {name}");
        assert!(
            readme.contains(&format!("```text\n{seen}```\n")),
            "editors/helix/README.md shows {name} as it is:\n{seen}"
        );
    }
}

#[test]
fn what_is_typed_while_a_turn_runs_stays_when_it_is_cancelled() {
    for (version, installed) in versions(&[]) {
        let scratch = Scratch::new();
        let mut helix = helix(&scratch, &installed, version, "helix_cancel.sh");
        helix.arg("slow");
        run(helix);
    }
}

#[test]
fn a_provider_that_fails_is_told_in_one_line() {
    let Some(installed) = stable() else { return };
    for (fault, told) in [("quota", "quota"), ("upgrade-401", "key")] {
        let scratch = Scratch::new();
        let mut helix = helix(&scratch, &installed, STABLE, "helix_cancel.sh");
        helix.args([fault, told]);
        run(helix);
    }
}

#[test]
fn keys_that_run_commands_do_what_the_readme_says() {
    let Some(installed) = EDITORS.find_floating("the keys of a newer Helix", "helix", &NEXT) else { return };
    let scratch = Scratch::new();
    run(helix(&scratch, &installed, NEXT, "helix_keys.sh"));
}

#[test]
fn every_language_keeps_its_own_servers() {
    for (version, installed) in versions(&[]) {
        let scratch = Scratch::new();
        let mut helix = scratch.command(script("helix_languages.sh"));
        helix.args(version.map(|name| installed.path(name))).arg(scratch.path());
        helix.arg(shipped("helix/all-languages.py"));
        if version == STABLE {
            helix.arg(shipped("helix/all-languages-25.01.toml"));
        }
        run(helix);
    }
}

#[test]
fn ruff_and_pyright_are_at_home_beside_it() {
    beside("python");
}

#[test]
fn clangd_is_at_home_beside_it() {
    beside("c");
}

#[test]
fn the_typescript_server_is_at_home_beside_it() {
    beside("typescript");
}

/// A fix beside other people's servers, which the script finds in its environment.
fn beside(language: &str) {
    for (version, installed) in versions(&SERVERS) {
        let scratch = Scratch::new();
        let mut helix = helix(&scratch, &installed, version, "helix_servers.sh");
        helix.envs(SERVERS.map(|name| (name, installed.path(name)))).arg(language);
        run(helix);
    }
}

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures")
}

/// A screen without the lines that are empty and tell nothing.
fn without_emptiness(screen: &str) -> String {
    screen.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect()
}
