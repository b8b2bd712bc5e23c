//! What holds for the file sections of a patch together, whatever form it was written in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{FilePatch, MAX_FILES, MAX_HUNKS, PatchError, Problem};

pub(super) struct Section {
    /// Line of the header, from 1.
    pub line: usize,
    pub patch: FilePatch,
}

/// The sections as a patch, if there are not too many and none contradicts another.
pub(super) fn finish(sections: Vec<Section>) -> Result<Vec<FilePatch>, PatchError> {
    check_number(&sections)?;
    check_clashes(&sections)?;
    Ok(sections.into_iter().map(|section| section.patch).collect())
}

fn check_number(sections: &[Section]) -> Result<(), PatchError> {
    if let Some(section) = sections.get(MAX_FILES) {
        return Err(PatchError { line: section.line, problem: Problem::TooManyFiles });
    }
    let mut number = 0;
    for Section { line, patch } in sections {
        if let FilePatch::Update { hunks, .. } = patch {
            number += hunks.len();
        }
        if number > MAX_HUNKS {
            return Err(PatchError { line: *line, problem: Problem::TooManyHunks });
        }
    }
    Ok(())
}

/// Refuses patches whose meaning depends on the order in which contradicting sections are taken.
fn check_clashes(sections: &[Section]) -> Result<(), PatchError> {
    let mut seen: HashMap<&str, (usize, bool)> = HashMap::new();
    for Section { line, patch } in sections {
        let (target, repeatable) = match patch {
            FilePatch::Update { move_to, .. } => (move_to.as_deref(), move_to.is_none()),
            FilePatch::Add { .. } | FilePatch::Delete { .. } => (None, false),
        };
        for path in [Some(patch.path()), target].into_iter().flatten() {
            match seen.entry(path) {
                Entry::Vacant(entry) => {
                    entry.insert((*line, repeatable));
                }
                Entry::Occupied(entry) => {
                    let (first, first_repeatable) = *entry.get();
                    if !(repeatable && first_repeatable) {
                        let problem = Problem::Clash { path: path.to_owned(), first };
                        return Err(PatchError { line: *line, problem });
                    }
                }
            }
        }
    }
    Ok(())
}
