//! A program that is given all cases on stdin, one JSON value a line, and answers each with one line.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What takes longer hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// Ends the program with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The answers of the program to all cases, in order.
pub fn ask(mut program: Command, cases: &[Value]) -> Vec<Value> {
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let spawned = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = Running(spawned.unwrap_or_else(|error| panic!("{program:?}: {error}")));
    let mut stdin = running.0.stdin.take().expect("a piped stdin");
    // A program that ends early is judged by its answers, not by the pipe that breaks.
    thread::spawn(move || stdin.write_all(lines.as_bytes()));

    let stderr = running.0.stderr.take().expect("a piped stderr");
    let complaints = thread::spawn(move || {
        let mut text = String::new();
        let _ = BufReader::new(stderr).read_to_string(&mut text);
        text
    });
    let stdout = running.0.stdout.take().expect("a piped stdout");
    let (sender, answers) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let _ = sender.send(lines.collect::<Vec<_>>());
    });
    let answers = answers.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{program:?} did not end within {LIMIT:?}"));
    let complaints = complaints.join().unwrap_or_default();
    assert_eq!(answers.len(), cases.len(), "{program:?} left cases without an answer:\n{complaints}");
    let parsed =
        answers.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    parsed.collect()
}
