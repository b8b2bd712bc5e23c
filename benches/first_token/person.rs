//! A person who edits near the top of a file and asks about it, turn after turn, on the real session.

use std::sync::Arc;
use std::time::Duration;

use pilotlight::agent::{Action, Ask, Host, Landing, Pending, Proposal, Stage, TurnEnd};
use pilotlight::config::TransportChoice;
use pilotlight::session::receipt::Outcome;
use pilotlight::workspace::RelPath;
use tokio::sync::mpsc;

use super::provider::{Rig, Setup};

/// Where the file is.
pub const PATH: &str = "src/ledger.rs";
/// The line that is edited, counted from 1: the first one below the imports.
const EDITED: usize = 13;
const QUESTION: &str = "What is line 13 about?";
/// A model on a busy machine takes its time; nothing is measured with it.
const PATIENCE: Duration = Duration::from_secs(900);

/// The person and the session.
pub struct Person {
    rig: Rig,
    turn: usize,
}

impl Person {
    /// Opens the file in a session with the server at an address.
    pub async fn begin(text: &str, address: &str) -> Person {
        let setup = Setup::files(&[(PATH, text)]).server(address).config(|config| {
            config.provider.transport = TransportChoice::Http;
            config.provider.model = "local".to_owned();
            config.provider.reasoning_effort = None;
            config.session.first_event_timeout = PATIENCE;
            config.session.max_rounds = 1;
        });
        let rig = setup.start().await;
        rig.editor.open(PATH);
        Person { rig, turn: 0 }
    }

    /// Edits near the top, and asks.
    pub async fn turn(&mut self) {
        self.edit();
        let (ends, mut ended) = mpsc::unbounded_channel();
        let ask = Ask {
            action: Action::Ask,
            file: Some(RelPath::parse(PATH).expect("a path")),
            lines: None,
            diagnostics: Vec::new(),
            instruction: Some(QUESTION.to_owned()),
        };
        self.rig.submit_for(ask, Arc::new(Listener { ends })).expect("no other turn");
        let end = tokio::time::timeout(PATIENCE, ended.recv()).await.expect("an answer").expect("a turn's end");
        // What so small a model says is its own affair: it may break off, or call a tool and be stopped.
        let fine = matches!(end.receipt.outcome, Outcome::Answered | Outcome::Failed);
        assert!(fine && end.receipt.rounds == 1, "{}: {:?}", end.message, end.receipt);
    }

    /// Edits near the top.
    pub fn edit(&mut self) {
        self.turn += 1;
        let text = self.text();
        let start: usize = text.split_inclusive('\n').take(EDITED - 1).map(str::len).sum();
        let end = start + text[start..].find('\n').expect("a line");
        let line = format!("// Changed for the turn numbered {}, as a person would.", self.turn);
        self.rig.editor.splice(PATH, start..end, &line);
    }

    /// The file as it is now.
    pub fn text(&self) -> String {
        self.rig.editor.buffer(PATH)
    }
}

/// Hears of the end.
struct Listener {
    ends: mpsc::UnboundedSender<TurnEnd>,
}

impl Host for Listener {
    fn stage(&self, _: Stage) {}

    fn land(&self, _: Proposal) -> Pending<'_, Landing> {
        Box::pin(std::future::ready(Landing { outcome: Outcome::Refused, message: None }))
    }

    fn ended(&self, end: TurnEnd) {
        let _ = self.ends.send(end);
    }
}
