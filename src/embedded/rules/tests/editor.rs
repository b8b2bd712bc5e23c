//! An editor in memory: it has files, sends what changed, and runs the tools as Pilotlight does.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::TextDiff;

use super::super::lexer::is_word;
use super::super::{ReplyItem, respond};
use crate::wire::item::{Item, Role};

/// Rounds after which a turn is stuck.
const ROUNDS: usize = 30;

pub(super) struct Editor {
    pub files: BTreeMap<String, String>,
    /// What the agent was told last.
    told: BTreeMap<String, String>,
    pub items: Vec<Item>,
    /// Patches to refuse before one is taken.
    pub refuse: usize,
    /// Longest answer of `read_file`, in lines.
    pub page: usize,
    pub calls: Vec<String>,
    pub patches: Vec<String>,
}

impl Editor {
    /// Files as `//- /path` sections.
    pub fn new(fixture: &str) -> Editor {
        let files = files(fixture);
        Editor {
            told: files.clone(),
            files,
            items: vec![Item::developer("You are a coding agent.")],
            refuse: 0,
            page: usize::MAX,
            calls: Vec::new(),
            patches: Vec::new(),
        }
    }

    /// Replaces the one place in the workspace where `old` stands.
    pub fn type_over(&mut self, old: &str, new: &str) {
        let places: usize = self.files.values().map(|text| text.matches(old).count()).sum();
        assert_eq!(places, 1, "`{old}` should stand in one place");
        for text in self.files.values_mut() {
            *text = text.replacen(old, new, 1);
        }
    }

    /// The user's changes since the agent was told, as diffs.
    pub fn changes(&mut self) -> String {
        let mut message = String::new();
        for (path, text) in &self.files {
            if self.told.get(path) != Some(text) {
                let old = self.told.get(path).map_or("", String::as_str);
                let diff = TextDiff::from_lines(old, text);
                let diff = diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string();
                message.push_str(&diff);
            }
        }
        self.told = self.files.clone();
        message
    }

    pub fn finish(&mut self) -> String {
        let changes = self.changes();
        self.ask(&format!("The user changed this:\n{changes}\nRequest: finish in \"some/file\"\nCarry it through.\n"))
    }

    /// One turn: the agent's last words.
    pub fn ask(&mut self, message: &str) -> String {
        self.items.push(Item::user(message));
        for _ in 0..ROUNDS {
            for item in respond(&self.items).items {
                match item {
                    ReplyItem::Text(text) => {
                        self.items.push(Item::Message { role: Role::Assistant, text: text.clone() });
                        self.told = self.files.clone();
                        return text;
                    }
                    ReplyItem::Call { name, arguments } => {
                        let output = self.call(&name, &arguments);
                        let call_id = format!("call_{}", self.items.len());
                        self.calls.push(format!("{name} {arguments}"));
                        self.items.push(Item::FunctionCall {
                            call_id: call_id.clone(),
                            name,
                            arguments: arguments.to_string(),
                        });
                        self.items.push(Item::FunctionCallOutput { call_id, output });
                    }
                    ReplyItem::Patch(patch) => {
                        let output = self.patch(&patch);
                        let call_id = format!("call_{}", self.items.len());
                        self.items.push(Item::CustomToolCall {
                            call_id: call_id.clone(),
                            name: "apply_patch".into(),
                            input: patch.clone(),
                        });
                        self.items.push(Item::CustomToolCallOutput { call_id, output });
                        self.patches.push(patch);
                    }
                }
            }
        }
        panic!("the agent does not come to an end: {:#?}", self.calls);
    }

    /// Compares the files named in `after`; the others must be as they were at the start of the turn's patches.
    pub fn expect(&self, after: &str) {
        for (path, text) in files(after) {
            let said = self.items.last();
            assert_eq!(self.files.get(&path), Some(&text), "{path}: {said:?}");
        }
    }

    fn call(&self, name: &str, arguments: &Value) -> String {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or("");
        match name {
            "read_file" => {
                self.read(text("path"), arguments.get("start_line").and_then(Value::as_u64).unwrap_or(1) as usize)
            }
            "search" => self.search(text("pattern")),
            "list_files" => {
                format!("{} files\n{}", self.files.len(), self.files.keys().cloned().collect::<Vec<_>>().join("\n"))
            }
            _ => format!("Error: no tool {name}"),
        }
    }

    fn read(&self, path: &str, first: usize) -> String {
        let Some(text) = self.files.get(path) else { return format!("Error: there is no file {path}") };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let last = lines.len().min((first - 1).saturating_add(self.page));
        let more = if last < lines.len() { format!("; read on with start_line={}", last + 1) } else { String::new() };
        format!("{path} (lines {first}-{last} of {}{more})\n{}", lines.len(), lines[first - 1..last].concat())
    }

    /// Whole words, or `\b(struct|fn)\s+(Name)\b`, which finds nothing here.
    fn search(&self, pattern: &str) -> String {
        let word = pattern.replace("\\b", "").replace('\\', "");
        let is_hit = |line: &str| {
            let free = |index: usize| line.as_bytes().get(index).is_none_or(|byte| !is_word(*byte));
            line.match_indices(&word).any(|(at, _)| (at == 0 || free(at - 1)) && free(at + word.len()))
        };
        let mut hits = Vec::new();
        for (path, text) in &self.files {
            let lines = text.lines().enumerate().filter(|(_, line)| is_hit(line));
            hits.extend(lines.map(|(number, line)| format!("{path}:{}:{line}", number + 1)));
        }
        if hits.is_empty() {
            return "No matches.".into();
        }
        format!("{} matches in some files\n{}", hits.len(), hits.join("\n"))
    }

    /// Strict: every hunk has to stand in exactly one place behind the one before.
    fn patch(&mut self, patch: &str) -> String {
        if self.refuse > 0 {
            self.refuse -= 1;
            return "Error: hunk 1 does not fit".into();
        }
        let mut files = self.files.clone();
        let mut sections = patch.split("*** Update File: ");
        assert_eq!(sections.next(), Some("*** Begin Patch\n"));
        let mut done = Vec::new();
        for section in sections {
            let section = section.trim_end_matches("*** End Patch\n");
            let (path, hunks) = section.split_once('\n').expect("a path");
            let text = files.get_mut(path).expect("a known file");
            let mut floor = 0;
            for hunk in hunks.split("@@\n").skip(1) {
                let side = |skip: char| -> String {
                    hunk.split_inclusive('\n').filter(|line| !line.starts_with(skip)).map(|line| &line[1..]).collect()
                };
                let (old, new) = (side('+'), side('-'));
                let places: Vec<usize> = text[floor..]
                    .match_indices(&old)
                    .map(|(at, _)| floor + at)
                    .filter(|at| *at == 0 || text[..*at].ends_with('\n'))
                    .collect();
                assert_eq!(places.len(), 1, "{path}: the hunk should stand in one place\n{hunk}");
                text.replace_range(places[0]..places[0] + old.len(), &new);
                floor = places[0] + new.len();
            }
            done.push(path);
        }
        let answer = format!("Done: {}", done.join(", "));
        self.files = files;
        answer
    }
}

/// Reads `//- /path` sections.
fn files(fixture: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for section in fixture.split("//- /").skip(1) {
        let (path, text) = section.split_once('\n').expect("a path and a text");
        files.insert(path.to_owned(), text.to_owned());
    }
    files
}
