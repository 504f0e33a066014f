//! Connections between devices and the service, and what the weather does to them.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use server::SessionId;
use vocab::Timestamp;
use wire::Door;

/// The weather. Chances are out of a thousand, times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sky {
    /// Every frame and every connection takes at least this long.
    pub delay_ms: u64,
    /// And up to so much longer.
    pub jitter_ms: u64,
    /// Now and then (chance), a frame takes up to so long.
    pub stall: (u32, u64),
    /// A frame is lost, though the connection lasts.
    pub loses: u32,
    /// A frame arrives twice, the second time later.
    pub doubles: u32,
    /// A frame overtakes those before it.
    pub reorders: u32,
    /// A connection breaks when a frame goes through it; both ends learn of it at different times.
    pub cuts: u32,
    /// A connection cannot be made.
    pub refuses: u32,
}

impl Sky {
    /// A quiet day: a few milliseconds, nothing lost.
    pub const CALM: Self = Self {
        delay_ms: 5,
        jitter_ms: 20,
        stall: (0, 0),
        loses: 0,
        doubles: 0,
        reorders: 0,
        cuts: 0,
        refuses: 0,
    };

    /// A train through tunnels, with somebody in the middle who shuffles.
    pub const STORM: Self = Self {
        delay_ms: 10,
        jitter_ms: 400,
        stall: (30, 6_000),
        loses: 15,
        doubles: 25,
        reorders: 25,
        cuts: 8,
        refuses: 150,
    };
}

/// Names a connection for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire(pub u64);

/// One connection.
pub struct Connection {
    pub device: usize,
    pub door: Door,
    /// The service's side, while it believes in it.
    pub session: Option<SessionId>,
    /// Nothing passes any more.
    pub cut: bool,
    /// When the last frame in each direction arrives: later ones do not overtake it.
    pub last_to_service: Timestamp,
    /// See `last_to_service`.
    pub last_to_device: Timestamp,
}

/// What becomes of one frame.
pub struct Passage {
    /// When it arrives, none when it is lost; a second time for a copy.
    pub arrivals: Vec<Timestamp>,
    /// The connection breaks now.
    pub cuts: bool,
}

impl Sky {
    /// Decides what becomes of a frame sent now; `last` is when the one before it arrives.
    pub fn frame(&self, now: Timestamp, last: &mut Timestamp, rng: &mut ChaCha20Rng) -> Passage {
        let mut arrival = now.plus_ms(self.latency(rng));
        if !chance(self.reorders, rng) {
            arrival = arrival.max(*last);
            *last = arrival;
        }
        let mut arrivals = vec![arrival];
        if chance(self.loses, rng) {
            arrivals.clear();
        } else if chance(self.doubles, rng) {
            arrivals.push(arrival.plus_ms(self.latency(rng)));
        }
        Passage { arrivals, cuts: chance(self.cuts, rng) }
    }

    /// How long something takes.
    pub fn latency(&self, rng: &mut ChaCha20Rng) -> u64 {
        let stalls = chance(self.stall.0, rng);
        let most = if stalls { self.stall.1 } else { self.jitter_ms };
        self.delay_ms + below(most + 1, rng)
    }
}

/// True so many times in a thousand.
pub fn chance(per_thousand: u32, rng: &mut ChaCha20Rng) -> bool {
    per_thousand > 0 && rng.next_u32() % 1_000 < per_thousand
}

/// A number below `bound`.
pub fn below(bound: u64, rng: &mut ChaCha20Rng) -> u64 {
    rng.next_u64() % bound.max(1)
}
