//! The place that `--file F[:LINE[:COL]]` means.

use std::path::{Path, PathBuf};

use crate::workspace::{RelPath, Workspace};

/// A file of the workspace, and a line of it.
#[derive(Debug)]
pub struct Place {
    /// The file.
    pub path: RelPath,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Finds the place. A relative name is looked for in the workspace first, then in the current folder.
///
/// # Errors
/// What is wrong with it, as a clause to put after the option.
pub fn place(given: &str, workspace: &Workspace) -> Result<Place, String> {
    let (name, line) = split(given);
    let Some(found) = find(name, workspace) else { return Err(not_found(name, workspace)) };
    let full = found.canonicalize().map_err(|error| format!("{error}; give a file that can be read"))?;
    if full.is_dir() {
        return Err("this is a folder; give a file in it".into());
    }
    let path = workspace.rel(&full).ok_or_else(|| unreachable_by_path(&full, workspace.root()))?;
    // A file that no model may see is refused by the turn, with the rule.
    if let (Some(line), Ok(text)) = (line, workspace.read(&path)) {
        let lines = text.line_count().max(1);
        if line > lines {
            let noun = if lines == 1 { "line" } else { "lines" };
            return Err(format!("line {line} is past the end; {path} has {lines} {noun}"));
        }
    }
    Ok(Place { path, line })
}

/// Where something of this name is.
fn find(name: &str, workspace: &Workspace) -> Option<PathBuf> {
    let here = std::env::current_dir().ok().map(|folder| folder.join(name));
    std::iter::once(workspace.root().join(name)).chain(here).find(|path| path.exists())
}

/// Why a file has no path in the workspace.
fn unreachable_by_path(file: &Path, root: &Path) -> String {
    match file.starts_with(root) {
        true => "no model is given a name like this, which not every system has; give the file another".into(),
        false => {
            format!("it lies outside the workspace {}; give a file in it, or another --workspace", root.display())
        }
    }
}

fn not_found(name: &str, workspace: &Workspace) -> String {
    if let Some((file, rest)) = name.rsplit_once(':').filter(|(file, _)| find(file, workspace).is_some()) {
        return format!("{rest:?} is not a place in {file}; lines and columns are numbers from 1");
    }
    match Path::new(name).is_absolute() {
        true => "there is no such file".into(),
        false => format!("there is no such file in {} or in the current folder", workspace.root().display()),
    }
}

/// `F[:LINE[:COL]]`; a column changes nothing, since a request is about lines.
fn split(given: &str) -> (&str, Option<usize>) {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let Some((rest, last)) = given.rsplit_once(':') else { return (given, None) };
    let Some(last) = number(last) else { return (given, None) };
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line).is_some() => (file, number(line)),
        _ => (rest, Some(last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_with_or_without_line_and_column() {
        assert_eq!(split("src/a.rs"), ("src/a.rs", None));
        assert_eq!(split("src/a.rs:12"), ("src/a.rs", Some(12)));
        assert_eq!(split("src/a.rs:12:5"), ("src/a.rs", Some(12)));
        assert_eq!(split("odd:name.rs"), ("odd:name.rs", None));
        assert_eq!(split(r"C:\a.rs:3"), (r"C:\a.rs", Some(3)));
    }
}
