//! The operations on addresses.

use seal::address::{AddressValue, key_of, open, seal};
use seal::aead::same;
use server_db::DbError;
use vocab::limits::SLOT_DAYS;
use vocab::{AddressKey, AddressSecret, Day, SlotId};
use wire::Refusal;
use wire::address::{CreateAddress, DeleteAddress};

use super::sql;
use crate::call::{Call, Outcome};
use crate::sweep::{Walk, renewal};

/// Files an address, or renews it.
///
/// # Errors
/// `TooLarge`, `Exists` (the key is another owner's).
pub fn create(call: &mut Call<'_>, request: &CreateAddress) -> Outcome<()> {
    let sealed = request.sealed.as_slice();
    if sealed.len() > ADDRESS_BYTES_MAX {
        return Err(Refusal::TooLarge.into());
    }
    let filed = seal::sha256(&[sealed]);
    let id = &request.key.0;
    let row = call.db.read().one(sql::OWNER, &[id.into()], |row| {
        Ok((row.array::<32>(0)?, row.array::<32>(1)?, Day(row.small(2)?)))
    })?;
    let expiry = call.today().plus(SLOT_DAYS);
    match row {
        Some((owner, _, _)) if !same(&owner, &request.owner) => return Err(Refusal::Exists.into()),
        Some((_, before, until)) if before == filed => renew(call, request.key, until)?,
        _ => {
            let params =
                [id.into(), expiry.0.into(), (&request.owner).into(), (&filed).into(), sealed.into()];
            call.db.write().execute(sql::PUT, &params)?;
        }
    }
    Ok(())
}

/// Deletes one's own address.
///
/// # Errors
/// `NotAllowed` for a wrong proof and for no address.
pub fn delete(call: &mut Call<'_>, request: &DeleteAddress) -> Outcome<()> {
    let id = &request.key.0;
    let owner = call.db.read().one(sql::OWNER, &[id.into()], |row| row.array::<32>(0))?;
    let shown = seal::sha256(&[&request.proof.0]);
    if !owner.is_some_and(|owner| same(&owner, &shown)) {
        return Err(Refusal::NotAllowed.into());
    }
    call.db.write().execute(sql::DELETE, &[id.into()])?;
    Ok(())
}

/// What an address leads to for this slot; none when it is gone, does not open, or is bound elsewhere. Use renews it.
///
/// # Errors
/// [`DbError`].
pub fn resolve(call: &Call<'_>, slot: SlotId, a: &AddressSecret) -> Result<Option<AddressValue>, DbError> {
    let Some((key, value, until)) = opened(call, a)? else { return Ok(None) };
    if !value.bound.allows(slot) {
        return Ok(None);
    }
    renew(call, key, until)?;
    Ok(Some(value))
}

/// Binds an address to the slot whose Welcome uses it; none when it is gone, does not open, or is bound elsewhere.
///
/// # Errors
/// [`DbError`].
pub fn bind(call: &mut Call<'_>, slot: SlotId, a: &AddressSecret) -> Result<Option<AddressValue>, DbError> {
    let Some((key, mut value, until)) = opened(call, a)? else { return Ok(None) };
    if value.bound.allows(slot) {
        renew(call, key, until)?;
        return Ok(Some(value));
    }
    if !value.bound.bind(slot) {
        return Ok(None);
    }
    let sealed = seal(a, &value, call.rng);
    let expiry = call.today().plus(SLOT_DAYS);
    call.db.write().execute(sql::REBIND, &[(&sealed).into(), expiry.0.into(), (&key.0).into()])?;
    Ok(Some(value))
}

/// Removes expired addresses; how many were looked at.
///
/// # Errors
/// [`DbError`].
pub fn sweep(call: &Call<'_>, walk: &mut Walk<16>, rows: usize) -> Result<usize, DbError> {
    walk.step(call, sql::WALK, rows, |id| call.db.write().execute(sql::DELETE, &[id.into()]).map(drop))
}

fn opened(call: &Call<'_>, a: &AddressSecret) -> Result<Option<(AddressKey, AddressValue, Day)>, DbError> {
    let key = key_of(a);
    let row = call.db.read().one(sql::SEALED, &[(&key.0).into()], |row| {
        Ok(open(a, row.bytes(0)?).ok().zip(Some(Day(row.small(1)?))))
    })?;
    Ok(row.flatten().map(|(value, until)| (key, value, until)))
}

fn renew(call: &Call<'_>, key: AddressKey, until: Day) -> Result<(), DbError> {
    if let Some(expiry) = renewal(until, call.today(), SLOT_DAYS) {
        call.db.write().execute(sql::RENEW, &[expiry.0.into(), (&key.0).into()])?;
    }
    Ok(())
}

/// Bytes of a sealed address value at most: the last-resort form with its 64 slots has 1,147.
pub const ADDRESS_BYTES_MAX: usize = 1_280;
