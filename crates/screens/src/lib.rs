//! What a front end shows and can do, as plain data.
//!
//! A front end sends [`ToCore`] (an [`Action`] or an [`Ask`]) and gets [`FromCore`]: exactly one [`Reply`] for each, and
//! [`Notice`]s when something changed. Both travel as JSON, one value a line, over every bridge: page to worker, process
//! to process. Words, order, dates and times are ready to paint; a front end adds none of its own.
//!
//! Invariant: no logic and nothing of ours but `vocab`; a front end that has only this crate can draw every screen from
//! [`samples`].

mod act;
mod ask;
mod attachment;
mod bridge;
mod card;
mod chat;
mod contact;
mod folder;
mod group;
mod line;
mod link;
pub mod link_samples;
mod markup;
pub mod media_samples;
mod message;
mod notice;
mod place;
mod preview;
mod privacy;
mod report;
pub mod samples;
mod scheduled;
mod start;
mod whereabouts;

pub use act::{Action, Next, Outcome, PictureEdit, RefusedKind};
pub use ask::{Answer, Ask, TIMELINE_MESSAGES_MAX};
pub use attachment::{
    AttachmentAct, AttachmentId, AttachmentShown, FileChoice, FileSource, MediaKind, MediaRuleRow,
    OutgoingAct, OutgoingId, OutgoingShown, Quality, SendAs, StoragePage, StorageRow, Transfer,
};
pub use bridge::{FromCore, Reply, ToCore, What};
pub use card::{CardFate, CardFile, CardShown, CardTaken, KeptCardRow};
pub use chat::{ChatHead, ChatId, ChatList, ChatRow, Composer, Timeline};
pub use contact::{ContactId, ContactRow, ContactState, Person, ProfilePage, RequestRow};
pub use folder::{FolderEdit, FolderId, FolderRow};
pub use group::{
    GroupEdit, GroupHistory, GroupMay, GroupPage, GroupRule, JoinRow, JoinState, KnockRow, LinkRow,
    MemberRow, Permission, Picture, Role,
};
pub use line::{ConnectionLine, LineState};
pub use link::{DeviceList, DeviceRow, LinkScreen, LinkStep};
pub use markup::{Block, Href, ListItem, Mention, Mentionable, Side, Span};
pub use message::{
    Bubble, Edition, FoundRow, Mark, MarkShown, MessageAct, MessageId, Moment, Piece, PollOption, PollShown,
    Quote, Reaction, Script, Turn,
};
pub use notice::Notice;
pub use place::{Banner, BannerKind, EmptyPlace, Listing, Trouble};
pub use preview::{GivenPreview, PreviewPicture, PreviewShown, PreviewWish};
pub use privacy::{PrivacyPage, PrivacyPart, PrivacyRow};
pub use report::{ReportChecked, ReportRow, ReportSheet};
pub use scheduled::{ScheduledId, ScheduledRow};
pub use start::{CodeScreen, HandleChoice, HandleKind, Me, Start, Status, WelcomeScreen};

pub use whereabouts::{HowPrecisely, LivePlaceRow, PlaceShown, Spot};

#[cfg(test)]
mod tests;
