//! A user who edits without rest, and knows by heart what the texts have to be.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::marked::Marks;
use crate::provider::Editor;

/// Where the user's files are.
pub const PATHS: [&str; 6] = ["src/a.rs", "src/b b.rs", "ü/crlf.md", "100%.txt", "src/deep/er/c.rs", "d.rs"];
/// Longest a text is left to grow.
const LONG: usize = 1800;

/// The user, at an editor.
pub struct User {
    pub editor: Editor,
    rng: Rng,
    /// What has to be in the open documents, byte for byte.
    buffers: BTreeMap<String, String>,
    /// What has to be on disk.
    disk: BTreeMap<String, String>,
}

/// The texts of a project at one moment, as a model is told them.
pub type Texts = BTreeMap<String, String>;

impl User {
    /// Files as they are in the beginning: one with CRLF, one without an end of its last line, one empty.
    pub fn files(marks: &mut Marks) -> Vec<(&'static str, String)> {
        let text = |path: &str, marks: &mut Marks| -> String {
            let end = if path.contains("crlf") { "\r\n" } else { "\n" };
            (0..8).map(|_| marks.fresh("line of the beginning") + end).collect()
        };
        let mut files: Vec<_> = PATHS.iter().map(|path| (*path, text(path, marks))).collect();
        files[3].1.pop();
        files[5].1.clear();
        files
    }

    /// A user of these files.
    pub fn new(editor: Editor, rng: Rng, files: &[(&str, String)]) -> User {
        let disk = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
        User { editor, rng, buffers: BTreeMap::new(), disk }
    }

    /// The raw text of a file: the buffer's, else the disk's.
    pub fn raw(&self, path: &str) -> Option<&str> {
        self.buffers.get(path).or_else(|| self.disk.get(path)).map(String::as_str)
    }

    /// All texts, as a model is told them.
    pub fn texts(&self) -> Texts {
        let all = self.disk.iter().chain(&self.buffers);
        all.map(|(path, text)| (path.clone(), text.replace("\r\n", "\n"))).collect()
    }

    /// What is not as it has to be.
    pub fn flaw(&self) -> Option<String> {
        let buffers = self
            .buffers
            .iter()
            .map(|(path, text)| (path, text, self.editor.is_open(path).then(|| self.editor.buffer(path))));
        let files = self.disk.iter().map(|(path, text)| (path, text, self.editor.on_disk(path)));
        let wrong = buffers.chain(files).find(|(_, right, found)| found.as_ref() != Some(right));
        wrong.map(|(path, right, found)| format!("{path} should be {right:?} and is {found:?}"))
    }

    /// Takes what an applied edit made of a file; returns it.
    pub fn adopt(&mut self, path: &str) -> Option<String> {
        let open = self.editor.is_open(path).then(|| self.editor.buffer(path));
        let disk = self.editor.on_disk(path);
        let set = |texts: &mut Texts, text: Option<String>| match text {
            Some(text) => drop(texts.insert(path.to_owned(), text)),
            None => drop(texts.remove(path)),
        };
        set(&mut self.buffers, open);
        set(&mut self.disk, disk);
        self.raw(path).map(str::to_owned)
    }

    // ---- what the user does ------------------------------------------------------------------------------------

    /// One thing at the keyboard.
    pub fn act(&mut self, marks: &mut Marks) {
        match self.rng.u8(..20) {
            0..3 => self.open(),
            3 => self.close(),
            4 => self.save(),
            5..11 => self.insert_line(marks),
            11..15 => self.type_in_a_line(marks),
            15..17 => self.replace_line(marks),
            _ => self.erase_lines(),
        }
    }

    /// One thing that happens on disk behind the editor's back.
    pub fn act_on_disk(&mut self, marks: &mut Marks) {
        let path = PATHS[self.rng.usize(..PATHS.len())];
        let text = self.disk.get(path).cloned();
        if text.is_some() && !self.buffers.contains_key(path) && self.rng.u8(..4) == 0 {
            self.editor.delete(path);
            self.disk.remove(path);
            return;
        }
        let end = if path.contains("crlf") { "\r\n" } else { "\n" };
        let text = text.filter(|text| text.len() < LONG).unwrap_or_default();
        let text = format!("{}{end}{text}", marks.fresh("from elsewhere"));
        self.editor.write(path, &text);
        self.disk.insert(path.to_owned(), text);
    }

    fn any<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        (!among.is_empty()).then(|| among[self.rng.usize(..among.len())].clone())
    }

    fn any_open(&mut self) -> Option<String> {
        let open: Vec<String> = self.buffers.keys().cloned().collect();
        self.any(&open)
    }

    fn open(&mut self) {
        let closed: Vec<String> = self.disk.keys().filter(|path| !self.buffers.contains_key(*path)).cloned().collect();
        if let Some(path) = self.any(&closed) {
            self.editor.open(&path);
            self.buffers.insert(path.clone(), self.disk[&path].clone());
        }
    }

    fn close(&mut self) {
        if let Some(path) = self.any_open() {
            self.editor.close(&path);
            self.buffers.remove(&path);
        }
    }

    fn save(&mut self) {
        if let Some(path) = self.any_open() {
            self.editor.save(&path);
            self.disk.insert(path.clone(), self.buffers[&path].clone());
        }
    }

    fn insert_line(&mut self, marks: &mut Marks) {
        let Some((path, lines)) = self.any_lines() else { return };
        let start = self.any(&lines).map_or(0, |line| line.start);
        let line = marks.fresh(self.words()) + self.line_end(&path);
        self.splice(&path, start..start, &line);
    }

    fn type_in_a_line(&mut self, marks: &mut Marks) {
        let Some((path, lines)) = self.any_lines() else { return };
        let Some(line) = self.any(&lines) else { return };
        let at = line.start + self.buffers[&path][line].trim_end_matches(['\r', '\n']).len();
        let typed = marks.fresh(self.words());
        self.splice(&path, at..at, &typed);
    }

    fn replace_line(&mut self, marks: &mut Marks) {
        let Some((path, lines)) = self.any_lines() else { return };
        let Some(line) = self.any(&lines) else { return };
        let end = line.start + self.buffers[&path][line.clone()].trim_end_matches(['\r', '\n']).len();
        let typed = marks.fresh(self.words());
        self.splice(&path, line.start..end, &typed);
    }

    fn erase_lines(&mut self) {
        let Some((path, lines)) = self.any_lines() else { return };
        if lines.is_empty() {
            return;
        }
        let first = self.rng.usize(..lines.len());
        let count = if self.buffers[&path].len() > LONG { lines.len() / 2 } else { 1 };
        let last = (first + count).min(lines.len()) - 1;
        self.splice(&path, lines[first].start..lines[last].end, "");
    }

    /// An open document and the ranges of its lines.
    fn any_lines(&mut self) -> Option<(String, Vec<std::ops::Range<usize>>)> {
        let path = self.any_open()?;
        let mut at = 0;
        let lines = self.buffers[&path].split_inclusive('\n').map(|line| {
            at += line.len();
            at - line.len()..at
        });
        let lines = lines.collect();
        Some((path, lines))
    }

    fn splice(&mut self, path: &str, range: std::ops::Range<usize>, new: &str) {
        self.editor.splice(path, range.clone(), new);
        self.buffers.get_mut(path).unwrap().replace_range(range, new);
    }

    fn line_end(&self, path: &str) -> &'static str {
        if self.buffers[path].contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn words(&mut self) -> &'static str {
        const WORDS: [&str; 6] =
            ["typed", "é", "let 東京 = \"🗼\";", "-- a/src/a.rs", "</file>", "👩\u{200d}💻\u{a0}𝄞"];
        WORDS[self.rng.usize(..WORDS.len())]
    }
}
