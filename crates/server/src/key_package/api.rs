//! The operations on key packages.

use rand_core::RngCore;
use seal::padding::pad;
use server_db::{DbError, Read, Write};
use vocab::limits::{
    KEY_PACKAGE_BYTES_MAX, KEY_PACKAGE_DRAWS_PER_DAY, KEY_PACKAGE_STOCK, KEY_PACKAGES_ANSWER_BYTES,
};
use vocab::{AccountId, DeviceId};
use wire::key_package::{FetchKeyPackages, KeyPackageSet, KeyPackages, PutKeyPackages};
use wire::{Bytes, Encode, Refusal};

use super::ports::{Introduced, Ports};
use super::sql;
use crate::call::{Call, Outcome, Visitor};

/// Puts packages in stock.
///
/// # Errors
/// `Malformed` (an empty package), `TooLarge` (one is too long, or the stock would pass [`STOCK_MAX`]).
pub fn put(call: &mut Call<'_>, visitor: Visitor, request: &PutKeyPackages) -> Outcome<()> {
    let last_resort = request.last_resort.as_slice();
    if request.packages.iter().any(|package| package.as_slice().is_empty()) {
        return Err(Refusal::Malformed.into());
    }
    let fits = |package: &[u8]| package.len() <= KEY_PACKAGE_BYTES_MAX;
    let in_stock = stock(call.db.read(), visitor.account, visitor.device)? as usize;
    let count_fits = in_stock.saturating_add(request.packages.len()) <= STOCK_MAX;
    if !count_fits || !fits(last_resort) || !request.packages.iter().all(|package| fits(package.as_slice())) {
        return Err(Refusal::TooLarge.into());
    }
    let write = call.db.write();
    let (account, device) = (&visitor.account.0, &visitor.device.0);
    for package in &request.packages {
        let mut place = [0; 16];
        call.rng.fill_bytes(&mut place);
        let params = [account.into(), device.into(), (&place).into(), package.as_slice().into()];
        write.execute(sql::INSERT, &params)?;
    }
    if !last_resort.is_empty() {
        write.execute(sql::PUT_LAST_RESORT, &[account.into(), device.into(), last_resort.into()])?;
    }
    Ok(())
}

/// Draws one package of every device, for whoever was introduced.
///
/// # Errors
/// `NotAllowed` for a wrong proof and for no account; `TooLarge` when the chain of device lists alone passes the answer.
pub fn fetch(call: &mut Call<'_>, ports: &dyn Ports, request: &FetchKeyPackages) -> Outcome<KeyPackages> {
    let introduced = ports.introduced(call.db.read(), request.account, &request.proof.0)?;
    let Introduced { device_chain: chain, devices } = introduced.ok_or(Refusal::NotAllowed)?;
    let fresh = count_draw(call, request.account)?;
    let mut room = (KEY_PACKAGES_ANSWER_BYTES - PADDING_BYTES)
        .checked_sub(chain.len() + 2 * LENGTH_BYTES)
        .ok_or(Refusal::TooLarge)?;
    let mut packages = Vec::with_capacity(devices.len());
    for device in devices {
        let Some(package) = draw(call, request.account, device, fresh, room)? else { continue };
        room = room.saturating_sub(package.len() + LENGTH_BYTES);
        packages.push(Bytes::new(package));
    }
    let set = KeyPackageSet { device_chain: chain.into(), packages };
    let bytes = set.encode().map_err(|_| Refusal::TooLarge)?;
    let padded = pad(&bytes, KEY_PACKAGES_ANSWER_BYTES).map_err(|_| Refusal::TooLarge)?;
    Ok(KeyPackages { padded: padded.into() })
}

/// Packages of a device in stock.
///
/// # Errors
/// [`DbError`].
pub fn stock(read: Read<'_>, account: AccountId, device: DeviceId) -> Result<u32, DbError> {
    let count = read.one(sql::STOCK, &[(&account.0).into(), (&device.0).into()], |row| row.small(0))?;
    Ok(count.unwrap_or(0))
}

/// Everything of a device that left.
///
/// # Errors
/// [`DbError`].
pub fn remove_device(write: Write<'_>, account: AccountId, device: DeviceId) -> Result<(), DbError> {
    for statement in [sql::DELETE_DEVICE, sql::DELETE_LAST_RESORT] {
        write.execute(statement, &[(&account.0).into(), (&device.0).into()])?;
    }
    Ok(())
}

/// Whether this draw may still take from the stock today (T-17).
fn count_draw(call: &Call<'_>, account: AccountId) -> Result<bool, DbError> {
    let today = call.today().0;
    let row =
        call.db.read().one(sql::DRAWS, &[(&account.0).into()], |row| Ok((row.small(0)?, row.small(1)?)))?;
    let (day, drawn) = row.filter(|(day, _)| *day >= today).unwrap_or((today, 0));
    if drawn >= KEY_PACKAGE_DRAWS_PER_DAY {
        return Ok(false);
    }
    call.db.write().execute(sql::PUT_DRAWS, &[(&account.0).into(), day.into(), (drawn + 1).into()])?;
    Ok(true)
}

/// One package that fits the room left; the last resort when the stock may not be touched or is empty.
fn draw(
    call: &Call<'_>,
    account: AccountId,
    device: DeviceId,
    fresh: bool,
    room: usize,
) -> Result<Option<Vec<u8>>, DbError> {
    let params = [(&account.0).into(), (&device.0).into()];
    let from_stock = if fresh {
        call.db.read().one(sql::DRAW, &params, |row| Ok((row.array::<16>(0)?, row.bytes(1)?.to_vec())))?
    } else {
        None
    };
    let fits = |package: &Vec<u8>| package.len() + LENGTH_BYTES <= room;
    match from_stock {
        Some((place, package)) if fits(&package) => {
            let params = [(&account.0).into(), (&device.0).into(), (&place).into()];
            call.db.write().execute(sql::DELETE, &params)?;
            Ok(Some(package))
        }
        Some(_) => Ok(None),
        None => {
            let last = call.db.read().one(sql::LAST_RESORT, &params, |row| Ok(row.bytes(0)?.to_vec()))?;
            Ok(last.filter(fits))
        }
    }
}

/// Packages kept a device: a refill that crosses another one still fits.
pub const STOCK_MAX: usize = 2 * KEY_PACKAGE_STOCK;
/// Longest length prefix of a vector.
const LENGTH_BYTES: usize = 4;
/// Length that padding puts before what it pads.
const PADDING_BYTES: usize = 4;
