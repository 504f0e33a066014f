//! What copying a file costs that is not encrypted by its sender: read from the disk, through a socket of loopback, written and flushed, as
//! programs that only copy do it; once bare and once through the TLS that the real programs use.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use crate::Trouble;
use crate::report::{round, thread_cpu_s};
use crate::server::client_config;

/// Both ways of copying, one after the other.
pub(crate) fn run(scenario: &str) -> Result<Value, Trouble> {
    let folder = tempfile::tempdir()?;
    let (file, copy) = (folder.path().join("file"), folder.path().join("copy"));
    write_random(&file)?;
    let bare = timed(&file, &copy, None)?;
    let tls = timed(&file, &copy, Some(&Tls::new()?))?;
    Ok(json!({ "scenario": scenario, "bytes": FILE_BYTES, "bare": bare, "tls": tls }))
}

/// What no program can guess or compress.
fn write_random(path: &Path) -> Result<(), Trouble> {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let mut to = BufWriter::new(File::create(path)?);
    let mut bytes = vec![0; BUFFER_BYTES];
    for _ in 0..FILE_BYTES / BUFFER_BYTES as u64 {
        rng.fill_bytes(&mut bytes);
        to.write_all(&bytes)?;
    }
    Ok(to.into_inner().map_err(|error| error.into_error())?.sync_all()?)
}

/// Copies once; each end is a thread whose time the system counts.
fn timed(file: &Path, copy: &Path, tls: Option<&Tls>) -> Result<Value, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let begun = Instant::now();
    let (gives_s, takes_s) = std::thread::scope(|scope| -> Result<(f64, f64), Trouble> {
        let gives = scope.spawn(|| gives(file, TcpStream::connect(address)?, tls));
        let takes = scope.spawn(|| takes(copy, listener.accept()?.0, tls));
        let ended = |end: std::thread::Result<Result<f64, Trouble>>| end.map_err(|_| "copying stopped")?;
        Ok((ended(gives.join())?, ended(takes.join())?))
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    if fs::metadata(copy)?.len() != FILE_BYTES {
        return Err("the copy has another size".into());
    }
    fs::remove_file(copy)?;
    let gib = FILE_BYTES as f64 / (1_u64 << 30) as f64;
    Ok(json!({
        "mib_s": round(gib * 1_024.0 / seconds),
        "sender_cpu_s_per_gib": round(gives_s / gib), "receiver_cpu_s_per_gib": round(takes_s / gib),
    }))
}

/// CPU time that the sending end took, seconds.
fn gives(file: &Path, to: TcpStream, tls: Option<&Tls>) -> Result<f64, Trouble> {
    let mut from = File::open(file)?;
    match tls {
        None => pour(&mut from, &mut &to)?,
        Some(tls) => {
            let name = ServerName::try_from("localhost")?;
            let mut to = StreamOwned::new(ClientConnection::new(Arc::clone(&tls.client), name)?, to);
            pour(&mut from, &mut to)?;
            to.conn.send_close_notify();
            to.flush()?;
            // What the other end says of the session comes too late to be of use, but a socket that is closed unread is reset.
            to.sock.shutdown(Shutdown::Write)?;
            io::copy(&mut to.sock, &mut io::sink())?;
        }
    }
    thread_cpu_s()
}

/// CPU time that the receiving end took, seconds.
fn takes(copy: &Path, from: TcpStream, tls: Option<&Tls>) -> Result<f64, Trouble> {
    let mut to = File::create(copy)?;
    match tls {
        None => pour(&mut &from, &mut to)?,
        Some(tls) => {
            let connection = ServerConnection::new(Arc::clone(&tls.server))?;
            pour(&mut StreamOwned::new(connection, from), &mut to)?;
        }
    }
    to.sync_all()?;
    thread_cpu_s()
}

/// Through memory: the system's own shortcuts would copy nothing.
fn pour(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.flush(),
            length => to.write_all(buffer.get(..length).unwrap_or_default())?,
        }
    }
}

/// Both ends of a connection with a certificate of its own.
struct Tls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Tls {
    fn new() -> Result<Self, Trouble> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        let certificate = made.cert.der().clone();
        let client = client_config(&certificate)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())?;
        Ok(Self { client: Arc::new(client), server: Arc::new(server) })
    }
}

/// Bytes of the file.
const FILE_BYTES: u64 = 512 << 20;
/// Read and written at one time.
const BUFFER_BYTES: usize = 256 * 1024;
