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
use super::moving::{Moved, Moving};
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
    let (stream, moved) = Moving::new(stream);
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
    let (outbox, outputs) = mpsc::channel(OUTBOX_FRAMES_MAX);
    let Ok(session) = engine.connect(door, source, outbox).await else { return };
    let mut pump = Pump { socket, outputs, engine, session, moved, silence: Silence::default() };
    // However it ends, what is not acknowledged waits on disk.
    let _ended = pump.run().await;
    pump.engine.disconnect(session).await;
    let _closed = timeout(WRITE_TIME_MAX, pump.socket.close(None)).await;
}

struct Pump<S> {
    socket: WebSocketStream<Moving<S>>,
    outputs: mpsc::Receiver<Outgoing>,
    engine: Engine,
    session: SessionId,
    moved: Moved,
    silence: Silence,
}

/// For how long nothing has come. A frame that comes slowly is no silence, though no ping is answered before all of it is there.
#[derive(Default)]
struct Silence {
    /// Bytes that had come at the last ping.
    read: u64,
    /// How many pings ago that was.
    pings: u32,
}

impl Silence {
    /// At a ping, when so many bytes have come: whether it lasts too long.
    fn lasts(&mut self, read: u64) -> bool {
        self.pings = if read > self.read { 0 } else { self.pings + 1 };
        self.read = read;
        self.pings > SILENT_PINGS_MAX
    }
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

    /// Takes what came before the connection broke: whoever sent it need not send it again.
    async fn take_rest(&mut self) {
        let rest = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if self.take(message).await.is_err() {
                    break;
                }
            }
        };
        // All of it lies here already.
        let _ended = timeout(REST_TIME_MAX, rest).await;
    }

    async fn take(&mut self, message: Message) -> Result<(), Over> {
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
            Ok::<_, Error>(last)
        };
        let given = self.moved.during(WRITE_TIME_MAX, write).await;
        match given {
            Some(Ok(false)) => Ok(()),
            Some(Ok(true)) | None => Err(Over),
            Some(Err(_)) => {
                self.take_rest().await;
                Err(Over)
            }
        }
    }

    async fn ping(&mut self) -> Result<(), Over> {
        if self.silence.lasts(self.moved.read()) {
            return Err(Over);
        }
        let ping = self.socket.send(Message::Ping(Vec::new().into()));
        Ok(self.moved.during(WRITE_TIME_MAX, ping).await.ok_or(Over)??)
    }
}

/// Frames waiting for one connection. The mailbox door's window and the account door's pace keep far below; a client that
/// asks at the unnamed door and does not read is shed.
const OUTBOX_FRAMES_MAX: usize = 256;
/// Small, because most connections are idle (T-41).
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Above it, writing begins before the last frame is there.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Longest time that nothing of what is written leaves.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
/// Longest time that is taken over what came before a connection broke.
const REST_TIME_MAX: Duration = Duration::from_secs(1);
/// A sign of life is asked for so often: phones' networks forget silent connections after a minute or more.
const PING_EVERY: Duration = Duration::from_secs(30);
/// So many may stay unanswered.
const SILENT_PINGS_MAX: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_anything_is_not_silent_and_whoever_does_not_is_after_two_pings() {
        let mut silence = Silence::default();
        // A frame that comes for many pings.
        assert!((1..100).all(|bytes| !silence.lasts(bytes)));
        assert_eq!([99, 99, 99].map(|bytes| silence.lasts(bytes)), [false, false, true]);
        let mut from_the_start = Silence::default();
        assert_eq!([0, 0, 0].map(|bytes| from_the_start.lasts(bytes)), [false, false, true]);
    }
}
