//! The map of the service: which slice does what at which door, and how the slices' ports are connected.
//!
//! One batch is one transaction: every input stands in a savepoint of its own, and nothing leaves before
//! [`Service::flush`] has put the batch on disk.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use server_db::{Db, DbError, Schema};
use vocab::limits::FRAME_BYTES_MAX;
use vocab::time::{MINUTE_MS, SECOND_MS};
use vocab::{MailboxId, Timestamp};
use wire::blob::Blob;
use wire::mailbox::Challenge;
use wire::{
    AccountAnswer, AccountRequest, BlobAnswer, BlobRequest, Decode, Door, Encode, MailboxFromDevice,
    MailboxFromService, Refusal, Reply, Request, RequestId, UnnamedAnswer, UnnamedRequest,
};

use crate::account::api::{self as account, Accounts, CodeToSend};
use crate::address::api as address;
use crate::blob::{Blobs, Said, Waiting};
use crate::call::{Call, Outcome, Source, Stop, Visitor};
use crate::codes::CodeSender;
use crate::directory::api::{self as directory, Directory};
use crate::key_package::api as key_package;
use crate::keys::Keys;
use crate::limits::Bucket;
use crate::mailbox::Mailboxes;
use crate::mailbox::api::Delivered;
use crate::slot::Slots;
use crate::slot::api::{self as slot, Repeatable};
use crate::store::{Done, Name, Work};
use crate::sweep::Walk;
use crate::token::Tokens;

mod ports;

/// One call on this service's database, randomness and keys. A macro, so that the borrow is of these fields only.
macro_rules! call {
    ($service:expr, $now:expr) => {
        Call { db: &$service.db, rng: &mut $service.rng, now: $now, keys: &$service.keys }
    };
}

/// The whole service, without sockets and without a clock.
pub struct Service {
    db: Db,
    keys: Keys,
    rng: ChaCha20Rng,
    codes: Box<dyn CodeSender>,
    accounts: Accounts,
    mailboxes: Mailboxes,
    slots: Slots,
    directory: Directory,
    addresses: Walk<16>,
    blobs: Blobs,
    tokens: Tokens,
    sessions: BTreeMap<SessionId, Session>,
    next_session: u64,
    opening: VecDeque<(Timestamp, SessionId)>,
    registering: VecDeque<(Timestamp, SessionId)>,
    batch: Batch,
    work: Vec<Work>,
    trouble: Option<DbError>,
}

/// One connection at one door, as long as it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// What leaves the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// A frame to the connection.
    Frame(Vec<u8>),
    /// The connection ends, after the frames before it.
    Close,
}

/// The service could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key file leads to no directory key.
    #[error("the key file cannot be used, make a new one")]
    Keys,
    /// The database cannot be read.
    #[error("{0}")]
    Database(#[from] DbError),
}

/// A batch that did not reach the disk. Nothing of it was done and the service goes on from what the disk has.
#[derive(Debug, thiserror::Error)]
#[error("nothing was stored: {error}")]
pub struct FlushError {
    /// Why.
    pub error: DbError,
    /// What each input of the batch is answered: `Unavailable`. They are to be delivered like any other output.
    pub outputs: Vec<(SessionId, Out)>,
}

/// A connection's state.
enum Session {
    Mailbox { nonce: [u8; 32], mailbox: Option<MailboxId> },
    Unnamed { source: Source },
    Blob { source: Source },
    Account { nonce: [u8; 32], source: Source, visitor: Option<Visitor>, rate: Bucket },
}

/// The open batch.
#[derive(Default)]
struct Batch {
    open: bool,
    broken: Option<DbError>,
    challenges: Vec<(SessionId, Out)>,
    /// Who waited for the store, and whether their blob is there.
    written: Vec<(Waiting, bool)>,
    inputs: Vec<Input>,
    outputs: Vec<(SessionId, Pending)>,
}

/// One input of the batch: how to say that it came to nothing, and who the connection was before it.
struct Input {
    session: SessionId,
    reply: ReplyTo,
    visitor_before: Option<Visitor>,
}

#[derive(Clone, Copy)]
enum ReplyTo {
    Mailbox,
    Unnamed(RequestId),
    Account(RequestId),
    Blob(RequestId),
}

enum Pending {
    Out(Out),
    Code(RequestId, CodeToSend),
}

impl Service {
    /// Puts the service together over an open database with [`schema`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(db: Db, keys: Keys, codes: Box<dyn CodeSender>, rng: ChaCha20Rng) -> Result<Self, OpenError> {
        let directory = Directory::new(&keys).ok_or(OpenError::Keys)?;
        let blobs = Blobs::open(&db)?;
        Ok(Self {
            db,
            keys,
            rng,
            codes,
            accounts: Accounts::default(),
            mailboxes: Mailboxes::default(),
            slots: Slots::default(),
            directory,
            addresses: Walk::default(),
            blobs,
            tokens: Tokens::default(),
            sessions: BTreeMap::new(),
            next_session: 1,
            opening: VecDeque::new(),
            registering: VecDeque::new(),
            batch: Batch::default(),
            work: Vec::new(),
            trouble: None,
        })
    }

    /// A connection at a door. At the mailbox and account doors it is challenged first (released by the next flush).
    pub fn connect(&mut self, now: Timestamp, door: Door, source: Source) -> SessionId {
        let session = SessionId(self.next_session);
        self.next_session += 1;
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        let state = match door {
            Door::Unnamed => Session::Unnamed { source },
            Door::Blob => Session::Blob { source },
            Door::Mailbox => Session::Mailbox { nonce, mailbox: None },
            Door::Account => {
                let rate = Bucket::full(ACCOUNT_REQUESTS_BURST, now);
                Session::Account { nonce, source, visitor: None, rate }
            }
        };
        self.sessions.insert(session, state);
        match door {
            Door::Mailbox => self.opening.push_back((now, session)),
            Door::Account => self.registering.push_back((now, session)),
            Door::Unnamed | Door::Blob => return session,
        }
        self.challenge(now, door, session, nonce);
        session
    }

    /// Takes a frame. What comes of it is released by the next flush. A frame for a connection that has ended is dropped.
    pub fn receive(&mut self, now: Timestamp, session: SessionId, frame: &[u8]) {
        let reply = match self.sessions.get(&session) {
            None => return,
            Some(Session::Mailbox { .. }) => ReplyTo::Mailbox,
            Some(Session::Unnamed { .. }) => ReplyTo::Unnamed(request_id(frame)),
            Some(Session::Account { .. }) => ReplyTo::Account(request_id(frame)),
            Some(Session::Blob { .. }) => ReplyTo::Blob(request_id(frame)),
        };
        let visitor_before = self.visitor(session);
        self.batch.inputs.push(Input { session, reply, visitor_before });
        if let Err(stop) = self.take(now, session, frame) {
            self.refuse(session, reply, stop);
        }
    }

    /// The connection ended.
    pub fn disconnect(&mut self, session: SessionId) {
        if let Some(Session::Mailbox { mailbox: Some(mailbox), .. }) = self.sessions.remove(&session) {
            self.mailboxes.closed(mailbox, session);
        }
    }

    /// Puts the batch on disk, and only then releases what came of it: answers, envelopes, codes.
    ///
    /// # Errors
    /// [`FlushError`], with what is to be answered instead.
    pub fn flush(&mut self, now: Timestamp) -> Result<Vec<(SessionId, Out)>, FlushError> {
        if let Err(error) = self.write(now) {
            return Err(self.lost(error));
        }
        let batch = std::mem::take(&mut self.batch);
        let mut out = batch.challenges;
        self.work.extend(self.blobs.release());
        for (waiting, there) in batch.written {
            let answer = if there { Ok(BlobAnswer::Done) } else { Err(Refusal::Unavailable) };
            out.push(blob_answer(waiting, answer));
        }
        for (session, pending) in batch.outputs {
            match pending {
                Pending::Out(output) => out.push((session, output)),
                Pending::Code(id, code) => out.push((session, self.send_code(id, &code))),
            }
        }
        for (session, delivered) in self.mailboxes.committed(self.db.read()) {
            deliver(session, delivered, &mut out);
        }
        for (session, output) in &out {
            if *output == Out::Close {
                self.disconnect(*session);
            }
        }
        Ok(out)
    }

    /// What the store has to do since this was asked last: what the flush before has made safe to begin. What comes of each is
    /// told to [`Self::store_done`]; work that a crash loses is found by the janitor.
    pub fn store_work(&mut self) -> Vec<Work> {
        std::mem::take(&mut self.work)
    }

    /// The store has done it, or could not. What was read is an answer at once; all else is released by the next flush.
    pub fn store_done(&mut self, now: Timestamp, done: Done) -> Option<(SessionId, Out)> {
        match done {
            Done::Read { ticket, result } => {
                let waiting = self.blobs.read_ended(ticket)?;
                let answer = match result {
                    Ok(Some(sealed)) => Ok(BlobAnswer::Blob(Blob { sealed: sealed.into() })),
                    Ok(None) => Err(Refusal::NotAllowed),
                    Err(_) => Err(Refusal::Unavailable),
                };
                return Some(blob_answer(waiting, answer));
            }
            Done::Written { name, result } => {
                let noted = result.is_ok() && self.noted(now, |blobs, call| blobs.written(call, name));
                let waiting = self.blobs.write_ended(name);
                self.batch.written.extend(waiting.into_iter().map(|waiting| (waiting, noted)));
            }
            Done::Listed { after, result } => {
                self.noted(now, |blobs, call| blobs.listed(call, after, result));
            }
            Done::Deleted { .. } => {}
        }
        None
    }

    /// Some names that the store should have, to see at the start whether it is the right one.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn some_stored(&self) -> Result<Vec<Name>, DbError> {
        Blobs::some_stored(self.db.read())
    }

    /// Forgets all that lies in the store: it was lost. What is left there is removed by the janitor.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn give_up_stored(&mut self) -> Result<(), DbError> {
        self.db.begin()?;
        Blobs::give_up_stored(self.db.write())?;
        self.db.commit()?;
        self.blobs = Blobs::open(&self.db)?;
        Ok(())
    }

    /// From now on the store holds no more than so many bytes; without it [`crate::BLOB_BYTES_MAX`].
    pub fn set_blob_bytes_max(&mut self, bytes: u64) {
        self.blobs.set_bytes_max(bytes);
    }

    /// Bytes of envelopes that the next flush writes: a host flushes before they are too many.
    pub fn batch_bytes(&self) -> usize {
        self.mailboxes.batch_bytes()
    }

    /// What is done from time to time, a little at once: connections that never opened are closed, expired rows removed.
    /// To be called about every second; what it writes belongs to the batch.
    pub fn tick(&mut self, now: Timestamp) {
        self.close_unopened(now);
        if let Err(error) = self.sweep_inside(now) {
            self.batch.broken = Some(error);
        }
    }

    /// Writes everything and empties the write-ahead log, before the program ends.
    ///
    /// # Errors
    /// [`FlushError`].
    pub fn close(mut self, now: Timestamp) -> Result<Vec<(SessionId, Out)>, FlushError> {
        let out = self.flush(now)?;
        // The log is read again at the next start: not emptying it loses nothing.
        let _emptied = self.db.checkpoint();
        Ok(out)
    }

    /// What went wrong with the database since this was asked last, though the batch around it went well.
    pub fn trouble(&mut self) -> Option<DbError> {
        self.trouble.take()
    }

    /// The database, for tests that look at the disk or make it fail.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Ends as a crash does: what was not flushed is gone. For tests.
    pub fn into_db(self) -> Db {
        self.db.rollback();
        self.db
    }

    fn take(&mut self, now: Timestamp, session: SessionId, frame: &[u8]) -> Outcome<()> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(Refusal::TooLarge.into());
        }
        self.begin(now)?;
        let savepoint = self.db.savepoint();
        let (mark, outputs) = (self.mailboxes.mark(), self.batch.outputs.len());
        let result = self.dispatch(now, session, frame);
        let keep = matches!(result, Ok(()) | Err(Stop::Noted(_)));
        if !keep {
            self.mailboxes.undo(mark);
            self.batch.outputs.truncate(outputs);
        }
        let ended = if keep { self.db.keep(savepoint) } else { self.undo(savepoint) };
        if let Err(error) = ended {
            // A full disk may have ended the whole transaction: then the batch is lost, whoever else was in it.
            self.batch.broken = Some(error.clone());
            return Err(error.into());
        }
        result
    }

    fn undo(&mut self, savepoint: server_db::Savepoint) -> Result<(), DbError> {
        if !self.db.in_transaction() {
            return Err(DbError::transaction_ended());
        }
        if self.db.undo(savepoint)? {
            // Rosters may have been opened from what is no longer so.
            self.slots.lost();
        }
        Ok(())
    }

    fn begin(&mut self, now: Timestamp) -> Result<(), DbError> {
        if let Some(error) = &self.batch.broken {
            return Err(error.clone());
        }
        if !self.batch.open {
            self.db.begin().inspect_err(|error| self.batch.broken = Some(error.clone()))?;
            self.batch.open = true;
            let begun = self.mailboxes.begin(&call!(self, now));
            begun.inspect_err(|error| self.batch.broken = Some(error.clone()))?;
        }
        Ok(())
    }

    fn dispatch(&mut self, now: Timestamp, session: SessionId, frame: &[u8]) -> Outcome<()> {
        match self.sessions.get(&session) {
            Some(Session::Mailbox { nonce, mailbox }) => {
                let (nonce, mailbox) = (*nonce, *mailbox);
                self.at_mailbox_door(now, session, &nonce, mailbox, frame)
            }
            Some(Session::Unnamed { source }) => {
                let source = *source;
                self.at_unnamed_door(now, session, source, frame)
            }
            Some(Session::Account { .. }) => self.at_account_door(now, session, frame),
            Some(Session::Blob { source }) => {
                let source = *source;
                self.at_blob_door(now, session, source, frame)
            }
            None => Ok(()),
        }
    }

    fn at_mailbox_door(
        &mut self,
        now: Timestamp,
        session: SessionId,
        nonce: &[u8; 32],
        open: Option<MailboxId>,
        frame: &[u8],
    ) -> Outcome<()> {
        let request = MailboxFromDevice::decode(frame).map_err(|_| Refusal::Malformed)?;
        let call = &mut call!(self, now);
        match (request, open) {
            (MailboxFromDevice::Open(request), None) => {
                let opened = self.mailboxes.open(call, session, nonce, &request)?;
                if let Some(Session::Mailbox { mailbox, .. }) = self.sessions.get_mut(&session) {
                    *mailbox = Some(request.mailbox);
                }
                self.batch.say(session, &MailboxFromService::Opened(opened))
            }
            (MailboxFromDevice::Acknowledge(sequence), Some(mailbox)) => {
                self.mailboxes.acknowledge(mailbox, session, sequence)
            }
            _ => Err(Refusal::Malformed.into()),
        }
    }

    fn at_unnamed_door(
        &mut self,
        now: Timestamp,
        session: SessionId,
        source: Source,
        frame: &[u8],
    ) -> Outcome<()> {
        let request = Request::<UnnamedRequest>::decode(frame).map_err(|_| Refusal::Malformed)?;
        // What makes a repetition: the operation without the number of the request.
        let bytes = frame.get(REQUEST_ID_BYTES..).unwrap_or_default();
        let call = &mut call!(self, now);
        let ports = &mut ports::Slots { mailboxes: &mut self.mailboxes };
        let answer = match &request.op {
            UnnamedRequest::CreateMailbox(it) => {
                self.mailboxes.create(call, it).map(|()| UnnamedAnswer::Done)
            }
            UnnamedRequest::CreateAddress(it) => {
                self.slots.address_changed(it.key);
                address::create(call, it).map(|()| UnnamedAnswer::Done)
            }
            UnnamedRequest::DeleteAddress(it) => {
                self.slots.address_changed(it.key);
                address::delete(call, it).map(|()| UnnamedAnswer::Done)
            }
            UnnamedRequest::CreateSlot(request) => {
                self.slots.create(call, ports, Repeatable { request, bytes }).map(UnnamedAnswer::Stored)
            }
            UnnamedRequest::Send(request) => {
                self.slots.send(call, ports, Repeatable { request, bytes }).map(UnnamedAnswer::Stored)
            }
            UnnamedRequest::Commit(request) => {
                self.slots.commit(call, ports, Repeatable { request, bytes }).map(UnnamedAnswer::Stored)
            }
            UnnamedRequest::FetchRejoin(it) => slot::fetch_rejoin(call, it).map(UnnamedAnswer::Rejoin),
            UnnamedRequest::FetchKeyPackages(it) => {
                key_package::fetch(call, &ports::KeyPackages, it).map(UnnamedAnswer::KeyPackages)
            }
            UnnamedRequest::PutDirectoryRow(it) => directory::put(call, it).map(|()| UnnamedAnswer::Done),
            UnnamedRequest::FetchDirectoryRow(it) => {
                directory::fetch(call, it).map(UnnamedAnswer::DirectoryRow)
            }
            UnnamedRequest::FetchPieces(it) => {
                self.slots.fetch_pieces(call, source, it).map(UnnamedAnswer::Pieces)
            }
        }?;
        self.batch.say(session, &Reply::Done { id: request.id, answer })
    }

    fn at_account_door(&mut self, now: Timestamp, session: SessionId, frame: &[u8]) -> Outcome<()> {
        let request = Request::<AccountRequest>::decode(frame).map_err(|_| Refusal::Malformed)?;
        let Some(Session::Account { nonce, source, visitor, rate }) = self.sessions.get_mut(&session) else {
            return Ok(());
        };
        rate.take(ACCOUNT_REQUESTS_BURST, ACCOUNT_REFILL_MS, now)
            .map_err(|retry_after_ms| Refusal::Busy { retry_after_ms })?;
        let call = &mut call!(self, now);
        let ports = &ports::Accounts { directory: &self.directory };
        let answer = match &request.op {
            AccountRequest::RequestCode(it) => {
                let code = self.accounts.request_code(call, *source, it)?;
                self.batch.outputs.push((session, Pending::Code(request.id, code)));
                return Ok(());
            }
            AccountRequest::Register(it) => {
                let (registered, who) = self.accounts.register(call, ports, *source, it)?;
                *visitor = Some(who);
                AccountAnswer::Registered(registered)
            }
            AccountRequest::Authenticate(it) => {
                let (visited, who) = account::authenticate(call, ports, nonce, it)?;
                *visitor = Some(who);
                AccountAnswer::Visited(visited)
            }
            AccountRequest::UpdateDeviceList(it) => {
                account::update_device_list(call, ports, named(call, *visitor)?, it)?;
                AccountAnswer::Done
            }
            AccountRequest::PutKeyPackages(it) => {
                key_package::put(call, named(call, *visitor)?, it)?;
                AccountAnswer::Done
            }
            AccountRequest::Evaluate(it) => {
                AccountAnswer::Evaluated(self.directory.evaluate(call, named(call, *visitor)?, it)?)
            }
            AccountRequest::RequestPermit(it) => {
                let permit = account::request_permit(call, ports, named(call, *visitor)?, it)?;
                AccountAnswer::Permit(permit.into())
            }
            AccountRequest::EarnTokens(it) => {
                AccountAnswer::TokensEarned(self.tokens.earn(call, named(call, *visitor)?, it)?)
            }
        };
        self.batch.say(session, &Reply::Done { id: request.id, answer })
    }

    fn at_blob_door(
        &mut self,
        now: Timestamp,
        session: SessionId,
        source: Source,
        frame: &[u8],
    ) -> Outcome<()> {
        let request = Request::<BlobRequest>::decode(frame).map_err(|_| Refusal::Malformed)?;
        let call = &mut call!(self, now);
        let ports = &mut ports::Blobs { tokens: &mut self.tokens };
        let waiting = (session, request.id);
        let said = match &request.op {
            BlobRequest::PutBlob(it) => {
                self.blobs.put(call, ports, source, it, waiting)?.map(|()| BlobAnswer::Done)
            }
            BlobRequest::FetchBlob(it) => self.blobs.fetch(call, source, it, waiting)?.map(BlobAnswer::Blob),
            BlobRequest::DeleteBlob(it) => {
                self.blobs.delete(call, source, it)?;
                Said::Now(BlobAnswer::Done)
            }
            BlobRequest::AskBlobs(it) => Said::Now(BlobAnswer::BlobsThere(self.blobs.ask(call, source, it)?)),
        };
        match said {
            Said::Now(answer) => self.batch.say(session, &Reply::Done { id: request.id, answer }),
            Said::Later => Ok(()),
        }
    }

    /// Writes what the store told, in a savepoint of its own; false when it could not be written.
    fn noted(
        &mut self,
        now: Timestamp,
        note: impl FnOnce(&mut Blobs, &Call<'_>) -> Result<(), DbError>,
    ) -> bool {
        if self.begin(now).is_err() {
            return false;
        }
        let savepoint = self.db.savepoint();
        let mark = self.blobs.mark();
        let result = note(&mut self.blobs, &call!(self, now));
        let kept = match &result {
            Ok(()) => self.db.keep(savepoint),
            Err(_) => self.undo(savepoint),
        };
        if result.is_err() {
            self.blobs.undo(&self.db, mark);
        }
        if let Err(error) = kept {
            self.batch.broken = Some(error);
            return false;
        }
        let noted = result.is_ok();
        if let Err(error) = result {
            self.trouble = Some(error);
        }
        noted
    }

    fn challenge(&mut self, now: Timestamp, door: Door, session: SessionId, nonce: [u8; 32]) {
        let directory_key = self.directory.public_key().into();
        let challenge = Challenge { nonce, now, directory_key, extensions: Vec::new() };
        let frame = if door == Door::Mailbox {
            MailboxFromService::Challenge(challenge).encode()
        } else {
            Reply::Done { id: 0, answer: AccountAnswer::Challenge(challenge) }.encode()
        };
        self.batch.challenges.extend(frame.ok().map(|frame| (session, Out::Frame(frame))));
    }

    fn visitor(&self, session: SessionId) -> Option<Visitor> {
        match self.sessions.get(&session) {
            Some(Session::Account { visitor, .. }) => *visitor,
            _ => None,
        }
    }

    fn refuse(&mut self, session: SessionId, reply: ReplyTo, stop: Stop) {
        let refusal = match stop {
            Stop::Refused(refusal) | Stop::Noted(refusal) => refusal,
            Stop::Database(error) => {
                self.trouble = Some(error);
                Refusal::Unavailable
            }
        };
        self.batch.outputs.push((session, Pending::Out(refusal_frame(reply, refusal))));
        if matches!(reply, ReplyTo::Mailbox) {
            self.batch.outputs.push((session, Pending::Out(Out::Close)));
        }
    }

    fn send_code(&mut self, id: RequestId, code: &CodeToSend) -> Out {
        let reply = match self.codes.send(&code.handle, &code.code) {
            Ok(()) => Reply::Done { id, answer: AccountAnswer::CodeSent },
            Err(_) => Reply::Refused { id, refusal: Refusal::CodeNotSent },
        };
        reply.encode().map_or(Out::Close, Out::Frame)
    }

    fn write(&mut self, now: Timestamp) -> Result<(), DbError> {
        if let Some(error) = self.batch.broken.take() {
            return Err(error);
        }
        if !self.batch.open {
            return Ok(());
        }
        self.mailboxes.write(&mut call!(self, now))?;
        self.db.commit()
    }

    /// The batch is lost: memory goes back to what the disk has, and every input is answered `Unavailable`.
    fn lost(&mut self, error: DbError) -> FlushError {
        self.db.rollback();
        self.trouble = None;
        self.mailboxes.lost();
        self.slots.lost();
        self.restart_sweeps();
        self.blobs.lost(&self.db);
        let batch = std::mem::take(&mut self.batch);
        let mut outputs = batch.challenges;
        let unwritten = batch.written.into_iter().map(|(waiting, _)| waiting);
        outputs.extend(unwritten.map(|waiting| blob_answer(waiting, Err(Refusal::Unavailable))));
        for input in batch.inputs.into_iter().rev() {
            if let Some(Session::Account { visitor, .. }) = self.sessions.get_mut(&input.session) {
                *visitor = input.visitor_before;
            }
            outputs.push((input.session, refusal_frame(input.reply, Refusal::Unavailable)));
            if matches!(input.reply, ReplyTo::Mailbox) {
                // An acknowledgement that is lost would hold up the window: the device opens its mailbox anew.
                outputs.push((input.session, Out::Close));
                self.disconnect(input.session);
            }
        }
        FlushError { error, outputs }
    }

    fn close_unopened(&mut self, now: Timestamp) {
        let mailboxes = overdue(&mut self.opening, OPENING_MS_MAX, now);
        let accounts = overdue(&mut self.registering, REGISTERING_MS_MAX, now);
        for session in mailboxes.into_iter().chain(accounts) {
            let unopened = match self.sessions.get(&session) {
                Some(Session::Mailbox { mailbox, .. }) => mailbox.is_none(),
                Some(Session::Account { visitor, .. }) => visitor.is_none(),
                _ => false,
            };
            if unopened {
                self.batch.outputs.push((session, Pending::Out(Out::Close)));
            }
        }
    }

    /// A sweep in a savepoint of its own. The envelopes of the batch are written before it: they stay when it fails.
    fn sweep_inside(&mut self, now: Timestamp) -> Result<(), DbError> {
        self.begin(now)?;
        self.mailboxes.write(&mut call!(self, now))?;
        let savepoint = self.db.savepoint();
        let (mark, blobs) = (self.mailboxes.mark(), self.blobs.mark());
        match self.sweep(now) {
            Ok(()) => self.db.keep(savepoint),
            Err(error) if self.db.in_transaction() => {
                self.mailboxes.undo(mark);
                self.restart_sweeps();
                self.trouble = Some(error);
                let undone = self.db.undo(savepoint).map(drop);
                self.blobs.undo(&self.db, blobs);
                undone
            }
            Err(error) => Err(error),
        }
    }

    fn restart_sweeps(&mut self) {
        self.mailboxes.restart_sweep();
        self.slots.restart_sweep();
        self.directory.restart_sweep();
        self.addresses = Walk::default();
        self.tokens.restart_sweep();
    }

    fn sweep(&mut self, now: Timestamp) -> Result<(), DbError> {
        let call = call!(self, now);
        self.mailboxes.sweep(&call, SWEEP_ROWS)?;
        self.slots.sweep(&call, SWEEP_ROWS)?;
        self.accounts.sweep(&call, SWEEP_ROWS)?;
        self.directory.sweep(&call, SWEEP_ROWS)?;
        address::sweep(&call, &mut self.addresses, SWEEP_ROWS)?;
        self.blobs.sweep(&call, SWEEP_ROWS)?;
        self.tokens.sweep(&call, SWEEP_ROWS)?;
        Ok(())
    }
}

impl Batch {
    fn say(&mut self, session: SessionId, frame: &impl Encode) -> Outcome<()> {
        let frame = frame.encode().map_err(|_| Refusal::TooLarge)?;
        self.outputs.push((session, Pending::Out(Out::Frame(frame))));
        Ok(())
    }
}

/// The tables of all slices, oldest step first. A step is never changed or moved; new ones go to the end.
pub fn schema() -> Schema {
    let slices = [
        crate::account::sql::SCHEMA,
        crate::key_package::sql::SCHEMA,
        crate::mailbox::sql::SCHEMA,
        crate::address::sql::SCHEMA,
        crate::slot::sql::SCHEMA,
        crate::directory::sql::SCHEMA,
        crate::blob::sql::SCHEMA,
        crate::token::sql::SCHEMA,
        crate::blob::sql::STORED_SCHEMA,
    ];
    Schema { steps: slices.concat() }
}

/// The device behind an account-door connection, still in its account's list: one that was removed may do nothing more.
fn named(call: &Call<'_>, visitor: Option<Visitor>) -> Outcome<Visitor> {
    let visitor = visitor.ok_or(Refusal::NotAllowed)?;
    if account::is_named(call.db.read(), visitor)? { Ok(visitor) } else { Err(Refusal::NotAllowed.into()) }
}

fn deliver(session: SessionId, delivered: Delivered, out: &mut Vec<(SessionId, Out)>) {
    let ends = |refusal| [refusal_frame(ReplyTo::Mailbox, refusal), Out::Close].map(|it| (session, it));
    match delivered {
        Delivered::Envelopes(envelopes) => {
            let frame = MailboxFromService::Envelopes(envelopes).encode();
            out.push((session, frame.map_or(Out::Close, Out::Frame)));
        }
        Delivered::Replaced => out.extend(ends(Refusal::Exists)),
        Delivered::Gone => out.extend(ends(Refusal::NotAllowed)),
        Delivered::Unreadable => out.extend(ends(Refusal::Unavailable)),
    }
}

/// A refusal is small: it always encodes. Should it ever not, the connection ends rather than stay silent.
fn refusal_frame(reply: ReplyTo, refusal: Refusal) -> Out {
    let frame = match reply {
        ReplyTo::Mailbox => MailboxFromService::Refused(refusal).encode(),
        ReplyTo::Unnamed(id) => Reply::<UnnamedAnswer>::Refused { id, refusal }.encode(),
        ReplyTo::Account(id) => Reply::<AccountAnswer>::Refused { id, refusal }.encode(),
        ReplyTo::Blob(id) => Reply::<BlobAnswer>::Refused { id, refusal }.encode(),
    };
    frame.map_or(Out::Close, Out::Frame)
}

fn blob_answer((session, id): Waiting, answer: Result<BlobAnswer, Refusal>) -> (SessionId, Out) {
    let reply = match answer {
        Ok(answer) => Reply::Done { id, answer },
        Err(refusal) => Reply::Refused { id, refusal },
    };
    (session, reply.encode().map_or(Out::Close, Out::Frame))
}

/// The number of a request, even of one that cannot be read; 0 when not even that is there.
fn request_id(frame: &[u8]) -> RequestId {
    frame.first_chunk::<REQUEST_ID_BYTES>().map_or(0, |bytes| RequestId::from_be_bytes(*bytes))
}

/// Takes from the queue who waited too long. A clock that went back makes nobody wait longer than the rest of the queue.
fn overdue(queue: &mut VecDeque<(Timestamp, SessionId)>, wait_ms: u64, now: Timestamp) -> Vec<SessionId> {
    let late = queue.iter().take_while(|(since, _)| now < *since || now.ms_since(*since) >= wait_ms).count();
    queue.drain(..late).map(|(_, session)| session).collect()
}

const REQUEST_ID_BYTES: usize = 4;
/// A mailbox connection opens its mailbox within this time, or ends.
const OPENING_MS_MAX: u64 = 30 * SECOND_MS;
/// An account connection proves a device within this time, or ends: a person waits for a code that lives ten minutes.
const REGISTERING_MS_MAX: u64 = 15 * MINUTE_MS;
/// Requests at once on one account connection: a first visit makes a dozen.
const ACCOUNT_REQUESTS_BURST: u32 = 60;
/// Then one per so many milliseconds: each costs signatures or group operations.
const ACCOUNT_REFILL_MS: u64 = 250;
/// Rows each table's sweep looks at in one tick: a table of a million rows is walked once in half a day.
const SWEEP_ROWS: usize = 32;

#[cfg(test)]
mod tests;
