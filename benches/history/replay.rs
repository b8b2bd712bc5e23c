//! A person's sessions on a package: every edit typed into a buffer, a turn after some of them, on the real session over a
//! real socket. What the server received is checked by a mirror made of nothing else, then counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilotlight::agent::{Action, Ask};
use pilotlight::session::receipt::{Outcome, Receipt};
use pilotlight::workspace::RelPath;

use super::provider::{Mirrors, Reply, Request, Rig, Setup};
use super::releases::{Edit, Release, Texts};

/// Edits before a turn, at most; how many is drawn.
const MOST_EDITS: usize = 5;
/// Turns of a session, at most: a day's work.
const MOST_TURNS: usize = 40;
/// Lines selected for a turn, at most.
const MOST_SELECTED: usize = 6;
const INSTRUCTION: &str = "Look at what I have just changed here, and make the comment above it say the same.";
const ANSWER: &str = "The comment already says so; nothing is to be changed.";

/// A text that many turns share.
pub type Text = Arc<str>;

/// A session that was replayed.
pub struct Replay {
    /// How many edits were typed.
    pub edits: usize,
    /// The warm-up.
    pub warm_up: Request,
    /// Its turns.
    pub turns: Vec<Turn>,
}

/// One turn.
pub struct Turn {
    /// The file it was invoked on.
    pub path: String,
    /// The line the cursor was in, counted from 1.
    pub line: usize,
    /// What was edited since the turn before.
    pub edited: BTreeMap<String, Edited>,
    /// The request as the server received it.
    pub request: Request,
    /// What it cost.
    pub receipt: Receipt,
    /// All open documents at that moment.
    open: BTreeMap<String, Text>,
}

/// What happened to one file between two turns.
pub struct Edited {
    /// The text at the turn before.
    pub before: Text,
    /// The text now.
    pub now: Text,
    /// The lines that changed, counted from 1 in the text now; a line is named once for each edit.
    pub lines: Vec<usize>,
}

/// Plays what was done for a release, in one session or in several.
pub async fn replay(release: &Release, rng: &mut fastrand::Rng) -> Vec<Replay> {
    let mut turns: Vec<&[Edit]> = Vec::new();
    let mut left = &release.edits[..];
    while !left.is_empty() {
        let (turn, rest) = left.split_at(rng.usize(1..=MOST_EDITS).min(left.len()));
        turns.push(turn);
        left = rest;
    }
    let mut files = release.files.clone();
    let mut replays = Vec::new();
    for turns in turns.chunks(MOST_TURNS) {
        replays.push(Session::play(&files, turns).await);
        turns.iter().copied().flatten().for_each(|edit| edit.make(&mut files));
    }
    replays
}

struct Session {
    rig: Rig,
    edited: BTreeMap<String, Edited>,
    turns: Vec<Turn>,
}

impl Session {
    /// Plays a session: edits before each turn.
    async fn play(files: &Texts, turns: &[&[Edit]]) -> Replay {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let rig = Setup::files(&files).warm().await;
        rig.provider.answer_with(|_| Reply::text(ANSWER));
        let mut session = Session { rig, edited: BTreeMap::new(), turns: Vec::new() };
        for edits in turns {
            edits.iter().for_each(|edit| session.type_in(edit));
            session.turn(edits.last().expect("a turn follows an edit")).await;
        }
        let (everything, edits) = (session.rig.provider.everything(), turns.iter().map(|edits| edits.len()).sum());
        check(&everything, &session.turns, &session.rig);
        Replay { edits, warm_up: everything[0].clone(), turns: session.turns }
    }

    fn type_in(&mut self, edit: &Edit) {
        let (editor, path) = (&self.rig.editor, &edit.path);
        if !editor.is_open(path) {
            editor.open(path);
        }
        let before = || Text::from(editor.truth(path).expect("a text that may be sent"));
        let edited = self.edited.entry(path.clone());
        let edited = edited.or_insert_with(|| Edited { before: before(), now: before(), lines: Vec::new() });
        editor.splice(path, edit.gone.clone(), &edit.text);
        edited.now = Text::from(editor.truth(path).expect("a text that may be sent"));
        edited.lines.extend(edit.lines.clone().map(|line| line + 1));
        if edit.lines.is_empty() {
            edited.lines.push(edit.lines.start + 1);
        }
    }

    async fn turn(&mut self, edit: &Edit) {
        let line = edit.lines.start + 1;
        let last = edit.lines.end.clamp(line, line + MOST_SELECTED - 1);
        let mut open = self.turns.last().map(|turn| turn.open.clone()).unwrap_or_default();
        open.extend(self.edited.iter().map(|(path, edited)| (path.clone(), edited.now.clone())));
        let ended = self
            .rig
            .run(Ask {
                action: Action::Edit,
                file: Some(RelPath::parse(&edit.path).expect("a path")),
                lines: Some((line, last)),
                diagnostics: Vec::new(),
                instruction: Some(INSTRUCTION.into()),
            })
            .await;
        assert_eq!(ended.outcome(), Outcome::Answered, "{}", ended.message);
        let request = self.rig.provider.request(self.turns.len()).await;
        let edited = std::mem::take(&mut self.edited);
        self.turns.push(Turn { path: edit.path.clone(), line, edited, request, receipt: ended.receipt, open });
    }
}

/// Whoever had nothing but the requests knows every file as it was at each turn.
fn check(everything: &[Request], turns: &[Turn], rig: &Rig) {
    assert_eq!(everything.len(), turns.len() + 1, "a warm-up, and one request a turn");
    assert_eq!(rig.provider.violations(), Vec::<String>::new());
    let mut mirrors = Mirrors::default();
    for (number, turn) in turns.iter().enumerate() {
        mirrors.take(&everything[..number + 2]);
        for (path, known) in mirrors.now.files() {
            if let Some(text) = turn.open.get(path) {
                assert_eq!(known, &**text, "{path} at turn {number}");
            }
        }
        assert!(mirrors.now.text(&turn.path).is_some() || turn.request.text().contains("<selection "), "{}", turn.path);
    }
}
