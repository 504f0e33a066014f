//! Two devices of a person.

use client::{Command, NewDevice, Refused, Reply};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use vocab::time::MINUTE_MS;
use wire::Door;

use super::friends;
use crate::{Meddling, Passing, World};

#[test]
fn what_one_device_writes_the_other_shows_and_both_receive() {
    let mut world = World::new(1);
    let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
    let (hers, his) = (anna.links(&mut world, "Anna's laptop"), boris.links(&mut world, "Boris's laptop"));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.says(&mut world, boris, "one");
    world.settle();
    his.says(&mut world, anna, "two");
    world.settle();
    hers.says(&mut world, boris, "three");
    world.settle();
    let all = ["Anna: one", "Boris: two", "Anna: three"];
    for (device, other) in [(anna, boris), (hers, boris), (boris, anna), (his, anna)] {
        assert_eq!(device.timeline(&world, other), all, "{}", device.name(&world));
    }
    his.reads(&mut world, anna);
    world.settle();
    let unread = |device: crate::Device| device.client(&world).unread(10).unwrap().len();
    assert_eq!((unread(boris), unread(his)), (0, 0), "read on one, read on both");
}

#[test]
fn a_device_linked_later_comes_into_the_conversations_there_are_and_those_to_come() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    anna.says(&mut world, boris, "before");
    world.settle();
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    boris.says(&mut world, anna, "after");
    world.settle();
    laptop.says(&mut world, boris, "from the laptop");
    world.settle();
    assert_eq!(laptop.timeline(&world, boris), ["Boris: after", "Anna: from the laptop"]);
    assert_eq!(boris.timeline(&world, anna), ["Anna: before", "Boris: after", "Anna: from the laptop"]);
    assert_eq!(anna.timeline(&world, boris), boris.timeline(&world, anna));
    assert_eq!(laptop.misses(&world, boris), 0, "what was before it is not missing");
    carla.befriends(&mut world, anna);
    carla.says(&mut world, anna, "hello");
    world.settle();
    assert_eq!(laptop.timeline(&world, carla), ["Carla: hello"]);
}

#[test]
fn a_third_device_is_told_what_the_other_two_share() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let tablet = laptop.links(&mut world, "Anna's tablet");
    world.settle();
    let carla = world.registers("Carla");
    world.settle();
    // Invited by the one, let in by all.
    let link = tablet.invites(&mut world);
    world.settle();
    carla.adds(&mut world, &link);
    carla.says(&mut world, anna, "hello");
    boris.says(&mut world, anna, "hi");
    world.settle();
    for device in [anna, laptop, tablet] {
        assert_eq!(device.timeline(&world, carla), ["Carla: hello"], "{}", device.name(&world));
        assert_eq!(device.timeline(&world, boris), ["Boris: hi"], "{}", device.name(&world));
    }
}

#[test]
fn two_devices_that_approve_at_once_do_not_contradict_each_other() {
    let mut world = World::new(4);
    let anna = world.registers("Anna");
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let offer = |seed| NewDevice::generate(&mut ChaCha20Rng::seed_from_u64(seed));
    let (one, two) = (offer(1), offer(2));
    anna.tells(&mut world, Command::ApproveDevice(Box::new(one.offer.clone())));
    let second = laptop.asks(&mut world, Command::ApproveDevice(Box::new(two.offer.clone())));
    world.settle();
    world.pass(vocab::time::MINUTE_MS);
    let first = anna.asks(&mut world, Command::ApproveDevice(Box::new(one.offer.clone())));
    let second = if second.is_ok() {
        second
    } else {
        laptop.asks(&mut world, Command::ApproveDevice(Box::new(two.offer)))
    };
    assert!(matches!((&first, &second), (Ok(Reply::Grant(_)), Ok(Reply::Grant(_)))), "{first:?} {second:?}");
    world.pass(vocab::time::DAY_MS);
    world.settle();
    for device in [anna, laptop] {
        assert_eq!(device.client(&world).status().unwrap().devices, 4);
    }
}

#[test]
fn an_offer_that_was_tampered_with_and_a_grant_for_another_device_are_refused() {
    let mut world = World::new(5);
    let anna = world.registers("Anna");
    world.settle();
    let new = NewDevice::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let mut forged = new.offer.clone();
    forged.key[0] ^= 1;
    let refused = anna.asks(&mut world, Command::ApproveDevice(Box::new(forged)));
    assert_eq!(refused, Err(Refused::BadDevice));
    let grant = anna.approves(&mut world, &new);
    let other = NewDevice::generate(&mut ChaCha20Rng::seed_from_u64(2));
    let stranger = world.unpacks("a stranger's");
    let adopted = stranger.asks(&mut world, Command::AdoptDevice(Box::new(other.with_grant(grant))));
    assert_eq!(adopted, Err(Refused::BadDevice));
}

#[test]
fn a_new_device_that_has_not_heard_of_the_one_before_it_takes_it_out_of_nothing() {
    let mut world = World::new(23);
    let (anna, boris) = friends(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris]);
    world.settle();
    let new = NewDevice::generate(&mut ChaCha20Rng::seed_from_u64(23));
    let grant = anna.approves(&mut world, &new);
    let laptop = anna.links(&mut world, "Laptop");
    world.settle();
    // It was approved before, and begins only now; the account's list comes to it from nobody before it is in the group.
    let tablet = world.unpacks("Tablet");
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.device == tablet && !passing.to_service;
        if hers && passing.door == Door::Account { Meddling::swallow() } else { Meddling::none(passing) }
    });
    tablet.adopts(&mut world, new.with_grant(grant));
    world.pass(2 * MINUTE_MS);
    world.dismiss_crook();
    world.settle();
    boris.says_in(&mut world, group, "for every one of yours").unwrap();
    world.settle();
    for device in [anna, laptop, tablet] {
        assert_eq!(device.texts_in(&world, group).last().unwrap(), "Boris: for every one of yours");
    }
}
