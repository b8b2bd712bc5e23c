//! The arguments of a call, and lists that are put together anew with as much of their layout as there was.

use super::arrangement::Slot;
use crate::embedded::rules::lexer::Language;
use crate::embedded::rules::lists::{Lists, Span};
use crate::embedded::rules::rewrite::{Piece, Rewrite};

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Byte offsets, comments that stand right at it included.
    pub span: (usize, usize),
    /// The name it is passed by, where it is.
    pub keyword: Option<String>,
    /// Whether evaluating it calls something.
    pub calls: bool,
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Byte offsets of all between the brackets.
    pub inside: (usize, usize),
    pub arguments: Vec<Argument>,
    /// Whether comments stand between the arguments that belong to none of them for sure.
    pub commented: bool,
}

const SPREAD: &str = "it passes a list whose length is not known here";
const CONDITIONAL: &str = "the preprocessor decides what it passes";
const COMMENTS: &str = "comments stand between its arguments";

impl Call {
    /// Reads the arguments in these brackets.
    pub fn read(lists: &Lists<'_>, (open, close): Span) -> Result<Call, &'static str> {
        let parts = lists.arguments((open + 1, close));
        let python = lists.source.language == Language::Python;
        let c = lists.source.language == Language::C;
        for (start, end) in &parts {
            let spread = matches!(lists.at(*start), "..." | "*" | "**") && (python || lists.at(*start) == "...");
            if spread || lists.at(end - 1) == "..." {
                return Err(SPREAD);
            }
            if c && (*start..*end).any(|token| lists.at(token) == "#") {
                return Err(CONDITIONAL);
            }
        }
        let inside = (lists.source.code[open].end, lists.source.code[close].start);
        let mut call = Call { inside, arguments: Vec::new(), commented: false };
        for (start, end) in parts {
            let keyword = python && lists.source.is_ident(start) && lists.source.after(start) == "=";
            let calls = (start..end).any(|token| lists.at(token) == "(" || matches!(lists.at(token), "++" | "--"));
            call.arguments.push(Argument {
                span: lists.bytes((start, end)),
                keyword: keyword.then(|| lists.at(start).to_owned()),
                calls,
            });
        }
        call.take_comments(lists);
        Ok(call)
    }

    /// Comments between two commas belong to the argument there, if they do not go to the end of a line.
    fn take_comments(&mut self, lists: &Lists<'_>) {
        let (from, to) = self.inside;
        for comment in lists.source.comments.iter().filter(|comment| from <= comment.start && comment.end <= to) {
            let within = |argument: &Argument| argument.span.0 <= comment.start && comment.end <= argument.span.1;
            if self.arguments.iter().any(within) {
                continue;
            }
            let text = lists.source.text;
            let free = |start: usize, end: usize| text.get(start..end).is_some_and(|gap| gap.trim().is_empty());
            let at = self
                .arguments
                .iter_mut()
                .find(|argument| free(comment.end, argument.span.0) || free(argument.span.1, comment.start));
            match at.filter(|_| comment.text.starts_with("/*")) {
                Some(argument) => {
                    argument.span = (argument.span.0.min(comment.start), argument.span.1.max(comment.end));
                }
                None => self.commented = true,
            }
        }
    }

    /// The call with these arguments; nothing if it has them already.
    pub fn rewritten(&self, text: &str, slots: &[Slot]) -> Result<Option<Rewrite>, &'static str> {
        let spans: Vec<(usize, usize)> = self.arguments.iter().map(|argument| argument.span).collect();
        let same = slots.len() == spans.len()
            && slots.iter().enumerate().all(|(index, slot)| matches!(slot, Slot::Passed(passed) if *passed == index));
        if same {
            return Ok(None);
        }
        if self.commented {
            return Err(COMMENTS);
        }
        let kept = |index: usize| Piece::Kept(spans[index].0, spans[index].1);
        let pieces = slots.iter().map(|slot| match slot {
            Slot::Passed(index) => vec![kept(*index)],
            Slot::PassedAs(index, name) => vec![Piece::Text(format!("{name}=")), kept(*index)],
            Slot::Variable(name) => vec![Piece::Text(name.clone())],
            Slot::VariableAs(name) => vec![Piece::Text(format!("{name}={name}"))],
        });
        Ok(Some(relisted(text, self.inside, &spans, pieces.collect())))
    }

    /// Whether an argument that calls something is passed no more.
    pub fn loses_a_call(&self, slots: &[Slot]) -> bool {
        let passed = |index: usize| {
            slots.iter().any(|slot| matches!(slot, Slot::Passed(at) | Slot::PassedAs(at, _) if *at == index))
        };
        self.arguments.iter().enumerate().any(|(index, argument)| argument.calls && !passed(index))
    }
}

/// The list between two brackets with other entries: what parted the old ones parts the new ones.
pub fn relisted(text: &str, inside: (usize, usize), old: &[(usize, usize)], new: Vec<Vec<Piece>>) -> Rewrite {
    let (start, end) = inside;
    let mut pieces = Vec::new();
    let (Some(first), Some(last)) = (old.first(), old.last()) else {
        for (index, entry) in new.into_iter().enumerate() {
            pieces.extend((index > 0).then(|| Piece::Text(", ".into())));
            pieces.extend(entry);
        }
        return Rewrite { start, end, pieces };
    };
    if new.is_empty() {
        return Rewrite { start, end, pieces };
    }
    let head = text.get(start..first.0).unwrap_or("");
    let gap = |index: usize| (old[index - 1].1, old[index].0);
    let more = match old.len() {
        1 if head.contains('\n') => format!(",{head}"),
        1 => ", ".to_owned(),
        count => text.get(gap(count - 1).0..gap(count - 1).1).unwrap_or(", ").to_owned(),
    };
    pieces.push(Piece::Kept(start, first.0));
    for (index, entry) in new.into_iter().enumerate() {
        match index {
            0 => {}
            _ if index < old.len() => pieces.push(Piece::Kept(gap(index).0, gap(index).1)),
            _ => pieces.push(Piece::Text(more.clone())),
        }
        pieces.extend(entry);
    }
    pieces.push(Piece::Kept(last.1, end));
    Rewrite { start, end, pieces }
}
