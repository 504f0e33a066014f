//! One open chat: windows of messages put together into what is shown, and which part of it.

use screens::{Bubble, ChatHead, ChatId, Composer, Listing, MessageId, Timeline};

use super::{Line, Writing};
use crate::full::lay;

/// An open chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// Which.
    pub id: ChatId,
    /// Head, banner and composer as last answered; its own messages are in `shown`.
    pub frame: Option<Timeline>,
    /// The head before the first answer, from the list.
    pub head: Option<ChatHead>,
    /// The messages, in each state they can be in.
    pub shown: Listing<Bubble>,
    /// Ask with this for earlier ones.
    pub earlier: Option<u64>,
    /// Where the unread line stands: it stays until the chat is left.
    pub unread_line: Option<(MessageId, String)>,
    /// What is being written.
    pub line: Line,
    /// Why the last text was not taken.
    pub refused: Option<String>,
    /// Which part is on the screen.
    pub view: View,
    /// The message that keys act on.
    pub chosen: Option<MessageId>,
    /// What the next text is, when it is not a message by itself.
    pub writing: Option<Writing>,
    /// A message that is looked for.
    pub(super) seek: Option<MessageId>,
    /// Something changed while an answer was on its way.
    pub(super) stale: bool,
    seen_through: Option<MessageId>,
}

/// Which part of the messages is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// The end, whatever comes.
    Newest,
    /// What was looked for stays where it is.
    Held {
        /// The message at the foot.
        foot: MessageId,
        /// Rows of it that are below the screen.
        below: usize,
    },
}

/// How many messages come at a time: a screen or two, so that the first paint is quick.
pub const WINDOW_MESSAGES: u32 = 60;

impl Chat {
    /// Not answered yet.
    pub fn new(id: ChatId, head: Option<ChatHead>, line: Line) -> Self {
        Self {
            id,
            frame: None,
            head,
            shown: Listing::Loading,
            earlier: None,
            unread_line: None,
            line,
            refused: None,
            view: View::Newest,
            chosen: None,
            writing: None,
            seek: None,
            stale: false,
            seen_through: None,
        }
    }

    /// A text that was not taken is there to be written again, as what it was.
    pub(super) fn take_back(&mut self, text: String, writing: Option<Writing>) {
        match writing {
            Some(Writing::Edit { bubble, .. }) if self.writing.is_none() => {
                let before = self.line.take();
                self.line = Line::with(text);
                self.writing = Some(Writing::Edit { bubble, before });
            }
            writing => {
                self.line.give_back(&text);
                self.writing = self.writing.take().or(writing);
            }
        }
    }

    /// The messages, when there are any.
    pub fn rows(&self) -> &[Bubble] {
        match &self.shown {
            Listing::Rows(rows) => rows,
            _ => &[],
        }
    }

    /// The message that keys act on.
    pub fn chosen(&self) -> Option<&Bubble> {
        let id = self.chosen.as_ref()?;
        self.rows().iter().find(|row| row.id == *id)
    }

    /// Where one writes, once it is known.
    pub fn composer(&self) -> Option<&Composer> {
        self.frame.as_ref().map(|frame| &frame.composer)
    }

    /// Why what was written cannot be sent as it is.
    pub fn too_long(&self) -> Option<&str> {
        match self.composer() {
            Some(Composer::Open { bytes_max, too_long, .. })
                if self.line.text().len() > *bytes_max as usize =>
            {
                Some(too_long)
            }
            _ => None,
        }
    }

    /// A message with the lines above it as they stand in this chat.
    pub fn lines_above<'a>(&'a self, bubble: &'a Bubble) -> lay::Above<'a> {
        let unread =
            self.unread_line.as_ref().filter(|(id, _)| *id == bubble.id).map(|(_, line)| line.as_str());
        let group = self.head.as_ref().is_some_and(|head| head.group);
        let begins = matches!(bubble.turn, screens::Turn::Single | screens::Turn::First);
        // Between two people everybody knows who it is, and a line about the group says it.
        let named = group && begins && !bubble.own && bubble.notice.is_none();
        let name = named.then_some(bubble.from.name.as_str());
        lay::Above { day: bubble.day.as_deref(), unread, name, gap: begins }
    }

    fn height(&self, bubble: &Bubble, columns: u16) -> usize {
        lay::block(bubble, self.lines_above(bubble), columns).len()
    }

    /// The messages on the screen, the lowest first, each with how many of its rows are below the foot.
    pub fn foot(&self) -> (usize, usize) {
        let rows = self.rows();
        match &self.view {
            View::Newest => (rows.len(), 0),
            View::Held { foot, below } => match rows.iter().position(|row| row.id == *foot) {
                Some(at) => (at + 1, *below),
                None => (rows.len(), 0),
            },
        }
    }

    /// Goes up or down by rows of the screen; returns `true` when the beginning of what is known came into view.
    pub fn scroll(&mut self, rows: i32, columns: u16, height: u16) -> bool {
        let wanted = usize::try_from(rows.unsigned_abs()).unwrap_or(usize::MAX);
        if rows < 0 {
            self.scroll_up(wanted, columns, usize::from(height))
        } else {
            self.scroll_down(wanted, columns)
        }
    }

    fn scroll_up(&mut self, wanted: usize, columns: u16, height: usize) -> bool {
        let (end, below) = self.foot();
        // So many rows are above the foot, as far as anybody asks.
        let (mut above, mut whole) = (0, true);
        for bubble in self.rows().iter().take(end).rev() {
            above += self.height(bubble, columns);
            if above > below + wanted + height {
                whole = false;
                break;
            }
        }
        let possible = above.saturating_sub(below + height).min(wanted);
        self.hold(end, below + possible, columns);
        whole
    }

    fn scroll_down(&mut self, wanted: usize, columns: u16) -> bool {
        let (mut end, mut below) = self.foot();
        let mut left = wanted;
        while left > below {
            left -= below;
            let Some(next) = self.rows().get(end) else {
                self.view = View::Newest;
                return false;
            };
            below = self.height(next, columns);
            end += 1;
        }
        self.hold(end, below - left, columns);
        false
    }

    /// Holds the message before `end`, with so many rows below the foot; whole messages below it are not counted.
    fn hold(&mut self, mut end: usize, mut below: usize, columns: u16) {
        while let Some(bubble) = end.checked_sub(1).and_then(|at| self.rows().get(at)) {
            let height = self.height(bubble, columns);
            if below < height {
                let newest = end == self.rows().len() && below == 0;
                self.view = if newest { View::Newest } else { View::Held { foot: bubble.id.clone(), below } };
                return;
            }
            below -= height;
            end -= 1;
        }
    }

    /// Chooses the message so many further down, or the last one; brings it onto the screen. `false` below the last.
    pub fn choose(&mut self, step: i32, columns: u16, height: u16) -> bool {
        let rows = self.rows();
        let chosen = self.chosen.as_ref().and_then(|id| rows.iter().position(|row| row.id == *id));
        let last = rows.len().saturating_sub(1);
        let at = match chosen {
            None => self.foot().0.saturating_sub(1),
            Some(at) if step < 0 => at.saturating_sub(step.unsigned_abs() as usize),
            Some(at) if at == last => return false,
            Some(at) => (at + step.unsigned_abs() as usize).min(last),
        };
        self.chosen = rows.get(at).map(|row| row.id.clone());
        self.bring_into_view(at, columns, height);
        true
    }

    /// Chooses this message and brings it onto the screen.
    pub fn choose_this(&mut self, id: &MessageId, columns: u16, height: u16) {
        if let Some(at) = self.rows().iter().position(|row| row.id == *id) {
            self.chosen = Some(id.clone());
            self.bring_into_view(at, columns, height);
        }
    }

    fn bring_into_view(&mut self, at: usize, columns: u16, height: u16) {
        let (end, below) = self.foot();
        if at >= end || (at + 1 == end && below > 0) {
            return self.hold(at + 1, 0, columns);
        }
        let rows_to = |from: usize, to: usize| -> usize {
            self.rows().iter().take(to).skip(from).map(|bubble| self.height(bubble, columns)).sum()
        };
        let needed = rows_to(at, end).saturating_sub(below);
        if needed > usize::from(height) {
            // Its beginning at the head, or its end at the foot when it is longer than the screen.
            let own = rows_to(at, at + 1);
            let beneath =
                if own >= usize::from(height) { needed - own } else { needed - usize::from(height) };
            self.hold(end, below + beneath, columns);
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
        let mut above = self.above(&window);
        // Who reads the newest again does not need all that was looked through.
        if self.view == View::Newest && self.chosen.is_none() && above.len() > KEPT_MESSAGES {
            above.clear();
        }
        if above.is_empty() {
            self.earlier = timeline.earlier;
        }
        let first = self.frame.is_none();
        if self.unread_line.is_none() && (first || !seen) {
            let line = |bubble: &Bubble| Some((bubble.id.clone(), bubble.unread_line.clone()?));
            self.unread_line = window.iter().find_map(line);
        }
        self.shown = Listing::Rows(joined(above, window));
        self.frame = Some(timeline);
    }

    /// These come before the first one shown.
    pub fn earlier(&mut self, timeline: Timeline) {
        let (Listing::Rows(mut rows), Listing::Rows(shown)) = (timeline.bubbles, &self.shown) else {
            self.earlier = None;
            return;
        };
        rows.retain(|row| shown.iter().all(|bubble| bubble.id != row.id));
        self.shown = Listing::Rows(joined(rows, shown.clone()));
        self.earlier = timeline.earlier;
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
        let above = self.rows().len().saturating_sub(WINDOW_MESSAGES as usize);
        self.rows().iter().take(above).any(|row| row.id == *id)
    }

    /// The last message of others, when it is unread and was not marked yet.
    pub(super) fn newly_seen(&mut self) -> Option<(ChatId, MessageId)> {
        let last = self.rows().iter().rev().find(|row| row.unread)?.id.clone();
        if self.seen_through.as_ref() == Some(&last) {
            return None;
        }
        self.seen_through = Some(last.clone());
        Some((self.id.clone(), last))
    }

    /// What is shown above a window; nothing when the two do not meet, because then messages in between are not known.
    fn above(&self, window: &[Bubble]) -> Vec<Bubble> {
        let (Listing::Rows(rows), Some(first)) = (&self.shown, window.first()) else { return Vec::new() };
        let met = rows.iter().position(|row| row.id == first.id).unwrap_or(0);
        let known = |row: &&Bubble| window.iter().all(|bubble| bubble.id != row.id);
        rows.iter().take(met).filter(known).cloned().collect()
    }
}

/// Two windows as one. Each begins with its day; a day that goes on is said once.
fn joined(mut above: Vec<Bubble>, mut window: Vec<Bubble>) -> Vec<Bubble> {
    let day = above.iter().rev().find_map(|row| row.day.clone());
    if let Some(first) = window.first_mut()
        && day.is_some()
        && first.day == day
    {
        first.day = None;
    }
    above.append(&mut window);
    above
}

/// Messages kept above the newest window when nobody looks at them: keeps the memory of a long evening bounded.
const KEPT_MESSAGES: usize = 500;
