//! What a session says on the wire: the warm-up, continuations that bring only what is new, diffs instead of files, and
//! figures that are what the other end counted.

mod provider;

use pilotlight::session::receipt::{Continuity, Outcome};
use pilotlight::session::status::State;
use provider::{Call, Decision, KEY, Reply, Request, Rig, Setup};

/// Long enough that a diff is shorter than the whole.
fn code() -> String {
    (1..=40).map(|number| format!("let line_{number} = {number};\n")).collect()
}

async fn warm() -> Rig {
    Setup::files(&[("src/a.rs", &code()), ("src/b.rs", "fn b() {}\n")]).warm().await
}

#[tokio::test]
async fn a_warm_up_brings_the_instructions_and_the_tools_and_nothing_of_the_workspace() {
    let rig = Setup::files(&[("secret_name.rs", "fn secret_content() {}\n")]).start().await;
    rig.editor.open("secret_name.rs");
    rig.until(State::Warm).await;
    let all = rig.provider.everything();
    assert_eq!(all.len(), 1);
    let warm_up = &all[0];
    assert!(warm_up.is_warm_up());
    assert_eq!(warm_up.input().len(), 1);
    assert_eq!(warm_up.input()[0]["role"], "developer");
    let tools = warm_up.body["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["read_file", "search", "list_files", "diagnostics", "apply_patch"]);
    assert!(!warm_up.raw.contains("secret"), "{}", warm_up.raw);
}

#[tokio::test]
async fn a_turn_continues_from_the_warm_up_and_the_next_from_its_answer() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    let first = rig.edit("src/a.rs", [Reply::text("Fine.")]).await;
    let second = rig.edit("src/a.rs", [Reply::text("Still fine.")]).await;
    let requests = rig.provider.requests();
    assert_eq!(requests[0].previous(), Some("resp_0"), "the warm-up's response");
    assert_eq!(requests[1].previous(), Some("resp_1"));
    assert_eq!(requests[1].input().len(), 1, "only the new request: {}", requests[1].text());
    for ended in [&first, &second] {
        assert_eq!(ended.outcome(), Outcome::Answered);
        assert_eq!(ended.receipt.lineage, Continuity::Continued);
        assert_eq!(ended.rebase(), None);
        assert!(ended.receipt.reused_connection);
        assert_eq!(ended.receipt.transport, "websocket");
    }
    assert_eq!(second.message, "Still fine.");
    assert_eq!(rig.provider.connections().len(), 1);
}

#[tokio::test]
async fn within_a_turn_only_the_tool_outputs_are_sent() {
    let mut rig = warm().await;
    let calls = Reply::calls([Call::read("src/b.rs"), Call::read("src/a.rs")]);
    rig.edit("src/b.rs", [calls, Reply::text("Done.")]).await;
    let answer = &rig.provider.requests()[1];
    assert_eq!(answer.input().len(), 2, "{}", answer.raw);
    assert_eq!(answer.outputs()[0], "src/b.rs (lines 1-1 of 1)\nfn b() {}\n");
    assert!(answer.outputs()[1].starts_with("src/a.rs (lines 1-40 of 40)\nlet line_1 = 1;\n"));
}

#[tokio::test]
async fn the_constant_part_is_small_and_the_same_in_every_request_of_a_session() {
    let mut rig = warm().await;
    let close = provider::Step::Close(1001, "");
    let replies = [Reply::calls([Call::new("list_files", serde_json::json!({}))]), Reply::text("One.").then(close)];
    rig.edit("src/a.rs", replies).await;
    rig.provider.connected(2).await;
    rig.until(State::Warm).await;
    rig.edit("src/a.rs", [Reply::text("Two.")]).await;
    let all = rig.provider.everything();
    let constant = |request: &Request| {
        let previous = format!("\"previous_response_id\":\"{}\",", request.previous().unwrap_or_default());
        request.constant_fields().replace(&previous, "").replace("\"generate\":false,", "")
    };
    for request in &all {
        assert!(request.constant_fields().len() < 3000, "{} bytes", request.constant_fields().len());
        assert_eq!(constant(request), constant(&all[0]));
        assert_eq!(request.body["store"], false);
    }
    assert!(all[0].body["prompt_cache_key"].as_str().is_some_and(|key| !key.is_empty()));
    assert_eq!(all.len(), 5, "two warm-ups, two rounds and a turn");
}

#[tokio::test]
async fn the_key_is_in_the_upgrade_and_nowhere_else() {
    let mut rig = warm().await;
    rig.edit("src/a.rs", [Reply::text("Done.")]).await;
    let connection = &rig.provider.connections()[0];
    assert_eq!(connection.path, "/v1/responses");
    assert_eq!(connection.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let holding: Vec<_> = connection.headers.iter().filter(|(_, value)| value.contains(KEY)).collect();
    assert_eq!(holding.len(), 1, "{holding:?}");
    assert!(rig.provider.everything().iter().all(|request| !request.raw.contains(KEY)));
}

#[tokio::test]
async fn a_session_without_a_key_sends_no_authorization() {
    let rig = Setup::files(&[]).key(Ok(None)).warm().await;
    assert_eq!(rig.provider.connections()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_known_file_is_told_as_a_diff_and_never_whole_again() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    rig.edit("src/a.rs", [Reply::text("Read it.")]).await;
    let first = rig.provider.request(0).await.text();
    assert!(first.contains(&format!("<file path=\"src/a.rs\" bytes=\"{}\">\n{}\n</file>", code().len(), code())));
    rig.editor.replace("src/a.rs", "let line_20 = 20;", "let twenty = 20;");
    rig.edit("src/a.rs", [Reply::text("Saw it.")]).await;
    let second = rig.provider.request(1).await.text();
    let diff = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -17,7 +17,7 @@\n let line_17 = 17;\n let line_18 = 18;\n \
        let line_19 = 19;\n-let line_20 = 20;\n+let twenty = 20;\n let line_21 = 21;\n let line_22 = 22;\n \
        let line_23 = 23;\n";
    assert!(second.contains(diff), "{second}");
    assert!(!second.contains("<file ") && !second.contains("line_40"), "{second}");
    let third = rig.edit("src/a.rs", [Reply::text("Nothing new.")]).await;
    let request = rig.provider.request(2).await;
    assert!(!request.text().contains("a/src/a.rs"), "told twice: {}", request.text());
    assert_eq!(third.receipt.bytes_sent, request.raw.len() as u64);
}

#[tokio::test]
async fn a_file_changed_beyond_recognition_is_told_whole() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    rig.edit("src/a.rs", [Reply::text("Read it.")]).await;
    rig.editor.set("src/a.rs", "fn new() {}\r\n");
    rig.edit("src/a.rs", [Reply::text("Saw it.")]).await;
    let text = rig.provider.request(1).await.text();
    assert!(text.contains("<file path=\"src/a.rs\" bytes=\"12\">\nfn new() {}\n\n</file>"), "{text}");
}

#[tokio::test]
async fn the_edits_of_a_file_the_model_never_saw_are_what_it_is_told() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    rig.editor.open("src/b.rs");
    rig.editor.replace("src/a.rs", "let line_1 = 1;", "let first = 1;");
    rig.edit("src/b.rs", [Reply::text("Saw it.")]).await;
    let text = rig.provider.request(0).await.text();
    assert!(
        text.contains("--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,4 +1,4 @@\n-let line_1 = 1;\n+let first = 1;\n"),
        "{text}"
    );
    assert!(!text.contains("line_40"), "{text}");
}

#[tokio::test]
async fn an_accepted_patch_is_not_told_back_and_a_declined_one_is_taken_back() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    let patch = || Reply::calls([Call::swap("src/a.rs", "let line_5 = 5;", "let five = 5;")]);
    let ended = rig.edit("src/a.rs", [patch(), Reply::text("Renamed.")]).await;
    assert_eq!((ended.outcome(), ended.receipt.files_changed), (Outcome::Applied, 1));
    rig.edit("src/a.rs", [Reply::text("Nothing.")]).await;
    assert!(!rig.provider.request(2).await.text().contains("+++"), "{}", rig.provider.request(2).await.text());
    rig.provider
        .script([Reply::calls([Call::swap("src/a.rs", "let line_6 = 6;", "let six = 6;")]), Reply::text("Six.")]);
    let declined = rig.begin(Rig::ask("src/a.rs"), Decision::Refuse).end().await;
    assert_eq!(declined.outcome(), Outcome::Refused);
    rig.edit("src/a.rs", [Reply::text("I see.")]).await;
    let text = rig.provider.request(5).await.text();
    assert!(text.contains("\n-let six = 6;\n+let line_6 = 6;\n"), "{text}");
}

#[tokio::test]
async fn nothing_of_an_excluded_file_is_sent_even_while_it_is_open_and_edited() {
    let files = [(".env", "TOKEN=hidden-1\n"), ("src/b.rs", "fn b() {}\n"), ("private/c.rs", "hidden-2\n")];
    let setup = Setup::files(&files).config(|config| config.context.exclude.push("private/".into()));
    let mut rig = setup.warm().await;
    for path in [".env", "private/c.rs"] {
        rig.editor.open(path);
        rig.editor.set(path, "hidden-3\n");
    }
    let calls = [
        Call::read(".env"),
        Call::new("search", serde_json::json!({"pattern": "hidden"})),
        Call::new("list_files", serde_json::json!({})),
    ];
    rig.edit("src/b.rs", [Reply::calls(calls), Reply::text("Done.")]).await;
    for request in rig.provider.everything() {
        assert!(!request.raw.contains("hidden-"), "{}", request.raw);
    }
    assert_eq!(rig.provider.requests()[1].outputs()[2], "1 file\nsrc/b.rs");
}

#[tokio::test]
async fn changes_past_the_limit_are_listed_by_name() {
    let setup = Setup::files(&[("src/a.rs", &code()), ("src/b.rs", "fn b() {}\n")]);
    let mut rig = setup.config(|config| config.context.max_delta_bytes = 500).warm().await;
    rig.editor.open("src/a.rs");
    rig.editor.set("src/a.rs", &code().replace("let", "const"));
    rig.edit("src/b.rs", [Reply::text("I will read it.")]).await;
    let text = rig.provider.request(0).await.text();
    assert!(!text.contains("const line_1"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("src/a.rs: 40 lines")), "{text}");
    // What was only listed is not known: a turn on it brings it whole.
    rig.edit("src/a.rs", [Reply::text("Now I know it.")]).await;
    assert!(rig.provider.request(1).await.text().contains("<file path=\"src/a.rs\""));
    rig.editor.set("src/a.rs", &code().replace("let", "static"));
    rig.edit("src/b.rs", [Reply::text("I will read it.")]).await;
    assert!(rig.provider.request(2).await.text().contains("src/a.rs: 40 lines"));
    rig.edit("src/a.rs", [Reply::text("Now I know it again.")]).await;
    let text = rig.provider.request(3).await.text();
    assert!(text.contains("<file path=\"src/a.rs\"") && text.contains("static line_40 = 40;"), "{text}");
}

#[tokio::test]
async fn a_text_that_does_not_end_its_last_line_is_told_so_in_a_diff() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    rig.edit("src/a.rs", [Reply::text("Read it.")]).await;
    rig.editor.replace("src/a.rs", "let line_40 = 40;\n", "let line_40 = 40;");
    rig.edit("src/a.rs", [Reply::text("Saw it.")]).await;
    let text = rig.provider.request(1).await.text();
    assert!(text.contains("\n-let line_40 = 40;\n+let line_40 = 40;\n\\ No newline at end of file\n"), "{text}");
}

/// Bytes a client without server-side state would have sent: for each request, the constant fields and everything in
/// the chain.
fn full_resend(chain: &[Request], turn: &[Request]) -> usize {
    let mut items: usize = 0;
    let mut total = 0;
    for request in chain.iter().chain(turn) {
        items += request.raw_input().iter().map(|item| item.len() + 1).sum::<usize>();
        if turn.iter().any(|other| other.raw == request.raw) {
            let previous = request.previous().map_or(0, |id| format!("\"previous_response_id\":\"{id}\",").len());
            total += request.constant_fields().len() - previous + "\"input\":[".len() + items - 1;
        }
        items += request.output.iter().map(|item| item.len() + 1).sum::<usize>();
    }
    total
}

#[tokio::test]
async fn a_receipt_counts_the_bytes_that_went_over_the_wire() {
    let mut rig = warm().await;
    rig.editor.open("src/a.rs");
    let calls = || Reply::calls([Call::read("src/a.rs"), Call::read("src/b.rs")]);
    for (turn, words) in [(0, "One."), (1, "Zwei → ü.")] {
        let ended = rig.edit("src/a.rs", [calls(), Reply::text(words)]).await;
        let all = rig.provider.everything();
        let (chain, requests) = all.split_at(1 + 2 * turn);
        assert_eq!(ended.receipt.rounds, 2);
        assert_eq!(ended.receipt.tool_calls, 2);
        assert_eq!(ended.receipt.bytes_sent, requests.iter().map(|request| request.raw.len() as u64).sum::<u64>());
        assert_eq!(ended.receipt.bytes_received, requests.iter().map(|request| request.answered as u64).sum::<u64>());
        assert_eq!(ended.receipt.bytes_full_resend, full_resend(chain, requests) as u64);
        assert_eq!((ended.receipt.input_tokens, ended.receipt.cached_tokens), (200, 80));
        assert_eq!(ended.receipt.output_tokens, 20);
    }
}
