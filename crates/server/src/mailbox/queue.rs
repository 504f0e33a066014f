//! What waits in each mailbox: counted in memory, written in one go with the batch.

use std::collections::{BTreeMap, HashMap};

use server_db::{DbError, Read};
use vocab::limits::{MAILBOX_BYTES_MAX, MAILBOX_ENVELOPES_MAX};
use vocab::{Day, MailboxId};

use super::parcel::Moved;
use super::sql;
use crate::call::Call;

/// The queues of all mailboxes, as far as memory knows them: a cache of the disk plus the envelopes of the open batch.
#[derive(Default)]
pub struct Queues {
    known: HashMap<MailboxId, Queue>,
    batch: Vec<Fresh>,
    batch_bytes: usize,
    bounds: BTreeMap<MailboxId, u64>,
}

/// One mailbox's queue.
struct Queue {
    next: u64,
    bound: u64,
    waiting: u32,
    bytes: u64,
    /// Rows of its own; others lie in parcels.
    rows: u32,
}

/// An envelope of the open batch.
pub struct Fresh {
    /// Where it goes.
    pub mailbox: MailboxId,
    /// Its place there.
    pub sequence: u64,
    /// As it is stored.
    pub sealed: Vec<u8>,
}

/// What becomes of an envelope.
pub enum Place {
    /// It has this place.
    At(u64),
    /// The mailbox is full: it is dropped and counted.
    Full,
    /// There is no such mailbox.
    Gone,
}

impl Queues {
    /// Reserves a place for an envelope of so many bytes.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn place(&mut self, call: &Call<'_>, mailbox: MailboxId, bytes: usize) -> Result<Place, DbError> {
        if !self.known.contains_key(&mailbox) {
            let Some(queue) = load(call.db.read(), mailbox)? else { return Ok(Place::Gone) };
            self.make_room();
            self.known.insert(mailbox, queue);
        }
        let Some(queue) = self.known.get_mut(&mailbox) else { return Ok(Place::Gone) };
        let bytes = bytes as u64;
        if queue.waiting >= MAILBOX_ENVELOPES_MAX || queue.bytes.saturating_add(bytes) > MAILBOX_BYTES_MAX {
            return Ok(Place::Full);
        }
        if queue.next >= queue.bound {
            queue.bound = queue.next + SEQUENCES_RESERVED;
            self.bounds.insert(mailbox, queue.bound);
        }
        let sequence = queue.next;
        queue.next += 1;
        queue.waiting += 1;
        queue.bytes += bytes;
        Ok(Place::At(sequence))
    }

    /// Adds an envelope to the batch, at the place it was given.
    pub fn push(&mut self, fresh: Fresh) {
        self.batch_bytes += fresh.sealed.len();
        self.batch.push(fresh);
    }

    /// Bytes of the batch's envelopes, those taken back included.
    pub fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// How many envelopes the batch has: a mark to go back to.
    pub fn mark(&self) -> usize {
        self.batch.len()
    }

    /// Takes back what was added since the mark. The numbers stay used.
    pub fn undo(&mut self, mark: usize) {
        for fresh in self.batch.split_off(mark.min(self.batch.len())) {
            self.removed(fresh.mailbox, 1, fresh.sealed.len() as u64);
        }
    }

    /// Takes the batch, in order of mailbox and sequence, which tells nothing about who came first or together. What it says
    /// about numbers is written.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn take_batch(&mut self, call: &Call<'_>) -> Result<Vec<Fresh>, DbError> {
        let mut batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        batch.sort_unstable_by_key(|fresh| (fresh.mailbox, fresh.sequence));
        for (mailbox, bound) in std::mem::take(&mut self.bounds) {
            call.db.write().execute(sql::SET_BOUND, &[bound.into(), (&mailbox.0).into()])?;
        }
        Ok(batch)
    }

    /// Writes an envelope as a row of its mailbox.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn write(&mut self, call: &Call<'_>, expiry: Day, fresh: &Fresh) -> Result<(), DbError> {
        let params =
            [(&fresh.mailbox.0).into(), fresh.sequence.into(), expiry.0.into(), (&fresh.sealed).into()];
        call.db.write().execute(sql::INSERT_ENVELOPE, &params)?;
        self.row_came(fresh.mailbox);
        Ok(())
    }

    /// Writes an envelope that lay in a parcel as a row of its mailbox, if that is still there.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn write_moved(&mut self, call: &Call<'_>, moved: &Moved) -> Result<(), DbError> {
        let (mailbox, sealed) = (&moved.mailbox.0, &moved.sealed);
        let params = [mailbox.into(), moved.sequence.into(), moved.expiry.0.into(), sealed.into()];
        if call.db.write().execute(sql::MOVE_ENVELOPE, &params)? > 0 {
            self.row_came(moved.mailbox);
        }
        Ok(())
    }

    /// Deletes a mailbox's rows up to and including `sequence`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn delete(&mut self, call: &Call<'_>, mailbox: MailboxId, sequence: u64) -> Result<(), DbError> {
        let known = self.known.get_mut(&mailbox);
        if known.as_ref().is_some_and(|queue| queue.rows == 0) {
            return Ok(());
        }
        let gone = call.db.write().execute(sql::DELETE_ENVELOPES, &[(&mailbox.0).into(), sequence.into()])?;
        if let Some(queue) = known {
            queue.rows = queue.rows.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    fn row_came(&mut self, mailbox: MailboxId) {
        if let Some(queue) = self.known.get_mut(&mailbox) {
            queue.rows = queue.rows.saturating_add(1);
        }
    }

    /// So many envelopes are no longer there.
    pub fn removed(&mut self, mailbox: MailboxId, envelopes: u32, bytes: u64) {
        if let Some(queue) = self.known.get_mut(&mailbox) {
            queue.waiting = queue.waiting.saturating_sub(envelopes);
            queue.bytes = queue.bytes.saturating_sub(bytes);
        }
    }

    /// Envelopes waiting, the batch included.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn waiting(&self, read: Read<'_>, mailbox: MailboxId) -> Result<u32, DbError> {
        match self.known.get(&mailbox) {
            Some(queue) => Ok(queue.waiting),
            None => Ok(load(read, mailbox)?.map_or(0, |queue| queue.waiting)),
        }
    }

    /// Forgets one mailbox: the disk knows it.
    pub fn forget(&mut self, mailbox: MailboxId) {
        if !self.batch.iter().any(|fresh| fresh.mailbox == mailbox) {
            self.known.remove(&mailbox);
            self.bounds.remove(&mailbox);
        }
    }

    /// Forgets everything: the disk is the truth.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// When memory knows too many mailboxes it forgets those without envelopes in the open batch.
    fn make_room(&mut self) {
        if self.known.len() >= QUEUES_MAX {
            let busy: std::collections::HashSet<_> = self.batch.iter().map(|fresh| fresh.mailbox).collect();
            self.known.retain(|mailbox, _| busy.contains(mailbox) || self.bounds.contains_key(mailbox));
        }
    }
}

fn load(read: Read<'_>, mailbox: MailboxId) -> Result<Option<Queue>, DbError> {
    let id = [(&mailbox.0).into()];
    let Some(bound) = read.one(sql::MAILBOX, &id, |row| row.count(2))? else { return Ok(None) };
    let (waiting, bytes) =
        read.one(sql::WAITING, &id, |row| Ok((row.small(0)?, row.count(1)?)))?.unwrap_or((0, 0));
    Ok(Some(Queue { next: bound, bound, waiting, bytes, rows: waiting }))
}

/// Whether an envelope row of that day has expired.
pub fn expired(expiry: Day, today: Day) -> bool {
    expiry < today
}

/// Sequence numbers reserved at once: after a restart as many at most are left out.
const SEQUENCES_RESERVED: u64 = 4_096;
/// Mailboxes known in memory, some 60 bytes each.
const QUEUES_MAX: usize = 200_000;
