//! `search`: lines that match, as `PATH:LINE:TEXT` below a line that counts them.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Answer, Effect, View, arguments};
use crate::workspace::Query;

const DEFAULT_RESULTS: usize = 200;
const MAX_RESULTS: usize = 1000;
/// Most text given at once.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
pub struct Arguments {
    pub pattern: String,
    #[serde(default, deserialize_with = "arguments::text")]
    glob: Option<String>,
    #[serde(default, deserialize_with = "arguments::number")]
    max_results: Option<usize>,
}

pub fn run(arguments: Arguments, view: &View) -> Result<Answer, String> {
    let query = Query {
        pattern: arguments.pattern,
        glob: arguments.glob,
        max_results: arguments.max_results.unwrap_or(DEFAULT_RESULTS).clamp(1, MAX_RESULTS),
    };
    let found = view
        .workspace
        .search(&query, &view.working.overlay(), &|| view.cancel.is_cancelled())
        .map_err(|error| error.to_string())?;
    let mut lines = String::new();
    let mut files = BTreeSet::new();
    let mut shown = 0;
    for hit in &found.hits {
        let more = if hit.cut { "…" } else { "" };
        let line = format!("{}:{}:{}{more}\n", hit.path, hit.line, hit.text);
        if lines.len() + line.len() > MAX_BYTES {
            break;
        }
        lines.push_str(&line);
        files.insert(&hit.path);
        shown += 1;
    }
    let whole = !found.truncated && shown == found.hits.len();
    let (matches, in_files) = (plural(shown, "match", "matches"), plural(files.len(), "file", "files"));
    let header = match (shown, whole) {
        (0, true) => "No matches.".to_owned(),
        (_, true) => format!("{matches} in {in_files}"),
        _ => format!(
            "First {matches} in {in_files}; there are more: narrow the pattern or the glob, or raise max_results"
        ),
    };
    let unread: Vec<String> = found.unread.iter().map(|path| format!("\nNot searched: {path}")).collect();
    let output = format!("{header}\n{lines}{}", unread.concat());
    Ok(Answer { output: output.trim_end().to_owned(), effect: Effect::Nothing })
}

/// `1 match`, `2 matches`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
