//! What can be done, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, CardTaken, ChatId, ContactId, FileChoice, FolderEdit, GroupEdit, HowPrecisely, MediaKind,
    MessageId, OutgoingId, PreviewWish, PrivacyPart, ScheduledId,
};

/// Something the person does. `who` and `to` are what a person would type: a number, an e-mail address, a contact's
/// name, an invitation link, or an id (whole, or its first 6 characters and more).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Makes the account. With a handle a code is sent and [`Outcome::CodeNeeded`] comes back; without one, the account
    /// stands at once. Also sends a new code.
    Register {
        /// Number or e-mail address as typed; nothing for an account without one.
        handle: Option<String>,
        /// The name that accepted contacts see. With a handle it may still be empty: [`Action::GiveCode`] brings it.
        name: String,
    },
    /// Finishes what [`Action::Register`] began with a handle.
    GiveCode {
        /// The same handle.
        handle: String,
        /// The name that accepted contacts see.
        name: String,
        /// The code as typed; spaces do not matter.
        code: String,
    },
    /// Makes an invitation link: whoever uses it is accepted.
    Invite,
    /// Adds somebody: by link at once, by number or address after they accepted. A link into a group asks to come in:
    /// [`Outcome::Group`] comes back.
    Add {
        /// Link, number or address.
        who: String,
    },
    /// Lets a request in.
    Accept {
        /// Whose.
        who: String,
    },
    /// Refuses somebody, now and later. They are not told.
    Block {
        /// Whom.
        who: String,
    },
    /// Sends a text. [`Outcome::Sent`] comes when it is safe on this device; [`crate::Notice::Receipt`]s follow it.
    Send {
        /// Contact or chat.
        to: String,
        /// What is said, byte for byte. Where it has signs of Markdown it is set by them, and `@` with a name of the chat
        /// mentions that person.
        text: String,
    },
    /// The same of a text that is shown as it is, whatever signs are in it.
    SendPlain {
        /// Contact or chat.
        to: String,
        /// What is said.
        text: String,
    },
    /// Sends a text at a time, from this device. [`Outcome::Scheduled`] comes back.
    Schedule {
        /// Contact or chat.
        to: String,
        /// What is said.
        text: String,
        /// It is shown as it is.
        plain: bool,
        /// As typed: `18:30`, `tomorrow 9:00`, `2029-05-12 18:30`, `2h`.
        at: String,
    },
    /// Gives what waits for its time another text, another time, or both.
    Reschedule {
        /// Which: a whole id, or its first 6 characters and more.
        id: String,
        /// Another text.
        text: Option<String>,
        /// Another time, as typed.
        at: Option<String>,
    },
    /// Does not send what waits for its time.
    Unschedule {
        /// Which, see [`Action::Reschedule`].
        id: String,
    },
    /// Sends a text that answers a message.
    Reply {
        /// Which: a whole id, or its first 6 characters and more.
        to: String,
        /// What is said.
        text: String,
    },
    /// Sends, answers or edits with a preview of a link in the text, or without one. Said without this, a text brings one where that
    /// is chosen for its chat ([`Action::SetPreviews`]) and this device can make one.
    WithPreview {
        /// Which.
        wish: PreviewWish,
        /// [`Action::Send`], [`Action::SendPlain`], [`Action::Reply`] or [`Action::Edit`].
        of: Box<Action>,
    },
    /// Sends files with words or without. [`Outcome::Sending`] comes when all of them were read and are safe on this device;
    /// [`crate::Notice::Outgoing`] follows them.
    SendFiles {
        /// Contact or chat; ignored for an answer.
        to: String,
        /// The message that this answers.
        reply_to: Option<String>,
        /// The words; may be empty.
        text: String,
        /// The files, in order.
        files: Vec<FileChoice>,
    },
    /// Holds what is on its way out, lets it go on, or tries it again.
    HoldOutgoing {
        /// Which.
        id: OutgoingId,
        /// It is held from now on.
        held: bool,
    },
    /// Does not send what is on its way out.
    CancelOutgoing {
        /// Which.
        id: OutgoingId,
    },
    /// Loads an attachment, or holds that.
    FetchAttachment {
        /// Which.
        id: AttachmentId,
        /// It is loaded from now on.
        on: bool,
    },
    /// Writes an attachment into a file. [`Outcome::Saved`] says where.
    SaveAttachment {
        /// Which.
        id: AttachmentId,
        /// A folder, or the whole path of a file that does not exist yet.
        to: String,
    },
    /// Reads a film or a sound from a byte on, as far as one piece goes: [`Outcome::Piece`], also while the rest is on its way. A front
    /// end that has its bytes otherwise asks for none.
    PlayAttachment {
        /// Which.
        id: AttachmentId,
        /// From here.
        at: u64,
    },
    /// Deletes media from this device; the messages stay. What is starred stays, too.
    FreeStorage {
        /// Of this chat only.
        chat: Option<String>,
        /// What is older than so many days.
        older_days: u32,
        /// What has at least so many bytes.
        larger_than: u64,
    },
    /// What is loaded by itself.
    SetMediaRule {
        /// Which kind.
        kind: MediaKind,
        /// Where the network costs by its bytes.
        metered: bool,
        /// Up to so many bytes; 0 for none.
        bytes: u64,
    },
    /// The network costs by its bytes, or not any more.
    Metered {
        /// It does.
        on: bool,
    },
    /// Reacts to a message; reacting so again changes nothing.
    React {
        /// Which, see [`Action::Reply`].
        message: String,
        /// One emoji.
        emoji: String,
        /// Take the reaction back instead.
        take_back: bool,
    },
    /// Puts another text in the place of one's own.
    Edit {
        /// Which, see [`Action::Reply`].
        message: String,
        /// What it says from now on.
        text: String,
    },
    /// Deletes a message, on one's own devices or everybody's.
    Delete {
        /// Which, see [`Action::Reply`].
        message: String,
        /// Everybody's; only for one's own.
        everyone: bool,
    },
    /// Asks a question with options.
    CreatePoll {
        /// Contact or chat.
        to: String,
        /// The question.
        question: String,
        /// The options.
        options: Vec<String>,
        /// One may choose several.
        multiple: bool,
    },
    /// Votes, in the place of an earlier vote.
    Vote {
        /// Which poll, see [`Action::Reply`].
        message: String,
        /// Places of the options, from 0, ascending; none to take the vote back.
        options: Vec<u32>,
    },
    /// Lets no more votes count, in a poll of one's own.
    EndPoll {
        /// Which poll, see [`Action::Reply`].
        message: String,
    },
    /// Tells a place once.
    SharePlace {
        /// Contact or chat.
        to: String,
        /// `59.3293,18.0686`, or a `geo:` link.
        at: String,
        /// Radius of the circle it lies in, metres, 0 when not known.
        accuracy: u32,
        /// How precisely it is told.
        precision: HowPrecisely,
        /// What it is called; may be empty.
        label: String,
    },
    /// Begins to tell where one is. [`Action::GiveFix`] feeds it, from the same device.
    StartLive {
        /// Contact or chat.
        to: String,
        /// For how long: `15m`, `1h`, `8h`.
        lasts: String,
        /// How often a position leaves: `30s`, `1m`.
        every: String,
        /// How precisely it is told.
        precision: HowPrecisely,
        /// What it is called; may be empty.
        label: String,
    },
    /// Where one is, for all live places that this device feeds.
    GiveFix {
        /// See [`Action::SharePlace`].
        at: String,
        /// See [`Action::SharePlace`].
        accuracy: u32,
    },
    /// Ends a live place of one's own, or all of them.
    StopLive {
        /// Which, see [`Action::Reply`]; nothing for all.
        message: Option<String>,
    },
    /// Says contact cards: of people one has let in, of oneself, or those of a file.
    SendCards {
        /// Contact or chat.
        to: String,
        /// Contacts, or `me`.
        contacts: Vec<String>,
        /// The text of a file of vCards.
        file: Option<String>,
    },
    /// Keeps the contact cards of a file on all devices of the account. Nobody is asked or told anything.
    KeepCards {
        /// Its text: a part of it, of whole cards, where it is large.
        file: String,
    },
    /// Keeps a card no more.
    ForgetCard {
        /// Which, see [`crate::KeptCardRow`].
        id: String,
    },
    /// Says in another chat what a message says, marked as forwarded.
    Forward {
        /// Which, see [`Action::Reply`].
        message: String,
        /// Contact or chat.
        to: String,
    },
    /// Pins a message for everybody in its chat, or takes the pin off.
    Pin {
        /// Which, see [`Action::Reply`].
        message: String,
        /// Whether it is pinned from now on.
        on: bool,
    },
    /// Puts a star on a message for oneself, or takes it off.
    Star {
        /// Which, see [`Action::Reply`].
        message: String,
        /// Whether it is starred from now on.
        on: bool,
    },
    /// Puts a chat out of the way, or back.
    Archive {
        /// Contact or chat.
        chat: String,
        /// Whether it is out of the way from now on.
        on: bool,
    },
    /// No sound of a chat for a while.
    Mute {
        /// Contact or chat.
        chat: String,
        /// As typed: `8h`, `2d`, `always`, or `off`.
        time: String,
    },
    /// Lets a mute hold for what mentions oneself, too, or not.
    MuteMentions {
        /// Contact or chat.
        chat: String,
        /// Whether it does from now on.
        on: bool,
    },
    /// Lets texts said in a chat bring previews of their links, or not. Who makes one asks for the page, from this device.
    SetPreviews {
        /// Contact or chat.
        chat: String,
        /// Whether they do from now on.
        on: bool,
    },
    /// Changes the folders of chats.
    Folder(FolderEdit),
    /// Marks a chat to be looked at again; reading it takes the mark off.
    MarkUnread {
        /// Contact or chat.
        chat: String,
        /// Whether it is marked from now on.
        on: bool,
    },
    /// Keeps a text that is not finished, on all one's devices.
    SaveDraft {
        /// Which chat.
        chat: ChatId,
        /// The text; empty for none.
        text: String,
    },
    /// Messages of a chat disappear so long after reading, for everybody in it.
    SetTimer {
        /// Contact or chat.
        chat: String,
        /// As typed: `30s`, `8h`, `1w`, or `off`.
        time: String,
    },
    /// Makes a group of oneself and contacts.
    NewGroup {
        /// Its name.
        name: String,
        /// The others, each as a person would type.
        people: Vec<String>,
    },
    /// Changes a group, as far as one's role allows.
    EditGroup {
        /// The group, by name or id.
        group: String,
        /// How.
        edit: GroupEdit,
    },
    /// Opens a link into a group; [`Outcome::Link`] comes back. [`Action::Add`] takes such a link.
    OpenLink {
        /// The group, by name or id.
        group: String,
        /// Somebody who may add has to say yes.
        approval: bool,
    },
    /// Asks no more to come into a group; who was asked is asked no more. [`Outcome::Group`] comes back.
    WithdrawJoin {
        /// The group, by its name on the link or by its id.
        group: String,
    },
    /// Leaves a group.
    LeaveGroup {
        /// The group, by name or id.
        group: String,
    },
    /// Everything up to this message was seen.
    MarkRead {
        /// Where.
        chat: ChatId,
        /// The last message seen.
        through: MessageId,
    },
    /// The person writes in a chat that is open, or stopped. Said as often as they type; told to others now and then.
    Typing {
        /// Where.
        chat: ChatId,
        /// They write.
        on: bool,
    },
    /// The person uses this front end. Said once in a few minutes, while they do.
    Active,
    /// Switches something that others are told of oneself.
    SetPrivacy {
        /// What.
        what: PrivacyPart,
        /// Whether they are told from now on.
        on: bool,
    },
    /// Changes one's own profile: what is given becomes the new one, the rest stays.
    SetProfile {
        /// The name.
        name: Option<String>,
        /// What one says about oneself; empty for nothing.
        about: Option<String>,
        /// The picture.
        picture: Option<PictureEdit>,
    },
    /// What waits to be bundled leaves now, because the front end is about to close.
    Hurry,
    /// On a device without an account: makes the link that one of the account reads. [`Outcome::Link`] comes back;
    /// [`crate::Ask::Linking`] says how it goes on.
    OfferLink {
        /// What the person calls this device.
        name: String,
    },
    /// Links the device that shows this link. Only ever from a person who asked to link one: a link that was opened
    /// somewhere must not lead here by itself.
    LinkDevice {
        /// As it was shown.
        link: String,
    },
    /// The number that the new device shows.
    LinkNumber {
        /// As typed; spaces do not matter.
        number: String,
    },
    /// Ends linking.
    CancelLink,
    /// Takes a device out of the account.
    RemoveDevice {
        /// Id, its first 6 characters and more, or name.
        device: String,
    },
    /// Gives a device another name.
    NameDevice {
        /// Id, its first 6 characters and more, or name.
        device: String,
        /// The new name.
        name: String,
    },
}

/// What becomes of a person's picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureEdit {
    /// There is none any more.
    Remove,
    /// This one: JPEG, PNG or WebP of at most 32 KiB; what it says beside its pixels is taken off.
    Set {
        /// Its bytes.
        base64: String,
    },
}

/// Shows nobody's picture.
impl std::fmt::Debug for PictureEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PictureEdit")
    }
}

/// What came of an [`Action`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Done,
    /// A code was sent; [`Action::GiveCode`] goes on.
    CodeNeeded {
        /// Where it went and how long it is good for.
        sentence: String,
    },
    /// The account stands.
    Registered {
        /// One's own id.
        id: ContactId,
        /// What now.
        sentence: String,
    },
    /// An invitation link.
    Link {
        /// To be given to one person, over a channel that only they read.
        link: String,
        /// What it does.
        sentence: String,
    },
    /// Somebody was added, accepted or blocked.
    Contact {
        /// Who.
        id: ContactId,
        /// Their name, or words in its place while it is unknown.
        name: String,
        /// The chat with them.
        chat: ChatId,
        /// How things stand and what now.
        sentence: String,
    },
    /// A group was made, is being changed, or was asked to let one in.
    Group {
        /// Which.
        id: ChatId,
        /// Its name.
        name: String,
        /// How things stand and what now.
        sentence: String,
    },
    /// The text is safe on this device and leaves by itself.
    Sent {
        /// Where.
        chat: ChatId,
        /// Under this id.
        id: MessageId,
    },
    /// The files are safe on this device and leave by themselves.
    Sending {
        /// Where.
        chat: ChatId,
        /// Under this id.
        id: OutgoingId,
    },
    /// A file was written.
    Saved {
        /// Where.
        path: String,
        /// The same in words.
        sentence: String,
    },
    /// A piece of a film or a sound, which goes beside this.
    Piece {
        /// Bytes of the whole.
        size: u64,
        /// What its bytes are.
        media_type: String,
    },
    /// Cards were read: what became of each, in the order of the file.
    Cards {
        /// A row for each.
        cards: Vec<CardTaken>,
    },
    /// The text waits for its time on this device.
    Scheduled {
        /// Under this id.
        id: ScheduledId,
        /// When it leaves, and from where.
        sentence: String,
    },
    /// It was not done.
    Refused {
        /// What kind of problem it is.
        kind: RefusedKind,
        /// What is, why, what now.
        sentence: String,
        /// What helps, when one step does: a button, or a command to suggest.
        next: Option<Next>,
    },
}

/// Why something was not done, sorted by what the person does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedKind {
    /// What was typed is not right: correct it.
    Usage,
    /// It was understood and cannot be: the sentence says why.
    Refused,
    /// The server could not be reached: nothing is lost, later is fine.
    Network,
}

/// The step that helps after a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Make an account.
    Register,
    /// Add this person.
    Add {
        /// As typed.
        who: String,
    },
    /// Accept this request.
    Accept {
        /// Whose.
        id: ContactId,
    },
    /// Ask for a new code.
    NewCode,
}
