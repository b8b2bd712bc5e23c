//! Which layer each value came from, and what was ignored on the way. Holds names and places, never values.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where a value was set, weakest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Built in.
    Default,
    /// The user's configuration file.
    UserFile(PathBuf),
    /// The environment variable of this name.
    Environment(String),
    /// A `--set KEY=VALUE` argument.
    CommandLine,
    /// A workspace's `.pilotlight.toml`. It may only narrow.
    Workspace(PathBuf),
    /// The editor's `initializationOptions` or `workspace/configuration`. It may only narrow.
    Editor,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::UserFile(path) => write!(f, "user file {}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::CommandLine => f.write_str("command line"),
            Self::Workspace(path) => write!(f, "workspace file {}", path.display()),
            Self::Editor => f.write_str("editor settings"),
        }
    }
}

/// The layers each dotted key was set in. A custom action is the key `action.NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance(BTreeMap<String, Vec<Layer>>);

impl Provenance {
    /// The layer that has the last word on a key; [`Layer::Default`] where none set it.
    pub fn of(&self, key: &str) -> &Layer {
        self.layers(key).last().unwrap_or(&Layer::Default)
    }

    /// Every layer that a key's value is made of; more than one where a workspace added to a list. Empty: the default.
    pub fn layers(&self, key: &str) -> &[Layer] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// The keys that are not at their default, with their layers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Layer])> {
        self.0.iter().map(|(key, layers)| (key.as_str(), layers.as_slice()))
    }

    /// A layer replaced the value.
    pub(super) fn replace(&mut self, key: &str, layer: Layer) {
        self.0.insert(key.to_owned(), vec![layer]);
    }

    /// A layer added to the value.
    pub(super) fn add(&mut self, key: &str, layer: Layer) {
        let layers = self.0.entry(key.to_owned()).or_default();
        if layers.last() != Some(&layer) {
            layers.push(layer);
        }
    }

    /// The values of these keys are gone.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.0.retain(|key, _| !is_gone(key));
    }
}

/// Where something is written: a layer, and a line where it is a file. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer.
    pub layer: Layer,
    /// The line, in files.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.layer {
            Layer::UserFile(path) | Layer::Workspace(path) => write!(f, "{}", path.display())?,
            layer => write!(f, "{layer}")?,
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// Something the user should know that stops nothing: a value that was ignored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where it is written.
    pub place: Place,
    /// The dotted key, where it concerns one.
    pub key: Option<String>,
    /// What happened, and what to do.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}: {}", self.place, self.reason),
            None => write!(f, "{}: {}", self.place, self.reason),
        }
    }
}
