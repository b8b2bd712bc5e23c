//! Comments that ask for something: `AI!`, `AI?`, TODOs and stubs, in each language's own syntax.
//!
//! Looks at the lines around a place only: a code action must not cost more in a longer file.

use std::ops::RangeInclusive;

use crate::workspace::Language;

/// Lines of a selection, and of one comment, that are looked at.
const MAX_LINES: usize = 50;
/// Marks that may follow what opens a comment: `///`, `/**`, `;;`, `//!`.
const ORNAMENTS: [char; 7] = ['/', '*', '!', '-', '#', ';', '%'];

/// What a place asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A comment that begins or ends with `AI!`: do what it says.
    Do(String),
    /// The same with `AI?`: answer it.
    Answer(String),
    /// A TODO comment.
    Todo(String),
    /// Code that stands for code not written yet.
    Stub,
}

/// A wish, and the lines that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is wanted.
    pub wish: Wish,
    /// The comment or the stub: first and last line, from 1.
    pub lines: (usize, usize),
}

/// The first wish on the lines `first` to `last`, from 1, of a text in this language. `read` gives lines of it, cut to
/// those there are.
pub fn wish(
    read: impl FnOnce(RangeInclusive<usize>) -> String,
    (first, last): (usize, usize),
    language: Option<&Language>,
) -> Option<Found> {
    let syntax = Syntax::of(language);
    let lines = Lines::around(read, first, last.min(first + MAX_LINES));
    (first..=last.min(first + MAX_LINES)).find_map(|line| {
        let asked = lines.comment_at(line, &syntax).and_then(|comment| comment.wish());
        asked.or_else(|| is_stub(lines.get(line)?).then_some(Found { wish: Wish::Stub, lines: (line, line) }))
    })
}

/// What comments look like.
struct Syntax<'l> {
    line: &'l [&'l str],
    block: &'l [(&'l str, &'l str)],
}

impl<'l> Syntax<'l> {
    /// A language that is not known most likely has one of the common marks.
    fn of(language: Option<&'l Language>) -> Syntax<'l> {
        match language {
            Some(language) => Syntax { line: language.line_comments, block: language.block_comments },
            None => Syntax { line: &["//", "#"], block: &[("/*", "*/"), ("<!--", "-->")] },
        }
    }
}

/// Some lines of a text, read once.
struct Lines {
    /// Number of the first.
    first: usize,
    texts: Vec<String>,
}

impl Lines {
    fn around(read: impl FnOnce(RangeInclusive<usize>) -> String, first: usize, last: usize) -> Lines {
        let start = first.saturating_sub(MAX_LINES).max(1);
        let texts = read(start..=last + MAX_LINES).lines().map(str::to_owned).collect();
        Lines { first: start, texts }
    }

    fn get(&self, line: usize) -> Option<&str> {
        self.texts.get(line.checked_sub(self.first)?).map(String::as_str)
    }

    /// The comment that is on a line.
    fn comment_at(&self, line: usize, syntax: &Syntax<'_>) -> Option<Comment> {
        self.line_comment(line, syntax).or_else(|| self.block_comment(line, syntax))
    }

    /// A comment to the end of the line; one that has its lines to itself goes on over neighbours that begin alike.
    fn line_comment(&self, line: usize, syntax: &Syntax<'_>) -> Option<Comment> {
        let (start, text) = open(self.get(line)?, syntax)?;
        if !self.get(line)?[..start].trim().is_empty() {
            return Some(Comment { asked: line, lines: vec![(line, text.trim().to_owned())] });
        }
        let own = |at: usize| {
            let whole = self.get(at)?;
            let (other, text) = open(whole, syntax)?;
            let prefix = &whole[..whole.len() - text.len()];
            let is_alike =
                whole[..other].trim().is_empty() && prefix.trim_end() == self.prefix(line, syntax)?.trim_end();
            is_alike.then(|| (at, text.trim().to_owned()))
        };
        let above = (1..line).rev().map_while(own).collect::<Vec<_>>();
        let below = (line + 1..line + MAX_LINES).map_while(own);
        let lines = above.into_iter().rev().chain([(line, text.trim().to_owned())]).chain(below).collect();
        Some(Comment { asked: line, lines })
    }

    fn prefix(&self, line: usize, syntax: &Syntax<'_>) -> Option<&str> {
        let whole = self.get(line)?;
        let (_, text) = open(whole, syntax)?;
        Some(&whole[..whole.len() - text.len()])
    }

    /// A comment between two marks, which may be lines apart.
    fn block_comment(&self, line: usize, syntax: &Syntax<'_>) -> Option<Comment> {
        syntax.block.iter().find_map(|(begin, end)| {
            let (opened, rest) = self.opened_above(line, begin, end)?;
            let mut lines = Vec::new();
            for at in opened.. {
                let text = if at == opened { rest } else { self.get(at)? };
                let (inside, closed) = match text.find(end) {
                    Some(closed) => (&text[..closed], true),
                    None => (text, false),
                };
                lines.push((at, inside.trim().trim_start_matches(ORNAMENTS).trim().to_owned()));
                if closed {
                    break;
                }
            }
            let covers = lines.last().is_some_and(|(last, _)| *last >= line);
            covers.then_some(Comment { asked: line, lines })
        })
    }

    /// Where the block comment begins that is open on a line, and what follows its mark.
    fn opened_above(&self, line: usize, begin: &str, end: &str) -> Option<(usize, &str)> {
        for at in (self.first..=line).rev() {
            let text = self.get(at)?;
            if let Some(start) = text.rfind(begin).filter(|start| !in_string(text, *start)) {
                return Some((at, &text[start + begin.len()..]));
            }
            if at < line && text.contains(end) {
                return None;
            }
        }
        None
    }
}

/// Where a line comment begins on a line, and its text without marks.
fn open<'t>(line: &'t str, syntax: &Syntax<'_>) -> Option<(usize, &'t str)> {
    let starts = syntax.line.iter().filter_map(|mark| Some((line.find(mark)?, mark.len())));
    let (start, length) = starts.filter(|(start, _)| !in_string(line, *start)).min()?;
    Some((start, line[start + length..].trim_start_matches(ORNAMENTS)))
}

/// Whether a place is between double quotes.
fn in_string(line: &str, at: usize) -> bool {
    let mut inside = false;
    let mut escaped = false;
    for c in line[..at].chars() {
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    inside
}

/// A comment by its lines, each with its number and its text.
struct Comment {
    /// The line that was asked about.
    asked: usize,
    lines: Vec<(usize, String)>,
}

impl Comment {
    /// What the part around the asked line wants: one comment may hold several wishes.
    fn wish(&self) -> Option<Found> {
        let part = self.parts().into_iter().find(|part| part.iter().any(|(line, _)| *line == self.asked))?;
        let words: Vec<&str> = part.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
        let text = words.join(" ");
        let wish = match () {
            () if is_marked(&text, "AI!") => Wish::Do(unmarked(&text, "AI!")),
            () if is_marked(&text, "AI?") => Wish::Answer(unmarked(&text, "AI?")),
            () if is_todo(&text) => Wish::Todo(text),
            () => return None,
        };
        Some(Found { wish, lines: (part.first()?.0, part.last()?.0) })
    }

    /// The comment, parted before each line that begins with a mark and after each that ends with one.
    fn parts(&self) -> Vec<&[(usize, String)]> {
        let begins = |text: &str| text.starts_with("AI!") || text.starts_with("AI?") || is_todo(text);
        let ends = |text: &str| text.ends_with("AI!") || text.ends_with("AI?");
        self.lines.chunk_by(|(_, above), (_, below)| !begins(below) && !ends(above)).collect()
    }
}

fn is_todo(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    matches!(word, "TODO" | "FIXME")
}

/// Whether a text begins or ends with a mark that stands by itself.
fn is_marked(text: &str, mark: &str) -> bool {
    let before = text.strip_suffix(mark).map(|rest| rest.chars().next_back());
    text.starts_with(mark) || before.is_some_and(|last| last.is_none_or(|c| !c.is_alphanumeric()))
}

fn unmarked(text: &str, mark: &str) -> String {
    let text = text.strip_prefix(mark).or_else(|| text.strip_suffix(mark)).unwrap_or(text);
    text.trim_matches(|c: char| c.is_whitespace() || c == ':').to_owned()
}

fn is_stub(line: &str) -> bool {
    let stubs = [
        "todo!(",
        "unimplemented!(",
        "raise NotImplementedError",
        "throw new UnsupportedOperationException",
        "throw new NotImplementedException",
        "TODO(\"",
        "panic(\"not implemented",
        "panic(\"unimplemented",
    ];
    stubs.iter().any(|stub| line.contains(stub))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::ModelText;

    fn found(text: &str, line: usize, language: &str) -> Option<Found> {
        wish(|lines| ModelText::from_lf(text).lines(lines), (line, line), Language::of(language, None))
    }

    fn asked(line: &str, language: &str) -> Option<Wish> {
        found(&format!("{line}\n"), 1, language).map(|found| found.wish)
    }

    #[test]
    fn comments_are_found_in_their_own_syntax() {
        for (line, language, expected) in [
            ("    // AI! use a HashMap", "rust", Some(Wish::Do("use a HashMap".into()))),
            ("x = 1  # cache this AI!", "python", Some(Wish::Do("cache this".into()))),
            ("-- AI? why twice", "lua", Some(Wish::Answer("why twice".into()))),
            ("<!-- AI: no mark -->", "html", None),
            ("<!-- shorten AI! -->", "html", Some(Wish::Do("shorten".into()))),
            ("/* TODO(me): later */", "c", Some(Wish::Todo("TODO(me): later".into()))),
            ("(* AI! fold *)", "ocaml", Some(Wish::Do("fold".into()))),
            ("{- AI! fold -}", "haskell", Some(Wish::Do("fold".into()))),
            ("REM AI! loop", "bat", Some(Wish::Do("loop".into()))),
            ("' AI! loop", "vb", Some(Wish::Do("loop".into()))),
            ("{{!-- AI! loop --}}", "handlebars", Some(Wish::Do("loop".into()))),
            ("// AI! anything", "a language of tomorrow", Some(Wish::Do("anything".into()))),
            ("let todos = 1; // todos", "rust", None),
            ("    todo!()", "rust", Some(Wish::Stub)),
            ("let s = 1;", "rust", None),
            ("# AI! heading", "rust", None),
            ("let s = \"// AI! no\";", "rust", None),
            ("let s = \"\\\"\"; // AI! yes", "rust", Some(Wish::Do("yes".into()))),
            ("// made by OpenAI!", "rust", None),
            ("AI! no comment", "markdown", None),
        ] {
            assert_eq!(asked(line, language), expected, "{line}");
        }
    }

    #[test]
    fn a_wish_may_have_several_lines() {
        let text = "fn f() {}\n// Rewrite this\n// with a table. AI!\n// Another comment.\nfn g() {}\n";
        let expected = Found { wish: Wish::Do("Rewrite this with a table.".into()), lines: (2, 3) };
        assert_eq!(found(text, 2, "rust"), Some(expected.clone()));
        assert_eq!(found(text, 3, "rust"), Some(expected));
        assert_eq!(found(text, 4, "rust"), None);
        let text = "# AI! first\n# and this\n# AI? second\n";
        let first = Found { wish: Wish::Do("first and this".into()), lines: (1, 2) };
        assert_eq!(found(text, 2, "python"), Some(first));
        let second = Found { wish: Wish::Answer("second".into()), lines: (3, 3) };
        assert_eq!(found(text, 3, "python"), Some(second));
    }

    #[test]
    fn documentation_is_another_comment_than_what_stands_above_it() {
        let text = "// AI! shorten\n/// Documentation.\nfn f() {}\n";
        assert_eq!(found(text, 1, "rust").map(|found| found.lines), Some((1, 1)));
        assert_eq!(found(text, 2, "rust"), None);
    }

    #[test]
    fn a_block_comment_is_one_over_its_lines() {
        let text = "int a;\n/*\n * AI! make this\n * unsigned\n */\nint b;\n/* one */ int c; /* two */\n";
        let expected = Found { wish: Wish::Do("make this unsigned".into()), lines: (3, 5) };
        for line in 3..=5 {
            assert_eq!(found(text, line, "c"), Some(expected.clone()), "line {line}");
        }
        assert_eq!(found(text, 6, "c"), None);
        assert_eq!(found(text, 7, "c"), None);
        assert_eq!(found("/* AI! never closed\n", 1, "c"), None);
    }
}
