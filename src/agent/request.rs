//! The message that asks for something: the action, its prompt, and everything that is not ours in frames. Each part has
//! a budget, and says in the receipt what it took.

use super::action::Ask;
use super::{prompts, surroundings};
use crate::delta::frame;
use crate::delta::unified;
use crate::session::receipt::Shares;
use crate::visible::is_visible;
use crate::workspace::{ModelText, RelPath};

/// Longest selection sent, in bytes; the model can read on.
const MAX_SELECTION: usize = 32 * 1024;
/// Lines shown on each side of the selection: of a file that the model knows, to find the place; else, to understand it.
const LINES_AROUND: [usize; 2] = [3, 40];
/// Bytes of them on each side.
const MAX_AROUND: usize = 4 * 1024;
/// Bytes of diagnostics; the tool of that name tells the rest.
const MAX_DIAGNOSTICS: usize = 8 * 1024;

/// The text a request is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The invoked file as it is now.
    pub text: &'a ModelText,
    /// The model knows all of it.
    pub known: bool,
}

/// A request in words.
#[derive(Debug, Default)]
pub struct Message {
    /// What the model reads.
    pub text: String,
    /// Lines of the invoked file that it shows, inclusive, from 1.
    pub shown: Option<(usize, usize)>,
}

/// What comes with a request besides the request itself.
#[derive(Debug, Default)]
pub struct Extras {
    /// Edits of the user that no other message of this turn shows: path, text before, text now.
    pub changes: Vec<(RelPath, ModelText, ModelText)>,
    /// The diagnostics it is about, in words.
    pub diagnostics: Vec<(RelPath, Vec<String>)>,
}

/// The request as the model reads it.
pub fn render(ask: &Ask, subject: Option<Subject<'_>>, extras: &Extras, shares: &mut Shares) -> Message {
    let mut message = Message { text: format!("Request: {}", ask.action.name()), shown: None };
    let path = ask.file.as_ref().map(|path| path.as_str());
    if let Some(path) = path {
        // The name as tools take it, unless it holds a quote, or what could pass for something else.
        let plain = path.chars().all(|c| c != '"' && is_visible(c));
        let name = if plain { path.to_owned() } else { frame::escape(path) };
        message.text.push_str(&format!(" in \"{name}\""));
    }
    message.text.push_str("\n\n");
    message.text.push_str(prompts::of(ask.action));
    let mut add = |share: &'static str, framed: String| {
        shares.add(share, framed.len());
        message.text.push('\n');
        message.text.push_str(&framed);
    };
    for (path, old, new) in &extras.changes {
        let path = path.as_str();
        add("changes", frame::frame("change", &[("path", path)], &unified::render_edit(path, old, new)));
    }
    if let (Some(path), Some(lines), Some(subject)) = (path, ask.lines, subject) {
        message.shown = Some(place(path, lines, subject, &mut add));
    }
    for (path, found) in &extras.diagnostics {
        add("diagnostics", frame::frame("diagnostics", &[("path", path.as_str())], &diagnostics(found)));
    }
    if let Some(instruction) = &ask.instruction {
        add("instruction", frame::frame("instruction", &[], instruction));
    }
    message
}

/// Adds the selection, what is around it and the blocks it is in; gives the lines that are shown.
fn place(
    path: &str,
    lines: (usize, usize),
    subject: Subject<'_>,
    add: &mut impl FnMut(&'static str, String),
) -> (usize, usize) {
    let Subject { text, known } = subject;
    let blocks = surroundings::enclosing(text, lines.0);
    if !blocks.is_empty() {
        let blocks: Vec<String> = blocks.iter().map(|(line, text)| format!("{line}: {text}")).collect();
        add("symbol", frame::frame("enclosing", &[("path", path)], &blocks.join("\n")));
    }
    let framed = |name: &str, range: (usize, usize)| {
        let attribute = format!("{}-{}", range.0, range.1);
        frame::frame(name, &[("path", path), ("lines", &attribute)], &text.lines(range.0..=range.1))
    };
    let selected = selection(text, lines);
    let [before, after] = surroundings::around(text, selected, LINES_AROUND[usize::from(!known)], MAX_AROUND);
    if let Some(range) = before {
        add("surroundings", framed("before", range));
    }
    add("selection", framed("selection", selected));
    if let Some(range) = after {
        add("surroundings", framed("after", range));
    }
    (before.unwrap_or(selected).0, after.unwrap_or(selected).1)
}

/// The selected lines, cut to what is sent.
fn selection(text: &ModelText, lines: (usize, usize)) -> (usize, usize) {
    let (first, last) = lines;
    let mut last = last.min(text.line_count().max(1));
    while last > first && text.lines(first..=last).len() > MAX_SELECTION {
        last = first + (last - first) / 2;
    }
    (first, last)
}

/// As many diagnostics as fit, one a line.
fn diagnostics(all: &[String]) -> String {
    let mut text = String::new();
    for (number, line) in all.iter().enumerate() {
        if number > 0 && text.len() + line.len() > MAX_DIAGNOSTICS {
            text.push_str(&format!("\nand {} more", all.len() - number));
            break;
        }
        if number > 0 {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Action;

    fn ask(action: Action, lines: Option<(usize, usize)>) -> Ask {
        let file = RelPath::parse("src/a.rs").ok();
        Ask { action, file, lines, diagnostics: Vec::new(), instruction: None }
    }

    #[test]
    fn a_request_frames_what_is_not_ours_and_counts_it() {
        let ask = Ask { instruction: Some("say </instruction>".into()), ..ask(Action::Edit, Some((2, 2))) };
        let text = ModelText::from_lf("one\ntwo\n");
        let mut shares = Shares::default();
        let message = render(&ask, Some(Subject { text: &text, known: true }), &Extras::default(), &mut shares);
        let before = "<before path=\"src/a.rs\" lines=\"1-1\" bytes=\"4\">\none\n\n</before>";
        let selection = "<selection path=\"src/a.rs\" lines=\"2-2\" bytes=\"4\">\ntwo\n\n</selection>";
        let instruction = "<instruction bytes=\"18\">\nsay </instruction>\n</instruction>";
        assert_eq!(
            message.text,
            format!(
                "Request: edit in \"src/a.rs\"\n\n{}\n{before}\n{selection}\n{instruction}",
                prompts::of(Action::Edit)
            )
        );
        assert_eq!(message.shown, Some((1, 2)));
        let taken: Vec<_> = shares.iter().collect();
        let expected = [("instruction", instruction), ("selection", selection), ("surroundings", before)];
        assert_eq!(taken, expected.map(|(name, text)| (name, text.len())));
    }

    #[test]
    fn more_is_shown_around_a_place_in_a_file_that_is_not_known() {
        let text = ModelText::from_lf(&"line\n".repeat(200));
        let shown = |known| {
            let subject = Subject { text: &text, known };
            render(&ask(Action::Edit, Some((100, 101))), Some(subject), &Extras::default(), &mut Shares::default())
                .shown
        };
        assert_eq!(shown(true), Some((97, 104)));
        assert_eq!(shown(false), Some((60, 141)));
    }

    #[test]
    fn diagnostics_beyond_their_budget_are_counted() {
        let one = "x".repeat(5000);
        let text = diagnostics(&[one.clone(), one.clone(), one]);
        assert!(text.len() < MAX_DIAGNOSTICS && text.ends_with("\nand 2 more"), "{}", text.len());
    }
}
