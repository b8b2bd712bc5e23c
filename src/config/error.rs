//! What stops a configuration from loading. Each text is one line: where, which key, what is wrong, what to do.
//! None may repeat a value of a key that can hold a secret.

use std::io;
use std::path::PathBuf;

use super::input::Input;
use super::provenance::Place;

/// Why the configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was asked for is not there.
    #[error("{}: no such configuration file (named by {named_by}); create it or name another", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What named it.
        named_by: &'static str,
    },
    /// The user file is there but cannot be read.
    #[error("{}: cannot read the configuration file: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user file is not TOML.
    #[error("{place}: not valid TOML: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser said, without the line itself.
        message: String,
    },
    /// A key that does not exist.
    #[error("{place}: {key}: unknown key; the nearest valid key is {nearest}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// The dotted key.
        key: String,
        /// The valid key most like it.
        nearest: String,
    },
    /// An environment variable that looks like a setting and is none.
    #[error("{name}: no such environment variable of Pilotlight; the nearest valid one is {nearest}")]
    UnknownVariable {
        /// Its name.
        name: String,
        /// The valid name most like it.
        nearest: String,
    },
    /// A key that exists but cannot be set by an environment variable.
    #[error("{name}: {key} cannot be set by an environment variable; set it in the user file")]
    NotScalar {
        /// The variable.
        name: String,
        /// The dotted key.
        key: &'static str,
    },
    /// A wrong type, or a value that is not allowed.
    #[error("{place}: {key}: {reason}")]
    Value {
        /// Where.
        place: Place,
        /// The dotted key.
        key: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A `--set` argument without `=`.
    #[error("--set {argument}: write it as KEY=VALUE, for example --set session.warm=false")]
    Override {
        /// The argument, which holds no value.
        argument: String,
    },
}

/// A value that cannot be taken, before it is known which layer it stands in.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The line of the value.
    pub line: Option<usize>,
    /// The part below the key that it concerns: a header, a field of an action.
    pub part: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Refusal {
    /// The value is of the right type but not allowed.
    pub fn new(input: &Input, reason: impl Into<String>) -> Self {
        Self { line: input.line, part: None, reason: reason.into() }
    }

    /// The value is of the wrong type.
    pub fn wrong_type(input: &Input, expected: &str) -> Self {
        Self::new(input, format!("expected {expected}, found {}", input.value.type_name()))
    }

    /// Names the part below the key.
    pub fn of(self, part: &str) -> Self {
        Self { part: Some(part.to_owned()), ..self }
    }

    /// The error, now that key and place are known.
    pub fn into_error(self, key: &str, mut place: Place) -> ConfigError {
        place.line = self.line.or(place.line);
        let key = match self.part {
            Some(part) => format!("{key}.{}", part.escape_debug()),
            None => key.to_owned(),
        };
        ConfigError::Value { place, key, reason: self.reason }
    }
}
