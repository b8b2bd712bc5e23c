//! The effective configuration as lines to read: `key = value   # from LAYER`. Secrets stay hidden.

use serde_json::Value as Json;

use super::Loaded;
use super::duration;
use super::keys::{ACTION, BASE_URL, EXCLUDE, Field, KEYS, Key};
use super::provenance::Layer;
use super::secret::HIDDEN;
use super::settings::{Config, Endpoint};
use crate::visible::shown as visible;

/// Values up to this width have their origins in one column; a longer one would push those of all others away.
const WIDEST: usize = 64;

/// A value in effect.
pub struct Setting {
    /// `key = value`, as the user file would have it, with what is invisible written out; of a custom action its title.
    pub value: String,
    /// The layers it is made of, in words.
    pub origin: String,
    layers: Vec<Layer>,
}

impl Setting {
    /// No layer set it.
    pub fn is_default(&self) -> bool {
        self.layers.is_empty()
    }

    /// A workspace's file has a part in it.
    pub fn is_narrowed(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Workspace(_)))
    }
}

/// Every key with its value, in the order of the documentation, then the custom actions.
pub fn settings(loaded: &Loaded) -> Vec<Setting> {
    let keys = KEYS.iter().filter(|key| key.path != ACTION).map(|key| Setting {
        value: visible(&format!("{} = {}", key.path, toml_text(&shown(key, &loaded.config)))).into_owned(),
        origin: origin(key, loaded),
        layers: loaded.provenance.layers(key.path).to_vec(),
    });
    let actions = loaded.config.actions.iter().map(|action| {
        let path = format!("{ACTION}.{}", action.name);
        let layers = loaded.provenance.layers(&path).to_vec();
        let value = format!("{path} = {}", toml_text(&Json::from(action.title.as_str())));
        Setting { value, origin: loaded.provenance.of(&path).to_string(), layers }
    });
    keys.chain(actions).collect()
}

/// Settings as two columns: the values, and where they are from as a comment.
pub fn columns<'s>(settings: impl IntoIterator<Item = &'s Setting>) -> Vec<(String, String)> {
    let settings: Vec<&Setting> = settings.into_iter().collect();
    let widths = settings.iter().map(|setting| setting.value.chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let row = |setting: &&Setting| (format!("{:<width$}", setting.value), format!("   # from {}", setting.origin));
    settings.iter().map(row).collect()
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
