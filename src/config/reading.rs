//! Puts one raw value into the settings, or says why it cannot be taken. Knows types and ranges, not layers.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::Refusal;
use super::input::{Input, Value};
use super::keys::{Field, Key};
use super::secret::Headers;
use super::settings::Config;
use super::{action, duration};

/// Checks a value against its key and stores it.
pub(super) fn read(key: &Key, input: &Input, config: &mut Config) -> Result<(), Refusal> {
    match &key.field {
        Field::Switch { set, .. } => set(config, switch(input)?),
        Field::Whole { range, set, .. } => set(config, whole(input, range)?),
        Field::Span { range, set, .. } => set(config, span(input, range)?),
        Field::Words { words, set, .. } => set(config, word(input, &words())?),
        Field::Text { set, .. } => set(config, text(input)?).map_err(|reason| Refusal::new(input, reason))?,
        Field::Texts { set, .. } => set(config, texts(input)?).map_err(|reason| Refusal::new(input, reason))?,
        Field::Headers { set, .. } => set(config, headers(input)?),
        Field::Actions { set, .. } => set(config, action::read(input)?),
    }
    Ok(())
}

/// The value of an environment variable for this key.
pub(super) fn from_variable(key: &Key, text: &str) -> Input {
    let value = match key.field {
        Field::Switch { .. } => text.parse().ok().map(Value::Switch),
        Field::Whole { .. } => text.parse().ok().map(Value::Whole),
        _ => None,
    };
    value.map_or_else(|| Input::text(text), |value| Input { value, line: None })
}

fn switch(input: &Input) -> Result<bool, Refusal> {
    match input.value {
        Value::Switch(value) => Ok(value),
        _ => Err(Refusal::wrong_type(input, "true or false")),
    }
}

fn whole(input: &Input, range: &RangeInclusive<u64>) -> Result<u64, Refusal> {
    let Value::Whole(number) = input.value else { return Err(Refusal::wrong_type(input, "a whole number")) };
    u64::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| out_of_range(input, number, range.start(), range.end()))
}

fn span(input: &Input, range: &RangeInclusive<Duration>) -> Result<Duration, Refusal> {
    const EXPECTED: &str = "a duration with its unit (ms, s, m or h), such as \"90s\"";
    let Value::Text(text) = &input.value else { return Err(Refusal::wrong_type(input, EXPECTED)) };
    let Some(value) = duration::parse(text) else {
        return Err(Refusal::new(input, format!("expected {EXPECTED}, found \"{}\"", text.escape_debug())));
    };
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(out_of_range(input, text, duration::show(*range.start()), duration::show(*range.end())))
    }
}

fn out_of_range(input: &Input, value: impl Display, least: impl Display, most: impl Display) -> Refusal {
    Refusal::new(input, format!("{value} is out of range; use {least} to {most}"))
}

fn word<'a>(input: &'a Input, words: &[&str]) -> Result<&'a str, Refusal> {
    let expected = words.join(", ");
    match &input.value {
        Value::Text(text) if words.contains(&text.as_str()) => Ok(text),
        Value::Text(text) => {
            Err(Refusal::new(input, format!("expected one of {expected}, found \"{}\"", text.escape_debug())))
        }
        _ => Err(Refusal::wrong_type(input, &format!("one of {expected}"))),
    }
}

fn text(input: &Input) -> Result<&str, Refusal> {
    match &input.value {
        Value::Text(text) if text.chars().any(char::is_control) => {
            Err(Refusal::new(input, "must be one line without control characters"))
        }
        Value::Text(text) => Ok(text),
        _ => Err(Refusal::wrong_type(input, "text")),
    }
}

fn texts(input: &Input) -> Result<Vec<String>, Refusal> {
    let Value::List(items) = &input.value else { return Err(Refusal::wrong_type(input, "a list of texts")) };
    items
        .iter()
        .map(|item| match &item.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(Refusal::wrong_type(item, "a list of texts with nothing else in it")),
        })
        .collect()
}

fn headers(input: &Input) -> Result<Headers, Refusal> {
    let Value::Table(entries) = &input.value else { return Err(Refusal::wrong_type(input, "a table of headers")) };
    let mut headers = Headers::default();
    for entry in entries {
        let Value::Text(value) = &entry.input.value else {
            return Err(Refusal::wrong_type(&entry.input, "text").of(&entry.key));
        };
        headers.push(&entry.key, value).map_err(|reason| Refusal::new(&entry.input, reason).of(&entry.key))?;
    }
    Ok(headers)
}
