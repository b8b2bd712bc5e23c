//! The kinds of noise, each as models make it.

use pilotlight::edit::HunkLine;

use super::change::{Case, Piece, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    None,
    /// Fewer lines of context, down to none.
    LessContext,
    /// The whole hunk is indented more than the file.
    Deeper,
    /// The whole hunk is indented less than the file.
    Shallower,
    /// Four spaces of indentation are a tab.
    Tabs,
    TrailingBlanks,
    NoBreakSpaces,
    /// Quotes and dashes as typographers write them.
    Typography,
    /// Context without the space in front of it.
    ForgottenMarks,
    /// A context line as some other version has it.
    StaleContext,
    /// A context line twice.
    RepeatedContext,
    /// The hunk's old lines stand elsewhere in the file, too.
    TwiceInFile,
    /// The line above that opens the block, as an anchor.
    Anchor,
    /// An anchor that is not in the file.
    UnknownAnchor,
    /// A line number that is not the hunk's, and numbers of lines that are not.
    WrongNumbers,
    /// CRLF in the patch.
    CarriageReturns,
    /// A fence, words around it, no first line.
    Wrapping,
    /// Blank context lines that are not there.
    BlankLines,
}

impl Kind {
    pub const ALL: [Kind; 18] = [
        Kind::None,
        Kind::LessContext,
        Kind::Deeper,
        Kind::Shallower,
        Kind::Tabs,
        Kind::TrailingBlanks,
        Kind::NoBreakSpaces,
        Kind::Typography,
        Kind::ForgottenMarks,
        Kind::StaleContext,
        Kind::RepeatedContext,
        Kind::TwiceInFile,
        Kind::Anchor,
        Kind::UnknownAnchor,
        Kind::WrongNumbers,
        Kind::CarriageReturns,
        Kind::Wrapping,
        Kind::BlankLines,
    ];

    /// Adds this noise to one of the hunks, or to the file; `false` if it changes nothing there.
    pub fn add_to(self, case: &mut Case, rng: &mut fastrand::Rng) -> bool {
        let chosen = rng.usize(..case.hunks.len());
        let piece = &mut case.hunks[chosen];
        match self {
            // These are made when the patch is written.
            Kind::None | Kind::ForgottenMarks | Kind::CarriageReturns | Kind::Wrapping => true,
            Kind::Deeper => shows_indent(piece) && each(piece, |text| deeper(text, rng_indent(chosen))),
            Kind::Shallower => shallower(piece),
            Kind::Tabs => tabs(piece),
            Kind::TrailingBlanks => each_old(piece, |text| format!("{text}  ")),
            Kind::NoBreakSpaces => characters(piece, &['\u{a0}'], rng, inner_spaces),
            Kind::Typography => characters(piece, &['”', '’', '–'], rng, |text| {
                text.replace('"', "”").replace('\'', "’").replace(" - ", " – ")
            }),
            Kind::LessContext => less_context(piece, rng.usize(..2)),
            Kind::StaleContext => with_context(case, chosen, rng, |lines, at| lines[at] = stale(&lines[at])),
            Kind::RepeatedContext => with_context(case, chosen, rng, |lines, at| lines.insert(at, lines[at].clone())),
            Kind::BlankLines => {
                with_context(case, chosen, rng, |lines, at| lines.insert(at, HunkLine::Context(String::new())))
            }
            Kind::TwiceInFile => twice(case, chosen, rng),
            Kind::Anchor => anchor(case, chosen),
            Kind::UnknownAnchor => {
                piece.anchor = Some("fn no_such_function_in_the_file(self)".into());
                true
            }
            Kind::WrongNumbers => {
                piece.line_hint = rng.usize(1..=case.file.len() + 100);
                piece.miscount = rng.isize(-3..=3);
                // The number of a line where the same stands would mean that line.
                !case.file[piece.line_hint.min(case.file.len()) - 1..].starts_with(&owned(piece))
            }
        }
    }
}

fn owned(piece: &Piece) -> Vec<String> {
    piece.old_lines().into_iter().map(str::to_owned).collect()
}

fn rng_indent(chosen: usize) -> usize {
    [2, 4, 8][chosen % 3]
}

/// Applies `change` to every line; `false` if that changed none.
fn each(piece: &mut Piece, change: impl Fn(&str) -> String) -> bool {
    let mut changed = false;
    for line in &mut piece.lines {
        let (HunkLine::Context(text) | HunkLine::Remove(text) | HunkLine::Add(text)) = line;
        let new = change(text);
        changed |= new != *text;
        *text = new;
    }
    changed
}

/// The same for the model's copy of the file: what it adds is what it wants.
fn each_old(piece: &mut Piece, change: impl Fn(&str) -> String) -> bool {
    let mut changed = false;
    for line in &mut piece.lines {
        if let HunkLine::Context(text) | HunkLine::Remove(text) = line {
            let new = change(text);
            changed |= new != *text;
            *text = new;
        }
    }
    changed
}

/// Writes other characters in the model's copy of the file, and at times in what it adds; `false` also if they are in the
/// hunk already, so that nobody could tell which are meant.
fn characters(piece: &mut Piece, new: &[char], rng: &mut fastrand::Rng, change: impl Fn(&str) -> String) -> bool {
    let are_meant = piece.lines.iter().any(|line| text(line).contains(new));
    let before = piece.clone();
    if are_meant || !each_old(piece, &change) {
        return false;
    }
    // What the old lines do not show is not noise but what the model wants.
    let shown = |c: &char| piece.old_lines().iter().any(|line| line.contains(*c));
    let is_shown = |text: &str| text.chars().filter(|c| new.contains(c)).all(|c| shown(&c));
    let added = before.lines.iter().filter(|line| matches!(line, HunkLine::Add(_)));
    if rng.bool() && added.clone().all(|line| is_shown(&change(text(line)))) {
        *piece = before;
        each(piece, change);
    }
    true
}

/// Whether an indentation can be seen to be another at all.
fn shows_indent(piece: &Piece) -> bool {
    piece.old_lines().iter().any(|line| !line.trim().is_empty())
}

fn deeper(text: &str, by: usize) -> String {
    if text.trim().is_empty() { text.to_owned() } else { " ".repeat(by) + text }
}

fn shallower(piece: &mut Piece) -> bool {
    let mut least = usize::MAX;
    for line in &piece.lines {
        let (HunkLine::Context(text) | HunkLine::Remove(text) | HunkLine::Add(text)) = line;
        if !text.trim().is_empty() {
            least = least.min(text.len() - text.trim_start_matches(' ').len());
        }
    }
    shows_indent(piece) && each(piece, |text| text.get(least..).unwrap_or_default().to_owned())
}

fn tabs(piece: &mut Piece) -> bool {
    let has_tabs = piece.lines.iter().any(|line| {
        let (HunkLine::Context(text) | HunkLine::Remove(text) | HunkLine::Add(text)) = line;
        text.contains('\t')
    });
    let shows = piece.old_lines().iter().any(|line| line.starts_with("    ") && !line.trim().is_empty());
    let tabbed = |text: &str| {
        let spaces = text.len() - text.trim_start_matches(' ').len();
        "\t".repeat(spaces / 4) + &text[spaces / 4 * 4..]
    };
    shows && !has_tabs && each(piece, tabbed)
}

fn inner_spaces(text: &str) -> String {
    let content = text.trim_start();
    text[..text.len() - content.len()].to_owned() + &content.replace(' ', "\u{a0}")
}

fn less_context(piece: &mut Piece, keep: usize) -> bool {
    let is_context = |line: &&HunkLine| matches!(line, HunkLine::Context(_));
    let before = piece.lines.iter().take_while(is_context).count().saturating_sub(keep);
    let after = piece.lines.iter().rev().take_while(is_context).count().saturating_sub(keep);
    piece.lines.truncate(piece.lines.len() - after);
    piece.lines.drain(..before);
    piece.start += before;
    piece.line_hint += before;
    before + after > 0
}

/// Changes one context line; `false` if the hunk's old lines then stand there all the same, which is another meaning.
fn with_context(
    case: &mut Case,
    chosen: usize,
    rng: &mut fastrand::Rng,
    change: impl Fn(&mut Vec<HunkLine>, usize),
) -> bool {
    let piece = &mut case.hunks[chosen];
    let context = |at: &usize| matches!(piece.lines[*at], HunkLine::Context(_));
    let context: Vec<usize> = (0..piece.lines.len()).filter(context).collect();
    let Some(&at) = context.get(rng.usize(..context.len().max(1))) else { return false };
    change(&mut piece.lines, at);
    let there = &case.file[piece.start..];
    let old = piece.old_lines();
    old.len() > there.len() || old.iter().zip(there).any(|(old, file)| old.trim() != file.trim())
}

fn stale(line: &HunkLine) -> HunkLine {
    match line {
        HunkLine::Context(text) if text.trim().is_empty() => HunkLine::Context("    let previous = ();".into()),
        HunkLine::Context(text) => HunkLine::Context(format!("{text} // as it was")),
        other => other.clone(),
    }
}

/// The nearest line above the hunk that is indented less than its first line.
fn anchor(case: &mut Case, chosen: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let piece = &case.hunks[chosen];
    let Some(first) = piece.old_lines().into_iter().find(|line| !line.trim().is_empty()).map(indent) else {
        return false;
    };
    let opens = |line: &&String| indent(line) < first && line.contains(char::is_alphabetic);
    let Some(above) = case.file[..piece.start].iter().rposition(|line| opens(&line)) else { return false };
    // With the same lines in between, the anchor would say those.
    let old = piece.old_lines();
    let is_first = !case.file[above..].windows(old.len()).take(piece.start - above).any(|window| window == old);
    case.hunks[chosen].anchor = Some(case.file[above].trim().to_owned());
    is_first
}

fn twice(case: &mut Case, chosen: usize, rng: &mut fastrand::Rng) -> bool {
    let span = case.meant[chosen].span();
    let copy = case.file[span].to_vec();
    let at = rng.usize(..=case.file.len());
    if copy.is_empty() || case.meant.iter().any(|piece| (piece.span().start + 1..piece.span().end).contains(&at)) {
        return false;
    }
    case.insert(at, copy);
    true
}
