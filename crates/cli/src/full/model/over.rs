//! What lies on top of the chats: choices, fields, sheets to read.

use screens::{
    Action, ChatId, ContactId, FolderEdit, FolderId, GroupEdit, Listing, MessageId, PrivacyPart, RequestRow,
    ScheduledId, ScheduledRow,
};

use super::{Line, Main, Model, Purpose, Stage, edit};
use crate::full::keys::{Entry, Key, TABLE};
use crate::full::taps::Taps;

/// What lies on top.
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// One of a few.
    Choice(Choice),
    /// Something to type.
    Field(Field),
    /// Give somebody a link.
    Invite {
        /// The link and what it does, once it is made.
        link: Option<(String, String)>,
        /// Why there is none.
        refused: Option<String>,
        /// The link itself is shown where there is room for it or the square only.
        as_text: bool,
    },
    /// Something to read: rows of two columns.
    Sheet {
        /// What it is about.
        title: String,
        /// What is said; a row without a first column is a heading.
        rows: Vec<(String, String)>,
        /// Rows above the screen.
        top: usize,
    },
}

/// A question that is answered by typing.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What is asked for.
    pub asks: Asks,
    /// As typed.
    pub line: Line,
    /// An answer is awaited.
    pub busy: bool,
    /// Why it was not done.
    pub refused: Option<String>,
}

/// What a [`Field`] asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// Whom to add.
    Add,
    /// The name of a new group.
    GroupName,
    /// Another name of a group.
    Rename(ChatId),
    /// Another description of a group.
    Describe(ChatId),
    /// A sign to react with.
    Reaction(MessageId),
    /// The name of a new folder.
    FolderName,
    /// When the text that is written leaves.
    SendAt(ChatId),
    /// When a text that waits leaves, and when it did until now.
    Retime(ScheduledId, String),
    /// What a text that waits says, and what it did until now.
    Retext(ScheduledId, String),
    /// Words to look for.
    Search,
    /// A position to tell.
    Place(ChatId),
    /// The question of a poll.
    Poll(ChatId),
    /// Its options.
    PollOptions(ChatId, String),
    /// The link that a new device shows.
    DeviceLink,
    /// The number that it shows, with what is said about it.
    LinkNumber(String),
}

impl Asks {
    /// Title, question, and the word of the key that does it.
    pub fn words(&self) -> (&str, &str, &'static str) {
        match self {
            Self::Search => ("Search", "Words in all chats, or how they begin.", "SEARCH"),
            Self::Place(_) => ("Share a place", "Where: 59.3293,18.0686, or a geo: link.", "NEXT"),
            Self::Poll(_) => ("Poll", "What do you ask?", "NEXT"),
            Self::PollOptions(_, question) => (question, "The options, with / between them.", "NEXT"),
            Self::DeviceLink => ("Link a device", "The link that the new device shows.", "LINK"),
            Self::LinkNumber(sentence) => ("Link a device", sentence, "LINK"),
            Self::Reaction(_) => ("React", "One emoji.", "REACT"),
            Self::FolderName => ("Make a folder", "Its name. F puts chats into it.", "MAKE"),
            Self::SendAt(_) | Self::Retime(..) => {
                ("Send at a time", "18:30, tomorrow 9:00, friday 9:00, 2029-05-12 18:30, or 2h.", "SEND")
            }
            Self::Retext(..) => ("Another text", "What it says from now on.", "CHANGE"),
            Self::Add => ("Add somebody", "By link, number or e-mail address.", "ADD"),
            Self::GroupName => ("Make a group", "Its name. You add people on its page.", "MAKE"),
            Self::Rename(_) => ("Another name", "How the group is called from now on.", "RENAME"),
            Self::Describe(_) => {
                ("Another description", "What the group is about; empty for nothing.", "CHANGE")
            }
        }
    }
}

impl Over {
    /// An answer is awaited.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Field(Field { busy: true, .. }))
    }
}

/// One of a few, by arrow keys or by number.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What is asked.
    pub title: String,
    /// What it means.
    pub sentence: String,
    /// The answers.
    pub picks: Vec<Pick>,
    /// The one that Enter takes.
    pub picked: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// As shown.
    pub word: String,
    /// What it does.
    pub does: Does,
}

/// What an answer does.
#[derive(Debug, Clone, PartialEq)]
pub enum Does {
    /// What this row of [`TABLE`] does.
    Entry(usize),
    /// Asks what to do about somebody who knocks.
    Look(ContactId),
    /// Lets them in.
    Accept(ContactId),
    /// Refuses them.
    Block(ContactId),
    /// Opens a chat.
    Open(ChatId),
    /// Reacts, or takes it back.
    React(MessageId, String),
    /// Deletes, for everybody or not.
    Delete(MessageId, bool),
    /// Asks for something to be typed.
    Ask(Asks),
    /// Asks whom to add to a group.
    ChooseMember(ChatId),
    /// Asks what to do about somebody in a group.
    Member(ChatId, ContactId),
    /// Changes a group.
    EditGroup(ChatId, GroupEdit),
    /// Shows the chats of a folder, or all.
    ShowFolder(Option<FolderId>),
    /// Changes the folders.
    Folder(FolderEdit),
    /// Asks what to do about a text that waits.
    LookAtScheduled(Box<ScheduledRow>),
    /// Does not send it.
    Unschedule(ScheduledId),
    /// Types something into the line.
    TypeIn(String),
    /// Makes a link into a group; with `true` one that asks before it lets in.
    OpenLink(ChatId, bool),
    /// Asks whether to leave a group.
    AskToLeave(ChatId),
    /// Leaves it.
    Leave(ChatId),
    /// Does something about a chat.
    Act(Box<Action>, ChatId),
    /// Begins to tell a position live: where, which, and for how long.
    TellLive(ChatId, String, &'static str),
    /// Goes to a message.
    GoTo(ChatId, MessageId),
    /// Switches what others are told.
    Privacy(PrivacyPart, bool),
    /// Asks what to do about a device of this name.
    Device(String, String),
    /// Removes it.
    RemoveDevice(String),
    /// Writes a report into a file.
    WriteReport(String, String),
    /// Nothing: everything stays as it is.
    Nothing,
}

/// What the person does.
impl Model {
    /// Everything that can be done here, numbered.
    pub fn menu(&mut self) {
        let Some(main) = self.main() else { return };
        let place = main.place;
        let acts = main.chat.as_ref().and_then(|chat| chat.chosen()).map_or(&[][..], |bubble| &bubble.acts);
        let here = |(at, entry): (usize, &Entry)| {
            let pick = Pick { word: entry.word.to_owned(), does: Does::Entry(at) };
            let can = entry.needs.is_none_or(|act| acts.contains(&act));
            (entry.menu && entry.place.is(place) && can).then_some(pick)
        };
        let picks = TABLE.iter().enumerate().filter_map(here).collect();
        main.choose("Menu", String::new(), picks);
    }

    /// All keys.
    pub fn help(&mut self) {
        use super::Place::{Line, List, Messages};
        use crate::full::keys::Where::{Anywhere, At};
        let places = [
            ("Everywhere", Anywhere),
            ("Chats", At(List)),
            ("Writing", At(Line)),
            ("A message", At(Messages)),
        ];
        let mut rows = vec![("1 to 9".to_owned(), "The row with that number".to_owned())];
        for (heading, place) in places {
            rows.push((String::new(), heading.to_owned()));
            let keys = TABLE.iter().filter(|entry| entry.place == place && !entry.keys.is_empty());
            rows.extend(keys.map(|entry| (entry.shown.to_owned(), entry.word.to_owned())));
        }
        self.sheet("Keys", rows);
    }

    /// Asks whom to add.
    pub fn add_somebody(&mut self) {
        self.ask_for(Asks::Add);
    }

    pub(super) fn ask_for(&mut self, asks: Asks) {
        self.taps = Taps::default();
        if let Some(main) = self.main() {
            let line = match &asks {
                Asks::Retime(_, before) | Asks::Retext(_, before) => Line::with(before.clone()),
                _ => Line::default(),
            };
            main.over = Some(Over::Field(Field { asks, line, busy: false, refused: None }));
        }
    }

    /// Makes a link for somebody.
    pub fn invite(&mut self) {
        if let Some(main) = self.main() {
            main.over = Some(Over::Invite { link: None, refused: None, as_text: false });
            self.act(Action::Invite, Purpose::Invite);
        }
    }

    /// Makes a link into a group.
    fn open_link(&mut self, group: ChatId, approval: bool) {
        if let Some(main) = self.main() {
            main.over = Some(Over::Invite { link: None, refused: None, as_text: false });
            self.act(Action::OpenLink { group: group.0, approval }, Purpose::Invite);
        }
    }

    /// Shows who knocks.
    pub fn show_requests(&mut self) {
        let Some(main) = self.main() else { return };
        match &main.requests {
            Listing::Rows(rows) => {
                let pick = |row: &RequestRow| Pick {
                    word: format!(
                        "{} {}",
                        row.name,
                        row.id.0.chars().take(SHORT_ID_CHARS).collect::<String>()
                    ),
                    does: Does::Look(row.id.clone()),
                };
                let sentence = rows.first().map(|row| row.line.clone()).unwrap_or_default();
                let picks = rows.iter().map(pick).collect();
                main.choose("Requests", sentence, picks);
            }
            Listing::Empty(place) => main.toast = Some(format!("{}. {}", place.title, place.sentence)),
            Listing::Failing(trouble) => main.toast = Some(trouble.sentence.clone()),
            Listing::Loading => {}
        }
    }

    /// Asks whether the person of the open chat is to be blocked.
    pub fn block_person(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(head) = main.chat.as_ref().and_then(|chat| chat.head.as_ref()) else { return };
        if head.group {
            main.toast =
                Some("This is a group. Leave it on its page, or block its people one by one.".to_owned());
            return;
        }
        let (id, name) = (head.person.id.clone(), head.person.name.clone());
        let picks = vec![pick("Keep", Does::Nothing), pick("Block", Does::Block(id))];
        main.choose(
            &format!("Block {name}?"),
            "They are not told, and nothing of theirs arrives any more.".to_owned(),
            picks,
        );
    }

    /// Shows oneself and how the line is, in whole sentences.
    pub fn standing(&mut self) {
        let Some(main) = self.main() else { return };
        let mut rows = vec![("You".to_owned(), main.me.name.clone())];
        rows.extend(main.me.handle.iter().map(|handle| ("Found by".to_owned(), handle.clone())));
        rows.push(("Id".to_owned(), main.me.id.0.clone()));
        rows.push(("Line".to_owned(), main.list.line.sentence.clone()));
        rows.push(("Unread".to_owned(), main.list.unread.to_string()));
        rows.extend(main.list.requests.iter().map(|requests| ("Knocking".to_owned(), requests.clone())));
        self.sheet("How things stand", rows);
    }

    /// Shows everything about the chosen message.
    pub fn message_info(&mut self) {
        let Some(bubble) = self.main().and_then(|main| main.chat.as_ref()).and_then(|chat| chat.chosen())
        else {
            return;
        };
        let mut rows = vec![
            ("From".to_owned(), bubble.from.name.clone()),
            ("Sent".to_owned(), bubble.sent.full.clone()),
        ];
        rows.extend(bubble.mark.as_ref().map(|mark| ("State".to_owned(), mark.word.clone())));
        rows.extend(bubble.reactions.iter().map(|reaction| ("Reaction".to_owned(), reaction.spoken.clone())));
        rows.extend(bubble.failed.iter().map(|failed| ("State".to_owned(), failed.clone())));
        rows.push(("Text".to_owned(), bubble.note.clone().unwrap_or_else(|| bubble.text.clone())));
        self.sheet("Message", rows);
    }

    pub(super) fn sheet(&mut self, title: &str, rows: Vec<(String, String)>) {
        if let Some(main) = self.main() {
            main.over = Some(Over::Sheet { title: title.to_owned(), rows, top: 0 });
        }
    }

    pub(super) fn over_key(&mut self, key: Key) {
        let numbers = self.writes_with_numbers();
        let rows_max = usize::from(self.size.rows.saturating_sub(2)).max(1);
        let Stage::Main(main) = &mut self.stage else { return };
        match (&mut main.over, key) {
            (None, _) => {}
            (Some(_), Key::Esc) => main.over = None,
            (Some(Over::Choice(choice)), key) => {
                let does = choice.key(key);
                match does {
                    Some(does) => self.perform(does),
                    None if matches!(key, Key::Left | Key::Char('0')) => main.over = None,
                    None => {}
                }
            }
            (Some(Over::Field(field)), Key::Left) if numbers && field.line.is_empty() => main.over = None,
            (Some(Over::Field(_)), Key::Enter) => self.give_field(),
            (Some(Over::Field(field)), key) => {
                edit(&mut field.line, &mut self.taps, numbers, key);
            }
            (Some(Over::Sheet { top, rows, .. }), key) => {
                let last = rows.len().saturating_sub(1);
                match key {
                    Key::Up | Key::Char('k') => *top = top.saturating_sub(1),
                    Key::Down | Key::Char('j') => *top = (*top + 1).min(last),
                    Key::PageUp => *top = top.saturating_sub(rows_max),
                    Key::PageDown => *top = (*top + rows_max).min(last),
                    Key::Enter | Key::Left | Key::Char('q' | '0') => main.over = None,
                    _ => {}
                }
            }
            (Some(Over::Invite { .. }), Key::Enter | Key::Left | Key::Char('q' | '0')) => main.over = None,
            (Some(Over::Invite { as_text, .. }), _) => *as_text = !*as_text,
        }
    }

    /// Enter: what was typed is given.
    fn give_field(&mut self) {
        self.taps.close();
        let Some(Over::Field(field)) = self.main().and_then(|main| main.over.as_mut()) else { return };
        let typed = field.line.text().trim().to_owned();
        if field.busy {
            return;
        }
        field.refused = match &field.asks {
            Asks::Add if typed.is_empty() => Some("Write a number, an e-mail address, or paste a link."),
            Asks::Reaction(_) if typed.is_empty() => Some("Type one emoji."),
            Asks::Search if typed.is_empty() => Some("Type a word."),
            Asks::Place(_) if typed.is_empty() => Some("Type a position."),
            Asks::Poll(_) if typed.is_empty() => Some("Type a question."),
            Asks::PollOptions(..) if typed.split('/').filter(|it| !it.trim().is_empty()).count() < 2 => {
                Some("Type two options or more, with / between them.")
            }
            Asks::DeviceLink | Asks::LinkNumber(_) if typed.is_empty() => {
                Some("It stands on the new device.")
            }
            Asks::GroupName | Asks::Rename(_) if typed.is_empty() => Some("Give the group a name."),
            Asks::FolderName if typed.is_empty() => Some("Give the folder a name."),
            Asks::SendAt(_) | Asks::Retime(..) if typed.is_empty() => Some("Say when."),
            Asks::Retext(..) if typed.is_empty() => Some("Write what it is to say."),
            _ => None,
        }
        .map(str::to_owned);
        if field.refused.is_some() {
            return;
        }
        field.busy = true;
        match field.asks.clone() {
            Asks::Add => self.act(Action::Add { who: typed }, Purpose::Add),
            Asks::GroupName => {
                self.act(Action::NewGroup { name: typed, people: Vec::new() }, Purpose::NewGroup);
            }
            Asks::Rename(group) => self.edit_group(&group, GroupEdit::Name { name: typed }),
            Asks::Describe(group) => self.edit_group(&group, GroupEdit::Description { text: typed }),
            Asks::Reaction(message) => self.react_with(&message, typed),
            Asks::FolderName => self.change_folders(FolderEdit::Make { name: typed }),
            Asks::SendAt(chat) => self.schedule(&chat, typed),
            Asks::Retime(id, _) => self.reschedule(id, None, Some(typed)),
            Asks::Retext(id, _) => self.reschedule(id, Some(typed), None),
            Asks::Search => self.search_for(typed),
            Asks::Place(chat) => self.place_given(&chat, &typed),
            Asks::Poll(chat) => self.ask_for(Asks::PollOptions(chat, typed)),
            Asks::PollOptions(chat, question) => self.poll_options(&chat, &question, &typed),
            Asks::DeviceLink => self.link_device(typed),
            Asks::LinkNumber(_) => self.link_number(typed),
        }
    }

    fn perform(&mut self, does: Does) {
        if let Some(main) = self.main() {
            main.over = None;
        }
        match does {
            Does::Nothing => {}
            Does::Entry(at) => {
                if let Some(entry) = TABLE.get(at) {
                    (entry.act)(self);
                }
            }
            Does::Look(id) => self.look_at_request(&id),
            Does::Accept(id) => self.act(Action::Accept { who: id.0 }, Purpose::Accept),
            Does::Block(id) => self.act(Action::Block { who: id.0 }, Purpose::Block),
            Does::Open(chat) => self.open_chat(&chat),
            Does::React(message, emoji) => self.react_with(&message, emoji),
            Does::Delete(message, everyone) => self.delete(message, everyone),
            Does::Ask(asks) => self.ask_for(asks),
            Does::ChooseMember(group) => self.choose_member(group),
            Does::Member(group, who) => self.look_at_member(&group, &who),
            Does::EditGroup(group, edit) => self.edit_group(&group, edit),
            Does::ShowFolder(folder) => self.show_folder(folder),
            Does::Folder(edit) => self.change_folders(edit),
            Does::LookAtScheduled(row) => self.look_at_scheduled(&row),
            Does::Unschedule(id) => self.unschedule(id),
            Does::TypeIn(text) => self.type_in(&text),
            Does::OpenLink(group, approval) => self.open_link(group, approval),
            Does::AskToLeave(group) => self.ask_to_leave(group),
            Does::Act(action, chat) => {
                self.act(*action, Purpose::About(chat));
                self.ask_chats();
            }
            Does::TellLive(chat, at, lasts) => self.tell_live(chat, at, lasts),
            Does::GoTo(chat, message) => self.go_to_found(&chat, message),
            Does::Privacy(what, on) => self.switch_privacy(what, on),
            Does::Device(id, name) => self.look_at_device(id, &name),
            Does::RemoveDevice(id) => self.remove_device(id),
            Does::WriteReport(name, text) => self.write_report(name, text),
            Does::Leave(group) => self.act(Action::LeaveGroup { group: group.0 }, Purpose::EditGroup),
        }
    }

    fn look_at_request(&mut self, id: &ContactId) {
        let Some(main) = self.main() else { return };
        let Listing::Rows(rows) = &main.requests else { return };
        let Some(row) = rows.iter().find(|row| row.id == *id).cloned() else { return };
        let picks = vec![
            pick(&row.accept, Does::Accept(row.id.clone())),
            pick(&row.block, Does::Block(row.id)),
            pick("Later", Does::Nothing),
        ];
        main.choose(&row.title, row.sentence, picks);
    }
}

impl Main {
    /// What was asked for is not done: said where it was asked, or once at the foot.
    pub(super) fn refuse(&mut self, sentence: String) {
        match &mut self.over {
            Some(Over::Field(Field { busy, refused, .. })) if *busy => {
                (*busy, *refused) = (false, Some(sentence))
            }
            _ => self.toast = Some(sentence),
        }
    }

    pub(super) fn choose(&mut self, title: &str, sentence: String, picks: Vec<Pick>) {
        self.over = Some(Over::Choice(Choice { title: title.to_owned(), sentence, picks, picked: 0 }));
    }

    pub(super) fn paste(&mut self, text: &str) {
        match &mut self.over {
            Some(Over::Field(field)) => field.line.insert(text.trim()),
            Some(_) => {}
            None => {
                if self.place == super::Place::Line
                    && let Some(chat) = &mut self.chat
                {
                    chat.line.insert(text);
                }
            }
        }
    }
}

impl Choice {
    /// What the key takes; nothing when it only moves.
    fn key(&mut self, key: Key) -> Option<Does> {
        let rows = self.picks.len().max(1);
        let at = match key {
            Key::Up | Key::Char('k') => {
                self.picked = (self.picked + rows - 1) % rows;
                return None;
            }
            Key::Down | Key::Char('j') => {
                self.picked = (self.picked + 1) % rows;
                return None;
            }
            Key::Enter | Key::Right => self.picked,
            Key::Char(c) => c.to_digit(10)?.checked_sub(1)? as usize,
            _ => return None,
        };
        self.picks.get(at).map(|pick| pick.does.clone())
    }
}

pub(super) fn pick(word: &str, does: Does) -> Pick {
    Pick { word: word.to_owned(), does }
}

/// Characters of an id that tell requests apart.
const SHORT_ID_CHARS: usize = 6;
