//! One tab's questions, until they are answered by whoever leads.
//!
//! A leader may go between doing something and saying so. Questions and most actions can be asked again; a text must
//! not be sent twice, so before one is sent again the new leader is asked whether it is there already.

use std::collections::{BTreeMap, VecDeque};

use screens::{
    Action, Answer, Ask, Bubble, FromCore, Listing, MessageId, Notice, Outcome, OutgoingShown, RefusedKind,
    Reply, ToCore, What,
};

use crate::{tabs::LeaderId, words};

/// What is to be done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// For whoever leads.
    ToLeader(ToCore),
    /// For this tab's page.
    ToPage(FromCore),
}

/// What this tab's page waits for.
#[derive(Debug, Default)]
pub struct Post {
    leader: Option<LeaderId>,
    pending: BTreeMap<u64, Pending>,
    own: BTreeMap<u64, Own>,
    next_own: u64,
    utc_offset_minutes: Option<i16>,
    sent: VecDeque<MessageId>,
}

#[derive(Debug)]
struct Pending {
    to: ToCore,
    since_ms: u64,
    asked: bool,
}

/// What this worker itself has asked.
#[derive(Debug)]
enum Own {
    /// The clock, again: nobody waits for it.
    Clock,
    /// Whether this pending text is there already.
    Check(u64),
}

impl Post {
    /// The page wants something.
    pub fn wants(&mut self, now_ms: u64, to: ToCore) -> Vec<Handed> {
        if let What::Ask(Ask::Start { utc_offset_minutes }) = to.what {
            self.utc_offset_minutes = Some(utc_offset_minutes);
        }
        if self.pending.len() >= PENDING_MAX {
            return vec![Handed::ToPage(refused(&to, words::TOO_MUCH))];
        }
        let asked = self.leader.is_some();
        self.pending.insert(to.id, Pending { to: to.clone(), since_ms: now_ms, asked });
        if asked { vec![Handed::ToLeader(to)] } else { Vec::new() }
    }

    /// Somebody leads now. If it is somebody new, everything is asked again, and the page is told to look anew.
    pub fn led_by(&mut self, leader: LeaderId) -> Vec<Handed> {
        let before = self.leader.replace(leader);
        if before == Some(leader) {
            return Vec::new();
        }
        self.own.clear();
        let mut handed = Vec::new();
        if let (Some(_), Some(utc_offset_minutes)) = (before, self.utc_offset_minutes) {
            handed.push(self.ask(Ask::Start { utc_offset_minutes }, Own::Clock));
        }
        let ids: Vec<u64> = self.pending.keys().copied().collect();
        handed.extend(ids.into_iter().filter_map(|id| self.again(id)));
        if before.is_some() {
            handed.push(Handed::ToPage(FromCore::Notice(Notice::Account)));
        }
        handed
    }

    /// The leader says something.
    pub fn heard(&mut self, from: FromCore) -> Vec<Handed> {
        let FromCore::Reply { id, reply } = from else { return vec![Handed::ToPage(from)] };
        match self.own.remove(&id) {
            Some(Own::Clock) => Vec::new(),
            Some(Own::Check(pending)) => self.checked(pending, &reply),
            None => self.replied(id, reply).into_iter().collect(),
        }
    }

    /// Who leads, as far as this tab knows.
    #[must_use]
    pub fn leader(&self) -> Option<LeaderId> {
        self.leader
    }

    /// What is said to a page whose core cannot be opened.
    #[must_use]
    pub fn refusal(to: &ToCore, sentence: &str) -> FromCore {
        refused(to, sentence)
    }

    fn again(&mut self, id: u64) -> Option<Handed> {
        let pending = self.pending.get_mut(&id)?;
        let asked = std::mem::replace(&mut pending.asked, true);
        match &pending.to.what {
            What::Action(Action::Send { to, .. } | Action::SendFiles { to, .. }) if asked => {
                let ask = Ask::Timeline { chat: to.clone(), before: None, limit: LOOK_BACK_MESSAGES };
                Some(self.ask(ask, Own::Check(id)))
            }
            _ => Some(Handed::ToLeader(pending.to.clone())),
        }
    }

    fn ask(&mut self, ask: Ask, own: Own) -> Handed {
        self.next_own += 1;
        let id = OWN_IDS_FROM + self.next_own;
        self.own.insert(id, own);
        Handed::ToLeader(ToCore { id, what: What::Ask(ask) })
    }

    fn replied(&mut self, id: u64, reply: Reply) -> Option<Handed> {
        // A reply that came already is one of a leader before.
        self.pending.remove(&id)?;
        if let Reply::Outcome(Outcome::Sent { id, .. }) = &reply {
            self.note_sent(id.clone());
        }
        Some(Handed::ToPage(FromCore::Reply { id, reply }))
    }

    /// Is the text there? Then it was sent, and only the word of it was lost.
    fn checked(&mut self, id: u64, reply: &Reply) -> Vec<Handed> {
        let Some(pending) = self.pending.get(&id) else { return Vec::new() };
        match self.found(pending, reply) {
            Some(outcome) => self.replied(id, Reply::Outcome(outcome)).into_iter().collect(),
            None => vec![Handed::ToLeader(pending.to.clone())],
        }
    }

    fn found(&self, pending: &Pending, reply: &Reply) -> Option<Outcome> {
        let (text, files) = match &pending.to.what {
            What::Action(Action::Send { text, .. }) => (text, 0),
            What::Action(Action::SendFiles { text, files, .. }) => (text, files.len()),
            _ => return None,
        };
        let Reply::Answer(answer) = reply else { return None };
        let Answer::Timeline(timeline) = &**answer else { return None };
        // Files that are on their way out are sent as far as the page is concerned.
        let leaves = |one: &&OutgoingShown| {
            one.text == *text && one.attachments.len() == files && one.made.ms >= pending.since_ms
        };
        if let Some(one) = timeline.outgoing.iter().find(leaves) {
            return Some(Outcome::Sending { chat: one.chat.clone(), id: one.id.clone() });
        }
        let Listing::Rows(bubbles) = &timeline.bubbles else { return None };
        let is_it = |bubble: &&Bubble| {
            bubble.own
                && (bubble.text == *text || is_typed(bubble, text))
                && bubble.attachments.len() == files
                && bubble.sent.ms >= pending.since_ms
                && !self.sent.contains(&bubble.id)
        };
        let bubble = bubbles.iter().find(is_it)?;
        Some(Outcome::Sent { chat: bubble.chat.clone(), id: bubble.id.clone() })
    }

    fn note_sent(&mut self, id: MessageId) {
        self.sent.push_back(id);
        if self.sent.len() > SENT_KNOWN_MAX {
            self.sent.pop_front();
        }
    }
}

/// A text with mentions is sent in another form than it was typed.
fn is_typed(bubble: &Bubble, text: &str) -> bool {
    bubble.typed.as_ref().is_some_and(|typed| typed.to_lowercase() == text.to_lowercase())
}

fn refused(to: &ToCore, sentence: &str) -> FromCore {
    let (kind, sentence) = (RefusedKind::Refused, sentence.to_owned());
    let reply = match to.what {
        What::Action(_) => Reply::Outcome(Outcome::Refused { kind, sentence, next: None }),
        What::Ask(_) => Reply::Answer(Box::new(Answer::Refused { kind, sentence, next: None })),
    };
    FromCore::Reply { id: to.id, reply }
}

/// Far above what a page counts to.
const OWN_IDS_FROM: u64 = 1 << 60;

/// What a page may have open at one time: a core that hangs must not fill the memory.
const PENDING_MAX: usize = 1_024;

/// Texts written while a leader goes: a person types a few.
const LOOK_BACK_MESSAGES: u32 = 50;

/// Messages known to be sent, so that one of the same words is not taken for another.
const SENT_KNOWN_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use screens::{FileChoice, FileSource, Quality, media_samples, samples};

    use super::*;

    fn ask(id: u64) -> ToCore {
        ToCore { id, what: What::Ask(Ask::Chats) }
    }

    fn send(id: u64, text: &str) -> ToCore {
        ToCore { id, what: What::Action(Action::Send { to: "ines".to_owned(), text: text.to_owned() }) }
    }

    fn done(id: u64) -> FromCore {
        FromCore::Reply { id, reply: Reply::Outcome(Outcome::Done) }
    }

    /// A timeline with one message of one's own.
    fn timeline(id: u64, text: &str, sent_ms: u64) -> FromCore {
        let mut timeline = samples::timeline_full();
        let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("the sample has messages") };
        rows.retain(|row| row.own);
        rows.truncate(1);
        for row in rows {
            (row.text, row.sent.ms) = (text.to_owned(), sent_ms);
        }
        FromCore::Reply { id, reply: Reply::Answer(Box::new(Answer::Timeline(timeline))) }
    }

    fn checks(handed: &[Handed]) -> Vec<u64> {
        let check = |one: &Handed| match one {
            Handed::ToLeader(ToCore { id, what: What::Ask(Ask::Timeline { .. }) }) => Some(*id),
            _ => None,
        };
        handed.iter().filter_map(check).collect()
    }

    #[test]
    fn what_is_wanted_before_anybody_leads_waits() {
        let mut post = Post::default();
        assert_eq!(post.wants(1, ask(1)), []);
        assert_eq!(post.led_by(7), [Handed::ToLeader(ask(1))]);
        assert_eq!(post.led_by(7), [], "a leader who says so twice is the same");
        assert_eq!(post.heard(done(1)), [Handed::ToPage(done(1))]);
        assert_eq!(post.heard(done(1)), [], "one reply for one question");
    }

    #[test]
    fn a_new_leader_is_asked_again_and_the_page_looks_anew() {
        let mut post = Post::default();
        post.led_by(7);
        post.wants(1, ask(1));
        post.wants(1, ask(2));
        post.heard(done(1));
        let look_anew = Handed::ToPage(FromCore::Notice(Notice::Account));
        assert_eq!(post.led_by(8), [Handed::ToLeader(ask(2)), look_anew]);
    }

    #[test]
    fn a_new_leader_learns_the_clock_first() {
        let mut post = Post::default();
        post.led_by(7);
        let start = ToCore { id: 1, what: What::Ask(Ask::Start { utc_offset_minutes: 120 }) };
        post.wants(1, start);
        post.heard(done(1));
        let handed = post.led_by(8);
        let Some(Handed::ToLeader(ToCore { id, what: What::Ask(Ask::Start { utc_offset_minutes: 120 }) })) =
            handed.first()
        else {
            panic!("the clock comes first: {handed:?}")
        };
        assert_eq!(post.heard(done(*id)), [], "its answer is for nobody");
    }

    #[test]
    fn a_text_that_was_sent_is_not_sent_again() {
        let mut post = Post::default();
        post.led_by(7);
        post.wants(1_000, send(1, "hello"));
        let handed = post.led_by(8);
        let [check] = checks(&handed)[..] else { panic!("it is looked for first: {handed:?}") };
        let said = post.heard(timeline(check, "hello", 1_005));
        let [Handed::ToPage(FromCore::Reply { id: 1, reply: Reply::Outcome(Outcome::Sent { .. }) })] =
            &said[..]
        else {
            panic!("the page hears that it was sent: {said:?}")
        };
    }

    #[test]
    fn a_text_that_was_lost_is_sent() {
        let mut post = Post::default();
        post.led_by(7);
        post.wants(1_000, send(1, "hello"));
        let [check] = checks(&post.led_by(8))[..] else { panic!("it is looked for first") };
        let older = post.heard(timeline(check, "hello", 999));
        assert_eq!(older, [Handed::ToLeader(send(1, "hello"))], "an older one of the same words is another");
    }

    #[test]
    fn two_texts_of_the_same_words_are_two() {
        let mut post = Post::default();
        post.led_by(7);
        post.wants(1_000, send(1, "hello"));
        post.wants(1_000, send(2, "hello"));
        let [first, second] = checks(&post.led_by(8))[..] else { panic!("both are looked for") };
        post.heard(timeline(first, "hello", 1_005));
        assert_eq!(post.heard(timeline(second, "hello", 1_005)), [Handed::ToLeader(send(2, "hello"))]);
    }

    fn send_files(id: u64, text: &str) -> ToCore {
        let file = FileChoice {
            source: FileSource::Handed(7),
            quality: Quality::Standard,
            send_as: screens::SendAs::Itself,
        };
        let action = Action::SendFiles {
            to: "ines".to_owned(),
            reply_to: None,
            text: text.to_owned(),
            files: vec![file],
        };
        ToCore { id, what: What::Action(action) }
    }

    #[test]
    fn files_that_are_on_their_way_are_not_sent_again_and_others_are() {
        let mut post = Post::default();
        post.led_by(7);
        post.wants(1_000, send_files(1, "lake"));
        post.wants(1_000, send_files(2, "house"));
        let [lake, house] = checks(&post.led_by(8))[..] else { panic!("both are looked for first") };
        let leaving = |check| {
            let FromCore::Reply { reply: Reply::Answer(answer), .. } = timeline(check, "lake", 1_005) else {
                panic!("a timeline")
            };
            let Answer::Timeline(mut timeline) = *answer else { panic!("a timeline") };
            let mut outgoing = media_samples::outgoing();
            (outgoing.text, outgoing.made.ms) = ("lake".to_owned(), 1_005);
            outgoing.attachments.truncate(1);
            timeline.outgoing = vec![outgoing];
            FromCore::Reply { id: check, reply: Reply::Answer(Box::new(Answer::Timeline(timeline))) }
        };
        let said = post.heard(leaving(lake));
        let [Handed::ToPage(FromCore::Reply { id: 1, reply: Reply::Outcome(Outcome::Sending { .. }) })] =
            &said[..]
        else {
            panic!("the page hears that they leave: {said:?}")
        };
        // The text of the same words has no files, so it is another one.
        assert_eq!(post.heard(leaving(house)), [Handed::ToLeader(send_files(2, "house"))]);
    }

    #[test]
    fn a_text_written_while_nobody_leads_needs_no_look() {
        let mut post = Post::default();
        post.wants(1_000, send(1, "hello"));
        assert_eq!(post.led_by(7), [Handed::ToLeader(send(1, "hello"))]);
    }

    #[test]
    fn more_than_a_page_ever_wants_is_refused() {
        let mut post = Post::default();
        for id in 0..PENDING_MAX as u64 {
            assert_eq!(post.wants(1, ask(id)), []);
        }
        assert!(matches!(post.wants(1, ask(9_999))[..], [Handed::ToPage(FromCore::Reply { id: 9_999, .. })]));
    }
}
