//! A connection that tells whether bytes move on it: a large frame takes minutes on a slow line, which is not a dead one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// A stream whose bytes are counted.
pub(crate) struct Moving<S> {
    stream: S,
    moved: Moved,
}

/// How many bytes went each way so far.
#[derive(Clone, Default)]
pub(crate) struct Moved(Arc<[AtomicU64; 2]>);

impl<S> Moving<S> {
    /// Counts what goes through a stream from now on.
    pub(crate) fn new(stream: S) -> (Self, Moved) {
        let moved = Moved::default();
        (Self { stream, moved: moved.clone() }, moved)
    }
}

impl Moved {
    /// Bytes that came.
    pub(crate) fn read(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Bytes that came or went.
    fn both(&self) -> u64 {
        self.read() + self.0[1].load(Ordering::Relaxed)
    }

    fn count(&self, way: usize, bytes: usize) {
        self.0[way].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Waits for something that needs the stream to move, however long it takes; none when fewer than [`MOVED_BYTES_MIN`] bytes moved for
    /// so long.
    pub(crate) async fn during<T>(&self, patience: Duration, act: impl Future<Output = T>) -> Option<T> {
        let mut act = std::pin::pin!(act);
        loop {
            let before = self.both();
            match timeout(patience, &mut act).await {
                Ok(done) => return Some(done),
                Err(_) if self.both() - before >= MOVED_BYTES_MIN => {}
                Err(_) => return None,
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Moving<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.moved.count(0, buf.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Moving<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.moved.count(1, count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What a line moves while somebody waits for it, at the least: fewer bytes than any line that is of use, and enough that nobody holds
/// on to a large frame for ever by taking it one byte at a time.
const MOVED_BYTES_MIN: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_moves_may_take_its_time_and_what_does_not_is_given_up() {
        let (near, mut far) = duplex(4 * MOVED_BYTES_MIN as usize);
        let (mut near, moved) = Moving::new(near);
        let part = vec![7; MOVED_BYTES_MIN as usize];
        // Without any patience it counts between two looks what moved.
        let steps = async {
            for _ in 0..20 {
                near.write_all(&part).await.unwrap();
                far.read_exact(&mut vec![0; part.len()]).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        assert!(moved.during(Duration::ZERO, steps).await.is_some());
        assert!(moved.during(Duration::ZERO, near.read_u8()).await.is_none());
        assert!(moved.during(Duration::ZERO, std::future::pending::<()>()).await.is_none());
        assert_eq!((moved.read(), moved.both()), (0, 20 * MOVED_BYTES_MIN));
        far.write_all(b"seven b").await.unwrap();
        near.read_exact(&mut [0; 7]).await.unwrap();
        assert_eq!(moved.read(), 7);
    }
}
