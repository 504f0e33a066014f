//! Who writes just now.

use client::{Command, Event, PrivacyChoice, Reply};
use vocab::time::{MINUTE_MS, SECOND_MS};

use super::commit_races::one_group;
use super::friends;
use crate::{Device, World};

/// Types in the chat with another.
fn types(world: &mut World, who: Device, with: Device) {
    let conversation = who.conversation(world, with).unwrap();
    assert_eq!(who.asks(world, Command::Typing { conversation, on: true }), Ok(Reply::Done));
    world.pass(SECOND_MS);
}

fn sees_typing(world: &World, who: Device, other: Device) -> bool {
    let conversation = who.conversation(world, other).unwrap();
    who.client(world).typing(conversation) == [other.account(world)]
}

fn told_typing(world: &World, who: Device, from: Device, on: bool) -> bool {
    let conversation = who.conversation(world, from).unwrap();
    who.heard(world, &Event::Typing { conversation, from: from.account(world), on })
}

#[test]
fn typing_is_shown_until_the_message_comes_or_a_moment_passes() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    types(&mut world, anna, boris);
    assert!(sees_typing(&world, boris, anna));
    assert!(!sees_typing(&world, anna, boris), "nobody is told what they do themselves");
    anna.says(&mut world, boris, "yes");
    world.settle();
    assert!(!sees_typing(&world, boris, anna), "{:?}", boris.sees(&world, anna));
    assert!(told_typing(&world, boris, anna, false));
    world.pass(10 * SECOND_MS);
    types(&mut world, anna, boris);
    assert!(sees_typing(&world, boris, anna));
    world.pass(20 * SECOND_MS);
    assert!(!sees_typing(&world, boris, anna), "its end was lost, or never told");
    assert_eq!(boris.sees(&world, anna), ["are you there?", "yes"]);
    assert_eq!((boris.misses(&world, anna), boris.head(&world, anna).unread), (0, 1));
    assert_eq!(anna.marks(&world, boris).len(), 1, "nothing that anybody waits for");
}

#[test]
fn it_is_told_once_in_ten_seconds_and_only_where_somebody_is_there() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    world.pass(MINUTE_MS);
    let before = world.frames_to(boris);
    for _ in 0..9 {
        types(&mut world, anna, boris);
    }
    assert_eq!(world.frames_to(boris) - before, 1);
    world.pass(5 * SECOND_MS);
    types(&mut world, anna, boris);
    assert_eq!(world.frames_to(boris) - before, 2);
    // Nobody was there for a while: their device may sleep.
    world.pass(4 * MINUTE_MS);
    let before = world.frames_to(boris);
    types(&mut world, anna, boris);
    // That it arrived is told by devices that sleep, too.
    anna.says(&mut world, boris, "yes");
    world.settle();
    world.pass(MINUTE_MS);
    let after = world.frames_to(boris);
    types(&mut world, anna, boris);
    assert_eq!(world.frames_to(boris), after);
    assert!(after > before);
    boris.reads(&mut world, anna);
    world.settle();
    types(&mut world, anna, boris);
    assert!(sees_typing(&world, boris, anna));
}

#[test]
fn what_lay_in_the_mailbox_or_the_outbox_is_of_a_while_ago() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    boris.goes_offline(&mut world);
    types(&mut world, anna, boris);
    world.pass(5 * SECOND_MS);
    boris.comes_back(&mut world);
    world.settle();
    world.pass(10 * SECOND_MS);
    assert!(!told_typing(&world, boris, anna, true), "it lay in the mailbox");
    // And what could not leave in time leaves never, not even after a restart.
    anna.goes_offline(&mut world);
    world.pass(10 * SECOND_MS);
    types(&mut world, anna, boris);
    anna.crashes(&mut world);
    anna.restarts(&mut world);
    anna.comes_back(&mut world);
    world.settle();
    world.pass(MINUTE_MS);
    assert!(!told_typing(&world, boris, anna, true));
    assert!(anna.client(&world).outbox().unwrap().is_empty());
    boris.says(&mut world, anna, "well?");
    world.settle();
    world.pass(10 * SECOND_MS);
    types(&mut world, anna, boris);
    assert!(sees_typing(&world, boris, anna), "all that goes on afterwards");
}

#[test]
fn what_is_over_takes_no_message_with_it() {
    let mut world = World::new(6);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    anna.goes_offline(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    for on in [true, false] {
        assert_eq!(anna.asks(&mut world, Command::Typing { conversation, on }), Ok(Reply::Done));
    }
    // It waits under the number that the other had.
    anna.says(&mut world, boris, "in a moment");
    world.pass(MINUTE_MS);
    anna.comes_back(&mut world);
    world.settle();
    assert_eq!(boris.sees(&world, anna), ["are you there?", "in a moment"]);
}

#[test]
fn who_switched_it_off_neither_tells_nor_sees_it_on_any_device() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    boris.says(&mut world, anna, "are you there?");
    world.settle();
    let off = Command::SetPrivacy(PrivacyChoice::Typing(false));
    assert_eq!(anna.asks(&mut world, off), Ok(Reply::Done));
    world.settle();
    assert!(!anna.client(&world).privacy().unwrap().typing);
    assert!(!laptop.client(&world).privacy().unwrap().typing);
    assert!(laptop.heard(&world, &Event::Privacy));
    types(&mut world, laptop, boris);
    types(&mut world, anna, boris);
    anna.reads(&mut world, boris);
    world.settle();
    types(&mut world, boris, anna);
    assert!(!told_typing(&world, boris, anna, true));
    assert!(!told_typing(&world, anna, boris, true) && !told_typing(&world, laptop, boris, true));
}

#[test]
fn in_a_group_of_more_than_thirty_two_devices_nobody_tells_it() {
    let mut world = World::new(7);
    let all: Vec<Device> = (0..32).map(|number| world.registers(&format!("Member {number}"))).collect();
    let late = world.registers("Late");
    let group = one_group(&mut world, &all, 1);
    all[0].befriends(&mut world, late);
    let types_and_is_seen = |world: &mut World| {
        all[1].says_in(world, group, "who comes?").unwrap();
        world.settle();
        let before = world.frames_to(all[3]);
        let typing = Command::Typing { conversation: group, on: true };
        assert_eq!(all[2].asks(world, typing), Ok(Reply::Done));
        world.pass(SECOND_MS);
        let seen = all[3].client(world).typing(group) == [all[2].account(world)];
        assert_eq!(seen, world.frames_to(all[3]) > before, "what is not told does not travel");
        world.pass(MINUTE_MS);
        seen
    };
    assert!(types_and_is_seen(&mut world), "32 devices");
    all[0].brings(&mut world, group, late).unwrap();
    world.settle();
    world.pass(5 * MINUTE_MS);
    world.settle();
    assert!(!types_and_is_seen(&mut world), "33 devices");
    // One of them goes.
    all[0].takes_out(&mut world, group, late).unwrap();
    world.settle();
    world.pass(MINUTE_MS);
    assert!(types_and_is_seen(&mut world), "32 again");
}

#[test]
fn in_a_group_its_members_see_it_and_who_may_not_write_tells_nobody() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let group = anna.makes_group(&mut world, "Lisbon", &[boris]);
    world.settle();
    boris.says_in(&mut world, group, "who comes?").unwrap();
    world.settle();
    let typing = Command::Typing { conversation: group, on: true };
    assert_eq!(anna.asks(&mut world, typing), Ok(Reply::Done));
    world.pass(SECOND_MS);
    assert_eq!(boris.client(&world).typing(group), [anna.account(&world)]);
    anna.takes_out(&mut world, group, boris).unwrap();
    world.settle();
    let typing = Command::Typing { conversation: group, on: true };
    assert_eq!(boris.asks(&mut world, typing), Err(client::Refused::NotInGroup));
    boris.blocks(&mut world, anna);
    let conversation = boris.conversation(&world, anna).unwrap();
    let typing = Command::Typing { conversation, on: true };
    assert_eq!(boris.asks(&mut world, typing), Err(client::Refused::NotAccepted));
}
