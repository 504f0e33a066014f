//! The messenger without IO: a machine that takes inputs with the time and gives outputs.
//!
//! One input is one transaction: read, decide, write MLS state, messages and outbox, commit; only then do outputs leave. A
//! crash between any two steps leaves a whole step or none. What must wait for the service is a row in the outbox
//! (`intent`), never a held transaction.
//!
//! ```text
//! handle(now, Input)            Input  = Command | Link event | Tick
//! poll_output() -> Output       Output = Reply | Event | Connect | Disconnect | Frame
//! next_deadline() -> Timestamp  queries say how it is now
//! ```
//!
//! Invariant: no clock, socket, thread, runtime or platform in here.

mod account;
mod amendment;
pub mod api;
mod ask;
mod asking;
mod attachment;
mod blob;
mod brought;
mod card;
mod charter;
mod choice;
mod contact;
mod conversation;
mod device;
mod due;
mod folder;
mod group;
mod history;
mod intent;
mod key_package;
mod knock;
mod lines;
mod link;
mod linking;
mod machine;
mod mailbox;
pub mod markup;
mod matter;
mod mention;
mod message;
mod missing;
mod newcomer;
mod own_device;
mod picture;
mod pieces;
mod place;
mod poll;
mod presence;
mod preview;
mod privacy;
mod profile;
mod proposal;
mod query;
mod receipt;
mod report;
mod right;
mod scheduled;
mod schema;
mod search;
mod shared;
mod step;
#[cfg(test)]
mod tests;
mod timer;
mod token;
mod transfer;
mod typing;
mod way_back;

pub use amendment::REACTIONS_EACH_MAX;
pub use api::{
    AddWhom, AttachmentId, AttachmentState, AttachmentView, ChatChoice, ChatChoices, Command, CommandId,
    Connection, ContactCard, ContactState, ConversationHead, ConversationId, DeviceCard, DeviceNews, Edition,
    Event, FolderChange, FolderId, FolderView, Found, GroupChange, GroupHead, GroupInvitation, GroupMember,
    GroupView, HistoryState, Hold, Input, InvitationSecrets, JoinState, JoinView, KeptCard, KnockView,
    LinkEnd, LinkEvent, LinkState, LinkView, LivePlace, LiveStart, Mark, MediaRules, MessageView,
    NewAttachment, Noticed, OutgoingId, OutgoingView, Output, PlaceView, PollOption, PollView, PreviewView,
    Privacy, PrivacyChoice, ProfileView, Reaction, Refused, Reply, ScheduledId, ScheduledNews, ScheduledView,
    Status, Stored, Whom,
};
pub use card::{
    CARDS_AT_ONCE_MAX, CARDS_BYTES_MAX, KEPT_BYTES_MAX, KEPT_CARD_BYTES_MAX, KEPT_CARDS_MAX, card_id,
};
pub use client_db::{Db, Error as OpenError, Key};
pub use crypto::attachment::ATTACHMENT_BYTES_MAX;
pub use crypto::charter::{
    GROUP_DESCRIPTION_BYTES_MAX, GROUP_LINKS_MAX, GROUP_NAME_CHARS_MAX, HISTORY_ALL, HISTORY_DAYS_MAX,
};
pub use crypto::{Permissions, Role, Who};
pub use device::{DeviceGrant, DeviceOffer, NewDevice};
pub use folder::{FOLDER_NAME_CHARS_MAX, FOLDERS_MAX};
pub use link::{LINK_DIGITS, LinkSecrets};
pub use machine::{Client, Config, Fault, Weakness};
pub use picture::{PICTURE_BYTES_MAX, PictureKind};
pub use place::{LIVE_INTERVAL_MS_MAX, LIVE_INTERVAL_MS_MIN, LIVE_MS_MAX, LIVE_SHARES_MAX};
pub use poll::{POLL_OPTION_BYTES_MAX, POLL_OPTIONS_MAX, POLL_QUESTION_BYTES_MAX};
pub use presence::STEP_MS as PRESENCE_STEP_MS;
pub use proposal::PROPOSALS_PER_HOUR_MAX;
pub use report::{Evidence, EvidenceOfRequest, NotProved, Proved, ProvedRequest};
pub use scheduled::{SCHEDULE_MS_MAX, SCHEDULED_MAX};
pub use timer::TIMER_SECONDS_MAX;
pub use wire::content::{ATTACHMENTS_MAX, MediaInfo, MediaKind, PLACE_LABEL_BYTES_MAX, THUMBNAIL_BYTES_MAX};
pub use wire::content::{
    LinkPreview, PREVIEW_DESCRIPTION_BYTES_MAX, PREVIEW_LINK_BYTES_MAX, PREVIEW_TITLE_BYTES_MAX,
};
pub use wire::link::{InvitationLink, LinkError, ServiceAddress};
pub use wire::{DeviceLink, GroupDoor, GroupInvitationLink};
pub use wire::{Door, Refusal};
