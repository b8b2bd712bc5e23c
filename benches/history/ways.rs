//! The same turns as clients send them that keep nothing on the server: with the same instructions, tools, request and
//! encoding, so that what differs is only how the files are told. In doubt it must favour them.

use std::fmt::Write as _;

use pilotlight::delta::frame;
use pilotlight::wire::item::Item;
use serde_json::Value;

use super::replay::{Replay, Text, Turn};

/// Lines of the window on each side of the cursor.
const AROUND: usize = 50;
/// How the lines begin that an outline shows.
const DEFINITIONS: [&str; 16] = [
    "pub ",
    "fn ",
    "impl",
    "struct ",
    "enum ",
    "trait ",
    "mod ",
    "macro_rules!",
    "class ",
    "def ",
    "async ",
    "function ",
    "export ",
    "module.exports",
    "static ",
    "get ",
];

/// The ways to send a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Only what the model has not seen, on a session that goes on.
    Ours,
    /// The files edited since the turn before, whole; nothing of earlier turns.
    Whole,
    /// The same after all the turns before.
    History,
    /// The lines around the cursor and an outline of that file; nothing of earlier turns.
    Window,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 4] = [Way::Ours, Way::Whole, Way::History, Way::Window];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Way::Ours => "Pilotlight",
            Way::Whole => "whole files",
            Way::History => "whole files + history",
            Way::Window => "cursor window",
        }
    }
}

/// What one turn costs in one way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Bytes of the request.
    pub bytes: usize,
    /// Of the prompt, bytes that follow what the server's prefix cache can hold from the turn before.
    pub new: usize,
    /// Bytes of the prompt: tools, instructions, and whatever there is of the conversation.
    pub prompt: usize,
}

/// The costs of all turns in one way.
pub fn costs(replay: &Replay, way: Way) -> Vec<Cost> {
    let instructions: usize = replay.warm_up.raw_input().iter().map(|item| item.len()).sum();
    let tools = replay.warm_up.body["tools"].to_string().len();
    // What was said in earlier turns, and is in the prompt again.
    let mut said = 0;
    let turns = replay.turns.iter();
    turns
        .map(|turn| {
            let items = match way {
                Way::Ours => turn.request.raw_input().iter().map(|item| item.len()).sum(),
                Way::Whole | Way::History => whole(turn) + request(turn).len(),
                Way::Window => Item::user(window(turn).0).encode().as_str().len() + request(turn).len(),
            };
            let prompt = tools + instructions + said + items;
            let bytes = match way {
                Way::Ours => turn.request.raw.len(),
                _ => constant(turn) + instructions + said + items,
            };
            if matches!(way, Way::Ours | Way::History) {
                said += items + turn.request.output.iter().map(String::len).sum::<usize>();
            }
            Cost { bytes, new: items, prompt }
        })
        .collect()
}

/// The least that a turn can be: the fields that every request has, the diffs (a file that the model is told for the
/// first time, as it was before them), and the request. `bytes` says how long a text is.
pub fn least(turn: &Turn, diffs: &str, bytes: impl Fn(&str) -> usize) -> usize {
    let told: usize = first_told(turn).into_iter().map(&bytes).sum();
    turn.request.constant_fields().len() + told + bytes(diffs) + bytes(&text(&asked(turn)))
}

/// The texts that this request tells whole.
pub fn first_told(turn: &Turn) -> Vec<&str> {
    let messages = turn.request.input().iter().filter_map(|item| item["content"][0]["text"].as_str());
    messages.filter(|text| text.starts_with("<file ")).collect()
}

/// The lines edited since the turn before, and how many of them a window shows.
pub fn seen(turn: &Turn) -> (usize, usize) {
    let shown = window(turn).1;
    let all: usize = turn.edited.values().map(|edited| edited.lines.len()).sum();
    let here = turn.edited.get(&turn.path).map_or(&[][..], |edited| &edited.lines);
    (all, here.iter().filter(|line| shown.contains(line)).count())
}

fn constant(turn: &Turn) -> usize {
    let previous = turn.request.previous().map_or(0, |id| format!("\"previous_response_id\":\"{id}\",").len());
    turn.request.constant_fields().len() - previous
}

fn whole(turn: &Turn) -> usize {
    let framed = |(path, text): (&String, &Text)| Item::user(frame::file(path, text)).encode().as_str().len();
    turn.edited.iter().map(|(path, edited)| framed((path, &edited.now))).sum()
}

/// The item that asks, byte for byte.
fn request(turn: &Turn) -> String {
    (*turn.request.raw_input().last().expect("an input")).to_owned()
}

fn asked(turn: &Turn) -> Value {
    turn.request.input().last().expect("an input").clone()
}

fn text(item: &Value) -> String {
    item["content"][0]["text"].as_str().expect("a message").to_owned()
}

/// A window around the cursor with the file's outline, and the lines of the window, counted from 1.
fn window(turn: &Turn) -> (String, std::ops::RangeInclusive<usize>) {
    let text = turn.edited.get(&turn.path).map_or("", |edited| &*edited.now);
    let lines: Vec<&str> = text.lines().collect();
    let (first, last) = (turn.line.saturating_sub(AROUND).max(1), (turn.line + AROUND).min(lines.len().max(1)));
    let mut outline = String::new();
    for (number, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if indent <= 4 && DEFINITIONS.iter().any(|start| line.trim_start().starts_with(start)) {
            let _ = writeln!(outline, "{}: {line}", number + 1);
        }
    }
    let path = [("path", turn.path.as_str())];
    let around = lines.get(first - 1..last).unwrap_or_default().join("\n");
    (format!("{}\n{}", frame::frame("outline", &path, &outline), frame::frame("window", &path, &around)), first..=last)
}
