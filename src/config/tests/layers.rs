//! Which layer wins, what provenance says, and which endpoint and key come out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::keys::KEYS;
use super::super::{BaseUrl, Config, Endpoint, KeySource, Layer, Loaded, Provider, Sources, UserFile, load, state_dir};
use super::{Fixture, SAMPLE, render};

const EXAMPLE: &str = "https://models.example/v1";

fn remote(url: &str) -> Endpoint {
    Endpoint::Remote(BaseUrl::parse(url).unwrap())
}

#[test]
fn the_sample_of_the_documentation_is_the_default() {
    let sample = Fixture::new().user_file(SAMPLE).config();
    let expected = Config {
        provider: Provider { endpoint: remote("https://api.openai.com/v1"), ..Default::default() },
        actions: sample.actions.clone(),
        ..Config::default()
    };
    assert_eq!(sample, expected);
    assert_eq!(sample.actions[0].name, "modernise");
    assert_eq!(sample.actions[0].languages, ["rust"]);
    assert!(!sample.actions[0].from_workspace);
}

#[test]
fn a_stronger_layer_wins_and_is_named() {
    let key = "provider.model";
    let mut fixture = Fixture::new();
    assert_eq!(
        (fixture.config().provider.model.as_str(), fixture.load().provenance.of(key)),
        ("gpt-5.5", &Layer::Default)
    );

    fixture = fixture.user_file("provider.model = 'from-file'");
    let loaded = fixture.load();
    assert_eq!(loaded.config.provider.model, "from-file");
    assert_eq!(loaded.provenance.of(key), &Layer::UserFile(fixture.user_path()));

    fixture = fixture.env("PILOTLIGHT_PROVIDER_MODEL", "from-env");
    let loaded = fixture.load();
    assert_eq!(loaded.config.provider.model, "from-env");
    assert_eq!(loaded.provenance.of(key), &Layer::Environment("PILOTLIGHT_PROVIDER_MODEL".to_owned()));

    fixture = fixture.set("provider.model=from-arguments");
    let loaded = fixture.load();
    assert_eq!(loaded.config.provider.model, "from-arguments");
    assert_eq!(loaded.provenance.of(key), &Layer::CommandLine);
    assert_eq!(loaded.provenance.iter().count(), 1, "one key was set");
}

#[test]
fn every_type_is_read_from_every_layer_that_can_hold_it() {
    let config = Fixture::new()
        .env("PILOTLIGHT_SESSION_WARM", "false")
        .env("PILOTLIGHT_SESSION_MAX_ROUNDS", "7")
        .env("PILOTLIGHT_SESSION_PING_INTERVAL", "500ms")
        .env("PILOTLIGHT_EDIT_CONFIRM", "always")
        .env("PILOTLIGHT_PROVIDER_REASONING_EFFORT", "high")
        .set("context.exclude=['*.secret', 'private/']")
        .set("provider.headers={ api-key = 'abc' }")
        .set("session.idle_timeout = 2m")
        .set("context.max_file_bytes=1_000")
        .config();
    assert!(!config.session.warm);
    assert_eq!(config.session.max_rounds, 7);
    assert_eq!(config.session.ping_interval, Duration::from_millis(500));
    assert_eq!(config.session.idle_timeout, Duration::from_secs(120));
    assert_eq!(config.edit.confirm.to_string(), "always");
    assert_eq!(config.provider.reasoning_effort.as_deref(), Some("high"));
    assert_eq!(config.context.exclude, ["*.secret", "private/"]);
    assert_eq!(config.context.max_file_bytes, 1_000);
    assert_eq!(config.provider.headers.get("API-Key").unwrap().expose(), "abc");
}

#[test]
fn empty_means_not_set() {
    let config = Fixture::new()
        .user_file("[provider]\nreasoning_effort = ''\nca_file = '/etc/ca.pem'\nproxy = 'http://proxy:3128'")
        .env("PILOTLIGHT_PROVIDER_CA_FILE", "")
        .set("provider.proxy=")
        .config();
    assert_eq!(config.provider.reasoning_effort, None);
    assert_eq!(config.provider.ca_file.as_deref(), Some(Path::new("/etc/ca.pem")), "an empty variable is no layer");
    assert_eq!(config.provider.proxy, None, "an empty argument takes the value back");
}

#[test]
fn variables_that_are_no_settings_are_left_alone() {
    let fixture = Fixture::new()
        .env("PILOTLIGHT_LOG", "debug")
        .env("PILOTLIGHT_LOG_FILE", "/tmp/log")
        .env("PILOTLIGHT_AGENT_TOKEN", "t")
        .env("PILOTLIGHT_SOMETHING_ELSE", "1")
        .env("PILOTLIGHT_PROVIDER_UNKNOWN", "")
        .env("PROVIDER_MODEL", "other");
    assert_eq!(fixture.load(), Loaded::default());
}

#[test]
fn actions_have_their_own_provenance_and_are_replaced_as_a_whole() {
    let loaded =
        Fixture::new().user_file(SAMPLE).set("action=[{ name = 'mine', title = 'Mine', prompt = 'Do.' }]").load();
    assert_eq!(loaded.config.actions.len(), 1);
    assert_eq!(loaded.config.actions[0].kind, "refactor.rewrite");
    assert_eq!(loaded.provenance.of("action.mine"), &Layer::CommandLine);
    assert_eq!(loaded.provenance.layers("action.modernise"), &[]);
}

#[test]
fn without_address_and_key_the_provider_is_the_embedded_agent() {
    assert_eq!(Fixture::new().config().provider.endpoint, Endpoint::Embedded);
    let empty_key = Fixture::new().env("OPENAI_API_KEY", "");
    assert_eq!(empty_key.config().provider.endpoint, Endpoint::Embedded);
    let other_variable = Fixture::new().env("OPENAI_API_KEY", "k").user_file("provider.api_key_env = 'MY_KEY'");
    assert_eq!(other_variable.config().provider.endpoint, Endpoint::Embedded);
    let no_variable = Fixture::new().env("OPENAI_API_KEY", "k").set("provider.api_key_env=");
    assert_eq!(no_variable.config().provider.endpoint, Endpoint::Embedded);
    assert_eq!(no_variable.config().provider.key, KeySource::None);
}

#[test]
fn with_a_key_alone_it_is_openai() {
    let openai = Endpoint::Remote(BaseUrl::openai());
    let variable = Fixture::new().env("OPENAI_API_KEY", "k").config();
    assert_eq!(
        (variable.provider.endpoint, variable.provider.key),
        (openai.clone(), KeySource::Env("OPENAI_API_KEY".into()))
    );
    let command = Fixture::new().user_file("provider.api_key_command = ['pass', 'show', 'openai']").config();
    assert_eq!(command.provider.endpoint, openai);
    assert_eq!(BaseUrl::parse("https://api.openai.com/v1").unwrap(), BaseUrl::openai());
}

#[test]
fn an_address_is_enough_without_a_key() {
    let config = Fixture::new().env("PILOTLIGHT_PROVIDER_BASE_URL", "http://localhost:11434/v1").config();
    assert_eq!(config.provider.endpoint, remote("http://localhost:11434/v1"));
}

#[test]
fn the_default_key_goes_to_openai_and_to_this_machine_only() {
    let key = |base_url: &str| {
        let loaded = Fixture::new().env("OPENAI_API_KEY", "k").env("PILOTLIGHT_PROVIDER_BASE_URL", base_url).load();
        (loaded.config.provider.key, loaded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let default = KeySource::Env("OPENAI_API_KEY".to_owned());
    assert_eq!(key("https://api.openai.com/v1"), (default.clone(), vec![]));
    assert_eq!(key("http://127.0.0.1:8080/v1"), (default, vec![]));
    let warning = "environment variable PILOTLIGHT_PROVIDER_BASE_URL: provider.base_url: OPENAI_API_KEY is not sent to \
                   https://models.example, since nothing says that it belongs there; set provider.api_key_env to the \
                   variable that holds the key for this address";
    assert_eq!(key(EXAMPLE), (KeySource::None, vec![warning.to_owned()]));
}

#[test]
fn a_key_that_the_user_named_goes_to_the_address_the_user_named() {
    let fixture = Fixture::new().env("OPENAI_API_KEY", "k").set(&format!("provider.base_url={EXAMPLE}"));
    let loaded = fixture.set("provider.api_key_env=OPENAI_API_KEY").load();
    assert_eq!(loaded.config.provider.key, KeySource::Env("OPENAI_API_KEY".to_owned()));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_stronger_layers_key_source_replaces_the_other_kind() {
    let command = "provider.api_key_command = ['pass', 'openai']";
    let loaded = Fixture::new().user_file(command).env("PILOTLIGHT_PROVIDER_API_KEY_ENV", "MY_KEY").load();
    assert_eq!(loaded.config.provider.key, KeySource::Env("MY_KEY".to_owned()));
    assert_eq!(loaded.provenance.layers("provider.api_key_command"), &[]);

    let both = "provider.api_key_command = ['pass']\nprovider.api_key_env = ''";
    assert_eq!(Fixture::new().user_file(both).config().provider.key, KeySource::Command(vec!["pass".to_owned()]));
    let taken_back = Fixture::new().user_file(command).set("provider.api_key_command=[]");
    assert_eq!(taken_back.config().provider.key, KeySource::None);
}

#[test]
fn the_user_file_is_found_by_variable_then_by_directory() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, model: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("provider.model = '{model}'")).unwrap();
        path.display().to_string()
    };
    let explicit = write("named.toml", "named");
    write("xdg/pilotlight/config.toml", "found");

    let mut sources = Sources::default();
    sources.env.insert("XDG_CONFIG_HOME".to_owned(), directory.path().join("xdg").display().to_string());
    assert_eq!(load(&sources).unwrap().config.provider.model, "found");
    sources.env.insert("PILOTLIGHT_CONFIG".to_owned(), explicit);
    assert_eq!(load(&sources).unwrap().config.provider.model, "named");
    sources.user_file = UserFile::Ignore;
    assert_eq!(load(&sources).unwrap().config.provider.model, "gpt-5.5");
}

#[test]
fn a_user_file_that_was_only_looked_for_may_be_missing() {
    let directory = tempfile::tempdir().unwrap();
    let mut sources = Sources::default();
    sources.env.insert("XDG_CONFIG_HOME".to_owned(), directory.path().display().to_string());
    assert_eq!(load(&sources).unwrap(), Loaded::default());
}

#[cfg(unix)]
#[test]
fn directories_follow_the_xdg_specification() {
    let env = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    assert_eq!(state_dir(&env(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")])), Path::new("/s/pilotlight"));
    assert_eq!(state_dir(&env(&[("HOME", "/h")])), Path::new("/h/.local/state/pilotlight"));
    assert_eq!(
        state_dir(&env(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")])),
        Path::new("/h/.local/state/pilotlight")
    );
    let sources = Sources { env: env(&[("HOME", "/h")]), ..Sources::default() };
    assert_eq!(sources.user_file_path(), Some(PathBuf::from("/h/.config/pilotlight/config.toml")));
}

#[test]
fn rendering_names_every_key_with_value_and_layer() {
    let fixture = Fixture::new().user_file(SAMPLE).set("session.idle_timeout=90s");
    let text = render(&fixture.load()).replace(&fixture.user_path().display().to_string(), "FILE");
    for line in [
        "provider.base_url = \"https://api.openai.com/v1\"   # from user file FILE",
        "provider.api_key_command = []   # from default",
        "session.warm = true   # from user file FILE",
        "session.ping_interval = \"20s\"   # from user file FILE",
        "session.idle_timeout = \"90s\"   # from command line",
        "action.modernise = \"Modernise to current idioms\"   # from user file FILE",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    assert_eq!(text.lines().count(), KEYS.len(), "one action stands for the key `action`");
    let embedded = render(&Loaded::default());
    assert!(embedded.starts_with("provider.base_url = \"\"   # from default: the embedded agent\n"), "{embedded}");
}
