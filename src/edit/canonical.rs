//! The form of a line in which all lines that any pass of the search may take for each other are equal.
//!
//! It serves to find places quickly. It must never reach a text: what is written is the file's line or the model's.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Typographic dashes, quotes and spaces as their ASCII forms; models often write one for the other.
pub(super) fn fold(line: &str) -> Cow<'_, str> {
    if line.is_ascii() || line.chars().all(|c| fold_char(c) == c) {
        return Cow::Borrowed(line);
    }
    Cow::Owned(line.chars().map(fold_char).collect())
}

/// The typographic characters that lines of a hunk have and the lines they stand for do not: there the hunk writes them
/// for plain ones.
pub(super) fn habits(hunk: &[&str], file: &[&str]) -> Vec<char> {
    let all = |lines: &[&str]| -> BTreeSet<char> {
        lines.iter().flat_map(|line| line.chars()).filter(|&c| fold_char(c) != c).collect()
    };
    all(hunk).difference(&all(file)).copied().collect()
}

/// The line with only these characters as their ASCII forms.
pub(super) fn fold_only<'l>(line: &'l str, characters: &[char]) -> Cow<'l, str> {
    if !line.contains(characters) {
        return Cow::Borrowed(line);
    }
    Cow::Owned(line.chars().map(|c| if characters.contains(&c) { fold_char(c) } else { c }).collect())
}

/// The line without blanks at its ends, folded.
pub(super) fn canonical(line: &str) -> Cow<'_, str> {
    fold(line.trim())
}

fn fold_char(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201B}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        '\u{00A0}' | '\u{2002}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typographic_characters_become_ascii() {
        assert_eq!(fold("“a”\u{a0}—\u{2009}‘b’"), "\"a\" - 'b'");
    }

    #[test]
    fn what_only_the_hunk_writes_is_a_habit() {
        let habits = habits(&["“a”\u{a0}— b", "x"], &["\"a\" — b", "x"]);
        assert_eq!(habits, ['\u{a0}', '“', '”']);
        assert_eq!(fold_only("“\u{a0}”—’", &habits), "\" \"—’");
    }

    #[test]
    fn other_characters_stay() {
        for line in ["plain", "ț ❤️ 漢字 👩\u{200d}💻", ""] {
            assert!(matches!(fold(line), Cow::Borrowed(same) if same == line));
        }
    }

    #[test]
    fn blanks_at_the_ends_do_not_count() {
        assert_eq!(canonical("\t  x = “1” \u{a0}"), "x = \"1\"");
    }
}
