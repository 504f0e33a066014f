//! The machine: one input is one transaction; outputs leave after it.

use std::collections::VecDeque;

use client_db::{Db, Tx};
use crypto::Session;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use vocab::Timestamp;
use wire::{BlobAnswer, Decode, Door, Reply, UnnamedAnswer};

use crate::account::Me;
use crate::api::{Command, Event, Input, LinkEvent, Output, Refused};
use crate::ask::NextDoor;
use crate::due::Dues;
use crate::intent::{self, Due};
use crate::lines::{IDLE_MS_MAX, IN_FLIGHT_MAX, LineState, Lines, Purpose};
use crate::profile::ProfileWish;
use crate::scheduled::LOOK_MS as SCHEDULE_LOOK_MS;
use crate::schema::MIGRATIONS;
use crate::step::{Halt, Halting, MlsStore, Step};

/// Settings of the core that hosts and tests choose. The defaults are the product's.
#[derive(Debug, Clone)]
pub struct Config {
    /// Marks are bundled for a random time up to this, milliseconds.
    pub receipt_delay_ms: u64,
    /// Own messages after which the leaf is renewed.
    pub heal_after_messages: u32,
    /// Age of the leaf after which it is renewed before the next message, milliseconds.
    pub heal_after_ms: u64,
    /// Trees of groups of up to so many leaves are in their descriptions; all members have to have the same bound.
    pub tree_inline_leaves: usize,
    /// Commits of up to so many bytes, seal included, are sent to everybody as they are; larger ones lie in pieces.
    pub commit_inline_bytes: usize,
    /// Weaknesses that the simulator switches on to see that its checks can fail. No build that ships has the field.
    #[cfg(feature = "broken")]
    pub broken: Option<Weakness>,
}

/// A weakness on purpose, see [`Config`]. Without the feature `broken` nothing has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Shows copies as if they were new.
    ShowsTwice,
    /// Drops what it sent when the line breaks.
    ForgetsOutbox,
    /// Takes every seventh commit for a forgery, and never comes back into the conversation it fell out of.
    NeverRejoins,
    /// Shows what arrives in the order of the senders' clocks.
    OrdersByClock,
    /// Processes what arrives and forgets to show it.
    LosesMessages,
    /// Writes texts as something no build knows.
    SpeaksOfTomorrow,
    /// Votes in polls that have ended.
    VotesLate,
    /// Knows what that is: the build of tomorrow.
    ReadsTomorrow,
    /// Claims somebody else's number in its profile.
    LiesAboutHandle,
    /// Takes every seventh commit for a forgery, comes back from outside, and asks for what it missed.
    ForgetsCommits,
    /// The same, but never asks.
    NeverAsks,
    /// Edits and deletes whatever it is told to, and takes everybody's reactions back.
    EditsOthers,
    /// Makes the next slot of a group without its owner.
    LeavesOwnerOut,
    /// Does not strike off its list of people in a group who was taken out.
    KeepsRoster,
    /// Proposes a new leaf in each epoch.
    ProposesAlways,
    /// Tells whoever asks for the way back wrong ones, many times.
    TellsWrongWays,
    /// Tells whoever it let into a group that another group, which both know, goes on there.
    NamesAnotherGroup,
    /// Says previews of links that are not in the text.
    PreviewsElsewhere,
}

impl Config {
    #[cfg(feature = "broken")]
    pub(crate) fn has(&self, weakness: Weakness) -> bool {
        self.broken == Some(weakness)
    }

    #[cfg(not(feature = "broken"))]
    #[expect(clippy::unused_self, reason = "the other form looks at it")]
    pub(crate) const fn has(&self, _: Weakness) -> bool {
        false
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            receipt_delay_ms: 2_000,
            heal_after_messages: 100,
            heal_after_ms: 24 * vocab::time::HOUR_MS,
            tree_inline_leaves: crypto::TREE_INLINE_LEAVES,
            commit_inline_bytes: vocab::limits::COMMIT_INLINE_BYTES_MAX,
            #[cfg(feature = "broken")]
            broken: None,
        }
    }
}

/// The store failed; nothing of the input happened. All lines are down, and everything open is due again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The device is full: make room, then go on; nothing is lost.
    #[error("This device is full. Make room; what you wrote is kept and leaves by itself afterwards.")]
    Full,
    /// The store cannot be read any more.
    #[error("The store of this device is damaged. Your chats on other devices are not touched.")]
    Damaged,
    /// Anything else.
    #[error("The store of this device failed: {0}")]
    Other(String),
}

impl From<client_db::Error> for Fault {
    fn from(error: client_db::Error) -> Self {
        match error {
            client_db::Error::Full => Self::Full,
            client_db::Error::Damaged => Self::Damaged,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The messenger without IO.
pub struct Client {
    pub(crate) db: Db,
    rng: ChaCha20Rng,
    config: Config,
    pub(crate) me: Option<Me>,
    pub(crate) lines: Lines,
    out: VecDeque<Output>,
    deadline: Option<Timestamp>,
    /// Since when the write-ahead log may hold keys that were deleted.
    log_holds_keys: Option<Timestamp>,
    /// Room of deleted attachments may wait to be given back.
    media_frees: bool,
}

impl Client {
    /// Takes an opened database; creates or updates its tables. `seed` is fresh randomness of the platform.
    ///
    /// # Errors
    /// [`client_db::Error`], as opening.
    pub fn open(mut db: Db, seed: [u8; 32], config: Config) -> Result<Self, client_db::Error> {
        db.migrate(MIGRATIONS)?;
        db.create_media(crate::attachment::MEDIA_TABLES)?;
        let me = load_me(&db)?;
        let mut client = Self {
            db,
            rng: ChaCha20Rng::from_seed(seed),
            config,
            me,
            lines: Lines::new(),
            out: VecDeque::new(),
            deadline: Some(Timestamp(0)),
            // Whatever the last run left.
            log_holds_keys: Some(Timestamp(0)),
            media_frees: true,
        };
        client.lines.settled = client.me.is_none();
        Ok(client)
    }

    /// One input, one transaction. On a fault nothing of it happened; the input may be given again.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<(), Fault> {
        let Self { db, rng, config, me, lines, .. } = self;
        let result = db.transaction(|tx| run(now, tx, rng, config, me, lines, input));
        match result {
            Ok(done) => {
                self.out.extend(done.out);
                self.deadline = done.deadline;
                self.empty_log(now, done.keys_changed);
                self.give_back(now, done.media_freed);
                Ok(())
            }
            Err(StoreOnly(error)) => {
                self.forget_memory(now);
                if matches!(error, client_db::Error::Full) {
                    self.lines.moving.full(now);
                }
                Err(error.into())
            }
        }
    }

    /// Deleted keys leave the write-ahead log too (T-18), a few seconds after they were deleted, not at each message.
    fn empty_log(&mut self, now: Timestamp, keys_changed: bool) {
        if keys_changed && self.log_holds_keys.is_none() {
            self.log_holds_keys = Some(now);
        }
        let Some(since) = self.log_holds_keys else { return };
        // A clock that went back must not put it off.
        if now < since || now.ms_since(since) >= LOG_KEPT_MS {
            // A log that cannot be emptied now is emptied the next time; the step itself is on disk.
            self.log_holds_keys = self.db.scrub().is_err().then_some(now);
        }
        let due = self.log_holds_keys.map(|since| since.plus_ms(LOG_KEPT_MS));
        self.deadline = self.deadline.into_iter().chain(due).min();
    }

    /// The room that deleted attachments took goes back to the platform, a part in each step.
    fn give_back(&mut self, now: Timestamp, freed: bool) {
        self.media_frees |= freed;
        if self.media_frees {
            // What cannot be given back now is given back the next time.
            self.media_frees = self.db.give_back(PAGES_GIVEN_BACK).unwrap_or(false);
            let again = self.media_frees.then(|| now.plus_ms(1));
            self.deadline = self.deadline.into_iter().chain(again).min();
        }
    }

    /// What leaves, in order; `None` when there is no more for now.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Why parts of the last steps were given up (bytes that do not open, say): for tests and support. Holds no user's data.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.lines.notes.iter().map(String::as_str)
    }

    /// Nothing is left to be done with the service right now, as [`Event::Settled`] said when it became so.
    pub fn is_settled(&self) -> bool {
        self.lines.settled
    }

    /// Ends, and gives the database back: what was released and not yet polled is gone, as after a crash.
    pub fn into_db(self) -> Db {
        self.db
    }

    /// When [`Input::Tick`] is due if nothing else happens before.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Memory must equal the disk: all of it that the failed step may have changed is dropped.
    fn forget_memory(&mut self, now: Timestamp) {
        for ask in std::mem::take(&mut self.lines.asks) {
            if let Some(command) = ask.command {
                self.out.push_back(Output::Reply(command, Err(Refused::Store)));
            }
        }
        let connected: Vec<Door> = Door::ALL
            .into_iter()
            .filter(|door| self.lines.line_ref(*door).state != LineState::Down)
            .collect();
        self.out.extend(connected.into_iter().map(Output::Disconnect));
        self.lines = Lines::new();
        for door in Door::ALL {
            self.lines.line(door).retry_at = now.plus_ms(FAULT_RETRY_MS);
        }
        self.deadline = Some(now.plus_ms(FAULT_RETRY_MS));
        if let Ok(me) = load_me(&self.db) {
            self.me = me;
        }
    }
}

/// Pages of attachments given back in one step: 4 MiB.
const PAGES_GIVEN_BACK: u32 = 256;
/// Deleted keys stay in the write-ahead log for so long at most.
const LOG_KEPT_MS: u64 = 5_000;
/// After a failed store the next try comes no sooner.
const FAULT_RETRY_MS: u64 = 2_000;
/// A mailbox that was silent for so long has nothing more to give.
const QUIET_MS: u64 = 30_000;
/// So many times on a new line each time: a bad line may lose what it gives first on several.
const SILENCES_MAX: u32 = 5;
/// A mailbox that was taken for read although something was said to wait is opened anew after twice as long for each silence, and
/// after so many doublings no more rarely: about every four hours.
const QUIET_DOUBLINGS_MAX: u32 = 9;
/// Looked at so often; a look counts for no more.
const QUIET_LOOK_MS: u64 = 5_000;
/// Whatever the clock was before a start, nothing waits for longer after it; what was to wait for longer is tried once more.
const START_WAIT_MS_MAX: u64 = 10 * vocab::time::MINUTE_MS;
/// Envelopes, frames and commands are done one by one; the rest of a step looks at no more than so many intents.
const DISPATCH_MAX: usize = IN_FLIGHT_MAX;
/// Preparing one intent may queue another that goes first (a renewed leaf before a message): looked at so often a step.
const ROUNDS_MAX: usize = 4;

/// The only failure that leaves a step.
struct StoreOnly(client_db::Error);

impl From<client_db::Error> for StoreOnly {
    fn from(error: client_db::Error) -> Self {
        Self(error)
    }
}

fn load_me(db: &Db) -> Result<Option<Me>, client_db::Error> {
    match Me::load(&db.reader()) {
        Ok(me) => Ok(me),
        Err(Halt::Store(error)) => Err(error),
        Err(_) => Err(client_db::Error::Damaged),
    }
}

fn run(
    now: Timestamp,
    tx: &Tx<'_>,
    rng: &mut ChaCha20Rng,
    config: &Config,
    me: &mut Option<Me>,
    lines: &mut Lines,
    input: Input,
) -> Result<Done, StoreOnly> {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let mut session_rng = ChaCha20Rng::from_seed(seed);
    let store = MlsStore(tx);
    let session = Session::new(&store, &mut session_rng).with_trees_inline_up_to(config.tree_inline_leaves);
    let mut step =
        Step { now, tx, session: &session, rng, me, me_changed: false, lines, out: Vec::new(), config };
    let result = step.input(input).and_then(|()| step.pump());
    let out = std::mem::take(&mut step.out);
    let media_freed = std::mem::take(&mut step.lines.moving.freed);
    let deadline = match result {
        Ok(deadline) => deadline,
        Err(Halt::Store(error)) => return Err(StoreOnly(error)),
        Err(Halt::Unusable(_) | Halt::Crypto(_)) => Some(now.plus_ms(FAULT_RETRY_MS)),
    };
    session.flush().map_err(|error| match Halt::from(error) {
        Halt::Store(error) => StoreOnly(error),
        _ => StoreOnly(client_db::Error::Damaged),
    })?;
    Ok(Done { out, deadline, keys_changed: session.bytes_flushed() > 0, media_freed })
}

/// What comes of a step that is on disk.
struct Done {
    out: Vec<Output>,
    deadline: Option<Timestamp>,
    keys_changed: bool,
    media_freed: bool,
}

impl Step<'_> {
    fn input(&mut self, input: Input) -> Halting<()> {
        if self.lines.last_now.is_none() {
            self.attempt(Self::read_anew)?;
            self.attempt(Self::forget_half_filled)?;
            self.forget_fleeting()?;
        }
        match input {
            Input::Tick => Ok(()),
            Input::Command(id, command) => {
                if self.attempt(|step| step.command(id, command))?.is_none() {
                    self.reply(id, Err(Refused::Unknown));
                }
                Ok(())
            }
            Input::Link(door, LinkEvent::Up) => {
                self.line_up(door);
                Ok(())
            }
            Input::Link(door, LinkEvent::Down) => {
                self.line_down(door);
                Ok(())
            }
            Input::Link(door, LinkEvent::Frame(frame)) => {
                if !self.lines.line_ref(door).is_connected() {
                    return Ok(());
                }
                let understood = self.attempt(|step| match door {
                    Door::Mailbox => step.mailbox_frame(&frame),
                    Door::Unnamed => step.unnamed_frame(&frame),
                    Door::Account => step.account_frame(&frame),
                    Door::Blob => step.blob_frame(&frame),
                })?;
                // A service that says something else than the protocol is hung up on, not argued with.
                if understood.is_none() {
                    self.drop_line(door);
                }
                Ok(())
            }
        }
    }

    fn command(&mut self, id: u64, command: Command) -> Halting<()> {
        let registered = self.me.as_ref().is_some_and(|me| me.registered);
        match command {
            Command::RequestCode { handle } => self.request_code(id, handle),
            Command::Register { name, proof } => self.register(id, &name, proof),
            Command::AdoptDevice(grant) => self.adopt_device(id, &grant),
            Command::OfferLink { name } => self.offer_link(id, &name),
            Command::CancelLink => self.cancel_link(id),
            _ if !registered => {
                self.reply(id, Err(Refused::NotRegistered));
                Ok(())
            }
            Command::Hurry => self.hurry(id),
            _ if self.me.as_ref().is_some_and(|me| me.struck_off) => {
                self.reply(id, Err(Refused::Removed));
                Ok(())
            }
            Command::Invite => self.invite(id),
            Command::Add(whom) => self.add(id, whom),
            Command::Accept(account) => self.accept(id, account),
            Command::Block(account) => self.block(id, account),
            Command::Send { conversation, text } => self.send_text(id, conversation, &text, None),
            Command::SendPlain { conversation, text } => self.send_plain(id, conversation, &text, None),
            Command::Schedule { conversation, text, plain, at } => {
                self.schedule(id, conversation, &text, plain, at)
            }
            Command::Reschedule { id: which, text, at } => self.reschedule(id, which, text.as_deref(), at),
            Command::Unschedule(which) => self.unschedule(id, which),
            Command::Reply { to, text } => self.reply_to(id, to, &text, None),
            Command::React { to, emoji } => self.react(id, to, &emoji),
            Command::TakeReactionBack { to, emoji } => self.take_reaction_back(id, to, &emoji),
            Command::Edit { message, text } => self.edit(id, message, &text, None),
            Command::WithPreview { of, preview } => self.say_with_preview(id, *of, &preview),
            Command::Delete { message, everyone: true } => self.delete_for_everyone(id, message),
            Command::Delete { message, everyone: false } => self.delete_for_me(id, message),
            Command::NewAttachment { size } => self.new_attachment(id, size),
            Command::FillAttachment { id: which, bytes } => self.fill_attachment(id, which, &bytes),
            Command::DropAttachment(which) => self.drop_attachment(id, which),
            Command::SendAttachments { conversation, to, text, attachments } => {
                self.send_attachments(id, conversation, to, &text, &attachments)
            }
            Command::PauseOutgoing { id: which, paused } => self.pause_outgoing(id, which, paused),
            Command::CancelOutgoing(which) => self.cancel_outgoing(id, which),
            Command::FetchAttachment { id: which, on } => self.fetch_attachment(id, which, on),
            Command::LookAt { id: which, offset } => self.look_at_attachment(id, which, offset),
            Command::FreeStorage(which) => self.free_storage(id, &which),
            Command::SetMediaRules(rules) => self.set_media_rules(id, &rules),
            Command::Metered(on) => {
                self.lines.metered = on;
                self.reply(id, Ok(crate::api::Reply::Done));
                Ok(())
            }
            Command::CreatePoll { conversation, question, options, multiple } => {
                self.create_poll(id, conversation, &question, &options, multiple)
            }
            Command::Vote { poll, options } => self.vote(id, poll, &options),
            Command::EndPoll { poll } => self.end_poll(id, poll),
            Command::SharePlace { conversation, fix, precision, label } => {
                self.share_place(id, conversation, fix, precision, &label)
            }
            Command::StartLive { conversation, start } => self.start_live(id, conversation, start),
            Command::Fix(fix) => self.take_fix(id, fix),
            Command::StopLive(message) => self.stop_live(id, message),
            Command::SendCards { conversation, cards } => self.send_cards(id, conversation, &cards),
            Command::KeepCards(cards) => self.keep_cards(id, cards),
            Command::Forward { message, to } => self.forward(id, message, to),
            Command::Pin { message, on } => self.pin(id, message, on),
            Command::Star { message, on } => self.star(id, message, on),
            Command::Choose { conversation, choice } => self.choose_for_chat(id, conversation, &choice),
            Command::Folder(change) => self.change_folders(id, change),
            Command::SetTimer { conversation, seconds } => self.set_timer(id, conversation, seconds),
            Command::CreateGroup { name, people } => self.create_group(id, &name, &people),
            Command::ChangeGroup { conversation, change } => self.change_group(id, conversation, change),
            Command::OpenLink { conversation, approval } => self.open_link(id, conversation, approval),
            Command::SetPicture { conversation, bytes } => {
                self.set_picture(id, conversation, bytes.as_deref())
            }
            Command::SetProfile { name, about, picture } => {
                let (name, about, picture) = (name.as_deref(), about.as_deref(), picture.as_deref());
                self.set_profile(id, &ProfileWish { name, about, picture })
            }
            Command::Join(link) => self.join_group(id, &link),
            Command::WithdrawJoin(conversation) => self.withdraw(id, conversation),
            Command::AnswerKnock { conversation, account, accept } => {
                self.answer_knock(id, conversation, account, accept)
            }
            Command::LeaveGroup { conversation } => self.leave_group(id, conversation),
            Command::MarkRead { conversation, through } => self.mark_read(id, conversation, through),
            Command::Typing { conversation, on } => self.tell_typing(id, conversation, on),
            Command::Active => self.active(id),
            Command::SetPrivacy(choice) => self.choose_privacy(id, choice),
            Command::ApproveDevice(offer) => self.approve_device(id, &offer),
            Command::Link(link) => self.take_link(id, &link),
            Command::LinkNumber(number) => self.take_number(id, &number),
            Command::RemoveDevice(device) => self.remove_device(id, device),
            Command::NameDevice(device, name) => self.rename_device(id, device, &name),
        }
    }

    /// Marks leave now, and lines are tried now.
    fn hurry(&mut self, id: u64) -> Halting<()> {
        self.tx.execute("update receipt_due set due = 0", [])?;
        for door in Door::ALL {
            self.lines.line(door).retry_at = Timestamp(0);
        }
        self.reply(id, Ok(crate::api::Reply::Done));
        Ok(())
    }

    fn line_up(&mut self, door: Door) {
        let now = self.now;
        let line = self.lines.line(door);
        line.used_at = now;
        line.state = if door.is_without_identity() { LineState::Ready } else { LineState::Up { since: now } };
    }

    fn line_down(&mut self, door: Door) {
        let now = self.now;
        let jitter = self.rng.next_u64();
        self.lines.line(door).down(now, |bound| jitter % bound.max(1));
        if door == Door::Blob {
            self.lines.moving.line_down();
        }
        if door == Door::Unnamed && self.config.has(Weakness::ForgetsOutbox) {
            let _forgotten = self.tx.execute("delete from intent where kind = 14 and state = 1", []);
        }
    }

    /// Hangs up, to try again later.
    pub fn drop_line(&mut self, door: Door) {
        if self.lines.line_ref(door).state != LineState::Down {
            self.out.push(Output::Disconnect(door));
            self.line_down(door);
        }
    }

    fn unnamed_frame(&mut self, frame: &[u8]) -> Halting<()> {
        let reply = Reply::<UnnamedAnswer>::decode(frame)?;
        self.lines.unnamed.attempts = 0;
        match reply {
            Reply::Done { id, answer } => match self.lines.unnamed.in_flight.remove(&id) {
                Some((Purpose::Intent(intent), _)) => intent::done_at_unnamed(self, intent, answer),
                Some((Purpose::Ask(ask), _)) => self.ask_answered_at_unnamed(ask, answer),
                _ => Ok(()),
            },
            Reply::Refused { id, refusal } => match self.lines.unnamed.in_flight.remove(&id) {
                Some((Purpose::Intent(intent), _)) => intent::refused(self, intent, &refusal),
                Some((Purpose::Ask(ask), _)) => self.ask_refused(ask, refusal),
                _ => Ok(()),
            },
        }
    }

    fn blob_frame(&mut self, frame: &[u8]) -> Halting<()> {
        let reply = Reply::<BlobAnswer>::decode(frame)?;
        self.lines.blob.attempts = 0;
        let (Reply::Done { id, .. } | Reply::Refused { id, .. }) = &reply;
        match (self.lines.blob.in_flight.remove(id), reply) {
            (Some((Purpose::Intent(intent), _)), Reply::Done { answer, .. }) => {
                intent::done_at_blob(self, intent, answer)
            }
            (Some((Purpose::Intent(intent), _)), Reply::Refused { refusal, .. }) => {
                intent::refused(self, intent, &refusal)
            }
            (Some((Purpose::Chunk(what, attachment, chunk), since)), Reply::Done { answer, .. }) => {
                self.chunk_moved((what, attachment, chunk), since, &answer)
            }
            (Some((Purpose::Chunk(what, attachment, chunk), _)), Reply::Refused { refusal, .. }) => {
                self.chunk_refused((what, attachment, chunk), &refusal)
            }
            _ => Ok(()),
        }
    }

    pub fn request_unnamed(&mut self, purpose: Purpose, operation: &[u8]) {
        let now = self.now;
        let id = self.lines.unnamed.request(purpose, now);
        self.out.push(Output::Frame(Door::Unnamed, crate::account::frame(id, operation)));
    }

    pub fn request_blob(&mut self, purpose: Purpose, operation: &[u8]) {
        let now = self.now;
        let id = self.lines.blob.request(purpose, now);
        self.out.push(Output::Frame(Door::Blob, crate::account::frame(id, operation)));
    }

    /// After every input: opens the doors that are needed, sends what may go, closes what idles. Returns when time alone
    /// would change something.
    fn pump(&mut self) -> Halting<Option<Timestamp>> {
        self.mind_the_clock()?;
        self.expire_asks();
        self.mailbox_is_quiet();
        self.hang_up_overdue();
        let (now, changes) = (self.now, self.tx.changes());
        let dues = self.dues()?;
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if due(dues.receipts) {
            self.attempt(Self::bundle_receipts)?;
        }
        if self.me.as_ref().is_some_and(|me| me.struck_off) {
            self.say_no_more()?;
        }
        if dues.timers_begin || due(dues.expiry) {
            self.attempt(Self::expire)?;
        }
        self.mind_the_fleeting()?;
        if dues.linking {
            self.attempt(Self::mind_the_link)?;
        }
        if self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off) {
            if due(dues.scheduled) {
                self.send_scheduled()?;
            }
            if due(dues.places) {
                self.attempt(Self::mind_places)?;
            }
            if due(dues.devices) {
                self.attempt(Self::mind_the_devices)?;
            }
            if dues.history_moves || due(dues.history) {
                self.attempt(Self::mind_history)?;
            }
            if due(dues.presence) {
                self.attempt(Self::mind_presence)?;
            }
            if due(dues.knocks) {
                self.attempt(Self::mind_knocks)?;
            }
            if due(dues.brought) {
                self.attempt(Self::mind_brought)?;
            }
        }
        if self.me.as_ref().is_some_and(|me| me.registered) {
            self.authenticate()?;
        }
        let media_waits = self.media_waits()? && self.mind_media()?;
        let mut later = None;
        for _ in 0..ROUNDS_MAX {
            self.attempt(Self::move_chunks)?;
            let Due { ready, next, makes_mailbox } = intent::due(self)?;
            later = next;
            let wants_account = self.wants_account(&ready, dues.visit)?;
            let wants_unnamed = ready.iter().any(|i| i.kind.door() == Door::Unnamed)
                || self.lines.asks.iter().any(|ask| ask.kind.needs() == NextDoor::Unnamed);
            let wants_blob = ready.iter().any(|i| i.kind.door() == Door::Blob)
                || self.chunks_wait()?.is_some_and(|at| at <= now);
            let wants_mailbox = self.visits() && !makes_mailbox;
            self.open(Door::Account, wants_account);
            self.open(Door::Unnamed, wants_unnamed);
            self.open(Door::Blob, wants_blob);
            self.open(Door::Mailbox, wants_mailbox);
            self.send_asks()?;
            let sent = self.dispatch(&ready)?;
            self.close_idle(&[
                (Door::Account, wants_account),
                (Door::Unnamed, wants_unnamed),
                (Door::Blob, wants_blob),
            ]);
            if sent == 0 {
                break;
            }
        }
        self.tell();
        // What nothing has written to is as it was.
        let dues = if self.tx.changes() == changes { dues } else { self.dues()? };
        // What needs no line goes on at once, in another step.
        let later = later.into_iter().chain(media_waits.then(|| now.plus_ms(1))).min();
        self.deadline(later, &dues)
    }

    /// Clocks are set back, by a second or a day: nothing may wait for a time that a wrong clock named (T-43). After a start
    /// nothing is known of the clock before; then only what would wait for long is brought forward.
    fn mind_the_clock(&mut self) -> Halting<()> {
        let now = self.now;
        let latest = match self.lines.last_now.replace(now) {
            Some(before) if before <= now => return Ok(()),
            Some(_) => now,
            None => now.plus_ms(START_WAIT_MS_MAX),
        };
        Door::ALL.into_iter().for_each(|door| self.lines.line(door).clock_went_back(now));
        for ask in &mut self.lines.asks {
            ask.deadline = ask.deadline.min(now.plus_ms(crate::ask::ASK_MS_MAX));
        }
        let latest = crate::step::sql_time(latest);
        self.tx.execute("update intent set not_before = 0 where not_before > ?1", [latest])?;
        self.tx.execute("update receipt_due set due = ?1 where due > ?1", [latest])?;
        self.timers_after_clock()?;
        self.places_after_clock()?;
        self.transfers_after_clock(latest)?;
        self.lines.fleeting.clock_went_back();
        self.presence_after_clock()?;
        self.mind_the_visit()
    }

    /// Sends what may go through the doors that are open; how many were tried.
    fn dispatch(&mut self, ready: &[intent::Intent]) -> Halting<usize> {
        let mut tried = 0;
        for intent in ready.iter().take(DISPATCH_MAX) {
            let line = self.lines.line_ref(intent.kind.door());
            if line.state != LineState::Ready || line.in_flight.len() >= IN_FLIGHT_MAX {
                continue;
            }
            tried += 1;
            if self.attempt(|step| intent::dispatch(step, intent))?.is_none() {
                // What cannot be prepared now (a key package that does not hold, say) is tried again later.
                intent::postpone(self, intent.id, FAULT_RETRY_MS)?;
            }
        }
        Ok(tried)
    }

    /// A device of the account, as far as it knows: it has a mailbox, and visits the account door.
    fn visits(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off)
    }

    fn wants_account(&self, ready: &[intent::Intent], visit: Timestamp) -> Halting<bool> {
        let ready = ready.iter().any(|i| i.kind.door() == Door::Account);
        Ok((self.visits() && visit <= self.now)
            || (ready && !self.is_refused_at_door()?)
            || self.lines.asks.iter().any(|ask| ask.kind.needs() == NextDoor::Account))
    }

    fn open(&mut self, door: Door, wanted: bool) {
        let now = self.now;
        let line = self.lines.line(door);
        if wanted && line.state == LineState::Down && line.retry_at <= now {
            line.state = LineState::Connecting;
            self.out.push(Output::Connect(door));
        }
        if wanted {
            self.lines.line(door).used_at = now;
        }
    }

    fn send_asks(&mut self) -> Halting<()> {
        let asks: Vec<(u64, NextDoor)> =
            self.lines.asks.iter().map(|ask| (ask.id, ask.kind.needs())).collect();
        for (ask, door) in asks {
            match door {
                NextDoor::Account if !self.lines.account.has(Purpose::Ask(ask)) => {
                    self.attempt(|step| step.send_account_ask(ask))?;
                }
                NextDoor::Unnamed
                    if self.lines.unnamed.state == LineState::Ready
                        && !self.lines.unnamed.has(Purpose::Ask(ask)) =>
                {
                    self.attempt(|step| step.send_unnamed_ask(ask))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A service that does not answer is as good as gone.
    fn hang_up_overdue(&mut self) {
        for door in Door::ALL {
            if self.lines.overdue_at(door).is_some_and(|at| at <= self.now) {
                self.drop_line(door);
            }
        }
    }

    /// A mailbox that gives nothing more, although something was said to wait: it is opened anew, and in the end taken for read.
    /// What was said to wait may be lost on the way each time: it is still asked for, more and more rarely.
    fn mailbox_is_quiet(&mut self) {
        // Counted in short looks, because a clock that jumps makes no silence.
        let since = self.now.ms_since(self.lines.mailbox_looked_at);
        self.lines.mailbox_looked_at = self.now;
        self.lines.mailbox_quiet_ms += since.min(QUIET_LOOK_MS);
        let given_up = self.lines.mailbox_given_up;
        let rarely = if given_up { self.lines.mailbox_silences.min(QUIET_DOUBLINGS_MAX) } else { 0 };
        let quiet = self.lines.mailbox_quiet_ms >= QUIET_MS << rarely;
        let awaited = given_up || !self.lines.is_caught_up();
        if !quiet || self.lines.mailbox.state != LineState::Ready || !awaited {
            return;
        }
        if given_up {
            self.drop_line(Door::Mailbox);
            return;
        }
        // What was on its way may be lost with the line: only what does not come on a new one either does not exist.
        self.lines.mailbox_silences = self.lines.mailbox_silences.saturating_add(1);
        if self.lines.mailbox_silences < SILENCES_MAX {
            self.drop_line(Door::Mailbox);
        } else {
            self.lines.caught_up.1 = self.lines.caught_up.0;
            self.lines.mailbox_quiet_ms = 0;
            self.lines.mailbox_given_up = true;
        }
    }

    fn close_idle(&mut self, doors: &[(Door, bool)]) {
        for (door, wanted) in doors.iter().copied() {
            let now = self.now;
            let line = self.lines.line(door);
            let idle = line.in_flight.is_empty() && now.ms_since(line.used_at) >= IDLE_MS_MAX;
            if !wanted && line.is_connected() && idle {
                line.closed();
                self.out.push(Output::Disconnect(door));
            }
        }
    }

    /// Says how the line is, when that changed.
    fn tell(&mut self) {
        let registered = self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off);
        let connection = self.lines.connection(registered);
        if self.lines.last_connection != Some(connection) {
            self.lines.last_connection = Some(connection);
            self.event(Event::Connection(connection));
        }
    }

    fn deadline(&mut self, later: Option<Timestamp>, dues: &Dues) -> Halting<Option<Timestamp>> {
        self.tell_settled(dues.receipts)?;
        let mut deadlines: Vec<Timestamp> = later.into_iter().chain(dues.times()).collect();
        deadlines.extend(self.visits().then_some(dues.visit));
        // The clock may be set while a text waits for its time: it is looked at now and then.
        deadlines.extend(dues.scheduled.map(|_| self.now.plus_ms(SCHEDULE_LOOK_MS)));
        deadlines.extend(if dues.linking { self.link_due()? } else { None });
        deadlines.extend(self.chunks_wait()?);
        deadlines.extend(self.lines.fleeting.due());
        deadlines.extend(self.lines.asks.iter().map(|ask| ask.deadline));
        for door in Door::ALL {
            let line = self.lines.line_ref(door);
            deadlines.extend(self.lines.overdue_at(door));
            let idles = door != Door::Mailbox && line.is_connected() && line.in_flight.is_empty();
            deadlines.extend(idles.then(|| line.used_at.plus_ms(IDLE_MS_MAX)));
            let awaited = self.lines.mailbox_given_up || !self.lines.is_caught_up();
            let quiet = door == Door::Mailbox && line.state == LineState::Ready && awaited;
            deadlines.extend(quiet.then(|| self.now.plus_ms(QUIET_LOOK_MS)));
            // A line that is down is tried again when its time comes; if nobody needs it then, nothing happens.
            let waits = line.state == LineState::Down && line.retry_at > self.now;
            deadlines.extend(waits.then_some(line.retry_at));
        }
        // What is due already waits for a line, and that line's own time is in the list.
        Ok(deadlines.into_iter().filter(|at| *at > self.now).min())
    }

    fn tell_settled(&mut self, receipts: Option<Timestamp>) -> Halting<()> {
        let registered = self.me.as_ref().is_some_and(|me| me.registered);
        let settled = registered
            && receipts.is_none()
            && self.lines.asks.is_empty()
            && intent::count(self.tx)? == 0
            && self.media_is_still()?
            && (self.lines.connection(true) == crate::api::Connection::UpToDate
                || self.me.as_ref().is_some_and(|me| me.struck_off));
        if settled && !self.lines.settled {
            self.event(Event::Settled);
        }
        self.lines.settled = settled;
        Ok(())
    }
}
