//! Reading what editors send. Only the fields that are used are named; everything else may be there or not.

use serde::Deserialize;
use serde_json::Value;

use crate::workspace::{
    Change, Diagnostic, Position, PositionEncoding, Related, Severity, Snapshot, Span, Workspace, offset,
};

/// A position as LSP writes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct ProtoPosition {
    line: u32,
    character: u32,
}

/// A range as LSP writes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct ProtoRange {
    start: ProtoPosition,
    end: ProtoPosition,
}

impl ProtoRange {
    /// The range as our own type.
    pub fn span(self) -> Span {
        let position = |position: ProtoPosition| Position { line: position.line, character: position.character };
        Span { start: position(self.start), end: position(self.end) }
    }

    /// The lines it touches, 1-based and inclusive. A range that ends at the start of a line does not touch it.
    pub fn lines(self) -> (usize, usize) {
        let first = self.start.line as usize + 1;
        let last = self.end.line as usize + usize::from(self.end.character > 0 || self.end.line == self.start.line);
        (first, last.max(first))
    }
}

#[derive(Deserialize)]
pub struct TextDocument {
    pub uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidOpen {
    pub text_document: Opened,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    pub uri: String,
    #[serde(default)]
    pub language_id: String,
    #[serde(default)]
    pub version: i32,
    pub text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidChange {
    text_document: Versioned,
    content_changes: Vec<ContentChange>,
}

#[derive(Deserialize)]
struct Versioned {
    uri: String,
    version: i32,
}

#[derive(Deserialize)]
struct ContentChange {
    range: Option<ProtoRange>,
    text: String,
}

impl DidChange {
    /// The document, its new version, and the changes in order.
    pub fn into_parts(self) -> (String, i32, Vec<Change>) {
        let change = |change: ContentChange| Change { span: change.range.map(ProtoRange::span), text: change.text };
        let changes = self.content_changes.into_iter().map(change).collect();
        (self.text_document.uri, self.text_document.version, changes)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidSave {
    pub text_document: TextDocument,
    pub text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidClose {
    pub text_document: TextDocument,
}

#[derive(Deserialize)]
pub struct DidChangeFolders {
    pub event: FoldersEvent,
}

#[derive(Deserialize)]
pub struct FoldersEvent {
    #[serde(default)]
    pub added: Vec<TextDocument>,
    #[serde(default)]
    pub removed: Vec<TextDocument>,
}

/// `pilotlight/diagnostics`: what other servers report, fed by an editor plugin.
#[derive(Deserialize)]
pub struct FedDiagnostics {
    pub uri: String,
    #[serde(default)]
    pub version: Option<i32>,
    #[serde(default)]
    pub diagnostics: Vec<ProtoDiagnostic>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeActionParams {
    pub text_document: TextDocument,
    pub range: ProtoRange,
    #[serde(default)]
    pub context: CodeActionContext,
}

#[derive(Deserialize, Default)]
pub struct CodeActionContext {
    #[serde(default)]
    pub diagnostics: Vec<Value>,
    pub only: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteCommand {
    pub command: String,
    #[serde(default)]
    pub arguments: Option<Vec<Value>>,
    #[serde(default)]
    pub work_done_token: Option<Value>,
}

/// A diagnostic as LSP writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtoDiagnostic {
    pub range: ProtoRange,
    #[serde(default)]
    severity: Option<u8>,
    #[serde(default)]
    code: Option<Value>,
    #[serde(default)]
    source: Option<String>,
    message: Message,
    #[serde(default)]
    related_information: Option<Vec<ProtoRelated>>,
}

/// Text, or (3.18) text with a kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Markup { value: String },
}

#[derive(Clone, Debug, Deserialize)]
struct ProtoRelated {
    location: ProtoLocation,
    message: String,
}

#[derive(Clone, Debug, Deserialize)]
struct ProtoLocation {
    uri: String,
    range: ProtoRange,
}

/// A diagnostic with lines and columns as a model counts them. `text` is the document it belongs to, for columns;
/// without it they are taken as they come. In memory: what of it a model may see is decided when it is shown.
pub fn diagnostic(
    proto: &ProtoDiagnostic,
    text: Option<&Snapshot>,
    workspace: &Workspace,
    encoding: PositionEncoding,
) -> Diagnostic {
    let place = |position: ProtoPosition| place(position, text, encoding);
    let related = |related: &ProtoRelated| {
        let path = workspace.rel_of_uri(&related.location.uri)?;
        // Of another file only the line is known for certain: its text is not looked at here.
        let own = text.filter(|document| document.uri == related.location.uri);
        let (line, column) = self::place(related.location.range.start, own, encoding);
        Some(Related { path, line, column, message: related.message.clone() })
    };
    Diagnostic {
        start: place(proto.range.start),
        end: place(proto.range.end),
        severity: match proto.severity {
            Some(2) => Severity::Warning,
            Some(3) => Severity::Information,
            Some(4) => Severity::Hint,
            _ => Severity::Error,
        },
        source: proto.source.clone(),
        code: match &proto.code {
            Some(Value::String(code)) => Some(code.clone()),
            Some(Value::Number(code)) => Some(code.to_string()),
            _ => None,
        },
        message: match &proto.message {
            Message::Text(text) | Message::Markup { value: text } => text.clone(),
        },
        related: proto.related_information.iter().flatten().filter_map(related).collect(),
    }
}

/// Line and column, 1-based, in Unicode scalar values.
fn place(position: ProtoPosition, text: Option<&Snapshot>, encoding: PositionEncoding) -> (usize, usize) {
    let line = position.line as usize + 1;
    let Some(document) = text else { return (line, position.character as usize + 1) };
    let at = Position { line: position.line, character: position.character };
    let byte = offset(document.rope(), at, encoding);
    let start = document.rope().line_to_char(document.rope().byte_to_line(byte));
    (line, document.rope().byte_to_char(byte) - start + 1)
}
