//! How diagnostics that say how are fixed: one small rule for each way they say it.

use super::diagnostic::{Diagnostic, quoted};
use super::imports;
use crate::embedded::rules::lexer::{Kind, Language, Source, is_identifier};
use crate::embedded::rules::patch::Edit;
use crate::embedded::rules::rust;

/// What can be done about a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// These edits.
    Edits(Vec<Edit>),
    /// The name at this range is to be taken out of its import.
    Unimport((usize, usize)),
    /// The text is not the one the diagnostic speaks of.
    Stale,
    /// The message does not say how.
    Unknown,
}

/// Words before a suggestion that replaces what the diagnostic marks.
const NAMED: [&str; 5] = ["similar name", "did you mean", "maybe you meant", "with a similar", "similarly named"];

/// The fix for a diagnostic of a file.
pub fn fix(source: &Source<'_>, diagnostic: &Diagnostic<'_>) -> Fix {
    let Some(range) = diagnostic.range(source.text) else { return Fix::Stale };
    let rules = [
        unused_import,
        unused_variable,
        missing_semicolon,
        missing_mut,
        needless_mut,
        other_name,
        missing_import,
        plain_f_string,
        suggestion,
    ];
    rules.iter().find_map(|rule| rule(source, diagnostic, range)).unwrap_or(Fix::Unknown)
}

fn replace((start, end): (usize, usize), text: impl Into<String>) -> Option<Fix> {
    Some(Fix::Edits(vec![Edit { start, end, text: text.into() }]))
}

fn unused_import(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let message = diagnostic.message;
    let all = message.starts_with("All imports in import declaration are unused");
    let says = all
        || message.starts_with("unused import")
        || message.contains("imported but unused")
        || message.contains("imported and not used")
        || (message.starts_with("Import ") && message.contains("is not accessed"))
        || (message.starts_with("The import ") && message.contains("is never used"));
    let declared = message.contains("is declared but its value is never read")
        || message.contains("is declared but never used")
        || message.contains("is defined but never used");
    if !says && !declared {
        return None;
    }
    let Some(statement) = imports::statement(source, range.0) else {
        return if declared { None } else { Some(Fix::Stale) };
    };
    if all {
        return Some(Fix::Edits(vec![imports::whole_lines(source, statement)]));
    }
    let marked = source.text.get(range.0..range.1).unwrap_or("");
    let names = diagnostic.quoted();
    // One message may name several; which one is meant, its range says.
    let name = names.iter().find(|name| marked == **name).or(names.first()).map_or("", |name| name.trim_matches('"'));
    if declared || marked.contains('\n') || !marked.contains(name.rsplit([':', '.', '/', ' ']).next().unwrap_or(name)) {
        // Some mark the whole statement, some a place only: the name says which part.
        let last = name.rsplit([':', '.']).next().unwrap_or(name);
        let inside = |token: &usize| source.code[*token].start >= statement.0 && source.code[*token].end <= statement.1;
        let mut tokens = source.named(last).filter(inside);
        let token = match tokens.next() {
            Some(token) => token,
            None => return Some(Fix::Stale),
        };
        return Some(Fix::Unimport((source.code[token].start, source.code[token].end)));
    }
    if marked.starts_with("import") || marked.starts_with("from ") || marked.starts_with("use ") {
        let last = name.rsplit([':', '.', ' ']).next().unwrap_or(name);
        let token = source
            .named(last)
            .find(|token| source.code[*token].start >= statement.0 && source.code[*token].end <= statement.1)?;
        return Some(Fix::Unimport((source.code[token].start, source.code[token].end)));
    }
    Some(Fix::Unimport(range))
}

fn unused_variable(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let message = diagnostic.message;
    let marked = source.text.get(range.0..range.1)?;
    if message.starts_with("unused variable: ") {
        let name = *diagnostic.quoted().first()?;
        if marked != name {
            return Some(Fix::Stale);
        }
        let field = diagnostic.notes.iter().any(|note| note.contains("try ignoring the field"));
        return replace(range, if field { format!("{name}: _") } else { format!("_{name}") });
    }
    if message.starts_with("declared and not used") || message.ends_with("declared and not used") {
        if !is_identifier(marked) || !message.contains(marked) {
            return Some(Fix::Stale);
        }
        let token = source.token_at(range.0)?;
        let mut edits = vec![Edit { start: range.0, end: range.1, text: "_".into() }];
        if source.after(token) == ":=" && source.before(token) != "," {
            let operator = source.code[token + 1];
            edits.push(Edit { start: operator.start, end: operator.end, text: "=".into() });
        }
        return Some(Fix::Edits(edits));
    }
    if diagnostic.code != "F841" {
        return None;
    }
    let token =
        source.token_at(range.0).filter(|token| message.contains(source.at(*token)) && !source.at(*token).is_empty());
    let Some(token) = token else { return Some(Fix::Stale) };
    if source.before(token) == "as" {
        let start = source.code[token - 2].end;
        return replace((start, range.1), "");
    }
    let assigned = source.code[token].first && source.after(token) == "=";
    let value = assigned.then(|| source.code.get(token + 2)).flatten()?;
    let end = (token + 2..source.code.len()).find(|at| source.code[*at].first).unwrap_or(source.code.len());
    // A call may do something: it stays.
    if (token + 2..end).any(|at| source.at(at) == "(") {
        return replace((source.code[token].start, value.start), "");
    }
    Some(Fix::Edits(vec![imports::whole_lines(source, (source.code[token].start, source.code[end - 1].end))]))
}

fn missing_semicolon(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let message = diagnostic.message;
    let says = ["expected ';'", "expected ‘;’", "expected `;`", "';' expected", "add `;` here"];
    let said = |line: &str| says.iter().any(|words| line.to_ascii_lowercase().contains(words));
    if !diagnostic.lines().any(said) || message.contains("found `;`") {
        return None;
    }
    // It belongs behind the last token before the place that is marked, or behind the one that is marked itself.
    let behind = (message.contains("after") || message.contains("at end of"))
        && source.token_at(range.0).is_some_and(|token| !source.code[token].first && range.1 > range.0);
    let before = match behind {
        true => source.first_from(range.1),
        false => source.first_from(range.0 + usize::from(source.token_at(range.0).is_none())),
    };
    let token = before.checked_sub(1)?;
    if source.at(token) == ";" || source.at(token + 1) == ";" {
        return Some(Fix::Stale);
    }
    let end = source.code[token].end;
    replace((end, end), ";")
}

fn missing_mut(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let message = diagnostic.message;
    let says =
        message.contains("not declared as mutable") || message.starts_with("cannot assign twice to immutable variable");
    if !says || source.language != Language::Rust {
        return None;
    }
    let name = *diagnostic.quoted().first()?;
    let within =
        |token: &usize| source.code[*token].start >= range.0 && source.code[*token].start < range.1.max(range.0 + 1);
    let Some(used) = source.named(name).find(within) else { return Some(Fix::Stale) };
    let binding = rust::binding(source, used)?;
    if source.before(binding) == "mut" {
        return Some(Fix::Stale);
    }
    let start = source.code[binding].start;
    replace((start, start), "mut ")
}

fn needless_mut(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    if !diagnostic.message.starts_with("variable does not need to be mutable") {
        return None;
    }
    let token = source.token_at(range.0).filter(|token| source.at(*token) == "mut");
    let Some(token) = token else { return Some(Fix::Stale) };
    replace((source.code[token].start, source.code.get(token + 1)?.start), "")
}

/// A misspelt name, and the one that was meant.
fn other_name(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let (wanted, line) = diagnostic.lines().find_map(|line| {
        let lower = line.to_ascii_lowercase();
        let at = NAMED.iter().find_map(|words| lower.find(words))?;
        let name = quoted(line.get(at..)?).into_iter().find(|name| is_identifier(name))?;
        Some((name, line))
    })?;
    let wrong = diagnostic.quoted().into_iter().find(|name| is_identifier(name))?;
    if line != diagnostic.message && line.matches('`').count() > 4 {
        return None;
    }
    let marked = |token: &usize| {
        source.code[*token].start >= range.0 && source.code[*token].end <= range.1.max(range.0 + wrong.len())
    };
    let mut places = source.named(wrong).filter(marked);
    match (places.next(), places.next()) {
        (Some(token), None) => replace((source.code[token].start, source.code[token].end), wanted),
        _ => Some(Fix::Stale),
    }
}

/// ``consider importing this struct: `use std::collections::HashMap;` ``
fn missing_import(source: &Source<'_>, diagnostic: &Diagnostic<'_>, _: (usize, usize)) -> Option<Fix> {
    let line = diagnostic.lines().find(|line| line.contains("consider importing this"))?;
    let suggestions: Vec<&str> =
        quoted(line).into_iter().filter(|text| text.starts_with("use ")).map(str::trim).collect();
    let [import] = suggestions[..] else { return None };
    if source.text.contains(import) {
        return Some(Fix::Stale);
    }
    // Before the first item: attributes and comments of the file itself stay on top.
    let mut token = 0;
    while source.at(token) == "#" && source.after(token) == "!" {
        token = source.partners()[token + 2] + 1;
    }
    let at = source.code.get(token)?.start;
    let line = source.text[..at].rfind('\n').map_or(0, |end| end + 1);
    let first = source.comments.iter().find(|comment| {
        comment.start < line
            && comment.start >= token.checked_sub(1).map_or(0, |last| source.code[last].end)
            && comment.text.starts_with("///")
    });
    let at = first.map_or(line, |comment| comment.start);
    replace((at, at), format!("{import}\n"))
}

fn plain_f_string(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    if diagnostic.code != "F541" {
        return None;
    }
    let token = source.token_at(range.0).filter(|token| source.kind(*token) == Some(Kind::Str));
    let prefix =
        token.and_then(|token| source.code[token].text.find(['f', 'F']).map(|at| source.code[token].start + at));
    match prefix {
        Some(at) => replace((at, at + 1), ""),
        None => Some(Fix::Stale),
    }
}

/// A suggestion that visibly is what the marked text should be.
fn suggestion(source: &Source<'_>, diagnostic: &Diagnostic<'_>, range: (usize, usize)) -> Option<Fix> {
    let marked = source.text.get(range.0..range.1).filter(|text| !text.is_empty())?;
    for note in &diagnostic.notes {
        let note = note
            .strip_prefix("help: ")
            .or_else(|| note.strip_prefix("related ").and_then(|rest| rest.split_once(": ")).map(|(_, text)| text))
            .unwrap_or(note);
        let Some((words, rest)) = note.split_once(": `") else { continue };
        let Some(new) = rest.strip_suffix('`').filter(|new| !new.contains('`')) else { continue };
        if words.contains("borrowing here") && matches!(new, "&" | "&mut ") {
            return replace((range.0, range.0), new);
        }
        if words.contains("conversion method") && new.starts_with('.') {
            return replace((range.1, range.1), new);
        }
        let verbs = ["try", "replace", "use", "consider", "instead", "remove", "simplify", "change"];
        let says = verbs.iter().any(|verb| words.to_ascii_lowercase().split(' ').any(|word| word == *verb));
        let whole = diagnostic.source == "clippy"
            || diagnostic.code.contains("clippy")
            || (new.len() > marked.len() && new.contains(marked));
        if says && whole && new != marked {
            return replace(range, new);
        }
    }
    None
}
