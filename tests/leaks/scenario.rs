//! What may happen in a case: what the user and their editor do, and what the model asks for. All of it is plain data, so
//! that a case that fails can be made smaller and printed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::canary::GUESS;
use super::ground::{ALLOWED, EXCLUDED, MOVING, NAMED, OUTSIDE, TOGGLED, UNSAVED};

/// One project, one editor, one server.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Which client the editor imitates, and what its user answers.
    pub client: usize,
    pub user: usize,
    /// Responses come over HTTP, where every request carries the whole conversation.
    pub http: bool,
    pub steps: Vec<Step>,
}

/// What happens between two turns, and the turn.
#[derive(Clone, Debug)]
pub struct Step {
    pub before: Vec<Act>,
    pub turn: Turn,
}

/// A turn of the user's, and what the model makes of it.
#[derive(Clone, Debug)]
pub struct Turn {
    pub action: Action,
    pub file: Pick,
    /// The calls of each round.
    pub rounds: Vec<Vec<Want>>,
    /// What happens while the model thinks about its first answer.
    pub meanwhile: Vec<Act>,
}

/// What the user asks for.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    Edit,
    Ask,
    Document,
    Implement,
    Finish,
    /// Diagnostics that the editor sends along, with a related place that is excluded.
    Fix,
    /// What was reported to the server before.
    FixReported,
    FixBroken,
}

/// A file.
#[derive(Clone, Copy, Debug)]
pub enum Pick {
    At(&'static str),
    /// The one that moves.
    Moving,
    /// One whose path holds a canary, by the pattern of its name: for the editor, never for the model.
    Named(&'static str),
}

/// Something the user, the editor or another program does.
#[derive(Clone, Debug)]
pub enum Act {
    Open(Pick),
    Close(Pick),
    /// Types a canary, or into a file that may be seen something harmless.
    Type(Pick),
    /// Types something with the shape of a secret into a file that may be seen.
    TypeSecret(&'static str),
    Save(Pick),
    /// Another program writes the file.
    Write(Pick),
    /// A language server reports an error there, which quotes it.
    Report(Pick),
    /// One reports an error in a file that may be seen, with a related place in another.
    Relate(&'static str, Pick),
    /// The menu of code actions is asked for.
    Menu(Pick),
    /// A document that is on no disk.
    Untitled,
    /// A new document in an excluded place, or below a link to one.
    Unsaved(&'static str),
    /// A document of no workspace.
    Outside(&'static str),
    /// A rule appears that hides one of the files that come and go, or goes; the editor tells of it or does not.
    Hide(usize, bool),
    Show(usize, bool),
    Move,
    /// The editor says that files changed.
    Watched,
    DropConnections,
    Reset,
}

/// What the model calls a tool for.
#[derive(Clone, Debug)]
pub enum Want {
    Read(Aim),
    Lines(Aim),
    Search(&'static str, &'static str),
    List(&'static str),
    Diagnostics(Option<Aim>),
    Add(Aim),
    /// A patch whose context is a guess at what stands in the file.
    Guess(Aim, &'static str),
    Delete(Aim),
    MoveTo(Aim, Aim),
    /// A patch that fits.
    Swap(&'static str),
    /// The same question about something that is there and something that is not: the answers must not differ.
    Both(Way, (&'static str, &'static str)),
}

/// A path that the model makes up.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    Pick(Pick),
    Form(&'static str),
}

/// A way to ask about a path.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Read,
    Diagnostics,
    List,
    Search,
    Add,
    Guess,
    Delete,
    MoveTo,
}

const PATTERNS: &[&str] = &[
    GUESS,
    "[q]xzk[v]",
    ".",
    "(?i)QXZKV.{2,}",
    "\\w{12,}",
    "key = .*",
    "^.+$",
    "wvkzx",
    "PRIVATE|AKIA|ghp_",
    "[^x]*",
    "",
];
const GLOBS: &[&str] = &[
    "",
    "**/*",
    "*",
    ".*",
    "**/.*",
    ".env*",
    ".git/**",
    ".ssh",
    "vault/**",
    "[v]ault/*",
    "*.pem",
    "build",
    "inner/**",
    "folder/*",
    "../**",
    "/**",
    "*.txt",
    "{.env,.npmrc}",
    "*qxz*",
    "**/*[q]xzkv*",
];
const GUESSES: &[&str] = &[GUESS, "key = qxzkv", "first", "last", "of src/lib.rs", "xxxxxxxx", ""];
const FORMS: &[&str] = &[
    "./.env",
    "src/../.env",
    "../beside.txt",
    "src/../../beside.txt",
    ".env/",
    ".env/.",
    "//.env",
    "/etc/hostname",
    "~/.ssh/id_rsa",
    "C:\\x",
    "\\\\host\\share",
    ".env::$DATA",
    ".env ",
    ".env.",
    ".ENV",
    ".\u{200b}env",
    "%2eenv",
    "file:///.env",
    "vault",
    "vault/",
    "folder",
    "inner",
    "pointer",
    ".git",
    "build//out.txt",
    "./build/./out.txt",
    "Caf\u{e9}.txt",
    "big.txt",
    "blob.bin",
    "latin.txt",
    ".gitignore/x",
    "src/lib.rs/x",
    "src/new.rs",
    "",
    ".",
    "settings.txt",
    "folder/../.env",
    "untitled:Untitled-1",
    "nothing.txt",
    "notes",
    "plans/none.txt",
];

fn shown() -> impl Strategy<Value = &'static str> {
    select(ALLOWED)
}

fn hidden() -> impl Strategy<Value = &'static str> {
    select(EXCLUDED).prop_map(|(there, _)| there)
}

fn coming_and_going() -> impl Strategy<Value = &'static str> {
    select(TOGGLED).prop_map(|(file, ..)| file)
}

fn file() -> impl Strategy<Value = Pick> {
    prop_oneof![
        3 => shown().prop_map(Pick::At),
        4 => hidden().prop_map(Pick::At),
        3 => coming_and_going().prop_map(Pick::At),
        1 => Just(Pick::Moving),
        1 => select(NAMED).prop_map(Pick::Named),
    ]
}

/// A file that a model may name.
fn aim() -> impl Strategy<Value = Aim> {
    let file = prop_oneof![
        2 => shown().prop_map(Pick::At),
        4 => hidden().prop_map(Pick::At),
        2 => coming_and_going().prop_map(Pick::At),
        1 => Just(Pick::Moving),
    ];
    prop_oneof![3 => file.prop_map(Aim::Pick), 1 => select(FORMS).prop_map(Aim::Form)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => file().prop_map(Act::Open),
        1 => file().prop_map(Act::Close),
        6 => file().prop_map(Act::Type),
        1 => shown().prop_map(Act::TypeSecret),
        1 => file().prop_map(Act::Save),
        2 => file().prop_map(Act::Write),
        2 => file().prop_map(Act::Report),
        2 => (shown(), file()).prop_map(|(path, other)| Act::Relate(path, other)),
        1 => file().prop_map(Act::Menu),
        1 => Just(Act::Untitled),
        2 => select(UNSAVED).prop_map(Act::Unsaved),
        1 => select(OUTSIDE).prop_map(Act::Outside),
        3 => (0..TOGGLED.len(), any::<bool>()).prop_map(|(which, tells)| Act::Hide(which, tells)),
        1 => (0..TOGGLED.len(), any::<bool>()).prop_map(|(which, tells)| Act::Show(which, tells)),
        1 => Just(Act::Move),
        1 => Just(Act::Watched),
        1 => Just(Act::DropConnections),
        1 => prop::bool::weighted(0.3).prop_map(|reset| if reset { Act::Reset } else { Act::Watched }),
    ]
}

fn want() -> impl Strategy<Value = Want> {
    let way = select(
        &[Way::Read, Way::Diagnostics, Way::List, Way::Search, Way::Add, Way::Guess, Way::Delete, Way::MoveTo][..],
    );
    prop_oneof![
        4 => aim().prop_map(Want::Read),
        1 => aim().prop_map(Want::Lines),
        3 => (select(PATTERNS), select(GLOBS)).prop_map(|(pattern, glob)| Want::Search(pattern, glob)),
        2 => select(GLOBS).prop_map(Want::List),
        1 => proptest::option::of(aim()).prop_map(Want::Diagnostics),
        1 => aim().prop_map(Want::Add),
        2 => (aim(), select(GUESSES)).prop_map(|(aim, guess)| Want::Guess(aim, guess)),
        1 => aim().prop_map(Want::Delete),
        1 => (aim(), aim()).prop_map(|(from, to)| Want::MoveTo(from, to)),
        2 => shown().prop_map(Want::Swap),
        4 => (way, select(EXCLUDED)).prop_map(|(way, pair)| Want::Both(way, pair)),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    let action = prop_oneof![
        4 => Just(Action::Edit),
        1 => Just(Action::Ask),
        1 => Just(Action::Document),
        1 => Just(Action::Implement),
        2 => Just(Action::Finish),
        2 => Just(Action::Fix),
        1 => Just(Action::FixReported),
        1 => Just(Action::FixBroken),
    ];
    let file = prop_oneof![5 => shown().prop_map(Pick::At), 2 => file()];
    let meanwhile = prop_oneof![2 => Just(Vec::new()), 1 => vec(act(), 1..4)];
    (action, file, vec(vec(want(), 1..8), 0..4), meanwhile).prop_map(|(action, file, rounds, meanwhile)| Turn {
        action,
        file,
        rounds,
        meanwhile,
    })
}

/// Any scenario.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    let step = (vec(act(), 0..8), turn()).prop_map(|(before, turn)| Step { before, turn });
    (0..3_usize, 0..3_usize, prop::bool::weighted(0.2), vec(step, 1..9))
        .prop_map(|(client, user, http, steps)| Scenario { client, user, http, steps })
}

impl Pick {
    /// Its path, if a model may be told it.
    pub fn path(self) -> Option<&'static str> {
        match self {
            Pick::At(path) => Some(path),
            Pick::Moving => Some(MOVING[0]),
            Pick::Named(_) => None,
        }
    }
}
