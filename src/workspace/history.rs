//! The last few changes of a document, so that one that comes late can still take its place.
//!
//! Editors are to send changes in order, yet Helix 25.01 hands each to a task of its own and sends version 7 before 6
//! when the machine is busy. Every change is made for the text before it, so the late one is put where it belongs and
//! what followed it is applied again; nothing typed is lost.

use std::collections::VecDeque;

use ropey::Rope;

use super::document::Change;

/// Changes kept; the memory is that of what was typed, the texts share theirs.
const KEPT: usize = 32;
/// A change with more text than this is a paste or a full text; it is not kept, nor is what came before it.
const MAX_CHANGE_BYTES: usize = 64 << 10;
/// After so many changes a version that is still missing was never sent: this editor leaves some out.
const COMES_WITHIN: usize = 8;

/// A document's text at one version.
#[derive(Clone)]
pub(super) struct State {
    pub version: i32,
    pub rope: Rope,
    pub desynced: bool,
}

/// One change, and the text it was made for.
#[derive(Clone)]
pub(super) struct Step {
    pub before: State,
    pub version: i32,
    pub changes: Vec<Change>,
}

/// Recent steps, by version.
#[derive(Clone, Default)]
pub(super) struct History {
    steps: VecDeque<Step>,
    /// This editor leaves versions out as a habit, so a missing one means nothing.
    leaps: bool,
}

impl History {
    /// Notes a step that follows all others.
    pub fn push(&mut self, step: Step) {
        if step.changes.iter().map(|change| change.text.len()).sum::<usize>() > MAX_CHANGE_BYTES {
            self.steps.clear();
            return;
        }
        self.steps.push_back(step);
        let old = self.steps.len().saturating_sub(COMES_WITHIN);
        self.leaps |= self.steps.iter().take(old).any(is_after_gap);
        if self.steps.len() > KEPT {
            self.steps.pop_front();
        }
    }

    /// The steps that a change of this version has to come before, taken out. None if it is not late but wrong: its
    /// version was there already, or is older than what is kept.
    pub fn take_after(&mut self, version: i32) -> Option<VecDeque<Step>> {
        let index = self.steps.iter().position(|step| step.version >= version)?;
        let first = &self.steps[index];
        let fits = first.version > version && first.before.version < version && !first.before.desynced;
        fits.then(|| self.steps.split_off(index))
    }

    /// A version is missing that may still come.
    pub fn has_gap(&self) -> bool {
        !self.leaps && self.steps.iter().any(is_after_gap)
    }

    /// Forgets everything: the text was replaced.
    pub fn clear(&mut self) {
        self.steps.clear();
    }
}

fn is_after_gap(step: &Step) -> bool {
    step.version > step.before.version.saturating_add(1)
}
