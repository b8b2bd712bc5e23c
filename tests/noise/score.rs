//! The score, by kind of noise and by form.

use std::collections::BTreeMap;
use std::fmt;

use super::form::Form;
use super::kind::Kind;
use super::oracle::Verdict;

#[derive(Default)]
pub struct Score {
    /// How often each verdict fell, by the first kind of noise and by form.
    tally: BTreeMap<(Option<Kind>, Option<Form>), BTreeMap<Verdict, usize>>,
    total: BTreeMap<Verdict, usize>,
    /// The first case of each verdict.
    examples: BTreeMap<Verdict, String>,
}

impl Score {
    pub fn add(&mut self, kinds: &[Kind], form: Form, verdict: Verdict, example: impl Fn() -> String) {
        let both = kinds.len() > 1;
        for row in [((!both).then(|| kinds[0]), None), (None, Some(form))] {
            *self.tally.entry(row).or_default().entry(verdict).or_default() += 1;
        }
        *self.total.entry(verdict).or_default() += 1;
        self.examples.entry(verdict).or_insert_with(|| format!("{kinds:?} {}", example()));
    }

    pub fn cases(&self) -> usize {
        self.total.values().sum()
    }

    pub fn wrong(&self) -> usize {
        count(&self.total, Verdict::Wrong)
    }

    pub fn unusable(&self) -> usize {
        count(&self.total, Verdict::Unusable)
    }

    /// The share of cases that say nothing.
    pub fn ambivalent(&self) -> f64 {
        count(&self.total, Verdict::Ambivalent) as f64 / self.cases() as f64
    }

    /// The share of right applications among those that were right or should have been.
    pub fn placed(&self) -> f64 {
        placed(&self.total)
    }

    pub fn example(&self, verdict: Verdict) -> &str {
        self.examples.get(&verdict).map_or("", String::as_str)
    }
}

fn count(counts: &BTreeMap<Verdict, usize>, verdict: Verdict) -> usize {
    counts.get(&verdict).copied().unwrap_or_default()
}

fn placed(counts: &BTreeMap<Verdict, usize>) -> f64 {
    let (right, missed) = (count(counts, Verdict::Right), count(counts, Verdict::Missed));
    right as f64 / (right + missed).max(1) as f64
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, counts: &BTreeMap<Verdict, usize>| {
            write!(f, "{name:>16}")?;
            for verdict in [Verdict::Right, Verdict::Missed, Verdict::Refused, Verdict::Ambivalent, Verdict::Wrong] {
                write!(f, "{:>11}", count(counts, verdict))?;
            }
            writeln!(f, "{:>9.2} %", 100.0 * placed(counts))
        };
        writeln!(
            f,
            "{:>16}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}",
            "", "right", "missed", "refused", "ambivalent", "wrong", "placed"
        )?;
        for ((kind, form), counts) in &self.tally {
            let name = match (kind, form) {
                (Some(kind), _) => format!("{kind:?}"),
                (None, Some(form)) => format!("in {form:?}"),
                (None, None) => "two kinds".into(),
            };
            row(f, &name, counts)?;
        }
        row(f, "all", &self.total)
    }
}
