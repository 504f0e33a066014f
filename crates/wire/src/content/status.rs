//! What became of messages: delivered, read and so on, several in one report (`docs/protocol/receipt.md`).

use vocab::MessageId;

use super::cbor::{Reader, Writer};
use super::mimi::read_message_id;
use super::{ContentError, STATUS_ENTRIES_MAX};

/// A report of one person about messages of the conversation it is sent in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// At most [`STATUS_ENTRIES_MAX`].
    pub entries: Vec<(MessageId, MessageStatus)>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageStatus {
    /// Marked as not read.
    Unread,
    /// A device has it.
    Delivered,
    /// Somebody saw it.
    Read,
    /// It vanished before it was seen.
    Expired,
    /// It was deleted.
    Deleted,
    /// It was put aside.
    Hidden,
    /// It arrived and could not be used.
    Error,
    /// 7 to 255: of a later version, without meaning here.
    Unknown(u8),
}

impl MessageStatus {
    fn number(self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Delivered => 1,
            Self::Read => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Hidden => 5,
            Self::Error => 6,
            Self::Unknown(number) => number,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Unread,
            1 => Self::Delivered,
            2 => Self::Read,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Hidden,
            6 => Self::Error,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl StatusReport {
    /// The bytes: `[* [message id, status]]`.
    ///
    /// # Errors
    /// [`ContentError`] for too many entries, or ids that are none.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        out.array(self.entries.len());
        for (id, status) in &self.entries {
            out.array(2);
            out.bytes(&id.0);
            out.uint(status.number().into());
        }
        Self::decode(&out.0)?;
        Ok(out.0)
    }

    /// Takes all of `bytes` or none.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let mut reader = Reader::new(bytes);
        let entries = (0..reader.array(STATUS_ENTRIES_MAX)?)
            .map(|_| {
                reader.array_of(2)?;
                Ok((read_message_id(&mut reader)?, MessageStatus::from_number(reader.small()?)))
            })
            .collect::<Result<_, _>>()?;
        reader.end().map(|()| Self { entries })
    }
}
