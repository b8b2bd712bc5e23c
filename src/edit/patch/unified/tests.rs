//! Unified diffs, and what models make of them.

use super::*;
use crate::edit::apply_hunks;
use crate::edit::patch;

const TEXT: &str = "one\ntwo\nthree\nfour\nfive\n";
const DIFF: &str = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n";

fn parse(text: &str) -> Vec<FilePatch> {
    patch::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The text after the only file section.
#[track_caller]
fn applied(text: &str, diff: &str) -> String {
    match &parse(diff)[..] {
        [FilePatch::Update { path, move_to: None, hunks }] if path == "f" => apply_hunks(text, hunks).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(diff: &str, line: usize, problem: Problem) {
    assert_eq!(patch::parse(diff), Err(PatchError { line, problem }));
}

#[test]
fn a_diff_is_read_with_and_without_what_git_says() {
    let changed = TEXT.replace("two", "zwei");
    let git = format!("diff --git a/f b/f\nindex 123..456 100644\n{DIFF}");
    let bare = DIFF.replace("a/f", "f").replace("b/f", "f\t2026-01-01 00:00:00");
    for diff in [DIFF, &git, &bare, &DIFF.replace('\n', "\r\n"), DIFF.trim_end()] {
        assert_eq!(applied(TEXT, diff), changed, "{diff}");
    }
}

#[test]
fn what_is_said_around_a_diff_is_passed_over() {
    let changed = TEXT.replace("two", "zwei");
    for answer in [
        format!("I change it:\n\n```diff\n{DIFF}```\n\n- `two` is German now\n- done\n"),
        format!("I change it:\n\n{DIFF}\nNow it is German.\n"),
        format!("{}\nNow it is German.\n", DIFF.replace("-1,3 +1,3", "-1,9 +1,9")),
        format!("```diff\n{}\n```\n", DIFF.replace("-1,3 +1,3", "-1,9 +1,9")),
    ] {
        assert_eq!(applied(TEXT, &answer), changed, "{answer}");
    }
}

#[test]
fn wrong_counts_and_lines_are_no_matter() {
    let changed = TEXT.replace("two", "zwei");
    for header in ["@@ -1,1 +1,1 @@", "@@ -40,12 +40,12 @@ fn x()", "@@ ... @@", "@@", "@@ -1 +1 @@"] {
        assert_eq!(applied(TEXT, &DIFF.replace("@@ -1,3 +1,3 @@", header)), changed, "{header}");
    }
}

#[test]
fn an_exact_line_number_tells_places_apart() {
    let diff = "--- a/f\n+++ b/f\n@@ -3 +3 @@\n-x\n+y\n";
    assert_eq!(applied("x\n\nx\n", diff), "x\n\ny\n");
}

#[test]
fn several_files_are_read() {
    let new = "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+a\n+b\n";
    let gone = "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
    let moved = "diff --git a/old b/moved\nsimilarity index 90%\nrename from old\nrename to moved\n";
    let changed = format!("{moved}--- a/old\n+++ b/moved\n@@ -1 +1 @@\n-x\n+y\n");
    let added = FilePatch::Add { path: "new".into(), text: "a\nb\n".into() };
    let deleted = FilePatch::Delete { path: "gone".into() };
    let all = parse(&format!("{DIFF}{new}{gone}{moved}"));
    assert_eq!(all[1..3], [added.clone(), deleted.clone()]);
    assert_eq!(all[3], FilePatch::Update { path: "old".into(), move_to: Some("moved".into()), hunks: Vec::new() });
    assert!(
        matches!(&parse(&changed)[0], FilePatch::Update { move_to: Some(to), hunks, .. } if to == "moved" && hunks.len() == 1)
    );
    let fenced = format!("One:\n```diff\n{new}```\nTwo:\n```diff\n{gone}```\n");
    assert_eq!(parse(&fenced), [added, deleted]);
    // Git says no more of files without lines.
    assert_eq!(
        parse("diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n"),
        [FilePatch::Add { path: "e".into(), text: String::new() }]
    );
}

#[test]
fn lines_that_look_like_headers_are_lines_where_the_counts_say_so() {
    let diff = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n--- b\n+++ c\n@@ -9 +9 @@\n-x\n+y\n";
    assert_eq!(applied("a\n-- b\nx\n", diff), "a\n++ c\ny\n");
}

#[test]
fn a_missing_final_line_end_is_kept_as_the_diff_says() {
    let mark = "\\ No newline at end of file\n";
    let diff = |old: &str, new: &str| format!("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n{old}+b\n{new}");
    assert_eq!(applied("a", &diff(mark, mark)), "b");
    assert_eq!(applied("a", &diff(mark, "")), "b\n");
    assert_eq!(applied("a\n", &diff("", mark)), "b");
    assert_eq!(applied("a\n", &diff("", "")), "b\n");
    let context = format!("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n{mark}");
    assert_eq!(applied("a\nc", &context), "b\nc");
    let created = format!("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n{mark}");
    assert_eq!(parse(&created), [FilePatch::Add { path: "f".into(), text: "a".into() }]);
    assert_eq!(patch::parse(&patch::render(&parse(&created))), Ok(parse(&created)));
    assert_eq!(patch::parse(&patch::render(&parse(&context))), Ok(parse(&context)));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    refused("@@ -1 +1 @@\n-a\n+b\n", 1, Problem::NoFileHeader);
    refused("```diff\n@@ -1 +1 @@\n-a\n+b\n```\n", 2, Problem::NoFileHeader);
    refused("--- a/f\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n", 1, Problem::TwoFiles("f".into(), "g".into()));
    refused("--- a/f\n+++ b/f\n@@ -1 +1 @@\n", 3, Problem::EmptyHunk);
    refused("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n a\n", 1, Problem::CreatedLine(Quote::new("a")));
    refused("--- a/f\n+++ b/f\n", 1, Problem::FileHeader(Quote::new("--- a/f")));
    refused(
        "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n",
        1,
        Problem::FileHeader(Quote::new("diff --git a/f b/f")),
    );
    let binary = "diff --git a/f b/f\nBinary files a/f and b/f differ\n";
    refused(binary, 2, Problem::FileHeader(Quote::new("Binary files a/f and b/f differ")));
}

#[test]
fn a_line_that_could_belong_to_the_hunk_is_never_dropped() {
    // Not one of these is prose beyond doubt; the search refuses the hunk that holds them.
    for rest in ["\nfour\n-five\n", "four\n\nfive\n-six\n"] {
        let diff = format!("{}{rest}", DIFF.replace("-1,3 +1,3", "-1,9 +1,9"));
        match &parse(&diff)[..] {
            [FilePatch::Update { hunks, .. }] => {
                assert!(hunks[0].old_lines().any(|line| line == "four"), "{diff}");
            }
            other => panic!("{other:?}"),
        }
    }
}
