//! The chats: the list, what is open beside it, and what lies on top.

use std::collections::BTreeMap;

use screens::{
    Action, Answer, Ask, Bubble, ChatHead, ChatId, ChatList, ChatRow, Composer, ConnectionLine, ContactRow,
    Edition, FolderId, GroupPage, JoinRow, LineState, Listing, Me, Notice, Outcome, Person, PrivacyPage,
    ProfilePage, RequestRow, ScheduledRow, StoragePage, Trouble, What,
};

use super::{
    Chat, ChatMap, Devices, EARLIER_MESSAGES, Gallery, Model, Purpose, Search, Sharing, Sheet, Stage, Viewer,
    Writing,
};

/// The main page.
#[derive(Debug, Clone, PartialEq)]
pub struct Main {
    /// Oneself.
    pub me: Me,
    /// The list pane.
    pub list: ChatList,
    /// Who knocks.
    pub requests: Listing<RequestRow>,
    /// The groups one asks to come into, or asked not long ago.
    pub joins: Vec<JoinRow>,
    /// Which rows of the list are shown.
    pub filter: Filter,
    /// What is open beside the list.
    pub open: Option<Open>,
    /// What lies on top.
    pub dialog: Option<Dialog>,
    /// Said once, at the foot of the list.
    pub toast: Option<String>,
    /// Who writes, by chat, in words.
    pub typing: BTreeMap<ChatId, String>,
    chats_stale: bool,
}

/// Which rows of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every chat.
    All,
    /// With something new.
    Unread,
    /// Out of the way.
    Archived,
    /// Those of a folder.
    Folder(FolderId),
    /// Who knocks, and where one knocks oneself.
    Requests,
}

/// What is open beside the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Open {
    /// A chat.
    Chat(Box<Chat>),
    /// Somebody who knocks.
    Request(Box<RequestRow>),
}

/// A window within the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// Start a chat.
    New {
        /// What stands in the field at first: an invitation the page was opened with.
        who: String,
        /// An answer is awaited.
        busy: bool,
        /// Why it was not done.
        refused: Option<String>,
    },
    /// What can be done with a message.
    Acts {
        /// Which.
        bubble: Box<Bubble>,
    },
    /// Where a message is forwarded to.
    Forward {
        /// Which.
        bubble: Box<Bubble>,
        /// The chats there are.
        chats: Vec<ChatRow>,
    },
    /// What can be done with a chat.
    ChatActs {
        /// Which.
        row: Box<ChatRow>,
        /// How long its messages stay, in words.
        timer: Option<String>,
    },
    /// A question is asked.
    NewPoll {
        /// Where.
        chat: ChatId,
        /// Why it was not taken.
        refused: Option<String>,
    },
    /// Words are looked for in all chats.
    Search(Search),
    /// In which folders a chat is.
    Folders {
        /// Which chat.
        row: Box<ChatRow>,
        /// Why something was not done.
        refused: Option<String>,
    },
    /// When a text is to leave.
    SendAt {
        /// Of which chat.
        chat: ChatId,
        /// Why it was not taken.
        refused: Option<String>,
    },
    /// What waits for its time.
    Scheduled {
        /// The texts.
        rows: Listing<ScheduledRow>,
        /// Why something was not done.
        refused: Option<String>,
    },
    /// What a message said before it was edited.
    Editions {
        /// The first version first; empty until they came.
        editions: Vec<Edition>,
    },
    /// Make a group.
    NewGroup {
        /// Whom one can choose from.
        people: Listing<ContactRow>,
        /// An answer is awaited.
        busy: bool,
        /// Why it was not done.
        refused: Option<String>,
    },
    /// A group's page.
    Group {
        /// Which.
        id: ChatId,
        /// The page, once it is here.
        page: Option<Box<GroupPage>>,
        /// Contacts to choose from, while somebody is to be added.
        adding: Option<Listing<ContactRow>>,
        /// Why something was not done.
        refused: Option<String>,
    },
    /// What others are told of oneself.
    Privacy {
        /// The parts, once they are here.
        page: Option<PrivacyPage>,
        /// Why something was not done.
        refused: Option<String>,
    },
    /// One's own profile.
    Profile {
        /// It, once it is here.
        page: Option<ProfilePage>,
        /// Why something was not done.
        refused: Option<String>,
    },
    /// What somebody tells of themselves.
    Contact {
        /// As far as it is known.
        person: Box<Person>,
    },
    /// Whose cards are sent.
    Cards {
        /// Whom one can choose from.
        people: Listing<ContactRow>,
        /// Why it was not done.
        refused: Option<String>,
    },
    /// What a report would tell.
    Report {
        /// All of it, once it is here.
        sheet: Sheet,
        /// Why there is none.
        refused: Option<String>,
    },
    /// A place is told.
    Place(Box<Sharing>),
    /// The places of a chat.
    Map(Box<ChatMap>),
    /// What can be put beside a text.
    Attach,
    /// A picture or a video on the whole screen.
    Viewer(Viewer),
    /// The media of a chat.
    Gallery(Gallery),
    /// How much room media take, and what is loaded by itself.
    Storage {
        /// All of it, once it is here.
        page: Option<StoragePage>,
        /// Why something was not done.
        said: Option<String>,
    },
    /// The devices of the account, and linking one more.
    Devices(Box<Devices>),
    /// Give somebody a link.
    Invite {
        /// The link and what it does, once it is made.
        link: Option<(String, String)>,
        /// Why there is none.
        refused: Option<String>,
    },
}

impl Main {
    fn new(me: Me) -> Self {
        let line = ConnectionLine {
            state: LineState::Connecting,
            label: "Opening your chats".to_owned(),
            sentence: "Opening your chats.".to_owned(),
        };
        let list = ChatList {
            chats: Listing::Loading,
            folders: vec![],
            requests: None,
            unread: 0,
            banner: None,
            live: vec![],
            line,
        };
        Self::showing(me, list)
    }

    /// A page that shows this list.
    #[must_use]
    pub fn showing(me: Me, list: ChatList) -> Self {
        Self {
            me,
            list,
            requests: Listing::Loading,
            joins: vec![],
            filter: Filter::All,
            open: None,
            dialog: None,
            toast: None,
            typing: BTreeMap::new(),
            chats_stale: false,
        }
    }

    /// The chat that is open.
    #[must_use]
    pub fn chat(&self) -> Option<&Chat> {
        match &self.open {
            Some(Open::Chat(chat)) => Some(chat),
            _ => None,
        }
    }

    pub(super) fn chat_if(&mut self, id: &ChatId) -> Option<&mut Chat> {
        match &mut self.open {
            Some(Open::Chat(chat)) if chat.id == *id => Some(chat),
            _ => None,
        }
    }
}

/// What the person does.
impl Model {
    /// Opens a chat.
    pub fn open_chat(&mut self, id: &ChatId) {
        let Some(main) = self.main() else { return };
        if main.chat().is_some_and(|chat| chat.id == *id) {
            return;
        }
        let head = head_from(&main.list, id);
        main.open = Some(Open::Chat(Box::new(Chat::new(id.clone(), head))));
        self.take_unread_mark_off(id);
        self.ask_newest(id.clone());
    }

    /// Opens a request.
    pub fn open_request(&mut self, request: RequestRow) {
        if let Some(main) = self.main() {
            main.open = Some(Open::Request(Box::new(request)));
        }
    }

    /// Closes what is open beside the list.
    pub fn close(&mut self) {
        if let Some(main) = self.main() {
            main.open = None;
        }
    }

    /// Shows other rows of the list.
    pub fn set_filter(&mut self, filter: Filter) {
        if let Some(main) = self.main() {
            main.filter = filter;
        }
    }

    /// Opens the window that starts a chat.
    pub fn new_chat(&mut self, who: String) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::New { who, busy: false, refused: None });
        }
    }

    /// Opens the window with a link for somebody, and makes the link.
    pub fn invite(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Invite { link: None, refused: None });
            self.act(Action::Invite, Purpose::Invite);
        }
    }

    /// Closes what lies on top.
    pub fn close_dialog(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = None;
        }
    }

    /// What was said once is read.
    pub fn close_toast(&mut self) {
        if let Some(main) = self.main() {
            main.toast = None;
        }
    }

    /// Adds somebody and opens the chat with them.
    pub fn add(&mut self, who: &str) {
        let who = who.trim().to_owned();
        let Some(Dialog::New { busy, refused, .. }) = self.dialog() else { return };
        if who.is_empty() {
            *refused = Some("Write a number, an e-mail address, or paste a link.".to_owned());
            return;
        }
        (*busy, *refused) = (true, None);
        self.act(Action::Add { who }, Purpose::Add);
    }

    /// Lets a request in.
    pub fn accept(&mut self, request: &RequestRow) {
        self.act(Action::Accept { who: request.id.0.clone() }, Purpose::Accept);
    }

    /// Refuses somebody.
    pub fn block(&mut self, request: &RequestRow) {
        self.act(Action::Block { who: request.id.0.clone() }, Purpose::Block);
    }

    /// Sends a text to the open chat, with the files in its tray. It is returned if the core does not take it.
    pub fn send(&mut self, text: String) {
        if self.send_tray(&text) {
            let Some(id) = self.main().and_then(|main| main.chat()).map(|chat| chat.id.clone()) else {
                return;
            };
            return self.keep_draft(&id, String::new());
        }
        let Some(main) = self.main() else { return };
        let Some(Open::Chat(chat)) = &mut main.open else { return };
        chat.refused = None;
        chat.mentioning = None;
        let id = |bubble: &Bubble| bubble.id.0.clone();
        let (writing, chat) = (chat.writing.take(), chat.id.clone());
        let action = match writing {
            None => Action::Send { to: chat.0.clone(), text: text.clone() },
            Some(Writing::Answer(bubble)) => Action::Reply { to: id(&bubble), text: text.clone() },
            Some(Writing::Edit { bubble, .. }) => Action::Edit { message: id(&bubble), text: text.clone() },
        };
        self.act(action, Purpose::Send { chat: chat.clone(), text });
        self.keep_draft(&chat, String::new());
    }

    /// Shows earlier messages of the open chat.
    pub fn show_earlier(&mut self) {
        let Some(chat) = self.main().and_then(|main| main.chat()) else { return };
        let (Some(before), id) = (chat.earlier, chat.id.clone()) else { return };
        let purpose = Purpose::Earlier(id.clone());
        if !self.waits_for(&purpose) {
            let ask = Ask::Timeline { chat: id.0, before: Some(before), limit: EARLIER_MESSAGES };
            self.want(What::Ask(ask), purpose);
        }
    }

    /// Tries again what could not be shown.
    pub fn again(&mut self) {
        self.ask_chats();
        if let Some(id) = self.main().and_then(|main| main.chat()).map(|chat| chat.id.clone()) {
            self.ask_newest(id);
        }
    }
}

/// What the core says.
impl Model {
    pub(super) fn enter(&mut self, me: Me) {
        match &mut self.stage {
            Stage::Main(main) => main.me = me,
            stage => *stage = Stage::Main(Box::new(Main::new(me))),
        }
        self.again();
        self.ask_requests();
        self.ask_joins();
        if let Some(link) = self.invitation.take() {
            self.new_chat(link);
        }
    }

    pub(super) fn main_answered(&mut self, purpose: Purpose, answer: Answer) {
        if matches!(purpose, Purpose::People | Purpose::GroupPage(_)) {
            return self.group_answered(&purpose, answer);
        }
        match purpose {
            Purpose::Picture(id) => return self.picture_came(id, answer),
            Purpose::Thumbnail(id) => return self.thumbnail_came(id, answer),
            Purpose::PreviewPicture(id) => return self.preview_picture_came(id, answer),
            Purpose::Gallery(shelf, before) => return self.gallery_came(shelf, before, answer),
            _ => {}
        }
        if let Answer::Chats(list) = &answer {
            self.ask_pictures(list);
        }
        let attentive = self.attentive;
        let mut drafts = Vec::new();
        let Some(main) = self.main() else { return };
        match (purpose, answer) {
            (Purpose::Chats, Answer::Chats(list)) => {
                main.list = list;
                let stale = std::mem::take(&mut main.chats_stale);
                self.list_came();
                // One that was asked for before a live place began knows nothing of it.
                if stale {
                    self.ask_chats();
                } else {
                    self.live_came();
                }
            }
            (Purpose::Mentionable(id, typed), Answer::Mentionable(people)) => {
                self.people_to_mention_came(&id, &typed, people);
            }
            (Purpose::Scheduled, answer) => self.scheduled_came(answer),
            (Purpose::Chats, Answer::Refused { sentence, .. }) => {
                main.list.chats = Listing::Failing(Trouble { sentence, again: true });
            }
            (Purpose::Requests, Answer::Requests(requests)) => main.requests = requests,
            (Purpose::Joins, Answer::Joining(joins)) => main.joins = joins,
            (Purpose::Newest(id), Answer::Timeline(timeline)) => {
                let Some(chat) = main.chat_if(&id) else { return };
                let stale = std::mem::take(&mut chat.stale);
                if let (None, Composer::Open { draft, .. }) = (&chat.frame, &timeline.composer)
                    && !draft.is_empty()
                {
                    drafts.push((id.clone(), draft.clone()));
                }
                chat.newest(timeline, attentive);
                self.drafts.append(&mut drafts);
                if stale {
                    self.ask_newest(id);
                }
                self.seek_on();
                self.mark_seen();
                self.refresh_viewer();
            }
            (Purpose::Newest(id), Answer::Refused { sentence, .. }) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.shown = Listing::Failing(Trouble { sentence, again: true });
                }
            }
            (Purpose::Earlier(id), Answer::Timeline(timeline)) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.earlier(timeline);
                }
                self.seek_on();
            }
            (Purpose::One(id), Answer::Message(one)) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.changed(*one);
                }
            }
            // It is no more: what is shown is not whole.
            (Purpose::One(id), Answer::Refused { .. }) => {
                if let Some(chat) = main.chat_if(&id) {
                    chat.shown = Listing::Loading;
                }
                self.ask_newest(id);
            }
            (Purpose::Map(id), Answer::PlacesIn(places)) => self.map_came(&id, places),
            (Purpose::Search(words), Answer::Found(found)) => self.found(&words, found),
            (
                purpose @ (Purpose::Profile | Purpose::Contact | Purpose::CardPeople | Purpose::SaveCards),
                answer,
            ) => self.people_answered(&purpose, answer),
            (Purpose::Privacy, Answer::Privacy(page)) => self.privacy_came(page),
            (Purpose::Storage, Answer::Storage(page)) => self.storage_came(page),
            (Purpose::Report, answer) => self.report_came(answer),
            (Purpose::Editions, Answer::Editions(editions)) => self.editions_came(editions),
            // An answer of another kind, or a refusal of what can wait for the next notice.
            _ => {}
        }
    }

    pub(super) fn main_came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        match (purpose, outcome) {
            (Purpose::Add, Outcome::Contact { chat, .. }) => {
                self.close_dialog();
                self.set_filter(Filter::All);
                self.open_chat(&chat);
                self.ask_chats();
            }
            // A link into a group: the chat appears when one is let in.
            (Purpose::Add, Outcome::Group { sentence, .. }) => {
                self.close_dialog();
                self.say(sentence);
                self.ask_chats();
                self.ask_joins();
            }
            (Purpose::WithdrawJoin, Outcome::Group { sentence, .. } | Outcome::Refused { sentence, .. }) => {
                self.say(sentence);
                self.ask_joins();
            }
            (Purpose::Add, Outcome::Refused { sentence, .. }) => {
                if let Some(Dialog::New { busy, refused, .. }) = self.dialog() {
                    (*busy, *refused) = (false, Some(sentence));
                }
            }
            (Purpose::Invite, Outcome::Link { link, sentence }) => {
                if let Some(Dialog::Invite { link: made, .. }) = self.dialog() {
                    *made = Some((link, sentence));
                }
            }
            (Purpose::Invite, Outcome::Refused { sentence, .. }) => {
                if let Some(Dialog::Invite { refused, .. }) = self.dialog() {
                    *refused = Some(sentence);
                }
            }
            (Purpose::Accept, Outcome::Contact { chat, .. }) => {
                self.set_filter(Filter::All);
                self.open_chat(&chat);
                self.ask_chats();
                self.ask_requests();
            }
            (Purpose::Block, Outcome::Contact { sentence, .. }) => {
                self.close();
                self.say(sentence);
                self.ask_chats();
                self.ask_requests();
            }
            (Purpose::Send { chat, text }, Outcome::Refused { sentence, .. }) => {
                self.returned.push((chat.clone(), text));
                match self.main().and_then(|main| main.chat_if(&chat)) {
                    Some(chat) => chat.refused = Some(sentence),
                    None => self.say(sentence),
                }
            }
            (Purpose::Send { chat, .. }, _) => self.ask_newest(chat),
            (Purpose::NewPoll(_), Outcome::Refused { sentence, .. }) => {
                if let Some(Dialog::NewPoll { refused, .. }) = self.dialog() {
                    *refused = Some(sentence);
                }
            }
            (Purpose::NewPoll(chat), _) => {
                self.close_dialog();
                self.ask_newest(chat);
            }
            (Purpose::SendFiles { chat, text, numbers, tray }, outcome) => {
                self.came_of_sending_files(chat, text, numbers, tray, outcome);
            }
            (Purpose::Fetch, outcome) => self.came_of_fetching(outcome),
            (Purpose::Bytes(id), outcome) => self.came_of_bytes(&id, outcome),
            (Purpose::Free, outcome) => self.came_of_freeing(outcome),
            (Purpose::About(chat), outcome) => self.came_of_acting_about(chat, outcome),
            (purpose @ (Purpose::Folders | Purpose::Schedule(_) | Purpose::ChangeScheduled), outcome) => {
                self.words_came_of(purpose, outcome);
            }
            (purpose @ (Purpose::Profile | Purpose::SendCards(_)), outcome) => {
                self.people_came_of(purpose, outcome);
            }
            (purpose @ (Purpose::TellPlace { .. } | Purpose::StopTelling), outcome) => {
                self.place_came_of(&purpose, outcome);
            }
            (Purpose::Privacy, outcome) => self.came_of_privacy(outcome),
            (Purpose::Accept | Purpose::Block, Outcome::Refused { sentence, .. }) => {
                self.say(sentence);
                self.ask_requests();
            }
            (purpose, outcome) => self.group_came_of(&purpose, outcome),
        }
    }

    pub(super) fn main_noticed(&mut self, notice: Notice) {
        if self.main().is_none() {
            return;
        }
        match notice {
            Notice::Group { chat, sentence } => {
                self.say(sentence);
                self.ask_newest(chat);
            }
            Notice::Knock { chat, sentence, .. } => {
                self.ask_group_again(&chat);
                if let Some(sentence) = sentence {
                    self.say(sentence);
                }
            }
            Notice::Joining { sentence, .. } => {
                self.say(sentence);
                self.ask_joins();
            }
            Notice::Outgoing { chat, .. } => self.ask_newest(chat),
            Notice::Message { chat, .. } | Notice::Missing { chat, .. } => {
                self.ask_group_again(&chat);
                self.ask_newest(chat);
                self.ask_chats();
                self.ask_map();
            }
            Notice::Receipt { chat, id, .. }
            | Notice::Failed { chat, id, .. }
            | Notice::Reaction { chat, id, .. }
            | Notice::Edit { chat, id }
            | Notice::Attachment { chat, id }
            | Notice::Delete { chat, id } => {
                // Another text has another preview.
                self.media.previews.remove(&id);
                let above = self
                    .main()
                    .and_then(|main| main.chat_if(&chat))
                    .is_some_and(|open| open.holds_above(&id));
                if above {
                    self.want(What::Ask(Ask::Message { id }), Purpose::One(chat));
                } else {
                    self.ask_newest(chat);
                }
                self.ask_chats();
                self.ask_map();
                self.ask_gallery_anew();
            }
            Notice::Chats => {
                // One may have been let in.
                if self.main().is_some_and(|main| !main.joins.is_empty()) {
                    self.ask_joins();
                }
                self.ask_chats();
                self.ask_open();
                self.ask_map();
            }
            Notice::Request { .. } => {
                self.ask_requests();
                self.ask_chats();
            }
            Notice::Contact { .. } => {
                self.ask_chats();
                self.ask_requests();
                self.ask_open();
                self.ask_open_group();
                self.ask_contact_anew();
            }
            Notice::Scheduled { chat, sentence } => self.scheduled_noticed(chat, sentence),
            Notice::Connection(line) => {
                if let Some(main) = self.main() {
                    main.list.line = line;
                }
            }
            Notice::Device(banner) => {
                if let Some(main) = self.main() {
                    main.list.banner = banner;
                }
            }
            Notice::Devices { sentence } => {
                self.ask_devices();
                if let Some(sentence) = sentence {
                    self.say(sentence);
                }
            }
            Notice::DevicesChanged { sentence, .. } | Notice::Removed { sentence } => self.say(sentence),
            Notice::Typing { chat, line, .. } => self.typing_noticed(chat, line),
            Notice::Profile => self.profile_noticed(),
            Notice::Privacy => self.privacy_noticed(),
            Notice::Account | Notice::Linking | Notice::Settled => {}
        }
    }

    pub(super) fn say(&mut self, sentence: String) {
        if let Some(main) = self.main() {
            main.toast = Some(sentence);
        }
    }

    pub(super) fn main(&mut self) -> Option<&mut Main> {
        match &mut self.stage {
            Stage::Main(main) => Some(main),
            _ => None,
        }
    }

    pub(super) fn dialog(&mut self) -> Option<&mut Dialog> {
        self.main().and_then(|main| main.dialog.as_mut())
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

    fn ask_joins(&mut self) {
        self.want(What::Ask(Ask::Joining), Purpose::Joins);
    }

    fn ask_open(&mut self) {
        if let Some(id) = self.main().and_then(|main| main.chat()).map(|chat| chat.id.clone()) {
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
            let ask = Ask::Timeline { chat: id.0, before: None, limit: EARLIER_MESSAGES };
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
