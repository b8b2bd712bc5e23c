//! Our diffs held against git: what we write, `git apply` takes and makes the same text of; what `git diff` writes, we
//! apply to the same text; and the same change as a patch of a model's gives that text too, or is refused.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod oracles;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use oracles::{LineEnds, Texts, seed};
use pilotlight::delta::unified::{self, Change};
use pilotlight::edit::{FilePatch, Hunk, HunkLine, Reason, apply_hunks, patch};

/// Random files a run.
const FILES: usize = 1_000;
/// Those of them that are this repository's own, changed.
const REAL: usize = 100;

/// A file before and after.
struct Pair {
    old_path: String,
    new_path: String,
    old: Option<String>,
    new: Option<String>,
}

impl Pair {
    fn change(&self) -> Change<'_> {
        Change {
            old_path: &self.old_path,
            new_path: &self.new_path,
            old: self.old.as_deref(),
            new: self.new.as_deref(),
        }
    }
}

/// This repository's sources.
fn sources() -> Vec<String> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut texts = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { pending.push(path) } else { texts.extend(fs::read_to_string(path)) }
        }
    }
    texts
}

/// Files of every kind: changed, created, deleted, renamed; under names that have to be quoted.
fn pairs(texts: &mut Texts) -> Vec<Pair> {
    let sources = sources();
    let ends = [LineEnds::Lf, LineEnds::CrLf, LineEnds::Mixed];
    let mut names = vec!["plain", "with blanks", "é漢𝄞", "-leading", "sub/folder"];
    if !cfg!(windows) {
        names.extend(["a \"quote\"", "back\\slash", "tab\there"]);
    }
    let pair = |number: usize| {
        let ends = texts.one(&ends);
        let old = if number < REAL { texts.one(&sources.iter().collect::<Vec<_>>()).clone() } else { texts.text(ends) };
        let new = texts.changed(&old, if number < REAL { LineEnds::Lf } else { ends });
        let old_path = format!("{number} {}", texts.one(&names));
        let mut pair = Pair { new_path: old_path.clone(), old_path, old: Some(old), new: Some(new) };
        match texts.rng.u8(..10) {
            0 => pair.old = None,
            1 => pair.new = None,
            2 => pair.new_path = format!("moved/{number}"),
            _ => {}
        }
        pair
    };
    (0..FILES).map(pair).collect()
}

fn lay_out<'p>(root: &Path, files: impl Iterator<Item = (&'p String, &'p Option<String>)>) {
    for (path, text) in files {
        if let Some(text) = text {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }
}

/// Git without anybody's configuration, in a folder.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).env("HOME", folder).env("XDG_CONFIG_HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    git.env("GIT_CEILING_DIRECTORIES", folder.parent().expect("a folder")).args(["-c", "core.autocrlf=false"]);
    git
}

fn git_apply(folder: &Path, diff: &str, check: bool) {
    let mut git = git(folder);
    git.args(["apply", "--whitespace=nowarn"]).args(check.then_some("--check"));
    let mut git = git.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("git");
    git.stdin.take().expect("a piped stdin").write_all(diff.as_bytes()).expect("git reads");
    let output = git.wait_with_output().expect("git ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn git_takes_our_diffs_and_makes_the_same_texts_of_them() {
    let mut texts = Texts::new(seed());
    let pairs: Vec<Pair> = pairs(&mut texts)
        .into_iter()
        .filter(|pair| pair.old.is_none() || pair.old != pair.new || pair.old_path != pair.new_path)
        .collect();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let root = folder.path();
    lay_out(root, pairs.iter().map(|pair| (&pair.old_path, &pair.old)));
    let diff: String = pairs.iter().map(|pair| unified::render_git(&pair.change())).collect();

    git_apply(root, &diff, true);
    git_apply(root, &diff, false);

    for pair in &pairs {
        let found = fs::read_to_string(root.join(&pair.new_path)).ok();
        assert_eq!(found, pair.new, "{:?} before:\n{:?}", pair.new_path, pair.old);
        assert!(pair.old_path == pair.new_path || !root.join(&pair.old_path).exists(), "{} moved", pair.old_path);
    }
}

#[test]
fn we_take_gits_diffs_and_make_the_same_texts_of_them() {
    let mut texts = Texts::new(seed());
    let mut pairs = pairs(&mut texts);
    pairs.retain(|pair| pair.old.is_some() && pair.new.is_some());
    for (number, pair) in pairs.iter_mut().enumerate() {
        pair.old_path = format!("old/{number}");
        pair.new_path = format!("new/{number}");
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    lay_out(folder.path(), pairs.iter().flat_map(|p| [(&p.old_path, &p.old), (&p.new_path, &p.new)]));
    let mut command = git(folder.path());
    command.args(["diff", "--no-index", "--no-color", "--no-ext-diff", "--text", "--no-renames", "old", "new"]);
    let output = command.output().expect("git");
    let diffs = String::from_utf8(output.stdout).expect("UTF-8 in, UTF-8 out");

    let mut seen = 0;
    for diff in diffs.split("diff --git a/old/").skip(1) {
        let number: usize = diff.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
        let (old, new) = (pairs[number].old.as_deref().unwrap_or_default(), pairs[number].new.as_deref());
        assert_eq!(unified::apply(old, diff).as_deref(), Ok(new.unwrap_or_default()), "{old:?}\n{diff}");
        seen += 1;
    }
    assert_eq!(seen, pairs.iter().filter(|pair| pair.old != pair.new).count());
}

/// The hunks of a unified diff as a model writes them, without line numbers.
fn as_hunks(diff: &str, old: &str) -> Vec<Hunk> {
    let old_lines = old.matches('\n').count();
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in diff.lines().skip_while(|line| !line.starts_with("@@")) {
        if let Some(header) = line.strip_prefix("@@ -") {
            let (start, rest) = header.split_once(',').expect("a start");
            let count: usize = rest.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
            let start: usize = start.parse().expect("a number");
            let last = if count == 0 { start } else { start - 1 + count };
            hunks.push(Hunk { end_of_file: last == old_lines, ..Hunk::default() });
            continue;
        }
        let text = line[1..].to_owned();
        hunks.last_mut().expect("a header comes first").lines.push(match line.as_bytes()[0] {
            b' ' => HunkLine::Context(text),
            b'-' => HunkLine::Remove(text),
            b'+' => HunkLine::Add(text),
            _ => panic!("{line:?}"),
        });
    }
    hunks
}

#[test]
fn the_same_change_as_a_models_patch_gives_the_same_text_or_is_refused_as_ambiguous() {
    let mut texts = Texts::new(seed());
    let sources = sources();
    let (mut placed, mut asked) = (0, 0);
    for number in 0..FILES {
        let old = if number < REAL {
            texts.one(&sources.iter().collect::<Vec<_>>()).clone()
        } else {
            texts.text(LineEnds::Lf)
        };
        let new = texts.changed(&old, LineEnds::Lf);
        // A patch of a model's has whole lines only.
        if old == new || !(old.is_empty() || old.ends_with('\n')) || !(new.is_empty() || new.ends_with('\n')) {
            continue;
        }
        let diff = unified::render(&Change { old_path: "f", new_path: "f", old: Some(&old), new: Some(&new) });
        assert_eq!(unified::apply(&old, &diff).as_deref(), Ok(&*new), "{diff}");
        let hunks = as_hunks(&diff, &old);
        let written = patch::render(&[FilePatch::Update { path: "f".into(), move_to: None, hunks }]);
        let read = patch::parse(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let [FilePatch::Update { hunks, .. }] = &read[..] else { panic!("{read:?}") };
        asked += 1;
        match apply_hunks(&old, hunks) {
            Ok(text) => {
                assert_eq!(text, new, "{old:?}\n{written}");
                placed += 1;
            }
            Err(rejection) => assert_eq!(rejection.reason, Reason::Ambiguous, "{rejection}\n{old:?}\n{written}"),
        }
    }
    assert!(placed * 10 > asked * 9, "only {placed} of {asked} were placed");
}
