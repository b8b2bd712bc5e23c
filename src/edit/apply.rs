//! Applying the hunks of one file to its text: all of them, or none with the reason.

use super::locate::{Locator, Place};
use super::patch::{Hunk, HunkLine};
use super::rejection::Rejection;

/// The text with all hunks applied.
///
/// Each hunk is searched after the last line that the one before it changed, so that two hunks may share the context
/// between them. Context lines keep the file's own form, and so do lines that a hunk removes and adds again; other added
/// lines are taken as given, re-indented where the whole hunk is indented otherwise than the file.
///
/// Whether the text ends with a line end is kept, unless a hunk removes the last line or adds lines after it: V4A
/// writes whole lines, so the text then ends with one. A hunk of a unified diff may say otherwise.
pub fn apply_hunks(text: &str, hunks: &[Hunk]) -> Result<String, Rejection> {
    let locator = Locator::new(text, hunks);
    let mut places = Vec::with_capacity(hunks.len());
    let mut applicable = Vec::with_capacity(hunks.len());
    let mut rejection = None;
    let mut cursor = 0;
    for (number, hunk) in (1..).zip(hunks) {
        match locator.locate(hunk, cursor) {
            Ok(place) => {
                cursor = end_of_change(&place);
                places.push(place);
                applicable.push(number);
            }
            Err(miss) if rejection.is_none() => rejection = Some(miss.into_rejection(number, &locator.lines)),
            Err(_) => {}
        }
    }
    match rejection {
        Some(rejection) => Err(Rejection { applicable, ..rejection }),
        None => {
            let mut text = rebuild(text, &locator.lines, &places);
            let reaches_end = places.last().is_some_and(|place| place.lines.end == locator.lines.len());
            if reaches_end && hunks.last().is_some_and(|hunk| hunk.no_final_newline) && text.ends_with('\n') {
                text.pop();
            }
            Ok(text)
        }
    }
}

/// The line of the text after the last one that is changed at `place`.
fn end_of_change(place: &Place<'_, '_>) -> usize {
    let trailing = place.hunk.iter().rev().take_while(|line| matches!(line, HunkLine::Context(_))).count();
    place.lines.end - trailing
}

fn rebuild(text: &str, lines: &[&str], places: &[Place<'_, '_>]) -> String {
    let mut out = Writer { text: String::with_capacity(text.len()) };
    let mut copied = 0;
    let mut last_line_changed = false;
    for place in places {
        let mut at = place.lines.start;
        for line in place.hunk {
            match line {
                HunkLine::Context(_) => at += 1,
                HunkLine::Remove(_) => {
                    out.lines(&lines[copied..at]);
                    at += 1;
                    copied = at;
                    last_line_changed |= at == lines.len();
                }
                HunkLine::Add(added) => {
                    out.lines(&lines[copied..at]);
                    copied = at;
                    out.line(&place.added(added));
                    last_line_changed |= at == lines.len();
                }
            }
        }
    }
    out.lines(&lines[copied..]);
    if !text.ends_with('\n') && !last_line_changed {
        out.text.pop();
    }
    out.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn lines(&mut self, lines: &[&str]) {
        lines.iter().for_each(|line| self.line(line));
    }
}

#[cfg(test)]
mod tests;
