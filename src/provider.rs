//! From configuration to a session's profile: where to connect, as whom, and the constant part of every request.
//!
//! This is the one place that knows both the configuration and the wire.

mod way;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::agent::prompts::INSTRUCTIONS;
use crate::agent::tools::{PatchTool, declarations};
use crate::config::{BaseUrl, Config, Endpoint, ToolStyle, TransportChoice, state_dir};
use crate::session::profile::{Consent, Limits, Profile, Transports};
use crate::wire::dial::{DialError, Proxy, Target, tls_config};
use crate::wire::item::Item;
use crate::wire::request::{Constants, Template};
use crate::wire::websocket::Liveness;
use crate::workspace::Consents;

pub use way::{Way, roots};

/// Name of the embedded agent's model; it is none.
const EMBEDDED_MODEL: &str = "pilotlight-embedded";
/// How long a connection is kept for a user who does nothing; less than `rotate_after`, so that nothing is rotated for
/// nobody.
const REST_AFTER: Duration = Duration::from_secs(30 * 60);

/// The endpoint a configuration leads to, once the embedded agent (if it is that) runs.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Where requests go.
    pub url: BaseUrl,
    /// It is the agent inside this process.
    pub embedded: bool,
}

impl Provider {
    /// The configured server, or the embedded agent at `embedded_url`.
    pub fn of(config: &Config, embedded_url: Option<BaseUrl>) -> Provider {
        match (&config.provider.endpoint, embedded_url) {
            (Endpoint::Remote(url), _) => Provider { url: url.clone(), embedded: false },
            (Endpoint::Embedded, Some(url)) => Provider { url, embedded: true },
            (Endpoint::Embedded, None) => Provider { url: BaseUrl::openai(), embedded: false },
        }
    }

    /// How the endpoint is named to people.
    pub fn name(&self) -> String {
        if self.embedded { "embedded agent".into() } else { self.url.origin() }
    }

    /// Whether the user's yes is needed before anything of a workspace goes there.
    pub fn needs_consent(&self) -> bool {
        !self.embedded && !self.url.is_loopback()
    }

    /// The model's name.
    pub fn model<'a>(&self, config: &'a Config) -> &'a str {
        if self.embedded { EMBEDDED_MODEL } else { &config.provider.model }
    }
}

/// Builds the profile of a session for the workspace at `root`.
///
/// # Errors
/// [`DialError`] for a proxy or a certificate file that cannot be used.
pub fn profile(
    config: &Config,
    provider: &Provider,
    root: &Path,
    env: &BTreeMap<String, String>,
) -> Result<Profile, DialError> {
    let url = &provider.url;
    let tools: Value = declarations(patch_tool(config, provider));
    // One key a session: it makes the provider's prefix cache find the session's prefix, and names nothing.
    let cache_key = format!("pilotlight-{:016x}", fastrand::u64(..));
    let template = Template::new(&Constants {
        model: provider.model(config),
        tools: &tools,
        reasoning_effort: config.provider.reasoning_effort.as_deref().filter(|_| !provider.embedded),
        prompt_cache_key: &cache_key,
    });
    let key = if provider.embedded { crate::config::KeySource::None } else { config.provider.key.clone() };
    let headers = config.provider.headers.iter().map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
    let session = &config.session;
    Ok(Profile {
        root: root.display().to_string(),
        endpoint: provider.name(),
        model: provider.model(config).to_owned(),
        target: target(config, provider, env)?,
        websocket_url: url.websocket_url(),
        http_url: url.http_url(),
        headers: if provider.embedded { Vec::new() } else { headers.collect() },
        key: Arc::new(move || match key.fetch() {
            Ok(secret) => Ok(secret.map(|secret| secret.expose().to_owned())),
            Err(error) => Err(error.to_string()),
        }),
        consent: provider.needs_consent().then(|| consent(root, url.origin(), env)),
        template,
        opening: vec![Item::developer(INSTRUCTIONS.trim_end()).encode()],
        transports: match config.provider.transport {
            TransportChoice::Auto => Transports::Auto,
            TransportChoice::Websocket => Transports::WebSocket,
            TransportChoice::Http => Transports::Http,
        },
        warm: session.warm,
        limits: Limits {
            rotate_after: session.rotate_after,
            connect_timeout: session.connect_timeout,
            liveness: Liveness { ping_interval: session.ping_interval, pong_timeout: session.pong_timeout },
            first_event_timeout: session.first_event_timeout,
            idle_timeout: session.idle_timeout,
            turn_timeout: session.turn_timeout,
            max_rounds: session.max_rounds,
            max_context_tokens: session.max_context_tokens,
            rest_after: REST_AFTER,
        },
    })
}

/// The user's word as it is written down, read anew each time: it may be taken back while a session runs.
fn consent(root: &Path, origin: String, env: &BTreeMap<String, String>) -> Consent {
    let (consents, root) = (Consents::new(state_dir(env)), root.to_owned());
    Arc::new(move || consents.granted(&root, &origin))
}

/// Where to dial. One TLS configuration, made only where something is encrypted, serves the provider and the proxy.
fn target(config: &Config, provider: &Provider, env: &BTreeMap<String, String>) -> Result<Target, DialError> {
    let url = &provider.url;
    let address = match Way::of(config, provider, env)? {
        Way::Through(address) => Some(address),
        Way::Direct(_) => None,
    };
    let proxy_tls = address.as_ref().is_some_and(|address| address.is_encrypted());
    let tls = (url.tls() || proxy_tls).then(|| tls_config(&roots(config, env))).transpose()?;
    Ok(Target {
        host: url.host().to_owned(),
        port: url.port(),
        proxy: address.map(|address| Proxy { address, tls: tls.clone().filter(|_| proxy_tls) }),
        tls: tls.filter(|_| url.tls()),
    })
}

/// Grammar tools are known to work with OpenAI and Azure; a plain function works everywhere.
fn patch_tool(config: &Config, provider: &Provider) -> PatchTool {
    let host = provider.url.host();
    let knows_grammars = host == "api.openai.com" || host.ends_with(".openai.azure.com");
    match config.provider.tool_style {
        ToolStyle::Custom => PatchTool::Custom,
        ToolStyle::Function => PatchTool::Function,
        ToolStyle::Auto if knows_grammars => PatchTool::Custom,
        ToolStyle::Auto => PatchTool::Function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_part_of_a_request_stays_small() {
        for style in [ToolStyle::Custom, ToolStyle::Function] {
            let mut config = Config::default();
            config.provider.tool_style = style;
            let provider = Provider { url: BaseUrl::openai(), embedded: false };
            let profile = profile(&config, &provider, Path::new("/w"), &BTreeMap::new()).unwrap();
            let size = profile.template.full_len(0, false);
            assert!(size < 3000, "{style:?}: {size} bytes in every request (contract 1.5: under 3 KB)");
        }
    }
}
