//! The program as it is started: command line, signals, TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn command(data: &Path, listen: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valise-server"));
    command.arg("--data").arg(data).args(["--listen", listen, "--codes", "console"]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(data: &Path, listen: &str, more: &[&str]) -> Output {
    command(data, listen, more).output().unwrap()
}

/// Starts it on a free port and reads the startup line.
fn start(data: &Path, more: &[&str]) -> (Child, SocketAddr) {
    let mut child = command(data, "127.0.0.1:0", more).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
    (child, address)
}

fn terminate(mut child: Child) -> Option<i32> {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    child.wait().unwrap().code()
}

fn health(mut stream: impl Read + Write) -> String {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    // Without a close_notify the answer is there all the same.
    let _read = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn it_starts_answers_and_ends_well_on_sigterm_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for _ in 0..2 {
        let (child, address) = start(&data, &[]);
        assert!(health(TcpStream::connect(address).unwrap()).contains("\"ok\":true"));
        assert_eq!(terminate(child), Some(0));
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_taken_folder_with_1_each_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let open = run(&data, "0.0.0.0:0", &[]);
    assert_eq!(open.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&open.stderr).contains("give --tls-cert FILE and --tls-key FILE"));
    assert_eq!(run(&data, "127.0.0.1:0", &["--codes", "pigeon"]).status.code(), Some(2));
    assert_eq!(run(&data, "127.0.0.1:0", &["--tls-cert", "x"]).status.code(), Some(2));
    let (child, _) = start(&data, &[]);
    let second = run(&data, "127.0.0.1:0", &[]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another valise-server is running"));
    assert_eq!(terminate(child), Some(0));
}

#[test]
fn over_tls_it_answers_whoever_trusts_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    std::fs::write(&chain, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let tls = ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let (child, address) = start(&folder.path().join("data"), &tls);
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    assert!(health(stream).starts_with("HTTP/1.1 200"));
    assert!(!health(TcpStream::connect(address).unwrap()).contains("200"), "no clear text");
    assert_eq!(terminate(child), Some(0));
    let spoiled =
        run(&folder.path().join("other"), "127.0.0.1:0", &["--tls-cert", tls[3], "--tls-key", tls[1]]);
    assert_eq!(spoiled.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&spoiled.stderr).contains("give --tls-cert a PEM file"));
}
