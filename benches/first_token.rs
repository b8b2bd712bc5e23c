//! Time to the first token on a real model: `cargo bench --bench first_token`. Ten turns about one file, with an edit near
//! its top before each: our diffs, which are appended, against the file sent again, which moves everything behind the edit
//! out of the server's cache.
//!
//! llama.cpp's server and a small model are got with `.ci/install-interop.sh llama`. The file has some 3,000 tokens; the
//! same is done with its first tenth, a few times, to see how both ways grow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
#[path = "../tests/installed/mod.rs"]
mod installed;
#[path = "../tests/interop/mod.rs"]
mod interop;
#[path = "first_token/person.rs"]
mod person;
#[path = "../tests/provider/mod.rs"]
mod provider;
#[path = "first_token/relay.rs"]
mod relay;
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use bench::{Axis, Lines, Report, Samples};
use installed::{INTEROP, Installed};
use interop::Server;
use person::{PATH, Person};
use pilotlight::delta::frame;
use relay::{Exchange, Relay};
use serde_json::{Value, json};
use support::{Project, deserted};

/// A real source file, of which so many bytes are taken, by whole lines: some 300 tokens, and some 3,000.
const SOURCE: &str = include_str!("../src/delta/ledger.rs");
const SMALL: usize = 1_080;
const USUAL: usize = 10_800;
/// Turns with each file, both ways.
const FEW: usize = 3;
const TURNS: usize = 10;

fn main() {
    let needed = ["LLAMA_SERVER", "LLAMA_BACKEND", "LLAMA_MODEL"];
    let Some(installed) = INTEROP.find("first_token", "llama", &needed) else { return };
    let project = Project::new("");
    let address = deserted();
    let _llama = llama(&project, &installed, &address);
    let relay = Relay::start(&address);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let [small, usual] = [(SMALL, FEW), (USUAL, TURNS)]
        .map(|(bytes, turns)| runtime.block_on(both_ways(&first_lines(SOURCE, bytes), turns, &relay)));
    tell(&small, &usual);
}

/// The turns of both ways.
struct Turns {
    ours: Vec<Exchange>,
    again: Vec<Exchange>,
}

async fn both_ways(text: &str, turns: usize, relay: &Relay) -> Turns {
    let mut person = Person::begin(text, relay.address()).await;
    let mut ours = Vec::new();
    // The first turn is the same for everybody: nothing is known yet.
    for _ in 0..=turns {
        person.turn().await;
        ours.push(relay.exchange());
    }
    let first = ours.remove(0);
    check(&first, &ours, text);
    let again = resend(&first, &mut person, turns, relay);
    Turns { ours, again }
}

/// The server with its model. An answer is cut after a few tokens; only the first one matters.
fn llama(project: &Project, installed: &Installed, address: &str) -> Server {
    let (host, port) = address.split_once(':').expect("a host and a port");
    let mut command = project.clean(&installed.path("LLAMA_SERVER").to_string_lossy());
    command.env("GGML_BACKEND_PATH", installed.path("LLAMA_BACKEND"));
    command.arg("--model").arg(installed.path("LLAMA_MODEL")).args(["--host", host, "--port", port, "--no-ui"]);
    command.args("--ctx-size 8192 --parallel 1 --predict 8 --seed 1 --temp 0".split(' '));
    Server::start(command, "listening on")
}

/// What was sent for the first time holds the file, and what came later only diffs behind it.
fn check(first: &Exchange, ours: &[Exchange], text: &str) {
    let told = |item: &Value| text_of(item).starts_with("<file ") && text_of(item).contains(text);
    assert!(input(&first.body).iter().any(told), "the file was not told: {}", first.body);
    for (number, pair) in ours.windows(2).enumerate() {
        let (before, now) = (input(&pair[0].body), input(&pair[1].body));
        assert!(now.starts_with(before), "turn {number} rewrites what was sent");
        let new = Value::from(now[before.len()..].to_vec()).to_string();
        assert!(new.contains("--- a/src/ledger.rs") && !new.contains("<file "), "turn {number}: {new}");
    }
}

/// The first request again for each turn, with the file as it is then in its place.
fn resend(first: &Exchange, person: &mut Person, turns: usize, relay: &Relay) -> Vec<Exchange> {
    let exchange = |person: &Person| {
        let mut body = first.body.clone();
        let items = body["input"].as_array_mut().expect("an input");
        let frame = frame::file(PATH, &person.text());
        let is_file = |item: &Value| text_of(item).starts_with("<file ");
        let at = items.iter().position(is_file).expect("the file's item");
        items[at]["content"][0]["text"] = json!(frame);
        // The edit is in the file now, so nothing tells it besides.
        items.retain(|item| !text_of(item).contains("--- a/src/ledger.rs"));
        post(relay, &body);
        relay.exchange()
    };
    // The first time fills the cache with this form.
    exchange(person);
    (0..turns)
        .map(|_| {
            person.edit();
            exchange(person)
        })
        .collect()
}

/// Posts a request and reads its answer to the end.
fn post(relay: &Relay, body: &Value) {
    let body = body.to_string();
    let mut connection = TcpStream::connect(relay.address()).expect("the relay listens");
    let (host, length) = (relay.address(), body.len());
    let head = format!(
        "POST /v1/responses HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    connection.write_all(format!("{head}{body}").as_bytes()).expect("a request is sent");
    connection.read_to_end(&mut Vec::new()).expect("an answer");
}

fn tell(small: &Turns, usual: &Turns) {
    let mut report = Report::new("first_token");
    let Turns { ours, again } = usual;
    let mut rows =
        vec![["turn", "diffs appended", "cached", "of", "file sent again", "cached", "of"].map(str::to_owned).to_vec()];
    for (number, (ours, again)) in ours.iter().zip(again).enumerate() {
        rows.push([vec![(number + 1).to_string()], cells(ours), cells(again)].concat());
    }
    report.table("Time to the first token, and tokens of the prompt that came from the server's cache", &rows);
    let (ours_ms, again_ms) = (milliseconds(ours), milliseconds(again));
    let ratio = again_ms / ours_ms;
    println!("medians: {:.2} s against {:.2} s, ×{ratio:.1}\n", ours_ms / 1e3, again_ms / 1e3);
    report.figure("ms to first token, diffs appended", ours_ms);
    report.figure("ms to first token, file sent again", again_ms);
    report.figure("ratio", ratio);
    // What the cache does not hold of a request with the file in it is the file, and little else.
    let tokens = |turns: &Turns| (turns.again[0].prompt_tokens - turns.again[0].cached_tokens) as f64;
    for (name, few, all) in [("diffs appended", &small.ours, ours), ("file sent again", &small.again, again)] {
        let points = [(tokens(small), milliseconds(few)), (tokens(usual), milliseconds(all))];
        report.growth(format!("first token by tokens of the file, {name}"), &points);
    }
    draw(&report, ours, again, ratio);
    report.finish();
}

/// The median time to the first token.
fn milliseconds(exchanges: &[Exchange]) -> f64 {
    Samples::of(exchanges.iter().map(|exchange| exchange.first_token)).median()
}

fn draw(report: &Report, ours: &[Exchange], again: &[Exchange], ratio: f64) {
    let points = |exchanges: &[Exchange]| -> Vec<(f64, f64)> {
        let numbered = exchanges.iter().enumerate();
        numbered.map(|(turn, exchange)| ((turn + 1) as f64, exchange.first_token.as_secs_f64())).collect()
    };
    report.chart(
        "first-token",
        &Lines {
            title: "Time to the first token, a file edited near its top each turn",
            description: &format!(
                "Ten turns on a model of 135 million parameters that llama.cpp runs on two cores. With the diffs appended \
                 the first token takes a median of {:.1} s, with the file sent again {ratio:.1} times as long.",
                milliseconds(ours) / 1e3
            ),
            x: ("turn", Axis::Linear),
            y: ("seconds", Axis::Linear),
            series: &[("diffs appended", points(ours)), ("file sent again", points(again))],
        },
    );
}

fn cells(exchange: &Exchange) -> Vec<String> {
    let seconds = exchange.first_token.as_secs_f64();
    vec![format!("{seconds:.2} s"), exchange.cached_tokens.to_string(), exchange.prompt_tokens.to_string()]
}

fn input(body: &Value) -> &[Value] {
    body["input"].as_array().expect("an input")
}

fn text_of(item: &Value) -> &str {
    item["content"][0]["text"].as_str().unwrap_or_default()
}

/// So many of a text's first bytes, by whole lines.
fn first_lines(text: &str, bytes: usize) -> String {
    let mut end = 0;
    let lines = text.split_inclusive('\n').take_while(|line| {
        end += line.len();
        end <= bytes
    });
    lines.collect()
}
