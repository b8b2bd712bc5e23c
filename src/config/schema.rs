//! The JSON Schema of the user file, made from the register of keys so that it cannot fall behind it.

use serde_json::{Map, Value as Json, json};

use super::action;
use super::keys::{ACTION, Field, KEYS, Key, SECTIONS};
use super::render::shown;
use super::settings::Config;

/// The JSON Schema (draft 2020-12) of the user file, with descriptions and defaults.
pub fn schema() -> Json {
    let defaults = Config::default();
    let mut properties: Map<String, Json> = SECTIONS
        .iter()
        .map(|(name, about)| {
            let keys = KEYS.iter().filter_map(|key| Some((key.path.strip_prefix(name)?.strip_prefix('.')?, key)));
            let keys = keys.map(|(name, key)| (name.to_owned(), property(key, &defaults))).collect();
            ((*name).to_owned(), object(about, keys))
        })
        .collect();
    properties
        .extend(KEYS.iter().filter(|key| key.path == ACTION).map(|key| (ACTION.to_owned(), property(key, &defaults))));
    let mut schema = object("Configuration of Pilotlight.", properties);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Pilotlight");
    schema
}

fn object(about: &str, properties: Map<String, Json>) -> Json {
    json!({ "type": "object", "description": about, "additionalProperties": false, "properties": properties })
}

fn property(key: &Key, defaults: &Config) -> Json {
    let mut property = match &key.field {
        Field::Switch { .. } => json!({ "type": "boolean" }),
        Field::Whole { range, .. } => json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }),
        Field::Span { .. } => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }),
        Field::Words { words, .. } => json!({ "enum": words() }),
        Field::Text { .. } => json!({ "type": "string" }),
        Field::Texts { .. } => json!({ "type": "array", "items": { "type": "string" } }),
        Field::Headers { .. } => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Field::Actions { .. } => json!({ "type": "array", "items": action_schema() }),
    };
    property["description"] = json!(key.about);
    property["default"] = shown(key, defaults);
    property
}

fn action_schema() -> Json {
    let properties = action::FIELDS.iter().map(|(name, _, about)| {
        let mut property = match *name {
            "languages" => json!({ "type": "array", "items": { "type": "string" } }),
            _ => json!({ "type": "string" }),
        };
        property["description"] = json!(about);
        ((*name).to_owned(), property)
    });
    let mut schema = object("A custom code action.", properties.collect());
    let required = action::FIELDS.iter().filter(|(_, is_required, _)| *is_required).map(|(name, ..)| *name);
    schema["required"] = required.collect();
    schema
}
