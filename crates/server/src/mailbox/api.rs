//! The operations on mailboxes.

use std::collections::{BTreeMap, BTreeSet};

use seal::address::wrap;
use seal::challenge::{Purpose, verify};
use server_db::{DbError, Read};
use vocab::limits::{ENVELOPE_DAYS, MAILBOX_DAYS};
use vocab::{Day, MailboxId};
use wire::Refusal;
use wire::mailbox::{CreateMailbox, Envelopes, OpenMailbox, Opened};

use super::live::Live;
use super::parcel::Parcels;
use super::queue::{Fresh, Place, Queues, expired};
use super::sql;
use crate::SessionId;
use crate::call::{Call, Outcome};
use crate::sweep::Walk;

/// All mailboxes: queues, open connections, and what the open batch will change about them once it is on disk.
#[derive(Default)]
pub struct Mailboxes {
    queues: Queues,
    parcels: Parcels,
    live: Live,
    staged: Vec<Staged>,
    written: Vec<Fresh>,
    walk: Walk<16>,
}

/// A change that counts from the moment its batch is on disk.
enum Staged {
    Open(MailboxId, SessionId),
    Acknowledge(MailboxId, SessionId, u64),
    Remove(MailboxId),
}

/// A place in the batch to go back to.
#[derive(Clone, Copy)]
pub struct Mark {
    envelopes: usize,
    staged: usize,
}

/// What a flush gives to connections.
pub enum Delivered {
    /// Envelopes in sequence.
    Envelopes(Envelopes),
    /// The mailbox was opened elsewhere since.
    Replaced,
    /// The mailbox expired.
    Gone,
    /// The disk did not answer.
    Unreadable,
}

impl Mailboxes {
    /// Makes a mailbox, or renews it.
    ///
    /// # Errors
    /// `Exists` (another key).
    pub fn create(&mut self, call: &mut Call<'_>, request: &CreateMailbox) -> Outcome<()> {
        let expiry = call.today().plus(MAILBOX_DAYS).0;
        match row(call.db.read(), request.mailbox)? {
            Some(row) if row.public_key != request.public_key => return Err(Refusal::Exists.into()),
            Some(row) => renew(call, request.mailbox, &row)?,
            None => {
                let params = [(&request.mailbox.0).into(), expiry.into(), (&request.public_key).into()];
                call.db.write().execute(sql::INSERT, &params)?;
            }
        }
        Ok(())
    }

    /// Opens a mailbox for a connection. From the flush on, the connection gets its envelopes, and one that had it before
    /// ends.
    ///
    /// # Errors
    /// `NotAllowed`, whether there is no mailbox or the signature is at fault.
    pub fn open(
        &mut self,
        call: &mut Call<'_>,
        session: SessionId,
        nonce: &[u8; 32],
        request: &OpenMailbox,
    ) -> Outcome<Opened> {
        let row = row(call.db.read(), request.mailbox)?.ok_or(Refusal::NotAllowed)?;
        verify(&row.public_key, Purpose::Mailbox, nonce, request.signature.as_slice())
            .map_err(|_| Refusal::NotAllowed)?;
        renew(call, request.mailbox, &row)?;
        let waiting = self.queues.waiting(call.db.read(), request.mailbox)?;
        self.staged.push(Staged::Open(request.mailbox, session));
        Ok(Opened { waiting, dropped: row.dropped })
    }

    /// Deletes everything up to and including `sequence`, of what was delivered.
    ///
    /// # Errors
    /// `Malformed` for something that was not delivered on this connection.
    pub fn acknowledge(&mut self, mailbox: MailboxId, session: SessionId, sequence: u64) -> Outcome<()> {
        let Some(delivered) = self.live.delivered(mailbox, session) else {
            // Replaced within this batch: whoever has the mailbox now gets them again.
            return Ok(());
        };
        if sequence > delivered {
            return Err(Refusal::Malformed.into());
        }
        self.staged.push(Staged::Acknowledge(mailbox, session, sequence));
        Ok(())
    }

    /// Adds an envelope, sealed for this mailbox. A full mailbox counts it as dropped; a gone one takes nothing. Neither
    /// shows to the sender.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn append(
        &mut self,
        call: &mut Call<'_>,
        mailbox: MailboxId,
        wrap_key: &[u8; 32],
        delivery: &[u8],
    ) -> Result<(), DbError> {
        match self.queues.place(call, mailbox, delivery.len() + seal::aead::OVERHEAD_BYTES)? {
            Place::At(sequence) => {
                let sealed = wrap(wrap_key, delivery, call.rng);
                self.queues.push(Fresh { mailbox, sequence, sealed });
            }
            Place::Full => {
                call.db.write().execute(sql::DROP_ONE, &[(&mailbox.0).into()])?;
            }
            Place::Gone => {}
        }
        Ok(())
    }

    /// A connection ended.
    pub fn closed(&mut self, mailbox: MailboxId, session: SessionId) {
        if self.live.is_open_by(mailbox, session) {
            self.parcels.leave(mailbox);
        }
        self.live.close(mailbox, session);
    }

    /// Bytes of envelopes in the batch.
    pub fn batch_bytes(&self) -> usize {
        self.queues.batch_bytes()
    }

    /// Where the batch stands.
    pub fn mark(&self) -> Mark {
        Mark { envelopes: self.queues.mark(), staged: self.staged.len() }
    }

    /// Back to the mark.
    pub fn undo(&mut self, mark: Mark) {
        self.queues.undo(mark.envelopes);
        self.staged.truncate(mark.staged);
    }

    /// A transaction has begun. After a start or a lost batch, what the disk has in parcels moves to its mailboxes.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn begin(&mut self, call: &Call<'_>) -> Result<(), DbError> {
        let queues = &mut self.queues;
        self.parcels.recover(call, |moved| queues.write_moved(call, moved))
    }

    /// Writes the batch into the open transaction: what was acknowledged goes, once a mailbox; what is new comes, in a parcel
    /// where its connection is given it at once.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn write(&mut self, call: &mut Call<'_>) -> Result<(), DbError> {
        let (mut acknowledged, mut opening) = (BTreeMap::new(), BTreeSet::new());
        for staged in &self.staged {
            match staged {
                Staged::Acknowledge(mailbox, _, sequence) => {
                    let highest = acknowledged.entry(*mailbox).or_insert(*sequence);
                    *highest = (*highest).max(*sequence);
                }
                Staged::Open(mailbox, _) => drop(opening.insert(*mailbox)),
                Staged::Remove(_) => {}
            }
        }
        for (mailbox, sequence) in &acknowledged {
            self.parcels.acknowledged(*mailbox, *sequence);
        }
        for moved in self.parcels.unpack(call, &opening)? {
            self.queues.write_moved(call, &moved)?;
        }
        for (mailbox, sequence) in acknowledged {
            self.queues.delete(call, mailbox, sequence)?;
        }
        self.parcels.delete_empty(call)?;
        let batch = self.queues.take_batch(call)?;
        self.write_envelopes(call, &opening, &batch)?;
        self.written.extend(batch);
        Ok(())
    }

    fn write_envelopes(
        &mut self,
        call: &mut Call<'_>,
        opening: &BTreeSet<MailboxId>,
        batch: &[Fresh],
    ) -> Result<(), DbError> {
        let expiry = call.today().plus(ENVELOPE_DAYS);
        let mut at_once = Vec::new();
        for of_mailbox in batch.chunk_by(|one, next| one.mailbox == next.mailbox) {
            let Some(mailbox) = of_mailbox.first().map(|first| first.mailbox) else { continue };
            let gives = self.parcels.has_room() && !opening.contains(&mailbox);
            let mut room = gives.then(|| self.live.room(mailbox));
            for fresh in of_mailbox {
                if room.as_mut().is_some_and(|room| room.take(fresh.sealed.len())) {
                    at_once.push(fresh);
                } else {
                    self.queues.write(call, expiry, fresh)?;
                }
            }
        }
        if at_once.is_empty() { Ok(()) } else { self.parcels.pack(call, expiry, &at_once) }
    }

    /// The batch is on disk: what goes to which connection now.
    pub fn committed(&mut self, read: Read<'_>) -> Vec<(SessionId, Delivered)> {
        let mut out = Vec::new();
        for staged in std::mem::take(&mut self.staged) {
            match staged {
                Staged::Open(mailbox, session) => {
                    let before = self.live.open(mailbox, session);
                    out.extend(
                        before.filter(|before| *before != session).map(|it| (it, Delivered::Replaced)),
                    );
                }
                Staged::Acknowledge(mailbox, session, sequence) => {
                    match self.live.acknowledged(mailbox, session, sequence) {
                        Some((envelopes, bytes)) => self.queues.removed(mailbox, envelopes, bytes),
                        // Replaced within this batch: the disk knows what is left.
                        None => self.queues.forget(mailbox),
                    }
                }
                Staged::Remove(mailbox) => {
                    out.extend(self.live.remove(mailbox).map(|session| (session, Delivered::Gone)));
                }
            }
        }
        let fresh = std::mem::take(&mut self.written);
        for (session, envelopes) in self.live.deliveries(read, fresh) {
            out.push((session, envelopes.map_or(Delivered::Unreadable, Delivered::Envelopes)));
        }
        out
    }

    /// The batch is lost: memory forgets, the disk is the truth. Open connections stay as they were before it.
    pub fn lost(&mut self) {
        self.queues.forget_all();
        self.parcels.lost();
        self.staged.clear();
        self.written.clear();
    }

    /// What the sweep removed came back: it begins anew.
    pub fn restart_sweep(&mut self) {
        self.walk = Walk::default();
    }

    /// Removes expired envelopes, and expired mailboxes once they are empty, in one small step. The batch's envelopes are
    /// written already.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<usize, DbError> {
        let found = self.walk.next(call, sql::WALK, rows)?;
        for (id, expiry) in &found {
            self.sweep_mailbox(call, MailboxId(*id), *expiry < call.today())?;
        }
        Ok(found.len())
    }

    fn sweep_mailbox(&mut self, call: &Call<'_>, mailbox: MailboxId, all: bool) -> Result<(), DbError> {
        let params = [(&mailbox.0).into(), SWEPT_ENVELOPES_MAX.into()];
        let oldest = call
            .db
            .read()
            .all(sql::OLDEST, &params, |row| Ok((row.count(0)?, Day(row.small(1)?), row.count(2)?)))?;
        let gone: Vec<_> =
            oldest.iter().take_while(|(_, day, _)| all || expired(*day, call.today())).collect();
        if let Some((sequence, ..)) = gone.last() {
            call.db.write().execute(sql::DELETE_ENVELOPES, &[(&mailbox.0).into(), (*sequence).into()])?;
            self.queues.forget(mailbox);
        }
        if all && gone.len() < SWEPT_ENVELOPES_MAX {
            call.db.write().execute(sql::DELETE, &[(&mailbox.0).into()])?;
            self.queues.forget(mailbox);
            self.staged.push(Staged::Remove(mailbox));
        }
        Ok(())
    }
}

struct Row {
    expiry: Day,
    public_key: [u8; 32],
    dropped: u32,
}

fn row(read: Read<'_>, mailbox: MailboxId) -> Result<Option<Row>, DbError> {
    read.one(sql::MAILBOX, &[(&mailbox.0).into()], |row| {
        Ok(Row { expiry: Day(row.small(0)?), public_key: row.array(1)?, dropped: row.small(3)? })
    })
}

/// Use renews it, at most once a day.
fn renew(call: &Call<'_>, mailbox: MailboxId, row: &Row) -> Result<(), DbError> {
    let fresh = call.today().plus(MAILBOX_DAYS);
    if fresh > row.expiry {
        call.db.write().execute(sql::RENEW, &[fresh.0.into(), (&mailbox.0).into()])?;
    }
    Ok(())
}

/// Envelopes removed from one mailbox in one step of the sweep.
const SWEPT_ENVELOPES_MAX: usize = 256;
