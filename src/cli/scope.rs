//! What holds in one folder: the user's configuration as the folder's `.pilotlight.toml` narrows it, and whether the
//! folder may be sent to the provider. Found as the server finds it, so that every subcommand tells the same.

use std::path::{Path, PathBuf};

use crate::config::{Config, Endpoint, Loaded, Sources, WORKSPACE_FILE, Warning, narrow, state_dir};
use crate::workspace::Consents;

/// The configuration in one folder.
pub struct Scope {
    /// The folder, every link resolved.
    pub root: PathBuf,
    /// The user's configuration, narrowed.
    pub loaded: Loaded,
    /// Whether the folder may be sent.
    pub consent: Consent,
    /// What is wrong with the file that should hold consent for the folder.
    pub damage: Option<String>,
    /// How many of the warnings are not about the folder's file.
    warned_before: usize,
}

/// Whether a folder may be sent to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The provider is on this machine.
    NotNeeded,
    /// The user said yes for this origin.
    Given(String),
    /// The user has not said yes for this origin.
    Missing(String),
}

impl Scope {
    /// Reads what holds in `root`, a canonical path.
    pub fn of(root: &Path, user: &Loaded, sources: &Sources) -> Scope {
        let consents = Consents::new(state_dir(&sources.env));
        let consent = Consent::of(root, &user.config, &consents);
        let damage = if consent == Consent::NotNeeded { None } else { consents.damage(root) };
        let loaded = narrow(user, &root.join(WORKSPACE_FILE), !matches!(consent, Consent::Missing(_)));
        Scope { root: root.to_owned(), loaded, consent, damage, warned_before: user.warnings.len() }
    }

    /// Where the folder's file is, or would be.
    pub fn file(&self) -> PathBuf {
        self.root.join(WORKSPACE_FILE)
    }

    /// What of the folder's file was ignored, and why.
    pub fn ignored(&self) -> &[Warning] {
        &self.loaded.warnings[self.warned_before..]
    }

    /// The command that gives consent.
    pub fn trust(&self) -> String {
        format!("pilotlight trust {}", self.root.display())
    }
}

impl Consent {
    fn of(root: &Path, config: &Config, consents: &Consents) -> Consent {
        let origin = match &config.provider.endpoint {
            Endpoint::Remote(url) if !url.is_loopback() => url.origin(),
            _ => return Consent::NotNeeded,
        };
        match consents.granted(root, &origin) {
            true => Consent::Given(origin),
            false => Consent::Missing(origin),
        }
    }
}
