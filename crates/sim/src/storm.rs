//! Storms: people with two devices each, typing while everything breaks.

use std::ops::AddAssign;

use client::{Command, Config, InvitationSecrets};
use vocab::time::{MINUTE_MS, SECOND_MS};

use crate::checks::Said;
use crate::network::Sky;
use crate::world::Hazards;
use crate::{Device, World};

/// What was counted in one world, or in many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Worlds.
    pub seeds: u64,
    /// Texts that were written.
    pub texts: u64,
    /// Texts shown, on all devices together.
    pub shown: u64,
    /// Frames sent, lost, delivered twice.
    pub frames: u64,
    /// See `frames`.
    pub frames_lost: u64,
    /// See `frames`.
    pub frames_doubled: u64,
    /// Connections that broke.
    pub cuts: u64,
    /// Times a device had no line for a while.
    pub partitions: u64,
    /// Devices that stopped dead.
    pub device_crashes: u64,
    /// Steps undone because the store failed.
    pub store_faults: u64,
    /// Times the service stopped dead.
    pub service_crashes: u64,
    /// Batches of the service undone because its disk failed.
    pub flush_faults: u64,
    /// Commits: epochs that conversations went through.
    pub epochs: u64,
    /// Times a device had to come back into a conversation from outside.
    pub rejoins: u64,
    /// Virtual minutes.
    pub minutes: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        let Self {
            seeds,
            texts,
            shown,
            frames,
            frames_lost,
            frames_doubled,
            cuts,
            partitions,
            device_crashes,
            store_faults,
            service_crashes,
            flush_faults,
            epochs,
            rejoins,
            minutes,
        } = other;
        self.seeds += seeds;
        self.texts += texts;
        self.shown += shown;
        self.frames += frames;
        self.frames_lost += frames_lost;
        self.frames_doubled += frames_doubled;
        self.cuts += cuts;
        self.partitions += partitions;
        self.device_crashes += device_crashes;
        self.store_faults += store_faults;
        self.service_crashes += service_crashes;
        self.flush_faults += flush_faults;
        self.epochs += epochs;
        self.rejoins += rejoins;
        self.minutes += minutes;
    }
}

/// What a storm is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Texts that people try to write.
    pub texts: u32,
    /// The sky during it.
    pub sky: Sky,
    /// What breaks during it.
    pub hazards: Hazards,
    /// Settings of every device.
    pub config: Config,
    /// Time that goes by after it came to rest, before anybody looks.
    pub patience_ms: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            texts: 110,
            sky: Sky::STORM,
            hazards: Hazards {
                store_fails: 60,
                device_crashes: 25,
                service_crashes_before: 15,
                service_crashes_after: 15,
                flush_fails: 60,
                blob_store_fails: 100,
            },
            config: Config { heal_after_messages: 6, ..Config::default() },
            patience_ms: 0,
        }
    }
}

/// A storm that is over: the world has come to rest again.
pub struct Storm {
    /// The world.
    pub world: World,
    /// What was written.
    pub said: Vec<Said>,
    /// The devices, two of each person in turn.
    pub cast: Vec<Device>,
    /// Whether the world came to rest in time.
    pub rested: bool,
}

/// Makes two or three people with two devices each, lets them meet and type through a storm, and clears the sky.
pub fn storm(seed: u64, plan: &Plan) -> Storm {
    let mut world = World::new(seed);
    let mut cast = Vec::new();
    let people = 2 + usize::from(seed % 3 == 2);
    for name in ["Anna", "Boris", "Carla"].into_iter().take(people) {
        let phone = world.registers_with(name, plan.config.clone());
        let laptop = phone.links(&mut world, &format!("{name}'s laptop"));
        cast.extend([phone, laptop]);
    }
    world.settle();
    let invitations: Vec<InvitationSecrets> =
        (0..people).map(|person| cast[2 * person].invites(&mut world)).collect();
    // Some meet on a quiet day, some in the middle of the storm, some both at once.
    let early = world.dice(2) == 0;
    if early {
        meet(&mut world, &cast, &invitations);
        world.settle();
    }
    world.set_sky(plan.sky);
    world.set_hazards(plan.hazards);
    if !early {
        meet(&mut world, &cast, &invitations);
    }
    let said = type_through(&mut world, &cast, plan.texts);
    clear(&mut world, &cast);
    let rested = world.settles_within(REST_MINUTES_MAX);
    count(&mut world, &cast, &said);
    Storm { world, said, cast, rested }
}

/// Everybody adds everybody before them; now and then both add each other.
fn meet(world: &mut World, cast: &[Device], invitations: &[InvitationSecrets]) {
    for later in 1..invitations.len() {
        for earlier in 0..later {
            add(world, cast[2 * later], &invitations[earlier]);
            if world.dice(2) == 0 {
                add(world, cast[2 * earlier + 1], &invitations[later]);
            }
        }
    }
}

/// Until it is done: a person whose device failed tries again.
fn add(world: &mut World, device: Device, invitation: &InvitationSecrets) {
    while !device.tells(world, Command::Add(client::AddWhom::Invitation(invitation.clone()))) {
        world.pass(SECOND_MS);
    }
}

fn type_through(world: &mut World, cast: &[Device], texts: u32) -> Vec<Said> {
    let mut said = Vec::new();
    let mut number = 0;
    while number < texts {
        let pause = world.dice(1_500);
        world.pass(pause);
        let by = cast[die(world, cast.len())];
        let to = cast[die(world, cast.len())];
        match world.dice(20) {
            0 => by.has_no_line_for(world, 40 * SECOND_MS),
            1 => by.reads_if_possible(world, to),
            2 => by.has_wrong_clock(world),
            _ => {
                number += 1;
                let text = format!("{number} from {}", by.name(world));
                if by.says_if_possible(world, to, &text) {
                    said.push(Said { by, to, text });
                }
            }
        }
    }
    world.pass(5 * SECOND_MS);
    said
}

fn clear(world: &mut World, cast: &[Device]) {
    world.set_sky(Sky::CALM);
    world.set_hazards(Hazards::default());
    // Whatever is still broken mends itself: crashed devices start, lines come back.
    world.pass(MINUTE_MS);
    for device in cast {
        device.comes_back(world);
    }
}

fn count(world: &mut World, cast: &[Device], said: &[Said]) {
    let (mut shown, mut rejoins, mut epochs) = (0, 0, 0);
    for device in cast {
        let client = device.client(world);
        rejoins += client.times_fallen_out().unwrap_or(0);
        for head in client.conversations().unwrap_or_default() {
            shown += client.timeline(head.id, None, u32::MAX).map_or(0, |it| it.len() as u64);
            epochs += client.place(head.id).ok().flatten().map_or(0, |(_, epoch, _)| epoch);
        }
    }
    let minutes = world.minutes();
    let figures = &mut world.figures;
    figures.seeds = 1;
    figures.texts = said.len() as u64;
    figures.shown = shown;
    figures.rejoins = rejoins;
    // Each conversation is looked at from four devices.
    figures.epochs = epochs / 4;
    figures.minutes = minutes;
}

pub(crate) fn die(world: &mut World, sides: usize) -> usize {
    usize::try_from(world.dice(sides as u64)).unwrap_or(0)
}

/// After the sky has cleared: the longest wait of a device that failed often, several times over.
const REST_MINUTES_MAX: u64 = 60;
