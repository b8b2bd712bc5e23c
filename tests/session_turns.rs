//! What a turn does with the model's calls and the user's typing (contract 1.4 and 1.7).

mod provider;

use std::sync::Arc;

use pilotlight::agent::{Action, Ask};
use pilotlight::config::ToolStyle;
use pilotlight::session::receipt::Outcome;
use pilotlight::workspace::{Diagnostic, RelPath, Related, Reported, Severity};
use provider::{Call, Decision, Ended, Mirror, Reply, Rig, Setup, Step};
use serde_json::json;
use tokio::sync::Notify;

const CODE: &str = "fn a() {\n    one();\n    two();\n    three();\n}\n";

fn setup() -> Setup {
    Setup::files(&[("src/a.rs", CODE), ("src/b.rs", "fn b() {}\n"), (".env", "TOKEN=1\n"), ("empty", "")])
}

/// The answers to these calls, made in one response.
async fn outputs(rig: &mut Rig, calls: impl IntoIterator<Item = Call>) -> Vec<String> {
    let before = rig.provider.requests().len();
    rig.edit("src/b.rs", [Reply::calls(calls), Reply::text("Seen.")]).await;
    rig.provider.requests()[before + 1].outputs().into_iter().map(str::to_owned).collect()
}

async fn output(rig: &mut Rig, call: Call) -> String {
    outputs(rig, [call]).await.remove(0)
}

/// What a turn proposes, a line a file.
fn proposed(ended: &Ended) -> Vec<String> {
    let files = ended.proposals.iter().flat_map(|proposal| &proposal.files);
    let text = |text: &Option<pilotlight::workspace::ModelText>| text.as_ref().map(ToString::to_string);
    files
        .map(|file| {
            let from = file.renamed_from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
            format!("{}{from}: {:?} -> {:?}", file.path, text(&file.base), text(&file.theirs))
        })
        .collect()
}

// ---- tools -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn read_file_announces_its_lines_and_gives_the_text_as_it_is() {
    let mut rig = Setup::files(&[
        ("src/b.rs", ""),
        ("a.txt", "one\ntwo\nthree\nfour"),
        ("crlf.txt", "\u{feff}one\r\ntwo\r\n"),
        ("empty", ""),
    ])
    .warm()
    .await;
    let lines = |first, last| Call::new("read_file", json!({"path": "a.txt", "start_line": first, "end_line": last}));
    let calls = [
        Call::read("a.txt"),
        lines(2, 3),
        lines(3, 99),
        lines(5, 9),
        lines(3, 2),
        Call::new("read_file", json!({"path": "a.txt", "start_line": "2"})),
        Call::read("crlf.txt"),
        Call::read("empty"),
        Call::read("missing.txt"),
    ];
    let outputs = outputs(&mut rig, calls).await;
    assert_eq!(outputs[0], "a.txt (lines 1-4 of 4)\none\ntwo\nthree\nfour");
    assert_eq!(outputs[1], "a.txt (lines 2-3 of 4)\ntwo\nthree\n");
    assert_eq!(outputs[2], "a.txt (lines 3-4 of 4)\nthree\nfour");
    assert!(outputs[3].starts_with("Error: a.txt has 4 lines"), "{}", outputs[3]);
    assert!(outputs[4].starts_with("Error: a.txt has 4 lines"), "{}", outputs[4]);
    assert_eq!(outputs[5], "a.txt (lines 2-4 of 4)\ntwo\nthree\nfour");
    assert_eq!(outputs[6], "crlf.txt (lines 1-2 of 2)\none\ntwo\n");
    assert_eq!(outputs[7], "empty (lines 0-0 of 0)\n");
    assert!(outputs[8].starts_with("Error: missing.txt is not available"), "{}", outputs[8]);
}

#[tokio::test]
async fn a_long_file_is_cut_at_64_kib_and_says_how_to_read_on() {
    let long: String = (1..=3000).map(|number| format!("{number:04} {}\n", "x".repeat(35))).collect();
    let mut rig = Setup::files(&[("src/b.rs", ""), ("long.txt", &long)]).warm().await;
    let first = output(&mut rig, Call::read("long.txt")).await;
    let (header, text) = first.split_once('\n').unwrap();
    assert_eq!(header, "long.txt (lines 1-1598 of 3000; read on with start_line=1599)");
    assert!(text.len() <= 64 * 1024 && long.starts_with(text));
    let rest = output(&mut rig, Call::new("read_file", json!({"path": "long.txt", "start_line": 1599}))).await;
    assert_eq!(format!("{text}{}", rest.split_once('\n').unwrap().1), long);
}

#[tokio::test]
async fn a_text_that_was_read_and_did_not_change_is_not_given_again() {
    let long = "a line that is long enough to be worth it\n".repeat(10);
    let mut rig = Setup::files(&[("src/b.rs", "fn b() {}\n"), ("src/a.rs", &long)]).warm().await;
    rig.editor.open("src/a.rs");
    let whole = format!("src/a.rs (lines 1-10 of 10)\n{long}");
    assert_eq!(output(&mut rig, Call::read("src/a.rs")).await, whole);
    let again = output(&mut rig, Call::read("src/a.rs")).await;
    assert!(again.starts_with("src/a.rs: unchanged since you read it"), "{again}");
    let part = Call::new("read_file", json!({"path": "src/a.rs", "start_line": 1, "end_line": 9}));
    assert!(output(&mut rig, part).await.starts_with("src/a.rs (lines 1-9 of 10)\n"), "another range");

    rig.editor.replace("src/a.rs", "a line", "one line");
    assert!(output(&mut rig, Call::read("src/a.rs")).await.contains("\none line"), "it changed");
    rig.provider.drop_connections();
    rig.provider.script([Reply::calls([Call::read("src/a.rs")]), Reply::text("Seen.")]);
    let before = rig.provider.requests().len();
    let ended = rig.run(Rig::ask("src/b.rs")).await;
    assert!(ended.rebase().is_some());
    let outputs =
        rig.provider.requests()[before..].iter().map(|request| request.outputs().join("")).collect::<String>();
    assert!(outputs.contains("\none line"), "another lineage: {outputs}");
}

#[tokio::test]
async fn what_is_excluded_is_told_as_not_available_and_odd_paths_are_refused() {
    let mut rig = setup().warm().await;
    let outputs = outputs(&mut rig, [".env", "../outside", "/etc/passwd", "C:\\x", "~/x"].map(Call::read)).await;
    assert_eq!(outputs[0], "Error: .env is not available; list_files and search show what is");
    for output in &outputs[1..] {
        assert!(output.starts_with("Error: the path `"), "{output}");
    }
}

#[tokio::test]
async fn search_and_list_files_show_what_may_be_seen_and_the_models_own_changes() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    rig.editor.replace("src/a.rs", "one();", "eins();");
    let patch = Call::patch("*** Add File: src/new.rs\n+fn eins() {}\n*** Delete File: src/b.rs\n");
    let calls = [
        Call::new("search", json!({"pattern": "eins|TOKEN"})),
        Call::new("list_files", json!({"glob": "src/**"})),
        patch,
        Call::new("search", json!({"pattern": "eins|fn b", "max_results": "50"})),
        Call::new("list_files", json!({})),
        Call::new("search", json!({"pattern": "("})),
        Call::new("search", json!({"pattern": "nowhere"})),
    ];
    let outputs = outputs(&mut rig, calls).await;
    assert_eq!(outputs[0], "1 match in 1 file\nsrc/a.rs:2:    eins();");
    assert_eq!(outputs[1], "2 files\nsrc/a.rs\nsrc/b.rs");
    assert_eq!(outputs[2], "Done: src/b.rs, src/new.rs");
    assert_eq!(outputs[3], "2 matches in 2 files\nsrc/a.rs:2:    eins();\nsrc/new.rs:1:fn eins() {}");
    assert_eq!(outputs[4], "3 files\nempty\nsrc/a.rs\nsrc/new.rs");
    assert!(outputs[5].starts_with("Error: "), "{}", outputs[5]);
    assert_eq!(outputs[6], "No matches.");
}

fn missing_function(related: Vec<Related>) -> Diagnostic {
    Diagnostic {
        start: (2, 5),
        end: (2, 8),
        severity: Severity::Error,
        source: Some("rustc".into()),
        code: Some("E0425".into()),
        message: "cannot find `one`".into(),
        related,
    }
}

#[tokio::test]
async fn related_places_in_files_that_models_may_not_see_are_left_out() {
    let mut rig = setup().warm().await;
    let at = |path: &str| RelPath::parse(path).unwrap();
    let related = |path: &str| Related { path: at(path), line: 1, column: 1, message: format!("seen in {path}") };
    let diagnostic = missing_function(vec![related(".env"), related("src/b.rs")]);
    rig.diagnostics.replace(at("src/a.rs"), Reported { diagnostics: vec![diagnostic.clone()], version: None });
    let told = output(&mut rig, Call::new("diagnostics", json!({}))).await;
    assert!(told.contains("related src/b.rs:1:1: seen in src/b.rs") && !told.contains(".env"), "{told}");

    let ask = Ask {
        action: Action::Fix,
        diagnostics: vec![(at("src/a.rs"), vec![diagnostic])],
        instruction: None,
        ..Rig::ask("src/a.rs")
    };
    rig.provider.script([Reply::text("Done.")]);
    let before = rig.provider.requests().len();
    rig.run(ask).await;
    let sent = rig.provider.requests()[before].text();
    assert!(sent.contains("related src/b.rs:1:1") && !sent.contains(".env"), "{sent}");
}

#[tokio::test]
async fn diagnostics_are_given_by_file_and_marked_when_the_file_has_changed_since() {
    let mut rig = setup().warm().await;
    let path = RelPath::parse("src/a.rs").unwrap();
    let diagnostic = missing_function(Vec::new());
    rig.diagnostics.replace(path, Reported { diagnostics: vec![diagnostic], version: None });
    let all = || Call::new("diagnostics", json!({}));
    let patch = Call::swap("src/a.rs", "    one();", "    eins();");
    let one = Call::new("diagnostics", json!({"path": "src/b.rs"}));
    let outputs = outputs(&mut rig, [all(), one, patch, all()]).await;
    assert_eq!(outputs[0], "src/a.rs:\n2:5-2:8 error [rustc E0425]: cannot find `one`\n");
    assert_eq!(outputs[1], "No diagnostics.");
    assert!(outputs[3].starts_with("src/a.rs (reported before the latest changes"), "{}", outputs[3]);
}

#[tokio::test]
async fn a_patch_is_done_or_says_what_is_wrong_and_writes_nothing() {
    let mut rig = setup().warm().await;
    let calls = [
        Call::swap("src/a.rs", "    one();", "    eins();"),
        Call::swap("src/a.rs", "    nine();", "    neun();"),
        Call::patch("*** Add File: src/b.rs\n+taken\n"),
        Call::patch("*** Update File: .env\n@@\n-TOKEN=1\n+TOKEN=2\n"),
        Call::patch("*** Add File: .env.local\n+TOKEN=2\n"),
        Call::raw("apply_patch", "not json"),
        Call::new("apply_patch", json!({"patch": "no envelope"})),
        Call::new("format_disk", json!({})),
    ];
    rig.provider.script([Reply::calls(calls), Reply::text("Tried.")]);
    let ended = rig.begin(Rig::ask("src/b.rs"), Decision::Refuse).end().await;
    let request = rig.provider.request(1).await;
    let outputs = request.outputs();
    assert_eq!(outputs[0], "Done: src/a.rs");
    for output in &outputs[1..] {
        assert!(output.starts_with("Error: "), "{output}");
    }
    assert!(outputs[1].contains("src/a.rs") && outputs[1].contains("nine();"), "{}", outputs[1]);
    assert!(outputs[2].contains("exists already"), "{}", outputs[2]);
    assert!(outputs[3].contains(".env is not available"), "{}", outputs[3]);
    assert_eq!(proposed(&ended).len(), 1);
    assert_eq!(rig.editor.truth("src/a.rs").as_deref(), Some(CODE), "nothing writes to disk");
    assert_eq!(ended.receipt.tool_calls, 8);
}

#[tokio::test]
async fn a_blank_before_a_name_belongs_to_it_where_there_is_such_a_file() {
    let mut rig = Setup::files(&[("src/b.rs", ""), (" lead.py", "one\n"), ("a.py", "one\n")]).warm().await;
    let patches = [
        ("*** Update File:  lead.py\n@@\n-one\n+two\n", "Done:  lead.py"),
        ("*** Update File:  a.py\n@@\n-one\n+two\n", "Done: a.py"),
        ("*** Add File:   new.py\n+one\n", "Done: new.py"),
        ("*** Update File: a.py\n*** Move to:  b.py\n", "Done: a.py, b.py"),
        ("*** Delete File:  lead.py\n", "Done:  lead.py"),
    ];
    let answers = outputs(&mut rig, patches.map(|(patch, _)| Call::patch(patch))).await;
    assert_eq!(answers, patches.map(|(_, answer)| answer));
}

#[tokio::test]
async fn a_patch_of_several_files_is_taken_whole_or_not_at_all() {
    let mut rig = setup().warm().await;
    let patch =
        "*** Update File: src/a.rs\n@@\n-    one();\n+    eins();\n*** Update File: src/b.rs\n@@\n-nothing like it\n";
    let outputs = outputs(&mut rig, [Call::patch(patch), Call::read("src/a.rs")]).await;
    assert!(
        outputs[0].starts_with("Error: ") && outputs[0].contains("Nothing of this patch was applied."),
        "{}",
        outputs[0]
    );
    assert_eq!(outputs[1], format!("src/a.rs (lines 1-5 of 5)\n{CODE}"));
}

#[tokio::test]
async fn calls_of_one_response_are_answered_in_order_and_a_patch_is_seen_by_those_after_it() {
    let mut rig = setup().warm().await;
    let calls = [
        Call::read("src/a.rs"),
        Call::swap("src/a.rs", "    one();", "    eins();"),
        Call::read("src/a.rs"),
        Call::swap("src/a.rs", "    eins();", "    uno();"),
        Call::read("src/a.rs"),
    ];
    let outputs = outputs(&mut rig, calls).await;
    let text = |call: &str| format!("src/a.rs (lines 1-5 of 5)\n{}", CODE.replace("one();", call));
    assert_eq!([&outputs[0], &outputs[2], &outputs[4]], [&text("one();"), &text("eins();"), &text("uno();")]);
    assert_eq!(rig.provider.requests()[1].input().len(), 5);
}

#[tokio::test]
async fn a_patch_goes_on_from_what_those_before_it_created_moved_and_deleted() {
    let mut rig = setup().warm().await;
    let update =
        |path: &str, old: &str, new: &str| Call::patch(&format!("*** Update File: {path}\n@@\n-{old}\n+{new}\n"));
    let calls = [
        (Call::patch("*** Add File: src/new.rs\n+fn new() {}\n"), "Done: src/new.rs"),
        (update("src/new.rs", "fn new() {}", "fn newer() {}"), "Done: src/new.rs"),
        (Call::patch("*** Update File: src/a.rs\n*** Move to: src/moved.rs\n"), "Done: src/a.rs, src/moved.rs"),
        (update("src/a.rs", "    one();", "    eins();"), "Error: src/a.rs"),
        (update("src/moved.rs", "    one();", "    eins();"), "Done: src/moved.rs"),
        (Call::patch("*** Update File: src/new.rs\n*** Move to: src/moved.rs\n"), "Error: src/moved.rs exists already"),
        (
            Call::patch("*** Add File: src/b.rs/d.rs\n+fn d() {}\n"),
            "Error: src/b.rs/d.rs is not available for a new file",
        ),
        (
            Call::patch("*** Add File: src/new.rs/d.rs\n+fn d() {}\n"),
            "Error: src/new.rs/d.rs is not available for a new",
        ),
        (Call::patch("*** Add File: deep/e.rs\n+fn e() {}\n*** Add File: deep\n+x\n"), "Error: deep is not available"),
        (Call::patch("*** Delete File: src/b.rs\n"), "Done: src/b.rs"),
        (update("src/b.rs", "fn b() {}", "fn c() {}"), "Error: src/b.rs"),
        (Call::patch("*** Add File: src/b.rs\n+fn again() {}\n"), "Done: src/b.rs"),
        (Call::patch("*** Update File: empty\n@@\n+text\n"), "Done: empty"),
        (Call::patch("*** Delete File: empty\n*** Add File: empty\n+text\n"), "Error: line 3 of the patch: `empty`"),
        (Call::read("src/new.rs"), "src/new.rs (lines 1-1 of 1)\nfn newer() {}\n"),
        (Call::read("src/b.rs"), "src/b.rs (lines 1-1 of 1)\nfn again() {}\n"),
    ];
    let (calls, expected): (Vec<Call>, Vec<&str>) = calls.into_iter().unzip();
    for (output, expected) in outputs(&mut rig, calls).await.iter().zip(expected) {
        assert!(output.starts_with(expected), "{output}\nis not\n{expected}");
    }
}

#[tokio::test]
async fn later_sections_of_a_patch_build_on_earlier_ones_and_fail_with_them() {
    let mut rig = setup().warm().await;
    let section = |old: &str, new: &str| format!("*** Update File: src/a.rs\n@@\n-    {old}\n+    {new}\n");
    let good = section("one();", "eins();") + &section("eins();", "uno();");
    let bad = section("uno();", "un();") + "*** Add File: src/c.rs\n+c\n" + &section("uno();", "ein();");
    let outputs = outputs(&mut rig, [Call::patch(&good), Call::patch(&bad), Call::read("src/a.rs")]).await;
    assert_eq!(outputs[0], "Done: src/a.rs");
    let is_refused = outputs[1].starts_with("Error: src/a.rs: Hunk 1 is not found")
        && outputs[1].ends_with("Nothing of this patch was applied.");
    assert!(is_refused, "{}", outputs[1]);
    assert!(outputs[2].contains("    uno();\n"), "{}", outputs[2]);
}

#[tokio::test]
async fn the_patch_tool_is_a_function_or_freeform_as_configured() {
    for (style, kind, call) in [
        (ToolStyle::Function, "function", Call::patch as fn(&str) -> Call),
        (ToolStyle::Auto, "function", Call::patch),
        (ToolStyle::Custom, "custom", Call::custom_patch),
    ] {
        let mut rig = setup().config(|config| config.provider.tool_style = style).warm().await;
        let patch = call("*** Update File: src/b.rs\n@@\n-fn b() {}\n+fn c() {}\n");
        let ended = rig.edit("src/b.rs", [Reply::calls([patch]), Reply::text("Done.")]).await;
        assert_eq!(ended.outcome(), Outcome::Applied);
        let request = rig.provider.request(1).await;
        assert_eq!(request.body["tools"][4]["type"], kind);
        let answer = if kind == "custom" { "custom_tool_call_output" } else { "function_call_output" };
        assert_eq!(request.input()[0]["type"], answer);
        assert_eq!(rig.editor.truth("src/b.rs").as_deref(), Some("fn c() {}\n"));
    }
}

#[tokio::test]
async fn a_patch_may_come_as_the_built_in_tool_has_it_or_as_a_unified_diff() {
    let mut rig = setup().warm().await;
    let update = json!({"type": "update_file", "path": "src/a.rs", "diff": "@@ fn a() {\n-    one();\n+    eins();\n"});
    let create = json!({"operation": {"type": "create_file", "path": "src/c.rs", "diff": "+fn c() {}\n"}});
    let delete = json!({"type": "delete_file", "path": "empty"});
    let diff = "--- a/src/b.rs\n+++ b/src/b.rs\n@@ -1 +1 @@\n-fn b() {}\n+fn d() {}\n";
    let calls = [update, create, delete, json!({ "patch": diff })].map(|call| Call::new("apply_patch", call));
    let ended = rig.edit("src/b.rs", [Reply::calls(calls), Reply::text("Done.")]).await;
    let outputs = rig.provider.request(1).await;
    assert_eq!(outputs.outputs(), ["Done: src/a.rs", "Done: src/c.rs", "Done: empty", "Done: src/b.rs"]);
    assert_eq!(proposed(&ended).len(), 4);
}

// ---- patches in words ------------------------------------------------------------------------------------------

/// An answer with a patch that makes `one` of `src/a.rs` something else, in each form.
fn in_words(old: &str, new: &str) -> [String; 3] {
    [
        format!("So:\n*** Begin Patch\n*** Update File: src/a.rs\n@@\n-    {old}\n+    {new}\n*** End Patch\nThere.\n"),
        format!("So:\n```diff\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -2 +2 @@\n-    {old}\n+    {new}\n```\nThere.\n"),
        format!("So:\n\nsrc/a.rs\n```\n<<<<<<< SEARCH\n    {old}\n=======\n    {new}\n>>>>>>> REPLACE\n```\nThere.\n"),
    ]
}

#[tokio::test]
async fn a_patch_in_words_is_taken_in_every_form() {
    for words in in_words("one();", "eins();") {
        let mut rig = setup().warm().await;
        let ended = rig.edit("src/a.rs", [Reply::text(&words)]).await;
        assert_eq!((ended.outcome(), ended.receipt.rounds, ended.receipt.files_changed), (Outcome::Applied, 1, 1));
        let after = CODE.replace("one", "eins");
        assert_eq!(proposed(&ended), [format!("src/a.rs: Some({CODE:?}) -> Some({after:?})")], "{words}");
    }
}

#[tokio::test]
async fn a_patch_in_words_that_does_not_fit_is_told_to_the_model_which_may_try_again() {
    for (wrong, right) in in_words("nine();", "neun();").iter().zip(in_words("one();", "eins();")) {
        let mut rig = setup().warm().await;
        let ended = rig.edit("src/a.rs", [Reply::text(wrong), Reply::text(&right)]).await;
        let told = rig.provider.request(1).await.text();
        assert!(told.starts_with("The patch in your answer was not applied. Error: src/a.rs: "), "{told}");
        assert!(told.contains("`nine();`"), "{told}");
        assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Applied, 2));
    }
}

#[tokio::test]
async fn a_patch_in_words_of_several_files_is_taken_whole_or_not_at_all() {
    let mut rig = setup().warm().await;
    let second = "--- a/src/b.rs\n+++ b/src/b.rs\n@@ -1 +1 @@\n-fn nine() {}\n+fn c() {}\n";
    let [_, first, _] = in_words("one();", "eins();");
    let ended = rig.edit("src/a.rs", [Reply::text(&format!("{first}\n{second}")), Reply::text("I give up.")]).await;
    assert!(rig.provider.request(1).await.text().contains("Nothing of this patch was applied."));
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "I give up."));
    assert!(ended.proposals.is_empty());
}

#[tokio::test]
async fn three_patches_in_words_that_do_not_fit_or_cannot_be_read_end_the_turn() {
    let unreadable = |n| Reply::text(&format!("*** Begin Patch\n*** Rename File: {n}\n*** End Patch\n"));
    let misfit = |n: usize| Reply::text(&in_words(&format!("{n}"), "x")[n % 3]);
    for replies in [[misfit(1), misfit(2), misfit(3)], [unreadable(1), unreadable(2), unreadable(3)]] {
        let mut rig = setup().warm().await;
        let ended = rig.edit("src/a.rs", replies).await;
        assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Failed, 3));
        assert!(ended.message.contains("3 patches in a row for src/a.rs"), "{}", ended.message);
    }
}

#[tokio::test]
async fn a_diff_in_the_last_words_after_a_patch_only_says_what_was_done() {
    let mut rig = setup().warm().await;
    let words = "Inserted:\n```diff\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,2 +1,3 @@\n fn a() {\n+    zero();\n```\n";
    let patch = Call::patch("*** Update File: src/a.rs\n@@\n fn a() {\n+    zero();\n");
    let ended = rig.edit("src/a.rs", [Reply::calls([patch]), Reply::text(words)]).await;
    assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Applied, 2));
    assert_eq!(rig.editor.truth("src/a.rs").map(|text| text.matches("zero").count()), Some(1));
}

#[tokio::test]
async fn a_question_answered_with_a_diff_changes_nothing() {
    for words in in_words("one();", "eins();") {
        let mut rig = setup().warm().await;
        rig.provider.script([Reply::text(&words)]);
        let ask = Ask { action: Action::Ask, instruction: Some("how?".into()), ..Rig::ask("src/a.rs") };
        let ended = rig.run(ask).await;
        assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, words.trim()));
        assert!(ended.proposals.is_empty());
    }
}

// ---- bounds ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_model_that_finds_no_end_is_stopped_after_max_rounds() {
    let mut rig = setup().config(|config| config.session.max_rounds = 3).warm().await;
    let list = |glob: &str| Reply::calls([Call::new("list_files", json!({ "glob": glob }))]);
    let ended = rig.edit("src/a.rs", [list("a"), list("b"), list("c")]).await;
    assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Failed, 3));
    assert!(ended.message.contains("session.max_rounds (3)"), "{}", ended.message);
}

#[tokio::test]
async fn the_same_call_with_the_same_answer_ends_the_turn_at_the_third_time() {
    let mut rig = setup().warm().await;
    let patch = Reply::calls([Call::swap("src/b.rs", "fn b() {}", "fn c() {}")]);
    let read = || Reply::calls([Call::read("src/a.rs")]);
    let ended = rig.edit("src/b.rs", [patch, read(), read(), read()]).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("read_file 3 times") && ended.message.contains("nothing was applied"));
    assert!(ended.proposals.is_empty());
}

#[tokio::test]
async fn three_refused_patches_of_a_file_in_a_row_end_the_turn() {
    let mut rig = setup().warm().await;
    let bad = |line: &str| Call::swap("src/a.rs", line, "x");
    let good = Call::swap("src/a.rs", "    one();", "    eins();");
    let replies = [Reply::calls([bad("1"), bad("2"), good, bad("3"), bad("4")]), Reply::calls([bad("5")])];
    let ended = rig.edit("src/a.rs", replies).await;
    assert_eq!(
        (ended.outcome(), ended.receipt.rounds),
        (Outcome::Failed, 2),
        "a patch that was taken starts the count anew"
    );
    assert!(ended.message.contains("3 patches in a row for src/a.rs"), "{}", ended.message);
}

#[tokio::test]
async fn after_a_turn_that_was_stopped_the_next_is_a_full_one() {
    let mut rig = setup().config(|config| config.session.max_rounds = 1).warm().await;
    rig.edit("src/a.rs", [Reply::calls([Call::read("src/b.rs")])]).await;
    let ended = rig.edit("src/a.rs", [Reply::text("Well.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered);
    let request = rig.provider.request(1).await;
    assert_eq!(request.previous(), None, "the calls of the last answer were never answered");
}

// ---- the user types meanwhile ----------------------------------------------------------------------------------

#[tokio::test]
async fn typing_beside_the_models_change_is_told_after_the_outputs_as_a_diff_of_the_working_copy() {
    let long: String = (1..=30).map(|number| format!("line {number}\n")).collect();
    let mut rig = Setup::files(&[("a.txt", &long)]).warm().await;
    rig.editor.open("a.txt");
    let editor = rig.editor.clone();
    let patch = Call::swap("a.txt", "line 10", "ten");
    let typing = Reply::calls([patch]).after(move || editor.replace("a.txt", "line 12\n", "twelve\n"));
    let ended = rig.edit("a.txt", [typing, Reply::text("Both.")]).await;
    let request = rig.provider.request(1).await;
    assert_eq!(request.input()[0]["output"], "Done: a.txt");
    assert_eq!(request.input().len(), 2);
    let diff = "--- a/a.txt\n+++ b/a.txt\n@@ -9,7 +9,7 @@\n line 9\n ten\n line 11\n-line 12\n+twelve\n line 13\n \
        line 14\n line 15\n";
    assert!(request.text().contains(diff), "{}", request.text());
    assert_eq!(ended.outcome(), Outcome::Applied);
    let both = long.replace("line 10", "ten").replace("line 12", "twelve");
    assert_eq!(rig.editor.buffer("a.txt"), both);
}

#[tokio::test]
async fn where_they_touch_the_users_text_wins_and_the_model_is_told() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let editor = rig.editor.clone();
    let patch = Call::swap("src/a.rs", "    one();", "    eins();");
    let typing = Reply::calls([patch]).after(move || editor.replace("src/a.rs", "one();", "uno();"));
    let again = Reply::calls([Call::swap("src/a.rs", "    uno();", "    eins(); // was uno")]);
    let ended = rig.edit("src/a.rs", [typing, again, Reply::text("Again.")]).await;
    let told = rig.provider.request(1).await.text();
    assert!(told.contains("your change there was dropped"), "{told}");
    assert!(told.contains("uno();"), "{told}");
    assert_eq!(ended.outcome(), Outcome::Applied);
    assert!(rig.editor.buffer("src/a.rs").contains("    eins(); // was uno\n"));
}

#[tokio::test]
async fn what_is_typed_while_a_round_fails_is_in_the_request_that_asks_again() {
    let failures: [fn() -> Reply; 3] = [
        || Reply::of([Step::Created, Step::Cut]),
        || Reply::error(400, "previous_response_not_found", "gone"),
        || Reply::error(503, "server_is_overloaded", "try again in 10ms"),
    ];
    for failure in failures {
        let mut rig = setup().warm().await;
        rig.editor.open("src/a.rs");
        let editor = rig.editor.clone();
        let failing = failure().after(move || editor.replace("src/a.rs", "two();", "zwei();"));
        rig.edit("src/a.rs", [failing, Reply::text("Here.")]).await;
        let mirror = Mirror::of(&rig.provider.request(1).await);
        assert_eq!(mirror.text("src/a.rs"), Some(rig.editor.buffer("src/a.rs").as_str()));
    }
}

#[tokio::test]
async fn a_buffer_closed_in_the_middle_of_a_turn_is_the_disks_text_again() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    rig.editor.replace("src/a.rs", "two();", "zwei();");
    let editor = rig.editor.clone();
    let closing = Reply::calls([Call::read("src/b.rs")]).after(move || editor.close("src/a.rs"));
    rig.edit("src/a.rs", [closing, Reply::text("I see.")]).await;
    let text = rig.provider.request(1).await.text();
    assert!(text.contains("+    two();") || text.contains("\n    two();"), "{text}");
}

#[tokio::test]
async fn what_a_tool_shows_is_what_the_next_diff_applies_to() {
    let mut rig = setup().warm().await;
    rig.editor.open("src/a.rs");
    let editor = rig.editor.clone();
    let typing = Reply::calls([Call::read("src/a.rs")]).after(move || editor.replace("src/a.rs", "two();", "zwei();"));
    rig.edit("src/a.rs", [typing, Reply::text("I see.")]).await;
    let request = rig.provider.request(1).await;
    assert_eq!(request.outputs()[0], format!("src/a.rs (lines 1-5 of 5)\n{CODE}"), "as it knows it");
    assert!(request.text().contains("zwei();"), "then the change: {}", request.text());
}

// ---- proposals -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn several_patches_of_a_file_are_one_change_from_the_users_text() {
    let mut rig = setup().warm().await;
    let patches = [
        Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]),
        Reply::calls([Call::swap("src/a.rs", "    three();", "    drei();")]),
    ];
    let ended = rig.edit("src/a.rs", patches.into_iter().chain([Reply::text("Two patches.")])).await;
    let after = CODE.replace("one", "eins").replace("three", "drei");
    assert_eq!(proposed(&ended), [format!("src/a.rs: Some({CODE:?}) -> Some({after:?})")]);
    assert_eq!(ended.receipt.files_changed, 1);
}

#[tokio::test]
async fn files_are_created_deleted_and_moved_by_a_proposal() {
    let mut rig = setup().warm().await;
    let patch = "*** Add File: src/new.rs\n+fn new() {}\n*** Delete File: src/b.rs\n\
        *** Update File: src/a.rs\n*** Move to: src/moved.rs\n@@\n-    one();\n+    eins();\n";
    let ended = rig.edit("src/b.rs", [Reply::calls([Call::patch(patch)]), Reply::text("Moved.")]).await;
    let after = CODE.replace("one", "eins");
    let expected = [
        "src/b.rs: Some(\"fn b() {}\\n\") -> None".to_owned(),
        format!("src/moved.rs from src/a.rs: Some({CODE:?}) -> Some({after:?})"),
        "src/new.rs: None -> Some(\"fn new() {}\\n\")".to_owned(),
    ];
    assert_eq!(proposed(&ended), expected);
    assert_eq!(ended.outcome(), Outcome::Applied);
    assert!(!rig.editor.exists("src/a.rs") && !rig.editor.exists("src/b.rs"));
    assert_eq!(rig.editor.truth("src/moved.rs"), Some(after));
}

#[tokio::test]
async fn a_file_moved_and_then_deleted_is_deleted_under_its_own_name() {
    let mut rig = setup().warm().await;
    let patches = [
        Reply::calls([Call::patch("*** Update File: src/a.rs\n*** Move to: src/moved.rs\n")]),
        Reply::calls([Call::patch("*** Delete File: src/moved.rs\n")]),
    ];
    rig.provider.script(patches.into_iter().chain([Reply::text("Gone.")]));
    let ended = rig.begin(Rig::ask("src/b.rs"), Decision::Wait).end().await;
    assert_eq!(proposed(&ended), [format!("src/a.rs: Some({CODE:?}) -> None")]);
}

#[tokio::test]
async fn a_file_created_and_deleted_again_is_no_change() {
    let mut rig = setup().warm().await;
    let patches = [
        Reply::calls([Call::patch("*** Add File: src/new.rs\n+fn new() {}\n")]),
        Reply::calls([Call::patch("*** Delete File: src/new.rs\n")]),
    ];
    let ended = rig.edit("src/b.rs", patches.into_iter().chain([Reply::text("Never mind.")])).await;
    assert_eq!((ended.outcome(), proposed(&ended).len()), (Outcome::Answered, 0));
}

#[tokio::test]
async fn a_question_is_answered_and_changes_nothing() {
    let mut rig = setup().warm().await;
    rig.provider.script([Reply::calls([Call::swap("src/a.rs", "    one();", "    eins();")]), Reply::text("Because.")]);
    let ask = Ask { action: Action::Ask, instruction: Some("why?".into()), ..Rig::ask("src/a.rs") };
    let ended = rig.run(ask).await;
    assert_eq!((ended.outcome(), ended.message.as_str()), (Outcome::Answered, "Because."));
    assert!(ended.proposals.is_empty());
}

#[tokio::test]
async fn a_turn_on_an_excluded_file_is_refused_by_its_rule_and_nothing_is_sent() {
    let mut rig = setup().warm().await;
    rig.editor.open(".env");
    let ended = rig.edit(".env", []).await;
    assert_eq!((ended.outcome(), ended.receipt.rounds), (Outcome::Refused, 0));
    assert!(ended.message.contains(".env") && ended.message.contains("`.env`"), "it names the rule: {}", ended.message);
    assert!(rig.provider.requests().is_empty());
}

#[tokio::test]
async fn a_turn_cancelled_while_it_waits_in_the_queue_asks_nothing() {
    let mut rig = setup().warm().await;
    let sign = Arc::new(Notify::new());
    rig.provider.script([Reply::of([Step::Created, Step::Until(sign.clone())]).join(Reply::text("First."))]);
    let first = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    let second = rig.begin(Rig::ask("src/a.rs"), Decision::Apply);
    second.cancel.cancel();
    sign.notify_one();
    assert_eq!(first.end().await.outcome(), Outcome::Answered);
    assert_eq!(second.end().await.outcome(), Outcome::Cancelled);
    assert_eq!(rig.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_file_opened_changed_saved_and_closed_while_the_model_thinks_is_told() {
    let mut rig = setup().warm().await;
    let editor = rig.editor.clone();
    let quick = move || {
        editor.open("src/b.rs");
        editor.replace("src/b.rs", "b()", "bee()");
        editor.save("src/b.rs");
        editor.close("src/b.rs");
    };
    let read = Reply::calls([Call::read("src/b.rs")]);
    let list = Reply::calls([Call::new("list_files", json!({}))]).after(quick);
    rig.edit("src/a.rs", [read, list, Reply::text("Here.")]).await;
    let text = rig.provider.request(2).await.text();
    assert!(text.contains("fn bee() {}"), "{text}");
}
