//! Any user file, workspace file, editor settings and environment: read or refused in a sentence; and whatever a workspace
//! or an editor says, it narrows. Endpoint, key, headers, proxy, certificates, commands and clocks stay as they were, and
//! what no model saw before, none sees after.
//!
//! An input is four parts, parted by lines `=====`: the user file, `.pilotlight.toml`, the editor's settings as JSON, and
//! variables, `NAME=VALUE` a line.

use std::fs;
use std::path::Path;

use pilotlight::config::{Config, Loaded, Sources, UserFile, load, narrow, narrow_from_editor, settings};
use pilotlight::workspace::{ContextRules, Policy, RelPath};

/// Paths of which some are excluded and some are not.
const PATHS: [&str; 7] = [".env", "a.rs", "src/a.rs", "src/deep/b.py", "target/x.rs", "!a.rs", "docs/a b.md"];

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let mut parts = split(data).into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (user, workspace, editor, variables) = (next(), next(), next(), next());
    let home = tempfile::tempdir().expect("a scratch folder");
    let (user_file, workspace_file) = (home.path().join("config.toml"), home.path().join(".pilotlight.toml"));
    fs::write(&user_file, user).expect("a user file");
    fs::write(&workspace_file, workspace).expect("a workspace file");
    let variables = String::from_utf8_lossy(variables);
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let env = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let sources = Sources { env, user_file: UserFile::Explicit(user_file), overrides: Vec::new() };
    let loaded = load(&sources).unwrap_or_else(|error| {
        let said = error.to_string();
        assert!(!said.trim().is_empty(), "an error says what is wrong");
        Loaded::default()
    });
    assert!(!settings(&loaded).is_empty());
    for consented in [false, true] {
        let narrowed = narrow(&loaded, &workspace_file, consented);
        is_narrower(&loaded, &narrowed, consented, home.path());
        assert_eq!(narrow(&narrowed, &workspace_file, consented).config, narrowed.config, "once is enough");
    }
    let settings = serde_json::from_slice(editor).unwrap_or_default();
    is_narrower(&loaded, &narrow_from_editor(&loaded, &settings), false, home.path());
}

fn split(data: &[u8]) -> Vec<&[u8]> {
    const LINE: &[u8] = b"=====\n";
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(LINE.len()).position(|window| window == LINE) {
        parts.push(&rest[..at]);
        rest = &rest[at + LINE.len()..];
    }
    parts.push(rest);
    parts
}

fn is_narrower(loaded: &Loaded, narrowed: &Loaded, consented: bool, root: &Path) {
    let (was, is) = (&loaded.config, &narrowed.config);
    assert_eq!(is.provider, was.provider, "a workspace chose where the work goes");
    assert_eq!(is.session, was.session);
    assert!(is.context.exclude.starts_with(&was.context.exclude), "{:?}", is.context.exclude);
    assert!(is.context.max_file_bytes <= was.context.max_file_bytes);
    assert!(is.context.max_delta_bytes <= was.context.max_delta_bytes);
    assert!(is.edit.confirm >= was.edit.confirm, "it asks less often");
    let (own, added) = is.actions.split_at_checked(was.actions.len()).expect("the user's actions stay");
    assert_eq!(own, was.actions);
    assert!(added.iter().all(|action| consented && action.from_workspace), "{added:?}");
    assert!(narrowed.warnings.starts_with(&loaded.warnings), "warnings stay");
    for (key, layers) in
        loaded.provenance.iter().filter(|(key, _)| key.starts_with("provider") || key.starts_with("session"))
    {
        assert_eq!(narrowed.provenance.layers(key), layers, "{key}");
    }
    shows_no_more(was, is, root);
}

/// What was kept from models before is kept from them after.
fn shows_no_more(was: &Config, is: &Config, root: &Path) {
    let policy = |config: &Config| {
        let exclude = config.context.exclude.clone();
        Policy::new(root, ContextRules { exclude, max_file_bytes: config.context.max_file_bytes })
    };
    let Ok(before) = policy(was) else { return };
    // A pattern that should hide something and cannot be read closes the folder: nothing is shown.
    let Ok(after) = policy(is) else { return };
    for path in PATHS.iter().filter_map(|path| RelPath::parse(path).ok()) {
        assert!(before.check(&path, false).is_ok() || after.check(&path, false).is_err(), "{path} is shown again");
    }
}
