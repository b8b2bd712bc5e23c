//! Watching the editor's process: a server whose parent died ends (contract 1.7: within 5 s).
//!
//! Lost stdin is the first sign and usually enough; this catches editors that leave the pipe open behind them.

use std::time::Duration;

/// How often the parent is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// Returns when the process `pid` is gone. Never returns where it cannot be seen from here: in a container the number
/// may mean nothing.
pub async fn died(pid: u32) {
    if !is_alive(pid) {
        return std::future::pending().await;
    }
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
