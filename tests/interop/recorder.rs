//! A relay on loopback between our client and a server: it passes every byte on, both ways, and keeps what the client said.
//! Must never change, hold back or answer anything itself.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// All that was said on one connection, in order.
type Said = Arc<Mutex<Vec<u8>>>;

/// The relay. Its threads end with the connections they serve.
pub struct Recorder {
    address: String,
    connections: Arc<Mutex<Vec<Said>>>,
}

/// One HTTP request as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The method and the path.
    pub line: String,
    /// The body, byte for byte.
    pub body: String,
}

impl Sent {
    /// The body, read.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Recorder {
    /// Starts one in front of the server at an address.
    pub fn start(server: &str) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let connections: Arc<Mutex<Vec<Said>>> = Arc::default();
        let (server, kept) = (server.to_owned(), Arc::clone(&connections));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let said = Said::default();
                kept.lock().expect("the connections").push(Arc::clone(&said));
                if let Ok(server) = TcpStream::connect(&server) {
                    relay(client, server, said);
                }
            }
        });
        Recorder { address, connections }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Every request so far, connection by connection.
    pub fn requests(&self) -> Vec<Sent> {
        let connections = self.connections.lock().expect("the connections");
        connections.iter().flat_map(|said| requests(&said.lock().expect("what was said"))).collect()
    }
}

/// Passes everything on, both ways, until both sides have ended.
fn relay(client: TcpStream, server: TcpStream, said: Said) {
    let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
    thread::spawn(move || pass(from_client, server, |bytes| said.lock().expect("what was said").extend(bytes)));
    thread::spawn(move || pass(from_server, client, |_| ()));
}

/// Passes bytes on until a side has ended, and notes them first.
pub fn pass(mut from: TcpStream, mut to: TcpStream, keep: impl Fn(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        keep(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The requests in what was said on a connection.
fn requests(mut said: &[u8]) -> Vec<Sent> {
    let mut requests = Vec::new();
    while let Some(end) = said.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = std::str::from_utf8(&said[..end]).expect("a head in ASCII");
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let length = headers
            .lines()
            .filter_map(|header| header.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.trim().parse().expect("a length"));
        said = &said[end + 4..];
        assert!(said.len() >= length, "the body of {line} is {length} bytes long, {} came", said.len());
        let body = String::from_utf8(said[..length].to_vec()).expect("a body in UTF-8");
        let line = line.trim_end_matches(" HTTP/1.1").to_owned();
        requests.push(Sent { line, body });
        said = &said[length..];
    }
    requests
}
