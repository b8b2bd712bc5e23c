//! An HTTP proxy on loopback. It records what it is asked and, wherever it is asked to connect, connects to the test's
//! server: so a test can use names beyond this machine without leaving it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What it does with a `CONNECT`.
#[derive(Clone)]
pub enum Conduct {
    /// Connects to this server, whatever was asked for.
    Tunnel(SocketAddr),
    /// The same, with these credentials only (`user:password` in base64).
    Guarded(SocketAddr, &'static str),
    /// Answers with this status.
    Refuse(u16),
    /// Reads and says nothing.
    Silent,
    /// Answers with something that is no HTTP.
    Babble,
}

pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub async fn start(conduct: Conduct) -> Proxy {
        Proxy::start_with(conduct, None).await
    }

    /// Starts; with an acceptor, it speaks TLS itself.
    pub async fn start_with(conduct: Conduct, tls: Option<TlsAcceptor>) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Proxy { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = proxy.asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (conduct, tls, asked) = (conduct.clone(), tls.clone(), asked.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, conduct, asked).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, conduct, asked).await;
                            }
                        }
                    }
                });
            }
        });
        proxy
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, conduct: Conduct, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    asked.lock().unwrap().push(head.clone());
    let server = match conduct {
        Conduct::Tunnel(server) => server,
        Conduct::Guarded(server, credentials) => {
            if !head.contains(&format!("proxy-authorization: Basic {credentials}\r\n")) {
                return refuse(stream, 407).await;
            }
            server
        }
        Conduct::Refuse(status) => return refuse(stream, status).await,
        Conduct::Silent => return std::future::pending().await,
        Conduct::Babble => return drop(stream.write_all(b"220 mail.example ESMTP\r\n").await),
    };
    let mut server = TcpStream::connect(server).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

async fn refuse(mut stream: impl AsyncWrite + Unpin, status: u16) {
    let answer = format!("HTTP/1.1 {status} No\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}
