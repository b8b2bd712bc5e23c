//! Paths: the relative ones that models and people exchange, and the URIs that editors use.
//!
//! [`RelPath`] is the only form in which a path from a model enters the program. Whatever any system would read as
//! something else than *a file below the workspace* is refused on every system. Nothing here touches the disk, so
//! nothing here knows about links: containment is checked where a path is opened.

use std::borrow::Borrow;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

/// No real workspace has longer paths; systems refuse them anyway.
const MAX_BYTES: usize = 4096;

/// A file or folder below the workspace root: `/` between the components, at least one of them, none of them special.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(String);

/// Why a path is refused: a clause to put after *the path X is refused:*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathRefusal {
    /// Nothing is left of it.
    #[error("it names no file")]
    Empty,
    /// It is longer than any real path.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It begins with `/`.
    #[error("it is absolute; give it relative to the workspace root")]
    Absolute,
    /// It begins with `~`.
    #[error("`~` is not expanded; give it relative to the workspace root")]
    Home,
    /// It has a component `..`.
    #[error("it contains `..`; give it relative to the workspace root")]
    Parent,
    /// It contains `\`.
    #[error("it contains `\\`; separate folders with `/`")]
    Backslash,
    /// It contains `:`, as drives and alternate streams do.
    #[error("it contains `:`, which names a drive or a stream on some systems")]
    Colon,
    /// It contains a control character.
    #[error("it contains a control character")]
    Control,
    /// A component ends with a dot or a space, which some systems drop.
    #[error("a name in it ends with a dot or a space, which some systems drop")]
    Trailing,
    /// A component is the name of a device on some systems.
    #[error("a name in it is a device on some systems")]
    Device,
}

impl RelPath {
    /// Checks a path that came from outside. `.` components, doubled and closing slashes are dropped. Nothing is
    /// decoded: `%2e%2e` is a name like any other.
    pub fn parse(text: &str) -> Result<RelPath, PathRefusal> {
        if text.len() > MAX_BYTES {
            return Err(PathRefusal::TooLong);
        }
        if text.contains(char::is_control) {
            return Err(PathRefusal::Control);
        }
        match text.chars().next() {
            Some('/') => return Err(PathRefusal::Absolute),
            Some('~') => return Err(PathRefusal::Home),
            _ if text.contains('\\') => return Err(PathRefusal::Backslash),
            _ if text.contains(':') => return Err(PathRefusal::Colon),
            _ => (),
        }
        let names: Vec<&str> = text.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if names.is_empty() {
            return Err(PathRefusal::Empty);
        }
        names.iter().try_for_each(|name| check_name(name))?;
        Ok(RelPath(names.join("/")))
    }

    /// The part of `path` below `base`, if it has a form that is allowed.
    pub(super) fn below(base: &Path, path: &Path) -> Option<RelPath> {
        let rest = path.strip_prefix(base).ok()?;
        let mut names = Vec::new();
        for component in rest.components() {
            match component {
                Component::Normal(name) => names.push(name.to_str()?),
                Component::CurDir => (),
                _ => return None,
            }
        }
        RelPath::parse(&names.join("/")).ok()
    }

    /// The entry `name` of the folder `folder` (`None`: of the root), if its name has a form that is allowed.
    pub(super) fn child(folder: Option<&RelPath>, name: &str) -> Option<RelPath> {
        match folder {
            Some(folder) => RelPath::parse(&format!("{folder}/{name}")).ok(),
            None => RelPath::parse(name).ok(),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// The folder it is in; `None` directly below the root.
    pub fn parent(&self) -> Option<RelPath> {
        self.0.rsplit_once('/').map(|(folder, _)| RelPath(folder.to_owned()))
    }

    /// The folders it is in, the nearest first.
    pub fn above(&self) -> impl Iterator<Item = RelPath> {
        std::iter::successors(self.parent(), RelPath::parent)
    }

    /// The components.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The path itself as a path of this system, still relative.
    pub(super) fn to_path(&self) -> PathBuf {
        self.components().collect()
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

fn check_name(name: &str) -> Result<(), PathRefusal> {
    if name == ".." {
        return Err(PathRefusal::Parent);
    }
    if name.ends_with(['.', ' ']) {
        return Err(PathRefusal::Trailing);
    }
    if is_device(name) { Err(PathRefusal::Device) } else { Ok(()) }
}

/// Windows opens a device for these names, with any extension and blanks before it.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|number| {
        matches!(number, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    })
}

/// The file a `file:` URI stands for; `None` for every other URI.
pub fn uri_to_path(uri: &str) -> Option<PathBuf> {
    let url = Url::parse(uri).ok()?;
    if url.scheme() != "file" {
        return None;
    }
    url.to_file_path().ok().map(with_upper_case_drive)
}

/// The URI of a file. A relative path is taken from the current directory.
pub fn path_to_uri(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match Url::from_file_path(&absolute) {
        Ok(url) => url.into(),
        // Only device paths and the like get here; any URI for them is as good as another, as long as it is one.
        Err(()) => {
            const NOT_IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'\\');
            let text = absolute.to_string_lossy();
            format!("file:///{}", utf8_percent_encode(text.trim_start_matches('/'), NOT_IN_PATHS))
        }
    }
}

/// Editors write `c:` and `C:` for the same drive; paths are compared by their text.
#[cfg(windows)]
fn with_upper_case_drive(path: PathBuf) -> PathBuf {
    match path.to_str().map(|text| (text.as_bytes(), text)) {
        Some(([drive @ b'a'..=b'z', b':', ..], text)) => {
            PathBuf::from(format!("{}{}", char::from(drive.to_ascii_uppercase()), &text[1..]))
        }
        _ => path,
    }
}

#[cfg(not(windows))]
fn with_upper_case_drive(path: PathBuf) -> PathBuf {
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_taken_and_tidied() {
        for (text, path) in [
            ("a", "a"),
            ("./a", "a"),
            ("src//main.rs", "src/main.rs"),
            ("src/./main.rs", "src/main.rs"),
            ("src/", "src"),
            ("...a/.b/c d", "...a/.b/c d"),
            ("%2e%2e/x", "%2e%2e/x"),
            ("a~b/console.log", "a~b/console.log"),
            ("common/com10/lpt.txt", "common/com10/lpt.txt"),
            ("ünï/日本.rs", "ünï/日本.rs"),
        ] {
            assert_eq!(RelPath::parse(text).as_ref().map(RelPath::as_str), Ok(path), "{text:?}");
        }
    }

    #[test]
    fn other_forms_are_refused_everywhere() {
        use PathRefusal::*;
        for (text, refusal) in [
            ("", Empty),
            (".", Empty),
            ("././/", Empty),
            ("/etc/passwd", Absolute),
            ("//host/share", Absolute),
            ("~/x", Home),
            ("~root/x", Home),
            ("..", Parent),
            ("a/../b", Parent),
            ("a/..", Parent),
            ("C:\\x", Backslash),
            ("\\\\host\\share", Backslash),
            ("a\\b", Backslash),
            ("C:/x", Colon),
            ("c:x", Colon),
            ("a/name:stream", Colon),
            ("file:///etc", Colon),
            ("a\0b", Control),
            ("a\nb", Control),
            ("a\u{85}b", Control),
            (".env.", Trailing),
            (".env ", Trailing),
            ("a. /b", Trailing),
            ("...", Trailing),
            ("NUL", Device),
            ("src/con.txt", Device),
            ("aux .rs", Device),
            ("Com1", Device),
            ("lpt².log", Device),
            ("conout$", Device),
        ] {
            assert_eq!(RelPath::parse(text), Err(refusal), "{text:?}");
        }
        assert_eq!(RelPath::parse(&"a/".repeat(2049)), Err(TooLong));
    }

    #[test]
    fn parts_of_a_path() -> Result<(), PathRefusal> {
        let path = RelPath::parse("a/b/c.rs")?;
        assert_eq!(path.file_name(), "c.rs");
        assert_eq!(path.parent(), Some(RelPath::parse("a/b")?));
        assert_eq!(RelPath::parse("c.rs")?.parent(), None);
        assert_eq!(RelPath::parse("c.rs")?.file_name(), "c.rs");
        Ok(())
    }

    #[test]
    fn below_takes_only_what_is_below() {
        let below = |path: &str| RelPath::below(Path::new("/w"), Path::new(path)).map(|path| path.to_string());
        assert_eq!(below("/w/a/b"), Some("a/b".into()));
        assert_eq!(below("/w/./a"), Some("a".into()));
        assert_eq!(below("/w"), None);
        assert_eq!(below("/other/a"), None);
        assert_eq!(below("/w/../etc/passwd"), None);
        assert_eq!(below("/w/a:b"), None);
    }

    #[cfg(unix)]
    #[test]
    fn uris_and_paths() {
        for (path, uri) in [
            ("/w/a.rs", "file:///w/a.rs"),
            ("/w/a b#?%.rs", "file:///w/a%20b%23%3F%25.rs"),
            ("/w/日本", "file:///w/%E6%97%A5%E6%9C%AC"),
        ] {
            assert_eq!(path_to_uri(Path::new(path)), uri);
            assert_eq!(uri_to_path(uri), Some(PathBuf::from(path)));
        }
        assert_eq!(uri_to_path("file:///w/%61%2Brs"), Some(PathBuf::from("/w/a+rs")));
        assert_eq!(uri_to_path("file:///w/x/../a"), Some(PathBuf::from("/w/a")));
        assert_eq!(uri_to_path("file://host/share/a"), None);
        for other in ["untitled:Untitled-1", "git:/w/a.rs", "a.rs", ""] {
            assert_eq!(uri_to_path(other), None, "{other:?}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn drives_have_one_spelling() {
        for uri in ["file:///c%3A/w/a.rs", "file:///C:/w/a.rs", "file:///c:/w/a.rs"] {
            assert_eq!(uri_to_path(uri), Some(PathBuf::from("C:\\w\\a.rs")), "{uri}");
        }
        assert_eq!(path_to_uri(Path::new("C:\\w\\a b.rs")), "file:///C:/w/a%20b.rs");
    }
}
