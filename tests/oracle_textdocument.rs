//! Documents and edits held against `vscode-languageserver-textdocument`, the reference implementation of LSP documents:
//! what it makes of random changes is what we hold, and our edits lead it to the text that is meant.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod installed;
#[cfg(test)]
mod oracles;

use std::process::Command;

use installed::INTEROP;
use oracles::{Encoding, LineEnds, Texts, ask, edits_as_json, file, places, seed};
use pilotlight::edit::minimal_changes;
use pilotlight::workspace::{Applied, Change, Desync, Documents, Position, PositionEncoding, Span};
use serde_json::{Value, json};

/// Random cases a run.
const CASES: usize = 10_000;
const ENDS: [LineEnds; 3] = [LineEnds::Lf, LineEnds::CrLf, LineEnds::Mixed];

/// The reference implementation, or nothing where it is not installed.
fn reference(test: &str) -> Option<Command> {
    let installed = INTEROP.find(test, "textdocument", &["NODE", "TEXTDOCUMENT"])?;
    let mut node = Command::new(installed.path("NODE"));
    node.arg(file("textdocument.mjs")).arg(installed.path("TEXTDOCUMENT"));
    Some(node)
}

/// A range of positions as a client may send it, and what it replaces in the text if it can be meant.
struct Target {
    span: Span,
    bytes: Option<std::ops::Range<usize>>,
}

impl Target {
    /// A range of places that the text has; sometimes its end in one of the ways in which clients name it.
    fn possible(texts: &mut Texts, text: &str) -> Target {
        let places = places(text, Encoding::Utf16);
        let pick = |texts: &mut Texts| places[texts.rng.usize(..places.len())];
        let (one, other) = (pick(texts), pick(texts));
        let (start, end) = if one.byte <= other.byte { (one, other) } else { (other, one) };
        let at = |line, character| Position { line, character };
        let mut span = Span { start: at(start.line, start.character), end: at(end.line, end.character) };
        let last = places.last().expect("every text has an end").line;
        match texts.rng.u8(..6) {
            0 if end.byte == text.len() => span.end = at(last + 1, 0),
            1 if end.byte == text.len() => span.end = at(u32::MAX, u32::MAX),
            2 if text[end.byte..].starts_with(['\r', '\n']) => span.end.character += 7,
            _ => {}
        }
        Target { span, bytes: Some(start.byte..end.byte) }
    }

    /// A range that no editor with this text would send.
    fn impossible(texts: &mut Texts, text: &str) -> Target {
        let last = places(text, Encoding::Utf16).last().expect("every text has an end").line;
        let mut target = Target::possible(texts, text);
        target.bytes = None;
        let far = last + 2 + texts.rng.u32(..9);
        if texts.rng.bool() && target.span.start != target.span.end {
            (target.span.start, target.span.end) = (target.span.end, target.span.start);
        } else {
            target.span =
                Span { start: Position { line: far, character: 0 }, end: Position { line: far, character: 3 } };
        }
        target
    }
}

/// A text and the notifications that change it.
struct Sync {
    text: String,
    notifications: Vec<Vec<Change>>,
    /// The text they lead to; none if the last of them cannot be meant.
    expected: Option<String>,
}

fn sync_case(texts: &mut Texts) -> Sync {
    let ends = texts.one(&ENDS);
    let text = texts.text(ends);
    let mut now = text.clone();
    let mut notifications = Vec::new();
    for _ in 0..1 + texts.rng.usize(..4) {
        let mut changes = Vec::new();
        for _ in 0..1 + texts.rng.usize(..3) {
            let text = texts.typed(ends);
            if texts.rng.u8(..16) == 0 {
                now.clone_from(&text);
                changes.push(Change { span: None, text });
                continue;
            }
            let target = Target::possible(texts, &now);
            now.replace_range(target.bytes.expect("it is possible"), &text);
            changes.push(Change { span: Some(target.span), text });
        }
        notifications.push(changes);
    }
    let mut expected = Some(now.clone());
    if texts.rng.u8(..8) == 0 {
        let span = Some(Target::impossible(texts, &now).span);
        notifications.push(vec![Change { span, text: texts.typed(ends) }]);
        expected = None;
    }
    Sync { text, notifications, expected }
}

impl Sync {
    fn json(&self) -> Value {
        let position = |at: Position| json!({"line": at.line, "character": at.character});
        let range = |span: Span| json!({"start": position(span.start), "end": position(span.end)});
        let change = |change: &Change| match change.span {
            Some(span) => json!({"range": range(span), "text": change.text}),
            None => json!({"text": change.text}),
        };
        let changes: Vec<Vec<Value>> =
            self.notifications.iter().map(|changes| changes.iter().map(change).collect()).collect();
        json!({"text": self.text, "changes": changes})
    }

    /// What we hold in the end; none if we say that we have lost it.
    fn ours(&self) -> Option<String> {
        let documents = Documents::new(PositionEncoding::Utf16);
        documents.open("file:///a", "plaintext", 1, &self.text);
        for (version, changes) in (2..).zip(&self.notifications) {
            match documents.change("file:///a", version, changes.clone()) {
                Applied::Done => {}
                Applied::Desynced { reason: Desync::ImpossibleSpan(_), first: true } => return None,
                other => panic!("{other:?}\n{}", self.json()),
            }
        }
        documents.get("file:///a").filter(|document| !document.desynced).map(|document| document.raw())
    }
}

#[test]
fn changes_lead_to_the_text_that_the_reference_has_or_are_known_to_be_impossible() {
    let Some(reference) = reference("oracle_textdocument") else { return };
    let mut texts = Texts::new(seed());
    let cases: Vec<Sync> = (0..CASES).map(|_| sync_case(&mut texts)).collect();
    let answers = ask(reference, &cases.iter().map(Sync::json).collect::<Vec<_>>());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case.ours(), case.expected, "ours, of {}", case.json());
        if let Some(expected) = &case.expected {
            assert_eq!(answer, expected, "the reference's, of {}", case.json());
        }
    }
}

#[test]
fn our_edits_lead_the_reference_to_the_text_that_is_meant_in_every_encoding() {
    let Some(reference) = reference("oracle_textdocument") else { return };
    let mut texts = Texts::new(seed());
    let (mut cases, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..CASES {
        let ends = texts.one(&ENDS);
        let old = texts.text(ends);
        let new = if texts.rng.u8(..4) == 0 { texts.text(ends) } else { texts.changed(&old, ends) };
        let changes = minimal_changes(&old, &new);
        for encoding in Encoding::ALL {
            let edits = edits_as_json(&old, &changes, encoding);
            cases.push(json!({"text": old, "edits": edits, "encoding": encoding.name()}));
            targets.push(new.clone());
        }
    }
    let answers = ask(reference, &cases);
    for ((case, target), answer) in cases.iter().zip(&targets).zip(&answers) {
        assert_eq!(answer, target, "{case}");
    }
}
