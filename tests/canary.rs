//! Canaries in the key, in a header, in the provider's address and in a document: after turns that went well and turns that
//! failed, with every log there is switched on, they are looked for in everything the program wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod support;

use std::net::SocketAddr;
use std::path::Path;

use provider::{Call, Provider, Reply, Step, Transport, Upgrade};
use scripted::begin;
use serde_json::{Value, json};
use support::{Client, Finished, Project, TestEditor, finish};

const KEY: &str = "sk-canary-key-40d1";
const HEADER: &str = "canary-header-9be2";
const DOCUMENT: &str = "canary_document_c57a";
const SECRETS: [&str; 2] = [KEY, HEADER];

/// A project whose document holds a canary, and a provider that is told the other two.
fn project(base_url: &str) -> Project {
    let project = Project::new("");
    project.write("src/lib.rs", &format!("fn {DOCUMENT}() {{}}\n"));
    project.configure(&format!(
        "[session]\nconnect_timeout = \"2s\"\n[provider]\nbase_url = \"{base_url}\"\napi_key_env = \"TEST_KEY\"\n\
         headers = {{ \"x-extra\" = \"{HEADER}\" }}\n"
    ));
    project
}

/// The same, with everything logged to a file outside the project.
fn logged(project: &Project, arguments: &[&str], level: &str) -> std::process::Command {
    let mut command = project.pilotlight(arguments);
    command.env("TEST_KEY", KEY).env("PILOTLIGHT_LOG", level).env("PILOTLIGHT_LOG_FILE", log(project));
    command
}

fn log(project: &Project) -> std::path::PathBuf {
    project.outside("pilotlight.log")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn assert_clean(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} holds {secret}:\n{text}");
    }
}

/// One turn by `run`, logged in full. Neither log nor output holds a secret; the log holds no document.
async fn run(project: &Project) -> Finished {
    let command = logged(project, &["run", "what is this?", "--file", "src/lib.rs", "--json"], "trace");
    let finished = tokio::task::spawn_blocking(move || finish(command)).await.unwrap();
    let written = read(&log(project));
    assert!(written.contains("pilotlight::session"), "nothing was logged:\n{written}\n{}", finished.stderr);
    assert_clean("the log", &written);
    assert_clean("stderr", &finished.stderr);
    assert_clean("stdout", &finished.stdout);
    assert!(!written.contains(DOCUMENT) && !finished.stderr.contains(DOCUMENT), "{written}\n{}", finished.stderr);
    finished
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_in_the_editor_leaves_no_secret_anywhere_and_no_document_in_the_log() {
    let provider = Provider::start().await;
    let patch = Call::swap("src/lib.rs", &format!("fn {DOCUMENT}() {{}}"), "fn changed() {}");
    provider.script([Reply::calls([Call::read("src/lib.rs"), patch]), Reply::text("Done.")]);
    let project = project(&provider.base_url());
    let command = logged(&project, &["lsp"], "trace,hyper=trace,tungstenite=trace,tower_lsp_server=trace,log=trace");
    let mut editor = TestEditor::launch_by(Client::vscode(), &project, command);
    editor.introduce(json!({ "rootUri": project.uri("") }));
    editor.open("src/lib.rs");
    let turn = begin(&mut editor, "src/lib.rs");
    let receipt = editor.expect_outcome(&turn, "applied");
    // What cannot be read is told and logged, and might be a document in the wrong place.
    editor.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": project.uri("x")}, "contentChanges": DOCUMENT}),
    );
    editor.send_bytes(format!("Content-Length: {}\r\n\r\n{{\"{DOCUMENT}\"", DOCUMENT.len() + 3).as_bytes());
    editor.next_error();
    editor.expect_warning("does not know the text of");
    let status = editor.command("pilotlight.status", json!({}));
    let receipts = editor.command("pilotlight.receipts", json!({}));
    let progress = editor.progress(&format!("pilotlight-{turn}"));
    let messages = [editor.heard("window/showMessage"), editor.heard("window/logMessage")].concat();
    for (what, value) in [
        ("the receipt", receipt),
        ("the status", status),
        ("the receipts", receipts),
        ("the progress", Value::Array(progress)),
        ("a message", Value::Array(messages)),
    ] {
        assert_clean(what, &value.to_string());
    }
    editor.finish();
    let connection = &provider.connections()[0];
    assert_eq!(connection.header("authorization"), Some(format!("Bearer {KEY}").as_str()), "it was really used");
    assert_eq!(connection.header("x-extra"), Some(HEADER));
    let written = read(&log(&project));
    assert!(written.contains("pilotlight::session"), "nothing was logged:\n{written}");
    assert_clean("the log", &written);
    assert!(!written.contains(DOCUMENT), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_by_http_leaves_none_either() {
    let provider = Provider::start().await;
    provider.upgrade_with(|| Upgrade::Refuse(426));
    provider.answer_with(|_| Reply::text("A function."));
    let project = project(&provider.base_url());
    assert_eq!(run(&project).await.code, Some(0));
    assert_eq!(provider.requests()[0].transport, Transport::Http);
    assert!(provider.connections().iter().any(|connection| connection.header("x-extra") == Some(HEADER)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_not_repeated_even_if_the_server_repeats_it() {
    for upgrade in [Upgrade::Refuse(401), Upgrade::Refuse(403), Upgrade::Accept] {
        let provider = Provider::start().await;
        provider.upgrade_with(move || upgrade);
        provider.answer_with(|_| {
            Reply::error(401, "invalid_api_key", &format!("Incorrect API key provided: {KEY}. Headers: {HEADER}."))
        });
        let finished = run(&project(&provider.base_url())).await;
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_or_closed_leaves_nothing_behind() {
    let ends: [fn() -> Step; 2] = [|| Step::Cut, || Step::Close(1011, "bad key sk-canary-key-40d1")];
    for end in ends {
        let provider = Provider::start().await;
        provider.answer_with(move |_| Reply::text("half").broken_after(2, end()));
        let finished = run(&project(&provider.base_url())).await;
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_or_is_no_server_leaves_nothing_behind() {
    let nobody = format!("http://{}/v1", support::deserted());
    assert_eq!(run(&project(&nobody)).await.code, Some(1));
    // A plain server where TLS is expected: the handshake is refused, whoever it is.
    let provider = Provider::start().await;
    let address: SocketAddr = provider.address();
    assert_eq!(run(&project(&format!("https://localhost:{}/v1", address.port()))).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn config_and_doctor_name_secrets_and_do_not_show_them() {
    let provider = Provider::start().await;
    let project = project(&provider.base_url());
    for arguments in [["config"].as_slice(), &["doctor"], &["doctor", "--json"], &["trust", "--list"]] {
        let command = logged(&project, arguments, "trace");
        let finished = tokio::task::spawn_blocking(move || finish(command)).await.unwrap();
        assert_clean(&format!("{arguments:?}"), &format!("{}{}", finished.stdout, finished.stderr));
        assert!(!finished.stdout.is_empty() || arguments[0] == "trust");
    }
    assert_clean("the log", &read(&log(&project)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_wrong_is_reported_without_its_values() {
    let project = project("http://127.0.0.1:9/v1");
    let file = project.outside("pilotlight.toml");
    for (from, to) in [
        ("base_url = \"http://127.0.0.1:9/v1\"", format!("base_url = \"http://user:{KEY}@127.0.0.1:9/v1\"")),
        ("\"x-extra\" = ", "\"x extra\" = ".to_owned()),
        ("api_key_env = \"TEST_KEY\"", format!("api_key = \"{KEY}\"")),
    ] {
        let right = read(&file);
        std::fs::write(&file, right.replace(from, &to)).unwrap();
        let command = logged(&project, &["config"], "trace");
        let finished = tokio::task::spawn_blocking(move || finish(command)).await.unwrap();
        assert_eq!(finished.code, Some(1), "{}{}", finished.stdout, finished.stderr);
        assert_clean("the error", &format!("{}{}", finished.stdout, finished.stderr));
        std::fs::write(&file, right).unwrap();
    }
}
