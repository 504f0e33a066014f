//! One door: a WebSocket with a task of its own. It is never shared with another door, and it moves whole frames.

use std::convert::Infallible;
use std::time::Duration;

use app::{Door, LineTrouble, LinkEvent};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::Error as TlsError;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use vocab::limits::FRAME_BYTES_MAX;

use crate::address::ServerAddress;
use crate::moving::{Moved, Moving};
use crate::owner::Event;

/// How doors are reached.
#[derive(Clone)]
pub(crate) struct Way {
    pub address: ServerAddress,
    pub tls: TlsConnector,
}

/// A door that is open, or on its way.
pub(crate) struct OpenDoor {
    /// Tells this connection from earlier ones of the same door.
    pub generation: u64,
    frames: mpsc::Sender<Vec<u8>>,
}

impl OpenDoor {
    /// Begins to connect; what happens is told to `events`. Dropping the value hangs up.
    pub fn connect(way: Way, door: Door, generation: u64, events: mpsc::Sender<Event>) -> Self {
        let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
        tokio::spawn(async move {
            // However it ends, the core is told once; when nobody listens any more, nobody needs to know.
            if let Err(Ended(Some(trouble))) = run(&way, door, generation, &events, waiting).await {
                let _ = events.send(Event::Trouble(door, generation, trouble)).await;
            }
            let _ = events.send(Event::Door(door, generation, LinkEvent::Down)).await;
        });
        Self { generation, frames }
    }

    /// Queues a frame; `false` when the connection is gone or does not get rid of what it has.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        self.frames.try_send(frame).is_ok()
    }
}

/// A connection ended; told is only what a person can do something about.
struct Ended(Option<LineTrouble>);

async fn run(
    way: &Way,
    door: Door,
    generation: u64,
    events: &mpsc::Sender<Event>,
    mut waiting: mpsc::Receiver<Vec<u8>>,
) -> Result<Infallible, Ended> {
    let connected = tokio::select! {
        connected = timeout(CONNECT_WAIT, connect(way, door)) => connected.map_err(|_| ENDED)??,
        // Hung up before it stood. Frames cannot come yet.
        _ = waiting.recv() => return Err(ENDED),
    };
    let said = |event| events.send(Event::Door(door, generation, event));
    said(LinkEvent::Up).await.map_err(|_| ENDED)?;
    let (socket, moved) = connected;
    let (mut sink, mut stream) = socket.split();
    // Both at the same time: the service does not read while it writes to whoever does not read.
    let comes = async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Binary(frame))) => {
                    said(LinkEvent::Frame(frame.into())).await.map_err(|_| ENDED)?;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                // Nothing else belongs to the protocol.
                Some(Ok(Message::Text(_) | Message::Close(_) | Message::Frame(_)) | Err(_)) | None => {
                    return Err(ENDED);
                }
            }
        }
    };
    let goes = async {
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut read, mut silent) = (0, 0);
        loop {
            tokio::select! {
                frame = waiting.recv() => {
                    let Some(frame) = frame else {
                        let _ = timeout(CLOSE_WAIT, sink.send(Message::Close(None))).await;
                        return Ok(());
                    };
                    write(&mut sink, &moved, Message::Binary(frame.into())).await?;
                }
                _ = ping.tick() => {
                    // A frame that comes slowly is no silence.
                    silent = if moved.read() > read { 0 } else { silent + 1 };
                    read = moved.read();
                    if silent > SILENT_PINGS_MAX {
                        return Err(ENDED);
                    }
                    write(&mut sink, &moved, Message::Ping(Bytes::new())).await?;
                }
            }
        }
    };
    tokio::pin!(comes);
    let hung_up: Result<(), Ended> = tokio::select! {
        ended = &mut comes => return ended,
        ended = goes => ended,
    };
    if hung_up.is_err() {
        // What came before it broke is taken: it need not come again.
        let _ = timeout(CLOSE_WAIT, comes).await;
    }
    Err(ENDED)
}

/// A write that does not move is a dead connection.
async fn write(
    sink: &mut (impl SinkExt<Message> + Unpin),
    moved: &Moved,
    message: Message,
) -> Result<(), Ended> {
    moved.during(WRITE_WAIT, sink.send(message)).await.ok_or(ENDED)?.map_err(|_| ENDED)
}

/// A connection, and what has moved on it.
type Connected = (WebSocketStream<Moving<Box<dyn Stream>>>, Moved);

async fn connect(way: &Way, door: Door) -> Result<Connected, Ended> {
    let (host, port) = way.address.endpoint();
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| because(LineTrouble::NoSuchName))?;
    let mut connected = None;
    for address in found.filter(|found| way.address.allows(found.ip())).take(ADDRESSES_TRIED_MAX) {
        if let Ok(Ok(stream)) = timeout(ADDRESS_WAIT, TcpStream::connect(address)).await {
            connected = Some(stream);
            break;
        }
    }
    let stream = connected.ok_or(ENDED)?;
    stream.set_nodelay(true).map_err(|_| ENDED)?;
    let stream: Box<dyn Stream> = if way.address.is_secure() {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ENDED)?;
        Box::new(way.tls.connect(name, stream).await.map_err(|error| why_not_secure(&error))?)
    } else {
        Box::new(stream)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX))
        .max_write_buffer_size(2 * FRAME_BYTES_MAX);
    let socket = way.address.socket(door);
    let (stream, moved) = Moving::new(stream);
    let (socket, _) = client_async_with_config(socket, stream, Some(config))
        .await
        .map_err(|error| why_not_upgraded(&error))?;
    Ok((socket, moved))
}

fn because(trouble: LineTrouble) -> Ended {
    Ended(Some(trouble))
}

/// A certificate can be put right; a line that breaks comes back by itself.
fn why_not_secure(error: &std::io::Error) -> Ended {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(_)) => because(LineTrouble::Untrusted),
        Some(TlsError::InvalidMessage(_)) => because(LineTrouble::SomethingElse),
        _ => ENDED,
    }
}

/// An answer that is no WebSocket's comes from something else, unless it says that it is busy or about to come back.
fn why_not_upgraded(error: &tungstenite::Error) -> Ended {
    match error {
        tungstenite::Error::Http(answer) => {
            let status = answer.status();
            let busy = status.is_server_error() || status.as_u16() == TOO_MANY_REQUESTS;
            if busy { ENDED } else { because(LineTrouble::SomethingElse) }
        }
        _ => ENDED,
    }
}

/// Nothing that anybody could do something about.
const ENDED: Ended = Ended(None);

const TOO_MANY_REQUESTS: u16 = 429;

/// Plain or encrypted.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Frames that wait for one socket: more than the core has outstanding at a door.
const FRAMES_WAITING_MAX: usize = 256;
/// Addresses of one name that are tried in turn.
const ADDRESSES_TRIED_MAX: usize = 8;
/// One address answers within this.
const ADDRESS_WAIT: Duration = Duration::from_secs(10);
/// Connection, encryption and handshake are done within this.
const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// Longest time that nothing moves while a frame is written.
const WRITE_WAIT: Duration = Duration::from_secs(60);
/// A farewell takes no longer than this.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// How often a quiet connection is asked for a sign of life; keeps it open through address translation.
const PING_EVERY: Duration = Duration::from_secs(30);
/// So many may stay unanswered.
const SILENT_PINGS_MAX: u32 = 2;

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    /// A server that sends back what it gets, until it is asked to say something that is no frame.
    async fn echo() -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut socket = accept_async(stream).await.unwrap();
                    while let Some(Ok(message)) = socket.next().await {
                        let said = match message {
                            Message::Binary(frame) if *frame == *b"text" => Message::Text("no frame".into()),
                            Message::Binary(frame) if *frame == *b"large" => {
                                Message::Binary(vec![0; FRAME_BYTES_MAX + 1].into())
                            }
                            Message::Binary(frame) => Message::Binary(frame),
                            _ => continue,
                        };
                        let _ = socket.send(said).await;
                    }
                });
            }
        });
        Way { address: ServerAddress::parse(&address).unwrap(), tls: crate::tls::connector(None).unwrap() }
    }

    /// What happened, in short: `U`p, `D`own, or the frame.
    async fn next(events: &mut mpsc::Receiver<Event>) -> Vec<u8> {
        match events.recv().await {
            Some(Event::Door(Door::Unnamed, 3, LinkEvent::Up)) => b"U".to_vec(),
            Some(Event::Door(Door::Unnamed, 3, LinkEvent::Down)) => b"D".to_vec(),
            Some(Event::Door(Door::Unnamed, 3, LinkEvent::Frame(frame))) => frame,
            _ => panic!("something else happened"),
        }
    }

    #[tokio::test]
    async fn whole_frames_go_both_ways() {
        let (events, mut happening) = mpsc::channel(16);
        let door = OpenDoor::connect(echo().await, Door::Unnamed, 3, events);
        assert_eq!(next(&mut happening).await, b"U");
        let large = vec![7; FRAME_BYTES_MAX];
        assert!(door.send(b"small".to_vec()) && door.send(large.clone()));
        assert_eq!(next(&mut happening).await, b"small");
        assert!(next(&mut happening).await == large);
        drop(door);
        assert_eq!(next(&mut happening).await, b"D");
    }

    #[tokio::test]
    async fn much_goes_both_ways_at_the_same_time() {
        let (events, mut happening) = mpsc::channel(16);
        let door = OpenDoor::connect(echo().await, Door::Unnamed, 3, events);
        assert_eq!(next(&mut happening).await, b"U");
        // More than lies on the way: whoever only wrote would wait for an echo that waits to be read.
        let large = vec![7; FRAME_BYTES_MAX];
        assert!((0..12).all(|_| door.send(large.clone())));
        for _ in 0..12 {
            assert!(next(&mut happening).await == large);
        }
    }

    #[tokio::test]
    async fn whoever_says_something_else_or_too_much_is_hung_up_on() {
        for said in [&b"text"[..], b"large"] {
            let (events, mut happening) = mpsc::channel(16);
            let door = OpenDoor::connect(echo().await, Door::Unnamed, 3, events);
            assert_eq!(next(&mut happening).await, b"U");
            assert!(door.send(said.to_vec()));
            assert_eq!(next(&mut happening).await, b"D");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_down() {
        let way = Way {
            address: ServerAddress::parse("http://127.0.0.1:9").unwrap(),
            tls: crate::tls::connector(None).unwrap(),
        };
        let (events, mut happening) = mpsc::channel(16);
        let _door = OpenDoor::connect(way, Door::Unnamed, 3, events);
        assert_eq!(next(&mut happening).await, b"D");
    }
}
