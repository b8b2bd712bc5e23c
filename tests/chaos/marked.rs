//! Texts in which every line carries marks of its own, so that what was lost or doubled can be told by counting.

use std::collections::BTreeSet;

/// Makes marks, each once.
#[derive(Debug, Default)]
pub struct Marks(u32);

impl Marks {
    /// Some words with a mark that was never used before.
    pub fn fresh(&mut self, words: &str) -> String {
        self.0 += 1;
        format!("{words} ⟦{}⟧", self.0)
    }
}

/// The marks of a text, in order.
pub fn marks(text: &str) -> Vec<u32> {
    let ends = text.split('⟦').skip(1).filter_map(|rest| rest.split_once('⟧'));
    ends.map(|(mark, _)| mark.parse().unwrap()).collect()
}

/// What a file has to hold after an edit of the model: `seen` is what the model was told last, `believed` what it made
/// of it, `now` what the user has. Nothing is a file that is not there.
pub struct Merge<'a> {
    pub seen: Option<&'a str>,
    pub believed: Option<&'a str>,
    pub now: Option<&'a str>,
}

impl Merge<'_> {
    /// Whether the user changed the file since the model was told.
    pub fn is_contested(&self) -> bool {
        self.seen.map(lines) != self.now.map(lines)
    }

    /// What is wrong with `merged`, if anything: each mark of the user and of the model is in it once and in its order,
    /// unless one of them took it away.
    pub fn flaw(&self, merged: Option<&str>) -> Option<String> {
        let of = |text: Option<&str>| text.map(marks).unwrap_or_default();
        let (seen, believed, now, merged) = (of(self.seen), of(self.believed), of(self.now), of(merged));
        let without = |all: &[u32], some: &[u32]| -> Vec<u32> {
            all.iter().copied().filter(|mark| !some.contains(mark)).collect()
        };
        let removed = without(&seen, &believed);
        let mut expected = without(&now, &removed);
        expected.extend(without(&believed, &seen));
        let mut found = merged.clone();
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            let (lost, strange) = (without(&expected, &found), without(&found, &expected));
            let doubled: BTreeSet<u32> =
                found.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
            return Some(format!("lost {lost:?}, doubled {doubled:?}, not to be there {strange:?}"));
        }
        let in_order = |of: &[u32]| {
            of.iter().filter(|mark| merged.contains(mark)).eq(merged.iter().filter(|mark| of.contains(mark)))
        };
        (!in_order(&now) || !in_order(&believed)).then(|| format!("{merged:?} is out of order"))
    }
}

/// The lines without their ends.
fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}
