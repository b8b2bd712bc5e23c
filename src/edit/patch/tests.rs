//! Reading and printing patches: tables, properties, and arbitrary input.

use super::*;

fn patch(body: &str) -> String {
    format!("*** Begin Patch\n{body}*** End Patch\n")
}

fn update(path: &str, hunks: Vec<Hunk>) -> FilePatch {
    FilePatch::Update { path: path.into(), move_to: None, hunks }
}

fn context(text: &str) -> HunkLine {
    HunkLine::Context(text.into())
}

fn remove(text: &str) -> HunkLine {
    HunkLine::Remove(text.into())
}

fn add(text: &str) -> HunkLine {
    HunkLine::Add(text.into())
}

#[test]
fn every_kind_of_section_is_read() {
    let text = patch(
        "*** Add File: new.txt\n+one\n+\n+ two\n\
         *** Delete File: old dir/gone.txt\n\
         *** Update File: a.py\n*** Move to: b.py\n@@ class A\n@@ def run(self):\n     x\n-    y\n+    z\n@@\n q\n+r\n*** End of File\n",
    );
    let first = Hunk {
        anchors: vec!["class A".into(), "def run(self):".into()],
        lines: vec![context("    x"), remove("    y"), add("    z")],
        end_of_file: false,
    };
    let second = Hunk { lines: vec![context("q"), add("r")], end_of_file: true, ..Hunk::default() };
    let expected = [
        FilePatch::Add { path: "new.txt".into(), text: "one\n\n two\n".into() },
        FilePatch::Delete { path: "old dir/gone.txt".into() },
        FilePatch::Update { path: "a.py".into(), move_to: Some("b.py".into()), hunks: vec![first, second] },
    ];
    assert_eq!(parse(&text).unwrap(), expected);
    assert_eq!(render(&expected), text);
}

#[test]
fn the_first_hunk_needs_no_header() {
    let hunk = Hunk { lines: vec![remove("a"), add("b")], ..Hunk::default() };
    assert_eq!(parse(&patch("*** Update File: f\n-a\n+b\n")).unwrap(), [update("f", vec![hunk])]);
}

#[test]
fn what_carries_no_meaning_is_forgiven() {
    let plain = patch("*** Update File: f\n@@\n a\n-b\n+c\n");
    let expected = parse(&plain).unwrap();
    let wrapped = [
        plain.replace('\n', "\r\n"),
        format!("\n\n{plain}\n \n"),
        format!("```\n{plain}```\n"),
        format!("```patch\n{plain}\n```"),
        format!("apply_patch <<'EOF'\n{plain}EOF\n"),
        format!("```bash\napply_patch << \"PATCH\"\n{plain}PATCH\n```\n"),
        format!("$ cat <<-EOF | apply_patch\n{plain}EOF"),
        format!("\u{feff}{plain}"),
        plain.trim_end().to_owned(),
        plain.replace("*** Begin Patch", "  *** Begin Patch  "),
        plain.replace("*** End Patch", "\n\n*** End Patch "),
        plain.replace("@@\n", "\n@@  \n"),
    ];
    for text in wrapped {
        assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text:?}");
    }
}

#[test]
fn an_empty_line_is_context_within_a_hunk_and_nothing_between_sections() {
    let text = patch("*** Update File: f\n@@\n a\n\n-b\n\n@@\n-c\n\n*** Add File: g\n+x\n\n*** Delete File: h\n\n");
    let hunks = vec![
        Hunk { lines: vec![context("a"), context(""), remove("b")], ..Hunk::default() },
        Hunk { lines: vec![remove("c")], ..Hunk::default() },
    ];
    let expected = [
        update("f", hunks),
        FilePatch::Add { path: "g".into(), text: "x\n".into() },
        FilePatch::Delete { path: "h".into() },
    ];
    assert_eq!(parse(&text).unwrap(), expected);
}

#[test]
fn an_empty_line_before_the_end_of_the_file_counts() {
    let hunk = Hunk { lines: vec![remove("a"), context("")], end_of_file: true, ..Hunk::default() };
    let text = patch("*** Update File: f\n@@\n-a\n\n*** End of File\n");
    assert_eq!(parse(&text).unwrap(), [update("f", vec![hunk])]);
}

#[test]
fn empty_files_and_pure_moves_are_possible() {
    let expected = [
        FilePatch::Add { path: "empty".into(), text: String::new() },
        FilePatch::Update { path: "a".into(), move_to: Some("b".into()), hunks: Vec::new() },
    ];
    let text = patch("*** Add File: empty\n*** Update File: a\n*** Move to: b\n");
    assert_eq!(parse(&text).unwrap(), expected);
    assert_eq!(render(&expected), text);
}

#[test]
fn update_sections_of_one_file_are_kept_apart() {
    let text = patch("*** Update File: f\n-a\n+b\n*** Update File: f\n-b\n+c\n");
    assert_eq!(parse(&text).unwrap().iter().map(FilePatch::path).collect::<Vec<_>>(), ["f", "f"]);
}

#[track_caller]
fn refused(text: &str, line: usize, problem: Problem) {
    assert_eq!(parse(text), Err(PatchError { line, problem }));
}

fn quote(text: &str) -> Quote {
    Quote(text.into())
}

#[test]
fn the_envelope_must_be_whole() {
    refused("", 1, Problem::NoBegin(quote("")));
    refused("```\n```\n", 2, Problem::NoBegin(quote("```")));
    refused("Here it is:\n*** Begin Patch\n", 1, Problem::NoBegin(quote("Here it is:")));
    refused("*** Update File: f\n-a\n", 1, Problem::NoBegin(quote("*** Update File: f")));
    refused("*** Begin Patch\n*** Update File: f\n-a\n+b\n", 5, Problem::NoEnd);
    refused("*** Begin Patch\n*** Add File: f\n+a\n", 4, Problem::NoEnd);
    refused(&patch(""), 2, Problem::NoFiles);
    refused(&(patch("*** Delete File: f\n") + "Done!\n"), 4, Problem::AfterEnd(quote("Done!")));
    refused(&patch("*** Delete File: f\n").repeat(2), 4, Problem::AfterEnd(quote("*** Begin Patch")));
    refused(&(patch("*** Delete File: f\n") + "```"), 4, Problem::AfterEnd(quote("```")));
}

#[test]
fn sections_must_be_understood() {
    refused(&patch("-a\n+b\n"), 2, Problem::NoSection(quote("-a")));
    refused(&patch("*** Rename File: a\n"), 2, Problem::NoSection(quote("*** Rename File: a")));
    refused(&patch("*** Update File: \n-a\n"), 2, Problem::NoPath);
    refused(&patch("*** Add File:\n+a\n"), 2, Problem::NoPath);
    refused(&patch("*** Add File: f\n+a\nb\n"), 4, Problem::AddLine(quote("b")));
    refused(&patch("*** Add File: f\n+a\n\n+b\n"), 4, Problem::AddLine(quote("")));
    refused(&patch("*** Delete File: f\n-a\n"), 3, Problem::DeleteLine(quote("-a")));
    refused(&patch("*** Update File: f\n"), 2, Problem::EmptyUpdate);
    refused(&patch("*** Update File: f\n\n\n"), 2, Problem::EmptyUpdate);
    refused(&patch("*** Update File: f\n*** Move to: f\n"), 3, Problem::MoveToItself);
    refused(&patch("*** Update File: f\n-a\n+b\n*** Move to: g\n"), 5, Problem::MisplacedMove);
}

#[test]
fn hunks_must_be_understood() {
    refused(&patch("*** Update File: f\n@@ x\n"), 3, Problem::EmptyHunk);
    refused(&patch("*** Update File: f\n@@\n-a\n+b\n@@\n\n"), 6, Problem::EmptyHunk);
    refused(&patch("*** Update File: f\n@@\n-a\nb\n"), 5, Problem::HunkLine(quote("b")));
    refused(&patch("*** Update File: f\n@@\n-a\n\tb\n"), 5, Problem::HunkLine(quote("\tb")));
    refused(&patch("*** Update File: f\n*** End of File\n"), 3, Problem::MisplacedEndOfFile);
    refused(&patch("*** Update File: f\n-a\n*** End of File\n+b\n"), 5, Problem::AfterEndOfFile);
    let long = "é".repeat(100);
    let cut = format!("{}…", "é".repeat(80));
    refused(&patch(&format!("*** Update File: f\n{long}\n")), 3, Problem::HunkLine(Quote(cut)));
}

#[test]
fn sections_must_not_contradict_each_other() {
    for (body, line, path) in [
        ("*** Add File: a\n+x\n*** Add File: a\n+y\n", 4, "a"),
        ("*** Delete File: a\n*** Add File: a\n+y\n", 3, "a"),
        ("*** Update File: a\n-x\n*** Delete File: a\n", 4, "a"),
        ("*** Update File: a\n*** Move to: b\n*** Update File: a\n-x\n", 4, "a"),
        ("*** Update File: a\n*** Move to: b\n*** Update File: b\n-x\n", 4, "b"),
        ("*** Update File: a\n-x\n*** Update File: a\n*** Move to: b\n", 4, "a"),
        ("*** Add File: b\n+x\n*** Update File: a\n*** Move to: b\n", 4, "b"),
    ] {
        refused(&patch(body), line, Problem::Clash { path: path.into(), first: 2 });
    }
}

#[test]
fn size_and_number_are_bounded() {
    refused(&" ".repeat(MAX_BYTES + 1), 1, Problem::TooLarge(MAX_BYTES + 1));
    let files = |n: usize| patch(&(0..n).map(|i| format!("*** Delete File: {i}\n")).collect::<String>());
    assert_eq!(parse(&files(MAX_FILES)).unwrap().len(), MAX_FILES);
    refused(&files(MAX_FILES + 1), MAX_FILES + 2, Problem::TooManyFiles);
    let hunks = |n: usize| patch(&format!("*** Update File: f\n{}", "@@\n-a\n".repeat(n)));
    assert!(parse(&hunks(MAX_HUNKS)).is_ok());
    refused(&hunks(MAX_HUNKS + 1), 2 * MAX_HUNKS + 5, Problem::TooManyHunks);
}

#[test]
fn errors_say_where_and_what_to_do() {
    let error = parse(&patch("*** Update File: f\n@@\n-a\nfn b() {\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 5 of the patch: a hunk line begins with a space (context), `-` (removed) or `+` (added), found \
         `fn b() {`; a context line keeps its own indentation after that space"
    );
}
