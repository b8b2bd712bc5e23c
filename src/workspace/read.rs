//! Reading one file of a workspace: open document first, disk second, through the policy and never past the root.
//!
//! A path is judged twice, as it was given and as it is once its links are resolved: a harmless name must not lead to
//! an excluded file, nor out of the workspace. Only regular files are opened, so nothing here can hang.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Workspace;
use super::document::Snapshot;
use super::path::RelPath;
use super::policy::{Exclusion, is_text, is_text_rope};
use super::text::{ModelText, shown};

/// Why a file cannot be read: a clause to put after *PATH cannot be read:*. It is for people; where it is
/// [`ReadError::Excluded`] or [`ReadError::Outside`], a model is told only that the file is not available.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no such file, neither open nor on disk.
    #[error("there is no such file")]
    NotFound,
    /// The context policy keeps it from models.
    #[error("it is {0}")]
    Excluded(#[from] Exclusion),
    /// It leads out of the workspace.
    #[error("it leads out of the workspace")]
    Outside,
    /// It is binary.
    #[error("it is not a text file")]
    NotText,
    /// It is longer than allowed.
    #[error("it has {bytes} bytes, more than the {limit} that context.max_file_bytes allows")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
    /// It is open, but what the editor has is not known.
    #[error("its text in the editor is not known after a change that did not fit; close and reopen it")]
    Desynced,
    /// It is a folder.
    #[error("it is a folder")]
    Directory,
    /// It is a device, a pipe or a socket.
    #[error("it is not a regular file")]
    NotRegular,
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
            io::ErrorKind::IsADirectory => ReadError::Directory,
            kind => ReadError::Io(kind),
        }
    }
}

/// A text and where it was found.
pub(super) enum Source {
    /// In the editor.
    Document(Snapshot),
    /// On disk.
    Disk(String),
}

impl Source {
    /// The text as the model sees it.
    pub(super) fn into_model_string(self) -> String {
        match self {
            Source::Document(document) => document.model_text().to_string(),
            Source::Disk(text) => shown(&text).into_owned(),
        }
    }
}

impl Workspace {
    /// The file as the model sees it.
    pub fn read(&self, path: &RelPath) -> Result<ModelText, ReadError> {
        let (path, real) = self.admit(path)?;
        Ok(match self.source(&path, &real)? {
            Source::Document(document) => document.model_text(),
            Source::Disk(text) => ModelText::from_raw(&text),
        })
    }

    /// The file byte for byte, for making edits.
    pub fn read_raw(&self, path: &RelPath) -> Result<String, ReadError> {
        let (path, real) = self.admit(path)?;
        Ok(match self.source(&path, &real)? {
            Source::Document(document) => document.raw(),
            Source::Disk(text) => text,
        })
    }

    /// Whether this path may be named to a model at all, existing or not: the policy allows it and what it leads to,
    /// and that lies in the workspace. Says nothing about the file's text.
    pub fn check(&self, path: &RelPath) -> Result<(), ReadError> {
        self.admit(path).map(drop)
    }

    /// Whether this path lies in the workspace once its links are resolved, for files to be created. The policy is
    /// not asked.
    pub fn contained(&self, path: &RelPath) -> Result<(), ReadError> {
        self.resolve(path).map(drop)
    }

    /// Whether there is something at this path, in the editor or on disk. The policy is not asked: a file may not be
    /// created over one that is excluded.
    pub fn exists(&self, path: &RelPath) -> bool {
        self.document(path).is_some() || self.on_disk(path)
    }

    /// Whether there is something at this path on disk; a link that leads nowhere counts.
    pub fn on_disk(&self, path: &RelPath) -> bool {
        self.canonical.join(path.to_path()).symlink_metadata().is_ok()
    }

    /// Whether a part above this path is a file, so that nothing can be below it. Asks the disk.
    pub fn is_below_a_file(&self, path: &RelPath) -> bool {
        let is_file = |path: &RelPath| {
            let on_disk = fs::metadata(self.canonical.join(path.to_path())).is_ok_and(|found| !found.is_dir());
            on_disk || self.document(path).is_some()
        };
        path.above().any(|part| is_file(&part))
    }

    /// Lets a path through policy and containment. Gives the path it leads to, below the root and in full.
    fn admit(&self, path: &RelPath) -> Result<(RelPath, PathBuf), ReadError> {
        self.policy.check(path, false)?;
        // An open document counts under the name it is open under, even if links lead elsewhere.
        let (resolved, real) = self.resolve(path)?;
        if resolved == *path {
            return Ok((resolved, real));
        }
        self.policy.check(&resolved, false)?;
        let open_as_given = self.document(path).is_some();
        Ok((if open_as_given { path.clone() } else { resolved }, real))
    }

    /// The path that `path` leads to. Folders that do not exist yet are taken as they are written.
    pub(super) fn resolve(&self, path: &RelPath) -> Result<(RelPath, PathBuf), ReadError> {
        let target = self.canonical.join(path.to_path());
        let mut missing = Vec::new();
        let mut existing = target.as_path();
        let mut real = loop {
            match existing.canonicalize() {
                Ok(real) => break real,
                Err(error) if ReadError::from(io::Error::from(error.kind())) != ReadError::NotFound => {
                    return Err(ReadError::Io(error.kind()));
                }
                // A link that leads nowhere could lead anywhere once something is created through it.
                Err(_) if existing.is_symlink() => return Err(ReadError::Outside),
                Err(_) => missing.extend(existing.file_name()),
            }
            existing = existing.parent().ok_or(ReadError::Outside)?;
        };
        real.extend(missing.into_iter().rev());
        let resolved = RelPath::below(&self.canonical, &real).ok_or(ReadError::Outside)?;
        Ok((resolved, real))
    }

    /// The text of a path that was admitted, or that was found by a walk that follows no links.
    pub(super) fn source(&self, path: &RelPath, real: &Path) -> Result<Source, ReadError> {
        match self.document(path) {
            Some(document) => self.usable_document(document).map(Source::Document),
            None => self.disk_text(path, real).map(Source::Disk),
        }
    }

    fn usable_document(&self, document: Snapshot) -> Result<Snapshot, ReadError> {
        if document.desynced {
            return Err(ReadError::Desynced);
        }
        self.check_size(document.rope().len_bytes() as u64)?;
        if is_text_rope(document.rope()) { Ok(document) } else { Err(ReadError::NotText) }
    }

    fn disk_text(&self, path: &RelPath, real: &Path) -> Result<String, ReadError> {
        let metadata = fs::symlink_metadata(real)?;
        if metadata.is_dir() {
            // Some rules are about folders only, so this one was not judged by them yet.
            self.policy.check(path, true)?;
            return Err(ReadError::Directory);
        }
        if !metadata.is_file() {
            return Err(ReadError::NotRegular);
        }
        self.check_size(metadata.len())?;
        // It may have grown since it was measured.
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        open(real)?.take(self.policy.max_file_bytes().saturating_add(1)).read_to_end(&mut bytes)?;
        self.check_size(bytes.len() as u64)?;
        if !is_text(&bytes) {
            return Err(ReadError::NotText);
        }
        String::from_utf8(bytes).map_err(|_| ReadError::NotText)
    }

    fn check_size(&self, bytes: u64) -> Result<(), ReadError> {
        let limit = self.policy.max_file_bytes();
        if bytes <= limit { Ok(()) } else { Err(ReadError::TooLarge { bytes, limit }) }
    }
}

/// Opens a file that was regular a moment ago. Should a link or a pipe have come into its place, the one is not followed
/// and the other not waited for.
#[cfg(unix)]
fn open(real: &Path) -> io::Result<fs::File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(real)
}

/// Opens a file that was regular a moment ago.
#[cfg(not(unix))]
fn open(real: &Path) -> io::Result<fs::File> {
    fs::File::open(real)
}
