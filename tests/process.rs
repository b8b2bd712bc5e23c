//! What a project may hold and an editor may send without stopping the server or making it grow: files that never end,
//! files without number, folders without bottom, messages without sense. How the process ends is in `lsp_protocol`, that
//! nothing but the protocol is on stdout in `cli`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;

use provider::{Call, Provider, Reply, Step};
use scripted::begin;
use serde_json::{Value, json};
use support::{Client, Incoming, LIMIT, Project, Running, TestEditor, framed, listen};

const FILES: &str = "\
//- src/lib.rs
pub mod needle;
";

/// Files of the large project. With 100,000 of them all four tools answer within seconds in an unoptimised build as well.
const MANY: usize = 20_000;

/// What the model is answered when it makes these calls, all in one round, in a turn that begins with the project's brief.
async fn answers(project: &Project, calls: Vec<Call>) -> Vec<String> {
    let (provider, mut editor) = editing(project).await;
    asked(&provider, &mut editor, calls)
}

/// An editor with `src/lib.rs` open, and the server whose model is scripted.
async fn editing(project: &Project) -> (Provider, TestEditor) {
    let provider = Provider::start().await;
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", provider.base_url()));
    let mut editor = TestEditor::start(Client::vscode(), project);
    editor.open("src/lib.rs");
    (provider, editor)
}

/// What the model is answered in a turn of this editor.
fn asked(provider: &Provider, editor: &mut TestEditor, calls: Vec<Call>) -> Vec<String> {
    provider.script([Reply::calls(calls), Reply::text("Done.")]);
    let turn = begin(editor, "src/lib.rs");
    editor.expect_outcome(&turn, "answered");
    provider.requests().last().unwrap().outputs().into_iter().map(str::to_owned).collect()
}

fn list() -> Call {
    Call::new("list_files", json!({}))
}

fn search(pattern: &str) -> Call {
    Call::new("search", json!({"pattern": pattern}))
}

// ---- files ---------------------------------------------------------------------------------------------------------

#[cfg(unix)]
mod odd_files {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A pipe that nobody writes to; whoever opens it waits without end.
    fn pipe(project: &Project, name: &str) {
        let made = project.clean("mkfifo").arg(name).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn pipes_sockets_devices_and_loops_are_passed_by() {
        let project = Project::new(FILES);
        let root = project.root();
        let _socket = UnixListener::bind(root.join("socket")).unwrap();
        symlink("/dev/zero", root.join("device")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("..", root.join("src/up")).unwrap();
        for name in ["pipe", ".gitignore", ".pilotlight.toml", "src/.gitignore", "AGENTS.md"] {
            pipe(&project, name);
        }
        let calls = ["pipe", "socket", "device", "loop", "loop/x", "src/up/pipe", "AGENTS.md"].map(Call::read);
        let patch = Call::patch("*** Update File: pipe\n@@\n-a\n+b\n");
        let (provider, mut editor) = editing(&project).await;
        editor.expect_warning(".pilotlight.toml: the whole file is ignored: it is not a regular file");
        let calls = [vec![list(), search("needle"), patch], calls.into()].concat();
        let answers = asked(&provider, &mut editor, calls);
        assert_eq!(answers[0], "1 file\nsrc/lib.rs");
        assert_eq!(answers[1], "1 match in 1 file\nsrc/lib.rs:1:pub mod needle;");
        assert!(answers[2..].iter().all(|answer| answer.starts_with("Error: ")), "{answers:#?}");
        assert!(answers[3].contains("is not a regular file"), "{answers:#?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_may_not_be_read_is_said_and_the_rest_goes_on() {
        let project = Project::new(FILES);
        project.write("locked.rs", "needle\n");
        project.write("locked/inside.rs", "needle\n");
        for name in ["locked.rs", "locked"] {
            fs::set_permissions(project.root().join(name), fs::Permissions::from_mode(0o000)).unwrap();
        }
        // Nothing is locked for the superuser.
        let is_locked = fs::read(project.root().join("locked.rs")).is_err();
        let calls = vec![list(), search("needle"), Call::read("locked.rs"), Call::read("locked/inside.rs")];
        let answers = answers(&project, calls).await;
        fs::set_permissions(project.root().join("locked"), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(answers[1].contains("src/lib.rs:1:pub mod needle;"), "{answers:#?}");
        if is_locked {
            assert_eq!(answers[0], "2 files\nlocked.rs\nsrc/lib.rs");
            assert!(answers[1].ends_with("Not searched: locked.rs"), "{answers:#?}");
            assert_eq!(answers[2], "Error: locked.rs cannot be read: permission denied");
            assert!(answers[3].starts_with("Error: "), "{answers:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_any_size_is_measured_and_not_read() {
    let project = Project::new(FILES);
    let file = std::fs::File::create(project.root().join("huge.rs")).unwrap();
    file.set_len(300 << 20).unwrap();
    let patch = Call::patch("*** Update File: huge.rs\n@@\n-a\n+b\n");
    let answers = answers(&project, vec![Call::read("huge.rs"), search("needle"), patch]).await;
    for answer in [&answers[0], &answers[2]] {
        assert!(answer.contains("it has 314572800 bytes, more than the 262144"), "{answer}");
    }
    assert_eq!(answers[1], "1 match in 1 file\nsrc/lib.rs:1:pub mod needle;");
}

// ---- folders -------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_many_files_is_described_listed_searched_and_read() {
    let project = Project::new(FILES);
    let many = std::env::var("PILOTLIGHT_TEST_FILES").ok().and_then(|number| number.parse().ok()).unwrap_or(MANY);
    for number in 0..many {
        project.write(&format!("data/{}/{number}.txt", number % 20), "hay\n");
    }
    let name = format!("data/7/{}.txt", 7);
    let begun = std::time::Instant::now();
    let answers = answers(&project, vec![list(), search("needle"), search("hay"), Call::read(&name)]).await;
    println!("{many} files: {:?} for a brief, a list and two searches", begun.elapsed());
    assert!(answers[0].starts_with("First 1000 files; there are more"), "{}", answers[0]);
    assert_eq!(answers[1], "1 match in 1 file\nsrc/lib.rs:1:pub mod needle;");
    assert!(answers[2].starts_with("First 200 matches in 200 files; there are more"), "{}", answers[2]);
    assert_eq!(answers[3], format!("{name} (lines 1-1 of 1)\nhay\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_deeper_than_any_path_are_walked_as_far_as_paths_go() {
    let project = Project::new(FILES);
    // No call of the system takes a path as long as this, so it is made piece by piece, from the inside out.
    let chain: PathBuf = ["de"; 350].iter().collect();
    let top = project.root().join("de");
    for round in 0..4 {
        let piece = project.outside(&format!("piece_{round}"));
        std::fs::create_dir_all(piece.join(&chain)).unwrap();
        std::fs::write(piece.join(&chain).join("hay.txt"), "hay\n").unwrap();
        if top.exists() {
            std::fs::rename(&top, piece.join(&chain).join("de")).unwrap();
        }
        std::fs::rename(piece.join("de"), &top).unwrap();
    }
    let answers = answers(&project, vec![list(), search("needle|hay")]).await;
    assert_eq!(answers[0].lines().next(), Some("4 files"), "{}", answers[0]);
    assert!(answers[1].starts_with("4 matches in 4 files"), "{}", answers[1]);
}

// ---- messages ------------------------------------------------------------------------------------------------------

/// Sends a message as it is, whatever it is.
fn send(editor: &mut TestEditor, body: &str) {
    editor.send_bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

#[test]
fn a_message_nested_without_end_is_an_error_and_life_goes_on() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 4 << 20;
        let params = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        send(&mut editor, &format!("{{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{params}}}"));
        assert_eq!(editor.next_error()["error"]["code"], -32700, "{open}");
    }
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn a_header_without_end_is_an_error_and_life_goes_on() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.send_bytes("X".repeat(32 << 20).as_bytes());
    editor.send_bytes("Y: 1\r\n".repeat(100_000).as_bytes());
    editor.send_bytes(b"\r\n");
    assert_eq!(editor.next_error()["error"]["code"], -32700);
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

#[test]
fn every_request_of_a_flood_is_answered() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    editor.open("src/lib.rs");
    let asked: Vec<i64> = (0..5_000)
        .map(|number| {
            editor.notify("pilotlight/unknown", json!({"number": number}));
            match number % 2 {
                0 => editor.ask("pilotlight/unknown", json!({})),
                _ => editor.ask("$/unknown", json!({})),
            }
        })
        .collect();
    editor.change("src/lib.rs", "needle", "thread");
    let refused = |editor: &mut TestEditor, id| editor.answer_to(id).is_err_and(|refusal| refusal.code == -32601);
    assert!(asked.into_iter().all(|id| refused(&mut editor, id)));
    assert!(editor.try_command("pilotlight.status", json!({})).is_ok());
}

/// Messages that take several times what a pipe holds, with answers of every size, small ones between large ones.
#[test]
fn an_editor_that_reads_late_gets_every_answer_whole() {
    const REQUESTS: usize = 600;
    /// So many answers are more than a pipe holds.
    const UNREAD: usize = 60;
    let project = Project::new(FILES);
    let mut command = project.pilotlight(&["lsp"]);
    let mut server = Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut input = server.0.stdin.take().unwrap();
    let message = |id: usize, method: &str, params: Value| {
        framed(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string())
    };
    let capabilities = json!({"processId": null, "rootUri": project.uri(""), "capabilities": {}});
    // A name that cannot be found is repeated in the answer.
    let name = |id: usize| format!("unknown/{}", "n".repeat(id % 7 * 1_500));
    let request = |id: usize| match id {
        0 => message(id, "initialize", capabilities.clone()),
        _ => message(id, &name(id), json!({})),
    };
    let [first, rest] = [0..UNREAD, UNREAD..REQUESTS].map(|ids| ids.map(request).collect::<String>());
    let (written, unread) = channel();
    // It keeps its end of the pipe, so that the server does not go before it has answered.
    let _writer = thread::spawn(move || {
        input.write_all(first.as_bytes()).unwrap();
        written.send(()).unwrap();
        input.write_all(rest.as_bytes()).unwrap();
        input
    });
    unread.recv_timeout(LIMIT).unwrap();
    let answers = listen(server.0.stdout.take().unwrap());
    let mut answered = Vec::new();
    while answered.len() < REQUESTS {
        match answers.recv_timeout(LIMIT).unwrap() {
            Incoming::Message(message) if message.get("method").is_none() => {
                let id = usize::try_from(message["id"].as_u64().unwrap()).unwrap();
                assert!(id == 0 || message["error"]["data"] == name(id), "{message}");
                answered.push(id);
            }
            Incoming::Message(_) => {}
            Incoming::Stray(bytes) => panic!("{bytes:?} belongs to no message"),
            Incoming::End => panic!("the server is gone after {} answers", answered.len()),
        }
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(0..REQUESTS));
}

// ---- answers -------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_and_not_kept() {
    let project = Project::new(FILES);
    let (provider, mut editor) = editing(&project).await;
    let endless = || Reply::of((0..4).map(|_| Step::Delta("x".repeat(12 << 20))).chain([Step::Silence]));
    // Asked again once, as after any cut.
    provider.script([endless(), endless()]);
    let turn = begin(&mut editor, "src/lib.rs");
    editor.expect_warning("server's answer is larger than 32 MiB");
    editor.expect_outcome(&turn, "failed");
}

// ---- memory --------------------------------------------------------------------------------------------------------

/// Resident memory of a process in bytes; `None` where the system does not tell.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn documents_that_were_closed_hold_no_memory() {
    let project = Project::new(FILES);
    let mut editor = TestEditor::start(Client::vscode(), &project);
    let text = "let hay = \"hay\";\n".repeat(2_000);
    let mut after_each = Vec::new();
    for _ in 0..6 {
        for number in 0..500 {
            let uri = editor.uri(&format!("src/open_{number}.rs"));
            let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": text});
            editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
            let start = json!({"line": 0, "character": 0});
            let change = json!({"range": {"start": start, "end": start}, "text": "// typed\n"});
            let changed = json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]});
            editor.notify("textDocument/didChange", changed);
            editor.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
        }
        assert_ne!(editor.command("pilotlight.status", json!({})), Value::Null);
        after_each.extend(resident(editor.server_id()));
    }
    let (Some(first), Some(last)) = (after_each.first(), after_each.last()) else { return };
    println!("resident after each 500 documents: {after_each:?}");
    // One round's texts are 17 MB, so five rounds kept would be 85.
    assert!(*last < first + (16 << 20), "{after_each:?}");
}
