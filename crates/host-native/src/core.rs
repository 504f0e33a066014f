//! What a front end holds: the same, whether this process owns the core or reaches the owner's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use screens::{Action, Answer, Ask, FromCore, LineState, Notice, Outcome, RefusedKind, Reply, ToCore, What};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::front::{Front, QUEUE_MAX};
use crate::home::{Home, Options};
use crate::owner::{self, Event, OWN_FRONT, Running};
use crate::relay::Relay;
use crate::trouble::OpenTrouble;

/// A core, open.
pub struct Core {
    wanted: mpsc::Sender<Wanted>,
    notices: broadcast::Sender<Notice>,
    owns: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// Who owns the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This process.
    Owner,
    /// Another one.
    Guest,
}

/// What the core said by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something changed.
    Notice(Notice),
    /// Some notices were missed: ask anew instead of waiting for them.
    Missed,
}

/// Notices from the moment it was made.
pub struct Notices(broadcast::Receiver<Notice>);

impl Notices {
    /// The next one; nothing when the core is closed. May be dropped while waiting.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.0.recv().await {
            Ok(notice) => Some(Heard::Notice(notice)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next one that is here already. Everything the core said before it answered is here when the answer is.
    pub fn ready(&mut self) -> Option<Heard> {
        match self.0.try_recv() {
            Ok(notice) => Some(Heard::Notice(notice)),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }
}

impl Core {
    /// Opens the core of a home, or reaches the process that has it open.
    ///
    /// # Errors
    /// [`OpenTrouble`], whose text says what to do.
    pub async fn open(options: Options) -> Result<Self, OpenTrouble> {
        let home = Home::find(&options)?;
        let link = Link::make(&home, &options).await?;
        let (wanted, waiting) = mpsc::channel(WANTED_WAITING_MAX);
        let (notices, _) = broadcast::channel(NOTICES_MAX);
        let owns = Arc::new(AtomicBool::new(link.is_owner()));
        let session = Session {
            home,
            options,
            link,
            open: BTreeMap::new(),
            next_id: 1,
            notices: notices.clone(),
            owns: owns.clone(),
        };
        let task = tokio::spawn(session.run(waiting));
        Ok(Self { wanted, notices, owns, task })
    }

    /// Does something.
    pub async fn act(&self, action: Action) -> Outcome {
        match self.want(What::Action(action)).await {
            Reply::Outcome(outcome) => outcome,
            Reply::Answer(_) => interrupted(),
        }
    }

    /// Asks something.
    pub async fn ask(&self, ask: Ask) -> Answer {
        match self.want(What::Ask(ask)).await {
            Reply::Answer(answer) => *answer,
            Reply::Outcome(_) => unanswered(),
        }
    }

    /// Everything that the core says by itself from now on.
    #[must_use]
    pub fn notices(&self) -> Notices {
        Notices(self.notices.subscribe())
    }

    /// Whether this process owns the core at this moment.
    #[must_use]
    pub fn role(&self) -> Role {
        if self.owns.load(Ordering::Relaxed) { Role::Owner } else { Role::Guest }
    }

    /// Sends what waits to be bundled, closes, and lets the next process take over. Waits for the server only while the
    /// line is up, and no longer than a few seconds: what stays goes on at the next start.
    pub async fn close(self) {
        let _ = timeout(HURRY_WAIT, self.hurry()).await;
        drop(self.wanted);
        let _ = self.task.await;
    }

    async fn hurry(&self) {
        let mut notices = self.notices();
        self.act(Action::Hurry).await;
        if self.role() == Role::Guest {
            return;
        }
        loop {
            let Answer::Status(status) = self.ask(Ask::Status).await else { return };
            let line_is_up = matches!(status.line.state, LineState::UpToDate | LineState::CatchingUp { .. });
            if status.waiting == 0 || !line_is_up {
                return;
            }
            loop {
                match notices.next().await {
                    None => return,
                    Some(Heard::Notice(Notice::Settled | Notice::Connection(_)) | Heard::Missed) => break,
                    Some(Heard::Notice(_)) => {}
                }
            }
        }
    }

    /// Hands something over without waiting for what comes of it. What is begun in an order is received in it, so a front
    /// end can have several things on their way.
    pub async fn begin(&self, what: What) -> Pending {
        let lost = lost(&what);
        let (reply, replied) = oneshot::channel();
        // When nobody takes it, the reply's other end is dropped with it.
        let _ = self.wanted.send(Wanted { what, reply }).await;
        Pending { replied, lost }
    }

    async fn want(&self, what: What) -> Reply {
        self.begin(what).await.reply().await
    }
}

/// Something that was handed over.
pub struct Pending {
    replied: oneshot::Receiver<Reply>,
    lost: Reply,
}

impl Pending {
    /// What came of it.
    pub async fn reply(self) -> Reply {
        self.replied.await.unwrap_or(self.lost)
    }
}

/// Something wanted, and who waits for it.
struct Wanted {
    what: What,
    reply: oneshot::Sender<Reply>,
}

/// The task behind a [`Core`].
struct Session {
    home: Home,
    options: Options,
    link: Link,
    open: BTreeMap<u64, Wanted>,
    next_id: u64,
    notices: broadcast::Sender<Notice>,
    owns: Arc<AtomicBool>,
}

impl Session {
    async fn run(mut self, mut waiting: mpsc::Receiver<Wanted>) {
        loop {
            tokio::select! {
                wanted = waiting.recv() => match wanted {
                    Some(wanted) => self.want(wanted).await,
                    None => break,
                },
                from = self.link.next() => match from {
                    Some(from) => self.heard(from),
                    None => self.again().await,
                },
            }
        }
        self.link.close().await;
    }

    async fn want(&mut self, wanted: Wanted) {
        let id = self.next_id;
        self.next_id += 1;
        let sent = ToCore { id, what: wanted.what.clone() };
        self.open.insert(id, wanted);
        if !self.link.send(sent).await {
            self.again().await;
        }
    }

    fn heard(&mut self, from: FromCore) {
        match from {
            FromCore::Reply { id, reply } => {
                if let Some(wanted) = self.open.remove(&id) {
                    // Whoever asked may have stopped waiting.
                    let _ = wanted.reply.send(reply);
                }
            }
            FromCore::Notice(notice) => {
                let _ = self.notices.send(notice);
            }
        }
    }

    /// The owner ended, or shed us: becomes the owner, or finds the next one. What it did not receive, or can be done
    /// twice, is asked for again.
    async fn again(&mut self) {
        let received = self.last_words().await;
        std::mem::replace(&mut self.link, Link::Gone).close().await;
        if let Ok(link) = Link::make(&self.home, &self.options).await {
            self.link = link;
        }
        self.owns.store(self.link.is_owner(), Ordering::Relaxed);
        for (id, wanted) in std::mem::take(&mut self.open) {
            let untouched = received.is_some_and(|received| id > received);
            if matches!(self.link, Link::Gone) || !(untouched || is_repeatable(&wanted.what)) {
                let _ = wanted.reply.send(lost(&wanted.what));
                continue;
            }
            let sent = ToCore { id, what: wanted.what.clone() };
            self.open.insert(id, wanted);
            // If this owner is gone too, the loop notices.
            let _ = self.link.send(sent).await;
        }
        // Whatever was said in between was not heard.
        let _ = self.notices.send(Notice::Account);
        let _ = self.notices.send(Notice::Chats);
    }

    /// Reads what the owner still said, and learns what it received of us.
    async fn last_words(&mut self) -> Option<u64> {
        let begun = Instant::now();
        while let Ok(Some(from)) = timeout(LAST_WORDS_WAIT, self.link.next()).await {
            self.heard(from);
            if begun.elapsed() > LAST_WORDS_WAIT {
                break;
            }
        }
        self.link.received()
    }
}

/// The way to the core.
enum Link {
    Owner { running: Running, from: mpsc::Receiver<FromCore> },
    Guest(Box<Relay>),
    Gone,
}

impl Link {
    /// Owner or guest, whichever comes first; between two owners neither is possible for a moment.
    async fn make(home: &Home, options: &Options) -> Result<Self, OpenTrouble> {
        let begun = Instant::now();
        loop {
            if let Some(ownership) = home.try_own()? {
                let running = owner::start(home, options, ownership)?;
                let (queue, from) = mpsc::channel(QUEUE_MAX);
                // The loop has just begun and takes it.
                let _ = running.events.send(Event::FrontUp(OWN_FRONT, Front::Here(queue))).await;
                return Ok(Self::Owner { running, from });
            }
            if let Some(relay) = Relay::connect(home).await? {
                owner::check_guest(home, options)?;
                return Ok(Self::Guest(Box::new(relay)));
            }
            if begun.elapsed() > OWNER_WAIT {
                return Err(OpenTrouble::OwnerSilent(home.path().to_owned()));
            }
            sleep(OWNER_AGAIN).await;
        }
    }

    fn is_owner(&self) -> bool {
        matches!(self, Self::Owner { .. })
    }

    async fn send(&mut self, wanted: ToCore) -> bool {
        match self {
            Self::Owner { running, .. } => {
                running.events.send(Event::FromFront(OWN_FRONT, wanted)).await.is_ok()
            }
            Self::Guest(relay) => relay.send(&wanted).await,
            Self::Gone => false,
        }
    }

    async fn next(&mut self) -> Option<FromCore> {
        match self {
            Self::Owner { from, .. } => from.recv().await,
            Self::Guest(relay) => relay.next().await,
            Self::Gone => std::future::pending().await,
        }
    }

    fn received(&self) -> Option<u64> {
        match self {
            Self::Guest(relay) => relay.received(),
            Self::Owner { .. } | Self::Gone => None,
        }
    }

    async fn close(self) {
        if let Self::Owner { running, .. } = self {
            running.stop().await;
        }
    }
}

/// Whether doing it a second time changes nothing more.
fn is_repeatable(what: &What) -> bool {
    match what {
        What::Ask(_) => true,
        What::Action(action) => match action {
            Action::Add { .. }
            | Action::Accept { .. }
            | Action::Block { .. }
            | Action::Vote { .. }
            | Action::Pin { .. }
            | Action::Star { .. }
            | Action::Archive { .. }
            | Action::Mute { .. }
            | Action::MarkUnread { .. }
            | Action::MuteMentions { .. }
            | Action::Reschedule { .. }
            | Action::SaveDraft { .. }
            | Action::SetPreviews { .. }
            | Action::SetTimer { .. }
            | Action::EditGroup { .. }
            | Action::LeaveGroup { .. }
            | Action::MarkRead { .. }
            | Action::CancelLink
            | Action::Typing { .. }
            | Action::Active
            | Action::SetPrivacy { .. }
            | Action::SetProfile { .. }
            | Action::KeepCards { .. }
            | Action::ForgetCard { .. }
            | Action::HoldOutgoing { .. }
            | Action::CancelOutgoing { .. }
            | Action::FetchAttachment { .. }
            | Action::FreeStorage { .. }
            | Action::SetMediaRule { .. }
            | Action::Metered { .. }
            | Action::NameDevice { .. }
            | Action::Hurry => true,
            // Repeated, these would send twice, or change again what was changed meanwhile.
            Action::Register { .. }
            | Action::GiveCode { .. }
            | Action::Invite
            | Action::NewGroup { .. }
            | Action::OpenLink { .. }
            | Action::Send { .. }
            | Action::SendPlain { .. }
            | Action::WithPreview { .. }
            | Action::Schedule { .. }
            | Action::Unschedule { .. }
            | Action::Folder(_)
            | Action::Reply { .. }
            | Action::SendFiles { .. }
            | Action::SaveAttachment { .. }
            | Action::PlayAttachment { .. }
            | Action::CreatePoll { .. }
            | Action::EndPoll { .. }
            | Action::SharePlace { .. }
            | Action::StartLive { .. }
            | Action::GiveFix { .. }
            | Action::StopLive { .. }
            | Action::SendCards { .. }
            | Action::Forward { .. }
            | Action::React { .. }
            | Action::Edit { .. }
            | Action::Delete { .. }
            // A second link takes the place of the first, a second number is a second try, a second removal finds nothing,
            // and neither does a second withdrawal.
            | Action::OfferLink { .. }
            | Action::LinkDevice { .. }
            | Action::LinkNumber { .. }
            | Action::RemoveDevice { .. }
            | Action::WithdrawJoin { .. } => false,
        },
    }
}

fn lost(what: &What) -> Reply {
    match what {
        What::Action(_) => Reply::Outcome(interrupted()),
        What::Ask(_) => Reply::Answer(Box::new(unanswered())),
    }
}

fn interrupted() -> Outcome {
    Outcome::Refused { kind: RefusedKind::Refused, sentence: INTERRUPTED.to_owned(), next: None }
}

fn unanswered() -> Answer {
    Answer::Refused { kind: RefusedKind::Refused, sentence: UNANSWERED.to_owned(), next: None }
}

const INTERRUPTED: &str =
    "The program that did it ended before it answered. Look whether it was done before you try again.";
const UNANSWERED: &str = "The program that has the account open ended. Try again.";

/// What one process wants at the same time; more waits.
const WANTED_WAITING_MAX: usize = 64;
/// Notices kept for somebody who listens slowly.
const NOTICES_MAX: usize = 1_024;
/// While one owner ends and the next one starts, with a key that takes a moment to unlock.
const OWNER_WAIT: Duration = Duration::from_secs(15);
/// How often that is looked at.
const OWNER_AGAIN: Duration = Duration::from_millis(25);
/// The last words of an owner that is gone are read within this.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(500);
/// Bundled receipts leave within this, or at the next start.
const HURRY_WAIT: Duration = Duration::from_secs(5);
