//! What a turn is doing, as one line on the terminal behind stderr that is gone at the end. Where there is no such
//! terminal nothing is written at all; stdout is never touched.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::FAINT;
use crate::agent::Stage;
use crate::workspace::RelPath;

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// The line of one turn.
pub struct Progress {
    line: ProgressBar,
    done: Mutex<Done>,
}

/// What was done so far.
#[derive(Default)]
struct Done {
    requests: u32,
    changed: BTreeSet<RelPath>,
}

impl Progress {
    /// Begins the line if it is wanted and stderr is a terminal that can redraw one.
    pub fn start(wanted: bool) -> Progress {
        let target = if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let line = ProgressBar::with_draw_target(None, target);
        if !line.is_hidden() {
            line.set_style(style());
            line.enable_steady_tick(TICK);
        }
        Progress { line, done: Mutex::default() }
    }

    /// Shows what the turn does now, and what it has done.
    pub fn stage(&self, stage: &Stage) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        match stage {
            Stage::Thinking => done.requests += 1,
            Stage::Editing(paths) => done.changed.extend(paths.iter().cloned()),
            _ => {}
        }
        self.say(&format!("{}{}", doing(stage), done.summary()));
    }

    /// Shows these words.
    pub fn say(&self, words: &str) {
        self.line.set_message(words.chars().filter(|c| !c.is_control()).collect::<String>());
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.line.finish_and_clear();
    }
}

impl Done {
    /// ` · 2 requests · 1 file changed`; what there is none of is left out.
    fn summary(&self) -> String {
        let mut text = String::new();
        for (count, noun, past) in [(self.requests as usize, "request", ""), (self.changed.len(), "file", " changed")] {
            match count {
                0 => {}
                1 => text.push_str(&format!(" · 1 {noun}{past}")),
                _ => text.push_str(&format!(" · {count} {noun}s{past}")),
            }
        }
        text
    }
}

fn doing(stage: &Stage) -> String {
    match stage {
        Stage::Connecting => "connecting".to_owned(),
        Stage::Thinking => "thinking".to_owned(),
        Stage::Waiting { delay, reason } => format!("waiting {:.0} s: {reason}", delay.as_secs_f64()),
        Stage::Reading(paths) => format!("reading {}", files(paths)),
        Stage::Searching(pattern) => format!("searching {pattern}"),
        Stage::Editing(paths) => format!("editing {}", files(paths)),
        Stage::Text(_) => "answering".to_owned(),
        Stage::Landing => "making the diff".to_owned(),
    }
}

/// One file by its name, several by their number.
fn files(paths: &[RelPath]) -> String {
    match paths {
        [path] => path.to_string(),
        paths => format!("{} files", paths.len()),
    }
}

/// A spinner, the words cut to the terminal's width, and the time since the beginning.
fn style() -> ProgressStyle {
    let colours = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let faint = if colours { FAINT } else { Style::new() };
    let template = format!("{faint}{{spinner}} {{wide_msg}} {{elapsed}}{faint:#}");
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_counted_in_words() {
        let path = |name: &str| RelPath::parse(name).unwrap();
        let mut done = Done::default();
        assert_eq!(done.summary(), "");
        done.requests = 1;
        assert_eq!(done.summary(), " · 1 request");
        done.requests = 2;
        done.changed.extend([path("a.rs"), path("b.rs"), path("a.rs")]);
        assert_eq!(done.summary(), " · 2 requests · 2 files changed");
        assert_eq!(doing(&Stage::Reading(vec![path("src/a.rs")])), "reading src/a.rs");
    }
}
