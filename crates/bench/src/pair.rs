//! Two people who talk: mailboxes, addresses and a slot at the service, made through its doors.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use seal::address::{self, AddressValue, Bound};
use seal::challenge::{self, Purpose};
use seal::roster;
use vocab::{AddressSecret, IdempotencyId, MailboxId, SlotId};
use wire::address::CreateAddress;
use wire::mailbox::{CreateMailbox, OpenMailbox};
use wire::slot::{CreateSlot, EpochState, Send};
use wire::{
    Bytes, Decode, Delivery, Door, Encode, MailboxFromDevice, MailboxFromService, Secret32, UnnamedRequest,
};

use crate::Trouble;
use crate::door::{self, Receiver, Sender};
use crate::server::Server;

/// A 256-byte text is so long once encrypted, sealed and padded.
pub(crate) const PAYLOAD_BYTES: usize = 1_024;

/// One of the two.
pub(crate) struct Person {
    pub mailbox: MailboxId,
    secret: [u8; 32],
    pub wrap_key: [u8; 32],
    address: AddressSecret,
}

/// Both, and where they talk.
pub(crate) struct Pair {
    pub slot: SlotId,
    pub posting_key: [u8; 32],
    pub people: [Person; 2],
}

impl Pair {
    /// Makes everything at the service.
    pub async fn make(
        rng: &mut ChaCha20Rng,
        sender: &mut Sender,
        receiver: &mut Receiver,
    ) -> Result<Self, Trouble> {
        let slot = SlotId(random(rng));
        let posting_key = random(rng);
        let people = [Person::random(rng), Person::random(rng)];
        for person in &people {
            for op in person.requests(slot, rng) {
                done(sender, receiver, op).await?;
            }
        }
        let addresses = people.each_ref().map(|person| person.address);
        let op = UnnamedRequest::CreateSlot(CreateSlot {
            slot,
            posting_key: Secret32(posting_key),
            state: EpochState {
                posting_key_hash: roster::posting_key_hash(&posting_key),
                roster: roster::seal(&posting_key, &addresses, rng)?.into(),
                rejoin: vec![0; PAYLOAD_BYTES].into(),
                tree: vec![],
                pieces: vec![],
            },
            welcomes: vec![],
            message: vec![].into(),
            idempotency: IdempotencyId(random(rng)),
            token: vec![].into(),
            extensions: vec![],
        });
        done(sender, receiver, op).await?;
        Ok(Self { slot, posting_key, people })
    }

    /// What a writer needs of it.
    pub fn place(&self) -> Place {
        Place { slot: self.slot, posting_key: self.posting_key }
    }
}

/// Where a writer writes.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    slot: SlotId,
    posting_key: [u8; 32],
}

impl Place {
    /// A message that carries `number` at its beginning.
    pub fn message(&self, number: u64, rng: &mut ChaCha20Rng) -> UnnamedRequest {
        let mut payload = vec![0; PAYLOAD_BYTES];
        rng.fill_bytes(&mut payload);
        payload[..8].copy_from_slice(&number.to_be_bytes());
        UnnamedRequest::Send(Send {
            slot: self.slot,
            posting_key: Secret32(self.posting_key),
            payload: payload.into(),
            idempotency: IdempotencyId(random(rng)),
            extensions: vec![],
        })
    }
}

impl Person {
    fn random(rng: &mut ChaCha20Rng) -> Self {
        Self {
            mailbox: MailboxId(random(rng)),
            secret: random(rng),
            wrap_key: random(rng),
            address: AddressSecret(random(rng)),
        }
    }

    fn requests(&self, slot: SlotId, rng: &mut ChaCha20Rng) -> [UnnamedRequest; 2] {
        let value = AddressValue {
            mailbox: self.mailbox,
            wrap_key: self.wrap_key,
            push_key: [0; 32],
            bound: Bound::to(slot),
        };
        [
            UnnamedRequest::CreateMailbox(CreateMailbox {
                mailbox: self.mailbox,
                public_key: challenge::public_key(&self.secret),
                token: vec![].into(),
                extensions: vec![],
            }),
            UnnamedRequest::CreateAddress(CreateAddress {
                key: address::key_of(&self.address),
                sealed: address::seal(&self.address, &value, rng).into(),
                owner: random(rng),
                token: vec![].into(),
                extensions: vec![],
            }),
        ]
    }

    /// Opens the mailbox; the number of envelopes waiting comes along.
    pub async fn open(&self, server: &Server) -> Result<(Sender, Receiver, u32), Trouble> {
        let (mut sender, mut receiver) = door::open(server, Door::Mailbox).await?;
        let MailboxFromService::Challenge(challenge) = MailboxFromService::decode(&receiver.frame().await?)?
        else {
            return Err("no challenge".into());
        };
        let open = MailboxFromDevice::Open(OpenMailbox {
            mailbox: self.mailbox,
            signature: Bytes::from(challenge::sign(&self.secret, Purpose::Mailbox, &challenge.nonce)),
            extensions: vec![],
        });
        sender.frame(open.encode()?).await?;
        match MailboxFromService::decode(&receiver.frame().await?)? {
            MailboxFromService::Opened(opened) => Ok((sender, receiver, opened.waiting)),
            _ => Err("the mailbox was not opened".into()),
        }
    }

    /// Reads a frame of envelopes: the numbers of their messages, and what to acknowledge.
    pub fn read(&self, frame: &[u8]) -> Result<(Vec<u64>, u64), Trouble> {
        let MailboxFromService::Envelopes(given) = MailboxFromService::decode(frame)? else {
            return Err("something else than envelopes".into());
        };
        let mut numbers = Vec::new();
        for envelope in &given.envelopes {
            let delivery = Delivery::decode(&address::unwrap(&self.wrap_key, envelope.sealed.as_slice())?)?;
            let head = delivery.payload.as_slice().first_chunk::<8>().ok_or("a short payload")?;
            numbers.push(u64::from_be_bytes(*head));
        }
        Ok((numbers, given.envelopes.last().map_or(0, |envelope| envelope.sequence)))
    }
}

/// Acknowledges.
pub(crate) async fn acknowledge(sender: &mut Sender, through: u64) -> Result<(), Trouble> {
    sender.frame(MailboxFromDevice::Acknowledge(through).encode()?).await
}

async fn done(sender: &mut Sender, receiver: &mut Receiver, op: UnnamedRequest) -> Result<(), Trouble> {
    sender.request(1, op).await?;
    match receiver.answer().await?.1 {
        Ok(_) => Ok(()),
        Err(refusal) => Err(format!("the service refused: {refusal:?}").into()),
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
