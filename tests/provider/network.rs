//! A network between a session and its server, that can go away and come back.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A port that leads to a server while the network is up. While it is down nothing listens there, and what was
/// connected has ended.
pub struct Network {
    address: SocketAddr,
    up: watch::Sender<bool>,
    /// Whether the port is open: what was asked for has happened.
    open: watch::Receiver<bool>,
    running: AbortHandle,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Network {
    /// A network to `server` that is up.
    pub async fn to(server: SocketAddr) -> Network {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, asked) = watch::channel(true);
        let (shown, open) = watch::channel(true);
        let running = tokio::spawn(run(listener, server, asked, shown)).abort_handle();
        Network { address, up, open, running }
    }

    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Pulls the cable, or plugs it in; returns when that is so.
    pub async fn set(&self, up: bool) {
        self.up.send_replace(up);
        self.open.clone().wait_for(|open| *open == up).await.unwrap();
    }
}

async fn run(
    mut listener: TcpListener,
    server: SocketAddr,
    mut asked: watch::Receiver<bool>,
    shown: watch::Sender<bool>,
) {
    let address = listener.local_addr().unwrap();
    loop {
        let mut pipes = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (client, _) = accepted.unwrap();
                    pipes.spawn(pipe(client, server));
                }
                _ = asked.wait_for(|up| !up) => break,
            }
        }
        drop(listener);
        pipes.shutdown().await;
        shown.send_replace(false);
        if asked.wait_for(|up| *up).await.is_err() {
            return;
        }
        listener = TcpListener::bind(address).await.unwrap();
        shown.send_replace(true);
    }
}

async fn pipe(mut client: TcpStream, server: SocketAddr) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
