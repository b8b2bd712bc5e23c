//! Which root a file belongs to: the workspace folder, else the repository, else the directory it is in.
//!
//! Asks the disk whether marker directories exist and reads nothing.

use std::path::{Path, PathBuf};

const REPOSITORY_MARKERS: [&str; 3] = [".git", ".hg", ".svn"];

/// The root for the file `path`: the innermost of `folders` that contains it, else the nearest directory above it that
/// is a repository, else its own directory.
pub fn root_of(path: &Path, folders: &[PathBuf]) -> PathBuf {
    let canonical = path.canonicalize().ok();
    let contains = |folder: &&PathBuf| {
        path.starts_with(folder) || canonical.as_ref().is_some_and(|canonical| canonical.starts_with(folder))
    };
    if let Some(folder) = folders.iter().filter(contains).max_by_key(|folder| folder.components().count()) {
        return folder.clone();
    }
    let directory = path.parent().unwrap_or(path);
    repository_of(directory).unwrap_or(directory).to_owned()
}

/// The nearest of `directory` and its parents that is a repository.
pub(super) fn repository_of(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|ancestor| REPOSITORY_MARKERS.iter().any(|marker| ancestor.join(marker).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_innermost_folder_wins() {
        let folders = ["/w", "/w/inner", "/w/inn"].map(PathBuf::from);
        assert_eq!(root_of(Path::new("/w/inner/a.rs"), &folders), Path::new("/w/inner"));
        assert_eq!(root_of(Path::new("/w/inner2/a.rs"), &folders), Path::new("/w"));
    }

    #[test]
    fn outside_every_folder_the_repository_then_the_directory_counts() -> std::io::Result<()> {
        let temp = tempfile::tempdir()?;
        let repository = temp.path().join("repository");
        fs::create_dir_all(repository.join(".git"))?;
        fs::create_dir_all(repository.join("a/b"))?;
        let loose = temp.path().join("loose/deep");
        fs::create_dir_all(&loose)?;
        let folders = [temp.path().join("elsewhere")];
        assert_eq!(root_of(&repository.join("a/b/new.rs"), &folders), repository);
        assert_eq!(root_of(&loose.join("new.rs"), &folders), loose);
        Ok(())
    }
}
