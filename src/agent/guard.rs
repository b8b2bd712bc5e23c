//! The loop guard: ends a turn that repeats itself (contract 1.7).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::workspace::RelPath;

/// How often the same call may get the same answer, and how often patches of one file may be refused in a row.
const LIMIT: u32 = 3;

/// Watches the calls of one turn. Of calls and answers it keeps fingerprints: texts may be long, and rounds many.
#[derive(Debug, Default)]
pub struct LoopGuard {
    fingerprints: RandomState,
    /// How often each call got each answer.
    seen: HashMap<(u64, u64), u32>,
    /// What each call was answered last.
    last: HashMap<u64, u64>,
    refused: HashMap<RelPath, u32>,
}

impl LoopGuard {
    /// Notes a call and its answer, none if it was only referred to; returns why the turn must end, if it must.
    pub fn note(&mut self, name: &str, arguments: &str, answer: Option<&str>) -> Option<String> {
        let call = self.fingerprints.hash_one((name, arguments));
        let answer = match answer {
            Some(answer) => self.fingerprints.hash_one(answer),
            None => self.last.get(&call).copied().unwrap_or_default(),
        };
        self.last.insert(call, answer);
        let times = self.seen.entry((call, answer)).or_default();
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
            assert_eq!(guard.note("read_file", "{}", Some(&n.to_string())), None);
        }
        assert_eq!(guard.note("search", "{}", Some("No matches.")), None);
        assert_eq!(guard.note("search", "{}", Some("No matches.")), None);
        assert!(guard.note("search", "{}", Some("No matches.")).is_some());
    }

    #[test]
    fn an_answer_that_is_referred_to_counts_like_the_answer() {
        let mut guard = LoopGuard::default();
        assert_eq!(guard.note("read_file", "{}", Some("text")), None);
        assert_eq!(guard.note("read_file", "{}", None), None);
        assert!(guard.note("read_file", "{}", None).is_some());
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
