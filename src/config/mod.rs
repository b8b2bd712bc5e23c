//! Configuration: what is in effect, and which layer each value came from.
//!
//! Two kinds of layers, kept apart. [`load`] reads those a user controls: defaults, user file, environment, command
//! line. [`narrow`] and [`narrow_from_editor`] add what a workspace may say, which can only narrow the first: it never
//! chooses an endpoint, a key, a command, a proxy or a timeout.
//!
//! Must never show a secret: no error, warning, rendering or `Debug` here holds a key, a header's value, a command's
//! arguments or a proxy's password. Knows nothing of LSP and keeps no state of its own.

mod action;
mod base_url;
mod duration;
mod error;
mod input;
mod key_source;
mod keys;
mod load;
mod narrow;
mod provenance;
mod reading;
mod render;
mod schema;
mod secret;
mod settings;
mod sources;
mod validate;

pub use action::{CustomAction, fingerprint};
pub use base_url::{BaseUrl, BaseUrlError};
pub use error::ConfigError;
pub use key_source::{KeyError, KeySource};
pub use load::load;
pub use narrow::{WORKSPACE_FILE, narrow, narrow_from_editor};
pub use provenance::{Layer, Place, Provenance, Warning};
pub use render::{Setting, columns, settings};
pub use schema::schema;
pub use secret::{Headers, Secret};
pub use settings::{Config, Confirm, Context, Edit, Endpoint, Provider, Session, ToolStyle, TransportChoice};
pub use sources::{Sources, UserFile, state_dir};

/// A configuration with where it came from. `Loaded::default()` is the built-in one: the embedded agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The effective values.
    pub config: Config,
    /// The layers of each dotted key.
    pub provenance: Provenance,
    /// What was ignored, and why.
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests;
