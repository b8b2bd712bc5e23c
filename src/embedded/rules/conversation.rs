//! What a conversation says: the request, the texts of files, what the user changed, what the tools answered.
//!
//! Everything is recomputed from the items each time. A file whose text is in any doubt counts as unknown and is read
//! again; nothing is ever guessed.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::diff::{self, FileDiff, Side};
use super::frames::{self, Part};
use super::patch;
use crate::wire::item::{Item, Role};

/// A conversation, read to its end.
#[derive(Debug, Default)]
pub struct Conversation<'a> {
    /// The request of the current turn.
    pub request: Option<Request<'a>>,
    /// What the user changed and no finished `finish` turn has seen.
    pub changes: Vec<Change<'a>>,
    /// How many patches of the current turn were refused.
    pub refused_patches: usize,
    /// What the last refused patch was answered.
    pub refusal: &'a str,
    files: HashMap<Cow<'a, str>, File<'a>>,
    calls: HashMap<&'a str, Call<'a>>,
    /// Calls of the current turn with their answers.
    answers: Vec<(Call<'a>, &'a str)>,
    /// How many of `changes` stood before the current request.
    requested: usize,
}

/// What the user asked for.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// What to do, such as `finish`.
    pub action: &'a str,
    /// The file it was asked in.
    pub path: Option<Cow<'a, str>>,
    /// File and lines (from 1) of the selection.
    pub selection: Option<(Cow<'a, str>, (usize, usize))>,
    /// Diagnostics by file, as text.
    pub diagnostics: Vec<(Cow<'a, str>, &'a str)>,
    /// What the user asked for in words.
    pub instruction: Option<&'a str>,
}

/// A change the user made in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    /// The file.
    pub path: Cow<'a, str>,
    /// Runs of changed lines.
    pub blocks: Vec<Block<'a>>,
}

/// Neighbouring lines that were replaced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block<'a> {
    /// Line of the new text where `added` begins, from 1.
    pub line: usize,
    /// The lines before, without line ends.
    pub removed: Vec<Cow<'a, str>>,
    /// The lines after, without line ends.
    pub added: Vec<Cow<'a, str>>,
}

#[derive(Debug, Clone)]
enum Call<'a> {
    Function { name: &'a str, arguments: Value },
    Patch(Cow<'a, str>),
    Other,
}

#[derive(Debug)]
enum File<'a> {
    /// The whole text as it is now, and as it was before this turn's patches where they changed it.
    Known { now: Cow<'a, str>, before_patches: Option<Cow<'a, str>> },
    /// The text up to line `next`.
    Begun { text: String, next: usize },
    /// Not to be read; what the tool said.
    Unreadable(&'a str),
}

impl<'a> Conversation<'a> {
    /// Reads the items of a conversation, oldest first.
    pub fn read(items: &'a [Item]) -> Conversation<'a> {
        let mut conversation = Conversation::default();
        for item in items {
            match item {
                Item::Message { role: Role::User, text } => conversation.user_says(text),
                Item::Message { role: Role::Assistant, .. } => conversation.turn_ended(),
                Item::FunctionCall { call_id, name, arguments } => {
                    conversation.calls.insert(call_id, Call::read(name, arguments));
                }
                Item::CustomToolCall { call_id, name, input } => {
                    let call = if name == "apply_patch" { Call::Patch(input.into()) } else { Call::Other };
                    conversation.calls.insert(call_id, call);
                }
                Item::FunctionCallOutput { call_id, output } | Item::CustomToolCallOutput { call_id, output } => {
                    conversation.answered(call_id, output);
                }
                _ => {}
            }
        }
        conversation
    }

    /// The whole text of a file, without this turn's own patches.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.files.get(path)? {
            File::Known { now, before_patches } => Some(before_patches.as_ref().unwrap_or(now)),
            _ => None,
        }
    }

    /// The text of a file before the user's changes, where they can be taken back from what it is now.
    pub fn former_text(&self, path: &str) -> Option<String> {
        let mut text = self.text(path)?.to_owned();
        for change in self.changes.iter().rev().filter(|change| change.path == path) {
            text = without(&text, &change.blocks)?;
        }
        Some(text)
    }

    /// Whether a patch of this turn changed the file.
    pub fn is_patched(&self, path: &str) -> bool {
        matches!(self.files.get(path), Some(File::Known { before_patches: Some(_), .. }))
    }

    /// Why a file cannot be read.
    pub fn unreadable(&self, path: &str) -> Option<&str> {
        match self.files.get(path)? {
            File::Unreadable(why) => Some(why),
            _ => None,
        }
    }

    /// From which line on a file has to be read; `None` for its start.
    pub fn read_from(&self, path: &str) -> Option<usize> {
        match self.files.get(path)? {
            File::Begun { next, .. } => Some(*next),
            _ => None,
        }
    }

    /// What a call of this turn was answered.
    pub fn answer(&self, name: &str, arguments: &Value) -> Option<&'a str> {
        let same = |call: &Call<'_>| matches!(call, Call::Function { name: other, arguments: others } if *other == name && others == arguments);
        self.answers.iter().rev().find(|(call, _)| same(call)).map(|(_, answer)| *answer)
    }

    /// How often the same call was answered in this turn.
    pub fn times_answered(&self, name: &str, arguments: &Value) -> usize {
        let same = |call: &Call<'_>| matches!(call, Call::Function { name: other, arguments: others } if *other == name && others == arguments);
        self.answers.iter().filter(|(call, _)| same(call)).count()
    }

    fn user_says(&mut self, text: &'a str) {
        let parts = frames::parts(text);
        if parts.iter().any(|part| matches!(part, Part::Request { .. })) {
            self.turn_begins();
        }
        let mut request: Option<Request<'a>> = None;
        for part in parts {
            match (part, &mut request) {
                (Part::File { path, text }, _) => self.file_sent(path, text),
                (Part::Diff(diff), _) => self.file_changed(&diff),
                (Part::EarlierChange(diff), _) => {
                    let blocks = blocks_of(&diff);
                    self.changes.push(Change { path: diff.to.unwrap_or_default(), blocks });
                }
                (Part::Request { action, path }, _) => request = Some(Request { action, path, ..Request::default() }),
                (Part::Selection { path, lines }, Some(request)) => request.selection = Some((path, lines)),
                (Part::Diagnostics { path, text }, Some(request)) => request.diagnostics.push((path, text)),
                (Part::Instruction(text), Some(request)) => request.instruction = Some(text),
                _ => {}
            }
        }
        if request.is_some() {
            self.request = request;
            self.requested = self.changes.len();
        }
    }

    fn turn_begins(&mut self) {
        self.answers.clear();
        self.refused_patches = 0;
        for file in self.files.values_mut() {
            if let File::Known { before_patches, .. } = file {
                *before_patches = None;
            }
        }
        self.files.retain(|_, file| matches!(file, File::Known { .. }));
    }

    /// Changes a `finish` turn has answered to are done with; others may still want to be finished.
    fn turn_ended(&mut self) {
        if self.request.as_ref().is_some_and(|request| request.action == "finish") {
            self.changes.drain(..self.requested.min(self.changes.len()));
            self.requested = 0;
        }
    }

    fn know(&mut self, path: Cow<'a, str>, now: Cow<'a, str>) {
        self.files.insert(path, File::Known { now, before_patches: None });
    }

    fn file_sent(&mut self, path: Cow<'a, str>, text: &'a str) {
        if let Some(File::Known { now, .. }) = self.files.get(&path)
            && now.as_ref() != text
        {
            let blocks = blocks_between(now, text);
            self.changes.push(Change { path: path.clone(), blocks });
        }
        self.know(path, text.into());
    }

    fn file_changed(&mut self, diff: &FileDiff<'a>) {
        let known = match &diff.from {
            None => Some(Cow::Borrowed("")),
            Some(from) => match self.files.remove(from) {
                Some(File::Known { now, .. }) => Some(now),
                _ => None,
            },
        };
        let Some(to) = diff.to.clone() else { return };
        self.changes.push(Change { path: to.clone(), blocks: blocks_of(diff) });
        let Some(known) = known else { return };
        if let Some(text) = diff::apply(&known, &diff.hunks) {
            self.know(to, text.into());
        } else if has_new_side(&known, diff) {
            // After a rebase the text comes as it is now and the diff only says what the user did to get there.
            self.know(to, known);
        }
    }

    fn answered(&mut self, call_id: &'a str, output: &'a str) {
        let Some(call) = self.calls.get(call_id).cloned() else { return };
        match &call {
            Call::Function { name: "read_file", arguments } => {
                if let Some(path) = arguments.get("path").and_then(Value::as_str) {
                    self.file_read(path.to_owned(), output);
                }
            }
            Call::Patch(patch) => self.patch_answered(patch.clone(), output),
            _ => {}
        }
        self.answers.push((call, output));
    }

    fn file_read(&mut self, path: String, output: &'a str) {
        let (head, text) = diff::line(output);
        if output.starts_with("Error:") {
            self.files.insert(path.into(), File::Unreadable(head));
            return;
        }
        let Some((first, last, of)) = read_range(head) else { return };
        let begun = match self.files.remove(path.as_str()) {
            Some(File::Begun { text, next }) if next == first => Some(text),
            _ => None,
        };
        match (begun, first <= 1, last >= of) {
            (_, true, true) => self.know(path.into(), text.into()),
            (Some(begun), false, true) => self.know(path.into(), (begun + text).into()),
            (begun, true, false) | (begun @ Some(_), false, false) => {
                let mut text = begun.filter(|_| first > 1).unwrap_or_default() + text;
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                self.files.insert(path.into(), File::Begun { text, next: last + 1 });
            }
            (None, false, _) => {}
        }
    }

    fn patch_answered(&mut self, patch: Cow<'a, str>, output: &'a str) {
        let taken = !output.starts_with("Error:");
        if !taken {
            self.refused_patches += 1;
            self.refusal = output;
        }
        for (path, hunks) in patch::read(&patch).unwrap_or_default() {
            let Some((path, file)) = self.files.remove_entry(path) else { continue };
            // A refused patch means the text is not what it seemed: it is read again.
            let File::Known { now, before_patches } = file else { continue };
            if taken && let Some(text) = patch::apply(&now, &hunks) {
                let before_patches = Some(before_patches.unwrap_or(now));
                self.files.insert(path, File::Known { now: text.into(), before_patches });
            }
        }
    }
}

impl<'a> Call<'a> {
    fn read(name: &'a str, arguments: &'a str) -> Call<'a> {
        let Ok(arguments) = serde_json::from_str::<Value>(arguments) else { return Call::Other };
        if name != "apply_patch" {
            return Call::Function { name, arguments };
        }
        let patch = arguments.get("patch").and_then(Value::as_str).unwrap_or("");
        Call::Patch(patch.to_owned().into())
    }
}

/// First and last line and the number of lines, from `PATH (lines A-B of N)` with or without `; read on …`.
fn read_range(head: &str) -> Option<(usize, usize, usize)> {
    let range = &head[head.rfind(" (lines ")? + " (lines ".len()..];
    let (lines, of) = range.split_once(" of ")?;
    let (first, last) = lines.split_once('-')?;
    let of = of.split([')', ';']).next()?;
    Some((first.parse().ok()?, last.parse().ok()?, of.parse().ok()?))
}

/// Whether the text already has what a diff adds, where the diff says.
fn has_new_side(text: &str, diff: &FileDiff<'_>) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    diff.hunks.iter().all(|hunk| {
        let new: Vec<&str> = hunk.lines.iter().filter(|line| line.side != Side::Old).map(|line| line.text).collect();
        let start = hunk.new_start.saturating_sub(1);
        lines.get(start..start + new.len()) == Some(&new[..])
    })
}

/// The text before changes, if it holds them where they say.
fn without(text: &str, blocks: &[Block<'_>]) -> Option<String> {
    let mut lines: Vec<Cow<'_, str>> = text.split_inclusive('\n').map(Cow::Borrowed).collect();
    for block in blocks.iter().rev() {
        let first = block.line.saturating_sub(1).min(lines.len());
        let last = first + block.added.len();
        let found = lines.get(first..last)?.iter().map(|line| line.strip_suffix('\n').unwrap_or(line));
        if !found.eq(block.added.iter().map(|line| line.as_ref())) {
            return None;
        }
        let removed: Vec<Cow<'_, str>> = block.removed.iter().map(|line| Cow::Owned(format!("{line}\n"))).collect();
        lines.splice(first..last, removed);
    }
    Some(lines.concat())
}

fn blocks_of<'a>(diff: &FileDiff<'a>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    for hunk in &diff.hunks {
        let mut line = hunk.new_start;
        let mut open = false;
        for changed in &hunk.lines {
            if changed.side == Side::Both {
                open = false;
                line += 1;
                continue;
            }
            if !open {
                blocks.push(Block { line, ..Block::default() });
                open = true;
            }
            let Some(block) = blocks.last_mut() else { continue };
            if changed.side == Side::Old {
                block.removed.push(changed.text.into());
            } else {
                block.added.push(changed.text.into());
                line += 1;
            }
        }
    }
    blocks
}

fn blocks_between<'a>(old: &str, new: &'a str) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let (mut line, mut open) = (1, false);
    for change in TextDiff::from_lines(old, new).iter_all_changes() {
        let text = Cow::Owned(change.value().trim_end_matches('\n').to_owned());
        if change.tag() == ChangeTag::Equal {
            open = false;
            line += 1;
            continue;
        }
        if !open {
            blocks.push(Block { line, ..Block::default() });
            open = true;
        }
        let Some(block) = blocks.last_mut() else { continue };
        if change.tag() == ChangeTag::Delete {
            block.removed.push(text);
        } else {
            block.added.push(text);
            line += 1;
        }
    }
    blocks
}
