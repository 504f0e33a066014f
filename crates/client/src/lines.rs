//! The four connections, as the core sees them: up or down, what is outstanding, when to try again.
//!
//! Nothing here is stored: after a restart or a failed step all lines are down and every open intent is due again.

use std::collections::{BTreeMap, VecDeque};

use vocab::Timestamp;
use vocab::time::{MINUTE_MS, SECOND_MS};
use wire::{Door, RequestId};

use crate::api::{CommandId, Connection};
use crate::proposal::Proposers;
use crate::typing::Fleeting;

/// First and longest wait before a door is tried again; doubled each time, with jitter.
pub(crate) const RETRY_MS_MIN: u64 = 500;
/// See [`RETRY_MS_MIN`].
pub(crate) const RETRY_MS_MAX: u64 = 60 * SECOND_MS;
/// An answer that has not come by then never comes: the connection is made anew.
pub(crate) const ANSWER_MS_MAX: u64 = 30 * SECOND_MS;
/// An unnamed, account or blob connection that nobody needed for so long is closed: what was sent through one connection can be
/// linked by the service, so none lives long.
pub(crate) const IDLE_MS_MAX: u64 = MINUTE_MS;
/// Notes kept, see [`Lines::notes`].
const NOTES_MAX: usize = 32;
/// Requests outstanding at one door.
pub(crate) const IN_FLIGHT_MAX: usize = 64;

/// One door.
pub(crate) struct Line {
    pub state: LineState,
    pub attempts: u32,
    pub retry_at: Timestamp,
    /// Last time it was needed.
    pub used_at: Timestamp,
    next_request: RequestId,
    /// What each outstanding request was for, and since when.
    pub in_flight: BTreeMap<RequestId, (Purpose, Timestamp)>,
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LineState {
    Down,
    Connecting,
    /// The socket stands; at the mailbox and account doors the challenge has not come yet.
    Up {
        since: Timestamp,
    },
    /// Challenged; the answer is on its way (account: or nobody to authenticate yet).
    Challenged {
        nonce: [u8; 32],
        since: Timestamp,
        asked: bool,
    },
    /// Ready for everything.
    Ready,
}

/// What a request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    Intent(i64),
    Ask(CommandId),
    Authenticate,
    /// A chunk of an attachment, by its row and number.
    Chunk(crate::transfer::Move, i64, u32),
}

impl Line {
    pub fn new() -> Self {
        Self {
            state: LineState::Down,
            attempts: 0,
            retry_at: Timestamp(0),
            used_at: Timestamp(0),
            next_request: 1,
            in_flight: BTreeMap::new(),
        }
    }

    /// Notes a request and numbers it.
    pub fn request(&mut self, purpose: Purpose, now: Timestamp) -> RequestId {
        let id = self.next_request;
        // 0 is the challenge's; after 4 billion requests on one device numbers begin again.
        self.next_request = self.next_request.checked_add(1).unwrap_or(1);
        self.used_at = now;
        self.in_flight.insert(id, (purpose, now));
        id
    }

    pub fn has(&self, purpose: Purpose) -> bool {
        self.in_flight.values().any(|(known, _)| *known == purpose)
    }

    pub fn is_connected(&self) -> bool {
        !matches!(self.state, LineState::Down | LineState::Connecting)
    }

    /// The connection is gone; what was outstanding is due again elsewhere.
    pub fn down(&mut self, now: Timestamp, jitter: impl FnOnce(u64) -> u64) {
        let wait = RETRY_MS_MIN.saturating_mul(1 << self.attempts.min(16)).min(RETRY_MS_MAX);
        self.retry_at = now.plus_ms(wait / 2 + jitter(wait / 2 + 1));
        self.attempts = self.attempts.saturating_add(1);
        self.state = LineState::Down;
        self.in_flight.clear();
    }

    /// Closed on purpose: may be opened again at once.
    pub fn closed(&mut self) {
        self.state = LineState::Down;
        self.retry_at = Timestamp(0);
        self.attempts = 0;
        self.in_flight.clear();
    }

    /// The clock went back: what was to happen at a time counts from now.
    pub fn clock_went_back(&mut self, now: Timestamp) {
        self.retry_at = self.retry_at.min(now);
        self.used_at = self.used_at.min(now);
        self.in_flight.values_mut().for_each(|(_, since)| *since = now.min(*since));
        if let LineState::Up { since } | LineState::Challenged { since, .. } = &mut self.state {
            *since = now.min(*since);
        }
    }

    /// When something outstanding has waited too long.
    pub fn overdue_at(&self) -> Option<Timestamp> {
        let oldest = self.in_flight.values().map(|(_, since)| *since).min();
        let handshake = match self.state {
            LineState::Up { since } | LineState::Challenged { since, asked: true, .. } => Some(since),
            _ => None,
        };
        oldest.into_iter().chain(handshake).min().map(|since| since.plus_ms(ANSWER_MS_MAX))
    }
}

/// All four, and the person's commands that wait for an answer.
pub(crate) struct Lines {
    pub mailbox: Line,
    pub unnamed: Line,
    pub account: Line,
    pub blob: Line,
    pub asks: Vec<crate::ask::Ask>,
    /// Catching up: (processed since the mailbox opened, waiting when it opened).
    pub caught_up: (u32, u32),
    /// The last mailbox sequence given on this connection; 0 for none.
    pub mailbox_seen: u64,
    /// For how long the mailbox has given nothing, milliseconds, as far as it was looked at.
    pub mailbox_quiet_ms: u64,
    /// When that was last looked at.
    pub mailbox_looked_at: Timestamp,
    /// How often it was silent so long since it last gave something.
    pub mailbox_silences: u32,
    /// It said that something waits, and was taken for read all the same.
    pub mailbox_given_up: bool,
    /// How often the mailbox was opened since the start.
    pub mailbox_opened: u64,
    /// When an intent became stale: [`Self::mailbox_opened`] then. Nothing is known of those from before the start.
    pub stale_since: BTreeMap<i64, u64>,
    next_ask: u64,
    /// The clock at the last step; none before the first.
    pub last_now: Option<Timestamp>,
    /// The service's directory key, from the last challenge.
    pub directory_key: Vec<u8>,
    pub last_connection: Option<Connection>,
    pub settled: bool,
    /// What is known for a moment only.
    pub fleeting: Fleeting,
    /// Who has lately made this device commit.
    pub proposers: Proposers,
    /// Chunks of attachments on their way.
    pub moving: crate::transfer::Moving,
    /// The network costs money by its bytes.
    pub metered: bool,
    /// Why parts of the last steps were given up: for tests and support, without any user's data.
    pub notes: VecDeque<String>,
}

impl Lines {
    pub fn new() -> Self {
        Self {
            mailbox: Line::new(),
            unnamed: Line::new(),
            account: Line::new(),
            blob: Line::new(),
            asks: Vec::new(),
            caught_up: (0, 0),
            mailbox_seen: 0,
            mailbox_quiet_ms: 0,
            mailbox_looked_at: Timestamp(0),
            mailbox_silences: 0,
            mailbox_given_up: false,
            mailbox_opened: 0,
            stale_since: BTreeMap::new(),
            next_ask: 1,
            last_now: None,
            directory_key: Vec::new(),
            last_connection: None,
            settled: false,
            fleeting: Fleeting::default(),
            proposers: Proposers::default(),
            moving: crate::transfer::Moving::default(),
            metered: false,
            notes: VecDeque::new(),
        }
    }

    /// The mailbox opened, or gave something.
    pub fn mailbox_gave(&mut self, now: Timestamp) {
        (self.mailbox_quiet_ms, self.mailbox_looked_at) = (0, now);
        self.mailbox_given_up = false;
    }

    pub fn line(&mut self, door: Door) -> &mut Line {
        match door {
            Door::Mailbox => &mut self.mailbox,
            Door::Unnamed => &mut self.unnamed,
            Door::Account => &mut self.account,
            Door::Blob => &mut self.blob,
        }
    }

    pub fn line_ref(&self, door: Door) -> &Line {
        match door {
            Door::Mailbox => &self.mailbox,
            Door::Unnamed => &self.unnamed,
            Door::Account => &self.account,
            Door::Blob => &self.blob,
        }
    }

    /// When a door counts as dead if nothing comes. A large blob takes its time.
    pub fn overdue_at(&self, door: Door) -> Option<Timestamp> {
        let more = if door == Door::Blob { self.moving.patience_ms() } else { 0 };
        self.line_ref(door).overdue_at().map(|at| at.plus_ms(more))
    }

    /// A number for an ask, never given before: an answer that comes late must not be taken for another's.
    pub fn ask_id(&mut self) -> u64 {
        self.next_ask += 1;
        self.next_ask
    }

    /// Everything that lay in the mailbox when it was opened has been processed, and it was opened after the intent became
    /// stale: if what the intent waits for ever came, it has come.
    pub fn caught_up_since_stale(&self, intent: i64) -> bool {
        let opened_since = self.mailbox_opened > self.stale_since.get(&intent).copied().unwrap_or(0);
        self.is_caught_up() && opened_since
    }

    /// The mailbox is open, and what lay in it then has been processed.
    pub fn is_caught_up(&self) -> bool {
        self.mailbox.state == LineState::Ready && self.caught_up.0 >= self.caught_up.1
    }

    pub fn note(&mut self, why: String) {
        if self.notes.len() >= NOTES_MAX {
            self.notes.pop_front();
        }
        self.notes.push_back(why);
    }

    /// What the person is told of the line.
    pub fn connection(&self, registered: bool) -> Connection {
        match self.mailbox.state {
            _ if !registered => Connection::Idle,
            LineState::Ready if self.is_caught_up() => Connection::UpToDate,
            LineState::Ready => Connection::CatchingUp { done: self.caught_up.0, of: self.caught_up.1 },
            LineState::Down => Connection::Connecting { retry_at: Some(self.mailbox.retry_at) },
            _ => Connection::Connecting { retry_at: None },
        }
    }
}
