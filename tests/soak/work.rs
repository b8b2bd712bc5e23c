//! The work itself: what the user types, which turns follow, and how each must end.

use serde_json::{Value, json};

use crate::provider::{Call, Provider, Reply, Step};
use crate::support::{Client, LIMIT, Project, TestEditor, User};

/// Keystrokes before each turn; half of them take the other half back.
const KEYSTROKES: usize = 100;
/// Requests the provider remembers.
const REMEMBERED: usize = 4;
/// The connection is replaced so often that it happens many times.
const CONFIGURATION: &str = "[session]\nrotate_after = \"1s\"\n";

const FILES: &str = "\
//- src/lib.rs
pub mod other;
// cursor

pub fn first() -> u32 { 0 }
//- src/other.rs
pub fn second() -> u32 { 0 }
//- src/more.rs
pub fn third() -> u32 { 0 }
";

/// A user at work.
pub struct Work {
    editor: TestEditor,
    provider: Provider,
    project: Project,
    /// Changes of documents so far.
    pub keystrokes: usize,
    /// Documents that the server has shown, and that were closed again.
    closed: usize,
}

impl Work {
    /// Starts the server and opens a file.
    pub async fn begin() -> Work {
        let provider = Provider::start().await;
        let project = Project::new(FILES);
        project.configure(&format!("[provider]\nbase_url = \"{}\"\n{CONFIGURATION}", provider.base_url()));
        let mut editor = TestEditor::start(Client::vscode(), &project);
        editor.open("src/lib.rs");
        editor.open("src/other.rs");
        Work { editor, provider, project, keystrokes: 0, closed: 0 }
    }

    /// Types, then has one turn of the next kind.
    pub fn turn(&mut self, number: usize) {
        self.type_and_erase();
        match number % 11 {
            0 => self.edited(),
            1 => self.edited_after_reading(),
            2 => self.answered(),
            3 => self.declined(),
            4 => self.cancelled(),
            5 => self.in_conflict(),
            6 => self.failed(),
            7 => self.cut(),
            8 => self.in_another_folder(),
            9 => self.several_files(),
            _ => self.documents(),
        }
        self.close_what_was_shown();
        self.provider.forget_all_but(REMEMBERED);
    }

    /// The server's process, once it has answered everything.
    pub fn quiet(&mut self) -> u32 {
        self.editor.command("pilotlight.status", json!({}));
        self.editor.server_id()
    }

    /// Says goodbye.
    pub fn end(self) {
        self.editor.finish();
        drop(self.project);
    }

    // ---- at the keyboard -----------------------------------------------------------------------------------------

    fn type_and_erase(&mut self) {
        const CURSOR: &str = "// cursor";
        for _ in 0..KEYSTROKES / 2 {
            self.editor.change("src/lib.rs", CURSOR, "// cursorx");
            self.editor.change("src/lib.rs", "// cursorx", CURSOR);
        }
        self.keystrokes += KEYSTROKES;
    }

    fn documents(&mut self) {
        for _ in 0..5 {
            self.editor.open("src/more.rs");
            let range = self.editor.range("src/more.rs", "third");
            let diagnostic = json!({"range": range, "severity": 1, "source": "rustc", "message": "no such thing"});
            let uri = self.editor.uri("src/more.rs");
            self.editor.notify("pilotlight/diagnostics", json!({"uri": uri, "diagnostics": [diagnostic]}));
            let actions = self.editor.actions_for("src/more.rs", range, json!({"diagnostics": [diagnostic]}));
            assert!(!actions.is_empty());
            self.editor.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}}));
            self.editor.notify("pilotlight/diagnostics", json!({"uri": uri, "diagnostics": []}));
            self.editor.close("src/more.rs");
        }
    }

    /// What the server showed in a document of its own, the user closes.
    fn close_what_was_shown(&mut self) {
        let shown = self.editor.asked("window/showDocument");
        for document in &shown[self.closed..] {
            let url = url::Url::parse(document["uri"].as_str().unwrap_or_default()).expect("a URI");
            let path = url.to_file_path().expect("a file");
            let name = path.to_str().expect("a name in Unicode");
            if self.editor.is_open(name) {
                self.editor.close(name);
            }
        }
        self.closed = shown.len();
    }

    // ---- turns ---------------------------------------------------------------------------------------------------

    /// Has a file edited; gives the turn.
    fn begin_in(&mut self, file: &str, replies: impl IntoIterator<Item = Reply>) -> String {
        self.provider.script(replies);
        let start = json!({"line": 0, "character": 0});
        let range = json!({"start": start, "end": start});
        let argument = json!({"uri": self.editor.uri(file), "range": range, "instruction": "Go on."});
        self.editor.begin("pilotlight.edit", argument)
    }

    /// The line of a file that is counted in, as it is and as it should become.
    fn count(&self, file: &str) -> (String, String) {
        let text = self.editor.text(file);
        let line = text.lines().find(|line| line.starts_with("pub fn")).expect("the line").to_owned();
        let (head, number) = line.split_once("{ ").expect("a body");
        let number: usize = number.trim_end_matches(" }").parse().expect("a number");
        let next = format!("{head}{{ {} }}", number + 1);
        (line, next)
    }

    /// A patch that counts on in these files.
    fn counting(&self, files: &[&str]) -> Call {
        let section = |file: &&str| {
            let (line, next) = self.count(file);
            format!("*** Update File: {file}\n@@\n-{line}\n+{next}\n")
        };
        Call::patch(&files.iter().map(section).collect::<String>())
    }

    fn edited(&mut self) {
        let (_, next) = self.count("src/lib.rs");
        let patch = self.counting(&["src/lib.rs"]);
        let turn = self.begin_in("src/lib.rs", [Reply::calls([patch]), Reply::text("Done.")]);
        self.editor.expect_outcome(&turn, "applied");
        assert!(self.editor.text("src/lib.rs").contains(&next));
    }

    fn edited_after_reading(&mut self) {
        let search = Call::new("search", json!({"pattern": "u32"}));
        let looks = [Call::read("src/more.rs"), Call::read("src/none.rs"), search, Call::new("list_files", json!({}))];
        let patch = self.counting(&["src/lib.rs"]);
        let replies = [Reply::calls(looks), Reply::calls([patch]), Reply::text("Done.")];
        let turn = self.begin_in("src/lib.rs", replies);
        self.editor.expect_outcome(&turn, "applied");
    }

    fn several_files(&mut self) {
        let patch = self.counting(&["src/lib.rs", "src/other.rs"]);
        let turn = self.begin_in("src/lib.rs", [Reply::calls([patch]), Reply::text("Done.")]);
        self.editor.expect_outcome(&turn, "applied");
    }

    fn answered(&mut self) {
        self.provider.script([Reply::text(&"What it does is said in `src/lib.rs:1`.\n".repeat(20))]);
        let range = self.editor.range("src/lib.rs", "first");
        let argument = json!({"uri": self.editor.uri("src/lib.rs"), "range": range, "question": "What does it do?"});
        let turn = self.editor.begin("pilotlight.ask", argument);
        self.editor.expect_outcome(&turn, "answered");
    }

    fn declined(&mut self) {
        self.editor.set_user(User::Declines);
        let patch = self.counting(&["src/lib.rs", "src/other.rs"]);
        let turn = self.begin_in("src/lib.rs", [Reply::calls([patch]), Reply::text("Done.")]);
        self.editor.expect_outcome(&turn, "refused");
        self.editor.set_user(User::Agrees);
    }

    fn cancelled(&mut self) {
        // Not before the model has been asked: its silence would otherwise meet the next turn.
        let (asked, arrived) = std::sync::mpsc::channel();
        let silence = Reply::of([Step::Created, Step::Silence]).after(move || {
            let _ = asked.send(());
        });
        let turn = self.begin_in("src/lib.rs", [silence]);
        arrived.recv_timeout(LIMIT).expect("the model is asked");
        self.editor.command("pilotlight.cancel", json!({ "turn": turn }));
        self.editor.expect_outcome(&turn, "cancelled");
    }

    /// While the question is open, the user types in the same place.
    fn in_conflict(&mut self) {
        let (line, _) = self.count("src/other.rs");
        let typed = line.replace("u32", "u64");
        self.editor.hold("workspace/applyEdit");
        let patch = self.counting(&["src/lib.rs", "src/other.rs"]);
        let turn = self.begin_in("src/lib.rs", [Reply::calls([patch]), Reply::text("Done.")]);
        let question = self.editor.held();
        self.editor.change("src/other.rs", &line, &typed);
        self.editor.release(&question);
        self.editor.expect_outcome(&turn, "conflict");
        self.editor.expect_warning("src/other.rs");
        self.editor.change("src/other.rs", &typed, &line);
    }

    fn failed(&mut self) {
        let turn = self.begin_in("src/lib.rs", [Reply::error(400, "invalid_value", "no such setting")]);
        self.editor.expect_outcome(&turn, "failed");
        self.editor.expect_warning("no such setting");
    }

    fn cut(&mut self) {
        let broken = Reply::text("This is cut off.").broken_after(2, Step::Cut);
        let turn = self.begin_in("src/lib.rs", [broken, Reply::text("This is whole.")]);
        self.editor.expect_outcome(&turn, "answered");
    }

    /// A folder is added, worked in and removed.
    fn in_another_folder(&mut self) {
        let root = self.project.outside("second");
        std::fs::create_dir_all(&root).expect("a folder");
        let file = root.join("notes.md");
        std::fs::write(&file, "Notes.\n").expect("a file");
        let (file, folder) = (
            file.to_str().expect("a name in Unicode"),
            json!({"uri": self.editor.uri(root.to_str().expect("a name in Unicode")), "name": "second"}),
        );
        let change = |added: &[&Value], removed: &[&Value]| json!({"event": {"added": added, "removed": removed}});
        self.editor.notify("workspace/didChangeWorkspaceFolders", change(&[&folder], &[]));
        self.editor.open(file);
        let turn = self.begin_in(file, [Reply::calls([Call::read("notes.md")]), Reply::text("Nothing to do.")]);
        self.editor.expect_outcome(&turn, "answered");
        self.editor.close(file);
        self.editor.notify("workspace/didChangeWorkspaceFolders", change(&[], &[&folder]));
        let sessions = self.editor.command("pilotlight.status", json!({}))["sessions"].as_array().map(Vec::len);
        assert_eq!(sessions, Some(1), "its session is gone");
    }
}
