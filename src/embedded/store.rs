//! Responses made with `store: true`: kept for the process, in memory, the least recently used given up first.
//!
//! Both transports share it. It must never hold a response made with `store: false`.

use std::{collections::VecDeque, sync::Arc};

use super::conversation::Conversation;

/// How many responses are kept.
const MAX_RESPONSES: usize = 64;
/// How many bytes of conversation they may hold in all.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// The stored responses, least recently used first.
#[derive(Debug, Default)]
pub(super) struct Store {
    responses: VecDeque<(String, Arc<Conversation>)>,
    bytes: usize,
}

impl Store {
    pub(super) fn put(&mut self, id: String, conversation: Arc<Conversation>) {
        self.bytes += conversation.bytes();
        self.responses.push_back((id, conversation));
        while self.responses.len() > MAX_RESPONSES || self.bytes > MAX_BYTES {
            let Some((_, dropped)) = self.responses.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(dropped.bytes());
        }
    }

    pub(super) fn get(&mut self, id: &str) -> Option<Arc<Conversation>> {
        let index = self.responses.iter().position(|(known, _)| known == id)?;
        let used = self.responses.remove(index)?;
        let conversation = used.1.clone();
        self.responses.push_back(used);
        Some(conversation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut store = Store::default();
        for index in 0..MAX_RESPONSES {
            store.put(format!("resp_{index}"), Arc::default());
        }
        assert!(store.get("resp_0").is_some());
        store.put("resp_new".into(), Arc::default());
        assert!(store.get("resp_0").is_some() && store.get("resp_new").is_some());
        assert!(store.get("resp_1").is_none());
    }
}
