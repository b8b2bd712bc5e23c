//! How the three clients apply text edits, each by the rules that it was seen to follow. Texts have one kind of line end,
//! as two of the three make them when they open a file.

use serde_json::Value;

use super::places::{Encoding, Place, places};

/// An edit as a client reads it: places of the text before, resolved to bytes.
#[derive(Clone, Debug)]
struct Edit {
    start: Place,
    end: Place,
    text: String,
}

/// Reads edits; a position that is no place of the text fails the test.
fn read(text: &str, edits: &Value, encoding: Encoding) -> Vec<Edit> {
    let places = places(text, encoding);
    let place = |position: &Value| {
        let found = places.iter().find(|place| place.json() == *position);
        *found.unwrap_or_else(|| panic!("{position} is no place of {text:?} in {}", encoding.name()))
    };
    let edits = edits.as_array().expect("a list of edits").iter();
    let edits = edits.map(|edit| Edit {
        start: place(&edit["range"]["start"]),
        end: place(&edit["range"]["end"]),
        text: edit["newText"].as_str().expect("a text").to_owned(),
    });
    edits.collect()
}

/// VS Code: every edit is for the text before, whatever their order; the last is made first so that none moves another.
/// Line ends of what comes in are made those of the document.
pub fn vscode(text: &str, edits: &Value, encoding: Encoding, order: impl FnOnce(&mut [usize])) -> String {
    let edits = read(text, edits, encoding);
    let mut shuffled: Vec<usize> = (0..edits.len()).collect();
    order(&mut shuffled);
    let mut edits: Vec<&Edit> = shuffled.into_iter().map(|index| &edits[index]).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.start.byte, edit.end.byte)));
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = text.to_owned();
    for edit in edits {
        let inserted = edit.text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', end);
        text.replace_range(edit.start.byte..edit.end.byte, &inserted);
    }
    text
}

/// Helix: sorted into one transaction over the text before; what overlaps an edit before it is dropped.
pub fn helix(text: &str, edits: &Value, encoding: Encoding) -> String {
    let mut edits = read(text, edits, encoding);
    edits.sort_by_key(|edit| edit.start.byte);
    let (mut out, mut copied) = (String::new(), 0);
    for edit in edits {
        if edit.start.byte >= copied && edit.end.byte >= edit.start.byte {
            out += &text[copied..edit.start.byte];
            out += &edit.text;
            copied = edit.end.byte;
        }
    }
    out + &text[copied..]
}

/// Neovim: lines without their ends, and whether the last line has one; edits from the bottom up. What begins behind the
/// last line is added as lines; what ends there ends with the last line instead, and an empty line at the end then goes.
pub fn neovim(text: &str, edits: &Value, encoding: Encoding) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let has_last_end = text.ends_with(end);
    let body = text.strip_suffix(end).unwrap_or(text);
    let mut lines: Vec<String> = body.split(end).map(str::to_owned).collect();
    let starts: Vec<usize> = places(text, Encoding::Utf8).iter().filter(|p| p.character == 0).map(|p| p.byte).collect();
    let column = |place: Place| place.byte - starts[place.line as usize];

    let mut edits = read(text, edits, encoding);
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.start.byte));
    let mut reached_the_end = false;
    for edit in edits {
        let inserted = edit.text.replace("\r\n", "\n").replace('\r', "\n");
        let inserted = inserted.split('\n').map(str::to_owned);
        let (first, mut last) = (edit.start.line as usize, edit.end.line as usize);
        if first >= lines.len() {
            lines.extend(inserted);
            continue;
        }
        let mut end_column = column(edit.end);
        if last >= lines.len() {
            last = lines.len() - 1;
            end_column = lines[last].len();
            reached_the_end = true;
        }
        let (before, after) = (lines[first][..column(edit.start)].to_owned(), lines[last][end_column..].to_owned());
        let mut replaced: Vec<String> = inserted.collect();
        replaced[0].insert_str(0, &before);
        replaced.last_mut().expect("a split gives something").push_str(&after);
        lines.splice(first..=last, replaced);
    }
    if reached_the_end && has_last_end && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    // A buffer always has a line, if only an empty one.
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines.join(end) + if has_last_end { end } else { "" }
}

/// Whether Neovim can hold the new text at all: a buffer keeps its final line end, and has a line.
pub fn neovim_can(old: &str, new: &str) -> bool {
    !old.ends_with('\n') || new.ends_with('\n')
}
