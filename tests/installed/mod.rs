//! Where the installers in `.ci` have put the programs and packages, written by others, that some tests need.
//! Must never pass over an absent program in silence, or look for one elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One of the installers.
pub struct Installer {
    /// Its file, as somebody would call it.
    script: &'static str,
    /// The variable that names another folder than the usual one.
    variable: &'static str,
    /// The usual folder, in the repository.
    folder: &'static str,
}

/// The editors.
#[allow(dead_code, reason = "each test target uses one of them")]
pub const EDITORS: Installer =
    Installer { script: ".ci/install-editors.sh", variable: "PILOTLIGHT_EDITORS", folder: "target/editors" };

/// The servers and clients of the protocol.
#[allow(dead_code, reason = "each test target uses one of them")]
pub const INTEROP: Installer =
    Installer { script: ".ci/install-interop.sh", variable: "PILOTLIGHT_INTEROP", folder: "target/interop" };

/// Published versions of some packages.
#[allow(dead_code, reason = "each test target uses one of them")]
pub const CORPORA: Installer =
    Installer { script: ".ci/install-corpora.sh", variable: "PILOTLIGHT_CORPORA", folder: "target/corpora" };

impl Installer {
    /// All of `names`, which `argument` makes it install, or nothing: then it says so on stderr, or fails where
    /// `PILOTLIGHT_TESTS_NO_SKIP=1` forbids skipping.
    pub fn find(&self, test: &str, argument: &str, names: &[&str]) -> Option<Installed> {
        let found = self.look(argument, names);
        if let Err(reason) = &found {
            assert!(std::env::var_os("PILOTLIGHT_TESTS_NO_SKIP").is_none_or(|set| set != "1"), "{test}: {reason}");
        }
        or_skipped(test, found)
    }

    /// The same with what comes from a place that moves, as the installer explains: that it is not there is said as
    /// loudly, and is nobody's failure.
    #[allow(dead_code, reason = "each test target asks for what it uses")]
    pub fn find_floating(&self, test: &str, argument: &str, names: &[&str]) -> Option<Installed> {
        or_skipped(test, self.look(argument, names))
    }

    /// All of `names`, or what is missing.
    fn look(&self, argument: &str, names: &[&str]) -> Result<Installed, String> {
        let folder = std::env::var_os(self.variable)
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(self.folder), PathBuf::from);
        let file = fs::read_to_string(folder.join("env")).unwrap_or_default();
        let known: BTreeMap<String, PathBuf> = file
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, path)| (name.to_owned(), PathBuf::from(path)))
            .collect();
        let missing: Vec<&str> =
            names.iter().copied().filter(|name| !known.get(*name).is_some_and(|path| path.exists())).collect();
        match missing.is_empty() {
            true => Ok(Installed(known)),
            false => Err(format!("no {} here: install with {} {argument}", missing.join(", "), self.script)),
        }
    }
}

/// What was found; that nothing was is never passed over in silence.
fn or_skipped(test: &str, found: Result<Installed, String>) -> Option<Installed> {
    let skipped = |reason: String| {
        // Not eprintln!, which the test harness would swallow.
        writeln!(std::io::stderr(), "\nSKIPPED {test}: {reason}\n").expect("stderr can be written");
    };
    found.map_err(skipped).ok()
}

/// What was found, by the names of the file `env` that the installer writes.
pub struct Installed(BTreeMap<String, PathBuf>);

impl Installed {
    /// The path under one of the names that `find` has checked.
    pub fn path(&self, name: &str) -> &Path {
        &self.0[name]
    }
}
