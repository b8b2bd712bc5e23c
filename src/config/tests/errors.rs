//! Every refusal, with its exact text.

use super::super::{ConfigError, Sources, UserFile, load};
use super::Fixture;

/// The error of a user file.
fn file(text: &str) -> String {
    Fixture::new().user_file(text).error()
}

/// The error of `--set`, without its place.
fn set(argument: &str) -> String {
    Fixture::new().set(argument).error().strip_prefix("command line: ").unwrap().to_owned()
}

fn env(name: &str, value: &str) -> String {
    Fixture::new().env(name, value).error()
}

#[test]
fn unknown_keys_name_file_line_key_and_the_nearest_valid_key() {
    let unknown = |text: &str| file(text).replace("unknown key; the nearest valid key is", "→");
    assert_eq!(
        file("# a comment\n[provider]\nmodle = 'x'"),
        "FILE:3: provider.modle: unknown key; the nearest valid key is provider.model"
    );
    assert_eq!(unknown("[provder]\nmodel = 'x'"), "FILE:1: provder: → provider");
    assert_eq!(unknown("[provider]\napi_key = 'sk-secret'"), "FILE:2: provider.api_key: → provider.api_key_env");
    assert_eq!(unknown("model = 'x'"), "FILE:1: model: → provider.model");
    assert_eq!(
        unknown("\n\nsession.connect-timeout = '3s'"),
        "FILE:3: session.connect-timeout: → session.connect_timeout"
    );
    assert_eq!(unknown("[provider]\nwarm = true"), "FILE:2: provider.warm: → session.warm");
    assert_eq!(unknown("[[actions]]\nname = 'x'"), "FILE:1: actions: → action");
    assert_eq!(set("sesion.warm=true"), "sesion.warm: unknown key; the nearest valid key is session.warm");
}

#[test]
fn the_first_mistake_in_the_file_is_reported() {
    assert_eq!(
        file("[session]\nzzz = 1\naaa = 1\n[context]\nbbb = 1").split(": unknown").next(),
        Some("FILE:2: session.zzz")
    );
}

#[test]
fn wrong_types_name_file_line_key_and_both_types() {
    let cases = [
        ("[session]\nwarm = 'yes'", "FILE:2: session.warm: expected true or false, found text"),
        ("session.max_rounds = '4'", "FILE:1: session.max_rounds: expected a whole number, found text"),
        ("session.max_rounds = 4.5", "FILE:1: session.max_rounds: expected a whole number, found a decimal number"),
        ("provider.model = 5", "FILE:1: provider.model: expected text, found a whole number"),
        ("provider.model = 1979-05-27", "FILE:1: provider.model: expected text, found a date or time"),
        ("provider.transport = []", "FILE:1: provider.transport: expected one of auto, websocket, http, found a list"),
        ("context.exclude = 'x'", "FILE:1: context.exclude: expected a list of texts, found text"),
        (
            "[context]\nexclude = [\n  'a',\n  1,\n]",
            "FILE:4: context.exclude: expected a list of texts with nothing else in it, found a whole number",
        ),
        ("provider.headers = 'x'", "FILE:1: provider.headers: expected a table of headers, found text"),
        ("[provider.headers]\napi-key = 1", "FILE:2: provider.headers.api-key: expected text, found a whole number"),
        ("provider = 1", "FILE:1: provider: expected a table, found a whole number; write [provider] above its keys"),
        ("[action]\nname = 'x'", "FILE:1: action: expected [[action]] tables, found a table"),
    ];
    for (text, expected) in cases {
        assert_eq!(file(text), expected, "{text}");
    }
}

#[test]
fn durations_need_a_unit_and_a_sane_length() {
    let expected = "session.idle_timeout: expected a duration with its unit (ms, s, m or h), such as \"90s\", found";
    assert_eq!(set("session.idle_timeout=90"), format!("{expected} a whole number"));
    assert_eq!(set("session.idle_timeout='90'"), format!("{expected} \"90\""));
    assert_eq!(set("session.idle_timeout=1d"), format!("{expected} \"1d\""));
    assert_eq!(set("session.idle_timeout=0s"), "session.idle_timeout: 0s is out of range; use 100ms to 1h");
    assert_eq!(set("session.rotate_after=60m"), "session.rotate_after: 60m is out of range; use 100ms to 59m");
    assert_eq!(
        env("PILOTLIGHT_SESSION_TURN_TIMEOUT", "25h"),
        "environment variable PILOTLIGHT_SESSION_TURN_TIMEOUT: session.turn_timeout: \
         25h is out of range; use 100ms to 24h"
    );
}

#[test]
fn numbers_have_a_range() {
    assert_eq!(set("session.max_rounds=0"), "session.max_rounds: 0 is out of range; use 1 to 1000");
    assert_eq!(set("session.max_rounds=1001"), "session.max_rounds: 1001 is out of range; use 1 to 1000");
    assert_eq!(set("context.max_file_bytes=-1"), "context.max_file_bytes: -1 is out of range; use 1 to 8388608");
    assert_eq!(set("context.max_delta_bytes=0"), "context.max_delta_bytes: 0 is out of range; use 1 to 8388608");
    assert_eq!(
        set("session.max_context_tokens=99999999999999999999"),
        "session.max_context_tokens: expected a whole number, found a number that is too large"
    );
}

#[test]
fn words_and_texts_are_checked() {
    assert_eq!(set("provider.transport=ws"), "provider.transport: expected one of auto, websocket, http, found \"ws\"");
    assert_eq!(set("edit.confirm=sometimes"), "edit.confirm: expected one of auto, always, never, found \"sometimes\"");
    assert_eq!(set("provider.model="), "provider.model: must name a model");
    assert_eq!(set("provider.model=\"a\\nb\""), "provider.model: must be one line without control characters");
    assert_eq!(set("provider.ca_file=ca.pem"), "provider.ca_file: must be an absolute path");
    assert_eq!(set("provider.proxy=proxy:3128"), "provider.proxy: is no proxy address; write it as http://HOST:PORT");
    assert_eq!(
        set("context.exclude=['']"),
        "context.exclude: holds an empty pattern or one with a line break; write one gitignore pattern per item"
    );
}

#[test]
fn a_base_url_is_checked_and_never_repeated() {
    let cases = [
        ("nonsense", "is not a URL (relative URL without a base); write it as https://HOST/v1"),
        ("ftp://models.example", "must begin with https:// or wss://, or for this machine with http:// or ws://"),
        (
            "https://user:hunter2@models.example/v1",
            "must not hold a user name or password; name the variable of the key in provider.api_key_env instead",
        ),
        ("https://models.example/v1?key=hunter2", "must not have a query or fragment; `/responses` is appended to it"),
        (
            "http://models.example/v1",
            "is not encrypted; use https:// for models.example \
             (http:// and ws:// only for localhost, 127.0.0.0/8 and [::1])",
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(set(&format!("provider.base_url={url}")), format!("provider.base_url: {expected}"), "{url}");
    }
}

#[test]
fn a_key_cannot_be_written_where_its_name_belongs() {
    let error = set("provider.api_key_env=sk-hunter2");
    assert_eq!(
        error,
        "provider.api_key_env: is no variable name; \
         name the environment variable that holds the key, not the key itself"
    );
    assert_eq!(
        set("provider.api_key_command=['./getkey']"),
        "provider.api_key_command: must begin with a program found in PATH or given by an absolute path"
    );
    assert_eq!(set("provider.api_key_command=['']"), "provider.api_key_command: must begin with a program");
    assert_eq!(
        file("[provider]\napi_key_env = 'A'\napi_key_command = ['pass']"),
        "FILE:3: provider.api_key_command: provider.api_key_env is set as well; keep one of the two"
    );
}

#[test]
fn headers_are_checked_and_their_values_never_repeated() {
    let set = |header: &str| set(&format!("provider.headers={{ {header} }}"));
    let cases = [
        ("'a b' = 'hunter2'", "a b: is no header name; use letters, digits and `-`"),
        ("Host = 'hunter2'", "Host: is set by the connection itself and cannot be configured"),
        (
            "Sec-WebSocket-Protocol = 'hunter2'",
            "Sec-WebSocket-Protocol: is set by the connection itself and cannot be configured",
        ),
        ("x = 'hunter2 '", "x: has a value that is no header text; use printable ASCII without spaces around it"),
        ("a = 'hunter2', A = 'hunter2'", "A: is given twice; header names do not differ by case"),
        (
            "x = \"hunter2\\r\\nEvil: 1\"",
            "x: has a value that is no header text; use printable ASCII without spaces around it",
        ),
    ];
    for (header, expected) in cases {
        let error = set(header);
        // Tables are sorted by their parser, so either of two equal names may come second.
        assert!(error.eq_ignore_ascii_case(&format!("provider.headers.{expected}")), "{header}: {error}");
    }
}

#[test]
fn unknown_variables_name_the_nearest() {
    assert_eq!(
        env("PILOTLIGHT_PROVIDER_BASEURL", "x"),
        "PILOTLIGHT_PROVIDER_BASEURL: no such environment variable of Pilotlight; \
         the nearest valid one is PILOTLIGHT_PROVIDER_BASE_URL"
    );
    assert_eq!(
        env("PILOTLIGHT_PROVIDER_HEADERS", "x"),
        "PILOTLIGHT_PROVIDER_HEADERS: provider.headers cannot be set by an environment variable; \
         set it in the user file"
    );
    assert_eq!(
        env("PILOTLIGHT_SESSION_WARM", "yes"),
        "environment variable PILOTLIGHT_SESSION_WARM: session.warm: expected true or false, found text"
    );
}

#[test]
fn actions_are_checked() {
    let action = |fields: &str| file(&format!("[[action]]\n{fields}"));
    let cases = [
        ("title = 'T'\nprompt = 'P'", "FILE:1: action.name: is missing; every [[action]] needs name, title and prompt"),
        ("name = 'a b'\ntitle = 'T'\nprompt = 'P'", "FILE:2: action.name: must be letters, digits, `_` and `-` only"),
        ("name = 'a'\ntitle = ''\nprompt = 'P'", "FILE:3: action.title: must not be empty"),
        (
            "name = 'a'\ntitle = \"T\\u202E\"\nprompt = 'P'",
            "FILE:3: action.title: must be one line without invisible characters",
        ),
        ("name = 'a'\ntitle = 'T'\nprompt = \"P\\u200B\"", "FILE:4: action.prompt: must not hold invisible characters"),
        (
            "name = 'a'\ntitle = 'T'\nprompt = 'P'\nkind = 'rewrite'",
            "FILE:5: action.kind: is no code action kind; \
             use quickfix, refactor or source, or one below, such as refactor.rewrite",
        ),
        (
            "name = 'a'\ntitle = 'T'\nprompt = 'P'\nlanguages = 'rust'",
            "FILE:5: action.languages: expected a list of language identifiers, found text",
        ),
        (
            "name = 'a'\ntitle = 'T'\npromt = 'P'",
            "FILE:4: action.promt: unknown key; the nearest valid key is action.prompt",
        ),
        (
            "name = 'a'\ntitle = 'T'\nprompt = 'P'\n[[action]]\nname = 'a'\ntitle = 'T'\nprompt = 'P'",
            "FILE:6: action.name: the name `a` is used twice; give each action its own",
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(action(fields), expected, "{fields}");
    }
    for kind in ["quickfix", "refactor.", "source..x", "refactorx", "source.organize"] {
        let is_good = kind == "quickfix" || kind == "source.organize";
        let text = format!("[[action]]\nname = 'a'\ntitle = 'T'\nprompt = 'P'\nkind = '{kind}'");
        assert_eq!(load(&Fixture::new().user_file(&text).sources).is_ok(), is_good, "{kind}");
    }
}

#[test]
fn broken_toml_is_located_and_not_quoted() {
    let error = file("[provider]\nmodel = \"hunter2\n");
    assert!(error.starts_with("FILE:2: not valid TOML: "), "{error}");
    assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
    assert!(
        file("warm = 1\nwarm = 2").starts_with("FILE:2: not valid TOML: duplicate key"),
        "{}",
        file("warm = 1\nwarm = 2")
    );
}

#[test]
fn a_named_file_must_exist_and_be_readable() {
    let mut fixture = Fixture::new();
    fixture.sources.user_file = UserFile::Explicit(fixture.user_path());
    assert_eq!(
        fixture.error(),
        "FILE: no such configuration file (named by the command line); create it or name another"
    );
    fixture.sources.user_file = UserFile::Discover;
    let fixture = fixture;
    let path = fixture.user_path().display().to_string();
    let fixture = fixture.env("PILOTLIGHT_CONFIG", &path);
    assert_eq!(
        fixture.error(),
        "FILE: no such configuration file (named by PILOTLIGHT_CONFIG); create it or name another"
    );
    std::fs::create_dir(fixture.user_path()).unwrap();
    assert!(fixture.error().starts_with("FILE: cannot read the configuration file: "));
}

#[test]
fn an_argument_needs_a_value() {
    let error = Sources::default().add_override("session.warm").unwrap_err();
    assert!(matches!(error, ConfigError::Override { .. }));
    assert_eq!(error.to_string(), "--set session.warm: write it as KEY=VALUE, for example --set session.warm=false");
}
