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
        ..Hunk::default()
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
    refused("```\n```\n", 1, Problem::NoBegin(quote("")));
    refused("Here it is:\n*** Begin Patch\n", 1, Problem::NoBegin(quote("Here it is:")));
    refused("*** Begin Patch\n*** Update File: f\n-a\n+b\n", 5, Problem::NoEnd);
    refused("*** Begin Patch\n*** Add File: f\n+a\n", 4, Problem::NoEnd);
    refused(&patch(""), 2, Problem::NoFiles);
    refused(&(patch("*** Delete File: f\n") + "Done!\n"), 4, Problem::AfterEnd(quote("Done!")));
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
    refused(&patch("*** Update File: f\n*** End of File\n"), 3, Problem::MisplacedEndOfFile);
    refused(&patch("*** Update File: f\n-a\n*** End of File\n+b\n"), 5, Problem::AfterEndOfFile);
    let long = "é".repeat(100);
    let cut = format!("{}…", "é".repeat(80));
    refused(&patch(&format!("*** Add File: f\n{long}\n")), 3, Problem::AddLine(Quote(cut)));
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
    refused(&hunks(MAX_HUNKS + 1), 2, Problem::TooManyHunks);
}

#[test]
fn errors_say_where_and_what_to_do() {
    let error = parse(&patch("*** Add File: f\n+a\nfn b() {\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 4 of the patch: every line of an added file begins with `+` (an empty line is a lone `+`), found \
         `fn b() {`"
    );
}

#[test]
fn a_line_without_a_mark_is_context_whose_space_was_forgotten() {
    let hunk = Hunk { lines: vec![context("fn a() {"), remove("    b"), context("\tc")], ..Hunk::default() };
    let text = patch("*** Update File: f\n@@\nfn a() {\n-    b\n\tc\n");
    assert_eq!(parse(&text).unwrap(), [update("f", vec![hunk.clone()])]);
    let text = patch("*** Update File: f\n@@\n\u{a0}fn a() {\n-    b\n \tc\n");
    assert_eq!(parse(&text).unwrap(), [update("f", vec![hunk])]);
}

#[test]
fn a_missing_end_is_forgiven_where_nothing_can_be_missing_before_it() {
    let begin = "*** Begin Patch\n";
    for body in
        ["*** Update File: f\n-a\n+b\n c\n", "*** Delete File: f\n", "*** Update File: f\n-a\n*** End of File\n"]
    {
        assert_eq!(parse(&format!("{begin}{body}")), parse(&patch(body)), "{body}");
    }
    refused(&format!("{begin}*** Update File: f\n-a\n+b\n"), 5, Problem::NoEnd);
}

#[test]
fn sections_need_no_envelope_and_several_are_one() {
    let body = "*** Update File: f\n-a\n+b\n";
    let expected = parse(&patch(body)).unwrap();
    assert_eq!(parse(body).as_ref(), Ok(&expected));
    assert_eq!(parse(&format!("{body}*** End Patch\n")).as_ref(), Ok(&expected));
    let two = patch(body) + "\n" + &patch("*** Delete File: g\n");
    assert_eq!(parse(&two), parse(&patch(&format!("{body}*** Delete File: g\n"))));
}

#[test]
fn code_fences_inside_the_envelope_mean_nothing() {
    let expected = parse(&patch("*** Update File: f\n@@\n-a\n+b\n*** Add File: g\n+x\n")).unwrap();
    let text = patch("*** Update File: f\n```rust\n@@\n-a\n+b\n```\n\n*** Add File: g\n```\n+x\n```\n");
    assert_eq!(parse(&text).unwrap(), expected);
    let text = format!("*** Begin Patch\n```\n{}", text.trim_start_matches("*** Begin Patch\n"));
    assert_eq!(parse(&text).unwrap(), expected);
    // Marked, or between other lines, a fence is text.
    let hunk = Hunk { lines: vec![context("```"), remove("a"), context("```"), context("b")], ..Hunk::default() };
    assert_eq!(parse(&patch("*** Update File: f\n@@\n ```\n-a\n```\n b\n")).unwrap(), [update("f", vec![hunk])]);
}

#[test]
fn a_patch_in_one_line_with_escaped_line_ends_is_read() {
    let plain = patch("*** Update File: f\n@@\n \ta\n-b(\"\\\\\")\n+c(\"x\")\n");
    let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('\n', "\\n");
    assert!(!escaped.contains('\n'));
    assert_eq!(parse(&escaped).unwrap(), parse(&plain).unwrap());
    // It cannot be told whether this tab was encoded or is what the code says.
    let unclear = patch("*** Update File: f\n@@\n-b\n+split('TAB')\n").replace('\n', "\\n").replace("TAB", "\\t");
    assert!(parse(&unclear).is_err());
}

#[test]
fn the_built_in_tools_diffs_are_of_one_file() {
    let hunk = |end_of_file| Hunk {
        anchors: vec!["x".into()],
        lines: vec![remove("a"), add("b")],
        end_of_file,
        ..Hunk::default()
    };
    assert_eq!(parse_update("f", "@@ x\n-a\n+b\n"), Ok(update("f", vec![hunk(false)])));
    assert_eq!(parse_update("f", "@@ x\r\n-a\r\n+b\r\n*** End of File"), Ok(update("f", vec![hunk(true)])));
    assert_eq!(parse_create("f", "+a\n+b"), Ok(FilePatch::Add { path: "f".into(), text: "a\nb\n".into() }));
    let error = parse_update("f", "-a\n+b\n*** Delete File: g\n").unwrap_err();
    assert_eq!((error.line, error.problem), (3, Problem::OneFile(quote("*** Delete File: g"))));
    assert!(parse_create("f", "+a\nb\n").is_err() && parse_update("f", "").is_err());
}

#[test]
fn a_patch_is_found_in_what_is_said_around_it() {
    let text = patch("*** Update File: f\n@@\n-a\n+b\n");
    let more = patch("*** Delete File: g\n");
    for answer in [
        format!("I change `f`:\n\n{text}\nThat is all.\n- really\n"),
        format!("Here:\n```diff\n{text}```\nDone."),
        text.replace('\n', "\\n"),
    ] {
        assert_eq!(find(&answer), Some(parse(&text)), "{answer}");
    }
    let both = find(&format!("First\n{text}then\n{more}and done.")).unwrap().unwrap();
    assert_eq!(both, [parse(&text).unwrap(), parse(&more).unwrap()].concat());
    for answer in ["", "Nothing to do.", "Use `*** Begin Patch` there.", "a\n---\nb\n+++\nc", "<<<<<<< HEAD\na\n"] {
        assert_eq!(find(answer), None, "{answer}");
    }
    let error = find("One\n\n*** Begin Patch\n*** Rename File: a\n*** End Patch").unwrap().unwrap_err();
    assert_eq!(error.line, 4, "counted in the answer");
}

#[test]
fn two_forms_in_one_answer_are_refused_lest_one_is_lost() {
    let forms = [
        "*** Begin Patch\n*** Delete File: a\n*** End Patch\n",
        "--- a/b\n+++ b/b\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n\n",
        "c\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
    ];
    for (first, one) in forms.iter().enumerate() {
        for (second, other) in forms.iter().enumerate() {
            let found = find(&format!("First:\n```\n{one}```\nThen:\n```\n{other}```\n")).expect("a patch");
            let problem = found.map_err(|error| error.problem);
            let is_one_form =
                matches!(&problem, Ok(both) if both.len() == 2) || matches!(problem, Err(Problem::Clash { .. }));
            let is_right = if first == second { is_one_form } else { matches!(problem, Err(Problem::SecondForm(_))) };
            assert!(is_right, "{one}{other}{problem:?}");
        }
    }
}
