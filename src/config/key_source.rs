//! Where the API key comes from, and fetching it at the moment it is needed. A key is never kept here, never in an
//! error, and a command is never found or run relative to the current directory, which is a workspace's.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::secret::{HIDDEN, Secret};

/// How long a key command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest key.
const MAX_KEY_BYTES: usize = 16 * 1024;
/// Most that is read of a key command's output; more than a key, so that one cut short is noticed.
const MAX_OUTPUT_BYTES: u64 = 2 * MAX_KEY_BYTES as u64;
/// Time between looks at a command that closed its output but has not ended.
const EXIT_POLL: Duration = Duration::from_millis(10);

/// Where the API key comes from.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// Nowhere: no key is sent.
    #[default]
    None,
    /// The environment variable of this name.
    Env(String),
    /// The output of this program with these arguments, run without a shell.
    Command(Vec<String>),
}

/// Why a key could not be had. The texts name the source and never show what it gave.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is set to something that is not text.
    #[error("the environment variable {0} (provider.api_key_env) is not valid UTF-8")]
    NotUnicode(String),
    /// What the source gave cannot be sent in a header.
    #[error("{origin} gave something that is no key: it must be one line of printable ASCII without spaces")]
    Malformed {
        /// The source, in words.
        origin: String,
    },
    /// The command could not be started.
    #[error("provider.api_key_command: cannot start `{program}`: {source}")]
    Start {
        /// The program's name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command's output or end could not be read.
    #[error("provider.api_key_command: cannot read from `{program}`: {source}")]
    Read {
        /// The program's name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command took too long and was ended.
    #[error(
        "provider.api_key_command: `{program}` gave no key within {seconds} s; unlock it, or run it by hand to see why"
    )]
    Timeout {
        /// The program's name.
        program: String,
        /// The bound in seconds.
        seconds: u64,
    },
    /// The command failed.
    #[error("provider.api_key_command: `{program}` failed ({status}); run it by hand to see why")]
    Failed {
        /// The program's name.
        program: String,
        /// Its exit status, in words.
        status: String,
    },
    /// The command succeeded and printed nothing.
    #[error("provider.api_key_command: `{program}` printed nothing; it must print the key")]
    Empty {
        /// The program's name.
        program: String,
    },
}

impl KeySource {
    /// Fetches the key: `Ok(None)` where there is no source, or its variable is unset or empty. A command may block
    /// for up to ten seconds, so async code calls this on a blocking thread.
    pub fn fetch(&self) -> Result<Option<Secret>, KeyError> {
        match self {
            Self::None => Ok(None),
            Self::Env(name) => from_variable(name),
            Self::Command(argv) => match argv.split_first() {
                None => Ok(None),
                Some((program, arguments)) => from_command(program, arguments, COMMAND_TIMEOUT).map(Some),
            },
        }
    }
}

impl fmt::Debug for KeySource {
    /// Arguments are hidden: nothing keeps a user from writing a secret there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Env(name) => write!(f, "Env({name})"),
            Self::Command(argv) => match argv.as_slice() {
                [] => f.write_str("Command()"),
                [program] => write!(f, "Command({program})"),
                [program, ..] => write!(f, "Command({program} {HIDDEN})"),
            },
        }
    }
}

fn from_variable(name: &str) -> Result<Option<Secret>, KeyError> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => checked(value, || format!("the environment variable {name} (provider.api_key_env)")).map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(KeyError::NotUnicode(name.to_owned())),
    }
}

/// Runs a key command and takes its standard output. Its standard error is dropped: it may repeat the secret.
fn from_command(program: &str, arguments: &[String], timeout: Duration) -> Result<Secret, KeyError> {
    let program_name = || program.to_owned();
    let deadline = Instant::now() + timeout;
    let mut child =
        command(program, arguments).spawn().map_err(|source| KeyError::Start { program: program_name(), source })?;
    let outcome = read_output(&mut child, deadline).and_then(|output| Ok((output, wait(&mut child, deadline)?)));
    if outcome.is_err() {
        // Both fail only when it has already ended.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (output, status) = match outcome {
        Ok(done) => done,
        Err(Interruption::TimedOut) => {
            return Err(KeyError::Timeout { program: program_name(), seconds: timeout.as_secs() });
        }
        Err(Interruption::Io(source)) => return Err(KeyError::Read { program: program_name(), source }),
    };
    if !status.success() {
        return Err(KeyError::Failed { program: program_name(), status: status.to_string() });
    }
    let origin = || format!("provider.api_key_command: `{program}`");
    let key = String::from_utf8(output).map_err(|_| KeyError::Malformed { origin: origin() })?;
    if key.trim().is_empty() {
        return Err(KeyError::Empty { program: program_name() });
    }
    checked(key, origin)
}

fn command(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Not in the workspace, whose files could steer the program.
    if let Some(home) = etcetera::home_dir().ok().filter(|home| home.is_dir()) {
        command.current_dir(home);
    }
    command
}

/// Why a running command's answer could not be had.
enum Interruption {
    TimedOut,
    Io(std::io::Error),
}

/// Reads to the end of the output on a thread of its own, which is left behind if the command never closes it.
fn read_output(child: &mut Child, deadline: Instant) -> Result<Vec<u8>, Interruption> {
    let Some(stdout) = child.stdout.take() else { return Ok(Vec::new()) };
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("key-command".to_owned())
        .spawn(move || {
            let mut output = Vec::new();
            let result = stdout.take(MAX_OUTPUT_BYTES).read_to_end(&mut output).map(|_| output);
            // Nobody listens any more after a timeout.
            let _ = sender.send(result);
        })
        .map_err(Interruption::Io)?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(result) => result.map_err(Interruption::Io),
        Err(_) => Err(Interruption::TimedOut),
    }
}

fn wait(child: &mut Child, deadline: Instant) -> Result<std::process::ExitStatus, Interruption> {
    loop {
        match child.try_wait().map_err(Interruption::Io)? {
            Some(status) => return Ok(status),
            None if Instant::now() >= deadline => return Err(Interruption::TimedOut),
            None => std::thread::sleep(EXIT_POLL),
        }
    }
}

/// Trims one line end and refuses what no header may hold.
fn checked(mut key: String, origin: impl FnOnce() -> String) -> Result<Secret, KeyError> {
    if key.ends_with('\n') {
        key.pop();
        if key.ends_with('\r') {
            key.pop();
        }
    }
    if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(KeyError::Malformed { origin: origin() });
    }
    Ok(Secret::new(key))
}

#[cfg(test)]
#[path = "tests/key_source.rs"]
mod tests;
