//! The operations on blobs.

use seal::blob::key_of;
use server_db::{Db, DbError, Read, Write};
use vocab::Day;
use vocab::limits::{BLOB_FREE_BYTES_MAX, BLOBS_ASKED_MAX};
use wire::blob::{AskBlobs, Blob, BlobsThere, DeleteBlob, FetchBlob, PutBlob};
use wire::{Refusal, Secret32};

use super::ports::Ports;
use super::rules::{FETCH_UNITS_PER_HOUR, PUT_UNITS_PER_HOUR, check_put, cost, units, units_of_asking};
use super::sql;
use super::stored::{self, Stored, Waiting};
use crate::call::{Call, Outcome, Source};
use crate::limits::SourceBudget;
use crate::store::{Listing, Name, StoreError, Ticket, Work};
use crate::sweep::Walk;

/// What blobs remember in memory: what each network did within the hour, and what is under way in the store.
pub struct Blobs {
    puts: SourceBudget,
    fetches: SourceBudget,
    walk: Walk<32>,
    stored: Stored,
}

/// An answer: now, or when the store has done its part.
pub enum Said<T> {
    /// This.
    Now(T),
    /// Whoever asked waits.
    Later,
}

impl<T> Said<T> {
    /// The same answer as something else.
    pub fn map<U>(self, as_other: impl FnOnce(T) -> U) -> Said<U> {
        match self {
            Self::Now(answer) => Said::Now(as_other(answer)),
            Self::Later => Said::Later,
        }
    }
}

impl Blobs {
    /// Over the rows there are.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn open(db: &Db) -> Result<Self, DbError> {
        let stored = Stored::open(db)?;
        let (puts, fetches) = (SourceBudget::default(), SourceBudget::default());
        Ok(Self { puts, fetches, walk: Walk::default(), stored })
    }

    /// Keeps bytes under a capability. The same again is as good as once; other bytes replace nothing.
    ///
    /// # Errors
    /// `Malformed`, `TooLarge`, `Busy`, `Exists`, `TokenNeeded`, `Unavailable`.
    pub fn put(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        source: Source,
        request: &PutBlob,
        waiting: Waiting,
    ) -> Outcome<Said<()>> {
        check_put(request)?;
        let sealed = request.sealed.as_slice();
        let taken = self.puts.take_many(source, units(sealed.len()), PUT_UNITS_PER_HOUR, call.now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })?;
        let id = key_of(&request.capability.0);
        match small(call, &id)? {
            Some(before) if before == sealed => return Ok(Said::Now(())),
            Some(_) => return Err(Refusal::Exists.into()),
            None => {}
        }
        if let Some(kept) = self.stored.kept(call, &id)? {
            let there = self.stored.again(kept, sealed, waiting)?;
            return Ok(if there { Said::Now(()) } else { Said::Later });
        }
        let is_small = sealed.len() <= BLOB_FREE_BYTES_MAX;
        if !is_small {
            self.stored.room(sealed.len())?;
        }
        pay(call, ports, request)?;
        // An expired one is in nobody's way.
        call.db.write().execute(sql::DELETE, &[(&id).into()])?;
        self.stored.delete(call, &id)?;
        if !is_small {
            self.stored.begin(call, id, request.days, sealed, waiting)?;
            return Ok(Said::Later);
        }
        let expiry = call.today().plus(request.days).0;
        call.db.write().execute(sql::PUT, &[(&id).into(), expiry.into(), sealed.into()])?;
        Ok(Said::Now(()))
    }

    /// Gives them to who shows the capability.
    ///
    /// # Errors
    /// `Busy`, `NotAllowed` (none under this capability, not yet, or no more).
    pub fn fetch(
        &mut self,
        call: &Call<'_>,
        source: Source,
        request: &FetchBlob,
        waiting: Waiting,
    ) -> Outcome<Said<Blob>> {
        let id = key_of(&request.capability.0);
        let found = small(call, &id)?;
        let kept = if found.is_some() { None } else { self.stored.kept(call, &id)? };
        let bytes = found.as_ref().map(Vec::len).or(kept.as_ref().map(|kept| kept.bytes()));
        self.count_fetch(call, source, units(bytes.unwrap_or(0)))?;
        if let Some(kept) = kept {
            self.stored.fetch(&kept, waiting)?;
            return Ok(Said::Later);
        }
        let sealed = found.ok_or(Refusal::NotAllowed)?;
        Ok(Said::Now(Blob { sealed: sealed.into() }))
    }

    /// Removes them.
    ///
    /// # Errors
    /// `Busy`, `NotAllowed` (none under this capability, or no more).
    pub fn delete(&mut self, call: &Call<'_>, source: Source, request: &DeleteBlob) -> Outcome<()> {
        self.count_fetch(call, source, 1)?;
        let Secret32(capability) = &request.capability;
        let id = key_of(capability);
        if !self.is_kept(call, &id)? {
            return Err(Refusal::NotAllowed.into());
        }
        call.db.write().execute(sql::DELETE, &[(&id).into()])?;
        self.stored.delete(call, &id)?;
        Ok(())
    }

    /// Tells which are there.
    ///
    /// # Errors
    /// `Malformed`, `TooLarge`, `Busy`.
    pub fn ask(&mut self, call: &Call<'_>, source: Source, request: &AskBlobs) -> Outcome<BlobsThere> {
        let count = request.capabilities.len();
        if count == 0 {
            return Err(Refusal::Malformed.into());
        }
        if count > BLOBS_ASKED_MAX {
            return Err(Refusal::TooLarge.into());
        }
        self.count_fetch(call, source, units_of_asking(count))?;
        let mut there = Vec::with_capacity(count);
        for Secret32(capability) in &request.capabilities {
            let id = key_of(capability);
            let found = is_small_there(call, &id)?
                || self.stored.kept(call, &id)?.is_some_and(|kept| kept.is_there());
            there.push(u8::from(found));
        }
        Ok(BlobsThere { there: there.into() })
    }

    /// The store holds no more than so many bytes.
    pub fn set_bytes_max(&mut self, bytes: u64) {
        self.stored.set_bytes_max(bytes);
    }

    /// Some names that the store should have.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn some_stored(read: Read<'_>) -> Result<Vec<Name>, DbError> {
        stored::some(read)
    }

    /// Removes all rows of what lies in the store.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn give_up_stored(write: Write<'_>) -> Result<(), DbError> {
        write.execute(sql::GIVE_UP_STORED, &[]).map(drop)
    }

    /// The store has written it: it is there from the next flush on.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn written(&mut self, call: &Call<'_>, name: Name) -> Result<(), DbError> {
        self.stored.written(call, name)
    }

    /// Nothing is on its way under this name any more. Who waited for it.
    pub fn write_ended(&mut self, name: Name) -> Vec<Waiting> {
        self.stored.write_ended(name)
    }

    /// It was read, or not. Who waited for it.
    pub fn read_ended(&mut self, ticket: Ticket) -> Option<Waiting> {
        self.stored.read_ended(ticket)
    }

    /// The store told names.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn listed(
        &mut self,
        call: &Call<'_>,
        after: Option<Name>,
        result: Result<Listing, StoreError>,
    ) -> Result<(), DbError> {
        self.stored.listed(call, after, result)
    }

    /// What the store has to do, now that the batch is on disk.
    pub fn release(&mut self) -> Vec<Work> {
        self.stored.release()
    }

    /// A place in the batch to return to.
    pub fn mark(&self) -> usize {
        self.stored.mark()
    }

    /// What was swept since came back: the sweep begins anew.
    pub fn undo(&mut self, db: &Db, mark: usize) {
        self.walk = Walk::default();
        self.stored.undo(db, mark);
    }

    /// The batch is lost: memory goes back to what the disk has.
    pub fn lost(&mut self, db: &Db) {
        self.walk = Walk::default();
        self.stored.lost(db);
    }

    /// Removes expired ones in one small step.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<(), DbError> {
        self.walk
            .step(call, sql::WALK, rows, |id| call.db.write().execute(sql::DELETE, &[id.into()]).map(drop))?;
        self.stored.sweep(call, rows)
    }

    /// Kept, or being written.
    fn is_kept(&self, call: &Call<'_>, id: &[u8; 32]) -> Result<bool, DbError> {
        Ok(is_small_there(call, id)? || self.stored.kept(call, id)?.is_some())
    }

    fn count_fetch(&mut self, call: &Call<'_>, source: Source, units: u32) -> Result<(), Refusal> {
        let taken = self.fetches.take_many(source, units, FETCH_UNITS_PER_HOUR, call.now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })
    }
}

fn pay(call: &Call<'_>, ports: &mut dyn Ports, request: &PutBlob) -> Outcome<()> {
    let cost = cost(request);
    let paid = cost == 0
        || match &request.token {
            Some(token) => ports.pay(call, token, cost)?,
            None => false,
        };
    if paid { Ok(()) } else { Err(Refusal::TokenNeeded.into()) }
}

/// What lies in the database and has not expired: small ones, and what was put before there was a store.
fn small(call: &Call<'_>, id: &[u8; 32]) -> Result<Option<Vec<u8>>, DbError> {
    let row = call
        .db
        .read()
        .one(sql::SEALED, &[id.into()], |row| Ok((row.bytes(0)?.to_vec(), Day(row.small(1)?))))?;
    Ok(row.filter(|(_, expiry)| *expiry >= call.today()).map(|(sealed, _)| sealed))
}

/// The same without reading it.
fn is_small_there(call: &Call<'_>, id: &[u8; 32]) -> Result<bool, DbError> {
    let expiry = call.db.read().one(sql::EXPIRY, &[id.into()], |row| row.small(0))?;
    Ok(expiry.is_some_and(|expiry| Day(expiry) >= call.today()))
}
