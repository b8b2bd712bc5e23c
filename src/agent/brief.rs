//! The project brief: a few lines that tell a model what it has before it. Sent once per lineage.

use std::fmt::Write;

use crate::workspace::{RelPath, Workspace};

/// Entries named at most.
const MAX_ENTRIES: usize = 60;

/// Describes the project by its top level. Reads one folder, so it blocks.
pub fn brief(workspace: &Workspace) -> String {
    let mut entries: Vec<String> = std::fs::read_dir(workspace.root())
        .into_iter()
        .flatten()
        .filter_map(|entry| shown(workspace, &entry.ok()?))
        .collect();
    entries.sort();
    let more = entries.len().saturating_sub(MAX_ENTRIES);
    entries.truncate(MAX_ENTRIES);
    let mut text = format!("The project is `{}`. Its top level: {}", workspace.name(), entries.join(", "));
    if more > 0 {
        let _ = write!(text, ", and {more} more");
    }
    text.push('.');
    text
}

/// A top-level entry as it is named to the model, if the policy lets it through.
fn shown(workspace: &Workspace, entry: &std::fs::DirEntry) -> Option<String> {
    let path = RelPath::parse(entry.file_name().to_str()?).ok()?;
    let is_dir = entry.file_type().ok()?.is_dir();
    workspace.policy().check(&path, is_dir).ok()?;
    Some(if is_dir { format!("{path}/") } else { path.to_string() })
}
