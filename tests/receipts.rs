//! Receipts tell what was on the wire. A counter between the real program and its provider reads frames and bodies by
//! itself; what it counts is what every surface says: the command's figures and Markdown, the status, the end of a
//! progress, `run --json`, and the demo's table.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod provider;
#[cfg(test)]
mod support;

#[cfg(test)]
mod receipts {
    pub mod counter;
    pub mod truth;
}

use provider::{Call, Provider, Reply};
use receipts::counter::Counter;
use receipts::truth::{Cost, costs, people, saved};
use serde_json::{Value, json};
use support::{Agent, Client, Project, RUST, TestEditor, finish};

const FILES: &str = "\
//- Cargo.toml
[package]
name = \"a\"
//- src/lib.rs
fn one() {} // 🌦 é
fn two() {}
//- src/other.rs
fn other() {}
";

/// A scripted provider behind a counter, with a project that uses it.
async fn counted(transport: &str) -> (Project, Provider, Counter) {
    let project = Project::new(FILES);
    let provider = Provider::start().await;
    let counter = Counter::to(&provider.base_url());
    let url = counter.base_url();
    project.configure(&format!("[provider]\nbase_url = \"{url}\"\ntransport = \"{transport}\"\n"));
    (project, provider, counter)
}

/// Three turns of one, two and four rounds.
fn script(provider: &Provider) {
    provider.script([
        Reply::text("It says 🌦, “one” and \"two\"."),
        Reply::calls([Call::swap("src/lib.rs", "fn two() {}", "fn zwei() {}")]),
        Reply::text("Done."),
        Reply::calls([Call::read("src/other.rs"), Call::read("src/lib.rs")]),
        Reply::calls([Call::new("search", json!({"pattern": "fn \\w+"}))]),
        Reply::calls([Call::swap("src/lib.rs", "fn one() {} // 🌦 é", "fn eins() {}")]),
        Reply::text("Done."),
    ]);
}

/// Takes the turns, typing before the last; gives their receipts.
fn take_turns(editor: &mut TestEditor) -> Vec<Value> {
    editor.open("src/lib.rs");
    let range = editor.range("src/lib.rs", "fn two");
    let argument = json!({"uri": editor.uri("src/lib.rs"), "range": range, "instruction": "Do it. \u{1f980}"});
    let turn = |editor: &mut TestEditor, outcome: &str| {
        let turn = editor.begin("pilotlight.edit", argument.clone());
        editor.expect_outcome(&turn, outcome)
    };
    let first = turn(editor, "answered");
    let second = turn(editor, "applied");
    editor.change("src/lib.rs", "zwei", "deux");
    vec![first, second, turn(editor, "applied")]
}

fn rounds(receipts: &[Value]) -> Vec<u64> {
    receipts.iter().map(|receipt| Cost::told(receipt).rounds).collect()
}

/// The cells of a Markdown table's rows, without its head.
fn cells(markdown: &str) -> Vec<Vec<&str>> {
    let rows = markdown.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('*')).collect()).collect()
}

/// A row tells bytes sent, bytes of a full resend and the share that was saved, in these columns.
fn assert_told(told: &[&str], cost: Cost) {
    let [sent, full, share] = told[..] else { panic!("{told:?}") };
    assert_eq!([sent, full], [people(cost.sent).as_str(), people(cost.full_resend).as_str()]);
    let share: f64 = share.strip_suffix(" %").unwrap().parse().unwrap();
    assert!((share - saved(cost)).abs() <= 0.5, "{share} % of {cost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_a_session_is_what_a_counter_on_the_wire_sees() {
    for transport in ["websocket", "http"] {
        let (project, provider, counter) = counted(transport).await;
        script(&provider);
        let mut editor = TestEditor::start(Client::vscode(), &project);
        let receipts = take_turns(&mut editor);
        assert_eq!(rounds(&receipts), [1, 2, 4], "{transport}");
        let told: Vec<Cost> = receipts.iter().map(Cost::told).collect();
        let seen = costs(&counter.exchanges(), &rounds(&receipts));
        assert_eq!(told, seen, "{transport}: what is told, and what was seen");
        if transport == "http" {
            assert!(seen.iter().all(|cost| cost.sent == cost.full_resend), "over HTTP everything is sent again");
        }
        assert_surfaces(&mut editor, &receipts, &seen);
    }
}

/// What the server shows of these turns are these figures.
fn assert_surfaces(editor: &mut TestEditor, receipts: &[Value], seen: &[Cost]) {
    let answer = editor.command("pilotlight.receipts", json!({}));
    assert_eq!(answer["turns"], json!(receipts));
    let markdown = answer["markdown"].as_str().unwrap();
    let table = cells(markdown);
    assert_eq!(table.len(), seen.len() + 1, "{markdown}");
    let all = Cost::sum(seen);
    for ((row, cost), receipt) in table.iter().zip(seen).zip(receipts) {
        assert_eq!(row[1], receipt["turn"]);
        assert_eq!(row[4], cost.rounds.to_string());
        assert_told(&row[5..8], *cost);
    }
    assert_eq!(table[seen.len()][1], "all");
    assert_told(&table[seen.len()][5..8], all);
    let last = markdown.lines().last().unwrap();
    assert!(last.starts_with(&format!("{} rounds over 1 connection, ", all.rounds)), "{last}");
    assert!(last.ends_with(&format!("; {} up, {} down.", people(all.sent), people(all.received))), "{last}");

    let status = editor.command("pilotlight.status", json!({}));
    assert_eq!(Some(&status["sessions"][0]["last"]), receipts.last(), "the status");
    for (receipt, cost) in receipts.iter().zip(seen) {
        let progress = editor.progress(&format!("pilotlight-{}", receipt["turn"].as_str().unwrap()));
        let end = progress.last().unwrap()["message"].as_str().unwrap();
        let line = format!("{} sent (full resend {})", people(cost.sent), people(cost.full_resend));
        assert!(end.contains(&line), "{end}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_people_and_programs_what_a_counter_sees() {
    for transport in ["websocket", "http"] {
        for json in [true, false] {
            let (project, provider, counter) = counted(transport).await;
            provider.script([Reply::calls([Call::read("src/other.rs")]), Reply::text("Nothing to do.")]);
            let mut command = project.pilotlight(&["run", "Look around."]);
            command.args(json.then_some("--json"));
            let finished = tokio::task::spawn_blocking(move || finish(command)).await.unwrap();
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
            let seen = costs(&counter.exchanges(), &[2]);
            if json {
                let object: Value = serde_json::from_str(&finished.stdout).unwrap();
                assert_eq!(vec![Cost::told(&object["receipt"])], seen, "{transport}");
            } else {
                let line = format!("{} sent (full resend {})", people(seen[0].sent), people(seen[0].full_resend));
                assert!(finished.stderr.contains(&line), "{}: {line}", finished.stderr);
            }
        }
    }
}

#[test]
fn the_demos_table_is_what_a_counter_sees() {
    let project = Project::new(RUST);
    let agent = Agent::start(&project, &[]);
    let counter = Counter::to(agent.base_url());
    project.configure(&format!("[provider]\nbase_url = \"{}\"\n", counter.base_url()));
    let finished = finish(project.pilotlight(&["demo", "--provider"]));
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    let table = finished.stdout.split_once("Receipts of ").unwrap().1.lines().skip(2);
    let rows: Vec<Vec<&str>> = table.take_while(|line| !line.trim().is_empty()).map(columns).collect();
    let (head, rows) = rows.split_first().unwrap();
    assert_eq!(head[5..8], ["sent", "full resend", "saved"]);
    let (last, turns) = rows.split_last().unwrap();
    let rounds: Vec<u64> = turns.iter().map(|row| row[3].parse().unwrap()).collect();
    let seen = costs(&counter.exchanges(), &rounds);
    assert_eq!(seen.len(), 3);
    for (row, cost) in turns.iter().zip(&seen) {
        assert_told(&row[5..8], *cost);
    }
    assert_eq!(last[0], "all");
    assert_told(&last[1..4], Cost::sum(&seen));
}

/// The cells of a line, which two spaces part at least.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}
