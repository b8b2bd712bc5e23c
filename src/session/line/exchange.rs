//! One request on its way and its answer coming in, over whichever transport the line has.

use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::answer::Answer;
use super::upkeep::HTTP_HOLDS;
use super::{Line, Link, Stop, Watcher, cut};
use crate::session::failure::Failure;
use crate::session::profile::Limits;
use crate::session::recovery::Trouble;
use crate::wire::event::{Finished, OutputItem, decode};
use crate::wire::http::{self, Refusal};
use crate::wire::{Closed, Incoming};

impl Line {
    /// Sends and reads to the terminal event.
    pub(super) async fn exchange(
        &mut self,
        text: String,
        chained_outputs: bool,
        watcher: Watcher<'_>,
    ) -> Result<(Vec<OutputItem>, Finished), Stop> {
        let bytes_out = text.len();
        let limits = self.profile.limits.clone();
        let first_event_by = Instant::now() + limits.first_event_timeout;
        let mut source = self.send(text, first_event_by).await?;
        let mut answer = Answer::to(chained_outputs);
        let mut event_by = first_event_by;
        loop {
            let cancel = self.turn.cancel.clone();
            let by = event_by.min(self.turn.deadline);
            let incoming = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(Failure::Cancelled.into()),
                incoming = timeout_at(by.into(), source.next(&mut self.link)) => incoming,
            };
            let (text, bytes) = match incoming {
                Err(_) if self.turn.deadline <= Instant::now() => {
                    return Err(Failure::TimedOut(limits.turn_timeout).into());
                }
                Err(_) => return Err(cut(format!("the server was silent for {:?}", silence(&answer, &limits)))),
                Ok(Incoming::Closed(closed)) => return Err(self.closed(&closed, bytes_out, answer.heard)),
                Ok(Incoming::Event { text, bytes }) => (text, bytes),
            };
            self.turn.receipt.bytes_received += bytes as u64;
            if let (true, Some(asked)) = (self.turn.receipt.ms_to_first_event.is_zero(), self.turn.asked_at) {
                self.turn.receipt.ms_to_first_event = asked.elapsed();
            }
            if let Link::WebSocket { heard, .. } = &mut self.link {
                *heard = true;
                self.websocket_worked = true;
            }
            event_by = Instant::now() + limits.idle_timeout;
            answer.heard = true;
            let event =
                decode(&text).map_err(|reason| cut(format!("the server sent something unreadable ({reason})")))?;
            if let Some(done) = answer.take(self.link.discreet(event), watcher)? {
                source.finish();
                return Ok(done);
            }
        }
    }

    async fn send(&mut self, text: String, by: Instant) -> Result<Source, Stop> {
        match &mut self.link {
            Link::None => Err(cut("not connected".into())),
            Link::WebSocket { connection, .. } => {
                // A pump that has ended says why when it is asked for the next event.
                connection.send(text).await;
                Ok(Source::WebSocket)
            }
            Link::Http { client, .. } => {
                let bytes_out = text.len() as u64;
                let cancel = self.turn.cancel.clone();
                let by = by.min(self.turn.deadline);
                let posted = tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Err(Failure::Cancelled.into()),
                    posted = timeout_at(by.into(), client.post(text, self.profile.limits.connect_timeout)) => posted,
                };
                match posted {
                    Ok(Ok(exchange)) => {
                        if exchange.resent {
                            self.made("http");
                            self.note_connection();
                            self.turn.receipt.bytes_sent += bytes_out;
                        }
                        Ok(Source::Http(exchange))
                    }
                    Ok(Err(Refusal::Api(error))) => {
                        Err(Stop::Trouble(Trouble::Api { error, after_output: false, chained_outputs: false }))
                    }
                    Ok(Err(Refusal::Lost(closed))) => Err(cut(closed.to_string())),
                    Err(_) => Err(cut("the server was silent".into())),
                }
            }
        }
    }

    /// The connection ended with a request of `bytes_out` on its way; `heard` when the server had begun to answer it.
    fn closed(&mut self, closed: &Closed, bytes_out: usize, heard: bool) -> Stop {
        let code = match closed {
            Closed::ByPeer { code, .. } => *code,
            _ => None,
        };
        let fresh = matches!(self.link, Link::WebSocket { heard: false, .. });
        let http = self.may_use_http();
        let trouble = match code {
            Some(1009) if !heard => self.too_large(bytes_out),
            Some(1012 | 1013) if !heard => Trouble::Shed { reason: closed.to_string(), http },
            _ => Trouble::Cut(closed.to_string()),
        };
        self.drop_link(&trouble.label());
        if code == Some(1008) && fresh && http {
            self.hold_http(&closed.to_string(), HTTP_HOLDS);
        }
        Stop::Trouble(trouble)
    }

    pub(super) fn too_large(&self, bytes: usize) -> Trouble {
        Trouble::TooLarge { bytes, http: self.may_use_http() && !matches!(self.link, Link::Http { .. }) }
    }
}

/// Where the events of the request in flight come from.
enum Source {
    WebSocket,
    Http(http::Exchange),
}

impl Source {
    async fn next(&mut self, link: &mut Link) -> Incoming {
        match (self, link) {
            (Source::WebSocket, Link::WebSocket { connection, .. }) => connection.next().await,
            (Source::Http(exchange), _) => exchange.next().await,
            (Source::WebSocket, _) => Incoming::Closed(Closed::Io("the connection is gone".into())),
        }
    }

    /// The answer is complete; the connection goes on to the next.
    fn finish(self) {
        if let Source::Http(exchange) = self {
            exchange.finish();
        }
    }
}

fn silence(answer: &Answer, limits: &Limits) -> Duration {
    if answer.heard { limits.idle_timeout } else { limits.first_event_timeout }
}
