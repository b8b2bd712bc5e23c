//! Finding the one place in a text where a hunk belongs.
//!
//! The passes go from literal to lenient: exact, trailing blanks ignored, the space before context forgotten, one uniform
//! indentation shift; then the same with typographic characters folded. A pass counts only when all earlier ones found
//! nothing, and every pass needs exactly one place: there is no scoring and no edit distance, because a wrong place costs
//! the user more than a refusal.
//!
//! All passes are made in one search: lines are compared by their canonical form first, then each place is graded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::anchor::{self, Anchors, Scope};
use super::canonical::canonical;
use super::fit::{Fit, fit};
use super::indent::Shift;
use super::patch::{Hunk, HunkLine};
use super::rejection::{self, Miss, Reason};

/// More places than this are not told apart any more: the hunk is ambiguous.
const MAX_HITS: usize = 1_000;
/// So many anchors of one patch are searched within lines; of more than that only whole lines count.
const MAX_PARTIAL_ANCHORS: usize = 200;
/// Stands for all lines of the text that no hunk mentions.
const UNMENTIONED: u32 = u32::MAX;

/// Where a hunk goes.
pub(super) struct Place<'h, 't> {
    /// The lines of the text that the hunk covers.
    pub lines: Range<usize>,
    /// The lines of the hunk that apply there.
    pub hunk: &'h [HunkLine],
    /// What the file has for lines that the hunk writes otherwise.
    own: HashMap<&'h str, &'t str>,
    /// How the added lines are to be indented, where that differs from the hunk.
    shift: Option<Shift>,
}

impl<'h> Place<'h, '_> {
    /// An added line as it is to be written. One that the hunk only moves or repeats stays as the file has it.
    pub(super) fn added(&self, line: &'h str) -> Cow<'_, str> {
        match (self.own.get(line), &self.shift) {
            (Some(own), _) => Cow::Borrowed(own),
            (None, Some(shift)) => shift.line(line).unwrap_or(Cow::Borrowed(line)),
            (None, None) => Cow::Borrowed(line),
        }
    }
}

/// A text prepared for finding the hunks of one patch in it.
pub(super) struct Locator<'t> {
    /// The lines of the text without their ends.
    pub lines: Vec<&'t str>,
    /// Per line of the text the id of its canonical form.
    ids: Vec<u32>,
    /// The ids of all canonical lines that the hunks and their anchors mention.
    known: HashMap<Cow<'t, str>, u32>,
    /// Per id the lines of the text that have it, sorted.
    places: Vec<Vec<usize>>,
    /// Where anchors stand that are only part of a line, sorted.
    partial: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Locator<'t> {
    pub(super) fn new(text: &'t str, hunks: &'t [Hunk]) -> Locator<'t> {
        let names: Vec<&str> = hunks.iter().flat_map(|hunk| Anchors::read(&hunk.anchors).names).collect();
        let mut known = HashMap::new();
        for line in hunks.iter().flat_map(Hunk::old_lines).chain(names.iter().copied()) {
            let next = known.len() as u32;
            known.entry(canonical(line)).or_insert(next);
        }
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        let mut places = vec![Vec::new(); known.len()];
        let mut ids = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            let id = known.get(canonical(line).as_ref()).copied().unwrap_or(UNMENTIONED);
            ids.push(id);
            if let Some(places) = places.get_mut(id as usize) {
                places.push(at);
            }
        }
        let mut locator = Locator { lines, ids, known, places, partial: HashMap::new() };
        for name in names {
            if locator.partial.len() == MAX_PARTIAL_ANCHORS {
                break;
            }
            if locator.places_of(name).is_empty() && !locator.partial.contains_key(name) {
                let on = (0..locator.lines.len()).filter(|&at| has_words(locator.lines[at], name)).collect();
                locator.partial.insert(name, on);
            }
        }
        locator
    }

    /// Finds `hunk` at or after line `cursor`.
    pub(super) fn locate<'h>(&self, hunk: &'h Hunk, cursor: usize) -> Result<Place<'h, 't>, Miss> {
        if hunk.lines.iter().all(|line| matches!(line, HunkLine::Context(_))) {
            let detail = "it changes nothing: no line begins with `-` or `+`";
            return Err(Miss::new(Reason::Malformed, detail));
        }
        let anchors = Anchors::read(&hunk.anchors);
        let scopes = anchor::scopes(&self.lines, &anchors.names, |name| self.places_of(name));
        let block = Block::new(self, &hunk.lines);
        if block.old.is_empty() {
            return self.insertion(hunk, scopes, cursor);
        }
        match self.find(&block, hunk.end_of_file, &scopes, anchors.line_hint, cursor) {
            Picked::One(hit) => Ok(block.place(hit, &self.lines)),
            Picked::Many(hits) => Err(self.ambiguous(&block, hits, &scopes)),
            Picked::None => self
                .without_phantom(hunk, &scopes, cursor)
                .ok_or_else(|| self.not_found(&block, hunk.end_of_file, &scopes, cursor)),
        }
    }

    fn find(
        &self,
        block: &Block<'_>,
        end_of_file: bool,
        scopes: &Result<Vec<Scope>, &str>,
        line_hint: Option<usize>,
        cursor: usize,
    ) -> Picked {
        let Some(last) = self.lines.len().checked_sub(block.old.len()) else { return Picked::None };
        let hits = self.hits(block, if end_of_file { last.max(cursor) } else { cursor }..last + 1);
        let pick = |hits| Picked::from(hits, line_hint);
        match scopes {
            Ok(scopes) if scopes.is_empty() => pick(hits),
            Ok(scopes) => {
                let end = |hit: &Hit| hit.start + block.old.len();
                let within = |hit: &Hit| scopes.iter().any(|s| hit.start < s.end && end(hit) > s.anchor);
                let below = |hit: &Hit| scopes.iter().any(|s| end(hit) > s.anchor);
                match pick(hits.iter().filter(|hit| within(hit)).cloned().collect()) {
                    Picked::None => pick(hits.into_iter().filter(below).collect()),
                    picked => picked,
                }
            }
            // The anchor is not in the file: what it was to tell apart is refused, and so is another indentation, which could
            // be that of another block.
            Err(_) => match pick(hits) {
                Picked::One(hit) if !hit.fit.pass.keeps_indent() => Picked::None,
                picked => picked,
            },
        }
    }

    /// A hunk at the end of the file whose last line stands for the empty rest after the final line end.
    fn without_phantom<'h>(
        &self,
        hunk: &'h Hunk,
        scopes: &Result<Vec<Scope>, &str>,
        cursor: usize,
    ) -> Option<Place<'h, 't>> {
        let (HunkLine::Context(last), rest) = hunk.lines.split_last()? else { return None };
        let block = Block::new(self, rest);
        if !last.trim().is_empty() || block.old.is_empty() {
            return None;
        }
        match self.find(&block, true, scopes, None, cursor) {
            Picked::One(hit) => Some(block.place(hit, &self.lines)),
            Picked::Many(_) | Picked::None => None,
        }
    }

    /// Places a hunk that has nothing but added lines.
    fn insertion<'h>(
        &self,
        hunk: &'h Hunk,
        scopes: Result<Vec<Scope>, &str>,
        cursor: usize,
    ) -> Result<Place<'h, 't>, Miss> {
        let place = |at: usize| Ok(Place { lines: at..at, hunk: &hunk.lines, own: HashMap::new(), shift: None });
        let scopes = scopes.map_err(|name| Miss::new(Reason::NotFound, missing_anchor(name)))?;
        if hunk.end_of_file || self.lines.is_empty() {
            return place(self.lines.len());
        }
        let after: Vec<usize> = scopes.iter().map(|s| s.anchor + 1).filter(|&at| at >= cursor).collect();
        match after[..] {
            [at] => place(at),
            [] if !scopes.is_empty() => {
                let detail = format!("its anchor is above line {cursor}, where the hunk before it ends; {IN_ORDER}");
                Err(Miss::new(Reason::NotFound, detail))
            }
            [] => {
                let detail = "it has only added lines, so its place is unknown; add context lines, an `@@` line with \
                              the line to insert after, or `*** End of File` below it to append";
                Err(Miss::new(Reason::Malformed, detail))
            }
            _ => {
                let detail = format!("its anchor stands on {} lines; add context lines around the change", after.len());
                let spots = after.iter().map(|&at| at - 1..at).collect();
                Err(Miss { spots, ..Miss::new(Reason::Ambiguous, detail) })
            }
        }
    }

    /// The places among `starts` that some pass takes.
    fn hits(&self, block: &Block<'_>, starts: Range<usize>) -> Vec<Hit> {
        let fit = |start| fit(block.hunk, &block.old, &self.lines[start..start + block.old.len()]);
        self.alike(block, starts).filter_map(|start| Some(Hit { start, fit: fit(start)? })).take(MAX_HITS).collect()
    }

    /// The places among `starts` where the canonical forms of all lines agree.
    fn alike(&self, block: &Block<'_>, starts: Range<usize>) -> impl Iterator<Item = usize> {
        let places = block.ids.iter().map(|&id| self.places_of_id(id)).enumerate();
        let (rarest, places) = places.min_by_key(|(_, places)| places.len()).unwrap_or_default();
        let first = places.partition_point(|&at| at < starts.start + rarest);
        let starts = places[first..].iter().map(move |&at| at - rarest).take_while(move |start| starts.contains(start));
        starts.filter(|&start| self.ids[start..].starts_with(&block.ids))
    }

    fn places_of_id(&self, id: u32) -> &[usize] {
        self.places.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// The lines of the text that are `name`, or else those that have it as words.
    fn places_of(&self, name: &str) -> &[usize] {
        let whole = self.known.get(canonical(name).as_ref()).map_or(&[][..], |&id| self.places_of_id(id));
        if whole.is_empty() { self.partial.get(name).map_or(&[], Vec::as_slice) } else { whole }
    }

    fn ambiguous(&self, block: &Block<'_>, hits: Vec<Hit>, scopes: &Result<Vec<Scope>, &str>) -> Miss {
        let mut detail = format!("its context and removed lines fit {} places", hits.len());
        if let Err(name) = scopes {
            detail += &format!(", and {}", missing_anchor(name));
        }
        detail += "; add lines around the change, or `@@` lines that name the enclosing block, until only one fits";
        let spots = hits.iter().map(|hit| hit.start..hit.start + block.old.len()).collect();
        Miss { spots, ..Miss::new(Reason::Ambiguous, detail) }
    }

    /// Says why there is no place: the lines are elsewhere, or nowhere.
    fn not_found(
        &self,
        block: &Block<'_>,
        end_of_file: bool,
        scopes: &Result<Vec<Scope>, &str>,
        cursor: usize,
    ) -> Miss {
        let starts = 0..(self.lines.len() + 1).saturating_sub(block.old.len());
        let elsewhere = self.hits(block, starts.clone());
        let spot = |start| start..start + block.old.len();
        let (detail, spots) = match (elsewhere.last(), scopes) {
            (None, _) => self.nowhere(block, self.alike(block, starts).map(spot).collect(), cursor),
            (Some(last), scopes) => {
                let detail = match scopes {
                    _ if last.start < cursor => {
                        format!("its lines are only above line {cursor}, where the hunk before it ends; {IN_ORDER}")
                    }
                    Err(name) => format!("{}, and the lines fit only loosely", missing_anchor(name)),
                    Ok(_) if end_of_file => "it says `*** End of File`, but the file goes on below these lines; leave \
                                             that marker out"
                        .to_owned(),
                    Ok(_) => "its lines are only above its `@@` line, not below it".to_owned(),
                };
                (detail, elsewhere.iter().map(|hit| spot(hit.start)).collect())
            }
        };
        Miss { spots, ..Miss::new(Reason::NotFound, detail) }
    }

    /// Why no pass takes any place: not even one of those `alike`, or there are none, and then what comes closest is shown.
    fn nowhere(&self, block: &Block<'_>, alike: Vec<Range<usize>>, cursor: usize) -> (String, Vec<Range<usize>>) {
        if !alike.is_empty() {
            let detail = "its lines are indented in another way than in the file; write them as the file has them";
            return (detail.to_owned(), alike);
        }
        let detail = match block.old.iter().find(|line| self.places_of(line).is_empty()) {
            Some(line) => format!("the file has no line `{}`", rejection::cut(line.trim())),
            None => "the file has its context and removed lines, but not together in this order".to_owned(),
        };
        (detail, rejection::closest(&self.lines, &block.old, |line| self.places_of(line), cursor))
    }
}

const IN_ORDER: &str = "hunks come in file order";

fn missing_anchor(name: &str) -> String {
    format!("its anchor `@@ {}` is not in the file", rejection::cut(name))
}

/// Whether `name` stands in `line` as whole words.
fn has_words(line: &str, name: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(name).any(|(at, _)| {
        let before = word(line[..at].chars().next_back()) && word(name.chars().next());
        let after = word(line[at + name.len()..].chars().next()) && word(name.chars().next_back());
        !before && !after
    })
}

/// What a hunk expects of the file.
struct Block<'h> {
    hunk: &'h [HunkLine],
    /// Context and removed lines.
    old: Vec<&'h str>,
    /// Their canonical forms.
    ids: Vec<u32>,
}

impl<'h> Block<'h> {
    fn new(locator: &Locator<'_>, hunk: &'h [HunkLine]) -> Block<'h> {
        let old: Vec<&str> = hunk
            .iter()
            .filter_map(|line| match line {
                HunkLine::Context(text) | HunkLine::Remove(text) => Some(text.as_str()),
                HunkLine::Add(_) => None,
            })
            .collect();
        let id = |line: &&str| locator.known.get(canonical(line).as_ref()).copied().unwrap_or(UNMENTIONED);
        let ids = old.iter().map(id).collect();
        Block { hunk, old, ids }
    }

    /// The place of a hit among these lines of the text.
    fn place<'t>(&self, hit: Hit, lines: &[&'t str]) -> Place<'h, 't> {
        let covered = hit.start..hit.start + self.old.len();
        let own =
            if hit.fit.pass.keeps_marks() { own_forms(&self.old, &lines[covered.clone()]) } else { HashMap::new() };
        Place { lines: covered, hunk: self.hunk, own, shift: hit.fit.shift }
    }
}

/// What the file has for lines that the hunk writes otherwise, where it has always the same.
fn own_forms<'h, 't>(old: &[&'h str], file: &[&'t str]) -> HashMap<&'h str, &'t str> {
    let mut forms: HashMap<&str, Option<&str>> = HashMap::new();
    for (old, file) in old.iter().zip(file) {
        let form = forms.entry(old).or_insert(Some(file));
        *form = form.filter(|form| form == file);
    }
    let is_plain = |own: &str| own.is_empty() || !own.trim().is_empty();
    forms.into_iter().filter_map(|(old, own)| Some((old, own.filter(|own| is_plain(own) && *own != old)?))).collect()
}

#[derive(Clone)]
struct Hit {
    start: usize,
    fit: Fit,
}

enum Picked {
    None,
    One(Hit),
    Many(Vec<Hit>),
}

impl Picked {
    /// The only hit of the first pass that has hits, or the one of them that stands on the promised line.
    fn from(mut hits: Vec<Hit>, line_hint: Option<usize>) -> Picked {
        let Some(pass) = hits.iter().map(|hit| hit.fit.pass).min() else { return Picked::None };
        hits.retain(|hit| hit.fit.pass == pass);
        if let Some(promised) = hits.iter().position(|hit| Some(hit.start) == line_hint) {
            return Picked::One(hits.swap_remove(promised));
        }
        match hits.len() {
            1 => Picked::One(hits.swap_remove(0)),
            _ => Picked::Many(hits),
        }
    }
}
