//! What the three editor tests share: a scratch project, and a clean environment to run them in.
//! The scenarios themselves are told by the scripts in this folder, one of each for each editor, with the same steps. *smoke*:
//! rename a function where it is defined, take the code action *Finish this change*, confirm it, see every other file's buffer
//! follow. *consent*: the same with a provider that is far away, where the user is asked for consent before. Each editor's test
//! target says what else is tried there.
//! Must never touch the user's own configuration or reach beyond this machine.

mod far;
#[allow(dead_code, reason = "of the editors some are driven by scripts")]
mod terminal;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use far::Far;
#[allow(unused_imports, reason = "of the editors some are driven by scripts")]
pub use terminal::{Terminal, picture};

/// The repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Seconds after which an editor that hangs is ended with all that it started.
const LIMIT: &str = "180";

/// A scratch folder: the sample as a project of its own, and the homes of everything that would write to the user's.
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// Lays out the sample beneath a version-control marker.
    pub fn new() -> Scratch {
        let scratch = Scratch { folder: tempfile::tempdir().expect("a scratch folder") };
        let source = scratch.project().join("src");
        fs::create_dir_all(&source).expect("a scratch project");
        fs::create_dir(scratch.project().join(".git")).expect("a marker of the project's root");
        for entry in fs::read_dir(script("sample/src")).expect("the sample") {
            let entry = entry.expect("the sample's files");
            fs::copy(entry.path(), source.join(entry.file_name())).expect("a copy of the sample");
        }
        scratch
    }

    /// The scratch folder itself.
    pub fn path(&self) -> PathBuf {
        // Canonical, because editors show and compare real paths.
        self.folder.path().canonicalize().expect("the scratch folder")
    }

    /// The root of the project in it.
    pub fn project(&self) -> PathBuf {
        self.path().join("project")
    }

    /// A command that sees this build's `pilotlight` and no configuration or key: so the embedded agent answers.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", LIMIT]).arg(program).current_dir(self.project());
        command
            .env_clear()
            .env("PATH", search_path(Path::new(env!("CARGO_BIN_EXE_pilotlight"))))
            .env("LANG", "C.UTF-8");
        for (variable, folder) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("TMPDIR", "tmp"),
        ] {
            let folder = self.path().join(folder);
            fs::create_dir_all(&folder).expect("a scratch home");
            command.env(variable, folder);
        }
        command
    }
}

/// A search path of the folder of `program`, then the system's: nothing that the user has installed besides gets into a test.
pub fn search_path(program: &Path) -> OsString {
    let folder = program.parent().expect("a program is in a folder");
    std::env::join_paths([folder, Path::new("/usr/bin"), Path::new("/bin")]).expect("a search path")
}

/// A file of this folder.
pub fn script(name: &str) -> PathBuf {
    Path::new(ROOT).join("tests/editors").join(name)
}

/// A file of one of the integrations, as it is shipped.
pub fn shipped(name: &str) -> PathBuf {
    Path::new(ROOT).join("editors").join(name)
}

/// The folder of the READMEs' pictures, if they are to be taken anew.
#[allow(dead_code, reason = "not every editor is shown in pictures")]
pub fn pictures_to_update() -> Option<PathBuf> {
    std::env::var_os("PILOTLIGHT_UPDATE_PICTURES").filter(|set| set == "1")?;
    let pictures = Path::new(ROOT).join("docs/pictures");
    fs::create_dir_all(&pictures).expect("the pictures' folder");
    Some(pictures)
}

/// Runs a script to its end, and shows all it said if it failed.
pub fn run(mut command: Command) {
    let output = command.output().expect("coreutils' timeout starts");
    let said = |stream: &[u8]| String::from_utf8_lossy(stream).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\nended with {}\n{}\n{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
}
