//! The places where a function is named: calls, declarations, and everything that is neither.

use crate::embedded::rules::conversation::Conversation;
use crate::embedded::rules::lexer::{Language, Source};
use crate::embedded::rules::lists::{Lists, Span};
use crate::embedded::rules::symbol::Function;
use crate::embedded::rules::{Reply, analysis, workspace};

/// A file as it is now, with its functions.
pub struct File<'t> {
    pub lists: Lists<'t>,
    pub functions: Vec<Function>,
    /// The text before the user's changes, where it is another.
    former: Option<String>,
    /// Byte ranges of the lines the user changed.
    changed: Vec<(usize, usize)>,
}

/// A place where a function is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// A declaration.
    Declaration(Function),
    /// A call: its name, its brackets, and whether the object stands before the dot.
    Call { name: usize, brackets: Span, on_object: bool },
    /// Something else that stays as it is; why.
    Value(usize, &'static str),
}

const VALUE: &str = "it is passed on as a value";
const MACRO: &str = "a macro decides what becomes of it";

impl<'t> File<'t> {
    /// A file the conversation knows.
    pub fn of(conversation: &'t Conversation<'_>, path: &'t str) -> Option<File<'t>> {
        let text = conversation.text(path)?;
        let lists = Lists::of(Source::lex(path, text));
        let functions = analysis::functions(&lists.source);
        let mut changed = Vec::new();
        for block in conversation.changes.iter().filter(|change| change.path == path).flat_map(|change| &change.blocks)
        {
            let lines = |count: usize| text.split_inclusive('\n').take(count).map(str::len).sum::<usize>();
            let first = block.line.saturating_sub(1);
            changed.push((lines(first), lines(first + block.added.len())));
        }
        let former = if changed.is_empty() { None } else { conversation.former_text(path) };
        Some(File { lists, functions, former, changed })
    }

    /// Whether a call stands as it does because the user wrote it so: it is not to be changed a second time.
    pub fn is_users_own(&self, name: usize, close: usize, former_name: &str) -> bool {
        let (start, end) = (self.lists.source.code[name].start, self.lists.source.code[close].end);
        if !self.changed.iter().any(|(from, to)| start < *to && *from < end) {
            return false;
        }
        let arguments = self.lists.text((name + 1, close + 1));
        let was = format!("{former_name}{arguments}");
        !self.former.as_ref().is_some_and(|former| former.contains(&was))
    }
}

/// What a function's name at a byte offset is there; nothing for imports and text.
pub fn classify(file: &File<'_>, offset: usize) -> Option<Site> {
    let lists = &file.lists;
    let name = lists.source.token_at(offset).filter(|token| lists.source.is_ident(*token))?;
    if let Some(function) = file.functions.iter().find(|function| function.name == name) {
        return Some(Site::Declaration(*function));
    }
    match brackets(lists, name) {
        Some(_) if is_in_macro(lists, name) => Some(Site::Value(name, MACRO)),
        Some(brackets) => Some(Site::Call { name, brackets, on_object: is_on_object(file, name) }),
        None if is_listed(lists, name) => None,
        None => Some(Site::Value(name, VALUE)),
    }
}

/// The brackets of the arguments behind a name, type arguments between them left out.
fn brackets(lists: &Lists<'_>, name: usize) -> Option<Span> {
    let end = lists.source.code.len();
    let mut at = name + 1;
    match (lists.source.language, lists.at(at)) {
        (Language::Rust, "::") if lists.at(at + 1) == "<" => at = lists.angles_end(at + 1, end, true)?,
        (Language::Ecma { .. } | Language::C | Language::Java, "<") => at = lists.angles_end(at, end, false)?,
        (Language::Go, "[") => at = lists.partner[at] + 1,
        (Language::Ecma { .. }, "?.") => at += 1,
        _ => {}
    }
    (lists.at(at) == "(" && lists.partner[at] > at).then(|| (at, lists.partner[at]))
}

/// Whether the call's object stands before the dot instead of among the arguments.
fn is_on_object(file: &File<'_>, name: usize) -> bool {
    let lists = &file.lists;
    if lists.source.before(name) != "." {
        return false;
    }
    // `Class.method(object)` in Python; a class method is called on its class.
    let base = name.wrapping_sub(2);
    let of_class = lists.source.language == Language::Python
        && lists.at(base).starts_with(|first: char| first.is_uppercase())
        && lists.source.before(base) != "."
        && analysis::visible(&lists.source, base, lists.at(base)).is_none();
    !of_class
}

/// Whether a token is in what a macro is given, where it may become anything, or in the definition of one.
fn is_in_macro(lists: &Lists<'_>, token: usize) -> bool {
    match lists.source.language {
        Language::Rust => {
            let around = (0..token).filter(|open| lists.partner[*open] > token);
            around.into_iter().any(|open| {
                let name = open.wrapping_sub(2);
                let called = lists.source.before(open) == "!" && lists.source.is_ident(name);
                let defined = lists.source.before(name) == "!" && lists.at(name.wrapping_sub(1)) == "!";
                (called && !is_plain_macro(lists.at(name)))
                    || defined
                    || lists.at(name.wrapping_sub(1)) == "macro_rules"
            }) || lists.source.before(token) == "$"
        }
        Language::C => {
            let text = lists.source.text;
            let mut start = lists.source.code[token].start;
            loop {
                start = text[..start].rfind('\n').map_or(0, |end| end + 1);
                let line = text[start..].trim_start();
                if line.starts_with('#') {
                    return true;
                }
                let continued = text[..start].trim_end_matches(['\n', '\r']).ends_with('\\') && start > 0;
                if !continued {
                    return false;
                }
                start -= 1;
            }
        }
        _ => false,
    }
}

/// Macros whose arguments are ordinary expressions.
fn is_plain_macro(name: &str) -> bool {
    matches!(
        name,
        "assert"
            | "assert_eq"
            | "assert_ne"
            | "dbg"
            | "debug_assert"
            | "debug_assert_eq"
            | "debug_assert_ne"
            | "eprint"
            | "eprintln"
            | "format"
            | "format_args"
            | "matches"
            | "panic"
            | "print"
            | "println"
            | "todo"
            | "unimplemented"
            | "unreachable"
            | "vec"
            | "write"
            | "writeln"
    )
}

/// Whether a name is listed in an import or export, which does not care for parameters.
fn is_listed(lists: &Lists<'_>, name: usize) -> bool {
    let mut at = name;
    while let Some(before) = at.checked_sub(1) {
        match lists.at(before) {
            "use" | "import" | "from" | "export" | "using" => return true,
            "=" => return lists.at(before.wrapping_sub(1)) == "exports",
            "return" | "yield" | "await" => return false,
            "," | "{" | "}" | "::" | "." | "*" | "(" if lists.at(before) != "(" || is_python(lists) => {}
            _ if lists.source.is_ident(before) => {}
            _ => return false,
        }
        at = before;
    }
    false
}

fn is_python(lists: &Lists<'_>) -> bool {
    lists.source.language == Language::Python
}

/// The class whose objects a function makes, if it is a constructor: its name and where that stands.
pub fn constructed(lists: &Lists<'_>, name: usize) -> Option<(String, usize)> {
    let constructor = match lists.source.language {
        Language::Python => lists.at(name) == "__init__",
        Language::Ecma { .. } => lists.at(name) == "constructor",
        Language::Java => !lists.source.is_ident(name.wrapping_sub(1)) || is_modifier(lists.source.before(name)),
        _ => false,
    };
    if !constructor {
        return None;
    }
    let headed = |token: &usize| {
        matches!(lists.source.before(*token), "class" | "enum" | "record") && lists.source.is_ident(*token)
    };
    let class = match lists.source.language {
        Language::Java => lists.source.named(lists.at(name)).find(headed)?,
        _ => class_around(lists, name)?,
    };
    Some((lists.at(class).to_owned(), lists.source.code[class].start))
}

fn is_modifier(word: &str) -> bool {
    matches!(word, "public" | "private" | "protected")
}

/// The name of the class that a token stands in.
fn class_around(lists: &Lists<'_>, token: usize) -> Option<usize> {
    let named = |at: &usize| lists.source.before(*at) == "class" && lists.source.is_ident(*at);
    let indent = |token: usize| {
        let start = lists.source.code[token].start;
        start - lists.source.text[..start].rfind('\n').map_or(0, |end| end + 1)
    };
    let first = (0..=token).rev().find(|at| lists.source.code[*at].first)?;
    (0..token).rev().filter(named).find(|class| match is_python(lists) {
        true => indent(class - 1) < indent(first),
        false => {
            let open = (*class..token).find(|at| lists.at(*at) == "{");
            open.is_some_and(|open| lists.partner[open] > token)
        }
    })
}

/// The calls that make an object of a class whose name stands at these offsets, those of its subclasses included.
pub fn constructions(file: &File<'_>, offsets: &[usize], class: &str) -> Vec<Site> {
    let lists = &file.lists;
    let python = is_python(lists);
    let mut found = Vec::new();
    for name in offsets.iter().filter_map(|offset| lists.source.token_at(*offset)) {
        let made = python || lists.source.before(name) == "new" || lists.at(name.wrapping_sub(3)) == "new";
        let header = matches!(lists.source.before(name), "class");
        if let Some(brackets) = brackets(lists, name).filter(|_| made && !header) {
            found.push(Site::Call { name, brackets, on_object: true });
        }
    }
    for token in lists.source.named("super") {
        let bases = class_around(lists, token).map(|class| bases(lists, class)).unwrap_or_default();
        let open = if python { token + 5 } else { token + 1 };
        let called = !python || (lists.source.after(token) == "(" && lists.at(token + 4) == "__init__");
        if bases == [class] && called && lists.at(open) == "(" && lists.partner[open] > open {
            found.push(Site::Call { name: open - 1, brackets: (open, lists.partner[open]), on_object: true });
        }
    }
    found
}

/// The classes that a class is derived from; of interfaces nothing is inherited that makes objects.
fn bases<'t>(lists: &Lists<'t>, class: usize) -> Vec<&'t str> {
    if is_python(lists) {
        let (open, close) = (class + 1, lists.partner.get(class + 1).copied().unwrap_or(class + 1));
        let parts = lists.arguments((open + 1, close));
        return parts.into_iter().map(|(_, end)| lists.at(end - 1)).collect();
    }
    let end = (class..lists.source.code.len()).find(|at| lists.at(*at) == "{").unwrap_or(class);
    let extends = (class..end).find(|at| lists.at(*at) == "extends");
    extends.map(|extends| vec![lists.at(extends + 1)]).unwrap_or_default()
}

/// Where a function is declared: C++ may define a method elsewhere than in its class.
pub fn declared(conversation: &Conversation<'_>, path: &str, offset: usize) -> Result<(String, usize), Reply> {
    let own = (path.to_owned(), offset);
    let Some(text) = conversation.text(path).filter(|_| Language::of(path) == Language::C) else { return Ok(own) };
    let source = Source::lex(path, text);
    let Some(name) = source.token_at(offset).filter(|token| source.before(*token) == "::") else { return Ok(own) };
    let (method, class) = (source.at(name), source.at(name.wrapping_sub(2)));
    let hits = workspace::search(conversation, method, Some(Language::C))?;
    workspace::read(conversation, hits.keys().map(String::as_str).filter(|path| Language::of(path) == Language::C))?;
    for path in hits.keys() {
        let Some(text) = conversation.text(path).filter(|_| Language::of(path) == Language::C) else { continue };
        let source = Source::lex(path, text);
        let in_class = |token: &usize| {
            source.before(*token) != "::"
                && source.after(*token) == "("
                && analysis::owner(&source, *token) == Some(class)
        };
        if let Some(token) = source.named(method).find(in_class) {
            return Ok((path.clone(), source.code[token].start));
        }
    }
    Ok(own)
}
