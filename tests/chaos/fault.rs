//! What can go wrong on the way to a model and back, and how the scripted server does it.

use serde_json::json;

use crate::provider::{Reply, Step, Upgrade, message};

/// A fault, or an oddity that must do no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    // ---- in or after an answer
    Close(u16),
    CloseAfter(u16),
    Dropped,
    DroppedAfter,
    Reset,
    Binary,
    Garbage,
    Silent,
    Deaf,
    DeafAfter,
    NotFound,
    ConnectionLimit,
    Overloaded,
    RateLimited,
    FlatError,
    StatuslessError,
    FailedResponse,
    ErrorAfterOutput,
    ContextLength,
    Incomplete,
    InvalidPrompt,
    // ---- oddities
    UnknownEvents,
    NoFigures,
    NoSequence,
    Steered,
    Refusal,
    // ---- on the way to a connection
    UpgradeRefused(u16),
    UpgradeClosed(u16),
    UpgradeDeaf,
    UpgradeDropped,
    UpgradeUnanswered,
    WarmUpRefused,
    WarmUpCut,
    WarmUpGarbage,
    WarmUpSilent,
    // ---- at any moment
    AllDropped,
}

use Fault::*;

/// What may become of an answer.
const ANSWERS: [Fault; 32] = [
    Close(1000),
    Close(1001),
    Close(1008),
    Close(1009),
    Close(1011),
    Close(1012),
    Close(1013),
    CloseAfter(1000),
    CloseAfter(1001),
    CloseAfter(1012),
    Dropped,
    DroppedAfter,
    Reset,
    Binary,
    Garbage,
    Silent,
    Deaf,
    DeafAfter,
    NotFound,
    ConnectionLimit,
    Overloaded,
    RateLimited,
    FlatError,
    StatuslessError,
    FailedResponse,
    ErrorAfterOutput,
    ContextLength,
    Incomplete,
    InvalidPrompt,
    NoSequence,
    Steered,
    Refusal,
];

/// The frequent ones, which cost no pause.
const FREQUENT: [Fault; 8] = [Close(1001), Dropped, DroppedAfter, Reset, Garbage, NotFound, UnknownEvents, NoFigures];

const UPGRADES: [Fault; 11] = [
    UpgradeRefused(403),
    UpgradeRefused(404),
    UpgradeRefused(426),
    UpgradeRefused(500),
    UpgradeRefused(503),
    UpgradeRefused(503),
    UpgradeClosed(1008),
    UpgradeClosed(1011),
    UpgradeDeaf,
    UpgradeDropped,
    UpgradeUnanswered,
];

const WARM_UPS: [Fault; 4] = [WarmUpRefused, WarmUpCut, WarmUpGarbage, WarmUpSilent];

impl Fault {
    /// One that can befall an answer.
    pub fn of_answers(rng: &mut fastrand::Rng) -> Fault {
        if rng.bool() { FREQUENT[rng.usize(..FREQUENT.len())] } else { ANSWERS[rng.usize(..ANSWERS.len())] }
    }

    /// One that can befall an upgrade.
    pub fn of_upgrades(rng: &mut fastrand::Rng) -> Fault {
        UPGRADES[rng.usize(..UPGRADES.len())]
    }

    /// One that can befall a warm-up.
    pub fn of_warm_ups(rng: &mut fastrand::Rng) -> Fault {
        WARM_UPS[rng.usize(..WARM_UPS.len())]
    }

    /// Whether the answer is whole in spite of it.
    pub fn leaves_the_answer(self) -> bool {
        self.strikes_after() || matches!(self, UnknownEvents | NoFigures | NoSequence | Steered | Refusal)
    }

    /// Whether it strikes when the answer is over, so that the next round or turn has to bear it.
    pub fn strikes_after(self) -> bool {
        matches!(self, CloseAfter(_) | DroppedAfter | DeafAfter)
    }

    /// Whether nothing but ending the turn is right.
    pub fn ends_the_turn(self) -> bool {
        matches!(self, Incomplete | InvalidPrompt)
    }

    /// Whether the connection is gone with it.
    pub fn takes_the_connection(self) -> bool {
        let stays = matches!(
            self,
            NotFound | Overloaded | RateLimited | FlatError | StatuslessError | FailedResponse | ContextLength
        );
        !stays && !self.ends_the_turn() && (!self.leaves_the_answer() || self.strikes_after()) && self != WarmUpRefused
    }

    /// Whether the end may be lost that the server has sent already.
    pub fn loses_what_was_sent(self) -> bool {
        matches!(self, Reset | AllDropped | DroppedAfter | DeafAfter | CloseAfter(_))
    }

    /// What it makes of an answer; `at` is after how many steps, for those that strike in the middle.
    pub fn strike(self, answer: Reply, at: usize) -> Reply {
        let error = |status: u16, code: &str, words: &str| Reply::error(status, code, words);
        match self {
            Close(code) => answer.broken_after(at, Step::Close(code, "as scheduled")),
            CloseAfter(code) => answer.then(Step::Close(code, "as scheduled")),
            Dropped => answer.broken_after(at, Step::Cut),
            DroppedAfter => answer.then(Step::Cut),
            Reset => answer.broken_after(at, Step::Reset),
            Binary => answer.broken_after(at, Step::Binary),
            Garbage => answer.broken_after(at, Step::Garbage("{\"type\":")),
            Silent => answer.broken_after(at, Step::Silence),
            Deaf => answer.broken_after(at, Step::Deaf),
            DeafAfter => answer.then(Step::Deaf),
            NotFound => error(400, "previous_response_not_found", "gone"),
            ConnectionLimit => error(400, "websocket_connection_limit_reached", "60 minutes"),
            Overloaded => error(503, "server_is_overloaded", "busy, try again in 5ms"),
            RateLimited => error(429, "rate_limit_exceeded", "Please try again in 10ms."),
            ContextLength => error(400, "context_length_exceeded", "too long"),
            InvalidPrompt => error(400, "invalid_prompt", "no"),
            FlatError => Reply::event(json!({"type": "error", "code": "previous_response_not_found",
                "message": "gone", "sequence_number": 0})),
            StatuslessError => Reply::event(json!({"type": "error",
                "error": {"code": "server_is_overloaded", "message": "try again in 2ms"}})),
            FailedResponse => Reply::event(json!({"type": "response.failed", "response": {"id": "resp_x",
                "status": "failed", "error": {"code": "server_error", "message": "oops, try again in 3ms"}}})),
            ErrorAfterOutput => {
                let half = Reply::of([Step::Created, Step::Delta("Half".into())]);
                half.join(error(500, "server_error", "oops"))
            }
            Incomplete => answer.broken_after(at, Step::Incomplete("max_output_tokens")),
            UnknownEvents => answer
                .preceded_by(json!({"type": "codex.rate_limits", "plan_type": "pro"}))
                .with(at.max(1), Step::Event(json!({"type": "response.dreamt", "of": [1, null]}))),
            NoFigures => answer.bare(),
            NoSequence => answer.with(0, Step::Unnumbered),
            Steered => steered().join(answer),
            Refusal => Reply::item(json!({"type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "refusal", "refusal": "I will not."}]})),
            WarmUpRefused => error(400, "invalid_request_error", "no generate here"),
            WarmUpCut => Reply::of([Step::Created, Step::Cut]),
            WarmUpGarbage => Reply::of([Step::Garbage("<html>")]),
            WarmUpSilent => Reply::of([Step::Silence]),
            _ => answer,
        }
    }

    /// What it makes of an upgrade.
    pub fn receive(self) -> Upgrade {
        match self {
            UpgradeRefused(status) => Upgrade::Refuse(status),
            UpgradeClosed(code) => Upgrade::CloseAtOnce(code),
            UpgradeDeaf => Upgrade::Deaf,
            UpgradeDropped => Upgrade::Dropped,
            UpgradeUnanswered => Upgrade::Unanswered,
            _ => Upgrade::Accept,
        }
    }
}

/// The beginning of an answer that ends to go on otherwise.
fn steered() -> Reply {
    Reply::of([
        Step::Created,
        Step::Delta("This way".into()),
        Step::Item(message("This way.")),
        Step::Incomplete("steered"),
    ])
}
