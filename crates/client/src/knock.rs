//! Links into a group, and who knocks with one (`docs/protocol/knock.md`): the side of those inside.
//!
//! The charter has the hash of each open link. Whoever holds one knocks with a letter at the people the link names; a device
//! that hears it lets them in at once, or tells the group, where those who may add say yes or no. Nothing of whoever knocks is
//! shown but that they do.

use client_db::{Reader, Row, RowError, params};
use crypto::seal::aead::{Key, derive, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use crypto::{Charter, GroupLink, Role, forget_key_package};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::{BLOB_DAYS_MAX, NAME_CHARS_MAX};
use vocab::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use vocab::{AccountId, AddressSecret, Timestamp};
use wire::GROUP_DOORS_MAX;
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Decode, Encode};

use crate::account::Me;
use crate::api::{
    CommandId, ContactState, ConversationId, Event, GroupInvitation, KnockAnswer, KnockView, LinkView,
    Refused, Reply,
};
use crate::asking::WITHDRAWN;
use crate::charter::{Admitted, Standing, Wish};
use crate::conversation::Letter;
use crate::intent::{self, Kind};
use crate::machine::{Client, Fault};
use crate::step::{Halt, Halting, Step, number, sql_time};

/// The tables of this room and of `asking`.
pub(crate) const TABLES: &str = "
-- Secrets of links that this account made: the charter has their hashes only.
create table group_link (
    hash blob primary key not null, conversation blob not null, secret blob not null
) strict, without rowid;

-- Who knocks at groups this device is in.
create table knock (
    -- SHA-256 over its answer's secret.
    knock blob primary key not null,
    conversation blob not null,
    -- Who; empty when nothing but the refusal came yet.
    account blob not null,
    -- Hash of the link's secret.
    link blob not null,
    introduction blob not null,
    -- Where and under what the answer waits.
    answer blob not null,
    -- 0 heard by this device, 1 told in the group, 2 being let in, 3 turned down, 4 taken back
    state integer not null,
    heard_at integer not null,
    -- When this device looks at it next; 0 for never.
    due integer not null default 0
) strict, without rowid;
create index knock_group on knock (conversation, account);

-- Whom a group took out: a link does not let them in again unasked.
create table taken_out (
    conversation blob not null, account blob not null, primary key (conversation, account)
) strict, without rowid;

-- Groups that this account asks to come into.
create table asking (
    conversation blob primary key not null,
    name text not null,
    secret blob not null,
    approval integer not null,
    -- Accounts and introduction keys, one after the other; empty where another device of ours knocks.
    doors blob not null,
    answer blob not null,
    -- api::JoinState
    state integer not null,
    asked_at integer not null
) strict, without rowid;
";

/// What a letter holds in the Welcome's place when it knocks at a group.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Knock {
    pub secret: [u8; 16],
    pub introduction: [u8; 32],
    pub answer: [u8; 32],
    pub address: AddressSecret,
}

/// Tells the group of one.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct KnockTold {
    account: AccountId,
    link: [u8; 32],
    introduction: [u8; 32],
    answer: [u8; 32],
}

/// Tells the group that one was turned down.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct KnockRefused {
    knock: [u8; 32],
}

/// Tells the group that whoever knocked takes it back.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct KnockWithdrawn {
    knock: [u8; 32],
}

/// To whoever knocked and is not let in.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct KnockAnswered {
    answer: u8,
}

/// A knock's row.
pub(crate) struct Knocking {
    pub knock: [u8; 32],
    conversation: ConversationId,
    pub account: Vec<u8>,
    link: [u8; 32],
    introduction: [u8; 32],
    answer: [u8; 32],
    state: i64,
}

const HEARD: i64 = 0;
const TOLD: i64 = 1;
const LET_IN: i64 = 2;
const TURNED_DOWN: i64 = 3;
const TAKEN_BACK: i64 = 4;

const COLUMNS: &str = "knock, conversation, account, link, introduction, answer, state";

fn read_knock(row: &Row<'_>) -> Result<Knocking, RowError> {
    Ok(Knocking {
        knock: row.get(0)?,
        conversation: ConversationId(row.get(1)?),
        account: row.get(2)?,
        link: row.get(3)?,
        introduction: row.get(4)?,
        answer: row.get(5)?,
        state: row.get(6)?,
    })
}

impl KnockTold {
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::decode(content.nested_part.content_of(TYPE_KNOCK)?).ok()
    }
}

impl KnockRefused {
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::decode(content.nested_part.content_of(TYPE_REFUSED)?).ok()
    }
}

impl KnockWithdrawn {
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::decode(content.nested_part.content_of(TYPE_WITHDRAWN)?).ok()
    }
}

// Links.
impl Step<'_> {
    /// Opens a link into a group. It leads in once everybody has heard of it.
    pub fn open_link(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        approval: bool,
    ) -> Halting<()> {
        let own = self.me()?.account;
        let charter = match self.room(conversation)? {
            None => return self.refuse(command, Refused::Unknown),
            Some((charter, Standing::In)) => charter,
            Some(_) => return self.refuse(command, Refused::NotInGroup),
        };
        let may = charter.permits(own, charter.permissions.link)
            && (approval || charter.permits(own, charter.permissions.add));
        if !may {
            return self.refuse(command, Refused::NotAllowedInGroup);
        }
        if charter.links().len() >= crypto::charter::GROUP_LINKS_MAX {
            return self.refuse(command, Refused::TooManyLinks);
        }
        let secret = self.random::<16>();
        let link = GroupLink { hash: sha256(&[&secret]), maker: own, approval: u8::from(approval) };
        self.keep_link(conversation, secret)?;
        self.share_link(conversation, secret)?;
        let invitation = invitation(self.tx, self.me()?, conversation, &charter, secret, approval)?;
        let wish = Wish::OpenLink(link).encode()?;
        intent::queue(self, Kind::ChangeGroup, &conversation.0, &[1], &wish)?;
        self.reply(command, Ok(Reply::GroupInvitation(invitation)));
        Ok(())
    }

    /// Knows the secret of a link of this account's own.
    pub fn keep_link(&self, conversation: ConversationId, secret: [u8; 16]) -> Halting<()> {
        self.tx.execute(
            "insert or ignore into group_link (hash, conversation, secret) values (?1, ?2, ?3)",
            params![sha256(&[&secret]), conversation.0, secret],
        )?;
        Ok(())
    }

    /// Whether a link of ours is still on its way into the charter.
    fn is_being_opened(&self, conversation: ConversationId, hash: &[u8; 32]) -> Halting<bool> {
        let wishes: Vec<Vec<u8>> = self.tx.rows(
            "select payload from intent where kind = ?1 and subject = ?2",
            params![Kind::ChangeGroup as i64, conversation.0],
            |row| row.get(0),
        )?;
        let opens =
            |wish: &Vec<u8>| matches!(Wish::decode(wish), Ok(Wish::OpenLink(link)) if link.hash == *hash);
        Ok(wishes.iter().any(opens))
    }
}

/// What the link with this secret says.
pub(crate) fn invitation(
    reader: &Reader<'_>,
    me: &Me,
    conversation: ConversationId,
    charter: &Charter,
    secret: [u8; 16],
    approval: bool,
) -> Result<GroupInvitation, client_db::Error> {
    let mut doors = vec![(me.account, me.introduction.0)];
    // Whoever may let in while its maker sleeps: owner and admins, whose key is known.
    let known: Vec<([u8; 32], Vec<u8>)> = reader.rows(
        "select member.account, case when length(contact.introduction) = 32 then contact.introduction
             else coalesce(person.introduction, x'') end
         from member left join contact on contact.account = member.account and contact.state = 1
         left join person on person.account = member.account
         where member.conversation = ?1 and leaves = 0 order by member.account",
        params![conversation.0],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut officers: Vec<(Role, AccountId, [u8; 32])> = known
        .into_iter()
        .filter_map(|(account, key)| {
            let account = AccountId(account);
            Some((charter.role(account), account, key.try_into().ok()?))
        })
        .filter(|(role, account, _)| *role >= Role::Admin && *account != me.account)
        .collect();
    officers.sort_by_key(|(role, ..)| std::cmp::Reverse(*role));
    doors.extend(officers.into_iter().map(|(_, account, key)| (account, key)).take(GROUP_DOORS_MAX - 1));
    let name = charter.name().chars().take(NAME_CHARS_MAX).collect();
    Ok(GroupInvitation { conversation, secret, approval, doors, name })
}

// Who knocks.
impl Step<'_> {
    /// A letter that knocks.
    pub fn take_knock(&mut self, letter: &Letter, writer: AccountId) -> Halting<()> {
        let knock = Knock::decode(letter.welcome.as_slice())?;
        self.give_up_address(knock.address)?;
        let blocked = self.contact(writer)?.is_some_and(|it| it.state == ContactState::Blocked);
        if writer == self.me()?.account || blocked {
            return Ok(());
        }
        let conversation = ConversationId(letter.conversation);
        if knock.secret == WITHDRAWN {
            return self.hear_withdrawal(conversation, writer, &knock);
        }
        let link = sha256(&[&knock.secret]);
        // Its maker answers first, the others when the maker does not.
        let room = self.room(conversation)?;
        let found = room.and_then(|(charter, _)| charter.link(&link));
        let mine = found.is_none_or(|found| Some(found.maker) == self.me.as_ref().map(|me| me.account));
        let alone = self.me()?.chain.devices.len() == 1;
        let wait = if mine { self.random_ms(OWN_SPREAD_MS) } else { OTHERS_MS + self.random_ms(OTHERS_MS) };
        let keys = (link, knock.introduction, knock.answer);
        let now = mine && alone;
        self.note_knock(conversation, writer, keys, HEARD, (!now).then_some(wait))?;
        match self.knock(&knock_of(&knock.answer))? {
            Some(heard) if now => self.look_at(&heard),
            _ => Ok(()),
        }
    }

    /// A letter that takes a knock back. Where the group was told of the knock, it is told of this too.
    fn hear_withdrawal(
        &mut self,
        conversation: ConversationId,
        writer: AccountId,
        knock: &Knock,
    ) -> Halting<()> {
        let id = knock_of(&knock.answer);
        let Some(known) = self.knock(&id)? else { return Ok(()) };
        let theirs = known.conversation == conversation && known.account == writer.as_bytes();
        if !theirs || known.state >= TURNED_DOWN {
            return Ok(());
        }
        let untold = known.state == HEARD && self.is_due(&id)?;
        // One of those who heard it is enough.
        let wait = self.random_ms(OWN_SPREAD_MS).max(1);
        let due = if untold { 0 } else { sql_time(self.now.plus_ms(wait)) };
        self.tx.execute(
            "update knock set state = ?2, due = ?3 where knock = ?1",
            params![id, TAKEN_BACK, due],
        )?;
        self.event(Event::Knock(conversation));
        Ok(())
    }

    /// This device has heard of a knock, and has done nothing about it yet.
    fn is_due(&self, knock: &[u8; 32]) -> Halting<bool> {
        let due: Option<i64> =
            self.tx.row("select due from knock where knock = ?1", params![knock], |row| row.get(0))?;
        Ok(due.is_some_and(|due| due > 0))
    }

    /// The address of a knock is used up: nothing more comes by it.
    fn give_up_address(&mut self, address: AddressSecret) -> Halting<()> {
        let package: Option<Vec<u8>> = self.tx.row(
            "select package from spare_address where address = ?1 and last_resort = 0",
            params![address.0],
            |row| row.get(0),
        )?;
        if let Some(package) = package {
            forget_key_package(self.session, &package)?;
        }
        match self.take_spare_address(address)? {
            Some((proof, false)) => self.delete_address(address, proof),
            _ => Ok(()),
        }
    }

    fn note_knock(
        &mut self,
        conversation: ConversationId,
        account: AccountId,
        (link, introduction, answer): ([u8; 32], [u8; 32], [u8; 32]),
        state: i64,
        wait: Option<u64>,
    ) -> Halting<()> {
        let oldest = Timestamp(self.now.0.saturating_sub(KNOCK_MS_MAX));
        self.tx.execute("delete from knock where heard_at < ?1", params![sql_time(oldest)])?;
        let open: i64 = self
            .tx
            .row(
                "select count(*) from knock where conversation = ?1 and state < 3",
                params![conversation.0],
                |row| row.get(0),
            )?
            .unwrap_or(0);
        if open >= KNOCKS_MAX {
            return Ok(());
        }
        let due = wait.map_or(0, |wait| sql_time(self.now.plus_ms(wait.max(1))));
        // What ended before one heard of it stays so; what one has heard oneself and is told now is told.
        self.tx.execute(
            "insert into knock (knock, conversation, account, link, introduction, answer, state, heard_at, due)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             on conflict (knock) do update set account = excluded.account, link = excluded.link,
             introduction = excluded.introduction, answer = excluded.answer,
             due = case state when 0 then excluded.due else 0 end, state = case state when 0 then excluded.state else state end
             where conversation = excluded.conversation and (state = 0 or account = x'')",
            params![
                knock_of(&answer),
                conversation.0,
                account.as_bytes(),
                link,
                introduction,
                answer,
                state,
                sql_time(self.now),
                due
            ],
        )?;
        Ok(())
    }

    /// Does what is due about those who knock, and gives up what was never answered.
    pub fn mind_knocks(&mut self) -> Halting<()> {
        self.expire_asking()?;
        self.expire_entrances()?;
        self.expire_picture_places()?;
        self.expire_faces()?;
        let due: Vec<Knocking> = self.tx.rows(
            &format!("select {COLUMNS} from knock where due > 0 and due <= ?1 order by due, knock limit ?2"),
            params![sql_time(self.now), KNOCKS_AT_ONCE],
            read_knock,
        )?;
        for knock in due {
            self.tx.execute("update knock set due = 0 where knock = ?1", params![knock.knock])?;
            self.attempt(|step| step.look_at(&knock))?;
        }
        Ok(())
    }

    fn look_again(&self, knock: &[u8; 32], wait: u64) -> Halting<()> {
        self.tx.execute(
            "update knock set due = ?2 where knock = ?1",
            params![knock, sql_time(self.now.plus_ms(wait))],
        )?;
        Ok(())
    }

    fn forget_knock(&self, knock: &[u8; 32]) -> Halting<()> {
        self.tx.execute("delete from knock where knock = ?1", params![knock])?;
        Ok(())
    }

    fn look_at(&mut self, knock: &Knocking) -> Halting<()> {
        let Ok(account) = AccountId::from_slice(&knock.account) else { return Ok(()) };
        let (own, conversation) = (self.me()?.account, knock.conversation);
        if knock.state == TAKEN_BACK {
            return self.tell_withdrawal(knock);
        }
        if self.people(conversation)?.contains(&account) {
            return self.forget_knock(&knock.knock);
        }
        let Some((charter, Standing::In)) = self.room(conversation)? else {
            return self.turn_away_knock(knock, KnockAnswer::LinkClosed);
        };
        let Some(link) = charter.link(&knock.link) else {
            if self.is_being_opened(conversation, &knock.link)? {
                return self.look_again(&knock.knock, OPENING_MS);
            }
            return self.turn_away_knock(knock, KnockAnswer::LinkClosed);
        };
        let asks = link.approval == 1 || self.was_taken_out(conversation, account)?;
        if !asks && charter.permits(own, charter.permissions.add) {
            return self.admit_knock(knock, account, false);
        }
        if knock.state == HEARD { self.tell_knock(knock, account) } else { Ok(()) }
    }

    fn tell_knock(&mut self, knock: &Knocking, account: AccountId) -> Halting<()> {
        let told =
            KnockTold { account, link: knock.link, introduction: knock.introduction, answer: knock.answer };
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_KNOCK, told.encode()?);
        let content = MimiContent::new(self.random(), part);
        self.say(knock.conversation, content).map(drop)
    }

    fn tell_withdrawal(&mut self, knock: &Knocking) -> Halting<()> {
        let Some((_, Standing::In)) = self.room(knock.conversation)? else { return Ok(()) };
        let part = KnockWithdrawn { knock: knock.knock }.encode()?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_WITHDRAWN, part);
        let content = MimiContent::new(self.random(), part);
        self.say(knock.conversation, content).map(drop)
    }

    /// Somebody in the group heard one.
    pub fn take_told_knock(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        told: &KnockTold,
    ) -> Halting<()> {
        let Some((charter, Standing::In)) = self.room(conversation)? else { return Ok(()) };
        let may_tell = charter.permits(sender, charter.permissions.link)
            || charter.permits(sender, charter.permissions.add);
        let Some(link) = charter.link(&told.link).filter(|_| may_tell) else { return Ok(()) };
        if self.people(conversation)?.contains(&told.account) {
            return Ok(());
        }
        let own = self.me()?.account;
        // Where the link is enough, the first who may add lets them in.
        let at_once = link.approval == 0 && charter.permits(own, charter.permissions.add);
        let wait = at_once.then(|| OTHERS_MS + self.random_ms(OTHERS_MS));
        let keys = (told.link, told.introduction, told.answer);
        self.note_knock(conversation, told.account, keys, TOLD, wait)?;
        self.event(Event::Knock(conversation));
        Ok(())
    }

    /// Somebody in the group said no.
    pub fn take_refusal(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        refused: &KnockRefused,
    ) -> Halting<()> {
        let Some((charter, _)) = self.room(conversation)? else { return Ok(()) };
        if !charter.permits(sender, charter.permissions.add) {
            return Ok(());
        }
        self.end_knock(conversation, &refused.knock, TURNED_DOWN)
    }

    /// Somebody in the group heard that whoever knocked takes it back.
    pub fn take_withdrawal(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        withdrawn: &KnockWithdrawn,
    ) -> Halting<()> {
        let Some((charter, _)) = self.room(conversation)? else { return Ok(()) };
        let may_tell = charter.permits(sender, charter.permissions.link)
            || charter.permits(sender, charter.permissions.add);
        if may_tell { self.end_knock(conversation, &withdrawn.knock, TAKEN_BACK) } else { Ok(()) }
    }

    /// It is over, in whatever order this and the knock come.
    fn end_knock(&mut self, conversation: ConversationId, knock: &[u8; 32], state: i64) -> Halting<()> {
        self.tx.execute(
            "insert into knock (knock, conversation, account, link, introduction, answer, state, heard_at)
             values (?1, ?2, x'', zeroblob(32), zeroblob(32), zeroblob(32), ?4, ?3) on conflict (knock) do update
             set state = excluded.state, due = 0 where conversation = excluded.conversation",
            params![knock, conversation.0, sql_time(self.now), state],
        )?;
        self.event(Event::Knock(conversation));
        Ok(())
    }

    /// The person says yes or no.
    pub fn answer_knock(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        account: AccountId,
        accept: bool,
    ) -> Halting<()> {
        let knock: Option<Knocking> = self.tx.row(
            &format!(
                "select {COLUMNS} from knock where conversation = ?1 and account = ?2 and state < 2
                 order by heard_at desc limit 1"
            ),
            params![conversation.0, account.as_bytes()],
            read_knock,
        )?;
        let (Some(knock), Some((charter, standing))) = (knock, self.room(conversation)?) else {
            return self.refuse(command, Refused::Unknown);
        };
        let own = self.me()?.account;
        if standing != Standing::In {
            return self.refuse(command, Refused::NotInGroup);
        }
        if !charter.permits(own, charter.permissions.add) {
            return self.refuse(command, Refused::NotAllowedInGroup);
        }
        if charter.link(&knock.link).is_none() {
            self.turn_away_knock(&knock, KnockAnswer::LinkClosed)?;
            return self.refuse(command, Refused::LinkClosed);
        }
        if accept && !self.group_has_room(conversation, 1)? {
            return self.refuse(command, Refused::GroupFull);
        }
        if accept {
            self.admit_knock(&knock, account, true)?;
        } else {
            // What this device heard itself may be unknown to the others still: the refusal says enough.
            let part = KnockRefused { knock: knock.knock }.encode()?;
            let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_REFUSED, part);
            let content = MimiContent::new(self.random(), part);
            self.say(conversation, content)?;
            self.put_answer(&knock, KnockAnswer::TurnedDown)?;
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    fn admit_knock(&mut self, knock: &Knocking, account: AccountId, asked: bool) -> Halting<()> {
        self.tx
            .execute("update knock set state = ?2, due = 0 where knock = ?1", params![knock.knock, LET_IN])?;
        // What is known of them from elsewhere stays.
        self.tx.execute(
            "insert into person (account, name, introduction) values (?1, '', ?2) on conflict (account) do update
             set introduction = excluded.introduction where length(introduction) != 32",
            params![account.as_bytes(), knock.introduction],
        )?;
        let wish =
            Wish::Admit(Admitted { account, knock: knock.knock, link: knock.link, asked: u8::from(asked) });
        intent::queue(self, Kind::ChangeGroup, &knock.conversation.0, &[1], &wish.encode()?)?;
        self.event(Event::Knock(knock.conversation));
        Ok(())
    }

    /// What was wished did not come about: the group is full, the link was closed, or their devices give no key package.
    pub fn not_admitted(
        &mut self,
        conversation: ConversationId,
        admitted: &Admitted,
        charter: &Charter,
    ) -> Halting<()> {
        let Some(knock) = self.knock(&admitted.knock)?.filter(|knock| knock.state != TAKEN_BACK) else {
            return Ok(());
        };
        if !self.group_has_room(conversation, 1)? {
            return self.turn_away_knock(&knock, KnockAnswer::GroupFull);
        }
        if charter.link(&admitted.link).is_none() {
            return self.turn_away_knock(&knock, KnockAnswer::LinkClosed);
        }
        let (state, wait) = if admitted.asked == 1 { (TOLD, 0) } else { (HEARD, UNREACHED_MS) };
        let due = if wait == 0 { 0 } else { sql_time(self.now.plus_ms(wait)) };
        self.tx.execute(
            "update knock set state = ?2, due = ?3 where knock = ?1",
            params![admitted.knock, state, due],
        )?;
        self.event(Event::Knock(conversation));
        Ok(())
    }

    /// Whoever is to be let in does not want to any more.
    pub fn is_taken_back(&self, knock: &[u8; 32]) -> Halting<bool> {
        Ok(self.knock(knock)?.is_some_and(|knock| knock.state == TAKEN_BACK))
    }

    fn knock(&self, knock: &[u8; 32]) -> Halting<Option<Knocking>> {
        Ok(self.tx.row(
            &format!("select {COLUMNS} from knock where knock = ?1"),
            params![knock],
            read_knock,
        )?)
    }

    /// The knock by which somebody is being let in names itself in their letter.
    pub fn knock_of_reader(
        &self,
        conversation: ConversationId,
        reader: AccountId,
    ) -> Halting<Option<[u8; 16]>> {
        let answer: Option<[u8; 32]> = self.tx.row(
            "select answer from knock where conversation = ?1 and account = ?2 and state = 2
             order by heard_at desc limit 1",
            params![conversation.0, reader.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(answer.map(|answer| pass_of(&answer)))
    }

    fn turn_away_knock(&mut self, knock: &Knocking, answer: KnockAnswer) -> Halting<()> {
        self.put_answer(knock, answer)?;
        self.forget_knock(&knock.knock)?;
        self.event(Event::Knock(knock.conversation));
        Ok(())
    }

    fn put_answer(&mut self, knock: &Knocking, answer: KnockAnswer) -> Halting<()> {
        let plain = KnockAnswered { answer: answer as u8 }.encode()?;
        let sealed = seal_padded(&answer_key(&knock.answer), b"", &plain, self.rng)?;
        self.put_blob(&knock.knock, answer_place(&knock.answer), BLOB_DAYS_MAX, sealed)
    }

    /// Who has come in knocks no more; what knocked with a link that is closed now is told so by whoever closed it.
    pub fn knocks_after_change(
        &mut self,
        conversation: ConversationId,
        charter: &Charter,
        by: Option<AccountId>,
    ) -> Halting<()> {
        let open: Vec<Knocking> = self.tx.rows(
            &format!("select {COLUMNS} from knock where conversation = ?1 and state < 3 order by knock"),
            params![conversation.0],
            read_knock,
        )?;
        if open.is_empty() {
            return Ok(());
        }
        let own = self.me()?.account;
        let people = self.people(conversation)?;
        for knock in open {
            if people.iter().any(|account| account.0[..] == knock.account[..]) {
                self.forget_knock(&knock.knock)?;
            } else if knock.state == TOLD && charter.link(&knock.link).is_none() {
                if by == Some(own) {
                    self.put_answer(&knock, KnockAnswer::LinkClosed)?;
                }
                self.forget_knock(&knock.knock)?;
            } else {
                continue;
            }
            self.event(Event::Knock(conversation));
        }
        Ok(())
    }

    /// Remembers whom the group took out.
    pub fn note_taken_out(&self, conversation: ConversationId, account: AccountId) -> Halting<()> {
        self.tx.execute(
            "insert or ignore into taken_out (conversation, account) values (?1, ?2)",
            params![conversation.0, account.as_bytes()],
        )?;
        Ok(())
    }

    /// They were let in again.
    pub fn forget_taken_out(&self, conversation: ConversationId, account: AccountId) -> Halting<()> {
        self.tx.execute(
            "delete from taken_out where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
        )?;
        Ok(())
    }

    /// Whether they were, and were not let in again.
    pub fn was_taken_out(&self, conversation: ConversationId, account: AccountId) -> Halting<bool> {
        let found: Option<i64> = self.tx.row(
            "select 1 from taken_out where conversation = ?1 and account = ?2",
            params![conversation.0, account.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }

    /// The group is no more for this account: so are those who knock at it.
    pub fn forget_knocks(&self, conversation: ConversationId) -> Halting<()> {
        self.tx
            .execute("delete from knock where conversation = ?1 and state != 0", params![conversation.0])?;
        self.tx.execute("delete from group_link where conversation = ?1", params![conversation.0])?;
        Ok(())
    }
}

impl Client {
    /// The open links of a group; those that this account made with what they say.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn links(&self, conversation: ConversationId) -> Result<Vec<LinkView>, Fault> {
        let reader = self.db.reader();
        let stored = reader.row(
            "select charter from room where conversation = ?1 and state = 1",
            params![conversation.0],
            |row| row.get::<_, Vec<u8>>(0),
        )?;
        let (Some(stored), Some(me)) = (stored, self.me.as_ref()) else { return Ok(Vec::new()) };
        let charter = Charter::from_bytes(&stored).map_err(|_| Fault::Damaged)?;
        let mut views = Vec::new();
        for link in charter.links() {
            let secret: Option<[u8; 16]> =
                reader.row("select secret from group_link where hash = ?1", params![link.hash], |row| {
                    row.get(0)
                })?;
            let approval = link.approval == 1;
            let invitation = secret
                .map(|secret| invitation(&reader, me, conversation, &charter, secret, approval))
                .transpose()?;
            views.push(LinkView { hash: link.hash, maker: link.maker, approval, invitation });
        }
        Ok(views)
    }

    /// Who asks to come into a group, the first first; nobody for whoever may not add.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn knocks(&self, conversation: ConversationId) -> Result<Vec<KnockView>, Fault> {
        let reader = self.db.reader();
        let stored = reader.row(
            "select charter from room where conversation = ?1 and state = 1",
            params![conversation.0],
            |row| row.get::<_, Vec<u8>>(0),
        )?;
        let (Some(stored), Some(me)) = (stored, self.me.as_ref()) else { return Ok(Vec::new()) };
        let charter = Charter::from_bytes(&stored).map_err(|_| Fault::Damaged)?;
        if !charter.permits(me.account, charter.permissions.add) {
            return Ok(Vec::new());
        }
        Ok(reader.rows(
            "select account, max(heard_at) from knock where conversation = ?1 and account != x''
             and (state = 1 or (state = 0 and due = 0)) group by account order by 2, 1",
            params![conversation.0],
            |row| Ok(KnockView { account: AccountId(row.get(0)?), at: Timestamp(number(row.get(1)?)) }),
        )?)
    }
}

/// What an answer says.
pub(crate) fn read_answer(answer: &[u8; 32], sealed: &[u8]) -> Halting<KnockAnswer> {
    let plain = open_padded(&answer_key(answer), b"", sealed)?;
    let said = KnockAnswered::decode(&plain)?.answer;
    let known = KnockAnswer::ALL.into_iter().find(|known| *known as u8 == said);
    known.ok_or(Halt::Unusable("an answer of a later version"))
}

/// Names a knock.
pub(crate) fn knock_of(answer: &[u8; 32]) -> [u8; 32] {
    sha256(&[b"valise knock v1", answer])
}

/// What a letter shows that lets in by a knock.
pub(crate) fn pass_of(answer: &[u8; 32]) -> [u8; 16] {
    let mut pass = [0; 16];
    pass.copy_from_slice(&derive(answer, "valise knock pass v1")[..16]);
    pass
}

/// Where the answer waits.
pub(crate) fn answer_place(answer: &[u8; 32]) -> [u8; 32] {
    derive(answer, "valise knock answer place v1")
}

fn answer_key(answer: &[u8; 32]) -> Key {
    Key::derive(answer, "valise knock answer v1")
}

/// Media type of [`KnockTold`].
const TYPE_KNOCK: &str = "application/vnd.valise.knock";
/// Media type of [`KnockRefused`].
const TYPE_REFUSED: &str = "application/vnd.valise.knock-refused";
/// Media type of [`KnockWithdrawn`].
const TYPE_WITHDRAWN: &str = "application/vnd.valise.knock-withdrawn";
/// Knocks of one group that are remembered; more are not noticed (T-39).
const KNOCKS_MAX: i64 = 200;
/// Knocks looked at in one step; the rest follow in the next.
const KNOCKS_AT_ONCE: i64 = 8;
/// A knock counts for so long, as its answer can wait.
pub(crate) const KNOCK_MS_MAX: u64 = BLOB_DAYS_MAX as u64 * DAY_MS;
/// One of several devices of the link's maker answers within so long; one of those who heard that it is taken back tells it.
const OWN_SPREAD_MS: u64 = 3 * SECOND_MS;
/// Others wait so long, and up to as long again, for the maker.
const OTHERS_MS: u64 = 10 * SECOND_MS;
/// A link that is on its way into the charter is looked for again after so long.
const OPENING_MS: u64 = 2 * SECOND_MS;
/// Somebody whose devices gave no key package is looked at again after so long.
const UNREACHED_MS: u64 = 10 * MINUTE_MS;
