//! Files whose change can become execution, or can open what the context policy keeps shut.
//!
//! Creating, changing, renaming (either end) and deleting such a file is confirmed by the user first. The list is VS
//! Code's own, then build files, tool and agent settings, shell start files, and the files that govern this program.

use super::Workspace;
use super::names::{fold, matches};
use super::path::RelPath;

/// Folders that make everything below them sensitive.
const FOLDERS: &[&str] =
    &[".vscode", ".git", ".github", ".cargo", ".helix", ".zed", ".idea", ".claude", ".codex", ".cursor", ".husky"];

/// Names of files, `*` standing for any characters.
const FILES: &[&str] = &[
    ".gitattributes",
    ".gitmodules",
    ".env*",
    "package.json",
    "server.xml",
    "build.rs",
    "web.config",
    "cargo.toml",
    "*.code-workspace",
    "*.csproj",
    "*.fsproj",
    "*.vbproj",
    "*.vcxproj",
    "*.proj",
    "*.targets",
    "*.props",
    "*.gradle",
    "*.gradle.kts",
    "*.lock",
    "*-lock.yaml",
    "*-lock.json",
    "gradle.properties",
    "gemfile",
    "settings.gradle*",
    ".gitlab-ci.yml",
    "rust-toolchain*",
    ".nvim.lua",
    ".exrc",
    ".mcp.json",
    "agents.md",
    "claude.md",
    "makefile",
    "*.mk",
    "cmakelists.txt",
    "justfile",
    "dockerfile*",
    "docker-compose*",
    ".pre-commit-config.yaml",
    "setup.py",
    "conftest.py",
    "pyproject.toml",
    // Shells and home directories.
    ".bash*",
    ".zsh*",
    ".zprofile",
    ".zlogin",
    ".zlogout",
    ".profile",
    ".login",
    ".logout",
    ".kshrc",
    ".cshrc",
    ".tcshrc",
    ".inputrc",
    ".xinitrc",
    ".xprofile",
    ".xsession",
    ".vimrc",
    ".gvimrc",
    ".emacs",
    ".tmux.conf",
    ".gitconfig",
    ".npmrc",
    ".yarnrc*",
    ".condarc",
    "config.fish",
    "*profile.ps1",
    // What decides about leaving the machine.
    ".gitignore",
    ".pilotlightignore",
    ".pilotlight.toml",
];

impl Workspace {
    /// Whether changing this file needs the user's word first, by its name or by what its links lead to. Asks the disk.
    pub fn is_sensitive(&self, path: &RelPath) -> bool {
        // What leads nowhere that could be told is not to be trusted.
        sensitive(path) || self.resolve(path).map_or(true, |(real, _)| sensitive(&real))
    }
}

/// Whether the name alone says that changing `path` needs the user's word first.
fn sensitive(path: &RelPath) -> bool {
    let folded = fold(path.as_str());
    let name = folded.rsplit_once('/').map_or(folded.as_str(), |(_, name)| name);
    folded.split('/').any(|part| FOLDERS.contains(&part)) || FILES.iter().any(|pattern| matches(pattern, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sensitive(path: &str) -> bool {
        RelPath::parse(path).is_ok_and(|path| sensitive(&path))
    }

    #[test]
    fn the_list_is_known_in_every_spelling() {
        for path in [
            ".vscode/settings.json",
            "a/.VSCode/x/y",
            ".git/hooks/pre-commit",
            ".git",
            ".env.example",
            "deep/Package.json",
            "build.rs",
            "CARGO.TOML",
            "x.code-workspace",
            "a/b.csproj",
            "Directory.Build.props",
            "build.gradle.kts",
            "Cargo.lock",
            "pnpm-lock.yaml",
            ".github/workflows/ci.yml",
            "rust-toolchain.toml",
            ".claude/settings.json",
            "AGENTS.md",
            "Makefile",
            "rules.mk",
            "Dockerfile.dev",
            "docker-compose.yml",
            "conftest.py",
            ".bashrc",
            ".zshenv",
            ".gitignore",
            ".pilotlight.toml",
            "a/ma\u{212a}efile",
        ] {
            assert!(is_sensitive(path), "{path}");
        }
    }

    #[test]
    fn ordinary_files_are_not() {
        for path in ["src/main.rs", "build.rs.txt", "packages.json", "locker.rs", "README.md", "git/a", "a/env.rs"] {
            assert!(!is_sensitive(path), "{path}");
        }
    }
}
