//! Further devices of an account, at protocol level: an offer, a grant, a longer device list. How the two travel between
//! the devices (QR, code, two-way check) belongs to the linking part.

use client_db::params;
use crypto::DeviceKeys;
use crypto::seal::challenge::{sign_bytes, verify_bytes};
use crypto::seal::{DeviceEntry, VerifiedChain};
use vocab::limits::DEVICES_MAX;
use vocab::{AccountId, DeviceId, Handle, SlotId};

use crate::api::{CommandId, ConversationId, Refused, Reply};
use crate::ask::AskKind;
use crate::conversation::SlotState;
use crate::intent::{self, Kind};
use crate::shared::Shared;
use crate::step::{Halt, Halting, Step};

/// What a new device shows to one of the account's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceOffer {
    /// Chosen by the new device.
    pub device: DeviceId,
    /// Its public key.
    pub key: [u8; 32],
    /// By that key: the offer comes from who holds it.
    pub signature: Vec<u8>,
}

/// A new device before it belongs to an account: its keys and the offer it shows.
pub struct NewDevice {
    keys: DeviceKeys,
    /// To be shown.
    pub offer: DeviceOffer,
}

impl NewDevice {
    /// Makes keys from fresh randomness.
    pub fn generate(rng: &mut (impl rand_core::RngCore + rand_core::CryptoRng)) -> Self {
        let keys = DeviceKeys::generate(rng);
        let mut device = [0; 16];
        rng.fill_bytes(&mut device);
        let (device, key) = (DeviceId(device), keys.public());
        let signature = sign_bytes(&keys.secret(), &offer_bytes(device, &key));
        Self { keys, offer: DeviceOffer { device, key, signature } }
    }

    /// Takes the grant of the device that approved the offer.
    pub fn with_grant(self, grant: DeviceGrant) -> DeviceGrant {
        DeviceGrant { secret: *self.keys.secret(), device: self.offer.device, ..grant }
    }
}

/// What the approving device gives: as secret as the account itself. No `Debug` of its contents.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceGrant {
    /// The chain that names the new device.
    pub device_chain: Vec<u8>,
    /// The account's introduction key.
    pub introduction: [u8; 32],
    /// The person's name and handle.
    pub name: String,
    /// See `name`.
    pub handle: Option<Handle>,
    /// Contacts, invitations, and what else the account's devices share.
    shared: Shared,
    /// The conversations.
    slots: Vec<GrantedSlot>,
    /// Filled in by the new device.
    device: DeviceId,
    /// Filled in by the new device.
    secret: [u8; 32],
}

/// A conversation that a new device comes into.
#[derive(Clone, PartialEq, Eq)]
struct GrantedSlot {
    slot: SlotId,
    generation: u32,
    conversation: [u8; 16],
    /// The other account; none in a group.
    with: Vec<u8>,
    r: [u8; 32],
}

impl std::fmt::Debug for DeviceGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceGrant")
    }
}

impl Step<'_> {
    /// Signs the new device into the list. It counts from the moment the service has it: two devices that approve at once
    /// would otherwise make two lists that contradict each other, and everybody would refuse one of them.
    pub fn approve_device(&mut self, command: CommandId, offer: &DeviceOffer) -> Halting<()> {
        let genuine =
            verify_bytes(&offer.key, &offer_bytes(offer.device, &offer.key), &offer.signature).is_ok();
        let me = self.me()?;
        if me.chain.names(offer.device, &offer.key) {
            // The answer to an earlier try was lost.
            let grant = self.grant(offer.device)?;
            self.reply(command, Ok(Reply::Grant(Box::new(grant))));
            return Ok(());
        }
        if !genuine || me.chain.devices.len() >= DEVICES_MAX {
            self.reply(command, Err(Refused::BadDevice));
            return Ok(());
        }
        let mut devices = me.chain.devices.clone();
        devices.push(DeviceEntry { device: offer.device, key: offer.key });
        let chain = me.chain.next(&me.keys.secret(), devices)?;
        self.ask(Some(command), AskKind::ApproveDevice { chain: Box::new(chain), device: offer.device });
        Ok(())
    }

    /// The service has the longer list.
    pub fn device_approved(&mut self, ask: u64) -> Halting<()> {
        let known = self.lines.asks.iter().find(|known| known.id == ask).map(|known| &known.kind);
        let Some(AskKind::ApproveDevice { chain, device }) = known else {
            return Err(Halt::Unusable("an answer to something else"));
        };
        let (chain, device) = (chain.clone(), *device);
        if self.me()?.chain.leads_to(&chain) {
            self.put_setting("device_chain", &chain.to_bytes())?;
            self.reload_me()?;
        }
        let grant = self.grant(device)?;
        self.finish_ask(ask, Ok(Reply::Grant(Box::new(grant))));
        Ok(())
    }

    fn grant(&mut self, device: DeviceId) -> Halting<DeviceGrant> {
        self.begin_among_ourselves()?;
        let (shared, slots) = (self.shared()?, self.slots_to_grant()?);
        let me = self.me()?;
        Ok(DeviceGrant {
            device_chain: me.chain.to_bytes(),
            introduction: me.introduction.0,
            name: me.name.clone(),
            handle: me.handle.clone(),
            shared,
            slots,
            device,
            secret: [0; 32],
        })
    }

    /// The slots a new device is let into: of each conversation the one that is written to.
    fn slots_to_grant(&self) -> Halting<Vec<GrantedSlot>> {
        let conversations: Vec<([u8; 16], Vec<u8>)> =
            self.tx.rows("select id, account from conversation order by id", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let mut slots = Vec::new();
        for (conversation, account) in conversations {
            let slot = self.current_slot(ConversationId(conversation))?;
            let open = slot.filter(|slot| slot.state == SlotState::Open);
            let Some(open) = open else { continue };
            let Ok(r) = open.r.try_into() else { continue };
            slots.push(GrantedSlot {
                slot: open.id,
                generation: open.generation,
                conversation,
                with: account,
                r,
            });
        }
        Ok(slots)
    }

    /// A conversation that the account has: this device comes in from outside.
    fn adopt_slot(&mut self, granted: &GrantedSlot) -> Halting<()> {
        let GrantedSlot { slot, generation, conversation, with, r } = granted;
        let conversation = match AccountId::from_slice(with) {
            Ok(account) => self.admit_conversation(account)?,
            Err(_) => self.admit_group(ConversationId(*conversation))?,
        };
        let address = self.new_bound_address(*slot)?;
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, r, address, owner_proof, generation)
             values (?1, ?2, 2, 0, 0, ?3, ?4, ?5, ?6)",
            params![slot.as_bytes(), conversation.0, r, address.secret.0, address.owner_proof, generation],
        )?;
        intent::queue_once(self, Kind::Rejoin, &conversation.0, &[])
    }

    /// Becomes a device of the account.
    pub fn adopt_device(&mut self, command: CommandId, grant: &DeviceGrant) -> Halting<()> {
        if self.me.is_some() {
            self.reply(command, Err(Refused::AlreadyRegistered));
            return Ok(());
        }
        let chain = VerifiedChain::verify(&grant.device_chain)?;
        let keys = DeviceKeys::from_secret(&grant.secret);
        if !chain.names(grant.device, &keys.public()) {
            self.reply(command, Err(Refused::BadDevice));
            return Ok(());
        }
        self.store_me(&keys, grant.device, &chain, &grant.introduction)?;
        self.put_setting("name", grant.name.as_bytes())?;
        if let Some(handle) = &grant.handle {
            self.put_setting("handle", handle.as_str().as_bytes())?;
        }
        self.put_setting("registered", &[1])?;
        self.reload_me()?;
        self.set_up_device()?;
        self.adopt_shared(&grant.shared)?;
        grant.slots.iter().try_for_each(|granted| self.adopt_slot(granted))?;
        self.ask_for_choices()?;
        self.reply(command, Ok(Reply::Registered(chain.account)));
        Ok(())
    }
}

fn offer_bytes(device: DeviceId, key: &[u8; 32]) -> Vec<u8> {
    [b"valise device offer v1".as_slice(), device.as_bytes(), key].concat()
}
