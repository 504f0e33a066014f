//! What the devices of one account tell each other, in a conversation of their own: whom they let in or turned away, and
//! which invitations are open.
//!
//! Every change is told when it is made; a device takes what the others tell in the order of the slot.

use client_db::params;
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::AccountId;
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Bytes, Decode, Encode};

use crate::api::{ContactState, ConversationId, Event};
use crate::contact::{conversation_with, sql_state, state_of};
use crate::step::{Halting, Step, sql_time};

/// Something shared (`docs/protocol/device.md`).
#[derive(Clone, Default, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Shared {
    /// Contacts that were let in or turned away.
    pub contacts: Vec<SharedContact>,
    /// Open invitations.
    pub invitations: Vec<Invitation>,
    /// Links into groups that this account made.
    pub links: Vec<LinkSecret>,
    /// Groups it asks to come into.
    pub asked: Vec<Asked>,
}

/// A link into a group, by its secret.
#[derive(Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct LinkSecret {
    /// The group.
    pub conversation: [u8; 16],
    /// What the link shows.
    pub secret: [u8; 16],
}

/// Tells no secret.
impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecret")
    }
}

/// A group that is asked to let the account in: each of its devices may hear the answer.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Asked {
    /// The group.
    pub conversation: [u8; 16],
    /// Secret of the answer.
    pub answer: [u8; 32],
    /// The group's name, as the link says it.
    pub name: Bytes,
    /// 1 when somebody has to say yes.
    pub approval: u8,
    /// When, milliseconds since 1970-01-01 UTC.
    pub asked_at: u64,
}

/// Tells no secret.
impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked")
    }
}

/// An invitation that any device of the account lets in by.
#[derive(Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct Invitation {
    /// What its link shows.
    pub secret: [u8; 16],
}

/// Tells no secret.
impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invitation")
    }
}

/// A contact as one's devices share it.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct SharedContact {
    /// Who.
    pub account: AccountId,
    /// 1 accepted, 2 blocked.
    pub state: u8,
    /// The name they gave themselves.
    pub name: Bytes,
    /// A handle that the directory confirmed; empty without.
    pub handle: Bytes,
    /// Lets one knock; empty while unknown.
    pub introduction: Bytes,
    /// The invitation used with them: whichever device writes first shows it. Empty without.
    pub invitation: Bytes,
}

/// Tells nobody's name.
impl std::fmt::Debug for SharedContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedContact")
    }
}

impl Step<'_> {
    /// Everything there is to share, for a new device.
    pub fn shared(&self) -> Halting<Shared> {
        let contacts = self.tx.rows(
            &format!("select {CONTACT_COLUMNS} from contact where state != 0 order by account"),
            [],
            read_contact,
        )?;
        let invitations = self.tx.rows("select secret from invitation order by secret", [], |row| {
            Ok(Invitation { secret: row.get(0)? })
        })?;
        let links = self.tx.rows("select conversation, secret from group_link order by hash", [], |row| {
            Ok(LinkSecret { conversation: row.get(0)?, secret: row.get(1)? })
        })?;
        Ok(Shared { contacts, invitations, links, asked: self.all_asked()? })
    }

    /// The same as a content of the own devices' conversation.
    pub fn shared_content(&mut self, conversation: ConversationId) -> Halting<Vec<u8>> {
        let shared = self.shared()?;
        let content = content_of(self.random(), &shared)?;
        self.finish_content(conversation, content).map(|(bytes, _)| bytes)
    }

    /// Tells the other devices where we stand with somebody now.
    pub fn share_contact(&mut self, account: AccountId) -> Halting<()> {
        let contact = self.tx.row(
            &format!("select {CONTACT_COLUMNS} from contact where account = ?1 and state != 0"),
            params![account.as_bytes()],
            read_contact,
        )?;
        self.share(Shared { contacts: contact.into_iter().collect(), ..Shared::default() })
    }

    /// Tells them of an invitation.
    pub fn share_invitation(&mut self, secret: [u8; 16]) -> Halting<()> {
        self.share(Shared { invitations: vec![Invitation { secret }], ..Shared::default() })
    }

    /// Tells them of a link into a group.
    pub fn share_link(&mut self, conversation: ConversationId, secret: [u8; 16]) -> Halting<()> {
        let link = LinkSecret { conversation: conversation.0, secret };
        self.share(Shared { links: vec![link], ..Shared::default() })
    }

    /// Tells them that one asks to come into a group.
    pub fn share_asking(&mut self, asked: &Asked) -> Halting<()> {
        self.share(Shared { asked: vec![asked.clone()], ..Shared::default() })
    }

    fn share(&mut self, shared: Shared) -> Halting<()> {
        if self.me()?.chain.devices.len() < 2 {
            return Ok(());
        }
        let conversation = self.begin_among_ourselves()?;
        let content = content_of(self.random(), &shared)?;
        self.queue_content(conversation, content)
    }

    /// Makes sure of the own devices' conversation.
    pub fn begin_among_ourselves(&mut self) -> Halting<ConversationId> {
        let own = self.me()?.account;
        let conversation = self.admit_conversation(own)?;
        self.begin(conversation)?;
        Ok(conversation)
    }

    /// The own devices' conversation.
    pub fn among_ourselves(&self) -> Halting<ConversationId> {
        let own = self.me()?.account;
        Ok(conversation_with(own, own))
    }

    /// Another device of ours told something.
    pub fn take_shared(&mut self, content: &MimiContent) -> Halting<()> {
        let Some(bytes) = content.nested_part.content_of(TYPE_SHARED) else { return Ok(()) };
        let shared = Shared::decode(bytes)?;
        self.adopt_shared(&shared)
    }

    /// Takes over what was shared, without telling it on.
    pub fn adopt_shared(&mut self, shared: &Shared) -> Halting<()> {
        for Invitation { secret } in &shared.invitations {
            self.tx.execute(
                "insert or ignore into invitation (secret, made_at) values (?1, ?2)",
                params![secret, sql_time(self.now)],
            )?;
        }
        for link in &shared.links {
            self.keep_link(ConversationId(link.conversation), link.secret)?;
        }
        for asked in &shared.asked {
            self.adopt_asking(asked)?;
        }
        shared.contacts.iter().try_for_each(|contact| self.adopt_contact(contact))
    }

    fn adopt_contact(&mut self, shared: &SharedContact) -> Halting<()> {
        let account = shared.account;
        match state_of(i64::from(shared.state)) {
            ContactState::Request => return Ok(()),
            ContactState::Blocked => return self.turn_away_account(account),
            ContactState::Accepted => {}
        }
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes.as_slice()).into_owned();
        self.admit(account, None)?;
        self.tx.execute(
            "update contact set name = case when name = '' then ?2 else name end,
             handle = case when handle = '' then ?3 else handle end,
             introduction = case when length(introduction) = 0 then ?4 else introduction end,
             invitation = case when length(invitation) = 0 then ?5 else invitation end where account = ?1",
            params![
                account.as_bytes(),
                text(&shared.name),
                text(&shared.handle),
                shared.introduction.as_slice(),
                shared.invitation.as_slice()
            ],
        )?;
        self.event(Event::Contact(account));
        Ok(())
    }
}

fn content_of(salt: [u8; 16], shared: &Shared) -> Halting<MimiContent> {
    Ok(MimiContent::new(salt, NestedPart::single(Disposition::UNSPECIFIED, TYPE_SHARED, shared.encode()?)))
}

const CONTACT_COLUMNS: &str = "account, state, name, handle, introduction, invitation";

fn read_contact(row: &client_db::Row<'_>) -> Result<SharedContact, client_db::RowError> {
    let (name, handle): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(SharedContact {
        account: AccountId(row.get(0)?),
        state: u8::try_from(sql_state(state_of(row.get(1)?))).unwrap_or(0),
        name: name.into_bytes().into(),
        handle: handle.into_bytes().into(),
        introduction: row.get::<_, Vec<u8>>(4)?.into(),
        invitation: row.get::<_, Vec<u8>>(5)?.into(),
    })
}

/// Media type of [`Shared`].
const TYPE_SHARED: &str = "application/vnd.valise.shared";
