//! Positions as editors count them, and the byte offsets they stand for.
//!
//! Lines end at `\n`, `\r\n` and a lone `\r`, nowhere else. Every position means *some* offset: what lies outside the
//! text is clamped, what lies inside a character is rounded down. Nothing here may panic or split a character, and
//! no offset it gives lies between the `\r` and the `\n` of one line break.

use ropey::Rope;

/// The unit in which [`Position::character`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PositionEncoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: what a client that names no encoding uses.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// A place in a text: both numbers start at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line number.
    pub line: u32,
    /// Distance from the start of the line, in units of the encoding.
    pub character: u32,
}

/// A half-open stretch of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// Where it ends; not part of it.
    pub end: Position,
}

/// The byte offset of `position`. Past the end of a line means before its line break, past the last line means the end
/// of the text, inside a character means its start.
pub fn offset(rope: &Rope, position: Position, encoding: PositionEncoding) -> usize {
    let line = position.line as usize;
    if line >= rope.len_lines() {
        return rope.len_bytes();
    }
    let (start, end) = line_content(rope, line);
    let character = position.character as usize;
    match encoding {
        PositionEncoding::Utf8 => {
            let byte = start.saturating_add(character).min(end);
            rope.char_to_byte(rope.byte_to_char(byte))
        }
        PositionEncoding::Utf16 => {
            let units = |byte| rope.char_to_utf16_cu(rope.byte_to_char(byte));
            let unit = units(start).saturating_add(character).min(units(end));
            rope.char_to_byte(rope.utf16_cu_to_char(unit))
        }
        PositionEncoding::Utf32 => {
            let char = rope.byte_to_char(start).saturating_add(character).min(rope.byte_to_char(end));
            rope.char_to_byte(char)
        }
    }
}

/// The position of byte `byte`: clamped to the text, to the start of its character, and before its line break.
pub fn position(rope: &Rope, byte: usize, encoding: PositionEncoding) -> Position {
    let line = rope.byte_to_line(byte.min(rope.len_bytes()));
    let (start, end) = line_content(rope, line);
    let (first, char) = (rope.byte_to_char(start), rope.byte_to_char(byte.min(end)));
    let character = match encoding {
        PositionEncoding::Utf8 => rope.char_to_byte(char) - start,
        PositionEncoding::Utf16 => rope.char_to_utf16_cu(char) - rope.char_to_utf16_cu(first),
        PositionEncoding::Utf32 => char - first,
    };
    Position { line: saturate(line), character: saturate(character) }
}

/// Where the text of a line begins and ends in bytes, its line break left out. `line` must exist.
fn line_content(rope: &Rope, line: usize) -> (usize, usize) {
    let start = rope.line_to_byte(line);
    let mut end = rope.line_to_byte(line + 1);
    if end > start && rope.byte(end - 1) == b'\n' {
        end -= 1;
    }
    if end > start && rope.byte(end - 1) == b'\r' {
        end -= 1;
    }
    (start, end)
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::PositionEncoding::{Utf8, Utf16, Utf32};
    use super::*;

    fn at(text: &str, line: u32, character: u32, encoding: PositionEncoding) -> usize {
        offset(&Rope::from_str(text), Position { line, character }, encoding)
    }

    #[test]
    fn units_follow_the_encoding() {
        let text = "aț❤️𝄞z";
        assert_eq!(text.len(), 1 + 2 + 6 + 4 + 1);
        let before_z = text.len() - 1;
        assert_eq!(at(text, 0, 13, Utf8), before_z);
        assert_eq!(at(text, 0, 6, Utf16), before_z);
        assert_eq!(at(text, 0, 5, Utf32), before_z);
    }

    #[test]
    fn inside_a_character_rounds_down() {
        assert_eq!(at("x𝄞y", 0, 2, Utf16), 1);
        assert_eq!(at("x𝄞y", 0, 4, Utf8), 1);
        assert_eq!(at("țy", 0, 1, Utf8), 0);
    }

    #[test]
    fn past_the_line_end_is_before_its_break() {
        for encoding in [Utf8, Utf16, Utf32] {
            assert_eq!(at("ab\r\ncd\rfg\nh", 0, 9, encoding), 2);
            assert_eq!(at("ab\r\ncd\rfg\nh", 0, 3, encoding), 2);
            assert_eq!(at("ab\r\ncd\rfg\nh", 1, 9, encoding), 6);
            assert_eq!(at("ab\r\ncd\rfg\nh", 2, u32::MAX, encoding), 9);
            assert_eq!(at("ab\r\ncd\rfg\nh", 3, u32::MAX, encoding), 11);
        }
    }

    #[test]
    fn past_the_last_line_is_the_end() {
        for encoding in [Utf8, Utf16, Utf32] {
            assert_eq!(at("", 0, 0, encoding), 0);
            assert_eq!(at("", 7, 7, encoding), 0);
            assert_eq!(at("ab\n", 1, 0, encoding), 3);
            assert_eq!(at("ab\n", 2, 0, encoding), 3);
            assert_eq!(at("ab", u32::MAX, u32::MAX, encoding), 2);
        }
    }

    #[test]
    fn only_lsp_line_breaks_count() {
        let text = "a\u{2028}b\u{85}c\u{b}d\u{c}e";
        assert_eq!(at(text, 1, 0, Utf16), text.len());
        assert_eq!(position(&Rope::from_str(text), text.len(), Utf32), Position { line: 0, character: 9 });
    }

    #[test]
    fn no_position_lies_inside_a_line_break() {
        let rope = Rope::from_str("ab\r\ncd");
        for encoding in [Utf8, Utf16, Utf32] {
            assert_eq!(position(&rope, 3, encoding), Position { line: 0, character: 2 });
            assert_eq!(position(&rope, 4, encoding), Position { line: 1, character: 0 });
            assert_eq!(position(&rope, 99, encoding), Position { line: 1, character: 2 });
        }
    }
}
