//! Our edits as the three clients apply them, each by its own rules: all come to the text that is meant. The rules of one
//! are held against the real editor.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod installed;
#[cfg(test)]
mod oracles;

use std::process::Command;

use installed::EDITORS;
use oracles::{Encoding, LineEnds, Texts, ask, clients, edits_as_json, file, seed};
use pilotlight::edit::minimal_changes;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Random cases for the real editor.
const CASES: usize = 2_000;

/// Two texts of lines that end alike.
fn pair(texts: &mut Texts) -> (String, String) {
    let ends = texts.one(&[LineEnds::Lf, LineEnds::CrLf]);
    let old = texts.text(ends);
    // Without a line end a text says nothing of the kind it has, and gets the plain ones.
    let ends = if old.contains('\n') { ends } else { LineEnds::Lf };
    let new = if texts.rng.u8(..4) == 0 { texts.text(ends) } else { texts.changed(&old, ends) };
    (old, new)
}

fn case(old: &str, new: &str, encoding: Encoding) -> Value {
    let edits = edits_as_json(old, &minimal_changes(old, new), encoding);
    json!({"text": old, "edits": edits, "encoding": encoding.name()})
}

proptest! {
    #[test]
    fn every_client_comes_to_the_text_that_is_meant(seed in any::<u64>()) {
        let mut texts = Texts::new(seed);
        let (old, new) = pair(&mut texts);
        for encoding in Encoding::ALL {
            let edits = &case(&old, &new, encoding)["edits"];
            let shuffled = clients::vscode(&old, edits, encoding, |order| texts.rng.shuffle(order));
            prop_assert_eq!(&shuffled, &new, "VS Code, {} with {}", old, edits);
            prop_assert_eq!(&clients::helix(&old, edits, encoding), &new, "Helix, {} with {}", old, edits);
            if clients::neovim_can(&old, &new) {
                prop_assert_eq!(&clients::neovim(&old, edits, encoding), &new, "Neovim, {} with {}", old, edits);
            }
        }
    }
}

#[test]
fn a_real_neovim_comes_to_the_text_that_is_meant() {
    let Some(installed) = EDITORS.find("oracle_clients", "nvim", &["NVIM"]) else { return };
    let mut texts = Texts::new(seed());
    let (mut cases, mut targets) = (Vec::new(), Vec::new());
    while cases.len() < CASES {
        let (old, new) = pair(&mut texts);
        if clients::neovim_can(&old, &new) {
            let encoding = texts.one(&Encoding::ALL);
            cases.push(case(&old, &new, encoding));
            targets.push(new);
        }
    }
    let mut neovim = Command::new(installed.path("NVIM"));
    neovim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"]).arg(file("nvim_edits.lua"));
    for ((case, target), answer) in cases.iter().zip(&targets).zip(ask(neovim, &cases)) {
        assert_eq!(&answer, target, "{case}");
    }
}
