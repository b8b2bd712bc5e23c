//! The property the whole protocol rests on (invariant 6): whoever knows only what was sent knows the files exactly.
//!
//! A model that sees nothing but its requests keeps a mirror of the project and works on it. Whatever the user types,
//! opens, closes, saves, creates and deletes, whatever the model reads and patches, whatever is lost on the way: with
//! every request the files it knows whole are the editor's, or the turn's working copy. And no request ever holds a
//! secret of the user's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod provider;

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use pilotlight::config::TransportChoice;
use pilotlight::session::receipt::Outcome;
use pilotlight::session::status::State;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use provider::{Call, Decision, Editor, Ended, Mirror, Mirrors, Reply, Request, Rig, Setup, Step};
use serde_json::json;

/// Where files can be; a few names, so that everything meets everything.
const PATHS: [&str; 5] = ["src/a.rs", "src/b b.rs", "ü.md", "100%.txt", "empty"];
/// Where the model creates files or moves them to.
const NEW_PATHS: [&str; 2] = ["new/x.rs", "new/y.rs"];

/// Secrets that the user's texts hold; a model knows them as [`MARK`].
const SECRETS: [&str; 2] = ["ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R", "ghp_9z8Y7x6W5v4U3t2S1r0Q9p8O7n6M5l4K3j2I"];
const MARK: &str = "[secret:github-token]";

fn pick(index: &Index, paths: &[&'static str]) -> &'static str {
    paths[index.index(paths.len())]
}

/// What the user does.
#[derive(Clone, Debug)]
enum UserAct {
    Open(Index),
    Close(Index),
    Save(Index),
    Type { file: Index, from: Index, length: usize, text: String },
    Overwrite(Index, String),
}

/// What happens on disk between turns.
#[derive(Clone, Debug)]
enum DiskAct {
    Write(Index, String),
    Delete(Index),
}

/// One thing the model does.
#[derive(Clone, Debug)]
enum ModelAct {
    Read(Index),
    ReadLines(Index, usize, usize),
    /// Replaces a line (or, without text, removes it) of a file it knows.
    Patch {
        file: Index,
        line: Index,
        text: Option<String>,
    },
    Create(Index, String),
    Delete(Index),
    Move(Index, Index),
    Search,
}

/// What comes of a request.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Answered,
    Cut,
    Forgotten,
}

#[derive(Clone, Debug)]
struct Round {
    meanwhile: Vec<UserAct>,
    luck: Luck,
    acts: Vec<ModelAct>,
}

#[derive(Clone, Debug)]
struct TurnPlan {
    before: Vec<UserAct>,
    disk: Vec<DiskAct>,
    file: Index,
    rounds: Vec<Round>,
    decision: Decision,
    /// The connection is closed behind it, or the session reset.
    after: Option<bool>,
}

/// What a session is configured with: sometimes so little that it has to list changes, or to begin anew by itself.
#[derive(Clone, Debug)]
struct Limits {
    http: bool,
    max_delta_bytes: u64,
    max_context_tokens: u64,
}

fn limits() -> impl Strategy<Value = Limits> {
    (prop::bool::weighted(0.2), select(&[65_536, 65_536, 150][..]), select(&[200_000, 200_000, 1200][..]))
        .prop_map(|(http, max_delta_bytes, max_context_tokens)| Limits { http, max_delta_bytes, max_context_tokens })
}

/// Lines that look like the protocol's own are the interesting ones.
fn line() -> impl Strategy<Value = String> {
    const TRICKY: [&str; 17] = [
        SECRETS[0],
        SECRETS[1],
        "",
        "}",
        "-- a/src/a.rs",
        "++ b/src/a.rs",
        "@@ -1,1 +1,1 @@",
        "</file>",
        "<file path=\"src/a.rs\" bytes=\"1\">",
        "\\ No newline at end of file",
        "*** End Patch",
        "--- a/ü.md",
        "+++ /dev/null",
        "Request: none",
        "👩\u{200d}💻 ❤️",
        "a\u{2028}b",
        "\u{feff}",
    ];
    prop_oneof![3 => "[a-c]{1,3}[0-9]{1,2}", 1 => select(&TRICKY[..]).prop_map(str::to_owned)]
}

/// A text with any line ends, or none.
fn text() -> impl Strategy<Value = String> {
    let end = select(&["\n", "\n", "\n", "\r\n", "\r"][..]);
    (vec((line(), end), 0..25), any::<bool>(), any::<bool>()).prop_map(|(lines, same, complete)| {
        let ends = lines.first().map_or("\n", |(_, end)| end);
        let mut text: String =
            lines.iter().map(|(line, end)| format!("{line}{}", if same { ends } else { end })).collect();
        if !complete {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
        }
        text
    })
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[x-z]{0,4}",
        1 => select(&["\n", "\r\n", "é", "𝄞", "\nfn new() {}\n", "x\ny"][..]).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn user_act() -> impl Strategy<Value = UserAct> {
    let file = any::<Index>;
    prop_oneof![
        3 => file().prop_map(UserAct::Open),
        1 => file().prop_map(UserAct::Close),
        1 => file().prop_map(UserAct::Save),
        8 => (file(), any::<Index>(), 0..30usize, typed())
            .prop_map(|(file, from, length, text)| UserAct::Type { file, from, length, text }),
        1 => (file(), text()).prop_map(|(file, text)| UserAct::Overwrite(file, text)),
    ]
}

fn disk_act() -> impl Strategy<Value = DiskAct> {
    let file = any::<Index>;
    prop_oneof![
        2 => (file(), text()).prop_map(|(file, text)| DiskAct::Write(file, text)),
        1 => file().prop_map(DiskAct::Delete),
    ]
}

fn model_act() -> impl Strategy<Value = ModelAct> {
    let file = any::<Index>;
    prop_oneof![
        6 => file().prop_map(ModelAct::Read),
        1 => (file(), 1..6usize, 1..9usize).prop_map(|(file, first, last)| ModelAct::ReadLines(file, first, last)),
        6 => (file(), any::<Index>(), proptest::option::of(line()))
            .prop_map(|(file, line, text)| ModelAct::Patch { file, line, text }),
        1 => (file(), text()).prop_map(|(file, text)| ModelAct::Create(file, text)),
        1 => file().prop_map(ModelAct::Delete),
        1 => (file(), file()).prop_map(|(file, to)| ModelAct::Move(file, to)),
        1 => Just(ModelAct::Search),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    let luck = prop_oneof![8 => Just(Luck::Answered), 1 => Just(Luck::Cut), 1 => Just(Luck::Forgotten)];
    (vec(user_act(), 0..3), luck, vec(model_act(), 1..4)).prop_map(|(meanwhile, luck, acts)| Round {
        meanwhile,
        luck,
        acts,
    })
}

fn turn() -> impl Strategy<Value = TurnPlan> {
    let decision = prop_oneof![3 => Just(Decision::Apply), 1 => Just(Decision::Refuse), 1 => Just(Decision::Wait)];
    let after = prop_oneof![6 => Just(None), 1 => Just(Some(true)), 1 => Just(Some(false))];
    (vec(user_act(), 0..5), vec(disk_act(), 0..2), any::<Index>(), vec(round(), 0..5), decision, after).prop_map(
        |(before, disk, file, rounds, decision, after)| TurnPlan { before, disk, file, rounds, decision, after },
    )
}

// ---- the user ----------------------------------------------------------------------------------------------------

fn act(editor: &Editor, act: &UserAct) {
    let open: Vec<&str> = PATHS.iter().chain(&NEW_PATHS).copied().filter(|path| editor.is_open(path)).collect();
    let any_open = |file: &Index| (!open.is_empty()).then(|| *file.get(&open));
    match act {
        UserAct::Open(file) => {
            let path = pick(file, &PATHS);
            if editor.exists(path) && !editor.is_open(path) {
                editor.open(path);
            }
        }
        UserAct::Close(file) => any_open(file).into_iter().for_each(|path| editor.close(path)),
        UserAct::Save(file) => any_open(file).into_iter().for_each(|path| editor.save(path)),
        UserAct::Overwrite(file, text) => any_open(file).into_iter().for_each(|path| editor.set(path, text)),
        UserAct::Type { file, from, length, text } => {
            let Some(path) = any_open(file) else { return };
            let buffer = editor.buffer(path);
            let start = place(&buffer, from.index(buffer.len() + 1));
            let end = place(&buffer, (start + length).min(buffer.len())).max(start);
            editor.splice(path, start..end, text);
        }
    }
}

/// The nearest place at or before `at` where a caret can stand.
fn place(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) || text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

fn act_on_disk(editor: &Editor, act: &DiskAct) {
    match act {
        DiskAct::Write(file, text) => editor.write(pick(file, &PATHS), text),
        DiskAct::Delete(file) => {
            let path = pick(file, &PATHS);
            if editor.exists(path) && !editor.is_open(path) {
                editor.delete(path);
            }
        }
    }
}

// ---- the model ---------------------------------------------------------------------------------------------------

/// A model that sees nothing but its requests, and checks them.
struct Model {
    editor: Editor,
    mirrors: Mirrors,
    rounds: std::vec::IntoIter<Round>,
    /// The latest round failed, and is asked again.
    again: Option<Vec<ModelAct>>,
    calls: usize,
    /// What it found wrong first.
    failure: Option<Box<dyn Any + Send>>,
}

impl Model {
    fn answer(&mut self, requests: &[Request]) -> Reply {
        self.mirrors.take(requests);
        self.check(requests.last().unwrap());
        if let Some(acts) = self.again.take() {
            return self.reply(&acts);
        }
        let Some(round) = self.rounds.next() else { return Reply::text("Done.") };
        round.meanwhile.iter().for_each(|action| act(&self.editor, action));
        match round.luck {
            Luck::Answered => self.reply(&round.acts),
            Luck::Cut => {
                self.again = Some(round.acts);
                Reply::of([Step::Created, Step::Cut])
            }
            Luck::Forgotten => {
                self.again = Some(round.acts);
                Reply::error(400, "previous_response_not_found", "gone")
            }
        }
    }

    /// What is known whole is what the user has, unless this turn's patches changed it.
    fn check(&self, request: &Request) {
        assert!(!SECRETS.iter().any(|secret| request.raw.contains(secret)), "a secret was sent: {}", request.raw);
        for (path, text) in self.mirrors.now.files().filter(|(path, _)| !self.mirrors.now.is_patched(path)) {
            let truth = self.editor.truth(path);
            assert_eq!(Some(text), truth.as_deref(), "{path} after\n{}", request.text());
        }
    }

    fn reply(&mut self, acts: &[ModelAct]) -> Reply {
        // Patches of one answer are made from one mirror: one for each file, so that none undoes another's context.
        let mut touched = BTreeSet::new();
        let calls: Vec<Call> = acts.iter().filter_map(|act| self.call(act, &mut touched)).collect();
        if calls.is_empty() {
            Reply::calls([Call::new("list_files", json!({"call": self.count()}))])
        } else {
            Reply::calls(calls)
        }
    }

    fn count(&mut self) -> usize {
        self.calls += 1;
        self.calls
    }

    fn call(&mut self, act: &ModelAct, touched: &mut BTreeSet<String>) -> Option<Call> {
        let mirror = self.mirrors.now.clone();
        let any = |file: &Index| file.get(&[&PATHS[..], &NEW_PATHS[..]].concat()).to_owned();
        let known: Vec<String> = mirror.files().map(|(path, _)| path.to_owned()).collect();
        let a_known = |file: &Index| (!known.is_empty()).then(|| file.get(&known).clone());
        let call = match act {
            ModelAct::Search => Call::new("search", json!({"pattern": "a", "call": self.count()})),
            // A model that asks the same again and again is stopped, but not in every turn of this story.
            ModelAct::Read(file) => Call::new("read_file", json!({"path": any(file), "call": self.count() / 2})),
            ModelAct::ReadLines(file, first, last) => Call::new(
                "read_file",
                json!({"path": any(file), "start_line": first, "end_line": last, "call": self.count()}),
            ),
            ModelAct::Patch { file, line, text } => {
                let path = a_known(file).filter(|path| touched.insert(path.clone()))?;
                Call::patch(&as_seen(&swap(&mirror, &path, line, text.as_deref())?))
            }
            ModelAct::Create(file, text) => {
                let path = pick(file, &NEW_PATHS).to_string();
                let lines: String = text.lines().map(|line| format!("+{}\n", line.trim_end_matches('\r'))).collect();
                let is_new = mirror.text(&path).is_none() && !self.editor.exists(&path) && !lines.contains('\r');
                (is_new && touched.insert(path.clone())).then_some(())?;
                Call::patch(&as_seen(&format!("*** Add File: {path}\n{lines}")))
            }
            ModelAct::Delete(file) => {
                let path = a_known(file).filter(|path| touched.insert(path.clone()))?;
                Call::patch(&format!("*** Delete File: {path}\n"))
            }
            ModelAct::Move(file, to) => {
                let (path, to) = (a_known(file)?, pick(to, &NEW_PATHS).to_string());
                (path != to && touched.insert(path.clone()) && touched.insert(to.clone())).then_some(())?;
                Call::patch(&format!("*** Update File: {path}\n*** Move to: {to}\n"))
            }
        };
        Some(call)
    }
}

/// What the model writes instead of a secret, which it cannot know.
fn as_seen(text: &str) -> String {
    SECRETS.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MARK))
}

/// A patch that replaces or removes a line which stands in one place.
fn swap(mirror: &Mirror, path: &str, line: &Index, text: Option<&str>) -> Option<String> {
    let lines: Vec<&str> = mirror.text(path)?.split_terminator('\n').collect();
    let alone = |line: &&&str| lines.iter().filter(|other| other == line).count() == 1;
    let lines: Vec<&&str> = lines.iter().filter(alone).filter(|line| !line.contains('\r')).collect();
    let old = (!lines.is_empty()).then(|| **line.get(&lines))?;
    let new = text.map(|text| format!("+{text}\n")).unwrap_or_default();
    Some(format!("*** Update File: {path}\n@@\n-{old}\n{new}"))
}

// ---- the property ------------------------------------------------------------------------------------------------

struct Story {
    rig: Rig,
    model: Arc<Mutex<Model>>,
}

impl Story {
    async fn begin(files: &[String], limits: &Limits) -> Story {
        let files: Vec<(&str, &str)> = PATHS.into_iter().zip(files.iter().map(String::as_str)).collect();
        let setup = Setup::files(&files).config(|config| {
            config.provider.transport = if limits.http { TransportChoice::Http } else { TransportChoice::Websocket };
            config.context.max_delta_bytes = limits.max_delta_bytes;
            config.session.max_context_tokens = limits.max_context_tokens;
            config.session.max_rounds = 4;
        });
        let rig = setup.warm().await;
        let model = Arc::new(Mutex::new(Model {
            editor: rig.editor.clone(),
            mirrors: Mirrors::default(),
            rounds: Vec::new().into_iter(),
            again: None,
            calls: 0,
            failure: None,
        }));
        let answering = model.clone();
        rig.provider.answer_with(move |requests| {
            let mut model = answering.lock().unwrap();
            // A failure belongs to the test and not to the server's task.
            catch_unwind(AssertUnwindSafe(|| model.answer(requests))).unwrap_or_else(|failure| {
                model.failure.get_or_insert(failure);
                Reply::error(400, "invalid_prompt", "the mirror is wrong")
            })
        });
        Story { rig, model }
    }

    async fn turn(&mut self, plan: &TurnPlan) {
        let editor = self.rig.editor.clone();
        plan.before.iter().for_each(|action| act(&editor, action));
        plan.disk.iter().for_each(|action| act_on_disk(&editor, action));
        {
            let mut model = self.model.lock().unwrap();
            model.rounds = plan.rounds.clone().into_iter();
            model.again = None;
        }
        let ended = self.rig.begin(Rig::ask(pick(&plan.file, &PATHS)), plan.decision).end().await;
        self.check(&ended);
        self.check_marks();
        match plan.after {
            Some(true) => self.rig.session.reset(),
            Some(false) => self.rig.provider.drop_connections(),
            None => return,
        }
        self.rig.until(State::Warm).await;
    }

    /// The user never typed a mark, so none is in a text of theirs.
    fn check_marks(&self) {
        let editor = &self.rig.editor;
        for path in PATHS.into_iter().chain(NEW_PATHS) {
            let buffer = editor.is_open(path).then(|| editor.buffer(path));
            for text in [buffer, editor.on_disk(path)].into_iter().flatten() {
                assert!(!text.contains(MARK), "a mark was written to {path}: {text}");
            }
        }
    }

    /// What is proposed is what the model believes, made from what the user has.
    fn check(&self, ended: &Ended) {
        let mut model = self.model.lock().unwrap();
        if let Some(failure) = model.failure.take() {
            resume_unwind(failure);
        }
        for change in ended.proposals.iter().flat_map(|proposal| &proposal.files) {
            let path = change.path.as_str();
            if let Some(known) = model.mirrors.now.text(path) {
                assert_eq!(change.theirs.as_ref().map(ToString::to_string).as_deref(), Some(known), "{path}");
            }
        }
        // The model is stopped where it finds no end, the session after too many cuts; nothing else ends a turn here.
        let known_ends = ["again after reconnecting", "in a row", "same arguments", "max_rounds"];
        let is_known = ended.outcome() != Outcome::Failed || known_ends.iter().any(|end| ended.message.contains(end));
        assert!(is_known, "{}", ended.message);
    }
}

fn tell(files: &[String], turns: &[TurnPlan], limits: &Limits) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut story = Story::begin(files, limits).await;
        for plan in turns {
            story.turn(plan).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mirror_made_of_what_was_sent_is_what_the_user_has(
        files in vec(text(), PATHS.len()), turns in vec(turn(), 1..6), limits in limits()
    ) {
        tell(&files, &turns, &limits);
    }
}
