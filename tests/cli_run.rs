//! `pilotlight run` with a scripted model: what it prints and where, what it writes, that git takes its diffs, and how it
//! tells what is wrong with `--file`. Every test runs the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::io::pipe;
use std::process::Stdio;

use provider::{Call, Provider, Reply};
use serde_json::Value;
use support::{Finished, Project, RUST, finish, git_apply};

const HELLO: &str = "//- src/lib.rs\nfn hello() {}\n";
const HELLO_TO_WORLD: &str = "*** Update File: src/lib.rs\n@@\n-fn hello() {}\n+fn world() {}\n";

/// A provider whose model answers so, for this project.
async fn answering(project: &Project, replies: impl IntoIterator<Item = Reply>) -> Provider {
    let provider = Provider::start().await;
    provider.script(replies);
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    provider
}

/// A provider whose model makes this patch.
async fn patching(project: &Project, patch: &str) -> Provider {
    answering(project, [Reply::calls([Call::patch(patch)]), Reply::text("Done.")]).await
}

fn pilotlight(project: &Project, arguments: &[&str]) -> Finished {
    finish(project.pilotlight(arguments))
}

/// Runs one turn that makes `patch`; gives its diff, which git takes, and leaves the project with it applied.
async fn diff_of(project: &Project, patch: &str) -> String {
    let _provider = patching(project, patch).await;
    let finished = pilotlight(project, &["run", "do it"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    git_apply(project, &finished.stdout, true);
    git_apply(project, &finished.stdout, false);
    finished.stdout
}

// ---- diffs that git takes ------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn git_takes_a_file_that_is_new_also_in_a_new_folder_and_with_an_odd_name() {
    for (name, text) in [
        ("new/folder/a.rs", "one\ntwo\n"),
        ("new/last.rs", "no line end"),
        ("new/with blank.rs", "text\n"),
        ("neu/größe 天気.py", "x = 1\n"),
        ("-rf", "text\n"),
        ("a/b/b/a", "text\n"),
        #[cfg(unix)]
        ("last \"line\".py", "text\n"),
    ] {
        let project = Project::new(HELLO);
        let added: String = text.lines().map(|line| format!("+{line}\n")).collect();
        let diff = diff_of(&project, &format!("*** Add File: {name}\n{added}")).await;
        assert_eq!(project.read(name).trim_end(), text.trim_end(), "{diff}");
        assert!(diff.contains("new file mode"), "{diff}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn git_takes_files_that_are_created_empty_emptied_and_filled() {
    let project = Project::new(HELLO);
    diff_of(&project, "*** Add File: pkg/__init__.py\n").await;
    assert_eq!(project.read("pkg/__init__.py"), "");
    diff_of(&project, "*** Add File: pkg/with blank.py\n").await;
    assert_eq!(project.read("pkg/with blank.py"), "");
    diff_of(&project, "*** Update File: src/lib.rs\n@@\n-fn hello() {}\n").await;
    assert_eq!(project.read("src/lib.rs"), "");
    diff_of(&project, "*** Update File: pkg/__init__.py\n@@\n+first = 1\n").await;
    assert_eq!(project.read("pkg/__init__.py"), "first = 1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn git_takes_a_deletion_and_run_never_makes_one_by_itself() {
    let files = "//- src/lib.rs\nfn hello() {}\n//- gone/my notes.md\nno line end";
    let project = Project::new(files);
    project.write("gone/empty.py", "");
    for name in ["gone/my notes.md", "gone/empty.py"] {
        let patch = format!("*** Delete File: {name}\n");
        {
            let _provider = patching(&project, &patch).await;
            let finished = pilotlight(&project, &["run", "do it", "--apply"]);
            assert_eq!(finished.code, Some(1), "{}", finished.stderr);
            assert!(finished.stderr.contains(&format!("delete {name}")), "{}", finished.stderr);
            assert!(project.root().join(name).exists());
        }
        diff_of(&project, &patch).await;
        assert!(!project.root().join(name).exists(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn git_takes_a_new_name_with_and_without_a_new_text() {
    let files = "//- src/old name.rs crlf\none\ntwo\nthree\nfour\n//- b.py\nx = 1";
    let project = Project::new(files);
    let patch = "*** Update File: src/old name.rs\n*** Move to: lib/größe neu.rs\n@@\n one\n-two\n+2\n three\n";
    let diff = diff_of(&project, patch).await;
    assert!(diff.contains("rename from src/old name.rs\n"), "{diff}");
    assert_eq!(project.read("lib/größe neu.rs"), "one\r\n2\r\nthree\r\nfour\r\n");
    assert!(!project.root().join("src/old name.rs").exists());
    diff_of(&project, "*** Update File: b.py\n*** Move to: c/c.py\n@@\n-x = 1\n+x = 2\n").await;
    assert!(!project.root().join("b.py").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn git_takes_every_kind_of_text_as_it_is() {
    for (before, after) in [
        ("one\r\ntwo\r\nthree\r\n", "one\r\n2\r\nthree\r\n"),
        ("one\r\ntwo\nthree\r\n", "one\r\n2\nthree\r\n"),
        ("\u{feff}one\ntwo\nthree", "\u{feff}one\n2\nthree"),
        ("one \u{1b}[31mred\u{1b}[0m\ntwo\nthree\n", "one \u{1b}[31mred\u{1b}[0m\n2\nthree\n"),
        ("one\u{c}\u{85}\u{2028}\ntwo\nthree\u{b}\n", "one\u{c}\u{85}\u{2028}\n2\nthree\u{b}\n"),
        ("one  \ntwo\n\tthree\n", "one  \n2\n\tthree\n"),
        ("one\ntwo\n\\ No newline at end of file\n", "one\n2\n\\ No newline at end of file\n"),
    ] {
        let project = Project::new("//- empty\n");
        project.write("text.txt", before);
        diff_of(&project, "*** Update File: text.txt\n@@\n-two\n+2\n").await;
        assert_eq!(project.read("text.txt"), after);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_are_one_diff() {
    let project = Project::new("//- a.py\na = 1\n//- b.py\nb = 1\n//- c.py\nc = 1\n");
    let patch = "*** Update File: a.py\n@@\n-a = 1\n+a = 2\n*** Delete File: b.py\n*** Update File: c.py\n\
                 *** Move to: d.py\n@@\n-c = 1\n+c = 2\n*** Add File: e/e.py\n+e = 1\n";
    diff_of(&project, patch).await;
    let read = |name: &str| project.read(name);
    assert_eq!((read("a.py"), read("d.py"), read("e/e.py")), ("a = 2\n".into(), "c = 2\n".into(), "e = 1\n".into()));
    assert!(!project.root().join("b.py").exists() && !project.root().join("c.py").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_folder_of_a_repository_the_way_to_give_git_the_diff_is_told() {
    let project = Project::new("//- packages/über all/src/lib.rs\nfn hello() {}\n");
    assert!(project.clean("git").args(["init", "-q"]).status().unwrap().success());
    let _provider = patching(&project, HELLO_TO_WORLD).await;
    let finished = pilotlight(&project, &["run", "do it", "--workspace", "packages/über all"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let told = "git apply --directory=\"packages/über all\"";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    project.write("diff", &finished.stdout);
    let git = project.clean("git").args(["apply", "--directory=packages/über all", "diff"]).status().unwrap();
    assert!(git.success());
    assert_eq!(project.read("packages/über all/src/lib.rs"), "fn world() {}\n");
}

// ---- what is said where --------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_said_on_stderr() {
    let project = Project::new("//- a.py\na = 1\n//- b.py\nb = 1\n");
    let patch = "*** Update File: a.py\n@@\n-a = 1\n+a = 2\n*** Update File: b.py\n*** Move to: lib/c.py\n@@\n-b = 1\n\
                 +b = 2\n*** Add File: lib/d.py\n+d = 1\n";
    let _provider = patching(&project, patch).await;
    let finished = pilotlight(&project, &["run", "do it", "--apply"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(lines[..4], ["Done.", "changed a.py", "renamed b.py to lib/c.py", "created lib/d.py"]);
    assert!(lines[4].starts_with("applied · 3 files · "), "{lines:?}");
    assert!(finished.stdout.starts_with("diff --git a/a.py b/a.py\n"), "{}", finished.stdout);
    assert_eq!((project.read("a.py"), project.read("lib/c.py")), ("a = 2\n".into(), "b = 2\n".into()));
    assert!(!project.root().join("b.py").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_taken_meanwhile_is_told_and_then_nothing_is_written() {
    let project = Project::new("//- a.py\na = 1\n");
    let patch = "*** Update File: a.py\n@@\n-a = 1\n+a = 2\n*** Add File: b/c.py\n+c = 1\n";
    // Another program puts a file there when the patch has been taken.
    let place = project.root().join("b");
    let done = Reply::text("Done.").after(move || std::fs::write(place, "b\n").unwrap());
    let _provider = answering(&project, [Reply::calls([Call::patch(patch)]), done]).await;
    let finished = pilotlight(&project, &["run", "do it", "--apply"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("b/c.py (a file is where its folder would be)"), "{}", finished.stderr);
    assert!(finished.stderr.contains("nothing was applied"), "{}", finished.stderr);
    assert_eq!(project.read("a.py"), "a = 1\n");
    assert_eq!(std::fs::read_dir(project.root()).unwrap().count(), 2, "no temporary files stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_markdown_on_stdout() {
    let project = Project::new(HELLO);
    let answer = "It says **hello**, in [lib.rs](src/lib.rs):\n\n```rust\nfn hello() {}\n```";
    let _provider = answering(&project, [Reply::text(answer), Reply::text(answer)]).await;
    let finished = pilotlight(&project, &["run", "what does this do?"]);
    assert_eq!((finished.code, finished.stdout), (Some(0), format!("{answer}\n")), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("answered · "), "{}", finished.stderr);
    let finished = pilotlight(&project, &["run", "what does this do?", "--json"]);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((object["message"].as_str(), object["diff"].as_str()), (Some(answer), Some("")));
    assert_eq!(finished.stderr, "", "with --json nothing else is said");
}

/// The writing end of a pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_is_gone_has_seen_enough() {
    let project = Project::new(RUST);
    let rename = ["run", "rename fetch to load"];
    for arguments in [&rename[..], &[rename[0], rename[1], "--json"]] {
        let output = project.pilotlight(arguments).stdout(unread()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(!told.contains("panic"), "{told}");
    }
    for (arguments, code) in [(rename, 0), (["run", "rename nothing to no one"], 1), (["run", ""], 2)] {
        let output = project.pilotlight(&arguments).stdout(unread()).stderr(unread()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_diff_that_cannot_be_printed_is_a_failure() {
    let project = Project::new(RUST);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = project.pilotlight(&["run", "rename fetch to load"]);
    let output = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.starts_with("pilotlight: stdout: "), "{told}");
}

// ---- --file --------------------------------------------------------------------------------------------------------

#[test]
fn a_wrong_place_is_told_with_what_would_be_right() {
    let project = Project::new(RUST);
    project.write("empty.rs", "");
    #[cfg(unix)]
    project.write("back\\slash.rs", "");
    std::fs::write(project.outside("elsewhere.rs"), "").unwrap();
    for (file, words) in [
        ("src/nothing.rs", "there is no such file in"),
        ("src/nothing.rs:3", "there is no such file in"),
        ("/nonexistent/a.rs", "there is no such file"),
        ("src", "this is a folder; give a file in it"),
        ("", "this is a folder; give a file in it"),
        ("../elsewhere.rs", "it lies outside the workspace"),
        ("src/lib.rs:6", "line 6 is past the end; src/lib.rs has 5 lines"),
        ("src/lib.rs:99999999999:1", "line 99999999999 is past the end"),
        ("empty.rs:2", "line 2 is past the end; empty.rs has 1 line"),
        #[cfg(unix)]
        ("back\\slash.rs", "no model is given a name like this"),
        ("src/lib.rs:0", "\"0\" is not a place in src/lib.rs; lines and columns are numbers from 1"),
        ("src/lib.rs:here", "\"here\" is not a place in src/lib.rs"),
        ("src/lib.rs:-1", "\"-1\" is not a place in src/lib.rs"),
    ] {
        let finished = pilotlight(&project, &["run", "x", "--file", file]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{file}: {}", finished.stderr);
        let begin = format!("pilotlight: --file {file}: ");
        assert!(finished.stderr.starts_with(&begin) && finished.stderr.contains(words), "{}", finished.stderr);
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_found_from_the_workspace_from_the_current_folder_and_by_its_full_name() {
    let project = Project::new("//- app/src/lib.rs\nfn hello() {}\n");
    let full = project.root().join("app/src/lib.rs:1:4");
    for (folder, workspace, file) in [
        ("", "app", "src/lib.rs:1"),
        ("", "app", "app/src/lib.rs:1:2"),
        ("app/src", "..", "lib.rs:1"),
        ("", "app", full.to_str().unwrap()),
    ] {
        let provider = answering(&project, [Reply::text("Nothing to do.")]).await;
        let mut command = project.pilotlight(&["run", "x", "--workspace", workspace, "--file", file]);
        let finished = finish({
            command.current_dir(project.root().join(folder));
            command
        });
        assert_eq!(finished.code, Some(0), "{file}: {}", finished.stderr);
        let sent = provider.requests()[0].text();
        assert!(sent.contains("<selection path=\"src/lib.rs\" lines=\"1-1\""), "{file}: {sent}");
    }
}
