//! Rules for texts that could do harm if taken as they are: names, programs, paths and addresses.
//! The errors must never repeat the text: a key pasted into the wrong place is the commonest mistake.

use std::path::{Path, PathBuf};

use url::Url;

/// The name of an environment variable.
pub(super) fn variable_name(name: &str) -> Result<String, String> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_name {
        Ok(name.to_owned())
    } else {
        Err("is no variable name; name the environment variable that holds the key, not the key itself".to_owned())
    }
}

/// A program with its arguments. A relative path would be looked up in the current directory, which may be a
/// workspace's.
pub(super) fn command(argv: Vec<String>) -> Result<Vec<String>, String> {
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let is_bare = !program.contains(['/', '\\']);
    if program.trim().is_empty() {
        Err("must begin with a program".to_owned())
    } else if argv.iter().any(|word| word.contains('\0')) {
        Err("must not hold a NUL character".to_owned())
    } else if !is_bare && !Path::new(program).is_absolute() {
        Err("must begin with a program found in PATH or given by an absolute path".to_owned())
    } else {
        Ok(argv)
    }
}

/// A path that does not depend on the current directory, which may be a workspace's.
pub(super) fn absolute_path(text: String) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("must be an absolute path".to_owned()) }
}

/// The address of a proxy.
pub(super) fn proxy(text: String) -> Result<String, String> {
    let is_proxy =
        Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    if is_proxy { Ok(text) } else { Err("is no proxy address; write it as http://HOST:PORT".to_owned()) }
}

/// One line of gitignore syntax that says something.
pub(super) fn pattern(text: String) -> Result<String, String> {
    if text.trim().is_empty() || text.contains(['\n', '\r', '\0']) {
        Err("holds an empty pattern or one with a line break; write one gitignore pattern per item".to_owned())
    } else {
        Ok(text)
    }
}
