//! Groups of people.

use client::{GroupChange, Mark, Permissions, Refused, Role, Weakness, Who};

use super::on_disk;
use crate::{Device, World};

/// Anna, Boris and Carla, each of whom Anna knows.
fn three(world: &mut World) -> [Device; 3] {
    let all = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    all[0].befriends(world, all[1]);
    all[0].befriends(world, all[2]);
    all
}

#[test]
fn three_people_write_in_a_group_and_show_one_order() {
    let mut world = World::new(1);
    let all @ [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    anna.says_in(&mut world, group, "who brings what?").unwrap();
    world.settle();
    boris.says_in(&mut world, group, "bread").unwrap();
    carla.says_in(&mut world, group, "cheese").unwrap();
    world.settle();
    let texts = anna.texts_in(&world, group);
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[0], "Anna: who brings what?");
    for device in all {
        assert_eq!(device.texts_in(&world, group), texts, "{}", device.name(&world));
        assert_eq!(device.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
    }
    assert_eq!(anna.shows_in(&world, group)[0], "* Anna made Lake house");
    assert_eq!(boris.shows_in(&world, group)[0], "* Anna let one into Lake house");
    // Boris and Carla have never met; in the group they know each other's name.
    let name = boris.client(&world).name_in_groups(carla.account(&world)).unwrap();
    assert_eq!(name, "Carla");
}

#[test]
fn a_mark_stands_when_everybody_has_told_it() {
    let mut world = World::new(2);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    carla.goes_offline(&mut world);
    anna.says_in(&mut world, group, "hello").unwrap();
    world.pass(60_000);
    let mark = |world: &World| {
        let messages = anna.client(world).timeline(group, None, 10).unwrap();
        messages.into_iter().find(|message| message.own).unwrap().mark
    };
    assert_eq!(mark(&world), Mark::Sent);
    carla.comes_back(&mut world);
    world.pass(120_000);
    world.settle();
    assert_eq!(mark(&world), Mark::Delivered);
}

#[test]
fn whoever_is_added_later_reads_from_then_on_and_whoever_is_removed_reads_no_more() {
    let mut world = World::new(3);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris]);
    world.settle();
    boris.says_in(&mut world, group, "before").unwrap();
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.settle();
    boris.says_in(&mut world, group, "now").unwrap();
    world.settle();
    assert_eq!(carla.texts_in(&world, group), ["Boris: now"]);
    assert!(boris.shows_in(&world, group).contains(&"* Anna added Carla".to_owned()));
    anna.takes_out(&mut world, group, carla).unwrap();
    anna.says_in(&mut world, group, "after").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group), ["Boris: before", "Boris: now", "Anna: after"]);
    assert_eq!(carla.texts_in(&world, group), ["Boris: now"]);
    assert_eq!(carla.shows_in(&world, group).last().unwrap(), "* Anna removed Carla");
    assert_eq!(carla.says_in(&mut world, group, "late"), Err(Refused::NotInGroup));
    assert_eq!(anna.sees_in(&world, group), ["Anna (Owner)", "Boris"]);
    // And back.
    anna.brings(&mut world, group, carla).unwrap();
    world.settle();
    carla.says_in(&mut world, group, "again").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group).last().unwrap(), "Carla: again");
    assert_eq!(carla.texts_in(&world, group), ["Boris: now", "Carla: again"]);
}

#[test]
fn a_member_does_not_do_what_only_an_admin_may() {
    let mut world = World::new(4);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    let refused = Err(Refused::NotAllowedInGroup);
    let (a, c) = (anna.account(&world), carla.account(&world));
    assert_eq!(boris.changes(&mut world, group, GroupChange::Name("Mine".into())), refused);
    assert_eq!(boris.changes(&mut world, group, GroupChange::Remove(c)), refused);
    assert_eq!(boris.changes(&mut world, group, GroupChange::Role(c, Role::Admin)), refused);
    let b = boris.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(b, Role::Admin)).unwrap();
    world.settle();
    boris.changes(&mut world, group, GroupChange::Name("Ours".into())).unwrap();
    boris.changes(&mut world, group, GroupChange::Remove(c)).unwrap();
    assert_eq!(boris.changes(&mut world, group, GroupChange::Remove(a)), refused);
    world.settle();
    assert_eq!(anna.sees_in(&world, group), ["Anna (Owner)", "Boris (Admin)"]);
    assert!(anna.shows_in(&world, group).contains(&"* Boris named it Ours".to_owned()));
    // Anna hands it over and goes.
    assert_eq!(anna.leaves(&mut world, group), Err(Refused::OwnerStays));
    anna.changes(&mut world, group, GroupChange::Role(b, Role::Owner)).unwrap();
    world.settle();
    assert_eq!(boris.sees_in(&world, group), ["Anna (Admin)", "Boris (Owner)"]);
    anna.leaves(&mut world, group).unwrap();
    world.pass(30_000);
    world.settle();
    assert_eq!(boris.sees_in(&world, group), ["Boris (Owner)"]);
    assert_eq!(boris.shows_in(&world, group).last().unwrap(), "* Anna left");
    assert_eq!(anna.says_in(&mut world, group, "late"), Err(Refused::NotInGroup));
}

#[test]
fn where_only_admins_write_nobody_else_does() {
    let mut world = World::new(5);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "News", &[boris, carla]);
    world.settle();
    let permissions = Permissions { send: Who::Admins, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(permissions)).unwrap();
    world.settle();
    assert_eq!(boris.says_in(&mut world, group, "me too"), Err(Refused::NotAllowedInGroup));
    anna.says_in(&mut world, group, "news").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group), ["Anna: news"]);
}

#[test]
fn what_was_written_before_one_heard_of_being_silenced_fails_and_nobody_misses_it_afterwards() {
    let mut world = World::new(10);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "News", &[boris, carla]);
    world.settle();
    boris.says_in(&mut world, group, "in time").unwrap();
    world.settle();
    boris.goes_offline(&mut world);
    world.pass(1_000);
    let closed = Permissions { send: Who::Admins, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(closed)).unwrap();
    world.pass(60_000);
    boris.says_in(&mut world, group, "too late").unwrap();
    boris.comes_back(&mut world);
    world.pass(120_000);
    world.settle();
    let failed: Vec<String> = {
        let messages = boris.client(&world).timeline(group, None, 100).unwrap();
        messages.into_iter().filter(|message| message.failed).map(|message| message.text).collect()
    };
    assert_eq!(failed, ["too late"]);
    anna.changes(&mut world, group, GroupChange::Permissions(Permissions::default())).unwrap();
    world.settle();
    boris.says_in(&mut world, group, "again").unwrap();
    world.pass(600_000);
    world.settle();
    for device in [anna, carla] {
        assert_eq!(device.texts_in(&world, group), ["Boris: in time", "Boris: again"]);
        assert_eq!(device.client(&world).missing(group).unwrap(), 0, "{}", device.name(&world));
    }
}

#[test]
fn every_device_of_everybody_is_in_the_group_and_one_linked_later_comes_in_too() {
    let mut world = World::new(6);
    let [anna, boris, carla] = three(&mut world);
    let tablet = anna.links(&mut world, "Anna's tablet");
    let laptop = boris.links(&mut world, "Boris's laptop");
    world.settle();
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    laptop.says_in(&mut world, group, "from the laptop").unwrap();
    world.settle();
    let late = boris.links(&mut world, "Boris's new phone");
    world.settle();
    late.says_in(&mut world, group, "from the new phone").unwrap();
    world.settle();
    for device in [anna, tablet, boris, laptop, carla] {
        let shown = device.texts_in(&world, group);
        assert_eq!(shown.len(), 2, "{}: {shown:?}", device.name(&world));
    }
    assert_eq!(late.texts_in(&world, group).len(), 1);
    assert_eq!(late.sees_in(&world, group).len(), 3);
}

#[test]
fn changes_that_are_wanted_at_the_same_moment_all_happen() {
    let mut world = World::new(7);
    let [anna, boris, carla] = three(&mut world);
    let dora = world.registers("Dora");
    let emil = world.registers("Emil");
    world.settle();
    anna.befriends(&mut world, dora);
    boris.befriends(&mut world, emil);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    let b = boris.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(b, Role::Admin)).unwrap();
    world.settle();
    let (d, e) = (dora.account(&world), emil.account(&world));
    anna.changes(&mut world, group, GroupChange::Add(vec![d])).unwrap();
    boris.changes(&mut world, group, GroupChange::Add(vec![e])).unwrap();
    anna.changes(&mut world, group, GroupChange::Name("Sea house".into())).unwrap();
    boris.changes(&mut world, group, GroupChange::Description("by the sea".into())).unwrap();
    world.pass(120_000);
    world.settle();
    for device in [anna, boris, carla, dora, emil] {
        let seen = device.sees_in(&world, group);
        assert_eq!(
            seen,
            ["Anna (Owner)", "Boris (Admin)", "Carla", "Dora", "Emil"],
            "{}",
            device.name(&world)
        );
        let view = device.client(&world).group(group).unwrap().unwrap();
        assert_eq!((view.head.name.as_str(), view.description.as_str()), ("Sea house", "by the sea"));
    }
}

#[test]
fn somebody_added_by_a_stranger_is_asked_first() {
    let mut world = World::new(8);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris]);
    world.settle();
    // Boris does not know Carla at all, and Carla will not hear of Anna any more.
    assert_eq!(boris.brings(&mut world, group, carla), Err(Refused::NotAccepted));
    carla.blocks(&mut world, anna);
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(120_000);
    world.settle();
    assert!(carla.texts_in(&world, group).is_empty());
    assert!(carla.client(&world).group(group).unwrap().is_none());
}

#[test]
fn t12_a_member_cannot_make_the_next_slot_without_the_owner() {
    for weakness in [None, Some(Weakness::LeavesOwnerOut)] {
        let mut world = World::new(9);
        let [anna, boris, carla] = three(&mut world);
        boris.befriends(&mut world, carla);
        let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
        world.settle();
        boris.restarts_with(&mut world, |config| config.broken = weakness);
        world.settle();
        // The slots expire; Boris is the first to notice, and makes the next one.
        on_disk(&world, "DELETE FROM slot");
        boris.says_in(&mut world, group, "over here").unwrap();
        world.pass(120_000);
        let moved = carla.client(&world).place(group).unwrap() == boris.client(&world).place(group).unwrap();
        assert_eq!(moved, weakness.is_none(), "an honest next slot is followed, the other is not");
        assert_eq!(carla.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
        let removed = |line: &String| line.contains("removed Anna");
        assert!(!carla.shows_in(&world, group).iter().any(removed));
    }
}

#[test]
fn what_somebody_writes_before_they_hear_of_their_removal_reaches_nobody_and_fails() {
    let mut world = World::new(11);
    let [anna, boris, carla] = three(&mut world);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    carla.says_in(&mut world, group, "in time").unwrap();
    world.settle();
    carla.goes_offline(&mut world);
    world.pass(1_000);
    carla.says_in(&mut world, group, "too late").unwrap();
    anna.takes_out(&mut world, group, carla).unwrap();
    world.pass(60_000);
    carla.comes_back(&mut world);
    world.pass(120_000);
    world.settle();
    boris.says_in(&mut world, group, "and on").unwrap();
    world.settle();
    for device in [anna, boris] {
        assert_eq!(device.texts_in(&world, group), ["Carla: in time", "Boris: and on"]);
        assert_eq!(device.client(&world).missing(group).unwrap(), 0, "{}", device.name(&world));
    }
    let last = carla.client(&world).timeline(group, None, 100).unwrap();
    let late = last.into_iter().find(|message| message.text == "too late").unwrap();
    assert!(late.failed);
    assert_eq!(carla.says_in(&mut world, group, "later still"), Err(Refused::NotInGroup));
}
