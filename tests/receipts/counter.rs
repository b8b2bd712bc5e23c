//! A counter on the way to a provider: hands every byte on, keeps a copy, and reads the copy by itself. It knows HTTP/1.1
//! and WebSocket frames and takes nothing from the crate under test: what it counts is what was on the wire.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// A port that leads to a provider.
pub struct Counter {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// Both directions of one connection, byte for byte.
#[derive(Clone, Default)]
struct Connection {
    up: Arc<Mutex<Vec<u8>>>,
    down: Arc<Mutex<Vec<u8>>>,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Payload of the frame, or body.
    pub request: String,
    /// The events of the answer.
    pub events: Vec<Value>,
    /// The same, as they came.
    pub raw_events: Vec<String>,
    /// Payload bytes of the answer: of its frames, or of its body.
    pub bytes_down: usize,
}

impl Counter {
    /// Leads to the provider with this base URL.
    pub fn to(base_url: &str) -> Counter {
        let provider: SocketAddr = base_url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let counter = Counter { address: listener.local_addr().unwrap(), connections: Arc::default() };
        let connections = counter.connections.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let connection = Connection::default();
                connections.lock().unwrap().push(connection.clone());
                let server = TcpStream::connect(provider).unwrap();
                carry(client.try_clone().unwrap(), server.try_clone().unwrap(), connection.up);
                carry(server, client, connection.down);
            }
        });
        counter
    }

    /// What `provider.base_url` has to be.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Everything that was asked so far, connection by connection, the warm-ups included.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let connections = self.connections.lock().unwrap();
        connections.iter().flat_map(Connection::exchanges).collect()
    }
}

/// Hands on one direction until its end. A byte is kept before it is handed on: who has read it finds it counted.
fn carry(mut from: TcpStream, mut to: TcpStream, copy: Arc<Mutex<Vec<u8>>>) {
    to.set_nodelay(true).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            copy.lock().unwrap().extend_from_slice(&buffer[..bytes]);
            if to.write_all(&buffer[..bytes]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

impl Connection {
    fn exchanges(&self) -> Vec<Exchange> {
        let (up, down) = (self.up.lock().unwrap().clone(), self.down.lock().unwrap().clone());
        match up.starts_with(b"GET ") {
            true => websocket(after_head(&up).1, after_head(&down).1),
            false => http(&up, &down),
        }
    }
}

/// The header lines in lower case, and what follows them.
fn after_head(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8_lossy(&bytes[..end]).to_lowercase(), &bytes[end..])
}

// ---- WebSocket ---------------------------------------------------------------------------------------------------

/// Pairs each message up with the messages down to the next terminal event.
fn websocket(up: &[u8], down: &[u8]) -> Vec<Exchange> {
    let mut answers = messages(down).into_iter();
    let answered = |request| {
        let (mut events, mut raw_events, mut bytes_down) = (Vec::new(), Vec::new(), 0);
        for message in answers.by_ref() {
            bytes_down += message.len();
            let event: Value = serde_json::from_str(&message).unwrap();
            let last = event["type"] == "response.completed";
            events.push(event);
            raw_events.push(message);
            if last {
                break;
            }
        }
        Exchange { request, events, raw_events, bytes_down }
    };
    messages(up).into_iter().map(answered).collect()
}

/// The text messages of a stream of frames (RFC 6455, 5.2), unmasked.
fn messages(mut bytes: &[u8]) -> Vec<String> {
    let (mut messages, mut begun) = (Vec::new(), Vec::new());
    while let Some((frame, rest)) = Frame::read(bytes) {
        bytes = rest;
        // 0 goes on with a text, 1 begins one; the others control the connection.
        if frame.opcode <= 1 {
            begun.extend(frame.payload);
            if frame.last {
                messages.push(String::from_utf8(std::mem::take(&mut begun)).unwrap());
            }
        } else {
            assert!(frame.opcode >= 8, "neither text nor control: {}", frame.opcode);
        }
    }
    messages
}

struct Frame {
    last: bool,
    opcode: u8,
    payload: Vec<u8>,
}

impl Frame {
    /// The first frame, if it is there whole, and what follows it.
    fn read(bytes: &[u8]) -> Option<(Frame, &[u8])> {
        let [first, second, ..] = *bytes else { return None };
        let (length, at) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap())).unwrap(), 10),
            short => (usize::from(short), 2),
        };
        let masked = second & 0x80 != 0;
        let mask = if masked { bytes.get(at..at + 4)? } else { &[0; 4] };
        let at = at + if masked { 4 } else { 0 };
        let payload = bytes.get(at..at + length)?.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        Some((
            Frame { last: first & 0x80 != 0, opcode: first & 0x0f, payload: payload.collect() },
            &bytes[at + length..],
        ))
    }
}

// ---- HTTP --------------------------------------------------------------------------------------------------------

/// Pairs each body up with the body down that answers it.
fn http(mut up: &[u8], mut down: &[u8]) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    while !up.is_empty() {
        let (head, rest) = after_head(up);
        let length: usize = header(&head, "content-length").expect("a body's length").parse().unwrap();
        let request = String::from_utf8(rest[..length].to_vec()).unwrap();
        up = &rest[length..];
        let (head, rest) = after_head(down);
        assert_eq!(header(&head, "transfer-encoding"), Some("chunked"), "{head}");
        let (body, rest) = chunks(rest);
        down = rest;
        let data = |line: &str| line.strip_prefix("data: ").map(str::to_owned);
        let body = String::from_utf8(body).unwrap();
        let raw_events: Vec<String> = body.lines().filter_map(data).collect();
        let events = raw_events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        exchanges.push(Exchange { request, events, raw_events, bytes_down: body.len() });
    }
    exchanges
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.split_once(':').filter(|(key, _)| *key == name)).map(|(_, value)| value.trim())
}

/// A body in chunks (RFC 9112, 7.1) as far as it is there, and what follows it.
fn chunks(mut bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let data = &bytes[end + 2..];
        if length == 0 {
            return (body, data.strip_prefix(b"\r\n").unwrap_or(data));
        }
        body.extend_from_slice(&data[..length]);
        bytes = &data[length + 2..];
    }
    (body, bytes)
}
