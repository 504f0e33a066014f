//! Places: telling one, once or live, and the map of a chat.
//!
//! A position is asked for in three cases only: the person presses the button that finds it, begins to tell it live, or lets a
//! live place go on that was begun before the page was opened.

use screens::{Action, Ask, Bubble, ChatId, HowPrecisely, LivePlaceRow, MessageId, Outcome, Spot, What};
use vocab::{Fix, Position, Timestamp};

use super::{Chore, Dialog, Model, Purpose, Stage};
use crate::locate::{Located, NoPosition};

/// What the page knows of where it is. Not kept: the next page begins without it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Here {
    /// The newest position that the browser told.
    pub fix: Option<Fix>,
    /// It is being looked for.
    pub asked: bool,
    /// Why the last look found none.
    pub trouble: Option<NoPosition>,
    /// Every new position is told to the live places that this device feeds.
    pub feeds: bool,
    /// When one was told last, by the clock of the positions.
    fed: Option<Timestamp>,
}

/// A place that is about to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Sharing {
    /// Where to.
    pub chat: ChatId,
    /// For how long; nothing to tell it once.
    pub lasts: Option<Lasts>,
    /// How precisely.
    pub precision: HowPrecisely,
    /// What it is called.
    pub label: String,
    /// What was chosen on the map, in the place of where one is.
    pub chosen: Option<Position>,
    /// An answer is awaited.
    pub busy: bool,
    /// Why it was not done.
    pub refused: Option<String>,
}

/// How long a live place lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    Hour,
    /// A working day.
    Day,
}

/// A chat's map.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMap {
    /// Which chat.
    pub chat: ChatId,
    /// The message it was opened from, as it was then: its place is shown even when it is not live.
    pub opened: Option<Box<Bubble>>,
    /// Those that are live; nothing before they came.
    pub live: Option<Vec<Bubble>>,
}

impl ChatMap {
    /// All places on the map, that of the message it was opened from first.
    #[must_use]
    pub fn shown(&self) -> Vec<Bubble> {
        let live = self.live.as_deref().unwrap_or_default();
        let opened = self.opened.as_deref().filter(|opened| live.iter().all(|one| one.id != opened.id));
        // One that has ended meanwhile is where nobody is any more.
        let stands =
            |one: &&Bubble| !(self.live.is_some() && one.place.as_ref().is_some_and(|place| place.live));
        let mut shown: Vec<Bubble> = opened.filter(stands).into_iter().chain(live).cloned().collect();
        if let Some(opened) = &self.opened {
            shown.sort_by_key(|one| one.id != opened.id);
        }
        shown
    }
}

impl Lasts {
    /// All, the shortest first.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Hour, Self::Day];

    /// As an action says it.
    fn typed(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::Day => "8h",
        }
    }
}

/// Where a spot is; nothing for one that no core of ours tells.
#[must_use]
pub fn position(spot: &Spot) -> Option<Position> {
    Position::new(spot.latitude, spot.longitude).ok()
}

/// What the person does.
impl Model {
    /// Opens the window in which a place is told.
    pub fn share_place(&mut self, chat: &ChatId) {
        let Some(main) = self.main() else { return };
        main.dialog = Some(Dialog::Place(Box::new(Sharing {
            chat: chat.clone(),
            lasts: None,
            precision: HowPrecisely::Exact,
            label: String::new(),
            chosen: None,
            busy: false,
            refused: None,
        })));
        self.here.trouble = None;
    }

    /// The chat that is open, if one is.
    #[must_use]
    pub fn open_chat_id(&self) -> Option<ChatId> {
        match &self.stage {
            Stage::Main(main) => main.chat().map(|chat| chat.id.clone()),
            _ => None,
        }
    }

    /// Chooses something else in that window.
    pub fn set_sharing(&mut self, change: impl FnOnce(&mut Sharing)) {
        if let Some(sharing) = self.sharing() {
            sharing.refused = None;
            change(sharing);
        }
    }

    /// Looks for where one is. The person has pressed what says so.
    pub fn locate(&mut self) {
        if !self.here.asked {
            (self.here.asked, self.here.trouble) = (true, None);
            let exactly = self.exactly();
            self.chores.push(Chore::Locate { exactly });
        }
    }

    /// The browser told where it is, or why not.
    pub fn located(&mut self, located: Located) {
        self.here.asked = false;
        match located {
            Ok(fix) => {
                (self.here.fix, self.here.trouble) = (Some(fix), None);
                if let Some(sharing) = self.sharing() {
                    sharing.chosen = None;
                }
                self.feed(fix);
            }
            Err(why) => {
                self.here.trouble = Some(why);
                // It may not be asked again; what was told last stays with the others until it ends.
                if why != NoPosition::NotFound {
                    self.stop_feeding();
                }
            }
        }
    }

    /// One of those that are told as one moves.
    pub fn moved(&mut self, located: Located) {
        if self.here.feeds {
            let chosen = self.sharing().and_then(|sharing| sharing.chosen);
            self.located(located);
            self.set_sharing(|sharing| sharing.chosen = chosen);
        }
    }

    /// Tells the place in the window.
    pub fn tell_place(&mut self) {
        let here = self.here.fix;
        let Some(sharing) = self.sharing() else { return };
        let (to, label, precision) = (sharing.chat.0.clone(), sharing.label.clone(), sharing.precision);
        let action = match (sharing.lasts, sharing.chosen, here) {
            (Some(lasts), _, Some(_)) => {
                let (lasts, every) = (lasts.typed().to_owned(), EVERY.to_owned());
                Action::StartLive { to, lasts, every, precision, label }
            }
            (None, Some(chosen), _) => {
                Action::SharePlace { to, at: chosen.to_string(), accuracy: 0, precision, label }
            }
            (None, None, Some(fix)) => Action::SharePlace {
                to,
                at: fix.position.to_string(),
                accuracy: fix.accuracy,
                precision,
                label,
            },
            (_, _, None) => return,
        };
        sharing.busy = true;
        let (chat, live) = (sharing.chat.clone(), sharing.lasts.is_some());
        self.act(action, Purpose::TellPlace { chat, live });
    }

    /// Tells where one is to live places that were begun here before this page was opened.
    pub fn go_on_telling(&mut self) {
        self.begin_feeding();
    }

    /// Ends live places of one's own: one, or all.
    pub fn stop_telling(&mut self, message: Option<MessageId>) {
        let message = message.map(|id| id.0);
        self.act(Action::StopLive { message }, Purpose::StopTelling);
    }

    /// Opens the map of a chat, at the place of a message or at all that are live.
    pub fn show_map(&mut self, chat: &ChatId, opened: Option<&Bubble>) {
        let Some(main) = self.main() else { return };
        let opened = opened.cloned().map(Box::new);
        main.dialog = Some(Dialog::Map(Box::new(ChatMap { chat: chat.clone(), opened, live: None })));
        self.here.trouble = None;
        self.ask_map();
    }
}

/// What the core says.
impl Model {
    pub(super) fn place_came_of(&mut self, purpose: &Purpose, outcome: Outcome) {
        match (purpose, outcome) {
            (Purpose::TellPlace { .. }, Outcome::Refused { sentence, .. }) => {
                if let Some(sharing) = self.sharing() {
                    (sharing.busy, sharing.refused) = (false, Some(sentence));
                }
            }
            (Purpose::TellPlace { chat, live }, _) => {
                if self.sharing().is_some() {
                    self.close_dialog();
                }
                if *live {
                    // Known already, and told before the next one is found.
                    self.here.fed = None;
                    let fix = self.here.fix;
                    self.begin_feeding();
                    fix.into_iter().for_each(|fix| self.feed(fix));
                }
                self.ask_newest(chat.clone());
                self.ask_chats();
            }
            (Purpose::StopTelling, outcome) => {
                if let Outcome::Refused { sentence, .. } = outcome {
                    self.say(sentence);
                }
                self.ask_chats();
            }
            _ => {}
        }
    }

    pub(super) fn map_came(&mut self, id: &ChatId, places: Vec<Bubble>) {
        if let Some(Dialog::Map(map)) = self.dialog()
            && map.chat == *id
        {
            map.live = Some(places);
        }
    }

    /// Something changed that a map which is open may show.
    pub(super) fn ask_map(&mut self) {
        if let Some(Dialog::Map(map)) = self.dialog() {
            let chat = map.chat.clone();
            if !self.waits_for(&Purpose::Map(chat.clone())) {
                self.want(What::Ask(Ask::PlacesIn { chat: chat.0.clone() }), Purpose::Map(chat));
            }
        }
    }

    /// The list came, and with it one's own live places: with the last that this device feeds, it stops following.
    pub(super) fn live_came(&mut self) {
        let starts = self.waiting.values().any(|it| matches!(it, Purpose::TellPlace { live: true, .. }));
        let fed = self.live().iter().any(|row| row.here);
        if !fed && !starts {
            self.stop_feeding();
        }
    }

    /// One's own live places that have not ended.
    #[must_use]
    pub fn live(&self) -> &[LivePlaceRow] {
        match &self.stage {
            Stage::Main(main) => &main.list.live,
            _ => &[],
        }
    }

    fn sharing(&mut self) -> Option<&mut Sharing> {
        match self.dialog() {
            Some(Dialog::Place(sharing)) => Some(sharing),
            _ => None,
        }
    }

    fn begin_feeding(&mut self) {
        if !self.here.feeds {
            (self.here.feeds, self.here.trouble) = (true, None);
            // What a live place tells may be less exact than what is found, never more.
            self.chores.push(Chore::Follow { exactly: true });
        }
    }

    fn stop_feeding(&mut self) {
        if std::mem::take(&mut self.here.feeds) {
            self.here.fed = None;
            self.chores.push(Chore::FollowNoMore);
        }
    }

    fn feed(&mut self, fix: Fix) {
        let recent = self.here.fed.is_some_and(|fed| fix.at.0.abs_diff(fed.0) < FEED_MS_MIN);
        if self.here.feeds && !recent {
            self.here.fed = Some(fix.at);
            let action = Action::GiveFix { at: fix.position.to_string(), accuracy: fix.accuracy };
            self.act(action, Purpose::Quiet);
        }
    }

    /// Whoever tells a town needs no more than that.
    fn exactly(&mut self) -> bool {
        self.sharing().is_none_or(|sharing| sharing.precision == HowPrecisely::Exact)
    }
}

/// How often a position leaves.
const EVERY: &str = "1m";
/// The core is told of no more, milliseconds: several times as often as one leaves.
const FEED_MS_MIN: u64 = 5_000;
