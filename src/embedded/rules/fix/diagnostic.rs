//! Reads the diagnostics of a request, and finds the text they speak of.

/// A diagnostic as the request prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic<'a> {
    /// First line and column, from 1; columns in characters.
    pub start: (usize, usize),
    /// Line and column behind the last character.
    pub end: (usize, usize),
    /// Who reported it, such as `rustc`; may be empty.
    pub source: &'a str,
    /// Its code, such as `E0425`; may be empty.
    pub code: &'a str,
    /// The first line of its message.
    pub message: &'a str,
    /// The other lines, related places included.
    pub notes: Vec<&'a str>,
}

impl<'a> Diagnostic<'a> {
    /// Reads all diagnostics of a frame; lines that are none are left out.
    pub fn read_all(text: &'a str) -> Vec<Diagnostic<'a>> {
        let mut found: Vec<Diagnostic<'a>> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("  ") {
                Some(note) => {
                    if let Some(last) = found.last_mut() {
                        last.notes.push(note.trim_start());
                    }
                }
                None => found.extend(Diagnostic::read(line)),
            }
        }
        found
    }

    /// `12:5-12:9 error [rustc E0425]: cannot find value`
    fn read(line: &'a str) -> Option<Diagnostic<'a>> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let (head, message) = match rest.split_once(" [") {
            Some((severity, rest)) if !severity.contains(' ') => {
                rest.split_once("]: ").or_else(|| rest.split_once("]:"))?
            }
            _ => ("", rest.split_once(": ")?.1),
        };
        let (source, code) = head.split_once(' ').unwrap_or((head, ""));
        Some(Diagnostic {
            start: place(start)?,
            end: place(end)?,
            source,
            code,
            message: message.trim(),
            notes: Vec::new(),
        })
    }

    /// The byte range it covers, if the text has such a place.
    pub fn range(&self, text: &str) -> Option<(usize, usize)> {
        let start = offset(text, self.start)?;
        let end = offset(text, self.end)?;
        (start <= end).then_some((start, end))
    }

    /// The message and its notes.
    pub fn lines(&self) -> impl Iterator<Item = &'a str> + '_ {
        std::iter::once(self.message).chain(self.notes.iter().copied())
    }

    /// What the message puts in quotes of any kind, in order.
    pub fn quoted(&self) -> Vec<&'a str> {
        quoted(self.message)
    }
}

/// What stands in backticks, straight or typographic quotes.
pub fn quoted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['`', '\'', '"', '‘', '“']) {
        let mark = rest[open..].chars().next().unwrap_or('`');
        let close = match mark {
            '‘' => '’',
            '“' => '”',
            other => other,
        };
        let inner = &rest[open + mark.len_utf8()..];
        // An apostrophe inside a word opens nothing.
        let word = mark == '\'' && rest[..open].ends_with(|before: char| before.is_alphanumeric());
        match inner.find(close).filter(|_| !word) {
            Some(end) => {
                found.push(&inner[..end]);
                rest = &inner[end + close.len_utf8()..];
            }
            None => rest = inner,
        }
    }
    found
}

fn place(text: &str) -> Option<(usize, usize)> {
    let (line, column) = text.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The byte offset of a line and a column of characters, both from 1.
pub fn offset(text: &str, (line, column): (usize, usize)) -> Option<usize> {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..].find('\n')? + 1;
    }
    let content = text[start..].split('\n').next().unwrap_or("");
    let wanted = column.checked_sub(1)?;
    let mut columns = content.char_indices().map(|(offset, _)| offset).chain([content.len()]);
    columns.nth(wanted).map(|column| start + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_read_with_their_notes() {
        let text = "12:5-12:9 error [rustc E0425]: cannot find value `foo` in this scope\n  help: a local variable: `fob`\n  related src/a.rs:3:4: here\n1:1-1:2 warning [ruff F401]: `os` imported but unused\n2:1-2:2 hint: no source";
        let all = Diagnostic::read_all(text);
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].start, all[0].end, all[0].source, all[0].code), ((12, 5), (12, 9), "rustc", "E0425"));
        assert_eq!(all[0].notes, ["help: a local variable: `fob`", "related src/a.rs:3:4: here"]);
        assert_eq!(all[1].quoted(), ["os"]);
        assert_eq!((all[2].source, all[2].message), ("", "no source"));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(offset("aé❤️x\nb", (1, 5)), Some("aé❤️".len()));
        assert_eq!(offset("ab\ncd", (2, 3)), Some(5));
        assert_eq!(offset("ab\ncd", (2, 4)), None);
        assert_eq!(offset("ab", (2, 1)), None);
    }

    #[test]
    fn quotes_of_all_kinds_are_found() {
        assert_eq!(quoted("can't find 'x'; did you mean ‘y’ or `z`?"), ["x", "y", "z"]);
    }
}
