//! What others are told of oneself: that one writes, what arrived, what was read, when one was last there. Each can be
//! switched, on all devices at once.

use client_db::Reader;
use wire::content::{MimiContent, StatusReport};

use crate::api::{CommandId, ConversationId, Event, Privacy, PrivacyChoice, Reply};
use crate::choice::{self, Key};
use crate::machine::{Client, Fault};
use crate::step::{Halt, Halting, Step};

impl Step<'_> {
    /// Switches something on or off.
    pub fn choose_privacy(&mut self, command: CommandId, what: PrivacyChoice) -> Halting<()> {
        let (key, on) = match what {
            PrivacyChoice::Typing(on) => (Key::TellsTyping, on),
            PrivacyChoice::Delivered(on) => (Key::TellsDelivered, on),
            PrivacyChoice::Read(on) => (Key::TellsRead, on),
            PrivacyChoice::Presence(on) => (Key::TellsPresence, on),
        };
        let changes = self.privacy()?.with(what) != self.privacy()?;
        if changes {
            let subject = self.among_ourselves()?;
            self.choose(&subject.0, key, vec![u8::from(on)])?;
            if key == Key::TellsPresence && !on {
                self.withdraw_presence()?;
            }
            self.note_activity()?;
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// What others are told.
    pub fn privacy(&self) -> Halting<Privacy> {
        let subject = self.among_ourselves()?;
        Ok(read(self.tx, subject)?)
    }

    /// It was switched, on this device or another one of ours.
    pub fn privacy_changed(&mut self) -> Halting<()> {
        let privacy = self.privacy()?;
        if !privacy.typing {
            self.show_no_typing();
        }
        if !privacy.presence {
            self.forget_presence()?;
        }
        self.event(Event::Privacy);
        Ok(())
    }

    /// What was read here is read on one's other devices, although nobody else is told.
    pub fn tell_reads_to_ourselves(&mut self, report: &StatusReport) -> Halting<()> {
        if report.entries.is_empty() || self.me()?.chain.devices.len() < 2 {
            return Ok(());
        }
        let conversation = self.begin_among_ourselves()?;
        let content = MimiContent::status(self.random(), report)
            .map_err(|_| Halt::Unusable("a report above its limit"))?;
        self.queue_content(conversation, content)
    }

    /// Another device of ours has read something. False when the content is something else.
    pub fn take_reads(&mut self, content: &MimiContent) -> Halting<bool> {
        let Ok(Some(report)) = content.as_status() else { return Ok(false) };
        for (message, status) in &report.entries {
            if let (wire::content::MessageStatus::Read, Some(conversation)) =
                (status, self.shown_in(*message)?)
            {
                self.seen_elsewhere(conversation, *message)?;
            }
        }
        Ok(true)
    }
}

impl Client {
    /// What others are told of oneself.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn privacy(&self) -> Result<Privacy, Fault> {
        let Some(me) = &self.me else { return Ok(Privacy::default()) };
        let subject = crate::contact::conversation_with(me.account, me.account);
        Ok(read(&self.db.reader(), subject)?)
    }
}

fn read(reader: &Reader<'_>, subject: ConversationId) -> Result<Privacy, client_db::Error> {
    let usual = Privacy::default();
    let flag = |key, usual| choice::flag(reader, &subject.0, key).map(|on| on.unwrap_or(usual));
    Ok(Privacy {
        typing: flag(Key::TellsTyping, usual.typing)?,
        delivered: flag(Key::TellsDelivered, usual.delivered)?,
        read: flag(Key::TellsRead, usual.read)?,
        presence: flag(Key::TellsPresence, usual.presence)?,
    })
}
