//! The ledger: per file, the exact text the model knows.
//!
//! Two texts are kept. `known` is what the model believes: what it was sent, its own patches included. `told` is the
//! user's text as of the last time the model was told; the two differ while a patch has not landed. Applied in order
//! to what was sent before, the changes told give exactly the editor's text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::frame;
use super::unified::{self, Change};
use crate::workspace::{ModelText, RelPath};

/// How much of a file the model has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Some of it, or only changes.
    Part,
    /// All of it, at one version.
    Whole,
}

/// What the model was shown of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Changes only, or what it wrote itself.
    Changes,
    /// Lines `first` to `last`, counted from 1, of `of`.
    Lines {
        /// The first.
        first: usize,
        /// The last.
        last: usize,
        /// How many the file has.
        of: usize,
    },
    /// All of it.
    Whole,
}

/// One file as the model knows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the model believes.
    pub known: ModelText,
    /// The user's text when the model was last told.
    pub told: ModelText,
    /// How much of it was seen.
    pub extent: Extent,
    /// The lines that were shown of `known`, in order and apart, unless it was shown whole.
    shown: Vec<(usize, usize)>,
    /// The lines of `known` that the model asked for and was given in this lineage, range by range.
    given: Vec<(usize, usize)>,
    /// When it was last used; larger is later.
    used: u64,
}

/// What the model knows, by path.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: BTreeMap<RelPath, Entry>,
    clock: u64,
}

impl Ledger {
    /// What is known of a file.
    pub fn get(&self, path: &RelPath) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Everything known, by path.
    pub fn entries(&self) -> impl Iterator<Item = (&RelPath, &Entry)> {
        self.entries.iter()
    }

    /// The model was shown its own working copy of the file, which began as `base`. What was known whole stays so.
    pub fn saw(&mut self, path: &RelPath, working: &ModelText, base: &ModelText, sight: Sight) {
        let before = self.entries.get(path);
        let (mut shown, given) = match before {
            Some(entry) if entry.known.same(working) => (entry.shown.clone(), entry.given.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let complete = match sight {
            Sight::Whole => {
                shown.clear();
                true
            }
            Sight::Lines { first, last, of } => {
                add_lines(&mut shown, first, last);
                shown == [(1, of)]
            }
            Sight::Changes => false,
        };
        let extent = if complete { Extent::Whole } else { before.map_or(Extent::Part, |entry| entry.extent) };
        self.put(path, working.clone(), base.clone(), extent);
        if let Some(entry) = self.entries.get_mut(path) {
            (entry.shown, entry.given) = (shown, given);
        }
    }

    /// The model asked for these lines, and was given them.
    pub fn gave(&mut self, path: &RelPath, lines: (usize, usize)) {
        if let Some(entry) = self.entries.get_mut(path)
            && !entry.given.contains(&lines)
        {
            entry.given.push(lines);
        }
    }

    /// Whether the model was given exactly these lines of this text before, and still has them.
    pub fn has_given(&self, path: &RelPath, text: &ModelText, lines: (usize, usize)) -> bool {
        self.get(path).is_some_and(|entry| entry.given.contains(&lines) && entry.known.same(text))
    }

    /// A patch of the model was taken: it believes the file to be so. A file it created it knows whole.
    pub fn patched(&mut self, path: &RelPath, text: &ModelText, base: Option<&ModelText>) {
        let extent = match (self.entries.get(path), base) {
            (Some(entry), _) => entry.extent,
            (None, Some(_)) => Extent::Part,
            (None, None) => Extent::Whole,
        };
        let told = base.cloned().unwrap_or_default();
        self.put(path, text.clone(), told, extent);
    }

    /// The file is gone, or no longer the model's to know.
    pub fn forget(&mut self, path: &RelPath) {
        self.entries.remove(path);
    }

    /// Forgets every file that `may_be_known` says no to.
    pub fn retain(&mut self, may_be_known: impl Fn(&RelPath) -> bool) {
        self.entries.retain(|path, _| may_be_known(path));
    }

    /// The model was told that a file changed, but not how: what it saw of it counts no longer.
    pub fn unlearn(&mut self, path: &RelPath) {
        if let Some(entry) = self.entries.get_mut(path) {
            entry.extent = Extent::Part;
            entry.shown.clear();
        }
    }

    /// Nothing the model believes beyond the user's text counts any more: a new lineage begins from the truth.
    pub fn drop_beliefs(&mut self) {
        for entry in self.entries.values_mut() {
            entry.known = entry.told.clone();
            entry.shown.clear();
            entry.given.clear();
        }
    }

    /// Whole files by recency within `budget` bytes, as frames for a new lineage. What does not fit is known in part
    /// from now on.
    pub fn retell(&mut self, snapshot: &Ledger, budget: usize) -> Vec<String> {
        let mut whole: Vec<_> = snapshot.entries.iter().filter(|(_, entry)| entry.extent == Extent::Whole).collect();
        whole.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.used));
        let mut frames = Vec::new();
        let mut left = budget;
        for (path, entry) in whole {
            if entry.known.len_bytes() <= left {
                left -= entry.known.len_bytes();
                frames.push(frame::file(path.as_str(), &entry.known.to_string()));
            } else if let Some(entry) = self.entries.get_mut(path) {
                entry.extent = Extent::Part;
            }
        }
        // The most recent stand last, nearest to what comes next.
        frames.reverse();
        self.forget_parts(snapshot);
        frames
    }

    /// The parts shown so far were of the lineage that ended, save those of files that are told whole in the new one.
    fn forget_parts(&mut self, told: &Ledger) {
        for (path, entry) in &mut self.entries {
            entry.given.clear();
            let retold = told.get(path).is_some_and(|entry| entry.extent == Extent::Whole);
            if !retold && !entry.shown.is_empty() {
                entry.extent = Extent::Part;
                entry.shown.clear();
            }
        }
    }

    fn put(&mut self, path: &RelPath, known: ModelText, told: ModelText, extent: Extent) {
        self.clock += 1;
        let entry = Entry { known, told, extent, shown: Vec::new(), given: Vec::new(), used: self.clock };
        self.entries.insert(path.clone(), entry);
    }
}

/// Adds a range of lines to ranges that stand in order and apart.
fn add_lines(shown: &mut Vec<(usize, usize)>, first: usize, last: usize) {
    shown.push((first, last));
    shown.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(shown.len());
    for (first, last) in shown.drain(..) {
        match merged.last_mut() {
            Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    *shown = merged;
}

/// One file that is no longer what the model knows (or, for an unknown file, what it was when it was opened).
#[derive(Clone, Debug)]
pub struct Shift {
    /// The file.
    pub path: RelPath,
    /// What the model knows; `None` for a file it does not know to exist.
    pub old: Option<ModelText>,
    /// What the file is now; `None` when it is gone.
    pub new: Option<ModelText>,
    /// Only a diff tells the model what the user did: it has not seen the old text, or sees it in this very request.
    pub as_diff: bool,
}

/// Shifts in words for the model.
#[derive(Debug, Default)]
pub struct Telling {
    /// Diffs, and whole files where that is shorter.
    pub text: String,
    /// What was too much to tell: a line a file, with counts.
    pub list: String,
    /// Files told whole.
    pub whole: Vec<RelPath>,
    /// Files only listed: the model no longer knows them.
    pub listed: Vec<RelPath>,
}

/// Tells shifts within `budget` bytes. A diff that is no shorter than the text is replaced by the text, unless the model
/// could not tell from it what the user did; what does not fit is listed with counts.
pub fn tell(shifts: &[Shift], budget: usize) -> Telling {
    let mut telling = Telling::default();
    for shift in shifts {
        let (text, whole) = tell_one(shift);
        if telling.text.len() + text.len() > budget && shift.new.is_some() {
            let _ = writeln!(telling.list, "{}: {}", shift.path, counts(shift));
            telling.listed.push(shift.path.clone());
            continue;
        }
        telling.text.push_str(&text);
        if whole {
            telling.whole.push(shift.path.clone());
        }
    }
    telling
}

/// One shift, and whether it was told as a whole text.
fn tell_one(shift: &Shift) -> (String, bool) {
    let path = shift.path.as_str();
    let Some(new) = &shift.new else {
        // Headers say all of it, whatever was in the file.
        let old = shift.old.as_ref().map(|_| "");
        return (unified::render(&Change { old_path: path, new_path: path, old, new: None }), false);
    };
    let text = new.to_string();
    let framed = || format!("{}\n", frame::file(path, &text));
    let Some(old) = &shift.old else { return (framed(), true) };
    let diff = unified::render_edit(path, old, new);
    // What cannot be verified is not sent.
    let exact = unified::apply(&old.to_string(), &diff).is_ok_and(|applied| applied == text);
    let is_shorter = || diff.len() < text.len() || diff.len() < framed().len();
    if exact && (shift.as_diff || is_shorter()) { (diff, false) } else { (framed(), true) }
}

fn counts(shift: &Shift) -> String {
    let lines = |text: &Option<ModelText>| text.as_ref().map_or(0, ModelText::line_count);
    let bytes = shift.new.as_ref().map_or(0, ModelText::len_bytes);
    format!("{} lines, were {}; {bytes} bytes", lines(&shift.new), lines(&shift.old))
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

    fn shift(old: Option<&str>, new: Option<&str>) -> Shift {
        Shift { path: path("a.rs"), old: old.map(text), new: new.map(text), as_diff: false }
    }

    #[test]
    fn a_small_change_is_a_diff_and_a_rewrite_is_the_text() {
        let long: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let edited = long.replace("line 50\n", "line fifty\n");
        let telling = tell(&[shift(Some(&long), Some(&edited))], 10_000);
        assert!(telling.text.starts_with("--- a/a.rs\n+++ b/a.rs\n@@ -48,7 +48,7 @@\n"), "{}", telling.text);
        assert!(telling.whole.is_empty());
        let telling = tell(&[shift(Some(&long), Some("new\n"))], 10_000);
        assert_eq!(telling.text, "<file path=\"a.rs\" bytes=\"4\">\nnew\n\n</file>\n");
        assert_eq!(telling.whole, [path("a.rs")]);
    }

    #[test]
    fn an_edit_of_an_unseen_file_is_a_diff_however_small_the_file() {
        let seen = shift(Some("a\n"), Some("b\n"));
        assert!(tell(std::slice::from_ref(&seen), 100).text.starts_with("<file"));
        let unseen = Shift { as_diff: true, ..seen };
        assert_eq!(tell(&[unseen], 100).text, "--- a/a.rs\n+++ b/a.rs\n@@ -1,1 +1,1 @@\n-a\n+b\n");
    }

    #[test]
    fn what_is_too_much_is_listed_and_a_deletion_always_told() {
        let telling = tell(&[shift(None, Some("x\ny\n"))], 3);
        assert!(telling.list.contains("a.rs: 2 lines, were 0; 4 bytes"), "{}", telling.list);
        assert_eq!(telling.listed, [path("a.rs")]);
        assert_eq!(tell(&[shift(Some("x"), None)], 3).text, "--- a/a.rs\n+++ /dev/null\n");
    }

    fn whole(ledger: &mut Ledger, name: &str, words: &str) {
        ledger.saw(&path(name), &text(words), &text(words), Sight::Whole);
    }

    #[test]
    fn a_file_read_in_parts_is_known_once_all_of_one_version_was_shown() {
        let (old, new) = (text("1\n2\n3\n4\n"), text("1\n2\n3\nfour\n"));
        let lines = |first, last| Sight::Lines { first, last, of: 4 };
        let extent = |sights: &[(&ModelText, Sight)]| {
            let mut ledger = Ledger::default();
            for (text, sight) in sights {
                ledger.saw(&path("a.rs"), text, text, *sight);
            }
            ledger.get(&path("a.rs")).map(|entry| entry.extent)
        };
        assert_eq!(extent(&[(&old, lines(1, 2)), (&old, lines(4, 4))]), Some(Extent::Part), "3 is missing");
        assert_eq!(extent(&[(&old, lines(3, 4)), (&old, lines(1, 1)), (&old, lines(1, 2))]), Some(Extent::Whole));
        assert_eq!(extent(&[(&old, lines(1, 2)), (&new, lines(3, 4))]), Some(Extent::Part), "of two versions");
        assert_eq!(extent(&[(&old, lines(1, 4)), (&new, Sight::Changes)]), Some(Extent::Whole), "changes are told");
    }

    #[test]
    fn what_was_given_counts_until_the_text_or_the_lineage_changes() {
        let (mut ledger, one) = (Ledger::default(), text("1\n2\n"));
        whole(&mut ledger, "a.rs", "1\n2\n");
        assert!(!ledger.has_given(&path("a.rs"), &one, (1, 2)), "nobody asked for it");
        ledger.gave(&path("a.rs"), (1, 2));
        ledger.saw(&path("a.rs"), &one, &one, Sight::Changes);
        assert!(ledger.has_given(&path("a.rs"), &one, (1, 2)));
        assert!(!ledger.has_given(&path("a.rs"), &one, (1, 1)));
        let mut new = ledger.clone();
        new.retell(&ledger, 1000);
        assert!(!new.has_given(&path("a.rs"), &one, (1, 2)), "another lineage");
        ledger.saw(&path("a.rs"), &text("1\n3\n"), &one, Sight::Changes);
        ledger.saw(&path("a.rs"), &one, &one, Sight::Changes);
        assert!(!ledger.has_given(&path("a.rs"), &one, (1, 2)), "another text since");
    }

    #[test]
    fn parts_of_a_lineage_that_ended_do_not_count() {
        let (mut ledger, one) = (Ledger::default(), text("1\n2\n"));
        ledger.saw(&path("a.rs"), &one, &one, Sight::Lines { first: 1, last: 1, of: 2 });
        let before = ledger.clone();
        ledger.saw(&path("a.rs"), &one, &one, Sight::Lines { first: 2, last: 2, of: 2 });
        assert!(ledger.retell(&before, 1000).is_empty());
        assert_eq!(ledger.get(&path("a.rs")).map(|entry| entry.extent), Some(Extent::Part));
    }

    #[test]
    fn a_file_once_known_whole_stays_so_until_it_does_not_fit() {
        let mut ledger = Ledger::default();
        whole(&mut ledger, "a.rs", "one");
        ledger.saw(&path("a.rs"), &text("two"), &text("two"), Sight::Changes);
        whole(&mut ledger, "b.rs", "three");
        let snapshot = ledger.clone();
        assert_eq!(ledger.retell(&snapshot, 5), ["<file path=\"b.rs\" bytes=\"5\">\nthree\n</file>"]);
        assert_eq!(ledger.get(&path("a.rs")).map(|entry| entry.extent), Some(Extent::Part));
    }

    #[test]
    fn beliefs_go_and_the_users_text_stays() {
        let mut ledger = Ledger::default();
        whole(&mut ledger, "a.rs", "mine");
        ledger.patched(&path("a.rs"), &text("theirs"), Some(&text("mine")));
        ledger.drop_beliefs();
        assert_eq!(ledger.get(&path("a.rs")).map(|entry| entry.known.to_string()), Some("mine".into()));
    }
}
