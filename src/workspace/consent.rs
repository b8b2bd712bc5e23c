//! Consent: which workspaces the user lets be sent to which endpoint.
//!
//! One file for each root, named by the hash of its canonical path, in the user's own state directory. Anything that
//! is not plainly a grant for exactly this root and this origin means no. Nothing in a workspace can grant anything.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const FOLDER: &str = "consent";
const EXTENSION: &str = "json";
const MAX_FILE_BYTES: u64 = 64 << 10;

/// The grants of one user.
pub struct Consents {
    dir: PathBuf,
}

/// A workspace may be sent to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The workspace's canonical root.
    pub root: PathBuf,
    /// The endpoint's origin, such as `https://api.openai.com`.
    pub origin: String,
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The path whose hash names the file.
    root: String,
    origins: Vec<String>,
}

impl Consents {
    /// The grants kept below `state_dir`, which need not exist yet.
    pub fn new(state_dir: impl AsRef<Path>) -> Self {
        Self { dir: state_dir.as_ref().join(FOLDER) }
    }

    /// Whether `root` may be sent to `origin`. Any doubt means no.
    pub fn granted(&self, root: &Path, origin: &str) -> bool {
        canonical(root)
            .and_then(|root| self.record(&root))
            .is_some_and(|record| record.origins.iter().any(|granted| granted == origin))
    }

    /// Lets `root` be sent to `origin` from now on, beside the origins it may be sent to already.
    pub fn grant(&self, root: &Path, origin: &str) -> io::Result<()> {
        let root = canonical(root).ok_or_else(|| {
            let text = format!("consent for {} cannot be kept: its path is not UTF-8", root.display());
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        let mut record = self.record(&root).unwrap_or_else(|| Record { root: root.clone(), origins: Vec::new() });
        if !record.origins.iter().any(|granted| granted == origin) {
            record.origins.push(origin.to_owned());
        }
        create_private_dir(&self.dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(&serde_json::to_vec_pretty(&record)?)?;
        file.as_file().sync_all()?;
        file.persist(self.file(&root)).map(drop).map_err(|error| error.error)
    }

    /// Takes back every grant for `root`. Says whether there was a file of grants, readable or not.
    pub fn revoke(&self, root: &Path) -> io::Result<bool> {
        let Some(root) = canonical(root) else { return Ok(false) };
        match fs::remove_file(self.file(&root)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Every grant, sorted. Files that are not plainly grants are left out, as they grant nothing.
    pub fn list(&self) -> Vec<Grant> {
        let Ok(entries) = fs::read_dir(&self.dir) else { return Vec::new() };
        let records = entries.filter_map(|entry| {
            let path = entry.ok()?.path();
            let record = read_record(&path)?;
            (path == self.file(&record.root)).then_some(record)
        });
        let mut grants: Vec<Grant> = records
            .flat_map(|Record { root, origins }| {
                origins.into_iter().map(move |origin| Grant { root: PathBuf::from(&root), origin })
            })
            .collect();
        grants.sort();
        grants
    }

    fn record(&self, root: &str) -> Option<Record> {
        read_record(&self.file(root)).filter(|record| record.root == root)
    }

    fn file(&self, root: &str) -> PathBuf {
        let name: String = Sha256::digest(root.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(name).with_extension(EXTENSION)
    }
}

/// The path under which a root is kept. A root that is gone can still be named, to revoke it.
fn canonical(root: &Path) -> Option<String> {
    let path = root.canonicalize().or_else(|_| std::path::absolute(root)).ok()?;
    path.into_os_string().into_string().ok()
}

fn read_record(path: &Path) -> Option<Record> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(unix)]
fn create_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://api.example.com";

    struct State {
        temp: tempfile::TempDir,
    }

    impl State {
        fn new() -> Self {
            Self { temp: tempfile::tempdir().unwrap() }
        }

        fn consents(&self) -> Consents {
            Consents::new(self.temp.path().join("state"))
        }

        fn root(&self, name: &str) -> PathBuf {
            let root = self.temp.path().join(name);
            fs::create_dir_all(&root).unwrap();
            root.canonicalize().unwrap()
        }

        fn files(&self) -> Vec<PathBuf> {
            let entries = fs::read_dir(self.temp.path().join("state").join(FOLDER)).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect()
        }
    }

    #[test]
    fn a_grant_holds_for_its_pair_only() {
        let state = State::new();
        let (a, b) = (state.root("a"), state.root("b"));
        assert!(!state.consents().granted(&a, ORIGIN));
        state.consents().grant(&a, ORIGIN).unwrap();
        assert!(state.consents().granted(&a, ORIGIN));
        assert!(!state.consents().granted(&b, ORIGIN));
        assert!(!state.consents().granted(&a, "https://api.example.com:8443"));
        assert!(!state.consents().granted(&a, "http://api.example.com"));
    }

    #[test]
    fn grants_add_up_and_go_together() {
        let state = State::new();
        let (a, b) = (state.root("a"), state.root("b"));
        for (root, origin) in [(&b, ORIGIN), (&a, ORIGIN), (&a, "https://other.example"), (&a, ORIGIN)] {
            state.consents().grant(root, origin).unwrap();
        }
        let grant = |root: &PathBuf, origin: &str| Grant { root: root.clone(), origin: origin.into() };
        assert_eq!(state.consents().list(), [grant(&a, ORIGIN), grant(&a, "https://other.example"), grant(&b, ORIGIN)]);
        assert_eq!(state.files().len(), 2, "one file a root, no leftovers");
        assert!(state.consents().revoke(&a).unwrap());
        assert!(!state.consents().revoke(&a).unwrap());
        assert!(!state.consents().granted(&a, ORIGIN));
        assert_eq!(state.consents().list(), [grant(&b, ORIGIN)]);
    }

    #[test]
    fn a_root_that_is_gone_can_be_revoked() {
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN).unwrap();
        fs::remove_dir(&root).unwrap();
        assert!(state.consents().revoke(&root).unwrap());
    }

    #[test]
    fn a_damaged_file_is_no_consent() {
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN).unwrap();
        let file = state.files().remove(0);
        let good = fs::read_to_string(&file).unwrap();
        let unknown = good.replace("\"root\"", "\"never\": true, \"root\"");
        let elsewhere = good.replace("/a\"", "/b\"");
        for damaged in
            ["", "{", "[]", &good[..good.len() / 2], &good.replace("origins", "origin"), &unknown, &elsewhere]
        {
            fs::write(&file, damaged).unwrap();
            assert!(!state.consents().granted(&root, ORIGIN), "{damaged}");
            assert_eq!(state.consents().list(), [], "{damaged}");
        }
        state.consents().grant(&root, ORIGIN).unwrap();
        assert!(state.consents().granted(&root, ORIGIN), "granting again heals it");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_or_forge_it() {
        use std::os::unix::fs::PermissionsExt;
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = state.files().remove(0);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_root_is_the_root() {
        let state = State::new();
        let root = state.root("a");
        let link = state.temp.path().join("link");
        std::os::unix::fs::symlink(&root, &link).unwrap();
        state.consents().grant(&link, ORIGIN).unwrap();
        assert!(state.consents().granted(&root, ORIGIN));
    }
}
