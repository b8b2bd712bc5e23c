//! Behaviour of the whole module, through its public functions.

mod addresses;
mod errors;
mod layers;
mod narrowing;
mod schema;
mod secrets;

use std::path::PathBuf;

use tempfile::TempDir;

use super::{Config, Loaded, Sources, UserFile, columns, load, settings};

/// What is in effect as lines, without the blanks that align them.
fn render(loaded: &Loaded) -> String {
    let line = |(value, origin): (String, String)| format!("{}{origin}\n", value.trim_end());
    columns(&settings(loaded)).into_iter().map(line).collect()
}

/// The user file of the documentation, every key at its default except the action.
const SAMPLE: &str = r#"
[provider]
base_url = "https://api.openai.com/v1"
model = "gpt-5.5"
api_key_env = "OPENAI_API_KEY"
transport = "auto"
tool_style = "auto"
reasoning_effort = "low"
headers = {}
ca_file = ""
proxy = ""
[session]
warm = true
rotate_after = "55m"
connect_timeout = "3s"
ping_interval = "20s"
pong_timeout = "10s"
first_event_timeout = "60s"
idle_timeout = "900s"
turn_timeout = "30m"
max_rounds = 40
max_context_tokens = 200000
watch_parent = true
[context]
exclude = []
max_file_bytes = 262144
max_delta_bytes = 65536
[edit]
confirm = "auto"
[[action]]
name = "modernise"
title = "Modernise to current idioms"
prompt = "Rewrite the selection in the current idioms of its language; change no behaviour."
languages = ["rust"]
kind = "refactor.rewrite"
"#;

/// A directory with a user file, a workspace file and an environment.
struct Fixture {
    directory: TempDir,
    sources: Sources,
}

impl Fixture {
    /// No file, no variable, no argument.
    fn new() -> Self {
        let sources = Sources { user_file: UserFile::Ignore, ..Sources::default() };
        Self { directory: tempfile::tempdir().unwrap(), sources }
    }

    fn user_file(mut self, text: &str) -> Self {
        std::fs::write(self.user_path(), text).unwrap();
        self.sources.user_file = UserFile::Explicit(self.user_path());
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn set(mut self, argument: &str) -> Self {
        self.sources.add_override(argument).unwrap();
        self
    }

    fn user_path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    fn load(&self) -> Loaded {
        load(&self.sources).unwrap_or_else(|error| panic!("{error}"))
    }

    fn config(&self) -> Config {
        self.load().config
    }

    /// The text of the error, the user file's path as FILE.
    fn error(&self) -> String {
        match load(&self.sources) {
            Ok(loaded) => panic!("no error: {loaded:?}"),
            Err(error) => error.to_string().replace(&self.user_path().display().to_string(), "FILE"),
        }
    }

    /// The workspace file with this text.
    fn workspace(&self, text: &str) -> PathBuf {
        let path = self.directory.path().join(".pilotlight.toml");
        std::fs::write(&path, text).unwrap();
        path
    }
}
