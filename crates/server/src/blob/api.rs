//! The operations on blobs.

use seal::blob::key_of;
use server_db::DbError;
use vocab::Day;
use vocab::limits::BLOBS_ASKED_MAX;
use wire::blob::{AskBlobs, Blob, BlobsThere, DeleteBlob, FetchBlob, PutBlob};
use wire::{Refusal, Secret32};

use super::ports::Ports;
use super::rules::{FETCH_UNITS_PER_HOUR, PUT_UNITS_PER_HOUR, check_put, cost, units, units_of_asking};
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
    /// `Malformed`, `TooLarge`, `Busy`, `Exists`, `TokenNeeded`.
    pub fn put(
        &mut self,
        call: &Call<'_>,
        ports: &mut dyn Ports,
        source: Source,
        request: &PutBlob,
    ) -> Outcome<()> {
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
        let cost = cost(request);
        let paid = cost == 0
            || match &request.token {
                Some(token) => ports.pay(call, token, cost)?,
                None => false,
            };
        if !paid {
            return Err(Refusal::TokenNeeded.into());
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
        self.count_fetch(call, source, units(found.as_ref().map_or(0, Vec::len)))?;
        let sealed = found.ok_or(Refusal::NotAllowed)?;
        Ok(Blob { sealed: sealed.into() })
    }

    /// Removes them.
    ///
    /// # Errors
    /// `Busy`, `NotAllowed` (none under this capability, or no more).
    pub fn delete(&mut self, call: &Call<'_>, source: Source, request: &DeleteBlob) -> Outcome<()> {
        self.count_fetch(call, source, 1)?;
        let Secret32(capability) = &request.capability;
        let id = key_of(capability);
        kept(call, &id)?.ok_or(Refusal::NotAllowed)?;
        call.db.write().execute(sql::DELETE, &[(&id).into()])?;
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
            let expiry =
                call.db.read().one(sql::EXPIRY, &[(&key_of(capability)).into()], |row| row.small(0))?;
            there.push(u8::from(expiry.is_some_and(|expiry| Day(expiry) >= call.today())));
        }
        Ok(BlobsThere { there: there.into() })
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

    fn count_fetch(&mut self, call: &Call<'_>, source: Source, units: u32) -> Result<(), Refusal> {
        let taken = self.fetches.take_many(source, units, FETCH_UNITS_PER_HOUR, call.now);
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
