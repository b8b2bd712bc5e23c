//! Responses as the wire shows them: output items, the events that stream them, and the response object.
//!
//! Pure functions from values to JSON, in the full sequence of SSE. Numbering and lanes are added by the sender. It
//! must never make up usage: the figures are estimates (four bytes a token) and say so.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::wire::item::{Item, Role};

use super::rules::ReplyItem;

/// Characters in one delta.
const DELTA_CHARS: usize = 40;
/// Characters left of an item that is cut off.
const CUT_CHARS: usize = 20;

/// A unique id with its usual prefix.
pub(super) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{:032x}", fastrand::u128(..))
}

/// One item of a response's output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    /// Text.
    Message {
        /// Item id.
        id: String,
        /// All of it.
        text: String,
    },
    /// A refusal to answer.
    Refusal {
        /// Item id.
        id: String,
        /// All of it.
        text: String,
    },
    /// A call of a JSON function.
    FunctionCall {
        /// Item id.
        id: String,
        /// Pairs it with its output.
        call_id: String,
        /// The tool.
        name: String,
        /// JSON text.
        arguments: String,
    },
    /// A call of a freeform tool.
    CustomToolCall {
        /// Item id.
        id: String,
        /// Pairs it with its output.
        call_id: String,
        /// The tool.
        name: String,
        /// Free text.
        input: String,
    },
}

impl Output {
    /// What the agent said, in the form the request's tools ask for.
    pub(super) fn from_reply(item: ReplyItem, custom_patch: bool) -> Output {
        match item {
            ReplyItem::Text(text) => Output::Message { id: new_id("msg"), text },
            ReplyItem::Call { name, arguments } => Output::function_call(name, &arguments),
            ReplyItem::Patch(input) if custom_patch => {
                Output::CustomToolCall { id: new_id("ctc"), call_id: new_id("call"), name: "apply_patch".into(), input }
            }
            ReplyItem::Patch(patch) => Output::function_call("apply_patch".into(), &json!({ "patch": patch })),
        }
    }

    /// A refusal.
    pub(super) fn refusal(text: &str) -> Output {
        Output::Refusal { id: new_id("msg"), text: text.into() }
    }

    /// What there is of it when it is cut off early. A call cut in half would be no call, so it becomes a text.
    pub(super) fn cut(&self) -> Output {
        let text = self.text().chars().take(CUT_CHARS).collect();
        match self {
            Output::Refusal { .. } => Output::Refusal { id: new_id("msg"), text },
            _ => Output::Message { id: new_id("msg"), text },
        }
    }

    fn function_call(name: String, arguments: &Value) -> Output {
        Output::FunctionCall { id: new_id("fc"), call_id: new_id("call"), name, arguments: arguments.to_string() }
    }

    /// The item as it joins the conversation.
    pub(super) fn to_item(&self) -> Item {
        match self.clone() {
            Output::Message { text, .. } | Output::Refusal { text, .. } => {
                Item::Message { role: Role::Assistant, text }
            }
            Output::FunctionCall { call_id, name, arguments, .. } => Item::FunctionCall { call_id, name, arguments },
            Output::CustomToolCall { call_id, name, input, .. } => Item::CustomToolCall { call_id, name, input },
        }
    }

    /// The finished item.
    pub(super) fn value(&self) -> Value {
        self.shaped("completed", self.text())
    }

    /// Everything that streams the item, from `output_item.added` to `output_item.done`.
    pub(super) fn events(&self, output_index: usize) -> Vec<Value> {
        let added = self.shaped("in_progress", "");
        let mut events =
            vec![json!({"type": "response.output_item.added", "output_index": output_index, "item": added})];
        match self {
            Output::Message { .. } => self.part_events(output_index, "output_text", "text", &mut events),
            Output::Refusal { .. } => self.part_events(output_index, "refusal", "refusal", &mut events),
            Output::FunctionCall { .. } => {
                self.call_events(output_index, "function_call_arguments", "arguments", &mut events);
            }
            Output::CustomToolCall { .. } => {
                self.call_events(output_index, "custom_tool_call_input", "input", &mut events);
            }
        }
        events.push(json!({"type": "response.output_item.done", "output_index": output_index, "item": self.value()}));
        events
    }

    fn id(&self) -> &str {
        match self {
            Output::Message { id, .. }
            | Output::Refusal { id, .. }
            | Output::FunctionCall { id, .. }
            | Output::CustomToolCall { id, .. } => id,
        }
    }

    /// What is streamed in deltas.
    pub(super) fn text(&self) -> &str {
        match self {
            Output::Message { text, .. } | Output::Refusal { text, .. } => text,
            Output::FunctionCall { arguments, .. } => arguments,
            Output::CustomToolCall { input, .. } => input,
        }
    }

    /// The item with its text so far; a message that has none yet has no part either.
    fn shaped(&self, status: &str, text: &str) -> Value {
        match self {
            Output::Message { id, .. } | Output::Refusal { id, .. } => {
                let content = if status == "completed" { json!([self.part(text)]) } else { json!([]) };
                json!({"type": "message", "id": id, "status": status, "role": "assistant", "content": content})
            }
            Output::FunctionCall { id, call_id, name, .. } => {
                json!({"type": "function_call", "id": id, "status": status, "call_id": call_id, "name": name,
                       "arguments": text})
            }
            Output::CustomToolCall { id, call_id, name, .. } => {
                json!({"type": "custom_tool_call", "id": id, "status": status, "call_id": call_id, "name": name,
                       "input": text})
            }
        }
    }

    fn part(&self, text: &str) -> Value {
        match self {
            Output::Refusal { .. } => json!({"type": "refusal", "refusal": text}),
            _ => json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []}),
        }
    }

    /// The events of a message: its one part, opened, streamed and closed.
    fn part_events(&self, output_index: usize, stem: &str, field: &str, events: &mut Vec<Value>) {
        let at = |mut event: Value| {
            event["item_id"] = json!(self.id());
            event["output_index"] = json!(output_index);
            event["content_index"] = json!(0);
            event
        };
        events.push(at(json!({"type": "response.content_part.added", "part": self.part("")})));
        let at_text = |mut event: Value| {
            // The schema asks for it with every piece of text.
            if stem == "output_text" {
                event["logprobs"] = json!([]);
            }
            at(event)
        };
        for delta in deltas(self.text()) {
            events.push(at_text(json!({"type": format!("response.{stem}.delta"), "delta": delta})));
        }
        events.push(at_text(json!({"type": format!("response.{stem}.done"), field: self.text()})));
        events.push(at(json!({"type": "response.content_part.done", "part": self.part(self.text())})));
    }

    /// The events of a call's arguments or input.
    fn call_events(&self, output_index: usize, stem: &str, field: &str, events: &mut Vec<Value>) {
        let at = |mut event: Value| {
            event["item_id"] = json!(self.id());
            event["output_index"] = json!(output_index);
            event
        };
        for delta in deltas(self.text()) {
            events.push(at(json!({"type": format!("response.{stem}.delta"), "delta": delta})));
        }
        events.push(at(json!({"type": format!("response.{stem}.done"), field: self.text()})));
    }
}

/// A text in pieces of [`DELTA_CHARS`].
fn deltas(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(DELTA_CHARS).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What a response is, before anything is known of its outcome.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Its id.
    pub id: String,
    created_at: u64,
    model: String,
    previous: Option<String>,
    store: bool,
}

impl Head {
    pub(super) fn new(model: &str, previous: Option<&str>, store: bool) -> Head {
        let created_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Head { id: new_id("resp"), created_at, model: model.into(), previous: previous.map(str::to_owned), store }
    }

    /// The response object. `tools` is empty though the request had some: repeating them would only cost bytes.
    pub(super) fn object(&self, status: &str, output: &[Output]) -> Value {
        let output: Vec<Value> = output.iter().map(Output::value).collect();
        json!({"id": self.id, "object": "response", "created_at": self.created_at, "model": self.model,
               "status": status, "error": null, "incomplete_details": null, "output": output,
               "previous_response_id": self.previous, "store": self.store, "parallel_tool_calls": true,
               "tool_choice": "auto", "tools": [], "metadata": {}, "usage": null})
    }
}

/// Estimated usage: `known` bytes of the input were part of the chain already.
pub(super) fn usage(input_bytes: usize, known_bytes: usize, output_bytes: usize) -> Value {
    let tokens = |bytes: usize| bytes.div_ceil(4);
    let (input, output) = (tokens(input_bytes), tokens(output_bytes));
    json!({"input_tokens": input, 
           "input_tokens_details": {"cached_tokens": tokens(known_bytes), "cache_write_tokens": 0},
           "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
           "total_tokens": input + output, "estimated": true})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streamed(output: &Output) -> String {
        output.events(0).iter().filter_map(|event| event["delta"].as_str()).collect()
    }

    #[test]
    fn deltas_join_to_the_text_also_beyond_ascii() {
        for text in ["", "short", &"é🦀".repeat(50), &"x".repeat(80)] {
            assert_eq!(deltas(text).collect::<String>(), text);
            assert!(deltas(text).all(|piece| piece.chars().count() <= DELTA_CHARS));
        }
    }

    #[test]
    fn every_kind_of_item_streams_what_it_holds() {
        let patch = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
        let outputs = [
            Output::from_reply(ReplyItem::Text("a text of more than forty characters, to be cut".into()), true),
            Output::from_reply(ReplyItem::Call { name: "search".into(), arguments: json!({"pattern": "x"}) }, true),
            Output::from_reply(ReplyItem::Patch(patch.into()), true),
            Output::from_reply(ReplyItem::Patch(patch.into()), false),
            Output::refusal("no"),
        ];
        for output in &outputs {
            assert_eq!(streamed(output), output.text());
            let events = output.events(0);
            assert_eq!(events.last().map(|event| event["item"].clone()), Some(output.value()));
            assert_eq!(Item::read(&output.value()), Ok(output.to_item()));
        }
        assert_eq!(outputs[2].value()["type"], "custom_tool_call");
        assert_eq!(outputs[3].value()["arguments"], json!({ "patch": patch }).to_string());
    }

    #[test]
    fn ids_are_unique_and_say_what_they_name() {
        let (one, other) = (new_id("resp"), new_id("resp"));
        assert!(one.starts_with("resp_") && one != other);
    }
}
