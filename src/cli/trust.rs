//! `pilotlight trust`: consent for a workspace to be sent to the configured remote endpoint.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::warn;
use super::{Failure, Outcome, Settings, consents, folder, load};
use crate::config::{Endpoint, fingerprint};
use crate::scope::own_actions;

#[derive(Args)]
pub struct Arguments {
    /// The workspace; the current folder if none is given.
    directory: Option<PathBuf>,
    /// Take the consent back.
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// List what is allowed.
    #[arg(long, conflicts_with = "directory")]
    list: bool,
}

pub fn run(arguments: &Arguments, settings: &Settings) -> Outcome {
    let (loaded, sources) = load(settings)?;
    let consents = consents(&sources);
    if arguments.list {
        consents.damages().iter().for_each(|damage| warn(damage));
        for grant in consents.list() {
            anstream::println!("{}  →  {}", grant.root.display(), grant.origin);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let root = folder(arguments.directory.as_ref())?;
    if arguments.revoke {
        let revoked = consents.revoke(&root).map_err(Failure::failed)?;
        let text = if revoked {
            "is not sent anywhere any more, by open editors either"
        } else {
            "was not allowed to be sent anywhere"
        };
        anstream::println!("{} {text}", root.display());
        return Ok(ExitCode::SUCCESS);
    }
    let url = match &loaded.config.provider.endpoint {
        Endpoint::Remote(url) if !url.is_loopback() => url,
        _ => {
            anstream::println!("the configured provider is on this machine; it needs no consent");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let actions = own_actions(&root, &loaded);
    consents.grant(&root, &url.origin(), fingerprint(&actions).as_deref()).map_err(Failure::failed)?;
    anstream::println!("{} may be sent to {}; take it back with --revoke", root.display(), url.origin());
    for action in actions {
        anstream::println!("its own code action is allowed as it is now: {}", action.title);
    }
    Ok(ExitCode::SUCCESS)
}
