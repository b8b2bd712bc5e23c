//! The context policy: the one gate for everything that leaves for a model.
//!
//! Whole texts, diffs, listings, search hits, diagnostics and error texts all ask here first, by the path they are
//! about. The built-in list cannot be lifted; ignore files and the user's own patterns can only add to it, and a
//! negation takes back only what its own kind of list excludes. Links are not resolved here: whoever opens a path
//! asks for the path it leads to as well ([`Workspace::check`](super::Workspace::check) does).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ropey::Rope;

use super::ignore_files::{IgnoreFile, IgnoreFiles, Kind, Patterns, Verdict};
use super::names::{fold, matches};
use super::path::RelPath;
use super::roots::repository_of;

/// Names that no model sees, whatever a workspace says; folded. A name with `/` is one below a folder of that name.
const BUILT_IN: &[&str] = &[
    ".env",
    ".env.*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "id_rsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".npmrc",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker/config.json",
    ".git",
    ".hg",
    ".svn",
    "*.tfstate*",
    "credentials.json",
    "service-account*.json",
];

/// What `.env.*` does not mean.
const EXAMPLES: &[&str] = &[".env.example", ".env.sample", ".env.template"];

/// A file with a NUL byte this near its beginning is binary.
const BINARY_HEAD_BYTES: usize = 8 << 10;

/// What the user adds to the built-in rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextRules {
    /// Patterns in gitignore syntax, from the workspace root.
    pub exclude: Vec<String>,
    /// Longer files are excluded.
    pub max_file_bytes: u64,
}

impl Default for ContextRules {
    fn default() -> Self {
        Self { exclude: Vec::new(), max_file_bytes: 262_144 }
    }
}

/// A pattern somebody wrote that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern}` cannot be read: {reason}")]
pub struct BadPattern {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a path or a text is kept from models. This is for the user: to the model, say that it is not available.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Exclusion {
    /// The rule and where it stands.
    pub rule: String,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "excluded by {}", self.rule)
    }
}

/// The gate of one workspace.
pub struct Policy {
    root: PathBuf,
    /// From the workspace root up to the repository's, nearest first: their ignore files count too.
    above: Vec<PathBuf>,
    /// The folded path from the repository's root to the workspace's: empty, or ending with `/`.
    prefix: String,
    rules: RwLock<Arc<Rules>>,
    ignore_files: IgnoreFiles,
}

/// [`ContextRules`], read.
struct Rules {
    excludes: Patterns,
    max_file_bytes: u64,
}

impl Rules {
    fn read(rules: &ContextRules) -> Result<Arc<Rules>, BadPattern> {
        let (excludes, bad) = Patterns::parse(rules.exclude.iter().map(String::as_str));
        match bad.into_iter().next() {
            Some(bad) => Err(BadPattern { pattern: bad.pattern, reason: bad.reason }),
            None => Ok(Arc::new(Rules { excludes, max_file_bytes: rules.max_file_bytes })),
        }
    }
}

impl Policy {
    /// The policy for the workspace at `root`, a canonical path.
    pub fn new(root: &Path, rules: ContextRules) -> Result<Policy, BadPattern> {
        let rules = Rules::read(&rules)?;
        let repository = repository_of(root).unwrap_or(root);
        let above = root.ancestors().skip(1).take_while(|above| above.starts_with(repository));
        let prefix = root.strip_prefix(repository).map(|below| {
            below.components().map(|part| fold(&part.as_os_str().to_string_lossy()) + "/").collect::<String>()
        });
        Ok(Policy {
            root: root.to_owned(),
            above: above.map(Path::to_owned).collect(),
            prefix: prefix.unwrap_or_default(),
            rules: RwLock::new(rules),
            ignore_files: IgnoreFiles::default(),
        })
    }

    /// Other rules of the user hold from now on, in turns that run as well.
    ///
    /// # Errors
    /// [`BadPattern`]; what held before still does.
    pub fn set_rules(&self, rules: &ContextRules) -> Result<(), BadPattern> {
        let rules = Rules::read(rules)?;
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a path may be named and its text be shown, as far as its name decides.
    pub fn check(&self, path: &RelPath, is_dir: bool) -> Result<(), Exclusion> {
        self.checker().check(path, is_dir)
    }

    /// The same about a file, going by the ignore files as [`Policy::check`] last found them: in memory. Good for what
    /// to offer, never for what to send.
    pub fn check_known(&self, path: &RelPath) -> Result<(), Exclusion> {
        self.checker_by(IgnoreFiles::get_known).check(path, false)
    }

    /// Whether a file's bytes may be shown: short enough, and text.
    pub fn check_text(&self, bytes: &[u8]) -> Result<(), Exclusion> {
        self.check_size(bytes.len() as u64)?;
        if is_text(bytes) { Ok(()) } else { Err(binary()) }
    }

    /// The same for the text of an open document.
    pub fn check_document(&self, rope: &Rope) -> Result<(), Exclusion> {
        self.check_size(rope.len_bytes() as u64)?;
        if is_text_rope(rope) { Ok(()) } else { Err(binary()) }
    }

    /// The longest file that may be shown.
    pub fn max_file_bytes(&self) -> u64 {
        self.rules().max_file_bytes
    }

    /// Has every ignore file read anew, for when the editor says that one changed.
    pub fn invalidate(&self) {
        self.ignore_files.forget();
    }

    /// Answers for many paths, asking the disk about each folder once. For one walk; not to be kept.
    pub(super) fn checker(&self) -> Checker<'_> {
        self.checker_by(IgnoreFiles::get)
    }

    fn checker_by(&self, find: Find) -> Checker<'_> {
        let mut lists = Vec::new();
        for (levels, directory) in self.above.iter().enumerate().rev() {
            let base = nth_parent(&self.prefix, levels + 1);
            self.add_lists(find, &mut lists, directory, base, &"../".repeat(levels + 1));
        }
        self.add_lists(find, &mut lists, &self.root, &self.prefix, "");
        Checker { policy: self, rules: self.rules(), find, root: Arc::new(Folder { lists }), folders: HashMap::new() }
    }

    fn check_size(&self, bytes: u64) -> Result<(), Exclusion> {
        let limit = self.max_file_bytes();
        match bytes <= limit {
            true => Ok(()),
            false => {
                Err(Exclusion { rule: format!("the limit of {limit} bytes (context.max_file_bytes): it has {bytes}") })
            }
        }
    }

    fn add_lists(&self, find: Find, lists: &mut Vec<List>, directory: &Path, base: &str, shown: &str) {
        for kind in Kind::ALL {
            if let Some(file) = find(&self.ignore_files, directory, kind) {
                let place = format!("{shown}{}", kind.file_name());
                lists.push(List { kind, file, base: base.to_owned(), place });
            }
        }
    }
}

/// Whether bytes are text: UTF-8, and no NUL near the beginning.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(BINARY_HEAD_BYTES)].contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// The same for a rope, which is UTF-8 already.
pub(super) fn is_text_rope(rope: &Rope) -> bool {
    let mut left = BINARY_HEAD_BYTES;
    let heads = rope.chunks().map_while(|chunk| {
        let head = &chunk.as_bytes()[..chunk.len().min(left)];
        left -= head.len();
        (!head.is_empty()).then_some(head)
    });
    !heads.into_iter().any(|head| head.contains(&0))
}

/// How an ignore file is found: on disk, or as it was read last.
type Find = fn(&IgnoreFiles, &Path, Kind) -> Option<Arc<IgnoreFile>>;

/// A [`Policy`] with what it found out about folders so far.
pub(super) struct Checker<'a> {
    policy: &'a Policy,
    rules: Arc<Rules>,
    find: Find,
    root: Arc<Folder>,
    folders: HashMap<RelPath, Result<Arc<Folder>, Exclusion>>,
}

/// The ignore files that hold for the entries of a folder, outermost first.
struct Folder {
    lists: Vec<List>,
}

#[derive(Clone)]
struct List {
    kind: Kind,
    file: Arc<IgnoreFile>,
    /// The folded path of its directory from the repository's root: empty, or ending with `/`.
    base: String,
    /// Its path for people, from the workspace root.
    place: String,
}

impl Checker<'_> {
    /// See [`Policy::check`].
    pub(super) fn check(&mut self, path: &RelPath, is_dir: bool) -> Result<(), Exclusion> {
        // Up to the nearest folder that was judged before: a walk judges each only once, however deep it goes.
        let (mut above, mut unknown) = (path.parent(), Vec::new());
        let mut folder = loop {
            let Some(nearest) = above else { break self.root.clone() };
            if let Some(known) = self.folders.get(&nearest) {
                break known.clone()?;
            }
            above = nearest.parent();
            unknown.push(nearest);
        };
        // And down again: below an excluded folder nothing can be taken back in.
        for above in unknown.into_iter().rev() {
            let entered = self.enter(&above, &folder);
            self.folders.insert(above, entered.clone());
            folder = entered?;
        }
        self.judge(path, is_dir, &folder)
    }

    fn enter(&self, path: &RelPath, parent: &Folder) -> Result<Arc<Folder>, Exclusion> {
        self.judge(path, true, parent)?;
        let mut lists = parent.lists.clone();
        let base = format!("{}{}/", self.policy.prefix, fold(path.as_str()));
        let directory = self.policy.root.join(path.to_path());
        self.policy.add_lists(self.find, &mut lists, &directory, &base, &format!("{path}/"));
        Ok(Arc::new(Folder { lists }))
    }

    /// Decides about one entry of a folder that is not excluded itself.
    fn judge(&self, path: &RelPath, is_dir: bool, folder: &Folder) -> Result<(), Exclusion> {
        let folded = fold(path.as_str());
        if let Some(pattern) = built_in(&folded) {
            return Err(Exclusion { rule: format!("`{pattern}` (built in)") });
        }
        if let Verdict::Excluded(rule) = self.rules.excludes.verdict(&folded, is_dir) {
            return Err(Exclusion { rule: format!("{rule} of context.exclude") });
        }
        let from_top = format!("{}{folded}", self.policy.prefix);
        for kind in Kind::ALL {
            // The innermost file that says anything decides.
            for list in folder.lists.iter().rev().filter(|list| list.kind == kind) {
                let below = from_top.strip_prefix(&list.base).unwrap_or(&from_top);
                match list.file.verdict(below, is_dir) {
                    Verdict::Silent => continue,
                    Verdict::Included => break,
                    Verdict::Excluded(rule) => {
                        return Err(Exclusion { rule: format!("{rule} of {}", list.place) });
                    }
                }
            }
        }
        Ok(())
    }
}

/// The built-in pattern that the last component of a folded path falls under.
fn built_in(folded: &str) -> Option<&'static str> {
    let (folder, name) = folded.rsplit_once('/').unwrap_or(("", folded));
    if EXAMPLES.contains(&name) {
        return None;
    }
    let applies = |pattern: &str| match pattern.split_once('/') {
        Some((above, pattern)) => folder.rsplit('/').next() == Some(above) && matches(pattern, name),
        None => matches(pattern, name),
    };
    BUILT_IN.iter().copied().find(|pattern| applies(pattern))
}

fn binary() -> Exclusion {
    Exclusion { rule: "the rule for binary files (built in)".to_owned() }
}

/// `prefix`, a path ending with `/`, without its last `levels` components.
fn nth_parent(prefix: &str, levels: usize) -> &str {
    let cut = prefix.rmatch_indices('/').nth(levels).map_or(0, |(slash, _)| slash + 1);
    &prefix[..cut]
}

#[cfg(test)]
mod tests;
