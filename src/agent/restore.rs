//! From the text a model wrote back to one with the user's secrets in it.
//!
//! A model sees a mark in place of each secret. A mark may stay where it is, or go with what is around it; it is never
//! written, copied or moved, since what it stands for would have to be guessed: a wrong guess destroys a secret or puts
//! it where it does not belong.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::edit::{LineHunk, line_hunks};
use crate::workspace::secrets::{self, Hidden, Mark};

/// Of more marks of one kind in lines that changed together, it is not tried to tell which is which.
const MAX_BESIDE: usize = 200;

/// Characters of a line that are looked at on each side of a mark.
const MAX_CONTEXT: usize = 300;

/// Why a text cannot be had with the secrets in it: a clause to put after the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// A mark where no secret was.
    #[error(
        "a mark such as [secret:…] stands for a secret; it cannot be written, copied or moved, only left or deleted"
    )]
    Written,
    /// Several secrets of one kind, of which some stay.
    #[error("it is not clear which of several secrets side by side would stay")]
    Unclear,
    /// What the name or the words around it said of a secret would be gone.
    #[error("a secret would no longer be recognised as one")]
    Exposed,
}

/// Whether a new text may be written as it is.
///
/// # Errors
/// It holds a mark.
pub fn may_write(text: &str) -> Result<(), Misplaced> {
    if secrets::marks(text).is_empty() { Ok(()) } else { Err(Misplaced::Written) }
}

/// `target`, a changed form of what the model sees of `now`, with each mark replaced by what it stands for.
///
/// Hiding the secrets of the result gives what hiding those of `target` gives.
///
/// # Errors
/// [`Misplaced`]; the change is not to be made.
pub fn restore(now: &Hidden<'_>, target: &str) -> Result<String, Misplaced> {
    let written = secrets::marks(target);
    if now.marks().is_empty() && written.is_empty() {
        return Ok(target.to_owned());
    }
    let change = Change { now, lines: now.text().split_inclusive('\n').collect(), target, written };
    let mut restored = String::with_capacity(target.len());
    let mut copied = 0;
    for hunk in line_hunks(now.text(), target) {
        restored.push_str(now.revealed(copied..hunk.old.bytes.start));
        copied = hunk.old.bytes.end;
        change.restore_lines(&hunk, &mut restored)?;
    }
    restored.push_str(now.revealed(copied..now.text().len()));
    match secrets::hide(&restored).text() == secrets::hide(target).text() {
        true => Ok(restored),
        false => Err(Misplaced::Exposed),
    }
}

/// Both sides of a change.
struct Change<'a> {
    now: &'a Hidden<'a>,
    /// The lines of what is seen of `now`.
    lines: Vec<&'a str>,
    target: &'a str,
    /// The marks in `target`.
    written: Vec<Range<usize>>,
}

impl<'a> Change<'a> {
    /// Writes the new lines of a hunk.
    fn restore_lines(&self, hunk: &LineHunk, restored: &mut String) -> Result<(), Misplaced> {
        let mut kinds: BTreeMap<&str, (Vec<&Mark>, Vec<&Range<usize>>)> = BTreeMap::new();
        for mark in within(&self.written, |mark| mark.start, &hunk.new.bytes) {
            kinds.entry(&self.target[mark.clone()]).or_default().1.push(mark);
        }
        for mark in within(self.now.marks(), |mark| mark.at.start, &hunk.old.bytes) {
            kinds.entry(&self.now.text()[mark.at.clone()]).or_default().0.push(mark);
        }
        let mut stays = Vec::new();
        for (old, new) in kinds.values() {
            if new.len() < old.len() && self.could_be_elsewhere(hunk) {
                return Err(Misplaced::Unclear);
            }
            stays.extend(new.iter().zip(self.pair(old, new)?));
        }
        stays.sort_by_key(|(mark, _)| mark.start);
        let mut copied = hunk.new.bytes.start;
        for (mark, secret) in stays {
            restored.push_str(&self.target[copied..mark.start]);
            restored.push_str(self.now.behind(secret));
            copied = mark.end;
        }
        restored.push_str(&self.target[copied..hunk.new.bytes.end]);
        Ok(())
    }

    /// For each new mark of one kind in a hunk, the secret it stands for: in their order, and the one whose line is most
    /// like the mark's.
    fn pair(&self, old: &[&'a Mark], new: &[&Range<usize>]) -> Result<Vec<&'a Mark>, Misplaced> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        if new.len() > old.len() {
            return Err(Misplaced::Written);
        }
        if old.len() > MAX_BESIDE {
            return Err(Misplaced::Unclear);
        }
        let contexts: Vec<Context<'_>> = old.iter().map(|mark| Context::of(self.now.text(), &mark.at)).collect();
        let mut chosen = Vec::with_capacity(new.len());
        for (turn, mark) in new.iter().enumerate() {
            let own = Context::of(self.target, mark);
            let likeness: Vec<usize> = contexts.iter().map(|context| own.likeness(context)).collect();
            let most = likeness.iter().max();
            let mut best = (0..old.len()).filter(|at| likeness.get(*at) == most);
            let choice = match old.len() == new.len() {
                // All stay: in order, unless the lines say otherwise.
                true => best.find(|at| *at == turn).ok_or(Misplaced::Written)?,
                false => match (best.next(), best.next()) {
                    (Some(only), None) => only,
                    _ => return Err(Misplaced::Unclear),
                },
            };
            chosen.push(choice);
        }
        match chosen.is_sorted_by(|one, next| one < next) {
            true => Ok(chosen.into_iter().map(|at| old[at]).collect()),
            false => Err(Misplaced::Written),
        }
    }

    /// Whether the hunk could as well be some lines higher or lower and then take away another secret: lines with marks
    /// of one kind may read the same.
    fn could_be_elsewhere(&self, hunk: &LineHunk) -> bool {
        let Range { start, end } = hunk.old.lines;
        let [before, taken, after] = [&self.lines[..start], &self.lines[start..end], &self.lines[end..]];
        let is_marked = |line: &&str| !secrets::marks(line).is_empty();
        let lower = self.lines[start..].iter().zip(after).take_while(|(first, after)| first == after);
        let higher =
            self.lines[..end].iter().rev().zip(before.iter().rev()).take_while(|(last, before)| last == before);
        let beside = [before.last(), after.first()];
        lower.chain(higher).any(|(line, _)| is_marked(line))
            || taken.iter().any(|line| is_marked(line) && beside.contains(&Some(line)))
    }
}

/// Those that begin within a range.
fn within<'m, M>(marks: &'m [M], start: fn(&M) -> usize, range: &Range<usize>) -> &'m [M] {
    let first = marks.partition_point(|mark| start(mark) < range.start);
    let past = marks.partition_point(|mark| start(mark) < range.end);
    &marks[first..past]
}

/// What stands on the line of a mark.
struct Context<'t> {
    left: &'t str,
    right: &'t str,
}

impl<'t> Context<'t> {
    fn of(text: &'t str, mark: &Range<usize>) -> Context<'t> {
        let is_inside = |c: &char| *c != '\n';
        let before = text[..mark.start].chars().rev().take(MAX_CONTEXT).take_while(is_inside);
        let after = text[mark.end..].chars().take(MAX_CONTEXT).take_while(is_inside);
        let start = mark.start - before.map(char::len_utf8).sum::<usize>();
        let end = mark.end + after.map(char::len_utf8).sum::<usize>();
        Context { left: &text[start..mark.start], right: &text[mark.end..end] }
    }

    /// How much two contexts share at their ends.
    fn likeness(&self, other: &Context<'_>) -> usize {
        shared(self.left, other.left) + shared(self.right, other.right)
    }
}

/// The words and signs that two texts have in common at both ends, in bytes; blanks aside.
fn shared(one: &str, other: &str) -> usize {
    let (one, other) = (words(one), words(other));
    let same = |(one, other): &(&&str, &&str)| one == other;
    let prefix: Vec<_> = one.iter().zip(&other).take_while(same).collect();
    let (one, other) = (&one[prefix.len()..], &other[prefix.len()..]);
    let suffix = one.iter().rev().zip(other.iter().rev()).take_while(same);
    prefix.into_iter().chain(suffix).map(|(word, _)| word.len()).sum()
}

/// Names and numbers as wholes, other characters one by one.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let pieces = text.split_inclusive(|c: char| !is_word(c)).flat_map(|piece| {
        let end = piece.trim_end_matches(|c: char| !is_word(c)).len();
        [&piece[..end], &piece[end..]]
    });
    pieces.filter(|piece| !piece.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests;
