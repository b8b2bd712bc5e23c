//! Any bytes as a patch: read or refused, written and read again the same, applied to a text or refused; never a panic.
//!
//! An input is a patch; behind a line `=====` follows the text it is for.

use pilotlight::delta::unified;
use pilotlight::edit::{FilePatch, Hunk, HunkLine, apply_hunks, patch, to_model};

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (patch, text) = input.split_once("\n=====\n").unwrap_or((&input, "a\nb\nc\n"));
    let text = &*to_model(text);
    // A diff applies exactly or not at all; here only that it comes to an end.
    let _ = unified::apply(text, patch);
    let Ok(sections) = patch::parse(patch) else { return };
    assert_eq!(patch::parse(&patch::render(&sections)).as_ref(), Ok(&sections), "written and read again");
    for section in &sections {
        if let FilePatch::Update { hunks, .. } = section {
            apply(text, hunks);
        }
    }
}

fn apply(text: &str, hunks: &[Hunk]) {
    match apply_hunks(text, hunks) {
        Ok(new) => {
            let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
            let (added, removed): (Vec<_>, Vec<_>) = lines
                .filter(|line| !matches!(line, HunkLine::Context(_)))
                .partition(|line| matches!(line, HunkLine::Add(_)));
            let expected = line_count(text) + added.len() - removed.len();
            assert_eq!(line_count(&new), expected, "lines of {new:?}");
        }
        Err(rejection) => {
            assert!((1..=hunks.len()).contains(&rejection.hunk), "{rejection}");
            assert!(rejection.candidates.len() <= 3, "{rejection}");
        }
    }
}

fn line_count(text: &str) -> usize {
    text.split_terminator('\n').count()
}
