//! What a model asks for stays within the workspace: no form of path, no name in disguise and no link leads out, neither to
//! read nor to write, and a refusal says nothing about what is there. The model is scripted, the server is the real binary,
//! and every byte it sends is looked at.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use provider::{Call, Provider, Reply};
use scripted::begin;
use serde_json::json;
use support::{Client, Project, TestEditor};

/// What no model may ever see.
const CANARY: &str = "canary-4e6f2a";

const FILES: &str = "\
//- src/lib.rs
pub mod a;
//- src/a.rs
pub fn a() {}
";

/// A project beside which there are files that are not its own.
fn project() -> Project {
    let project = Project::new(FILES);
    std::fs::create_dir_all(project.outside("elsewhere/folder")).unwrap();
    for name in ["beside.txt", "elsewhere/there.txt", "elsewhere/folder/there.txt"] {
        std::fs::write(project.outside(name), format!("{CANARY}\n")).unwrap();
    }
    project
}

/// An editor with `src/lib.rs` open, and the server whose model is scripted.
async fn editing(client: Client, project: &Project, configuration: &str) -> (Provider, TestEditor) {
    let provider = Provider::start().await;
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n{configuration}", provider.base_url()));
    let mut editor = TestEditor::start(client, project);
    editor.open("src/lib.rs");
    (provider, editor)
}

/// What the model is answered when it makes these calls, each group in a turn of its own; nothing may come of them.
async fn answers(project: &Project, groups: impl IntoIterator<Item = Vec<Call>>) -> Vec<Vec<String>> {
    let (provider, mut editor) = editing(Client::vscode(), project, "").await;
    for calls in groups {
        provider.script([Reply::calls(calls), Reply::text("Done.")]);
        let turn = begin(&mut editor, "src/lib.rs");
        editor.expect_outcome(&turn, "answered");
    }
    assert!(editor.asked("workspace/applyEdit").is_empty());
    for request in provider.everything() {
        assert!(!request.raw.contains(CANARY), "it left the machine: {}", request.raw);
    }
    for name in ["beside.txt", "elsewhere/there.txt", "elsewhere/folder/there.txt"] {
        assert_eq!(std::fs::read_to_string(project.outside(name)).unwrap(), format!("{CANARY}\n"), "{name}");
    }
    let requests = provider.requests();
    let answering = requests.iter().skip(1).step_by(2);
    answering.map(|request| request.outputs().into_iter().map(str::to_owned).collect()).collect()
}

/// A way to touch a path; the number is that of a file to move there.
type Way = fn(&str, usize) -> Call;

/// Every way to look at a path.
const LOOKS: [Way; 4] = [
    |path, _| Call::read(path),
    |path, _| Call::new("diagnostics", json!({"path": path})),
    |path, _| Call::new("list_files", json!({"glob": path})),
    |path, _| Call::new("search", json!({"pattern": "canary", "glob": path})),
];

/// Every way to change something at a path.
const CHANGES: [Way; 4] = [
    |path, _| Call::patch(&format!("*** Add File: {path}\n+text\n")),
    |path, _| Call::patch(&format!("*** Update File: {path}\n@@\n-{CANARY}\n+text\n")),
    |path, _| Call::patch(&format!("*** Delete File: {path}\n")),
    |path, number| Call::patch(&format!("*** Update File: moved/{number}.txt\n*** Move to: {path}\n@@\n-one\n+two\n")),
];

/// What each way to touch these paths is answered. Each is a turn of its own: three refused patches of one file end one.
async fn touched(project: &Project, ways: &[Way], paths: &[String]) -> Vec<Vec<String>> {
    (0..paths.len()).for_each(|number| project.write(&format!("moved/{number}.txt"), "one\n"));
    let calls = |way: &Way| paths.iter().enumerate().map(|(number, path)| way(path, number)).collect();
    answers(project, ways.iter().map(calls)).await
}

// ---- forms of paths ------------------------------------------------------------------------------------------------

/// Paths that some system takes for something else than a file below the workspace.
fn foreign_forms(project: &Project) -> Vec<String> {
    let forms = [
        "/etc/hostname",
        "//host/share/x",
        "..",
        "../beside.txt",
        "src/../../beside.txt",
        "src/..",
        "~/.profile",
        "~root/.profile",
        "C:\\Windows\\win.ini",
        "C:/Windows/win.ini",
        "c:win.ini",
        "\\\\host\\share\\x",
        "\\\\?\\C:\\Windows",
        "..\\beside.txt",
        "src\\lib.rs",
        "src/lib.rs:stream",
        "src/lib.rs::$DATA",
        "file:///etc/hostname",
        "src/lib.rs\0.txt",
        "src/lib.rs.",
        "src./lib.rs",
        "src /lib.rs",
        "NUL",
        "src/con.txt",
        "com1",
        ".",
    ];
    let mut forms: Vec<String> = forms.map(str::to_owned).into();
    forms.push(project.outside("beside.txt").display().to_string());
    forms.push(project.root().join("src/lib.rs").display().to_string());
    forms.push("a/".repeat(3000) + "b");
    forms
}

/// Expects every answer to be a refusal of the path's form, in few words.
fn expect_refused(paths: &[String], answers: &[Vec<String>]) {
    for (path, answer) in answers.iter().flat_map(|answers| paths.iter().zip(answers)) {
        assert!(answer.starts_with("Error: ") && answer.contains("is refused"), "{path:?}: {answer}");
        assert!(answer.len() < 1000, "{path:?} is repeated at length");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_a_form_of_any_system_is_refused_for_reading() {
    let project = project();
    let mut paths = foreign_forms(&project);
    // A patch has no way to say these.
    paths.extend(["src/lib.rs ", "", "src/lib.rs\n"].map(str::to_owned));
    let answers = touched(&project, &LOOKS[..1], &paths).await;
    expect_refused(&paths, &answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_a_form_of_any_system_is_refused_for_writing() {
    let project = project();
    let paths = foreign_forms(&project);
    let answers = touched(&project, &CHANGES, &paths).await;
    expect_refused(&paths, &answers);
}

// ---- refusals say nothing ------------------------------------------------------------------------------------------

/// Touches the path of something that is there and that of something that is not in every way, and expects the same
/// answers but for the path.
async fn expect_nothing_revealed(project: &Project, pairs: &[(String, String)]) {
    let (there, gone): (Vec<String>, Vec<String>) = pairs.iter().cloned().unzip();
    let ways = [LOOKS, CHANGES].concat();
    let of_there = touched(project, &ways, &there).await;
    let of_gone = touched(project, &ways, &gone).await;
    for (way, (of_there, of_gone)) in of_there.iter().zip(of_gone).enumerate() {
        for ((one, other), (there, gone)) in of_there.iter().zip(of_gone).zip(pairs) {
            assert_eq!(one.replace(there, gone), other, "{there} is told from {gone}");
            let is_refusal = other.starts_with("Error: ") && other.contains("is not available");
            assert!(is_refusal || (1..LOOKS.len()).contains(&way), "{gone}: {other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_name_is_known_in_every_spelling_and_its_refusal_says_nothing() {
    let project = project();
    project.write(".gitignore", "private.txt\nvault/\n");
    let names = [
        ".env",
        ".ENV",
        ".Env.Local",
        "ID_R\u{17f}A",
        "tls.\u{212a}ey",
        ".e\u{200c}nv",
        "server.pem/inside.txt",
        ".git/config",
        ".g\u{200d}it/config",
        "Private.txt",
        "PRIVATE.TXT/inside.txt",
        "vault/inside.txt",
        "Vault/deep/inside.txt",
    ];
    let pairs = names.iter().enumerate().map(|(number, name)| {
        let [there, gone] = ["there", "gone"].map(|side| format!("{side}/{number}/{name}"));
        project.write(&there, &format!("{CANARY}\n"));
        (there, gone)
    });
    expect_nothing_revealed(&project, &pairs.collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_folder_is_not_told_from_nothing_by_reading_it() {
    let project = project();
    project.write(".gitignore", "vault/\n");
    project.write("there/vault/x.txt", CANARY);
    let answers = touched(&project, &LOOKS[..1], &["there/vault", "gone/vault"].map(str::to_owned)).await;
    assert_eq!(answers[0][0].replace("there/", "gone/"), answers[0][1]);
}

// ---- links ---------------------------------------------------------------------------------------------------------

#[cfg(unix)]
mod links {
    use std::fs::{create_dir_all, remove_file, rename};
    use std::os::unix::fs::symlink;

    use super::*;

    /// A project with links out of it, and to what is excluded in it.
    fn linked() -> Project {
        let project = project();
        project.write(".env", &format!("{CANARY}\n"));
        project.write(".ssh/there.txt", &format!("{CANARY}\n"));
        symlink("loop", project.outside("elsewhere/loop")).unwrap();
        for (target, link) in [
            ("../beside.txt", "file.txt"),
            ("../elsewhere", "folder"),
            ("link_2", "link_1"),
            ("folder/folder", "link_2"),
            ("../nothing-yet", "dangling"),
            (".env", "config.txt"),
            (".ssh", "config"),
            ("src", "inner"),
        ] {
            symlink(target, project.root().join(link)).unwrap();
        }
        project
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_link_that_leads_out_or_to_what_is_excluded_says_nothing_about_what_is_there() {
        let project = linked();
        let pairs = [
            ("folder/there.txt", "folder/gone.txt"),
            ("folder/folder/there.txt", "folder/gone/gone.txt"),
            ("folder/folder", "folder/gone"),
            ("folder/there.txt/x", "folder/gone.txt/x"),
            ("folder/loop", "folder/gone"),
            ("folder/loop/x", "folder/gone/x"),
            ("link_1/there.txt", "link_1/gone.txt"),
            ("config/there.txt", "config/gone.txt"),
            ("file.txt", "dangling"),
        ];
        let pairs = pairs.map(|(there, gone)| (there.to_owned(), gone.to_owned()));
        expect_nothing_revealed(&project, &pairs).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_behind_a_link_is_neither_listed_nor_found() {
        let project = linked();
        let calls = vec![vec![
            Call::new("list_files", json!({})),
            Call::new("list_files", json!({"glob": "folder/**"})),
            Call::new("search", json!({"pattern": "canary|pub"})),
            Call::new("search", json!({"pattern": ".", "glob": "link_1/*"})),
        ]];
        let answers = &answers(&project, calls).await[0];
        assert_eq!(answers[0], "2 files\nsrc/a.rs\nsrc/lib.rs");
        assert_eq!(answers[1], "0 files");
        assert_eq!(answers[2], "2 matches in 2 files\nsrc/a.rs:1:pub fn a() {}\nsrc/lib.rs:1:pub mod a;");
        assert_eq!(answers[3], "No matches.");
    }

    /// What is put in the place of a file or a folder while a question is open, and the patch that was meant for it.
    const SWAPS: [(&str, &str); 4] = [
        ("a file", "*** Update File: src/a.rs\n@@\n-pub fn a() {}\n+pub fn b() {}\n"),
        ("a folder", "*** Update File: src/a.rs\n@@\n-pub fn a() {}\n+pub fn b() {}\n"),
        ("a folder", "*** Delete File: src/a.rs\n"),
        ("a new folder", "*** Add File: made/there.txt\n+text\n"),
    ];

    fn swap(project: &Project, what: &str) {
        let inside = |name: &str| project.root().join(name);
        match what {
            "a file" => {
                remove_file(inside("src/a.rs")).unwrap();
                symlink("../../elsewhere/src/a.rs", inside("src/a.rs")).unwrap();
            }
            "a folder" => {
                rename(inside("src"), project.outside("moved")).unwrap();
                symlink("../elsewhere/src", inside("src")).unwrap();
            }
            _ => symlink("../elsewhere/empty", inside("made")).unwrap(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_link_put_in_the_way_between_reading_and_applying_is_not_followed() {
        for (what, patch) in SWAPS {
            let project = project();
            create_dir_all(project.outside("elsewhere/src")).unwrap();
            create_dir_all(project.outside("elsewhere/empty")).unwrap();
            // The same text stands there, so that nothing but the place can be a reason to refuse.
            std::fs::write(project.outside("elsewhere/src/a.rs"), "pub fn a() {}\n").unwrap();
            let (provider, mut editor) = editing(Client::neovim(), &project, "[edit]\nconfirm = \"always\"\n").await;
            provider.script([Reply::calls([Call::patch(patch)]), Reply::text("Done.")]);
            editor.hold("window/showMessageRequest");
            let turn = begin(&mut editor, "src/lib.rs");
            let question = editor.held();
            swap(&project, what);
            editor.release(&question);
            editor.expect_outcome(&turn, "refused");
            editor.expect_warning("it leads out of the workspace");
            assert!(editor.asked("workspace/applyEdit").is_empty(), "{what}");
            assert_eq!(std::fs::read_to_string(project.outside("elsewhere/src/a.rs")).unwrap(), "pub fn a() {}\n");
            assert!(std::fs::read_dir(project.outside("elsewhere/empty")).unwrap().next().is_none());
        }
    }
}
