//! A page to try the driver on, from a server on loopback that also takes WebSockets.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Serves while the test runs; its threads end with the process.
pub struct Site {
    /// Where the page is.
    pub address: String,
    /// The same, for a line to lead there.
    pub at: SocketAddr,
}

impl Site {
    /// Listens on a free port of loopback.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let at = listener.local_addr().expect("it is bound");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                thread::spawn(move || answer(connection));
            }
        });
        Self { address: format!("http://{at}/"), at }
    }
}

/// A browser that hangs up early is no failure.
fn answer(connection: TcpStream) -> Option<()> {
    let mut first = [0; 8];
    let seen = connection.peek(&mut first).ok()?;
    if first.get(..seen)?.starts_with(b"GET /ws") {
        let mut socket = tungstenite::accept(connection).ok()?;
        while socket.read().is_ok() {}
        return Some(());
    }
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1)?;
    let (media_type, body) = match path {
        "/" => ("text/html; charset=utf-8", PAGE),
        "/page.js" => ("text/javascript", SCRIPT),
        "/worker.js" => ("text/javascript", WORKER),
        _ => ("text/plain", ""),
    };
    write!(
        &connection,
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\
         content-security-policy: default-src 'self'; worker-src blob:\r\n\r\n{body}",
        body.len()
    )
    .ok()
}

const PAGE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Driver</title>
<p role="status" aria-label="Connection">Connecting</p>
<p role="status" aria-label="Page socket"></p><p role="status" aria-label="Worker socket"></p>
<ul aria-label="Chats"><li>Alice <b>2 unread</b></li><li>Bob <button>Open</button></li></ul>
<div role="log" aria-label="Messages"></div>
<form><input aria-label="Message"><button>Send</button></form>
<button role="switch" aria-checked="false">Read receipts</button>
<script type="module" src="/page.js"></script></html>"#;

const SCRIPT: &str = r#"
const named = (name) => document.querySelector(`[aria-label="${name}"]`);
setTimeout(() => { named('Connection').textContent = 'Up to date'; }, 50);
document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const line = document.createElement('p');
  line.textContent = named('Message').value;
  named('Messages').append(line);
});
const flip = document.querySelector('[role=switch]');
flip.addEventListener('click', () => flip.setAttribute('aria-checked', flip.getAttribute('aria-checked') !== 'true'));
document.querySelector('li button').addEventListener('click', () => {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', 'Bob');
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});
const say = (where) => (state) => { named(where).textContent = state; };
const socket = new WebSocket(`ws://${location.host}/ws`);
socket.onopen = () => say('Page socket')('open');
socket.onclose = () => say('Page socket')('closed');
globalThis.connects = () => new Promise((go) => {
  const second = new WebSocket(`ws://${location.host}/ws`);
  second.onopen = () => go('open');
  second.onclose = () => go('closed');
});
let worker, answered;
globalThis.startAnotherWorker = () => {
  worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  worker.onmessage = ({ data }) => data.socket ? say('Worker socket')(data.socket) : answered(data.answer);
};
const source = `const location = new URL('${location.href}');` + await (await fetch('/worker.js')).text();
startAnotherWorker();
globalThis.askWorker = (what) => new Promise((go) => { answered = go; worker.postMessage(what); });
"#;

const WORKER: &str = r#"
const socket = new WebSocket(`ws://${location.host}/ws`);
socket.onopen = () => postMessage({ socket: 'open' });
socket.onclose = () => postMessage({ socket: 'closed' });
const connect = () => new Promise((go) => {
  const second = new WebSocket(`ws://${location.host}/ws`);
  second.onopen = () => go('open');
  second.onclose = () => go('closed');
});
onmessage = ({ data }) => data === 'connect' ? connect().then((answer) => postMessage({ answer })) : fetch(location, { cache: 'no-store' })
  .then(() => postMessage({ answer: 'fetched' }), () => postMessage({ answer: 'failed' }));
"#;
