//! Fetching keys: variables, commands, and every way they can fail without telling the key.

use std::time::Duration;

use super::*;

/// A name that no environment has.
const UNSET: &str = "PILOTLIGHT_TEST_NO_SUCH_VARIABLE";

#[test]
fn a_missing_variable_is_no_key_and_no_error() {
    assert!(KeySource::None.fetch().unwrap().is_none());
    assert!(KeySource::Env(UNSET.to_owned()).fetch().unwrap().is_none());
}

#[test]
fn a_variable_gives_its_value() {
    // Set by cargo for every test, and free of spaces.
    let key = KeySource::Env("CARGO_PKG_VERSION".to_owned()).fetch().unwrap().unwrap();
    assert_eq!(key.expose(), std::env::var("CARGO_PKG_VERSION").unwrap());
}

#[test]
fn one_line_end_is_trimmed_and_nothing_else() {
    let checked = |text: &str| checked(text.to_owned(), || "it".to_owned()).map(|key| key.expose().to_owned());
    assert_eq!(checked("key\n").unwrap(), "key");
    assert_eq!(checked("key\r\n").unwrap(), "key");
    let long = "k".repeat(MAX_KEY_BYTES + 1);
    for bad in ["", "\n", "key\n\n", "two words", "two\nlines", " key", "ké", "k\u{7f}", &long] {
        assert!(matches!(checked(bad), Err(KeyError::Malformed { .. })), "{bad:?}");
    }
}

#[cfg(unix)]
mod commands {
    use super::*;

    fn run(script: &str, timeout: Duration) -> Result<Secret, KeyError> {
        from_command("sh", &["-c".to_owned(), script.to_owned()], timeout)
    }

    fn error(script: &str) -> String {
        run(script, COMMAND_TIMEOUT).unwrap_err().to_string()
    }

    #[test]
    fn the_output_is_the_key() {
        let source = KeySource::Command(vec!["printf".to_owned(), "%s\n".to_owned(), "key-1".to_owned()]);
        assert_eq!(source.fetch().unwrap().unwrap().expose(), "key-1");
    }

    #[test]
    fn arguments_are_not_read_by_a_shell() {
        let source = KeySource::Command(vec!["printf".to_owned(), "%s".to_owned(), "$HOME;`id`".to_owned()]);
        assert_eq!(source.fetch().unwrap().unwrap().expose(), "$HOME;`id`");
    }

    #[test]
    fn standard_input_is_closed_and_the_directory_is_not_the_workspace() {
        assert_eq!(run("cat; echo key", COMMAND_TIMEOUT).unwrap().expose(), "key");
        let home = etcetera::home_dir().unwrap().canonicalize().unwrap();
        assert_eq!(run("pwd -P", COMMAND_TIMEOUT).unwrap().expose(), home.display().to_string());
    }

    #[test]
    fn failures_name_the_program_and_never_its_output() {
        let failed = "provider.api_key_command: `sh` failed (exit status: 3); run it by hand to see why";
        assert_eq!(error("echo canary; echo canary >&2; exit 3"), failed);
        assert_eq!(error("true"), "provider.api_key_command: `sh` printed nothing; it must print the key");
        let malformed = "provider.api_key_command: `sh` gave something that is no key: \
                         it must be one line of printable ASCII without spaces";
        assert_eq!(error("echo canary one; echo canary two"), malformed);
        assert_eq!(error("printf '\\377canary'"), malformed);
        let endless = "provider.api_key_command: `sh` failed (signal: 13 (SIGPIPE)); run it by hand to see why";
        assert_eq!(error("exec yes canary"), endless);
        let missing = from_command("pilotlight-no-such-program", &[], COMMAND_TIMEOUT).unwrap_err().to_string();
        let start = "provider.api_key_command: cannot start `pilotlight-no-such-program`: ";
        assert!(missing.starts_with(start), "{missing}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let short = Duration::from_millis(50);
        assert!(matches!(run("exec sleep 600", short), Err(KeyError::Timeout { .. })));
        assert!(matches!(run("echo key; exec sleep 600 >&-", short), Err(KeyError::Timeout { .. })), "output closed");
    }
}
