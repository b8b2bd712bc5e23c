//! The embedded agent's server with a scripted model behind it, and TLS in front of it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pilotlight::embedded::rules::{Reply, ReplyItem};
use pilotlight::embedded::{self, AgentOptions, RunningAgent};
use pilotlight::wire::item::Item;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, Flaw};

/// Files there are to read.
pub const FILES: usize = 250;
/// What a turn is asked, before the number of its rounds.
pub const TASK: &str = "Tool rounds to work through: ";

/// A server behind TLS.
pub struct Server {
    /// Where TLS is spoken.
    pub address: SocketAddr,
    /// The certificate to trust.
    pub ca_file: PathBuf,
    _agent: RunningAgent,
}

impl Server {
    /// Starts one; its certificate is written to `folder`. With `closing`, it closes every connection after one answer.
    pub async fn start(folder: &Path, closing: bool) -> Server {
        let options = AgentOptions::default();
        let agent = embedded::start_with(options, Arc::new(model)).await.expect("the server starts");
        let authority = Authority::new("Pilotlight Bench Root");
        let ca_file = folder.join("authority.pem");
        authority.write(&ca_file);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let front = Front { acceptor: authority.acceptor("localhost", Flaw::None), behind: agent.addr(), closing };
        tokio::spawn(front.accept(listener));
        Server { address, ca_file, _agent: agent }
    }
}

/// TLS in front of the server.
#[derive(Clone)]
struct Front {
    acceptor: TlsAcceptor,
    behind: SocketAddr,
    closing: bool,
}

impl Front {
    async fn accept(self, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(self.clone().serve(client));
        }
    }

    async fn serve(self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut client = self.acceptor.accept(client).await?;
        let mut server = TcpStream::connect(self.behind).await?;
        server.set_nodelay(true)?;
        if self.closing {
            close_after_one(&mut client, &mut server).await?;
        }
        copy_bidirectional(&mut client, &mut server).await.map(|_| ())
    }
}

/// Hands on the first line of a request, and has the server close the connection after its answer.
async fn close_after_one(client: &mut (impl AsyncRead + Unpin), server: &mut TcpStream) -> io::Result<()> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(client.read_u8().await?);
    }
    line.extend_from_slice(b"connection: close\r\n");
    server.write_all(&line).await
}

/// Answers by the conversation alone, so that the same items get the same answers whatever way they came: a call for each
/// round it was asked for, then words.
fn model(conversation: &[Item]) -> Reply {
    let asked = |item: &Item| match item {
        Item::Message { text, .. } => text.split_once(TASK)?.1.split_whitespace().next()?.parse().ok(),
        _ => None,
    };
    let request = conversation.iter().rposition(|item| asked(item).is_some()).expect("the turn's request");
    let rounds: usize = asked(&conversation[request]).expect("a number of rounds");
    let is_output = |item: &&Item| matches!(item, Item::FunctionCallOutput { .. });
    let outputs: Vec<&Item> = conversation[request..].iter().filter(is_output).collect();
    for output in &outputs {
        let Item::FunctionCallOutput { output, .. } = output else { continue };
        assert!(!output.starts_with("Error:"), "a tool failed: {output}");
    }
    let done = outputs.len();
    let item = match done {
        _ if done == rounds => ReplyItem::Text("Everything was read.".to_owned()),
        _ if done % 5 == 4 => {
            ReplyItem::Call { name: "search".into(), arguments: json!({"pattern": format!("function_{done}_7\\b")}) }
        }
        _ => ReplyItem::Call { name: "read_file".into(), arguments: json!({"path": path(done)}) },
    };
    Reply { items: vec![item] }
}

/// Path of a file to read.
pub fn path(number: usize) -> String {
    format!("src/part_{:03}.rs", number % FILES)
}

/// Text of a file to read: about 2.5 kB of source.
pub fn text(number: usize) -> String {
    let function = |at: usize| format!("fn function_{number}_{at}(first: usize) -> usize {{\n    first + {at}\n}}\n\n");
    (0..40).map(function).collect()
}
