//! Writes a plan to the disk for `--apply`: every new text beside its file first, then all of them into place, then what
//! goes. Nobody's editor is asked, so it must never be given a plan that was not meant to be written.

use std::io::Write;
use std::path::Path;

use crate::agent::landing::{Operation, Plan, PlannedFile};
use crate::workspace::Workspace;

/// Writes a plan.
///
/// # Errors
/// The file that could not be written, why, and whether anything was.
pub fn write(plan: &Plan, workspace: &Workspace) -> Result<(), String> {
    let mut ready = Vec::new();
    for file in plan.files.iter().filter(|file| file.operation != Operation::Delete) {
        let target = workspace.abs(&file.path);
        let failed = |error: std::io::Error| format!("{}: {error}; nothing was written", target.display());
        let directory = target.parent().unwrap_or(workspace.root());
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut temporary = temporary_in(directory).map_err(failed)?;
        temporary.write_all(file.target.as_bytes()).map_err(failed)?;
        let source = workspace.abs(file.source());
        if let Ok(metadata) = std::fs::metadata(&source) {
            temporary.as_file().set_permissions(metadata.permissions()).map_err(failed)?;
        }
        ready.push((temporary, target));
    }
    let all = ready.len();
    for (done, (temporary, target)) in ready.into_iter().enumerate() {
        temporary.persist(&target).map_err(|persist| {
            format!("{}: {}; {done} of {all} files were written before it", target.display(), persist.error)
        })?;
    }
    for file in &plan.files {
        let gone = match &file.operation {
            Operation::Rename { from } => from,
            Operation::Delete => &file.path,
            Operation::Edit | Operation::Create => continue,
        };
        let path = workspace.abs(gone);
        let left = |error| format!("{}: {error}; it is still there, all new texts were written", path.display());
        std::fs::remove_file(&path).map_err(left)?;
    }
    Ok(())
}

/// What was done to a file, in words: `changed src/a.rs`.
pub fn told(file: &PlannedFile) -> String {
    let path = &file.path;
    match &file.operation {
        Operation::Edit => format!("changed {path}"),
        Operation::Create => format!("created {path}"),
        Operation::Delete => format!("deleted {path}"),
        Operation::Rename { from } => format!("renamed {from} to {path}"),
    }
}

/// A new file beside its place, with the permissions any new file gets.
fn temporary_in(directory: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".pilotlight-").tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::workspace::{ContextRules, Documents, PositionEncoding, RelPath};

    #[test]
    fn when_one_file_cannot_be_written_none_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("a.py"), "a = 1\n").unwrap();
        std::fs::write(file("b"), "b\n").unwrap();
        let documents = Arc::new(Documents::new(PositionEncoding::Utf8));
        let workspace = Workspace::new(folder.path(), documents, ContextRules::default()).unwrap();
        let planned = |path: &str, operation| PlannedFile {
            path: RelPath::parse(path).unwrap(),
            operation,
            document: None,
            now: String::new(),
            target: "a = 2\n".into(),
            changes: Vec::new(),
            sensitive: false,
        };
        let plan = Plan { files: vec![planned("a.py", Operation::Edit), planned("b/c.py", Operation::Create)] };
        let failure = write(&plan, &workspace).unwrap_err();
        assert!(failure.ends_with("; nothing was written"), "{failure}");
        assert_eq!(std::fs::read_to_string(file("a.py")).unwrap(), "a = 1\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary files stay");
    }
}
