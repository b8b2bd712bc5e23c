//! Replacements that keep parts of what they replace, so that one can stand inside another.
//!
//! A call whose arguments change places may hold another such call, or a name that is renamed, in one of them.

use super::patch::Edit;

/// A part of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// New text.
    Text(String),
    /// Bytes of the text as it was, with the replacements inside them made.
    Kept(usize, usize),
}

/// A replacement of a byte range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// First byte replaced.
    pub start: usize,
    /// Behind the last byte replaced.
    pub end: usize,
    /// What stands there instead.
    pub pieces: Vec<Piece>,
}

/// All replacements as plain edits that are sorted and disjoint. Of two that overlap, neither inside the other, the first
/// is made.
pub fn flatten(text: &str, edits: Vec<Edit>, rewrites: Vec<Rewrite>) -> Vec<Edit> {
    let plain = edits.into_iter().map(|edit| Rewrite {
        start: edit.start,
        end: edit.end,
        pieces: vec![Piece::Text(edit.text)],
    });
    let mut all: Vec<Rewrite> = plain.chain(rewrites).collect();
    all.sort_by_key(|rewrite| (rewrite.start, usize::MAX - rewrite.end));
    let edits = edits_in(text, &all, (0, text.len()));
    edits.into_iter().filter_map(|edit| trimmed(text, edit)).collect()
}

fn edits_in(text: &str, sorted: &[Rewrite], (from, to): (usize, usize)) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = from;
    for (index, rewrite) in sorted.iter().enumerate() {
        if rewrite.start < at || rewrite.end > to {
            continue;
        }
        let inner = &sorted[index + 1..];
        let pieces = rewrite.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Kept(start, end) => kept(text, inner, (*start, *end)),
        });
        edits.push(Edit { start: rewrite.start, end: rewrite.end, text: pieces.collect() });
        at = rewrite.end;
    }
    edits
}

fn kept(text: &str, sorted: &[Rewrite], (start, end): (usize, usize)) -> String {
    let mut new = String::new();
    let mut at = start;
    for edit in edits_in(text, sorted, (start, end)) {
        new.push_str(text.get(at..edit.start).unwrap_or(""));
        new.push_str(&edit.text);
        at = edit.end;
    }
    new.push_str(text.get(at..end).unwrap_or(""));
    new
}

/// The edit without what it replaces by itself at its ends; nothing if that is all of it.
fn trimmed(text: &str, edit: Edit) -> Option<Edit> {
    let old = text.get(edit.start..edit.end)?;
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let front: usize = old.chars().zip(edit.text.chars()).take_while(same).map(|(char, _)| char.len_utf8()).sum();
    let (old, new) = (&old[front..], &edit.text[front..]);
    let back = old.chars().rev().zip(new.chars().rev()).take_while(same);
    let back: usize = back.map(|(char, _)| char.len_utf8()).sum();
    let new = &new[..new.len() - back];
    let edit = Edit { start: edit.start + front, end: edit.end - back, text: new.to_owned() };
    (edit.start < edit.end || !edit.text.is_empty()).then_some(edit)
}

#[cfg(test)]
mod tests {
    use super::super::patch::edited;
    use super::*;

    #[test]
    fn a_rewrite_inside_another_is_made_too() {
        let text = "f(a, f(b, c))";
        let swap = |start, end, first: (usize, usize), second: (usize, usize)| Rewrite {
            start,
            end,
            pieces: vec![Piece::Kept(second.0, second.1), Piece::Text(", ".into()), Piece::Kept(first.0, first.1)],
        };
        let rewrites = vec![swap(2, 12, (2, 3), (5, 12)), swap(7, 11, (7, 8), (10, 11))];
        let rename = Edit { start: 10, end: 11, text: "see".into() };
        assert_eq!(edited(text, &flatten(text, vec![rename], rewrites)), "f(f(see, b), a)");
    }

    #[test]
    fn what_stays_the_same_is_no_edit() {
        let keep = Rewrite { start: 1, end: 4, pieces: vec![Piece::Kept(1, 4)] };
        assert_eq!(flatten("(a, b)", vec![], vec![keep]), []);
        let edit = Edit { start: 0, end: 6, text: "(a, c)".into() };
        assert_eq!(flatten("(a, b)", vec![edit], vec![]), [Edit { start: 4, end: 5, text: "c".into() }]);
    }
}
