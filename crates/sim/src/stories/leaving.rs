//! Leaving a group, or being taken out, while the group or the service does something else.

use client::Refused;
use wire::slot::Stored;
use wire::{Decode, Door, Encode, Reply, Request, UnnamedAnswer, UnnamedRequest};

use super::on_disk;
use crate::{Device, Meddling, Passing, World};

/// Anna, Boris and Carla with a laptop, in a group.
fn group(world: &mut World) -> ([Device; 4], client::ConversationId) {
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    let laptop = carla.links(world, "Carla's laptop");
    world.settle();
    anna.befriends(world, boris);
    anna.befriends(world, carla);
    boris.befriends(world, carla);
    let group = anna.makes_group(world, "Lake house", &[boris, carla]);
    world.settle();
    ([anna, boris, carla, laptop], group)
}

/// Carla is out, as everybody sees it.
fn carla_is_out(world: &mut World, [anna, boris, carla, laptop]: [Device; 4], group: client::ConversationId) {
    for device in [anna, boris] {
        let people: Vec<String> =
            device.sees_in(world, group).into_iter().map(|name| name.replace(" (Admin)", "")).collect();
        assert_eq!(people, ["Anna (Owner)", "Boris"], "{}", device.name(world));
        let left = |line: &&String| *line == "* Carla left";
        assert_eq!(device.shows_in(world, group).iter().filter(left).count(), 1, "{}", device.name(world));
    }
    for device in [carla, laptop] {
        assert_eq!(device.says_in(world, group, "late"), Err(Refused::NotInGroup), "{}", device.name(world));
        assert_eq!(device.shows_in(world, group).last().unwrap(), "* Carla left", "{}", device.name(world));
    }
}

#[test]
fn whoever_leaves_while_the_group_moves_to_another_slot_leaves_that_one() {
    // In some of these Carla makes a slot herself, at once with that of Boris.
    for seed in 1..=6 {
        let mut world = World::new(seed);
        let (all, group) = group(&mut world);
        let [_, boris, carla, _] = all;
        carla.goes_offline(&mut world);
        world.pass(1_000);
        carla.leaves(&mut world, group).unwrap();
        // The slots expire. Boris makes the next one with Carla in it: nobody has heard that she leaves.
        on_disk(&world, "DELETE FROM slot");
        boris.says_in(&mut world, group, "over here").unwrap();
        world.pass(120_000);
        carla.comes_back(&mut world);
        world.pass(120_000);
        world.settle();
        carla_is_out(&mut world, all, group);
    }
}

#[test]
fn whoever_leaves_a_group_whose_slot_is_gone_says_so_in_the_next() {
    let mut world = World::new(2);
    let (all, group) = group(&mut world);
    on_disk(&world, "DELETE FROM slot");
    all[2].leaves(&mut world, group).unwrap();
    world.pass(240_000);
    world.settle();
    carla_is_out(&mut world, all, group);
}

#[test]
fn a_slot_made_by_somebody_who_has_not_heard_of_it_takes_nobody_back_who_has_left() {
    let mut world = World::new(3);
    let (all, group) = group(&mut world);
    let [anna, boris, carla, _] = all;
    let officer = boris.account(&world);
    anna.changes(&mut world, group, client::GroupChange::Role(officer, client::Role::Admin)).unwrap();
    world.settle();
    for device in [anna, boris] {
        device.goes_offline(&mut world);
    }
    world.pass(60_000);
    carla.leaves(&mut world, group).unwrap();
    world.pass(30_000);
    assert_eq!(carla.says_in(&mut world, group, "late"), Err(Refused::NotInGroup));
    // What she said last is lost with the slot.
    on_disk(&world, "DELETE FROM slot");
    on_disk(&world, "DELETE FROM envelope");
    boris.comes_back(&mut world);
    boris.says_in(&mut world, group, "over here").unwrap();
    world.pass(120_000);
    anna.comes_back(&mut world);
    world.pass(240_000);
    world.settle();
    carla_is_out(&mut world, all, group);
}

#[test]
fn a_leave_that_the_service_says_it_stored_and_threw_away_is_said_again() {
    let mut world = World::new(4);
    let (all, group) = group(&mut world);
    let carla = all[2];
    let mut left = 1;
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == carla && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request {
            Some(Request { id, op: UnnamedRequest::Send(_) }) if left > 0 => {
                left -= 1;
                let stored = UnnamedAnswer::Stored(Stored { sequence: 1_000, epoch: 1 });
                let answer = Reply::Done { id, answer: stored }.encode().expect("small");
                Meddling { onward: vec![], back: vec![answer] }
            }
            _ => Meddling::none(passing),
        }
    });
    carla.leaves(&mut world, group).unwrap();
    world.pass(120_000);
    world.settle();
    carla_is_out(&mut world, all, group);
}

#[test]
fn whoever_is_added_after_having_left_is_in_the_group() {
    let mut world = World::new(5);
    let ([anna, boris, carla, laptop], group) = group(&mut world);
    carla.leaves(&mut world, group).unwrap();
    world.pass(30_000);
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(30_000);
    world.settle();
    laptop.says_in(&mut world, group, "again").unwrap();
    world.settle();
    for device in [anna, boris, carla, laptop] {
        assert_eq!(device.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
        assert_eq!(device.texts_in(&world, group), ["Carla: again"]);
    }
}

#[test]
fn whoever_is_let_in_again_while_looking_for_the_way_back_is_not_told_out_by_a_late_answer() {
    let mut world = World::new(6);
    let ([anna, boris, carla, laptop], group) = group(&mut world);
    for device in [carla, laptop] {
        device.goes_offline(&mut world);
    }
    world.pass(60_000);
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    // Nobody tells her.
    on_disk(&world, "DELETE FROM envelope");
    boris.goes_offline(&mut world);
    // What Anna answers is slower than what she does and says next.
    let (mut held, mut committed) = (Vec::new(), false);
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == anna && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request.map(|request| request.op) {
            Some(UnnamedRequest::Send(_)) if !committed => {
                held.push(passing.frame.to_vec());
                Meddling::swallow()
            }
            Some(UnnamedRequest::Send(_)) => {
                let onward = std::iter::once(passing.frame.to_vec()).chain(held.drain(..)).collect();
                Meddling { onward, back: vec![] }
            }
            Some(UnnamedRequest::Commit(_)) => {
                committed = true;
                Meddling::none(passing)
            }
            _ => Meddling::none(passing),
        }
    });
    carla.comes_back(&mut world);
    carla.says_in(&mut world, group, "anybody there?").unwrap();
    let looks = |world: &World| {
        let place = carla.client(world).place(group).unwrap();
        place.is_some_and(|(_, _, reads)| !reads)
    };
    while !looks(&world) {
        world.pass(1_000);
        assert!(world.minutes() < 10, "she never notices");
    }
    world.pass(4_000);
    assert!(looks(&world), "and nobody has answered yet");
    // Behind the letter that lets her in lies what she is told first.
    boris.comes_back(&mut world);
    anna.brings(&mut world, group, carla).unwrap();
    anna.says_in(&mut world, group, "there you are").unwrap();
    world.pass(20_000);
    laptop.comes_back(&mut world);
    world.pass(120_000);
    world.settle();
    assert!(carla.texts_in(&world, group).contains(&"Anna: there you are".to_owned()));
    carla.says_in(&mut world, group, "here").unwrap();
    world.settle();
    for device in [anna, boris, carla, laptop] {
        assert_eq!(
            device.sees_in(&world, group),
            ["Anna (Owner)", "Boris", "Carla"],
            "{}",
            device.name(&world)
        );
        let heard = device.texts_in(&world, group).contains(&"Carla: here".to_owned());
        assert!(heard, "{}", device.name(&world));
    }
}

#[test]
fn somebody_who_is_no_contact_and_lets_one_in_again_is_a_request() {
    let mut world = World::new(7);
    let anna = world.registers("Anna");
    let boris = world.registers("Boris");
    let carla = world.registers_number("Carla", "+32470000003");
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    boris.adds_handle(&mut world, "+32470000003");
    world.settle();
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    let officer = boris.account(&world);
    anna.changes(&mut world, group, client::GroupChange::Role(officer, client::Role::Admin)).unwrap();
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    boris.brings(&mut world, group, carla).unwrap();
    world.settle();
    assert_eq!(carla.says_in(&mut world, group, "hm"), Err(Refused::NotInGroup));
    carla.accepts(&mut world, boris);
    world.settle();
    carla.says_in(&mut world, group, "here").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Carla: here"]);
}
