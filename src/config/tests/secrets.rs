//! No key, header value, command argument or proxy password can be seen in anything that is printed.

use super::super::{KeySource, Secret, load, narrow, narrow_from_editor};
use super::{Fixture, render};

const CANARY: &str = "canary-5f2a";

/// A configuration with a canary in every place that may hold a secret.
fn loaded_with_canaries() -> Fixture {
    Fixture::new()
        .user_file(&format!(
            "[provider]\nbase_url = 'https://models.example/v1'\napi_key_command = ['pass', '{CANARY}']\n\
             proxy = 'http://user:{CANARY}@proxy.example:3128'\n\
             headers = {{ Authorization = 'Bearer {CANARY}', api-key = '{CANARY}' }}"
        ))
        .env("OPENAI_API_KEY", CANARY)
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let fixture = loaded_with_canaries().set(&format!("provider.headers={{ x = '{CANARY}' }}"));
    let loaded = fixture.load();
    assert_eq!(loaded.config.provider.headers.get("x").unwrap().expose(), CANARY, "the canary is there");
    let printed = [
        format!("{loaded:?} {loaded:#?}"),
        format!("{:?}", fixture.sources),
        format!("{:?} {:?}", loaded.config.provider.key, loaded.config.provider.headers),
        render(&loaded),
        format!("{0} {0:?}", Secret::new(CANARY)),
    ];
    for text in printed {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn what_is_hidden_can_still_be_recognised() {
    let text = render(&loaded_with_canaries().load());
    assert!(text.contains("provider.api_key_command = [\"pass\", \"[secret]\"]"), "{text}");
    assert!(text.contains("provider.proxy = \"http://proxy.example:3128\""), "{text}");
    assert!(
        text.contains("provider.headers = { \"Authorization\" = \"[secret]\", \"api-key\" = \"[secret]\" }"),
        "{text}"
    );
}

#[test]
fn no_error_or_warning_holds_a_secret() {
    let wrong = [
        format!("provider.base_url = 'https://user:{CANARY}@host/v1'"),
        format!("provider.base_url = 'https://host/v1?key={CANARY}'"),
        format!("provider.base_url = '{CANARY}'"),
        format!("provider.api_key_env = '{CANARY}'"),
        format!("provider.api_key = '{CANARY}'"),
        format!("provider.api_key_command = ['./x', '{CANARY}']"),
        format!("provider.api_key_command = '{CANARY}'"),
        format!("provider.headers = '{CANARY}'"),
        format!("provider.headers = {{ a = '{CANARY}é' }}"),
        format!("provider.headers = {{ a = ['{CANARY}'] }}"),
        format!("provider.proxy = '{CANARY}:x@proxy'"),
        format!("provider.ca_file = '{CANARY}'"),
        format!("provider.headers = {{ a = '{CANARY}"),
        format!("provider.headers = {{ a = '{CANARY}' }} {CANARY}"),
    ];
    for text in wrong {
        let fixture = Fixture::new().user_file(&text);
        let error = load(&fixture.sources).expect_err(&text);
        assert!(!format!("{error} {error:?}").contains(CANARY), "{text}: {error}");

        let base = Fixture::new().load();
        let narrowed = narrow(&base, &fixture.workspace(&text), true);
        assert!(!narrowed.warnings.is_empty() && !format!("{:?}", narrowed.warnings).contains(CANARY), "{text}");
    }
    let settings = serde_json::json!({ "provider": { "api_key": CANARY, "headers": { "a": CANARY } } });
    assert!(!format!("{:?}", narrow_from_editor(&Fixture::new().load(), &settings)).contains(CANARY));
}

#[test]
fn a_withheld_key_is_gone_from_the_configuration() {
    let loaded = Fixture::new().env("OPENAI_API_KEY", CANARY).set("provider.base_url=https://models.example").load();
    assert_eq!(loaded.config.provider.key, KeySource::None);
    assert!(!format!("{:?}", loaded.warnings).contains(CANARY));
}
