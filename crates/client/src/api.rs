//! What goes into the core and what comes out of it. Plain data; texts for people are made in `app`.

use crypto::{Permissions, Role};
use vocab::{AccountId, DeviceId, Fix, Handle, MessageId, Precision, Timestamp};
use wire::Door;
use wire::content::{LinkPreview, MediaInfo, MediaKind};

/// Names a command, so that its reply can be told from others. Chosen by the host.
pub type CommandId = u64;

/// A conversation on this device: what the list of chats shows. For two people it is derived from their accounts, so
/// that all devices call it the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(pub [u8; 16]);

impl std::fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConversationId({})", &self.to_string()[..8])
    }
}

/// In lower-case hexadecimal.
impl std::fmt::Display for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One thing that happens to the core. One input is one transaction.
pub enum Input {
    /// Somebody wants something.
    Command(CommandId, Command),
    /// A door opened, closed or said something.
    Link(Door, LinkEvent),
    /// Time went by: the deadline of [`crate::Client::next_deadline`] has come.
    Tick,
}

/// What happens at a door.
pub enum LinkEvent {
    /// The connection stands.
    Up,
    /// It is gone, or could not be made. The core asks for it again when it needs it.
    Down,
    /// A whole frame arrived.
    Frame(Vec<u8>),
}

/// What the core wants from the world, released only after the transaction.
pub enum Output {
    /// The answer to a command, exactly one for each.
    Reply(CommandId, Result<Reply, Refused>),
    /// Something changed.
    Event(Event),
    /// Open this door, then say [`LinkEvent::Up`], or [`LinkEvent::Down`] when it could not be opened.
    Connect(Door),
    /// Close this door; no [`LinkEvent::Down`] is needed.
    Disconnect(Door),
    /// Send a frame through a door that is up.
    Frame(Door, Vec<u8>),
}

/// What can be asked of the core.
pub enum Command {
    /// Asks the service to send a verification code to a handle. The same client must finish with [`Command::Register`].
    RequestCode {
        /// To whom.
        handle: Handle,
    },
    /// Makes the account: with the code for the handle, or without any handle.
    Register {
        /// The name that accepted contacts see.
        name: String,
        /// The handle and the code that was sent to it.
        proof: Option<(Handle, String)>,
    },
    /// Makes an invitation: whoever uses its link is accepted.
    Invite,
    /// Adds somebody by link or handle and starts a conversation. By link one is accepted at once, by handle one knocks.
    Add(AddWhom),
    /// Lets a request in.
    Accept(AccountId),
    /// Refuses somebody, now and later.
    Block(AccountId),
    /// Queues a text. The reply comes when it is safe in the outbox; [`Event::Marked`] follows it on its way.
    Send {
        /// Where.
        conversation: ConversationId,
        /// 1 to [`vocab::limits::TEXT_BYTES_MAX`] bytes. Markdown, when it was meant as that: [`crate::markup::is_formatted`].
        text: String,
    },
    /// The same of a text that is shown as it is, whatever signs are in it.
    SendPlain {
        /// Where.
        conversation: ConversationId,
        /// As in [`Command::Send`].
        text: String,
    },
    /// Keeps a text on this device until a time, then sends it.
    Schedule {
        /// Where.
        conversation: ConversationId,
        /// As in [`Command::Send`].
        text: String,
        /// Shown as it is, see [`Command::SendPlain`].
        plain: bool,
        /// When, by this device's clock: later than now, at most [`crate::SCHEDULE_MS_MAX`] ahead.
        at: Timestamp,
    },
    /// Gives what waits for its time another text, another time, or both.
    Reschedule {
        /// Which.
        id: ScheduledId,
        /// The text, if it is to be another.
        text: Option<String>,
        /// The time, if it is to be another.
        at: Option<Timestamp>,
    },
    /// Does not send what waits for its time.
    Unschedule(ScheduledId),
    /// Queues a text that answers a message.
    Reply {
        /// Which message.
        to: MessageId,
        /// As in [`Command::Send`].
        text: String,
    },
    /// Queues a text with what its sender says of a link in it. Nothing is fetched: a host, or whoever writes, made it.
    WithPreview {
        /// [`Command::Send`], [`Command::SendPlain`], [`Command::Reply`] or [`Command::Edit`].
        of: Box<Command>,
        /// Of a link that is in that text, see [`crate::markup::links`].
        preview: LinkPreview,
    },
    /// Reacts to a message. Reacting so again changes nothing.
    React {
        /// Which message.
        to: MessageId,
        /// One sign, see [`crate::REACTIONS_EACH_MAX`].
        emoji: String,
    },
    /// Takes one's own reaction back.
    TakeReactionBack {
        /// Which message.
        to: MessageId,
        /// The reaction.
        emoji: String,
    },
    /// Begins a file that is to be sent: the bytes follow with [`Command::FillAttachment`], the message with
    /// [`Command::SendAttachments`]. What is not sent is forgotten when the program starts again.
    NewAttachment {
        /// Bytes, at most [`crate::ATTACHMENT_BYTES_MAX`].
        size: u64,
    },
    /// The next piece of a file.
    FillAttachment {
        /// Which.
        id: AttachmentId,
        /// As many as [`Reply::Attachment`] said; in the last piece what is left.
        bytes: Vec<u8>,
    },
    /// Forgets a file that is not to be sent.
    DropAttachment(AttachmentId),
    /// Sends files, 1 to [`crate::ATTACHMENTS_MAX`], when all their bytes are there. They are [`crate::Client::outgoing`] until all
    /// of it is at the service, then a message.
    SendAttachments {
        /// Where.
        conversation: ConversationId,
        /// The message that this answers.
        to: Option<MessageId>,
        /// Words, as in [`Command::Send`]; may be empty.
        text: String,
        /// In order.
        attachments: Vec<NewAttachment>,
    },
    /// Holds what is outgoing, or lets it go on; what failed is tried again.
    PauseOutgoing {
        /// Which.
        id: OutgoingId,
        /// It is held from now on.
        paused: bool,
    },
    /// Does not send what is outgoing.
    CancelOutgoing(OutgoingId),
    /// Fetches an attachment, or holds its fetching.
    FetchAttachment {
        /// Which.
        id: AttachmentId,
        /// It is fetched from now on.
        on: bool,
    },
    /// Fetches an attachment from this place on first: somebody plays it.
    LookAt {
        /// Which.
        id: AttachmentId,
        /// Bytes from its beginning.
        offset: u64,
    },
    /// Deletes attachments from this device and leaves the messages. What is starred or has not left stays.
    FreeStorage(Stored),
    /// When attachments are fetched by themselves.
    SetMediaRules(MediaRules),
    /// The network costs money by its bytes, or not any more.
    Metered(bool),
    /// Puts another text in the place of one's own.
    Edit {
        /// Which message.
        message: MessageId,
        /// As in [`Command::Send`].
        text: String,
    },
    /// Deletes a message.
    Delete {
        /// Which message.
        message: MessageId,
        /// From everybody, which its sender may do; else from this account's devices.
        everyone: bool,
    },
    /// Asks a question with options.
    CreatePoll {
        /// Where.
        conversation: ConversationId,
        /// 1 to [`crate::POLL_QUESTION_BYTES_MAX`] bytes.
        question: String,
        /// 2 to [`crate::POLL_OPTIONS_MAX`], each 1 to [`crate::POLL_OPTION_BYTES_MAX`] bytes.
        options: Vec<String>,
        /// One may choose several.
        multiple: bool,
    },
    /// Votes, in the place of an earlier vote.
    Vote {
        /// Which poll.
        poll: MessageId,
        /// Places of the options, from 0, ascending; none to take the vote back.
        options: Vec<u32>,
    },
    /// Ends a poll of one's own.
    EndPoll {
        /// Which.
        poll: MessageId,
    },
    /// Tells a place once.
    SharePlace {
        /// Where.
        conversation: ConversationId,
        /// The place as it is; what leaves and is kept is as precise as asked for.
        fix: Fix,
        /// How precisely it is told.
        precision: Precision,
        /// At most [`crate::PLACE_LABEL_BYTES_MAX`] bytes; may be empty.
        label: String,
    },
    /// Begins to tell where one is; [`Self::Fix`] feeds it from this device. One that runs there ends.
    StartLive {
        /// Where.
        conversation: ConversationId,
        /// How.
        start: LiveStart,
    },
    /// Where one is, for all live places that this device feeds.
    Fix(Fix),
    /// Ends a live place of one's own, on whatever device it began, or all of them.
    StopLive(Option<MessageId>),
    /// Says contact cards; the core does not read them.
    SendCards {
        /// Where.
        conversation: ConversationId,
        /// One after the other, at most [`crate::CARDS_BYTES_MAX`] bytes.
        cards: String,
    },
    /// Keeps contact cards on all devices of the account, at most [`crate::CARDS_AT_ONCE_MAX`] in one command; one of the same id
    /// is replaced, and taken away where the new one is empty.
    KeepCards(Vec<KeptCard>),
    /// Sends what a message says to another chat, marked as forwarded.
    Forward {
        /// Which message.
        message: MessageId,
        /// To which chat.
        to: ConversationId,
    },
    /// Pins a message for everybody in its chat, or takes the pin off; in a group for those who may change it.
    Pin {
        /// Which message.
        message: MessageId,
        /// Whether it is pinned from now on.
        on: bool,
    },
    /// Puts a star on a message for oneself, or takes it off.
    Star {
        /// Which message.
        message: MessageId,
        /// Whether it is starred from now on.
        on: bool,
    },
    /// Chooses something for a chat, for oneself on all devices.
    Choose {
        /// Which chat.
        conversation: ConversationId,
        /// What.
        choice: ChatChoice,
    },
    /// Changes the folders of chats, for oneself on all devices.
    Folder(FolderChange),
    /// Sets the timer of a chat, for everybody in it; in a group for those who may change it.
    SetTimer {
        /// Which chat.
        conversation: ConversationId,
        /// Seconds after reading, at most [`crate::TIMER_SECONDS_MAX`]; 0 for none.
        seconds: u32,
    },
    /// Makes a group of oneself and accepted contacts; one is its owner.
    CreateGroup {
        /// 1 to [`crate::GROUP_NAME_CHARS_MAX`] characters.
        name: String,
        /// The others.
        people: Vec<AccountId>,
    },
    /// Changes a group, as far as one's role in it allows. Done when the wish is in the outbox.
    ChangeGroup {
        /// Which.
        conversation: ConversationId,
        /// How.
        change: GroupChange,
    },
    /// Opens a link into a group: whoever holds it may knock, and is let in at once unless it asks for approval.
    OpenLink {
        /// Which group.
        conversation: ConversationId,
        /// Somebody who may add has to say yes.
        approval: bool,
    },
    /// Gives a group a picture.
    SetPicture {
        /// Which group.
        conversation: ConversationId,
        /// JPEG, PNG or WebP of at most [`crate::PICTURE_BYTES_MAX`]; nothing to take it away.
        bytes: Option<Vec<u8>>,
    },
    /// Changes one's own profile; everybody who is accepted is told.
    SetProfile {
        /// The name, if it is to be another: 1 to [`vocab::limits::NAME_CHARS_MAX`] characters.
        name: Option<String>,
        /// The text about oneself, if it is to be another: at most [`vocab::limits::ABOUT_CHARS_MAX`] characters.
        about: Option<String>,
        /// The picture, if it is to be another, see [`Command::SetPicture`]; empty to take it away.
        picture: Option<Vec<u8>>,
    },
    /// Asks to come into a group by a link. Asking again changes nothing.
    Join(GroupInvitation),
    /// Takes back that one asks to come into a group: whoever was asked is not asked any more.
    WithdrawJoin(ConversationId),
    /// Lets somebody who knocked at a group in, or turns them down.
    AnswerKnock {
        /// Which group.
        conversation: ConversationId,
        /// Who knocked.
        account: AccountId,
        /// They come in.
        accept: bool,
    },
    /// Leaves a group. Its owner hands it over first, or is its last.
    LeaveGroup {
        /// Which.
        conversation: ConversationId,
    },
    /// Everything up to this message was seen by the person.
    MarkRead {
        /// Where.
        conversation: ConversationId,
        /// The last message seen.
        through: MessageId,
    },
    /// The person writes in a chat that is open, or stopped. Told to the others at most once in ten seconds.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// They write.
        on: bool,
    },
    /// The person uses this device: for [`crate::Client::last_seen`] of others, where both share it.
    Active,
    /// Switches something that others are told of oneself, on all devices.
    SetPrivacy(PrivacyChoice),
    /// Sends what waits to be bundled (receipts), because the host is about to stop.
    Hurry,
    /// Signs a new device of this account into the device list (the offer came over a channel the person trusts).
    ApproveDevice(Box<crate::device::DeviceOffer>),
    /// On the new device: takes what the approving device gave.
    AdoptDevice(Box<crate::device::DeviceGrant>),
    /// On a device without an account: makes the link that one of the account reads, for a device of this name.
    OfferLink {
        /// What the person calls it; told to their other devices only.
        name: String,
    },
    /// On a device of the account: links the device that shows this link.
    Link(crate::link::LinkSecrets),
    /// The number that the new device shows.
    LinkNumber(String),
    /// Ends linking, on either side.
    CancelLink,
    /// Takes a device out of the account.
    RemoveDevice(DeviceId),
    /// Gives a device of the account another name.
    NameDevice(DeviceId, String),
}

/// What a person chooses for a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatChoice {
    /// Out of the way.
    Archived(bool),
    /// No sound until then; none to hear it again. `Timestamp(u64::MAX)` for ever.
    MutedUntil(Option<Timestamp>),
    /// The mute holds for what mentions oneself, too.
    MutedMentions(bool),
    /// To be looked at again, although it was read.
    Unread(bool),
    /// Texts said there bring previews of their links, where the program that sends them can make them. Off at first.
    Previews(bool),
    /// A text that is not finished; empty for none.
    Draft(String),
}

/// What is chosen for a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChatChoices {
    /// See [`ChatChoice`].
    pub archived: bool,
    /// See [`ChatChoice`]; may be over.
    pub muted_until: Option<Timestamp>,
    /// See [`ChatChoice`].
    pub muted_mentions: bool,
    /// See [`ChatChoice`].
    pub unread: bool,
    /// See [`ChatChoice`].
    pub previews: bool,
    /// See [`ChatChoice`].
    pub draft: String,
    /// The folders it is in.
    pub folders: Vec<FolderId>,
}

/// Names a folder of chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderId(pub [u8; 8]);

/// A folder of chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderView {
    /// Which.
    pub id: FolderId,
    /// What the person calls it.
    pub name: String,
}

/// A change to the folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderChange {
    /// A new one, behind the others: 1 to [`crate::FOLDER_NAME_CHARS_MAX`] characters, not the name of another.
    Make(String),
    /// Another name.
    Name(FolderId, String),
    /// Another place among them, from 0.
    Move(FolderId, u32),
    /// Away with it; the chats stay.
    Remove(FolderId),
    /// Puts a chat into it, or takes it out.
    Put {
        /// Which chat.
        conversation: ConversationId,
        /// Which folder.
        folder: FolderId,
        /// Whether it is in it from now on.
        on: bool,
    },
}

/// Names a text that waits for its time on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduledId(pub [u8; 8]);

/// A text that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledView {
    /// Which.
    pub id: ScheduledId,
    /// Where it goes.
    pub conversation: ConversationId,
    /// What it says.
    pub text: String,
    /// See [`Command::SendPlain`].
    pub plain: bool,
    /// When it is due.
    pub at: Timestamp,
    /// It was due and one may not write there any more.
    pub held: bool,
}

/// Names an attachment on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentId(pub i64);

/// Names what is on its way out and no message yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutgoingId(pub [u8; 16]);

/// A file to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// Filled in before.
    pub id: AttachmentId,
    /// What is said of it.
    pub about: MediaInfo,
    /// JPEG, at most [`wire::content::THUMBNAIL_BYTES_MAX`]; may be empty.
    pub thumbnail: Vec<u8>,
}

/// An attachment, as a message shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentView {
    /// Which.
    pub id: AttachmentId,
    /// What its sender says of it.
    pub about: MediaInfo,
    /// Bytes.
    pub size: u64,
    /// How it stands on this device.
    pub state: AttachmentState,
    /// See [`crate::Client::thumbnail`].
    pub has_thumbnail: bool,
}

/// Tells nothing of what it is.
impl std::fmt::Debug for AttachmentView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AttachmentView({:?}, {:?})", self.id, self.state)
    }
}

/// How an attachment stands on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentState {
    /// Not fetched.
    Known,
    /// Being fetched.
    Coming {
        /// Bytes that are here.
        done: u64,
        /// Why it stands still.
        hold: Hold,
    },
    /// All of it is here, and is what the message names.
    Here,
    /// All of it is here, and goes to the service.
    Leaving {
        /// Bytes that are there.
        done: u64,
        /// Why it stands still.
        hold: Hold,
    },
    /// The service does not keep it any more.
    Gone,
    /// What came is not what the message names.
    Damaged,
}

/// Why what moves stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It does not, or only for want of a line.
    None,
    /// Somebody holds it.
    Person,
    /// The service has refused it several times: its store is full, or it is very busy. It is tried again by itself.
    Service,
    /// What the account may leave with the service in a day is used up. It goes on by itself.
    Allowance,
}

/// What is on its way out and no message yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingView {
    /// Which.
    pub id: OutgoingId,
    /// Where it goes.
    pub conversation: ConversationId,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Words; may be empty.
    pub text: String,
    /// When it was sent here.
    pub made_at: Timestamp,
    /// It does not leave by itself any more.
    pub failed: bool,
    /// In order.
    pub attachments: Vec<AttachmentView>,
}

/// Which attachments on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    /// Of this conversation only.
    pub conversation: Option<ConversationId>,
    /// That came before.
    pub older_than: Option<Timestamp>,
    /// Of at least so many bytes.
    pub larger_than: u64,
}

/// Which attachments are fetched by themselves: the largest of each kind, bytes, 0 for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRules {
    /// By [`MediaKind`], where bytes cost nothing.
    pub free: [u64; MediaKind::ALL.len()],
    /// The same, where they cost.
    pub metered: [u64; MediaKind::ALL.len()],
}

impl Default for MediaRules {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            free: [MIB, 16 * MIB, 16 * MIB, 16 * MIB, 4 * MIB, MIB, 16 * MIB],
            metered: [0, MIB, 0, MIB, 0, MIB / 4, MIB / 4],
        }
    }
}

impl MediaRules {
    /// Whether one of that kind and size is fetched by itself.
    #[must_use]
    pub fn fetches(&self, about: &MediaInfo, size: u64, metered: bool) -> bool {
        let most = if metered { self.metered } else { self.free };
        most[about.kind as usize] > 0 && size <= most[about.kind as usize]
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.free.iter().chain(&self.metered).flat_map(|most| most.to_be_bytes()).collect()
    }

    /// Kinds that a later build knows are passed over, those that an earlier one did not know have none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let kinds = numbers.len() / 2;
        let mut rules = Self { free: [0; MediaKind::ALL.len()], metered: [0; MediaKind::ALL.len()] };
        for (at, number) in numbers.iter().enumerate() {
            let list = if at < kinds { &mut rules.free } else { &mut rules.metered };
            if let Some(most) = list.get_mut(at % kinds) {
                *most = u64::from_be_bytes(*number);
            }
        }
        (rest.is_empty() && kinds > 0).then_some(rules)
    }
}

/// What happened to a text that waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduledNews {
    /// It is new, another one now, or gone.
    Changed,
    /// It was due and is a message.
    Left,
    /// It was due and could not leave: it is kept.
    Held,
}

/// What others are told of oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privacy {
    /// That one writes just now. Where it is off, others' is not shown either.
    pub typing: bool,
    /// That their messages arrived.
    pub delivered: bool,
    /// That one read their messages. Where it is off, what they tell is not shown either.
    pub read: bool,
    /// When one was last there, to those who tell it too.
    pub presence: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { typing: true, delivered: true, read: true, presence: false }
    }
}

impl Privacy {
    /// After a choice.
    #[must_use]
    pub fn with(mut self, choice: PrivacyChoice) -> Self {
        match choice {
            PrivacyChoice::Typing(on) => self.typing = on,
            PrivacyChoice::Delivered(on) => self.delivered = on,
            PrivacyChoice::Read(on) => self.read = on,
            PrivacyChoice::Presence(on) => self.presence = on,
        }
        self
    }
}

/// One part of [`Privacy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivacyChoice {
    /// See [`Privacy::typing`].
    Typing(bool),
    /// See [`Privacy::delivered`].
    Delivered(bool),
    /// See [`Privacy::read`].
    Read(bool),
    /// See [`Privacy::presence`].
    Presence(bool),
}

/// Who is added.
pub enum AddWhom {
    /// By the account and introduction key that an invitation link holds.
    Invitation(InvitationSecrets),
    /// By a handle, through the directory.
    Handle(Handle),
}

/// A change to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// Adds accepted contacts.
    Add(Vec<AccountId>),
    /// Takes somebody of a lower role out.
    Remove(AccountId),
    /// Another name.
    Name(String),
    /// Another description; may be empty.
    Description(String),
    /// Another role. Whoever is made owner takes the place of the one before, who stays an admin.
    Role(AccountId, Role),
    /// Who may do what from now on.
    Permissions(Permissions),
    /// Closes a link, by the hash of its secret.
    CloseLink([u8; 32]),
}

/// A command's success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The code is on its way.
    CodeRequested,
    /// The account stands.
    Registered(AccountId),
    /// An invitation; the host puts it into a link with its server's address.
    Invitation(InvitationSecrets),
    /// The contact, and the conversation with them.
    Added(AccountId, ConversationId),
    /// The group; others come into it by and by.
    Group(ConversationId),
    /// A link into a group; the host puts it into a link with its server's address.
    GroupInvitation(GroupInvitation),
    /// One has asked to come into the group: [`Event::Joining`] says when that ends otherwise than inside.
    Asked(ConversationId),
    /// The text is in the outbox under this id.
    Queued(MessageId),
    /// The text waits for its time under this id.
    Scheduled(ScheduledId),
    /// The file is begun: its bytes follow in pieces of so many.
    Attachment {
        /// Which.
        id: AttachmentId,
        /// Bytes of a full piece.
        piece: u32,
    },
    /// So much of the file is there.
    Filled {
        /// Bytes.
        bytes: u64,
    },
    /// The files are on their way under this id.
    Outgoing(OutgoingId),
    /// The folder that was made or changed.
    Folder(FolderId),
    /// What a new device needs.
    Grant(Box<crate::device::DeviceGrant>),
    /// What a new device shows; the host puts it into a link with its server's address.
    LinkOffered(crate::link::LinkSecrets),
    /// Done.
    Done,
}

/// What an invitation link carries.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationSecrets {
    /// The inviter.
    pub account: AccountId,
    /// Lets one knock.
    pub introduction: [u8; 32],
    /// Lets one in.
    pub secret: [u8; 16],
    /// The inviter's name, so that the other side need not wait for it.
    pub name: String,
}

impl std::fmt::Debug for InvitationSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationSecrets")
    }
}

/// What a link into a group carries.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupInvitation {
    /// The group.
    pub conversation: ConversationId,
    /// Its hash is in the group's charter.
    pub secret: [u8; 16],
    /// Somebody has to say yes.
    pub approval: bool,
    /// At whom one knocks, with their introduction keys: its maker first.
    pub doors: Vec<(AccountId, [u8; 32])>,
    /// The group's name.
    pub name: String,
}

impl std::fmt::Debug for GroupInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupInvitation")
    }
}

/// An open link of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// Hash of its secret: names it.
    pub hash: [u8; 32],
    /// Who made it.
    pub maker: AccountId,
    /// Somebody has to say yes.
    pub approval: bool,
    /// What it says, where this account made it.
    pub invitation: Option<GroupInvitation>,
}

/// Somebody who asks to come into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnockView {
    /// Who: nothing else is known of them, unless they are a contact.
    pub account: AccountId,
    /// When this device heard of it.
    pub at: Timestamp,
}

/// A group that one asks to come into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinView {
    /// Which.
    pub conversation: ConversationId,
    /// Its name, as the link says it.
    pub name: String,
    /// Somebody has to say yes, as the link says it.
    pub approval: bool,
    /// How it stands.
    pub state: JoinState,
    /// When one asked.
    pub asked_at: Timestamp,
}

/// How asking to come into a group stands. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinState {
    /// No answer yet.
    Waiting = 0,
    /// Somebody said no.
    TurnedDown = 1,
    /// The link was closed, or never led anywhere.
    LinkClosed = 2,
    /// There is no room in the group.
    GroupFull = 3,
    /// Nobody answers for the accounts that the link names.
    Unreachable = 4,
    /// Nobody answered in 30 days.
    Expired = 5,
}

impl JoinState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::TurnedDown,
        Self::LinkClosed,
        Self::GroupFull,
        Self::Unreachable,
        Self::Expired,
    ];
}

/// What whoever knocks in vain is told. The numbers go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnockAnswer {
    /// Somebody said no.
    TurnedDown = 1,
    /// The link is closed.
    LinkClosed = 2,
    /// There is no room.
    GroupFull = 3,
}

impl KnockAnswer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TurnedDown, Self::LinkClosed, Self::GroupFull];
}

/// A command's failure, sorted by what the person does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no account on this device yet.
    NotRegistered,
    /// There is one already.
    AlreadyRegistered,
    /// No code was asked for by this device, or for another handle.
    CodeNotRequested,
    /// See `wire::Refusal`: what the service said.
    ByService(wire::Refusal),
    /// The service could not be reached in time. Nothing was lost; try again.
    Unreachable,
    /// Nobody is found by this handle.
    NobodyThere,
    /// That is one's own link, handle or account.
    Oneself,
    /// No such contact, conversation, request or message.
    Unknown,
    /// The name is empty or longer than `vocab::limits::NAME_CHARS_MAX`.
    BadName,
    /// The text is empty or longer than `vocab::limits::TEXT_BYTES_MAX`.
    BadText,
    /// A time that is over, or further ahead than [`crate::SCHEDULE_MS_MAX`].
    BadTime,
    /// The file is larger than [`crate::ATTACHMENT_BYTES_MAX`].
    FileTooLarge,
    /// Too many files are being read at the same time.
    TooManyFiles,
    /// The file has another length than it had when it was begun.
    FileChanged,
    /// No file, too many of them, one that is not all there, or something said of one that breaks a rule.
    BadAttachment,
    /// An attachment is not on this device: fetch it first.
    NotHere,
    /// [`crate::SCHEDULED_MAX`] texts wait for their time already.
    TooManyScheduled,
    /// The name of a folder is empty, too long or another's, or there are [`crate::FOLDERS_MAX`].
    BadFolder,
    /// Only who wrote a message may do that with it.
    NotYours,
    /// A poll or a vote that breaks a rule, see [`Command::CreatePoll`] and [`Command::Vote`].
    BadPoll,
    /// The poll has ended.
    PollEnded,
    /// A label, a time or an interval of a place above its limit, or [`crate::LIVE_SHARES_MAX`] live places run.
    BadPlace,
    /// A preview that breaks a limit, of a link that is not in the text, or of what is no text.
    BadPreview,
    /// Contact cards that are none, or more than fit: see [`Command::SendCards`] and [`Command::KeepCards`].
    BadCards,
    /// [`crate::KEPT_CARDS_MAX`] cards are kept already, or [`crate::KEPT_BYTES_MAX`] bytes of them.
    TooManyCards,
    /// Longer than [`crate::TIMER_SECONDS_MAX`].
    BadTimer,
    /// Not one sign, or more of them than [`crate::REACTIONS_EACH_MAX`].
    BadReaction,
    /// The person is blocked, or the request was not accepted yet.
    NotAccepted,
    /// The name of a group is empty, or longer than [`crate::GROUP_NAME_CHARS_MAX`].
    BadGroupName,
    /// The group has [`vocab::limits::GROUP_PEOPLE_MAX`] people, or [`vocab::limits::SLOT_LEAVES_MAX`] devices.
    GroupFull,
    /// One is not in the group any more.
    NotInGroup,
    /// One's role in the group does not allow it.
    NotAllowedInGroup,
    /// The owner hands the group over before leaving it.
    OwnerStays,
    /// Not a picture of a kind that is known, or larger than [`crate::PICTURE_BYTES_MAX`].
    BadPicture,
    /// Longer than [`vocab::limits::ABOUT_CHARS_MAX`].
    BadAbout,
    /// The group has [`crate::GROUP_LINKS_MAX`] open links.
    TooManyLinks,
    /// The link that somebody knocked with was closed meanwhile.
    LinkClosed,
    /// The account has [`vocab::limits::DEVICES_MAX`] devices, or the offer is not genuine.
    BadDevice,
    /// The link was used before: the new device makes another.
    LinkUsed,
    /// Not the number that the new device shows. At 0 the attempt has ended.
    WrongNumber {
        /// Tries left.
        tries_left: u32,
    },
    /// This device was removed from the account.
    Removed,
    /// The device's store failed; nothing of this command was done.
    Store,
}

/// Something changed. Events say what, queries say how it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message is new in a conversation (arrived, or one's own from this or another device).
    Message(ConversationId, MessageId),
    /// An attachment of a message went on.
    Attachment(ConversationId, MessageId),
    /// What is on its way out went on, ended, or became this message.
    Outgoing(ConversationId, OutgoingId, Option<MessageId>),
    /// A message of one's own went on.
    Marked(ConversationId, MessageId, Mark),
    /// Somebody reacted to a message, or took a reaction back.
    Reacted {
        /// Where.
        conversation: ConversationId,
        /// To which message.
        message: MessageId,
        /// Who.
        from: AccountId,
        /// How.
        emoji: String,
        /// It is no more.
        taken_back: bool,
    },
    /// Somebody writes, or does not any more.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who.
        from: AccountId,
        /// They write.
        on: bool,
    },
    /// What others are told of oneself was switched.
    Privacy,
    /// A message has another text now.
    Edited(ConversationId, MessageId),
    /// A message is no more.
    Deleted(ConversationId, MessageId),
    /// A conversation appeared or its head changed (name, last message, unread count).
    Conversation(ConversationId),
    /// Something about a text that waits for its time.
    Scheduled(ConversationId, ScheduledNews),
    /// The folders changed, or which chats are in them.
    Folders,
    /// Somebody knocks.
    Request(AccountId),
    /// A contact changed (name, handle, accepted, blocked).
    Contact(AccountId),
    /// One's own profile changed.
    Profile,
    /// A message cannot leave and will not be tried again.
    Failed(ConversationId, MessageId),
    /// Envelopes are missing between two messages of a conversation; the core asks for them where it can.
    Missing(ConversationId, u64),
    /// A change to a group that one asked for cannot be made any more: the group has changed meanwhile.
    GroupChangeFailed(ConversationId),
    /// Who asks to come into a group changed.
    Knock(ConversationId),
    /// Asking to come into a group went on.
    Joining(ConversationId, JoinState),
    /// One does not ask to come into a group any more.
    JoinWithdrawn(ConversationId),
    /// See [`Connection`].
    Connection(Connection),
    /// Nothing is left to be done with the service right now.
    Settled,
    /// Linking went on.
    Linking(LinkState),
    /// The history from another device went on.
    History(HistoryState),
    /// Something about a device of one's own account.
    Device(DeviceId, DeviceNews),
    /// Somebody's devices changed.
    DevicesChanged(AccountId),
    /// This device was removed from the account by another one.
    Removed,
}

/// How far the linking of a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// New device: the link is shown, nobody has read it yet.
    Shown,
    /// New device: a device of the account has read it; the person types this number there.
    Number {
        /// Six digits.
        number: String,
        /// Whose account it says it is.
        name: String,
    },
    /// Old device: it looks for the new one.
    Meeting,
    /// Old device: the number of the new one is awaited.
    NumberNeeded {
        /// What the new device calls itself.
        name: String,
        /// Tries left.
        tries_left: u32,
    },
    /// Old device: the number was right; for a few seconds it can still be stopped.
    Confirmed,
    /// Over.
    Ended(LinkEnd),
}

/// How it ended. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEnd {
    /// The new device belongs to the account.
    Linked = 1,
    /// Ten minutes are over, or the new device was never there.
    Expired = 2,
    /// Another device has answered this link.
    Used = 3,
    /// Three wrong numbers.
    WrongNumber = 4,
    /// The other side ended it.
    TurnedDown = 5,
    /// Somebody stands between the two, or what was said does not hold.
    NotGenuine = 6,
    /// By the person.
    Cancelled = 7,
}

impl LinkEnd {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Linked,
        Self::Expired,
        Self::Used,
        Self::WrongNumber,
        Self::TurnedDown,
        Self::NotGenuine,
        Self::Cancelled,
    ];
}

/// How far the history from another device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryState {
    /// Under way.
    Receiving {
        /// Parts that came.
        parts: u32,
    },
    /// All of it is here, and equal to what the other device has.
    Complete {
        /// Messages.
        messages: u64,
    },
    /// It did not come; what came is kept.
    Incomplete,
}

/// What happened to a device of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceNews {
    /// It is new. Told at once, after an hour and after a day.
    Added,
    /// What it is called became known.
    Named,
    /// This device has given it the whole history.
    Supplied,
    /// It was removed.
    Removed,
}

/// A device of one's own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCard {
    /// Which.
    pub device: DeviceId,
    /// What the person calls it; empty while unknown.
    pub name: String,
    /// It is this one.
    pub this: bool,
    /// When this device learned of it; none for those that were there before.
    pub added_at: Option<Timestamp>,
    /// It is being removed.
    pub leaving: bool,
}

/// How far a message of one's own came. Later ones include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// In the outbox.
    Pending,
    /// On the service's disk.
    Sent,
    /// On a device of everybody it went to.
    Delivered,
    /// Seen.
    Read,
}

/// How the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// No account yet: nothing to connect.
    Idle,
    /// Connecting, or waiting to try again at that time.
    Connecting {
        /// When the next try is due, if one waits.
        retry_at: Option<Timestamp>,
    },
    /// Catching up: so many of so many envelopes.
    CatchingUp {
        /// Processed since the line came up.
        done: u32,
        /// Waiting when it came up.
        of: u32,
    },
    /// Everything that waited is here.
    UpToDate,
}

/// A conversation as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationHead {
    /// Which.
    pub id: ConversationId,
    /// With whom.
    pub with: Whom,
    /// The newest message.
    pub last: Option<MessageView>,
    /// Messages of others not seen yet.
    pub unread: u32,
    /// Those of them that mention oneself.
    pub mentions: u32,
    /// When something last happened in it.
    pub changed_at: Timestamp,
    /// What oneself chose for it.
    pub choices: ChatChoices,
    /// Messages disappear so many seconds after reading; 0 for never.
    pub timer_seconds: u32,
}

/// With whom a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// One other person.
    Person(ContactCard),
    /// A group.
    Group(GroupHead),
}

/// A group as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupHead {
    /// Its name.
    pub name: String,
    /// Hash of its picture, where that is here: [`crate::Client::picture`].
    pub picture: Option<[u8; 32]>,
    /// People in it, oneself included.
    pub people: u32,
    /// One is in it: neither left nor removed.
    pub inside: bool,
    /// One may write.
    pub may_write: bool,
    /// One may pin messages and set the timer.
    pub may_arrange: bool,
    /// One may call everybody.
    pub may_call_all: bool,
}

/// A group as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Its name and how many are in it.
    pub head: GroupHead,
    /// What it is about; may be empty.
    pub description: String,
    /// Who may do what.
    pub permissions: Permissions,
    /// One's own role.
    pub role: Role,
    /// Everybody: owner, admins, members, each by name.
    pub members: Vec<GroupMember>,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Who.
    pub account: AccountId,
    /// Their name as a contact or as they told it in a group; empty while unknown, and for oneself.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Their devices in the group.
    pub devices: u32,
    /// Said that they leave, and is not taken out yet.
    pub leaves: bool,
}

/// Something that happened to a group: a line of its timeline. `by` is nobody when it happened while this device could not
/// see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// It was made.
    Created {
        /// By whom.
        by: Option<AccountId>,
        /// Its name then.
        name: String,
    },
    /// One came into it.
    Entered {
        /// Who let one in.
        by: Option<AccountId>,
        /// Its name then.
        name: String,
    },
    /// Somebody was added.
    Added {
        /// By whom.
        by: Option<AccountId>,
        /// Who.
        account: AccountId,
    },
    /// Somebody was taken out.
    Removed {
        /// By whom.
        by: Option<AccountId>,
        /// Who.
        account: AccountId,
    },
    /// Somebody left.
    Left {
        /// Who.
        account: AccountId,
    },
    /// It has another name.
    Named {
        /// By whom.
        by: Option<AccountId>,
        /// The name.
        name: String,
    },
    /// It has another description.
    Described {
        /// By whom.
        by: Option<AccountId>,
    },
    /// Who may do what is another now.
    Permitted {
        /// By whom.
        by: Option<AccountId>,
    },
    /// Somebody has another role.
    Role {
        /// By whom.
        by: Option<AccountId>,
        /// Who.
        account: AccountId,
        /// The role now.
        role: Role,
    },
    /// A link leads into it.
    LinkOpened {
        /// By whom.
        by: Option<AccountId>,
        /// Somebody has to say yes.
        approval: bool,
    },
    /// A link leads into it no more.
    LinkClosed {
        /// By whom.
        by: Option<AccountId>,
    },
    /// It has another picture.
    Pictured {
        /// By whom.
        by: Option<AccountId>,
        /// It has none any more.
        gone: bool,
    },
    /// Newcomers are given other messages.
    History {
        /// By whom.
        by: Option<AccountId>,
        /// Of so many days, see [`Permissions::history_days`].
        days: u16,
    },
}

impl Noticed {
    /// Who did it, if that is known.
    #[must_use]
    pub fn by(&self) -> Option<AccountId> {
        match self {
            Self::Created { by, .. }
            | Self::Entered { by, .. }
            | Self::Added { by, .. }
            | Self::Removed { by, .. }
            | Self::Named { by, .. }
            | Self::Described { by }
            | Self::Permitted { by }
            | Self::LinkOpened { by, .. }
            | Self::LinkClosed { by }
            | Self::Pictured { by, .. }
            | Self::History { by, .. }
            | Self::Role { by, .. } => *by,
            Self::Left { account } => Some(*account),
        }
    }

    /// Whom it is about, if it is about one person.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Added { account, .. }
            | Self::Removed { account, .. }
            | Self::Left { account }
            | Self::Role { account, .. } => Some(*account),
            _ => None,
        }
    }
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// Who.
    pub account: AccountId,
    /// The name they gave themselves, empty while unknown.
    pub name: String,
    /// A handle the directory confirmed for this account.
    pub handle: Option<Handle>,
    /// Where we stand.
    pub state: ContactState,
    /// The conversation with them.
    pub conversation: ConversationId,
    /// What they say about themselves; may be empty.
    pub about: String,
    /// Hash of their picture, where that is here: [`crate::Client::picture`].
    pub picture: Option<[u8; 32]>,
}

/// One's own profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileView {
    /// The name.
    pub name: String,
    /// What one says about oneself; may be empty.
    pub about: String,
    /// Hash of the picture: [`crate::Client::picture`].
    pub picture: Option<[u8; 32]>,
}

/// Where we stand with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactState {
    /// They knock; nothing of theirs is shown.
    Request,
    /// Accepted by us.
    Accepted,
    /// Blocked by us.
    Blocked,
}

/// A message as a timeline shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// By whom.
    pub from: AccountId,
    /// Whether by oneself (any device).
    pub own: bool,
    /// As the sender's clock said.
    pub sent_at: Timestamp,
    /// The text; for a content this build does not know, empty with `unknown` set.
    pub text: String,
    /// The text is Markdown, see [`crate::markup`].
    pub markdown: bool,
    /// It mentions oneself, by name or with everybody; only of others.
    pub mentions_me: bool,
    /// It calls everybody in the group, by somebody who may.
    pub mentions_all: bool,
    /// The content type of something this build cannot show (kept for one that can).
    pub unknown: Option<String>,
    /// No message but a line about the group; the text is empty then.
    pub notice: Option<Noticed>,
    /// Of one's own: how far it came. Of others: `Delivered`, or `Read` once seen here.
    pub mark: Mark,
    /// It could not leave; see [`Event::Failed`].
    pub failed: bool,
    /// The message it answers, when that is here: by its first version.
    pub reply_to: Option<MessageId>,
    /// Reactions, those of most people first.
    pub reactions: Vec<Reaction>,
    /// When the text shown was put in the place of the first, if it was; see [`crate::Client::editions`].
    pub edited_at: Option<Timestamp>,
    /// Its sender has taken it back: it has no text any more.
    pub deleted: bool,
    /// How it stands, when it is a poll; `text` is the question.
    pub poll: Option<PollView>,
    /// Where it is, when it is a place; `text` is what its sender calls it.
    pub place: Option<PlaceView>,
    /// Contact cards as they came, when it says some; not read by the core.
    pub cards: String,
    /// What its sender says of a link in the text.
    pub preview: Option<PreviewView>,
    /// What it carries, in the sender's order; `text` is the words that go with it.
    pub attachments: Vec<AttachmentView>,
    /// It was said elsewhere first.
    pub forwarded: bool,
    /// Who told it to this account when it came into the group; nobody where it was heard. That its sender said so is their word.
    pub told_by: Option<AccountId>,
    /// Somebody pinned it for everybody in the chat.
    pub pinned: bool,
    /// Oneself put a star on it.
    pub starred: bool,
    /// When it disappears, while that runs.
    pub expires_at: Option<Timestamp>,
    /// Place in the conversation, ascending; `u64::MAX` while it waits in the outbox.
    pub position: u64,
}

/// What the sender of a text says of a link in it. Nothing of it is proved, and nothing is fetched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewView {
    /// The link, as it stands in [`crate::markup::links`] of the text.
    pub link: String,
    /// What the page is called.
    pub title: String,
    /// What it says of itself; may be empty.
    pub description: String,
    /// See [`crate::Client::preview_picture`].
    pub has_picture: bool,
}

/// A reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The sign.
    pub emoji: String,
    /// Who reacted so.
    pub from: Vec<AccountId>,
}

/// A contact card that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptCard {
    /// Names it on all devices; not all zero.
    pub id: [u8; 16],
    /// The card, at most [`crate::KEPT_CARD_BYTES_MAX`] bytes.
    pub text: String,
}

/// Tells nobody's card.
impl std::fmt::Debug for KeptCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptCard")
    }
}

/// How a place stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceView {
    /// How precisely it is told.
    pub precision: Precision,
    /// What its sender calls it; may be empty.
    pub label: String,
    /// Where it is; of a live place the newest position, nothing before the first and after the end.
    pub fix: Option<Fix>,
    /// When a live place ends, while it lasts.
    pub live: Option<Timestamp>,
    /// It was live and has ended.
    pub ended: bool,
}

/// A live place that this account tells now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePlace {
    /// Which.
    pub message: MessageId,
    /// Where it is seen.
    pub conversation: ConversationId,
    /// When it ends by itself.
    pub until: Timestamp,
    /// This device feeds it.
    pub here: bool,
}

/// How a live place is told.
#[derive(Clone)]
pub struct LiveStart {
    /// For so long, milliseconds, 1 to [`crate::LIVE_MS_MAX`].
    pub lasts_ms: u64,
    /// So often, milliseconds, [`crate::LIVE_INTERVAL_MS_MIN`] to [`crate::LIVE_INTERVAL_MS_MAX`].
    pub interval_ms: u64,
    /// How precisely.
    pub precision: Precision,
    /// At most [`crate::PLACE_LABEL_BYTES_MAX`] bytes; may be empty.
    pub label: String,
}

/// How a poll stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollView {
    /// In the order of whoever asked.
    pub options: Vec<PollOption>,
    /// How many people voted.
    pub voters: usize,
    /// One may choose several.
    pub multiple: bool,
    /// No more votes count.
    pub ended: bool,
}

/// An option of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOption {
    /// What it says.
    pub text: String,
    /// Who chose it.
    pub votes: Vec<AccountId>,
}

/// A message that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The message.
    pub message: MessageView,
    /// The one before it in its chat.
    pub before: Option<MessageView>,
    /// The one after it.
    pub after: Option<MessageView>,
}

/// A version of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// What it said.
    pub text: String,
    /// As its sender's clock said.
    pub sent_at: Timestamp,
}

/// What this device knows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The account, once registered.
    pub account: Option<AccountId>,
    /// One's own name.
    pub name: String,
    /// One's own verified handle.
    pub handle: Option<Handle>,
    /// A handle a code was asked for, while registration is not finished.
    pub code_requested_for: Option<Handle>,
    /// The line.
    pub connection: Connection,
    /// Steps that wait for the service.
    pub outbox: u32,
    /// Devices of the account.
    pub devices: u32,
    /// This device was removed from the account.
    pub removed: bool,
}
