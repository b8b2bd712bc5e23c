//! Items of a Responses conversation: what travels in `input` and `output`.
//!
//! [`Item`] is a typed view of the few kinds that matter here; [`Encoded`] is an item as JSON text, kept verbatim
//! so that what was sent or received once can be counted and sent again without loss (an encrypted reasoning item
//! carries fields nobody here knows). Source of the shapes: the Responses API reference and the openai SDK types.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions of the application; part of the chain, unlike the `instructions` field.
    Developer,
    /// The older name of [`Role::Developer`], still accepted by every server.
    System,
    /// The person (and what their editor says on their behalf).
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The role as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Developer => "developer",
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }

    fn from_wire(role: &str) -> Option<Role> {
        [Role::Developer, Role::System, Role::User, Role::Assistant].into_iter().find(|known| known.as_str() == role)
    }
}

/// A conversation item, reduced to what this crate reads or writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A message; `text` is its text parts joined (refusals included).
    Message {
        /// Who speaks.
        role: Role,
        /// The text parts, concatenated.
        text: String,
    },
    /// The model calls a JSON function.
    FunctionCall {
        /// Pairs the call with its output.
        call_id: String,
        /// Name of the tool.
        name: String,
        /// The arguments as the JSON text the model wrote; may be malformed.
        arguments: String,
    },
    /// The answer to a [`Item::FunctionCall`].
    FunctionCallOutput {
        /// The call's id.
        call_id: String,
        /// What the tool answered.
        output: String,
    },
    /// The model calls a freeform ("custom") tool.
    CustomToolCall {
        /// Pairs the call with its output.
        call_id: String,
        /// Name of the tool.
        name: String,
        /// The freeform input.
        input: String,
    },
    /// The answer to a [`Item::CustomToolCall`].
    CustomToolCallOutput {
        /// The call's id.
        call_id: String,
        /// What the tool answered.
        output: String,
    },
    /// A reasoning item; its content is opaque and kept only in its [`Encoded`] form.
    Reasoning,
    /// Any other kind; the string is its `type`.
    Other(String),
}

impl Item {
    /// A user message with one text part.
    pub fn user(text: impl Into<String>) -> Item {
        Item::Message { role: Role::User, text: text.into() }
    }

    /// A developer message with one text part.
    pub fn developer(text: impl Into<String>) -> Item {
        Item::Message { role: Role::Developer, text: text.into() }
    }

    /// Reads an item. A missing `type` means a message, as the API allows.
    ///
    /// # Errors
    /// A sentence that names the missing or wrong field.
    pub fn read(value: &Value) -> Result<Item, String> {
        let kind = value.get("type").and_then(Value::as_str).unwrap_or("message");
        let field = |name: &str| -> Result<String, String> {
            value
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("a `{kind}` item needs a string `{name}`"))
        };
        Ok(match kind {
            "message" => {
                let role = field("role")?;
                let role = Role::from_wire(&role).ok_or_else(|| format!("unknown role `{role}`"))?;
                let content = value.get("content").ok_or("a `message` item needs `content`")?;
                Item::Message { role, text: joined_text(content) }
            }
            "function_call" => {
                Item::FunctionCall { call_id: field("call_id")?, name: field("name")?, arguments: field("arguments")? }
            }
            "function_call_output" => {
                Item::FunctionCallOutput { call_id: field("call_id")?, output: output_text(value, kind)? }
            }
            "custom_tool_call" => {
                Item::CustomToolCall { call_id: field("call_id")?, name: field("name")?, input: field("input")? }
            }
            "custom_tool_call_output" => {
                Item::CustomToolCallOutput { call_id: field("call_id")?, output: output_text(value, kind)? }
            }
            "reasoning" => Item::Reasoning,
            other => Item::Other(other.to_owned()),
        })
    }

    /// The item as JSON, in the form the API takes as input.
    pub fn to_value(&self) -> Value {
        match self {
            Item::Message { role, text } => {
                let part = if *role == Role::Assistant { "output_text" } else { "input_text" };
                json!({"type": "message", "role": role.as_str(), "content": [{"type": part, "text": text}]})
            }
            Item::FunctionCall { call_id, name, arguments } => {
                json!({"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments})
            }
            Item::FunctionCallOutput { call_id, output } => {
                json!({"type": "function_call_output", "call_id": call_id, "output": output})
            }
            Item::CustomToolCall { call_id, name, input } => {
                json!({"type": "custom_tool_call", "call_id": call_id, "name": name, "input": input})
            }
            Item::CustomToolCallOutput { call_id, output } => {
                json!({"type": "custom_tool_call_output", "call_id": call_id, "output": output})
            }
            Item::Reasoning => json!({"type": "reasoning", "summary": []}),
            Item::Other(kind) => json!({ "type": kind }),
        }
    }

    /// The item serialised once, to be sent and counted.
    pub fn encode(&self) -> Encoded {
        Encoded::from_value(&self.to_value())
    }
}

/// An item as JSON text, verbatim. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(Arc<str>);

impl Encoded {
    /// Serialises a JSON value.
    pub fn from_value(value: &Value) -> Encoded {
        Encoded(value.to_string().into())
    }

    /// Keeps JSON text exactly as it came.
    pub fn from_raw(raw: &RawValue) -> Encoded {
        Encoded(raw.get().into())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text of a message's `content`: a string, or parts with `text` or `refusal`.
fn joined_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").or_else(|| part.get("refusal")).and_then(Value::as_str))
            .collect(),
        _ => String::new(),
    }
}

/// Text of a tool output: a string, or an array of parts.
fn output_text(value: &Value, kind: &str) -> Result<String, String> {
    match value.get("output") {
        Some(output @ (Value::String(_) | Value::Array(_))) => Ok(joined_text(output)),
        _ => Err(format!("a `{kind}` item needs `output`, a string or an array of parts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let items = [
            Item::user("hi"),
            Item::developer("be brief"),
            Item::FunctionCall { call_id: "c1".into(), name: "search".into(), arguments: "{}".into() },
            Item::FunctionCallOutput { call_id: "c1".into(), output: "No matches.".into() },
            Item::CustomToolCall { call_id: "c2".into(), name: "apply_patch".into(), input: "*** Begin Patch".into() },
            Item::CustomToolCallOutput { call_id: "c2".into(), output: "Done: a.rs".into() },
        ];
        for item in items {
            assert_eq!(Item::read(&item.to_value()), Ok(item));
        }
    }

    #[test]
    fn short_forms_of_the_api_are_read() {
        let short = json!({"role": "user", "content": "hi"});
        assert_eq!(Item::read(&short), Ok(Item::user("hi")));
        let parts = json!({"type": "function_call_output", "call_id": "c",
                           "output": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]});
        assert_eq!(Item::read(&parts), Ok(Item::FunctionCallOutput { call_id: "c".into(), output: "ab".into() }));
        assert_eq!(
            Item::read(&json!({"type": "function_call", "name": "x", "arguments": "{}"})),
            Err("a `function_call` item needs a string `call_id`".into())
        );
    }
}
