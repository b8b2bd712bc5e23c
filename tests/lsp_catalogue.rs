//! What is offered where: the whole menu of each editor, word by word; kinds and preferences; and the places where little or
//! nothing makes sense. All of it answered from memory. Every test drives the real binary over stdio.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::{Reply, Step};
use scripted::{Style, begin, serving};
use serde_json::{Value, json};
use support::{Client, Project, RUST, TestEditor, commands};

const FILES: &str = "\
//- src/lib.rs
use std::fs;
// AI! use a table here
pub fn one() {}
// TODO: two
pub fn two() { todo!() }
";

/// Custom actions of every kind of kind.
const ACTIONS: &str = "\
[[action]]
name = \"modernise\"
title = \"Modernise it\"
prompt = \"Rewrite.\"
[[action]]
name = \"sort\"
title = \"Sort the imports\"
prompt = \"Sort.\"
languages = [\"rust\", \"python\"]
kind = \"source.organizeImports\"
[[action]]
name = \"spell\"
title = \"Correct the spelling\"
prompt = \"Spell.\"
languages = [\"markdown\"]
kind = \"quickfix\"
";

/// Characters that a reader does not see, or that turn the text around them about.
const DECEPTIVE: &str = "\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{61c}\u{2028}\u{7}\u{e0041}";

fn diagnostic(range: &Value, message: Value) -> Value {
    json!({"range": range, "severity": 2, "source": "rustc", "code": "x", "message": message})
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

/// Kind, title, and whether it is preferred.
fn rows(actions: &[Value]) -> Vec<String> {
    let row = |action: &Value| {
        let preferred = if action["isPreferred"] == true { " *" } else { "" };
        format!("{}: {}{preferred}", action["kind"].as_str().unwrap(), action["title"].as_str().unwrap())
    };
    actions.iter().map(row).collect()
}

// ---- the menu ------------------------------------------------------------------------------------------------------

#[test]
fn the_whole_menu_is_read_like_this() {
    let selection = ["Document the selection", "Write tests for the selection", "Simplify the selection"];
    let selection = selection.map(|title| format!("refactor.rewrite: {title}"));
    let asking = ["refactor.rewrite: Edit with Pilotlight…", "source: Ask Pilotlight…"].map(str::to_owned);
    let plugin = json!({"prompt": true});
    for (client, has_plugin) in [
        (Client::vscode().with_plugin(plugin.clone()), true),
        (Client::neovim().with_plugin(plugin), true),
        (Client::helix25(), false),
    ] {
        let project = Project::new(FILES);
        project.configure(ACTIONS);
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/lib.rs");
        editor.change("src/lib.rs", "one", "single");
        let range = editor.range("src/lib.rs", "// AI! use a table here\npub fn single() {}");
        let context = json!({"diagnostics": [diagnostic(&range, json!("never used"))]});
        let mut expected = vec![
            format!("quickfix: Fix: never used{}", if has_plugin { " *" } else { "" }),
            "refactor.rewrite: Finish this change across the workspace".to_owned(),
            "refactor.rewrite: Do what this comment asks: use a table here".to_owned(),
        ];
        if has_plugin {
            expected.extend(asking.clone());
        }
        expected.extend(selection.clone());
        if !has_plugin {
            expected.push("source: Explain the selection".to_owned());
        }
        expected.extend(["refactor.rewrite: Modernise it", "source.organizeImports: Sort the imports"].map(Into::into));
        assert_eq!(rows(&editor.actions_for("src/lib.rs", range, context)), expected);
    }
}

#[test]
fn only_a_fix_of_the_one_diagnostic_that_was_sent_is_preferred() {
    let project = Project::new(FILES);
    project.configure("[[action]]\nname = \"q\"\ntitle = \"Mend it\"\nprompt = \"Mend.\"\nkind = \"quickfix\"\n");
    let preferred = |actions: &[Value]| -> Vec<String> {
        let preferred = actions.iter().filter(|action| action.get("isPreferred").is_some());
        preferred.map(|action| action["title"].as_str().unwrap().to_owned()).collect()
    };
    for client in [Client::vscode(), Client::neovim(), Client::helix25(), Client::plain()] {
        // In Helix ours would come before the language server's own.
        let knows = client.announces("/textDocument/codeAction/isPreferredSupport") && client.name != "helix";
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/lib.rs");
        let range = editor.range("src/lib.rs", "std::fs");
        let one = diagnostic(&range, json!("unused import"));
        let sent = |all: Value| json!({ "diagnostics": all });
        let actions = editor.actions_for("src/lib.rs", range.clone(), sent(json!([one])));
        assert_eq!(preferred(&actions), Vec::from_iter(knows.then_some("Fix: unused import".to_owned())));
        let actions = editor.actions_for("src/lib.rs", range.clone(), sent(json!([one, one])));
        assert_eq!(actions[0]["title"], "Fix 2 problems here");
        assert_eq!(preferred(&actions), Vec::<String>::new(), "which of them?");
        editor.notify("pilotlight/diagnostics", json!({"uri": editor.uri("src/lib.rs"), "diagnostics": [one]}));
        let actions = editor.actions_for("src/lib.rs", range, sent(json!([])));
        assert_eq!(actions[0]["title"], "Fix: unused import");
        assert_eq!(preferred(&actions), Vec::<String>::new(), "the editor does not know of it");
    }
}

#[test]
fn a_diagnostic_whose_message_is_markup_is_offered_by_its_first_words() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    let range = editor.range("src/lib.rs", "std::fs");
    let message = json!({"kind": "markdown", "value": "\n  unused `std::fs`\n\nRemove it."});
    let context = json!({"diagnostics": [diagnostic(&range, message)]});
    assert_eq!(titles(&editor.actions_for("src/lib.rs", range, context))[0], "Fix: unused `std::fs`");
}

#[test]
fn kinds_are_chosen_by_their_families() {
    let project = Project::new(FILES);
    project.configure(ACTIONS);
    let mut editor = TestEditor::start(Client::vscode().with_plugin(json!({"prompt": true})), &project);
    editor.open("src/lib.rs");
    let range = editor.range("src/lib.rs", "// AI! use a table here");
    let diagnostics = json!([diagnostic(&range, json!("unused import"))]);
    let mut offered = |only: Value| {
        let context = json!({"diagnostics": diagnostics, "only": only});
        titles(&editor.actions_for("src/lib.rs", range.clone(), context)).join(", ")
    };
    let everything = offered(Value::Null);
    for (only, expected) in [
        (json!([""]), everything.as_str()),
        (json!(["quickfix"]), "Fix: unused import"),
        (json!(["source"]), "Ask Pilotlight…, Sort the imports"),
        (json!(["source.organizeImports"]), "Sort the imports"),
        (json!(["source.fixAll", "source.organize", "notebook", "refactor.", ".", "Quickfix"]), ""),
        (json!(["what is this", "quickfix"]), "Fix: unused import"),
    ] {
        assert_eq!(offered(only.clone()), expected, "{only}");
    }
}

#[test]
fn asked_for_or_not_the_menu_is_the_same() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    let range = editor.range("src/lib.rs", "// AI! use a table here");
    let [invoked, automatic] = [1, 2].map(|trigger| {
        editor.actions_for("src/lib.rs", range.clone(), json!({"diagnostics": [], "triggerKind": trigger}))
    });
    assert!(!invoked.is_empty());
    assert_eq!(invoked, automatic, "the light bulb opens what was offered unasked");
}

#[test]
fn a_cursor_or_white_space_is_no_selection() {
    let project = Project::new("//- a.py\nx = 1    # 🦀\ny = 2\n");
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let mut editor = TestEditor::start(client, &project);
        editor.open("a.py");
        for (text, is_selection) in [("x", false), ("🦀", false), ("    ", false), ("\n", false), ("y = 2", true)] {
            let range = match text {
                "\n" => json!({"start": {"line": 1, "character": 5}, "end": {"line": 2, "character": 0}}),
                text => editor.range("a.py", text),
            };
            let actions = editor.actions_for("a.py", range, json!({"diagnostics": []}));
            let offered = ["pilotlight.document", "pilotlight.test", "pilotlight.simplify", "pilotlight.ask"];
            assert_eq!(commands(&actions), if is_selection { &offered[..] } else { &[] }, "{text:?}");
        }
    }
}

#[test]
fn custom_actions_are_offered_by_language_whatever_their_kind() {
    let project = Project::new("//- a.md\nHelo\n//- a.py\nx = 1\n//- a.txt\nx\n");
    project.configure(ACTIONS);
    let mut editor = TestEditor::start(Client::helix25(), &project);
    for (name, text, expected) in [
        ("a.md", "Helo", &["refactor.rewrite: Modernise it", "quickfix: Correct the spelling"][..]),
        ("a.py", "x", &["refactor.rewrite: Modernise it", "source.organizeImports: Sort the imports"]),
        ("a.txt", "x", &["refactor.rewrite: Modernise it"]),
    ] {
        editor.open(name);
        let actions = editor.actions(name, text);
        assert_eq!(rows(&actions), expected, "{name}");
        assert!(actions.iter().all(|action| action["command"]["command"] == "pilotlight.action"));
    }
}

// ---- titles --------------------------------------------------------------------------------------------------------

#[test]
fn no_title_shows_anything_deceptive_of_what_it_quotes() {
    let project = Project::new(FILES);
    project.write(
        "src/wishes.rs",
        &format!("// AI! do{DECEPTIVE} it\nfn a() {{}}\n// AI? why{DECEPTIVE}\nfn b() {{}}\n// TODO: c{DECEPTIVE}d\n"),
    );
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/wishes.rs");
    let marks: String = DECEPTIVE.chars().flat_map(char::escape_unicode).collect();
    for (place, title) in [
        ("// AI!", format!("Do what this comment asks: do{marks} it")),
        ("// AI?", format!("Answer this comment: why{marks}")),
        ("// TODO", format!("Implement TODO: c{marks}d")),
    ] {
        let actions = editor.actions("src/wishes.rs", place);
        assert_eq!((&actions[0]["title"], &actions[0]["command"]["title"]), (&json!(title), &json!(title)));
    }
    let range = editor.cursor("src/wishes.rs", "fn a");
    let context = json!({"diagnostics": [diagnostic(&range, json!(format!("no{DECEPTIVE}pe")))]});
    let actions = editor.actions_for("src/wishes.rs", range, context);
    assert_eq!(titles(&actions), [format!("Fix: no{marks}pe")]);
    assert_eq!(actions[0]["diagnostics"][0]["message"], format!("no{DECEPTIVE}pe"), "what is sent back is as it came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deceptive_file_name_is_shown_for_what_it_is() {
    let project = Project::new(FILES);
    let name = "src/a\u{202e}sr.txt";
    project.write(name, "one\n");
    let provider = serving(&project, Style::Function, "").await;
    let patch = format!("*** Update File: {name}\n@@\n-one\n+two\n");
    provider.script([Reply::calls([Style::Function.patch(&patch)]), Reply::text("Done.")]);
    let mut editor = TestEditor::start(Client::helix25(), &project);
    editor.open("src/lib.rs");
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_outcome(&turn, "proposed");
    let shown = "src/a\\u{202e}sr.txt";
    let expected = ["Apply", "Discard", "Show"].map(|verb| format!("{verb} Pilotlight's change to {shown}"));
    let actions = editor.actions("src/lib.rs", "pub fn one");
    assert_eq!(titles(&actions), expected);
    assert!(editor.choose(&actions[0]).is_ok());
    editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
    assert_eq!(editor.text(name), "two\n");
}

#[test]
fn a_long_line_is_cut_and_a_mark_without_words_is_offered_without_them() {
    let project = Project::new("//- a.py\n# AI!\nx = 1\n");
    project.write("b.py", &format!("# AI! {}\n", "é".repeat(80)));
    let mut editor = TestEditor::start(Client::neovim(), &project);
    for (name, title) in [
        ("a.py", "Do what this comment asks".to_owned()),
        ("b.py", format!("Do what this comment asks: {}…", "é".repeat(60))),
    ] {
        editor.open(name);
        assert_eq!(titles(&editor.actions(name, "# AI!")), [title]);
    }
}

// ---- from memory ---------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_needs_neither_the_disk_nor_the_model() {
    let project = Project::new(FILES);
    let provider = serving(&project, Style::Custom, "").await;
    provider.script([Reply::of([Step::Created, Step::Silence])]);
    let mut editor = TestEditor::start(Client::helix25(), &project);
    editor.open("src/lib.rs");
    let before = rows(&editor.actions("src/lib.rs", "// AI!"));
    let turn = begin(&mut editor, "src/lib.rs");
    provider.request(0).await;
    std::fs::remove_file(project.root().join("src/lib.rs")).unwrap();
    stall(&project);
    let during = rows(&editor.actions("src/lib.rs", "// AI!"));
    assert_eq!(during[0], "quickfix: Cancel Pilotlight's running turn (edit)");
    assert_eq!(during[1..], before);
    editor.command("pilotlight.cancel", json!({ "turn": turn }));
    editor.expect_outcome(&turn, "cancelled");
}

/// Puts something in the file's place that whoever reads it waits for without end.
fn stall(project: &Project) {
    if cfg!(unix) {
        let made = project.clean("mkfifo").arg("src/lib.rs").status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
    }
}

// ---- where little makes sense --------------------------------------------------------------------------------------

const SECRET: &str = "# AI! rotate it\nKEY=1\n";

/// Asks until nothing is offered: ignore files are read in the background.
fn expect_nothing(editor: &mut TestEditor, name: &str) {
    let until = std::time::Instant::now() + support::LIMIT;
    while !offered(editor, name).is_empty() {
        assert!(std::time::Instant::now() < until, "{name} still offers {:?}", offered(editor, name));
    }
}

/// What is offered on the first line of a file, on a selection, and with a diagnostic.
fn offered(editor: &mut TestEditor, name: &str) -> Vec<Value> {
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 8}});
    editor.actions_for(name, range.clone(), json!({"diagnostics": [diagnostic(&range, json!("odd"))]}))
}

#[test]
fn what_no_model_may_see_offers_nothing() {
    let project = Project::new("//- .gitignore\nbuild/\n//- src/lib.rs\npub fn one() {}\n");
    project.configure("[context]\nexclude = [\"drafts/\"]\nmax_file_bytes = 4096\n");
    for name in [".env", "certs/tls.key", "build/out.py", "drafts/plan.md"] {
        project.write(name, SECRET);
    }
    project.write("long.py", &SECRET.repeat(200));
    project.write("image.py", &format!("# AI! what is this{}\n", '\0'));
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let mut editor = TestEditor::start(client, &project);
        for name in [".env", "certs/tls.key", "drafts/plan.md", "long.py", "image.py"] {
            editor.open(name);
            assert_eq!(offered(&mut editor, name), Vec::<Value>::new(), "{name}");
        }
        editor.open("build/out.py");
        expect_nothing(&mut editor, "build/out.py");
        editor.open("src/lib.rs");
        assert!(!offered(&mut editor, "src/lib.rs").is_empty());
    }
}

#[test]
fn an_ignore_file_that_is_saved_counts_at_once() {
    let project = Project::new("//- .gitignore\nbuild/\n//- notes/a.py\n# AI! sort\n");
    let mut editor = TestEditor::start(Client::neovim(), &project);
    editor.open("notes/a.py");
    assert!(!offered(&mut editor, "notes/a.py").is_empty());
    project.write(".gitignore", "build/\nnotes/\n");
    editor.notify("textDocument/didSave", json!({"textDocument": {"uri": editor.uri(".gitignore")}}));
    expect_nothing(&mut editor, "notes/a.py");
}

#[test]
fn a_document_out_of_step_offers_nothing_until_its_text_is_known_again() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    let place = json!({"line": 90, "character": 0});
    let change = json!({"range": {"start": place, "end": place}, "text": "x"});
    let document = json!({"uri": editor.uri("src/lib.rs"), "version": 2});
    editor.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
    editor.expect_warning("does not know the text of");
    assert_eq!(offered(&mut editor, "src/lib.rs"), Vec::<Value>::new());
    editor.replace_all("src/lib.rs", "// AI! go on\n");
    assert!(commands(&offered(&mut editor, "src/lib.rs")).contains(&"pilotlight.implement"));
}

#[test]
fn what_is_no_file_or_not_open_offers_nothing() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for uri in ["untitled:Untitled-1", "git:/a/lib.rs?ref=HEAD", "vscode-userdata:/settings.json", "output:log"] {
        let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": "// AI! go on\n"});
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 8}});
        let context = json!({"diagnostics": [diagnostic(&range, json!("odd"))]});
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
        assert_eq!(editor.request("textDocument/codeAction", params), Ok(json!([])), "{uri}");
    }
    assert_eq!(offered(&mut editor, "src/lib.rs"), Vec::<Value>::new(), "not open");
}

#[test]
fn our_own_answers_offer_nothing() {
    let project = Project::new(RUST);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/station.rs");
    let turn = editor.begin("pilotlight.ask", json!({"uri": editor.uri("src/station.rs"), "question": "Why?"}));
    editor.expect_outcome(&turn, "answered");
    let shown = editor.wait("the answer", |editor| editor.asked("window/showDocument").pop());
    let path = url::Url::parse(shown["uri"].as_str().unwrap()).unwrap().to_file_path().unwrap();
    assert_eq!(offered(&mut editor, path.to_str().unwrap()), Vec::<Value>::new());
}

#[test]
fn a_file_outside_every_folder_and_one_that_cannot_be_written_offer_everything() {
    let project = Project::new(FILES);
    let loose = project.outside("loose/a.py");
    std::fs::create_dir_all(loose.parent().unwrap()).unwrap();
    std::fs::write(&loose, "# AI! sort\n").unwrap();
    let loose = loose.to_str().unwrap();
    let fixed = project.root().join("src/lib.rs");
    let writable = std::fs::metadata(&fixed).unwrap().permissions();
    let mut readonly = writable.clone();
    readonly.set_readonly(true);
    std::fs::set_permissions(&fixed, readonly).unwrap();
    let mut editor = TestEditor::start(Client::helix25(), &project);
    for name in [loose, "src/lib.rs"] {
        editor.open(name);
        // A session of its own is set up in the background.
        let until = std::time::Instant::now() + support::LIMIT;
        while !commands(&offered(&mut editor, name)).contains(&"pilotlight.document") {
            assert!(std::time::Instant::now() < until, "{name} offers {:?}", offered(&mut editor, name));
        }
    }
    std::fs::set_permissions(&fixed, writable).unwrap();
}

#[test]
fn without_consent_the_menu_is_whole_and_begins_with_the_permission() {
    let project = Project::new(FILES);
    project.configure("[provider]\nbase_url = \"https://provider.invalid/v1\"\n");
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/lib.rs");
        let expected = [
            "source: Allow Pilotlight to send this workspace to provider.invalid",
            "refactor.rewrite: Do what this comment asks: use a table here",
        ];
        assert_eq!(rows(&editor.actions("src/lib.rs", "// AI!")), expected);
    }
}

#[test]
fn offline_the_menu_is_whole_and_a_turn_says_what_is_wrong() {
    let project = Project::new(FILES);
    let nobody = support::deserted();
    project.configure(&format!("[provider]\nbase_url = \"http://{nobody}/v1\"\n"));
    for client in [Client::vscode(), Client::neovim(), Client::helix25()] {
        let mut editor = TestEditor::start(client, &project);
        editor.open("src/lib.rs");
        let actions = editor.actions("src/lib.rs", "// AI!");
        assert_eq!(titles(&actions), ["Do what this comment asks: use a table here"]);
        let turn = editor.choose(&actions[0]).unwrap()["turn"].as_str().unwrap().to_owned();
        editor.expect_outcome(&turn, "failed");
        editor.expect_warning(&nobody);
    }
}
