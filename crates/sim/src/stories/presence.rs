//! When somebody was last there.

use client::{Command, PRESENCE_STEP_MS, PrivacyChoice, Reply};
use vocab::Timestamp;
use vocab::time::HOUR_MS;

use super::friends;
use crate::{Device, World};

fn shares(world: &mut World, who: Device, on: bool) {
    let choice = Command::SetPrivacy(PrivacyChoice::Presence(on));
    assert_eq!(who.asks(world, choice), Ok(Reply::Done));
    world.settle();
}

/// Uses the device for a few steps.
fn is_there(world: &mut World, who: Device, steps: u32) {
    for _ in 0..steps {
        assert_eq!(who.asks(world, Command::Active), Ok(Reply::Done));
        world.pass(PRESENCE_STEP_MS);
    }
}

fn last_seen(world: &World, who: Device, other: Device) -> Option<Timestamp> {
    who.client(world).last_seen(other.account(world)).unwrap()
}

#[test]
fn it_is_off_at_first_and_only_mutual() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    is_there(&mut world, anna, 3);
    assert_eq!(last_seen(&world, boris, anna), None, "off at first");
    shares(&mut world, anna, true);
    is_there(&mut world, anna, 3);
    assert_eq!(last_seen(&world, boris, anna), None, "who does not share is told nothing");
    let offered = world.frames_to(boris);
    is_there(&mut world, anna, 12);
    assert_eq!(world.frames_to(boris), offered, "one offer, no times");
    shares(&mut world, boris, true);
    is_there(&mut world, boris, 2);
    let then = world.now();
    is_there(&mut world, anna, 3);
    let seen = last_seen(&world, boris, anna).expect("both share");
    assert!(seen > then && seen.0.is_multiple_of(PRESENCE_STEP_MS) && seen <= world.now(), "{seen:?}");
    assert!(last_seen(&world, anna, boris).is_none_or(|seen| seen <= world.now()));
    is_there(&mut world, boris, 2);
    assert!(last_seen(&world, anna, boris).is_some());
    world.pass(HOUR_MS);
    assert_eq!(last_seen(&world, boris, anna), Some(seen), "who is away was there then");
    assert!(boris.sees(&world, anna).is_empty() && boris.misses(&world, anna) == 0);
}

#[test]
fn switching_it_off_ends_it_on_both_sides_and_all_devices() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    shares(&mut world, anna, true);
    shares(&mut world, boris, true);
    for _ in 0..3 {
        is_there(&mut world, anna, 1);
        is_there(&mut world, boris, 1);
    }
    assert!(last_seen(&world, boris, anna).is_some() && last_seen(&world, anna, boris).is_some());
    assert!(last_seen(&world, laptop, boris).is_some(), "the laptop heard it too");
    shares(&mut world, laptop, false);
    assert_eq!((last_seen(&world, anna, boris), last_seen(&world, laptop, boris)), (None, None));
    world.pass(2 * PRESENCE_STEP_MS);
    world.settle();
    assert_eq!(last_seen(&world, boris, anna), None, "told, and forgotten");
    let before = world.frames_to(anna);
    is_there(&mut world, boris, 6);
    assert_eq!(world.frames_to(anna), before, "who does not share is told no times");
}
