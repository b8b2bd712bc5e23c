//! A network of some length in front of a server, on loopback: bytes take their time and keep their order. Its clock is
//! finer than a runtime's, whose timers tick in milliseconds: threads carry the bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::trace::{Piece, Trace};

/// What a line is like. None loses anything or begins slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// One way.
    pub delay: Duration,
    /// Bits a second that fit through it towards the server; without, as many as there are.
    pub up: Option<u32>,
}

impl Network {
    /// As wide as can be.
    pub const fn wide(delay_ms: u64) -> Network {
        Network { delay: Duration::from_millis(delay_ms), up: None }
    }

    /// How long bytes take to leave.
    fn takes(up: Option<u32>, bytes: usize) -> Duration {
        up.map_or(Duration::ZERO, |bits| Duration::from_secs_f64(bytes as f64 * 8.0 / f64::from(bits)))
    }
}

/// A way to a server. It lasts as long as the process: benchmarks make few of them.
pub struct Line {
    address: SocketAddr,
    passed: Arc<Mutex<Passed>>,
}

#[derive(Default)]
struct Passed {
    pieces: Vec<Piece>,
    connections: usize,
}

impl Line {
    /// A way to `server`.
    pub fn to(server: SocketAddr, network: Network) -> Line {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let passed = Arc::<Mutex<Passed>>::default();
        let line = Line { address, passed: passed.clone() };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                passed.lock().expect("no panic").connections += 1;
                connect(&client, server, network, &passed);
            }
        });
        line
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What passed since it was asked last.
    pub fn trace(&self) -> Trace {
        let passed = std::mem::take(&mut *self.passed.lock().expect("no panic"));
        Trace::new(passed.pieces, passed.connections)
    }
}

/// Carries one connection. A TCP handshake on loopback takes no time, so the first bytes up take its round trip as well.
fn connect(client: &TcpStream, server: SocketAddr, network: Network, passed: &Arc<Mutex<Passed>>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let streams = [client.try_clone(), server.try_clone(), server.try_clone(), client.try_clone()];
    let [Ok(from_client), Ok(to_server), Ok(from_server), Ok(to_client)] = streams else { return };
    carry(true, from_client, to_server, (network, network.delay * 2), passed.clone());
    carry(false, from_server, to_client, (Network { up: None, ..network }, Duration::ZERO), passed.clone());
}

/// Carries one direction until its end, with two threads: one takes, the other gives when it is time.
fn carry(
    up: bool,
    mut from: TcpStream,
    mut to: TcpStream,
    (network, mut first): (Network, Duration),
    passed: Arc<Mutex<Passed>>,
) {
    let (sender, under_way) = mpsc::channel::<(Instant, Instant, Vec<u8>)>();
    let _ = to.set_nodelay(true);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        let (mut gone, mut earliest) = (Instant::now(), Instant::now());
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            let taken = Instant::now();
            gone = gone.max(taken) + Network::takes(network.up, bytes);
            earliest = earliest.max(gone + network.delay + std::mem::take(&mut first));
            if sender.send((taken, earliest, buffer[..bytes].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (taken, due, piece) in under_way {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let given = Instant::now();
            // Noted first: whoever has read the bytes may ask what passed.
            passed.lock().expect("no panic").pieces.push(Piece { up, bytes: piece.len(), taken, given });
            if to.write_all(&piece).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
