//! A scratch project, and the homes of everything that would otherwise be the user's.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

/// A project in a folder of its own that goes with it.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// Writes the files of `fixture`: each begins with a line `//- PATH`; `//- PATH crlf` gives it those line ends.
    pub fn new(fixture: &str) -> Project {
        let project = Project { folder: tempfile::tempdir().expect("a scratch folder") };
        fs::create_dir_all(project.root()).expect("a project folder");
        for file in fixture.split("//- ").skip(1) {
            let (head, text) = file.split_once('\n').expect("a path, then the text");
            match head.strip_suffix(" crlf") {
                Some(name) => project.write(name, &text.replace('\n', "\r\n")),
                None => project.write(head, text),
            }
        }
        project
    }

    /// The scratch folder: what lies here is outside the project.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the scratch folder").join(name)
    }

    /// The project's folder.
    pub fn root(&self) -> PathBuf {
        self.outside("project")
    }

    /// The URI of a file of the project, or of an absolute path.
    pub fn uri(&self, name: &str) -> String {
        uri(&self.root().join(name))
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Reads a file of the project.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).expect("a file of the project")
    }

    /// Writes the user's configuration, which every command then uses.
    pub fn configure(&self, toml: &str) -> PathBuf {
        let path = self.outside("pilotlight.toml");
        fs::write(&path, toml).expect("a configuration");
        path
    }

    /// The program under test in a clean environment: no key, and nobody's settings but the test's.
    pub fn command(&self) -> Command {
        let mut command = self.clean(env!("CARGO_BIN_EXE_pilotlight"));
        let configuration = self.outside("pilotlight.toml");
        if configuration.exists() {
            command.env("PILOTLIGHT_CONFIG", configuration);
        }
        command
    }

    /// The program under test with these arguments.
    pub fn pilotlight(&self, arguments: &[&str]) -> Command {
        let mut command = self.command();
        command.args(arguments);
        command
    }

    /// Another program in the same environment, in the project's folder.
    pub fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root()).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        for (variable, folder) in [("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")] {
            let folder = self.outside(folder);
            fs::create_dir_all(&folder).expect("a scratch home");
            command.env(variable, folder);
        }
        command
    }
}

/// The URI of a path, spelled by a library of its own.
pub fn uri(path: &Path) -> String {
    url::Url::from_file_path(path).expect("an absolute path").into()
}

/// The path of a URI.
pub fn path(uri: &str) -> PathBuf {
    let url = url::Url::parse(uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
    url.to_file_path().unwrap_or_else(|()| panic!("{uri} is no file"))
}

/// A Rust project in which `fetch` is defined in one file and used in four, behind wide characters and with both line ends.
pub const RUST: &str = "\
//- Cargo.toml
[package]
name = \"forecast\"
version = \"0.1.0\"
edition = \"2021\"
//- src/lib.rs
pub mod cache;
pub mod report;
pub mod station;

pub use station::fetch;
//- src/station.rs
/// Asks the station of `city`.
pub fn fetch(city: &str) -> usize {
    city.len()
}

/// Longest name of a city.
pub const LONGEST: usize = 58;
//- src/report.rs
use crate::station::fetch;

/// One city in one sentence.
pub fn sentence(city: &str) -> String {
    format!(\"🌦 天気 {} {}\", /* 🦀 蟹 */ fetch(city), /* é */ fetch(\"Zürich 🏔\"))
}
//- src/cache.rs crlf
use crate::station;

pub fn cached(city: &str) -> usize {
    /* 🗄 */ station::fetch(city)
}
//- src/main.rs
use forecast::{fetch, report};

fn main() {
    println!(\"fetching {}\", fetch(\"Bern\"));
    println!(\"{}\", report::sentence(\"Oslo\"));
}
";

/// A Python project in which `fetch` is defined in one file and used in two.
pub const PYTHON: &str = "\
//- weather/__init__.py
from .station import fetch
//- weather/station.py
def fetch(city):
    return len(city)
//- weather/report.py
from weather.station import fetch


def sentence(city):
    return f\"{city} 🌦\", fetch(city)
//- main.py
from weather.report import sentence

print(sentence(\"Bern\"))
";
