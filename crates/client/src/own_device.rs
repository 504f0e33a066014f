//! The devices of one's own account: what they are called, who is new among them, who was struck off.
//!
//! A new device is told of at once, an hour later and a day later (T-07), to every device; one that was removed is taken out
//! of every conversation by whichever device comes first.

use client_db::params;
use crypto::seal::VerifiedChain;
use crypto::{Change, Group, GroupId, Member};
use vocab::time::{HOUR_MS, SECOND_MS};
use vocab::{AccountId, DeviceId, SlotId, Timestamp};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Decode, Encode};

use crate::api::{CommandId, ConversationId, DeviceNews, Event, Refused, Reply};
use crate::ask::AskKind;
use crate::intent::{self, Kind};
use crate::link::{DeviceName, DeviceNames};
use crate::step::{Halt, Halting, Step, number, sql_time};

impl Step<'_> {
    /// A longer list of our own devices, from wherever it came: it is signed.
    pub fn adopt_chain(&mut self, chain: &VerifiedChain) -> Halting<()> {
        let me = self.me()?;
        if me.struck_off || *chain == me.chain || !me.chain.leads_to(chain) {
            return Ok(());
        }
        if !chain.names(me.device, &me.keys.public()) {
            return self.struck_off();
        }
        let (before, own) = (me.chain.devices.clone(), me.device);
        self.put_setting("device_chain", &chain.to_bytes())?;
        self.reload_me()?;
        let gone = before.iter().filter(|old| !chain.names(old.device, &old.key));
        let gone: Vec<DeviceId> = gone.map(|entry| entry.device).collect();
        for device in &gone {
            self.tx.execute("delete from device where device = ?1", params![device.as_bytes()])?;
            self.event(Event::Device(*device, DeviceNews::Removed));
        }
        for entry in chain.devices.iter().filter(|entry| entry.device != own) {
            if !before.iter().any(|old| old.device == entry.device) {
                self.device_is_new(entry.device)?;
            }
        }
        if gone.is_empty() { Ok(()) } else { self.expel_everywhere() }
    }

    fn device_is_new(&mut self, device: DeviceId) -> Halting<()> {
        let due = self.now.plus_ms(NOTICE_AGAIN_MS[0]);
        self.tx.execute(
            "insert into device (device, added_at, told, due) values (?1, ?2, 1, ?3)
             on conflict (device) do update set added_at = excluded.added_at, told = 1, due = excluded.due",
            params![device.as_bytes(), sql_time(self.now), sql_time(due)],
        )?;
        self.event(Event::Device(device, DeviceNews::Added));
        Ok(())
    }

    /// Says again what has to be said again, and goes on removing what has to be removed.
    pub fn mind_the_devices(&mut self) -> Halting<()> {
        let due: Vec<([u8; 16], i64, i64)> = self.tx.rows(
            "select device, told, added_at from device where due > 0 and due <= ?1 order by device",
            params![sql_time(self.now)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (device, told, added_at) in due {
            let again = usize::try_from(told).unwrap_or(usize::MAX);
            let next = NOTICE_AGAIN_MS.get(again).map(|wait| Timestamp(number(added_at)).plus_ms(*wait));
            self.tx.execute(
                "update device set told = told + 1, due = ?2 where device = ?1",
                params![device, next.map_or(0, sql_time)],
            )?;
            self.event(Event::Device(DeviceId(device), DeviceNews::Added));
        }
        let removing: Vec<[u8; 16]> = self.tx.rows(
            "select device from device where removing > 0 and removing <= ?1 order by device limit 1",
            params![sql_time(self.now)],
            |row| row.get(0),
        )?;
        for device in removing {
            self.ask_to_remove(None, DeviceId(device))?;
        }
        Ok(())
    }

    /// Strikes a device off the list; everything else follows from the list.
    pub fn remove_device(&mut self, command: CommandId, device: DeviceId) -> Halting<()> {
        let me = self.me()?;
        let refusal = if device == me.device {
            Some(Refused::Oneself)
        } else if !me.chain.devices.iter().any(|entry| entry.device == device) {
            Some(Refused::Unknown)
        } else {
            None
        };
        match refusal {
            Some(refusal) => {
                self.reply(command, Err(refusal));
                Ok(())
            }
            None => self.ask_to_remove(Some(command), device),
        }
    }

    fn ask_to_remove(&mut self, command: Option<CommandId>, device: DeviceId) -> Halting<()> {
        // Until the list says so it is tried again: another device's list may be in the way, or no line.
        let again = self.now.plus_ms(REMOVE_AGAIN_MS);
        self.tx.execute(
            "insert into device (device, removing) values (?1, ?2)
             on conflict (device) do update set removing = excluded.removing",
            params![device.as_bytes(), sql_time(again)],
        )?;
        let asked = |ask: &crate::ask::Ask| matches!(&ask.kind, AskKind::RemoveDevice { device: other, .. } if *other == device);
        if command.is_none() && self.lines.asks.iter().any(asked) {
            return Ok(());
        }
        let me = self.me()?;
        let mut devices = me.chain.devices.clone();
        devices.retain(|entry| entry.device != device);
        let chain = me.chain.next(&me.keys.secret(), devices)?;
        self.ask(command, AskKind::RemoveDevice { chain: Box::new(chain), device });
        Ok(())
    }

    /// Leaves of devices that were struck off are taken out wherever there are any. Any device does it, the others find
    /// nothing left to do.
    pub fn expel_everywhere(&mut self) -> Halting<()> {
        let open: Vec<([u8; 16], [u8; 16])> =
            self.tx.rows("select slot, conversation from slot where state = 1 order by slot", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (slot, conversation) in open {
            let group = Group::load(self.session, GroupId::from(SlotId(slot)))?;
            self.expel_from(SlotId(slot), ConversationId(conversation), &group)?;
        }
        Ok(())
    }

    /// The same in one slot: looked at in each epoch, because a device that comes in late may be the only one left to do it.
    pub fn expel_from(&mut self, slot: SlotId, conversation: ConversationId, group: &Group) -> Halting<()> {
        if self.current_slot(conversation)?.is_none_or(|current| current.id != slot) {
            return Ok(());
        }
        let queued: Option<i64> = self.tx.row(
            "select 1 from intent where kind = ?1 and subject = ?2 and payload = ?3",
            params![Kind::SelfUpdate as i64, conversation.0, EXPELS],
            |row| row.get(0),
        )?;
        if queued.is_none() && !self.leaves_to_expel(group)?.is_empty() {
            intent::queue(self, Kind::SelfUpdate, &conversation.0, &[], EXPELS)?;
        }
        Ok(())
    }

    /// Members of our own account that its list does not name: the longest that this device or a leaf of ours has. A device that
    /// is new itself has not always heard of the one that came in before it.
    pub fn leaves_to_expel(&self, group: &Group) -> Halting<Vec<Member>> {
        let me = self.me()?;
        let names =
            |chain: &VerifiedChain, member: &Member| chain.names(member.device, &member.signature_key);
        let mut ours = group.members();
        ours.retain(|member| member.account == me.account);
        if ours.iter().all(|member| names(&me.chain, member)) {
            return Ok(Vec::new());
        }
        let mut newest = me.chain.clone();
        for member in &ours {
            if let Ok(shown) = VerifiedChain::verify(&member.device_chain)
                && newest.leads_to(&shown)
            {
                newest = shown;
            }
        }
        ours.retain(|member| !names(&newest, member));
        Ok(ours)
    }

    /// What a commit tells about devices: our own list may be longer, and others' devices may have changed.
    pub fn note_change(&mut self, change: &Change) -> Halting<()> {
        let own = self.me()?.account;
        let told = change.added.iter().chain(&change.updated).chain(&change.renewed).chain([&change.by]);
        for member in told.filter(|member| member.account == own) {
            if let Ok(chain) = VerifiedChain::verify(&member.device_chain) {
                self.adopt_chain(&chain)?;
            }
        }
        let mut touched: Vec<AccountId> =
            change.added.iter().chain(&change.removed).map(|member| member.account).collect();
        touched.sort_unstable();
        touched.dedup();
        for account in touched.into_iter().filter(|account| *account != own) {
            let (before, after) = (devices_of(&change.before, account), devices_of(&change.after, account));
            if before != after && !before.is_empty() && !after.is_empty() {
                self.event(Event::DevicesChanged(account));
            }
        }
        Ok(())
    }

    /// A commit took this device out of a conversation. Where our own account wished it, the list says that it was struck off:
    /// the list on the newest leaf of the account.
    pub fn note_removal(&mut self, change: &Change) -> Halting<()> {
        let (own, device) = (self.me()?.account, self.me()?.device);
        let mut ours = change.removals().filter(|(member, by)| member.device == device && *by == own);
        if ours.next().is_none() {
            return Ok(());
        }
        let leaves = change.after.iter().filter(|member| member.account == own);
        let newest = leaves.max_by_key(|member| member.chain_version).unwrap_or(&change.by);
        let chain = VerifiedChain::verify(&newest.device_chain)?;
        self.adopt_chain(&chain)
    }

    /// This device is none of the account's any more: it says so, gives its addresses up, and asks the service for nothing.
    fn struck_off(&mut self) -> Halting<()> {
        self.put_setting("struck_off", &[1])?;
        self.tx.execute("delete from intent", [])?;
        self.tx.execute("delete from receipt_due", [])?;
        self.tx.execute("delete from device", [])?;
        self.reload_me()?;
        let addresses: Vec<([u8; 32], [u8; 32])> = self.tx.rows(
            "select address, owner_proof from slot where length(address) = 32
             union select address, owner_proof from spare_address order by 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (address, proof) in addresses {
            self.delete_address(vocab::AddressSecret(address), proof)?;
        }
        // Nothing that is said from now on is for this device, and what was said needs no keys any more.
        let slots: Vec<[u8; 16]> =
            self.tx.rows("select slot from slot order by slot", [], |row| row.get(0))?;
        for slot in slots.into_iter().map(SlotId) {
            if let Ok(group) = Group::load(self.session, GroupId::from(slot)) {
                group.delete(self.session)?;
            }
            self.forget_ways(slot)?;
        }
        let packages: Vec<Vec<u8>> = self.tx.rows(
            "select package from spare_address where length(package) > 0 order by address",
            [],
            |row| row.get(0),
        )?;
        packages.iter().try_for_each(|package| crypto::forget_key_package(self.session, package))?;
        self.tx.execute("delete from spare_address", [])?;
        self.tx.execute("update slot set state = 3, r = x''", [])?;
        for door in [wire::Door::Mailbox, wire::Door::Account] {
            self.drop_line(door);
        }
        self.event(Event::Removed);
        Ok(())
    }

    /// What came in the same moment as the news, or after it, is answered by nobody here.
    pub fn say_no_more(&mut self) -> Halting<()> {
        self.tx.execute("delete from intent where kind != ?1", params![Kind::DeleteAddress as i64])?;
        self.tx.execute("delete from receipt_due", [])?;
        Ok(())
    }

    /// The service says that the account has no such device. Whoever slept while it was removed hears no more than this; but
    /// it is the service's word alone: the person is told, and nothing is given up for it. What this
    /// device has for that door waits for its visits.
    pub fn refused_at_the_door(&mut self) -> Halting<()> {
        self.visit_later()?;
        if self.setting("refused_at_door")?.is_none() {
            self.put_setting("refused_at_door", &[1])?;
            self.event(Event::Removed);
        }
        Ok(())
    }

    /// A device that its account has struck off enters nothing with us any more, whatever list it shows itself (T-08): the
    /// longest list that the conversation has seen decides.
    pub fn check_newcomers(&self, conversation: ConversationId, members: &[Member]) -> Halting<()> {
        let own = self.me()?;
        let mut known = vec![own.chain.clone()];
        if let Some(slot) = self.current_slot(conversation)?
            && let Ok(group) = Group::load(self.session, GroupId::from(slot.id))
        {
            let mut before = group.members();
            before.sort_by_key(|member| std::cmp::Reverse(member.chain_version));
            for member in before {
                if !known.iter().any(|chain| chain.account == member.account) {
                    known.extend(VerifiedChain::verify(&member.device_chain).ok());
                }
            }
        }
        for member in members {
            let Some(known) = known.iter().find(|chain| chain.account == member.account) else { continue };
            let shown = VerifiedChain::verify(&member.device_chain)?;
            let newest = if known.leads_to(&shown) { &shown } else { known };
            if !newest.names(member.device, &member.signature_key) {
                return Err(Halt::Unusable("a device that was struck off"));
            }
        }
        Ok(())
    }

    /// What a person calls a device, as this device knows it.
    pub fn name_device(&mut self, device: DeviceId, name: &str) -> Halting<()> {
        self.tx.execute(
            "insert into device (device, name) values (?1, ?2)
             on conflict (device) do update set name = excluded.name",
            params![device.as_bytes(), name],
        )?;
        Ok(())
    }

    /// Gives a device of the account another name.
    pub fn rename_device(&mut self, command: CommandId, device: DeviceId, name: &str) -> Halting<()> {
        if !crate::account::name_fits(name) {
            self.reply(command, Err(Refused::BadName));
            return Ok(());
        }
        if !self.me()?.chain.devices.iter().any(|entry| entry.device == device) {
            self.reply(command, Err(Refused::Unknown));
            return Ok(());
        }
        self.name_device(device, name.trim())?;
        self.share_device_names()?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// The names that are known.
    pub fn device_names(&self) -> Halting<Vec<DeviceName>> {
        let named: Vec<([u8; 16], String)> =
            self.tx.rows("select device, name from device where name != '' order by device", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(named
            .into_iter()
            .map(|(device, name)| DeviceName { device: DeviceId(device), name: name.as_bytes().into() })
            .collect())
    }

    /// Takes names over, without a notice: a device that is itself new needs none of the others.
    pub fn know_devices(&mut self, names: &[DeviceName]) -> Halting<()> {
        for DeviceName { device, name } in names.iter().take(2 * vocab::limits::DEVICES_MAX) {
            let name = String::from_utf8_lossy(name.as_slice()).into_owned();
            if crate::account::name_fits(&name) {
                self.name_device(*device, &name)?;
            }
        }
        Ok(())
    }

    /// Tells the names to the other devices: the line about a new one stands in the own devices' conversation.
    pub fn share_device_names(&mut self) -> Halting<()> {
        let names = self.device_names()?;
        let content = DeviceNames { devices: names }.encode()?;
        self.tell_ourselves(TYPE_DEVICES, content)
    }

    /// Says something in the own devices' conversation.
    pub fn tell_ourselves(&mut self, kind: &str, bytes: Vec<u8>) -> Halting<()> {
        let conversation = self.begin_among_ourselves()?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, kind, bytes);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(conversation, content)
    }

    /// Something in the own devices' conversation: only there is any of it listened to (T-20, T-21).
    pub fn take_among_ourselves(&mut self, sender: &Member, content: &MimiContent) -> Halting<()> {
        if let Some(bytes) = content.nested_part.content_of(TYPE_DEVICES) {
            let names = DeviceNames::decode(bytes)?.devices;
            self.know_devices(&names)?;
            return self.tell_names_changed();
        }
        if let Some(bytes) = content.nested_part.content_of(crate::history::TYPE_WANTED) {
            return self.history_wanted(sender.device, bytes);
        }
        self.take_shared(content)
    }

    fn tell_names_changed(&mut self) -> Halting<()> {
        let new: Vec<[u8; 16]> =
            self.tx.rows("select device from device where told = 1 order by device", [], |row| row.get(0))?;
        new.into_iter().for_each(|device| self.event(Event::Device(DeviceId(device), DeviceNews::Named)));
        Ok(())
    }

    /// There are leaves to take out, and the commit that was to do it was refused.
    pub fn expel_later(&mut self, intent: &intent::Intent) -> Halting<()> {
        intent::unseal(self, intent.id)?;
        intent::postpone(self, intent.id, REMOVE_AGAIN_MS)
    }
}

fn devices_of(members: &[Member], account: AccountId) -> Vec<DeviceId> {
    let mut devices: Vec<DeviceId> =
        members.iter().filter(|member| member.account == account).map(|member| member.device).collect();
    devices.sort_unstable();
    devices
}

/// Media type of [`DeviceNames`].
const TYPE_DEVICES: &str = "application/vnd.valise.devices";
/// Payload of a renewed leaf that also takes leaves out.
pub(crate) const EXPELS: &[u8] = &[2];
/// A new device is told of again after so long, counted from when it was new.
const NOTICE_AGAIN_MS: [u64; 2] = [HOUR_MS, 24 * HOUR_MS];
/// A removal that did not come through is tried again after so long.
const REMOVE_AGAIN_MS: u64 = 5 * SECOND_MS;

/// The tables of this file and of `history`.
pub(crate) const TABLES: &str = "
-- Devices of the account, this one included where it has a name.
create table device (
    device blob primary key not null,
    name text not null default '',
    added_at integer not null default 0,
    -- Notices given that it is new, and when the next is due; 0 for none.
    told integer not null default 0,
    due integer not null default 0,
    -- When its removal is tried again; 0 unless it is being removed.
    removing integer not null default 0
) strict, without rowid;

-- Where a message came from: 0 heard in its slot, 1 told by another device of ours, 2 both, 3 heard when it was said again:
-- whoever heard it in its place knows that place better.
alter table message add column history integer not null default 0;

-- Histories being given, one a device.
create table history_out (
    device blob primary key not null,
    secret blob not null,
    attempt integer not null default 0,
    -- 0 not asked for yet, 1 under way, 2 all of it left, 3 what there was left, the rest waits for this device's own history
    state integer not null default 0,
    -- The next part, the table it goes on in and the last key told of it.
    part integer not null default 0,
    place integer not null default 0,
    after blob not null default x'',
    -- Bytes that did not fill a part.
    rest blob not null default x'',
    -- Hash over the parts so far, and over the messages told.
    chain blob not null default x'',
    messages blob not null default x'',
    count integer not null default 0
) strict, without rowid;

-- The history this device is given.
create table history_in (
    id integer primary key check (id = 1),
    secret blob not null,
    attempt integer not null default 0,
    -- 0 not asked for yet, 1 asked for, 2 complete and equal, 3 given up
    state integer not null default 0,
    part integer not null default 0,
    rest blob not null default x'',
    chain blob not null default x'',
    -- When it is asked for again.
    ask_at integer not null default 0
) strict;
";
