//! A conversation with the real server, in this process and without a socket: an editor says some messages, answers what
//! it is asked with nothing, and says goodbye once everything is answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pilotlight::config::{Sources, UserFile, load};
use pilotlight::lsp::{Options, serve};
use pilotlight::session::pool::SessionPool;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

/// A conversation that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// The goodbye's id; no input has it.
const GOODBYE: &str = "goodbye";

/// Says these bodies and waits for `answers` of them to be answered. Gives everything the server said.
///
/// Panics if the server hangs, ends before the goodbye, or says anything that is no message.
pub fn converse(home: &Path, bodies: &[Vec<u8>], answers: usize) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (to_server, input) = duplex(64 * 1024);
        let (output, from_server) = duplex(64 * 1024);
        let said = talk(to_server, BufReader::new(from_server), bodies, answers);
        let conversation = async { tokio::join!(serve(options(home), input, output), said) };
        let (served, heard) = tokio::time::timeout(LIMIT, conversation).await.expect("the server answers and ends");
        assert!(served.expect("nothing is started"), "the server ended before its goodbye");
        heard
    })
}

/// A provider at which nobody listens, on this machine, and no home but this one.
fn options(home: &Path) -> Options {
    let at = |name: &str| home.join(name).display().to_string();
    let places =
        [("HOME", "home"), ("USERPROFILE", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")];
    let env: BTreeMap<_, _> = places.map(|(variable, folder)| (variable.to_owned(), at(folder))).into();
    let settings = [("provider.base_url", "http://127.0.0.1:9/v1"), ("session.warm", "false")];
    let overrides = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let sources = Sources { env: env.clone(), user_file: UserFile::Ignore, overrides };
    Options { loaded: load(&sources).expect("a configuration"), env, pool: Arc::new(SessionPool::default()) }
}

async fn talk(
    mut to_server: DuplexStream,
    mut from_server: BufReader<DuplexStream>,
    bodies: &[Vec<u8>],
    answers: usize,
) -> Vec<Value> {
    let (mut outgoing, waiting) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    bodies.iter().for_each(|body| drop(outgoing.send(body.clone())));
    let writing = async {
        let mut waiting = waiting;
        while let Some(body) = waiting.recv().await {
            let header = format!("Content-Length: {}\r\n\r\n", body.len());
            let _ = to_server.write_all(&[header.as_bytes(), &body].concat()).await;
        }
    };
    let listening = async {
        let mut heard = Vec::new();
        let mut left = answers;
        if left == 0 {
            say(&outgoing, &json!({"jsonrpc": "2.0", "id": GOODBYE, "method": "shutdown"}));
        }
        while let Some(message) = next(&mut from_server).await {
            let is_request = message.get("method").is_some();
            match message.get("id") {
                Some(id) if is_request => say(&outgoing, &json!({"jsonrpc": "2.0", "id": id, "result": null})),
                Some(id) if id == GOODBYE => {
                    say(&outgoing, &json!({"jsonrpc": "2.0", "method": "exit"}));
                    outgoing = tokio::sync::mpsc::unbounded_channel().0;
                }
                Some(_) if left > 0 => {
                    left -= 1;
                    if left == 0 {
                        say(&outgoing, &json!({"jsonrpc": "2.0", "id": GOODBYE, "method": "shutdown"}));
                    }
                }
                _ => {}
            }
            heard.push(message);
        }
        heard
    };
    tokio::join!(writing, listening).1
}

fn say(outgoing: &tokio::sync::mpsc::UnboundedSender<Vec<u8>>, message: &Value) {
    let _ = outgoing.send(message.to_string().into_bytes());
}

/// The server's next message; none at its end.
async fn next(from_server: &mut BufReader<DuplexStream>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from_server.read_line(&mut line).await.expect("headers are text") == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => length = header.strip_prefix("Content-Length: ").map(|value| value.parse().expect("a length")),
        }
    }
    let mut body = vec![0; length.expect("a Content-Length")];
    from_server.read_exact(&mut body).await.expect("a whole message");
    let message: Value = serde_json::from_slice(&body).expect("the server says JSON");
    assert_eq!(message["jsonrpc"], "2.0", "{message}");
    Some(message)
}
