//! The line between a browser and the service, with a switch.
//!
//! What the browser emulates leaves open sockets open, so a story about a lost connection puts a line in between. The same
//! for measuring: a line can be slow and far, and counts what passes.

use std::{
    io,
    net::SocketAddr,
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{Failure, Result};

/// A relay on loopback that can be cut, stalled and mended while in use.
pub struct Line {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    relay: JoinHandle<()>,
    up: Arc<Way>,
    down: Arc<Way>,
}

/// How fast and how far a line is. All its connections share it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the clients to the service, in bytes a second.
    pub up: u64,
    /// From the service to the clients, in bytes a second.
    pub down: u64,
    /// How long everything takes each way.
    pub delay: Duration,
    /// Of so many segments one is lost. As TCP shows it to those above: it comes again a round trip later, and what is behind it waits.
    pub lost_of: Option<NonZero<u64>>,
}

/// One direction of a line.
#[derive(Default)]
struct Way {
    passed: AtomicU64,
    pace: Option<WayPace>,
    /// When what was sent so far is through the narrowest place, and when the last of it arrives.
    busy: Mutex<Option<(Instant, Instant)>>,
}

/// How fast and how far one direction is.
struct WayPace {
    per_second: u64,
    delay: Duration,
    lost_of: Option<NonZero<u64>>,
}

impl Way {
    /// Counts bytes, and tells when they arrive.
    fn takes(&self, bytes: usize) -> Instant {
        let before = self.passed.fetch_add(bytes as u64, Ordering::Relaxed);
        let now = Instant::now();
        let Some(pace) = &self.pace else { return now };
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let (free, last) = busy.unwrap_or((now, now));
        let through = free.max(now) + Duration::from_secs_f64(bytes as f64 / pace.per_second.max(1) as f64);
        let again = if pace.loses(before, bytes as u64) { 2 * pace.delay } else { Duration::ZERO };
        let arrives = (through + pace.delay + again).max(last);
        *busy = Some((through, arrives));
        arrives
    }
}

impl WayPace {
    /// Whether a segment is lost among these bytes, which come after so many.
    fn loses(&self, before: u64, bytes: u64) -> bool {
        let lost = |until: u64| self.lost_of.map_or(0, |of| until / SEGMENT_BYTES / of);
        lost(before + bytes) > lost(before)
    }
}

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Everything passes.
    Whole,
    /// Connections stay open and nothing passes, as in a tunnel.
    Stalled,
    /// Connections break and new ones are refused.
    Cut,
}

impl Line {
    /// Leads to `service`, an address such as `127.0.0.1:8080`.
    pub async fn to(service: SocketAddr) -> Result<Self> {
        Self::at_pace(service, None).await
    }

    /// The same, slow and far.
    pub async fn at_pace(service: SocketAddr, pace: Option<Pace>) -> Result<Self> {
        let way = |rate: fn(&Pace) -> u64| {
            let of =
                |pace: Pace| WayPace { per_second: rate(&pace), delay: pace.delay, lost_of: pace.lost_of };
            Arc::new(Way { pace: pace.map(of), ..Way::default() })
        };
        let (up, down) = (way(|pace| pace.up), way(|pace| pace.down));
        let failed = |error| Failure::new("a line to the service", error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(watch::Sender::new(State::Whole));
        let ways = (Arc::clone(&up), Arc::clone(&down));
        let relay = tokio::spawn(accept(listener, service, state.subscribe(), ways));
        Ok(Self { address, state, relay, up, down })
    }

    /// Where clients connect instead of to the service.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that have passed from the clients to the service, and back.
    pub fn passed(&self) -> (u64, u64) {
        (self.up.passed.load(Ordering::Relaxed), self.down.passed.load(Ordering::Relaxed))
    }

    /// Breaks all connections and refuses new ones.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Lets nothing pass, without a word to either side.
    pub fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    /// Makes it whole again; what was stalled passes now.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.relay.abort();
        self.cut();
    }
}

/// Up and down.
type Ways = (Arc<Way>, Arc<Way>);

async fn accept(listener: TcpListener, service: SocketAddr, state: watch::Receiver<State>, ways: Ways) {
    while let Ok((near, _)) = listener.accept().await {
        let state = state.clone();
        if *state.borrow() != State::Cut {
            tokio::spawn(carry(near, service, state, ways.clone()));
        }
    }
}

/// Ends when either side does or the line is cut; both sides see their connection close.
async fn carry(near: TcpStream, service: SocketAddr, state: watch::Receiver<State>, (up, down): Ways) {
    let Ok(far) = TcpStream::connect(service).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let mut cut = state.clone();
    tokio::select! {
        _ = pass(near_in, far_out, state.clone(), &up) => {}
        _ = pass(far_in, near_out, state, &down) => {}
        _ = cut.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut state: watch::Receiver<State>,
    way: &Way,
) -> io::Result<()> {
    let (send, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY_MAX);
    let takes = async {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let length = from.read(&mut buffer).await?;
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            // An empty one is the end.
            if send.send((way.takes(length), bytes)).await.is_err() || length == 0 {
                return Ok(());
            }
        }
    };
    let gives = async {
        while let Some((arrives, bytes)) = under_way.recv().await {
            sleep_until(arrives).await;
            if state.wait_for(|state| *state == State::Whole).await.is_err() || bytes.is_empty() {
                break;
            }
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    tokio::pin!(takes);
    tokio::pin!(gives);
    // What was taken before the one side ended still arrives at the other.
    tokio::select! {
        ended = &mut takes => { let ended: io::Result<()> = ended; ended?; gives.await }
        ended = &mut gives => ended,
    }
}

/// Reads that are under way in one direction of a connection: what a window of the transport would let in.
const UNDER_WAY_MAX: usize = 16;
/// One read's worth; what a stalled line holds back is this and what the sockets' own buffers take.
const BUFFER_BYTES: usize = 16 * 1024;
/// What a segment of the transport carries on most ways.
const SEGMENT_BYTES: u64 = 1_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_so_many_segments_is_lost_however_it_is_cut_into_reads() {
        let pace = WayPace { per_second: 1, delay: Duration::ZERO, lost_of: NonZero::new(50) };
        let lost = |read: u64| (0..700_000 / read).filter(|number| pace.loses(number * read, read)).count();
        assert_eq!((lost(1_000), lost(7_000), lost(70_000)), (10, 10, 10));
        assert!(!WayPace { lost_of: None, ..pace }.loses(0, 700_000));
    }
}
