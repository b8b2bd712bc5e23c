//! Why hunks were refused, said so that the model can do better at once.
//!
//! A rejection names the hunk, the reason, and up to three places with real lines of the file. It shows nothing but
//! lines of the file the hunk was meant for.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use super::anchor;

/// Places shown in a rejection.
const MAX_CANDIDATES: usize = 3;
/// Lines shown of each place.
const MAX_LINES: usize = 5;
/// Lines shown above a place that is one of several alike: they are what differs.
const LINES_ABOVE: usize = 2;
/// Characters shown of each line.
const MAX_CHARS: usize = 160;
/// A line that is more frequent does not help to find the closest place.
const MAX_PLACES: usize = 50;

/// The first hunk of a file that could not be placed. Its text is meant for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Which hunk of the file, from 1.
    pub hunk: usize,
    /// What kind of failure it is.
    pub reason: Reason,
    /// What exactly is wrong and what to do, as a clause about the hunk ("it …", "its …").
    pub detail: String,
    /// Places it could have meant, at most three: all that fit when ambiguous, the closest when not found.
    pub candidates: Vec<Candidate>,
    /// The hunks of the file that would have applied, from 1.
    pub applicable: Vec<usize>,
}

/// The kind of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No place fits.
    NotFound,
    /// Several places fit equally well.
    Ambiguous,
    /// The hunk says too little or contradicts itself.
    Malformed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NotFound => "not found",
            Reason::Ambiguous => "ambiguous",
            Reason::Malformed => "malformed",
        })
    }
}

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The line it begins on, from 1.
    pub line: usize,
    /// A few lines of the file: from there on, or around it where that is what tells it from others.
    pub text: String,
    /// The head of the block the place is in: what an `@@` line could say.
    pub within: Option<String>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hunk {} is {}: {}.", self.hunk, self.reason, self.detail)?;
        for candidate in &self.candidates {
            let label = if self.reason == Reason::NotFound { "Closest lines of the file, from" } else { "Possible at" };
            write!(f, "\n{label} line {}", candidate.line)?;
            if let Some(head) = &candidate.within {
                write!(f, ", below `{head}`")?;
            }
            f.write_str(":")?;
            for line in candidate.text.lines() {
                write!(f, "\n|{line}")?;
            }
        }
        f.write_str("\nNothing was changed.")?;
        match &self.applicable[..] {
            [] => Ok(()),
            [one] => write!(f, " Hunk {one} would have applied."),
            several => write!(f, " Hunks {} would have applied.", ranges(several)),
        }
    }
}

/// Rising numbers as `1-3, 5`.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).filter_map(|run| Some((run.first()?, run.last()?)));
    let text = |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    runs.map(text).collect::<Vec<_>>().join(", ")
}

impl std::error::Error for Rejection {}

/// Why one hunk has no place, before it is known how the others fare.
pub(super) struct Miss {
    pub reason: Reason,
    pub detail: String,
    /// Lines of the file to show.
    pub spots: Vec<Range<usize>>,
}

impl Miss {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Miss {
        Miss { reason, detail: detail.into(), spots: Vec::new() }
    }

    pub(super) fn into_rejection(self, hunk: usize, lines: &[&str]) -> Rejection {
        let above = if self.reason == Reason::Ambiguous { LINES_ABOVE } else { 0 };
        let candidates = self.spots.iter().take(MAX_CANDIDATES).map(|spot| Candidate::at(lines, spot, above)).collect();
        Rejection { hunk, reason: self.reason, detail: self.detail, candidates, applicable: Vec::new() }
    }
}

impl Candidate {
    fn at(lines: &[&str], spot: &Range<usize>, above: usize) -> Candidate {
        let from = spot.start.saturating_sub(above);
        let shown = &lines[from..spot.end.min(from + MAX_LINES)];
        let text = shown.iter().map(|line| cut(line)).collect::<Vec<_>>().join("\n");
        Candidate {
            line: spot.start + 1,
            text,
            within: anchor::head(lines, spot.start).map(|head| cut(head).to_owned()),
        }
    }
}

/// The line, if need be without its end.
pub(super) fn cut(line: &str) -> &str {
    line.char_indices().nth(MAX_CHARS).map_or(line, |(end, _)| &line[..end])
}

/// The places most like `wanted`, which is nowhere in `lines` as a whole, the best first.
pub(super) fn closest<'p>(
    lines: &[&str],
    wanted: &[&str],
    places_of: impl Fn(&str) -> &'p [usize],
    cursor: usize,
) -> Vec<Range<usize>> {
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (offset, line) in wanted.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let places = Some(places_of(line)).filter(|places| places.len() <= MAX_PLACES).unwrap_or_default();
        for start in places.iter().filter_map(|at| at.checked_sub(offset)) {
            *votes.entry(start).or_default() += 1;
        }
    }
    let mut ranked: Vec<(usize, usize)> = votes.into_iter().collect();
    ranked.sort_unstable_by_key(|&(start, votes)| (std::cmp::Reverse(votes), start < cursor, start));
    let mut starts: Vec<usize> = Vec::new();
    for (start, _) in ranked {
        // One inserted or missing line gives two starts for what is one place.
        if starts.iter().all(|&other| start.abs_diff(other) >= wanted.len()) {
            starts.push(start);
        }
        if starts.len() == MAX_CANDIDATES {
            break;
        }
    }
    if starts.is_empty() {
        return like_longest(lines, wanted);
    }
    starts.into_iter().map(|start| around_difference(lines, wanted, start)).collect()
}

/// The lines to show of a place that begins like `wanted`: from just before the first difference.
fn around_difference(lines: &[&str], wanted: &[&str], start: usize) -> Range<usize> {
    let same = |&(file, hunk): &(&&str, &&str)| file.trim() == hunk.trim();
    let equal = lines[start..].iter().zip(wanted).take_while(same).count();
    let from = (start + equal.saturating_sub(1)).min(lines.len() - 1);
    from..(from + MAX_LINES).min(lines.len())
}

/// The lines that share the most words with the longest wanted line, if they share at least half of them.
fn like_longest(lines: &[&str], wanted: &[&str]) -> Vec<Range<usize>> {
    let longest = wanted.iter().max_by_key(|line| line.trim().len()).copied().unwrap_or_default();
    let target = words(longest);
    let mut ranked: Vec<(usize, usize)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = words(line);
        let shared = line.intersection(&target).count();
        if shared > 0 && shared * 2 >= target.len().max(line.len()) {
            ranked.push((at, shared));
        }
    }
    ranked.sort_by_key(|&(_, shared)| std::cmp::Reverse(shared));
    ranked.iter().take(MAX_CANDIDATES).map(|&(at, _)| at..at + 1).collect()
}

fn words(line: &str) -> HashSet<&str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}
