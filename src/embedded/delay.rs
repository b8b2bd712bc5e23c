//! Distance on demand: a connection whose bytes travel as if its client were far away.
//!
//! Every byte takes half of the round-trip time in each direction, pings, errors and ends of stream included; the first
//! bytes of the client take a round trip more, as if its TCP handshake had taken one. The line is long, not narrow: it
//! never limits throughput but by what may be under way at once, and never changes the order of bytes.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex, split},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Most that one read takes off a connection, and that waits at the near end of the line.
const CHUNK_BYTES: usize = 64 * 1024;
/// Most that is under way in one direction: a 10 Gbit/s connection at 50 ms.
const LINE_BYTES: usize = 64 * 1024 * 1024;
/// Longest that a client may take to read what was sent before the server dropped the connection.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// Bytes under way in one direction, in order, each with the time at which it arrives. An empty piece is the end.
#[derive(Debug)]
struct Line {
    /// How long a byte is under way.
    takes: Duration,
    /// What the first bytes take in addition, until they are put in.
    first_takes: Duration,
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// How much of the first piece was delivered.
    delivered: usize,
    bytes: usize,
}

impl Line {
    fn new(takes: Duration, first_takes: Duration) -> Line {
        Line { takes, first_takes, pieces: VecDeque::new(), delivered: 0, bytes: 0 }
    }

    /// Whether more may be put in.
    fn has_room(&self) -> bool {
        self.bytes < LINE_BYTES
    }

    /// Puts a piece in at `now`. It arrives in its time, and never before those put in earlier.
    fn put(&mut self, now: Instant, piece: &[u8]) {
        let due = now + self.takes + std::mem::take(&mut self.first_takes);
        self.bytes += piece.len();
        self.pieces.push_back((due, piece.to_vec()));
    }

    /// The piece that arrives next, without what was delivered of it, and when.
    fn next(&self) -> Option<(Instant, &[u8])> {
        self.pieces.front().map(|(due, piece)| (*due, piece.get(self.delivered..).unwrap_or_default()))
    }

    /// Takes out so many bytes of the next piece, and the piece with its last one.
    fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.delivered += bytes;
        if self.pieces.front().is_some_and(|(_, piece)| piece.len() <= self.delivered) {
            self.pieces.pop_front();
            self.delivered = 0;
        }
    }
}

/// The server's end of a delayed connection. Dropping it ends the connection once what it wrote has arrived.
#[derive(Debug)]
pub(super) struct Delayed {
    end: DuplexStream,
    _in_use: DropGuard,
}

impl AsyncRead for Delayed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Delayed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.end).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_shutdown(cx)
    }
}

/// Puts a line of this round-trip time between the server and `stream`. `stop` breaks it.
pub(super) fn delayed<S>(stream: S, rtt: Duration, stop: CancellationToken) -> Delayed
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (end, far_end) = duplex(CHUNK_BYTES);
    let unused = CancellationToken::new();
    tokio::spawn(run(stream, far_end, rtt, unused.clone(), stop));
    Delayed { end, _in_use: unused.drop_guard() }
}

async fn run<S>(stream: S, server: DuplexStream, rtt: Duration, unused: CancellationToken, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite,
{
    let one_way = rtt / 2;
    let (from_client, to_client) = split(stream);
    let (from_server, to_server) = split(server);
    let inbound = async {
        tokio::select! {
            () = carry(from_client, to_server, Line::new(one_way, rtt)) => {}
            () = unused.cancelled() => {}
        }
    };
    let outbound = carry(from_server, to_client, Line::new(one_way, Duration::ZERO));
    let drained = async {
        unused.cancelled().await;
        sleep(one_way + DRAIN_LIMIT).await;
    };
    tokio::select! {
        _ = async { tokio::join!(inbound, outbound) } => {}
        () = drained => {}
        () = stop.cancelled() => {}
    }
}

/// Carries bytes until their end has arrived, or one side is gone.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut line: Line) {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut open = true;
    loop {
        tokio::select! {
            read = from.read(&mut buffer), if open && line.has_room() => {
                // A connection that broke ends like any other, for the far side.
                let piece = read.ok().and_then(|bytes| buffer.get(..bytes)).unwrap_or_default();
                open = !piece.is_empty();
                line.put(Instant::now(), piece);
            }
            delivered = deliver(&line, &mut to) => match delivered {
                Ok(Some(bytes)) if bytes > 0 => line.take(bytes),
                _ => return,
            }
        }
    }
}

/// Delivers what it can of the next piece, when it is due; `None` when the end was delivered.
///
/// Nothing is lost when the future is dropped: only its last step writes.
async fn deliver(line: &Line, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<Option<usize>> {
    let Some((due, piece)) = line.next() else { return std::future::pending().await };
    sleep_until(due).await;
    if piece.is_empty() {
        to.shutdown().await?;
        return Ok(None);
    }
    to.write(piece).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Everything that has arrived by then.
    fn arrived(line: &mut Line, by: Instant) -> Vec<u8> {
        let mut arrived = Vec::new();
        while let Some((due, piece)) = line.next().filter(|(due, _)| *due <= by) {
            assert!(due <= by);
            arrived.extend_from_slice(piece);
            line.take(piece.len().max(1));
        }
        arrived
    }

    #[test]
    fn a_byte_is_under_way_for_its_time_and_no_longer() {
        let start = Instant::now();
        let mut line = Line::new(50 * MS, Duration::ZERO);
        line.put(start, b"one");
        line.put(start + 20 * MS, b"two");
        assert_eq!(arrived(&mut line, start + 49 * MS), b"");
        assert_eq!(arrived(&mut line, start + 50 * MS), b"one");
        assert_eq!(arrived(&mut line, start + 69 * MS), b"");
        assert_eq!(arrived(&mut line, start + 70 * MS), b"two");
    }

    #[test]
    fn the_first_bytes_take_a_handshake_more_and_nothing_overtakes_them() {
        let start = Instant::now();
        let mut line = Line::new(50 * MS, 100 * MS);
        line.put(start, b"first");
        line.put(start + 30 * MS, b"close behind");
        line.put(start + 120 * MS, b"later");
        assert_eq!(arrived(&mut line, start + 149 * MS), b"");
        assert_eq!(arrived(&mut line, start + 150 * MS), b"firstclose behind");
        assert_eq!(arrived(&mut line, start + 169 * MS), b"");
        assert_eq!(arrived(&mut line, start + 170 * MS), b"later");
    }

    #[test]
    fn a_piece_is_delivered_in_parts_and_a_full_line_takes_no_more() {
        let start = Instant::now();
        let mut line = Line::new(MS, Duration::ZERO);
        line.put(start, b"abcdef");
        line.take(2);
        assert_eq!(line.next(), Some((start + MS, &b"cdef"[..])));
        line.take(4);
        assert_eq!(line.next(), None);
        line.put(start, &vec![0; LINE_BYTES]);
        assert!(!line.has_room());
        line.take(1);
        assert!(line.has_room());
    }

    /// A client's end and the server's end of a line.
    fn line_of(rtt: Duration) -> (DuplexStream, Delayed, CancellationToken) {
        let (client, stream) = duplex(1024 * 1024);
        let stop = CancellationToken::new();
        (client, delayed(stream, rtt, stop.clone()), stop)
    }

    /// Reads as many bytes as were expected.
    async fn read(from: &mut (impl AsyncRead + Unpin), expected: &[u8]) {
        let mut seen = vec![0; expected.len()];
        from.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_takes_half_a_round_trip_each_way_and_the_first_a_handshake_more() {
        let (mut client, mut server, _stop) = line_of(100 * MS);
        for (there, and_back) in [(150, 200), (50, 100)] {
            let sent = Instant::now();
            client.write_all(b"ping").await.unwrap();
            read(&mut server, b"ping").await;
            assert_eq!(sent.elapsed().as_millis(), there);
            server.write_all(b"pong").await.unwrap();
            read(&mut client, b"pong").await;
            assert_eq!(sent.elapsed().as_millis(), and_back);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_stream_takes_no_longer_than_a_short_one_and_keeps_its_order() {
        let (mut client, mut server, _stop) = line_of(100 * MS);
        let bytes: Vec<u8> = (0..8 * 1024 * 1024_u32).flat_map(u32::to_le_bytes).collect();
        let sent = Instant::now();
        let (_, ()) = tokio::join!(
            async {
                server.write_all(&bytes).await.unwrap();
            },
            read(&mut client, &bytes)
        );
        assert_eq!(sent.elapsed().as_millis(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_travels_behind_the_bytes_before_it() {
        let (mut client, mut server, _stop) = line_of(100 * MS);
        server.write_all(b"last").await.unwrap();
        drop(server);
        let dropped = Instant::now();
        let mut seen = Vec::new();
        client.read_to_end(&mut seen).await.unwrap();
        assert_eq!((seen.as_slice(), dropped.elapsed().as_millis()), (&b"last"[..], 50));

        let (client, mut server, _stop) = line_of(100 * MS);
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_server_breaks_its_lines_at_once() {
        let (mut client, _server, stop) = line_of(Duration::from_secs(3600));
        client.write_all(b"hello").await.unwrap();
        let asked = Instant::now();
        stop.cancel();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }
}
