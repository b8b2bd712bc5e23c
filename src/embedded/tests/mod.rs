//! The server as clients meet it: over loopback sockets, with an agent that does as the last message says.

mod client;
mod distance;
mod door;
mod faults;
mod http;
mod journal;
mod websocket;

use std::sync::Arc;

use serde_json::json;

use crate::wire::item::Item;

use super::{
    AgentOptions,
    rules::{Reply, ReplyItem},
    server::{Limits, Responder, RunningAgent, start_with},
};

/// What the scripted agent patches.
const PATCH: &str = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";

/// Answers by the last item: a call, a patch, a panic, a long text, or how many items there are.
fn scripted(conversation: &[Item]) -> Reply {
    let item = match conversation.last() {
        Some(Item::Message { text, .. }) => match text.as_str() {
            "call" => ReplyItem::Call { name: "search".into(), arguments: json!({"pattern": "needle"}) },
            "patch" => ReplyItem::Patch(PATCH.into()),
            "panic" => panic!("as told"),
            "long" => ReplyItem::Text("0123456789".repeat(50)),
            _ => ReplyItem::Text(format!("{} items", conversation.len())),
        },
        _ => ReplyItem::Text(format!("{} items", conversation.len())),
    };
    Reply { items: vec![item] }
}

async fn agent(faults: &[&str]) -> RunningAgent {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start(AgentOptions { faults, ..AgentOptions::default() }, Limits::default()).await
}

async fn start(options: AgentOptions, limits: Limits) -> RunningAgent {
    start_with(options, Arc::new(scripted) as Responder, limits).await.unwrap()
}
