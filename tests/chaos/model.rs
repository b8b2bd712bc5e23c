//! A model that knows nothing but what it was sent, and works on that.

use fastrand::Rng;
use serde_json::json;

use super::marked::Marks;
use super::user::{PATHS, Texts};
use crate::provider::{Call, Mirror, Mirrors, Reply, Request};

/// Mirrors kept: requests continue only from the latest.
const KEPT: usize = 60;

/// The model.
pub struct Model {
    mirrors: Mirrors,
    rng: Rng,
    calls: usize,
}

impl Model {
    pub fn new(rng: Rng) -> Model {
        Model { mirrors: Mirrors::default(), rng, calls: 0 }
    }

    /// What it knows now.
    pub fn mirror(&self) -> &Mirror {
        &self.mirrors.now
    }

    /// Takes the requests so far; fails where the latest shows another text than the one the user had when it was put
    /// together.
    pub fn read(&mut self, requests: &[Request], told: &Texts) -> Result<(), String> {
        self.mirrors.take(requests);
        self.mirrors.forget_all_but(KEPT);
        let mirror = self.mirror();
        let wrong = mirror
            .files()
            .find(|(path, text)| !mirror.is_patched(path) && told.get(*path).map(String::as_str) != Some(*text));
        match wrong {
            Some((path, text)) => {
                let truth = told.get(path);
                let request = requests.last().map(Request::text).unwrap_or_default();
                Err(format!("the model knows {path} as {text:?}, the user had {truth:?}, after\n{request}"))
            }
            None => Ok(()),
        }
    }

    /// Reads and patches.
    pub fn work(&mut self, marks: &mut Marks, exists: &dyn Fn(&str) -> bool) -> Reply {
        // Patches of one answer are made from one mirror: one for each file, so that none undoes another's context.
        let mut touched = Vec::new();
        let count = self.rng.usize(1..4);
        let mut calls: Vec<Call> = (0..count).filter_map(|_| self.call(marks, exists, &mut touched)).collect();
        if calls.is_empty() {
            calls.push(Call::new("list_files", json!({"call": self.count()})));
        }
        Reply::calls(calls)
    }

    fn count(&mut self) -> usize {
        self.calls += 1;
        self.calls
    }

    fn call(&mut self, marks: &mut Marks, exists: &dyn Fn(&str) -> bool, touched: &mut Vec<String>) -> Option<Call> {
        let anywhere = PATHS[self.rng.usize(..PATHS.len())];
        let call = match self.rng.u8(..20) {
            0..5 => Call::new("read_file", json!({"path": anywhere, "call": self.count()})),
            5 => {
                Call::new("read_file", json!({"path": anywhere, "start_line": 2, "end_line": 4, "call": self.count()}))
            }
            6 => Call::new("search", json!({"pattern": "typed", "call": self.count()})),
            7 => self.create(marks, exists, touched)?,
            8 => Call::patch(&format!("*** Delete File: {}\n", self.known_file(touched)?)),
            _ => self.change(marks, touched)?,
        };
        Some(call)
    }

    fn create(&mut self, marks: &mut Marks, exists: &dyn Fn(&str) -> bool, touched: &mut Vec<String>) -> Option<Call> {
        let path = ["new/x.rs", "new/ÿ.rs", "d.rs"][self.rng.usize(..3)];
        if exists(path) || self.mirror().text(path).is_some() || touched.iter().any(|other| other == path) {
            return None;
        }
        touched.push(path.to_owned());
        let lines: String = (0..3).map(|_| format!("+{}\n", marks.fresh("made by the model"))).collect();
        Some(Call::patch(&format!("*** Add File: {path}\n{lines}")))
    }

    /// Replaces, removes or adds a line of a file it knows.
    fn change(&mut self, marks: &mut Marks, touched: &mut Vec<String>) -> Option<Call> {
        let path = self.known_file(touched)?;
        let text = self.mirror().text(&path)?.to_owned();
        let lines: Vec<&str> = text.lines().filter(|line| text.matches(*line).count() == 1).collect();
        let old = (!lines.is_empty()).then(|| lines[self.rng.usize(..lines.len())])?;
        let new = marks.fresh("by the model 東");
        let hunk = match self.rng.u8(..4) {
            0 => format!("-{old}\n"),
            1 => format!(" {old}\n+{new}\n"),
            _ => format!("-{old}\n+{new}\n"),
        };
        Some(Call::patch(&format!("*** Update File: {path}\n@@\n{hunk}")))
    }

    /// A file known whole that this answer has not touched yet.
    fn known_file(&mut self, touched: &mut Vec<String>) -> Option<String> {
        let known: Vec<&str> = self.mirror().files().map(|(path, _)| path).collect();
        let known: Vec<String> =
            known.into_iter().filter(|path| touched.iter().all(|other| other != path)).map(str::to_owned).collect();
        let path = (!known.is_empty()).then(|| known[self.rng.usize(..known.len())].clone())?;
        touched.push(path.clone());
        Some(path)
    }
}
