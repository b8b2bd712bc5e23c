//! The commands of the contract. All reply at once; a turn's work goes on in its session.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use super::client::MessageKind;
use super::comments::{Wish, wish};
use super::consent::{self, Held};
use super::desk::Desk;
use super::editor::{Editor, RunningTurn};
use super::from_proto::{ExecuteCommand, ProtoDiagnostic, ProtoRange, diagnostic};
use super::host::{EditorHost, HostParts, token};
use super::progress::{Progress, Shown};
use super::status::status;
use super::waiting;
use crate::agent::{Action, Ask, TurnRequest};
use crate::session::receipt::{Receipt, markdown};
use crate::workspace::{Language, RelPath};

/// Every command, as `executeCommandProvider` lists them.
pub const COMMANDS: [&str; 17] = [
    "pilotlight.fix",
    "pilotlight.finish",
    "pilotlight.implement",
    "pilotlight.edit",
    "pilotlight.document",
    "pilotlight.test",
    "pilotlight.simplify",
    "pilotlight.ask",
    "pilotlight.action",
    "pilotlight.cancel",
    "pilotlight.apply",
    "pilotlight.discard",
    "pilotlight.show",
    "pilotlight.trust",
    "pilotlight.status",
    "pilotlight.receipts",
    "pilotlight.reset",
];

/// The argument object of any command.
#[derive(Clone, Deserialize, Default)]
pub struct Argument {
    pub(super) uri: Option<String>,
    range: Option<ProtoRange>,
    /// First and last line, counted from one as people and key bindings do; used where there is no range.
    lines: Option<(usize, usize)>,
    diagnostics: Option<Vec<ProtoDiagnostic>>,
    instruction: Option<String>,
    question: Option<String>,
    name: Option<String>,
    turn: Option<String>,
    proposal: Option<String>,
    /// Files of the proposal, as URIs or paths; all if absent.
    files: Option<Vec<String>>,
    pub(super) root: Option<String>,
    /// What the last edit broke, instead of diagnostics at a place.
    #[serde(default)]
    broken: bool,
}

/// Runs a command.
pub async fn execute(editor: &Arc<Editor>, params: ExecuteCommand) -> Result<Value> {
    let argument = argument(params.arguments)?;
    match params.command.as_str() {
        "pilotlight.fix" => begin(editor, Action::Fix, argument, params.work_done_token).await,
        "pilotlight.finish" => begin(editor, Action::Finish, argument, params.work_done_token).await,
        "pilotlight.implement" => begin(editor, Action::Implement, argument, params.work_done_token).await,
        "pilotlight.edit" => begin(editor, Action::Edit, argument, params.work_done_token).await,
        "pilotlight.document" => begin(editor, Action::Document, argument, params.work_done_token).await,
        "pilotlight.test" => begin(editor, Action::Test, argument, params.work_done_token).await,
        "pilotlight.simplify" => begin(editor, Action::Simplify, argument, params.work_done_token).await,
        "pilotlight.ask" => begin(editor, Action::Ask, argument, params.work_done_token).await,
        "pilotlight.action" => begin(editor, Action::Custom, argument, params.work_done_token).await,
        "pilotlight.cancel" => cancel(editor, &argument),
        "pilotlight.apply" => {
            let applied = waiting::apply(editor, named_proposal(&argument)?, argument.files.as_deref());
            applied.map(|()| Value::Null).map_err(failed)
        }
        "pilotlight.discard" => {
            waiting::discard(editor, named_proposal(&argument)?).map(|()| Value::Null).map_err(failed)
        }
        "pilotlight.show" => waiting::show(editor, named_proposal(&argument)?).map(|()| Value::Null).map_err(failed),
        "pilotlight.trust" => consent::trust(editor, &argument).await,
        "pilotlight.status" => Ok(status(editor)),
        "pilotlight.receipts" => Ok(receipts(editor)),
        "pilotlight.reset" => reset(editor, &argument),
        other => Err(wrong(&format!("there is no command {other}; the commands are {}", COMMANDS.join(", ")))),
    }
}

/// The first argument: an object, or (from a command line in Helix) its JSON text, or a bare URI.
fn argument(arguments: Option<Vec<Value>>) -> Result<Argument> {
    let first = arguments.and_then(|mut all| if all.is_empty() { None } else { Some(all.remove(0)) });
    let object = match first {
        None | Some(Value::Null) => return Ok(Argument::default()),
        Some(Value::String(text)) => match serde_json::from_str::<Value>(&text) {
            Ok(object @ Value::Object(_)) => object,
            _ => return Ok(Argument { uri: Some(text), ..Argument::default() }),
        },
        Some(value) => value,
    };
    serde_json::from_value(object).map_err(|error| wrong(&format!("the argument is not right: {error}")))
}

fn named_proposal(argument: &Argument) -> Result<&str> {
    argument.proposal.as_deref().ok_or_else(|| wrong("give the proposal: {\"proposal\": ID}"))
}

pub(super) fn wrong(message: &str) -> Error {
    Error { code: ErrorCode::InvalidParams, message: message.to_owned().into(), data: None }
}

/// `RequestFailed`: the request was right and could not be done.
pub(super) fn failed(message: String) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: message.into(), data: None }
}

// ---- turns ------------------------------------------------------------------------------------------------------

pub(super) async fn begin(
    editor: &Arc<Editor>,
    action: Action,
    argument: Argument,
    work_done_token: Option<Value>,
) -> Result<Value> {
    if editor.broken.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(failed("Pilotlight lost track of your documents; restart the server.".into()));
    }
    let uri = argument.uri.clone().ok_or_else(|| wrong("give the document: {\"uri\": \"file:///…\"}"))?;
    let desk = desk(editor, &uri).await?;
    let held = Held { action, argument: argument.clone(), revision: desk.revision(&uri) };
    let ask = ask(editor, &desk, action, &uri, argument)?;
    let turn = editor.new_turn_id();
    let cancel = desk.session.closing().child_token();
    let shown = match (work_done_token, editor.abilities().is_some_and(|abilities| abilities.progress)) {
        (Some(token), _) => Some(Shown { token, known: true, title: title(ask.action) }),
        (None, true) => Some(Shown { token: token(&turn), known: false, title: title(ask.action) }),
        (None, false) => None,
    };
    let progress_token = shown.as_ref().map_or(Value::Null, |shown| shown.token.clone());
    let action = ask.action;
    let first = "starting".to_owned();
    let progress = Progress::begin(editor.client.clone(), shown, first, cancel.clone());
    let config = desk.config();
    let host = EditorHost::new(HostParts {
        editor: editor.clone(),
        desk: desk.clone(),
        turn: turn.clone(),
        action,
        confirm: config.edit.confirm,
        cancel: cancel.clone(),
        progress,
    });
    let request = TurnRequest {
        id: turn.clone(),
        ask,
        workspace: desk.workspace.clone(),
        diagnostics: desk.diagnostics.clone(),
        unfinished: desk.unfinished(),
        max_delta_bytes: usize::try_from(config.context.max_delta_bytes).unwrap_or(usize::MAX),
        cancel: cancel.clone(),
        host: Arc::new(host.clone()),
    };
    editor.add_turn(turn.clone(), RunningTurn { desk: desk.clone(), action, cancel, token: progress_token });
    if consent::is_given(editor, &desk).await {
        match desk.session.submit(request) {
            Ok(before) => host.waits_for(before),
            Err(full) => {
                editor.remove_turn(&turn);
                // Ends its progress; nothing was queued.
                drop(host);
                return Err(failed(format!("Pilotlight: {full}")));
            }
        }
    } else {
        let editor = editor.clone();
        tokio::spawn(async move { consent::first(&editor, &desk, request, &host, held).await });
    }
    Ok(json!({ "turn": turn }))
}

async fn desk(editor: &Arc<Editor>, uri: &str) -> Result<Arc<Desk>> {
    if let Some(desk) = editor.desk(uri) {
        return Ok(desk);
    }
    let (editor, uri) = (editor.clone(), uri.to_owned());
    let opened = tokio::task::spawn_blocking(move || editor.desk_or_open(&uri)).await;
    opened.map_err(|_| Error::internal_error())?.map_err(failed)
}

fn title(action: Action) -> String {
    format!("Pilotlight: {}", action.name())
}

/// Puts a command's argument in the agent's terms.
fn ask(editor: &Editor, desk: &Desk, action: Action, uri: &str, argument: Argument) -> Result<Ask> {
    let path =
        desk.workspace.rel_of_uri(uri).ok_or_else(|| failed(format!("{uri} has a name Pilotlight cannot use")))?;
    let document = desk.workspace.document(&path);
    let encoding = editor.documents.encoding();
    let mut ask = Ask {
        action,
        lines: argument.range.map(ProtoRange::lines).or(argument.lines.map(in_order)),
        diagnostics: Vec::new(),
        instruction: argument.instruction.or(argument.question).filter(|text| !text.trim().is_empty()),
        file: Some(path.clone()),
    };
    match action {
        Action::Fix if argument.broken => {
            ask.lines = None;
            ask.diagnostics = desk.aftermath.taken().into_iter().collect();
            if ask.diagnostics.is_empty() {
                return Err(failed("nothing is known any more that the last edit broke".into()));
            }
        }
        Action::Fix => {
            let sent = argument.diagnostics.unwrap_or_default();
            let read = |one: &ProtoDiagnostic| diagnostic(one, document.as_ref(), &desk.workspace, encoding);
            let mut found: Vec<_> = sent.iter().map(read).collect();
            if found.is_empty() {
                found = reported(desk, &path, ask.lines);
            }
            if found.is_empty() {
                return Err(failed("there is no diagnostic to fix here; put the cursor on one".into()));
            }
            ask.diagnostics = vec![(path.clone(), found)];
        }
        Action::Edit if ask.instruction.is_none() => {
            return Err(wrong("give an instruction: {\"uri\": …, \"range\": …, \"instruction\": \"what to do\"}"));
        }
        Action::Implement => implement(&mut ask, &path, document.as_ref()),
        Action::Finish => ask.lines = None,
        Action::Custom => {
            let name = argument.name.ok_or_else(|| wrong("give the action: {\"name\": NAME}"))?;
            let known = desk.actions().into_iter().find(|known| known.name == name);
            let custom =
                known.ok_or_else(|| failed(format!("there is no [[action]] named {name} in the configuration")))?;
            ask.instruction = Some(custom.prompt);
        }
        _ => {}
    }
    Ok(ask)
}

fn in_order((first, last): (usize, usize)) -> (usize, usize) {
    (first.min(last).max(1), first.max(last).max(1))
}

/// What a plugin fed for these lines.
fn reported(desk: &Desk, path: &RelPath, lines: Option<(usize, usize)>) -> Vec<crate::workspace::Diagnostic> {
    let reported = desk.diagnostics.of(path).diagnostics;
    let Some((first, last)) = lines else { return reported };
    reported.into_iter().filter(|one| one.start.0 <= last && one.end.0 >= first).collect()
}

/// The comment at the place says what is wanted; `AI?` makes it a question.
fn implement(ask: &mut Ask, path: &RelPath, document: Option<&crate::workspace::Snapshot>) {
    let (Some(document), Some(lines)) = (document, ask.lines) else { return };
    let language = Language::of(&document.language_id, Some(path));
    let Some(found) = wish(&document.model_text(), lines, language) else { return };
    if lines.0 == lines.1 {
        ask.lines = Some(found.lines);
    }
    match found.wish {
        Wish::Do(text) | Wish::Todo(text) => ask.instruction = ask.instruction.take().or(said(text)),
        Wish::Answer(text) => {
            ask.action = Action::Ask;
            ask.instruction = said(text);
        }
        Wish::Stub => {}
    }
}

/// A comment may be its mark and nothing else.
fn said(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

// ---- everything else --------------------------------------------------------------------------------------------

fn cancel(editor: &Editor, argument: &Argument) -> Result<Value> {
    let turns = editor.turns();
    let chosen = turns.iter().filter(|(id, _)| argument.turn.as_ref().is_none_or(|wanted| wanted == id));
    let mut cancelled = Vec::new();
    for (id, turn) in chosen {
        turn.cancel.cancel();
        cancelled.push(id);
    }
    Ok(json!({ "cancelled": cancelled }))
}

fn receipts(editor: &Editor) -> Value {
    let mut turns: Vec<Receipt> = Vec::new();
    let mut connections = 0;
    for desk in editor.desks() {
        let board = desk.session.board();
        turns.extend(board.receipts().all().cloned());
        connections += board.status().connections;
    }
    json!({"markdown": markdown(&turns, connections), "turns": turns})
}

fn reset(editor: &Arc<Editor>, argument: &Argument) -> Result<Value> {
    let root = argument.root.as_ref().map(PathBuf::from);
    let desks = editor.desks();
    let chosen: Vec<_> = desks
        .iter()
        .filter(|desk| root.as_ref().is_none_or(|root| desk.root() == *root || desk.workspace.rel(root).is_some()))
        .collect();
    if chosen.is_empty() && root.is_some() {
        return Err(failed("there is no session for that folder".into()));
    }
    for desk in &chosen {
        for (_, turn) in editor.turns().iter().filter(|(_, turn)| Arc::ptr_eq(&turn.desk, desk)) {
            turn.cancel.cancel();
        }
        desk.session.reset();
    }
    editor.tell(MessageKind::Info, "Pilotlight begins a new session.".into());
    Ok(json!({ "reset": chosen.len() }))
}
