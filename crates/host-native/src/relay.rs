//! The other processes of a home: how they find the owner and talk to its core.

use std::io;
use std::path::Path;
use std::time::Duration;

use screens::{FromCore, ToCore};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::timeout;

use crate::home::Home;
use crate::line::{FROM_CORE_BYTES_MAX, FromOwner, Hello, LineReader, NoLine, line};
use crate::trouble::OpenTrouble;

/// A connection to the owner.
pub(crate) struct Relay {
    reader: LineReader,
    writer: OwnedWriteHalf,
    received: Option<u64>,
}

impl Relay {
    /// Connects to the owner; nothing when none is listening (it may be starting or ending).
    pub async fn connect(home: &Home) -> Result<Option<Self>, OpenTrouble> {
        let socket = home.socket();
        let connected = with_short_path(&socket, |path| {
            let stream = std::os::unix::net::UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            UnixStream::from_std(stream)
        });
        let Ok(stream) = connected else { return Ok(None) };
        let (reader, writer) = stream.into_split();
        let mut relay = Self { reader: LineReader::new(reader, FROM_CORE_BYTES_MAX), writer, received: None };
        match timeout(HELLO_WAIT, relay.reader.next::<Hello>()).await {
            Ok(Ok(hello)) if hello == Hello::NOW => Ok(Some(relay)),
            Ok(Ok(_) | Err(NoLine::Bad)) => Err(OpenTrouble::OwnerDiffers(home.path().to_owned())),
            Ok(Err(NoLine::Ended)) | Err(_) => Ok(None),
        }
    }

    /// Sends one thing; `false` when the owner is gone.
    pub async fn send(&mut self, wanted: &ToCore) -> bool {
        let Some(line) = line(wanted) else { return false };
        matches!(timeout(WRITE_WAIT, self.writer.write_all(&line)).await, Ok(Ok(())))
    }

    /// The next thing; nothing when the owner is gone. May be dropped while waiting.
    pub async fn next(&mut self) -> Option<FromCore> {
        match self.reader.next().await {
            Ok(FromOwner::Core(from)) => Some(from),
            Ok(FromOwner::Goodbye { received }) => {
                self.received = Some(received);
                None
            }
            Err(NoLine::Ended | NoLine::Bad) => None,
        }
    }

    /// What the owner received of us, when it ended in good order.
    pub fn received(&self) -> Option<u64> {
        self.received
    }
}

/// Uses a socket's path, which the system allows about 100 bytes for, also when the folder lies deeper.
pub(crate) fn with_short_path<T>(path: &Path, use_it: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return use_it(path) };
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return use_it(path);
    }
    let folder = std::fs::File::open(folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
    use_it(&Path::new("/proc/self/fd").join(number.to_string()).join(name))
}

/// `sun_path` has 104 bytes on the narrowest system, with its end.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// The owner says its first line within this.
const HELLO_WAIT: Duration = Duration::from_secs(5);
/// The owner takes a line within this.
const WRITE_WAIT: Duration = Duration::from_secs(30);
