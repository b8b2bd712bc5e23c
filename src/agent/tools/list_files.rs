//! `list_files`: one path a line below a line that counts them.

use serde::Deserialize;

use super::search::plural;
use super::{Answer, Effect, View, arguments};

const MAX_FILES: usize = 1000;

#[derive(Deserialize)]
pub struct Arguments {
    #[serde(default, deserialize_with = "arguments::text")]
    glob: Option<String>,
}

pub fn run(arguments: Arguments, view: &View) -> Result<Answer, String> {
    let overlay = view.working.overlay();
    let cancelled = || view.cancel.is_cancelled();
    let listing = view
        .workspace
        .files(arguments.glob.as_deref(), MAX_FILES, &overlay, &cancelled)
        .map_err(|error| error.to_string())?;
    let count = plural(listing.paths.len(), "file", "files");
    let header = if listing.truncated { format!("First {count}; there are more: narrow the glob") } else { count };
    let lines: Vec<String> = listing.paths.iter().map(|path| format!("\n{path}")).collect();
    Ok(Answer { output: format!("{header}{}", lines.concat()), effect: Effect::Nothing })
}
