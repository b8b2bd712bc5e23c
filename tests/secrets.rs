//! Secrets in files that may be sent: no model sees them, and no edit touches them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod provider;

use pilotlight::agent::landing::Plan;
use pilotlight::agent::{FileChange, Proposal};
use pilotlight::session::receipt::Outcome;
use pilotlight::workspace::{Diagnostic, ModelText, RelPath, Reported, Severity};
use provider::{Call, Ended, Reply, Rig, Setup, Step, Terminal};
use serde_json::json;

const TOKEN: &str = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";
const PASSWORD: &str = "Tr0ub4dor&3x";
const KEY_LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

fn source() -> String {
    let filler: String = (1..=30).map(|number| format!("let line_{number} = {number};\n")).collect();
    format!(
        "const GITHUB: &str = \"{TOKEN}\";\nfn connect() {{}}\nlet password = \"{PASSWORD}\";\n{filler}\
         -----BEGIN PRIVATE KEY-----\n{KEY_LINE}\nKw==\n-----END PRIVATE KEY-----\nlet end = 0;\n"
    )
}

async fn warm() -> Rig {
    let on_disk = format!("npm_token: {TOKEN}\r\n");
    let files = [("src/a.rs", source()), ("src/b.rs", "fn b() {}\n".to_owned()), ("d.yaml", on_disk)];
    let rig = Setup::files(&files.each_ref().map(|(path, text)| (*path, text.as_str()))).warm().await;
    rig.editor.open("src/a.rs");
    rig
}

/// Every byte that was sent.
fn sent(rig: &Rig) -> String {
    rig.provider.everything().iter().map(|request| request.raw.as_str()).collect()
}

#[track_caller]
fn assert_nothing_leaked(rig: &Rig) {
    let sent = sent(rig);
    for secret in [TOKEN, PASSWORD, KEY_LINE, &TOKEN[4..20], &KEY_LINE[..20]] {
        assert!(!sent.contains(secret), "{secret} was sent: {sent}");
    }
}

async fn patch(rig: &mut Rig, body: &str) -> Ended {
    rig.edit("src/a.rs", [Reply::calls([Call::patch(body)]), Reply::text("Done.")]).await
}

/// What the tool answered last.
fn answer(rig: &Rig) -> String {
    rig.provider.requests().last().unwrap().outputs()[0].to_owned()
}

#[tokio::test]
async fn no_model_sees_a_secret_whatever_way_it_looks() {
    let mut rig = warm().await;
    let path = RelPath::parse("src/a.rs").unwrap();
    let quoting = Diagnostic {
        start: (3, 16),
        end: (3, 30),
        severity: Severity::Error,
        source: None,
        code: None,
        message: format!("expected `u32`, found `{PASSWORD}`, not {TOKEN}"),
        related: Vec::new(),
    };
    rig.diagnostics.replace(path.clone(), Reported { diagnostics: vec![quoting.clone()], version: None });
    let mut ask = Rig::ask("src/a.rs");
    (ask.lines, ask.diagnostics) = (Some((1, 3)), vec![(path, vec![quoting])]);
    let calls = [
        Call::read("src/a.rs"),
        Call::new("read_file", json!({"path": "src/a.rs", "start_line": 1, "end_line": 3})),
        Call::new("search", json!({"pattern": "secret:|password"})),
        Call::new("diagnostics", json!({})),
        Call::read("d.yaml"),
        // A pattern finds nothing of what is hidden, so that it cannot be guessed at.
        Call::new("search", json!({"pattern": "ghp_|Tr0|MIIE"})),
    ];
    rig.provider.script([Reply::calls(calls), Reply::text("Seen.")]);
    rig.run(ask).await;
    let request = rig.provider.request(1).await;
    let outputs = request.outputs();
    assert!(outputs[0].contains("const GITHUB: &str = \"[secret:github-token]\";\n"), "{}", outputs[0]);
    let found = "src/a.rs:3:let password = \"[secret:credential]\";\n";
    assert!(outputs[2].contains(found), "{}", outputs[2]);
    let told = "error: expected `u32`, found `[secret:credential]`, not [secret:github-token]";
    assert!(outputs[3].contains(told), "{}", outputs[3]);
    assert_eq!(outputs[4], "d.yaml (lines 1-1 of 1)\nnpm_token: [secret:github-token]\n");
    assert_eq!(outputs[5], "No matches.");
    // What the user types is told as a diff; a new lineage is told everything once more.
    rig.editor.replace("src/a.rs", "fn connect() {}", "fn connect(host: &str) {}");
    rig.editor.replace("src/a.rs", "let end = 0;", &format!("let other = \"{TOKEN}\";"));
    rig.edit("src/a.rs", [Reply::text("Seen.")]).await;
    rig.session.reset();
    rig.edit("src/a.rs", [Reply::text("Seen.")]).await;
    assert!(sent(&rig).contains("+let other = \\\"[secret:github-token]\\\";"), "{}", sent(&rig));
    assert_nothing_leaked(&rig);
}

#[tokio::test]
async fn edits_beside_and_around_a_secret_leave_it_as_it_is() {
    for ends in ["\n", "\r\n"] {
        let mut rig = warm().await;
        let before = source().replace('\n', ends);
        rig.editor.set("src/a.rs", &before);
        let body = "*** Update File: src/a.rs\n@@\n-const GITHUB: &str = \"[secret:github-token]\";\n\
            -fn connect() {}\n+pub const GITHUB: &str = \"[secret:github-token]\";\n+fn connect(retries: u8) {}\n\
             let password = \"[secret:credential]\";\n";
        let ended = patch(&mut rig, body).await;
        assert_eq!(ended.outcome(), Outcome::Applied, "{}", answer(&rig));
        let after = before.replace("const GITHUB", "pub const GITHUB").replace("connect()", "connect(retries: u8)");
        assert_eq!(rig.editor.buffer("src/a.rs"), after);
        assert_nothing_leaked(&rig);
    }
}

#[tokio::test]
async fn a_secret_can_be_replaced_and_its_file_be_moved() {
    let mut rig = warm().await;
    let body = "*** Update File: src/a.rs\n*** Move to: src/c.rs\n@@\n-let password = \"[secret:credential]\";\n\
        +let password = std::env::var(\"PASSWORD\");\n";
    let ended = patch(&mut rig, body).await;
    assert_eq!(ended.outcome(), Outcome::Applied, "{}", answer(&rig));
    let quoted = format!("\"{PASSWORD}\"");
    let expected = source().replace(&quoted, "std::env::var(\"PASSWORD\")");
    assert_eq!(rig.editor.on_disk("src/c.rs"), Some(expected));
    assert_nothing_leaked(&rig);
}

#[tokio::test]
async fn a_patch_that_writes_copies_or_moves_a_mark_is_refused_with_the_reason() {
    let mut rig = warm().await;
    let mark = "[secret:github-token]";
    for body in [
        format!("*** Add File: src/c.rs\n+const COPY: &str = \"{mark}\";\n"),
        format!("*** Update File: src/b.rs\n@@\n-fn b() {{}}\n+fn b() {{ login(\"{mark}\") }}\n"),
        format!("*** Update File: src/a.rs\n@@\n-fn connect() {{}}\n+fn connect() {{ login(\"{mark}\") }}\n"),
        format!(
            "*** Update File: src/a.rs\n@@\n-const GITHUB: &str = \"{mark}\";\n fn connect() {{}}\n@@\n-let end = 0;\n\
             +const GITHUB: &str = \"{mark}\";\n"
        ),
    ] {
        let ended = patch(&mut rig, &body).await;
        assert_eq!(ended.outcome(), Outcome::Answered);
        let answer = answer(&rig);
        assert!(answer.starts_with("Error: src/") && answer.contains("stands for a secret"), "{answer}");
    }
    assert_eq!(rig.editor.buffer("src/a.rs"), source());
}

#[tokio::test]
async fn a_secret_that_the_user_changes_meanwhile_stays_the_users() {
    let mut rig = warm().await;
    let editor = rig.editor.clone();
    let rotated = TOKEN.replace("0a1B", "9z8Y");
    let new = rotated.clone();
    let call = json!({"type": "function_call", "name": "apply_patch", "arguments": json!({"patch":
        "*** Begin Patch\n*** Update File: src/a.rs\n@@\n-fn connect() {}\n+fn connect(a: u8) {}\n*** End Patch\n"}).to_string()});
    let last = Reply::of([
        Step::Created,
        Step::Do(Box::new(move || editor.replace("src/a.rs", TOKEN, &new))),
        Step::Item(provider::message("Done.")),
        Step::Completed(Terminal::Whole),
    ]);
    let ended = rig.edit("src/a.rs", [Reply::item(call), last]).await;
    assert_eq!(ended.outcome(), Outcome::Applied);
    let expected = source().replace(TOKEN, &rotated).replace("connect()", "connect(a: u8)");
    assert_eq!(rig.editor.buffer("src/a.rs"), expected);
    assert!(!sent(&rig).contains(&rotated));
    assert_nothing_leaked(&rig);
}

#[tokio::test]
async fn an_edit_that_would_uncover_a_secret_is_not_made() {
    let mut rig = warm().await;
    let body = "*** Update File: src/a.rs\n@@\n-let password = \"[secret:credential]\";\n\
        +let label = \"[secret:credential]\";\n";
    patch(&mut rig, body).await;
    assert!(answer(&rig).starts_with("Error: src/a.rs: a secret would no longer be recognised"), "{}", answer(&rig));
    // What comes to the editor all the same does not get further.
    let path = RelPath::parse("src/a.rs").unwrap();
    let base = rig.editor.workspace.read(&path).unwrap();
    let theirs = ModelText::from_lf(&base.to_string().replace("password =", "label ="));
    let change = FileChange { path, renamed_from: None, base: Some(base), theirs: Some(theirs) };
    let proposal = Proposal { turn: "t".into(), title: "uncover".into(), invoked: None, files: vec![change] };
    let reason = Plan::new(&rig.editor.workspace, &proposal).unwrap_err().to_string();
    assert!(reason.contains("src/a.rs cannot be changed: a secret would no longer be recognised"), "{reason}");
    assert_eq!(rig.editor.buffer("src/a.rs"), source());
    rig.edit("src/a.rs", [Reply::calls([Call::read("src/a.rs")]), Reply::text("Seen.")]).await;
    assert_nothing_leaked(&rig);
}
