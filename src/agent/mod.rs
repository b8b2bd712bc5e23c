//! The agent: runs a turn from the user's request to a proposal of changes.
//!
//! A [`conversation`] lasts as long as its session and knows what the model knows. A [`turn`] asks rounds, answers tool
//! calls ([`tools`]) on a [`working`] copy, tells the model what the user types meanwhile, and ends with a
//! [`proposal`]. Nothing here knows LSP, sockets or how an edit reaches the editor: a [`Host`] does.

pub mod action;
pub mod brief;
pub mod conversation;
mod guard;
pub mod landing;
mod opening;
pub mod preview;
pub mod prompts;
pub mod proposal;
pub mod reconcile;
pub mod request;
mod restore;
mod surroundings;
pub mod tools;
mod turn;
pub mod working;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::session::receipt::{Outcome, Receipt};
use crate::workspace::{DiagnosticStore, DocumentText, RelPath, Workspace};

pub use action::{Action, Ask};
pub use conversation::Conversation;
pub use proposal::{FileChange, Proposal};
pub use turn::in_step;

/// A turn as it is asked for.
#[derive(Clone)]
pub struct TurnRequest {
    /// Unique in the process.
    pub id: String,
    /// What is asked.
    pub ask: Ask,
    /// The workspace it concerns.
    pub workspace: Arc<Workspace>,
    /// What language servers reported there.
    pub diagnostics: Arc<DiagnosticStore>,
    /// Files with changes that were not carried through yet, with the text they began from.
    pub unfinished: Vec<(RelPath, DocumentText)>,
    /// Bytes of changes told at once; more are listed.
    pub max_delta_bytes: usize,
    /// Stops it.
    pub cancel: CancellationToken,
    /// Who asked.
    pub host: Arc<dyn Host>,
}

/// What a turn is doing, for its progress.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// A connection is being made.
    Connecting,
    /// The model is at work.
    Thinking,
    /// The provider asked to wait.
    Waiting {
        /// How long.
        delay: Duration,
        /// Its reason.
        reason: String,
    },
    /// Files are being read.
    Reading(Vec<RelPath>),
    /// The project is being searched.
    Searching(String),
    /// Files were changed in the working copy.
    Editing(Vec<RelPath>),
    /// A piece of the model's visible text.
    Text(String),
    /// The changes are on their way to the editor.
    Landing,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// How the turn ends.
    pub outcome: Outcome,
    /// What the user should know, if anything.
    pub message: Option<String>,
}

/// How a turn ended.
#[derive(Clone, Debug)]
pub struct TurnEnd {
    /// Its receipt.
    pub receipt: Receipt,
    /// The model's last words, or the reason it failed.
    pub message: String,
}

/// Boxed, so that a host can be shared as an object.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever asked for a turn: an editor, or the command line.
pub trait Host: Send + Sync {
    /// The turn left the queue.
    fn begun(&self) {}

    /// What it is doing.
    fn stage(&self, stage: Stage);

    /// Brings the changes to the user. Bounded; a question that may take the user long is answered `proposed` at once.
    fn land(&self, proposal: Proposal) -> Pending<'_, Landing>;

    /// The turn is over. Called exactly once for every turn taken from the queue.
    fn ended(&self, end: TurnEnd);
}
