//! What holds in one folder: the user's configuration as the folder's `.pilotlight.toml` narrows it, and whether the
//! folder may be sent to the provider. The server and every subcommand find it here, so that they tell the same.

use std::path::{Path, PathBuf};

use crate::config::{
    Config, CustomAction, Endpoint, Layer, Loaded, Place, WORKSPACE_FILE, Warning, fingerprint, narrow,
};
use crate::workspace::{Consents, ContextRules, Policy};

/// The configuration in one folder.
pub struct Scope {
    /// The folder, every link resolved.
    pub root: PathBuf,
    /// The user's configuration, narrowed; of the folder's own actions it has those that the user allowed.
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
    pub fn of(root: &Path, user: &Loaded, consents: &Consents) -> Scope {
        let consent = Consent::of(root, &user.config, consents);
        let damage = if consent == Consent::NotNeeded { None } else { consents.damage(root) };
        let file = root.join(WORKSPACE_FILE);
        let mut loaded = narrow(user, &file, !matches!(consent, Consent::Missing(_)));
        if matches!(consent, Consent::Given(_))
            && fingerprint(&loaded.config.actions).is_some_and(|actions| !consents.accepts(root, &actions))
        {
            loaded.config.actions.retain(|action| !action.from_workspace);
            let place = Place { layer: Layer::Workspace(file), line: None };
            let reason = format!(
                "these are not those you allowed, so they are not offered; to allow them as they are now, run: {}",
                trust(root)
            );
            loaded.warnings.push(Warning { place, key: Some("action".into()), reason });
        }
        Scope { root: root.to_owned(), loaded, consent, damage, warned_before: user.warnings.len() }
    }

    /// Where the folder's file is, or would be.
    pub fn file(&self) -> PathBuf {
        self.root.join(WORKSPACE_FILE)
    }

    /// Whether the folder may be sent.
    pub fn may_be_sent(&self) -> bool {
        !matches!(self.consent, Consent::Missing(_))
    }

    /// What of the folder's file was ignored, and why.
    pub fn ignored(&self) -> &[Warning] {
        &self.loaded.warnings[self.warned_before..]
    }

    /// Why nothing works in the folder: a pattern that should hide something and cannot be read.
    pub fn closed_by(&self) -> Option<String> {
        let bad = Policy::new(&self.root, context_rules(&self.loaded.config)).err()?;
        Some(format!("context.exclude: {bad}; nothing works in this folder until that is corrected"))
    }

    /// The command that gives consent.
    pub fn trust(&self) -> String {
        trust(&self.root)
    }
}

impl Consent {
    /// What the user said for `root`, a canonical path, and the configured endpoint. Reads the disk.
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

/// The actions in a folder's own file as they are now, whatever the user said to them: what a yes is about.
pub fn own_actions(root: &Path, user: &Loaded) -> Vec<CustomAction> {
    let mut actions = narrow(user, &root.join(WORKSPACE_FILE), true).config.actions;
    actions.retain(|action| action.from_workspace);
    actions
}

/// What may be shown to a model, by this configuration.
pub fn context_rules(config: &Config) -> ContextRules {
    ContextRules { exclude: config.context.exclude.clone(), max_file_bytes: config.context.max_file_bytes }
}

fn trust(root: &Path) -> String {
    let root = root.display().to_string();
    match root.contains(char::is_whitespace) {
        true => format!("pilotlight trust \"{root}\""),
        false => format!("pilotlight trust {root}"),
    }
}
