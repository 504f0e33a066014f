//! The mailbox door: opening it, receiving in order, acknowledging after the commit.

use client_db::params;
use crypto::seal::address;
use crypto::seal::challenge::{self, Purpose as Signed};
use vocab::SlotId;
use wire::mailbox::{Envelope, Envelopes, OpenMailbox};
use wire::{Decode, Delivery, DeliveryKind, Door, Encode, MailboxFromDevice, MailboxFromService, Refusal};

use crate::api::Output;
use crate::conversation::SlotState;
use crate::intent::{self, Kind};
use crate::lines::LineState;
use crate::machine::Weakness;
use crate::step::{Halt, Halting, Step};

impl Step<'_> {
    /// A frame of the service at the mailbox door.
    pub fn mailbox_frame(&mut self, frame: &[u8]) -> Halting<()> {
        match MailboxFromService::decode(frame)? {
            MailboxFromService::Challenge(challenge) => {
                let since = self.now;
                let me = self.me()?;
                let open = MailboxFromDevice::Open(OpenMailbox {
                    mailbox: me.mailbox,
                    signature: challenge::sign(&me.mailbox_secret, Signed::Mailbox, &challenge.nonce).into(),
                    extensions: vec![],
                });
                self.lines.mailbox.state =
                    LineState::Challenged { nonce: challenge.nonce, since, asked: true };
                self.out.push(Output::Frame(Door::Mailbox, open.encode()?));
                Ok(())
            }
            MailboxFromService::Opened(opened) => {
                self.lines.mailbox_gave(self.now);
                self.lines.mailbox.state = LineState::Ready;
                self.lines.mailbox.attempts = 0;
                self.lines.caught_up = (0, opened.waiting);
                self.lines.mailbox_seen = 0;
                self.lines.mailbox_opened += 1;
                Ok(())
            }
            MailboxFromService::Envelopes(given) if self.lines.mailbox.state == LineState::Ready => {
                self.envelopes(&given)
            }
            MailboxFromService::Envelopes(_) => {
                Err(Halt::Unusable("envelopes of a mailbox that is not open"))
            }
            MailboxFromService::Refused(refusal) => {
                if refusal == Refusal::NotAllowed {
                    // The mailbox is gone (60 days without a visit): made again under the same name and key.
                    self.make_mailbox_again()?;
                }
                self.drop_line(Door::Mailbox);
                Ok(())
            }
        }
    }

    fn make_mailbox_again(&mut self) -> Halting<()> {
        let me = self.me()?;
        let request = wire::UnnamedRequest::CreateMailbox(wire::mailbox::CreateMailbox {
            mailbox: me.mailbox,
            public_key: challenge::public_key(&me.mailbox_secret),
            token: vec![].into(),
            extensions: vec![],
        });
        let payload = request.encode()?;
        // A new mailbox counts from the beginning.
        self.delete_setting("mailbox_through")?;
        intent::queue_once(self, Kind::CreateMailbox, &[], &payload)
    }

    /// A batch: each envelope a savepoint of its own, one commit, then one acknowledgement.
    fn envelopes(&mut self, given: &Envelopes) -> Halting<()> {
        if given.envelopes.last().is_none_or(|last| last.sequence <= self.lines.mailbox_seen) {
            return Ok(());
        }
        if given.after != self.lines.mailbox_seen {
            // A frame before this one was lost, doubled or overtaken. Acknowledging this one would delete what was lost:
            // the service still has it, and gives it again from the start.
            self.drop_line(Door::Mailbox);
            return Ok(());
        }
        self.lines.mailbox_gave(self.now);
        self.lines.mailbox_silences = 0;
        let mut through = self.setting_number("mailbox_through")?;
        for envelope in &given.envelopes {
            self.lines.mailbox_seen = envelope.sequence;
            self.lines.caught_up.0 = self.lines.caught_up.0.saturating_add(1);
            if envelope.sequence <= through && !self.config.has(Weakness::ShowsTwice) {
                continue;
            }
            // What cannot be used is gone all the same: it will not become better by staying.
            self.attempt(|step| step.envelope(envelope))?;
            through = envelope.sequence;
        }
        self.put_setting_number("mailbox_through", through)?;
        let acknowledge = MailboxFromDevice::Acknowledge(self.lines.mailbox_seen);
        self.out.push(Output::Frame(Door::Mailbox, acknowledge.encode()?));
        Ok(())
    }

    fn envelope(&mut self, envelope: &Envelope) -> Halting<()> {
        let bytes = address::unwrap(&self.me()?.wrap_key, envelope.sealed.as_slice())?;
        let delivery = Delivery::decode(&bytes)?;
        if self.holds(delivery.slot)? {
            return self.hold(delivery.slot, delivery.sequence, &bytes);
        }
        match self.slot(delivery.slot)? {
            Some(slot) if slot.is_request() => self.hold(delivery.slot, delivery.sequence, &bytes),
            _ => self.receive(&delivery),
        }
    }

    /// One delivery that is not held, or no longer.
    pub fn receive(&mut self, delivery: &Delivery) -> Halting<()> {
        match self.slot(delivery.slot)? {
            // Back into a group that one was taken out of.
            Some(slot)
                if slot.state == SlotState::Closed
                    && delivery.kind == DeliveryKind::Welcome
                    && self.is_group(slot.conversation)? =>
            {
                self.letter(delivery)
            }
            Some(slot) => self.deliver(slot, delivery),
            None if delivery.kind == DeliveryKind::Welcome => self.letter(delivery),
            None => Ok(()),
        }
    }

    /// Keeps what follows a request, sealed as it came, until it is accepted; a Welcome until it shows whether it is needed; or
    /// what follows something that is being fetched.
    pub fn hold(&self, slot: SlotId, sequence: u64, delivery: &[u8]) -> Halting<()> {
        let held: i64 = self
            .tx
            .row("select count(*) from held where slot = ?1", params![slot.as_bytes()], |row| row.get(0))?
            .unwrap_or(0);
        if held < HELD_MAX {
            self.tx.execute(
                "insert or ignore into held (slot, sequence, delivery) values (?1, ?2, ?3)",
                params![slot.as_bytes(), crate::step::sql_number(sequence), delivery],
            )?;
        }
        Ok(())
    }

    pub fn forget_held(&self, slot: SlotId) -> Halting<()> {
        self.tx.execute("delete from held where slot = ?1", params![slot.as_bytes()])?;
        Ok(())
    }

    /// A Welcome that came while this device was looking for the way back, or what it held, is kept.
    pub fn keeps_welcome(&self, slot: SlotId) -> Halting<bool> {
        let kept: Option<i64> =
            self.tx.row("select 1 from held where slot = ?1 limit 1", params![slot.as_bytes()], |row| {
                row.get(0)
            })?;
        Ok(kept.is_some())
    }

    /// One is out of a group: if a Welcome came while this device was looking for the way back, it is the news, and what came
    /// behind it is read after it.
    pub fn open_kept_welcome(&mut self, slot: SlotId) -> Halting<()> {
        let kept: Vec<Vec<u8>> = self.tx.rows(
            "select delivery from held where slot = ?1 order by sequence desc",
            params![slot.as_bytes()],
            |row| row.get(0),
        )?;
        // What follows a commit whose pieces are fetched is kept here, too.
        let kept = kept.iter().filter_map(|bytes| Delivery::decode(bytes).ok());
        let Some(welcome) = kept.into_iter().find(|it| it.kind == DeliveryKind::Welcome) else {
            return self.forget_held(slot);
        };
        self.tx.execute(
            "delete from held where slot = ?1 and sequence <= ?2",
            params![slot.as_bytes(), crate::step::sql_number(welcome.sequence)],
        )?;
        self.attempt(|step| step.letter(&welcome))?;
        match self.slot(slot)?.map(|slot| slot.state) {
            Some(SlotState::Open) => self.deliver_held(slot),
            // A stranger's, which waits as a request; or its tree is fetched.
            Some(SlotState::Request) => Ok(()),
            _ if self.holds(slot)? => Ok(()),
            _ => self.forget_held(slot),
        }
    }
}

/// Envelopes kept of one slot; what comes after waits for the sender's resending.
const HELD_MAX: i64 = 500;
