//! Storms over a group: people with several devices write, add, remove, leave, name, link and lose devices while
//! everything breaks, and while the service drops, repeats, reorders and lies.

use std::collections::BTreeMap;

use client::{ChatChoice, Command, Config, ConversationId, GroupChange, LinkEnd, LinkState, Reply, Role};
use vocab::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use wire::slot::Stored;
use wire::{
    Bytes, Decode, Door, Encode, MailboxFromService, Refusal, Reply as Answer, Request, UnnamedAnswer,
    UnnamedRequest,
};

use crate::network::Sky;
use crate::storm::{Figures, die};
use crate::world::{Hazards, Meddling, Passing};
use crate::{Device, World};

/// Somebody in the storm.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their devices: those of the first day, and those that were linked since.
    pub devices: Vec<Device>,
    /// Those of them that were linked during the storm.
    pub linked: Vec<Device>,
    /// Is in the group from the first day to the last.
    pub stays: bool,
}

/// A text that was written in the group: it is in the store of the device that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupText {
    /// On which device.
    pub by: Device,
    /// What. No two are equal.
    pub text: String,
}

/// What such a storm is made of.
#[derive(Debug, Clone)]
pub struct GroupPlan {
    /// People and devices of each; drawn from the seed when left out.
    pub cast: Option<(usize, usize)>,
    /// Texts and changes that people try.
    pub acts: u32,
    /// The sky during it; drawn when left out.
    pub sky: Option<Sky>,
    /// What breaks during it.
    pub hazards: Hazards,
    /// Settings of every device.
    pub config: Config,
    /// Whether the service lies as well; drawn from the seed when left out.
    pub crook: Option<bool>,
}

impl Default for GroupPlan {
    fn default() -> Self {
        Self {
            cast: None,
            acts: 30,
            sky: None,
            hazards: Hazards {
                store_fails: 40,
                device_crashes: 20,
                service_crashes_before: 10,
                service_crashes_after: 10,
                flush_fails: 40,
                blob_store_fails: 100,
            },
            config: Config { heal_after_messages: 12, ..Config::default() },
            crook: None,
        }
    }
}

/// A storm that is over.
pub struct GroupStorm {
    /// The world.
    pub world: World,
    /// The group.
    pub group: ConversationId,
    /// Who took part.
    pub people: Vec<Person>,
    /// What was written during it.
    pub said: Vec<GroupText>,
    /// What one of those who stayed said when all was over.
    pub last: GroupText,
    /// Somebody struck a device off.
    pub struck_off: bool,
    /// The service lied.
    pub crooked: bool,
    /// Whether the world came to rest in time.
    pub rested: bool,
}

/// Makes people with devices and a group of them, lets them loose in a storm, and clears the sky.
pub fn group_storm(seed: u64, plan: &GroupPlan) -> GroupStorm {
    let mut world = World::new(seed ^ SEED_SALT);
    let (people, devices) = plan.cast.unwrap_or_else(|| cast_of(seed));
    let mut people = meet(&mut world, people, devices, &plan.config);
    let group = found(&mut world, &people);
    let crooked = plan.crook.unwrap_or(seed % 4 == 3);
    let sky = plan.sky.unwrap_or_else(|| sky_of(&mut world));
    world.set_sky(sky);
    world.set_hazards(plan.hazards);
    if crooked {
        let seed = world.dice(u64::MAX);
        world.set_crook(lies(seed));
    }
    let said = act_through(&mut world, &mut people, group, plan);
    world.dismiss_crook();
    let struck_off = clear(&mut world, &mut people);
    let mut rested = world.settles_within(REST_MINUTES_MAX);
    // What is missing is asked for after half a minute, a minute, two and so on; admins take out whoever left.
    world.pass(if crooked { 2 * HOUR_MS } else { 3 * MINUTE_MS });
    rested &= world.settles_within(REST_MINUTES_MAX);
    let last = say_last(&mut world, &people, group);
    rested &= world.settles_within(REST_MINUTES_MAX);
    let mut storm = GroupStorm { world, group, people, said, last, struck_off, crooked, rested };
    count(&mut storm);
    storm
}

/// Mostly a few; now and then as many as 8 people with 64 devices.
fn cast_of(seed: u64) -> (usize, usize) {
    match seed % 400 {
        399 => (8, 8),
        199 => (8, 4),
        n if n % 80 == 9 => (6, 3),
        n if n % 10 == 4 => (5, 2),
        n if n % 3 == 2 => (2, 1 + usize::from(n % 2 == 0)),
        n if n % 3 == 1 => (4, 1),
        _ => (3, 2),
    }
}

/// Up to every fifth frame is lost, up to five seconds late, every twentieth comes twice.
fn sky_of(world: &mut World) -> Sky {
    let loses = [15, 50, 100, 200][die(world, 4)];
    let jitter_ms = [400, 1_500, 5_000][die(world, 3)];
    Sky { loses, jitter_ms, doubles: 50, ..Sky::STORM }
}

/// The first two know everybody: they add the others.
fn meet(world: &mut World, people: usize, devices: usize, config: &Config) -> Vec<Person> {
    let mut cast = Vec::new();
    for (number, name) in NAMES.into_iter().take(people).enumerate() {
        let phone = world.registers_with(name, config.clone());
        let mut all = vec![phone];
        for device in 1..devices {
            all.push(phone.links(world, &format!("{name}'s {}", device + 1)));
        }
        // Of five and more, half come and go.
        let stays = number < 2 || (people < 5 && number != 3) || number % 2 == 0;
        cast.push(Person { devices: all, linked: vec![], stays });
    }
    world.settle();
    for who in 0..people.min(2) {
        let invitation = cast[who].devices[0].invites(world);
        for other in &cast[who + 1..] {
            other.devices[0].adds(world, &invitation);
        }
        world.settle();
    }
    cast
}

/// All who stay are in it from the start, and some of the others; the second is an admin.
fn found(world: &mut World, people: &[Person]) -> ConversationId {
    let mut first = Vec::new();
    for person in &people[1..] {
        if person.stays || world.dice(2) == 0 {
            first.push(person.devices[0]);
        }
    }
    let founder = people[0].devices[0];
    let group = founder.makes_group(world, "Lake house", &first);
    world.settle();
    let second = people[1].devices[0].account(world);
    founder.changes(world, group, GroupChange::Role(second, Role::Admin)).expect("the owner may");
    world.settle();
    group
}

fn act_through(
    world: &mut World,
    people: &mut [Person],
    group: ConversationId,
    plan: &GroupPlan,
) -> Vec<GroupText> {
    let mut said = Vec::new();
    let (mut links_left, mut removals_left) = (LINKS_MAX, REMOVALS_MAX);
    for number in 0..plan.acts {
        let pause = world.dice(1_500);
        world.pass(pause);
        let who = die(world, people.len());
        let by = people[who].devices[die(world, people[who].devices.len())];
        match world.dice(40) {
            0 => by.has_no_line_for(world, 40 * SECOND_MS),
            1 => by.has_wrong_clock(world),
            2 | 3 => by.reads_in_if_possible(world, group),
            4..=10 => change(world, people, group, number),
            11 if !people[who].stays => {
                by.tells(world, Command::LeaveGroup { conversation: group });
            }
            12 if links_left > 0 => {
                links_left -= 1;
                let name = format!("{}, linked {number}", by.name(world));
                let linked = by.links_if_possible(world, &name, &plan.config);
                people[who].devices.extend(linked);
                people[who].linked.extend(linked);
            }
            13 if removals_left > 0 && people[who].devices.len() > 1 => {
                removals_left -= 1;
                let other = people[who].devices[die(world, people[who].devices.len())];
                by.strikes_off_if_possible(world, other);
            }
            14 => {
                by.tells(world, Command::Choose { conversation: group, choice: ChatChoice::Archived(true) });
            }
            _ => {
                let text = format!("from {}: {number}", by.name(world));
                if by.says_in_if_possible(world, group, &text) {
                    said.push(GroupText { by, text });
                }
            }
        }
    }
    world.pass(5 * SECOND_MS);
    said
}

/// Owner or admin changes something; both may, at the same moment.
fn change(world: &mut World, people: &[Person], group: ConversationId, number: u32) {
    let officers = 1 + world.dice(2);
    for _ in 0..officers {
        let officer = &people[die(world, 2)];
        let by = officer.devices[die(world, officer.devices.len())];
        let movers: Vec<Device> =
            people.iter().filter(|person| !person.stays).map(|person| person.devices[0]).collect();
        let mover = (!movers.is_empty()).then(|| movers[die(world, movers.len())]);
        let change = match (world.dice(5), mover) {
            (0 | 1, Some(mover)) => GroupChange::Add(vec![mover.account(world)]),
            (2, Some(mover)) => GroupChange::Remove(mover.account(world)),
            (3, _) => GroupChange::Description(format!("as of {number}")),
            _ => GroupChange::Name(format!("House {number}")),
        };
        by.tells(world, Command::ChangeGroup { conversation: group, change });
    }
}

/// True when a device was struck off meanwhile.
fn clear(world: &mut World, people: &mut [Person]) -> bool {
    world.set_sky(Sky::CALM);
    world.set_hazards(Hazards::default());
    // Whatever is still broken mends itself: crashed devices start, lines come back.
    world.pass(MINUTE_MS);
    for person in people.iter_mut() {
        person.devices.iter().for_each(|device| device.comes_back(world));
    }
    world.pass(MINUTE_MS);
    // Whoever was struck off is a device no more.
    let devices = |people: &[Person]| people.iter().map(|person| person.devices.len()).sum::<usize>();
    let before = devices(people);
    for person in people.iter_mut() {
        person.devices.retain(|device| !device.client(world).status().is_ok_and(|status| status.removed));
    }
    devices(people) < before
}

fn say_last(world: &mut World, people: &[Person], group: ConversationId) -> GroupText {
    let by = people[0].devices[0];
    // From each who is inside, so that whatever was lost last is noticed too.
    for (number, device) in people.iter().flat_map(|person| person.devices.clone()).enumerate() {
        if device != by {
            device.says_in_if_possible(world, group, &format!("{FAREWELL} {number}"));
        }
    }
    world.settles_within(REST_MINUTES_MAX);
    world.pass(3 * MINUTE_MS);
    let text = "it is over".to_owned();
    assert!(by.says_in_if_possible(world, group, &text), "the owner is in the group");
    GroupText { by, text }
}

fn count(storm: &mut GroupStorm) {
    let world = &storm.world;
    let (mut shown, mut rejoins, mut epochs) = (0, 0, 0);
    for device in storm.people.iter().flat_map(|person| &person.devices) {
        let client = device.client(world);
        rejoins += client.times_fallen_out().unwrap_or(0);
        shown += device.texts_in(world, storm.group).len() as u64;
        epochs = epochs.max(client.place(storm.group).ok().flatten().map_or(0, |(_, epoch, _)| epoch));
    }
    let (minutes, texts) = (world.minutes(), storm.said.len() as u64);
    let figures = &mut storm.world.figures;
    *figures = Figures { seeds: 1, texts, shown, rejoins, epochs, minutes, ..*figures };
}

/// A service that gives some envelopes not at all, some twice, some in another order, and says *stored* of what it threw away
/// and *stale* of what it could have stored.
fn lies(seed: u64) -> impl FnMut(&Passing<'_>) -> Meddling {
    let mut dice = seed | 1;
    let mut throws = move |bound: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % bound
    };
    let (mut given, mut seen) = (BTreeMap::<u64, u64>::new(), BTreeMap::<Device, Vec<Bytes>>::new());
    move |passing: &Passing<'_>| {
        if passing.door == Door::Mailbox && !passing.to_service {
            let Ok(MailboxFromService::Envelopes(mut frame)) = MailboxFromService::decode(passing.frame)
            else {
                return Meddling::none(passing);
            };
            let after = *given.entry(passing.wire).or_insert(frame.after);
            let mut envelopes = std::mem::take(&mut frame.envelopes);
            let old = seen.entry(passing.device).or_default();
            if throws(20) == 0 {
                let at = usize::try_from(throws(envelopes.len() as u64)).unwrap_or(0);
                envelopes.remove(at);
            }
            if throws(20) == 0 && envelopes.len() > 1 {
                let bodies: Vec<_> = envelopes.iter().rev().map(|envelope| envelope.sealed.clone()).collect();
                envelopes.iter_mut().zip(bodies).for_each(|(envelope, body)| envelope.sealed = body);
            }
            if throws(10) == 0 && !old.is_empty() && !envelopes.is_empty() {
                let at = usize::try_from(throws(old.len() as u64)).unwrap_or(0);
                envelopes[0].sealed = old[at].clone();
            }
            old.extend(envelopes.iter().map(|envelope| envelope.sealed.clone()));
            old.drain(..old.len().saturating_sub(OLD_KEPT));
            let Some(last) = envelopes.last().map(|envelope| envelope.sequence) else {
                return Meddling::swallow();
            };
            given.insert(passing.wire, last);
            (frame.envelopes, frame.after) = (envelopes, after);
            let Ok(frame) = MailboxFromService::Envelopes(frame).encode() else {
                return Meddling::none(passing);
            };
            return Meddling { onward: vec![frame], back: vec![] };
        }
        let theirs = passing.to_service && passing.door == Door::Unnamed;
        let request = theirs.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        let answer = match request {
            Some(Request { id, op: UnnamedRequest::Send(_) }) if throws(40) == 0 => {
                Answer::Done { id, answer: UnnamedAnswer::Stored(Stored { sequence: 1_000, epoch: 1 }) }
            }
            Some(Request { id, op: UnnamedRequest::Send(_) | UnnamedRequest::Commit(_) })
                if throws(60) == 0 =>
            {
                Answer::Refused { id, refusal: Refusal::StaleEpoch }
            }
            _ => return Meddling::none(passing),
        };
        match answer.encode() {
            Ok(frame) => Meddling { onward: vec![], back: vec![frame] },
            Err(_) => Meddling::none(passing),
        }
    }
}

impl Device {
    /// Writes a text in a group, if it is on and may. True when the text is safe in its store.
    pub fn says_in_if_possible(self, world: &mut World, group: ConversationId, text: &str) -> bool {
        let view = world.devices[self.0].client().and_then(|client| client.group(group).ok().flatten());
        view.is_some_and(|view| view.head.may_write)
            && self.tells(world, Command::Send { conversation: group, text: text.to_owned() })
    }

    /// Has seen everything in a group, if it is on and there is anything.
    pub fn reads_in_if_possible(self, world: &mut World, group: ConversationId) {
        let timeline = |client: &client::Client| client.timeline(group, None, 20).unwrap_or_default();
        let messages = world.devices[self.0].client().map(timeline).unwrap_or_default();
        if let Some(last) = messages.into_iter().rfind(|message| !message.own && message.notice.is_none()) {
            self.tells(world, Command::MarkRead { conversation: group, through: last.id });
        }
    }

    /// Links a further device through the service, as far as the weather allows; none when it did not come to that.
    pub fn links_if_possible(self, world: &mut World, name: &str, config: &Config) -> Option<Self> {
        let new = Self(world.add_device(name, config.clone()));
        let Ok(Reply::LinkOffered(link)) = new.asks(world, Command::OfferLink { name: name.to_owned() })
        else {
            return None;
        };
        self.asks(world, Command::Link(link)).ok()?;
        let (mut typed, until) = (false, world.now().plus_ms(LINK_MS_MAX));
        while world.now() < until {
            let state = |device: Self| {
                world.devices[device.0].client().and_then(|client| client.linking().ok().flatten())
            };
            let (here, there) = (state(self), state(new));
            if there == Some(LinkState::Ended(LinkEnd::Linked)) {
                let account = self.account(world);
                new.has_account(world, account);
                return Some(new);
            }
            match (here, there) {
                (_, Some(LinkState::Ended(_))) => return None,
                (Some(LinkState::NumberNeeded { .. }), Some(LinkState::Number { number, .. })) if !typed => {
                    typed = self.tells(world, Command::LinkNumber(number));
                }
                _ => world.pass(SECOND_MS),
            }
        }
        None
    }

    /// Takes another device of the same person out of the account, if it is on; the rest follows by itself.
    pub fn strikes_off_if_possible(self, world: &mut World, other: Self) {
        let id = |device: Self| {
            let cards = world.devices[device.0].client()?.devices().ok()?;
            cards.into_iter().find(|card| card.this).map(|card| card.device)
        };
        if let (true, Some(other)) = (self != other, id(other)) {
            self.tells(world, Command::RemoveDevice(other));
        }
    }
}

const NAMES: [&str; 8] = ["Anna", "Boris", "Carla", "Dora", "Emil", "Frida", "Goran", "Hana"];
/// Group storms are not the storms of pairs under the same number.
const SEED_SALT: u64 = 0x6772_6f75_7000_0000;
/// How the texts begin that everybody says when all is over.
pub(crate) const FAREWELL: &str = "farewell";
/// Devices linked during one storm.
const LINKS_MAX: u32 = 2;
/// Devices struck off during one storm.
const REMOVALS_MAX: u32 = 1;
/// A link is void after ten minutes.
const LINK_MS_MAX: u64 = 11 * MINUTE_MS;
/// Envelopes of a device that the lying service may give again.
const OLD_KEPT: usize = 40;
/// After the sky has cleared: the longest wait of a device that failed often, several times over.
const REST_MINUTES_MAX: u64 = 90;
