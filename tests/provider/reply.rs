//! What a script says: one [`Reply`] answers one request, step by step.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

/// One step of an answer.
pub enum Step {
    /// `response.created`.
    Created,
    /// A piece of visible text.
    Delta(String),
    /// An output item; a call gets its id when it is sent.
    Item(Value),
    /// `response.completed`.
    Completed(Terminal),
    /// `response.incomplete` with this reason.
    Incomplete(&'static str),
    /// Any event, as it stands. An error makes the server forget the chain.
    Event(Value),
    /// A text frame that is not JSON.
    Garbage(&'static str),
    /// A binary frame (nothing, over HTTP).
    Binary,
    /// A close frame; over HTTP the end of the body.
    Close(u16, &'static str),
    /// The connection is dropped without a word.
    Cut,
    /// The connection is reset (over HTTP dropped).
    Reset,
    /// From here on events carry no `sequence_number`.
    Unnumbered,
    /// Nothing more, but pings are answered.
    Silence,
    /// Nothing more at all: nothing is heard, and the socket not closed.
    Deaf,
    /// Does something on the test's side, in time with the answer.
    Do(Box<dyn FnOnce() + Send>),
    /// Waits for a sign of the test.
    Until(Arc<Notify>),
}

/// What the terminal event carries.
#[derive(Clone, Copy, Debug, Default)]
pub enum Terminal {
    /// The output items and token counts.
    #[default]
    Whole,
    /// Neither output nor token counts.
    Bare,
}

/// The scripted answer to one request.
pub struct Reply {
    pub(super) steps: Vec<Step>,
    /// Over HTTP: refused before there is a stream.
    pub(super) refusal: Option<Refusal>,
}

/// An HTTP answer that is no stream.
pub(super) struct Refusal {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

/// A tool call of the scripted model.
#[derive(Clone, Debug)]
pub struct Call(Value);

impl Call {
    /// A JSON function call.
    pub fn new(name: &str, arguments: Value) -> Call {
        Call::raw(name, &arguments.to_string())
    }

    /// A function call whose arguments are this text.
    pub fn raw(name: &str, arguments: &str) -> Call {
        Call(json!({"type": "function_call", "name": name, "arguments": arguments}))
    }

    /// `read_file` of a whole file.
    pub fn read(path: &str) -> Call {
        Call::new("read_file", json!({"path": path}))
    }

    /// `apply_patch` as a function; `body` stands between the patch's first and last line.
    pub fn patch(body: &str) -> Call {
        Call::new("apply_patch", json!({"patch": envelope(body)}))
    }

    /// `apply_patch` as a freeform tool.
    pub fn custom_patch(body: &str) -> Call {
        Call(json!({"type": "custom_tool_call", "name": "apply_patch", "input": envelope(body)}))
    }

    /// A patch that replaces one line of a file.
    pub fn swap(path: &str, old: &str, new: &str) -> Call {
        Call::patch(&format!("*** Update File: {path}\n@@\n-{old}\n+{new}\n"))
    }
}

fn envelope(body: &str) -> String {
    format!("*** Begin Patch\n{body}*** End Patch\n")
}

impl Reply {
    /// Exactly these steps.
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Reply {
        Reply { steps: steps.into_iter().collect(), refusal: None }
    }

    /// The model ends its turn with these words.
    pub fn text(words: &str) -> Reply {
        let half = words.char_indices().nth(words.chars().count() / 2).map_or(0, |(at, _)| at);
        let (half, rest) = words.split_at(half);
        Reply::of([
            Step::Created,
            Step::Delta(half.into()),
            Step::Delta(rest.into()),
            Step::Item(message(words)),
            Step::Completed(Terminal::Whole),
        ])
    }

    /// The model calls tools.
    pub fn calls(calls: impl IntoIterator<Item = Call>) -> Reply {
        let items = calls.into_iter().map(|call| Step::Item(call.0));
        let steps = std::iter::once(Step::Created).chain(items).chain([Step::Completed(Terminal::Whole)]);
        Reply::of(steps)
    }

    /// One output item of any kind, then the end.
    pub fn item(item: Value) -> Reply {
        Reply::of([Step::Created, Step::Item(item), Step::Completed(Terminal::Whole)])
    }

    /// An error in the official envelope.
    pub fn error(status: u16, code: &str, message: &str) -> Reply {
        let error = json!({"type": "error", "status": status,
            "error": {"type": "invalid_request_error", "code": code, "message": message}});
        Reply::event(error)
    }

    /// One event and nothing more.
    pub fn event(event: Value) -> Reply {
        Reply::of([Step::Event(event)])
    }

    /// An HTTP answer that is no stream.
    pub fn status(status: u16, headers: Vec<(&'static str, String)>, body: Value) -> Reply {
        Reply { steps: Vec::new(), refusal: Some(Refusal { status, headers, body }) }
    }

    /// How many steps it has.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Does something before the rest, once the request has arrived.
    pub fn after(mut self, action: impl FnOnce() + Send + 'static) -> Reply {
        self.steps.insert(0, Step::Do(Box::new(action)));
        self
    }

    /// Says this event first.
    pub fn preceded_by(self, event: Value) -> Reply {
        self.with(0, Step::Event(event))
    }

    /// This step after the first `count` ones.
    pub fn with(mut self, count: usize, step: Step) -> Reply {
        self.steps.insert(count, step);
        self
    }

    /// Leaves `output` and `usage` out of the terminal event.
    pub fn bare(mut self) -> Reply {
        for step in &mut self.steps {
            if let Step::Completed(terminal) = step {
                *terminal = Terminal::Bare;
            }
        }
        self
    }

    /// The steps of another answer after the rest.
    pub fn join(mut self, rest: Reply) -> Reply {
        let rest = rest.steps.into_iter().filter(|step| !matches!(step, Step::Created));
        self.steps.extend(rest);
        self
    }

    /// Does this after the rest.
    pub fn then(mut self, step: Step) -> Reply {
        self.steps.push(step);
        self
    }

    /// The first `count` steps, then this one: an answer that breaks in the middle.
    pub fn broken_after(mut self, count: usize, end: Step) -> Reply {
        self.steps.truncate(count);
        self.steps.push(end);
        self
    }
}

/// An assistant's message item.
pub fn message(words: &str) -> Value {
    json!({"type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": words, "annotations": []}]})
}
