//! Envelopes that a connection was given and will soon acknowledge: kept on disk by batch, not by mailbox.
//!
//! A row of its own costs an envelope a page of its mailbox twice, when it comes and when it goes. So all of a batch that go to
//! connections at once lie in one row, a parcel, which goes when the last of them was acknowledged. What is not acknowledged
//! within [`AGE_MS_MAX`], or whose connection ended, moves to its mailbox (`docs/decisions/0009-flushes-and-parcels.md`).
//!
//! Invariant: an envelope lies in a parcel only while the connection that has its mailbox was given it; whoever reads a mailbox from
//! disk finds all others there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::RngCore;
use server_db::DbError;
use vocab::time::SECOND_MS;
use vocab::{Day, MailboxId, Timestamp};

use super::queue::Fresh;
use super::sql;
use crate::call::Call;

/// All parcels.
#[derive(Default)]
pub struct Parcels {
    /// What was not acknowledged yet: sequences and where each lies, ascending.
    lying: BTreeMap<MailboxId, VecDeque<(u64, ParcelId)>>,
    /// Those on disk.
    left: BTreeMap<ParcelId, Parcel>,
    /// Bytes of them all.
    bytes: usize,
    /// Oldest first; some have gone since.
    ages: VecDeque<(Timestamp, ParcelId)>,
    /// Mailboxes whose connection ended.
    leaving: BTreeSet<MailboxId>,
    /// Memory and disk agree: not so at the start, nor after a batch was lost.
    known: bool,
}

struct Parcel {
    /// How many of its envelopes are lying.
    envelopes: usize,
    bytes: usize,
}

/// Random, so that rows tell nothing about the order in which they came.
type ParcelId = [u8; 16];

/// An envelope on its way from a parcel to its mailbox.
pub struct Moved {
    /// Where it goes.
    pub mailbox: MailboxId,
    /// Its place there.
    pub sequence: u64,
    /// When it expires.
    pub expiry: Day,
    /// As it is stored.
    pub sealed: Vec<u8>,
}

impl Parcels {
    /// Whether one more parcel may lie.
    pub fn has_room(&self) -> bool {
        self.left.len() < PARCELS_MAX && self.bytes < PARCELS_BYTES_MAX
    }

    /// Puts envelopes, at least one, into a new parcel.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn pack(&mut self, call: &mut Call<'_>, expiry: Day, fresh: &[&Fresh]) -> Result<(), DbError> {
        let mut id = ParcelId::default();
        call.rng.fill_bytes(&mut id);
        let content: Vec<u8> = fresh.iter().flat_map(|fresh| written(fresh, expiry)).collect();
        call.db.write().execute(sql::INSERT_PARCEL, &[(&id).into(), (&content).into()])?;
        for fresh in fresh {
            self.lying.entry(fresh.mailbox).or_default().push_back((fresh.sequence, id));
        }
        self.left.insert(id, Parcel { envelopes: fresh.len(), bytes: content.len() });
        self.bytes += content.len();
        self.ages.push_back((call.now, id));
        Ok(())
    }

    /// Everything of the mailbox up to `sequence` was acknowledged.
    pub fn acknowledged(&mut self, mailbox: MailboxId, sequence: u64) {
        let Some(lying) = self.lying.get_mut(&mailbox) else { return };
        while let Some((_, id)) = lying.front().copied().filter(|(first, _)| *first <= sequence) {
            lying.pop_front();
            if let Some(parcel) = self.left.get_mut(&id) {
                parcel.envelopes = parcel.envelopes.saturating_sub(1);
            }
        }
        if lying.is_empty() {
            self.lying.remove(&mailbox);
        }
    }

    /// The mailbox's connection ended.
    pub fn leave(&mut self, mailbox: MailboxId) {
        if self.lying.contains_key(&mailbox) {
            self.leaving.insert(mailbox);
        }
    }

    /// A batch was lost: the disk is the truth.
    pub fn lost(&mut self) {
        *self = Self::default();
    }

    /// Takes out everything that lies on disk, when memory does not know it: parcel by parcel, so that no more than one is in
    /// memory.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn recover(
        &mut self,
        call: &Call<'_>,
        mut take: impl FnMut(&Moved) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        if self.known {
            return Ok(());
        }
        for id in call.db.read().all(sql::PARCELS, &[], |row| row.array(0))? {
            read(call, id)?.iter().try_for_each(&mut take)?;
            call.db.write().execute(sql::DELETE_PARCEL, &[(&id).into()])?;
        }
        *self = Self { known: true, ..Self::default() };
        Ok(())
    }

    /// Takes out what must lie in its mailbox from now on: what is old, and all of mailboxes whose connection ended or, as
    /// `opening` says, is replaced by another.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn unpack(&mut self, call: &Call<'_>, opening: &BTreeSet<MailboxId>) -> Result<Vec<Moved>, DbError> {
        let mut leaving = std::mem::take(&mut self.leaving);
        leaving.extend(opening);
        let mut from: BTreeSet<ParcelId> =
            leaving.iter().flat_map(|mailbox| self.parcels_of(*mailbox)).collect();
        let old = self.ages.iter().take_while(|(since, _)| is_old(*since, call.now)).count();
        let old: BTreeSet<ParcelId> = self.ages.drain(..old).map(|(_, id)| id).collect();
        from.extend(old.iter().filter(|id| self.left.get(*id).is_some_and(|parcel| parcel.envelopes > 0)));
        let mut moved = Vec::new();
        for id in from {
            let whole = old.contains(&id);
            let lies = |one: &Moved| (whole || leaving.contains(&one.mailbox)) && self.lies(one);
            let taken: Vec<Moved> = read(call, id)?.into_iter().filter(lies).collect();
            for one in &taken {
                self.take(one, id);
            }
            moved.extend(taken);
        }
        Ok(moved)
    }

    /// Deletes the parcels of which nothing is lying any more.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn delete_empty(&mut self, call: &Call<'_>) -> Result<(), DbError> {
        let empty: Vec<ParcelId> =
            self.left.iter().filter(|(_, parcel)| parcel.envelopes == 0).map(|(id, _)| *id).collect();
        for id in empty {
            call.db.write().execute(sql::DELETE_PARCEL, &[(&id).into()])?;
            self.bytes -= self.left.remove(&id).map_or(0, |parcel| parcel.bytes);
        }
        Ok(())
    }

    fn parcels_of(&self, mailbox: MailboxId) -> impl Iterator<Item = ParcelId> {
        self.lying.get(&mailbox).into_iter().flatten().map(|(_, id)| *id)
    }

    fn lies(&self, one: &Moved) -> bool {
        let lying = self.lying.get(&one.mailbox);
        lying
            .is_some_and(|lying| lying.binary_search_by_key(&one.sequence, |(sequence, _)| *sequence).is_ok())
    }

    fn take(&mut self, one: &Moved, id: ParcelId) {
        if let Some(lying) = self.lying.get_mut(&one.mailbox) {
            lying.retain(|(sequence, _)| *sequence != one.sequence);
            if lying.is_empty() {
                self.lying.remove(&one.mailbox);
            }
        }
        if let Some(parcel) = self.left.get_mut(&id) {
            parcel.envelopes = parcel.envelopes.saturating_sub(1);
        }
    }
}

/// A clock that went back makes a parcel old rather than young.
fn is_old(since: Timestamp, now: Timestamp) -> bool {
    now < since || now.ms_since(since) >= AGE_MS_MAX
}

fn read(call: &Call<'_>, id: ParcelId) -> Result<Vec<Moved>, DbError> {
    let content = call.db.read().one(sql::PARCEL, &[(&id).into()], |row| Ok(row.bytes(0)?.to_vec()))?;
    Ok(entries(&content.unwrap_or_default()))
}

/// Mailbox, sequence, day of expiry, length (16, 8, 4, 4 bytes, numbers big-endian), then the envelope.
fn written(fresh: &Fresh, expiry: Day) -> Vec<u8> {
    let mut entry = Vec::with_capacity(HEAD_BYTES + fresh.sealed.len());
    entry.extend(fresh.mailbox.0);
    entry.extend(fresh.sequence.to_be_bytes());
    entry.extend(expiry.0.to_be_bytes());
    // An envelope is far below 4 GiB: a frame is.
    entry.extend(u32::try_from(fresh.sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    entry.extend(&fresh.sealed);
    entry
}

/// The entries of a parcel. Only this program writes them, and the page's seal is checked; one that ends early has no more.
fn entries(mut content: &[u8]) -> Vec<Moved> {
    let mut found = Vec::new();
    while let Some((one, rest)) = entry(content) {
        found.push(one);
        content = rest;
    }
    debug_assert!(content.is_empty(), "a parcel is read to its end");
    found
}

fn entry(content: &[u8]) -> Option<(Moved, &[u8])> {
    let (mailbox, rest) = content.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (expiry, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (sealed, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let moved = Moved {
        mailbox: MailboxId(*mailbox),
        sequence: u64::from_be_bytes(*sequence),
        expiry: Day(u32::from_be_bytes(*expiry)),
        sealed: sealed.to_vec(),
    };
    Some((moved, rest))
}

const HEAD_BYTES: usize = 16 + 8 + 4 + 4;
/// After so long what was not acknowledged moves to its mailbox: a connected device acknowledges within a second.
pub const AGE_MS_MAX: u64 = 10 * SECOND_MS;
/// Parcels that lie at once; envelopes go to their mailboxes while there are so many. Forty a second in [`AGE_MS_MAX`] and some
/// more.
const PARCELS_MAX: usize = 1_024;
/// Bytes of parcels on disk at once; one batch may go beyond, by its own limit.
const PARCELS_BYTES_MAX: usize = 256 * 1024 * 1024;
