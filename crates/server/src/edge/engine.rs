//! The thread that owns the service: it drains what came, processes it as one batch, puts that on disk, hands out what
//! came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use vocab::Timestamp;
use wire::Door;

use super::store::{Finished, StoreThreads};
use crate::store::BlobStore;
use crate::{Out, Service, SessionId, Source};

/// The way to the engine, for connections.
#[derive(Clone)]
pub struct Engine {
    inputs: mpsc::Sender<Input>,
    bytes: Arc<Semaphore>,
    well: Arc<AtomicBool>,
}

enum Input {
    Connect {
        door: Door,
        source: Source,
        outbox: mpsc::Sender<Outgoing>,
        session: oneshot::Sender<SessionId>,
    },
    Frame {
        session: SessionId,
        frame: Vec<u8>,
        _room: OwnedSemaphorePermit,
    },
    Disconnect(SessionId),
    Store(Finished),
    Tick,
    Stop,
}

/// What goes to a connection, with the room it takes up until it has left, where that is counted.
pub struct Outgoing {
    /// What it is.
    pub out: Out,
    /// Held, not used.
    pub room: Option<OwnedSemaphorePermit>,
}

/// The engine has ended: the service is shutting down.
#[derive(Debug, Clone, Copy)]
pub struct Ended;

impl Engine {
    /// Starts the thread, and those that wait for the store. The handle returned second ends with it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        service: Service,
        store: &Arc<dyn BlobStore>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (inputs, waiting) = mpsc::channel(INPUTS_MAX);
        let well = Arc::new(AtomicBool::new(true));
        let back = inputs.clone();
        let store =
            StoreThreads::start(store, move |finished| back.blocking_send(Input::Store(finished)).is_ok())?;
        let state =
            Loop { service, store, outboxes: HashMap::new(), complained: None, well: Arc::clone(&well) };
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || state.run(waiting))?;
        Ok((Self { inputs, bytes: Arc::new(Semaphore::new(INPUT_UNITS_MAX)), well }, thread))
    }

    /// Whether what came last could be written, and the engine still runs.
    pub fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed) && !self.inputs.is_closed()
    }

    /// A new connection, whose output goes to the bounded `outbox`.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn connect(
        &self,
        door: Door,
        source: Source,
        outbox: mpsc::Sender<Outgoing>,
    ) -> Result<SessionId, Ended> {
        let (session, known) = oneshot::channel();
        self.put(Input::Connect { door, source, outbox, session }).await?;
        known.await.map_err(|_| Ended)
    }

    /// A frame; waits while too much is waiting.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn frame(&self, session: SessionId, frame: Vec<u8>) -> Result<(), Ended> {
        let units = u32::try_from(frame.len() / INPUT_UNIT_BYTES + 1).map_err(|_| Ended)?;
        let room = Arc::clone(&self.bytes).acquire_many_owned(units).await.map_err(|_| Ended)?;
        self.put(Input::Frame { session, frame, _room: room }).await
    }

    /// The connection ended.
    pub async fn disconnect(&self, session: SessionId) {
        // When the engine has ended, so have all sessions.
        let _ended = self.put(Input::Disconnect(session)).await;
    }

    /// A second has passed.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn tick(&self) -> Result<(), Ended> {
        self.put(Input::Tick).await
    }

    /// Finishes what came so far, then ends.
    pub async fn stop(&self) {
        // Already ended is as good.
        let _ended = self.put(Input::Stop).await;
    }

    async fn put(&self, input: Input) -> Result<(), Ended> {
        self.inputs.send(input).await.map_err(|_| Ended)
    }
}

/// What is taken before the next flush.
struct Batch {
    inputs: usize,
    /// False once the last input of all was taken.
    more: bool,
}

struct Loop {
    service: Service,
    store: StoreThreads,
    outboxes: HashMap<SessionId, mpsc::Sender<Outgoing>>,
    complained: Option<Instant>,
    well: Arc<AtomicBool>,
}

impl Loop {
    fn run(mut self, mut waiting: mpsc::Receiver<Input>) {
        let mut flushed = Instant::now();
        while let Some(first) = waiting.blocking_recv() {
            let mut batch = Batch { inputs: 1, more: self.take(first) };
            self.fill(&mut batch, &mut waiting);
            // Every mailbox that a batch touches costs a page of the disk, however many of its envelopes come and go in it.
            let rest = FLUSH_PAUSE.saturating_sub(flushed.elapsed());
            if batch.inputs >= BUSY_INPUTS && !rest.is_zero() {
                std::thread::sleep(rest);
                self.fill(&mut batch, &mut waiting);
            }
            flushed = Instant::now();
            self.flush();
            if !batch.more {
                break;
            }
        }
        let Self { service, outboxes, .. } = self;
        if let Err(error) = service.close(now()) {
            eprintln!("valise-server: {error}");
        }
        drop(outboxes);
    }

    /// Takes what waits, as far as one batch goes.
    fn fill(&mut self, batch: &mut Batch, waiting: &mut mpsc::Receiver<Input>) {
        while batch.more && batch.inputs < BATCH_INPUTS_MAX && self.service.batch_bytes() < BATCH_BYTES_MAX {
            let Ok(next) = waiting.try_recv() else { break };
            batch.inputs += 1;
            batch.more = self.take(next);
        }
    }

    /// Takes one input; false when it is the last.
    fn take(&mut self, input: Input) -> bool {
        match input {
            Input::Connect { door, source, outbox, session } => {
                let id = self.service.connect(now(), door, source);
                self.outboxes.insert(id, outbox);
                if session.send(id).is_err() {
                    self.end(id);
                }
            }
            Input::Frame { session, frame, .. } => self.service.receive(now(), session, &frame),
            Input::Disconnect(session) => self.end(session),
            Input::Store((done, room)) => {
                if let Some((session, out)) = self.service.store_done(now(), done) {
                    self.hand_out(session, Outgoing { out, room });
                }
            }
            Input::Tick => self.service.tick(now()),
            Input::Stop => return false,
        }
        true
    }

    fn flush(&mut self) {
        let (outputs, error) = match self.service.flush(now()) {
            Ok(outputs) => (outputs, self.service.trouble()),
            Err(failed) => (failed.outputs, Some(failed.error)),
        };
        self.well.store(error.is_none(), Ordering::Relaxed);
        if let Some(error) = error {
            self.complain(&error);
        }
        for (session, out) in outputs {
            self.hand_out(session, Outgoing { out, room: None });
        }
        for work in self.service.store_work() {
            self.store.give(work);
        }
    }

    /// A reader that does not keep up is shed: its queue is bounded, and what it missed waits on disk.
    fn hand_out(&mut self, session: SessionId, output: Outgoing) {
        let Some(outbox) = self.outboxes.get(&session) else { return };
        let last = output.out == Out::Close;
        match outbox.try_send(output) {
            Ok(()) if !last => {}
            Ok(()) => {
                self.outboxes.remove(&session);
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => self.end(session),
        }
    }

    fn end(&mut self, session: SessionId) {
        self.outboxes.remove(&session);
        self.service.disconnect(session);
    }

    /// Once a minute at most: a full disk fails every batch.
    fn complain(&mut self, error: &server_db::DbError) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            eprintln!("valise-server: nothing was stored: {error}");
            self.complained = Some(Instant::now());
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Inputs waiting for the engine; connections wait beyond that.
const INPUTS_MAX: usize = 4_096;
/// Inputs in one batch: what many senders share one flush for, and how long the first of them waits at most.
const BATCH_INPUTS_MAX: usize = 1_024;
/// From so many inputs in a batch on, the next flush waits until [`FLUSH_PAUSE`] after the last.
const BUSY_INPUTS: usize = 32;
/// What a message may take longer when many are on their way (group commit), for half the work of the disk.
const FLUSH_PAUSE: Duration = Duration::from_millis(25);
/// Envelopes of one batch are in memory until it is on disk; one input may go beyond, by its own limit.
const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Frames waiting for the engine are counted in units of so many bytes.
const INPUT_UNIT_BYTES: usize = 1_024;
/// 128 MiB of frames wait for the engine at most.
const INPUT_UNITS_MAX: usize = 128 * 1_024;
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);
