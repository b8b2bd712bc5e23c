//! Where Rust binds local names: parameters, `let`, `for`, match arms, closures, and how far each binding reaches.

use super::outline::{ItemKind, Outline, Span};

/// What introduces a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Param,
    Closure,
    Let,
    /// `if let`, `while let`, a match arm, `matches!`.
    Match,
    For,
}

/// A pattern and where its names are visible.
#[derive(Clone, Debug)]
pub struct Region {
    pub origin: Origin,
    pub pattern: Span,
    pub scope: Span,
    /// The declared type.
    pub ty: Option<Span>,
    /// The expression matched or iterated.
    pub value: Option<Span>,
    /// Whether it exists in some configurations only (`#[cfg(…)] let …`).
    pub conditional: bool,
}

/// The patterns of a file.
#[derive(Debug, Default)]
pub struct Bindings {
    pub regions: Vec<Region>,
    /// Braces that are blocks although a type name may stand before them.
    pub blocks: Vec<usize>,
}

impl Bindings {
    pub fn of(outline: &Outline<'_>) -> Bindings {
        let mut bindings = Bindings::default();
        let source = &outline.source;
        for item in outline.items.iter().filter(|item| item.kind == ItemKind::Fn) {
            if let Some((open, close)) = item.params {
                let scope = item.body.unwrap_or((close, close));
                bindings.params(outline, (open + 1, close), scope, Origin::Param);
            }
        }
        for token in 0..source.code.len() {
            let member = source.before(token) == ".";
            match source.at(token) {
                "let" => bindings.read_let(outline, token),
                "for" if !member => bindings.read_for(outline, token),
                "match" if !member => bindings.read_match(outline, token),
                "if" | "while" => bindings.blocks.extend(block_from(outline, token + 1)),
                "|" if starts_closure(outline, token) => bindings.read_closure(outline, token),
                "matches" if source.after(token) == "!" && outline.at(token + 2) == "(" => {
                    bindings.read_matches(outline, token + 2);
                }
                _ => {}
            }
        }
        bindings.blocks.sort_unstable();
        bindings
    }

    /// The regions that bind `name`, with each binding token.
    pub fn of_name(&self, outline: &Outline<'_>, name: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let tokens: Vec<usize> = outline.source.named(name).collect();
        for (index, region) in self.regions.iter().enumerate() {
            let from = tokens.partition_point(|token| *token < region.pattern.0);
            let inside = tokens[from..].iter().take_while(|token| **token < region.pattern.1);
            found.extend(inside.filter(|token| binds(outline, region, **token)).map(|token| (index, *token)));
        }
        found
    }

    fn params(&mut self, outline: &Outline<'_>, span: Span, scope: Span, origin: Origin) {
        for (start, end) in outline.split(span) {
            let start = outline.skip_prefix(start);
            let colon = outline.find((start, end), false, |text| text == ":");
            let pattern = (start, colon.unwrap_or(end));
            let ty = colon.map(|colon| (colon + 1, end));
            self.regions.push(Region { origin, pattern, scope, ty, value: None, conditional: false });
        }
    }

    fn read_let(&mut self, outline: &Outline<'_>, token: usize) {
        let length = outline.source.code.len();
        let Some(mut end) = outline.find((token + 1, length), false, |text| matches!(text, ":" | "=" | ";" | "}"))
        else {
            return;
        };
        let pattern = (token + 1, end);
        let mut ty = None;
        if outline.at(end) == ":" {
            let stop = outline.find((end + 1, length), true, |text| matches!(text, "=" | ";" | "}")).unwrap_or(length);
            ty = Some((end + 1, stop));
            end = stop;
        }
        let condition = matches!(outline.source.before(token), "if" | "while" | "&&");
        if condition {
            let Some(stop) = scrutinee_end(outline, end + 1) else { return };
            let scope_end = match outline.at(stop) {
                "=>" => arm_end(outline, stop),
                _ => match block_or_arrow(outline, stop) {
                    Some(found) if outline.at(found) == "=>" => arm_end(outline, found),
                    Some(open) => outline.partner[open],
                    None => return,
                },
            };
            let value = Some((end + 1, stop));
            self.regions.push(Region {
                origin: Origin::Match,
                pattern,
                scope: (stop, scope_end),
                ty,
                value,
                conditional: false,
            });
        } else {
            let stop = outline.find((end, length), false, |text| matches!(text, ";" | "}")).unwrap_or(length);
            let value = (outline.at(end) == "=").then_some((end + 1, stop));
            let around = outline.around[token];
            let scope_end = if around == usize::MAX { length } else { outline.partner[around] };
            let configured =
                outline.source.before(token) == "]" && matches!(outline.at(outline.partner[token - 1] + 1), "cfg");
            self.regions.push(Region {
                origin: Origin::Let,
                pattern,
                scope: (stop, scope_end),
                ty,
                value,
                conditional: configured,
            });
        }
    }

    fn read_for(&mut self, outline: &Outline<'_>, token: usize) {
        if outline.source.after(token) == "<" {
            return;
        }
        let length = outline.source.code.len();
        let found = outline.find((token + 1, length), false, |text| matches!(text, "in" | ";" | "}" | "=" | "fn"));
        let Some(found) = found.filter(|found| outline.at(*found) == "in") else { return };
        let Some(open) = block_from(outline, found + 1) else { return };
        self.blocks.push(open);
        self.regions.push(Region {
            origin: Origin::For,
            pattern: (token + 1, found),
            scope: (open, outline.partner[open]),
            ty: None,
            value: Some((found + 1, open)),
            conditional: false,
        });
    }

    fn read_match(&mut self, outline: &Outline<'_>, token: usize) {
        let Some(open) = block_from(outline, token + 1) else { return };
        self.blocks.push(open);
        let close = outline.partner[open];
        let value = Some((token + 1, open));
        let mut at = open + 1;
        while at < close {
            at = outline.skip_prefix(at);
            let Some(end) = outline.find((at, close), false, |text| matches!(text, "=>" | "if")) else { return };
            let Some(arrow) = outline.find((end, close), false, |text| text == "=>") else { return };
            let next = arm_end(outline, arrow).min(close);
            if outline.at(arrow + 1) == "{" {
                self.blocks.push(arrow + 1);
            }
            self.regions.push(Region {
                origin: Origin::Match,
                pattern: (at, end),
                scope: (end, next),
                ty: None,
                value,
                conditional: false,
            });
            at = next.max(at + 1);
            if outline.at(at) == "," {
                at += 1;
            }
        }
    }

    fn read_matches(&mut self, outline: &Outline<'_>, open: usize) {
        let close = outline.partner[open];
        let Some(comma) = outline.find((open + 1, close), false, |text| text == ",") else { return };
        let end = outline.find((comma + 1, close), false, |text| text == "if").unwrap_or(close);
        let value = Some((open + 1, comma));
        self.regions.push(Region {
            origin: Origin::Match,
            pattern: (comma + 1, end),
            scope: (end, close),
            ty: None,
            value,
            conditional: false,
        });
    }

    fn read_closure(&mut self, outline: &Outline<'_>, token: usize) {
        let Some(close) = closing_pipe(outline, token) else { return };
        let mut body = close + 1;
        if outline.at(body) == "->" {
            let length = outline.source.code.len();
            body = outline.find((body, length), true, |text| matches!(text, "{" | ";")).unwrap_or(body);
            self.blocks.push(body);
        }
        let block_end = outline.partner[body] + 1;
        let end = match outline.at(body) {
            // `|x| { … }(x)` calls what the block gives.
            "{" if !matches!(outline.at(block_end), "(" | "." | "?") => block_end,
            _ => expression_end(outline, body),
        };
        self.params(outline, (token + 1, close), (close, end), Origin::Closure);
    }
}

/// Whether a token of a region's pattern binds its name there.
pub fn binds(outline: &Outline<'_>, region: &Region, token: usize) -> bool {
    let source = &outline.source;
    let around = outline.around[token];
    let alone = matches!(region.origin, Origin::Let | Origin::Param) && token + 1 == region.pattern.1;
    let key = source.after(token) == ":" && around != usize::MAX && around >= region.pattern.0;
    !key && !matches!(source.before(token), "::" | "." | "$")
        && !matches!(source.after(token), "::" | "(" | "{" | "!")
        && (alone || !source.at(token).starts_with(|first: char| first.is_uppercase()))
}

/// Whether a `|` opens the parameters of a closure: only where an expression can start.
fn starts_closure(outline: &Outline<'_>, token: usize) -> bool {
    let before = token.wrapping_sub(1);
    // An attribute may stand before the closure.
    let attribute = outline.at(before) == "]" && outline.source.before(outline.partner[before]) == "#";
    let starts = attribute
        || matches!(
            outline.source.before(token),
            "(" | ","
                | "="
                | "{"
                | ";"
                | "=>"
                | "move"
                | "return"
                | "["
                | "&&"
                | "||"
                | ":"
                | "else"
                | "in"
                | "break"
                | "&"
                | "mut"
                | "async"
        );
    starts && closing_pipe(outline, token).is_some_and(|close| outline.at(close + 1) != "=>")
}

fn closing_pipe(outline: &Outline<'_>, token: usize) -> Option<usize> {
    let found = outline.find((token + 1, outline.source.code.len()), false, |text| {
        matches!(text, "|" | ";" | ")" | "]" | "}" | "=>")
    })?;
    (outline.at(found) == "|").then_some(found)
}

/// The end of the expression at `from`: a comma, semicolon or closing bracket that is not its own.
pub fn expression_end(outline: &Outline<'_>, from: usize) -> usize {
    let length = outline.source.code.len();
    let mut token = from;
    while token < length {
        token = match outline.at(token) {
            "," | ";" | ")" | "]" | "}" | "=>" => return token,
            "(" | "[" | "{" => outline.partner[token].max(token) + 1,
            "<" if outline.source.before(token) == "::" => outline.skip_angles(token).max(token + 1),
            "|" if token == from || starts_closure(outline, token) => closing_pipe(outline, token).unwrap_or(token) + 1,
            _ => token + 1,
        };
    }
    length
}

/// The end of the match arm whose arrow is given, before its comma.
fn arm_end(outline: &Outline<'_>, arrow: usize) -> usize {
    let body = arrow + 1;
    let mut end = match outline.at(body) {
        "{" => return outline.partner[body] + 1,
        "match" | "while" | "for" | "loop" | "unsafe" | "if" => match block_from(outline, body + 1) {
            Some(open) => outline.partner[open] + 1,
            None => return expression_end(outline, body),
        },
        _ => return expression_end(outline, body),
    };
    while outline.at(end) == "else" {
        match block_from(outline, end + 1) {
            Some(open) => end = outline.partner[open] + 1,
            None => break,
        }
    }
    if matches!(outline.at(end), "." | "?" | "," | ")" | "}") { expression_end(outline, end) } else { end }
}

/// The block that follows a condition or scrutinee starting at `from`.
pub fn block_from(outline: &Outline<'_>, from: usize) -> Option<usize> {
    block_or_arrow(outline, from).filter(|found| outline.at(*found) == "{")
}

fn block_or_arrow(outline: &Outline<'_>, from: usize) -> Option<usize> {
    let mut token = from;
    // Blocks that belong to the condition itself: `match x {…}`, `if … {…} else {…}`, `unsafe {…}`.
    let mut own = 0_usize;
    while token < outline.source.code.len() {
        match outline.at(token) {
            "{" if own > 0
                || (token > from && matches!(outline.source.before(token), "unsafe" | "else" | "move" | "async")) =>
            {
                own = own.saturating_sub(1);
                token = outline.partner[token];
            }
            "{" | "=>" => return Some(token),
            // A pattern may have braces of its own.
            "let" => {
                token = outline.find((token + 1, outline.source.code.len()), false, |text| matches!(text, "=" | ";"))?
            }
            "(" | "[" => token = outline.partner[token].max(token),
            "match" | "loop" if token > from => own += 1,
            "if" if token > from && outline.source.before(token) != "else" => own += 1,
            ";" | "}" | ")" | "]" => return None,
            _ => {}
        }
        token += 1;
    }
    None
}

/// The end of the expression matched by a `let` in a condition.
fn scrutinee_end(outline: &Outline<'_>, from: usize) -> Option<usize> {
    let mut token = from;
    let mut own = 0_usize;
    while token < outline.source.code.len() {
        match outline.at(token) {
            "{" if own > 0 || matches!(outline.source.before(token), "unsafe" | "else" | "move" | "async") => {
                own = own.saturating_sub(1);
                token = outline.partner[token];
            }
            "&&" if token > from => return Some(token),
            "||" | "{" | "=>" => return Some(token),
            "(" | "[" => token = outline.partner[token].max(token),
            "match" | "loop" | "if" => own += 1,
            ";" | "}" | ")" | "]" => return None,
            _ => {}
        }
        token += 1;
    }
    None
}
