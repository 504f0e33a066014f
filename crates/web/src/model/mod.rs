//! What the page knows, without the page: screens come in, screens wanted and actions go out.
//!
//! Invariant: no browser here. What is to be sent lies in [`Model::take_out`] until the bridge takes it; what a view
//! shows is a public field.

mod chat;
mod group;
mod join;
mod link;
mod main;
mod media;
mod message;
mod people;
pub mod place;
mod privacy;
mod search;
mod square;
pub mod thumbhash;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use screens::{
    Action, Answer, Ask, AttachmentId, AttachmentShown, ChatId, FromCore, MessageId, Notice, Outcome, Reply,
    Start, ToCore, Trouble, What,
};

pub use chat::{Chat, EARLIER_MESSAGES, Shown};
pub use join::{Joining, Step};
pub use link::{Devices, NewDevice};
pub use main::{Dialog, Filter, Main, Open};
pub use media::{Chore, FILES_MAX, Gallery, Media, Picked, Shelf, Viewer, is_seen};
pub use message::Writing;
pub use place::{ChatMap, Here, Lasts, Sharing};
pub use privacy::Sheet;
pub use search::{Deed, Search};
pub use square::Square;
pub use words::Mentioning;

/// The whole page as a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which of the few pages is shown.
    pub stage: Stage,
    /// The page is visible and has the focus: what is open counts as seen.
    pub attentive: bool,
    /// An invitation link that the page was opened with, until it was offered.
    pub invitation: Option<String>,
    /// Texts that could not be taken and go back to where they were written.
    pub returned: Vec<(ChatId, String)>,
    /// Texts that were begun elsewhere: for composers with nothing in them.
    pub drafts: Vec<(ChatId, String)>,
    /// Texts that were taken and leave their composer.
    pub cleared: Vec<ChatId>,
    /// Pictures of groups that are here, as what an image is drawn from.
    pub pictures: BTreeMap<String, String>,
    /// What the page has of attachments.
    pub media: Media,
    /// What the browser is to do with files and addresses.
    pub chores: Vec<Chore>,
    /// What the page knows of where it is.
    pub here: Here,
    /// Files that go with the next text, by chat.
    trays: BTreeMap<ChatId, Vec<Picked>>,
    /// A voice note that is played when its bytes are there.
    plays_when_here: Option<Box<AttachmentShown>>,
    /// The network costs by its bytes, as far as the browser says so.
    pub metered: bool,
    utc_offset_minutes: i16,
    next: u64,
    waiting: BTreeMap<u64, Purpose>,
    out: Vec<ToCore>,
}

/// Which page.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The core has not answered yet.
    Opening,
    /// It cannot: what is, why, what now.
    Broken(Trouble),
    /// Nobody is registered here.
    Joining(Box<Joining>),
    /// The chats.
    Main(Box<Main>),
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Start,
    Chats,
    Requests,
    Joins,
    Newest(ChatId),
    Earlier(ChatId),
    One(ChatId),
    Register,
    GiveCode,
    Invite,
    Add,
    Accept,
    Block,
    Devices,
    Linking,
    OfferLink,
    LinkDevice,
    LinkNumber,
    RemoveDevice,
    Send { chat: ChatId, text: String },
    SendFiles { chat: ChatId, text: String, numbers: Vec<u64>, tray: Vec<Picked> },
    Fetch,
    Thumbnail(AttachmentId),
    PreviewPicture(MessageId),
    Bytes(AttachmentId),
    Gallery(Shelf, Option<u64>),
    Storage,
    Free,
    About(ChatId),
    NewPoll(ChatId),
    Editions,
    Privacy,
    Profile,
    Contact,
    CardPeople,
    SendCards(ChatId),
    SaveCards,
    Report,
    Search(String),
    People,
    NewGroup,
    WithdrawJoin,
    GroupPage(ChatId),
    EditGroup(ChatId),
    Folders,
    Scheduled,
    Schedule(ChatId),
    ChangeScheduled,
    Mentionable(ChatId, String),
    Picture(String),
    TellPlace { chat: ChatId, live: bool },
    StopTelling,
    Map(ChatId),
    Quiet,
}

impl Model {
    /// A page that has just been opened. Local time is that far ahead of UTC.
    #[must_use]
    pub fn new(utc_offset_minutes: i16, invitation: Option<String>) -> Self {
        let mut model = Self {
            stage: Stage::Opening,
            attentive: true,
            invitation,
            returned: Vec::new(),
            drafts: Vec::new(),
            cleared: Vec::new(),
            pictures: BTreeMap::new(),
            media: Media::default(),
            chores: Vec::new(),
            here: Here::default(),
            trays: BTreeMap::new(),
            plays_when_here: None,
            metered: false,
            utc_offset_minutes,
            next: 0,
            waiting: BTreeMap::new(),
            out: Vec::new(),
        };
        model.ask_start();
        model
    }

    /// What is to be sent to the core.
    pub fn take_out(&mut self) -> Vec<ToCore> {
        std::mem::take(&mut self.out)
    }

    /// Something came from the core.
    pub fn heard(&mut self, from: FromCore) {
        match from {
            FromCore::Reply { id, reply } => {
                // A reply nobody waits for is one that was given up.
                let Some(purpose) = self.waiting.remove(&id) else { return };
                match reply {
                    Reply::Answer(answer) => self.answered(purpose, *answer),
                    Reply::Outcome(outcome) => self.came_of(purpose, outcome),
                }
            }
            FromCore::Notice(notice) => self.noticed(notice),
        }
    }

    /// The page came into view or went out of it.
    pub fn set_attentive(&mut self, attentive: bool) {
        self.attentive = attentive;
        self.mark_seen();
    }

    /// What the network costs by has changed.
    pub fn set_metered(&mut self, metered: bool) {
        if self.metered != metered {
            self.metered = metered;
            self.act(Action::Metered { on: metered }, Purpose::Quiet);
        }
    }

    fn tell_metered(&mut self) {
        if self.metered {
            self.act(Action::Metered { on: true }, Purpose::Quiet);
        }
    }

    /// Asks the first question again: at the beginning, after a failure, when the account changed.
    pub fn ask_start(&mut self) {
        self.want(What::Ask(Ask::Start { utc_offset_minutes: self.utc_offset_minutes }), Purpose::Start);
    }

    /// As if the core had answered the first question.
    #[cfg(feature = "gallery")]
    pub(crate) fn heard_for_gallery(&mut self, start: Start) {
        self.started(start);
    }

    fn answered(&mut self, purpose: Purpose, answer: Answer) {
        match (purpose, answer) {
            (Purpose::Start, Answer::Start(start)) => self.started(start),
            (Purpose::Start, Answer::Refused { sentence, .. }) => {
                self.stage = Stage::Broken(Trouble { sentence, again: true });
            }
            (Purpose::Devices | Purpose::Linking, answer) => self.link_answered(answer),
            (purpose, answer) => self.main_answered(purpose, answer),
        }
    }

    fn came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        match purpose {
            Purpose::Register | Purpose::GiveCode => self.join_came_of(outcome),
            Purpose::OfferLink | Purpose::LinkDevice | Purpose::LinkNumber | Purpose::RemoveDevice => {
                self.link_came_of(&purpose, outcome);
            }
            purpose => self.main_came_of(purpose, outcome),
        }
    }

    fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::Account => {
                // It may be another tab's core, which was told nothing yet.
                self.tell_metered();
                self.ask_start();
            }
            Notice::Linking => self.linking_noticed(),
            notice => self.main_noticed(notice),
        }
    }

    fn started(&mut self, start: Start) {
        match start {
            Start::Welcome(welcome) => match &mut self.stage {
                // The person is further than the core knows: they go without a handle.
                Stage::Joining(joining) if joining.welcome.is_some() => joining.welcome = Some(welcome),
                _ => {
                    self.stage = Stage::Joining(Box::new(Joining::welcome(welcome)));
                    self.ask_linking();
                }
            },
            Start::Code(code) => match &mut self.stage {
                Stage::Joining(joining) => joining.code_sent(code),
                _ => self.stage = Stage::Joining(Box::new(Joining::code(code))),
            },
            Start::Main(me) => self.enter(me),
        }
    }

    fn act(&mut self, action: Action, purpose: Purpose) {
        self.want(What::Action(action), purpose);
    }

    fn want(&mut self, what: What, purpose: Purpose) {
        self.next += 1;
        self.waiting.insert(self.next, purpose);
        self.out.push(ToCore { id: self.next, what });
    }

    /// Whether a reply for this is still to come.
    fn waits_for(&self, purpose: &Purpose) -> bool {
        self.waiting.values().any(|waiting| waiting == purpose)
    }

    /// What is open and seen is marked as read, once.
    fn mark_seen(&mut self) {
        if !self.attentive {
            return;
        }
        let Stage::Main(main) = &mut self.stage else { return };
        let Some(Open::Chat(chat)) = &mut main.open else { return };
        let Some((chat, through)) = chat.newly_seen() else { return };
        self.mark_read(chat, through);
    }

    fn mark_read(&mut self, chat: ChatId, through: MessageId) {
        self.act(Action::MarkRead { chat, through }, Purpose::Quiet);
    }
}
