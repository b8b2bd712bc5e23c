//! Names inside strings and comments: format captures, attribute paths, doc comments.
//!
//! Text is prose unless it says otherwise: only code spans, doc links, fenced code and strings that are code count.

use super::super::lexer::{Kind, Token, is_word};
use super::super::symbol::{Target, Uses, Verdict};
use super::Files;
use super::outline::Span;
use super::roles::{Role, Roles};

/// Settings of attributes whose string is a path to code.
const PATH_SETTINGS: [&str; 11] = [
    "default",
    "with",
    "serialize_with",
    "deserialize_with",
    "skip_serializing_if",
    "getter",
    "from",
    "into",
    "try_from",
    "remote",
    "schema_with",
];

/// Renames `{old}` in the format strings where `is_ours` says that the name means the target.
pub fn captures(roles: &Roles<'_>, file: usize, target: Target<'_>, is_ours: impl Fn(usize) -> bool, uses: &mut Uses) {
    let source = &roles.outline.source;
    for (token, string) in source.code.iter().enumerate().filter(|(_, token)| token.kind == Kind::Str) {
        if string.text.contains(target.old) && is_format(roles, token, target.old) && is_ours(token) {
            for (start, end) in captured(string.text, target.old) {
                let span = (string.start + start, string.start + end);
                uses.judge(Verdict::Yes, file, span, target.new);
            }
        }
    }
}

/// Byte ranges of `name` in `{name}`, `{name:…}` and as a width or precision `name$`.
pub fn captured(text: &str, name: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|open| at + open) {
        if bytes.get(open + 1) == Some(&b'{') {
            at = open + 2;
            continue;
        }
        let close = text[open..].find('}').map_or(text.len(), |close| open + close);
        let (argument, format) = text[open + 1..close].split_once(':').unwrap_or((&text[open + 1..close], ""));
        if argument.trim() == name {
            let start = open + 1 + (argument.len() - argument.trim_start().len());
            found.push((start, start + name.len()));
        }
        let wanted = format!("{name}$");
        let format_start = close - format.len();
        for (position, _) in format.match_indices(&wanted) {
            if position == 0 || !is_word(format.as_bytes()[position - 1]) {
                found.push((format_start + position, format_start + position + name.len()));
            }
        }
        at = close;
    }
    found
}

/// Whether a string is the format of a macro call that does not give the name as an argument of its own.
fn is_format(roles: &Roles<'_>, token: usize, name: &str) -> bool {
    let outline = &roles.outline;
    let open = outline.around[token];
    if open == usize::MAX || !roles.is_macro_bracket(open) {
        return false;
    }
    let close = outline.partner[open];
    let named = (open + 1..close).any(|other| {
        outline.at(other) == name && outline.source.after(other) == "=" && outline.source.before(other) == ","
    });
    let position = outline.split((open + 1, close)).iter().position(|(start, end)| *start <= token && token < *end);
    let first = match outline.at(open - 2) {
        "write" | "writeln" | "assert" | "debug_assert" | "ensure" => 1,
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => 2,
        "concat" | "stringify" | "include_str" | "env" | "json" | "quote" | "matches" | "vec" | "regex" => {
            return false;
        }
        _ => 0,
    };
    let earlier = (open + 1..token).filter(|other| outline.source.kind(*other) == Some(Kind::Str));
    let fields = earlier.filter(|other| outline.around[*other] == open).count();
    !named && position.is_some_and(|position| position >= first) && (first > 0 || fields == 0)
}

/// Byte ranges of `name` in attribute strings that are paths to code, where `wanted` (given the string's token and the
/// path down to the name) says yes.
pub fn attribute_paths(roles: &Roles<'_>, name: &str, wanted: impl Fn(usize, &[&str]) -> bool) -> Vec<(usize, usize)> {
    let source = &roles.outline.source;
    let mut found = Vec::new();
    for (token, string) in source.code.iter().enumerate().filter(|(_, token)| token.kind == Kind::Str) {
        let setting = source.before(token) == "=" && PATH_SETTINGS.contains(&source.at(token.wrapping_sub(2)));
        if !string.text.contains(name) || !setting || roles.attribute_around(token).is_none() {
            continue;
        }
        let inner = string.text.trim_matches('"');
        let mut path: Vec<&str> = Vec::new();
        let mut at = 1;
        for segment in inner.split("::") {
            path.push(segment);
            if segment == name && wanted(token, &path) {
                found.push((string.start + at, string.start + at + name.len()));
            }
            at += segment.len() + 2;
        }
    }
    found
}

/// Renames `{old}` in attribute strings such as thiserror's `#[error("…")]` of the item or variant whose name is given.
pub fn attribute_captures(roles: &Roles<'_>, target: Target<'_>, owner: usize, uses: &mut Uses) {
    let outline = &roles.outline;
    for (token, string) in outline.source.code.iter().enumerate().filter(|(_, token)| token.kind == Kind::Str) {
        let Some(inner) = roles.attribute_around(token).filter(|_| string.text.contains(target.old)) else { continue };
        let key = outline.source.after(inner);
        if !matches!(key, "error" | "display" | "diagnostic") || described(roles, inner) != Some(owner) {
            continue;
        }
        for (start, end) in captured(string.text, target.old) {
            uses.judge(Verdict::Yes, target.file, (string.start + start, string.start + end), target.new);
        }
    }
}

/// The name of the item or variant that the attribute with this bracket describes.
pub fn described(roles: &Roles<'_>, inner: usize) -> Option<usize> {
    let outline = &roles.outline;
    let mut token = outline.skip_prefix(outline.partner[inner] + 1);
    if matches!(outline.at(token), "struct" | "enum" | "union") {
        token += 1;
    }
    outline.source.is_ident(token).then_some(token)
}

/// Whether anything else than the target is declared under the old name: an item, a field, a local.
pub fn is_declared_otherwise(files: &Files<'_>, target: Target<'_>) -> bool {
    files.list.iter().enumerate().any(|(file, roles)| {
        let named = roles.outline.source.named(target.old);
        let mut others = named.filter(|token| (file, *token) != (target.file, target.token));
        !roles.bindings.of_name(&roles.outline, target.old).is_empty()
            || others.any(|token| {
                matches!(roles.role(token), Role::Item(_) | Role::FieldDeclaration(_) | Role::VariantDeclaration(_))
            })
    })
}

/// Renames mentions in comments of all files: those that are `sure`, or whose qualifier is `ours`.
pub fn mentions(files: &Files<'_>, target: Target<'_>, sure: bool, ours: impl Fn(&str) -> bool, uses: &mut Uses) {
    for (file, roles) in files.list.iter().enumerate() {
        for (start, end) in code_mentions(roles, target.old) {
            let text = roles.outline.source.text;
            let qualifier = qualifier(&text[..start]);
            let yes = match qualifier {
                Some(qualifier) if ours(qualifier) => true,
                _ => sure,
            };
            if yes {
                uses.judge(Verdict::Yes, file, (start, end), target.new);
            }
        }
    }
}

/// Renames mentions of a local name in the comments inside its function and in the doc comment before it.
pub fn local_mentions(roles: &Roles<'_>, target: Target<'_>, (first, last): Span, uses: &mut Uses) {
    let source = &roles.outline.source;
    let Some((first, last)) = source.code.get(first).zip(source.code.get(last.saturating_sub(1))) else { return };
    // The doc comment may stand above attributes and visibility: back to the line end of what came before.
    let before = source.code[..source.first_from(first.start)]
        .iter()
        .rev()
        .find(|token| matches!(token.text, ";" | "}" | "{"))
        .map_or(0, |token| token.end);
    for (start, end) in code_mentions(roles, target.old) {
        let inside = before <= start && end <= last.end;
        let member = source.text[..start].ends_with(['.', ':']);
        if inside && !member {
            uses.judge(Verdict::Yes, target.file, (start, end), target.new);
        }
    }
}

/// `Type` of text that ends in `Type::` or `Type.`.
fn qualifier(before: &str) -> Option<&str> {
    let path = before.strip_suffix("::").or_else(|| before.strip_suffix('.'))?;
    let start = path.bytes().rposition(|byte| !is_word(byte)).map_or(0, |position| position + 1);
    Some(&path[start..])
}

/// Byte ranges of a name in the code of comments: spans in backticks, doc links, fenced blocks.
pub fn code_mentions(roles: &Roles<'_>, name: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut previous_end = 0;
    for comment in &roles.outline.source.comments {
        if roles.outline.source.text.get(previous_end..comment.start).is_some_and(|gap| !gap.trim().is_empty()) {
            fenced = false;
        }
        previous_end = comment.end;
        let mut offset = comment.start;
        for line in comment.text.split_inclusive('\n') {
            let content = line.trim_start_matches([' ', '\t', '/', '!', '*']);
            if content.starts_with("```") {
                fenced = !fenced;
            } else if line.contains(name) {
                let whole = [(0, line.len())];
                let spans = if fenced { whole.to_vec() } else { code_spans(line) };
                for (start, end) in spans {
                    found.extend(
                        words(&line[start..end], name)
                            .map(|word| (offset + start + word, offset + start + word + name.len())),
                    );
                }
            }
            offset += line.len();
        }
        if is_line_comment(comment) {
            continue;
        }
        fenced = false;
    }
    found
}

fn is_line_comment(comment: &Token<'_>) -> bool {
    comment.text.starts_with("//")
}

/// What stands in backticks, and in `[link]`s, of a line of prose.
fn code_spans(line: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(open) = line[at..].find(['`', '[']).map(|open| at + open) {
        let closing = if line.as_bytes()[open] == b'`' { '`' } else { ']' };
        let Some(close) = line[open + 1..].find(closing).map(|close| open + 1 + close) else {
            at = open + 1;
            continue;
        };
        let inner = &line[open + 1..close];
        let link = closing == ']' && !inner.contains('`');
        if closing == '`' || (link && inner.bytes().all(|byte| is_word(byte) || b":()!.@&".contains(&byte))) {
            spans.push((open + 1, close));
        }
        at = if closing == '`' || link { close + 1 } else { open + 1 };
    }
    spans
}

/// Where `name` stands as a whole word.
pub fn words<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    text.match_indices(name).map(|(start, _)| start).filter(move |start| {
        let free = |index: usize| bytes.get(index).is_none_or(|byte| !is_word(*byte));
        (*start == 0 || free(start - 1)) && free(start + name.len())
    })
}
