//! Watching the editor's process: a server whose parent died ends (contract 1.7: within 5 s).
//!
//! Lost stdin is the first sign and usually enough; this catches editors that leave the pipe open behind them. In a
//! container the editor's number may belong to a stranger, whose end would end a server in use: `session.watch_parent`
//! turns this off.

use std::time::Duration;

/// How often the parent is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// Whether a process can be seen from here at all; in a container the number may mean nothing, and then it is not to be
/// watched.
pub fn is_visible(pid: u32) -> bool {
    is_alive(pid)
}

/// Returns when the process `pid`, which was visible once, is gone.
pub async fn died(pid: u32) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if !is_alive(pid) {
            return;
        }
    }
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    match rustix::process::test_kill_process(pid) {
        Ok(()) => true,
        Err(error) => error == rustix::io::Errno::PERM,
    }
}

/// Without a portable way to ask, lost stdin has to do.
#[cfg(not(unix))]
fn is_alive(_pid: u32) -> bool {
    false
}
