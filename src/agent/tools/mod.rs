//! The five tools a model has, and how their calls are answered.
//!
//! Tools read the turn's working copy first, what the model knows second, the editor and the disk last; nothing here
//! writes to disk. Calls that only read run together; a patch waits for those before it and holds up those after it.
//! Every failed answer begins with `Error:` and says what would work.

mod apply_patch;
mod arguments;
mod diagnostics;
mod list_files;
mod read_file;
mod search;
mod view;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::delta::ledger::Sight;
use crate::wire::item::Item;
use crate::workspace::{ModelText, RelPath};

use super::{Stage, prompts};
pub use view::View;

/// How `apply_patch` is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchTool {
    /// A freeform tool with a grammar.
    Custom,
    /// A JSON function `{patch}`.
    Function,
}

/// The declarations, in their fixed order; constant for a session, since a change empties the server's prefix cache.
pub fn declarations(patch_tool: PatchTool) -> Value {
    let mut tools: Vec<Value> = serde_json::from_str(prompts::TOOLS).unwrap_or_default();
    tools.push(match patch_tool {
        PatchTool::Custom => json!({
            "type": "custom",
            "name": "apply_patch",
            "description": prompts::PATCH_FREEFORM.trim_end(),
            "format": {
                "type": "grammar",
                "syntax": "lark",
                "definition": prompts::PATCH_GRAMMAR,
            },
        }),
        PatchTool::Function => json!({
            "type": "function",
            "name": "apply_patch",
            "description": prompts::PATCH.trim_end(),
            "parameters": {"type": "object", "properties": {"patch": {"type": "string"}}, "required": ["patch"]},
        }),
    });
    Value::Array(tools)
}

/// One call of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Pairs the answer with the call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// JSON arguments, or the patch itself.
    pub input: Input,
}

/// How the arguments came.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The JSON text of a function call.
    Json(String),
    /// The freeform text of a custom tool call.
    Text(String),
}

impl Call {
    /// The call in an output item, if it is one.
    pub fn from_item(item: &Item) -> Option<Call> {
        match item {
            Item::FunctionCall { call_id, name, arguments } => {
                Some(Call { id: call_id.clone(), name: name.clone(), input: Input::Json(arguments.clone()) })
            }
            Item::CustomToolCall { call_id, name, input } => {
                Some(Call { id: call_id.clone(), name: name.clone(), input: Input::Text(input.clone()) })
            }
            _ => None,
        }
    }

    /// The arguments as text, for comparing calls.
    pub fn arguments(&self) -> &str {
        match &self.input {
            Input::Json(text) | Input::Text(text) => text,
        }
    }

    /// The item that answers this call.
    pub fn answer(&self, output: String) -> Item {
        let call_id = self.id.clone();
        match self.input {
            Input::Json(_) => Item::FunctionCallOutput { call_id, output },
            Input::Text(_) => Item::CustomToolCallOutput { call_id, output },
        }
    }

    /// Whether it may change the working copy.
    pub fn is_patch(&self) -> bool {
        self.name == "apply_patch"
    }
}

/// What a tool answered, and what that means for the turn.
#[derive(Debug)]
pub struct Answer {
    /// The text for the model.
    pub output: String,
    /// What changed or was seen.
    pub effect: Effect,
}

/// The effect of a tool call on the turn.
#[derive(Debug)]
pub enum Effect {
    /// None.
    Nothing,
    /// None: the model has the answer already, and was told so.
    Repeated,
    /// The model saw a file, or a part of it.
    Saw {
        /// The file.
        path: RelPath,
        /// The text it saw, or saw a part of.
        text: ModelText,
        /// How much.
        sight: Sight,
        /// The lines it was given, inclusive, from 1.
        lines: (usize, usize),
    },
    /// A patch was taken.
    Patched(Vec<Write>),
    /// A patch was refused; these are the files it named.
    Refused(Vec<RelPath>),
}

/// One file a patch wrote.
#[derive(Debug)]
pub struct Write {
    /// The file; for a move, its new name.
    pub path: RelPath,
    /// Its text before the patch; `None` if the patch creates it.
    pub before: Option<ModelText>,
    /// Its text after; `None` if the patch deletes it.
    pub after: Option<ModelText>,
    /// The name it is moved from.
    pub moved_from: Option<RelPath>,
}

/// Answers one call. Blocks (disk, search); run it off the async threads.
pub fn run(call: &Call, view: &View) -> Answer {
    let answered = match call.name.as_str() {
        "read_file" => arguments::read(&call.input).and_then(|arguments| read_file::run(arguments, view)),
        "search" => arguments::read(&call.input).and_then(|arguments| search::run(arguments, view)),
        "list_files" => arguments::read(&call.input).and_then(|arguments| list_files::run(arguments, view)),
        "diagnostics" => arguments::read(&call.input).and_then(|arguments| diagnostics::run(arguments, view)),
        "apply_patch" => return apply_patch::run(&call.input, view),
        other => {
            Err(format!("there is no tool `{other}`; use read_file, search, list_files, diagnostics or apply_patch"))
        }
    };
    answered.unwrap_or_else(|reason| Answer { output: format!("Error: {reason}"), effect: Effect::Nothing })
}

/// Takes the patch that a model wrote into its answer instead of calling the tool, as a call; `None` if there is none.
pub async fn run_on_words(answer: &str, view: Arc<View>) -> Option<(Call, Answer)> {
    let text = answer.to_owned();
    let taken = tokio::task::spawn_blocking(move || apply_patch::run_on_words(&text, &view)).await;
    let call = Call { id: String::new(), name: "apply_patch".into(), input: Input::Text(answer.to_owned()) };
    Some((call, taken.unwrap_or_else(|_| Some(failed()))?))
}

/// What the calls are about to do, for the progress.
pub fn stage(call: &Call) -> Option<Stage> {
    match call.name.as_str() {
        "read_file" => {
            let arguments: read_file::Arguments = arguments::read(&call.input).ok()?;
            Some(Stage::Reading(vec![RelPath::parse(&arguments.path).ok()?]))
        }
        "search" => {
            let arguments: search::Arguments = arguments::read(&call.input).ok()?;
            Some(Stage::Searching(arguments.pattern))
        }
        "list_files" => Some(Stage::Searching("*".into())),
        _ => None,
    }
}

/// Answers calls in order of meaning: neighbours that only read run together, each patch by itself. `apply` is told
/// each effect, in the order of the calls, and gives the view for what comes next.
pub async fn run_all(
    calls: &[Call],
    mut view: Arc<View>,
    mut apply: impl FnMut(&Call, &Answer) -> Option<Arc<View>> + Send,
) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(calls.len());
    let mut rest = calls;
    while !rest.is_empty() {
        let reading = rest.iter().take_while(|call| !call.is_patch()).count().max(1);
        let (together, after) = rest.split_at(reading);
        let running: Vec<_> = together
            .iter()
            .map(|call| {
                let (call, view) = (call.clone(), view.clone());
                tokio::task::spawn_blocking(move || run(&call, &view))
            })
            .collect();
        for (call, running) in together.iter().zip(running) {
            let answer = running.await.unwrap_or_else(|_| failed());
            if let Some(next) = apply(call, &answer) {
                view = next;
            }
            answers.push(answer);
        }
        rest = after;
    }
    answers
}

/// The answer of a tool that panicked.
fn failed() -> Answer {
    Answer { output: "Error: the tool failed; try another way".into(), effect: Effect::Nothing }
}
