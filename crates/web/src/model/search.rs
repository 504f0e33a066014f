//! Looking for words in all chats.

use screens::{Ask, Bubble, FoundRow, Listing, What};

use super::{Dialog, Model, Purpose};

/// What is looked for and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// As typed.
    pub words: String,
    /// What was found; nothing while nothing is looked for.
    pub found: Option<Listing<FoundRow>>,
}

/// Messages shown at one time.
const FOUND_MAX: u32 = 50;

impl Model {
    /// Opens the window in which one looks for words.
    pub fn open_search(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Search(Search { words: String::new(), found: None }));
        }
    }

    /// Looks for what is typed by now.
    pub fn search(&mut self, words: String) {
        let Some(Dialog::Search(search)) = self.dialog() else { return };
        search.words.clone_from(&words);
        if words.trim().is_empty() {
            search.found = None;
            return;
        }
        let ask = Ask::Search { words: words.clone(), limit: FOUND_MAX };
        self.want(What::Ask(ask), Purpose::Search(words));
    }

    /// Opens the chat at a message that was found.
    pub fn go_to_found(&mut self, bubble: &Bubble) {
        self.close_dialog();
        self.open_chat(&bubble.chat);
        self.jump_to(&bubble.id);
    }

    pub(super) fn found(&mut self, words: &str, found: Listing<FoundRow>) {
        // What was typed since is being looked for already.
        if let Some(Dialog::Search(search)) = self.dialog()
            && search.words == words
        {
            search.found = Some(found);
        }
    }
}
