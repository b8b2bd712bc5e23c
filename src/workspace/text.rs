//! A file as the model sees it: UTF-8, `\n` line ends only, no byte order mark, a mark in place of each secret.
//!
//! The model reads and writes this form alone; what a document really contains is turned into it here and nowhere
//! else. It must never be written back over a document as it is: line ends, the byte order mark and secrets would be
//! lost.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use ropey::Rope;

use super::secrets;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a file in the model's form. Cloning is O(1).
#[derive(Clone, Default)]
pub struct ModelText(Rope);

impl ModelText {
    /// Takes a file's real text: drops one byte order mark, turns `\r\n` and a lone `\r` into `\n`, hides secrets.
    pub fn from_raw(raw: &str) -> Self {
        Self(Rope::from_str(&shown(raw)))
    }

    /// Takes text that is in the model's form already, such as the result of a patch or a merge. A leading U+FEFF
    /// is text here and stays, and so does what the model wrote, whatever it looks like; a `\r` that slipped in becomes
    /// `\n`.
    pub fn from_lf(text: &str) -> Self {
        Self(Rope::from_str(&with_line_feeds(text)))
    }

    /// Takes a file's real text as [`ModelText::from_raw`] does; shares the rope if it may, which is where it holds no
    /// `\r`, no byte order mark and no secret.
    pub(super) fn from_rope(rope: &Rope) -> Self {
        let raw = Cow::<str>::from(rope.slice(..));
        match shown(&raw) {
            Cow::Borrowed(text) if text.len() == raw.len() => Self(rope.clone()),
            text => Self(Rope::from_str(&text)),
        }
    }

    /// The text itself.
    pub fn rope(&self) -> &Rope {
        &self.0
    }

    /// Length in bytes.
    pub fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Whether both are the same text. O(1) for clones of one text and for texts of different lengths.
    pub fn same(&self, other: &Self) -> bool {
        self.0.is_instance(&other.0) || self.0 == other.0
    }

    /// The number of line ends, plus one if text follows the last.
    pub fn line_count(&self) -> usize {
        let line_ends = self.0.len_lines() - 1;
        let unfinished = self.0.line_to_byte(line_ends) < self.0.len_bytes();
        line_ends + usize::from(unfinished)
    }

    /// The lines of `range` (first is 1) with their line ends, cut to the lines there are.
    pub fn lines(&self, range: RangeInclusive<usize>) -> String {
        lines_of(&self.0, range)
    }
}

#[cfg(test)]
impl From<Rope> for ModelText {
    fn from(rope: Rope) -> Self {
        Self(rope)
    }
}

impl fmt::Display for ModelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}

/// One version of an open document's text as it is in the editor, and the same as a model sees it: made when somebody
/// first asks, never while the user types. Cloning is O(1).
#[derive(Clone, Default)]
pub struct DocumentText {
    raw: Rope,
    model: Arc<OnceLock<ModelText>>,
}

impl DocumentText {
    pub(super) fn new(raw: Rope) -> Self {
        Self { raw, model: Arc::default() }
    }

    /// The text, byte for byte.
    pub fn raw(&self) -> &Rope {
        &self.raw
    }

    /// The text as a model sees it; shares the memory of this one where nothing is different. All of it is searched for
    /// secrets, so this is nothing for a request handler.
    pub fn model(&self) -> ModelText {
        self.model.get_or_init(|| ModelText::from_rope(&self.raw)).clone()
    }

    /// Some lines (the first is 1) as a model sees them, for showing them to the user: what only the rest of the text
    /// would give away as a secret is not hidden.
    pub fn glimpse(&self, range: RangeInclusive<usize>) -> String {
        shown(&lines_of(&self.raw, range)).into_owned()
    }

    /// Whether both are the same byte for byte. O(1) for clones of one text and for texts of different lengths.
    pub fn same_bytes(&self, other: &Self) -> bool {
        self.raw.is_instance(&other.raw) || self.raw == other.raw
    }

    /// Whether both are the same to a model.
    pub fn same(&self, other: &Self) -> bool {
        self.same_bytes(other) || self.model().same(&other.model())
    }
}

/// The lines of `range` (first is 1) with their line ends, cut to the lines there are.
fn lines_of(rope: &Rope, range: RangeInclusive<usize>) -> String {
    let lines = rope.len_lines();
    let first = range.start().saturating_sub(1).min(lines);
    let past = (*range.end()).clamp(first, lines);
    rope.byte_slice(rope.line_to_byte(first)..rope.line_to_byte(past)).to_string()
}

/// Shows the size only: texts do not belong into logs.
impl fmt::Debug for ModelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelText({} bytes)", self.len_bytes())
    }
}

impl PartialEq for ModelText {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl Eq for ModelText {}

/// A file's real text in the model's form.
pub(super) fn shown(raw: &str) -> Cow<'_, str> {
    match normalized(raw) {
        Cow::Borrowed(text) => secrets::hide(text).into_text(),
        Cow::Owned(text) => Cow::Owned(secrets::hide(&text).into_text().into_owned()),
    }
}

/// A file's real text with the model's line ends and no byte order mark; its secrets are still in it.
pub(super) fn normalized(raw: &str) -> Cow<'_, str> {
    with_line_feeds(raw.strip_prefix(BYTE_ORDER_MARK).unwrap_or(raw))
}

fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_line_feeds_and_the_mark_goes() {
        for (raw, text) in [
            ("", ""),
            ("a\nb", "a\nb"),
            ("a\r\nb\rc\n", "a\nb\nc\n"),
            ("\r\r\n\n\r", "\n\n\n\n"),
            ("\u{feff}a\u{feff}", "a\u{feff}"),
            ("\u{feff}\u{feff}a", "\u{feff}a"),
            ("a\u{2028}b\u{b}c", "a\u{2028}b\u{b}c"),
        ] {
            assert_eq!(ModelText::from_raw(raw).to_string(), text, "{raw:?}");
        }
    }

    #[test]
    fn text_in_the_models_form_keeps_a_leading_feff() {
        assert_eq!(ModelText::from_lf("\u{feff}a\n").to_string(), "\u{feff}a\n");
        assert_eq!(ModelText::from_lf("a\r\nb").to_string(), "a\nb");
    }

    #[test]
    fn lines_are_counted_as_the_contract_says() {
        for (text, count) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("a\nb\n", 2), ("\n", 1), ("\n\n", 2)] {
            assert_eq!(ModelText::from_lf(text).line_count(), count, "{text:?}");
        }
    }

    #[test]
    fn lines_are_cut_to_what_there_is() {
        let text = ModelText::from_lf("one\ntwo\nthree");
        assert_eq!(text.lines(1..=1), "one\n");
        assert_eq!(text.lines(2..=3), "two\nthree");
        assert_eq!(text.lines(2..=99), "two\nthree");
        assert_eq!(text.lines(0..=1), "one\n");
        assert_eq!(text.lines(4..=9), "");
        assert_eq!(text.lines(RangeInclusive::new(3, 2)), "");
        assert_eq!(text.lines(1..=usize::MAX), "one\ntwo\nthree");
    }

    #[test]
    fn sameness_is_of_content() {
        let text = ModelText::from_lf("one\n");
        assert!(text.same(&text.clone()));
        assert!(text.same(&ModelText::from_raw("one\r\n")));
        assert!(!text.same(&ModelText::from_lf("two\n")));
    }

    #[test]
    fn a_glimpse_shows_lines_as_a_model_sees_them_and_looks_at_no_others() {
        let text = DocumentText::new(Rope::from_str("one\r\nkey = AKIAQ7RSTUVWXYZ2ABCD\r\nthree"));
        assert_eq!(text.glimpse(2..=2), "key = [secret:aws-access-key]\n");
        assert_eq!(text.glimpse(3..=9), "three");
        assert!(text.model.get().is_none(), "the whole text is not searched");
    }

    #[test]
    fn texts_that_differ_in_line_ends_only_are_the_same_to_a_model() {
        let [unix, windows] = ["a\n", "a\r\n"].map(|text| DocumentText::new(Rope::from_str(text)));
        assert!(unix.same(&windows) && !unix.same_bytes(&windows) && unix.same_bytes(&unix.clone()));
    }

    #[test]
    fn debug_shows_no_text() {
        assert_eq!(format!("{:?}", ModelText::from_lf("secret")), "ModelText(6 bytes)");
    }
}
