//! A storm: two people with two devices each write to each other while everything breaks; then it clears.

use std::collections::BTreeMap;

use client::{Command, Config, Reply};
use vocab::time::SECOND_MS;

use crate::cast::Device;
use crate::network::Sky;
use crate::weather::Figures;
use crate::world::{Hazards, World};

/// What is left after a storm.
pub struct Aftermath {
    /// The world, come to rest or not.
    pub world: World,
    /// Both people's devices: the first person's first.
    pub devices: [Device; 4],
    /// Texts that a core acknowledged as safe in its outbox, and texts that a core may have taken before it stopped.
    pub said: BTreeMap<String, bool>,
    /// Everything came to rest in time.
    pub at_rest: bool,
}

/// Rounds of a storm: somebody writes, time goes by.
const ROUNDS: u64 = 30;
/// Time that goes by in a round at most, milliseconds.
const ROUND_MS_MAX: u64 = 4 * SECOND_MS;
/// Virtual minutes for everything to come to rest once the weather is calm.
const CALM_MINUTES_MAX: u64 = 60;

/// Everything that may break, often enough that most storms see most of it.
const HAZARDS: Hazards = Hazards {
    store_fails: 150,
    device_crashes: 60,
    service_crashes_before: 40,
    service_crashes_after: 40,
    flush_fails: 60,
};

/// Runs one, to its end in calm weather.
pub fn storm(seed: u64, config: &Config) -> Aftermath {
    let mut world = World::new(seed);
    let anna = world.registers_with("Anna", config.clone());
    let boris = world.registers_with("Boris", config.clone());
    let devices =
        [anna, anna.links(&mut world, "Anna's second"), boris, boris.links(&mut world, "Boris's second")];
    world.settle();
    anna.befriends(&mut world, boris);
    world.set_sky(Sky::STORM);
    world.set_hazards(HAZARDS);
    let mut said = BTreeMap::new();
    for round in 0..ROUNDS {
        let who = world.dice(4) as usize;
        write(&mut world, devices, who, &format!("{round} of {who}"), &mut said);
        come_and_go(&mut world, devices);
        let pause = world.dice(ROUND_MS_MAX);
        world.pass(pause);
    }
    world.set_sky(Sky::CALM);
    world.set_hazards(Hazards::default());
    for device in devices {
        device.comes_back(&mut world);
        device.restarts(&mut world);
    }
    // What just broke has been told to nobody yet; a moment later everybody knows.
    world.pass(30 * SECOND_MS);
    let at_rest = world.settles_within(CALM_MINUTES_MAX);
    world.figures.seeds = 1;
    world.figures.texts = said.len() as u64;
    Aftermath { world, devices, said, at_rest }
}

/// Somebody writes, if the device runs. Whether the core has it for good is known when it says so.
fn write(world: &mut World, devices: [Device; 4], who: usize, text: &str, said: &mut BTreeMap<String, bool>) {
    let (device, other) = (devices[who], devices[(who + 2) % 4]);
    if !device.is_on(world) {
        return;
    }
    let Some(conversation) = device.conversation(world, other) else { return };
    let command = device.tells(world, Command::Send { conversation, text: text.to_owned() });
    let safe = matches!(device.answer(world, command), Some(Ok(Reply::Queued(_))));
    said.insert(text.to_owned(), safe);
}

/// Now and then somebody loses the line for a while, or reads.
fn come_and_go(world: &mut World, devices: [Device; 4]) {
    let device = devices[world.dice(4) as usize];
    match world.dice(8) {
        0 => device.goes_offline(world),
        1..=3 => device.comes_back(world),
        4 => {
            let other = devices
                .into_iter()
                .find(|d| device.is_on(world) && d.account(world) != device.account(world));
            if let Some(other) = other.filter(|other| device.conversation(world, *other).is_some()) {
                device.has_seen(world, other);
            }
        }
        _ => {}
    }
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.texts += other.texts;
        self.frames += other.frames;
        self.frames_lost += other.frames_lost;
        self.frames_doubled += other.frames_doubled;
        self.cuts += other.cuts;
        self.device_crashes += other.device_crashes;
        self.store_faults += other.store_faults;
        self.service_crashes += other.service_crashes;
        self.flush_faults += other.flush_faults;
    }
}
