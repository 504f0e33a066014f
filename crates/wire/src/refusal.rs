//! Why a request was not done, sorted by what the client does next. Codes are stable; texts belong to the front ends.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::Day;

/// A refusal. It tells nothing about anybody but the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum Refusal {
    /// The request does not follow the protocol, or its place is another door. Stop: a bug or a version.
    #[tls_codec(discriminant = 1)]
    Malformed,
    /// A field is longer than its limit. Correct the request.
    #[tls_codec(discriminant = 2)]
    TooLarge,
    /// A signature, proof or secret does not fit, or there is no such thing: the two are one answer.
    #[tls_codec(discriminant = 3)]
    NotAllowed,
    /// Too much at once. Wait, then the same again.
    #[tls_codec(discriminant = 4)]
    Busy {
        /// Milliseconds to wait.
        retry_after_ms: u32,
    },
    /// The service could not write (disk full, shutting down). Wait, then the same again.
    #[tls_codec(discriminant = 5)]
    Unavailable,
    /// A token is needed, or the one shown is not good or used up. Show another.
    #[tls_codec(discriminant = 6)]
    TokenNeeded,
    /// The posting key shown is that of a past epoch: read the mailbox first, then encrypt again.
    #[tls_codec(discriminant = 10)]
    StaleEpoch,
    /// No slot under this id.
    #[tls_codec(discriminant = 11)]
    UnknownSlot,
    /// A slot, mailbox or address of this name exists and differs.
    #[tls_codec(discriminant = 12)]
    Exists,
    /// The slot lacks pieces that the request names and does not bring. Say all of them.
    #[tls_codec(discriminant = 13)]
    PiecesUnknown,
    /// Not the code that was sent; `tries_left` more, then a new code is needed.
    #[tls_codec(discriminant = 20)]
    WrongCode {
        /// Tries left for this code.
        tries_left: u32,
    },
    /// No code is open for this requester: expired, used, tried too often, or asked for elsewhere.
    #[tls_codec(discriminant = 21)]
    NoOpenCode,
    /// Four codes were sent to this handle in a day.
    #[tls_codec(discriminant = 22)]
    TooManyCodes,
    /// The handle leads to another account; the claim is noted and can be repeated from that day on.
    #[tls_codec(discriminant = 23)]
    HandleHeld {
        /// The first day on which the claim succeeds.
        from: Day,
    },
    /// Not a handle this service takes.
    #[tls_codec(discriminant = 24)]
    BadHandle,
    /// The code could not be handed to its sender.
    #[tls_codec(discriminant = 25)]
    CodeNotSent,
    /// The quota (of directory evaluations, of tokens) is used up until that day.
    #[tls_codec(discriminant = 30)]
    QuotaUsed {
        /// The day more is granted.
        until: Day,
    },
}
