//! The chats: the list, the one that is open, and where keys go.

use std::collections::BTreeMap;

use screens::{
    Action, Answer, Ask, ChatHead, ChatId, ChatList, ChatRow, Composer, ConnectionLine, FolderId, GroupPage,
    LineState, Listing, Me, Notice, Outcome, RequestRow, Trouble, What,
};

use super::chat::WINDOW_MESSAGES;
use super::{Chat, Line, Model, Over, Purpose, Size, Stage, View, Wish, Writing, edit};
use crate::full::keys::{Key, entry_of};
use crate::full::panes::Panes;
use crate::full::taps::Taps;
use crate::full::text;

/// The main screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Main {
    /// Oneself.
    pub me: Me,
    /// The list pane.
    pub list: ChatList,
    /// Who knocks.
    pub requests: Listing<RequestRow>,
    /// The chat in the list that keys act on.
    pub picked: Option<ChatId>,
    /// The chat that is open.
    pub chat: Option<Box<Chat>>,
    /// The folder whose chats are shown; all without.
    pub folder: Option<FolderId>,
    /// The page of a group that was asked for last.
    pub group: Option<Box<GroupPage>>,
    /// Where keys go.
    pub place: Place,
    /// What lies on top.
    pub over: Option<Over>,
    /// Said once, until the next key.
    pub toast: Option<String>,
    /// The rows of all accounts, each with its account's name, where there are several. The ids of others' begin with their number.
    pub merged: Vec<ChatRow>,
    /// Who writes, by chat, in words.
    pub typing: BTreeMap<ChatId, String>,
    drafts: BTreeMap<ChatId, Line>,
    chats_stale: bool,
}

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list.
    List,
    /// The line to type in.
    Line,
    /// The messages.
    Messages,
}

impl Main {
    fn new(me: Me) -> Self {
        let line = ConnectionLine {
            state: LineState::Connecting,
            label: "Opening your chats".to_owned(),
            sentence: "Opening your chats.".to_owned(),
        };
        Self {
            me,
            list: ChatList {
                chats: Listing::Loading,
                folders: vec![],
                requests: None,
                unread: 0,
                banner: None,
                live: vec![],
                line,
            },
            requests: Listing::Loading,
            picked: None,
            chat: None,
            folder: None,
            group: None,
            place: Place::List,
            over: None,
            toast: None,
            merged: Vec::new(),
            typing: BTreeMap::new(),
            drafts: BTreeMap::new(),
            chats_stale: false,
        }
    }

    /// The rows of the list, when there are any.
    pub fn rows(&self) -> &[ChatRow] {
        match &self.list.chats {
            _ if !self.merged.is_empty() => &self.merged,
            Listing::Rows(rows) => rows,
            _ => &[],
        }
    }

    /// The rows of this account alone.
    pub fn own_rows(&self) -> &[ChatRow] {
        match &self.list.chats {
            Listing::Rows(rows) => rows,
            _ => &[],
        }
    }

    /// Which row of the list keys act on.
    pub fn picked_row(&self) -> usize {
        let picked = self.picked.as_ref().and_then(|id| self.rows().iter().position(|row| row.id == *id));
        picked.unwrap_or(0)
    }

    /// The open chat is on the screen.
    pub fn shows_chat(&self, size: Size) -> bool {
        self.chat.is_some() && (size.is_wide() || self.place != Place::List)
    }

    /// Where everything stands.
    pub fn panes(&self, size: Size, numbers: bool) -> Panes {
        let panes = Panes::of(size, 1);
        let Some(chat) = &self.chat else { return panes };
        let rows = match chat.composer() {
            Some(Composer::Stopped(place)) => stopped_rows(place, panes.line.width).len(),
            _ => text_rows(chat.line.text(), line_columns(panes.line.width, numbers)).len(),
        } + usize::from(chat.writing.is_some());
        Panes::of(size, u16::try_from(rows).unwrap_or(u16::MAX))
    }

    /// The messages' part of the screen, below what is said about the whole chat.
    pub fn timeline_area(&self, size: Size, numbers: bool) -> ratatui::layout::Rect {
        let mut area = self.panes(size, numbers).timeline;
        let taken = self.chat_banner(area.width).len().min(usize::from(area.height / 2));
        let taken = u16::try_from(taken).unwrap_or(0);
        area.y += taken;
        area.height -= taken;
        area
    }

    /// What is said about the whole chat, in rows.
    pub fn chat_banner(&self, columns: u16) -> Vec<String> {
        let banner = self.chat.as_ref().and_then(|chat| chat.frame.as_ref()?.banner.as_ref());
        let mut rows = banner.map_or_else(Vec::new, |banner| {
            text::wrap(&format!("{}. {}", banner.title, banner.sentence), columns.into())
        });
        for live in self.list.live.iter().filter(|row| self.chat.as_ref().is_some_and(|it| it.id == row.chat))
        {
            rows.extend(text::wrap(&format!("They see where you are {}. F12", live.line), columns.into()));
        }
        rows
    }

    /// What is said above the list, in rows.
    pub fn list_banner(&self, columns: u16) -> Vec<String> {
        let mut rows = Vec::new();
        if let Some(banner) = &self.list.banner {
            rows.extend(text::wrap(&format!("{}. {}", banner.title, banner.sentence), columns.into()));
        }
        let live = match self.list.live.as_slice() {
            [] => None,
            [live] => Some(format!("Live place: {}, {}", live.chat_name, live.line)),
            all => Some(format!("Live places: {} chats see where you are", all.len())),
        };
        rows.extend(live.map(|words| text::fit(&words, columns.into())));
        rows.extend(self.list.requests.iter().map(|requests| text::fit(requests, columns.into())));
        rows
    }

    /// Chats on one page of the list.
    pub fn chats_per_page(&self, size: Size) -> usize {
        let panes = Panes::of(size, 1);
        let taken = u16::try_from(self.list_banner(panes.list.width).len()).unwrap_or(u16::MAX);
        panes.chats_per_page(taken)
    }

    fn chat_if(&mut self, id: &ChatId) -> Option<&mut Chat> {
        self.chat.as_deref_mut().filter(|chat| chat.id == *id)
    }

    fn open(&mut self, id: &ChatId) {
        self.close();
        let head = head_from(&self.list, id);
        let line = self.drafts.remove(id).unwrap_or_default();
        self.chat = Some(Box::new(Chat::new(id.clone(), head, line)));
        self.picked = Some(id.clone());
    }

    /// Who knocks. Somebody new is said, because the list may not be on the screen.
    fn knock(&mut self, requests: Listing<RequestRow>) {
        if let (Listing::Rows(before), Listing::Rows(now)) = (&self.requests, &requests)
            && let Some(new) = now.iter().find(|row| before.iter().all(|known| known.id != row.id))
        {
            self.toast = Some(format!("{}.", new.title));
        } else if let (Listing::Empty(_), Listing::Rows(now)) = (&self.requests, &requests) {
            self.toast = now.first().map(|new| format!("{}.", new.title));
        }
        self.requests = requests;
    }

    /// Who writes in a chat just now.
    fn show_typing(&mut self, chat: ChatId, line: Option<String>) {
        if let Some(head) = self.chat_if(&chat).and_then(|open| open.head.as_mut()) {
            head.typing.clone_from(&line);
        }
        match line {
            Some(line) => self.typing.insert(chat, line),
            None => self.typing.remove(&chat),
        };
    }

    fn close(&mut self) {
        if let Some(chat) = self.chat.take()
            && !chat.line.is_empty()
        {
            self.drafts.insert(chat.id, chat.line);
        }
    }
}

/// Why nothing can be written, in rows.
pub fn stopped_rows(place: &screens::EmptyPlace, columns: u16) -> Vec<String> {
    text::wrap(&format!("{}. {}", place.title, place.sentence), columns.into())
}

/// Columns of the text being written: beside the sign before it, and what number keys stand for.
pub fn line_columns(width: u16, numbers: bool) -> usize {
    usize::from(width.saturating_sub(PROMPT_COLUMNS + if numbers { CASE_COLUMNS } else { 0 })).max(2)
}

/// A text being written in rows. It is not broken at words, so that signs stay where they were typed.
pub fn text_rows(text: &str, columns: usize) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let mut rows = Vec::new();
    for line in crate::say::lines(text).split('\n') {
        let (mut row, mut used) = (String::new(), 0);
        for sign in line.graphemes(true) {
            let cells = text::cells(sign);
            if used + cells > columns {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(sign);
            used += cells;
        }
        rows.push(row);
    }
    rows
}

/// What the person does.
impl Model {
    pub(super) fn main_key(&mut self, key: Key) {
        let numbers = self.writes_with_numbers();
        let per_page = self.list_page();
        let Some(main) = self.main() else { return };
        main.toast = None;
        if main.over.is_some() {
            return self.over_key(key);
        }
        let place = main.place;
        match (place, key) {
            (Place::List, Key::Char(c @ '1'..='9')) => self.open_numbered(c, per_page),
            (Place::Line, key) if self.line_key(key, numbers) => {}
            (place, key) => match entry_of(place, key) {
                Some(entry) => (entry.act)(self),
                None if place == Place::Line => self.edit_line(key, numbers),
                None => {}
            },
        }
    }

    /// Keys that mean something else while nothing is typed, or while several lines are.
    fn line_key(&mut self, key: Key, numbers: bool) -> bool {
        let open = self.taps.is_open();
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return false };
        match key {
            Key::Esc => return self.stop_writing_about(),
            Key::Left if chat.line.is_empty() => {
                if !self.stop_writing_about() {
                    self.go_to_list();
                }
            }
            Key::Right if numbers && !open && chat.line.is_at_end() => self.menu(),
            Key::Up => return chat.line.up(),
            Key::Down if chat.line.down() => {}
            Key::Down => self.scroll_rows(1),
            _ => return false,
        }
        true
    }

    fn edit_line(&mut self, key: Key, numbers: bool) {
        let mut taps = self.taps;
        if let Some(chat) = self.main().and_then(|main| main.chat.as_mut())
            && !matches!(chat.composer(), Some(Composer::Stopped(_)))
        {
            chat.refused = None;
            edit(&mut chat.line, &mut taps, numbers, key);
        }
        self.taps = taps;
    }

    /// Types something that keys do not.
    pub fn type_in(&mut self, text: &str) {
        if let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) {
            chat.line.insert(text);
        }
    }

    fn open_numbered(&mut self, digit: char, per_page: usize) {
        let Some(number) = digit.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1)) else {
            return;
        };
        let Some(main) = self.main() else { return };
        let page = main.picked_row() / per_page;
        if number < per_page
            && let Some(id) = main.rows().get(page * per_page + number).map(|row| row.id.clone())
        {
            self.open_chat(&id);
        }
    }

    fn list_page(&self) -> usize {
        match &self.stage {
            Stage::Main(main) => main.chats_per_page(self.size),
            _ => 1,
        }
    }

    /// Another row of the list; beyond the ends it goes round, whole pages do not.
    pub fn step_list(&mut self, step: i32) {
        let Some(main) = self.main() else { return };
        let Some(last) = main.rows().len().checked_sub(1) else { return };
        let at = main.picked_row();
        let to = match step {
            i32::MIN => 0,
            i32::MAX => last,
            step if step < 0 => at.checked_sub(1).unwrap_or(last),
            _ => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
        };
        main.picked = main.rows().get(to).map(|row| row.id.clone());
    }

    /// Another page of the list.
    pub fn page_list(&mut self, step: i32) {
        let per_page = self.list_page();
        let Some(main) = self.main() else { return };
        let at = main.picked_row();
        let last = main.rows().len().saturating_sub(1);
        let to = if step < 0 { at.saturating_sub(per_page) } else { (at + per_page).min(last) };
        main.picked = main.rows().get(to).map(|row| row.id.clone());
    }

    /// Opens the row of the list that keys act on.
    pub fn open_picked(&mut self) {
        let Some(main) = self.main() else { return };
        if let Some(id) = main.rows().get(main.picked_row()).map(|row| row.id.clone()) {
            self.open_chat(&id);
        }
    }

    /// Opens a chat and goes to its line; one of another account is opened there.
    pub fn open_chat(&mut self, id: &ChatId) {
        if let Some((account, id)) = of_another(id) {
            self.out.push(Wish::Switch(account, id));
            return;
        }
        self.taps = Taps::default();
        let Some(main) = self.main() else { return };
        main.place = Place::Line;
        if main.chat.as_ref().is_none_or(|chat| chat.id != *id) {
            main.open(id);
            self.take_unread_mark_off(id);
            self.ask_newest(id.clone());
        }
    }

    /// Keys go to the list.
    pub fn go_to_list(&mut self) {
        self.taps.close();
        let Some(main) = self.main() else { return };
        main.place = Place::List;
        if let Some(chat) = &mut main.chat {
            chat.chosen = None;
            // What was read up to here is no longer new when one comes back.
            chat.unread_line = None;
            main.picked = Some(chat.id.clone());
        }
    }

    /// Keys go to the line.
    pub fn go_to_line(&mut self) {
        let Some(main) = self.main() else { return };
        if let Some(chat) = &mut main.chat {
            chat.chosen = None;
            chat.view = View::Newest;
            main.place = Place::Line;
        }
    }

    /// From the list to the line and back.
    pub fn other_side(&mut self) {
        let Some(main) = self.main() else { return };
        match (main.place, &main.chat) {
            (Place::List, Some(_)) => self.go_to_line(),
            (Place::List, None) => self.open_picked(),
            (Place::Line | Place::Messages, _) => self.go_to_list(),
        }
    }

    /// Keys go to the messages.
    pub fn choose_message(&mut self) {
        let Some(main) = self.main() else { return };
        if main.chat.as_ref().is_some_and(|chat| !chat.rows().is_empty()) {
            main.place = Place::Messages;
            self.step_message(-1);
        }
    }

    /// Another message; below the last comes the line.
    pub fn step_message(&mut self, step: i32) {
        let area = self.timeline();
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        if !chat.choose(step, area.width, area.height) {
            return self.go_to_line();
        }
        let first = chat.rows().first().map(|row| &row.id);
        if first.is_some() && first == chat.chosen.as_ref() {
            self.show_earlier();
        }
    }

    /// Most of a screen up or down.
    pub fn scroll(&mut self, step: i32) {
        let rows = i32::from(self.timeline().height.saturating_sub(2).max(1));
        self.scroll_rows(step.saturating_mul(rows));
    }

    fn scroll_rows(&mut self, rows: i32) {
        let area = self.timeline();
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        if chat.scroll(rows, area.width, area.height) {
            self.show_earlier();
        }
    }

    pub(super) fn timeline(&mut self) -> ratatui::layout::Rect {
        let (size, numbers) = (self.size, self.writes_with_numbers());
        self.main().map(|main| main.timeline_area(size, numbers)).unwrap_or_default()
    }

    /// Sends what was written. It is returned if the core does not take it.
    pub fn send(&mut self) {
        self.taps.close();
        let Some(chat) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        let open = matches!(chat.composer(), Some(Composer::Open { .. }));
        if !open || chat.line.text().trim().is_empty() || chat.too_long().is_some() {
            return;
        }
        chat.refused = None;
        chat.view = View::Newest;
        let (chat_id, text, writing) = (chat.id.clone(), chat.line.take(), chat.writing.take());
        if let Some(Writing::Edit { before, .. }) = &writing {
            chat.line = Line::with(before.clone());
        }
        let action = match &writing {
            Some(writing) => writing.action(text.clone()),
            None => Action::Send { to: chat_id.0.clone(), text: text.clone() },
        };
        let previews = |main: &&mut Main| main.own_rows().iter().any(|row| row.id == chat_id && row.previews);
        if text.contains("https://")
            && let Some(main) = self.main().filter(previews)
        {
            main.toast = Some(PREVIEW_FIRST.to_owned());
        }
        self.act(action, Purpose::Send { chat: chat_id, text, writing });
    }

    pub(super) fn show_earlier(&mut self) {
        let Some(chat) = self.main().and_then(|main| main.chat.as_ref()) else { return };
        let (Some(before), id) = (chat.earlier, chat.id.clone()) else { return };
        let purpose = Purpose::Earlier(id.clone());
        if !self.waits_for(&purpose) {
            let ask = Ask::Timeline { chat: id.0, before: Some(before), limit: WINDOW_MESSAGES };
            self.want(What::Ask(ask), purpose);
        }
    }

    /// Asks for everything shown anew.
    pub fn again(&mut self) {
        self.ask_chats();
        self.ask_requests();
        self.ask_open();
    }

    /// Ends the program.
    pub fn quit(&mut self) {
        self.out.push(Wish::Quit);
    }
}

/// Several accounts.
impl Model {
    /// Shows the chats of other accounts beside one's own: `others` are their numbers, names and rows.
    pub fn show_accounts(&mut self, name: &str, others: &[(usize, String, Vec<ChatRow>)]) {
        let Some(main) = self.main() else { return };
        if others.is_empty() {
            main.merged.clear();
            return;
        }
        let named = |name: &str, row: &ChatRow| {
            let mut row = row.clone();
            row.person.name = format!("{name} · {}", row.person.name);
            row
        };
        let mut merged: Vec<ChatRow> = main.own_rows().iter().map(|row| named(name, row)).collect();
        for (account, name, rows) in others {
            merged.extend(rows.iter().map(|row| {
                let row = named(name, row);
                ChatRow { id: ChatId(format!("{account}/{}", row.id)), ..row }
            }));
        }
        merged.sort_by_key(|row| std::cmp::Reverse(row.time.ms));
        main.merged = merged;
    }
}

/// The number of another account, and the chat there.
fn of_another(id: &ChatId) -> Option<(usize, ChatId)> {
    let (account, id) = id.0.split_once('/')?;
    Some((account.parse().ok()?, ChatId(id.to_owned())))
}

/// What the core says.
impl Model {
    pub(super) fn enter(&mut self, me: Me) {
        match &mut self.stage {
            Stage::Main(main) => main.me = me,
            stage => {
                *stage = Stage::Main(Box::new(Main::new(me)));
                self.taps = Taps::default();
            }
        }
        self.again();
    }

    pub(super) fn main_missed(&mut self) {
        if self.main().is_some() {
            self.again();
        }
    }

    pub(super) fn main_answered(&mut self, purpose: Purpose, answer: Answer) {
        let (attentive, size) = (self.attentive, self.size);
        let Some(main) = self.main() else { return };
        let seen = attentive && main.shows_chat(size);
        match (purpose, answer) {
            (Purpose::Chats, Answer::Chats(list)) => {
                main.take_list(list);
                if std::mem::take(&mut main.chats_stale) {
                    self.ask_chats();
                }
            }
            (Purpose::Chats, Answer::Refused { sentence, .. }) => {
                main.list.chats = Listing::Failing(Trouble { sentence, again: true });
            }
            (Purpose::Requests, Answer::Requests(requests)) => main.knock(requests),
            (Purpose::Newest(id), Answer::Timeline(timeline)) => {
                let Some(chat) = main.chat_if(&id) else { return };
                let stale = std::mem::take(&mut chat.stale);
                chat.newest(timeline, seen);
                if stale {
                    self.ask_newest(id);
                }
                self.seek_on();
            }
            (Purpose::Newest(id), Answer::Refused { sentence, .. }) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.shown = Listing::Failing(Trouble { sentence, again: true });
                }
            }
            (Purpose::Earlier(id), Answer::Timeline(timeline)) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.earlier(timeline);
                    self.seek_on();
                }
            }
            (Purpose::Editions, answer) => self.editions_came(answer),
            (Purpose::Scheduled | Purpose::Mentionable, answer) => self.words_answered(answer),
            (
                Purpose::Search | Purpose::Devices | Purpose::Linking | Purpose::Privacy | Purpose::Report,
                answer,
            ) => self.more_answered(answer),
            (Purpose::One(id), Answer::Message(one)) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.changed(*one);
                }
            }
            (purpose @ (Purpose::Group | Purpose::People(_)), answer) => self.group_answered(purpose, answer),
            // An answer of another kind, or a refusal of what can wait for the next notice.
            _ => {}
        }
    }

    pub(super) fn main_came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        let Some(main) = self.main() else { return };
        match (purpose, outcome) {
            (Purpose::Add, Outcome::Contact { chat, sentence, .. }) => {
                main.over = None;
                main.toast = Some(sentence);
                self.open_chat(&chat);
                self.ask_chats();
            }
            // A link into a group.
            (Purpose::Add, Outcome::Group { sentence, .. }) => {
                main.over = None;
                main.toast = Some(sentence);
                self.ask_chats();
            }
            (Purpose::Add, Outcome::Refused { sentence, .. }) => main.refuse(sentence),
            (Purpose::Invite, Outcome::Link { link, sentence }) => {
                if let Some(Over::Invite { link: made, .. }) = &mut main.over {
                    *made = Some((link, sentence));
                }
            }
            (Purpose::Invite, Outcome::Refused { sentence, .. }) => {
                if let Some(Over::Invite { refused, .. }) = &mut main.over {
                    *refused = Some(sentence);
                }
            }
            (Purpose::Accept, Outcome::Contact { chat, sentence, .. }) => {
                main.toast = Some(sentence);
                self.open_chat(&chat);
                self.ask_chats();
                self.ask_requests();
            }
            (Purpose::Block, Outcome::Contact { sentence, .. }) => {
                main.toast = Some(sentence);
                self.again();
            }
            (Purpose::About(chat), outcome) => self.came_of_acting_about(chat, outcome),
            (Purpose::TellLive(chat, at), outcome) => self.came_of_telling_live(chat, at, outcome),
            (purpose @ (Purpose::Schedule(_) | Purpose::Arrange), outcome) => {
                self.words_came_of(purpose, outcome);
            }
            (purpose @ (Purpose::Devices | Purpose::Linking | Purpose::Privacy), outcome) => {
                self.more_came_of(&purpose, outcome);
            }
            (Purpose::Send { chat, text, writing }, Outcome::Refused { sentence, .. }) => {
                match main.chat_if(&chat) {
                    Some(open) => {
                        open.refused = Some(sentence);
                        open.take_back(text, writing);
                    }
                    None => {
                        main.drafts.entry(chat).or_default().give_back(&text);
                        main.toast = Some(sentence);
                    }
                }
            }
            (Purpose::Send { chat, .. }, _) => {
                main.toast.take_if(|toast| toast == PREVIEW_FIRST);
                self.ask_newest(chat);
            }
            (Purpose::Accept | Purpose::Block, Outcome::Refused { sentence, .. }) => {
                main.toast = Some(sentence);
                self.ask_requests();
            }
            (purpose, outcome) => self.group_came_of(&purpose, outcome),
        }
    }

    pub(super) fn main_noticed(&mut self, notice: Notice) {
        let Some(main) = self.main() else { return };
        match notice {
            Notice::Outgoing { chat, .. } => self.ask_newest(chat),
            Notice::Message { chat, .. } | Notice::Missing { chat, .. } => {
                self.ask_newest(chat);
                self.ask_chats();
            }
            Notice::Receipt { chat, id, .. }
            | Notice::Failed { chat, id, .. }
            | Notice::Reaction { chat, id, .. }
            | Notice::Edit { chat, id }
            | Notice::Attachment { chat, id }
            | Notice::Delete { chat, id } => {
                if main.chat_if(&chat).is_some_and(|open| open.holds_above(&id)) {
                    self.want(What::Ask(Ask::Message { id }), Purpose::One(chat));
                } else {
                    self.ask_newest(chat);
                }
                self.ask_chats();
            }
            Notice::Chats => {
                self.ask_chats();
                self.ask_open();
            }
            Notice::Request { .. } => {
                self.ask_requests();
                self.ask_chats();
            }
            Notice::Contact { .. } => self.again(),
            Notice::Group { chat, sentence } => {
                main.toast = Some(sentence);
                self.ask_newest(chat);
            }
            Notice::Scheduled { chat, sentence } => {
                main.toast = sentence.or(main.toast.take());
                self.ask_newest(chat);
            }
            Notice::Connection(line) => main.list.line = line,
            Notice::Device(banner) => main.list.banner = banner,
            Notice::Knock { sentence: Some(sentence), .. }
            | Notice::Joining { sentence, .. }
            | Notice::Devices { sentence: Some(sentence) }
            | Notice::DevicesChanged { sentence, .. }
            | Notice::Removed { sentence } => main.toast = Some(sentence),
            Notice::Typing { chat, line, .. } => main.show_typing(chat, line),
            Notice::Privacy | Notice::Profile => {}
            Notice::Linking => self.linking_noticed(),
            Notice::Account
            | Notice::Knock { sentence: None, .. }
            | Notice::Devices { sentence: None }
            | Notice::Settled => {}
        }
    }

    pub(super) fn main(&mut self) -> Option<&mut Main> {
        match &mut self.stage {
            Stage::Main(main) => Some(main),
            _ => None,
        }
    }

    pub(super) fn ask_chats(&mut self) {
        let waits = self.waits_for(&Purpose::Chats);
        let Some(main) = self.main() else { return };
        main.chats_stale = waits;
        if !waits {
            self.want(What::Ask(Ask::Chats), Purpose::Chats);
        }
    }

    fn ask_requests(&mut self) {
        self.want(What::Ask(Ask::Requests), Purpose::Requests);
    }

    fn ask_open(&mut self) {
        if let Some(id) = self.main().and_then(|main| main.chat.as_ref()).map(|chat| chat.id.clone()) {
            self.ask_newest(id);
        }
    }

    /// Asks for the newest messages, if that chat is open; while an answer is on its way, once more after it.
    pub(super) fn ask_newest(&mut self, id: ChatId) {
        let purpose = Purpose::Newest(id.clone());
        let waits = self.waits_for(&purpose);
        let Some(chat) = self.main().and_then(|main| main.chat_if(&id)) else { return };
        chat.stale = waits;
        if !waits {
            let ask = Ask::Timeline { chat: id.0, before: None, limit: WINDOW_MESSAGES };
            self.want(What::Ask(ask), purpose);
        }
    }
}

fn head_from(list: &ChatList, id: &ChatId) -> Option<ChatHead> {
    let Listing::Rows(rows) = &list.chats else { return None };
    let row = rows.iter().find(|row| row.id == *id)?;
    let line = row.person.handle.clone().unwrap_or_default();
    Some(ChatHead {
        id: id.clone(),
        person: row.person.clone(),
        group: row.group,
        picture: row.picture.clone(),
        line,
        timer: None,
        typing: None,
        seen: None,
        pinned: vec![],
        scheduled: None,
    })
}

/// Said while a text waits for the preview of its link.
const PREVIEW_FIRST: &str = "A preview of the link is made first. The text leaves within 5 seconds.";
/// `› ` before the text.
pub const PROMPT_COLUMNS: u16 = 2;
/// ` abc` behind it.
pub const CASE_COLUMNS: u16 = 4;
