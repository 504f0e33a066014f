//! Sentences: what is, why, what now. In the voice of a good clerk.

use client::{Connection, Fault, OpenError, Refusal, Refused};
use screens::{
    Banner, BannerKind, CodeScreen, ConnectionLine, EmptyPlace, HandleChoice, HandleKind, LineState, Mark,
    MarkShown, Next, Outcome, RefusedKind, Trouble, WelcomeScreen,
};
use vocab::{Handle, HandleError, Timestamp, limits};

use crate::app::LineTrouble;
use crate::moment::{Clock, day_in_words};
use crate::span;

/// Why something was not done, before it becomes an outcome or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct No {
    pub kind: RefusedKind,
    pub sentence: String,
    pub next: Option<Next>,
}

impl No {
    /// What was typed is not right.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self { kind: RefusedKind::Usage, sentence: sentence.into(), next: None }
    }

    /// It cannot be.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self { kind: RefusedKind::Refused, sentence: sentence.into(), next: None }
    }

    /// The server is not there, or has no time.
    pub fn network(sentence: impl Into<String>) -> Self {
        Self { kind: RefusedKind::Network, sentence: sentence.into(), next: None }
    }

    /// With the step that helps.
    pub fn then(self, next: Next) -> Self {
        Self { next: Some(next), ..self }
    }

    pub fn outcome(self) -> Outcome {
        Outcome::Refused { kind: self.kind, sentence: self.sentence, next: self.next }
    }

    pub fn answer(self) -> screens::Answer {
        screens::Answer::Refused { kind: self.kind, sentence: self.sentence, next: self.next }
    }
}

impl From<&Fault> for No {
    fn from(fault: &Fault) -> Self {
        Self::refused(fault_sentence(fault))
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::from(&fault)
    }
}

/// What a command was about, for the sentence of its refusal.
#[derive(Clone, Default)]
pub(crate) struct About {
    /// The handle, in the form to read.
    pub handle: Option<String>,
    /// The name of the person.
    pub name: Option<String>,
    /// The text is longer than a message can be (else it is empty).
    pub text_too_long: bool,
    /// What became of the cards of a file.
    pub cards: Vec<screens::CardTaken>,
}

/// The core's refusals. Exhaustive on purpose: a new one needs a sentence.
pub(crate) fn refused(refused: &Refused, about: &About) -> No {
    let name = || about.name.clone().unwrap_or_else(|| "this person".to_owned());
    let handle = || about.handle.clone().unwrap_or_else(|| "this number or address".to_owned());
    match refused {
        Refused::NotRegistered => not_registered(),
        Refused::AlreadyRegistered => No::refused(
            "There is an account on this device already, and it is ready to use. One place holds one account.",
        ),
        Refused::CodeNotRequested => No::refused(format!(
            "This device has not asked for a code for {}. Ask for one first, then give it here.",
            handle()
        ))
        .then(Next::NewCode),
        Refused::ByService(refusal) => by_service(refusal, about),
        Refused::Unreachable => No::network(UNREACHABLE),
        Refused::NobodyThere => No::refused(format!(
            "Nobody is found by {}. Either they are not on this server, or they do not let themselves be found: ask \
             them for a link.",
            handle()
        )),
        Refused::Oneself => No::refused("That is you. Name somebody else."),
        Refused::Unknown => No::refused(
            "There is no such contact, chat or message on this device. It may have been removed; look at the list again.",
        ),
        Refused::BadName => bad_name(),
        Refused::BadText if about.text_too_long => text_too_long(),
        Refused::BadText => No::usage("There is nothing to send: the text is empty."),
        Refused::BadTime => No::usage("That time is over, or more than a year ahead. Give one in between."),
        Refused::FileTooLarge => {
            No::refused("The file is larger than 2 GB. Send it in parts, or a link to it.")
        }
        Refused::TooManyFiles => {
            No::refused("Too many files are being read at once. Wait for some, then try again.")
        }
        Refused::FileChanged => {
            No::refused("The file changed, or could not be read, while it was being read. Try again.")
        }
        Refused::BadAttachment => No::usage("Choose 1 to 32 files."),
        Refused::NotHere => crate::file_words::not_here(),
        Refused::TooManyScheduled => No::refused(format!(
            "{} texts wait for their time on this device already. Cancel one, or send this one now.",
            client::SCHEDULED_MAX
        )),
        Refused::BadFolder => No::usage(format!(
            "A folder has a name of its own of 1 to {} characters in one line, and there are at most {}.",
            client::FOLDER_NAME_CHARS_MAX,
            client::FOLDERS_MAX
        )),
        Refused::NotYours => No::refused(
            "Only who wrote a message can change it or delete it for everyone. You can delete it for yourself.",
        ),
        Refused::BadPoll => No::usage(format!(
            "A poll has a question and 2 to {} options, none of them empty or long, and a vote names options of it: \
             one, or several where the poll allows it.",
            client::POLL_OPTIONS_MAX
        )),
        Refused::BadPlace => bad_place(),
        Refused::BadCards => bad_cards(),
        Refused::BadPreview => bad_preview(),
        Refused::TooManyCards => too_many_cards(),
        Refused::PollEnded => No::refused("This poll has ended. No more votes count."),
        Refused::BadTimer => bad_span(),
        Refused::BadReaction => bad_reaction(),
        Refused::NotAccepted => No::refused(format!(
            "Nothing can be sent to {}: they are blocked, or their request was not accepted yet.",
            name()
        )),
        Refused::BadGroupName => No::usage(format!(
            "A group needs a name of 1 to {} characters on one line.",
            client::GROUP_NAME_CHARS_MAX
        )),
        Refused::GroupFull => No::refused(format!(
            "A group has room for {} people with {} devices. Make a second one, or take somebody out first.",
            limits::GROUP_PEOPLE_MAX,
            limits::SLOT_LEAVES_MAX
        )),
        Refused::NotInGroup => {
            No::refused(format!("You are not in {} any more. Ask one of its admins to add you.", name()))
        }
        Refused::NotAllowedInGroup => No::refused(format!(
            "In {} that is for its admins, and for those above whom it concerns. Ask one of them.",
            name()
        )),
        Refused::OwnerStays => {
            No::refused(format!("You own {}. Make somebody else its owner first, then leave.", name()))
        }
        Refused::BadPicture => bad_picture(),
        Refused::BadAbout => No::usage(format!(
            "What you say about yourself has at most {} characters. Say it shorter.",
            limits::ABOUT_CHARS_MAX
        )),
        Refused::TooManyLinks => No::refused(format!(
            "{} has {} open links, and that is the limit. Close one of them first.",
            name(),
            client::GROUP_LINKS_MAX
        )),
        Refused::LinkClosed => No::refused(
            "The link they came by was closed meanwhile, and they were told so. Add them yourself, or give them another \
             link.",
        ),
        Refused::BadDevice => No::refused(format!(
            "This device cannot be added. Either the account has {} devices already, or the code shown is not from \
             the device it names. Remove a device, or show the code again.",
            limits::DEVICES_MAX
        )),
        Refused::LinkUsed => crate::link_words::link_used(),
        Refused::WrongNumber { tries_left } => crate::link_words::wrong_number(*tries_left),
        Refused::Removed => No::refused(crate::link_words::REMOVED),
        Refused::Store => No::refused(
            "This device could not store it, so nothing was done. Free some space, then try again.",
        ),
    }
}

/// The server's refusals. Exhaustive on purpose: a new one needs a sentence.
fn by_service(refusal: &Refusal, about: &About) -> No {
    let handle = || about.handle.clone().unwrap_or_else(|| "this number or address".to_owned());
    match refusal {
        Refusal::Malformed => No::refused(
            "This program and the server do not understand each other. One of the two needs an update.",
        ),
        Refusal::TooLarge => No::refused("This is larger than the server carries. Make it smaller."),
        Refusal::NotAllowed => No::refused(
            "The server did not allow it: what it was asked for is not there any more, or not for this device. Look \
             at the list again, then try once more.",
        ),
        Refusal::Busy { retry_after_ms } => No::network(format!(
            "The server has much to do. Nothing was lost. Try again in {}.",
            counted(u64::from(*retry_after_ms).div_ceil(1_000).max(1), "second", "seconds")
        )),
        Refusal::Unavailable => No::network(
            "The server cannot store anything right now. Nothing was lost. Try again in a while.",
        ),
        Refusal::TokenNeeded => No::refused(
            "The server asks for a permit, and this device has used up those of today. Try again tomorrow.",
        ),
        Refusal::StaleEpoch => No::network("The chat moved on in the same moment. Nothing was lost. Try again."),
        Refusal::UnknownSlot => No::refused(
            "The server does not carry this chat any more. What was written is still here; add the person again to \
             go on.",
        ),
        Refusal::PiecesUnknown => {
            No::network("The server has lost a part of this group's list. It is given again by itself. Try again.")
        }
        Refusal::Exists => No::refused("The server has it already. Nothing was changed; look at the list again."),
        Refusal::WrongCode { tries_left: 0 } => {
            No::refused("That is not the code we sent. No tries are left: ask for a new code.").then(Next::NewCode)
        }
        Refusal::WrongCode { tries_left: 1 } => {
            No::refused("That is not the code we sent. 1 try is left, then a new code is needed.")
        }
        Refusal::WrongCode { tries_left } => No::refused(format!(
            "That is not the code we sent. {tries_left} tries are left, then a new code is needed."
        )),
        Refusal::NoOpenCode => No::refused(format!(
            "No code waits for this device: it was used, tried too often, or is older than {} minutes. Ask for a new \
             one.",
            limits::CODE_MINUTES
        ))
        .then(Next::NewCode),
        Refusal::TooManyCodes => No::refused(format!(
            "{} codes were sent to {} today, and that is the limit of a day. Try again tomorrow.",
            limits::CODES_PER_DAY_MAX,
            handle()
        )),
        Refusal::HandleHeld { from } => No::refused(format!(
            "{} leads to another account. Your claim is noted; from {} on a new code moves it to you. Until then \
             you can have an account without it.",
            about.handle.clone().unwrap_or_else(|| "This number or address".to_owned()),
            day_in_words(*from)
        )),
        Refusal::BadHandle => No::refused(format!(
            "This server does not take {}. Use another number or address, or none.",
            handle()
        )),
        Refusal::CodeNotSent => No::refused(format!(
            "The server could not send a code to {}. Check that it is right, then try again in a while.",
            handle()
        )),
        Refusal::QuotaUsed { until } => No::refused(format!(
            "This account has looked up as many people as it may for now. It can again from {} on; links work at any \
             time.",
            day_in_words(*until)
        )),
    }
}

/// The same with what is known of the reason.
pub(crate) fn unreachable(trouble: Option<LineTrouble>, server: &str) -> No {
    No::network(trouble.map_or(UNREACHABLE.to_owned(), |trouble| line_trouble(trouble, server)))
}

pub(crate) fn line_trouble(trouble: LineTrouble, server: &str) -> String {
    match trouble {
        LineTrouble::NoSuchName => format!(
            "The name of {server} leads nowhere. Check the address and the network; nothing was lost, and it is tried \
             again by itself."
        ),
        LineTrouble::Untrusted => format!(
            "{server} shows a certificate that this device does not trust, so nothing was sent. If the server has an \
             authority of its own, give its certificate with --ca FILE; if not, somebody may be in between."
        ),
        LineTrouble::SomethingElse => format!(
            "Something answers at {server}, but it is not a Valise server of this version. Check the address; nothing \
             was lost."
        ),
    }
}

pub(crate) fn not_registered() -> No {
    No::refused("There is no account on this device yet. Create one first.").then(Next::Register)
}

pub(crate) fn bad_name() -> No {
    No::usage(format!(
        "A name has 1 to {} characters in one line. Write yours so that others know you by it.",
        limits::NAME_CHARS_MAX
    ))
}

pub(crate) fn bad_code() -> No {
    No::usage(format!("A code has {} digits. Write them as they were sent.", limits::CODE_DIGITS))
}

pub(crate) fn text_too_long() -> No {
    No::usage(TEXT_TOO_LONG)
}

pub(crate) fn too_many_fronts() -> No {
    No::refused(format!(
        "{} windows and programs use this account here already. Close one of them, then try again.",
        crate::app::FRONTS_MAX
    ))
}

pub(crate) fn unknown_message() -> No {
    No::refused("There is no such message on this device. Look at the chat again.")
}

pub(crate) fn no_message_id() -> No {
    No::usage(format!(
        "That is no id of a message. Give the whole id, or its first {} characters and more.",
        crate::resolve::ID_PREFIX_CHARS_MIN
    ))
}

pub(crate) fn bad_span() -> No {
    No::usage(
        "That is no span of time. Write a number and a unit, as 30s, 5m, 8h, 2d or 1w, at most a year, or off.",
    )
}

pub(crate) fn is_too_long(text: &str) -> bool {
    text.len() > limits::TEXT_BYTES_MAX
}

pub(crate) fn bad_time() -> No {
    No::usage(
        "That is no time. Write it as 18:30, tomorrow 9:00, friday 9:00, 2029-05-12 18:30, or as a span from now: 2h.",
    )
}

/// After a text was given a time.
pub(crate) fn scheduled(when: &str) -> String {
    format!("Leaves {when}, from this device: Valise has to run here then, or it leaves when it runs next.")
}

pub(crate) fn held(name: &str) -> String {
    format!(
        "A text to {name} was due and did not leave: you cannot write there any more. It is kept; cancel it, or give it another time."
    )
}

pub(crate) fn waiting_texts(count: u32) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 message waits for its time".to_owned()),
        _ => Some(format!("{} messages wait for their time", grouped(count.into()))),
    }
}

pub(crate) fn nothing_scheduled() -> EmptyPlace {
    empty("Nothing waits for its time", "What you send at a time waits here, on this device only.")
}

pub(crate) fn no_such_scheduled() -> No {
    No::refused("No text waits for its time under this id. Look at the list again: it may have left.")
}

pub(crate) fn no_such_folder(typed: &str) -> No {
    No::refused(format!("There is no folder “{}”. Look at the folders again.", typed.trim()))
}

pub(crate) fn several_folders(typed: &str) -> No {
    No::refused(format!("Several folders fit “{}”. Say which by its id.", typed.trim()))
}

/// Of unread messages, in a row's sentence.
pub(crate) fn mentioned(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => ", 1 mentions you".to_owned(),
        _ => format!(", {} mention you", grouped(count.into())),
    }
}

/// A place that is told once.
pub(crate) const PLACE: &str = "Place";
/// A live place that is over.
pub(crate) const LIVE_ENDED: &str = "Live place ended";

/// A live place that lasts.
pub(crate) fn live_until(until: &str) -> String {
    format!("Live place, until {until}")
}

/// A place in one line, without a time.
pub(crate) fn place_line(place: &client::PlaceView, label: &str) -> String {
    let title = match (place.live, place.ended) {
        (Some(_), _) => "Live place",
        (None, true) => LIVE_ENDED,
        (None, false) => PLACE,
    };
    if label.is_empty() { title.to_owned() } else { format!("{title}: {label}") }
}

/// In the list of one's own live places.
pub(crate) fn live_line(until: &str, here: bool) -> String {
    format!("until {until}, from {}", if here { "this device" } else { "another device of yours" })
}

/// Where, how precisely, when.
pub(crate) fn spot(position: &str, accuracy: u32, at: &str) -> String {
    match accuracy {
        0 => format!("{position}, at {at}"),
        1..1_000 => format!("{position}, within {accuracy} m, at {at}"),
        _ => format!("{position}, within {}.{} km, at {at}", accuracy / 1_000, accuracy % 1_000 / 100),
    }
}

/// A message that says cards, in one line.
pub(crate) fn cards_line(names: &[String]) -> String {
    match names {
        [] => CARD_NOT_READ.to_owned(),
        [only] => format!("Contact card: {only}"),
        several => format!("{} contact cards: {}", several.len(), several.join(", ")),
    }
}

/// In the place of a card that is none.
pub(crate) const CARD_NOT_READ: &str = "A contact card that cannot be read";
pub(crate) const CARD_OF_ONESELF: &str = "You";
pub(crate) const CARD_OF_CONTACT: &str = "Among your contacts";
pub(crate) const CARD_CAN_BE_ASKED: &str = "Not among your contacts";
pub(crate) const CARD_NO_WAY: &str = "Nothing in it leads to them here";

pub(crate) fn card_of_group(members: usize) -> String {
    format!("A group of {members}")
}

/// A card in one sentence.
pub(crate) fn card_spoken(name: &str, lines: &[String], line: &str) -> String {
    let lines: String = lines.iter().map(|line| format!(", {line}")).collect();
    format!("Contact card of {name}{lines}. {line}.")
}

/// What became of a card of a file.
pub(crate) fn card_fate(fate: screens::CardFate) -> String {
    match fate {
        screens::CardFate::Kept => "Kept.",
        screens::CardFate::Changed => "Kept, in the place of the card before.",
        screens::CardFate::Same => "Kept already, just so.",
        screens::CardFate::Contact => "Among your contacts already.",
        screens::CardFate::Oneself => "That is you.",
        screens::CardFate::NotRead => CARD_NOT_READ,
    }
    .to_owned()
}

/// Why a card was not read.
pub(crate) fn card_error(error: vcard::CardError) -> String {
    match error {
        vcard::CardError::Malformed => "It is no whole card, and was left out.",
        vcard::CardError::TooLarge => "It is larger than a card may be, and was left out.",
        vcard::CardError::Nameless => "It says no name, and was left out.",
    }
    .to_owned()
}

pub(crate) fn card_not_read(why: String) -> No {
    No::usage(format!("One of the cards cannot be sent. {why}"))
}

pub(crate) fn no_cards() -> No {
    No::usage("There is no contact card in it. Name a contact, or a file of vCards (.vcf).")
}

pub(crate) fn no_such_card() -> No {
    No::usage("There is no such card. See what is kept: valise contact cards")
}

pub(crate) fn no_kept_cards() -> EmptyPlace {
    empty("No cards", "Cards that you import are kept here, on all your devices.")
}

pub(crate) fn bad_cards() -> No {
    No::usage(format!(
        "A message takes {} contact cards of {} KB together, and a file {} in one go.",
        crate::cards::CARDS_SENT_MAX,
        client::CARDS_BYTES_MAX / 1_024,
        client::CARDS_AT_ONCE_MAX
    ))
}

pub(crate) fn bad_preview() -> No {
    No::usage(format!(
        "This preview cannot be sent. Its link has to stand in the text, its title has 1 to {} bytes, its description at most {}, and \
         its picture is a small JPEG.",
        client::PREVIEW_TITLE_BYTES_MAX,
        client::PREVIEW_DESCRIPTION_BYTES_MAX
    ))
}

pub(crate) fn preview_of_no_text() -> No {
    No::usage("Only a text that is sent, an answer and an edit bring a preview.")
}

/// `Preview of harbourrail.example: Night trains`
pub(crate) fn preview_spoken(host: &str, title: &str) -> String {
    format!("Preview of {host}: {title}")
}

pub(crate) fn too_many_cards() -> No {
    No::refused(format!(
        "{} cards of {} MB together can be kept, and these are more. Nothing of this part was kept.",
        client::KEPT_CARDS_MAX,
        client::KEPT_BYTES_MAX / 1_024 / 1_024
    ))
}

pub(crate) fn no_live_places() -> EmptyPlace {
    empty("No live places", "Nobody sees where you are.")
}

pub(crate) fn bad_place() -> No {
    No::usage(format!(
        "A live place lasts up to 8 hours, its positions leave every 15 seconds to 15 minutes, {} run at once, and a label \
         has at most {} bytes.",
        client::LIVE_SHARES_MAX,
        client::PLACE_LABEL_BYTES_MAX
    ))
}

/// Below a poll.
pub(crate) fn poll_line(poll: &client::PollView) -> String {
    let voters = match poll.voters {
        0 => "No votes yet".to_owned(),
        count => counted(count as u64, "person voted", "people voted"),
    };
    match (poll.ended, poll.multiple) {
        (true, _) => format!("{voters}. This poll has ended"),
        (false, true) => format!("{voters}. Choose one or more"),
        (false, false) => voters,
    }
}

/// `The 12, 2 votes, yours`
pub(crate) fn poll_option(text: &str, votes: usize, own: bool) -> String {
    let yours = if own { ", yours" } else { "" };
    format!("{text}, {}{yours}", counted(votes as u64, "vote", "votes"))
}

/// Above a chat whose messages disappear.
pub(crate) fn timer(seconds: u32) -> String {
    format!("Messages disappear {} after reading", span::in_words(u64::from(seconds) * 1_000))
}

/// Of a chat, while it is muted.
pub(crate) fn muted(until: Timestamp, clock: &Clock) -> Option<String> {
    match until {
        Timestamp(u64::MAX) => Some("Muted".to_owned()),
        until if until > clock.now => Some(format!("Muted until {}", clock.in_chat(until).full)),
        _ => None,
    }
}

pub(crate) fn nothing_found(words: &str) -> EmptyPlace {
    empty(
        "Nothing found",
        format!("No message on this device holds “{}”. Look for fewer or shorter words.", words.trim()),
    )
}

pub(crate) fn no_stars() -> EmptyPlace {
    empty("No stars yet", "Put a star on a message to find it here again, on all your devices.")
}

pub(crate) fn two_messages() -> No {
    No::refused("Several messages have an id that begins so. Give more of it.")
}

pub(crate) fn bad_reaction() -> No {
    No::usage(format!(
        "A reaction is one emoji, and a message takes {} different ones from each person.",
        client::REACTIONS_EACH_MAX
    ))
}

/// In the place of a text.
pub(crate) fn deleted(own: bool) -> &'static str {
    if own { "You deleted this message." } else { "This message was deleted." }
}

/// `👍 from you and Boris`
pub(crate) fn reaction(emoji: &str, names: &[String]) -> String {
    let shown = names.len().min(REACTION_NAMES_MAX);
    let more = names.len() - shown;
    let (listed, last) = match (names.get(..shown).unwrap_or_default(), more) {
        ([], _) => return emoji.to_owned(),
        ([only], 0) => return format!("{emoji} from {only}"),
        ([first @ .., last], 0) => (first.join(", "), last.clone()),
        (all, more) => (all.join(", "), counted(more as u64, "other", "others")),
    };
    format!("{emoji} from {listed} and {last}")
}

pub(crate) fn unknown_person() -> No {
    No::refused("There is no such person on this device. Look at the contacts again.")
}

pub(crate) fn to_blocked(name: &str) -> No {
    No::refused(format!(
        "You have blocked {name}, so nothing can be written to them. Accept them first to write again."
    ))
}

pub(crate) fn to_request() -> No {
    No::refused("This person only knocks so far. Accept the request first, then read and write.")
}

/// Neither a link nor a handle.
pub(crate) fn not_to_be_added(typed: &str, error: HandleError) -> No {
    let meant_a_handle =
        typed.contains('@') || typed.chars().any(|c| c.is_ascii_digit()) || typed.trim().is_empty();
    if meant_a_handle {
        No::usage(error.to_string())
    } else {
        No::usage(
            "That is neither a link nor a number nor an e-mail address. Ask the person for one of them.",
        )
    }
}

pub(crate) fn link_of_another_server(theirs: &str, ours: &str) -> No {
    No::refused(format!(
        "This link leads to somebody at {theirs}, and your account is at {ours}. People write to each other on one \
         server: ask for a link of {ours}, or create an account at {theirs}."
    ))
}

pub(crate) fn registered(about: &About) -> String {
    match &about.handle {
        Some(handle) => {
            format!("The account stands. People find you by {handle}; you can also give them a link.")
        }
        None => "The account stands. Nobody finds you by themselves: give people a link.".to_owned(),
    }
}

pub(crate) fn added_by_link(name: &str) -> String {
    format!("{name} was added. You are let in by the link, so you can write at once.")
}

pub(crate) fn added(name: &str) -> String {
    format!("{name} was added. What you write is kept until they have let you in, then it leaves by itself.")
}

pub(crate) fn accepted(name: &str) -> String {
    format!("{name} is let in. You can write to each other now.")
}

pub(crate) fn blocked_now(name: &str) -> String {
    format!("{name} is blocked. Nothing of theirs reaches you, and they were not told.")
}

pub(crate) fn too_much_at_once() -> No {
    No::network("Too much was asked at once. Wait until some of it is done, then try again.")
}

/// What a failing store means, for a person.
#[must_use]
pub fn fault_sentence(fault: &Fault) -> String {
    match fault {
        Fault::Full => {
            "This device is full, so nothing was done. Free some space, then try again; new messages wait \
                        at the server until then."
                .to_owned()
        }
        Fault::Damaged => {
            "What this device has stored cannot be read any more: it is damaged. Nothing was deleted. \
                           Stop, copy the folder somewhere safe, and check the disk."
                .to_owned()
        }
        Fault::Other(why) => format!(
            "This device's storage did not do it, so nothing was done. Nothing was lost. Try again; if it stays like \
             this, start the program anew. (It said: {why})"
        ),
    }
}

/// The same as a lasting condition.
pub(crate) fn fault_banner(fault: &Fault) -> Banner {
    let (title, sentence) = match fault {
        Fault::Full => (
            "This device is full",
            "New messages wait at the server. Free some space; then they come by themselves.",
        ),
        Fault::Damaged => (
            "This device's storage is damaged",
            "Nothing was deleted. Stop, copy the folder somewhere safe, and check the disk.",
        ),
        Fault::Other(_) => {
            ("This device's storage does not work", "Nothing was lost. It is tried again by itself.")
        }
    };
    Banner { kind: BannerKind::Danger, title: title.into(), sentence: sentence.into() }
}

/// How the line is.
pub(crate) fn line(
    connection: Connection,
    down_since: Option<Timestamp>,
    server: &str,
    clock: &Clock,
) -> ConnectionLine {
    let (state, label, sentence) = match connection {
        Connection::Idle => (
            LineState::Idle,
            "No account yet".to_owned(),
            "There is no account on this device yet.".to_owned(),
        ),
        Connection::Connecting { retry_at } => match (retry_at, down_since) {
            (Some(_), Some(since)) => (
                LineState::Waiting,
                "Waiting for the line".to_owned(),
                format!(
                    "The server does not answer since {}. Your chats are here; new messages come when it is back.",
                    clock.time(since)
                ),
            ),
            _ => (LineState::Connecting, "Connecting".to_owned(), format!("Connecting to {server}.")),
        },
        Connection::CatchingUp { done, of } => {
            let figures = format!("Catching up: {} of {}", grouped(done.into()), grouped(of.into()));
            let sentence = format!("{figures} messages.");
            (LineState::CatchingUp { done, of }, figures, sentence)
        }
        Connection::UpToDate => (
            LineState::UpToDate,
            "Up to date".to_owned(),
            "Up to date: everything that waited is here.".to_owned(),
        ),
    };
    ConnectionLine { state, label, sentence }
}

pub(crate) fn mark(mark: client::Mark) -> MarkShown {
    let (mark, word) = match mark {
        client::Mark::Pending => (Mark::Pending, "Sending"),
        client::Mark::Sent => (Mark::Sent, "Sent"),
        client::Mark::Delivered => (Mark::Delivered, "Arrived"),
        client::Mark::Read => (Mark::Read, "Read"),
    };
    MarkShown { mark, word: word.into() }
}

pub(crate) fn welcome(server: &str) -> WelcomeScreen {
    let choice = |kind, label: &str, placeholder: Option<&str>, sentence: &str, go: &str| HandleChoice {
        kind,
        label: label.into(),
        placeholder: placeholder.map(Into::into),
        sentence: sentence.into(),
        go: go.into(),
    };
    WelcomeScreen {
        title: "Write to people, not to platforms.".into(),
        sentence:
            "Private messages, on a server you or someone you trust runs. They are sealed on your device and \
                   opened only on theirs; the server in between carries them, then forgets."
                .into(),
        server: server.into(),
        create: CREATE_ACCOUNT.into(),
        handle_title: "How may people find you?".into(),
        handle_sentence:
            "A number or an address lets friends find you. It never decides where your messages go.".into(),
        choices: vec![
            choice(
                HandleKind::Number,
                "Phone number",
                Some("+32 470 12 34 56"),
                "One code is sent to the number. The server keeps a keyed hash of it, not the number.",
                SEND_CODE,
            ),
            choice(
                HandleKind::Email,
                "E-mail",
                Some("anna@example.org"),
                "One code is sent to the address. The server keeps a keyed hash of it, not the address.",
                SEND_CODE,
            ),
            choice(
                HandleKind::Neither,
                "Neither",
                None,
                "Nobody finds you by themselves. You meet people through links you give them.",
                "Create the account",
            ),
        ],
        name_label: NAME_LABEL.into(),
        name_sentence: "Shown to people you have accepted, and to nobody else.".into(),
        name_chars_max: limits::NAME_CHARS_MAX as u32,
    }
}

pub(crate) fn code_screen(handle: &Handle) -> CodeScreen {
    CodeScreen {
        title: format!("Enter the {} digits", limits::CODE_DIGITS),
        sentence: code_sent(handle.as_str()),
        handle: handle.to_string(),
        digits: limits::CODE_DIGITS as u32,
        go: "Create the account".into(),
        again: "Send a new code".into(),
        name_label: NAME_LABEL.into(),
        name_chars_max: limits::NAME_CHARS_MAX as u32,
    }
}

pub(crate) fn code_sent(handle: &str) -> String {
    format!("A code was sent to {handle}. It is good for {} minutes.", limits::CODE_MINUTES)
}

pub(crate) fn no_chats() -> EmptyPlace {
    empty("No chats yet", "Add someone by number or address, or give them a link.")
}

pub(crate) fn no_contacts() -> EmptyPlace {
    empty("No contacts yet", "Add someone by number or address, or give them a link.")
}

pub(crate) fn no_requests() -> EmptyPlace {
    empty("No requests", "When someone new wants to write to you, they wait here until you let them in.")
}

pub(crate) fn nothing_written(name: &str) -> EmptyPlace {
    empty("Nothing written yet", format!("What you write here is read by {name} and nobody else."))
}

pub(crate) fn only_admins_write() -> EmptyPlace {
    empty("Only admins write here", "You read what they write.")
}

pub(crate) fn not_in_group() -> EmptyPlace {
    empty("You are not in this group any more", "What was said while you were stays here.")
}

pub(crate) fn no_group() -> No {
    No::refused("That is no group on this device. Look at the chats again.")
}

pub(crate) fn several_chats(typed: &str, count: usize) -> No {
    No::refused(format!("{count} chats or people fit “{typed}”. Say which by its id."))
}

pub(crate) fn not_a_member(typed: &str, group: &str) -> No {
    No::refused(format!("Nobody in {group} is called “{typed}”. Look at the group again: valise group info."))
}

pub(crate) fn group_change_failed(name: &str) -> String {
    format!("A change to {name} did not happen: the group has changed meanwhile. Look at it again.")
}

/// The second line of a group.
pub(crate) fn group_line(group: &client::GroupHead) -> String {
    match (group.inside, group.people) {
        (false, _) => "You are not in it any more".to_owned(),
        (true, 0 | 1) => "Only you".to_owned(),
        (true, people) => format!("{people} people"),
    }
}

pub(crate) fn group_rule(what: screens::Permission, admins_only: bool) -> String {
    let who = if admins_only { "Only admins" } else { "Everybody" };
    let verb = |one: &str, many: &str| if admins_only { many.to_owned() } else { one.to_owned() };
    match what {
        screens::Permission::Send => format!("{who} {}", verb("writes", "write")),
        screens::Permission::Edit => format!(
            "{who} {} name, description and picture, {} and {} the timer",
            verb("changes", "change"),
            verb("pins", "pin"),
            verb("sets", "set")
        ),
        screens::Permission::Add => format!("{who} {} people", verb("adds", "add")),
        screens::Permission::Link => format!("{who} {} links into the group", verb("makes", "make")),
    }
}

pub(crate) fn member_line(role: client::Role, leaves: bool) -> String {
    match (leaves, role) {
        (true, _) => "Is leaving".to_owned(),
        (_, client::Role::Owner) => "Owner".to_owned(),
        (_, client::Role::Admin) => "Admin".to_owned(),
        (_, client::Role::Member) => "Member".to_owned(),
    }
}

/// A line about a group.
pub(crate) fn noticed(what: &client::Noticed, name: impl Fn(vocab::AccountId) -> String) -> String {
    use client::Noticed;
    let by = |by: &Option<vocab::AccountId>| by.map_or_else(|| "Somebody".to_owned(), &name);
    match what {
        Noticed::Created { by: who, name } => format!("{} made the group “{name}”", by(who)),
        Noticed::Entered { by: who, name } => format!("{} added you to “{name}”", by(who)),
        Noticed::Added { by: who, account } => format!("{} added {}", by(who), name(*account)),
        Noticed::Removed { by: who, account } => format!("{} removed {}", by(who), name(*account)),
        Noticed::Left { account } => format!("{} left", name(*account)),
        Noticed::Named { by: who, name } => format!("{} named the group “{name}”", by(who)),
        Noticed::Described { by: who } => format!("{} changed the description", by(who)),
        Noticed::Permitted { by: who } => format!("{} changed who may do what", by(who)),
        Noticed::LinkOpened { by: who, approval: false } => {
            format!("{} made a link: whoever opens it comes in", by(who))
        }
        Noticed::LinkOpened { by: who, approval: true } => {
            format!("{} made a link: whoever opens it asks to come in", by(who))
        }
        Noticed::LinkClosed { by: who } => format!("{} closed a link into the group", by(who)),
        Noticed::Pictured { by: who, gone: false } => format!("{} changed the picture", by(who)),
        Noticed::Pictured { by: who, gone: true } => format!("{} removed the picture", by(who)),
        Noticed::History { by: who, days } => {
            format!("{} changed what newcomers see: {}", by(who), history(*days).to_lowercase())
        }
        Noticed::Role { by: who, account, role } => {
            let role = match role {
                client::Role::Owner => "the owner",
                client::Role::Admin => "an admin",
                client::Role::Member => "a member",
            };
            format!("{} made {} {role}", by(who), name(*account))
        }
    }
}

/// What newcomers are given.
pub(crate) fn history(days: u16) -> String {
    match days {
        0 => "Nothing that was said before".to_owned(),
        1 => "Messages of the last day".to_owned(),
        client::HISTORY_ALL => "All messages there are".to_owned(),
        days => format!("Messages of the last {} days", grouped(days.into())),
    }
}

pub(crate) fn bad_days() -> No {
    No::usage(format!(
        "Newcomers can be given nothing (none), the messages of some days (7d, 2w; at most {} days), or all there are \
         (all).",
        grouped(client::HISTORY_DAYS_MAX.into())
    ))
}

/// This front end reaches no files.
pub(crate) fn no_files() -> No {
    No::refused("Files cannot be sent or saved from here.")
}

pub(crate) fn bad_picture() -> No {
    No::usage(format!(
        "A picture of a group or a person is a JPEG, PNG or WebP of at most {} KiB. Make it smaller, or choose another one.",
        client::PICTURE_BYTES_MAX / 1_024
    ))
}

pub(crate) fn no_picture() -> No {
    No::refused("There is no such picture on this device.")
}

/// What a link into a group does.
pub(crate) fn group_link(approval: bool) -> &'static str {
    if approval {
        "Whoever opens this link asks to come in, and somebody who may add people says yes or no. Close it when it is \
         not needed any more."
    } else {
        "Whoever opens this link comes in at once. Give it to nobody else than those you want in the group, and close \
         it when it is not needed any more."
    }
}

pub(crate) fn link_line(by: &str, approval: bool) -> String {
    let does = if approval { "asks before it lets in" } else { "lets in at once" };
    format!("{by} made it, it {does}")
}

pub(crate) fn knock_line(short: &str) -> String {
    format!("Has a link and asks to come in · {short}")
}

pub(crate) fn knocks(count: u32, group: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("Somebody asks to come into {group}. Look at the group to answer.")),
        count => Some(format!("{count} people ask to come into {group}. Look at the group to answer.")),
    }
}

/// How asking to come into a group stands.
pub(crate) fn joining(state: client::JoinState, approval: bool, group: &str) -> String {
    use client::JoinState;
    let group = if group.trim().is_empty() { "the group" } else { group };
    match (state, approval) {
        (JoinState::Waiting, true) => format!(
            "You have asked to come into {group}. It appears among your chats when somebody there lets you in."
        ),
        (JoinState::Waiting, false) => {
            format!("You are being let into {group}. It appears among your chats in a moment.")
        }
        (JoinState::TurnedDown, _) => {
            format!("Nobody let you into {group}: the answer was no. Talk to whoever gave you the link.")
        }
        (JoinState::LinkClosed, _) => {
            format!("The link into {group} was closed and leads nowhere any more. Ask for a new one.")
        }
        (JoinState::GroupFull, _) => {
            format!("There is no room in {group}. Ask again when somebody has left.")
        }
        (JoinState::Unreachable, _) => format!(
            "Nobody can be reached who could let you into {group}: their accounts are gone. Ask for a new link."
        ),
        (JoinState::Expired, _) => {
            format!(
                "Nobody answered in 30 days whether you may come into {group}. Ask once more with the link."
            )
        }
    }
}

/// One asks no more.
pub(crate) fn withdrawn(group: &str) -> String {
    let group = if group.trim().is_empty() { "the group" } else { group };
    format!("You do not ask to come into {group} any more. Whoever was asked is not asked any more either.")
}

pub(crate) fn asks_for_none(typed: &str) -> No {
    No::refused(format!("You do not ask to come into “{typed}”. See what you ask for among the requests."))
}

pub(crate) fn link_into_group() -> No {
    No::usage(
        "This link leads into a group, not to a person. Add it to ask to come in: valise add, with the link.",
    )
}

pub(crate) fn no_link() -> No {
    No::refused("The group has no such open link. Look at the group again.")
}

pub(crate) fn several_links() -> No {
    No::refused("Several links have an id that begins so. Give more of it.")
}

pub(crate) fn nobody_knocks(typed: &str, group: &str) -> No {
    No::refused(format!("Nobody who is “{typed}” asks to come into {group}. Look at the group again."))
}

/// What comes of a link into a group that one is in.
pub(crate) const IN_GROUP_ALREADY: &str = "You are in this group already.";
/// The last line of a group, in the list.
pub(crate) const GROUP_CHANGED: &str = "The group changed";
/// What comes after making one.
pub(crate) const GROUP_MADE: &str = "The group is made. Everybody in it is being let in.";
/// What comes after changing one.
pub(crate) const GROUP_CHANGING: &str = "The group is being changed.";
/// What comes after leaving one.
pub(crate) const GROUP_LEFT: &str = "You are leaving the group. What was said stays on this device.";

pub(crate) fn blocked(name: &str) -> EmptyPlace {
    empty(format!("You have blocked {name}"), "Neither of you can write here. They were not told.")
}

pub(crate) fn request_waits() -> EmptyPlace {
    empty(
        "Someone knocks",
        "Accept the request to read and write here. Until then they learn nothing, not even whether you looked.",
    )
}

pub(crate) fn trouble(fault: &Fault) -> Trouble {
    Trouble { sentence: fault_sentence(fault), again: true }
}

pub(crate) fn missing(count: u64, name: &str) -> String {
    match count {
        1 => format!("1 message from {name} is missing. Asking their devices."),
        _ => format!("{} messages from {name} are missing. Asking their devices.", grouped(count)),
    }
}

pub(crate) fn unread_line(count: u32) -> String {
    match count {
        1 => "1 new message".to_owned(),
        _ => format!("{} new messages", grouped(count.into())),
    }
}

pub(crate) fn requests_count(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 request".to_owned()),
        _ => Some(format!("{} requests", grouped(count as u64))),
    }
}

/// `1,280`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

fn empty(title: impl Into<String>, sentence: impl Into<String>) -> EmptyPlace {
    EmptyPlace { title: title.into(), sentence: sentence.into() }
}

/// Why the core did not start, for a person. Exhaustive on purpose.
#[must_use]
pub fn open_sentence(error: &OpenError) -> String {
    match error {
        OpenError::WrongKey => {
            "The database does not open with the key that lies beside it. Nothing was deleted. Put back the folder, or \
             the key alone, from your copy."
        }
        OpenError::Damaged => {
            "What this device has stored cannot be read any more: it is damaged. Nothing was deleted. Put the folder \
             back from your copy, or copy it somewhere safe and check the disk."
        }
        OpenError::Full => "This device is full, so nothing could be opened. Free some space, then try again.",
        OpenError::InUse => {
            "Another program has the database open. End it, then try again; nothing is lost."
        }
        OpenError::NewerThanThis { .. } => {
            "A newer version of Valise has written this. Update Valise, then try again; nothing was changed."
        }
        OpenError::Other(_) => {
            "The database could not be opened: this device's storage failed. Nothing was deleted. Try again; if it \
             stays like this, check the disk."
        }
    }
    .to_owned()
}

/// Beside a message of before one came.
pub(crate) fn told_by(name: &str) -> String {
    format!("Told by {name}")
}

pub(crate) const FORWARDED: &str = "Forwarded";
pub(crate) const EDITED: &str = "edited";
/// People named beside a reaction; the rest are counted.
const REACTION_NAMES_MAX: usize = 8;
pub(crate) const SOMEONE_NEW: &str = "Someone new";
pub(crate) const NO_MESSAGES: &str = "No messages yet";
pub(crate) const NEWER_CONTENT: &str = "This message needs a newer version of Valise. It is kept until then.";
pub(crate) const NOT_SENT: &str = "Not sent: the server does not take it. Copy the text and write it again.";
pub(crate) const TEXT_TOO_LONG: &str =
    "This is longer than one message can be, which is 64 KB. Send it in parts.";
const UNREACHABLE: &str = "The server cannot be reached. Nothing was lost. Try again in a while.";
/// What an invitation link does.
pub(crate) const LINK: &str =
    "Whoever opens this link is let in at once. Give it to one person, over a way that only they read.";
const CREATE_ACCOUNT: &str = "Create an account";
const SEND_CODE: &str = "Send the code";
const NAME_LABEL: &str = "Your name";
