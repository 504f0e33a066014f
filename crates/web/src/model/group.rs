//! Groups: making one, and a group's page.

use screens::{Action, Answer, Ask, ChatId, ChatList, GroupEdit, Listing, Outcome, Picture, Trouble, What};

use super::{Dialog, Filter, Model, Purpose};

/// What the person does.
impl Model {
    /// Opens the window that makes a group.
    pub fn new_group(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::NewGroup { people: Listing::Loading, busy: false, refused: None });
            self.want(What::Ask(Ask::Contacts), Purpose::People);
        }
    }

    /// Makes it.
    pub fn make_group(&mut self, name: &str, people: Vec<String>) {
        let name = name.trim().to_owned();
        let Some(Dialog::NewGroup { busy, refused, .. }) = self.dialog() else { return };
        if name.is_empty() {
            *refused = Some("Give the group a name.".to_owned());
            return;
        }
        (*busy, *refused) = (true, None);
        self.act(Action::NewGroup { name, people }, Purpose::NewGroup);
    }

    /// Opens the page of the group that is open.
    pub fn show_group(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(id) = main.chat().map(|chat| chat.id.clone()) else { return };
        main.dialog = Some(Dialog::Group { id: id.clone(), page: None, adding: None, refused: None });
        self.ask_group(id);
    }

    /// Shows whom one can add to the group whose page is open.
    pub fn choose_to_add(&mut self) {
        if let Some(Dialog::Group { adding, .. }) = self.dialog() {
            *adding = Some(Listing::Loading);
            self.want(What::Ask(Ask::Contacts), Purpose::People);
        }
    }

    /// Changes the group whose page is open.
    pub fn edit_group(&mut self, edit: GroupEdit) {
        let Some(Dialog::Group { id, adding, refused, .. }) = self.dialog() else { return };
        (*adding, *refused) = (None, None);
        let id = id.clone();
        self.act(Action::EditGroup { group: id.0.clone(), edit }, Purpose::EditGroup(id));
    }

    /// Makes a link into the group whose page is open, and shows it.
    pub fn open_link(&mut self, approval: bool) {
        let Some(main) = self.main() else { return };
        let Some(Dialog::Group { id, .. }) = &main.dialog else { return };
        let group = id.0.clone();
        main.dialog = Some(Dialog::Invite { link: None, refused: None });
        self.act(Action::OpenLink { group, approval }, Purpose::Invite);
    }

    /// Shows a link that was made before.
    pub fn show_link(&mut self, link: String, sentence: String) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Invite { link: Some((link, sentence)), refused: None });
        }
    }

    /// Asks no more to come into a group.
    pub fn withdraw_join(&mut self, id: &ChatId) {
        self.act(Action::WithdrawJoin { group: id.0.clone() }, Purpose::WithdrawJoin);
    }

    /// Leaves the group whose page is open.
    pub fn leave_group(&mut self) {
        let Some(Dialog::Group { id, .. }) = self.dialog() else { return };
        let id = id.clone();
        self.act(Action::LeaveGroup { group: id.0.clone() }, Purpose::EditGroup(id));
    }
}

/// What the core says.
impl Model {
    /// Pictures of the list that are not here yet.
    pub(super) fn ask_pictures(&mut self, list: &ChatList) {
        let Listing::Rows(rows) = &list.chats else { return };
        let faces = rows.iter().filter_map(|row| row.picture.clone());
        let shown: Vec<String> = faces.chain(self.face_shown()).collect();
        self.pictures.retain(|id, _| shown.contains(id));
        for id in shown {
            let purpose = Purpose::Picture(id.clone());
            if !self.pictures.contains_key(&id) && !self.waits_for(&purpose) {
                self.want(What::Ask(Ask::Picture { id }), purpose);
            }
        }
    }

    pub(super) fn picture_came(&mut self, id: String, answer: Answer) {
        let known = ["image/jpeg", "image/png", "image/webp"];
        if let Answer::Picture(Picture { media_type, base64, .. }) = answer
            && known.contains(&media_type.as_str())
        {
            self.pictures.insert(id, format!("data:{media_type};base64,{base64}"));
        }
    }

    pub(super) fn group_answered(&mut self, purpose: &Purpose, answer: Answer) {
        match (purpose, answer, self.dialog()) {
            (Purpose::People, Answer::Contacts(rows), Some(Dialog::NewGroup { people, .. })) => {
                *people = rows
            }
            (
                Purpose::People,
                Answer::Contacts(rows),
                Some(Dialog::Group { adding: adding @ Some(_), .. }),
            ) => *adding = Some(rows),
            (Purpose::People, Answer::Refused { sentence, .. }, Some(Dialog::NewGroup { people, .. })) => {
                *people = Listing::Failing(Trouble { sentence, again: false });
            }
            (Purpose::GroupPage(asked), Answer::Group(shown), Some(Dialog::Group { id, page, .. }))
                if asked == id =>
            {
                *page = Some(Box::new(shown))
            }
            (
                Purpose::GroupPage(_),
                Answer::Refused { sentence, .. },
                Some(Dialog::Group { refused, .. }),
            ) => *refused = Some(sentence),
            _ => {}
        }
    }

    pub(super) fn group_came_of(&mut self, purpose: &Purpose, outcome: Outcome) {
        match (purpose, outcome) {
            (Purpose::NewGroup, Outcome::Group { id, .. }) => {
                self.close_dialog();
                self.set_filter(Filter::All);
                self.ask_chats();
                self.open_chat(&id);
            }
            (Purpose::NewGroup, Outcome::Refused { sentence, .. }) => {
                if let Some(Dialog::NewGroup { busy, refused, .. }) = self.dialog() {
                    (*busy, *refused) = (false, Some(sentence));
                }
            }
            (Purpose::EditGroup(id), Outcome::Group { .. }) => {
                self.ask_group(id.clone());
                self.ask_chats();
            }
            (Purpose::EditGroup(_), Outcome::Refused { sentence, .. }) => match self.dialog() {
                Some(Dialog::Group { refused, .. }) => *refused = Some(sentence),
                _ => self.say(sentence),
            },
            _ => {}
        }
    }

    /// Something happened in a chat: if it is the group whose page is open, it is shown as it is now.
    pub(super) fn ask_group_again(&mut self, chat: &ChatId) {
        if matches!(self.dialog(), Some(Dialog::Group { id, .. }) if id == chat) {
            self.ask_group(chat.clone());
        }
    }

    /// Somebody told their name, or a picture came: the page that is open shows it.
    pub(super) fn ask_open_group(&mut self) {
        if let Some(Dialog::Group { id, .. }) = self.dialog() {
            let id = id.clone();
            self.ask_group(id);
        }
    }

    fn ask_group(&mut self, id: ChatId) {
        let purpose = Purpose::GroupPage(id.clone());
        if !self.waits_for(&purpose) {
            self.want(What::Ask(Ask::Group { group: id.0 }), purpose);
        }
    }
}
