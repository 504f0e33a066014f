//! What a request on a slot may be, without database.

use vocab::limits::{
    COMMIT_INLINE_BYTES_MAX, PAYLOAD_BYTES_MAX, PAYLOAD_SIZES, SLOT_LEAVES_MAX, SLOT_PIECES_MAX, WELCOMES_MAX,
};
use wire::Refusal;
use wire::slot::{EpochState, FetchPieces, WelcomeFor};

/// A payload has one of twelve sizes.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_payload(payload: &[u8]) -> Result<(), Refusal> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        Err(Refusal::TooLarge)
    } else if PAYLOAD_SIZES.contains(&payload.len()) {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

/// So does one that may be left out.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_optional_payload(payload: &[u8]) -> Result<(), Refusal> {
    if payload.is_empty() { Ok(()) } else { check_payload(payload) }
}

/// A commit is sent to everybody: one that is larger lies in pieces.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_commit(commit: &[u8]) -> Result<(), Refusal> {
    if commit.len() > COMMIT_INLINE_BYTES_MAX { Err(Refusal::TooLarge) } else { check_payload(commit) }
}

/// Roster and rejoin blob are within bounds, pieces are not too many, and each is a payload.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_state(state: &EpochState) -> Result<(), Refusal> {
    let fits = state.roster.as_slice().len() <= ROSTER_BYTES_MAX
        && state.rejoin.as_slice().len() <= REJOIN_BYTES_MAX
        && state.tree.len() <= SLOT_PIECES_MAX
        && state.pieces.len() <= SLOT_PIECES_MAX;
    if !fits {
        return Err(Refusal::TooLarge);
    }
    state.pieces.iter().try_for_each(|piece| check_payload(piece.sealed.as_slice()))
}

/// Not too many pieces are asked for at once.
///
/// # Errors
/// `TooLarge`.
pub fn check_fetch(request: &FetchPieces) -> Result<(), Refusal> {
    if request.ids.len() > SLOT_PIECES_MAX { Err(Refusal::TooLarge) } else { Ok(()) }
}

/// What so many bytes count in a network's hour: small things one, large ones by size.
pub fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX).max(1)
}

/// Welcomes are not too many, and each is a payload.
///
/// # Errors
/// `TooLarge`, `Malformed`.
pub fn check_welcomes(welcomes: &[WelcomeFor]) -> Result<(), Refusal> {
    if welcomes.len() > WELCOMES_MAX {
        return Err(Refusal::TooLarge);
    }
    welcomes.iter().try_for_each(|welcome| check_payload(welcome.payload.as_slice()))
}

/// What one payload becomes in all mailboxes together is within bounds.
///
/// # Errors
/// `TooLarge`.
pub fn check_fan_out(payload: &[u8], mailboxes: usize) -> Result<(), Refusal> {
    if payload.len().saturating_mul(mailboxes) <= FAN_OUT_BYTES_MAX { Ok(()) } else { Err(Refusal::TooLarge) }
}

/// Bytes of a unit.
const UNIT_BYTES: usize = 64 * 1024;
/// Units of pieces that one network fetches within an hour: 4 GiB, the largest tree some 400 times.
pub const FETCH_UNITS_PER_HOUR: u32 = 64 * 1024;
/// Bytes of all envelopes of one payload: the commit of the largest group (68 KiB to 2,048 leaves), or the largest payload to
/// 40 devices. They are in memory at once.
pub const FAN_OUT_BYTES_MAX: usize = 160 * 1024 * 1024;
/// Bytes of a sealed roster: 33 an entry, and the seal.
pub const ROSTER_BYTES_MAX: usize = SLOT_LEAVES_MAX * 33 + seal::aead::OVERHEAD_BYTES;
/// Bytes of a rejoin blob: the group's description with the tree of a small group, whose leaves may carry long chains of lists.
pub const REJOIN_BYTES_MAX: usize = PAYLOAD_BYTES_MAX;
