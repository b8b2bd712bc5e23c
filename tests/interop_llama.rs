//! Our client against a real llama.cpp with a small real model: no WebSocket, no conversations kept, and a cache of the
//! prompt that serves only what begins as the prompt before did. What the model says is its own affair; what it is asked,
//! and how, is ours.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod installed;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod support;

use installed::{INTEROP, Installed};
use interop::{Recorder, Sent, Server};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor, deserted};

const PROJECT: &str = "\
//- notes.txt
Buy milk for Bob.
Call Ann about the garden.
Return the ladder.
";

/// What is asked, one turn each. Before each but the first the user types.
const TURNS: [(&str, &str); 4] = [
    ("pilotlight.ask", "Who is to be called?"),
    ("pilotlight.ask", "What is to be bought?"),
    ("pilotlight.edit", "Ann is to be visited, not called."),
    ("pilotlight.ask", "What is to be returned?"),
];

/// What the user types: this in the place of that.
const TYPED: [(&str, &str); 3] = [("milk", "bread"), ("ladder", "ladder and the rope"), ("Bob", "Eve")];

/// The server with its model. No answer is longer than 12 tokens, the same request has the same answer, and one
/// thread suffices: more of them wait for each other on a busy machine.
fn llama(project: &Project, installed: &Installed, address: &str) -> Server {
    let (host, port) = address.split_once(':').expect("a host and a port");
    let mut command = project.clean(&installed.path("LLAMA_SERVER").to_string_lossy());
    command.env("GGML_BACKEND_PATH", installed.path("LLAMA_BACKEND"));
    command.arg("--model").arg(installed.path("LLAMA_MODEL")).args(["--host", host, "--port", port, "--no-ui"]);
    command.args("--ctx-size 8192 --parallel 1 --predict 12 --threads 1 --seed 1 --temp 0".split(' '));
    Server::start(command, "listening on")
}

/// Takes all the turns; gives their receipts, however they ended.
fn take_turns(editor: &mut TestEditor) -> Vec<Value> {
    editor.open("notes.txt");
    let mut receipts = Vec::new();
    for (index, (command, words)) in TURNS.into_iter().enumerate() {
        if let Some((old, new)) = index.checked_sub(1).map(|index| TYPED[index]) {
            editor.change("notes.txt", old, new);
        }
        let range = editor.cursor("notes.txt", "Return");
        let what = if command == "pilotlight.ask" { "question" } else { "instruction" };
        let turn = editor.begin(command, json!({"uri": editor.uri("notes.txt"), "range": range, what: words}));
        receipts.push(editor.receipt(&turn));
    }
    receipts
}

/// The requests that asked for an answer.
fn posts(recorder: &Recorder) -> Vec<Sent> {
    let mut requests = recorder.requests();
    requests.retain(|request| request.line == "POST /v1/responses");
    requests
}

#[test]
fn several_turns_over_http_each_request_begins_as_the_one_before_and_the_cache_holds() {
    let needed = ["LLAMA_SERVER", "LLAMA_BACKEND", "LLAMA_MODEL"];
    let Some(installed) = INTEROP.find("interop_llama", "llama", &needed) else { return };
    let project = Project::new(PROJECT);
    let address = deserted();
    let _llama = llama(&project, &installed, &address);
    let recorder = Recorder::start(&address);
    project.configure(&format!(
        "[provider]\nbase_url = \"http://{}/v1\"\nmodel = \"local\"\nreasoning_effort = \"\"\n\
         [session]\nmax_rounds = 3\n",
        recorder.address()
    ));
    let mut editor = TestEditor::start(Client::vscode(), &project);
    let receipts = take_turns(&mut editor);

    // The WebSocket was tried and refused; HTTP serves.
    assert_eq!(recorder.requests()[0].line, "GET /v1/responses");
    for receipt in &receipts {
        assert_eq!(receipt["transport"], "http", "{receipt}");
    }
    for receipt in &receipts[1..] {
        assert_eq!(receipt["lineage"], "continued", "{receipt}");
    }

    // All of the conversation in every request, nothing already sent rewritten, nothing left to the server's memory.
    let posts = posts(&recorder);
    assert!(posts.len() >= TURNS.len());
    for pair in posts.windows(2) {
        let before = pair[0].body.strip_suffix("]}").expect("the input is last");
        assert!(pair[1].body.starts_with(before), "{}\nis not how this begins:\n{}", before, pair[1].body);
    }
    for post in &posts {
        let request = post.json();
        assert_eq!((&request["store"], &request["stream"]), (&json!(false), &json!(true)));
        assert_eq!(request.get("previous_response_id").or(request.get("generate")), None);
    }

    // So the server computes only what is new: of each prompt, all of the one before comes from its cache.
    for pair in receipts.windows(2) {
        let (before, cached) = (&pair[0]["input_tokens"], &pair[1]["cached_tokens"]);
        assert!(cached.as_u64() >= before.as_u64(), "{cached} of {before} tokens: {}", pair[1]);
        assert!(cached.as_u64() > pair[0]["cached_tokens"].as_u64());
    }
    // The model may have edited, refused or talked nonsense, and the editor may have been told so.
    editor.abandon();
}
