//! Real editing: what changed from one published version of a package to the next, cut into the edits of a person. It
//! must never make an edit up: after all of a release's edits the texts are those that were published.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use similar::{DiffOp, TextDiff};

/// What people write by hand.
const EXTENSIONS: [&str; 8] = ["rs", "js", "mjs", "ts", "py", "toml", "md", "json"];
/// Larger files no model is sent.
const MAX_BYTES: u64 = 262_144;

/// A package and its versions, the oldest first.
pub struct Package {
    /// Its name.
    pub name: String,
    versions: Vec<PathBuf>,
}

/// One version after another.
pub struct Release {
    /// The files of the older one.
    pub files: Texts,
    /// What a person did to those that the newer one has too, file by file and from the top down.
    pub edits: Vec<Edit>,
}

/// Texts by path.
pub type Texts = BTreeMap<String, String>;

/// One edit: lines replaced by others.
pub struct Edit {
    /// The file.
    pub path: String,
    /// The bytes of the buffer that go.
    pub gone: Range<usize>,
    /// What comes instead.
    pub text: String,
    /// The lines it leaves, counted from 0; none where it only removes.
    pub lines: Range<usize>,
}

/// The packages of a folder with a folder for each, and in it one for each version.
pub fn packages(root: &Path) -> Vec<Package> {
    let mut packages: Vec<Package> = folders(root)
        .into_iter()
        .map(|folder| {
            let mut versions = folders(&folder);
            versions.sort_by_key(|version| numbers(&name(version)));
            Package { name: name(&folder), versions }
        })
        .collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    packages
}

impl Package {
    /// What was done from version to version.
    pub fn releases(&self) -> Vec<Release> {
        let all: Vec<Texts> = self.versions.iter().map(|version| texts(version)).collect();
        all.windows(2).map(|pair| release(&pair[0], &pair[1])).collect()
    }
}

fn release(old: &Texts, new: &Texts) -> Release {
    let both = old.iter().filter_map(|(path, text)| Some((path, text, new.get(path)?)));
    Release { files: old.clone(), edits: both.flat_map(|(path, old, new)| edits(path, old, new)).collect() }
}

impl Edit {
    /// Makes the edit in texts.
    pub fn make(&self, texts: &mut Texts) {
        let text = texts.get_mut(&self.path).expect("a file of the release");
        text.replace_range(self.gone.clone(), &self.text);
    }
}

/// The edits that make `old` into `new`, each in the buffer that the ones before it have left.
fn edits(path: &str, old: &str, new: &str) -> Vec<Edit> {
    let diff = TextDiff::from_lines(old, new);
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let bytes = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    let changes = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changes
        .map(|op| {
            // Above the edit everything is as it will be.
            let start = bytes(&new_lines[..op.new_range().start]);
            Edit {
                path: path.to_owned(),
                gone: start..start + bytes(&old_lines[op.old_range()]),
                text: new_lines[op.new_range()].concat(),
                lines: op.new_range(),
            }
        })
        .collect()
}

fn texts(root: &Path) -> Texts {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the corpus").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            let metadata = entry.metadata().expect("metadata");
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if metadata.is_dir() {
                left.push(path);
            } else if EXTENSIONS.contains(&extension)
                && !name(&path).starts_with('.')
                && metadata.len() <= MAX_BYTES
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let name = path.strip_prefix(root).expect("a path below the root").to_string_lossy().replace('\\', "/");
                found.insert(name, text);
            }
        }
    }
    found
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("a folder of the corpus");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().expect("a version of numbers")).collect()
}
