//! The layers a user controls, weakest first: defaults, user file, environment, command line. Every value is checked
//! and its layer noted. At the end the key is bound to the origin it may be sent to.

use std::io::ErrorKind;

use super::error::ConfigError;
use super::input::{Entry, Input, Value, parse_document};
use super::key_source::KeySource;
use super::keys::{ACTION, API_KEY_COMMAND, API_KEY_ENV, BASE_URL, KEYS, Key, SECTIONS, VARIABLE_PREFIX, nearest};
use super::provenance::{Layer, Place, Provenance, Warning};
use super::reading;
use super::settings::{Config, DEFAULT_KEY_VARIABLE, Endpoint};
use super::sources::Sources;
use super::{BaseUrl, Loaded};

/// A known key with the value a layer gives it.
pub(super) struct Given {
    pub key: &'static Key,
    pub input: Input,
    pub place: Place,
}

/// Loads what the user configured. The first error in layer and file order is returned.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::default();
    for layer in [user_file(sources)?, environment(sources)?, command_line(sources)?] {
        refuse_two_key_sources(&layer)?;
        for given in layer {
            apply(&mut loaded, given)?;
        }
    }
    bind_key(&mut loaded, sources);
    Ok(loaded)
}

fn user_file(sources: &Sources) -> Result<Vec<Given>, ConfigError> {
    let Some(path) = sources.user_file_path() else { return Ok(Vec::new()) };
    let text = match (std::fs::read_to_string(&path), sources.user_file_named_by()) {
        (Ok(text), _) => text,
        (Err(error), Some(named_by)) if error.kind() == ErrorKind::NotFound => {
            return Err(ConfigError::Missing { path, named_by });
        }
        (Err(error), None) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        (Err(source), _) => return Err(ConfigError::Read { path, source }),
    };
    let layer = Layer::UserFile(path);
    let entries = parse_document(&text).map_err(|error| {
        let place = Place { layer: layer.clone(), line: error.line };
        ConfigError::Syntax { place, message: error.message }
    })?;
    find_keys(entries, &layer).into_iter().collect()
}

/// Matches a document's entries with the known keys, in the order they are written.
pub(super) fn find_keys(entries: Vec<Entry>, layer: &Layer) -> Vec<Result<Given, ConfigError>> {
    let mut found = Vec::new();
    for Entry { key, line, input } in entries {
        let place = Place { layer: layer.clone(), line };
        match input.value {
            Value::Table(members) if is_section(&key) => {
                found.extend(members.into_iter().map(|member| {
                    let place = Place { layer: layer.clone(), line: member.line };
                    find_key(&format!("{key}.{}", member.key), member.input, place)
                }));
            }
            value if is_section(&key) => {
                let reason = format!("expected a table, found {}; write [{key}] above its keys", value.type_name());
                found.push(Err(ConfigError::Value { place, key, reason }));
            }
            _ => found.push(find_key(&key, input, place)),
        }
    }
    found
}

fn find_key(path: &str, input: Input, place: Place) -> Result<Given, ConfigError> {
    match Key::find(path) {
        Some(key) => Ok(Given { key, input, place }),
        None => {
            let names = KEYS.iter().map(|key| key.path).chain(SECTIONS.iter().map(|(name, _)| *name));
            let nearest = nearest(path, names);
            Err(ConfigError::UnknownKey { place, key: path.escape_debug().to_string(), nearest })
        }
    }
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|(section, _)| *section == name)
}

fn environment(sources: &Sources) -> Result<Vec<Given>, ConfigError> {
    let mut givens = Vec::new();
    for (name, text) in &sources.env {
        if text.is_empty() || !names_a_section(name) {
            continue;
        }
        let key = KEYS.iter().find(|key| key.variable_form() == *name).ok_or_else(|| {
            let nearest = nearest(name, KEYS.iter().filter_map(Key::variable));
            ConfigError::UnknownVariable { name: name.clone(), nearest }
        })?;
        if key.variable().is_none() {
            return Err(ConfigError::NotScalar { name: name.clone(), key: key.path });
        }
        let place = Place { layer: Layer::Environment(name.clone()), line: None };
        givens.push(Given { key, input: reading::from_variable(key, text), place });
    }
    Ok(givens)
}

/// Other variables of ours, such as `PILOTLIGHT_LOG_FILE`, are not settings.
fn names_a_section(variable: &str) -> bool {
    let Some(rest) = variable.strip_prefix(VARIABLE_PREFIX) else { return false };
    rest.split_once('_').is_some_and(|(first, _)| is_section(&first.to_ascii_lowercase()))
}

fn command_line(sources: &Sources) -> Result<Vec<Given>, ConfigError> {
    let place = Place { layer: Layer::CommandLine, line: None };
    sources.overrides.iter().map(|(path, text)| find_key(path, Input::from_argument(text), place.clone())).collect()
}

/// A layer that gives both a variable and a command for the key leaves open which one is meant.
fn refuse_two_key_sources(givens: &[Given]) -> Result<(), ConfigError> {
    let find = |path: &str| givens.iter().rfind(|given| given.key.path == path && !given.input.value.is_empty());
    match (find(API_KEY_ENV), find(API_KEY_COMMAND)) {
        (Some(_), Some(command)) => Err(ConfigError::Value {
            place: command.place.clone(),
            key: API_KEY_COMMAND.to_owned(),
            reason: format!("{API_KEY_ENV} is set as well; keep one of the two"),
        }),
        _ => Ok(()),
    }
}

/// Takes one value and notes its layer.
fn apply(loaded: &mut Loaded, Given { key, input, place }: Given) -> Result<(), ConfigError> {
    let layer = place.layer.clone();
    reading::read(key, &input, &mut loaded.config).map_err(|refusal| refusal.into_error(key.path, place))?;
    match key.path {
        // The new source replaced whichever there was.
        API_KEY_ENV | API_KEY_COMMAND if !input.value.is_empty() => {
            loaded.provenance.forget(|path| path == API_KEY_ENV || path == API_KEY_COMMAND);
        }
        ACTION => {
            loaded.provenance.forget(is_action);
            note_actions(&loaded.config, &mut loaded.provenance, &layer);
        }
        _ => {}
    }
    loaded.provenance.replace(key.path, layer);
    Ok(())
}

fn is_action(path: &str) -> bool {
    path.strip_prefix(ACTION).is_some_and(|rest| rest.starts_with('.'))
}

fn note_actions(config: &Config, provenance: &mut Provenance, layer: &Layer) {
    for action in &config.actions {
        provenance.replace(&format!("{ACTION}.{}", action.name), layer.clone());
    }
}

/// Decides the endpoint where none was named, and withholds a key from an origin it was not configured for:
/// `OPENAI_API_KEY`, unless named by the user, goes to OpenAI or to this machine.
fn bind_key(loaded: &mut Loaded, sources: &Sources) {
    let is_present = match &loaded.config.provider.key {
        KeySource::None => false,
        KeySource::Env(name) => sources.variable(name).is_some(),
        KeySource::Command(_) => true,
    };
    let is_default = [API_KEY_ENV, API_KEY_COMMAND].iter().all(|key| *loaded.provenance.of(key) == Layer::Default);
    match &loaded.config.provider.endpoint {
        Endpoint::Embedded if is_present => loaded.config.provider.endpoint = Endpoint::Remote(BaseUrl::openai()),
        Endpoint::Remote(url) if is_default && !url.is_loopback() && url.origin() != BaseUrl::openai().origin() => {
            if is_present {
                loaded.warnings.push(withheld(url, loaded.provenance.of(BASE_URL).clone()));
            }
            loaded.config.provider.key = KeySource::None;
        }
        Endpoint::Embedded | Endpoint::Remote(_) => {}
    }
}

fn withheld(url: &BaseUrl, layer: Layer) -> Warning {
    let reason = format!(
        "{DEFAULT_KEY_VARIABLE} is not sent to {}, since nothing says that it belongs there; \
         set {API_KEY_ENV} to the variable that holds the key for this address",
        url.origin()
    );
    Warning { place: Place { layer, line: None }, key: Some(BASE_URL.to_owned()), reason }
}
