//! The server: puts the parts together, says what it can do, and decides how it ends.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult, InitializedParams};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::{LanguageServer, LspService, Server};

use super::catalogue::actions;
use super::client::{EditorClient, QUICK};
use super::commands::{COMMANDS, execute};
use super::desk::Surroundings;
use super::editor::Editor;
use super::from_proto::{CodeActionParams, ExecuteCommand};
use super::front::{Front, open_folder};
use super::{parent, stdin};
use crate::agent::TurnRequest;
use crate::config::{BaseUrl, Endpoint, Loaded, WORKSPACE_FILE, state_dir};
use crate::embedded::{AgentOptions, RunningAgent};
use crate::provider::Provider;
use crate::session::pool::SessionPool;
use crate::workspace::{Consents, Documents, PositionEncoding};

/// Requests handled at once. The framework's default of 4 lets a few waiting ones hold up everything, cancels included
/// (`safety.md` 2).
pub(super) const CONCURRENCY: usize = 256;
/// The files that say what a model may see and how edits are made; the rest of the disk is read anew anyway.
pub const WATCHED: [&str; 3] = [".gitignore", ".pilotlightignore", WORKSPACE_FILE];
/// How long sessions get to close their connections.
const CLOSES_WITHIN: Duration = Duration::from_millis(500);

/// What a server is started with.
pub struct Options {
    /// The configuration and where each value came from.
    pub loaded: Loaded,
    /// The process's environment.
    pub env: BTreeMap<String, String>,
    /// The sessions of this process; several servers may share them.
    pub pool: Arc<SessionPool<TurnRequest>>,
}

/// Serves one editor until it goes. True when it said goodbye properly.
///
/// # Errors
/// When the embedded agent, if it is the provider, cannot be started.
pub async fn serve<I, O>(
    options: Options,
    input: I,
    output: O,
) -> std::result::Result<bool, crate::embedded::StartError>
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let embedded = embedded_agent(&options.loaded).await?;
    let watch_parent = options.loaded.config.session.watch_parent;
    let editor_cell: Arc<OnceLock<Arc<Editor>>> = Arc::default();
    let around = surroundings(&options, embedded.as_ref());
    let (service, socket) = {
        let cell = editor_cell.clone();
        let build = LspService::build_with_lifecycle_methods(move |client| {
            let editor = Arc::new(Editor::new(EditorClient::new(client), around));
            Backend { editor: cell.get_or_init(|| editor).clone() }
        });
        build
            .custom_method("textDocument/codeAction", Backend::code_action)
            .custom_method("workspace/executeCommand", Backend::execute_command)
            .finish()
    };
    let editor = service.inner().editor.clone();
    let (guarded, reader) = tokio::io::duplex(256 * 1024);
    let guard = tokio::spawn(stdin::guard(input, reader));
    let serving =
        Server::new(guarded, output, socket).concurrency_level(CONCURRENCY).serve(Front::new(service, editor.clone()));
    let mut parent = editor.parent.subscribe();
    let watched = async {
        let pid = parent.wait_for(Option::is_some).await.ok().and_then(|pid| *pid);
        match pid.filter(|_| watch_parent) {
            Some(pid) => parent::died(pid).await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        () = serving => true,
        () = watched => false,
    };
    guard.abort();
    for (_, turn) in editor.turns() {
        turn.cancel.cancel();
    }
    let desks = editor.desks();
    let pool = editor.around().pool;
    let closing = desks.iter().map(|desk| desk.leave(&pool));
    let _ = tokio::time::timeout(CLOSES_WITHIN, futures_util::future::join_all(closing)).await;
    drop(embedded);
    Ok(ended && editor.shut_down.load(Ordering::Relaxed))
}

/// Starts the embedded agent where it is the provider.
async fn embedded_agent(loaded: &Loaded) -> std::result::Result<Option<RunningAgent>, crate::embedded::StartError> {
    match loaded.config.provider.endpoint {
        Endpoint::Embedded => crate::embedded::start(AgentOptions::default()).await.map(Some),
        Endpoint::Remote(_) => Ok(None),
    }
}

fn surroundings(options: &Options, embedded: Option<&RunningAgent>) -> Surroundings {
    let url = embedded.and_then(|agent| BaseUrl::parse(&agent.base_url()).ok());
    Surroundings {
        loaded: options.loaded.clone(),
        env: Arc::new(options.env.clone()),
        provider: Provider::of(&options.loaded.config, url),
        consents: Arc::new(Consents::new(state_dir(&options.env))),
        pool: options.pool.clone(),
        documents: Arc::new(Documents::new(PositionEncoding::Utf16)),
    }
}

/// The request handlers. Everything that changes documents is done by the front before it gets here.
struct Backend {
    editor: Arc<Editor>,
}

impl LanguageServer for Backend {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        let abilities = self.editor.abilities().ok_or_else(Error::internal_error)?;
        // Lit from the moment the editor starts; nothing of this waits for it.
        for folder in self.editor.folders() {
            open_folder(&self.editor, folder);
        }
        let result = json!({
            "capabilities": capabilities(abilities.encoding_name()),
            "serverInfo": {"name": "pilotlight", "version": env!("CARGO_PKG_VERSION")},
        });
        serde_json::from_value(result).map_err(|_| Error::internal_error())
    }

    async fn initialized(&self, _: InitializedParams) {
        let editor = self.editor.clone();
        for warning in &editor.around().loaded.warnings {
            editor.tell(super::client::MessageKind::Warning, format!("Pilotlight: {warning}"));
        }
        if editor.abilities().is_some_and(|abilities| abilities.watch_files) {
            tokio::spawn(async move { watch_files(&editor).await });
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

impl Backend {
    async fn code_action(&self, raw: Value) -> Result<Value> {
        let range = raw.get("range").cloned().unwrap_or_default();
        let params: CodeActionParams =
            serde_json::from_value(raw).map_err(|error| Error::invalid_params(error.to_string()))?;
        Ok(Value::Array(actions(&self.editor, &params, &range)))
    }

    async fn execute_command(&self, params: Value) -> Result<Value> {
        let params: ExecuteCommand =
            serde_json::from_value(params).map_err(|error| Error::invalid_params(error.to_string()))?;
        execute(&self.editor, params).await
    }
}

fn capabilities(encoding: &str) -> Value {
    json!({
        "positionEncoding": encoding,
        "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
        "codeActionProvider": {"codeActionKinds": ["quickfix", "refactor", "refactor.rewrite", "source"]},
        "executeCommandProvider": {"commands": COMMANDS},
        "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
    })
}

async fn watch_files(editor: &Editor) {
    let watchers: Vec<Value> = WATCHED.iter().map(|name| json!({ "globPattern": format!("**/{name}") })).collect();
    let registration = json!({"registrations": [{
        "id": "pilotlight-files",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": {"watchers": watchers},
    }]});
    if let Err(reason) = editor.client.request("client/registerCapability", registration, QUICK).await {
        tracing::debug!(%reason, "files are not watched");
    }
}
