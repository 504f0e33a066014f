//! What did not come: noticing it, asking for it, saying it again.
//!
//! Each device numbers its messages of a conversation, inside the encryption (T-13). A number left out is a message that is
//! missing, whatever the service's own numbers say. Whoever misses something tells how far each device's row has come; each
//! device named says again what stands behind that, under the same ids, so that nobody shows it twice.

use client_db::params;
use crypto::{Group, GroupId, Member};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, DeviceId, MessageId};
use wire::content::{Chain, Disposition, MessageStatus, MimiContent, NestedPart, chain_hash};
use wire::{Decode, Encode};

use crate::amendment::{Meaning, Role};
use crate::api::{ConversationId, Event};
use crate::conversation::Slot;
use crate::intent::{self, Intent, Kind};
use crate::machine::Weakness;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// How far the asker has everything of each device (`docs/protocol/message.md`).
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Missed {
    rows: Vec<Row>,
}

/// A device's row, as far as it has come without a hole.
#[derive(Debug, Clone, Copy, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Row {
    account: AccountId,
    device: DeviceId,
    through: u64,
}

/// Of a message of one's own: id, content, hash once that is erased, number, time.
type Again = ([u8; 32], Vec<u8>, Vec<u8>, i64, i64, bool);

/// What its sender has erased and cannot say again.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Gone {
    rows: Vec<Erased>,
}

/// One message that was erased.
#[derive(Debug, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Erased {
    number: u64,
    message: MessageId,
    hash: [u8; 16],
    sent_at: u64,
}

impl Step<'_> {
    /// Follows the row of a device; a number left out is asked for.
    pub fn follow(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<()> {
        let Some(chain) = content.chain() else { return Ok(()) };
        let forks = !self.follows_the_one_before(slot.conversation, sender, &chain)?;
        self.hear_of(slot.conversation, sender, chain.sequence, true, forks)
    }

    /// A device has said things up to a number. Those before it that are not here are asked for, and itself unless it `came`; and
    /// all, where the row forks.
    fn hear_of(
        &mut self,
        conversation: ConversationId,
        sender: &Member,
        through: u64,
        came: bool,
        forks: bool,
    ) -> Halting<()> {
        let before = through.saturating_sub(u64::from(came));
        let (most, base) = match self.row_of(conversation, sender)? {
            Some(known) => known,
            // Whoever was there from the start misses what came before the first number it hears.
            None if self.is_from_start(conversation)? => (0, 0),
            None => (before, before),
        };
        let gap = before.saturating_sub(most);
        if gap > 0 || forks {
            self.event(Event::Missing(conversation, gap.max(1)));
            self.ask_again(conversation)?;
        }
        self.tx.execute(
            "insert into sender_row (conversation, account, device, sequence, base) values (?1, ?2, ?3, ?4, ?5)
             on conflict (conversation, account, device) do update set sequence = excluded.sequence",
            params![
                conversation.0,
                sender.account.as_bytes(),
                sender.device.as_bytes(),
                sql_number(through.max(most)),
                sql_number(base)
            ],
        )?;
        Ok(())
    }

    /// Each message names the hash of the one before it in its row. Another hash is a row that forks: a device restored from a
    /// copy, or one that says different things to different people.
    fn follows_the_one_before(
        &self,
        conversation: ConversationId,
        sender: &Member,
        chain: &Chain,
    ) -> Halting<bool> {
        let before: Option<(Vec<u8>, Vec<u8>)> = self.tx.row(
            "select content, content_hash from message where conversation = ?1 and device = ?2 and number = ?3",
            params![conversation.0, sender.device.as_bytes(), sql_number(chain.sequence.saturating_sub(1))],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(before.is_none_or(|(content, hash)| match chain.previous {
            Some(previous) if content.is_empty() => previous.as_slice() == hash,
            previous => previous == Some(chain_hash(&content)),
        }))
    }

    /// The highest number heard of a device, and the one behind which this device listens.
    fn row_of(&self, conversation: ConversationId, sender: &Member) -> Halting<Option<(u64, u64)>> {
        Ok(self.tx.row(
            "select sequence, base from sender_row where conversation = ?1 and account = ?2 and device = ?3",
            params![conversation.0, sender.account.as_bytes(), sender.device.as_bytes()],
            |row| Ok((number(row.get(0)?), number(row.get(1)?))),
        )?)
    }

    /// The last number without a hole before it.
    fn through(&self, conversation: ConversationId, device: DeviceId, base: u64) -> Halting<u64> {
        let heard: Vec<i64> = self.tx.rows(
            "select number from message where conversation = ?1 and device = ?2 and number > ?3 order by number",
            params![conversation.0, device.as_bytes(), sql_number(base)],
            |row| row.get(0),
        )?;
        let unbroken = (base + 1..).zip(heard).take_while(|(expected, heard)| *expected == number(*heard));
        Ok(unbroken.last().map_or(base, |(number, _)| number))
    }

    fn is_from_start(&self, conversation: ConversationId) -> Halting<bool> {
        let from_start = self.tx.row(
            "select from_start from conversation where id = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        Ok(from_start.unwrap_or(false))
    }

    /// This device has come late into a conversation, or left it for a while: it does not ask for what was before.
    pub fn begin_rows_anew(&self, conversation: ConversationId) -> Halting<()> {
        self.tx.execute("delete from sender_row where conversation = ?1", params![conversation.0])?;
        self.tx.execute("update conversation set from_start = 0 where id = ?1", params![conversation.0])?;
        Ok(())
    }

    /// Something is, or may be, missing: it will be asked for, a moment later, when more may be known to be missing.
    pub fn ask_again(&mut self, conversation: ConversationId) -> Halting<()> {
        if self.config.has(Weakness::NeverAsks) {
            return Ok(());
        }
        let waiting: Option<(i64, u32)> = self.tx.row(
            "select id, attempts from intent where kind = ?1 and subject = ?2",
            params![Kind::AskAgain as i64, conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let id = match waiting {
            // It has not been asked yet: this will be asked with it.
            Some((_, 0 | 1)) => return Ok(()),
            Some((id, _)) => {
                self.tx.execute("update intent set attempts = 0 where id = ?1", params![id])?;
                id
            }
            None => intent::queue(self, Kind::AskAgain, &conversation.0, &[], &[])?,
        };
        let wait = ASK_MS_MIN + self.random_ms(ASK_MS_MIN);
        intent::postpone(self, id, wait)
    }

    /// Asks: tells every device of the conversation how far its row has come here. While something is known to be missing it
    /// is asked for again, more and more rarely: whoever has it may sleep.
    pub fn send_missed(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        // The question, too, can be missed by somebody who falls out just then: it is asked twice.
        let asked_before = intent.attempts > 2;
        if intent.attempts >= ASK_TRIES_MAX || (asked_before && count(self.tx, conversation)? == 0) {
            return intent::finish(self, intent.id);
        }
        intent::postpone(self, intent.id, ASK_AGAIN_MS << intent.attempts)?;
        let Some(slot) = self.current_slot(conversation)? else { return Ok(()) };
        let group = Group::load(self.session, GroupId::from(slot.id))?;
        let rows = self.rows(conversation, &group)?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_MISSED, Missed { rows }.encode()?);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(conversation, content)
    }

    fn rows(&self, conversation: ConversationId, group: &Group) -> Halting<Vec<Row>> {
        let (account, me) = (self.me()?.account, self.me()?.device);
        let from_start = self.is_from_start(conversation)?;
        // One's own row, as far as it goes: who has not heard of the last of it does not know that it is missing.
        let mut rows = vec![Row { account, device: me, through: self.own_number(conversation)? }];
        for member in group.members().into_iter().filter(|member| member.device != me) {
            let base = self.row_of(conversation, &member)?.map(|(_, base)| base).or(from_start.then_some(0));
            let Some(base) = base else { continue };
            let through = self.through(conversation, member.device, base)?;
            rows.push(Row { account: member.account, device: member.device, through });
        }
        Ok(rows)
    }

    /// The number of the last that this device has said.
    fn own_number(&self, conversation: ConversationId) -> Halting<u64> {
        let number_of_last: Option<i64> = self.tx.row(
            "select sender_sequence from conversation where id = ?1",
            params![conversation.0],
            |row| row.get(0),
        )?;
        Ok(number(number_of_last.unwrap_or(0)))
    }

    /// Somebody misses something: what of it is this device's is said again. And they say how far they have come themselves. False
    /// when the content is something else.
    pub fn take_missed(
        &mut self,
        conversation: ConversationId,
        sender: &Member,
        content: &MimiContent,
    ) -> Halting<bool> {
        let Some(bytes) = content.nested_part.content_of(TYPE_MISSED) else { return Ok(false) };
        let me = self.me()?;
        let (account, device) = (me.account, me.device);
        let rows = Missed::decode(bytes)?.rows;
        let theirs = rows.iter().find(|row| row.account == sender.account && row.device == sender.device);
        if let Some(theirs) = theirs.filter(|row| row.through > 0) {
            self.hear_of(conversation, sender, theirs.through, false, false)?;
        }
        let own = rows.into_iter().find(|row| row.account == account && row.device == device);
        if conversation == self.among_ourselves()? {
            let shared = self.shared_content(conversation)?;
            intent::queue(self, Kind::SendContent, &conversation.0, &[], &shared)?;
            self.tell_choices()?;
        } else if let Some(own) = own {
            self.queue_profile(conversation)?;
            self.tell_marks_again(conversation)?;
            self.say_again(conversation, own.through, 0)?;
        }
        Ok(true)
    }

    /// What became of the newest messages of others: the reports of it may be among what was missed.
    fn tell_marks_again(&mut self, conversation: ConversationId) -> Halting<()> {
        let newest: Vec<[u8; 32]> = self.tx.rows(
            "select id from message where conversation = ?1 and own = 0 and role = 0
             order by position desc limit ?2",
            params![conversation.0, AGAIN_MAX],
            |row| row.get(0),
        )?;
        newest.into_iter().try_for_each(|id| self.tell_again(conversation, vocab::MessageId(id)))
    }

    /// Says one's own messages behind a number again, unless they are on their way. With `undelivered`, only those nobody has
    /// told to have; what nobody tells of (an edit, say) has arrived when something after it has, or is missed and asked for.
    pub fn say_again(&mut self, conversation: ConversationId, through: u64, undelivered: u8) -> Halting<()> {
        let again: Vec<Again> = self.tx.rows(
            "select id, content, content_hash, number, sent_at, failed from message
             where conversation = ?1 and device = ?5 and number > ?2 and told_by = x''
             and (?3 = 0 or (mark < 2 and (role != 1 or number > (select coalesce(max(number), 0) from message
                 where conversation = ?1 and device = ?5 and number > 0 and mark >= 2))))
             and id not in (select message from intent where message != x'') order by number limit ?4",
            params![
                conversation.0,
                sql_number(through),
                undelivered,
                AGAIN_MAX,
                self.me()?.device.as_bytes()
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
        )?;
        let mut gone = Gone { rows: Vec::new() };
        for (id, content, hash, sequence, sent_at, failed) in again {
            if content.is_empty() || failed {
                // What could not leave is not missing either.
                let hash = if content.is_empty() { hash } else { chain_hash(&content).to_vec() };
                let hash = hash.try_into().map_err(|_| Halt::Unusable("erased without a hash"))?;
                let message = MessageId(id);
                gone.rows.push(Erased { number: number(sequence), message, hash, sent_at: number(sent_at) });
            } else {
                intent::queue(self, Kind::SendContent, &conversation.0, &id, &content)?;
            }
        }
        if gone.rows.is_empty() {
            return Ok(());
        }
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_GONE, gone.encode()?);
        let content = MimiContent::new(self.random(), part);
        self.queue_content(conversation, content)
    }

    /// A device says which of its own messages it has erased: they are not missing. False when the content is something else.
    pub fn take_gone(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        let Some(bytes) = content.nested_part.content_of(TYPE_GONE) else { return Ok(false) };
        let conversation = slot.conversation;
        for erased in Gone::decode(bytes)?.rows.into_iter().take(AGAIN_MAX as usize) {
            self.keep_gone(conversation, sender, &erased)?;
        }
        Ok(true)
    }

    /// Keeps a number without anything to show.
    fn keep_gone(&mut self, conversation: ConversationId, sender: &Member, erased: &Erased) -> Halting<()> {
        let own = sender.account == self.me()?.account;
        let position = self.next_position(conversation)?;
        let new = self.tx.execute(
            "insert or ignore into message (id, conversation, position, queued, sender, own, sent_at, received_at,
             text, content, mark, device, number, role, content_hash)
             select ?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, '', x'', 3, ?8, ?9, ?11, ?10
             where not exists (select 1 from message where conversation = ?2 and device = ?8 and number = ?9)",
            params![
                erased.message.as_bytes(),
                conversation.0,
                position,
                sender.account.as_bytes(),
                own,
                sql_number(erased.sent_at),
                sql_time(self.now),
                sender.device.as_bytes(),
                sql_number(erased.number),
                erased.hash,
                Role::Gone as i64
            ],
        )?;
        if new > 0 {
            self.file(conversation, sender.account, erased.message, 0, &Meaning::Said)?;
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// A number that this device knows to have been used and has nothing under.
    pub fn is_known_of(&self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        let Some(chain) = content.chain() else { return Ok(false) };
        let most = self.row_of(slot.conversation, sender)?.map_or(0, |(most, _)| most);
        if chain.sequence > most {
            return Ok(false);
        }
        let here: Option<i64> = self.tx.row(
            "select 1 from message where conversation = ?1 and device = ?2 and number = ?3 limit 1",
            params![slot.conversation.0, sender.device.as_bytes(), sql_number(chain.sequence)],
            |row| row.get(0),
        )?;
        Ok(here.is_none())
    }

    /// Something that nobody shows, because its sender may not write: its number is used all the same.
    pub fn pass_over(
        &mut self,
        slot: &Slot,
        sender: &Member,
        content: &MimiContent,
        bytes: &[u8],
    ) -> Halting<()> {
        let Some(chain) = content.chain() else { return Ok(()) };
        let row = Erased {
            number: chain.sequence,
            message: crate::message::id_of(sender.account, slot.conversation, bytes, &content.salt)?,
            hash: chain_hash(bytes),
            sent_at: content.sent_at().unwrap_or(self.now).0,
        };
        self.keep_gone(slot.conversation, sender, &row)
    }

    /// A message that is here already comes again: whoever says it again may have missed that it arrived.
    pub fn tell_again(&mut self, conversation: ConversationId, message: vocab::MessageId) -> Halting<()> {
        let mark: Option<i64> = self.tx.row(
            "select mark from message where id = ?1 and own = 0 and role = 0 and notice = x''",
            params![message.as_bytes()],
            |row| row.get(0),
        )?;
        match mark {
            Some(3) => self.owe_receipt(conversation, message, MessageStatus::Read),
            Some(_) => self.owe_receipt(conversation, message, MessageStatus::Delivered),
            None => Ok(()),
        }
    }

    /// What was said while this device could not hear, and the answers to what it said before.
    pub fn catch_up_after_return(&mut self, conversation: ConversationId) -> Halting<()> {
        self.tx.execute(
            "update conversation set changed_at = max(changed_at, ?2) where id = ?1",
            params![conversation.0, sql_time(self.now)],
        )?;
        self.ask_again(conversation)?;
        self.say_again(conversation, 0, 1)
    }
}

/// Messages that are known to exist and are not here.
pub(crate) fn count(
    reader: &client_db::Reader<'_>,
    conversation: ConversationId,
) -> Result<u64, client_db::Error> {
    let count: Option<Option<i64>> = reader.row(
        "select sum(sequence - base - (select count(*) from message where message.conversation = ?1
         and message.device = sender_row.device and number > base)) from sender_row where conversation = ?1",
        params![conversation.0],
        |row| row.get(0),
    )?;
    Ok(number(count.flatten().unwrap_or(0)))
}

/// Media type of [`Missed`].
const TYPE_MISSED: &str = "application/vnd.valise.missed";
/// Media type of [`Gone`].
const TYPE_GONE: &str = "application/vnd.valise.gone";
/// What is known to be missing is asked for again after so long, doubled each time.
const ASK_AGAIN_MS: u64 = 30_000;
/// So often.
const ASK_TRIES_MAX: u32 = 8;
/// Messages said again at one asking; whoever misses more asks again.
const AGAIN_MAX: u32 = 200;
/// Asking waits so long, and up to as long again: a burst of holes is one question.
const ASK_MS_MIN: u64 = 500;
