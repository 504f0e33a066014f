//! The bounds that client and service both keep. Each has a name, a unit and a reason.

/// Longest text of one message, bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Longest name a person gives themselves, characters: fits a list row, keeps a profile small.
pub const NAME_CHARS_MAX: usize = 64;

/// Longest text about oneself, characters: two lines under a name.
pub const ABOUT_CHARS_MAX: usize = 140;

/// Sizes a payload is padded to, bytes, before it leaves a device. An observer sees one of twelve sizes (T-30).
pub const PAYLOAD_SIZES: [usize; 12] =
    [512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 49_152, 69_632, 262_144, 1_048_576, 4_194_304];

/// Largest frame at any door, bytes: the largest commit with its roster, rejoin blob and Welcomes.
pub const FRAME_BYTES_MAX: usize = 6 * 1024 * 1024;

/// A slot's payload limit, bytes: the largest padded size.
pub const PAYLOAD_BYTES_MAX: usize = PAYLOAD_SIZES[11];

/// Devices (leaves) in one slot.
pub const SLOT_LEAVES_MAX: usize = 2_048;

/// Pieces in one slot's tree, and in one request: the tree of the largest group has 274.
pub const SLOT_PIECES_MAX: usize = 512;

/// Bytes of all pieces that one slot keeps: the largest tree three times, those that have been replaced included.
pub const SLOT_PIECES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Days a piece is kept for whoever was welcomed with it: as long as the letter waits, and one for clocks.
pub const PIECE_DAYS: u32 = ENVELOPE_DAYS + 1;

/// Largest commit that is sent to everybody as it is, bytes; a larger one lies in pieces, which each device fetches.
pub const COMMIT_INLINE_BYTES_MAX: usize = PAYLOAD_SIZES[8];

/// People in one group.
pub const GROUP_PEOPLE_MAX: usize = 1_024;

/// Welcomes in one request: people times devices of the largest group that is made in one step.
pub const WELCOMES_MAX: usize = 2_048;

/// Devices of one account.
pub const DEVICES_MAX: usize = 10;

/// Envelopes delivered and not yet acknowledged, per mailbox: one batch of the receiver.
pub const DELIVERY_WINDOW: usize = 64;

/// Days an envelope waits for its device.
pub const ENVELOPE_DAYS: u32 = 30;
/// Days a mailbox lives after its last fetch.
pub const MAILBOX_DAYS: u32 = 60;
/// Days a slot, an address or a directory row lives after its last use or renewal.
pub const SLOT_DAYS: u32 = 400;

/// Envelopes one mailbox holds; later ones are dropped and counted for the owner.
pub const MAILBOX_ENVELOPES_MAX: u32 = 20_000;
/// Bytes one mailbox holds.
pub const MAILBOX_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Digits of a verification code.
pub const CODE_DIGITS: usize = 6;
/// Life of a verification code, minutes.
pub const CODE_MINUTES: u64 = 10;
/// Tries per code.
pub const CODE_TRIES_MAX: u32 = 3;
/// Codes per handle and day.
pub const CODES_PER_DAY_MAX: u32 = 4;
/// Days somebody who proves a handle waits before it leaves the account that holds it (T-03, T-06).
pub const HANDLE_WAIT_DAYS: u32 = 7;

/// Days a blob is kept at most.
pub const BLOB_DAYS_MAX: u32 = 30;
/// A blob of up to so many bytes, kept for [`BLOB_FREE_DAYS`], costs no token: what links a device, which cannot earn any yet.
pub const BLOB_FREE_BYTES_MAX: usize = PAYLOAD_SIZES[5];
/// See [`BLOB_FREE_BYTES_MAX`].
pub const BLOB_FREE_DAYS: u32 = 1;
/// Capabilities asked about at once: the chunks of 64 MiB, at the least.
pub const BLOBS_ASKED_MAX: usize = 256;

/// Tokens an account earns in a day: 4 GiB of blobs (T-40).
pub const TOKENS_PER_DAY: u32 = 256;
/// Tokens earned in one request.
pub const TOKENS_AT_ONCE_MAX: usize = 64;
/// Bytes of blobs that one token pays for.
pub const TOKEN_BYTES: u64 = 16 * 1024 * 1024;
/// Days a token is of use after the day it was earned on.
pub const TOKEN_DAYS: u32 = 1;

/// Key packages a device keeps in stock at the service.
pub const KEY_PACKAGE_STOCK: usize = 20;
/// Refill when no more than this many are left.
pub const KEY_PACKAGE_REFILL_AT: usize = 10;
/// Key packages strangers may draw per account and day; after that they get the last-resort one (T-17).
pub const KEY_PACKAGE_DRAWS_PER_DAY: u32 = 10;
/// Bytes of one sealed key package at most.
pub const KEY_PACKAGE_BYTES_MAX: usize = 8 * 1024;
/// An answer to a key-package request is padded to this many bytes: ten devices and their list look like one (T-09).
pub const KEY_PACKAGES_ANSWER_BYTES: usize = 48 * 1024;
/// Slots that the address of a last-resort package may be bound to.
pub const LAST_RESORT_SLOTS_MAX: usize = 64;

/// Directory evaluations: once per account (T-01).
pub const DIRECTORY_QUOTA_FIRST: u32 = 2_000;
/// Directory evaluations per account and day after that.
pub const DIRECTORY_QUOTA_DAILY: u32 = 200;
/// Blinded handles in one evaluation request.
pub const DIRECTORY_BATCH_MAX: usize = 100;

/// Hours an idempotency id is remembered.
pub const IDEMPOTENCY_HOURS: u64 = 24;

/// Commits per slot: how many at once.
pub const COMMIT_BURST: u32 = 10;
/// Commits per slot: then one per so many milliseconds.
pub const COMMIT_REFILL_MS: u64 = 5_000;
/// Sends per slot and second.
pub const SENDS_PER_SECOND: u32 = 50;
