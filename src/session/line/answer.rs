//! An answer as it comes in, event by event.

use super::{Happening, Stop, Watcher, cut};
use crate::session::failure::Failure;
use crate::session::recovery::Trouble;
use crate::wire::event::{Event, Finished, OutputItem};
use crate::wire::item::{Item, Role};

/// Most that is kept of one answer, in bytes of text and of items: many times what any model can say at once.
const MAX_BYTES: usize = 32 << 20;

/// What of it there is.
#[derive(Default)]
pub(super) struct Answer {
    items: Vec<OutputItem>,
    /// The server said anything at all.
    pub heard: bool,
    /// Something of the answer was received.
    pub started: bool,
    text: String,
    /// Bytes kept so far.
    kept: usize,
    chained_outputs: bool,
}

impl Answer {
    /// The answer to a request; `chained_outputs` when it answered calls that only the server holds.
    pub fn to(chained_outputs: bool) -> Answer {
        Answer { chained_outputs, ..Answer::default() }
    }

    /// Takes one event; returns the answer when it was the last.
    pub fn take(&mut self, event: Event, watcher: Watcher<'_>) -> Result<Option<(Vec<OutputItem>, Finished)>, Stop> {
        match event {
            Event::TextDelta(delta) => {
                self.keep(delta.len())?;
                self.text.push_str(&delta);
                watcher(Happening::Text(&delta));
            }
            Event::ItemDone(item) => {
                self.keep(item.encoded.as_str().len())?;
                self.items.push(item);
            }
            Event::Completed(finished) => {
                let mut items = std::mem::take(&mut self.items);
                // Item events are authoritative; a server that sent none repeats them here, or only streamed text.
                if items.is_empty() {
                    items = finished.items();
                }
                if items.is_empty() && !self.text.is_empty() {
                    let item = Item::Message { role: Role::Assistant, text: self.text.clone() };
                    items.push(OutputItem { encoded: item.encode(), item });
                }
                return Ok(Some((items, finished)));
            }
            // A steered response ends so and goes on in a new one; we never steer, but a server may.
            Event::Incomplete(reason) if reason == "steered" => *self = Answer::to(self.chained_outputs),
            Event::Incomplete(reason) => return Err(Failure::Incomplete(reason).into()),
            Event::Failed(error) => {
                let (after_output, chained_outputs) = (self.started, self.chained_outputs);
                return Err(Stop::Trouble(Trouble::Api { error, after_output, chained_outputs }));
            }
            Event::Created | Event::Other => {}
        }
        Ok(None)
    }

    /// Makes room for a part of the answer.
    fn keep(&mut self, bytes: usize) -> Result<(), Stop> {
        self.started = true;
        self.kept += bytes;
        if self.kept > MAX_BYTES {
            return Err(cut(format!("the server's answer is larger than {} MiB", MAX_BYTES >> 20)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::event::decode;

    /// What a server may say, in the server's own words.
    const EVENTS: [&str; 9] = [
        r#"{"type":"response.created"}"#,
        r#"{"type":"response.output_text.delta","delta":"ab"}"#,
        r#"{"type":"response.output_item.done","item":{"type":"function_call","call_id":"c1","name":"x","arguments":"{}"}}"#,
        r#"{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[]}}"#,
        r#"{"type":"response.completed","response":{"id":"r","output":[{"type":"reasoning","id":"rs"}]}}"#,
        r#"{"type":"response.completed"}"#,
        r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"steered"}}}"#,
        r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"x"}}}"#,
        r#"{"type":"nobody.knows"}"#,
    ];

    proptest! {
        #[test]
        fn any_sequence_of_events_is_the_answer_that_its_items_make(
            sequence in prop::collection::vec(0..EVENTS.len(), 0..12)
        ) {
            let (mut answer, mut heard) = (Answer::to(false), String::new());
            // Of a response that was steered away from, nothing counts.
            let (mut items, mut text) = (0, String::new());
            for event in sequence {
                let mut watcher = |happening: Happening<'_>| {
                    if let Happening::Text(delta) = happening {
                        heard.push_str(delta);
                    }
                };
                let taken = answer.take(decode(EVENTS[event]).unwrap(), &mut watcher);
                match (event, taken) {
                    (1, Ok(None)) => text.push_str("ab"),
                    (2 | 3, Ok(None)) => items += 1,
                    (6, Ok(None)) => (items, text) = (0, String::new()),
                    (0 | 8, Ok(None)) => {}
                    (4 | 5, Ok(Some((found, _)))) => {
                        // Items that were sent, else those of the last event, else the text.
                        let repeated = usize::from(event == 4);
                        let expected = if items > 0 { items } else { repeated.max(usize::from(!text.is_empty())) };
                        prop_assert_eq!(found.len(), expected);
                        break;
                    }
                    (7, Err(Stop::Trouble(Trouble::Api { after_output, .. }))) => {
                        prop_assert_eq!(after_output, items > 0 || !text.is_empty(), "only what was received counts");
                        break;
                    }
                    (event, _) => prop_assert!(false, "{} was taken for something else", EVENTS[event]),
                }
                prop_assert!(heard.ends_with(&text), "what is received is shown");
            }
        }
    }
}
