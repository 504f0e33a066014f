//! Over real sockets, on the loopback.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use seal::challenge::{Purpose, public_key, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use vocab::MailboxId;
use wire::mailbox::{CreateMailbox, OpenMailbox};
use wire::{
    Decode, Door, Encode, MailboxFromDevice, MailboxFromService, Reply, Request, UnnamedAnswer,
    UnnamedRequest,
};

use super::*;
use crate::codes::SenderName;

fn options(folder: &tempfile::TempDir) -> Options {
    Options {
        data: folder.path().join("data"),
        key_file: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        codes: SenderName::Console,
        tls: None,
        blobs: BlobsAt::Beside,
        blob_bytes_max: crate::BLOB_BYTES_MAX,
        blobs_lost: false,
    }
}

/// The answer to a plain request: head in lower case, and body.
async fn get(running: &Running, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = format!("{request}\r\nhost: {}\r\nconnection: close\r\n\r\n", running.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

async fn knock(running: &Running, door: Door) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(running.address).await.unwrap();
    let url = format!("ws://{}{}", running.address, door.path());
    tokio_tungstenite::client_async(url, stream).await.unwrap().0
}

async fn next<T: Decode>(socket: &mut WebSocketStream<TcpStream>) -> T {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap();
        if let Message::Binary(frame) = message.unwrap().unwrap() {
            return T::decode(&frame).expect("a frame of this door");
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: &impl Encode) {
    socket.send(Message::Binary(frame.encode().unwrap().into())).await.unwrap();
}

#[tokio::test]
async fn health_and_the_page_carry_strict_headers_and_nothing_else_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(&folder)).await.unwrap();
    let (head, body) = get(&running, "GET /health HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200"));
    let health: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(health, serde_json::json!({"ok": true, "version": env!("CARGO_PKG_VERSION")}));

    let (head, body) = get(&running, "GET / HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200") && body.starts_with(b"<!doctype html>"));
    for line in [
        "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self';",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-opener-policy: same-origin",
        "cache-control: no-cache",
        "content-type: text/html; charset=utf-8",
    ] {
        assert!(head.contains(line), "{line} is missing in {head}");
    }
    assert!(!head.contains("set-cookie") && !head.contains("server:"));
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let (head, body) = get(&running, &format!("GET / HTTP/1.1\r\nif-none-match: {tag}")).await;
    assert!(head.starts_with("http/1.1 304") && body.is_empty());

    for path in
        ["/debug", "/metrics", "/../data/key", "/%2e%2e/data/key", "/v1/admin", "/index.html/", "/data/key"]
    {
        let (head, _) = get(&running, &format!("GET {path} HTTP/1.1")).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    assert!(get(&running, "POST / HTTP/1.1").await.0.starts_with("http/1.1 405"));
    for door in Door::ALL {
        let (head, _) = get(&running, &format!("GET {} HTTP/1.1", door.path())).await;
        assert!(head.starts_with("http/1.1 426"), "{head}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_mailbox_is_made_at_one_door_and_opened_at_another_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(&folder)).await.unwrap();
    let (mailbox, secret) = (MailboxId([3; 16]), [3; 32]);
    let mut unnamed = knock(&running, Door::Unnamed).await;
    let create = UnnamedRequest::CreateMailbox(CreateMailbox {
        mailbox,
        public_key: public_key(&secret),
        token: Vec::new().into(),
        extensions: Vec::new(),
    });
    say(&mut unnamed, &Request { id: 7, op: create }).await;
    let answer: Reply<UnnamedAnswer> = next(&mut unnamed).await;
    assert!(matches!(answer, Reply::Done { id: 7, answer: UnnamedAnswer::Done }));
    running.stop().await;
    assert!(
        matches!(unnamed.next().await, Some(Ok(Message::Close(_))) | None),
        "the connection was closed well"
    );

    let running = start(options(&folder)).await.unwrap();
    let mut door = knock(&running, Door::Mailbox).await;
    let MailboxFromService::Challenge(challenge) = next(&mut door).await else { panic!("no challenge") };
    let open = OpenMailbox {
        mailbox,
        signature: sign(&secret, Purpose::Mailbox, &challenge.nonce).into(),
        extensions: Vec::new(),
    };
    say(&mut door, &MailboxFromDevice::Open(open)).await;
    let MailboxFromService::Opened(opened) = next(&mut door).await else { panic!("not opened") };
    assert_eq!((opened.waiting, opened.dropped), (0, 0));
    running.stop().await;
}

#[tokio::test]
async fn an_oversized_frame_a_text_and_half_a_handshake_end_their_connection_only() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(&folder)).await.unwrap();
    let mut good = knock(&running, Door::Unnamed).await;
    let mut text = knock(&running, Door::Unnamed).await;
    text.send(Message::Text("hello".into())).await.unwrap();
    assert!(ends(&mut text).await);
    let mut large = knock(&running, Door::Unnamed).await;
    // The service may close before all of it is written.
    let _written = large.send(Message::Binary(vec![0; vocab::limits::FRAME_BYTES_MAX + 1].into())).await;
    assert!(ends(&mut large).await);
    let mut half = TcpStream::connect(running.address).await.unwrap();
    half.write_all(b"GET /v1/unnamed HTTP/1.1\r\nupg").await.unwrap();
    drop(half);
    say(&mut good, &MailboxFromDevice::Acknowledge(1)).await;
    assert!(matches!(next(&mut good).await, Reply::<UnnamedAnswer>::Refused { .. }));
    running.stop().await;
}

async fn ends(socket: &mut WebSocketStream<TcpStream>) -> bool {
    let end = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), end).await.is_ok()
}

#[tokio::test]
async fn a_reader_that_does_not_keep_up_is_shed() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(&folder)).await.unwrap();
    let mut slow = knock(&running, Door::Unnamed).await;
    let fetch =
        wire::directory::FetchDirectoryRow { tag: [1; 32], token: Vec::new().into(), extensions: Vec::new() };
    let frame = Request { id: 1, op: UnnamedRequest::FetchDirectoryRow(fetch) }.encode().unwrap();
    let shed = async {
        // It asks and asks, and reads nothing.
        while slow.send(Message::Binary(frame.clone().into())).await.is_ok() {}
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), shed).await.is_ok());
    assert!(get(&running, "GET /health HTTP/1.1").await.0.starts_with("http/1.1 200"));
    running.stop().await;
}

#[tokio::test]
async fn listening_for_others_without_tls_and_a_taken_port_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let open = Options { listen: "0.0.0.0:0".parse().unwrap(), ..options(&folder) };
    assert!(start(open).await.err().unwrap().to_string().contains("give --tls-cert FILE and --tls-key FILE"));
    let running = start(options(&folder)).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let taken = Options { listen: running.address, ..options(&other) };
    assert!(start(taken).await.err().unwrap().to_string().contains("with a free port"));
    let second = start(options(&folder)).await.err().unwrap().to_string();
    assert!(second.contains("another valise-server is running"), "{second}");
    running.stop().await;
}
