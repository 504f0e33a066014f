//! A front end as the owner sees it: a queue to it, and where what it wants comes from.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::FrontId;
use screens::FromCore;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::line::{FromOwner, Hello, LineReader, NoLine, TO_CORE_BYTES_MAX, line};
use crate::owner::Event;

/// The queue to a front end.
pub(crate) enum Front {
    /// In this process.
    Here(mpsc::Sender<FromCore>),
    /// In another one.
    There {
        lines: mpsc::Sender<Vec<u8>>,
        bytes: Arc<AtomicUsize>,
        /// Dropped without a word when the front end is shed: then nothing more is written.
        farewell: oneshot::Sender<()>,
    },
}

impl Front {
    /// Queues something; `false` when the front end does not take what it was sent, and is to be shed.
    pub fn say(&self, from: FromCore) -> bool {
        match self {
            Self::Here(queue) => queue.try_send(from).is_ok(),
            Self::There { lines, bytes, .. } => {
                let Some(line) = line(&FromOwner::Core(from)) else { return false };
                let waiting = bytes.fetch_add(line.len(), Ordering::Relaxed) + line.len();
                waiting <= QUEUE_BYTES_MAX && lines.try_send(line).is_ok()
            }
        }
    }

    /// The last words: everything up to this number was received.
    pub fn goodbye(self, received: u64) {
        if let (Self::There { lines, farewell, .. }, Some(line)) =
            (self, line(&FromOwner::Goodbye { received }))
        {
            // Whoever has no room for it is told nothing and asks what became of it.
            let _ = lines.try_send(line);
            let _ = farewell.send(());
        }
    }
}

/// Talks to a front end in another process until it goes or is shed.
pub(crate) async fn serve(
    front: FrontId,
    stream: UnixStream,
    events: mpsc::Sender<Event>,
    _talking: mpsc::Sender<Infallible>,
) {
    let (reader, mut writer) = stream.into_split();
    let (lines, mut waiting) = mpsc::channel::<Vec<u8>>(QUEUE_MAX);
    let (farewell, ended) = oneshot::channel();
    let bytes = Arc::new(AtomicUsize::new(0));
    let written = bytes.clone();
    let up = Front::There { lines, bytes, farewell };
    if greet(&mut writer).await.is_none() || events.send(Event::FrontUp(front, up)).await.is_err() {
        return;
    }
    let write = async move {
        while let Some(line) = waiting.recv().await {
            let length = line.len();
            if !matches!(timeout(WRITE_WAIT, writer.write_all(&line)).await, Ok(Ok(()))) {
                return;
            }
            written.fetch_sub(length, Ordering::Relaxed);
        }
    };
    let mut reader = LineReader::new(reader, TO_CORE_BYTES_MAX);
    let read = async {
        // Whether it went or said something else than agreed: the connection ends.
        while let Ok(wanted) = reader.next().await {
            if events.send(Event::FromFront(front, wanted)).await.is_err() {
                return;
            }
        }
    };
    let shed = async {
        if ended.await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    // When it stops asking it is gone. When the owner said goodbye, all that was queued is still written.
    tokio::select! {
        () = write => {}
        () = read => {}
        () = shed => {}
    }
    let _ = events.send(Event::FrontDown(front)).await;
}

async fn greet(writer: &mut OwnedWriteHalf) -> Option<()> {
    let hello = line(&Hello::NOW)?;
    timeout(WRITE_WAIT, writer.write_all(&hello)).await.ok()?.ok()
}

/// Says nothing more than that the line was not understood; kept for the reader of the other side.
impl std::fmt::Display for NoLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ended => "the other side is gone",
            Self::Bad => "the other side says something else than agreed",
        })
    }
}

/// Things queued for one front end: many seconds of the busiest catching up.
pub(crate) const QUEUE_MAX: usize = 4_096;
/// Bytes queued for one front end in another process: two answers of the largest size.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A process that takes nothing for so long is stopped or stuck.
const WRITE_WAIT: Duration = Duration::from_secs(30);
