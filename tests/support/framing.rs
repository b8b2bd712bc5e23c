//! The bytes between the two: every byte the server writes to stdout must belong to a framed JSON-RPC message.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;

/// What came from the server.
pub enum Incoming {
    /// A message.
    Message(Value),
    /// Bytes that belong to no message.
    Stray(String),
    /// stdout was closed.
    End,
}

/// Reads messages until the stream ends or cannot be one.
pub fn listen(stream: impl Read + Send + 'static) -> Receiver<Incoming> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let incoming = next(&mut stream).unwrap_or_else(Incoming::Stray);
            let last = !matches!(incoming, Incoming::Message(_));
            if sender.send(incoming).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// One message in the form it is sent.
pub fn framed(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

fn next(stream: &mut impl BufRead) -> Result<Incoming, String> {
    let mut length = None;
    loop {
        let mut line = String::new();
        let read = stream.read_line(&mut line).map_err(|error| error.to_string())?;
        match (read, line.strip_suffix("\r\n"), length) {
            (0, ..) if length.is_none() => return Ok(Incoming::End),
            (_, Some(""), Some(length)) => return message(stream, length),
            (_, Some(header), None) if header.starts_with("Content-Length: ") => {
                length = header["Content-Length: ".len()..].parse::<usize>().ok();
            }
            _ => return Err(format!("{line:?} is no header")),
        }
    }
}

fn message(stream: &mut impl Read, length: usize) -> Result<Incoming, String> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body).map_err(|error| format!("a message was cut short: {error}"))?;
    let message: Value = serde_json::from_slice(&body).map_err(|error| format!("a message is not JSON: {error}"))?;
    match message["jsonrpc"] == "2.0" {
        true => Ok(Incoming::Message(message)),
        false => Err(format!("{message} is not JSON-RPC")),
    }
}
