//! One WebSocket: frames in, frames out, a sign of life now and then.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use vocab::limits::FRAME_BYTES_MAX;
use wire::Door;

use super::engine::{Ended, Engine, Outgoing};
use crate::{Out, SessionId, Source};

/// Serves an upgraded connection until it ends. `early` is what the peer sent right behind its request.
pub async fn serve<S>(stream: S, early: Vec<u8>, engine: Engine, door: Door, source: Source)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
    let (outbox, outputs) = mpsc::channel(OUTBOX_FRAMES_MAX);
    let Ok(session) = engine.connect(door, source, outbox).await else { return };
    let mut pump = Pump { socket, outputs, engine, session, silent_pings: 0 };
    // However it ends, what is not acknowledged waits on disk.
    let _ended = pump.run().await;
    pump.engine.disconnect(session).await;
    let _closed = timeout(WRITE_TIME_MAX, pump.socket.close(None)).await;
}

struct Pump<S> {
    socket: WebSocketStream<S>,
    outputs: mpsc::Receiver<Outgoing>,
    engine: Engine,
    session: SessionId,
    silent_pings: u32,
}

/// The connection is over, whoever ended it.
struct Over;

impl From<Error> for Over {
    fn from(_: Error) -> Self {
        Self
    }
}

impl From<Ended> for Over {
    fn from(_: Ended) -> Self {
        Self
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    async fn run(&mut self) -> Result<(), Over> {
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = self.socket.next() => self.take(message.ok_or(Over)??).await?,
                output = self.outputs.recv() => self.give(output.ok_or(Over)?).await?,
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), Over> {
        self.silent_pings = 0;
        match message {
            Message::Binary(frame) => Ok(self.engine.frame(self.session, frame.into()).await?),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Text(_) | Message::Close(_) | Message::Frame(_) => Err(Over),
        }
    }

    /// Writes this output and whatever waits behind it in one go.
    async fn give(&mut self, output: Outgoing) -> Result<(), Over> {
        let write = async {
            let mut next = Some(output);
            let mut last = false;
            let mut rooms = Vec::new();
            while let Some(output) = next.take() {
                rooms.extend(output.room);
                match output.out {
                    Out::Frame(frame) => self.socket.feed(Message::Binary(frame.into())).await?,
                    Out::Close => last = true,
                }
                next = if last { None } else { self.outputs.try_recv().ok() };
            }
            self.socket.flush().await?;
            if last { Err(Over) } else { Ok(()) }
        };
        timeout(WRITE_TIME_MAX, write).await.unwrap_or(Err(Over))
    }

    async fn ping(&mut self) -> Result<(), Over> {
        if self.silent_pings >= SILENT_PINGS_MAX {
            return Err(Over);
        }
        self.silent_pings += 1;
        let ping = self.socket.send(Message::Ping(Vec::new().into()));
        timeout(WRITE_TIME_MAX, ping).await.unwrap_or(Err(Error::ConnectionClosed)).map_err(Over::from)
    }
}

/// Frames waiting for one connection. The mailbox door's window and the account door's pace keep far below; a client that
/// asks at the unnamed door and does not read is shed.
const OUTBOX_FRAMES_MAX: usize = 256;
/// Small, because most connections are idle (T-41).
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Above it, writing begins before the last frame is there.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Longest time a peer takes to read what is written.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
/// A sign of life is asked for so often: phones' networks forget silent connections after a minute or more.
const PING_EVERY: Duration = Duration::from_secs(30);
/// So many may stay unanswered.
const SILENT_PINGS_MAX: u32 = 2;
