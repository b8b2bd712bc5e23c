//! Any parameters of any method and command: each request is answered once, nothing is an internal error, no document is
//! given up, what is offered is a command of ours, and the server goes on to its goodbye.
//!
//! A line of an input is a method and its parameters as JSON; `?` before it makes it a request. `initialize` in the first
//! line takes the place of the usual one. `$ROOT` stands for the folder's URI.

use std::fs;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::server::converse;

/// Lines of an input that are said.
const MAX_LINES: usize = 40;
/// What a panic becomes.
const INTERNAL_ERROR: i64 = -32603;

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let home = scratch.path().canonicalize().expect("the scratch folder");
    let root = home.join("project");
    fs::create_dir_all(root.join("src")).expect("a project");
    fs::write(root.join("src/lib.rs"), "fn a() {\n    // AI! bold\n    todo!()\n}\n").expect("a file");
    let uri = String::from(url::Url::from_file_path(&root).expect("an absolute path"));
    let input = String::from_utf8_lossy(data).replace("$ROOT", &uri);
    let mut lines: Vec<&str> = input.lines().filter(|line| !line.trim().is_empty()).take(MAX_LINES).collect();
    let usual =
        format!(r#"? initialize {{"rootUri":"{uri}","capabilities":{{"window":{{"workDoneProgress":true}}}}}}"#);
    if !lines.first().is_some_and(|line| line.starts_with("? initialize")) {
        lines.insert(0, &usual);
    }
    let said: Vec<Said> = lines.iter().enumerate().filter_map(|(id, line)| Said::read(id, line)).collect();
    if said.is_empty() {
        return;
    }
    let bodies: Vec<Vec<u8>> = said.iter().map(|said| said.body.clone().into_bytes()).collect();
    let heard = converse(&home, &bodies, said.iter().filter(|said| said.is_answered).count());
    said.iter().filter(|said| said.is_answered).for_each(|said| said.check(&heard));
    for message in &heard {
        let text = message["params"]["message"].as_str().unwrap_or_default();
        assert!(!text.contains("lost track"), "a notification panicked: {text}");
    }
}

/// A message of the editor.
struct Said {
    id: usize,
    method: String,
    body: String,
    /// An answer follows: to the request, or to what cannot be read.
    is_answered: bool,
    /// It can be read; what cannot is answered without an id.
    is_readable: bool,
}

impl Said {
    /// The message of a line. None where the parameters are no JSON or hold half a character, since the message would then
    /// be another one (that is the target `framing`), or where it would end the server.
    fn read(id: usize, line: &str) -> Option<Said> {
        let (is_request, line) = line.strip_prefix("? ").map_or((false, line), |line| (true, line));
        let (method, params) = line.split_once(' ')?;
        serde_json::from_str::<&RawValue>(params).ok()?;
        if matches!(method, "shutdown" | "exit") || (id > 0 && method == "initialize") {
            return None;
        }
        let id_member = if is_request { format!("\"id\":{id},") } else { String::new() };
        let body = format!("{{\"jsonrpc\":\"2.0\",{id_member}\"method\":{},\"params\":{params}}}", json!(method));
        let is_readable = match serde_json::from_str::<Value>(&body) {
            Ok(value) => depth(&value) <= 100,
            // Half a character is mended before it is read.
            Err(error) if error.to_string().contains("escape") => return None,
            Err(_) => false,
        };
        Some(Said { id, method: method.to_owned(), body, is_answered: is_request || !is_readable, is_readable })
    }

    fn check(&self, heard: &[Value]) {
        if !self.is_readable {
            let refused = heard.iter().any(|message| message.get("id") == Some(&Value::Null));
            return assert!(refused, "nobody said that this cannot be read: {}", self.body);
        }
        let answers: Vec<&Value> =
            heard.iter().filter(|message| message.get("method").is_none() && message["id"] == self.id).collect();
        let [answer] = answers[..] else { panic!("{} was answered {answers:?}", self.body) };
        match (answer.get("result"), answer.get("error")) {
            (Some(result), None) => self.check_result(result),
            (None, Some(error)) => {
                assert_ne!(error["code"], INTERNAL_ERROR, "{} panicked", self.body);
                assert!(
                    error["code"].is_i64() && error["message"].as_str().is_some_and(|text| !text.is_empty()),
                    "{error}"
                );
            }
            _ => panic!("{} was answered {answer}", self.body),
        }
    }

    fn check_result(&self, result: &Value) {
        if self.method == "textDocument/codeAction" {
            for action in result.as_array().expect("a list of actions") {
                let command = action["command"]["command"].as_str().unwrap_or_default();
                assert!(command.starts_with("pilotlight.") && action.get("edit").is_none(), "{action}");
                assert!(action["title"].is_string() && action["kind"].is_string(), "{action}");
            }
        }
        if self.method == "initialize" {
            let encoding = result["capabilities"]["positionEncoding"].as_str();
            assert!(matches!(encoding, Some("utf-8" | "utf-16" | "utf-32")), "{encoding:?}");
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
