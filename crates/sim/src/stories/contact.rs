//! Who may write to whom.

use client::{ContactState, Mark, Weakness};
use vocab::Handle;
use vocab::time::MINUTE_MS;

use super::friends;
use crate::World;

#[test]
fn somebody_found_by_handle_is_asked_first_and_sees_nothing_before_saying_yes() {
    let mut world = World::new(1);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32 470 00 00 01");
    boris.says(&mut world, anna, "do you know me?");
    world.settle();
    let requests = anna.client(&world).requests().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].name.as_str(), requests[0].handle.as_ref()), ("", None));
    assert!(anna.client(&world).conversations().unwrap().is_empty());
    assert!(anna.client(&world).unread(10).unwrap().is_empty());
    assert_eq!(
        boris.marks(&world, anna),
        [("do you know me?".to_owned(), Mark::Sent)],
        "nothing tells of her"
    );
    anna.accepts(&mut world, boris);
    world.settle();
    assert_eq!(anna.timeline(&world, boris), ["Boris: do you know me?"]);
    assert_eq!(boris.marks(&world, anna)[0].1, Mark::Delivered);
    anna.says(&mut world, boris, "yes");
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Boris: do you know me?", "Anna: yes"]);
    let card = boris.client(&world).contact(anna.account(&world)).unwrap().unwrap();
    assert_eq!((card.name.as_str(), card.handle), ("Anna", Handle::parse("+32470000001").ok()));
}

#[test]
fn an_accepted_request_is_accepted_on_every_device() {
    let mut world = World::new(2);
    let anna = world.registers_number("Anna", "+32470000001");
    let laptop = anna.links(&mut world, "Anna's laptop");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    boris.says(&mut world, anna, "one");
    world.settle();
    assert_eq!(laptop.stands_with(&world, boris), Some(ContactState::Request));
    laptop.accepts(&mut world, boris);
    world.settle();
    boris.says(&mut world, anna, "two");
    world.settle();
    for device in [anna, laptop] {
        assert_eq!(device.timeline(&world, boris), ["Boris: one", "Boris: two"], "{}", device.name(&world));
    }
}

#[test]
fn after_a_block_nothing_of_theirs_is_delivered_and_after_unblocking_both_write_again() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "before");
    world.settle();
    anna.blocks(&mut world, boris);
    world.settle();
    let frames = world.frames_to(anna);
    boris.says(&mut world, anna, "during");
    world.settle();
    assert_eq!(world.frames_to(anna), frames, "the service has no address of hers to deliver to");
    assert_eq!(anna.timeline(&world, boris), ["Boris: before"]);
    assert_eq!(boris.marks(&world, anna)[1].1, Mark::Sent, "he is told nothing");
    anna.accepts(&mut world, boris);
    world.settle();
    boris.says(&mut world, anna, "after");
    anna.says(&mut world, boris, "back");
    world.settle();
    let shown = anna.timeline(&world, boris);
    assert!(
        shown.contains(&"Boris: after".to_owned()) && shown.contains(&"Anna: back".to_owned()),
        "{shown:?}"
    );
    assert_eq!(boris.timeline(&world, anna).last(), shown.last());
}

#[test]
fn a_blocked_stranger_is_not_even_delivered() {
    let mut world = World::new(4);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    world.settle();
    anna.blocks(&mut world, boris);
    world.settle();
    let frames = world.frames_to(anna);
    boris.says(&mut world, anna, "hello?");
    world.settle();
    assert_eq!(world.frames_to(anna), frames);
    assert!(anna.client(&world).requests().unwrap().is_empty());
}

#[test]
fn a_block_holds_on_every_device() {
    let mut world = World::new(5);
    let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    anna.befriends(&mut world, boris);
    laptop.blocks(&mut world, boris);
    world.settle();
    boris.says(&mut world, anna, "hello?");
    world.settle();
    for device in [anna, laptop] {
        assert_eq!(device.stands_with(&world, boris), Some(ContactState::Blocked));
        assert!(device.timeline(&world, boris).is_empty());
    }
}

#[test]
fn a_handle_is_shown_only_when_the_directory_says_so_too() {
    let mut world = World::new(6);
    let anna = world.registers_number("Anna", "+32470000001");
    let (boris, carla) = (world.registers("Boris"), world.registers("Carla"));
    world.settle();
    carla.restarts_with(&mut world, |config| config.broken = Some(Weakness::LiesAboutHandle));
    boris.befriends(&mut world, anna);
    boris.befriends(&mut world, carla);
    world.pass(MINUTE_MS);
    world.settle();
    let handle =
        |who: crate::Device| boris.client(&world).contact(who.account(&world)).unwrap().unwrap().handle;
    assert_eq!(handle(anna), Handle::parse("+32470000001").ok());
    assert_eq!(handle(carla), None, "she claims Anna's number");
}

#[test]
fn nobody_is_found_by_a_handle_nobody_has() {
    let mut world = World::new(7);
    let boris = world.registers_number("Boris", "+32470000002");
    world.settle();
    let add = |text| client::Command::Add(client::AddWhom::Handle(Handle::parse(text).unwrap()));
    assert_eq!(boris.asks(&mut world, add("+32470000009")), Err(client::Refused::NobodyThere));
    assert_eq!(boris.asks(&mut world, add("+32470000002")), Err(client::Refused::Oneself));
}

#[test]
fn a_used_up_quota_of_the_directory_is_said_and_ends_with_the_day() {
    let mut world = World::new(8);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    let add = || client::Command::Add(client::AddWhom::Handle(Handle::parse("+32470000001").unwrap()));
    assert_eq!(
        boris.asks(
            &mut world,
            client::Command::Add(client::AddWhom::Handle(Handle::parse("+32470000009").unwrap()))
        ),
        Err(client::Refused::NobodyThere)
    );
    super::on_disk(&world, "UPDATE directory_quota SET first_left = 0, daily_left = 0");
    let refused = boris.asks(&mut world, add());
    assert!(
        matches!(refused, Err(client::Refused::ByService(wire::Refusal::QuotaUsed { .. }))),
        "{refused:?}"
    );
    world.pass(vocab::time::DAY_MS);
    assert!(
        matches!(boris.asks(&mut world, add()), Ok(client::Reply::Added(account, _)) if account == anna.account(&world))
    );
}
