//! A mirror of the project made from nothing but what a model receives: the frames and diffs of messages, whole reads,
//! and its own patches. Simple and strict: what does not apply exactly is a failure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::request::Request;

/// What a model knows at one point of the conversation.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    /// Texts of the files it knows whole.
    files: BTreeMap<String, String>,
    /// Files its patches changed since the turn began.
    patched: BTreeSet<String>,
    /// Its calls that are not answered yet: name and arguments (or the patch) by call id.
    calls: BTreeMap<String, (String, String)>,
}

/// The mirrors of a session: one for each answer, since a request continues from any.
#[derive(Debug, Default)]
pub struct Mirrors {
    after: BTreeMap<String, Mirror>,
    seen: usize,
    /// The mirror after the latest request.
    pub now: Mirror,
}

impl Mirrors {
    /// Takes the requests not taken yet. What the latest is answered is not known yet and does not matter.
    pub fn take(&mut self, requests: &[Request]) {
        while self.seen < requests.len() {
            if let Some(before) = self.seen.checked_sub(1) {
                self.answered(before, &requests[before]);
            }
            let request = &requests[self.seen];
            self.now = match request.previous() {
                Some(previous) => self.after[previous].clone(),
                None => Mirror::default(),
            };
            for item in request.input() {
                self.now.take(item);
            }
            // Requests come one after the other, on whatever connection: each is answered before the next.
            self.after.insert(format!("resp_{}", self.seen), self.now.clone());
            self.seen += 1;
        }
    }

    /// Forgets all but the latest mirrors, from which alone a request continues.
    pub fn forget_all_but(&mut self, latest: usize) {
        let first = self.seen.saturating_sub(latest);
        self.after.retain(|id, _| id["resp_".len()..].parse::<usize>().unwrap() >= first);
    }

    fn answered(&mut self, number: usize, request: &Request) {
        let mirror = self.after.get_mut(&format!("resp_{number}")).unwrap();
        for item in &request.output {
            mirror.take(&serde_json::from_str(item).unwrap());
        }
    }
}

impl Mirror {
    /// The mirror of a single request.
    pub fn of(request: &Request) -> Mirror {
        let mut mirror = Mirror::default();
        request.input().iter().for_each(|item| mirror.take(item));
        mirror
    }

    /// The text of a file, if it is known whole.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The files known whole.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a patch of this turn changed the file, so that it is the working copy's and not the user's.
    pub fn is_patched(&self, path: &str) -> bool {
        self.patched.contains(path)
    }

    fn take(&mut self, item: &Value) {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str().unwrap() {
            "function_call" => drop(self.calls.insert(text("call_id"), (text("name"), text("arguments")))),
            "custom_tool_call" => drop(self.calls.insert(text("call_id"), (text("name"), text("input")))),
            "function_call_output" | "custom_tool_call_output" => {
                let (name, arguments) = self.calls.remove(&text("call_id")).expect("an output without a call");
                self.output(&name, &arguments, &text("output"));
            }
            "message" if item["role"] == "user" => self.message(item["content"][0]["text"].as_str().unwrap()),
            _ => {}
        }
    }

    // ---- tools -----------------------------------------------------------------------------------------------

    fn output(&mut self, name: &str, arguments: &str, output: &str) {
        match name {
            "read_file" if !output.starts_with("Error:") => self.read(output),
            "apply_patch" if output.starts_with("Done:") => {
                let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| Value::from(arguments));
                self.patch(arguments["patch"].as_str().or(arguments.as_str()).unwrap());
            }
            _ => {}
        }
    }

    /// `PATH (lines A-B of N)`, then the text.
    fn read(&mut self, output: &str) {
        let Some((header, text)) = output.split_once('\n') else {
            let (path, _) = output.split_once(": unchanged since you read it; ").expect("an answer without a text");
            assert!(self.files.contains_key(path) || !output.contains("lines 1-"), "{path} is not known");
            return;
        };
        let (path, range) = header.rsplit_once(" (lines ").unwrap();
        let (range, count) = range.trim_end_matches(')').split_once(" of ").unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let count = count.split(';').next().unwrap();
        if (first == "1" || first == "0") && last == count {
            assert_eq!(text.split_inclusive('\n').count().to_string(), count, "the lines of {path}");
            if let Some(known) = self.files.get(path) {
                assert_eq!(known, text, "{path} is read otherwise than it is known");
            }
            self.files.insert(path.to_owned(), text.to_owned());
        }
    }

    /// A patch of the script: sections of at most one hunk, whose old lines stand in one place.
    fn patch(&mut self, patch: &str) {
        let body = patch.strip_prefix("*** Begin Patch\n").unwrap().strip_suffix("*** End Patch\n").unwrap();
        let mut lines = body.lines().peekable();
        while let Some(header) = lines.next() {
            let (kind, path) = header.split_once(" File: ").unwrap();
            let target = lines.next_if(|line| line.starts_with("*** Move to: "));
            let target = target.map_or(path, |line| line.trim_start_matches("*** Move to: "));
            let mut section = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("*** ")) {
                section.push(line);
            }
            let before = self.files.remove(path);
            let after = match kind {
                "*** Add" => Some(section.iter().map(|line| format!("{}\n", &line[1..])).collect()),
                "*** Delete" => None,
                _ => before.map(|text| replaced(&text, &section)),
            };
            self.files.extend(after.map(|text| (target.to_owned(), text)));
            self.patched.extend([path.to_owned(), target.to_owned()]);
        }
    }

    // ---- messages --------------------------------------------------------------------------------------------

    fn message(&mut self, message: &str) {
        let mut rest = Rest(message);
        let mut listing = false;
        while let Some(line) = rest.line() {
            if let Some(frame) = Frame::read(line) {
                let text = rest.framed(&frame);
                if frame.name == "file" {
                    self.files.insert(frame.path, text.to_owned());
                }
            } else if let Some(old) = line.strip_prefix("--- ") {
                let new = rest.line().and_then(|line| line.strip_prefix("+++ ")).expect("a diff has two headers");
                let hunks = rest.hunks();
                self.diff(old, new, &hunks);
            } else if line.starts_with("Request: ") {
                self.patched.clear();
            } else if let Some(told) = line.strip_prefix("The person changed the same lines of ") {
                self.patched.remove(told.split(" as you: ").next().unwrap());
            } else if line.starts_with("Changed too much to show here") {
                listing = true;
            } else if let (true, Some((path, _))) = (listing, line.split_once(": ")) {
                self.files.remove(path);
                self.files.remove(&decoded(path));
            } else {
                assert!(!line.starts_with("rename "), "moves are told as a deletion and a new file");
            }
        }
    }

    fn diff(&mut self, old: &str, new: &str, hunks: &[Hunk]) {
        if new == "/dev/null" {
            self.files.remove(old.strip_prefix("a/").unwrap());
            return;
        }
        let path = new.strip_prefix("b/").unwrap();
        if old == "/dev/null" {
            let before = self.files.insert(path.to_owned(), patched("", hunks));
            assert_eq!(before, None, "{path} is told as new but was known");
            return;
        }
        assert_eq!(old.strip_prefix("a/"), Some(path));
        if let Some(text) = self.files.get_mut(path) {
            *text = patched(text, hunks);
        }
    }
}

/// Replaces the one place where a patch's old lines stand.
fn replaced(text: &str, section: &[&str]) -> String {
    let side = |marks: [char; 2]| -> Vec<&str> {
        section.iter().filter(|line| line.starts_with(marks)).map(|line| &line[1..]).collect()
    };
    let (old, new) = (side(['-', ' ']), side(['+', ' ']));
    if section.is_empty() {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    let places: Vec<usize> = (0..lines.len()).filter(|at| lines[*at..].starts_with(&old)).collect();
    let [at] = places[..] else { panic!("a patch was taken whose old lines stand in {} places", places.len()) };
    let end = at + old.len();
    let mut result = [&lines[..at], &new, &lines[end..]].concat().join("\n");
    // A text keeps the want of a last line end, unless the patch touches its last line.
    if (text.ends_with('\n') || end == lines.len()) && !(lines.len() == old.len() && new.is_empty()) {
        result.push('\n');
    }
    result
}

/// What is left of a message.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn line(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (line, rest) = self.0.split_once('\n').unwrap_or((self.0, ""));
        self.0 = rest;
        Some(line)
    }

    /// Exactly the bytes of a frame, and its end.
    fn framed(&mut self, frame: &Frame) -> &'a str {
        let (text, rest) = self.0.split_at(frame.bytes);
        let end = format!("\n</{}>", frame.name);
        self.0 = rest.strip_prefix(&end).expect("a frame ends after its bytes");
        assert!(self.0.is_empty() || self.0.starts_with('\n'), "nothing follows a frame on its line");
        self.0 = self.0.strip_prefix('\n').unwrap_or_default();
        text
    }

    fn hunks(&mut self) -> Vec<Hunk> {
        let mut hunks = Vec::new();
        while self.0.starts_with("@@ -") {
            let header = self.line().unwrap();
            let (old, new) = header["@@ -".len()..].strip_suffix(" @@").unwrap().split_once(" +").unwrap();
            let side = |side: &str| -> (usize, usize) {
                let (start, count) = side.split_once(',').expect("a hunk counts its lines");
                (start.parse().unwrap(), count.parse().unwrap())
            };
            let ((start, mut old), (_, mut new)) = (side(old), side(new));
            let start = if old == 0 { start } else { start - 1 };
            let mut lines = Vec::new();
            while old + new > 0 {
                let line = self.line().expect("a hunk has all its lines");
                let ended = !self.0.starts_with("\\ No newline at end of file");
                if !ended {
                    self.line();
                }
                let mark = line.as_bytes()[0];
                old -= usize::from(mark != b'+');
                new -= usize::from(mark != b'-');
                lines.push((mark, format!("{}{}", &line[1..], if ended { "\n" } else { "" })));
            }
            hunks.push(Hunk { start, lines });
        }
        hunks
    }
}

/// One hunk: the old line it begins before, and its lines with their marks.
struct Hunk {
    start: usize,
    lines: Vec<(u8, String)>,
}

/// Applies hunks to exactly the text they were made from.
fn patched(text: &str, hunks: &[Hunk]) -> String {
    let mut source = text.split_inclusive('\n').enumerate().peekable();
    let mut result = String::new();
    for hunk in hunks {
        while source.peek().is_some_and(|(at, _)| *at < hunk.start) {
            result.push_str(source.next().unwrap().1);
        }
        for (mark, line) in &hunk.lines {
            if *mark != b'+' {
                assert_eq!(source.next().map(|(_, line)| line), Some(line.as_str()), "a diff of another text");
            }
            if *mark != b'-' {
                result.push_str(line);
            }
        }
    }
    result.extend(source.map(|(_, line)| line));
    result
}

/// `<name … path="P" … bytes="N">`.
struct Frame {
    name: String,
    path: String,
    bytes: usize,
}

impl Frame {
    fn read(line: &str) -> Option<Frame> {
        let (head, bytes) = line.strip_prefix('<')?.strip_suffix("\">")?.rsplit_once(" bytes=\"")?;
        let (name, attributes) = head.split_once(' ').unwrap_or((head, ""));
        let path = attributes.strip_prefix("path=\"").and_then(|rest| rest.split('"').next()).unwrap_or_default();
        Some(Frame { name: name.to_owned(), path: decoded(path), bytes: bytes.parse().ok()? })
    }
}

fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8().unwrap().into_owned()
}
