//! Consent: which workspaces the user lets be sent to which endpoint.
//!
//! One file for each root, named by the hash of its canonical path, in the user's own state directory. Anything that
//! is not plainly a grant for exactly this root and this origin means no. Nothing in a workspace can grant anything.
//! The file also holds which custom actions of the workspace the user accepted, by their fingerprint: a workspace whose
//! actions change later does not bring the new ones in under the old yes.

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
    /// Fingerprint of the workspace's custom actions as they were when they were accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actions: Option<String>,
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

    /// Whether the user accepted the workspace's custom actions as this fingerprint has them.
    pub fn accepts(&self, root: &Path, actions: &str) -> bool {
        canonical(root)
            .and_then(|root| self.record(&root))
            .is_some_and(|record| record.actions.as_deref() == Some(actions))
    }

    /// What is wrong with the file of a root, if it is there and says nothing that counts: a sentence for the user.
    pub fn damage(&self, root: &Path) -> Option<String> {
        let root = canonical(root)?;
        let file = self.file(&root);
        let is_there = fs::symlink_metadata(&file).is_ok();
        (is_there && self.record(&root).is_none()).then(|| damaged(&file))
    }

    /// The same for every file.
    pub fn damages(&self) -> Vec<String> {
        let grants = |path: &PathBuf| read_record(path).is_some_and(|record| *path == self.file(&record.root));
        self.files().into_iter().filter(|path| !grants(path)).map(|path| damaged(&path)).collect()
    }

    /// Lets `root` be sent to `origin` from now on, beside the origins it may be sent to already, and accepts its custom
    /// actions as they are now, if it has any: `actions` is their fingerprint.
    pub fn grant(&self, root: &Path, origin: &str, actions: Option<&str>) -> io::Result<()> {
        let root = canonical(root).ok_or_else(|| {
            let text = format!("consent for {} cannot be kept: its path is not UTF-8", root.display());
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        let none = || Record { root: root.clone(), origins: Vec::new(), actions: None };
        let mut record = self.record(&root).unwrap_or_else(none);
        if !record.origins.iter().any(|granted| granted == origin) {
            record.origins.push(origin.to_owned());
        }
        record.actions = actions.map(str::to_owned);
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
        let records = self.files().into_iter().filter_map(|path| {
            let record = read_record(&path)?;
            (path == self.file(&record.root)).then_some(record)
        });
        let mut grants: Vec<Grant> = records
            .flat_map(|Record { root, origins, .. }| {
                origins.into_iter().map(move |origin| Grant { root: PathBuf::from(&root), origin })
            })
            .collect();
        grants.sort();
        grants
    }

    /// Every file that should hold grants.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect()
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

fn damaged(file: &Path) -> String {
    format!(
        "{} is damaged, so the consent it held does not count; allow that workspace again, or delete the file",
        file.display()
    )
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
        state.consents().grant(&a, ORIGIN, None).unwrap();
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
            state.consents().grant(root, origin, None).unwrap();
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
        state.consents().grant(&root, ORIGIN, None).unwrap();
        fs::remove_dir(&root).unwrap();
        assert!(state.consents().revoke(&root).unwrap());
    }

    #[test]
    fn a_damaged_file_is_no_consent() {
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN, None).unwrap();
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
        state.consents().grant(&root, ORIGIN, None).unwrap();
        assert!(state.consents().granted(&root, ORIGIN), "granting again heals it");
    }

    #[test]
    fn a_damaged_file_is_named_to_the_user() {
        let state = State::new();
        let root = state.root("a");
        assert_eq!((state.consents().damage(&root), state.consents().damages()), (None, Vec::new()));
        state.consents().grant(&root, ORIGIN, None).unwrap();
        assert_eq!((state.consents().damage(&root), state.consents().damages()), (None, Vec::new()));
        let file = state.files().remove(0);
        fs::write(&file, "{").unwrap();
        let warning = state.consents().damage(&root).unwrap();
        assert!(warning.contains(file.to_str().unwrap()), "{warning}");
        assert_eq!(state.consents().damages(), [warning]);
    }

    #[test]
    fn custom_actions_are_accepted_as_they_were_and_go_with_the_grant() {
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN, None).unwrap();
        assert!(!state.consents().accepts(&root, "one"));
        state.consents().grant(&root, ORIGIN, Some("one")).unwrap();
        assert!(state.consents().accepts(&root, "one") && !state.consents().accepts(&root, "other"));
        assert!(!state.consents().accepts(&state.root("b"), "one"));
        state.consents().revoke(&root).unwrap();
        assert!(!state.consents().accepts(&root, "one"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_elsewhere_later_asks_again() {
        let state = State::new();
        let (a, b) = (state.root("a"), state.root("b"));
        let link = state.temp.path().join("link");
        std::os::unix::fs::symlink(&a, &link).unwrap();
        state.consents().grant(&link, ORIGIN, None).unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&b, &link).unwrap();
        assert!(!state.consents().granted(&link, ORIGIN));
        // Nor does the folder's own path lead to consent once it is a link to another folder, or is moved.
        fs::rename(&a, state.temp.path().join("moved")).unwrap();
        std::os::unix::fs::symlink(&b, &a).unwrap();
        assert!(!state.consents().granted(&a, ORIGIN));
        assert!(!state.consents().granted(&state.temp.path().join("moved"), ORIGIN));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_or_forge_it() {
        use std::os::unix::fs::PermissionsExt;
        let state = State::new();
        let root = state.root("a");
        state.consents().grant(&root, ORIGIN, None).unwrap();
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
        state.consents().grant(&link, ORIGIN, None).unwrap();
        assert!(state.consents().granted(&root, ORIGIN));
    }
}
