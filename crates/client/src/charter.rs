//! Groups of people: making one, changing who is in it and what it is, leaving it.
//!
//! What a group has agreed on (name, roles, who may do what) is its charter, which stands in the MLS state
//! (`crypto::Charter`): all members have the same, and a commit that breaks it is refused by each of them. This room turns
//! what a person wants into such commits, and what commits did into rows and lines of the timeline.
//!
//! Invariant: the rows of `room` and `member` say what the MLS state says; they are never the reason for anything.

use std::collections::{BTreeMap, BTreeSet};

use client_db::params;
use crypto::seal::introduction::IntroductionKey;
use crypto::{
    Change, Changes, Charter, Error as CryptoError, Group, GroupId, GroupLink, Joined, KeyPackage, Member,
    Refusal,
};
use crypto::{Permissions, Role, by_charter};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::{DEVICES_MAX, GROUP_PEOPLE_MAX, SLOT_LEAVES_MAX};
use vocab::time::SECOND_MS;
use vocab::{AccountId, MessageId};
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::key_package::KeyPackages;
use wire::{Bytes, Decode, Encode};

use crate::api::{
    CommandId, ContactState, ConversationId, Event, GroupChange, Mark, Noticed, Refused, Reply,
};
use crate::conversation::{GENERATIONS_AHEAD, Letter, Slot, SlotState, accounts_of, split_by_account};
use crate::intent::{self, Intent, Kind};
use crate::machine::Weakness;
use crate::matter::Matter;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// The tables of this room.
pub(crate) const TABLES: &str = "
-- 0 two people (or one's own devices), 1 a group
alter table conversation add column kind integer not null default 0;

-- A group as its newest slot says.
create table room (
    conversation blob primary key not null,
    charter blob not null,
    -- 1 in it, 2 leaving, 3 left, 4 removed
    state integer not null
) strict, without rowid;

-- Who is in it, oneself included.
create table member (
    conversation blob not null, account blob not null, devices integer not null,
    -- Has said that they leave; an admin's device takes them out.
    leaves integer not null default 0,
    primary key (conversation, account)
) strict, without rowid;

-- People met in groups who are no contacts: what their profile says.
create table person (
    account blob primary key not null, name text not null, introduction blob not null default x''
) strict, without rowid;

-- Key packages drawn for a conversation that somebody is to come into; empty when there were none to be had.
create table drawn (
    conversation blob not null, account blob not null, padded blob not null, primary key (conversation, account)
) strict, without rowid;

-- Who has told what of one's own messages in groups: 1 delivered, 2 read.
create table told (
    message blob not null, account blob not null, status integer not null, primary key (message, account)
) strict, without rowid;

-- What happened to a group, as a line of the timeline; empty for a message.
alter table message add column notice blob not null default x'';
";

/// Where this device stands in a group. Stored as numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    In = 1,
    Leaving = 2,
    Left = 3,
    Removed = 4,
}

impl Standing {
    pub fn of(sql: i64) -> Self {
        let all = [Self::In, Self::Leaving, Self::Left, Self::Removed];
        all.into_iter().find(|standing| *standing as i64 == sql).unwrap_or(Self::Removed)
    }
}

/// What a person wants of a group, as an intent carries it.
#[derive(Clone, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub(crate) enum Wish {
    #[tls_codec(discriminant = 1)]
    Add(Vec<AccountId>),
    #[tls_codec(discriminant = 2)]
    Remove(AccountId),
    #[tls_codec(discriminant = 3)]
    Name(Bytes),
    #[tls_codec(discriminant = 4)]
    Describe(Bytes),
    #[tls_codec(discriminant = 5)]
    GiveRole(RoleGiven),
    #[tls_codec(discriminant = 6)]
    Permit(Permissions),
    #[tls_codec(discriminant = 7)]
    OpenLink(GroupLink),
    #[tls_codec(discriminant = 8)]
    CloseLink(LinkNamed),
    /// Somebody whom a link brought.
    #[tls_codec(discriminant = 9)]
    Admit(Admitted),
    #[tls_codec(discriminant = 10)]
    Picture(PictureNamed),
}

/// A picture, by its hash; zeros for none.
#[derive(Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct PictureNamed {
    pub hash: [u8; 32],
}

/// A link, by the hash of its secret.
#[derive(Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct LinkNamed {
    hash: [u8; 32],
}

#[derive(Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct RoleGiven {
    account: AccountId,
    role: Role,
}

/// Somebody whom a link brought, as a wish carries them.
#[derive(Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Admitted {
    pub account: AccountId,
    pub knock: [u8; 32],
    pub link: [u8; 32],
    /// 1 when a person said yes.
    pub asked: u8,
}

/// A wish, against the group as it is now.
enum Plan {
    /// It is so already, or cannot be any more.
    Nothing,
    /// Key packages of this account first.
    Draw(AccountId),
    /// This.
    Commit { add: Vec<KeyPackage>, remove: Vec<Member>, charter: Option<Charter> },
}

/// Who did what to a group that is in another epoch.
pub(crate) struct Doers {
    /// Who made the commit, where that says anything.
    pub by: Option<AccountId>,
    /// Who wished whom taken out: not always whoever made the commit.
    pub removals: BTreeMap<AccountId, AccountId>,
}

impl Doers {
    /// As a commit tells it.
    pub fn of(change: &Change) -> Self {
        let removals = change.removals().map(|(member, by)| (member.account, by)).collect();
        Self { by: Some(change.by.account), removals }
    }

    /// Somebody who did all of it.
    pub fn one(by: AccountId) -> Self {
        Self { by: Some(by), removals: BTreeMap::new() }
    }

    /// Who took somebody out.
    pub fn of_removal(&self, gone: AccountId) -> Option<AccountId> {
        self.removals.get(&gone).copied().or(self.by)
    }
}

/// What a line of the timeline says about a group, as it is stored.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct StoredNotice {
    by: Vec<u8>,
    what: u8,
    account: Vec<u8>,
    text: Bytes,
}

impl Step<'_> {
    // ---- what a person wants ----

    /// Makes a group of oneself and others.
    pub fn create_group(&mut self, command: CommandId, name: &str, people: &[AccountId]) -> Halting<()> {
        let own = self.me()?.account;
        let others: BTreeSet<AccountId> = people.iter().copied().filter(|account| *account != own).collect();
        let conversation = ConversationId(self.random());
        let Ok(charter) = Charter::new(conversation.0, name.trim(), own) else {
            self.reply(command, Err(Refused::BadGroupName));
            return Ok(());
        };
        if !has_room(1, 1, others.len()) {
            self.reply(command, Err(Refused::GroupFull));
            return Ok(());
        }
        for account in &others {
            if !self.can_be_added(*account)? {
                self.reply(command, Err(Refused::NotAccepted));
                return Ok(());
            }
        }
        self.put_room(conversation, &charter, Standing::In)?;
        for account in others.iter().chain([&own]) {
            self.tx.execute(
                "insert into member (conversation, account, devices) values (?1, ?2, 0)",
                params![conversation.0, account.as_bytes()],
            )?;
        }
        self.notice(conversation, &Noticed::Created { by: Some(own), name: charter.name().to_owned() })?;
        self.begin_first(conversation)?;
        self.event(Event::Conversation(conversation));
        self.reply(command, Ok(Reply::Group(conversation)));
        Ok(())
    }

    /// Changes a group. The reply comes when the wish is safe in the outbox; the timeline tells when it is so.
    pub fn change_group(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        change: GroupChange,
    ) -> Halting<()> {
        let reply = match self.room(conversation)? {
            None => Err(Refused::Unknown),
            Some((_, standing)) if standing != Standing::In => Err(Refused::NotInGroup),
            Some((charter, _)) => self.wish_for(conversation, &charter, change)?,
        };
        let reply = match reply {
            Err(refused) => Err(refused),
            Ok(wish) => {
                // Whoever is taken out reads nothing that is written afterwards, and a closed link lets nobody in; everything
                // else may be overtaken.
                let waits = matches!(wish, Wish::Remove(_) | Wish::CloseLink(_));
                let passes: &[u8] = if waits { &[] } else { &[1] };
                intent::queue(self, Kind::ChangeGroup, &conversation.0, passes, &wish.encode()?)?;
                Ok(Reply::Done)
            }
        };
        self.reply(command, reply);
        Ok(())
    }

    /// Whether the charter allows it, as far as is known now; the commit is judged again when it is made.
    fn wish_for(
        &self,
        conversation: ConversationId,
        charter: &Charter,
        change: GroupChange,
    ) -> Halting<Result<Wish, Refused>> {
        let own = self.me()?.account;
        let role = charter.role(own);
        let may =
            |allowed: bool, wish: Wish| if allowed { Ok(wish) } else { Err(Refused::NotAllowedInGroup) };
        let officer = role >= Role::Admin;
        Ok(match change {
            GroupChange::Add(people) => {
                for account in &people {
                    if !self.can_be_added(*account)? {
                        return Ok(Err(Refused::NotAccepted));
                    }
                }
                if !self.group_has_room(conversation, people.len())? {
                    return Ok(Err(Refused::GroupFull));
                }
                may(charter.permits(own, charter.permissions.add), Wish::Add(people))
            }
            GroupChange::Remove(account) => {
                if account == own || !self.people(conversation)?.contains(&account) {
                    return Ok(Err(Refused::Unknown));
                }
                may(charter.may_remove(own, account), Wish::Remove(account))
            }
            GroupChange::Name(name) => {
                if Charter::new(conversation.0, name.trim(), own).is_err() {
                    return Ok(Err(Refused::BadGroupName));
                }
                let wish = Wish::Name(name.trim().as_bytes().into());
                may(charter.permits(own, charter.permissions.edit), wish)
            }
            GroupChange::Description(text) => {
                if text.len() > crypto::charter::GROUP_DESCRIPTION_BYTES_MAX {
                    return Ok(Err(Refused::BadText));
                }
                let wish = Wish::Describe(text.as_bytes().into());
                may(charter.permits(own, charter.permissions.edit), wish)
            }
            GroupChange::Role(account, given) => {
                if !self.people(conversation)?.contains(&account) {
                    return Ok(Err(Refused::Unknown));
                }
                let promotes =
                    role == Role::Admin && charter.role(account) == Role::Member && given == Role::Admin;
                let lays_down = account == own && role == Role::Admin && given == Role::Member;
                let owns = role == Role::Owner && account != own;
                may(owns || promotes || lays_down, Wish::GiveRole(RoleGiven { account, role: given }))
            }
            GroupChange::Permissions(permissions) => may(officer, Wish::Permit(permissions)),
            GroupChange::CloseLink(hash) => match charter.link(&hash) {
                None => Err(Refused::Unknown),
                Some(link) => may(officer || link.maker == own, Wish::CloseLink(LinkNamed { hash })),
            },
        })
    }

    /// Says that one leaves; the group is closed here once that is stored, and an admin's device takes the leaves out.
    pub fn leave_group(&mut self, command: CommandId, conversation: ConversationId) -> Halting<()> {
        let own = self.me()?.account;
        let reply = match self.room(conversation)? {
            None => Err(Refused::Unknown),
            Some((_, Standing::Left | Standing::Removed)) => Err(Refused::NotInGroup),
            Some((charter, _))
                if charter.role(own) == Role::Owner && self.people(conversation)?.len() > 1 =>
            {
                Err(Refused::OwnerStays)
            }
            Some((_, Standing::Leaving)) => Ok(Reply::Done),
            Some((charter, Standing::In)) => {
                self.put_standing(conversation, Standing::Leaving)?;
                if charter.role(own) == Role::Admin {
                    // Nobody but the owner could take an admin out.
                    let wish = Wish::GiveRole(RoleGiven { account: own, role: Role::Member });
                    intent::queue(self, Kind::ChangeGroup, &conversation.0, &[], &wish.encode()?)?;
                }
                self.say_leave(conversation)?;
                self.event(Event::Conversation(conversation));
                Ok(Reply::Done)
            }
        };
        self.reply(command, reply);
        Ok(())
    }

    fn say_leave(&mut self, conversation: ConversationId) -> Halting<()> {
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_LEAVE, vec![]);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(conversation, content)
    }

    /// What says that one leaves is on the service's disk, as the service says. It is repeated, which changes nothing, until its
    /// echo shows that the others have it too: nobody would notice that it is missing. True when it is to be repeated.
    pub fn leave_is_repeated(&mut self, intent: &Intent) -> Halting<bool> {
        let leaving = self.room(intent.conversation()?)?.is_some_and(|(_, it)| it == Standing::Leaving);
        if !leaving || !intent.message.is_empty() || intent.attempts >= LEAVE_TRIES_MAX {
            return Ok(false);
        }
        intent::postpone(self, intent.id, LEAVE_AGAIN_MS << intent.attempts)?;
        Ok(true)
    }

    // ---- making it so ----

    /// A wish becomes a commit, against the group as it is now; after a lost race it comes here again.
    pub fn seal_change(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let wish = Wish::decode(&intent.payload)?;
        let Some(slot) = self.current_slot(conversation)? else {
            self.begin(conversation)?;
            return intent::postpone(self, intent.id, NO_SLOT_MS << intent.attempts.min(8));
        };
        if slot.state == SlotState::Rejoining {
            intent::queue_once(self, Kind::Rejoin, &conversation.0, &[])?;
            return intent::postpone(self, intent.id, NO_SLOT_MS << intent.attempts.min(8));
        }
        let session = self.session;
        let mut group = Group::load(session, GroupId::from(slot.id))?;
        let secrets = group.secrets(session)?;
        if group.has_pending() {
            intent::unseal_commits(self, slot.id)?;
            group = group.clear_pending(session)?.ok_or(Halt::Unusable("no group left"))?;
        }
        if self.proposes(intent)? {
            return self.propose_removal_instead(intent);
        }
        let (mut add, remove, charter) = match self.plan(conversation, &group, &wish, intent)? {
            Plan::Nothing => {
                self.forget_drawn(conversation)?;
                return intent::finish(self, intent.id);
            }
            Plan::Draw(account) => {
                if intent.attempts >= DRAW_TRIES_MAX {
                    self.note_drawn(conversation, account, &[])?;
                    return intent::postpone(self, intent.id, 0);
                }
                return self.draw_packages(intent, account);
            }
            Plan::Commit { add, remove, charter } => (add, remove, charter),
        };
        let mut later = Vec::new();
        let whole = self.says_whole_tree(slot.id)?;
        let pending = loop {
            if whole {
                group.say_whole_tree();
            }
            let changes = Changes { add: &add, remove: &remove, leaf: None, charter: charter.as_ref() };
            let made = group.commit(session, &self.me()?.identity(), changes, &by_charter);
            let pending = match made {
                Ok(pending) => pending,
                Err(CryptoError::Refused(why)) => return self.wish_refused(intent, why),
                Err(error) => return Err(error.into()),
            };
            if add.len() <= 1 || self.fits_frame(add.len(), &pending)? {
                break pending;
            }
            group = group.clear_pending(session)?.ok_or(Halt::Unusable("no group left"))?;
            let now = split_by_account(&add).0.len();
            later.splice(0..0, accounts_of(&add.split_off(now)));
        };
        if !later.is_empty() {
            self.add_afterwards(conversation, &later)?;
            let now = Wish::Add(accounts_of(&add)).encode()?;
            self.tx.execute("update intent set payload = ?2 where id = ?1", params![intent.id, now])?;
        }
        let welcomes = if add.is_empty() {
            vec![]
        } else {
            self.letters(conversation, slot.id, slot.generation, &add, &pending)?
        };
        self.send_commit(intent, slot.id, slot.epoch, (secrets.k, secrets.e), &pending, welcomes)
    }

    /// People who do not fit into one request with others are added by the next.
    pub fn add_afterwards(&mut self, conversation: ConversationId, people: &[AccountId]) -> Halting<()> {
        if people.is_empty() {
            return Ok(());
        }
        for account in people {
            self.tx.execute(
                "delete from member where conversation = ?1 and account = ?2 and devices = 0",
                params![conversation.0, account.as_bytes()],
            )?;
        }
        let wish = Wish::Add(people.to_vec()).encode()?;
        intent::queue(self, Kind::ChangeGroup, &conversation.0, &[1], &wish)?;
        Ok(())
    }

    fn plan(
        &mut self,
        conversation: ConversationId,
        group: &Group,
        wish: &Wish,
        intent: &Intent,
    ) -> Halting<Plan> {
        let charter = group.charter().ok_or(Halt::Unusable("a group without a charter"))?;
        let members = group.members();
        let here = |account: AccountId| members.iter().any(|member| member.account == account);
        let with = |new: Charter| {
            if new == charter {
                Plan::Nothing
            } else {
                Plan::Commit { add: vec![], remove: vec![], charter: Some(new) }
            }
        };
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes.as_slice()).into_owned();
        Ok(match wish {
            Wish::Name(name) => with(charter.clone().named(&text(name))),
            Wish::Describe(description) => with(charter.clone().described(&text(description))),
            Wish::GiveRole(given) if !here(given.account) => Plan::Nothing,
            Wish::GiveRole(given) => with(charter.clone().with_role(given.account, given.role)),
            Wish::Permit(permissions) => with(charter.clone().permitting(*permissions)),
            Wish::Remove(account) => {
                let remove: Vec<Member> =
                    members.iter().filter(|member| member.account == *account).cloned().collect();
                let new = charter.clone().without(*account);
                let charter = (new != charter).then_some(new);
                if remove.is_empty() { Plan::Nothing } else { Plan::Commit { add: vec![], remove, charter } }
            }
            Wish::Picture(picture) => with(charter.clone().pictured(picture.hash)),
            Wish::OpenLink(link) => with(charter.clone().with_link(*link)),
            Wish::CloseLink(link) => with(charter.clone().without_link(&link.hash)),
            Wish::Admit(admitted) if here(admitted.account) => Plan::Nothing,
            Wish::Admit(admitted) => {
                let closed = charter.link(&admitted.link).is_none();
                let plan = if closed || self.is_taken_back(&admitted.knock)? {
                    Plan::Nothing
                } else {
                    self.plan_to_add(conversation, &members, &[admitted.account], intent)?
                };
                if matches!(plan, Plan::Nothing) {
                    self.not_admitted(conversation, admitted, &charter)?;
                }
                plan
            }
            Wish::Add(people) => self.plan_to_add(conversation, &members, people, intent)?,
        })
    }

    fn plan_to_add(
        &mut self,
        conversation: ConversationId,
        members: &[Member],
        people: &[AccountId],
        intent: &Intent,
    ) -> Halting<Plan> {
        let here: BTreeSet<AccountId> = members.iter().map(|member| member.account).collect();
        let absent: Vec<AccountId> =
            people.iter().filter(|account| !here.contains(account)).copied().collect();
        // Nothing is read before all is here: many may come.
        for account in &absent {
            if !self.is_drawn(conversation, *account)? {
                return Ok(Plan::Draw(*account));
            }
        }
        let mut add = Vec::new();
        for account in &absent {
            match self.drawn(conversation, *account)? {
                None => return Ok(Plan::Draw(*account)),
                Some(padded) if padded.is_empty() => {}
                Some(padded) => {
                    let good = self.read_packages(*account, &padded)?;
                    if good.is_empty() && intent.attempts < DRAW_TRIES_MAX {
                        // Registered, and nothing in stock yet.
                        self.forget_drawn_of(conversation, *account)?;
                        return Ok(Plan::Draw(*account));
                    }
                    add.extend(good);
                }
            }
        }
        Ok(if add.is_empty() { Plan::Nothing } else { Plan::Commit { add, remove: vec![], charter: None } })
    }

    /// The group has changed under the wish, so that it is no longer allowed.
    fn wish_refused(&mut self, intent: &Intent, why: Refusal) -> Halting<()> {
        self.lines.note(format!("a wish is refused: {why}"));
        self.abandon_change(intent)
    }

    /// Gives up a wish: the service will not take it, or the group does not allow it any more.
    pub fn abandon_change(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        self.forget_drawn(conversation)?;
        match (Wish::decode(&intent.payload)?, self.room(conversation)?) {
            (Wish::Admit(admitted), Some((charter, _))) => {
                self.not_admitted(conversation, &admitted, &charter)?;
            }
            _ => self.event(Event::GroupChangeFailed(conversation)),
        }
        self.abandon_update(intent)
    }

    // ---- key packages ----

    /// The accounts whose devices come into a new slot of a conversation.
    pub fn wanted_accounts(&self, conversation: ConversationId) -> Halting<Vec<AccountId>> {
        let own = self.me()?.account;
        let others = self.me()?.chain.devices.len() > 1;
        let mut wanted: Vec<AccountId> = if self.is_group(conversation)? {
            self.people(conversation)?.into_iter().filter(|account| *account != own).collect()
        } else {
            let peer = self.peer(conversation)?;
            if peer == own { vec![] } else { vec![peer] }
        };
        // One's own last: a device that was linked a moment ago gets some time.
        if others {
            wanted.push(own);
        }
        Ok(wanted)
    }

    pub fn drawn(&self, conversation: ConversationId, account: AccountId) -> Halting<Option<Vec<u8>>> {
        Ok(self.tx.row(
            "select padded from drawn where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
            |row| row.get(0),
        )?)
    }

    fn is_drawn(&self, conversation: ConversationId, account: AccountId) -> Halting<bool> {
        let found: Option<i64> = self.tx.row(
            "select 1 from drawn where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }

    /// The packages of those who are in the group now were used; those of others wait for the next commit.
    pub fn forget_drawn_of_members(&self, conversation: ConversationId) -> Halting<()> {
        self.tx.execute(
            "delete from drawn where conversation = ?1 and (padded = x'' or account in
             (select account from member where member.conversation = drawn.conversation))",
            params![conversation.0],
        )?;
        Ok(())
    }

    pub fn note_drawn(&self, conversation: ConversationId, account: AccountId, padded: &[u8]) -> Halting<()> {
        self.tx.execute(
            "insert into drawn (conversation, account, padded) values (?1, ?2, ?3)
             on conflict (conversation, account) do update set padded = excluded.padded",
            params![conversation.0, account.as_bytes(), padded],
        )?;
        Ok(())
    }

    pub fn forget_drawn(&self, conversation: ConversationId) -> Halting<()> {
        self.tx.execute("delete from drawn where conversation = ?1", params![conversation.0])?;
        Ok(())
    }

    pub fn forget_drawn_of(&self, conversation: ConversationId, account: AccountId) -> Halting<()> {
        self.tx.execute(
            "delete from drawn where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
        )?;
        Ok(())
    }

    /// The account whose packages are asked for next on behalf of an intent.
    pub fn next_to_draw(&mut self, intent: &Intent) -> Halting<Option<AccountId>> {
        let conversation = intent.conversation()?;
        let wanted = if intent.kind == Kind::ChangeGroup {
            match Wish::decode(&intent.payload)? {
                Wish::Add(people) => people,
                Wish::Admit(admitted) => vec![admitted.account],
                _ => vec![],
            }
        } else {
            self.wanted_accounts(conversation)?
        };
        for account in wanted {
            if !self.is_drawn(conversation, account)? {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }

    /// Packages for a wish are here.
    pub fn take_drawn(&mut self, intent: &Intent, packages: &KeyPackages) -> Halting<()> {
        let conversation = intent.conversation()?;
        match self.next_to_draw(intent)? {
            Some(account) => self.note_drawn(conversation, account, packages.padded.as_slice()),
            None => Ok(()),
        }
    }

    /// Lets one knock at somebody: from the contact, or from a profile in a group.
    pub fn introduction_to(&self, account: AccountId) -> Halting<Option<IntroductionKey>> {
        let known = match self.contact(account)? {
            Some(contact) if contact.introduction.len() == 32 => Some(contact.introduction),
            _ => self.tx.row(
                "select introduction from person where account = ?1",
                params![account.as_bytes()],
                |row| row.get::<_, Vec<u8>>(0),
            )?,
        };
        Ok(known.and_then(|key| key.try_into().ok()).map(IntroductionKey))
    }

    fn can_be_added(&self, account: AccountId) -> Halting<bool> {
        let accepted = self.contact(account)?.is_some_and(|it| it.state == ContactState::Accepted);
        Ok(accepted && self.introduction_to(account)?.is_some())
    }

    // ---- being let in ----

    /// A Welcome into a group, of somebody who is accepted or of another device of our own.
    pub fn enter_group(
        &mut self,
        letter: &Letter,
        writer: AccountId,
        sequence: u64,
        joined: &Joined,
        charter: &Charter,
    ) -> Halting<()> {
        let own = self.me()?.account;
        let conversation = ConversationId(charter.conversation);
        let whole = letter.conversation == charter.conversation
            && joined.group.id() == GroupId::from(letter.slot)
            && joined.inviter.account == writer
            && letter.generation > 0;
        if !whole || self.is_of_two(conversation)? {
            return Err(Halt::Unusable("not a letter of this group"));
        }
        // Somebody may have drawn a key package of a device of our own before it was struck off: it is taken out below, which nobody
        // does who stays outside.
        let others: Vec<Member> =
            joined.members.iter().filter(|member| member.account != own).cloned().collect();
        self.check_newcomers(conversation, &others)?;
        let newest = self.newest_generation(conversation)?;
        if letter.generation.saturating_sub(newest) > GENERATIONS_AHEAD {
            return Err(Halt::Unusable("a generation far ahead"));
        }
        let from_start = joined.group.epoch() == 1;
        // Of two slots that were made at once both are read, by all.
        let beside = letter.generation == newest && from_start && self.slot(letter.slot)?.is_none();
        let successor = letter.generation > newest || beside;
        let standing = match self.room(conversation)? {
            // A wish to leave that nobody has heard holds in the slot that takes the place of the one it was made in.
            Some((known, standing @ (Standing::In | Standing::Leaving))) if successor => {
                self.check_successor(conversation, &known, charter, joined)?;
                standing
            }
            Some((_, Standing::In | Standing::Leaving)) => {
                return Err(Halt::Unusable("in the group already"));
            }
            // Whoever made this slot has not heard that one has left: it was no person who let one in.
            Some((known, Standing::Left)) if successor && from_start && known == *charter => {
                self.say_leave(conversation)?;
                Standing::Leaving
            }
            _ => {
                let may = writer == own || charter.permits(writer, charter.permissions.add);
                if !may {
                    return Err(Halt::Unusable("let in by somebody who may not"));
                }
                Standing::In
            }
        };
        let mine = |member: &&Member| member.account == own && self.is_my_device(member);
        let address = joined.members.iter().find(mine).ok_or(Halt::Unusable("not in the group"))?.address;
        let (owner_proof, last_resort) =
            self.take_spare_address(address)?.ok_or(Halt::Unusable("not an address of ours"))?;
        let again = self.is_inside(conversation)?;
        self.has_come_in_again(conversation)?;
        let could_read = self.current_slot(conversation)?.is_some_and(|slot| slot.state == SlotState::Open);
        self.put_room(conversation, charter, standing)?;
        self.tx.execute(
            "insert into slot (slot, conversation, state, epoch, next_sequence, r, address, owner_proof, healed_at,
             generation) values (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, 0, ?8)
             on conflict (slot) do update set state = 1, epoch = excluded.epoch,
             next_sequence = excluded.next_sequence, r = excluded.r, address = excluded.address,
             owner_proof = excluded.owner_proof, healed_at = 0, sent_since_heal = 0",
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
        if !again {
            self.begin_rows_anew(conversation)?;
            self.stop_asking(conversation)?;
            // In a group that begins, nothing was said before.
            let days = if from_start { 0 } else { charter.permissions.history_days };
            self.note_entrance(conversation, writer, days)?;
        }
        if from_start {
            self.begin_slot(conversation, letter.slot, letter.generation)?;
        } else {
            intent::wake(self, conversation)?;
        }
        if newest > 0 && !could_read {
            self.catch_up_after_return(conversation)?;
        }
        self.people_moved(conversation, &joined.group, &Doers::one(writer))?;
        // The leaf came from a stock on the service (T-17). In a large group not everybody renews it at once.
        let fresh_address: &[u8] = if last_resort { &[1] } else { &[] };
        if fresh_address.is_empty() && joined.members.len() > RENEW_LEAVES_MAX {
            // `healed_at` is 0: the first message is sealed after a renewed leaf.
        } else if fresh_address.is_empty() && joined.members.len() > PROPOSE_LEAVES_MIN {
            // All of them at once: one commit carries what they propose.
            intent::queue_once(self, Kind::Propose, &conversation.0, &[])?;
            self.put_off(Kind::Propose, conversation, RENEWAL_SPREAD_MS)?;
        } else {
            intent::queue_once(self, Kind::SelfUpdate, &conversation.0, fresh_address)?;
            let spread = joined.members.len() as u64 * RENEWAL_SPREAD_MS;
            self.put_off(Kind::SelfUpdate, conversation, spread)?;
        }
        if joined.members.len() <= PROFILE_DEVICES_MAX {
            self.queue_profile(conversation)?;
        }
        self.event(Event::Conversation(conversation));
        self.expel_from(letter.slot, conversation, &joined.group)?;
        self.comes_with_others(conversation)?;
        self.fetch_own_devices(letter.slot, &joined.group)
    }

    /// A slot that takes the place of another: what its maker could have made of the group in the slot before, and no more. Whoever
    /// had fallen out of that makes the next with what they know, and those who know more do the same, until all know one thing.
    fn check_successor(
        &self,
        conversation: ConversationId,
        known: &Charter,
        charter: &Charter,
        joined: &Joined,
    ) -> Halting<()> {
        let people: BTreeSet<AccountId> = self.people(conversation)?.into_iter().collect();
        let here: BTreeSet<AccountId> = joined.members.iter().map(|member| member.account).collect();
        let inviter = joined.inviter.account;
        if !people.contains(&inviter) {
            return Err(Halt::Unusable("a successor of somebody who is not in the group"));
        }
        let gone: BTreeSet<AccountId> = people.difference(&here).copied().collect();
        for account in &gone {
            if !known.may_remove(inviter, *account) && !self.says_to_leave(conversation, *account)? {
                return Err(Halt::Unusable("a successor without somebody"));
            }
        }
        for account in here.difference(&people) {
            // Its maker may have missed that somebody was taken out, and would let them in again without wanting to.
            let may = known.permits(inviter, known.permissions.add);
            if !may || self.was_taken_out(conversation, *account)? {
                return Err(Halt::Unusable("a successor with other people"));
            }
        }
        if known == charter || known.check_next(charter, inviter, &here, &gone).is_ok() {
            Ok(())
        } else {
            Err(Halt::Unusable("a successor with another charter"))
        }
    }

    /// In the group, or still on the way out.
    pub fn is_inside(&self, conversation: ConversationId) -> Halting<bool> {
        let room = self.room(conversation)?;
        Ok(room.is_some_and(|(_, standing)| matches!(standing, Standing::In | Standing::Leaving)))
    }

    fn says_to_leave(&self, conversation: ConversationId, account: AccountId) -> Halting<bool> {
        let leaves: Option<bool> = self.tx.row(
            "select leaves from member where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(leaves == Some(true))
    }

    fn is_my_device(&self, member: &Member) -> bool {
        self.me.as_ref().is_some_and(|me| member.device == me.device)
    }

    // ---- what happened ----

    /// The group is in another epoch, or this device has come into it: rows and timeline follow.
    pub fn people_moved(
        &mut self,
        conversation: ConversationId,
        group: &Group,
        doers: &Doers,
    ) -> Halting<()> {
        let Some(charter) = group.charter() else { return Ok(()) };
        let by = doers.by;
        if charter.conversation != conversation.0 {
            return Err(Halt::Unusable("another group's charter"));
        }
        let own = self.me()?.account;
        let mut now = BTreeMap::<AccountId, u32>::new();
        for member in group.members() {
            *now.entry(member.account).or_default() += 1;
        }
        let before: BTreeSet<AccountId> = self.people(conversation)?.into_iter().collect();
        let old = self.room(conversation)?.map(|(charter, _)| charter);
        let standing = match self.room(conversation)? {
            Some((_, Standing::Leaving)) => Standing::Leaving,
            _ => Standing::In,
        };
        self.put_room(conversation, &charter, standing)?;
        for (account, devices) in &now {
            self.tx.execute(
                "insert into member (conversation, account, devices) values (?1, ?2, ?3)
                 on conflict (conversation, account) do update set devices = excluded.devices",
                params![conversation.0, account.as_bytes(), devices],
            )?;
        }
        for gone in before.iter().filter(|account| !now.contains_key(account)) {
            let left: Option<bool> = self.tx.row(
                "select leaves from member where conversation = ?1 and account = ?2",
                params![conversation.0, gone.as_bytes()],
                |row| row.get(0),
            )?;
            if self.config.has(Weakness::KeepsRoster) {
                continue;
            }
            self.tx.execute(
                "delete from member where conversation = ?1 and account = ?2",
                params![conversation.0, gone.as_bytes()],
            )?;
            if left != Some(true) {
                self.note_taken_out(conversation, *gone)?;
                let by = doers.of_removal(*gone);
                self.notice(conversation, &Noticed::Removed { by, account: *gone })?;
            }
        }
        let newcomers: Vec<AccountId> =
            now.keys().filter(|account| !before.contains(account)).copied().collect();
        if before.is_empty() {
            self.notice(conversation, &Noticed::Entered { by, name: charter.name().to_owned() })?;
        } else {
            for account in &newcomers {
                self.notice(conversation, &Noticed::Added { by, account: *account })?;
            }
        }
        for account in &newcomers {
            self.forget_taken_out(conversation, *account)?;
        }
        self.picture_after_change(conversation, old.as_ref().filter(|_| !before.is_empty()), &charter)?;
        if let Some(old) = old.filter(|_| !before.is_empty()) {
            self.note_charter(conversation, &old, &charter, by, &now)?;
        }
        self.knocks_after_change(conversation, &charter, by)?;
        // Newcomers do not know anybody's name.
        let devices: u32 = now.values().sum();
        let others_came = newcomers.iter().any(|account| *account != own);
        if others_came && !before.is_empty() && devices as usize <= PROFILE_DEVICES_MAX {
            self.queue_profile(conversation)?;
        }
        self.event(Event::Conversation(conversation));
        Ok(())
    }

    fn note_charter(
        &mut self,
        conversation: ConversationId,
        old: &Charter,
        new: &Charter,
        by: Option<AccountId>,
        here: &BTreeMap<AccountId, u32>,
    ) -> Halting<()> {
        if old.name() != new.name() {
            self.notice(conversation, &Noticed::Named { by, name: new.name().to_owned() })?;
        }
        if old.description() != new.description() {
            self.notice(conversation, &Noticed::Described { by })?;
        }
        let days = new.permissions.history_days;
        if old.permissions != (Permissions { history_days: old.permissions.history_days, ..new.permissions })
        {
            self.notice(conversation, &Noticed::Permitted { by })?;
        }
        if old.permissions.history_days != days {
            self.notice(conversation, &Noticed::History { by, days })?;
        }
        if old.picture != new.picture {
            self.notice(conversation, &Noticed::Pictured { by, gone: new.picture == [0; 32] })?;
        }
        for link in new.links().iter().filter(|link| old.link(&link.hash).is_none()) {
            self.notice(conversation, &Noticed::LinkOpened { by, approval: link.approval == 1 })?;
        }
        // The links of whoever is gone are gone with them.
        let closed = old.links().iter().filter(|link| new.link(&link.hash).is_none());
        for _ in closed.filter(|link| here.contains_key(&link.maker)) {
            self.notice(conversation, &Noticed::LinkClosed { by })?;
        }
        for account in here.keys() {
            let role = new.role(*account);
            if old.role(*account) != role {
                self.notice(conversation, &Noticed::Role { by, account: *account, role })?;
            }
        }
        Ok(())
    }

    /// This account was taken out.
    pub fn taken_out(&mut self, slot: &Slot, by: Option<AccountId>) -> Halting<()> {
        if !self.is_group(slot.conversation)? {
            return Ok(());
        }
        let own = self.me()?.account;
        let standing = self.room(slot.conversation)?.map(|(_, standing)| standing);
        let left = matches!(standing, Some(Standing::Leaving | Standing::Left));
        self.close_group(slot.conversation, if left { Standing::Left } else { Standing::Removed })?;
        match standing {
            // That one leaves was heard and done before its echo came.
            Some(Standing::Leaving) => self.notice(slot.conversation, &Noticed::Left { account: own })?,
            Some(Standing::Left | Standing::Removed) => {}
            Some(Standing::In) | None => {
                self.notice(slot.conversation, &Noticed::Removed { by, account: own })?;
            }
        }
        self.open_kept_welcome(slot.id)
    }

    /// This account is out of a group in which this device never was.
    pub fn out_of_unseen(&mut self, conversation: ConversationId, left: bool) -> Halting<()> {
        let account = self.me()?.account;
        self.close_group(conversation, if left { Standing::Left } else { Standing::Removed })?;
        let what = if left { Noticed::Left { account } } else { Noticed::Removed { by: None, account } };
        self.notice(conversation, &what)
    }

    /// Nothing more is delivered, and the keys are gone.
    pub fn close_group(&mut self, conversation: ConversationId, standing: Standing) -> Halting<()> {
        self.put_standing(conversation, standing)?;
        self.note_out(conversation)?;
        let slots: Vec<([u8; 16], Vec<u8>, Vec<u8>)> = self.tx.rows(
            "select slot, address, owner_proof from slot where conversation = ?1 and state != 3 order by slot",
            params![conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (slot, address, proof) in slots {
            if let (Ok(address), Ok(proof)) = (address.try_into(), proof.try_into()) {
                self.delete_address(vocab::AddressSecret(address), proof)?;
            }
            let slot = vocab::SlotId(slot);
            self.forget_awaited(slot)?;
            self.put_slot_state(slot, SlotState::Closed)?;
            self.forget_ways(slot)?;
            if let Ok(group) = Group::load(self.session, GroupId::from(slot)) {
                group.delete(self.session)?;
            }
        }
        // Nothing leads back in.
        self.tx.execute("update slot set r = x'' where conversation = ?1", params![conversation.0])?;
        self.fail_outbox(conversation)?;
        self.tx.execute("delete from receipt_due where conversation = ?1", params![conversation.0])?;
        let kinds = [
            Kind::SelfUpdate,
            Kind::Propose,
            Kind::ChangeGroup,
            Kind::Fleeting,
            Kind::AskAgain,
            Kind::Rejoin,
        ];
        for kind in kinds {
            intent::drop_kind(self, kind, &conversation.0)?;
        }
        self.forget_drawn(conversation)?;
        self.forget_knocks(conversation)?;
        self.event(Event::Conversation(conversation));
        self.tell_out_of(conversation)
    }

    /// What one said last in a group has been stored: one has left.
    pub fn finish_leaving(&mut self, conversation: ConversationId) -> Halting<()> {
        let leaving = self.room(conversation)?.is_some_and(|(_, it)| it == Standing::Leaving);
        if !leaving || intent::is_queued_unstored(self, Kind::SendContent, &conversation.0)? {
            return Ok(());
        }
        let own = self.me()?.account;
        self.close_group(conversation, Standing::Left)?;
        self.notice(conversation, &Noticed::Left { account: own })
    }

    /// Somebody says that they leave. False when the content is something else.
    pub fn take_leave(&mut self, slot: &Slot, sender: AccountId, content: &MimiContent) -> Halting<bool> {
        if content.nested_part.content_of(TYPE_LEAVE).is_none() {
            return Ok(false);
        }
        let conversation = slot.conversation;
        let Some((charter, standing)) = self.room(conversation)? else { return Ok(true) };
        let own = self.me()?.account;
        if sender == own {
            // Another device of ours.
            if standing == Standing::In {
                self.close_group(conversation, Standing::Left)?;
                self.notice(conversation, &Noticed::Left { account: own })?;
            }
            return Ok(true);
        }
        let news = self.tx.execute(
            "update member set leaves = 1 where conversation = ?1 and account = ?2 and leaves = 0",
            params![conversation.0, sender.as_bytes()],
        )?;
        if news > 0 {
            self.notice(conversation, &Noticed::Left { account: sender })?;
        }
        if charter.may_remove(own, sender) {
            let wish = Wish::Remove(sender);
            let id = intent::queue(self, Kind::ChangeGroup, &conversation.0, &[1], &wish.encode()?)?;
            let wait = self.random_ms(TAKE_OUT_SPREAD_MS);
            intent::postpone(self, id, wait)?;
        }
        Ok(true)
    }

    // ---- the timeline ----

    /// A line about the group. It counts as read: it calls nobody.
    fn notice(&mut self, conversation: ConversationId, what: &Noticed) -> Halting<()> {
        let stored = store_notice(what);
        let position = self.next_position(conversation)?;
        // Each device writes its own lines: they travel nowhere.
        let id = self.random::<32>();
        let own = self.me()?.account;
        let by = what.by().unwrap_or(own);
        self.tx.execute(
            "insert into message (id, conversation, position, queued, sender, own, sent_at, received_at, text,
             content, mark, notice) values (?1, ?2, ?3, 0, ?4, ?5, ?6, ?6, '', x'', ?7, ?8)",
            params![
                id,
                conversation.0,
                position,
                by.as_bytes(),
                false,
                sql_time(self.now),
                Mark::Read as i64,
                stored.encode()?
            ],
        )?;
        self.touch(conversation)?;
        self.event(Event::Message(conversation, MessageId(id)));
        Ok(())
    }

    /// A mark of somebody on one's own message of a group: the message has come as far as to everybody in it.
    pub fn told(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        from: AccountId,
        mark: Mark,
    ) -> Halting<()> {
        let own: Option<i64> = self.tx.row(
            "select 1 from message where id = ?1 and conversation = ?2 and own = 1",
            params![message.as_bytes(), conversation.0],
            |row| row.get(0),
        )?;
        if own.is_none() {
            return Ok(());
        }
        let status = if mark == Mark::Read { 2 } else { 1 };
        self.tx.execute(
            "insert into told (message, account, status) values (?1, ?2, ?3)
             on conflict (message, account) do update set status = max(status, excluded.status)",
            params![message.as_bytes(), from.as_bytes(), status],
        )?;
        let silent: Option<i64> = self.tx.row(
            "select 1 from member where conversation = ?1 and account != ?2 and leaves = 0 and account not in
             (select account from told where message = ?3 and status >= ?4) limit 1",
            params![conversation.0, self.me()?.account.as_bytes(), message.as_bytes(), status],
            |row| row.get(0),
        )?;
        if silent.is_none() { self.raise_mark(conversation, message, mark) } else { Ok(()) }
    }

    // ---- rows ----

    pub fn is_group(&self, conversation: ConversationId) -> Halting<bool> {
        let kind: Option<i64> =
            self.tx.row("select kind from conversation where id = ?1", params![conversation.0], |row| {
                row.get(0)
            })?;
        Ok(kind == Some(KIND_GROUP))
    }

    pub fn is_of_two(&self, conversation: ConversationId) -> Halting<bool> {
        let kind: Option<i64> =
            self.tx.row("select kind from conversation where id = ?1", params![conversation.0], |row| {
                row.get(0)
            })?;
        Ok(kind.is_some_and(|kind| kind != KIND_GROUP))
    }

    /// A group's charter, and where one stands in it.
    pub fn room(&self, conversation: ConversationId) -> Halting<Option<(Charter, Standing)>> {
        let row: Option<(Vec<u8>, i64)> = self.tx.row(
            "select charter, state from room where conversation = ?1",
            params![conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((charter, state)) = row else { return Ok(None) };
        let charter = Charter::from_bytes(&charter).map_err(|_| Halt::Unusable("a charter is damaged"))?;
        Ok(Some((charter, Standing::of(state))))
    }

    /// Makes sure of the rows of a group.
    fn put_room(&self, conversation: ConversationId, charter: &Charter, standing: Standing) -> Halting<()> {
        self.tx.execute(
            "insert or ignore into conversation (id, account, changed_at, kind) values (?1, x'', ?2, ?3)",
            params![conversation.0, sql_time(self.now), KIND_GROUP],
        )?;
        self.tx.execute(
            "insert into room (conversation, charter, state) values (?1, ?2, ?3) on conflict (conversation)
             do update set charter = excluded.charter, state = excluded.state",
            params![conversation.0, charter.to_bytes()?, standing as i64],
        )?;
        Ok(())
    }

    /// Where this device stands from now on.
    pub fn put_standing(&self, conversation: ConversationId, standing: Standing) -> Halting<()> {
        self.tx.execute(
            "update room set state = ?2 where conversation = ?1",
            params![conversation.0, standing as i64],
        )?;
        Ok(())
    }

    /// A group that another device of ours is in: its rows follow when this one has come in.
    pub fn admit_group(&self, conversation: ConversationId) -> Halting<ConversationId> {
        self.tx.execute(
            "insert or ignore into conversation (id, account, changed_at, kind) values (?1, x'', ?2, ?3)",
            params![conversation.0, sql_time(self.now), KIND_GROUP],
        )?;
        Ok(conversation)
    }

    /// Everybody in a group, oneself included.
    pub fn people(&self, conversation: ConversationId) -> Halting<Vec<AccountId>> {
        Ok(self.tx.rows(
            "select account from member where conversation = ?1 order by account",
            params![conversation.0],
            |row| Ok(AccountId(row.get(0)?)),
        )?)
    }

    /// Whether one may write here now, and why not.
    pub fn may_write(&self, conversation: ConversationId) -> Halting<Option<Refused>> {
        if !self.is_group(conversation)? {
            let account = self.peer(conversation)?;
            let accepted = self.contact(account)?.is_some_and(|it| it.state == ContactState::Accepted);
            return Ok((!accepted).then_some(Refused::NotAccepted));
        }
        Ok(match self.room(conversation)? {
            Some((charter, Standing::In)) => {
                let may = charter.permits(self.me()?.account, charter.permissions.send);
                (!may).then_some(Refused::NotAllowedInGroup)
            }
            _ => Some(Refused::NotInGroup),
        })
    }

    /// A message that has not left, in a group whose charter lets one write no more: everybody would pass it over.
    pub fn waits_in_vain(
        &self,
        conversation: ConversationId,
        message: &[u8],
        content: &[u8],
    ) -> Halting<bool> {
        let pending: Option<i64> = self.tx.row(
            "select 1 from message where id = ?1 and position = ?2",
            params![message, crate::message::POSITION_PENDING],
            |row| row.get(0),
        )?;
        let own = self.me()?.account;
        let said = MimiContent::decode(content).is_ok_and(|content| Matter::of(&content).is_none());
        let silenced = said && self.is_silenced(conversation, own)?;
        Ok(pending.is_some() && (silenced || self.message_oversteps(conversation, message)?))
    }

    /// Whether a group's charter lets somebody write. Everybody decides alike.
    pub fn is_silenced(&self, conversation: ConversationId, sender: AccountId) -> Halting<bool> {
        let room = self.room(conversation)?;
        Ok(room.is_some_and(|(charter, _)| !charter.permits(sender, charter.permissions.send)))
    }

    /// Whether marks are told here: to people who were accepted, and in groups that are not too large.
    pub fn tells_marks(&self, conversation: ConversationId) -> Halting<bool> {
        if !self.is_group(conversation)? {
            let account = self.peer(conversation)?;
            return Ok(self.contact(account)?.is_some_and(|it| it.state == ContactState::Accepted));
        }
        let inside = self.room(conversation)?.is_some_and(|(_, it)| it == Standing::In);
        Ok(inside && self.devices_in(conversation)? <= MARKS_DEVICES_MAX)
    }

    /// Whether so many more people fit into a group, each with a device at least.
    pub fn group_has_room(&self, conversation: ConversationId, more: usize) -> Halting<bool> {
        Ok(has_room(self.people(conversation)?.len(), self.devices_in(conversation)?, more))
    }

    fn devices_in(&self, conversation: ConversationId) -> Halting<u64> {
        let count: Option<Option<i64>> = self.tx.row(
            "select sum(devices) from member where conversation = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        Ok(number(count.flatten().unwrap_or(0)))
    }

    /// Somebody met in a group who is no contact.
    pub fn take_person(
        &mut self,
        account: AccountId,
        name: &str,
        introduction: Option<[u8; 32]>,
    ) -> Halting<()> {
        let key = introduction.map(Vec::from).unwrap_or_default();
        self.tx.execute(
            "insert into person (account, name, introduction) values (?1, ?2, ?3) on conflict (account) do update
             set name = excluded.name,
             introduction = case when length(excluded.introduction) = 32 then excluded.introduction
             else introduction end",
            params![account.as_bytes(), name, key],
        )?;
        self.event(Event::Contact(account));
        Ok(())
    }

    fn put_off(&mut self, kind: Kind, conversation: ConversationId, within_ms: u64) -> Halting<()> {
        let ids: Vec<i64> = self.tx.rows(
            "select id from intent where kind = ?1 and subject = ?2 and state = 0",
            params![kind as i64, conversation.0],
            |row| row.get(0),
        )?;
        for id in ids {
            let wait = self.random_ms(within_ms);
            intent::postpone(self, id, wait)?;
        }
        Ok(())
    }
}

/// Whether a group of so many people with so many devices takes `more` people, of whom no more is known than that each has a
/// device.
fn has_room(people: usize, devices: u64, more: usize) -> bool {
    let leaves = usize::try_from(devices).unwrap_or(usize::MAX).saturating_add(more);
    people.saturating_add(more) <= GROUP_PEOPLE_MAX && leaves <= SLOT_LEAVES_MAX
}

fn store_notice(what: &Noticed) -> StoredNotice {
    let (kind, account, text) = match what {
        Noticed::Created { name, .. } => (1, None, name.clone()),
        Noticed::Entered { name, .. } => (2, None, name.clone()),
        Noticed::Added { account, .. } => (3, Some(*account), String::new()),
        Noticed::Removed { account, .. } => (4, Some(*account), String::new()),
        Noticed::Left { account } => (5, Some(*account), String::new()),
        Noticed::Named { name, .. } => (6, None, name.clone()),
        Noticed::Described { .. } => (7, None, String::new()),
        Noticed::Permitted { .. } => (8, None, String::new()),
        Noticed::Role { account, role, .. } => (9 + *role as u8, Some(*account), String::new()),
        Noticed::LinkOpened { approval, .. } => (12 + u8::from(*approval), None, String::new()),
        Noticed::LinkClosed { .. } => (14, None, String::new()),
        Noticed::Pictured { gone, .. } => (16 + u8::from(*gone), None, String::new()),
        Noticed::History { days, .. } => (15, None, days.to_string()),
    };
    StoredNotice {
        by: what.by().map(|by| by.as_bytes().to_vec()).unwrap_or_default(),
        what: kind,
        account: account.map(|account| account.as_bytes().to_vec()).unwrap_or_default(),
        text: text.into_bytes().into(),
    }
}

/// A stored line; none for one of a later version.
pub(crate) fn read_notice(bytes: &[u8]) -> Option<Noticed> {
    let stored = StoredNotice::decode(bytes).ok()?;
    let by = AccountId::from_slice(&stored.by).ok();
    let account = AccountId::from_slice(&stored.account).ok();
    let name = String::from_utf8_lossy(stored.text.as_slice()).into_owned();
    Some(match stored.what {
        1 => Noticed::Created { by, name },
        2 => Noticed::Entered { by, name },
        3 => Noticed::Added { by, account: account? },
        4 => Noticed::Removed { by, account: account? },
        5 => Noticed::Left { account: account? },
        6 => Noticed::Named { by, name },
        7 => Noticed::Described { by },
        8 => Noticed::Permitted { by },
        9 => Noticed::Role { by, account: account?, role: Role::Member },
        10 => Noticed::Role { by, account: account?, role: Role::Admin },
        11 => Noticed::Role { by, account: account?, role: Role::Owner },
        12 => Noticed::LinkOpened { by, approval: false },
        13 => Noticed::LinkOpened { by, approval: true },
        14 => Noticed::LinkClosed { by },
        16 => Noticed::Pictured { by, gone: false },
        17 => Noticed::Pictured { by, gone: true },
        15 => Noticed::History { by, days: name.parse().ok()? },
        _ => return None,
    })
}

/// As `conversation.kind` is stored.
pub(crate) const KIND_GROUP: i64 = 1;
/// Media type of a content that says that its sender leaves.
const TYPE_LEAVE: &str = "application/vnd.valise.leave";
/// Newcomers renew their leaf within so long for each leaf of the group; where they propose it, within so long.
const RENEWAL_SPREAD_MS: u64 = 2 * SECOND_MS;
/// In groups of more leaves newcomers renew theirs before they first write, and not at once: each renewal goes to everybody.
const RENEW_LEAVES_MAX: usize = 64;
/// In groups of more leaves newcomers propose the renewed leaf and leave the commit to whoever is next.
const PROPOSE_LEAVES_MIN: usize = 8;
/// In larger groups profiles are told to nobody by themselves: each would go to all.
pub(crate) const PROFILE_DEVICES_MAX: usize = 3 * DEVICES_MAX;
/// Marks are told in groups of up to so many devices (`docs/protocol/receipt.md`).
const MARKS_DEVICES_MAX: u64 = 32;
/// Admins take out whoever leaves within so long; the first is enough.
const TAKE_OUT_SPREAD_MS: u64 = 5 * SECOND_MS;
/// What says that one leaves is repeated after so long, doubled each time, until its echo comes.
const LEAVE_AGAIN_MS: u64 = 10 * SECOND_MS;
/// So often; then the service's word has to do.
const LEAVE_TRIES_MAX: u32 = 6;
/// Key packages of somebody who is to be added are asked for so often.
const DRAW_TRIES_MAX: u32 = 8;
/// What must stand first is looked at again after so long.
const NO_SLOT_MS: u64 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_takes_1024_people_and_2048_devices_and_nobody_more() {
        for (people, devices, more, expected) in [
            (1, 1, 1_023, true),
            (1, 1, 1_024, false),
            (1_023, 1_023, 1, true),
            (1_024, 1_024, 1, false),
            (300, 2_047, 1, true),
            (300, 2_048, 1, false),
            (300, 2_047, 2, false),
            (300, u64::MAX, 1, false),
        ] {
            assert_eq!(
                has_room(people, devices, more),
                expected,
                "{people} people, {devices} devices, {more} more"
            );
        }
    }
}
