//! Logging: `PILOTLIGHT_LOG` (a filter) and `PILOTLIGHT_LOG_FILE`; warnings on stderr by default, never on stdout.
//!
//! Crates print whole requests, keys included, and whole messages, documents included, at their most verbose levels.
//! Others than this one may therefore only warn, whatever the filter says; a crate that comes in later is held to that
//! too. A panic is reported by its place: its message may quote a document.

use std::any::Any;
use std::fs::OpenOptions;
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crate that may say more than warnings.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// Starts logging, and has panics reported there.
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
    let capped = FilterFn::new(|metadata| *metadata.level() <= Level::WARN || is_ours(metadata.target()));
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
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("Pilotlight panicked at {place} ({}); please report it", told(panic.payload()));
    }));
    Ok(())
}

fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some(OURS)
}

/// What a panic says, if its message stands in the program's text. A message that was put together may quote anything.
fn told(payload: &dyn Any) -> &str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("its message is not shown: it may quote a document")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_crate_says_more_than_warnings() {
        assert!(is_ours("pilotlight") && is_ours("pilotlight::session::line"));
        for other in ["tungstenite::handshake::client", "tower_lsp_server::codec", "hyper", "pilotlighter", "log", ""] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn a_panic_that_quotes_a_document_is_not_repeated() {
        let text = "d\u{f6}cument".to_owned();
        let quoting = std::panic::catch_unwind(|| text[..2].len()).unwrap_err();
        assert!(!told(&*quoting).contains("d\u{f6}c"));
        let plain: Box<dyn Any> = Box::new("nobody holds the line");
        assert_eq!(told(&*plain), "nobody holds the line");
    }
}
