//! How it is now: reads for the front ends. Events say what changed.

use client_db::{Row, RowError, params};
use crypto::{Charter, Role};
use vocab::{AccountId, Handle, MessageId, SlotId, Timestamp};

use crate::amendment;
use crate::api::{
    ContactCard, ContactState, ConversationHead, ConversationId, DeviceCard, GroupHead, GroupMember,
    GroupView, HistoryState, LinkState, Mark, MessageView, Status, Whom,
};
use crate::charter::Standing;
use crate::contact::state_of;
use crate::intent;
use crate::link::LinkSecrets;
use crate::machine::{Client, Fault};
use crate::step::{number, sql_number};

impl Client {
    /// This device.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn status(&self) -> Result<Status, Fault> {
        let me = self.me.as_ref();
        let registered = me.is_some_and(|me| me.registered);
        let reader = self.db.reader();
        let requested: Option<Vec<u8>> =
            reader.row("select value from setting where name = 'code_handle'", [], |row| row.get(0))?;
        let refused: Option<Vec<u8>> =
            reader.row("select value from setting where name = 'refused_at_door'", [], |row| row.get(0))?;
        let requested = requested.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Status {
            account: me.filter(|me| me.registered).map(|me| me.account),
            name: me.map(|me| me.name.clone()).unwrap_or_default(),
            handle: me.and_then(|me| me.handle.clone()),
            code_requested_for: requested.and_then(|text| Handle::parse(&text).ok()),
            connection: self.lines.connection(registered),
            outbox: intent::count(&reader)? + crate::attachment::count_outgoing(&reader)?,
            devices: me.map_or(0, |me| u32::try_from(me.chain.devices.len()).unwrap_or(u32::MAX)),
            removed: me.is_some_and(|me| me.struck_off) || refused.is_some(),
        })
    }

    /// The devices of the account, in the order of the list; none before there is one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn devices(&self) -> Result<Vec<DeviceCard>, Fault> {
        let Some(me) = self.me.as_ref().filter(|me| me.registered) else { return Ok(Vec::new()) };
        let reader = self.db.reader();
        let mut cards = Vec::new();
        for entry in &me.chain.devices {
            let known: Option<(String, i64, i64)> = reader.row(
                "select name, added_at, removing from device where device = ?1",
                params![entry.device.as_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let (name, added_at, removing) = known.unwrap_or_default();
            cards.push(DeviceCard {
                device: entry.device,
                name,
                this: entry.device == me.device,
                added_at: (added_at > 0).then(|| Timestamp(number(added_at))),
                leaving: removing > 0,
            });
        }
        Ok(cards)
    }

    /// How linking stands, or how it ended last.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn linking(&self) -> Result<Option<LinkState>, Fault> {
        self.stored_link(crate::linking::state)
    }

    /// The link that this device shows, while it does.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn link_shown(&self) -> Result<Option<LinkSecrets>, Fault> {
        self.stored_link(crate::linking::shown)
    }

    fn stored_link<T>(
        &self,
        read: impl FnOnce(Option<Vec<u8>>) -> crate::step::Halting<Option<T>>,
    ) -> Result<Option<T>, Fault> {
        let stored = self.db.reader().row(
            "select value from setting where name = ?1",
            params![crate::linking::SETTING],
            |row| row.get(0),
        )?;
        read(stored).map_err(|_| Fault::Damaged)
    }

    /// Whether a new device waits for the history that this one gives.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn gives_history(&self) -> Result<bool, Fault> {
        Ok(crate::history::is_giving(&self.db.reader())?)
    }

    /// How the history from another device stands; none on a device that was never given one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn history(&self) -> Result<Option<HistoryState>, Fault> {
        let row: Option<(i64, u32)> =
            self.db
                .reader()
                .row("select state, part from history_in", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let told =
            self.db.reader().row("select count(*) from message where history in (1, 2)", [], |row| {
                row.get::<_, i64>(0)
            })?;
        Ok(row.map(|(state, parts)| match state {
            2 => HistoryState::Complete { messages: number(told.unwrap_or(0)) },
            3 => HistoryState::Incomplete,
            _ => HistoryState::Receiving { parts },
        }))
    }

    /// All conversations with accepted contacts, the last changed first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn conversations(&self) -> Result<Vec<ConversationHead>, Fault> {
        let ids: Vec<[u8; 16]> =
            self.db
                .reader()
                .rows("select id from conversation order by changed_at desc, id", [], |row| row.get(0))?;
        let mut heads = Vec::new();
        for id in ids {
            heads.extend(self.conversation(ConversationId(id))?);
        }
        Ok(heads)
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn conversation(&self, id: ConversationId) -> Result<Option<ConversationHead>, Fault> {
        let reader = self.db.reader();
        let row = reader.row(
            "select account, changed_at,
             (select count(*) from message where conversation = ?1 and own = 0 and mark < 3),
             (select count(*) from message where conversation = ?1 and own = 0 and mark < 3 and mentions > 0)
             from conversation where id = ?1",
            params![id.0],
            |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    number(row.get(1)?),
                    row.get::<_, u32>(2)?,
                    row.get::<_, u32>(3)?,
                ))
            },
        )?;
        let Some((account, changed_at, unread, mentions)) = row else { return Ok(None) };
        let with = match AccountId::from_slice(&account) {
            Ok(account) => self.contact(account)?.map(Whom::Person),
            Err(_) => self.group(id)?.map(|group| Whom::Group(group.head)),
        };
        let Some(with) = with else { return Ok(None) };
        let last = self.timeline(id, None, 1)?.pop();
        let choices = crate::choice::of_chat(&reader, id)?;
        let timer_seconds = crate::timer::of_chat(&reader, id)?;
        let changed_at = Timestamp(changed_at);
        Ok(Some(ConversationHead { id, with, last, unread, mentions, changed_at, choices, timer_seconds }))
    }

    /// A group as its page shows it; none for a conversation of two, or before one has come into it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn group(&self, id: ConversationId) -> Result<Option<GroupView>, Fault> {
        let reader = self.db.reader();
        let row =
            reader.row("select charter, state from room where conversation = ?1", params![id.0], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
            })?;
        let Some((charter, state)) = row else { return Ok(None) };
        let charter = Charter::from_bytes(&charter).map_err(|_| Fault::Damaged)?;
        let inside = Standing::of(state) == Standing::In;
        let own = self.me.as_ref().map(|me| me.account);
        let mut members = reader.rows(
            "select member.account, devices, leaves, coalesce(contact.name, person.name, '') from member
             left join contact on contact.account = member.account and contact.state = 1
             left join person on person.account = member.account
             where member.conversation = ?1 order by 4, 1",
            params![id.0],
            |row| {
                let account = AccountId(row.get(0)?);
                Ok(GroupMember {
                    account,
                    devices: row.get(1)?,
                    leaves: row.get(2)?,
                    name: row.get(3)?,
                    role: charter.role(account),
                })
            },
        )?;
        members.sort_by_key(|member| std::cmp::Reverse(member.role));
        let role = own.map_or(Role::Member, |own| charter.role(own));
        let here = reader.row("select 1 from picture where hash = ?1", params![charter.picture], |row| {
            row.get::<_, i64>(0)
        })?;
        let head = GroupHead {
            name: charter.name().to_owned(),
            picture: here.map(|_| charter.picture),
            people: u32::try_from(members.len()).unwrap_or(u32::MAX),
            inside,
            may_write: inside && own.is_some_and(|own| charter.permits(own, charter.permissions.send)),
            may_arrange: inside
                && own.is_some_and(|own| {
                    charter.permits(own, charter.permissions.send)
                        && charter.permits(own, charter.permissions.edit)
                }),
            may_call_all: inside && role >= Role::Admin,
        };
        Ok(Some(GroupView {
            head,
            description: charter.description().to_owned(),
            permissions: charter.permissions,
            role,
            members,
        }))
    }

    /// Everybody who is in a group, wrote in it, or is named in a line about it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn authors_in(&self, id: ConversationId) -> Result<Vec<AccountId>, Fault> {
        let reader = self.db.reader();
        let mut authors: Vec<AccountId> = reader.rows(
            "select account from member where conversation = ?1
             union select distinct sender from message where conversation = ?1",
            params![id.0],
            |row| Ok(AccountId(row.get(0)?)),
        )?;
        let notices: Vec<Vec<u8>> = reader.rows(
            "select distinct notice from message where conversation = ?1 and notice != x''",
            params![id.0],
            |row| row.get(0),
        )?;
        let named = notices.iter().filter_map(|bytes| crate::charter::read_notice(bytes));
        authors.extend(named.flat_map(|what| what.by().into_iter().chain(what.account())));
        authors.sort_unstable();
        authors.dedup();
        Ok(authors)
    }

    /// The name that somebody met in a group told there; empty while unknown.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn name_in_groups(&self, account: AccountId) -> Result<String, Fault> {
        let name = self.db.reader().row(
            "select name from person where account = ?1",
            params![account.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(name.unwrap_or_default())
    }

    /// Up to `limit` messages before a position (or the newest), oldest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<MessageView>, Fault> {
        let mut messages = self.db.reader().rows(
            &format!(
                "select {MESSAGE_COLUMNS} from message
                 where conversation = ?1 and role = 0 and (?2 < 0 or position < ?2) order by position desc, queued desc limit ?3"
            ),
            params![conversation.0, before.map_or(-1, sql_number), limit],
            read_message,
        )?;
        messages.reverse();
        self.complete(messages)
    }

    /// Messages of others that were not seen yet, in order, over all conversations: oldest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn unread(&self, limit: u32) -> Result<Vec<MessageView>, Fault> {
        let messages = self.db.reader().rows(
            &format!(
                "select {MESSAGE_COLUMNS} from message where own = 0 and mark < 3
                 order by received_at, conversation, position limit ?1"
            ),
            params![limit],
            read_message,
        )?;
        self.complete(messages)
    }

    /// One message.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn message(&self, id: MessageId) -> Result<Option<MessageView>, Fault> {
        let message = self.db.reader().row(
            &format!("select {MESSAGE_COLUMNS} from message where id = ?1 and role in (0, 1)"),
            params![id.as_bytes()],
            read_message,
        )?;
        Ok(self.complete(message.into_iter().collect())?.pop())
    }

    /// Adds what other messages say about these.
    fn complete(&self, rows: Vec<MessageRow>) -> Result<Vec<MessageView>, Fault> {
        let reader = self.db.reader();
        let mut views = Vec::with_capacity(rows.len());
        for MessageRow { mut view, in_reply_to, amended, poll, place, carries } in rows {
            if carries {
                view.attachments = crate::attachment::views(&reader, view.id.as_bytes())?;
            }
            if !poll.is_empty() {
                view.poll = crate::poll::view(&reader, view.conversation, view.id, view.from, &poll)?;
            }
            if !place.is_empty() {
                view.place = crate::place::view(&reader, view.id, &place)?;
            }
            if let Some(version) = in_reply_to {
                view.reply_to = amendment::root(&reader, view.conversation, version)?;
            }
            if amended && !view.deleted {
                view.reactions = amendment::reactions(&reader, view.conversation, view.id)?;
                view.pinned = amendment::is_pinned(&reader, view.conversation, view.id)?;
            }
            views.push(view);
        }
        Ok(views)
    }

    /// Messages that are pinned in a conversation, the newest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn pinned(&self, conversation: ConversationId) -> Result<Vec<MessageView>, Fault> {
        let messages = self.db.reader().rows(
            &format!(
                "select {MESSAGE_COLUMNS} from message where conversation = ?1 and role = 0 and deleted = 0 and id in
                 (select target from amendment where conversation = ?1 and kind = 4)
                 order by position desc limit ?2"
            ),
            params![conversation.0, PINS_MAX],
            read_message,
        )?;
        let mut messages = self.complete(messages)?;
        messages.retain(|message| message.pinned);
        Ok(messages)
    }

    /// Live places of a conversation that have not ended, everybody's, in the order in which they began.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn live_places_in(&self, conversation: ConversationId) -> Result<Vec<MessageView>, Fault> {
        let messages = self.db.reader().rows(
            &format!(
                "select {MESSAGE_COLUMNS} from message where conversation = ?1 and role = 0 and deleted = 0 and id in
                 (select message from live_place where conversation = ?1)
                 order by position limit ?2"
            ),
            params![conversation.0, crate::place::LIVE_SHOWN_MAX],
            read_message,
        )?;
        self.complete(messages)
    }

    /// Messages with a star, the newest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn starred(&self, limit: u32) -> Result<Vec<MessageView>, Fault> {
        let messages = self.db.reader().rows(
            &format!(
                "select {MESSAGE_COLUMNS} from message where role = 0 and id in
                 (select subject from choice where key = 5 and value = x'01') order by sent_at desc, id limit ?1"
            ),
            params![limit],
            read_message,
        )?;
        self.complete(messages)
    }

    /// Messages of a conversation that are known to exist and have not come. They are asked for.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn missing(&self, conversation: ConversationId) -> Result<u64, Fault> {
        Ok(crate::missing::count(&self.db.reader(), conversation)?)
    }

    /// The slot a conversation is written in, the epoch this device is in there, and whether it can read it; for tests and
    /// support.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn place(&self, conversation: ConversationId) -> Result<Option<(SlotId, u64, bool)>, Fault> {
        Ok(self.db.reader().row(
            "select slot, epoch, state from slot where conversation = ?1 and state in (1, 2)
             order by generation desc, slot limit 1",
            params![conversation.0],
            |row| Ok((SlotId(row.get(0)?), number(row.get(1)?), row.get::<_, i64>(2)? == 1)),
        )?)
    }

    /// How often this device could not follow a conversation and had to come back from outside; for tests and support.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn times_fallen_out(&self) -> Result<u64, Fault> {
        let count: Option<Vec<u8>> =
            self.db
                .reader()
                .row("select value from setting where name = 'times_fallen_out'", [], |row| row.get(0))?;
        Ok(count.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// What waits for the service, a line each: kind, state, tries, when it is due. For tests and support; holds no user's data.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn outbox(&self) -> Result<Vec<String>, Fault> {
        Ok(self.db.reader().rows(
            "select id, kind, state, attempts, not_before, epoch from intent order by kind, id",
            [],
            |row| {
                let [id, kind, state, attempts, not_before, epoch] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get::<_, i64>(5)?];
                Ok(format!("{id}: kind {kind} state {state} tries {attempts} due {not_before} epoch {epoch}"))
            },
        )?)
    }

    /// Accepted and blocked contacts, by name.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn contacts(&self) -> Result<Vec<ContactCard>, Fault> {
        self.cards("state != 0", "name, account")
    }

    /// Who knocks, the first first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn requests(&self) -> Result<Vec<ContactCard>, Fault> {
        self.cards("state = 0", "added_at, account")
    }

    /// One contact, or who knocks.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn contact(&self, account: AccountId) -> Result<Option<ContactCard>, Fault> {
        Ok(self.db.reader().row(
            &format!("select {CARD_COLUMNS} from contact where account = ?1"),
            params![account.as_bytes()],
            read_card,
        )?)
    }

    fn cards(&self, which: &str, order: &str) -> Result<Vec<ContactCard>, Fault> {
        Ok(self.db.reader().rows(
            &format!("select {CARD_COLUMNS} from contact where {which} order by {order}"),
            [],
            read_card,
        )?)
    }
}

/// Messages of a conversation that were ever pinned and are looked at.
const PINS_MAX: u32 = 64;
const CARD_COLUMNS: &str = "account, name, handle, state, conversation,
     coalesce((select about from contact_profile it where it.account = contact.account), ''),
     (select hash from contact_profile it join picture on picture.hash = it.picture where it.account = contact.account)";

fn read_card(row: &Row<'_>) -> Result<ContactCard, RowError> {
    let state = state_of(row.get(3)?);
    let (name, handle): (String, String) = (row.get(1)?, row.get(2)?);
    // Nothing of a stranger is shown before acceptance.
    let shown = state != ContactState::Request;
    Ok(ContactCard {
        account: AccountId(row.get(0)?),
        name: if shown { name } else { String::new() },
        handle: Handle::parse(&handle).ok().filter(|_| shown),
        state,
        conversation: ConversationId(row.get(4)?),
        about: if shown { row.get(5)? } else { String::new() },
        picture: row.get::<_, Option<[u8; 32]>>(6)?.filter(|_| shown),
    })
}

const MESSAGE_COLUMNS: &str = "id, conversation, sender, own, sent_at, text, unknown, mark, failed, position,
     in_reply_to, edited_at, deleted, exists (select 1 from amendment where target = message.id), forwarded, expires_at,
     exists (select 1 from choice where subject = message.id and key = 5 and value = x'01'), notice, poll,
     markdown, mentions, told_by, exists (select 1 from attached where subject = message.id), place, cards,
     preview, preview_picture != x''";

/// A message by itself, and where to look for more about it.
struct MessageRow {
    view: MessageView,
    in_reply_to: Option<MessageId>,
    amended: bool,
    poll: Vec<u8>,
    place: Vec<u8>,
    carries: bool,
}

fn read_message(row: &Row<'_>) -> Result<MessageRow, RowError> {
    let unknown: String = row.get(6)?;
    let position: i64 = row.get(9)?;
    let edited_at = number(row.get(11)?);
    let mentions: i64 = row.get(20)?;
    let view = MessageView {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        from: AccountId(row.get(2)?),
        own: row.get(3)?,
        sent_at: Timestamp(number(row.get(4)?)),
        text: row.get(5)?,
        markdown: row.get(19)?,
        mentions_me: !row.get::<_, bool>(3)? && mentions > 0,
        mentions_all: mentions & crate::mention::WITH_ALL > 0,
        unknown: (!unknown.is_empty()).then_some(unknown),
        notice: crate::charter::read_notice(&row.get::<_, Vec<u8>>(17)?),
        mark: match row.get::<_, i64>(7)? {
            0 => Mark::Pending,
            1 => Mark::Sent,
            2 => Mark::Delivered,
            _ => Mark::Read,
        },
        failed: row.get(8)?,
        reply_to: None,
        reactions: Vec::new(),
        edited_at: (edited_at > 0).then_some(Timestamp(edited_at)),
        deleted: row.get(12)?,
        poll: None,
        place: None,
        // What is no text came from a newer build's store.
        cards: String::from_utf8(row.get(24)?).unwrap_or_default(),
        preview: crate::preview::view(&row.get::<_, Vec<u8>>(25)?, row.get(26)?),
        attachments: Vec::new(),
        forwarded: row.get(14)?,
        told_by: AccountId::from_slice(&row.get::<_, Vec<u8>>(21)?).ok(),
        pinned: false,
        starred: row.get(16)?,
        expires_at: Some(Timestamp(number(row.get(15)?))).filter(|at| at.0 > 0),
        position: if position == i64::MAX { u64::MAX } else { number(position) },
    };
    let in_reply_to = amendment::id_from(&row.get::<_, Vec<u8>>(10)?);
    Ok(MessageRow {
        view,
        in_reply_to,
        amended: row.get(13)?,
        poll: row.get(18)?,
        place: row.get(23)?,
        carries: row.get(22)?,
    })
}
