//! A network of some length in front of a server, on loopback: bytes take their time and keep their order. It is never
//! narrow. Its clock is finer than a runtime's, whose timers tick in milliseconds: threads carry the bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::trace::{Piece, Trace};

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
    /// A way of this one-way delay to `server`.
    pub fn to(server: SocketAddr, delay: Duration) -> Line {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let passed = Arc::<Mutex<Passed>>::default();
        let line = Line { address, passed: passed.clone() };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                passed.lock().expect("no panic").connections += 1;
                connect(&client, server, delay, &passed);
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
fn connect(client: &TcpStream, server: SocketAddr, delay: Duration, passed: &Arc<Mutex<Passed>>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let streams = [client.try_clone(), server.try_clone(), server.try_clone(), client.try_clone()];
    let [Ok(from_client), Ok(to_server), Ok(from_server), Ok(to_client)] = streams else { return };
    carry(true, from_client, to_server, (delay, delay * 2), passed.clone());
    carry(false, from_server, to_client, (delay, Duration::ZERO), passed.clone());
}

/// Carries one direction until its end, with two threads: one takes, the other gives when it is time.
fn carry(
    up: bool,
    mut from: TcpStream,
    mut to: TcpStream,
    (delay, mut first): (Duration, Duration),
    passed: Arc<Mutex<Passed>>,
) {
    let (sender, under_way) = mpsc::channel::<(Instant, Instant, Vec<u8>)>();
    let _ = to.set_nodelay(true);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        let mut earliest = Instant::now();
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            let taken = Instant::now();
            earliest = earliest.max(taken + delay + std::mem::take(&mut first));
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
