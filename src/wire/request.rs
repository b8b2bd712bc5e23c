//! Requests, assembled from parts that were serialised once: the constant fields never change within a session, so
//! they are never serialised again, and the prefix the server caches stays byte for byte the same.

use serde_json::{Map, Value, json};

use super::item::Encoded;

/// Largest frame a Responses server takes on a WebSocket (`protocol.md` 7: 16 MiB); checked before sending.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024 - 1024;

/// The fields every request of a session shares.
#[derive(Clone, Debug)]
pub struct Template {
    /// The members as JSON text, without braces, ending in a comma.
    members: String,
}

/// What a session's requests have in common.
#[derive(Clone, Debug)]
pub struct Constants<'a> {
    /// Model name.
    pub model: &'a str,
    /// Tool declarations, a JSON array.
    pub tools: &'a Value,
    /// Reasoning effort; nothing is sent when absent.
    pub reasoning_effort: Option<&'a str>,
    /// Stable for the session, so that the server's prefix cache finds it.
    pub prompt_cache_key: &'a str,
}

impl Template {
    /// Serialises the constant fields.
    pub fn new(constants: &Constants<'_>) -> Template {
        let mut fields = Map::new();
        fields.insert("model".into(), json!(constants.model));
        fields.insert("store".into(), json!(false));
        fields.insert("prompt_cache_key".into(), json!(constants.prompt_cache_key));
        if let Some(effort) = constants.reasoning_effort {
            fields.insert("reasoning".into(), json!({ "effort": effort }));
            // Without server-side storage, reasoning survives a resend only in its encrypted form.
            fields.insert("include".into(), json!(["reasoning.encrypted_content"]));
        }
        fields.insert("parallel_tool_calls".into(), json!(true));
        fields.insert("tools".into(), constants.tools.clone());
        let object = Value::Object(fields).to_string();
        Template { members: format!("{},", &object[1..object.len() - 1]) }
    }

    /// A WebSocket `response.create` frame.
    pub fn frame(&self, kind: FrameKind<'_>, input: &[Encoded]) -> String {
        let mut text = String::with_capacity(self.members.len() + joined_len(input) + 160);
        text.push_str(FRAME_START);
        text.push_str(&self.members);
        match kind {
            FrameKind::WarmUp => text.push_str(r#""generate":false,"#),
            FrameKind::Full => {}
            FrameKind::Continue { previous } => {
                text.push_str(r#""previous_response_id":"#);
                text.push_str(&Value::from(previous).to_string());
                text.push(',');
            }
        }
        push_input(&mut text, input);
        text
    }

    /// An HTTP body; the whole input every time, since nothing is kept between calls.
    pub fn body(&self, input: &[Encoded]) -> String {
        let mut text = String::with_capacity(self.full_len(joined_len(input), true));
        text.push_str(BODY_START);
        text.push_str(&self.members);
        push_input(&mut text, input);
        text
    }

    /// Bytes of a request that brings everything, for items of [`joined_len`] `items`: a body over HTTP, else a frame.
    pub fn full_len(&self, items: usize, http: bool) -> usize {
        let start = if http { BODY_START } else { FRAME_START };
        start.len() + self.members.len() + INPUT_START.len() + items.saturating_sub(1) + INPUT_END.len()
    }
}

/// The three requests there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind<'a> {
    /// `generate:false`: nothing is generated, an id comes back.
    WarmUp,
    /// The whole context, a new lineage.
    Full,
    /// Only what is new after `previous`.
    Continue {
        /// The response to continue from.
        previous: &'a str,
    },
}

const FRAME_START: &str = r#"{"type":"response.create","#;
const BODY_START: &str = r#"{"stream":true,"#;
const INPUT_START: &str = r#""input":["#;
const INPUT_END: &str = "]}";

/// Bytes of the items, each with a comma.
pub fn joined_len(input: &[Encoded]) -> usize {
    input.iter().map(|item| item.as_str().len() + 1).sum()
}

fn push_input(text: &mut String, input: &[Encoded]) {
    text.push_str(INPUT_START);
    for (index, item) in input.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(item.as_str());
    }
    text.push_str(INPUT_END);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::item::Item;

    fn template() -> Template {
        let tools = json!([{"type": "function", "name": "search"}]);
        Template::new(&Constants { model: "m", tools: &tools, reasoning_effort: Some("low"), prompt_cache_key: "k" })
    }

    #[test]
    fn a_continuation_is_valid_json_with_only_the_new_items() {
        let frame = template().frame(FrameKind::Continue { previous: "resp_\"1" }, &[Item::user("hi").encode()]);
        let value: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(value["type"], "response.create");
        assert_eq!(value["previous_response_id"], "resp_\"1");
        assert_eq!(value["store"], false);
        assert_eq!(value["input"].as_array().map(Vec::len), Some(1));
        assert!(value.get("instructions").is_none() && value.get("stream").is_none());
    }

    #[test]
    fn a_warm_up_generates_nothing_and_an_http_body_streams() {
        let value: Value = serde_json::from_str(&template().frame(FrameKind::WarmUp, &[])).unwrap();
        assert_eq!(value["generate"], false);
        let value: Value = serde_json::from_str(&template().body(&[Item::user("a").encode()])).unwrap();
        assert_eq!(value["stream"], true);
        assert!(value.get("type").is_none() && value.get("generate").is_none());
    }

    #[test]
    fn the_length_of_a_full_request_is_known_before_it_is_made() {
        let items = [Item::user("one").encode(), Item::user("two").encode()];
        for count in 0..=items.len() {
            let items = &items[..count];
            assert_eq!(template().full_len(joined_len(items), true), template().body(items).len());
            assert_eq!(template().full_len(joined_len(items), false), template().frame(FrameKind::Full, items).len());
        }
    }

    #[test]
    fn the_constant_prefix_does_not_change() {
        let (one, two) = (template().frame(FrameKind::Full, &[]), template().frame(FrameKind::Full, &[]));
        assert_eq!(one, two);
    }
}
