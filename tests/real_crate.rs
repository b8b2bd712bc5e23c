//! The main job on real input: the sources of one of this project's own dependencies, a definition changed
//! only there and not saved, *Finish this change* by the real binary, and a compiler that has the last word.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking and says what it works on")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};

/// A real crate has at least so many lines and modules to be worth the name here.
const LINES: std::ops::Range<usize> = 5_000..25_000;
const MODULES: usize = 5;

#[test]
fn a_function_renamed_at_its_definition_is_renamed_in_a_real_crate() {
    finish_in_a_real_crate(r"(?m)^ *(?:pub\(crate\) |pub\(super\) )?fn ([a-z][a-z0-9_]{5,})[(<]", |line, name| {
        Some(line.replacen(name, &format!("{name}_renamed"), 1))
    });
}

#[test]
fn a_type_renamed_at_its_definition_is_renamed_in_a_real_crate() {
    finish_in_a_real_crate(r"(?m)^pub\(crate\) (?:struct|enum) ([A-Z][A-Za-z0-9]{3,})", |line, name| {
        Some(line.replacen(name, &format!("{name}Renamed"), 1))
    });
}

#[test]
fn parameters_that_change_places_at_the_definition_do_so_in_a_real_crate() {
    finish_in_a_real_crate(r"(?m)^ *(?:pub(?:\(crate\)|\(super\))? )?fn ([a-z][a-z0-9_]{3,})\([a-z]", |line, _| {
        swapped(line)
    });
}

/// The line of a function with its first two parameters in each other's place, if they are of different types.
fn swapped(line: &str) -> Option<String> {
    let pair = Regex::new(r"\((\w+: ([^,()<>]+)), (\w+: ([^,()<>]+))([,)])").expect("a pattern");
    let found = pair.captures(line).filter(|found| found[2] != found[4])?;
    Some(line.replacen(&found[0], &format!("({}, {}{}", &found[3], &found[1], &found[5]), 1))
}

/// What the user makes of the line that defines a name, if it is a fit one.
type Change = fn(&str, &str) -> Option<String>;

fn finish_in_a_real_crate(definition: &str, change: Change) {
    let (project, symbol) = a_crate_that_compiles(definition, change);
    eprintln!("changing `{}` in {} ({} uses in {} files)", symbol.name, symbol.file, symbol.uses, symbol.files);
    let mut editor = TestEditor::start(Client::helix_master(), &project);
    editor.open(&symbol.file);
    editor.change(&symbol.file, &symbol.line, &symbol.changed);
    // What the user has now does not compile: the job is a real one.
    save(&editor, &project, [symbol.file.as_str()]);
    assert!(!cargo_check(&project.root()).is_empty(), "the change alone should not compile");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri(&symbol.file)}));
    editor.expect_outcome(&turn, "applied");
    let changed: Vec<String> = sources(&project.root()).into_keys().filter(|file| editor.is_open(file)).collect();
    assert!(changed.len() >= 2, "only {changed:?} were changed");
    save(&editor, &project, changed.iter().map(String::as_str));
    let errors = cargo_check(&project.root());
    assert!(errors.is_empty(), "after finishing `{}`:\n{errors}", symbol.name);
}

/// Writes buffers to disk, as the user would.
fn save<'a>(editor: &TestEditor, project: &Project, files: impl IntoIterator<Item = &'a str>) {
    for file in files {
        project.write(file, &editor.text(file));
    }
}

/// What is changed.
struct Symbol {
    name: String,
    file: String,
    line: String,
    /// The line as the user makes it.
    changed: String,
    uses: usize,
    files: usize,
}

/// A copy of a dependency that compiles by itself, and a name defined in it once and used widely.
fn a_crate_that_compiles(definition: &str, change: Change) -> (Project, Symbol) {
    for manifest in dependencies() {
        let Some(source) = manifest.parent() else { continue };
        let texts = sources(source);
        let lines: usize = texts.values().map(|text| text.lines().count()).sum();
        if !LINES.contains(&lines) || texts.len() < MODULES {
            continue;
        }
        let Some(symbol) = pick(&texts, definition, change) else { continue };
        let project = Project::new("//- .gitignore\n/target\n/Cargo.lock\n");
        for (file, text) in &texts {
            project.write(file, text);
        }
        project.write("Cargo.toml", &without_tests(&std::fs::read_to_string(&manifest).expect("a manifest")));
        if cargo_check(&project.root()).is_empty() {
            eprintln!("{}: {lines} lines in {} files", source.display(), texts.len());
            return (project, symbol);
        }
    }
    panic!("no dependency of {LINES:?} lines compiles by itself offline");
}

/// Manifests of this project's dependencies, those with the fewest dependencies of their own first.
fn dependencies() -> Vec<PathBuf> {
    // Only what this platform needs is sure to have been fetched.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut found: Vec<(usize, &str, PathBuf)> = packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .filter_map(|package| {
            let needs = package["dependencies"].as_array()?.iter().filter(|one| one["kind"] != "dev").count();
            Some((needs, package["name"].as_str()?, PathBuf::from(package["manifest_path"].as_str()?)))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, _, manifest)| manifest).collect()
}

/// The platform the tests run on.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

/// The Rust files below `src`, by path.
fn sources(root: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && let (Ok(name), Ok(text)) = (path.strip_prefix(root), std::fs::read_to_string(&path))
            {
                texts.insert(name.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    texts
}

/// The name that is defined once, on a line of its own, and used in the most files.
fn pick(texts: &BTreeMap<String, String>, definition: &str, change: Change) -> Option<Symbol> {
    let definition = Regex::new(definition).expect("a pattern");
    let uses = uses(texts);
    let mut found: Vec<Symbol> = Vec::new();
    for (file, text) in texts {
        for captures in definition.captures_iter(text) {
            let name = captures.get(1).expect("the definition names something");
            let start = text[..name.start()].rfind('\n').map_or(0, |end| end + 1);
            let line = text[start..].lines().next().unwrap_or_default().to_owned();
            // What only its tests have, the check would not miss.
            if file.contains("test") || text[..start].contains("#[cfg(test)]") {
                continue;
            }
            let Some(changed) = change(&line, name.as_str()) else { continue };
            let (uses, files) = uses.get(name.as_str()).map_or((0, 0), |(uses, files)| (uses - 1, files.len()));
            if files >= 2 && text.matches(&line).count() == 1 {
                let name = name.as_str().to_owned();
                found.push(Symbol { name, file: file.clone(), line, changed, uses, files });
            }
        }
    }
    found.sort_by(|a, b| (b.files, b.uses, &a.name).cmp(&(a.files, a.uses, &b.name)));
    found.into_iter().find(|symbol| stands_for_one_thing(&symbol.name, texts))
}

/// How often each word stands in the texts, and in which.
fn uses(texts: &BTreeMap<String, String>) -> BTreeMap<&str, (usize, BTreeSet<&str>)> {
    let word = Regex::new(r"[A-Za-z_][A-Za-z0-9_]*").expect("a pattern");
    let mut uses: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (file, text) in texts {
        for name in word.find_iter(text) {
            let entry = uses.entry(name.as_str()).or_default();
            entry.0 += 1;
            entry.1.insert(file);
        }
    }
    uses
}

/// A name that is bound more than once is no fair test: which of them is meant, only a compiler knows.
fn stands_for_one_thing(name: &str, texts: &BTreeMap<String, String>) -> bool {
    let bound = format!(r"\b(?:fn|struct|enum|trait|type|mod|const|static|let|mut|ref) {name}\b");
    let bound = Regex::new(&bound).expect("a pattern");
    texts.values().map(|text| bound.find_iter(text).count()).sum::<usize>() == 1
}

/// A manifest without what only its own tests and benches need, which may not be there offline.
fn without_tests(manifest: &str) -> String {
    let mut kept = String::new();
    let mut keeps = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            keeps = !["[dev-dependencies", "[[bench", "[[test", "[[example", "[lints"]
                .iter()
                .any(|section| line.starts_with(section))
                && !line.contains(".dev-dependencies");
        }
        if keeps {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The errors of `cargo check --offline`; nothing when it passes.
fn cargo_check(root: &Path) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--message-format", "short"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("RUSTFLAGS", "--cap-lints allow")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo check runs");
    match output.status.success() {
        true => String::new(),
        false => String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
