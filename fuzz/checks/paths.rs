//! Any path and any ignore file: a path that is taken stays below the root, on every system; the policy and the list of
//! sensitive files answer the same for every spelling of a name that some file system takes for the same; and no ignore
//! file shows what is excluded without it.
//!
//! An input is a `.gitignore`, a line `=====`, and a path or URI a line.

use std::fs;
use std::path::{Component, Path};
use std::sync::Arc;

use pilotlight::workspace::{ContextRules, Documents, PositionEncoding, RelPath, Workspace, path_to_uri, uri_to_path};
use unicode_normalization::UnicodeNormalization;

/// Lines of an input that are looked at, and folders of a path whose ignore files are: more only take time.
const MAX_LINES: usize = 40;
const MAX_FOLDERS: usize = 20;
/// Longest name that disks take; about longer ones they answer in their own ways.
const LONGEST: usize = 255;

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (ignored, paths) = input.split_once("=====\n").unwrap_or(("", &input));
    let home = tempfile::tempdir().expect("a scratch folder");
    let (plain, strict) = (home.path().join("plain"), home.path().join("strict"));
    for root in [&plain, &strict] {
        fs::create_dir(root).expect("a folder");
    }
    fs::write(strict.join(".gitignore"), ignored).expect("an ignore file");
    let (plain, strict) = (workspace(&plain), workspace(&strict));
    for line in paths.lines().take(MAX_LINES) {
        uri(&plain, line);
        let Ok(path) = RelPath::parse(line) else { continue };
        below(&plain, &path);
        if path.components().count() > MAX_FOLDERS {
            continue;
        }
        let shown = strict.policy().check(&path, false).is_ok();
        assert!(!shown || plain.policy().check(&path, false).is_ok(), "an ignore file shows {line:?}");
        let spellings = spellings(path.as_str());
        let is_short = |spelling: &&String| spelling.split('/').all(|name| name.len() <= LONGEST);
        for spelling in spellings.iter().filter(is_short).filter_map(|spelling| RelPath::parse(spelling).ok()) {
            assert_eq!(strict.policy().check(&spelling, false).is_ok(), shown, "{path:?} and {spelling:?}");
            assert_eq!(plain.is_sensitive(&spelling), plain.is_sensitive(&path), "{path:?} and {spelling:?}");
        }
    }
}

fn workspace(root: &Path) -> Workspace {
    let documents = Arc::new(Documents::new(PositionEncoding::Utf16));
    Workspace::new(root, documents, ContextRules::default()).expect("a workspace")
}

/// A path that was taken names something below the root, whoever reads it.
fn below(workspace: &Workspace, path: &RelPath) {
    let text = path.as_str();
    assert_eq!(RelPath::parse(text).as_ref(), Ok(path), "taken once, taken again");
    assert!(!text.contains(['\\', ':', '\0', '\n']) && !text.starts_with(['/', '~']), "{text:?}");
    assert!(text.split('/').all(|name| !name.is_empty() && !name.ends_with(['.', ' '])), "{text:?}");
    let full = workspace.abs(path);
    let rest = full.strip_prefix(workspace.abs(&RelPath::parse("x").expect("a path")).parent().expect("the root"));
    let rest = rest.unwrap_or_else(|_| panic!("{} is not below the root", full.display()));
    assert!(rest.components().all(|part| matches!(part, Component::Normal(_))), "{}", rest.display());
    assert_eq!(rest.components().count(), path.components().count());
    assert_eq!(uri_to_path(&path_to_uri(&full)).as_deref(), Some(full.as_path()), "there and back");
    assert_eq!(workspace.rel_of_uri(&workspace.uri(path)).as_ref(), Some(path), "there and back");
}

/// A URI of an editor, if it names a file of the workspace, names one below its root.
fn uri(workspace: &Workspace, line: &str) {
    let root = path_to_uri(workspace.root());
    for uri in [line, &format!("{root}/{line}"), &format!("file://{line}")] {
        if let Some(path) = workspace.rel_of_uri(uri) {
            below(workspace, &path);
        }
    }
}

/// How else some file system lets the name be written.
fn spellings(path: &str) -> [String; 5] {
    let between: String = path.chars().flat_map(|c| [c, '\u{200c}']).collect();
    [path.to_uppercase(), path.to_lowercase(), path.nfc().collect(), path.nfd().collect(), between]
}
