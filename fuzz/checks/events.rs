//! Any bytes as a server's answer over HTTP: the same events however the bytes are cut, each decoded to what its JSON says
//! or ignored; and any JSON as an error, which is of some class and asks for a wait that can be waited.
//!
//! An input is the body of an answer.

use hyper::HeaderMap;
use pilotlight::wire::error::{ApiError, ErrorClass};
use pilotlight::wire::event::{Event, decode};
use pilotlight::wire::http::EventParser;
use serde_json::Value;

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let events = cut(data, data.len().max(1));
    for length in [1, 7, 1000] {
        assert_eq!(cut(data, length), events, "it depends on where the bytes are cut");
    }
    let taken: usize = events.iter().map(|(_, bytes)| bytes).sum();
    assert!(taken <= data.len(), "events of {taken} bytes in {}", data.len());
    for (text, bytes) in &events {
        // A byte that is not UTF-8 becomes a mark of three.
        assert!(!text.is_empty() && text.len() <= 3 * bytes, "{text:?} of {bytes} bytes");
        is_what_it_says(text);
    }
    errors(data);
}

fn cut(data: &[u8], length: usize) -> Vec<(String, usize)> {
    let mut parser = EventParser::default();
    let mut events = Vec::new();
    for piece in data.chunks(length) {
        parser.push(piece);
        events.extend(parser.by_ref());
    }
    events
}

/// Holds a decoded event against its JSON, read in the plain way.
fn is_what_it_says(text: &str) {
    let event = decode(text);
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    if is_ambiguous(text, &value) {
        return;
    }
    let response = &value["response"];
    let kind = value["type"].as_str().unwrap_or_default();
    match event {
        Ok(Event::Completed(finished)) => {
            assert!(matches!(kind, "response.completed" | "response.done"), "{text}");
            assert_eq!(finished.id.as_deref(), response["id"].as_str().filter(|id| !id.is_empty()), "{text}");
            let items = response["output"].as_array().map_or(0, Vec::len);
            assert!(finished.items().len() <= items, "{text}");
            let input = finished.usage.map(|usage| usage.input_tokens);
            let told =
                response["usage"].is_object().then(|| response["usage"]["input_tokens"].as_u64().unwrap_or_default());
            assert_eq!(input, told, "{text}");
        }
        Ok(Event::ItemDone(item)) => {
            let encoded: Value = serde_json::from_str(item.encoded.as_str()).expect("an item is JSON");
            assert_eq!((kind, encoded), ("response.output_item.done", value["item"].clone()));
        }
        Ok(Event::TextDelta(delta)) => assert_eq!(Some(delta.as_str()), value["delta"].as_str()),
        Ok(Event::Failed(_)) => assert!(matches!(kind, "error" | "response.failed"), "{text}"),
        Ok(Event::Incomplete(reason)) => {
            assert!(kind == "response.incomplete" && !reason.is_empty(), "{text}");
        }
        Ok(Event::Created) => assert_eq!(kind, "response.created"),
        Ok(Event::Other) => {
            let matters = ["response.completed", "response.done", "response.failed", "response.incomplete", "error"];
            assert!(!matters.contains(&kind), "{text} was ignored");
        }
        // What is no object, or has no type that is a word, ends the answer like any nonsense.
        Err(_) => assert!(!value.is_object() || value.get("type").is_some_and(|kind| !kind.is_string()), "{text}"),
    }
}

/// Whether a member is there twice, or spelled with escapes: JSON allows it, and every reader takes it in its own way.
fn is_ambiguous(text: &str, value: &Value) -> bool {
    let read = value.to_string();
    let names = ["type", "item", "response", "delta", "id", "output", "usage", "input_tokens"];
    names
        .iter()
        .map(|name| format!("\"{name}\""))
        .any(|name| text.matches(&name).count() != read.matches(&name).count())
}

fn errors(data: &[u8]) {
    let value = serde_json::from_slice::<Value>(data).unwrap_or_default();
    let read = ApiError::read(&value);
    assert!(!read.to_string().is_empty());
    // A wait is something that can be added to the clock.
    assert!(read.retry_after.is_none_or(|wait| std::time::Instant::now().checked_add(wait).is_some()), "{read:?}");
    for status in [302, 401, 429, 503] {
        let error = ApiError::from_http(status, &HeaderMap::new(), data);
        assert_eq!(error.status, Some(status));
        if status == 302 {
            assert!(error.message.starts_with("a redirect to"), "{error}");
        }
        if error.code.is_none() {
            let expected = match status {
                302 => ErrorClass::Redirect,
                401 => ErrorClass::Auth,
                _ => ErrorClass::Retry,
            };
            assert_eq!(error.class(), expected, "{error:?}");
        }
    }
}
