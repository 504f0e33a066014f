//! Conversations of two: starting one, being let into one, and the slots behind them.
//!
//! Slots of a conversation have generations. The newest is written to; of two that were started at once, the one with the
//! lower id. The others stay readable. Whoever cannot read the newest starts the next, and everybody follows.

use client_db::params;
use crypto::seal::introduction::IntroductionKey;
use crypto::seal::roster::{self, posting_key_hash};
use crypto::seal::{VerifiedChain, aead, challenge};
use crypto::{Group, GroupId, Joined, KeyPackage, Member, Pending};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::{FRAME_BYTES_MAX, PAYLOAD_SIZES, WELCOMES_MAX};
use vocab::{AccountId, AddressSecret, DeviceId, IdempotencyId, SlotId};
use wire::key_package::{FetchKeyPackages, KeyPackageSet, KeyPackages};
use wire::slot::{CreateSlot, EpochState, Piece, Stored, WelcomeFor};
use wire::{Bytes, Decode, Delivery, Encode, Secret32, UnnamedRequest};

use crate::api::{ContactState, ConversationId, Event};
use crate::charter::Doers;
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::machine::Weakness;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// What goes with a Welcome, sealed under the introduction key of whoever is welcomed: it tells who knocks before any of
/// MLS is touched (`docs/protocol/letter.md`).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Letter {
    /// The slot of the conversation.
    pub slot: SlotId,
    /// The conversation, as the reader's devices and the other account's derive it from the two accounts.
    pub conversation: [u8; 16],
    /// 1 for the first slot of a conversation, more for one that takes the place of others.
    pub generation: u32,
    /// An invitation of the reader; zeros without.
    pub invitation: [u8; 16],
    /// The writer's chain of device lists.
    pub device_chain: Bytes,
    /// The writer's device.
    pub device: DeviceId,
    /// The MLS Welcome.
    pub welcome: Bytes,
    /// By the device over [`Letter::signed`].
    pub signature: Bytes,
}

impl Letter {
    /// What the writer signs: the letter belongs to this reader, this slot, this Welcome.
    pub fn signed(&self, reader: AccountId) -> Vec<u8> {
        let welcome = aead::sha256(&[self.welcome.as_slice()]);
        [
            LETTER_LABEL,
            reader.as_bytes(),
            self.slot.as_bytes(),
            &self.conversation,
            &self.generation.to_be_bytes(),
            &welcome,
        ]
        .concat()
    }

    /// Whose it is, if it is genuine.
    pub fn writer(&self, reader: AccountId) -> Halting<AccountId> {
        let chain = VerifiedChain::verify(self.device_chain.as_slice())?;
        let device = chain.devices.iter().find(|entry| entry.device == self.device);
        let device = device.ok_or(Halt::Unusable("a letter of an unlisted device"))?;
        challenge::verify_bytes(&device.key, &self.signed(reader), self.signature.as_slice())?;
        Ok(chain.account)
    }
}

/// Begins what a letter's writer signs.
pub(crate) const LETTER_LABEL: &[u8] = b"valise letter v1";

/// A slot's row.
pub(crate) struct Slot {
    pub id: SlotId,
    pub conversation: ConversationId,
    pub generation: u32,
    pub state: SlotState,
    pub epoch: u64,
    pub next_sequence: u64,
    pub r: Vec<u8>,
    pub address: Vec<u8>,
    pub healed_at: u64,
    pub sent_since_heal: u32,
}

/// Stored as numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SlotState {
    Open = 1,
    Rejoining = 2,
    Closed = 3,
    Request = 4,
}

impl Slot {
    pub fn is_request(&self) -> bool {
        self.state == SlotState::Request
    }

    pub fn own_address(&self) -> Halting<AddressSecret> {
        self.address.as_slice().try_into().map(AddressSecret).map_err(|_| Halt::Unusable("no own address"))
    }
}

const SLOT_COLUMNS: &str =
    "slot, conversation, state, epoch, next_sequence, r, address, healed_at, sent_since_heal, generation";

fn read_slot(row: &client_db::Row<'_>) -> Result<Slot, client_db::RowError> {
    let states = [SlotState::Open, SlotState::Rejoining, SlotState::Closed, SlotState::Request];
    let state: i64 = row.get(2)?;
    Ok(Slot {
        id: SlotId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        state: states.into_iter().find(|s| *s as i64 == state).unwrap_or(SlotState::Closed),
        epoch: number(row.get(3)?),
        next_sequence: number(row.get(4)?),
        r: row.get(5)?,
        address: row.get(6)?,
        healed_at: number(row.get(7)?),
        sent_since_heal: row.get(8)?,
        generation: row.get(9)?,
    })
}

impl Step<'_> {
    pub fn slot(&self, id: SlotId) -> Halting<Option<Slot>> {
        Ok(self.tx.row(
            &format!("select {SLOT_COLUMNS} from slot where slot = ?1"),
            params![id.as_bytes()],
            read_slot,
        )?)
    }

    /// The slot that is written to: the newest, and of equals the lowest, of those this device can read or come back to.
    pub fn current_slot(&self, conversation: ConversationId) -> Halting<Option<Slot>> {
        Ok(self.tx.row(
            &format!(
                "select {SLOT_COLUMNS} from slot where conversation = ?1 and state in (1, 2)
                 order by generation desc, slot limit 1"
            ),
            params![conversation.0],
            read_slot,
        )?)
    }

    pub fn put_slot_state(&self, slot: SlotId, state: SlotState) -> Halting<()> {
        self.tx
            .execute("update slot set state = ?2 where slot = ?1", params![slot.as_bytes(), state as i64])?;
        Ok(())
    }

    /// Starts a conversation unless there is one already: with an accepted contact, with one's own other devices, or of a group
    /// that one has made.
    pub fn begin(&mut self, conversation: ConversationId) -> Halting<()> {
        let started = self.has_wanted_slot(conversation)?
            || intent::is_queued(self, Kind::CreateSlot, &conversation.0)?;
        if !started
            && self.is_group(conversation)?
            && self.setting(&generation_setting(conversation))?.is_none()
        {
            // Known from the history alone: it has a slot, in which this device has no leaf yet.
            return self.ask_for_slot(conversation);
        }
        if !started && self.is_reachable(conversation)? {
            intent::queue_once(self, Kind::StartConversation, &conversation.0, &[])?;
        }
        Ok(())
    }

    fn is_reachable(&self, conversation: ConversationId) -> Halting<bool> {
        if self.is_group(conversation)? {
            return self.is_inside(conversation);
        }
        let account = self.peer(conversation)?;
        Ok(account == self.me()?.account || self.introduction_to(account)?.is_some())
    }

    /// This device makes the first slot of a conversation.
    pub fn begin_first(&mut self, conversation: ConversationId) -> Halting<()> {
        self.put_setting_number(&generation_setting(conversation), 1)?;
        self.begin(conversation)
    }

    /// There is a slot, and it is not one that this device has given up.
    fn has_wanted_slot(&self, conversation: ConversationId) -> Halting<bool> {
        let wanted = self.wanted_generation(conversation)?;
        Ok(self.current_slot(conversation)?.is_some_and(|slot| slot.generation >= wanted))
    }

    /// 1, or more when this device gave up a slot.
    fn wanted_generation(&self, conversation: ConversationId) -> Halting<u32> {
        let wanted = self.setting_number(&generation_setting(conversation))?;
        Ok(u32::try_from(wanted).unwrap_or(u32::MAX).max(1))
    }

    /// First step: key packages of the devices of all who come in, account by account; they wait in rows.
    pub fn fetch_key_packages(&mut self, intent: &Intent) -> Halting<()> {
        match self.next_to_draw(intent)? {
            Some(account) => self.draw_packages(intent, account),
            None => self.assemble(intent),
        }
    }

    /// Asks for a key package of each device of an account.
    pub fn draw_packages(&mut self, intent: &Intent, account: AccountId) -> Halting<()> {
        if account != self.me()?.account && self.introduction_to(account)?.is_none() {
            // Somebody who was met in a group and never told how to reach them. Others can make the slot, or show the way.
            return intent::postpone(self, intent.id, NOT_INTRODUCED_MS << intent.attempts.min(6));
        }
        let introduction = self.introduction_of(account)?;
        let request = UnnamedRequest::FetchKeyPackages(FetchKeyPackages {
            account,
            proof: Secret32(introduction.fetch_proof()),
            token: vec![].into(),
            extensions: vec![],
        });
        self.request_unnamed(Purpose::Intent(intent.id), &request.encode()?);
        Ok(())
    }

    fn introduction_of(&self, account: AccountId) -> Halting<IntroductionKey> {
        if account == self.me()?.account {
            return Ok(self.me()?.introduction.clone());
        }
        self.introduction_to(account)?.ok_or(Halt::Unusable("not introduced"))
    }

    /// Second step: the packages of an account are here. When they are the last, the conversation begins.
    pub fn take_key_packages(&mut self, intent: &Intent, packages: &KeyPackages) -> Halting<()> {
        self.take_drawn(intent, packages)?;
        if self.next_to_draw(intent)?.is_some() { Ok(()) } else { self.assemble(intent) }
    }

    fn assemble(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        if self.has_wanted_slot(conversation)? {
            // They were quicker.
            self.forget_drawn(conversation)?;
            return intent::finish(self, intent.id);
        }
        let (own, group) = (self.me()?.account, self.is_group(conversation)?);
        let mut good = Vec::new();
        let owner = self.room(conversation)?.and_then(|(charter, _)| charter.owner());
        for account in self.wanted_accounts(conversation)? {
            if self.config.has(Weakness::LeavesOwnerOut) && owner == Some(account) {
                continue;
            }
            let padded = self.drawn(conversation, account)?.unwrap_or_default();
            let read = if padded.is_empty() {
                vec![]
            } else {
                self.attempt(|step| step.read_packages(account, &padded))?.unwrap_or_default()
            };
            let late = if account == own {
                // A device that was linked a moment ago.
                read.len() + 1 < self.me()?.chain.devices.len() && intent.attempts < OWN_PACKAGE_TRIES
            } else {
                // Registered, and nothing in stock yet; or packages that do not hold. A group does not wait for ever.
                read.is_empty() && (!group || intent.attempts < GROUP_PACKAGE_TRIES)
            };
            if late {
                self.forget_drawn_of(conversation, account)?;
                return intent::postpone(self, intent.id, NO_PACKAGE_MS << intent.attempts.min(6));
            }
            good.extend(read);
        }
        self.forget_drawn(conversation)?;
        self.start_conversation(intent, conversation, &good)
    }

    /// Third step: the group, the slot, the letters and a first message, all sealed into one operation.
    fn start_conversation(
        &mut self,
        intent: &Intent,
        conversation: ConversationId,
        packages: &[KeyPackage],
    ) -> Halting<()> {
        let slot = SlotId(self.random());
        let generation = self.wanted_generation(conversation)?;
        let own = self.new_bound_address(slot)?;
        let leaf = self.leaf(own.secret)?;
        let session = self.session;
        let charter = self.room(conversation)?.map(|(charter, _)| charter);
        let id = GroupId::from(slot);
        let (mut packages, mut later) = (packages, Vec::new());
        let (mut group, pending) = loop {
            let made = Group::create(session, &self.me()?.identity(), &leaf, id, packages, charter.as_ref())?;
            let fits = self.fits_frame(packages.len(), &made.1)?;
            if fits || packages.len() <= 1 || charter.is_none() {
                break made;
            }
            // Who does not fit into one request is added afterwards.
            made.0.delete(session)?;
            let (now, rest) = split_by_account(packages);
            later.splice(0..0, accounts_of(rest));
            packages = now;
        };
        self.add_afterwards(conversation, &later)?;
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, r, address, owner_proof, healed_at,
             generation) values (?1, ?2, 1, ?3, 2, ?4, ?5, ?6, ?7, ?8)",
            params![
                slot.as_bytes(),
                conversation.0,
                sql_number(group.epoch()),
                pending.next_r,
                own.secret.0,
                own.owner_proof,
                sql_time(self.now),
                generation
            ],
        )?;
        let welcomes = if packages.is_empty() {
            vec![]
        } else {
            self.letters(conversation, slot, generation, packages, &pending)?
        };
        let state = self.epoch_state(&pending, slot)?;
        let content = self.first_content(conversation)?;
        let ciphertext = group.encrypt(session, &self.me()?.identity(), &content)?;
        let message = self.seal_outside(&pending.next.e, slot, &ciphertext)?;
        let operation = UnnamedRequest::CreateSlot(CreateSlot {
            slot,
            posting_key: Secret32(pending.next.k),
            state,
            welcomes,
            message: message.into(),
            idempotency: IdempotencyId(self.random()),
            token: vec![].into(),
            extensions: vec![],
        });
        intent::finish(self, intent.id)?;
        self.begin_slot(conversation, slot, generation)?;
        if generation > 1 {
            // What was said in the slot before may have reached nobody, and nothing that is said later need tell so.
            self.catch_up_after_return(conversation)?;
        }
        let own_account = self.me()?.account;
        self.people_moved(conversation, &group, &Doers::one(own_account))?;
        let people = self.people(conversation)?;
        self.brings(conversation, &people)?;
        let id = intent::queue(self, Kind::CreateSlot, &conversation.0, &[], &[])?;
        intent::seal(self, id, slot, &[0; 32], group.epoch(), &operation.encode()?)
    }

    /// A letter for each device, sealed under its account's introduction key.
    pub fn letters(
        &mut self,
        conversation: ConversationId,
        slot: SlotId,
        generation: u32,
        packages: &[KeyPackage],
        pending: &Pending,
    ) -> Halting<Vec<WelcomeFor>> {
        let mut welcomes = Vec::with_capacity(packages.len());
        for (package, welcome) in packages.iter().zip(pending.welcomes(self.session, packages)?) {
            let reader = package.member.account;
            let letter = self.letter_to(reader, (conversation, slot, generation), welcome)?;
            let payload = self.introduction_of(reader)?.seal_welcome(&letter, self.rng)?;
            welcomes.push(WelcomeFor {
                address: package.member.address,
                token: vec![].into(),
                payload: payload.into(),
            });
        }
        Ok(welcomes)
    }

    /// What a new slot begins with: who we are; among one's own devices, what they share.
    fn first_content(&mut self, conversation: ConversationId) -> Halting<Vec<u8>> {
        if !self.is_group(conversation)? && self.peer(conversation)? == self.me()?.account {
            self.shared_content(conversation)
        } else {
            self.profile_content(conversation).map(|(content, _)| content)
        }
    }

    /// Opens and checks the packages: each of a device of the account, none twice, none of this device itself. One that does
    /// not hold (its device's clock is wrong, say) leaves out its device, not the others.
    pub fn read_packages(&mut self, account: AccountId, padded: &[u8]) -> Halting<Vec<KeyPackage>> {
        let introduction = self.introduction_of(account)?;
        self.read_packages_with(&introduction, account, padded)
    }

    /// The same of an account that is known by a link only.
    pub fn read_packages_with(
        &mut self,
        introduction: &IntroductionKey,
        account: AccountId,
        padded: &[u8],
    ) -> Halting<Vec<KeyPackage>> {
        let set = KeyPackageSet::decode(&crypto::seal::padding::unpad(padded)?)?;
        let chain = VerifiedChain::verify(set.device_chain.as_slice())?;
        if chain.account != account {
            return Err(Halt::Unusable("another account's devices"));
        }
        let mut good: Vec<KeyPackage> = Vec::new();
        for sealed in &set.packages {
            let package = self.attempt(|step| {
                let bytes = introduction.open_key_package(sealed.as_slice())?;
                Ok(KeyPackage::read(step.session, &bytes, step.now)?)
            })?;
            let own = self.me()?.device;
            let fits = |package: &KeyPackage| {
                package.member.account == account
                    && (account != self.me.as_ref().map_or(account, |me| me.account)
                        || package.member.device != own)
                    && !good.iter().any(|other| other.member.device == package.member.device)
            };
            good.extend(package.filter(fits));
        }
        Ok(good)
    }

    pub fn letter_to(
        &self,
        reader: AccountId,
        (conversation, slot, generation): (ConversationId, SlotId, u32),
        welcome: Vec<u8>,
    ) -> Halting<Vec<u8>> {
        let knocked = self.knock_of_reader(conversation, reader)?;
        let invited = self.contact(reader)?.and_then(|contact| contact.invitation.try_into().ok());
        let invitation = knocked.or(invited).unwrap_or([0; 16]);
        self.write_letter(reader, (conversation, slot, generation), invitation, welcome)
    }

    /// A letter to somebody, signed.
    pub fn write_letter(
        &self,
        reader: AccountId,
        (conversation, slot, generation): (ConversationId, SlotId, u32),
        invitation: [u8; 16],
        welcome: Vec<u8>,
    ) -> Halting<Vec<u8>> {
        let me = self.me()?;
        let mut letter = Letter {
            slot,
            conversation: conversation.0,
            generation,
            invitation,
            device_chain: me.chain.to_bytes().into(),
            device: me.device,
            welcome: welcome.into(),
            signature: vec![].into(),
        };
        letter.signature = me.keys.sign(&letter.signed(reader)).to_vec().into();
        Ok(letter.encode()?)
    }

    /// Whether a commit fits into one request with so many letters, the tree's pieces, roster and rejoin blob. Every letter holds
    /// a Welcome with the secrets of its reader alone, so that letters grow with nothing but the description.
    pub fn fits_frame(&self, letters: usize, pending: &Pending) -> Halting<bool> {
        let padded =
            |bytes: usize| PAYLOAD_SIZES.into_iter().find(|size| *size >= bytes).unwrap_or(FRAME_BYTES_MAX);
        let description = pending.group_info.len();
        let letter = padded(description + self.me()?.chain.to_bytes().len() + LETTER_BYTES);
        let commit = pending.commit.len().div_ceil(PAYLOAD_SIZES[9]) * PAYLOAD_SIZES[9];
        let pieces: usize = pending.tree.new.iter().map(|piece| piece.bytes.len()).sum();
        let roster = pending.change.after.len() * roster::ENTRY_BYTES;
        let names = pending.tree.ids.len() * vocab::PieceId::BYTES;
        let all = letters.saturating_mul(letter) + commit + pieces + padded(description) + roster + names;
        Ok(all + REQUEST_BYTES <= FRAME_BYTES_MAX && letters <= WELCOMES_MAX)
    }

    /// Roster and rejoin blob of the epoch a commit of ours leads to, and where its tree lies.
    pub fn epoch_state(&mut self, pending: &crypto::Pending, slot: SlotId) -> Halting<EpochState> {
        let addresses: Vec<AddressSecret> =
            pending.change.after.iter().map(|member| member.address).collect();
        let rejoin = self.seal_rejoin_blob(pending, slot)?;
        Ok(EpochState {
            posting_key_hash: posting_key_hash(&pending.next.k),
            roster: roster::seal(&pending.next.k, &addresses, self.rng)?.into(),
            rejoin: rejoin.into(),
            tree: pending.tree.ids.clone(),
            pieces: pending
                .tree
                .new
                .iter()
                .map(|piece| Piece { id: piece.id, sealed: piece.bytes.as_slice().into() })
                .collect(),
        })
    }

    /// The slot stands, and its first message is in it.
    pub fn slot_created(&mut self, intent: &Intent, _stored: &Stored) -> Halting<()> {
        intent::finish(self, intent.id)
    }

    /// Nobody answers for the account any more: what waits for it cannot leave. A group goes on without it.
    pub fn cannot_reach(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        if self.is_group(conversation)? {
            return match self.next_to_draw(intent)? {
                Some(account) => self.note_drawn(conversation, account, &[]),
                None => Ok(()),
            };
        }
        intent::finish(self, intent.id)?;
        self.fail_outbox(conversation)
    }

    /// A letter arrived: somebody we accepted, somebody we invited, another device of our own, or a stranger.
    pub fn letter(&mut self, delivery: &Delivery) -> Halting<()> {
        let own = self.me()?.account;
        let plain = self.me()?.introduction.open_welcome(delivery.payload.as_slice())?;
        let letter = Letter::decode(&plain)?;
        let writer = letter.writer(own)?;
        if letter.slot != delivery.slot {
            return Err(Halt::Unusable("a letter for another slot"));
        }
        if letter.generation == 0 {
            return self.take_knock(&letter, writer);
        }
        if writer == own {
            return self.own_letter(&letter, delivery.sequence);
        }
        let state = self.contact(writer)?.map(|contact| contact.state);
        match state {
            Some(ContactState::Blocked) => self.turn_away(&letter),
            Some(ContactState::Accepted) => self.enter_or_start(&letter, writer, delivery.sequence),
            // Of somebody one shares the group with: the next slot of it, say.
            _ if self.shares_group(&letter, writer)? => {
                self.enter_or_start(&letter, writer, delivery.sequence)
            }
            _ if self.is_asked_for(&letter)? => self.enter(&letter, writer, delivery.sequence),
            _ if letter.invitation != [0; 16] && self.is_invited(&letter.invitation)? => {
                self.admit(writer, None)?;
                self.share_contact(writer)?;
                self.enter(&letter, writer, delivery.sequence)
            }
            // A conversation of ours: only one that is closed can be a request again.
            _ if self.slot(letter.slot)?.is_some_and(|slot| slot.state != SlotState::Closed) => Ok(()),
            _ => self.keep_request(&letter, writer, delivery.sequence, &plain),
        }
    }

    fn shares_group(&self, letter: &Letter, writer: AccountId) -> Halting<bool> {
        let conversation = ConversationId(letter.conversation);
        Ok(self.is_inside(conversation)? && self.people(conversation)?.contains(&writer))
    }

    /// Another device of our own has started a conversation, with somebody or among ourselves. Only a device that the longest
    /// list we know still names may do so.
    fn own_letter(&mut self, letter: &Letter, sequence: u64) -> Halting<()> {
        let me = self.me()?;
        let chain = VerifiedChain::verify(letter.device_chain.as_slice())?;
        let newest = if me.chain.leads_to(&chain) { &chain } else { &me.chain };
        let follows = me.chain.leads_to(&chain) || chain.leads_to(&me.chain);
        if !follows || !newest.devices.iter().any(|entry| entry.device == letter.device) {
            return Err(Halt::Unusable("a letter of a device that is no longer ours"));
        }
        self.enter_or_start(letter, me.account, sequence)
    }

    /// A Welcome that cannot be used (its key package was used before, say) must not end a conversation that there is: this
    /// device starts the next slot itself.
    pub fn enter_or_start(&mut self, letter: &Letter, writer: AccountId, sequence: u64) -> Halting<()> {
        if self.attempt(|step| step.enter(letter, writer, sequence))?.is_some() {
            return Ok(());
        }
        let conversation = ConversationId(letter.conversation);
        let known: Option<i64> =
            self.tx
                .row("select 1 from conversation where id = ?1", params![conversation.0], |row| row.get(0))?;
        let newest = self.newest_generation(conversation)?;
        if known.is_none() || letter.generation < newest || letter.generation > newest + GENERATIONS_AHEAD {
            return Ok(());
        }
        if self.is_group(conversation)? {
            // A letter of a slot one has already says nothing new; one of somebody who is not in the group must not move it. A slot
            // that was made at once with ours and does not fit it divides the group: all go on in the next.
            let theirs = self.people(conversation)?.contains(&writer);
            if !self.is_inside(conversation)? || !theirs || self.slot(letter.slot)?.is_some() {
                return Ok(());
            }
            return self.succeed_divided(conversation, letter.generation + 1);
        }
        self.want_generation(conversation, letter.generation + 1)
    }

    /// The members of a group do not agree on the slot it goes on in: all will go on in the next. Every one of them may make it, so
    /// each waits by lot, and longer each time.
    fn succeed_divided(&mut self, conversation: ConversationId, generation: u32) -> Halting<()> {
        let (times_at, since_at) =
            (format!("divided {conversation}"), format!("divided since {conversation}"));
        if self.now.0.saturating_sub(self.setting_number(&since_at)?) > DIVIDED_OVER_MS {
            self.put_setting_number(&times_at, 0)?;
        }
        self.put_setting_number(&since_at, self.now.0)?;
        let waits = intent::is_queued(self, Kind::StartConversation, &conversation.0)?;
        self.want_generation(conversation, generation)?;
        if waits {
            return Ok(());
        }
        let times = self.setting_number(&times_at)?.min(DIVIDED_DOUBLINGS_MAX);
        self.put_setting_number(&times_at, times + 1)?;
        let wait = self.random_ms(DIVIDED_SPREAD_MS << times);
        intent::put_off_kind(self, Kind::StartConversation, &conversation.0, wait)
    }

    /// A letter of somebody who is blocked: the address it came by is given up, so that nothing more comes by it.
    pub fn turn_away(&mut self, letter: &Letter) -> Halting<()> {
        self.use_up_package(letter)
    }

    fn own_member(&self, joined: &Joined) -> Halting<Member> {
        let me = self.me()?;
        let mine = |member: &&Member| member.account == me.account && member.device == me.device;
        joined.members.iter().find(mine).cloned().ok_or(Halt::Unusable("not in the group"))
    }

    fn keep_request(
        &mut self,
        letter: &Letter,
        writer: AccountId,
        sequence: u64,
        plain: &[u8],
    ) -> Halting<()> {
        let open: u32 =
            self.tx.row("select count(*) from request", [], |row| row.get(0))?.unwrap_or(REQUESTS_MAX);
        if open >= REQUESTS_MAX {
            return Ok(());
        }
        self.knocks(writer)?;
        let conversation = crate::contact::conversation_with(self.me()?.account, writer);
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, address, owner_proof)
             values (?1, ?2, 4, 0, ?3, x'', x'')
             on conflict (slot) do update set state = 4, next_sequence = excluded.next_sequence",
            params![letter.slot.as_bytes(), conversation.0, sql_number(sequence + 1)],
        )?;
        self.tx.execute(
            "insert into request (slot, account, letter, sequence, received_at) values (?1, ?2, ?3, ?4, ?5)",
            params![
                letter.slot.as_bytes(),
                writer.as_bytes(),
                plain,
                sql_number(sequence),
                sql_time(self.now)
            ],
        )?;
        Ok(())
    }

    /// The person said yes: their letters are opened now, then what followed them, in order.
    pub fn let_in(&mut self, account: AccountId) -> Halting<()> {
        let letters: Vec<(Vec<u8>, i64)> = self.tx.rows(
            "select letter, sequence from request where account = ?1 order by slot",
            params![account.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (letter, sequence) in letters {
            self.open_kept_letter(&Letter::decode(&letter)?, account, number(sequence))?;
        }
        Ok(())
    }

    /// A letter that was kept, and what followed it.
    pub fn open_kept_letter(&mut self, letter: &Letter, account: AccountId, sequence: u64) -> Halting<()> {
        let slot = letter.slot;
        self.tx.execute("delete from request where slot = ?1", params![slot.as_bytes()])?;
        self.tx.execute("delete from slot where slot = ?1 and state = 4", params![slot.as_bytes()])?;
        self.attempt(|step| step.enter(letter, account, sequence))?;
        self.deliver_held(slot)
    }

    /// Joins the group of a letter whose writer is accepted, or another device of our own.
    fn enter(&mut self, letter: &Letter, writer: AccountId, sequence: u64) -> Halting<()> {
        let Some(joined) = self.join(letter, writer, sequence)? else { return Ok(()) };
        if let Some(charter) = joined.charter.clone() {
            return self.enter_group(letter, writer, sequence, &joined, &charter);
        }
        let own = self.me()?.account;
        let accepted = self.contact(writer)?.is_some_and(|it| it.state == ContactState::Accepted);
        if writer != own && !accepted {
            return Err(Halt::Unusable("a conversation of two with somebody who was not accepted"));
        }
        let peer = joined.members.iter().map(|member| member.account).find(|account| *account != own);
        let peer = peer.unwrap_or(own);
        let two = joined.members.iter().all(|member| member.account == own || member.account == peer);
        let by_writer = joined.inviter.account == writer && (writer == own || writer == peer);
        if joined.group.id() != GroupId::from(letter.slot) || !by_writer || !two {
            return Err(Halt::Unusable("not a conversation of two with the writer"));
        }
        let address = self.own_member(&joined)?.address;
        let (owner_proof, last_resort) =
            self.take_spare_address(address)?.ok_or(Halt::Unusable("not an address of ours"))?;
        if writer == own && peer != own {
            if self.contact(peer)?.is_some_and(|contact| contact.state == ContactState::Blocked) {
                return Err(Halt::Unusable("with somebody who is blocked"));
            }
            self.admit(peer, None)?;
        }
        let conversation = self.admit_conversation(peer)?;
        self.check_newcomers(conversation, &joined.members)?;
        let newest = self.newest_generation(conversation)?;
        let ahead = letter.generation.saturating_sub(newest);
        if conversation.0 != letter.conversation || letter.generation == 0 || ahead > GENERATIONS_AHEAD {
            return Err(Halt::Unusable("not a letter of this conversation"));
        }
        let could_read = self.current_slot(conversation)?.is_some_and(|slot| slot.state == SlotState::Open);
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, r, address, owner_proof, healed_at,
             generation) values (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, 0, ?8)",
            params![
                letter.slot.as_bytes(),
                conversation.0,
                sql_number(joined.group.epoch()),
                sql_number(sequence + 1),
                joined.group.r()?,
                address.0,
                owner_proof,
                letter.generation
            ],
        )?;
        self.begin_slot(conversation, letter.slot, letter.generation)?;
        if letter.generation > 1 && !could_read {
            self.catch_up_after_return(conversation)?;
        }
        if self.has_wanted_slot(conversation)? {
            intent::drop_kind(self, Kind::StartConversation, &conversation.0)?;
        }
        // The leaf came from a stock on the service: it is renewed before anything is sent (T-17).
        let fresh_address: &[u8] = if last_resort { &[1] } else { &[] };
        intent::queue_once(self, Kind::SelfUpdate, &conversation.0, fresh_address)?;
        if peer != own && writer != own {
            self.queue_profile(conversation)?;
        }
        self.event(Event::Conversation(conversation));
        self.fetch_own_devices(letter.slot, &joined.group)
    }

    /// A slot more. In the first of a conversation this device hears everything. What is on its way in another stays there: all
    /// read it.
    pub fn begin_slot(&mut self, conversation: ConversationId, slot: SlotId, generation: u32) -> Halting<()> {
        let others: i64 = self
            .tx
            .row(
                "select count(*) from slot where conversation = ?1 and slot != ?2",
                params![conversation.0, slot.as_bytes()],
                |row| row.get(0),
            )?
            .unwrap_or(0);
        if generation == 1 && others == 0 {
            self.tx
                .execute("update conversation set from_start = 1 where id = ?1", params![conversation.0])?;
        }
        intent::wake(self, conversation)
    }

    /// The newest generation that this device has heard of; 0 without any slot.
    pub fn newest_generation(&self, conversation: ConversationId) -> Halting<u32> {
        let newest: Option<Option<u32>> = self.tx.row(
            "select max(generation) from slot where conversation = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        Ok(newest.flatten().unwrap_or(0))
    }

    pub fn admit_conversation(&mut self, account: AccountId) -> Halting<ConversationId> {
        let conversation = crate::contact::conversation_with(self.me()?.account, account);
        self.tx.execute(
            "insert or ignore into conversation (id, account, changed_at) values (?1, ?2, ?3)",
            params![conversation.0, account.as_bytes(), sql_time(self.now)],
        )?;
        Ok(conversation)
    }

    /// A slot that this device neither writes to nor comes back to; what waited in it goes to the one that is left, or a new
    /// one.
    fn close_slot(&mut self, slot: SlotId, conversation: ConversationId) -> Halting<()> {
        if self.slot(slot)?.is_some_and(|known| known.conversation == conversation) {
            self.put_slot_state(slot, SlotState::Closed)?;
            self.forget_ways(slot)?;
            intent::unseal_all(self, slot)?;
        }
        Ok(())
    }

    /// The service has no such slot any more (it expired, or was never made): the two go on in another.
    pub fn slot_gone(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let slot = match intent.slot() {
            Ok(slot) => Some(slot),
            Err(_) => self.current_slot(conversation)?.map(|slot| slot.id),
        };
        if let Some(slot) = slot {
            self.succeed(slot, conversation)?;
        }
        if !matches!(intent.kind, Kind::SendContent | Kind::ChangeGroup) {
            intent::finish(self, intent.id)?;
        }
        Ok(())
    }

    /// Leaves a slot behind for one of the next generation.
    pub fn succeed(&mut self, slot: SlotId, conversation: ConversationId) -> Halting<()> {
        if self.stays_out(conversation)? {
            return Ok(());
        }
        let next = self.newest_generation(conversation)?.saturating_add(1);
        self.close_slot(slot, conversation)?;
        self.want_generation(conversation, next)
    }

    fn want_generation(&mut self, conversation: ConversationId, generation: u32) -> Halting<()> {
        self.put_setting_number(&generation_setting(conversation), u64::from(generation))?;
        self.begin(conversation)?;
        self.ask_again(conversation)
    }

    /// Somebody writes in a slot that others have left, and has no leaf in the one they went to: it was not told, its letter was
    /// lost, or the two were made at once, one of them before this device could be let in. The next slot has them all again.
    pub fn fetch_back(&mut self, slot: &Slot, sender: &Member) -> Halting<()> {
        let Some(current) = self.current_slot(slot.conversation)? else { return Ok(()) };
        if current.id == slot.id || current.state != SlotState::Open {
            return Ok(());
        }
        let group = Group::load(self.session, GroupId::from(current.id))?;
        let there = group.members().iter().any(|member| member.device == sender.device);
        if self.is_group(slot.conversation)? && !self.people(slot.conversation)?.contains(&sender.account) {
            return Ok(());
        }
        let tried_at = format!("fetched back {}", slot.conversation);
        let lately = self.now.0.saturating_sub(self.setting_number(&tried_at)?) < FETCH_BACK_MS;
        if there || lately || intent::is_queued(self, Kind::StartConversation, &slot.conversation.0)? {
            return Ok(());
        }
        self.put_setting_number(&tried_at, self.now.0)?;
        self.want_generation(slot.conversation, current.generation.saturating_add(1))
    }
}

fn generation_setting(conversation: ConversationId) -> String {
    format!("generation {conversation}")
}

/// The packages of about the first half of the devices, and the rest; the devices of an account stay together where they can.
pub(crate) fn split_by_account(packages: &[KeyPackage]) -> (&[KeyPackage], &[KeyPackage]) {
    let half = packages.len().div_ceil(2);
    let account = |at: usize| packages.get(at).map(|package| package.member.account);
    let end = (1..=half).rev().find(|at| account(*at) != account(at - 1)).unwrap_or(half);
    packages.split_at(end)
}

/// Whose packages these are, each account once.
pub(crate) fn accounts_of(packages: &[KeyPackage]) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = packages.iter().map(|package| package.member.account).collect();
    accounts.dedup();
    accounts
}

/// Of a Welcome for one device beside the group's description, and of a letter beside the Welcome and the chain of lists in it.
const LETTER_BYTES: usize = 2_048;
/// Bytes of a request that are not counted: keys, ids, lengths, a first message.
const REQUEST_BYTES: usize = 128 * 1024;
/// Somebody who is left behind is fetched at most once in so long.
const FETCH_BACK_MS: u64 = vocab::time::MINUTE_MS;
/// Who makes the next slot of a divided group waits a random time below this, doubled each time.
const DIVIDED_SPREAD_MS: u64 = 2_000;
/// So often doubled: some 17 minutes.
const DIVIDED_DOUBLINGS_MAX: u64 = 9;
/// A group of which nothing like that was seen for so long is not divided any more.
const DIVIDED_OVER_MS: u64 = vocab::time::HOUR_MS;
/// A letter may be so many generations ahead of what this device has heard of: nobody can use the numbers up.
pub(crate) const GENERATIONS_AHEAD: u32 = 1_000;
/// Letters of strangers kept at one time; above that they are not noticed (T-39).
const REQUESTS_MAX: u32 = 200;
/// An account whose devices have not put key packages in stock yet is asked again after so long, doubled each time.
const NO_PACKAGE_MS: u64 = 3_000;
/// An account that one cannot reach may tell how, or somebody else be quicker: tried again after so long, doubled each time.
const NOT_INTRODUCED_MS: u64 = 30_000;
/// How often a group waits for somebody's key packages before it begins without them.
const GROUP_PACKAGE_TRIES: u32 = 6;
/// How often a conversation waits for a device of one's own that has no key packages in stock.
const OWN_PACKAGE_TRIES: u32 = 3;
