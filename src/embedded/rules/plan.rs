//! Carries a plan of edits out, a patch at a time.

use std::collections::BTreeMap;

use super::conversation::Conversation;
use super::patch::{self, Edit};
use super::{Reply, ReplyItem};

/// Files in one patch.
const FILES: usize = 400;
/// Bytes in one patch.
const BYTES: usize = 1_000_000;
/// Edits by file, and what to say when they are made.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The edits, against the texts before this turn's patches.
    pub edits: BTreeMap<String, Vec<Edit>>,
    /// The last words of the turn.
    pub summary: String,
}

impl Plan {
    /// The next patch, or the summary when nothing is left to do.
    pub fn next(mut self, conversation: &Conversation<'_>) -> Reply {
        let mut sections = String::new();
        let mut files = 0;
        for (path, edits) in self.edits.iter_mut().filter(|(path, _)| !conversation.is_patched(path)) {
            let Some(text) = conversation.text(path) else { continue };
            patch::tidy(edits);
            let section = patch::update(path, text, edits);
            if files > 0 && (files == FILES || sections.len() + section.len() > BYTES) {
                break;
            }
            sections.push_str(&section);
            files += 1;
        }
        if files == 0 {
            return Reply::say(self.summary);
        }
        Reply { items: vec![ReplyItem::Patch(patch::envelope(&sections))] }
    }
}
