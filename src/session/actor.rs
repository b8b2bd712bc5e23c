//! The actor that owns one line and runs one turn at a time over it.
//!
//! Commands come in through a bounded queue; what happens is told on the [`Board`] and by the turn itself. The actor
//! ends when its [`Session`] is dropped or closed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::activity::Activity;
use super::line::Line;
use super::profile::Profile;
use super::receipt::Outcome;
use super::state::Event as Happened;
use super::status::Board;

/// Turns a session takes at once: one runs, four wait (contract 1.7).
pub const MAX_TURNS: usize = 5;

/// What runs turns: the conversation that lasts as long as the session.
pub trait Agent: Send + 'static {
    /// What a turn is asked with.
    type Turn: Send + 'static;

    /// Runs one turn to its end; `line.begin_turn` and `line.finish_turn` bracket it.
    fn run(&mut self, line: &mut Line, turn: Self::Turn) -> impl Future<Output = ()> + Send;

    /// A turn panicked: it must be told to whoever waits for it, and what is known forgotten.
    fn crashed(&mut self);

    /// Forgets the conversation.
    fn reset(&mut self);
}

/// A session's handle. Dropping it ends the session.
#[derive(Debug)]
pub struct Session<T> {
    board: Board,
    commands: mpsc::Sender<Command<T>>,
    places: Arc<Semaphore>,
    /// Ends the running turn when the session is closed.
    closing: CancellationToken,
    activity: Activity,
    _actor: AbortOnDropHandle<()>,
}

#[derive(Debug)]
enum Command<T> {
    Turn(T, OwnedSemaphorePermit),
    Light,
    Reset,
    Close,
}

/// The queue is full.
#[derive(Debug, thiserror::Error)]
#[error("a turn is running and {} more are waiting; cancel one or wait for it", MAX_TURNS - 1)]
pub struct Full;

impl<T: Send + 'static> Session<T> {
    /// Starts a session. Unless `consented`, it waits in `consent` until [`Session::light`].
    pub fn start<A: Agent<Turn = T>>(profile: Profile, agent: A, consented: bool) -> Session<T> {
        let board = Board::new(&profile, consented);
        let (commands, received) = mpsc::channel(MAX_TURNS + 8);
        let closing = CancellationToken::new();
        let lit = consented && profile.warm;
        let activity = Activity::default();
        let line = Line::new(Arc::new(profile), board.clone(), activity.clone());
        let actor = tokio::spawn(run(line, agent, received, lit));
        let places = Arc::new(Semaphore::new(MAX_TURNS));
        Session { board, commands, places, closing, activity, _actor: AbortOnDropHandle::new(actor) }
    }

    /// Queues a turn; returns how many are before it.
    ///
    /// # Errors
    /// [`Full`] when five are queued or running.
    pub fn submit(&self, turn: T) -> Result<usize, Full> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Full)?;
        let before = MAX_TURNS - 1 - self.places.available_permits();
        self.commands.try_send(Command::Turn(turn, place)).map_err(|_| Full)?;
        Ok(before)
    }

    /// The user is at work in this workspace: a resting session wakes, one that is offline tries again now.
    pub fn touch(&self) {
        self.activity.note();
    }

    /// Connects now, if the session is not connected; ends `consent`.
    pub fn light(&self) {
        self.board.tell(Happened::Consented);
        let _ = self.commands.try_send(Command::Light);
    }

    /// There is no consent any more: whatever is lit is put out, and the conversation forgotten.
    pub fn withdraw(&self) {
        self.board.tell(Happened::Revoked);
        let _ = self.commands.try_send(Command::Reset);
    }

    /// Forgets the conversation and begins a new session, after the running turn.
    pub fn reset(&self) {
        let _ = self.commands.try_send(Command::Reset);
    }

    /// State, figures and receipts.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Cancelled when the session closes; turns take children of it.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Stops what runs and closes the connection, within two seconds.
    pub async fn close(&self) {
        self.closing.cancel();
        if self.commands.try_send(Command::Close).is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(2), self.commands.closed()).await;
        }
    }

    /// Changes how a finished turn ended.
    pub fn amend(&self, turn: &str, outcome: Outcome) -> Option<super::receipt::Receipt> {
        self.board.amend(turn, outcome)
    }
}

async fn run<A: Agent>(mut line: Line, mut agent: A, mut commands: mpsc::Receiver<Command<A::Turn>>, lit: bool) {
    if lit {
        line.light();
    }
    loop {
        let command = tokio::select! {
            command = commands.recv() => command,
            () = line.idle() => continue,
        };
        match command {
            Some(Command::Turn(turn, place)) => {
                // A turn's panic must not take the session with it.
                if AssertUnwindSafe(agent.run(&mut line, turn)).catch_unwind().await.is_err() {
                    tracing::error!("a turn panicked; the session begins anew");
                    agent.crashed();
                    line.finish_turn(Outcome::Failed, 0);
                    line.reset();
                }
                drop(place);
            }
            Some(Command::Light) => line.light(),
            Some(Command::Reset) => {
                agent.reset();
                line.reset();
            }
            Some(Command::Close) | None => {
                line.close().await;
                return;
            }
        }
    }
}
