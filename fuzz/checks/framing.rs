//! Any bytes on stdin: what is handed on is whole, well-formed messages, the same however the bytes arrive; each message
//! that was well-formed before the first bad one comes through unchanged; and whatever came through, the server behind it
//! goes on.
//!
//! An input is the bytes themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use pilotlight::lsp::stdin::{MALFORMED, guard};
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};

use crate::server::converse;

/// Deepest nesting handed on.
const MAX_DEPTH: usize = 100;

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let passed = through(data, &[data.len()]);
    let mut rng = fastrand::Rng::with_seed(data.len() as u64);
    let pieces: Vec<usize> = (0..64).map(|_| rng.usize(1..40)).collect();
    for pieces in [&[1][..], &pieces] {
        assert_eq!(through(data, pieces), passed, "it depends on how the bytes arrive");
    }
    let bodies = bodies(&passed);
    assert_eq!(through(&passed, &[passed.len()]), passed, "what was handed on is good");
    bodies.iter().for_each(|body| is_message(body));
    for (index, body) in well_formed(data).into_iter().enumerate() {
        assert_eq!(bodies.get(index).map(Vec::as_slice), Some(body), "message {index} was good as it was");
    }
    goes_on(&bodies);
}

/// What the guard makes of bytes that arrive in pieces of these lengths, again and again.
fn through(data: &[u8], pieces: &[usize]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut output = Vec::new();
    runtime.block_on(guard(Pieces { rest: data, lengths: pieces.iter().cycle() }, &mut output));
    output
}

/// Bytes that arrive piece by piece.
struct Pieces<'a, L> {
    rest: &'a [u8],
    lengths: L,
}

impl<'a, L: Iterator<Item = &'a usize> + Unpin> AsyncRead for Pieces<'a, L> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let length = self.lengths.next().copied().unwrap_or(1).max(1);
        let (piece, rest) = self.rest.split_at(length.min(self.rest.len()).min(buffer.remaining()));
        buffer.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

/// The bodies of framed messages; nothing may stand between them.
fn bodies(mut framed: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while !framed.is_empty() {
        let (body, rest) = message(framed).expect("messages, each behind its length");
        bodies.push(body.to_vec());
        framed = rest;
    }
    bodies
}

/// The body of the message that begins here, and what follows it.
fn message(framed: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = framed.strip_prefix(b"Content-Length: ")?;
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&digits[..count]).ok()?.parse().ok()?;
    let body = digits[count..].strip_prefix(b"\r\n\r\n")?;
    body.split_at_checked(length)
}

/// Panics unless the framework can read it: it stops for good at the first message that it cannot.
fn is_message(body: &[u8]) {
    let message: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error} was handed on"));
    assert_eq!(message["jsonrpc"], "2.0", "{message}");
    assert!(depth(&message) <= MAX_DEPTH, "it is nested {} deep", depth(&message));
    let is_request = message["method"].is_string();
    let is_answer = message.get("result").is_some() || message.get("error").is_some();
    assert!(is_request || is_answer, "{message}");
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// The messages at the beginning that nobody could find fault with.
fn well_formed(mut data: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((body, rest)) = message(data).filter(|(body, _)| is_faultless(body)) {
        found.push(body);
        data = rest;
    }
    found
}

fn is_faultless(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
    // A name that is there twice may be refused.
    let once = ["jsonrpc", "method", "id", "result", "error", "params"]
        .iter()
        .all(|name| text.matches(&format!("\"{name}\"")).count() <= 1 && !text.contains('\\'));
    let id = value.get("id").is_none_or(|id| id.is_i64() || id.is_string());
    let params = value.get("params").is_none_or(|params| params.is_object() || params.is_array());
    let only_request = value.get("result").is_none() && value.get("error").is_none();
    once && id
        && params
        && only_request
        && value["jsonrpc"] == "2.0"
        && value["method"].is_string()
        && depth(&value) <= MAX_DEPTH
}

/// Hands the server all that came through, unless it says goodbye itself, and waits for the answer to what follows.
fn goes_on(bodies: &[Vec<u8>]) {
    let says_goodbye = |body: &Vec<u8>| {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        matches!(message["method"].as_str(), Some("exit" | "shutdown" | "initialize"))
    };
    if bodies.iter().any(says_goodbye) {
        return;
    }
    let home = tempfile::tempdir().expect("a scratch folder");
    let initialize = br#"{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"capabilities":{}}}"#.to_vec();
    let heard = converse(home.path(), &[&[initialize][..], bodies].concat(), 1);
    let refused = heard.iter().filter(|message| message["id"].is_null() && message.get("error").is_some()).count();
    let malformed = bodies.iter().filter(|body| body.windows(MALFORMED.len()).any(|at| at == MALFORMED.as_bytes()));
    assert!(refused >= malformed.count().min(1), "what cannot be read is answered: {heard:?}");
}
