//! A real Neovim with the shipped plugin, against this build with its embedded agent or a scripted model. Every script is run
//! in each Neovim that is installed.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod editors;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod remote;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use editors::{Far, Scratch, Terminal, picture, run, script, shipped};
use installed::{EDITORS, Installed};
use provider::{Call, Provider, Reply, Step, Upgrade};
use tokio::sync::Notify;

/// What is there to test with; all of these names, or nothing.
fn installed(names: &[&str]) -> Option<Installed> {
    EDITORS.find("editor_neovim", "nvim", names)
}

/// The Neovim that is pinned and, where there is one, a newer one.
fn neovims(installed: &Installed) -> Vec<PathBuf> {
    let next = EDITORS.find_floating("editor_neovim with a newer Neovim", "nvim", &["NVIM_NEXT"]);
    let next = next.map(|next| next.path("NVIM_NEXT").to_owned());
    [Some(installed.path("NVIM").to_owned()), next].into_iter().flatten().collect()
}

/// Runs one of the scripts, each time in a project of its own, in a Neovim without the user's configuration. Arguments are
/// the project, the plugin and `more`.
fn drive(installed: &Installed, lua: &str, more: &[&OsStr]) {
    for program in neovims(installed) {
        let scratch = Scratch::new();
        let mut neovim = headless(&scratch, &program, lua);
        neovim.args(more);
        run(neovim);
    }
}

fn headless(scratch: &Scratch, program: &Path, lua: &str) -> Command {
    let mut neovim = scratch.command(program);
    neovim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"]).arg(script(lua));
    neovim.arg(scratch.project()).arg(shipped("nvim"));
    neovim
}

/// Writes the user's configuration: a provider on this machine.
fn configure(scratch: &Scratch, provider: &Provider) {
    let folder = scratch.path().join("config/pilotlight");
    fs::create_dir_all(&folder).expect("a folder for the configuration");
    let settings = format!("[provider]\nbase_url = \"{}\"\n", provider.base_url());
    fs::write(folder.join("config.toml"), settings).expect("a configuration");
}

#[test]
fn a_rename_is_finished_in_every_buffer() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    drive(&installed, "nvim_smoke.lua", &[]);
}

#[test]
fn selections_and_diagnostics_become_ranges() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    drive(&installed, "nvim_ranges.lua", &[]);
}

#[test]
fn a_change_is_read_applied_undone_or_discarded_and_windows_cursors_marks_and_folds_stay() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    drive(&installed, "nvim_windows.lua", &[]);
}

#[test]
fn what_other_servers_report_is_fixed_by_the_stock_keys() {
    let Some(installed) = installed(&["NVIM", "RUFF", "NODE", "BASEDPYRIGHT"]) else { return };
    let servers = ["RUFF", "NODE", "BASEDPYRIGHT"].map(|name| installed.path(name).as_os_str());
    drive(&installed, "nvim_servers.lua", &servers);
}

#[test]
fn the_plugin_can_be_loaded_in_every_way_and_says_what_stands_in_its_way() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    for way in [
        "as a package that starts",
        "as a package that is added",
        "the server first and the plugin later",
        "the configuration alone",
        "files without a project, and several projects",
        "stopped and started",
        "without the program",
        "with a configuration that cannot be used",
        "checked and documented",
    ] {
        drive(&installed, "nvim_loading.lua", &[OsStr::new(way)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_told_once_with_what_to_do() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    let (scratch, provider) = (Scratch::new(), Provider::start().await);
    provider.upgrade_with(|| Upgrade::Refuse(401));
    configure(&scratch, &provider);
    let mut neovim = headless(&scratch, installed.path("NVIM"), "nvim_loading.lua");
    neovim.arg("with a key that the provider refuses");
    run(neovim);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_asked_for_in_a_choice_and_what_was_chosen_goes_on() {
    let Some(installed) = installed(&["NVIM"]) else { return };
    for answer in ["Not now", "Allow"] {
        let scratch = Scratch::new();
        let far = Far::start(&scratch).await;
        let mut neovim = headless(&scratch, installed.path("NVIM"), "nvim_consent.lua");
        neovim.arg(answer);
        run(neovim);
        assert_eq!(far.was_dialled(), answer == "Allow", "{answer}");
    }
}

#[test]
fn the_plugin_and_its_scripts_pass_luacheck() {
    let Some(installed) = installed(&["LUACHECK"]) else { return };
    let scratch = Scratch::new();
    let mut luacheck = scratch.command(installed.path("LUACHECK"));
    luacheck.args(["--no-color", "--std", "luajit", "--globals", "vim", "--no-max-line-length", "--"]);
    luacheck.arg(shipped("nvim")).arg(script("."));
    run(luacheck);
}

// ---- by the screen ----------------------------------------------------------------------------------------------

const TERMINAL: [&str; 2] = ["NVIM", "TMUX_PROGRAM"];

/// A Neovim set up as the README says, in a terminal, with the sample's definition open and the session warm.
fn in_terminal(installed: &Installed, scratch: &Scratch) -> Terminal {
    let mut neovim = scratch.command(installed.path("NVIM"));
    neovim.arg("--cmd").arg(format!("set runtimepath^={}", shipped("nvim").display()));
    neovim.arg("-u").arg(script("nvim_user.lua")).args(["-i", "NONE", "-n", "src/price.rs"]);
    let terminal = Terminal::start(installed.path("TMUX_PROGRAM"), scratch, &neovim, (100, 26));
    terminal.shows("🔥 warm");
    terminal
}

/// The user types another name where the function is defined.
fn rename(terminal: &Terminal) {
    terminal.keys(["/total_price", "Enter"]);
    terminal.keys(["ceorder_total", "Escape"]);
    terminal.shows("fn order_total");
}

/// A model on this machine that stops in the middle of its first answer until it is told to go on.
async fn halting(scratch: &Scratch, reply: Reply, at: usize) -> (Provider, Arc<Notify>) {
    let (provider, go_on) = (Provider::start().await, Arc::new(Notify::new()));
    let done = Reply::text("Done.");
    let halted = reply.with(at, Step::Until(go_on.clone()));
    provider.answer_with({
        let mut replies = [halted, done].into_iter();
        move |_| replies.next().expect("no more than two rounds")
    });
    configure(scratch, &provider);
    (provider, go_on)
}

fn readme() -> PathBuf {
    shipped("nvim/README.md")
}

#[test]
fn the_screen_shows_the_actions_then_the_change_beside_the_question() {
    let Some(installed) = installed(&TERMINAL) else { return };
    let scratch = Scratch::new();
    let terminal = in_terminal(&installed, &scratch);
    rename(&terminal);
    terminal.keys(["gra"]);
    let actions = terminal.shows("(q or empty cancels):");
    assert!(actions.contains("1: Finish this change across the workspace"), "{actions}");
    terminal.keys(["1", "Enter"]);
    let question =
        terminal.wait("the question", |screen| screen.contains("1: Apply") && screen.contains("(q or empty cancels):"));
    picture("neovim-question.txt", &question, &readme());
    terminal.keys(["1", "Enter"]);
    terminal.wait("the preview to close", |screen| !screen.contains("What would change") && screen.contains("🔥 warm"));
    terminal.keys([":edit src/report.rs", "Enter"]);
    terminal.shows("use crate::price::order_total;");
    terminal.keys(["u"]);
    terminal.shows("use crate::price::total_price;");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_never_takes_the_keys_that_are_typed() {
    let Some(installed) = installed(&TERMINAL) else { return };
    let scratch = Scratch::new();
    let both = "*** Update File: src/main.rs\n@@\n-mod price;\n+pub mod price;\n\
                *** Update File: src/report.rs\n@@\n-use crate::price::total_price;\n+use crate::price;\n";
    let (_provider, go_on) = halting(&scratch, Reply::calls([Call::patch(both)]), 1).await;
    let terminal = in_terminal(&installed, &scratch);
    terminal.keys([":Pilotlight edit make it public", "Enter"]);
    terminal.shows("🔥… ");
    terminal.keys(["Go// one "]);
    go_on.notify_one();
    terminal.shows("waiting for you");
    let screen = terminal.shows("What would change");
    assert!(!screen.contains("1: Apply"), "it asks at once:\n{screen}");
    terminal.keys(["1", "Enter", "// two"]);
    terminal.shows("// two");
    terminal.keys(["Escape"]);
    let screen = terminal.shows("1: Apply");
    assert!(screen.contains("// one 1"), "a key was lost:\n{screen}");
    terminal.keys(["1", "Enter"]);
    terminal.wait("the preview to close", |screen| !screen.contains("What would change"));
    terminal.keys([":edit src/main.rs", "Enter"]);
    terminal.shows("pub mod price;");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_while_it_comes_and_leads_to_the_places_it_names() {
    let Some(installed) = installed(&TERMINAL) else { return };
    let scratch = Scratch::new();
    let words = "# Where prices are added up\n\nOnly `src/report.rs:5` calls it on the way to the screen.\n\n\
                 The sum itself is made in `src/price.rs:3`:\n\n```rust\ncount * each\n```\n";
    let (_provider, go_on) = halting(&scratch, Reply::text(words), 2).await;
    let terminal = in_terminal(&installed, &scratch);
    terminal.keys([":Pilotlight ask where are prices added up?", "Enter"]);
    let begun = terminal.shows("# Where prices are added up");
    assert!(!begun.contains("The sum itself"), "{begun}");
    go_on.notify_one();
    let answer =
        terminal.wait("the answer", |screen| screen.contains("count * each\n```") && screen.contains("🔥 warm"));
    picture("neovim-answer.txt", &answer, &readme());
    terminal.keys(["C-w", "j"]);
    terminal.keys(["/report", "Enter"]);
    terminal.wait("the place that is named", |screen| {
        // It can be gone to a moment after it can be read.
        terminal.keys(["Enter"]);
        screen.contains("pub fn line")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_turn_changes_nothing() {
    let Some(installed) = installed(&TERMINAL) else { return };
    let scratch = Scratch::new();
    let patch = "*** Update File: src/price.rs\n@@\n-    count * each\n+    each * count\n";
    let (_provider, _go_on) = halting(&scratch, Reply::calls([Call::patch(patch)]), 1).await;
    let terminal = in_terminal(&installed, &scratch);
    terminal.keys([":Pilotlight simplify", "Enter"]);
    terminal.shows("🔥… ");
    terminal.keys([":Pilotlight cancel", "Enter"]);
    let screen = terminal.shows("🔥 warm");
    assert!(screen.contains("count * each"), "{screen}");
}
