//! The state a response leaves behind: the items of its chain, and which of its calls wait for an output.
//!
//! Here the rules about call ids live. It must never accept an output without its call, nor go on past a call
//! without its output: a client that gets its chain wrong has to learn it from this server, not from a paid one.

use std::collections::HashMap;

use crate::wire::item::Item;

use super::{error::ApiError, events::Output};

/// Most that one conversation may hold; beyond it `context_length_exceeded`.
pub(super) const MAX_CONVERSATION_BYTES: usize = 64 * 1024 * 1024;
/// What an item counts beside its text, so that a million empty items are not free.
const ITEM_BYTES: usize = 64;

/// The kinds of call whose outputs are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallKind {
    Function,
    Custom,
}

impl CallKind {
    fn as_str(self) -> &'static str {
        match self {
            CallKind::Function => "function call",
            CallKind::Custom => "custom tool call",
        }
    }
}

#[derive(Clone, Debug)]
struct Call {
    kind: CallKind,
    answered: bool,
}

/// The items of a chain so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
    bytes: usize,
    calls: HashMap<String, Call>,
}

impl Conversation {
    /// Everything said so far, in order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Size in bytes: the text of all items and a little for each.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends what a request brings.
    ///
    /// # Errors
    /// 400 for an output without its call, for a call left without its output, and past the size limit. The
    /// conversation is then useless: a failed continuation evicts its parent.
    pub(super) fn take_input(&mut self, input: Vec<Item>) -> Result<(), ApiError> {
        for (index, item) in input.into_iter().enumerate() {
            self.push(item)
                .map_err(|message| ApiError::invalid("invalid_value", &format!("input[{index}]"), message))?;
            if self.bytes > MAX_CONVERSATION_BYTES {
                return Err(ApiError::context_length_exceeded());
            }
        }
        match self.first_unanswered() {
            Some((call_id, kind)) => {
                let message = format!("No tool output found for {} {call_id}.", kind.as_str());
                Err(ApiError::invalid("invalid_value", "input", message))
            }
            None => Ok(()),
        }
    }

    /// Appends the items of a response. What they say is ours, so they are not checked.
    pub(super) fn push_outputs(&mut self, output: &[Output]) {
        for item in output {
            // The only refusal is an output without a call, and responses hold no outputs.
            let _ = self.push(item.to_item());
        }
    }

    fn push(&mut self, item: Item) -> Result<(), String> {
        match &item {
            Item::FunctionCall { call_id, .. } => self.open(call_id, CallKind::Function),
            Item::CustomToolCall { call_id, .. } => self.open(call_id, CallKind::Custom),
            Item::FunctionCallOutput { call_id, .. } => self.answer(call_id, CallKind::Function)?,
            Item::CustomToolCallOutput { call_id, .. } => self.answer(call_id, CallKind::Custom)?,
            Item::Message { .. } | Item::Reasoning | Item::Other(_) => {}
        }
        self.bytes += ITEM_BYTES + text_bytes(&item);
        self.items.push(item);
        Ok(())
    }

    fn open(&mut self, call_id: &str, kind: CallKind) {
        self.calls.insert(call_id.to_owned(), Call { kind, answered: false });
    }

    fn answer(&mut self, call_id: &str, kind: CallKind) -> Result<(), String> {
        match self.calls.get_mut(call_id).filter(|call| call.kind == kind) {
            Some(call) => {
                call.answered = true;
                Ok(())
            }
            None => Err(no_call(kind, call_id)),
        }
    }

    /// The first call, in order, that has no output yet.
    fn first_unanswered(&self) -> Option<(&str, CallKind)> {
        if self.calls.values().all(|call| call.answered) {
            return None;
        }
        self.items.iter().find_map(|item| match item {
            Item::FunctionCall { call_id, .. } | Item::CustomToolCall { call_id, .. } => {
                let call = self.calls.get(call_id).filter(|call| !call.answered)?;
                Some((call_id.as_str(), call.kind))
            }
            _ => None,
        })
    }
}

fn no_call(kind: CallKind, call_id: &str) -> String {
    format!("No tool call found for {} output with call_id {call_id}.", kind.as_str())
}

/// What a server says of a tool output whose call it does not know; `None` of any other item.
pub(super) fn orphaned(item: &Item) -> Option<String> {
    match item {
        Item::FunctionCallOutput { call_id, .. } => Some(no_call(CallKind::Function, call_id)),
        Item::CustomToolCallOutput { call_id, .. } => Some(no_call(CallKind::Custom, call_id)),
        _ => None,
    }
}

fn text_bytes(item: &Item) -> usize {
    match item {
        Item::Message { text, .. } => text.len(),
        Item::FunctionCall { call_id, name, arguments } => call_id.len() + name.len() + arguments.len(),
        Item::CustomToolCall { call_id, name, input } => call_id.len() + name.len() + input.len(),
        Item::FunctionCallOutput { call_id, output } | Item::CustomToolCallOutput { call_id, output } => {
            call_id.len() + output.len()
        }
        Item::Reasoning => 0,
        Item::Other(kind) => kind.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> Item {
        Item::FunctionCall { call_id: id.into(), name: "search".into(), arguments: "{}".into() }
    }

    fn output(id: &str) -> Item {
        Item::FunctionCallOutput { call_id: id.into(), output: "none".into() }
    }

    fn take(items: Vec<Item>) -> Result<(), ApiError> {
        Conversation::default().take_input(items)
    }

    #[test]
    fn a_call_and_its_output_belong_together() {
        assert_eq!(take(vec![call("call_1"), output("call_1"), Item::user("go on")]), Ok(()));
        let orphan = take(vec![Item::user("hi"), output("call_9")]).unwrap_err();
        assert_eq!(orphan.message, "No tool call found for function call output with call_id call_9.");
        assert_eq!(orphan.param.as_deref(), Some("input[1]"));
    }

    #[test]
    fn the_first_call_without_output_is_named() {
        let error = take(vec![call("call_1"), call("call_2"), output("call_1"), Item::user("go on")]).unwrap_err();
        assert_eq!(error.message, "No tool output found for function call call_2.");
    }

    #[test]
    fn an_output_of_the_other_kind_does_not_answer() {
        let custom = Item::CustomToolCallOutput { call_id: "call_1".into(), output: "Done: a".into() };
        let error = take(vec![call("call_1"), custom]).unwrap_err();
        assert_eq!(error.message, "No tool call found for custom tool call output with call_id call_1.");
    }

    #[test]
    fn a_conversation_has_a_limit() {
        let half = Item::user("x".repeat(MAX_CONVERSATION_BYTES / 2));
        let mut conversation = Conversation::default();
        assert_eq!(conversation.take_input(vec![half.clone()]), Ok(()));
        assert_eq!(conversation.take_input(vec![half]).unwrap_err().code, "context_length_exceeded");
    }
}
