//! Folders, marks of unread, mentions, and texts that leave at a time.

use screens::{
    Action, Answer, Ask, ChatId, ChatList, FolderEdit, FolderId, FolderRow, Listing, Mentionable, Outcome,
    ScheduledId, ScheduledRow, What,
};

use super::over::{Asks, Does, Pick, pick};
use super::{Line, Main, Model, Over, Purpose};
use crate::full::text::fit;

impl Main {
    /// The folder whose chats are shown, while there is one.
    pub fn folder_row(&self) -> Option<&FolderRow> {
        let id = self.folder.as_ref()?;
        self.list.folders.iter().find(|folder| folder.id == *id)
    }

    /// The list, of it the rows of the chosen folder.
    pub(super) fn take_list(&mut self, list: ChatList) {
        self.list = list;
        let Some(folder) = self.folder_row().map(|folder| folder.id.clone()) else {
            self.folder = None;
            return;
        };
        if let Listing::Rows(rows) = &mut self.list.chats {
            rows.retain(|row| row.folders.contains(&folder));
        }
    }
}

/// What the person does.
impl Model {
    /// Asks which folder is to be shown.
    pub fn choose_folder(&mut self) {
        let Some(main) = self.main() else { return };
        let mut picks = vec![pick("All chats", Does::ShowFolder(None))];
        let row = |folder: &FolderRow| {
            let unread = if folder.unread == 0 { String::new() } else { format!(" ({})", folder.unread) };
            Pick { word: format!("{}{unread}", folder.name), does: Does::ShowFolder(Some(folder.id.clone())) }
        };
        picks.extend(main.list.folders.iter().map(row));
        picks.push(pick("Make a folder", Does::Ask(Asks::FolderName)));
        if let Some(folder) = main.folder_row() {
            picks.push(pick(
                "Delete this folder",
                Does::Folder(FolderEdit::Remove { folder: folder.id.0.clone() }),
            ));
        }
        main.choose("Folders", String::new(), picks);
    }

    /// Asks in which folders the picked chat is to be.
    pub fn file_chat(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(row) = main.rows().get(main.picked_row()).cloned() else { return };
        let picks: Vec<Pick> = main
            .list
            .folders
            .iter()
            .map(|folder| {
                let inside = row.folders.contains(&folder.id);
                let edit =
                    FolderEdit::Put { folder: folder.id.0.clone(), chat: row.id.0.clone(), on: !inside };
                let word = if inside { format!("✓ {}", folder.name) } else { folder.name.clone() };
                Pick { word, does: Does::Folder(edit) }
            })
            .collect();
        if picks.is_empty() {
            return self.choose_folder();
        }
        main.choose(&row.person.name, "In which folders?".to_owned(), picks);
    }

    /// Marks the picked chat to be looked at again, or takes the mark off.
    pub fn mark_unread(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(row) = main.rows().get(main.picked_row()) else { return };
        let action = Action::MarkUnread { chat: row.id.0.clone(), on: !row.marked_unread };
        self.act(action, Purpose::Arrange);
    }

    /// Reading a chat takes its mark off.
    pub(super) fn take_unread_mark_off(&mut self, id: &ChatId) {
        let Some(main) = self.main() else { return };
        if main.rows().iter().any(|row| row.id == *id && row.marked_unread) {
            self.act(Action::MarkUnread { chat: id.0.clone(), on: false }, Purpose::Quiet);
        }
    }

    /// Asks when the text that is written is to leave.
    pub fn send_at(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(chat) = &main.chat else { return };
        if chat.line.text().trim().is_empty() || chat.too_long().is_some() || chat.writing.is_some() {
            main.toast = Some("Write a text of its own first, then say when it is to leave.".to_owned());
            return;
        }
        let asks = Asks::SendAt(chat.id.clone());
        self.ask_for(asks);
    }

    /// Shows what waits for its time.
    pub fn show_scheduled(&mut self) {
        self.want(What::Ask(Ask::Scheduled), Purpose::Scheduled);
    }

    /// Asks whom to mention.
    pub fn mention_somebody(&mut self) {
        let Some(chat) = self.main().and_then(|main| main.chat.as_ref()) else { return };
        let ask = Ask::Mentionable { chat: chat.id.0.clone(), typed: String::new() };
        self.want(What::Ask(ask), Purpose::Mentionable);
    }

    pub(super) fn show_folder(&mut self, folder: Option<FolderId>) {
        if let Some(main) = self.main() {
            main.folder = folder;
            main.picked = None;
        }
        self.ask_chats();
    }

    pub(super) fn change_folders(&mut self, edit: FolderEdit) {
        self.act(Action::Folder(edit), Purpose::Arrange);
    }

    /// What is written leaves at that time.
    pub(super) fn schedule(&mut self, chat: &ChatId, at: String) {
        let Some(open) = self.main().and_then(|main| main.chat.as_ref()) else { return };
        let text = open.line.text().to_owned();
        let action = Action::Schedule { to: chat.0.clone(), text, plain: false, at };
        self.act(action, Purpose::Schedule(chat.clone()));
    }

    pub(super) fn reschedule(&mut self, id: ScheduledId, text: Option<String>, at: Option<String>) {
        self.act(Action::Reschedule { id: id.0, text, at }, Purpose::Arrange);
    }

    pub(super) fn unschedule(&mut self, id: ScheduledId) {
        self.act(Action::Unschedule { id: id.0 }, Purpose::Arrange);
    }

    pub(super) fn look_at_scheduled(&mut self, row: &ScheduledRow) {
        let Some(main) = self.main() else { return };
        let mut sentence = format!("{}\n{}", row.at.full, row.text);
        if let Some(held) = &row.held {
            sentence = format!("{held}\n{sentence}");
        }
        let picks = vec![
            pick("Another time", Does::Ask(Asks::Retime(row.id.clone(), row.at_typed.clone()))),
            pick("Another text", Does::Ask(Asks::Retext(row.id.clone(), row.text.clone()))),
            pick("Cancel it", Does::Unschedule(row.id.clone())),
            pick("Back", Does::Nothing),
        ];
        main.choose(&row.chat_name, sentence, picks);
    }
}

/// What the core says.
impl Model {
    pub(super) fn words_answered(&mut self, answer: Answer) {
        let Some(main) = self.main() else { return };
        match answer {
            Answer::Scheduled(Listing::Rows(rows)) => {
                let row = |row: &ScheduledRow| {
                    let word =
                        format!("{} · {}: {}", row.at.text, row.chat_name, fit(&row.text, WORD_COLUMNS));
                    let held = if row.held.is_some() { "! " } else { "" };
                    Pick { word: format!("{held}{word}"), does: Does::LookAtScheduled(Box::new(row.clone())) }
                };
                let picks = rows.iter().map(row).collect();
                main.choose("Waiting for their time", String::new(), picks);
            }
            Answer::Scheduled(Listing::Empty(place)) => {
                main.toast = Some(format!("{}. {}", place.title, place.sentence));
            }
            Answer::Mentionable(people) if people.is_empty() => {
                main.toast = Some("There is nobody to mention here.".to_owned());
            }
            Answer::Mentionable(people) => {
                let row = |it: &Mentionable| Pick {
                    word: it.name.clone(),
                    does: Does::TypeIn(format!("{} ", it.typed)),
                };
                main.choose("Mention", String::new(), people.iter().map(row).collect());
            }
            Answer::Refused { sentence, .. } => main.toast = Some(sentence),
            _ => {}
        }
    }

    pub(super) fn words_came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        let Some(main) = self.main() else { return };
        match (purpose, outcome) {
            (_, Outcome::Refused { sentence, .. }) => return main.refuse(sentence),
            (Purpose::Schedule(chat), Outcome::Scheduled { sentence, .. }) => {
                if let Some(open) = main.chat.as_mut().filter(|open| open.id == chat) {
                    open.line = Line::default();
                }
                main.toast = Some(sentence);
            }
            (_, Outcome::Scheduled { sentence, .. }) => main.toast = Some(sentence),
            _ => {}
        }
        if main.over.as_ref().is_some_and(Over::is_busy) {
            main.over = None;
        }
        self.again();
    }
}

/// Columns of a text in a list of texts.
const WORD_COLUMNS: usize = 40;
