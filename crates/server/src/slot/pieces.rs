//! Pieces of a slot: the tree of its present epoch, what newcomers of the last weeks were told to fetch, and commits too
//! large to be sent to everybody.
//!
//! Invariant: the tree that the present epoch names is whole: a request that would leave it otherwise changes nothing.

use std::collections::BTreeSet;

use server_db::DbError;
use vocab::limits::{PIECE_DAYS, SLOT_PIECES_BYTES_MAX};
use vocab::{Day, PieceId, SlotId};
use wire::slot::{EpochState, FetchPieces, Piece, Pieces};
use wire::{Bytes, Refusal};

use super::sql;
use crate::call::{Call, Outcome};

/// What a slot keeps, beside the bytes.
#[derive(Default)]
struct Kept {
    /// Of the present epoch.
    tree: BTreeSet<PieceId>,
    /// The day of the last commit that welcomed somebody to a tree in pieces; 0 for none.
    welcomed: Day,
    /// Bytes of all pieces.
    bytes: u64,
}

/// Writes the state of a slot's next epoch: pieces that it brings are kept, those that have been replaced for as long as
/// somebody may ask for them.
///
/// # Errors
/// `PiecesUnknown`, `TooLarge`.
pub fn put_state(call: &Call<'_>, slot: SlotId, state: &EpochState, welcomes: bool) -> Outcome<()> {
    let mut kept = load(call, slot)?;
    let tree: BTreeSet<PieceId> = state.tree.iter().copied().collect();
    let today = call.today();
    for piece in &state.pieces {
        kept.bytes += insert(call, slot, piece)?;
        if !tree.contains(&piece.id) {
            // Of the commit: whoever was away fetches it as late as the envelope that names it.
            keep_until(call, slot, piece.id, today.plus(PIECE_DAYS))?;
        }
    }
    let brought: BTreeSet<PieceId> = state.pieces.iter().map(|piece| piece.id).collect();
    for id in tree.difference(&kept.tree) {
        if !brought.contains(id) && !has(call, slot, *id)? {
            return Err(Refusal::PiecesUnknown.into());
        }
        call.db.write().execute(sql::FORGET_OLD_PIECE, &[(&slot.0).into(), (&id.0).into()])?;
    }
    let until = today.plus(1).max(kept.welcomed.plus(PIECE_DAYS));
    for id in kept.tree.difference(&tree) {
        keep_until(call, slot, *id, until)?;
    }
    make_room(call, slot, &mut kept)?;
    if welcomes && !tree.is_empty() {
        kept.welcomed = today;
    }
    let ids: Vec<u8> = tree.iter().flat_map(|id| id.0).collect();
    let params = [
        (&slot.0).into(),
        state.roster.as_slice().into(),
        state.rejoin.as_slice().into(),
        ids.as_slice().into(),
        kept.welcomed.0.into(),
        kept.bytes.into(),
        first_old_day(call, slot)?.0.into(),
    ];
    call.db.write().execute(sql::PUT_STATE, &params)?;
    Ok(())
}

/// The first of the pieces that are asked for, as many as fit into an answer.
///
/// # Errors
/// `UnknownSlot`.
pub fn fetch(call: &Call<'_>, request: &FetchPieces) -> Outcome<Pieces> {
    let state = call.db.read().one(sql::HAS_STATE, &[(&request.slot.0).into()], |_| Ok(()))?;
    state.ok_or(Refusal::UnknownSlot)?;
    let (mut sealed, mut bytes) = (Vec::new(), 0);
    for id in &request.ids {
        let params = [(&request.slot.0).into(), (&id.0).into()];
        let found = call.db.read().one(sql::PIECE, &params, |row| Ok(row.bytes(0)?.to_vec()))?;
        let found = found.unwrap_or_default();
        bytes += found.len();
        if bytes > ANSWER_BYTES_MAX && !sealed.is_empty() {
            break;
        }
        sealed.push(Bytes::from(found));
    }
    Ok(Pieces { sealed })
}

/// Removes what nobody asks for any more.
pub(super) fn expire(call: &Call<'_>, slot: SlotId) -> Result<(), DbError> {
    let mut bytes = load(call, slot)?.bytes;
    let params = [(&slot.0).into(), call.today().0.into()];
    let due = call.db.read().all(sql::OLD_PIECES_BEFORE, &params, |row| row.array::<32>(0))?;
    for id in due {
        bytes = bytes.saturating_sub(remove(call, slot, PieceId(id))?);
    }
    let params = [bytes.into(), first_old_day(call, slot)?.0.into(), (&slot.0).into()];
    call.db.write().execute(sql::PIECES_EXPIRED, &params).map(drop)
}

/// Removes all: the slot is gone.
pub(super) fn remove_all(call: &Call<'_>, slot: &[u8; 16]) -> Result<(), DbError> {
    call.db.write().execute(sql::DELETE_PIECES, &[slot.into()])?;
    call.db.write().execute(sql::DELETE_OLD_PIECES, &[slot.into()]).map(drop)
}

/// What has been replaced longest goes first, where there is too much of it.
fn make_room(call: &Call<'_>, slot: SlotId, kept: &mut Kept) -> Outcome<()> {
    let most = SLOT_PIECES_BYTES_MAX as u64;
    if kept.bytes <= most {
        return Ok(());
    }
    let old = call.db.read().all(sql::OLD_PIECES, &[(&slot.0).into()], |row| row.array::<32>(0))?;
    for id in old {
        kept.bytes = kept.bytes.saturating_sub(remove(call, slot, PieceId(id))?);
        if kept.bytes <= most {
            return Ok(());
        }
    }
    Err(Refusal::TooLarge.into())
}

fn load(call: &Call<'_>, slot: SlotId) -> Result<Kept, DbError> {
    let found = call.db.read().one(sql::KEPT, &[(&slot.0).into()], |row| {
        let ids = row.bytes(0)?.chunks_exact(PieceId::BYTES).filter_map(|id| PieceId::from_slice(id).ok());
        Ok(Kept { tree: ids.collect(), welcomed: Day(row.small(1)?), bytes: row.count(2)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// Keeps a piece, unless the slot has it; the bytes that it adds.
fn insert(call: &Call<'_>, slot: SlotId, piece: &Piece) -> Result<u64, DbError> {
    if has(call, slot, piece.id)? {
        return Ok(0);
    }
    let sealed = piece.sealed.as_slice();
    let params = [(&slot.0).into(), (&piece.id.0).into(), sealed.into()];
    call.db.write().execute(sql::INSERT_PIECE, &params)?;
    Ok(sealed.len() as u64)
}

/// Removes a piece that no tree of the present names; the bytes that it held.
fn remove(call: &Call<'_>, slot: SlotId, id: PieceId) -> Result<u64, DbError> {
    let params = [(&slot.0).into(), (&id.0).into()];
    let bytes = call.db.read().one(sql::PIECE, &params, |row| Ok(row.bytes(0)?.len() as u64))?;
    call.db.write().execute(sql::FORGET_OLD_PIECE, &params)?;
    call.db.write().execute(sql::DELETE_PIECE, &params)?;
    Ok(bytes.unwrap_or(0))
}

fn has(call: &Call<'_>, slot: SlotId, id: PieceId) -> Result<bool, DbError> {
    let params = [(&slot.0).into(), (&id.0).into()];
    Ok(call.db.read().one(sql::HAS_PIECE, &params, |_| Ok(()))?.is_some())
}

fn keep_until(call: &Call<'_>, slot: SlotId, id: PieceId, day: Day) -> Result<(), DbError> {
    let params = [(&slot.0).into(), (&id.0).into(), day.0.into()];
    call.db.write().execute(sql::KEEP_OLD_PIECE, &params).map(drop)
}

fn first_old_day(call: &Call<'_>, slot: SlotId) -> Result<Day, DbError> {
    let first = call.db.read().one(sql::FIRST_OLD_DAY, &[(&slot.0).into()], |row| Ok(Day(row.small(0)?)))?;
    Ok(first.unwrap_or(NEVER))
}

/// Of all pieces in one answer: what a frame leaves, less one piece of the largest size.
const ANSWER_BYTES_MAX: usize = vocab::limits::FRAME_BYTES_MAX - vocab::limits::PAYLOAD_BYTES_MAX / 2;
/// No piece waits for its end.
const NEVER: Day = Day(u32::MAX);
