//! Over real sockets, on the loopback.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use seal::challenge::{Purpose, public_key, sign};
use seal::token::Earning;
use seal::{DeviceEntry, VerifiedChain};
use server_db::Db;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use vocab::{DeviceId, MailboxId};
use wire::account::Register;
use wire::blob::{FetchBlob, PutBlob};
use wire::mailbox::{CreateMailbox, OpenMailbox};
use wire::token::{EarnTokens, Token, TokensEarned};
use wire::{
    AccountAnswer, AccountRequest, BlobAnswer, BlobRequest, Decode, Door, Encode, MailboxFromDevice,
    MailboxFromService, Reply, Request, Secret32, UnnamedAnswer, UnnamedRequest,
};

use super::engine::{Engine, Outgoing};
use super::*;
use crate::codes::SenderName;
use crate::store::{BlobStore, Listing, MemoryStore, Name, StoreError};
use crate::{Keys, Out, Service, SessionId, Source, schema};

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

/// Larger than what lies in the database.
const LARGE: usize = 32_768;

fn register() -> AccountRequest {
    let entry = DeviceEntry { device: DeviceId([7; 16]), key: public_key(&[7; 32]) };
    AccountRequest::Register(Register {
        proof: None,
        device_list: VerifiedChain::begin(&[7; 32], entry, [7; 32]).newest_bytes().into(),
        fetch_proof_hash: [7; 32],
        extensions: Vec::new(),
    })
}

fn earn() -> (Earning, AccountRequest) {
    let earning = Earning::begin(1, &mut ChaCha20Rng::seed_from_u64(7)).ok().unwrap();
    let blinded = vec![earning.blinded[0].as_slice().into()];
    (earning, AccountRequest::EarnTokens(EarnTokens { blinded, extensions: Vec::new() }))
}

fn earned(earning: &Earning, answer: &TokensEarned) -> Token {
    let evaluated = answer.evaluated.iter().map(wire::Bytes::as_slice);
    let (proof, key) = (answer.proof.as_slice(), answer.public_key.as_slice());
    let token = earning.finish(answer.day, evaluated, proof, key).ok().unwrap().remove(0);
    Token { day: token.day, nonce: token.nonce, value: Secret32(token.value) }
}

fn put(token: Token) -> BlobRequest {
    BlobRequest::PutBlob(PutBlob {
        capability: Secret32([9; 32]),
        days: 7,
        sealed: vec![9; LARGE].into(),
        token: Some(token),
        extensions: Vec::new(),
    })
}

#[tokio::test]
async fn a_large_blob_goes_through_its_door_into_the_folder_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(options(&folder)).await.unwrap();
    let mut account = knock(&running, Door::Account).await;
    let _challenge: Reply<AccountAnswer> = next(&mut account).await;
    say(&mut account, &Request { id: 1, op: register() }).await;
    let _registered: Reply<AccountAnswer> = next(&mut account).await;
    let (earning, request) = earn();
    say(&mut account, &Request { id: 2, op: request }).await;
    let Reply::Done { answer: AccountAnswer::TokensEarned(answer), .. } = next(&mut account).await else {
        panic!("no tokens")
    };
    let mut blob = knock(&running, Door::Blob).await;
    say(&mut blob, &Request { id: 3, op: put(earned(&earning, &answer)) }).await;
    let answer: Reply<BlobAnswer> = next(&mut blob).await;
    assert!(matches!(answer, Reply::Done { id: 3, answer: BlobAnswer::Done }));
    running.stop().await;

    let blobs = folder.path().join("data/blobs");
    let fans: Vec<_> = std::fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files = fans.iter().flat_map(|fan| std::fs::read_dir(fan).unwrap());
    let files: Vec<_> = files.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(files, [vec![9; LARGE]], "and what the store was tried with is gone");

    let running = start(options(&folder)).await.unwrap();
    let mut blob = knock(&running, Door::Blob).await;
    let fetch = FetchBlob { capability: Secret32([9; 32]), extensions: Vec::new() };
    say(&mut blob, &Request { id: 4, op: BlobRequest::FetchBlob(fetch) }).await;
    let Reply::Done { id: 4, answer: BlobAnswer::Blob(fetched) } = next(&mut blob).await else {
        panic!("not fetched")
    };
    assert!(fetched.sealed.as_slice() == [9; LARGE]);
    running.stop().await;

    // Its disk is not mounted: that is told at the start, and overridden only on purpose.
    std::fs::rename(&blobs, folder.path().join("away")).unwrap();
    let said = start(options(&folder)).await.err().unwrap().to_string();
    assert!(
        said.contains("none of the blobs that the database knows") && said.contains("--blobs-lost"),
        "{said}"
    );
    let running = start(Options { blobs_lost: true, ..options(&folder) }).await.unwrap();
    let mut blob = knock(&running, Door::Blob).await;
    let fetch = FetchBlob { capability: Secret32([9; 32]), extensions: Vec::new() };
    say(&mut blob, &Request { id: 5, op: BlobRequest::FetchBlob(fetch) }).await;
    assert!(matches!(next(&mut blob).await, Reply::<BlobAnswer>::Refused { id: 5, .. }));
    running.stop().await;
}

#[test]
fn where_blobs_lie_is_said_in_one_word() {
    assert_eq!("folder:/srv/blobs".parse(), Ok(BlobsAt::Folder("/srv/blobs".into())));
    let bucket: BlobsAt = "s3:https://s3.example.org/valise".parse().unwrap();
    assert!(
        matches!(bucket, BlobsAt::Bucket(address) if address.to_string() == "https://s3.example.org/valise")
    );
    for bad in ["", "folder:", "/srv/blobs", "ftp:x"] {
        assert!(bad.parse::<BlobsAt>().unwrap_err().contains("folder:PATH"), "{bad}");
    }
    assert!("s3:http://s3.example.org/b".parse::<BlobsAt>().unwrap_err().contains("needs https"));
}

/// A store that does nothing until it is let go.
struct Hanging {
    store: MemoryStore,
    goes: Arc<(Mutex<bool>, Condvar)>,
}

impl Hanging {
    fn wait(&self) {
        let (goes, told) = &*self.goes;
        drop(told.wait_while(goes.lock().unwrap(), |goes| !*goes).unwrap());
    }
}

impl BlobStore for Hanging {
    fn write(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError> {
        self.wait();
        self.store.write(name, bytes)
    }

    fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StoreError> {
        self.wait();
        self.store.read(name)
    }

    fn delete(&self, name: &Name) -> Result<(), StoreError> {
        self.store.delete(name)
    }

    fn list(&self, after: Option<&Name>, count: usize) -> Result<Listing, StoreError> {
        self.store.list(after, count)
    }
}

/// A connection without a socket.
struct Line {
    session: SessionId,
    outputs: mpsc::Receiver<Outgoing>,
}

impl Line {
    async fn to(engine: &Engine, door: Door) -> Self {
        let (outbox, outputs) = mpsc::channel(16);
        Self { session: engine.connect(door, Source::Local, outbox).await.unwrap(), outputs }
    }

    async fn say(&self, engine: &Engine, frame: &impl Encode) {
        engine.frame(self.session, frame.encode().unwrap()).await.unwrap();
    }

    async fn next<T: Decode>(&mut self) -> T {
        let next = tokio::time::timeout(Duration::from_secs(20), self.outputs.recv()).await;
        match next.unwrap().unwrap().out {
            Out::Frame(frame) => T::decode(&frame).expect("a frame of this door"),
            Out::Close => panic!("the connection ended"),
        }
    }
}

#[tokio::test]
async fn a_store_that_hangs_holds_up_nobody_who_wants_nothing_of_it() {
    let goes = Arc::new((Mutex::new(false), Condvar::new()));
    let store: Arc<dyn BlobStore> = Arc::new(Hanging { store: MemoryStore::default(), goes: goes.clone() });
    let db = Db::in_memory(&schema()).unwrap();
    let rng = ChaCha20Rng::seed_from_u64(8);
    let service = Service::open(db, Keys::derive(&[1; 32]), SenderName::Console.make(), rng).unwrap();
    let (engine, thread) = Engine::start(service, &store).unwrap();
    let mut account = Line::to(&engine, Door::Account).await;
    let _challenge: Reply<AccountAnswer> = account.next().await;
    account.say(&engine, &Request { id: 1, op: register() }).await;
    let _registered: Reply<AccountAnswer> = account.next().await;
    let (earning, request) = earn();
    account.say(&engine, &Request { id: 2, op: request }).await;
    let Reply::Done { answer: AccountAnswer::TokensEarned(answer), .. } = account.next().await else {
        panic!("no tokens")
    };

    let mut blob = Line::to(&engine, Door::Blob).await;
    blob.say(&engine, &Request { id: 3, op: put(earned(&earning, &answer)) }).await;
    let mut unnamed = Line::to(&engine, Door::Unnamed).await;
    for n in 1..=20 {
        let create = UnnamedRequest::CreateMailbox(CreateMailbox {
            mailbox: MailboxId([n; 16]),
            public_key: public_key(&[n; 32]),
            token: Vec::new().into(),
            extensions: Vec::new(),
        });
        unnamed.say(&engine, &Request { id: u32::from(n), op: create }).await;
        assert!(matches!(unnamed.next().await, Reply::Done { answer: UnnamedAnswer::Done, .. }));
    }
    assert!(blob.outputs.try_recv().is_err(), "nothing is said to be there");
    *goes.0.lock().unwrap() = true;
    goes.1.notify_all();
    assert!(matches!(blob.next().await, Reply::Done { id: 3, answer: BlobAnswer::Done }));
    let fetch = FetchBlob { capability: Secret32([9; 32]), extensions: Vec::new() };
    blob.say(&engine, &Request { id: 4, op: BlobRequest::FetchBlob(fetch) }).await;
    assert!(matches!(blob.next().await, Reply::Done { id: 4, answer: BlobAnswer::Blob(_) }));
    engine.stop().await;
    tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
}
