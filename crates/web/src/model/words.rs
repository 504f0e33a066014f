//! Folders, mentions, and texts that leave at a time.

use screens::{Action, Answer, Ask, ChatId, FolderEdit, FolderRow, Listing, Mentionable, Outcome, What};

use super::{Dialog, Model, Open, Purpose, Stage};

/// Somebody is being mentioned in the text that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioning {
    /// What is typed of the name.
    pub typed: String,
    /// Who it can be; nobody until the answer came.
    pub found: Vec<Mentionable>,
    /// The one that Enter takes.
    pub picked: usize,
}

/// What the person does.
impl Model {
    /// The text before the cursor is this now: offers people to mention while a name is typed.
    pub fn writes(&mut self, before: &str) {
        let typed = name_begun(before).map(str::to_owned);
        let Stage::Main(main) = &mut self.stage else { return };
        let Some(Open::Chat(chat)) = &mut main.open else { return };
        let Some(typed) = typed else {
            chat.mentioning = None;
            return;
        };
        if chat.mentioning.as_ref().is_some_and(|known| known.typed == typed) {
            return;
        }
        let found = chat.mentioning.take().map(|known| known.found).unwrap_or_default();
        chat.mentioning = Some(Mentioning { typed: typed.clone(), found, picked: 0 });
        let (id, ask) = (chat.id.clone(), Ask::Mentionable { chat: chat.id.0.clone(), typed: typed.clone() });
        self.want(What::Ask(ask), Purpose::Mentionable(id, typed));
    }

    /// Whether [`Self::writes`] would change anything: most keys do not, and nothing is drawn anew for them.
    #[must_use]
    pub fn minds(&self, before: &str) -> bool {
        let Stage::Main(main) = &self.stage else { return false };
        main.chat().is_some_and(|chat| chat.mentioning.is_some()) || name_begun(before).is_some()
    }

    /// Another one of those who are offered.
    pub fn step_mention(&mut self, step: i32) {
        let Some(mentioning) = self.mentioning() else { return };
        let count = mentioning.found.len().max(1);
        let at = i64::try_from(mentioning.picked).unwrap_or(0) + i64::from(step);
        mentioning.picked = usize::try_from(at.rem_euclid(i64::try_from(count).unwrap_or(1))).unwrap_or(0);
    }

    /// Nobody is mentioned.
    pub fn stop_mentioning(&mut self) {
        let Stage::Main(main) = &mut self.stage else { return };
        if let Some(Open::Chat(chat)) = &mut main.open {
            chat.mentioning = None;
        }
    }

    /// This one of those who are offered: what takes the place of what is typed of the name, with how many bytes that is.
    pub fn mention(&mut self, index: usize) -> Option<(usize, String)> {
        let mentioning = self.mentioning()?;
        let typed = mentioning.typed.len() + 1;
        let name = format!("{} ", mentioning.found.get(index)?.typed);
        self.stop_mentioning();
        Some((typed, name))
    }

    fn mentioning(&mut self) -> Option<&mut Mentioning> {
        let Stage::Main(main) = &mut self.stage else { return None };
        let Some(Open::Chat(chat)) = &mut main.open else { return None };
        chat.mentioning.as_mut()
    }

    /// Opens the window in which one says when a text is to leave.
    pub fn send_at(&mut self, chat: &ChatId) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::SendAt { chat: chat.clone(), refused: None });
        }
    }

    /// The text waits until then.
    pub fn schedule(&mut self, chat: &ChatId, text: String, at: String) {
        let action = Action::Schedule { to: chat.0.clone(), text, plain: false, at };
        self.act(action, Purpose::Schedule(chat.clone()));
    }

    /// Opens the window with what waits for its time.
    pub fn show_scheduled(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Scheduled { rows: Listing::Loading, refused: None });
            self.ask_scheduled();
        }
    }

    /// Changes or cancels what waits.
    pub fn change_scheduled(&mut self, action: Action) {
        self.act(action, Purpose::ChangeScheduled);
    }

    /// Opens the window with the folders of a chat.
    pub fn show_folders(&mut self, id: &ChatId) {
        let Some(main) = self.main() else { return };
        let Listing::Rows(rows) = &main.list.chats else { return };
        let row = rows.iter().find(|row| row.id == *id).cloned();
        main.dialog = row.map(|row| Dialog::Folders { row: Box::new(row), refused: None });
    }

    /// Changes the folders.
    pub fn change_folders(&mut self, edit: FolderEdit) {
        self.act(Action::Folder(edit), Purpose::Folders);
    }

    /// Reading a chat takes its mark off.
    pub(super) fn take_unread_mark_off(&mut self, id: &ChatId) {
        let Some(main) = self.main() else { return };
        let Listing::Rows(rows) = &main.list.chats else { return };
        if rows.iter().any(|row| row.id == *id && row.marked_unread) {
            self.act(Action::MarkUnread { chat: id.0.clone(), on: false }, Purpose::Quiet);
        }
    }

    fn ask_scheduled(&mut self) {
        self.want(What::Ask(Ask::Scheduled), Purpose::Scheduled);
    }
}

/// What the core says.
impl Model {
    pub(super) fn people_to_mention_came(&mut self, id: &ChatId, typed: &str, people: Vec<Mentionable>) {
        let chat = self.main().and_then(|main| main.chat_if(id));
        if let Some(mentioning) = chat.and_then(|chat| chat.mentioning.as_mut())
            && mentioning.typed == typed
        {
            (mentioning.found, mentioning.picked) = (people, 0);
        }
    }

    pub(super) fn scheduled_came(&mut self, answer: Answer) {
        let Some(Dialog::Scheduled { rows, .. }) = self.dialog() else { return };
        if let Answer::Scheduled(came) = answer {
            *rows = came;
        }
    }

    pub(super) fn scheduled_noticed(&mut self, chat: ChatId, sentence: Option<String>) {
        if let Some(sentence) = sentence {
            self.say(sentence);
        }
        if matches!(self.dialog(), Some(Dialog::Scheduled { .. })) {
            self.ask_scheduled();
        }
        self.ask_newest(chat);
    }

    /// What came of what this file began.
    pub(super) fn words_came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        match (purpose, outcome) {
            (Purpose::Schedule(chat), Outcome::Scheduled { sentence, .. }) => {
                self.cleared.push(chat.clone());
                self.keep_draft(&chat, String::new());
                self.close_dialog();
                self.say(sentence);
                self.ask_newest(chat);
            }
            (_, Outcome::Refused { sentence, .. }) => match self.dialog() {
                Some(
                    Dialog::SendAt { refused, .. }
                    | Dialog::Scheduled { refused, .. }
                    | Dialog::Folders { refused, .. },
                ) => *refused = Some(sentence),
                _ => self.say(sentence),
            },
            (Purpose::ChangeScheduled, _) => {
                if let Some(Dialog::Scheduled { refused, .. }) = self.dialog() {
                    *refused = None;
                }
                self.ask_scheduled();
            }
            _ => {
                if let Some(Dialog::Folders { refused, .. }) = self.dialog() {
                    *refused = None;
                }
                self.ask_chats();
            }
        }
    }

    /// The list is another one: so is what lies on top of it.
    pub(super) fn list_came(&mut self) {
        let Some(main) = self.main() else { return };
        let Listing::Rows(rows) = &main.list.chats else { return };
        if let Some(Dialog::Folders { row, .. }) = &mut main.dialog
            && let Some(now) = rows.iter().find(|now| now.id == row.id)
        {
            **row = now.clone();
        }
    }

    /// The folders that there are.
    #[must_use]
    pub fn folders(&self) -> Vec<FolderRow> {
        match &self.stage {
            Stage::Main(main) => main.list.folders.clone(),
            _ => Vec::new(),
        }
    }
}

/// The beginning of a name after an `@` that stands at the end of a text and is no part of a word.
fn name_begun(before: &str) -> Option<&str> {
    let at = before.rfind('@')?;
    let (text, typed) = (before.get(..at)?, before.get(at + 1..)?);
    let alone = text.chars().next_back().is_none_or(|c| c.is_whitespace() || "([{\"'*_~".contains(c));
    let fits =
        typed.chars().count() <= NAME_CHARS_MAX && !typed.contains(['\n', '@']) && !typed.starts_with(' ');
    (alone && fits).then_some(typed)
}

/// Characters of a name that people are looked for by.
const NAME_CHARS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_after_an_at_sign_by_itself() {
        for (before, typed) in
            [("@", Some("")), ("hi @Bo", Some("Bo")), ("(@Anna Ko", Some("Anna Ko")), ("**@x", Some("x"))]
        {
            assert_eq!(name_begun(before), typed, "{before}");
        }
        for before in ["", "hi", "a@b", "@ b", "@a\nb", "@@", &format!("@{}", "x".repeat(33))] {
            assert_eq!(name_begun(before), None, "{before}");
        }
    }
}
