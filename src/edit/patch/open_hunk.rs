//! The hunk being read: what V4A and unified diffs have in common. It must not know where hunks begin and end.

use super::{Hunk, HunkLine, NO_NEWLINE};

#[derive(Default)]
pub(super) struct OpenHunk {
    pub hunk: Hunk,
    /// Line of its last `@@`, from 1; the first hunk of a section may have none.
    pub header_line: Option<usize>,
    /// How many of its last lines were entirely empty: context, or only space between two sections.
    loose_blanks: usize,
}

impl OpenHunk {
    pub(super) fn has_content(&self) -> bool {
        self.hunk.lines.len() > self.loose_blanks
    }

    /// Whether the last line was entirely empty.
    pub(super) fn after_blank(&self) -> bool {
        self.loose_blanks > 0
    }

    /// Adds an `@@` line; stacked ones name nested places.
    pub(super) fn header(&mut self, anchor: &str, line: usize) {
        self.hunk.lines.clear();
        self.loose_blanks = 0;
        self.header_line = Some(line);
        if !anchor.is_empty() {
            self.hunk.anchors.push(anchor.to_owned());
        }
    }

    /// Adds a hunk line. One without a mark is context whose space was forgotten, if anything: whether the file has it
    /// is for the search to say.
    pub(super) fn push(&mut self, line: &str) {
        if line.trim_end() == NO_NEWLINE.trim_end() {
            self.hunk.end_of_file = true;
            self.hunk.no_final_newline = !matches!(self.hunk.lines.last(), Some(HunkLine::Remove(_)) | None);
            return;
        }
        let mut chars = line.chars();
        let mark = chars.next();
        let text = chars.as_str().to_owned();
        let read = match mark {
            None => HunkLine::Context(String::new()),
            Some(' ' | '\u{a0}') => HunkLine::Context(text),
            Some('-') => HunkLine::Remove(text),
            Some('+') => HunkLine::Add(text),
            Some(_) => HunkLine::Context(line.to_owned()),
        };
        if !matches!(read, HunkLine::Remove(_)) {
            self.hunk.no_final_newline = false;
        }
        self.hunk.lines.push(read);
        self.loose_blanks = if mark.is_none() { self.loose_blanks + 1 } else { 0 };
    }

    /// Drops the loose blank lines at the end, unless the hunk is said to end the file: there they count.
    pub(super) fn finish(mut self) -> OpenHunk {
        if !self.hunk.end_of_file {
            self.hunk.lines.truncate(self.hunk.lines.len() - self.loose_blanks);
        }
        self
    }
}
