//! The machine between front ends and the core.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use client::{
    AddWhom, ChatChoice, Client, Command, CommandId, Connection, Door, Event, Fault, Input, LinkEvent,
    Output, Refused, ServiceAddress, Whom,
};
use screens::{
    Action, Ask, Banner, ConnectionLine, FromCore, LineState, Next, Notice, Outcome, Reply, ToCore, What,
};
use unicode_segmentation::UnicodeSegmentation;
use vocab::{AccountId, Handle, Timestamp, limits};

use crate::link::Links;
use crate::moment::Clock;
use crate::words::{self, About, No};
use crate::{link_words, paint, privacy, profile, resolve, span};

/// Names a front end: a tab, a process, a window. Chosen by the host, never used twice.
pub type FrontId = u64;

/// Front ends at one time: more tabs and terminals than one person has.
pub const FRONTS_MAX: usize = 64;

/// Actions of one front end that wait for the core at one time.
pub const COMMANDS_WAITING_MAX: usize = 256;

/// Names something that the host does with the core itself. Chosen by the host, not used twice while it is open.
pub type ErrandId = u64;

/// What the app knows of its place.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server, as it stands in links: `https://lindenhof.example`.
    pub server: ServiceAddress,
}

/// One thing that happens.
pub enum AppInput {
    /// A front end opened.
    FrontUp(FrontId),
    /// A front end closed; nothing is said to it any more.
    FrontDown(FrontId),
    /// A front end wants something.
    FromFront(FrontId, ToCore),
    /// A door opened, closed or said something.
    Link(Door, LinkEvent),
    /// Why doors do not open, when the host can tell. Said before the [`LinkEvent::Down`]; forgotten when one opens.
    Trouble(LineTrouble),
    /// The host gives the core a command of its own: files, whose bytes no front end carries.
    Errand(ErrandId, Command),
    /// The deadline has come.
    Tick,
}

/// Why the server is not reached, where more is known than that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTrouble {
    /// Its name leads nowhere.
    NoSuchName,
    /// Its certificate is of nobody this device trusts, or of somebody else.
    Untrusted,
    /// Something answers that is no Valise server.
    SomethingElse,
}

/// What the host does.
pub enum AppOutput {
    /// Say this to a front end.
    ToFront(FrontId, FromCore),
    /// Open this door, then say [`LinkEvent::Up`] or [`LinkEvent::Down`].
    Connect(Door),
    /// Close this door; nothing needs to be said about it.
    Disconnect(Door),
    /// Send a frame through a door that is up.
    Frame(Door, Vec<u8>),
    /// What came of an errand.
    Errand(ErrandId, Result<client::Reply, Refused>),
}

/// The core with its words.
pub struct App {
    pub(crate) client: Client,
    pub(crate) links: Links,
    fronts: BTreeMap<FrontId, Front>,
    waiting: BTreeMap<CommandId, Waiting>,
    errands: BTreeMap<CommandId, ErrandId>,
    next_command: CommandId,
    out: VecDeque<AppOutput>,
    connection: Connection,
    down_since: Option<Timestamp>,
    line_trouble: Option<LineTrouble>,
    pub(crate) device: Option<Banner>,
}

#[derive(Default)]
struct Front {
    utc_offset_minutes: i16,
}

/// A front end that waits for a command.
struct Waiting {
    front: FrontId,
    id: u64,
    kind: Kind,
    about: About,
}

/// What is made of the core's reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Register,
    AddByLink,
    AddByHandle,
    Accept(AccountId),
    Block(AccountId),
    Send(client::ConversationId),
    NewGroup,
    EditGroup(client::ConversationId),
    LeaveGroup(client::ConversationId),
    Join,
    WithdrawJoin(client::ConversationId),
    Number,
    Cards,
    Plain,
}

impl App {
    /// Around an opened core.
    #[must_use]
    pub fn new(client: Client, settings: Settings) -> Self {
        let connection = client.status().map_or(Connection::Idle, |status| status.connection);
        Self {
            client,
            links: Links::new(settings.server),
            fronts: BTreeMap::new(),
            waiting: BTreeMap::new(),
            errands: BTreeMap::new(),
            next_command: 1,
            out: VecDeque::new(),
            connection,
            down_since: None,
            line_trouble: None,
            device: None,
        }
    }

    /// One thing happens. A front end always gets its reply, also when the store failed.
    ///
    /// # Errors
    /// [`Fault`]: the store failed, nothing of the input happened, and every front end was told. The host goes on: the
    /// core has hung up and tries again by itself at the next deadline.
    pub fn handle(&mut self, now: Timestamp, input: AppInput) -> Result<(), Fault> {
        match input {
            AppInput::FrontUp(front) => self.front_up(front),
            AppInput::FrontDown(front) => {
                self.fronts.remove(&front);
                self.waiting.retain(|_, waiting| waiting.front != front);
                Ok(())
            }
            AppInput::FromFront(front, wanted) => self.wanted(now, front, wanted),
            AppInput::Link(door, event) => {
                if matches!(event, LinkEvent::Up) {
                    self.line_trouble = None;
                }
                self.core(now, Input::Link(door, event))
            }
            AppInput::Trouble(trouble) => {
                self.line_trouble = Some(trouble);
                Ok(())
            }
            AppInput::Errand(errand, command) => {
                let id = self.next_command;
                self.next_command += 1;
                self.errands.insert(id, errand);
                let done = self.core(now, Input::Command(id, command));
                // When the store failed nothing was done, and nobody answers.
                if let (Err(_), Some(errand)) = (&done, self.errands.remove(&id)) {
                    self.out.push_back(AppOutput::Errand(errand, Err(Refused::Store)));
                }
                done
            }
            AppInput::Tick => self.core(now, Input::Tick),
        }
    }

    /// What leaves, in order; `None` when there is no more for now.
    pub fn poll_output(&mut self) -> Option<AppOutput> {
        self.out.pop_front()
    }

    /// When [`AppInput::Tick`] is due if nothing else happens before.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.client.next_deadline()
    }

    fn front_up(&mut self, front: FrontId) -> Result<(), Fault> {
        if self.fronts.len() < FRONTS_MAX {
            self.fronts.insert(front, Front::default());
        }
        Ok(())
    }

    fn wanted(&mut self, now: Timestamp, front: FrontId, wanted: ToCore) -> Result<(), Fault> {
        let ToCore { id, what } = wanted;
        if !self.fronts.contains_key(&front) {
            self.reply(front, id, refuse(&what, words::too_many_fronts()));
            return Ok(());
        }
        match what {
            What::Ask(ask) => {
                if let (Ask::Start { utc_offset_minutes }, Some(known)) = (&ask, self.fronts.get_mut(&front))
                {
                    known.utc_offset_minutes = *utc_offset_minutes;
                }
                let clock = self.clock(now, front);
                let answer = self.answer(ask, &clock).unwrap_or_else(No::answer);
                self.reply(front, id, Reply::Answer(Box::new(answer)));
                Ok(())
            }
            What::Action(action) => match self.command(&self.clock(now, front), action) {
                Ok((command, kind, about)) => self.start(now, Waiting { front, id, kind, about }, command),
                Err(no) => {
                    self.reply(front, id, Reply::Outcome(no.outcome()));
                    Ok(())
                }
            },
        }
    }

    /// Parses what was given into what it means.
    pub(crate) fn command(&self, clock: &Clock, action: Action) -> Result<(Command, Kind, About), No> {
        let now = clock.now;
        match action {
            Action::Register { handle, name } => self.register(handle, &name),
            Action::GiveCode { handle, name, code } => {
                let handle = Handle::parse(&handle).map_err(|error| No::usage(error.to_string()))?;
                let about = About { handle: Some(handle.to_string()), ..About::default() };
                let proof = Some((handle, digits(&code)?));
                Ok((Command::Register { name: name_of(&name)?, proof }, Kind::Register, about))
            }
            Action::Invite => Ok((Command::Invite, Kind::Plain, About::default())),
            Action::Add { who } => self.add(&who),
            Action::Accept { who } => {
                let card = self.person(&who)?;
                Ok((Command::Accept(card.account), Kind::Accept(card.account), named(&card)))
            }
            Action::Block { who } => {
                let card = self.person(&who)?;
                Ok((Command::Block(card.account), Kind::Block(card.account), named(&card)))
            }
            Action::Send { to, text } => self.send(&to, text),
            Action::SendPlain { to, text } => {
                let (conversation, about) = self.writable(&to)?;
                let about = About { text_too_long: words::is_too_long(&text), ..about };
                Ok((Command::SendPlain { conversation, text }, Kind::Send(conversation), about))
            }
            Action::Schedule { to, text, plain, at } => self.schedule(&to, text, plain, &at, clock),
            Action::Reschedule { id, text, at } => self.reschedule(&id, text, at, clock),
            Action::Unschedule { id } => self.unschedule(&id),
            Action::Reply { to, text } => {
                let (to, about, kind) = self.about_message(&to)?;
                let text = self.addressed_about(kind, text)?;
                let about = About { text_too_long: text.len() > limits::TEXT_BYTES_MAX, ..about };
                Ok((Command::Reply { to, text }, kind, about))
            }
            Action::React { message, emoji, take_back } => {
                let (to, about, kind) = self.about_message(&message)?;
                let emoji = emoji.trim().to_owned();
                if emoji.graphemes(true).count() != 1 {
                    return Err(words::bad_reaction());
                }
                let command = if take_back {
                    Command::TakeReactionBack { to, emoji }
                } else {
                    Command::React { to, emoji }
                };
                Ok((command, kind, about))
            }
            Action::Edit { message, text } => {
                let (message, about, kind) = self.about_message(&message)?;
                let text = self.addressed_about(kind, text)?;
                let about = About { text_too_long: text.len() > limits::TEXT_BYTES_MAX, ..about };
                Ok((Command::Edit { message, text }, kind, about))
            }
            Action::Delete { message, everyone } => {
                let (message, about, kind) = self.about_message(&message)?;
                Ok((Command::Delete { message, everyone }, kind, about))
            }
            Action::CreatePoll { to, question, options, multiple } => {
                let (conversation, about) = self.writable(&to)?;
                let command = Command::CreatePoll { conversation, question, options, multiple };
                Ok((command, Kind::Send(conversation), about))
            }
            Action::Vote { message, options } => {
                let (poll, about, kind) = self.about_message(&message)?;
                Ok((Command::Vote { poll, options }, kind, about))
            }
            Action::EndPoll { message } => {
                let (poll, about, kind) = self.about_message(&message)?;
                Ok((Command::EndPoll { poll }, kind, about))
            }
            Action::SharePlace { to, at, accuracy, precision, label } => {
                self.share_place(&to, (&at, accuracy), precision, label, clock)
            }
            Action::StartLive { to, lasts, every, precision, label } => {
                self.start_live(&to, (&lasts, &every), precision, label)
            }
            Action::GiveFix { at, accuracy } => Self::give_fix((&at, accuracy), clock),
            Action::StopLive { message } => self.stop_live(message.as_deref()),
            Action::SendCards { to, contacts, file } => self.send_cards(&to, &contacts, file.as_deref()),
            Action::KeepCards { file } => self.keep_cards(&file),
            Action::ForgetCard { id } => self.forget_card(&id),
            Action::SendFiles { .. } | Action::SaveAttachment { .. } | Action::PlayAttachment { .. } => {
                Err(words::no_files())
            }
            Action::HoldOutgoing { id, held } => self.hold_outgoing(&id, held),
            Action::CancelOutgoing { id } => self.cancel_outgoing(&id),
            Action::FetchAttachment { id, on } => self.fetch_attachment(&id, on),
            Action::FreeStorage { chat, older_days, larger_than } => {
                self.free_storage(chat.as_deref(), older_days, larger_than, clock)
            }
            Action::SetMediaRule { kind, metered, bytes } => self.set_media_rule(kind, metered, bytes),
            Action::Metered { on } => Ok((Command::Metered(on), Kind::Plain, About::default())),
            Action::Forward { message, to } => {
                let (message, _, _) = self.about_message(&message)?;
                let (to, about) = self.writable(&to)?;
                Ok((Command::Forward { message, to }, Kind::Send(to), about))
            }
            Action::Pin { message, on } => {
                let (message, about, kind) = self.about_message(&message)?;
                Ok((Command::Pin { message, on }, kind, about))
            }
            Action::Star { message, on } => {
                let (message, about, _) = self.about_message(&message)?;
                Ok((Command::Star { message, on }, Kind::Plain, about))
            }
            Action::Archive { chat, on } => self.choose(&chat, ChatChoice::Archived(on)),
            Action::Mute { chat, time } => {
                let until = match time.trim() {
                    "off" => None,
                    "always" => Some(Timestamp(u64::MAX)),
                    time => Some(now.plus_ms(span::parse_ms(time).ok_or_else(words::bad_span)?)),
                };
                self.choose(&chat, ChatChoice::MutedUntil(until))
            }
            Action::MuteMentions { chat, on } => self.choose(&chat, ChatChoice::MutedMentions(on)),
            Action::SetPreviews { chat, on } => self.choose(&chat, ChatChoice::Previews(on)),
            Action::WithPreview { wish, of } => self.with_preview(wish, *of, clock),
            Action::Folder(edit) => self.edit_folders(edit),
            Action::MarkUnread { chat, on } => self.choose(&chat, ChatChoice::Unread(on)),
            Action::SaveDraft { chat, text } => self.choose(&chat.0, ChatChoice::Draft(text)),
            Action::SetTimer { chat, time } => {
                let (conversation, about) = self.writable(&chat)?;
                let seconds = match time.trim() {
                    "off" => 0,
                    time => span::parse_ms(time).ok_or_else(words::bad_span)?.div_ceil(1_000),
                };
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                Ok((Command::SetTimer { conversation, seconds }, Kind::Send(conversation), about))
            }
            Action::NewGroup { name, people } => self.new_group(name, &people),
            Action::EditGroup { group, edit } => self.edit_group(&group, edit),
            Action::OpenLink { group, approval } => self.open_link(&group, approval),
            Action::WithdrawJoin { group } => self.withdraw_join(&group),
            Action::LeaveGroup { group } => self.leave_group(&group),
            Action::MarkRead { chat, through } => {
                let (conversation, _) = self.chat(&chat.0)?;
                let through = through.0.parse().map_err(|_| words::unknown_message())?;
                Ok((Command::MarkRead { conversation, through }, Kind::Plain, About::default()))
            }
            Action::Typing { chat, on } => {
                let (conversation, _) = self.chat(&chat.0)?;
                Ok((Command::Typing { conversation, on }, Kind::Plain, About::default()))
            }
            Action::Active => Ok((Command::Active, Kind::Plain, About::default())),
            Action::SetPrivacy { what, on } => {
                Ok((privacy::command(what, on), Kind::Plain, About::default()))
            }
            Action::SetProfile { name, about, picture } => {
                let name = name.map(|name| name_of(&name)).transpose()?;
                Ok((profile::command(name, about, picture)?, Kind::Plain, About::default()))
            }
            Action::Hurry => Ok((Command::Hurry, Kind::Plain, About::default())),
            Action::OfferLink { name } => {
                Ok((Command::OfferLink { name: name_of(&name)? }, Kind::Plain, About::default()))
            }
            Action::LinkDevice { link } => {
                Ok((Command::Link(self.links.read_device(&link)?), Kind::Plain, About::default()))
            }
            Action::LinkNumber { number } => {
                Ok((Command::LinkNumber(number), Kind::Number, About::default()))
            }
            Action::CancelLink => Ok((Command::CancelLink, Kind::Plain, About::default())),
            Action::RemoveDevice { device } => {
                Ok((Command::RemoveDevice(self.own_device(&device)?), Kind::Plain, About::default()))
            }
            Action::NameDevice { device, name } => {
                let device = self.own_device(&device)?;
                Ok((Command::NameDevice(device, name_of(&name)?), Kind::Plain, About::default()))
            }
        }
    }

    fn register(&self, handle: Option<String>, name: &str) -> Result<(Command, Kind, About), No> {
        let Some(typed) = handle else {
            let name = name_of(name)?;
            return Ok((Command::Register { name, proof: None }, Kind::Register, About::default()));
        };
        // A front end that asks for the name after the code has none yet.
        if !name.trim().is_empty() {
            name_of(name)?;
        }
        let handle = Handle::parse(&typed).map_err(|error| No::usage(error.to_string()))?;
        if self.client.status()?.account.is_some() {
            return Err(words::refused(&Refused::AlreadyRegistered, &About::default()));
        }
        let about = About { handle: Some(handle.to_string()), ..About::default() };
        Ok((Command::RequestCode { handle }, Kind::Code, about))
    }

    fn add(&self, who: &str) -> Result<(Command, Kind, About), No> {
        if let Some(link) = self.links.read_group(who)? {
            let about = About { name: Some(link.name.clone()), ..About::default() };
            return Ok((Command::Join(link), Kind::Join, about));
        }
        if let Some(link) = self.links.read(who)? {
            return Ok((Command::Add(AddWhom::Invitation(link)), Kind::AddByLink, About::default()));
        }
        let handle = Handle::parse(who).map_err(|error| words::not_to_be_added(who, error))?;
        let about = About { handle: Some(handle.to_string()), ..About::default() };
        Ok((Command::Add(AddWhom::Handle(handle)), Kind::AddByHandle, about))
    }

    fn choose(&self, chat: &str, choice: ChatChoice) -> Result<(Command, Kind, About), No> {
        let (conversation, with) = self.chat(chat)?;
        Ok((Command::Choose { conversation, choice }, Kind::Plain, named_chat(&with)))
    }

    /// A chat that can be written in; whether a group lets one is for the core to say.
    pub(crate) fn writable(&self, to: &str) -> Result<(client::ConversationId, About), No> {
        let card = match self.chat(to)? {
            (conversation, with @ Whom::Group(_)) => return Ok((conversation, named_chat(&with))),
            (_, Whom::Person(card)) => card,
        };
        match card.state {
            client::ContactState::Accepted => Ok((card.conversation, named(&card))),
            client::ContactState::Blocked => Err(words::to_blocked(&paint::name(&card))),
            client::ContactState::Request => {
                Err(words::to_request().then(Next::Accept { id: resolve::contact_id(card.account) }))
            }
        }
    }

    fn send(&self, to: &str, text: String) -> Result<(Command, Kind, About), No> {
        let (conversation, about) = self.writable(to)?;
        let text = self.addressed(conversation, text)?;
        let about = About { text_too_long: text.len() > limits::TEXT_BYTES_MAX, ..about };
        Ok((Command::Send { conversation, text }, Kind::Send(conversation), about))
    }

    fn addressed_about(&self, kind: Kind, text: String) -> Result<String, No> {
        match kind {
            Kind::Send(conversation) => self.addressed(conversation, text),
            _ => Ok(text),
        }
    }

    /// Which message is meant, by its id or the beginning of it.
    pub(crate) fn about_message(&self, typed: &str) -> Result<(vocab::MessageId, About, Kind), No> {
        let typed = typed.trim().to_ascii_lowercase();
        if typed.len() < resolve::ID_PREFIX_CHARS_MIN || !typed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(words::no_message_id());
        }
        let found = self.client.messages_named(&typed)?;
        let [message] = found.as_slice() else {
            return Err(if found.is_empty() { words::unknown_message() } else { words::two_messages() });
        };
        let view = self.client.message(*message)?.ok_or_else(words::unknown_message)?;
        let head = self.client.conversation(view.conversation)?.ok_or_else(words::unknown_message)?;
        if crate::query::is_request(&head.with) {
            return Err(words::to_request());
        }
        Ok((*message, named_chat(&head.with), Kind::Send(view.conversation)))
    }

    fn start(&mut self, now: Timestamp, waiting: Waiting, command: Command) -> Result<(), Fault> {
        let (front, id) = (waiting.front, waiting.id);
        if self.waiting.values().filter(|other| other.front == front).count() >= COMMANDS_WAITING_MAX {
            self.reply(front, id, Reply::Outcome(words::too_much_at_once().outcome()));
            return Ok(());
        }
        let number = self.next_command;
        self.next_command += 1;
        self.waiting.insert(number, waiting);
        let result = self.core(now, Input::Command(number, command));
        if let Err(fault) = &result
            && self.waiting.remove(&number).is_some()
        {
            self.reply(front, id, Reply::Outcome(No::from(fault).outcome()));
        }
        result
    }

    /// Gives the core an input and passes on what comes out, whether or not the store held.
    fn core(&mut self, now: Timestamp, input: Input) -> Result<(), Fault> {
        let result = self.client.handle(now, input);
        let device = result.as_ref().err().map(words::fault_banner);
        if device != self.device {
            self.device.clone_from(&device);
            self.tell_all(&Notice::Device(device));
        }
        self.release(now);
        result
    }

    fn release(&mut self, now: Timestamp) {
        let mut list_changed = false;
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Reply(command, reply) => self.replied(now, command, reply),
                Output::Event(event) => list_changed |= self.happened(now, event),
                Output::Connect(door) => self.out.push_back(AppOutput::Connect(door)),
                Output::Disconnect(door) => self.out.push_back(AppOutput::Disconnect(door)),
                Output::Frame(door, bytes) => self.out.push_back(AppOutput::Frame(door, bytes)),
            }
        }
        if list_changed {
            self.tell_all(&Notice::Chats);
        }
    }

    fn replied(&mut self, now: Timestamp, command: CommandId, reply: Result<client::Reply, Refused>) {
        if let Some(errand) = self.errands.remove(&command) {
            self.out.push_back(AppOutput::Errand(errand, reply));
            return;
        }
        let Some(Waiting { front, id, kind, about }) = self.waiting.remove(&command) else { return };
        if reply.is_ok() && matches!(kind, Kind::Code | Kind::Register) {
            self.tell_others(front, &Notice::Account);
        }
        let outcome = match reply {
            Ok(client::Reply::Scheduled(scheduled)) => {
                let sentence = self.scheduled_sentence(scheduled, &self.clock(now, front));
                let outcome = |sentence| Outcome::Scheduled { id: paint::scheduled_id(scheduled), sentence };
                sentence.map_or_else(No::outcome, outcome)
            }
            Ok(reply) => self.outcome(reply, kind, &about).unwrap_or_else(No::outcome),
            Err(Refused::Unreachable) => {
                words::unreachable(self.line_trouble, self.links.server_name()).outcome()
            }
            Err(Refused::Unknown) if kind == Kind::Number => link_words::not_awaited().outcome(),
            Err(refused) => words::refused(&refused, &about).outcome(),
        };
        self.reply(front, id, Reply::Outcome(outcome));
    }

    fn outcome(&self, reply: client::Reply, kind: Kind, about: &About) -> Result<Outcome, No> {
        Ok(match (reply, kind) {
            (client::Reply::CodeRequested, _) => Outcome::CodeNeeded {
                sentence: words::code_sent(about.handle.as_deref().unwrap_or_default()),
            },
            (client::Reply::Registered(account), _) => {
                Outcome::Registered { id: resolve::contact_id(account), sentence: words::registered(about) }
            }
            (client::Reply::Invitation(secrets), _) => {
                Outcome::Link { link: self.links.write(secrets), sentence: words::LINK.to_owned() }
            }
            (client::Reply::LinkOffered(secrets), _) => Outcome::Link {
                link: self.links.write_device(&secrets),
                sentence: link_words::OFFERED.to_owned(),
            },
            (client::Reply::Added(account, _), Kind::AddByLink) => {
                self.contact(account, words::added_by_link)?
            }
            (client::Reply::Added(account, _), _) => self.contact(account, words::added)?,
            (client::Reply::Queued(message), Kind::Send(conversation)) => {
                Outcome::Sent { chat: paint::chat_id(conversation), id: paint::message_id(message) }
            }
            (client::Reply::Outgoing(id), Kind::Send(conversation)) => {
                Outcome::Sending { chat: paint::chat_id(conversation), id: crate::files::outgoing_id(id) }
            }
            (client::Reply::GroupInvitation(link), _) => Outcome::Link {
                link: self.links.write_group(&link),
                sentence: words::group_link(link.approval).to_owned(),
            },
            (client::Reply::Asked(conversation), _) => self.asked_outcome(conversation)?,
            (client::Reply::Group(conversation), Kind::Join) => {
                self.group_outcome(conversation, words::IN_GROUP_ALREADY)?
            }
            (client::Reply::Group(conversation), _) => self.group_outcome(conversation, words::GROUP_MADE)?,
            (_, Kind::EditGroup(conversation)) => self.group_outcome(conversation, words::GROUP_CHANGING)?,
            (_, Kind::WithdrawJoin(conversation)) => Outcome::Group {
                id: paint::chat_id(conversation),
                name: about.name.clone().unwrap_or_default(),
                sentence: words::withdrawn(about.name.as_deref().unwrap_or_default()),
            },
            (_, Kind::LeaveGroup(conversation)) => self.group_outcome(conversation, words::GROUP_LEFT)?,
            (_, Kind::Cards) => Outcome::Cards { cards: about.cards.clone() },
            (_, Kind::Accept(account)) => self.contact(account, words::accepted)?,
            (_, Kind::Block(account)) => self.contact(account, words::blocked_now)?,
            (
                client::Reply::Done
                | client::Reply::Queued(_)
                | client::Reply::Grant(_)
                | client::Reply::Scheduled(_)
                | client::Reply::Attachment { .. }
                | client::Reply::Filled { .. }
                | client::Reply::Outgoing(_)
                | client::Reply::Folder(_),
                Kind::Code
                | Kind::Register
                | Kind::AddByLink
                | Kind::AddByHandle
                | Kind::Send(_)
                | Kind::NewGroup
                | Kind::Join
                | Kind::Number
                | Kind::Plain,
            ) => Outcome::Done,
        })
    }

    fn contact(&self, account: AccountId, sentence: fn(&str) -> String) -> Result<Outcome, No> {
        let card = self.client.contact(account)?.ok_or_else(words::unknown_person)?;
        let name = paint::name(&card);
        Ok(Outcome::Contact {
            id: resolve::contact_id(account),
            sentence: sentence(&name),
            name,
            chat: paint::chat_id(card.conversation),
        })
    }

    /// Tells the front ends; returns whether the list of chats looks different now.
    fn happened(&mut self, now: Timestamp, event: Event) -> bool {
        match event {
            Event::Message(conversation, message) => {
                // What a stranger wrote is nobody's business before the request is accepted.
                let view = self.client.message(message).ok().flatten();
                let own = view.as_ref().is_some_and(|view| view.own);
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Message { chat, id, own });
                true
            }
            Event::Attachment(conversation, message) => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Attachment { chat, id });
                false
            }
            Event::Outgoing(conversation, id, message) => {
                self.tell_all(&crate::files::notice_of_outgoing(conversation, id, message));
                false
            }
            Event::Marked(conversation, message, mark) => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Receipt { chat, id, mark: words::mark(mark).mark });
                true
            }
            Event::Failed(conversation, message) => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Failed { chat, id, sentence: words::NOT_SENT.to_owned() });
                true
            }
            Event::Reacted { conversation, message, from, emoji, taken_back } => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                if let Ok(from) = self.person_of(from, conversation).map(Box::new) {
                    self.tell_all(&Notice::Reaction { chat, id, from, emoji, taken_back });
                }
                false
            }
            Event::Typing { conversation, from, on } => {
                let line = self.typing_line(conversation);
                if let Ok(from) = self.person_of(from, conversation).map(Box::new) {
                    let chat = paint::chat_id(conversation);
                    self.tell_all(&Notice::Typing { chat, from, on, line });
                }
                false
            }
            Event::Profile => {
                self.tell_all(&Notice::Profile);
                true
            }
            Event::Privacy => {
                self.tell_all(&Notice::Privacy);
                true
            }
            Event::Edited(conversation, message) => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Edit { chat, id });
                true
            }
            Event::Deleted(conversation, message) => {
                let (chat, id) = (paint::chat_id(conversation), paint::message_id(message));
                self.tell_all(&Notice::Delete { chat, id });
                true
            }
            Event::Missing(conversation, count) => {
                let name = self.name_in(conversation);
                let sentence = words::missing(count, &name);
                self.tell_all(&Notice::Missing { chat: paint::chat_id(conversation), count, sentence });
                false
            }
            Event::Conversation(_) | Event::Folders => true,
            Event::Scheduled(conversation, news) => {
                let held = news == client::ScheduledNews::Held;
                let sentence = held.then(|| words::held(&self.name_in(conversation)));
                self.tell_all(&Notice::Scheduled { chat: paint::chat_id(conversation), sentence });
                true
            }
            Event::GroupChangeFailed(conversation) => {
                let sentence = words::group_change_failed(&self.name_in(conversation));
                self.tell_all(&Notice::Group { chat: paint::chat_id(conversation), sentence });
                true
            }
            Event::Knock(conversation) => {
                let knocks = self.client.knocks(conversation).unwrap_or_default().len();
                let name = self.name_in(conversation);
                let (chat, count) = (paint::chat_id(conversation), u32::try_from(knocks).unwrap_or(u32::MAX));
                self.tell_all(&Notice::Knock { chat, count, sentence: words::knocks(count, &name) });
                true
            }
            Event::Joining(conversation, state) => {
                if let Some(sentence) = self.joining_sentence(conversation, state) {
                    self.tell_all(&Notice::Joining { chat: paint::chat_id(conversation), sentence });
                }
                true
            }
            // It is no more among what one asks for.
            Event::JoinWithdrawn(_) => true,
            Event::Request(account) => {
                self.tell_all(&Notice::Request { who: resolve::contact_id(account) });
                true
            }
            Event::Contact(account) => {
                self.tell_all(&Notice::Contact { who: resolve::contact_id(account) });
                true
            }
            Event::Connection(connection) => {
                self.connection_changed(now, connection);
                false
            }
            Event::Settled => {
                self.tell_all(&Notice::Settled);
                false
            }
            Event::Linking(state) => {
                self.tell_all(&Notice::Linking);
                if state == client::LinkState::Ended(client::LinkEnd::Linked) {
                    self.tell_all(&Notice::Account);
                }
                false
            }
            Event::History(state) => {
                self.tell_all(&Notice::Devices { sentence: Some(link_words::history(state)) });
                true
            }
            Event::Device(device, news) => {
                let cards = self.client.devices().unwrap_or_default();
                let card = cards.iter().find(|card| card.device == device);
                let name = card.map(link_words::name_of).unwrap_or_default();
                self.tell_all(&Notice::Devices { sentence: Some(link_words::news(news, &name)) });
                false
            }
            Event::DevicesChanged(account) => {
                let card = self.client.contact(account).ok().flatten();
                let name = card.map_or_else(|| words::SOMEONE_NEW.to_owned(), |card| paint::name(&card));
                let who = resolve::contact_id(account);
                self.tell_all(&Notice::DevicesChanged { who, sentence: link_words::changed(&name) });
                false
            }
            Event::Removed => {
                self.tell_all(&Notice::Removed { sentence: link_words::REMOVED.to_owned() });
                self.tell_all(&Notice::Account);
                false
            }
        }
    }

    fn connection_changed(&mut self, now: Timestamp, connection: Connection) {
        self.connection = connection;
        match connection {
            Connection::Connecting { retry_at: Some(_) } => {
                self.down_since.get_or_insert(now);
            }
            // Between two tries it is still the same silence.
            Connection::Connecting { retry_at: None } => {}
            Connection::Idle | Connection::CatchingUp { .. } | Connection::UpToDate => self.down_since = None,
        }
        let fronts: Vec<FrontId> = self.fronts.keys().copied().collect();
        for front in fronts {
            let line = self.line(&self.clock(now, front));
            self.out.push_back(AppOutput::ToFront(front, FromCore::Notice(Notice::Connection(line))));
        }
    }

    /// The line in words.
    pub(crate) fn line(&self, clock: &Clock) -> ConnectionLine {
        let server = self.links.server_name();
        let line = words::line(self.connection, self.down_since, server, clock);
        if self.client.status().is_ok_and(|status| status.removed) {
            return ConnectionLine { sentence: link_words::REMOVED.to_owned(), ..line };
        }
        match (self.line_trouble, line.state) {
            (Some(trouble), LineState::Waiting) => {
                ConnectionLine { sentence: words::line_trouble(trouble, server), ..line }
            }
            _ => line,
        }
    }

    /// Somebody of a chat, or oneself.
    fn person_of(&self, account: AccountId, chat: client::ConversationId) -> Result<screens::Person, No> {
        let status = self.client.status()?;
        if status.account == Some(account) {
            return Ok(paint::myself(account, &status, chat));
        }
        self.somebody(account, chat)
    }

    /// Which of the account's own devices `typed` names: by id, the beginning of one, or name.
    fn own_device(&self, typed: &str) -> Result<vocab::DeviceId, No> {
        let typed = typed.trim();
        let cards = self.client.devices()?;
        let begins = typed.len() >= resolve::ID_PREFIX_CHARS_MIN;
        let mut found = cards.iter().filter(|card| {
            (begins && card.device.to_string().starts_with(typed))
                || (!typed.is_empty() && card.name == typed)
        });
        match (found.next(), found.next()) {
            (Some(card), None) => Ok(card.device),
            _ => Err(link_words::no_such_device()),
        }
    }

    pub(crate) fn name_in(&self, conversation: client::ConversationId) -> String {
        let head = self.client.conversation(conversation).ok().flatten();
        head.map_or_else(|| words::SOMEONE_NEW.to_owned(), |head| paint::whom(head.id, &head.with).name)
    }

    fn clock(&self, now: Timestamp, front: FrontId) -> Clock {
        let utc_offset_minutes = self.fronts.get(&front).map_or(0, |front| front.utc_offset_minutes);
        Clock { now, utc_offset_minutes }
    }

    fn reply(&mut self, front: FrontId, id: u64, reply: Reply) {
        self.out.push_back(AppOutput::ToFront(front, FromCore::Reply { id, reply }));
    }

    fn tell_all(&mut self, notice: &Notice) {
        let told =
            self.fronts.keys().map(|front| AppOutput::ToFront(*front, FromCore::Notice(notice.clone())));
        self.out.extend(told);
    }

    fn tell_others(&mut self, than: FrontId, notice: &Notice) {
        let others = self.fronts.keys().filter(|front| **front != than);
        self.out.extend(others.map(|front| AppOutput::ToFront(*front, FromCore::Notice(notice.clone()))));
    }

    /// Whom `typed` names, among everybody this device knows.
    pub(crate) fn person(&self, typed: &str) -> Result<client::ContactCard, No> {
        let status = self.client.status()?;
        let Some(me) = status.account else { return Err(words::not_registered()) };
        let people = self.people()?;
        let found =
            resolve::person(&people, typed, |typed| Ok(self.links.read(typed)?.map(|link| link.account)));
        found.cloned().map_err(|no| {
            let handle = Handle::parse(typed).ok().map(|handle| handle.lookup_form());
            let own_handle = status.handle.as_ref().map(Handle::lookup_form);
            let oneself = (handle.is_some() && handle == own_handle) || typed.trim() == me.to_string();
            if oneself { words::refused(&Refused::Oneself, &About::default()) } else { no }
        })
    }

    /// Contacts, requests and whoever else a chat is with, each once.
    fn people(&self) -> Result<Vec<client::ContactCard>, Fault> {
        let mut people = self.client.contacts()?;
        people.extend(self.client.requests()?);
        people.extend(self.client.conversations()?.into_iter().filter_map(|head| match head.with {
            Whom::Person(card) => Some(card),
            Whom::Group(_) => None,
        }));
        let mut seen = BTreeSet::new();
        people.retain(|card| seen.insert(card.account));
        Ok(people)
    }
}

fn named_chat(with: &Whom) -> About {
    match with {
        Whom::Person(card) => named(card),
        Whom::Group(group) => About { name: Some(group.name.clone()), ..About::default() },
    }
}

fn named(card: &client::ContactCard) -> About {
    About { name: Some(paint::name(card)), ..About::default() }
}

/// Trimmed; the limit is checked here too, so that no code is sent for nothing.
fn name_of(typed: &str) -> Result<String, No> {
    let name = typed.trim();
    let fits = (1..=limits::NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) { Ok(name.to_owned()) } else { Err(words::bad_name()) }
}

/// The digits of a code, however they were spaced.
fn digits(typed: &str) -> Result<String, No> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let fits = code.len() == limits::CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(code) } else { Err(words::bad_code()) }
}

fn refuse(what: &What, no: No) -> Reply {
    match what {
        What::Action(_) => Reply::Outcome(no.outcome()),
        What::Ask(_) => Reply::Answer(Box::new(no.answer())),
    }
}
