//! A relay on loopback that notes when a request has gone by and when the first token of its answer came. It passes every
//! byte on, both ways, and must never change, hold back or answer anything itself.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::interop::pass;

/// What begins the first token of an answer: of its text, of a call's arguments.
const FIRST_TOKEN: [&[u8]; 2] = [b"response.output_text.delta", b"response.function_call_arguments.delta"];

/// The relay. Its threads end with the connections they serve.
pub struct Relay {
    address: String,
    latest: Arc<Mutex<Latest>>,
}

/// One exchange: a request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request's body.
    pub body: Value,
    /// From the request's last byte to the first token.
    pub first_token: Duration,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Of these, those that the server had computed before.
    pub cached_tokens: u64,
}

/// What has gone by since the latest request began.
#[derive(Default)]
struct Latest {
    connection: usize,
    sent: Vec<u8>,
    answer: Vec<u8>,
    sent_at: Option<Instant>,
    first_token_at: Option<Instant>,
}

impl Relay {
    /// Starts one in front of the server at an address.
    pub fn start(server: &str) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let latest: Arc<Mutex<Latest>> = Arc::default();
        let (server, kept) = (server.to_owned(), Arc::clone(&latest));
        thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let server = TcpStream::connect(&server).expect("the server listens");
                relay(number, client, server, &kept);
            }
        });
        Relay { address, latest }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The latest exchange, which must be over.
    pub fn exchange(&self) -> Exchange {
        let latest = lock(&self.latest);
        let body = after_head(&latest.sent).expect("a whole request");
        let answer = String::from_utf8_lossy(&latest.answer);
        let ended = answer.lines().rev().filter_map(|line| line.strip_prefix("data: "));
        let mut ended = ended.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let usage = ended.find_map(|event| event["response"].get("usage").filter(|usage| usage.is_object()).cloned());
        let usage = usage.unwrap_or_else(|| panic!("an answer without usage:\n{answer}"));
        let (sent, first) = (latest.sent_at.expect("a request"), latest.first_token_at.expect("a token"));
        Exchange {
            body: serde_json::from_slice(body).expect("a body of JSON"),
            first_token: first - sent,
            prompt_tokens: usage["input_tokens"].as_u64().expect("a count"),
            cached_tokens: usage["input_tokens_details"]["cached_tokens"].as_u64().expect("a count"),
        }
    }
}

/// Passes everything on, both ways, until both sides have ended.
fn relay(connection: usize, client: TcpStream, server: TcpStream, latest: &Arc<Mutex<Latest>>) {
    let (from_client, from_server) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let (asked, answered) = (Arc::clone(latest), Arc::clone(latest));
    thread::spawn(move || {
        pass(from_client, server, |bytes| {
            let mut latest = lock(&asked);
            // A request that had no answer is asked again on another connection.
            if latest.connection != connection || !latest.answer.is_empty() {
                *latest = Latest { connection, ..Latest::default() };
            }
            latest.sent.extend(bytes);
            latest.sent_at = Some(Instant::now());
        });
    });
    thread::spawn(move || {
        pass(from_server, client, |bytes| {
            let mut latest = lock(&answered);
            latest.answer.extend(bytes);
            let has_begun = || FIRST_TOKEN.iter().any(|mark| holds(&latest.answer, mark));
            if latest.first_token_at.is_none() && has_begun() {
                latest.first_token_at = Some(Instant::now());
            }
        });
    });
}

fn after_head(request: &[u8]) -> Option<&[u8]> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(&request[end + 4..])
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

fn lock(latest: &Mutex<Latest>) -> MutexGuard<'_, Latest> {
    latest.lock().expect("nobody fails while noting")
}
