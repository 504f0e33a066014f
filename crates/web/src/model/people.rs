//! One's own profile, what a contact tells of themselves, and contact cards.

use std::collections::BTreeSet;

use screens::{
    Action, Answer, Ask, Bubble, ContactRow, Listing, Outcome, Person, PictureEdit, ProfilePage, Trouble,
    What,
};

use super::{Chore, Dialog, Model, Purpose};

/// What the person does.
impl Model {
    /// Opens the window with one's own profile.
    pub fn show_profile(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Profile { page: None, refused: None });
            self.want(What::Ask(Ask::Profile), Purpose::Profile);
        }
    }

    /// Changes name and text; what is as it was is left out.
    pub fn set_profile(&mut self, name: Option<String>, about: Option<String>) {
        self.act(Action::SetProfile { name, about, picture: None }, Purpose::Profile);
    }

    /// Another picture, or none.
    pub fn set_face(&mut self, picture: PictureEdit) {
        let action = Action::SetProfile { name: None, about: None, picture: Some(picture) };
        self.act(action, Purpose::Profile);
    }

    /// Opens the window with what the person of the open chat tells of themselves.
    pub fn show_contact(&mut self, person: &Person) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Contact { person: Box::new(person.clone()) });
            self.want(What::Ask(Ask::Contact { who: person.id.0.clone() }), Purpose::Contact);
        }
    }

    /// Opens the window in which one chooses whose cards are sent to the open chat.
    pub fn choose_cards(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Cards { people: Listing::Loading, refused: None });
            self.want(What::Ask(Ask::Contacts), Purpose::CardPeople);
        }
    }

    /// Sends them; `me` is one's own.
    pub fn send_cards(&mut self, chosen: &BTreeSet<String>) {
        let Some(chat) = self.main().and_then(|main| main.chat()).map(|chat| chat.id.clone()) else { return };
        if chosen.is_empty() {
            if let Some(Dialog::Cards { refused, .. }) = self.dialog() {
                *refused = Some("Choose whose card is sent.".to_owned());
            }
            return;
        }
        let action =
            Action::SendCards { to: chat.0.clone(), contacts: chosen.iter().cloned().collect(), file: None };
        self.act(action, Purpose::SendCards(chat));
    }

    /// Saves the cards of a message as a file.
    pub fn save_cards(&mut self, bubble: &Bubble) {
        self.close_dialog();
        self.want(What::Ask(Ask::CardsOf { message: bubble.id.0.clone() }), Purpose::SaveCards);
    }
}

/// What the core says.
impl Model {
    /// One's own profile changed, here or on another device.
    pub(super) fn profile_noticed(&mut self) {
        self.ask_start();
        if matches!(self.dialog(), Some(Dialog::Profile { .. })) {
            self.want(What::Ask(Ask::Profile), Purpose::Profile);
        }
    }

    /// Somebody changed: the window that shows them shows them as they are now.
    pub(super) fn ask_contact_anew(&mut self) {
        if let Some(Dialog::Contact { person }) = self.dialog() {
            let who = person.id.0.clone();
            self.want(What::Ask(Ask::Contact { who }), Purpose::Contact);
        }
    }

    pub(super) fn people_answered(&mut self, purpose: &Purpose, answer: Answer) {
        match (purpose, answer, self.dialog()) {
            (Purpose::Profile, Answer::Profile(came), Some(Dialog::Profile { page, .. })) => {
                let picture = came.picture.clone();
                *page = Some(came);
                self.ask_face(picture);
            }
            (Purpose::Contact, Answer::Contact(came), Some(Dialog::Contact { person }))
                if came.id == person.id =>
            {
                let picture = came.picture.clone();
                **person = came;
                self.ask_face(picture);
            }
            (Purpose::CardPeople, Answer::Contacts(rows), Some(Dialog::Cards { people, .. })) => {
                *people = accepted(rows);
            }
            (Purpose::CardPeople, Answer::Refused { sentence, .. }, Some(Dialog::Cards { people, .. })) => {
                *people = Listing::Failing(Trouble { sentence, again: false });
            }
            (Purpose::SaveCards, Answer::Cards(file), _) => {
                self.chores.push(Chore::SaveText { name: file.name, text: file.text });
            }
            (Purpose::SaveCards, Answer::Refused { sentence, .. }, _) => self.say(sentence),
            _ => {}
        }
    }

    fn ask_face(&mut self, id: Option<String>) {
        let Some(id) = id.filter(|id| !self.pictures.contains_key(id)) else { return };
        let purpose = Purpose::Picture(id.clone());
        if !self.waits_for(&purpose) {
            self.want(What::Ask(Ask::Picture { id }), purpose);
        }
    }

    /// The picture that an open window shows.
    pub(super) fn face_shown(&self) -> Option<String> {
        let super::Stage::Main(main) = &self.stage else { return None };
        match &main.dialog {
            Some(Dialog::Profile { page: Some(ProfilePage { picture, .. }), .. }) => picture.clone(),
            Some(Dialog::Contact { person }) => person.picture.clone(),
            _ => None,
        }
    }

    pub(super) fn people_came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        match (purpose, outcome, self.dialog()) {
            (Purpose::Profile, Outcome::Refused { sentence, .. }, Some(Dialog::Profile { refused, .. }))
            | (
                Purpose::SendCards(_),
                Outcome::Refused { sentence, .. },
                Some(Dialog::Cards { refused, .. }),
            ) => *refused = Some(sentence),
            (_, Outcome::Refused { sentence, .. }, _) => self.say(sentence),
            (Purpose::Profile, _, Some(Dialog::Profile { refused, .. })) => {
                *refused = None;
                self.want(What::Ask(Ask::Profile), Purpose::Profile);
            }
            (Purpose::SendCards(chat), _, _) => {
                self.close_dialog();
                self.ask_newest(chat);
            }
            _ => {}
        }
    }
}

/// Whose cards can be passed on.
fn accepted(rows: Listing<ContactRow>) -> Listing<ContactRow> {
    match rows {
        Listing::Rows(mut rows) => {
            rows.retain(|row| row.person.state == screens::ContactState::Accepted);
            Listing::Rows(rows)
        }
        other => other,
    }
}
