//! Search/replace blocks, each with the path of its file above it: within a code fence, around one, or without.
//!
//! Each block becomes an update of its own, because blocks come in any order. What is said around them is passed over;
//! a block that could be read in two ways is an error.

use crate::edit::line_diff::line_hunks;

use super::sections::{self, Section};
use super::{FilePatch, Form, Hunk, HunkLine, PatchError, Problem, Quote};

/// Whether a line begins a block.
pub(super) fn begins(line: &str) -> bool {
    is_marker(line, '<', " SEARCH")
}

pub(super) fn parse(text: &str) -> Result<Vec<FilePatch>, PatchError> {
    let lines: Vec<&str> = text.split_terminator('\n').map(|line| line.trim_end_matches('\r')).collect();
    let mut sections: Vec<Section> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if !begins(lines[at]) {
            Form::pass_over(&lines, at)?;
            at += 1;
            continue;
        }
        let path = path_above(&lines, at, sections.last())?;
        let block = Block::read(&lines, at)?;
        sections.push(Section { line: at + 1, patch: block.patch(path) });
        at = block.end;
    }
    sections::finish(sections)
}

struct Block {
    search: String,
    replace: String,
    /// The line below it.
    end: usize,
}

impl Block {
    fn read(lines: &[&str], start: usize) -> Result<Block, PatchError> {
        let error = |at: usize, problem| Err(PatchError { line: at + 1, problem: Problem::Block(problem) });
        let mut divider = None;
        for (at, line) in lines.iter().enumerate().skip(start + 1) {
            if begins(line) {
                return error(at, "this one begins before the one above is closed");
            } else if is_marker(line, '=', "") {
                if divider.is_some() {
                    return error(at, "this is a second `=======`, use apply_patch for such a file");
                }
                divider = Some(at);
            } else if is_marker(line, '>', " REPLACE") {
                let Some(divider) = divider else { return error(at, "this one has no `=======`") };
                let text = |lines: &[&str]| lines.iter().flat_map(|line| [line, "\n"]).collect();
                let (search, replace) = (text(&lines[start + 1..divider]), text(&lines[divider + 1..at]));
                return Ok(Block { search, replace, end: at + 1 });
            }
        }
        error(start, "this one is not closed; send it again, complete")
    }

    fn patch(&self, path: String) -> FilePatch {
        if self.search.is_empty() {
            return FilePatch::Add { path, text: self.replace.clone() };
        }
        let (search, replace): (Vec<&str>, Vec<&str>) = (self.search.lines().collect(), self.replace.lines().collect());
        let own = |lines: &[&str], mark: fn(String) -> HunkLine| -> Vec<HunkLine> {
            lines.iter().map(|line| mark((*line).to_owned())).collect()
        };
        let mut hunk = Hunk::default();
        let mut copied = 0;
        for change in line_hunks(&self.search, &self.replace) {
            hunk.lines.extend(own(&search[copied..change.old.lines.start], HunkLine::Context));
            hunk.lines.extend(own(&search[change.old.lines.clone()], HunkLine::Remove));
            hunk.lines.extend(own(&replace[change.new.lines], HunkLine::Add));
            copied = change.old.lines.end;
        }
        hunk.lines.extend(own(&search[copied..], HunkLine::Context));
        FilePatch::Update { path, move_to: None, hunks: vec![hunk] }
    }
}

/// The path above a block, or that of the block before where nothing stands between the two.
fn path_above(lines: &[&str], at: usize, before: Option<&Section>) -> Result<String, PatchError> {
    let is_filling = |line: &str| line.trim().is_empty() || line.trim_start().starts_with("```");
    let above = lines[..at].iter().rposition(|line| !is_filling(line));
    let line = above.map_or("", |above| lines[above]);
    if let Some(before) = before.filter(|_| is_marker(line, '>', " REPLACE")) {
        return Ok(before.patch.path().to_owned());
    }
    // Markdown around the path means nothing.
    let plain =
        line.trim().trim_start_matches('#').trim().trim_end_matches(':').trim_matches('*').trim_end_matches(':');
    let quoted = plain.strip_prefix('`').and_then(|path| path.strip_suffix('`'));
    match quoted.unwrap_or(plain) {
        path if path.is_empty() || path.contains('`') || (quoted.is_none() && path.contains(char::is_whitespace)) => {
            Err(PatchError { line: at + 1, problem: Problem::BlockPath(Quote::new(line)) })
        }
        path => Ok(path.to_owned()),
    }
}

/// Whether a line is five to nine times `mark`, then `word`.
fn is_marker(line: &str, mark: char, word: &str) -> bool {
    let rest = line.trim_start_matches(mark);
    (5..=9).contains(&(line.len() - rest.len())) && rest.trim_end() == word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply_hunks;
    use crate::edit::patch;

    const BLOCK: &str = "<<<<<<< SEARCH\na\nb\n=======\na\nc\n>>>>>>> REPLACE\n";

    fn paths(text: &str) -> Vec<String> {
        patch::parse(text).unwrap().iter().map(|patch| patch.path().to_owned()).collect()
    }

    #[track_caller]
    fn refused(text: &str, line: usize, says: &str) {
        let error = patch::parse(text).unwrap_err();
        assert!(error.line == line && error.to_string().contains(says), "{error}");
    }

    #[test]
    fn a_block_is_an_update_in_which_common_lines_are_context() {
        let patches = patch::parse(&format!("src/f.rs\n{BLOCK}")).unwrap();
        let [FilePatch::Update { path, move_to: None, hunks }] = &patches[..] else { panic!("{patches:?}") };
        assert_eq!(path, "src/f.rs");
        assert_eq!(hunks[0].lines[0], HunkLine::Context("a".into()));
        assert_eq!(apply_hunks("x\na \nb\n", hunks).unwrap(), "x\na \nc\n");
    }

    #[test]
    fn the_path_stands_above_the_block_or_above_its_fence() {
        for text in [
            format!("f.rs\n{BLOCK}"),
            format!("Here:\n\n**`f.rs`:**\n```rust\n{BLOCK}```\nDone.\n"),
            format!("### f.rs:\n\n{BLOCK}"),
            format!("```rust\nf.rs\n{BLOCK}```\n"),
            format!("f.rs\n{BLOCK}").replace('\n', "\r\n"),
        ] {
            assert_eq!(paths(&text), ["f.rs"], "{text}");
        }
        assert_eq!(paths(&format!("`a b.rs`\n{BLOCK}")), ["a b.rs"]);
    }

    #[test]
    fn blocks_one_below_the_other_are_of_one_file_and_in_any_order() {
        let second = "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n";
        let text = format!("f.rs\n```\n{BLOCK}```\n\n```\n{second}```\n");
        assert_eq!(paths(&text), ["f.rs", "f.rs"]);
        assert_eq!(paths(&format!("f.rs\n{BLOCK}g.rs\n{second}")), ["f.rs", "g.rs"]);
        refused(&format!("f.rs\n{BLOCK}And then that:\n{second}"), 10, "`And then that:`");
    }

    #[test]
    fn nothing_to_search_is_a_new_file() {
        let text = "f.rs\n<<<<<<< SEARCH\n=======\na\n>>>>>>> REPLACE\n";
        assert_eq!(patch::parse(text).unwrap(), [FilePatch::Add { path: "f.rs".into(), text: "a\n".into() }]);
    }

    #[test]
    fn a_block_that_is_not_understood_is_refused() {
        refused(BLOCK, 1, "is the file's path and nothing else, found nothing");
        refused("f\n<<<<<<< SEARCH\na\n=======\nb\n", 2, "not closed");
        refused("f\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n", 4, "no `=======`");
        refused("f\n<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE\n", 6, "second");
        refused("f\n<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n", 4, "before the one above is closed");
    }
}
