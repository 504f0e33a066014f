//! `valise receive`

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use host_native::{Core, Heard};
use screens::{
    Action, Answer, Ask, Banner, Bubble, ChatId, ConnectionLine, ContactId, LineState, Listing, Mark,
    MessageId, Notice, Person, TIMELINE_MESSAGES_MAX,
};
use tokio::time::{Instant, timeout_at};
use vocab::Position;

use super::show::{around, options, short, way, words};
use crate::args::Receive;
use crate::end::{Stop, answered, done};
use crate::object::Event;
use crate::say::{self, Say};
use crate::settle::{is_settled, status};

/// Shows what arrives.
pub async fn run(core: &Core, say: Say, receive: Receive) -> Result<(), Stop> {
    let mut notices = core.notices();
    let mut shower = Shower {
        core,
        say,
        marks_read: !receive.unread,
        from: receive.from,
        shown: Shown::default(),
        line: None,
        device: None,
    };
    let once = !receive.follow && receive.seconds.is_none();
    let until = Instant::now()
        + match (receive.follow, receive.seconds) {
            (true, _) => FOREVER,
            (false, Some(seconds)) => Duration::from_secs(seconds),
            (false, None) => CATCH_UP_WAIT,
        };
    let begun = status(core).await?;
    if begun.me.is_none() {
        return Err(Stop::refused(
            "There is no account on this device yet. Create one with: valise register",
        ));
    }
    shower.line(&begun.line);
    shower.requests().await?;
    shower.messages().await?;
    loop {
        if once && is_settled(&status(core).await?) {
            // What was said before that answer is here by now: marks, requests, messages that arrived last.
            while let Some(heard) = notices.ready() {
                shower.heard(heard).await?;
            }
            shower.requests().await?;
            return shower.messages().await;
        }
        match timeout_at(until, notices.next()).await {
            Err(_) if once => return Err(late(&status(core).await?.line, shower.device)),
            Err(_) => return Ok(()),
            Ok(None) => return Err(Stop::unexpected()),
            Ok(Some(heard)) => shower.heard(heard).await?,
        }
    }
}

/// It took longer than anybody waits for a single look.
fn late(line: &ConnectionLine, device: Option<Banner>) -> Stop {
    if let Some(Banner { title, sentence, .. }) = device {
        return Stop::refused(format!("Not everything is here yet. {title}. {sentence}"));
    }
    if line.state == LineState::Idle {
        // Nothing is to come at all.
        return Stop::refused(line.sentence.clone());
    }
    Stop::network(format!(
        "Not everything is here yet. {} Try again, or stay: valise receive --follow",
        line.sentence
    ))
}

struct Shower<'a> {
    core: &'a Core,
    say: Say,
    marks_read: bool,
    /// Where the person says they are.
    from: Option<Position>,
    shown: Shown,
    line: Option<ConnectionLine>,
    /// What is wrong with this device, while it is.
    device: Option<Banner>,
}

impl Shower<'_> {
    async fn heard(&mut self, heard: Heard) -> Result<(), Stop> {
        match heard {
            Heard::Notice(Notice::Message { own: false, .. } | Notice::Chats) => self.messages().await,
            Heard::Notice(Notice::Receipt { chat, id, mark }) => self.receipt(chat, id, mark).await,
            Heard::Notice(Notice::Reaction { chat, id, from, emoji, taken_back }) => {
                self.reaction(&chat, &id, &from, &emoji, taken_back)
            }
            Heard::Notice(Notice::Typing { chat, from, on, .. }) => {
                // Nobody reads in a log that somebody wrote.
                if self.say.json { self.say.object(&Event::typing(&chat, &from, on)) } else { Ok(()) }
            }
            Heard::Notice(Notice::Edit { chat, id }) => self.edit(chat, id).await,
            Heard::Notice(Notice::Delete { chat, id }) => {
                let event = Event::Delete { chat: &chat, id: &id };
                self.say.result(&event, || format!("A message was deleted: {}", short(&id)))
            }
            Heard::Notice(Notice::Request { who }) => self.request(&who),
            Heard::Notice(Notice::Connection(line)) => {
                self.line(&line);
                Ok(())
            }
            Heard::Notice(
                Notice::Missing { sentence, .. }
                | Notice::Failed { sentence, .. }
                | Notice::Group { sentence, .. }
                | Notice::Scheduled { sentence: Some(sentence), .. },
            ) => {
                self.say.aside(&sentence);
                Ok(())
            }
            Heard::Notice(Notice::Knock { chat, count, sentence: Some(sentence) }) => {
                self.say.result(&Event::Knock { chat: &chat, count }, || say::lines(&sentence))
            }
            Heard::Notice(Notice::Joining { chat, sentence }) => self
                .say
                .result(&Event::Joining { chat: &chat, sentence: &sentence }, || say::lines(&sentence)),
            Heard::Notice(Notice::Devices { sentence: Some(sentence) }) => {
                self.say.result(&Event::Devices { sentence: &sentence }, || say::lines(&sentence))
            }
            Heard::Notice(Notice::DevicesChanged { who, sentence }) => self
                .say
                .result(&Event::DevicesChanged { who: &who, sentence: &sentence }, || say::lines(&sentence)),
            Heard::Notice(Notice::Removed { sentence }) => {
                self.say.result(&Event::Removed { sentence: &sentence }, || say::lines(&sentence))
            }
            Heard::Notice(Notice::Device(banner)) => {
                if let Some(Banner { title, sentence, .. }) = &banner {
                    self.say.aside(&format!("{title}. {sentence}"));
                }
                self.device = banner;
                Ok(())
            }
            Heard::Notice(
                Notice::Message { own: true, .. }
                | Notice::Attachment { .. }
                | Notice::Outgoing { .. }
                | Notice::Contact { .. }
                | Notice::Knock { sentence: None, .. }
                | Notice::Account
                | Notice::Linking
                | Notice::Privacy
                | Notice::Profile
                | Notice::Devices { sentence: None }
                | Notice::Scheduled { sentence: None, .. }
                | Notice::Settled,
            ) => Ok(()),
            Heard::Missed => {
                self.requests().await?;
                self.messages().await
            }
        }
    }

    /// Everything that was not seen yet, oldest first; then it was.
    async fn messages(&mut self) -> Result<(), Stop> {
        let mut skip = 0;
        loop {
            let ask = Ask::Unread { skip, limit: TIMELINE_MESSAGES_MAX };
            let Answer::Unread { bubbles, more } = answered(self.core.ask(ask).await)? else {
                return Err(Stop::unexpected());
            };
            if !self.marks_read {
                skip += u32::try_from(bubbles.len()).unwrap_or(u32::MAX);
            }
            let mut through: BTreeMap<ChatId, MessageId> = BTreeMap::new();
            for bubble in bubbles {
                if self.shown.is_new(&bubble.id) {
                    self.message(&bubble)?;
                }
                through.insert(bubble.chat, bubble.id);
            }
            if self.marks_read {
                for (chat, through) in through {
                    done(self.core.act(Action::MarkRead { chat, through }).await)?;
                }
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn message(&self, bubble: &Bubble) -> Result<(), Stop> {
        self.say.result(&Event::message(bubble), || {
            let name = say::one_line(&bubble.from.name);
            let said = words(bubble) + &way(bubble, self.from);
            format!("[{}] {name}: {said}{}", bubble.sent.text, around(bubble)) + &options(bubble)
        })
    }

    fn reaction(
        &self,
        chat: &ChatId,
        id: &MessageId,
        from: &Person,
        emoji: &str,
        removed: bool,
    ) -> Result<(), Stop> {
        self.say.result(&Event::reaction(chat, id, from, emoji, removed), || {
            let (who, emoji) = (say::one_line(&from.name), say::one_line(emoji));
            let did = if removed { "took back" } else { "reacted with" };
            format!("{who} {did} {emoji}: {}", short(id))
        })
    }

    async fn edit(&mut self, chat: ChatId, id: MessageId) -> Result<(), Stop> {
        let Answer::Message(bubble) = answered(self.core.ask(Ask::Message { id: id.clone() }).await)? else {
            return Err(Stop::unexpected());
        };
        if !self.shown.says_new(&id, &bubble.text) {
            return Ok(());
        }
        self.say.result(&Event::Edit { chat: &chat, id: &id, text: &bubble.text }, || {
            let (name, said) = (say::one_line(&bubble.from.name), words(&bubble) + &way(&bubble, self.from));
            // A live place moves and ends; nobody takes anything back.
            let did = if bubble.place.is_some() { "told" } else { "edited" };
            format!("{name} {did} {}: {said}", short(&id))
        })
    }

    async fn receipt(&self, chat: ChatId, id: MessageId, mark: Mark) -> Result<(), Stop> {
        let happened = match mark {
            // Not said by anybody: it is how the server answered.
            Mark::Pending | Mark::Sent => return Ok(()),
            Mark::Delivered => "Arrived",
            Mark::Read => "Read",
        };
        self.say.object(&Event::Receipt { chat: &chat, id: &id, mark })?;
        if self.say.json {
            return Ok(());
        }
        let Answer::Message(bubble) = answered(self.core.ask(Ask::Message { id }).await)? else {
            return Err(Stop::unexpected());
        };
        let begins: String = bubble.text.chars().take(RECEIPT_TEXT_CHARS).collect();
        self.say.aside(&format!("{happened}: {}", say::one_line(&begins)));
        Ok(())
    }

    /// Who knocked before this began.
    async fn requests(&mut self) -> Result<(), Stop> {
        let Answer::Requests(requests) = answered(self.core.ask(Ask::Requests).await)? else {
            return Err(Stop::unexpected());
        };
        match requests {
            Listing::Rows(rows) => rows.iter().try_for_each(|row| self.request(&row.id)),
            Listing::Empty(_) | Listing::Loading => Ok(()),
            Listing::Failing(trouble) => Err(Stop::refused(trouble.sentence)),
        }
    }

    fn request(&mut self, who: &ContactId) -> Result<(), Stop> {
        if !self.shown.is_new(&MessageId(who.0.clone())) {
            return Ok(());
        }
        self.say.result(&Event::Request { from: who }, || {
            format!("Someone new wants to write to you: valise accept {who}, or valise block {who}")
        })
    }

    fn line(&mut self, line: &ConnectionLine) {
        if self.line.as_ref() != Some(line) {
            self.say.aside(&line.sentence);
            self.line = Some(line.clone());
        }
    }
}

/// What this run has shown: needed when things stay unread, or knock again.
#[derive(Default)]
struct Shown {
    known: HashSet<MessageId>,
    order: VecDeque<MessageId>,
    /// What those said that changed.
    edited: BTreeMap<MessageId, String>,
}

impl Shown {
    fn is_new(&mut self, id: &MessageId) -> bool {
        if !self.known.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id.clone());
        if self.order.len() > SHOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// Whether a message that changed says something else than when it changed before: several notices may lead to one look.
    fn says_new(&mut self, id: &MessageId, text: &str) -> bool {
        if self.edited.get(id).is_some_and(|before| before == text) {
            return false;
        }
        if self.edited.len() >= EDITED_MAX {
            self.edited.pop_first();
        }
        self.edited.insert(id.clone(), text.to_owned());
        true
    }
}

/// Ids remembered in one run.
const SHOWN_MAX: usize = 100_000;
/// Messages whose last edition is remembered in one run.
const EDITED_MAX: usize = 1_024;
/// Characters of a message beside its receipt.
const RECEIPT_TEXT_CHARS: usize = 60;
/// One look waits so long for the server to hand over what it has.
const CATCH_UP_WAIT: Duration = Duration::from_secs(30);
/// Longer than any program runs; far from the end of what a clock can count.
const FOREVER: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_again_is_said_once() {
        let (mut shown, one, two) = (Shown::default(), MessageId("01".into()), MessageId("02".into()));
        // The last position of a live place and its end are two notices; by the first look it has ended.
        assert!(shown.says_new(&one, "Live place ended") && !shown.says_new(&one, "Live place ended"));
        assert!(shown.says_new(&two, "Live place ended") && shown.says_new(&one, "another text"));
        for number in 0..2 * EDITED_MAX {
            assert!(shown.says_new(&MessageId(format!("{number:08}")), "x"));
        }
        assert!(shown.edited.len() <= EDITED_MAX);
    }
}
