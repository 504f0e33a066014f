//! A site on loopback that counts who asks it for what: good pages, and those that no preview must suffer from.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Serves while the test runs; its threads end with the process.
pub struct Pages {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What for.
    pub path: String,
    /// Its header lines, in small letters.
    pub headers: Vec<String>,
}

impl Pages {
    /// Listens on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let at = listener.local_addr().expect("it is bound");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let counted = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                thread::spawn(move || answer(&connection, &counted));
            }
        });
        Self { at, asked }
    }

    /// The address of a page.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    /// The host of all of them, as it is shown.
    #[must_use]
    pub fn host(&self) -> String {
        self.at.to_string()
    }

    /// Everything that was asked for since this was asked last. What opened a connection and said nothing counts as `?`.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, paths only.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

/// Whoever hangs up early is no failure.
fn answer(connection: &TcpStream, counted: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines();
    let request = lines.next().and_then(Result::ok).unwrap_or_default();
    let headers: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .map(|line| line.to_ascii_lowercase())
        .collect();
    let path = request.split(' ').nth(1).unwrap_or("?").to_owned();
    counted.lock().unwrap_or_else(PoisonError::into_inner).push(Asked { path: path.clone(), headers });
    let html = "text/html; charset=utf-8";
    match path.as_str() {
        "/good" => says(connection, html, "", GOOD.as_bytes()),
        "/lake.png" => says(connection, "image/png", "", include_bytes!("../../media/testdata/clear.png")),
        "/script" => says(connection, html, "", SCRIPT.as_bytes()),
        "/packed" => says(connection, html, "content-encoding: gzip\r\n", &PACKED),
        "/text" => says(connection, "text/plain", "", GOOD.as_bytes()),
        "/one" => leads(connection, "/two"),
        "/two" => leads(connection, "/three"),
        "/three" => leads(connection, "/good"),
        "/zero" => leads(connection, "/one"),
        "/home" => leads(connection, "http://10.0.0.1/good"),
        "/router" => leads(connection, "http://192.168.1.1/good"),
        "/cloud" => leads(connection, "http://169.254.169.254/good"),
        "/file" => leads(connection, "file:///etc/passwd"),
        "/inside" => says(connection, html, "", INSIDE.as_bytes()),
        "/huge" => {
            says(connection, html, "", &[b"<title>Huge</title>".as_slice(), &vec![b' '; 5_000_000]].concat())
        }
        "/endless" => {
            let mut connection = connection;
            write!(
                connection,
                "HTTP/1.1 200 OK\r\ncontent-type: {html}\r\nconnection: close\r\n\r\n<title>Endless</title>"
            )
            .ok()?;
            // A sign now and then keeps the line from seeming dead.
            while connection.write_all(b" ").is_ok() {
                thread::park_timeout(std::time::Duration::from_millis(50));
            }
            Some(())
        }
        _ => {
            let mut connection = connection;
            connection
                .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .ok()
        }
    }
}

fn says(mut connection: &TcpStream, media_type: &str, more: &str, body: &[u8]) -> Option<()> {
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nset-cookie: who=you\r\n{more}connection: close\r\n\r\n",
        body.len()
    )
    .ok()?;
    connection.write_all(body).ok()
}

fn leads(mut connection: &TcpStream, to: &str) -> Option<()> {
    write!(
        connection,
        "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nset-cookie: who=you\r\nconnection: close\r\n\r\n"
    )
    .ok()
}

const GOOD: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>plain title</title>
<meta property="og:title" content="Night trains &amp; boats"><meta property="og:description" content="Sleepers from 1 June">
<meta property="og:site_name" content="bank.example"><meta property="og:image" content="/lake.png">
<link rel="stylesheet" href="/style.css"><script src="/page.js"></script></head>
<body><img src="/other.png"><h1>Night trains</h1></body></html>"#;

const SCRIPT: &str = r#"<!doctype html><html><head><title>Before the script</title>
<script>document.title = "After"; fetch("/called")</script><script>"<title>In the script</title>"</script></head></html>"#;

const INSIDE: &str = r#"<!doctype html><title>Inside</title><meta property="og:image" content="http://192.168.1.1/camera.jpg">"#;

/// `<title>Packed</title>`, as gzip has it.
const PACKED: [u8; 36] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xb3, 0x29, 0xc9, 0x2c, 0xc9, 0x49, 0xb5,
    0x0b, 0x48, 0x4c, 0xce, 0x4e, 0x4d, 0xb1, 0xd1, 0x87, 0xf0, 0x00, 0xe2, 0x77, 0x59, 0xa5, 0x15, 0x00,
    0x00, 0x00,
];
