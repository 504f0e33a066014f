//! Stories about the service, told through [`Service::receive`]: no sockets, a clock set by hand, a seeded dice.

mod abuse;
mod account;
mod address;
mod blob;
mod directory;
mod durability;
mod key_package;
mod mailbox;
mod pieces;
mod privacy;
mod slot;
mod stored;
mod token;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rand_core::SeedableRng;
use seal::address::{AddressValue, Bound, key_of};
use seal::challenge::{Purpose, public_key, sign};
use seal::roster::posting_key_hash;
use seal::{DeviceEntry, VerifiedChain};
use server_db::{DbKey, Location, Options};
use vocab::time::DAY_MS;
use vocab::{AccountId, AddressSecret, DeviceId, Handle, IdempotencyId, SlotId};
use wire::account::{Authenticate, HandleProof, Register, RequestCode};
use wire::address::{CreateAddress, DeleteAddress};
use wire::mailbox::{CreateMailbox, OpenMailbox};
use wire::slot::{Commit, CreateSlot, EpochState, Send, Stored, WelcomeFor};
use wire::{Delivery, Secret32};

use super::*;
use crate::codes::CodeNotSent;
use crate::store::{BlobStore, MemoryStore, perform};

/// The service and everybody around it.
struct World {
    service: Option<Service>,
    now: Timestamp,
    rng: ChaCha20Rng,
    sent_codes: Arc<Mutex<Vec<(String, String)>>>,
    inbox: BTreeMap<SessionId, VecDeque<Out>>,
    file: Option<tempfile::TempDir>,
    store: Arc<dyn BlobStore>,
    /// What the store is to do is not done by itself.
    store_is_slow: bool,
    attempts: u128,
}

/// A device with a mailbox, and an address per conversation.
#[derive(Clone)]
struct Device {
    secret: [u8; 32],
    mailbox: MailboxId,
    wrap_key: [u8; 32],
    session: Option<SessionId>,
}

/// A conversation as its members know it.
struct Conversation {
    slot: SlotId,
    posting_key: [u8; 32],
    members: Vec<AddressSecret>,
}

struct Postbox(Arc<Mutex<Vec<(String, String)>>>);

impl CodeSender for Postbox {
    fn send(&mut self, handle: &Handle, code: &str) -> Result<(), CodeNotSent> {
        self.0.lock().unwrap().push((handle.as_str().into(), code.into()));
        Ok(())
    }
}

impl World {
    fn new() -> Self {
        Self::with(None)
    }

    /// With its database on disk, to be closed and opened again.
    fn on_disk() -> Self {
        Self::with(Some(tempfile::tempdir().unwrap()))
    }

    fn with(file: Option<tempfile::TempDir>) -> Self {
        let mut world = Self {
            service: None,
            now: Timestamp(20_000 * DAY_MS + 1_000),
            rng: ChaCha20Rng::seed_from_u64(7),
            sent_codes: Arc::default(),
            inbox: BTreeMap::new(),
            file,
            store: Arc::new(MemoryStore::default()),
            store_is_slow: false,
            attempts: 0,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let location = match &self.file {
            Some(folder) => Location::File(folder.path().join("db"), DbKey([3; 32])),
            None => Location::Memory,
        };
        let db = Db::open(location, &Options::default(), &schema()).unwrap();
        let codes = Box::new(Postbox(self.sent_codes.clone()));
        let rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        self.service = Some(Service::open(db, Keys::derive(&[9; 32]), codes, rng).unwrap());
    }

    /// The power goes: nothing is flushed.
    fn crash_and_restart(&mut self) {
        self.service = None;
        self.inbox.clear();
        self.start();
    }

    fn service(&mut self) -> &mut Service {
        self.service.as_mut().unwrap()
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    fn connect(&mut self, door: Door) -> SessionId {
        self.connect_from(door, Source::Local)
    }

    fn connect_from(&mut self, door: Door, source: Source) -> SessionId {
        let now = self.now;
        let session = self.service().connect(now, door, source);
        self.flush();
        session
    }

    /// A flush, and another for whatever the store has done then.
    fn flush(&mut self) {
        self.flush_once();
        while !self.store_is_slow {
            let work = self.service().store_work();
            if work.is_empty() {
                break;
            }
            for work in work {
                let done = perform(&*self.store, work);
                self.hears(done);
            }
            self.flush_once();
        }
    }

    fn hears(&mut self, done: Done) {
        let now = self.now;
        if let Some((session, output)) = self.service().store_done(now, done) {
            self.inbox.entry(session).or_default().push_back(output);
        }
    }

    /// A second passes, with whatever is done from time to time.
    fn tick(&mut self) {
        self.pass(SECOND_MS);
        let now = self.now;
        self.service().tick(now);
        self.flush();
    }

    fn flush_once(&mut self) {
        let now = self.now;
        let outputs = self.service().flush(now).unwrap_or_else(|failed| failed.outputs);
        for (session, output) in outputs {
            self.inbox.entry(session).or_default().push_back(output);
        }
    }

    fn put(&mut self, session: SessionId, frame: &[u8]) {
        let now = self.now;
        self.service().receive(now, session, frame);
    }

    fn tell(&mut self, session: SessionId, frame: &impl Encode) {
        self.put(session, &frame.encode().unwrap());
    }

    fn next(&mut self, session: SessionId) -> Option<Out> {
        self.inbox.get_mut(&session)?.pop_front()
    }

    fn next_frame<T: Decode>(&mut self, session: SessionId) -> T {
        match self.next(session) {
            Some(Out::Frame(frame)) => T::decode(&frame).expect("a frame of this door"),
            other => panic!("expected a frame, got {other:?}"),
        }
    }

    fn attempt(&mut self) -> IdempotencyId {
        self.attempts += 1;
        IdempotencyId(self.attempts.to_be_bytes())
    }

    /// Asks at the unnamed door, on a connection of its own.
    fn ask(&mut self, op: UnnamedRequest) -> Result<UnnamedAnswer, Refusal> {
        let session = self.connect(Door::Unnamed);
        self.ask_on(session, op)
    }

    fn ask_on(&mut self, session: SessionId, op: UnnamedRequest) -> Result<UnnamedAnswer, Refusal> {
        self.tell(session, &Request { id: 1, op });
        self.flush();
        match self.next_frame::<Reply<UnnamedAnswer>>(session) {
            Reply::Done { answer, .. } => Ok(answer),
            Reply::Refused { refusal, .. } => Err(refusal),
        }
    }

    /// Asks at the blob door, on a connection of its own.
    fn ask_blob(&mut self, op: BlobRequest) -> Result<BlobAnswer, Refusal> {
        let session = self.connect(Door::Blob);
        self.ask_blob_on(session, op)
    }

    fn ask_blob_on(&mut self, session: SessionId, op: BlobRequest) -> Result<BlobAnswer, Refusal> {
        self.tell(session, &Request { id: 1, op });
        self.flush();
        match self.next_frame::<Reply<BlobAnswer>>(session) {
            Reply::Done { answer, .. } => Ok(answer),
            Reply::Refused { refusal, .. } => Err(refusal),
        }
    }

    fn stored(&mut self, op: UnnamedRequest) -> Result<Stored, Refusal> {
        match self.ask(op)? {
            UnnamedAnswer::Stored(stored) => Ok(stored),
            _ => panic!("expected to be stored"),
        }
    }

    /// A connection at the account door, its challenge taken.
    fn visit(&mut self) -> (SessionId, [u8; 32]) {
        self.visit_from(Source::Local)
    }

    fn visit_from(&mut self, source: Source) -> (SessionId, [u8; 32]) {
        let session = self.connect_from(Door::Account, source);
        match self.next_frame(session) {
            Reply::Done { answer: AccountAnswer::Challenge(challenge), .. } => (session, challenge.nonce),
            _ => panic!("expected the challenge"),
        }
    }

    fn visit_ask(&mut self, session: SessionId, op: AccountRequest) -> Result<AccountAnswer, Refusal> {
        self.tell(session, &Request { id: 2, op });
        self.flush();
        match self.next_frame::<Reply<AccountAnswer>>(session) {
            Reply::Done { answer, .. } => Ok(answer),
            Reply::Refused { refusal, .. } => Err(refusal),
        }
    }

    /// Asks for a code and reads it where it was sent.
    fn code_for(&mut self, session: SessionId, handle: &str, requester: [u8; 32]) -> Result<String, Refusal> {
        self.visit_ask(session, request_code(handle, requester))?;
        Ok(self.sent_codes.lock().unwrap().last().cloned().unwrap().1)
    }

    /// Registers a person with a handle, all as it should be.
    fn register(&mut self, person: &Person, handle: Option<&str>) -> Result<Vec<u8>, Refusal> {
        let (session, _) = self.visit();
        let proof = match handle {
            None => None,
            Some(handle) => {
                let requester = [person.n; 32];
                let code = self.code_for(session, handle, requester)?;
                Some(proof(handle, requester, &code))
            }
        };
        match self.visit_ask(session, person.register(proof))? {
            AccountAnswer::Registered(registered) => Ok(registered.permit.into()),
            _ => panic!("expected to be registered"),
        }
    }

    /// Registers without handle and stays connected.
    fn registered(&mut self, person: &Person) -> SessionId {
        let (session, _) = self.visit();
        self.visit_ask(session, person.register(None)).ok().unwrap();
        session
    }

    fn authenticate(&mut self, person: &Person, device: u8) -> Result<SessionId, Refusal> {
        let (session, nonce) = self.visit();
        self.visit_ask(session, person.authenticate(device, &nonce)).map(|_| session)
    }

    /// A device with an open mailbox.
    fn device(&mut self, n: u8) -> Device {
        let device =
            Device { secret: [n; 32], mailbox: MailboxId([n; 16]), wrap_key: [n; 32], session: None };
        assert!(self.ask(device.create()).is_ok());
        device
    }

    fn open_device(&mut self, n: u8) -> Device {
        let mut device = self.device(n);
        self.open(&mut device);
        device
    }

    /// Opens the mailbox on a new connection; (waiting, dropped).
    fn open(&mut self, device: &mut Device) -> (u32, u32) {
        let session = self.connect(Door::Mailbox);
        let MailboxFromService::Challenge(challenge) = self.next_frame(session) else {
            panic!("no challenge")
        };
        self.tell(session, &device.open(&challenge.nonce));
        self.flush();
        device.session = Some(session);
        match self.next_frame(session) {
            MailboxFromService::Opened(opened) => (opened.waiting, opened.dropped),
            _ => panic!("the mailbox does not open"),
        }
    }

    /// What came to the device: mailbox sequence and delivery.
    fn received(&mut self, device: &Device) -> Vec<(u64, Delivery)> {
        let session = device.session.unwrap();
        let mut all = Vec::new();
        while let Some(Out::Frame(frame)) = self.next(session) {
            let MailboxFromService::Envelopes(envelopes) = MailboxFromService::decode(&frame).ok().unwrap()
            else {
                panic!("expected envelopes");
            };
            for envelope in envelopes.envelopes {
                let plain = seal::address::unwrap(&device.wrap_key, envelope.sealed.as_slice()).unwrap();
                all.push((envelope.sequence, Delivery::decode(&plain).unwrap()));
            }
        }
        all
    }

    /// The slot sequences that came to the device, all acknowledged.
    fn read(&mut self, device: &Device) -> Vec<u64> {
        let got = self.received(device);
        if let Some((last, _)) = got.last() {
            self.acknowledge(device, *last);
        }
        got.into_iter().map(|(_, delivery)| delivery.sequence).collect()
    }

    fn acknowledge(&mut self, device: &Device, sequence: u64) {
        self.tell(device.session.unwrap(), &MailboxFromDevice::Acknowledge(sequence));
        self.flush();
    }

    /// Files an address of the device.
    fn address(&mut self, device: &Device, n: u8, bound: Bound) -> AddressSecret {
        let a = AddressSecret([n; 32]);
        let request = self.create_address(device, a, bound);
        assert!(self.ask(request).is_ok());
        a
    }

    fn create_address(&mut self, device: &Device, a: AddressSecret, bound: Bound) -> UnnamedRequest {
        let value =
            AddressValue { mailbox: device.mailbox, wrap_key: device.wrap_key, push_key: [0; 32], bound };
        let sealed = seal::address::seal(&a, &value, &mut self.rng).into();
        let owner = seal::sha256(&[&device.secret]);
        UnnamedRequest::CreateAddress(CreateAddress {
            key: key_of(&a),
            sealed,
            owner,
            token: Vec::new().into(),
            extensions: Vec::new(),
        })
    }

    fn state(&mut self, posting_key: [u8; 32], members: &[AddressSecret]) -> EpochState {
        EpochState {
            posting_key_hash: posting_key_hash(&posting_key),
            roster: seal::roster::seal(&posting_key, members, &mut self.rng).unwrap().into(),
            rejoin: b"rejoin blob".to_vec().into(),
            tree: Vec::new(),
            pieces: Vec::new(),
        }
    }

    fn create_slot(
        &mut self,
        of: &Conversation,
        welcomes: Vec<WelcomeFor>,
        message: &[u8],
    ) -> UnnamedRequest {
        UnnamedRequest::CreateSlot(CreateSlot {
            slot: of.slot,
            posting_key: Secret32(of.posting_key),
            state: self.state(of.posting_key, &of.members),
            welcomes,
            message: message.into(),
            idempotency: self.attempt(),
            token: Vec::new().into(),
            extensions: Vec::new(),
        })
    }

    /// A conversation of these devices, everybody's address bound to it.
    fn conversation(&mut self, n: u8, devices: &[&Device]) -> Conversation {
        let slot = SlotId([n; 16]);
        let members: Vec<_> = devices
            .iter()
            .map(|device| self.address(device, n ^ device.secret[0].wrapping_mul(16), Bound::to(slot)))
            .collect();
        let conversation = Conversation { slot, posting_key: [n; 32], members };
        let request = self.create_slot(&conversation, Vec::new(), b"");
        assert_eq!(self.stored(request), Ok(Stored { sequence: 1, epoch: 1 }));
        conversation
    }

    fn send(&mut self, to: &Conversation) -> Result<Stored, Refusal> {
        let request = self.send_request(to, 512);
        self.stored(request)
    }

    fn send_request(&mut self, to: &Conversation, bytes: usize) -> UnnamedRequest {
        UnnamedRequest::Send(Send {
            slot: to.slot,
            posting_key: Secret32(to.posting_key),
            payload: vec![0x5A; bytes].into(),
            idempotency: self.attempt(),
            extensions: Vec::new(),
        })
    }

    fn commit_request(
        &mut self,
        of: &Conversation,
        next: &Conversation,
        welcomes: Vec<WelcomeFor>,
        message: &[u8],
    ) -> UnnamedRequest {
        UnnamedRequest::Commit(Commit {
            slot: of.slot,
            posting_key: Secret32(of.posting_key),
            next_posting_key: Secret32(next.posting_key),
            next: self.state(next.posting_key, &next.members),
            commit: vec![0xC0; 1_024].into(),
            welcomes,
            message: message.into(),
            idempotency: self.attempt(),
            extensions: Vec::new(),
        })
    }

    /// Rows of a table.
    fn rows(&mut self, count: server_db::Sql) -> u64 {
        self.service().db().read().one(count, &[], |row| row.count(0)).unwrap().unwrap()
    }
}

impl Device {
    fn create(&self) -> UnnamedRequest {
        UnnamedRequest::CreateMailbox(CreateMailbox {
            mailbox: self.mailbox,
            public_key: public_key(&self.secret),
            token: Vec::new().into(),
            extensions: Vec::new(),
        })
    }

    fn open(&self, nonce: &[u8; 32]) -> MailboxFromDevice {
        MailboxFromDevice::Open(OpenMailbox {
            mailbox: self.mailbox,
            signature: sign(&self.secret, Purpose::Mailbox, nonce).into(),
            extensions: Vec::new(),
        })
    }

    fn delete(&self, a: &AddressSecret) -> UnnamedRequest {
        UnnamedRequest::DeleteAddress(DeleteAddress {
            key: key_of(a),
            proof: Secret32(self.secret),
            extensions: Vec::new(),
        })
    }
}

/// A person with one device, or more; their keys follow from a number.
struct Person {
    n: u8,
    chain: VerifiedChain,
}

impl Person {
    fn new(n: u8) -> Self {
        Self { n, chain: VerifiedChain::begin(&[n; 32], entry(n), [n; 32]) }
    }

    fn id(&self) -> AccountId {
        self.chain.account
    }

    fn introduction(&self) -> seal::introduction::IntroductionKey {
        seal::introduction::IntroductionKey([self.n; 32])
    }

    fn register(&self, proof: Option<HandleProof>) -> AccountRequest {
        AccountRequest::Register(Register {
            proof,
            device_list: self.chain.newest_bytes().into(),
            fetch_proof_hash: self.introduction().fetch_proof_hash(),
            extensions: Vec::new(),
        })
    }

    fn authenticate(&self, device: u8, nonce: &[u8; 32]) -> AccountRequest {
        AccountRequest::Authenticate(Authenticate {
            account: self.id(),
            device: entry(device).device,
            signature: sign(&[device; 32], Purpose::Account, nonce).into(),
            extensions: Vec::new(),
        })
    }
}

fn entry(n: u8) -> DeviceEntry {
    DeviceEntry { device: DeviceId([n; 16]), key: public_key(&[n; 32]) }
}

fn request_code(handle: &str, requester: [u8; 32]) -> AccountRequest {
    AccountRequest::RequestCode(RequestCode {
        handle: handle.as_bytes().into(),
        requester: seal::sha256(&[&requester]),
        extensions: Vec::new(),
    })
}

fn proof(handle: &str, requester: [u8; 32], code: &str) -> HandleProof {
    HandleProof {
        handle: handle.as_bytes().into(),
        requester: Secret32(requester),
        code: code.as_bytes().into(),
    }
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}

fn welcome(a: AddressSecret, bytes: usize) -> WelcomeFor {
    WelcomeFor { address: a, token: Vec::new().into(), payload: vec![0x3E; bytes].into() }
}

const ANNA: &str = "+32470123456";
const BORIS: &str = "boris@example.org";

#[test]
fn every_statement_of_every_slice_can_be_prepared_and_numbers_its_parameters_in_order() {
    let db = Db::in_memory(&schema()).unwrap();
    let slices: [&[(&str, server_db::Sql)]; 8] = [
        crate::account::sql::ALL,
        crate::key_package::sql::ALL,
        crate::mailbox::sql::ALL,
        crate::address::sql::ALL,
        crate::slot::sql::ALL,
        crate::directory::sql::ALL,
        crate::blob::sql::ALL,
        crate::token::sql::ALL,
    ];
    for (name, statement) in slices.concat() {
        assert!(db.check(statement).is_ok(), "{name}: {statement}");
        assert!(server_db::parameters_ascend(statement), "{name}: {statement}");
    }
}
