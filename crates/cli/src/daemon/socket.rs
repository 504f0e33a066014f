//! The Unix socket: one JSON object a line, both ways.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::hub::{Event, Listener, Since};
use super::params::Params;
use super::rpc::{Call, Fault, INVALID_REQUEST, Incoming, answer, error, notification};
use super::{Place, REQUEST_BYTES_MAX, WRITE_WAIT, envelope, methods, tell};
use crate::end::Stop;

/// The socket, gone from its folder with the value.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens for the owner of this account only. One that was left lying is taken over; one that answers is not.
    pub fn bind(path: &Path) -> Result<Self, Stop> {
        let unusable = |why: &str| {
            Stop::refused(format!(
                "The socket {} cannot be used: {why}. Give another with --socket.",
                path.display()
            ))
        };
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => return Err(unusable("something else is there")),
            Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
                return Err(unusable("another program listens there"));
            }
            Ok(_) => fs::remove_file(path).map_err(|error| unusable(&error.to_string()))?,
            Err(_) => {}
        }
        let listener = private(path).map_err(|error| unusable(&error.to_string()))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Serves everybody who connects.
    pub async fn serve(self, place: Place) {
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // One that was gone before it was taken, or no room for one more file.
                    Err(_) => {
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
                Some(_) = connections.join_next() => continue,
            };
            let Ok(room) = place.room.clone().try_acquire_owned() else {
                tell("A connection was refused: there are as many as there may be.");
                continue;
            };
            let place = place.clone();
            connections.spawn(async move {
                let _room = room;
                if let Err(why) = Connection::serve(stream, place).await {
                    tell(why);
                }
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What is left lying is taken over at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Made with its owner's rights only, so that nobody else can connect, not even for a moment.
fn private(path: &Path) -> io::Result<UnixListener> {
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// One bot.
struct Connection {
    place: Place,
    writer: OwnedWriteHalf,
    listener: Option<Listener>,
    /// The number of `subscribeReceive`; without one, what is told stands by itself.
    subscription: Option<u64>,
    subscriptions: u64,
}

impl Connection {
    /// Until it goes; what is said is for whoever started the program.
    async fn serve(stream: UnixStream, place: Place) -> Result<(), &'static str> {
        let (reader, writer) = stream.into_split();
        let listener = if place.on_start { place.hub.listen(Since::Now).await } else { None };
        let mut connection = Self { place, writer, listener, subscription: None, subscriptions: 0 };
        let mut lines = Lines { reader: BufReader::new(reader), line: Vec::new() };
        loop {
            tokio::select! {
                line = lines.next() => match line {
                    Line::Whole(line) => connection.line(&line).await?,
                    Line::End => return Ok(()),
                    Line::TooLong => {
                        let fault = Fault::new(INVALID_REQUEST, format!("A line has {REQUEST_BYTES_MAX} bytes at most."));
                        connection.say(&error(Value::Null, &fault).to_string()).await?;
                        return Err("A connection was closed: its line was longer than any request.");
                    }
                },
                event = next(&mut connection.listener) => match event {
                    Some(event) => connection.event(event).await?,
                    None => return Err("A connection was closed: it did not take what it was told."),
                },
            }
        }
    }

    async fn line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        match Incoming::read(line) {
            Incoming::One(Ok(call)) => {
                if let Some(answer) = self.call(call).await {
                    self.say(&answer.to_string()).await?;
                }
            }
            Incoming::One(Err(refusal)) => self.say(&error(refusal.id, &refusal.fault).to_string()).await?,
            Incoming::Batch(calls) => {
                let mut answers = Vec::new();
                for call in calls {
                    match call {
                        Ok(call) => answers.extend(self.call(call).await),
                        Err(refusal) => answers.push(error(refusal.id, &refusal.fault)),
                    }
                }
                if !answers.is_empty() {
                    self.say(&Value::Array(answers).to_string()).await?;
                }
            }
        }
        Ok(())
    }

    async fn call(&mut self, call: Call) -> Option<Value> {
        match call.method.as_str() {
            "subscribeReceive" => answer(call.id.clone(), self.subscribe(call).await),
            "unsubscribeReceive" => answer(call.id.clone(), self.unsubscribe(call)),
            _ => methods::perform(&self.place.bots, call).await,
        }
    }

    async fn subscribe(&mut self, call: Call) -> Result<Value, Fault> {
        self.params(call)?.end()?;
        if self.subscription.is_none() {
            self.subscription = Some(self.subscriptions);
            self.subscriptions += 1;
        }
        if self.listener.is_none() {
            self.listener = self.place.hub.listen(Since::Now).await;
        }
        Ok(json!(self.subscription))
    }

    fn unsubscribe(&mut self, call: Call) -> Result<Value, Fault> {
        let mut params = self.params(call)?;
        let number = params.number("subscription")?;
        params.end()?;
        if number.is_none() || number != self.subscription {
            return Err(Fault::params("There is no such subscription"));
        }
        (self.subscription, self.listener) = (None, None);
        Ok(json!({}))
    }

    fn params(&self, call: Call) -> Result<Params, Fault> {
        // One connection hears all accounts.
        let is_one = |named: &str| self.place.bots.iter().any(|bot| envelope::is_account(&bot.me(), named));
        Params::of(call.params, is_one)
    }

    async fn event(&mut self, event: std::sync::Arc<Event>) -> Result<(), &'static str> {
        let params = match self.subscription {
            Some(number) => format!("{{\"subscription\":{number},\"result\":{}}}", event.params),
            None => event.params.clone(),
        };
        self.say(&notification(event.method, &params)).await?;
        if let Some(listener) = &self.listener {
            listener.done(event).await;
        }
        Ok(())
    }

    async fn say(&mut self, line: &str) -> Result<(), &'static str> {
        let line = format!("{line}\n");
        match timeout(WRITE_WAIT, self.writer.write_all(line.as_bytes())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("A connection was closed by the other side."),
            Err(_) => Err("A connection was closed: it did not take what it was told."),
        }
    }
}

async fn next(listener: &mut Option<Listener>) -> Option<std::sync::Arc<Event>> {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}

/// Lines of a bounded length.
struct Lines {
    reader: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

impl Lines {
    /// The next one. May be dropped while waiting: what was read of a line is kept.
    async fn next(&mut self) -> Line {
        loop {
            let Ok(seen) = self.reader.fill_buf().await else { return Line::End };
            if seen.is_empty() {
                return Line::End;
            }
            let end = seen.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(seen.len(), |end| end + 1);
            if self.line.len() + taken > REQUEST_BYTES_MAX {
                return Line::TooLong;
            }
            self.line.extend_from_slice(&seen[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                return Line::Whole(std::mem::take(&mut self.line));
            }
        }
    }
}

/// When the system has no room for another connection, it is asked again after this.
const ACCEPT_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_whole_and_have_an_end() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let (reader, _writer) = theirs.into_split();
        let mut lines = Lines { reader: BufReader::new(reader), line: Vec::new() };
        ours.write_all(b"one\n\ntw").await.unwrap();
        assert!(matches!(lines.next().await, Line::Whole(line) if line == b"one\n"));
        assert!(matches!(lines.next().await, Line::Whole(line) if line == b"\n"));
        // Dropped half-way, it goes on where it was.
        assert!(timeout(std::time::Duration::ZERO, lines.next()).await.is_err());
        ours.write_all(b"o\n").await.unwrap();
        assert!(matches!(lines.next().await, Line::Whole(line) if line == b"two\n"));
        let long = vec![b'x'; REQUEST_BYTES_MAX + 1];
        let writing = tokio::spawn(async move {
            let _ = ours.write_all(&long).await;
        });
        assert!(matches!(lines.next().await, Line::TooLong));
        drop(lines);
        writing.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_left_lying_is_taken_over_and_what_is_in_use_is_not() {
        let path = std::env::temp_dir().join(format!("valise-bot-{}.sock", std::process::id()));
        let _ = fs::remove_file(&path);
        // A program that was killed leaves its socket.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = Socket::bind(&path).ok().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Socket::bind(&path).is_err());
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "mine").unwrap();
        assert!(Socket::bind(&path).is_err());
        fs::remove_file(&path).unwrap();
    }
}
