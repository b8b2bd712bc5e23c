//! `diagnostics`: what language servers reported, stale reports marked as such.

use std::fmt::Write;

use serde::Deserialize;

use super::{Answer, Effect, View, arguments};
use crate::workspace::{RelPath, Reported};

/// Most text given at once.
const MAX_BYTES: usize = 32 * 1024;

#[derive(Deserialize)]
pub struct Arguments {
    #[serde(default, deserialize_with = "arguments::text")]
    path: Option<String>,
}

pub fn run(arguments: Arguments, view: &View) -> Result<Answer, String> {
    let files = match arguments.path {
        Some(path) => {
            let path = view.path(&path)?;
            let reported = view.diagnostics.of(&path);
            vec![(path, reported)]
        }
        None => view.diagnostics.all(),
    };
    let mut output = String::new();
    for (path, reported) in files {
        if reported.diagnostics.is_empty() || view.workspace.check(&path).is_err() {
            continue;
        }
        let _ = writeln!(output, "{path}{}", if is_stale(view, &path, &reported) { STALE } else { ":" });
        for diagnostic in view.workspace.diagnostics_in_words(&path, &reported.diagnostics) {
            if output.len() > MAX_BYTES {
                output.push_str("There are more; ask for one file.\n");
                return Ok(Answer { output, effect: Effect::Nothing });
            }
            let _ = writeln!(output, "{diagnostic}");
        }
    }
    if output.is_empty() {
        output.push_str("No diagnostics.");
    }
    Ok(Answer { output, effect: Effect::Nothing })
}

const STALE: &str = " (reported before the latest changes; places may be wrong):";

/// Whether the file changed since its diagnostics were reported, by the user or by this turn.
fn is_stale(view: &View, path: &RelPath, reported: &Reported) -> bool {
    let changed_by_turn = view.working.get(path).is_some_and(|text| text != view.working.base(path));
    let moved_on = match (reported.version, view.workspace.document(path)) {
        (Some(version), Some(document)) => version != document.version,
        _ => false,
    };
    changed_by_turn || moved_on
}
