//! Places of an answer made clickable: `src/a.rs:12` becomes a link to that line, if the project has such a file.

use crate::workspace::{RelPath, Workspace};

/// An answer in Markdown with links; code blocks stay as they are. Asks the disk which files there are.
pub fn linked(markdown: &str, workspace: &Workspace) -> String {
    link(markdown, |path| {
        let path = RelPath::parse(path).ok()?;
        // What models may not see is not confirmed to exist, not even to the reader of their answer.
        (workspace.check(&path).is_ok() && workspace.exists(&path)).then(|| workspace.uri(&path))
    })
}

fn link(markdown: &str, uri: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut fenced = false;
    for line in markdown.split_inclusive('\n') {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= is_fence;
        match fenced || is_fence {
            true => text.push_str(line),
            false => link_line(line, &uri, &mut text),
        }
    }
    text
}

/// Links the places of one line, whether they stand in backticks or not.
fn link_line(line: &str, uri: &impl Fn(&str) -> Option<String>, text: &mut String) {
    let mut rest = line;
    while !rest.is_empty() {
        let start = rest.find(|c: char| is_path(c)).unwrap_or(rest.len());
        let (between, from) = rest.split_at(start);
        let end = from.find(|c: char| !is_path(c) && c != ':').unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        // A link that the model made itself is left alone: `[name](place)`.
        let is_target = between.ends_with("](") || between.ends_with('[');
        match place(word).filter(|_| !is_target).and_then(|(place, line)| Some((place, line, uri(path_of(place))?))) {
            Some((place, line, uri)) => {
                let quoted = between.ends_with('`') && after.starts_with('`') && place.len() == word.len();
                let (before, close) =
                    if quoted { (&between[..between.len() - 1], &after[1..]) } else { (between, after) };
                text.push_str(&format!("{before}[`{place}`]({uri}#L{line}){}", &word[place.len()..]));
                rest = close;
            }
            None => {
                text.push_str(between);
                text.push_str(word);
                rest = after;
            }
        }
    }
}

/// `src/a.rs:12`, `src/a.rs:12:5` or `src/a.rs:12-15`, without what ends a sentence behind it; and the line.
fn place(word: &str) -> Option<(&str, &str)> {
    let place = word.trim_end_matches(['.', ':', '-']);
    let (_, rest) = place.split_once(':')?;
    let line = rest.split([':', '-']).next()?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    rest.split([':', '-']).all(is_number).then_some((place, line))
}

fn path_of(place: &str) -> &str {
    place.split(':').next().unwrap_or_default()
}

/// What paths are made of, as far as they can be told from what stands around them.
fn is_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markdown: &str, expected: &str) {
        let uri = |path: &str| (path == "src/a.rs").then(|| "file:///p/src/a.rs".to_owned());
        assert_eq!(link(markdown, uri), expected);
    }

    #[test]
    fn places_become_links() {
        check("See `src/a.rs:12`.", "See [`src/a.rs:12`](file:///p/src/a.rs#L12).");
        check("(src/a.rs:12-15)\n", "([`src/a.rs:12-15`](file:///p/src/a.rs#L12))\n");
        check("At src/a.rs:3:7: here", "At [`src/a.rs:3:7`](file:///p/src/a.rs#L3): here");
    }

    #[test]
    fn what_is_no_place_of_the_project_stays() {
        for text in [
            "`src/b.rs:12`",
            "src/a.rs",
            "at 12:30",
            "https://example.org:80/src/a.rs",
            "[here](src/a.rs:12)",
            "```\nsrc/a.rs:12\n```\n",
            "a::b:1",
            "src/a.rs:x",
        ] {
            check(text, text);
        }
    }
}
