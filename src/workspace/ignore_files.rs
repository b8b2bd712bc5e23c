//! Lists of patterns in gitignore syntax: parsed, kept while their file is unchanged, and able to say which line
//! decided.
//!
//! Patterns and paths are compared folded (see `names`). A list that should hide something but cannot be read hides
//! everything it could have meant: nothing here fails open.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::names::fold;

/// No list that people wrote is longer.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a list says about a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Silent,
    /// A pattern with `!` takes it back in.
    Included,
    /// It is hidden; the text names the pattern and its line.
    Excluded(String),
}

/// A pattern that cannot be read.
#[derive(Debug)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) pattern: String,
    pub(super) reason: String,
}

/// The patterns of one list, for paths relative to the directory it stands in.
pub(super) struct Patterns {
    matcher: Gitignore,
    lines: Vec<Line>,
}

struct Line {
    number: usize,
    text: String,
    folded: String,
}

impl Patterns {
    /// Takes the lines of a list; those that cannot be read are handed back.
    pub(super) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> (Self, Vec<BadLine>) {
        let mut builder = GitignoreBuilder::new("");
        let (mut read, mut bad) = (Vec::new(), Vec::new());
        for (index, text) in lines.into_iter().enumerate() {
            let line = Line { number: index + 1, text: text.trim_end().to_owned(), folded: fold(text) };
            match builder.add_line(None, &line.folded) {
                Ok(_) => read.push(line),
                Err(error) => bad.push(bad_line(line.number, line.text, &error)),
            }
        }
        let matcher = builder.build().unwrap_or_else(|error| {
            bad.push(bad_line(0, "the list as a whole".to_owned(), &error));
            Gitignore::empty()
        });
        (Self { matcher, lines: read }, bad)
    }

    /// What the list says about a folded path.
    pub(super) fn verdict(&self, folded: &str, is_dir: bool) -> Verdict {
        match self.matcher.matched(folded, is_dir) {
            Match::None => Verdict::Silent,
            Match::Whitelist(_) => Verdict::Included,
            Match::Ignore(glob) => {
                // The last matching pattern counts, so of equal lines it is the last too.
                let line = self.lines.iter().rfind(|line| line.folded.trim_end() == glob.original().trim_end());
                Verdict::Excluded(line.map_or_else(
                    || format!("`{}`", glob.original()),
                    |line| format!("`{}` (line {})", line.text, line.number),
                ))
            }
        }
    }
}

fn bad_line(line: usize, pattern: String, error: &ignore::Error) -> BadLine {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    BadLine { line, pattern, reason }
}

/// The two kinds of ignore files, told apart by what a pattern that cannot be read means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `.gitignore`: such a line is skipped, as git does.
    Git,
    /// `.pilotlightignore`: such a line hides everything, for it is there to keep something private.
    Pilotlight,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Git, Kind::Pilotlight];

    pub(super) fn file_name(self) -> &'static str {
        match self {
            Kind::Git => ".gitignore",
            Kind::Pilotlight => ".pilotlightignore",
        }
    }
}

/// An ignore file as it was read.
pub(super) enum IgnoreFile {
    /// Its patterns.
    Patterns(Patterns),
    /// It cannot be read, for this reason: everything below its directory is hidden.
    Unreadable(String),
}

impl IgnoreFile {
    /// What it says about a folded path, relative to its directory.
    pub(super) fn verdict(&self, folded: &str, is_dir: bool) -> Verdict {
        match self {
            IgnoreFile::Patterns(patterns) => patterns.verdict(folded, is_dir),
            IgnoreFile::Unreadable(reason) => Verdict::Excluded(reason.clone()),
        }
    }

    fn read(path: &Path, kind: Kind) -> Self {
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => return IgnoreFile::Unreadable(format!("it cannot be read: {error}")),
        };
        let (patterns, bad) = Patterns::parse(text.lines());
        match bad.first() {
            Some(BadLine { line, pattern, reason }) if kind == Kind::Pilotlight => {
                IgnoreFile::Unreadable(format!("`{pattern}` (line {line}) cannot be read: {reason}"))
            }
            _ => IgnoreFile::Patterns(patterns),
        }
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Every ignore file read so far, each good for as long as its file looks unchanged.
#[derive(Default)]
pub(super) struct IgnoreFiles {
    read: Mutex<HashMap<PathBuf, (Stamp, Arc<IgnoreFile>)>>,
}

/// How a file looks from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl IgnoreFiles {
    /// The ignore file of this kind in `directory`, if there is one.
    pub(super) fn get(&self, directory: &Path, kind: Kind) -> Option<Arc<IgnoreFile>> {
        let path = directory.join(kind.file_name());
        let Some(metadata) = fs::metadata(&path).ok().filter(fs::Metadata::is_file) else {
            return self.get_unreadable(path, kind);
        };
        let stamp = Stamp { modified: metadata.modified().ok(), bytes: metadata.len() };
        let known = self.lock().get(&path).filter(|(known, _)| *known == stamp).map(|(_, file)| file.clone());
        known.or_else(|| {
            let file = Arc::new(IgnoreFile::read(&path, kind));
            self.lock().insert(path, (stamp, file.clone()));
            Some(file)
        })
    }

    /// What stands in the place of a list and is none: a link that leads nowhere, a folder, a pipe. Git passes over it.
    fn get_unreadable(&self, path: PathBuf, kind: Kind) -> Option<Arc<IgnoreFile>> {
        let is_there = kind == Kind::Pilotlight && fs::symlink_metadata(&path).is_ok();
        if !is_there {
            self.lock().remove(&path);
            return None;
        }
        let file = Arc::new(IgnoreFile::Unreadable("what is there cannot be read as a list".into()));
        self.lock().insert(path, (Stamp { modified: None, bytes: 0 }, file.clone()));
        Some(file)
    }

    /// The same as it was read last, without a look at the disk.
    pub(super) fn get_known(&self, directory: &Path, kind: Kind) -> Option<Arc<IgnoreFile>> {
        self.lock().get(&directory.join(kind.file_name())).map(|(_, file)| file.clone())
    }

    /// Reads every file anew when it is needed next.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, Arc<IgnoreFile>)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_decided_is_named() {
        let (patterns, bad) = Patterns::parse(["# build", "Target/", "*.LOG", "!keep.log", "  ", "*.log "]);
        assert!(bad.is_empty());
        assert_eq!(patterns.verdict("target", true), Verdict::Excluded("`Target/` (line 2)".into()));
        assert_eq!(patterns.verdict("target", false), Verdict::Silent);
        assert_eq!(patterns.verdict("a/b.log", false), Verdict::Excluded("`*.log` (line 6)".into()));
    }

    #[test]
    fn a_later_negation_takes_back_in() {
        let (patterns, _) = Patterns::parse(["*.log", "!keep.log"]);
        assert_eq!(patterns.verdict("a/keep.log", false), Verdict::Included);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_handed_back() {
        let (patterns, bad) = Patterns::parse(["ok", "a{b"]);
        assert_eq!(patterns.verdict("ok", false), Verdict::Excluded("`ok` (line 1)".into()));
        assert_eq!((bad.len(), bad[0].line, bad[0].pattern.as_str()), (1, 2, "a{b"));
    }
}
