//! Hunks against texts, case by case. Properties over random texts are in `edit/tests.rs`.

use super::*;
use crate::edit::patch::{self, FilePatch};
use crate::edit::rejection::{Candidate, Reason};

/// Applies the hunks of an update section, given as the lines below its header.
fn apply(text: &str, hunks: &str) -> Result<String, Rejection> {
    let patch = format!("*** Begin Patch\n*** Update File: f\n{hunks}*** End Patch\n");
    match patch::parse(&patch).unwrap().remove(0) {
        FilePatch::Update { hunks, .. } => apply_hunks(text, &hunks),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(text: &str, hunks: &str, expected: &str) {
    match apply(text, hunks) {
        Ok(changed) => assert_eq!(changed, expected),
        Err(rejection) => panic!("{rejection}"),
    }
}

#[track_caller]
fn refused(text: &str, hunks: &str, hunk: usize, reason: Reason) -> Rejection {
    let rejection = apply(text, hunks).unwrap_err();
    assert_eq!((rejection.hunk, rejection.reason), (hunk, reason), "{rejection}");
    rejection
}

fn lines_of(candidates: &[Candidate]) -> Vec<usize> {
    candidates.iter().map(|candidate| candidate.line).collect()
}

mod passes {
    use super::*;

    #[test]
    fn exact_lines_are_replaced() {
        check("a\nb\nc\n", "@@\n a\n-b\n+B\n+x\n c\n", "a\nB\nx\nc\n");
        check("a\nb\nc\n", "@@\n-a\n@@\n-c\n", "b\n");
        check("❤️\nț 漢\n👩\u{200d}💻\n", "@@\n-ț 漢\n+ț 字\n", "❤️\nț 字\n👩\u{200d}💻\n");
    }

    #[test]
    fn trailing_blanks_may_differ_and_stay() {
        check("a  \nb\nc\t\n", "@@\n a\n-b \n+B\n c\n", "a  \nB\nc\t\n");
    }

    #[test]
    fn an_exact_place_goes_before_a_lenient_one() {
        check("x \nx\n", "@@\n-x\n+y\n", "x \ny\n");
        check("    x\nx\n", "@@\n-x\n+y\n", "    x\ny\n");
        check("“x”\n\"x\"\n", "@@\n-\"x\"\n+y\n", "“x”\ny\n");
    }

    #[test]
    fn a_uniform_indent_shift_goes_for_added_lines_too() {
        let text = "fn f() {\n    if x {\n        a();\n\n    }\n}\n";
        let changed = "fn f() {\n    if x {\n        b();\n\n            c();\n    }\n}\n";
        check(text, "@@\n if x {\n-    a();\n+    b();\n \n+        c();\n }\n", changed);
        check(text, "@@\n       if x {\n-          a();\n+          b();\n \n+              c();\n       }\n", changed);
    }

    #[test]
    fn tabs_for_spaces_are_an_indent_shift() {
        check("a:\n\tb\n\t\tc\n", "@@\n a:\n     b\n-        c\n+        d\n", "a:\n\tb\n\t\td\n");
        check("a:\n  b\n    c\n", "@@\n \tb\n-\t\tc\n+\t\td\n", "a:\n  b\n    d\n");
    }

    #[test]
    fn an_uneven_indent_shift_is_refused() {
        refused("a\n    b\n", "@@\n   a\n-  b\n+  c\n", 1, Reason::NotFound);
        // The added line stands left of what would be taken away.
        refused("a\nb\n", "@@\n   a\n-  b\n+c\n", 1, Reason::NotFound);
    }

    #[test]
    fn brackets_alone_do_not_shift() {
        let rejection = refused("fn a() {\n    b();\n}\n", "@@\n     }\n+    x\n", 1, Reason::NotFound);
        assert!(rejection.detail.contains("indented in another way"), "{rejection}");
        assert_eq!(lines_of(&rejection.candidates), [3]);
        check("{\n}\n", "@@\n {\n+x\n }\n", "{\nx\n}\n");
    }

    #[test]
    fn typographic_characters_may_differ_and_stay() {
        let text = "say “hi” — now\nnext\n";
        check(text, "@@\n say \"hi\" - now\n-next\n+last\n", "say “hi” — now\nlast\n");
        check("x = 1\ny\n", "@@\n x\u{a0}=\u{2009}1\n-y\n+z\n", "x = 1\nz\n");
    }

    #[test]
    fn the_space_before_context_may_be_forgotten() {
        let text = "fn a() {\n    one();\n    two();\n}\n";
        let changed = "fn a() {\n    one();\n    new();\n}\n";
        check(text, "@@\nfn a() {\n    one();\n-    two();\n+    new();\n}\n", changed);
        // Shown by a removed line alone, by a line at the margin alone, by an added line alone.
        check(text, "@@\n    one();\n-    two();\n+    new();\n", changed);
        let more = "fn a() {\n    one();\n    new();\n    two();\n}\n";
        check(text, "@@\nfn a() {\n    one();\n+    new();\n", more);
        check(text, "@@\n    one();\n+    new();\n    two();\n", more);
        check("x:\n\ta\n", "@@\n\ta\n+\tb\n", "x:\n\ta\n\tb\n");
    }

    #[test]
    fn one_space_less_is_an_indent_shift_where_the_other_lines_say_so() {
        let text = "fn a() {\n    one();\n    two();\n}\n";
        check(text, "@@\n    one();\n-   two();\n+   new();\n", "fn a() {\n    one();\n    new();\n}\n");
        check(text, "@@\n    one();\n+   new();\n    two();\n", "fn a() {\n    one();\n    new();\n    two();\n}\n");
        refused(text, "@@\n    one();\n+        new();\n    two();\n", 1, Reason::NotFound);
    }

    #[test]
    fn odd_spaces_of_the_indentation_do_not_get_into_the_file() {
        let text = "a:\n    b \"x\"\n";
        check(text, "@@\n-\u{a0}\u{a0}\u{a0}\u{a0}b \"x\"\n+\u{a0}\u{a0}\u{a0}\u{a0}c\n", "a:\n    c\n");
        check(text, "@@\n-\u{a0}\u{a0}\u{a0}\u{a0}b “x”\n+\u{a0}\u{a0}\u{a0}\u{a0}c\n", "a:\n    c\n");
    }

    #[test]
    fn typographic_characters_may_differ_where_marks_are_forgotten_or_the_indentation_is_another() {
        let text = "fn a() {\n    say(“one”);\n    two();\n}\n";
        let changed = "fn a() {\n    say(“one”);\n    new();\n}\n";
        check(text, "@@\n    say(\"one\");\n-    two();\n+    new();\n", changed);
        check(text, "@@\n   say(\"one\");\n-  two();\n+  new();\n", changed);
        // Not where it would be one of two.
        refused("  say(“one”)\n    say(“one”)\n", "@@\n-say(\"one\")\n+x\n", 1, Reason::Ambiguous);
    }

    #[test]
    fn a_line_that_moves_stays_as_the_file_has_it() {
        check("a “1”\nb\n", "@@\n-a \"1\"\n b\n+a \"1\"\n+c\n", "b\na “1”\nc\n");
        check("a\n\nb\n", "@@\n-a  \n   \n b\n+a  \n+  \n+c\n", "\nb\na\n\nc\n");
        // A new blank line does not get blanks from another; where the file has both forms, the hunk's is taken.
        check("a \n  \n", "@@\n-a\n \n+\n+b\n", "  \n\nb\n");
        check("x \nx\ny\n", "@@\n x\n x\n-y\n+x\n", "x \nx\nx\n");
    }

    #[test]
    fn forgotten_marks_do_not_matter_where_nothing_is_added() {
        check("f:\n    a\n\n    b\n", "@@\n    a\n-\n    b\n", "f:\n    a\n    b\n");
    }

    #[test]
    fn a_shift_by_an_odd_column_could_be_a_forgotten_mark() {
        // Two columns more and no marks, or one column more and `c` within `a`?
        refused("a\nb\n", "@@\n  a\n+  c\n  b\n", 1, Reason::NotFound);
        check("a\nb\n", "@@\n  a\n- b\n+ c\n", "a\nc\n");
        check("a\nb\n", "@@\n  a\n+ c\n  b\n", "a\nc\nb\n");
    }

    #[test]
    fn nothing_more_lenient_is_tried() {
        refused("let total = 1;\n", "@@\n-let totals = 1;\n+x\n", 1, Reason::NotFound);
        refused("A\n", "@@\n-a\n+b\n", 1, Reason::NotFound);
    }
}

mod order {
    use super::*;

    #[test]
    fn each_hunk_is_searched_below_the_one_before() {
        check("x\na\nx\nb\n", "@@\n-a\n+A\n@@\n-x\n+X\n", "x\nA\nX\nb\n");
        let rejection = refused("x\na\n", "@@\n-a\n+A\n@@\n-x\n+X\n", 2, Reason::NotFound);
        assert_eq!(lines_of(&rejection.candidates), [1]);
        assert!(rejection.detail.contains("hunks come in file order"), "{rejection}");
    }

    #[test]
    fn two_hunks_may_share_the_context_between_them() {
        check("a\nb\nc\nd\n", "@@\n-a\n+A\n b\n c\n@@\n b\n c\n-d\n+D\n", "A\nb\nc\nD\n");
        check("a\nb\nc\n", "@@\n a\n+1\n b\n@@\n b\n+2\n c\n", "a\n1\nb\n2\nc\n");
    }

    #[test]
    fn a_changed_line_is_not_matched_again() {
        refused("a\nb\n", "@@\n-a\n+b\n@@\n-a\n+c\n", 2, Reason::NotFound);
    }
}

mod ambiguity {
    use super::*;

    const TWICE: &str = "fn a() {\n    go();\n}\nfn b() {\n    go();\n}\n";

    #[test]
    fn several_places_are_refused_with_all_of_them() {
        let rejection = refused(TWICE, "@@\n-    go();\n+    stop();\n", 1, Reason::Ambiguous);
        let place = |line, head: &str, text: &str| Candidate { line, text: text.into(), within: Some(head.into()) };
        let first = place(2, "fn a() {", "fn a() {\n    go();");
        assert_eq!(rejection.candidates, [first, place(5, "fn b() {", "}\nfn b() {\n    go();")]);
    }

    #[test]
    fn an_anchor_decides() {
        let changed = "fn a() {\n    stop();\n}\nfn b() {\n    go();\n}\n";
        check(TWICE, "@@ fn a() {\n-    go();\n+    stop();\n", changed);
        check(TWICE, "@@ fn a() @@\n-    go();\n+    stop();\n", changed);
        let changed = "fn a() {\n    go();\n}\nfn b() {\n    stop();\n}\n";
        check(TWICE, "@@ fn b\n-    go();\n+    stop();\n", changed);
    }

    #[test]
    fn part_of_a_line_is_an_anchor_in_whole_words() {
        let text = "fn bar() {\n    go();\n}\nfn b() {\n    go();\n}\n";
        let changed = "fn bar() {\n    go();\n}\nfn b() {\n    stop();\n}\n";
        check(text, "@@ fn b\n-    go();\n+    stop();\n", changed);
        check(text, "@@ b()\n-    go();\n+    stop();\n", changed);
    }

    #[test]
    fn stacked_anchors_decide() {
        let text = "class A:\n    def f(self):\n        x\nclass B:\n    def f(self):\n        x\n";
        let changed = "class A:\n    def f(self):\n        x\nclass B:\n    def f(self):\n        y\n";
        check(text, "@@ class B:\n@@ def f(self):\n-        x\n+        y\n", changed);
        refused(text, "@@ def f(self):\n-        x\n+        y\n", 1, Reason::Ambiguous);
    }

    #[test]
    fn an_anchor_that_names_several_places_of_one_block_decides_nothing() {
        let text = "fn a() {\n    go();\n    wait();\n    go();\n}\n";
        let rejection = refused(text, "@@ fn a() {\n-    go();\n+    stop();\n", 1, Reason::Ambiguous);
        assert_eq!(lines_of(&rejection.candidates), [2, 4]);
    }

    #[test]
    fn an_anchor_may_be_repeated_by_the_next_hunk() {
        let text = "fn a() {\n    x\n    y\n}\nfn b() {\n    x\n    y\n}\n";
        let changed = "fn a() {\n    X\n    Y\n}\nfn b() {\n    x\n    y\n}\n";
        check(text, "@@ fn a() {\n-    x\n+    X\n@@ fn a() {\n-    y\n+    Y\n", changed);
    }

    #[test]
    fn an_anchor_may_stand_in_the_hunk_itself() {
        let text = "go();\nfn a() {\n}\ngo();\nfn b() {\n}\n";
        check(text, "@@ fn b() {\n-go();\n+stop();\n fn b() {\n", "go();\nfn a() {\n}\nstop();\nfn b() {\n}\n");
    }

    #[test]
    fn a_place_above_its_anchor_is_refused() {
        let text = "fn a() {\n    go();\n}\nfn b() {\n    wait();\n}\n";
        refused(text, "@@ fn b() {\n-    go();\n+    stop();\n", 1, Reason::NotFound);
    }

    #[test]
    fn an_unknown_anchor_only_matters_where_it_would_decide() {
        check("a\nb\n", "@@ gone\n-b\n+c\n", "a\nc\n");
        let rejection = refused("b\nb\n", "@@ gone\n-b\n+c\n", 1, Reason::Ambiguous);
        assert!(rejection.detail.contains("`@@ gone` is not in the file"), "{rejection}");
        refused("a\n    b\n", "@@ gone\n-b\n+c\n", 1, Reason::NotFound);
    }

    #[test]
    fn a_line_number_decides_only_when_it_is_exact() {
        check("x\ny\nx\n", "@@ -3,1 +3,1 @@\n-x\n+z\n", "x\ny\nz\n");
        refused("x\ny\nx\n", "@@ -4,1 +4,1 @@\n-x\n+z\n", 1, Reason::Ambiguous);
        check("x\ny\n", "@@ -40,1 +40,1 @@ fn f()\n-x\n+z\n", "z\ny\n");
    }

    #[test]
    fn the_end_of_the_file_decides() {
        check("x\ny\nx\n", "@@\n-x\n+z\n*** End of File\n", "x\ny\nz\n");
        let rejection = refused("x\ny\n", "@@\n-x\n+z\n*** End of File\n", 1, Reason::NotFound);
        assert!(rejection.detail.contains("the file goes on"), "{rejection}");
    }
}

mod insertion {
    use super::*;

    #[test]
    fn context_an_anchor_or_the_end_of_the_file_give_the_place() {
        check("a\nb\n", "@@\n a\n+x\n", "a\nx\nb\n");
        check("a\nb\n", "@@\n+x\n a\n", "x\na\nb\n");
        check("a\nb\n", "@@ a\n+x\n", "a\nx\nb\n");
        check("a\nb\n", "@@\n+x\n*** End of File\n", "a\nb\nx\n");
        check("", "@@\n+x\n+y\n", "x\ny\n");
    }

    #[test]
    fn a_place_that_is_not_given_is_not_guessed() {
        refused("a\n", "@@\n+x\n", 1, Reason::Malformed);
        refused("a\nb\na\n", "@@ a\n+x\n", 1, Reason::Ambiguous);
        refused("a\n", "@@ gone\n+x\n", 1, Reason::NotFound);
        refused("a\nb\n", "@@\n-b\n+c\n@@ a\n+x\n", 2, Reason::NotFound);
    }

    #[test]
    fn a_hunk_that_changes_nothing_is_refused() {
        refused("a\nb\n", "@@\n a\n b\n", 1, Reason::Malformed);
    }
}

mod end_of_text {
    use super::*;

    #[test]
    fn a_final_line_end_is_kept() {
        check("a\nb\n", "@@\n-a\n+A\n", "A\nb\n");
        check("a\nb\n", "@@\n-b\n+B\n", "a\nB\n");
        check("a\nb\n", "@@\n-b\n", "a\n");
        check("a\n", "@@\n-a\n", "");
    }

    #[test]
    fn a_missing_one_stays_missing_unless_the_last_line_changes() {
        check("a\nb", "@@\n-a\n+A\n", "A\nb");
        check("a\nb", "@@\n+x\n b\n", "a\nx\nb");
        check("a\nb", "@@\n-b\n+B\n", "a\nB\n");
        check("a\nb", "@@\n b\n+x\n", "a\nb\nx\n");
        check("a\nb", "@@\n-b\n", "a\n");
    }

    #[test]
    fn an_empty_context_line_may_stand_for_the_end() {
        check("a\nb\n", "@@\n-b\n+c\n\n*** End of File\n", "a\nc\n");
        check("a\nb\n", "@@\n-b\n+c\n \n", "a\nc\n");
        refused("b\na\n", "@@\n-b\n+c\n \n", 1, Reason::NotFound);
    }
}

mod answers {
    use super::*;

    #[test]
    fn a_rejection_names_the_other_hunks() {
        let rejection = refused("a\nb\nc\n", "@@\n-a\n@@\n-x\n@@\n-y\n@@\n-c\n", 2, Reason::NotFound);
        assert_eq!(rejection.applicable, [1, 4]);
        assert!(
            rejection.to_string().ends_with("\nNothing was changed. Hunks 1, 4 would have applied."),
            "{rejection}"
        );
        let rejection = refused("a\nb\nc\nd\n", "@@\n-a\n@@\n-b\n@@\n-c\n@@\n-x\n@@\n-d\n", 4, Reason::NotFound);
        assert!(rejection.to_string().ends_with(" Hunks 1-3, 5 would have applied."), "{rejection}");
    }

    #[test]
    fn the_closest_lines_are_shown_from_the_first_difference() {
        let text = "fn a() {\n    one();\n    two(b);\n    three();\n}\n";
        let rejection = refused(text, "@@\n fn a() {\n     one();\n-    two(a);\n+    x();\n", 1, Reason::NotFound);
        assert_eq!(
            rejection.to_string(),
            "Hunk 1 is not found: the file has no line `two(a);`.\n\
             Closest lines of the file, from line 2, below `fn a() {`:\n\
             |    one();\n|    two(b);\n|    three();\n|}\n\
             Nothing was changed."
        );
    }

    #[test]
    fn a_place_is_shown_once_where_a_line_was_left_out() {
        let text = "one\ntwo\nthree\nfour\nfive\n";
        let rejection = refused(text, "@@\n one\n two\n four\n-five\n", 1, Reason::NotFound);
        assert_eq!(lines_of(&rejection.candidates), [2]);
        assert!(rejection.detail.contains("but not together in this order"), "{rejection}");
    }

    #[test]
    fn a_line_with_the_same_words_is_close() {
        let text = "use x;\nlet total = sum(values);\n";
        let rejection = refused(text, "@@\n-let total = sum(&values);\n+x\n", 1, Reason::NotFound);
        assert_eq!(lines_of(&rejection.candidates), [2]);
        let rejection = refused(text, "@@\n-nothing like it\n+x\n", 1, Reason::NotFound);
        assert_eq!(rejection.candidates, []);
    }

    #[test]
    fn an_ambiguity_is_said_with_the_places_and_what_helps() {
        let text = "[a]\nx = 1\n\n[b]\nx = 1\n";
        let rejection = refused(text, "@@\n-x = 1\n+x = 2\n", 1, Reason::Ambiguous);
        assert_eq!(
            rejection.to_string(),
            "Hunk 1 is ambiguous: its context and removed lines fit 2 places; add lines around the change, or `@@` \
             lines that name the enclosing block, until only one fits.\n\
             Possible at line 2:\n|[a]\n|x = 1\nPossible at line 5:\n|\n|[b]\n|x = 1\nNothing was changed."
        );
    }

    #[test]
    fn at_most_three_short_places_are_shown() {
        let line = "é".repeat(400);
        let text = format!("{line}\n").repeat(9);
        let rejection = refused(&text, &format!("@@\n-{line}\n"), 1, Reason::Ambiguous);
        assert_eq!(lines_of(&rejection.candidates), [1, 2, 3]);
        assert_eq!(rejection.candidates[0].text.chars().count(), 160);
    }
}
