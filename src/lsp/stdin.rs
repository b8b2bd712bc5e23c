//! What comes in on stdin, checked before the framework sees it.
//!
//! The framework's codec has no bound on `Content-Length` and stops for ever at the first message it cannot read, so
//! this guard hands on only whole, well-formed messages; each bad one becomes one `$/pilotlight/malformed` request
//! whose answer is the JSON-RPC error (`safety.md` 2, rule 7).

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::jsonrpc::{Request, Response};

/// Method of the stand-in for a message that could not be read.
pub const MALFORMED: &str = "$/pilotlight/malformed";
/// Largest message taken from an editor.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// Longest header line, and most of them.
const MAX_HEADER_BYTES: u64 = 8 * 1024;
/// Deepest nesting taken; the framework's parser stops at 128.
const MAX_DEPTH: usize = 100;
const LENGTH_HEADER: &str = "content-length:";

/// Copies messages until the input ends.
pub async fn guard(input: impl tokio::io::AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut found = None;
    while let Some(message) = next(&mut input, &mut found).await {
        let body = match message {
            Ok(body) => body,
            Err(reason) => {
                tracing::warn!(%reason, "a message from the editor could not be read");
                let stand_in = json!({"jsonrpc": "2.0", "id": null, "method": MALFORMED, "params": {"reason": reason}});
                stand_in.to_string().into_bytes()
            }
        };
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        if output.write_all(header.as_bytes()).await.is_err() || output.write_all(&body).await.is_err() {
            return;
        }
    }
}

/// The next message's body, what is wrong with it, or the end.
async fn next(
    input: &mut BufReader<impl tokio::io::AsyncRead + Unpin>,
    found: &mut Option<usize>,
) -> Option<Result<Vec<u8>, String>> {
    let length = match header(input, found).await? {
        Ok(length) => length,
        Err(reason) => return Some(Err(reason)),
    };
    if length > MAX_BODY_BYTES {
        let skipped = tokio::io::copy(&mut input.take(length as u64), &mut tokio::io::sink()).await;
        skipped.ok()?;
        return Some(Err(format!("a message of {length} bytes is larger than the {MAX_BODY_BYTES} taken")));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).await.ok()?;
    replace_half_characters(&mut body);
    Some(check(&body).map(|()| body))
}

/// Reads header lines up to the blank one. After a wrong length the next header stands behind the rest of a body, on
/// one line: it is looked for there, and what was before it is one error. Its length waits in `found` for the next call.
async fn header(
    input: &mut BufReader<impl tokio::io::AsyncRead + Unpin>,
    found: &mut Option<usize>,
) -> Option<Result<usize, String>> {
    let mut length = found.take();
    let mut wrong = None;
    loop {
        let mut line = Vec::new();
        let read = (&mut *input).take(MAX_HEADER_BYTES).read_until(b'\n', &mut line).await.ok()?;
        if read == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
        let text = text.trim();
        if text.is_empty() {
            match (length, wrong.take()) {
                (Some(length), _) => return Some(Ok(length)),
                (None, Some(reason)) => return Some(Err(reason)),
                // Stray line ends between messages mean nothing.
                (None, None) => continue,
            }
        }
        match text.rsplit_once(LENGTH_HEADER) {
            Some(("", value)) => match value.trim().parse() {
                Ok(number) => length = Some(number),
                Err(_) => wrong = Some("a Content-Length that is not a number".to_owned()),
            },
            Some((_, value)) => {
                *found = value.trim().parse().ok();
                return Some(Err("a message that is longer than its Content-Length".to_owned()));
            }
            None if text.starts_with("content-type:") => {}
            None => wrong = Some("a message without a Content-Length header".to_owned()),
        }
    }
}

/// A JSON-RPC message in shape: an object with version, and a method or an answer.
#[derive(Deserialize)]
struct Shape<'a> {
    jsonrpc: std::borrow::Cow<'a, str>,
    method: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    id: Id,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow, rename = "params")]
    _params: Option<&'a RawValue>,
}

/// The ids JSON-RPC knows.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Id {
    Number(#[allow(dead_code, reason = "only its type matters")] i64),
    Text(#[allow(dead_code, reason = "only its type matters")] String),
    #[default]
    None,
}

fn check(body: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(body).map_err(|_| "a message that is not UTF-8".to_owned())?;
    if is_too_deep(body) {
        return Err(format!("a message nested more than {MAX_DEPTH} deep"));
    }
    // By the framework's own types, since it has to read every number and every text. Nearly all are requests.
    if serde_json::from_str::<Request>(text).is_ok_and(|request| !request.method().is_empty()) {
        return Ok(());
    }
    let no_json_rpc = |error| format!("a message that is not JSON-RPC: {error}");
    let shape: Shape<'_> = serde_json::from_str(text).map_err(no_json_rpc)?;
    let is_answer = !matches!(shape.id, Id::None) && (shape.result.is_some() || shape.error.is_some());
    if shape.jsonrpc != "2.0" {
        return Err("a message without \"jsonrpc\": \"2.0\"".into());
    }
    if shape.method.is_none() && !is_answer && !text.contains("\"result\"") {
        return Err("a message with neither a method nor a result".into());
    }
    match shape.method {
        Some(_) => serde_json::from_str::<Request>(text).map(drop),
        None => serde_json::from_str::<Response>(text).map(drop),
    }
    .map_err(no_json_rpc)
}

/// Puts the replacement character in the place of each half of a surrogate pair that stands alone. JavaScript's strings
/// may hold such halves, and editors written in it send them; no parser here reads them. In UTF-16 the length is the same,
/// so positions stay right.
fn replace_half_characters(json: &mut [u8]) {
    if !json.contains(&b'\\') {
        return;
    }
    let mut at = 0;
    while let Some(found) = json[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        at += match (surrogate(&json[at..]), surrogate(json.get(at + 6..).unwrap_or_default())) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                json[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            (None, _) => 2,
        };
        at = at.min(json.len());
    }
}

/// A half of a surrogate pair.
enum Half {
    High,
    Low,
}

/// Which half these bytes begin with the escape of, if of any.
fn surrogate(json: &[u8]) -> Option<Half> {
    let digits = std::str::from_utf8(json.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// Whether brackets nest deeper than the framework's parser takes; it would end the connection.
fn is_too_deep(json: &[u8]) -> bool {
    let opening = json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    opening > MAX_DEPTH && nests_too_deep(json)
}

fn nests_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn through(input: &str) -> Vec<String> {
        let mut output = Vec::new();
        guard(input.as_bytes(), &mut output).await;
        let text = String::from_utf8(output).unwrap();
        text.split("Content-Length: ").skip(1).map(|part| part.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }

    fn message(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn what_cannot_be_read_becomes_one_error_and_the_rest_goes_on() {
        let good = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;
        for bad in [
            message("{\"jsonrpc\":\"2.0\",\"method\":"),
            message("[1]"),
            message("{\"jsonrpc\":\"2.0\"}"),
            message("{\"jsonrpc\":\"1.0\",\"method\":\"x\"}"),
            message("{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":{}}"),
            message("{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":[1e999]}"),
            message("{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":5}"),
            "Content-Length: many\r\n\r\n".to_owned(),
            "Nonsense: 3\r\n\r\n".to_owned(),
            message(&format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}1{}}}",
                "[".repeat(500),
                "]".repeat(500)
            )),
        ] {
            let passed = through(&format!("{bad}{}", message(good))).await;
            assert_eq!(passed.len(), 2, "{bad:?} gave {passed:?}");
            assert!(passed[0].contains(MALFORMED), "{bad:?} gave {passed:?}");
            assert_eq!(passed[1], good);
        }
    }

    #[tokio::test]
    async fn after_a_wrong_length_the_next_message_is_found() {
        let (first, second) = (r#"{"jsonrpc":"2.0","method":"a"}"#, r#"{"jsonrpc":"2.0","method":"b"}"#);
        for length in ["7", "many"] {
            let text = format!("Content-Length: {length}\r\n\r\n{first}{}{}", message(second), message(second));
            let passed = through(&text).await;
            assert_eq!(passed.iter().filter(|one| *one == second).count(), 2, "{length}: {passed:?}");
            assert!(passed[0].contains(MALFORMED));
        }
    }

    #[tokio::test]
    async fn half_a_character_becomes_a_mark_of_the_same_length() {
        for (sent, passed) in [
            (r"\ud83e", r"\ufffd"),
            (r"\uD83E\uDD80", r"\uD83E\uDD80"),
            (r"\udd80\ud83e\ud83e\udd80", r"\ufffd\ufffd\ud83e\udd80"),
            (r"\\ud83e\\\ud83ex", r"\\ud83e\\\ufffdx"),
        ] {
            let body = |text: &str| format!(r#"{{"jsonrpc":"2.0","method":"a","params":["{text}"]}}"#);
            assert_eq!(through(&message(&body(sent))).await, [body(passed)]);
        }
    }

    #[tokio::test]
    async fn headers_are_read_in_any_case_and_answers_pass() {
        let body = r#"{"jsonrpc":"2.0","id":3,"result":null}"#;
        let text = format!("content-type: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert_eq!(through(&text).await, [body]);
    }
}
