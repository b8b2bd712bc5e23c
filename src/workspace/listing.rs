//! Which files a workspace has: those on disk, those only in the editor, and those a turn is about to create.
//!
//! Excluded folders are never entered and links never followed. Paths come sorted, so that a cut list is the same
//! list every time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::iter::Peekable;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::Workspace;
use super::path::RelPath;
use super::policy::{BadPattern, Checker};
use super::text::ModelText;

/// A turn's working copy: the files it wrote, and as `None` those it deleted.
pub type Overlay = BTreeMap<RelPath, Option<ModelText>>;

/// Paths of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The paths, sorted.
    pub paths: Vec<RelPath>,
    /// There are more, or the listing was cancelled.
    pub truncated: bool,
}

impl Workspace {
    /// The first `limit` files that match `glob` (without one: of all). Unsaved new documents and what `overlay`
    /// creates are among them, what it deletes is not. Stops soon after `cancel` says so.
    ///
    /// `glob` is matched against the whole path if it contains `/`, else against names at any depth; one without
    /// wildcards also means everything below the folder of that name.
    pub fn files(
        &self,
        glob: Option<&str>,
        limit: usize,
        overlay: &Overlay,
        cancel: &(dyn Fn() -> bool + Sync),
    ) -> Result<Listing, BadPattern> {
        let glob = PathGlob::new(glob)?;
        let found = self.candidates(overlay, cancel).filter(|path| glob.matches(path));
        let mut paths: Vec<RelPath> = found.take(limit.saturating_add(1)).collect();
        let truncated = paths.len() > limit || cancel();
        paths.truncate(limit);
        Ok(Listing { paths, truncated })
    }

    /// Every file that may be shown, sorted.
    pub(super) fn candidates<'a>(
        &'a self,
        overlay: &'a Overlay,
        cancel: &'a (dyn Fn() -> bool + Sync),
    ) -> Candidates<'a> {
        let unsaved = self.open_documents().into_iter().map(|(path, _)| path).filter(|path| !self.on_disk(path));
        let created = overlay.iter().filter(|(_, text)| text.is_some()).map(|(path, _)| path.clone());
        // The walk follows no links; these may lie beyond one, so that they are judged by where it leads as well.
        let extra: BTreeSet<RelPath> = unsaved.chain(created).filter(|path| self.check(path).is_ok()).collect();
        let walk = Walk::new(self, self.policy.checker(), cancel);
        Candidates { walk: walk.peekable(), extra: extra.into_iter().peekable(), overlay }
    }
}

/// The files on disk and those that are not there yet, merged.
pub(super) struct Candidates<'a> {
    walk: Peekable<Walk<'a>>,
    extra: Peekable<std::collections::btree_set::IntoIter<RelPath>>,
    overlay: &'a Overlay,
}

impl Iterator for Candidates<'_> {
    type Item = RelPath;

    fn next(&mut self) -> Option<RelPath> {
        loop {
            let path = match (self.walk.peek(), self.extra.peek()) {
                (Some(on_disk), Some(extra)) if on_disk == extra => {
                    self.extra.next();
                    self.walk.next()
                }
                (Some(on_disk), Some(extra)) if extra < on_disk => self.extra.next(),
                (Some(_), _) => self.walk.next(),
                (None, _) => self.extra.next(),
            }?;
            if !matches!(self.overlay.get(&path), Some(None)) {
                return Some(path);
            }
        }
    }
}

/// The regular files on disk that the policy lets through, in the order of their paths.
struct Walk<'a> {
    workspace: &'a Workspace,
    checker: Checker<'a>,
    cancel: &'a (dyn Fn() -> bool + Sync),
    /// What is still to be visited, next last.
    pending: Vec<Entry>,
}

struct Entry {
    path: RelPath,
    is_dir: bool,
}

impl Entry {
    /// A folder sorts where the paths below it do.
    fn key(&self) -> String {
        format!("{}{}", self.path.file_name(), if self.is_dir { "/" } else { "" })
    }
}

impl<'a> Walk<'a> {
    fn new(workspace: &'a Workspace, checker: Checker<'a>, cancel: &'a (dyn Fn() -> bool + Sync)) -> Self {
        let mut walk = Self { workspace, checker, cancel, pending: Vec::new() };
        walk.enter(None);
        walk
    }

    /// Puts the entries of a folder before everything that is pending. One that cannot be read counts as empty.
    fn enter(&mut self, folder: Option<&RelPath>) {
        let root = &self.workspace.canonical;
        let directory = folder.map_or_else(|| root.clone(), |folder| root.join(folder.to_path()));
        let Ok(listed) = fs::read_dir(directory) else { return };
        let mut entries: Vec<Entry> = listed.filter_map(|entry| self.admit(folder, &entry.ok()?)).collect();
        entries.sort_by_cached_key(|entry| std::cmp::Reverse(entry.key()));
        self.pending.append(&mut entries);
    }

    fn admit(&mut self, folder: Option<&RelPath>, entry: &fs::DirEntry) -> Option<Entry> {
        let kind = entry.file_type().ok()?;
        if !kind.is_dir() && !kind.is_file() {
            return None;
        }
        let path = RelPath::child(folder, entry.file_name().to_str()?)?;
        self.checker.check(&path, kind.is_dir()).ok()?;
        Some(Entry { path, is_dir: kind.is_dir() })
    }
}

impl Iterator for Walk<'_> {
    type Item = RelPath;

    fn next(&mut self) -> Option<RelPath> {
        loop {
            if (self.cancel)() {
                return None;
            }
            let Entry { path, is_dir } = self.pending.pop()?;
            if !is_dir {
                return Some(path);
            }
            self.enter(Some(&path));
        }
    }
}

/// Which paths a caller asks for.
pub(super) struct PathGlob(Option<GlobSet>);

impl PathGlob {
    /// See [`Workspace::files`] for what a glob means.
    pub(super) fn new(glob: Option<&str>) -> Result<Self, BadPattern> {
        let Some(written) = glob.map(str::trim).filter(|glob| !glob.is_empty()) else { return Ok(Self(None)) };
        let refused =
            |error: globset::Error| BadPattern { pattern: written.to_owned(), reason: error.kind().to_string() };
        let bare = written.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
        let anywhere = if written.trim_end_matches('/').contains('/') { "" } else { "**/" };
        let mut set = GlobSetBuilder::new();
        let mut add = |glob: String| -> Result<(), BadPattern> {
            set.add(GlobBuilder::new(&glob).literal_separator(true).build().map_err(refused)?);
            Ok(())
        };
        add(format!("{anywhere}{bare}"))?;
        if !bare.contains(['*', '?', '[', '{']) || written.ends_with('/') {
            add(format!("{anywhere}{bare}/**"))?;
        }
        set.build().map(|set| Self(Some(set))).map_err(refused)
    }

    pub(super) fn matches(&self, path: &RelPath) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_match(path.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(glob: &str) -> Vec<&'static str> {
        const PATHS: [&str; 5] = ["README.md", "lib/src/b.rs", "src/a.rs", "src/deep/c.rs", "src/deep/d.ts"];
        let glob = PathGlob::new(Some(glob));
        let takes = |path: &&str| {
            let path = RelPath::parse(path);
            glob.as_ref().is_ok_and(|glob| path.is_ok_and(|path| glob.matches(&path)))
        };
        PATHS.into_iter().filter(takes).collect()
    }

    #[test]
    fn globs_mean_what_models_expect() {
        assert_eq!(matching("*.md"), ["README.md"]);
        assert_eq!(matching("*.rs"), ["lib/src/b.rs", "src/a.rs", "src/deep/c.rs"]);
        assert_eq!(matching("src/*.rs"), ["src/a.rs"]);
        assert_eq!(matching("src/*"), ["src/a.rs"]);
        assert_eq!(matching("./src/*.rs"), ["src/a.rs"]);
        assert_eq!(matching("/src/*.rs"), ["src/a.rs"]);
        assert_eq!(matching("src/**/*.rs"), ["src/a.rs", "src/deep/c.rs"]);
        assert_eq!(matching("*.{md,ts}"), ["README.md", "src/deep/d.ts"]);
        assert_eq!(matching("src"), ["lib/src/b.rs", "src/a.rs", "src/deep/c.rs", "src/deep/d.ts"]);
        assert_eq!(matching("./src"), ["src/a.rs", "src/deep/c.rs", "src/deep/d.ts"]);
        assert_eq!(matching("src/deep/"), ["src/deep/c.rs", "src/deep/d.ts"]);
        assert_eq!(matching("**/c.rs"), ["src/deep/c.rs"]);
        assert_eq!(matching("").len(), 5);
    }

    #[test]
    fn a_bad_glob_is_named() {
        let error = PathGlob::new(Some("a{b")).err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.starts_with("the pattern `a{b` cannot be read: ")));
    }
}
