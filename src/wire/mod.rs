//! The Responses protocol as a client speaks it: items, requests, events, errors, and the transports that carry them.
//!
//! This module knows nothing of sessions, files or editors. `protocol.md` facts are cited where they are used.

pub mod confidence;
pub mod dial;
pub mod error;
pub mod event;
pub mod http;
pub mod item;
pub mod pulse;
pub mod request;
pub mod websocket;

/// What a transport hands to the session: the next event, or the end.
#[derive(Debug)]
pub enum Incoming {
    /// One event.
    Event {
        /// Its JSON text.
        text: String,
        /// What it took on the wire: the message's payload, or its part of an HTTP body.
        bytes: usize,
    },
    /// Nothing more will come.
    Closed(Closed),
}

/// Why a transport ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The peer closed, with its code and reason where it gave them.
    ByPeer {
        /// WebSocket close code, absent when the stream just ended.
        code: Option<u16>,
        /// The peer's words, shortened.
        reason: String,
    },
    /// No pong came in time: the other end is gone though the socket is open.
    Dead,
    /// The peer sent something that is not the protocol (a binary frame, a frame beyond the limit).
    Unreadable(String),
    /// Reading or writing failed.
    Io(String),
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Closed::ByPeer { code: Some(code), reason } if reason.is_empty() => {
                write!(f, "the server closed the connection ({code})")
            }
            Closed::ByPeer { code: Some(code), reason } => {
                write!(f, "the server closed the connection ({code}: {reason})")
            }
            Closed::ByPeer { code: None, .. } => f.write_str("the server closed the connection"),
            Closed::Dead => f.write_str("the connection went silent (no pong)"),
            Closed::Unreadable(what) => write!(f, "the server sent something unreadable ({what})"),
            Closed::Io(error) => write!(f, "the connection failed ({error})"),
        }
    }
}
