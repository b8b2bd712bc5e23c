//! The conversation: what lasts from turn to turn while a session lives.

use std::collections::VecDeque;

use crate::delta::ledger::Ledger;
use crate::session::actor::Agent;
use crate::session::line::Line;
use crate::session::receipt::{Outcome, Receipt, outcome_name};

use super::turn::Turn;
use super::{TurnEnd, TurnRequest};

/// Past turns told to a new lineage.
const REMEMBERED: usize = 20;

/// What the model knows, and what was done so far.
#[derive(Default)]
pub struct Conversation {
    pub(super) ledger: Ledger,
    /// What a new lineage is told of the project first.
    pub(super) brief: String,
    /// One line a turn, oldest first.
    pub(super) past: VecDeque<String>,
    /// The turn that runs, so that a panic does not leave its host waiting.
    running: Option<TurnRequest>,
}

impl Agent for Conversation {
    type Turn = TurnRequest;

    async fn run(&mut self, line: &mut Line, request: TurnRequest) {
        request.host.begun();
        self.running = Some(request.clone());
        line.begin_turn(request.id.clone(), request.ask.action.name().to_owned(), request.cancel.clone());
        let (landing, files) = Turn::new(self, &request, line.will_rebase()).run(line).await;
        let receipt = line.finish_turn(landing.outcome, files);
        self.remember(&request, &receipt);
        self.running = None;
        request.host.ended(TurnEnd { receipt, message: landing.message.unwrap_or_default() });
    }

    fn crashed(&mut self) {
        let request = self.running.take();
        self.reset();
        if let Some(request) = request {
            let receipt = Receipt {
                turn: request.id,
                action: request.ask.action.name().into(),
                outcome: Outcome::Failed,
                ..Receipt::default()
            };
            let message = "Pilotlight made a mistake and stopped this turn; nothing was applied. Please report it.";
            request.host.ended(TurnEnd { receipt, message: message.into() });
        }
    }

    fn reset(&mut self) {
        *self = Conversation::default();
    }
}

impl Conversation {
    /// Notes the turn for lineages to come, unless it was about a file that no model may hear of.
    fn remember(&mut self, request: &TurnRequest, receipt: &Receipt) {
        if request.ask.file.as_ref().is_some_and(|path| request.workspace.check(path).is_err()) {
            return;
        }
        if self.past.len() == REMEMBERED {
            self.past.pop_front();
        }
        let place = request.ask.file.as_ref().map(|path| format!(" in {path}")).unwrap_or_default();
        let outcome = outcome_name(receipt.outcome);
        self.past.push_back(format!(
            "{}{place}: {outcome}, {} files changed",
            request.ask.action.name(),
            receipt.files_changed
        ));
    }
}
