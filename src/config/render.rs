//! The effective configuration as lines to read: `key = value   # from LAYER`. Secrets stay hidden.

use serde_json::Value as Json;

use super::Loaded;
use super::duration;
use super::keys::{ACTION, BASE_URL, EXCLUDE, Field, KEYS, Key};
use super::provenance::Layer;
use super::secret::HIDDEN;
use super::settings::{Config, Endpoint};

/// Every key with its value and the layer it came from, one a line.
pub fn render(loaded: &Loaded) -> String {
    let keys = KEYS.iter().filter(|key| key.path != ACTION).map(|key| line(key, loaded));
    let mut lines: Vec<String> = keys.chain(actions(loaded)).collect();
    lines.push(String::new());
    lines.join("\n")
}

/// The lines of [`render`] for the keys that are not at their default.
pub fn changed(loaded: &Loaded) -> Vec<String> {
    let is_set = |key: &&Key| key.path != ACTION && !loaded.provenance.layers(key.path).is_empty();
    KEYS.iter().filter(is_set).map(|key| line(key, loaded)).chain(actions(loaded)).collect()
}

fn line(key: &Key, loaded: &Loaded) -> String {
    let value = toml_text(&shown(key, &loaded.config));
    format!("{} = {value}   # from {}", key.path, origin(key, loaded))
}

fn actions(loaded: &Loaded) -> impl Iterator<Item = String> {
    loaded.config.actions.iter().map(|action| {
        let path = format!("{ACTION}.{}", action.name);
        let title = toml_text(&Json::from(action.title.as_str()));
        format!("{path} = {title}   # from {}", loaded.provenance.of(&path))
    })
}

/// A key's value in the form of the configuration file, secrets hidden.
pub(super) fn shown(key: &Key, config: &Config) -> Json {
    match &key.field {
        Field::Switch { get, .. } => get(config).into(),
        Field::Whole { get, .. } => get(config).into(),
        Field::Span { get, .. } => duration::show(get(config)).into(),
        Field::Words { get, .. } => get(config).into(),
        Field::Text { get, .. } => get(config).into(),
        Field::Texts { get, .. } => get(config).into(),
        Field::Headers { get, .. } => get(config)
            .iter()
            .map(|(name, _)| (name.to_owned(), Json::from(HIDDEN)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Field::Actions { get, .. } => get(config).iter().map(|action| action.name.as_str()).collect(),
    }
}

fn origin(key: &Key, loaded: &Loaded) -> String {
    let layers = loaded.provenance.layers(key.path);
    match (key.path, &loaded.config.provider.endpoint) {
        (BASE_URL, Endpoint::Embedded) => "default: the embedded agent".to_owned(),
        (EXCLUDE, _) if layers.len() > 1 => layers.iter().map(Layer::to_string).collect::<Vec<_>>().join(" and "),
        _ => loaded.provenance.of(key.path).to_string(),
    }
}

/// JSON texts and lists are TOML as they stand; only tables differ.
fn toml_text(value: &Json) -> String {
    match value {
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(key, value)| format!("{} = {value}", Json::from(key.as_str()))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Json::Array(items) => {
            format!("[{}]", items.iter().map(Json::to_string).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
