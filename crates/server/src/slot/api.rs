//! The operations on slots.

use std::collections::HashMap;

use seal::address::key_of;
use seal::aead::same;
use seal::roster::{open, posting_key_hash};
use server_db::DbError;
use vocab::limits::{COMMIT_BURST, COMMIT_REFILL_MS, IDEMPOTENCY_HOURS, SENDS_PER_SECOND, SLOT_DAYS};
use vocab::time::{HOUR_MS, SECOND_MS};
use vocab::{AddressKey, Day, IdempotencyId, SlotId, Timestamp};
use wire::slot::{
    Commit, CreateSlot, EpochState, FetchPieces, FetchRejoin, Pieces, Rejoin, Send, Stored, WelcomeFor,
};
use wire::{Bytes, Delivery, DeliveryKind, Encode, Refusal};

use super::pieces::{self, put_state};
use super::ports::{Ports, Target};
use super::roster::{Rosters, Targets};
use super::rules::{
    FETCH_UNITS_PER_HOUR, check_commit, check_fan_out, check_fetch, check_optional_payload, check_payload,
    check_state, check_welcomes, units,
};
use super::sql;
use crate::call::{Call, Outcome, Source, Stop};
use crate::limits::{Bucket, SourceBudget};
use crate::sweep::{Walk, renewal};

/// What slots remember in memory: opened rosters and rates.
#[derive(Default)]
pub struct Slots {
    rosters: Rosters,
    rates: HashMap<SlotId, Rates>,
    fetches: SourceBudget,
    walk: Walk<16>,
    piece_walk: Walk<16>,
}

/// A request that changes a slot, with what makes a repetition known.
pub struct Repeatable<'a, T> {
    /// What is asked.
    pub request: &'a T,
    /// Its bytes, as they came.
    pub bytes: &'a [u8],
}

struct Rates {
    sends: Bucket,
    commits: Bucket,
}

impl Slots {
    /// Makes a slot.
    ///
    /// # Errors
    /// `Exists`, `Malformed`, `TooLarge`, `PiecesUnknown`.
    pub fn create(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        asked: Repeatable<'_, CreateSlot>,
    ) -> Outcome<Stored> {
        let request = asked.request;
        let attempt = Attempt::new(&request.idempotency, asked.bytes);
        if let Some(stored) = attempt.remembered(call)? {
            return Ok(stored);
        }
        if slot_row(call, request.slot)?.is_some() {
            return Err(Refusal::Exists.into());
        }
        // An address that is bound to nothing yet carries zeros in the slot's place.
        if request.slot.0 == [0; 16] {
            return Err(Refusal::Malformed.into());
        }
        check_epoch(&request.posting_key.0, &request.state)?;
        check_welcomes(&request.welcomes)?;
        check_optional_payload(request.message.as_slice())?;
        let message = !request.message.as_slice().is_empty();
        let next_sequence = if message { FIRST_SEQUENCE + 2 } else { FIRST_SEQUENCE + 1 };
        insert_slot(call, request, next_sequence)?;
        let place = Place { slot: request.slot, sequence: FIRST_SEQUENCE, epoch: FIRST_EPOCH };
        self.welcome(call, ports, place, &request.welcomes)?;
        if message {
            let targets = self.targets(call, ports, request.slot, &request.posting_key.0)?;
            let place = Place { sequence: FIRST_SEQUENCE + 1, ..place };
            deliver(call, ports, place, DeliveryKind::Message, &request.message, &targets)?;
        }
        attempt.remember(call, place.stored())
    }

    /// Sends one payload to everybody in the roster.
    ///
    /// # Errors
    /// `UnknownSlot`, `StaleEpoch`, `Malformed`, `TooLarge`, `Busy`.
    pub fn send(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        asked: Repeatable<'_, Send>,
    ) -> Outcome<Stored> {
        let request = asked.request;
        let attempt = Attempt::new(&request.idempotency, asked.bytes);
        if let Some(stored) = attempt.remembered(call)? {
            return Ok(stored);
        }
        let row = permitted(call, request.slot, &request.posting_key.0)?;
        check_payload(request.payload.as_slice())?;
        self.take_send(request.slot, call.now)?;
        let targets = self.targets(call, ports, request.slot, &request.posting_key.0)?;
        let place = Place { slot: request.slot, sequence: row.next_sequence, epoch: row.epoch };
        let params =
            [(place.sequence + 1).into(), row.renewed(call.today()).into(), (&request.slot.0).into()];
        call.db.write().execute(sql::ADVANCE, &params)?;
        deliver(call, ports, place, DeliveryKind::Message, &request.payload, &targets)?;
        attempt.remember(call, place.stored())
    }

    /// Moves the slot to its next epoch, in one transaction with the Welcomes and the first message under it.
    ///
    /// # Errors
    /// `UnknownSlot`, `StaleEpoch` (another commit was first), `Malformed`, `TooLarge`, `PiecesUnknown`, `Busy`.
    pub fn commit(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        asked: Repeatable<'_, Commit>,
    ) -> Outcome<Stored> {
        let request = asked.request;
        let attempt = Attempt::new(&request.idempotency, asked.bytes);
        if let Some(stored) = attempt.remembered(call)? {
            return Ok(stored);
        }
        let row = permitted(call, request.slot, &request.posting_key.0)?;
        check_epoch(&request.next_posting_key.0, &request.next)?;
        check_commit(request.commit.as_slice())?;
        check_welcomes(&request.welcomes)?;
        check_optional_payload(request.message.as_slice())?;
        self.take_commit(request.slot, call.now)?;
        let before = self.targets(call, ports, request.slot, &request.posting_key.0)?;
        let place = Place { slot: request.slot, sequence: row.next_sequence, epoch: row.epoch };
        let after = Place { epoch: row.epoch + 1, ..place };
        self.advance(call, request, &row, after)?;
        deliver(call, ports, place, DeliveryKind::Commit, &request.commit, &before)?;
        self.welcome(call, ports, after, &request.welcomes)?;
        if !request.message.as_slice().is_empty() {
            let targets = self.targets(call, ports, request.slot, &request.next_posting_key.0)?;
            let message = Place { sequence: place.sequence + 1, ..after };
            deliver(call, ports, message, DeliveryKind::Message, &request.message, &targets)?;
        }
        attempt.remember(call, after.stored())
    }

    /// Gives pieces to who knows their names.
    ///
    /// # Errors
    /// `TooLarge`, `Busy`, `UnknownSlot`.
    pub fn fetch_pieces(
        &mut self,
        call: &Call<'_>,
        source: Source,
        request: &FetchPieces,
    ) -> Outcome<Pieces> {
        check_fetch(request)?;
        let pieces = pieces::fetch(call, request);
        let bytes =
            pieces.as_ref().map_or(0, |found| found.sealed.iter().map(|it| it.as_slice().len()).sum());
        let taken = self.fetches.take_many(source, units(bytes), FETCH_UNITS_PER_HOUR, call.now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })?;
        pieces
    }

    /// An address was deleted, filed or bound elsewhere.
    pub fn address_changed(&mut self, address: AddressKey) {
        self.rosters.forget_address(address);
    }

    /// Forgets opened rosters: the batch they were opened in is lost.
    pub fn lost(&mut self) {
        self.rosters.clear();
    }

    /// What the sweep removed came back: it begins anew.
    pub fn restart_sweep(&mut self) {
        self.walk = Walk::default();
        self.piece_walk = Walk::default();
    }

    /// Removes expired slots and idempotency ids in one small step, and from memory what is old.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<usize, DbError> {
        let now = call.now;
        self.rosters.expire(now);
        self.rates.retain(|_, rates| !rates.are_full(now));
        let oldest = half_days(now)[2];
        call.db.write().execute(sql::SWEEP_REMEMBERED, &[oldest.into(), rows.into()])?;
        self.piece_walk.step(call, sql::WALK_PIECES, rows, |id| pieces::expire(call, SlotId(*id)))?;
        self.walk.step(call, sql::WALK, rows, |id| {
            call.db.write().execute(sql::DELETE, &[id.into()])?;
            pieces::remove_all(call, id)?;
            call.db.write().execute(sql::DELETE_STATE, &[id.into()]).map(drop)
        })
    }

    /// The roster's targets, opened now or within the last minute.
    fn targets(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        slot: SlotId,
        posting_key: &[u8; 32],
    ) -> Outcome<Targets> {
        let key = (slot, posting_key_hash(posting_key));
        if let Some(targets) = self.rosters.find(&key, call.now) {
            return Ok(targets);
        }
        let sealed =
            call.db.read().one(sql::ROSTER, &[(&slot.0).into()], |row| Ok(row.bytes(0)?.to_vec()))?;
        let mut addresses = open(posting_key, &sealed.unwrap_or_default()).map_err(|_| Refusal::Malformed)?;
        // One named twice would get everything twice.
        addresses.sort_unstable_by_key(|a| a.0);
        addresses.dedup_by_key(|a| a.0);
        let mut targets = Vec::with_capacity(addresses.len());
        for address in &addresses {
            targets.extend(ports.resolve(call, slot, address)?);
        }
        let targets: Targets = targets.into();
        let keys = addresses.iter().map(key_of).collect();
        self.rosters.remember(key, keys, targets.clone(), call.now);
        Ok(targets)
    }

    /// Binds the addresses of the Welcomes to the slot and delivers to those that could be bound.
    fn welcome(
        &mut self,
        call: &mut Call<'_>,
        ports: &mut dyn Ports,
        place: Place,
        welcomes: &[WelcomeFor],
    ) -> Outcome<()> {
        for welcome in welcomes {
            let target = ports.bind(call, place.slot, &welcome.address)?;
            self.rosters.forget_address(key_of(&welcome.address));
            if let Some(target) = target {
                deliver(call, ports, place, DeliveryKind::Welcome, &welcome.payload, &[target])?;
            }
        }
        Ok(())
    }

    fn advance(&mut self, call: &mut Call<'_>, request: &Commit, row: &SlotRow, after: Place) -> Outcome<()> {
        let stored = if request.message.as_slice().is_empty() { 1 } else { 2 };
        let params = [
            after.epoch.into(),
            (after.sequence + stored).into(),
            (&request.next.posting_key_hash).into(),
            row.renewed(call.today()).into(),
            (&request.slot.0).into(),
        ];
        call.db.write().execute(sql::NEXT_EPOCH, &params)?;
        put_state(call, request.slot, &request.next, !request.welcomes.is_empty())
    }

    fn take_send(&mut self, slot: SlotId, now: Timestamp) -> Result<(), Refusal> {
        let taken = self.rates(slot, now)?.sends.take(SENDS_PER_SECOND, SEND_REFILL_MS, now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })
    }

    fn take_commit(&mut self, slot: SlotId, now: Timestamp) -> Result<(), Refusal> {
        let taken = self.rates(slot, now)?.commits.take(COMMIT_BURST, COMMIT_REFILL_MS, now);
        taken.map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })
    }

    fn rates(&mut self, slot: SlotId, now: Timestamp) -> Result<&mut Rates, Refusal> {
        if self.rates.len() >= RATES_MAX && !self.rates.contains_key(&slot) {
            self.rates.retain(|_, rates| !rates.are_full(now));
            if self.rates.len() >= RATES_MAX {
                return Err(Refusal::Busy { retry_after_ms: SEND_REFILL_MS as u32 });
            }
        }
        Ok(self.rates.entry(slot).or_insert_with(|| Rates {
            sends: Bucket::full(SENDS_PER_SECOND, now),
            commits: Bucket::full(COMMIT_BURST, now),
        }))
    }
}

impl Rates {
    fn are_full(&mut self, now: Timestamp) -> bool {
        self.sends.is_full(SENDS_PER_SECOND, SEND_REFILL_MS, now)
            && self.commits.is_full(COMMIT_BURST, COMMIT_REFILL_MS, now)
    }
}

/// The rejoin blob as it stands. It opens only with `R`.
///
/// # Errors
/// `UnknownSlot`.
pub fn fetch_rejoin(call: &Call<'_>, request: &FetchRejoin) -> Outcome<Rejoin> {
    let found = call.db.read().one(sql::REJOIN, &[(&request.slot.0).into()], |row| {
        Ok(Rejoin { blob: row.bytes(0)?.into(), epoch: row.count(1)? })
    })?;
    found.ok_or(Stop::Refused(Refusal::UnknownSlot))
}

/// A place in a slot's one order.
#[derive(Clone, Copy)]
struct Place {
    slot: SlotId,
    sequence: u64,
    epoch: u64,
}

impl Place {
    fn stored(self) -> Stored {
        Stored { sequence: self.sequence, epoch: self.epoch }
    }
}

/// One attempt to change something, known again when it is repeated within a day.
struct Attempt {
    id: [u8; 16],
    request: [u8; 16],
}

impl Attempt {
    fn new(id: &IdempotencyId, request: &[u8]) -> Self {
        Self {
            id: short(seal::sha256(&[b"valise idempotency v1", &id.0])),
            request: short(seal::sha256(&[request])),
        }
    }

    /// What was answered before; another request under the same id is refused.
    fn remembered(&self, call: &Call<'_>) -> Outcome<Option<Stored>> {
        let [now, before, long_before] = half_days(call.now);
        let params = [now.into(), before.into(), long_before.into(), (&self.id).into()];
        let row = call.db.read().one(sql::REMEMBERED, &params, |row| {
            Ok((row.array::<16>(0)?, Stored { sequence: row.count(1)?, epoch: row.count(2)? }))
        })?;
        match row {
            None => Ok(None),
            Some((request, stored)) if request == self.request => Ok(Some(stored)),
            Some(_) => Err(Refusal::Exists.into()),
        }
    }

    fn remember(&self, call: &Call<'_>, stored: Stored) -> Outcome<Stored> {
        let [now, ..] = half_days(call.now);
        let params = [
            now.into(),
            (&self.id).into(),
            (&self.request).into(),
            stored.sequence.into(),
            stored.epoch.into(),
        ];
        call.db.write().execute(sql::REMEMBER, &params)?;
        Ok(stored)
    }
}

struct SlotRow {
    expiry: Day,
    epoch: u64,
    next_sequence: u64,
    posting_key_hash: [u8; 32],
}

impl SlotRow {
    /// The expiry day to write: use renews it now and then.
    fn renewed(&self, today: Day) -> u32 {
        renewal(self.expiry, today, SLOT_DAYS).unwrap_or(self.expiry).0
    }
}

fn slot_row(call: &Call<'_>, slot: SlotId) -> Result<Option<SlotRow>, DbError> {
    call.db.read().one(sql::SLOT, &[(&slot.0).into()], |row| {
        Ok(SlotRow {
            expiry: Day(row.small(0)?),
            epoch: row.count(1)?,
            next_sequence: row.count(2)?,
            posting_key_hash: row.array(3)?,
        })
    })
}

/// The slot, for whoever shows the posting key of its present epoch.
fn permitted(call: &Call<'_>, slot: SlotId, posting_key: &[u8; 32]) -> Outcome<SlotRow> {
    let row = slot_row(call, slot)?.ok_or(Refusal::UnknownSlot)?;
    if same(&posting_key_hash(posting_key), &row.posting_key_hash) {
        Ok(row)
    } else {
        Err(Refusal::StaleEpoch.into())
    }
}

/// The state belongs to the posting key shown with it: its hash, and a roster that opens.
fn check_epoch(posting_key: &[u8; 32], state: &EpochState) -> Result<(), Refusal> {
    check_state(state)?;
    let hash_fits = same(&posting_key_hash(posting_key), &state.posting_key_hash);
    let opens = open(posting_key, state.roster.as_slice()).is_ok();
    if hash_fits && opens { Ok(()) } else { Err(Refusal::Malformed) }
}

fn insert_slot(call: &mut Call<'_>, request: &CreateSlot, next_sequence: u64) -> Outcome<()> {
    let expiry = call.today().plus(SLOT_DAYS).0;
    let params = [
        (&request.slot.0).into(),
        expiry.into(),
        next_sequence.into(),
        (&request.state.posting_key_hash).into(),
    ];
    call.db.write().execute(sql::INSERT, &params)?;
    put_state(call, request.slot, &request.state, !request.welcomes.is_empty())
}

/// Seals the payload for each target and puts it in its mailbox.
fn deliver(
    call: &mut Call<'_>,
    ports: &mut dyn Ports,
    place: Place,
    kind: DeliveryKind,
    payload: &Bytes,
    targets: &[Target],
) -> Outcome<()> {
    check_fan_out(payload.as_slice(), targets.len())?;
    let Place { slot, sequence, epoch } = place;
    let delivery = Delivery { slot, sequence, epoch, kind, payload: payload.clone() };
    let encoded = delivery.encode().map_err(|_| Refusal::TooLarge)?;
    for target in targets {
        ports.append(call, target, &encoded)?;
    }
    Ok(())
}

/// This half day and the two before it: an id is remembered for 24 to 36 hours.
fn half_days(now: Timestamp) -> [u64; 3] {
    let half = now.0 / (IDEMPOTENCY_HOURS / 2 * HOUR_MS);
    [half, half.saturating_sub(1), half.saturating_sub(2)]
}

fn short(hash: [u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

const FIRST_EPOCH: u64 = 1;
const FIRST_SEQUENCE: u64 = 1;
const SEND_REFILL_MS: u64 = SECOND_MS / SENDS_PER_SECOND as u64;
/// Slots whose rates are in memory: those in use within the last minute.
const RATES_MAX: usize = 200_000;
