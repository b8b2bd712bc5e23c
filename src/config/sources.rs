//! Where configuration comes from: the environment, the user file's place, the command line. No `.env` is ever read.
//! The environment is a value, so that tests and several servers in one process need not share one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::error::ConfigError;

/// The variable that names the user file.
pub(super) const FILE_VARIABLE: &str = "PILOTLIGHT_CONFIG";

/// What configuration is loaded from.
#[derive(Clone, Default)]
pub struct Sources {
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The user file.
    pub user_file: UserFile,
    /// `--set` arguments as dotted keys and values, weakest first.
    pub overrides: Vec<(String, String)>,
}

/// Which user file to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UserFile {
    /// `$PILOTLIGHT_CONFIG`, which must exist, else `pilotlight/config.toml` in the user's configuration directory,
    /// which need not.
    #[default]
    Discover,
    /// This one, which must exist.
    Explicit(PathBuf),
    /// None.
    Ignore,
}

impl Sources {
    /// The environment of this process and the discovered user file. Variables that are not UTF-8 are left out.
    pub fn from_process() -> Self {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { env, ..Self::default() }
    }

    /// Adds a `--set` argument, `KEY=VALUE`.
    pub fn add_override(&mut self, argument: &str) -> Result<(), ConfigError> {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| ConfigError::Override { argument: argument.to_owned() })?;
        self.overrides.push((key.trim().to_owned(), value.trim().to_owned()));
        Ok(())
    }

    /// Where the user file is, or would be. `None` where none is read or the user has no configuration directory.
    pub fn user_file_path(&self) -> Option<PathBuf> {
        match &self.user_file {
            UserFile::Explicit(path) => Some(path.clone()),
            UserFile::Ignore => None,
            UserFile::Discover => match self.variable(FILE_VARIABLE) {
                Some(path) => Some(PathBuf::from(path)),
                None => config_dir(&self.env).map(|directory| directory.join("config.toml")),
            },
        }
    }

    /// What makes it an error that the user file is missing.
    pub(super) fn user_file_named_by(&self) -> Option<&'static str> {
        match &self.user_file {
            UserFile::Explicit(_) => Some("the command line"),
            UserFile::Discover if self.variable(FILE_VARIABLE).is_some() => Some(FILE_VARIABLE),
            UserFile::Discover | UserFile::Ignore => None,
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Sources {
    /// The environment and the overrides may hold keys: only their names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("user_file", &self.user_file)
            .field("overrides", &self.overrides.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .finish()
    }
}

/// The directory for state that must outlive the process, such as consent: `$XDG_STATE_HOME/pilotlight`, by default
/// `~/.local/state/pilotlight`; on Windows `%LOCALAPPDATA%\pilotlight`.
pub fn state_dir(env: &BTreeMap<String, String>) -> PathBuf {
    let base = if cfg!(windows) {
        user_dir(env, &["XDG_STATE_HOME", "LOCALAPPDATA"], "AppData/Local")
    } else {
        user_dir(env, &["XDG_STATE_HOME"], ".local/state")
    };
    // A user without a home gets a place where nothing can be written. A temporary or the current directory would let
    // somebody else grant consent.
    base.unwrap_or_else(|| PathBuf::from("/nonexistent")).join("pilotlight")
}

fn config_dir(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let base = if cfg!(windows) {
        user_dir(env, &["XDG_CONFIG_HOME", "APPDATA"], "AppData/Roaming")
    } else {
        user_dir(env, &["XDG_CONFIG_HOME"], ".config")
    };
    base.map(|directory| directory.join("pilotlight"))
}

/// The first of these variables that holds an absolute path (relative ones are to be ignored, says the XDG
/// specification), else the place below the home directory.
fn user_dir(env: &BTreeMap<String, String>, variables: &[&str], below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &&str| env.get(*name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute(&if cfg!(windows) { "USERPROFILE" } else { "HOME" }).or_else(|| etcetera::home_dir().ok());
    variables.iter().find_map(absolute).or_else(|| home().map(|home| home.join(below_home)))
}
