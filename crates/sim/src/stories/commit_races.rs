//! Many who want to commit at once, and one who floods.

use std::collections::BTreeSet;

use client::{Command, GroupChange, Role, Weakness};
use vocab::limits::{COMMIT_BURST, COMMIT_REFILL_MS};
use vocab::time::{DAY_MS, HOUR_MS, SECOND_MS};

use super::storms::is_long;
use crate::{Device, World};

/// Eight people with so many devices each, in one group.
fn crowd(world: &mut World, devices: usize) -> (client::ConversationId, Vec<Device>) {
    let names = ["Anna", "Boris", "Carla", "Dora", "Emil", "Frida", "Goran", "Hana"];
    let mut all = Vec::new();
    for name in names {
        let first = world.registers(name);
        all.push(first);
        for number in 2..=devices {
            all.push(first.links(world, &format!("{name}'s {number}")));
        }
    }
    (one_group(world, &all, devices), all)
}

/// A group of them all, so many devices an account; the first of them is the owner's.
pub(super) fn one_group(world: &mut World, all: &[Device], devices: usize) -> client::ConversationId {
    world.settle();
    let invitation = all[0].invites(world);
    let others: Vec<Device> = all.iter().copied().skip(devices).step_by(devices).collect();
    others.iter().for_each(|other| {
        other.adds(world, &invitation);
    });
    world.settle();
    let group = all[0].makes_group(world, "Crowd", &others);
    world.settle();
    // Newcomers renew their leaves one after the other.
    world.pass(HOUR_MS / 2);
    world.settle();
    group
}

/// How long it takes until all are in one epoch and nobody wants to commit any more; none after ten seconds.
fn until_one_epoch(world: &mut World, group: client::ConversationId, all: &[Device]) -> Option<u64> {
    let begin = world.now();
    while world.now().ms_since(begin) < 10 * SECOND_MS {
        world.pass(50);
        let places: BTreeSet<_> = all.iter().map(|it| it.client(world).place(group).unwrap()).collect();
        if places.len() == 1 && !all.iter().any(|device| commits(world, *device)) {
            return Some(world.now().ms_since(begin));
        }
    }
    None
}

/// Whether a device has a commit or a proposal to make.
fn commits(world: &World, device: Device) -> bool {
    let outbox = device.client(world).outbox().unwrap();
    let kinds = ["kind 13 ", "kind 16 ", "kind 17 "];
    outbox.iter().any(|line| kinds.iter().any(|kind| line.contains(kind)))
}

fn proposes(world: &World, device: Device) -> bool {
    device.client(world).outbox().unwrap().iter().any(|line| line.contains("kind 17 "))
}

fn epoch(world: &World, device: Device, group: client::ConversationId) -> u64 {
    device.client(world).place(group).unwrap().unwrap().1
}

/// Each renews its leaf and says something, all in the same moment.
fn all_commit_at_once(world: &mut World, group: client::ConversationId, all: &[Device]) {
    // Leaves are a day old: each is renewed before the next text.
    world.pass(DAY_MS + HOUR_MS);
    world.settle();
    let before = epoch(world, all[0], group);
    for (number, device) in all.iter().enumerate() {
        device.tells(world, Command::Send { conversation: group, text: format!("text {number}") });
    }
    let took = until_one_epoch(world, group, all).expect("one epoch within ten seconds");
    let made = epoch(world, all[0], group) - before;
    println!("{} renewals: {made} commits, one epoch after {took} ms", all.len());
    assert!(made <= COMMITS_MAX, "{made} commits");
    world.settle();
    let texts = all[0].texts_in(world, group);
    assert_eq!(texts.len(), all.len());
    for device in all {
        assert_eq!(device.client(world).times_fallen_out().unwrap(), 0);
        assert_eq!(device.texts_in(world, group), texts, "{}", device.name(world));
    }
}

#[test]
fn sixty_four_accounts_that_commit_at_once_are_in_one_epoch_within_ten_seconds() {
    let mut world = World::new(1);
    let all: Vec<Device> = (0..64).map(|number| world.registers(&format!("Member {number}"))).collect();
    let group = one_group(&mut world, &all, 1);
    all_commit_at_once(&mut world, group, &all);
}

#[test]
fn all_devices_of_a_group_that_want_to_commit_at_once_are_in_one_epoch_within_ten_seconds() {
    let mut world = World::new(1);
    // 64 in the long run.
    let (group, all) = crowd(&mut world, if is_long() { 8 } else { 2 });
    all_commit_at_once(&mut world, group, &all);
}

/// A group of seven people, Boris and Emil admins, whose leaves are a day old.
fn seven(world: &mut World) -> (client::ConversationId, [Device; 7]) {
    let all = ["Anna", "Boris", "Carla", "Dora", "Emil", "Frida", "Goran"].map(|name| world.registers(name));
    let group = one_group(world, &all, 1);
    for admin in [all[1], all[4]] {
        let account = admin.account(world);
        all[0].changes(world, group, GroupChange::Role(account, Role::Admin)).unwrap();
        world.settle();
    }
    world.pass(DAY_MS + HOUR_MS);
    world.settle();
    (group, all)
}

#[test]
fn removals_that_lose_a_race_are_carried_by_somebody_elses_commit_and_stay_their_authors() {
    let mut proposed = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let (group, [anna, boris, carla, dora, emil, frida, goran]) = seven(&mut world);
        let before = epoch(&world, anna, group);
        for device in [emil, frida, goran] {
            device.tells(&mut world, Command::Send { conversation: group, text: "at once".to_owned() });
        }
        let removes = |whom: Device, world: &World| Command::ChangeGroup {
            conversation: group,
            change: GroupChange::Remove(whom.account(world)),
        };
        // A plain member, and an admin who has opened a link.
        let (one, other) = (removes(carla, &world), removes(boris, &world));
        emil.tells(&mut world, one);
        anna.tells(&mut world, other);
        let staying = [anna, dora, emil, frida, goran];
        for _ in 0..1_000 {
            world.pass(10);
            proposed += usize::from(proposes(&world, anna));
        }
        for device in staying {
            assert!(!commits(&world, device), "seed {seed}: {}", world.unrest());
            let people = ["Anna (Owner)", "Dora", "Emil (Admin)", "Frida", "Goran"];
            assert_eq!(device.sees_in(&world, group), people, "seed {seed}");
            let lines = device.shows_in(&world, group);
            for line in ["* Emil removed Carla", "* Anna removed Boris"] {
                assert!(lines.iter().any(|it| it == line), "seed {seed}: {line} is not in {lines:?}");
            }
        }
        for device in [boris, carla] {
            let gone = device.says_in(&mut world, group, "still here");
            assert_eq!(gone, Err(client::Refused::NotInGroup), "seed {seed}");
        }
        let made = epoch(&world, anna, group) - before;
        assert!(made <= COMMITS_MAX, "seed {seed}: {made} commits");
        world.settle();
        assert!(staying.iter().all(|device| device.client(&world).times_fallen_out().unwrap() == 0));
    }
    println!("removals were proposed for {proposed} hundredths of a second in {SEEDS} races");
    assert!(proposed > 0, "no removal was ever proposed");
}

#[test]
fn nobody_reads_what_was_written_after_their_removal_was_wished_although_it_is_proposed() {
    let mut proposed = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let (group, [anna, boris, carla, dora, emil, frida, goran]) = seven(&mut world);
        for device in [boris, dora, emil, frida, goran] {
            device.tells(&mut world, Command::Send { conversation: group, text: "at once".to_owned() });
        }
        let change = GroupChange::Remove(carla.account(&world));
        anna.tells(&mut world, Command::ChangeGroup { conversation: group, change });
        anna.tells(&mut world, Command::Send { conversation: group, text: "without Carla".to_owned() });
        for _ in 0..1_000 {
            world.pass(10);
            proposed += usize::from(proposes(&world, anna));
        }
        world.settle();
        assert!(boris.texts_in(&world, group).contains(&"Anna: without Carla".to_owned()), "seed {seed}");
        assert!(!carla.texts_in(&world, group).contains(&"Anna: without Carla".to_owned()), "seed {seed}");
    }
    assert!(proposed > 0, "no removal was ever proposed");
}

#[test]
fn a_device_that_was_struck_off_is_taken_out_by_whoever_commits_and_finds_no_way_back() {
    let mut proposed = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let (group, [anna, boris, carla, dora, emil, frida, goran]) = seven(&mut world);
        let laptop = emil.links(&mut world, "Emil's laptop");
        world.settle();
        assert!(laptop.client(&world).place(group).unwrap().is_some_and(|(_, _, open)| open));
        world.pass(DAY_MS + HOUR_MS);
        world.settle();
        let gone = laptop.device_id(&world);
        emil.tells(&mut world, Command::RemoveDevice(gone));
        while !commits(&world, emil) {
            world.pass(1);
        }
        for device in [anna, boris, carla, dora, frida, goran] {
            device.tells(&mut world, Command::Send { conversation: group, text: "at once".to_owned() });
        }
        for _ in 0..1_000 {
            world.pass(10);
            proposed += usize::from(proposes(&world, emil));
        }
        assert!(!commits(&world, emil), "seed {seed}: {}", world.unrest());
        assert!(laptop.heard(&world, &client::Event::Removed), "seed {seed}");
        goran.says_in(&mut world, group, "without the laptop").unwrap();
        world.settle();
        let last = |device: Device| device.texts_in(&world, group).last().cloned();
        assert_eq!(last(frida).as_deref(), Some("Goran: without the laptop"), "seed {seed}");
        assert_ne!(last(laptop).as_deref(), Some("Goran: without the laptop"), "seed {seed}");
    }
    println!("expelling was proposed for {proposed} hundredths of a second in {SEEDS} races");
    assert!(proposed > 0, "no removal of a device was ever proposed");
}

#[test]
fn whoever_is_to_be_taken_out_cannot_outrun_it_with_commits_of_their_own() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let (group, [anna, boris, ..]) = seven(&mut world);
        boris.restarts_with(&mut world, |config| config.heal_after_messages = 1);
        world.settle();
        for number in 0..FLOOD {
            let text = format!("flood {number}");
            boris.tells(&mut world, Command::Send { conversation: group, text });
        }
        world.pass(SECOND_MS);
        anna.takes_out(&mut world, group, boris).unwrap();
        let begin = world.now();
        while boris.client(&world).group(group).unwrap().is_some_and(|it| it.head.inside) {
            world.pass(100);
            assert!(world.now().ms_since(begin) < OUTRUN_MS_MAX, "seed {seed}: {}", world.unrest());
        }
        println!("seed {seed}: out after {} ms", world.now().ms_since(begin));
    }
}

/// How long each of some texts takes to another member, one after the other; meanwhile nothing else is waited for.
fn latencies(
    world: &mut World,
    from: Device,
    to: Device,
    group: client::ConversationId,
    what: &str,
) -> Vec<u64> {
    let mut all = Vec::new();
    for number in 0..TEXTS {
        let (begin, text) = (world.now(), format!("{what} {number}"));
        from.tells(world, Command::Send { conversation: group, text: text.clone() });
        while !to.texts_in(world, group).last().is_some_and(|line| line.ends_with(&text)) {
            world.pass(1);
            assert!(world.now().ms_since(begin) < 60 * SECOND_MS, "{text} does not come: {}", world.unrest());
        }
        all.push(world.now().ms_since(begin));
        world.pass(SECOND_MS);
    }
    all
}

#[test]
fn a_member_who_floods_slows_only_that_group() {
    let mut world = World::new(2);
    let all @ [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    let loud = anna.makes_group(&mut world, "Loud", &[boris, carla]);
    let quiet = anna.makes_group(&mut world, "Quiet", &[boris, carla]);
    world.settle();
    let calm = latencies(&mut world, anna, carla, quiet, "calm");
    // Boris proposes in each epoch, and wants to commit before each text.
    boris.restarts_with(&mut world, |config| {
        config.heal_after_messages = 1;
        config.broken = Some(Weakness::ProposesAlways);
    });
    world.settle();
    let (begin, before) = (world.now(), epoch(&world, anna, loud));
    for number in 0..FLOOD {
        let text = format!("flood {number}");
        boris.tells(&mut world, Command::Send { conversation: loud, text });
    }
    world.pass(SECOND_MS);
    let flooded = latencies(&mut world, anna, carla, quiet, "flooded");
    let (made, seconds) = (epoch(&world, anna, loud) - before, world.now().ms_since(begin) / SECOND_MS);
    let worst = |all: &[u64]| all.iter().copied().max().unwrap_or_default();
    let (calm, flooded) = (worst(&calm), worst(&flooded));
    println!("at most {calm} ms before the flood and {flooded} ms in it; {made} commits in {seconds} s");
    assert!(flooded <= calm + SLOWER_MS_MAX, "{flooded} ms in place of {calm} ms");
    assert!(commits(&world, boris), "the flood is not over yet");
    let quota = u64::from(COMMIT_BURST) + seconds * SECOND_MS / COMMIT_REFILL_MS + 1;
    assert!(made > u64::from(COMMIT_BURST) && made <= quota, "{made} commits, {quota} allowed");
    anna.says_in(&mut world, loud, "may I?").unwrap();
    world.settle();
    for device in all {
        let texts = device.texts_in(&world, loud);
        assert_eq!(texts.len(), FLOOD + 1, "{}", device.name(&world));
        assert!(texts.contains(&"Anna: may I?".to_owned()));
    }
}

#[test]
fn whoever_proposes_without_end_does_not_keep_the_others_committing() {
    let mut world = World::new(3);
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    let loud = anna.makes_group(&mut world, "Loud", &[boris, carla]);
    let quiet = anna.makes_group(&mut world, "Quiet", &[boris, carla]);
    world.settle();
    boris.restarts_with(&mut world, |config| config.broken = Some(Weakness::ProposesAlways));
    // The first text of the day renews a leaf, and so begins it.
    world.pass(DAY_MS + HOUR_MS);
    world.settle();
    let before = epoch(&world, anna, loud);
    anna.says_in(&mut world, loud, "good morning").unwrap();
    let calm = latencies(&mut world, anna, carla, quiet, "meanwhile");
    world.pass(40 * vocab::time::MINUTE_MS);
    let made = epoch(&world, anna, loud) - before;
    println!("{made} commits; at most {:?} ms elsewhere", calm.iter().max());
    // Those for its sake, and the renewals of Anna's, Boris's and Carla's own.
    let quota = u64::from(client::PROPOSALS_PER_HOUR_MAX);
    assert!(made >= quota / 2 && made <= quota + OWN_MAX, "{made} commits, {quota} allowed");
    // It goes on in the next epoch that somebody makes, and everybody still reads everything.
    carla.says_in(&mut world, loud, "and now?").unwrap();
    world.pass(vocab::time::MINUTE_MS);
    for device in [anna, boris] {
        assert_eq!(device.texts_in(&world, loud), ["Anna: good morning", "Carla: and now?"]);
    }
}

/// One wins, one carries what the rest proposed; a few more for whoever was late. All of them before any has to wait.
const COMMITS_MAX: u64 = COMMIT_BURST as u64 - 1;
/// Texts of whoever floods, each of which wants a commit before it.
const FLOOD: usize = 60;
/// Texts whose way is timed.
const TEXTS: usize = 20;
/// Races are run with so many seeds.
const SEEDS: u64 = 6;
/// A text that meets the slowest frame twice, where the others met the quickest.
const SLOWER_MS_MAX: u64 = 50;
/// With as many commits of the one as of the other, and one in five seconds, a removal comes through in this.
const OUTRUN_MS_MAX: u64 = 60 * SECOND_MS;
/// Commits that a member of three makes for its own sake meanwhile.
const OWN_MAX: u64 = 8;
