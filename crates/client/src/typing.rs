//! Typing: that somebody writes just now. It is told live or not at all: not numbered, not kept, no receipt about it.
//!
//! It travels as any content does, so the service cannot tell it from a message, and would wake a sleeping device by it as by
//! one. So it is only told where somebody else showed themselves a moment ago. Nothing says that it ended: it ends with the
//! message, or by itself.

use std::collections::BTreeMap;

use crypto::Member;
use vocab::time::{MINUTE_MS, SECOND_MS};
use vocab::{AccountId, MessageId, Timestamp};
use wire::content::{Disposition, MessageStatus, MimiContent, NestedPart};

use crate::api::{CommandId, ConversationId, Event, Reply};
use crate::conversation::{Slot, SlotState};
use crate::intent::{self, Intent, Kind};
use crate::machine::Client;
use crate::step::{Halting, Step};

/// What is known for a moment only. Nothing of it is stored.
#[derive(Default)]
pub(crate) struct Fleeting {
    /// Who writes where, and until when that is believed.
    typing: BTreeMap<(ConversationId, AccountId), Timestamp>,
    /// When this device last told so.
    told: BTreeMap<ConversationId, Timestamp>,
    /// When somebody else was last there.
    heard: BTreeMap<ConversationId, Timestamp>,
    /// Since when a fleeting content waits, and the live place that it is a position of; without one it is typing.
    waits: BTreeMap<i64, (Timestamp, Option<MessageId>)>,
    /// The last step in which the person was at this device, see `presence`.
    pub active_step: u32,
}

impl Fleeting {
    /// The clock went back: what was to last until a time would last too long.
    pub fn clock_went_back(&mut self) {
        self.told.clear();
        self.heard.clear();
        self.waits.values_mut().for_each(|(since, _)| *since = Timestamp(0));
        self.typing.values_mut().for_each(|until| *until = Timestamp(0));
        self.active_step = 0;
    }

    /// An intent is gone; its number may be given again.
    pub fn forget(&mut self, intent: i64) {
        self.waits.remove(&intent);
    }

    /// When something of it is over.
    pub fn due(&self) -> Option<Timestamp> {
        let waits = self.waits.values().map(|(since, _)| since.plus_ms(FLEETING_MS_MAX));
        self.typing.values().copied().chain(waits).min()
    }
}

impl Step<'_> {
    /// The person writes, in a chat that is open; or does not any more.
    pub fn tell_typing(&mut self, command: CommandId, conversation: ConversationId, on: bool) -> Halting<()> {
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        self.reply(command, Ok(Reply::Done));
        if !on {
            // What has left ends by itself.
            return self.drop_fleeting(conversation, None);
        }
        self.note_activity()?;
        let fleeting = &self.lines.fleeting;
        let within = |times: &BTreeMap<_, Timestamp>, ms| {
            times.get(&conversation).is_some_and(|at| self.now.ms_since(*at) < ms)
        };
        let asleep = !within(&fleeting.heard, AWAKE_MS);
        let lately = within(&fleeting.told, TYPING_AGAIN_MS);
        if asleep || lately || !self.privacy()?.typing || !self.tells_marks(conversation)? {
            return Ok(());
        }
        let now = self.now;
        bounded(&mut self.lines.fleeting.told).insert(conversation, now);
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_TYPING, Vec::new());
        let content = MimiContent::new(self.random(), part);
        self.queue_fleeting(conversation, None, content)
    }

    /// Queues a content that leaves within a moment or not at all: a position of a live place, or without one typing. It takes the
    /// place of one of its own sort only, so that whoever types does not hold back where they are.
    pub fn queue_fleeting(
        &mut self,
        conversation: ConversationId,
        live: Option<MessageId>,
        content: MimiContent,
    ) -> Halting<()> {
        self.drop_fleeting(conversation, live)?;
        let settled = self.lines.settled;
        let (bytes, _) = self.finish_content(conversation, content)?;
        let id = intent::queue(self, Kind::Fleeting, &conversation.0, &[], &bytes)?;
        // Nobody waits for it.
        self.lines.settled = settled;
        let now = self.now;
        self.lines.fleeting.waits.insert(id, (now, live));
        Ok(())
    }

    fn drop_fleeting(&mut self, conversation: ConversationId, live: Option<MessageId>) -> Halting<()> {
        let all = intent::of_kind(self, Kind::Fleeting, &conversation.0)?;
        let same: Vec<i64> = all
            .into_iter()
            .filter(|id| self.lines.fleeting.waits.get(id).is_none_or(|(_, other)| *other == live))
            .collect();
        same.into_iter().try_for_each(|id| self.end_fleeting(id))
    }

    /// Sends one that is still worth it: not into a conversation that this device cannot write in just now.
    pub fn seal_fleeting(&mut self, intent: &Intent) -> Halting<()> {
        let open = self.current_slot(intent.conversation()?)?.is_some_and(|it| it.state == SlotState::Open);
        if open { self.seal_content(intent) } else { self.end_fleeting(intent.id) }
    }

    /// It has left, or never will.
    pub fn end_fleeting(&mut self, id: i64) -> Halting<()> {
        self.lines.fleeting.forget(id);
        // Whatever has its number by now is not to end with it.
        match intent::load(self, id)? {
            Some(intent) if intent.kind == Kind::Fleeting => intent::finish(self, id),
            _ => Ok(()),
        }
    }

    /// What was left of the time before the start.
    pub fn forget_fleeting(&mut self) -> Halting<()> {
        self.tx.execute("delete from intent where kind = ?1", [Kind::Fleeting as i64])?;
        Ok(())
    }

    /// What could not leave in time does not leave; who has not written on does not write.
    pub fn mind_the_fleeting(&mut self) -> Halting<()> {
        let now = self.now;
        let late = |since: &Timestamp| now.ms_since(*since) >= FLEETING_MS_MAX;
        let over: Vec<i64> = self
            .lines
            .fleeting
            .waits
            .iter()
            .filter(|(_, (since, _))| late(since))
            .map(|(id, _)| *id)
            .collect();
        over.into_iter().try_for_each(|id| self.end_fleeting(id))?;
        let typing = &self.lines.fleeting.typing;
        let ended: Vec<_> = typing.iter().filter(|(_, until)| **until <= now).map(|(who, _)| *who).collect();
        for (conversation, from) in ended {
            self.ends_typing(conversation, from);
        }
        Ok(())
    }

    /// What a member said shows that somebody is there, and ends their typing when it is a message.
    pub fn note_sign_of_life(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<()> {
        if sender.account == self.me()?.account || !self.is_live() {
            return Ok(());
        }
        let said = content.chain().is_some();
        if said {
            self.ends_typing(slot.conversation, sender.account);
        }
        // That something arrived is told by devices that sleep, too.
        let read =
            content.as_status().ok().flatten().is_some_and(|report| {
                report.entries.iter().any(|(_, status)| *status == MessageStatus::Read)
            });
        if said || read || content.nested_part.content_of(TYPE_TYPING).is_some() {
            let now = self.now;
            bounded(&mut self.lines.fleeting.heard).insert(slot.conversation, now);
        }
        Ok(())
    }

    /// Somebody writes. False when the content is something else.
    pub fn take_typing(&mut self, slot: &Slot, sender: &Member, content: &MimiContent) -> Halting<bool> {
        if content.nested_part.content_of(TYPE_TYPING).is_none() {
            return Ok(false);
        }
        let (conversation, from) = (slot.conversation, sender.account);
        let shown = from != self.me()?.account
            // What lay in the mailbox is of a while ago.
            && self.is_live()
            && self.privacy()?.typing
            && conversation != self.among_ourselves()?
            && self.tells_marks(conversation)?
            && !self.is_silenced(conversation, from)?;
        if shown {
            let until = self.now.plus_ms(TYPING_SHOWN_MS);
            let before = bounded(&mut self.lines.fleeting.typing).insert((conversation, from), until);
            if before.is_none() {
                self.event(Event::Typing { conversation, from, on: true });
            }
        }
        Ok(true)
    }

    fn ends_typing(&mut self, conversation: ConversationId, from: AccountId) {
        if self.lines.fleeting.typing.remove(&(conversation, from)).is_some() {
            self.event(Event::Typing { conversation, from, on: false });
        }
    }

    /// Nobody's typing is shown any more.
    pub fn show_no_typing(&mut self) {
        let all: Vec<_> = self.lines.fleeting.typing.keys().copied().collect();
        all.into_iter().for_each(|(conversation, from)| self.ends_typing(conversation, from));
    }

    /// Everything that lay in the mailbox when it was opened has been processed: what comes now, comes now.
    fn is_live(&self) -> bool {
        let (done, of) = self.lines.caught_up;
        done > of
    }
}

impl Client {
    /// Who writes in a conversation just now.
    #[must_use]
    pub fn typing(&self, conversation: ConversationId) -> Vec<AccountId> {
        let all = self.lines.fleeting.typing.keys();
        all.filter(|(place, _)| *place == conversation).map(|(_, from)| *from).collect()
    }
}

/// Makes room: what is fleeting and not shown is no loss.
fn bounded<K: Ord, V>(known: &mut BTreeMap<K, V>) -> &mut BTreeMap<K, V> {
    if known.len() >= REMEMBERED_MAX {
        known.pop_first();
    }
    known
}

/// Media type of a content without bytes: its sender writes.
const TYPE_TYPING: &str = "application/vnd.valise.typing";
/// Told again no sooner.
const TYPING_AGAIN_MS: u64 = 10 * SECOND_MS;
/// Shown for so long after it was told: a little longer than until it is told again.
const TYPING_SHOWN_MS: u64 = 15 * SECOND_MS;
/// Told only where somebody else said, read or wrote something within so long: no sleeping device is woken by it.
const AWAKE_MS: u64 = 3 * MINUTE_MS;
/// What is fleeting leaves within this or not at all.
const FLEETING_MS_MAX: u64 = 5 * SECOND_MS;
/// Conversations that this is remembered of.
const REMEMBERED_MAX: usize = 256;
