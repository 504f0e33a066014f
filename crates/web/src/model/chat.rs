//! One open chat: windows of messages put together into what is shown.

use screens::{Bubble, ChatHead, ChatId, Listing, MessageId, Timeline};

use super::{Mentioning, Writing};

/// An open chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// Which.
    pub id: ChatId,
    /// Head, banner and composer as last answered; its own messages are in `shown`.
    pub frame: Option<Timeline>,
    /// The head before the first answer, from the list.
    pub head: Option<ChatHead>,
    /// What stands between head and composer.
    pub shown: Shown,
    /// Ask with this for earlier ones.
    pub earlier: Option<u64>,
    /// Where the unread line stands: it stays until the chat is left.
    pub unread_line: Option<(MessageId, String)>,
    /// Why the last text was not taken.
    pub refused: Option<String>,
    /// Somebody is being mentioned in it.
    pub mentioning: Option<Mentioning>,
    /// What the next text is about.
    pub writing: Option<Writing>,
    /// The page is to go to this message.
    pub jump: Option<MessageId>,
    /// A message that is looked for among earlier ones, and how many pages more.
    seeks: Option<(MessageId, u32)>,
    /// Something changed while an answer was on its way.
    pub(super) stale: bool,
    seen_through: Option<MessageId>,
}

/// The messages, in each state they can be in.
pub type Shown = Listing<Bubble>;

/// Pages of earlier messages that are asked for to find one.
const SEEK_PAGES_MAX: u32 = 100;

/// How many messages come at a time: a screen or two, so that the first paint is quick.
pub const EARLIER_MESSAGES: u32 = 60;

impl Chat {
    /// Not answered yet.
    #[must_use]
    pub fn new(id: ChatId, head: Option<ChatHead>) -> Self {
        Self {
            id,
            frame: None,
            head,
            shown: Listing::Loading,
            earlier: None,
            unread_line: None,
            refused: None,
            mentioning: None,
            writing: None,
            jump: None,
            seeks: None,
            stale: false,
            seen_through: None,
        }
    }

    /// The newest messages are these. What was loaded above them stays. What comes while the person looks on (`seen`) is
    /// not set apart by an unread line, but for what was there when the chat was opened.
    pub fn newest(&mut self, mut timeline: Timeline, seen: bool) {
        let window = std::mem::replace(&mut timeline.bubbles, Listing::Loading);
        self.head = Some(timeline.head.clone());
        let Listing::Rows(window) = window else {
            self.shown = window;
            self.earlier = None;
            self.frame = Some(timeline);
            return;
        };
        let above = self.above(&window);
        if above.is_empty() {
            self.earlier = timeline.earlier;
        }
        let first = self.frame.is_none();
        if self.unread_line.is_none() && (first || !seen) {
            let line = |bubble: &Bubble| Some((bubble.id.clone(), bubble.unread_line.clone()?));
            self.unread_line = window.iter().find_map(line);
        }
        self.shown = Listing::Rows(above.into_iter().chain(window).collect());
        self.frame = Some(timeline);
    }

    /// These come before the first one shown.
    pub fn earlier(&mut self, timeline: Timeline) {
        let (Listing::Rows(mut rows), Listing::Rows(shown)) = (timeline.bubbles, &self.shown) else {
            self.earlier = None;
            return;
        };
        rows.retain(|row| shown.iter().all(|bubble| bubble.id != row.id));
        rows.extend(shown.iter().cloned());
        self.shown = Listing::Rows(rows);
        self.earlier = timeline.earlier;
    }

    /// Looks for a message.
    pub(super) fn seek(&mut self, id: MessageId) {
        self.seeks = Some((id, SEEK_PAGES_MAX));
    }

    /// Whether a message that is looked for may be among earlier ones; if it is shown, the page goes to it.
    pub(super) fn still_seeks(&mut self) -> bool {
        let Some((id, pages)) = self.seeks.take() else { return false };
        let Listing::Rows(rows) = &self.shown else { return false };
        if rows.iter().any(|row| row.id == id) {
            self.jump = Some(id);
            return false;
        }
        let goes_on = pages > 0 && self.earlier.is_some();
        self.seeks = goes_on.then(|| (id, pages - 1));
        goes_on
    }

    /// A single message changed: its marks and words, not its place.
    pub fn changed(&mut self, one: Bubble) {
        let Listing::Rows(rows) = &mut self.shown else { return };
        if let Some(row) = rows.iter_mut().find(|row| row.id == one.id) {
            *row = Bubble { day: row.day.take(), unread_line: row.unread_line.take(), turn: row.turn, ..one };
        }
    }

    /// Whether a message is shown and no longer among the newest, which are asked for anyway.
    pub(super) fn holds_above(&self, id: &MessageId) -> bool {
        let Listing::Rows(rows) = &self.shown else { return false };
        let above = rows.len().saturating_sub(EARLIER_MESSAGES as usize);
        rows.iter().take(above).any(|row| row.id == *id)
    }

    /// The last message of others, when it is unread and was not marked yet.
    pub(super) fn newly_seen(&mut self) -> Option<(ChatId, MessageId)> {
        let Listing::Rows(rows) = &self.shown else { return None };
        let last = rows.iter().rev().find(|row| row.unread)?;
        if self.seen_through.as_ref() == Some(&last.id) {
            return None;
        }
        self.seen_through = Some(last.id.clone());
        Some((self.id.clone(), last.id.clone()))
    }

    /// What is shown above a window; nothing when the two do not meet, because then messages in between are not known.
    fn above(&self, window: &[Bubble]) -> Vec<Bubble> {
        let (Listing::Rows(rows), Some(first)) = (&self.shown, window.first()) else { return Vec::new() };
        let met = rows.iter().position(|row| row.id == first.id).unwrap_or(0);
        let known = |row: &&Bubble| window.iter().all(|bubble| bubble.id != row.id);
        rows.iter().take(met).filter(known).cloned().collect()
    }
}
