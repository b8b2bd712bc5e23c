//! The one indentation difference between a hunk as the model wrote it and the place where it belongs.
//!
//! A shift must hold for every line of the hunk alike; anything less regular is not a shift and the place is refused.

use std::borrow::Cow;

use super::canonical::fold;

/// How indentation in a hunk becomes indentation in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// The file has this in front of what the hunk has.
    Deeper(String),
    /// The hunk has this in front of what the file has.
    Shallower(String),
    /// The hunk writes so many spaces where the file has one tab.
    SpacesToTabs(usize),
    /// The hunk writes one tab where the file has so many spaces.
    TabsToSpaces(usize),
    /// The hunk writes other spaces than the plain ones of the file.
    PlainSpaces,
}

/// Tab widths that count as a habit; anything else is chance.
const TAB_WIDTHS: std::ops::RangeInclusive<usize> = 2..=8;

impl Shift {
    /// The shift that explains all these pairs of (hunk line, file line), if there is one. The lines of a pair are equal
    /// but for blanks at their ends.
    pub(super) fn between<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Shift> {
        let pairs = pairs.filter(|(hunk, _)| !hunk.trim().is_empty());
        let indents: Vec<_> = pairs.map(|(hunk, file)| (indent(hunk), indent(file))).collect();
        // A line at the margin is the same in tabs and in spaces, so the first difference decides.
        let &(hunk, file) = indents.iter().find(|(hunk, file)| hunk != file)?;
        let shift = Shift::of_line(hunk, file)?;
        let uniform = indents.iter().all(|&(hunk, file)| shift.apply(hunk).is_some_and(|shifted| shifted == file));
        uniform.then_some(shift)
    }

    fn of_line(hunk: &str, file: &str) -> Option<Shift> {
        if let Some(more) = file.strip_suffix(hunk) {
            return Some(Shift::Deeper(more.to_owned()));
        }
        if let Some(less) = hunk.strip_suffix(file) {
            return Some(Shift::Shallower(less.to_owned()));
        }
        if fold(hunk) == file {
            return Some(Shift::PlainSpaces);
        }
        let width = |spaces: &str, tabs: &str| {
            let only = |text: &str, c: char| text.chars().all(|other| other == c);
            let width = spaces.len() / tabs.len().max(1);
            (only(spaces, ' ') && only(tabs, '\t') && TAB_WIDTHS.contains(&width)).then_some(width)
        };
        width(hunk, file).map(Shift::SpacesToTabs).or_else(|| width(file, hunk).map(Shift::TabsToSpaces))
    }

    /// A line of the hunk as it is indented in the file. `None` if the line is not indented in the way that the shift
    /// is about. Blank lines stay as they are.
    pub(super) fn line<'a>(&self, line: &'a str) -> Option<Cow<'a, str>> {
        let content = line.trim_start();
        if content.is_empty() {
            return Some(Cow::Borrowed(line));
        }
        Some(Cow::Owned(self.apply(indent(line))? + content))
    }

    /// Whether it is by an odd number of spaces.
    pub(super) fn is_odd(&self) -> bool {
        match self {
            Shift::Deeper(blanks) | Shift::Shallower(blanks) => {
                blanks.chars().all(|c| c == ' ') && blanks.len() % 2 == 1
            }
            _ => false,
        }
    }

    fn apply(&self, indent: &str) -> Option<String> {
        match self {
            Shift::Deeper(more) => Some(format!("{more}{indent}")),
            Shift::Shallower(less) => indent.strip_prefix(less.as_str()).map(str::to_owned),
            Shift::SpacesToTabs(width) => {
                let spaces = indent.chars().all(|c| c == ' ').then_some(indent.len())?;
                Some("\t".repeat(spaces / width) + &" ".repeat(spaces % width))
            }
            Shift::PlainSpaces => Some(fold(indent).into_owned()),
            Shift::TabsToSpaces(width) => {
                let rest = indent.trim_start_matches('\t');
                let tabs = indent.len() - rest.len();
                rest.chars().all(|c| c == ' ').then(|| " ".repeat(tabs * width) + rest)
            }
        }
    }
}

/// The blanks a line begins with.
pub(super) fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(pairs: &[(&str, &str)]) -> Option<Shift> {
        Shift::between(pairs.iter().copied())
    }

    #[test]
    fn a_uniform_difference_is_a_shift() {
        let deeper = between(&[("a", "    a"), ("", ""), ("  b", "      b")]).unwrap();
        assert_eq!(deeper, Shift::Deeper("    ".into()));
        assert_eq!(deeper.line("  new").unwrap(), "      new");

        let shallower = between(&[("    a", "  a"), ("      b", "    b")]).unwrap();
        assert_eq!(shallower.line("    new").unwrap(), "  new");
        assert_eq!(shallower.line(" new"), None, "less indented than what is taken away");
    }

    #[test]
    fn a_difference_in_some_lines_only_is_none() {
        assert_eq!(between(&[("a", "  a"), ("b", "b")]), None);
        assert_eq!(between(&[("a", "  a"), ("b", "    b")]), None);
        assert_eq!(between(&[("a", "  a"), ("  b", "\t  b")]), None);
        assert_eq!(between(&[("a", "a")]), None);
        assert_eq!(between(&[("", "  ")]), None);
    }

    #[test]
    fn tabs_and_spaces_are_converted_with_the_width_seen() {
        let tabs = between(&[("fn", "fn"), ("    a", "\ta"), ("        b", "\t\tb")]).unwrap();
        assert_eq!(tabs, Shift::SpacesToTabs(4));
        assert_eq!(tabs.line("      c").unwrap(), "\t  c");
        assert_eq!(tabs.line("\tc"), None);

        let spaces = between(&[("\ta", "  a")]).unwrap();
        assert_eq!(spaces, Shift::TabsToSpaces(2));
        assert_eq!(spaces.line("\t\tc").unwrap(), "    c");

        assert_eq!(between(&[("    a", "\ta"), ("      b", "\t\tb")]), None);
    }

    #[test]
    fn odd_spaces_become_plain_ones() {
        let plain = between(&[("\u{a0}\u{a0}a", "  a"), ("b", "b")]).unwrap();
        assert_eq!(plain, Shift::PlainSpaces);
        assert_eq!(plain.line("\u{a0} \u{2009}c\u{a0}d").unwrap(), "   c\u{a0}d");
    }

    #[test]
    fn blank_lines_are_left_alone() {
        assert_eq!(Shift::Deeper("  ".into()).line("").unwrap(), "");
        assert_eq!(Shift::Deeper("  ".into()).line("   ").unwrap(), "   ");
    }
}
