//! Finding a chat, words in all chats, and what can be done from anywhere.

use screens::{Ask, Bubble, ChatRow, FoundRow, Listing, What};

use super::{Dialog, Model, Purpose, Stage};

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

/// Chats shown at one time; so many of the newest while nothing is typed.
const CHATS_FOUND_MAX: usize = 6;

/// What can be done from anywhere, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its words say")]
pub enum Deed {
    NewChat,
    NewGroup,
    Invite,
    Profile,
    Privacy,
    Storage,
    Devices,
    Scheduled,
}

impl Deed {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::NewChat,
        Self::NewGroup,
        Self::Invite,
        Self::Profile,
        Self::Privacy,
        Self::Storage,
        Self::Devices,
        Self::Scheduled,
    ];

    /// What it is called, and what else people look for it by.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NewChat => ("Start a chat", "new add person number address message"),
            Self::NewGroup => ("Start a group", "new people"),
            Self::Invite => ("Invite someone", "link code share"),
            Self::Profile => ("Your profile", "name picture about me settings"),
            Self::Privacy => ("Privacy", "read receipts typing last seen settings"),
            Self::Storage => ("Storage", "space free files media load settings"),
            Self::Devices => ("Your devices", "link computer phone remove settings"),
            Self::Scheduled => ("Messages that wait for their time", "scheduled later"),
        }
    }

    /// Its picture.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::NewChat => "new",
            Self::NewGroup => "people",
            Self::Profile => "person",
            Self::Invite => "invite",
            Self::Privacy => "eye",
            Self::Storage => "disk",
            Self::Devices => "device",
            Self::Scheduled => "timer",
        }
    }

    /// Those that fit what was typed.
    #[must_use]
    pub fn named(words: &str) -> Vec<Self> {
        let fits = |deed: &Self| {
            let (name, other) = deed.words();
            begins_words(&format!("{name} {other}"), words)
        };
        Self::ALL.into_iter().filter(fits).collect()
    }
}

/// Whether everything typed begins a word of a name.
fn begins_words(name: &str, typed: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|char: char| !char.is_alphanumeric()).collect();
    let typed = typed.to_lowercase();
    typed.split_whitespace().all(|part| words.iter().any(|word| word.starts_with(part)))
}

impl Model {
    /// Opens the window in which one looks for words.
    pub fn open_search(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Search(Search { words: String::new(), found: None }));
        }
    }

    /// The chats whose names fit what was typed, in the order of the list.
    #[must_use]
    pub fn chats_named(&self, words: &str) -> Vec<ChatRow> {
        let Stage::Main(main) = &self.stage else { return Vec::new() };
        let Listing::Rows(rows) = &main.list.chats else { return Vec::new() };
        let fits = rows.iter().filter(|row| begins_words(&row.person.name, words));
        fits.take(CHATS_FOUND_MAX).cloned().collect()
    }

    /// Does what was chosen by its name.
    pub fn perform(&mut self, deed: Deed) {
        self.close_dialog();
        match deed {
            Deed::NewChat => self.new_chat(String::new()),
            Deed::NewGroup => self.new_group(),
            Deed::Invite => self.invite(),
            Deed::Profile => self.show_profile(),
            Deed::Privacy => self.show_privacy(),
            Deed::Storage => self.show_storage(),
            Deed::Devices => self.show_devices(),
            Deed::Scheduled => self.show_scheduled(),
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
