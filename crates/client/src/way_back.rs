//! The way back into a slot whose rejoin blob does not open any more: others are asked for `R` (`docs/protocol/slot.md`).
//!
//! `R` changes whenever a leaf is removed. Whoever misses that, or was told the one before, asks the other devices of the
//! account, and people of the conversation in the chats with them. Only when nobody answers does the conversation go on in
//! another slot: in a group that would leave behind whoever cannot follow.
//!
//! What others tell is tried beside the `R` that this device knows and never in its place, so that a wrong one takes nothing away;
//! and each account has only so many tries at once. What is told beyond them waits for the next time this device would have asked.
//!
//! Devices also tell a device of their own account of the slots in which it has no leaf yet: it was linked in the very moment
//! in which somebody let the account in. Whoever comes into a group by a letter tells the others, too: theirs may have been lost, and
//! as they have a leaf, nobody else would see it.

use client_db::params;
use crypto::seal::padding::open_padded;
use crypto::{Group, GroupId, Member};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, DeviceId, SlotId, Timestamp};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Decode, Encode};

use crate::api::{ContactState, ConversationId};
use crate::charter::Standing;
use crate::conversation::{GENERATIONS_AHEAD, Slot, SlotState};
use crate::group::rejoin_key;
use crate::intent::{self, Intent, Kind};
use crate::link::GrantedSlot;
use crate::machine::Weakness;
use crate::step::{Halt, Halting, Step};

/// Slots whose `R` the sender does not know, and groups of which it knows no slot.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Asked {
    slots: Vec<SlotId>,
    groups: Vec<AskedGroup>,
}

/// A group of which the sender knows no slot.
#[derive(Debug, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct AskedGroup {
    conversation: [u8; 16],
}

/// Ways into slots. Zeros as `R` say that there is none: the asker's account is not in the group any more; `position` is 1 then
/// where it has left by itself.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Ways {
    slots: Vec<GrantedSlot>,
}

/// What this room keeps.
pub(crate) const TABLES: &str = "
-- What others have told of the way into a slot that this device waits before: of each account the last, and how often.
create table told_way (
    slot blob not null, account blob not null, r blob not null, times integer not null,
    primary key (slot, account)
) strict, without rowid;
";

impl Step<'_> {
    /// The rejoin blob did not open: others are asked, more and more rarely. False when there is nobody to ask, or nobody has
    /// answered for long.
    pub fn ask_for_way_back(&mut self, intent: &Intent, slot: &Slot) -> Halting<bool> {
        // Tried in between, because somebody told a way: it was a wrong one, and nobody is asked for that.
        let asked_at = asked_setting(slot.id);
        let wait = self.setting_number(&asked_at)?.saturating_sub(self.now.0);
        if (1..=ASK_AGAIN_MS << ASK_TRIES_MAX).contains(&wait) {
            intent::put_off(self, intent.id, wait)?;
            return Ok(true);
        }
        let whom = self.who_knows_the_way(slot)?;
        if whom.is_empty() || intent.attempts >= ASK_TRIES_MAX {
            self.forget_ways(slot.id)?;
            return Ok(false);
        }
        let asked = Asked { slots: vec![slot.id], groups: vec![] }.encode()?;
        for conversation in whom {
            let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_ASKED, asked.as_slice());
            let content = MimiContent::new(self.random(), part);
            self.queue_content(conversation, content)?;
        }
        let wait = ASK_AGAIN_MS << intent.attempts;
        self.put_setting_number(&asked_at, self.now.plus_ms(wait).0)?;
        intent::postpone(self, intent.id, wait)?;
        Ok(true)
    }

    /// Opens a rejoin blob with the `R` that this device knows, or with one that it was told; gives that `R` as well.
    pub fn open_rejoin_blob(&self, slot: &Slot, blob: &[u8]) -> Halting<([u8; 32], Vec<u8>)> {
        let told: Vec<[u8; 32]> = self.tx.rows(
            "select r from told_way where slot = ?1 order by account limit ?2",
            params![slot.id.as_bytes(), WAYS_TRIED_MAX],
            |row| row.get(0),
        )?;
        let known: Option<[u8; 32]> = slot.r.as_slice().try_into().ok();
        let mut failed = Halt::Unusable("R is unknown");
        for r in known.into_iter().chain(told) {
            match open_padded(&rejoin_key(&r), slot.id.as_bytes(), blob) {
                Ok(plain) => return Ok((r, plain)),
                Err(error) => failed = error.into(),
            }
        }
        Err(failed)
    }

    /// This device is inside, or goes on elsewhere.
    pub fn forget_ways(&self, slot: SlotId) -> Halting<()> {
        self.tx.execute("delete from told_way where slot = ?1", params![slot.as_bytes()])?;
        self.delete_setting(&asked_setting(slot))
    }

    /// The chats in which somebody may know: with one's own devices, and with accepted contacts who are in the group.
    fn who_knows_the_way(&mut self, slot: &Slot) -> Halting<Vec<ConversationId>> {
        let (own, ourselves) = (self.me()?.account, self.among_ourselves()?);
        let mut whom = Vec::new();
        if self.me()?.chain.devices.len() > 1 && slot.conversation != ourselves {
            whom.push(ourselves);
        }
        if self.is_group(slot.conversation)? {
            let people = self.people(slot.conversation)?;
            // A new device does not know yet who is in it.
            let may_know = |account: &AccountId| people.is_empty() || people.contains(account);
            let accepted: Vec<[u8; 32]> =
                self.tx.rows("select account from contact where state = 1 order by account", [], |row| {
                    row.get(0)
                })?;
            for account in accepted.into_iter().map(AccountId).filter(may_know) {
                whom.push(crate::contact::conversation_with(own, account));
            }
        }
        whom.truncate(ASKED_MAX);
        Ok(whom)
    }

    /// Somebody asks for ways, or tells some. False when the content is something else.
    pub fn take_way_back(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        if let Some(bytes) = content.nested_part.content_of(TYPE_ASKED) {
            let mut asked = Asked::decode(bytes)?;
            if slot.conversation == self.among_ourselves()? {
                for group in asked.groups.iter().take(WAYS_MAX) {
                    let group = ConversationId(group.conversation);
                    self.put_setting_number(&wanted_setting(group), 1)?;
                    match self.current_slot(group)? {
                        Some(slot) => asked.slots.push(slot.id),
                        None => self.tell_out_of(group)?,
                    }
                }
            }
            self.show_ways(slot.conversation, sender, &asked.slots)?;
            return Ok(true);
        }
        let Some(bytes) = content.nested_part.content_of(TYPE_WAYS) else { return Ok(false) };
        let ways = Ways::decode(bytes)?.slots;
        let of_ours = slot.conversation == self.among_ourselves()?;
        for way in ways.iter().take(WAYS_MAX) {
            if way.r == NO_WAY && of_ours {
                self.take_out_of(way)?;
            } else if way.r == NO_WAY {
                self.take_no_way(way, sender)?;
            } else if of_ours && self.is_let_in_again(way, content.sent_at())? {
                self.come_in_again(way)?;
            } else {
                self.take_way(way, sender.account, of_ours)?;
            }
        }
        Ok(true)
    }

    /// Tells whoever belongs there: a device of an account that has a leaf in the slot, and that its account's list names.
    fn show_ways(&mut self, conversation: ConversationId, sender: &Member, asked: &[SlotId]) -> Halting<()> {
        let mut slots = Vec::new();
        for id in asked.iter().take(WAYS_MAX) {
            let Some(slot) = self.slot(*id)?.filter(|slot| slot.state == SlotState::Open) else { continue };
            let group = Group::load(self.session, GroupId::from(slot.id))?;
            let belongs = group.members().iter().any(|member| member.account == sender.account);
            if !belongs && self.is_group(slot.conversation)? {
                slots.push(self.way_into(&slot, NO_WAY)?);
            } else if belongs && self.check_newcomers(slot.conversation, std::slice::from_ref(sender)).is_ok()
            {
                slots.push(self.way_into(&slot, group.r()?)?);
            }
        }
        if self.config.has(Weakness::TellsWrongWays) {
            for _ in 0..WRONG_WAYS {
                let r = self.random();
                let wrong = slots.iter().map(|way| GrantedSlot { r, ..way.clone() }).collect();
                self.tell_ways(conversation, wrong)?;
            }
            return Ok(());
        }
        if slots.is_empty() { Ok(()) } else { self.tell_ways(conversation, slots) }
    }

    pub fn way_into(&self, slot: &Slot, r: [u8; 32]) -> Halting<GrantedSlot> {
        let with = if self.is_group(slot.conversation)? {
            vec![]
        } else {
            self.peer(slot.conversation)?.as_bytes().to_vec()
        };
        Ok(GrantedSlot {
            slot: slot.id,
            generation: slot.generation,
            conversation: slot.conversation.0,
            with: with.into(),
            r,
            position: 0,
        })
    }

    pub fn tell_ways(&mut self, conversation: ConversationId, slots: Vec<GrantedSlot>) -> Halting<()> {
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_WAYS, Ways { slots }.encode()?);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(conversation, content)
    }

    /// A way into a slot that this device waits before; from a device of our own also into one it has not heard of.
    fn take_way(&mut self, way: &GrantedSlot, from: AccountId, of_ours: bool) -> Halting<()> {
        let Some(known) = self.slot(way.slot)? else {
            let known = of_ours || self.may_bring(way, from)?;
            return if known { self.take_new_way(way) } else { Ok(()) };
        };
        if known.state != SlotState::Rejoining || known.conversation.0 != way.conversation {
            return Ok(());
        }
        let people = self.people(known.conversation)?;
        let may_know = self.is_group(known.conversation)? && (people.is_empty() || people.contains(&from));
        if !of_ours && !may_know {
            return Ok(());
        }
        intent::queue_once(self, Kind::Rejoin, &way.conversation, &[])?;
        let told: Option<([u8; 32], u32)> = self.tx.row(
            "select r, times from told_way where slot = ?1 and account = ?2",
            params![way.slot.as_bytes(), from.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if known.r == way.r || told.is_some_and(|(r, _)| r == way.r) {
            return Ok(());
        }
        let times = told.map_or(0, |(_, times)| times).saturating_add(1);
        self.tx.execute(
            "insert into told_way (slot, account, r, times) values (?1, ?2, ?3, ?4)
             on conflict (slot, account) do update set r = excluded.r, times = excluded.times",
            params![way.slot.as_bytes(), from.as_bytes(), way.r, times],
        )?;
        if times <= WAYS_AT_ONCE_MAX {
            self.tx.execute(
                "update intent set not_before = 0 where kind = ?1 and subject = ?2 and state = 0",
                params![Kind::Rejoin as i64, way.conversation],
            )?;
        }
        Ok(())
    }

    /// A group that this device has not heard of, told by somebody who might have let the account in by a letter, too. Whether they
    /// have is seen in it: nobody comes in from outside who has no leaf there.
    fn may_bring(&self, way: &GrantedSlot, from: AccountId) -> Halting<bool> {
        let accepted = self.contact(from)?.is_some_and(|it| it.state == ContactState::Accepted);
        let conversation = ConversationId(way.conversation);
        // Of a group that is known, nobody but own devices says where it goes on: its next slot is checked against its people.
        let unknown = self.room(conversation)?.is_none() && self.newest_generation(conversation)? == 0;
        Ok(accepted && unknown && way.with.as_slice().is_empty() && !self.is_of_two(conversation)?)
    }

    /// Somebody who may remove us says that it has happened while we could not hear.
    fn take_no_way(&mut self, way: &GrantedSlot, sender: &Member) -> Halting<()> {
        let own = self.me()?.account;
        let Some(slot) = self.slot(way.slot)?.filter(|slot| slot.state == SlotState::Rejoining) else {
            return Ok(());
        };
        match self.room(slot.conversation)? {
            Some((charter, _)) if charter.may_remove(sender.account, own) => {
                self.taken_out(&slot, Some(sender.account))
            }
            _ => Ok(()),
        }
    }

    /// Another device of ours has asked for the way into a group that the account is out of, or is out of by now.
    pub fn tell_out_of(&mut self, group: ConversationId) -> Halting<()> {
        let out =
            self.room(group)?.filter(|(_, standing)| matches!(standing, Standing::Left | Standing::Removed));
        let Some((_, standing)) = out else { return Ok(()) };
        if self.setting(&wanted_setting(group))?.is_none() {
            return Ok(());
        }
        self.delete_setting(&wanted_setting(group))?;
        let way = GrantedSlot {
            slot: SlotId([0; 16]),
            generation: self.newest_generation(group)?,
            conversation: group.0,
            with: vec![].into(),
            r: NO_WAY,
            position: u64::from(standing == Standing::Left),
        };
        let ourselves = self.begin_among_ourselves()?;
        self.tell_ways(ourselves, vec![way])
    }

    /// Another device of ours says that the account is out of a group that this one knows from the history alone.
    fn take_out_of(&mut self, way: &GrantedSlot) -> Halting<()> {
        let group = ConversationId(way.conversation);
        if !self.is_group(group)? || !self.is_inside(group)? || self.newest_generation(group)? > 0 {
            return Ok(());
        }
        self.out_of_unseen(group, way.position == 1)
    }

    /// A group that the history tells of, and no slot of it: another device of ours knows one.
    pub fn ask_for_slot(&mut self, conversation: ConversationId) -> Halting<()> {
        let asked_at = format!("slot asked {conversation}");
        let lately = self.now.0.saturating_sub(self.setting_number(&asked_at)?) < ASK_SLOT_AGAIN_MS;
        if lately || self.me()?.chain.devices.len() < 2 {
            return Ok(());
        }
        self.put_setting_number(&asked_at, self.now.0)?;
        let ourselves = self.begin_among_ourselves()?;
        let asked =
            Asked { slots: vec![], groups: vec![AskedGroup { conversation: conversation.0 }] }.encode()?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_ASKED, asked);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(ourselves, content)
    }

    /// The history is here: whatever groups it tells of and this device is not in yet.
    pub fn ask_for_slots(&mut self) -> Halting<()> {
        let without: Vec<[u8; 16]> = self.tx.rows(
            "select conversation from room where state = 1
             and conversation not in (select conversation from slot) order by conversation",
            [],
            |row| row.get(0),
        )?;
        without.into_iter().take(WAYS_MAX).try_for_each(|group| self.ask_for_slot(ConversationId(group)))
    }

    /// A conversation of the account that this device is not in yet. Not one that it has left, and none older than what it has; but
    /// what it only heard of being out of, before this, says nothing against it.
    fn take_new_way(&mut self, way: &GrantedSlot) -> Halting<()> {
        let conversation = ConversationId(way.conversation);
        let newest = self.newest_generation(conversation)?;
        let out = newest > 0 && self.room(conversation)?.is_some() && !self.is_inside(conversation)?;
        let far = way.generation > newest.saturating_add(crate::conversation::GENERATIONS_AHEAD);
        if out || way.generation <= newest || far {
            return Ok(());
        }
        self.adopt_slot(way)
    }

    /// Another device of ours is in a group that this one was taken out of, or has left before that was said: the account was let in again,
    /// and the letter to this device was lost.
    fn is_let_in_again(&self, way: &GrantedSlot, said_at: Option<Timestamp>) -> Halting<bool> {
        let group = ConversationId(way.conversation);
        if self
            .slot(way.slot)?
            .is_some_and(|slot| slot.state != SlotState::Closed || slot.conversation != group)
        {
            return Ok(false);
        }
        let newest = self.newest_generation(group)?;
        if newest == 0 || way.generation < newest || way.generation - newest > GENERATIONS_AHEAD {
            return Ok(false);
        }
        Ok(match self.room(group)? {
            Some((_, Standing::Removed)) => true,
            // What was said before one left says nothing.
            Some((_, Standing::Left)) => {
                let left_at = self.setting_number(&out_setting(group))?;
                said_at.is_some_and(|at| at.0 > left_at)
            }
            _ => false,
        })
    }

    fn come_in_again(&mut self, way: &GrantedSlot) -> Halting<()> {
        let group = ConversationId(way.conversation);
        self.begin_rows_anew(group)?;
        self.stop_asking(group)?;
        let standing = self.room(group)?.map_or(Standing::Removed, |(_, standing)| standing);
        self.put_setting(&again_setting(group), &[standing as u8])?;
        self.put_standing(group, Standing::In)?;
        if self.slot(way.slot)?.is_none() {
            return self.adopt_slot(way);
        }
        let address = self.new_bound_address(way.slot)?;
        self.tx.execute(
            "update slot set state = 2, epoch = 0, next_sequence = 0, r = ?2, address = ?3, owner_proof = ?4, generation = ?5
             where slot = ?1",
            params![way.slot.as_bytes(), way.r, address.secret.0, address.owner_proof, way.generation],
        )?;
        intent::queue_once(self, Kind::Rejoin, &group.0, &[])
    }

    /// This device is inside, as it was told.
    pub fn has_come_in_again(&self, group: ConversationId) -> Halting<()> {
        self.delete_setting(&again_setting(group))
    }

    /// What this device was told does not lead into the group: it is out of it as before. False when it was told nothing.
    pub fn stays_out(&mut self, group: ConversationId) -> Halting<bool> {
        let Some(before) = self.setting(&again_setting(group))? else { return Ok(false) };
        self.close_group(group, Standing::of(i64::from(before.first().copied().unwrap_or_default())))?;
        Ok(true)
    }

    /// This account is out of a group from now on.
    pub fn note_out(&mut self, group: ConversationId) -> Halting<()> {
        self.delete_setting(&again_setting(group))?;
        self.put_setting_number(&out_setting(group), self.now.0)
    }

    /// Devices of our own that have no leaf in a slot are told the way; each of us does it, the first is enough.
    pub fn fetch_own_devices(&mut self, slot: SlotId, group: &Group) -> Halting<()> {
        let Some(slot) = self.slot(slot)?.filter(|slot| slot.state == SlotState::Open) else { return Ok(()) };
        let ourselves = self.among_ourselves()?;
        if slot.conversation == ourselves {
            return Ok(());
        }
        let (account, members) = (self.me()?.account, group.members());
        let listed = self.me()?.chain.devices.iter().map(|entry| entry.device);
        let has_leaf = |device: &DeviceId| {
            members.iter().any(|member| member.account == account && member.device == *device)
        };
        let absent: Vec<DeviceId> = listed.filter(|device| !has_leaf(device)).collect();
        let mut news = false;
        for device in absent {
            let told_at = format!("way {} {device}", slot.id);
            if self.now.0.saturating_sub(self.setting_number(&told_at)?) >= TELL_AGAIN_MS {
                self.put_setting_number(&told_at, self.now.0)?;
                news = true;
            }
        }
        if !news {
            return Ok(());
        }
        let way = self.way_into(&slot, group.r().map_err(Halt::from)?)?;
        self.begin_among_ourselves()?;
        self.tell_ways(ourselves, vec![way])
    }
}

/// Another device of ours knows no slot of a group.
fn wanted_setting(group: ConversationId) -> String {
    format!("slot wanted {group}")
}

/// The account is said to have been let into a group again: where it stood before.
fn again_setting(group: ConversationId) -> String {
    format!("let in again {group}")
}

/// Since when the account is out of a group.
fn out_setting(group: ConversationId) -> String {
    format!("out of {group}")
}

fn asked_setting(slot: SlotId) -> String {
    format!("way asked {slot}")
}

/// Media type of [`Asked`].
const TYPE_ASKED: &str = "application/vnd.valise.way-asked";
/// Media type of [`Ways`].
const TYPE_WAYS: &str = "application/vnd.valise.ways";
/// In the place of `R`: there is no way.
const NO_WAY: [u8; 32] = [0; 32];
/// A group of which no slot is known is asked about again after so long.
const ASK_SLOT_AGAIN_MS: u64 = vocab::time::MINUTE_MS;
/// Who does not know the way asks again after so long, doubled each time.
const ASK_AGAIN_MS: u64 = 5_000;
/// So often; then the conversation goes on elsewhere.
const ASK_TRIES_MAX: u32 = 7;
/// Ways that one account may tell of one slot, each of which is tried at once; the next waits until this device asks again.
const WAYS_AT_ONCE_MAX: u32 = 8;
/// Ways that are tried on one rejoin blob: as many as there are chats in which one is asked for.
const WAYS_TRIED_MAX: u32 = ASKED_MAX as u32;
/// What [`Weakness::TellsWrongWays`] answers a question with.
const WRONG_WAYS: usize = 50;
/// Chats in which one is asked for.
const ASKED_MAX: usize = 32;
/// Slots in one content.
const WAYS_MAX: usize = 64;
/// An own device without a leaf in a slot is told the way again after so long.
const TELL_AGAIN_MS: u64 = 5 * vocab::time::MINUTE_MS;
