//! Document sync: tables, the order of changes, limits, and a property against a plain string.

use proptest::prelude::*;

use super::super::position::{Position, Span, offset, position};
use super::*;

const URI: &str = "file:///w/a.rs";

fn opened(text: &str) -> Documents {
    let documents = Documents::new(PositionEncoding::Utf16);
    assert_eq!(documents.open(URI, "rust", 1, text), Applied::Done);
    documents
}

fn full(text: &str) -> Change {
    Change { span: None, text: text.into() }
}

fn edit(start: (u32, u32), end: (u32, u32), text: &str) -> Change {
    let at = |(line, character)| Position { line, character };
    Change { span: Some(Span { start: at(start), end: at(end) }), text: text.into() }
}

fn snapshot(documents: &Documents) -> Snapshot {
    documents.get(URI).expect("the document is open")
}

/// Opens `before`, applies `changes` as one notification, expects `after`.
fn check(before: &str, changes: Vec<Change>, after: &str) {
    let documents = opened(before);
    assert_eq!(documents.change(URI, 2, changes), Applied::Done);
    assert_eq!(snapshot(&documents).raw(), after);
}

fn check_desynced(before: &str, changes: Vec<Change>) {
    let documents = opened(before);
    let applied = documents.change(URI, 2, changes);
    assert!(matches!(applied, Applied::Desynced { reason: Desync::ImpossibleSpan(_), first: true }), "{applied:?}");
    assert!(snapshot(&documents).desynced);
}

#[test]
fn changes_are_sequential() {
    check("abc", vec![edit((0, 0), (0, 1), "xyz"), edit((0, 3), (0, 4), "")], "xyzc");
    check(
        "ab\ncd",
        vec![edit((0, 2), (1, 0), ""), edit((0, 2), (0, 2), "\r\n"), edit((1, 1), (1, 2), "!")],
        "ab\r\nc!",
    );
    check("a", vec![edit((0, 1), (0, 1), "b"), edit((0, 1), (0, 1), "c")], "acb");
}

#[test]
fn only_the_last_full_text_and_what_follows_count() {
    check("old", vec![edit((90, 0), (3, 0), "?"), full("one"), full("two"), edit((0, 3), (0, 3), "!")], "two!");
}

#[test]
fn places_outside_the_text_are_clamped() {
    check("ab\ncd", vec![edit((0, 99), (0, 99), "!")], "ab!\ncd");
    check("ab\r\ncd", vec![edit((0, 3), (0, 99), "!")], "ab!\r\ncd");
    check("ab\n", vec![edit((2, 0), (2, 0), "end")], "ab\nend");
    check("ab", vec![edit((1, 0), (1, 0), "end")], "abend");
    check("ab", vec![edit((u32::MAX, u32::MAX), (u32::MAX, u32::MAX), "end")], "abend");
    check("a\nb", vec![edit((0, 0), (99, 0), "all")], "all");
    check("", vec![edit((0, 0), (0, 0), "x")], "x");
}

#[test]
fn what_cannot_be_meant_is_not_guessed() {
    check_desynced("ab\ncd", vec![edit((1, 1), (0, 1), "")]);
    check_desynced("ab\ncd", vec![edit((0, 2), (0, 1), "")]);
    check_desynced("ab\ncd", vec![edit((3, 0), (3, 0), "x")]);
    check_desynced("ab\ncd", vec![edit((1, 0), (9, 0), "x")]);
}

#[test]
fn a_place_within_a_character_is_where_the_character_begins() {
    for (encoding, inside) in [(PositionEncoding::Utf16, 2), (PositionEncoding::Utf8, 4)] {
        let documents = Documents::new(encoding);
        documents.open(URI, "rust", 1, "a🦀b");
        assert_eq!(documents.change(URI, 2, vec![edit((0, 1), (0, inside), "x")]), Applied::Done);
        assert_eq!(snapshot(&documents).raw(), "ax🦀b");
    }
}

#[test]
fn a_desynced_document_is_healed_by_a_full_text_only() {
    let not_healed = Applied::Desynced { reason: Desync::NotHealed, first: false };
    let desynced = || {
        let documents = opened("ab");
        documents.change(URI, 2, vec![edit((9, 0), (9, 0), "x")]);
        assert_eq!(documents.change(URI, 3, vec![edit((0, 0), (0, 0), "x")]), not_healed);
        assert_eq!(documents.save(URI, None), Applied::Done);
        assert!(snapshot(&documents).desynced);
        documents
    };
    let documents = desynced();
    assert_eq!(documents.change(URI, 4, vec![full("new"), edit((0, 3), (0, 3), "er")]), Applied::Done);
    assert_eq!((snapshot(&documents).raw().as_str(), snapshot(&documents).desynced), ("newer", false));
    let documents = desynced();
    assert_eq!(documents.save(URI, Some("saved")), Applied::Done);
    assert_eq!((snapshot(&documents).raw().as_str(), snapshot(&documents).version), ("saved", 3));
    let documents = desynced();
    assert_eq!(documents.save(URI, Some("")), Applied::Done);
    assert!(!snapshot(&documents).desynced, "an empty text heals like any other");
    let documents = desynced();
    assert_eq!(documents.open(URI, "rust", 1, "again"), Applied::Reopened);
    assert_eq!((snapshot(&documents).raw().as_str(), snapshot(&documents).desynced), ("again", false));
}

#[test]
fn versions_only_grow() {
    for version in [1, 0, -3] {
        let documents = opened("ab");
        let reason = Desync::StaleVersion { held: 1, received: version };
        let applied = documents.change(URI, version, vec![full("late")]);
        assert_eq!(applied, Applied::Desynced { reason, first: true });
        assert!(snapshot(&documents).desynced);
    }
    let documents = opened("ab");
    assert_eq!(documents.change(URI, 7, vec![full("a gap is fine")]), Applied::Done);
    assert_eq!(snapshot(&documents).version, 7);
}

/// One keystroke at the end of the first line.
fn key(character: u32, text: &str) -> Change {
    let at = Position { line: 0, character };
    Change { span: Some(Span { start: at, end: at }), text: text.to_owned() }
}

#[test]
fn a_change_that_comes_late_takes_its_place() {
    // The orders that Helix 25.01 was seen to send, and worse.
    for order in [[2, 3, 4, 5], [2, 4, 3, 5], [3, 4, 5, 2], [5, 4, 3, 2], [3, 2, 5, 4]] {
        let documents = opened("");
        for version in order {
            let number = u32::try_from(version).unwrap() - 2;
            documents.change(URI, version, vec![key(number, &number.to_string())]);
        }
        let held = snapshot(&documents);
        assert_eq!((held.raw().as_str(), held.version, held.desynced), ("0123", 5, false), "{order:?}");
        assert!(!held.incomplete, "{order:?}");
    }
}

#[test]
fn a_missing_change_is_noticed_and_a_habit_of_gaps_is_not_minded() {
    let documents = opened("");
    documents.change(URI, 3, vec![key(0, "b")]);
    assert!(snapshot(&documents).incomplete);
    for version in (5..40).step_by(2) {
        documents.change(URI, version, vec![key(0, "x")]);
    }
    assert!(!snapshot(&documents).incomplete);
    let stale = documents.change(URI, 39, vec![key(0, "again")]);
    assert!(matches!(stale, Applied::Desynced { reason: Desync::StaleVersion { .. }, first: true }));
}

#[test]
fn changes_that_come_before_their_document_are_not_lost() {
    let documents = Documents::new(PositionEncoding::Utf16);
    assert_eq!(documents.change(URI, 2, vec![key(1, "b")]), Applied::Unknown);
    assert_eq!(documents.change(URI, 1, vec![key(0, "a")]), Applied::Unknown);
    assert_eq!(documents.open(URI, "rust", 0, "\n"), Applied::Done);
    assert_eq!((snapshot(&documents).raw().as_str(), snapshot(&documents).version), ("ab\n", 2));
    assert_eq!(snapshot(&documents).opened.model().to_string(), "\n");
}

#[test]
fn of_changes_without_a_document_no_more_is_kept_than_fits() {
    let documents = Documents::new(PositionEncoding::Utf16);
    let early = |name: &str, changes: Vec<Change>| {
        documents.change(&format!("file:///w/{name}"), 2, changes);
        let state = documents.lock();
        let kept = state.early.iter().map(|early| early.uri.trim_start_matches("file:///w/").to_owned());
        (kept.collect::<Vec<_>>().concat(), state.early.iter().map(Early::bytes).sum::<usize>() <= MAX_EARLY_BYTES)
    };
    let third = || vec![full(&"x".repeat(MAX_EARLY_BYTES / 3 - 1000))];
    assert_eq!(early("a", third()), ("a".to_owned(), true));
    assert_eq!(early("b", third()), ("ab".to_owned(), true));
    assert_eq!(early("c", third()), ("abc".to_owned(), true));
    assert_eq!(early("d", third()), ("bcd".to_owned(), true), "the oldest goes");
    assert_eq!(early("e", vec![full(&"x".repeat(MAX_EARLY_BYTES))]), ("bcd".to_owned(), true), "too large by itself");
    let many = (0..=MAX_EARLY_BYTES / size_of::<Change>()).map(|_| full("")).collect();
    assert_eq!(early("f", many), ("bcd".to_owned(), true), "changes without text take up room as well");
    (0..MAX_EARLY).for_each(|_| drop(early("g", vec![key(0, "x")])));
    assert_eq!(early("h", vec![key(0, "x")]), ("g".repeat(MAX_EARLY - 1) + "h", true));
}

#[test]
fn unknown_documents_are_ignored() {
    let documents = Documents::new(PositionEncoding::Utf16);
    assert_eq!(documents.change(URI, 2, vec![full("x")]), Applied::Unknown);
    assert_eq!(documents.save(URI, Some("x")), Applied::Unknown);
    assert_eq!(documents.save(URI, None), Applied::Unknown);
    assert_eq!(documents.close(URI), Applied::Unknown);
    assert_eq!((documents.revision(), documents.all().len()), (0, 0));
}

#[test]
fn a_snapshot_does_not_follow_later_changes() {
    let documents = opened("before");
    let taken = snapshot(&documents);
    assert_eq!(taken.model_text().to_string(), "before");
    documents.change(URI, 2, vec![edit((0, 0), (0, 6), "after\r\n")]);
    assert_eq!((taken.raw().as_str(), taken.version, taken.edited()), ("before", 1, false));
    let later = snapshot(&documents);
    assert_eq!(later.model_text().to_string(), "after\n");
    assert_eq!((later.opened.model().to_string().as_str(), later.edited()), ("before", true));
}

#[test]
fn a_text_with_carriage_returns_is_converted_once_for_each_version() {
    let documents = opened(&"let x = 1;\r\n".repeat(10_000));
    let is_shared = |one: &Snapshot, other: &Snapshot| one.model_text().rope().is_instance(other.model_text().rope());
    let first = snapshot(&documents);
    assert!(is_shared(&first, &snapshot(&documents)), "whoever asks next gets the same text");
    documents.change(URI, 2, vec![edit((0, 4), (0, 5), "y")]);
    let second = snapshot(&documents);
    assert!(is_shared(&second, &snapshot(&documents)) && !is_shared(&first, &second));
}

#[test]
fn every_spelling_of_a_file_is_one_document() {
    let documents = opened("ab");
    assert_eq!(documents.get("file:///w/%61.rs").map(|document| document.uri), Some(URI.to_owned()));
    assert_eq!(documents.change("file:///w/%61.rs", 2, vec![full("cd")]), Applied::Done);
    assert_eq!(snapshot(&documents).raw(), "cd");
    assert_eq!(documents.open("file:///w/%61.rs", "rust", 1, "ef"), Applied::Reopened);
    assert_eq!(documents.all().len(), 1);
    assert_eq!(documents.close(URI), Applied::Done);
    assert!(documents.get(URI).is_none());
}

#[cfg(unix)]
#[test]
fn documents_are_found_by_path() {
    let documents = opened("ab");
    documents.open("untitled:Untitled-1", "plaintext", 1, "note");
    assert_eq!(documents.by_path(Path::new("/w/a.rs")).map(|document| document.raw()), Some("ab".into()));
    assert!(documents.by_path(Path::new("/w/b.rs")).is_none());
    assert_eq!(documents.get("untitled:Untitled-1").map(|document| document.path), Some(None));
    documents.close(URI);
    assert!(documents.by_path(Path::new("/w/a.rs")).is_none());
}

#[test]
fn the_revision_grows_when_something_took_effect_and_not_before() {
    let documents = opened("ab");
    let mut seen = documents.subscribe();
    assert_eq!((documents.revision(), snapshot(&documents).revision), (1, 1));
    assert!(!seen.has_changed().unwrap());
    documents.change(URI, 2, vec![full("cd")]);
    assert!(seen.has_changed().unwrap());
    assert_eq!((*seen.borrow_and_update(), snapshot(&documents).revision), (2, 2));
    documents.close(URI);
    assert_eq!(*seen.borrow(), 3);
}

#[test]
fn past_the_limits_documents_stay_known_but_unused() {
    let documents = Documents::with_limits(PositionEncoding::Utf16, 2, 10);
    let too_much = |first| Applied::Desynced { reason: Desync::TooMuchText { limit: 10 }, first };
    assert_eq!(documents.open("x:1", "", 1, "123456"), Applied::Done);
    assert_eq!(documents.open("x:2", "", 1, "12345"), too_much(true));
    assert_eq!(documents.change("x:2", 2, vec![full("1234")]), Applied::Done, "there is room for this one");
    assert_eq!(documents.change("x:2", 3, vec![edit((0, 0), (0, 0), "5")]), too_much(true));
    let too_many = Desync::TooManyDocuments { limit: 2 };
    assert_eq!(documents.open("x:3", "", 1, "1"), Applied::Desynced { reason: too_many, first: true });
    assert!(documents.get("x:3").is_some_and(|document| document.desynced && document.raw().is_empty()));
    documents.close("x:1");
    documents.close("x:2");
    assert_eq!(documents.open("x:3", "", 1, "1234567890"), Applied::Reopened, "closing made room");
}

#[test]
fn debug_output_holds_no_text() {
    let documents = opened("canary");
    let shown = format!("{:?} {:?}", snapshot(&documents), full("canary"));
    assert!(!shown.contains("canary"), "{shown}");
}

/// The text as a plain string, edited the slow and obvious way.
struct Mirror {
    text: String,
    encoding: PositionEncoding,
}

impl Mirror {
    /// Byte ranges of the lines, their breaks left out.
    fn lines(&self) -> Vec<(usize, usize)> {
        let (mut lines, mut start, bytes) = (Vec::new(), 0, self.text.as_bytes());
        let mut at = 0;
        while at < bytes.len() {
            let length = match &bytes[at..] {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => 0,
            };
            if length > 0 {
                lines.push((start, at));
                start = at + length;
            }
            at += length.max(1);
        }
        lines.push((start, bytes.len()));
        lines
    }

    fn units(&self, c: char) -> u32 {
        match self.encoding {
            PositionEncoding::Utf8 => c.len_utf8() as u32,
            PositionEncoding::Utf16 => c.len_utf16() as u32,
            PositionEncoding::Utf32 => 1,
        }
    }

    fn offset(&self, position: Position) -> usize {
        let Some(&(start, end)) = self.lines().get(position.line as usize) else { return self.text.len() };
        let (mut byte, mut left) = (start, position.character);
        for c in self.text[start..end].chars() {
            if self.units(c) > left {
                break;
            }
            left -= self.units(c);
            byte += c.len_utf8();
        }
        byte
    }

    fn splice(&mut self, span: Span, text: &str) {
        let range = self.offset(span.start)..self.offset(span.end);
        self.text.replace_range(range, text);
    }
}

/// A step with places in raw numbers: the lines are brought to those there are when it is applied.
#[derive(Clone, Debug)]
enum Step {
    Full(String),
    Edit { places: [(u32, u32); 2], text: String },
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "fn b() {}",
        " ",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "\r\n",
        "\r",
        "ț",
        "e\u{301}",
        "日本",
        "𝄞",
        "❤\u{fe0f}",
        "👩\u{200d}👧",
        "\u{2028}",
        "\u{85}",
        "\u{b}",
        "\u{feff}",
        "\0",
    ]);
    prop_oneof![
        8 => prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
        1 => ("[a-z𝄞]{0,3}", 400..1500_usize).prop_map(|(piece, times)| (piece + "\r\n").repeat(times)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let places = prop::array::uniform2((any::<u32>(), 0..12_u32));
    prop_oneof![
        1 => text().prop_map(Step::Full),
        9 => (places, text()).prop_map(|(places, text)| Step::Edit { places, text }),
    ]
}

fn encoding() -> impl Strategy<Value = PositionEncoding> {
    prop::sample::select(vec![PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32])
}

/// Applies a step to the mirror and gives it as the editor would send it.
fn mirrored(mirror: &mut Mirror, step: Step) -> Change {
    match step {
        Step::Full(text) => {
            mirror.text.clone_from(&text);
            Change { span: None, text }
        }
        Step::Edit { places, text } => {
            let lines = mirror.lines().len() as u32;
            let mut places = places.map(|(line, character)| Position { line: line % (lines + 1), character });
            places.sort();
            let span = Span { start: places[0], end: places[1] };
            mirror.splice(span, &text);
            Change { span: Some(span), text }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_rope_is_the_string(
        encoding in encoding(),
        start in text(),
        notifications in prop::collection::vec(prop::collection::vec(step(), 0..5), 0..6),
    ) {
        let documents = Documents::new(encoding);
        documents.open(URI, "rust", 0, &start);
        let mut mirror = Mirror { text: start, encoding };
        for (version, steps) in (1..).zip(notifications) {
            let changes = steps.into_iter().map(|step| mirrored(&mut mirror, step)).collect();
            prop_assert_eq!(documents.change(URI, version, changes), Applied::Done);
            let document = snapshot(&documents);
            prop_assert_eq!(document.raw(), mirror.text.as_str());
            prop_assert!(document.model_text().same(&super::super::ModelText::from_raw(&mirror.text)));
        }
    }

    #[test]
    fn offsets_and_positions_are_inverse(encoding in encoding(), text in text()) {
        let rope = ropey::Rope::from_str(&text);
        let mirror = Mirror { text, encoding };
        let boundaries = mirror.text.char_indices().map(|(byte, _)| byte).chain([mirror.text.len()]);
        for byte in boundaries.take(400) {
            let inside_break = mirror.text[..byte].ends_with('\r') && mirror.text[byte..].starts_with('\n');
            let place = position(&rope, byte, encoding);
            prop_assert_eq!(offset(&rope, place, encoding), if inside_break { byte - 1 } else { byte });
            prop_assert_eq!(mirror.offset(place), if inside_break { byte - 1 } else { byte });
        }
    }
}
