//! Keeps `docs/turn.md` true: the turn it tells is played again, through the real binary with a scripted model, and every
//! frame, text and edit that the page shows is held against what was said now. Ids, clocks and sizes may differ; `…`
//! on the page stands for anything. When it fails, what was said is in the message; correct the page by it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::sync::Arc;

use provider::{Call, Provider, Reply, Request, Step};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};
use tokio::sync::Notify;

const FILES: &str = "\
//- weather/station.py
\"\"\"The stations, and what they measure.\"\"\"

STATIONS = {\"Bern\": 4, \"Oslo\": 7, \"Turin\": 11}


def fetch(city):
    \"\"\"The temperature in a city.\"\"\"
    return STATIONS.get(city)


def cities():
    \"\"\"Every city with a station, by name.\"\"\"
    return sorted(STATIONS)


def warmest():
    \"\"\"The city that is warmest now.\"\"\"
    return max(STATIONS, key=STATIONS.get)
//- weather/report.py
from weather.station import fetch


def sentence(city):
    return f\"{city}: {fetch(city)}\"
";
const STATION: &str = "weather/station.py";
const PATCH: &str = "\
*** Update File: weather/report.py
@@
-from weather.station import fetch
+from weather.station import load
@@
-    return f\"{city}: {fetch(city)}\"
+    return f\"{city}: {load(city)}\"
";

/// Something the page shows, or that was said.
#[derive(Debug)]
enum Block {
    Json(Value),
    Text(String),
}

/// The page's blocks of JSON and text, in order.
fn shown() -> Vec<Block> {
    let page = include_str!("../docs/turn.md").replace("\r\n", "\n");
    let blocks = page.split("\n```").skip(1).step_by(2);
    let told = blocks.filter_map(|block| {
        let (language, content) = block.split_once('\n')?;
        match language {
            "json" => Some(Block::Json(serde_json::from_str(content).unwrap_or_else(|e| panic!("{e}: {content}")))),
            "text" => Some(Block::Text(content.to_owned())),
            _ => None,
        }
    });
    told.collect()
}

/// Plays the turn; gives what was said, in the order of the page.
async fn played() -> Vec<Block> {
    let project = Project::new(FILES);
    let provider = Provider::start().await;
    let typed = Arc::new(Notify::new());
    provider.script([
        Reply::calls([Call::new("search", json!({"pattern": r"\bfetch\b"}))]),
        Reply::calls([Call::patch(PATCH)]).with(1, Step::Until(typed.clone())),
        Reply::text("`report.py` uses `load` now."),
    ]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open(STATION);
    editor.change(STATION, "fetch", "load");
    let turn = editor.begin_finish(STATION, "load");
    provider.request(1).await;
    editor.change(STATION, "in a city.", "in a city, None where no station is.");
    // Answered after the change was taken, since what an editor says is taken in order.
    editor.command("pilotlight.status", json!({}));
    typed.notify_one();
    let receipt = editor.expect_outcome(&turn, "applied");

    let everything = provider.everything();
    let frame = |number: usize| Block::Json(everything[number].body.clone());
    let answer = |number: usize| Block::Json(serde_json::from_str(&everything[number].output[0]).unwrap());
    let messages = |number: usize| user_messages(&everything[number]).map(Block::Text);
    let outputs = |number: usize| everything[number].outputs().into_iter().map(|text| Block::Text(text.into()));
    let mut said = vec![frame(0), frame(1)];
    said.extend(messages(1));
    said.extend([answer(1), frame(2)]);
    said.extend(outputs(2));
    said.extend([answer(2), Block::Text(patch_of(&everything[2])), frame(3)]);
    said.extend(outputs(3));
    said.extend(messages(3));
    said.push(answer(3));
    let edits = editor.asked("workspace/applyEdit").into_iter().map(Block::Json);
    said.extend(edits);
    said.push(Block::Json(receipt));
    said
}

/// The texts of a request's messages.
fn user_messages(request: &Request) -> impl Iterator<Item = String> + '_ {
    let messages = request.input().iter().filter(|item| item["role"] == "user");
    messages.map(|item| item["content"][0]["text"].as_str().unwrap().to_owned())
}

/// The patch in an answer's call.
fn patch_of(request: &Request) -> String {
    let call: Value = serde_json::from_str(&request.output[0]).unwrap();
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    arguments["patch"].as_str().unwrap().to_owned()
}

/// Without the blanks at line ends, which editors of the page take away.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Whether a text is as shown, where `…` stands for anything.
fn reads_like(shown: &str, said: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| said.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Where a value is not as shown; nothing if it is.
fn difference(shown: &Value, said: &Value, at: &str) -> Option<String> {
    let differs = || Some(format!("{at}: the page shows {shown}, said was {said}"));
    match (shown, said) {
        (Value::String(shown), _) if shown == "…" => None,
        (Value::String(shown), Value::String(said)) if reads_like(shown, said) => None,
        (Value::Object(shown), Value::Object(said)) => {
            let unknown = said.keys().find(|key| !shown.contains_key(*key) && !shown.contains_key("…"));
            if let Some(key) = unknown {
                return Some(format!("{at}: the page does not show {key}"));
            }
            let mut parts = shown.iter().filter(|(key, _)| *key != "…");
            parts.find_map(|(key, part)| match said.get(key) {
                Some(said) => difference(part, said, &format!("{at}.{key}")),
                None => Some(format!("{at}: the page shows {key}, which was not said")),
            })
        }
        (Value::Array(shown), Value::Array(said)) if shown.len() == said.len() => {
            let mut parts = shown.iter().zip(said).enumerate();
            parts.find_map(|(index, (shown, said))| difference(shown, said, &format!("{at}[{index}]")))
        }
        (Value::Number(shown), Value::Number(said)) if !is_exact(at) || shown == said => None,
        _ if shown == said => None,
        _ => differs(),
    }
}

/// Whether a figure is the same every time: counts and positions are, clocks and sizes are not.
fn is_exact(at: &str) -> bool {
    let measured = ["ms_", "bytes_", "_tokens", ".context", "version"];
    !measured.iter().any(|part| at.contains(part))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_a_turn_as_it_is() {
    let (shown, said) = (shown(), played().await);
    for (number, (shown, said)) in shown.iter().zip(&said).enumerate() {
        let number = number + 1;
        match (shown, said) {
            (Block::Json(shown), Block::Json(said)) => {
                let differs = difference(shown, said, &format!("block {number}"));
                assert_eq!(differs, None, "said was\n{said:#}");
            }
            (Block::Text(shown), Block::Text(said)) => {
                let (shown, said) = (trimmed(shown), trimmed(said));
                assert!(reads_like(&shown, &said), "block {number} shows\n{shown}\nsaid was\n{said}");
            }
            _ => panic!("block {number} shows {shown:?}; said was {said:?}"),
        }
    }
    assert_eq!(shown.len(), said.len(), "the page shows as many blocks as were said: {said:#?}");
}

#[test]
fn the_comparison_sees_differences() {
    for (shown, said) in [
        (json!({"a": 1}), json!({"a": 1, "b": 2})),
        (json!({"a": 1, "b": 2}), json!({"a": 1})),
        (json!({"rounds": 3}), json!({"rounds": 4})),
        (json!(["…"]), json!([1, 2])),
        (json!("resp_…"), json!("call_1")),
        (json!("a…b…c"), json!("acb")),
        (json!(null), json!("set")),
    ] {
        assert!(difference(&shown, &said, "").is_some(), "{shown} is not {said}");
    }
    let (shown, said) = (json!({"…": 0, "ms_total": 1, "id": "a…c"}), json!({"ms_total": 2, "id": "abc", "x": 1}));
    assert_eq!(difference(&shown, &said, ""), None);
}
