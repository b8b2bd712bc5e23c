//! Processes with a bound: run to their end, or ended with the test that started them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{LIMIT, Project};

/// What a command left behind.
pub struct Finished {
    /// Its exit code.
    pub code: Option<i32>,
    /// All it wrote to stdout.
    pub stdout: String,
    /// All it wrote to stderr.
    pub stderr: String,
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Finished {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = Running(spawned.unwrap_or_else(|error| panic!("{command:?}: {error}")));
    let stdout = collect(running.0.stdout.take().expect("a piped stdout"));
    let stderr = collect(running.0.stderr.take().expect("a piped stderr"));
    let text = |receiver: Receiver<String>| {
        receiver.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{command:?} did not end within {LIMIT:?}"))
    };
    let (stdout, stderr) = (text(stdout), text(stderr));
    let code = running.0.wait().expect("a process that closed its output has ended").code();
    Finished { code, stdout, stderr }
}

/// All of a stream, once it ends.
pub fn collect(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Gives a diff to git in the project's folder.
pub fn git_apply(project: &Project, diff: &str, check: bool) {
    let mut git = project.clean("git");
    git.args(["apply", "--whitespace=nowarn"]).args(check.then_some("--check"));
    let mut git = git.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("git");
    git.stdin.take().expect("a piped stdin").write_all(diff.as_bytes()).expect("git reads");
    let output = git.wait_with_output().expect("git ends");
    assert!(output.status.success(), "git: {}\n{diff}", String::from_utf8_lossy(&output.stderr));
}

/// A loopback address at which nobody listens.
pub fn deserted() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// A process that does nothing and is ended on drop: an editor that may die.
pub fn spawn_idle() -> Running {
    Running(Command::new("sleep").arg("300").stdout(Stdio::null()).spawn().expect("coreutils' sleep"))
}

/// A process that does not outlive the test.
pub struct Running(pub Child);

impl Running {
    /// Ends it and takes it away, so that not even its number remains.
    pub fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// `pilotlight agent`, listening.
pub struct Agent {
    _process: Running,
    base_url: String,
}

impl Agent {
    /// Starts it with faults in the command line's spelling.
    pub fn start(project: &Project, faults: &[&str]) -> Agent {
        let arguments: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        Agent::start_with(project, &arguments)
    }

    /// Starts it with these arguments.
    pub fn start_with(project: &Project, arguments: &[&str]) -> Agent {
        let mut command = project.command();
        command.env_remove("PILOTLIGHT_CONFIG").arg("agent").args(arguments);
        let mut process =
            Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("pilotlight starts"));
        let mut output = BufReader::new(process.0.stdout.take().expect("a piped stdout"));
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = output.read_line(&mut line);
            let _ = sender.send(line);
        });
        let line = receiver.recv_timeout(LIMIT).expect("pilotlight agent says where it listens");
        let address = line.trim().strip_prefix("listening on ws://").and_then(|rest| rest.strip_suffix("/responses"));
        let address = address.unwrap_or_else(|| panic!("pilotlight agent said {line:?}"));
        Agent { _process: process, base_url: format!("http://{address}") }
    }

    /// Starts it and makes it the project's provider.
    pub fn serving(project: &Project, faults: &[&str]) -> Agent {
        let agent = Agent::start(project, faults);
        project.configure(&format!("[provider]\nbase_url = \"{}\"\n", agent.base_url));
        agent
    }

    /// What `provider.base_url` has to be.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
