//! A plain client of one door: whole frames over a WebSocket.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use wire::{Decode, Door, Encode, Reply, UnnamedAnswer, UnnamedRequest};

use crate::Trouble;
use crate::server::Server;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// The sending half.
pub(crate) struct Sender(SplitSink<Socket, Message>);
/// The receiving half.
pub(crate) struct Receiver(SplitStream<Socket>);

/// Opens a door.
pub(crate) async fn open(server: &Server, door: Door) -> Result<(Sender, Receiver), Trouble> {
    open_at(server.port, &server.tls, door).await
}

/// The same, without the server at hand.
pub(crate) async fn open_at(
    port: u16,
    tls: &TlsConnector,
    door: Door,
) -> Result<(Sender, Receiver), Trouble> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let stream = tls.connect(ServerName::try_from("localhost")?, stream).await?;
    let (socket, _) = client_async(format!("wss://localhost{}", door.path()), stream).await?;
    let (sender, receiver) = socket.split();
    Ok((Sender(sender), Receiver(receiver)))
}

impl Sender {
    /// Sends a frame.
    pub async fn frame(&mut self, frame: Vec<u8>) -> Result<(), Trouble> {
        Ok(self.0.send(Message::Binary(frame.into())).await?)
    }

    /// Sends a request of the unnamed door.
    pub async fn request(&mut self, id: u32, op: UnnamedRequest) -> Result<(), Trouble> {
        self.frame(wire::Request { id, op }.encode()?).await
    }
}

impl Receiver {
    /// The next frame; an error when the connection ended.
    pub async fn frame(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(frame))) => return Ok(frame.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(error)) => return Err(error.into()),
                _ => return Err("the connection ended".into()),
            }
        }
    }

    /// The next answer of the unnamed door.
    pub async fn answer(&mut self) -> Result<(u32, Result<UnnamedAnswer, wire::Refusal>), Trouble> {
        match Reply::<UnnamedAnswer>::decode(&self.frame().await?)? {
            Reply::Done { id, answer } => Ok((id, Ok(answer))),
            Reply::Refused { id, refusal } => Ok((id, Err(refusal))),
        }
    }
}
