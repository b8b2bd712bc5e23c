//! The network between the server under test and its provider, which can go away: silently, as when a cable is pulled, or
//! with refusals and resets, as when a daemon or a machine restarts.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Nothing is accepted, nothing is forwarded, nothing is closed.
    Silent,
    /// New connections are refused, those there were are reset.
    Refused,
}

/// What becomes of the connections there are, while new ones can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// They are reset.
    Reset,
    /// They stay open, and nothing passes any more: a router forgot them.
    Forgotten,
}

#[derive(Clone, Copy, Debug)]
struct Condition {
    outage: Option<Outage>,
    /// Connections of an earlier epoch are lost.
    epoch: u32,
    loss: Loss,
}

/// A way to one address, by another one on loopback.
pub struct Network {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    /// When something of the provider last came through.
    heard: watch::Receiver<Option<Instant>>,
    _runtime: Runtime,
}

impl Network {
    /// A network that works, to the provider with this base URL.
    pub fn to(base_url: &str) -> Network {
        let provider = base_url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let (condition, conditions) = watch::channel(Condition { outage: None, epoch: 0, loss: Loss::Reset });
        let (hear, heard) = watch::channel(None);
        runtime.spawn(carry(listener, Way { provider, conditions, hear }));
        Network { address, condition, heard, _runtime: runtime }
    }

    /// What `provider.base_url` has to be.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// It goes away.
    pub fn fail(&self, outage: Outage) {
        self.condition.send_modify(|condition| condition.outage = Some(outage));
    }

    /// It is back.
    pub fn recover(&self) {
        self.condition.send_modify(|condition| condition.outage = None);
    }

    /// The connections there are get lost.
    pub fn lose(&self, loss: Loss) {
        self.condition.send_modify(|condition| {
            condition.epoch += 1;
            condition.loss = loss;
        });
    }

    /// How long after `since` something of the provider came through, if it did.
    pub fn heard_after(&self, since: Instant) -> Option<Duration> {
        self.heard.borrow().and_then(|heard| heard.checked_duration_since(since))
    }
}

#[derive(Clone)]
struct Way {
    provider: SocketAddr,
    conditions: watch::Receiver<Condition>,
    hear: watch::Sender<Option<Instant>>,
}

/// Accepts connections while there is a network. Ends with the [`Network`].
async fn carry(listener: TcpListener, mut way: Way) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    loop {
        let condition = *way.conditions.borrow_and_update();
        match condition.outage {
            None if listener.is_none() => listener = Some(TcpListener::bind(address).await.unwrap()),
            Some(Outage::Refused) => listener = None,
            _ => {}
        }
        let accepted = async {
            match &listener {
                Some(listener) if condition.outage.is_none() => listener.accept().await.unwrap(),
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            (stream, _) = accepted => drop(tokio::spawn(relay(stream, condition.epoch, way.clone()))),
            changed = way.conditions.changed() => if changed.is_err() { return },
        }
    }
}

/// Carries one connection until either side ends it.
async fn relay(mut client: TcpStream, epoch: u32, mut way: Way) {
    let Ok(mut provider) = TcpStream::connect(way.provider).await else { return };
    let (mut up, mut down) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    loop {
        let condition = *way.conditions.borrow_and_update();
        let lost = condition.epoch != epoch;
        if condition.outage == Some(Outage::Refused) || lost && condition.loss == Loss::Reset {
            let _ = (client.set_zero_linger(), provider.set_zero_linger());
            return;
        }
        let open = !lost && condition.outage.is_none();
        let carried = tokio::select! {
            // A client that went away meanwhile hears nothing any more.
            biased;
            changed = way.conditions.changed() => changed.is_ok(),
            read = client.read(&mut up), if open => pass(read, &up, &mut provider).await,
            read = provider.read(&mut down), if open => {
                way.hear.send_replace(Some(Instant::now()));
                pass(read, &down, &mut client).await
            }
        };
        if !carried {
            return;
        }
    }
}

/// Hands on what was read; false at the end.
async fn pass(read: std::io::Result<usize>, bytes: &[u8], to: &mut TcpStream) -> bool {
    match read {
        Ok(count) if count > 0 => to.write_all(&bytes[..count]).await.is_ok(),
        _ => false,
    }
}
