//! Searching the workspace by regular expression: the turn's working copy first, then the editor, then the disk.
//!
//! Only files that the policy lets through are opened, and only lines that match are handed out. Line ends are those
//! the model sees, so `$` means the same in every file.

mod batches;

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use memchr::{memchr, memchr_iter, memrchr};

use self::batches::side_by_side;
use super::Workspace;
use super::listing::{Overlay, PathGlob};
use super::path::RelPath;
use super::policy::BadPattern;
use super::read::ReadError;

/// Longer lines are cut.
const MAX_LINE_CHARS: usize = 300;

/// A pattern may not compile to more than this.
const MAX_PATTERN_BYTES: usize = 10 << 20;

/// What to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// A regular expression, matched within lines.
    pub pattern: String,
    /// Only in files that match this, as in [`Workspace::files`].
    pub glob: Option<String>,
    /// Stop after so many lines.
    pub max_results: usize,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The file.
    pub path: RelPath,
    /// The line's number; the first is 1.
    pub line: usize,
    /// The line without its line end, at most 300 characters of it.
    pub text: String,
    /// There is more of the line.
    pub cut: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Matching lines, sorted by path and line.
    pub hits: Vec<Hit>,
    /// There are more, or the search was cancelled.
    pub truncated: bool,
    /// How many there are in all, where it is known: not when truncated.
    pub total: Option<usize>,
    /// Files that should have been searched and could not be: out of step with the editor, or refused by the system.
    pub unread: Vec<RelPath>,
}

impl Workspace {
    /// Searches every file that may be shown. Stops soon after `cancel` says so.
    pub fn search(
        &self,
        query: &Query,
        overlay: &Overlay,
        cancel: &(dyn Fn() -> bool + Sync),
    ) -> Result<Hits, BadPattern> {
        let matcher = matcher(&query.pattern)?;
        let glob = PathGlob::new(query.glob.as_deref())?;
        let files = self.candidates(overlay, cancel).filter(|path| glob.matches(path));
        let mut found = side_by_side(files, query.max_results, |paths| {
            let mut found = Hits::default();
            for path in paths {
                self.search_file(&matcher, path, overlay, query.max_results, &mut found);
            }
            found
        });
        found.truncated = found.hits.len() > query.max_results || cancel();
        found.hits.truncate(query.max_results);
        found.total = (!found.truncated).then_some(found.hits.len());
        Ok(found)
    }

    fn search_file(&self, matcher: &RegexMatcher, path: RelPath, overlay: &Overlay, limit: usize, found: &mut Hits) {
        match self.text_to_search(&path, overlay) {
            Ok(text) => collect(matcher, &path, &text, limit, &mut found.hits),
            Err(ReadError::Desynced | ReadError::Io(_)) => found.unread.push(path),
            Err(_) => {}
        }
    }

    fn text_to_search(&self, path: &RelPath, overlay: &Overlay) -> Result<String, ReadError> {
        match overlay.get(path) {
            Some(Some(text)) => Ok(text.to_string()),
            Some(None) => Err(ReadError::NotFound),
            None => Ok(self.source(path, &self.canonical.join(path.to_path()))?.into_model_string()),
        }
    }
}

fn matcher(pattern: &str) -> Result<RegexMatcher, BadPattern> {
    let refused = |reason: String| BadPattern { pattern: pattern.to_owned(), reason };
    if pattern.is_empty() {
        return Err(refused("it is empty".to_owned()));
    }
    let mut builder = RegexMatcherBuilder::new();
    let built = builder.multi_line(true).line_terminator(Some(b'\n')).size_limit(MAX_PATTERN_BYTES).build(pattern);
    // The parser draws a picture; its last line is the reason.
    built.map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        refused(reason.strip_prefix("error: ").unwrap_or(reason).to_owned())
    })
}

/// Adds the hits in one text, up to one more than `limit` in all.
fn collect(matcher: &RegexMatcher, path: &RelPath, text: &str, limit: usize, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let (mut from, mut number, mut counted) = (0, 1, 0);
    while from < bytes.len() && hits.len() <= limit {
        // It never fails, and matches no line end.
        let Ok(Some(found)) = matcher.find_at(bytes, from) else { break };
        let start = memrchr(b'\n', &bytes[..found.start()]).map_or(0, |before| before + 1);
        if start == bytes.len() {
            break;
        }
        let end = memchr(b'\n', &bytes[found.start()..]).map_or(bytes.len(), |end| found.start() + end);
        number += memchr_iter(b'\n', &bytes[counted..start]).count();
        let line = &text[start..end];
        let kept = line.char_indices().nth(MAX_LINE_CHARS).map_or(line, |(end, _)| &line[..end]);
        hits.push(Hit { path: path.clone(), line: number, text: kept.to_owned(), cut: kept.len() < line.len() });
        (from, counted) = (end + 1, start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that match, `LINE:TEXT`.
    fn lines(pattern: &str, text: &str) -> Vec<String> {
        let mut hits = Vec::new();
        let path = RelPath::parse("a").expect("a path");
        collect(&matcher(pattern).expect("a pattern"), &path, text, 100, &mut hits);
        hits.iter().map(|hit| format!("{}:{}", hit.line, hit.text)).collect()
    }

    #[test]
    fn patterns_match_within_lines() {
        let text = "one two\n\n  three\none";
        for (pattern, expected) in [
            ("one", &["1:one two", "4:one"][..]),
            ("^one$", &["4:one"]),
            ("o", &["1:one two", "4:one"]),
            ("^", &["1:one two", "2:", "3:  three", "4:one"]),
            ("$", &["1:one two", "2:", "3:  three", "4:one"]),
            ("^$", &["2:"]),
            (r"two\s*three", &[]),
            (r"two[^x]*three", &[]),
            (r"^\s+\w", &["3:  three"]),
            (r"\bt", &["1:one two", "3:  three"]),
            (r"e\z", &["4:one"]),
        ] {
            assert_eq!(lines(pattern, text), expected, "{pattern}");
        }
        assert_eq!(lines("^", "a\n"), ["1:a"], "nothing stands behind the last line end");
        assert!(lines("^", "").is_empty());
    }
}
