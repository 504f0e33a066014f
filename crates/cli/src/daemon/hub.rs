//! Who listens, and what they hear. Each message goes to everybody who listens at that moment, and waits while nobody
//! does; once it was handed over it counts as read.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use host_native::{Heard, Notices};
use screens::{Action, Answer, Ask, Bubble, ChatId, Mark, Me, MessageId, Notice};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::bot::{Bot, Bots};
use super::envelope;

/// Something that listeners hear.
pub struct Event {
    /// Counts up from 1 in each run.
    pub number: u64,
    /// `receive`, or `request` for somebody who knocks.
    pub method: &'static str,
    /// JSON.
    pub params: String,
    /// The message that it hands over, and whose.
    message: Option<(usize, ChatId, MessageId)>,
    /// Somebody has it.
    handed: AtomicBool,
}

impl Event {
    /// Whether a new listener hears it, although it was told before.
    fn is_for(&self, since: Since) -> bool {
        match since {
            // A message that was told to somebody who went before it was handed over waits for the next one.
            Since::Now => self.message.is_some() && !self.handed.load(Ordering::Relaxed),
            Since::After(number) => self.number > number,
            Since::Kept => true,
        }
    }
}

/// Where listeners come from.
#[derive(Clone)]
pub struct Hub {
    said: mpsc::Sender<Said>,
}

enum Said {
    Join(Ear, Since),
    /// It was handed over.
    Done(Arc<Event>),
}

/// What a new listener hears of what was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Nothing that somebody heard.
    Now,
    /// What came after this number.
    After(u64),
    /// Everything that is kept: what was heard last is not known any more.
    Kept,
}

/// One who listens.
pub struct Listener {
    events: mpsc::Receiver<Arc<Event>>,
    waiting_bytes: Arc<AtomicUsize>,
    said: mpsc::Sender<Said>,
}

/// The other end of a [`Listener`].
struct Ear {
    events: mpsc::Sender<Arc<Event>>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Hub {
    /// Begins; what is told comes from the cores until they are closed.
    pub fn start(bots: Bots, leave_unread: bool) -> (Self, impl Future<Output = ()>) {
        let notices = bots.iter().map(|bot| bot.core.notices()).collect();
        let (said, saying) = mpsc::channel(SAID_WAITING_MAX);
        let desk = Desk {
            bots,
            leave_unread,
            ears: Vec::new(),
            known: Known::default(),
            kept: Kept::default(),
            number: 0,
        };
        (Self { said }, desk.run(saying, notices))
    }

    /// Listens from now on; nothing when the hub ended.
    pub async fn listen(&self, since: Since) -> Option<Listener> {
        let (events, heard) = mpsc::channel(LISTENER_EVENTS_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let ear = Ear { events, waiting_bytes: waiting_bytes.clone() };
        self.said.send(Said::Join(ear, since)).await.ok()?;
        Some(Listener { events: heard, waiting_bytes, said: self.said.clone() })
    }
}

impl Listener {
    /// The next event; nothing when this listener was too slow, or the program ends. May be dropped while waiting.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        let event = self.events.recv().await?;
        self.waiting_bytes.fetch_sub(event.params.len(), Ordering::Relaxed);
        Some(event)
    }

    /// The same without a task of one's own.
    pub fn poll_next(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Option<Arc<Event>>> {
        self.events.poll_recv(context).map(|event| {
            event.inspect(|event| {
                self.waiting_bytes.fetch_sub(event.params.len(), Ordering::Relaxed);
                // Whoever takes it hands it over at once.
                event.handed.store(true, Ordering::Relaxed);
                let _ = self.said.try_send(Said::Done(event.clone()));
            })
        })
    }

    /// It was handed over.
    pub async fn done(&self, event: Arc<Event>) {
        event.handed.store(true, Ordering::Relaxed);
        if event.message.is_some() {
            let _ = self.said.send(Said::Done(event)).await;
        }
    }
}

impl Ear {
    /// Queues an event; `false` when too much waits already.
    fn hear(&self, event: &Arc<Event>) -> bool {
        let bytes = event.params.len();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        waiting <= LISTENER_BYTES_MAX && self.events.try_send(event.clone()).is_ok()
    }
}

/// The task behind a [`Hub`].
struct Desk {
    bots: Bots,
    leave_unread: bool,
    ears: Vec<Ear>,
    known: Known,
    kept: Kept,
    number: u64,
}

impl Desk {
    async fn run(mut self, mut saying: mpsc::Receiver<Said>, all: Vec<Notices>) {
        let (hears, mut notices) = mpsc::channel(NOTICES_WAITING_MAX);
        let mut tasks = JoinSet::new();
        for (at, said) in all.into_iter().enumerate() {
            tasks.spawn(pass_on(at, said, hears.clone()));
        }
        drop(hears);
        loop {
            tokio::select! {
                said = saying.recv() => match said {
                    Some(Said::Join(ear, since)) => self.join(ear, since).await,
                    Some(Said::Done(event)) => self.done(event, &mut saying).await,
                    None => return,
                },
                heard = notices.recv() => match heard {
                    Some(heard) => self.heard(heard, &mut notices).await,
                    None => return,
                },
            }
        }
    }

    async fn join(&mut self, ear: Ear, since: Since) {
        if self.kept.events.iter().filter(|event| event.is_for(since)).all(|event| ear.hear(event)) {
            self.ears.push(ear);
        }
        self.messages().await;
    }

    /// What was handed over is read, the last message of each chat for all before it.
    async fn done(&mut self, event: Arc<Event>, saying: &mut mpsc::Receiver<Said>) {
        let mut through: Vec<(usize, ChatId, MessageId)> = Vec::new();
        let mut joins = Vec::new();
        let mut next = Some(Said::Done(event));
        while let Some(said) = next {
            match said {
                Said::Join(ear, since) => joins.push((ear, since)),
                Said::Done(event) => {
                    if let Some((at, chat, message)) = event.message.clone() {
                        through.retain(|(whose, other, _)| (*whose, other) != (at, &chat));
                        through.push((at, chat, message));
                    }
                }
            }
            next = saying.try_recv().ok();
        }
        if !self.leave_unread {
            for (at, chat, through) in through {
                // What cannot be marked now comes again at the next start.
                self.bots[at].core.act(Action::MarkRead { chat, through }).await;
            }
        }
        for (ear, since) in joins {
            self.join(ear, since).await;
        }
    }

    async fn heard(&mut self, heard: (usize, Heard), notices: &mut mpsc::Receiver<(usize, Heard)>) {
        let mut look = false;
        let mut next = Some(heard);
        // A storm of notices is one look at the messages.
        while let Some((at, heard)) = next {
            let bot = self.bots[at].clone();
            match heard {
                Heard::Notice(Notice::Message { own: false, .. } | Notice::Chats) | Heard::Missed => {
                    look = true
                }
                Heard::Notice(Notice::Account) => {
                    bot.ask_who_we_are().await;
                    look = true;
                }
                Heard::Notice(Notice::Receipt { id, mark, .. }) => self.receipt(&bot, id, mark).await,
                Heard::Notice(Notice::Reaction { id, from, emoji, taken_back, .. }) => {
                    let own = from.id == bot.me().id;
                    let shown = |me: &Me, to: &Bubble| {
                        envelope::reaction(me, &from, to, now_ms(), &emoji, taken_back)
                    };
                    if !own {
                        self.about(&bot, id, shown).await;
                    }
                }
                Heard::Notice(Notice::Edit { id, .. }) => {
                    self.about_others(&bot, id, |me, to| envelope::edit(me, to, now_ms())).await;
                }
                Heard::Notice(Notice::Delete { id, .. }) => {
                    self.about_others(&bot, id, |me, to| envelope::deletion(me, to, now_ms())).await;
                }
                Heard::Notice(Notice::Typing { chat, from, on, .. }) => {
                    let params = envelope::typing(&bot.me(), &from, &chat, now_ms(), on);
                    self.tell("receive", &params, None);
                }
                Heard::Notice(Notice::Request { who }) => {
                    let account = envelope::account(&bot.me()).to_owned();
                    self.tell("request", &json!({ "uuid": who, "account": account }), None);
                }
                Heard::Notice(_) => {}
            }
            next = notices.try_recv().ok();
        }
        if look {
            self.messages().await;
        }
    }

    /// Everything that is not read and was not told yet, account by account, oldest first.
    async fn messages(&mut self) {
        for (at, bot) in self.bots.clone().iter().enumerate() {
            self.messages_of(at, bot).await;
        }
    }

    async fn messages_of(&mut self, at: usize, bot: &Bot) {
        let mut skip = 0;
        while !self.ears.is_empty() {
            let ask = Ask::Unread { skip, limit: LOOK_MESSAGES };
            let Answer::Unread { bubbles, more } = bot.core.ask(ask).await else { return };
            skip += u32::try_from(bubbles.len()).unwrap_or(u32::MAX);
            for bubble in bubbles {
                // Two accounts may be in one group: each is told.
                if self.known.is_new(&MessageId(format!("{at} {}", bubble.id))) {
                    let params = envelope::message(&bot.me(), &bubble);
                    let Bubble { chat, id, .. } = bubble;
                    self.tell("receive", &params, Some((at, chat, id)));
                }
            }
            if !more {
                return;
            }
        }
    }

    /// Something happened to a message.
    async fn about(&mut self, bot: &Bot, id: MessageId, shown: impl Fn(&Me, &Bubble) -> Value) {
        if self.ears.is_empty() {
            return;
        }
        if let Answer::Message(bubble) = bot.core.ask(Ask::Message { id }).await {
            let params = shown(&bot.me(), &bubble);
            self.tell("receive", &params, None);
        }
    }

    /// The same, when the message is of somebody else: what one does oneself one knows.
    async fn about_others(&mut self, bot: &Bot, id: MessageId, shown: impl Fn(&Me, &Bubble) -> Value) {
        if let Answer::Message(bubble) = bot.core.ask(Ask::Message { id: id.clone() }).await
            && !bubble.own
        {
            self.about(bot, id, shown).await;
        }
    }

    /// In a group a mark is told when everybody has: each of them says so.
    async fn receipt(&mut self, bot: &Bot, id: MessageId, mark: Mark) {
        if self.ears.is_empty() || mark < Mark::Delivered {
            return;
        }
        let Answer::Message(bubble) = bot.core.ask(Ask::Message { id }).await else { return };
        let mut people = Vec::new();
        if let Answer::Contact(person) = bot.core.ask(Ask::Contact { who: bubble.chat.0.clone() }).await {
            people.push(person);
        } else if let Answer::Group(page) = bot.core.ask(Ask::Group { group: bubble.chat.0.clone() }).await {
            people.extend(page.members.into_iter().filter(|row| !row.you).map(|row| row.person));
        }
        for person in people {
            let mut params = envelope::receipt(&bot.me(), &person, now_ms(), bubble.sent.ms, mark);
            params["envelope"]["valise"] = json!({ "id": bubble.id, "chat": bubble.chat, "note": null });
            self.tell("receive", &params, None);
        }
    }

    fn tell(&mut self, method: &'static str, params: &Value, message: Option<(usize, ChatId, MessageId)>) {
        self.number += 1;
        let (number, params) = (self.number, params.to_string());
        let event = Arc::new(Event { number, method, params, message, handed: AtomicBool::new(false) });
        self.kept.keep(event.clone());
        let before = self.ears.len();
        self.ears.retain(|ear| !ear.events.is_closed() && ear.hear(&event));
        for _ in self.ears.len()..before {
            super::tell("A listener is gone, or did not take what it was told, and is told no more.");
        }
    }
}

/// What an account's core says goes to the desk with its number.
async fn pass_on(at: usize, mut notices: Notices, desk: mpsc::Sender<(usize, Heard)>) {
    while let Some(heard) = notices.next().await {
        if desk.send((at, heard)).await.is_err() {
            return;
        }
    }
}

/// The last events, for a listener that comes back.
#[derive(Default)]
struct Kept {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, event: Arc<Event>) {
        self.bytes += event.params.len();
        self.events.push_back(event);
        while self.events.len() > KEPT_EVENTS_MAX || self.bytes > KEPT_BYTES_MAX {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= oldest.params.len();
        }
    }
}

/// Which messages were told in this run, by hashes that nobody outside can aim at.
#[derive(Default)]
struct Known {
    keys: RandomState,
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    fn is_new(&mut self, id: &MessageId) -> bool {
        let hash = self.keys.hash_one(id);
        if !self.hashes.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        true
    }
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Notices of all accounts that wait for the desk; the cores keep more.
const NOTICES_WAITING_MAX: usize = 64;
/// What waits for the hub; whoever has more to say waits.
const SAID_WAITING_MAX: usize = 1_024;
/// Events that wait for one listener; whoever leaves more lying is told no more.
const LISTENER_EVENTS_MAX: usize = 1_024;
/// Bytes of them: with the most listeners there may be, a part of what this program may take.
const LISTENER_BYTES_MAX: usize = 1024 * 1024;
/// Events kept for a listener that comes back.
const KEPT_EVENTS_MAX: usize = 1_000;
/// Bytes of them.
const KEPT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Messages asked for at once.
const LOOK_MESSAGES: u32 = 50;
/// Messages remembered in one run as told.
const KNOWN_MAX: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, bytes: usize) -> Arc<Event> {
        let message = Some((0, ChatId("c".into()), MessageId(number.to_string())));
        let (params, handed) = ("x".repeat(bytes), AtomicBool::new(false));
        Arc::new(Event { number, method: "receive", params, message, handed })
    }

    fn pair() -> (Ear, Listener) {
        let (events, heard) = mpsc::channel(LISTENER_EVENTS_MAX);
        let (said, _) = mpsc::channel(1);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        (
            Ear { events, waiting_bytes: waiting_bytes.clone() },
            Listener { events: heard, waiting_bytes, said },
        )
    }

    #[tokio::test]
    async fn who_takes_what_is_told_hears_everything() {
        let (ear, mut listener) = pair();
        for number in 0..5 {
            assert!(ear.hear(&event(number, LISTENER_BYTES_MAX / 2)));
            assert_eq!(listener.next().await.unwrap().number, number);
        }
    }

    #[test]
    fn who_leaves_too_much_lying_is_told_no_more() {
        let (ear, _listener) = pair();
        assert!((0..LISTENER_EVENTS_MAX as u64).all(|number| ear.hear(&event(number, 1))));
        assert!(!ear.hear(&event(0, 1)));
        let (ear, _listener) = pair();
        assert!(ear.hear(&event(0, LISTENER_BYTES_MAX)) && !ear.hear(&event(1, 1)));
    }

    #[tokio::test]
    async fn what_nobody_has_yet_is_for_the_next_one() {
        let (_, listener) = pair();
        let told = event(4, 1);
        assert!(told.is_for(Since::Now) && told.is_for(Since::After(3)) && !told.is_for(Since::After(4)));
        listener.done(told.clone()).await;
        assert!(!told.is_for(Since::Now) && told.is_for(Since::Kept));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut kept = Kept::default();
        (0..3_000).for_each(|number| kept.keep(event(number, 10)));
        assert_eq!((kept.events.len(), kept.events[0].number), (KEPT_EVENTS_MAX, 2_000));
        kept.keep(event(9, KEPT_BYTES_MAX));
        assert_eq!((kept.events.len(), kept.bytes), (1, KEPT_BYTES_MAX));
    }

    #[test]
    fn each_message_is_told_once() {
        let mut known = Known::default();
        let id = MessageId("a".into());
        assert!(known.is_new(&id) && !known.is_new(&id));
        (0..KNOWN_MAX).for_each(|n| assert!(known.is_new(&MessageId(n.to_string()))));
        assert_eq!(known.order.len(), KNOWN_MAX);
    }
}
