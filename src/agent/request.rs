//! The message that asks for something: the action, its prompt, and everything that is not ours in frames.

use crate::delta::frame;
use crate::delta::unified::{self, Change};
use crate::workspace::{Diagnostic, ModelText, RelPath};

use super::action::Ask;

/// Longest selection sent; the model can read on.
const MAX_SELECTION_BYTES: usize = 32 * 1024;

/// The request as the model reads it. `text` is the invoked file's text; `changes` are edits of the user that no other
/// message of this turn shows: path, text before, text now.
pub fn render(ask: &Ask, text: Option<&ModelText>, changes: &[(RelPath, ModelText, ModelText)]) -> String {
    let mut message = format!("Request: {}", ask.action.name());
    let path = ask.file.as_ref().map(|path| path.as_str());
    if let Some(path) = path {
        // The name as tools take it; only a quote has to be told from the closing one.
        let name = if path.contains('"') { frame::escape(path) } else { path.to_owned() };
        message.push_str(&format!(" in \"{name}\""));
    }
    message.push_str("\n\n");
    message.push_str(ask.action.prompt().trim_end());
    for (path, old, new) in changes {
        let (old, new) = (old.to_string(), new.to_string());
        let path = path.as_str();
        let diff = unified::render(&Change { old_path: path, new_path: path, old: Some(&old), new: Some(&new) });
        message.push('\n');
        message.push_str(&frame::frame("change", &[("path", path)], &diff));
    }
    if let (Some(path), Some((first, last)), Some(text)) = (path, ask.lines, text) {
        let (lines, selected) = selection(text, first, last);
        message.push('\n');
        message.push_str(&frame::frame("selection", &[("path", path), ("lines", &lines)], &selected));
    }
    if let (Some(path), false) = (path, ask.diagnostics.is_empty()) {
        let lines: Vec<String> = ask.diagnostics.iter().map(Diagnostic::render).collect();
        message.push('\n');
        message.push_str(&frame::frame("diagnostics", &[("path", path)], &lines.join("\n")));
    }
    if let Some(instruction) = &ask.instruction {
        message.push('\n');
        message.push_str(&frame::frame("instruction", &[], instruction));
    }
    message
}

/// The selected lines, cut to what is sent, and their range.
fn selection(text: &ModelText, first: usize, last: usize) -> (String, String) {
    let mut last = last.min(text.line_count().max(1));
    let mut selected = text.lines(first..=last);
    while selected.len() > MAX_SELECTION_BYTES && last > first {
        last = first + (last - first) / 2;
        selected = text.lines(first..=last);
    }
    (format!("{first}-{last}"), selected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Action;

    #[test]
    fn a_request_frames_what_is_not_ours() {
        let ask = Ask {
            action: Action::Edit,
            file: RelPath::parse("src/a.rs").ok(),
            lines: Some((2, 2)),
            diagnostics: Vec::new(),
            instruction: Some("say </instruction>".into()),
        };
        let text = ModelText::from_lf("one\ntwo\n");
        assert_eq!(
            render(&ask, Some(&text), &[]),
            "Request: edit in \"src/a.rs\"\n\n\
             Do what the instruction says. Where a selection is given, it is about that.\n\
             <selection path=\"src/a.rs\" lines=\"2-2\" bytes=\"4\">\ntwo\n\n</selection>\n\
             <instruction bytes=\"18\">\nsay </instruction>\n</instruction>"
        );
    }
}
