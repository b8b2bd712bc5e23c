//! What the `@@` lines above a hunk say about its place: the blocks of the file they name.
//!
//! An anchor narrows the search; it never makes an unlikely place likely. Where a block ends is judged by indentation
//! alone, so a block may come out too short or too long: both only make the search refuse more.

use std::ops::Range;

use super::indent::indent;

/// A name that stands on more lines than this says nothing about the place; it is ignored.
const MAX_PLACES: usize = 256;
/// How far down the end of a block is looked for.
const MAX_BLOCK_LINES: usize = 10_000;

/// A hunk's anchors, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Anchors<'h> {
    /// Text that lines of the file should have, outermost block first.
    pub names: Vec<&'h str>,
    /// The line a unified diff header promises, as an index; models count badly, so it only counts when it is exact.
    pub line_hint: Option<usize>,
}

impl<'h> Anchors<'h> {
    /// Reads anchor lines as models write them: V4A names, closed by a second `@@` or not, or unified diff headers.
    pub(super) fn read(anchors: &'h [String]) -> Anchors<'h> {
        let mut read = Anchors::default();
        for anchor in anchors {
            match unified_header(anchor) {
                // The heading of a unified diff names the last function *above* the hunk, which is no promise.
                Some(line) => read.line_hint = line.checked_sub(1),
                None => {
                    let name = anchor.strip_suffix("@@").unwrap_or(anchor).trim();
                    read.names.extend((!name.is_empty()).then_some(name));
                }
            }
        }
        read
    }
}

/// The first line (from 1) of the old side of `-12,5 +13,6 @@ heading`.
fn unified_header(anchor: &str) -> Option<usize> {
    let (old, rest) = anchor.strip_prefix('-')?.split_once(" +")?;
    let new = rest.split([' ', '@']).next()?;
    let first =
        |range: &str| range.split(',').map(|n| n.parse().ok()).collect::<Option<Vec<usize>>>()?.first().copied();
    first(new)?;
    first(old)
}

/// A block of the file named by all anchors of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The line of the innermost anchor.
    pub anchor: usize,
    /// The first line after the block.
    pub end: usize,
}

/// The blocks that the anchors name, one inside the other; none if no name says anything. `places` gives the lines on
/// which a name stands, sorted.
///
/// The error is the first name that does not occur where it should.
pub(super) fn scopes<'h, 'p>(
    lines: &[&str],
    names: &[&'h str],
    places: impl Fn(&str) -> &'p [usize],
) -> Result<Vec<Scope>, &'h str> {
    let mut outer: Vec<Range<usize>> = std::iter::once(0..lines.len()).collect();
    let mut found = Vec::new();
    for &name in names {
        let places = places(name);
        if places.len() > MAX_PLACES {
            continue;
        }
        let mut inside: Vec<usize> = outer
            .iter()
            .flat_map(|range| {
                let first = places.partition_point(|&at| at < range.start);
                places[first..].iter().copied().take_while(|&at| at < range.end)
            })
            .collect();
        inside.sort_unstable();
        inside.dedup();
        if inside.is_empty() {
            return Err(name);
        }
        found = inside.into_iter().map(|anchor| Scope { anchor, end: block_end(lines, anchor) }).collect();
        outer = found.iter().map(|scope: &Scope| scope.anchor + 1..scope.end).collect();
    }
    Ok(found)
}

/// Where the block ends that the line at `anchor` opens, or in which it stands.
fn block_end(lines: &[&str], anchor: usize) -> usize {
    let head = lines[anchor];
    let depth = depth(head);
    let limit = lines.len().min(anchor + MAX_BLOCK_LINES);
    let mut rest = (anchor + 1..limit).filter(|&at| !lines[at].trim().is_empty()).peekable();
    let opens_block = rest.peek().is_some_and(|&at| self::depth(lines[at]) > depth || continues(lines[at]));
    while let Some(at) = rest.next() {
        let (line, inside) = (lines[at], self::depth(lines[at]) > depth);
        if opens_block {
            if inside || continues(line) {
                continue;
            }
            if !closes(line) {
                return at;
            }
            let goes_on = opens(line) || rest.peek().is_some_and(|&next| continues(lines[next]));
            if !goes_on {
                return at + 1;
            }
        } else if self::depth(line) < depth || same_kind_of_heading(head, line) {
            return at;
        }
    }
    limit
}

/// The line above `at` that best says where `at` is: the head of the innermost block around it that an anchor could name
/// without doubt, or else just the innermost head.
pub(super) fn head<'t>(lines: &[&'t str], at: usize) -> Option<&'t str> {
    let mut limit = depth(lines[at..].iter().find(|line| !line.trim().is_empty())?);
    let mut innermost = None;
    for line in lines[..at].iter().rev().filter(|line| !line.trim().is_empty() && !closes(line)) {
        if depth(line) >= limit {
            continue;
        }
        // Below a line such as `where` or `{` the head it belongs to is still to come.
        limit = if continues(line) { limit } else { depth(line) };
        let head = line.trim();
        if !continues(line) && lines.iter().filter(|other| other.trim() == head).count() == 1 {
            return Some(head);
        }
        innermost = innermost.or(Some(head));
    }
    innermost
}

/// Indentation in columns, a tab being four.
fn depth(line: &str) -> usize {
    indent(line).chars().map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// A line at the depth of a block's head that still belongs to the head, or never ends a block.
fn continues(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['{', '#']) || line == "where" || line.starts_with("where ")
}

fn closes(line: &str) -> bool {
    line.trim_start().starts_with(['}', ')', ']'])
}

fn opens(line: &str) -> bool {
    line.trim_end().ends_with(['{', '(', '[', ':'])
}

/// Whether `line` begins what `head` began, one after the other and not one inside the other: `[table]`, `## Heading`.
fn same_kind_of_heading(head: &str, line: &str) -> bool {
    let (head, line) = (head.trim_start(), line.trim_start());
    let Some(mark) = head.chars().next().filter(|c| c.is_ascii_punctuation() && *c != '_') else { return false };
    let run = |text: &str| text.chars().take_while(|&c| c == mark).count();
    line.starts_with(mark) && (mark != '#' || run(line) <= run(head))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The text of the blocks that `names` pick out, by plain equality of trimmed lines.
    fn blocks(text: &str, names: &[&'static str]) -> Result<Vec<String>, &'static str> {
        let lines: Vec<&str> = text.lines().collect();
        let places: HashMap<&str, Vec<usize>> = names
            .iter()
            .map(|&name| (name, (0..lines.len()).filter(|&at| lines[at].trim() == name).collect()))
            .collect();
        let found = scopes(&lines, names, |name| &places[name])?;
        Ok(found.into_iter().map(|scope| lines[scope.anchor..scope.end].join("\n")).collect())
    }

    #[test]
    fn a_block_ends_with_its_closing_line() {
        let text = "fn a() {\n    x();\n}\n\nfn b() {\n    x();\n}\n";
        assert_eq!(blocks(text, &["fn a() {"]).unwrap(), ["fn a() {\n    x();\n}"]);
    }

    #[test]
    fn a_head_may_take_several_lines() {
        let text = "fn a(\n    x: u8,\n) -> u8\nwhere\n    T: U,\n{\n    x\n}\nfn b() {}";
        let block = "fn a(\n    x: u8,\n) -> u8\nwhere\n    T: U,\n{\n    x\n}";
        assert_eq!(blocks(text, &["fn a("]).unwrap(), [block]);
        let text = "if a {\n  x\n} else {\n  y\n}\nz";
        assert_eq!(blocks(text, &["if a {"]).unwrap(), ["if a {\n  x\n} else {\n  y\n}"]);
        let text = "int f(void)\n{\n  x;\n}\nint y;";
        assert_eq!(blocks(text, &["int f(void)"]).unwrap(), ["int f(void)\n{\n  x;\n}"]);
    }

    #[test]
    fn indentation_alone_makes_a_block() {
        let text = "class A:\n    def run(self):\n        x\n\n    def stop(self):\n        x\nclass B:\n    def run(self):\n        y";
        let runs = ["    def run(self):\n        x\n", "    def run(self):\n        y"];
        assert_eq!(blocks(text, &["def run(self):"]).unwrap(), runs);
        assert_eq!(blocks(text, &["class B:", "def run(self):"]).unwrap(), ["    def run(self):\n        y"]);
        assert_eq!(blocks(text, &["class B:", "def stop(self):"]), Err("def stop(self):"));
    }

    #[test]
    fn headings_end_at_the_next_of_their_kind() {
        let text = "[a]\nx = 1\n[b]\nx = 1\n";
        assert_eq!(blocks(text, &["[a]"]).unwrap(), ["[a]\nx = 1"]);
        let text = "# A\nt\n## B\nt\n## C\nt";
        assert_eq!(blocks(text, &["## B"]).unwrap(), ["## B\nt"]);
        assert_eq!(blocks(text, &["# A"]).unwrap(), [text]);
    }

    #[test]
    fn the_head_of_a_line_is_the_nearest_that_could_be_an_anchor() {
        let text = "impl A {\n    fn f(\n        x: u8,\n    ) {\n        go\n    }\n}\nimpl B {\n    fn f(\n        x: u8,\n    ) {\n        go\n    }\n}";
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(head(&lines, 4), Some("impl A {"));
        assert_eq!(head(&lines, 11), Some("impl B {"));
        assert_eq!(head(&lines, 7), None);
        let lines =
            ["fn a()", "where", "    T: U,", "{", "    go", "}", "fn b()", "where", "    T: U,", "{", "    go", "}"];
        assert_eq!(head(&lines, 10), Some("fn b()"));
        let lines = ["if x:", "    go", "if x:", "    go"];
        assert_eq!(head(&lines, 3), Some("if x:"));
    }

    #[test]
    fn a_plain_line_speaks_for_the_rest_of_its_block() {
        let text = "{\n    a\n    b\n}\nb";
        assert_eq!(blocks(text, &["a"]).unwrap(), ["    a\n    b"]);
    }

    #[test]
    fn anchors_are_read_in_the_forms_models_use() {
        let anchors = ["class A @@", "-12,5 +13,6 @@ fn above()", "def b"].map(str::to_owned);
        assert_eq!(Anchors::read(&anchors), Anchors { names: vec!["class A", "def b"], line_hint: Some(11) });
        for (header, line) in [("-3 +4 @@", Some(3)), ("-3,1 +4,2", Some(3)), ("-x +y", None), ("- +", None)] {
            assert_eq!(unified_header(header), line, "{header}");
        }
    }
}
