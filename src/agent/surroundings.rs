//! Where a place in a text is: the lines around it, and the blocks it is in. By indentation alone, which every language
//! of blocks has; no language server is asked, so it costs nothing and is never late.

use crate::workspace::ModelText;

/// Lines looked at above a place for the blocks around it.
const MAX_WALK: usize = 5_000;
/// Blocks named, the innermost of them.
const MAX_BLOCKS: usize = 6;
/// Longest line of a block that is shown.
const MAX_LINE: usize = 160;

/// The first lines of the blocks around line `first` (from 1), the outermost first, each with its number.
pub fn enclosing(text: &ModelText, first: usize) -> Vec<(usize, String)> {
    let rope = text.rope();
    let mut blocks = Vec::new();
    let Some(mut inner) = indentation_at(text, first) else { return blocks };
    let above = rope.lines_at(first.saturating_sub(1).min(rope.len_lines())).reversed();
    for (number, line) in (1..first).rev().zip(above).take(MAX_WALK) {
        if inner == 0 || blocks.len() == MAX_BLOCKS {
            break;
        }
        let line = line.to_string();
        let Some(indentation) = indentation(&line) else { continue };
        if indentation < inner && begins_block(line.trim_start()) {
            inner = indentation;
            blocks.push((number, line.trim_end().chars().take(MAX_LINE).collect()));
        }
    }
    blocks.reverse();
    blocks
}

/// The indentation of a line, or of the next one that is not blank.
fn indentation_at(text: &ModelText, line: usize) -> Option<usize> {
    let rope = text.rope();
    let from = line.saturating_sub(1).min(rope.len_lines());
    rope.lines_at(from).take(20).find_map(|line| indentation(&line.to_string()))
}

/// Columns before the first character that shows, a tab for four; none for a blank line.
fn indentation(line: &str) -> Option<usize> {
    let text = line.trim_start_matches([' ', '\t']);
    let columns = line[..line.len() - text.len()].chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
    (!text.trim().is_empty()).then_some(columns)
}

/// Whether a line less indented than what follows can be what the block is called: brackets that stand alone, comments
/// and directives are not.
fn begins_block(line: &str) -> bool {
    let first = line.chars().next();
    first.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '"' | '\'' | '<' | '~' | '.' | '&'))
}

/// The lines before and after a range that fit in `limit` lines and `bytes` bytes on each side; inclusive, from 1.
pub fn around(text: &ModelText, range: (usize, usize), limit: usize, bytes: usize) -> [Option<(usize, usize)>; 2] {
    let (first, last) = range;
    let count = text.line_count();
    let size = |line: usize| text.lines(line..=line).len();
    let mut before = first;
    let mut left = bytes;
    while before > 1 && first - before < limit && size(before - 1) <= left {
        before -= 1;
        left -= size(before);
    }
    let mut after = last;
    let mut left = bytes;
    while after < count && after - last < limit && size(after + 1) <= left {
        after += 1;
        left -= size(after);
    }
    [(before < first).then(|| (before, first - 1)), (after > last).then(|| (last + 1, after))]
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str = "\
impl Shape {
    /// Draws.
    fn draw(
        &self,
    ) -> Result<()> {
        if self.visible {
            #[cfg(debug)]
            log();
        } else {

            paint();
        }
    }
}
";

    fn names(text: &str, line: usize) -> Vec<(usize, String)> {
        enclosing(&ModelText::from_lf(text), line).into_iter().map(|(n, text)| (n, text.trim().to_owned())).collect()
    }

    #[test]
    fn the_blocks_around_a_place_are_named_from_outside() {
        let expected = [(1, "impl Shape {"), (3, "fn draw("), (6, "if self.visible {")];
        assert_eq!(names(RUST, 11), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(names(RUST, 10), names(RUST, 11), "a blank line is where what follows is");
        assert_eq!(names(RUST, 1), []);
        assert_eq!(names("class A:\n\tdef b(self):\n\t\tpass\n", 3).len(), 2);
        assert_eq!(names("", 1), []);
        assert_eq!(names("a\n", 9), []);
    }

    #[test]
    fn what_is_around_ends_with_the_text_the_lines_or_the_bytes() {
        let text = ModelText::from_lf("1\n2\n3\n4\n5\n");
        assert_eq!(around(&text, (3, 3), 1, 100), [Some((2, 2)), Some((4, 4))]);
        assert_eq!(around(&text, (1, 4), 3, 100), [None, Some((5, 5))]);
        assert_eq!(around(&text, (3, 3), 9, 2), [Some((2, 2)), Some((4, 4))]);
        assert_eq!(around(&ModelText::from_lf(""), (1, 1), 3, 9), [None, None]);
    }
}
