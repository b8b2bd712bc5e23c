//! The project brief: a few lines that tell a model what it has before it. Sent once per lineage.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use super::prompts;
use crate::workspace::{Language, Overlay, RelPath, Workspace};

/// Files looked at, at most, and for how long; of a larger project the brief tells what was seen.
const MAX_FILES: usize = 20_000;
const MAX_TIME: Duration = Duration::from_millis(200);
/// Languages named.
const MAX_LANGUAGES: usize = 6;
/// Bytes of the layout.
const MAX_LAYOUT: usize = 1500;

/// Describes the project: its languages, and its folders as far as they fit. Walks the disk, so it blocks.
pub fn brief(workspace: &Workspace) -> String {
    let begun = Instant::now();
    let overlay = Overlay::new();
    // Nothing but a pattern can be wrong here, and there is none.
    let listing = workspace.files(None, MAX_FILES, &overlay, &|| begun.elapsed() > MAX_TIME).unwrap_or_default();
    let languages = match languages(&listing.paths) {
        text if text.is_empty() => text,
        text => format!(": {text}"),
    };
    // A walk that was cut has not seen every folder, so the top level is asked for by itself.
    let folders = Folders::new(&listing.paths, if listing.truncated { top_level(workspace) } else { Vec::new() });
    let gaps = [("name", workspace.name()), ("languages", &languages), ("layout", &folders.render())];
    prompts::filled(prompts::BRIEF, &gaps)
}

/// `Rust 120 files, Markdown 12`, by number.
fn languages(paths: &[RelPath]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for language in paths.iter().filter_map(Language::of_file) {
        *counts.entry(language.name).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = counts.iter().take(MAX_LANGUAGES).map(|(name, count)| format!("{name} ({count})"));
    named.collect::<Vec<_>>().join(", ")
}

/// The folders of the top level that the policy lets through.
fn top_level(workspace: &Workspace) -> Vec<String> {
    let folder = |entry: std::fs::DirEntry| {
        let path = RelPath::parse(entry.file_name().to_str()?).ok()?;
        let is_seen = entry.file_type().ok()?.is_dir() && workspace.policy().check(&path, true).is_ok();
        is_seen.then(|| path.to_string())
    };
    std::fs::read_dir(workspace.root()).into_iter().flatten().filter_map(|entry| folder(entry.ok()?)).collect()
}

/// The folders of a project, with how many files lie below each.
struct Folders {
    /// By path; the parents of every folder are there too.
    counts: BTreeMap<String, usize>,
    /// Names of the files at the root.
    loose: Vec<String>,
}

impl Folders {
    fn new(files: &[RelPath], top_level: Vec<String>) -> Folders {
        let mut folders = Folders { counts: top_level.into_iter().map(|path| (path, 0)).collect(), loose: Vec::new() };
        for file in files {
            let path = file.as_str();
            if !path.contains('/') {
                folders.loose.push(path.to_owned());
            }
            for (end, _) in path.match_indices('/') {
                *folders.counts.entry(path[..end].to_owned()).or_default() += 1;
            }
        }
        folders
    }

    /// As many levels as fit, the outermost first; the names of the files at the root come last.
    fn render(&self) -> String {
        let deepest = self.counts.keys().map(|path| depth(path)).max().unwrap_or_default();
        let layouts = (1..=deepest).map(|levels| self.levels(levels));
        let fitting = layouts.take_while(|layout| layout.len() <= MAX_LAYOUT).last();
        let mut text = fitting.unwrap_or_else(|| cut(&self.levels(1)));
        let loose = self.loose.join(" ");
        if text.len() + loose.len() < MAX_LAYOUT && !loose.is_empty() {
            let _ = write!(text, "\n{loose}");
        }
        text
    }

    /// One line a folder: `src/ (12)`, indented by its depth.
    fn levels(&self, levels: usize) -> String {
        let mut text = String::new();
        for (path, count) in self.counts.iter().filter(|(path, _)| depth(path) <= levels) {
            let name = path.rsplit('/').next().unwrap_or(path);
            let _ = write!(text, "\n{}{name}/", "  ".repeat(depth(path) - 1));
            if *count > 0 {
                let _ = write!(text, " ({count})");
            }
        }
        text
    }
}

fn depth(path: &str) -> usize {
    path.matches('/').count() + 1
}

/// The lines that fit, and how many more there are.
fn cut(layout: &str) -> String {
    let mut text = String::new();
    for (number, line) in layout.split_inclusive('\n').enumerate() {
        if text.len() + line.len() > MAX_LAYOUT {
            let _ = write!(text, "and {} more", layout.lines().count() - number);
            break;
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(files: &[&str]) -> Folders {
        let paths: Vec<RelPath> = files.iter().map(|file| RelPath::parse(file).unwrap()).collect();
        Folders::new(&paths, Vec::new())
    }

    #[test]
    fn folders_are_listed_with_what_lies_below_them() {
        let layout = folders(&["Cargo.toml", "src/a.rs", "src/deep/b.rs", "tests/c.rs"]).render();
        assert_eq!(layout, "\nsrc/ (2)\n  deep/ (1)\ntests/ (1)\nCargo.toml");
    }

    #[test]
    fn only_as_many_levels_as_fit_are_shown() {
        let many: Vec<String> = (0..200).map(|n| format!("src/folder_{n:03}/file")).collect();
        let layout = folders(&many.iter().map(String::as_str).collect::<Vec<_>>()).render();
        assert_eq!(layout, "\nsrc/ (200)");
        let wide: Vec<String> = (0..200).map(|n| format!("folder_{n:03}/file")).collect();
        let layout = folders(&wide.iter().map(String::as_str).collect::<Vec<_>>()).render();
        assert!(layout.len() < MAX_LAYOUT + 20 && layout.contains("and "), "{layout}");
    }
}
