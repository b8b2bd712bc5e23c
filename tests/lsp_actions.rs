//! Every action of the catalogue from the menu to the undo step, in the three editors and by models of both tool styles:
//! offered with a title and a kind, answered at once, done under a progress that can be cancelled, landed as one edit, told
//! in a receipt. The model is scripted; the editors are imitated as in `lsp_turns`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use std::sync::Arc;

use provider::{Provider, Reply, Step};
use scripted::{Style, serving};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor, User, commands};
use tokio::sync::Notify;

const FILES: &str = "\
//- src/lib.rs crlf
use std::fs; // 🦀
// AI! add them up
pub fn sum(a: i32, b: i32) -> i32 { 0 }
// is this fast? AI?
pub fn twice(a: i32) -> i32 { a + a }
// TODO: refuse zero
pub fn divide(a: i32, b: i32) -> i32 { a / b }
pub fn later() { todo!() }
pub fn same(flag: bool) -> bool { if flag { true } else { false } }
//- src/main.rs
fn main() { println!(\"{}\", forecast::twice(2)); }
";

const ACTION: &str = "\
[[action]]
name = \"modernise\"
title = \"Modernise it\"
prompt = \"Use current idioms.\"
languages = [\"rust\"]
kind = \"refactor.rewrite\"
";

/// One action, as a user takes it in `src/lib.rs`.
struct Deed {
    /// Its command, and the name in receipts.
    command: &'static str,
    action: &'static str,
    /// What is selected, or where the cursor is.
    place: Place,
    kind: &'static str,
    title: &'static str,
    /// What the user says when the editor's plugin asks.
    words: Option<(&'static str, &'static str)>,
    /// What the request has to tell the model.
    told: &'static str,
    /// What the model puts for what; without, it answers in words.
    change: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Copy)]
enum Place {
    Cursor(&'static str),
    Selection(&'static str),
    Diagnostic(&'static str, &'static str),
}

const REWRITE: &str = "refactor.rewrite";
const SAME: &str = "pub fn same(flag: bool) -> bool { if flag { true } else { false } }";

/// What every editor offers by itself.
const DEEDS: [Deed; 9] = [
    Deed {
        command: "pilotlight.fix",
        action: "fix",
        place: Place::Diagnostic("std::fs", "unused import: `std::fs`\nhelp: remove it"),
        kind: "quickfix",
        title: "Fix: unused import: `std::fs`",
        words: None,
        told: "1:5-1:12 warning [rustc unused_imports]: unused import: `std::fs`",
        change: Some(("use std::fs; // 🦀", "// 🦀")),
    },
    Deed {
        command: "pilotlight.implement",
        action: "implement",
        place: Place::Cursor("// AI!"),
        kind: REWRITE,
        title: "Do what this comment asks: add them up",
        words: None,
        told: "<instruction bytes=\"11\">\nadd them up\n</instruction>",
        change: Some(("pub fn sum(a: i32, b: i32) -> i32 { 0 }", "pub fn sum(a: i32, b: i32) -> i32 { a + b }")),
    },
    Deed {
        command: "pilotlight.implement",
        action: "ask",
        place: Place::Cursor("// is this"),
        kind: "source",
        title: "Answer this comment: is this fast?",
        words: None,
        told: "is this fast?",
        change: None,
    },
    Deed {
        command: "pilotlight.implement",
        action: "implement",
        place: Place::Cursor("// TODO"),
        kind: REWRITE,
        title: "Implement TODO: refuse zero",
        words: None,
        told: "TODO: refuse zero",
        change: Some(("// TODO: refuse zero", "/// Panics on zero.")),
    },
    Deed {
        command: "pilotlight.implement",
        action: "implement",
        place: Place::Cursor("todo!()"),
        kind: REWRITE,
        title: "Implement this stub",
        words: None,
        told: "pub fn later() { todo!() }",
        change: Some(("pub fn later() { todo!() }", "pub fn later() {}")),
    },
    Deed {
        command: "pilotlight.document",
        action: "document",
        place: Place::Selection("pub fn twice(a: i32) -> i32 { a + a }"),
        kind: REWRITE,
        title: "Document the selection",
        words: None,
        told: "pub fn twice",
        change: Some(("pub fn twice(a: i32) -> i32 { a + a }", "/// 2a.\n+pub fn twice(a: i32) -> i32 { a + a }")),
    },
    Deed {
        command: "pilotlight.simplify",
        action: "simplify",
        place: Place::Selection(SAME),
        kind: REWRITE,
        title: "Simplify the selection",
        words: None,
        told: "if flag { true } else { false }",
        change: Some((SAME, "pub fn same(flag: bool) -> bool { flag }")),
    },
    Deed {
        command: "pilotlight.test",
        action: "test",
        place: Place::Selection("pub fn same(flag: bool) -> bool { flag }"),
        kind: REWRITE,
        title: "Write tests for the selection",
        words: None,
        told: "{ flag }",
        change: Some(("pub fn later() {}", "pub fn later() {}\n+#[test] fn keeps() { assert!(same(true)); }")),
    },
    Deed {
        command: "pilotlight.action",
        action: "action",
        place: Place::Selection("pub fn later() {}"),
        kind: REWRITE,
        title: "Modernise it",
        words: None,
        told: "Use current idioms.",
        change: Some(("pub fn later() {}", "pub const fn later() {}")),
    },
];

/// What is said in words where a plugin asks for them.
const WORDED: [Deed; 2] = [
    Deed {
        command: "pilotlight.edit",
        action: "edit",
        place: Place::Cursor("pub const fn later"),
        kind: REWRITE,
        title: "Edit with Pilotlight…",
        words: Some(("instruction", "call it soon")),
        told: "<instruction bytes=\"12\">\ncall it soon\n</instruction>",
        change: Some(("pub const fn later() {}", "pub const fn soon() {}")),
    },
    Deed {
        command: "pilotlight.ask",
        action: "ask",
        place: Place::Cursor("pub const fn soon"),
        kind: "source",
        title: "Ask Pilotlight…",
        words: Some(("question", "How soon?")),
        told: "How soon?",
        change: None,
    },
];

/// What is offered instead where none does.
const EXPLAINED: Deed = Deed {
    command: "pilotlight.ask",
    action: "ask",
    place: Place::Selection("pub const fn later() {}"),
    kind: "source",
    title: "Explain the selection",
    words: None,
    told: "pub const fn later() {}",
    change: None,
};

/// A user at an editor whose model is scripted.
struct Seat {
    editor: TestEditor,
    provider: Provider,
    style: Style,
    is_helix: bool,
}

impl Seat {
    async fn take(client: Client, project: &Project, style: Style) -> Seat {
        let provider = serving(project, style, ACTION).await;
        let is_helix = client.name == "helix";
        let mut editor = TestEditor::start(client, project);
        editor.open("src/lib.rs");
        Seat { editor, provider, style, is_helix }
    }

    /// The range as this editor sends it, and the diagnostics there.
    fn place(&self, place: Place) -> (Value, Value) {
        let editor = &self.editor;
        match place {
            Place::Cursor(text) => {
                let mut range = editor.cursor("src/lib.rs", text);
                // There, a cursor is a selection of one character.
                range["end"]["character"] =
                    json!(range["end"]["character"].as_u64().unwrap() + u64::from(self.is_helix));
                (range, json!([]))
            }
            Place::Selection(text) => (editor.range("src/lib.rs", text), json!([])),
            Place::Diagnostic(text, message) => {
                let range = editor.range("src/lib.rs", text);
                let diagnostic = json!({"range": range, "severity": 2, "source": "rustc", "code": "unused_imports",
                    "message": message});
                (range, json!([diagnostic]))
            }
        }
    }

    fn menu(&mut self, place: Place) -> Vec<Value> {
        let (range, diagnostics) = self.place(place);
        let actions = self.editor.actions_for("src/lib.rs", range, json!({"diagnostics": diagnostics}));
        if self.is_helix { sorted_as_helix(actions) } else { actions }
    }

    /// The action as it is offered, with what the user says to the plugin.
    fn offered(&mut self, deed: &Deed) -> Value {
        let menu = self.menu(deed.place);
        let found = menu.iter().find(|action| action["title"] == deed.title).cloned();
        let mut action = found.unwrap_or_else(|| panic!("no {} among {menu:#?}", deed.title));
        assert_eq!((&action["command"]["command"], &action["kind"]), (&json!(deed.command), &json!(deed.kind)));
        let preferred = if deed.action == "fix" && !self.is_helix { json!(true) } else { Value::Null };
        assert_eq!(action["isPreferred"], preferred, "{}", deed.title);
        if let Some((field, words)) = deed.words {
            action["command"]["arguments"][0][field] = json!(words);
        }
        action
    }

    /// Has the model answer the next turn, once the sign is given.
    fn script(&self, patch: Option<&str>) -> Arc<Notify> {
        let sign = Arc::new(Notify::new());
        let done = Reply::text("Because.");
        self.provider.script(match patch {
            Some(patch) => {
                vec![Reply::calls([self.style.patch(patch)]).with(0, Step::Until(sign.clone())), done]
            }
            None => vec![done.with(0, Step::Until(sign.clone()))],
        });
        sign
    }

    /// Chooses an action; the command answers before the model does.
    fn choose(&mut self, action: &Value) -> String {
        let answer = self.editor.choose(action).unwrap();
        let turn = answer["turn"].as_str().unwrap().to_owned();
        assert_eq!(answer, json!({ "turn": turn }));
        turn
    }

    /// Takes an action from the menu to its end.
    async fn perform(&mut self, deed: &Deed) {
        let before = self.editor.text("src/lib.rs");
        let (edits, version) = (self.edits().len(), self.editor.version("src/lib.rs"));
        let patch = deed.change.map(|(old, new)| format!("*** Update File: src/lib.rs\n@@\n-{old}\n+{new}\n"));
        let sign = self.script(patch.as_deref());
        let asked = self.provider.requests().len();
        let action = self.offered(deed);
        let turn = self.choose(&action);
        let request = self.provider.request(asked).await;
        assert!(request.text().contains(deed.told), "{}: {}", deed.title, request.text());
        assert_eq!(request.body["tools"][4]["type"], self.style.name());
        let first = self.menu(deed.place).iter().find(|action| action.get("diagnostics").is_none()).cloned();
        assert_eq!(commands(&Vec::from_iter(first)), ["pilotlight.cancel"], "{}", deed.title);
        sign.notify_one();

        let receipt = self.editor.expect_outcome(&turn, if deed.change.is_some() { "applied" } else { "answered" });
        let (changed, rounds) = if deed.change.is_some() { (1, 2) } else { (0, 1) };
        let expected = json!({"action": deed.action, "files_changed": changed, "rounds": rounds, "tool_calls": changed,
            "lineage": "continued", "reused_connection": true, "transport": "websocket"});
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&receipt[field], value, "{field} of {receipt}");
        }
        let after = deed.change.map_or(before.clone(), |(old, new)| before.replace(old, &new.replace("\n+", "\r\n")));
        assert_eq!(self.editor.text("src/lib.rs"), after);
        assert_eq!(self.edits().len(), edits + changed, "one edit");
        assert_eq!(self.editor.version("src/lib.rs"), version + changed as i64, "one step to undo");
        assert_ne!(self.first()["command"]["command"], "pilotlight.cancel");
    }

    fn edits(&self) -> Vec<Value> {
        self.editor.asked("workspace/applyEdit")
    }

    /// The first row, which is the one that Enter takes.
    fn first(&mut self) -> Value {
        self.menu(Place::Cursor("// AI!")).remove(0)
    }
}

/// The order in which Helix shows a menu: by kind, then what fixes a diagnostic, then what is preferred.
fn sorted_as_helix(mut actions: Vec<Value>) -> Vec<Value> {
    let kinds = ["quickfix", "refactor.extract", "refactor.inline", "refactor.rewrite", "refactor", "source"];
    actions.sort_by_key(|action| {
        let kind = kinds.iter().position(|kind| action["kind"].as_str().unwrap().starts_with(kind));
        let fixes = action["diagnostics"].as_array().is_some_and(|all| !all.is_empty());
        (kind.unwrap_or(kinds.len()), !fixes, action["isPreferred"] != true)
    });
    actions
}

/// VS Code and Neovim with their plugins, Helix without: it has none.
fn clients() -> [Client; 3] {
    let plugin = json!({"prompt": true});
    [Client::vscode().with_plugin(plugin.clone()), Client::neovim().with_plugin(plugin), Client::helix25()]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_offered_done_and_told_in_every_editor_by_both_kinds_of_models() {
    for client in clients() {
        for style in Style::ALL {
            let project = Project::new(FILES);
            let mut seat = Seat::take(client.clone(), &project, style).await;
            for deed in &DEEDS {
                seat.perform(deed).await;
            }
            let rest: &[Deed] = if seat.is_helix { &[EXPLAINED] } else { &WORDED };
            for deed in rest {
                seat.perform(deed).await;
            }
            let status = seat.editor.command("pilotlight.status", json!({}));
            assert_eq!(status["sessions"][0]["connections"], 1, "all of it over one connection");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn helix_edits_as_told_by_its_command_line() {
    for style in Style::ALL {
        let project = Project::new(FILES);
        let mut seat = Seat::take(Client::helix25(), &project, style).await;
        assert!(!commands(&seat.menu(Place::Selection(SAME))).contains(&"pilotlight.edit"), "it could not ask");
        seat.script(Some("*** Update File: src/lib.rs\n@@\n-use std::fs; // 🦀\n+// 🦀\n")).notify_one();
        // `:lsp-workspace-command pilotlight.edit {…}` sends the argument as text.
        let (range, _) = seat.place(Place::Cursor("use std"));
        let argument = json!({"uri": seat.editor.uri("src/lib.rs"), "range": range, "instruction": "drop fs"});
        let turn = seat.editor.begin("pilotlight.edit", json!(argument.to_string()));
        seat.editor.expect_outcome(&turn, "applied");
        assert!(seat.editor.text("src/lib.rs").starts_with("// 🦀\r\n"));
    }
}

const CARRIED: &str = "\
*** Update File: src/main.rs
@@
-fn main() { println!(\"{}\", forecast::twice(2)); }
+fn main() { println!(\"{}\", forecast::double(2)); }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_finished_in_every_editor_by_both_kinds_of_models() {
    for client in clients() {
        for style in Style::ALL {
            let project = Project::new(FILES);
            let mut seat = Seat::take(client.clone(), &project, style).await;
            assert!(!commands(&seat.menu(Place::Cursor("pub fn twice"))).contains(&"pilotlight.finish"));
            seat.editor.change("src/lib.rs", "twice", "double");
            seat.script(Some(CARRIED)).notify_one();
            let menu = seat.menu(Place::Cursor("pub fn double"));
            let finish = menu.iter().find(|action| action["command"]["command"] == "pilotlight.finish").unwrap();
            assert_eq!(
                (finish["title"].as_str(), finish["kind"].as_str()),
                (Some("Finish this change across the workspace"), Some("refactor.rewrite"))
            );
            let turn = seat.choose(finish);
            let request = seat.provider.request(0).await;
            assert!(request.text().contains("+pub fn double"), "{}", request.text());
            if seat.is_helix {
                seat.editor.expect_outcome(&turn, "proposed");
                assert_eq!(seat.first()["title"], "Apply Pilotlight's change to src/main.rs");
                let apply = seat.first();
                assert!(seat.editor.choose(&apply).is_ok());
            }
            seat.editor.receipt_when(&turn, |receipt| receipt["outcome"] == "applied");
            assert!(seat.editor.text("src/main.rs").contains("forecast::double(2)"));
            assert_eq!((seat.edits().len(), seat.editor.version("src/main.rs")), (1, 2), "one edit, one step to undo");
            assert!(!commands(&seat.menu(Place::Cursor("pub fn double"))).contains(&"pilotlight.finish"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_running_action_is_cancelled_from_the_menu_and_changes_nothing() {
    for client in clients() {
        for style in Style::ALL {
            let project = Project::new(FILES);
            let mut seat = Seat::take(client.clone(), &project, style).await;
            let before = seat.editor.text("src/lib.rs");
            for (deed, name) in [(&DEEDS[1], "implement"), (&DEEDS[5], "document"), (&DEEDS[2], "ask")] {
                let asked = seat.provider.requests().len();
                seat.provider.script([Reply::of([Step::Created, Step::Silence])]);
                let action = seat.offered(deed);
                let turn = seat.choose(&action);
                seat.provider.request(asked).await;
                let cancel = seat.first();
                assert_eq!(cancel["title"], format!("Cancel Pilotlight's running turn ({name})"));
                assert_eq!((&cancel["kind"], cancel.get("isPreferred")), (&json!("quickfix"), None));
                assert_eq!(seat.editor.choose(&cancel), Ok(json!({"cancelled": [turn]})));
                seat.editor.expect_outcome(&turn, "cancelled");
                assert_ne!(seat.first()["command"]["command"], "pilotlight.cancel");
            }
            assert_eq!(seat.edits(), Vec::<Value>::new());
            assert_eq!(seat.editor.text("src/lib.rs"), before);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_turns_the_running_one_is_cancelled_first() {
    let project = Project::new(FILES);
    let mut seat = Seat::take(Client::helix25(), &project, Style::Function).await;
    seat.provider.script([Reply::of([Step::Created, Step::Silence])]);
    let running = seat.offered(&DEEDS[1]);
    let running = seat.choose(&running);
    seat.provider.request(0).await;
    let waiting = seat.offered(&Deed { place: Place::Selection(SAME), ..DEEDS[8] });
    let waiting = seat.choose(&waiting);
    let menu = seat.menu(Place::Cursor("// AI!"));
    let titles: Vec<&str> = menu.iter().filter_map(|action| action["title"].as_str()).take(2).collect();
    assert_eq!(
        titles,
        ["Cancel Pilotlight's running turn (implement)", "Cancel Pilotlight's waiting turn (your own action)"]
    );
    assert_eq!(seat.editor.choose(&menu[1]), Ok(json!({"cancelled": [waiting]})));
    let left = seat.menu(Place::Cursor("// AI!"));
    assert_eq!(left[0]["title"], titles[0]);
    assert_ne!(left[1]["command"]["command"], "pilotlight.cancel", "it is cancelled already");
    assert!(seat.editor.choose(&left[0]).is_ok());
    for turn in [running, waiting] {
        seat.editor.expect_outcome(&turn, "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_applied_or_discarded_from_the_top_of_the_menu() {
    for client in [Client::neovim().with_user(User::Dismisses), Client::helix25()] {
        for style in Style::ALL {
            for (row, command, outcome) in [(0, "pilotlight.apply", "applied"), (1, "pilotlight.discard", "refused")] {
                let project = Project::new(FILES);
                let mut seat = Seat::take(client.clone(), &project, style).await;
                seat.script(Some(CARRIED)).notify_one();
                let action = seat.offered(&DEEDS[1]);
                let turn = seat.choose(&action);
                seat.editor.expect_outcome(&turn, "proposed");
                let chosen = seat.menu(Place::Cursor("// AI!")).remove(row);
                assert_eq!((&chosen["command"]["command"], &chosen["kind"]), (&json!(command), &json!("quickfix")));
                assert!(seat.editor.choose(&chosen).is_ok());
                seat.editor.receipt_when(&turn, |receipt| receipt["outcome"] == outcome);
                let is_changed = seat.editor.text("src/main.rs").contains("double");
                assert_eq!((is_changed, seat.edits().len()), (row == 0, 1 - row));
                let left = seat.menu(Place::Cursor("// AI!"));
                assert!(left.iter().all(|action| !action["title"].as_str().unwrap().contains("Pilotlight's change")));
            }
        }
    }
}
