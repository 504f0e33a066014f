//! The mailboxes that are open now: one connection each, and what it was given and has not acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use server_db::{DbError, Read};
use vocab::MailboxId;
use vocab::limits::DELIVERY_WINDOW;
use wire::mailbox::{Envelope, Envelopes};

use super::queue::Fresh;
use super::sql;
use crate::SessionId;

/// All open mailboxes. Changes only after a batch is on disk.
#[derive(Default)]
pub struct Live {
    open: BTreeMap<MailboxId, Connection>,
    woken: BTreeSet<MailboxId>,
}

struct Connection {
    session: SessionId,
    /// Highest sequence it was given.
    delivered: u64,
    /// Given and not acknowledged: (sequence, bytes), ascending.
    in_flight: VecDeque<(u64, u32)>,
    /// Nothing lies on disk beyond `delivered`.
    caught_up: bool,
}

impl Live {
    /// A connection opened the mailbox; the one it replaces.
    pub fn open(&mut self, mailbox: MailboxId, session: SessionId) -> Option<SessionId> {
        self.woken.insert(mailbox);
        let fresh = Connection { session, delivered: 0, in_flight: VecDeque::new(), caught_up: false };
        self.open.insert(mailbox, fresh).map(|before| before.session)
    }

    /// The connection ended.
    pub fn close(&mut self, mailbox: MailboxId, session: SessionId) {
        if self.is_open_by(mailbox, session) {
            self.open.remove(&mailbox);
        }
    }

    /// Whether this connection has the mailbox.
    pub fn is_open_by(&self, mailbox: MailboxId, session: SessionId) -> bool {
        self.open.get(&mailbox).is_some_and(|connection| connection.session == session)
    }

    /// The mailbox is gone; its connection.
    pub fn remove(&mut self, mailbox: MailboxId) -> Option<SessionId> {
        self.open.remove(&mailbox).map(|connection| connection.session)
    }

    /// Highest sequence this connection was given.
    pub fn delivered(&self, mailbox: MailboxId, session: SessionId) -> Option<u64> {
        self.open.get(&mailbox).filter(|it| it.session == session).map(|it| it.delivered)
    }

    /// How much more the connection that has the mailbox is given at once, straight from memory; at least.
    pub fn room(&self, mailbox: MailboxId) -> Room {
        let connection = self.open.get(&mailbox).filter(|connection| connection.caught_up);
        connection.map_or(Room { envelopes: 0, bytes: 0 }, Connection::room)
    }

    /// Everything up to `sequence` was acknowledged: how many envelopes and bytes that was; none when another connection has
    /// the mailbox since.
    pub fn acknowledged(
        &mut self,
        mailbox: MailboxId,
        session: SessionId,
        sequence: u64,
    ) -> Option<(u32, u64)> {
        let (mut envelopes, mut bytes) = (0, 0);
        let connection = self.open.get_mut(&mailbox).filter(|it| it.session == session)?;
        while let Some((first, size)) = connection.in_flight.front().copied() {
            if first > sequence {
                break;
            }
            connection.in_flight.pop_front();
            envelopes += 1;
            bytes += u64::from(size);
        }
        if envelopes > 0 && !connection.caught_up {
            self.woken.insert(mailbox);
        }
        Some((envelopes, bytes))
    }

    /// What goes to connections now: the batch's envelopes straight from memory where a connection is caught up, windows
    /// from disk where it is not. `fresh` is in order of mailbox and sequence. A connection whose read failed comes with
    /// none.
    pub fn deliveries(&mut self, read: Read<'_>, fresh: Vec<Fresh>) -> Vec<(SessionId, Option<Envelopes>)> {
        let mut out = Vec::new();
        let mut fresh = fresh.into_iter().peekable();
        while let Some(mailbox) = fresh.peek().map(|first| first.mailbox) {
            let mut envelopes = Vec::new();
            let mut connection = self.open.get_mut(&mailbox);
            let after = connection.as_ref().map_or(0, |connection| connection.delivered);
            while let Some(next) = fresh.next_if(|next| next.mailbox == mailbox) {
                if let Some(connection) = connection.as_deref_mut() {
                    connection.offer(next, &mut envelopes);
                }
            }
            if let Some(connection) = connection.filter(|_| !envelopes.is_empty()) {
                out.push((connection.session, Some(Envelopes { after, envelopes })));
            }
        }
        for mailbox in std::mem::take(&mut self.woken) {
            let Some(connection) = self.open.get_mut(&mailbox) else { continue };
            let after = connection.delivered;
            match connection.read_window(read, mailbox) {
                Ok(envelopes) if envelopes.is_empty() => {}
                Ok(envelopes) => out.push((connection.session, Some(Envelopes { after, envelopes }))),
                Err(_) => out.push((connection.session, None)),
            }
        }
        out
    }
}

/// Room in a connection's window.
#[derive(Clone, Copy)]
pub struct Room {
    envelopes: usize,
    bytes: u64,
}

impl Room {
    /// Whether one more fits; after the first that does not, none does, because they go in order.
    pub fn take(&mut self, bytes: usize) -> bool {
        let fits = self.envelopes > 0 && bytes as u64 <= self.bytes;
        *self = if fits {
            Self { envelopes: self.envelopes - 1, bytes: self.bytes - bytes as u64 }
        } else {
            Self { envelopes: 0, bytes: 0 }
        };
        fits
    }
}

impl Connection {
    fn room(&self) -> Room {
        let envelopes = DELIVERY_WINDOW.saturating_sub(self.in_flight.len());
        Room { envelopes, bytes: WINDOW_BYTES_MAX.saturating_sub(self.bytes_in_flight()) }
    }

    fn bytes_in_flight(&self) -> u64 {
        self.in_flight.iter().map(|(_, size)| u64::from(*size)).sum()
    }

    fn offer(&mut self, fresh: Fresh, envelopes: &mut Vec<Envelope>) {
        self.caught_up = self.caught_up && self.has_room(fresh.sealed.len());
        if self.caught_up {
            self.give(fresh.sequence, fresh.sealed, envelopes);
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        let fits = self.bytes_in_flight().saturating_add(bytes as u64) <= WINDOW_BYTES_MAX;
        self.in_flight.len() < DELIVERY_WINDOW && (fits || self.in_flight.is_empty())
    }

    fn give(&mut self, sequence: u64, sealed: Vec<u8>, envelopes: &mut Vec<Envelope>) {
        self.delivered = sequence;
        self.in_flight.push_back((sequence, u32::try_from(sealed.len()).unwrap_or(u32::MAX)));
        envelopes.push(Envelope { sequence, sealed: sealed.into() });
    }

    fn read_window(&mut self, read: Read<'_>, mailbox: MailboxId) -> Result<Vec<Envelope>, DbError> {
        let mut envelopes = Vec::new();
        if self.caught_up {
            return Ok(envelopes);
        }
        // One more than fits tells whether that was all.
        let rows = DELIVERY_WINDOW - self.in_flight.len() + 1;
        let mut all = true;
        let params = [(&mailbox.0).into(), self.delivered.into(), rows.into()];
        read.each(sql::ENVELOPES, &params, |row| {
            let sealed = row.bytes(1)?;
            all = self.has_room(sealed.len());
            if all {
                self.give(row.count(0)?, sealed.to_vec(), &mut envelopes);
            }
            Ok(all)
        })?;
        self.caught_up = all;
        Ok(envelopes)
    }
}

/// Bytes delivered and not acknowledged, unless one envelope alone has more: the receiver's memory, and one frame.
pub const WINDOW_BYTES_MAX: u64 = 4 * 1024 * 1024;
