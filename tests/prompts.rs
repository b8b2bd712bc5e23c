//! The exact words a model is sent for every action, held against snapshots in `prompts/`. Through the real binary, with
//! a scripted model. After a change that is meant, `PILOTLIGHT_UPDATE_SNAPSHOTS=1 cargo test --test prompts` writes them
//! anew; the diff of the snapshots is then what is to be reviewed.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

use std::fs;
use std::path::Path;

use pilotlight::agent::prompts;
use pilotlight::agent::tools::{PatchTool, declarations};
use provider::{Provider, Reply, Request};
use serde_json::{Value, json};
use support::{Client, Project, TestEditor};

const FILES: &str = "\
//- AGENTS.md
Use British spelling.
//- Cargo.toml
[package]
name = \"shapes\"
//- src/shapes/AGENTS.md
Keep shapes small.
//- src/shapes/circle.rs
//! Circles.

pub struct Circle {
    radius: f64,
}

impl Circle {
    /// How far it is around.
    pub fn circumference(&self) -> f64 {
        // TODO: use the constant
        let pi = 3.14;
        if self.radius > 0.0 {
            return 2.0 * pi * self.radius;
        }
        0.0
    }
}
//- src/shapes/square.rs
pub struct Square(pub f64);
";

const ACTION: &str = "\
[[action]]
name = \"modernise\"
title = \"Modernise\"
prompt = \"Rewrite the selection in current idioms.\"
";

const CIRCLE: &str = "src/shapes/circle.rs";

/// An editor in which a turn can be begun, and what its model is sent.
struct Stage {
    provider: Provider,
    editor: TestEditor,
    project: Project,
}

impl Stage {
    async fn new() -> Stage {
        let project = Project::new(FILES);
        let provider = Provider::start().await;
        provider.answer_with(|_| Reply::text("Nothing to do."));
        project.configure(&format!("[provider]\nbase_url = \"{}\"\n{ACTION}", provider.base_url()));
        let mut editor = TestEditor::start(Client::vscode().with_plugin(json!({"prompt": true})), &project);
        editor.open(CIRCLE);
        Stage { provider, editor, project }
    }

    /// Runs a turn to its end; gives what the model was sent for it.
    async fn run(&mut self, command: &str, argument: Value) -> String {
        let before = self.provider.requests().len();
        let turn = self.editor.begin(command, argument);
        self.editor.expect_outcome(&turn, "answered");
        self.provider.requests()[before..].iter().map(Request::text).collect()
    }

    fn at(&self, needle: &str) -> Value {
        json!({"uri": self.editor.uri(CIRCLE), "range": self.editor.range(CIRCLE, needle)})
    }
}

fn with(mut argument: Value, name: &str, value: Value) -> Value {
    argument[name] = value;
    argument
}

/// Compares with the snapshot of this name.
fn expect(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prompts").join(format!("{name}.txt"));
    if std::env::var_os("PILOTLIGHT_UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, found).expect("a snapshot");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(found, expected, "{} is not what is sent now", path.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_sends_what_its_snapshot_shows() {
    let selected = "let pi = 3.14;";
    let problem = json!({
        "range": {"start": {"line": 10, "character": 17}, "end": {"line": 10, "character": 21}},
        "severity": 1,
        "source": "clippy",
        "code": "approx_constant",
        "message": "approximate value of `f64::consts::PI` found",
    });
    for (name, command, extra) in [
        ("fix", "pilotlight.fix", Some(("diagnostics", json!([problem])))),
        ("implement", "pilotlight.implement", None),
        ("edit", "pilotlight.edit", Some(("instruction", json!("Use the constant of the standard library.")))),
        ("document", "pilotlight.document", None),
        ("test", "pilotlight.test", None),
        ("simplify", "pilotlight.simplify", None),
        ("ask", "pilotlight.ask", Some(("question", json!("Why 3.14?")))),
        ("action", "pilotlight.action", Some(("name", json!("modernise")))),
    ] {
        let mut stage = Stage::new().await;
        let place = stage.at(if name == "implement" { "// TODO: use the constant" } else { selected });
        let argument = match extra {
            Some((key, value)) => with(place, key, value),
            None => place,
        };
        expect(name, &stage.run(command, argument).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_to_be_finished_is_told_as_a_diff() {
    let mut stage = Stage::new().await;
    stage.editor.change(CIRCLE, "circumference", "perimeter");
    let uri = stage.editor.uri(CIRCLE);
    expect("finish", &stage.run("pilotlight.finish", json!({"uri": uri})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_turn_sends_only_what_is_new() {
    let mut stage = Stage::new().await;
    let place = stage.at("let pi = 3.14;");
    stage.run("pilotlight.simplify", place).await;
    stage.editor.change(CIRCLE, "radius > 0.0", "radius >= 0.0");
    let place = stage.at("return");
    expect("next_turn", &stage.run("pilotlight.document", place).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn guidelines_that_change_are_told_and_those_of_other_folders_are_not() {
    let mut stage = Stage::new().await;
    stage.project.write("src/other/AGENTS.md", "Never told.\n");
    let place = stage.at("let pi = 3.14;");
    let first = stage.run("pilotlight.simplify", place.clone()).await;
    assert!(first.contains("Use British spelling.") && first.contains("Keep shapes small."), "{first}");
    assert!(!first.contains("Never told."), "{first}");
    stage.project.write("AGENTS.md", "Use Irish spelling.\n");
    let second = stage.run("pilotlight.simplify", place).await;
    assert!(second.contains("Use Irish spelling."), "{second}");
    assert!(!second.contains("Keep shapes small."), "{second}");
    stage.project.write("AGENTS.md", "Use Irish\u{202e} spelling.\n");
    let place = stage.at("let pi = 3.14;");
    let third = stage.run("pilotlight.simplify", place).await;
    assert!(third.contains("Use Irish\u{202e} spelling.\n"), "a known file is told byte for byte: {third}");
    assert!(!third.contains("<guidelines"), "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_counts_the_parts_of_the_context() {
    let mut stage = Stage::new().await;
    let argument = with(stage.at("let pi = 3.14;"), "instruction", json!("Shorter."));
    let turn = stage.editor.begin("pilotlight.edit", argument);
    let receipt = stage.editor.expect_outcome(&turn, "answered");
    let sent = stage.provider.requests()[0].text();
    let parts = receipt["context"].as_object().expect("the parts of the context");
    let names: Vec<&str> = parts.keys().map(String::as_str).collect();
    assert_eq!(names, ["brief", "file", "guidelines", "instruction", "selection", "surroundings", "symbol"]);
    let framed = "<instruction bytes=\"8\">\nShorter.\n</instruction>";
    assert!(sent.contains(framed));
    assert_eq!(parts["instruction"], framed.len());
    let sum: u64 = parts.values().filter_map(Value::as_u64).sum();
    let sent = sent.len() as u64;
    assert!(sum < sent && sent - sum < 300, "{sum} of {sent} bytes are accounted for");
}

#[test]
fn what_a_session_begins_with_is_what_its_snapshot_shows() {
    expect("instructions", prompts::INSTRUCTIONS);
    for (name, style) in [("tools_function", PatchTool::Function), ("tools_custom", PatchTool::Custom)] {
        expect(name, &format!("{:#}\n", declarations(style)));
    }
}
