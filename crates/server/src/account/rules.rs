//! The rules of codes and claims, without database.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use seal::{SealError, VerifiedChain};
use vocab::limits::{CODE_DIGITS, HANDLE_WAIT_DAYS};
use vocab::{Day, Handle};
use zeroize::Zeroizing;

use crate::keys::{Keys, Use};

/// A handle as given on the wire.
pub fn handle(bytes: &[u8]) -> Option<Handle> {
    std::str::from_utf8(bytes).ok().and_then(|text| Handle::parse(text).ok())
}

/// The form in which a handle is stored.
pub fn handle_hash(keys: &Keys, handle: &Handle) -> [u8; 32] {
    keys.mac(Use::Handle, &[handle.lookup_form().as_bytes()])
}

/// A fresh code: uniform, because numbers above the last whole multiple are drawn again.
pub fn fresh_code(rng: &mut ChaCha20Rng) -> Zeroizing<String> {
    let codes = 10_u32.pow(CODE_DIGITS as u32);
    let fair = u32::MAX - u32::MAX % codes;
    let number = loop {
        let number = rng.next_u32();
        if number < fair {
            break number % codes;
        }
    };
    Zeroizing::new(format!("{number:0CODE_DIGITS$}"))
}

/// What a code is filed under: it is of use only to who asked, for the handle it was asked for (T-04).
pub fn code_key(keys: &Keys, handle: &[u8; 32], requester: &[u8; 32]) -> [u8; 32] {
    keys.mac(Use::Code, &[b"row", handle, requester])
}

/// The form in which a code is stored.
pub fn code_hash(keys: &Keys, row: &[u8; 32], code: &[u8]) -> [u8; 32] {
    keys.mac(Use::Code, &[b"code", row, code])
}

/// The first version of a device list, alone or as a chain of one.
///
/// # Errors
/// [`SealError`].
pub fn first_list(bytes: &[u8]) -> Result<VerifiedChain, SealError> {
    let chain = VerifiedChain::from_first(bytes).or_else(|_| VerifiedChain::verify(bytes))?;
    if chain.version == 1 { Ok(chain) } else { Err(SealError::Malformed) }
}

/// What becomes of a proven claim to a handle that leads to another account (T-03, T-06).
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Waited long enough: the handle changes hands.
    Succeeds,
    /// Noted today (anew), to be repeated from that day on.
    Noted(Day),
    /// Was noted before; from that day on.
    Waits(Day),
}

/// Decides on a claim, given the day the last one was noted, if any.
pub fn claim(noted: Option<Day>, today: Day) -> Claim {
    match noted {
        Some(day) if today.0 >= day.plus(HANDLE_WAIT_DAYS).0 && today.0 <= day.plus(CLAIM_DAYS).0 => {
            Claim::Succeeds
        }
        Some(day) if today >= day && today.0 < day.plus(HANDLE_WAIT_DAYS).0 => {
            Claim::Waits(day.plus(HANDLE_WAIT_DAYS))
        }
        _ => Claim::Noted(today.plus(HANDLE_WAIT_DAYS)),
    }
}

/// Days after which a noted claim counts no more: somebody who once had the number for a day shall not take the
/// handle over years later without waiting.
pub const CLAIM_DAYS: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_claim_waits_seven_days_and_is_forgotten_after_thirty() {
        let day = Day(100);
        assert_eq!(claim(None, day), Claim::Noted(Day(107)));
        assert_eq!(claim(Some(day), Day(103)), Claim::Waits(Day(107)));
        assert_eq!(claim(Some(day), Day(107)), Claim::Succeeds);
        assert_eq!(claim(Some(day), Day(130)), Claim::Succeeds);
        assert_eq!(claim(Some(day), Day(131)), Claim::Noted(Day(138)));
        assert_eq!(claim(Some(day), Day(99)), Claim::Noted(Day(106)), "a clock that went back");
    }

    #[test]
    fn a_code_has_six_digits() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..1_000 {
            let code = fresh_code(&mut rng);
            assert!(code.len() == CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
