//! Commits: races, losses, ways back.

use std::cell::Cell;
use std::rc::Rc;

use client::Weakness;
use vocab::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use wire::{Decode, Door, Request, UnnamedRequest};

use super::{friends, meddles_with, on_disk};
use crate::{Device, Meddling, Passing, World};

/// The service keeps from some what is as large as a commit. Honest in everything else.
fn keeps_commits_from(world: &mut World, victims: Vec<Device>) {
    meddles_with(world, victims, |mut envelopes| {
        envelopes.retain(|envelope| envelope.sealed.len() < 4_000);
        envelopes
    });
}

#[test]
fn a_text_that_races_a_renewed_leaf_is_sealed_anew_and_arrives_once() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        for device in [anna, boris] {
            device.restarts_with(&mut world, |config| config.heal_after_messages = 1);
        }
        for number in 0..6 {
            anna.says(&mut world, boris, &format!("a{number}"));
            boris.says(&mut world, anna, &format!("b{number}"));
            let pause = world.dice(40);
            world.pass(pause);
        }
        world.settle();
        let shown = anna.timeline(&world, boris);
        assert_eq!(shown, boris.timeline(&world, anna));
        assert_eq!(shown.len(), 12, "{shown:?}");
        assert_eq!(anna.client(&world).times_fallen_out().unwrap(), 0);
    }
}

#[test]
fn more_commits_than_the_service_takes_only_slow_the_conversation_down() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    anna.restarts_with(&mut world, |config| config.heal_after_messages = 1);
    for number in 0..40 {
        anna.says(&mut world, boris, &number.to_string());
    }
    world.settle();
    let texts: Vec<String> = (0..40).map(|number| format!("Anna: {number}")).collect();
    assert_eq!(boris.timeline(&world, anna), texts);
}

#[test]
fn a_device_that_missed_a_commit_comes_back_from_outside_and_is_told_what_it_missed() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    keeps_commits_from(&mut world, vec![boris]);
    world.pass(2 * DAY_MS);
    anna.says(&mut world, boris, "missed, behind a commit");
    world.pass(MINUTE_MS);
    world.settle();
    world.dismiss_crook();
    world.settle();
    anna.says(&mut world, boris, "and on");
    boris.says(&mut world, anna, "I am back");
    world.settle();
    assert!(boris.client(&world).times_fallen_out().unwrap() > 0);
    assert_eq!(boris.misses(&world, anna), 0);
    let shown = boris.timeline(&world, anna);
    for text in ["Anna: missed, behind a commit", "Anna: and on"] {
        assert!(shown.contains(&text.to_owned()), "{shown:?}");
    }
    assert!(anna.timeline(&world, boris).contains(&"Boris: I am back".to_owned()));
    let conversation = anna.conversation(&world, boris).unwrap();
    let [one, other] = [anna, boris].map(|who| who.client(&world).place(conversation).unwrap().unwrap());
    assert_eq!(one, other);
}

#[test]
fn a_silent_device_finds_out_when_it_writes() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    boris.goes_offline(&mut world);
    world.pass(2 * DAY_MS);
    anna.says(&mut world, boris, "lost, with the commit before it");
    world.settle();
    on_disk(&world, "DELETE FROM envelope");
    boris.comes_back(&mut world);
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    assert_eq!(anna.timeline(&world, boris).last().unwrap(), "Boris: are you there?");
    assert_eq!(boris.client(&world).times_fallen_out().unwrap(), 1);
    let shown = boris.timeline(&world, anna);
    assert!(shown.contains(&"Anna: lost, with the commit before it".to_owned()), "said again: {shown:?}");
}

#[test]
fn a_device_whose_way_back_is_gone_too_goes_on_in_a_new_slot_and_everybody_follows() {
    let mut world = World::new(4);
    let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
    let his = boris.links(&mut world, "Boris's laptop");
    world.settle();
    anna.befriends(&mut world, boris);
    boris.goes_offline(&mut world);
    his.goes_offline(&mut world);
    world.pass(2 * DAY_MS);
    // Both miss her commit. One comes back, which changes R; the other misses that too, and its R opens nothing any more.
    anna.says(&mut world, boris, "missed");
    world.settle();
    on_disk(&world, "DELETE FROM envelope");
    his.comes_back(&mut world);
    his.says(&mut world, anna, "from his laptop");
    world.settle();
    on_disk(&world, "DELETE FROM envelope");
    boris.comes_back(&mut world);
    boris.says(&mut world, anna, "from Boris");
    world.settle();
    anna.says(&mut world, boris, "from Anna");
    world.settle();
    let texts = ["Anna: from Anna", "Anna: missed", "Boris: from Boris", "Boris: from his laptop"];
    for (device, other) in [(anna, boris), (boris, anna), (his, anna)] {
        let mut shown = device.timeline(&world, other);
        shown.sort();
        assert_eq!(shown, texts, "{}", device.name(&world));
    }
    assert!(boris.notes(&world).iter().any(|note| note.contains("sealed otherwise")), "R had changed");
    let conversation = anna.conversation(&world, boris).unwrap();
    let places = [anna, boris, his].map(|who| who.client(&world).place(conversation).unwrap());
    assert!(places.windows(2).all(|two| two[0] == two[1]), "{places:?}");
}

#[test]
fn wrong_ways_back_cost_a_bounded_number_of_tries_and_take_no_right_one_away() {
    let mut world = World::new(6);
    let names = ["Anna", "Boris", "Carla", "Dora", "Emil"];
    let [anna, boris, carla, dora, emil] = names.map(|name| world.registers(name));
    world.settle();
    for other in [boris, carla, dora, emil] {
        anna.befriends(&mut world, other);
    }
    for other in [boris, carla] {
        dora.befriends(&mut world, other);
    }
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla, dora, emil]);
    world.settle();
    world.pass(10 * MINUTE_MS);
    world.settle();
    // Dora does not hear that Emil was taken out: R has changed without her.
    dora.goes_offline(&mut world);
    world.pass(MINUTE_MS);
    anna.takes_out(&mut world, group, emil).unwrap();
    world.settle();
    on_disk(&world, "DELETE FROM envelope");
    for device in [anna, carla] {
        device.goes_offline(&mut world);
    }
    boris.restarts_with(&mut world, |config| config.broken = Some(Weakness::TellsWrongWays));
    let fetched = Rc::new(Cell::new(0));
    let counter = fetched.clone();
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == dora && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        if matches!(request, Some(Request { op: UnnamedRequest::FetchRejoin(_), .. })) {
            counter.set(counter.get() + 1);
        }
        Meddling::none(passing)
    });
    dora.comes_back(&mut world);
    dora.says_in(&mut world, group, "are you there?").unwrap();
    // It takes her a while to see that the commit will not come.
    world.pass(5 * MINUTE_MS);
    assert!(
        dora.client(&world).place(group).unwrap().is_some_and(|(_, _, open)| !open),
        "{:?}",
        dora.notes(&world)
    );
    // The first try, those that she would have made anyway, and Boris's quota.
    println!("the blob was fetched {} times", fetched.get());
    assert!((8..=1 + 7 + 8).contains(&fetched.get()), "{}", fetched.get());
    dora.says(&mut world, boris, "and you?");
    world.pass(SECOND_MS);
    assert_eq!(boris.sees(&world, dora).last().unwrap(), "and you?", "nothing else is held up");
    // Somebody comes who tells the right one.
    let before = place(&world, anna, group);
    carla.comes_back(&mut world);
    world.pass(15 * MINUTE_MS);
    world.dismiss_crook();
    assert!(fetched.get() <= 1 + 7 + 8 + 2, "{}", fetched.get());
    anna.comes_back(&mut world);
    world.settle();
    assert_eq!(place(&world, dora, group).0, before.0, "in the same slot");
    assert_eq!(place(&world, dora, group), place(&world, carla, group));
    carla.says_in(&mut world, group, "welcome back").unwrap();
    world.settle();
    for device in [anna, dora] {
        let texts = device.texts_in(&world, group);
        for text in ["Dora: are you there?", "Carla: welcome back"] {
            assert!(texts.contains(&text.to_owned()), "{}: {texts:?}", device.name(&world));
        }
    }
}

fn place(world: &World, device: Device, group: client::ConversationId) -> (vocab::SlotId, u64, bool) {
    device.client(world).place(group).unwrap().unwrap()
}

#[test]
fn clocks_a_day_apart_hinder_nobody() {
    let day = i64::try_from(DAY_MS).unwrap();
    for (hers, his) in [(day, 0), (-day, 0), (day / 2, -day / 2)] {
        let mut world = World::new(5);
        let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
        anna.sets_clock_wrong(&mut world, hers);
        boris.sets_clock_wrong(&mut world, his);
        world.settle();
        anna.befriends(&mut world, boris);
        anna.says(&mut world, boris, "one");
        world.settle();
        boris.says(&mut world, anna, "two");
        world.settle();
        anna.sets_clock_wrong(&mut world, -hers);
        anna.says(&mut world, boris, "three");
        world.settle();
        assert_eq!(anna.timeline(&world, boris), ["Anna: one", "Boris: two", "Anna: three"]);
        assert_eq!(anna.timeline(&world, boris), boris.timeline(&world, anna));
    }
}
