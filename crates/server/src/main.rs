//! `valise-server`: the service as a program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use server::BLOB_BYTES_MAX;
use server::codes::SenderName;
use server::edge::{BlobsAt, Options, Running, StartError, start};
use tokio::signal::unix::{SignalKind, signal};

/// The Valise service: keeps sealed envelopes until their devices have them.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Folder of the database; made when it does not exist. One server a folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen. Beyond this machine only with --tls-cert and --tls-key.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Who takes verification codes to people: 'console', or 'file:PATH' for JSON lines.
    #[arg(long, value_name = "SENDER")]
    codes: SenderName,
    /// Certificate chain, PEM, the server's own first.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The key file: 32 random bytes that open the database; made when there is neither. Default: DIR/key. Keep it on
    /// another disk, and out of the copies you make of DIR.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Where large blobs lie: 'folder:PATH', or 's3:https://HOST/BUCKET' with the key in AWS_ACCESS_KEY_ID and
    /// AWS_SECRET_ACCESS_KEY. Default: DIR/blobs.
    #[arg(long, value_name = "STORE")]
    blobs: Option<BlobsAt>,
    /// Bytes of large blobs kept at most, like 500G; then no more are taken until some expire. Default: 100G.
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    blob_bytes_max: Option<u64>,
    /// Starts although the blob store is empty and the database says otherwise: those blobs are given up.
    #[arg(long)]
    blobs_lost: bool,
}

/// A number of bytes, with K, M, G or T for powers of 1,024.
fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, letter)) if letter.is_ascii_alphabetic() => (&text[..at], letter),
        _ => (text, 'B'),
    };
    let power = "BKMGT".find(unit.to_ascii_uppercase()).and_then(|place| u32::try_from(place).ok());
    let bytes =
        number.parse::<u64>().ok().zip(power).and_then(|(n, power)| n.checked_mul(1024_u64.pow(power)));
    bytes.ok_or_else(|| "give a number of bytes, like 500G".to_owned())
}

const EXAMPLES: &str = "\
Examples:
  On this machine, codes on the screen:
    valise-server --data ./data --listen 127.0.0.1:8080 --codes console
  For others, with the key file elsewhere:
    valise-server --data /var/lib/valise --key-file /etc/valise/key --listen 0.0.0.0:443 \\
      --tls-cert /etc/valise/chain.pem --tls-key /etc/valise/tls.pem --codes file:/run/valise/codes
  Large blobs in a bucket:
    AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... valise-server --data ./data --listen 127.0.0.1:8080 \
      --codes console --blobs s3:https://s3.example.org/valise
  Is it well?
    curl http://127.0.0.1:8080/health

Exit codes: 0 it was stopped (SIGTERM, SIGINT), 1 it could not run, 2 the command line is wrong.";

fn main() -> ExitCode {
    let options = Arguments::parse().into_options();
    forbid_memory_dumps();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&StartError::System(error)),
    };
    runtime.block_on(async {
        match start(options).await {
            Ok(running) => run(running).await,
            Err(error) => failed(&error),
        }
    })
}

impl Arguments {
    fn into_options(self) -> Options {
        Options {
            data: self.data,
            key_file: self.key_file,
            listen: self.listen,
            codes: self.codes,
            tls: self.tls_cert.zip(self.tls_key),
            blobs: self.blobs.unwrap_or(BlobsAt::Beside),
            blob_bytes_max: self.blob_bytes_max.unwrap_or(BLOB_BYTES_MAX),
            blobs_lost: self.blobs_lost,
        }
    }
}

async fn run(running: Running) -> ExitCode {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        eprintln!("valise-server: the system delivers no signals");
        return ExitCode::FAILURE;
    };
    let scheme = if running.tls { "https" } else { "http" };
    println!("valise-server {} listens on {scheme}://{}", env!("CARGO_PKG_VERSION"), running.address);
    if running.key_is_new {
        eprintln!("valise-server: a new key file was made. Keep a copy of it apart from copies of the data.");
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop().await;
    ExitCode::SUCCESS
}

fn failed(error: &StartError) -> ExitCode {
    eprintln!("valise-server: {error}");
    ExitCode::from(if matches!(error, StartError::NeedsTls(_)) { 2 } else { 1 })
}

/// Neither a crash nor another program of this user gets at what is in memory (T-29). Left out of debug builds, which are
/// for debuggers.
fn forbid_memory_dumps() {
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let done = set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .and_then(|()| setrlimit(Resource::Core, none));
        if done.is_err() {
            eprintln!("valise-server: the system refuses to turn memory dumps off");
        }
    }
}
