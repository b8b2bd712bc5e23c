//! Canaries: words that stand nowhere but where they were planted, so that one that is found names its place. Whatever
//! is made of a text, a piece of the word is looked for in it: cut, in capitals, escaped, in hexadecimal or in base64.

use std::collections::BTreeMap;

use serde_json::Value;

/// What every canary begins and ends with: no language, identifier or encoding of something else has it.
const HEAD: &str = "qxzkvw";
const TAIL: &str = "wvkzxq";
/// Letters between the two: the number of the canary, in the first 16 letters of the alphabet.
const NUMBER: usize = 4;

/// Less than a canary begins with: what a model guesses.
pub const GUESS: &str = "qxzkv";

/// Whose text a canary is in: that of a file which may come to be shown.
pub type Owner = &'static str;

/// What may be done with a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It never leaves.
    Hidden,
    /// Its file was hidden in this turn: the turn may go on with what it knows.
    Fading,
    /// Its file was hidden before this turn: the conversation may hold it, but none begins with it any more.
    Known,
    /// Its file may be shown.
    Shown,
}

struct Canary {
    place: String,
    owner: Option<Owner>,
    standing: Standing,
}

/// All canaries of one case.
#[derive(Default)]
pub struct Canaries {
    planted: Vec<Canary>,
}

impl Canaries {
    /// A new one that must never leave.
    pub fn plant(&mut self, place: &str) -> String {
        self.add(place, None, Standing::Hidden)
    }

    /// A new one in the text of a file that may come and go.
    pub fn plant_in(&mut self, owner: Owner, standing: Standing) -> String {
        self.add(owner, Some(owner), standing)
    }

    fn add(&mut self, place: &str, owner: Option<Owner>, standing: Standing) -> String {
        let number = self.planted.len();
        self.planted.push(Canary { place: place.to_owned(), owner, standing });
        let letter = |digit: usize| char::from(b'a' + u8::try_from(number >> (4 * digit) & 15).unwrap());
        let number: String = (0..NUMBER).rev().map(letter).collect();
        format!("{HEAD}{number}{TAIL}")
    }

    /// From now on a file may be shown, with all that is in it.
    pub fn show(&mut self, owner: Owner) {
        self.of(owner).for_each(|canary| canary.standing = Standing::Shown);
    }

    /// From now on a file may not be shown: what could be seen of it until now may be known.
    pub fn hide(&mut self, owner: Owner) {
        let shown = self.of(owner).filter(|canary| canary.standing == Standing::Shown);
        shown.for_each(|canary| canary.standing = Standing::Fading);
    }

    /// A turn begins.
    pub fn begin_turn(&mut self) {
        let fading = self.planted.iter_mut().filter(|canary| canary.standing == Standing::Fading);
        fading.for_each(|canary| canary.standing = Standing::Known);
    }

    fn of(&mut self, owner: Owner) -> impl Iterator<Item = &mut Canary> {
        self.planted.iter_mut().filter(move |canary| canary.owner == Some(owner))
    }

    /// The places of the canaries that a request may not hold and does, with what is around them. `begins`: no
    /// conversation went before it.
    pub fn found(&self, raw: &str, begins: bool) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let unescaped = serde_json::from_str(raw).map(|body| strings(&body)).unwrap_or_default();
        for text in [raw, &unescaped] {
            let text = text.to_ascii_lowercase();
            for (at, place) in self.plain(&text, begins) {
                found.entry(place).or_insert_with(|| around(&text, at));
            }
        }
        for form in encoded() {
            if let Some(at) = raw.find(&form).or_else(|| unescaped.find(&form)) {
                found.insert(format!("somewhere, as {form}"), around(raw, at.min(raw.len())));
            }
        }
        found
    }

    /// Canaries, and pieces of them, with where they begin.
    fn plain<'a>(&'a self, text: &'a str, begins: bool) -> impl Iterator<Item = (usize, String)> + 'a {
        let heads = text.match_indices(HEAD).filter_map(move |(at, _)| {
            let number = text.get(at + HEAD.len()..at + HEAD.len() + NUMBER)?;
            let number =
                number.bytes().try_fold(0, |sum, letter| Some(sum << 4 | usize::from(letter.checked_sub(b'a')?)));
            let Some(canary) = number.and_then(|number| self.planted.get(number)) else {
                return Some((at, "a part of one".to_owned()));
            };
            let may = match canary.standing {
                Standing::Hidden => false,
                Standing::Known => !begins,
                Standing::Fading | Standing::Shown => true,
            };
            (!may).then(|| (at, canary.place.clone()))
        });
        let before = HEAD.len() + NUMBER;
        let is_cut =
            move |at: usize| at < before || !text[..at].get(at - before..).is_some_and(|all| all.starts_with(HEAD));
        let tails = text.match_indices(TAIL).filter(move |(at, _)| is_cut(*at));
        heads.chain(tails.map(|(at, _)| (at, "the end of one".to_owned())))
    }
}

/// Every text in a body, names of members included.
fn strings(body: &Value) -> String {
    match body {
        Value::String(text) => format!("{text}\n"),
        Value::Array(all) => all.iter().map(strings).collect(),
        Value::Object(all) => all.iter().map(|(name, value)| format!("{name}\n{}", strings(value))).collect(),
        _ => String::new(),
    }
}

/// What a canary begins with in hexadecimal and, wherever it may stand in a text, in base64.
fn encoded() -> Vec<String> {
    let hex = data_encoding::HEXLOWER.encode(HEAD.as_bytes());
    let mut forms = vec![hex.to_ascii_uppercase(), hex];
    for before in 0..3 {
        let padded = data_encoding::BASE64.encode(format!("{}{HEAD}", &"   "[..before]).as_bytes());
        // The letters that depend on what stands before and after are left out.
        let whole = padded.trim_end_matches('=');
        forms.push(whole[(before * 8).div_ceil(6)..(before + HEAD.len()) * 8 / 6].to_owned());
    }
    forms
}

fn around(text: &str, at: usize) -> String {
    let shown = &text.as_bytes()[at.saturating_sub(120)..(at + 80).min(text.len())];
    String::from_utf8_lossy(shown).into_owned()
}
