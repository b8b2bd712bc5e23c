//! Reading a call's arguments: models leave fields out, add some, and send numbers as text.

use serde::{Deserialize, Deserializer};

use super::Input;

/// Reads JSON arguments.
///
/// # Errors
/// A sentence for the model.
pub fn read<T: for<'de> Deserialize<'de>>(input: &Input) -> Result<T, String> {
    let (Input::Json(text) | Input::Text(text)) = input;
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str(text).map_err(|error| format!("the arguments are not right ({error}); send a JSON object"))
}

/// A whole number, also written as text; null and empty mean absent.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(usize),
        Float(f64),
        Text(String),
    }
    Ok(match Option::<Number>::deserialize(deserializer)? {
        None => None,
        Some(Number::Whole(number)) => Some(number),
        Some(Number::Float(number)) if number >= 0.0 && number.fract() == 0.0 => Some(number as usize),
        Some(Number::Float(number)) => {
            return Err(serde::de::Error::custom(format!("{number} is not a line or count")));
        }
        Some(Number::Text(text)) if text.trim().is_empty() => None,
        Some(Number::Text(text)) => Some(text.trim().parse().map_err(serde::de::Error::custom)?),
    })
}

/// Text; empty means absent.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
