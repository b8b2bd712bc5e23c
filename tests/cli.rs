//! The command line as the contract describes it: what each subcommand prints, where, and how it exits; and that a wrong
//! word, a wrong setting or a provider that is not there is told in one clear line. Every test runs the real binary.

#[cfg(test)]
mod support;

use std::net::TcpListener;

use serde_json::{Value, json};
use support::{Agent, Client, Finished, LIMIT, Project, RUST, TestEditor, deserted, finish, git_apply};

/// Names that a diff has to quote, and line ends it has to keep.
const ODD_NAMES: &str = "\
//- weather.py
def fetch(city):
    return len(city)
//- my report.py
from weather import fetch

print(fetch(\"Oslo\"))
//- straße/größe ü.py crlf
from weather import fetch


print(fetch(\"Zürich\"))
//-  blank before.py
from weather import fetch
//- last \"line\".py
from weather import fetch
last = 1";

fn pilotlight(project: &Project, arguments: &[&str]) -> Finished {
    finish(project.pilotlight(arguments))
}

/// One clear line on stderr and nothing on stdout.
fn assert_told(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code, Some(code), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.stdout, "");
    assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{}", finished.stderr);
    for word in words {
        assert!(finished.stderr.contains(word), "no {word:?} in {}", finished.stderr);
    }
}

/// Wrong usage, which may go on about what is right.
fn assert_wrong_usage(finished: &Finished, words: &str) {
    assert_eq!(finished.code, Some(2), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.stdout, "");
    assert!(finished.stderr.contains(words), "no {words:?} in {}", finished.stderr);
}

// ---- run -----------------------------------------------------------------------------------------------------------

#[test]
fn run_prints_a_diff_that_git_takes_and_writes_nothing() {
    let project = Project::new(RUST);
    let finished = pilotlight(&project, &["run", "rename fetch to load everywhere"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.starts_with("diff --git a/src/cache.rs b/src/cache.rs\n"), "{}", finished.stdout);
    assert!(!finished.stdout.contains('\u{1b}'), "no colours where there is no terminal");
    git_apply(&project, &finished.stdout, true);
    assert!(project.read("src/station.rs").contains("fn fetch"));
    git_apply(&project, &finished.stdout, false);
    assert!(project.read("src/station.rs").contains("fn load"));
    assert!(project.read("src/cache.rs").contains("station::load(city)\r\n"), "line ends are kept");
}

#[test]
fn the_diff_is_right_for_odd_names_and_missing_line_ends() {
    let project = Project::new(ODD_NAMES);
    let finished = pilotlight(&project, &["run", "rename fetch to load"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    git_apply(&project, &finished.stdout, true);
    git_apply(&project, &finished.stdout, false);
    assert_eq!(project.read("my report.py"), "from weather import load\n\nprint(load(\"Oslo\"))\n");
    assert_eq!(project.read(" blank before.py"), "from weather import load\n");
    assert_eq!(project.read("last \"line\".py"), "from weather import load\nlast = 1");
    assert_eq!(project.read("straße/größe ü.py"), "from weather import load\r\n\r\n\r\nprint(load(\"Zürich\"))\r\n");
}

#[test]
fn run_as_json_is_one_object_on_one_line() {
    let project = Project::new(RUST);
    let finished = pilotlight(&project, &["run", "rename fetch to load", "--json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stdout.lines().count(), 1, "{}", finished.stdout);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["diff", "message", "receipt"]);
    assert_eq!(object["receipt"]["outcome"], "proposed");
    assert_eq!(object["receipt"]["estimated"], true);
    git_apply(&project, object["diff"].as_str().unwrap(), true);
}

#[test]
fn run_applies_what_it_prints() {
    let project = Project::new(RUST);
    let (before, twin) = (project.read("src/cache.rs"), Project::new(RUST));
    let finished = pilotlight(&project, &["run", "rename fetch to load", "--apply", "--json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(object["receipt"]["outcome"], "applied");
    assert_eq!(project.read("src/cache.rs"), before.replace("::fetch", "::load"));
    git_apply(&twin, object["diff"].as_str().unwrap(), false);
    for file in ["src/station.rs", "src/cache.rs", "src/lib.rs", "src/report.rs", "src/main.rs"] {
        assert_eq!(project.read(file), twin.read(file), "{file}");
    }
    let left: Vec<_> =
        std::fs::read_dir(project.root().join("src")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 5, "no temporary files stay: {left:?}");
}

#[test]
fn the_file_of_run_says_which_definition_is_meant() {
    let project = Project::new("//- a.py\ndef fetch():\n    return 1\n//- b.py\ndef fetch():\n    return 2\n");
    for place in ["b.py", "b.py:1", "b.py:1:5"] {
        let finished = pilotlight(&project, &["run", "rename fetch to load", "--file", place]);
        assert_eq!(finished.code, Some(0), "{place}: {}", finished.stderr);
        assert!(finished.stdout.contains("b/b.py") && !finished.stdout.contains("a.py"), "{}", finished.stdout);
    }
    let finished = pilotlight(&project, &["run", "rename fetch to load"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
    assert!(finished.stderr.contains("a.py") && finished.stderr.contains("b.py"), "{}", finished.stderr);
}

#[test]
fn what_the_embedded_agent_cannot_do_is_a_failure_that_says_so() {
    let project = Project::new(RUST);
    let finished = pilotlight(&project, &["run", "translate the comments to French"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""));
    assert!(
        finished.stderr.contains("embedded agent") && finished.stderr.contains("provider.base_url"),
        "{}",
        finished.stderr
    );
    let finished = pilotlight(&project, &["run", "translate the comments to French", "--json"]);
    assert_eq!(finished.code, Some(1));
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((&object["diff"], &object["receipt"]["outcome"]), (&json!(""), &json!("answered")));
}

#[test]
fn an_excluded_file_is_refused_and_nothing_of_it_is_shown() {
    let project = Project::new("//- .env\nfetch=CANARY\n//- a.py\ndef fetch():\n    return 1\n");
    let finished = pilotlight(&project, &["run", "rename fetch to load", "--file", ".env"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
    assert!(finished.stderr.contains(".env") && !finished.stderr.contains("CANARY"), "{}", finished.stderr);
    let finished = pilotlight(&project, &["run", "rename fetch to load"]);
    assert!(finished.stdout.contains("a.py") && !finished.stdout.contains(".env"), "{}", finished.stdout);
}

#[test]
fn what_run_cannot_make_sense_of_is_wrong_usage() {
    let project = Project::new(RUST);
    for (arguments, words) in [
        (&["run", "x", "--workspace", "/nonexistent"][..], "/nonexistent"),
        (&["run", "x", "--workspace", "Cargo.toml"], "Cargo.toml"),
        (&["run", "x", "--file", "src/nothing.rs"], "src/nothing.rs"),
        (&["run", "x", "--file", "src"], "src"),
        (&["run", "x", "--file", "/etc/passwd"], "/etc/passwd"),
        (&["run", "x", "--file", "../pilotlight.toml"], "../pilotlight.toml"),
        (&["run", "x", "--unknown"], "--unknown"),
        (&["run", " "], "instruction"),
        (&["run"], "INSTRUCTION"),
        (&["--unknown"], "--unknown"),
        (&["unknown"], "unknown"),
        (&["--stdio", "config"], "--stdio"),
        (&["config", "--set", "nonsense"], "nonsense"),
        (&["trust", "/nonexistent"], "/nonexistent"),
        (&["demo", "--workspace", "/nonexistent"], "/nonexistent"),
    ] {
        assert_wrong_usage(&pilotlight(&project, arguments), words);
    }
}

// ---- demo ----------------------------------------------------------------------------------------------------------

#[test]
fn the_demo_does_the_main_job_over_one_connection() {
    let project = Project::new("//- empty\n");
    let finished = pilotlight(&project, &["demo", "--json"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    let turns: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(turns.len() >= 2, "{turns:?}");
    for turn in &turns {
        assert_eq!(turn["receipt"]["outcome"], "applied", "{turn}");
        assert!(turn["diff"].as_str().is_some_and(|diff| diff.contains("@@")), "{turn}");
        assert!(turn["message"].is_string());
    }
    assert!(turns[1..].iter().all(|turn| turn["receipt"]["reused_connection"] == true));
}

#[test]
fn the_demo_tells_its_story_to_people() {
    let project = Project::new("//- empty\n");
    let finished = pilotlight(&project, &["demo"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    for word in ["Finish this change", "+", "applied", "bytes sent", "1 connection"] {
        assert!(finished.stdout.contains(word), "no {word:?} in {}", finished.stdout);
    }
}

#[test]
fn the_demo_works_on_a_copy() {
    let source = Project::new(RUST);
    let project = Project::new("//- empty\n");
    let finished = pilotlight(&project, &["demo", "--json", "--workspace", source.root().to_str().unwrap()]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    for file in ["src/station.rs", "src/report.rs", "src/cache.rs", "src/main.rs"] {
        assert_eq!(source.read(file), Project::new(RUST).read(file), "{file}");
    }
}

// ---- agent ---------------------------------------------------------------------------------------------------------

#[test]
fn the_agent_serves_others_as_a_provider() {
    let project = Project::new(RUST);
    let agent = Agent::serving(&project, &[]);
    let finished = pilotlight(&project, &["run", "rename fetch to load", "--json"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    let setting = format!("provider.base_url={}", agent.base_url());
    let over_http = ["run", "rename fetch to load", "--json", "--set", &setting, "--set", "provider.transport=http"];
    let finished = pilotlight(&project, &over_http);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((&object["receipt"]["transport"], &object["receipt"]["outcome"]), (&json!("http"), &json!("proposed")));
}

#[test]
fn the_agent_says_why_it_cannot_listen() {
    let project = Project::new("//- empty\n");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_told(&pilotlight(&project, &["agent", "--listen", &address]), 1, &[&address]);
    for (arguments, words) in [
        (&["agent", "--listen", "0.0.0.0:0"][..], "--allow-remote"),
        (&["agent", "--listen", "0.0.0.0:0", "--allow-remote"], "PILOTLIGHT_AGENT_TOKEN"),
        (&["agent", "--listen", "nowhere"], "nowhere"),
        (&["agent", "--fault", "overload"], "overloaded"),
        (&["agent", "--fault", "slow,after=soon"], "after"),
        (&["agent", "--rtt", "far"], "--rtt"),
    ] {
        assert_wrong_usage(&pilotlight(&project, arguments), words);
    }
    let nowhere = project.outside("no/such/folder/journal.jsonl");
    let nowhere = nowhere.to_str().unwrap();
    assert_told(&pilotlight(&project, &["agent", "--record", nowhere]), 1, &[nowhere]);
}

#[test]
fn the_agent_records_what_it_is_asked_and_never_a_key() {
    let project = Project::new(RUST);
    let file = project.outside("journal.jsonl");
    let agent = Agent::start_with(&project, &["--rtt", "4", "--record", file.to_str().unwrap()]);
    let setting = format!("provider.base_url={}", agent.base_url());
    let headers = "provider.headers={\"api-key\" = \"CANARY\"}";
    let mut command = project.pilotlight(&["run", "rename fetch to load", "--set", &setting, "--set", headers]);
    command.env("OPENAI_API_KEY", "sk-CANARY");
    let finished = finish(command);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);

    // The end of the connection arrives from afar, when the client is gone already.
    let asked = std::time::Instant::now();
    let journal = loop {
        let journal = std::fs::read_to_string(&file).unwrap();
        if journal.contains("\"closed\"") && journal.ends_with('\n') {
            break journal;
        }
        assert!(asked.elapsed() < LIMIT, "{journal}");
        std::thread::yield_now();
    };
    assert!(!journal.contains("CANARY"), "{journal}");
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!((count("started"), count("opened"), count("closed")), (1, 1, 1), "{journal}");
    let asked: Vec<&Value> = lines.iter().filter(|line| line["direction"] == "in").map(|line| &line["event"]).collect();
    assert_eq!(asked[0]["generate"], false, "a warm-up comes first");
    assert!(
        asked[1..]
            .iter()
            .filter(|event| event["type"] == "response.create")
            .all(|event| { event["previous_response_id"].is_string() })
    );
}

// ---- configuration -------------------------------------------------------------------------------------------------

#[test]
fn a_wrong_setting_names_the_file_the_line_and_the_key() {
    let project = Project::new(RUST);
    for (toml, words) in [
        (
            "[session]\nwarm = true\nrotate_aftre = \"5m\"\n",
            &[":3", "session.rotate_aftre", "session.rotate_after"][..],
        ),
        ("[sesion]\nwarm = true\n", &[":1", "sesion", "session"]),
        ("[session]\n\nwarm = \"yes\"\n", &[":3", "session.warm"]),
        ("[provider]\ntransport = \"carrier pigeon\"\n", &[":2", "provider.transport", "websocket"]),
        ("[provider\n", &[":1"]),
    ] {
        let file = project.configure(toml);
        for arguments in [&["config"][..], &["run", "x"], &["lsp"], &["trust", "--list"]] {
            let finished = pilotlight(&project, arguments);
            assert_told(&finished, 1, &[file.to_str().unwrap()]);
            assert_told(&finished, 1, words);
        }
    }
}

#[test]
fn a_named_configuration_that_is_not_there_is_an_error() {
    let project = Project::new(RUST);
    let mut command = project.pilotlight(&["config"]);
    command.env("PILOTLIGHT_CONFIG", "/nonexistent/pilotlight.toml");
    assert_told(&finish(command), 1, &["/nonexistent/pilotlight.toml", "PILOTLIGHT_CONFIG"]);
}

#[test]
fn config_says_where_each_value_comes_from() {
    let project = Project::new(RUST);
    let file = project.configure("[session]\nwarm = false\n");
    let finished = pilotlight(&project, &["config", "--set", "provider.model=mine"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let line = |key: &str| finished.stdout.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    assert!(line("session.warm = false").contains(file.to_str().unwrap()), "{}", finished.stdout);
    assert!(line("provider.model = \"mine\"").contains("command line"), "{}", finished.stdout);
    assert!(line("session.max_rounds = 40").contains("default"), "{}", finished.stdout);
    let schema: Value = serde_json::from_str(&pilotlight(&project, &["config", "--schema"]).stdout).unwrap();
    assert!(schema["properties"]["provider"].is_object() && schema["properties"]["session"].is_object(), "{schema}");
}

#[test]
fn a_secret_is_in_no_output_and_no_log() {
    let project = Project::new(RUST);
    let _agent = Agent::serving(&project, &[]);
    let log = project.outside("log");
    let mut told = String::new();
    for arguments in [&["run", "rename fetch to load", "--json"][..], &["config"]] {
        let mut command = project.pilotlight(arguments);
        command.env("OPENAI_API_KEY", "sk-CANARY").env("PILOTLIGHT_LOG", "trace").env("PILOTLIGHT_LOG_FILE", &log);
        let finished = finish(command);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        told += &(finished.stdout + &finished.stderr);
    }
    told += &std::fs::read_to_string(log).unwrap();
    assert!(told.contains("session"), "something was logged");
    assert!(!told.contains("CANARY"), "{told}");
}

#[test]
fn stdout_carries_nothing_but_the_protocol_however_much_is_logged() {
    let project = Project::new(RUST);
    let mut command = project.pilotlight(&["lsp"]);
    command.env("PILOTLIGHT_LOG", "trace");
    let mut editor = TestEditor::launch_by(Client::plain(), &project, command);
    editor.introduce(json!({"rootUri": project.uri("")}));
    editor.open("src/station.rs");
    let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri("src/station.rs")}));
    editor.expect_outcome(&turn, "answered");
}

// ---- consent and providers -----------------------------------------------------------------------------------------

#[test]
fn consent_is_given_listed_and_taken_back() {
    let project = Project::new(RUST);
    project.configure("[provider]\nbase_url = \"https://provider.invalid/v1\"\n");
    let root = project.root().to_str().unwrap().to_owned();
    let list = || pilotlight(&project, &["trust", "--list"]).stdout;
    let refused = || {
        let finished = pilotlight(&project, &["run", "x"]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""), "{}", finished.stderr);
        assert!(finished.stderr.contains("provider.invalid"), "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("pilotlight trust {root}")), "{}", finished.stderr);
    };
    refused();
    assert_eq!(list(), "");
    assert_eq!(pilotlight(&project, &["trust"]).code, Some(0));
    assert!(list().contains(&root) && list().contains("https://provider.invalid"), "{}", list());
    assert_eq!(pilotlight(&project, &["trust", "--revoke"]).code, Some(0));
    assert_eq!(list(), "");
    refused();
}

#[test]
fn a_provider_on_this_machine_needs_no_consent() {
    let project = Project::new(RUST);
    let finished = pilotlight(&project, &["trust"]);
    assert_eq!(finished.code, Some(0));
    assert!(finished.stdout.contains("needs no consent"), "{}", finished.stdout);
}

#[test]
fn a_provider_that_is_not_there_is_a_clear_failure() {
    let project = Project::new(RUST);
    let address = deserted();
    project.configure(&format!("[provider]\nbase_url = \"http://{address}/v1\"\n"));
    let finished = pilotlight(&project, &["run", "rename fetch to load"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""), "{}", finished.stderr);
    assert!(finished.stderr.contains(&address), "it says where: {}", finished.stderr);
    let finished = pilotlight(&project, &["run", "rename fetch to load", "--json"]);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((finished.code, &object["receipt"]["outcome"]), (Some(1), &json!("failed")));
}

#[test]
fn what_a_provider_refuses_is_told_in_its_own_terms() {
    for (fault, outcome, words) in [
        ("upgrade-401", "failed", "provider.api_key_env"),
        ("quota", "failed", "quota is used up"),
        ("silent,after=1", "failed", "silent for 1s"),
        ("refusal", "answered", "can't help"),
    ] {
        let project = Project::new(RUST);
        let _agent = Agent::serving(&project, &[fault]);
        let finished = pilotlight(
            &project,
            &["run", "rename fetch to load", "--json", "--set", "session.first_event_timeout=\"1s\""],
        );
        let object: Value =
            serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{fault}: {}", finished.stderr));
        assert_eq!(object["receipt"]["outcome"], outcome, "{fault}: {object}");
        assert!(object["message"].as_str().is_some_and(|text| text.contains(words)), "{fault}: {object}");
    }
}

// ---- help ----------------------------------------------------------------------------------------------------------

#[test]
fn every_subcommand_explains_itself() {
    let project = Project::new("//- empty\n");
    let all = pilotlight(&project, &["--help"]);
    assert_eq!(all.code, Some(0));
    for subcommand in ["lsp", "demo", "run", "agent", "doctor", "trust", "config"] {
        assert!(all.stdout.contains(subcommand), "{subcommand} is not in {}", all.stdout);
        let help = pilotlight(&project, &[subcommand, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{subcommand}");
        assert!(help.stdout.contains(&format!("pilotlight {subcommand}")), "{}", help.stdout);
    }
    let help = pilotlight(&project, &["agent", "--help"]).stdout;
    for fault in ["upgrade-401", "close-1012", "rate-limit-no-wait", "refused-outputs", "steered", "refusal"] {
        assert!(help.contains(fault), "{fault} is not in {help}");
    }
    let version = pilotlight(&project, &["--version"]);
    assert_eq!(version.stdout.trim(), format!("pilotlight {}", env!("CARGO_PKG_VERSION")));
}
