//! What the server holds at some moments, and the table of it.

use std::fmt;
use std::fs;

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Resident memory in bytes.
    pub memory: u64,
    /// Open descriptors, sockets among them.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Held {
    /// What this process holds; none where the system does not tell.
    pub fn by(process: u32) -> Option<Held> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
        let threads = usize::try_from(number("Threads:")?).ok()?;
        Some(Held { memory: number("VmRSS:")? * 1024, descriptors, threads })
    }
}

/// What was held after so many turns and keystrokes.
#[derive(Default)]
pub struct Figures(Vec<(usize, usize, Option<Held>)>);

impl Figures {
    /// Adds a row.
    pub fn add(&mut self, turns: usize, keystrokes: usize, held: Option<Held>) {
        self.0.push((turns, keystrokes, held));
    }

    /// What was held after a third of the rows, and at the end; none where the system does not tell.
    pub fn since_a_third(&self) -> Option<(Held, Held)> {
        let early = self.0.get(self.0.len() / 3)?.2?;
        Some((early, self.0.last()?.2?))
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>8} {:>12} {:>12} {:>12} {:>8}", "turns", "keystrokes", "memory", "descriptors", "threads")?;
        for (turns, keystrokes, held) in &self.0 {
            write!(f, "{turns:>8} {keystrokes:>12} ")?;
            match held {
                Some(held) => {
                    let kilobytes = held.memory / 1024;
                    writeln!(f, "{:>9} kB {:>12} {:>8}", kilobytes, held.descriptors, held.threads)?;
                }
                None => writeln!(f, "this system does not tell what another process holds")?,
            }
        }
        Ok(())
    }
}
