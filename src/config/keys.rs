//! The register of every key: its name, what it is for, what it accepts, and where its value lives. Loading, the
//! environment, `pilotlight config` and the JSON Schema all read this one table, so a new key is one new row.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::action::CustomAction;
use super::base_url::BaseUrl;
use super::key_source::KeySource;
use super::secret::{HIDDEN, Headers, without_userinfo};
use super::settings::{Config, Confirm, Endpoint, ToolStyle, TransportChoice, Word};
use super::validate;

/// One key.
pub(super) struct Key {
    /// The dotted name, `section.name`; `action` alone has no section.
    pub path: &'static str,
    /// What it is for, one sentence.
    pub about: &'static str,
    pub field: Field,
}

/// What a key accepts, how to read it from the settings and how to put it there.
pub(super) enum Field {
    Switch {
        get: fn(&Config) -> bool,
        set: fn(&mut Config, bool),
    },
    Whole {
        range: RangeInclusive<u64>,
        get: fn(&Config) -> u64,
        set: fn(&mut Config, u64),
    },
    Span {
        range: RangeInclusive<Duration>,
        get: fn(&Config) -> Duration,
        set: fn(&mut Config, Duration),
    },
    Words {
        words: fn() -> Vec<&'static str>,
        get: fn(&Config) -> &'static str,
        set: fn(&mut Config, &str),
    },
    /// Empty text means "not set". An error must not repeat the text.
    Text {
        get: fn(&Config) -> String,
        set: fn(&mut Config, &str) -> Result<(), String>,
    },
    /// As for `Text`.
    Texts {
        get: fn(&Config) -> Vec<String>,
        set: fn(&mut Config, Vec<String>) -> Result<(), String>,
    },
    Headers {
        get: fn(&Config) -> &Headers,
        set: fn(&mut Config, Headers),
    },
    Actions {
        get: fn(&Config) -> &[CustomAction],
        set: fn(&mut Config, Vec<CustomAction>),
    },
}

pub(super) const BASE_URL: &str = "provider.base_url";
pub(super) const API_KEY_ENV: &str = "provider.api_key_env";
pub(super) const API_KEY_COMMAND: &str = "provider.api_key_command";
pub(super) const EXCLUDE: &str = "context.exclude";
pub(super) const MAX_FILE_BYTES: &str = "context.max_file_bytes";
pub(super) const MAX_DELTA_BYTES: &str = "context.max_delta_bytes";
pub(super) const CONFIRM: &str = "edit.confirm";
pub(super) const ACTION: &str = "action";

/// The sections with what they are for.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    ("provider", "Where the model is and how to talk to it. Never taken from a workspace."),
    ("session", "The life of the warm connection and of the server. Never taken from a workspace."),
    ("context", "What a model may be shown. A workspace may add to exclude and lower the limits."),
    ("edit", "How edits reach the editor. A workspace may only tighten it."),
];

/// The shortest wait that can be configured; the scheduler makes shorter ones meaningless.
const SHORTEST: Duration = Duration::from_millis(100);
/// Servers close a connection after 60 minutes.
const LONGEST_ROTATION: Duration = Duration::from_secs(59 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Half of the largest frame, so that the rest of a request fits beside it.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Every key, in the order of the documentation.
pub(super) static KEYS: &[Key] = &[
    Key {
        path: BASE_URL,
        about: "Base URL of a Responses API; `/responses` is appended. \
                Left out: https://api.openai.com/v1 if a key is present, else the embedded agent.",
        field: Field::Text { get: base_url, set: set_base_url },
    },
    Key {
        path: "provider.model",
        about: "The model, as the provider names it.",
        field: Field::Text { get: |c| c.provider.model.clone(), set: set_model },
    },
    Key {
        path: API_KEY_ENV,
        about: "Name of the environment variable that holds the API key. \
                The default is sent to api.openai.com and to this machine only.",
        field: Field::Text { get: api_key_env, set: set_api_key_env },
    },
    Key {
        path: API_KEY_COMMAND,
        about: "Program and arguments that print the API key; run without a shell, instead of api_key_env.",
        field: Field::Texts { get: api_key_command, set: set_api_key_command },
    },
    Key {
        path: "provider.transport",
        about: "auto: WebSocket, and HTTP where that is refused; websocket or http: that one only.",
        field: Field::Words {
            words: words::<TransportChoice>,
            get: |c| c.provider.transport.word(),
            set: |c, word| set_word(&mut c.provider.transport, word),
        },
    },
    Key {
        path: "provider.tool_style",
        about: "How apply_patch is declared; auto: custom on OpenAI and Azure, function elsewhere.",
        field: Field::Words {
            words: words::<ToolStyle>,
            get: |c| c.provider.tool_style.word(),
            set: |c, word| set_word(&mut c.provider.tool_style, word),
        },
    },
    Key {
        path: "provider.reasoning_effort",
        about: "Reasoning effort to ask for; empty leaves it out of requests.",
        field: Field::Text {
            get: |c| c.provider.reasoning_effort.clone().unwrap_or_default(),
            set: |c, text| {
                c.provider.reasoning_effort = non_empty(text);
                Ok(())
            },
        },
    },
    Key {
        path: "provider.headers",
        about: "Extra request headers, such as Azure's api-key. The values are kept secret.",
        field: Field::Headers { get: |c| &c.provider.headers, set: |c, headers| c.provider.headers = headers },
    },
    Key {
        path: "provider.ca_file",
        about: "PEM file of additional trusted certificates, an absolute path. \
                Empty: SSL_CERT_FILE, else the system's.",
        field: Field::Text { get: ca_file, set: set_ca_file },
    },
    Key {
        path: "provider.proxy",
        about: "Proxy, http:// or https://. Empty: HTTPS_PROXY, ALL_PROXY and NO_PROXY decide.",
        field: Field::Text { get: proxy, set: set_proxy },
    },
    Key {
        path: "session.warm",
        about: "Connect and warm up at start instead of at the first turn.",
        field: Field::Switch { get: |c| c.session.warm, set: |c, value| c.session.warm = value },
    },
    Key {
        path: "session.rotate_after",
        about: "Age at which a connection is replaced by a new one.",
        field: Field::Span {
            range: SHORTEST..=LONGEST_ROTATION,
            get: |c| c.session.rotate_after,
            set: |c, value| c.session.rotate_after = value,
        },
    },
    Key {
        path: "session.connect_timeout",
        about: "Bound on connecting, TLS and upgrade included.",
        field: Field::Span {
            range: SHORTEST..=MINUTE,
            get: |c| c.session.connect_timeout,
            set: |c, value| c.session.connect_timeout = value,
        },
    },
    Key {
        path: "session.ping_interval",
        about: "Time between pings.",
        field: Field::Span {
            range: SHORTEST..=HOUR,
            get: |c| c.session.ping_interval,
            set: |c, value| c.session.ping_interval = value,
        },
    },
    Key {
        path: "session.pong_timeout",
        about: "Time without a pong after which a connection is dead.",
        field: Field::Span {
            range: SHORTEST..=HOUR,
            get: |c| c.session.pong_timeout,
            set: |c, value| c.session.pong_timeout = value,
        },
    },
    Key {
        path: "session.first_event_timeout",
        about: "Bound on the wait for the first event of a response.",
        field: Field::Span {
            range: SHORTEST..=HOUR,
            get: |c| c.session.first_event_timeout,
            set: |c, value| c.session.first_event_timeout = value,
        },
    },
    Key {
        path: "session.idle_timeout",
        about: "Bound on the silence of a live connection; long reasoning is silent for minutes.",
        field: Field::Span {
            range: SHORTEST..=HOUR,
            get: |c| c.session.idle_timeout,
            set: |c, value| c.session.idle_timeout = value,
        },
    },
    Key {
        path: "session.turn_timeout",
        about: "Bound on a whole turn.",
        field: Field::Span {
            range: SHORTEST..=DAY,
            get: |c| c.session.turn_timeout,
            set: |c, value| c.session.turn_timeout = value,
        },
    },
    Key {
        path: "session.max_rounds",
        about: "Most answered rounds in one turn.",
        field: Field::Whole {
            range: 1..=1_000,
            get: |c| c.session.max_rounds.into(),
            set: |c, value| c.session.max_rounds = u32::try_from(value).unwrap_or(u32::MAX),
        },
    },
    Key {
        path: "session.max_context_tokens",
        about: "Context size in tokens past which it is built anew.",
        field: Field::Whole {
            range: 100..=10_000_000,
            get: |c| c.session.max_context_tokens,
            set: |c, value| c.session.max_context_tokens = value,
        },
    },
    Key {
        path: "session.watch_parent",
        about: "End the server when the editor's process is gone. \
                false for a server in a container, where the editor's process number may be another's.",
        field: Field::Switch { get: |c| c.session.watch_parent, set: |c, value| c.session.watch_parent = value },
    },
    Key {
        path: EXCLUDE,
        about: "Patterns in gitignore syntax that are kept from every model, on top of the built-in list.",
        field: Field::Texts { get: |c| c.context.exclude.clone(), set: set_exclude },
    },
    Key {
        path: MAX_FILE_BYTES,
        about: "Largest file in bytes that a model may be shown.",
        field: Field::Whole {
            range: 1..=MOST_BYTES,
            get: |c| c.context.max_file_bytes,
            set: |c, value| c.context.max_file_bytes = value,
        },
    },
    Key {
        path: MAX_DELTA_BYTES,
        about: "Most bytes of diffs in one request; past it a list of paths is sent.",
        field: Field::Whole {
            range: 1..=MOST_BYTES,
            get: |c| c.context.max_delta_bytes,
            set: |c, value| c.context.max_delta_bytes = value,
        },
    },
    Key {
        path: CONFIRM,
        about: "When to ask before an edit is applied; \
                auto: for several files, creates, renames, deletes and sensitive files.",
        field: Field::Words {
            words: words::<Confirm>,
            get: |c| c.edit.confirm.word(),
            set: |c, word| set_word(&mut c.edit.confirm, word),
        },
    },
    Key {
        path: ACTION,
        about: "Custom code actions. From a workspace only with consent.",
        field: Field::Actions { get: |c| &c.actions, set: |c, actions| c.actions = actions },
    },
];

impl Key {
    /// The key of this dotted name.
    pub fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The name of the environment variable that sets it; `None` for lists and tables.
    pub fn variable(&self) -> Option<String> {
        match self.field {
            Field::Texts { .. } | Field::Headers { .. } | Field::Actions { .. } => None,
            _ => Some(self.variable_form()),
        }
    }

    /// What its environment variable is called, or would be.
    pub fn variable_form(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.path.replace('.', "_").to_ascii_uppercase())
    }
}

/// What every environment variable of Pilotlight begins with.
pub(super) const VARIABLE_PREFIX: &str = "PILOTLIGHT_";

/// The candidate most like a mistyped name. The last part of a dotted name counts too, so that a key in the wrong
/// section finds its own.
pub(super) fn nearest(wrong: &str, candidates: impl Iterator<Item = impl AsRef<str>>) -> String {
    let likeness = |candidate: &str| {
        strsim::jaro_winkler(wrong, candidate) + strsim::jaro_winkler(last_part(wrong), last_part(candidate))
    };
    candidates
        .map(|candidate| (likeness(candidate.as_ref()), candidate))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate.as_ref().to_owned())
        .unwrap_or_default()
}

fn last_part(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn words<W: Word>() -> Vec<&'static str> {
    W::WORDS.iter().map(|(word, _)| *word).collect()
}

fn set_word<W: Word>(field: &mut W, word: &str) {
    if let Some(value) = W::from_word(word) {
        *field = value;
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn base_url(config: &Config) -> String {
    match &config.provider.endpoint {
        Endpoint::Embedded => String::new(),
        Endpoint::Remote(url) => url.to_string(),
    }
}

/// Empty leaves the endpoint to be decided by whether there is a key.
fn set_base_url(config: &mut Config, text: &str) -> Result<(), String> {
    config.provider.endpoint = if text.is_empty() {
        Endpoint::Embedded
    } else {
        Endpoint::Remote(BaseUrl::parse(text).map_err(|error| error.to_string())?)
    };
    Ok(())
}

fn set_model(config: &mut Config, text: &str) -> Result<(), String> {
    config.provider.model = non_empty(text).ok_or("must name a model")?;
    Ok(())
}

fn api_key_env(config: &Config) -> String {
    match &config.provider.key {
        KeySource::Env(name) => name.clone(),
        _ => String::new(),
    }
}

/// Empty unsets a variable, not a command.
fn set_api_key_env(config: &mut Config, text: &str) -> Result<(), String> {
    if !text.is_empty() {
        config.provider.key = KeySource::Env(validate::variable_name(text)?);
    } else if matches!(config.provider.key, KeySource::Env(_)) {
        config.provider.key = KeySource::None;
    }
    Ok(())
}

/// As it may be shown: an argument may be a secret.
fn api_key_command(config: &Config) -> Vec<String> {
    match &config.provider.key {
        KeySource::Command(argv) => {
            argv.iter().enumerate().map(|(at, word)| if at == 0 { word.clone() } else { HIDDEN.to_owned() }).collect()
        }
        _ => Vec::new(),
    }
}

/// Empty unsets a command, not a variable.
fn set_api_key_command(config: &mut Config, argv: Vec<String>) -> Result<(), String> {
    if !argv.is_empty() {
        config.provider.key = KeySource::Command(validate::command(argv)?);
    } else if matches!(config.provider.key, KeySource::Command(_)) {
        config.provider.key = KeySource::None;
    }
    Ok(())
}

fn ca_file(config: &Config) -> String {
    config.provider.ca_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
}

fn set_ca_file(config: &mut Config, text: &str) -> Result<(), String> {
    config.provider.ca_file = non_empty(text).map(validate::absolute_path).transpose()?;
    Ok(())
}

/// As it may be shown.
fn proxy(config: &Config) -> String {
    config.provider.proxy.as_deref().map(without_userinfo).unwrap_or_default()
}

fn set_proxy(config: &mut Config, text: &str) -> Result<(), String> {
    config.provider.proxy = non_empty(text).map(validate::proxy).transpose()?;
    Ok(())
}

fn set_exclude(config: &mut Config, patterns: Vec<String>) -> Result<(), String> {
    config.context.exclude = patterns.into_iter().map(validate::pattern).collect::<Result<_, _>>()?;
    Ok(())
}
