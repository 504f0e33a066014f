//! Blobs that lie in the store: their rows, what is being written and read, and the janitor that compares the two.
//!
//! A row stands in state *writing* before anything is written under its name, and becomes *there* after the store has said that
//! it is on disk; only then is the put answered. So whatever a crash leaves is a row without its bytes or bytes without their
//! row, and the janitor finds either.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::RngCore;
use seal::sha256;
use server_db::{Db, DbError, Read};
use vocab::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use vocab::{Day, Timestamp};
use wire::{Refusal, RequestId};

use super::sql;
use crate::SessionId;
use crate::call::{Call, Outcome};
use crate::store::{Listing, Name, StoreError, Ticket, Work};
use crate::sweep::Walk;

/// Who waits for an answer: a connection and the number of its request.
pub type Waiting = (SessionId, RequestId);

/// What is under way between rows and store.
pub struct Stored {
    bytes_max: u64,
    /// Of all rows.
    bytes: u64,
    writing: BTreeMap<Name, Writing>,
    writing_bytes: usize,
    reading: BTreeMap<Ticket, Waiting>,
    next_ticket: u64,
    walk: Walk<32>,
    janitor: Janitor,
    batch: Batch,
}

/// A row as far as an operation needs it.
pub struct Kept {
    id: [u8; 32],
    bytes: usize,
    hash: [u8; 32],
    name: Name,
    there: bool,
}

impl Kept {
    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether they can be fetched.
    pub fn is_there(&self) -> bool {
        self.there
    }
}

/// Bytes that are on their way into the store.
struct Writing {
    id: [u8; 32],
    bytes: usize,
    waiting: Vec<Waiting>,
}

/// What an operation asks of the store, released when its batch is on disk.
#[derive(Default)]
struct Batch {
    work: Vec<Work>,
    /// Who waits since this batch, and whether the write began with them.
    waits: Vec<(Name, Waiting, bool)>,
    tickets: Vec<Ticket>,
    /// The janitor asked for a list.
    asked: bool,
}

/// Compares names in the store with names in rows, a piece at a time, both in their order.
#[derive(Default)]
struct Janitor {
    /// None before the first tick.
    next: Option<Timestamp>,
    /// How far this round is.
    after: Option<Name>,
    /// A list was asked for.
    asked: bool,
    /// What came to be there since: the list may not know it.
    fresh: BTreeSet<Name>,
}

impl Stored {
    /// Over the rows there are.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn open(db: &Db) -> Result<Self, DbError> {
        let mut stored = Self {
            bytes_max: BLOB_BYTES_MAX,
            bytes: 0,
            writing: BTreeMap::new(),
            writing_bytes: 0,
            reading: BTreeMap::new(),
            next_ticket: 1,
            walk: Walk::default(),
            janitor: Janitor::default(),
            batch: Batch::default(),
        };
        stored.count(db)?;
        Ok(stored)
    }

    /// The store holds no more than so many bytes.
    pub fn set_bytes_max(&mut self, bytes: u64) {
        self.bytes_max = bytes;
    }

    /// What is kept and has not expired.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn kept(&self, call: &Call<'_>, id: &[u8; 32]) -> Result<Option<Kept>, DbError> {
        let row = row(call, id)?;
        Ok(row.filter(|(expiry, _)| *expiry >= call.today()).map(|(_, kept)| kept))
    }

    /// Whether so many bytes have room.
    ///
    /// # Errors
    /// `Unavailable` (the store is full), `Busy` (too much is being written just now).
    pub fn room(&self, bytes: usize) -> Result<(), Refusal> {
        if self.bytes.saturating_add(bytes as u64) > self.bytes_max {
            Err(Refusal::Unavailable)
        } else if self.writing_bytes.saturating_add(bytes) > WRITING_BYTES_MAX {
            Err(Refusal::Busy { retry_after_ms: BUSY_MS })
        } else {
            Ok(())
        }
    }

    /// Notes a row and has its bytes written.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn begin(
        &mut self,
        call: &mut Call<'_>,
        id: [u8; 32],
        days: u32,
        sealed: &[u8],
        waiting: Waiting,
    ) -> Result<(), DbError> {
        let mut name = Name([0; 16]);
        call.rng.fill_bytes(&mut name.0);
        let (expiry, hash) = (call.today().plus(days).0, sha256(&[sealed]));
        let params = [(&id).into(), expiry.into(), sealed.len().into(), (&hash).into(), (&name.0).into()];
        call.db.write().execute(sql::BEGIN_STORED, &params)?;
        self.bytes += sealed.len() as u64;
        self.write(id, name, sealed, waiting);
        Ok(())
    }

    /// The same bytes were put before: true when they are there. When they are on their way, whoever puts them again waits
    /// with the others; when a crash ended that way, they go it again.
    ///
    /// # Errors
    /// `Exists` (others are), `Busy`.
    pub fn again(&mut self, kept: Kept, sealed: &[u8], waiting: Waiting) -> Outcome<bool> {
        if kept.hash != sha256(&[sealed]) {
            return Err(Refusal::Exists.into());
        }
        if kept.there {
            return Ok(true);
        }
        if let Some(writing) = self.writing.get_mut(&kept.name) {
            if writing.waiting.len() >= WAITING_MAX {
                return Err(Refusal::Busy { retry_after_ms: BUSY_MS }.into());
            }
            writing.waiting.push(waiting);
            self.batch.waits.push((kept.name, waiting, false));
            return Ok(false);
        }
        if self.writing_bytes.saturating_add(kept.bytes) > WRITING_BYTES_MAX {
            return Err(Refusal::Busy { retry_after_ms: BUSY_MS }.into());
        }
        self.write(kept.id, kept.name, sealed, waiting);
        Ok(false)
    }

    /// Has the bytes read.
    ///
    /// # Errors
    /// `NotAllowed` (not there yet), `Busy`.
    pub fn fetch(&mut self, kept: &Kept, waiting: Waiting) -> Result<(), Refusal> {
        if !kept.there {
            return Err(Refusal::NotAllowed);
        }
        if self.reading.len() >= READS_MAX {
            return Err(Refusal::Busy { retry_after_ms: BUSY_MS });
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.reading.insert(ticket, waiting);
        self.batch.tickets.push(ticket);
        self.batch.work.push(Work::Read { ticket, name: kept.name, size: kept.bytes });
        Ok(())
    }

    /// Removes the row, and the bytes after it.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn delete(&mut self, call: &Call<'_>, id: &[u8; 32]) -> Result<(), DbError> {
        match row(call, id)? {
            Some((_, kept)) => self.remove(call, &kept.id, kept.name, kept.bytes as u64),
            None => Ok(()),
        }
    }

    /// The store has written it.
    ///
    /// # Errors
    /// [`DbError`]; then it does not count as written.
    pub fn written(&mut self, call: &Call<'_>, name: Name) -> Result<(), DbError> {
        let Some(writing) = self.writing.get(&name) else { return Ok(()) };
        // A row that has gone was deleted, or expired, while its bytes were being written.
        let there = call.db.write().execute(sql::SET_THERE, &[(&writing.id).into(), (&name.0).into()])?;
        if there == 0 {
            self.batch.work.push(Work::Delete { name });
        } else if self.janitor.asked {
            self.janitor.fresh.insert(name);
        }
        Ok(())
    }

    /// Nothing is on its way under this name any more. Who waited for it.
    pub fn write_ended(&mut self, name: Name) -> Vec<Waiting> {
        let Some(writing) = self.writing.remove(&name) else { return Vec::new() };
        self.writing_bytes = self.writing_bytes.saturating_sub(writing.bytes);
        writing.waiting
    }

    /// Who waits for what was read.
    pub fn read_ended(&mut self, ticket: Ticket) -> Option<Waiting> {
        self.reading.remove(&ticket)
    }

    /// The store told names: rows without bytes, and bytes without a row, are removed.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn listed(
        &mut self,
        call: &Call<'_>,
        after: Option<Name>,
        result: Result<Listing, StoreError>,
    ) -> Result<(), DbError> {
        self.janitor.asked = false;
        let fresh = std::mem::take(&mut self.janitor.fresh);
        let Ok(listing) = result else {
            self.janitor.next = Some(call.now.plus_ms(JANITOR_RETRY_MS));
            return Ok(());
        };
        let from = after.map_or(vec![], |name| name.0.to_vec());
        let rows = call.db.read().all(sql::NAMES, &[(&from).into(), JANITOR_ROWS.into()], |row| {
            Ok((Name(row.array(0)?), row.array::<32>(1)?, row.count(2)?, row.count(3)? != 0))
        })?;
        if after.is_none() && listing.names.is_empty() && rows.iter().any(|(_, _, _, there)| *there) {
            // A disk that is not mounted looks like this: nothing is given up for it.
            self.janitor.next = Some(call.now.plus_ms(JANITOR_RETRY_MS));
            return Ok(());
        }
        // Both lists are whole up to here.
        let of_rows = (rows.len() >= JANITOR_ROWS).then(|| rows.last().map(|(name, ..)| *name)).flatten();
        let of_store = listing.more.then(|| listing.names.last().copied()).flatten();
        let until = of_rows.into_iter().chain(of_store).min();
        let within = |name: &Name| until.is_none_or(|until| *name <= until);
        let known: BTreeSet<Name> = rows.iter().map(|(name, ..)| *name).collect();
        for name in listing.names.iter().filter(|name| within(name)) {
            if !known.contains(name) && !self.writing.contains_key(name) {
                self.batch.work.push(Work::Delete { name: *name });
            }
        }
        for (name, id, bytes, there) in rows.into_iter().filter(|(name, ..)| within(name)) {
            let lost = there && listing.names.binary_search(&name).is_err() && !fresh.contains(&name);
            let given_up = !there && !self.writing.contains_key(&name);
            if lost || given_up {
                self.remove(call, &id, name, bytes)?;
            }
        }
        self.janitor.after = until;
        let pause = if until.is_some() { 0 } else { JANITOR_EVERY_MS };
        self.janitor.next = Some(call.now.plus_ms(pause));
        Ok(())
    }

    /// Removes expired ones in one small step, and lets the janitor look at some names.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<(), DbError> {
        for (id, expiry) in self.walk.next(call, sql::WALK_STORED, rows)? {
            if expiry < call.today() {
                self.delete(call, &id)?;
            }
        }
        let next = *self.janitor.next.get_or_insert(call.now.plus_ms(JANITOR_FIRST_MS));
        // A clock that went back puts nothing off for longer than a round.
        let due = next <= call.now || next > call.now.plus_ms(JANITOR_EVERY_MS);
        if due && !self.janitor.asked {
            (self.janitor.asked, self.batch.asked) = (true, true);
            self.batch.work.push(Work::List { after: self.janitor.after, count: JANITOR_NAMES });
        }
        Ok(())
    }

    /// What the store has to do, now that the batch is on disk.
    pub fn release(&mut self) -> Vec<Work> {
        let batch = std::mem::take(&mut self.batch);
        batch.work
    }

    /// A place in the batch to return to.
    pub fn mark(&self) -> usize {
        self.batch.work.len()
    }

    /// What was swept came back: nothing of it is to be done in the store.
    pub fn undo(&mut self, db: &Db, mark: usize) {
        self.batch.work.truncate(mark);
        self.janitor.asked &= !std::mem::take(&mut self.batch.asked);
        self.walk = Walk::default();
        let _counted = self.count(db);
    }

    /// The batch is lost: memory goes back to what the disk has.
    pub fn lost(&mut self, db: &Db) {
        let batch = std::mem::take(&mut self.batch);
        for (name, waiting, began) in batch.waits.into_iter().rev() {
            if began {
                self.write_ended(name);
            } else if let Some(writing) = self.writing.get_mut(&name) {
                writing.waiting.retain(|known| *known != waiting);
            }
        }
        for ticket in batch.tickets {
            self.reading.remove(&ticket);
        }
        self.walk = Walk::default();
        // A list that was asked for before is on its way.
        self.janitor.asked &= !batch.asked;
        // A database that cannot be read now counts as it did; the next loss counts again.
        let _counted = self.count(db);
    }

    fn write(&mut self, id: [u8; 32], name: Name, sealed: &[u8], waiting: Waiting) {
        self.writing.insert(name, Writing { id, bytes: sealed.len(), waiting: vec![waiting] });
        self.writing_bytes += sealed.len();
        self.batch.waits.push((name, waiting, true));
        self.batch.work.push(Work::Write { name, bytes: sealed.to_vec() });
    }

    fn remove(&mut self, call: &Call<'_>, id: &[u8; 32], name: Name, bytes: u64) -> Result<(), DbError> {
        call.db.write().execute(sql::DELETE_STORED, &[id.into()])?;
        self.bytes = self.bytes.saturating_sub(bytes);
        // Who still writes it deletes it afterwards.
        if !self.writing.contains_key(&name) {
            self.batch.work.push(Work::Delete { name });
        }
        Ok(())
    }

    fn count(&mut self, db: &Db) -> Result<(), DbError> {
        self.bytes = db.read().one(sql::STORED_BYTES, &[], |row| row.count(0))?.unwrap_or(0);
        Ok(())
    }
}

/// Some names that the store should have.
///
/// # Errors
/// [`DbError`].
pub fn some(read: Read<'_>) -> Result<Vec<Name>, DbError> {
    read.all(sql::SOME_THERE, &[], |row| Ok(Name(row.array(0)?)))
}

fn row(call: &Call<'_>, id: &[u8; 32]) -> Result<Option<(Day, Kept)>, DbError> {
    call.db.read().one(sql::STORED, &[id.into()], |row| {
        let bytes = usize::try_from(row.count(1)?).unwrap_or(usize::MAX);
        let (hash, name, there) = (row.array(2)?, Name(row.array(3)?), row.count(4)? != 0);
        Ok((Day(row.small(0)?), Kept { id: *id, bytes, hash, name, there }))
    })
}

/// Bytes the store holds when nobody said otherwise.
pub const BLOB_BYTES_MAX: u64 = 100 * 1024 * 1024 * 1024;
/// Who wait for one write.
const WAITING_MAX: usize = 64;
/// Bytes on their way into the store: they are in memory.
const WRITING_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Reads under way.
const READS_MAX: usize = 1_024;
/// Who finds too much under way comes back after so long.
const BUSY_MS: u32 = SECOND_MS as u32;
/// Names the janitor asks for at once.
const JANITOR_NAMES: usize = 256;
/// Rows it looks at in one step.
const JANITOR_ROWS: usize = 512;
/// After a start it waits so long: others have more urgent things to do.
const JANITOR_FIRST_MS: u64 = MINUTE_MS;
/// From one round to the next.
const JANITOR_EVERY_MS: u64 = HOUR_MS;
/// After a list that did not come.
const JANITOR_RETRY_MS: u64 = 5 * MINUTE_MS;
