//! Comments that ask for something: done and taken away, or left with the reason.

use super::editor::Editor;

/// Asks to implement the comment in these lines and compares the result.
fn check(before: &str, path: &str, lines: &str, after: &str) -> String {
    let mut editor = Editor::new(before);
    let said = editor.ask(&format!(
        "Request: implement in \"{path}\"\n<selection path=\"{path}\" lines=\"{lines}\" bytes=\"1\">\n \n</selection>\n"
    ));
    editor.expect(after);
    said
}

#[test]
fn a_comment_that_asks_for_a_rename_goes_with_it() {
    let said = check(
        "//- /src/lib.rs
// AI! rename `fetch` to `load` everywhere
pub fn fetch() {}

// fetch is called below
fn f() { crate::fetch() }
//- /src/a.rs
fn g() { crate::fetch() }
",
        "src/lib.rs",
        "1-1",
        "//- /src/lib.rs
pub fn load() {}

// fetch is called below
fn f() { crate::load() }
//- /src/a.rs
fn g() { crate::load() }
",
    );
    assert!(said.ends_with("Removed the comment that asked."), "{said}");
}

#[test]
fn a_comment_beside_code_goes_alone() {
    check(
        "//- /m.py
def send(to, times):  # remove the parameter times AI!
    return to

send(1,
     2)
",
        "m.py",
        "1-1",
        "//- /m.py
def send(to):
    return to

send(1)
",
    );
}

#[test]
fn a_parameter_that_the_body_uses_is_not_removed_and_the_comment_stays() {
    let before = "//- /a.ts
/* AI! remove the parameter `times` of send */
export function send(to: string, times: number) { return times }
send('a', 1)
";
    let said = check(before, "a.ts", "1-1", before);
    assert_eq!(
        said,
        "Pilotlight's embedded agent: the parameter `times` of `send` (a.ts:2) was left alone: its body uses a parameter \
         that goes. The comment that asked stays."
    );
}

#[test]
fn words_that_rules_cannot_follow_leave_the_comment() {
    let before = "//- /a.go\npackage a\n\n// AI! make this faster\nfunc f() {}\n";
    let said = check(before, "a.go", "3-3", before);
    assert!(said.starts_with("The comment stays: its words ask for nothing that rules can do."), "{said}");
    assert!(said.contains("provider.base_url"), "{said}");
    let before = "//- /a.go\npackage a\n\n// AI! rename nothing_here to something\nfunc f() {}\n";
    let said = check(before, "a.go", "3-3", before);
    assert!(said.contains("found no definition of `nothing_here`"), "{said}");
}

#[test]
fn an_instruction_removes_a_parameter_too() {
    let said = super::check_edit(
        "//- /src/lib.rs
pub fn send(to: &str, times: u8) -> usize { to.len() }
fn f() -> usize { send(\"a\", 1) }
//- /src/a.rs
fn send(times: u8) {}
fn g() -> usize { crate::send(\"a\", 2) }
",
        "Remove the parameter `times` of `send`",
        "",
    );
    assert!(said.contains("found several functions with the parameter `times` of `send`"), "{said}");
    super::check_edit(
        "//- /src/lib.rs
pub fn send(to: &str, times: u8) -> usize { to.len() }
fn f() -> usize { send(\"a\", 1) }
//- /src/a.rs
fn g() -> usize { crate::send(\"a\", 2) }
",
        "Remove the parameter `times` of `send`",
        "//- /src/lib.rs
pub fn send(to: &str) -> usize { to.len() }
fn f() -> usize { send(\"a\") }
//- /src/a.rs
fn g() -> usize { crate::send(\"a\") }
",
    );
}
