//! Many who want to commit at once, and one who floods.

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
    (group, all)
}

#[test]
fn all_devices_of_a_group_that_want_to_commit_at_once_are_in_one_epoch_within_ten_seconds() {
    let mut world = World::new(1);
    // 64 in the long run.
    let (group, all) = crowd(&mut world, if is_long() { 8 } else { 2 });
    // Leaves are a day old: each is renewed before the next text.
    world.pass(DAY_MS + HOUR_MS);
    world.settle();
    let place = |world: &World, device: Device| device.client(world).place(group).unwrap().unwrap();
    let (_, before, _) = place(&world, all[0]);
    for (number, device) in all.iter().enumerate() {
        device
            .tells(&mut world, client::Command::Send { conversation: group, text: format!("text {number}") });
    }
    world.pass(10 * SECOND_MS);
    let (slot, after, _) = place(&world, all[0]);
    for device in &all {
        assert_eq!(place(&world, *device), (slot, after, true), "{}", device.name(&world));
        let outbox = device.client(&world).outbox().unwrap();
        let commits = |line: &String| ["kind 13 ", "kind 17 "].iter().any(|kind| line.contains(kind));
        assert!(!outbox.iter().any(commits), "{} renewed its leaf: {outbox:?}", device.name(&world));
    }
    println!("{} renewals took {} commits", all.len(), after - before);
    assert!(after - before <= COMMITS_MAX, "{} commits", after - before);
    world.settle();
    let texts = all[0].texts_in(&world, group);
    assert_eq!(texts.len(), all.len());
    for device in &all {
        assert_eq!(device.client(&world).times_fallen_out().unwrap(), 0);
        assert_eq!(device.texts_in(&world, group), texts, "{}", device.name(&world));
    }
}

#[test]
fn a_member_who_floods_slows_only_that_group() {
    let mut world = World::new(2);
    let all @ [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    let loud = anna.makes_group(&mut world, "Loud", &[boris, carla]);
    let quiet = anna.makes_group(&mut world, "Quiet", &[carla]);
    world.settle();
    boris.restarts_with(&mut world, |config| config.heal_after_messages = 1);
    world.settle();
    for number in 0..FLOOD {
        let text = format!("flood {number}");
        boris.tells(&mut world, client::Command::Send { conversation: loud, text });
    }
    world.pass(SECOND_MS);
    anna.says_in(&mut world, quiet, "undisturbed").unwrap();
    anna.says_in(&mut world, loud, "may I?").unwrap();
    world.pass(2 * SECOND_MS);
    assert_eq!(carla.texts_in(&world, quiet), ["Anna: undisturbed"]);
    world.settle();
    for device in all {
        let texts = device.texts_in(&world, loud);
        assert_eq!(texts.len(), FLOOD + 1, "{}", device.name(&world));
        assert!(texts.contains(&"Anna: may I?".to_owned()));
    }
}

/// One wins, one carries what the rest proposed; a few more for whoever was late.
const COMMITS_MAX: u64 = 6;
/// Texts of whoever floods, each of which wants a commit before it.
const FLOOD: usize = 60;
