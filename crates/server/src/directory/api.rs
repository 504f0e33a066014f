//! The operations on the directory.

use seal::directory::{Evaluator, ROW_BYTES};
use server_db::{DbError, Read, Write};
use vocab::limits::{DIRECTORY_BATCH_MAX, SLOT_DAYS};
use vocab::{AccountId, Day, Handle};
use wire::Refusal;
use wire::directory::{
    DirectoryRow, Evaluate, Evaluated, EvaluatedElement, FetchDirectoryRow, PutDirectoryRow,
};

use super::rules::{Permit, Quota};
use super::sql;
use crate::call::{Call, Outcome, Visitor};
use crate::keys::{Keys, Use};
use crate::sweep::Walk;

/// The directory: its evaluation key.
pub struct Directory {
    evaluator: Evaluator,
    public_key: Vec<u8>,
    walk: Walk<32>,
}

impl Directory {
    /// With the key of the key file; none if no key pair comes of it, which no key file is known to cause.
    pub fn new(keys: &Keys) -> Option<Self> {
        let evaluator = keys.evaluator()?;
        let public_key = evaluator.public_key();
        Some(Self { evaluator, public_key, walk: Walk::default() })
    }

    /// What clients check proofs against.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Evaluates blinded handles, all or none, within the account's quota.
    ///
    /// # Errors
    /// `Malformed` (none, or no group element), `TooLarge`, `QuotaUsed`.
    pub fn evaluate(&self, call: &mut Call<'_>, visitor: Visitor, request: &Evaluate) -> Outcome<Evaluated> {
        if request.blinded.is_empty() {
            return Err(Refusal::Malformed.into());
        }
        if request.blinded.len() > DIRECTORY_BATCH_MAX {
            return Err(Refusal::TooLarge.into());
        }
        let count = u32::try_from(request.blinded.len()).map_err(|_| Refusal::TooLarge)?;
        let quota =
            quota(call.db.read(), visitor.account)?.unwrap_or(Quota::fresh(call.today())).on(call.today());
        let quota = quota.take(count).ok_or(Refusal::QuotaUsed { until: quota.day.plus(1) })?;
        put_quota(call.db.write(), visitor.account, quota)?;
        let mut elements = Vec::with_capacity(request.blinded.len());
        for blinded in &request.blinded {
            let evaluated = self.evaluator.evaluate(blinded.as_slice(), call.rng);
            let (element, proof) = evaluated.map_err(|_| Refusal::Malformed)?;
            elements.push(EvaluatedElement { element: element.into(), proof: proof.into() });
        }
        Ok(Evaluated { elements, quota_left: quota.left() })
    }

    /// Permission to file the row of a handle that was verified in clear.
    pub fn permit(&self, call: &Call<'_>, handle: &Handle, generation: u32) -> Vec<u8> {
        let permit = Permit { generation, day: call.today() };
        self.evaluator.place_of(handle).map(|tag| permit.seal(call.keys, &tag)).unwrap_or_default()
    }

    /// Removes the row of a handle that changed hands.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn remove(&self, write: Write<'_>, handle: &Handle) -> Result<(), DbError> {
        if let Ok(tag) = self.evaluator.place_of(handle) {
            write.execute(sql::DELETE, &[(&tag).into()])?;
        }
        Ok(())
    }

    /// What the sweep removed came back: it begins anew.
    pub fn restart_sweep(&mut self) {
        self.walk = Walk::default();
    }

    /// Removes expired rows in one small step.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<usize, DbError> {
        self.walk
            .step(call, sql::WALK, rows, |tag| call.db.write().execute(sql::DELETE, &[tag.into()]).map(drop))
    }
}

/// Files a row.
///
/// # Errors
/// `Malformed` (another length), `NotAllowed` (the permit).
pub fn put(call: &mut Call<'_>, request: &PutDirectoryRow) -> Outcome<()> {
    let sealed = request.row.as_slice();
    if sealed.len() != ROW_BYTES {
        return Err(Refusal::Malformed.into());
    }
    let permit = Permit::open(request.permit.as_slice(), call.keys, &request.tag, call.today());
    let permit = permit.ok_or(Refusal::NotAllowed)?;
    let filed = call.db.read().one(sql::ROW, &[(&request.tag).into()], |row| row.small(1))?;
    if filed.is_some_and(|generation| generation > permit.generation) {
        return Err(Refusal::NotAllowed.into());
    }
    let expiry = call.today().plus(SLOT_DAYS).0;
    let params = [(&request.tag).into(), expiry.into(), permit.generation.into(), sealed.into()];
    call.db.write().execute(sql::PUT, &params)?;
    Ok(())
}

/// Fetches a row. Where nobody is, bytes that nobody can tell from one, the same whenever they are asked for.
///
/// # Errors
/// None of its own.
pub fn fetch(call: &Call<'_>, request: &FetchDirectoryRow) -> Outcome<DirectoryRow> {
    let tag = &request.tag;
    let filed = call
        .db
        .read()
        .one(sql::ROW, &[tag.into()], |row| Ok((row.bytes(0)?.to_vec(), Day(row.small(2)?))))?;
    let nobody = unknown_row(call.keys, tag);
    let row = filed.filter(|(_, expiry)| *expiry >= call.today()).map_or(nobody, |(row, _)| row);
    Ok(DirectoryRow { row: row.into() })
}

/// The taker goes on with the quota of the account that had the handle.
///
/// # Errors
/// [`DbError`].
pub fn quota_follows(write: Write<'_>, from: AccountId, to: AccountId) -> Result<(), DbError> {
    match quota(*write, from)? {
        Some(quota) => put_quota(write, to, quota),
        None => Ok(()),
    }
}

fn quota(read: Read<'_>, account: AccountId) -> Result<Option<Quota>, DbError> {
    read.one(sql::QUOTA, &[(&account.0).into()], |row| {
        Ok(Quota { first_left: row.small(0)?, day: Day(row.small(1)?), daily_left: row.small(2)? })
    })
}

fn put_quota(write: Write<'_>, account: AccountId, quota: Quota) -> Result<(), DbError> {
    let params = [(&account.0).into(), quota.first_left.into(), quota.day.0.into(), quota.daily_left.into()];
    write.execute(sql::PUT_QUOTA, &params).map(drop)
}

fn unknown_row(keys: &Keys, tag: &[u8; 32]) -> Vec<u8> {
    let mut row = Vec::with_capacity(ROW_BYTES + 32);
    for block in 0_u8.. {
        if row.len() >= ROW_BYTES {
            break;
        }
        row.extend_from_slice(&keys.mac(Use::UnknownRow, &[tag, &[block]]));
    }
    row.truncate(ROW_BYTES);
    row
}
