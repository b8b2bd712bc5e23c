//! The V4A parser: one pass over the lines, no backtracking, no recursion. It must never panic, whatever the model sends.

use super::open_hunk::OpenHunk;
use super::sections::{self, Section};
use super::{FilePatch, Form, Hunk, HunkLine, PatchError, Problem, Quote};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File:";
const DELETE: &str = "*** Delete File:";
const UPDATE: &str = "*** Update File:";
const MOVE: &str = "*** Move to:";
const END_OF_FILE: &str = "*** End of File";

/// Reads envelopes, or sections without one.
pub(super) fn parse(patch: &str) -> Result<Vec<FilePatch>, PatchError> {
    let mut parser = Parser::new(patch);
    let wrapper = parser.open_envelope()?;
    while !parser.at_end(wrapper.begun)? {
        parser.section()?;
    }
    parser.close_envelope(&wrapper)?;
    sections::finish(parser.sections)
}

/// Reads what the built-in tool calls a diff: the hunks of one file.
pub(super) fn parse_update(path: &str, diff: &str) -> Result<FilePatch, PatchError> {
    let mut parser = Parser::new(diff);
    let patch = parser.update(path.to_owned(), 1)?;
    parser.nothing_more()?;
    Ok(patch)
}

/// Reads the built-in tool's diff of a new file: its lines, each with a `+`.
pub(super) fn parse_create(path: &str, diff: &str) -> Result<FilePatch, PatchError> {
    let mut parser = Parser::new(diff);
    let patch = FilePatch::Add { path: path.to_owned(), text: parser.added_text()? };
    parser.nothing_more()?;
    Ok(patch)
}

/// Whether a line begins V4A: an envelope, or a section without one.
pub(super) fn begins(line: &str) -> bool {
    line.trim() == BEGIN || is_section(line)
}

/// The envelopes in an answer, without what is said around them.
pub(super) fn envelopes(answer: &str) -> Result<String, PatchError> {
    let lines: Vec<&str> = answer.lines().collect();
    let mut inside = false;
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        inside |= begins(line.trim_start_matches('\u{feff}'));
        if inside {
            out.push_str(line);
        } else {
            Form::pass_over(&lines, at)?;
        }
        out.push('\n');
        inside &= line.trim() != END;
    }
    Ok(out)
}

/// What was found around the envelope.
#[derive(Default)]
struct Wrapper<'p> {
    heredoc: Option<&'p str>,
    /// Whether there is an envelope at all.
    begun: bool,
}

/// Whether nothing can be missing at the end of a section.
fn is_whole(section: &Section) -> bool {
    match &section.patch {
        FilePatch::Add { .. } => false,
        FilePatch::Delete { .. } => true,
        FilePatch::Update { hunks, .. } => {
            hunks.last().is_none_or(|hunk| hunk.end_of_file || matches!(hunk.lines.last(), Some(HunkLine::Context(_))))
        }
    }
}

struct Parser<'p> {
    /// The lines with their numbers, from 1.
    lines: Vec<(usize, &'p str)>,
    /// Index of the line to be read next.
    at: usize,
    sections: Vec<Section>,
}

impl<'p> Parser<'p> {
    fn new(patch: &'p str) -> Parser<'p> {
        let lines = patch.split_terminator('\n').map(|line| line.trim_end_matches('\r'));
        Parser { lines: without_fences((1..).zip(lines).collect()), at: 0, sections: Vec::new() }
    }

    fn peek(&self) -> Option<&'p str> {
        self.lines.get(self.at).map(|(_, line)| *line)
    }

    /// The number of the line to be read next, from 1.
    fn line(&self) -> usize {
        let end = self.lines.last().map_or(1, |(last, _)| last + 1);
        self.lines.get(self.at).map_or(end, |(number, _)| *number)
    }

    fn error<T>(&self, problem: Problem) -> Result<T, PatchError> {
        Err(PatchError { line: self.line(), problem })
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
                wrapper.begun = true;
                self.at += 1;
                return Ok(wrapper);
            }
            if is_section(line) {
                return Ok(wrapper);
            }
            match heredoc_delimiter(line) {
                Some(delimiter) if wrapper.heredoc.is_none() => wrapper.heredoc = Some(delimiter),
                _ => return self.error(Problem::NoBegin(Quote::new(line))),
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
            if !line.is_empty() && wrapper.heredoc != Some(line) {
                return self.error(Problem::AfterEnd(Quote::new(line)));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Whether the sections end here. Further envelopes are read on, as if they were one.
    fn at_end(&mut self, begun: bool) -> Result<bool, PatchError> {
        loop {
            self.skip_blank();
            let Some(line) = self.peek().map(str::trim) else {
                // Without its last line an envelope may have been cut, unless what is there cannot go on.
                return if begun && !self.sections.last().is_some_and(is_whole) {
                    self.error(Problem::NoEnd)
                } else {
                    Ok(true)
                };
            };
            if line != END {
                return Ok(false);
            }
            let next = self.lines[self.at + 1..].iter().position(|(_, line)| !is_blank(line));
            match next.filter(|next| self.lines[self.at + 1 + next].1.trim() == BEGIN) {
                Some(next) => self.at += next + 2,
                None => return Ok(true),
            }
        }
    }

    fn nothing_more(&mut self) -> Result<(), PatchError> {
        match self.peek() {
            None => Ok(()),
            Some(line) => self.error(Problem::OneFile(Quote::new(line))),
        }
    }

    fn section(&mut self) -> Result<(), PatchError> {
        let line = self.line();
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

    /// Reads a `*** …: path` line if it begins with `keyword`. Further blanks before the path may belong to the name, so
    /// they stay.
    fn header(&mut self, keyword: &str) -> Result<Option<String>, PatchError> {
        let Some(path) = self.peek().and_then(|line| line.strip_prefix(keyword)) else { return Ok(None) };
        let path = path.strip_prefix(' ').unwrap_or(path).trim_end();
        if path.is_empty() {
            return self.error(Problem::NoPath);
        }
        self.at += 1;
        Ok(Some(path.to_owned()))
    }

    fn added_text(&mut self) -> Result<String, PatchError> {
        let mut text = String::new();
        while let Some(line) = self.peek() {
            if let Some(content) = line.strip_prefix('+').filter(|_| text.is_empty() || text.ends_with('\n')) {
                text.push_str(content);
                text.push('\n');
                self.at += 1;
            } else if line.starts_with("\\ No newline") {
                text.pop();
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
                open.header(anchor.trim(), self.line());
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
            } else {
                open.push(line);
            }
            self.at += 1;
        }
        self.close(&mut hunks, &mut open)?;
        Ok(hunks)
    }

    fn close(&self, hunks: &mut Vec<Hunk>, open: &mut OpenHunk) -> Result<(), PatchError> {
        let OpenHunk { hunk, header_line, .. } = std::mem::take(open).finish();
        if hunk.lines.is_empty() {
            return match header_line {
                Some(line) => Err(PatchError { line, problem: Problem::EmptyHunk }),
                None => Ok(()),
            };
        }
        hunks.push(hunk);
        Ok(())
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_marker(line: &str) -> bool {
    line.starts_with("*** ")
}

fn is_section(line: &str) -> bool {
    [ADD, DELETE, UPDATE].iter().any(|keyword| line.starts_with(keyword))
}

/// The lines without code fences around the patch or around the body of a section.
fn without_fences(lines: Vec<(usize, &str)>) -> Vec<(usize, &str)> {
    let is_fence = |line: &str| line.trim_start().starts_with("```");
    let borders: Vec<bool> = lines.iter().map(|(_, line)| is_marker(line.trim_start()) || is_fence(line)).collect();
    let is_border = |at: Option<usize>| at.is_none_or(|at| borders[at]);
    let is_filled = |at: &usize| !is_blank(lines[*at].1);
    let around =
        |at: usize| is_border((0..at).rev().find(is_filled)) || is_border((at + 1..lines.len()).find(is_filled));
    let kept = (0..lines.len()).filter(|&at| !(is_fence(lines[at].1) && !lines[at].1.starts_with(' ') && around(at)));
    kept.map(|at| lines[at]).collect()
}

/// The delimiter of a shell heredoc such as `apply_patch <<'EOF'`, in which models wrap patches out of habit.
fn heredoc_delimiter(line: &str) -> Option<&str> {
    let (command, rest) = line.split_once("<<")?;
    let command = command.trim_start_matches("$ ").split_whitespace().next()?;
    let delimiter = rest.trim_start_matches('-').split_whitespace().next()?.trim_matches(['\'', '"']);
    (["apply_patch", "cat"].contains(&command) && !delimiter.is_empty()).then_some(delimiter)
}
