//! Logging: `PILOTLIGHT_LOG` (a filter) and `PILOTLIGHT_LOG_FILE`; warnings on stderr by default, never on stdout.
//!
//! Some crates print whole requests, keys included, and whole messages, documents included, at their most verbose
//! levels; those levels cannot be had, whatever the filter says (`safety.md` 1.6).

use std::fs::OpenOptions;
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Crates that may only warn.
const CAPPED: [&str; 8] =
    ["tungstenite", "tokio_tungstenite", "tower_lsp_server", "hyper", "hyper_util", "rustls", "tokio_rustls", "h2"];

/// Starts logging.
///
/// # Errors
/// A sentence, when the filter or the file cannot be used.
pub fn start() -> Result<(), String> {
    let filter = match std::env::var("PILOTLIGHT_LOG") {
        Ok(text) if !text.trim().is_empty() => EnvFilter::try_new(&text).map_err(|error| {
            format!("PILOTLIGHT_LOG={text}: {error}; write a level like `info` or `pilotlight::session=debug`")
        })?,
        _ => EnvFilter::new("warn"),
    };
    let capped = FilterFn::new(|metadata| !(is_capped(metadata.target()) && *metadata.level() > Level::WARN));
    let file = std::env::var_os("PILOTLIGHT_LOG_FILE").filter(|file| !file.is_empty());
    let layer = match file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let file = file.map_err(|error| format!("PILOTLIGHT_LOG_FILE={}: {error}", path.display()))?;
            fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).boxed()
        }
        None => fmt::layer().with_writer(std::io::stderr).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter).with_filter(capped)).init();
    Ok(())
}

fn is_capped(target: &str) -> bool {
    let krate = target.split("::").next().unwrap_or_default();
    CAPPED.contains(&krate)
}
