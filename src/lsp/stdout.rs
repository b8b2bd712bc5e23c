//! What goes out on stdout, written at once where that cannot wait: an answer is on its way without another thread that
//! has to wake up first.
//!
//! On Linux the kernel tells whether a pipe or a socket takes some bytes without waiting; then they are written right
//! here. Everything else goes the way of tokio, whose threads may wait: an editor that does not read, other systems, files.
//! Must never block: it runs on the async threads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

/// The process's standard output. There must be only one of it.
pub struct Stdout {
    patient: tokio::io::Stdout,
    /// Something goes the patient way, and what follows has to stay behind it.
    under_way: bool,
    can_be_asked: bool,
}

impl Stdout {
    /// Takes what the process has.
    pub fn new() -> Stdout {
        Stdout { patient: tokio::io::stdout(), under_way: false, can_be_asked: at_once::can_be_asked() }
    }

    fn patient(&mut self) -> Pin<&mut tokio::io::Stdout> {
        Pin::new(&mut self.patient)
    }
}

impl Default for Stdout {
    fn default() -> Stdout {
        Stdout::new()
    }
}

impl AsyncWrite for Stdout {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.can_be_asked
            && !self.under_way
            && let Some(written) = at_once::write(bytes)
        {
            return Poll::Ready(Ok(written));
        }
        self.under_way = true;
        self.patient().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.under_way {
            ready!(self.patient().poll_flush(context))?;
            self.under_way = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        self.patient().poll_shutdown(context)
    }
}

/// Writing without waiting.
#[cfg(target_os = "linux")]
mod at_once {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};
    use rustix::stdio::stdout;

    /// So many bytes fit where the kernel says that there is room: `pipe(7)`, PIPE_BUF; a socket has more.
    const FIT: usize = 4096;
    /// More goes the patient way, so that no async thread is busy with it.
    const MOST: usize = 4 * FIT;

    /// Whether stdout is something whose room the kernel tells.
    pub fn can_be_asked() -> bool {
        let kind = fstat(stdout()).map(|stat| FileType::from_raw_mode(stat.st_mode));
        matches!(kind, Ok(FileType::Fifo | FileType::Socket))
    }

    /// Writes some bytes if they fit; `None` if they might have to wait, or if nobody reads any more.
    pub fn write(bytes: &[u8]) -> Option<usize> {
        if bytes.len() > MOST {
            return None;
        }
        let stdout = stdout();
        let mut asked = [PollFd::new(&stdout, PollFlags::OUT)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut asked, Some(&now)).ok()?;
        let has_room = asked[0].revents() == PollFlags::OUT;
        has_room.then(|| rustix::io::write(stdout, &bytes[..bytes.len().min(FIT)]).ok()).flatten()
    }
}

/// Elsewhere nobody is asked.
#[cfg(not(target_os = "linux"))]
mod at_once {
    pub fn can_be_asked() -> bool {
        false
    }

    pub fn write(_: &[u8]) -> Option<usize> {
        None
    }
}
