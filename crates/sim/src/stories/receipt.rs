//! Marks that one tells, or does not.

use client::{Command, Mark, PrivacyChoice, Reply};

use super::friends;
use crate::{Device, World};

fn switches(world: &mut World, who: Device, choice: PrivacyChoice) {
    assert_eq!(who.asks(world, Command::SetPrivacy(choice)), Ok(Reply::Done));
    world.settle();
}

#[test]
fn who_tells_nobody_what_was_read_is_not_told_either_and_ones_own_devices_know() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    switches(&mut world, anna, PrivacyChoice::Read(false));
    boris.says(&mut world, anna, "see you at 5");
    anna.says(&mut world, boris, "see you there");
    world.settle();
    anna.reads(&mut world, boris);
    boris.reads(&mut world, anna);
    world.settle();
    assert_eq!(boris.marks(&world, anna), [("see you at 5".to_owned(), Mark::Delivered)]);
    assert_eq!(anna.marks(&world, boris), [("see you there".to_owned(), Mark::Delivered)]);
    assert_eq!(laptop.head(&world, boris).unread, 0, "read on one of hers is read on all");
    switches(&mut world, laptop, PrivacyChoice::Read(true));
    boris.says(&mut world, anna, "at 6");
    world.settle();
    anna.reads(&mut world, boris);
    world.settle();
    assert_eq!(boris.marks(&world, anna)[1], ("at 6".to_owned(), Mark::Read), "the switch follows");
}

#[test]
fn who_tells_nobody_what_arrived_misses_nothing() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    switches(&mut world, boris, PrivacyChoice::Delivered(false));
    switches(&mut world, boris, PrivacyChoice::Read(false));
    anna.says(&mut world, boris, "see you at 5");
    world.settle();
    boris.reads(&mut world, anna);
    world.settle();
    assert_eq!(anna.marks(&world, boris), [("see you at 5".to_owned(), Mark::Sent)]);
    assert_eq!(boris.sees(&world, anna), ["see you at 5"]);
    boris.goes_offline(&mut world);
    anna.says(&mut world, boris, "at 6");
    world.pass(60_000);
    boris.comes_back(&mut world);
    world.settle();
    assert_eq!(boris.sees(&world, anna), ["see you at 5", "at 6"]);
}
