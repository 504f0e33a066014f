//! The line between a browser and the service, with a switch.
//!
//! What the browser emulates leaves open sockets open, so a story about a lost connection puts a line in between.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use super::{Failure, Result};

/// A relay on loopback that can be cut, stalled and mended while in use.
pub struct Line {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    relay: JoinHandle<()>,
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
        let failed = |error| Failure::new("a line to the service", error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(watch::Sender::new(State::Whole));
        let relay = tokio::spawn(accept(listener, service, state.subscribe()));
        Ok(Self { address, state, relay })
    }

    /// Where clients connect instead of to the service.
    pub fn address(&self) -> SocketAddr {
        self.address
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

async fn accept(listener: TcpListener, service: SocketAddr, state: watch::Receiver<State>) {
    while let Ok((near, _)) = listener.accept().await {
        let state = state.clone();
        if *state.borrow() != State::Cut {
            tokio::spawn(carry(near, service, state));
        }
    }
}

/// Ends when either side does or the line is cut; both sides see their connection close.
async fn carry(near: TcpStream, service: SocketAddr, state: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(service).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let mut cut = state.clone();
    tokio::select! {
        _ = pass(near_in, far_out, state.clone()) => {}
        _ = pass(far_in, near_out, state) => {}
        _ = cut.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = from.read(&mut buffer).await?;
        if state.wait_for(|state| *state == State::Whole).await.is_err() || length == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..length).unwrap_or_default()).await?;
    }
}

/// One read's worth; what a stalled line holds back is this and what the sockets' own buffers take.
const BUFFER_BYTES: usize = 16 * 1024;
