//! Raw values as the layers give them, TOML, JSON or plain text made alike, each with the line it stands on.
//! Nothing here knows which keys exist or what they mean.

use std::fmt;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    pub value: Value,
    /// Counted from 1; `None` outside files.
    pub line: Option<usize>,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: String,
    /// The line of the key.
    pub line: Option<usize>,
    pub input: Input,
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Switch(bool),
    Whole(i64),
    Text(String),
    List(Vec<Input>),
    Table(Vec<Entry>),
    /// A type that no key takes, in words.
    Other(&'static str),
}

/// Shows the type only: among values are those of headers.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

impl Value {
    /// The type in words.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Switch(_) => "true or false",
            Self::Whole(_) => "a whole number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }

    /// Whether it says "not set": empty text or an empty list.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }
}

/// A document that is not TOML. The message does not quote the document, which may hold secrets.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub line: Option<usize>,
    pub message: String,
}

/// Parses a TOML document into its top-level entries, in the order they are written.
pub(super) fn parse_document(text: &str) -> Result<Vec<Entry>, SyntaxError> {
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(text, table.into_inner())),
        Err(error) => Err(SyntaxError {
            line: error.span().map(|span| line_of(text, span.start)),
            message: error.message().replace('\n', "; "),
        }),
    }
}

impl Input {
    /// The value of a `KEY=VALUE` argument: TOML, or else the text as it stands.
    pub fn from_argument(text: &str) -> Self {
        match DeValue::parse(text) {
            Ok(value) => from_toml(text, value).without_lines(),
            Err(_) => Self::text(text),
        }
    }

    /// Plain text.
    pub fn text(text: &str) -> Self {
        Self { value: Value::Text(text.to_owned()), line: None }
    }

    /// A JSON value; `null` is `None`.
    pub fn from_json(json: &Json) -> Option<Self> {
        let value = match json {
            Json::Null => return None,
            Json::Bool(value) => Value::Switch(*value),
            Json::Number(number) => number.as_i64().map_or(Value::Other("another number"), Value::Whole),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().filter_map(Self::from_json).collect()),
            Json::Object(members) => Value::Table(
                members
                    .iter()
                    .filter_map(|(key, value)| {
                        Self::from_json(value).map(|input| Entry { key: key.clone(), line: None, input })
                    })
                    .collect(),
            ),
        };
        Some(Self { value, line: None })
    }

    /// Lines within an argument say nothing.
    fn without_lines(self) -> Self {
        let value = match self.value {
            Value::List(items) => Value::List(items.into_iter().map(Self::without_lines).collect()),
            Value::Table(entries) => Value::Table(
                entries
                    .into_iter()
                    .map(|entry| Entry { line: None, input: entry.input.without_lines(), ..entry })
                    .collect(),
            ),
            value => value,
        };
        Self { value, line: None }
    }
}

fn from_toml(text: &str, spanned: Spanned<DeValue<'_>>) -> Input {
    let line = Some(line_of(text, spanned.span().start));
    let value = match spanned.into_inner() {
        DeValue::String(value) => Value::Text(value.into_owned()),
        DeValue::Boolean(value) => Value::Switch(value),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Whole),
        DeValue::Float(_) => Value::Other("a decimal number"),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| from_toml(text, item)).collect()),
        DeValue::Table(table) => Value::Table(entries(text, table)),
    };
    Input { value, line }
}

/// The entries of a table in the order they are written; the parser sorts them by name.
fn entries(text: &str, table: DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<(usize, Entry)> = table
        .into_iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let line = Some(line_of(text, start));
            (start, Entry { key: key.into_inner().into_owned(), line, input: from_toml(text, value) })
        })
        .collect();
    entries.sort_by_key(|(start, _)| *start);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// The line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
