//! Unified diffs as models write them: git's or plain ones, of one file or several, in code fences or not.
//!
//! Models count badly, so line counts decide only where a hunk could end in two ways. What is said around a diff is
//! passed over, but never a line that could belong to it: that is left for the search to find or to refuse.

use super::open_hunk::OpenHunk;
use super::sections::{self, Section};
use super::{FilePatch, Form, Hunk, HunkLine, PatchError, Problem, Quote};

const NOWHERE: &str = "/dev/null";

/// Whether a diff begins with the first of these lines.
pub(super) fn begins(lines: &[&str]) -> bool {
    match lines {
        [first, rest @ ..] => first.starts_with("diff --git ") || counts(first).is_some() || is_header(first, rest),
        [] => false,
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<FilePatch>, PatchError> {
    let lines = text.split_terminator('\n').map(|line| line.trim_end_matches('\r')).collect();
    let mut reader = Reader { lines, at: 0, fenced: false };
    let mut sections = Vec::new();
    while let Some(line) = reader.peek() {
        if begins(&reader.lines[reader.at..]) {
            sections.push(Section { line: reader.at + 1, patch: reader.file()? });
        } else {
            Form::pass_over(&reader.lines, reader.at)?;
            reader.fenced ^= is_fence(line);
            reader.at += 1;
        }
    }
    sections::finish(sections)
}

fn is_header(old: &str, rest: &[&str]) -> bool {
    old.starts_with("--- ") && rest.first().is_some_and(|new| new.starts_with("+++ "))
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```")
}

/// How many old and new lines `@@ -1,3 +1,4 @@` promises.
fn counts(line: &str) -> Option<(usize, usize)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((start, count)) => start.parse::<usize>().ok().and(count.parse().ok()),
        None => range.parse::<usize>().ok().map(|_| 1),
    };
    Some((count(old)?, count(rest.split([' ', '@']).next()?)?))
}

/// What stands above the hunks of a file.
#[derive(Default)]
struct Header {
    /// The path on either side; `None` where there is no file, or nothing was said.
    old: Option<String>,
    new: Option<String>,
    created: bool,
    deleted: bool,
    moved: bool,
}

struct Reader<'p> {
    lines: Vec<&'p str>,
    /// Index of the line to be read next.
    at: usize,
    /// Whether a code fence is open.
    fenced: bool,
}

impl<'p> Reader<'p> {
    fn peek(&self) -> Option<&'p str> {
        self.lines.get(self.at).copied()
    }

    fn file(&mut self) -> Result<FilePatch, PatchError> {
        let start = self.at;
        let header = self.header()?;
        let mut hunks = Vec::new();
        while self.peek().is_some_and(|line| line.starts_with("@@")) {
            hunks.push(self.hunk()?);
        }
        let error = |problem| Err(PatchError { line: start + 1, problem });
        let header_line = Quote::new(self.lines[start]);
        match (header.old, header.new) {
            (None, None) => error(Problem::NoFileHeader),
            (_, Some(path)) if header.created => Ok(FilePatch::Add { path, text: created(&hunks, start + 1)? }),
            (Some(path), _) if header.deleted => Ok(FilePatch::Delete { path }),
            (Some(path), Some(target)) if header.moved && path != target => {
                Ok(FilePatch::Update { path, move_to: Some(target), hunks })
            }
            (Some(old), Some(new)) if old != new => error(Problem::TwoFiles(old, new)),
            (Some(path), Some(_)) if !hunks.is_empty() => Ok(FilePatch::Update { path, move_to: None, hunks }),
            _ => error(Problem::FileHeader(header_line)),
        }
    }

    /// Reads git's lines and the two of every unified diff.
    fn header(&mut self) -> Result<Header, PatchError> {
        let mut header = Header::default();
        if let Some(both) = self.peek().and_then(|line| line.strip_prefix("diff --git ")) {
            // Overruled by what follows; only empty files and changes of mode have nothing else to say.
            if let Some((old, new)) = both.strip_prefix("a/").and_then(|both| both.split_once(" b/")) {
                (header.old, header.new) = (Some(old.to_owned()), Some(new.to_owned()));
            }
            self.at += 1;
            while let Some(line) = self.peek().filter(|line| !line.starts_with("--- ")) {
                match line.split_once(' ') {
                    Some(("index" | "old" | "similarity" | "dissimilarity", _)) => {}
                    Some(("new", rest)) => header.created |= rest.starts_with("file mode"),
                    Some(("deleted", rest)) => header.deleted |= rest.starts_with("file mode"),
                    Some(("rename", rest)) => header.rename(rest),
                    Some(("copy" | "Binary" | "GIT", _)) => {
                        return Err(PatchError { line: self.at + 1, problem: Problem::FileHeader(Quote::new(line)) });
                    }
                    _ => break,
                }
                self.at += 1;
            }
        }
        if let Some(rest) = self.lines.get(self.at..)
            && let [old, new, ..] = rest
            && is_header(old, &[new])
        {
            header.name(path(old), path(new));
            self.at += 2;
        }
        Ok(header)
    }

    fn hunk(&mut self) -> Result<Hunk, PatchError> {
        let header_line = self.at + 1;
        let header = self.lines[self.at];
        let mut open = OpenHunk::default();
        open.header(header[2..].trim(), header_line);
        let mut left = counts(header);
        self.at += 1;
        while let Some(line) = self.peek().filter(|line| !self.ends_hunk(line, &open, left)) {
            open.push(line);
            left = left.and_then(|(old, new)| match line.chars().next() {
                Some('-') => Some((old.checked_sub(1)?, new)),
                Some('+') => Some((old, new.checked_sub(1)?)),
                Some('\\') => Some((old, new)),
                _ => Some((old.checked_sub(1)?, new.checked_sub(1)?)),
            });
            self.at += 1;
        }
        let hunk = open.finish().hunk;
        if hunk.lines.is_empty() {
            return Err(PatchError { line: header_line, problem: Problem::EmptyHunk });
        }
        Ok(hunk)
    }

    /// Whether the next line is beyond the hunk that is being read. `left` is what its counts still promise.
    fn ends_hunk(&self, line: &str, open: &OpenHunk, left: Option<(usize, usize)>) -> bool {
        let rest = &self.lines[self.at + 1..];
        if line.starts_with("@@") || line.starts_with("diff --git ") {
            return true;
        }
        if is_header(line, rest) {
            // Or `-- a` was removed and `++ b` added, and the counts say so exactly.
            return left != Some((1, 1));
        }
        if line.is_empty() || line.starts_with([' ', '+', '-', '\\', '\u{a0}']) {
            return false;
        }
        if self.fenced && is_fence(line) {
            return self.closes_fence(line);
        }
        // Words below the diff. Counts alone would not tell them from context without its mark.
        !self.fenced && (open.after_blank() || left == Some((0, 0))) && self.nothing_left()
    }

    /// Whether this fence is the one around the diff, and not one of the file whose mark was forgotten: then those below
    /// it are pairs.
    fn closes_fence(&self, line: &str) -> bool {
        let below = self.lines[self.at + 1..].iter().filter(|line| is_fence(line)).count();
        line.trim_matches('`').trim().is_empty() && below % 2 == 0
    }

    /// Whether no line from here to the next file could still belong to this one.
    fn nothing_left(&self) -> bool {
        let rest = &self.lines[self.at + 1..];
        let next = (0..rest.len()).find(|&at| begins(&rest[at..])).unwrap_or(rest.len());
        let goes_on = rest.get(next).is_some_and(|line| line.starts_with("@@"));
        !goes_on && !rest[..next].iter().any(|line| line.starts_with(['+', '-']))
    }
}

impl Header {
    fn rename(&mut self, rest: &str) {
        self.moved = true;
        if let Some(path) = rest.strip_prefix("from ") {
            self.old = Some(path.trim().to_owned());
        } else if let Some(path) = rest.strip_prefix("to ") {
            self.new = Some(path.trim().to_owned());
        }
    }

    /// Takes the paths of `---` and `+++`, without `a/` and `b/` where both sides have them.
    fn name(&mut self, old: &str, new: &str) {
        let bare = |path: &str, prefix: &str| path.strip_prefix(prefix).map(str::to_owned);
        let is_prefixed = |path: &str, prefix| path == NOWHERE || path.starts_with(prefix);
        let prefixed = is_prefixed(old, "a/") && is_prefixed(new, "b/");
        let own = |path: &str, prefix| {
            let named = if prefixed { bare(path, prefix) } else { None };
            (path != NOWHERE).then(|| named.unwrap_or_else(|| path.to_owned()))
        };
        (self.created, self.deleted) = (old == NOWHERE, new == NOWHERE);
        (self.old, self.new) = (own(old, "a/"), own(new, "b/"));
    }
}

/// The path in a `---` or `+++` line, without the time that some programs write behind it.
fn path(line: &str) -> &str {
    line[4..].split('\t').next().unwrap_or_default().trim()
}

/// The text of a new file.
fn created(hunks: &[Hunk], line: usize) -> Result<String, PatchError> {
    let mut text = String::new();
    for hunk in hunks {
        for hunk_line in &hunk.lines {
            match hunk_line {
                HunkLine::Add(added) => text.extend([added, "\n"]),
                HunkLine::Context(other) | HunkLine::Remove(other) => {
                    return Err(PatchError { line, problem: Problem::CreatedLine(Quote::new(other)) });
                }
            }
        }
        if hunk.no_final_newline {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
