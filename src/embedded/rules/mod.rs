//! The embedded rule agent: carries renames and changed signatures through a workspace and applies fixes that
//! diagnostics spell out.
//!
//! It sees a conversation exactly as a model would and answers with text and tool calls, recomputed from the whole
//! conversation each round. It has no state and no access to files, and it never pretends to be a model.

mod analysis;
mod braces;
mod conversation;
pub mod diff;
mod finish;
mod fix;
pub mod frames;
mod instruction;
mod intent;
mod lexer;
mod lists;
mod moves;
mod patch;
mod plan;
mod python;
mod rename;
mod rewrite;
mod rust;
mod signature;
mod symbol;
#[cfg(test)]
mod tests;
mod variants;
mod words;
mod workspace;

use serde_json::Value;

use crate::wire::item::Item;
use conversation::Conversation;

/// What the agent says to everything it cannot do.
pub const CANNOT: &str = "Pilotlight's embedded agent renames, finishes renames and changed signatures, and fixes diagnostics that say how; \
for anything else set provider.base_url and provider.api_key_env in the configuration (pilotlight config shows where).";

/// What the agent says of something it has seen and cannot do.
const BY_MODEL: &str = "A model would do that: set provider.base_url and provider.api_key_env in the configuration \
(pilotlight config shows where).";

/// Refused patches after which a turn is given up.
const REFUSALS: usize = 2;

/// One item of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyItem {
    /// A message to the user; it ends the turn.
    Text(String),
    /// A call of a JSON function.
    Call {
        /// Name of the tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// A call of `apply_patch`: the patch, in V4A.
    Patch(String),
}

/// An answer: text, or calls whose answers are wanted in the next round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Its items, in order.
    pub items: Vec<ReplyItem>,
}

impl Reply {
    fn say(text: impl Into<String>) -> Reply {
        Reply { items: vec![ReplyItem::Text(text.into())] }
    }

    fn call(name: &str, arguments: Value) -> Reply {
        Reply { items: vec![ReplyItem::Call { name: name.to_owned(), arguments }] }
    }
}

/// Answers a conversation. The same conversation always gets the same answer.
pub fn respond(conversation: &[Item]) -> Reply {
    let conversation = Conversation::read(conversation);
    let Some(request) = &conversation.request else { return Reply::say(CANNOT) };
    // Before anything is read again: what is known of the files does not help any more.
    if conversation.refused_patches >= REFUSALS {
        let why = conversation.refusal.strip_prefix("Error:").unwrap_or(conversation.refusal).trim();
        return Reply::say(format!(
            "Pilotlight's embedded agent gave up: its patch was refused twice, the last time with: {why}"
        ));
    }
    let answer = match request.action {
        "finish" => finish::finish(&conversation),
        "fix" => fix::fix(&conversation, request),
        "edit" => instruction::edit(&conversation, request),
        "implement" => instruction::implement(&conversation, request),
        _ => Err(Reply::say(CANNOT)),
    };
    answer.unwrap_or_else(|reply| reply)
}
