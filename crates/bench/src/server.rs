//! The real server as a process of ours: started with TLS on a free port, measured by what the system counted for it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Trouble;

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub port: u16,
    pub tls: TlsConnector,
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Server {
    /// Makes a certificate, a data folder and starts the program.
    pub async fn start() -> Result<Self, Trouble> {
        let program = program()?;
        let folder = tempfile::tempdir()?;
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        std::fs::write(folder.path().join("cert.pem"), certified.cert.pem())?;
        std::fs::write(folder.path().join("key.pem"), certified.signing_key.serialize_pem())?;
        let tls = TlsConnector::from(Arc::new(client_config(certified.cert.der())?));
        let port = free_port()?;
        let child = spawn(&program, folder.path(), port)?;
        let mut server = Self { child, port, tls, folder, program };
        server.wait_until_open().await?;
        Ok(server)
    }

    /// Kills it without warning.
    pub fn kill(&mut self) -> Result<(), Trouble> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again over the same data.
    pub async fn restart(&mut self) -> Result<(), Trouble> {
        self.child = spawn(&self.program, self.folder.path(), self.port)?;
        self.wait_until_open().await
    }

    async fn wait_until_open(&mut self) -> Result<(), Trouble> {
        let give_up = Instant::now() + START_WAIT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended at once: {status}").into());
            }
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return Ok(());
            }
            if Instant::now() > give_up {
                return Err("the server does not open its port".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// User and system time of the process so far, seconds.
    pub fn cpu_s(&self) -> Result<f64, Trouble> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Fields 14 and 15 (utime, stime) are counted after the name in brackets, which may hold spaces.
        let after = stat.rsplit_once(") ").ok_or("no process figures")?.1;
        let fields: Vec<&str> = after.split(' ').collect();
        let ticks = |at: usize| -> Result<f64, Trouble> { Ok(fields.get(at).ok_or("no figure")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_S)
    }

    /// Resident memory, KiB.
    pub fn rss_kib(&self) -> Result<f64, Trouble> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no memory figure")?;
        Ok(line.split_whitespace().nth(1).ok_or("no memory figure")?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, folder: &Path, port: u16) -> Result<Child, Trouble> {
    let child = Command::new(program)
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--listen")
        .arg(format!("127.0.0.1:{port}"))
        .arg("--codes")
        .arg(format!("file:{}", folder.join("codes").display()))
        .arg("--tls-cert")
        .arg(folder.join("cert.pem"))
        .arg("--tls-key")
        .arg(folder.join("key.pem"))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn();
    child.map_err(|error| format!("{} cannot be started: {error}", program.display()).into())
}

/// Where the built programs are: `VALISE_PROGRAMS`, or beside this program.
fn program() -> Result<PathBuf, Trouble> {
    let folder = match std::env::var_os("VALISE_PROGRAMS") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_exe()?.parent().ok_or("no folder")?.to_owned(),
    };
    let program = folder.join("valise-server");
    if program.exists() {
        Ok(program)
    } else {
        Err(format!("{} is not built: run cargo xtask build", program.display()).into())
    }
}

/// As devices connect, trusting this certificate alone.
pub(crate) fn client_config(certificate: &CertificateDer<'static>) -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(config.with_no_client_auth())
}

fn free_port() -> Result<u16, Trouble> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Clock ticks a second in /proc, fixed on Linux.
const TICKS_PER_S: f64 = 100.0;
/// A start with an existing database takes less than this.
const START_WAIT: Duration = Duration::from_secs(30);
