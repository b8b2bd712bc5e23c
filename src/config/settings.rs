//! The effective settings as plain data, with their defaults. Nothing here parses or reads anything.
//! `Debug` of these types must never show a key, a header value, a command's arguments or a proxy's password.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::action::CustomAction;
use super::base_url::BaseUrl;
use super::key_source::KeySource;
use super::secret::{Headers, without_userinfo};

/// Everything that can be configured, as it is in effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Where the model is and how to talk to it. Never from a workspace.
    pub provider: Provider,
    /// The life of the warm connection and of the server. Never from a workspace.
    pub session: Session,
    /// What may be shown to a model. A workspace may only narrow it.
    pub context: Context,
    /// How edits reach the editor. A workspace may only tighten it.
    pub edit: Edit,
    /// Custom code actions, the user's own first.
    pub actions: Vec<CustomAction>,
}

/// The `[provider]` section.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// Whom to ask: the embedded agent or a remote server.
    pub endpoint: Endpoint,
    /// The model's name, as the provider spells it.
    pub model: String,
    /// Where the API key comes from; already bound to `endpoint`, so it may be sent there and nowhere else.
    pub key: KeySource,
    /// Which transport to use.
    pub transport: TransportChoice,
    /// How `apply_patch` is declared to the model.
    pub tool_style: ToolStyle,
    /// The reasoning effort to ask for; `None` leaves it out of requests.
    pub reasoning_effort: Option<String>,
    /// Extra headers of every request and upgrade.
    pub headers: Headers,
    /// A PEM file of additional trusted certificates, an absolute path.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through, `http://` or `https://`; it may hold a password. `None`: the usual variables decide.
    pub proxy: Option<String>,
}

/// Whom the provider section points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The deterministic agent inside this binary: neither a base URL nor a key is configured.
    Embedded,
    /// A server that speaks the Responses protocol.
    Remote(BaseUrl),
}

/// The `[session]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Connect and warm up at start instead of at the first turn.
    pub warm: bool,
    /// Age at which a connection is replaced by a new one.
    pub rotate_after: Duration,
    /// Bound on connecting, TLS and upgrade included.
    pub connect_timeout: Duration,
    /// Time between our pings.
    pub ping_interval: Duration,
    /// Time without a pong after which the socket is dead.
    pub pong_timeout: Duration,
    /// Bound on the wait for the first event of a response.
    pub first_event_timeout: Duration,
    /// Bound on the silence of a live socket within a response.
    pub idle_timeout: Duration,
    /// Bound on a whole turn.
    pub turn_timeout: Duration,
    /// Most answered rounds in one turn.
    pub max_rounds: u32,
    /// Context size in tokens past which it is rebased.
    pub max_context_tokens: u64,
    /// End the server when the process that the editor named as its parent is gone.
    pub watch_parent: bool,
}

/// The `[context]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Patterns in gitignore syntax that are kept from every model, on top of the built-in list.
    pub exclude: Vec<String>,
    /// Largest file in bytes that may be shown.
    pub max_file_bytes: u64,
    /// Most bytes of diffs in one request; past it a list of paths is sent.
    pub max_delta_bytes: u64,
}

/// The `[edit]` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// When to ask before an edit is applied.
    pub confirm: Confirm,
}

/// A setting that is one of a few words.
pub(super) trait Word: Copy + PartialEq + Sized + 'static {
    /// Every word with its value, the default first.
    const WORDS: &'static [(&'static str, Self)];

    /// The value a word stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    /// The word for this value.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

/// Which transport reaches the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransportChoice {
    /// WebSocket, and HTTP where that is refused.
    #[default]
    Auto,
    /// WebSocket only.
    Websocket,
    /// HTTP only.
    Http,
}

impl Word for TransportChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("websocket", Self::Websocket), ("http", Self::Http)];
}

/// How `apply_patch` is declared to the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolStyle {
    /// `Custom` on OpenAI and Azure, `Function` elsewhere.
    #[default]
    Auto,
    /// A custom tool with a grammar.
    Custom,
    /// A function with one `patch` argument.
    Function,
}

impl Word for ToolStyle {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("custom", Self::Custom), ("function", Self::Function)];
}

/// When to ask before an edit is applied. Ordered: a later one asks more often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirm {
    /// Only for deletes and sensitive files.
    Never,
    /// Also for several files, creates and renames.
    #[default]
    Auto,
    /// For every edit.
    Always,
}

impl Word for Confirm {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];
}

impl fmt::Display for TransportChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for ToolStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The variable the key is read from when the configuration names none. It is OpenAI's own, so it is not sent to
/// any other remote host unless the user names it for that host (see `load`).
pub(super) const DEFAULT_KEY_VARIABLE: &str = "OPENAI_API_KEY";

impl Default for Provider {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::Embedded,
            model: "gpt-5.5".to_owned(),
            key: KeySource::Env(DEFAULT_KEY_VARIABLE.to_owned()),
            transport: TransportChoice::Auto,
            tool_style: ToolStyle::Auto,
            reasoning_effort: Some("low".to_owned()),
            headers: Headers::default(),
            ca_file: None,
            proxy: None,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            warm: true,
            rotate_after: Duration::from_secs(55 * 60),
            connect_timeout: Duration::from_secs(3),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(10),
            first_event_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(900),
            turn_timeout: Duration::from_secs(30 * 60),
            max_rounds: 40,
            max_context_tokens: 200_000,
            watch_parent: true,
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self { exclude: Vec::new(), max_file_bytes: 262_144, max_delta_bytes: 65_536 }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("endpoint", &self.endpoint)
            .field("model", &self.model)
            .field("key", &self.key)
            .field("transport", &self.transport)
            .field("tool_style", &self.tool_style)
            .field("reasoning_effort", &self.reasoning_effort)
            .field("headers", &self.headers)
            .field("ca_file", &self.ca_file)
            .field("proxy", &self.proxy.as_deref().map(without_userinfo))
            .finish()
    }
}
