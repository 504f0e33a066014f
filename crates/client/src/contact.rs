//! Contacts: adding, accepting, blocking; who knocks.

use client_db::params;
use crypto::seal::introduction::IntroductionKey;
use vocab::{AccountId, AddressSecret, Handle, SlotId};
use wire::Decode;

use crate::api::{
    AddWhom, CommandId, ContactState, ConversationId, Event, InvitationSecrets, Refused, Reply,
};
use crate::ask::Reason;
use crate::conversation::Letter;
use crate::intent::{self, Kind};
use crate::step::{Halt, Halting, Step, sql_time};

/// A contact's row, as the core needs it.
pub(crate) struct Contact {
    pub conversation: ConversationId,
    pub state: ContactState,
    pub introduction: Vec<u8>,
    pub invitation: Vec<u8>,
}

/// Stored as numbers.
pub(crate) fn state_of(sql: i64) -> ContactState {
    match sql {
        1 => ContactState::Accepted,
        2 => ContactState::Blocked,
        _ => ContactState::Request,
    }
}

pub(crate) fn sql_state(state: ContactState) -> i64 {
    match state {
        ContactState::Request => 0,
        ContactState::Accepted => 1,
        ContactState::Blocked => 2,
    }
}

impl Step<'_> {
    pub fn contact(&self, account: AccountId) -> Halting<Option<Contact>> {
        Ok(self.tx.row(
            "select conversation, state, introduction, invitation from contact where account = ?1",
            params![account.as_bytes()],
            |row| {
                Ok(Contact {
                    conversation: ConversationId(row.get(0)?),
                    state: state_of(row.get(1)?),
                    introduction: row.get(2)?,
                    invitation: row.get(3)?,
                })
            },
        )?)
    }

    pub fn invite(&mut self, command: CommandId) -> Halting<()> {
        let secret = self.random::<16>();
        self.tx.execute(
            "insert into invitation (secret, made_at) values (?1, ?2)",
            params![secret, sql_time(self.now)],
        )?;
        self.tx.execute(
            "delete from invitation where secret not in
             (select secret from invitation order by made_at desc limit ?1)",
            params![INVITATIONS_MAX],
        )?;
        self.share_invitation(secret)?;
        let me = self.me()?;
        let invitation = InvitationSecrets {
            account: me.account,
            introduction: me.introduction.0,
            secret,
            name: me.name.clone(),
        };
        self.reply(command, Ok(Reply::Invitation(invitation)));
        Ok(())
    }

    pub fn add(&mut self, command: CommandId, whom: AddWhom) -> Halting<()> {
        match whom {
            AddWhom::Handle(handle) => {
                if self.me()?.handle.as_ref().is_some_and(|own| own.lookup_form() == handle.lookup_form()) {
                    self.reply(command, Err(Refused::Oneself));
                    return Ok(());
                }
                self.look_up(Some(command), handle, Reason::Add)
            }
            AddWhom::Invitation(link) => {
                if link.account == self.me()?.account {
                    self.reply(command, Err(Refused::Oneself));
                    return Ok(());
                }
                let introduction = IntroductionKey(link.introduction);
                let conversation = self.admit(link.account, Some(&introduction))?;
                self.tx.execute(
                    "update contact set invitation = ?2, name = case when name = '' then ?3 else name end
                     where account = ?1",
                    params![link.account.as_bytes(), link.secret, link.name],
                )?;
                self.share_contact(link.account)?;
                self.begin(conversation)?;
                self.reply(command, Ok(Reply::Added(link.account, conversation)));
                Ok(())
            }
        }
    }

    /// The directory knows who has the handle.
    pub fn add_found(
        &mut self,
        command: CommandId,
        account: AccountId,
        introduction: IntroductionKey,
        handle: &Handle,
    ) -> Halting<()> {
        if account == self.me()?.account {
            self.reply(command, Err(Refused::Oneself));
            return Ok(());
        }
        let conversation = self.admit(account, Some(&introduction))?;
        self.tx.execute(
            "update contact set handle = ?2 where account = ?1",
            params![account.as_bytes(), handle.as_str()],
        )?;
        self.share_contact(account)?;
        self.begin(conversation)?;
        self.reply(command, Ok(Reply::Added(account, conversation)));
        Ok(())
    }

    /// Makes or turns a contact into an accepted one, lets in what it sent, and makes sure of the conversation's row. Whoever
    /// does this on the person's word tells the other devices ([`Self::share_contact`]).
    pub fn admit(
        &mut self,
        account: AccountId,
        introduction: Option<&IntroductionKey>,
    ) -> Halting<ConversationId> {
        let conversation = self.admit_conversation(account)?;
        let before = self.contact(account)?.map(|contact| contact.state);
        self.put_contact(account, conversation, ContactState::Accepted)?;
        if let Some(introduction) = introduction {
            self.tx.execute(
                "update contact set introduction = ?2 where account = ?1",
                params![account.as_bytes(), introduction.0],
            )?;
        }
        self.event(Event::Contact(account));
        self.event(Event::Conversation(conversation));
        self.let_in(account)?;
        if before == Some(ContactState::Blocked) {
            self.begin_after_block(conversation)?;
        }
        Ok(conversation)
    }

    /// Whoever was blocked still writes to the slot that this account has left: a new one takes its place.
    fn begin_after_block(&mut self, conversation: ConversationId) -> Halting<()> {
        if self.current_slot(conversation)?.is_some() {
            return Ok(());
        }
        let left: Option<[u8; 16]> = self.tx.row(
            "select slot from slot where conversation = ?1 and state = 3 order by slot limit 1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        self.begin_rows_anew(conversation)?;
        match left {
            Some(slot) => self.succeed(SlotId(slot), conversation),
            None => Ok(()),
        }
    }

    fn put_contact(
        &mut self,
        account: AccountId,
        conversation: ConversationId,
        state: ContactState,
    ) -> Halting<()> {
        self.tx.execute(
            "insert into contact (account, conversation, state, added_at) values (?1, ?2, ?3, ?4)
             on conflict (account) do update set state = excluded.state",
            params![account.as_bytes(), conversation.0, sql_state(state), sql_time(self.now)],
        )?;
        Ok(())
    }

    /// Somebody we do not know knocks.
    pub fn knocks(&mut self, account: AccountId) -> Halting<()> {
        let conversation = conversation_with(self.me()?.account, account);
        if self.contact(account)?.is_none() {
            self.put_contact(account, conversation, ContactState::Request)?;
            self.event(Event::Request(account));
        }
        Ok(())
    }

    pub fn accept(&mut self, command: CommandId, account: AccountId) -> Halting<()> {
        let reply = match self.contact(account)?.map(|contact| contact.state) {
            None => Err(Refused::Unknown),
            Some(_) => {
                let conversation = self.admit(account, None)?;
                self.share_contact(account)?;
                Ok(Reply::Added(account, conversation))
            }
        };
        self.reply(command, reply);
        Ok(())
    }

    /// Nothing of theirs is delivered any more, and nothing kept of what they sent as a request.
    pub fn block(&mut self, command: CommandId, account: AccountId) -> Halting<()> {
        let Some(contact) = self.contact(account)? else {
            self.reply(command, Err(Refused::Unknown));
            return Ok(());
        };
        if contact.state != ContactState::Blocked {
            self.turn_away_account(account)?;
            self.share_contact(account)?;
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Gives up every address that somebody can reach this device by, and what waits for them or of them.
    pub fn turn_away_account(&mut self, account: AccountId) -> Halting<()> {
        let conversation = conversation_with(self.me()?.account, account);
        self.put_contact(account, conversation, ContactState::Blocked)?;
        let letters: Vec<Vec<u8>> = self.tx.rows(
            "select letter from request where account = ?1 order by slot",
            params![account.as_bytes()],
            |row| row.get(0),
        )?;
        for letter in letters {
            self.attempt(|step| step.turn_away(&Letter::decode(&letter)?))?;
        }
        let addresses: Vec<([u8; 32], [u8; 32])> = self.tx.rows(
            "select address, owner_proof from slot where conversation = ?1 and state != 3 and length(address) = 32
             and length(owner_proof) = 32 order by slot",
            params![conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (address, proof) in addresses {
            self.delete_address(AddressSecret(address), proof)?;
        }
        self.fail_outbox(conversation)?;
        for sql in [
            "delete from held where slot in (select slot from slot where conversation = ?1)",
            "delete from request where slot in (select slot from slot where conversation = ?1)",
            "delete from slot where conversation = ?1 and state = 4",
            "update slot set state = 3 where conversation = ?1",
            "delete from receipt_due where conversation = ?1",
            "delete from intent where subject = ?1 and kind between 10 and 17",
        ] {
            self.tx.execute(sql, params![conversation.0])?;
        }
        self.forget_presence_of(account)?;
        self.event(Event::Contact(account));
        self.event(Event::Conversation(conversation));
        Ok(())
    }

    /// Whether an invitation of ours is shown.
    pub fn is_invited(&self, secret: &[u8; 16]) -> Halting<bool> {
        let found: Option<i64> =
            self.tx.row("select 1 from invitation where secret = ?1", params![secret], |row| row.get(0))?;
        Ok(found.is_some())
    }

    /// What a profile says of its sender.
    pub fn take_profile(
        &mut self,
        account: AccountId,
        name: &str,
        claimed_handle: Option<&str>,
        introduction: Option<[u8; 32]>,
    ) -> Halting<()> {
        let Some(contact) = self.contact(account)? else {
            return self.take_person(account, name, introduction);
        };
        self.tx
            .execute("update contact set name = ?2 where account = ?1", params![account.as_bytes(), name])?;
        if let Some(introduction) = introduction {
            self.tx.execute(
                "update contact set introduction = ?2 where account = ?1",
                params![account.as_bytes(), introduction],
            )?;
        }
        if let Some(handle) = claimed_handle.and_then(|text| Handle::parse(text).ok()) {
            let changed = self.tx.execute(
                "update contact set claimed_handle = ?2 where account = ?1 and claimed_handle != ?2
                 and handle != ?2",
                params![account.as_bytes(), handle.as_str()],
            )?;
            if changed > 0 {
                intent::queue_once(self, Kind::VerifyHandle, account.as_bytes(), &[])?;
            }
        }
        self.event(Event::Contact(account));
        self.event(Event::Conversation(contact.conversation));
        Ok(())
    }

    /// Asks the directory whether a claimed handle leads to the account that claims it.
    pub fn verify_handle(&mut self, intent: &intent::Intent) -> Halting<()> {
        let asked = self.lines.asks.iter().any(|ask| {
            matches!(ask.kind, crate::ask::AskKind::Lookup { reason: Reason::Verify(id, _), .. } if id == intent.id)
        });
        if asked {
            return Ok(());
        }
        let account = intent::account_of(&intent.subject)?;
        let claimed: Option<String> = self.tx.row(
            "select claimed_handle from contact where account = ?1",
            params![account.as_bytes()],
            |row| row.get(0),
        )?;
        match claimed.and_then(|text| Handle::parse(&text).ok()) {
            Some(handle) => self.look_up(None, handle, Reason::Verify(intent.id, account)),
            None => intent::finish(self, intent.id),
        }
    }

    /// Files one's own row: first the place, then the permit, then the row.
    pub fn publish_handle(&mut self, intent: i64) -> Halting<()> {
        let asked = self.lines.asks.iter().any(|ask| match ask.kind {
            crate::ask::AskKind::Lookup { reason: Reason::Publish(id), .. }
            | crate::ask::AskKind::Permit { intent: id, .. } => id == intent,
            _ => false,
        });
        let handle = self.me()?.handle.clone();
        match handle {
            _ if asked => Ok(()),
            Some(handle) => self.look_up(None, handle, Reason::Publish(intent)),
            None => intent::finish(self, intent),
        }
    }

    /// The other account of a conversation of two; one's own among one's own devices.
    pub fn peer(&self, conversation: ConversationId) -> Halting<AccountId> {
        let account = self.tx.row(
            "select account from conversation where id = ?1",
            params![conversation.0],
            |row| row.get::<_, Vec<u8>>(0),
        )?;
        let account = account.ok_or(Halt::Unusable("no such conversation"))?;
        AccountId::from_slice(&account).map_err(|_| Halt::Unusable("a conversation of many"))
    }
}

/// The conversation of two accounts, the same on all their devices.
pub(crate) fn conversation_with(own: AccountId, other: AccountId) -> ConversationId {
    let (first, second) = if own < other { (own, other) } else { (other, own) };
    let hash = crypto::seal::sha256(&[b"valise conversation v1", first.as_bytes(), second.as_bytes()]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    ConversationId(id)
}

/// Invitations that are open at one time; the oldest give way.
const INVITATIONS_MAX: u32 = 1_000;
