//! Linking devices through the service, the history they are given, and taking them out again.

use std::cell::Cell;
use std::rc::Rc;

use client::{
    ChatChoice, Command, DeviceNews, Event, GroupChange, LinkEnd, LinkSecrets, LinkState, Refused, Reply,
};
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use wire::slot::Stored;
use wire::{BlobRequest, Decode, Door, Encode, Reply as Answer, Request, UnnamedAnswer, UnnamedRequest};

use super::friends;
use crate::{Device, Meddling, Passing, World};

#[test]
fn a_device_is_linked_with_a_number_and_writes_and_receives_from_then_on() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(MINUTE_MS);
    boris.says(&mut world, anna, "to both");
    world.pass(MINUTE_MS);
    laptop.says(&mut world, boris, "from the laptop");
    world.pass(MINUTE_MS);
    let all = ["Boris: to both", "Anna: from the laptop"];
    for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
        assert_eq!(device.timeline(&world, other), all, "{}", device.name(&world));
    }
    let names: Vec<_> = anna.client(&world).devices().unwrap().into_iter().map(|card| card.name).collect();
    assert_eq!(names, ["", "Laptop"]);
}

#[test]
fn a_new_device_gets_the_whole_history_in_its_order_with_marks_and_contacts() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    carla.befriends(&mut world, anna);
    for n in 0..40 {
        let (from, to) = if n % 3 == 0 { (boris, anna) } else { (anna, boris) };
        from.says(&mut world, to, &format!("{n}"));
        world.pass(SECOND_MS);
    }
    carla.says(&mut world, anna, "hello");
    world.settle();
    anna.reads(&mut world, boris);
    boris.reads(&mut world, anna);
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    assert_eq!(laptop.has_history_within(&mut world, 5), Some(41));
    world.settle();
    for other in [boris, carla] {
        assert_eq!(laptop.timeline(&world, other), anna.timeline(&world, other));
        assert_eq!(laptop.marks(&world, other), anna.marks(&world, other));
        assert_eq!(laptop.misses(&world, other), 0);
    }
    let unread = |device: Device| device.client(&world).unread(10).unwrap().len();
    assert_eq!((unread(anna), unread(laptop)), (1, 1), "read on one, read on both");
    assert_eq!(laptop.stands_with(&world, carla), anna.stands_with(&world, carla));
    assert_eq!(laptop.finds(&world, "hello"), ["hello"], "what came is found");
}

#[test]
fn a_new_device_comes_into_groups_with_what_was_said_there_and_is_out_of_them_once_removed() {
    let mut world = World::new(21);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    anna.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    anna.says_in(&mut world, group, "who brings what?").unwrap();
    boris.says_in(&mut world, group, "bread").unwrap();
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    assert!(laptop.has_history_within(&mut world, 5).is_some());
    world.settle();
    assert_eq!(laptop.texts_in(&world, group), anna.texts_in(&world, group));
    assert_eq!(laptop.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
    laptop.says_in(&mut world, group, "from the laptop").unwrap();
    world.settle();
    assert_eq!(carla.texts_in(&world, group).last().unwrap(), "Anna: from the laptop");
    let gone = laptop.device_id(&world);
    assert_eq!(anna.removes(&mut world, gone), Ok(Reply::Done));
    world.pass(2 * MINUTE_MS);
    boris.says_in(&mut world, group, "without the laptop").unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(anna.texts_in(&world, group).last().unwrap(), "Boris: without the laptop");
    assert_eq!(laptop.texts_in(&world, group).last().unwrap(), "Anna: from the laptop");
}

#[test]
fn what_is_said_while_the_history_travels_is_there_once_and_behind_it() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    for n in 0..20 {
        anna.says(&mut world, boris, &format!("before {n}"));
    }
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    for n in 0..20 {
        let (from, to) = if n % 2 == 0 { (boris, anna) } else { (anna, boris) };
        from.says(&mut world, to, &format!("meanwhile {n}"));
        world.pass(700);
    }
    assert!(laptop.has_history_within(&mut world, 5).is_some());
    world.settle();
    assert_eq!(laptop.timeline(&world, boris).len(), 40);
    assert_eq!(laptop.timeline(&world, boris), anna.timeline(&world, boris));
}

#[test]
fn edits_deletions_and_reactions_are_in_the_history_and_those_heard_before_it_take_effect() {
    let mut world = World::new(19);
    let (anna, boris) = friends(&mut world);
    let edited = anna.says(&mut world, boris, "frist");
    let gone = anna.says(&mut world, boris, "regretted");
    let later = anna.says(&mut world, boris, "typpo");
    world.settle();
    anna.asks(&mut world, Command::Edit { message: edited, text: "first".to_owned() }).unwrap();
    anna.asks(&mut world, Command::Delete { message: gone, everyone: true }).unwrap();
    boris.asks(&mut world, Command::React { to: edited, emoji: "👍".to_owned() }).unwrap();
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    anna.asks(&mut world, Command::Edit { message: later, text: "typo".to_owned() }).unwrap();
    assert!(laptop.has_history_within(&mut world, 5).is_some());
    world.settle();
    assert_eq!(laptop.messages(&world, boris), anna.messages(&world, boris));
    assert_eq!(laptop.messages(&world, boris)[0].text, "first");
}

#[test]
fn ten_devices_show_the_same_and_an_eleventh_is_refused() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "one");
    world.settle();
    let mut devices = vec![anna];
    for n in 2..=10_usize {
        let by = devices[n % devices.len()];
        boris.says(&mut world, anna, &format!("before device {n}"));
        world.settle();
        let new = by.links_by_number(&mut world, &format!("Device {n}"));
        assert!(new.has_history_within(&mut world, 10).is_some(), "device {n}");
        world.settle();
        devices.push(new);
    }
    devices[9].says(&mut world, boris, "from the tenth");
    world.settle();
    let all = boris.timeline(&world, anna);
    assert_eq!(all.len(), 11);
    for device in &devices {
        assert_eq!(device.timeline(&world, boris), all, "{}", device.name(&world));
        assert_eq!(device.client(&world).status().unwrap().devices, 10);
    }
    let eleventh = world.unpacks("Eleventh");
    let link = eleventh.shows_link(&mut world, "Eleventh");
    assert_eq!(anna.reads_link(&mut world, &link), Err(Refused::BadDevice));
}

#[test]
fn a_link_is_used_once_and_a_second_device_that_reads_it_gets_nothing() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let laptop = world.unpacks("Laptop");
    let link = laptop.shows_link(&mut world, "Laptop");
    anna.reads_link(&mut world, &link).unwrap();
    let number = laptop.shows_number(&mut world).unwrap();
    anna.awaits_number(&mut world);
    boris.reads_link(&mut world, &link).unwrap();
    assert_eq!(boris.ends_linking(&mut world), Some(LinkEnd::Used));
    assert_eq!(anna.types(&mut world, &number), Ok(Reply::Done));
    assert_eq!(laptop.ends_linking(&mut world), Some(LinkEnd::Linked));
    world.pass(MINUTE_MS);
    assert_eq!(anna.reads_link(&mut world, &link), Err(Refused::LinkUsed), "replayed on the same device");
    boris.reads_link(&mut world, &link).unwrap();
    assert_eq!(
        boris.ends_linking(&mut world),
        Some(LinkEnd::Expired),
        "replayed on another: nothing is there"
    );
}

#[test]
fn t07_three_wrong_numbers_end_the_attempt_on_both_sides() {
    let mut world = World::new(6);
    let (anna, _) = friends(&mut world);
    let laptop = world.unpacks("Laptop");
    let link = laptop.shows_link(&mut world, "Laptop");
    anna.reads_link(&mut world, &link).unwrap();
    let number = laptop.shows_number(&mut world).unwrap();
    anna.awaits_number(&mut world);
    let wrong = format!("{}{}", if number.starts_with('0') { '1' } else { '0' }, &number[1..]);
    for tries_left in [2, 1, 0] {
        assert_eq!(anna.types(&mut world, &wrong), Err(Refused::WrongNumber { tries_left }));
    }
    assert_eq!(anna.types(&mut world, &number), Err(Refused::Unknown), "too late");
    assert_eq!(anna.ends_linking(&mut world), Some(LinkEnd::WrongNumber));
    assert_eq!(laptop.ends_linking(&mut world), Some(LinkEnd::TurnedDown));
    assert_eq!(anna.client(&world).status().unwrap().devices, 1);
}

#[test]
fn t07_a_relay_between_the_two_cannot_fit_the_number() {
    let mut world = World::new(7);
    let (anna, mallory) = friends(&mut world);
    // Anna's laptop shows its link; Mallory shows Anna one of hers in its place, and answers the laptop herself.
    let laptop = world.unpacks("Laptop");
    let relay = world.unpacks("Relay");
    let hers = laptop.shows_link(&mut world, "Laptop");
    let substituted = relay.shows_link(&mut world, "Laptop");
    mallory.reads_link(&mut world, &hers).unwrap();
    anna.reads_link(&mut world, &substituted).unwrap();
    let shown = laptop.shows_number(&mut world).unwrap();
    let wanted = relay.shows_number(&mut world).unwrap();
    assert_ne!(shown, wanted);
    anna.awaits_number(&mut world);
    assert!(matches!(anna.types(&mut world, &shown), Err(Refused::WrongNumber { .. })));
    world.pass(11 * MINUTE_MS);
    assert_eq!(anna.client(&world).status().unwrap().devices, 1);
}

#[test]
fn t07_a_service_that_swaps_what_the_two_say_is_noticed() {
    let mut world = World::new(8);
    let (anna, _) = friends(&mut world);
    // Every blob that is put is changed in one byte.
    world.set_crook(|passing: &Passing<'_>| {
        let put = (passing.to_service && passing.door == Door::Blob)
            .then(|| Request::<BlobRequest>::decode(passing.frame).ok())
            .flatten();
        let Some(Request { id, op: BlobRequest::PutBlob(mut blob) }) = put else {
            return Meddling::none(passing);
        };
        let mut bytes = blob.sealed.as_slice().to_vec();
        bytes[100] ^= 1;
        blob.sealed = bytes.into();
        let frame = Request { id, op: BlobRequest::PutBlob(blob) }.encode().expect("as long as before");
        Meddling { onward: vec![frame], back: vec![] }
    });
    let laptop = world.unpacks("Laptop");
    let link = laptop.shows_link(&mut world, "Laptop");
    anna.reads_link(&mut world, &link).unwrap();
    assert_eq!(anna.ends_linking(&mut world), Some(LinkEnd::NotGenuine));
}

#[test]
fn a_link_is_good_for_ten_minutes_and_can_be_taken_back() {
    let mut world = World::new(9);
    let (anna, _) = friends(&mut world);
    let laptop = world.unpacks("Laptop");
    let old = laptop.shows_link(&mut world, "Laptop");
    world.pass(11 * MINUTE_MS);
    assert_eq!(laptop.client(&world).linking().unwrap(), Some(LinkState::Ended(LinkEnd::Expired)));
    anna.reads_link(&mut world, &old).unwrap();
    assert_eq!(anna.ends_linking(&mut world), Some(LinkEnd::Expired));
    let link = laptop.shows_link(&mut world, "Laptop");
    anna.reads_link(&mut world, &link).unwrap();
    laptop.shows_number(&mut world).unwrap();
    anna.awaits_number(&mut world);
    assert_eq!(anna.asks(&mut world, Command::CancelLink), Ok(Reply::Done));
    assert_eq!(laptop.ends_linking(&mut world), Some(LinkEnd::TurnedDown));
}

#[test]
fn t07_the_right_number_can_still_be_stopped_for_three_seconds() {
    let mut world = World::new(10);
    let (anna, _) = friends(&mut world);
    let laptop = world.unpacks("Laptop");
    let link = laptop.shows_link(&mut world, "Laptop");
    anna.reads_link(&mut world, &link).unwrap();
    let number = laptop.shows_number(&mut world).unwrap();
    anna.awaits_number(&mut world);
    let spaced = format!("{} {}", &number[..3], &number[3..]);
    assert_eq!(anna.types(&mut world, &spaced), Ok(Reply::Done));
    world.pass(2 * SECOND_MS);
    assert_eq!(anna.asks(&mut world, Command::CancelLink), Ok(Reply::Done));
    assert_eq!(laptop.ends_linking(&mut world), Some(LinkEnd::TurnedDown));
    assert_eq!(anna.client(&world).status().unwrap().devices, 1);
}

#[test]
fn t07_every_device_is_told_of_a_new_one_at_once_after_an_hour_and_after_a_day() {
    let mut world = World::new(11);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(MINUTE_MS);
    let tablet = laptop.links_by_number(&mut world, "Tablet");
    world.pass(MINUTE_MS);
    let (new, account) = (tablet.device_id(&world), anna.account(&world));
    let told = |world: &World| [anna, laptop].map(|device| device.was_told(world, new, DeviceNews::Added));
    assert_eq!(told(&world), [1, 1]);
    world.pass(HOUR_MS);
    assert_eq!(told(&world), [2, 2]);
    world.pass(DAY_MS);
    assert_eq!(told(&world), [3, 3]);
    world.pass(3 * DAY_MS);
    assert_eq!(told(&world), [3, 3]);
    assert!(boris.heard(&world, &Event::DevicesChanged(account)), "whoever talks to her learns of it");
}

#[test]
fn either_side_may_stop_dead_anywhere_in_the_history() {
    for stop_after_ms in [0, 300, 900, 2_000, 4_000, 8_000] {
        let mut world = World::new(12 + stop_after_ms);
        let (anna, boris) = friends(&mut world);
        for n in 0..60 {
            anna.says(&mut world, boris, &format!("{n} {}", "x".repeat(30_000)));
            world.pass(100);
        }
        world.settle();
        let laptop = anna.links_by_number(&mut world, "Laptop");
        for round in 0..6 {
            world.pass(stop_after_ms);
            let stops = if round % 2 == 0 { anna } else { laptop };
            stops.crashes(&mut world);
            world.pass(SECOND_MS);
            stops.restarts(&mut world);
            world.pass(200);
            stops.goes_offline(&mut world);
            world.pass(SECOND_MS);
            stops.comes_back(&mut world);
        }
        assert_eq!(laptop.has_history_within(&mut world, 60), Some(60), "{stop_after_ms} ms");
        world.settle();
        assert_eq!(laptop.timeline(&world, boris), anna.timeline(&world, boris));
        let left = kept(&world);
        // A part that was sent again because the answer was lost waits for its day.
        assert!(left <= 6, "what was taken is taken away: {left}");
        if stop_after_ms == 300 {
            world.pass(32 * DAY_MS);
            assert_eq!(kept(&world), 0);
        }
    }
}

fn kept(world: &World) -> u64 {
    let read = world.service_db().expect("the service has a disk").read();
    read.one("SELECT (SELECT COUNT(*) FROM blob) + (SELECT COUNT(*) FROM stored_blob)", &[], |row| {
        row.count(0)
    })
    .unwrap()
    .unwrap()
}

#[test]
fn t20_a_part_of_the_history_that_was_altered_is_not_taken_and_comes_anew() {
    let mut world = World::new(13);
    let (anna, boris) = friends(&mut world);
    for n in 0..10 {
        anna.says(&mut world, boris, &format!("{n}"));
    }
    world.settle();
    let mut left = 1;
    world.set_crook(move |passing: &Passing<'_>| {
        let put = (passing.to_service && passing.door == Door::Blob)
            .then(|| Request::<BlobRequest>::decode(passing.frame).ok())
            .flatten();
        match put {
            Some(Request { id, op: BlobRequest::PutBlob(mut blob) }) if blob.days == 30 && left > 0 => {
                left -= 1;
                let mut bytes = blob.sealed.as_slice().to_vec();
                bytes[100] ^= 1;
                blob.sealed = bytes.into();
                let op = BlobRequest::PutBlob(blob);
                Meddling {
                    onward: vec![Request { id, op }.encode().expect("as long as before")],
                    back: vec![],
                }
            }
            _ => Meddling::none(passing),
        }
    });
    let laptop = anna.links_by_number(&mut world, "Laptop");
    assert_eq!(laptop.has_history_within(&mut world, 10), Some(10));
    assert_eq!(laptop.timeline(&world, boris), anna.timeline(&world, boris));
}

#[test]
fn t19_a_removed_device_reads_nothing_more_is_refused_and_says_so() {
    let mut world = World::new(14);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(5 * MINUTE_MS);
    boris.says(&mut world, anna, "before");
    world.settle();
    let (gone, account) = (laptop.device_id(&world), anna.account(&world));
    assert_eq!(anna.removes(&mut world, gone), Ok(Reply::Done));
    world.pass(MINUTE_MS);
    boris.says(&mut world, anna, "after");
    anna.says(&mut world, boris, "without it");
    world.pass(MINUTE_MS);
    assert_eq!(laptop.timeline(&world, boris), ["Boris: before"]);
    assert!(laptop.heard(&world, &Event::Removed));
    assert!(laptop.client(&world).status().unwrap().removed);
    let conversation = laptop.conversation(&world, boris).unwrap();
    let refused = laptop.asks(&mut world, Command::Send { conversation, text: "still here".to_owned() });
    assert_eq!(refused, Err(Refused::Removed));
    let all = ["Boris: before", "Boris: after", "Anna: without it"];
    assert_eq!(anna.timeline(&world, boris), all);
    assert_eq!(boris.timeline(&world, anna), all);
    assert_eq!(anna.client(&world).devices().unwrap().len(), 1);
    assert!(boris.heard(&world, &Event::DevicesChanged(account)));
    assert_eq!(anna.was_told(&world, gone, DeviceNews::Removed), 1);
}

#[test]
fn two_devices_that_remove_a_third_at_once_remove_it_once_and_go_on() {
    let mut world = World::new(15);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(5 * MINUTE_MS);
    let tablet = anna.links_by_number(&mut world, "Tablet");
    world.pass(5 * MINUTE_MS);
    let gone = tablet.device_id(&world);
    anna.tells(&mut world, Command::RemoveDevice(gone));
    laptop.tells(&mut world, Command::RemoveDevice(gone));
    world.pass(2 * MINUTE_MS);
    boris.says(&mut world, anna, "after");
    world.settle();
    for device in [anna, laptop] {
        assert_eq!(device.client(&world).devices().unwrap().len(), 2, "{}", device.name(&world));
        assert_eq!(device.timeline(&world, boris), ["Boris: after"]);
    }
    assert!(tablet.timeline(&world, boris).is_empty());
    assert!(tablet.heard(&world, &Event::Removed));
}

#[test]
fn a_device_that_comes_back_after_six_months_has_everything_that_the_others_can_still_say() {
    let mut world = World::new(16);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(5 * MINUTE_MS);
    world.settle();
    laptop.crashes(&mut world);
    for month in 0..6 {
        boris.says(&mut world, anna, &format!("month {month}"));
        world.pass(30 * DAY_MS);
    }
    laptop.restarts(&mut world);
    world.pass(HOUR_MS);
    boris.says(&mut world, anna, "welcome back");
    world.settle();
    assert_eq!(laptop.misses(&world, boris), 0, "{:?}", laptop.notes(&world));
    assert_eq!(laptop.timeline(&world, boris).len(), 7);
    laptop.says(&mut world, boris, "here again");
    world.settle();
    assert!(boris.timeline(&world, anna).contains(&"Anna: here again".to_owned()));
}

#[test]
fn a_removed_device_that_comes_back_after_six_months_gets_nothing() {
    let mut world = World::new(17);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    world.pass(5 * MINUTE_MS);
    world.settle();
    let gone = laptop.device_id(&world);
    laptop.crashes(&mut world);
    assert_eq!(anna.removes(&mut world, gone), Ok(Reply::Done));
    boris.says(&mut world, anna, "after");
    world.pass(180 * DAY_MS);
    laptop.restarts(&mut world);
    world.pass(HOUR_MS);
    boris.says(&mut world, anna, "much later");
    world.pass(HOUR_MS);
    assert!(laptop.timeline(&world, boris).is_empty());
    assert!(laptop.client(&world).status().unwrap().removed, "{:?}", laptop.notes(&world));
    assert_eq!(boris.timeline(&world, anna), ["Boris: after", "Boris: much later"]);
    assert_eq!(anna.timeline(&world, boris), ["Boris: after", "Boris: much later"]);
}

#[test]
fn a_device_that_was_removed_before_it_was_ready_comes_to_rest_and_seldom_knocks() {
    let mut world = World::new(19);
    let anna = world.registers("Anna");
    world.settle();
    let laptop = anna.links(&mut world, "Laptop");
    let gone = laptop.device_id(&world);
    laptop.crashes(&mut world);
    assert_eq!(anna.removes(&mut world, gone), Ok(Reply::Done));
    world.settle();
    // It never hears who removed it.
    super::on_disk(&world, "DELETE FROM envelope");
    laptop.restarts(&mut world);
    world.pass(HOUR_MS);
    let status = laptop.client(&world).status().unwrap();
    assert!(status.removed && status.outbox == 0, "{:?}", laptop.client(&world).outbox());
    world.settle();
    let knocks = Rc::new(Cell::new(0));
    let counted = Rc::clone(&knocks);
    world.set_crook(move |passing: &Passing<'_>| {
        let knock = passing.device == laptop && passing.to_service && passing.door == Door::Account;
        counted.set(counted.get() + u32::from(knock));
        Meddling::none(passing)
    });
    world.pass(10 * DAY_MS);
    assert!((20..=80).contains(&knocks.get()), "{} in ten days", knocks.get());
}

#[test]
fn a_device_with_an_account_offers_no_link_and_a_made_up_link_leads_nowhere() {
    let mut world = World::new(18);
    let (anna, _) = friends(&mut world);
    let refused = anna.asks(&mut world, Command::OfferLink { name: "Phone".to_owned() });
    assert_eq!(refused, Err(Refused::AlreadyRegistered));
    let made_up = LinkSecrets { secret: [7; 32], hello: [8; 32] };
    anna.reads_link(&mut world, &made_up).unwrap();
    assert_eq!(anna.ends_linking(&mut world), Some(LinkEnd::Expired));
}

#[test]
fn an_old_and_a_new_device_that_begin_their_conversation_at_once_end_in_the_same() {
    for seed in 0..6 {
        let mut world = World::new(100 + seed);
        let (anna, boris) = friends(&mut world);
        let new = world.unpacks("Laptop");
        let link = new.shows_link(&mut world, "Laptop");
        anna.reads_link(&mut world, &link).unwrap();
        let number = new.shows_number(&mut world).unwrap();
        anna.awaits_number(&mut world);
        anna.types(&mut world, &number).unwrap();
        assert_eq!(new.ends_linking(&mut world), Some(LinkEnd::Linked));
        let account = anna.account(&world);
        new.has_account(&mut world, account);
        // The old device waits for key packages of the new one, and begins without it when none come.
        new.goes_offline(&mut world);
        world.pass(MINUTE_MS);
        new.comes_back(&mut world);
        world.pass(5 * MINUTE_MS);
        world.settle();
        assert!(new.has_history_within(&mut world, 5).is_some(), "seed {seed}");
        anna.chooses(&mut world, boris, ChatChoice::Archived(true));
        world.pass(MINUTE_MS);
        assert!(new.head(&world, boris).choices.archived, "seed {seed}: told by the old one");
        new.chooses(&mut world, boris, ChatChoice::Archived(false));
        world.pass(MINUTE_MS);
        assert!(!anna.head(&world, boris).choices.archived, "seed {seed}: told by the new one");
    }
}

#[test]
fn a_new_device_whose_question_for_the_history_was_thrown_away_asks_again() {
    let mut world = World::new(22);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "before");
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    let mut thrown = 0;
    let count = Rc::new(Cell::new(0));
    let seen = Rc::clone(&count);
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == laptop && passing.door == Door::Unnamed;
        match hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten() {
            Some(Request { id, op: UnnamedRequest::Send(_) }) if thrown < 3 => {
                thrown += 1;
                seen.set(thrown);
                let stored = UnnamedAnswer::Stored(Stored { sequence: 1_000, epoch: 1 });
                let answer = Answer::Done { id, answer: stored }.encode().expect("small");
                Meddling { onward: vec![], back: vec![answer] }
            }
            _ => Meddling::none(passing),
        }
    });
    assert_eq!(laptop.has_history_within(&mut world, 10), Some(1));
    assert!(count.get() > 0);
    world.settle();
    assert_eq!(laptop.timeline(&world, boris), ["Anna: before"]);
}

#[test]
fn a_device_let_in_by_one_whose_own_history_is_still_coming_gets_all_of_it_in_the_end() {
    let mut world = World::new(24);
    let (anna, boris) = friends(&mut world);
    for n in 0..10 {
        anna.says(&mut world, boris, &format!("{n}"));
    }
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Laptop");
    anna.goes_offline(&mut world);
    world.pass(2 * MINUTE_MS);
    let tablet = laptop.links_by_number(&mut world, "Tablet");
    boris.says(&mut world, anna, "heard by the laptop");
    assert_eq!(tablet.has_history_within(&mut world, 30), None, "what there is so far is not all");
    assert_eq!(laptop.has_history_within(&mut world, 1), None);
    anna.comes_back(&mut world);
    assert!(laptop.has_history_within(&mut world, 10).is_some());
    assert!(tablet.has_history_within(&mut world, 10).is_some());
    world.settle();
    assert_eq!(anna.timeline(&world, boris).len(), 11);
    for device in [laptop, tablet] {
        assert_eq!(device.timeline(&world, boris), anna.timeline(&world, boris), "{}", device.name(&world));
    }
}

#[test]
fn a_new_device_that_knows_a_group_from_the_history_alone_hears_that_the_account_is_out_of_it() {
    let mut world = World::new(23);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    anna.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    carla.says_in(&mut world, group, "all here").unwrap();
    world.settle();
    // Her phone is looking for the way back while the tablet is linked: there is none to give.
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == carla && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request.map(|request| request.op) {
            Some(UnnamedRequest::FetchRejoin(_)) => Meddling::swallow(),
            _ => Meddling::none(passing),
        }
    });
    carla.goes_offline(&mut world);
    anna.changes(&mut world, group, GroupChange::Name("Sea house".to_owned())).unwrap();
    world.pass(MINUTE_MS);
    super::on_disk(&world, "DELETE FROM envelope");
    carla.comes_back(&mut world);
    boris.says_in(&mut world, group, "behind a commit").unwrap();
    world.pass(2 * MINUTE_MS);
    let reads = |world: &World| carla.client(world).place(group).unwrap().is_some_and(|place| place.2);
    assert!(!reads(&world), "she has noticed");
    let tablet = carla.links_by_number(&mut world, "Tablet");
    assert!(tablet.has_history_within(&mut world, 5).is_some());
    assert_eq!(tablet.texts_in(&world, group), ["Carla: all here"]);
    assert_eq!(tablet.client(&world).place(group).unwrap(), None);
    anna.takes_out(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    world.dismiss_crook();
    tablet.says_in(&mut world, group, "hello?").unwrap();
    world.pass(10 * MINUTE_MS);
    world.settle();
    assert!(tablet.shows_in(&world, group).contains(&"* ? removed Carla".to_owned()));
    assert_eq!(tablet.says_in(&mut world, group, "late"), Err(Refused::NotInGroup));
    // Let in again, both of her devices are in it.
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(5 * MINUTE_MS);
    world.settle();
    for device in [carla, tablet] {
        assert_eq!(device.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
    }
}

#[test]
fn t19_a_device_that_was_struck_off_while_its_account_was_let_into_a_group_is_taken_out_of_it() {
    let mut world = World::new(24);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    let laptop = carla.links(&mut world, "Carla's laptop");
    world.settle();
    anna.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris]);
    world.settle();
    // Anna's commit, with letters to both of Carla's devices, is on its way for a while.
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == anna && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request.map(|request| request.op) {
            Some(UnnamedRequest::Commit(_)) => Meddling::swallow(),
            _ => Meddling::none(passing),
        }
    });
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(5 * SECOND_MS);
    let gone = laptop.device_id(&world);
    assert_eq!(carla.removes(&mut world, gone), Ok(Reply::Done));
    world.pass(5 * SECOND_MS);
    world.dismiss_crook();
    world.pass(5 * MINUTE_MS);
    world.settle();
    assert_eq!(carla.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
    for device in [anna, boris, carla] {
        let members = device.client(&world).group(group).unwrap().unwrap().members;
        assert!(members.iter().all(|member| member.devices == 1), "{}", device.name(&world));
    }
    carla.says_in(&mut world, group, "here").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group), ["Carla: here"]);
    assert!(laptop.texts_in(&world, group).is_empty());
}
