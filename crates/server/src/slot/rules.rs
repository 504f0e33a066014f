//! What a request on a slot may be, without database.

use vocab::limits::{PAYLOAD_BYTES_MAX, PAYLOAD_SIZES, SLOT_LEAVES_MAX, WELCOMES_MAX};
use wire::Refusal;
use wire::slot::{EpochState, WelcomeFor};

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

/// Roster and rejoin blob are within bounds.
///
/// # Errors
/// `TooLarge`.
pub fn check_state(state: &EpochState) -> Result<(), Refusal> {
    let fits = state.roster.as_slice().len() <= ROSTER_BYTES_MAX
        && state.rejoin.as_slice().len() <= REJOIN_BYTES_MAX;
    if fits { Ok(()) } else { Err(Refusal::TooLarge) }
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

/// Bytes of all envelopes of one payload: the commit of the largest group (68 KiB to 2,048 leaves), or the largest payload to
/// 40 devices. They are in memory at once.
pub const FAN_OUT_BYTES_MAX: usize = 160 * 1024 * 1024;
/// Bytes of a sealed roster: 33 an entry, and the seal.
pub const ROSTER_BYTES_MAX: usize = SLOT_LEAVES_MAX * 33 + seal::aead::OVERHEAD_BYTES;
/// Bytes of a rejoin blob: the group's info with the tree of up to 64 leaves, and the roster.
pub const REJOIN_BYTES_MAX: usize = 2 * 1024 * 1024;
