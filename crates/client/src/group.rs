//! The MLS group behind a conversation: reading the slot in order, sealing what leaves, renewing leaves, coming back.

use client_db::params;
use crypto::seal::aead::{Key, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use crypto::{Changes, Error as CryptoError, Group, GroupId, Incoming, LeafData, Pending, by_charter};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{IdempotencyId, SlotId};
use wire::slot::{Commit, FetchRejoin, Rejoin, Send, Stored, WelcomeFor};
use wire::{Bytes, Decode, Delivery, DeliveryKind, Encode, Secret32, UnnamedRequest};

use crate::api::{ConversationId, Event};
use crate::charter::Doers;
use crate::conversation::{Slot, SlotState};
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::machine::Weakness;
use crate::proposal::BUNDLES;
use crate::step::{Halt, Halting, Step, sql_number};

/// What a rejoin blob holds once `R` has opened it. The roster is in the tree.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct RejoinBlob {
    group_info: Bytes,
    k: [u8; 32],
    e: [u8; 32],
}

impl Step<'_> {
    /// One delivery of a slot this device is in, in the slot's order.
    pub fn deliver(&mut self, slot: Slot, delivery: &Delivery) -> Halting<()> {
        let copy = delivery.sequence < slot.next_sequence && !self.config.has(Weakness::ShowsTwice);
        let away = slot.state == SlotState::Rejoining || (slot.state == SlotState::Open && !copy);
        if delivery.kind == DeliveryKind::Welcome && away {
            // Taken out and let in again without having heard of it, or not yet. The way back leads there too, unless somebody
            // answers that there is none.
            return self.hold(slot.id, delivery.sequence, &delivery.encode()?);
        }
        if copy || delivery.kind == DeliveryKind::Welcome {
            return Ok(());
        }
        let id = slot.id;
        let hash = sha256(&[delivery.payload.as_slice()]);
        if let Some(intent) = intent::of_echo(self, id, &hash)? {
            self.note_hole(&slot, delivery)?;
            return self.own_echo(&slot, &intent, delivery);
        }
        if slot.state == SlotState::Rejoining && self.keeps_welcome(id)? {
            return self.hold(id, delivery.sequence, &delivery.encode()?);
        }
        if slot.state == SlotState::Rejoining {
            // Unreadable: counted when the way back is made, from where it begins again.
            return Ok(());
        }
        if delivery.kind == DeliveryKind::Commit && delivery.epoch == slot.epoch {
            let waits = self.attempt(|step| step.waits_for_pieces(&slot, delivery))?;
            if waits == Some(true) {
                return Ok(());
            }
        }
        self.note_hole(&slot, delivery)?;
        if delivery.epoch > slot.epoch {
            // A commit was missed.
            self.missing(slot.conversation, 1)?;
            return self.fall_out_of(&slot);
        }
        let read = self.attempt(|step| step.read(&slot, delivery))?;
        if read.is_none() && delivery.kind == DeliveryKind::Commit {
            // Everybody who could process it has moved on.
            self.fall_out_of(&slot)?;
        } else if read.is_none() {
            self.missing(slot.conversation, 1)?;
        }
        Ok(())
    }

    /// Notes how far the slot was seen; a hole in its order is something missing.
    fn note_hole(&mut self, slot: &Slot, delivery: &Delivery) -> Halting<()> {
        let next = delivery.sequence.saturating_add(1).max(slot.next_sequence);
        self.tx.execute(
            "update slot set next_sequence = ?2 where slot = ?1",
            params![slot.id.as_bytes(), sql_number(next)],
        )?;
        match delivery.sequence.saturating_sub(slot.next_sequence) {
            0 => Ok(()),
            holes => self.missing(slot.conversation, holes),
        }
    }

    /// So much of a slot did not come, or could not be read: there may have been messages in it.
    pub fn missing(&mut self, conversation: ConversationId, count: u64) -> Halting<()> {
        self.event(Event::Missing(conversation, count));
        self.ask_again(conversation)
    }

    fn waits_for_pieces(&mut self, slot: &Slot, delivery: &Delivery) -> Halting<bool> {
        let group = Group::load(self.session, GroupId::from(slot.id))?;
        let secrets = group.secrets(self.session)?;
        let message = self.open_outside(&secrets.e, slot.id, delivery.payload.as_slice())?;
        self.waits_for_commit(slot, delivery, &message)
    }

    /// Opens the outside with `E`, then MLS.
    fn read(&mut self, slot: &Slot, delivery: &Delivery) -> Halting<()> {
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        let secrets = group.secrets(session)?;
        let message = self.open_outside(&secrets.e, slot.id, delivery.payload.as_slice())?;
        let message = self.message_behind(slot.id, message)?.ok_or(Halt::Unusable("pieces are missing"))?;
        match group.process(session, &message, &by_charter)? {
            Incoming::Application { sender, content } => {
                self.is_heard(slot.conversation, sender.account)?;
                self.content(slot, &sender, &content)
            }
            Incoming::Commit(_) if self.misses_commit(delivery) => Err(Halt::Unusable("broken on purpose")),
            Incoming::Commit(staged) => {
                if delivery.kind != DeliveryKind::Commit {
                    return Err(Halt::Unusable("a commit sent as a message"));
                }
                let change = group.merge(session, *staged)?;
                if change.self_removed {
                    self.put_slot_state(slot.id, SlotState::Closed)?;
                    self.note_removal(&change)?;
                    if self.me()?.struck_off {
                        return Ok(());
                    }
                    return self.taken_out(slot, Doers::of(&change).of_removal(self.me()?.account));
                }
                let renewed = change.renewed.iter().any(|member| member.leaf == group.own_leaf());
                for member in &change.renewed {
                    self.is_heard(slot.conversation, member.account)?;
                }
                self.moved_on(slot, &group, &Doers::of(&change), renewed)?;
                self.note_change(&change)
            }
            Incoming::OwnCommit => {
                let by = Doers { by: Some(self.me()?.account), removals: group.pending_removals() };
                group.merge_pending(session)?;
                self.moved_on(slot, &group, &by, true)
            }
            Incoming::Proposal { sender } => {
                self.is_heard(slot.conversation, sender.account)?;
                self.note_proposal(slot, sender.account)
            }
            Incoming::OwnEcho | Incoming::Old { .. } => Ok(()),
            Incoming::Ahead { .. } => self.fall_out_of(slot),
        }
    }

    /// See [`Weakness`].
    fn misses_commit(&self, delivery: &Delivery) -> bool {
        let broken = [Weakness::ForgetsCommits, Weakness::NeverRejoins, Weakness::NeverAsks];
        let turn = delivery.sequence + self.me.as_ref().map_or(0, |me| u64::from(me.device.0[0]));
        broken.into_iter().any(|weakness| self.config.has(weakness)) && turn.is_multiple_of(7)
    }

    /// The group is in a new epoch: what was sealed for the old one is sealed again.
    fn moved_on(&mut self, slot: &Slot, group: &Group, by: &Doers, renewed: bool) -> Halting<()> {
        let r = group.r().map_err(Halt::from)?;
        self.tx.execute(
            "update slot set epoch = ?2, r = ?3, state = case state when 2 then 1 else state end where slot = ?1",
            params![slot.id.as_bytes(), sql_number(group.epoch()), r],
        )?;
        self.note_lost_commits(slot.id)?;
        self.after_commit(slot.id, slot.conversation, renewed)?;
        intent::unseal_all(self, slot.id)?;
        self.people_moved(slot.conversation, group, by)?;
        self.expel_from(slot.id, slot.conversation, group)?;
        self.fetch_own_devices(slot.id, group)
    }

    /// What this device sent comes back in its place.
    fn own_echo(&mut self, slot: &Slot, intent: &Intent, delivery: &Delivery) -> Halting<()> {
        match intent.kind {
            Kind::SendContent => {
                for (id, message) in intent::overtaken(self, intent)? {
                    self.place_own_message(slot.conversation, &message)?;
                    intent::finish(self, id)?;
                }
                self.place_own_message(slot.conversation, &intent.message)?;
                intent::finish(self, intent.id)?;
                self.finish_leaving(slot.conversation)
            }
            Kind::Fleeting => self.end_fleeting(intent.id),
            Kind::Propose => {
                self.proposal_stored(intent)?;
                self.bundle_later(slot.conversation)
            }
            _ => self.own_commit_stands(slot, intent, delivery.sequence),
        }
    }

    fn own_commit_stands(&mut self, slot: &Slot, intent: &Intent, sequence: u64) -> Halting<()> {
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        let removals = group.pending_removals();
        group.merge_pending(session)?;
        intent::finish(self, intent.id)?;
        self.delete_setting(&whole_tree_setting(slot.id))?;
        if intent.kind == Kind::Rejoin {
            self.forget_awaited(slot.id)?;
            self.begin_again(slot)?;
        }
        self.tx.execute(
            "update slot set healed_at = ?2, sent_since_heal = 0, next_sequence = max(next_sequence, ?3)
             where slot = ?1",
            params![
                slot.id.as_bytes(),
                crate::step::sql_time(self.now),
                sql_number(sequence.saturating_add(1))
            ],
        )?;
        // Coming back from outside, what changed meanwhile was somebody else's doing.
        let by = (intent.kind != Kind::Rejoin).then_some(self.me()?.account);
        let before = self.people(slot.conversation)?;
        self.moved_on(slot, &group, &Doers { by, removals }, true)?;
        if intent.kind == Kind::ChangeGroup {
            self.forget_drawn_of_members(slot.conversation)?;
            let mut newcomers = self.people(slot.conversation)?;
            newcomers.retain(|account| !before.contains(account));
            self.give_to_newcomers(slot.conversation, &newcomers)?;
            self.brings(slot.conversation, &newcomers)?;
            if !newcomers.is_empty() {
                self.show_to_newcomers(slot.conversation)?;
            }
        }
        self.event(Event::Conversation(slot.conversation));
        Ok(())
    }

    /// Back inside: what went by meanwhile cannot be read, and the echoes of one's own are among it.
    fn begin_again(&mut self, slot: &Slot) -> Halting<()> {
        self.forget_held(slot.id)?;
        self.forget_ways(slot.id)?;
        self.has_come_in_again(slot.conversation)?;
        for (id, message) in intent::stored_in(self, slot.id)? {
            self.place_own_message(slot.conversation, &message)?;
            intent::finish(self, id)?;
        }
        if slot.next_sequence == 0 {
            // A new device knows nothing of the conversation: to it nothing is missing.
            return Ok(());
        }
        self.catch_up_after_return(slot.conversation)
    }

    /// The service stored a commit. A renewed leaf is merged in its place, when the echo comes; coming in from outside is
    /// merged now, because before it nothing of the slot can be read.
    pub fn commit_stored(&mut self, intent: &Intent, stored: &Stored) -> Halting<()> {
        if intent.kind != Kind::Rejoin {
            // Repeating it is needless; the echo finishes it. If it never comes, the stale wait ends in rejoining.
            return intent::stale(self, intent.id);
        }
        let Some(slot) = self.slot(intent.slot()?)? else { return intent::finish(self, intent.id) };
        self.own_commit_stands(&slot, intent, stored.sequence)
    }

    /// Encrypts a content for the current epoch and sends it.
    pub fn seal_content(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(slot) = self.current_slot(conversation)? else {
            self.begin(conversation)?;
            // Woken when a slot stands; otherwise looked at more and more rarely.
            return intent::postpone(self, intent.id, NO_SLOT_MS << intent.attempts.min(8));
        };
        if slot.state == SlotState::Rejoining {
            intent::queue_once(self, Kind::Rejoin, &conversation.0, &[])?;
            return Ok(());
        }
        if self.waits_in_vain(conversation, &intent.message, &intent.payload)? {
            return self.content_refused(intent);
        }
        let old = self.now.0.saturating_sub(slot.healed_at) >= self.config.heal_after_ms;
        if old || slot.sent_since_heal >= self.config.heal_after_messages {
            // The leaf first; this intent follows in the next round.
            if !intent::is_queued(self, Kind::SelfUpdate, &conversation.0)? {
                intent::queue(self, Kind::SelfUpdate, &conversation.0, &[], &[])?;
                return Ok(());
            }
        }
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        let ciphertext = group.encrypt(session, &self.me()?.identity(), &intent.payload)?;
        let secrets = group.secrets(session)?;
        let payload = self.seal_outside(&secrets.e, slot.id, &ciphertext)?;
        let hash = sha256(&[&payload]);
        let operation = UnnamedRequest::Send(Send {
            slot: slot.id,
            posting_key: Secret32(secrets.k),
            payload: payload.into(),
            idempotency: IdempotencyId(self.random()),
            extensions: vec![],
        })
        .encode()?;
        intent::seal(self, intent.id, slot.id, &hash, slot.epoch, &operation)?;
        self.tx.execute(
            "update slot set sent_since_heal = sent_since_heal + 1 where slot = ?1",
            params![slot.id.as_bytes()],
        )?;
        self.request_unnamed(Purpose::Intent(intent.id), &operation);
        Ok(())
    }

    /// Renews this device's leaf: heals the conversation after a captured state. With a payload, moves to a fresh address
    /// as well.
    pub fn seal_update(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(slot) = self.current_slot(conversation)?.filter(|slot| slot.state == SlotState::Open) else {
            return intent::finish(self, intent.id);
        };
        let expels = intent.payload == crate::own_device::EXPELS;
        let moves = !intent.payload.is_empty() && !expels && intent.payload != BUNDLES;
        let fresh = if moves { self.fresh_address(&slot)? } else { None };
        if moves && fresh.is_none() {
            // The new address is being filed; the commit that tells of it goes after it.
            return intent::postpone(self, intent.id, NO_SLOT_MS);
        }
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        let secrets = group.secrets(session)?;
        if group.has_pending() {
            intent::unseal_commits(self, slot.id)?;
            group = group.clear_pending(session)?.ok_or(Halt::Unusable("no group left"))?;
        }
        let leaf = match fresh {
            Some(leaf) => leaf,
            None => self.leaf(slot.own_address()?)?,
        };
        let mut remove = self.leaves_to_expel(&group)?;
        let (wished, charter) = self.removals_proposed(conversation, &group)?;
        remove.extend(wished);
        let bundles = intent.payload == BUNDLES;
        if (expels || bundles) && remove.is_empty() && group.waiting_proposals() == 0 {
            // Another device was quicker.
            return intent::finish(self, intent.id);
        }
        if self.proposes(intent)? {
            return if expels {
                self.propose_removal_instead(intent)
            } else {
                self.propose_instead(intent, &slot, &mut group, &leaf)
            };
        }
        if self.says_whole_tree(slot.id)? {
            group.say_whole_tree();
        }
        let changes =
            Changes { remove: &remove, leaf: Some(&leaf), charter: charter.as_ref(), ..Changes::default() };
        let pending = group.commit(session, &self.me()?.identity(), changes, &by_charter)?;
        self.send_commit(intent, slot.id, slot.epoch, (secrets.k, secrets.e), &pending, vec![])
    }

    /// The leaf with a fresh address, once that address stands at the service.
    fn fresh_address(&mut self, slot: &Slot) -> Halting<Option<LeafData>> {
        let name = format!("fresh address {}", slot.id);
        match self.setting(&name)? {
            None => {
                let own = self.new_bound_address(slot.id)?;
                self.put_setting(&name, &[own.secret.0, own.owner_proof].concat())?;
                Ok(None)
            }
            Some(known) => {
                let (address, proof) =
                    known.split_first_chunk::<32>().ok_or(Halt::Unusable("a setting is damaged"))?;
                let secret = vocab::AddressSecret(*address);
                let key = crypto::seal::address::key_of(&secret);
                if intent::is_queued(self, Kind::CreateAddress, key.as_bytes())? {
                    return Ok(None);
                }
                self.tx.execute(
                    "update slot set address = ?2, owner_proof = ?3 where slot = ?1",
                    params![slot.id.as_bytes(), address, proof],
                )?;
                self.delete_setting(&name)?;
                self.leaf(secret).map(Some)
            }
        }
    }

    pub fn send_commit(
        &mut self,
        intent: &Intent,
        slot: SlotId,
        epoch: u64,
        (k, e): ([u8; 32], [u8; 32]),
        pending: &Pending,
        welcomes: Vec<WelcomeFor>,
    ) -> Halting<()> {
        let mut next = self.epoch_state(pending, slot)?;
        let commit = self.seal_commit(&e, slot, &pending.commit, &mut next.pieces)?;
        let hash = sha256(&[&commit]);
        let operation = UnnamedRequest::Commit(Commit {
            slot,
            posting_key: Secret32(k),
            next_posting_key: Secret32(pending.next.k),
            next,
            commit: commit.into(),
            welcomes,
            message: vec![].into(),
            idempotency: IdempotencyId(self.random()),
            extensions: vec![],
        })
        .encode()?;
        intent::seal(self, intent.id, slot, &hash, epoch, &operation)?;
        self.request_unnamed(Purpose::Intent(intent.id), &operation);
        Ok(())
    }

    /// The service lacks pieces of the tree that it should have: the next commit says them all. Where that does not fit into
    /// a request, or does not help, the conversation goes on in a new slot.
    pub fn pieces_unknown(&mut self, intent: &Intent) -> Halting<()> {
        let slot = intent.slot()?;
        intent::unseal(self, intent.id)?;
        if self.says_whole_tree(slot)? {
            self.delete_setting(&whole_tree_setting(slot))?;
            return self.succeed(slot, intent.conversation()?);
        }
        self.put_setting(&whole_tree_setting(slot), &[1])
    }

    /// Whether the next commit in a slot is to say the whole tree.
    pub fn says_whole_tree(&self, slot: SlotId) -> Halting<bool> {
        Ok(self.setting(&whole_tree_setting(slot))?.is_some())
    }

    /// The slot moved on before this arrived: it waits for the commit, then is sealed anew.
    pub fn stale_epoch(&mut self, intent: &Intent) -> Halting<()> {
        let slot = self.slot(intent.slot()?)?;
        if slot.is_none_or(|slot| slot.epoch > intent.epoch) {
            return intent::unseal(self, intent.id);
        }
        intent::stale(self, intent.id)
    }

    /// A renewed leaf that the service will not take is given up; the next message asks for it again.
    pub fn abandon_update(&mut self, intent: &Intent) -> Halting<()> {
        let session = self.session;
        if let Ok(slot) = intent.slot() {
            let group = Group::load(session, GroupId::from(slot))?;
            if group.has_pending() {
                group.clear_pending(session)?;
            }
        }
        if intent.payload == crate::own_device::EXPELS {
            return self.expel_later(intent);
        }
        intent::finish(self, intent.id)
    }

    /// This device cannot follow a conversation any more and comes back in from outside.
    pub fn fall_out(&mut self, conversation: ConversationId) -> Halting<()> {
        match self.current_slot(conversation)? {
            Some(slot) if slot.state == SlotState::Open => self.fall_out_of(&slot),
            _ => Ok(()),
        }
    }

    pub fn fall_out_of(&mut self, slot: &Slot) -> Halting<()> {
        if self.config.has(Weakness::NeverRejoins) || slot.state == SlotState::Closed {
            return Ok(());
        }
        if self.current_slot(slot.conversation)?.is_none_or(|current| current.id != slot.id) {
            // Others have gone on, or will: what is still said here is asked for there.
            return self.put_slot_state(slot.id, SlotState::Closed);
        }
        let times = self.setting_number("times_fallen_out")?;
        self.put_setting_number("times_fallen_out", times.saturating_add(1))?;
        self.put_slot_state(slot.id, SlotState::Rejoining)?;
        intent::unseal_all(self, slot.id)?;
        self.take_proposals_back(slot.conversation)?;
        intent::drop_kind(self, Kind::SelfUpdate, &slot.conversation.0)?;
        intent::drop_kind(self, Kind::Propose, &slot.conversation.0)?;
        intent::queue_once(self, Kind::Rejoin, &slot.conversation.0, &[])
    }

    /// The slot before which a conversation waits to come back. None when a letter has opened it meanwhile, or the next one.
    fn slot_outside(&self, intent: &Intent) -> Halting<Option<Slot>> {
        let slot = self.current_slot(intent.conversation()?)?;
        Ok(slot.filter(|slot| slot.state == SlotState::Rejoining))
    }

    /// First step of coming back: the rejoin blob.
    pub fn fetch_rejoin(&mut self, intent: &Intent) -> Halting<()> {
        let Some(slot) = self.slot_outside(intent)? else { return intent::finish(self, intent.id) };
        let request = UnnamedRequest::FetchRejoin(FetchRejoin { slot: slot.id, extensions: vec![] });
        self.request_unnamed(Purpose::Intent(intent.id), &request.encode()?);
        Ok(())
    }

    /// Second step: an external commit that replaces the old leaf.
    pub fn seal_rejoin(&mut self, intent: &Intent, rejoin: &Rejoin) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(slot) = self.slot_outside(intent)? else { return intent::finish(self, intent.id) };
        let entered = self.attempt(|step| step.enter_again(intent, &slot, rejoin))?;
        if entered == Some(false) && intent.attempts >= TREE_TRIES_MAX {
            // The service does not give the tree, again and again.
            self.forget_awaited(slot.id)?;
            intent::finish(self, intent.id)?;
            return self.succeed(slot.id, conversation);
        }
        if entered == Some(false) {
            return intent::put_off(self, intent.id, TREE_MS_MAX);
        }
        if entered.is_none() && !self.ask_for_way_back(intent, &slot)? {
            // R has changed without this device and nobody tells it, or the group cannot be entered: on in a new slot.
            intent::finish(self, intent.id)?;
            return self.succeed(slot.id, conversation);
        }
        Ok(())
    }

    /// False while the tree is fetched.
    fn enter_again(&mut self, intent: &Intent, slot: &Slot, rejoin: &Rejoin) -> Halting<bool> {
        let (r, plain) = self.open_rejoin_blob(slot, rejoin.blob.as_slice())?;
        if slot.r != r {
            // Races are counted from here.
            self.tx.execute("update intent set attempts = 0 where id = ?1", params![intent.id])?;
        }
        let blob = RejoinBlob::decode(&plain)?;
        let leaf = self.leaf(slot.own_address()?)?;
        let (session, info) = (self.session, blob.group_info.as_slice());
        let identity = self.me()?.identity();
        let made = match Group::rejoin(session, &identity, &leaf, (info, None), r, &by_charter) {
            Err(CryptoError::TreeApart(key)) => {
                let Some(tree) = self.tree_to_return(slot.id, &key)? else { return Ok(false) };
                let identity = self.me()?.identity();
                Group::rejoin(session, &identity, &leaf, (info, Some(&tree)), r, &by_charter)
            }
            made => made,
        };
        let (_, pending) = made?;
        self.send_commit(intent, slot.id, rejoin.epoch, (blob.k, blob.e), &pending, vec![])?;
        Ok(true)
    }

    /// Somebody committed in between: from the start, over their epoch. A posting key that never fits is a blob that lies:
    /// then the two go on in a new slot.
    pub fn rejoin_lost(&mut self, intent: &Intent) -> Halting<()> {
        let session = self.session;
        let slot = intent.slot()?;
        if let Ok(group) = Group::load(session, GroupId::from(slot))
            && group.has_pending()
        {
            group.clear_pending(session)?;
        }
        if intent.attempts >= REJOIN_TRIES_MAX {
            intent::finish(self, intent.id)?;
            return self.succeed(slot, intent.conversation()?);
        }
        intent::unseal(self, intent.id)?;
        let wait = REJOIN_RETRY_MS << intent.attempts;
        let jitter = self.random_ms(wait);
        intent::postpone(self, intent.id, wait + jitter)
    }

    /// The rejoin blob of the epoch a commit leads to.
    pub fn seal_rejoin_blob(&mut self, pending: &Pending, slot: SlotId) -> Halting<Vec<u8>> {
        let blob = RejoinBlob {
            group_info: pending.group_info.clone().into(),
            k: pending.next.k,
            e: pending.next.e,
        };
        Ok(seal_padded(&rejoin_key(&pending.next_r), slot.as_bytes(), &blob.encode()?, self.rng)?)
    }

    /// `E_n` hides everything MLS shows: epoch, kind, leaf, credentials.
    pub fn seal_outside(&mut self, e: &[u8; 32], slot: SlotId, message: &[u8]) -> Halting<Vec<u8>> {
        Ok(seal_padded(&outside_key(e), slot.as_bytes(), message, self.rng)?)
    }

    fn open_outside(&self, e: &[u8; 32], slot: SlotId, payload: &[u8]) -> Halting<Vec<u8>> {
        Ok(open_padded(&outside_key(e), slot.as_bytes(), payload)?)
    }
}

fn whole_tree_setting(slot: SlotId) -> String {
    format!("whole tree {slot}")
}

fn outside_key(e: &[u8; 32]) -> Key {
    Key::derive(e, "valise outside v1")
}

pub(crate) fn rejoin_key(r: &[u8; 32]) -> Key {
    Key::derive(r, "valise rejoin v1")
}

/// A device that lost the race to come back tries again after so long, doubled each time.
const REJOIN_RETRY_MS: u64 = 50;
/// And gives up on the slot after so many lost races.
const REJOIN_TRIES_MAX: u32 = 10;
/// Coming back waits so long for the tree; it goes on as soon as it is here, or not to be had.
const TREE_MS_MAX: u64 = 10 * vocab::time::MINUTE_MS;
/// And starts over, with the tree as it is then, so often.
const TREE_TRIES_MAX: u32 = 10;
/// What must stand first is looked at again after so long.
const NO_SLOT_MS: u64 = 250;
