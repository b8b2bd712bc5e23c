//! The layers a workspace controls. They may only narrow: an allowlist, four kinds of keys, each with its own rule.
//! Nothing here can name an endpoint, a key, a command or a timeout, and nothing here can stop the server: whatever is
//! not taken becomes a warning.

use std::io::Read;
use std::path::Path;

use serde_json::Value as Json;

use super::Loaded;
use super::error::ConfigError;
use super::input::{Entry, Input, Value, parse_document};
use super::keys::{ACTION, CONFIRM, EXCLUDE, MAX_DELTA_BYTES, MAX_FILE_BYTES};
use super::load::{Given, find_keys};
use super::provenance::{Layer, Place, Warning};
use super::reading;
use super::settings::Config;

/// The name of a workspace's file.
pub const WORKSPACE_FILE: &str = ".pilotlight.toml";
/// Settings that editors send along although they are for the extension that started us.
const EXTENSION_SETTINGS: &[&str] = &["server", "trace"];
/// Largest workspace file that is read.
const MAX_WORKSPACE_FILE_BYTES: u64 = 256 * 1024;

/// Narrows the user's configuration by a workspace's file. A file that is absent changes nothing; one that is broken,
/// by its syntax or by one bad value, is ignored as a whole. `consented`: the user trusts this workspace, so its
/// custom actions count. New warnings follow those that were there.
pub fn narrow(loaded: &Loaded, workspace_file: &Path, consented: bool) -> Loaded {
    let layer = Layer::Workspace(workspace_file.to_owned());
    let ignored = |line, reason: String| {
        let place = Place { layer: layer.clone(), line };
        unchanged(loaded, vec![Warning { place, key: None, reason: format!("the whole file is ignored: {reason}") }])
    };
    let text = match read_workspace_file(workspace_file) {
        Ok(Some(text)) => text,
        Ok(None) => return unchanged(loaded, Vec::new()),
        Err(reason) => return ignored(None, reason),
    };
    match parse_document(&text) {
        Ok(entries) => {
            narrow_by(loaded, entries, &layer, if consented { Actions::Allowed } else { Actions::NoConsent })
        }
        Err(error) => ignored(error.line, format!("not valid TOML: {}", error.message)),
    }
}

/// Narrows the user's configuration by what the editor sent: `initializationOptions`, or its answer to
/// `workspace/configuration`, in the shape of the user file or with that below a `pilotlight` member. Editors merge
/// settings files of the workspace into these, so the same rules hold, and custom actions are never taken.
/// New warnings follow those that were there.
pub fn narrow_from_editor(loaded: &Loaded, settings: &Json) -> Loaded {
    let settings = settings.get("pilotlight").unwrap_or(settings);
    let place = Place { layer: Layer::Editor, line: None };
    match Input::from_json(settings).map(|input| input.value) {
        None => unchanged(loaded, Vec::new()),
        Some(Value::Table(mut entries)) => {
            entries.retain(|entry| !EXTENSION_SETTINGS.contains(&entry.key.as_str()));
            narrow_by(loaded, entries, &Layer::Editor, Actions::NotHere)
        }
        // How Lua clients write an empty table.
        Some(Value::List(items)) if items.is_empty() => unchanged(loaded, Vec::new()),
        Some(other) => {
            let reason = format!("ignored: expected an object, found {}", other.type_name());
            unchanged(loaded, vec![Warning { place, key: None, reason }])
        }
    }
}

/// What becomes of custom actions.
#[derive(Clone, Copy)]
enum Actions {
    Allowed,
    NoConsent,
    NotHere,
}

fn unchanged(loaded: &Loaded, warnings: Vec<Warning>) -> Loaded {
    let mut unchanged = loaded.clone();
    unchanged.warnings.extend(warnings);
    unchanged
}

/// `Ok(None)` where there is no such file. Anything but a regular file of modest size is refused: a pipe would block,
/// a device never end.
fn read_workspace_file(path: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if !metadata.is_file() => return Err("it is not a regular file".to_owned()),
        Ok(_) => {}
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_WORKSPACE_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_WORKSPACE_FILE_BYTES {
        return Err(format!("it is larger than {MAX_WORKSPACE_FILE_BYTES} bytes"));
    }
    Ok(Some(text))
}

/// Applies what may be applied. A value that is wrong in itself makes the whole layer void: what its author meant is
/// then unknown.
fn narrow_by(loaded: &Loaded, entries: Vec<Entry>, layer: &Layer, actions: Actions) -> Loaded {
    let mut narrowed = loaded.clone();
    let mut is_broken = false;
    for found in find_keys(entries, layer) {
        let result = found.and_then(|given| narrow_one(&mut narrowed, given, actions));
        if let Err(error) = result {
            is_broken |= matches!(error, ConfigError::Value { .. });
            narrowed.warnings.extend(as_warning(error));
        }
    }
    if is_broken {
        let reason = "none of its settings are taken until this is corrected".to_owned();
        let place = Place { layer: layer.clone(), line: None };
        narrowed.warnings.push(Warning { place, key: None, reason });
        narrowed = Loaded { warnings: narrowed.warnings, ..loaded.clone() };
    }
    narrowed
}

/// The errors that finding and reading a key can give.
fn as_warning(error: ConfigError) -> Option<Warning> {
    match error {
        ConfigError::UnknownKey { place, key, nearest } => {
            let reason = format!("ignored: unknown key; the nearest valid key is {nearest}");
            Some(Warning { place, key: Some(key), reason })
        }
        ConfigError::Value { place, key, reason } => Some(Warning { place, key: Some(key), reason }),
        _ => None,
    }
}

/// The allowlist.
fn narrow_one(narrowed: &mut Loaded, Given { key, input, place }: Given, actions: Actions) -> Result<(), ConfigError> {
    let rule: fn(&mut Loaded, Config, &Place) = match (key.path, actions) {
        (EXCLUDE, _) => add_excludes,
        (MAX_FILE_BYTES, _) => lower_max_file_bytes,
        (MAX_DELTA_BYTES, _) => lower_max_delta_bytes,
        (CONFIRM, _) => tighten_confirm,
        (ACTION, Actions::Allowed) => add_actions,
        (path, _) => {
            ignore(narrowed, &place, path, why_not(path, actions));
            return Ok(());
        }
    };
    let mut asked = narrowed.config.clone();
    reading::read(key, &input, &mut asked).map_err(|refusal| refusal.into_error(key.path, place.clone()))?;
    rule(narrowed, asked, &place);
    Ok(())
}

fn why_not(path: &str, actions: Actions) -> &'static str {
    match (path, actions) {
        (ACTION, Actions::NotHere) => "custom actions belong in the user file or, with consent, in .pilotlight.toml",
        (ACTION, _) => "a workspace's actions are offered once you have allowed it to be sent; run `pilotlight trust`",
        _ => "a workspace may not set it; set it in the user file, the environment or on the command line",
    }
}

fn ignore(narrowed: &mut Loaded, place: &Place, key: &str, reason: &str) {
    let reason = format!("ignored: {reason}");
    narrowed.warnings.push(Warning { place: place.clone(), key: Some(key.to_owned()), reason });
}

/// A negated pattern would take back an exclusion, so it is no narrowing.
fn add_excludes(narrowed: &mut Loaded, asked: Config, place: &Place) {
    for pattern in asked.context.exclude {
        if pattern.starts_with('!') {
            let reason = format!("the pattern \"{}\" would include files again", pattern.escape_debug());
            ignore(narrowed, place, EXCLUDE, &reason);
        } else if !narrowed.config.context.exclude.contains(&pattern) {
            narrowed.config.context.exclude.push(pattern);
            narrowed.provenance.add(EXCLUDE, place.layer.clone());
        }
    }
}

fn lower_max_file_bytes(narrowed: &mut Loaded, asked: Config, place: &Place) {
    lower(narrowed, MAX_FILE_BYTES, |config| &mut config.context.max_file_bytes, asked, place);
}

fn lower_max_delta_bytes(narrowed: &mut Loaded, asked: Config, place: &Place) {
    lower(narrowed, MAX_DELTA_BYTES, |config| &mut config.context.max_delta_bytes, asked, place);
}

fn lower(narrowed: &mut Loaded, key: &str, field: fn(&mut Config) -> &mut u64, mut asked: Config, place: &Place) {
    let (asked, current) = (*field(&mut asked), field(&mut narrowed.config));
    if asked < *current {
        *current = asked;
        narrowed.provenance.replace(key, place.layer.clone());
    } else if asked > *current {
        let reason = format!("a workspace may only lower it, and {asked} is more than {current}");
        ignore(narrowed, place, key, &reason);
    }
}

fn tighten_confirm(narrowed: &mut Loaded, asked: Config, place: &Place) {
    let (asked, current) = (asked.edit.confirm, narrowed.config.edit.confirm);
    if asked > current {
        narrowed.config.edit.confirm = asked;
        narrowed.provenance.replace(CONFIRM, place.layer.clone());
    } else if asked < current {
        let reason = format!("a workspace may only tighten it, and \"{asked}\" asks less often than \"{current}\"");
        ignore(narrowed, place, CONFIRM, &reason);
    }
}

fn add_actions(narrowed: &mut Loaded, asked: Config, place: &Place) {
    for mut action in asked.actions {
        let path = format!("{ACTION}.{}", action.name);
        if narrowed.config.actions.iter().any(|own| own.name == action.name) {
            ignore(narrowed, place, &path, "you have an action of that name already; rename one of them");
            continue;
        }
        action.from_workspace = true;
        narrowed.config.actions.push(action);
        narrowed.provenance.replace(&path, place.layer.clone());
    }
}
