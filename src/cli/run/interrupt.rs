//! What asks a command to end: Ctrl-C, `SIGTERM` on Unix, Ctrl-Break on Windows. Once listened for, none of them ends
//! the process by itself any more.

use std::io;

/// The ways to be asked.
pub struct Interrupts {
    #[cfg(unix)]
    ways: (tokio::signal::unix::Signal, tokio::signal::unix::Signal),
    #[cfg(windows)]
    ways: (tokio::signal::windows::CtrlC, tokio::signal::windows::CtrlBreak),
}

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says when it cannot be listened for.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Interrupts { ways: (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?) })
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says when it cannot be listened for.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Interrupts> {
        use tokio::signal::windows::{ctrl_break, ctrl_c};
        Ok(Interrupts { ways: (ctrl_c()?, ctrl_break()?) })
    }

    /// Waits until it is asked once more.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.ways.0.recv() => {}
            _ = self.ways.1.recv() => {}
        }
    }
}
