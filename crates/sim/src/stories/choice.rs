//! What people choose for their chats and messages.

use client::{ChatChoice, Command, Refused, Reply};
use vocab::Timestamp;
use vocab::time::MINUTE_MS;

use super::friends;
use crate::World;

#[test]
fn what_is_chosen_on_one_device_is_chosen_on_all_and_on_no_one_elses() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let message = boris.says(&mut world, anna, "keep this");
    world.settle();
    let until = Timestamp(world.now().0 + MINUTE_MS);
    anna.chooses(&mut world, boris, ChatChoice::Archived(true));
    anna.chooses(&mut world, boris, ChatChoice::MutedUntil(Some(until)));
    anna.chooses(&mut world, boris, ChatChoice::Draft("half a sen".into()));
    anna.reads(&mut world, boris);
    anna.chooses(&mut world, boris, ChatChoice::Unread(true));
    assert_eq!(anna.asks(&mut world, Command::Star { message, on: true }), Ok(Reply::Done));
    world.settle();
    for device in [anna, laptop] {
        let choices = device.head(&world, boris).choices;
        assert_eq!((choices.archived, choices.muted_until, choices.unread), (true, Some(until), true));
        assert_eq!(choices.draft, "half a sen");
        let starred = device.client(&world).starred(10).unwrap();
        assert_eq!(starred.len(), 1, "{}", device.name(&world));
        assert!(starred[0].starred);
    }
    assert_eq!(boris.head(&world, anna).choices, client::ChatChoices::default());
    laptop.chooses(&mut world, boris, ChatChoice::Archived(false));
    laptop.chooses(&mut world, boris, ChatChoice::Draft(String::new()));
    laptop.reads(&mut world, boris);
    world.settle();
    let choices = anna.head(&world, boris).choices;
    assert_eq!((choices.archived, choices.unread, choices.draft.as_str()), (false, false, ""));
}

#[test]
fn two_devices_that_choose_at_once_end_alike() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        let laptop = anna.links(&mut world, "Anna's laptop");
        world.settle();
        anna.goes_offline(&mut world);
        laptop.goes_offline(&mut world);
        anna.chooses(&mut world, boris, ChatChoice::Draft("by the phone".into()));
        laptop.chooses(&mut world, boris, ChatChoice::Draft("by the laptop".into()));
        anna.comes_back(&mut world);
        world.pass(MINUTE_MS);
        laptop.comes_back(&mut world);
        world.pass(MINUTE_MS);
        world.settle();
        let draft = |device: crate::Device, world: &World| device.head(world, boris).choices.draft;
        assert_eq!(draft(anna, &world), draft(laptop, &world), "seed {seed}");
    }
}

#[test]
fn a_device_that_is_linked_later_learns_what_was_chosen() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    anna.chooses(&mut world, boris, ChatChoice::Archived(true));
    anna.chooses(&mut world, boris, ChatChoice::Draft("x".repeat(60_000)));
    world.settle();
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    world.pass(5 * MINUTE_MS);
    world.settle();
    let choices = laptop.head(&world, boris).choices;
    assert_eq!((choices.archived, choices.draft.len()), (true, 60_000));
}

#[test]
fn what_is_put_away_on_one_device_is_away_on_all_even_where_it_comes_later() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let early = boris.says(&mut world, anna, "early");
    world.settle();
    laptop.goes_offline(&mut world);
    let late = boris.says(&mut world, anna, "late");
    world.pass(MINUTE_MS);
    anna.puts_away(&mut world, early);
    anna.puts_away(&mut world, late);
    world.pass(MINUTE_MS);
    laptop.comes_back(&mut world);
    world.pass(MINUTE_MS);
    world.settle();
    assert!(laptop.sees(&world, boris).is_empty());
    assert_eq!(boris.sees(&world, anna), ["early", "late"]);
    assert_eq!(laptop.misses(&world, boris), 0);
}

#[test]
fn pins_are_everybodys_and_forwards_are_marked() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    carla.befriends(&mut world, anna);
    let message = anna.says(&mut world, boris, "the address");
    world.settle();
    boris.queues(&mut world, Command::Pin { message, on: true });
    world.settle();
    let pinned = |device: crate::Device, world: &World, other| device.messages(world, other)[0].pinned;
    assert!(pinned(anna, &world, boris) && pinned(boris, &world, anna));
    anna.queues(&mut world, Command::Pin { message, on: false });
    world.settle();
    assert!(!pinned(anna, &world, boris) && !pinned(boris, &world, anna));
    let to = anna.conversation(&world, carla).unwrap();
    anna.queues(&mut world, Command::Forward { message, to });
    world.settle();
    let came = carla.messages(&world, anna);
    assert_eq!((came[0].text.as_str(), came[0].forwarded), ("the address", true));
    anna.deletes(&mut world, message);
    world.settle();
    assert_eq!(anna.is_refused(&mut world, Command::Forward { message, to }), Refused::Unknown);
    assert_eq!(carla.sees(&world, anna), ["the address"], "what was passed on is another message");
}
