//! Places in a text as LSP counts them, written anew from the specification: lines end at `\n`, `\r\n` and a lone `\r`.

use pilotlight::edit::TextChange;
use pilotlight::workspace::PositionEncoding;
use serde_json::{Value, json};

/// What a character counts in a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units.
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    /// All there are.
    pub const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    /// As LSP calls it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }

    /// As the server calls it.
    pub fn ours(self) -> PositionEncoding {
        match self {
            Encoding::Utf8 => PositionEncoding::Utf8,
            Encoding::Utf16 => PositionEncoding::Utf16,
            Encoding::Utf32 => PositionEncoding::Utf32,
        }
    }

    fn width(self, c: char) -> u32 {
        let width = match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        };
        u32::try_from(width).expect("a small number")
    }
}

/// A place between two characters, and not within `\r\n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its byte.
    pub byte: usize,
    /// Its line.
    pub line: u32,
    /// Its distance from the start of the line.
    pub character: u32,
}

impl Place {
    /// As LSP writes it.
    pub fn json(self) -> Value {
        json!({"line": self.line, "character": self.character})
    }
}

/// All places of a text in order, its start and its end among them.
pub fn places(text: &str, encoding: Encoding) -> Vec<Place> {
    let (mut line, mut character) = (0, 0);
    let mut places = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((byte, c)) = chars.next() {
        places.push(Place { byte, line, character });
        if c == '\r' {
            chars.next_if(|&(_, next)| next == '\n');
        }
        (line, character) =
            if matches!(c, '\r' | '\n') { (line + 1, 0) } else { (line, character + encoding.width(c)) };
    }
    places.push(Place { byte: text.len(), line, character });
    places
}

/// Our edits as the server sends them, by its own way to count.
pub fn edits_as_json(text: &str, changes: &[TextChange], encoding: Encoding) -> Value {
    let rope = ropey::Rope::from_str(text);
    let place = |byte| {
        let place = pilotlight::workspace::position(&rope, byte, encoding.ours());
        json!({"line": place.line, "character": place.character})
    };
    let edits = changes.iter().map(|change| {
        let range = json!({"start": place(change.range.start), "end": place(change.range.end)});
        json!({"range": range, "newText": change.text})
    });
    edits.collect()
}
