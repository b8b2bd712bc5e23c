//! What became of a case, and what a careful human could have made of it.

use pilotlight::edit::{FilePatch, apply_hunks, patch};

use super::change::{Case, Piece};
use super::form::Form;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The text that was meant.
    Right,
    /// Refused, and nobody could have placed it.
    Refused,
    /// Refused, though a careful human could have placed it.
    Missed,
    /// Refused with an error that helps nobody.
    Unusable,
    /// Another text.
    Wrong,
    /// Literally a patch of another place: no noise, but another meaning.
    Ambivalent,
}

/// Applies the patch and judges what comes out.
pub fn judge(case: &Case, form: Form, text: &str) -> Verdict {
    match apply(&case.text_after(0), text) {
        Ok(result) if result == case.text_after(case.meant.len()) => Verdict::Right,
        _ if is_elsewhere(case, form) => Verdict::Ambivalent,
        Ok(_) => Verdict::Wrong,
        Err(reason) if !is_usable(&reason) => Verdict::Unusable,
        Err(_) if is_placeable(case, form) => Verdict::Missed,
        Err(_) => Verdict::Refused,
    }
}

fn apply(file: &str, text: &str) -> Result<String, String> {
    let found = patch::find(text).ok_or("no patch was found on line 1")?;
    found.map_err(|error| error.to_string())?.iter().try_fold(file.to_owned(), |text, patch| match patch {
        FilePatch::Update { move_to: None, hunks, .. } => apply_hunks(&text, hunks).map_err(|error| error.to_string()),
        other => Err(format!("it became {other:?}")),
    })
}

/// Whether an error quotes or counts a line, so that the next attempt can be better.
fn is_usable(reason: &str) -> bool {
    reason.contains('`') || (reason.contains("line ") && reason.contains(char::is_numeric))
}

fn is_placeable(case: &Case, form: Form) -> bool {
    (0..case.hunks.len()).all(|number| {
        let (lines, from, home) = span(case, form, number);
        let places = places(&lines, &case.hunks[number], plain);
        places.iter().copied().filter(|&place| place >= from).collect::<Vec<_>>() == [home]
    })
}

/// Whether the old lines of some hunk are literally those of another place, and not of their own.
fn is_elsewhere(case: &Case, form: Form) -> bool {
    (0..case.hunks.len()).any(|number| {
        let (lines, from, home) = span(case, form, number);
        let places = places(&lines, &case.hunks[number], |line| line.trim_end().to_owned());
        !places.contains(&home) && places.iter().any(|&place| place >= from)
    })
}

/// The lines in which a hunk is to be found, from which one on, and where it belongs.
fn span(case: &Case, form: Form, number: usize) -> (Vec<String>, usize, usize) {
    let piece = &case.hunks[number];
    if form.is_ordered() {
        let after = case.meant[..number].last().map_or(0, Piece::end_of_change);
        let anchor = piece
            .anchor
            .as_ref()
            .and_then(|anchor| case.file[..piece.start].iter().rposition(|line| line.trim() == anchor.trim()));
        return (case.file.clone(), after.max(anchor.unwrap_or(0)), piece.start);
    }
    // Blocks are applied one after the other to the whole file.
    let lines: Vec<String> = case.text_after(number).lines().map(str::to_owned).collect();
    let home = lines.len() + piece.start - case.file.len();
    (lines, 0, home)
}

fn places(lines: &[String], piece: &Piece, form: impl Fn(&str) -> String) -> Vec<usize> {
    let lines: Vec<String> = lines.iter().map(|line| form(line)).collect();
    let old: Vec<String> = piece.old_lines().into_iter().map(form).collect();
    if old.is_empty() {
        return Vec::new();
    }
    lines.windows(old.len()).enumerate().filter(|(_, window)| **window == old[..]).map(|(at, _)| at).collect()
}

/// A line as one reads it.
fn plain(line: &str) -> String {
    let folded = line.chars().map(|c| match c {
        '\u{a0}' => ' ',
        '’' | '‘' => '\'',
        '”' | '“' => '"',
        '–' | '—' => '-',
        other => other,
    });
    folded.collect::<String>().trim().to_owned()
}
