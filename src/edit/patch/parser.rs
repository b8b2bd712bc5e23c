//! The V4A parser: one pass over the lines, no backtracking, no recursion. It must never panic, whatever the model sends.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{FilePatch, Hunk, HunkLine, MAX_BYTES, MAX_FILES, MAX_HUNKS, PatchError, Problem, Quote};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File:";
const DELETE: &str = "*** Delete File:";
const UPDATE: &str = "*** Update File:";
const MOVE: &str = "*** Move to:";
const END_OF_FILE: &str = "*** End of File";

pub(super) fn parse(patch: &str) -> Result<Vec<FilePatch>, PatchError> {
    if patch.len() > MAX_BYTES {
        return Err(PatchError { line: 1, problem: Problem::TooLarge(patch.len()) });
    }
    let lines = patch.split_terminator('\n').map(|line| line.trim_end_matches('\r')).collect();
    let mut parser = Parser { lines, at: 0, hunks: 0, sections: Vec::new() };
    let wrapper = parser.open_envelope()?;
    while !parser.at_end_marker()? {
        parser.section()?;
    }
    parser.close_envelope(&wrapper)?;
    check_clashes(&parser.sections)?;
    Ok(parser.sections.into_iter().map(|section| section.patch).collect())
}

/// What was found around the envelope and so may be closed after it.
#[derive(Default)]
struct Wrapper<'p> {
    fenced: bool,
    heredoc: Option<&'p str>,
}

struct Section {
    /// Line of the header, from 1.
    line: usize,
    patch: FilePatch,
}

struct Parser<'p> {
    lines: Vec<&'p str>,
    /// Index of the line to be read next.
    at: usize,
    hunks: usize,
    sections: Vec<Section>,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p str> {
        self.lines.get(self.at).copied()
    }

    fn error<T>(&self, problem: Problem) -> Result<T, PatchError> {
        Err(PatchError { line: self.at + 1, problem })
    }

    fn skip_blank(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    fn open_envelope(&mut self) -> Result<Wrapper<'p>, PatchError> {
        let mut wrapper = Wrapper::default();
        loop {
            self.skip_blank();
            let line = self.peek().map(|line| line.trim_start_matches('\u{feff}').trim()).unwrap_or_default();
            if line == BEGIN {
                self.at += 1;
                return Ok(wrapper);
            }
            let heredoc = heredoc_delimiter(line);
            if line.starts_with("```") && !wrapper.fenced {
                wrapper.fenced = true;
            } else if heredoc.is_some() && wrapper.heredoc.is_none() {
                wrapper.heredoc = heredoc;
            } else {
                return self.error(Problem::NoBegin(Quote::new(line)));
            }
            self.at += 1;
        }
    }

    fn close_envelope(&mut self, wrapper: &Wrapper<'_>) -> Result<(), PatchError> {
        if self.sections.is_empty() {
            return self.error(Problem::NoFiles);
        }
        self.at += 1;
        while let Some(line) = self.peek().map(str::trim) {
            let closes = (wrapper.fenced && line == "```") || wrapper.heredoc == Some(line);
            if !line.is_empty() && !closes {
                return self.error(Problem::AfterEnd(Quote::new(line)));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn at_end_marker(&mut self) -> Result<bool, PatchError> {
        self.skip_blank();
        match self.peek() {
            Some(line) => Ok(line.trim_end() == END),
            None => self.error(Problem::NoEnd),
        }
    }

    fn section(&mut self) -> Result<(), PatchError> {
        if self.sections.len() == MAX_FILES {
            return self.error(Problem::TooManyFiles);
        }
        let line = self.at + 1;
        let patch = if let Some(path) = self.header(ADD)? {
            FilePatch::Add { path, text: self.added_text()? }
        } else if let Some(path) = self.header(DELETE)? {
            self.no_body()?;
            FilePatch::Delete { path }
        } else if let Some(path) = self.header(UPDATE)? {
            self.update(path, line)?
        } else {
            let found = self.peek().unwrap_or_default();
            return self.error(Problem::NoSection(Quote::new(found)));
        };
        self.sections.push(Section { line, patch });
        Ok(())
    }

    /// Reads a `*** …: path` line if it begins with `keyword`.
    fn header(&mut self, keyword: &str) -> Result<Option<String>, PatchError> {
        let Some(path) = self.peek().and_then(|line| line.strip_prefix(keyword)) else { return Ok(None) };
        let path = path.trim();
        if path.is_empty() {
            return self.error(Problem::NoPath);
        }
        self.at += 1;
        Ok(Some(path.to_owned()))
    }

    fn added_text(&mut self) -> Result<String, PatchError> {
        let mut text = String::new();
        while let Some(line) = self.peek() {
            if let Some(content) = line.strip_prefix('+') {
                text.push_str(content);
                text.push('\n');
                self.at += 1;
            } else if is_marker(line) {
                break;
            } else {
                // Blank lines below a section mean nothing; one within the text is a forgotten `+`.
                let blank_at = self.at;
                self.skip_blank();
                if self.peek().is_some_and(|next| !is_marker(next)) {
                    self.at = blank_at;
                    return self.error(Problem::AddLine(Quote::new(line)));
                }
            }
        }
        Ok(text)
    }

    fn no_body(&mut self) -> Result<(), PatchError> {
        self.skip_blank();
        match self.peek() {
            Some(line) if !is_marker(line) => self.error(Problem::DeleteLine(Quote::new(line))),
            _ => Ok(()),
        }
    }

    fn update(&mut self, path: String, line: usize) -> Result<FilePatch, PatchError> {
        let move_to = self.header(MOVE)?;
        if move_to.as_ref() == Some(&path) {
            self.at -= 1;
            return self.error(Problem::MoveToItself);
        }
        let hunks = self.hunks()?;
        if hunks.is_empty() && move_to.is_none() {
            return Err(PatchError { line, problem: Problem::EmptyUpdate });
        }
        Ok(FilePatch::Update { path, move_to, hunks })
    }

    fn hunks(&mut self) -> Result<Vec<Hunk>, PatchError> {
        let mut hunks = Vec::new();
        let mut open = OpenHunk::default();
        while let Some(line) = self.peek() {
            if let Some(anchor) = line.strip_prefix("@@") {
                if open.has_content() {
                    self.close(&mut hunks, &mut open)?;
                }
                open.header(anchor.trim(), self.at + 1);
            } else if line.trim_end() == END_OF_FILE {
                if open.hunk.lines.is_empty() {
                    return self.error(Problem::MisplacedEndOfFile);
                }
                open.hunk.end_of_file = true;
                self.close(&mut hunks, &mut open)?;
            } else if is_marker(line) {
                if line.starts_with(MOVE) {
                    return self.error(Problem::MisplacedMove);
                }
                break;
            } else if !line.is_empty() && open.header_line.is_none() && hunks.last().is_some_and(|h| h.end_of_file) {
                return self.error(Problem::AfterEndOfFile);
            } else if !open.push(line) {
                return self.error(Problem::HunkLine(Quote::new(line)));
            }
            self.at += 1;
        }
        self.close(&mut hunks, &mut open)?;
        Ok(hunks)
    }

    fn close(&mut self, hunks: &mut Vec<Hunk>, open: &mut OpenHunk) -> Result<(), PatchError> {
        let OpenHunk { hunk, header_line, .. } = std::mem::take(open).finish();
        if hunk.lines.is_empty() {
            return match header_line {
                Some(line) => Err(PatchError { line, problem: Problem::EmptyHunk }),
                None => Ok(()),
            };
        }
        if self.hunks == MAX_HUNKS {
            return self.error(Problem::TooManyHunks);
        }
        self.hunks += 1;
        hunks.push(hunk);
        Ok(())
    }
}

/// The hunk being read.
#[derive(Default)]
struct OpenHunk {
    hunk: Hunk,
    /// Line of its last `@@`, from 1; the first hunk of a section may have none.
    header_line: Option<usize>,
    /// How many of its last lines were entirely empty: context, or only space between two sections.
    loose_blanks: usize,
}

impl OpenHunk {
    fn has_content(&self) -> bool {
        self.hunk.lines.len() > self.loose_blanks
    }

    /// Adds an `@@` line; stacked ones name nested places.
    fn header(&mut self, anchor: &str, line: usize) {
        self.hunk.lines.clear();
        self.loose_blanks = 0;
        self.header_line = Some(line);
        if !anchor.is_empty() {
            self.hunk.anchors.push(anchor.to_owned());
        }
    }

    /// Adds a hunk line; `false` if it has no mark.
    fn push(&mut self, line: &str) -> bool {
        let mut chars = line.chars();
        let mark = chars.next();
        let text = chars.as_str().to_owned();
        self.hunk.lines.push(match mark {
            None => HunkLine::Context(String::new()),
            Some(' ') => HunkLine::Context(text),
            Some('-') => HunkLine::Remove(text),
            Some('+') => HunkLine::Add(text),
            Some(_) => return false,
        });
        self.loose_blanks = if mark.is_none() { self.loose_blanks + 1 } else { 0 };
        true
    }

    /// Drops the loose blank lines at the end, unless the hunk is said to end the file: there they count.
    fn finish(mut self) -> OpenHunk {
        if !self.hunk.end_of_file {
            self.hunk.lines.truncate(self.hunk.lines.len() - self.loose_blanks);
        }
        self
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_marker(line: &str) -> bool {
    line.starts_with("*** ")
}

/// The delimiter of a shell heredoc such as `apply_patch <<'EOF'`, in which models wrap patches out of habit.
fn heredoc_delimiter(line: &str) -> Option<&str> {
    let (command, rest) = line.split_once("<<")?;
    let command = command.trim_start_matches("$ ").split_whitespace().next()?;
    let delimiter = rest.trim_start_matches('-').split_whitespace().next()?.trim_matches(['\'', '"']);
    (["apply_patch", "cat"].contains(&command) && !delimiter.is_empty()).then_some(delimiter)
}

/// Refuses patches whose meaning depends on the order in which contradicting sections are taken.
fn check_clashes(sections: &[Section]) -> Result<(), PatchError> {
    let mut seen: HashMap<&str, (usize, bool)> = HashMap::new();
    for Section { line, patch } in sections {
        let (target, repeatable) = match patch {
            FilePatch::Update { move_to, .. } => (move_to.as_deref(), move_to.is_none()),
            FilePatch::Add { .. } | FilePatch::Delete { .. } => (None, false),
        };
        for path in [Some(patch.path()), target].into_iter().flatten() {
            match seen.entry(path) {
                Entry::Vacant(entry) => {
                    entry.insert((*line, repeatable));
                }
                Entry::Occupied(entry) => {
                    let (first, first_repeatable) = *entry.get();
                    if !(repeatable && first_repeatable) {
                        let problem = Problem::Clash { path: path.to_owned(), first };
                        return Err(PatchError { line: *line, problem });
                    }
                }
            }
        }
    }
    Ok(())
}
