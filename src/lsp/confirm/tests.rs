//! Every sensitive name, every way to change a file, every setting, every kind of client: always asked for first.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::agent::FileChange;
use crate::workspace::{ContextRules, Documents, ModelText, PositionEncoding, RelPath, Workspace};

/// One file for each name of the list (`safety.md` 1.4), and one at some depth.
const SENSITIVE: &[&str] = &[
    ".vscode/tasks.json",
    "deep/er/.vscode/settings.json",
    ".git/hooks/pre-commit",
    ".gitattributes",
    ".gitmodules",
    ".env",
    ".env.example",
    ".envrc",
    "package.json",
    "server.xml",
    "build.rs",
    "deep/er/build.rs",
    "web.config",
    "Cargo.toml",
    "a.code-workspace",
    "a.csproj",
    "a.fsproj",
    "a.vbproj",
    "a.vcxproj",
    "a.proj",
    "a.targets",
    "a.props",
    "a.gradle",
    "a.gradle.kts",
    "a.lock",
    "a-lock.yaml",
    "a-lock.json",
    "gradle.properties",
    "Gemfile",
    "settings.gradle.kts",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    ".helix/languages.toml",
    ".zed/settings.json",
    ".idea/workspace.xml",
    ".nvim.lua",
    ".exrc",
    ".claude/settings.json",
    ".codex/config.toml",
    ".cursor/mcp.json",
    ".mcp.json",
    "AGENTS.md",
    "CLAUDE.md",
    "Makefile",
    "a.mk",
    "CMakeLists.txt",
    "justfile",
    "Dockerfile",
    "Dockerfile.dev",
    "docker-compose.yml",
    ".husky/pre-commit",
    ".pre-commit-config.yaml",
    "setup.py",
    "conftest.py",
    "pyproject.toml",
    ".bashrc",
    ".zshrc",
    ".profile",
    ".gitconfig",
    ".gitignore",
    ".pilotlight.toml",
];

/// The name, and another spelling by which a forgiving file system opens the same file.
fn spellings(name: &str) -> [String; 2] {
    // The long s and the Kelvin sign fold to the plain letters.
    [name.to_owned(), name.to_uppercase().replace('S', "\u{17f}").replace('K', "\u{212a}")]
}

/// Every way to change a file, as the model's wish.
fn wishes(name: &str) -> Vec<(&'static str, FileChange)> {
    let (path, plain) = (RelPath::parse(name).unwrap(), RelPath::parse("plain.txt").unwrap());
    let (old, new) = (ModelText::from_raw("old\n"), ModelText::from_raw("new\n"));
    let change = |path: &RelPath, from: Option<&RelPath>, base: Option<&ModelText>, theirs: Option<&ModelText>| {
        FileChange { path: path.clone(), renamed_from: from.cloned(), base: base.cloned(), theirs: theirs.cloned() }
    };
    vec![
        ("modify", change(&path, None, Some(&old), Some(&new))),
        ("delete", change(&path, None, Some(&old), None)),
        ("rename from", change(&plain, Some(&path), Some(&old), Some(&old))),
        ("create", change(&path, None, None, Some(&new))),
        ("rename to", change(&path, Some(&plain), Some(&old), Some(&new))),
    ]
}

/// A workspace in which this wish can be granted.
fn workspace(folder: &Path, wish: &FileChange) -> Workspace {
    let source = wish.renamed_from.as_ref().or(wish.base.is_some().then_some(&wish.path));
    if let Some(source) = source {
        let file = folder.join(source.as_str());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "old\n").unwrap();
    }
    let rules = ContextRules { exclude: Vec::new(), max_file_bytes: 1 << 20 };
    Workspace::new(folder, Arc::new(Documents::new(PositionEncoding::Utf16)), rules).unwrap()
}

/// Clients that confirm by annotations, by a message, and not at all.
fn clients() -> [(Abilities, Way); 3] {
    let edit = json!({"documentChanges": true, "changeAnnotationSupport": {}});
    let client = |edit, window| {
        Abilities::read(&json!({"capabilities": {"workspace": {"workspaceEdit": edit}, "window": window}}))
    };
    [
        (client(edit, json!({"showMessage": {}})), Way::Annotations),
        (client(json!({"documentChanges": true}), json!({"showMessage": {}})), Way::Message),
        (client(json!({"documentChanges": true}), json!({})), Way::TwoSteps),
    ]
}

/// How a wish goes ahead for every setting and client; none if a rule forbids it altogether.
fn ways(wish: FileChange) -> Option<Vec<(Confirm, Way, Way)>> {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path(), &wish);
    let invoked = Some(wish.path.clone());
    let proposal = Proposal { turn: "t1".into(), title: "Do it".into(), invoked, files: vec![wish] };
    let plan = Plan::new(&workspace, &proposal).ok()?;
    assert_eq!(plan.files.len(), 1);
    let settings = [Confirm::Auto, Confirm::Always, Confirm::Never];
    let each = settings.into_iter().flat_map(|confirm| {
        clients().map(|(abilities, expected)| (confirm, way(&plan, &proposal, confirm, &abilities), expected))
    });
    Some(each.collect())
}

#[test]
fn whatever_is_done_to_a_sensitive_file_is_asked_for_first() {
    let mut asked = 0;
    for name in SENSITIVE.iter().flat_map(|name| spellings(name)) {
        for (wish, change) in wishes(&name) {
            // What no model may touch needs no question.
            for (confirm, way, expected) in ways(change).into_iter().flatten() {
                assert_eq!(way, expected, "{wish} {name} with confirm = {confirm}");
                asked += 1;
            }
        }
    }
    // All but `.git/` and `.env`: two spellings, five ways, three settings, three clients.
    assert_eq!(asked, (SENSITIVE.len() - 2) * 2 * 5 * 3 * 3);
}

#[test]
fn what_is_done_to_a_plain_file_is_asked_for_as_the_setting_says() {
    for (wish, change) in wishes("src/plain.rs") {
        for (confirm, way, by_asking) in ways(change).unwrap() {
            let asks = match (confirm, wish) {
                (Confirm::Always, _) | (_, "delete") => true,
                (Confirm::Auto, _) => wish != "modify",
                (Confirm::Never, _) => false,
            };
            assert_eq!(way, if asks { by_asking } else { Way::AtOnce }, "{wish} with confirm = {confirm}");
        }
    }
}
