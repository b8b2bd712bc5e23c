//! The ordered front: what changes documents is applied here, synchronously and in arrival order, before any `.await`
//! (invariant 2). Handlers behind it may then take as long as they like without mixing up the text.
//!
//! It also keeps a panic in one handler from taking the server with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::Service;
use tower_lsp::ExitedError;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use super::client::MessageKind;
use super::editor::Editor;
use super::from_proto::{DidChange, DidChangeFolders, DidClose, DidOpen, DidSave, FedDiagnostics, diagnostic};
use super::server::WATCHED;
use super::shown::is_ours;
use super::stdin::MALFORMED;
use crate::workspace::{Applied, Reported, uri_to_path};

/// The service in front of the framework's.
pub struct Front<S> {
    inner: S,
    editor: Arc<Editor>,
}

impl<S> Front<S> {
    /// Puts the front before `inner`.
    pub fn new(inner: S, editor: Arc<Editor>) -> Front<S> {
        Front { inner, editor }
    }
}

impl<S> Service<Request> for Front<S>
where
    S: Service<Request, Response = Option<Response>, Error = ExitedError>,
    S::Future: Send + 'static,
{
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = BoxFuture<'static, Result<Option<Response>, ExitedError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let id = request.id().cloned();
        match request.method() {
            MALFORMED => return ready(Some(malformed(&request))),
            "initialize" => self.editor.introduce(request.params().unwrap_or(&Value::Null)),
            "shutdown" => self.editor.shut_down.store(true, Ordering::Relaxed),
            // The framework answers no `$/` request at all; a request has to have its answer, before `initialize` too.
            method if id.is_some() && method.starts_with("$/") => {
                return ready(id.map(|id| Response::from_error(id, Error::method_not_found())));
            }
            method if id.is_none() && self.editor.abilities().is_some() => {
                if let Some(take) = taker(method) {
                    let (_, _, params) = request.into_parts();
                    self.take(take, params.unwrap_or_default());
                    return ready(None);
                }
            }
            _ => {}
        }
        let Ok(running) = catch_unwind(AssertUnwindSafe(|| self.inner.call(tamed(request)))) else {
            return ready(id.map(internal_error));
        };
        let guarded = AssertUnwindSafe(running).catch_unwind();
        Box::pin(async move { guarded.await.unwrap_or_else(|_| Ok(id.map(internal_error))) })
    }
}

type Taker = fn(&Arc<Editor>, Value) -> Result<(), String>;

impl<S> Front<S> {
    fn take(&self, take: Taker, params: Value) {
        if self.editor.broken.load(Ordering::Relaxed) {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| take(&self.editor, params))) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => tracing::warn!(%reason, "a notification could not be read"),
            Err(_) => {
                // Whatever was half done, the documents are not what the editor has any more.
                self.editor.broken.store(true, Ordering::Relaxed);
                let text = "Pilotlight lost track of your documents and will not edit them; restart the server.";
                self.editor.tell(MessageKind::Error, text.into());
            }
        }
    }
}

fn ready(response: Option<Response>) -> BoxFuture<'static, Result<Option<Response>, ExitedError>> {
    Box::pin(std::future::ready(Ok(response)))
}

fn internal_error(id: Id) -> Response {
    Response::from_error(id, Error::internal_error())
}

fn malformed(request: &Request) -> Response {
    let reason = request.params().and_then(|params| params.get("reason")).and_then(Value::as_str);
    let message = format!("Parse error: {}", reason.unwrap_or("unreadable"));
    Response::from_error(Id::Null, Error { code: ErrorCode::ParseError, message: message.into(), data: None })
}

/// The framework reads `initialize` into strict types that some clients miss; it needs none of them, so it gets none.
fn tamed(request: Request) -> Request {
    if request.method() != "initialize" {
        return request;
    }
    let bare = Request::build("initialize")
        .params(serde_json::json!({"processId": null, "rootUri": null, "capabilities": {}}));
    match request.id() {
        Some(id) => bare.id(id.clone()).finish(),
        None => bare.finish(),
    }
}

/// What is done with a notification, for those that are ours.
fn taker(method: &str) -> Option<Taker> {
    Some(match method {
        "textDocument/didOpen" => did_open,
        "textDocument/didChange" => did_change,
        "textDocument/didSave" => did_save,
        "textDocument/didClose" => did_close,
        "workspace/didChangeWorkspaceFolders" => did_change_folders,
        "workspace/didChangeWatchedFiles" => did_change_watched_files,
        "workspace/didChangeConfiguration" => did_change_configuration,
        "window/workDoneProgress/cancel" => cancel_progress,
        "pilotlight/diagnostics" => fed_diagnostics,
        _ => return None,
    })
}

/// The reason names the shape that was expected and nothing of what came: that may be a document's text.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|_| format!("these are no {}", std::any::type_name::<T>()))
}

/// Like [`read`], for what changes a document's text: where it cannot be read, the text is not known any more.
fn read_or_lose<T: DeserializeOwned>(editor: &Arc<Editor>, params: Value) -> Result<T, String> {
    let uri = params.pointer("/textDocument/uri").and_then(Value::as_str).map(str::to_owned);
    read(params).inspect_err(|_| {
        if let Some(uri) = uri {
            note(editor, &uri, &editor.documents.lose(&uri));
        }
    })
}

fn did_open(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let opened = read_or_lose::<DidOpen>(editor, params)?.text_document;
    note(editor, &opened.uri, &editor.documents.open(&opened.uri, &opened.language_id, opened.version, &opened.text));
    let known = editor.desk(&opened.uri);
    if known.is_some() || (uri_to_path(&opened.uri).is_some() && !is_ours(editor, &opened.uri)) {
        // In time for its first action: a file outside every folder gets a desk of its own, and ignore files are read.
        let editor = editor.clone();
        tokio::task::spawn_blocking(move || match known.map_or_else(|| editor.desk_or_open(&opened.uri), Ok) {
            Ok(desk) => desk.read_ignore_files(desk.workspace.rel_of_uri(&opened.uri)),
            Err(reason) => tracing::warn!(%reason, "no workspace"),
        });
    }
    Ok(())
}

fn did_change(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let (uri, version, changes) = read_or_lose::<DidChange>(editor, params)?.into_parts();
    note(editor, &uri, &editor.documents.change(&uri, version, changes));
    // Whoever types may ask in a moment; the session should be warm by then.
    if let Some(desk) = editor.desk(&uri) {
        desk.session.touch();
    }
    Ok(())
}

fn did_save(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let saved = read::<DidSave>(params)?;
    let uri = &saved.text_document.uri;
    note(editor, uri, &editor.documents.save(uri, saved.text.as_deref()));
    // Editors that watch no files tell of this much.
    match WATCHED.iter().any(|name| uri.ends_with(name)) {
        true => did_change_watched_files(editor, Value::Null),
        false => Ok(()),
    }
}

fn did_close(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let closed = read::<DidClose>(params)?.text_document;
    note(editor, &closed.uri, &editor.documents.close(&closed.uri));
    Ok(())
}

/// A document that fell out of step is told once, not at every keystroke.
fn note(editor: &Arc<Editor>, uri: &str, applied: &Applied) {
    match applied {
        Applied::Done => {}
        Applied::Reopened => tracing::warn!("a document was opened twice; the later text counts"),
        Applied::Unknown => tracing::debug!("a change to a document that is not open"),
        Applied::Desynced { reason, first: true } => {
            tracing::warn!(%reason, "a document is out of step");
            let name = uri_to_path(uri).map_or_else(|| uri.to_owned(), |path| path.display().to_string());
            let text = format!("Pilotlight does not know the text of {name} any more: {reason}.");
            editor.tell(MessageKind::Warning, text);
        }
        Applied::Desynced { .. } => {}
    }
}

fn did_change_folders(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let event = read::<DidChangeFolders>(params)?.event;
    for removed in event.removed.iter().filter_map(|folder| uri_to_path(&folder.uri)) {
        if let Some(desk) = editor.remove_folder(&removed) {
            let pool = editor.around().pool;
            tokio::spawn(async move { desk.leave(&pool).await });
        }
    }
    let added: Vec<PathBuf> = event.added.iter().filter_map(|folder| uri_to_path(&folder.uri)).collect();
    for folder in added {
        editor.add_folder(folder.clone());
        open_folder(editor, folder);
    }
    Ok(())
}

/// Sets a folder's desk up in the background.
pub fn open_folder(editor: &Arc<Editor>, folder: PathBuf) {
    let editor = editor.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(reason) = editor.open_desk(folder) {
            editor.tell(MessageKind::Error, format!("Pilotlight: {reason}"));
        }
    });
}

/// Whichever file it was, what it says about a folder may have changed.
fn did_change_watched_files(editor: &Arc<Editor>, _: Value) -> Result<(), String> {
    for desk in editor.desks() {
        desk.workspace.policy().invalidate();
        let editor = editor.clone();
        tokio::task::spawn_blocking(move || {
            editor.renew(&desk);
            desk.read_ignore_files(desk.workspace.open_documents().into_iter().map(|(path, _)| path));
        });
    }
    Ok(())
}

fn did_change_configuration(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    // Editors that want to be asked for their settings send none along.
    let Some(settings) = params.get("settings").filter(|settings| !settings.is_null()) else { return Ok(()) };
    for warning in editor.configure(settings) {
        editor.tell(MessageKind::Warning, format!("Pilotlight: {warning}"));
    }
    for desk in editor.desks() {
        let editor = editor.clone();
        tokio::task::spawn_blocking(move || editor.renew(&desk));
    }
    Ok(())
}

fn cancel_progress(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let token = params.get("token").ok_or("a cancel without a token")?;
    for (_, turn) in editor.turns().iter().filter(|(_, turn)| turn.token == *token) {
        turn.cancel.cancel();
    }
    Ok(())
}

fn fed_diagnostics(editor: &Arc<Editor>, params: Value) -> Result<(), String> {
    let fed = read::<FedDiagnostics>(params)?;
    let Some(desk) = editor.desk(&fed.uri) else { return Ok(()) };
    let Some(path) = desk.workspace.rel_of_uri(&fed.uri) else { return Ok(()) };
    let document = desk.workspace.document(&path);
    let encoding = editor.documents.encoding();
    let diagnostics = fed.diagnostics.iter();
    let diagnostics = diagnostics.map(|one| diagnostic(one, document.as_ref(), &desk.workspace, encoding)).collect();
    let version = fed.version.or(document.map(|document| document.version));
    let reported = Reported { diagnostics, version };
    if desk.aftermath.reported(&path, &reported) {
        let message = format!("Pilotlight's last edit left new errors, in {path} first; a code action asks for a fix.");
        let client = editor.client.clone();
        tokio::spawn(async move { client.notify("window/logMessage", json!({"type": 3, "message": message})).await });
    }
    desk.diagnostics.replace(path, reported);
    Ok(())
}

#[cfg(test)]
mod tests;
