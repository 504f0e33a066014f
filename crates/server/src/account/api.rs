//! The operations on accounts.

use seal::VerifiedChain;
use seal::aead::same;
use seal::challenge::{Purpose, verify};
use server_db::{DbError, Read, Write};
use vocab::limits::{CODE_MINUTES, CODE_TRIES_MAX, CODES_PER_DAY_MAX};
use vocab::time::{HOUR_MS, MINUTE_MS};
use vocab::{AccountId, Day, DeviceId, Handle};
use wire::Refusal;
use wire::account::{
    Authenticate, HandleProof, Register, Registered, RequestCode, RequestPermit, UpdateDeviceList, Visited,
};
use zeroize::Zeroizing;

use super::ports::Ports;
use super::rules::{self, Claim};
use super::sql;
use crate::call::{Call, Outcome, Source, Stop, Visitor};
use crate::limits::{Bucket, SourceBudget};

/// What accounts remember in memory: limits.
#[derive(Default)]
pub struct Accounts {
    codes: SourceBudget,
    registrations: SourceBudget,
    wrong_codes: Option<Bucket>,
}

/// A code to be handed over once its row is on disk. No `Debug`.
pub struct CodeToSend {
    /// To whom.
    pub handle: Handle,
    /// Six digits.
    pub code: Zeroizing<String>,
}

/// An account as a stranger with the introduction key meets it.
pub struct Introduced {
    /// The chain of device lists.
    pub device_chain: Vec<u8>,
    /// The devices of the newest list.
    pub devices: Vec<DeviceId>,
}

impl Accounts {
    /// Makes a code. The answer is the same whether the handle leads anywhere or not.
    ///
    /// # Errors
    /// `BadHandle`, `Busy` (this network asked for too many), `TooManyCodes`.
    pub fn request_code(
        &mut self,
        call: &mut Call<'_>,
        source: Source,
        request: &RequestCode,
    ) -> Outcome<CodeToSend> {
        let handle = rules::handle(request.handle.as_slice()).ok_or(Refusal::BadHandle)?;
        self.codes.take(source, CODES_PER_SOURCE_AND_HOUR, call.now).map_err(busy)?;
        let hash = rules::handle_hash(call.keys, &handle);
        count_code(call, &hash)?;
        let code = rules::fresh_code(call.rng);
        let id = rules::code_key(call.keys, &hash, &request.requester);
        let stored = rules::code_hash(call.keys, &id, code.as_bytes());
        let expires = call.now.0 / MINUTE_MS + CODE_MINUTES;
        call.db.write().execute(
            sql::PUT_CODE,
            &[(&id).into(), (&stored).into(), expires.into(), CODE_TRIES_MAX.into()],
        )?;
        Ok(CodeToSend { handle, code })
    }

    /// Makes an account, with the proven handle leading to it.
    ///
    /// # Errors
    /// `Malformed` (no first device list), `Exists` (this account stands: authenticate), `NotAllowed` (the device's key
    /// belongs to another account), `Busy`, and for the handle `BadHandle`, `NoOpenCode`, `WrongCode`, `HandleHeld`.
    pub fn register(
        &mut self,
        call: &mut Call<'_>,
        ports: &dyn Ports,
        source: Source,
        request: &Register,
    ) -> Outcome<(Registered, Visitor)> {
        let chain = rules::first_list(request.device_list.as_slice()).map_err(|_| Refusal::Malformed)?;
        let [device] = chain.devices[..] else { return Err(Refusal::Malformed.into()) };
        if account_row(call.db.read(), chain.account)?.is_some() {
            return Err(Refusal::Exists.into());
        }
        if key_owner(call.db.read(), &device.key)?.is_some() {
            return Err(Refusal::NotAllowed.into());
        }
        let permit = match &request.proof {
            None => {
                self.registrations.take(source, REGISTRATIONS_PER_SOURCE_AND_HOUR, call.now).map_err(busy)?;
                Vec::new()
            }
            Some(proof) => {
                let handle = rules::handle(proof.handle.as_slice()).ok_or(Refusal::BadHandle)?;
                self.use_code(call, &handle, proof)?;
                let generation = claim_handle(call, ports, &handle, chain.account)?;
                ports.permit(call, &handle, generation)
            }
        };
        insert_account(call, &chain, &request.fetch_proof_hash)?;
        let visitor = Visitor { account: chain.account, device: device.device };
        Ok((Registered { account: chain.account, permit: permit.into() }, visitor))
    }

    /// Takes a turn of the whole service's budget of wrong codes (T-04: spraying over many handles).
    fn use_code(&mut self, call: &mut Call<'_>, handle: &Handle, proof: &HandleProof) -> Outcome<()> {
        let budget = self.wrong_codes.get_or_insert(Bucket::full(WRONG_CODES_PER_HOUR, call.now));
        let refill_ms = HOUR_MS / u64::from(WRONG_CODES_PER_HOUR);
        let mut after_wrong = *budget;
        after_wrong.take(WRONG_CODES_PER_HOUR, refill_ms, call.now).map_err(busy)?;
        let result = check_code(call, handle, proof);
        if matches!(result, Err(Stop::Noted(Refusal::WrongCode { .. }))) {
            *budget = after_wrong;
        }
        result
    }

    /// Removes expired codes and counts.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<(), DbError> {
        let minute = call.now.0 / MINUTE_MS;
        call.db.write().execute(sql::SWEEP_CODES, &[minute.into(), rows.into()])?;
        // A count of yesterday stays a day longer: the clock may go back.
        let day = call.today().0.saturating_sub(1);
        call.db.write().execute(sql::SWEEP_CODE_COUNTS, &[day.into(), rows.into()])?;
        Ok(())
    }
}

/// Proves to be a device of an account. A day seen is noted once a day.
///
/// # Errors
/// `NotAllowed`, whether the account, the device or the signature is at fault.
pub fn authenticate(
    call: &mut Call<'_>,
    ports: &dyn Ports,
    nonce: &[u8; 32],
    request: &Authenticate,
) -> Outcome<(Visited, Visitor)> {
    let visitor = Visitor { account: request.account, device: request.device };
    let key = device_key(call.db.read(), visitor)?;
    // An unknown device costs the same check as a known one, under a key nobody has.
    let genuine =
        verify(&key.unwrap_or(NOBODYS_KEY), Purpose::Account, nonce, request.signature.as_slice()).is_ok();
    let (Some(_), true) = (key, genuine) else { return Err(Refusal::NotAllowed.into()) };
    let row = account_row(call.db.read(), visitor.account)?.ok_or(Refusal::NotAllowed)?;
    if row.seen_day != call.today() {
        let day = call.today().0;
        call.db.write().execute(sql::SET_SEEN, &[day.into(), (&visitor.account.0).into()])?;
    }
    let key_packages = ports.stock(call.db.read(), visitor.account, visitor.device)?;
    Ok((Visited { key_packages, device_chain: row.device_chain.into() }, visitor))
}

/// Whether the device is still in its account's list: one that was removed may do nothing more.
///
/// # Errors
/// [`DbError`].
pub fn is_named(read: Read<'_>, visitor: Visitor) -> Result<bool, DbError> {
    Ok(device_key(read, visitor)?.is_some())
}

/// Adds a version to the account's chain of device lists.
///
/// # Errors
/// `Malformed`, `NotAllowed` (the list does not follow, or is not signed by a device of the one before, or a key belongs to
/// another account).
pub fn update_device_list(
    call: &mut Call<'_>,
    ports: &dyn Ports,
    visitor: Visitor,
    request: &UpdateDeviceList,
) -> Outcome<()> {
    let row = account_row(call.db.read(), visitor.account)?.ok_or(Refusal::NotAllowed)?;
    let chain = VerifiedChain::verify(&row.device_chain).map_err(|_| Refusal::NotAllowed)?;
    let list = request.device_list.as_slice();
    if chain.newest_bytes() == list {
        return Ok(());
    }
    let longer = chain.extend(list).map_err(|_| Refusal::NotAllowed)?;
    for entry in &longer.devices {
        if key_owner(call.db.read(), &entry.key)?.is_some_and(|owner| owner != visitor.account) {
            return Err(Refusal::NotAllowed.into());
        }
    }
    let write = call.db.write();
    for gone in chain.devices.iter().filter(|old| !longer.names(old.device, &old.key)) {
        ports.device_left(write, visitor.account, gone.device)?;
    }
    write.execute(sql::SET_CHAIN, &[(&longer.to_bytes()).into(), (&visitor.account.0).into()])?;
    Ok(put_devices(write, &longer)?)
}

/// Permission to file the directory row of a handle that leads to the account.
///
/// # Errors
/// `BadHandle`, `NotAllowed`.
pub fn request_permit(
    call: &mut Call<'_>,
    ports: &dyn Ports,
    visitor: Visitor,
    request: &RequestPermit,
) -> Outcome<Vec<u8>> {
    let handle = rules::handle(request.handle.as_slice()).ok_or(Refusal::BadHandle)?;
    let hash = rules::handle_hash(call.keys, &handle);
    match handle_row(call.db.read(), &hash)? {
        Some(row) if row.account == visitor.account => Ok(ports.permit(call, &handle, row.generation)),
        _ => Err(Refusal::NotAllowed.into()),
    }
}

/// The account, for somebody who shows what its introduction key derives; none for a wrong proof and for no account.
///
/// # Errors
/// [`DbError`].
pub fn introduced(
    read: Read<'_>,
    account: AccountId,
    proof: &[u8; 32],
) -> Result<Option<Introduced>, DbError> {
    let shown = seal::introduction::fetch_proof_hash(proof);
    let row = account_row(read, account)?;
    let kept = row.as_ref().map_or([0; 32], |row| row.fetch_proof_hash);
    match row {
        Some(row) if same(&shown, &kept) => {
            let devices = read.all(sql::DEVICES, &[(&account.0).into()], |row| row.array(0).map(DeviceId))?;
            Ok(Some(Introduced { device_chain: row.device_chain, devices }))
        }
        _ => Ok(None),
    }
}

struct AccountRow {
    fetch_proof_hash: [u8; 32],
    device_chain: Vec<u8>,
    seen_day: Day,
}

fn account_row(read: Read<'_>, account: AccountId) -> Result<Option<AccountRow>, DbError> {
    read.one(sql::ACCOUNT, &[(&account.0).into()], |row| {
        Ok(AccountRow {
            fetch_proof_hash: row.array(0)?,
            device_chain: row.bytes(1)?.to_vec(),
            seen_day: Day(row.small(2)?),
        })
    })
}

struct HandleRow {
    account: AccountId,
    generation: u32,
    claim: Option<Day>,
}

fn handle_row(read: Read<'_>, hash: &[u8; 32]) -> Result<Option<HandleRow>, DbError> {
    read.one(sql::HANDLE, &[hash.into()], |row| {
        let claim = row.small(2)?;
        Ok(HandleRow {
            account: AccountId(row.array(0)?),
            generation: row.small(1)?,
            claim: (claim != 0).then_some(Day(claim)),
        })
    })
}

fn device_key(read: Read<'_>, visitor: Visitor) -> Result<Option<[u8; 32]>, DbError> {
    let params = [(&visitor.account.0).into(), (&visitor.device.0).into()];
    read.one(sql::DEVICE_KEY, &params, |row| row.array(0))
}

fn key_owner(read: Read<'_>, key: &[u8; 32]) -> Result<Option<AccountId>, DbError> {
    read.one(sql::KEY_OWNER, &[key.into()], |row| row.array(0).map(AccountId))
}

fn count_code(call: &Call<'_>, handle: &[u8; 32]) -> Outcome<()> {
    let today = call.today();
    let row =
        call.db.read().one(sql::CODE_COUNT, &[handle.into()], |row| Ok((row.small(0)?, row.small(1)?)))?;
    // A day later than today is a clock that went back: its count still stands.
    let (day, sent) = row.filter(|(day, _)| *day >= today.0).unwrap_or((today.0, 0));
    if sent >= CODES_PER_DAY_MAX {
        return Err(Refusal::TooManyCodes.into());
    }
    call.db.write().execute(sql::PUT_CODE_COUNT, &[handle.into(), day.into(), (sent + 1).into()])?;
    Ok(())
}

/// A right code is used up; a wrong one costs a try, durably.
fn check_code(call: &mut Call<'_>, handle: &Handle, proof: &HandleProof) -> Outcome<()> {
    let hash = rules::handle_hash(call.keys, handle);
    let requester = seal::sha256(&[&proof.requester.0]);
    let id = rules::code_key(call.keys, &hash, &requester);
    let row = call
        .db
        .read()
        .one(sql::CODE, &[(&id).into()], |row| Ok((row.array::<32>(0)?, row.count(1)?, row.small(2)?)))?;
    let minute = call.now.0 / MINUTE_MS;
    let open =
        row.filter(|(_, expires, tries)| *tries > 0 && minute < *expires && expires - minute <= CODE_MINUTES);
    let (kept, _, tries) = open.ok_or(Refusal::NoOpenCode)?;
    let shown = rules::code_hash(call.keys, &id, proof.code.as_slice());
    if same(&shown, &kept) {
        call.db.write().execute(sql::DELETE_CODE, &[(&id).into()])?;
        return Ok(());
    }
    let tries_left = tries - 1;
    call.db.write().execute(sql::SET_TRIES, &[tries_left.into(), (&id).into()])?;
    Err(Stop::Noted(Refusal::WrongCode { tries_left }))
}

/// Lets the handle lead to the account; how often it changed hands. A claim that must wait is noted, and its code used up.
fn claim_handle(call: &mut Call<'_>, ports: &dyn Ports, handle: &Handle, account: AccountId) -> Outcome<u32> {
    let hash = rules::handle_hash(call.keys, handle);
    let write = call.db.write();
    let Some(row) = handle_row(call.db.read(), &hash)? else {
        write.execute(sql::INSERT_HANDLE, &[(&hash).into(), (&account.0).into()])?;
        return Ok(0);
    };
    match rules::claim(row.claim, call.today()) {
        Claim::Waits(from) => Err(Stop::Noted(Refusal::HandleHeld { from })),
        Claim::Noted(from) => {
            write.execute(sql::SET_CLAIM, &[call.today().0.into(), (&hash).into()])?;
            Err(Stop::Noted(Refusal::HandleHeld { from }))
        }
        Claim::Succeeds => {
            write.execute(sql::MOVE_HANDLE, &[(&account.0).into(), (&hash).into()])?;
            ports.handle_left(write, handle)?;
            ports.quota_follows(write, row.account, account)?;
            Ok(row.generation.saturating_add(1))
        }
    }
}

fn insert_account(
    call: &Call<'_>,
    chain: &VerifiedChain,
    fetch_proof_hash: &[u8; 32],
) -> Result<(), DbError> {
    let today = call.today().0;
    let bytes = chain.to_bytes();
    let params =
        [(&chain.account.0).into(), today.into(), today.into(), fetch_proof_hash.into(), (&bytes).into()];
    call.db.write().execute(sql::INSERT_ACCOUNT, &params)?;
    put_devices(call.db.write(), chain)
}

fn put_devices(write: Write<'_>, chain: &VerifiedChain) -> Result<(), DbError> {
    write.execute(sql::DELETE_DEVICES, &[(&chain.account.0).into()])?;
    for entry in &chain.devices {
        let params = [(&chain.account.0).into(), (&entry.device.0).into(), (&entry.key).into()];
        write.execute(sql::INSERT_DEVICE, &params)?;
    }
    Ok(())
}

fn busy(retry_after_ms: u32) -> Refusal {
    Refusal::Busy { retry_after_ms }
}

/// Codes one network may ask for within an hour (T-05): a household or a small office registers at once.
pub const CODES_PER_SOURCE_AND_HOUR: u32 = 30;
/// Accounts without a handle that one network may make within an hour: nothing else slows them.
pub const REGISTRATIONS_PER_SOURCE_AND_HOUR: u32 = 30;
/// Wrong codes the whole service takes within an hour (T-04): more is somebody spraying, and everybody waits a little.
pub const WRONG_CODES_PER_HOUR: u32 = 1_000;
/// The base point of the curve: a valid key whose secret signs nothing here.
const NOBODYS_KEY: [u8; 32] = {
    let mut key = [0x66; 32];
    key[0] = 0x58;
    key
};
