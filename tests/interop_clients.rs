//! The embedded agent as OpenAI's own clients see it: `pilotlight agent`, the real binary, with the official clients for
//! Python and Node. The scripts that drive them have the same conversation; what they saw is judged here.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod installed;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::process::Command;

use installed::{INTEROP, Installed};
use interop::file;
use serde_json::{Value, json};
use support::{Agent, Project, finish};

/// One of the two clients, in its script.
struct OpenAi<'a> {
    project: &'a Project,
    program: Command,
}

/// What a script saw, by the names of its steps.
type Seen = BTreeMap<String, Value>;

impl<'a> OpenAi<'a> {
    fn python(project: &'a Project, installed: &Installed) -> OpenAi<'a> {
        let mut program = project.clean(&installed.path("PYTHON").to_string_lossy());
        program.env("PYTHONPATH", installed.path("PYTHON_PACKAGES")).arg(file("openai_client.py"));
        OpenAi { project, program }
    }

    fn node(project: &'a Project, installed: &Installed) -> OpenAi<'a> {
        let mut program = project.clean(&installed.path("NODE").to_string_lossy());
        program.env("MODULES", installed.path("NODE_MODULES")).arg(file("openai_client.mjs"));
        OpenAi { project, program }
    }

    /// Runs the script against an agent with these faults.
    fn run(mut self, mode: &str, faults: &[&str]) -> Seen {
        let agent = Agent::start(self.project, faults);
        self.program.arg(mode).arg(agent.base_url());
        let ended = finish(self.program);
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
        let lines = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line"));
        lines.map(|seen: Value| (seen["step"].as_str().unwrap_or_default().to_owned(), seen)).collect()
    }
}

fn python_installed() -> Option<Installed> {
    INTEROP.find("interop_clients", "clients", &["PYTHON", "PYTHON_PACKAGES"])
}

fn node_installed() -> Option<Installed> {
    INTEROP.find("interop_clients", "clients", &["NODE", "NODE_MODULES"])
}

/// That everything of `expected` was seen in a step.
#[track_caller]
fn expect(seen: &Seen, step: &str, expected: Value) {
    let found = seen.get(step).unwrap_or_else(|| panic!("no step {step:?} in {seen:?}"));
    for (name, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(&found[name], value, "{name} in {found}");
    }
}

/// The types of the events of a step. Python's come with the classes that its client made of them.
fn kinds(seen: &Seen, step: &str) -> Vec<String> {
    let kinds = seen[step]["kinds"].as_array().into_iter().flatten();
    kinds.map(|kind| kind.as_str().or(kind[0].as_str()).unwrap_or_default().to_owned()).collect()
}

const BEGINNING: [&str; 2] = ["response.created", "response.in_progress"];

/// The conversation over WebSocket that both scripts have: warm-up, a text, a search, a patch and a last word, each going on
/// from the one before; then what may not be.
fn conversation_is_right(seen: &Seen) {
    expect(seen, "warm-up", json!({"status": "completed", "output": 0}));
    assert_eq!(kinds(seen, "warm-up"), [BEGINNING.as_slice(), &["response.completed"]].concat());

    expect(seen, "text", json!({"status": "completed", "follows": true}));
    let text = seen["text"]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("Pilotlight's embedded agent"), "{text:?}");

    let pattern = json!({"pattern": "\\bfetch\\b", "max_results": 1000});
    expect(seen, "call", json!({"kind": "function_call", "name": "search", "arguments": pattern}));
    let patch = "*** Begin Patch\n*** Update File: a.rs\n@@\n-fn fetch() {}\n+fn load() {}\n*** End Patch\n";
    let patch = json!({"status": "completed", "kind": "custom_tool_call", "name": "apply_patch", "input": patch});
    expect(seen, "patch", patch);
    assert!(kinds(seen, "patch").contains(&"response.custom_tool_call_input.done".to_owned()));
    expect(seen, "output", json!({"status": "completed", "follows": true}));

    let invalid = "invalid_request_error";
    expect(seen, "unknown call", json!({"status": 400, "type": invalid}));
    assert!(seen["unknown call"]["message"].as_str().is_some_and(|message| message.contains("call_unknown")));
    let not_found = json!({
        "status": 400, "code": "previous_response_not_found", "type": invalid, "param": "previous_response_id"
    });
    expect(seen, "evicted", not_found.clone());
    expect(seen, "not found", not_found);
    expect(seen, "anew", json!({"status": "completed"}));
}

/// What both scripts see over HTTP.
fn stream_is_right(seen: &Seen) {
    expect(seen, "stream", json!({"status": "completed", "name": "search"}));
    let kinds = kinds(seen, "stream");
    assert_eq!(
        (&kinds[..2], kinds.last()),
        (&BEGINNING.map(str::to_owned)[..], Some(&"response.completed".to_owned()))
    );
    assert!(kinds.contains(&"response.function_call_arguments.done".to_owned()), "{kinds:?}");
    let not_found = json!({"kind": "BadRequestError", "status": 400, "code": "previous_response_not_found"});
    expect(seen, "not found by HTTP", not_found);
}

#[test]
fn python_has_a_conversation_over_websocket_and_http() {
    let Some(installed) = python_installed() else { return };
    let project = Project::new("");
    let seen = OpenAi::python(&project, &installed).run("talk", &[]);
    conversation_is_right(&seen);
    stream_is_right(&seen);
    // Its class for every event is one of its own, not the one it falls back to for what it does not know.
    assert_eq!(seen["call"]["kinds"][0], json!(["response.created", "ResponseWsCreated"]));
    expect(&seen, "not found", json!({"kind": "ResponseWsError"}));
}

#[test]
fn python_has_two_lanes_at_once_and_forks_one_from_the_other() {
    let Some(installed) = python_installed() else { return };
    let project = Project::new("");
    let seen = OpenAi::python(&project, &installed).run("talk", &[]);
    expect(&seen, "lanes", json!({"statuses": ["completed", "completed", "completed"], "forked": true}));
    expect(&seen, "lanes", json!({"lane": "left", "code": "previous_response_not_found", "kind": "ResponseWsError"}));
}

#[test]
fn every_event_has_all_that_python_declares_for_it() {
    let Some(installed) = python_installed() else { return };
    let project = Project::new("");
    let seen = OpenAi::python(&project, &installed).run("talk", &[]);
    expect(&seen, "misfits", json!({"found": []}));
}

#[test]
fn node_has_a_conversation_over_websocket_and_http() {
    let Some(installed) = node_installed() else { return };
    let project = Project::new("");
    let seen = OpenAi::node(&project, &installed).run("talk", &[]);
    conversation_is_right(&seen);
    stream_is_right(&seen);
    expect(&seen, "not found", json!({"kind": "WebSocketError"}));
    expect(&seen, "lanes", json!({"statuses": {"left": "completed", "right": "completed"}}));
}

/// Faults, and what each is to a client: status, code, type, and the class of Python's and Node's errors over HTTP.
const FAULTS: [(&str, u16, &str, &str, &str); 4] = [
    ("quota", 429, "insufficient_quota", "insufficient_quota", "RateLimitError"),
    ("rate-limit", 429, "rate_limit_exceeded", "rate_limit_error", "RateLimitError"),
    ("overloaded", 503, "server_is_overloaded", "server_error", "InternalServerError"),
    ("context-length", 400, "context_length_exceeded", "invalid_request_error", "BadRequestError"),
];

#[test]
fn python_takes_faults_for_the_errors_they_are() {
    let Some(installed) = python_installed() else { return };
    for (fault, status, code, kind, class) in FAULTS {
        let project = Project::new("");
        let seen = OpenAi::python(&project, &installed).run("fail", &[fault]);
        let error = json!({"status": status, "code": code, "type": kind});
        expect(&seen, "websocket", error.clone());
        expect(&seen, "websocket", json!({"kind": "ResponseWsError"}));
        expect(&seen, "http", error);
        expect(&seen, "http", json!({"kind": class}));
    }
}

#[test]
fn node_takes_faults_for_the_errors_they_are() {
    let Some(installed) = node_installed() else { return };
    for (fault, status, code, kind, class) in FAULTS {
        let project = Project::new("");
        let seen = OpenAi::node(&project, &installed).run("fail", &[fault]);
        let error = json!({"status": status, "code": code, "type": kind});
        expect(&seen, "websocket", error.clone());
        expect(&seen, "websocket", json!({"kind": "WebSocketError"}));
        expect(&seen, "http", error);
        expect(&seen, "http", json!({"kind": class}));
    }
}
