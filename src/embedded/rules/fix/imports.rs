//! Takes unused names out of imports: one of a list, a whole list, the whole statement.

use std::collections::BTreeMap;

use crate::embedded::rules::lexer::{Kind, Language, Source};
use crate::embedded::rules::patch::Edit;

/// A list of imported names: an import's branches between commas.
struct List {
    /// First and last token of each name, with what belongs to it.
    entries: Vec<(usize, usize)>,
    /// The brackets around, if any.
    brackets: Option<(usize, usize)>,
}

/// Byte range of the import statement around an offset, by its language.
pub fn statement(source: &Source<'_>, offset: usize) -> Option<(usize, usize)> {
    let token = source.first_from(offset.saturating_add(1)).checked_sub(1)?;
    let (start, end) = statement_tokens(source, token)?;
    Some((source.code[start].start, source.code[end].end))
}

/// First and last token of the import statement around a token.
fn statement_tokens(source: &Source<'_>, token: usize) -> Option<(usize, usize)> {
    let partners = source.partners();
    let starts = |at: usize| match source.language {
        Language::Rust => source.at(at) == "use",
        Language::Python => source.code[at].first && matches!(source.at(at), "import" | "from"),
        _ => source.code[at].first && source.at(at) == "import",
    };
    let start = (0..=token).rev().find(|at| starts(*at))?;
    let mut end = start;
    while end + 1 < source.code.len() {
        let next = end + 1;
        match source.language {
            Language::Rust if source.at(end) == ";" => break,
            Language::Python if source.code[next].first => break,
            Language::Ecma { .. } | Language::Java | Language::Go => {
                let semicolon = source.at(end) == ";";
                let string = source.kind(end) == Some(Kind::Str) && source.at(next) != ";";
                let group =
                    source.language == Language::Go && source.at(start + 1) == "(" && end == partners[start + 1];
                if semicolon || string && source.at(start + 1) != "(" || group {
                    break;
                }
            }
            _ => {}
        }
        end = next;
    }
    (token <= end).then_some((start, end))
}

/// The edits that take the names at these byte ranges out of their imports.
pub fn without(source: &Source<'_>, unused: &[(usize, usize)]) -> Vec<Edit> {
    let mut statements: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (start, end) in unused {
        let (first, behind) = (source.first_from(*start), source.first_from(*end));
        for token in first..behind {
            if let Some(statement) = statement_tokens(source, token) {
                statements.entry(statement).or_default().push(token);
            }
        }
    }
    statements.into_iter().flat_map(|(statement, tokens)| shortened(source, statement, &tokens)).collect()
}

fn shortened(source: &Source<'_>, (start, end): (usize, usize), unused: &[usize]) -> Vec<Edit> {
    if source.language == Language::Go && source.at(start + 1) == "(" {
        return unused
            .iter()
            .map(|token| whole_lines(source, (source.code[*token].start, source.code[*token].end)))
            .collect();
    }
    let mut edits = Vec::new();
    if goes(source, &lists(source, start, end), unused, &mut edits) {
        return vec![whole_lines(source, (source.code[start].start, source.code[end].end))];
    }
    edits
}

/// Shortens the lists of one statement; true if nothing is left of it.
fn goes(source: &Source<'_>, lists: &[List], unused: &[usize], edits: &mut Vec<Edit>) -> bool {
    let mut gone: Vec<(usize, usize)> = unused.iter().map(|token| (*token, *token)).collect();
    // Inner lists come first: a list that is emptied takes the entry it stands in with it.
    for list in lists {
        let is_gone = |entry: &(usize, usize)| gone.iter().any(|(first, last)| covers(source, *entry, (*first, *last)));
        let kept: Vec<usize> = (0..list.entries.len()).filter(|index| !is_gone(&list.entries[*index])).collect();
        if kept.len() == list.entries.len() {
            continue;
        }
        let Some(last_kept) = kept.last().copied() else {
            let Some(brackets) = list.brackets else { return true };
            gone.push(brackets);
            continue;
        };
        for index in (0..list.entries.len()).filter(|index| !kept.contains(index)) {
            let (first, last) = list.entries[index];
            let range = if index < last_kept {
                (source.code[first].start, source.code[list.entries[index + 1].0].start)
            } else {
                (source.code[list.entries[index - 1].1].end, source.code[last].end)
            };
            edits.push(Edit { start: range.0, end: range.1, text: String::new() });
        }
        unwrap_single(source, list, &kept, edits);
    }
    false
}

/// `use a::{B};` with one name left needs no braces.
fn unwrap_single(source: &Source<'_>, list: &List, kept: &[usize], edits: &mut Vec<Edit>) {
    let (Some((open, close)), [only]) = (list.brackets, kept) else { return };
    let (first, last) = list.entries[*only];
    let (open, close) = (source.code[open], source.code[close]);
    let one_line = source.text.get(open.start..close.end).is_some_and(|text| !text.contains('\n'));
    if source.language == Language::Rust && one_line && source.at(first) != "self" {
        edits.push(Edit { start: open.start, end: open.end, text: String::new() });
        let before = edits.iter().map(|edit| edit.end).filter(|end| *end > source.code[last].end).max();
        edits.push(Edit {
            start: before.unwrap_or(source.code[last].end).max(source.code[last].end),
            end: close.end,
            text: String::new(),
        });
    }
}

/// Whether an unused token (or emptied pair of brackets) makes an entry useless: it is its name or its last part.
fn covers(source: &Source<'_>, (first, last): (usize, usize), (from, to): (usize, usize)) -> bool {
    let name = source.kind(from) == Some(Kind::Ident) || from != to || source.kind(from) == Some(Kind::Str);
    let end = if source.at(last.wrapping_sub(1)) == "as" { last - 2 } else { last };
    name && first <= from && to <= last && (to == end || to == last)
}

/// The lists of an import statement, inner ones first.
fn lists(source: &Source<'_>, start: usize, end: usize) -> Vec<List> {
    let partners = source.partners();
    let last = if source.at(end) == ";" { end - 1 } else { end };
    let mut found = Vec::new();
    match source.language {
        Language::Python => {
            let import = (start..=last).find(|at| source.at(*at) == "import").unwrap_or(start);
            let open = import + 1;
            let (from, to) = if source.at(open) == "(" { (open + 1, partners[open] - 1) } else { (open, last) };
            found.push(List { entries: entries(source, &partners, from, to), brackets: None });
        }
        Language::Ecma { .. } => {
            let from = (start..=last).rev().find(|at| source.at(*at) == "from").unwrap_or(last + 1);
            let first =
                if source.at(start + 1) == "type" && source.at(start + 2) != "," { start + 2 } else { start + 1 };
            for open in (first..from).filter(|at| source.at(*at) == "{") {
                let entries = entries(source, &partners, open + 1, partners[open].saturating_sub(1));
                found.push(List { entries, brackets: Some((open, partners[open])) });
            }
            found.push(List { entries: entries(source, &partners, first, from.saturating_sub(1)), brackets: None });
        }
        Language::Rust => {
            for open in (start..=last).rev().filter(|at| source.at(*at) == "{") {
                let entries = entries(source, &partners, open + 1, partners[open].saturating_sub(1));
                found.push(List { entries, brackets: Some((open, partners[open])) });
            }
            found.push(List { entries: vec![(start + 1, last)], brackets: None });
        }
        _ => found.push(List { entries: vec![(start + 1, last)], brackets: None }),
    }
    found
}

fn entries(source: &Source<'_>, partners: &[usize], from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut entries = Vec::new();
    let (mut first, mut at) = (from, from);
    while at <= to {
        if source.at(at) == "," {
            if at > first {
                entries.push((first, at - 1));
            }
            first = at + 1;
        }
        at = partners[at].max(at) + 1;
    }
    if first <= to {
        entries.push((first, to));
    }
    entries
}

/// Removes a range with its lines, where nothing else stands on them.
pub fn whole_lines(source: &Source<'_>, (start, end): (usize, usize)) -> Edit {
    let text = source.text;
    let line = text[..start].rfind('\n').map_or(0, |before| before + 1);
    let next = text[end..].find('\n').map_or(text.len(), |after| end + after + 1);
    let alone = text[line..start].trim().is_empty() && text[end..next].trim().is_empty();
    // What stands before on the line, such as `pub`, belongs to the statement.
    let visible = matches!(text[line..start].trim(), "pub" | "pub(crate)" | "pub(super)" | "export");
    let (start, end) =
        if alone || (visible && text[end..next].trim().is_empty()) { (line, next) } else { (start, end) };
    Edit { start, end, text: String::new() }
}
