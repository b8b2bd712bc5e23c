//! The model: makes the calls that a scenario names, and compares the answers that must not differ.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::Notify;

use super::canary::GUESS;
use super::scenario::{Aim, Want, Way};
use crate::provider::{Call, Reply, Request, Step};

/// What is left to be said in a turn, and what came of what was said.
#[derive(Default)]
pub struct Script {
    rounds: VecDeque<Round>,
    /// The answer that waits for the test, if one does.
    gate: Option<Arc<Notify>>,
    /// The round whose answers come with the next request.
    asked: Option<Round>,
    /// Calls made in all turns.
    pub calls: usize,
    /// Answers that told something that is there from something that is not.
    pub told_apart: Vec<String>,
}

/// The calls of one answer.
struct Round {
    calls: Vec<Call>,
    /// Calls that stand side by side, with the paths they are about.
    pairs: Vec<(usize, [&'static str; 2])>,
}

/// The script as test and server share it.
pub type Shared = Arc<Mutex<Script>>;

impl Script {
    /// What the model does in the turn that begins.
    pub fn begin(&mut self, rounds: &[Vec<Want>], gate: Option<Arc<Notify>>) {
        self.rounds = rounds.iter().map(|wants| round(wants)).collect();
        (self.gate, self.asked) = (gate, None);
    }

    /// The connection is lost: what comes next may not answer the last calls.
    pub fn lose(&mut self) {
        self.asked = None;
    }

    /// Answers a request.
    pub fn answer(&mut self, requests: &[Request]) -> Reply {
        if let (Some(round), Some(request)) = (self.asked.take(), requests.last()) {
            self.told_apart.extend(round.told_apart(&request.outputs()));
        }
        let reply = match self.rounds.pop_front() {
            Some(round) => {
                self.calls += round.calls.len();
                let reply = Reply::calls(round.calls.clone());
                self.asked = Some(round);
                reply
            }
            None => Reply::text("That is all."),
        };
        match self.gate.take() {
            Some(gate) => reply.with(0, Step::Until(gate)),
            None => reply,
        }
    }
}

impl Round {
    fn told_apart(&self, outputs: &[&str]) -> Vec<String> {
        // After a new beginning, those of earlier rounds come before them.
        let Some(first) = outputs.len().checked_sub(self.calls.len()) else { return Vec::new() };
        let outputs = &outputs[first..];
        let differs = |(at, [there, gone]): &(usize, [&str; 2])| {
            let (one, other) = (outputs[*at], outputs[at + 1]);
            let same = one.replace(there, gone) == other;
            (!same).then(|| format!("{there} is told from {gone}:\n{one}\n{other}"))
        };
        self.pairs.iter().filter_map(differs).collect()
    }
}

fn round(wants: &[Want]) -> Round {
    let mut round = Round { calls: Vec::new(), pairs: Vec::new() };
    for want in wants {
        match want {
            Want::Both(way, (there, gone)) => {
                let (there, gone) = (*there, *gone);
                round.pairs.push((round.calls.len(), [there, gone]));
                round.calls.extend([asking(*way, there), asking(*way, gone)]);
            }
            want => round.calls.push(call(want)),
        }
    }
    round
}

fn call(want: &Want) -> Call {
    match want {
        Want::Read(aim) => Call::read(aim.path()),
        Want::Lines(aim) => Call::new("read_file", json!({"path": aim.path(), "start_line": 2, "end_line": 3})),
        Want::Search(pattern, glob) => {
            Call::new("search", json!({"pattern": pattern, "glob": glob, "max_results": 1000}))
        }
        Want::List(glob) => Call::new("list_files", json!({"glob": glob})),
        Want::Diagnostics(aim) => Call::new("diagnostics", json!({"path": aim.map(Aim::path)})),
        Want::Add(aim) => add(aim.path()),
        Want::Guess(aim, guess) => update(aim.path(), guess),
        Want::Delete(aim) => delete(aim.path()),
        Want::MoveTo(from, to) => {
            Call::patch(&format!("*** Update File: {}\n*** Move to: {}\n@@\n-two\n+2\n", from.path(), to.path()))
        }
        Want::Swap(path) => Call::swap(path, "three", "drei"),
        Want::Both(way, (there, _)) => asking(*way, there),
    }
}

fn asking(way: Way, path: &str) -> Call {
    match way {
        Way::Read => Call::read(path),
        Way::Diagnostics => Call::new("diagnostics", json!({"path": path})),
        Way::List => Call::new("list_files", json!({"glob": path})),
        Way::Search => Call::new("search", json!({"pattern": GUESS, "glob": path})),
        Way::Add => add(path),
        Way::Guess => update(path, GUESS),
        Way::Delete => delete(path),
        Way::MoveTo => Call::patch(&format!("*** Update File: docs/guide.md\n*** Move to: {path}\n@@\n-two\n+2\n")),
    }
}

fn add(path: &str) -> Call {
    Call::patch(&format!("*** Add File: {path}\n+new\n"))
}

fn update(path: &str, guess: &str) -> Call {
    Call::patch(&format!("*** Update File: {path}\n@@\n-{guess}\n+{guess}.\n"))
}

fn delete(path: &str) -> Call {
    Call::patch(&format!("*** Delete File: {path}\n"))
}

impl Aim {
    fn path(self) -> &'static str {
        match self {
            Aim::Pick(pick) => pick.path().expect("a path that a model may be told"),
            Aim::Form(form) => form,
        }
    }
}
