//! A device: a real core over a database in memory that outlives its crashes.

use std::collections::BTreeMap;

use client::{Client, CommandId, Config, Refused, Reply};
use client_db::{Db, Faults};
use vocab::{AccountId, Timestamp};
use wire::Door;

use crate::network::Wire;

/// One device of the cast.
pub struct DeviceState {
    /// Whose it is, as the stories name them.
    pub name: String,
    /// The account, once it has one.
    pub account: Option<AccountId>,
    /// Running, or only its disk.
    pub power: Power,
    pub config: Config,
    /// Makes one of the writes of a step fail.
    pub faults: Faults,
    /// By how much its clock is wrong, milliseconds.
    pub clock_error_ms: i64,
    /// No connection can be made.
    pub offline: bool,
    /// The connections it believes in.
    pub doors: BTreeMap<Door, Wire>,
    /// Which wake-up call counts.
    pub alarm: u64,
    /// Inputs within the current second of the clock: nothing may run in circles.
    pub inputs: (u64, u32),
    /// Frames its mailbox gave it.
    pub mailbox_frames: u64,
    pub next_command: CommandId,
    pub replies: BTreeMap<CommandId, Result<Reply, Refused>>,
    /// What the trace has told of its state, when somebody reads the trace.
    pub seen: Vec<String>,
    /// What it said about devices.
    pub events: Vec<client::Event>,
}

/// Running or not.
#[expect(clippy::large_enum_variant, reason = "a handful of them, in one list")]
pub enum Power {
    On(Client),
    Off(Db),
    /// Between the two, while one becomes the other.
    Changing,
}

impl DeviceState {
    pub fn new(name: &str, config: Config, client: Client, faults: Faults) -> Self {
        Self {
            name: name.to_owned(),
            account: None,
            power: Power::On(client),
            config,
            faults,
            clock_error_ms: 0,
            offline: false,
            doors: BTreeMap::new(),
            alarm: 0,
            inputs: (0, 0),
            mailbox_frames: 0,
            next_command: 1,
            replies: BTreeMap::new(),
            seen: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Its own idea of the time.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add_signed(self.clock_error_ms))
    }

    /// When that is, in the world.
    pub fn world_time(&self, clock: Timestamp) -> Timestamp {
        Timestamp(clock.0.saturating_add_signed(-self.clock_error_ms))
    }

    pub fn client(&self) -> Option<&Client> {
        match &self.power {
            Power::On(client) => Some(client),
            _ => None,
        }
    }

    pub fn client_mut(&mut self) -> Option<&mut Client> {
        match &mut self.power {
            Power::On(client) => Some(client),
            _ => None,
        }
    }
}
