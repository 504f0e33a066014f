//! The operations on blobs.

use seal::blob::key_of;
use server_db::DbError;
use vocab::Day;
use wire::blob::{Blob, DeleteBlob, FetchBlob, PutBlob};
use wire::{Refusal, Secret32};

use super::rules::{FETCH_UNITS_PER_HOUR, PUT_UNITS_PER_HOUR, check_put, units};
use super::sql;
use crate::call::{Call, Outcome, Source};
use crate::limits::SourceBudget;
use crate::sweep::Walk;

/// What blobs remember in memory: what each network did within the hour.
#[derive(Default)]
pub struct Blobs {
    puts: SourceBudget,
    fetches: SourceBudget,
    walk: Walk<32>,
}

impl Blobs {
    /// Keeps bytes under a capability. The same again is as good as once; other bytes replace nothing.
    ///
    /// # Errors
    /// `Malformed`, `TooLarge`, `Busy`, `Exists`.
    pub fn put(&mut self, call: &Call<'_>, source: Source, request: &PutBlob) -> Outcome<()> {
        check_put(request)?;
        let sealed = request.sealed.as_slice();
        let taken = self.puts.take_many(source, units(sealed.len()), PUT_UNITS_PER_HOUR, call.now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })?;
        let id = key_of(&request.capability.0);
        match kept(call, &id)? {
            Some(before) if before == sealed => return Ok(()),
            Some(_) => return Err(Refusal::Exists.into()),
            None => {}
        }
        let expiry = call.today().plus(request.days).0;
        call.db.write().execute(sql::PUT, &[(&id).into(), expiry.into(), sealed.into()])?;
        Ok(())
    }

    /// Gives them to who shows the capability.
    ///
    /// # Errors
    /// `Busy`, `NotAllowed` (none under this capability, or no more).
    pub fn fetch(&mut self, call: &Call<'_>, source: Source, request: &FetchBlob) -> Outcome<Blob> {
        let found = kept(call, &key_of(&request.capability.0))?;
        self.count_fetch(call, source, found.as_ref().map_or(0, Vec::len))?;
        let sealed = found.ok_or(Refusal::NotAllowed)?;
        Ok(Blob { sealed: sealed.into() })
    }

    /// Removes them.
    ///
    /// # Errors
    /// `Busy`, `NotAllowed` (none under this capability, or no more).
    pub fn delete(&mut self, call: &Call<'_>, source: Source, request: &DeleteBlob) -> Outcome<()> {
        self.count_fetch(call, source, 0)?;
        let Secret32(capability) = &request.capability;
        let id = key_of(capability);
        kept(call, &id)?.ok_or(Refusal::NotAllowed)?;
        call.db.write().execute(sql::DELETE, &[(&id).into()])?;
        Ok(())
    }

    /// What the sweep removed came back: it begins anew.
    pub fn restart_sweep(&mut self) {
        self.walk = Walk::default();
    }

    /// Removes expired ones in one small step.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<usize, DbError> {
        self.walk
            .step(call, sql::WALK, rows, |id| call.db.write().execute(sql::DELETE, &[id.into()]).map(drop))
    }

    fn count_fetch(&mut self, call: &Call<'_>, source: Source, bytes: usize) -> Result<(), Refusal> {
        let taken = self.fetches.take_many(source, units(bytes), FETCH_UNITS_PER_HOUR, call.now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })
    }
}

/// What is kept and has not expired.
fn kept(call: &Call<'_>, id: &[u8; 32]) -> Result<Option<Vec<u8>>, DbError> {
    let row = call
        .db
        .read()
        .one(sql::SEALED, &[id.into()], |row| Ok((row.bytes(0)?.to_vec(), Day(row.small(1)?))))?;
    Ok(row.filter(|(_, expiry)| *expiry >= call.today()).map(|(sealed, _)| sealed))
}
