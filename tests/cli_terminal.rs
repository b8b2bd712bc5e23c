//! `pilotlight run` and the terminal it runs on: the line that shows its progress, and what ends it. Every test runs the
//! real binary, on a pseudo-terminal where one is needed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use provider::{Call, Provider, Reply, Step};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{LIMIT, Project, Running};
use tokio::sync::Notify;

const HELLO: &str = "//- src/lib.rs\nfn hello() {}\n";

/// What a program has written to its terminal so far.
struct Screen {
    text: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Screen {
    /// A terminal of its own for one stream of a program.
    fn open() -> (Screen, Stdio) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        let text: Arc<Mutex<String>> = Arc::default();
        let (seen, mut master) = (text.clone(), File::from(master));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Linux ends a terminal nobody holds any more with an error, others with nothing.
            while let Ok(count @ 1..) = master.read(&mut bytes) {
                seen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        (Screen { text, reader }, slave.into())
    }

    /// Waits until this was shown.
    fn until(&self, words: &str) {
        let asked = Instant::now();
        while !self.text.lock().unwrap().contains(words) {
            assert!(asked.elapsed() < LIMIT, "no {words:?} in {:?}", self.text.lock().unwrap());
            std::thread::yield_now();
        }
    }

    /// All of it, once the program has ended.
    fn ended(self) -> String {
        self.reader.join().unwrap();
        Arc::into_inner(self.text).unwrap().into_inner().unwrap()
    }
}

/// What stays on a line that is written over: whatever follows the last time it was cleared.
fn left(shown: &str) -> &str {
    shown.rsplit("\u{1b}[2K").next().unwrap_or(shown)
}

fn spawn(mut command: Command, stderr: Stdio) -> Running {
    Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap())
}

fn text(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A provider whose model makes a change, and the last words of which wait for a sign.
async fn thinking(project: &Project) -> (Provider, Arc<Notify>) {
    let provider = Provider::start().await;
    let sign = Arc::new(Notify::new());
    provider.script([
        Reply::calls([Call::swap("src/lib.rs", "fn hello() {}", "fn world() {}")]),
        Reply::text("Done.").with(1, Step::Until(sign.clone())),
    ]);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    (provider, sign)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_shown_what_is_done_and_the_line_goes_away() {
    for no_color in [false, true] {
        let project = Project::new(HELLO);
        let (_provider, sign) = thinking(&project).await;
        let (screen, stderr) = Screen::open();
        let mut command = project.pilotlight(&["run", "do it"]);
        command.env("TERM", "xterm-256color");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let mut run = spawn(command, stderr);
        screen.until("thinking · 2 requests · 1 file changed");
        sign.notify_one();
        let diff = text(run.0.stdout.take());
        assert!(run.0.wait().unwrap().success());
        let shown = screen.ended();
        assert!(diff.starts_with("diff --git ") && !diff.contains('\u{1b}'), "{diff:?}");
        let left = left(&shown);
        assert!(!left.contains("thinking") && left.contains("Done."), "{left:?}");
        assert_eq!(shown.contains("\u{1b}[2m"), !no_color, "faint, unless colours are not wanted: {shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dumb_terminal_and_a_reader_of_json_are_shown_no_progress() {
    for (terminal, arguments) in [("dumb", &["run", "do it"][..]), ("xterm", &["run", "do it", "--json"])] {
        let project = Project::new(HELLO);
        let (provider, sign) = thinking(&project).await;
        let (screen, stderr) = Screen::open();
        let mut command = project.pilotlight(arguments);
        command.env("TERM", terminal);
        let mut run = spawn(command, stderr);
        provider.request(1).await;
        sign.notify_one();
        let stdout = text(run.0.stdout.take());
        assert!(run.0.wait().unwrap().success());
        let shown = screen.ended();
        assert!(!shown.contains("thinking") && !shown.contains('\u{1b}'), "{terminal}: {shown:?}");
        assert_eq!(stdout.lines().count() == 1, shown.is_empty(), "{stdout}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_on_a_terminal_cannot_steer_it() {
    let project = Project::new("//- src/lib.rs\nfn hello() {}\n// \u{1b}]0;title\u{7}\n");
    let (_provider, sign) = thinking(&project).await;
    sign.notify_one();
    let (screen, stdout) = Screen::open();
    let mut command = project.pilotlight(&["run", "do it"]);
    command.env("TERM", "xterm").stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
    let mut run = Running(command.spawn().unwrap());
    drop(command);
    assert!(run.0.wait().unwrap().success());
    let shown = screen.ended();
    assert!(shown.contains("\u{1b}[32m+fn world() {}"), "{shown:?}");
    assert!(shown.contains("␛]0;title␇") && !shown.contains("\u{1b}]0"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_cancels_the_turn_and_nothing_is_written() {
    for name in [Signal::INT, Signal::TERM] {
        let project = Project::new(HELLO);
        let (provider, _sign) = thinking(&project).await;
        let mut run = spawn(project.pilotlight(&["run", "do it", "--apply"]), Stdio::piped());
        provider.request(1).await;
        signal(&run.0, name);
        let (stdout, stderr) = (text(run.0.stdout.take()), text(run.0.stderr.take()));
        assert_eq!(run.0.wait().unwrap().code(), Some(1), "{name:?}");
        assert_eq!((stdout.as_str(), stderr.as_str()), ("", "pilotlight: cancelled; nothing was written\n"));
        assert_eq!(project.read("src/lib.rs"), "fn hello() {}\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_turn_has_a_receipt_as_json() {
    let project = Project::new(HELLO);
    let (provider, _sign) = thinking(&project).await;
    let mut run = spawn(project.pilotlight(&["run", "do it", "--json"]), Stdio::piped());
    provider.request(1).await;
    signal(&run.0, Signal::INT);
    let (stdout, stderr) = (text(run.0.stdout.take()), text(run.0.stderr.take()));
    assert_eq!((run.0.wait().unwrap().code(), stderr.as_str()), (Some(1), ""));
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&object["receipt"]["outcome"], &object["diff"]), (&"cancelled".into(), &"".into()));
}
