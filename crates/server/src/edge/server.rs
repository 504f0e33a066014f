//! Starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::engine::Engine;
use super::http;
use super::source::{Place, Sources};
use super::storage::{self, StorageError};
use super::store::try_out;
use super::tls::{self, TlsError};
use crate::codes::SenderName;
use crate::store::{Access, BlobStore, BucketAddress, FolderStore, Name, S3Store, StoreError};
use crate::{OpenError, Service};

/// How the service is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the database.
    pub data: PathBuf,
    /// The key file; `DATA/key` without one.
    pub key_file: Option<PathBuf>,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Who takes codes to people.
    pub codes: SenderName,
    /// Certificate chain and private key, PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where large blobs lie.
    pub blobs: BlobsAt,
    /// Bytes of them at most.
    pub blob_bytes_max: u64,
    /// What lay in the store is lost: its rows are given up.
    pub blobs_lost: bool,
}

/// Where large blobs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobsAt {
    /// In `blobs` beside the database.
    Beside,
    /// In this folder.
    Folder(PathBuf),
    /// In a bucket; who may use it is in the environment.
    Bucket(BucketAddress),
}

impl FromStr for BlobsAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("folder", path)) if !path.is_empty() => Ok(Self::Folder(path.into())),
            Some(("s3", address)) => address.parse().map(Self::Bucket),
            _ => Err("give 'folder:PATH' or 's3:https://HOST/BUCKET'".into()),
        }
    }
}

/// A service that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether over TLS.
    pub tls: bool,
    /// The key file was made just now.
    pub key_is_new: bool,
    engine: Engine,
    thread: std::thread::JoinHandle<()>,
    listener: JoinHandle<()>,
    ticker: JoinHandle<()>,
    sources: Arc<Sources>,
    lock: std::fs::File,
}

/// Why the service did not start, in words for who runs it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Clear text beyond this machine.
    #[error(
        "{0} can be reached from other machines, so it needs TLS: give --tls-cert FILE and --tls-key FILE, or listen on \
         127.0.0.1"
    )]
    NeedsTls(SocketAddr),
    /// The address.
    #[error("cannot listen on {address}: {error}. Give --listen an address of this machine with a free port")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The data folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keys.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store of blobs.
    #[error(transparent)]
    Blobs(#[from] StoreError),
    /// Nobody said who may use the bucket.
    #[error(
        "to use the bucket {0}, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION if it has one"
    )]
    NoAccess(BucketAddress),
    /// The system.
    #[error("the system gives no thread or randomness: {0}")]
    System(std::io::Error),
}

/// Starts the service: opens the data folder, listens, serves.
///
/// # Errors
/// [`StartError`].
pub async fn start(options: Options) -> Result<Running, StartError> {
    let acceptor =
        options.tls.as_ref().map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()?;
    if acceptor.is_none() && !options.listen.ip().is_loopback() {
        return Err(StartError::NeedsTls(options.listen));
    }
    let storage = storage::open(&options.data, options.key_file.as_deref())?;
    let listen = |error| StartError::Listen { address: options.listen, error };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let system = |error: getrandom::Error| StartError::System(std::io::Error::other(error));
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(system)?;
    let mut rng = ChaCha20Rng::from_seed(seed);
    let mut trial = Name([0; 16]);
    rng.fill_bytes(&mut trial.0);
    let mut service = Service::open(storage.db, storage.keys, options.codes.make(), rng)?;
    if options.blobs_lost {
        service.give_up_stored().map_err(OpenError::from)?;
    }
    service.set_blob_bytes_max(options.blob_bytes_max);
    let known = service.some_stored().map_err(OpenError::from)?;
    let store = open_store(&options, trial, known).await?;
    let (engine, thread) = Engine::start(service, &store).map_err(StartError::System)?;
    let sources = Sources::new(CONNECTIONS_PER_SOURCE_MAX, CONNECTIONS_MAX).map_err(system)?;
    let tls = acceptor.is_some();
    Ok(Running {
        address,
        tls,
        key_is_new: storage.key_is_new,
        listener: tokio::spawn(accept(listener, acceptor, engine.clone(), sources.clone())),
        ticker: tokio::spawn(tick(engine.clone())),
        engine,
        thread,
        sources,
        lock: storage.lock,
    })
}

/// Opens the store and tries it out, on a thread that may wait for it.
async fn open_store(
    options: &Options,
    trial: Name,
    known: Vec<Name>,
) -> Result<Arc<dyn BlobStore>, StartError> {
    let (at, data) = (options.blobs.clone(), options.data.clone());
    let opening = tokio::task::spawn_blocking(move || -> Result<Arc<dyn BlobStore>, StartError> {
        let store: Arc<dyn BlobStore> = match at {
            BlobsAt::Beside => Arc::new(FolderStore::open(&data.join("blobs"))?),
            BlobsAt::Folder(path) => Arc::new(FolderStore::open(&path)?),
            BlobsAt::Bucket(address) => {
                let access = Access::from_environment();
                let access = access.ok_or_else(|| StartError::NoAccess(address.clone()))?;
                Arc::new(S3Store::new(&address, access)?)
            }
        };
        try_out(&*store, trial, &known)?;
        Ok(store)
    });
    opening.await.map_err(|error| StartError::System(std::io::Error::other(error)))?
}

impl Running {
    /// Ends well: no new connections, what came is on disk and answered, connections are closed.
    pub async fn stop(self) {
        self.listener.abort();
        self.ticker.abort();
        self.engine.stop().await;
        // The engine's last flush is short; joining blocks this thread no longer than that.
        let joined = tokio::task::spawn_blocking(move || self.thread.join());
        let _ended = timeout(STOP_TIME_MAX, joined).await;
        let until = Instant::now() + STOP_TIME_MAX;
        while self.sources.open() > 0 && Instant::now() < until {
            sleep(STOP_STEP).await;
        }
        drop(self.lock);
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, engine: Engine, sources: Arc<Sources>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, mostly: some come back soon.
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Shed before any work is done for it.
        let Some(place) = sources.enter(peer.ip()) else { continue };
        tokio::spawn(connection(stream, acceptor.clone(), engine.clone(), place));
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, engine: Engine, place: Place) {
    // Small answers leave at once; without it they wait a little longer, which is all.
    let _set = stream.set_nodelay(true);
    match acceptor {
        None => http::serve(stream, engine, place).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)).await {
                http::serve(stream, engine, place).await;
            }
        }
    }
}

async fn tick(engine: Engine) {
    let mut ticks = interval(TICK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if engine.tick().await.is_err() {
            return;
        }
    }
}

/// Connections of one network at once: an office of a hundred people with up to four doors each, behind one address.
const CONNECTIONS_PER_SOURCE_MAX: usize = 512;
/// Connections at once.
const CONNECTIONS_MAX: usize = 30_000;
/// A TLS handshake takes at most so long (T-41).
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
const TICK_EVERY: Duration = Duration::from_secs(1);
/// After a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Stopping waits so long for the last flush, then for connections to close.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);
const STOP_STEP: Duration = Duration::from_millis(10);
