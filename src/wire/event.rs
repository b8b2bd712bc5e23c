//! Server events, decoded to the few that drive a session; everything else is [`Event::Other`] and ignored.
//!
//! `response.output_item.done` and the terminal event are authoritative: the terminal event's `output` may be
//! missing or null, `usage` and `sequence_number` too (`protocol.md` 5).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::ApiError;
use super::item::{Encoded, Item};

/// An event a session acts on.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// The response exists.
    Created,
    /// A piece of visible text.
    TextDelta(String),
    /// An output item is complete.
    ItemDone(OutputItem),
    /// The response is complete.
    Completed(Finished),
    /// The response ended short: too long, filtered, steered; the reason is the server's word for it.
    Incomplete(String),
    /// The request failed, by `error` or by `response.failed`.
    Failed(ApiError),
    /// Anything else.
    Other,
}

/// An item of the model's output: the typed view and the exact JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputItem {
    /// What it is.
    pub item: Item,
    /// As it came, for a resend.
    pub encoded: Encoded,
}

/// What the terminal event says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// The response's id, to continue from; absent or empty on servers that keep no state.
    pub id: Option<String>,
    /// The array of output items, where the terminal event repeats them: as it came, since hardly anybody needs it.
    pub output: Option<Encoded>,
    /// Token counts, where given.
    pub usage: Option<Usage>,
}

impl Finished {
    /// The output items that the terminal event repeats.
    pub fn items(&self) -> Vec<OutputItem> {
        let output = self.output.as_ref().and_then(|output| serde_json::from_str(output.as_str()).ok());
        let output: Vec<&RawValue> = output.unwrap_or_default();
        output.into_iter().filter_map(output_item).collect()
    }
}

/// Token counts of one response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of input, the cached ones included.
    pub input_tokens: u64,
    /// Tokens of input served from the prefix cache.
    pub cached_tokens: u64,
    /// Tokens of output.
    pub output_tokens: u64,
    /// The server said these are estimates.
    pub estimated: bool,
}

/// The members of an event that are looked at; the rest is skipped without building it.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    delta: Option<Value>,
}

/// Decodes one event.
///
/// # Errors
/// A sentence when the text is not a JSON object.
pub fn decode(text: &str) -> Result<Event, String> {
    let frame: Frame<'_> = serde_json::from_str(text).map_err(|error| format!("not an event: {error}"))?;
    Ok(match frame.kind.as_ref() {
        "response.created" => Event::Created,
        "response.output_text.delta" | "response.refusal.delta" => match frame.delta {
            Some(Value::String(delta)) => Event::TextDelta(delta),
            _ => Event::Other,
        },
        "response.output_item.done" => match frame.item.and_then(output_item) {
            Some(item) => Event::ItemDone(item),
            None => Event::Other,
        },
        "response.completed" | "response.done" => Event::Completed(finished(frame.response)),
        "response.incomplete" => Event::Incomplete(incomplete_reason(frame.response)),
        "response.failed" => {
            let response: Value = frame.response.and_then(parse).unwrap_or_default();
            Event::Failed(ApiError::read(&response))
        }
        "error" => Event::Failed(ApiError::read(&serde_json::from_str(text).unwrap_or_default())),
        _ => Event::Other,
    })
}

fn parse<T: for<'de> Deserialize<'de>>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn output_item(raw: &RawValue) -> Option<OutputItem> {
    let item = Item::read(&parse(raw)?).ok()?;
    Some(OutputItem { item, encoded: Encoded::from_raw(raw) })
}

/// The members of a terminal response that are looked at.
#[derive(Deserialize, Default)]
struct Terminal<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(default)]
    usage: Value,
}

fn finished(response: Option<&RawValue>) -> Finished {
    let response: Terminal<'_> = response.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    Finished {
        id: response.id.as_str().filter(|id| !id.is_empty()).map(str::to_owned),
        output: response.output.map(Encoded::from_raw),
        usage: response.usage.is_object().then(|| usage(&response.usage)),
    }
}

fn usage(value: &Value) -> Usage {
    let count = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
    Usage {
        input_tokens: count(value.get("input_tokens")),
        cached_tokens: count(value.pointer("/input_tokens_details/cached_tokens")),
        output_tokens: count(value.get("output_tokens")),
        estimated: value.get("estimated").and_then(Value::as_bool).unwrap_or_default(),
    }
}

fn incomplete_reason(response: Option<&RawValue>) -> String {
    let response: Value = response.and_then(parse).unwrap_or_default();
    let reason = response.pointer("/incomplete_details/reason").and_then(Value::as_str);
    reason.filter(|reason| !reason.is_empty()).unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_event_may_lack_everything() {
        let event = decode(r#"{"type":"response.completed","response":{"id":"resp_1","output":null}}"#);
        let finished = Finished { id: Some("resp_1".into()), ..Finished::default() };
        assert_eq!(event, Ok(Event::Completed(finished)));
        assert_eq!(decode(r#"{"type":"response.completed"}"#), Ok(Event::Completed(Finished::default())));
    }

    #[test]
    fn unknown_events_are_other_and_broken_json_is_an_error() {
        assert_eq!(decode(r#"{"type":"codex.rate_limits","plan_type":"pro"}"#), Ok(Event::Other));
        assert_eq!(decode(r#"{"no":"type"}"#), Ok(Event::Other));
        assert!(decode("[1,2").is_err());
    }

    #[test]
    fn items_keep_fields_nobody_here_knows() {
        let text = r#"{"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_1","encrypted_content":"abc","summary":[]}}"#;
        let Ok(Event::ItemDone(item)) = decode(text) else { panic!("not an item") };
        assert_eq!(item.item, Item::Reasoning);
        assert!(item.encoded.as_str().contains(r#""encrypted_content":"abc""#));
    }

    #[test]
    fn usage_is_read_with_its_estimate_mark() {
        let text = r#"{"type":"response.completed","response":{"id":"r","usage":{"input_tokens":10,"estimated":true,
            "input_tokens_details":{"cached_tokens":4},"output_tokens":2}}}"#;
        let Ok(Event::Completed(finished)) = decode(text) else { panic!("not completed") };
        let usage = Usage { input_tokens: 10, cached_tokens: 4, output_tokens: 2, estimated: true };
        assert_eq!(finished.usage, Some(usage));
    }
}
