//! The JSON Schema accepts the documented file, key by key, and says what the defaults are.

use serde_json::{Value as Json, json};

use super::super::schema;
use super::SAMPLE;

/// Checks a document against the parts of JSON Schema that ours uses.
fn validate(schema: &Json, document: &toml::Value, path: &str) {
    if let Some(words) = schema.get("enum") {
        assert!(words.as_array().unwrap().contains(&json!(document.as_str())), "{path}");
        return;
    }
    match (schema["type"].as_str().unwrap(), document) {
        ("object", toml::Value::Table(table)) => {
            for (key, value) in table {
                let below = schema["properties"]
                    .get(key)
                    .or_else(|| schema["additionalProperties"].as_object().map(|_| &schema["additionalProperties"]));
                validate(
                    below.unwrap_or_else(|| panic!("{path}.{key} is not in the schema")),
                    value,
                    &format!("{path}.{key}"),
                );
            }
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            assert!(required.iter().all(|key| table.contains_key(key.as_str().unwrap())), "{path}");
        }
        ("array", toml::Value::Array(items)) => items.iter().for_each(|item| validate(&schema["items"], item, path)),
        ("boolean", toml::Value::Boolean(_)) | ("string", toml::Value::String(_)) => {}
        ("integer", toml::Value::Integer(number)) => {
            assert!(
                *number >= schema["minimum"].as_i64().unwrap() && *number <= schema["maximum"].as_i64().unwrap(),
                "{path}"
            );
        }
        (expected, found) => panic!("{path}: expected {expected}, found {found:?}"),
    }
}

#[test]
fn it_accepts_the_documented_file() {
    validate(&schema(), &toml::Value::Table(SAMPLE.parse().unwrap()), "");
}

#[test]
fn it_refuses_unknown_keys_everywhere() {
    let schema = schema();
    for part in [&schema, &schema["properties"]["provider"], &schema["properties"]["action"]["items"]] {
        assert_eq!(part["additionalProperties"], json!(false));
    }
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_key_has_a_description_and_a_default() {
    let schema = schema();
    let sample: toml::Table = SAMPLE.parse().unwrap();
    for section in ["provider", "session", "context", "edit"] {
        let properties = schema["properties"][section]["properties"].as_object().unwrap();
        for (name, property) in properties {
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{section}.{name}");
            assert!(property.get("default").is_some(), "{section}.{name}");
        }
        for name in sample[section].as_table().unwrap().keys() {
            assert!(properties.contains_key(name), "{section}.{name}");
        }
    }
    let session = &schema["properties"]["session"]["properties"];
    assert_eq!((&session["rotate_after"]["default"], &session["max_rounds"]["default"]), (&json!("55m"), &json!(40)));
    assert_eq!(schema["properties"]["provider"]["properties"]["api_key_env"]["default"], "OPENAI_API_KEY");
    assert_eq!(schema["properties"]["edit"]["properties"]["confirm"]["enum"], json!(["auto", "always", "never"]));
    assert_eq!(schema["properties"]["action"]["items"]["required"], json!(["name", "title", "prompt"]));
}
