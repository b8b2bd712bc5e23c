//! Starting, stopping and restarting the servers of others. A server is taken to be ready when it says so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::Value;

use crate::installed::Installed;
use crate::support::{LIMIT, Project, Running, deserted};

/// A process that listens on loopback. It ends with the test.
pub struct Server {
    process: Running,
}

impl Server {
    /// Starts a server and waits until it says these words, on stdout or stderr.
    pub fn start(mut command: Command, words: &str) -> Server {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Running(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let (sender, lines) = channel();
        follow(process.0.stdout.take().expect("a piped stdout"), sender.clone());
        follow(process.0.stderr.take().expect("a piped stderr"), sender);
        if let Err(said) = wait_for(&lines, words) {
            panic!("{command:?} never said {words:?}, but:\n{said}");
        }
        Server { process }
    }

    /// Ends it as an outage would: at once, without a word to its clients.
    pub fn end(mut self) {
        self.process.end();
    }
}

/// Passes on each line that a server writes, to the end, so that it never blocks.
fn follow(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // Nobody listens once the server is ready; it is read all the same.
            let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
            line.clear();
        }
    });
}

/// What was said instead, if the words do not come.
fn wait_for(lines: &Receiver<String>, words: &str) -> Result<(), String> {
    let mut said = String::new();
    while !said.contains(words) {
        match lines.recv_timeout(LIMIT) {
            Ok(line) => said.push_str(&line),
            Err(_) => return Err(said),
        }
    }
    Ok(())
}

/// A file of this folder.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// aimock: says what a file of fixtures makes it say, over WebSocket and HTTP. Takes any `previous_response_id` and keeps
/// no conversation, knows no warm-up (it answers one), gives its errors no `status` and its events no `sequence_number`.
pub struct Aimock<'a> {
    project: &'a Project,
    installed: &'a Installed,
    fixtures: &'static str,
    address: String,
    server: Option<Server>,
}

impl<'a> Aimock<'a> {
    /// Starts it with a file of fixtures of this folder.
    pub fn start(project: &'a Project, installed: &'a Installed, fixtures: &'static str) -> Aimock<'a> {
        let mut aimock = Aimock { project, installed, fixtures, address: deserted(), server: None };
        aimock.start_again();
        aimock
    }

    /// What `provider.base_url` has to be.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The text of the last request it had, in the form it keeps: messages, all that it was sent.
    pub fn last_request(&self) -> String {
        let mut connection = TcpStream::connect(&self.address).expect("aimock listens");
        // By HTTP/1.0, so that the answer ends with the connection and comes in one piece.
        write!(connection, "GET /v1/_requests HTTP/1.0\r\n\r\n").expect("a request is sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer in UTF-8");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let journal: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        journal.as_array().and_then(|entries| entries.last()).expect("a request")["body"]["messages"].to_string()
    }

    /// An outage begins.
    pub fn stop(&mut self) {
        self.server.take().expect("aimock runs").end();
    }

    /// It ends: the same server at the same address, with nothing kept.
    pub fn start_again(&mut self) {
        let (host, port) = self.address.split_once(':').expect("a host and a port");
        let mut command = self.project.clean(&self.installed.path("NODE").to_string_lossy());
        command.arg(self.installed.path("AIMOCK")).args(["--host", host, "--port", port, "--fixtures"]);
        command.arg(file(self.fixtures));
        self.server = Some(Server::start(command, "listening on"));
    }
}

/// agentic-server: keeps conversations and is strict about them; what is said comes from a server behind it.
pub struct Agentic<'a> {
    project: &'a Project,
    installed: &'a Installed,
    behind: String,
    address: String,
    server: Option<Server>,
}

impl<'a> Agentic<'a> {
    /// Starts it in front of another server.
    pub fn start(project: &'a Project, installed: &'a Installed, behind: &Aimock) -> Agentic<'a> {
        let mut agentic =
            Agentic { project, installed, behind: behind.address.clone(), address: deserted(), server: None };
        agentic.start_again();
        agentic
    }

    /// What `provider.base_url` has to be.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// An outage begins.
    pub fn stop(&mut self) {
        self.server.take().expect("agentic-server runs").end();
    }

    /// It ends: the same server at the same address; the conversations of its connections are gone.
    pub fn start_again(&mut self) {
        let (host, port) = self.address.split_once(':').expect("a host and a port");
        let mut command = self.project.clean(&self.installed.path("AGENTIC_SERVER").to_string_lossy());
        command.current_dir(self.project.outside("home"));
        command.env("LLM_API_BASE", format!("http://{}", self.behind)).env("SKIP_LLM_READY_CHECK", "true");
        command.env("GATEWAY_HOST", host).env("GATEWAY_PORT", port);
        self.server = Some(Server::start(command, "listening"));
    }
}
