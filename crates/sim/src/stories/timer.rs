//! Messages that disappear.

use client::{Command, Refused};
use vocab::time::{DAY_MS, HOUR_MS, SECOND_MS};

use super::friends;
use crate::World;

#[test]
fn messages_disappear_a_while_after_they_were_read_and_stay_until_then() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = boris.links(&mut world, "Boris's laptop");
    world.settle();
    anna.says(&mut world, boris, "for ever");
    boris.sets_timer(&mut world, anna, 60);
    world.settle();
    for (device, other) in [(anna, boris), (boris, anna), (laptop, anna)] {
        assert_eq!(device.head(&world, other).timer_seconds, 60, "{}", device.name(&world));
    }
    anna.says(&mut world, boris, "for a minute");
    world.settle();
    world.pass(HOUR_MS);
    assert_eq!(anna.sees(&world, boris), ["for ever"], "one's own counts from when it left");
    assert_eq!(boris.sees(&world, anna), ["for ever", "for a minute"], "not read yet");
    boris.reads(&mut world, anna);
    world.pass(30 * SECOND_MS);
    assert_eq!(boris.sees(&world, anna).len(), 2);
    world.pass(40 * SECOND_MS);
    world.settle();
    for device in [boris, laptop] {
        assert_eq!(device.sees(&world, anna), ["for ever"], "read on one device, {}", device.name(&world));
        assert!(device.finds(&world, "minute").is_empty());
        assert_eq!(device.misses(&world, anna), 0);
    }
    anna.sets_timer(&mut world, boris, 0);
    world.settle();
    anna.says(&mut world, boris, "for ever again");
    world.settle();
    boris.reads(&mut world, anna);
    world.pass(HOUR_MS);
    assert_eq!(boris.sees(&world, anna), ["for ever", "for ever again"]);
}

#[test]
fn the_count_survives_restarts_and_clocks_that_jump() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    anna.sets_timer(&mut world, boris, 3_600);
    world.settle();
    anna.says(&mut world, boris, "for an hour");
    world.settle();
    boris.reads(&mut world, anna);
    world.pass(10 * 60 * SECOND_MS);
    boris.crashes(&mut world);
    world.pass(10 * 60 * SECOND_MS);
    boris.restarts(&mut world);
    world.pass(10 * SECOND_MS);
    assert_eq!(boris.sees(&world, anna).len(), 1);
    // Set back by a day, it would stay for a day and more.
    boris.sets_clock_wrong(&mut world, -i64::try_from(DAY_MS).unwrap());
    world.pass(61 * 60 * SECOND_MS);
    assert!(boris.sees(&world, anna).is_empty());
    // The same while it is off.
    anna.says(&mut world, boris, "for an hour again");
    world.settle();
    boris.reads(&mut world, anna);
    world.pass(SECOND_MS);
    boris.crashes(&mut world);
    boris.restarts(&mut world);
    boris.sets_clock_wrong(&mut world, -i64::try_from(3 * DAY_MS).unwrap());
    world.pass(61 * 60 * SECOND_MS);
    assert!(boris.sees(&world, anna).is_empty());
}

#[test]
fn what_disappeared_before_it_arrived_is_not_missing() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    anna.sets_timer(&mut world, boris, 60);
    world.settle();
    boris.goes_offline(&mut world);
    anna.says(&mut world, boris, "for a minute");
    world.pass(HOUR_MS);
    assert!(anna.sees(&world, boris).is_empty());
    boris.comes_back(&mut world);
    world.pass(HOUR_MS);
    world.settle();
    // It waited at the service; it is read and counts from then.
    assert_eq!(boris.sees(&world, anna), ["for a minute"]);
    assert_eq!(boris.misses(&world, anna), 0);
    let conversation = anna.conversation(&world, boris).unwrap();
    let longer = Command::SetTimer { conversation, seconds: client::TIMER_SECONDS_MAX + 1 };
    assert_eq!(anna.is_refused(&mut world, longer), Refused::BadTimer);
}
