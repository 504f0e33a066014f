//! The threads that wait for the store, so that the engine does not.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::{BlobStore, Done, Name, StoreError, Work, perform};

/// The way to the threads. They end when it is dropped.
pub struct StoreThreads {
    reads: Sender<Work>,
    writes: Sender<Work>,
}

/// What came of something, with the room that what was read takes up until it has left.
pub type Finished = (Done, Option<OwnedSemaphorePermit>);

impl StoreThreads {
    /// Starts them. Each says through `finished` what came of it; that ends them when it is false.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        store: &Arc<dyn BlobStore>,
        finished: impl Fn(Finished) -> bool + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let complaint = Arc::new(Mutex::new(None));
        let (reads, writes) = (channel(), channel());
        let (reading, writing) = (Arc::new(Mutex::new(reads.1)), Arc::new(Mutex::new(writes.1)));
        let room = Arc::new(Semaphore::new(READ_UNITS_MAX));
        let handle = Handle::current();
        // Reads wait for those who take what was read; writes wait for nobody but the store.
        for (kind, waiting, count) in [("reads", reading, READERS), ("writes", writing, WRITERS)] {
            for _ in 0..count {
                let thread = Thread {
                    store: Arc::clone(store),
                    waiting: Arc::clone(&waiting),
                    room: Arc::clone(&room),
                    handle: handle.clone(),
                    complaint: Arc::clone(&complaint),
                };
                let finished = finished.clone();
                std::thread::Builder::new().name(kind.into()).spawn(move || thread.run(&finished))?;
            }
        }
        Ok(Self { reads: reads.0, writes: writes.0 })
    }

    /// Has it done.
    pub fn give(&self, work: Work) {
        let way = if matches!(work, Work::Read { .. }) { &self.reads } else { &self.writes };
        // They end after the engine only.
        let _given = way.send(work);
    }
}

struct Thread {
    store: Arc<dyn BlobStore>,
    waiting: Arc<Mutex<Receiver<Work>>>,
    room: Arc<Semaphore>,
    handle: Handle,
    complaint: Arc<Mutex<Option<Instant>>>,
}

impl Thread {
    fn run(&self, finished: &impl Fn(Finished) -> bool) {
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(work) = next else { return };
            let room = match &work {
                Work::Read { size, .. } => {
                    let units = u32::try_from(size / READ_UNIT_BYTES + 1).unwrap_or(u32::MAX);
                    self.handle.block_on(Arc::clone(&self.room).acquire_many_owned(units)).ok()
                }
                _ => None,
            };
            let done = perform(&*self.store, work);
            if let Some(error) = done.error() {
                self.complain(error);
            }
            if !finished((done, room)) {
                return;
            }
        }
    }

    /// Once a minute at most: a store that is away fails everything.
    fn complain(&self, error: &StoreError) {
        let mut last = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            eprintln!("valise-server: {error}");
            *last = Some(Instant::now());
        }
    }
}

/// Writes something, reads it again and removes it, and looks for what the rows say is there: better told at the start than
/// found out by people.
///
/// # Errors
/// [`StoreError`].
pub fn try_out(store: &dyn BlobStore, own: Name, known: &[Name]) -> Result<(), StoreError> {
    store.write(&own, TRIAL)?;
    let read = store.read(&own)?;
    store.delete(&own)?;
    if read.as_deref() != Some(TRIAL) {
        return Err(StoreError("the blob store does not give back what was written to it".into()));
    }
    if known.is_empty() {
        return Ok(());
    }
    for name in known {
        if store.read(name)?.is_some() {
            return Ok(());
        }
    }
    Err(StoreError(
        "the blob store has none of the blobs that the database knows. Is its disk mounted, and is --blobs what it was? \
         If they are lost for good, start once with --blobs-lost"
            .into(),
    ))
}

const TRIAL: &[u8] = b"valise-server tries its blob store";
/// Threads that read.
const READERS: usize = 8;
/// Threads that write, delete and list.
const WRITERS: usize = 8;
/// What was read and has not left is counted in units of so many bytes.
const READ_UNIT_BYTES: usize = 1_024;
/// 256 MiB of it at most; further reads wait.
const READ_UNITS_MAX: usize = 256 * 1_024;
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);
