//! Secrets by shape: keys, tokens and passwords in files that may be sent, and the marks that stand for them outwards.
//!
//! A model sees every text with `[secret:KIND]` in place of each secret: nothing of the secret, neither its length nor
//! a hash. All texts for a model are made by [`ModelText::from_raw`](super::ModelText::from_raw), so diffs, merges,
//! reads and search work on marked texts only. A secret never goes over a line end: lines keep their numbers.
//!
//! Shapes are recognised, meanings are not: what looks like no secret is none. Nothing here may log or format a secret.

mod private_key;
mod shapes;
mod signs;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memmem;

/// How a mark begins; the kind and `]` follow.
const OPENING: &str = "[secret:";

/// A text is searched again where something was found, at most so often.
const MAX_PASSES: usize = 8;

/// Longest kind.
const MAX_KIND: usize = 40;

/// Shorter secrets cannot be told from words when something quotes them.
const MIN_QUOTED: usize = 6;

/// One secret of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    /// Its bytes, within one line.
    at: Range<usize>,
    kind: &'static str,
}

/// A text with its secrets hidden, and what each mark in it stands for. A mark that was typed into the text stands for
/// itself.
pub struct Hidden<'t> {
    raw: &'t str,
    text: Cow<'t, str>,
    marks: Vec<Mark>,
}

/// A mark and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The mark's bytes in the text that a model sees.
    pub at: Range<usize>,
    /// The bytes of the real text that it stands for.
    pub raw: Range<usize>,
}

/// A part of the real text and the mark that is shown instead.
struct Cover {
    at: Range<usize>,
    mark: String,
}

impl<'t> Hidden<'t> {
    /// A text with these parts covered, in order and apart.
    fn new(raw: &'t str, covers: &[Cover]) -> Hidden<'t> {
        if covers.iter().all(|cover| raw[cover.at.clone()] == cover.mark) {
            let marks = covers.iter().map(|cover| Mark { at: cover.at.clone(), raw: cover.at.clone() }).collect();
            return Hidden { raw, text: Cow::Borrowed(raw), marks };
        }
        let mut text = String::with_capacity(raw.len());
        let mut marks = Vec::with_capacity(covers.len());
        let mut copied = 0;
        for Cover { at, mark } in covers {
            text.push_str(&raw[copied..at.start]);
            copied = at.end;
            marks.push(Mark { at: text.len()..text.len() + mark.len(), raw: at.clone() });
            text.push_str(mark);
        }
        text.push_str(&raw[copied..]);
        Hidden { raw, text: Cow::Owned(text), marks }
    }

    /// The text as a model sees it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, without a copy where nothing is hidden.
    pub fn into_text(self) -> Cow<'t, str> {
        self.text
    }

    /// The marks, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// What a mark stands for.
    pub fn behind(&self, mark: &Mark) -> &'t str {
        &self.raw[mark.raw.clone()]
    }

    /// The real text of these bytes of the marked one; they must not cut a mark.
    pub fn revealed(&self, range: Range<usize>) -> &'t str {
        &self.raw[self.raw_offset(range.start)..self.raw_offset(range.end)]
    }

    fn raw_offset(&self, at: usize) -> usize {
        let before = self.marks.partition_point(|mark| mark.at.end <= at);
        match before.checked_sub(1).map(|last| &self.marks[last]) {
            Some(last) => last.raw.end + (at - last.at.end),
            None => at,
        }
    }
}

/// Shows the number of marks only.
impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({} marks)", self.marks.len())
    }
}

/// Hides the secrets of a text, whose lines must end with `\n`. Hiding twice is hiding once.
pub fn hide(raw: &str) -> Hidden<'_> {
    let mut covers: Vec<Cover> =
        marks(raw).into_iter().map(|at| Cover { mark: raw[at.clone()].to_owned(), at }).collect();
    let mut hidden = Hidden::new(raw, &covers);
    for _ in 0..MAX_PASSES {
        let typed: Vec<Range<usize>> = hidden.marks.iter().map(|mark| mark.at.clone()).collect();
        // What is hidden may have kept something beside it from being seen, such as the rest of a long word.
        let found = find(&hidden.text, &typed);
        if found.is_empty() {
            break;
        }
        covers.extend(found.into_iter().map(|secret| Cover {
            at: hidden.raw_offset(secret.at.start)..hidden.raw_offset(secret.at.end),
            mark: format!("{OPENING}{}]", secret.kind),
        }));
        covers.sort_by_key(|cover| cover.at.start);
        hidden = Hidden::new(raw, &covers);
    }
    hidden
}

/// Hides in `words` what has the shape of a secret, and the secrets of texts that the words may quote.
pub fn hide_quoted(words: &str, quoted: &[Hidden<'_>]) -> String {
    let mut words = words.to_owned();
    for hidden in quoted {
        for mark in &hidden.marks {
            let secret = hidden.behind(mark);
            if secret.len() >= MIN_QUOTED && words.contains(secret) {
                words = words.replace(secret, &hidden.text[mark.at.clone()]);
            }
        }
    }
    hide(&words).into_text().into_owned()
}

/// The places of everything that reads like a mark, whoever wrote it.
pub fn marks(text: &str) -> Vec<Range<usize>> {
    let mark = |start: usize| {
        let kind = &text[start + OPENING.len()..];
        let length = kind.bytes().take(MAX_KIND + 1).position(|byte| byte == b']')?;
        let is_kind = kind.bytes().take(length).all(|byte| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte));
        is_kind.then(|| start..start + OPENING.len() + length + 1)
    };
    memmem::find_iter(text.as_bytes(), OPENING).filter_map(mark).collect()
}

/// The secrets of a text, in order and apart. What stands in the marks of an earlier hiding is none.
fn find(text: &str, marks: &[Range<usize>]) -> Vec<Secret> {
    // The more certain shapes come first: where two overlap, theirs is the kind.
    let mut found = private_key::find(text);
    shapes::find(text, marks, &mut found);
    found.sort_by_key(|secret| secret.at.start);
    let mut apart: Vec<Secret> = Vec::with_capacity(found.len());
    for secret in found {
        match apart.last_mut().filter(|last| secret.at.start < last.at.end) {
            Some(last) => {
                // A vague shape around a certain one begins first.
                if last.kind == shapes::CREDENTIAL {
                    last.kind = secret.kind;
                }
                last.at.end = last.at.end.max(secret.at.end);
            }
            None => apart.push(secret),
        }
    }
    apart
}

#[cfg(test)]
mod tests;
