//! The turn's working copy: what the model made of the files it changed or read, and the user's text it came from.
//!
//! While a turn runs, the user goes on typing. What they type is merged into the model's version; where the two touch,
//! the user's text wins and the model is told (contract 1.7).

use std::collections::BTreeMap;

use crate::edit::{Merged, merge};
use crate::workspace::{ModelText, Overlay, RelPath};

use super::proposal::FileChange;

/// One file of the working copy. `None` is a file that does not exist on that side.
#[derive(Clone, Debug)]
struct Copy {
    /// The user's text this came from.
    base: Option<ModelText>,
    /// The model's version.
    theirs: Option<ModelText>,
    /// The name it was moved from.
    renamed_from: Option<RelPath>,
}

impl Copy {
    fn is_changed(&self) -> bool {
        self.base != self.theirs || self.is_moved()
    }

    /// Whether it is at the end of a move; a file that was moved and then deleted is just deleted, under its old name.
    fn is_moved(&self) -> bool {
        self.renamed_from.is_some() && self.theirs.is_some()
    }
}

/// The files a turn has read or changed.
#[derive(Clone, Debug, Default)]
pub struct WorkingCopy {
    files: BTreeMap<RelPath, Copy>,
}

/// What the user's typing did to one file of the working copy.
#[derive(Debug, PartialEq)]
pub enum Absorbed {
    /// The model's version with the typing in it.
    Merged(Option<ModelText>),
    /// The two touched: the model's change is dropped, this is the user's text.
    Dropped(Option<ModelText>),
}

impl WorkingCopy {
    /// The model's version of a file, if the turn has one: `Some(None)` for a file it deleted.
    pub fn get(&self, path: &RelPath) -> Option<Option<&ModelText>> {
        self.files.get(path).map(|copy| copy.theirs.as_ref())
    }

    /// The user's text a file's version came from.
    pub fn base(&self, path: &RelPath) -> Option<&ModelText> {
        self.files.get(path)?.base.as_ref()
    }

    /// The paths of the working copy.
    pub fn paths(&self) -> impl Iterator<Item = &RelPath> {
        self.files.keys()
    }

    /// A file was read: from now on this is the text the turn works on.
    pub fn pin(&mut self, path: &RelPath, text: &ModelText) {
        let copy = Copy { base: Some(text.clone()), theirs: Some(text.clone()), renamed_from: None };
        self.files.entry(path.clone()).or_insert(copy);
    }

    /// The model wrote (or, with `None`, deleted) a file. `before` is its text for a file not pinned yet.
    pub fn write(&mut self, path: &RelPath, before: Option<ModelText>, text: Option<ModelText>) {
        match self.files.get_mut(path) {
            Some(copy) => copy.theirs = text,
            None => {
                self.files.insert(path.clone(), Copy { base: before, theirs: text, renamed_from: None });
            }
        }
    }

    /// The model moved a file; both names are written already.
    pub fn renamed(&mut self, from: &RelPath, to: &RelPath) {
        // A chain of moves is one move from the first name.
        let first = self.files.get(from).and_then(|copy| copy.renamed_from.clone()).unwrap_or_else(|| from.clone());
        if let Some(copy) = self.files.get_mut(from) {
            copy.renamed_from = None;
        }
        if let Some(copy) = self.files.get_mut(to).filter(|_| first != *to) {
            copy.renamed_from = Some(first);
        }
    }

    /// Takes in the user's text of a file as it is now. `None` when nothing changed on their side.
    pub fn absorb(&mut self, path: &RelPath, now: Option<&ModelText>) -> Option<Absorbed> {
        let copy = self.files.get_mut(path)?;
        if copy.base.as_ref() == now {
            return None;
        }
        if !copy.is_changed() {
            *copy = Copy { base: now.cloned(), theirs: now.cloned(), renamed_from: None };
            return Some(Absorbed::Merged(now.cloned()));
        }
        let merged = match (&copy.base, &copy.theirs, now) {
            (Some(base), Some(theirs), Some(now)) => {
                match merge(&base.to_string(), &theirs.to_string(), &now.to_string()) {
                    Merged::Clean(text) => Some(ModelText::from_lf(&text)),
                    Merged::Conflict(_) => None,
                }
            }
            _ => None,
        };
        copy.base = now.cloned();
        copy.theirs = merged.clone().or_else(|| now.cloned());
        match merged {
            Some(text) => Some(Absorbed::Merged(Some(text))),
            None => {
                copy.renamed_from = None;
                Some(Absorbed::Dropped(now.cloned()))
            }
        }
    }

    /// The model's versions, to be searched and listed before the workspace's own.
    pub fn overlay(&self) -> Overlay {
        let changed = self.files.iter().filter(|(_, copy)| copy.is_changed());
        changed.map(|(path, copy)| (path.clone(), copy.theirs.clone())).collect()
    }

    /// What the turn changed, by path. A move is one change, under the new name.
    pub fn changes(&self) -> Vec<FileChange> {
        let at_end = self.files.values().filter(|copy| copy.is_moved());
        let moved: Vec<&RelPath> = at_end.filter_map(|copy| copy.renamed_from.as_ref()).collect();
        let is_moved_away = |path: &RelPath, copy: &Copy| copy.theirs.is_none() && moved.contains(&path);
        let changed = self.files.iter().filter(|(path, copy)| copy.is_changed() && !is_moved_away(path, copy));
        let change = |(path, copy): (&RelPath, &Copy)| FileChange {
            path: path.clone(),
            renamed_from: copy.renamed_from.clone(),
            base: match &copy.renamed_from {
                Some(from) => self.base(from).cloned(),
                None => copy.base.clone(),
            },
            theirs: copy.theirs.clone(),
        };
        changed.map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn text(text: &str) -> ModelText {
        ModelText::from_lf(text)
    }

    #[test]
    fn typing_beside_the_models_change_is_merged() {
        let mut copy = WorkingCopy::default();
        copy.pin(&path("a"), &text("1\n2\n3\n4\n5\n"));
        copy.write(&path("a"), None, Some(text("one\n2\n3\n4\n5\n")));
        assert_eq!(copy.absorb(&path("a"), Some(&text("1\n2\n3\n4\n5\n"))), None);
        let absorbed = copy.absorb(&path("a"), Some(&text("1\n2\n3\n4\nfive\n")));
        assert_eq!(absorbed, Some(Absorbed::Merged(Some(text("one\n2\n3\n4\nfive\n")))));
        assert_eq!(copy.changes()[0].base, Some(text("1\n2\n3\n4\nfive\n")));
    }

    #[test]
    fn where_they_touch_the_user_wins() {
        let mut copy = WorkingCopy::default();
        copy.pin(&path("a"), &text("1\n2\n"));
        copy.write(&path("a"), None, Some(text("one\n2\n")));
        let absorbed = copy.absorb(&path("a"), Some(&text("uno\n2\n")));
        assert_eq!(absorbed, Some(Absorbed::Dropped(Some(text("uno\n2\n")))));
        assert!(copy.changes().is_empty());
    }

    #[test]
    fn a_move_is_one_change_from_the_first_name() {
        let mut copy = WorkingCopy::default();
        for (from, to) in [("a", "b"), ("b", "c")] {
            let before = copy.get(&path(from)).map_or(Some(text("x")), |text| text.cloned());
            copy.write(&path(from), before.clone(), None);
            copy.write(&path(to), None, before);
            copy.renamed(&path(from), &path(to));
        }
        let changes = copy.changes();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!((changes[0].path.as_str(), changes[0].renamed_from.as_ref()), ("c", Some(&path("a"))));
        assert_eq!((&changes[0].base, &changes[0].theirs), (&Some(text("x")), &Some(text("x"))));
    }
}
