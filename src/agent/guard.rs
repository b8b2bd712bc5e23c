//! The loop guard: ends a turn that repeats itself (contract 1.7).

use std::collections::HashMap;

use crate::workspace::RelPath;

/// How often the same call may get the same answer, and how often patches of one file may be refused in a row.
const LIMIT: u32 = 3;

/// Watches the calls of one turn.
#[derive(Debug, Default)]
pub struct LoopGuard {
    seen: HashMap<(String, String, String), u32>,
    refused: HashMap<RelPath, u32>,
}

impl LoopGuard {
    /// Notes a call and its answer; returns why the turn must end, if it must.
    pub fn note(&mut self, name: &str, arguments: &str, answer: &str) -> Option<String> {
        let times = self.seen.entry((name.to_owned(), arguments.to_owned(), answer.to_owned())).or_default();
        *times += 1;
        (*times >= LIMIT).then(|| format!("the model called {name} {LIMIT} times with the same arguments and answer"))
    }

    /// Notes whether a patch of these files was taken; returns why the turn must end, if it must.
    pub fn note_patch(&mut self, files: &[RelPath], taken: bool) -> Option<String> {
        for file in files {
            if taken {
                self.refused.remove(file);
                continue;
            }
            let times = self.refused.entry(file.clone()).or_default();
            *times += 1;
            if *times >= LIMIT {
                return Some(format!("{LIMIT} patches in a row for {file} did not fit"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equal_calls_end_the_turn_and_different_answers_do_not() {
        let mut guard = LoopGuard::default();
        for n in 0..5 {
            assert_eq!(guard.note("read_file", "{}", &n.to_string()), None);
        }
        assert_eq!(guard.note("search", "{}", "No matches."), None);
        assert_eq!(guard.note("search", "{}", "No matches."), None);
        assert!(guard.note("search", "{}", "No matches.").is_some());
    }

    #[test]
    fn a_taken_patch_clears_the_count() {
        let mut guard = LoopGuard::default();
        let file = [RelPath::parse("a.rs").unwrap()];
        assert_eq!(guard.note_patch(&file, false), None);
        assert_eq!(guard.note_patch(&file, false), None);
        assert_eq!(guard.note_patch(&file, true), None);
        assert_eq!(guard.note_patch(&file, false), None);
        assert_eq!(guard.note_patch(&file, false), None);
        assert!(guard.note_patch(&file, false).is_some());
    }
}
