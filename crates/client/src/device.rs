//! Further devices of an account: an offer, a longer device list, a grant. How the two travel between the devices is in
//! `linking`.

use client_db::params;
use crypto::DeviceKeys;
use crypto::seal::challenge::{sign_bytes, verify_bytes};
use crypto::seal::{DeviceEntry, VerifiedChain};
use vocab::limits::DEVICES_MAX;
use vocab::{AccountId, DeviceId, Handle};

use crate::api::{CommandId, ConversationId, Refused, Reply};
use crate::ask::AskKind;
use crate::conversation::SlotState;
use crate::intent::{self, Kind};
use crate::link::{Grant, GrantedSlot};
use crate::step::{Halt, Halting, Step, number};

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

impl DeviceOffer {
    /// The offer comes from who holds the key.
    pub(crate) fn check(&self) -> Halting<()> {
        Ok(verify_bytes(&self.key, &offer_bytes(self.device, &self.key), &self.signature)?)
    }
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
        let signature = offer_signature(&keys, device);
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
    pub(crate) grant: Grant,
    /// Filled in by the new device.
    pub(crate) device: DeviceId,
    /// Filled in by the new device.
    pub(crate) secret: [u8; 32],
}

impl DeviceGrant {
    /// The account it leads into.
    pub(crate) fn account(&self) -> Halting<AccountId> {
        Ok(VerifiedChain::verify(self.grant.device_chain.as_slice())?.account)
    }
}

impl std::fmt::Debug for DeviceGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceGrant")
    }
}

impl Step<'_> {
    /// Signs the new device into the list, for somebody who carries offer and grant by hand.
    pub fn approve_device(&mut self, command: CommandId, offer: &DeviceOffer) -> Halting<()> {
        self.approve(Some(command), offer)
    }

    /// Signs the new device into the list. It counts from the moment the service has it: two devices that approve at once
    /// would otherwise make two lists that contradict each other, and everybody would refuse one of them.
    pub fn approve(&mut self, command: Option<CommandId>, offer: &DeviceOffer) -> Halting<()> {
        let asked = |ask: &crate::ask::Ask| matches!(&ask.kind, AskKind::ApproveDevice { device, .. } if *device == offer.device);
        if command.is_none() && self.lines.asks.iter().any(asked) {
            return Ok(());
        }
        let me = self.me()?;
        if me.chain.names(offer.device, &offer.key) {
            // The answer to an earlier try was lost.
            return self.approved(command, offer.device);
        }
        if offer.check().is_err() || me.chain.devices.len() >= DEVICES_MAX {
            return match command {
                Some(command) => {
                    self.reply(command, Err(Refused::BadDevice));
                    Ok(())
                }
                None => self.approval_refused(),
            };
        }
        let mut devices = me.chain.devices.clone();
        devices.push(DeviceEntry { device: offer.device, key: offer.key });
        let chain = me.chain.next(&me.keys.secret(), devices)?;
        self.ask(command, AskKind::ApproveDevice { chain: Box::new(chain), device: offer.device });
        Ok(())
    }

    /// The service has another list: with a device more, or one less.
    pub fn device_list_updated(&mut self, ask: u64) -> Halting<()> {
        let known = self.lines.asks.iter().find(|known| known.id == ask);
        let (chain, approved, command) = match known.map(|known| (&known.kind, known.command)) {
            Some((AskKind::ApproveDevice { chain, device }, command)) => (chain, Some(*device), command),
            Some((AskKind::RemoveDevice { chain, .. }, command)) => (chain, None, command),
            _ => return Err(Halt::Unusable("an answer to something else")),
        };
        let chain = chain.clone();
        self.adopt_chain(&chain)?;
        self.lines.asks.retain(|other| other.id != ask);
        match approved {
            Some(device) => self.approved(command, device),
            None => {
                if let Some(command) = command {
                    self.reply(command, Ok(Reply::Done));
                }
                Ok(())
            }
        }
    }

    fn approved(&mut self, command: Option<CommandId>, device: DeviceId) -> Halting<()> {
        let Some(command) = command else { return self.hand_over(device) };
        let grant = self.grant_content([0; 32])?;
        self.reply(command, Ok(Reply::Grant(Box::new(DeviceGrant { grant, device, secret: [0; 32] }))));
        Ok(())
    }

    /// Everything a new device needs. `history` opens the history it will be given; zeros for none.
    pub fn grant_content(&mut self, history: [u8; 32]) -> Halting<Grant> {
        self.begin_among_ourselves()?;
        let (shared, slots, devices) = (self.shared()?, self.slots_to_grant()?, self.device_names()?);
        let me = self.me()?;
        Ok(Grant {
            device_chain: me.chain.to_bytes().into(),
            introduction: me.introduction.0,
            name: me.name.as_bytes().into(),
            handle: me.handle.as_ref().map_or(&[][..], |handle| handle.as_str().as_bytes()).into(),
            history,
            shared,
            slots,
            devices,
        })
    }

    /// The slots a new device is let into: of each conversation the one that is written to.
    fn slots_to_grant(&self) -> Halting<Vec<GrantedSlot>> {
        let conversations: Vec<([u8; 16], Vec<u8>, i64)> =
            self.tx.rows("select id, account, next_position from conversation order by id", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let mut slots = Vec::new();
        for (conversation, account, position) in conversations {
            let slot = self.current_slot(ConversationId(conversation))?;
            let open = slot.filter(|slot| slot.state == SlotState::Open);
            let Some(open) = open else { continue };
            let Ok(r) = open.r.try_into() else { continue };
            slots.push(GrantedSlot {
                slot: open.id,
                generation: open.generation,
                conversation,
                with: account.into(),
                r,
                position: number(position),
            });
        }
        Ok(slots)
    }

    /// A conversation that the account has: this device comes in from outside. What was said before keeps its places in front
    /// of what this device hears itself.
    pub fn adopt_slot(&mut self, granted: &GrantedSlot) -> Halting<()> {
        let GrantedSlot { slot, generation, conversation, with, r, position } = granted;
        let conversation = match AccountId::from_slice(with.as_slice()) {
            Ok(account) => self.admit_conversation(account)?,
            Err(_) => self.admit_group(ConversationId(*conversation))?,
        };
        self.tx.execute(
            "update conversation set next_position = max(next_position, ?2) where id = ?1",
            params![
                conversation.0,
                crate::step::sql_number(position.saturating_add(POSITIONS_BEFORE).min(POSITION_MAX))
            ],
        )?;
        let address = self.new_bound_address(*slot)?;
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, r, address, owner_proof, generation)
             values (?1, ?2, 2, 0, 0, ?3, ?4, ?5, ?6)",
            params![slot.as_bytes(), conversation.0, r, address.secret.0, address.owner_proof, generation],
        )?;
        intent::queue_once(self, Kind::Rejoin, &conversation.0, &[])
    }

    /// Becomes a device of the account, by a grant that was carried by hand.
    pub fn adopt_device(&mut self, command: CommandId, grant: &DeviceGrant) -> Halting<()> {
        let adopted = self.adopt(grant)?;
        self.reply(command, adopted.map(Reply::Registered));
        Ok(())
    }

    /// Becomes a device of the account.
    pub fn adopt(&mut self, granted: &DeviceGrant) -> Halting<Result<AccountId, Refused>> {
        if self.me.as_ref().is_some_and(|me| me.registered) {
            return Ok(Err(Refused::AlreadyRegistered));
        }
        let DeviceGrant { grant, device, secret } = granted;
        let chain = VerifiedChain::verify(grant.device_chain.as_slice())?;
        let keys = DeviceKeys::from_secret(secret);
        if !chain.names(*device, &keys.public()) {
            return Ok(Err(Refused::BadDevice));
        }
        // What an unfinished registration left.
        for name in ["requester", "code_handle", "registration_sent"] {
            self.delete_setting(name)?;
        }
        self.store_me(&keys, *device, &chain, &grant.introduction)?;
        self.put_setting("name", grant.name.as_slice())?;
        if let Ok(handle) = Handle::parse(&String::from_utf8_lossy(grant.handle.as_slice())) {
            self.put_setting("handle", handle.as_str().as_bytes())?;
        }
        self.put_setting("registered", &[1])?;
        self.reload_me()?;
        self.set_up_device()?;
        self.adopt_shared(&grant.shared)?;
        self.know_devices(&grant.devices)?;
        grant.slots.iter().try_for_each(|granted| self.adopt_slot(granted))?;
        self.ask_for_choices()?;
        if grant.history != [0; 32] {
            self.await_history(&grant.history)?;
        }
        Ok(Ok(chain.account))
    }
}

/// A new device's signature under its own id and key.
pub(crate) fn offer_signature(keys: &DeviceKeys, device: DeviceId) -> Vec<u8> {
    sign_bytes(&keys.secret(), &offer_bytes(device, &keys.public())).to_vec()
}

fn offer_bytes(device: DeviceId, key: &[u8; 32]) -> Vec<u8> {
    [b"valise device offer v1".as_slice(), device.as_bytes(), key].concat()
}

/// Places kept free in a conversation for what is said between the grant and the moment the new device hears for itself.
const POSITIONS_BEFORE: u64 = 1 << 32;
/// Room for two billion messages above it, whatever a grant says.
const POSITION_MAX: u64 = 1 << 62;
