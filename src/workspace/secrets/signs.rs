//! Where a secret could be: lines with a piece of text that some shapes cannot do without. Most texts have few of them,
//! and looking for these pieces takes a fraction of the time that looking for the shapes does.

use std::ops::Range;

use memchr::{memchr, memrchr};
use regex::Regex;

/// Literals looked for together: the vector search of so few is several times as fast as that of twice as many.
const TOGETHER: usize = 32;

/// Where the length of literals begins not to matter to that search.
const LONG: usize = 4;

/// What at least one of must be in a line.
pub(super) struct Signs(Vec<Regex>);

impl Signs {
    /// Any of these literals; nothing if they cannot be looked for.
    pub(super) fn literals<'a>(literals: impl IntoIterator<Item = &'a str>) -> Option<Signs> {
        let mut literals: Vec<&str> = literals.into_iter().collect();
        literals.sort_unstable_by_key(|literal| (literal.len().min(LONG), *literal));
        literals.dedup();
        // A short one among long ones would make the search look at more places for all of them.
        let alike = literals.chunk_by(|a, b| a.len().min(LONG) == b.len().min(LONG));
        let groups = alike.flat_map(|alike| alike.chunks(TOGETHER));
        let patterns = groups.map(|group| group.iter().map(|literal| regex::escape(literal)).collect::<Vec<_>>());
        patterns.map(|group| Regex::new(&group.join("|")).ok()).collect::<Option<_>>().map(Signs)
    }

    /// Any of these literals of ASCII, in upper case, lower case or mixed.
    pub(super) fn in_any_case(literals: &[&str]) -> Option<Signs> {
        let forms: Vec<String> = literals.iter().flat_map(|literal| cases(literal)).collect();
        Signs::literals(forms.iter().map(String::as_str))
    }

    /// The lines that have one, in order, line ends included.
    pub(super) fn lines(&self, text: &str) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        for sign in &self.0 {
            let mut from = 0;
            while let Some(sign) = sign.find_at(text, from) {
                let line = line_around(text, sign.range());
                from = line.end;
                lines.push(line);
            }
        }
        lines.sort_unstable_by_key(|line| line.start);
        lines.dedup();
        lines
    }
}

/// A word in all cases of its letters.
fn cases(word: &str) -> Vec<String> {
    word.chars().fold(vec![String::new()], |begun, letter| {
        let forms = [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
        let forms = &forms[..if letter.is_ascii_alphabetic() { 2 } else { 1 }];
        begun.iter().flat_map(|begin| forms.iter().map(move |form| format!("{begin}{form}"))).collect()
    })
}

fn line_around(text: &str, at: Range<usize>) -> Range<usize> {
    let start = memrchr(b'\n', &text.as_bytes()[..at.start]).map_or(0, |before| before + 1);
    let end = memchr(b'\n', &text.as_bytes()[at.end..]).map_or(text.len(), |end| at.end + end + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_any_sign_are_found_once_and_whole() {
        let signs = Signs::literals(["ab", "needle", "abc", "ß-token"]).expect("literals");
        let text = "ab needle\nnothing\nx needle ab abc\n\nß-token at the end";
        let found: Vec<&str> = signs.lines(text).into_iter().map(|line| &text[line]).collect();
        assert_eq!(found, ["ab needle\n", "x needle ab abc\n", "ß-token at the end"]);
        assert!(signs.lines("").is_empty());
    }

    #[test]
    fn a_sign_in_any_case_is_one() {
        let signs = Signs::in_any_case(&["ab-1"]).expect("a literal");
        let text = "ab-1\naB-1\nab1\nAB-1\n";
        let found: Vec<&str> = signs.lines(text).into_iter().map(|line| text[line].trim_end()).collect();
        assert_eq!(found, ["ab-1", "aB-1", "AB-1"]);
    }
}
