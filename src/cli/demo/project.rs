//! The project a demo works on: the bundled sample, or a copy of one the user names. Always in a temporary folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use tempfile::TempDir;

use super::super::Failure;
use crate::workspace::{ContextRules, Documents, Overlay, PositionEncoding, RelPath, Workspace};

const SAMPLE: &str = include_str!("sample.txt");
/// Files copied at most.
const MAX_FILES: usize = 50_000;
/// Uses a picked symbol may have: enough to be worth a tool, few enough to be read.
const USES: std::ops::RangeInclusive<usize> = 2..=120;

/// A project in a temporary folder that goes with it.
pub struct Project {
    folder: TempDir,
}

/// A change the demo's user begins: a name changed where it is defined, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The file it is defined in.
    pub file: RelPath,
    /// Its line, 0-based.
    pub line: u32,
    /// The column of the name, 0-based, in bytes.
    pub column: u32,
    /// Its name now.
    pub old: String,
    /// Its new name.
    pub new: String,
    /// What it is, for the story.
    pub what: &'static str,
}

impl Project {
    /// Writes the sample.
    pub fn sample() -> Result<Project, Failure> {
        let folder = temporary()?;
        for part in SAMPLE.split("//- ").skip(1) {
            let (name, text) = part.split_once('\n').unwrap_or((part, ""));
            write(&folder.path().join(name), text.as_bytes())?;
        }
        Ok(Project { folder })
    }

    /// Copies what of a project a model may see; the project itself is never touched.
    pub fn copy_of(source: &Path) -> Result<Project, Failure> {
        let folder = temporary()?;
        let workspace = workspace(source)?;
        let listing = workspace.files(None, MAX_FILES, &Overlay::new(), &|| false).map_err(Failure::failed)?;
        if listing.truncated {
            return Err(Failure::Failed(format!(
                "{} has more than {MAX_FILES} files; name a smaller part",
                source.display()
            )));
        }
        for path in &listing.paths {
            // What cannot be read as text is not needed for the story.
            if let Ok(text) = workspace.read_raw(path) {
                write(&folder.path().join(path.as_str()), text.as_bytes())?;
            }
        }
        Ok(Project { folder })
    }

    /// The folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap_or_else(|_| self.folder.path().to_owned())
    }

    /// Where `old` is defined, by the text that stands around it.
    pub fn beginning(
        &self,
        file: &str,
        definition: &str,
        old: &str,
        new: &str,
        what: &'static str,
    ) -> Option<Beginning> {
        let text = std::fs::read_to_string(self.folder.path().join(file)).ok()?;
        let line = text.lines().position(|line| line.contains(definition))?;
        let column = text.lines().nth(line)?.find(old)?;
        Some(Beginning {
            file: RelPath::parse(file).ok()?,
            line: u32::try_from(line).ok()?,
            column: u32::try_from(column).ok()?,
            old: old.to_owned(),
            new: new.to_owned(),
            what,
        })
    }

    /// Picks functions worth renaming: defined once, used in more than one place, the widest used first.
    pub fn pick(&self, count: usize) -> Result<Vec<Beginning>, Failure> {
        let root = self.root();
        let language = Language::of(&root).ok_or_else(|| {
            Failure::Failed("no Cargo, npm or Python project here (no Cargo.toml, package.json or .py files)".into())
        })?;
        let workspace = workspace(&root)?;
        let listing = workspace.files(None, MAX_FILES, &Overlay::new(), &|| false).map_err(Failure::failed)?;
        let sources: Vec<(RelPath, String)> = listing
            .paths
            .into_iter()
            .filter(|path| language.owns(path))
            .filter_map(|path| Some((path.clone(), workspace.read_raw(&path).ok()?)))
            .collect();
        let mut picked = candidates(&sources, language)?;
        picked.truncate(count);
        if picked.is_empty() {
            return Err(Failure::Failed(
                "found no function here that is defined once and used elsewhere; try another project".into(),
            ));
        }
        Ok(picked)
    }
}

/// Where a word stands.
#[derive(Default)]
struct Uses {
    all: usize,
    calls: usize,
    files: HashSet<usize>,
}

/// Definitions that stand for one thing only, with their uses.
fn candidates(sources: &[(RelPath, String)], language: Language) -> Result<Vec<Beginning>, Failure> {
    let word = Regex::new(r"[A-Za-z_][A-Za-z0-9_]*").map_err(Failure::failed)?;
    let definition = Regex::new(language.definition()).map_err(Failure::failed)?;
    let mut uses: HashMap<&str, Uses> = HashMap::new();
    for (index, (_, text)) in sources.iter().enumerate() {
        for name in word.find_iter(text) {
            let entry = uses.entry(name.as_str()).or_default();
            entry.all += 1;
            entry.calls += usize::from(text[name.end()..].starts_with('('));
            entry.files.insert(index);
        }
    }
    let mut found: Vec<(usize, usize, Beginning)> = Vec::new();
    let mut defined: HashMap<String, usize> = HashMap::new();
    for (file, text) in sources {
        for (number, line) in text.lines().enumerate() {
            let Some(name) = definition.captures(line).and_then(|captures| captures.get(1)) else { continue };
            *defined.entry(name.as_str().to_owned()).or_default() += 1;
            let Some(Uses { all, calls, files }) = uses.get(name.as_str()) else { continue };
            // The definition is one of each; a name that is seldom called stands for something else as well.
            let (count, calls, files) = (all - 1, calls.saturating_sub(1), files.len());
            let renamed = format!("{}_renamed", name.as_str());
            if name.len() < 5
                || calls * 2 < count
                || name.as_str().contains("test")
                || !USES.contains(&count)
                || uses.contains_key(&*renamed)
            {
                continue;
            }
            let (Ok(line), Ok(column)) = (u32::try_from(number), u32::try_from(name.start())) else { continue };
            let old = name.as_str().to_owned();
            let beginning = Beginning { file: file.clone(), line, column, old, new: renamed, what: "function" };
            found.push((files, count, beginning));
        }
    }
    found.retain(|(_, _, one)| defined.get(&one.old) == Some(&1));
    found.sort_by(|a, b| (b.0.min(8), b.1, &a.2.old).cmp(&(a.0.min(8), a.1, &b.2.old)));
    Ok(found.into_iter().map(|(_, _, beginning)| beginning).collect())
}

/// The languages a symbol is picked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Rust,
    JavaScript,
    Python,
}

impl Language {
    fn of(root: &Path) -> Option<Language> {
        let has = |name: &str| root.join(name).is_file();
        if has("Cargo.toml") {
            return Some(Language::Rust);
        }
        if has("package.json") {
            return Some(Language::JavaScript);
        }
        let python = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "py");
        let is_python = has("pyproject.toml") || std::fs::read_dir(root).ok()?.flatten().any(python);
        is_python.then_some(Language::Python)
    }

    fn owns(self, path: &RelPath) -> bool {
        let extension = path.file_name().rsplit_once('.').map_or("", |(_, extension)| extension);
        match self {
            Language::Rust => extension == "rs",
            Language::JavaScript => matches!(extension, "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts"),
            Language::Python => extension == "py",
        }
    }

    /// A free function's definition at the start of a line; its name is the first group.
    fn definition(self) -> &'static str {
        match self {
            Language::Rust => r"^(?:pub(?:\([a-z]+\))? )?(?:const |async |unsafe )*fn ([a-z_][a-z0-9_]*)",
            Language::JavaScript => r"^(?:export )?(?:default )?(?:async )?function ([A-Za-z_$][A-Za-z0-9_$]*)",
            Language::Python => r"^(?:async )?def ([a-z_][a-z0-9_]*)",
        }
    }
}

fn workspace(root: &Path) -> Result<Workspace, Failure> {
    let rules = ContextRules { exclude: Vec::new(), max_file_bytes: 256 * 1024 };
    Workspace::new(root, Arc::new(Documents::new(PositionEncoding::Utf8)), rules).map_err(Failure::failed)
}

fn temporary() -> Result<TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("pilotlight-demo-")
        .tempdir()
        .map_err(|error| Failure::Failed(format!("no temporary folder: {error}")))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    std::fs::write(path, bytes).map_err(failed)
}
