//! The four doors. No operation exists at two of them; the tests of this module keep it so.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::account::{
    Authenticate, Register, Registered, RequestCode, RequestPermit, UpdateDeviceList, Visited,
};
use crate::address::{CreateAddress, DeleteAddress};
use crate::blob::{AskBlobs, Blob, BlobsThere, DeleteBlob, FetchBlob, PutBlob};
use crate::directory::{DirectoryRow, Evaluate, Evaluated, FetchDirectoryRow, PutDirectoryRow};
use crate::key_package::{FetchKeyPackages, KeyPackages, PutKeyPackages};
use crate::mailbox::{Challenge, CreateMailbox, Envelopes, OpenMailbox, Opened};
use crate::slot::{Commit, CreateSlot, FetchPieces, FetchRejoin, Pieces, Rejoin, Send, Stored};
use crate::token::{EarnTokens, TokensEarned};
use crate::{Bytes, Refusal, Reply};

/// A door of the service. Each is a connection of its own, never shared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    /// Receives and acknowledges; authenticated by the mailbox's own key.
    Mailbox,
    /// Sends, fetches, files; without identity.
    Unnamed,
    /// Registers, supplies key packages, asks the directory, earns tokens; authenticated by a device key. Rare.
    Account,
    /// Puts and fetches blobs; without identity. Apart from the unnamed door, so that no text waits behind a picture.
    Blob,
}

impl Door {
    /// Path of the WebSocket, the same on every service.
    pub fn path(self) -> &'static str {
        match self {
            Self::Mailbox => "/v1/mailbox",
            Self::Unnamed => "/v1/unnamed",
            Self::Account => "/v1/account",
            Self::Blob => "/v1/blob",
        }
    }

    /// Whether the client speaks first: nobody is there, so that nobody is challenged.
    pub fn is_without_identity(self) -> bool {
        matches!(self, Self::Unnamed | Self::Blob)
    }

    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mailbox, Self::Unnamed, Self::Account, Self::Blob];
}

/// What can be asked at the unnamed door, each as `Request<UnnamedRequest>`.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum UnnamedRequest {
    /// See [`CreateMailbox`].
    #[tls_codec(discriminant = 0x0101)]
    CreateMailbox(CreateMailbox),
    /// See [`CreateAddress`].
    #[tls_codec(discriminant = 0x0102)]
    CreateAddress(CreateAddress),
    /// See [`DeleteAddress`].
    #[tls_codec(discriminant = 0x0103)]
    DeleteAddress(DeleteAddress),
    /// See [`CreateSlot`].
    #[tls_codec(discriminant = 0x0104)]
    CreateSlot(CreateSlot),
    /// See [`Send`].
    #[tls_codec(discriminant = 0x0105)]
    Send(Send),
    /// See [`Commit`].
    #[tls_codec(discriminant = 0x0106)]
    Commit(Commit),
    /// See [`FetchRejoin`].
    #[tls_codec(discriminant = 0x0107)]
    FetchRejoin(FetchRejoin),
    /// See [`FetchKeyPackages`].
    #[tls_codec(discriminant = 0x0108)]
    FetchKeyPackages(FetchKeyPackages),
    /// See [`PutDirectoryRow`].
    #[tls_codec(discriminant = 0x0109)]
    PutDirectoryRow(PutDirectoryRow),
    /// See [`FetchDirectoryRow`].
    #[tls_codec(discriminant = 0x010A)]
    FetchDirectoryRow(FetchDirectoryRow),
    /// See [`FetchPieces`].
    #[tls_codec(discriminant = 0x010E)]
    FetchPieces(FetchPieces),
}

/// What comes of it, each as `Reply<UnnamedAnswer>`.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum UnnamedAnswer {
    /// Done, and on disk (mailbox, address, directory row).
    #[tls_codec(discriminant = 1)]
    Done,
    /// Stored, and on disk (slot, send, commit).
    #[tls_codec(discriminant = 2)]
    Stored(Stored),
    /// See [`Rejoin`].
    #[tls_codec(discriminant = 3)]
    Rejoin(Rejoin),
    /// See [`KeyPackages`].
    #[tls_codec(discriminant = 4)]
    KeyPackages(KeyPackages),
    /// See [`DirectoryRow`].
    #[tls_codec(discriminant = 5)]
    DirectoryRow(DirectoryRow),
    /// See [`Pieces`].
    #[tls_codec(discriminant = 7)]
    Pieces(Pieces),
}

/// What can be asked at the account door, each as `Request<AccountRequest>`, after the service's [`AccountAnswer::Challenge`].
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum AccountRequest {
    /// See [`RequestCode`]. Before authentication.
    #[tls_codec(discriminant = 0x0201)]
    RequestCode(RequestCode),
    /// See [`Register`]. Before authentication; authenticates the connection as the new account's first device.
    #[tls_codec(discriminant = 0x0202)]
    Register(Register),
    /// See [`Authenticate`].
    #[tls_codec(discriminant = 0x0203)]
    Authenticate(Authenticate),
    /// See [`UpdateDeviceList`].
    #[tls_codec(discriminant = 0x0204)]
    UpdateDeviceList(UpdateDeviceList),
    /// See [`PutKeyPackages`].
    #[tls_codec(discriminant = 0x0205)]
    PutKeyPackages(PutKeyPackages),
    /// See [`Evaluate`].
    #[tls_codec(discriminant = 0x0206)]
    Evaluate(Evaluate),
    /// See [`RequestPermit`].
    #[tls_codec(discriminant = 0x0207)]
    RequestPermit(RequestPermit),
    /// See [`EarnTokens`].
    #[tls_codec(discriminant = 0x0208)]
    EarnTokens(EarnTokens),
}

/// What comes of it, each as `Reply<AccountAnswer>`. The challenge comes first, as the answer to request number 0.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum AccountAnswer {
    /// See [`Challenge`].
    #[tls_codec(discriminant = 1)]
    Challenge(Challenge),
    /// The code is on its way.
    #[tls_codec(discriminant = 2)]
    CodeSent,
    /// See [`Registered`].
    #[tls_codec(discriminant = 3)]
    Registered(Registered),
    /// Authenticated.
    #[tls_codec(discriminant = 4)]
    Visited(Visited),
    /// Done, and on disk.
    #[tls_codec(discriminant = 5)]
    Done,
    /// See [`Evaluated`].
    #[tls_codec(discriminant = 6)]
    Evaluated(Evaluated),
    /// A permit, see [`Registered::permit`].
    #[tls_codec(discriminant = 7)]
    Permit(Bytes),
    /// See [`TokensEarned`].
    #[tls_codec(discriminant = 8)]
    TokensEarned(TokensEarned),
}

/// What can be asked at the blob door, each as `Request<BlobRequest>`.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum BlobRequest {
    /// See [`PutBlob`].
    #[tls_codec(discriminant = 0x0301)]
    PutBlob(PutBlob),
    /// See [`FetchBlob`].
    #[tls_codec(discriminant = 0x0302)]
    FetchBlob(FetchBlob),
    /// See [`DeleteBlob`].
    #[tls_codec(discriminant = 0x0303)]
    DeleteBlob(DeleteBlob),
    /// See [`AskBlobs`].
    #[tls_codec(discriminant = 0x0304)]
    AskBlobs(AskBlobs),
}

/// What comes of it, each as `Reply<BlobAnswer>`.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u16)]
pub enum BlobAnswer {
    /// Done, and on disk.
    #[tls_codec(discriminant = 1)]
    Done,
    /// See [`Blob`].
    #[tls_codec(discriminant = 2)]
    Blob(Blob),
    /// See [`BlobsThere`].
    #[tls_codec(discriminant = 3)]
    BlobsThere(BlobsThere),
}

/// What a device says at the mailbox door.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum MailboxFromDevice {
    /// See [`OpenMailbox`]. First.
    #[tls_codec(discriminant = 1)]
    Open(OpenMailbox),
    /// Everything up to and including this sequence is safe on the device: it is deleted.
    #[tls_codec(discriminant = 2)]
    Acknowledge(u64),
}

/// What the service says at the mailbox door.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum MailboxFromService {
    /// See [`Challenge`]. First.
    #[tls_codec(discriminant = 1)]
    Challenge(Challenge),
    /// See [`Opened`].
    #[tls_codec(discriminant = 2)]
    Opened(Opened),
    /// See [`Envelopes`].
    #[tls_codec(discriminant = 3)]
    Envelopes(Envelopes),
    /// The mailbox cannot be opened, or was opened elsewhere since; the connection ends.
    #[tls_codec(discriminant = 4)]
    Refused(Refusal),
}

/// An answer at the unnamed door.
pub type UnnamedReply = Reply<UnnamedAnswer>;
/// An answer at the account door.
pub type AccountReply = Reply<AccountAnswer>;
/// An answer at the blob door.
pub type BlobReply = Reply<BlobAnswer>;
