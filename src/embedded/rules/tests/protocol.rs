//! How a turn goes: what is asked for, patches that are refused, several turns in one conversation.

use super::super::{CANNOT, Reply, ReplyItem, respond};
use super::editor::Editor;
use crate::wire::item::Item;

const PAIR: &str = "//- /src/lib.rs
pub mod a;
pub fn fetch() {}
//- /src/a.rs
fn f() { crate::fetch(); }
";

#[test]
fn everything_else_is_declined_with_the_way_out() {
    let declined = Reply { items: vec![ReplyItem::Text(CANNOT.into())] };
    assert_eq!(respond(&[Item::user("hello")]), declined);
    assert_eq!(respond(&[]), declined);
    assert_eq!(respond(&[Item::user("Request: simplify in \"a.rs\"\n")]), declined);
    assert_eq!(
        respond(&[Item::user("Request: edit\n<instruction bytes=\"13\">\nmake it faster\n</instruction>")]),
        declined
    );
    assert!(CANNOT.contains("Pilotlight's embedded agent") && CANNOT.contains("provider.base_url"));
}

#[test]
fn changes_that_are_no_rename_are_declined() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("crate::fetch();", "crate::load();");
    let said = editor.finish();
    assert!(said.contains("rename no definition") && said.contains(CANNOT), "{said}");
    assert_eq!(editor.patches.len(), 0);
}

#[test]
fn files_that_are_known_are_not_read() {
    let mut editor = Editor::new(PAIR);
    let lib = editor.files["src/lib.rs"].clone();
    editor.items.push(Item::user(format!("<file path=\"src/lib.rs\" bytes=\"{}\">\n{lib}\n</file>\n", lib.len())));
    editor.type_over("fn fetch", "fn load");
    editor.finish();
    let reads: Vec<&String> = editor.calls.iter().filter(|call| call.starts_with("read_file")).collect();
    assert_eq!(reads, ["read_file {\"path\":\"src/a.rs\"}"]);
    editor.expect("//- /src/a.rs\nfn f() { crate::load(); }\n");
}

#[test]
fn a_change_sent_as_a_whole_file_is_a_change_too() {
    let mut editor = Editor::new(PAIR);
    let frame = |text: &str| format!("<file path=\"src/lib.rs\" bytes=\"{}\">\n{text}\n</file>\n", text.len());
    editor.items.push(Item::user(frame(&editor.files["src/lib.rs"])));
    editor.type_over("fn fetch", "fn load");
    let message = format!("{}Request: finish in \"src/lib.rs\"\n", frame(&editor.files["src/lib.rs"]));
    editor.ask(&message);
    editor.expect("//- /src/a.rs\nfn f() { crate::load(); }\n");
}

#[test]
fn what_the_agent_renamed_and_the_user_took_back_does_not_hide_what_the_user_had_renamed() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    let words = "rename load to get";
    let changes = editor.changes();
    let frame = format!("<instruction bytes=\"{}\">\n{words}\n</instruction>\n", words.len());
    editor.ask(&format!("{changes}Request: edit in \"src/lib.rs\"\n{frame}"));
    assert!(editor.files["src/lib.rs"].contains("fn get"), "{}", editor.files["src/lib.rs"]);
    editor.type_over("fn get", "fn load");
    editor.finish();
    editor.expect("//- /src/a.rs\nfn f() { crate::load(); }\n");
}

#[test]
fn a_second_turn_sees_only_what_is_new() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    editor.finish();
    let said = editor.finish();
    assert!(said.contains("rename no definition"), "{said}");
    editor.type_over("fn f()", "fn g()");
    let said = editor.finish();
    assert_eq!(said, "Pilotlight's embedded agent: no use of the function `f` was left to rename to `g`.");
    let patches = editor.patches.len();
    editor.type_over("pub fn load", "pub fn get");
    editor.finish();
    assert_eq!(editor.patches.len(), patches + 1);
    editor.expect("//- /src/a.rs\nfn g() { crate::get(); }\n");
}

#[test]
fn a_refused_patch_is_tried_once_more_on_the_text_as_it_is() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    editor.refuse = 1;
    editor.finish();
    editor.expect("//- /src/a.rs\nfn f() { crate::load(); }\n");
    assert_eq!(editor.calls.iter().filter(|call| call.contains("src/a.rs")).count(), 2);

    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    editor.refuse = 9;
    let said = editor.finish();
    assert_eq!(
        said,
        "Pilotlight's embedded agent gave up: its patch was refused twice, the last time with: hunk 1 does not fit"
    );
    assert_eq!(editor.patches.len(), 2);
    assert_eq!(editor.calls.iter().filter(|call| call.contains("src/a.rs")).count(), 2, "it is not read once more");
}

#[test]
fn long_files_are_read_to_their_end() {
    let mut editor = Editor::new(PAIR);
    let a = format!("{}fn f() {{ crate::fetch(); }}\n", "// line\n".repeat(10));
    editor.files.insert("src/a.rs".into(), a.clone());
    editor.type_over("fn fetch", "fn load");
    editor.page = 4;
    editor.finish();
    assert_eq!(editor.files["src/a.rs"], a.replace("fetch", "load"));
}

#[test]
fn what_the_user_types_meanwhile_is_respected() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    let request = format!("{}Request: finish in \"src/lib.rs\"\n", editor.changes());
    editor.items.push(Item::user(request));
    // Two rounds: reading, searching.
    for _ in 0..2 {
        let Reply { items } = respond(&editor.items);
        for (index, item) in items.into_iter().enumerate() {
            let ReplyItem::Call { name, arguments } = item else { panic!("a call") };
            let call_id = format!("{index}_{}", editor.items.len());
            let output = match name.as_str() {
                "read_file" => "src/lib.rs (lines 1-2 of 2)\npub mod a;\npub fn load() {}\n".to_owned(),
                _ => "1 match in 1 file\nsrc/a.rs:1:fn f() { crate::fetch(); }".to_owned(),
            };
            editor.items.push(Item::FunctionCall { call_id: call_id.clone(), name, arguments: arguments.to_string() });
            editor.items.push(Item::FunctionCallOutput { call_id, output });
        }
    }
    editor.type_over("crate::fetch();", "crate::fetch(); crate::fetch();");
    let typed = editor.changes();
    editor.ask(&typed);
    editor.expect("//- /src/a.rs\nfn f() { crate::load(); crate::load(); }\n");
}

#[test]
fn the_workspace_is_searched_once() {
    let mut editor = Editor::new(PAIR);
    editor.type_over("fn fetch", "fn load");
    editor.finish();
    let mut calls = editor.calls.clone();
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), editor.calls.len(), "no call is made twice");
}

#[test]
fn mentions_in_other_files_are_named() {
    let mut editor = Editor::new(&format!("{PAIR}//- /README.md\nUse `fetch`.\n"));
    editor.type_over("fn fetch", "fn load");
    let said = editor.finish();
    assert!(said.ends_with("Files of other languages mention `fetch` too: README.md:1."), "{said}");
}
