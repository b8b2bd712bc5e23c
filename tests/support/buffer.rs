//! A buffer as an editor keeps it: a text, its version, and places counted in the encoding that was agreed on.

use std::ops::Range;

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
    /// The encoding of this name.
    pub fn named(name: &str) -> Option<Encoding> {
        match name {
            "utf-8" => Some(Encoding::Utf8),
            "utf-16" => Some(Encoding::Utf16),
            "utf-32" => Some(Encoding::Utf32),
            _ => None,
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

/// An open document.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Its text, with the line ends it has.
    pub text: String,
    /// Its version.
    pub version: i64,
}

/// A replacement in bytes of the text it was made for.
pub type Replacement = (Range<usize>, String);

impl Buffer {
    /// The byte at a position. A place that is not in the text, or within a character, is the sender's mistake.
    pub fn offset(&self, position: &Value, encoding: Encoding) -> Result<usize, String> {
        let number = |axis: &str| position[axis].as_u64().and_then(|number| usize::try_from(number).ok());
        let (Some(line), Some(character)) = (number("line"), number("character")) else {
            return Err(format!("{position} is no position"));
        };
        let range = lines(&self.text).into_iter().nth(line).ok_or_else(|| format!("there is no line {line}"))?;
        let mut count = 0;
        for (index, c) in self.text[range.clone()].char_indices() {
            match count.cmp(&character) {
                std::cmp::Ordering::Less => count += encoding.width(c),
                std::cmp::Ordering::Equal => return Ok(range.start + index),
                std::cmp::Ordering::Greater => return Err(format!("{position} lies within a character")),
            }
        }
        if count == character {
            Ok(range.end)
        } else {
            Err(format!("{position} lies beyond its line, which has {count}"))
        }
    }

    /// The position of a byte.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Value {
        let all = lines(&self.text);
        let line = all.iter().rposition(|line| line.start <= offset).expect("every text has a line");
        let before = &self.text[all[line].start..offset];
        json!({"line": line, "character": before.chars().map(|c| encoding.width(c)).sum::<usize>()})
    }

    /// The range of bytes as positions.
    pub fn range(&self, bytes: &Range<usize>, encoding: Encoding) -> Value {
        json!({"start": self.position(bytes.start, encoding), "end": self.position(bytes.end, encoding)})
    }

    /// Where `needle` stands, which must be one place.
    pub fn find(&self, needle: &str) -> Range<usize> {
        let mut found = self.text.match_indices(needle);
        let (start, _) = found.next().unwrap_or_else(|| panic!("no {needle:?} in:\n{}", self.text));
        assert!(found.next().is_none(), "more than one {needle:?} in:\n{}", self.text);
        start..start + needle.len()
    }

    /// Text edits as replacements, which must not overlap.
    pub fn replacements(&self, edits: &[Value], encoding: Encoding) -> Result<Vec<Replacement>, String> {
        let mut all = Vec::new();
        for edit in edits {
            let place = |end: &str| self.offset(&edit["range"][end], encoding);
            let text = edit["newText"].as_str().ok_or_else(|| format!("{edit} has no newText"))?;
            all.push((place("start")?..place("end")?, text.to_owned()));
        }
        all.sort_by_key(|(range, _)| (range.start, range.end));
        let tangled = |pair: &[Replacement]| pair[0].0.end > pair[1].0.start;
        match all.iter().any(|(range, _)| range.start > range.end) || all.windows(2).any(tangled) {
            true => Err(format!("edits overlap: {edits:?}")),
            false => Ok(all),
        }
    }

    /// Replaces, and gives the content changes to tell: from the last to the first, so that none moves another.
    pub fn replace(&mut self, replacements: &[Replacement], encoding: Encoding) -> Vec<Value> {
        let mut told = Vec::new();
        for (range, text) in replacements.iter().rev() {
            told.push(json!({"range": self.range(range, encoding), "text": text}));
            self.text.replace_range(range.clone(), text);
        }
        self.version += 1;
        told
    }
}

/// The lines of a text, without what ends them: `\n`, `\r\n` or a lone `\r`.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if index > 0 && bytes[index - 1] == b'\r' => start = index + 1,
            b'\n' | b'\r' => {
                lines.push(start..index);
                start = index + 1;
            }
            _ => {}
        }
    }
    lines.push(start..text.len());
    lines
}
