//! What is set up on this machine: configuration, workspace, key, consent, editors. Nothing here touches the network.

use std::path::PathBuf;

use super::Check;
use crate::config::{KeySource, Loaded, Setting, Sources, WORKSPACE_FILE, Warning, columns, settings};
use crate::provider::Provider;
use crate::scope::{Consent, Scope};

/// The user file, and every value that is not at its default with the layer it came from.
pub(super) fn configuration(loaded: &Loaded, sources: &Sources) -> Check {
    let file = match sources.user_file_path() {
        Some(path) if path.exists() => path.display().to_string(),
        Some(path) => format!("{} (not there; defaults are used)", path.display()),
        None => "no place for a user file; defaults are used".into(),
    };
    warned("configuration", with_settings(file, loaded, |setting| !setting.is_default()), &loaded.warnings)
}

/// The folder's file, every value it narrowed, and what of it does not count.
pub(super) fn workspace(scope: &Scope) -> Check {
    let file = scope.file();
    let found = match file.exists() {
        true => with_settings(file.display().to_string(), &scope.loaded, Setting::is_narrowed),
        false => format!("{} has no {WORKSPACE_FILE}", scope.root.display()),
    };
    match scope.closed_by() {
        Some(reason) => Check::bad("workspace", found, reason),
        None => warned("workspace", found, scope.ignored()),
    }
}

/// `first`, and below it some of the settings.
fn with_settings(first: String, loaded: &Loaded, is_shown: impl Fn(&Setting) -> bool) -> String {
    let settings = settings(loaded);
    let lines = columns(settings.iter().filter(|setting| is_shown(setting)));
    let lines = lines.into_iter().map(|(value, origin)| format!("\n{value}{origin}"));
    first + &lines.collect::<String>()
}

fn warned(name: &'static str, found: String, warnings: &[Warning]) -> Check {
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    match warnings.is_empty() {
        true => Check::good(name, found),
        false => Check::note(name, found, warnings.join("\n")),
    }
}

pub(super) fn endpoint(loaded: &Loaded, provider: &Provider) -> Check {
    let from = |key: &str| loaded.provenance.of(key).to_string();
    let found = if provider.embedded {
        "the embedded agent: neither provider.base_url nor a key is set".to_owned()
    } else {
        format!(
            "{} (from {}), model {} (from {})",
            provider.url,
            from("provider.base_url"),
            provider.model(&loaded.config),
            from("provider.model")
        )
    };
    Check::good("provider", found)
}

/// Whether there is a key and where it comes from; never the key.
pub(super) async fn key(loaded: &Loaded, provider: &Provider) -> Check {
    let config = &loaded.config.provider;
    let source = match &config.key {
        KeySource::Env(name) => format!("the environment variable {name}"),
        KeySource::Command(argv) => format!("the command `{}`", argv.first().map_or("", String::as_str)),
        KeySource::None => "nowhere".into(),
    };
    let is_needed = !provider.embedded && !provider.url.is_loopback();
    let in_headers =
        ["authorization", "api-key", "x-api-key"].into_iter().find(|name| config.headers.get(name).is_some());
    let key = config.key.clone();
    // A command may take its time, which is bounded.
    let fetched = tokio::task::spawn_blocking(move || key.fetch()).await;
    let fetched = fetched.map_err(|_| "fetching it failed".to_owned()).and_then(|key| key.map_err(|e| e.to_string()));
    match (fetched, in_headers) {
        (Ok(Some(_)), _) => Check::good("key", format!("present, from {source}; it is never shown")),
        (Ok(None), Some(header)) => Check::good("key", format!("none, but provider.headers has `{header}`")),
        (Ok(None), None) if !is_needed => Check::good("key", "none, and none is needed"),
        (Ok(None), None) => match &config.key {
            KeySource::Env(name) => Check::bad(
                "key",
                format!("none: {source} is not set"),
                format!("set {name}, or name another variable in provider.api_key_env"),
            ),
            _ => Check::bad(
                "key",
                format!("none for {}", provider.url.origin()),
                "set provider.api_key_env to the variable that holds the key for this address",
            ),
        },
        (Err(reason), _) => Check::bad("key", reason, "correct provider.api_key_env or provider.api_key_command"),
    }
}

pub(super) fn consent(scope: &Scope) -> Check {
    let root = scope.root.display();
    let damage = scope.damage.iter().map(|damage| format!("\n{damage}")).collect::<String>();
    match &scope.consent {
        Consent::NotNeeded => Check::good("consent", "not needed: nothing leaves this machine"),
        Consent::Given(origin) => Check::good("consent", format!("{root} may be sent to {origin}")),
        // Not a failure: the editor asks at the first action.
        Consent::Missing(origin) => Check::note(
            "consent",
            format!("{root} has not been allowed to be sent to {origin}{damage}"),
            format!("the editor asks at the first action; to say yes now, run: {}", scope.trust()),
        ),
    }
}

pub(super) fn editors(sources: &Sources) -> Check {
    let path = sources.env.get("PATH").map(String::as_str).unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let is_there = |name: &str| {
        let spellings = [name.to_owned(), format!("{name}.exe"), format!("{name}.cmd")];
        folders.iter().any(|folder| spellings.iter().any(|spelling| folder.join(spelling).is_file()))
    };
    let known = [("code", "VS Code"), ("codium", "VSCodium"), ("nvim", "Neovim"), ("hx", "Helix"), ("helix", "Helix")];
    let mut found: Vec<&str> = known.iter().filter(|(command, _)| is_there(command)).map(|(_, name)| *name).collect();
    found.dedup();
    Check::good("editors", if found.is_empty() { "none found on PATH".to_owned() } else { found.join(", ") })
}
