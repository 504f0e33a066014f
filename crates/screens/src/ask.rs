//! What can be asked, and the answers.

use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, AttachmentShown, Bubble, CardFile, ChatList, ContactRow, DeviceList, Edition, FoundRow,
    GroupPage, JoinRow, KeptCardRow, LinkScreen, Listing, LivePlaceRow, MediaKind, Mentionable, MessageId,
    Next, OutgoingShown, Person, Picture, PrivacyPage, ProfilePage, RefusedKind, ReportSheet, RequestRow,
    ScheduledRow, Start, Status, StoragePage, Timeline,
};

/// A question. It changes nothing, except that [`Ask::Start`] tells the front end's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Which screen comes first. Asked once after connecting, and again on [`crate::Notice::Account`].
    Start {
        /// Minutes that local time is ahead of UTC; all times come in it from now on. May be told again.
        utc_offset_minutes: i16,
    },
    /// How this device stands.
    Status,
    /// The list of chats.
    Chats,
    /// A part of a chat.
    Timeline {
        /// Chat or contact, see [`crate::Action`].
        chat: String,
        /// What [`Timeline::earlier`] said; nothing for the newest.
        before: Option<u64>,
        /// Messages at most; the core cuts it to [`TIMELINE_MESSAGES_MAX`].
        limit: u32,
    },
    /// One message of a chat, for a front end that shows single messages.
    Message {
        /// Which.
        id: MessageId,
    },
    /// What a message said before it was edited.
    Editions {
        /// Which.
        id: MessageId,
    },
    /// Messages of all chats that hold these words, the newest first.
    Search {
        /// As typed.
        words: String,
        /// Messages at most; the core cuts it to [`TIMELINE_MESSAGES_MAX`].
        limit: u32,
    },
    /// Messages with a star, the newest first.
    Starred,
    /// Texts that wait for their time on this device, the first to leave first.
    Scheduled,
    /// Live places of one's own that have not ended: who sees one now.
    LivePlaces,
    /// The cards of a message, as a file.
    CardsOf {
        /// Which, see [`crate::Action::Reply`].
        message: String,
    },
    /// Contacts, groups and kept cards, as files of a part each.
    ExportCards {
        /// What the answer before said; nothing for the first.
        after: Option<String>,
    },
    /// The cards that are kept.
    KeptCards,
    /// The live places of a chat that have not ended, everybody's, for a map of them.
    PlacesIn {
        /// Chat or contact.
        chat: String,
    },
    /// Who can be mentioned in a chat, for a front end that offers them while one types: a few.
    Mentionable {
        /// Chat or contact.
        chat: String,
        /// How the name begins, without the `@`; empty for all.
        typed: String,
    },
    /// Messages of others that were not seen yet, oldest first.
    Unread {
        /// So many of them are known already, because what was shown was not marked read.
        skip: u32,
        /// Messages at most; the core cuts it to [`TIMELINE_MESSAGES_MAX`].
        limit: u32,
    },
    /// Everybody who was accepted.
    Contacts,
    /// Everybody who knocks.
    Requests,
    /// A group's page.
    Group {
        /// By name or id.
        group: String,
    },
    /// A picture.
    Picture {
        /// As a chat or a page names it.
        id: String,
    },
    /// What is on its way out of a chat and no message yet.
    Outgoing {
        /// Chat or contact.
        chat: String,
    },
    /// The small picture of an attachment.
    Thumbnail {
        /// Which.
        id: AttachmentId,
    },
    /// The small picture of a preview.
    PreviewPicture {
        /// Of which message.
        id: MessageId,
    },
    /// One attachment as it stands.
    Attachment {
        /// Which.
        id: AttachmentId,
    },
    /// Messages of a chat with media, the newest first.
    Media {
        /// Chat or contact.
        chat: String,
        /// Of these kinds; all when empty.
        kinds: Vec<MediaKind>,
        /// What the answer's last said, see [`Ask::Timeline`]; nothing for the newest.
        before: Option<u64>,
    },
    /// How much room media take, and what is loaded by itself.
    Storage,
    /// The groups one asks to come into.
    Joining,
    /// The devices of the account.
    Devices,
    /// How linking a device stands.
    Linking,
    /// One's own profile.
    Profile,
    /// What others are told of oneself.
    Privacy,
    /// What a report of a message, or of somebody who knocks, would tell. Nothing leaves by asking.
    Report {
        /// Message or request: a whole id, or its first 6 characters and more.
        about: String,
    },
    /// One person.
    Contact {
        /// See [`crate::Action`].
        who: String,
    },
}

/// Messages in one answer: several screens of them, and a frame of a bridge stays small.
pub const TIMELINE_MESSAGES_MAX: u32 = 500;

/// The answer to an [`Ask`].
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::large_enum_variant, reason = "it travels in a box, see Reply")
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Ask::Start`].
    Start(Start),
    /// To [`Ask::Status`].
    Status(Status),
    /// To [`Ask::Chats`].
    Chats(ChatList),
    /// To [`Ask::Timeline`].
    Timeline(Timeline),
    /// To [`Ask::Message`].
    Message(Box<Bubble>),
    /// To [`Ask::Editions`]: the first version first.
    Editions(Vec<Edition>),
    /// To [`Ask::Search`] and [`Ask::Starred`].
    Found(Listing<FoundRow>),
    /// To [`Ask::Scheduled`].
    Scheduled(Listing<ScheduledRow>),
    /// To [`Ask::LivePlaces`].
    LivePlaces(Listing<LivePlaceRow>),
    /// To [`Ask::CardsOf`] and [`Ask::ExportCards`].
    Cards(CardFile),
    /// To [`Ask::KeptCards`], by name.
    KeptCards(Listing<KeptCardRow>),
    /// To [`Ask::PlacesIn`], in the order in which they began.
    PlacesIn(Vec<Bubble>),
    /// To [`Ask::Mentionable`].
    Mentionable(Vec<Mentionable>),
    /// To [`Ask::Unread`].
    Unread {
        /// The messages.
        bubbles: Vec<Bubble>,
        /// There are more: mark these read and ask again.
        more: bool,
    },
    /// To [`Ask::Contacts`].
    Contacts(Listing<ContactRow>),
    /// To [`Ask::Requests`].
    Requests(Listing<RequestRow>),
    /// To [`Ask::Group`].
    Group(GroupPage),
    /// To [`Ask::Picture`], [`Ask::Thumbnail`] and [`Ask::PreviewPicture`].
    Picture(Picture),
    /// To [`Ask::Outgoing`], the first first.
    Outgoing(Vec<OutgoingShown>),
    /// To [`Ask::Attachment`].
    Attachment(AttachmentShown),
    /// To [`Ask::Media`].
    Media {
        /// The messages.
        bubbles: Vec<Bubble>,
        /// There are earlier ones: ask with this as `before`.
        earlier: Option<u64>,
    },
    /// To [`Ask::Storage`].
    Storage(StoragePage),
    /// To [`Ask::Joining`], the first first.
    Joining(Vec<JoinRow>),
    /// To [`Ask::Contact`].
    Contact(Person),
    /// To [`Ask::Devices`].
    Devices(DeviceList),
    /// To [`Ask::Linking`].
    Linking(LinkScreen),
    /// To [`Ask::Profile`].
    Profile(ProfilePage),
    /// To [`Ask::Privacy`].
    Privacy(PrivacyPage),
    /// To [`Ask::Report`].
    Report(ReportSheet),
    /// It could not be answered.
    Refused {
        /// What kind of problem it is.
        kind: RefusedKind,
        /// What is, why, what now.
        sentence: String,
        /// What helps, when one step does.
        next: Option<Next>,
    },
}
