//! What an answer says, whatever carries it: turns steps into events and keeps the chain.

use serde_json::{Value, json};

use super::super::reply::{Step, Terminal};
use super::super::request::Chain;
use super::Shared;

/// An answer in the making: turns steps into events and keeps the chain.
pub(super) struct Speaker<'a> {
    shared: &'a Shared,
    request: usize,
    id: String,
    sequence: usize,
    numbered: bool,
    items: Vec<Value>,
    calls: Vec<String>,
}

impl<'a> Speaker<'a> {
    pub(super) fn new(shared: &'a Shared, request: usize) -> Speaker<'a> {
        Speaker {
            shared,
            request,
            id: format!("resp_{request}"),
            sequence: 0,
            numbered: true,
            items: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// The event a step says, if it says one.
    pub(super) fn event(&mut self, step: &Step, chain: &mut Chain) -> Option<Value> {
        let mut event = match step {
            Step::Created => json!({"type": "response.created", "response": self.response("in_progress")}),
            Step::Delta(text) => json!({"type": "response.output_text.delta", "delta": text}),
            Step::Item(item) => {
                let item = self.item(item.clone());
                json!({"type": "response.output_item.done", "output_index": self.items.len() - 1, "item": item})
            }
            Step::Completed(terminal) => {
                *chain = Chain { latest: Some(self.id.clone()), calls: std::mem::take(&mut self.calls) };
                json!({"type": "response.completed", "response": self.completed(*terminal)})
            }
            Step::Incomplete(reason) => {
                *chain = Chain::default();
                let mut response = self.response("incomplete");
                response["incomplete_details"] = json!({ "reason": reason });
                json!({"type": "response.incomplete", "response": response})
            }
            Step::Event(event) => {
                if event["type"] == "error" || event["type"] == "response.failed" {
                    *chain = Chain::default();
                }
                return Some(event.clone());
            }
            Step::Unnumbered => {
                self.numbered = false;
                return None;
            }
            _ => return None,
        };
        if self.numbered {
            event["sequence_number"] = json!(self.sequence);
        }
        self.sequence += 1;
        Some(event)
    }

    fn response(&self, status: &str) -> Value {
        json!({"id": self.id, "object": "response", "status": status, "output": []})
    }

    fn completed(&self, terminal: Terminal) -> Value {
        let mut response = self.response("completed");
        match terminal {
            Terminal::Whole => {
                response["output"] = json!(self.items);
                response["usage"] = json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 40},
                    "output_tokens": 10, "total_tokens": 110});
            }
            Terminal::Bare => response["output"] = Value::Null,
        }
        response
    }

    /// Gives a call its id and notes the item.
    fn item(&mut self, mut item: Value) -> Value {
        self.shared.update(|state| {
            if item["type"].as_str().is_some_and(|kind| kind.ends_with("_call")) {
                state.calls += 1;
                let id = format!("call_{}", state.calls);
                item["call_id"] = json!(id);
                self.calls.push(id);
            }
            state.requests[self.request].output.push(item.to_string());
        });
        self.items.push(item.clone());
        item
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.shared.update(|state| state.requests[self.request].answered += bytes);
    }
}
